"""Roads that are cut: what is left, what was taken, and closures that take nothing or everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from lydigital.domain import routing
from lydigital.domain.closures import Barrier, close
from tests.domain.roads import SPEEDS, X, Y, at, network

LADDER = ([(0, 0), (1000, 0)], [(0, 200), (1000, 200)], [(0, 0), (0, 200)], [(1000, 0), (1000, 200)])


def box(x0, y0, x1, y1):
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def line(*places):
    return shapely.linestrings(at(*places))


def metres(made, start, end):
    places = routing.snap(made, at(start, end))
    (way,) = routing.routes(made, places, places, [(0, 1)])
    return None if way.length_m is None else round(way.length_m)


def test_a_line_across_a_road_cuts_it_there_and_nowhere_else():
    made = network(*LADDER)
    shut = close(made, [Barrier("slide", line((400, -5), (400, 5)))])
    assert metres(made, (300, 0), (500, 0)) == 200
    assert metres(shut, (300, 0), (500, 0)) == 300 + 200 + 1000 + 200 + 500
    assert metres(shut, (10, 0), (390, 0)) == 380
    assert shut.edge_count == made.edge_count + 1
    assert shut.length_m.sum() == pytest.approx(made.length_m.sum())
    (closed,) = shut.closed
    assert (closed.layer, closed.fid, closed.reason, closed.length_m) == ("road", 1, "slide", 0.0)
    assert shapely.equals_exact(shapely.from_wkb(closed.wkb), shapely.Point(X + 400, Y), 1e-6)


def test_an_area_takes_what_it_covers():
    made = network(*LADDER)
    shut = close(made, [Barrier("zone", box(300, -50, 500, 50))])
    assert shut.length_m.sum() == pytest.approx(made.length_m.sum() - 200, rel=1e-5)
    assert shut.closed[0].length_m == pytest.approx(200, rel=1e-5)
    assert metres(shut, (250, 0), (600, 0)) == 250 + 200 + 1000 + 200 + 400
    places = routing.snap(shut, at((400, 10), (100, 10)))
    assert places.is_cut.tolist() == [True, False]
    assert places.off_m[0] == pytest.approx(np.hypot(100, 10), rel=1e-5)


@pytest.mark.parametrize(("away", "is_cut"), [(0, True), (14, True), (16, False)])
def test_a_point_closes_the_road_beside_it(away, is_cut):
    made = network(*LADDER)
    shut = close(made, [Barrier("slide", shapely.Point(X + 400, Y + away))])
    assert (metres(shut, (300, 0), (500, 0)) != 200) == is_cut


def test_a_crossing_inside_an_area_is_lost():
    """        |          The corner is closed: both of its roads end before it.
    --------+
    """
    made = network([(0, 0), (100, 0)], [(100, 0), (100, 100)])
    shut = close(made, [Barrier("zone", box(90, -10, 110, 10))])
    assert metres(shut, (0, 0), (100, 100)) is None
    assert shut.length_m.sum() == pytest.approx(180, rel=1e-5)


def test_a_line_through_a_crossing_closes_it():
    made = network([(0, 0), (100, 0)], [(100, 0), (200, 0)])
    shut = close(made, [Barrier("slide", line((100, -5), (100, 5)))])
    assert metres(shut, (10, 0), (190, 0)) is None


def test_roads_are_closed_as_features():
    made = network(*LADDER)
    shut = close(made, [Barrier("repair", layer="road", fids=(2,))])
    assert set(shut.fid.tolist()) == {1, 3, 4}
    lost = close(made, [Barrier("repair", layer="road", fids=(2, 99))])
    assert [i.code for i in lost.issues] == ["network.no_feature"]


@pytest.mark.parametrize("barrier", [Barrier("far", shapely.box(0, 0, 1, 1)), Barrier("x", layer="road", fids=(99,)), Barrier("x", layer="rail", fids=(1,)), Barrier("none", shapely.Polygon())])
def test_a_closure_on_no_road_is_said(barrier):
    made = network(*LADDER)
    shut = close(made, [barrier])
    assert shut.edge_count == made.edge_count
    assert [i.code for i in shut.issues] == ["network.no_closure"]
    assert shut.closed == ()


def test_everything_may_be_closed():
    made = network(*LADDER)
    shut = close(made, [Barrier("flood", box(-100, -100, 2000, 2000))])
    assert shut.edge_count == 0
    assert [i.code for i in shut.issues] == ["network.all_closed"]
    places = routing.snap(shut, at((0, 0), (10, 0)))
    assert places.edge.tolist() == [-1, -1]
    assert np.isinf(places.off_m).all()
    (way,) = routing.routes(shut, places, places, [(0, 1)])
    assert way.reason == "No road is open."
    assert len(shut.closed) == 4


def test_closing_again_goes_on_from_there():
    made = network(*LADDER)
    once = close(made, [Barrier("a", line((400, -5), (400, 5)))])
    twice = close(once, [Barrier("b", line((400, 195), (400, 205)))])
    assert twice.whole is made
    assert [c.reason for c in twice.closed] == ["a", "b"]
    assert metres(twice, (300, 0), (500, 0)) is None
    both = close(made, [Barrier("a", line((400, -5), (400, 5))), Barrier("b", line((400, 195), (400, 205)))])
    assert both.length_m.sum() == pytest.approx(twice.length_m.sum())


def test_several_barriers_on_one_edge_leave_the_pieces_between():
    made = network([(0, 0), (1000, 0)])
    shut = close(made, [Barrier("a", box(100, -1, 200, 1)), Barrier("b", box(150, -1, 300, 1)), Barrier("c", line((600, -1), (600, 1)))])
    assert sorted(round(v) for v in shut.length_m) == [100, 300, 400]
    assert shapely.equals_exact(shut.lines, replace(shut).lines).all()
    assert shut.node_count == 2 + 4


def test_a_ring_inside_an_area_is_gone_whole():
    ring = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    made = network(ring, [(0, 0), (-500, 0)])
    shut = close(made, [Barrier("zone", box(10, -50, 200, 200))])
    assert shut.length_m.sum() == pytest.approx(500 + 120, rel=1e-3)
    assert close(made, [Barrier("zone", box(-1, -50, 200, 200))]).length_m.sum() == pytest.approx(499, rel=1e-4)


def test_a_road_out_and_back_is_closed_on_both_ways():
    made = network([(0, 0), (100, 0), (200, 0), (100, 0), (50, 0)])
    shut = close(made, [Barrier("zone", box(140, -5, 160, 5))])
    assert shut.length_m.sum() == pytest.approx(made.length_m.sum() - 40, rel=1e-4)
    assert metres(shut, (50, 0), (190, 0)) is None


def test_one_way_roads_and_other_profiles_stay_what_they_are():
    made = network(*LADDER, oneway=["1", "0", "0", "0"])
    shut = close(made, [Barrier("slide", line((400, -5), (400, 5)))])
    assert metres(shut, (100, 0), (300, 0)) == 200
    assert metres(shut, (300, 0), (100, 0)) is None
    walker = shut.for_profile(SPEEDS.profile("foot"))
    assert metres(walker, (300, 0), (100, 0)) == 200
    assert walker.whole.profile.id == "foot"
