"""Contour lines of a grid: marching squares on a smooth surface, joined into lines."""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels.jit import F32, F64, I32, I64, f32s2, f64, f64s2, i32s, i64, i64s, inner, kernel

MOST_POINTS = 4_000_000  # of one tile; more is noise that nobody can read
_MOST_LEVELS = 1000.0  # between two neighbours


@inner
def _spline(values: F32, at: float, row: int, fallback: float) -> float:
    """Quadratic B-spline along a row at a place in cells, beyond the edge and at gaps the ``fallback``."""
    columns = values.shape[1]
    c = math.floor(at)
    t = at - c
    total = 0.0
    for k in range(3):
        weight = 0.5 * (1.0 - t) * (1.0 - t) if k == 0 else (0.5 * t * t if k == 2 else 0.5 + t * (1.0 - t))
        cell = min(max(int(c) + k - 1, 0), columns - 1)
        value = float(values[row, cell])
        total += weight * (fallback if math.isnan(value) else value)
    return total


@kernel(f32s2, f64, f64, f64, i64, i64)
def surface(values: F32, top: float, left: float, step: float, rows: int, columns: int) -> F64:
    """Heights ``(rows, columns)`` of the smooth surface through ``values`` at places ``step`` cells apart.

    The surface is the quadratic B-spline that relief is drawn with. ``top`` and ``left`` are the first place in cells
    (0 is the outer edge of the first cell); NaN where the cell there has no value.
    """
    out = np.empty((rows, columns), np.float64)
    last_row, last_column = values.shape[0] - 1, values.shape[1] - 1
    for i in range(rows):
        y = top + i * step
        r = math.floor(y)
        t = y - r
        for j in range(columns):
            x = left + j * step
            own = float(values[min(max(int(r), 0), last_row), min(max(math.floor(x), 0), last_column)])
            total = math.nan
            if not math.isnan(own):
                total = 0.0
                for k in range(3):
                    weight = 0.5 * (1.0 - t) * (1.0 - t) if k == 0 else (0.5 * t * t if k == 2 else 0.5 + t * (1.0 - t))
                    total += weight * _spline(values, x, min(max(int(r) + k - 1, 0), last_row), own)
            out[i, j] = total
    return out


@inner
def _crossed(a: float, b: float, interval: float) -> tuple[int, int]:
    """Number of the lowest contour between two heights, and how many there are: those above the lower one."""
    low, high = min(a, b) / interval, max(a, b) / interval
    if not (high - low < _MOST_LEVELS and abs(low) < 1e9):  # gaps, too
        return 0, 0
    first = math.floor(low) + 1
    return first, max(0, math.floor(high) - first + 1)


@inner
def _join(links: I64, a: int, b: int) -> None:
    links[a, 1 if links[a, 0] >= 0 else 0] = b
    links[b, 1 if links[b, 0] >= 0 else 0] = a


