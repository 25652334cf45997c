from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lydigital.model.geometry import GeometryArray, GeometryKind

HOLED = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)], [[(2, 2), (4, 2), (4, 4), (2, 2)]])
TWO = shapely.MultiPolygon([shapely.box(20, 0, 22, 2), shapely.box(30, 5, 31, 6)])
POLYGONS = np.array([HOLED, None, TWO, shapely.box(-5, -5, -4, -4)], object)


@pytest.fixture
def polygons():
    return GeometryArray.from_shapely(GeometryKind.POLYGON, POLYGONS)


def test_offsets_of_every_level(polygons):
    assert polygons.geom_offsets.tolist() == [0, 1, 1, 3, 4]
    assert polygons.part_offsets.tolist() == [0, 2, 3, 4, 5]
    assert polygons.ring_offsets.tolist() == [0, 5, 9, 14, 19, 24]
    assert polygons.geom_rings.tolist() == [0, 2, 2, 4, 5]
    assert len(polygons) == 4


def test_bounds(polygons):
    assert polygons.bounds[0].tolist() == [0, 0, 9, 9]
    assert np.isnan(polygons.bounds[1]).all()
    assert polygons.bounds[2].tolist() == [20, 0, 31, 6]
    assert polygons.total_bounds == (-5, -5, 31, 9)


def test_bounds_of_nothing():
    empty = GeometryArray.empty(GeometryKind.LINE)
    assert len(empty) == 0
    assert np.isnan(empty.total_bounds).all()
    assert len(empty.take(np.zeros(0, np.int64))) == 0


def test_take_keeps_order_and_repeats(polygons):
    some = polygons.take(np.array([3, 0, 3]))
    assert some.bounds[:, 0].tolist() == [-5, 0, -5]
    assert some.total_bounds == (-5, -5, 9, 9)
    assert shapely.area(some.to_shapely()).tolist() == [1, 79, 1]


def test_take_carries_importance():
    line = GeometryArray.from_rings(GeometryKind.LINE, [[[[(0, 0), (1, 1)]]], [[[(5, 5), (6, 6), (7, 5)]]]])
    weights = np.arange(5, dtype=np.float32)
    weighed = GeometryArray(
        line.kind, line.coords, line.ring_offsets, line.part_offsets, line.geom_offsets, importance=weights
    )
    assert weighed.take(np.array([1])).importance.tolist() == [2, 3, 4]


def test_is_read_only(polygons):
    for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets", "bounds"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(polygons, name)[0] = 0


def test_does_not_freeze_the_callers_array():
    xy = np.zeros((2, 2))
    GeometryArray.from_points(xy)
    xy[0] = 1
    assert xy[0, 0] == 1


def test_points_one_vertex_each():
    points = GeometryArray.from_points(np.array([[1, 2], [3, 4]]))
    assert points.kind is GeometryKind.POINT
    assert points.coords.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert points.bounds.tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]


def test_nested_lists():
    square = [(0, 0), (1, 0), (1, 1), (0, 0)]
    array = GeometryArray.from_rings(GeometryKind.POLYGON, [[[square]], [], [[square, square], [square]]])
    assert array.geom_offsets.tolist() == [0, 1, 1, 3]
    assert array.part_offsets.tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (GeometryKind.POINT, [shapely.Point(1, 2), shapely.MultiPoint([(3, 4), (5, 6)])]),
        (
            GeometryKind.LINE,
            [
                shapely.LineString([(0, 0), (1, 1)]),
                shapely.MultiLineString([[(0, 0), (2, 1)], [(5, 5), (6, 6)]]),
            ],
        ),
        (GeometryKind.POLYGON, [HOLED, TWO]),
    ],
)
def test_round_trip_through_shapely(kind, shapes):
    back = GeometryArray.from_shapely(kind, np.array(shapes, object)).to_shapely()
    assert all(a.equals(b) for a, b in zip(shapes, back, strict=True))


def test_other_kinds_become_empty():
    array = GeometryArray.from_shapely(
        GeometryKind.LINE, np.array([shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)])])
    )
    assert array.geom_offsets.tolist() == [0, 0, 1]


@given(
    st.lists(
        st.tuples(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 9)), min_size=1, max_size=12
    ),
    st.data(),
)
def test_any_choice_of_rows_is_the_choice_of_their_shapes(corners, data):
    shapes = np.array([shapely.box(x, y, x + s, y + s) for x, y, s in corners], object)
    index = np.array(data.draw(st.lists(st.integers(0, len(shapes) - 1), max_size=20)), np.int64)
    array = GeometryArray.from_shapely(GeometryKind.POLYGON, shapes)
    taken = array.take(index).to_shapely()
    assert [g.bounds for g in taken] == [shapes[i].bounds for i in index]
    assert np.array_equal(shapely.to_wkb(array.to_shapely(index)), shapely.to_wkb(taken))


@pytest.mark.parametrize("kind", list(GeometryKind))
@pytest.mark.parametrize("count", [0, 1, 3])
def test_features_without_any_geometry(kind, count):
    """A table of attributes only has rows all the same."""
    array = GeometryArray.from_shapely(kind, np.full(count, None, object))
    assert [shape.is_empty for shape in array.to_shapely()] == [True] * count
