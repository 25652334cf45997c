"""What lies under the cursor: topmost layer first, nearest or smallest feature first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lydigital.kernels import pick
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import LineSymbolizer, PointSymbolizer, Rule, Style, size_at
from lydigital.model.table import FeatureTable
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport


class Drawn(Protocol):
    """A layer of the scene, as far as picking needs it."""

    @property
    def id(self) -> str: ...
    @property
    def data(self) -> object: ...
    @property
    def style(self) -> Style: ...
    @property
    def codes(self) -> NDArray[np.int16] | None: ...


@dataclass(frozen=True)
class Hit:
    """One feature found: ``row`` of ``table``; ``distance_px`` is 0 inside a polygon."""

    layer: str
    row: int
    fid: int
    distance_px: float
    table: FeatureTable = field(repr=False, compare=False)


def identify(
    scene: Sequence[Drawn], x: float, y: float, viewport: Viewport, *, tolerance_px: float, limit: int = 100
) -> list[Hit]:
    """Features drawn at map place ``x, y``, topmost layer first, at most ``limit``.

    ``scene`` is bottom first, tables in the viewport's system. Only what is drawn at this scale is found. The mark of a
    point and the width of a line count as the feature, beyond them ``tolerance_px``.
    """
    hits: list[Hit] = []
    for layer in reversed(scene):
        if isinstance(layer.data, FeatureTable) and layer.style.shows_at(viewport.scale):
            hits.extend(_hits(layer, layer.data, (x, y), viewport, tolerance_px))
            if len(hits) >= limit:
                break
    return hits[:limit]


def _hits(
    layer: Drawn, table: FeatureTable, place: tuple[float, float], viewport: Viewport, tolerance_px: float
) -> list[Hit]:
    x, y = place
    geometry, scale = table.geometry, viewport.scale
    reach_px = _reach_px(layer.style.rules, scale, viewport.dpi)
    is_area = geometry.kind is GeometryKind.POLYGON
    far = 0.0 if is_area else (tolerance_px + max(reach_px, default=0.0)) * viewport.units_per_px
    if not np.isfinite(far):
        return []
    rows = table.rows_in((x - far, y - far, x + far, y + far))
    if not len(rows):
        return []
    reach = np.zeros(len(rows))
    if layer.codes is not None:
        codes = layer.codes[rows]
        reach = np.where(codes < 0, -np.inf, np.array([*reach_px, -np.inf])[codes])
        rows, reach = rows[reach >= 0], reach[reach >= 0]
    shape = (geometry.coords, geometry.ring_offsets, geometry.geom_rings, rows)
    if is_area:
        areas = pick.areas_around(*shape, x, y)
        order = np.argsort(areas, kind="stable")
        return [
            Hit(layer.id, int(rows[i]), int(table.fid[rows[i]]), 0.0, table) for i in order if np.isfinite(areas[i])
        ]
    measure = pick.point_distances if geometry.kind is GeometryKind.POINT else pick.line_distances
    distances_px = measure(*shape, x, y) / viewport.units_per_px
    order = np.argsort(distances_px, kind="stable")
    return [
        Hit(layer.id, int(rows[i]), int(table.fid[rows[i]]), float(distances_px[i]), table)
        for i in order
        if distances_px[i] <= tolerance_px + reach[i]
    ]


def _reach_px(rules: Sequence[Rule], scale: float, dpi: float) -> list[float]:
    """Half the drawn size of what falls under each rule, -inf where it is not drawn at this scale.

    Rules that differ in nothing but scale stand for one another: features carry the number of the first of them.
    """
    sizes: dict[tuple[object, ...], float] = {}
    conditions = [(rule.value, rule.values, rule.minimum, rule.maximum) for rule in rules]
    for rule, condition in zip(rules, conditions, strict=True):
        if rule.min_scale <= scale < rule.max_scale:
            sizes[condition] = max(sizes.get(condition, 0.0), _half_size_px(rule, scale, dpi))
    return [sizes.get(condition, -np.inf) for condition in conditions]


def _half_size_px(rule: Rule, scale: float, dpi: float) -> float:
    size_mm = 0.0
    for symbolizer in rule.symbolizers:
        if isinstance(symbolizer, PointSymbolizer):
            size_mm = max(size_mm, size_at(symbolizer.size_mm, scale))
        elif isinstance(symbolizer, LineSymbolizer):
            for stroke in (symbolizer.stroke, symbolizer.casing):
                size_mm = max(size_mm, size_at(stroke.width_mm, scale) if stroke else 0.0)
    return mm_to_px(size_mm, dpi) / 2