@kernel(f64s2, f64, fast=False)
def lines(z: F64, interval: float) -> tuple[F64, I64, I64]:
    """Contour lines of heights ``z`` ``(rows, columns)`` at the multiples of ``interval``.

    Returns ``coords (n, 2)`` as column and row in steps of ``z``, ``offsets (k + 1,)`` of the lines in it, and
    ``numbers (k,)``: a line's height in intervals. Closed lines repeat their first point. Lorensen and Cline 1987 in
    two dimensions; saddles are parted by the mean of their corners. Lines end at the edges at the same places as those
    of the neighbouring part of the same surface.
    """
    rows, columns = z.shape
    edges = 2 * rows * columns  # to the right of every place, then below it
    first, start = np.zeros(edges, np.int64), np.zeros(edges + 1, np.int64)
    for r in range(rows):
        for c in range(columns):
            e = r * columns + c
            if c + 1 < columns:
                first[e], start[e + 1] = _crossed(z[r, c], z[r, c + 1], interval)
            e += rows * columns
            if r + 1 < rows:
                first[e], start[e + 1] = _crossed(z[r, c], z[r + 1, c], interval)
    for e in range(edges):
        start[e + 1] += start[e]
    n = start[edges]
    if n == 0 or n > MOST_POINTS:
        return np.zeros((0, 2), np.float64), np.zeros(1, np.int64), np.zeros(0, np.int64)
    points, number = np.empty((n, 2), np.float64), np.empty(n, np.int64)
    for r in range(rows):
        for c in range(columns):
            for below in range(2):
                e = r * columns + c + below * rows * columns
                for p in range(start[e], start[e + 1]):
                    k = first[e] + p - start[e]
                    a = z[r, c]
                    b = z[r + 1, c] if below else z[r, c + 1]
                    t = min(1.0, max(0.0, (k * interval - a) / (b - a)))
                    points[p, 0] = c if below else c + t
                    points[p, 1] = r + t if below else r
                    number[p] = k
    links = np.full((n, 2), -1, np.int64)
    for r in range(rows - 1):
        for c in range(columns - 1):
            mean = 0.25 * (z[r, c] + z[r, c + 1] + z[r + 1, c] + z[r + 1, c + 1])
            if math.isnan(mean):
                continue
            low = min(z[r, c], z[r, c + 1], z[r + 1, c], z[r + 1, c + 1])
            high = max(z[r, c], z[r, c + 1], z[r + 1, c], z[r + 1, c + 1])
            lowest, count = _crossed(low, high, interval)
            upper, left = r * columns + c, r * columns + c + rows * columns
            lower, right = upper + columns, left + 1
            for k in range(lowest, lowest + count):
                u, v = start[upper] + k - first[upper], start[right] + k - first[right]
                w, x = start[lower] + k - first[lower], start[left] + k - first[left]
                has_u = first[upper] <= k and u < start[upper + 1]
                has_v = first[right] <= k and v < start[right + 1]
                has_w = first[lower] <= k and w < start[lower + 1]
                has_x = first[left] <= k and x < start[left + 1]
                if has_u and has_v and has_w and has_x:
                    if (mean < k * interval) == (z[r, c] < k * interval):  # the north-west goes with the middle
                        _join(links, u, v)
                        _join(links, w, x)
                    else:
                        _join(links, u, x)
                        _join(links, v, w)
                elif has_u:
                    if has_v or has_w or has_x:
                        _join(links, u, v if has_v else (w if has_w else x))
                elif has_v:
                    if has_w or has_x:
                        _join(links, v, w if has_w else x)
                elif has_w and has_x:
                    _join(links, w, x)
    coords = np.empty((2 * n, 2), np.float64)
    offsets, numbers = np.empty(n + 1, np.int64), np.empty(n, np.int64)
    seen = np.zeros(n, np.bool_)
    offsets[0] = 0
    done, at = 0, 0
    for closed in range(2):  # open lines from their ends, then rings
        for p in range(n):
            if seen[p] or links[p, 0] < 0 or (closed == 0 and links[p, 1] >= 0):
                continue
            begin = at
            here, before = p, -1
            while here >= 0 and not seen[here]:
                seen[here] = True
                coords[at] = points[here]
                at += 1
                following = links[here, 0] if links[here, 0] != before else links[here, 1]
                before, here = here, following
            if closed == 1:
                coords[at] = points[p]
                at += 1
            wide = False  # a summit just at the height has no line
            for i in range(begin + 1, at):
                wide = wide or abs(coords[i, 0] - coords[begin, 0]) + abs(coords[i, 1] - coords[begin, 1]) > 1e-9
            if wide:
                numbers[done] = number[p]
                done += 1
                offsets[done] = at
            else:
                at = begin
    return coords[:at].copy(), offsets[: done + 1].copy(), numbers[:done].copy()


@kernel(f64s2, i64s, i32s, f64)
def gentlest(coords: F64, offsets: I64, rows: I32, length: float) -> F64:
    """The straightest stretch of that length of each line, ``(k, 5)``: length by chord, x and y of its two ends.

    The first is infinite where a line is too short. Ends are vertices.
    """
    out = np.full((len(rows), 5), np.inf, np.float64)
    for i in range(len(rows)):
        first, last = offsets[rows[i]], offsets[rows[i] + 1] - 1
        b, along = first, 0.0
        for a in range(first, last):
            while b < last and along < length:
                along += math.hypot(coords[b + 1, 0] - coords[b, 0], coords[b + 1, 1] - coords[b, 1])
                b += 1
            if along < length:
                break
            chord = math.hypot(coords[b, 0] - coords[a, 0], coords[b, 1] - coords[a, 1])
            if chord > 0.0 and along / chord < out[i, 0]:
                out[i, 0] = along / chord
                out[i, 1], out[i, 2], out[i, 3], out[i, 4] = coords[a, 0], coords[a, 1], coords[b, 0], coords[b, 1]
            along -= math.hypot(coords[a + 1, 0] - coords[a, 0], coords[a + 1, 1] - coords[a, 1])
    return out
