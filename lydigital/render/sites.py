"""Places of one layer's labels: beside marks, in areas, along lines, pinned by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from lydigital import units
from lydigital.kernels import anchors as anchoring
from lydigital.kernels import labels as kernels
from lydigital.model import columns
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import LabelStyle, parse_color, size_at
from lydigital.model.table import FeatureTable
from lydigital.render.chains import Chains, join
from lydigital.render.drawlist import Font
from lydigital.render.lettered import Face, Left, Placed
from lydigital.render.lettering import Lettering
from lydigital.render.obstacles import Marks, codes_of, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Fonts, SceneLayer

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MARGIN_PX = 2.0  # no label comes nearer to the border
_REPEAT_MM = 150.0  # along lines, where a style does not say
_AREA_REPEAT_MM = 400.0  # in areas: about the width of a screen
_AREA_FLAT = 0.6  # height of what one repetition is for, of its width
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
_CALLOUT_EM = 1.5  # steps by which a label moves away from its mark


NONE_LEFT = Left(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2)))


class _Kept:
    """What was worked out for one table, whatever the viewport."""

    def __init__(self) -> None:
        self.letterings: dict[tuple[object, ...], Lettering] = {}
        self.anchors: Floats | None = None
        self.known: NDArray[np.bool_] | None = None
        self.ranks: dict[str, Ints] = {}
        self.orders: dict[str, Floats] = {}
        self.chains: list[tuple[tuple[object, ...], NDArray[np.int16] | None, Chains]] = []


_kept: WeakKeyDictionary[FeatureTable, _Kept] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Job:
    """One layer to label on one picture. ``is_page``: labels cut by the border move inward."""

    layer: SceneLayer
    table: FeatureTable
    style: LabelStyle
    rows: Ints
    kept: _Kept
    lettering: Lettering
    font: Font
    halo_px: float
    marks: Marks
    is_page: bool

    @property
    def face(self) -> Face:
        style = self.style
        return Face(
            self.layer.id, self.font, parse_color(style.color), parse_color(style.halo), self.halo_px, self.lettering.texts
        )

    @property
    def is_along(self) -> bool:
        return self.style.placement == "line" and self.table.geometry.kind is not GeometryKind.POINT


def shown(layer: SceneLayer, rows: Ints, scale: float) -> Ints:
    """Rows that some rule draws at this scale."""
    if layer.codes is None:
        return rows
    drawn = [r.min_scale <= scale < r.max_scale for r in layer.style.rules]
    keep = np.array([*drawn, False])[layer.codes[rows]]
    found: Ints = rows[keep]  # code -1 takes the last
    return found


def job_of(
    layer: SceneLayer, rows: Ints, viewport: Viewport, fonts: Fonts, marks: Marks, *, is_page: bool,
) -> Job | None:
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
    vertical = style.orientation == "vertical" and style.placement != "line"
    key = (style.field, style.weight, style.wrap_chars, style.spacing_em, vertical, id(type(fonts)))
    lettering = kept.letterings.get(key)
    if lettering is None:
        lettering = Lettering(
            table.columns.column(style.field), style.weight, style.wrap_chars, style.spacing_em, vertical=vertical
        )
        kept.letterings[key] = lettering
    lettering.read(rows, fonts)
    font = Font(size, style.weight, style.italic)
    halo = units.mm_to_px(style.halo_mm, viewport.dpi)
    return Job(layer, table, style, rows[lettering.ids[rows] >= 0], kept, lettering, font, halo, marks, is_page)


def _ranked(job: Job, rows: Ints, tie: Floats | None = None) -> Ints:
    """Places of ``rows`` from the most important to the least: order field, ``tie``, fid."""
    if tie is None:
        return np.argsort(_ranks(job)[rows])
    return np.lexsort((job.table.fid[rows], -tie, _orders(job)[rows]))


def _ranks(job: Job) -> Ints:
    """Rank of every row of the table by order field and fid, worked out once."""
    field = job.style.order_field
    ranks = job.kept.ranks.get(field)
    if ranks is None:
        order = np.lexsort((job.table.fid, _orders(job)))
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        job.kept.ranks[field] = ranks
    return ranks


def _orders(job: Job) -> Floats:
    """The order field's values, negated: the smaller the more important."""
    field = job.style.order_field
    values = job.kept.orders.get(field)
    if values is None:
        known = field and field in job.table.columns.column_names
        values = job.kept.orders[field] = -_numbers(job.table, field) if known else np.zeros(len(job.table))
    return values


