"""Density of points on the picture: gathered in cells that hang on the map, so that it stands still while panning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import heat as kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import HeatOp

    Cells = NDArray[np.float32]

_CELLS = 6.0  # a radius


def quartic(cells: float) -> Cells:
    """The kernel 3/π (1 - u²)² of a radius of that many cells, its sum 1, ``(2 r + 1, 2 r + 1)``."""
    reach = max(1, math.ceil(cells))
    at = np.arange(-reach, reach + 1) / max(cells, 1e-6)
    u2 = at[:, None] ** 2 + at[None, :] ** 2
    weights = np.where(u2 < 1.0, (1.0 - u2) ** 2, 0.0)
    return np.ascontiguousarray((weights / weights.sum()).astype(np.float32))


def density(op: HeatOp, viewport: Viewport) -> tuple[Cells, float, float, float]:
    """Sums in cells around the picture, the outer corner of the cells (west, south) and their side in map units."""
    unit = viewport.units_per_px
    cell = max(1.0, op.radius_px / _CELLS) * unit
    reach = op.radius_px * unit
    x0, y0, x1, y1 = viewport.bounds
    west, south = (math.floor((v - reach) / cell) * cell for v in (x0, y0))
    columns = math.ceil((x1 + reach - west) / cell) + 2
    rows = math.ceil((y1 + reach - south) / cell) + 2
    cells = np.zeros((rows, columns), np.float32)
    g = op.geometry
    kernels.gather(cells, west, south, cell, g.coords, g.ring_offsets, g.geom_rings, op.rows, op.weights)
    return kernels.spread(cells, quartic(reach / cell)), west, south, cell


def prepare(op: HeatOp, viewport: Viewport, bgra: bool) -> Callable[[NDArray[np.uint32], int, int], None] | None:
    """What draws ``op`` into rows of a frame; None where there is nothing to see."""
    found, west, south, cell = density(op, viewport)
    x0, y0, x1, y1 = viewport.bounds
    a, b = max(0, math.floor((x0 - west) / cell)), math.ceil((x1 - west) / cell)
    c, d = max(0, math.floor((y0 - south) / cell)), math.ceil((y1 - south) / cell)
    if op.maximum > 0:
        metres = viewport.crs.metres_per_unit * cell
        squeeze = math.cos(math.radians((y0 + y1) / 2)) if viewport.crs.is_geographic else 1.0
        top = op.maximum * metres * metres * squeeze / 1e6
    else:
        top = float(found[c:d, a:b].max()) if len(op.rows) else 0.0
    if top <= 0.0:
        return None
    colors = op.colors[:, [2, 1, 0, 3]].astype(np.float64) if bgra else op.colors.astype(np.float64)
    colors[:, 3] *= op.opacity
    words = np.ascontiguousarray(np.rint(colors).astype(np.uint8)).view(np.uint32).ravel()
    step = viewport.units_per_px / cell
    px, py = (x0 - west) / cell - 0.5 + step / 2, (y1 - south) / cell - 0.5 - step / 2

    def draw(frame: NDArray[np.uint32], row0: int, row1: int) -> None:
        kernels.drape(frame, row0, row1, found, px, py, step, words, 1.0 / top)

    return draw
