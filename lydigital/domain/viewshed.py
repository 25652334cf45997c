"""What antennas see of a terrain model: line of sight over an earth of 4/3 radius, no diffraction, no buildings or trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import CrsError, RefusedError
from lydigital.kernels import spread
from lydigital.kernels import viewshed as kernels
from lydigital.kernels.viewshed import HIDDEN, SEEN, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.grid import Grid

    States = NDArray[np.uint8]

EARTH_M = 6_371_000.0
REFRACTION = 4 / 3  # of the earth's radius: how radio waves bend in the standard atmosphere (ITU-R P.834)
RECEIVER_M = 1.5
MOST_STEPS = 5e10  # cells times cells on the way to them: about a minute
_BLOCK = 64  # cells a side within which the scale of the map is one


@dataclass(frozen=True, eq=False)
class Window:
    """What one antenna sees: ``states`` of the cells from ``row``, ``column`` on; ``problem`` where nothing could be told.

    ``problem`` is ``outside`` (not on the terrain), ``no_height`` (none at its place), ``no_reach`` or "".
    """

    row: int
    column: int
    states: States
    problem: str = ""


def bend_of(refraction: float = REFRACTION) -> float:
    """How much lower ground lies at a distance d, in metres for each d² in square metres: 1 / (2 k R)."""
    return 1.0 / (2.0 * refraction * EARTH_M)


def windows(
    grid: Grid, xy: NDArray[np.float64], height_m: NDArray[np.float64], reach_m: NDArray[np.float64], *,
    receiver_m: float = RECEIVER_M, refraction: float = REFRACTION,
) -> list[Window]:  # fmt: skip
    """What antennas see, each by itself.

    Parameters
    ----------
    grid
        Heights in metres, in a projected system.
    xy
        ``(n, 2)`` places in the same system; an antenna stands on the middle of its cell.
    height_m, reach_m
        ``(n,)`` above the ground, and how far it is looked.

    Raises
    ------
    CrsError
        When the terrain is in degrees.
    RefusedError
        When it would take minutes.
    """
    if not grid.crs.is_metric:
        raise CrsError(
            "Lines of sight cannot be taken in {crs}: its units are no metres", crs=grid.crs.definition,
            hint="Reproject the terrain to EPSG:4546 first (gdalwarp does).",
        )  # fmt: skip
    values = np.ascontiguousarray(grid.values, np.float32)
    unit = grid.crs.metres_per_unit
    cell_x, cell_y = grid.cell[0] * unit, grid.cell[1] * unit
    rows, columns = values.shape
    known = reach_m[np.isfinite(reach_m) & (reach_m > 0)]
    far = np.minimum(known / cell_x, columns) * np.minimum(known / cell_y, rows)
    if float((np.pi / 2 * far * np.minimum(known / min(cell_x, cell_y), max(rows, columns))).sum()) > MOST_STEPS:
        raise RefusedError(
            "So many antennas that look so far would take minutes", hint="Look less far or at fewer of them, or load a coarser terrain model."
        )
    empty = np.zeros((0, 0), np.uint8)
    bend = bend_of(refraction)

    def one(i: int) -> Window:
        x, y = (xy[i, 0] - grid.origin[0]) / grid.cell[0], (grid.origin[1] - xy[i, 1]) / grid.cell[1]
        if not (0 <= x < columns and 0 <= y < rows):
            return Window(0, 0, empty, "outside")
        row, column = int(y), int(x)
        if not (np.isfinite(reach_m[i]) and reach_m[i] > 0 and np.isfinite(height_m[i]) and height_m[i] >= 0):
            return Window(row, column, empty, "no_reach")
        ground = float(values[row, column])
        if not np.isfinite(ground):
            return Window(row, column, empty, "no_height")
        far_y, far_x = int(reach_m[i] / cell_y), int(reach_m[i] / cell_x)
        row0, row1 = max(row - far_y, 0), min(row + far_y + 1, rows)
        column0, column1 = max(column - far_x, 0), min(column + far_x + 1, columns)
        states = kernels.visible(
            values, row, column, row0, row1, column0, column1, ground + float(height_m[i]), float(receiver_m), float(reach_m[i]),
            cell_x, cell_y, bend,
        )  # fmt: skip
        return Window(row0, column0, states)

    return list(spread.each(one, range(len(xy))))


def together(found: list[Window], shape: tuple[int, int]) -> States:
    """What any of them sees, ``(rows, columns)``: seen before unknown before hidden."""
    out = np.full(shape, HIDDEN, np.uint8)
    for window in found:
        h, w = window.states.shape
        part = out[window.row : window.row + h, window.column : window.column + w]
        np.maximum(part, window.states, out=part)
    return out


def areas_km2(found: list[Window], grid: Grid) -> NDArray[np.float64]:
    """What each antenna sees, on the ellipsoid ``(n,)``: its cells, by the scale of the map where it stands."""
    import shapely

    from lydigital.model.measures import areas_m2

    out = np.zeros(len(found))
    seen = [i for i, window in enumerate(found) if (window.states == SEEN).any()]
    if seen:
        width, height = grid.cell
        x = np.array([grid.origin[0] + width * (found[i].column + found[i].states.shape[1] / 2) for i in seen])
        y = np.array([grid.origin[1] - height * (found[i].row + found[i].states.shape[0] / 2) for i in seen])
        one = areas_m2(shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2), grid.crs)
        out[seen] = one * [(found[i].states == SEEN).sum() for i in seen] / 1e6
    return out


def area_km2(states: States, grid: Grid) -> float:
    """What is seen, on the ellipsoid: cells by the scale of the map in the block they are in."""
    import shapely

    from lydigital.model.measures import areas_m2

    rows, columns = states.shape
    row, column = np.arange(0, rows, _BLOCK), np.arange(0, columns, _BLOCK)
    count = np.add.reduceat(np.add.reduceat((states == SEEN).astype(np.int64), row, axis=0), column, axis=1)
    height, width = np.minimum(row + _BLOCK, rows) - row, np.minimum(column + _BLOCK, columns) - column
    x, y = grid.origin[0] + column * grid.cell[0], grid.origin[1] - row * grid.cell[1]
    some_r, some_c = np.nonzero(count)
    if not len(some_r):
        return 0.0
    boxes = shapely.box(
        x[some_c], y[some_r] - height[some_r] * grid.cell[1], x[some_c] + width[some_c] * grid.cell[0], y[some_r]
    )
    share = count[some_r, some_c] / (height[some_r] * width[some_c])
    return float((areas_m2(boxes, grid.crs) * share).sum()) / 1e6


def polygon(states: States, grid: Grid, *, row: int = 0, column: int = 0, state: int = SEEN) -> object:
    """The cells of one state as one (multi)polygon in the system of the grid; ``states`` begin at ``row``, ``column``."""
    import shapely
    from affine import Affine
    from rasterio import features

    wanted = states == state
    if not wanted.any():
        return shapely.MultiPolygon()
    x, y = grid.origin[0] + column * grid.cell[0], grid.origin[1] - row * grid.cell[1]
    place = Affine(grid.cell[0], 0.0, x, 0.0, -grid.cell[1], y)
    found = features.shapes(wanted.astype(np.uint8), mask=wanted, connectivity=4, transform=place)
    # valid as they are (GDAL, cells joined by edges), and cells of two of them never overlap: to check that takes long
    return shapely.multipolygons([shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:]) for shape, _ in found])


__all__ = ["HIDDEN", "RECEIVER_M", "REFRACTION", "SEEN", "UNKNOWN", "Window", "area_km2", "areas_km2", "bend_of", "polygon", "together", "windows"]
