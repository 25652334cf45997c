"""How much every vertex matters: one geometry, every level of detail.

The importance of a vertex is the Douglas-Peucker distance at which it appears (Douglas and Peucker 1973), never larger
than that of the vertex that split the line before it: leaving out everything below a tolerance gives the same line as
simplifying with that tolerance.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F32, F64, I64, boolean, f64s2, i64s, inner, kernel


@inner
def _farthest(coords: F64, a: int, b: int) -> tuple[int, float]:
    """Vertex strictly between ``a`` and ``b`` farthest from the segment, and its distance."""
    x0, y0 = coords[a, 0], coords[a, 1]
    dx, dy = coords[b, 0] - x0, coords[b, 1] - y0
    square = dx * dx + dy * dy
    inverse = 1.0 / square if square > 0.0 else 0.0
    best, distance = a + 1, -1.0
    for v in range(a + 1, b):
        x, y = coords[v, 0] - x0, coords[v, 1] - y0
        t = min(max((x * dx + y * dy) * inverse, 0.0), 1.0)
        ex, ey = x - t * dx, y - t * dy
        d = ex * ex + ey * ey
        if d > distance:
            best, distance = v, d
    return best, math.sqrt(max(distance, 0.0))


@kernel(f64s2, i64s, boolean, fast=False)
def importance(coords: F64, ring_offsets: I64, closed: bool) -> F32:
    """Importance ``(n,) float32`` in map units of every vertex.

    Ends are infinite. So are two more vertices of a ``closed`` ring: the one farthest from its start, and the one
    farthest from the line between those two, so that every simplified ring keeps an area.
    """
    n = len(coords)
    out = np.empty(n, np.float32)
    out[:] = np.inf
    longest = 0
    for ring in range(len(ring_offsets) - 1):
        longest = max(longest, ring_offsets[ring + 1] - ring_offsets[ring])
    first = np.empty(longest + 2, np.int64)
    last = np.empty(longest + 2, np.int64)
    limit = np.empty(longest + 2, np.float64)
    for ring in range(len(ring_offsets) - 1):
        begin, end = ring_offsets[ring], ring_offsets[ring + 1] - 1
        if end - begin < (4 if closed else 2):
            continue
        depth = 0
        if closed:
            far, _ = _farthest(coords, begin, end)
            third, d = (begin, -1.0) if far == begin + 1 else _farthest(coords, begin, far)
            other, e = (begin, -1.0) if far == end - 1 else _farthest(coords, far, end)
            if e > d:
                third = other
            low, high = min(far, third), max(far, third)
            first[0], last[0], limit[0] = begin, low, np.inf
            first[1], last[1], limit[1] = low, high, np.inf
            first[2], last[2], limit[2] = high, end, np.inf
            depth = 3
        else:
            first[0], last[0], limit[0] = begin, end, np.inf
            depth = 1
        while depth > 0:
            depth -= 1
            a, b, top = first[depth], last[depth], limit[depth]
            if b - a < 2:
                continue
            v, d = _farthest(coords, a, b)
            d = min(d, top)
            out[v] = d
            first[depth], last[depth], limit[depth] = a, v, d
            first[depth + 1], last[depth + 1], limit[depth + 1] = v, b, d
            depth += 2
    return out
