"""A draw list to pixels: every operation in turn, in horizontal bands on two threads.

Rows of a picture do not depend on each other, so each thread draws all operations into its own band without waiting for
the other, and the result is the same bits as one band would give.
"""

from __future__ import annotations

import os
import time
import weakref
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import CancelledError
from lydigital.kernels import crowds
from lydigital.kernels import fill as fill_kernel
from lydigital.kernels import mark as mark_kernel
from lydigital.kernels import shading as shading_kernel
from lydigital.kernels import stroke as stroke_kernel
from lydigital.model.geometry import GeometryKind
from lydigital.render import heat, relief
from lydigital.render.atlas import atlas_of
from lydigital.render.crowds import dot_px
from lydigital.render.drawlist import BlendOp, FillOp, HeatOp, MarkOp, ShadeOp, StrokeOp, TextOp
from lydigital.render.sprites import sprite
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lydigital.model.style import Fill
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import DrawList, Fonts, Op, PlacedLabel, Rgba

_CAPS = {"butt": stroke_kernel.BUTT, "round": stroke_kernel.ROUND, "square": stroke_kernel.SQUARE}
_JOINS = {"miter": stroke_kernel.MITER, "round": stroke_kernel.ROUND, "bevel": stroke_kernel.BEVEL}
_PATTERNS = {"solid": 0.0, "hatch": 1.0, "cross": 2.0, "dots": 3.0}
_SOLID = np.zeros(7, np.float64)
_BLENDS = {"multiply": (1, 0xFFFFFFFF), "screen": (2, 0xFF000000), "overlay": (3, 0xFF808080)}
_NO_IMPORTANCE = np.zeros(0, np.float32)
_KEPT_SCRATCH = 2
_KEPT_FRAMES = 4
_MOST_SHIFT = 0.45  # of a band, that its border is moved to balance threads
_HAS_FINE_CLOCK = time.get_clock_info("thread_time").resolution < 1e-3
_clock = time.thread_time if _HAS_FINE_CLOCK else time.perf_counter  # work done, where the system says it finely
STRIP_PX = 9_000_000  # larger pictures (prints) are drawn in strips, or the working memory would be many times theirs


@dataclass(frozen=True, eq=False)
class Frame:
    """Pixels ``(h, w, 4) uint8``, opaque; red, green, blue, 255 or blue, green, red, 255. ``seconds`` to draw them."""

    pixels: NDArray[np.uint8]
    seconds: float


