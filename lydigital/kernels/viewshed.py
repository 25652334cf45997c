"""What an antenna sees of a terrain grid, over a round earth."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F32, U8, f32s2, f64, i64, inner, kernel

HIDDEN, UNKNOWN, SEEN = 0, 1, 2
_TOUCH_M = 1e-6  # a ray that grazes the ground passes


@inner
def _between(values: F32, row: float, column: float) -> float:
    """Height where a ray crosses a row or a column: between two cells, NaN where one that counts has none."""
    r, c = math.floor(row), math.floor(column)
    u, v = row - r, column - c
    if u > 0.0:
        return float(values[r, c]) * (1.0 - u) + float(values[r + 1, c]) * u
    if v > 0.0:
        return float(values[r, c]) * (1.0 - v) + float(values[r, c + 1]) * v
    return float(values[r, c])


@kernel(f32s2, i64, i64, i64, i64, i64, i64, f64, f64, f64, f64, f64, f64, fast=False)
def visible(
    values: F32, row: int, column: int, row0: int, row1: int, column0: int, column1: int, eye_m: float,
    receiver_m: float, reach_m: float, cell_x_m: float, cell_y_m: float, bend: float,
) -> U8:
    """What of the cells ``row0`` to ``row1``, ``column0`` to ``column1`` an eye above the cell ``row``, ``column`` sees.

    ``SEEN``, ``HIDDEN`` or beyond ``reach_m``, or ``UNKNOWN`` where there is no height, or none on a way that is free
    otherwise; ``(row1 - row0, column1 - column0) uint8``. Every cell has a ray of its own, whose ground is interpolated where
    it crosses rows or columns (R3: Franklin and Ray 1994). ``eye_m`` is above sea level, ``receiver_m`` above the ground.
    Ground at a distance d lies ``bend`` · d² lower than on a flat earth.
    """
    out = np.zeros((row1 - row0, column1 - column0), np.uint8)
    for r in range(row0, row1):
        for c in range(column0, column1):
            dr, dc = r - row, c - column
            across, down = dc * cell_x_m, dr * cell_y_m
            square = across * across + down * down
            if square > reach_m * reach_m:
                continue
            ground = float(values[r, c])
            if math.isnan(ground):
                out[r - row0, c - column0] = UNKNOWN
                continue
            steps = max(abs(dr), abs(dc))
            rise = ground + receiver_m - bend * square - eye_m
            state = SEEN
            for k in range(1, steps):
                t = k / steps
                height = _between(values, row + dr * k / steps, column + dc * k / steps)
                if math.isnan(height):
                    state = UNKNOWN
                elif height - bend * square * t * t > eye_m + t * rise + _TOUCH_M:
                    state = HIDDEN
                    break
            out[r - row0, c - column0] = state
    return out
