"""From gauges to a grid: inverse distance and ordinary kriging, with cross-validation, and isohyets.

Cells beyond the radius of every gauge have no value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.errors import BadDataError, CrsError
from lydigital.kernels import contour, spread
from lydigital.kernels import interpolate as kernels
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.hazardmodel import Interpolation

    Floats = NDArray[np.float64]

LEAST_KRIGED = 10  # gauges below which a variogram says nothing
_BINS = 12
_COARSE = 4  # cells between the places where kriging is solved


@dataclass(frozen=True)
class Lattice:
    """Where a grid lies: x, y of the outer north-west corner, side of the square cells in metres."""

    rows: int
    columns: int
    x0: float
    y1: float
    cell: float
    crs: Crs

    def grid(self, values: NDArray[np.float32]) -> Grid:
        return Grid(values, (self.x0, self.y1), (self.cell, self.cell), self.crs)

    @property
    def centres(self) -> tuple[float, float]:
        """Centre of the north-west cell."""
        return self.x0 + self.cell / 2, self.y1 - self.cell / 2

    def cells_of(self, xy: Floats) -> NDArray[np.int64]:
        """Number of the cell of each place ``(n, 2)``, row by row; -1 outside."""
        column = np.floor((xy[:, 0] - self.x0) / self.cell)
        row = np.floor((self.y1 - xy[:, 1]) / self.cell)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.where(inside, row * self.columns + column, -1).astype(np.int64)


@dataclass(frozen=True)
class Variogram:
    """``nugget + sill · model(h / reach)``; ``error`` is the weighted sum of squares of the fit."""

    kind: Literal["spherical", "exponential"]
    nugget: float
    sill: float
    reach: float
    error: float = 0.0

    def covariance(self, h: Floats) -> Floats:
        """Of two values at distance ``h``; the nugget at distance 0 only."""
        u = h / self.reach
        part = np.exp(-u) if self.kind == "exponential" else np.where(u < 1, 1 - 1.5 * u + 0.5 * u**3, 0.0)
        return np.asarray(self.sill * part + np.where(h == 0, self.nugget, 0.0), np.float64)


@dataclass(frozen=True)
class Validation:
    """Leave-one-out errors: estimate less measured. ``r`` is NaN where the values do not differ."""

    count: int
    mean_error: float
    rmse: float
    r: float


@dataclass(frozen=True, eq=False)
class Field:
    """An interpolated grid, how well it does, and the variogram it rests on (kriging)."""

    grid: Grid
    validation: Validation
    residuals: Floats
    variogram: Variogram | None = None


def interpolate(xy: Floats, values: Floats, lattice: Lattice, how: Interpolation) -> Field:
    """Values of places on a grid, never below zero.

    Parameters
    ----------
    xy, values
        ``(n, 2)`` metres and ``(n,)``; places without a value are left out, places that share one are averaged.

    Raises
    ------
    BadDataError
        When there are too few values.
    CrsError
        When the system is one of degrees.
    """
    if lattice.crs.is_geographic:
        raise CrsError(
            "Distances cannot be taken in {crs}, which is in degrees", crs=lattice.crs.definition,
            hint="Use a projected system, for example EPSG:4546.",
        )  # fmt: skip
    known = np.isfinite(values) & np.isfinite(xy).all(axis=1)
    places, found = _merged(np.ascontiguousarray(xy[known], np.float64), values[known])
    if not len(found):
        raise BadDataError("No gauge has a value to interpolate", hint="Check the records of the time.")
    radius = how.radius_km * 1000
    out = np.empty((lattice.rows, lattice.columns), np.float32)
    if how.method == "idw":
        _idw(places, found, lattice, power=how.power, radius=radius, out=out)
        residuals = _left_out(places, found, how.power)
        return Field(lattice.grid(out), validation(residuals, found), residuals)
    if len(found) < LEAST_KRIGED:
        raise BadDataError(
            "Kriging needs {least} gauges at least, and {count} have values",
            hint="Use inverse distance (idw).", least=LEAST_KRIGED, count=len(found),
        )  # fmt: skip
    if np.ptp(found) == 0:
        raise BadDataError(
            "Kriging makes no sense: all gauges have the same value", hint="Use inverse distance (idw)."
        )
    model = fit(places, found, how.variogram)
    residuals = _krige(places, found, model, lattice, radius=radius, out=out)
    np.maximum(out, 0, out=out)  # NaN stays
    return Field(lattice.grid(out), validation(residuals, found), residuals, model)


def validation(residuals: Floats, values: Floats) -> Validation:
    some = np.isfinite(residuals)
    e, v = residuals[some], values[some]
    if not len(e):
        return Validation(0, math.nan, math.nan, math.nan)
    estimate = v + e
    r = float(np.corrcoef(estimate, v)[0, 1]) if len(e) > 1 and np.ptp(v) > 0 and np.ptp(estimate) > 0 else math.nan
    return Validation(len(e), float(e.mean()), float(math.sqrt((e * e).mean())), r)


def _merged(xy: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Places to the metre, each once, with the mean of their values."""
    _, first, group = np.unique(np.round(xy), axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    mean = np.bincount(group, values) / np.bincount(group)
    order = np.argsort(first, kind="stable")
    return np.ascontiguousarray(xy[first[order]]), np.ascontiguousarray(mean[order])


# --- inverse distance -----------------------------------------------------------------------------------------------


def _idw(xy: Floats, values: Floats, at: Lattice, *, power: float, radius: float, out: NDArray[np.float32]) -> None:
    x, y = at.centres
    per_row = max(1, at.columns * len(values) // 200)

    def work(first: int, last: int) -> None:
        a, b = first // per_row, last // per_row
        kernels.idw(xy, values, x, y, at.cell, at.cell, power, radius, out, a, b)

    spread.over(at.rows * per_row, work)


def _left_out(xy: Floats, values: Floats, power: float) -> Floats:
    square = (xy[:, None, 0] - xy[None, :, 0]) ** 2 + (xy[:, None, 1] - xy[None, :, 1]) ** 2
    np.fill_diagonal(square, np.inf)
    weight = square ** (-power / 2)
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 0, (weight @ values) / total, np.nan) - values, np.float64)


