"""Buffers are dissolved before anything is summed, and what is wrong with sites is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from lydigital.domain import service
from lydigital.model.crs import Crs

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_800_000.0
CITY = shapely.box(X - 10_000, Y - 10_000, X + 10_000, Y + 10_000)


def sites(*places, reach=1000.0):
    n = len(places)
    shapes = np.array([None if p is None else shapely.Point(X + p[0], Y + p[1]) for p in places] or [], object)
    return service.Sites(
        np.arange(1, n + 1), [f"S{i}" for i in range(n)], [f"site {i}" for i in range(n)], shapes,
        np.broadcast_to(np.asarray(reach, np.float64), (n,)).copy(), CRS,
    )  # fmt: skip


def area(given, **more):
    pieces, problems = service.buffers(given)
    return service.area_of("buffer", "test", given, pieces, problems, city=CITY, **more)


def codes(found):
    return [issue.code for issue in found.issues]


def test_one_circle():
    found = area(sites((0, 0)))
    circle = math.pi * (1 - 2 * math.pi**2 / 3 / 64**2)  # a regular polygon of 64 sides
    assert found.area_km2 == pytest.approx(circle, rel=2e-3)  # the map's scale is not 1 here
    assert found.sum_km2 == pytest.approx(found.area_km2)
    assert found.outside_km2 == 0.0
    assert found.share == pytest.approx(found.area_km2 / found.city_km2)
    assert found.issues == ()


def test_overlapping_circles_are_counted_once():
    found = area(sites((0, 0), (0, 0), (1000, 0)))
    one = area(sites((0, 0))).area_km2
    lens = 2 * math.acos(0.5) - math.sqrt(3) / 2  # of two unit circles one radius apart
    assert found.sum_km2 == pytest.approx(3 * one, rel=1e-5)
    assert found.area_km2 == pytest.approx(2 * one - lens, rel=5e-3)
    assert len(found.shape) == 1
    assert len(found.pieces) == 3


def test_sites_outside_the_city_are_said_and_count_for_what_they_reach_inside():
    found = area(sites((0, 0), (10_500, 0), (50_000, 0)))
    assert codes(found) == ["coverage.site_outside"]
    assert found.issues[0].count == 2
    assert "site 1" in found.issues[0].values["names"]
    one = area(sites((0, 0))).area_km2
    assert found.outside_km2 == pytest.approx(2 * one - (math.pi / 3 - math.sqrt(3) / 4), rel=0.02)
    assert one < found.share * found.city_km2 < 2 * one


def test_sites_without_place_or_reach():
    found = area(sites((0, 0), None, (5, 5), (6, 6), reach=[1000.0, 1000.0, 0.0, np.nan]))
    assert codes(found) == ["coverage.no_place", "coverage.no_reach"]
    assert [s.problem for s in found.sites] == ["", "no_place", "no_reach", "no_reach"]
    assert [s.area_km2 is None for s in found.sites] == [False, True, True, True]
    assert shapely.is_empty(found.pieces.to_shapely()[1])


def test_no_site_at_all():
    found = area(sites())
    assert codes(found) == ["coverage.no_sites"]
    assert (found.area_km2, found.sum_km2, found.share) == (0.0, 0.0, 0.0)


def test_without_the_city_no_share_is_given():
    given = sites((0, 0))
    pieces, problems = service.buffers(given)
    found = service.area_of("buffer", "test", given, pieces, problems)
    assert codes(found) == ["coverage.no_city"]
    assert found.share is None
    assert found.outside_km2 is None


def test_areas_stand_for_themselves():
    squares = np.array([shapely.box(X, Y, X + 1000, Y + 1000), shapely.box(X + 500, Y, X + 1500, Y + 1000)], object)
    given = service.Sites(np.array([1, 2]), ["a", "b"], ["", ""], squares, np.zeros(2), CRS)
    found = area(given)
    assert found.area_km2 == pytest.approx(1.5, rel=1e-3)
    assert found.sum_km2 == pytest.approx(2.0, rel=1e-3)
