"""Features of a few pixels: most of a city, seen from afar. No walk along edges, no scratch memory as wide as the frame."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F32, F64, I64, U8, inner, leaf

SIDE = 32  # pixels of the largest tile
DIRTY = 64  # pixels of a block of the mask
SNAPS = 16.0  # vertices lie on such parts of a pixel, on both sides of a common border alike
_LEAST = 0.5  # of its box, that the side of a tiny feature keeps


@leaf
def area_of(memo: F32, coords: F64, ring_offsets: I64, geom_rings: I64, row: int) -> float:
    """Area (map units²) of polygon ``row``; worked out once, ``memo`` holds NaN before.

    Threads may meet here: they write the same value.
    """
    if row < len(memo) and not math.isnan(memo[row]):
        return memo[row]
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
def dot(mask: U8, dirty: U8, row0: int, row1: int, x0: float, y0: float, x1: float, y1: float) -> None:
    """Draw an upright box into the mask by maximum."""
    left, right = max(0, math.floor(x0)), min(mask.shape[1], math.ceil(x1))
    top, bottom = max(row0, math.floor(y0)), min(row1, math.ceil(y1))
    if left >= right:
        return
    for y in range(top, bottom):
        part = 255.0 * (min(y1, y + 1.0) - max(y0, float(y)))
        dirty[y, left // DIRTY] = 1
        dirty[y, (right - 1) // DIRTY] = 1
        for x in range(left, right):
            value = np.uint8(part * (min(x1, x + 1.0) - max(x0, float(x))) + 0.5)
            mask[y, x] = max(mask[y, x], value)


@leaf
def shrink(w: float, h: float, half: float, area: float) -> float:
    """How much smaller than its box ``(w, h)`` a tiny feature is to be drawn, so that the ink of its outline is right.

    ``area`` is that of a polygon; below 0 the feature is a line from corner to corner.
    """
    box = w * h
    if area >= 0.0:
        return min(1.0, max(_LEAST, math.sqrt(area / box))) if box > 1e-9 else 1.0
    if box <= 1e-9:
        return 1.0
    ink = 2.0 * half * math.sqrt(w * w + h * h)
    b = 2.0 * half * (w + h)
    return (math.sqrt(b * b + 4.0 * box * ink) - b) / (2.0 * box)


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
