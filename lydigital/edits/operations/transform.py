"""Whole features moved, turned, scaled, aligned. Arrays of shapes in, arrays out; Z stays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from lydigital.edits.operations.ground import Shapes, of_plane
from lydigital.edits.operations.shapes import finite

if TYPE_CHECKING:
    from lydigital.edits.operations.limits import Edge

Place: TypeAlias = tuple[float, float]


def moved(shapes: Shapes, dx: float, dy: float) -> Shapes:
    """Shapes shifted by map units."""
    finite([(dx, dy)])
    step = np.array([dx, dy])
    return of_plane(shapes, lambda xy: xy + step)


def rotated(shapes: Shapes, angle_deg: float, about: Place) -> Shapes:
    """Shapes turned counter-clockwise; quarter turns are exact."""
    finite([(angle_deg, *about)])
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}.get(angle_deg % 360.0)
    cos, sin = quarter or (math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg)))
    return _linear(shapes, np.array([[cos, -sin], [sin, cos]]), about)


def scaled(shapes: Shapes, factor_x: float, factor_y: float, about: Place) -> Shapes:
    """Shapes made larger or smaller around a place; negative factors mirror."""
    finite([(factor_x, factor_y), about])
    return _linear(shapes, np.array([[factor_x, 0.0], [0.0, factor_y]]), about)


def centre(shapes: Shapes) -> Place:
    """Middle of the bounds of all."""
    x0, y0, x1, y1 = shapely.total_bounds(shapes)
    return float(x0 + x1) / 2, float(y0 + y1) / 2


def aligned(shapes: Shapes, edge: Edge) -> Shapes:
    """Each shape moved so that its ``edge`` stands where the outermost one does, or their middle."""
    x0, y0, x1, y1 = shapely.bounds(shapes).T
    dx, dy = np.zeros(len(shapes)), np.zeros(len(shapes))
    if edge == "left":
        dx = x0.min() - x0
    elif edge == "right":
        dx = x1.max() - x1
    elif edge == "bottom":
        dy = y0.min() - y0
    elif edge == "top":
        dy = y1.max() - y1
    elif edge == "centre_x":
        dx = (x0.min() + x1.max()) / 2 - (x0 + x1) / 2
    else:
        dy = (y0.min() + y1.max()) / 2 - (y0 + y1) / 2
    return _each_moved(shapes, dx, dy)


def along(shapes: Shapes, line: shapely.LineString) -> Shapes:
    """Each shape moved the shortest way so that its centre lies on ``line``."""
    middles = shapely.force_2d(shapely.centroid(shapes))
    feet = shapely.line_interpolate_point(line, shapely.line_locate_point(line, middles))
    dx, dy = (shapely.get_coordinates(feet) - shapely.get_coordinates(middles)).T
    return _each_moved(shapes, dx, dy)


def _each_moved(shapes: Shapes, dx: np.ndarray, dy: np.ndarray) -> Shapes:
    counts = shapely.get_num_coordinates(shapes)
    step = np.column_stack([np.repeat(dx, counts), np.repeat(dy, counts)])
    has_z = shapely.has_z(shapes)
    if has_z.any() and not has_z.all():  # of_plane works through both kinds apart
        return np.array([moved(shapes[i : i + 1], dx[i], dy[i])[0] for i in range(len(shapes))], object)
    return of_plane(shapes, lambda xy: xy + step)


def _linear(shapes: Shapes, matrix: np.ndarray, about: Place) -> Shapes:
    fixed = np.array(about)
    return of_plane(shapes, lambda xy: (xy - fixed) @ matrix.T + fixed)
