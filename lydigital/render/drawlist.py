"""From a scene and a viewport to the list of what to draw: the one description that screen and paper share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from lydigital.model.geometry import GeometryKind
from lydigital.model.style import PointSymbolizer
from lydigital.model.table import FeatureTable
from lydigital.render import crowds, thematic
from lydigital.render.plan import Chosen, crowd_of, everything, plan_for
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.grid import Raster
    from lydigital.model.style import Blend, Fill, RasterSymbolizer, Style
    from lydigital.model.viewport import Viewport
    from lydigital.render.contours import Lines
    from lydigital.render.crowds import Crowd
    from lydigital.render.placer import Placer
    from lydigital.render.plan import Plan

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True)
class Font:
    """A face to set text in; the family is the program's choice."""

    size_px: float
    weight: Literal["regular", "medium", "bold"] = "regular"
    italic: bool = False


class Fonts(Protocol):
    """What labels and the raster backend need to know of text. Implemented with Qt in ``render.painter.fonts``."""

    def advances(self, text: str, font: Font) -> NDArray[np.float32]:
        """Horizontal advance of every character, ``(len(text),)`` pixels."""

    def vertical(self, font: Font) -> tuple[float, float]:
        """Ascent and descent above and below the baseline, pixels."""

    def mask(self, char: str, font: Font) -> tuple[NDArray[np.uint8], int, int]:
        """Coverage of one character ``(h, w) uint8``, and its left and top offset from the pen on the baseline, px."""

    def icon(self, name: str, size_px: float) -> NDArray[np.uint8]:
        """Coverage of an icon of the icon font in a square of ``ceil(size_px)``, ``(s, s) uint8``."""


