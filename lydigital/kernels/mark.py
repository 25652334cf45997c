"""Sprites on points, and coverage masks (glyphs) under colour."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.blend import OPAQUE, over
from lydigital.kernels.jit import (
    F32,
    F64,
    I16,
    I32,
    I64,
    U8,
    U32,
    boolean,
    f32s2,
    f64,
    f64s2,
    i16s,
    i32s,
    i64,
    i64s,
    inner,
    kernel,
    read,
    u8s,
    u32_frame,
    u32s,
    write,
)

_OPAQUE, _RB, _G, _ALL = np.uint32(OPAQUE), np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(255)
_HALF_RB, _HALF_G = np.uint32(0x800080), np.uint32(0x008000)
_ALPHA, _SEVEN, _EIGHT = np.uint32(24), np.uint32(7), np.uint32(8)
MANY = 2_000  # marks among which to look for hidden ones


@inner
def _hidden(
    row0: int, row1: int, left: float, top: float, scale: float, coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32,
    codes: I16, sprites: I64, anchors: F64, width: int,
) -> U8:
    """Whether a later mark stands on the very pixel of every one of ``rows``, ``(n,) uint8``; for marks of one shape."""
    w, h = sprites[0, 1], sprites[0, 2]
    out = np.zeros(len(rows), np.uint8)
    taken = np.zeros((row1 - row0 + h + 2, width + w + 2), np.uint8)
    for k in range(len(rows)):
        i = len(rows) - 1 - k
        code = codes[i]
        begin, end = ring_offsets[geom_rings[rows[i]]], ring_offsets[geom_rings[rows[i] + 1]]
        if end != begin + 1:
            continue
        fx = (coords[begin, 0] - left) * scale - anchors[code, 0]
        fy = (top - coords[begin, 1]) * scale - anchors[code, 1]
        if not (fx > -w - 1 and fx < width and fy > -h - 1 + row0 and fy < row1):
            out[i] = 1
            continue
        x, y = math.floor(fx + 0.5) + w + 1, math.floor(fy + 0.5) - row0 + h + 1
        out[i] = taken[y, x]
        taken[y, x] = 1
    return out


@kernel(
    u32_frame, i64, i64, f64, f64, f64, f64s2, i64s, i64s, i32s, i16s, u32s, read(types.int64, 2), f64s2, boolean,
)
def mark(
    frame: U32, row0: int, row1: int, left: float, top: float, scale: float, coords: F64, ring_offsets: I64,
    geom_rings: I64, rows: I32, codes: I16, pixels: U32, sprites: I64, anchors: F64, alike: bool,
) -> None:
    """Put a sprite on every vertex of the features ``rows``, in the rows ``row0 <= y < row1`` of the frame.

    ``sprites`` ``(k, 3)`` holds where each sprite starts in ``pixels`` (premultiplied), its width and height; ``anchors``
    ``(k, 2)`` which of its pixels stands on the point. Sprites lie on whole pixels, so that all of them look alike.
    Of sprites ``alike``, opaque and of one shape, those under another one on the same pixel are left out.
    """
    width = frame.shape[1]
    hides = alike and len(rows) >= MANY
    hidden = np.empty(0, np.uint8)
    if hides:
        hidden = _hidden(row0, row1, left, top, scale, coords, ring_offsets, geom_rings, rows, codes, sprites, anchors, width)
    for i in range(len(rows)):
        if hides and hidden[i] != 0:
            continue
        code = codes[i]
        start, w, h = sprites[code, 0], sprites[code, 1], sprites[code, 2]
        for v in range(ring_offsets[geom_rings[rows[i]]], ring_offsets[geom_rings[rows[i] + 1]]):
            fx = (coords[v, 0] - left) * scale - anchors[code, 0]
            fy = (top - coords[v, 1]) * scale - anchors[code, 1]
            if not (fx > -w - 1 and fx < width and fy > -h - 1 + row0 and fy < row1):
                continue
            x0, y0 = math.floor(fx + 0.5), math.floor(fy + 0.5)
            a, b = max(x0, 0), min(x0 + w, width)
            if a >= b:  # a negative end would mean the whole row
                continue
            for y in range(max(y0, row0), min(y0 + h, row1)):
                below = frame[y, a:b]
                at = start + (y - y0) * w + a - x0
                above = pixels[at : at + b - a]
                for x in range(len(below)):
                    p, q = above[x], below[x]
                    rest = _ALL - np.uint32(p >> _ALPHA)
                    rest = np.uint32(rest + np.uint32(rest >> _SEVEN))
                    rb = np.uint32(np.uint32(np.uint32(np.uint32(q & _RB) * rest) + _HALF_RB) >> _EIGHT)
                    g = np.uint32(np.uint32(np.uint32(np.uint32(q & _G) * rest) + _HALF_G) >> _EIGHT)
                    rb = np.uint32(np.uint32(rb & _RB) + np.uint32(p & _RB))
                    g = np.uint32(np.uint32(g & _G) + np.uint32(p & _G))
                    below[x] = np.uint32(np.uint32(rb & _RB) | np.uint32(g & _G)) | _OPAQUE


@inner
def _stamp(
    mask: U8, row0: int, row1: int, box: I64, x: float, y: float, angle: float, masks: U8, start: int, w: int, h: int,
    left: int, top: int,
) -> None:
    """Draw a glyph's coverage into the mask by maximum, and widen ``box`` (x0, y0, x1, y1) to what was drawn."""
    width = mask.shape[1]
    if angle == 0.0:
        x0, y0 = math.floor(x + 0.5) + left, math.floor(y + 0.5) + top
        a, b = max(x0, 0), min(x0 + w, width)
        c, d = max(y0, row0), min(y0 + h, row1)
        if a >= b or c >= d:
            return
        for row in range(c, d):
            line = mask[row, a:b]
            at = start + (row - y0) * w + a - x0
            glyph = masks[at : at + b - a]
            for k in range(len(line)):
                line[k] = max(line[k], glyph[k])
    else:
        cos, sin = math.cos(angle), math.sin(angle)
        xmin = ymin = np.inf
        xmax = ymax = -np.inf
        for corner in range(4):
            px = left + (w if corner & 1 else 0)
            py = top + (h if corner & 2 else 0)
            qx, qy = x + px * cos - py * sin, y + px * sin + py * cos
            xmin, xmax, ymin, ymax = min(xmin, qx), max(xmax, qx), min(ymin, qy), max(ymax, qy)
        a, b = max(math.floor(xmin - 0.5), 0), min(math.ceil(xmax + 0.5), width)
        c, d = max(math.floor(ymin - 0.5), row0), min(math.ceil(ymax + 0.5), row1)
        if a >= b or c >= d:
            return
        for row in range(c, d):
            for k in range(a, b):
                px, py = k + 0.5 - x, row + 0.5 - y
                u = px * cos + py * sin - left - 0.5
                v = py * cos - px * sin - top - 0.5
                iu, iv = math.floor(u), math.floor(v)
                fu, fv = u - iu, v - iv
                cover = 0.0
                for j in range(2):
                    for i in range(2):
                        if 0 <= iu + i < w and 0 <= iv + j < h:
                            share = (fu if i else 1.0 - fu) * (fv if j else 1.0 - fv)
                            cover += share * masks[start + (iv + j) * w + iu + i]
                value = np.uint8(cover + 0.5)
                mask[row, k] = max(mask[row, k], value)
    box[0], box[1], box[2], box[3] = min(box[0], a), min(box[1], c), max(box[2], b), max(box[3], d)


