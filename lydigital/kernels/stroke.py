"""Stroking lines as a union: every segment is drawn into a mask by maximum, then the colour is laid on once.

A pixel's coverage is its distance to the edge of an analytic shape, clamped over one pixel; crossings and joins of one
colour never darken. The mask is clean before and after; ``dirty`` knows which of its blocks of 64 pixels to look at.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import crowds, small, types
from lydigital.kernels.blend import over
from lydigital.kernels.jit import (
    F32,
    F64,
    I32,
    I64,
    U8,
    U16,
    U32,
    boolean,
    f32s,
    f64,
    f64s,
    f64s2,
    i32s,
    i64,
    i64s,
    kernel,
    leaf,
    read,
    u32_frame,
    write,
)

DIRTY = small.DIRTY
CLOSE_PX = 0.3  # vertices nearer than this to the last one kept are left out
TOLERANCE_PX = 0.2  # vertices of less importance are left out
MITER_LIMIT = 4.0  # sharper corners are cut off
THIN_PX = 0.8  # half a width; nobody tells the corners of thinner lines apart, so they are round
DOT_PX = 1.0  # half a width; features no larger than such a line is wide are dots
BUTT, ROUND, SQUARE = 0, 1, 2
MITER, _, BEVEL = 0, 1, 2


@leaf
def _segment(
    mask: U8, dirty: U8, row0: int, row1: int, x0: float, y0: float, x1: float, y1: float, half: float,
    round0: bool, round1: bool,
) -> None:
    """One straight piece; ends that are not round are cut square at the end point."""
    reach = half + 0.5
    top, bottom = max(row0, math.floor(min(y0, y1) - reach)), min(row1, math.ceil(max(y0, y1) + reach))
    xmin, xmax = min(x0, x1) - reach, max(x0, x1) + reach
    width = mask.shape[1]
    if top >= bottom or xmax <= 0.0 or xmin >= width:
        return
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    ux, uy = 1.0, 0.0
    if length > 1e-9:
        ux, uy = dx / length, dy / length
    far = np.float32(reach)
    step_x, step_y = np.float32(ux), np.float32(-uy)
    zero, one, scale, half_f = np.float32(0.0), np.float32(1.0), np.float32(255.0), np.float32(0.5)
    slanted = abs(uy) > 1e-6
    slope = ux / uy if slanted else 0.0
    spread = reach / abs(uy) if slanted else 0.0
    both_round = round0 and round1
    for row in range(top, bottom):
        y = row + 0.5 - y0
        a, b = xmin, xmax
        if slanted:
            centre = x0 + y * slope
            a, b = max(a, centre - spread), min(b, centre + spread)
        left, right = max(0, math.floor(a)), min(width, math.ceil(b))
        if left >= right:
            continue
        for block in range(left // DIRTY, (right - 1) // DIRTY + 1):
            dirty[row, block] = 1
        x = left + 0.5 - x0
        along0 = np.float32(x * ux + y * uy)
        beyond0 = np.float32(x * ux + y * uy - length)
        cross0 = np.float32(y * ux - x * uy)
        line = mask[row, left:right]
        if both_round:
            for k in range(len(line)):
                t = np.float32(k)
                past = max(-(along0 + t * step_x), beyond0 + t * step_x, zero)
                cross = cross0 + t * step_y
                cover = min(max(far - math.sqrt(cross * cross + past * past), zero), one)
                value = np.uint8(cover * scale + half_f)
                line[k] = max(line[k], value)
            continue
        for k in range(len(line)):
            t = np.float32(k)
            before, after = -(along0 + t * step_x), beyond0 + t * step_x
            cross = cross0 + t * step_y
            past = zero
            cut = one
            if round0:
                past = max(past, before)
            else:
                cut = min(cut, max(half_f - before, zero))
            if round1:
                past = max(past, after)
            else:
                cut = min(cut, max(half_f - after, zero))
            cover = min(max(far - math.sqrt(cross * cross + past * past), zero), one) * cut
            value = np.uint8(cover * scale + half_f)
            line[k] = max(line[k], value)


@leaf
def _corner(
    mask: U8, dirty: U8, row0: int, row1: int, corner: F64, n: int,
) -> None:
    """A small convex shape of ``n`` corners ``(n, 2)``: coverage is the least of its half planes."""
    xmin = ymin = np.inf
    xmax = ymax = -np.inf
    area = 0.0
    for k in range(n):
        m = (k + 1) % n
        xmin, xmax = min(xmin, corner[k, 0]), max(xmax, corner[k, 0])
        ymin, ymax = min(ymin, corner[k, 1]), max(ymax, corner[k, 1])
        area += corner[k, 0] * corner[m, 1] - corner[m, 0] * corner[k, 1]
    sign = 1.0 if area > 0 else -1.0
    left, right = max(0, math.floor(xmin - 0.5)), min(mask.shape[1], math.ceil(xmax + 0.5))
    for row in range(max(row0, math.floor(ymin - 0.5)), min(row1, math.ceil(ymax + 0.5))):
        for x in range(left, right):
            cover = 1.0
            for k in range(n):
                m = (k + 1) % n
                ex, ey = corner[m, 0] - corner[k, 0], corner[m, 1] - corner[k, 1]
                size = math.sqrt(ex * ex + ey * ey)
                if size > 1e-9:
                    d = sign * (ex * (row + 0.5 - corner[k, 1]) - ey * (x + 0.5 - corner[k, 0])) / size
                    cover = min(cover, d + 0.5)
            if cover > 0.0:
                value = np.uint8(cover * 255.0 + 0.5)
                if value > mask[row, x]:
                    mask[row, x] = value
                    dirty[row, x // DIRTY] = 1


@leaf
def _join(
    mask: U8, dirty: U8, row0: int, row1: int, corner: F64, path: F64, a: int, b: int, c: int, half: float, join: int,
) -> None:
    """Fill the outer side of the corner at path[b] between the segments from path[a] and to path[c]."""
    x, y = path[b, 0], path[b, 1]
    if y + 4 * half + 1 < row0 or y - 4 * half - 1 > row1:
        return
    ux, uy = x - path[a, 0], y - path[a, 1]
    vx, vy = path[c, 0] - x, path[c, 1] - y
    lu, lv = math.sqrt(ux * ux + uy * uy), math.sqrt(vx * vx + vy * vy)
    if lu < 1e-9 or lv < 1e-9:
        return
    ux, uy, vx, vy = ux / lu, uy / lu, vx / lv, vy / lv
    turn = ux * vy - uy * vx
    cosine = ux * vx + uy * vy
    if abs(turn) < 0.02 and cosine > 0:
        return
    side = -1.0 if turn > 0 else 1.0  # outer side: left of the direction in a picture where y points down
    ax, ay = -uy * half * side, ux * half * side
    bx, by = -vy * half * side, vx * half * side
    corner[0, 0], corner[0, 1] = x, y
    back = min(1.0, lu, lv)
    if join == BEVEL or 1.0 + cosine < 2.0 / (MITER_LIMIT * MITER_LIMIT):
        corner[1, 0], corner[1, 1] = x + ax - ux * back, y + ay - uy * back
        corner[2, 0], corner[2, 1] = x + ax, y + ay
        corner[3, 0], corner[3, 1] = x + bx, y + by
        corner[4, 0], corner[4, 1] = x + bx + vx * back, y + by + vy * back
        _corner(mask, dirty, row0, row1, corner, 5)
        return
    corner[1, 0], corner[1, 1] = x + ax - ux * back, y + ay - uy * back
    corner[2, 0], corner[2, 1] = x + (ax + bx) / (1.0 + cosine), y + (ay + by) / (1.0 + cosine)
    corner[3, 0], corner[3, 1] = x + bx + vx * back, y + by + vy * back
    _corner(mask, dirty, row0, row1, corner, 4)


@leaf
def _capped(
    mask: U8, dirty: U8, row0: int, row1: int, x0: float, y0: float, x1: float, y1: float, half: float,
    cap: int, join: int, first: bool, last: bool,
) -> None:
    """A piece of a path whose ``first`` or ``last`` end is an end of the path (cap), else a corner (join)."""
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if length < 1e-9 and cap == BUTT:
        return
    ux, uy = (dx / length, dy / length) if length > 1e-9 else (1.0, 0.0)
    inside = 0.0 if join == ROUND else 0.5  # corners overlap a little, or both ends would show
    grow0 = (half if cap == SQUARE else 0.0) if first else inside
    grow1 = (half if cap == SQUARE else 0.0) if last else inside
    round0 = cap == ROUND if first else join == ROUND
    round1 = cap == ROUND if last else join == ROUND
    _segment(
        mask, dirty, row0, row1, x0 - ux * grow0, y0 - uy * grow0, x1 + ux * grow1, y1 + uy * grow1, half, round0, round1
    )


@leaf
def _dashed(
    mask: U8, dirty: U8, row0: int, row1: int, path: F64, n: int, half: float, cap: int, join: int, dash: F64,
    corner: F64,
) -> None:
    """Draw the dashes of a path; lengths count from its start, and only what is in view is walked."""
    period = 0.0
    for k in range(len(dash)):
        period += dash[k]
    if period < 0.5:
        return
    reach = half * MITER_LIMIT + 1.0
    start = 0.0
    for k in range(n - 1):
        x0, y0, dx, dy = path[k, 0], path[k, 1], path[k + 1, 0] - path[k, 0], path[k + 1, 1] - path[k, 1]
        length = math.sqrt(dx * dx + dy * dy)
        t0, t1 = 0.0, 1.0
        for axis in range(2):
            low, high = -reach, mask.shape[1] + reach
            p, d = x0, dx
            if axis == 1:
                low, high = row0 - reach, row1 + reach
                p, d = y0, dy
            if abs(d) < 1e-12:
                if p < low or p > high:
                    t1 = -1.0
            else:
                ta, tb = (low - p) / d, (high - p) / d
                t0, t1 = max(t0, min(ta, tb)), min(t1, max(ta, tb))
        if t0 < t1 and length > 1e-9:
            begin, end = start + t0 * length, start + t1 * length
            turn = math.floor(begin / period)
            while turn * period < end:
                at = turn * period
                for j in range(0, len(dash), 2):
                    on = at + dash[j]
                    a, b = max(at, start), min(on, start + length)
                    if b > a and b >= begin and a <= end:
                        _capped(
                            mask, dirty, row0, row1,
                            x0 + dx * (a - start) / length, y0 + dy * (a - start) / length,
                            x0 + dx * (b - start) / length, y0 + dy * (b - start) / length,
                            half, cap, join, at >= start or k == 0, on <= start + length or k == n - 2,
                        )
                        if join != ROUND and on > start + length and k < n - 2:
                            _join(mask, dirty, row0, row1, corner, path, k, k + 1, k + 2, half, join)
                    at = on + (dash[j + 1] if j + 1 < len(dash) else 0.0)
                turn += 1
        start += length


@leaf
def _moved(path: F64, out: F64, n: int, closed: bool, offset: float) -> None:
    """The path ``offset`` pixels to the left of its direction, corners mitred up to twice the offset."""
    for k in range(n):
        before, after = k - 1, k + 1
        if closed:
            before = n - 2 if k == 0 else k - 1
            after = 1 if k == n - 1 else k + 1
        nx = ny = 0.0
        px = py = 0.0
        count = 0
        if before >= 0:
            dx, dy = path[k, 0] - path[before, 0], path[k, 1] - path[before, 1]
            size = max(math.sqrt(dx * dx + dy * dy), 1e-9)
            px, py = dy / size, -dx / size
            nx, ny = px, py
            count = 1
        if after < n:
            dx, dy = path[after, 0] - path[k, 0], path[after, 1] - path[k, 1]
            size = max(math.sqrt(dx * dx + dy * dy), 1e-9)
            qx, qy = dy / size, -dx / size
            if count:
                stretch = max(0.5, 1.0 + px * qx + py * qy)
                nx, ny = (px + qx) / stretch, (py + qy) / stretch
            else:
                nx, ny = qx, qy
        out[k, 0] = path[k, 0] + nx * offset
        out[k, 1] = path[k, 1] + ny * offset


@leaf
def lay(frame: U32, mask: U8, dirty: U8, row0: int, row1: int, color: int) -> None:
    """Lay ``color`` on the frame through the mask, and clean the mask."""
    alpha = (color >> 24) & 0xFF
    alpha += alpha >> 7
    width = frame.shape[1]
    for row in range(row0, row1):
        flags = dirty[row]
        for block in range(len(flags)):
            if flags[block] == 0:
                continue
            flags[block] = 0
            first = block * DIRTY
            last = min(width, first + DIRTY)
            below, line = frame[row, first:last], mask[row, first:last]
            for x in range(len(line)):
                cover = np.int64(line[x])
                weight = ((cover + (cover >> 7)) * alpha + 128) >> 8
                below[x] = np.uint32(over(np.int64(below[x]), color, weight))
                line[x] = 0


@kernel(
    u32_frame, write(types.uint8, 2), write(types.uint8, 2), i64, i64, f64, f64, f64, f64s2, f32s, i64s, i64s, f64s2, f64s2,
    write(types.float32), i32s, i64, f64, i64, i64, f64s, f64, boolean, read(types.uint16, 2), f64s2, f64, f64,
)
def stroke(
    frame: U32, mask: U8, dirty: U8, row0: int, row1: int, left: float, top: float, scale: float,
    coords: F64, importance: F32, ring_offsets: I64, geom_rings: I64, bounds: F64, blocks: F64, areas: F32, rows: I32,
    color: int, half: float, cap: int, join: int, dash: F64, offset: float, closed: bool, boxes: U16, box_blocks: F64,
    box_x: float, box_y: float,
) -> None:
    """Stroke the rings of the features ``rows`` in the rows ``row0 <= y < row1`` of the frame with one colour.

    ``half`` is half the width in pixels, at least 0.5; ``dash`` an even number of pixel lengths on and off, or none;
    ``offset`` moves to the left; ``closed`` rings (of polygons) have no ends. ``mask`` ``(h, w)`` and ``dirty``
    ``(h, ceil(w / 64))`` are zero before and after; the rest is as in :func:`~lydigital.kernels.fill.fill`. ``boxes`` and
    ``box_blocks`` of :func:`~lydigital.kernels.crowds.gather`, from (``box_x``, ``box_y``), are stroked with them.
    """
    width = frame.shape[1]
    tolerance = TOLERANCE_PX / scale
    reach = half * MITER_LIMIT + abs(offset) * 2.0 + 1.0
    has_importance = len(importance) > 0
    if half <= THIN_PX:
        join = ROUND
    plain = len(dash) == 0 and offset == 0.0 and join == ROUND and (closed or cap == ROUND)
    dot_to = max(1.0, 2.0 * half) if plain and half <= DOT_PX else -1.0
    tile_to = small.SIDE - 2.0 * half - 3.0 if plain else -1.0
    tables = small.tile_tables() if plain else np.empty((0, 0, 0), np.float32)
    squares = np.empty(small.SIDE * small.SIDE, np.float32)
    kept = np.empty((256, 2), np.float64)
    moved = np.empty((0, 2), np.float64)
    corner = np.empty((5, 2), np.float64)
    if len(box_blocks) > 0:
        crowds.draw(mask, dirty, row0, row1, left - box_x, top - box_y, scale, half, boxes, box_blocks)
    block = np.int64(-1)
    beyond = np.int64(0)  # rows up to there are done
    for i in range(len(rows)):
        if i < beyond:
            continue
        row = rows[i]
        if row // small.BLOCK != block:
            block = row // small.BLOCK
            is_far = small.is_outside(blocks[block], left, top, scale, reach, row0, row1, width)
            if is_far or blocks[block, 4] * scale <= dot_to:
                beyond = i + 1
                while beyond < len(rows) and rows[beyond] // small.BLOCK == block:
                    beyond += 1
                if not is_far:
                    small.dots(
                        mask, dirty, row0, row1, left, top, scale, coords, ring_offsets, geom_rings, bounds, areas,
                        rows[i:beyond], half, closed,
                    )
                continue
        x0, x1 = (bounds[row, 0] - left) * scale, (bounds[row, 2] - left) * scale
        y0, y1 = (top - bounds[row, 3]) * scale, (top - bounds[row, 1]) * scale
        if not (y1 > row0 - reach and y0 < row1 + reach and x1 > -reach and x0 < width + reach):
            continue
        side = max(x1 - x0, y1 - y0)
        if side <= dot_to:
            small.dots(
                mask, dirty, row0, row1, left, top, scale, coords, ring_offsets, geom_rings, bounds, areas, rows[i : i + 1],
                half, closed,
            )
            continue
        for ring in range(geom_rings[row], geom_rings[row + 1]):
            v0, v1 = ring_offsets[ring], ring_offsets[ring + 1]
            if v1 - v0 > len(kept):
                kept = np.empty((v1 - v0, 2), np.float64)
            n = 0
            for v in range(v0, v1):
                if has_importance and importance[v] < tolerance:
                    continue
                x, y = (coords[v, 0] - left) * scale, (top - coords[v, 1]) * scale
                if n > 0 and v < v1 - 1 and abs(x - kept[n - 1, 0]) < CLOSE_PX and abs(y - kept[n - 1, 1]) < CLOSE_PX:
                    continue
                kept[n, 0] = x
                kept[n, 1] = y
                n += 1
            if side <= tile_to:
                small.tile(mask, dirty, row0, row1, kept, n, half, squares, tables)
                continue
            path = kept
            if offset != 0.0:
                if len(moved) < len(kept):
                    moved = np.empty_like(kept)
                _moved(kept, moved, n, closed, offset)
                path = moved
            if len(dash) > 0:
                _dashed(mask, dirty, row0, row1, path, n, half, cap, join, dash, corner)
                continue
            for k in range(n - 1):
                if min(path[k, 1], path[k + 1, 1]) > row1 + reach or max(path[k, 1], path[k + 1, 1]) < row0 - reach:
                    continue
                _capped(
                    mask, dirty, row0, row1, path[k, 0], path[k, 1], path[k + 1, 0], path[k + 1, 1], half, cap, join,
                    k == 0 and not closed, k == n - 2 and not closed,
                )
                if join != ROUND and k + 2 < n:
                    _join(mask, dirty, row0, row1, corner, path, k, k + 1, k + 2, half, join)
            if join != ROUND and closed and n > 3:
                _join(mask, dirty, row0, row1, corner, path, n - 2, 0, 1, half, join)
    lay(frame, mask, dirty, row0, row1, color)
