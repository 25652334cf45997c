"""Rows of a picture as PNG wants them before compression (W3C PNG, third edition, section 9)."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import U8, i64, kernel, write

NONE, UP = 0, 2
_FLAT = 0.35  # of a row's pixels like their left neighbour: such rows compress better as they are


@kernel(write(types.uint8, 2), types.Array(types.uint8, 3, "A", readonly=True), i64, i64)
def filtered(out: U8, pixels: U8, row0: int, row1: int) -> None:
    """Write the rows ``row0 <= y < row1`` of ``pixels (h, w, 3)``, in any order in memory, into ``out (h, 1 + 3 w)``.

    Drawn rows are left as they are; rows of shaded relief become differences to the row above.
    """
    width = pixels.shape[1]
    for y in range(row0, row1):
        line = out[y]
        same = 0
        for x in range(width):
            for c in range(3):
                line[1 + 3 * x + c] = pixels[y, x, c]
            if x and line[3 * x + 1] == line[3 * x - 2] and line[3 * x + 2] == line[3 * x - 1] and line[3 * x + 3] == line[3 * x]:
                same += 1
        line[0] = NONE
        if y and same < _FLAT * width:
            line[0] = UP
            for x in range(width):
                for c in range(3):
                    line[1 + 3 * x + c] = (np.int64(pixels[y, x, c]) - np.int64(pixels[y - 1, x, c])) & 255
