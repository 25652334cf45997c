"""Filling polygons: exact area coverage of every pixel, even-odd, in horizontal bands.

Signed areas of the trapezoids right of every edge are accumulated in a scratch buffer and summed along each row (the
method of font rasterizers; see Levien, "font-rs", 2016). Rows do not depend on each other: bands drawn apart give the
same bits as one. Cells are kept in blocks of 16 that know whether they were touched, so that the inside of a large
polygon costs no more than writing its pixels.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import small, types
from lydigital.kernels.blend import FULL, add, dab, over, span
from lydigital.kernels.jit import (
    F32,
    F64,
    I16,
    I32,
    I64,
    U8,
    U32,
    f32s,
    f64,
    f64s,
    f64s2,
    fetch,
    i16s,
    i32s,
    i64,
    i64s,
    inner,
    kernel,
    leaf,
    u32_frame,
    u32s,
    write,
)

BLOCK = 16
SNAPS = small.SNAPS
TOLERANCE_PX = 0.15  # vertices of less importance are left out
FAR = 1 << 30
NARROW = 48  # cells a row; not worth remembering which were touched
TINY_PX = 1.0  # features not larger than this take the cheap path
AHEAD = 3  # features
EXPECTED_PX = 3.0  # pixels of smaller features were used just before
MOST_EXPECTED = 96  # rows of a feature
EDGE_TO_EDGE = 16  # pixels; what is between the sides of wider features is mostly inside
_SOLID, _HATCH, _CROSS, _DOTS = 0, 1, 2, 3


@leaf
def _scan(
    acc: F32, touched: U8, ends: I64, stride: int, blocks: int, x0: float, y0: float, x1: float, y1: float, sign: float,
    row0: int, row1: int, width: int,
) -> None:
    """Accumulate an edge going down from (x0, y0) to (x1, y1), 0 <= x <= width, into the rows row0 <= y < row1.

    ``blocks`` is the number of ``touched`` flags a row, 0 for none; ``ends`` holds the first and one past the last set.
    """
    if y1 <= y0:
        return
    slope = (x1 - x0) / (y1 - y0)
    for row in range(max(math.floor(y0), row0), min(math.ceil(y1), row1)):
        ya = max(y0, float(row))
        yb = min(y1, row + 1.0)
        xa = min(max(x0 + (ya - y0) * slope, 0.0), float(width))
        xb = min(max(x0 + (yb - y0) * slope, 0.0), float(width))
        d = sign * (yb - ya)
        if xa > xb:
            xa, xb = xb, xa
        left = int(xa)
        right = math.ceil(xb)
        at = (row - row0) * stride + left
        if blocks:
            flags = touched[(row - row0) * blocks : (row - row0 + 1) * blocks]
            for block in range(left // BLOCK + 1, max(right, left + 1) // BLOCK + 1):
                flags[block] = 1
            flags[left // BLOCK] = 1 + left % BLOCK
            ends[row - row0, 0] = min(ends[row - row0, 0], left // BLOCK)
            ends[row - row0, 1] = max(ends[row - row0, 1], max(right, left + 1) // BLOCK + 1)
        if right <= left + 1:
            m = 0.5 * (xa + xb) - left
            acc[at] += d * (1.0 - m)
            acc[at + 1] += d * m
            continue
        s = 1.0 / (xb - xa)
        a = left + 1.0 - xa
        first = 0.5 * s * a * a
        b = xb - right + 1.0
        last = 0.5 * s * b * b
        acc[at] += d * first
        n = right - left
        if n == 2:
            acc[at + 1] += d * (1.0 - first - last)
        else:
            second = s * (a + 0.5)
            acc[at + 1] += d * (second - first)
            for k in range(2, n - 1):
                acc[at + k] += d * s
            acc[at + n - 1] += d * (1.0 - second - (n - 3) * s - last)
        acc[at + n] += d * last


@leaf
def _edge(
    acc: F32, touched: U8, ends: I64, stride: int, blocks: int, x0: float, y0: float, x1: float, y1: float,
    row0: int, row1: int, width: int,
) -> None:
    """Clip an edge to the columns: left of them it counts as standing on column 0, right of them not at all."""
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1 = x1, y1, x0, y0
        sign = -1.0
    if y1 <= row0 or y0 >= row1 or y0 == y1 or (x0 >= width and x1 >= width):
        return
    if x0 <= 0.0 and x1 <= 0.0:
        _scan(acc, touched, ends, stride, blocks, 0.0, y0, 0.0, y1, sign, row0, row1, width)
        return
    if x0 < 0.0:
        y = y0 - x0 * (y1 - y0) / (x1 - x0)
        _scan(acc, touched, ends, stride, blocks, 0.0, y0, 0.0, y, sign, row0, row1, width)
        x0, y0 = 0.0, y
    elif x1 < 0.0:
        y = y0 - x0 * (y1 - y0) / (x1 - x0)
        _scan(acc, touched, ends, stride, blocks, 0.0, y, 0.0, y1, sign, row0, row1, width)
        x1, y1 = 0.0, y
    if x0 > width:
        y = y0 + (width - x0) * (y1 - y0) / (x1 - x0)
        x0, y0 = float(width), y
    elif x1 > width:
        y = y0 + (width - x0) * (y1 - y0) / (x1 - x0)
        x1, y1 = float(width), y
    _scan(acc, touched, ends, stride, blocks, x0, y0, x1, y1, sign, row0, row1, width)


@leaf
def _folded(area: float) -> float:
    """Signed area to coverage by the even-odd rule, so that holes are holes whichever way they turn."""
    area = abs(area)
    if area > 1.0:
        area -= 2.0 * math.floor(area * 0.5)
        if area > 1.0:
            area = 2.0 - area
    return area


@leaf
def _pattern(pattern: F64, x: int, y: int) -> float:
    """Coverage of a pattern at a pixel. ``pattern``: kind, normal x, normal y, two phases, spacing, half width (px)."""
    u = (x * pattern[1] + y * pattern[2]) / pattern[5] + pattern[3]
    du = abs(u - math.floor(u + 0.5)) * pattern[5]
    half = max(pattern[6], 0.5)
    strength = min(1.0, 2.0 * pattern[6])
    if pattern[0] == _HATCH:
        return strength * min(1.0, max(0.0, half + 0.5 - du))
    v = (y * pattern[1] - x * pattern[2]) / pattern[5] + pattern[4]
    dv = abs(v - math.floor(v + 0.5)) * pattern[5]
    if pattern[0] == _CROSS:
        return strength * min(1.0, max(0.0, half + 0.5 - min(du, dv)))
    return min(1.0, max(0.0, 2.0 * pattern[6] + 0.5 - math.sqrt(du * du + dv * dv)))


@leaf
def _tiny(
    frame: U32, sums: U32, tag: int, row0: int, row1: int, x0: float, y0: float, x1: float, y1: float,
    area: float, color: int,
) -> None:
    """Spread ``area`` (px²) over the at most four pixels of a box no larger than a pixel."""
    width = frame.shape[1]
    cx, cy = math.floor(x0), math.floor(y0)
    if x1 <= cx + 1.0 and y1 <= cy + 1.0:  # within one pixel, as most of them are
        if 0 <= cx < width and row0 <= cy < row1 and area > 1e-5:
            dab(frame, sums, tag, cy, cx, color, min(1.0, area))
        return
    w, h = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
    for y in range(cy, cy + 2):
        if y < row0 or y >= row1:
            continue
        part_y = (min(y1, y + 1.0) - max(y0, float(y))) / h if h > 1e-9 else (1.0 if y == cy else 0.0)
        for x in range(cx, cx + 2):
            if x < 0 or x >= width:
                continue
            part_x = (min(x1, x + 1.0) - max(x0, float(x))) / w if w > 1e-9 else (1.0 if x == cx else 0.0)
            cover = area * part_x * part_y
            if part_x > 0.0 and part_y > 0.0 and cover > 1e-5:
                dab(frame, sums, tag, y, x, color, min(1.0, cover))


@leaf
def _run(
    frame: U32, sums: U32, tag: int, y: int, x0: int, x1: int, cover: float, color: int, pattern: F64,
) -> None:
    """Lay ``color`` on the pixels x0 <= x < x1 of a row, all covered alike."""
    alpha = (color >> 24) & 0xFF
    solid = alpha + (alpha >> 7)
    if pattern[0] != _SOLID:
        for x in range(x0, x1):
            share = int(_pattern(pattern, x, y) * cover * solid + 0.5)
            frame[y, x] = np.uint32(over(np.int64(frame[y, x]), color, share))
    elif cover > 0.998:
        span(frame, y, x0, x1, color, solid)
    else:
        for x in range(x0, x1):
            dab(frame, sums, tag, y, x, color, cover)


@leaf
def _sweep(
    frame: U32, sums: U32, tag: int, acc: F32, touched: U8, ends: I64, stride: int, row0: int, row1: int,
    column: int, width: int, color: int, pattern: F64,
) -> None:
    """Turn accumulated areas into runs of pixels and leave the scratch buffers zero."""
    blocks = stride // BLOCK
    for row in range(row0, row1):
        area = np.float32(0.0)
        cover = 0.0
        start = 0
        flags = touched[(row - row0) * blocks : (row - row0 + 1) * blocks]
        if row + 1 < row1:
            soon = touched[(row - row0 + 1) * blocks : (row - row0 + 2) * blocks]
            for block in range(ends[row - row0 + 1, 0], ends[row - row0 + 1, 1]):
                if soon[block] != 0:
                    x = min(block * BLOCK + soon[block] - 1, width - 1)
                    fetch(frame, row + 1, column + x)
                    fetch(sums, row + 1, column + x)
        begin, end = ends[row - row0, 0], ends[row - row0, 1]
        ends[row - row0, 0], ends[row - row0, 1] = FAR, 0
        for block in range(begin, end):
            if flags[block] == 0:
                continue
            flags[block] = 0
            at = block * BLOCK
            first = (row - row0) * stride + at
            cells = acc[first : first + BLOCK]
            for k in range(BLOCK):
                change = cells[k]
                if change == 0.0:
                    continue
                cells[k] = 0.0
                x = min(at + k, width)
                if cover > 0.002 and x > start:
                    _run(frame, sums, tag, row, column + start, column + x, cover, color, pattern)
                area += change
                cover = _folded(area)
                start = x
        if cover > 0.002 and width > start:
            _run(frame, sums, tag, row, column + start, column + width, cover, color, pattern)


@leaf
def _sweep_narrow(
    frame: U32, sums: U32, tag: int, acc: F32, stride: int, row0: int, row1: int, column: int, width: int, color: int,
) -> None:
    """As :func:`_sweep`, pixel by pixel and without a pattern."""
    opaque = (color >> 24) & 0xFF == 0xFF
    solid = np.uint32(color)
    for row in range(row0, row1):
        first = (row - row0) * stride
        cells = acc[first : first + stride]
        line, records = frame[row, column : column + width], sums[row, column : column + width]
        area = np.float32(0.0)
        for x in range(width):
            area += cells[x]
            cells[x] = 0.0
            cover = _folded(area)
            if opaque and cover > 0.998:
                line[x] = solid
            elif cover > 0.002:
                add(line, records, tag, x, color, cover)
        cells[width] = 0.0
        cells[width + 1] = 0.0


@leaf
def _expect(
    frame: U32, sums: U32, row0: int, row1: int, left: float, top: float, scale: float, bounds: F64, row: int,
) -> None:
    """Have the pixels at the sides of a feature brought into the cache: waiting for them takes longer than all the rest."""
    width = frame.shape[1]
    x0, x1 = (bounds[row, 0] - left) * scale, (bounds[row, 2] - left) * scale
    y0, y1 = (top - bounds[row, 3]) * scale, (top - bounds[row, 1]) * scale
    if not (y1 > row0 and y0 < row1 and x1 > 0.0 and x0 < width):
        return
    a, b = max(0, int(x0)), min(width - 1, int(x1))
    begin = max(row0, int(y0))
    for y in range(begin, min(row1, int(y1) + 1, begin + MOST_EXPECTED)):
        fetch(frame, y, a)
        fetch(frame, y, b)
        fetch(sums, y, b)
        for x in range(a, b if b - a < EDGE_TO_EDGE else a + 1, 4):
            fetch(sums, y, x)


@inner
def _shares(colors: U32) -> tuple[F32, int]:
    """Colours times alpha, and alpha, ``(c, 4)`` of ``FULL``; and the highest alpha (0-255, at least 1)."""
    out = np.empty((len(colors), 4), np.float32)
    highest = np.int64(1)
    for c in range(len(colors)):
        color = np.int64(colors[c])
        alpha = color >> 24
        weight = alpha * (FULL / 255.0)
        out[c, 0] = weight * (color & 0xFF) / 255.0
        out[c, 1] = weight * ((color >> 8) & 0xFF) / 255.0
        out[c, 2] = weight * ((color >> 16) & 0xFF) / 255.0
        out[c, 3] = weight
        highest = max(highest, alpha)
    return out, highest


@kernel(
    u32_frame, write(types.uint32, 3), i64, write(types.float32), write(types.uint8), i64, i64,
    f64, f64, f64, f64s2, f32s, i64s, i64s, f64s2, f64s2, write(types.float32), i32s, i16s, u32s, f64s, f64,
)
def fill(
    frame: U32, sums: U32, tag: int, acc: F32, touched: U8, row0: int, row1: int,
    left: float, top: float, scale: float, coords: F64, importance: F32, ring_offsets: I64, geom_rings: I64,
    bounds: F64, blocks: F64, areas: F32, rows: I32, codes: I16, colors: U32, pattern: F64, least: float,
) -> None:
    """Fill the features ``rows`` in the rows ``row0 <= y < row1`` of the frame.

    Feature ``rows[i]`` takes ``colors[codes[i]]``. ``left``, ``top`` are map units of the frame's corner, ``scale``
    pixels a map unit. ``sums`` ``(h, w, 4)`` and ``tag`` (1-255, new for every layer on a frame) are those of
    :func:`~lydigital.kernels.blend.dab`. ``acc`` (``(row1 - row0) * (w + 18)`` or more) and ``touched``
    (a sixteenth of it) are zero before and after. ``importance`` has a value a vertex, or none at all; ``areas`` one a
    feature, or none: NaN where not known yet. ``blocks`` are those of ``ragged.block_sizes``. Features with no side above
    ``least`` pixels are left out.
    """
    width = frame.shape[1]
    tolerance = TOLERANCE_PX / scale
    snaps = scale * SNAPS
    has_importance = len(importance) > 0
    expects = False
    ends = np.empty((row1 - row0, 2), np.int64)
    ends[:, 0] = FAR
    ends[:, 1] = 0
    local = np.zeros((small.LOCAL, 4), np.float32)
    shares, highest = _shares(colors)
    block = np.int64(-1)
    beyond = np.int64(0)  # rows up to there are done
    for i in range(len(rows)):
        if i < beyond:
            continue
        row = rows[i]
        if row // small.BLOCK != block:
            block = row // small.BLOCK
            expects = blocks[block, 4] * scale > EXPECTED_PX
            is_far = small.is_outside(blocks[block], left, top, scale, 0.0, row0, row1, width)
            is_far = is_far or blocks[block, 4] * scale <= least
            if is_far or (blocks[block, 4] * scale <= TINY_PX and pattern[0] == _SOLID):
                beyond = i + 1
                while beyond < len(rows) and rows[beyond] // small.BLOCK == block:
                    beyond += 1
                if is_far or small.crowd(
                    frame, sums, tag, row0, row1, left, top, scale, coords, ring_offsets, geom_rings, bounds, areas,
                    rows[i:beyond], codes[i:beyond], shares, highest, local, blocks[block],
                ):
                    continue
                beyond = 0
        if expects and i + AHEAD < len(rows):
            _expect(frame, sums, row0, row1, left, top, scale, bounds, rows[i + AHEAD])
        x0, x1 = (bounds[row, 0] - left) * scale, (bounds[row, 2] - left) * scale
        y0, y1 = (top - bounds[row, 3]) * scale, (top - bounds[row, 1]) * scale
        if not (y1 > row0 and y0 < row1 and x1 > 0.0 and x0 < width) or (x1 - x0 <= least and y1 - y0 <= least):
            continue
        color = np.int64(colors[codes[i]])
        if color >> 24 == 0:
            continue
        begin, end = geom_rings[row], geom_rings[row + 1]
        if x1 - x0 <= TINY_PX and y1 - y0 <= TINY_PX and pattern[0] == _SOLID:
            area = small.area_of(areas, coords, ring_offsets, geom_rings, row) * scale * scale
            _tiny(frame, sums, tag, row0, row1, x0, y0, x1, y1, area, color)
            continue
        column = max(0, math.floor(x0 - 0.5 / SNAPS))
        columns = min(width, math.ceil(x1 + 0.5 / SNAPS)) - column
        r0, r1 = max(row0, math.floor(y0 - 0.5 / SNAPS)), min(row1, math.ceil(y1 + 0.5 / SNAPS))
        if columns <= 0 or r1 <= r0:
            continue
        stride = (columns + 2 + BLOCK - 1) // BLOCK * BLOCK
        flags = 0 if stride <= NARROW and pattern[0] == _SOLID else stride // BLOCK
        if flags == 0 and x0 >= 1.0 and x1 <= width - 1.0:
            for ring in range(begin, end):
                small.walk(
                    acc, stride, r1 - r0, coords, importance, tolerance, ring_offsets[ring], ring_offsets[ring + 1],
                    left, top, scale, column, r0,
                )
            _sweep_narrow(frame, sums, tag, acc, stride, r0, r1, column, columns, color)
            continue
        for ring in range(begin, end):
            v0, v1 = ring_offsets[ring], ring_offsets[ring + 1]
            ax = math.floor((coords[v0, 0] - left) * snaps + 0.5) / SNAPS - column
            ay = math.floor((top - coords[v0, 1]) * snaps + 0.5) / SNAPS
            for v in range(v0 + 1, v1):
                if has_importance and importance[v] < tolerance:
                    continue
                bx = math.floor((coords[v, 0] - left) * snaps + 0.5) / SNAPS - column
                by = math.floor((top - coords[v, 1]) * snaps + 0.5) / SNAPS
                if bx != ax or by != ay:
                    _edge(acc, touched, ends, stride, flags, ax, ay, bx, by, r0, r1, columns)
                    ax, ay = bx, by
        if flags == 0:
            _sweep_narrow(frame, sums, tag, acc, stride, r0, r1, column, columns, color)
        else:
            _sweep(frame, sums, tag, acc, touched, ends, stride, r0, r1, column, columns, color, pattern)
