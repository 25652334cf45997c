"""Bounds, selection and spatial order of ragged geometry arrays (layout: :mod:`lydigital.model.geometry`)."""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import F64, I32, I64, U32, f64, f64s2, i64, i64s, kernel, u32s


@kernel(f64s2, i64s, i64s, fast=False)
def feature_bounds(coords: F64, ring_offsets: I64, geom_rings: I64) -> F64:
    """Bounds ``(features, 4) float64`` as xmin, ymin, xmax, ymax; NaN for geometries without vertices."""
    n = len(geom_rings) - 1
    out = np.empty((n, 4), np.float64)
    for i in range(n):
        x0 = y0 = np.inf
        x1 = y1 = -np.inf
        begin = ring_offsets[geom_rings[i]]
        end = ring_offsets[geom_rings[i + 1]]
        for v in range(begin, end):
            x = coords[v, 0]
            y = coords[v, 1]
            x0 = min(x0, x)
            x1 = max(x1, x)
            y0 = min(y0, y)
            y1 = max(y1, y)
        if end <= begin:
            x0 = y0 = x1 = y1 = np.nan
        out[i, 0] = x0
        out[i, 1] = y0
        out[i, 2] = x1
        out[i, 3] = y1
    return out


@kernel(f64s2, i64s, i64s, i64s, i64s, fast=False)
def take(
    coords: F64, ring_offsets: I64, part_offsets: I64, geom_offsets: I64, index: I64,
) -> tuple[F64, I64, I64, I64, I64]:
    """Geometries at ``index``, in that order.

    Returns coords, ring, part and geometry offsets, and ``source``: which old vertex each new one is, ``(n,) int64``.
    """
    n = len(index)
    parts = rings = vertices = 0
    for i in range(n):
        p0 = geom_offsets[index[i]]
        p1 = geom_offsets[index[i] + 1]
        parts += p1 - p0
        rings += part_offsets[p1] - part_offsets[p0]
        vertices += ring_offsets[part_offsets[p1]] - ring_offsets[part_offsets[p0]]
    xy = np.empty((vertices, 2), np.float64)
    source = np.empty(vertices, np.int64)
    new_rings = np.zeros(rings + 1, np.int64)
    new_parts = np.zeros(parts + 1, np.int64)
    new_geoms = np.zeros(n + 1, np.int64)
    part = ring = vertex = 0
    for i in range(n):
        for p in range(geom_offsets[index[i]], geom_offsets[index[i] + 1]):
            for r in range(part_offsets[p], part_offsets[p + 1]):
                for v in range(ring_offsets[r], ring_offsets[r + 1]):
                    xy[vertex, 0] = coords[v, 0]
                    xy[vertex, 1] = coords[v, 1]
                    source[vertex] = v
                    vertex += 1
                ring += 1
                new_rings[ring] = vertex
            part += 1
            new_parts[part] = ring
        new_geoms[i + 1] = part
    return xy, new_rings, new_parts, new_geoms, source


@kernel(f64s2, i64, fast=False)
def block_bounds(bounds: F64, block: int) -> F64:
    """Bounds ``(ceil(n / block), 4)`` of each run of ``block`` features; NaN where all of them are empty."""
    n = len(bounds)
    blocks = (n + block - 1) // block
    out = np.empty((blocks, 4), np.float64)
    for b in range(blocks):
        x0 = y0 = np.inf
        x1 = y1 = -np.inf
        for i in range(b * block, min(n, (b + 1) * block)):
            if bounds[i, 0] <= bounds[i, 2]:
                x0 = min(x0, bounds[i, 0])
                y0 = min(y0, bounds[i, 1])
                x1 = max(x1, bounds[i, 2])
                y1 = max(y1, bounds[i, 3])
        if x0 > x1:
            x0 = y0 = x1 = y1 = np.nan
        out[b, 0] = x0
        out[b, 1] = y0
        out[b, 2] = x1
        out[b, 3] = y1
    return out


@kernel(f64s2, i64, fast=False)
def block_sizes(bounds: F64, block: int) -> F64:
    """Bounds of each run of ``block`` features and the longest side of any of them, ``(ceil(n / block), 5)``.

    NaN where all of them are empty.
    """
    n = len(bounds)
    blocks = (n + block - 1) // block
    out = np.empty((blocks, 5), np.float64)
    for b in range(blocks):
        x0 = y0 = np.inf
        x1 = y1 = -np.inf
        side = 0.0
        for i in range(b * block, min(n, (b + 1) * block)):
            if bounds[i, 0] <= bounds[i, 2]:
                x0 = min(x0, bounds[i, 0])
                y0 = min(y0, bounds[i, 1])
                x1 = max(x1, bounds[i, 2])
                y1 = max(y1, bounds[i, 3])
                side = max(side, bounds[i, 2] - bounds[i, 0], bounds[i, 3] - bounds[i, 1])
        if x0 > x1:
            x0 = y0 = x1 = y1 = side = np.nan
        out[b, 0] = x0
        out[b, 1] = y0
        out[b, 2] = x1
        out[b, 3] = y1
        out[b, 4] = side
    return out


