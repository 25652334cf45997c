"""Areas that are reached within a time: what lies beside the roads, or parts of roads, that are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.domain.ways import part_of
from lydigital.model import measures
from lydigital.model.network import Isochrone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.domain.routing import Tree

_ROUND = 4  # segments a quarter circle: a corner is cut by 2 % of the distance at most


def areas(tree: Tree, limits_s: Sequence[float], beside_m: float) -> tuple[Isochrone, ...]:
    """An area for each limit, in the order given; a longer limit holds the shorter ones.

    Outlines are true to a tenth of ``beside_m``.
    """
    import shapely

    network = tree.network
    beside = max(beside_m, 1.0) / network.crs.metres_per_unit
    union: object = shapely.Polygon()
    outline: object = shapely.Polygon()
    whole_before = np.zeros(network.edge_count, bool)
    made: dict[float, Isochrone] = {}
    for limit in sorted(set(limits_s)):
        reached = _reached(tree, limit)
        new = _lines(tree, reached, whole_before)
        if len(new):
            shapes = shapely.buffer(shapely.simplify(new, beside / 20), beside, quad_segs=_ROUND)
            union = shapely.union_all([union, shapely.union_all(shapes)])
        whole_before = reached.low >= reached.high
        outline = shapely.union_all([outline, shapely.simplify(union, beside / 20)])
        area = float(measures.areas_m2(np.array([outline], object), network.crs)[0]) / 1e6
        made[limit] = Isochrone(limit, shapely.to_wkb(outline, byte_order=1), area, reached.length_m / 1000, beside_m)
    return tuple(made[limit] for limit in limits_s)


class _Reached(NamedTuple):
    """Shares of edges: up to ``low`` from the tail, from ``high`` to the head, and ``middle`` of those that hold a place."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    middle: dict[int, list[tuple[float, float]]]
    length_m: float


def _reached(tree: Tree, limit: float) -> _Reached:
    network, places = tree.network, tree.places
    there, back = network.seconds, network.seconds_back
    if tree.towards:
        there, back = back, there
    low = np.clip(limit - tree.seconds[network.tail], 0, None) / there
    high = 1 - np.clip(limit - tree.seconds[network.head], 0, None) / back
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    middle: dict[int, list[tuple[float, float]]] = {}
    for edge, along in zip(places.edge.tolist(), places.along.tolist(), strict=True):
        if edge >= 0:
            span = (max(along - limit / back[edge], 0.0), min(along + limit / there[edge], 1.0))
            middle.setdefault(edge, []).append(span)
    share = np.minimum(low + 1 - high, 1.0)
    for edge, spans in middle.items():
        merged = _merged([(0.0, float(low[edge])), *spans, (float(high[edge]), 1.0)])
        middle[edge] = merged
        share[edge] = sum(b - a for a, b in merged)
        if merged == [(0.0, 1.0)]:
            low[edge], high[edge] = 1.0, 0.0
    return _Reached(low, high, middle, float((share * network.length_m).sum()))


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for a, b in sorted(span for span in spans if span[1] > span[0]):
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out


def _lines(tree: Tree, reached: _Reached, before: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Lines of what is reached and has access, without edges that were reached whole ``before``."""
    import shapely

    network = tree.network
    low, high, has_access = reached.low, reached.high, tree.network.has_access
    whole = (low >= high) & ~before & has_access
    parts = []
    for edge in np.flatnonzero((low < high) & ((low > 0) | (high < 1)) & has_access).tolist():
        parts += [] if edge in reached.middle else [(edge, 0.0, low[edge]), (edge, high[edge], 1.0)]
    parts += [(edge, a, b) for edge, spans in reached.middle.items() if low[edge] < high[edge] and has_access[edge] for a, b in spans]
    lines = [
        shapely.linestrings(part_of(network.coords[network.offsets[e] : network.offsets[e + 1]], float(a), float(b)))
        for e, a, b in parts if b > a
    ]  # fmt: skip
    return np.concatenate([network.lines[whole], np.array(lines, object)])
