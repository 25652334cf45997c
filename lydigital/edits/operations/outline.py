"""Outlines drawn anew: reshape, offset, parallel, buffer, simplify, smooth. Lengths in the unit of the shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.edits.operations import vertices
from lydigital.errors import RefusedError

if TYPE_CHECKING:
    from lydigital.edits.operations.ground import Shapes

_MITRE = 5.0  # corners of offset areas reach at most this often the distance
_FIXED = 1e-9  # of a length: nearer counts as on the line


def reshaped(shape: shapely.Geometry, line: shapely.LineString) -> shapely.Geometry:
    """The shape with its border or course along ``line``, between the places where ``line`` meets it.

    Each stretch of the line between two meetings takes the place of one side of the ring: the side that leaves more of
    the old area. What sticks out beyond the first and last meeting is not used.

    Raises
    ------
    RefusedError
        When the line meets it less than twice.
    """
    knife = shapely.force_2d(line)
    rings = vertices.rings_of(shape)
    areal = shape.geom_type.endswith("Polygon")
    done = False
    for part in rings:
        for r, ring in enumerate(part):
            curve = shapely.LinearRing(ring[:, :2]) if areal else shapely.LineString(ring[:, :2])
            for stretch in _stretches(knife, curve):
                part[r] = _ring_along(part[r], stretch) if areal else _line_along(part[r], stretch)
                done = True
    if not done:
        raise RefusedError(
            "The line does not meet the outline twice", hint="Begin on or beyond the outline and end there again."
        )
    return vertices.shape_of(rings, shape)


def offset(shapes: Shapes, distance: float) -> Shapes:
    """Areas grown (or shrunk, below zero) with sharp corners; lines moved to the left (below zero: to the right)."""
    out = []
    for shape in shapely.force_2d(shapes):
        if shape.geom_type.endswith("Polygon"):
            out.append(shapely.buffer(shape, distance, join_style="mitre", mitre_limit=_MITRE))
        elif shape.geom_type.endswith("LineString"):
            sides = [shapely.offset_curve(part, distance, join_style="mitre", mitre_limit=_MITRE) for part in shapely.get_parts(shape)]  # fmt: skip
            parts = [p for side in sides for p in shapely.get_parts(side)]
            out.append(parts[0] if len(parts) == 1 else shapely.MultiLineString(parts))
        else:
            raise RefusedError("Points have no outline", hint="Use a buffer, or move them.")
    return np.array(out, object)


def buffered(shapes: Shapes, distance: float, deviation: float) -> Shapes:
    """What lies within ``distance``; arcs leave the true circle by at most ``deviation``."""
    share = min(max(deviation / max(abs(distance), 1e-300), 1e-7), 0.5)
    quarter = int(np.clip(np.ceil(np.pi / 4 / np.arccos(1 - share)), 2, 256))
    grown: Shapes = shapely.buffer(shapely.force_2d(shapes), distance, quad_segs=quarter)
    return grown


def simplified(shapes: Shapes, tolerance: float) -> Shapes:
    """Shapes with fewer vertices; areas that share borders keep sharing them.

    Neighbours go through the coverage simplification of GEOS (Visvalingam and Whyatt; a corner goes when its triangle is
    smaller than half of ``tolerance`` squared), all else through Douglas and Peucker with valid rings.
    """
    if len(shapes) > 1 and all(s.geom_type.endswith("Polygon") for s in shapes) and are_neighbours(shapes):
        out: Shapes = shapely.coverage_simplify(shapes, tolerance)
    else:
        out = shapely.simplify(shapes, tolerance, preserve_topology=True)
    return out


def are_neighbours(shapes: Shapes) -> bool:
    """Whether areas share borders vertex by vertex, without overlaps."""
    if not shapely.coverage_is_valid(shapes):
        return False
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="touches")
    return bool((first < second).any())


def smoothed(shape: shapely.Geometry, rounds: int, share: float = 0.25) -> shapely.Geometry:
    """Corners cut ``rounds`` times at ``share`` of each edge; the ends of lines stay.

    G. M. Chaikin, An algorithm for high-speed curve generation, Computer Graphics and Image Processing 3 (1974) 346.
    """
    closed = shape.geom_type.endswith("Polygon")
    if not closed and not shape.geom_type.endswith("LineString"):
        raise RefusedError("Points have no outline", hint="Use a buffer, or move them.")
    rings = vertices.rings_of(shape)
    for part in rings:
        for r, ring in enumerate(part):
            part[r] = _chaikin(ring, rounds, share, closed=closed)
    return vertices.shape_of(rings, shape)


def _chaikin(ring: np.ndarray, rounds: int, share: float, *, closed: bool) -> np.ndarray:
    for _ in range(rounds):
        begin = ring if closed else ring[:-1]
        end = np.roll(ring, -1, axis=0) if closed else ring[1:]
        cut = np.empty((2 * len(begin), ring.shape[1]))
        cut[0::2] = begin + share * (end - begin)
        cut[1::2] = end - share * (end - begin)
        ring = cut if closed else np.concatenate([ring[:1], cut[1:-1], ring[-1:]])
    return ring


def _stretches(knife: shapely.LineString, curve: shapely.Geometry) -> list[np.ndarray]:
    """Coordinates of the stretches of ``knife`` from one meeting with ``curve`` to the next."""
    meeting = shapely.intersection(knife, curve)
    points = shapely.get_coordinates(meeting)
    if len(points) < 2:
        return []
    coords = shapely.get_coordinates(knife)
    reach = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))])
    at = np.array([float(shapely.line_locate_point(knife, shapely.Point(p))) for p in points])
    order = np.argsort(at, kind="stable")
    at, points = at[order], points[order]
    least = max(reach[-1] * _FIXED, 1e-300)
    out = []
    for a, b, p, q in zip(at[:-1], at[1:], points[:-1], points[1:], strict=True):
        if b - a <= least:
            continue
        between = coords[(reach > a + least) & (reach < b - least)]
        stretch = np.concatenate([p[None], between, q[None]])
        middle = shapely.line_interpolate_point(knife, (a + b) / 2)
        if len(between) == 0 and shapely.distance(middle, curve) <= least:
            continue  # runs along the curve
        out.append(stretch)
    return out


def _with_place(ring: np.ndarray, place: np.ndarray, *, closed: bool) -> tuple[np.ndarray, int]:
    """The ring with a vertex at ``place``, which lies on it, and that vertex's index."""
    same = np.flatnonzero((ring[:, :2] == place).all(axis=1))
    if len(same):
        return ring, int(same[0])
    begin = ring[:, :2] if closed else ring[:-1, :2]
    end = np.roll(ring[:, :2], -1, axis=0) if closed else ring[1:, :2]
    step = end - begin
    share = np.clip(((place - begin) * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-300), 0.0, 1.0)
    near = int(np.argmin(np.hypot(*(begin + share[:, None] * step - place).T)))
    return np.concatenate([ring[: near + 1], _high(place[None], ring), ring[near + 1 :]]), near + 1


