"""The fastest way over a :class:`~lydigital.model.network.RoadNetwork`: to all, between many, to the nearest, within a time.

Places are put on the nearest road (:func:`snap`) and lie anywhere along an edge, so ways begin and end with a part of one.
Closures are in the network itself (:mod:`lydigital.domain.closures`): whoever asks need not know of them.

Dijkstra of scipy (Fibonacci heap) settles 280,000 nodes in 0.06 s, with ``limit`` only those within it. scipy has no A*, and
none is written here: its gain is a part of these 0.06 s for a single pair, and every other question here is one to many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain import isochrones, ways
from lydigital.domain.ways import Stretch
from lydigital.errors import BadDataError, RefusedError
from lydigital.model.network import Near, Places, Way
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lydigital.model.network import Isochrone, RoadNetwork

MOST_CELLS = 25_000_000  # of a matrix
_CHUNK = 8_000_000  # numbers at once
_NONE = -9999  # scipy: no node before this one


@dataclass(frozen=True, eq=False)
class Tree:
    """The fastest ways from the nearest of some places to all nodes, or with ``towards`` from all nodes to them.

    Attributes
    ----------
    seconds
        ``(n,) float64``, ``inf`` where there is no way within the limit.
    before
        ``(n,) int32`` the node before each (with ``towards`` after it), ``n + i`` for place i itself, negative for none.
    root
        ``(n,) int32`` which place, -1 for none.
    """

    network: RoadNetwork
    places: Places
    seconds: NDArray[np.float64]
    before: NDArray[np.int32]
    root: NDArray[np.int32]
    towards: bool
    limit_s: float

    def at(self, places: Places) -> NDArray[np.float64]:
        """Seconds ``(k,) float64`` to each of ``places`` (with ``towards`` from it), ``inf`` where there is no way."""
        made: NDArray[np.float64] = _at(self.network, self.seconds[None, :], places, towards=self.towards)[0]
        for i in np.flatnonzero(self.places.edge >= 0).tolist():
            same = np.flatnonzero(places.edge == self.places.edge[i])
            if len(same):
                made[same] = np.minimum(made[same], _along(self.network, self.places, i, places, same, towards=self.towards))
        made[made > self.limit_s] = np.inf
        return made


# --- places -----------------------------------------------------------------------------------------------------------


def snap(network: RoadNetwork, xy: NDArray[np.float64], *, farthest_m: float | None = None, anywhere: bool = False) -> Places:
    """Put places ``(k, 2)``, x, y in the network's system, on the nearest roads that are open.

    Parameters
    ----------
    farthest_m
        Beyond it a place is on no road; None for the one of speeds.toml.
    anywhere
        On expressways too, where an accident may be, but nobody gets on beside an interchange.

    Raises
    ------
    BadDataError
        When a coordinate is no number.
    """
    xy = np.asarray(xy, np.float64).reshape(-1, 2)
    if not np.isfinite(xy).all():
        raise BadDataError("A place has no coordinates", hint="Leave out features without geometry.")
    reach = network.speeds.farthest_m if farthest_m is None else farthest_m
    edge, along, on_road, off = _nearest(network, xy, anywhere=anywhere)
    is_cut = np.zeros(len(xy), bool)
    if network.whole is not None:
        _, _, _, before = _nearest(network.whole, xy, anywhere=anywhere)
        is_cut = before < off - 0.5
    far = ~(off <= reach)
    edge[far], along[far], on_road[far] = -1, 0.0, np.nan
    return Places(xy, edge, along, on_road, off, is_cut)


def _nearest(
    network: RoadNetwork, xy: NDArray[np.float64], *, anywhere: bool
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    import shapely

    tree, edges = network.all_roads if anywhere else network.near_roads
    edge = np.full(len(xy), -1, np.int32)
    along, on_road, off = np.zeros(len(xy)), np.full((len(xy), 2), np.nan), np.full(len(xy), np.inf)
    if not len(edges) or not len(xy):
        return edge, along, on_road, off
    points = shapely.points(xy)
    (at, found), distance = tree.query_nearest(points, return_distance=True, all_matches=False)
    lines = network.lines[edges[found]]
    edge[at] = edges[found]
    off[at] = distance * network.crs.metres_per_unit
    along[at] = np.clip(shapely.line_locate_point(lines, points[at], normalized=True), 0.0, 1.0)
    on_road[at] = shapely.get_coordinates(shapely.line_interpolate_point(lines, along[at], normalized=True))
    return edge, along, on_road, off


# --- times ------------------------------------------------------------------------------------------------------------


def one_to_all(network: RoadNetwork, places: Places, *, towards: bool = False, limit_s: float = np.inf) -> Tree:
    """The fastest ways from the nearest of ``places`` to every node, or from every node to it.

    Parameters
    ----------
    towards
        Whoever is on the road comes to the places (resources to an incident, people to a shelter).
    limit_s
        Ways that take longer are not looked for.
    """
    from scipy.sparse.csgraph import dijkstra

    count = network.node_count
    on = np.flatnonzero(places.edge >= 0)
    if not len(on):
        nowhere = np.full(count, -1, np.int32)
        return Tree(network, places, np.full(count, np.inf), nowhere, nowhere, towards, limit_s)
    graph = _with(network, places.take(on), towards=towards)
    seconds, before, root = dijkstra(
        graph, indices=np.arange(count, count + len(on)), min_only=True, return_predecessors=True, limit=limit_s
    )
    before, root = before[:count].astype(np.int32), root[:count].astype(np.int32)
    first = before >= count
    before[first] = on[before[first] - count] + count
    root[root != _NONE] = on[root[root != _NONE] - count]
    root[root == _NONE] = -1
    return Tree(network, places, seconds[:count], before, root, towards, limit_s)


def matrix(network: RoadNetwork, starts: Places, ends: Places, *, limit_s: float = np.inf) -> NDArray[np.float64]:
    """Seconds from every start to every end ``(k, l) float64``; ``inf`` where there is no way within the limit.

    Raises
    ------
    RefusedError
        When it would have more than 25 million cells.
    """
    if len(starts) * len(ends) > MOST_CELLS:
        raise RefusedError(
            "A matrix of {starts} × {ends} places is too large", hint="Ask about fewer, or for the nearest only.",
            starts=len(starts), ends=len(ends),
        )  # fmt: skip
    towards = len(ends) < len(starts)
    few, many = (ends, starts) if towards else (starts, ends)
    made = np.full((len(few), len(many)), np.inf)
    for rows, part in _rows(network, few, many, towards=towards, limit_s=limit_s):
        made[rows] = part
    return made.T if towards else made


def nearest(
    network: RoadNetwork, places: Places, targets: Places, count: int = 1, *, towards: bool = False, limit_s: float = np.inf
) -> tuple[tuple[Near, ...], ...]:
    """For each of ``places`` the ``count`` targets that are nearest by time, nearest first, fewer where fewer are reached.

    Parameters
    ----------
    towards
        The targets come to the place (ambulances) instead of the place going there (patients).
    """
    best = np.full((len(places), 0), np.inf)
    which = np.zeros((len(places), 0), np.int64)
    if len(targets) <= len(places):
        for rows, part in _rows(network, targets, places, towards=not towards, limit_s=limit_s):
            best = np.concatenate([best, part.T], axis=1)
            which = np.concatenate([which, np.broadcast_to(rows, (len(places), len(rows)))], axis=1)
            best, which = _least(best, which, count)
    else:
        best, which = np.full((len(places), min(count, len(targets))), np.inf), np.zeros((len(places), min(count, len(targets))), np.int64)
        numbers = np.arange(len(targets))
        for rows, part in _rows(network, places, targets, towards=towards, limit_s=limit_s):
            best[rows], which[rows] = _least(part, np.broadcast_to(numbers, part.shape), count)
    return tuple(
        tuple(
            Near(int(t), float(s), float(places.off_m[i]), float(targets.off_m[t]))
            for s, t in zip(best[i], which[i], strict=True) if np.isfinite(s)
        )
        for i in range(len(places))
    )  # fmt: skip


def isochrone(
    network: RoadNetwork, places: Places, limits_s: Sequence[float], *, towards: bool = False, beside_m: float = 250.0
) -> tuple[Isochrone, ...]:
    """Areas within so many seconds of the nearest of ``places``, each holding the shorter ones; in the order of ``limits_s``.

    Parameters
    ----------
    beside_m
        What lies so far off a road that is reached counts as reached.

    Raises
    ------
    BadDataError
        When a limit is not above 0, or no place is on a road.
    """
    if not len(limits_s) or min(limits_s) <= 0:
        raise BadDataError("A time of {limit} is none", hint="Give seconds or minutes above 0.", limit=min(limits_s, default=0))
    if not (places.edge >= 0).any():
        raise BadDataError("None of the places is on a road", hint="The nearest road is too far away, or all are closed.")
    tree = one_to_all(network, places, towards=towards, limit_s=max(limits_s))
    return isochrones.areas(tree, limits_s, beside_m)


# --- ways -------------------------------------------------------------------------------------------------------------


def routes(
    network: RoadNetwork, starts: Places, ends: Places, pairs: Sequence[tuple[int, int]] | None = None
) -> tuple[Way, ...]:
    """The fastest way of each of ``pairs`` (number of start, number of end), or from every start to every end.

    Where there is none, ``Way.reason`` says why in the user's language.
    """
    if pairs is None:
        pairs = [(i, j) for i in range(len(starts)) for j in range(len(ends))]
    towards = len({j for _, j in pairs}) < len({i for i, _ in pairs})
    made: dict[tuple[int, int], Way] = {}
    for root in sorted({pair[towards] for pair in pairs}):
        mine = [pair for pair in pairs if pair[towards] == root]
        few, many = (ends, starts) if towards else (starts, ends)
        tree = one_to_all(network, few.take([root]), towards=towards)
        others = many.take([pair[not towards] for pair in mine])
        for pair, seconds, k in zip(mine, tree.at(others), range(len(mine)), strict=True):
            i, j = pair
            if np.isfinite(seconds):
                made[pair] = ways.way(network, stretches(tree, others, k), pair, (float(starts.off_m[i]), float(ends.off_m[j])))
            else:
                made[pair] = Way(i, j, None, None, reason=why_not(network, starts, i, ends, j))
    return tuple(made[i, j] for i, j in pairs)


def stretches(tree: Tree, places: Places, number: int) -> list[Stretch]:
    """The parts of edges on the way of ``tree`` to place ``number`` (with ``towards`` from it), as they are driven."""
    network, edge, along = tree.network, int(places.edge[number]), float(places.along[number])
    tail, head = int(network.tail[edge]), int(network.head[edge])
    ends = _at_ends(network, edge, along, towards=not tree.towards)
    options = []
    for i in np.flatnonzero(tree.places.edge == edge):
        direct = _along(network, tree.places, int(i), places, np.array([number]), towards=tree.towards)[0]
        options.append((float(direct), -1, Stretch(edge, float(tree.places.along[i]), along)))
    options += [
        (float(tree.seconds[tail]) + ends[0], tail, Stretch(edge, 0.0, along)),
        (float(tree.seconds[head]) + ends[1], head, Stretch(edge, 1.0, along)),
    ]
    _, node, end = min(options, key=lambda option: option[0])
    found = [end]  # backwards, from place to root
    graph, edges = network.arcs_back if tree.towards else network.arcs
    count = network.node_count
    while node >= 0:
        before = int(tree.before[node])
        if before >= count:
            found.append(_begin(tree, before - count, node))
            break
        arcs = slice(graph.indptr[before], graph.indptr[before + 1])
        code = int(edges[arcs.start + int(np.searchsorted(graph.indices[arcs], node))])
        forward = (code >= 0) != tree.towards  # as seen from the root
        found.append(Stretch(code if code >= 0 else -code - 1, 0.0 if forward else 1.0, 1.0 if forward else 0.0))
        node = before
    found = [s for s in found if s.begin != s.end] or found[:1]
    return [Stretch(s.edge, s.end, s.begin) for s in found] if tree.towards else found[::-1]


def why_not(network: RoadNetwork, starts: Places, i: int, ends: Places, j: int) -> str:
    """Why there is no way from one place to another, in the user's language."""
    for places, k in ((starts, i), (ends, j)):
        if places.edge[k] < 0:
            if not np.isfinite(places.off_m[k]):
                return tr("No road is open.") if network.whole is not None else tr("There is no road.")
            return tr("The nearest open road is {distance} m away.", distance=f"{places.off_m[k]:,.0f}")
    if network.whole is not None:
        xy = np.stack([starts.xy[i], ends.xy[j]])
        both = snap(network.whole, xy, farthest_m=np.inf)
        if np.isfinite(one_to_all(network.whole, both.take([0])).at(both.take([1]))[0]):
            return tr("Closures cut every way.")
    parts = [int(network.part[network.tail[int(p.edge[k])]]) for p, k in ((starts, i), (ends, j))]
    if parts[0] != parts[1]:
        part = max(parts)
        mine = network.part[network.tail] == part
        return tr(
            "No road joins them: one lies on a part of {count} pieces of road, {length} km, of its own.",
            count=int(mine.sum()), length=f"{network.length_m[mine].sum() / 1000:,.1f}",
        )  # fmt: skip
    return tr("One-way roads, or roads closed to this kind of traffic, leave no way.")


