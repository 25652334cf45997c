"""Boxes of features far below a pixel: neighbours along the order of a table joined while they fit into a cell."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import small, types
from lydigital.kernels.jit import F32, F64, I32, I64, U8, boolean, f64, f64s2, i32s, i64s, kernel, leaf, write

NO_BOXES = np.zeros((0, 4), np.float32)
NO_BLOCKS = np.zeros((0, 4), np.float64)


@kernel(f64s2, i64s, i64s, f64s2, write(types.float32), i32s, f64, f64, f64, f64, boolean, fast=False)
def gather(
    coords: F64, ring_offsets: I64, geom_rings: I64, bounds: F64, areas: F32, rows: I32, x: float, y: float, cell: float,
    half: float, closed: bool,
) -> tuple[F32, F64, I32]:
    """Boxes ``(m, 4) float32`` of the features ``rows`` no larger than two cells, relative to (x, y), and the other rows.

    A box spans what :func:`small.dots` draws of its features, without the width of the line; those of several are no
    larger than ``cell``. ``half`` is half the width of the line in map units. Also returns the bounds of each run of
    ``small.BLOCK`` boxes, ``(b, 4) float64``.
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
    return boxes[:count].copy(), blocks[:used].copy(), rest[:others].copy()


@leaf
def draw(
    mask: U8, dirty: U8, row0: int, row1: int, left: float, top: float, scale: float, half: float, boxes: F32, blocks: F64,
) -> None:
    """Draw boxes, grown by ``half`` pixels, into the mask. ``left``, ``top`` are relative to the origin of the boxes."""
    width = mask.shape[1]
    reach = half + 1.0
    for block in range(len(blocks)):
        if small.is_outside(blocks[block], left, top, scale, reach, row0, row1, width):
            continue
        for i in range(block * small.BLOCK, min(len(boxes), (block + 1) * small.BLOCK)):
            x0, x1 = (boxes[i, 0] - left) * scale - half, (boxes[i, 2] - left) * scale + half
            y0, y1 = (top - boxes[i, 3]) * scale - half, (top - boxes[i, 1]) * scale + half
            if y1 > row0 and y0 < row1 and x1 > 0.0 and x0 < width:
                small.dot(mask, dirty, row0, row1, x0, y0, x1, y1)
