"""People in areas that cut their units: by hand, and nobody is lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.domain.population import PLAIN, WHOLE, Weights, polygonal, shares
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")


def areas(*shapes) -> FeatureTable:
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))
    return FeatureTable(np.arange(1, len(shapes) + 1, dtype=np.int64), pa.table({}), geometry, CRS)


def box(x0, y0, x1, y1):
    return shapely.box(600_000 + x0, 3_800_000 + y0, 600_000 + x1, 3_800_000 + y1)


UNITS = areas(box(0, 0, 100, 100), box(100, 0, 200, 100))
PEOPLE = np.array([400.0, 100.0])


def test_by_area():
    found = shares(UNITS, areas(box(50, 0, 120, 100)), PEOPLE)
    assert found.people(PEOPLE) == pytest.approx([400 * 0.5 + 100 * 0.2], abs=1e-9)
    assert found.least(PEOPLE) == pytest.approx([0.0])
    assert found.most(PEOPLE) == pytest.approx([500.0])
    assert set(found.way.tolist()) == {PLAIN}


def test_a_unit_inside_is_certain():
    found = shares(UNITS, areas(box(-10, -10, 150, 110)), PEOPLE)
    assert found.people(PEOPLE) == pytest.approx([450.0], abs=1e-9)
    assert found.least(PEOPLE) == pytest.approx([400.0])
    assert WHOLE in found.way.tolist()


def test_where_people_live():
    houses = areas(box(10, 10, 20, 20), box(60, 10, 90, 20), box(110, 10, 120, 20))
    # unit 1: 100 m² west and 300 m² of the zone's half; unit 2: 100 m², none in its part of the zone
    found = shares(UNITS, areas(box(50, 0, 105, 100)), PEOPLE, [Weights(houses, np.ones(3))])
    assert found.people(PEOPLE) == pytest.approx([400 * 0.75], abs=1e-9)
    assert found.way.tolist() == [0, 0]


def test_floors_count_and_a_house_is_cut():
    houses = areas(box(10, 10, 20, 20), box(40, 10, 60, 20))
    found = shares(UNITS, areas(box(50, 0, 100, 100)), PEOPLE, [Weights(houses, np.array([3.0, 1.0]))])
    assert found.people(PEOPLE)[0] == pytest.approx(400 * 100 / 500, abs=1e-9)


def test_an_incomplete_layer_is_not_used():
    houses = areas(box(60, 10, 61, 11))  # 1 m² for 400 people
    settled = areas(box(0, 0, 60, 100))
    found = shares(UNITS, areas(box(50, 0, 100, 100)), PEOPLE, [Weights(houses, np.ones(1), 5.0), Weights(settled, np.ones(1), 5.0)])
    assert found.people(PEOPLE)[0] == pytest.approx(400 * 1000 / 6000, abs=1e-9)
    assert found.way[found.row == 0].tolist() == [1]


def test_unknown_people_are_left_out():
    people = np.array([np.nan, 100.0])
    assert shares(UNITS, areas(box(0, 0, 200, 100)), people).people(people) == pytest.approx([100.0])


@pytest.mark.parametrize("weighted", [False, True])
def test_nobody_is_lost_between_areas_that_divide_the_city(weighted):
    rng = np.random.default_rng(7)
    cells = [box(x, y, x + 50, y + 50) for x in range(0, 400, 50) for y in range(0, 300, 50)]
    people = rng.integers(0, 5000, len(cells)).astype(float)
    seeds = shapely.multipoints(rng.uniform((600_000, 3_800_000), (600_400, 3_800_300), (23, 2)))
    outline = box(0, 0, 400, 300)
    zones = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=outline)), outline)
    houses = [shapely.box(x, y, x + w, y + w) for x, y, w in rng.uniform((600_000, 3_800_000, 1), (600_390, 3_800_290, 9), (300, 3))]
    weights = [Weights(areas(*houses), rng.uniform(1, 30, 300), 0.001)] if weighted else []
    found = shares(areas(*cells), areas(*zones), people, weights)
    assert abs(found.people(people).sum() - people.sum()) < 1e-9 * people.sum()
    of_unit = np.bincount(found.row, found.share, minlength=len(cells))
    np.testing.assert_allclose(of_unit, 1.0, atol=1e-9)
    assert np.all(found.least(people) <= found.people(people) + 1e-6)
    assert np.all(found.people(people) <= found.most(people) * 1.01 + 1e-6)
    if weighted:
        assert (found.way == 0).sum() > 50


def test_only_areas_of_a_common_part_count():
    mixed = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])])
    out = polygonal(np.array([mixed, shapely.Point(1, 1), shapely.box(0, 0, 2, 2)], object))
    assert shapely.area(out).tolist() == [1.0, 0.0, 4.0]
