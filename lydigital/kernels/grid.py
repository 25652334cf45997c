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
    I64,
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

_HALF = 0x008000800080  # of the lowest bit that stays, in each of three channels
_OPAQUE, _RB, _G, _EIGHT = np.uint32(OPAQUE), np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(8)
_HALF_RB, _HALF_G = np.uint32(0x800080), np.uint32(0x008000)


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
def _spread(pixel: int) -> int:
    """Three channels 16 bits apart, so that one multiplication weighs all of them."""
    return (pixel & 0xFF) | ((pixel & 0xFF00) << 8) | ((pixel & 0xFF0000) << 16)


@inner
def _stretch(
    pixels: U32, row: int, first: int, last: int, cells: I32, weights: U16, level: I64, step: I64, out: U32,
) -> bool:
    """One row of ``pixels`` mixed along x; returns whether there are no gaps in it."""
    source = pixels[row, first : last + 1]
    n = len(source)
    least = np.uint32(0xFFFFFFFF)
    for c in range(n):
        least = min(least, source[c])
        level[c + 1] = _spread(np.int64(source[c]))
    level[0], level[n + 1] = level[1], level[n]  # beyond the edge the edge goes on
    for c in range(n + 1):
        step[c] = level[c] - level[c + 1]
    whole = least >= OPAQUE
    for c in range(n + 2):
        level[c] = (level[c] << 8) + _HALF
    for x in range(len(out)):
        c = np.uint64(cells[x] - first)  # unsigned: no test for an index from the end
        d = c + np.uint64(1)
        v = level[d] + step[c] * np.int64(weights[x, 0]) - step[d] * np.int64(weights[x, 2])
        out[x] = np.uint32(((v >> 8) & 0xFF) | ((v >> 16) & 0xFF00) | ((v >> 24) & 0xFF0000) | OPAQUE)
    if not whole:
        for x in range(len(out)):
            c = np.int64(cells[x]) - first
            if source[c] < OPAQUE:
                out[x] = 0
            elif source[max(c - 1, 0)] < OPAQUE or source[min(c + 1, n - 1)] < OPAQUE:
                out[x] = source[c]
    return whole


@kernel(
    u32_frame, i64, i64, i64, i64, u32s2, i32s, read(types.uint16, 2), i32s, read(types.uint16, 2), i64,
)
def drape(
    frame: U32, row0: int, row1: int, column0: int, column1: int, pixels: U32, cells_x: I32, weights_x: U16,
    cells_y: I32, weights_y: U16, opacity: int,
) -> None:
    """Lay ``pixels`` smoothly over the columns column0 <= x < column1 of the rows row0 <= y < row1 of the frame.

    Frame column x mixes three columns of ``pixels`` around ``cells_x[x]`` by ``weights_x`` ``(w, 3)``, which add up to
    256; rows alike. ``opacity`` 0-256. Pixels are opaque, or 0 where there is nothing: a frame pixel that would mix
    nothing with something takes the nearest cell, or stays. Each row of ``pixels`` is mixed along x once, and three of
    them along y for every frame row.
    """
    rows, columns = pixels.shape
    first = max(int(cells_x[column0]) - 1, 0)
    last = min(int(cells_x[column1 - 1]) + 1, columns - 1)
    level = np.zeros(last - first + 3, np.int64)
    step = np.zeros(last - first + 2, np.int64)
    cells, weights = cells_x[column0:column1], weights_x[column0:column1]
    stretched = np.empty((3, column1 - column0), np.uint32)
    held = np.full(3, -1, np.int64)
    whole = np.zeros(3, np.bool_)
    for y in range(row0, row1):
        middle = int(cells_y[y])
        for near in range(max(middle - 1, 0), min(middle + 2, rows)):
            if held[near % 3] != near:
                held[near % 3] = near
                whole[near % 3] = _stretch(pixels, near, first, last, cells, weights, level, step, stretched[near % 3])
        upper, lower = max(middle - 1, 0) % 3, min(middle + 1, rows - 1) % 3
        a, b, c = stretched[upper], stretched[middle % 3], stretched[lower]
        p, q, r = np.uint32(weights_y[y, 0]), np.uint32(weights_y[y, 1]), np.uint32(weights_y[y, 2])
        part = frame[y, column0:column1]
        if opacity == 256 and whole[upper] and whole[middle % 3] and whole[lower]:
            for x in range(len(part)):
                rb = np.uint32(np.uint32(np.uint32(a[x] & _RB) * p) + np.uint32(np.uint32(b[x] & _RB) * q))
                rb = np.uint32(np.uint32(rb + np.uint32(np.uint32(c[x] & _RB) * r)) + _HALF_RB)
                g = np.uint32(np.uint32(np.uint32(a[x] & _G) * p) + np.uint32(np.uint32(b[x] & _G) * q))
                g = np.uint32(np.uint32(g + np.uint32(np.uint32(c[x] & _G) * r)) + _HALF_G)
                part[x] = _OPAQUE | np.uint32(np.uint32(rb >> _EIGHT) & _RB) | np.uint32(np.uint32(g >> _EIGHT) & _G)
            continue
        for x in range(len(part)):
            pixel = np.int64(b[x])
            if pixel == 0:
                continue
            if a[x] != 0 and c[x] != 0:
                v = (
                    _spread(np.int64(a[x])) * np.int64(p) + _spread(pixel) * np.int64(q)
                    + _spread(np.int64(c[x])) * np.int64(r) + _HALF
                )
                pixel = ((v >> 8) & 0xFF) | ((v >> 16) & 0xFF00) | ((v >> 24) & 0xFF0000) | OPAQUE
            part[x] = np.uint32(over(np.int64(part[x]), pixel, opacity))
