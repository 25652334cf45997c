"""Features of a few pixels: most of a city, seen from afar. No walk along edges, no scratch memory as wide as the frame."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.blend import FULL, put
from lydigital.kernels.jit import F32, F64, I16, I32, I64, U8, U32, inner, leaf, pasted

SIDE = 32  # pixels of the largest tile
DIRTY = 64  # pixels of a block of the mask
BLOCK = 256  # features in a row that lie near each other
LOCAL = 2048  # pixels of the ground of such a block, to be summed apart
SNAPS = 16.0  # vertices lie on such parts of a pixel, on both sides of a common border alike
_LEAST = 0.5  # of its box, that the side of a tiny feature keeps


@leaf
def _measure(memo: F32, coords: F64, ring_offsets: I64, geom_rings: I64, row: int) -> float:
    twice = 0.0
    for ring in range(geom_rings[row], geom_rings[row + 1]):
        v0 = ring_offsets[ring]
        ox, oy = coords[v0, 0], coords[v0, 1]
        ax, ay = 0.0, 0.0
        for v in range(v0 + 1, ring_offsets[ring + 1]):
            bx, by = coords[v, 0] - ox, coords[v, 1] - oy
            twice += ax * by - bx * ay
            ax, ay = bx, by
    area = np.float32(0.5 * abs(twice))
    if row < len(memo):
        memo[row] = area
    return area


@pasted
def area_of(memo: F32, coords: F64, ring_offsets: I64, geom_rings: I64, row: int) -> float:
    """Area (map units²) of polygon ``row``; worked out once, ``memo`` (of all features, or none) holds NaN before.

    Threads may meet here: they write the same value.
    """
    area = float(memo[np.uint64(row)]) if row < len(memo) else math.nan
    if math.isnan(area):
        area = float(_measure(memo, coords, ring_offsets, geom_rings, row))
    return area


@leaf
def walk(
    acc: F32, stride: int, rows: int, coords: F64, importance: F32, tolerance: float, begin: int, end: int,
    left: float, top: float, scale: float, column: int, row0: int,
) -> None:
    """Accumulate the signed areas right of the edges of a ring that lies between the columns of ``acc`` ``(rows, stride)``.

    The same as ``fill._edge`` does, without clipping at the sides and in one body.
    """
    snaps = scale * SNAPS
    keeps_all = len(importance) == 0
    ax = math.floor((coords[begin, 0] - left) * snaps + 0.5) / SNAPS - column
    ay = math.floor((top - coords[begin, 1]) * snaps + 0.5) / SNAPS - row0
    for v in range(begin + 1, end):
        if not (keeps_all or importance[v] >= tolerance):
            continue
        bx = math.floor((coords[v, 0] - left) * snaps + 0.5) / SNAPS - column
        by = math.floor((top - coords[v, 1]) * snaps + 0.5) / SNAPS - row0
        down = by > ay
        x0, y0, x1, y1 = (ax, ay, bx, by) if down else (bx, by, ax, ay)
        sign = 1.0 if down else -1.0
        ax, ay = bx, by
        if y0 == y1 or y1 <= 0.0 or y0 >= rows:
            continue
        slope = (x1 - x0) / (y1 - y0)
        low, high = min(x0, x1), max(x0, x1)
        x, y = x0, y0
        if y < 0.0:
            x, y = min(max(x0 - y0 * slope, low), high), 0.0
        last = min(y1, float(rows))
        row = int(y)
        while y < last:
            ny = min(row + 1.0, last)
            nx = min(max(x0 + (ny - y0) * slope, low), high)
            d = sign * (ny - y)
            xa, xb = min(x, nx), max(x, nx)
            cell = int(xa)
            cells = acc[row * stride : (row + 1) * stride]
            if xb <= cell + 1.0:
                m = d * (0.5 * (xa + xb) - cell)
                cells[np.uint64(cell)] += d - m
                cells[np.uint64(cell + 1)] += m
            else:
                right = math.ceil(xb)
                s = d / (xb - xa)
                done = 0.0  # of the edge's height that lies left of a cell's right side, spread over the cells
                for k in range(cell, right):
                    p, q = max(xa, float(k)), min(xb, k + 1.0)
                    m = s * (q - p) * (0.5 * (p + q) - k)
                    part = s * (q - p)
                    cells[np.uint64(k)] += part - m + done
                    done = m
                cells[np.uint64(right)] += done
            x, y = nx, ny
            row += 1


@leaf
def is_outside(block: F64, left: float, top: float, scale: float, reach: float, row0: int, row1: int, width: int) -> bool:
    """Whether the bounds ``block`` lie more than ``reach`` pixels off the rows; NaN does."""
    return not (
        (top - block[1]) * scale > row0 - reach and (top - block[3]) * scale < row1 + reach
        and (block[2] - left) * scale > -reach and (block[0] - left) * scale < width + reach
    )


@pasted
def _pour(cells: F32, at: int, part: float, color: F32, solid: float) -> None:
    """Add a part of a colour to a cell; as in ``blend.put`` what exceeds the whole lies over what came before."""
    where = np.uint64(at)
    before, more = cells[where, 3], part * color[3]
    over = before + more - FULL * solid
    keep = np.float32(max(0.0, 1.0 - over / before * solid)) if over > 0.0 and before > 0.0 else np.float32(1.0)
    share = np.float32(part)
    for k in range(4):
        cells[where, k] = cells[where, k] * keep + share * color[k]


@leaf
def _spread(
    local: F32, wide: int, high: int, x0: float, y0: float, x1: float, y1: float, area: float, color: F32, solid: float,
) -> None:
    """Spread ``area`` over the at most four pixels of a box no larger than a pixel."""
    cx, cy = math.floor(x0), math.floor(y0)
    w, h = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
    right = max(x1 - cx - 1.0, 0.0) / w
    lower = max(y1 - cy - 1.0, 0.0) / h
    for j in range(2):
        y = cy + j
        part_y = area * (lower if j else 1.0 - lower)
        if y < 0 or y >= high or part_y <= 0.0:
            continue
        for i in range(2):
            x = cx + i
            part = part_y * (right if i else 1.0 - right)
            if 0 <= x < wide and part > 0.0:
                _pour(local, y * wide + x, part, color, solid)


@leaf
def crowd(
    frame: U32, sums: U32, tag: int, row0: int, row1: int, left: float, top: float, scale: float,
    coords: F64, ring_offsets: I64, geom_rings: I64, bounds: F64, areas: F32, rows: I32, codes: I16,
    shares: F32, alpha: int, local: F32, block: F64,
) -> bool:
    """Fill features ``rows`` of one ``block``, none larger than a pixel, if they crowd on few pixels; else say no.

    Their colours are summed by area on the block's own pixels, and what comes of it is laid on the frame once a pixel.
    ``shares`` ``(c, 4)`` are colours times alpha and alpha, of ``FULL``; ``alpha`` is the highest. ``local``
    ``(LOCAL, 4)`` is zero before and after.
    """
    width = frame.shape[1]
    x_first = max(0, math.floor((block[0] - left) * scale))
    y_first = max(row0, math.floor((top - block[3]) * scale))
    wide = min(width, math.floor((block[2] - left) * scale) + 1) - x_first
    high = min(row1, math.floor((top - block[1]) * scale) + 1) - y_first
    if wide <= 0 or high <= 0:
        return True
    if wide * high > min(LOCAL, 3 * len(rows)):
        return False
    solid = alpha / 255.0
    ox, oy = -left * scale - x_first, top * scale - y_first
    for i in range(len(rows)):
        row = rows[i]
        x0, x1 = bounds[row, 0] * scale + ox, bounds[row, 2] * scale + ox
        y0, y1 = oy - bounds[row, 3] * scale, oy - bounds[row, 1] * scale
        if not (y1 > 0.0 and y0 < high and x1 > 0.0 and x0 < wide):
            continue
        area = area_of(areas, coords, ring_offsets, geom_rings, row) * scale * scale
        color = shares[codes[i]]
        cx, cy = int(x0), int(y0)
        if x0 >= 0.0 and y0 >= 0.0 and x1 <= cx + 1.0 and y1 <= cy + 1.0:
            _pour(local, cy * wide + cx, area, color, solid)
        else:
            _spread(local, wide, high, x0, y0, x1, y1, area, color, solid)
    limit = FULL * solid
    for y in range(high):
        line = frame[y_first + y, x_first : x_first + wide]
        records = sums[y_first + y, x_first : x_first + wide]
        cells = local[y * wide : (y + 1) * wide]
        for x in range(wide):
            weight = cells[x, 3]
            if weight <= 0.0:
                continue
            r, g = np.int64(cells[x, 0] + 0.5), np.int64(cells[x, 1] + 0.5)
            b, a = np.int64(cells[x, 2] + 0.5), np.int64(weight + 0.5)
            put(line, records, tag, x, min(r, FULL), min(g, FULL), min(b, FULL), min(a, FULL), alpha, min(1.0, a / limit))
            for k in range(4):
                cells[x, k] = 0.0
    return True


@pasted
def shrink(w: float, h: float, half: float, area: float) -> float:
    """How much smaller than its box ``(w, h)`` a tiny feature is to be drawn, so that the ink of its outline is right.

    ``area`` is that of a polygon; below 0 the feature is a line from corner to corner.
    """
    box = w * h
    share = 1.0
    if box > 1e-9:
        if area >= 0.0:
            share = min(1.0, max(_LEAST, math.sqrt(area / box)))
        else:
            ink = 2.0 * half * math.sqrt(w * w + h * h)
            b = 2.0 * half * (w + h)
            share = (math.sqrt(b * b + 4.0 * box * ink) - b) / (2.0 * box)
    return share


@pasted
def dot(mask: U8, dirty: U8, row0: int, row1: int, x0: float, y0: float, x1: float, y1: float) -> None:
    """Draw an upright box into the mask by maximum."""
    first, last = math.floor(x0), math.ceil(x1) - 1
    begin = 255.0 * (min(x1, first + 1.0) - x0)
    end = 255.0 * (x1 - last)
    width = mask.shape[1]
    for y in range(max(row0, math.floor(y0)), min(row1, math.ceil(y1))):
        part = min(y1, y + 1.0) - max(y0, float(y))
        flags, line = dirty[y], mask[y]
        if 0 <= first < width:
            flags[np.uint64(first // DIRTY)] = 1
            line[np.uint64(first)] = max(line[np.uint64(first)], np.uint8(part * begin + 0.5))
        middle = np.uint8(part * 255.0 + 0.5)
        x = max(first + 1, 0)
        while x < last and x < width:
            line[np.uint64(x)] = max(line[np.uint64(x)], middle)
            x += 1
        if first < last and 0 <= last < width:
            flags[np.uint64(last // DIRTY)] = 1
            line[np.uint64(last)] = max(line[np.uint64(last)], np.uint8(part * end + 0.5))


@leaf
def dots(
    mask: U8, dirty: U8, row0: int, row1: int, left: float, top: float, scale: float, coords: F64, ring_offsets: I64,
    geom_rings: I64, bounds: F64, areas: F32, rows: I32, half: float, closed: bool,
) -> None:
    """Stroke features ``rows``, each no larger than a line of twice ``half`` is wide, as boxes with as much ink."""
    width = mask.shape[1]
    reach = half + 1.0
    for i in range(len(rows)):
        row = rows[i]
        x0, x1 = (bounds[row, 0] - left) * scale, (bounds[row, 2] - left) * scale
        y0, y1 = (top - bounds[row, 3]) * scale, (top - bounds[row, 1]) * scale
        if not (y1 > row0 - reach and y0 < row1 + reach and x1 > -reach and x0 < width + reach):
            continue
        w, h = x1 - x0, y1 - y0
        area = -1.0
        if closed:
            area = area_of(areas, coords, ring_offsets, geom_rings, row) * scale * scale
        share = 0.5 * shrink(w, h, half, area)
        x, y, w, h = 0.5 * (x0 + x1), 0.5 * (y0 + y1), share * w + half, share * h + half
        dot(mask, dirty, row0, row1, x - w, y - h, x + w, y + h)


@inner
def tile_tables() -> F32:
    """Columns and rows ``(2, 3, SIDE²)`` of the cells of tiles 8, 16 and 32 cells wide."""
    out = np.empty((2, 3, SIDE * SIDE), np.float32)
    for s in range(3):
        for k in range(SIDE * SIDE):
            out[0, s, k] = k % (8 << s)
            out[1, s, k] = k // (8 << s)
    return out


@leaf
def tile(
    mask: U8, dirty: U8, row0: int, row1: int, path: F64, n: int, half: float, squares: F32, tables: F32,
) -> None:
    """Stroke a path of at most ``SIDE`` pixels with round joins and ends: the distance of every pixel to all of it."""
    reach = half + 0.5
    xmin = ymin = np.inf
    xmax = ymax = -np.inf
    for k in range(n):
        xmin, xmax = min(xmin, path[k, 0]), max(xmax, path[k, 0])
        ymin, ymax = min(ymin, path[k, 1]), max(ymax, path[k, 1])
    left, right = math.floor(xmin - reach), math.ceil(xmax + reach)
    top, bottom = math.floor(ymin - reach), math.ceil(ymax + reach)
    first, last = max(0, row0 - top), min(bottom, row1) - top
    a, b = max(left, 0), min(right, mask.shape[1])
    if first >= last or a >= b:
        return
    size = 0 if right - left <= 8 else 1 if right - left <= 16 else 2
    stride = 8 << size
    squares[first * stride : last * stride] = (reach + 1.0) * (reach + 1.0)
    for k in range(n - 1):
        x0, y0 = path[k, 0] - left - 0.5, path[k, 1] - top - 0.5
        dx, dy = path[k + 1, 0] - path[k, 0], path[k + 1, 1] - path[k, 1]
        begin = max(first, math.ceil(min(y0, y0 + dy) - reach)) * stride
        end = min(last, math.floor(max(y0, y0 + dy) + reach) + 1) * stride
        if begin >= end:
            continue
        square = dx * dx + dy * dy
        inverse = 1.0 / square if square > 1e-12 else 0.0
        ax, ay, ex, ey = np.float32(x0), np.float32(y0), np.float32(dx), np.float32(dy)
        ux, uy = np.float32(dx * inverse), np.float32(dy * inverse)
        zero, one = np.float32(0.0), np.float32(1.0)
        out = squares[begin:end]
        xs, ys = tables[0, size, begin:end], tables[1, size, begin:end]
        for i in range(len(out)):
            px, py = xs[i] - ax, ys[i] - ay
            t = min(max(px * ux + py * uy, zero), one)
            qx, qy = px - t * ex, py - t * ey
            out[i] = min(out[i], qx * qx + qy * qy)
    far, scale, half_f = np.float32(reach), np.float32(255.0), np.float32(0.5)
    nothing, whole = np.float32(0.0), np.float32(1.0)
    for y in range(first, last):
        row = top + y
        dirty[row, a // DIRTY] = 1
        dirty[row, (b - 1) // DIRTY] = 1
        line = mask[row, a:b]
        at = y * stride + a - left
        near = squares[at : at + b - a]
        for i in range(len(line)):
            cover = min(max(far - math.sqrt(near[i]), nothing), whole)
            line[i] = max(line[i], np.uint8(cover * scale + half_f))
