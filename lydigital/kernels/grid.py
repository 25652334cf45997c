"""Grids to pixels: colours and hillshade of a tile once, smooth resampling every frame.

Pixels of a tile are premultiplied: a cell without a value is 0, and mixing neighbours needs no second thought.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.blend import OPAQUE
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

LINEAR, CLASSES, CODES = 0, 1, 2  # how a ramp is read
NORMAL, MULTIPLY, SCREEN, OVERLAY = 0, 1, 2, 3
ROUND = np.uint64(0x0080008000800080)
_ENLARGED = 4  # pixels a cell
_FINE_HALF = (1 << 11) | (1 << 32) | (1 << 53)
_HALF = 0x008000800080  # of the lowest bit that stays, in each of three channels
_OPAQUE, _RB, _G, _EIGHT = np.uint32(OPAQUE), np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(8)
_HALF_RB, _HALF_G = np.uint32(0x800080), np.uint32(0x008000)
u32_part = types.Array(types.uint32, 2, "A")  # part of a larger picture


@inner
def _value(values: F32, row: int, column: int, fallback: float) -> float:
    """A cell, or ``fallback`` beyond the edge and where there is no value."""
    rows, columns = values.shape
    value = values[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)]
    return fallback if math.isnan(value) else float(value)


@inner
def _slopes(
    values: F32, y: int, left: int, east_m: float, north_m: float, down: F32, east: F32, north: F32
) -> None:
    """Rise to east and north of the cells of a row, ``east_m`` and ``north_m`` being eight cells; Horn (1981)."""
    columns = values.shape[1]
    n = len(east)
    upper, middle, lower = values[max(y - 1, 0)], values[y], values[min(y + 1, values.shape[0] - 1)]
    x_scale, y_scale, two = np.float32(1.0 / east_m), np.float32(1.0 / north_m), np.float32(2.0)
    first, last = max(left - 1, 0), min(left + n + 1, columns)
    total = np.float32(0.0)
    for x in range(first, last):
        total += (upper[x] - upper[x]) + (middle[x] - middle[x]) + (lower[x] - lower[x])  # NaN where one of them is
    if total == 0.0:  # nothing missing, so the cells at the edge go on beyond it
        across = down[n + 2 :]
        for x in range(last - first):
            down[x + first - left + 1] = upper[x + first] - lower[x + first]
            across[x + first - left + 1] = upper[x + first] + two * middle[x + first] + lower[x + first]
        if first == left:
            down[0], across[0] = down[1], across[1]
        if last == left + n:
            down[n + 1], across[n + 1] = down[n], across[n]
        for c in range(n):
            east[c] = (across[c + 2] - across[c]) * x_scale
            north[c] = (down[c] + two * down[c + 1] + down[c + 2]) * y_scale
        return
    for c in range(n):
        x = left + c
        z = float(values[y, x])
        a, b, d = _value(values, y - 1, x - 1, z), _value(values, y - 1, x, z), _value(values, y - 1, x + 1, z)
        e, f = _value(values, y, x - 1, z), _value(values, y, x + 1, z)
        g, h, i = _value(values, y + 1, x - 1, z), _value(values, y + 1, x, z), _value(values, y + 1, x + 1, z)
        east[c] = ((d + 2 * f + i) - (a + 2 * e + g)) / east_m
        north[c] = ((a + 2 * b + d) - (g + 2 * h + i)) / north_m


@inner
def _lit(east: F32, north: F32, lights: F32, light: F32) -> None:
    """Light from 0 to 1 on slopes that rise by ``east`` and ``north``."""
    zero, one, half, tiny = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(1e-20)
    if len(lights) == 1:
        x, y, z = lights[0, 0], lights[0, 1], lights[0, 2]
        for c in range(len(light)):
            cosine = (z - x * east[c] - y * north[c]) / np.sqrt(one + east[c] * east[c] + north[c] * north[c])
            light[c] = max(zero, cosine)
        return
    light[:] = zero
    for k in range(len(lights)):
        x, y, z, sine, cosine = lights[k, 0], lights[k, 1], lights[k, 2], lights[k, 3], lights[k, 4]
        for c in range(len(light)):
            away = sine * north[c] - cosine * east[c]  # sine of aspect less azimuth, times the steepness
            light[c] += away * away * max(zero, z - x * east[c] - y * north[c])
    level = lights[0, 2]
    for c in range(len(light)):
        steep = east[c] * east[c] + north[c] * north[c]
        light[c] = level if steep < tiny else half * light[c] / (steep * np.sqrt(one + steep))


@kernel(f32s2, i64, i64, u32_part, f64s, f64s, f64s, f64s2, i64, f64s2, f64)
def shade(
    values: F32, top: int, left: int, out: U32, cell_x_m: F64, cell_y_m: F64, stops: F64, colors: F64, ramp: int,
    lights: F64, strength: float,
) -> None:
    """Colours under a hillshade into ``out`` ``(rows, columns)``, premultiplied; 0 where there is no value.

    ``out[0, 0]`` is ``values[top, left]``; ``values`` should reach one cell further on all sides where there is more.
    ``cell_*_m`` ``(rows,)`` are metres divided by the vertical exaggeration. ``stops`` ascend, with a row of ``colors``
    ``(k, 4)`` each, read as ``ramp`` says: LINEAR between stops, CLASSES from a stop to below the next, CODES exactly.
    Without stops the hillshade alone: grey 1 to 255 as of GDAL.

    Slopes after Horn (1981), "Hill shading and the reflectance map", Proc. IEEE 69(1). ``lights`` ``(l, 5)``: unit
    vector east, north, up; east and north of the azimuth. Of several, the share of each is half the squared sine of
    aspect less azimuth (Mark 1992, "A multidirectional, oblique-weighted, shaded-relief image of the Island of
    Hawaii", USGS Open-File Report 92-422).
    """
    rows, columns = out.shape
    flat = lights[0, 2]
    lamps = lights.astype(np.float32)
    light = np.full(columns, flat, np.float32)
    east, north, room = np.zeros(columns, np.float32), np.zeros(columns, np.float32), np.zeros(2 * columns + 4, np.float32)
    plain = 255.5 - 254.0 * strength
    n = len(stops)
    for r in range(rows):
        y = top + r
        if strength > 0.0:
            _slopes(values, y, left, 8.0 * cell_x_m[r], 8.0 * cell_y_m[r], room, east, north)
            _lit(east, north, lamps, light)
        stop = 0
        for c in range(columns):
            z = float(values[y, left + c])
            if math.isnan(z):
                out[r, c] = 0
                continue
            if n == 0:
                grey = int(plain + 254.0 * strength * light[c])
                out[r, c] = np.uint32(OPAQUE | (grey << 16) | (grey << 8) | grey)
                continue
            while stop > 0 and z < stops[stop]:
                stop -= 1
            while stop < n - 1 and z >= stops[stop + 1]:
                stop += 1
            t = 0.0
            other = stop
            if ramp == LINEAR:
                if stop < n - 1:
                    t = min(1.0, max(0.0, (z - stops[stop]) / (stops[stop + 1] - stops[stop])))
                    other = stop + 1
            elif z < stops[stop] or (ramp == CODES and z != stops[stop]):
                out[r, c] = 0
                continue
            alpha = colors[stop, 3] + t * (colors[other, 3] - colors[stop, 3])
            tone = strength * (light[c] / flat - 1.0)  # 0 on flat ground, so that the tint keeps its meaning
            lift = min(1.0, max(0.0, 0.8 * tone))
            keep = (1.0 + min(0.0, tone)) * (1.0 - lift) * alpha * (1.0 / 255.0)
            lift *= alpha
            pixel = int(alpha + 0.5) << 24
            for k in range(3):
                value = (colors[stop, k] + t * (colors[other, k] - colors[stop, k])) * keep + lift
                pixel |= int(max(0.0, value) + 0.5) << (8 * k)
            out[r, c] = np.uint32(pixel)


@kernel(f32s2)
def halve(values: F32) -> F32:
    """Half the resolution: each cell the mean of its four with a value, NaN where none has."""
    rows, columns = values.shape
    out = np.empty(((rows + 1) // 2, (columns + 1) // 2), np.float32)
    for r in range(out.shape[0]):
        upper = values[2 * r]
        lower = values[min(2 * r + 1, rows - 1)]
        twice = 2 * r + 1 < rows
        for c in range(out.shape[1]):
            total, count = 0.0, 0
            for x in range(2 * c, min(2 * c + 2, columns)):
                if not math.isnan(upper[x]):
                    total += upper[x]
                    count += 1
                if twice and not math.isnan(lower[x]):
                    total += lower[x]
                    count += 1
            out[r, c] = np.float32(total / count) if count else np.float32(np.nan)
    return out


@inner
def _spread(pixel: int) -> int:
    """Three channels 16 bits apart, so that one multiplication weighs all of them."""
    return (pixel & 0xFF) | ((pixel & 0xFF00) << 8) | ((pixel & 0xFF0000) << 16)


@inner
def wide(pixel: int) -> int:
    """Four channels 16 bits apart (first, third, second, fourth); sums with weights of 256 in all stay within them."""
    p = np.uint64(pixel)
    return (p & np.uint64(0x00FF00FF)) | ((p & np.uint64(0xFF00FF00)) << np.uint64(24))


@inner
def narrow(channels: int) -> int:
    """The pixel of four channels as of :func:`wide`."""
    return np.uint32((channels & np.uint64(0x00FF00FF)) | ((channels >> np.uint64(24)) & np.uint64(0xFF00FF00)))


@inner
def _blended(below: int, color: int, alpha: int, blend: int) -> int:
    """One channel: a premultiplied colour on an opaque one."""
    if blend == MULTIPLY:
        return (below * (255 - alpha + color) + 127) // 255
    if blend == SCREEN:
        return color + (below * (255 - color) + 127) // 255
    if blend == OVERLAY:
        rest = below * (255 - alpha)
        if below < 128:
            return (rest + 2 * below * color + 127) // 255
        return (rest + 255 * alpha - 2 * (255 - below) * (alpha - color) + 127) // 255
    return color + (below * (255 - alpha) + 127) // 255


@inner
def put(below: int, color: int, opacity: int, blend: int, edge: int) -> int:
    """A premultiplied colour laid on an opaque pixel; ``opacity`` 0-256, ``edge`` 256 or more to sharpen its alpha.

    Blend modes after W3C Compositing and Blending Level 1, section 9.
    """
    r, g, b, a = color & 0xFF, (color >> 8) & 0xFF, (color >> 16) & 0xFF, color >> 24
    if edge > 256 and a < 255:
        sharp = min(255, max(0, (((2 * a - 255) * edge) >> 9) + 128))
        r, g, b, a = r * sharp // a, g * sharp // a, b * sharp // a, sharp
    if opacity < 256:
        r, g, b, a = (r * opacity + 128) >> 8, (g * opacity + 128) >> 8, (b * opacity + 128) >> 8, (a * opacity + 128) >> 8
    r = min(255, _blended(below & 0xFF, r, a, blend))
    g = min(255, _blended((below >> 8) & 0xFF, g, a, blend))
    b = min(255, _blended((below >> 16) & 0xFF, b, a, blend))
    return OPAQUE | r | (g << 8) | (b << 16)


@inner
def _stretch(
    pixels: U32, row: int, first: int, last: int, cells: I32, weights: U16, level: I64, step: I64, out: U32, fine: I64,
) -> bool:
    """One row of ``pixels`` mixed along x; returns whether all of it is opaque.

    ``fine`` (or nothing) takes the three colours with four bits more, 21 bits apart.
    """
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
    if len(fine):
        for x in range(len(out)):
            c = np.uint64(cells[x] - first)
            d = c + np.uint64(1)
            v = (level[d] - _HALF + step[c] * np.int64(weights[x, 0]) - step[d] * np.int64(weights[x, 2])) >> 4
            fine[x] = (v & 0xFFF) | ((v & 0xFFF0000) << 5) | ((v & 0xFFF00000000) << 10)
    if not whole:  # the alpha alike
        for x in range(len(out)):
            c = np.int64(cells[x]) - first
            alpha = (
                np.int64(source[max(c - 1, 0)] >> 24) * np.int64(weights[x, 0])
                + np.int64(source[c] >> 24) * np.int64(weights[x, 1])
                + np.int64(source[min(c + 1, n - 1)] >> 24) * np.int64(weights[x, 2]) + 128
            ) >> 8
            out[x] = np.uint32((np.int64(out[x]) & 0xFFFFFF) | (alpha << 24))
    return whole


@kernel(
    u32_frame, i64, i64, i64, i64, u32s2, i32s, read(types.uint16, 2), i32s, read(types.uint16, 2), i64, i64, i64,
)
def drape(
    frame: U32, row0: int, row1: int, column0: int, column1: int, pixels: U32, cells_x: I32, weights_x: U16,
    cells_y: I32, weights_y: U16, opacity: int, blend: int, edge: int,
) -> None:
    """Lay ``pixels`` smoothly over the columns column0 <= x < column1 of the rows row0 <= y < row1 of the frame.

    Frame column x mixes three columns of ``pixels`` around ``cells_x[x]`` by ``weights_x`` ``(w, 3)``, which add up to
    256; rows alike. ``opacity`` 0-256. ``edge`` is 256 times the size of a cell in pixels where cells have a value or
    none: the border between is then a pixel wide, not a cell; else 256. Each row of ``pixels`` is mixed along x once, and three of them along y for
    every frame row.
    """
    rows, columns = pixels.shape
    first = max(int(cells_x[column0]) - 1, 0)
    last = min(int(cells_x[column1 - 1]) + 1, columns - 1)
    level = np.zeros(last - first + 3, np.int64)
    step = np.zeros(last - first + 2, np.int64)
    cells, weights = cells_x[column0:column1], weights_x[column0:column1]
    stretched = np.empty((3, column1 - column0), np.uint32)
    held = np.full(3, -1, np.int64)
    precise = column1 - column0 >= _ENLARGED * (last - first + 1)  # rounding twice would show as stripes
    fine = np.empty((3, column1 - column0 if precise else 0), np.int64)
    whole = np.zeros(3, np.bool_)
    for y in range(row0, row1):
        middle = int(cells_y[y])
        for near in range(max(middle - 1, 0), min(middle + 2, rows)):
            if held[near % 3] != near:
                held[near % 3] = near
                whole[near % 3] = _stretch(
                    pixels, near, first, last, cells, weights, level, step, stretched[near % 3], fine[near % 3]
                )
        upper, lower = max(middle - 1, 0) % 3, min(middle + 1, rows - 1) % 3
        a, b, c = stretched[upper], stretched[middle % 3], stretched[lower]
        p, q, r = np.uint32(weights_y[y, 0]), np.uint32(weights_y[y, 1]), np.uint32(weights_y[y, 2])
        part = frame[y, column0:column1]
        if opacity == 256 and blend == NORMAL and whole[upper] and whole[middle % 3] and whole[lower]:
            if precise:
                i, j, k = fine[upper], fine[middle % 3], fine[lower]
                u, v, w = np.int64(p), np.int64(q), np.int64(r)
                for x in range(len(part)):
                    s = i[x] * u + j[x] * v + k[x] * w + _FINE_HALF
                    part[x] = np.uint32(((s >> 12) & 0xFF) | ((s >> 25) & 0xFF00) | ((s >> 38) & 0xFF0000) | OPAQUE)
                continue
            for x in range(len(part)):
                rb = np.uint32(np.uint32(np.uint32(a[x] & _RB) * p) + np.uint32(np.uint32(b[x] & _RB) * q))
                rb = np.uint32(np.uint32(rb + np.uint32(np.uint32(c[x] & _RB) * r)) + _HALF_RB)
                g = np.uint32(np.uint32(np.uint32(a[x] & _G) * p) + np.uint32(np.uint32(b[x] & _G) * q))
                g = np.uint32(np.uint32(g + np.uint32(np.uint32(c[x] & _G) * r)) + _HALF_G)
                part[x] = _OPAQUE | np.uint32(np.uint32(rb >> _EIGHT) & _RB) | np.uint32(np.uint32(g >> _EIGHT) & _G)
            continue
        i, j, k = np.uint64(p), np.uint64(q), np.uint64(r)
        for x in range(len(part)):
            color = narrow((wide(a[x]) * i + wide(b[x]) * j + wide(c[x]) * k + ROUND) >> np.uint64(8))
            if color >> np.uint32(24):
                part[x] = np.uint32(put(np.int64(part[x]), np.int64(color), opacity, blend, edge))
