"""Where text goes: claiming room on the picture, anchors in polygons, chains of lines and text along them.

Room is kept as one byte a pixel (:data:`TEXT`, :data:`MARK`), so that panning by whole pixels decides everything alike.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from lydigital.kernels.jit import (
    F32,
    F64,
    I64,
    U8,
    f32s,
    f32s2,
    f64,
    f64s2,
    i64,
    i64s,
    inner,
    kernel,
    read,
    u8s,
    write,
)

TEXT, MARK = 1, 2
_PULL = 0.1  # towards the centroid, where a place is as roomy as another

u8w2 = write(types.uint8, 2)
f32w2 = write(types.float32, 2)
f32s3 = read(types.float32, 3)


@inner
def _is_free(room: U8, x0: float, y0: float, x1: float, y1: float, bits: int) -> bool:
    height, width = room.shape
    for y in range(max(0, math.floor(y0)), min(height, math.ceil(y1))):
        for x in range(max(0, math.floor(x0)), min(width, math.ceil(x1))):
            if room[y, x] & bits:
                return False
    return True


@inner
def _take(room: U8, x0: float, y0: float, x1: float, y1: float, bits: int) -> None:
    height, width = room.shape
    for y in range(max(0, math.floor(y0)), min(height, math.ceil(y1))):
        for x in range(max(0, math.floor(x0)), min(width, math.ceil(x1))):
            room[y, x] |= bits


@kernel(u8w2, f32s2)
def block(room: U8, boxes: F32) -> None:
    """Mark the whole pixels inside ``boxes (n, 4)`` as covered by marks."""
    for i in range(len(boxes)):
        _take(
            room, math.ceil(boxes[i, 0]), math.ceil(boxes[i, 1]), math.floor(boxes[i, 2]), math.floor(boxes[i, 3]), MARK,
        )


@kernel(u8w2, f32s3, u8s, f64)
def claim(room: U8, boxes: F32, bits: U8, margin: float) -> I64:
    """Give every candidate the first of its boxes that is free, in order.

    Parameters
    ----------
    room
        ``(height, width) uint8``, changed in place.
    boxes
        ``(n, k, 4) float32`` pixels: k places for each of n candidates, best first.
    bits
        ``(k,) uint8``: what each place must not cover.
    margin
        Pixels to the border within which no text may end.

    Returns
    -------
    ``(n,) int64``: number of the place; -1 when none is free, -2 when the free one is not wholly on the picture.
    """
    n, k, _ = boxes.shape
    height, width = room.shape
    out = np.full(n, -1, np.int64)
    for i in range(n):
        for j in range(k):
            x0, y0, x1, y1 = boxes[i, j, 0], boxes[i, j, 1], boxes[i, j, 2], boxes[i, j, 3]
            if not _is_free(room, x0, y0, x1, y1, bits[j]):
                continue
            if x0 < margin or y0 < margin or x1 > width - margin or y1 > height - margin:
                out[i] = -2
            else:
                _take(room, x0, y0, x1, y1, TEXT)
                out[i] = j
            break
    return out


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


@kernel(i64s, i64s, i64)
def walk(first: I64, last: I64, nodes: int) -> tuple[I64, I64]:
    """Join paths that meet end to end where nothing else ends.

    Parameters
    ----------
    first, last
        ``(m,) int64`` node numbers of the ends of each path.
    nodes
        How many nodes there are.

    Returns
    -------
    Paths in the order of their chains, ``p`` forwards or ``-p - 1`` backwards, ``(m,) int64``; offsets of the chains.
    """
    m = len(first)
    degree = np.zeros(nodes, np.int64)
    joined = np.full((nodes, 2), -1, np.int64)
    for p in range(m):
        for node in (first[p], last[p]):
            if degree[node] < 2:
                joined[node, degree[node]] = p
            degree[node] += 1
    done = np.zeros(m, np.bool_)
    order = np.empty(m, np.int64)
    offsets = np.zeros(m + 1, np.int64)
    n = chains = 0
    for only_ends in (True, False):  # chains first, then what is left: closed loops
        for p in range(m):
            if done[p]:
                continue
            ends_here = degree[first[p]] != 2 or first[p] == last[p]
            ends_there = degree[last[p]] != 2
            if only_ends and not ends_here and not ends_there:
                continue
            backwards = only_ends and not ends_here
            here = p
            while True:
                done[here] = True
                order[n] = -here - 1 if backwards else here
                n += 1
                node = first[here] if backwards else last[here]
                if degree[node] != 2:
                    break
                after = joined[node, 0] if joined[node, 1] == here else joined[node, 1]
                if done[after]:
                    break
                here = after
                backwards = last[here] == node
            chains += 1
            offsets[chains] = n
    return order, offsets[: chains + 1].copy()


@kernel(f64s2, i64s, i64s, i64s, i64s)
def assemble(coords: F64, starts: I64, ends: I64, order: I64, offsets: I64) -> tuple[F64, I64]:
    """Coordinates ``(n, 2)`` and offsets of the chains of :func:`walk` over paths ``coords[starts[p]:ends[p]]``."""
    total = 0
    for p in range(len(starts)):
        total += ends[p] - starts[p]
    xy = np.empty((total, 2))
    new = np.zeros(len(offsets), np.int64)
    n = 0
    for c in range(len(offsets) - 1):
        for k in range(offsets[c], offsets[c + 1]):
            p = order[k] if order[k] >= 0 else -order[k] - 1
            count = ends[p] - starts[p]
            for j in range(count):
                v = starts[p] + j if order[k] >= 0 else ends[p] - 1 - j
                if j == 0 and k > offsets[c]:
                    continue  # the joint is there already
                xy[n, 0] = coords[v, 0]
                xy[n, 1] = coords[v, 1]
                n += 1
        new[c + 1] = n
    return xy[:n].copy(), new


@inner
def _at(x: F64, y: F64, s: F64, n: int, t: float) -> tuple[float, float]:
    """Point at length ``t`` of a line whose vertices stand at lengths ``s``."""
    low, high = 0, n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if s[middle] <= t:
            low = middle
        else:
            high = middle
    step = s[high] - s[low]
    f = (t - s[low]) / step if step > 0 else 0.0
    return x[low] + f * (x[high] - x[low]), y[low] + f * (y[high] - y[low])


@inner
def _set_along(
    x: F64, y: F64, s: F64, n: int, start: float, width: float, advances: F32, gap: float, size: float,
    may_stand: bool, max_bend: float, out: F32,
) -> bool:
    """Set characters along a line from length ``start``: centre x, y and rotation into ``out``; False if it bends."""
    ax, ay = _at(x, y, s, n, start)
    bx, by = _at(x, y, s, n, start + width)
    stands = may_stand and abs(by - ay) > 1.5 * abs(bx - ax)
    backwards = by < ay if stands else bx < ax
    if math.hypot(bx - ax, by - ay) < 0.6 * width:
        return False
    along = 0.0
    before = 0.0
    for i in range(len(advances)):
        room = (size if stands else advances[i] * size) + gap
        t = start + width - along - room / 2 if backwards else start + along + room / 2
        reach = max(room / 2, 0.6 * size)
        t0, t1 = max(0.0, t - reach), min(s[n - 1], t + reach)
        ax, ay = _at(x, y, s, n, t0)
        bx, by = _at(x, y, s, n, t1)
        if math.hypot(bx - ax, by - ay) < 0.75 * (t1 - t0):
            return False
        angle = math.atan2(ay - by, ax - bx) if backwards else math.atan2(by - ay, bx - ax)
        if i > 0:
            turn = angle - before
            turn -= 2 * math.pi * math.floor((turn + math.pi) / (2 * math.pi))
            if abs(turn) > max_bend:
                return False
        before = angle
        mx, my = _at(x, y, s, n, t)
        out[i, 0] = (mx * 2 + ax + bx) / 4  # between line and chord: smooths the corners
        out[i, 1] = (my * 2 + ay + by) / 4
        out[i, 2] = angle - math.pi / 2 if stands else angle
        along += room
    return True


@kernel(
    u8w2, f64s2, i64s, i64s, i64s, f32s, i64s, u8s, f64, f64, f64, f64, f64, f64, f64, f64, f64, i64,
)
def along(
    room: U8, coords: F64, offsets: I64, chains: I64, texts: I64, advances: F32, text_offsets: I64, may_stand: U8,
    west: float, north: float, unit: float, size: float, gap: float, pad: float, repeat: float, margin: float,
    max_bend: float, most: int,
) -> tuple[F32, I64, I64, F32, int]:
    """Place text along chains.

    Anchors divide a chain into a power of two of equal lengths between ``repeat`` and twice that, so they stay where
    they are while the map is panned, and mostly while it is zoomed.

    Parameters
    ----------
    coords, offsets
        Chains, map units.
    chains, texts
        ``(c,) int64``: chains to label in order of importance, and the number of each one's text.
    advances, text_offsets
        Advance of every character in em, ragged by text.
    may_stand
        ``uint8`` by text: 1 where characters may stand upright one below another along steep lines (Chinese).
    west, north, unit
        Map coordinates of the picture's corner, map units a pixel.
    size, gap, pad, repeat, margin
        Pixels: em, extra spacing, halo, distance of repetitions, border.
    max_bend
        Radians between neighbouring characters.
    most
        How many characters may be placed in all.

    Returns
    -------
    Glyphs ``(g, 3) float32`` as centre x, y, rotation; offsets of labels into them; chain index of each label;
    boxes ``(labels, 4)``; how many chains long enough for their text got none.
    """
    height, width = room.shape
    glyphs = np.empty((most, 3), np.float32)
    starts = np.zeros(most + 1, np.int64)
    whose = np.empty(most, np.int64)
    boxes = np.empty((most, 4), np.float32)
    n = labels = unplaced = 0
    for c in range(len(chains)):
        begin, end = offsets[chains[c]], offsets[chains[c] + 1]
        letters = advances[text_offsets[texts[c]] : text_offsets[texts[c] + 1]]
        count = len(letters)
        if count == 0 or end - begin < 2 or n + count > most or labels >= most:
            continue
        need = 0.0
        for i in range(count):
            need += letters[i] * size + gap
        px = np.empty(end - begin)
        py = np.empty(end - begin)
        ps = np.empty(end - begin)
        m = 0
        for v in range(begin, end):
            vx = (coords[v, 0] - west) / unit
            vy = (north - coords[v, 1]) / unit
            if m == 0:
                px[0], py[0], ps[0] = vx, vy, 0.0
                m = 1
                continue
            step = math.hypot(vx - px[m - 1], vy - py[m - 1])
            if step > 0.7 or v == end - 1:
                px[m], py[m], ps[m] = vx, vy, ps[m - 1] + step
                m += 1
        length = ps[m - 1]
        if length < need * 1.05:
            continue
        pieces = 1
        while length / (pieces * 2) >= max(repeat, need * 1.5):
            pieces *= 2
        piece = length / pieces
        shift = max(0.75 * size, (piece - need) / 16)
        in_view = placed = 0
        for a in range(pieces):
            anchor = (a + 0.5) * piece
            mx, my = _at(px, py, ps, m, anchor)
            reach = need / 2 + piece / 2
            if mx < -reach or my < -reach or mx > width + reach or my > height + reach:
                continue
            for k in range(17):
                middle = anchor + ((k + 1) // 2) * shift * (1 if k % 2 else -1)
                if abs(middle - anchor) > piece / 2 or middle < need / 2 or middle > length - need / 2:
                    continue
                out = glyphs[n : n + count]
                stand = may_stand[texts[c]] == 1
                if not _set_along(px, py, ps, m, middle - need / 2, need, letters, gap, size, stand, max_bend, out):
                    continue
                x0 = y0 = np.inf
                x1 = y1 = -np.inf
                free = True
                for i in range(count):
                    turn = abs(math.cos(out[i, 2])) + abs(math.sin(out[i, 2]))
                    half = 0.5 * size * min(turn, 1.25) + pad
                    gx, gy = out[i, 0], out[i, 1]
                    free = free and _is_free(room, gx - half, gy - half, gx + half, gy + half, TEXT | MARK)
                    x0, y0 = min(x0, gx - half), min(y0, gy - half)
                    x1, y1 = max(x1, gx + half), max(y1, gy + half)
                for o in range(labels):
                    if free and texts[whose[o]] == texts[c]:
                        ox = (boxes[o, 0] + boxes[o, 2] - x0 - x1) / 2
                        oy = (boxes[o, 1] + boxes[o, 3] - y0 - y1) / 2
                        free = math.hypot(ox, oy) > 0.6 * repeat
                if x1 > 0 and y1 > 0 and x0 < width and y0 < height:
                    in_view += 1
                if not free:
                    continue
                if x0 < margin or y0 < margin or x1 > width - margin or y1 > height - margin:
                    in_view = 0
                    break
                for i in range(count):
                    turn = abs(math.cos(out[i, 2])) + abs(math.sin(out[i, 2]))
                    half = 0.5 * size * min(turn, 1.25) + pad
                    _take(room, out[i, 0] - half, out[i, 1] - half, out[i, 0] + half, out[i, 1] + half, TEXT)
                boxes[labels, 0], boxes[labels, 1], boxes[labels, 2], boxes[labels, 3] = x0, y0, x1, y1
                whose[labels] = c
                n += count
                labels += 1
                starts[labels] = n
                placed += 1
                break
            if n + count > most:
                break
        if in_view and not placed:
            unplaced += 1
    return glyphs[:n].copy(), starts[: labels + 1].copy(), whose[:labels].copy(), boxes[:labels].copy(), unplaced
