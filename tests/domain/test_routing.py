"""Fastest ways: the times are those of networkx, the ways are those of the times, and no way is a reason."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

import lydigital as ly
from lydigital.commands.network import network_of
from lydigital.domain import routing
from lydigital.domain.closures import Barrier, close
from lydigital.errors import BadDataError, RefusedError
from tests.domain.roads import SPEEDS, X, Y, at, network

CROSS = ([(0, 0), (100, 0), (200, 0)], [(100, -100), (100, 0), (100, 100)])


def some_network(count=220, seed=7):
    """Roads between random places on a grid: crossings, one-way roads, three speeds, dead ends, islands."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 40, (count, 2))
    step = rng.integers(-9, 10, (count, 2))
    lines = [[tuple(a * 50.0), tuple((a + b) * 50.0)] for a, b in zip(ends, step, strict=True) if b.any()]
    n = len(lines)
    return network(*lines, kind=rng.choice(["way", "main"], n).tolist(), oneway=rng.choice(["0", "0", "1", "-1"], n).tolist(),
                   kmh=rng.choice([20.0, 36.0, 60.0], n).tolist())  # fmt: skip


def graph_of(made, starts, ends):
    """The same roads and places in networkx: a node for each place, on both parts of its edge."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(made.node_count))

    def add(a, b, seconds):
        if np.isfinite(seconds) and (not graph.has_edge(a, b) or graph[a][b]["weight"] > seconds):
            graph.add_edge(a, b, weight=float(seconds))

    def part(share, seconds):
        return share * seconds if share else 0.0

    for e in range(made.edge_count):
        tail, head = int(made.tail[e]), int(made.head[e])
        add(tail, head, made.seconds[e])
        add(head, tail, made.seconds_back[e])
    for name, places, leaves in (("s", starts, True), ("e", ends, False)):
        for i, (e, along) in enumerate(zip(places.edge.tolist(), places.along.tolist(), strict=True)):
            graph.add_node((name, i))
            if e < 0:
                continue
            there, back = made.seconds[e], made.seconds_back[e]
            to_tail, to_head = ((name, i), int(made.tail[e])), ((name, i), int(made.head[e]))
            if leaves:
                add(*to_tail, part(along, back))
                add(*to_head, part(1 - along, there))
            else:
                add(*to_tail[::-1], part(along, there))
                add(*to_head[::-1], part(1 - along, back))
    for (i, e), (j, f) in itertools.product(enumerate(starts.edge.tolist()), enumerate(ends.edge.tolist())):
        if e == f and e >= 0:
            step = ends.along[j] - starts.along[i]
            add(("s", i), ("e", j), part(abs(step), made.seconds[e] if step > 0 else made.seconds_back[e]))
    return graph


def seconds_in(graph, i, j):
    try:
        return nx.dijkstra_path_length(graph, ("s", i), ("e", j))
    except nx.NetworkXNoPath:
        return np.inf


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield network_of(session)
    session.close()


def test_the_citys_times_are_those_of_networkx_on_100_random_pairs(city):
    rng = np.random.default_rng(20251)
    edges = rng.choice(city.edge_count, 200, replace=False)
    starts = routing.snap(city, city.coords[city.offsets[edges[:100]]] + rng.uniform(-80, 80, (100, 2)))
    ends = routing.snap(city, city.coords[city.offsets[edges[100:]]] + rng.uniform(-80, 80, (100, 2)))
    graph = graph_of(city, starts, ends)
    expected = [seconds_in(graph, k, k) for k in range(100)]
    assert sum(np.isfinite(expected)) > 95
    ways = routing.routes(city, starts, ends, [(k, k) for k in range(100)])
    for way, seconds in zip(ways, expected, strict=True):
        assert (way.seconds is None) == np.isinf(seconds)
        assert way.seconds is None or way.seconds == pytest.approx(seconds, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_networks_agree_with_networkx_in_every_way_of_asking(seed):
    made = some_network(seed=seed)
    rng = np.random.default_rng(seed)
    xy = at(*rng.uniform(0, 2000, (34, 2)))
    starts, ends = routing.snap(made, xy[:14]), routing.snap(made, xy[14:])
    starts = routing.snap(made, np.concatenate([starts.xy, ends.on_road[:4] + 1.0]))  # some on the same edges
    graph = graph_of(made, starts, ends)
    expected = np.array([[seconds_in(graph, i, j) for j in range(len(ends))] for i in range(len(starts))])
    assert 0.02 < np.isinf(expected).mean() < 0.9
    np.testing.assert_allclose(routing.matrix(made, starts, ends), expected, rtol=1e-9)
    few = ends.take(range(5))
    np.testing.assert_allclose(routing.matrix(made, starts, few), expected[:, :5], rtol=1e-9)
    np.testing.assert_allclose(routing.one_to_all(made, starts).at(ends), expected.min(axis=0), rtol=1e-9)
    np.testing.assert_allclose(routing.one_to_all(made, ends, towards=True).at(starts), expected.min(axis=1), rtol=1e-9)
    for pairs in (None, [(k, 3) for k in range(len(starts))]):  # by trees from the starts, and towards the end
        for way in routing.routes(made, starts, ends, pairs):
            seconds = expected[way.start, way.end]
            assert way.seconds == (None if np.isinf(seconds) else pytest.approx(seconds, rel=1e-9))
            assert bool(way.reason) == np.isinf(seconds)
            if way.seconds is not None:
                follow(made, way, starts, ends)
    for i, near in enumerate(routing.nearest(made, starts, ends, 3)):
        assert [n.seconds for n in near] == pytest.approx([s for s in sorted(expected[i])[:3] if np.isfinite(s)])
        assert all(expected[i, n.target] == pytest.approx(n.seconds) for n in near)
    for i, near in enumerate(routing.nearest(made, few, starts, 2, towards=True)):  # more targets than places, they come
        assert [n.seconds for n in near] == pytest.approx([s for s in sorted(expected[:, i])[:2] if np.isfinite(s)])


def follow(made, way, starts, ends):
    """A way is a line from road to road without jumps, as long as it says, and its legs are all of it."""
    points = np.array(way.points)
    np.testing.assert_allclose(points[0], starts.on_road[way.start], atol=1e-6)
    np.testing.assert_allclose(points[-1], ends.on_road[way.end], atol=1e-6)
    assert np.hypot(*np.diff(points, axis=0).T).sum() == pytest.approx(way.length_m, rel=1e-4, abs=1e-3)
    assert sum(leg.length_m for leg in way.legs) == pytest.approx(way.length_m)
    assert sum(leg.seconds for leg in way.legs) == pytest.approx(way.seconds)
    assert way.legs[-1].turn == "arrive"


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_places_lie_anywhere_along_an_edge():
    made = network([(0, 0), (100, 0)])
    places = routing.snap(made, at((20, 7), (70, -3), (150, 0)))
    assert places.off_m.tolist() == pytest.approx([7, 3, 50])
    assert places.along.tolist() == pytest.approx([0.2, 0.7, 1.0])
    (way,) = routing.routes(made, places, places, [(0, 1)])
    assert (way.seconds, way.length_m) == (pytest.approx(5.0, rel=1e-5), pytest.approx(50, rel=1e-5))
    assert (way.off_start_m, way.off_end_m) == (pytest.approx(7), pytest.approx(3))
    assert way.points == ((X + 20, Y), (X + 70, Y))
    assert routing.routes(made, places, places, [(1, 1)])[0].seconds == 0.0


def test_against_a_one_way_road_one_goes_round():
    square = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]
    made = network(*square, oneway="1")
    places = routing.snap(made, at((70, 0), (20, 0)))
    there, back = routing.routes(made, places, places, [(1, 0), (0, 1)])
    assert there.length_m == pytest.approx(50, rel=1e-5)
    assert back.length_m == pytest.approx(350, rel=1e-5)
    assert [leg.turn for leg in back.legs] == ["start", "left", "left", "left", "left", "arrive"]


def test_the_turn_list_names_roads_and_turns():
    names = ["中州路", "定鼎路"]
    made = network(*CROSS, name=names)
    places = routing.snap(made, at((10, 0), (100, 90), (100, -90), (190, 0)))
    left, right, ahead = routing.routes(made, places, places, [(0, 1), (0, 2), (0, 3)])
    assert [(leg.turn, leg.name) for leg in left.legs] == [("start", "中州路"), ("left", "定鼎路"), ("arrive", "")]
    assert [leg.turn for leg in right.legs] == ["start", "right", "arrive"]
    assert [(leg.turn, leg.name) for leg in ahead.legs] == [("start", "中州路"), ("arrive", "")]
    assert (left.legs[1].x, left.legs[1].y) == (X + 100, Y)
    assert left.legs[0].class_name


def test_the_faster_of_two_roads_is_taken():
    made = network([(0, 0), (1000, 0)], [(0, 0), (500, 50), (1000, 0)], kind=["way", "main"])
    places = routing.snap(made, at((0, 0), (1000, 0)))
    (way,) = routing.routes(made, places, places, [(0, 1)])
    assert way.length_m == pytest.approx(2 * np.hypot(500, 50), rel=1e-5)
    assert len(way.points) == 3


def test_places_are_not_put_on_expressways_unless_asked():
    made = network([(0, 0), (100, 0)], [(0, 60), (100, 60)], kind=["fast", "way"])
    beside = at((50, 5))
    assert made.fid[routing.snap(made, beside).edge[0]] == 2
    assert made.fid[routing.snap(made, beside, anywhere=True).edge[0]] == 1


def test_places_far_from_any_road_are_on_none():
    made = network([(0, 0), (100, 0)])
    places = routing.snap(made, at((50, 2500), (50, 10)))
    assert places.edge.tolist() == [-1, 0]
    assert places.off_m[0] == pytest.approx(2500)
    assert np.isnan(places.on_road[0]).all()
    tree = routing.one_to_all(made, places)
    assert np.isinf(tree.at(places)[0])
    (way,) = routing.routes(made, places, places, [(1, 0)])
    assert way.seconds is None
    assert "2,500 m" in way.reason
    assert np.isinf(routing.matrix(made, places, places)[0]).all()
    assert routing.nearest(made, places, places, 2)[0] == ()
    nowhere = places.take([0])
    assert np.isinf(routing.one_to_all(made, nowhere).seconds).all()
    with pytest.raises(BadDataError, match="on a road"):
        routing.isochrone(made, nowhere, [60])
    with pytest.raises(BadDataError, match="no coordinates"):
        routing.snap(made, np.array([[np.nan, 0.0]]))


def test_reasons_for_no_way():
    made = network([(0, 0), (100, 0)], [(0, 60), (100, 60)], [(100, 0), (200, 0)], oneway=["0", "0", "1"])
    places = routing.snap(made, at((50, 0), (50, 60), (150, 0)))
    island, one_way = routing.routes(made, places, places, [(0, 1), (2, 0)])
    assert "1 pieces of road" in island.reason
    assert "One-way" in one_way.reason
    shut = close(made, [Barrier("slide", layer="road", fids=(3,))])
    there = routing.snap(shut, at((50, 0), (150, 0)), farthest_m=500)
    assert there.is_cut.tolist() == [False, True]
    (cut,) = routing.routes(close(made, [Barrier("slide", line((120, -5), (120, 5)))]), *two(made, (50, 0), (180, 0)))
    assert cut.reason == "Closures cut every way."


def line(*places):
    import shapely

    return shapely.linestrings(at(*places))


def two(made, start, end):
    shut = close(made, [Barrier("slide", line((120, -5), (120, 5)))])
    return routing.snap(shut, at(start)), routing.snap(shut, at(end))


def test_limits_end_the_search():
    made = network(*([(100 * k, 0), (100 * k + 100, 0)] for k in range(10)))
    places = routing.snap(made, at((0, 0), (250, 0), (900, 0)))
    assert routing.matrix(made, places.take([0]), places, limit_s=30)[0].tolist() == [0, pytest.approx(25, rel=1e-5), np.inf]
    tree = routing.one_to_all(made, places.take([0]), limit_s=30)
    assert np.isfinite(tree.seconds).sum() == 4


def test_walkers_take_another_way():
    made = network([(0, 0), (1000, 0)], [(0, 0), (0, 300), (1000, 300), (1000, 0)], kind=["fast", "main"])
    places = routing.snap(made, at((0, 100), (1000, 100)))
    car = routing.routes(made, places, places, [(0, 1)])[0]
    walker = made.for_profile(SPEEDS.profile("foot"))
    foot = routing.routes(walker, places, places, [(0, 1)])[0]
    assert car.length_m == pytest.approx(1200, rel=1e-4)
    assert foot.length_m == pytest.approx(1400, rel=1e-4)
    assert foot.seconds == pytest.approx(1400, rel=1e-4)


def test_a_matrix_has_its_bounds():
    made = network([(0, 0), (100, 0)])
    many = routing.snap(made, at((0, 0))).take([0] * 5001)
    with pytest.raises(RefusedError, match="too large"):
        routing.matrix(made, many, many)
