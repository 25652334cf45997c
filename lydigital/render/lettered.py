"""Placed labels of a part of the map at one scale, and what of them a picture shows.

A :class:`Solution` is worked out once; pictures that lie in it take from it by moving whole pixels, so a pan moves
every label alike and costs next to nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

import numpy as np

from lydigital.render.drawlist import MissingLabel, PlacedLabel

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Font, Rgba

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Face(NamedTuple):
    """What all labels of one layer share."""

    layer: str
    font: Font
    color: Rgba
    halo: Rgba
    halo_px: float
    texts: list[str]


class Placed(NamedTuple):
    """Labels of one layer in pixels of the solution: glyphs ragged by ``starts``, leaders NaN where there is none."""

    rows: Ints
    texts: Ints
    glyphs: NDArray[np.float32]
    starts: Ints
    boxes: NDArray[np.float32]
    anchors: Floats
    leaders: NDArray[np.float32]


class Left(NamedTuple):
    """Labels of one layer without a place: rows, texts, pixels of the solution."""

    rows: Ints
    texts: Ints
    anchors: Floats


@dataclass(frozen=True, eq=False)
class Solution:
    """Labels of the window ``view`` on the map, most important first.

    ``of`` is the number of each label's face; the other arrays are those of :class:`Placed` and :class:`Left` for all
    layers. ``kept`` is for backends that look glyphs up once.
    """

    view: Viewport
    faces: tuple[Face, ...]
    of: Ints
    placed: Placed
    left_of: Ints
    left: Left
    kept: dict[object, Any] = field(default_factory=dict)

    def seen(
        self, viewport: Viewport, margin: float, layers: Collection[str] | None = None,
    ) -> tuple[LabelSet, MissingSet]:
        """What ``viewport`` shows: labels wholly on it, ``margin`` pixels from its border; of ``layers`` only if given.

        At another scale than its own the labels keep their size and follow their anchors.
        """
        placed, left = self.placed, self.left
        shifts, left_shifts = self._shifts(viewport, placed.anchors), self._shifts(viewport, left.anchors)
        width, height = viewport.width_px, viewport.height_px
        boxes = placed.boxes
        x, y = shifts[:, 0], shifts[:, 1]
        inside = (boxes[:, 0] + x >= margin) & (boxes[:, 1] + y >= margin)
        inside &= (boxes[:, 2] + x <= width - margin) & (boxes[:, 3] + y <= height - margin)
        if layers is not None:
            inside &= self._is_of(layers)[self.of]
        which = np.flatnonzero(inside)
        px, py = left.anchors[:, 0] + left_shifts[:, 0], left.anchors[:, 1] + left_shifts[:, 1]
        within = (px >= 0) & (py >= 0) & (px < width) & (py < height)
        if layers is not None:
            within &= self._is_of(layers)[self.left_of]
        missed = np.flatnonzero(within)
        return LabelSet(self, which, shifts[which]), MissingSet(self, missed, left_shifts[missed])

    def _is_of(self, layers: Collection[str]) -> NDArray[np.bool_]:
        return np.array([face.layer in layers for face in self.faces], np.bool_)

    def _shifts(self, viewport: Viewport, anchors: Floats) -> NDArray[np.float32]:
        """Whole pixels ``(n, 2)`` from this window's to the picture's."""
        west, _, _, north = self.view.bounds
        x0, _, _, y1 = viewport.bounds
        unit = viewport.units_per_px
        ratio = self.view.units_per_px / unit
        if abs(ratio - 1) < 1e-9:
            x, y = np.floor((west - x0) / unit + 0.5), np.floor((y1 - north) / unit + 0.5)
            return np.broadcast_to(np.array([x, y], np.float32), (len(anchors), 2))
        moved = anchors * (ratio - 1) + np.array([(west - x0) / unit, (y1 - north) / unit])
        whole: NDArray[np.float32] = np.floor(moved + 0.5).astype(np.float32)
        return whole


T = TypeVar("T")


class _Seen(Sequence[T]):
    """Some of what a solution holds, ``which``, moved by ``shifts (n, 2)`` pixels; each is made when it is asked for."""

    def __init__(self, solution: Solution, which: Ints, shifts: NDArray[np.float32]) -> None:
        self.solution = solution
        self.which = which
        self.shifts = shifts

    def __len__(self) -> int:
        return len(self.which)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self._made(i) for i in range(*index.indices(len(self))))
        return self._made(index)

    def __iter__(self) -> Iterator[T]:
        return (self._made(i) for i in range(len(self)))

    @abstractmethod
    def _made(self, index: int) -> T: ...


class LabelSet(_Seen[PlacedLabel]):
    """Labels with a place."""

    def _made(self, index: int) -> PlacedLabel:
        placed, i = self.solution.placed, int(self.which[index])
        dx, dy = self.shifts[index].tolist()
        face = self.solution.faces[self.solution.of[i]]
        glyphs = placed.glyphs[placed.starts[i] : placed.starts[i + 1]] + np.array([dx, dy, 0.0], np.float32)
        glyphs.flags.writeable = False
        x0, y0, x1, y1 = placed.boxes[i].tolist()
        a, b, c, d = placed.leaders[i].tolist()
        x, y = placed.anchors[i].tolist()
        return PlacedLabel(
            face.texts[int(placed.texts[i])], face.font, face.color, face.halo, face.halo_px, glyphs,
            (x0 + dx, y0 + dy, x1 + dx, y1 + dy), face.layer, int(placed.rows[i]), (x + dx, y + dy),
            None if a != a else (a + dx, b + dy, c + dx, d + dy),  # noqa: PLR0124 - NaN
        )

    def led(self) -> tuple[Ints, NDArray[np.float32]]:
        """Which labels have a leader, and these lines in pixels ``(n, 4)``."""
        lines = self.solution.placed.leaders[self.which]
        some = np.flatnonzero(~np.isnan(lines[:, 0]))
        found: NDArray[np.float32] = lines[some] + np.tile(self.shifts[some], 2)
        return some, found

    def glyphs(self) -> tuple[Ints, NDArray[np.float32], Ints]:
        """All characters: their numbers in the solution, ``(g, 3)`` as in ``PlacedLabel``, ends by label."""
        placed, which = self.solution.placed, self.which
        counts = placed.starts[which + 1] - placed.starts[which]
        ends = np.cumsum(counts)
        numbers = np.arange(counts.sum()) + np.repeat(placed.starts[which] - ends + counts, counts)
        pens = placed.glyphs[numbers]
        pens[:, :2] += np.repeat(self.shifts, counts, axis=0)
        return numbers, pens, ends


class MissingSet(_Seen[MissingLabel]):
    """Labels without one."""

    def _made(self, index: int) -> MissingLabel:
        left, i = self.solution.left, int(self.which[index])
        face = self.solution.faces[self.solution.left_of[i]]
        x, y = (left.anchors[i] + self.shifts[index]).tolist()
        return MissingLabel(face.layer, int(left.rows[i]), face.texts[int(left.texts[i])], (x, y))


def joined(view: Viewport, parts: Sequence[tuple[Face, Placed, Left]]) -> Solution:
    """The layers' labels, most important layer first, as one solution."""
    placed, left = [p for _, p, _ in parts], [m for _, _, m in parts]
    numbers = np.arange(len(parts))
    sizes = np.array([0, *(int(p.starts[-1]) for p in placed)])
    shifts = np.cumsum(sizes)
    starts = np.concatenate([np.zeros(1, np.int64), *(p.starts[1:] + s for p, s in zip(placed, shifts, strict=False))])
    every = Placed(
        _cat([p.rows for p in placed], np.int64), _cat([p.texts for p in placed], np.int64),
        _cat([p.glyphs for p in placed], np.float32, 3), starts, _cat([p.boxes for p in placed], np.float32, 4),
        _cat([p.anchors for p in placed], np.float64, 2), _cat([p.leaders for p in placed], np.float32, 4),
    )
    gone = Left(
        _cat([m.rows for m in left], np.int64), _cat([m.texts for m in left], np.int64),
        _cat([m.anchors for m in left], np.float64, 2),
    )
    of = np.repeat(numbers, [len(p.rows) for p in placed])
    left_of = np.repeat(numbers, [len(m.rows) for m in left])
    return Solution(view, tuple(f for f, _, _ in parts), of, every, left_of, gone)


def _cat(arrays: Sequence[NDArray[Any]], dtype: Any, columns: int = 0) -> NDArray[Any]:
    if not arrays:
        return np.zeros((0, columns) if columns else 0, dtype)
    return np.ascontiguousarray(np.concatenate(arrays), dtype)
