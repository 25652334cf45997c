"""Time the road network: ``python benchmarks/roads.py [FILE LAYER --class FIELD --kmh FIELD] [--runs 9]``, the sample city without a file.

Building, and questions to it in turn, each run of another place: processor time of all threads and the clock, medians. With
``--networkx`` the same one-to-all questions are asked of networkx between ours, and must have the same answers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

import lydigital as ly
from lydigital.commands.network import network_of, speeds_of
from lydigital.domain import network as domain
from lydigital.domain import routing
from lydigital.domain.closures import Barrier, close
from lydigital.stores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.network import RoadNetwork


def measure(work: dict[str, Callable[[int], object]], runs: int) -> dict[str, dict[str, float]]:
    """Milliseconds, medians of the runs after the first; the questions take turns, so that all see the same machine."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for run in range(runs + 1):
        for name, ask in work.items():
            began, used = time.perf_counter(), time.process_time()
            ask(run)
            spent[name].append((time.perf_counter() - began, time.process_time() - used))
    return {
        name: {"ms": _ms(s[0] for s in found[1:]), "cpu_ms": _ms(s[1] for s in found[1:])} for name, found in spent.items()
    }


def _ms(seconds: Any) -> float:
    return round(1000 * statistics.median(seconds), 2)


def built(given: argparse.Namespace) -> RoadNetwork:
    """The network of a file, or of the sample city."""
    if not given.file:
        session = ly.open("sample")
        made = network_of(session)
        session.close()
        return made
    speeds = speeds_of()
    fields = msgspec.structs.replace(speeds.fields, road_class=given.road_class, kmh=given.kmh)
    table = open_store(given.file).read(given.layer)
    return domain.build([domain.RoadLayer(given.layer, table)], msgspec.structs.replace(speeds, fields=fields))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("layer", nargs="?", default="roads")
    parser.add_argument("--class", dest="road_class", default="class")
    parser.add_argument("--kmh", default="speed")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--networkx", action="store_true")
    given = parser.parse_args()
    began, used = time.perf_counter(), time.process_time()
    net = built(given)
    figures: dict[str, Any] = {
        "edges": net.edge_count, "nodes": net.node_count,
        "build": {"ms": _ms([time.perf_counter() - began]), "cpu_ms": _ms([time.process_time() - used])},
    }  # fmt: skip
    main_part = np.flatnonzero((net.part[net.tail] == 0) & net.has_access)
    edges = np.random.default_rng(7).choice(main_part, 2 * (given.runs + 1))
    places = routing.snap(net, shapely.get_coordinates(shapely.line_interpolate_point(net.lines[edges], 0.4, normalized=True)))

    def one(run: int) -> Any:
        return places.take([run])

    def shut(run: int) -> object:
        closed = close(net, [Barrier("zone", shapely.buffer(shapely.Point(places.xy[run]), 2000))])
        return routing.one_to_all(closed, routing.snap(closed, places.xy[-1:]))

    questions: dict[str, Callable[[int], object]] = {
        "one to all": lambda run: routing.one_to_all(net, one(run)),
        "one to all within 30 min": lambda run: routing.one_to_all(net, one(run), limit_s=1800),
        "way": lambda run: routing.routes(net, one(run), one(run + given.runs)),
        "areas of 5, 15, 30 min": lambda run: routing.isochrone(net, one(run), [300, 900, 1800]),
        "closing a zone, one to all": shut,
    }
    if given.networkx:
        questions["one to all, networkx"] = _by_networkx(net, one)
    figures |= measure(questions, given.runs)
    json.dump(figures, sys.stdout, indent=1)


def _by_networkx(net: RoadNetwork, one: Callable[[int], Any]) -> Callable[[int], object]:
    import networkx as nx

    matrix, _ = net.arcs
    graph = nx.from_scipy_sparse_array(matrix, create_using=nx.DiGraph)

    def ask(run: int) -> object:
        place = one(run)
        edge, along = int(place.edge[0]), float(place.along[0])
        graph.add_node("start")
        for node, share, seconds in ((net.tail[edge], along, net.seconds_back[edge]), (net.head[edge], 1 - along, net.seconds[edge])):
            if np.isfinite(seconds):
                graph.add_edge("start", int(node), weight=float(share * seconds))
        found = nx.single_source_dijkstra_path_length(graph, "start")
        graph.remove_node("start")
        ours = routing.one_to_all(net, place).seconds
        theirs = np.full(net.node_count, np.inf)
        for node, seconds in found.items():
            if node != "start":
                theirs[node] = seconds
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
        return found

    return ask


if __name__ == "__main__":
    main()
