"""What is broken in geometry, mended: crossings, doubled vertices, small gaps and overlaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.edits.operations import parts

if TYPE_CHECKING:
    from lydigital.edits.operations.ground import Shapes


def mended(shape: shapely.Geometry) -> shapely.Geometry:
    """A valid shape of the same dimension that covers what its rings enclose; the shape itself when it is valid.

    Loops of a ring that crosses itself become parts, so that no area is lost (``make_valid``, structure method).
    """
    if shapely.is_valid(shape):
        return shape
    whole = shapely.make_valid(shapely.force_2d(shape), method="structure", keep_collapsed=False)
    return parts.of_dimension(whole, shape)


def tidied(shape: shapely.Geometry, tolerance: float) -> shapely.Geometry:
    """Without vertices that repeat the one before within ``tolerance``; valid."""
    return mended(shapely.remove_repeated_points(shape, tolerance) if tolerance > 0 else shape)


def fitted(shapes: Shapes, tolerance: float) -> tuple[Shapes, int]:
    """Areas without gaps and overlaps narrower than ``tolerance`` between them, and how many wider overlaps stay.

    GEOS's coverage cleaning snaps, closes gaps and gives each small overlap to the neighbour with the longest border.
    Areas that overlap more than that are someone's decision and stay as they are.
    """
    out = shapes.copy()
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = shapely.intersection(shapes[first], shapes[second])
    wide = (shapely.area(common) > 0) & ~shapely.is_empty(shapely.buffer(common, -tolerance / 2))
    apart = np.zeros(len(shapes), bool)
    apart[first[wide]] = apart[second[wide]] = True
    free = np.flatnonzero(~apart)
    if len(free) > 1 and tolerance > 0:
        clean = shapely.coverage_clean(shapes[free], gap_width=tolerance, snapping_distance=tolerance)
        for i, shape in zip(free.tolist(), clean, strict=True):
            if not shape.is_empty and not _same(shape, shapes[i]):
                out[i] = shape
    return out, int(wide.sum())


def _same(first: shapely.Geometry, second: shapely.Geometry) -> bool:
    """Whether both have the same coordinates, wherever rings begin and whether single or multi."""
    one, other = (shapely.normalize(shapely.multipolygons(shapely.get_parts(shapely.force_2d(s)))) for s in (first, second))
    return bool(one.equals_exact(other, 0.0))
