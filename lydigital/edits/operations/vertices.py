"""Single vertices: a shape as rings of coordinates, taken apart and put together again.

A vertex is named by part, ring and index. Lines have one ring a part, points one vertex a ring. Rings of polygons are
closed: their first vertex is also their last and is named by index 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from lydigital.edits.operations.shapes import finite
from lydigital.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Pick: TypeAlias = tuple[int, int, int]
Rings: TypeAlias = "list[list[NDArray[np.float64]]]"
Place: TypeAlias = tuple[float, float]


def rings_of(shape: shapely.Geometry) -> Rings:
    """Parts of rings of ``(n, 2 or 3)`` coordinates, closed ones without the repeated last vertex."""
    with_z = bool(shapely.has_z(shape))
    out: Rings = []
    for part in shapely.get_parts(shape):
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        closed = part.geom_type == "Polygon"
        coords = [shapely.get_coordinates(ring, include_z=with_z) for ring in rings]
        out.append([c[:-1] if closed else c for c in coords])
    return out


def shape_of(rings: Rings, like: shapely.Geometry) -> shapely.Geometry:
    """The shape of ``rings``, of the type of ``like``. Rings too short go; an outer ring takes its holes along.

    Raises
    ------
    RefusedError
        When nothing would be left.
    """
    kind = like.geom_type.removeprefix("Multi")
    least = {"Point": 1, "LineString": 2, "Polygon": 3}[kind]
    parts = []
    for part in rings:
        if len(part[0]) < least:
            continue
        if kind == "Polygon":
            parts.append(shapely.Polygon(part[0], [hole for hole in part[1:] if len(hole) >= least]))
        elif kind == "LineString":
            parts.append(shapely.LineString(part[0]))
        else:
            parts.append(shapely.Point(part[0][0]))
    if not parts:
        raise RefusedError(
            "Nothing would be left of the feature", hint="Delete the feature instead, or keep more vertices."
        )
    if not like.geom_type.startswith("Multi"):
        return parts[0]
    return {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString, "Point": shapely.MultiPoint}[kind](parts)  # fmt: skip


def moved(shape: shapely.Geometry, picks: Iterable[Pick], dx: float, dy: float) -> shapely.Geometry:
    """The shape with some vertices shifted."""
    finite([(dx, dy)])
    rings = rings_of(shape)
    for part, ring, index in _checked(rings, picks):
        rings[part][ring] = rings[part][ring].copy()
        rings[part][ring][index, :2] += (dx, dy)
    return shape_of(rings, shape)


def added(shape: shapely.Geometry, pick: Pick, place: Place) -> shapely.Geometry:
    """The shape with a vertex more, before the one that has index ``pick[2]`` now; its height is left open."""
    finite([place])
    rings = rings_of(shape)
    part, ring, index = pick
    if shape.geom_type.endswith("Point"):
        raise RefusedError("A point has no vertices to add", hint="Create another point instead.")
    if not (0 <= part < len(rings) and 0 <= ring < len(rings[part]) and 0 <= index <= len(rings[part][ring])):
        raise _no_vertex(pick)
    old = rings[part][ring]
    new = np.full((1, old.shape[1]), np.nan)
    new[0, :2] = place
    rings[part][ring] = np.concatenate([old[:index], new, old[index:]])
    return shape_of(rings, shape)


def deleted(shape: shapely.Geometry, picks: Iterable[Pick]) -> shapely.Geometry:
    """The shape without some vertices.

    Raises
    ------
    RefusedError
        When nothing would be left.
    """
    rings = rings_of(shape)
    gone: dict[tuple[int, int], list[int]] = {}
    for part, ring, index in _checked(rings, picks):
        gone.setdefault((part, ring), []).append(index)
    for (part, ring), indices in gone.items():
        rings[part][ring] = np.delete(rings[part][ring], indices, axis=0)
    return shape_of(rings, shape)


def places(shape: shapely.Geometry, picks: Iterable[Pick]) -> list[Place]:
    """Where some vertices are."""
    rings = rings_of(shape)
    return [
        (float(rings[p][r][i, 0]), float(rings[p][r][i, 1])) for p, r, i in _checked(rings, picks)
    ]


def picks_at(shape: shapely.Geometry, wanted: Sequence[Place], tolerance: float) -> list[Pick]:
    """Vertices of the shape that stand on one of the places ``wanted``."""
    target = np.array(wanted, np.float64).reshape(-1, 2)
    found: list[Pick] = []
    for p, part in enumerate(rings_of(shape)):
        for r, ring in enumerate(part):
            near = np.abs(ring[:, None, :2] - target[None]).max(axis=2) <= tolerance
            found += [(p, r, int(i)) for i in np.flatnonzero(near.any(axis=1))]
    return found


def noded(shape: shapely.Geometry, wanted: Sequence[Place], tolerance: float) -> shapely.Geometry:
    """The shape with a vertex at each of the places ``wanted`` that lie on its edges within ``tolerance``."""
    if shape.geom_type.endswith("Point"):
        return shape
    closed = shape.geom_type.endswith("Polygon")
    rings = rings_of(shape)
    changed = False
    for place in wanted:
        at = np.array(place)
        for part in rings:
            for r, ring in enumerate(part):
                begin = ring[:, :2] if closed else ring[:-1, :2]
                end = np.roll(ring[:, :2], -1, axis=0) if closed else ring[1:, :2]
                step = end - begin
                square = np.maximum((step**2).sum(axis=1), 1e-300)
                share = np.clip(((at - begin) * step).sum(axis=1) / square, 0.0, 1.0)
                away = np.hypot(*(begin + share[:, None] * step - at).T)
                near = int(np.argmin(away))
                if away[near] > tolerance or (np.abs(ring[:, :2] - at).max(axis=1) <= tolerance).any():
                    continue
                new = np.full((1, ring.shape[1]), np.nan)
                new[0, :2] = at
                part[r] = np.concatenate([ring[: near + 1], new, ring[near + 1 :]])
                changed = True
    return shape_of(rings, shape) if changed else shape


def _checked(rings: Rings, picks: Iterable[Pick]) -> list[Pick]:
    chosen = list(dict.fromkeys((int(p), int(r), int(i)) for p, r, i in picks))
    for pick in chosen:
        part, ring, index = pick
        if not (0 <= part < len(rings) and 0 <= ring < len(rings[part]) and 0 <= index < len(rings[part][ring])):
            raise _no_vertex(pick)
    return chosen


def _no_vertex(pick: Pick) -> UsageError:
    return UsageError(
        "There is no vertex {index} in ring {ring} of part {part}",
        hint="Parts, rings and vertices are counted from 0; a closed ring counts its first vertex once.",
        part=pick[0], ring=pick[1], index=pick[2],
    )  # fmt: skip
