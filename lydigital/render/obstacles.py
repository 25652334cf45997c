"""What labels keep clear of: marks, charts, badges of gathered points."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital import units
from lydigital.model.style import ChartSymbolizer, ClusterSymbolizer, PointSymbolizer, size_at
from lydigital.model.table import FeatureTable
from lydigital.render import thematic
from lydigital.render.plan import plan_for
from lydigital.render.sprites import outline_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import SceneLayer

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Marks(NamedTuple):
    """By rule number, pixels: radius of the mark (0 for none), and how far its middle stands above the point.

    ``grown`` holds radii by row where marks or charts follow numbers.
    """

    radius: Floats
    lift: Floats
    grown: Floats | None = None

    def radii(self, rows: Ints, codes: Ints) -> Floats:
        return self.radius[codes] if self.grown is None else self.grown[rows]


def marks_of(layer: SceneLayer, scale: float, dpi: float) -> Marks:
    radius = np.zeros(len(layer.style.rules) + 1)
    lift = np.zeros(len(layer.style.rules) + 1)
    grown: Floats | None = None
    for i, rule in enumerate(layer.style.rules):
        for symbolizer in rule.symbolizers:
            if isinstance(symbolizer, PointSymbolizer):
                half = units.mm_to_px(size_at(symbolizer.size_mm, scale), dpi) / 2
                outline = outline_points(symbolizer.shape)
                radius[i] = max(radius[i], half * float(np.abs(outline[:, 0]).max()))
                lift[i] = half * float(outline[:, 1].max()) if symbolizer.shape == "pin" else 0.0
    table, symbolizers = layer.data, [s for r in layer.style.rules for s in r.symbolizers]
    if isinstance(table, FeatureTable) and any(
        isinstance(s, ChartSymbolizer) or (isinstance(s, PointSymbolizer) and s.scaled) for s in symbolizers
    ):
        reaches = [r for s in symbolizers if (r := thematic.radii_px(table, s, scale, dpi)) is not None]
        grown = np.max(reaches, axis=0)
    return Marks(radius, lift, grown)


def has_marks(layer: SceneLayer) -> bool:
    """Whether something stands on the picture that labels keep clear of."""
    if not isinstance(layer.data, FeatureTable):
        return False
    kinds = (PointSymbolizer, ChartSymbolizer, ClusterSymbolizer)
    return any(isinstance(s, kinds) for r in layer.style.rules for s in r.symbolizers)


def pixels(xy: Floats, viewport: Viewport) -> tuple[Floats, Floats]:
    west, _, _, north = viewport.bounds
    return (xy[:, 0] - west) / viewport.units_per_px, (north - xy[:, 1]) / viewport.units_per_px


def codes_of(layer: SceneLayer, rows: Ints) -> Ints:
    return np.zeros(len(rows), np.int64) if layer.codes is None else layer.codes[rows].astype(np.int64)


def mark_boxes(
    layer: SceneLayer, rows: Ints, viewport: Viewport, marks: Marks,
) -> NDArray[np.float32]:
    """Rectangles of marks, charts and badges of gathered points in pixels ``(n, 4)``."""
    assert isinstance(layer.data, FeatureTable)
    gathered = [
        thematic.gathered_boxes(layer, s, rows, viewport, which)
        for which, s in plan_for(layer, viewport.scale, viewport.dpi).specials if isinstance(s, ClusterSymbolizer)
    ]
    if gathered:
        return np.concatenate(gathered)
    geometry = thematic.anchors(layer.data)  # of areas and lines a place for a mark, of points themselves
    first, last = geometry.geom_rings[rows], geometry.geom_rings[rows + 1]
    codes = codes_of(layer, rows)
    r = marks.radii(rows, codes)
    if np.any(last - first != 1):
        r = np.repeat(r, last - first)
        codes = np.repeat(codes, last - first)
        rings = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    else:
        rings = first
    x, y = pixels(geometry.coords[geometry.ring_offsets[rings]], viewport)
    y = y - marks.lift[codes]
    boxes = np.column_stack([x - r, y - r, x + r, y + r])[(r > 0) & np.isfinite(x)]
    return boxes.astype(np.float32)
