"""A road network from layers of roads: their attributes, the topology repaired, and a report of all that was repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lydigital.domain import noding
from lydigital.errors import BadDataError, CrsError
from lydigital.model import columns, measures
from lydigital.model.crs import transformation
from lydigital.model.geometry import GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.network import BuildReport, Findings, Island, Kind, RoadNetwork, times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.speeds import RoadFields, Speeds
    from lydigital.model.table import FeatureTable

_FORWARD = frozenset({"1", "true", "yes", "y", "t", "是", "单行", "f", "ft", "forward", "1.0"})
_BACKWARD = frozenset({"-1", "reverse", "backward", "tf", "逆向", "-1.0"})
_BOTH = frozenset({"", "0", "false", "no", "n", "否", "双行", "b", "both", "0.0", "none"})
MOST_KMH = 300.0


class RoadLayer(NamedTuple):
    """A layer of roads: its id and features, in the system of the network."""

    id: str
    table: FeatureTable


@dataclass(frozen=True, eq=False)
class _Roads:
    """All lines of all layers, one a part of a feature."""

    lines: noding.Lines
    layer: NDArray[np.int16]
    fid: NDArray[np.int64]
    name: NDArray[np.int32]
    names: tuple[str, ...]
    kmh: NDArray[np.float32]
    oneway: NDArray[np.int8]
    unknown: tuple[tuple[str, int], ...]
    issues: tuple[Issue, ...]


def build(
    layers: Sequence[RoadLayer], speeds: Speeds, *, profile: str = "car", tolerance_m: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> RoadNetwork:  # fmt: skip
    """The network of some layers, for one profile (see :meth:`RoadNetwork.for_profile` for others).

    Parameters
    ----------
    tolerance_m
        An end so near another road is taken to end on it; None for the one of ``speeds``.
    progress
        Told the share of the work that is done; what it raises ends the work.

    Raises
    ------
    CrsError
        When the layers are in degrees, or not in one system.
    BadDataError
        When there are no roads.
    """
    crs = _checked(layers)
    roads = _roads(layers, speeds)
    if len(roads.lines.level) == 0:
        raise BadDataError("There are no roads", hint="The layers of roads have no lines: {layers}", layers=", ".join(one.id for one in layers))
    tolerance = speeds.tolerance_m if tolerance_m is None else tolerance_m
    classes = (*speeds.classes, speeds.unknown)
    progress(0.1)
    graph = noding.graph_of(roads.lines, classes, tolerance / crs.metres_per_unit, lambda done: progress(0.1 + 0.7 * done))
    if not len(graph.tail):
        raise BadDataError("There are no roads", hint="No line has a length: {layers}", layers=", ".join(one.id for one in layers))
    length = measures.path_lengths_m(graph.coords, graph.offsets, crs)
    progress(0.9)
    line = graph.line
    road_class = roads.lines.road_class[line]
    open_, back = roads.oneway[line] >= 0, roads.oneway[line] <= 0
    who = speeds.profile(profile)
    kmh = roads.kmh[line]
    there_s, back_s = times(length, kmh, open_, back, road_class=road_class, classes=classes, profile=who)
    made = RoadNetwork(
        crs, graph.nodes, graph.tail, graph.head, length, kmh, open_, back, there_s, back_s, road_class,
        roads.lines.level[line], roads.name[line], roads.layer[line], roads.fid[line], graph.coords, graph.offsets,
        classes, roads.names, tuple(one.id for one in layers), who, speeds,
        _no_report(layers),
    )  # fmt: skip
    object.__setattr__(made, "report", _report(made, roads, graph, tolerance))
    progress(1.0)
    return made


# --- what comes in ----------------------------------------------------------------------------------------------------


def _checked(layers: Sequence[RoadLayer]) -> Crs:
    if not layers:
        raise BadDataError("The map has no roads", hint="Add a layer of roads, or name yours in speeds.toml.")
    crs = layers[0].table.crs
    for one in layers:
        if not transformation(one.table.crs, crs).is_identity:
            raise CrsError("Layers of roads are in different systems", hint="Bring them into one: {first}", first=str(crs))
        if one.table.geometry.kind is not GeometryKind.LINE:
            raise BadDataError("The layer {layer} has no lines", hint="Roads are lines: name another layer.", layer=one.id)
    if crs.is_geographic:
        raise CrsError(
            "A road network cannot be made in degrees ({crs})", crs=crs.definition,
            hint="Use a projected system, for example EPSG:4546.",
        )  # fmt: skip
    return crs


def _roads(layers: Sequence[RoadLayer], speeds: Speeds) -> _Roads:
    numbers: dict[str, int] = {c.code: i for i, c in enumerate(speeds.classes)}
    names: dict[str, int] = {"": 0}
    unknown: dict[str, int] = {}
    issues: list[Issue] = []
    coords, sizes, parts = [], [], []
    for number, one in enumerate(layers):
        g = one.table.geometry
        feature = np.repeat(np.arange(len(g)), np.diff(g.geom_rings))
        finite = np.isfinite(g.coords).all(axis=1)
        size = np.add.reduceat(np.append(finite, False), g.ring_offsets[:-1]) if len(feature) else np.zeros(0, np.int64)
        size = np.where(np.diff(g.ring_offsets) > 0, size, 0)
        if not finite.all():
            issues.append(_issue("network.no_coordinates", "{count} vertices of {layer} have no coordinates and were left out", "Correct the lines.", one.id, int((~finite).sum())))
        coords.append(g.coords[finite])
        sizes.append(size)
        code, found = _classes(one.table, speeds.fields, numbers, len(speeds.classes))
        for key, count in found.items():
            unknown[key] = unknown.get(key, 0) + count
        level = _level(one, speeds.fields, issues)
        oneway = _oneway(one, speeds.fields, issues)
        own = _names(one.table, speeds.fields, names)
        kmh = _kmh(one, speeds, code, issues)
        parts.append([a[feature] for a in (code, level, oneway, own, kmh, one.table.fid)] + [np.full(len(feature), number, np.int16)])
    code, level, oneway, own, kmh, fid, layer = (np.concatenate(p) for p in zip(*parts, strict=True))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    lines = noding.Lines(np.concatenate(coords), offsets, level.astype(np.int16), code.astype(np.int16))
    return _Roads(lines, layer, fid, own.astype(np.int32), tuple(names), kmh.astype(np.float32), oneway.astype(np.int8),
                  tuple(sorted(unknown.items(), key=lambda item: -item[1])), tuple(issues))  # fmt: skip


def _classes(
    table: FeatureTable, fields: RoadFields, numbers: dict[str, int], rest: int
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Number of each feature's class, and the codes that are none with how often they come."""
    if fields.road_class not in table.column_names:
        return np.full(len(table), rest), {"": len(table)} if len(table) else {}
    number, values = columns.coded(table.column(fields.road_class))
    known = np.array([*(numbers.get(str(v), rest) for v in values), rest])
    found = np.bincount(np.where(number < 0, len(values), number), minlength=len(values) + 1)
    words = ["" if v is None else str(v) for v in values] + [""]
    unknown: dict[str, int] = {}
    for word, code, count in zip(words, known.tolist(), found.tolist(), strict=True):
        if code == rest and count:
            unknown[word] = unknown.get(word, 0) + count
    return known[number], unknown


