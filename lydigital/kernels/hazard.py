"""Levels of warning on a grid, counted by township as they are made: the inner loop of the what-if."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import F32, F64, I16, I64, U8, f32s, f64s, i16s, i64, kernel, u8s, u8s2, write

u8_out, u8_grid_out, i64_counts = write(types.uint8), write(types.uint8, 2), write(types.int64, 2)
OUTSIDE = 254  # beyond the city
UNKNOWN = 255  # inside the city, but the rain is not known


@kernel(u8s, f32s, i16s, f64s, u8s2, u8_out, i64_counts, i64, i64, fast=False)
def levels(
    susceptibility: U8, rain: F32, township: I16, breaks: F64, table: U8, out: U8, counts: I64, first: int, last: int
) -> None:
    """Level of the cells ``first`` to ``last`` into ``out``, and into ``counts`` how many of each township have it.

    Parameters
    ----------
    susceptibility
        ``(n,)`` 1 very high to 4 low, 0 where nothing is ever warned.
    rain
        ``(n,)`` effective rain in mm, NaN where it is not known.
    township
        ``(n,)`` row of the township, -1 outside the city.
    breaks, table
        Classes of rain ``(k,)``, and levels ``(5, k + 1)`` by susceptibility and class.
    out
        ``(n,)`` 0 none, 1 to 4, :data:`UNKNOWN`.
    counts
        ``(townships, 6)`` cells of level 0 to 4 and, at 5, unknown; added to.
    """
    limits = len(breaks)
    for i in range(first, last):
        t = township[i]
        if t < 0:
            out[i] = 0
            continue
        mm = rain[i]
        if mm != mm:  # noqa: PLR0124 - NaN differs from itself
            out[i] = UNKNOWN
            counts[t, 5] += 1
            continue
        k = 0
        for j in range(limits):
            k += mm >= breaks[j]
        level = table[susceptibility[i], k]
        out[i] = level
        counts[t, level] += 1


@kernel(u8s2, i64, u8_grid_out, fast=False)
def majority(levels_: U8, reach: int, out: U8) -> None:
    """The commonest level within ``reach`` cells around every cell; of equally common ones the higher.

    Cells of :data:`OUTSIDE` stay and do not count; unknown ones count as such, and win no tie.
    """
    rows, columns = levels_.shape
    count = np.zeros(6, np.int64)
    for r in range(rows):
        top, bottom = max(0, r - reach), min(rows, r + reach + 1)
        count[:] = 0
        for y in range(top, bottom):
            for x in range(min(reach, columns)):
                v = levels_[y, x]
                if v != OUTSIDE:
                    count[5 if v == UNKNOWN else v] += 1
        for c in range(columns):
            if c + reach < columns:
                for y in range(top, bottom):
                    v = levels_[y, c + reach]
                    if v != OUTSIDE:
                        count[5 if v == UNKNOWN else v] += 1
            if c - reach - 1 >= 0:
                for y in range(top, bottom):
                    v = levels_[y, c - reach - 1]
                    if v != OUTSIDE:
                        count[5 if v == UNKNOWN else v] -= 1
            if levels_[r, c] == OUTSIDE:
                out[r, c] = OUTSIDE
                continue
            best, most = 1, count[1]
            for k in (2, 3, 4, 0, 5):
                if count[k] > most:
                    best, most = k, count[k]
            out[r, c] = UNKNOWN if best == 5 else best
