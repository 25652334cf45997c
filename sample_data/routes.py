"""Cables follow roads: shortest paths over the road graph, and trees that use each piece of road once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sample_data.city import RoadGraph

    Points = NDArray[np.float64]

TOLERANCE_M = 12.0  # cables are drawn along roads, not surveyed


class Routes:
    """Shortest paths on a road graph, by length."""

    def __init__(self, graph: RoadGraph) -> None:
        self.nodes = np.asarray(graph.nodes, float)
        self.lines = np.asarray(graph.lines, object)
        a, b = np.asarray(graph.edges, np.int64).T
        length = np.maximum(shapely.length(self.lines), 0.1)
        order = np.argsort(-length, kind="stable")  # of parallel edges the shorter one is written last
        self._edge = {}
        for e in order:
            self._edge[(int(a[e]), int(b[e]))] = self._edge[(int(b[e]), int(a[e]))] = int(e)
        unique = np.array(sorted(set(self._edge.values())))
        n = len(self.nodes)
        self._graph = csr_matrix((length[unique], (a[unique], b[unique])), shape=(n, n))
        self._tree = shapely.STRtree(shapely.points(self.nodes))
        self._first = a

    def snap(self, xy: Points) -> NDArray[np.int64]:
        """Nearest road node of each point."""
        return np.asarray(self._tree.nearest(shapely.points(xy)), np.int64)

    def _from(self, sources: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        distance, before, _ = dijkstra(
            self._graph, directed=False, indices=np.unique(sources), return_predecessors=True, min_only=True
        )
        return before, distance

    def _piece(self, a: int, b: int) -> Points:
        edge = self._edge[(a, b)]
        xy = shapely.get_coordinates(self.lines[edge])
        return xy if int(self._first[edge]) == a else xy[::-1]

    def _line(self, path: list[int]) -> shapely.LineString:
        xy = np.concatenate([self._piece(a, b) for a, b in itertools.pairwise(path)])
        return shapely.simplify(shapely.linestrings(np.round(xy, 1)), TOLERANCE_M)

    def between(self, stops: Points) -> NDArray[np.object_]:
        """One line for every two successive ``stops``."""
        nodes = self.snap(stops)
        out = []
        for a, b in itertools.pairwise(nodes):
            before, _ = self._from(np.array([a]))
            path = self._back(before, int(b), {int(a)})
            out.append(self._line(path) if len(path) > 1 else shapely.LineString(self.nodes[[a, b]]))
        return np.array(out, object)

    @staticmethod
    def _back(before: NDArray[np.int64], node: int, stop: set[int]) -> list[int]:
        path = [node]
        while path[-1] not in stop and before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        return path

    def tree(
        self, xy: Points, hubs: NDArray[np.int64], centre: int, *, join_hubs: bool = True
    ) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
        """Connect every point of ``xy`` to its nearest hub, and the hubs to hub number ``centre``.

        Returns
        -------
        lines, start, end
            One line a connection, from point ``end`` back to where it meets the tree, which belongs to point ``start``.
        """
        at = self.snap(xy)
        lines: list[shapely.LineString] = []
        starts: list[int] = []
        ends: list[int] = []

        def grow(
            before: NDArray[np.int64],
            distance: NDArray[np.float64],
            owner: dict[int, int],
            rows: NDArray[np.int64],
        ) -> None:
            for row in rows[np.argsort(distance[at[rows]], kind="stable")]:
                path = self._back(before, int(at[row]), set(owner))
                if len(path) < 2 or path[-1] not in owner:
                    owner.setdefault(int(at[row]), int(row))
                    continue
                lines.append(self._line(path))
                starts.append(owner[path[-1]])
                ends.append(int(row))
                for node in path[:-1]:
                    owner[node] = int(row)

        if join_hubs:
            root = int(hubs[centre])
            before, distance = self._from(at[[root]])
            grow(before, distance, {int(at[root]): root}, np.setdiff1d(hubs, [root]))
        before, distance = self._from(at[hubs])
        grow(
            before, distance, {int(at[h]): int(h) for h in hubs[::-1]}, np.setdiff1d(np.arange(len(xy)), hubs)
        )
        return np.array(lines, object), np.array(starts, np.int64), np.array(ends, np.int64)
