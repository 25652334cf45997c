"""Pixels under colour: the arithmetic shared by all drawing kernels.

A pixel is one ``uint32``: four bytes in memory order, the first three being colour, the fourth 255 in a frame and the
straight alpha in a colour. Which channel comes first (RGBA for files, BGRX for Qt) is the caller's choice.

Loops over pixels run over slices from 0: an index that might be negative costs the compiler its vector instructions,
a factor of ten.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import U16, U32, inner

OPAQUE = 0xFF000000
_OPAQUE, _RB, _G, _EIGHT = np.uint32(OPAQUE), np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(8)
FULL = 32768  # one, in the sums


@inner
def over(below: int, color: int, weight: int) -> int:
    """``color`` over the pixel ``below`` with a weight of 0-256."""
    rest = 256 - weight
    rb = ((below & 0xFF00FF) * rest + (color & 0xFF00FF) * weight + 0x800080) >> 8
    g = ((below & 0x00FF00) * rest + (color & 0x00FF00) * weight + 0x008000) >> 8
    return OPAQUE | (rb & 0xFF00FF) | (g & 0x00FF00)


@inner
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


@inner
def _mixed(base: int, r: int, g: int, b: int, a: int) -> int:
    rest = FULL - a
    out_r = ((base & 0xFF) * rest + r * 255 + FULL // 2) >> 15
    out_g = (((base >> 8) & 0xFF) * rest + g * 255 + FULL // 2) >> 15
    out_b = (((base >> 16) & 0xFF) * rest + b * 255 + FULL // 2) >> 15
    return out_r | (out_g << 8) | (out_b << 16)


@inner
def dab(frame: U32, sums: U16, base: U32, tag: int, y: int, x: int, color: int, cover: float) -> None:
    """Cover a part (0-1) of one pixel with ``color``, as one of many neighbours in a layer.

    Neighbours that share an edge cover the pixel side by side: their shares add up before they meet the background, so
    that no seam of background shows between them; only what exceeds the whole pixel lies over what came before.
    ``sums`` holds the layer's colours and alpha so far, ``base`` the pixel before the layer. Both count only while
    ``base`` carries this layer's ``tag`` and the frame still shows what they say (nothing else was drawn since).
    """
    below = np.int64(frame[y, x]) & 0xFFFFFF
    before = np.int64(base[y, x])
    alpha = (color >> 24) & 0xFF
    weight = np.int64(cover * alpha * (FULL / 255.0) + 0.5)
    r = (weight * (color & 0xFF) * 257 + 0x8000) >> 16  # x * 257 / 65536 is x / 255
    g = (weight * ((color >> 8) & 0xFF) * 257 + 0x8000) >> 16
    b = (weight * ((color >> 16) & 0xFF) * 257 + 0x8000) >> 16
    known = False
    if before >> 24 == tag:
        before &= 0xFFFFFF
        r0, g0, b0, a0 = (
            np.int64(sums[y, x, 0]), np.int64(sums[y, x, 1]), np.int64(sums[y, x, 2]), np.int64(sums[y, x, 3])
        )
        if _mixed(before, r0, g0, b0, a0) == below:
            known = True
            used = a0 * (255.0 / FULL) / alpha
            excess = used + cover - 1.0
            if excess > 0.0:
                keep = 1.0 - min(1.0, excess / used) * alpha / 255.0
                r0, g0, b0, a0 = np.int64(r0 * keep), np.int64(g0 * keep), np.int64(b0 * keep), np.int64(a0 * keep)
            r, g, b = min(FULL, r + r0), min(FULL, g + g0), min(FULL, b + b0)
            weight = min(FULL, weight + a0)
    if not known:
        before = below
        base[y, x] = np.uint32(below | (tag << 24))
    sums[y, x, 0] = r
    sums[y, x, 1] = g
    sums[y, x, 2] = b
    sums[y, x, 3] = weight
    frame[y, x] = np.uint32(_mixed(before, r, g, b, weight) | OPAQUE)
