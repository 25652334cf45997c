"""Shapes made from a few numbers or strokes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from lydigital.edits.operations.limits import MOST_CORNERS
from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

Place: TypeAlias = tuple[float, float]


def circle(x: float, y: float, radius: float, deviation: float) -> shapely.Polygon:
    """A circle as an n-gon on it, whose edges leave the circle by at most ``deviation``.

    The height of an edge's arc is r (1 - cos(π / n)), which gives n.
    """
    _positive(radius)
    share = min(max(deviation, 0.0) / radius, 1.0)
    corners = MOST_CORNERS if share <= 0 else math.ceil(math.pi / math.acos(1 - min(share, 0.5)))
    corners = min(max(4 * math.ceil(corners / 4), 12), MOST_CORNERS)  # the four extremes are corners
    return regular(x, y, radius, corners, 0.0)


def regular(x: float, y: float, radius: float, sides: int, angle_deg: float) -> shapely.Polygon:
    """An equal-sided polygon with its corners on a circle, the first at ``angle_deg`` counter-clockwise from east."""
    _positive(radius)
    turns = np.radians(angle_deg + np.arange(sides) * 360.0 / sides)
    return shapely.Polygon(np.column_stack([x + radius * np.cos(turns), y + radius * np.sin(turns)]))


def rectangle(first: Place, second: Place, third: Place) -> shapely.Polygon:
    """A rectangle whose one side is ``first`` to ``second`` and whose width is how far ``third`` lies from it."""
    finite([first, second, third])
    a, b, c = np.array(first), np.array(second), np.array(third)
    side = b - a
    length = float(np.hypot(*side))
    _positive(length)
    normal = np.array([-side[1], side[0]]) / length
    width = float((c - a) @ normal)
    _positive(abs(width))
    return shapely.Polygon([a, b, b + normal * width, a + normal * width])


def freehand(points: Sequence[Place], tolerance: float) -> shapely.LineString:
    """A stroke of the hand without the vertices that say less than ``tolerance`` (Douglas and Peucker)."""
    line = shapely.remove_repeated_points(line_of(points), 0.0)
    return shapely.simplify(line, tolerance, preserve_topology=False)


def line_of(points: Sequence[Place]) -> shapely.LineString:
    """A line through ``points``.

    Raises
    ------
    BadDataError
        When they are fewer than two places.
    """
    finite(points)
    if len({tuple(p) for p in points}) < 2:
        raise BadDataError("A line needs two different places", hint="Add another point.")
    return shapely.LineString(points)


def area_of(points: Sequence[Place]) -> shapely.Polygon:
    """The area within ``points``.

    Raises
    ------
    BadDataError
        When they are fewer than three places.
    """
    finite(points)
    if len({tuple(p) for p in points}) < 3:
        raise BadDataError("An area needs three different places", hint="Add another point.")
    return shapely.Polygon(points)


def continued(shape: shapely.Geometry, points: Sequence[Place], *, at_start: bool) -> shapely.Geometry:
    """A line that goes on through ``points``, from its first vertex backwards or from its last.

    Of several parts, the first or the last goes on.
    """
    finite(points)
    parts = list(shapely.get_parts(shape))
    chosen = 0 if at_start else -1
    old = shapely.get_coordinates(parts[chosen], include_z=shapely.has_z(shape))
    new = np.full((len(points), old.shape[1]), np.nan)  # heights come from the nearest known ones
    new[:, :2] = points
    parts[chosen] = shapely.LineString(np.concatenate([new[::-1], old] if at_start else [old, new]))
    return parts[0] if shape.geom_type == "LineString" else shapely.MultiLineString(parts)


def finite(points: Sequence[Sequence[float]]) -> None:
    """Raise when one of the numbers is none.

    Raises
    ------
    BadDataError
        Always with the first of them.
    """
    for point in points:
        if not all(math.isfinite(v) for v in point):
            raise BadDataError("{text} is no place", hint="Write numbers.", text=str(tuple(point)))


def _positive(length: float) -> None:
    if not (0 < length < math.inf):
        raise BadDataError("A shape needs a size", hint="Give a length above zero.")
