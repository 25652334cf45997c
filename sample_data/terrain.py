"""A synthetic terrain that looks and drains like Luoyang's: rivers fixed, the land between them eroded to balance.

Every cell is drained along the steepest way to a river (or the edge of the map) and stands above its receiver by the
slope of a stream in balance, ``steepness / sqrt(area)`` (stream power with concavity 0.5, Flint 1974), bounded by the
slope a hillside can keep. Repeating this on finer and finer grids gives dendritic valleys and ridges. The steepness is
fitted on the coarse grids so that the mean elevation of every region meets ``courses.MEANS``. Only + - * / and sqrt are
used on the way, and elevations are rounded at each step, so that another machine computes the same terrain.
"""

from __future__ import annotations

import heapq

import numba
import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from sample_data.city import CELL_M, COLUMNS, ROWS, X0, Y1, Terrain, bilinear, generator, grid_transform
from sample_data.courses import MEANS, PLAINS
from sample_data.facts import PEAKS
from sample_data.projection import project
from sample_data.rivers import Course, courses

_NEIGHBOURS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])
# Steepness (m) to begin with, by the mean elevation of the country.
_STEEPNESS = ((110, 150, 250, 400, 600, 900, 1200, 1500), (4.0, 10.0, 26.0, 44.0, 78.0, 120.0, 155.0, 195.0))
_LOESS = (
    (112.30, 34.83, 26e3),
    (112.62, 34.78, 22e3),
    (112.10, 34.68, 24e3),
    (112.02, 34.56, 20e3),
    (111.80, 34.53, 18e3),
    (112.28, 34.44, 16e3),
    (112.55, 34.40, 16e3),
    (111.55, 34.43, 16e3),
    (112.38, 34.27, 14e3),
    (111.40, 34.38, 14e3),
)