# --- inside -----------------------------------------------------------------------------------------------------------


def _with(network: RoadNetwork, places: Places, *, towards: bool) -> object:
    """The graph with a node more for each place, from which arcs lead to the ends of its edge."""
    from scipy.sparse import csr_array

    graph, _ = network.arcs_back if towards else network.arcs
    count, edge = network.node_count, places.edge
    there, back = (network.seconds_back, network.seconds) if towards else (network.seconds, network.seconds_back)
    tail, head = network.tail[edge], network.head[edge]
    ends = np.stack([tail, head], axis=1)
    cost = np.stack([_share(places.along, back[edge]), _share(1 - places.along, there[edge])], axis=1)
    loop = tail == head
    cost[loop, 0] = cost[loop].min(axis=1)
    cost[loop, 1] = np.inf
    good = np.isfinite(cost)
    begins = graph.indptr[-1] + np.cumsum(good.sum(axis=1))
    return csr_array(
        (
            np.concatenate([graph.data, np.maximum(cost[good], 1e-12)]),
            np.concatenate([graph.indices, ends[good].astype(np.int32)]),
            np.concatenate([graph.indptr, begins.astype(np.int32)]),
        ),
        shape=(count + len(edge),) * 2,
    )  # fmt: skip


def _begin(tree: Tree, root: int, node: int) -> Stretch:
    """From place ``root`` of a tree to the node at one end of its edge."""
    network, edge, along = tree.network, int(tree.places.edge[root]), float(tree.places.along[root])
    cost = _at_ends(network, edge, along, towards=tree.towards)
    ends = [end for end, n in enumerate((network.tail[edge], network.head[edge])) if int(n) == node]
    return Stretch(edge, along, float(min(ends, key=lambda end: cost[end])))


