"""Length and area of a feature on the ellipsoid, in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyproj

    from lydigital.model.table import FeatureTable

_LONGEST_SEGMENT_M = 2000.0  # longer ones are divided: a straight line on the map is no geodesic
MU_M2 = 10_000 / 15  # a 亩


@dataclass(frozen=True)
class Measure:
    """Kind of a feature with what can be measured of it; metres and square metres on the CGCS2000 ellipsoid."""

    kind: GeometryKind
    parts: int
    vertices: int
    length_m: float = 0.0
    area_m2: float = 0.0


@cache
def _geod() -> pyproj.Geod:
    import pyproj

    return pyproj.Geod(a=6378137.0, rf=298.257222101)  # CGCS2000


def measure(table: FeatureTable, row: int) -> Measure:
    """Measure one feature of ``table``."""
    return _measured(table.geometry.take(np.array([row])), table.crs)


def measure_path(path: Sequence[tuple[float, float]], kind: GeometryKind, crs: Crs) -> Measure:
    """Measure a line, or the area a path goes around, in map units of ``crs``."""
    closed = [*path, path[0]] if kind is GeometryKind.POLYGON and path[0] != path[-1] else list(path)
    closed = [place for k, place in enumerate(closed) if k == 0 or place != closed[k - 1]]
    if len(closed) < (4 if kind is GeometryKind.POLYGON else 2):
        return Measure(kind, 1, len(closed))
    return _measured(GeometryArray.from_rings(kind, [[[closed]]]), crs)


def ground_length(path: Sequence[tuple[float, float]], crs: Crs) -> float:
    """Length of a path in metres on the ground."""
    return measure_path(path, GeometryKind.LINE, crs).length_m if len(path) > 1 else 0.0


def _measured(one: GeometryArray, crs: Crs) -> Measure:
    parts, vertices = len(one.part_offsets) - 1, len(one.coords)
    if one.kind is GeometryKind.POINT or vertices == 0:
        return Measure(one.kind, parts, vertices)
    import shapely

    step = _LONGEST_SEGMENT_M / crs.metres_per_unit
    shape = shapely.segmentize(one.to_shapely()[0], step)
    dense = GeometryArray.from_shapely(one.kind, np.array([shape], object))
    lonlat = transformation(crs, Crs(CGCS2000)).points(np.asarray(dense.coords))
    moved = GeometryArray(
        one.kind, np.ascontiguousarray(lonlat), dense.ring_offsets, dense.part_offsets, dense.geom_offsets
    )
    geometry = moved.to_shapely()[0]
    if one.kind is GeometryKind.LINE:
        return Measure(one.kind, parts, vertices, length_m=float(_geod().geometry_length(geometry)))
    area, perimeter = _geod().geometry_area_perimeter(shapely.orient_polygons(geometry))
    return Measure(one.kind, parts, vertices, length_m=float(perimeter), area_m2=abs(float(area)))


def length_text(metres: float) -> str:
    return (
        tr("{value} km", value=f"{metres / 1000:,.2f}")
        if metres >= 1000
        else tr("{value} m", value=f"{metres:,.1f}")
    )


def area_text(square_metres: float) -> str:
    """Square kilometres or square metres; 亩 beside what a farmer would measure in them."""
    if square_metres >= 1e6:
        return tr("{value} km²", value=f"{square_metres / 1e6:,.2f}")
    mu = square_metres / MU_M2
    return tr("{value} m² ({mu} mu)", value=f"{square_metres:,.0f}", mu=f"{mu:,.1f}")
