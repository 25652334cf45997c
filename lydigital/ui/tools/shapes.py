"""Plane geometry of what is drawn: rings of regular shapes, directions, WKT. Map units; no Qt.

Directions are azimuths as surveyors give them: degrees clockwise from north.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

XY: TypeAlias = tuple[float, float]

CIRCLE_STEPS = 72
STEP_DEG = 15.0


def azimuth(start: XY, end: XY) -> float:
    """Direction from one place to another, 0 to 360."""
    return math.degrees(math.atan2(end[0] - start[0], end[1] - start[1])) % 360.0


def distance(start: XY, end: XY) -> float:
    return math.hypot(end[0] - start[0], end[1] - start[1])


def polar(start: XY, length: float, direction: float) -> XY:
    """The place ``length`` away in a direction."""
    angle = math.radians(direction)
    return (start[0] + length * math.sin(angle), start[1] + length * math.cos(angle))


def onto(start: XY, direction: float, place: XY) -> XY:
    """``place`` moved square onto the line through ``start`` in a direction."""
    angle = math.radians(direction)
    along = (place[0] - start[0]) * math.sin(angle) + (place[1] - start[1]) * math.cos(angle)
    return (start[0] + along * math.sin(angle), start[1] + along * math.cos(angle))


def stepped(start: XY, place: XY, base: float = 0.0, step: float = STEP_DEG) -> XY:
    """``place`` turned to the nearest direction that is a multiple of ``step`` away from ``base``."""
    return onto(start, base + round((azimuth(start, place) - base) / step) * step, place)


def ring_of_circle(centre: XY, rim: XY) -> list[XY]:
    """A closed ring of :data:`CIRCLE_STEPS` sides that begins at ``rim``."""
    return regular(centre, rim, CIRCLE_STEPS)


def regular(centre: XY, corner: XY, sides: int) -> list[XY]:
    """A regular polygon as a closed ring that begins at ``corner``."""
    radius, first = distance(centre, corner), azimuth(centre, corner)
    ring = [corner, *(polar(centre, radius, first + 360.0 * k / sides) for k in range(1, sides))]
    return [*ring, corner]


def rectangle(first: XY, second: XY, third: XY) -> list[XY]:
    """The rectangle on the side ``first``-``second`` that reaches as far as ``third``; empty while it has no area."""
    dx, dy = second[0] - first[0], second[1] - first[1]
    length = math.hypot(dx, dy)
    if length == 0.0:
        return []
    nx, ny = -dy / length, dx / length
    depth = (third[0] - second[0]) * nx + (third[1] - second[1]) * ny
    if depth == 0.0:
        return []
    far = [(x + depth * nx, y + depth * ny) for x, y in (second, first)]
    return [first, second, *far, first]


def beside(line: NDArray[np.float64], place: XY) -> tuple[float, float]:
    """Distance from a line ``(n, 2)`` to ``place``, and on which side it lies: 1 left of its direction, -1 right."""
    import shapely

    shape, point = shapely.LineString(line), shapely.Point(place)
    along = shape.project(point)
    step = max(shape.length * 1e-6, 1e-9)
    before, after = shape.interpolate(max(along - step, 0.0)), shape.interpolate(min(along + step, shape.length))
    turn = (after.x - before.x) * (place[1] - before.y) - (after.y - before.y) * (place[0] - before.x)
    return float(shape.distance(point)), 1.0 if turn >= 0 else -1.0


def simplified(path: Sequence[XY], tolerance: float) -> list[XY]:
    """A path drawn by hand without the shaking: nowhere further than ``tolerance`` from it."""
    import shapely

    if len(path) < 3:
        return list(path)
    return [(float(x), float(y)) for x, y in shapely.LineString(path).simplify(tolerance).coords]


def without_doubles(path: Sequence[XY]) -> list[XY]:
    """Without vertices that repeat the one before."""
    return [p for k, p in enumerate(path) if k == 0 or p != path[k - 1]]


def point_wkt(place: XY) -> str:
    return f"POINT ({_pair(place)})"


def line_wkt(path: Sequence[XY]) -> str:
    return f"LINESTRING ({', '.join(map(_pair, path))})"


def polygon_wkt(ring: Sequence[XY]) -> str:
    """Closes the ring where it is open."""
    closed = [*ring] if ring and ring[0] == ring[-1] else [*ring, ring[0]]
    return f"POLYGON (({', '.join(map(_pair, closed))}))"


def _pair(place: XY) -> str:
    return f"{float(place[0])!r} {float(place[1])!r}"