def _at_ends(network: RoadNetwork, edge: int, along: float, *, towards: bool) -> tuple[float, float]:
    """Seconds from a place on an edge to its tail and to its head, with ``towards`` from these."""
    there, back = float(network.seconds[edge]), float(network.seconds_back[edge])
    if towards:
        there, back = back, there
    return (along * back if along > 0 else 0.0, (1 - along) * there if along < 1 else 0.0)


def _at(network: RoadNetwork, seconds: NDArray[np.float64], places: Places, *, towards: bool) -> NDArray[np.float64]:
    """Times of places ``(r, k)`` from those of nodes ``(r, n)``, through the ends of their edges."""
    on = places.edge >= 0
    edge = np.where(on, places.edge, 0)
    made = np.full((len(seconds), len(places)), np.inf)
    if not on.any():
        return made
    there, back = (network.seconds_back, network.seconds) if towards else (network.seconds, network.seconds_back)
    by_tail = seconds[:, network.tail[edge]] + _share(places.along, there[edge])
    by_head = seconds[:, network.head[edge]] + _share(1 - places.along, back[edge])
    made = np.minimum(by_tail, by_head)
    made[:, ~on] = np.inf
    return made


def _along(
    network: RoadNetwork, roots: Places, i: int, places: Places, rows: NDArray[np.int64], *, towards: bool
) -> NDArray[np.float64]:
    """Seconds between place ``i`` and some that lie on the same edge, without leaving it."""
    edge = int(roots.edge[i])
    step = places.along[rows] - roots.along[i]
    if towards:
        step = -step
    return _share(np.abs(step), np.where(step > 0, network.seconds[edge], network.seconds_back[edge]))


