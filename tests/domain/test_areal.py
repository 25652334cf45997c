"""People inside and outside an area: by hand, and nobody is lost whatever the shapes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lydigital.domain import areal
from lydigital.domain.population import PLAIN, WHOLE, Weights
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_800_000.0


def areas(*shapes) -> FeatureTable:
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))
    return FeatureTable(np.arange(1, len(shapes) + 1, dtype=np.int64), pa.table({}), geometry, CRS)


def box(x0, y0, x1, y1):
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


UNITS = areas(box(0, 0, 100, 100), box(100, 0, 200, 100), box(200, 0, 300, 100))
PEOPLE = np.array([400.0, 100.0, 50.0])


def test_by_plain_area():
    found = areal.split(UNITS, box(50, -5, 200, 105), PEOPLE)
    assert found.served(PEOPLE) == pytest.approx([200.0, 100.0, 0.0], abs=1e-9)
    assert found.low(PEOPLE) == pytest.approx([0.0, 100.0, 0.0])
    assert found.high(PEOPLE) == pytest.approx([400.0, 100.0, 0.0])
    assert abs(found.residual(PEOPLE)) < 1e-9
    assert found.way.tolist() == [PLAIN, WHOLE, WHOLE]


def test_where_people_live():
    houses = areas(box(10, 10, 20, 20), box(60, 10, 90, 20))
    found = areal.split(UNITS, box(50, -5, 120, 105), PEOPLE, [Weights(houses, np.ones(2))])
    assert found.served(PEOPLE) == pytest.approx([300.0, 20.0, 0.0], abs=1e-9)
    assert abs(found.residual(PEOPLE)) < 1e-9


def test_no_area_and_everything():
    nobody = areal.split(UNITS, shapely.Polygon(), PEOPLE)
    assert nobody.inside.tolist() == [0.0] * 3
    assert nobody.outside.tolist() == [1.0] * 3
    every = areal.split(UNITS, box(-1e4, -1e4, 1e4, 1e4), PEOPLE)
    assert every.inside.tolist() == [1.0] * 3
    assert every.outside.tolist() == [0.0] * 3


def test_units_without_a_figure_stay_unknown():
    counted = np.array([np.nan, 100.0, 0.0])
    found = areal.split(UNITS, box(50, -5, 200, 105), counted)
    assert np.isnan(found.served(counted)[0])
    assert found.residual(counted) == pytest.approx(0.0, abs=1e-9)
    assert areal.split(areas(), box(0, 0, 1, 1), np.zeros(0)).residual(np.zeros(0)) == 0.0


def test_an_area_of_many_vertices_is_tiled_and_says_the_same():
    star = shapely.Point(X + 150, Y + 50).buffer(90, quad_segs=4_000)
    plain = areal.split(UNITS, shapely.Point(X + 150, Y + 50).buffer(90, quad_segs=900), PEOPLE)
    tiled = areal.split(UNITS, star, PEOPLE)
    assert shapely.get_num_coordinates(star) > 4 * areal._TILE_VERTICES - 10
    assert tiled.inside == pytest.approx(plain.inside, abs=1e-6)
    assert abs(tiled.residual(PEOPLE)) < 1e-9 * PEOPLE.sum()
    assert tiled.inside + tiled.outside == pytest.approx(np.ones(3), abs=1e-9)


coordinate = st.floats(-50, 350, allow_nan=False).map(lambda v: round(v, 3))
point = st.tuples(coordinate, st.floats(-50, 150).map(lambda v: round(v, 3)))


@settings(max_examples=60, deadline=None)
@given(
    blobs=st.lists(st.tuples(point, st.floats(0.5, 120)), min_size=1, max_size=6),
    houses=st.lists(st.tuples(point, st.floats(0.5, 25), st.floats(0.1, 20)), max_size=12),
    people=st.lists(st.floats(0, 1e6), min_size=3, max_size=3),
)
@example(blobs=[((0.0, 0.0), 1.0)], houses=[((0.0, 0.0), 1.0, 1.0)], people=[1.0, 0.0, 0.0])  # all live in a sliver
def test_volume_is_preserved(blobs, houses, people):
    """Overlapping circles dissolved before the sum; inside and outside make up everybody to 1e-9."""
    counted = np.array(people)
    area = shapely.union_all([shapely.Point(X + x, Y + y).buffer(r) for (x, y), r in blobs])
    weights = []
    if houses:
        shapes = [shapely.Point(X + x, Y + y).buffer(r, quad_segs=4) for (x, y), r, _ in houses]
        weights = [Weights(areas(*shapes), np.array([w for *_, w in houses]))]
    found = areal.split(UNITS, area, counted, weights)
    assert abs(found.residual(counted)) <= 1e-9 * max(counted.sum(), 1.0)
    assert (found.inside >= 0).all()
    assert (found.inside <= 1).all()
    assert (found.served(counted) <= found.high(counted) + 0.01 * counted).all()
    assert (0.99 * found.low(counted) <= found.served(counted)).all()
