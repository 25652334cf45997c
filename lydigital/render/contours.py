"""Contour lines of terrain on the picture, from tiles of the smooth surface that the relief is drawn with."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.kernels import contour as kernels
from lydigital.model.crs import transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import parse_color
from lydigital.render.drawlist import StrokeOp
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.grid import Raster
    from lydigital.model.style import RasterSymbolizer
    from lydigital.model.viewport import Viewport

INDEX = 5  # every fifth line is an index contour (GB/T 20257.1)
_SPACING_PX = 4.0  # at most, between the places where the surface is looked at
_FINEST = 6  # halvings of a cell
_TILE = 128  # squares a side
_LIMIT_BYTES = 64 << 20  # of one raster's lines


@dataclass(frozen=True, eq=False)
class Lines:
    """Contour lines: ``numbers (k,) int64`` are their heights in intervals."""

    geometry: GeometryArray
    numbers: NDArray[np.int64]

    @cached_property
    def index_rows(self) -> NDArray[np.int32]:
        return np.flatnonzero(self.numbers % INDEX == 0).astype(np.int32)

    @cached_property
    def other_rows(self) -> NDArray[np.int32]:
        return np.flatnonzero(self.numbers % INDEX != 0).astype(np.int32)

    @property
    def nbytes(self) -> int:
        return self.geometry.coords.nbytes + 64 * len(self.numbers) + 256


class _Kept:
    """The tiles of one raster, the last used at the end, and the lines of the last picture."""

    def __init__(self) -> None:
        self.tiles: OrderedDict[tuple[object, ...], Lines] = OrderedDict()
        self.nbytes = 0
        self.last: tuple[tuple[object, ...], Lines] | None = None


_kept: WeakKeyDictionary[Raster, _Kept] = WeakKeyDictionary()
_lock = threading.RLock()


def lines(raster: Raster, viewport: Viewport, interval_m: float, *, band: int = 1) -> Lines | None:
    """Contour lines on a picture, in its system; None where there are none.

    Lines are joined within tiles that hang on the raster, and meet exactly where tiles do.
    """
    there = transformation(viewport.crs, raster.crs)
    x0, y0, x1, y1 = there.bounds(viewport.bounds)
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return None
    unit = max((x1 - x0) / viewport.width_px, (y1 - y0) / viewport.height_px)
    number, halvings = _lattice(raster, unit)
    level = raster.levels[number]
    side = _TILE / 2**halvings  # cells of a tile
    west, north = raster.origin
    columns = _tiles((x0 - west) / level.cell[0], (x1 - west) / level.cell[0], level.columns, side)
    rows = _tiles((north - y1) / level.cell[1], (north - y0) / level.cell[1], level.rows, side)
    keys = tuple(
        (number, halvings, row, column, float(interval_m), band, viewport.crs.definition) for row in rows for column in columns
    )
    with _lock:
        kept = _kept.setdefault(raster, _Kept())
        if kept.last is None or kept.last[0] != keys:
            kept.last = (keys, _joined([_tile(raster, kept, key, viewport.crs) for key in keys]))
        found = kept.last[1]
    return found if len(found.numbers) else None


def _lattice(raster: Raster, unit: float) -> tuple[int, int]:
    """The level to look at, and how often its cells are halved, for pixels of ``unit`` of the raster's units."""
    number = 0
    for i, level in enumerate(raster.levels):
        if max(level.cell) <= unit * _SPACING_PX:
            number = i
    cell_px = max(raster.levels[number].cell) / unit
    return number, min(_FINEST, max(0, math.ceil(math.log2(cell_px / _SPACING_PX))))


def _tiles(low: float, high: float, cells: int, side: float) -> range:
    """Tiles along one axis between two places in cells."""
    last = math.ceil(cells / side)
    return range(min(last, max(0, math.floor(low / side))), min(last, max(0, math.ceil(high / side))))


def _tile(raster: Raster, kept: _Kept, key: tuple[object, ...], crs: Crs) -> Lines:
    found = kept.tiles.get(key)
    if found is None:
        found = kept.tiles[key] = _made(raster, key, crs)
        kept.nbytes += found.nbytes
        while kept.nbytes > _LIMIT_BYTES and len(kept.tiles) > 1:
            kept.nbytes -= kept.tiles.popitem(last=False)[1].nbytes
    else:
        kept.tiles.move_to_end(key)
    return found


def _made(raster: Raster, key: tuple[object, ...], crs: Crs) -> Lines:
    number, halvings, row, column, interval, band = key[:6]
    assert isinstance(number, int)
    assert isinstance(halvings, int)
    assert isinstance(row, int)
    assert isinstance(column, int)
    assert isinstance(interval, float)
    assert isinstance(band, int)
    level = raster.levels[number]
    step = 0.5**halvings
    top, left = row * _TILE * step, column * _TILE * step
    down = min(_TILE, math.ceil((level.rows - top) / step))
    across = min(_TILE, math.ceil((level.columns - left) / step))
    row0, row1 = max(0, math.floor(top) - 1), min(level.rows, math.ceil(top + down * step) + 2)
    column0, column1 = max(0, math.floor(left) - 1), min(level.columns, math.ceil(left + across * step) + 2)
    values = np.ascontiguousarray(raster.read(number, (row0, row1), (column0, column1), band), np.float32)
    z = kernels.surface(values, top - row0, left - column0, step, down + 1, across + 1)
    coords, offsets, numbers = kernels.lines(z, interval)
    xy = np.empty_like(coords)
    xy[:, 0] = raster.origin[0] + (left + coords[:, 0] * step) * level.cell[0]
    xy[:, 1] = raster.origin[1] - (top + coords[:, 1] * step) * level.cell[1]
    xy = transformation(raster.crs, crs).points(xy)
    parts = np.arange(len(offsets), dtype=np.int64)
    return Lines(GeometryArray(GeometryKind.LINE, xy, offsets, parts, parts.copy()), numbers)


def _joined(tiles: Sequence[Lines]) -> Lines:
    """Lines of many tiles as one array."""
    some = [t for t in tiles if len(t.numbers)]
    if not some:
        return Lines(GeometryArray.empty(GeometryKind.LINE), np.zeros(0, np.int64))
    offsets, start = [np.zeros(1, np.int64)], 0
    for t in some:
        offsets.append(t.geometry.ring_offsets[1:] + start)
        start += len(t.geometry.coords)
    rings = np.concatenate(offsets)
    parts = np.arange(len(rings), dtype=np.int64)
    coords = np.concatenate([t.geometry.coords for t in some])
    bounds = np.concatenate([t.geometry.bounds for t in some])
    geometry = GeometryArray(GeometryKind.LINE, coords, rings, parts, parts.copy(), bounds)
    return Lines(geometry, np.concatenate([t.numbers for t in some]))


def strokes(found: Lines, symbolizer: RasterSymbolizer, dpi: float, opacity: float) -> list[StrokeOp]:
    """The lines as strokes, index contours twice as wide and on top (0.15 and 0.3 mm in GB/T 20257.1)."""
    color = parse_color(symbolizer.contour_color, opacity * symbolizer.opacity)
    width = mm_to_px(symbolizer.contour_width_mm, dpi)
    both = ((found.other_rows, width), (found.index_rows, 2 * width))
    return [StrokeOp(found.geometry, rows, color, px) for rows, px in both if len(rows) and color[3] and px > 0.0]
