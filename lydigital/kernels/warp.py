"""Grids in another reference system than the map's: every pixel looks up its place in the grid."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.blend import OPAQUE
from lydigital.kernels.grid import ROUND, narrow, put, wide
from lydigital.kernels.jit import F64, U32, f64s2, i64, inner, kernel, u32_frame, u32s2

NEAREST, BILINEAR, SPLINE = 0, 1, 2
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_EIGHT = np.uint64(8)
_ONE, _FULL = np.uint64(1), np.uint64(256)


@inner
def _row(pixels: U32, row: int, before: int, at: int, after: int, p: int, q: int, r: int) -> int:
    """Three cells of a row, mixed by weights that add up to 256."""
    a, b, c = wide(pixels[row, before]), wide(pixels[row, at]), wide(pixels[row, after])
    return ((a * p + b * q + c * r + ROUND) >> _EIGHT) & _BYTES


@kernel(u32_frame, i64, i64, u32s2, i64, i64, f64s2, f64s2, i64, i64, i64, i64, i64)
def warp(
    frame: U32, row0: int, row1: int, pixels: U32, top: int, left: int, at_x: F64, at_y: F64, step: int,
    smooth: int, opacity: int, blend: int, edge: int,
) -> None:
    """Lay the part ``pixels`` of a grid that begins at its cell (top, left) over the rows row0 <= y < row1 of the frame.

    ``at_x`` and ``at_y`` ``(k, l)`` are the places in the grid, in cells, under the corners of squares of ``step``
    pixels (NaN where there is none); between corners they are bilinear. ``smooth`` is NEAREST, BILINEAR for cells about
    as large as pixels, or SPLINE as in :func:`lydigital.kernels.grid.drape` for larger ones.
    """
    width = frame.shape[1]
    rows, columns = pixels.shape
    opaque = np.uint64(OPAQUE) if opacity == 256 and blend == 0 else np.uint64(1) << np.uint64(32)
    for y in range(row0, row1):
        v = (y + 0.5) / step
        j = int(v)
        v -= j
        part = frame[y]
        for i in range(-(-width // step)):
            x_a = at_x[j, i] + v * (at_x[j + 1, i] - at_x[j, i])
            y_a = at_y[j, i] + v * (at_y[j + 1, i] - at_y[j, i])
            x_b = at_x[j, i + 1] + v * (at_x[j + 1, i + 1] - at_x[j, i + 1])
            y_b = at_y[j, i + 1] + v * (at_y[j + 1, i + 1] - at_y[j, i + 1])
            if math.isnan(x_a + y_a + x_b + y_b):
                continue
            x_step, y_step = (x_b - x_a) / step, (y_b - y_a) / step
            x_a += 0.5 * x_step
            y_a += 0.5 * y_step
            for x in range(i * step, min(width, i * step + step)):
                sx, sy = x_a + (x - i * step) * x_step - left, y_a + (x - i * step) * y_step - top
                if not (sx >= 0.0 and sy >= 0.0 and sx < columns and sy < rows):
                    continue
                c, r = int(sx), int(sy)
                below, middle = np.uint64(r), np.uint64(c)  # unsigned: no test for an index from the end
                if smooth == BILINEAR:
                    s, t = sx - 0.5, sy - 0.5
                    c, r = math.floor(s), math.floor(t)
                    q, n = np.uint64(np.int64(256.0 * (s - c) + 0.5)), np.uint64(np.int64(256.0 * (t - r) + 0.5))
                    after = np.uint64(min(c + 1, columns - 1))
                    under = np.uint64(min(r + 1, rows - 1))
                    before, above = np.uint64(max(c, 0)), np.uint64(max(r, 0))
                    p, m = _FULL - q, _FULL - n
                    upper = ((wide(pixels[above, before]) * p + wide(pixels[above, after]) * q + ROUND) >> _EIGHT) & _BYTES
                    lower = ((wide(pixels[under, before]) * p + wide(pixels[under, after]) * q + ROUND) >> _EIGHT) & _BYTES
                    color = narrow((upper * m + lower * n + ROUND) >> _EIGHT)
                elif smooth:
                    s, t = sx - c, sy - r
                    before = middle - _ONE if c > 0 else middle
                    after = middle + _ONE if c < columns - 1 else middle
                    above = below - _ONE if r > 0 else below
                    under = below + _ONE if r < rows - 1 else below
                    p, q = np.uint64(np.int64(128.0 * (1.0 - s) * (1.0 - s) + 0.5)), np.uint64(np.int64(128.0 * s * s + 0.5))
                    m, n = np.uint64(np.int64(128.0 * (1.0 - t) * (1.0 - t) + 0.5)), np.uint64(np.int64(128.0 * t * t + 0.5))
                    o = _FULL - p - q
                    mixed = (
                        _row(pixels, above, before, middle, after, p, o, q) * m
                        + _row(pixels, below, before, middle, after, p, o, q) * (_FULL - m - n)
                        + _row(pixels, under, before, middle, after, p, o, q) * n + ROUND
                    )
                    color = narrow(mixed >> _EIGHT)
                else:
                    color = pixels[below, middle]
                if color >= opaque:
                    part[x] = color
                elif color >> np.uint32(24):
                    part[x] = np.uint32(put(np.int64(part[x]), np.int64(color), opacity, blend, edge))
