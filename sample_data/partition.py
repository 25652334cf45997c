"""Partition of counties into townships and villages: cost distance over the terrain, then shared, simplified borders."""

from __future__ import annotations

import heapq

import numba
import numpy as np
import rasterio.features
import shapely

from sample_data.city import grid_transform

_STEPS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])


@numba.njit(cache=True)
def spread(  # noqa: PLR0917 - a kernel
    cost: np.ndarray,
    allowed: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    of: np.ndarray,
    weight: np.ndarray,
) -> np.ndarray:
    """The source each cell is cheapest to reach from.

    ``cost`` (r, c) per cell; ``allowed`` (r, c) int: a source spreads only over cells equal to its ``of`` (cells of -2
    are open to all); ``weight`` multiplies a source's cost: a heavy source stays small. Returns source numbers, -1 where
    none reaches.
    """
    height, width = cost.shape
    best = np.full(height * width, np.inf)
    label = np.full(height * width, -1, np.int32)
    heap = [(0.0, np.int64(0), np.int64(0))]
    heap.pop()
    for s in range(len(rows)):
        heap.append((0.0, np.int64(rows[s] * width + columns[s]), np.int64(s)))  # noqa: PERF401 - numba
    heapq.heapify(heap)
    root2 = np.sqrt(2.0)
    while heap:
        d, i, s = heapq.heappop(heap)
        if label[i] >= 0:
            continue
        label[i] = s
        best[i] = d
        r, c = i // width, i % width
        for k in range(8):
            rr, cc = r + _STEPS[k, 0], c + _STEPS[k, 1]
            if rr < 0 or cc < 0 or rr >= height or cc >= width:
                continue
            if allowed[rr, cc] not in (of[s], -2):
                continue
            j = rr * width + cc
            if label[j] >= 0:
                continue
            step = root2 if _STEPS[k, 0] != 0 and _STEPS[k, 1] != 0 else 1.0
            total = d + weight[s] * step * (cost[r, c] + cost[rr, cc]) / 2
            total = np.round(total * 4096) / 4096
            if total < best[j]:
                best[j] = total
                heapq.heappush(heap, (total, j, s))
    return label.reshape(height, width)


@numba.njit(cache=True)
def scatter(  # noqa: PLR0917 - a kernel
    weight: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    first: np.ndarray,
    count: int,
    radius: float,
    draws: np.ndarray,
) -> np.ndarray:
    """``count`` cell numbers drawn in proportion to ``weight`` and kept apart by about ``radius``; ``first`` come first."""
    out = np.empty(count, np.int64)
    w = weight.copy()
    for n in range(count):
        if n < len(first):
            pick = first[n]
        else:
            total = w.sum()
            goal = draws[n] * total
            pick = -1
            run = 0.0
            for i in range(len(w)):
                run += w[i]
                if run >= goal and w[i] > 0:
                    pick = i
                    break
            if pick < 0:
                pick = int(np.argmax(w))
        out[n] = pick
        for i in range(len(w)):
            d = ((x[i] - x[pick]) ** 2 + (y[i] - y[pick]) ** 2) / (radius * radius)
            if d < 1:
                w[i] *= d * d
    return out


def areas(
    label: np.ndarray, x0: float, y1: float, cell: float, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Label numbers and their polygons: a coverage with simplified, shared borders."""
    shapes = rasterio.features.shapes(
        label.astype(np.int32), connectivity=4, transform=grid_transform(x0, y1, cell, cell)
    )
    found: dict[int, list[shapely.Geometry]] = {}
    for geometry, value in shapes:
        found.setdefault(int(value), []).append(shapely.geometry.shape(geometry))
    numbers = np.array(sorted(n for n in found if n >= 0))
    polygons = np.array([shapely.unary_union(found[n]) for n in numbers])
    return numbers, shapely.coverage_simplify(polygons, tolerance)


def planar(outer: np.ndarray, inner: np.ndarray, grid: float) -> np.ndarray:
    """Faces of the linework of ``outer`` polygons and the ``inner`` polygons' borders, snapped to ``grid``."""
    lines = shapely.union_all(np.concatenate([shapely.boundary(outer), inner]), grid_size=grid)
    return shapely.get_parts(shapely.polygonize([lines]))
