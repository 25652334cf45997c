"""Numbers into classes, a million in a millisecond or two."""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import F64, I16, I64, f64s, f64s2, i16s, i64, i64s, kernel


@kernel(f64s, f64s, i16s, i64, fast=False)
def classify(values: F64, limits: F64, codes: I16, rest: int) -> I16:
    """``codes[k]`` for values from ``limits[k - 1]`` to below ``limits[k]``, ``rest`` for NaN; ``(n,) int16``.

    ``limits`` rise; ``codes`` has one more entry.
    """
    out = np.empty(len(values), np.int16)
    for i in range(len(values)):
        v = values[i]
        at = 0
        for k in range(len(limits)):
            at += v >= limits[k]
        out[i] = codes[at] if v == v else rest  # noqa: PLR0124 - NaN differs from itself
    return out


@kernel(f64s2, i64s, i64s, i64s, fast=False)
def ring_areas(coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64) -> F64:
    """Area of every polygon in square units of ``coords``, holes taken off, ``(n,)``; NaN for empty ones."""
    out = np.full(len(geom_offsets) - 1, np.nan)
    for i in range(len(out)):
        if geom_offsets[i + 1] == geom_offsets[i]:
            continue
        total = 0.0
        for part in range(geom_offsets[i], geom_offsets[i + 1]):
            for ring in range(part_offsets[part], part_offsets[part + 1]):
                begin, end = ring_offsets[ring], ring_offsets[ring + 1]
                twice = 0.0
                for v in range(begin + 1, end):
                    ax, ay = coords[v - 1, 0] - coords[begin, 0], coords[v - 1, 1] - coords[begin, 1]
                    bx, by = coords[v, 0] - coords[begin, 0], coords[v, 1] - coords[begin, 1]
                    twice += ax * by - bx * ay
                total += abs(twice) * (0.5 if ring == part_offsets[part] else -0.5)
        out[i] = total
    return out
