"""Rasters on the picture: the right level, its tiles, laid smoothly into every frame, warped where systems differ."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import grid as kernels
from lydigital.kernels import warp as warping
from lydigital.model.crs import transformation
from lydigital.render import tiles
from lydigital.render.tint import Look, north_deg

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.grid import Raster
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import RasterOp

    Pixels = NDArray[np.uint32]
    Floats = NDArray[np.float64]
    Draw = Callable[[Pixels, int, int], None]
    Cancelled = Callable[[], bool] | None

_FINEST = 1.5  # a level may be that much coarser than the picture's pixels
_ENLARGED = 2.0  # pixels a cell from which bilinear mixing would show
_STEPS_PX = (64, 32, 16, 8)  # between places that are transformed exactly
WARP_ERROR_PX = 0.2  # at most, halfway between them
_BLENDS = {
    "normal": kernels.NORMAL, "multiply": kernels.MULTIPLY, "screen": kernels.SCREEN, "overlay": kernels.OVERLAY,
}  # fmt: skip


def level_for(raster: Raster, units_per_px: float) -> int:
    """The coarsest of a raster's levels that is fine enough for pixels of that many of its units."""
    fit = 0
    for number, level in enumerate(raster.levels):
        if max(level.cell) <= units_per_px * _FINEST and max(level.cell) > max(raster.levels[fit].cell):
            fit = number
    return fit


def prepare(op: RasterOp, viewport: Viewport, bgra: bool, cancelled: Cancelled = None) -> Draw | None:
    """What draws ``op`` into rows of a frame; None where the raster is not in view.

    Raises
    ------
    CancelledError
        As soon as ``cancelled`` says so.
    """
    if _opacity(op) <= 0:
        return None
    if transformation(op.raster.crs, viewport.crs).is_identity:
        return _straight(op, viewport, bgra, cancelled)
    return _warped(op, viewport, bgra, cancelled)


def _opacity(op: RasterOp) -> int:
    return round(op.opacity * op.symbolizer.opacity * 256)


def _edge(raster: Raster, look: Look, cell_px: float) -> int:
    return round(256 * min(64.0, max(1.0, cell_px))) if look.is_solid(raster) else 256


def _straight(op: RasterOp, viewport: Viewport, bgra: bool, cancelled: Cancelled) -> Draw | None:
    """In the map's own system rows and columns are independent of each other."""
    raster, look = op.raster, Look.of(op.symbolizer, bgra)
    opacity, blend = _opacity(op), _BLENDS[op.blend]
    number = level_for(raster, viewport.units_per_px)
    level = raster.levels[number]
    left, _, _, top = viewport.bounds
    unit = viewport.units_per_px
    smooth = look.is_smooth(raster)
    x0, x1, cells_x, weights_x = _taps(
        level.columns, (left - raster.origin[0]) / level.cell[0], unit / level.cell[0], viewport.width_px, smooth
    )
    y0, y1, cells_y, weights_y = _taps(
        level.rows, (raster.origin[1] - top) / level.cell[1], unit / level.cell[1], viewport.height_px, smooth
    )
    if x0 >= x1 or y0 >= y1:
        return None
    rows = (max(0, int(cells_y[y0]) - 1), min(level.rows, int(cells_y[y1 - 1]) + 2))
    columns = (max(0, int(cells_x[x0]) - 1), min(level.columns, int(cells_x[x1 - 1]) + 2))
    mosaic = tiles.mosaic(raster, number, look, rows, columns, cancelled=cancelled)
    edge = _edge(raster, look, max(level.cell) / unit)
    cells_x, cells_y = cells_x - np.int32(mosaic.left), cells_y - np.int32(mosaic.top)

    def draw(frame: Pixels, row0: int, row1: int) -> None:
        a, b = max(row0, y0), min(row1, y1)
        if a < b:
            kernels.drape(frame, a, b, x0, x1, mosaic.pixels, cells_x, weights_x, cells_y, weights_y, opacity, blend, edge)

    return draw


def _taps(
    cells: int, offset: float, step: float, count: int, smooth: bool
) -> tuple[int, int, NDArray[np.int32], NDArray[np.uint16]]:
    """Which cells each of ``count`` pixels mixes along one axis, and how much: quadratic B-spline, no facets.

    The outer edge of pixel ``i`` lies at ``offset + i * step`` cells. Returns the range of pixels whose centres are on
    the grid of ``cells``, every pixel's cell, and its three weights that add up to 256; without ``smooth`` all of it is
    on the cell itself.
    """
    at = offset + (np.arange(count) + 0.5) * step
    inside = np.flatnonzero((at >= 0) & (at < cells))
    if not len(inside):
        return 0, 0, np.zeros(0, np.int32), np.zeros((0, 3), np.uint16)
    cell = np.clip(np.floor(at), 0, cells - 1)
    t = np.clip(at - cell, 0.0, 1.0)
    weights = np.zeros((count, 3), np.uint16)
    if smooth:
        weights[:, 0] = np.rint(128.0 * (1.0 - t) ** 2)
        weights[:, 2] = np.rint(128.0 * t * t)
    weights[:, 1] = 256 - weights[:, 0] - weights[:, 2]
    return int(inside[0]), int(inside[-1]) + 1, cell.astype(np.int32), weights


