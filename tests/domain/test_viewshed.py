"""What antennas see of a terrain model."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital.domain import viewshed
from lydigital.errors import CrsError, RefusedError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid
from lydigital.model.measures import areas_m2

CRS = Crs("EPSG:4546")


def grid(values, crs=CRS):
    return Grid(np.asarray(values, np.float32), (600_000.0, 3_800_000.0), (100.0, 100.0), crs)


def at(row, column):
    return [600_000.0 + 100 * column + 30, 3_800_000.0 - 100 * row - 30]


def see(given, places, height=10.0, reach=2_000.0):
    n = len(places)
    return viewshed.windows(given, np.array(places, np.float64), np.full(n, height), np.full(n, reach))


def test_a_ridge_divides_the_land():
    z = np.zeros((21, 41))
    z[:, 20] = 100.0
    given = grid(z)
    west, east = see(given, [at(10, 10), at(10, 30)])
    seen = viewshed.together([west], z.shape)
    assert (seen[:, 22:] == viewshed.HIDDEN).all()
    both = viewshed.together([west, east], z.shape)
    shape = viewshed.polygon(both, given)
    assert shapely.is_valid(shape)
    assert shapely.area(shape) == pytest.approx((both == viewshed.SEEN).sum() * 1e4)
    own = viewshed.polygon(west.states, given, row=west.row, column=west.column)
    assert shapely.equals(shapely.intersection(own, shape).normalize(), own.normalize())


def test_antennas_that_nothing_can_be_told_of():
    z = np.zeros((9, 9))
    z[2, 2] = np.nan
    given = grid(z)
    outside, gap, fine = see(given, [[0.0, 0.0], at(2, 2), at(5, 5)])
    assert (outside.problem, gap.problem, fine.problem) == ("outside", "no_height", "")
    assert [w.problem for w in see(given, [at(5, 5)], reach=0.0)] == ["no_reach"]
    assert [w.problem for w in see(given, [at(5, 5)], height=np.nan)] == ["no_reach"]
    found = viewshed.together([outside, gap, fine], z.shape)
    assert found[2, 2] == viewshed.UNKNOWN
    assert not np.isnan(found.astype(float)).any()


def test_terrain_in_degrees_is_refused():
    with pytest.raises(CrsError):
        see(grid(np.zeros((3, 3)), Crs("EPSG:4490")), [at(1, 1)])


def test_what_would_take_minutes_is_refused():
    given = grid(np.zeros((2_000, 2_000)))
    places = np.zeros((200, 2)) + at(1_000, 1_000)
    with pytest.raises(RefusedError):
        viewshed.windows(given, places, np.full(200, 10.0), np.full(200, 90_000.0))


def test_the_earth_bends_by_four_thirds():
    assert viewshed.bend_of() * 10_000.0**2 == pytest.approx(5.886, abs=1e-3)  # 10 km: 5.9 m


def test_nothing_seen_is_an_empty_shape():
    assert viewshed.polygon(np.zeros((3, 3), np.uint8), grid(np.zeros((3, 3)))).is_empty


def test_cells_become_valid_shapes_of_their_area():
    rng = np.random.default_rng(7)
    for density in (0.35, 0.6, 0.75):
        states = np.where(rng.random((90, 150)) < density, viewshed.SEEN, viewshed.HIDDEN).astype(np.uint8)
        given = grid(np.zeros(states.shape))
        shape = viewshed.polygon(states, given)
        assert shapely.is_valid(shape)
        assert shapely.area(shape) == pytest.approx((states == viewshed.SEEN).sum() * 1e4)
        on_ellipsoid = areas_m2(shapely.get_parts(shape), CRS).sum() / 1e6
        assert viewshed.area_km2(states, given) == pytest.approx(on_ellipsoid, rel=1e-5)
    assert viewshed.area_km2(np.zeros((3, 3), np.uint8), given) == 0.0


def test_areas_one_by_one():
    given = grid(np.zeros((41, 41)))
    found = see(given, [at(20, 20), [0.0, 0.0]], reach=1_000.0)
    alone = viewshed.areas_km2(found, given)
    assert alone[0] == pytest.approx(viewshed.area_km2(viewshed.together(found, (41, 41)), given), rel=1e-5)
    assert alone[1] == 0.0
