"""Faults of polygon rings that every reader wants named: borders that cross themselves, areas of zero.

A ring that only turns one way and once around cannot cross itself, which settles most buildings in one pass. Others are
swept: edges in the order of their left ends, each compared with those that still lie beside it (Shamos and Hoey 1976,
without the tree: in real borders few edges overlap in x). Edges are compared within a budget, so that no ring can hold up
reading; beyond it a ring counts as sound.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import F64, I64, U16, f64s2, i64, i64s, inner, kernel, write

CROSSING = 512
FLAT = 1024
_BUDGET = 200  # comparisons an edge


@inner
def _turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Twice the area of a triangle, 0 where rounding hides its sign."""
    left = (bx - ax) * (cy - ay)
    right = (by - ay) * (cx - ax)
    d = left - right
    return d if abs(d) > 4e-16 * (abs(left) + abs(right)) else 0.0


@inner
def _cross(coords: F64, a: int, b: int) -> bool:
    """Whether edges ``a`` and ``b`` (of vertices ``a, a + 1``) cross at inner points of both."""
    ax, ay, bx, by = coords[a, 0], coords[a, 1], coords[a + 1, 0], coords[a + 1, 1]
    cx, cy, dx, dy = coords[b, 0], coords[b, 1], coords[b + 1, 0], coords[b + 1, 1]
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    return (
        _turn(ax, ay, bx, by, cx, cy) * _turn(ax, ay, bx, by, dx, dy) < 0.0
        and _turn(cx, cy, dx, dy, ax, ay) * _turn(cx, cy, dx, dy, bx, by) < 0.0
    )


@inner
def _is_convex(coords: F64, begin: int, end: int) -> bool:
    """Whether a closed ring turns one way only and once around: its direction changes sides of both axes twice."""
    turned = 0
    flips_x = 0
    flips_y = 0
    last_x = last_y = 0.0
    px = coords[end - 1, 0] - coords[end - 2, 0]
    py = coords[end - 1, 1] - coords[end - 2, 1]
    for v in range(begin, end - 1):
        x = coords[v + 1, 0] - coords[v, 0]
        y = coords[v + 1, 1] - coords[v, 1]
        cross = px * y - py * x
        if cross != 0.0:
            side = 1 if cross > 0.0 else -1
            if turned == -side:
                return False
            turned = side
        if x != 0.0:
            if last_x * x < 0.0:
                flips_x += 1
            last_x = 1.0 if x > 0.0 else -1.0
        if y != 0.0:
            if last_y * y < 0.0:
                flips_y += 1
            last_y = 1.0 if y > 0.0 else -1.0
        px, py = x, y
    return turned != 0 and flips_x <= 2 and flips_y <= 2


@inner
def _crosses(coords: F64, begin: int, end: int) -> bool:
    """Whether a closed ring crosses itself."""
    n = end - begin - 1
    if n < 4 or _is_convex(coords, begin, end):
        return False
    if n <= 12:
        for i in range(n - 2):
            for j in range(i + 2, n):
                if _cross(coords, begin + i, begin + j):
                    return True
        return False
    left = np.empty(n, np.float64)
    for i in range(n):
        left[i] = min(coords[begin + i, 0], coords[begin + i + 1, 0])
    order = np.argsort(left)
    beside = np.empty(n, np.int64)
    count = 0
    spent = 0
    for k in range(n):
        i = begin + order[k]
        x = left[order[k]]
        kept = 0
        for m in range(count):
            j = beside[m]
            if max(coords[j, 0], coords[j + 1, 0]) < x:
                continue
            beside[kept] = j
            kept += 1
            if _cross(coords, i, j):
                return True
        spent += count + 1
        if spent > _BUDGET * n:
            return False
        beside[kept] = i
        count = kept + 1
    return False


@inner
def _is_flat(coords: F64, begin: int, end: int) -> bool:
    """Whether all vertices of a ring lie on one line, but for rounding."""
    x0, y0 = coords[begin, 0], coords[begin, 1]
    area = 0.0
    size = 0.0
    for v in range(begin + 1, end - 1):
        ax, ay = coords[v, 0] - x0, coords[v, 1] - y0
        bx, by = coords[v + 1, 0] - x0, coords[v + 1, 1] - y0
        area += abs(ax * by - bx * ay)
        size += abs(ax * by) + abs(bx * ay)
    return area <= 1e-12 * size


@kernel(f64s2, i64s, i64s, i64, i64, write(types.uint16), fast=False)
def faults(coords: F64, ring_offsets: I64, geom_rings: I64, first: int, last: int, flags: U16) -> None:
    """Add ``CROSSING`` and ``FLAT`` to the ``flags (n,)`` of polygons ``first`` to ``last``."""
    for i in range(first, last):
        flat = geom_rings[i + 1] > geom_rings[i]
        for r in range(geom_rings[i], geom_rings[i + 1]):
            begin, end = ring_offsets[r], ring_offsets[r + 1]
            if _is_flat(coords, begin, end):
                continue
            flat = False
            if _crosses(coords, begin, end):
                flags[i] |= CROSSING
                break
        if flat:
            flags[i] |= FLAT
