"""Grids on the picture: tint and hillshade worked out once a level, laid smoothly into every frame."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.kernels import grid as kernels
from lydigital.model.style import parse_color

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.grid import Grid
    from lydigital.model.style import RasterSymbolizer
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import RasterOp

    Pixels = NDArray[np.uint32]

_FINEST = 1.5  # a level may be that much coarser than the picture's pixels
_GREY: tuple[tuple[float, str], ...] = ((0.0, "#dcdcd6"), (1.0, "#dcdcd6"))

_kept: WeakKeyDictionary[Grid, dict[tuple[RasterSymbolizer, bool], Pixels]] = WeakKeyDictionary()
_lock = Lock()


def level_for(grid: Grid, units_per_px: float) -> Grid:
    """The coarsest of a grid's levels that is fine enough for pixels of that many map units."""
    fit = grid
    for level in grid.overviews:
        if max(level.cell) <= units_per_px * _FINEST and max(level.cell) > max(fit.cell):
            fit = level
    return fit


def _lights(symbolizer: RasterSymbolizer) -> NDArray[np.float64]:
    """Unit vectors to the lights and their weights, ``(l, 4)``."""
    azimuth = symbolizer.azimuth_deg
    shares = ((-90.0, 0.15), (-45.0, 0.2), (0.0, 0.45), (45.0, 0.2)) if symbolizer.multidirectional else ((0.0, 1.0),)
    up = math.radians(symbolizer.altitude_deg)
    out = []
    for turn, share in shares:
        a = math.radians(azimuth + turn)
        out.append((math.sin(a) * math.cos(up), math.cos(a) * math.cos(up), math.sin(up), share))
    return np.array(out)


def shaded(grid: Grid, symbolizer: RasterSymbolizer, bgra: bool) -> Pixels:
    """Pixels ``(rows, columns) uint32`` of one level, kept as long as the grid lives; 0 where there is no value."""
    key = (symbolizer, bgra)
    with _lock:
        found = _kept.setdefault(grid, {}).get(key)
    if found is not None:
        return found
    ramp = symbolizer.ramp or _GREY
    if len(ramp) == 1:
        ramp = (ramp[0], (ramp[0][0] + 1.0, ramp[0][1]))
    stops = np.array([value for value, _ in ramp], np.float64)
    colors = np.array([parse_color(text)[:3] for _, text in ramp], np.float64)
    if bgra:
        colors = colors[:, ::-1].copy()
    metres = grid.crs.metres_per_unit / symbolizer.z_factor
    squeeze = 1.0
    if grid.crs.is_geographic:
        _, y0, _, y1 = grid.bounds
        squeeze = math.cos(math.radians((y0 + y1) / 2))
    pixels = kernels.shade(
        np.ascontiguousarray(grid.values, np.float32), grid.cell[0] * metres * squeeze, grid.cell[1] * metres,
        stops, colors, _lights(symbolizer), symbolizer.shade,
    )
    with _lock:
        _kept[grid][key] = pixels
    return pixels


def _taps(cells: int, offset: float, step: float, count: int) -> tuple[int, int, NDArray[np.int32], NDArray[np.uint16]]:
    """Which cells each of ``count`` pixels mixes along one axis, and how much: quadratic B-spline, no facets.

    The outer edge of pixel ``i`` lies at ``offset + i * step`` cells. Returns the range of pixels whose centres are on
    the grid of ``cells``, every pixel's cell, and its three weights that add up to 256.
    """
    at = offset + (np.arange(count) + 0.5) * step
    inside = np.flatnonzero((at >= 0) & (at < cells))
    if not len(inside):
        return 0, 0, np.zeros(0, np.int32), np.zeros((0, 3), np.uint16)
    cell = np.clip(np.floor(at), 0, cells - 1)
    t = np.clip(at - cell, 0.0, 1.0)
    weights = np.empty((count, 3), np.uint16)
    weights[:, 0] = np.rint(128.0 * (1.0 - t) ** 2)
    weights[:, 2] = np.rint(128.0 * t * t)
    weights[:, 1] = 256 - weights[:, 0] - weights[:, 2]
    return int(inside[0]), int(inside[-1]) + 1, cell.astype(np.int32), weights


def prepare(op: RasterOp, viewport: Viewport, bgra: bool) -> Callable[[Pixels, int, int], None] | None:
    """What draws ``op`` into rows of a frame; None where the grid is not in view."""
    level = level_for(op.grid, viewport.units_per_px)
    left, _, _, top = viewport.bounds
    unit = viewport.units_per_px
    rows, columns = level.values.shape
    x0, x1, cells_x, weights_x = _taps(
        columns, (left - level.origin[0]) / level.cell[0], unit / level.cell[0], viewport.width_px
    )
    y0, y1, cells_y, weights_y = _taps(
        rows, (level.origin[1] - top) / level.cell[1], unit / level.cell[1], viewport.height_px
    )
    opacity = round(op.opacity * op.symbolizer.opacity * 256)
    if x0 >= x1 or y0 >= y1 or opacity <= 0:
        return None
    pixels = shaded(level, op.symbolizer, bgra)

    def draw(frame: Pixels, row0: int, row1: int) -> None:
        a, b = max(row0, y0), min(row1, y1)
        if a < b:
            kernels.drape(frame, a, b, x0, x1, pixels, cells_x, weights_x, cells_y, weights_y, opacity)

    return draw
