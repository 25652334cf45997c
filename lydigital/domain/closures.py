"""Roads that are cut: by a line drawn across them, an area (a warning zone), or as features. The result is a network again.

A closure takes the very piece of road it covers; what is left on either side are dead ends, still reached from the other end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lydigital.domain.ways import part_of
from lydigital.model.issue import Issue
from lydigital.model.network import Closed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import shapely
    from numpy.typing import NDArray

    from lydigital.model.network import RoadNetwork

Span = tuple[float, float]  # shares of an edge; of a line that crosses it both are the same
_POINT_M = 15.0  # half the width of a road with its verges: so near a click is meant for it
_SAME = 1e-9  # shares that differ by less are one


class Barrier(NamedTuple):
    """What cuts roads, and why: a shape in the network's system, or features of a layer of roads.

    A line cuts what it crosses, on bridges and below; an area takes what it covers; a point what lies within 15 m of it.
    """

    reason: str
    shape: shapely.Geometry | None = None
    layer: str = ""
    fids: tuple[int, ...] = ()


def close(network: RoadNetwork, barriers: Iterable[Barrier]) -> RoadNetwork:
    """``network`` without what ``barriers`` cover; a barrier on no road is said in ``issues``.

    Closing what is closed already goes on from there; ``whole`` stays the network without any closure.
    """
    spans: dict[int, list[tuple[Span, str]]] = {}
    issues: list[Issue] = []
    for barrier in barriers:
        found = _by_feature(network, barrier, issues) if barrier.shape is None else _by_shape(network, barrier.shape)
        if not found:
            issues.append(Issue(
                "network.no_closure", "warning", "{reason} is on no road: it closes nothing", "Draw it across the road, or name roads.",
                values={"reason": barrier.reason},
            ))  # fmt: skip
        for edge, parts in found.items():
            spans.setdefault(edge, []).extend((part, barrier.reason) for part in parts)
    if not spans:
        return replace(network, issues=(*network.issues, *issues))
    closed = tuple(c for edge in sorted(spans) for c in _closed(network, edge, spans[edge]))
    made = _without(network, {edge: [part for part, _ in parts] for edge, parts in spans.items()})
    if not made.edge_count:
        issues.append(Issue("network.all_closed", "warning", "All roads are closed", "Closures cover the whole network."))
    shut = replace(made, whole=network.whole or network, closed=(*network.closed, *closed), issues=(*network.issues, *issues))
    vars(shut)["lines"] = _lines(network, shut, spans)
    return shut


def _lines(network: RoadNetwork, shut: RoadNetwork, spans: Iterable[int]) -> NDArray[np.object_]:
    """Lines of a closed network (its ``lines``): those of edges that stay, which come first, need not be made anew."""
    import shapely

    keep = np.ones(network.edge_count, bool)
    keep[list(spans)] = False
    count = int(keep.sum())
    new: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.LINESTRING, shut.coords[shut.offsets[count] :], (shut.offsets[count:] - shut.offsets[count],)
    )
    return np.concatenate([network.lines[keep], new])


def _by_feature(network: RoadNetwork, barrier: Barrier, issues: list[Issue]) -> dict[int, list[Span]]:
    if barrier.layer not in network.layers:
        return {}
    mine = (network.layer == network.layers.index(barrier.layer)) & np.isin(network.fid, barrier.fids)
    lost = sorted(set(barrier.fids) - set(network.fid[mine].tolist()))
    if lost and mine.any():
        issues.append(Issue(
            "network.no_feature", "warning", "{layer} has no road {fids}", "Check the numbers.", barrier.layer, count=len(lost),
            values={"layer": barrier.layer, "fids": ", ".join(map(str, lost[:10]))},
        ))  # fmt: skip
    return {int(edge): [(0.0, 1.0)] for edge in np.flatnonzero(mine)}


def _by_shape(network: RoadNetwork, shape: Any) -> dict[int, list[Span]]:
    """Which parts of which edges a shape covers."""
    import shapely

    shape = shapely.make_valid(shapely.force_2d(shape))
    if shapely.is_empty(shape):
        return {}
    if shapely.get_dimensions(shape) == 0:
        shape = shapely.buffer(shape, _POINT_M / network.crs.metres_per_unit)
    shapely.prepare(shape)
    hit = np.flatnonzero(shapely.intersects(shape, network.lines))
    lines = network.lines[hit]
    whole = shapely.covers(shape, lines)
    made: dict[int, list[Span]] = {int(edge): [(0.0, 1.0)] for edge in hit[whole]}
    # Segment by segment: on a line that comes back over itself a place is at two shares of it.
    for edge in hit[~whole].tolist():
        coords = network.coords[network.offsets[edge] : network.offsets[edge + 1]]
        size = np.hypot(*np.diff(coords, axis=0).T)
        far = np.concatenate([[0.0], np.cumsum(size)])
        segments = shapely.linestrings(np.stack([coords[:-1], coords[1:]], axis=1))
        pieces, of = shapely.get_parts(shapely.intersection(segments, shape), return_index=True)
        for piece, k in zip(pieces, of.tolist(), strict=True):
            ends = shapely.get_coordinates(piece)
            if not len(ends):
                continue
            ends = ends[[0, -1]]
            a, b = sorted(((far[k] + np.minimum(np.hypot(*(ends - coords[k]).T), size[k])) / far[-1]).tolist())
            made.setdefault(edge, []).append((a, b))
    return made


def _merged(parts: Sequence[Span]) -> list[Span]:
    made: list[Span] = []
    for a, b in sorted(parts):
        if made and a <= made[-1][1] + _SAME:
            made[-1] = (made[-1][0], max(made[-1][1], b))
        else:
            made.append((a, b))
    return made


def _closed(network: RoadNetwork, edge: int, parts: Sequence[tuple[Span, str]]) -> list[Closed]:
    import shapely

    coords = network.coords[network.offsets[edge] : network.offsets[edge + 1]]
    made = []
    for (a, b), reason in parts:
        points = part_of(coords, a, b)
        shape = shapely.linestrings(points) if b > a else shapely.points(points[0])
        made.append(Closed(
            network.layers[network.layer[edge]], int(network.fid[edge]), network.names[network.name[edge]],
            network.classes[network.road_class[edge]].name, reason, float((b - a) * network.length_m[edge]),
            shapely.to_wkb(shape, byte_order=1),
        ))  # fmt: skip
    return made


def _without(network: RoadNetwork, spans: dict[int, list[Span]]) -> RoadNetwork:
    """The network with parts of edges taken out; what is left of them ends at nodes of its own."""
    nodes: list[list[float]] = []
    count = network.node_count
    source, share, tail, head, lines = [], [], [], [], []
    for edge, parts in sorted(spans.items()):
        coords = network.coords[network.offsets[edge] : network.offsets[edge + 1]]
        for a, b, is_cut in _left(parts):
            piece = part_of(coords, a, b)
            ends = [int(network.tail[edge]), int(network.head[edge])]
            for k in (0, 1):
                if is_cut[k]:
                    ends[k] = count + len(nodes)
                    nodes.append(piece[-k].tolist())
            source.append(edge)
            share.append(b - a)
            tail.append(ends[0])
            head.append(ends[1])
            lines.append(piece)
    keep = np.ones(network.edge_count, bool)
    keep[list(spans)] = False
    rows = np.concatenate([np.flatnonzero(keep), np.array(source, np.int64)])
    part = np.concatenate([np.ones(int(keep.sum())), np.array(share)])
    sizes = np.concatenate([np.diff(network.offsets)[keep], np.array([len(line) for line in lines], np.int64)])
    vertices = np.repeat(keep, np.diff(network.offsets))
    made = {name: getattr(network, name)[rows] for name in ("kmh", "is_open", "is_open_back", "road_class", "level", "name", "layer", "fid")}
    return replace(
        network, nodes=np.concatenate([network.nodes, np.array(nodes).reshape(-1, 2)]),
        tail=np.concatenate([network.tail[keep], np.array(tail, np.int32)]), head=np.concatenate([network.head[keep], np.array(head, np.int32)]),
        length_m=network.length_m[rows] * part, seconds=network.seconds[rows] * part, seconds_back=network.seconds_back[rows] * part,
        coords=np.concatenate([network.coords[vertices], *lines]), offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), **made,
    )  # fmt: skip


def _left(parts: Sequence[Span]) -> list[tuple[float, float, tuple[bool, bool]]]:
    """What is left of an edge: from, to, and whether it is cut there (the node at the end of the edge is lost too)."""
    made = []
    at, is_cut = 0.0, False
    for a, b in _merged(parts):
        if a > at + _SAME:
            made.append((at, a, (is_cut, True)))
        at, is_cut = b, True
    if at < 1.0 - _SAME:
        made.append((at, 1.0, (is_cut, False)))
    return made