@kernel(f64s2, f64s2, i64, f64, f64, f64, f64, fast=False)
def query(bounds: F64, blocks: F64, block: int, x0: float, y0: float, x1: float, y1: float) -> I32:
    """Rows whose closed bounds meet the closed rectangle, ascending ``(k,) int32``; NaN bounds never do."""
    n = len(bounds)
    room = 0
    for b in range(len(blocks)):
        if blocks[b, 0] <= x1 and blocks[b, 2] >= x0 and blocks[b, 1] <= y1 and blocks[b, 3] >= y0:
            room += min(n, (b + 1) * block) - b * block
    out = np.empty(room, np.int32)
    k = 0
    for b in range(len(blocks)):
        if not (blocks[b, 0] <= x1 and blocks[b, 2] >= x0 and blocks[b, 1] <= y1 and blocks[b, 3] >= y0):
            continue
        first = b * block
        last = min(n, first + block)
        if blocks[b, 0] >= x0 and blocks[b, 2] <= x1 and blocks[b, 1] >= y0 and blocks[b, 3] <= y1:
            for i in range(first, last):
                if bounds[i, 0] <= bounds[i, 2]:
                    out[k] = i
                    k += 1
            continue
        for i in range(first, last):
            if bounds[i, 0] <= x1 and bounds[i, 2] >= x0 and bounds[i, 1] <= y1 and bounds[i, 3] >= y0:
                out[k] = i
                k += 1
    return out[:k].copy()


@kernel(f64s2, fast=False)
def _hilbert_keys(bounds: F64) -> U32:
    """Position of each centre on a Hilbert curve of order 16 over all bounds, ``(n,) uint32``; empty ones last.

    Curve after Skilling (2004) in its two-dimensional form, as in Hacker's Delight §16.
    """
    n = len(bounds)
    x0 = y0 = np.inf
    x1 = y1 = -np.inf
    for i in range(n):
        if bounds[i, 0] <= bounds[i, 2]:
            x0 = min(x0, bounds[i, 0])
            y0 = min(y0, bounds[i, 1])
            x1 = max(x1, bounds[i, 2])
            y1 = max(y1, bounds[i, 3])
    scale_x = 65535.0 / max(x1 - x0, 1e-300)
    scale_y = 65535.0 / max(y1 - y0, 1e-300)
    out = np.empty(n, np.uint32)
    for i in range(n):
        if not bounds[i, 0] <= bounds[i, 2]:
            out[i] = np.uint32(0xFFFFFFFF)
            continue
        x = np.int64(((bounds[i, 0] + bounds[i, 2]) * 0.5 - x0) * scale_x)
        y = np.int64(((bounds[i, 1] + bounds[i, 3]) * 0.5 - y0) * scale_y)
        key = np.int64(0)
        s = np.int64(32768)
        while s > 0:
            rx = np.int64(1) if x & s else np.int64(0)
            ry = np.int64(1) if y & s else np.int64(0)
            key += s * s * ((3 * rx) ^ ry)
            if ry == 0:
                if rx == 1:
                    x = 65535 - x
                    y = 65535 - y
                x, y = y, x
            s >>= 1
        out[i] = np.uint32(min(int(key), 0xFFFFFFFE))
    return out


@kernel(u32s, fast=False)
def _ascending(keys: U32) -> I64:
    """Stable order of ``keys``, ``(n,) int64``: radix sort by 11 bits at a time (Knuth, TAOCP 3, §5.2.5)."""
    n = len(keys)
    order = np.arange(n)
    other = np.empty(n, np.int64)
    for shift in (0, 11, 22):
        counts = np.zeros(2049, np.int64)
        for i in range(n):
            counts[((keys[i] >> shift) & 2047) + 1] += 1
        for digit in range(2048):
            counts[digit + 1] += counts[digit]
        for k in range(n):
            i = order[k]
            digit = (keys[i] >> shift) & 2047
            other[counts[digit]] = i
            counts[digit] += 1
        order, other = other, order
    return order


def hilbert_order(bounds: F64) -> I64:
    """Order of features ``(n,) int64`` along a Hilbert curve of their centres; empty geometries last."""
    return _ascending(_hilbert_keys(np.ascontiguousarray(bounds)))
