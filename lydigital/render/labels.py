"""Which labels stand where: candidates by priority, the first free place, nothing overlapping, nothing cut.

Every choice depends on map coordinates and scale, not on where the picture begins: panning by whole pixels moves labels
by whole pixels. What depends on a table only (texts, widths, anchors, joined lines) is kept as long as the table lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from lydigital import units
from lydigital.kernels import labels as kernels
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import LabelStyle, PointSymbolizer, parse_color, size_at
from lydigital.model.table import FeatureTable
from lydigital.render.chains import Chains, join
from lydigital.render.drawlist import Font, PlacedLabel
from lydigital.render.lettering import LEADING, Lettering
from lydigital.render.sprites import outline_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Fonts, SceneLayer

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MARGIN_PX = 2.0  # no label comes nearer to the border
_REPEAT_MM = 150.0  # where a line style does not say
_MAX_BEND = 0.5  # radians between neighbouring characters
_SQUEEZE = 2.5  # text in polygons is about that much wider than high
_MOST_CHARACTERS = 60_000  # on one picture and layer
_BLOCKING = kernels.TEXT | kernels.MARK

# Places of a label beside its mark, best first: direction from the mark, and where the label's lines align.
# The order is Imhof's (Positioning names on maps, 1975) with the straight right first, as Chinese town names have it.
_SIDES = np.array(
    [(1, 0), (0.75, -0.75), (0.75, 0.75), (0, -1), (0, 1), (-1, 0), (-0.75, -0.75), (-0.75, 0.75)], np.float64
)
_LEFT, _CENTRE, _RIGHT = 0.0, 0.5, 1.0
_ALIGN = np.array([_LEFT, _LEFT, _LEFT, _CENTRE, _CENTRE, _RIGHT, _RIGHT, _RIGHT])

# In an area: at the anchor, a little above or below it to keep clear of marks, at last over them.
_AREA_SIDES = np.array([(0, 0), (0, -1), (0, 1), (0, 0)], np.float64)
_AREA_BITS = np.array([_BLOCKING, _BLOCKING, _BLOCKING, kernels.TEXT], np.uint8)


class _Kept:
    """What was worked out for one table, whatever the viewport."""

    def __init__(self) -> None:
        self.letterings: dict[tuple[object, ...], Lettering] = {}
        self.anchors: Floats | None = None
        self.known: NDArray[np.bool_] | None = None
        self.orders: dict[str, Floats] = {}
        self.chains: list[tuple[tuple[object, ...], NDArray[np.int16] | None, Chains]] = []


_kept: WeakKeyDictionary[FeatureTable, _Kept] = WeakKeyDictionary()
_lock = Lock()  # screen and export may place labels of one table at the same time


class _Marks(NamedTuple):
    """By rule number, pixels: radius of the mark (0 for none), and how far its middle stands above the point."""

    radius: Floats
    lift: Floats


@dataclass(frozen=True, eq=False)
class _Job:
    """One layer to label on one picture."""

    layer: SceneLayer
    table: FeatureTable
    style: LabelStyle
    rows: Ints
    kept: _Kept
    lettering: Lettering
    font: Font
    halo_px: float
    marks: _Marks


def place(
    scene: Sequence[SceneLayer], visible_rows: Mapping[str, NDArray[np.int32]], viewport: Viewport, fonts: Fonts,
) -> tuple[tuple[PlacedLabel, ...], int]:
    """Choose and place the labels of a picture.

    Parameters
    ----------
    scene
        Layers, bottom first.
    visible_rows
        Rows on the picture by layer id, ``(k,) int32``.

    Returns
    -------
    The labels, most important first, and how many found no free place.
    """
    with _lock:
        return _place(scene, visible_rows, viewport, fonts)


def _place(
    scene: Sequence[SceneLayer], visible_rows: Mapping[str, NDArray[np.int32]], viewport: Viewport, fonts: Fonts,
) -> tuple[tuple[PlacedLabel, ...], int]:
    scale = viewport.scale
    room = np.zeros((viewport.height_px, viewport.width_px), np.uint8)
    jobs: list[tuple[int, int, _Job]] = []
    for level, layer in enumerate(scene):
        rows = visible_rows.get(layer.id)
        if rows is None or not len(rows) or not isinstance(layer.data, FeatureTable) or not layer.style.shows_at(scale):
            continue
        table = layer.data
        shown = _shown(layer, rows.astype(np.int64), scale)
        marks = _marks(layer, scale, viewport.dpi)
        if table.geometry.kind is GeometryKind.POINT and len(shown):
            kernels.block(room, _mark_boxes(layer, shown, viewport, marks))
        job = _job(layer, shown, viewport, fonts, marks)
        if job is not None:
            jobs.append((-job.style.priority, -level, job))
    jobs.sort(key=lambda j: j[:2])
    placed: list[PlacedLabel] = []
    unplaced = 0
    for _, _, job in jobs:
        if job.style.placement == "line" and job.table.geometry.kind is not GeometryKind.POINT:
            some, left = _along(job, room, viewport)
        else:
            some, left = _beside(job, room, viewport)
        placed.extend(some)
        unplaced += left
    return tuple(placed), unplaced


def _shown(layer: SceneLayer, rows: Ints, scale: float) -> Ints:
    """Rows that some rule draws at this scale."""
    if layer.codes is None:
        return rows
    drawn = [r.min_scale <= scale < r.max_scale for r in layer.style.rules]
    keep = np.array([*drawn, False])[layer.codes[rows]]
    found: Ints = rows[keep]  # code -1 takes the last
    return found


def _marks(layer: SceneLayer, scale: float, dpi: float) -> _Marks:
    radius = np.zeros(len(layer.style.rules) + 1)
    lift = np.zeros(len(layer.style.rules) + 1)
    for i, rule in enumerate(layer.style.rules):
        for symbolizer in rule.symbolizers:
            if isinstance(symbolizer, PointSymbolizer):
                half = units.mm_to_px(size_at(symbolizer.size_mm, scale), dpi) / 2
                outline = outline_points(symbolizer.shape)
                radius[i] = max(radius[i], half * float(np.abs(outline[:, 0]).max()))
                lift[i] = half * float(outline[:, 1].max()) if symbolizer.shape == "pin" else 0.0
    return _Marks(radius, lift)


def _pixels(xy: Floats, viewport: Viewport) -> tuple[Floats, Floats]:
    west, _, _, north = viewport.bounds
    return (xy[:, 0] - west) / viewport.units_per_px, (north - xy[:, 1]) / viewport.units_per_px


def _codes(layer: SceneLayer, rows: Ints) -> Ints:
    return np.zeros(len(rows), np.int64) if layer.codes is None else layer.codes[rows].astype(np.int64)


def _mark_boxes(
    layer: SceneLayer, rows: Ints, viewport: Viewport, marks: _Marks,
) -> NDArray[np.float32]:
    assert isinstance(layer.data, FeatureTable)
    geometry = layer.data.geometry
    first, last = geometry.geom_rings[rows], geometry.geom_rings[rows + 1]
    codes = _codes(layer, rows)
    if np.any(last - first != 1):
        codes = np.repeat(codes, last - first)
        rings = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    else:
        rings = first
    x, y = _pixels(geometry.coords[geometry.ring_offsets[rings]], viewport)
    r = marks.radius[codes]
    y = y - marks.lift[codes]
    return np.column_stack([x - r, y - r, x + r, y + r]).astype(np.float32)


def _job(
    layer: SceneLayer, rows: Ints, viewport: Viewport, fonts: Fonts, marks: _Marks,
) -> _Job | None:
    table, style = layer.data, layer.style.labels
    assert isinstance(table, FeatureTable)
    if style is None or not layer.labels or not style.min_scale <= viewport.scale < style.max_scale:
        return None
    if style.field not in table.columns.column_names:
        return None
    if style.classes and layer.codes is not None:
        wanted = set(style.classes)
        chosen = [r.value in wanted or not wanted.isdisjoint(r.values) for r in layer.style.rules]
        rows = rows[np.array([*chosen, False])[layer.codes[rows]]]
    size = units.pt_to_px(size_at(style.size_pt, viewport.scale), viewport.dpi)
    size = max(1.0, round(size * 2) / 2)  # half pixels: glyphs are reused while zooming
    if not len(rows):
        return None
    kept = _kept.setdefault(table, _Kept())
    key = (style.field, style.weight, style.wrap_chars, style.spacing_em, id(type(fonts)))
    lettering = kept.letterings.get(key)
    if lettering is None:
        lettering = Lettering(table.columns.column(style.field), style.weight, style.wrap_chars, style.spacing_em)
        kept.letterings[key] = lettering
    lettering.read(rows, fonts)
    font = Font(size, style.weight, style.italic)
    halo = units.mm_to_px(style.halo_mm, viewport.dpi)
    return _Job(layer, table, style, rows[lettering.ids[rows] >= 0], kept, lettering, font, halo, marks)


def _ranked(job: _Job, rows: Ints, tie: Floats | None = None) -> Ints:
    """Places of ``rows`` from the most important to the least: order field, ``tie``, fid."""
    keys: list[NDArray[Any]] = [job.table.fid[rows]]
    if tie is not None:
        keys.append(-tie)
    field = job.style.order_field
    if field and field in job.table.columns.column_names:
        values = job.kept.orders.get(field)
        if values is None:
            values = job.kept.orders[field] = _numbers(job.table, field)
        keys.append(-values[rows])
    return np.lexsort(keys)


def _numbers(table: FeatureTable, field: str) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.columns.column(field)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    try:
        values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # text that is no number orders nothing
        return np.zeros(len(table))
    return np.nan_to_num(np.asarray(values, np.float64), nan=-np.inf)


# --- beside marks, over points, in areas --------------------------------------------------------------------------------


def _beside(job: _Job, room: NDArray[np.uint8], viewport: Viewport) -> tuple[list[PlacedLabel], int]:
    rows = job.rows[_ranked(job, job.rows)]
    spots = _spots(job, rows)
    x, y = _pixels(spots, viewport)
    size = job.font.size_px
    texts = job.lettering.ids[rows]
    width: Floats = job.lettering.widths[texts] * size
    height: Floats = size + np.float64(LEADING * size) * (job.lettering.lines[texts] - 1)
    usable = (x > 0) & (y > 0) & (x < viewport.width_px) & (y < viewport.height_px)
    if job.table.geometry.kind is GeometryKind.POLYGON:
        if job.style.placement == "area":
            usable &= _fits(job, rows, width, height, viewport)
        sides, align, bits = _AREA_SIDES, np.full(4, _CENTRE), _AREA_BITS
    elif job.style.placement == "point":
        sides, align = _SIDES, _ALIGN
        bits = np.full(len(_SIDES), _BLOCKING, np.uint8)
    else:
        sides, align, bits = np.zeros((1, 2)), np.full(1, _CENTRE), np.full(1, kernels.TEXT, np.uint8)
    rows, texts = rows[usable], texts[usable]
    x, y, width, height = x[usable], y[usable], width[usable], height[usable]
    if not len(rows):
        return [], 0
    pad = max(1.0, job.halo_px)
    codes = _codes(job.layer, rows)
    away = job.marks.radius[codes] + pad + 1.0
    y = y - job.marks.lift[codes]
    cx = x[:, None] + sides[:, 0] * away[:, None] + np.sign(sides[:, 0]) * width[:, None] / 2
    cy = y[:, None] + sides[:, 1] * away[:, None] + np.sign(sides[:, 1]) * height[:, None] / 2
    half_w, half_h = width[:, None] / 2 + pad, height[:, None] / 2 + pad
    boxes = np.stack([cx - half_w, cy - half_h, cx + half_w, cy + half_h], axis=2).astype(np.float32)
    choice = kernels.claim(room, boxes, bits, MARGIN_PX * viewport.dpi / units.SCREEN_DPI)
    won = np.flatnonzero(choice >= 0)
    which = choice[won]
    lettered = job.lettering.glyphs(texts[won], cx[won, which], cy[won, which], size, align[which])
    found = boxes[won, which]
    return _labels(job, rows[won], texts[won], lettered, found), int(np.count_nonzero(choice == -1))


def _spots(job: _Job, rows: Ints) -> Floats:
    """Map coordinates ``(n, 2)`` that labels stand at or beside."""
    geometry = job.table.geometry
    if geometry.kind is GeometryKind.POLYGON:
        return _areas(job, rows)[:, :2]
    rings = geometry.geom_rings[rows]
    vertices = geometry.ring_offsets[rings]
    if geometry.kind is GeometryKind.LINE:
        vertices = (vertices + geometry.ring_offsets[rings + 1] - 1) // 2
    return geometry.coords[np.minimum(vertices, len(geometry.coords) - 1)]


def _areas(job: _Job, rows: Ints) -> Floats:
    """Anchors of polygons ``(n, 4)``, worked out at most once a feature."""
    geometry, kept = job.table.geometry, job.kept
    if kept.anchors is None or kept.known is None:
        kept.anchors, kept.known = np.zeros((len(geometry), 4)), np.zeros(len(geometry), np.bool_)
    new = rows[~kept.known[rows]]
    if len(new):
        kept.anchors[new] = kernels.anchors(
            geometry.coords, geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets, new, _SQUEEZE
        )
        kept.known[new] = True
    found: Floats = kept.anchors[rows]
    return found


def _fits(job: _Job, rows: Ints, width: Floats, height: Floats, viewport: Viewport) -> NDArray[np.bool_]:
    """Whether the text stays about inside, or the feature is much larger than it."""
    room = _areas(job, rows)[:, 2:] / viewport.units_per_px
    bounds = job.table.geometry.bounds[rows] / viewport.units_per_px
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    inside = (width <= 1.25 * room[:, 0]) & (height <= 0.8 * room[:, 1])
    large = (wide > 1.6 * width) & (high > 2.5 * height)
    return inside | large


# --- along lines --------------------------------------------------------------------------------------------------------


def _along(job: _Job, room: NDArray[np.uint8], viewport: Viewport) -> tuple[list[PlacedLabel], int]:
    chains = _chains(job)
    numbers = chains.of_rows(job.rows)
    size = job.font.size_px
    gap = job.style.spacing_em * size
    need = job.lettering.lengths[chains.texts[numbers]] * size
    numbers = numbers[chains.lengths[numbers] / viewport.units_per_px >= need]
    if not len(numbers):
        return [], 0
    numbers = numbers[_ranked(job, chains.rows[numbers], chains.lengths[numbers])]
    texts = chains.texts[numbers]
    west, _, _, north = viewport.bounds
    repeat = units.mm_to_px(job.style.repeat_mm or _REPEAT_MM, viewport.dpi)
    middles, starts, whose, boxes, unplaced = kernels.along(
        room, chains.coords, chains.offsets, numbers, texts, job.lettering.advances, job.lettering.offsets,
        job.lettering.may_stand, west, north, viewport.units_per_px, size, gap, max(1.0, 0.75 * job.halo_px), repeat,
        MARGIN_PX * viewport.dpi / units.SCREEN_DPI, _MAX_BEND, _MOST_CHARACTERS,
    )
    glyphs = job.lettering.pens(texts[whose], middles, size)
    rows = chains.rows[numbers[whose]]
    return _labels(job, rows, texts[whose], (glyphs, starts), boxes), int(unplaced)


def _chains(job: _Job) -> Chains:
    """Lines joined over the whole table, so that no picture's edge decides."""
    key = (id(job.lettering), job.style.classes)
    for known, codes, chains in job.kept.chains:
        if known == key and codes is job.layer.codes:
            return chains
    every = np.arange(len(job.table), dtype=np.int64)
    job.lettering.read(every)
    chains = join(job.table.geometry, job.lettering.ids, _codes(job.layer, every))
    job.kept.chains = [*job.kept.chains[-3:], (key, job.layer.codes, chains)]
    return chains


def _labels(
    job: _Job, rows: Ints, texts: Ints, lettered: tuple[NDArray[np.float32], Ints], boxes: NDArray[np.float32],
) -> list[PlacedLabel]:
    color, halo = parse_color(job.style.color), parse_color(job.style.halo)
    glyphs, starts = lettered
    glyphs.flags.writeable = False
    names, cuts = job.lettering.texts, starts.tolist()
    return [
        PlacedLabel(
            names[text], job.font, color, halo, job.halo_px, glyphs[cuts[i] : cuts[i + 1]], tuple(box), job.layer.id, row
        )
        for i, (row, text, box) in enumerate(zip(rows.tolist(), texts.tolist(), boxes.tolist(), strict=True))
    ]
