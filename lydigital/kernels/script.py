"""Geometry as the path operators of PDF (ISO 32000-1, 8.5): digits written straight into bytes."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import (
    F32,
    F64,
    I16,
    I32,
    I64,
    U8,
    boolean,
    f32s,
    f64,
    f64s2,
    i16s,
    i32s,
    i64s,
    inner,
    kernel,
    u8s,
    write,
)

_MOVE = np.frombuffer(b"q 1 0 0 1 ", np.uint8)
_FAR = 1_000_000_000.0  # no coordinate is written larger


@inner
def _number(out: U8, n: int, value: float) -> int:
    """Write a whole number and a blank from place ``n``; return the place behind."""
    whole = np.int64(math.floor(min(max(value, -_FAR), _FAR) + 0.5))
    if whole < 0:
        out[n] = 45
        n += 1
        whole = -whole
    digits = 1
    power = np.int64(10)
    while whole >= power:
        digits += 1
        power *= 10
    for k in range(n + digits - 1, n - 1, -1):
        out[k] = 48 + whole % 10
        whole //= 10
    n += digits
    out[n] = 32
    return n + 1


@inner
def _copy(out: U8, n: int, text: U8) -> int:
    for k in range(len(text)):
        out[n + k] = text[k]
    return n + len(text)


@kernel(
    write(types.uint8, 1), f64, f64, f64, f64, f64s2, f32s, i64s, i64s, i32s, i16s, u8s, i64s, u8s, boolean, fast=False,
)
def outline(
    out: U8, west: float, north: float, scale: float, tolerance: float, coords: F64, importance: F32, ring_offsets: I64,
    geom_rings: I64, rows: I32, codes: I16, heads: U8, head_offsets: I64, tail: U8, closed: bool,
) -> int:
    """Write the paths of features.

    Parameters
    ----------
    out
        Bytes to write into: 26 a vertex, and heads and tails.
    west, north, scale
        Map coordinates of the origin, and whole steps of the script a map unit (y down).
    tolerance
        Vertices of less importance (map units) are left out; ``importance`` may be empty.
    codes, heads, head_offsets
        Before a feature whose code differs from the one before stands ``heads[head_offsets[c]:head_offsets[c + 1]]``.
    tail
        Stands behind every feature.
    closed
        Rings are closed; else they are lines.

    Returns
    -------
    How many bytes were written.
    """
    n = 0
    code = -1
    for i in range(len(rows)):
        if codes[i] != code:
            code = codes[i]
            n = _copy(out, n, heads[head_offsets[code] : head_offsets[code + 1]])
        drawn = False
        for ring in range(geom_rings[rows[i]], geom_rings[rows[i] + 1]):
            begin, end = ring_offsets[ring], ring_offsets[ring + 1]
            last_x = last_y = np.inf
            count = 0
            for v in range(begin, end - 1 if closed else end):
                if len(importance) and importance[v] < tolerance and begin < v < end - 1:
                    continue
                if not (math.isfinite(coords[v, 0]) and math.isfinite(coords[v, 1])):
                    continue
                x = float(math.floor((coords[v, 0] - west) * scale + 0.5))
                y = float(math.floor((north - coords[v, 1]) * scale + 0.5))
                if x == last_x and y == last_y and v < end - 1:
                    continue
                last_x, last_y = x, y
                n = _number(out, n, x)
                n = _number(out, n, y)
                out[n] = 108 if count else 109  # l, m
                out[n + 1] = 10
                n += 2
                count += 1
            if count and closed:
                out[n] = 104  # h
                out[n + 1] = 10
                n += 2
            drawn = drawn or count > 0
        if drawn:
            n = _copy(out, n, tail)
    return n


@kernel(
    write(types.uint8, 1), f64, f64, f64, f64s2, i64s, i64s, i32s, i16s, u8s, i64s, fast=False,
)
def marks(
    out: U8, west: float, north: float, scale: float, coords: F64, ring_offsets: I64, geom_rings: I64, rows: I32,
    codes: I16, calls: U8, call_offsets: I64,
) -> int:
    """Write for every point of ``rows`` a move of the origin to it and ``calls[call_offsets[c]:call_offsets[c + 1]]``.

    ``out`` holds 40 bytes and the call for every point. Returns how many bytes were written.
    """
    n = 0
    for i in range(len(rows)):
        if codes[i] < 0:
            continue
        call = calls[call_offsets[codes[i]] : call_offsets[codes[i] + 1]]
        for v in range(ring_offsets[geom_rings[rows[i]]], ring_offsets[geom_rings[rows[i] + 1]]):
            x, y = (coords[v, 0] - west) * scale, (north - coords[v, 1]) * scale
            if not (math.isfinite(x) and math.isfinite(y)):
                continue
            n = _copy(out, n, _MOVE)
            n = _number(out, n, x)
            n = _number(out, n, y)
            n = _copy(out, n, call)
    return n