class _Scratch:
    """Memory the kernels work in, kept between frames; all zero (but for ``sums``) when not in use."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.sums = np.zeros((height, width, 4), np.uint32)
        self.mask = np.zeros((height, width), np.uint8)
        self.dirty = np.zeros((height, -(-width // stroke_kernel.DIRTY)), np.uint8)
        self.stride = (width + 2 + fill_kernel.BLOCK) // fill_kernel.BLOCK * fill_kernel.BLOCK + fill_kernel.BLOCK
        self.acc = np.zeros(height * self.stride, np.float32)
        self.touched = np.zeros(height * self.stride // fill_kernel.BLOCK, np.uint8)
        self.tag = 0
        self.edges: NDArray[np.float64] = np.zeros(0)

    def bands(self, count: int) -> list[int]:
        """Where ``count`` bands begin and end, ``count + 1`` rows."""
        if len(self.edges) != count + 1:
            self.edges = np.linspace(0.0, self.size[1], count + 1)
        return [round(edge) for edge in self.edges]

    def balance(self, spent: Sequence[float]) -> None:
        """Move the borders of the bands so that the next frame, which is much like this one, takes all threads alike long."""
        done = np.concatenate([[0.0], np.cumsum(spent)])
        even = np.linspace(0.0, self.size[1], len(self.edges))
        if done[-1] <= 0.0 or len(self.edges) < 3:
            return
        better = np.interp(np.linspace(0.0, done[-1], len(done)), done, self.edges)
        room = _MOST_SHIFT * self.size[1] / (len(self.edges) - 1)
        self.edges = np.clip(0.5 * (self.edges + better), even - room, even + room)
        self.edges[0], self.edges[-1] = 0.0, self.size[1]


_free: list[_Scratch] = []
_lock = Lock()


def _borrow(width: int, height: int) -> _Scratch:
    with _lock:
        for index, scratch in enumerate(_free):
            if scratch.size == (width, height):
                return _free.pop(index)
    return _Scratch(width, height)


def _give_back(scratch: _Scratch) -> None:
    with _lock:
        _free.append(scratch)
        del _free[:-_KEPT_SCRATCH]


_spare: deque[NDArray[np.uint32]] = deque(maxlen=_KEPT_FRAMES)  # a deque needs no lock, so finalizers may use it


def _canvas(height: int, width: int) -> NDArray[np.uint32]:
    """Pixels ``(h, w)`` of a new frame, in the memory of one that nobody looks at any more.

    Fresh memory comes page by page, each cleared by the system first: on a street map that would take half the time.
    """
    owner: NDArray[np.uint32] | None = None
    for _ in range(len(_spare)):
        try:
            owner = _spare.popleft()
        except IndexError:
            break
        if owner.size == height * width:
            break
        owner = None
    if owner is None:
        owner = np.empty(height * width, np.uint32)
    whole: NDArray[np.uint32] = np.frombuffer(owner.data, np.uint32)  # what all views of the pixels hold on to
    weakref.finalize(whole, _spare.append, owner).atexit = False
    return whole.reshape(height, width)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2)), thread_name_prefix="bands")


def draw(
    drawlist: DrawList, *, bgra: bool = False, threads: int = 2, fonts: Fonts | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Frame:
    """Draw ``drawlist``.

    Parameters
    ----------
    bgra
        Blue first, as ``QImage.Format_RGB32`` wants it, instead of red first.
    threads
        Bands drawn at the same time.
    fonts
        For labels and icons; without them neither is drawn.
    cancelled
        Asked between operations.

    Raises
    ------
    CancelledError
        As soon as ``cancelled`` says so.
    """
    start = time.perf_counter()
    width, height = drawlist.viewport.width_px, drawlist.viewport.height_px
    if width * height > STRIP_PX:
        pixels = np.empty((height, width, 4), np.uint8)
        rows = max(64, STRIP_PX // width)
        for row in range(0, height, rows):
            strip = _strip(drawlist, row, min(rows, height - row))
            pixels[row : row + rows] = draw(strip, bgra=bgra, threads=threads, fonts=fonts, cancelled=cancelled).pixels
        return Frame(pixels, time.perf_counter() - start)
    scratch = _borrow(width, height)
    painter = _Painter(drawlist.viewport, scratch, fonts, bgra, cancelled)
    steps: list[Callable[[NDArray[np.uint32], int, int], None]] = []
    for op in drawlist.ops:
        step = painter.step(op)
        if step is not None:
            steps.append(step)
    if fonts is not None:
        steps.extend(painter.labels(some, fonts) for some in (drawlist.heights, drawlist.labels) if some)
    frame = _canvas(height, width)
    background = packed((*drawlist.background[:3], 255), bgra)

    edges = scratch.bands(threads)
    spent = [0.0] * threads

    def band(number: int) -> None:
        row0, row1 = edges[number], edges[number + 1]
        began = _clock()
        frame[row0:row1] = background
        for step in steps:
            if cancelled is not None and cancelled():
                raise CancelledError("Drawing was stopped", hint="Draw again to see the whole map.")
            step(frame, row0, row1)
        spent[number] = _clock() - began

    jobs: list[Future[None]] = [_pool().submit(band, k) for k in range(1, threads)]
    try:
        try:
            band(0)
        finally:
            errors = [job.exception() for job in jobs]  # waits: nobody may write into frame or scratch any more
        for error in errors:
            if error is not None:
                raise error
    except CancelledError:
        scratch.tag = 255  # tags given but not used: begin anew
        _give_back(scratch)
        raise
    scratch.balance(spent)
    _give_back(scratch)
    return Frame(frame.view(np.uint8).reshape(height, width, 4), time.perf_counter() - start)


def _strip(drawlist: DrawList, row: int, rows: int) -> DrawList:
    """Some rows of a large picture as a picture of their own."""
    view = drawlist.viewport
    x, y = view.centre
    centre = (x, y + (view.height_px / 2 - row - rows / 2) * view.units_per_px)
    shift = np.array([0.0, row, 0.0], np.float32)
    labels, heights = (
        tuple(
            replace(label, glyphs=label.glyphs - shift) for label in some
            if label.box[3] + label.halo_px >= row - label.font.size_px
            and label.box[1] - label.halo_px <= row + rows + label.font.size_px
        )
        for some in (drawlist.labels, drawlist.heights)
    )
    return replace(drawlist, viewport=replace(view, centre=centre, height_px=rows), labels=labels, heights=heights)


def packed(color: Rgba, bgra: bool) -> int:
    """A colour as the kernels take it."""
    r, g, b, a = color
    return (b | g << 8 | r << 16 | a << 24) if bgra else (r | g << 8 | b << 16 | a << 24)


class _Painter:
    """Turns operations into steps that draw rows of the frame."""

    def __init__(
        self, viewport: Viewport, scratch: _Scratch, fonts: Fonts | None, bgra: bool, cancelled: Callable[[], bool] | None,
    ) -> None:
        self.viewport = viewport
        self.cancelled = cancelled
        self.scratch = scratch
        self.fonts = fonts
        self.bgra = bgra
        self.left, _, _, self.top = viewport.bounds
        self.scale = 1.0 / viewport.units_per_px

    def step(self, op: Op) -> Callable[[NDArray[np.uint32], int, int], None] | None:
        if isinstance(op, FillOp):
            return self.fill(op) if len(op.rows) else None
        if isinstance(op, StrokeOp):
            return self.stroke(op) if len(op.rows) and op.color[3] > 0 and op.width_px > 0 else None
        if isinstance(op, MarkOp):
            return self.marks(op) if len(op.rows) else None
        if isinstance(op, ShadeOp):
            return self.shade(op) if len(op.rows) else None
        if isinstance(op, HeatOp):
            return heat.prepare(op, self.viewport, self.bgra)
        if isinstance(op, TextOp):
            return self.labels(op.texts, self.fonts) if op.texts and self.fonts is not None else None
        if isinstance(op, BlendOp):
            return self.blend(op)
        return relief.prepare(op, self.viewport, self.bgra, self.cancelled)

    def shade(self, op: ShadeOp) -> Callable[[NDArray[np.uint32], int, int], None]:
        g = op.geometry
        color = packed(op.color, self.bgra)
        importance = _NO_IMPORTANCE if g.importance is None else g.importance
        white = np.array([[255, 255, 255, 255]], np.uint8)
        inside = self.fill(FillOp(g, op.rows, np.zeros(len(op.rows), np.int16), white))
        shape = (self.viewport.height_px, self.viewport.width_px)
        near = np.empty(shape, np.float32)
        cover = _canvas(*shape)

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            near[row0:row1] = op.width_px
            cover[row0:row1] = 0xFF000000
            inside(cover, row0, row1)
            shading_kernel.distances(
                near, row0, row1, self.left, self.top, self.scale, op.width_px, g.coords, importance, g.ring_offsets,
                g.geom_rings, g.bounds, op.rows,
            )
            shading_kernel.shade(frame, row0, row1, near, cover, op.width_px, color)

        return draw

    def blend(self, op: BlendOp) -> Callable[[NDArray[np.uint32], int, int], None] | None:
        steps = [step for step in map(self.step, op.ops) if step is not None]
        above = _canvas(self.viewport.height_px, self.viewport.width_px)
        weight = round(op.opacity * 256)
        if op.mode == "normal":

            def fade(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
                above[row0:row1] = frame[row0:row1]
                for step in steps:
                    step(above, row0, row1)
                shading_kernel.fade(frame, row0, row1, above, weight)

            return fade
        mode, neutral = _BLENDS[op.mode]
        nothing = np.full_like(above, neutral) if weight < 256 else above

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            above[row0:row1] = neutral
            for step in steps:
                step(above, row0, row1)
            if weight < 256:
                shading_kernel.fade(above, row0, row1, nothing, 256 - weight)
            shading_kernel.mix(frame, row0, row1, above, mode)

        return draw

    def fill(self, op: FillOp) -> Callable[[NDArray[np.uint32], int, int], None]:
        g, s = op.geometry, self.scratch
        colors = op.colors[:, [2, 1, 0, 3]] if self.bgra else op.colors
        words = np.ascontiguousarray(colors, np.uint8).view(np.uint32).ravel()
        pattern = _SOLID if op.pattern is None else self._pattern(op.pattern)
        drawn = g.thinned(fill_kernel.TOLERANCE_PX * self.viewport.units_per_px)
        importance = _NO_IMPORTANCE if drawn.importance is None else drawn.importance
        s.tag += 1
        clear = s.tag > 255
        if clear:
            s.tag = 1
        tag = s.tag

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            if clear:
                s.sums[row0:row1] = 0
            rest = slice(row0 * s.stride, row1 * s.stride)
            flags = slice(row0 * s.stride // fill_kernel.BLOCK, row1 * s.stride // fill_kernel.BLOCK)
            fill_kernel.fill(
                frame, s.sums, tag, s.acc[rest], s.touched[flags], row0, row1, self.left, self.top, self.scale,
                drawn.coords, importance, drawn.ring_offsets, g.geom_rings, g.bounds, g.blocks, g.area_memo, op.rows, op.codes,
                words, pattern, op.hidden_px,
            )

        return draw

    def _pattern(self, fill: Fill) -> NDArray[np.float64]:
        """Parameters of a pattern that hangs on the map, so that it moves with it."""
        dpi = self.viewport.dpi
        spacing = max(2.0, mm_to_px(fill.spacing_mm, dpi))
        angle = np.radians(fill.angle_deg)
        nx, ny = float(np.sin(angle)), float(np.cos(angle))
        x = self.left * self.scale + 0.5
        y = -self.top * self.scale + 0.5
        u, v = (x * nx + y * ny) / spacing % 1.0, (y * nx - x * ny) / spacing % 1.0
        return np.array([_PATTERNS[fill.pattern], nx, ny, u, v, spacing, mm_to_px(fill.width_mm, dpi) / 2])

    def stroke(self, op: StrokeOp) -> Callable[[NDArray[np.uint32], int, int], None]:
        g, s = op.geometry, self.scratch
        r, gr, b, a = op.color
        half = op.width_px / 2
        if half < 0.5:  # thinner than a pixel: a pixel wide, and paler
            a, half = max(1, round(a * op.width_px)), 0.5
        color = packed((r, gr, b, a), self.bgra)
        dash = np.array(op.dash_px * 2 if len(op.dash_px) % 2 else op.dash_px, np.float64)
        drawn = g.thinned(stroke_kernel.TOLERANCE_PX * self.viewport.units_per_px)
        importance = _NO_IMPORTANCE if drawn.importance is None else drawn.importance
        closed = g.kind is GeometryKind.POLYGON
        cap, join = _CAPS[op.cap], _JOINS[op.join]
        rows, boxes, blocks, origin = op.rows, crowds.NO_BOXES, crowds.NO_BLOCKS, (0.0, 0.0)
        level = None if op.crowd is None or dot_px(op, closed=closed) < 0.0 else op.crowd.level(self.viewport.units_per_px, half)
        if level is not None:
            rows, boxes, blocks, origin = level.rows, level.boxes, level.blocks, level.origin

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            stroke_kernel.stroke(
                frame, s.mask, s.dirty, row0, row1, self.left, self.top, self.scale, drawn.coords,
                importance, drawn.ring_offsets, g.geom_rings, g.bounds, g.blocks, g.area_memo, rows, color, half, cap, join, dash,
                op.offset_px, closed, boxes, blocks, *origin,
            )

        return draw

    def marks(self, op: MarkOp) -> Callable[[NDArray[np.uint32], int, int], None]:
        g = op.geometry
        angles = op.angles_deg or (0.0,) * len(op.marks)
        pictures = [
            sprite(mark, size, self.viewport.dpi, self.fonts, bgra=self.bgra, opacity=op.opacity, angle_deg=angle)
            for mark, size, angle in zip(op.marks, op.sizes_px, angles, strict=True)
        ]
        pixels = np.concatenate([p.pixels.ravel() for p in pictures])
        starts = np.cumsum([0, *(p.pixels.size for p in pictures[:-1])])
        table = np.array(
            [(start, p.pixels.shape[1], p.pixels.shape[0]) for start, p in zip(starts, pictures, strict=True)], np.int64
        )
        anchors = np.array([p.anchor for p in pictures], np.float64)
        alpha = pictures[0].pixels >> 24
        alike = int(alpha.max()) == 255 and all(np.array_equal(p.pixels >> 24, alpha) for p in pictures[1:])

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            mark_kernel.mark(
                frame, row0, row1, self.left, self.top, self.scale, g.coords, g.ring_offsets, g.geom_rings, op.rows,
                op.codes, pixels, table, anchors, alike,
            )

        return draw

    def labels(self, labels: Sequence[PlacedLabel], fonts: Fonts) -> Callable[[NDArray[np.uint32], int, int], None]:
        arguments = atlas_of(fonts).arrange(labels, fonts, bgra=self.bgra)

        def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
            mark_kernel.text(frame, self.scratch.mask, row0, row1, *arguments)

        return draw
