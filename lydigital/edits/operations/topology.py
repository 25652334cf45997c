"""What neighbours share: borders that move together, gaps between them, ways along their edges."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from lydigital.edits.operations import parts, vertices
from lydigital.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

Place: TypeAlias = tuple[float, float]


def moved_with(
    shapes: Sequence[shapely.Geometry], places: Sequence[Place], dx: float, dy: float, tolerance: float
) -> list[shapely.Geometry]:
    """Shapes with every vertex that stands on one of ``places`` shifted: what was shared stays shared.

    Where an edge passes through such a place without a vertex it gets one, so that no gap opens beside it.
    """
    out = []
    for shape in shapes:
        full = vertices.noded(shape, places, tolerance)
        picks = vertices.picks_at(full, places, tolerance)
        out.append(vertices.moved(full, picks, dx, dy) if picks else shape)
    return out


def trace(edges: Sequence[shapely.Geometry], start: Place, end: Place) -> list[Place]:
    """The shortest way from ``start`` to ``end`` along the edges of features, by their own vertices.

    Raises
    ------
    RefusedError
        When no edges lead there.
    """
    lines = [_edges(shapely.force_2d(e)) for e in edges]
    net = shapely.union_all(lines) if lines else shapely.GeometryCollection()
    if net.is_empty:
        raise RefusedError("There are no edges to follow here", hint="Begin and end on edges of features.")
    a, b = (_foot(net, place) for place in (start, end))
    graph: dict[Place, list[tuple[float, Place]]] = {}
    for line in shapely.get_parts(net):
        coords = vertices.noded(line, [a, b], _reach(net)).coords
        for p, q in itertools.pairwise(coords):
            length = float(np.hypot(q[0] - p[0], q[1] - p[1]))
            graph.setdefault(p, []).append((length, q))
            graph.setdefault(q, []).append((length, p))
    return _shortest(graph, _nearest(graph, a), _nearest(graph, b))


def gap_at(neighbours: Sequence[shapely.Geometry], place: Place) -> shapely.Polygon:
    """The gap around ``place`` that areas enclose together.

    Raises
    ------
    RefusedError
        When they do not close around it, or one of them covers it.
    """
    around = shapely.union_all([shapely.force_2d(n) for n in neighbours])
    point = shapely.Point(place)
    if shapely.intersects(around, point):
        raise RefusedError("A feature covers this place already", hint="Choose a place within the gap.")
    for part in shapely.get_parts(around):
        for ring in getattr(part, "interiors", ()):
            hole = shapely.Polygon(ring)
            if shapely.contains(hole, point):
                rest = parts.cut_away(hole, list(shapely.get_parts(around)))
                return next(p for p in shapely.get_parts(rest) if shapely.contains(p, point))
    raise RefusedError(
        "The neighbours do not close around this place", hint="Draw a ring over the gap: what is free in it is filled."
    )


def gap_in(neighbours: Sequence[shapely.Geometry], ring: shapely.Geometry) -> shapely.Geometry:
    """What of ``ring`` no neighbour covers.

    Raises
    ------
    RefusedError
        When that is nothing.
    """
    free = parts.cut_away(shapely.force_2d(ring), neighbours)
    if free.is_empty:
        raise RefusedError("There is no gap within the ring", hint="Draw it over the place that is free.")
    return free


def _edges(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.boundary(shape) if shape.geom_type.endswith("Polygon") else shape


def _reach(net: shapely.Geometry) -> float:
    x0, y0, x1, y1 = shapely.bounds(net)
    return max(float(x1 - x0), float(y1 - y0), 1e-9) * 1e-9


def _foot(net: shapely.Geometry, place: Place) -> Place:
    lines = shapely.get_parts(net)
    point = shapely.Point(place)
    line = lines[int(np.argmin(shapely.distance(lines, point)))]
    foot = shapely.line_interpolate_point(line, shapely.line_locate_point(line, point))
    on = shapely.get_coordinates(line)
    near = on[np.argmin(np.hypot(*(on - shapely.get_coordinates(foot)[0]).T))]
    if np.hypot(*(near - shapely.get_coordinates(foot)[0])) <= _reach(net):
        return float(near[0]), float(near[1])  # on a vertex: that one, exactly
    return float(foot.x), float(foot.y)


def _nearest(graph: dict[Place, list[tuple[float, Place]]], place: Place) -> Place:
    return place if place in graph else min(graph, key=lambda p: (p[0] - place[0]) ** 2 + (p[1] - place[1]) ** 2)


def _shortest(graph: dict[Place, list[tuple[float, Place]]], start: Place, end: Place) -> list[Place]:
    """Dijkstra, A note on two problems in connexion with graphs, Numerische Mathematik 1 (1959) 269."""
    came: dict[Place, Place] = {}
    best = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        far, here = heapq.heappop(queue)
        if here == end:
            way = [end]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        if far > best[here]:
            continue
        for length, there in graph[here]:
            if far + length < best.get(there, np.inf):
                best[there], came[there] = far + length, here
                heapq.heappush(queue, (far + length, there))
    raise RefusedError("No edges lead from one place to the other", hint="Trace along one connected outline.")
