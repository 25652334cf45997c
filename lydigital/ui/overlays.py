"""What lies on the map while it is worked on and belongs to no map: warning levels, an indicator unit by unit, places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.style import (
    Fill,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.render.drawlist import SceneLayer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.domain.hazard import Ground
    from lydigital.model.crs import Crs

LEVEL_RAMP = ((1.0, "#e0231c"), (2.0, "#ff7e00"), (3.0, "#f2d600"), (4.0, "#2f5fd0"))
ABOVE = ("boundary", "geohazard")  # groups that stay above areas, and so do labels
_STYLE = Style(rules=(Rule((RasterSymbolizer(ramp=LEVEL_RAMP, steps="codes", show="terrain", shade=0.0, opacity=0.55),)),))

_AREA = Style(rules=(Rule((PolygonSymbolizer(Fill("#c2334d", 0.55, "hatch", spacing_mm=1.6, width_mm=0.14), Stroke("#a3203a", 0.35)),)),))

_SITE = Style(rules=(Rule((PointSymbolizer("circle", 4.4, "#c2334d", glyph="plus"),)),))


def level_layer(ground: Ground, levels: NDArray[np.uint8]) -> SceneLayer:
    """Levels 1 to 4 in their colours; nothing where there is no level or outside the city."""
    values = levels.astype(np.float32)
    values[(levels < 1) | (levels > 4) | (ground.township < 0)] = np.nan
    lattice = ground.lattice
    return SceneLayer("hazard.levels", Grid(values, (lattice.x0, lattice.y1), (lattice.cell, lattice.cell), lattice.crs), _STYLE, labels=False)


def table_layer(name: str, table: FeatureTable, style: Style, columns: Mapping[str, Sequence[object]], selected: Iterable[int] = ()) -> SceneLayer:
    """Features of ``table`` with other ``columns``, ``n`` values each, in ``style``; ``selected`` are rows."""
    import pyarrow as pa

    from lydigital.render.classify import codes

    shown = FeatureTable(table.fid, pa.table({key: pa.array(list(values)) for key, values in columns.items()}), table.geometry, table.crs)
    rows = np.array(sorted(selected), np.int32)
    return SceneLayer(name, shown, style, codes(shown, style), labels=bool(style.labels), selected=rows)


def area_layer(shape: GeometryArray, crs: Crs, target: Crs) -> SceneLayer:
    """An area as a hatched outline in ``target``, through which the map below is seen."""
    import pyarrow as pa

    number = np.arange(len(shape), dtype=np.int64)
    table = FeatureTable(number, pa.table({"number": number}), shape, crs).to_crs(target)
    return table_layer("area", table, _AREA, {"number": number.tolist()})


def site_layer(places: Sequence[tuple[float, float]], crs: Crs) -> SceneLayer:
    """Places that something might stand at."""
    import pyarrow as pa
    import shapely

    number = np.arange(len(places), dtype=np.int64)
    points = GeometryArray.from_shapely(GeometryKind.POINT, shapely.points(np.array(places, np.float64)))
    table = FeatureTable(number, pa.table({"number": number}), points, crs)
    return table_layer("sites", table, _SITE, {"number": number.tolist()})


@dataclass(frozen=True, eq=False)
class Overlay:
    """What one desk lays on the map; areas of the groups ``instead_of`` are left out meanwhile."""

    layers: tuple[SceneLayer, ...]
    instead_of: tuple[str, ...] = ()


def with_overlays(scene: tuple[SceneLayer, ...], overlays: Iterable[Overlay], groups: Mapping[str, str]) -> tuple[SceneLayer, ...]:
    """The scene, bottom first: areas go below the first layer of a group that stays above them, lines and points on top."""
    overlays = tuple(overlays)
    hidden = {group for overlay in overlays for group in overlay.instead_of}
    scene = tuple(layer for layer in scene if groups.get(layer.id) not in hidden or not _is_area(layer))
    laid = [layer for overlay in overlays for layer in overlay.layers]
    areas = tuple(layer for layer in laid if _is_area(layer))
    rest = tuple(layer for layer in laid if not _is_area(layer))
    place = next((i for i, layer in enumerate(scene) if groups.get(layer.id) in ABOVE), len(scene))
    return (*scene[:place], *areas, *scene[place:], *rest)


def _is_area(layer: SceneLayer) -> bool:
    return not isinstance(layer.data, FeatureTable) or layer.data.geometry.kind is GeometryKind.POLYGON
