"""Density of points: gathered in cells that hang on the map, spread over a kernel, coloured."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.blend import over
from lydigital.kernels.jit import (
    F32,
    F64,
    I32,
    I64,
    U32,
    f64,
    f64s,
    f64s2,
    i32s,
    i64,
    i64s,
    kernel,
    read,
    u32_frame,
    u32s,
    write,
)

_grid = write(types.float32, 2)


@kernel(_grid, f64, f64, f64, f64s2, i64s, i64s, i32s, f64s, fast=False)
def gather(
    cells: F32, left: float, bottom: float, cell: float, coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32,
    weights: F64,
) -> None:
    """Add ``weights[i]`` of the features ``rows`` to ``cells``, shared between the four nearest middles of cells.

    Row 0 of the cells is the southernmost; ``left``, ``bottom`` is the outer corner, ``cell`` the side in map units.
    """
    height, width = cells.shape
    for i in range(len(rows)):
        first, last = ring_offsets[geom_rings[rows[i]]], ring_offsets[geom_rings[rows[i] + 1]]
        for v in range(first, last):
            x = (coords[v, 0] - left) / cell - 0.5
            y = (coords[v, 1] - bottom) / cell - 0.5
            if not (x >= 0.0 and x < width - 1 and y >= 0.0 and y < height - 1):
                continue
            ix, iy = math.floor(x), math.floor(y)
            fx, fy = x - ix, y - iy
            w = weights[i]
            cells[iy, ix] += w * (1.0 - fx) * (1.0 - fy)
            cells[iy, ix + 1] += w * fx * (1.0 - fy)
            cells[iy + 1, ix] += w * (1.0 - fx) * fy
            cells[iy + 1, ix + 1] += w * fx * fy


@kernel(read(types.float32, 2), read(types.float32, 2), fast=False)
def spread(cells: F32, kernel_: F32) -> F32:
    """Convolve ``cells`` with a small odd ``kernel_``; what falls outside is lost."""
    height, width = cells.shape
    reach = kernel_.shape[0] // 2
    out = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            v = cells[y, x]
            if v == 0.0:
                continue
            for dy in range(max(-reach, -y), min(reach + 1, height - y)):
                for dx in range(max(-reach, -x), min(reach + 1, width - x)):
                    out[y + dy, x + dx] += v * kernel_[dy + reach, dx + reach]
    return out


@kernel(u32_frame, i64, i64, read(types.float32, 2), f64, f64, f64, u32s, f64)
def drape(
    frame: U32, row0: int, row1: int, density: F32, x0: float, y0: float, step: float, colors: U32, per: float,
) -> None:
    """Colour the rows ``row0 <= y < row1`` of the frame by ``density`` times ``per``, 0-1, between its cells.

    Pixel (x, y) lies in column ``x0 + x * step`` and row ``y0 - y * step`` of the cells (middles). ``colors`` carry
    straight alpha.
    """
    height, width = density.shape
    last = len(colors) - 1
    for y in range(row0, row1):
        at = y0 - y * step
        iy = min(max(math.floor(at), 0), height - 2)
        fy = min(max(at - iy, 0.0), 1.0)
        line = frame[y]
        for x in range(frame.shape[1]):
            ax = x0 + x * step
            ix = min(max(math.floor(ax), 0), width - 2)
            fx = min(max(ax - ix, 0.0), 1.0)
            low = density[iy, ix] * (1.0 - fx) + density[iy, ix + 1] * fx
            high = density[iy + 1, ix] * (1.0 - fx) + density[iy + 1, ix + 1] * fx
            t = (low * (1.0 - fy) + high * fy) * per
            if t <= 0.0:
                continue
            color = np.int64(colors[min(last, math.floor(t * last + 0.5))])
            weight = (color >> 24) & 0xFF
            if weight:
                line[x] = np.uint32(over(np.int64(line[x]), color, weight + (weight >> 7)))
