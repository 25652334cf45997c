"""Symbols that stand for numbers: marks by size, charts, dots, density, gathered points. Worked out once where it can be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from lydigital.kernels import anchors as anchor_kernels
from lydigital.kernels import charts as chart_kernels
from lydigital.kernels import dots as dot_kernels
from lydigital.kernels import ragged
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    HeatSymbolizer,
    PointSymbolizer,
    parse_color,
    size_at,
)
from lydigital.render.classify import numbers
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.style import Symbolizer
    from lydigital.model.table import FeatureTable
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Fonts, Op, SceneLayer

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int32]

MOST_DOTS = 3_000_000
_TURN_DEG = 5.0
_HALVES = 2.0  # sizes in halves of a pixel
_SHAPES = {"pie": 0, "ring": 1, "bar": 2}
_STEPS = 255
_FINE_PX = 5.0

_kept: WeakKeyDictionary[FeatureTable, dict[object, Any]] = WeakKeyDictionary()


def _once(table: FeatureTable, key: object, make: Callable[[], Any]) -> Any:
    """What ``make`` gives for a table, kept as long as the table; the oldest of many go."""
    kept = _kept.setdefault(table, {})
    found = kept.get(key)
    if found is None:
        while len(kept) >= 6:
            kept.pop(next(iter(kept)), None)
        found = kept[key] = make()
    return found


def is_special(symbolizer: Symbolizer, kind: GeometryKind) -> bool:
    """Whether a symbolizer is drawn from here and not as a plain fill, line or mark."""
    if isinstance(symbolizer, PointSymbolizer):
        turned = symbolizer.scaled is not None or bool(symbolizer.rotation_field)
        return turned or kind is not GeometryKind.POINT
    if isinstance(symbolizer, DotSymbolizer):
        return kind is GeometryKind.POLYGON
    if isinstance(symbolizer, (HeatSymbolizer, ClusterSymbolizer)):
        return kind is GeometryKind.POINT
    return isinstance(symbolizer, ChartSymbolizer)


def reach_px(symbolizer: Symbolizer, viewport_dpi: float, units_per_px: float, metres_per_unit: float) -> float:
    """How far the symbol reaches beyond its feature."""
    if isinstance(symbolizer, PointSymbolizer):
        return 2.0 * mm_to_px(max(size_at(symbolizer.size_mm, s) for s in (1e3, 1e4, 1e5, 1e6)), viewport_dpi)
    if isinstance(symbolizer, ChartSymbolizer):
        return 2.0 * mm_to_px(symbolizer.size_mm, viewport_dpi)
    if isinstance(symbolizer, HeatSymbolizer):
        return heat_radius(symbolizer, viewport_dpi, units_per_px, metres_per_unit) * 1.5
    if isinstance(symbolizer, ClusterSymbolizer):
        return 2.0 * mm_to_px(symbolizer.radius_mm, viewport_dpi)
    return 4.0


def without_labels(layer: SceneLayer) -> SceneLayer:
    """``layer``, or the same unlabelled where single points are not what it shows: density and gathered points."""
    gathers = any(isinstance(s, (HeatSymbolizer, ClusterSymbolizer)) for r in layer.style.rules for s in r.symbolizers)
    if not gathers or not layer.labels:
        return layer
    found = _unlabelled.get(layer)
    if found is None:
        found = _unlabelled[layer] = replace(layer, labels=False)
    return found


_unlabelled: WeakKeyDictionary[SceneLayer, SceneLayer] = WeakKeyDictionary()


def heat_radius(symbolizer: HeatSymbolizer, dpi: float, units_per_px: float, metres_per_unit: float) -> float:
    """Radius of the kernel, pixels."""
    if symbolizer.radius_m > 0:
        return max(1.0, symbolizer.radius_m / metres_per_unit / units_per_px)
    return max(1.0, mm_to_px(symbolizer.radius_mm, dpi))


def anchors(table: FeatureTable) -> GeometryArray:
    """A place for a symbol of every feature: the point, the middle of a line, a roomy place inside an area."""
    geometry = table.geometry
    if geometry.kind is GeometryKind.POINT:
        return geometry

    def make() -> GeometryArray:
        middle = np.column_stack([geometry.bounds[:, [0, 2]].mean(axis=1), geometry.bounds[:, [1, 3]].mean(axis=1)])
        if geometry.kind is GeometryKind.POLYGON:
            rows = np.arange(len(geometry), dtype=np.int64)
            found = anchor_kernels.anchors(
                geometry.coords, geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets, rows, 1.0
            )[:, :2]
            middle = np.where(np.isfinite(found), found, middle)
        else:
            first = geometry.ring_offsets[geometry.geom_rings[:-1]]
            last = geometry.ring_offsets[geometry.geom_rings[1:]]
            some = last > first
            middle[some] = geometry.coords[(first[some] + last[some] - 1) // 2]
        return GeometryArray.from_points(middle)

    made: GeometryArray = _once(table, "anchors", make)
    return made


def special(
    layer: SceneLayer, symbolizer: Symbolizer, rows: Rows, viewport: Viewport, *, fonts: Fonts | None, which: Any
) -> list[Op]:
    """Operations of ``symbolizer`` for the ``rows`` in view; ``which`` says by rule number whom it is for."""
    table: FeatureTable = layer.data  # type: ignore[assignment]
    if isinstance(symbolizer, PointSymbolizer):
        return _marks(table, symbolizer, rows, viewport)
    if isinstance(symbolizer, ChartSymbolizer):
        return _charts(table, symbolizer, rows, viewport)
    if isinstance(symbolizer, DotSymbolizer):
        return _dots(layer, table, symbolizer, viewport, which=which)
    if isinstance(symbolizer, HeatSymbolizer):
        return _heat(table, symbolizer, rows, viewport)
    assert isinstance(symbolizer, ClusterSymbolizer)
    return _cluster(layer, table, symbolizer, rows, viewport, fonts=fonts, which=which)


def is_fine(table: Any, units_per_px: float) -> bool:
    """Whether areas are so small on the picture that outlines would hide the colours of their classes."""
    return typical_side(table) < _FINE_PX * units_per_px


def typical_side(table: Any) -> float:
    """Median of the longer sides of features, map units."""
    bounds = table.geometry.bounds

    def middle() -> float:
        some = bounds[:: max(1, len(bounds) // 10_000)]
        side = np.maximum(some[:, 2] - some[:, 0], some[:, 3] - some[:, 1])
        side = side[np.isfinite(side)]
        return float(np.median(side)) if len(side) else np.inf

    return float(_once(table, "side", middle))


def sizes_px(table: FeatureTable, symbolizer: PointSymbolizer, scale: float, dpi: float) -> Floats:
    """Diameter of the mark of every feature; 0 where it has none."""
    full = mm_to_px(size_at(symbolizer.size_mm, scale), dpi)
    scaled = symbolizer.scaled
    if scaled is None:
        return np.full(len(table), full)
    values = numbers(table, scaled.field, scaled.divide_by, scaled.per)
    with np.errstate(invalid="ignore"):
        grown = full * np.power(np.maximum(values, 0.0) / scaled.value, scaled.exponent)
        return np.where(values > 0, np.maximum(grown, mm_to_px(scaled.least_mm, dpi)), 0.0)


def radii_px(table: FeatureTable, symbolizer: Symbolizer, scale: float, dpi: float) -> Floats | None:
    """How far the mark or chart of every feature reaches from its middle; None for what has no such place."""
    if isinstance(symbolizer, PointSymbolizer):
        return sizes_px(table, symbolizer, scale, dpi) / 2
    if isinstance(symbolizer, ChartSymbolizer):
        total = _shares(table, symbolizer, np.arange(len(table), dtype=np.int32)).sum(axis=1)
        return np.where(total > 0, mm_to_px(symbolizer.size_mm, dpi) / 2 * _grown(symbolizer, total), 0.0)
    return None


def gathered_boxes(
    layer: SceneLayer, symbolizer: ClusterSymbolizer, rows: NDArray[np.int64], viewport: Viewport, which: Any
) -> NDArray[np.float32]:
    """Rectangles of badges in view and of the lone points of ``rows``, pixels ``(n, 4)``."""
    table: FeatureTable = layer.data  # type: ignore[assignment]
    found, many = _gathered(layer, table, symbolizer, viewport, which)
    seen, of = _in_view(found, many, viewport), found.of_row[rows]
    alone = rows[(of >= 0) & ~many[of]]
    west, _, _, north = viewport.bounds
    xy = np.concatenate([found.places[seen], table.geometry.bounds[alone, :2]])
    spots = (xy - (west, north)) * (1, -1) / viewport.units_per_px
    single = mm_to_px(size_at(symbolizer.point.size_mm, viewport.scale), viewport.dpi) / 2
    badges = np.array(_badge_sizes(viewport.dpi))[_badge_steps(found.counts[seen])] / 2
    reach = np.concatenate([badges, np.full(len(alone), single)])[:, None]
    return np.column_stack([spots - reach, spots + reach]).astype(np.float32)


def _marks(table: FeatureTable, symbolizer: PointSymbolizer, rows: Rows, viewport: Viewport) -> list[Op]:
    from lydigital.render.drawlist import MarkOp

    points = anchors(table)
    size = np.maximum(np.rint(sizes_px(table, symbolizer, viewport.scale, viewport.dpi)[rows] * _HALVES), 0)
    turn = np.zeros(len(rows))
    if symbolizer.rotation_field:
        turn = np.nan_to_num(numbers(table, symbolizer.rotation_field)[rows]) % 360.0
        turn = np.rint(turn / _TURN_DEG) % (360.0 / _TURN_DEG)
    seen = (size > 0) & np.isfinite(points.bounds[rows, 0])
    rows, size, turn = rows[seen], size[seen], turn[seen]
    if not len(rows):
        return []
    order = np.lexsort((-points.bounds[rows, 1], -size))  # small ones stay visible on large ones
    rows, keys = rows[order], (size * 1000 + turn)[order]
    unique, codes = np.unique(keys, return_inverse=True)
    plain = msgspec.structs.replace(symbolizer, scaled=None, rotation_field="")
    pixels = tuple((unique // 1000 / _HALVES).tolist())
    angles = tuple((unique % 1000 * _TURN_DEG).tolist()) if symbolizer.rotation_field else ()
    return [MarkOp(points, rows, codes.astype(np.int16), (plain,) * len(unique), pixels, angles_deg=angles)]


def _charts(table: FeatureTable, symbolizer: ChartSymbolizer, rows: Rows, viewport: Viewport) -> list[Op]:
    from lydigital.render.drawlist import FillOp

    unit = viewport.units_per_px
    shares = _shares(table, symbolizer, rows)
    total = shares.sum(axis=1)
    centres = anchors(table).bounds[rows, :2]
    radius = mm_to_px(symbolizer.size_mm, viewport.dpi) / 2 * unit * _grown(symbolizer, total)
    seen = (total > 0) & np.isfinite(centres[:, 0])
    order = np.flatnonzero(seen)[np.lexsort((-centres[seen, 1], -radius[seen]))]
    if not len(order):
        return []
    outline = mm_to_px(symbolizer.outline_mm, viewport.dpi) * unit if symbolizer.outline else 0.0
    coords, rings, codes = chart_kernels.charts(
        np.ascontiguousarray(centres[order]), np.ascontiguousarray(shares[order]), radius[order],
        _SHAPES[symbolizer.shape], outline, symbolizer.value or 1.0,
    )
    steps = np.arange(len(rings), dtype=np.int64)
    shapes = GeometryArray(GeometryKind.POLYGON, coords, rings, steps, steps.copy())
    looks = [*(s.color for s in symbolizer.shares), symbolizer.outline or "#00000000"]
    colors = np.array([parse_color(c, symbolizer.opacity) for c in looks], np.uint8)
    return [FillOp(shapes, np.arange(len(codes), dtype=np.int32), codes.astype(np.int16), colors)]


def _shares(table: FeatureTable, symbolizer: ChartSymbolizer, rows: Rows) -> Floats:
    values = [np.nan_to_num(numbers(table, s.field)[rows], posinf=0.0) for s in symbolizer.shares]
    return np.maximum(np.column_stack(values), 0.0)


def _grown(symbolizer: ChartSymbolizer, total: Floats) -> Floats:
    """Radius of each chart, of the full one."""
    if symbolizer.shape == "bar" or symbolizer.value <= 0:
        return np.ones(len(total))
    return np.sqrt(total / symbolizer.value)


@dataclass(frozen=True, eq=False)
class DotField:
    """All dots of a layer, in Hilbert order: places, share and feature row of each."""

    points: GeometryArray
    blocks: Floats
    share: NDArray[np.int16]
    source: Rows


def dot_field(table: FeatureTable, symbolizer: DotSymbolizer) -> DotField:
    """The dots of every feature of ``table``; none at all beyond :data:`MOST_DOTS`."""

    def make() -> DotField:
        g = table.geometry
        counts = dot_counts(table, symbolizer)
        if counts.sum() > MOST_DOTS:
            counts[:] = 0
        spare = np.ascontiguousarray(anchors(table).bounds[:, :2])
        xy, share, source = dot_kernels.scatter(
            g.coords, g.ring_offsets, g.geom_rings, g.bounds, table.fid, counts, spare
        )
        boxes = np.column_stack([xy, xy])
        order = ragged.hilbert_order(boxes) if len(xy) else np.zeros(0, np.int64)
        points = GeometryArray.from_points(xy[order])
        blocks = ragged.block_bounds(points.bounds, 256)
        return DotField(points, blocks, share[order].astype(np.int16), source[order].astype(np.int32))

    key = ("dots", tuple(s.field for s in symbolizer.shares), symbolizer.value)
    made: DotField = _once(table, key, make)
    return made


def dot_counts(table: FeatureTable, symbolizer: DotSymbolizer) -> NDArray[np.int64]:
    """Dots of each feature and share ``(n, k)``: the value by what one dot stands for, rounded."""
    values = np.column_stack([numbers(table, s.field) for s in symbolizer.shares])
    values = np.where(np.isfinite(values) & (values > 0), values, 0.0)
    values[np.isnan(table.geometry.bounds[:, 0])] = 0.0
    return np.floor(values / symbolizer.value + 0.5).astype(np.int64)


def _dots(
    layer: SceneLayer, table: FeatureTable, symbolizer: DotSymbolizer, viewport: Viewport, *, which: Any
) -> list[Op]:
    from lydigital.render.drawlist import MarkOp

    found = dot_field(table, symbolizer)
    x0, y0, x1, y1 = viewport.bounds
    size = max(1.0, mm_to_px(symbolizer.size_mm, viewport.dpi))
    more = size * viewport.units_per_px
    rows = ragged.query(found.points.bounds, found.blocks, 256, x0 - more, y0 - more, x1 + more, y1 + more)
    if layer.codes is not None and not which[:-1].all():
        rows = rows[which[layer.codes[found.source[rows]]]]
    if not len(rows):
        return []
    marks = tuple(
        PointSymbolizer(color=s.color, outline="", outline_mm=0.0, opacity=symbolizer.opacity) for s in symbolizer.shares
    )
    return [MarkOp(found.points, rows, found.share[rows], marks, (size,) * len(marks))]


def _heat(table: FeatureTable, symbolizer: HeatSymbolizer, rows: Rows, viewport: Viewport) -> list[Op]:
    from lydigital.render.drawlist import HeatOp

    weights = np.ones(len(rows))
    if symbolizer.weight_field:
        weights = np.maximum(np.nan_to_num(numbers(table, symbolizer.weight_field)[rows], posinf=0.0), 0.0)
    radius = heat_radius(symbolizer, viewport.dpi, viewport.units_per_px, viewport.crs.metres_per_unit)
    return [HeatOp(table.geometry, rows, weights, radius, _heat_colors(symbolizer.ramp), symbolizer.maximum,
                   symbolizer.opacity)]  # fmt: skip


def _heat_colors(ramp: tuple[str, ...]) -> NDArray[np.uint8]:
    """256 colours; the lowest eighth comes in softly."""
    stops = np.array([parse_color(c) for c in ramp], np.float64)
    at = np.linspace(0, len(ramp) - 1, _STEPS + 1)
    colors = np.column_stack([np.interp(at, np.arange(len(ramp)), stops[:, c]) for c in range(4)])
    t = np.minimum(np.arange(_STEPS + 1) / _STEPS * 8.0, 1.0)
    colors[:, 3] *= t * t * (3 - 2 * t)
    return np.rint(colors).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Clusters:
    """Places ``(c, 2)`` and numbers of points gathered, and which cluster each feature is in, -1 for none."""

    places: Floats
    counts: NDArray[np.int64]
    of_row: NDArray[np.int64]


def clusters(table: FeatureTable, radius: float, chosen: NDArray[np.bool_] | None = None) -> Clusters:
    """Gather the points of ``table`` that are nearer than about ``radius`` map units, whatever the view.

    Cells of the map grid take up the points in them, the fullest first, with their neighbours' where those are near.
    """
    xy = table.geometry.bounds[:, :2]
    known = np.isfinite(xy[:, 0])
    if chosen is not None:
        known &= chosen
    rows = np.flatnonzero(known)
    of_row = np.full(len(table), -1, np.int64)
    if not len(rows):
        return Clusters(np.zeros((0, 2)), np.zeros(0, np.int64), of_row)
    cell = np.floor(xy[rows] / radius).astype(np.int64)
    cell -= cell.min(axis=0) - 1
    columns = int(cell[:, 0].max()) + 2
    keys, inverse, number = np.unique(cell[:, 1] * columns + cell[:, 0], return_inverse=True, return_counts=True)
    sums = np.column_stack([np.bincount(inverse, xy[rows, k]) for k in (0, 1)])
    order = np.lexsort((keys, -number))
    into = dot_kernels.merge(keys, sums / number[:, None], order, columns, radius * 0.9)
    used, to = np.unique(into, return_inverse=True)
    counts = np.bincount(to, number).astype(np.int64)
    places = np.column_stack([np.bincount(to, sums[:, k]) for k in (0, 1)]) / counts[:, None]
    assert len(used) == len(counts)
    of_row[rows] = to[inverse]
    return Clusters(places, counts, of_row)


def _cluster(
    layer: SceneLayer, table: FeatureTable, symbolizer: ClusterSymbolizer, rows: Rows, viewport: Viewport, *,
    fonts: Fonts | None, which: Any,
) -> list[Op]:  # fmt: skip
    from lydigital.render.drawlist import MarkOp, TextOp

    found, many = _gathered(layer, table, symbolizer, viewport, which)
    of = found.of_row[rows]
    alone = rows[(of >= 0) & ~many[of]]
    ops: list[Op] = []
    if len(alone):
        size = mm_to_px(size_at(symbolizer.point.size_mm, viewport.scale), viewport.dpi)
        codes = np.zeros(len(alone), np.int16)
        ops.append(MarkOp(table.geometry, alone, codes, (symbolizer.point,), (size,)))
    seen = _in_view(found, many, viewport)
    if len(seen):
        seen = seen[np.lexsort((seen, found.counts[seen]))]  # the fullest on top
        counts = found.counts[seen]
        points = GeometryArray.from_points(found.places[seen])
        step, pixels = _badge_steps(counts), _badge_sizes(viewport.dpi)
        badge = PointSymbolizer(color=symbolizer.color, outline="#ffffffc0", outline_mm=0.5, opacity=0.92)
        ops.append(MarkOp(points, np.arange(len(seen), dtype=np.int32), step, (badge,) * 9, pixels))
        if fonts is not None:
            ops.append(TextOp(_badge_texts(found.places[seen], counts, symbolizer, viewport, fonts)))
    return ops


def _gathered(
    layer: SceneLayer, table: FeatureTable, symbolizer: ClusterSymbolizer, viewport: Viewport, which: Any
) -> tuple[Clusters, NDArray[np.bool_]]:
    """All clusters at this scale, and which of them have a badge."""
    radius = mm_to_px(symbolizer.radius_mm, viewport.dpi) * viewport.units_per_px
    radius = 2.0 ** math.floor(math.log2(radius) + 0.5)  # alike over an octave of scales
    chosen = None if layer.codes is None or which[:-1].all() else which[layer.codes]
    key = ("cluster", radius, None if chosen is None else id(layer.codes))
    found: Clusters = _once(table, key, lambda: clusters(table, radius, chosen))
    return found, found.counts >= symbolizer.least


def _in_view(found: Clusters, many: NDArray[np.bool_], viewport: Viewport) -> NDArray[np.int64]:
    x0, y0, x1, y1 = viewport.bounds
    more = _badge_sizes(viewport.dpi)[-1] * viewport.units_per_px
    x, y = found.places[:, 0], found.places[:, 1]
    return np.flatnonzero(many & (x > x0 - more) & (x < x1 + more) & (y > y0 - more) & (y < y1 + more))


def _badge_steps(counts: NDArray[np.int64]) -> NDArray[np.int16]:
    steps: NDArray[np.int16] = np.minimum(np.floor(np.log10(counts) * 2), 8).astype(np.int16)
    return steps


def _badge_sizes(dpi: float) -> tuple[float, ...]:
    return tuple(round(mm_to_px(5.0 + 0.9 * k, dpi) * 2) / 2 for k in range(9))


def count_text(count: int) -> str:
    """A number short enough for a badge, rounded down: 950, 1.2k, 34k, 1.2M."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            tenths = count * 10 // limit
            return f"{tenths // 10}{unit}" if tenths >= 100 or tenths % 10 == 0 else f"{tenths / 10:.1f}{unit}"
    return str(count)


def _badge_texts(
    places: Floats, counts: NDArray[np.int64], symbolizer: ClusterSymbolizer, viewport: Viewport, fonts: Fonts
) -> tuple[Any, ...]:
    from lydigital.render.drawlist import Font, PlacedLabel

    font = Font(max(9.0, round(mm_to_px(2.7, viewport.dpi) * 2) / 2), "bold")
    ascent, descent = fonts.vertical(font)
    color = parse_color(symbolizer.text_color)
    out = []
    for (x, y), count in zip(places.tolist(), counts.tolist(), strict=True):
        text = count_text(count)
        advances = np.asarray(fonts.advances(text, font), np.float32)
        wide = float(advances.sum())
        px, py = viewport.to_px(x, y)
        pens = np.zeros((len(text), 3), np.float32)
        pens[:, 0] = px - wide / 2 + np.concatenate([[0], np.cumsum(advances)[:-1]])
        pens[:, 1] = py + ascent * 0.36
        box = (px - wide / 2, py - ascent / 2, px + wide / 2, py + ascent / 2 + descent)
        out.append(PlacedLabel(text, font, color, (0, 0, 0, 0), 0.0, pens, box))
    return tuple(out)
