"""Pipes and cables as a graph: joined where they touch, or by the codes of their ends."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.domain.pipes import numbers, texts
from lydigital.model import columns
from lydigital.model.issue import Issue
from lydigital.model.utility import SOURCE, Facility, UtilityNetwork

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable
    from lydigital.model.utility import Piece, TradeRules

SNAP_M = 0.5  # ends this near each other, or a facility this near a pipe, are one place
MOST_NAMES = 8
FACILITIES = "pipe_facility"


def network_of(
    pipes: FeatureTable, facilities: FeatureTable | None, rules: TradeRules, *, snap_m: float = SNAP_M, layer: str = "pipe"
) -> UtilityNetwork:
    """Pipes of every trade, cut where a facility stands on them or another of their trade ends on them.

    Parameters
    ----------
    pipes
        Lines with ``trade``, in a metric system.
    facilities
        Points with ``trade`` and ``kind`` in the same system, None where the map has none.

    Notes
    -----
    Pipes that cross without either are not joined: they lie at different depths.
    """
    import shapely

    issues: list[Issue] = []
    known = {t.id for t in rules.trades}
    g = pipes.geometry
    of_part = np.repeat(np.arange(len(g)), np.diff(g.geom_offsets))
    lines = _lines(g.coords, g.ring_offsets)
    trades = texts(pipes, "trade")
    strange = Counter(t for t in trades if t not in known)
    if strange:
        issues.append(Issue(
            "utility.trade", "warning", "{count} pipes are of a trade that is not known and in no network: {names}",
            "Correct the trade, or add it to layers/utility/trades.toml.", layer, count=strange.total(),
            values={"count": str(strange.total()), "names": "、".join(t or "–" for t in list(strange)[:MOST_NAMES])},
        ))  # fmt: skip
    length = shapely.length(lines)
    number = {t: i for i, t in enumerate(sorted(known))}
    trade = np.array([number.get(trades[i], -1) for i in of_part], np.int64)
    fit = (trade >= 0) & (length > 0)
    empty = len(g) - len(np.unique(of_part[length > 0]))
    if empty:
        issues.append(Issue(
            "utility.empty", "warning", "{count} pipes have no length and are in no network", "Draw them again or remove them.",
            layer, count=empty, values={"count": str(empty)},
        ))  # fmt: skip
    lines, of_part, trade, length = lines[fit], of_part[fit], trade[fit], length[fit]
    found, spots = _facilities(facilities, number)
    ends = [shapely.get_coordinates(shapely.get_point(lines, i)).reshape(-1, 2) for i in (0, -1)]
    points = np.concatenate([*ends, spots.xy])
    of_trade = np.concatenate([trade, trade, spots.trade])
    node = _clusters(points, of_trade, snap_m)
    count = len(lines)
    touch = _on_lines(lines, trade, points, of_trade, snap_m)
    edges = _cut(length, node, touch, snap_m)
    pipe, which = np.unique(of_part[edges.line], return_inverse=True)
    # parts of one feature follow each other in its measures
    before = np.concatenate([[0.0], np.cumsum(length)])[:-1]
    begins = before - before[np.searchsorted(of_part, of_part)] if count else before
    whole = np.asarray(np.bincount(of_part, length, len(g)), np.float64)[pipe]
    nodes = int(node.max()) + 1 if len(node) else 0
    places = np.zeros((nodes, 2))
    places[node] = points
    touching = np.zeros(nodes, bool)
    touching[edges.begin] = touching[edges.end] = True
    facility_node = node[2 * count :].astype(np.int32)
    if len(facility_node):
        facility_node = np.where((spots.trade >= 0) & touching[facility_node], facility_node, -1).astype(np.int32)
    issues += _beside(found, facility_node, facilities, layer)
    codes = texts(pipes, "code")
    return UtilityNetwork(
        layer, places, edges.begin.astype(np.int32), edges.end.astype(np.int32), which.astype(np.int32),
        edges.from_m + begins[edges.line], edges.to_m + begins[edges.line],
        tuple(int(pipes.fid[i]) for i in pipe), tuple(codes[i] for i in pipe), tuple(trades[i] for i in pipe), whole,
        found, facility_node, tuple(issues),
    )  # fmt: skip


def linked(
    links: FeatureTable, nodes: FeatureTable | None, lengths_m: NDArray[np.float64], *, layer: str, trade: str
) -> UtilityNetwork:
    """Links that name their ends in ``from_code`` and ``to_code`` (cables, links of the government network).

    Parameters
    ----------
    nodes
        Points with ``code`` (exchanges, nodes of the network); None leaves them without names and places.
    lengths_m
        ``(links,)`` metres of each link.
    """
    ends = [texts(links, "from_code"), texts(links, "to_code")]
    known = {c: i for i, c in enumerate(texts(nodes, "code"))} if nodes is not None else {}
    names = texts(nodes, "name") if nodes is not None and "name" in nodes.column_names else []
    all_codes = sorted({c for side in ends for c in side if c})
    number = {c: i for i, c in enumerate(all_codes)}
    keep = np.array([bool(a and b and a != b) for a, b in zip(*ends, strict=True)], bool)
    issues = []
    if not keep.all():
        left_out = int((~keep).sum())
        issues.append(Issue(
            "utility.ends", "warning", "{count} links do not name two different ends and are in no network",
            "Fill in the codes of their ends.", layer, count=left_out, values={"count": str(left_out)},
        ))  # fmt: skip
    missing = [c for c in all_codes if c not in known]
    if nodes is not None and missing:
        issues.append(Issue(
            "utility.nodes", "warning", "{count} ends are no known node: {names}", "Add the nodes, or correct the codes.", layer,
            count=len(missing), values={"count": str(len(missing)), "names": "、".join(missing[:MOST_NAMES])},
        ))  # fmt: skip
    rows = np.flatnonzero(keep)
    begin = np.array([number[ends[0][i]] for i in rows], np.int32)
    end = np.array([number[ends[1][i]] for i in rows], np.int32)
    places = np.full((len(all_codes), 2), np.nan)
    at = nodes.geometry.bounds[:, :2] if nodes is not None else np.zeros((0, 2))
    fed = set(end.tolist())
    facilities = []
    for i, code in enumerate(all_codes):
        row = known.get(code)
        if row is not None:
            places[i] = at[row]
        kind = SOURCE if i not in fed else 0
        x, y = (float(v) for v in places[i])
        fid = int(nodes.fid[row]) if nodes is not None and row is not None else 0
        facilities.append(Facility(fid, code, trade, kind, x, y, names[row] if row is not None and names else ""))
    codes = texts(links, "code")
    whole = np.nan_to_num(lengths_m[rows])
    return UtilityNetwork(
        layer, places, begin, end, np.arange(len(rows), dtype=np.int32), np.zeros(len(rows)), whole,
        tuple(int(links.fid[i]) for i in rows), tuple(codes[i] for i in rows), (trade,) * len(rows), whole,
        tuple(facilities), np.arange(len(all_codes), dtype=np.int32), tuple(issues),
    )  # fmt: skip


class _Spots(NamedTuple):
    xy: NDArray[np.float64]
    trade: NDArray[np.int64]


class _Touch(NamedTuple):
    """Points on lines: which line, which point, where along it."""

    line: NDArray[np.int64]
    point: NDArray[np.int64]
    at_m: NDArray[np.float64]


class _Edges(NamedTuple):
    line: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]


def _lines(coords: NDArray[np.float64], rings: NDArray[np.int64]) -> NDArray[np.object_]:
    """A line a part; of one vertex, a line without length."""
    import shapely

    sizes = np.diff(rings)
    if (sizes >= 2).all():
        index = np.repeat(np.arange(len(sizes)), sizes)
        lines: NDArray[np.object_] = shapely.linestrings(coords, indices=index) if len(sizes) else np.zeros(0, object)
        return lines
    return np.array([shapely.LineString(coords[a:b] if b - a > 1 else []) for a, b in pairwise(rings.tolist())], object)


def _facilities(table: FeatureTable | None, number: Mapping[str, int]) -> tuple[tuple[Facility, ...], _Spots]:
    if table is None or not len(table):
        return (), _Spots(np.zeros((0, 2)), np.zeros(0, np.int64))
    xy = np.nan_to_num(table.geometry.bounds[:, :2])
    trades, codes = texts(table, "trade"), texts(table, "code")
    kinds = columns.whole_numbers(numbers(table, "kind"))
    found = tuple(
        Facility(int(fid), code, trade, int(kind), float(x), float(y))
        for fid, code, trade, kind, (x, y) in zip(table.fid, codes, trades, kinds, xy, strict=True)
    )
    return found, _Spots(xy, np.array([number.get(t, -1) for t in trades], np.int64))


def _clusters(points: NDArray[np.float64], trade: NDArray[np.int64], snap_m: float) -> NDArray[np.int64]:
    """One number for all points of a trade that are within ``snap_m`` of each other, by steps."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    count = len(points)
    if not count:
        return np.zeros(0, np.int64)
    lifted = np.column_stack([points - points.mean(axis=0), trade * (10.0 * snap_m + 10.0)])
    pairs = cKDTree(lifted).query_pairs(snap_m, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _on_lines(
    lines: NDArray[np.object_], trade: NDArray[np.int64], points: NDArray[np.float64], of_trade: NDArray[np.int64], snap_m: float
) -> _Touch:
    import shapely

    if not len(lines):
        return _Touch(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    spots = shapely.points(points)
    point, line = shapely.STRtree(lines).query(spots, predicate="dwithin", distance=snap_m)
    same = trade[line] == of_trade[point]
    point, line = point[same], line[same]
    return _Touch(line, point, shapely.line_locate_point(lines[line], spots[point]))


def _cut(length: NDArray[np.float64], node: NDArray[np.int64], touch: _Touch, snap_m: float) -> _Edges:
    """Edges of every line between its ends and what touches it in between."""
    count = len(length)
    inner = (touch.at_m > snap_m) & (touch.at_m < length[touch.line] - snap_m)
    line = np.concatenate([np.arange(count), np.arange(count), touch.line[inner]])
    at = np.concatenate([np.zeros(count), length, touch.at_m[inner]])
    place = np.concatenate([node[:count], node[count : 2 * count], node[touch.point[inner]]])
    order = np.lexsort((at, line))
    line, at, place = line[order], at[order], place[order]
    same = (line[1:] == line[:-1]) & ((place[1:] != place[:-1]) | (at[1:] - at[:-1] > snap_m))
    a = np.flatnonzero(same)
    return _Edges(line[a], place[a], place[a + 1], at[a], at[a + 1])


def _beside(
    found: Sequence[Facility], at: NDArray[np.int32], table: FeatureTable | None, layer: str
) -> Iterable[Issue]:
    if table is None:
        yield Issue(
            "utility.no_facilities", "warning", "The map has no facilities of pipes: no valve and no source is known",
            "Add the layer {layer}.", layer, values={"layer": FACILITIES},
        )  # fmt: skip
        return
    if "kind" not in table.column_names:
        yield Issue(
            "utility.no_kinds", "warning", "Facilities have no field {field}: no valve and no source is known",
            "Add the field, or take a newer store.", FACILITIES, values={"field": "kind"},
        )  # fmt: skip
    away = int((at < 0).sum())
    if away:
        yield Issue(
            "utility.beside", "note", "{count} of {all} facilities stand on no pipe of their trade",
            "Move them onto their pipe, or widen the distance of snapping.", FACILITIES, count=away,
            values={"count": str(away), "all": str(len(found))},
        )  # fmt: skip


def shapes_of(table: FeatureTable, pieces: Sequence[Piece]) -> NDArray[np.object_]:
    """Pieces as lines cut out of their pipes, ``(pieces,) object``; empty where a piece has no length, or its pipe is gone."""
    import shapely
    from shapely.ops import substring

    rows = table.rows_of(np.array([p.fid for p in pieces], np.int64))
    out = np.full(len(pieces), shapely.MultiLineString(), object)
    out[rows >= 0] = table.geometry.to_shapely(rows[rows >= 0])
    for i, (piece, line) in enumerate(zip(pieces, out.tolist(), strict=True)):
        if piece.is_whole or shapely.is_empty(line):
            out[i] = line
            continue
        parts, passed = [], 0.0
        for part in shapely.get_parts(line).tolist():
            begin, end = max(piece.from_m - passed, 0.0), min(piece.to_m - passed, part.length)
            if end > begin:
                parts.append(substring(part, begin, end))
            passed += part.length
        out[i] = shapely.multilinestrings(parts) if parts else shapely.MultiLineString()
    return out
