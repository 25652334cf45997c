"""The networks pipelines follow: the street grid, the part of it that one trade takes, its runs between junctions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from sample_data.sites import shape_array, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sample_data.city import City
    from sample_data.pipelines import Trade
    from sample_data.sites import Sites

_RANK = {"430200": 3, "430501": 3, "430502": 2, "430503": 1}
_REACH_M = {1: 2300.0, 2: 2900.0, 3: 6300.0}  # by rank
_HEAD_M = 25.0  # a sewer that is no way to the outfall begins this far from the crossing


@dataclass(frozen=True)
class Network:
    """``edges`` (m, 2) join nodes ``xy`` (n, 2) m; ``rank``, ``street`` (m,). ``sources`` are nodes.

    ``ground`` and ``distance`` (from the nearest source along the network) are metres, (n,).
    """

    xy: NDArray[np.float64]
    edges: NDArray[np.int64]
    rank: NDArray[np.int64]
    street: NDArray[np.str_]
    ground: NDArray[np.float64]
    sources: tuple[int, ...] = ()
    distance: NDArray[np.float64] | None = None

    @property
    def length(self) -> NDArray[np.float64]:
        return np.hypot(*(self.xy[self.edges[:, 0]] - self.xy[self.edges[:, 1]]).T)

    def part(self, keep: NDArray[np.bool_], offset: float = 0.0) -> Network:
        """Some of the edges, moved sideways."""
        xy = np.round(self.xy + offset, 1)
        return Network(xy, self.edges[keep], self.rank[keep], self.street[keep], self.ground)


@dataclass(frozen=True)
class Run:
    """Pipe between two junctions, in the way it flows; ``head``: it begins beside its first junction, not at it."""

    start: int
    end: int
    xy: NDArray[np.float64]
    rank: int
    street: str
    head: bool = False

    @property
    def length(self) -> float:
        return float(shapely.linestrings(self.xy).length)


def street_grid(city: City, sites: Sites) -> Network:
    """Streets around the middle of the buildings, only wide ones farther out; one connected piece."""
    roads = city.roads
    assert roads is not None
    rank = np.array([_RANK.get(str(k), 0) for k in roads.kind])
    xy = np.round(np.asarray(roads.nodes, float), 1)
    edges = np.asarray(roads.edges, np.int64)
    middle = xy[edges].mean(axis=1)
    heart = np.median(shapely.get_coordinates(shapely.centroid(shape_array(city.layers["building"]))), axis=0)
    away = np.hypot(*(middle - heart).T)
    reach = np.array([_REACH_M.get(int(r), 0.0) for r in rank])
    keep = (rank > 0) & (away < reach) & (edges[:, 0] != edges[:, 1])
    grid = Network(xy, edges[keep], rank[keep], np.asarray(roads.name, str)[keep], sites.height(xy))
    return grid.part(_largest(grid))


def _largest(net: Network) -> NDArray[np.bool_]:
    """Edges of the largest connected piece."""
    n = len(net.xy)
    _, label = connected_components(csr_matrix((np.ones(len(net.edges)), net.edges.T), shape=(n, n)), directed=False)
    mine = label[net.edges[:, 0]]
    return mine == np.bincount(mine).argmax()


def grow(grid: Network, trade: Trade, rng: np.random.Generator) -> Network:
    """The streets ``trade`` takes, its sources and the way to them."""
    if trade.share == (0.0, 0.0, 0.0):
        return _between_plants(grid, trade, rng)
    share = np.array(trade.share)[grid.rank - 1]
    net = grid.part(rng.random(len(grid.edges)) < share, trade.offset_m)
    net = net.part(_largest(net))
    nodes = np.unique(net.edges)
    if trade.code == "PS":  # low places, by the river, apart from each other
        nodes = nodes[np.argsort(net.ground[nodes], kind="stable")[: max(trade.sources * 12, len(nodes) // 8)]]
    return _flowing(net, tuple(nodes[spread(rng, net.xy[nodes], trade.sources)].tolist()), uphill=trade.code == "PS")


def _between_plants(grid: Network, trade: Trade, rng: np.random.Generator) -> Network:
    """Pipes from some plants to others near them, by the shortest way."""
    nodes = np.unique(grid.edges)
    plants = nodes[spread(rng, grid.xy[nodes], trade.sources)]
    n = len(grid.xy)
    number = {tuple(sorted(e)): i for i, e in enumerate(grid.edges.tolist())}
    graph = csr_matrix((grid.length, grid.edges.T), shape=(n, n))
    keep = np.zeros(len(grid.edges), bool)
    for plant in plants:
        far, before = dijkstra(graph, directed=False, indices=plant, return_predecessors=True)
        near = nodes[(far[nodes] > 600) & (far[nodes] < 1900)]
        for node in rng.choice(near, 3, replace=False).tolist():
            while node != plant:
                keep[number[tuple(sorted((node, int(before[node]))))]] = True
                node = int(before[node])  # noqa: PLW2901 - walking back to the plant
    return _flowing(grid.part(keep, trade.offset_m), tuple(plants.tolist()))


def _flowing(net: Network, sources: tuple[int, ...], *, uphill: bool = False) -> Network:
    """``net`` with the distance to its nearest source; going down away from an outfall counts four times (``uphill``)."""
    n, (a, b), length = len(net.xy), net.edges.T, net.length
    rise = net.ground[b] - net.ground[a]
    there, back = (np.where(r < -0.3, 4.0, 1.0) if uphill else np.ones(len(r)) for r in (rise, -rise))
    graph = csr_matrix((np.r_[length * there, length * back], (np.r_[a, b], np.r_[b, a])), shape=(n, n))
    distance = dijkstra(graph, indices=sources, min_only=True)
    return Network(net.xy, net.edges, net.rank, net.street, net.ground, sources, distance)


def chains(net: Network, *, drain: bool, loops: bool) -> list[Run]:
    """Runs of one width between junctions, away from the source (``drain``: towards it).

    Without ``loops`` every junction has one way to its source; what closes a ring is left out, or of drains begins beside
    its upper junction.
    """
    around: dict[int, list[int]] = {}
    for e, pair in enumerate(net.edges.tolist()):
        for node in pair:
            around.setdefault(node, []).append(e)
    stops = {
        node
        for node, mine in around.items()
        if len(mine) != 2 or net.rank[mine[0]] != net.rank[mine[1]] or node in net.sources
    }
    assert net.distance is not None
    seen: set[int] = set()
    runs: list[Run] = []
    for first in sorted(stops):
        for edge in around[first]:
            if edge in seen:
                continue
            path, used = [first], [edge]
            while True:
                seen.add(used[-1])
                a, b = net.edges[used[-1]].tolist()
                path.append(b if path[-1] == a else a)
                if path[-1] in stops:
                    break
                used.append(next(e for e in around[path[-1]] if e != used[-1]))
            if path[0] != path[-1]:
                names = [str(net.street[e]) for e in used]
                runs.append(_run(net, path, int(net.rank[edge]), max(sorted(set(names)), key=names.count), drain))
    return runs if loops else _tree(net, runs, drain=drain)


def _run(net: Network, path: list[int], rank: int, street: str, drain: bool) -> Run:
    near_first = (net.distance[path[0]], path[0]) < (net.distance[path[-1]], path[-1])
    if near_first == drain:
        path.reverse()
    xy = net.xy[path]
    plain = shapely.get_coordinates(shapely.simplify(shapely.linestrings(xy), 0.4))
    return Run(path[0], path[-1], plain, rank, street)


def _tree(net: Network, runs: list[Run], *, drain: bool) -> list[Run]:
    """One way to the source for every junction: the one over the nearest neighbour."""
    best: dict[int, tuple[float, int]] = {}
    for i, run in enumerate(runs):
        far, near = (run.start, run.end) if drain else (run.end, run.start)
        way = (float(net.distance[near]) + run.length, i)
        if far not in net.sources and (far not in best or way < best[far]):
            best[far] = way
    kept = {i for _, i in best.values()}
    out = []
    for i, run in enumerate(runs):
        if i in kept:
            out.append(run)
        elif drain and run.length > 4 * _HEAD_M:
            line = shapely.linestrings(run.xy)
            start = np.round(shapely.get_coordinates(line.interpolate(_HEAD_M)), 1)
            after = [p for p in run.xy if line.project(shapely.points(p)) > _HEAD_M + 1]
            out.append(Run(run.start, run.end, np.r_[start, after], run.rank, run.street, head=True))
    return out
