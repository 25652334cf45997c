"""Dots at places that never change, and near points gathered: what depends on the data only, not on the view."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import F64, I64, f64, f64s2, i64, i64s, inner, kernel, read

_TRIES = 500


@inner
def _mix(z: int) -> int:
    """One step of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = np.uint64(z) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inner
def _unit(z: int) -> float:
    return float(np.uint64(z) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inner
def _inside(coords: F64, ring_offsets: I64, first: int, last: int, x: float, y: float) -> bool:
    odd = False
    for ring in range(first, last):
        for v in range(ring_offsets[ring], ring_offsets[ring + 1] - 1):
            ay, by = coords[v, 1], coords[v + 1, 1]
            if (ay > y) != (by > y):
                ax = coords[v, 0]
                if x < ax + (y - ay) / (by - ay) * (coords[v + 1, 0] - ax):
                    odd = not odd
    return odd


@kernel(f64s2, i64s, i64s, f64s2, i64s, read(types.int64, 2), f64s2, fast=False)
def scatter(
    coords: F64, ring_offsets: I64, geom_rings: I64, bounds: F64, fids: I64, numbers: I64, spare: F64,
) -> tuple[F64, I64, I64]:
    """``numbers[i, s]`` dots in polygon ``i`` for each share ``s``, evenly at random.

    The place of a dot depends on the polygon, its fid, the share and the dot's own number: with more dots the first
    ones stay. A polygon that is hit in none of many tries gets its dot at ``spare[i]``.

    Returns
    -------
    Places ``(n, 2)``, share and polygon of each dot.
    """
    total = np.int64(0)
    for i in range(numbers.shape[0]):
        for s in range(numbers.shape[1]):
            total += numbers[i, s]
    xy = np.empty((total, 2), np.float64)
    share = np.empty(total, np.int64)
    source = np.empty(total, np.int64)
    at = 0
    for i in range(numbers.shape[0]):
        x0, y0 = bounds[i, 0], bounds[i, 1]
        wide, tall = bounds[i, 2] - x0, bounds[i, 3] - y0
        for s in range(numbers.shape[1]):
            seed = _mix(_mix(np.uint64(fids[i])) ^ np.uint64(s))
            for k in range(numbers[i, s]):
                z = _mix(seed ^ _mix(np.uint64(k)))
                x, y = spare[i, 0], spare[i, 1]
                for _ in range(_TRIES):
                    z = _mix(z)
                    px = x0 + wide * _unit(z)
                    z = _mix(z)
                    py = y0 + tall * _unit(z)
                    if _inside(coords, ring_offsets, geom_rings[i], geom_rings[i + 1], px, py):
                        x, y = px, py
                        break
                xy[at, 0], xy[at, 1] = x, y
                share[at], source[at] = s, i
                at += 1
    return xy, share, source


@inner
def _find(keys: I64, wanted: int) -> int:
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == wanted else -1


@kernel(i64s, f64s2, i64s, i64, f64, fast=False)
def merge(keys: I64, means: F64, order: I64, columns: int, radius: float) -> I64:
    """Which cell takes up each cell ``(c,)``: itself, or a fuller neighbour whose middle is nearer than ``radius``.

    ``keys`` are rising cell numbers (row * ``columns`` + column), ``means`` the middles of their points, ``order`` the
    cells from the fullest.
    """
    into = np.full(len(keys), -1, np.int64)
    for o in range(len(order)):
        c = order[o]
        if into[c] >= 0:
            continue
        into[c] = c
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                n = _find(keys, keys[c] + dy * columns + dx)
                if n >= 0 and into[n] < 0:
                    x, y = means[n, 0] - means[c, 0], means[n, 1] - means[c, 1]
                    if x * x + y * y < radius * radius:
                        into[n] = c
    return into
