"""What lies nearest to a place: vertices, middles, feet of perpendiculars, crossings, extensions of segments.

A cursor is compared with the few features around it, every one of their segments. Ids are row of the table, part of the
feature, ring of the part, and vertex of the ring (of a segment: its first vertex). Layout:
:mod:`lydigital.model.geometry`.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F64, I32, I64, boolean, f64, f64s2, i32s, i64, i64s, kernel, leaf

VERTEX, END, MIDPOINT, CENTRE, PERPENDICULAR, SEGMENT = range(6)
FOUND = 6  # kinds of place that :func:`nearest` looks for


@leaf
def _note(found: F64, ids: I64, kind: int, x: float, y: float, px: float, py: float, row: int, part: int, ring: int, v: int) -> None:
    """Keep the place px, py if it is nearer to x, y than the one of its kind; distances are squares."""
    square = (px - x) * (px - x) + (py - y) * (py - y)
    if square < found[kind, 0]:
        found[kind, 0] = square
        found[kind, 1] = px
        found[kind, 2] = py
        ids[kind, 0] = row
        ids[kind, 1] = part
        ids[kind, 2] = ring
        ids[kind, 3] = v


@leaf
def _along(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Where the foot of x, y lies on the line from a to b: 0 at a, 1 at b; 0 where they are one place."""
    dx = bx - ax
    dy = by - ay
    length = dx * dx + dy * dy
    return ((x - ax) * dx + (y - ay) * dy) / length if length > 0.0 else 0.0


