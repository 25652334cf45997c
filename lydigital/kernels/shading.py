"""Shading inside edges, and layers that mix with what lies below them."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.blend import OPAQUE, over
from lydigital.kernels.jit import (
    F32,
    F64,
    I32,
    I64,
    U32,
    f32s,
    f64,
    f64s2,
    i32s,
    i64,
    i64s,
    kernel,
    read,
    u32_frame,
    write,
)


@kernel(
    write(types.float32, 2), i64, i64, f64, f64, f64, f64, f64s2, f32s, i64s, i64s, f64s2, i32s,
)
def distances(
    near: F32, row0: int, row1: int, left: float, top: float, scale: float, width: float, coords: F64, importance: F32,
    ring_offsets: I64, geom_rings: I64, bounds: F64, rows: I32,
) -> None:
    """Lower ``near`` to the distance (pixels) of each pixel of the rows to the nearest edge, where below ``width``."""
    columns = near.shape[1]
    tolerance = 0.25 / scale
    has_importance = len(importance) > 0
    for i in range(len(rows)):
        row = rows[i]
        if (bounds[row, 2] - bounds[row, 0]) * scale < 2.0 or (top - bounds[row, 1]) * scale < row0 - width:
            continue
        if (top - bounds[row, 3]) * scale > row1 + width:
            continue
        for ring in range(geom_rings[row], geom_rings[row + 1]):
            begin, end = ring_offsets[ring], ring_offsets[ring + 1]
            ax, ay = (coords[begin, 0] - left) * scale, (top - coords[begin, 1]) * scale
            for v in range(begin + 1, end):
                if has_importance and importance[v] < tolerance and v < end - 1:
                    continue
                bx, by = (coords[v, 0] - left) * scale, (top - coords[v, 1]) * scale
                x0 = max(0, math.floor(min(ax, bx) - width))
                x1 = min(columns, math.ceil(max(ax, bx) + width))
                y0 = max(row0, math.floor(min(ay, by) - width))
                y1 = min(row1, math.ceil(max(ay, by) + width))
                dx, dy = bx - ax, by - ay
                length = dx * dx + dy * dy
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        px, py = x + 0.5 - ax, y + 0.5 - ay
                        t = min(1.0, max(0.0, (px * dx + py * dy) / length)) if length > 0.0 else 0.0
                        ex, ey = px - t * dx, py - t * dy
                        d = ex * ex + ey * ey
                        if d < near[y, x] * near[y, x]:
                            near[y, x] = math.sqrt(d)
                ax, ay = bx, by


@kernel(u32_frame, i64, i64, read(types.float32, 2), read(types.uint32, 2), f64, i64)
def shade(frame: U32, row0: int, row1: int, near: F32, cover: U32, width: float, color: int) -> None:
    """Lay ``color`` over the frame where ``cover`` is white, fading from the edge to nothing at ``width`` pixels."""
    alpha = (color >> 24) & 0xFF
    for y in range(row0, row1):
        for x in range(frame.shape[1]):
            inside = np.int64(cover[y, x]) & 0xFF
            if inside and near[y, x] < width:
                t = 1.0 - near[y, x] / width
                weight = math.floor(t * t * alpha * inside * (256.0 / 65025.0) + 0.5)
                frame[y, x] = np.uint32(over(np.int64(frame[y, x]), color, weight))


@kernel(u32_frame, i64, i64, read(types.uint32, 2), i64)
def fade(frame: U32, row0: int, row1: int, other: U32, weight: int) -> None:
    """Move the rows of the frame towards ``other`` by ``weight`` of 256."""
    part, rest = np.uint16(weight), np.uint16(256 - weight)
    for y in range(row0, row1):
        lower, upper = frame[y].view(np.uint8), other[y].view(np.uint8)
        for k in range(len(lower)):
            near = np.uint16(np.uint16(lower[k]) * rest)
            lower[k] = np.uint8(np.uint16(near + np.uint16(np.uint16(upper[k]) * part) + np.uint16(128)) >> np.uint16(8))


@kernel(u32_frame, i64, i64, read(types.uint32, 2), i64)
def mix(frame: U32, row0: int, row1: int, above: U32, mode: int) -> None:
    """Mix a layer drawn on its mode's neutral ground into the frame: 1 multiply (white), 2 screen (black), 3 overlay (grey).

    Formulas of W3C Compositing and Blending §9.1; drawn over the neutral colour, transparent parts come out right.
    """
    for y in range(row0, row1):
        if mode != 3:
            flip = np.uint8(0 if mode == 1 else 255)  # to screen is to multiply the negatives
            lower, upper = frame[y].view(np.uint8), above[y].view(np.uint8)
            for k in range(len(lower)):
                product = np.uint16(np.uint16(lower[k] ^ flip) * np.uint16(upper[k] ^ flip) + np.uint16(128))
                lower[k] = np.uint8(np.uint16(product + np.uint16(product >> np.uint16(8))) >> np.uint16(8)) ^ flip
            continue
        for x in range(frame.shape[1]):
            below, on = np.int64(frame[y, x]), np.int64(above[y, x])
            out = np.int64(OPAQUE)
            for shift in range(0, 24, 8):
                b, s = (below >> shift) & 0xFF, (on >> shift) & 0xFF
                if b < 128:
                    v = min(255, (2 * b * s + 127) // 255 if s != 128 else b)
                else:
                    v = 255 - (2 * (255 - b) * (255 - s) + 127) // 255 if s != 128 else b
                out |= np.int64(min(255, max(0, v))) << shift
            frame[y, x] = np.uint32(out)
