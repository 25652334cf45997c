"""What a terrain model says of every place: slope, aspect, curvature, relief, wetness; and distances to lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import CrsError
from lydigital.kernels import terrain as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.domain.interpolation import Lattice
    from lydigital.model.geometry import GeometryArray
    from lydigital.model.grid import Grid

    Floats32 = NDArray[np.float32]

NAMES = ("slope", "aspect", "plan", "profile", "relief", "twi")
RELIEF_M = 500.0  # half the side of the square that relief is taken in
_RISE_M = 1e-5  # of filled hollows, a cell
_GENTLEST = 1e-3  # tangent below which ground counts as that steep, for wetness


def cell_metres(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width and height of the cells of every row ``(rows,)`` in metres; of grids in degrees on the ellipsoid GRS 80.

    Raises
    ------
    CrsError
        When the system's units are neither degrees nor true metres (Web Mercator).
    """
    rows = grid.values.shape[0]
    width, height = grid.cell
    if grid.crs.is_geographic:
        latitude = np.radians(grid.origin[1] - (np.arange(rows) + 0.5) * height)
        if not (np.abs(latitude) < math.radians(89)).all():
            raise CrsError(
                "The terrain is said to be in degrees, but its coordinates are none",
                hint="Name its true coordinate system, for example EPSG:4546.",
            )
        a, e2 = 6378137.0, 0.00669438002290
        w = 1 - e2 * np.sin(latitude) ** 2
        return math.radians(width) * a * np.cos(latitude) / np.sqrt(w), math.radians(height) * a * (1 - e2) / w**1.5
    if grid.crs.definition == "EPSG:3857" or "Pseudo-Mercator" in grid.crs.name:
        raise CrsError(
            "Slopes cannot be taken in Web Mercator, whose metres are 1.2 times too short here",
            hint="Reproject the terrain to EPSG:4546 first (gdalwarp does).",
        )
    unit = grid.crs.metres_per_unit
    return np.full(rows, width * unit), np.full(rows, height * unit)


def derive(grid: Grid, names: tuple[str, ...] = NAMES, *, relief_m: float = RELIEF_M) -> dict[str, Floats32]:
    """Derivatives of heights in metres, by name, each ``(rows, columns) float32``; NaN where there is no height.

    ``slope`` and ``aspect`` in degrees (Horn 1981; aspect -1 where flat), ``plan`` and ``profile`` curvature in 1/100 m
    (Zevenbergen & Thorne 1987; positive where convex), ``relief`` in metres within ``relief_m`` around, ``twi`` =
    ln(a / tan β) with a the area drained per metre of width (D8 on filled ground).

    Raises
    ------
    CrsError
        See :func:`cell_metres`.
    """
    across, down = cell_metres(grid)
    values = np.ascontiguousarray(grid.values, np.float32)
    slope, aspect, plan, profile = kernels.shape(values, across, down)
    found = {"slope": slope, "aspect": aspect, "plan": plan, "profile": profile}
    if "relief" in names:
        found["relief"] = _relief(values, relief_m, float(across.mean()), float(down.mean()))
    if "twi" in names:
        z, order = kernels.filled(values, _RISE_M)
        area = kernels.catchment(z, order, across, down)
        width = np.sqrt(across * down)[:, None]
        tangent = np.maximum(np.tan(np.radians(slope.astype(np.float64))), _GENTLEST)
        found["twi"] = np.log(area / width / tangent).astype(np.float32)
    return {name: found[name] for name in names}


def _relief(values: Floats32, reach_m: float, width: float, height: float) -> Floats32:
    from scipy import ndimage

    size = (2 * max(1, round(reach_m / height)) + 1, 2 * max(1, round(reach_m / width)) + 1)
    gaps = np.isnan(values)
    top = ndimage.maximum_filter(np.where(gaps, -np.inf, values), size, mode="nearest")
    bottom = ndimage.minimum_filter(np.where(gaps, np.inf, values), size, mode="nearest")
    return np.where(gaps, np.nan, top - bottom).astype(np.float32)


def distance(lines: GeometryArray, lattice: Lattice, *, reach_m: float = 20_000.0) -> Floats32:
    """Metres from every cell to the nearest cell that a line (or polygon, point) meets; at most ``reach_m``.

    Everything is ``reach_m`` away where there are no lines.
    """
    from affine import Affine
    from rasterio import features
    from scipy import ndimage

    shape = (lattice.rows, lattice.columns)
    shapes = [s for s in lines.to_shapely() if s is not None and not s.is_empty]
    out = np.full(shape, reach_m, np.float32)
    if shapes:
        place = Affine(lattice.cell, 0.0, lattice.x0, 0.0, -lattice.cell, lattice.y1)
        met = features.rasterize(shapes, shape, transform=place, all_touched=True, dtype="uint8")
        if met.any():
            out = np.minimum(ndimage.distance_transform_edt(met == 0, sampling=lattice.cell), reach_m).astype(np.float32)
    return out


def on_lattice(grid: Grid, values: Floats32, lattice: Lattice, *, nearest: bool = False) -> Floats32:
    """Values of the cells of ``grid`` at the centres of a lattice, bilinear, or of the cell there (directions, classes)."""
    from lydigital.domain.interpolation import resampled
    from lydigital.model.crs import transformation

    if not nearest:
        return resampled(grid, lattice, values)
    x, y = lattice.centres
    xs, ys = np.meshgrid(x + np.arange(lattice.columns) * lattice.cell, y - np.arange(lattice.rows) * lattice.cell)
    there = transformation(lattice.crs, grid.crs).points(np.column_stack([xs.ravel(), ys.ravel()]))
    with np.errstate(invalid="ignore"):
        column = np.floor((there[:, 0] - grid.origin[0]) / grid.cell[0])
        row = np.floor((grid.origin[1] - there[:, 1]) / grid.cell[1])
    inside = (row >= 0) & (column >= 0) & (row < values.shape[0]) & (column < values.shape[1])
    out = np.full(len(there), np.nan, np.float32)
    out[inside] = values[row[inside].astype(np.int64), column[inside].astype(np.int64)]
    return out.reshape(lattice.rows, lattice.columns)
