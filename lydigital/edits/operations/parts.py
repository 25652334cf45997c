"""Features cut, joined, emptied and filled: split, merge, explode, holes, clip, overlaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.errors import BadDataError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence


def split(shape: shapely.Geometry, line: shapely.Geometry) -> list[shapely.Geometry]:
    """The pieces of an area or a line cut by ``line``, the largest first; parts it does not touch stay with that one.

    Raises
    ------
    RefusedError
        When the line does not cut it.
    """
    areal = shape.geom_type.endswith("Polygon")
    if not areal and not shape.geom_type.endswith("LineString"):
        raise RefusedError("Points cannot be split", hint="Select areas or lines.")
    flat, knife = shapely.force_2d(shape), shapely.force_2d(line)
    whole, pieces = [], []
    for part in shapely.get_parts(flat):
        cut = _cut_area(part, knife) if areal else _cut_line(part, knife)
        if len(cut) > 1:
            pieces += cut
        else:
            whole.append(part)
    if not pieces:
        raise RefusedError(
            "The line does not cut the feature", hint="Begin and end the line outside of the feature."
        )
    pieces.sort(key=_size, reverse=True)
    if whole:
        pieces[0] = gathered([pieces[0], *whole])
    return pieces


def merged(shapes: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """All as one: areas dissolved, lines joined at their ends where two meet, points gathered."""
    flat = shapely.force_2d(np.array(shapes, object))
    if shapes[0].geom_type.endswith("Polygon"):
        if len(flat) > 1 and shapely.coverage_is_valid(flat):
            return shapely.coverage_union_all(flat)  # keeps every coordinate
        return shapely.union_all(flat)
    if shapes[0].geom_type.endswith("LineString"):
        return shapely.line_merge(gathered(flat))
    return shapely.union_all(flat)


def largest(shapes: Sequence[shapely.Geometry]) -> int:
    """Which of the shapes is the largest; the first of equals."""
    return int(np.argmax([_size(shape) for shape in shapes]))


def exploded(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """The parts, the largest first."""
    return sorted(shapely.get_parts(shape), key=_size, reverse=True)


def with_hole(shape: shapely.Geometry, ring: shapely.Geometry) -> shapely.Geometry:
    """The area without what lies in ``ring``.

    Raises
    ------
    RefusedError
        When the ring is not wholly within the area.
    """
    hole = ring if ring.geom_type == "Polygon" else shapely.Polygon(shapely.get_coordinates(ring))
    hole = shapely.force_2d(hole)
    if not shapely.is_valid(hole) or hole.area == 0:
        raise BadDataError("The hole crosses itself or has no area", hint="Draw it as a simple ring.")
    if not shapely.contains_properly(shapely.force_2d(shape), hole):
        raise RefusedError(
            "The hole is not within the feature", hint="Draw it wholly inside; to cut the edge away, reshape it."
        )
    parts = []
    for part in shapely.get_parts(shape):
        if shapely.contains_properly(shapely.force_2d(part), hole):
            coords = _as_high(shapely.get_coordinates(hole), part)
            parts.append(shapely.Polygon(part.exterior, [*part.interiors, coords]))
        else:
            parts.append(part)
    return parts[0] if shape.geom_type == "Polygon" else shapely.MultiPolygon(parts)


def without_hole(shape: shapely.Geometry, place: tuple[float, float] | None) -> shapely.Geometry:
    """The area with the hole around ``place`` filled, or all of its holes.

    Raises
    ------
    RefusedError
        When there is none.
    """
    point = None if place is None else shapely.Point(place)
    parts, filled = [], 0
    for part in shapely.get_parts(shape):
        kept = [
            ring for ring in part.interiors
            if point is not None and not shapely.intersects(shapely.Polygon(ring), point)
        ]  # fmt: skip
        filled += len(part.interiors) - len(kept)
        parts.append(shapely.Polygon(part.exterior, kept))
    if not filled:
        raise RefusedError("There is no hole here", hint="Choose a place within a hole of the selected features.")
    return parts[0] if shape.geom_type == "Polygon" else shapely.MultiPolygon(parts)


def clipped(shape: shapely.Geometry, by: shapely.Geometry) -> shapely.Geometry:
    """What of the shape lies within ``by``; empty when nothing does."""
    return of_dimension(shapely.intersection(shapely.force_2d(shape), shapely.force_2d(by)), shape)


def cut_away(shape: shapely.Geometry, others: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """The area without what lies over ``others``; empty when nothing is left."""
    near = [shapely.force_2d(o) for o in others if shapely.relate_pattern(shape, o, "T********")]
    if not near:
        return shape
    return of_dimension(shapely.difference(shapely.force_2d(shape), shapely.union_all(near)), shape)


def of_dimension(shape: shapely.Geometry, like: shapely.Geometry) -> shapely.Geometry:
    """The parts of ``shape`` with the dimension of ``like``: where areas only touch, nothing is left of a cut."""
    if shapely.get_dimensions(shape) == shapely.get_dimensions(like) and shape.geom_type != "GeometryCollection":
        return shape
    wanted = shapely.get_dimensions(like)
    flat: list[shapely.Geometry] = []
    for part in shapely.get_parts(shape):
        flat += list(shapely.get_parts(part))
    return gathered([p for p in flat if shapely.get_dimensions(p) == wanted and not p.is_empty], like)


def gathered(
    shapes: Sequence[shapely.Geometry], like: shapely.Geometry | None = None
) -> shapely.Geometry:
    """All parts of ``shapes`` as one multi geometry, or as the only one."""
    parts = [part for shape in shapes for part in shapely.get_parts(shape)]
    if len(parts) == 1:
        return parts[0]
    kind = (parts[0] if parts else like).geom_type.removeprefix("Multi")  # type: ignore[union-attr]
    return {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString, "Point": shapely.MultiPoint}[kind](parts)  # fmt: skip


def _cut_area(part: shapely.Polygon, knife: shapely.Geometry) -> list[shapely.Geometry]:
    if not shapely.crosses(knife, part) and not shapely.contains(part, knife):
        return [part]
    edges = shapely.union_all([part.boundary, knife])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    return [face for face in faces if shapely.contains(part, shapely.point_on_surface(face))]


def _cut_line(part: shapely.LineString, knife: shapely.Geometry) -> list[shapely.Geometry]:
    """Pieces between the places where the knife meets the line; every old vertex stays in one of them."""
    coords = shapely.get_coordinates(part)
    reach = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))])
    cuts = _meetings(part, knife)
    at = sorted({float(shapely.line_locate_point(part, point)) for point in cuts})
    least = reach[-1] * 1e-12
    at = [a for a in at if least < a < reach[-1] - least]
    if not at:
        return [part]
    pieces, begin, first = [], coords[:1], 1
    for a in at:
        near = int(np.argmin(np.abs(reach - a)))
        on_vertex = abs(reach[near] - a) <= least
        end = near if on_vertex else int(np.searchsorted(reach, a))
        place = coords[near] if on_vertex else shapely.get_coordinates(shapely.line_interpolate_point(part, a))[0]
        pieces.append(shapely.LineString(np.concatenate([begin, coords[first:end], place[None]])))
        begin, first = place[None], end + (1 if on_vertex else 0)
    pieces.append(shapely.LineString(np.concatenate([begin, coords[first:]])))
    return pieces


def _meetings(line: shapely.LineString, knife: shapely.Geometry) -> list[shapely.Geometry]:
    """Points where both meet; where they run together, the ends of that."""
    found: list[shapely.Geometry] = []
    for piece in shapely.get_parts(shapely.intersection(line, knife)):
        found += [piece] if piece.geom_type == "Point" else list(shapely.get_parts(piece.boundary))
    return found


def _as_high(coords: np.ndarray, part: shapely.Geometry) -> np.ndarray:
    if not shapely.has_z(part):
        return coords
    return np.column_stack([coords, np.full(len(coords), np.nan)])


def _size(shape: shapely.Geometry) -> float:
    return float(shape.area or shape.length)
