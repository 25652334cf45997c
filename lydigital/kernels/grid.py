"""Grids to pixels: tint and hillshade once, smooth resampling every frame."""

from __future__ import annotations

import math

import numpy as np
from numba import types

from lydigital.kernels.blend import OPAQUE, over
from lydigital.kernels.jit import (
    F32,
    F64,
    I32,
    U16,
    U32,
    f32s2,
    f64,
    f64s,
    f64s2,
    i32s,
    i64,
    inner,
    kernel,
    read,
    u32_frame,
    u32s2,
)


@inner
def _value(values: F32, row: int, column: int, fallback: float) -> float:
    """A cell, or ``fallback`` beyond the edge and where there is no value."""
    rows, columns = values.shape
    value = values[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)]
    return fallback if math.isnan(value) else float(value)


@kernel(f32s2, f64, f64, f64s, f64s2, f64s2, f64)
def shade(
    values: F32, cell_x_m: float, cell_y_m: float, stops: F64, colors: F64, lights: F64, strength: float,
) -> U32:
    """Hypsometric tint under a hillshade, ``(rows, columns) uint32``; 0 where there is no value.

    ``stops`` ascend, with a row of ``colors`` ``(k, 3)`` each. ``lights`` ``(l, 4)``: unit vector east, north, up, and
    weight. Slopes after Horn (1981); several lights as in the multidirectional hillshade of Mark (1992).
    ``cell_*_m`` are metres divided by the vertical exaggeration.
    """
    rows, columns = values.shape
    out = np.zeros((rows, columns), np.uint32)
    flat = 0.0
    for k in range(len(lights)):
        flat += lights[k, 3] * lights[k, 2]
    for r in range(rows):
        stop = 0
        for c in range(columns):
            z = float(values[r, c])
            if math.isnan(z):
                continue
            a, b, d = _value(values, r - 1, c - 1, z), _value(values, r - 1, c, z), _value(values, r - 1, c + 1, z)
            e, f = _value(values, r, c - 1, z), _value(values, r, c + 1, z)
            g, h, i = _value(values, r + 1, c - 1, z), _value(values, r + 1, c, z), _value(values, r + 1, c + 1, z)
            east = ((d + 2 * f + i) - (a + 2 * e + g)) / (8 * cell_x_m)
            north = ((a + 2 * b + d) - (g + 2 * h + i)) / (8 * cell_y_m)
            size = 1.0 / math.sqrt(1.0 + east * east + north * north)
            light = 0.0
            for k in range(len(lights)):
                cosine = (lights[k, 2] - lights[k, 0] * east - lights[k, 1] * north) * size
                light += lights[k, 3] * max(0.0, cosine)
            tone = strength * (light / flat - 1.0)  # 0 on flat ground, so that the tint keeps its meaning
            while stop > 0 and z < stops[stop]:
                stop -= 1
            while stop < len(stops) - 2 and z >= stops[stop + 1]:
                stop += 1
            t = min(1.0, max(0.0, (z - stops[stop]) / (stops[stop + 1] - stops[stop])))
            pixel = OPAQUE
            for k in range(3):
                value = colors[stop, k] + t * (colors[stop + 1, k] - colors[stop, k])
                value = value * (1.0 + tone) if tone < 0.0 else value + (255.0 - value) * min(1.0, 0.8 * tone)
                pixel |= int(min(255.0, max(0.0, value + 0.5))) << (8 * k)
            out[r, c] = np.uint32(pixel)
    return out


@inner
def _between(a: int, b: int, t: int) -> int:
    """All four channels of two pixels mixed, ``t`` 0-256."""
    rb = ((a & 0xFF00FF) * (256 - t) + (b & 0xFF00FF) * t + 0x800080) >> 8
    ag = ((a >> 8) & 0xFF00FF) * (256 - t) + ((b >> 8) & 0xFF00FF) * t + 0x800080
    return (rb & 0xFF00FF) | (ag & 0xFF00FF00)


@inner
def _spread(pixel: int) -> int:
    return (pixel & 0xFF) | ((pixel & 0xFF00) << 8) | ((pixel & 0xFF0000) << 16)


@kernel(u32_frame, i64, i64, i64, i64, u32s2, i32s, read(types.uint16), i32s, read(types.uint16), i64)
def drape(
    frame: U32, row0: int, row1: int, column0: int, column1: int, pixels: U32, cells_x: I32, parts_x: U16, cells_y: I32,
    parts_y: U16, opacity: int,
) -> None:
    """Lay ``pixels`` smoothly over the columns column0 <= x < column1 of the rows row0 <= y < row1 of the frame.

    Frame column x mixes the columns ``cells_x[x]`` and the one after it, ``parts_x[x]`` 0-256 of the latter; rows
    alike. ``opacity`` 0-256. Pixels are opaque, or 0 where there is nothing.
    """
    columns = pixels.shape[1]
    first = np.int64(cells_x[column0])
    last = min(np.int64(cells_x[column1 - 1]) + 1, columns - 1)
    n = last - first + 1
    mixed = np.empty(n, np.uint32)
    level = np.empty(n, np.int64)
    slope = np.zeros(n, np.int64)
    for y in range(row0, row1):
        upper = pixels[cells_y[y], first : last + 1]
        lower = pixels[min(cells_y[y] + 1, pixels.shape[0] - 1), first : last + 1]
        t = np.int64(parts_y[y])
        least = np.uint32(0xFFFFFFFF)
        for c in range(n):
            mixed[c] = np.uint32(_between(np.int64(upper[c]), np.int64(lower[c]), t))
            least = min(least, mixed[c])
        below = frame[y]
        if opacity == 256 and least >= OPAQUE:
            # Three channels 16 bits apart in one integer: one multiplication a pixel.
            for c in range(n):
                level[c] = _spread(np.int64(mixed[c]))
            for c in range(n - 1):
                slope[c] = level[c + 1] - level[c]
            for c in range(n):
                level[c] = (level[c] << 8) + 0x008000800080
            for x in range(column0, column1):
                c = np.uint64(cells_x[x] - first)  # unsigned: no test for an index from the end
                v = level[c] + slope[c] * np.int64(parts_x[x])
                below[x] = np.uint32(((v >> 8) & 0xFF) | ((v >> 16) & 0xFF00) | ((v >> 24) & 0xFF0000) | OPAQUE)
            continue
        for x in range(column0, column1):
            c = cells_x[x] - first
            following = min(c + 1, n - 1)
            pixel = _between(np.int64(mixed[c]), np.int64(mixed[following]), np.int64(parts_x[x]))
            alpha = pixel >> 24
            if alpha == 255:
                below[x] = np.uint32(over(np.int64(below[x]), pixel, opacity))
            elif alpha > 0:
                straight = OPAQUE
                for k in range(3):
                    straight |= min(255, ((pixel >> (8 * k)) & 0xFF) * 255 // alpha) << (8 * k)
                below[x] = np.uint32(over(np.int64(below[x]), straight, (alpha * opacity + 127) // 255))