def _numbers(table: FeatureTable, field: str) -> Floats:
    import pyarrow as pa

    try:
        values = columns.numbers(table.columns.column(field))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # text that is no number orders nothing
        return np.zeros(len(table))
    return np.nan_to_num(values, nan=-np.inf)


# --- beside marks, over points, in areas --------------------------------------------------------------------------------


def beside(job: Job, room: NDArray[np.uint8], viewport: Viewport) -> tuple[Placed, Left]:
    """Place labels beside marks, over points or in areas; names without room there may be led out."""
    rows = job.rows[~_is_pinned(job, job.rows)]
    rows = rows[_ranked(job, rows)]
    is_area = job.table.geometry.kind is GeometryKind.POLYGON and job.style.placement == "area"
    if is_area:
        rows, spots, fits = _in_areas(job, rows, viewport)
    else:
        spots = _spots(job, rows)
        fits = np.ones(len(rows), np.bool_)
    sides, align, bits = _sides(job, viewport)
    x, y = pixels(spots, viewport)
    usable = (x > 0) & (y > 0) & (x < viewport.width_px) & (y < viewport.height_px)
    base = len(_AREA_SIDES)
    if len(sides) == base or not is_area:
        usable &= fits
    rows, x, y, fits = rows[usable], x[usable], y[usable], fits[usable]
    texts = job.lettering.ids[rows]
    pad = max(1.0, job.halo_px)
    codes = codes_of(job.layer, rows)
    raised = y - job.marks.lift[codes]
    width, height = _sizes(job, texts)
    places = np.column_stack([x, raised, width, height, job.marks.radii(rows, codes) + pad + 1.0])
    choice, boxes, leaders = kernels.claim(
        room, places, np.where(fits, 0, base).astype(np.int64), sides, bits, pad, _margin(viewport), job.is_page
    )
    won, lost = np.flatnonzero(choice >= 0), np.flatnonzero(choice == -1)
    centre = (boxes[won, :2].astype(np.float64) + boxes[won, 2:]) / 2
    glyphs, starts = job.lettering.glyphs(
        texts[won], centre[:, 0], centre[:, 1], job.font.size_px, align[choice[won]]
    )
    spot = np.column_stack([x, y])
    placed = Placed(rows[won], texts[won], glyphs, starts, boxes[won], spot[won], leaders[won])
    lost = lost[~np.isin(rows[lost], rows[won])]  # a name that stands elsewhere in its area is not missing
    return placed, Left(rows[lost], texts[lost], spot[lost])


def _margin(viewport: Viewport) -> float:
    return MARGIN_PX * viewport.dpi / units.SCREEN_DPI


def _sizes(job: Job, texts: Ints) -> tuple[Floats, Floats]:
    size = job.font.size_px
    width: Floats = job.lettering.widths[texts] * size
    height: Floats = job.lettering.heights[texts] * size
    return width, height


def _sides(job: Job, viewport: Viewport) -> tuple[Floats, Floats, NDArray[np.uint8]]:
    """Places to try as :func:`kernels.claim` wants them, alignment of the lines at each, what they must not cover."""
    if job.table.geometry.kind is GeometryKind.POLYGON and job.style.placement != "point":
        sides, align, bits = _AREA_SIDES, np.full(4, _CENTRE), _AREA_BITS
    elif job.style.placement == "point":
        sides, align, bits = _SIDES, _ALIGN, np.full(len(_SIDES), _BLOCKING, np.uint8)
    else:
        sides, align, bits = np.zeros((1, 2)), np.full(1, _CENTRE), np.full(1, kernels.TEXT, np.uint8)
    found = [np.column_stack([sides, np.zeros(len(sides))])]
    step = _CALLOUT_EM * job.font.size_px
    most = units.mm_to_px(job.style.callout_mm, viewport.dpi)
    rounds = int(most / step)
    found.extend(np.column_stack([_SIDES, np.full(len(_SIDES), k * step)]) for k in range(1, rounds + 1))
    align = np.concatenate([align, np.tile(_ALIGN, rounds)])
    bits = np.concatenate([bits, np.full(rounds * len(_SIDES), _BLOCKING, np.uint8)])
    return np.concatenate(found), align, bits


def _spots(job: Job, rows: Ints) -> Floats:
    """Map coordinates ``(n, 2)`` that labels stand at or beside."""
    geometry = job.table.geometry
    if geometry.kind is GeometryKind.POLYGON:
        return _areas(job, rows)[:, :2]
    rings = geometry.geom_rings[rows]
    vertices = geometry.ring_offsets[rings]
    if geometry.kind is GeometryKind.LINE:
        vertices = (vertices + geometry.ring_offsets[rings + 1] - 1) // 2
    return geometry.coords[np.minimum(vertices, len(geometry.coords) - 1)]


