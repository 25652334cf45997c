"""Where a horizontal text finds most room: in the largest part of a polygon, or in what a window shows of it."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F64, I64, f64, f64s2, i64s, inner, kernel

_PULL = 0.1  # towards the centroid, where a place is as roomy as another

@inner
def _clearance(coords: F64, ends: I64, r0: int, r1: int, x: float, y: float, squeeze: float) -> float:
    """Distance to the rings with x divided by ``squeeze``; negative outside (even-odd)."""
    best = np.inf
    inside = False
    for r in range(r0, r1):
        for v in range(ends[r], ends[r + 1] - 1):
            ax = (coords[v, 0] - x) / squeeze
            ay = coords[v, 1] - y
            bx = (coords[v + 1, 0] - x) / squeeze
            by = coords[v + 1, 1] - y
            if (ay > 0) != (by > 0) and ax - ay * (bx - ax) / (by - ay) > 0:
                inside = not inside
            dx = bx - ax
            dy = by - ay
            length = dx * dx + dy * dy
            t = 0.0
            if length > 0:
                t = min(1.0, max(0.0, -(ax * dx + ay * dy) / length))
            qx = ax + t * dx
            qy = ay + t * dy
            best = min(best, qx * qx + qy * qy)
    return math.sqrt(best) if inside else -math.sqrt(best)


@inner
def _span(coords: F64, ends: I64, r0: int, r1: int, x: float, y: float, crossings: F64) -> tuple[float, float, int]:
    """Sorted crossings of a horizontal line; left and right of the widest gap inside, or of the one around ``x``."""
    n = 0
    for r in range(r0, r1):
        for v in range(ends[r], ends[r + 1] - 1):
            ay = coords[v, 1]
            by = coords[v + 1, 1]
            if (ay > y) != (by > y):
                crossings[n] = coords[v, 0] + (y - ay) * (coords[v + 1, 0] - coords[v, 0]) / (by - ay)
                n += 1
    found = np.sort(crossings[:n])
    left = right = np.nan
    wide = -1.0
    for i in range(0, n - 1, 2):
        around = found[i] <= x <= found[i + 1]
        if around or (np.isnan(x) and found[i + 1] - found[i] > wide):
            left, right = found[i], found[i + 1]
            wide = right - left
    return left, right, n


@kernel(f64s2, i64s, i64s, i64s, i64s, f64, fast=False)
def anchors(coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, rows: I64, squeeze: float) -> F64:
    """Find the roomiest place for a horizontal text in the largest part of polygons.

    Eleven scan lines propose the middle of their widest gap; the one farthest from the boundary (x counted
    ``squeeze`` times less, as text is wide) is improved by a few halving steps; the centroid pulls a little.

    Returns
    -------
    ``(n, 4) float64``: x, y, free width centred there, height of the part; NaN for empty polygons.
    """
    out = np.full((len(rows), 4), np.nan)
    for i in range(len(rows)):
        row = rows[i]
        largest = -1.0
        part = -1
        mid_x = mid_y = 0.0
        for p in range(geom_offsets[row], geom_offsets[row + 1]):
            ring = part_offsets[p]
            b, e = ring_offsets[ring], ring_offsets[ring + 1]
            area = gx = gy = 0.0
            for v in range(b, e - 1):
                ux, uy = coords[v, 0] - coords[b, 0], coords[v, 1] - coords[b, 1]
                wx, wy = coords[v + 1, 0] - coords[b, 0], coords[v + 1, 1] - coords[b, 1]
                twice = ux * wy - wx * uy
                area += twice
                gx += (ux + wx) / 3 * twice
                gy += (uy + wy) / 3 * twice
            if e - b > 3 and abs(area) > largest:
                largest = abs(area)
                part = p
                mid_x, mid_y = coords[b, 0] + gx / area, coords[b, 1] + gy / area
        if part < 0:
            continue
        r0, r1 = part_offsets[part], part_offsets[part + 1]
        y0 = np.inf
        y1 = -np.inf
        for v in range(ring_offsets[r0], ring_offsets[r0 + 1]):
            y0 = min(y0, coords[v, 1])
            y1 = max(y1, coords[v, 1])
        crossings = np.empty(ring_offsets[r1] - ring_offsets[r0])
        best = -np.inf
        x = y = np.nan
        for k in range(11):
            level = y0 + (k + 0.5) / 11 * (y1 - y0)
            left, right, found = _span(coords, ring_offsets, r0, r1, np.nan, level, crossings)
            if found < 2:
                continue
            middle = (left + right) / 2
            room = _clearance(coords, ring_offsets, r0, r1, middle, level, squeeze)
            room -= _PULL * math.hypot(middle - mid_x, level - mid_y)
            if room > best:
                best, x, y = room, middle, level
        step = (y1 - y0) / 11
        for _ in range(7):
            cx, cy = x, y
            for dx, dy in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
                tx, ty = cx + dx * step * squeeze, cy + dy * step
                room = _clearance(coords, ring_offsets, r0, r1, tx, ty, squeeze)
                room -= _PULL * math.hypot(tx - mid_x, ty - mid_y)
                if room > best:
                    best, x, y = room, tx, ty
            if x == cx and y == cy:
                step /= 2
        left, right, _n = _span(coords, ring_offsets, r0, r1, x, y, crossings)
        out[i, 0] = x
        out[i, 1] = y
        out[i, 2] = 2 * min(x - left, right - x)
        out[i, 3] = y1 - y0
    return out


@kernel(f64s2, i64s, i64s, i64s, i64s, f64s2, f64, fast=False)
def anchors_in(
    coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, rows: I64, windows: F64, squeeze: float,
) -> F64:
    """Find the roomiest place for a horizontal text in what windows show of polygons.

    ``windows (n, 4)`` are the bounds that ``rows[i]`` is looked at in. Only edges that share a level with the window are
    looked at: those above and below are farther away than its border.

    Returns
    -------
    ``(n, 4) float64``: x, y, free width centred there, free height; NaN where too little is in the window.
    """
    out = np.full((len(rows), 4), np.nan)
    for i in range(len(rows)):
        x0, y0, x1, y1 = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        r0 = part_offsets[geom_offsets[rows[i]]]
        r1 = part_offsets[geom_offsets[rows[i] + 1]]
        count = 0
        for r in range(r0, r1):
            for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
                if max(coords[v, 1], coords[v + 1, 1]) >= y0 and min(coords[v, 1], coords[v + 1, 1]) <= y1:
                    count += 1
        edges = np.empty((2 * count, 2))  # as rings of one edge, the way the functions above read them
        ends = np.empty(count + 1, np.int64)
        ends[0] = 0
        n = 0
        for r in range(r0, r1):
            for v in range(ring_offsets[r], ring_offsets[r + 1] - 1):
                if max(coords[v, 1], coords[v + 1, 1]) >= y0 and min(coords[v, 1], coords[v + 1, 1]) <= y1:
                    edges[2 * n] = coords[v]
                    edges[2 * n + 1] = coords[v + 1]
                    n += 1
                    ends[n] = 2 * n
        crossings = np.empty(count)
        best = -np.inf
        x = y = np.nan
        for k in range(9):
            level = y0 + (k + 0.5) / 9 * (y1 - y0)
            found = 0
            for e in range(count):
                ay, by = edges[2 * e, 1], edges[2 * e + 1, 1]
                if (ay > level) != (by > level):
                    ax = edges[2 * e, 0]
                    crossings[found] = ax + (level - ay) * (edges[2 * e + 1, 0] - ax) / (by - ay)
                    found += 1
            line = np.sort(crossings[:found])
            for c in range(0, found - 1, 2):
                left, right = max(line[c], x0), min(line[c + 1], x1)
                if right <= left:
                    continue
                middle = (left + right) / 2
                room = min(
                    _clearance(edges, ends, 0, count, middle, level, squeeze), (right - left) / 2 / squeeze,
                    level - y0, y1 - level,
                )
                room -= _PULL * math.hypot(middle - (x0 + x1) / 2, level - (y0 + y1) / 2)
                if room > best:
                    best, x, y = room, middle, level
        if not best > -np.inf:
            continue
        room = _clearance(edges, ends, 0, count, x, y, squeeze)
        if room <= 0:
            continue
        out[i, 0], out[i, 1] = x, y
        out[i, 2] = 2 * min(room * squeeze, x - x0, x1 - x)
        out[i, 3] = 2 * min(room, y - y0, y1 - y)
    return out