@leaf
def _apart(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Distance from x, y to the segment from a to b."""
    t = min(1.0, max(0.0, _along(x, y, ax, ay, bx, by)))
    return math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y)


@kernel(f64s2, i64s, i64s, i64s, i32s, i64, boolean, f64, f64, f64, f64, fast=False)
def nearest(
    coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, rows: I32, kind: int, centres: bool,
    x: float, y: float, from_x: float, from_y: float,
) -> tuple[F64, I64]:
    """The nearest place of each kind around x, y among ``rows``.

    Parameters
    ----------
    kind
        1 points, 2 lines, 3 polygons: ends are those of lines, centres are centroids of the parts of polygons.
    centres
        Whether centroids are wanted: they cost a look at every vertex.
    from_x, from_y
        Where perpendiculars come from; NaN for none.

    Returns
    -------
    tuple
        Distance, x, y ``(FOUND, 3) float64`` in map units, inf where there is none; ids ``(FOUND, 4) int64``.
    """
    found = np.full((FOUND, 3), np.inf)
    ids = np.full((FOUND, 4), -1, np.int64)
    for k in range(len(rows)):
        row = rows[k]
        for p in range(geom_offsets[row], geom_offsets[row + 1]):
            part = p - geom_offsets[row]
            area = cx = cy = 0.0
            for r in range(part_offsets[p], part_offsets[p + 1]):
                ring = r - part_offsets[p]
                first = ring_offsets[r]
                end = ring_offsets[r + 1]
                if end <= first:
                    continue
                ring_area = ring_x = ring_y = 0.0
                ox = coords[first, 0]
                oy = coords[first, 1]
                count = end - first - 1 if kind == 3 else end - first  # the last vertex of a ring is its first
                for v in range(first, first + count):
                    px = coords[v, 0]
                    py = coords[v, 1]
                    _note(found, ids, VERTEX, x, y, px, py, row, part, ring, v - first)
                    if kind == 2 and (v == first or v == end - 1):
                        _note(found, ids, END, x, y, px, py, row, part, ring, v - first)
                if kind == 1:
                    continue
                for v in range(first, end - 1):
                    ax = coords[v, 0]
                    ay = coords[v, 1]
                    bx = coords[v + 1, 0]
                    by = coords[v + 1, 1]
                    if ax == bx and ay == by:
                        continue
                    if centres and kind == 3:
                        cross = (ax - ox) * (by - oy) - (bx - ox) * (ay - oy)
                        ring_area += cross
                        ring_x += (ax + bx - 2.0 * ox) * cross
                        ring_y += (ay + by - 2.0 * oy) * cross
                    mx = (ax + bx) / 2.0
                    my = (ay + by) / 2.0
                    _note(found, ids, MIDPOINT, x, y, mx, my, row, part, ring, v - first)
                    t = min(1.0, max(0.0, _along(x, y, ax, ay, bx, by)))
                    sx = ax + t * (bx - ax)
                    sy = ay + t * (by - ay)
                    _note(found, ids, SEGMENT, x, y, sx, sy, row, part, ring, v - first)
                    if not math.isnan(from_x):
                        t = _along(from_x, from_y, ax, ay, bx, by)
                        if 0.0 <= t <= 1.0:
                            fx = ax + t * (bx - ax)
                            fy = ay + t * (by - ay)
                            _note(found, ids, PERPENDICULAR, x, y, fx, fy, row, part, ring,
                                  v - first)  # fmt: skip
                if centres and ring_area != 0.0:
                    sign = 1.0 if (ring_area > 0.0) == (ring == 0) else -1.0  # holes count against their exterior
                    area += sign * ring_area
                    cx += sign * (ring_x / 3.0 + ox * ring_area)
                    cy += sign * (ring_y / 3.0 + oy * ring_area)
            if area > 0.0:
                _note(found, ids, CENTRE, x, y, cx / area, cy / area, row, part, 0,
                      0)  # fmt: skip
    for k in range(FOUND):
        found[k, 0] = math.sqrt(found[k, 0])
    return found, ids


@kernel(f64s2, i64s, i64s, i64s, i32s, f64, f64, f64, i64, fast=False)
def segments_near(
    coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, rows: I32, x: float, y: float, radius: float,
    most: int,
) -> tuple[F64, I64]:
    """Segments of ``rows`` within ``radius`` of x, y: ax, ay, bx, by ``(k, 4)`` and ids ``(k, 4)``; at most ``most``."""
    shape = np.empty((most, 4), np.float64)
    ids = np.empty((most, 4), np.int64)
    count = 0
    for k in range(len(rows)):
        row = rows[k]
        for p in range(geom_offsets[row], geom_offsets[row + 1]):
            for r in range(part_offsets[p], part_offsets[p + 1]):
                for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
                    ax = coords[v, 0]
                    ay = coords[v, 1]
                    bx = coords[v + 1, 0]
                    by = coords[v + 1, 1]
                    if min(ax, bx) > x + radius or max(ax, bx) < x - radius:
                        continue
                    if count < most and _apart(x, y, ax, ay, bx, by) <= radius:
                        shape[count, 0] = ax
                        shape[count, 1] = ay
                        shape[count, 2] = bx
                        shape[count, 3] = by
                        ids[count, 0] = row
                        ids[count, 1] = p - geom_offsets[row]
                        ids[count, 2] = r - part_offsets[p]
                        ids[count, 3] = v - ring_offsets[r]
                        count += 1
    return shape[:count].copy(), ids[:count].copy()


@kernel(f64s2, f64, f64, fast=False)
def crossing(segments: F64, x: float, y: float) -> F64:
    """The crossing of two of ``segments`` ``(k, 4)`` nearest to x, y: distance, x, y and the numbers of the two.

    Segments that only share an end do not cross: their vertex is found as a vertex. inf where nothing crosses.
    """
    best = np.empty(5, np.float64)
    best[:] = np.inf
    for i in range(len(segments)):
        ax = segments[i, 0]
        ay = segments[i, 1]
        ux = segments[i, 2] - ax
        uy = segments[i, 3] - ay
        for j in range(i):
            cx = segments[j, 0] - ax
            cy = segments[j, 1] - ay
            vx = segments[j, 2] - segments[j, 0]
            vy = segments[j, 3] - segments[j, 1]
            turn = ux * vy - uy * vx
            if turn == 0.0:
                continue
            s = (cx * vy - cy * vx) / turn
            t = (cx * uy - cy * ux) / turn
            if not (0.0 <= s <= 1.0 and 0.0 <= t <= 1.0) or (s * (1.0 - s) == 0.0 and t * (1.0 - t) == 0.0):
                continue
            px = ax + s * ux
            py = ay + s * uy
            distance = math.hypot(px - x, py - y)
            if distance < best[0]:
                best[0] = distance
                best[1] = px
                best[2] = py
                best[3] = i
                best[4] = j
    return best


@kernel(f64s2, i64s, i64s, i64s, i32s, i64, f64, f64, f64, fast=False)
def extension(
    coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, rows: I32, kind: int, x: float, y: float,
    reach: float,
) -> tuple[F64, I64]:
    """Where a segment made longer beyond an end within ``reach`` of x, y passes nearest to it.

    Lines are made longer at their ends, polygons along every side. Returns distance, x, y ``(3,)`` and ids ``(4,)``.
    """
    found = np.full((1, 3), np.inf)
    ids = np.full((1, 4), -1, np.int64)
    for k in range(len(rows)):
        row = rows[k]
        for p in range(geom_offsets[row], geom_offsets[row + 1]):
            for r in range(part_offsets[p], part_offsets[p + 1]):
                first = ring_offsets[r]
                last = ring_offsets[r + 1] - 2
                for v in range(first, last + 1):
                    for side in range(2):
                        if kind == 2 and not ((v == first and side == 0) or (v == last and side == 1)):
                            continue
                        tip = v + side
                        base = v + 1 - side
                        tx = coords[tip, 0]
                        ty = coords[tip, 1]
                        if math.hypot(tx - x, ty - y) > reach:
                            continue
                        t = _along(x, y, coords[base, 0], coords[base, 1], tx, ty)
                        if t > 1.0:
                            ex = coords[base, 0] + t * (tx - coords[base, 0])
                            ey = coords[base, 1] + t * (ty - coords[base, 1])
                            _note(found, ids, 0, x, y, ex, ey, row, p - geom_offsets[row],
                                  r - part_offsets[p], v - first)  # fmt: skip
    found[0, 0] = math.sqrt(found[0, 0])
    return found[0].copy(), ids[0].copy()