# --- kriging --------------------------------------------------------------------------------------------------------


def semivariance(xy: Floats, values: Floats, bins: int = _BINS) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Empirical variogram up to half the largest distance: mean distance, semivariance, pairs of every bin in use."""
    i, j = np.triu_indices(len(values), 1)
    h = np.hypot(xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1])
    g = 0.5 * (values[i] - values[j]) ** 2
    most = h.max() / 2
    at = np.minimum((h / most * bins).astype(np.int64), bins)
    number = np.bincount(at, minlength=bins + 1)[:bins]
    used = number > 0
    mean_h = np.bincount(at, h, minlength=bins + 1)[:bins][used] / number[used]
    mean_g = np.bincount(at, g, minlength=bins + 1)[:bins][used] / number[used]
    return mean_h, mean_g, number[used]


def fit(xy: Floats, values: Floats, kind: Literal["auto", "spherical", "exponential"] = "auto") -> Variogram:
    """The model nearest to the empirical variogram, bins weighed by pairs over squared distance."""
    from scipy.optimize import least_squares

    h, g, number = semivariance(xy, values)
    weight = np.sqrt(number) / h
    weight = weight / weight.max()
    variance = float(values.var()) or 1.0
    top = float(h.max())
    found = []
    kinds: tuple[Literal["spherical", "exponential"], ...] = ("spherical", "exponential")
    for each in kinds if kind == "auto" else (kind,):

        def misfit(p: Floats, each: Literal["spherical", "exponential"] = each) -> Floats:
            model = Variogram(each, 0.0, 1.0, p[2] * top)
            return np.asarray(weight * (p[0] + p[1] * (1 - model.covariance(h)) - g / variance))

        scale = 1.0 if each == "spherical" else 1 / 3
        best = least_squares(misfit, (0.05, 1.0, 0.7 * scale), bounds=((0, 1e-6, 0.02), (5, 20, 4)))
        found.append(Variogram(each, float(best.x[0]) * variance, float(best.x[1]) * variance, float(best.x[2]) * top,
                               float(2 * best.cost)))  # fmt: skip
    return min(found, key=lambda v: v.error)


def _krige(
    xy: Floats, values: Floats, model: Variogram, at: Lattice, *, radius: float, out: NDArray[np.float32]
) -> Floats:
    """Dual ordinary kriging with all gauges; gives the leave-one-out errors (Dubrule 1983)."""
    from scipy import linalg

    n = len(values)
    h = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = model.covariance(h) + 1e-9 * (model.sill + model.nugget) * np.eye(n)
    system[n, n] = 0.0
    inverse = linalg.inv(system)
    weights = inverse @ np.append(values, 0.0)
    code = kernels.EXPONENTIAL if model.kind == "exponential" else kernels.SPHERICAL
    coarse = np.empty((-(-at.rows // _COARSE) + 1, -(-at.columns // _COARSE) + 1), np.float32)
    b = np.ascontiguousarray(weights[:n])
    x, y = at.x0, at.y1  # nodes begin at the corner

    def work(first: int, last: int) -> None:
        kernels.krige(
            xy, b, float(weights[n]), code, model.sill, model.reach, x, y, at.cell * _COARSE, at.cell * _COARSE, np.inf,
            coarse, first // per_row, last // per_row,
        )  # fmt: skip

    per_row = max(1, coarse.shape[1] * n // 50)
    spread.over(coarse.shape[0] * per_row, work)
    out[:] = _bilinear(coarse, at)
    out[~_near(xy, at, radius)] = np.nan
    return np.asarray(-weights[:n] / np.diag(inverse)[:n], np.float64)


def _bilinear(coarse: NDArray[np.float32], at: Lattice) -> NDArray[np.float32]:
    r, c = (np.arange(at.rows) + 0.5) / _COARSE, (np.arange(at.columns) + 0.5) / _COARSE
    i, j = r.astype(np.int64), c.astype(np.int64)
    t, s = (r - i).astype(np.float32)[:, None], (c - j).astype(np.float32)[None, :]
    upper = coarse[i] * (1 - t) + coarse[i + 1] * t
    return np.asarray(upper[:, j] * (1 - s) + upper[:, j + 1] * s, np.float32)


def _near(xy: Floats, at: Lattice, radius: float) -> NDArray[np.bool_]:
    """Cells whose centre lies within ``radius`` of a place."""
    x, y = at.centres
    out = np.zeros((at.rows, at.columns), bool)
    columns = x + np.arange(at.columns) * at.cell
    rows = y - np.arange(at.rows) * at.cell
    for px, py in xy:
        r0, r1 = np.searchsorted(-rows, (-py - radius, -py + radius))
        c0, c1 = np.searchsorted(columns, (px - radius, px + radius), "left")
        dy, dx = rows[r0:r1, None] - py, columns[None, c0:c1] - px
        out[r0:r1, c0:c1] |= dy * dy + dx * dx <= radius * radius
    return out


# --- isohyets -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Isohyets:
    """Lines of equal rain in the system of their grid: ``values_mm (k,)``, one a line."""

    geometry: GeometryArray
    values_mm: Floats


def isohyets(grid: Grid, interval_mm: float, *, step: int = 4) -> Isohyets:
    """Lines at the multiples of ``interval_mm`` above zero, on every ``step``-th cell of a smooth surface.

    Raises
    ------
    BadDataError
        When the interval is not above zero.
    """
    if not interval_mm > 0:
        raise BadDataError("Isohyets need an interval above 0 mm", hint="Use 10, 25 or 50 mm.")
    rows, columns = grid.values.shape
    down, across = max(2, (rows - 1) // step + 1), max(2, (columns - 1) // step + 1)
    z = contour.surface(np.ascontiguousarray(grid.values, np.float32), 0.5, 0.5, float(step), down, across)
    coords, offsets, numbers = contour.lines(z, float(interval_mm))
    xy = np.empty_like(coords)
    xy[:, 0] = grid.origin[0] + (0.5 + coords[:, 0] * step) * grid.cell[0]
    xy[:, 1] = grid.origin[1] - (0.5 + coords[:, 1] * step) * grid.cell[1]
    parts = np.arange(len(offsets), dtype=np.int64)
    lines = GeometryArray(GeometryKind.LINE, xy, offsets, parts, parts.copy())
    some = np.flatnonzero(numbers > 0)
    return Isohyets(lines.take(some), (numbers[some] * float(interval_mm)).astype(np.float64))


def resampled(source: Grid, lattice: Lattice, band: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Bilinear values of a grid on a lattice ``(rows, columns) float32``; NaN where it has none."""
    from lydigital.model.crs import transformation

    x, y = lattice.centres
    xs, ys = np.meshgrid(x + np.arange(lattice.columns) * lattice.cell, y - np.arange(lattice.rows) * lattice.cell)
    places = np.column_stack([xs.ravel(), ys.ravel()])
    there = transformation(lattice.crs, source.crs).points(places)
    values = np.ascontiguousarray(source.values if band is None else band, np.float64)
    found = kernels.sample(values, np.ascontiguousarray(there), np.array(source.origin), np.array(source.cell))
    return found.reshape(lattice.rows, lattice.columns).astype(np.float32)