# --- another system -------------------------------------------------------------------------------------------------


def _warped(op: RasterOp, viewport: Viewport, bgra: bool, cancelled: Cancelled) -> Draw | None:
    raster = op.raster
    opacity, blend = _opacity(op), _BLENDS[op.blend]
    step, at_x, at_y = places(viewport, raster.crs)
    spacing = _spacing(at_x, at_y, step)
    finest = raster.levels[0]
    number = level_for(raster, spacing)
    level = raster.levels[number]
    cell_x = (at_x - raster.origin[0]) / level.cell[0]
    cell_y = (raster.origin[1] - at_y) / level.cell[1]
    rows, columns = _touched(cell_y, level.rows), _touched(cell_x, level.columns)
    if rows is None or columns is None:
        return None
    middle = (
        raster.origin[0] + finest.columns * finest.cell[0] / 2, raster.origin[1] - finest.rows * finest.cell[1] / 2
    )  # fmt: skip
    look = Look.of(op.symbolizer, bgra, north_deg(raster.crs, viewport.crs, middle))
    cell_px = max(level.cell) / spacing
    edge = _edge(raster, look, cell_px)
    smooth = warping.NEAREST
    if look.is_smooth(raster):
        smooth = warping.SPLINE if cell_px > _ENLARGED else warping.BILINEAR
    mosaic = tiles.mosaic(raster, number, look, rows, columns, cancelled=cancelled)

    def draw(frame: Pixels, row0: int, row1: int) -> None:
        warping.warp(
            frame, row0, row1, mosaic.pixels, mosaic.top, mosaic.left, cell_x, cell_y, step, smooth, opacity, blend, edge
        )  # fmt: skip

    return draw


@lru_cache(4)
def places(viewport: Viewport, crs: Crs) -> tuple[int, Floats, Floats]:
    """Where a picture's pixels lie in another system: exact at the corners of squares, bilinear between them.

    Returns the side of the squares in pixels and x and y ``(k, l) float64`` of their corners, NaN where the system has
    no coordinates. Squares are made smaller until the error in the middle of each is below ``WARP_ERROR_PX``.
    """
    for step in _STEPS_PX:
        x, y = _exact(viewport, crs, step, 0.0)
        if step == _STEPS_PX[-1]:
            break
        middle_x, middle_y = _exact(viewport, crs, step, 0.5)
        off = np.hypot(_middles(x) - middle_x[:-1, :-1], _middles(y) - middle_y[:-1, :-1])
        known = off[np.isfinite(off)]
        if not known.size or known.max() <= WARP_ERROR_PX * _spacing(x, y, step):
            break
    return step, x, y


def _exact(viewport: Viewport, crs: Crs, step: int, shift: float) -> tuple[Floats, Floats]:
    left, _, _, top = viewport.bounds
    px = (np.arange(-(-viewport.width_px // step) + 1) + shift) * step * viewport.units_per_px
    py = (np.arange(-(-viewport.height_px // step) + 1) + shift) * step * viewport.units_per_px
    x, y = np.meshgrid(left + px, top - py)
    moved = transformation(viewport.crs, crs).points(np.column_stack([x.ravel(), y.ravel()]))
    moved[~np.isfinite(moved).all(axis=1)] = np.nan
    return np.ascontiguousarray(moved[:, 0].reshape(x.shape)), np.ascontiguousarray(moved[:, 1].reshape(x.shape))


def _middles(corner: Floats) -> Floats:
    mean: Floats = (corner[:-1, :-1] + corner[1:, :-1] + corner[:-1, 1:] + corner[1:, 1:]) / 4
    return mean


def _spacing(x: Floats, y: Floats, step: int) -> float:
    """The smallest distance between neighbouring pixels, in the other system's units."""
    across = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1))
    down = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))
    known = np.concatenate([across[np.isfinite(across)], down[np.isfinite(down)]])
    return float(known.min()) / step if known.size else 1.0


def _touched(cell: Floats, count: int) -> tuple[int, int] | None:
    """Cells of one axis that may be looked at, first and before last."""
    known = cell[np.isfinite(cell)]
    if not known.size:
        return None
    low, high = int(max(-1.0, np.floor(known.min()))) - 1, int(min(count + 1.0, np.ceil(known.max()))) + 2
    low, high = max(0, low), min(count, high)
    return (low, high) if low < high else None