@dataclass(frozen=True, eq=False)
class SceneLayer:
    """A layer made ready to draw.

    ``codes`` holds the number of the rule each feature falls under, ``(n,) int16``, -1 for none (None for grids).
    ``selected`` holds rows to highlight. ``pins`` says by fid how far the middle of a label stands from the place its
    feature would be labelled at: millimetres on the picture, to the right and down.
    """

    id: str
    data: FeatureTable | Raster
    style: Style
    codes: NDArray[np.int16] | None = None
    opacity: float = 1.0
    labels: bool = True
    selected: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    pins: Mapping[int, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FillOp:
    """Fill polygons. Feature ``rows[i]`` takes ``colors[codes[i]]``; ``pattern`` applies to all when it is not solid.

    Features no larger than ``hidden_px`` lie wholly under their outlines.
    """

    geometry: GeometryArray
    rows: NDArray[np.int32]
    codes: NDArray[np.int16]
    colors: NDArray[np.uint8]  # (c, 4) straight red, green, blue, alpha
    pattern: Fill | None = None
    hidden_px: float = -1.0


@dataclass(frozen=True, eq=False)
class StrokeOp:
    """Stroke lines, or rings of polygons, of one colour as their union (no darker crossings).

    ``crowd`` are those rows, and others of the layer off the picture, as few boxes where they are far below a pixel.
    """

    geometry: GeometryArray
    rows: NDArray[np.int32]
    color: Rgba
    width_px: float
    cap: Literal["butt", "round", "square"] = "round"
    join: Literal["miter", "round", "bevel"] = "round"
    dash_px: tuple[float, ...] = ()
    offset_px: float = 0.0
    crowd: Crowd | None = None


@dataclass(frozen=True, eq=False)
class MarkOp:
    """Put a mark on every point. Feature ``rows[i]`` takes ``marks[codes[i]]`` at ``sizes_px[codes[i]]``.

    ``angles_deg`` turns marks clockwise, by code; none are turned where it is empty.
    """

    geometry: GeometryArray
    rows: NDArray[np.int32]
    codes: NDArray[np.int16]
    marks: tuple[PointSymbolizer, ...]
    sizes_px: tuple[float, ...]
    opacity: float = 1.0
    angles_deg: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class ShadeOp:
    """Shade polygons inside their edges, fading over ``width_px``."""

    geometry: GeometryArray
    rows: NDArray[np.int32]
    color: Rgba
    width_px: float


@dataclass(frozen=True, eq=False)
class HeatOp:
    """Colour the density of the points ``rows`` of ``weights`` ``(k,)``, each spread over ``radius_px``.

    ``colors`` ``(256, 4)`` run from nothing to ``maximum`` a km², or to the densest place of the picture where that is 0.
    """

    geometry: GeometryArray
    rows: NDArray[np.int32]
    weights: NDArray[np.float64]
    radius_px: float
    colors: NDArray[np.uint8]
    maximum: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class TextOp:
    """Set texts that belong to symbols, where they are in the order of layers."""

    texts: tuple[PlacedLabel, ...]


@dataclass(frozen=True, eq=False)
class BlendOp:
    """Draw ``ops`` as one layer and mix it with what lies below; as a whole it shows through by ``opacity``."""

    ops: tuple[Op, ...]
    mode: Blend
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class RasterOp:
    """Draw a raster, warped where it is in another system than the picture."""

    raster: Raster
    symbolizer: RasterSymbolizer
    opacity: float = 1.0
    blend: Blend = "normal"


Op: TypeAlias = "FillOp | StrokeOp | MarkOp | ShadeOp | HeatOp | TextOp | BlendOp | RasterOp"


@dataclass(frozen=True, eq=False)
class PlacedLabel:
    """A label with its place decided.

    ``glyphs`` is ``(len(text), 3) float32``: pen x, baseline y in pixels and rotation in radians (clockwise) of each
    character. ``box`` is the upright rectangle it claims, xmin, ymin, xmax, ymax in pixels. ``anchor`` is the point it
    belongs to and ``leader`` the line x0, y0, x1, y1 that joins it to that point, where it stands away from it.
    """

    text: str
    font: Font
    color: Rgba
    halo: Rgba
    halo_px: float
    glyphs: NDArray[np.float32]
    box: tuple[float, float, float, float]
    layer: str = ""
    row: int = -1
    anchor: tuple[float, float] | None = None
    leader: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class MissingLabel:
    """A label for which there is no room, and the pixel its feature would be labelled at."""

    layer: str
    row: int
    text: str
    anchor: tuple[float, float]


@dataclass(frozen=True, eq=False)
class DrawList:
    """Everything on one picture, bottom first; labels come above all. ``missing`` are those that found no place.

    ``heights`` stand on contour lines, below the labels. ``parts`` are ids of layers and how many of the first operations
    are theirs; what follows is above them all.
    """

    viewport: Viewport
    background: Rgba
    ops: tuple[Op, ...]
    labels: Sequence[PlacedLabel] = ()
    missing: Sequence[MissingLabel] = ()
    heights: tuple[PlacedLabel, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def unplaced(self) -> int:
        """How many labels found no place."""
        return len(self.missing)


SELECTED_FILL = (255, 193, 7, 84)
SELECTED_LINE = (255, 128, 0, 255)
_SELECTED_MM = 0.6
_MANY = 50_000  # features of a layer
_MOSTLY = 0.25  # of a layer's blocks
_MANY_SELECTED = 20_000  # are told by their colour where their outlines would leave nothing else of them
_SORTED_MARKS = 20_000  # more marks than that are not put in order


def build(
    scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts | None = None, *, background: Rgba = (247, 246, 242, 255),
    is_page: bool = False, placer: Placer | None = None,
) -> DrawList:
    """Choose rules, rows, sizes and label places for one picture; no labels without ``fonts``.

    Tables must be in the viewport's reference system; rasters are warped into it.

    Parameters
    ----------
    is_page
        The picture is never panned: labels its border would cut move inward, areas are labelled in what is seen of them.
    placer
        Lets labels lag behind while the view moves; without it they are always those of this view.
    """
    scale = viewport.scale
    ops: list[Op] = []
    selected: list[Op] = []
    heights: list[tuple[Lines, RasterSymbolizer]] = []
    begins: list[tuple[str, int]] = []
    for parts in _by_layer(scene):
        layer, style = parts[0], parts[0].style
        begins.append((layer.id, len(ops)))
        if not style.shows_at(scale) or layer.opacity * style.opacity <= 0.0:
            continue
        data = layer.data
        if not isinstance(data, FeatureTable):
            for s in plan_for(layer, scale, viewport.dpi).rasters:
                ops.append(RasterOp(data, s, layer.opacity * style.opacity, style.blend))
                if s.contour_interval(scale) > 0.0:
                    from lydigital.render import contours

                    found = contours.lines(data, viewport, s.contour_interval(scale), band=(s.bands or (1,))[0])
                    if found is not None:
                        ops.extend(contours.strokes(found, s, viewport.dpi, layer.opacity * style.opacity))
                        if s.contour_labels and layer.labels:
                            heights.append((found, s))
            continue
        views = [view for part in parts if (view := _view(part, viewport, is_page=is_page)) is not None]
        if len(parts) == 1 and layer is scene[-1] and views:  # nothing above would hide it
            views = [replace(views[0], lit=_lit(views[0], viewport))]
        theirs = _layer_ops(views, viewport.units_per_px)
        for view in views:
            for which, symbolizer in view.plan.specials:
                some, _ = view.chosen.of(which)
                if len(some):
                    theirs.extend(thematic.special(view.layer, symbolizer, some, viewport, fonts=fonts, which=which))
        ops.extend(_together(theirs, style.blend, layer.opacity * style.opacity))
        for view in views:
            if len(view.layer.selected) and view.lit is None:
                selected.extend(_selection(view.layer, view.geometry, view.plan, view.chosen.rows, viewport.dpi))
    ends = [*(begin for _, begin in begins[1:]), len(ops)]
    counts = tuple((layer, end - begin) for (layer, begin), end in zip(begins, ends, strict=False))
    if fonts is None:
        return DrawList(viewport, background, (*ops, *selected), parts=counts)
    from lydigital.render import labels as labelling

    scene = tuple(thematic.without_labels(layer) for layer in scene)
    if placer is None:
        labels, missing = labelling.place(scene, viewport, fonts, is_page=is_page)
    else:
        labels, missing = placer.place(scene, viewport, fonts)
    set_heights: list[PlacedLabel] = []
    for found, s in heights:
        from lydigital.render import heights as height_labels

        set_heights += height_labels.place(found, s, viewport, fonts, (labels, set_heights))
    every = (*ops, *selected, *labelling.leaders(labels, viewport))
    return DrawList(viewport, background, every, labels, missing, tuple(set_heights), counts)


@dataclass(frozen=True, eq=False)
class _View:
    """What a picture shows of a part of a layer."""

    layer: SceneLayer
    geometry: GeometryArray
    plan: Plan
    chosen: Chosen
    lit: NDArray[np.bool_] | None = None  # by row: drawn in the colour of selected features


def _by_layer(scene: Sequence[SceneLayer]) -> list[list[SceneLayer]]:
    """Parts of one layer that stand together: those read so far, or a table and its edits."""
    found: list[list[SceneLayer]] = []
    for layer in scene:
        if found and found[-1][0].id == layer.id and found[-1][0].style == layer.style:
            found[-1].append(layer)
        else:
            found.append([layer])
    return found


def _is_mostly_seen(data: FeatureTable, plan: Plan, box: tuple[float, float, float, float]) -> bool:
    """Whether passing over what lies off the picture costs less than choosing what lies on it.

    Fills and strokes pass over whole blocks; nothing else does.
    """
    if len(data) < _MANY or plan.marks or plan.specials or plan.shades:
        return False
    b = data.block_bounds
    seen = (b[:, 0] <= box[2]) & (b[:, 2] >= box[0]) & (b[:, 1] <= box[3]) & (b[:, 3] >= box[1])
    return bool(np.count_nonzero(seen) >= _MOSTLY * len(b))


def _view(layer: SceneLayer, viewport: Viewport, *, is_page: bool) -> _View | None:
    """None where nothing of it is in the picture."""
    plan = plan_for(layer, viewport.scale, viewport.dpi)
    if not plan and not (layer.style.labels and layer.labels):
        return None
    data = layer.data
    assert isinstance(data, FeatureTable)
    assert data.crs == viewport.crs, f"{layer.id} is in {data.crs}, the picture in {viewport.crs}"
    x0, y0, x1, y1 = viewport.bounds
    margin = plan.margin_px * viewport.units_per_px
    box = (x0 - margin, y0 - margin, x1 + margin, y1 + margin)
    whole = data.geometry.total_bounds
    if not (whole[0] <= box[2] and whole[2] >= box[0] and whole[1] <= box[3] and whole[3] >= box[1]):
        return None
    is_whole = whole[0] >= box[0] and whole[2] <= box[2] and whole[1] >= box[1] and whole[3] <= box[3]
    if is_whole or (not is_page and _is_mostly_seen(data, plan, box)):
        chosen = everything(layer)
    else:
        chosen = Chosen(layer, data.rows_in(box), is_uniform=plan.is_uniform)
    return _View(layer, data.geometry, plan, chosen) if len(chosen.rows) else None


def _layer_ops(views: Sequence[_View], units_per_px: float) -> list[Op]:
    """Pass by pass over all parts, so that no part lies as a whole above another."""
    if not views:
        return []
    ops: list[Op] = []
    first = views[0]
    veiled = first.plan.fills and first.layer.style.scheme is not None and thematic.is_fine(first.layer.data, units_per_px)
    if first.geometry.kind is GeometryKind.POLYGON:
        for i in range(len(first.plan.fills)):
            for view in views:
                fill = view.plan.fills[i]
                some, theirs = view.chosen.of(fill.which)
                if len(some) and view.lit is not None:
                    theirs = np.where(view.lit[some], len(fill.colors), theirs).astype(np.int16)
                    colors = np.vstack([fill.colors, SELECTED_LINE]).astype(np.uint8)
                    ops.append(FillOp(view.geometry, some, theirs, colors))
                elif len(some):
                    hidden_px = -1.0 if veiled else crowds.hidden_px(view.plan, fill.which)
                    ops.append(FillOp(view.geometry, some, theirs, fill.colors, fill.pattern, hidden_px))
        for i in range(len(first.plan.shades)):
            for view in views:
                shade = view.plan.shades[i]
                some, _ = view.chosen.of(shade.which)
                if len(some):
                    ops.append(ShadeOp(view.geometry, some, shade.color, shade.width_px))
    if first.geometry.kind is not GeometryKind.POINT:
        for i in range(0 if veiled else len(first.plan.strokes)):
            for view in views:
                s = view.plan.strokes[i]
                some, _ = view.chosen.of(s.which)
                if view.lit is not None:
                    some = some[~view.lit[some]]
                if len(some):
                    crowd = None if view.lit is not None else crowd_of(view.layer, s.which, units_per_px)
                    ops.append(StrokeOp(
                        view.geometry, some, s.color, s.width_px, s.cap, s.join, s.dash_px, s.offset_px, crowd
                    ))  # fmt: skip
        return ops
    for i in range(len(first.plan.marks)):
        for view in views:
            m = view.plan.marks[i]
            some, theirs = view.chosen.of(m.which)
            if 1 < len(some) <= _SORTED_MARKS:  # important rules on top, and southern marks above northern ones
                order = np.lexsort((-view.geometry.bounds[some, 1], -theirs))
                some, theirs = some[order], theirs[order]
            if len(some):
                ops.append(MarkOp(view.geometry, some, theirs, m.marks, m.sizes_px))
    return ops


def _together(ops: list[Op], mode: Blend, opacity: float) -> list[Op]:
    """A layer fades and mixes as a whole: what it hides of itself stays hidden."""
    if not ops or (mode == "normal" and opacity >= 1.0):
        return ops
    if mode == "normal" and len(ops) == 1:
        op = ops[0]
        if isinstance(op, (StrokeOp, ShadeOp)):
            return [replace(op, color=(*op.color[:3], round(op.color[3] * opacity)))]
        if isinstance(op, HeatOp):
            return [replace(op, opacity=op.opacity * opacity)]
    return [BlendOp(tuple(ops), mode, opacity)]


def _lit(view: _View, viewport: Viewport) -> NDArray[np.bool_] | None:
    """Rows that are selected, where these are so many and so small that they take another colour instead of highlights."""
    layer, plan = view.layer, view.plan
    if len(layer.selected) < _MANY_SELECTED or layer.opacity * layer.style.opacity < 1.0 or layer.style.blend != "normal":
        return None
    if len(plan.fills) != 1 or plan.fills[0].pattern is not None or plan.shades or plan.specials:
        return None
    width = mm_to_px(_SELECTED_MM, viewport.dpi)
    if not plan.fills[0].which[:-1].all() or thematic.typical_side(layer.data) >= 2.0 * width * viewport.units_per_px:
        return None
    mask = np.zeros(len(view.geometry), np.bool_)
    mask[layer.selected] = True
    return mask


def _selection(
    layer: SceneLayer, geometry: GeometryArray, plan: Plan, rows: NDArray[np.int32], dpi: float,
) -> list[Op]:
    """Highlights of the selected ones among ``rows``."""
    mask = np.zeros(len(geometry), np.bool_)
    mask[layer.selected] = True
    some = rows[mask[rows]]
    if not len(some):
        return []
    width = mm_to_px(_SELECTED_MM, dpi)
    codes = np.zeros(len(some), np.int16)
    if geometry.kind is GeometryKind.POINT:
        largest = max((size for m in plan.marks for size in m.sizes_px), default=6.0)
        ring = PointSymbolizer(color="#ffc10754", outline="#ff8000", outline_mm=_SELECTED_MM)
        return [MarkOp(geometry, some, codes, (ring,), (largest + 4 * width,))]
    if geometry.kind is GeometryKind.LINE:
        widest = max((s.width_px for s in plan.strokes), default=1.0)
        return [StrokeOp(geometry, some, (*SELECTED_LINE[:3], 180), widest + 1.5 * width)]
    colors = np.array([SELECTED_FILL], np.uint8)
    return [FillOp(geometry, some, codes, colors), StrokeOp(geometry, some, SELECTED_LINE, width)]
