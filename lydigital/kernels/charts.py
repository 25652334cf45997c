"""Small charts as polygons in pixels around (0, 0), y up: pies, rings and bars."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F64, I64, f64, f64s, f64s2, i64, kernel

_PIE, _RING = 0, 1


@kernel(f64s2, f64s2, f64s, i64, f64, f64, fast=False)
def charts(
    centres: F64, shares: F64, radii: F64, shape: int, outline: float, value: float,
) -> tuple[F64, I64, I64]:
    """Polygons of all charts in order, each chart's ground first.

    Parameters
    ----------
    centres, shares, radii
        ``(n, 2)``, ``(n, k)`` not negative, ``(n,)``; lengths in the unit of the centres. For bars the radius is half
        the height of a bar of ``value``.
    shape
        0 pie, 1 ring, 2 bars.
    outline
        How far the ground (the outline) reaches beyond.

    Returns
    -------
    Vertices, ring offsets, and what each ring shows: a share, or k for the ground.
    """
    n, k = shares.shape
    coords = np.empty((n * (210 + 10 * k), 2), np.float64)
    rings = np.zeros(n * (2 * k + 1) + 1, np.int64)
    codes = np.empty(n * (2 * k + 1), np.int64)
    at = ring = 0
    for i in range(n):
        total = 0.0
        for s in range(k):
            total += shares[i, s]
        r = radii[i]
        if total <= 0.0 or r <= 0.0:
            continue
        x, y = centres[i, 0], centres[i, 1]
        if shape > _RING:
            wide = 2.0 * r / max(3, k + 1)
            left = x - wide * k / 2
            for part in range(2):  # the grounds of all bars lie below all bars
                for s in range(k):
                    tall = 2.0 * r * shares[i, s] / value
                    if tall <= 0.0:
                        continue
                    grow = outline if part == 0 else 0.0
                    a, b = left + s * wide - grow, left + (s + 1) * wide + grow
                    if part == 1:
                        a, b = a + wide * 0.06, b - wide * 0.06
                    c, d = y - grow, y + tall + grow
                    coords[at, 0], coords[at, 1] = a, c
                    coords[at + 1, 0], coords[at + 1, 1] = b, c
                    coords[at + 2, 0], coords[at + 2, 1] = b, d
                    coords[at + 3, 0], coords[at + 3, 1] = a, d
                    coords[at + 4, 0], coords[at + 4, 1] = a, c
                    at += 5
                    codes[ring] = k if part == 0 else s
                    ring += 1
                    rings[ring] = at
            continue
        whole = r + outline
        for v in range(65):
            turn = 2.0 * math.pi * v / 64
            coords[at, 0], coords[at, 1] = x + whole * math.sin(turn), y + whole * math.cos(turn)
            at += 1
        codes[ring] = k
        ring += 1
        rings[ring] = at
        start = 0.0
        for s in range(k):
            part = shares[i, s] / total
            if part <= 0.0:
                continue
            begin, end = 2.0 * math.pi * start, 2.0 * math.pi * (start + part)
            start += part
            steps = max(2, math.ceil(64 * part))
            first = at
            for v in range(steps + 1):
                turn = begin + (end - begin) * v / steps
                coords[at, 0], coords[at, 1] = x + r * math.sin(turn), y + r * math.cos(turn)
                at += 1
            if shape == _RING:
                for v in range(steps + 1):
                    turn = end - (end - begin) * v / steps
                    coords[at, 0], coords[at, 1] = x + 0.5 * r * math.sin(turn), y + 0.5 * r * math.cos(turn)
                    at += 1
            elif part < 1.0:
                coords[at, 0], coords[at, 1] = x, y
                at += 1
            coords[at, 0], coords[at, 1] = coords[first, 0], coords[first, 1]
            at += 1
            codes[ring] = s
            ring += 1
            rings[ring] = at
    return coords[:at].copy(), rings[: ring + 1].copy(), codes[:ring].copy()