def _share(share: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """A part of edges; none of one that may not be driven costs nothing."""
    return np.where(share > 0, np.where(share > 0, share, 1.0) * seconds, 0.0)


def _rows(
    network: RoadNetwork, few: Places, many: Places, *, towards: bool, limit_s: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Rows of a matrix: numbers of some of ``few``, and their seconds to ``many`` (with ``towards`` from them)."""
    from scipy.sparse.csgraph import dijkstra

    count = network.node_count
    on = np.flatnonzero(few.edge >= 0)
    step = max(_CHUNK // max(count, 1), 1)
    for first in range(0, len(on), step):
        rows = on[first : first + step]
        some = few.take(rows)
        graph = _with(network, some, towards=towards)
        seconds = dijkstra(graph, indices=np.arange(count, count + len(rows)), limit=limit_s)
        made = _at(network, seconds, many, towards=towards)
        for k in range(len(rows)):
            same = np.flatnonzero(many.edge == some.edge[k])
            if len(same):
                made[k, same] = np.minimum(made[k, same], _along(network, some, k, many, same, towards=towards))
        made[made > limit_s] = np.inf
        yield rows, made


def _least(
    seconds: NDArray[np.float64], which: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The ``count`` smallest of each row, smallest first; of equal ones the target that is named first."""
    order = np.lexsort((which, seconds), axis=1)[:, :count]
    return np.take_along_axis(seconds, order, axis=1), np.take_along_axis(which, order, axis=1)