def _ring_along(ring: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    noded, _ = _with_place(ring, stretch[0], closed=True)
    noded, j = _with_place(noded, stretch[-1], closed=True)
    i = int(np.flatnonzero((noded[:, :2] == stretch[0]).all(axis=1))[0])
    turned = np.roll(noded, -i, axis=0)
    j = (j - i) % len(noded)
    middle = _high(stretch[1:-1], ring)
    first = np.concatenate([turned[: j + 1], middle[::-1]])  # keeps the way from begin to end
    second = np.concatenate([turned[j:], turned[:1], middle])
    old = shapely.make_valid(shapely.Polygon(ring[:, :2]))

    def kept(candidate: np.ndarray) -> float:
        if len(candidate) < 3:
            return -1.0
        return float(shapely.intersection(shapely.make_valid(shapely.Polygon(candidate[:, :2])), old).area)

    return first if kept(first) >= kept(second) else second


def _line_along(line: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    noded, _ = _with_place(line, stretch[0], closed=False)
    noded, j = _with_place(noded, stretch[-1], closed=False)
    i = int(np.flatnonzero((noded[:, :2] == stretch[0]).all(axis=1))[0])
    middle = _high(stretch[1:-1], line)
    if i > j:
        i, j, middle = j, i, middle[::-1]
    return np.concatenate([noded[: i + 1], middle, noded[j:]])


def _high(coords: np.ndarray, like: np.ndarray) -> np.ndarray:
    out = np.full((len(coords), like.shape[1]), np.nan)
    out[:, :2] = coords[:, :2]
    return out