@numba.njit(cache=True)
def flood(z: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Priority flood (Barnes et al. 2014) from ``fixed`` cells: cells in ascending order, and the filled surface."""
    rows, columns = z.shape
    filled = z.ravel().copy()
    order = np.empty(rows * columns, np.int32)
    done = np.zeros(rows * columns, np.bool_)
    heap = [(np.float64(0.0), np.int64(0))]
    heap.pop()
    for i in range(rows * columns):
        if fixed.ravel()[i]:
            heap.append((np.float64(filled[i]), np.int64(i)))
            done[i] = True
    heapq.heapify(heap)
    n = 0
    while heap:
        level, i = heapq.heappop(heap)
        order[n] = i
        n += 1
        r, c = i // columns, i % columns
        for k in range(8):
            rr, cc = r + _NEIGHBOURS[k, 0], c + _NEIGHBOURS[k, 1]
            if rr < 0 or cc < 0 or rr >= rows or cc >= columns:
                continue
            j = rr * columns + cc
            if done[j]:
                continue
            done[j] = True
            if filled[j] <= level:
                filled[j] = level + 0.001
            heapq.heappush(heap, (np.float64(filled[j]), np.int64(j)))
    return order[:n], filled.reshape(rows, columns)


@numba.njit(cache=True)
def drain(
    filled: np.ndarray, fixed: np.ndarray, order: np.ndarray, cell: float
) -> tuple[np.ndarray, np.ndarray]:
    """Receiver of every cell (itself when fixed) and the area (m²) drained through it."""
    rows, columns = filled.shape
    flat = filled.ravel()
    receiver = np.empty(rows * columns, np.int32)
    area = np.full(rows * columns, cell * cell)
    root2 = np.sqrt(2.0)
    for i in range(rows * columns):
        receiver[i] = i
        if fixed.ravel()[i]:
            continue
        r, c = i // columns, i % columns
        best = 0.0
        for k in range(8):
            rr, cc = r + _NEIGHBOURS[k, 0], c + _NEIGHBOURS[k, 1]
            if rr < 0 or cc < 0 or rr >= rows or cc >= columns:
                continue
            drop = flat[i] - flat[rr * columns + cc]
            if _NEIGHBOURS[k, 0] != 0 and _NEIGHBOURS[k, 1] != 0:
                drop /= root2
            if drop > best:
                best = drop
                receiver[i] = rr * columns + cc
    for n in range(len(order) - 1, -1, -1):
        i = order[n]
        if receiver[i] != i:
            area[receiver[i]] += area[i]
    return receiver, area


@numba.njit(cache=True)
def balance(  # noqa: PLR0917 - a kernel
    z: np.ndarray,
    order: np.ndarray,
    receiver: np.ndarray,
    area: np.ndarray,
    steepness: np.ndarray,
    limit: np.ndarray,
    least: np.ndarray,
    cell: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Elevation in balance (nowhere under ``least``), and the elevation of the river cell each cell drains to."""
    rows, columns = z.shape
    out, base = z.ravel().copy(), z.ravel().copy()
    root2 = np.sqrt(2.0)
    for n in range(len(order)):
        i = order[n]
        j = receiver[i]
        if i == j:
            continue
        slope = steepness.ravel()[i] / np.sqrt(area[i] + 4000.0)
        # The slope of a hillside and that of a channel meet smoothly (harmonic mean).
        slope = slope * limit.ravel()[i] / (slope + limit.ravel()[i])
        step = cell * root2 if i // columns != j // columns and i % columns != j % columns else cell
        out[i] = max(out[j] + np.round(slope * step * 1000.0) / 1000.0 + 0.001, least.ravel()[i])
        base[i] = base[j]
    return out.reshape(rows, columns), base.reshape(rows, columns)


@numba.njit(cache=True)
def lower(z: np.ndarray, order: np.ndarray, limit: np.ndarray, cell: float) -> None:
    """Cut cliffs in place: no cell stands above a neighbour by more than ``limit`` (rise over run) allows."""
    rows, columns = z.shape
    root2 = np.sqrt(2.0)
    for n in range(len(order)):
        r, c = order[n] // columns, order[n] % columns
        for k in range(8):
            rr, cc = r + _NEIGHBOURS[k, 0], c + _NEIGHBOURS[k, 1]
            if rr < 0 or cc < 0 or rr >= rows or cc >= columns:
                continue
            step = cell * root2 if _NEIGHBOURS[k, 0] != 0 and _NEIGHBOURS[k, 1] != 0 else cell
            z[r, c] = min(z[r, c], z[rr, cc] + limit[r, c] * step)


def _octaves(rows: int, columns: int, spacing: float, rng: np.random.Generator) -> np.ndarray:
    total = np.zeros((rows, columns))
    for k in range(5):
        total += noise(rows, columns, max(spacing / 2**k, 1.0), rng) / 1.6**k
    return total


def noise(rows: int, columns: int, spacing: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (0 ± 1 about) with features ``spacing`` cells wide: a random lattice, twice interpolated."""
    lattice = rng.uniform(-1, 1, (int(rows / spacing) + 4, int(columns / spacing) + 4))
    r = np.arange(rows)[:, None] / spacing + 1
    c = np.arange(columns)[None, :] / spacing + 1
    fr, fc = r % 1, c % 1
    fr, fc = fr * fr * (3 - 2 * fr), fc * fc * (3 - 2 * fc)
    ri, ci = r.astype(int), c.astype(int)
    top = lattice[ri, ci] * (1 - fc) + lattice[ri, ci + 1] * fc
    bottom = lattice[ri + 1, ci] * (1 - fc) + lattice[ri + 1, ci + 1] * fc
    return top * (1 - fr) + bottom * fr


def _smooth(a: np.ndarray, cells: float) -> np.ndarray:
    size = max(1, int(cells))
    return ndimage.uniform_filter(ndimage.uniform_filter(a, size, mode="nearest"), size, mode="nearest")


def _interpolated(points: np.ndarray, values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Shepard's inverse distance interpolation with a softened inner radius of 8 km."""
    top, bottom = np.zeros(np.broadcast(x, y).shape), np.zeros(np.broadcast(x, y).shape)
    for (px, py), value in zip(points, values, strict=True):
        d = (x - px) ** 2 + (y - py) ** 2 + 6.4e7
        w = 1 / (d * np.sqrt(d))
        top += w * value
        bottom += w
    return top / bottom


def _grid(cell: float) -> tuple[int, int, np.ndarray, np.ndarray]:
    rows, columns = int(ROWS * CELL_M / cell + 0.999), int(COLUMNS * CELL_M / cell + 0.999)
    x = X0 + (np.arange(columns)[None, :] + 0.5) * cell
    y = Y1 - (np.arange(rows)[:, None] + 0.5) * cell
    return rows, columns, x, y


def trace(
    course: Course, cell: float, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, column, bed and floor half width of the cells a course runs through."""
    step = np.hypot(*np.diff(course.xy, axis=0).T)
    along = np.concatenate([[0], np.cumsum(step)])
    at = np.arange(0, along[-1] + cell / 4, cell / 2)
    x, y = np.interp(at, along, course.xy[:, 0]), np.interp(at, along, course.xy[:, 1])
    r, c = ((Y1 - y) / cell).astype(int), ((x - X0) / cell).astype(int)
    inside = (x >= X0) & (y <= Y1) & (r >= 0) & (c >= 0) & (r < rows) & (c < columns)
    bed, floor = np.interp(at, along, course.bed), np.interp(at, along, course.floor)
    return r[inside], c[inside], bed[inside], floor[inside]


def _beds(cell: float, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Bed elevation of river cells (NaN elsewhere) and half width of the valley floor there."""
    bed = np.full((rows, columns), np.nan)
    floor = np.zeros((rows, columns))
    for course in courses():
        r, c, z, f = trace(course, cell, rows, columns)
        old = bed[r, c]
        bed[r, c] = np.where(np.isnan(old), z, np.minimum(old, z))
        np.maximum.at(floor, (r, c), f)
    return np.round(bed, 3), floor


def _plains(cell: float, rows: int, columns: int) -> np.ndarray:
    """Distance (m) to the plains."""
    rings = [shapely.Polygon(np.column_stack(project(*np.array(ring).T))) for ring in PLAINS]
    inside = rasterio.features.rasterize(
        rings, (rows, columns), transform=grid_transform(X0, Y1, cell, cell), fill=0, default_value=1
    )
    return ndimage.distance_transform_edt(inside == 0, sampling=cell)


def _falloff(distance: np.ndarray, inner: np.ndarray | float, outer: np.ndarray | float) -> np.ndarray:
    t = np.clip((distance - inner) / (outer - inner), 0, 1)
    return t * t * (3 - 2 * t)


def build() -> Terrain:
    """The terrain of the sample city."""
    rng = generator("terrain")
    lonlat = np.array(MEANS)
    points = np.column_stack(project(lonlat[:, 0], lonlat[:, 1]))
    z = fit = first = None
    for cell, turns in ((1440.0, 40), (720.0, 30), (360.0, 16), (180.0, 9), (90.0, 6)):
        rows, columns, x, y = _grid(cell)
        bed, floor = _beds(cell, rows, columns)
        fixed = ~np.isnan(bed)
        target = _interpolated(points, lonlat[:, 2], x, y)
        away, (nr, nc) = ndimage.distance_transform_edt(~fixed, sampling=cell, return_indices=True)
        wide = floor[nr, nc] * (
            1 + 0.5 * noise(rows, columns, 5000 / cell, rng) + 0.25 * noise(rows, columns, 1900 / cell, rng)
        )
        wide = _smooth(wide, 2400 / cell)
        flat = _falloff(away, wide, wide * 1.3 + 500)
        plain = _plains(cell, rows, columns)
        flat = np.minimum(flat, _falloff(plain, 0.0, 900.0))
        level = np.where(away < 350, bed[nr, nc], np.minimum(_smooth(bed[nr, nc], 2600 / cell), bed[nr, nc]))
        least = level + 0.001 * np.minimum(away, 900.0) - 0.02 * np.maximum(away - wide * 1.2 - 300, 0)
        rock = (
            1 + 0.45 * noise(rows, columns, 9000 / cell, rng) + 0.3 * noise(rows, columns, 3200 / cell, rng)
        )
        if fit is None:
            fit = first = np.interp(_smooth(target, 5000 / cell), *_STEEPNESS)
            z = bed[nr, nc] + away * 0.003 + fit * _octaves(rows, columns, 26000 / cell, rng)
        else:
            grid = (X0, Y1, cell * 2)
            fit, first, z = (bilinear(a, *grid, x, y) for a in (fit, first, z))
        z = np.where(fixed, bed, z + fit * (0.0002 * cell) * rng.uniform(-1, 1, z.shape))
        z = np.where(fixed, z, np.maximum(z, least))
        edge = np.zeros_like(fixed)
        edge[[0, -1], :] = edge[:, [0, -1]] = True
        z[edge & ~fixed] = (0.75 * target + 0.25 * bed[nr, nc])[edge & ~fixed]
        fixed |= edge
        limit = np.clip(0.30 + fit / 480, 0.3, 0.74) * (1 + 0.18 * noise(rows, columns, 5000 / cell, rng))
        for turn in range(turns):
            order, filled = flood(np.round(z, 3), fixed)
            receiver, area = drain(filled, fixed, order, cell)
            z, base = balance(
                z, order, receiver, area, fit * rock * (0.012 + 0.988 * flat), limit, least, cell
            )
            lower(z, order, limit + 0.2, cell)
            if cell > 200 and turn > 1:
                reach = 15000 / cell
                ground = _smooth(base, reach)
                ratio = (target - ground) / np.maximum(_smooth(z, reach) - ground, 3.0)
                fit = np.clip(fit * np.clip(_smooth(ratio, reach), 0.95, 1.055), 0.55 * first, 1.7 * first)
    z = _tableland(z, fixed, rng)
    z = _summits(np.where(z > 1700, 1700 + (z - 1700) * 0.7, z), fixed)
    return Terrain(np.round(z, 1).astype(np.float32))


def _summits(z: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Named peaks at their real height: the massif around the highest ground near them is stretched from its foot."""
    _, _, x, y = _grid(CELL_M)
    for _name, lon, lat, height in PEAKS:
        if not height:
            continue
        px, py = project(lon, lat)
        near = np.hypot(x - px, y - py) < 1800
        top = int(np.argmax(np.where(near, z, 0)))
        r, c = top // z.shape[1], top % z.shape[1]
        away = np.hypot(x - x[0, c], y - y[r, 0])
        # Gentle beyond the radius of the massif; the stretch grows with height so that valleys keep their floor.
        foot = z[away < 7000].min()
        share = np.clip((z - foot) / (z[r, c] - foot), 0, 1) * (1 - _falloff(away, 0.0, 9000.0))
        z = np.where(fixed, z, z + (height - z[r, c]) * share)
        z = np.where((away > 0) & (away < 9000), np.minimum(z, height - 2.0 - away * 0.004), z)
    return z


def _tableland(z: np.ndarray, fixed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Loess country: interfluves flattened to tablelands, gullies left sharp."""
    rows, columns, x, y = _grid(CELL_M)
    loess = np.zeros(z.shape)
    for lon, lat, radius in _LOESS:
        px, py = project(lon, lat)
        d = np.sqrt((x - px) ** 2 + (y - py) ** 2) / radius
        loess = np.maximum(loess, 1 - _falloff(d, 0.55, 1.0))
    mean = _smooth(z, 3000 / CELL_M)
    spread = np.sqrt(np.maximum(_smooth(z * z, 3000 / CELL_M) - mean * mean, 0))
    loess *= 1 - _falloff(spread, 70.0, 110.0)
    top = mean + spread * (0.35 + 0.3 * noise(rows, columns, 40, rng))
    over = z - top
    flat = np.where(over > 0, top + over / (1 + over / (6 + 0.12 * spread)), z)
    return np.where(fixed, z, z + loess * (flat - z))
