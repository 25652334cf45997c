"""Edges of a polygon in horizontal slabs: asking what lies at a place looks at a few edges only."""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import F64, I64, inner


@inner
def slab_of(y: float, low: float, per_y: float, slabs: int) -> int:
    return min(slabs - 1, max(0, int((y - low) * per_y)))


@inner
def edges_of(coords: F64, ring_offsets: I64, first_ring: int, last_ring: int, x0: float, y0: float) -> F64:
    """Edges ``(m, 4)`` relative to (x0, y0), each with the inside on its left for valid polygons.

    Exterior rings become counter-clockwise and holes clockwise: a ring is a hole when its first vertex lies inside an odd
    number of the polygon's other rings.
    """
    count = 0
    for r in range(first_ring, last_ring):
        count += max(0, ring_offsets[r + 1] - ring_offsets[r] - 1)
    edges = np.empty((count, 4), np.float64)
    m = 0
    for r in range(first_ring, last_ring):
        begin = m
        doubled = 0.0
        for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
            ax = coords[v, 0] - x0
            ay = coords[v, 1] - y0
            bx = coords[v + 1, 0] - x0
            by = coords[v + 1, 1] - y0
            edges[m, 0] = ax
            edges[m, 1] = ay
            edges[m, 2] = bx
            edges[m, 3] = by
            doubled += ax * by - bx * ay
            m += 1
        if m == begin:
            continue
        depth = 0
        if last_ring - first_ring > 1:
            px = 0.5 * (edges[begin, 0] + edges[begin, 2])
            py = 0.5 * (edges[begin, 1] + edges[begin, 3])
            for s in range(first_ring, last_ring):
                if s != r and in_ring(coords, ring_offsets[s], ring_offsets[s + 1], px + x0, py + y0):
                    depth += 1
        if (doubled < 0.0) != (depth % 2 == 1):
            for e in range(begin, m):
                ax = edges[e, 0]
                ay = edges[e, 1]
                edges[e, 0] = edges[e, 2]
                edges[e, 1] = edges[e, 3]
                edges[e, 2] = ax
                edges[e, 3] = ay
    return edges


@inner
def in_ring(coords: F64, begin: int, end: int, x: float, y: float) -> bool:
    inside = False
    for v in range(begin, end - 1):
        ya = coords[v, 1]
        yb = coords[v + 1, 1]
        if (ya > y) != (yb > y) and x < coords[v, 0] + (y - ya) * (coords[v + 1, 0] - coords[v, 0]) / (
            yb - ya
        ):
            inside = not inside
    return inside


@inner
def into_slabs(edges: F64, low: float, per_y: float, slabs: int) -> tuple[I64, I64]:
    """Which edges stand in which slab: offsets ``(slabs + 1,)`` and members."""
    offsets = np.zeros(slabs + 1, np.int64)
    for e in range(len(edges)):
        for k in range(
            slab_of(min(edges[e, 1], edges[e, 3]), low, per_y, slabs),
            slab_of(max(edges[e, 1], edges[e, 3]), low, per_y, slabs) + 1,
        ):
            offsets[k + 1] += 1
    for k in range(slabs):
        offsets[k + 1] += offsets[k]
    members = np.empty(offsets[slabs], np.int64)
    place = offsets[:slabs].copy()
    for e in range(len(edges)):
        for k in range(
            slab_of(min(edges[e, 1], edges[e, 3]), low, per_y, slabs),
            slab_of(max(edges[e, 1], edges[e, 3]), low, per_y, slabs) + 1,
        ):
            members[place[k]] = e
            place[k] += 1
    return offsets, members


@inner
def is_inside(edges: F64, offsets: I64, members: I64, low: float, per_y: float, x: float, y: float) -> bool:
    slabs = len(offsets) - 1
    k = slab_of(y, low, per_y, slabs)
    inside = False
    for i in range(offsets[k], offsets[k + 1]):
        e = members[i]
        ya = edges[e, 1]
        yb = edges[e, 3]
        if (ya > y) != (yb > y) and x < edges[e, 0] + (y - ya) * (edges[e, 2] - edges[e, 0]) / (yb - ya):
            inside = not inside
    return inside


@inner
def edge_meets_box(edges: F64, e: int, x0: float, y0: float, x1: float, y1: float) -> bool:
    ax = edges[e, 0]
    ay = edges[e, 1]
    bx = edges[e, 2]
    by = edges[e, 3]
    if max(ax, bx) < x0 or min(ax, bx) > x1 or max(ay, by) < y0 or min(ay, by) > y1:
        return False
    dx = bx - ax
    dy = by - ay
    c = dx * ay - dy * ax
    s0 = dy * x0 - dx * y0 + c
    s1 = dy * x1 - dx * y0 + c
    s2 = dy * x0 - dx * y1 + c
    s3 = dy * x1 - dx * y1 + c
    return not ((s0 > 0 and s1 > 0 and s2 > 0 and s3 > 0) or (s0 < 0 and s1 < 0 and s2 < 0 and s3 < 0))


@inner
def boundary_meets_box(
    edges: F64,
    offsets: I64,
    members: I64,
    low: float,
    per_y: float,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
) -> bool:
    slabs = len(offsets) - 1
    for k in range(slab_of(y0, low, per_y, slabs), slab_of(y1, low, per_y, slabs) + 1):
        for i in range(offsets[k], offsets[k + 1]):
            if edge_meets_box(edges, members[i], x0, y0, x1, y1):
                return True
    return False


@inner
def frame_of(edges: F64) -> tuple[float, float, int]:
    low = np.inf
    high = -np.inf
    for e in range(len(edges)):
        low = min(low, edges[e, 1], edges[e, 3])
        high = max(high, edges[e, 1], edges[e, 3])
    slabs = max(1, min(4096, len(edges)))
    return low, (slabs / (high - low) if high > low else 0.0), slabs


@inner
def edges_near(
    edges: F64,
    offsets: I64,
    members: I64,
    low: float,
    per_y: float,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
) -> F64:
    """Edges whose own boxes meet the box, each once."""
    slabs = len(offsets) - 1
    first = slab_of(y0, low, per_y, slabs)
    last = slab_of(y1, low, per_y, slabs)
    most = 0
    for k in range(first, last + 1):
        most += offsets[k + 1] - offsets[k]
    out = np.empty((most, 4), np.float64)
    n = 0
    for k in range(first, last + 1):
        for i in range(offsets[k], offsets[k + 1]):
            e = members[i]
            if k != first and k != slab_of(min(edges[e, 1], edges[e, 3]), low, per_y, slabs):
                continue
            if (
                max(edges[e, 0], edges[e, 2]) < x0
                or min(edges[e, 0], edges[e, 2]) > x1
                or max(edges[e, 1], edges[e, 3]) < y0
                or min(edges[e, 1], edges[e, 3]) > y1
            ):
                continue
            for j in range(4):
                out[n, j] = edges[e, j]
            n += 1
    return out[:n].copy()
