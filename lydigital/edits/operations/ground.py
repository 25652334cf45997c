"""Lengths on the ground: work in metres whatever the map's system."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from lydigital.model.crs import Crs, transformation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.crs import Transformation

Shapes: TypeAlias = "NDArray[np.object_]"
_TRUE = 1e-3  # a system whose scale is this true is worked in as it is


def is_true(crs: Crs, x: float, y: float) -> bool:
    """Whether a map unit at ``x, y`` is a metre on the ground, to a thousandth in every direction."""
    if crs.is_geographic or abs(crs.metres_per_unit - 1.0) > _TRUE:
        return False
    if crs.is_metric:
        return True
    import pyproj

    lon, lat = transformation(crs, _degrees(crs)).point(x, y)
    factors = pyproj.Proj(crs.proj).get_factors(lon, lat)
    return all(
        abs(f - 1.0) < _TRUE for f in (factors.tissot_semimajor, factors.tissot_semiminor)
    )


def local(crs: Crs, x: float, y: float) -> Crs:
    """A system in metres true around ``x, y`` of ``crs``: itself where it is, else a transverse Mercator of its datum.

    The scale of a transverse Mercator is off by 1 + d²/2R² at d from its meridian: 0.1 mm in a metre at 90 km.
    """
    if is_true(crs, x, y):
        return crs
    degrees = _degrees(crs)
    lon, lat = transformation(crs, degrees).point(x, y)
    ellipsoid = crs.proj.ellipsoid
    assert ellipsoid is not None
    wkt = degrees.proj.to_json_dict()
    conversion = {
        "name": "local",
        "method": {"name": "Transverse Mercator", "id": {"authority": "EPSG", "code": 9807}},
        "parameters": [
            {"name": "Latitude of natural origin", "value": round(lat, 6), "unit": "degree", "id": {"authority": "EPSG", "code": 8801}},
            {"name": "Longitude of natural origin", "value": round(lon, 6), "unit": "degree", "id": {"authority": "EPSG", "code": 8802}},
            {"name": "Scale factor at natural origin", "value": 1, "unit": "unity", "id": {"authority": "EPSG", "code": 8805}},
            {"name": "False easting", "value": 0, "unit": "metre", "id": {"authority": "EPSG", "code": 8806}},
            {"name": "False northing", "value": 0, "unit": "metre", "id": {"authority": "EPSG", "code": 8807}},
        ],
    }  # fmt: skip
    axes = [
        {"name": "Easting", "abbreviation": "E", "direction": "east", "unit": "metre"},
        {"name": "Northing", "abbreviation": "N", "direction": "north", "unit": "metre"},
    ]
    made = {
        "type": "ProjectedCRS", "name": "local", "base_crs": wkt, "conversion": conversion,
        "coordinate_system": {"subtype": "Cartesian", "axis": axes},
    }  # fmt: skip
    import pyproj

    return Crs(pyproj.CRS.from_json_dict(made).to_wkt())


def through(crs: Crs, shapes: Shapes, work: Callable[[Shapes], Shapes]) -> Shapes:
    """``work`` done on ``shapes`` in metres on the ground; what it returns comes back in ``crs``."""
    known = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if not len(known):
        return work(shapes)
    x0, y0, x1, y1 = shapely.total_bounds(known)
    there = local(crs, (x0 + x1) / 2, (y0 + y1) / 2)
    if there.definition == crs.definition:
        return work(shapes)
    return reprojected(work(reprojected(shapes, transformation(crs, there))), transformation(there, crs))


def reprojected(shapes: Shapes, move: Transformation) -> Shapes:
    """Shapes in another system; heights stay as they are."""
    return shapes if move.is_identity else of_plane(shapes, move.points)


def of_plane(shapes: Shapes, work: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Shapes:
    """Shapes with x, y through ``work`` ``(n, 2) → (n, 2)``, and the Z they have."""
    out = np.empty(len(shapes), object)
    has_z = shapely.has_z(shapes)
    for raised in (False, True):
        some = has_z == raised
        if some.any():
            out[some] = shapely.transform(shapes[some], _planar(work), include_z=raised)
    return out


def _planar(
    work: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    def inner(coords: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = work(np.ascontiguousarray(coords[:, :2]))
        return np.column_stack([flat, coords[:, 2]]) if coords.shape[1] == 3 else flat

    return inner


def _degrees(crs: Crs) -> Crs:
    base = crs.proj.geodetic_crs
    assert base is not None
    return Crs(base.to_wkt())


def units(crs: Crs, x: float, y: float, metres: float) -> float:
    """How many map units are ``metres`` on the ground around ``x, y``, to the north: for tolerances."""
    there = local(crs, x, y)
    if there.definition == crs.definition:
        return metres
    a, b = transformation(crs, there).point(x, y)
    _, north = transformation(there, crs).point(a, b + metres)
    return abs(north - y)
