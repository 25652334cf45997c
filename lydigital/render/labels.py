"""Which labels stand where: layers by priority, the first free place, nothing overlapping, nothing cut.

Labels are placed once for a window larger than the picture that hangs on a grid of the map at this scale, and pictures
take from it: panning moves labels by whole pixels and never makes one jump, and any picture of a place at a scale has the
same labels. What depends on a table only (texts, widths, anchors, joined lines) is kept as long as the table lives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np

from lydigital import units
from lydigital.kernels import labels as kernels
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render import obstacles, sites
from lydigital.render.drawlist import StrokeOp
from lydigital.render.lettered import Face, LabelSet, Left, MissingSet, Placed, Solution, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.render.drawlist import Fonts, PlacedLabel, Rgba, SceneLayer

_STEP_PX = 384  # at screen resolution: windows end on multiples of it
_AROUND_PX = 192  # what stands this far from a picture may still decide what stands on it
_KEPT = 6  # windows
_LEADER_MM, _LEADER_HALO_MM = 0.18, 0.7

_solving = Lock()  # screen and export may place labels of one table at the same time
_looking = Lock()


def place(
    scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts, *, is_page: bool = False,
) -> tuple[LabelSet, MissingSet]:
    """Choose and place the labels of a picture.

    Parameters
    ----------
    scene
        Layers, bottom first.
    is_page
        The picture is never panned: labels its border would cut move inward, areas are labelled in what is seen of them.

    Returns
    -------
    The labels, most important first, and those that found no free place.
    """
    if is_page:
        with _solving:
            return _solve(scene, viewport, fonts, is_page=True).seen(viewport, 0.0)
    solution = known(scene, viewport, fonts) or solve(scene, viewport, fonts)
    return solution.seen(viewport, margin(viewport))


def margin(viewport: Viewport) -> float:
    """Pixels that labels keep from the border."""
    return sites.MARGIN_PX * viewport.dpi / units.SCREEN_DPI


@dataclass(frozen=True, eq=False)
class _Source:
    """What of a layer decides about labels."""

    data: ref[FeatureTable]
    codes: ref[NDArray[np.int16]] | None
    layer: tuple[object, ...]

    def is_of(self, layer: SceneLayer) -> bool:
        codes = None if self.codes is None else self.codes()
        return self.data() is layer.data and codes is layer.codes and self.layer == _look(layer)


def _look(layer: SceneLayer) -> tuple[object, ...]:
    return (layer.id, layer.labels, layer.opacity * layer.style.opacity > 0, layer.style, layer.pins)


@dataclass(frozen=True, eq=False)
class _Solved:
    window: Viewport
    fonts: ref[Fonts]
    sources: tuple[_Source, ...]
    solution: Solution

    def is_for(self, scene: Sequence[SceneLayer], window: Viewport, fonts: Fonts) -> bool:
        if self.window != window or self.fonts() is not fonts:
            return False
        tables = _tables(scene, window.scale)
        return len(tables) == len(self.sources) and all(s.is_of(la) for s, la in zip(self.sources, tables, strict=True))


_solved: list[_Solved] = []


def known(scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts) -> Solution | None:
    """The labels around ``viewport`` if they were placed before."""
    window = window_of(viewport)
    with _looking:
        for i, one in enumerate(_solved):
            if one.is_for(scene, window, fonts):
                _solved.append(_solved.pop(i))
                return one.solution
    return None


def solve(scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts) -> Solution:
    """Place the labels around ``viewport``, and keep them."""
    window = window_of(viewport)
    with _solving:
        solution = _solve(scene, window, fonts, is_page=False)
    sources = tuple(
        _Source(ref(la.data), None if la.codes is None else ref(la.codes), _look(la))  # type: ignore[arg-type]
        for la in _tables(scene, window.scale)
    )
    with _looking:
        _solved.append(_Solved(window, ref(fonts), sources, solution))
        del _solved[:-_KEPT]
    return solution


def window_of(viewport: Viewport) -> Viewport:
    """The part of the map whose labels are placed together: on whole pixels and a grid that hangs on the map."""
    unit = viewport.units_per_px
    x0, y0, x1, y1 = viewport.bounds
    ratio = viewport.dpi / units.SCREEN_DPI
    step, around = round(_STEP_PX * ratio), _AROUND_PX * ratio

    def begin(value: float) -> int:
        return math.floor((value - around) / step) * step

    def end(value: float) -> int:
        return math.ceil((value + around) / step) * step

    left, right, top, bottom = begin(x0 / unit), end(x1 / unit), begin(-y1 / unit), end(-y0 / unit)
    centre = ((left + right) / 2 * unit, -(top + bottom) / 2 * unit)
    return Viewport(centre, unit, right - left, bottom - top, viewport.crs, viewport.dpi)


def _tables(scene: Sequence[SceneLayer], scale: float) -> list[SceneLayer]:
    """Layers that have labels or marks which labels keep clear of."""
    return [
        la for la in scene
        if isinstance(la.data, FeatureTable) and la.style.shows_at(scale) and la.opacity * la.style.opacity > 0
        and ((la.style.labels is not None and la.labels) or obstacles.has_marks(la))
    ]  # fmt: skip


def _solve(scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts, *, is_page: bool) -> Solution:
    scale = viewport.scale
    layers = _tables(scene, scale)
    jobs: list[tuple[int, int, sites.Job]] = []
    shown: list[tuple[SceneLayer, NDArray[np.int64], obstacles.Marks]] = []
    for level, layer in enumerate(layers):
        labels, table = layer.style.labels, layer.data
        assert isinstance(table, FeatureTable)
        has_labels = labels is not None and layer.labels and labels.min_scale <= scale < labels.max_scale
        if not has_labels and not obstacles.has_marks(layer):
            continue
        rows = sites.shown(layer, table.rows_in(viewport.bounds).astype(np.int64), scale)
        if not len(rows):
            continue
        marks = obstacles.marks_of(layer, scale, viewport.dpi)
        shown.append((layer, rows, marks))
        job = sites.job_of(layer, rows, viewport, fonts, marks, is_page=is_page) if has_labels else None
        if job is not None:
            jobs.append((-job.style.priority, -level, job))
    if not jobs:
        return joined(viewport, [])
    room = np.zeros((viewport.height_px, viewport.width_px), np.uint8)
    for layer, rows, marks in shown:
        if obstacles.has_marks(layer):
            kernels.block(room, obstacles.mark_boxes(layer, rows, viewport, marks), kernels.MARK)
    jobs.sort(key=lambda j: j[:2])
    parts: list[tuple[Face, Placed, Left]] = []
    for _, _, job in jobs:
        if job.layer.pins:
            parts.append((job.face, sites.pinned(job, room, viewport), sites.NONE_LEFT))
    for _, _, job in jobs:
        placed, left = (sites.along if job.is_along else sites.beside)(job, room, viewport)
        parts.append((job.face, placed, left))
    return joined(viewport, parts)


def leaders(labels: Sequence[PlacedLabel], viewport: Viewport) -> list[StrokeOp]:
    """Lines from points to labels that stand away from them, with the labels' halo."""
    if not isinstance(labels, LabelSet):
        return []
    some, lines = labels.led()
    if not len(some):
        return []
    west, _, _, north = viewport.bounds
    unit = viewport.units_per_px
    ends = lines.astype(np.float64).reshape(-1, 2) * (unit, -unit) + (west, north)
    numbers = np.arange(len(some) + 1)
    geometry = GeometryArray(GeometryKind.LINE, ends, 2 * numbers, numbers, numbers)
    faces = labels.solution.of[labels.which[some]]
    halos, cores = [], []
    thin, wide = (units.mm_to_px(mm, viewport.dpi) for mm in (_LEADER_MM, _LEADER_HALO_MM))
    for number in np.unique(faces).tolist():
        face = labels.solution.faces[number]
        rows = np.flatnonzero(faces == number).astype(np.int32)
        halos.append(_line(geometry, rows, face.halo, wide))
        cores.append(_line(geometry, rows, face.color, thin))
    return [*(h for h in halos if h.color[3]), *cores]


def _line(geometry: GeometryArray, rows: NDArray[np.int32], color: Rgba, width: float) -> StrokeOp:
    return StrokeOp(geometry, rows, color, max(1.0, width), "butt")
