"""Guards: no broken or absurd geometry goes into a layer unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs, transformation
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from lydigital.edits.operations.ground import Shapes

_FARTHEST = 1e8  # map units: more than twice around the earth in metres


def placed(shapes: Shapes, crs: Crs) -> None:
    """Raise when a coordinate is no number, or no place on earth.

    Raises
    ------
    BadDataError
        Naming the coordinate.
    """
    coords = shapely.get_coordinates(shapes)
    wrong = ~np.isfinite(coords).all(axis=1)
    if crs.is_geographic:
        wrong |= (np.abs(coords[:, 0]) > 180.0) | (np.abs(coords[:, 1]) > 90.0)
    else:
        wrong |= (np.abs(coords) > _FARTHEST).any(axis=1)
    if wrong.any():
        x, y = coords[int(np.argmax(wrong))]
        raise BadDataError(
            "{x}, {y} is no place in {crs}", hint="Easting or longitude comes first; check for a missing decimal point.",
            x=float(x), y=float(y), crs=crs.name,
        )  # fmt: skip


def outside(shapes: Shapes, crs: Crs, layer: str) -> tuple[Issue, ...]:
    """Say when something lies outside the area its system is made for."""
    area = crs.proj.area_of_use
    known = shapes[~shapely.is_empty(shapes)]
    if area is None or not len(known):
        return ()
    x0, y0, x1, y1 = (float(v) for v in shapely.total_bounds(known))
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    degrees = transformation(crs, Crs("EPSG:4326")).points(corners)
    margin = 3.0  # degrees: neighbouring zones are used beyond their limits on purpose
    lon, lat = degrees.T
    fits = (
        (lon >= area.west - margin) & (lon <= area.east + margin)
        & (lat >= area.south - margin) & (lat <= area.north + margin)
    )  # fmt: skip
    if bool(np.isfinite(degrees).all()) and bool(fits.all()):
        return ()
    return (
        Issue(
            "geometry.outside", "warning", "What was drawn lies outside the area of {crs}",
            "Check whether easting and northing were exchanged, or another zone was meant.", layer,
            values={"crs": crs.name},
        ),
    )  # fmt: skip


def fault(shape: shapely.Geometry) -> str:
    """What makes a shape unfit to be stored: "" for nothing, "empty", "size", or GEOS's reason for not valid."""
    if shapely.is_missing(shape) or shapely.is_empty(shape):
        return "empty"
    dimension = int(shapely.get_dimensions(shape))
    if dimension == 1 and shape.length == 0:
        return "size"
    if dimension == 2 and shape.area == 0 and shapely.make_valid(shape).area == 0:  # a bow tie only sums up to nothing
        return "size"
    return "" if shapely.is_valid(shape) else str(shapely.is_valid_reason(shape))


def refusal(reason: str, fid: int | None) -> BadDataError:
    """The error for a :func:`fault`."""
    name = "-" if fid is None else str(fid)
    if reason == "empty":
        return BadDataError(
            "Nothing would be left of feature {fid}", hint="Delete the feature if that is meant.", fid=name
        )
    if reason == "size":
        return BadDataError("Feature {fid} would have no size", hint="Draw it through places that differ.", fid=name)
    return BadDataError(
        "Feature {fid} would cross itself: {reason}",
        hint="Draw it without crossings, or repeat with fix: its loops become parts.", fid=name, reason=reason,
    )  # fmt: skip
