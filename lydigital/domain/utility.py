"""Along a network of pipes or cables: what lies up and down the flow, what to shut for a burst and what then has no supply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.errors import UsageError
from lydigital.model.issue import Issue
from lydigital.model.utility import SOURCE, Facility, Isolation, Piece, Trace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from lydigital.model.utility import Direction, Trade, UtilityNetwork

MOST_NAMES = 8


def edge_at(network: UtilityNetwork, fid: int, along_m: float | None = None) -> int:
    """The edge of a pipe at ``along_m`` of it, or its first.

    Raises
    ------
    UsageError
        When the network has no such pipe.
    """
    if fid not in network.fids:
        raise UsageError(
            "The network of {layer} has no pipe {fid}", hint="Click a pipe, or name one that has a known trade and a length.",
            layer=network.layer, fid=fid,
        )  # fmt: skip
    mine = np.flatnonzero(network.pipe == network.fids.index(fid))
    if along_m is None:
        return int(mine[0])
    return int(mine[np.argmin(np.maximum(network.from_m[mine] - along_m, along_m - network.to_m[mine]))])


def trace(network: UtilityNetwork, edge: int, direction: Direction, trade: Trade | None = None) -> Trace:
    """All that lies up or down the flow from an edge, or is connected with it; the edge itself included.

    ``trade`` is None for links between coded nodes, whose sources are nodes that no link leads to.
    """
    from scipy.sparse.csgraph import dijkstra

    length = network.to_m - network.from_m
    a, b = (network.end, network.begin) if direction == "up" else (network.begin, network.end)
    graph = _matrix(len(network.places), a, b, length)
    first = [int(a[edge]), int(b[edge])] if direction == "connected" else [int(b[edge])]
    away = dijkstra(graph, directed=direction != "connected", indices=first, min_only=True)
    inside = np.isfinite(away)[a]
    inside[edge] = True
    facilities, sources = _met(network, away, trade.fed_by if trade is not None else (SOURCE,))
    edges = np.flatnonzero(inside)
    return Trace(
        network.layer, network.trades[network.pipe[edge]], direction, _piece(network, edge), _pieces(network, edges), facilities,
        sources, float(length[edges].sum()), tuple(_traced(network, edges, direction, trade, sources)),
    )  # fmt: skip


def isolate(
    network: UtilityNetwork, edge: int, at: tuple[float, float], trade: Trade, *, stuck: Collection[str] = ()
) -> Isolation:
    """What to shut for a burst on an edge, at a place in map units; what has a code in ``stuck`` cannot be shut.

    What nothing shuts (telecom) is only broken there. A drain is plugged above the burst; what arrives there has to be pumped past it, which ``lost`` then tells the origin of.
    """
    from scipy.sparse.csgraph import connected_components, dijkstra

    length = network.to_m - network.from_m
    count = len(network.places)
    shutting, feeding = _nodes_of(network, trade.shut_by, stuck), _nodes_of(network, trade.fed_by)
    gravity = trade.flow == "gravity"
    barrier = shutting if gravity else shutting | feeding if trade.shut_by else np.ones(count, bool)
    a, b, m = network.end, network.begin, length
    first = [int(network.begin[edge])]
    if not gravity:  # the burst is fed from both ends
        a, b, m = np.concatenate([a, b]), np.concatenate([b, a]), np.tile(length, 2)
        first.append(int(network.end[edge]))
    open_ = ~barrier[a]
    away = dijkstra(_matrix(count, a[open_], b[open_], m[open_]), indices=first, min_only=True)
    reached = np.isfinite(away)
    free = reached & ~barrier
    off = free[network.end] if gravity else free[network.begin] | free[network.end]
    off[edge] = True
    edges = np.flatnonzero(off)
    here = _met(network, np.where(reached & barrier, away, np.inf), ())[0]
    shut = tuple(f for f in here if f.kind in trade.shut_by and f.code not in stuck)
    if gravity:
        above = {piece.fid: piece for piece in _pieces(network, edges)}
        up = trace(network, edge, "up", trade)
        lost: tuple[Piece, ...] | None = tuple(piece for piece in up.pieces if piece != above.get(piece.fid))
        return Isolation(
            trade.id, _piece(network, edge), *at, shut, (), _pieces(network, edges), lost,
            tuple(_shut_told(network.layer, trade, shut, (), lost)),
        )  # fmt: skip
    must_stop = reached & feeding & ~shutting if trade.shut_by else np.zeros(count, bool)
    stop = _met(network, np.where(must_stop, away, np.inf), trade.fed_by)[1]
    whole = connected_components(_matrix(count, network.begin, network.end, length), directed=False)[1]
    mine = whole == whole[network.begin[edge]]
    lost = None
    if (feeding & mine).any():
        left = _matrix(count, network.begin[~off], network.end[~off], length[~off])
        part = connected_components(left, directed=False)[1]
        fed = np.zeros(count, bool)
        fed[part[feeding & ~must_stop]] = True
        lost = _pieces(network, np.flatnonzero(~off & mine[network.begin] & ~fed[part[network.begin]]))
    return Isolation(
        trade.id, _piece(network, edge), *at, shut, stop, _pieces(network, edges), lost,
        tuple(_shut_told(network.layer, trade, shut, stop, lost)),
    )  # fmt: skip


# --- what is told ---------------------------------------------------------------------------------------------------------


def _traced(
    network: UtilityNetwork, edges: NDArray[np.integer], direction: Direction, trade: Trade | None, sources: Sequence[Facility]
) -> Iterable[Issue]:
    from scipy.sparse.csgraph import connected_components

    layer = network.layer
    toward = trade is not None and (trade.flow == "gravity") == (direction == "down")
    if trade is not None and not sources and (direction == "connected" or toward):
        gravity = trade.flow == "gravity"
        yield Issue(
            "utility.no_outfall" if gravity else "utility.no_source", "warning",
            "No outfall is reached: the drain ends somewhere in the data" if gravity
            else "No source is reached: what feeds this pipe is not in the data",
            "Pipes may not be joined here: widen the distance of snapping, or correct their ends.", layer,
        )  # fmt: skip
    begin, end = network.begin[edges], network.end[edges]
    if len(edges) == 1 and not _has_neighbours(network, int(edges[0])):
        yield Issue(
            "utility.alone", "warning", "This pipe is joined to no other",
            "Its ends touch nothing of its trade: widen the distance of snapping, or correct its ends.", layer,
        )  # fmt: skip
    if direction == "connected":
        return
    used, small = np.unique(np.concatenate([begin, end]), return_inverse=True)
    graph = _matrix(len(used), small[: len(edges)], small[len(edges) :], np.ones(len(edges)))
    of_node = connected_components(graph, directed=True, connection="strong")[1]
    turning = int((of_node[small[: len(edges)]] == of_node[small[len(edges) :]]).sum())
    parts = connected_components(graph, directed=False)[0]
    if turning:
        yield Issue(
            "utility.loop", "warning", "{count} pieces run in a circle: up and down are the same there",
            "Check the direction in which these pipes are drawn: from where they are fed to where they feed.", layer,
            count=turning, values={"count": str(turning)},
        )  # fmt: skip
    elif len(edges) - len(used) + parts > 0 and trade is not None and trade.flow != "gravity":
        rings = len(edges) - len(used) + parts
        yield Issue(
            "utility.ring", "note", "{count} rings: what is up and down the flow follows the direction in which pipes are drawn",
            "In a ring it may come from the other side: look at what is connected as well.", layer,
            count=rings, values={"count": str(rings)},
        )  # fmt: skip


def _shut_told(
    layer: str, trade: Trade, shut: Sequence[Facility], stop: Sequence[Facility], lost: Sequence[Piece] | None
) -> Iterable[Issue]:
    if trade.flow == "gravity":
        yield Issue(
            "utility.gravity", "note", "A drain has no valves: plug the manholes above and pump what arrives there past the burst",
            "What lies above is where it comes from.", layer,
        )  # fmt: skip
    if stop:
        names = "、".join(f.code for f in stop[:MOST_NAMES])
        yield Issue(
            "utility.stop", "warning", "Nothing shuts between the burst and {names}, which has to stop",
            "Add the valves that are there but not in the data.", layer, values={"names": names},
        )  # fmt: skip
    if not trade.shut_by:
        yield Issue(
            "utility.cut", "note", "Nothing has to be shut: what is beyond the break has no service until it is mended",
            "Look for another way to feed it.", layer,
        )  # fmt: skip
    elif not shut and not stop:
        yield Issue(
            "utility.no_valve", "warning", "Nothing that shuts is known around this burst: all that is connected goes off",
            "Add the valves to the layer of facilities.", layer,
        )  # fmt: skip
    if lost is None:
        yield Issue(
            "utility.lost_unknown", "warning", "What loses its supply is not known: no source of this network is in the data",
            "Add its source to the layer of facilities.", layer,
        )  # fmt: skip


# --- inside ---------------------------------------------------------------------------------------------------------------


def _nodes_of(network: UtilityNetwork, kinds: Collection[int], without: Collection[str] = ()) -> NDArray[np.bool_]:
    """Nodes with a facility of one of ``kinds``, ``(nodes,) bool``."""
    out = np.zeros(len(network.places), bool)
    for facility, node in zip(network.facilities, network.facility_node.tolist(), strict=True):
        if node >= 0 and facility.kind in kinds and facility.code not in without:
            out[node] = True
    return out


def _met(
    network: UtilityNetwork, away: NDArray[np.float64], fed_by: Collection[int]
) -> tuple[tuple[Facility, ...], tuple[Facility, ...]]:
    """Facilities at nodes that are not infinitely away, nearest first; those that feed apart."""
    met = [
        msgspec.structs.replace(facility, away_m=float(away[node]))
        for facility, node in zip(network.facilities, network.facility_node.tolist(), strict=True)
        if node >= 0 and np.isfinite(away[node])
    ]
    met.sort(key=lambda f: (f.away_m, f.code))
    return tuple(f for f in met if f.kind not in fed_by), tuple(f for f in met if f.kind in fed_by)


def _has_neighbours(network: UtilityNetwork, edge: int) -> bool:
    ends = (network.begin[edge], network.end[edge])
    return int((np.isin(network.begin, ends) | np.isin(network.end, ends)).sum()) > 1


def _matrix(count: int, a: NDArray[np.integer], b: NDArray[np.integer], length: NDArray[np.float64]) -> object:
    """Sparse graph with the shortest of parallel edges; no length is less than a millimetre."""
    from scipy.sparse import csr_matrix

    order = np.lexsort((length, b, a))
    a, b, length = a[order], b[order], np.maximum(length[order], 1e-3)
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    return csr_matrix((length[first], (a[first], b[first])), shape=(count, count))


def _piece(network: UtilityNetwork, edge: int) -> Piece:
    pipe = int(network.pipe[edge])
    return Piece(
        network.fids[pipe], network.codes[pipe], network.trades[pipe], float(network.from_m[edge]), float(network.to_m[edge]),
        float(network.whole_m[pipe]),
    )  # fmt: skip


def _pieces(network: UtilityNetwork, edges: NDArray[np.integer]) -> tuple[Piece, ...]:
    """Edges as pieces; those that follow each other on one pipe are one."""
    order = edges[np.lexsort((network.from_m[edges], network.pipe[edges]))]
    out: list[Piece] = []
    for edge in order.tolist():
        piece = _piece(network, edge)
        last = out[-1] if out else None
        if last is not None and last.fid == piece.fid and abs(last.to_m - piece.from_m) < 1e-6:
            out[-1] = msgspec.structs.replace(last, to_m=piece.to_m)
        else:
            out.append(piece)
    return tuple(out)
