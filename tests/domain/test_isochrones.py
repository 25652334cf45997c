"""Areas within a time: what they hold, how long the roads in them are, and in which direction one goes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely

from lydigital.domain import routing
from lydigital.domain.closures import Barrier, close
from lydigital.errors import BadDataError
from tests.domain.roads import X, Y, at, network

STREET = [(0, 0), (1000, 0), (2000, 0)]


def areas(made, places, limits, **more):
    return routing.isochrone(made, routing.snap(made, at(*places)), limits, **more)


def test_on_a_straight_road_it_reaches_as_far_as_the_time_allows():
    made = network(STREET)
    (area,) = areas(made, [(1000, 0)], [60], beside_m=100)
    assert area.length_km == pytest.approx(1.2, rel=1e-4)
    shape = shapely.from_wkb(area.wkb)
    west, south, east, north = shapely.bounds(shape)
    assert (west - X, east - X) == (pytest.approx(300, abs=1), pytest.approx(1700, abs=1))
    assert (south - Y, north - Y) == (pytest.approx(-100, abs=1), pytest.approx(100, abs=1))
    assert area.area_km2 == pytest.approx((1200 * 200 + np.pi * 100**2) / 1e6, rel=0.02)


def test_longer_times_hold_the_shorter_ones_in_the_order_asked():
    made = network(STREET, [(1000, 0), (1000, 800)], [(500, 0), (500, -700)])
    far, near, middle = areas(made, [(900, 0)], [120, 20, 60])
    assert far.limit_s == 120
    assert near.length_km < middle.length_km < far.length_km
    shapes = [shapely.from_wkb(a.wkb) for a in (near, middle, far)]
    for inner, outer in itertools.pairwise(shapes):
        assert shapely.area(shapely.difference(inner, outer)) < 1e-3
    for a, shape in zip((near, middle, far), shapes, strict=True):
        assert a.area_km2 == pytest.approx(shapely.area(shape) / 1e6, rel=1e-3)


def test_what_is_reached_lies_inside_and_what_is_not_outside():
    rng = np.random.default_rng(3)
    ends = rng.integers(0, 30, (150, 2)) * 50.0
    lines = [[tuple(a), tuple(a + b)] for a, b in zip(ends, rng.integers(-8, 9, (150, 2)) * 50.0, strict=True) if b.any()]
    made = network(*lines, oneway=rng.choice(["0", "0", "0", "1"], len(lines)).tolist())
    places = routing.snap(made, at((700, 700)))
    (area,) = routing.isochrone(made, places, [90], beside_m=20)
    shape = shapely.from_wkb(area.wkb)
    count = np.maximum((made.length_m / 5).astype(int), 1)
    share = np.concatenate([(np.arange(n) + 0.5) / n for n in count])
    on = shapely.get_coordinates(shapely.line_interpolate_point(np.repeat(made.lines, count), share, normalized=True))
    seconds = routing.one_to_all(made, places).at(routing.snap(made, on))
    assert 0.05 < (seconds < 90).mean() < 0.95
    assert shapely.covers(shape, shapely.points(on[seconds < 89.9])).all()
    reached = shapely.union_all(shapely.buffer(shapely.points(on[seconds < 91]), 20 + 5))
    assert shapely.area(shapely.difference(shape, reached)) < 0.002 * shapely.area(shape)
    assert area.length_km <= made.length_m.sum() / 1000


def test_one_way_roads_are_reached_in_one_direction():
    made = network(STREET, oneway="1")
    (out,) = areas(made, [(1000, 0)], [30])
    (back,) = areas(made, [(1000, 0)], [30], towards=True)
    assert out.length_km == back.length_km == pytest.approx(0.3, rel=1e-4)
    assert shapely.bounds(shapely.from_wkb(out.wkb))[0] - X == pytest.approx(750, abs=2)
    assert shapely.bounds(shapely.from_wkb(back.wkb))[2] - X == pytest.approx(1250, abs=2)


def test_several_places_count_once():
    made = network(STREET)
    (one,) = areas(made, [(500, 0), (600, 0), (550, 9)], [20])
    assert one.length_km == pytest.approx(0.5, rel=1e-4)


def test_what_lies_beside_an_expressway_is_not_reached_from_it():
    made = network([(-500, 0), (0, 0)], [(0, 0), (4000, 0)], [(4000, 0), (4500, 0)], kind=["main", "fast", "main"])
    (area,) = areas(made, [(-100, 0)], [300], beside_m=100)
    shape = shapely.from_wkb(area.wkb)
    assert shapely.contains_xy(shape, X + 4400, Y)
    assert not shapely.contains_xy(shape, X + 2000, Y)
    assert area.length_km == pytest.approx(5.0, rel=1e-4)


def test_closures_bound_it():
    made = network(STREET)
    shut = close(made, [Barrier("slide", shapely.linestrings(at((1100, -5), (1100, 5))))])
    (area,) = areas(shut, [(1000, 0)], [60])
    assert area.length_km == pytest.approx(0.7, rel=1e-4)


def test_a_time_must_be_one():
    made = network(STREET)
    for limits in ([], [0], [60, -1]):
        with pytest.raises(BadDataError):
            areas(made, [(0, 0)], limits)
