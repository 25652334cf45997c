"""Where text goes: claiming room on the picture, beside points and along lines.

Room is kept as one byte a pixel (:data:`TEXT`, :data:`MARK`), so that panning by whole pixels decides everything alike.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import (
    F32,
    F64,
    I64,
    U8,
    boolean,
    f32s,
    f32s2,
    f64,
    f64s2,
    i64,
    i64s,
    inner,
    kernel,
    u8s,
    write,
)

TEXT, MARK = 1, 2

u8w2 = write(types.uint8, 2)


@inner
def _is_free(room: U8, x0: float, y0: float, x1: float, y1: float, bits: int) -> bool:
    height, width = room.shape
    left, right = max(0, math.floor(x0)), min(width, math.ceil(x1))
    top, bottom = max(0, math.floor(y0)), min(height, math.ceil(y1))
    if left >= right or top >= bottom:
        return True
    middle = (top + bottom) // 2  # most places that are not free show it here already
    if (room[middle, left] | room[middle, right - 1] | room[middle, (left + right) // 2]) & bits:
        return False
    for y in range(top, bottom):
        line = room[y, left:right]
        met = np.uint8(0)
        for x in range(len(line)):
            met |= line[x]
        if met & bits:
            return False
    return True


@inner
def _take(room: U8, x0: float, y0: float, x1: float, y1: float, bits: int) -> None:
    height, width = room.shape
    left, right = max(0, math.floor(x0)), min(width, math.ceil(x1))
    if left >= right:
        return
    for y in range(max(0, math.floor(y0)), min(height, math.ceil(y1))):
        line = room[y, left:right]
        for x in range(len(line)):
            line[x] |= np.uint8(bits)


@inner
def _leader(room: U8, x0: float, y0: float, x1: float, y1: float, take: bool) -> bool:
    """Whether a line from a mark to its label meets neither text nor marks; with ``take`` it is claimed like text."""
    height, width = room.shape
    steps = math.ceil(max(abs(x1 - x0), abs(y1 - y0), 1.0))
    for i in range(steps + 1):
        x, y = math.floor(x0 + (x1 - x0) * i / steps), math.floor(y0 + (y1 - y0) * i / steps)
        if 0 <= x < width and 0 <= y < height:
            beside = min(x + 1, width - 1)  # two wide, so that slanting lines cannot slip through each other
            if take:
                room[y, x] |= np.uint8(TEXT)
                room[y, beside] |= np.uint8(TEXT)
            elif (room[y, x] | room[y, beside]) & (TEXT | MARK):
                return False
    return True


@kernel(u8w2, f32s2, i64)
def block(room: U8, boxes: F32, bits: int) -> None:
    """Mark the whole pixels inside ``boxes (n, 4)`` as covered by marks or text."""
    for i in range(len(boxes)):
        _take(
            room, math.ceil(boxes[i, 0]), math.ceil(boxes[i, 1]), math.floor(boxes[i, 2]), math.floor(boxes[i, 3]), bits,
        )


@kernel(u8w2, f64s2, i64s, f64s2, u8s, f64, f64, boolean)
def claim(
    room: U8, spots: F64, first: I64, sides: F64, bits: U8, pad: float, margin: float, inward: bool,
) -> tuple[I64, F32, F32]:
    """Give every candidate the first of its places that is free, in order.

    Parameters
    ----------
    room
        ``(height, width) uint8``, changed in place.
    spots
        ``(n, 5)``: x, y, width and height of the text, distance from the point to the text; pixels.
    first
        ``(n,) int64``: the first place that is tried for each candidate.
    sides
        ``(k, 3)``: direction of each place from the point, best first, and pixels farther away; text that is moved away
        must be joined to its point by a free line.
    bits
        ``(k,) uint8``: what each place must not cover.
    pad
        Pixels around the text that are claimed too.
    margin
        Pixels to the border within which no text may end.
    inward
        Try the next place where one is not wholly on the picture.

    Returns
    -------
    Number of the place ``(n,) int64``: -1 when none is free, -2 when the free one is not wholly on the picture; box of
    each ``(n, 4) float32``; line from the point to a text moved away ``(n, 4) float32``, NaN for none.
    """
    n, k = len(spots), len(sides)
    height, width = room.shape
    out = np.full(n, -1, np.int64)
    boxes = np.zeros((n, 4), np.float32)
    leaders = np.full((n, 4), np.nan, np.float32)
    for i in range(n):
        x, y, w, h, away = spots[i, 0], spots[i, 1], spots[i, 2], spots[i, 3], spots[i, 4]
        for j in range(first[i], k):
            dx, dy, far = sides[j, 0], sides[j, 1], sides[j, 2]
            cx = x + dx * (away + far) + np.sign(dx) * w / 2
            cy = y + dy * (away + far) + np.sign(dy) * h / 2
            x0, y0 = np.float32(cx - w / 2 - pad), np.float32(cy - h / 2 - pad)
            x1, y1 = np.float32(cx + w / 2 + pad), np.float32(cy + h / 2 + pad)
            cut = x0 < margin or y0 < margin or x1 > width - margin or y1 > height - margin
            if cut and inward:
                continue
            if not _is_free(room, x0, y0, x1, y1, bits[j]):
                continue
            if cut:
                out[i] = -2
                break
            if far > 0:
                lx, ly = min(max(x, x0 + pad), x1 - pad), min(max(y, y0 + pad), y1 - pad)
                reach = math.hypot(lx - x, ly - y)
                t = max(0.0, away - pad - 1.0) / reach if reach > 0 else 0.0  # from the rim of the mark
                clear = min(1.0, 1.6 * t)  # from the corner of the square it claims
                sx, sy = x + clear * (lx - x), y + clear * (ly - y)
                if not _leader(room, sx, sy, lx, ly, False):
                    continue
                _leader(room, sx, sy, lx, ly, True)
                leaders[i, 0], leaders[i, 1], leaders[i, 2], leaders[i, 3] = x + t * (lx - x), y + t * (ly - y), lx, ly
            _take(room, x0, y0, x1, y1, TEXT)
            boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = x0, y0, x1, y1
            out[i] = j
            break
    return out, boxes, leaders


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
    u8w2, f64s2, i64s, i64s, i64s, f32s, i64s, u8s, f64, f64, f64, f64, f64, f64, f64, f64, f64, i64, boolean,
)
def along(
    room: U8, coords: F64, offsets: I64, chains: I64, texts: I64, advances: F32, text_offsets: I64, may_stand: U8,
    west: float, north: float, unit: float, size: float, gap: float, pad: float, repeat: float, margin: float,
    max_bend: float, most: int, inward: bool,
) -> tuple[F32, I64, I64, F32, I64, F64]:
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
    inward
        Try farther along the line where a place is not wholly on the picture.

    Returns
    -------
    Glyphs ``(g, 3) float32`` as centre x, y, rotation; offsets of labels into them; chain index of each label;
    boxes ``(labels, 4)``; indices of the chains long enough for their text that got none, and where they would have
    had it ``(m, 2)``.
    """
    height, width = room.shape
    glyphs = np.empty((most, 3), np.float32)
    starts = np.zeros(most + 1, np.int64)
    whose = np.empty(most, np.int64)
    boxes = np.empty((most, 4), np.float32)
    before = np.full(most, -1, np.int64)  # the label of the same text placed before
    latest = np.full(len(text_offsets), -1, np.int64)
    left = np.empty(len(chains), np.int64)
    places = np.empty((len(chains), 2))
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
                o = latest[texts[c]]
                while free and o >= 0:
                    ox = (boxes[o, 0] + boxes[o, 2] - x0 - x1) / 2
                    oy = (boxes[o, 1] + boxes[o, 3] - y0 - y1) / 2
                    free = math.hypot(ox, oy) > 0.6 * repeat
                    o = before[o]
                if x1 > 0 and y1 > 0 and x0 < width and y0 < height:
                    if in_view == 0:
                        places[unplaced, 0], places[unplaced, 1] = (x0 + x1) / 2, (y0 + y1) / 2
                    in_view += 1
                if not free:
                    continue
                if x0 < margin or y0 < margin or x1 > width - margin or y1 > height - margin:
                    if inward:
                        continue
                    in_view = 0
                    break
                for i in range(count):
                    turn = abs(math.cos(out[i, 2])) + abs(math.sin(out[i, 2]))
                    half = 0.5 * size * min(turn, 1.25) + pad
                    _take(room, out[i, 0] - half, out[i, 1] - half, out[i, 0] + half, out[i, 1] + half, TEXT)
                boxes[labels, 0], boxes[labels, 1], boxes[labels, 2], boxes[labels, 3] = x0, y0, x1, y1
                whose[labels] = c
                before[labels] = latest[texts[c]]
                latest[texts[c]] = labels
                n += count
                labels += 1
                starts[labels] = n
                placed += 1
                break
            if n + count > most:
                break
        if in_view and not placed:
            left[unplaced] = c
            unplaced += 1
    return (
        glyphs[:n].copy(), starts[: labels + 1].copy(), whose[:labels].copy(), boxes[:labels].copy(),
        left[:unplaced].copy(), places[:unplaced].copy(),
    )
