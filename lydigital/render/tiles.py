"""Rasters as pixels: tiles of one level in one look, made when a picture needs them and kept within a limit of bytes.

A mosaic holds the pixels of a level, or of the part of a large one around the present view; only tiles that were asked
for take memory. Pictures read the mosaic without copying it.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary, WeakSet, ref

import numpy as np

from lydigital.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.grid import Range, Raster
    from lydigital.render.tint import Look

    Pixels = NDArray[np.uint32]

TILE = 256  # cells a side
LIMIT_BYTES = 256 << 20
_WHOLE_CELLS = 48 << 20  # a level up to this size has one mosaic
_MARGIN = 3  # tiles around the view in the mosaic of a part
_RUN = 4  # tiles made at once


class Part(NamedTuple):
    """Rows and columns of tiles, first and before last."""

    row0: int
    row1: int
    column0: int
    column1: int

    def holds(self, other: Part) -> bool:
        return (
            self.row0 <= other.row0 and self.row1 >= other.row1
            and self.column0 <= other.column0 and self.column1 >= other.column1
        )  # fmt: skip

    def grown(self, tiles: int, rows: int, columns: int) -> Part:
        """That many tiles more on each side, within a level of ``rows`` by ``columns`` tiles."""
        return Part(
            max(0, self.row0 - tiles), min(rows, self.row1 + tiles),
            max(0, self.column0 - tiles), min(columns, self.column1 + tiles),
        )  # fmt: skip


class Mosaic:
    """Pixels ``(rows, columns) uint32`` of a part of a level, premultiplied; ``top``, ``left`` are its first cells."""

    def __init__(self, raster: Raster, level: int, look: Look, part: Part) -> None:
        self._raster, self.level, self.look, self.part = ref(raster), level, look, part
        self.used = 0
        size = raster.levels[level]
        self.top, self.left = part.row0 * TILE, part.column0 * TILE
        rows, columns = min(size.rows, part.row1 * TILE) - self.top, min(size.columns, part.column1 * TILE) - self.left
        self.pixels: Pixels = np.zeros((rows, columns), np.uint32)  # the system gives pages when they are written
        self.done = np.zeros((part.row1 - part.row0, part.column1 - part.column0), np.bool_)

    @property
    def nbytes(self) -> int:
        return int(np.count_nonzero(self.done)) * TILE * TILE * 4

    def take_over(self, old: Mosaic) -> None:
        """Copy what an older mosaic of the same level has."""
        a, b = self.part, old.part
        row0, row1 = max(a.row0, b.row0), min(a.row1, b.row1)
        column0, column1 = max(a.column0, b.column0), min(a.column1, b.column1)
        if row0 >= row1 or column0 >= column1:
            return
        for row in range(row0, row1):
            for column in range(column0, column1):
                if old.done[row - b.row0, column - b.column0]:
                    rows, columns = slice(row * TILE, row * TILE + TILE), slice(column * TILE, column * TILE + TILE)
                    self._window(rows, columns)[:] = old._window(rows, columns)
                    self.done[row - a.row0, column - a.column0] = True

    def missing(self, part: Part) -> list[tuple[int, Range]]:
        """Rows of tiles, and runs of columns in them, that are not made yet."""
        found: list[tuple[int, Range]] = []
        for row in range(part.row0, part.row1):
            done = self.done[row - self.part.row0]
            start = -1
            for column in range(part.column0, part.column1 + 1):
                wanted = column < part.column1 and not done[column - self.part.column0]
                if wanted and start < 0:
                    start = column
                if start >= 0 and (not wanted or column - start == _RUN):
                    found.append((row, (start, column)))
                    start = column if wanted else -1
        return found

    def make(self, row: int, columns: Range) -> None:
        """Make a run of tiles."""
        raster = self._raster()
        if raster is None:  # the map was closed meanwhile
            return
        size = raster.levels[self.level]
        rows = (row * TILE, min(size.rows, row * TILE + TILE))
        cells = (columns[0] * TILE, min(size.columns, columns[1] * TILE))
        self.look.draw(raster, self.level, rows, cells, self._window(slice(*rows), slice(*cells)))
        self.done[row - self.part.row0, columns[0] - self.part.column0 : columns[1] - self.part.column0] = True

    def _window(self, rows: slice, columns: slice) -> Pixels:
        return self.pixels[
            rows.start - self.top : rows.stop - self.top, columns.start - self.left : columns.stop - self.left
        ]


_Key = tuple[int, "Look"]
_kept: WeakKeyDictionary[Raster, dict[_Key, Mosaic]] = WeakKeyDictionary()
_every: WeakSet[Mosaic] = WeakSet()
_ticks = count(1)
_lock = threading.Lock()
_ahead_number = 0


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(2, min(4, os.cpu_count() or 2)), thread_name_prefix="tiles")


@cache
def _ahead_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="tiles-ahead")


def mosaic(
    raster: Raster, level: int, look: Look, rows: Range, columns: Range,
    *, cancelled: Callable[[], bool] | None = None,
) -> Mosaic:
    """A mosaic that holds these cells of a level (first and before last, within it), all made.

    Raises
    ------
    CancelledError
        As soon as ``cancelled`` says so; the tiles made until then are kept.
    """
    size = raster.levels[level]
    part = Part(rows[0] // TILE, -(-rows[1] // TILE), columns[0] // TILE, -(-columns[1] // TILE))
    whole = Part(0, -(-size.rows // TILE), 0, -(-size.columns // TILE))
    found = _mosaic(raster, level, look, part, whole)
    missing = found.missing(part)

    def make(job: tuple[int, Range]) -> None:
        if cancelled is not None and cancelled():
            raise CancelledError("Drawing was stopped", hint="Draw again to see the whole map.")
        found.make(*job)

    if len(missing) == 1:
        make(missing[0])
    elif missing:
        for future in [_pool().submit(make, job) for job in missing]:
            future.result()
    if missing:
        _trim(found)
    _make_ahead(found, part.grown(1, whole.row1, whole.column1))
    return found


def _mosaic(raster: Raster, level: int, look: Look, part: Part, whole: Part) -> Mosaic:
    size = raster.levels[level]
    with _lock:
        kept = _kept.setdefault(raster, {})
        found = kept.get((level, look))
        if found is None or not found.part.holds(part):
            large = size.rows * size.columns > _WHOLE_CELLS
            made = Mosaic(raster, level, look, part.grown(_MARGIN, whole.row1, whole.column1) if large else whole)
            if found is not None:
                made.take_over(found)
            found = kept[level, look] = made
            _every.add(made)
        found.used = next(_ticks)
        return found


def _trim(present: Mosaic) -> None:
    """Forget the mosaics used longest ago until the rest fits."""
    with _lock:
        every = sorted(_every, key=lambda m: m.used)
        total = sum(m.nbytes for m in every)
        for old in every:
            if total > LIMIT_BYTES and old is not present:
                total -= old.nbytes
                for kept in _kept.values():
                    if kept.get((old.level, old.look)) is old:
                        del kept[old.level, old.look]


def _make_ahead(found: Mosaic, part: Part) -> None:
    """Make the tiles around the view in the background; a newer view ends it."""
    global _ahead_number  # noqa: PLW0603 - one view at a time
    inside = Part(
        max(part.row0, found.part.row0), min(part.row1, found.part.row1),
        max(part.column0, found.part.column0), min(part.column1, found.part.column1),
    )  # fmt: skip
    missing = found.missing(inside)
    if not missing:
        return
    _ahead_number += 1
    number = _ahead_number

    def work() -> None:
        for row, columns in missing:
            if number != _ahead_number:
                return
            if not found.done[row - found.part.row0, columns[0] - found.part.column0 : columns[1] - found.part.column0].all():
                found.make(row, columns)

    _ahead_pool().submit(work)
