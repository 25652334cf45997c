"""The map of a township's emergency card: all that is paled, its border, ways out, villages, resources, shelters, hazard points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from lydigital.model.crs import Crs, Transformation, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.render.drawlist import SceneLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from lydigital.model.emergency import Resource
    from lydigital.model.style import Symbolizer
    from lydigital.model.township_card import TownshipCard

    Symbols: TypeAlias = "Mapping[tuple[str, int | None], PointSymbolizer]"

UNDER = (
    "relief", "surroundings", "forest", "settlement", "county", "township", "stream", "green", "river", "river_area", "reservoir",
    "street", "road", "railway", "metro", "place", "seat",
)  # fmt: skip
class Frame(NamedTuple):
    """From the system that places are in to that of the map, ``crs``."""

    crs: Crs
    move: Transformation

    @classmethod
    def of(cls, source: Crs, crs: Crs) -> Frame:
        return cls(crs, transformation(source, crs))


HAZARD, SHELTER, OUT, BORDER = "#c2261d", "#157a4a", "#e07a1f", "#0f4c5c"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DEFAULT = {
    "team": PointSymbolizer("shield", 4.0, "#2b4c8c"), "depot": PointSymbolizer("rounded", 4.0, "#8a6d2f"),
    "hospital": PointSymbolizer("rounded", 4.0, "#c8323e"), "shelter": PointSymbolizer("square", 4.0, SHELTER),
}  # fmt: skip
_HALO = "#fffffff0"
_LEAST_M = 1_200.0  # a small township keeps its surroundings


def mark(resource: Resource, symbols: Symbols, size_mm: float = 4.0) -> PointSymbolizer:
    """The mark of a resource as the map draws it, in one size."""
    found = symbols.get((resource.kind, resource.service)) or symbols.get((resource.kind, None)) or _DEFAULT[resource.kind]
    return msgspec.structs.replace(found, size_mm=size_mm)


VILLAGE_MARK = PointSymbolizer("circle", 1.4, "#ffffff", "#30363c", 0.22)
HAZARD_MARK = PointSymbolizer("circle", 4.2, HAZARD, outline_mm=0.3)
SHELTER_MARK = PointSymbolizer("square", 4.2, SHELTER, outline_mm=0.3)


def scene_of(scene: Callable[..., tuple[SceneLayer, ...]], *, relief: bool = True) -> tuple[SceneLayer, ...]:
    """What lies under all cards: ``scene`` is that of a session."""
    names = tuple(name for name in UNDER if relief or name != "relief")
    return tuple(layer for layer in scene(None, layer_ids=names) if layer.id in names)


def short(name: str, card: TownshipCard) -> str:
    """A village's name without those of its county and township."""
    return name.removeprefix(card.county).removeprefix(card.name) or name


def at(scene: Sequence[SceneLayer], scale: float) -> tuple[SceneLayer, ...]:
    """The layers that are drawn at a scale; names of villages and townships the card writes itself."""
    return tuple(replace(layer, labels=False) if layer.id == "township" else layer for layer in scene if layer.style.shows_at(scale))