def _names(table: FeatureTable, fields: RoadFields, names: dict[str, int]) -> NDArray[np.int64]:
    if fields.name not in table.column_names:
        return np.zeros(len(table), np.int64)
    number, values = columns.coded(table.column(fields.name))
    return np.array([*(names.setdefault(str(v or ""), len(names)) for v in values), 0])[number]


def _numbers(one: RoadLayer, field: str, issues: list[Issue]) -> NDArray[np.float64] | None:
    """A field as numbers; None where the layer lacks it or it holds none."""
    import pyarrow as pa

    if not field or field not in one.table.column_names:
        return None
    try:
        return columns.numbers(one.table.column(field))
    except pa.ArrowException:
        issues.append(_issue("network.no_numbers", "The field {field} of {layer} holds no numbers and was not used", "Correct it, or the fields in speeds.toml.", one.id, len(one.table), field=field))
        return None


def _level(one: RoadLayer, fields: RoadFields, issues: list[Issue]) -> NDArray[np.float64]:
    found = _numbers(one, fields.level, issues)
    return np.zeros(len(one.table)) if found is None else np.clip(np.round(np.nan_to_num(found)), -100, 100)


def _kmh(one: RoadLayer, speeds: Speeds, code: NDArray[np.int64], issues: list[Issue]) -> NDArray[np.float64]:
    usual = np.array([c.kmh for c in speeds.classes] + [speeds.unknown.kmh])[code]
    found = _numbers(one, speeds.fields.kmh, issues)
    if found is None:
        return usual
    bad = (found <= 0) | (found > MOST_KMH)
    if bad.any():
        issues.append(_issue("network.speed", "{count} roads of {layer} have a speed that cannot be; that of their class was taken", "Speeds are km/h above 0.", one.id, int(bad.sum())))
    return np.where(np.isfinite(found) & ~bad, found, usual)


