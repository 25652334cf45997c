"""What of a map goes into a web file, and how fine: layers within a budget, pictures of what is too much."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lydigital.model.table import FeatureTable
from lydigital.publish import legend, web, weblayers, weblook, webpictures
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lydigital.model.gate import Verdict
    from lydigital.model.layerdef import LayerDef
    from lydigital.publish.weblayers import Features
    from lydigital.publish.weblook import Looks
    from lydigital.publish.webpictures import Bounds
    from lydigital.render.drawlist import Fonts, SceneLayer

TOLERANCES_M = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
MOST_FEATURES = 60_000  # of a layer: more are too slow to find and draw on a phone
_VECTOR_SHARE = 0.7  # of the budget; the rest is for pictures
_MARGIN = 0.15
_LEGEND_ZOOMS = range(8, 18)


@dataclass(frozen=True, eq=False)
class Source:
    """What a web map is made of, as the gate lets it through.

    Attributes
    ----------
    scene
        All layers, bottom first.
    chosen
        Those that can be clicked and switched; the others are drawn in the picture below.
    bounds
        What the map shows at first, degrees.
    titles
        Layer id → title of its group, title of the layer.
    names
        Words for codes, by layer of codes.
    facts
        Lines of the note: label and text.
    """

    title: str
    subtitle: str
    scene: Sequence[SceneLayer]
    chosen: frozenset[str]
    bounds: Bounds
    definition: Callable[[str], LayerDef]
    titles: Mapping[str, tuple[str, str]]
    names: Mapping[str, Mapping[str, str]]
    facts: Sequence[tuple[str, str]] = ()

    @property
    def clickable(self) -> list[SceneLayer]:
        return [layer for layer in self.scene if layer.id in self.chosen and isinstance(layer.data, FeatureTable)]


@dataclass(eq=False)
class Fitted:
    """The map, and what became of it for the sake of size."""

    page: web.WebMap
    layers: list[dict[str, Any]] = field(default_factory=list)
    simplified_m: float = 0.0
    notes: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Plan:
    """How every layer goes into the file."""

    features: dict[str, Features]
    tolerance_m: float = 0.0
    names_only: set[str] = field(default_factory=set)
    pictures: list[str] = field(default_factory=list)
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)


def fit(source: Source, verdict: Verdict, verdict_values: dict[str, Any], budget: int, fonts: Fonts | None) -> Fitted:
    """Choose tolerance and pictures so that the file keeps to ``budget`` bytes as far as it can."""
    latitude = (source.bounds[1] + source.bounds[3]) / 2
    marks = weblook.Sprites()
    by_id = {layer.id: layer for layer in source.clickable}
    looks = {i: weblook.looks(layer, latitude, marks) for i, layer in by_id.items()}
    room = max(200_000, budget - web.fixed_bytes())
    plan = _planned(source, int(room * _VECTOR_SHARE))
    layers = [_layer(source, by_id[i], plan, looks[i], latitude) for i in plan.contents]
    overlays = {i: webpictures.overlay(by_id[i], source.bounds, fonts) for i in plan.contents if looks[i].is_special}
    for content in layers:
        if content["id"] in overlays:
            content["picture"] = overlays[content["id"]]
    groups = _legend(source, latitude, marks)
    sprites = marks.content(fonts)
    spent = weblayers.bytes_of([layers, groups, sprites])
    below = [layer for layer in source.scene if layer.id not in plan.contents]
    base = webpictures.base(below, _wider(source.bounds), room - spent, fonts) if below else []
    notes = _notes(source, plan, below, looks)
    content = {
        "title": source.title, "subtitle": source.subtitle, "bounds": source.bounds, "zooms": [weblook.FIRST_ZOOM, weblook.LAST_ZOOM],
        "layers": layers, "legend": groups, "sprites": sprites, "base": base, "stamps": verdict.stamps, "watermark": verdict.watermark,
        "facts": source.facts, "notes": notes, "verdict": verdict_values, "words": _words(),
    }  # fmt: skip
    said = [_said(plan, i) for i in plan.contents]
    said += [{"layer": layer.id, "as": "picture"} for layer in below]
    return Fitted(web.WebMap(source.title, source.bounds, content), said, plan.tolerance_m, notes)


def _wider(bounds: Bounds) -> Bounds:
    """The picture below goes on where the city ends: no map of it has just its shape."""
    dx, dy = _MARGIN * (bounds[2] - bounds[0]), _MARGIN * (bounds[3] - bounds[1])
    return (bounds[0] - dx, bounds[1] - dy, bounds[2] + dx, bounds[3] + dy)


def _planned(source: Source, room: int) -> _Plan:
    features = {
        layer.id: weblayers.features_of(layer, source.definition(layer.id), source.names)
        for layer in source.clickable
    }  # fmt: skip
    plan = _Plan(features, pictures=[i for i, f in features.items() if len(f.table) > MOST_FEATURES])
    sizes: dict[str, int] = {}

    def measure(layer: str) -> None:
        plan.contents[layer] = features[layer].content(plan.tolerance_m, names_only=layer in plan.names_only)
        sizes[layer] = weblayers.bytes_of(plan.contents[layer])

    def fits() -> bool:
        for tolerance in TOLERANCES_M:
            plan.tolerance_m = tolerance
            for layer, own in features.items():
                if layer not in plan.pictures and (tolerance == 0.0 or own.importance is not None):
                    measure(layer)
            if sum(sizes.values()) <= room:
                return True
        return False

    if fits():
        return plan
    while sizes and sum(sizes.values()) > room:  # not even that helps: the largest loses its attributes, then itself
        largest = max(sizes, key=lambda i: sizes[i])
        if largest not in plan.names_only and len(features[largest].columns) > 1:
            plan.names_only.add(largest)
            measure(largest)
        else:
            plan.pictures.append(largest)
            del sizes[largest], plan.contents[largest]
    fits()  # what is left may be finer
    return plan


def _said(plan: _Plan, layer: str) -> dict[str, Any]:
    features = plan.features[layer]
    return {
        "layer": layer, "as": "features", "features": len(features.table), "vertices": features.vertices(plan.tolerance_m),
        "of_vertices": len(features.degrees), "attributes": layer not in plan.names_only,
    }  # fmt: skip


def _layer(source: Source, layer: SceneLayer, plan: _Plan, look: Looks, latitude: float) -> dict[str, Any]:
    content = plan.contents[layer.id]
    group, title = source.titles.get(layer.id, ("", source.definition(layer.id).name))
    made = {
        "id": layer.id, "title": title, "group": group, "visible": True, "opacity": round(layer.opacity * layer.style.opacity, 3),
        "looks": [[]] if look.is_special else look.found, "look": [0] * len(look.at) if look.is_special else look.at, **content,
    }  # fmt: skip
    if look.is_special:
        made["shown"] = [int(special or bool(look.found[n])) for special, n in zip(look.special, look.at, strict=True)]
    style = layer.style.labels
    if layer.labels and style is not None and content["label"] >= 0:
        made["labels"] = weblook.labels(style, latitude, along=content["kind"] == "line")
    return made


def _legend(source: Source, latitude: float, marks: weblook.Sprites) -> list[dict[str, Any]]:
    """Groups of layers, top first, each with the entries of the zoom level that shows most of them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for layer in reversed(source.scene):
        if layer.id not in source.chosen:
            continue
        group, title = source.titles.get(layer.id, ("", source.definition(layer.id).name))
        best: tuple[legend.Entry, ...] = ()
        scale = 0.0
        if layer.id in source.titles and isinstance(layer.data, FeatureTable):
            everything = layer.data.geometry.total_bounds
            for zoom in _LEGEND_ZOOMS:
                found = legend.of_scene([layer], source.titles, everything, weblook.scale_at(zoom, latitude))
                entries = tuple(e for g in found for e in g.entries)
                if len(entries) > len(best):
                    best, scale = entries, weblook.scale_at(zoom, latitude)
        elif layer.id in source.titles:
            best = tuple(e for g in legend.of_scene([layer], source.titles, (0, 0, 0, 0), 100_000.0) for e in g.entries)
        own = [[e.title, weblook.swatch(e.symbolizers, scale or 100_000.0, marks)] for e in best]
        groups.setdefault(group, []).append({"id": layer.id, "title": title, "entries": own})
    return [{"title": title, "layers": layers} for title, layers in groups.items()]


