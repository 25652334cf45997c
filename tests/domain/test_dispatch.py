"""Over which roads: arrivals, shelters and who is cut off on a small network at 10 m/s."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital.domain import dispatch
from lydigital.domain.closures import Barrier, close
from lydigital.model.emergency import Origin, Resource, Unreachable
from tests.domain.roads import X, Y, network

CROSS = ((0, 0), (1000, 0), (2000, 0))
WALK = 3.6  # km/h: a metre a second


def resource(x, y, code="a", kind="team", capacity=None):
    return Resource(kind, 1, code, code, X + x, Y + y, capacity=capacity)


def origin(x, y, people, code="o"):
    return Origin(code, code, X + x, Y + y, people)


def cut(roads, x):
    return close(roads, [Barrier("塌方", shapely.LineString([(X + x, Y - 50), (X + x, Y + 50)]))])


def test_they_come_by_the_direction_they_may():
    roads = network(CROSS, oneway=True)
    coming = dispatch.arrivals(roads, [resource(0, 0), resource(2000, 0)], (X + 1000, Y), walk_km_h=WALK)
    assert coming.seconds.tolist() == pytest.approx([100, np.inf], rel=1e-3)
    going = dispatch.arrivals(roads, [resource(0, 0), resource(2000, 0)], (X + 1000, Y), walk_km_h=WALK, towards=False)
    assert going.seconds.tolist() == pytest.approx([np.inf, 100], rel=1e-3)
    assert going.reaches([1])[0].way[-1] == pytest.approx((X + 2000, Y))
    assert coming.order() == [0, 1]


def test_beside_the_road_on_foot_at_both_ends():
    roads = network(CROSS)
    coming = dispatch.arrivals(roads, [resource(0, 30)], (X + 1000, Y + 50), walk_km_h=WALK)
    (reach,) = coming.reaches()
    assert reach.seconds == pytest.approx(100 + 80, rel=1e-3)
    assert reach.metres == pytest.approx(1000 + 80, rel=1e-3)
    assert reach.off_road_m == pytest.approx(80, rel=1e-3)


@pytest.mark.parametrize("shift", [-5, 0, 5])
def test_at_a_closure_they_come_from_both_sides(shift):
    """A landslide on the road: whoever comes stops before it, on either side."""
    roads = cut(network(((0, 0), (2000, 0))), 1000)
    coming = dispatch.arrivals(roads, [resource(0, 0), resource(2000, 0)], (X + 1000 + shift, Y), walk_km_h=WALK)
    assert coming.seconds.tolist() == pytest.approx([100 + shift / 10, 100 - shift / 10], abs=6)
    assert [r.way[0][0] - X for r in coming.reaches()] == pytest.approx([0, 2000])
    far = dispatch.arrivals(roads, [resource(0, 0), resource(2000, 0)], (X + 500, Y), walk_km_h=WALK)
    assert np.isfinite(far.seconds).tolist() == [True, False]


def test_a_village_at_a_closure_leaves_on_either_side():
    roads = cut(network(((0, 0), (2000, 0))), 1000)
    shelters = [resource(0, 0, "west", "shelter", 3), resource(2000, 0, "east", "shelter", 8), resource(1010, 0, "here", "shelter", 1)]
    made = dispatch.allocate(roads, [origin(1001, 0, 10)], shelters, walk_km_h=WALK)
    assert {m.shelter: m.people for m in made.moves} == {"here": 1, "east": 8, "west": 1}
    assert made.left == ()
    assert all(m.seconds < 110 for m in made.moves)


def test_without_ways_quickly():
    (reach,) = dispatch.arrivals(network(CROSS), [resource(0, 0)], (X + 1000, Y)).reaches(with_ways=False)
    assert (reach.metres, reach.way) == (None, ())
    assert reach.is_reachable


def test_nobody_there():
    coming = dispatch.arrivals(network(CROSS), [], (X, Y))
    assert coming.reaches() == ()
    assert coming.order() == []


def test_the_allocation_is_the_best_for_all():
    """The nearer shelter goes to whoever has no other."""
    roads = network(((0, 0), (1000, 0)), ((1000, 0), (3000, 0)))
    shelters = [resource(1000, 0, "near", "shelter", 10), resource(3000, 0, "far", "shelter", 10)]
    made = dispatch.allocate(roads, [origin(900, 0, 10, "a"), origin(0, 0, 10, "b")], shelters, limit_s=250, walk_km_h=WALK)
    assert {(m.origin, m.shelter): m.people for m in made.moves} == {("a", "far"): 10, ("b", "near"): 10}
    assert made.person_seconds == pytest.approx(10 * 210 + 10 * 100, rel=1e-3)
    assert made.is_optimal
    assert all(m.way for m in made.moves)


def test_no_shelter_at_all():
    made = dispatch.allocate(network(CROSS), [origin(0, 0, 5)], [])
    assert [(one.people, one.why) for one in made.left] == [(5, "cut")]
    made = dispatch.allocate(network(CROSS), [], [resource(0, 0, "s", "shelter", 3)])
    assert (made.people, made.moves, made.latest_s) == (0, (), None)


def test_some_of_one_origin_find_no_place():
    made = dispatch.allocate(network(CROSS), [origin(0, 0, 5)], [resource(2000, 0, "s", "shelter", 3)])
    assert (made.placed, made.left_over) == (3, 2)
    assert made.shelters[0].free == 0


def place(x, y, name):
    return Unreachable(name, name, 10, "", x=X + x, y=Y + y)


def test_whom_no_road_reaches():
    roads = network(((0, 0), (1000, 0)), ((1000, 0), (5000, 0)), ((0, 900), (100, 900)))
    places = [place(100, 0, "西"), place(4000, 0, "东"), place(50, 900, "岛"), place(0, 9000, "远")]
    assert dispatch.cut_off(roads, places) == (), "what never had a road is no news"
    zone = shapely.box(X - 100, Y + 800, X + 200, Y + 9500)
    assert [(u.name, bool(u.reason)) for u in dispatch.cut_off(roads, places, zone)] == [("岛", True), ("远", True)]
    closed = dispatch.cut_off(cut(cut(roads, 300), 50), places)
    assert [(u.name, u.reason) for u in closed] == [("西", "Closures cut every way.")]


def test_all_roads_closed():
    roads = network(CROSS)
    closed = close(roads, [Barrier("洪水", shapely.box(X - 10, Y - 10, X + 2010, Y + 10))])
    assert [u.name for u in dispatch.cut_off(closed, [place(0, 0, "甲")])] == ["甲"]
    made = dispatch.allocate(closed, [origin(0, 0, 5)], [resource(2000, 0, "s", "shelter", 3)])
    assert [(one.people, one.why) for one in made.left] == [(5, "cut")]
    (reach,) = dispatch.arrivals(closed, [resource(0, 0)], (X + 1000, Y)).reaches()
    assert reach.seconds is None
    assert reach.reason