@inner
def _lay_box(frame: U32, mask: U8, box: I64, color: int) -> None:
    alpha = (color >> 24) & 0xFF
    alpha += alpha >> 7
    for y in range(box[1], box[3]):
        if box[0] >= box[2]:
            continue
        below, line = frame[y, box[0] : box[2]], mask[y, box[0] : box[2]]
        for x in range(len(line)):
            cover = np.int64(line[x])
            weight = ((cover + (cover >> 7)) * alpha + 128) >> 8
            below[x] = np.uint32(over(np.int64(below[x]), color, weight))
            line[x] = 0


@kernel(
    u32_frame, write(types.uint8, 2), i64, i64, f32s2, read(types.int64, 2), u8s, read(types.int64, 2), i64s,
    read(types.int64, 2),
)
def text(
    frame: U32, mask: U8, row0: int, row1: int, pens: F32, glyphs: I64, masks: U8, shapes: I64, label_ends: I64,
    colors: I64,
) -> None:
    """Draw labels in the rows ``row0 <= y < row1`` of the frame: each label's halo as one shape, then its glyphs.

    ``pens`` ``(n, 3)``: x and baseline y in pixels, clockwise angle in radians. ``glyphs`` ``(n, 2)``: the rows of
    ``shapes`` for glyph and halo, -1 for none. ``shapes`` ``(m, 5)``: start in ``masks``, width, height, and left and
    top from the pen. ``label_ends`` ``(l,)``: where each label ends in ``pens``. ``colors`` ``(l, 2)``: text, halo.
    ``mask`` ``(h, w)`` is zero before and after. Upright glyphs lie on whole pixels.
    """
    box = np.empty(4, np.int64)
    begin = np.int64(0)
    for label in range(len(label_ends)):
        for layer in range(2):
            color = colors[label, 1 - layer]
            if (color >> 24) & 0xFF == 0:
                continue
            box[0] = box[1] = 1 << 30
            box[2] = box[3] = 0
            for i in range(begin, label_ends[label]):
                shape = glyphs[i, 1 - layer]
                if shape >= 0:
                    _stamp(
                        mask, row0, row1, box, pens[i, 0], pens[i, 1], pens[i, 2], masks, shapes[shape, 0],
                        shapes[shape, 1], shapes[shape, 2], shapes[shape, 3], shapes[shape, 4],
                    )
            _lay_box(frame, mask, box, color)
        begin = label_ends[label]


@kernel(read(types.uint8, 2), f64)
def dilate(cover: U8, radius: float) -> U8:
    """Coverage ``(h + 2 r, w + 2 r)`` with ``r = ceil(radius)`` of a shape grown by ``radius`` pixels, softly."""
    h, w = cover.shape
    r = math.ceil(radius)
    out = np.zeros((h + 2 * r, w + 2 * r), np.uint8)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            weight = min(1.0, max(0.0, radius + 1.0 - math.sqrt(float(dx * dx + dy * dy))))
            if weight <= 0.0:
                continue
            factor = int(weight * 256.0 + 0.5)
            for y in range(h):
                for x in range(w):
                    value = np.uint8((np.int64(cover[y, x]) * factor) >> 8)
                    out[y + r + dy, x + r + dx] = max(out[y + r + dy, x + r + dx], value)
    return out