def layers(card: TownshipCard, symbols: Symbols, crs: Crs) -> tuple[tuple[SceneLayer, ...], tuple[float, float, float, float]]:
    """What only this card shows, bottom first, and what its map must show, in ``crs``."""
    import shapely

    frame = Frame.of(Crs(card.crs), crs)
    move = frame.move
    shape = shapely.transform(shapely.from_wkb(card.shape), move.points)
    x0, y0, x1, y1 = shape.bounds
    least = _LEAST_M / crs.metres_per_unit
    dx, dy = max(0.0, least - (x1 - x0)) / 2, max(0.0, least - (y1 - y0)) / 2
    bounds = (x0 - dx, y0 - dy, x1 + dx, y1 + dy)
    far = 3 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    pale = shapely.difference(shapely.box(bounds[0] - far, bounds[1] - far, bounds[2] + far, bounds[3] + far), shape)
    made = [
        _layer("card_pale", [pale], crs, PolygonSymbolizer(Fill("#ffffff", 0.62))),
        _layer("card_border", [shape], crs, PolygonSymbolizer(stroke=Stroke(BORDER, 0.7, 0.9))),
    ]
    ways = [shapely.transform(shapely.LineString(w.way), move.points) for w in card.ways_out if len(w.way) > 1 and w.way[0] != w.way[-1]]
    if ways:
        made.append(_layer("card_out", ways, crs, LineSymbolizer(Stroke(OUT, 0.9, 0.95), casing=Stroke("#ffffff", 1.5, 0.9)), kind=GeometryKind.LINE))
    names = LabelStyle("label", 6.5, "#30363c", _HALO, 0.35, priority=60)
    many = len(card.villages) > 28
    made.append(points(
        "card_village", [(v.x, v.y, short(v.name, card)) for v in card.villages], frame, VILLAGE_MARK,
        msgspec.structs.replace(names, size_pt=5.8 if many else 6.5),
    ))  # fmt: skip
    made.append(points(
        "card_seat", [(card.x, card.y, card.name)], frame, PointSymbolizer("circle", 2.4, BORDER, "#ffffff", 0.4),
        LabelStyle("label", 9.0, BORDER, _HALO, 0.5, "bold", priority=98),
    ))  # fmt: skip
    drawn: dict[PointSymbolizer, list[tuple[float, float, str]]] = {}
    for helper in (*card.teams, *card.depots, *card.hospitals):
        drawn.setdefault(mark(helper.resource, symbols, 3.8), []).append((helper.resource.x, helper.resource.y, ""))
    made += [points(f"card_help_{n}", some, frame, symbol) for n, (symbol, some) in enumerate(drawn.items())]
    inside = LabelStyle("label", 7.0, "#ffffff", "#ffffff00", 0.0, "bold", placement="centre", priority=100)
    made.append(points(
        "card_shelter", [(s.resource.x, s.resource.y, LETTERS[n]) for n, s in enumerate(card.shelters)], frame, SHELTER_MARK, inside,
    ))  # fmt: skip
    made.append(points("card_hazard", [(h.x, h.y, str(h.number)) for h in card.hazards], frame, HAZARD_MARK, inside))
    return tuple(layer for layer in made if len(layer.data.fid)), bounds  # type: ignore[union-attr]


def points(
    name: str, places: Sequence[tuple[float, float, str]], frame: Frame, symbol: PointSymbolizer, labels: LabelStyle | None = None
) -> SceneLayer:
    """A layer of marks at ``places`` (x, y, label) that ``frame`` brings onto the map."""
    xy = frame.move.points(np.array([p[:2] for p in places], np.float64).reshape(-1, 2))
    geometry = GeometryArray.from_points(np.ascontiguousarray(xy))
    return made_layer(name, geometry, frame.crs, symbol, labels=[p[2] for p in places], style=labels)


def _layer(name: str, shapes: Sequence[object], crs: Crs, symbol: Symbolizer, *, kind: GeometryKind = GeometryKind.POLYGON) -> SceneLayer:
    return made_layer(name, GeometryArray.from_shapely(kind, np.array(shapes, object)), crs, symbol)


def made_layer(
    name: str, geometry: GeometryArray, crs: Crs, symbol: Symbolizer, *, labels: Sequence[str] = (), style: LabelStyle | None = None
) -> SceneLayer:
    """A layer of its own in one symbol, with a field ``label``."""
    import pyarrow as pa

    table = FeatureTable(np.arange(1, len(geometry) + 1, dtype=np.int64), pa.table({"label": pa.array(list(labels) or [""] * len(geometry), pa.string())}), geometry, crs)
    return SceneLayer(name, table, Style((Rule((symbol,)),), labels=style), np.zeros(len(table), np.int16))
