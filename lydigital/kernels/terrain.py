"""What a terrain grid says of every cell: slope, aspect, curvature, and where water would gather."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F32, F64, I64, f32s2, f64, f64s, f64s2, i64s, inner, kernel

_DX = (1, 1, 0, -1, -1, -1, 0, 1)
_DY = (0, 1, 1, 1, 0, -1, -1, -1)


@inner
def _z(values: F32, row: int, column: int, fallback: float) -> float:
    """A height, or ``fallback`` beyond the edge and at gaps."""
    if row < 0 or column < 0 or row >= values.shape[0] or column >= values.shape[1]:
        return fallback
    value = float(values[row, column])
    return fallback if math.isnan(value) else value


@kernel(f32s2, f64s, f64s, fast=False)
def shape(values: F32, cell_x_m: F64, cell_y_m: F64) -> tuple[F32, F32, F32, F32]:
    """Slope and aspect in degrees, plan and profile curvature in 1/100 m, each ``(rows, columns) float32``.

    Slope and aspect after Horn (1981): aspect clockwise from north where the ground falls to, -1 where it is flat.
    Curvatures after Zevenbergen and Thorne (1987), both positive where the ground is convex: profile along the fall,
    plan across it (ridges). ``cell_*_m`` ``(rows,)`` are metres.
    """
    rows, columns = values.shape
    slope = np.full((rows, columns), np.nan, np.float32)
    aspect = np.full((rows, columns), np.nan, np.float32)
    plan = np.full((rows, columns), np.nan, np.float32)
    profile = np.full((rows, columns), np.nan, np.float32)
    for r in range(rows):
        dx, dy = cell_x_m[r], cell_y_m[r]
        for c in range(columns):
            e = float(values[r, c])
            if math.isnan(e):
                continue
            z1, z2, z3 = _z(values, r - 1, c - 1, e), _z(values, r - 1, c, e), _z(values, r - 1, c + 1, e)
            z4, z6 = _z(values, r, c - 1, e), _z(values, r, c + 1, e)
            z7, z8, z9 = _z(values, r + 1, c - 1, e), _z(values, r + 1, c, e), _z(values, r + 1, c + 1, e)
            east = ((z3 + 2.0 * z6 + z9) - (z1 + 2.0 * z4 + z7)) / (8.0 * dx)
            north = ((z1 + 2.0 * z2 + z3) - (z7 + 2.0 * z8 + z9)) / (8.0 * dy)
            slope[r, c] = math.degrees(math.atan(math.sqrt(east * east + north * north)))
            if east == 0.0 and north == 0.0:
                aspect[r, c] = -1.0
            else:
                aspect[r, c] = (math.degrees(math.atan2(-east, -north)) + 360.0) % 360.0
            d = ((z4 + z6) / 2.0 - e) / (dx * dx)
            f = ((z2 + z8) / 2.0 - e) / (dy * dy)
            g = (z3 + z7 - z1 - z9) / (4.0 * dx * dy)  # x to the east, y to the north
            p, q = (z6 - z4) / (2.0 * dx), (z2 - z8) / (2.0 * dy)
            steep = p * p + q * q
            if steep < 1e-12:
                plan[r, c], profile[r, c] = 0.0, 0.0
            else:
                profile[r, c] = -200.0 * (d * p * p + f * q * q + g * p * q) / steep
                plan[r, c] = -200.0 * (d * q * q + f * p * p - g * p * q) / steep
    return slope, aspect, plan, profile


@inner
def _push(keys: F64, cells: I64, size: int, key: float, cell: int) -> None:
    """Into a binary heap of ``size`` entries, the least key and, of equal ones, the least cell first."""
    at = size
    while at > 0:
        above = (at - 1) // 2
        if keys[above] < key or (keys[above] == key and cells[above] < cell):
            break
        keys[at], cells[at] = keys[above], cells[above]
        at = above
    keys[at], cells[at] = key, cell


@inner
def _pop(keys: F64, cells: I64, size: int) -> None:
    """Take the first off a heap of ``size`` entries."""
    last = size - 1
    key, cell = keys[last], cells[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        other = below + 1
        if other < last and (keys[other] < keys[below] or (keys[other] == keys[below] and cells[other] < cells[below])):
            below = other
        if key < keys[below] or (key == keys[below] and cell < cells[below]):
            break
        keys[at], cells[at] = keys[below], cells[below]
        at = below
    keys[at], cells[at] = key, cell


@kernel(f32s2, f64, fast=False)
def filled(values: F32, rise: float) -> tuple[F64, I64]:
    """Heights ``(rows, columns) float64`` without hollows, and all cells with a height in rising order ``(n,) int64``.

    Water of every cell reaches the edge or a gap, over ground that rises by ``rise`` a cell at least (priority flood
    with increments: Barnes, Lehman and Mulla 2014).
    """
    rows, columns = values.shape
    z = np.full((rows, columns), np.nan, np.float64)
    seen = np.zeros((rows, columns), np.bool_)
    n = rows * columns
    keys, cells, order = np.empty(n, np.float64), np.empty(n, np.int64), np.empty(n, np.int64)
    size, done = 0, 0
    for r in range(rows):
        for c in range(columns):
            if math.isnan(values[r, c]):
                continue
            outer = False
            for k in range(8):
                y, x = r + _DY[k], c + _DX[k]
                if y < 0 or x < 0 or y >= rows or x >= columns or math.isnan(values[y, x]):
                    outer = True
            if outer:
                z[r, c] = values[r, c]
                seen[r, c] = True
                _push(keys, cells, size, z[r, c], r * columns + c)
                size += 1
    while size > 0:
        cell = cells[0]
        _pop(keys, cells, size)
        size -= 1
        order[done] = cell
        done += 1
        r, c = cell // columns, cell % columns
        for k in range(8):
            y, x = r + _DY[k], c + _DX[k]
            if y < 0 or x < 0 or y >= rows or x >= columns or seen[y, x] or math.isnan(values[y, x]):
                continue
            seen[y, x] = True
            z[y, x] = max(float(values[y, x]), z[r, c] + rise)
            _push(keys, cells, size, z[y, x], y * columns + x)
            size += 1
    return z, order[:done].copy()


@kernel(f64s2, i64s, f64s, f64s, fast=False)
def catchment(z: F64, order: I64, cell_x_m: F64, cell_y_m: F64) -> F64:
    """Square metres that drain through every cell, its own included; ``z`` and ``order`` are of :func:`filled`.

    Each cell drains to its steepest neighbour (D8: O'Callaghan and Mark 1984).
    """
    rows, columns = z.shape
    area = np.full((rows, columns), np.nan, np.float64)
    for i in range(len(order)):
        r = order[i] // columns
        area[r, order[i] % columns] = cell_x_m[r] * cell_y_m[r]
    for i in range(len(order) - 1, -1, -1):
        r, c = order[i] // columns, order[i] % columns
        best, to = 0.0, -1
        for k in range(8):
            y, x = r + _DY[k], c + _DX[k]
            if y < 0 or x < 0 or y >= rows or x >= columns or math.isnan(z[y, x]):
                continue
            across, down = _DX[k] * cell_x_m[r], _DY[k] * cell_y_m[r]
            fall = (z[r, c] - z[y, x]) / math.sqrt(across * across + down * down)
            if fall > best:
                best, to = fall, k
        if to >= 0:
            area[r + _DY[to], c + _DX[to]] += area[r, c]
    return area
