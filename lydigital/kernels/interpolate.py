"""Values of scattered places on a grid."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import F32, F64, f64, f64s, f64s2, i64, kernel, write

f32_out = write(types.float32, 2)
SPHERICAL, EXPONENTIAL = 0, 1
_CLOSE = 1e-6  # m²: at a place itself its own value outweighs all others


@kernel(f64s2, f64s, f64, f64, f64, f64, f64, f64, f32_out, i64, i64, fast=False)
def idw(
    xy: F64, values: F64, x0: float, y0: float, cell_x: float, cell_y: float, power: float, radius: float,
    out: F32, row0: int, row1: int,
) -> None:
    """Inverse distance weighting into rows ``row0`` to ``row1`` of ``out``; NaN beyond ``radius`` of every place.

    Centres of cells begin at ``x0``, ``y0`` and go east and south. Shepard (1968), all places taken.
    """
    columns = out.shape[1]
    square, half, reach = power == 2.0, 0.5 * power, radius * radius
    total, weights, nearest = np.empty(columns), np.empty(columns), np.empty(columns)
    for r in range(row0, row1):
        y = y0 - r * cell_y
        total[:], weights[:], nearest[:] = 0.0, 0.0, np.inf
        for i in range(len(values)):  # places outside, columns inside: many columns at once
            dy, px, value = (xy[i, 1] - y) * (xy[i, 1] - y) + _CLOSE, xy[i, 0] - x0, values[i]
            if square:
                for c in range(columns):
                    dx = px - c * cell_x
                    d = dx * dx + dy
                    w = 1.0 / d
                    total[c] += w * value
                    weights[c] += w
                    nearest[c] = min(nearest[c], d)
            else:
                for c in range(columns):
                    dx = px - c * cell_x
                    d = dx * dx + dy
                    w = d ** (-half)
                    total[c] += w * value
                    weights[c] += w
                    nearest[c] = min(nearest[c], d)
        for c in range(columns):
            out[r, c] = np.nan if nearest[c] > reach else total[c] / weights[c]


@kernel(f64s2, f64s, f64, i64, f64, f64, f64, f64, f64, f64, f64, f32_out, i64, i64, fast=False)
def krige(
    xy: F64, weights: F64, mean: float, model: int, sill: float, reach: float, x0: float, y0: float, cell_x: float,
    cell_y: float, radius: float, out: F32, row0: int, row1: int,
) -> None:
    """Ordinary kriging in its dual form: ``mean + Σ weights · covariance``; NaN beyond ``radius`` of every place.

    ``sill`` is the part of the variance that depends on distance (without nugget), ``reach`` the range of the model:
    of the exponential one a third of the distance where it is nearly flat.
    """
    n = len(weights)
    limit = radius * radius
    for r in range(row0, row1):
        y = y0 - r * cell_y
        for c in range(out.shape[1]):
            x = x0 + c * cell_x
            total, nearest = mean, math.inf
            for i in range(n):
                dx, dy = xy[i, 0] - x, xy[i, 1] - y
                square = dx * dx + dy * dy
                nearest = min(nearest, square)
                h = math.sqrt(square) / reach
                if model == EXPONENTIAL:
                    total += weights[i] * sill * math.exp(-h)
                elif h < 1.0:
                    total += weights[i] * sill * (1.0 - 1.5 * h + 0.5 * h * h * h)
            out[r, c] = np.nan if nearest > limit else total


@kernel(f64s2, f64s2, f64s, f64s, fast=False)
def sample(values: F64, xy: F64, origin: F64, cell: F64) -> F64:
    """Bilinear values of a grid at places ``(n, 2)``, NaN outside and where no neighbour has a value.

    Neighbours without a value are left out, the others weigh more.
    """
    rows, columns = values.shape
    out = np.full(len(xy), np.nan)
    for i in range(len(xy)):
        u, v = (xy[i, 0] - origin[0]) / cell[0], (origin[1] - xy[i, 1]) / cell[1]
        if not (u >= 0.0 and v >= 0.0 and u <= columns and v <= rows):
            continue
        u, v = u - 0.5, v - 0.5
        c, r = math.floor(u), math.floor(v)
        total, weights = 0.0, 0.0
        for k in range(4):
            y, x = r + k // 2, c + k % 2
            w = (v - r if k // 2 else 1.0 - (v - r)) * (u - c if k % 2 else 1.0 - (u - c))
            y, x = min(max(y, 0), rows - 1), min(max(x, 0), columns - 1)
            if w > 0.0 and not math.isnan(values[y, x]):
                total += w * values[y, x]
                weights += w
        if weights > 0.0:
            out[i] = total / weights
    return out
