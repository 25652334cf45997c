"""Pixels under colour: the arithmetic shared by all drawing kernels.

A pixel is one ``uint32``: four bytes in memory order, the first three being colour, the fourth 255 in a frame and the
straight alpha in a colour. Which channel comes first (RGBA for files, BGRX for Qt) is the caller's choice.

Loops over pixels run over slices from 0: an index that might be negative costs the compiler its vector instructions,
a factor of ten.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import U32, leaf, pasted

OPAQUE = 0xFF000000
_OPAQUE, _RB, _G, _EIGHT = np.uint32(OPAQUE), np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(8)
FULL = 32768  # one, in the sums


@leaf
def over(below: int, color: int, weight: int) -> int:
    """``color`` over the pixel ``below`` with a weight of 0-256."""
    rest = 256 - weight
    rb = ((below & 0xFF00FF) * rest + (color & 0xFF00FF) * weight + 0x800080) >> 8
    g = ((below & 0x00FF00) * rest + (color & 0x00FF00) * weight + 0x008000) >> 8
    return OPAQUE | (rb & 0xFF00FF) | (g & 0x00FF00)


@leaf
def span(frame: U32, y: int, x0: int, x1: int, color: int, weight: int) -> None:
    """``color`` over the pixels ``x0 <= x < x1`` of a row with a weight of 0-256."""
    if x1 - x0 == 1:
        frame[y, x0] = np.uint32(over(np.int64(frame[y, x0]), color, weight))
        return
    part = frame[y, x0:x1]
    if weight >= 256:
        solid = np.uint32(color | OPAQUE)
        for x in range(len(part)):
            part[x] = solid
        return
    rest = np.uint32(256 - weight)
    color_rb = np.uint32((color & 0xFF00FF) * weight + 0x800080)
    color_g = np.uint32((color & 0x00FF00) * weight + 0x008000)
    for x in range(len(part)):  # over(), in 32 bits throughout
        below = part[x]
        rb = np.uint32(np.uint32(np.uint32(below & _RB) * rest) + color_rb)
        g = np.uint32(np.uint32(np.uint32(below & _G) * rest) + color_g)
        part[x] = _OPAQUE | np.uint32(np.uint32(rb >> _EIGHT) & _RB) | np.uint32(np.uint32(g >> _EIGHT) & _G)


@leaf
def _mixed(base: int, r: int, g: int, b: int, a: int) -> int:
    rest = FULL - a
    out_r = ((base & 0xFF) * rest + r * 255 + FULL // 2) >> 15
    out_g = (((base >> 8) & 0xFF) * rest + g * 255 + FULL // 2) >> 15
    out_b = (((base >> 16) & 0xFF) * rest + b * 255 + FULL // 2) >> 15
    return out_r | (out_g << 8) | (out_b << 16)


@pasted
def put(
    line: U32, records: U32, tag: int, x: int, r: int, g: int, b: int, weight: int, alpha: int, cover: float,
) -> None:
    """Lay premultiplied colour on pixel ``x`` of the row ``line`` with its ``records`` ``(w, 4)``; see :func:`dab`.

    ``weight`` (of ``FULL``) is ``cover`` times ``alpha``.
    """
    below = np.int64(line[x])
    before = np.int64(records[x, 2])
    if before >> 24 == tag and np.int64(records[x, 3]) == below:
        rg, ba = np.int64(records[x, 0]), np.int64(records[x, 1])
        r0, g0, b0, a0 = rg & 0xFFFF, rg >> 16, ba & 0xFFFF, ba >> 16
        room = FULL * alpha // 255 - a0
        if weight > room:
            used = a0 * (255.0 / FULL) / alpha
            keep = 1.0 - min(1.0, (used + cover - 1.0) / used) * alpha / 255.0 if used > 0.0 else 1.0
            r0, g0, b0, a0 = np.int64(r0 * keep), np.int64(g0 * keep), np.int64(b0 * keep), np.int64(a0 * keep)
        r, g, b = min(FULL, r + r0), min(FULL, g + g0), min(FULL, b + b0)
        weight = min(FULL, weight + a0)
    else:
        before = (below & 0xFFFFFF) | (tag << 24)
        records[x, 2] = np.uint32(before)
    after = np.uint32(_mixed(before, r, g, b, weight) | OPAQUE)
    records[x, 0] = np.uint32(r | (g << 16))
    records[x, 1] = np.uint32(b | (weight << 16))
    records[x, 3] = after
    line[x] = after


@pasted
def add(line: U32, records: U32, tag: int, x: int, color: int, cover: float) -> None:
    """As :func:`dab` on pixel ``x`` of the row ``line`` with its ``records`` ``(w, 4)``."""
    alpha = (color >> 24) & 0xFF
    weight = np.int64(cover * alpha * (FULL / 255.0) + 0.5)
    r = (weight * (color & 0xFF) * 257 + 0x8000) >> 16  # x * 257 / 65536 is x / 255
    g = (weight * ((color >> 8) & 0xFF) * 257 + 0x8000) >> 16
    b = (weight * ((color >> 16) & 0xFF) * 257 + 0x8000) >> 16
    put(line, records, tag, x, r, g, b, weight, alpha, cover)


@leaf
def dab(frame: U32, sums: U32, tag: int, y: int, x: int, color: int, cover: float) -> None:
    """Cover a part (0-1) of one pixel with ``color``, as one of many neighbours in a layer.

    Neighbours that share an edge cover the pixel side by side: their shares add up before they meet the background, so
    that no seam of background shows between them; only what exceeds the whole pixel lies over what came before.
    ``sums`` ``(h, w, 4)`` holds red and green, blue and alpha of the layer so far (16 bits each), the pixel before the
    layer, and the pixel after. They count only while the third carries this layer's ``tag`` and the frame still shows the
    fourth (nothing else was drawn since).
    """
    add(frame[y], sums[y], tag, x, color, cover)