def _oneway(one: RoadLayer, fields: RoadFields, issues: list[Issue]) -> NDArray[np.int64]:
    """1 in the direction of the line, -1 against it, 0 both ways."""
    if not fields.oneway or fields.oneway not in one.table.column_names:
        return np.zeros(len(one.table), np.int64)
    number, values = columns.coded(one.table.column(fields.oneway))
    words = [str(v).strip().casefold() for v in values] + [""]
    meaning = np.array([1 if w in _FORWARD else -1 if w in _BACKWARD else 0 for w in words])
    odd = np.array([w not in _FORWARD | _BACKWARD | _BOTH for w in words])[number]
    if odd.any():
        examples = ", ".join(w for w in words if w not in _FORWARD | _BACKWARD | _BOTH)[:80]
        issues.append(_issue("network.oneway", "{count} roads of {layer} have a one-way value that says nothing ({words}); they count as two-way", "Use true and false, or 1, 0 and -1.", one.id, int(odd.sum()), words=examples))
    return meaning[number]


def _issue(code: str, message: str, hint: str, layer: str, count: int, **values: Any) -> Issue:
    words = {name: str(value) for name, value in values.items()}
    return Issue(code, "warning", message, hint, layer, count=count, values={"count": str(count), "layer": layer, **words})


# --- the report -------------------------------------------------------------------------------------------------------


def _no_report(layers: Sequence[RoadLayer]) -> BuildReport:
    """What stands in for the report while it is made of the network."""
    none = np.zeros(0)
    nothing = Findings(none.astype(np.int8), none.reshape(0, 2), none, none.astype(np.int16), none.astype(np.int64), none.astype(np.int16), none.astype(np.int64))
    return BuildReport(tuple(one.id for one in layers), 0, 0.0, 0, 0, 0.0, nothing, (), 0.0, 0)


def _report(network: RoadNetwork, roads: _Roads, graph: noding.Graph, tolerance_m: float) -> BuildReport:
    from scipy.sparse.csgraph import connected_components

    part = network.part[network.tail]
    count = int(part.max()) + 1
    length: NDArray[np.float64] = np.bincount(part, network.length_m, minlength=count).astype(np.float64)
    edges = np.bincount(part, minlength=count)
    first = np.full(count, -1)
    first[part[::-1]] = np.arange(len(part))[::-1]
    at = network.coords[network.offsets[first]]
    islands = tuple(Island(i, int(edges[i]), float(length[i]), float(at[i, 0]), float(at[i, 1])) for i in range(1, count))
    arcs, _ = network.arcs
    parts, label = connected_components(arcs, directed=True, connection="strong")
    main = network.part == 0
    largest = int(np.argmax(np.bincount(label[main], minlength=parts)))
    trapped = int((main & (label != largest)).sum())
    found = list(graph.found)
    found += [_dead_ends(network, graph), _doubles(network, graph)]
    lone = first[1:]
    found.append(noding.Found(np.full(len(lone), Kind.ISLAND, np.int8), at[1:], length[1:], graph.line[lone], np.full(len(lone), -1, np.int64)))
    total = float(network.length_m.sum())
    made = BuildReport(
        network.layers, len(roads.lines.level), total, network.node_count, network.edge_count, tolerance_m,
        _findings(found, roads, network.crs.metres_per_unit), islands, float(length[0] / total) if total else 1.0, trapped, roads.unknown,
    )  # fmt: skip
    object.__setattr__(made, "issues", (*roads.issues, *_issues(made)))
    return made