def _notes(source: Source, plan: _Plan, below: Sequence[SceneLayer], looks: Mapping[str, Looks]) -> list[str]:
    def named(ids: Sequence[str]) -> str:
        return "、".join(source.definition(i).name for i in ids)

    out = []
    if plan.tolerance_m:
        before = sum(len(f.degrees) for i, f in plan.features.items() if i in plan.contents)
        after = sum(f.vertices(plan.tolerance_m) for i, f in plan.features.items() if i in plan.contents)
        out.append(tr(
            "Lines and outlines are simplified to {metres} m for the size of the file: {after} of {before} vertices.",
            metres=f"{plan.tolerance_m:g}", after=f"{after:,}", before=f"{before:,}",
        ))  # fmt: skip
    stripped = [i for i in plan.contents if i in plan.names_only]
    if stripped:
        out.append(tr("Without attributes but the name, for the size of the file: {layers}", layers=named(stripped)))
    if plan.pictures:
        out.append(tr("Only in the picture below, for they are too large for the file: {layers}", layers=named(plan.pictures)))
    special = [i for i in plan.contents if looks[i].is_special]
    if special:
        out.append(tr("Symbols by value are a picture and grow with the map: {layers}", layers=named(special)))
    only = [layer.id for layer in below if layer.id not in plan.pictures]
    if only:
        out.append(tr("In the picture below the map: {layers}", layers=named(only)))
    personal = weblayers.personal_note([f for i, f in plan.features.items() if i in plan.contents])
    return [*out, personal] if personal else out


def _words() -> dict[str, str]:
    texts = (
        "Layers and legend", "Search by name", "Nothing found", "About this map", "Close", "Zoom in", "Zoom out", "Whole map",
        "shown when zoomed in", "hidden (personal)", "Base picture", "Next", "Check before export", "All on", "All off", "no name",
    )  # fmt: skip
    return {text: tr(text) for text in texts}
