"""Exact planar overlay of ragged polygons with polygons, lines and points: counts, areas, lengths.

One polygon (the *zone*) is prepared at a time: its edges are put into horizontal slabs, so that asking whether a point lies
inside, or whether a box meets the boundary, looks at a few edges only. The area of an intersection is the boundary
integral over the pieces of either boundary inside the other shape (Green's theorem). Inside is even-odd throughout, so
the orientation of rings does not matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels.jit import F64, I32, I64, boolean, f64, f64s2, i32s, i64, i64s, inner, kernel
from lydigital.kernels.slabs import (
    boundary_meets_box,
    edge_meets_box,
    edges_near,
    edges_of,
    frame_of,
    in_ring,
    into_slabs,
    is_inside,
    slab_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CUTS = 512  # cuts of one edge that are kept; a zigzag beyond that is refused (NaN), never guessed


@inner
def _cut(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> float:
    """Where along a→b the segment c→d crosses it, 0-1; -1 where it does not; -2 where they lie on one another."""
    ux = bx - ax
    uy = by - ay
    vx = dx - cx
    vy = dy - cy
    det = ux * vy - uy * vx
    wx = cx - ax
    wy = cy - ay
    if abs(det) <= 1e-12 * (abs(ux) + abs(uy)) * (abs(vx) + abs(vy)):
        if abs(wx * uy - wy * ux) > 1e-9 * (abs(ux) + abs(uy)) * (1.0 + abs(wx) + abs(wy)):
            return -1.0
        along = ux * ux + uy * uy
        if along == 0.0:
            return -1.0
        s = (wx * ux + wy * uy) / along
        t = ((dx - ax) * ux + (dy - ay) * uy) / along
        return -2.0 if max(s, t) > 0.0 and min(s, t) < 1.0 else -1.0
    t = (wx * vy - wy * vx) / det
    s = (wx * uy - wy * ux) / det
    if t < 0.0 or t > 1.0 or s < 0.0 or s > 1.0:
        return -1.0
    return t


@inner
def _cuts_of(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    edges: F64,
    offsets: I64,
    members: I64,
    low: float,
    per_y: float,
    cuts: F64,
) -> int:
    """Sorted cuts of a→b by the edges into ``cuts``, with 0 and 1 at its ends; their number, or -1 (unsolved)."""
    slabs = len(offsets) - 1
    x0 = min(ax, bx)
    x1 = max(ax, bx)
    y0 = min(ay, by)
    y1 = max(ay, by)
    cuts[0] = 0.0
    n = 1
    first = slab_of(y0, low, per_y, slabs)
    for k in range(first, slab_of(y1, low, per_y, slabs) + 1):
        for i in range(offsets[k], offsets[k + 1]):
            e = members[i]
            if k != first and k != slab_of(min(edges[e, 1], edges[e, 3]), low, per_y, slabs):
                continue  # met in an earlier slab
            if max(edges[e, 0], edges[e, 2]) < x0 or min(edges[e, 0], edges[e, 2]) > x1:
                continue
            t = _cut(ax, ay, bx, by, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3])
            if t == -2.0 or n >= len(cuts) - 1:
                return -1
            if t >= 0.0:
                j = n
                while j > 1 and cuts[j - 1] > t:
                    cuts[j] = cuts[j - 1]
                    j -= 1
                cuts[j] = t
                n += 1
    cuts[n] = 1.0
    return n + 1


@inner
def _share_inside(
    ax: float, ay: float, bx: float, by: float, edges: F64, offsets: I64, members: I64, low: float, per_y: float, cuts: F64,
) -> float:  # fmt: skip
    """How much of a→b lies inside, 0-1; -1 where it is unsolved."""
    n = _cuts_of(ax, ay, bx, by, edges, offsets, members, low, per_y, cuts)
    if n < 0:
        return -1.0
    share = 0.0
    for i in range(n - 1):
        s = cuts[i]
        t = cuts[i + 1]
        h = 0.5 * (s + t)
        if t > s and is_inside(edges, offsets, members, low, per_y, ax + h * (bx - ax), ay + h * (by - ay)):
            share += t - s
    return share


@inner
def _integral(
    own: F64,
    edges: F64,
    offsets: I64,
    members: I64,
    low: float,
    per_y: float,
    cuts: F64,
    x0: float,
    y0: float,
) -> tuple[float, bool]:
    """Twice the boundary integral about (x0, y0) over the pieces of ``own`` edges inside the other, and if there is any.

    NaN when an edge is unsolved. Along an edge the integrand is constant, so pieces count by their length.
    """
    total = 0.0
    met = False
    for e in range(len(own)):
        ax = own[e, 0]
        ay = own[e, 1]
        bx = own[e, 2]
        by = own[e, 3]
        share = _share_inside(ax, ay, bx, by, edges, offsets, members, low, per_y, cuts)
        if share < 0.0:
            return math.nan, True
        if share > 0.0:
            total += ((ax - x0) * (by - ay) - (ay - y0) * (bx - ax)) * share
            met = True
    return total, met


@kernel(
    f64s2,
    i64s,
    i64s,
    i64,  # zone
    f64s2,
    i64s,
    i64s,
    f64s2,
    i32s,  # polygons and the rows to ask
    fast=False,
)
def areas_inside(
    zone_coords: F64,
    zone_rings: I64,
    zone_geom_rings: I64,
    zone: int,
    coords: F64,
    ring_offsets: I64,
    geom_rings: I64,
    bounds: F64,
    rows: I32,
) -> F64:
    """Area of each polygon ``rows[i]`` inside polygon number ``zone`` of the zones, ``(k,)`` square map units.

    -1 where they do not meet; NaN where edges lie upon one another (or cross absurdly often): to be solved elsewhere.
    """
    out = np.full(len(rows), -1.0)
    r0 = zone_geom_rings[zone]
    r1 = zone_geom_rings[zone + 1]
    if r1 <= r0 or ring_offsets.size == 0:
        return out
    ox = zone_coords[zone_rings[r0], 0]
    oy = zone_coords[zone_rings[r0], 1]
    edges = edges_of(zone_coords, zone_rings, r0, r1, ox, oy)
    low, per_y, slabs = frame_of(edges)
    offsets, members = into_slabs(edges, low, per_y, slabs)
    cuts = np.empty(_MOST_CUTS, np.float64)
    for i in range(len(rows)):
        row = rows[i]
        x0 = bounds[row, 0] - ox
        y0 = bounds[row, 1] - oy
        x1 = bounds[row, 2] - ox
        y1 = bounds[row, 3] - oy
        if not x0 <= x1:
            continue
        g0 = geom_rings[row]
        g1 = geom_rings[row + 1]
        if not boundary_meets_box(edges, offsets, members, low, per_y, x0, y0, x1, y1):
            if is_inside(edges, offsets, members, low, per_y, x0, y0):
                own = edges_of(coords, ring_offsets, g0, g1, ox + x0, oy + y0)
                doubled = 0.0
                for e in range(len(own)):
                    doubled += own[e, 0] * own[e, 3] - own[e, 2] * own[e, 1]
                out[i] = 0.5 * doubled
            continue
        own = edges_of(coords, ring_offsets, g0, g1, ox, oy)
        own_low, own_per_y, own_slabs = frame_of(own)
        own_offsets, own_members = into_slabs(own, own_low, own_per_y, own_slabs)
        near = edges_near(edges, offsets, members, low, per_y, x0, y0, x1, y1)
        a, met = _integral(own, edges, offsets, members, low, per_y, cuts, x0, y0)
        b, met_too = _integral(near, own, own_offsets, own_members, own_low, own_per_y, cuts, x0, y0)
        if met or met_too:
            out[i] = 0.5 * (a + b)
    return out


@inner
def _any_inside(
    edges: F64, offsets: I64, members: I64, low: float, per_y: float, ox: float, oy: float, coords: F64, begin: int, end: int,
) -> bool:  # fmt: skip
    for v in range(begin, end):
        if is_inside(edges, offsets, members, low, per_y, coords[v, 0] - ox, coords[v, 1] - oy):
            return True
    return False


@inner
def _length_inside(
    edges: F64, offsets: I64, members: I64, low: float, per_y: float, ox: float, oy: float, coords: F64, ring_offsets: I64,
    first: int, last: int, whole: bool, cuts: F64,
) -> float:  # fmt: skip
    """Length inside of the lines ``first`` to ``last``, NaN where unsolved; ``whole`` when nothing is outside."""
    total = 0.0
    for r in range(first, last):
        for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
            ax = coords[v, 0] - ox
            ay = coords[v, 1] - oy
            bx = coords[v + 1, 0] - ox
            by = coords[v + 1, 1] - oy
            share = 1.0
            if not whole:
                share = _share_inside(ax, ay, bx, by, edges, offsets, members, low, per_y, cuts)
                if share < 0.0:
                    return math.nan
            if share > 0.0:
                total += math.hypot(bx - ax, by - ay) * share
    return total


@kernel(f64s2, i64s, i64s, f64s2, i64, i64, f64s2, i64s, i64s, f64s2, f64s2, i64, boolean, fast=False)
def amounts_inside(
    zone_coords: F64, zone_rings: I64, zone_geom_rings: I64, zone_bounds: F64, first: int, last: int,
    coords: F64, ring_offsets: I64, geom_rings: I64, bounds: F64, block_bounds: F64, block: int, is_line: bool,
) -> tuple[I32, I32, F64]:  # fmt: skip
    """Pairs of the zones ``first`` to ``last`` with points or lines inside: zone, row, and 1 or the length, each ``(pairs,)``.

    Ordered by zone, then row. NaN where edges lie upon one another: to be solved elsewhere. One call for many zones: a
    partition of a country has thousands, each with a handful of features.
    """
    room = 1024
    zones, rows, amounts = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float64)
    n = 0
    cuts = np.empty(_MOST_CUTS, np.float64)
    for zone in range(first, last):
        r0 = zone_geom_rings[zone]
        r1 = zone_geom_rings[zone + 1]
        if r1 <= r0:
            continue
        ox = zone_coords[zone_rings[r0], 0]
        oy = zone_coords[zone_rings[r0], 1]
        edges = edges_of(zone_coords, zone_rings, r0, r1, ox, oy)
        low, per_y, slabs = frame_of(edges)
        offsets, members = into_slabs(edges, low, per_y, slabs)
        z0, z1, z2, z3 = zone_bounds[zone, 0], zone_bounds[zone, 1], zone_bounds[zone, 2], zone_bounds[zone, 3]
        for b in range(len(block_bounds)):
            if not (
                block_bounds[b, 0] <= z2 and block_bounds[b, 2] >= z0
                and block_bounds[b, 1] <= z3 and block_bounds[b, 3] >= z1
            ):  # fmt: skip
                continue
            for row in range(b * block, min((b + 1) * block, len(bounds))):
                if not (bounds[row, 0] <= z2 and bounds[row, 2] >= z0 and bounds[row, 1] <= z3 and bounds[row, 3] >= z1):
                    continue
                g0 = geom_rings[row]
                g1 = geom_rings[row + 1]
                if is_line:
                    x0 = bounds[row, 0] - ox
                    y0 = bounds[row, 1] - oy
                    whole = not boundary_meets_box(
                        edges, offsets, members, low, per_y, x0, y0, bounds[row, 2] - ox, bounds[row, 3] - oy
                    )
                    if whole and not is_inside(edges, offsets, members, low, per_y, x0, y0):
                        continue
                    amount = _length_inside(
                        edges, offsets, members, low, per_y, ox, oy, coords, ring_offsets, g0, g1, whole, cuts
                    )
                    if amount == 0.0:
                        continue
                elif _any_inside(
                    edges, offsets, members, low, per_y, ox, oy, coords, ring_offsets[g0], ring_offsets[g1]
                ):
                    amount = 1.0
                else:
                    continue
                if n == room:
                    room *= 2
                    zones, rows = np.concatenate((zones, zones)), np.concatenate((rows, rows))
                    amounts = np.concatenate((amounts, amounts))
                zones[n], rows[n], amounts[n] = zone, row, amount
                n += 1
    return zones[:n].copy(), rows[:n].copy(), amounts[:n].copy()


@kernel(f64s2, i64s, i64s, i32s, f64, f64, f64, f64, boolean, fast=False)
def meet_box(
    coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32, x0: float, y0: float, x1: float, y1: float, area: bool,
) -> NDArray[np.bool_]:  # fmt: skip
    """Whether each of ``rows`` meets the closed rectangle, ``(k,) bool``; ``area`` for polygons (even-odd)."""
    out = np.zeros(len(rows), np.bool_)
    edge = np.empty((1, 4), np.float64)
    for i in range(len(rows)):
        inside = False
        for r in range(geom_rings[rows[i]], geom_rings[rows[i] + 1]):
            begin = ring_offsets[r]
            end = ring_offsets[r + 1]
            if area and in_ring(coords, begin, end, x0, y0):
                inside = not inside
            for v in range(begin, max(end - 1, begin + 1)):
                w = min(v + 1, end - 1)
                edge[0, 0] = coords[v, 0]
                edge[0, 1] = coords[v, 1]
                edge[0, 2] = coords[w, 0]
                edge[0, 3] = coords[w, 1]
                if edge_meets_box(edge, 0, x0, y0, x1, y1):
                    out[i] = True
                    break
            if out[i]:
                break
        if inside:
            out[i] = True
    return out
