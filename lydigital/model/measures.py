"""Length and area on the CGCS2000 ellipsoid, of many shapes at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.model.crs import CGCS2000, Crs, transformation

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

LONGEST_SEGMENT_M = 2000.0  # longer ones are divided: a straight line on the map is no geodesic
M2_OF_MU = 10_000 / 15  # a 亩


@cache
def _geod() -> pyproj.Geod:
    import pyproj

    return pyproj.Geod(a=6378137.0, rf=298.257222101)  # CGCS2000


def to_degrees(shapes: NDArray[np.object_], crs: Crs) -> NDArray[np.object_]:
    """Shapes in longitude and latitude of CGCS2000, long edges divided; missing ones stay missing."""
    import shapely

    step = LONGEST_SEGMENT_M / crs.metres_per_unit
    dense = np.array(shapely.force_2d(shapes), object)
    long = shapely.length(dense) > step  # no other has an edge to divide, and GEOS fails on lines without length
    dense[long] = shapely.segmentize(dense[long], step)
    move = transformation(crs, Crs(CGCS2000))
    moved: NDArray[np.object_] = shapely.transform(dense, lambda xy: move.points(np.ascontiguousarray(xy)))
    return moved


def areas_m2(shapes: NDArray[np.object_], crs: Crs) -> NDArray[np.float64]:
    """Area of every shape ``(n,) float64`` in square metres; NaN where it is no area."""
    import shapely

    moved = to_degrees(shapes, crs)
    is_area = (shapely.get_dimensions(moved) == 2) & ~shapely.is_empty(moved)
    parts, of_area = shapely.get_parts(moved[is_area], return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    is_hole = np.concatenate([[False], of_part[1:] == of_part[:-1]])[: len(rings)]
    coords = shapely.get_coordinates(rings)
    ends = np.cumsum(shapely.get_num_coordinates(rings))
    geod = _geod()
    sizes = np.zeros(len(rings))
    first = 0
    for at, end in enumerate(ends.tolist()):
        ring = coords[first:end]
        sizes[at] = abs(geod.polygon_area_perimeter(ring[:, 0], ring[:, 1])[0])
        first = end
    out = np.where(is_area, 0.0, np.nan)
    np.add.at(out, np.flatnonzero(is_area)[of_area[of_part]], np.where(is_hole, -sizes, sizes))
    return out


def lengths_m(shapes: NDArray[np.object_], crs: Crs) -> NDArray[np.float64]:
    """Length of every line, or around every area, ``(n,) float64`` in metres; NaN for points and missing shapes."""
    moved = to_degrees(shapes, crs)
    return _each(moved, 1, lambda shape: float(_geod().geometry_length(shape)))


def _each(shapes: NDArray[np.object_], least: int, work: Any) -> NDArray[np.float64]:
    import shapely

    out = np.full(len(shapes), np.nan)
    fit = (shapely.get_dimensions(shapes) >= least) & ~shapely.is_empty(shapes)
    for at in np.flatnonzero(fit):
        out[at] = work(shapes[at])
    return out


def path_lengths_m(coords: NDArray[np.float64], offsets: NDArray[np.int64], crs: Crs) -> NDArray[np.float64]:
    """Length of each run of vertices ``(n,) float64`` in metres, from vertex to vertex as the geodesic.

    Against a straight line on the map that differs by less than a ten-millionth for segments up to 20 km. ``offsets`` is
    ``(n + 1,)``; a run has at least one vertex.
    """
    degrees = transformation(crs, Crs(CGCS2000)).points(np.ascontiguousarray(coords))
    if len(coords) < 2:
        return np.zeros(len(offsets) - 1)
    lon, lat = np.ascontiguousarray(degrees[:, 0]), np.ascontiguousarray(degrees[:, 1])
    _, _, far = _geod().inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    far = np.append(far, 0.0)
    far[offsets[1:] - 1] = 0.0  # from one run to the next
    made: NDArray[np.float64] = np.add.reduceat(far, offsets[:-1])
    return made
