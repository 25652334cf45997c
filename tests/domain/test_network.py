"""Road networks from lines: what is joined, what is not, what was repaired, and what is wrong with the roads."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lydigital.domain.network import RoadLayer, build
from lydigital.errors import BadDataError, CancelledError, CrsError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.network import Kind
from lydigital.model.table import FeatureTable
from tests.domain.roads import CRS, SPEEDS, X, Y, counts, layer, network, parts

ACROSS = [(0, 0), (200, 0)]


def test_an_end_near_a_road_is_moved_onto_it():
    """    |  4 m
    ----+----
    """
    made = network(ACROSS, [(100, 4), (100, 90)])
    assert counts(made) == {Kind.END_TO_LINE: 1}
    assert made.report.findings.moved_m[made.report.findings.kind == Kind.END_TO_LINE] == pytest.approx(4.0)
    assert (made.node_count, made.edge_count, parts(made)) == (4, 3, 1)
    assert any(np.allclose(node, (X + 100, Y)) for node in made.nodes)
    assert made.length_m.sum() == pytest.approx(290, rel=1e-5)


@pytest.mark.parametrize("gap", [5.1, 50.0])
def test_beyond_the_tolerance_it_stays(gap):
    made = network(ACROSS, [(100, gap), (100, 90)])
    assert counts(made) == {}
    assert parts(made) == 2
    assert made.report.findings.count(Kind.DEAD_END) == 4
    (island,) = made.report.islands
    assert island.length_m == pytest.approx(90 - gap, rel=1e-5)
    assert [i.code for i in made.report.issues] == ["network.islands"]


def test_an_end_does_not_jump_to_another_level():
    made = network(ACROSS, [(100, 3), (100, 90)], level=[1, 0])
    assert counts(made) == {Kind.REFUSED: 1}
    assert parts(made) == 2


def test_an_end_on_a_road_is_a_ramp_whatever_its_level():
    made = network(ACROSS, [(100, 0), (100, 90)], level=[1, 0])
    assert counts(made) == {Kind.TOUCH: 1}
    assert parts(made) == 1


def test_an_overshoot_is_drawn_back():
    made = network(ACROSS, [(100, -3), (100, 90)])
    assert counts(made) == {Kind.END_TO_LINE: 1}
    assert (made.node_count, made.edge_count) == (4, 3)


def test_two_ends_with_a_gap_become_one():
    made = network([(0, 0), (100, 0)], [(103, 1), (200, 0)])
    assert counts(made) == {Kind.END_TO_END: 1}
    assert (made.node_count, made.edge_count, parts(made)) == (3, 2, 1)


def test_no_tolerance_moves_nothing():
    assert parts(network(ACROSS, [(100, 0.5), (100, 90)], tolerance_m=0.0)) == 2


def test_a_road_does_not_lean_on_itself():
    """The end of a short hook is near its own beginning, and stays."""
    made = network([(0, 0), (3, 0), (3, 2)])
    assert counts(made) == {}
    assert made.edge_count == 1


@pytest.mark.parametrize(("level", "joined"), [([0, 0], True), ([1, 1], True), ([0, 1], False), ([-1, 0], False)])
def test_crossings_meet_on_one_level_only(level, joined):
    made = network(ACROSS, [(100, -50), (100, 50)], level=level)
    assert counts(made) == ({Kind.CROSSING: 1} if joined else {})
    assert made.edge_count == (4 if joined else 2)
    assert parts(made) == (1 if joined else 2)


@pytest.mark.parametrize(("level", "joined"), [([0, 0], True), ([0, 1], False)])
def test_a_common_vertex_joins_on_one_level_only(level, joined):
    made = network([(0, 0), (100, 0), (200, 0)], [(100, -50), (100, 0), (100, 50)], level=level)
    assert counts(made) == {}
    assert parts(made) == (1 if joined else 2)


def test_a_road_that_crosses_itself_meets_itself():
    made = network([(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)])
    assert counts(made) == {Kind.CROSSING: 1}
    assert made.edge_count == 3


def test_three_roads_through_one_point_meet_in_one_node():
    made = network([(0, 0), (100, 0)], [(50, -50), (50, 50)], [(0, -50), (100, 50)])
    assert made.edge_count == 6
    assert parts(made) == 1


def test_expressways_meet_only_what_they_join():
    """A national road has an interchange at the common vertex on another level; a village road that ends there has none."""
    fast = [(0, 0), (100, 0), (200, 0), (300, 0)]
    made = network(
        fast, [(100, -50), (100, 0), (100, 50)], [(200, 0), (200, 50)], [(250, -50), (250, 50)],
        kind=["fast", "main", "way", "way"], level=[1, 0, 0, 1],
    )  # fmt: skip
    assert counts(made) == {Kind.INTERCHANGE: 1, Kind.REFUSED: 1}
    assert parts(made) == 3
    assert {made.fid[e] for e in np.flatnonzero(made.part[made.tail] == 0)} == {1, 2}


def test_a_ring_is_an_edge():
    made = network([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    assert (made.node_count, made.edge_count) == (1, 1)
    assert made.length_m[0] == pytest.approx(400, rel=1e-5)


def test_lines_laid_twice_and_lines_without_length_are_told():
    made = network(ACROSS, ACROSS, [(9, 9), (9, 9)])
    assert counts(made) == {Kind.NO_LENGTH: 1, Kind.DOUBLE: 1}
    assert made.edge_count == 2
    graph, _ = made.arcs
    assert graph.nnz == 2


def test_vertices_a_few_millimetres_apart_stay_a_line():
    """A track recorded at rest: nothing of it may collapse, even where another road crosses."""
    dense = [(x / 200, 0.0) for x in range(2001)]
    made = network(dense, [(5, -5), (5, 5)])
    assert made.length_m.sum() == pytest.approx(20, rel=2e-3)
    assert made.edge_count == 4


def test_four_roads_that_nearly_meet_in_a_point_have_no_pieces_without_length():
    made = network([(0, 0), (100, 0.003)], [(50, -50), (50, 0.0)], [(0, -50), (100, 50.004)], [(100, -50.004), (0, 50)])
    assert (made.length_m > 0.005).all()
    assert parts(made) == 1


def test_a_road_out_and_back_is_two_pieces():
    made = network([(0, 0), (100, 0), (0, 0)], [(50, 0), (50, 60)])
    assert made.length_m.sum() == pytest.approx(260, rel=1e-5)
    assert parts(made) == 1


def test_lengths_are_those_of_the_ground():
    """200 km east of the central meridian the map is 0.05 % too long."""
    made = network([(200_000, 0), (201_000, 0)])
    assert made.length_m[0] == pytest.approx(1000 / 1.000492, abs=0.02)


def test_oneway_words():
    words = ["1", "-1", "0", "yes", None, "是", "reverse", "perhaps"]
    made = network(*([(0, 40 * k), (100, 40 * k)] for k in range(8)), oneway=words)
    order = np.argsort(made.fid)
    there, back = made.is_open[order].tolist(), made.is_open_back[order].tolist()
    assert there == [True, False, True, True, True, True, False, True]
    assert back == [False, True, True, False, True, False, True, True]
    (issue,) = [i for i in made.report.issues if i.code == "network.oneway"]
    assert (issue.count, issue.values["words"]) == (1, "perhaps")


def test_speeds_come_from_the_field_else_the_class():
    lines = [[(0, 40 * k), (100, 40 * k)] for k in range(5)]
    made = network(*lines, kind=["way", "main", "odd", "way", "way"], kmh=[18.0, None, None, -5.0, 900.0])
    kmh = made.kmh[np.argsort(made.fid)]
    assert kmh.tolist() == [18.0, 54.0, 18.0, 36.0, 36.0]
    assert made.report.unknown_classes == (("odd", 1),)
    assert {i.code: i.count for i in made.report.issues} == {"network.speed": 2, "network.class": 1, "network.islands": 4}


def test_walkers_ignore_one_way_and_stay_off_expressways():
    made = network([(0, 0), (100, 0)], [(0, 50), (100, 50)], kind=["way", "fast"], oneway=["1", "0"], profile="foot")
    order = np.argsort(made.fid)
    assert made.seconds[order].tolist() == [pytest.approx(100, rel=1e-5), np.inf]
    assert made.seconds_back[order].tolist() == [pytest.approx(100, rel=1e-5), np.inf]
    assert made.for_profile(SPEEDS.profile("car")).seconds[order].tolist() == pytest.approx([10, 5], rel=1e-5)


def test_one_way_traps_are_told():
    made = network([(0, 0), (100, 0)], [(100, 0), (200, 0)], oneway=["0", "1"])
    assert made.report.trapped == 1


def test_vertices_without_coordinates_are_left_out():
    made = network([(0, 0), (np.nan, 5), (100, 0)])
    assert made.length_m[0] == pytest.approx(100, rel=1e-5)
    assert [i.code for i in made.report.issues] == ["network.no_coordinates"]


def test_a_layer_without_fields_is_a_network_all_the_same():
    bare = RoadLayer("road", FeatureTable(np.array([1]), pa.table({"x": ["a"]}), layer(ACROSS).table.geometry, Crs("EPSG:4546")))
    made = build([bare], SPEEDS)
    assert made.kmh.tolist() == [18.0]
    assert made.report.unknown_classes == (("", 1),)


def test_a_level_of_words_is_told():
    made = network(ACROSS, level="bridge")
    assert made.level.tolist() == [0]
    assert [i.code for i in made.report.issues] == ["network.no_numbers"]


def test_two_layers_meet():
    made = build([layer(ACROSS, kind="way"), layer([(200, 0), (300, 0)], layer_id="street", kind="way")], SPEEDS)
    same = build([layer(ACROSS, kind="way"), layer([(200, 0), (300, 0)], layer_id="street", kind="way", crs=Crs(CRS.proj.to_wkt()))], SPEEDS)
    assert parts(same) == parts(made) == 1
    assert sorted(zip(made.layer.tolist(), made.fid.tolist(), strict=True)) == [(0, 1), (1, 1)]


def test_progress_is_told_and_may_end_the_work():
    told = []
    build([layer(ACROSS, [(100, 4), (100, 90)], kind="way")], SPEEDS, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(_done):
        raise CancelledError("x", hint="y")

    with pytest.raises(CancelledError):
        build([layer(ACROSS, kind="way")], SPEEDS, progress=stop)


def test_what_is_no_network_is_refused():
    with pytest.raises(BadDataError):
        build([], SPEEDS)
    with pytest.raises(BadDataError, match="no roads"):
        network()
    with pytest.raises(BadDataError, match="no roads"):
        network([(5, 5), (5, 5)])
    with pytest.raises(CrsError, match="degrees"):
        build([layer(ACROSS, crs=Crs("EPSG:4490"))], SPEEDS)
    with pytest.raises(CrsError, match="different"):
        build([layer(ACROSS), layer(ACROSS, crs=Crs("EPSG:4547"))], SPEEDS)
    with pytest.raises(BadDataError, match="km apart"):
        network(ACROSS, [(0, 0), (9e9, 0)])
    points = FeatureTable(np.array([1]), pa.table({"x": [1]}), GeometryArray.from_points(np.array([[X, Y]])), Crs("EPSG:4546"))
    with pytest.raises(BadDataError, match="no lines"):
        build([RoadLayer("road", points)], SPEEDS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 4), min_size=1, max_size=8))
def test_splitting_keeps_every_metre(ends):
    """On a coarse grid lines touch, cross and overlap in every way; no piece may be lost, and every end is a node."""
    lines = [[(50 * a, 50 * b), (50 * c, 50 * d)] for a, b, c, d in ends if (a, b) != (c, d)]
    if not lines:
        return
    made = network(*lines, tolerance_m=1.0)
    planar = sum(np.hypot(c - a, d - b) for (a, b), (c, d) in lines)
    assert made.length_m.sum() == pytest.approx(planar, rel=1e-5)
    where = {(round(x - X, 3), round(y - Y, 3)) for x, y in made.nodes.tolist()}
    assert {tuple(map(float, end)) for line in lines for end in line} <= where
    first, last = made.coords[made.offsets[:-1]], made.coords[made.offsets[1:] - 1]
    np.testing.assert_allclose(first, made.nodes[made.tail], atol=0.02)
    np.testing.assert_allclose(last, made.nodes[made.head], atol=0.02)
    shapes = shapely.linestrings([np.array(line) for line in lines])
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1e-6)
    meet = coo_array((np.ones(pairs.shape[1]), pairs), shape=(len(lines),) * 2)
    assert parts(made) == connected_components(meet, directed=False)[0], "what touches is connected, and nothing else"
    assert shapely.length(shapely.union_all(made.lines)) == pytest.approx(shapely.length(shapely.union_all(shapes)), rel=1e-6)
