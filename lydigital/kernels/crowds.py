"""Boxes of features far below a pixel: neighbours along the order of a table joined while they fit into a cell."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import small, types
from lydigital.kernels.jit import (
    F32,
    F64,
    I32,
    I64,
    U8,
    U16,
    boolean,
    f64,
    f64s2,
    i32s,
    i64s,
    kernel,
    leaf,
    write,
)

NO_BOXES = np.zeros((0, 4), np.uint16)
NO_BLOCKS = np.zeros((0, 4), np.float64)
STEPS = 65535


@kernel(f64s2, i64s, i64s, f64s2, write(types.float32), i32s, f64, f64, f64, f64, boolean, fast=False)
def gather(
    coords: F64, ring_offsets: I64, geom_rings: I64, bounds: F64, areas: F32, rows: I32, x: float, y: float, cell: float,
    half: float, closed: bool,
) -> tuple[U16, F64, I32]:
    """Boxes ``(m, 4) uint16`` of the features ``rows`` no larger than two cells, and the other rows.

    A box spans what :func:`small.dots` draws of its features, without the width of the line; those of several are no
    larger than ``cell``. ``half`` is half the width of the line in map units. The second array is the bounds of each run
    of ``small.BLOCK`` boxes relative to (x, y), ``(b, 4) float64``; boxes are in :data:`STEPS` parts of them.
    """
    n = len(rows)
    boxes = np.empty((n, 4), np.float32)
    blocks = np.empty((n // small.BLOCK + 1, 4), np.float64)
    rest = np.empty(n, np.int32)
    count = others = 0
    a0 = b0 = np.inf
    a1 = b1 = -np.inf
    for i in range(n + 1):
        x0 = y0 = np.inf
        x1 = y1 = -np.inf
        if i < n:
            row = rows[i]
            w, h = bounds[row, 2] - bounds[row, 0], bounds[row, 3] - bounds[row, 1]
            if not (w <= 2.0 * cell and h <= 2.0 * cell):
                rest[others] = row
                others += 1
                continue
            area = -1.0
            if closed:
                area = small.area_of(areas, coords, ring_offsets, geom_rings, row) / (cell * cell)
            share = small.shrink(w / cell, h / cell, half / cell, area)
            mx, my = 0.5 * (bounds[row, 0] + bounds[row, 2]) - x, 0.5 * (bounds[row, 1] + bounds[row, 3]) - y
            x0, x1 = mx - 0.5 * share * w, mx + 0.5 * share * w
            y0, y1 = my - 0.5 * share * h, my + 0.5 * share * h
            if max(a1, x1) - min(a0, x0) <= cell and max(b1, y1) - min(b0, y0) <= cell:
                a0, b0, a1, b1 = min(a0, x0), min(b0, y0), max(a1, x1), max(b1, y1)
                continue
        if a0 <= a1:
            boxes[count, 0], boxes[count, 1], boxes[count, 2], boxes[count, 3] = a0, b0, a1, b1
            block = count // small.BLOCK
            if count % small.BLOCK == 0:
                blocks[block, 0] = blocks[block, 1] = np.inf
                blocks[block, 2] = blocks[block, 3] = -np.inf
            blocks[block, 0], blocks[block, 1] = min(blocks[block, 0], a0), min(blocks[block, 1], b0)
            blocks[block, 2], blocks[block, 3] = max(blocks[block, 2], a1), max(blocks[block, 3], b1)
            count += 1
        a0, b0, a1, b1 = x0, y0, x1, y1
    used = (count + small.BLOCK - 1) // small.BLOCK
    parts = np.empty((count, 4), np.uint16)
    for i in range(count):
        block = i // small.BLOCK
        for k in range(4):
            side = blocks[block, 2 + k % 2] - blocks[block, k % 2]
            share = (boxes[i, k] - blocks[block, k % 2]) / side if side > 0.0 else 0.0
            parts[i, k] = np.uint16(min(max(share, 0.0), 1.0) * STEPS + 0.5)
    return parts, blocks[:used].copy(), rest[:others].copy()


@leaf
def draw(
    mask: U8, dirty: U8, row0: int, row1: int, left: float, top: float, scale: float, half: float, boxes: U16, blocks: F64,
) -> None:
    """Draw boxes, grown by ``half`` pixels, into the mask. ``left``, ``top`` are relative to the origin of the boxes."""
    width = mask.shape[1]
    reach = half + 1.0
    for block in range(len(blocks)):
        if small.is_outside(blocks[block], left, top, scale, reach, row0, row1, width):
            continue
        step_x = scale * (blocks[block, 2] - blocks[block, 0]) / STEPS
        step_y = scale * (blocks[block, 3] - blocks[block, 1]) / STEPS
        x, y = scale * (blocks[block, 0] - left), scale * (top - blocks[block, 1])
        for i in range(block * small.BLOCK, min(len(boxes), (block + 1) * small.BLOCK)):
            x0, x1 = x + boxes[i, 0] * step_x - half, x + boxes[i, 2] * step_x + half
            y0, y1 = y - boxes[i, 3] * step_y - half, y - boxes[i, 1] * step_y + half
            if y1 > row0 and y0 < row1 and x1 > 0.0 and x0 < width:
                small.dot(mask, dirty, row0, row1, x0, y0, x1, y1)