def _areas(job: Job, rows: Ints) -> Floats:
    """Anchors of polygons ``(n, 4)``, worked out at most once a feature."""
    geometry, kept = job.table.geometry, job.kept
    if kept.anchors is None or kept.known is None:
        kept.anchors, kept.known = np.zeros((len(geometry), 4)), np.zeros(len(geometry), np.bool_)
    new = rows[~kept.known[rows]]
    if len(new):
        kept.anchors[new] = anchoring.anchors(
            geometry.coords, geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets, new, _SQUEEZE
        )
        kept.known[new] = True
    found: Floats = kept.anchors[rows]
    return found


def _areas_in(job: Job, rows: Ints, windows: Floats) -> Floats:
    g = job.table.geometry
    return anchoring.anchors_in(
        g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, rows, np.ascontiguousarray(windows), _SQUEEZE
    )


def _in_areas(job: Job, rows: Ints, viewport: Viewport) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Rows, their anchors, and whether the text stays about inside or the area is much larger than it.

    On a page, areas that its border cuts are anchored in what is seen of them. Elsewhere large areas are anchored once
    more in every cell of a grid that hangs on the map, after all others: some of them is seen wherever the view is moved.
    """
    unit = viewport.units_per_px
    bounds = job.table.geometry.bounds[rows]
    width, height = _sizes(job, job.lettering.ids[rows])
    areas = _areas(job, rows)
    if job.is_page:
        x0, y0, x1, y1 = viewport.bounds
        seen = np.array([x0, y0, x1, y1])
        cut = np.flatnonzero((bounds[:, :2] < seen[:2]).any(axis=1) | (bounds[:, 2:] > seen[2:]).any(axis=1))
        areas = areas.copy()
        areas[cut] = _areas_in(job, rows[cut], np.tile(seen, (len(cut), 1)))
        bounds = np.column_stack([np.maximum(bounds[:, :2], seen[:2]), np.minimum(bounds[:, 2:], seen[2:])])
    wide, high = (bounds[:, 2] - bounds[:, 0]) / unit, (bounds[:, 3] - bounds[:, 1]) / unit
    fits = (width <= 1.25 * areas[:, 2] / unit) & (height <= 0.8 * areas[:, 3] / unit)
    fits |= (wide > 1.6 * width) & (high > 2.5 * height)
    if job.is_page:
        return rows, areas[:, :2], fits
    cell = units.mm_to_px(job.style.repeat_mm or _AREA_REPEAT_MM, viewport.dpi)
    more, cells = _cells(bounds, (cell * unit, _AREA_FLAT * cell * unit), viewport.bounds)
    if not len(more):
        return rows, areas[:, :2], fits
    again = _areas_in(job, rows[more], cells)
    far = np.abs(again[:, :2] - areas[more, :2]) > (cells[:, 2:] - cells[:, :2]) / 2
    roomy = (width[more] <= again[:, 2] / unit) & (height[more] <= 0.8 * again[:, 3] / unit) & far.any(axis=1)
    more = more[roomy]
    return (
        np.concatenate([rows, rows[more]]), np.concatenate([areas[:, :2], again[roomy, :2]]),
        np.concatenate([fits, np.ones(len(more), np.bool_)]),
    )


def _cells(bounds: Floats, size: tuple[float, float], view: tuple[float, float, float, float]) -> tuple[Ints, Floats]:
    """Cells in view of a grid of ``size`` through the origin, for all ``bounds`` that are larger than one.

    Returns the number of the bounds of each cell, and the cells ``(n, 4)``.
    """
    wide, high = size
    numbers, cells = [], []
    large = (bounds[:, 2] - bounds[:, 0] > 1.5 * wide) | (bounds[:, 3] - bounds[:, 1] > 1.5 * high)
    for i in np.flatnonzero(large).tolist():
        x0, y0 = max(bounds[i, 0], view[0]) // wide, max(bounds[i, 1], view[1]) // high
        x1, y1 = min(bounds[i, 2], view[2]) // wide, min(bounds[i, 3], view[3]) // high
        for y in range(int(y0), int(y1) + 1):
            for x in range(int(x0), int(x1) + 1):
                numbers.append(i)
                cells.append((x * wide, y * high, (x + 1) * wide, (y + 1) * high))
    return np.array(numbers, np.int64), np.array(cells, np.float64).reshape(-1, 4)


# --- pinned by hand -----------------------------------------------------------------------------------------------------


def _is_pinned(job: Job, rows: Ints) -> NDArray[np.bool_]:
    pins = job.layer.pins
    if not pins:
        return np.zeros(len(rows), np.bool_)
    return np.isin(job.table.fid[rows], np.fromiter(pins, np.int64, len(pins)))


def pinned(job: Job, room: NDArray[np.uint8], viewport: Viewport) -> Placed:
    """Put labels where they were pinned, whatever is there; the others keep clear of them."""
    rows = job.rows[_is_pinned(job, job.rows)]
    x, y = pixels(_spots(job, rows), viewport)
    seen = (x > 0) & (y > 0) & (x < viewport.width_px) & (y < viewport.height_px)
    rows, x, y = rows[seen], x[seen], y[seen]
    texts, codes = job.lettering.ids[rows], codes_of(job.layer, rows)
    pad, size = max(1.0, job.halo_px), job.font.size_px
    raised = y - job.marks.lift[codes]
    mm = np.array([job.layer.pins[fid] for fid in job.table.fid[rows].tolist()]).reshape(-1, 2)
    centre = np.column_stack([x, raised]) + mm * units.mm_to_px(1.0, viewport.dpi)
    half = np.column_stack(_sizes(job, texts)) / 2
    if job.is_page:
        least = half + pad + _margin(viewport)
        most = np.array([viewport.width_px, viewport.height_px]) - least
        centre = np.minimum(np.maximum(centre, least), np.maximum(most, least))
    boxes = np.column_stack([centre - half - pad, centre + half + pad]).astype(np.float32)
    kernels.block(room, boxes, kernels.TEXT)
    near = np.minimum(np.maximum(np.column_stack([x, raised]), centre - half), centre + half)
    step = near - np.column_stack([x, raised])
    reach = np.hypot(step[:, 0], step[:, 1])
    start = job.marks.radii(rows, codes)
    rim = np.column_stack([x, raised]) + step * (start / np.maximum(reach, 1e-9))[:, None]
    leaders = np.column_stack([rim, near]).astype(np.float32)
    leaders[reach <= start + _CALLOUT_EM * size] = np.nan
    glyphs, starts = job.lettering.glyphs(texts, centre[:, 0], centre[:, 1], size, np.full(len(rows), _CENTRE))
    return Placed(rows, texts, glyphs, starts, boxes, np.column_stack([x, y]), leaders)


# --- along lines --------------------------------------------------------------------------------------------------------


def along(job: Job, room: NDArray[np.uint8], viewport: Viewport) -> tuple[Placed, Left]:
    """Place labels along joined lines, repeated."""
    chains = _chains(job)
    fixed = _is_pinned(job, job.rows)
    numbers = chains.of_rows(job.rows)
    if fixed.any():
        numbers = np.setdiff1d(numbers, chains.of_rows(job.rows[fixed]))
    size = job.font.size_px
    gap = job.style.spacing_em * size
    need = job.lettering.lengths[chains.texts[numbers]] * size
    numbers = numbers[chains.lengths[numbers] / viewport.units_per_px >= need]
    numbers = numbers[_ranked(job, chains.rows[numbers], chains.lengths[numbers])]
    texts = chains.texts[numbers]
    west, _, _, north = viewport.bounds
    repeat = units.mm_to_px(job.style.repeat_mm or _REPEAT_MM, viewport.dpi)
    middles, starts, whose, boxes, left, places = kernels.along(
        room, chains.coords, chains.offsets, numbers, texts, job.lettering.advances, job.lettering.offsets,
        job.lettering.may_stand, west, north, viewport.units_per_px, size, gap, max(1.0, 0.75 * job.halo_px), repeat,
        _margin(viewport), _MAX_BEND, _MOST_CHARACTERS, job.is_page,
    )
    glyphs = job.lettering.pens(texts[whose], middles, size)
    centres = (boxes[:, :2].astype(np.float64) + boxes[:, 2:]) / 2
    none = np.full((len(whose), 4), np.nan, np.float32)
    placed = Placed(chains.rows[numbers[whose]], texts[whose], glyphs, starts, boxes, centres, none)
    return placed, Left(chains.rows[numbers[left]], texts[left], places)


def _chains(job: Job) -> Chains:
    """Lines joined over the whole table, so that no picture's edge decides."""
    key = (id(job.lettering), job.style.classes)
    for known, codes, chains in job.kept.chains:
        if known == key and codes is job.layer.codes:
            return chains
    every = np.arange(len(job.table), dtype=np.int64)
    job.lettering.read(every)
    chains = join(job.table.geometry, job.lettering.ids, codes_of(job.layer, every))
    job.kept.chains = [*job.kept.chains[-3:], (key, job.layer.codes, chains)]
    return chains