def _dead_ends(network: RoadNetwork, graph: noding.Graph) -> noding.Found:
    degree = np.bincount(np.concatenate([network.tail, network.head]), minlength=network.node_count)
    edge = np.concatenate([np.flatnonzero(degree[ends] == 1) for ends in (network.tail, network.head)])
    size = int((degree[network.tail] == 1).sum())
    node = np.concatenate([network.tail[edge[:size]], network.head[edge[size:]]])
    return noding.Found(np.full(len(edge), Kind.DEAD_END, np.int8), network.nodes[node], np.zeros(len(edge)), graph.line[edge], np.full(len(edge), -1, np.int64))


def _doubles(network: RoadNetwork, graph: noding.Graph) -> noding.Found:
    """Edges between the same nodes, as long as one another to the centimetre."""
    low, high = np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)
    centimetres = np.round(network.length_m * 100).astype(np.int64)
    order = np.lexsort((np.arange(len(low)), centimetres, high, low))
    key = np.stack([low[order], high[order], centimetres[order]])
    again = np.flatnonzero((key[:, 1:] == key[:, :-1]).all(axis=0)) + 1
    edge, other = order[again], order[again - 1]
    xy = network.coords[network.offsets[edge]]
    return noding.Found(np.full(len(edge), Kind.DOUBLE, np.int8), xy, network.length_m[edge], graph.line[edge], graph.line[other])


def _findings(found: Sequence[noding.Found], roads: _Roads, metres: float) -> Findings:
    kind, xy, moved, line, other = (np.concatenate(p) for p in zip(*found, strict=True))
    moved = np.where(kind <= Kind.REFUSED, moved * np.where(kind == Kind.DOUBLE, 1.0, metres), moved)
    order = np.lexsort((xy[:, 0], xy[:, 1], line, kind))
    kind, xy, moved, line, other = (a[order] for a in (kind, xy, moved, line, other))
    there = other >= 0
    return Findings(
        kind, xy, moved, roads.layer[line], roads.fid[line],
        np.where(there, roads.layer[other], -1).astype(np.int16), np.where(there, roads.fid[other], -1),
    )  # fmt: skip


def _issues(report: BuildReport) -> list[Issue]:
    made = []
    if report.unknown_classes:
        count = sum(n for _, n in report.unknown_classes)
        words = ", ".join(code or "-" for code, _ in report.unknown_classes[:8])
        made.append(_issue("network.class", "{count} roads have a class that speeds.toml does not know ({words}); they count as the slowest", "Add the classes to speeds.toml.", "", count, words=words))
    if report.islands:
        length = sum(i.length_m for i in report.islands) / 1000
        made.append(_issue("network.islands", "{count} parts of the network ({length} km) are not connected to the rest", "Check the roads there, or raise the tolerance.", "", len(report.islands), length=f"{length:,.1f}"))
    if report.trapped:
        made.append(_issue("network.trapped", "From {count} crossings one-way roads give no way back, or none there", "Check the direction of one-way roads.", "", report.trapped))
    refused = report.findings.count(Kind.REFUSED)
    if refused:
        made.append(_issue("network.refused", "{count} ends lie on roads of another level or on expressways and were not joined", "If they do meet, correct the level.", "", refused))
    lost = report.findings.count(Kind.NO_LENGTH)
    if lost:
        made.append(_issue("network.no_length", "{count} lines without length were left out", "Delete them.", "", lost))
    return made
