from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import pick
from lydigital.model.geometry import GeometryArray, GeometryKind

ALL = np.arange(3, dtype=np.int32)


def shape(g: GeometryArray):
    return g.coords, g.ring_offsets, g.geom_rings


def test_point_distances_take_the_nearest_of_a_multipoint():
    g = GeometryArray.from_rings(GeometryKind.POINT, [[[[(3, 4)]]], [[[(100, 0)]], [[(0, 2)]]], []])
    assert pick.point_distances(*shape(g), ALL, 0.0, 0.0).tolist() == [5.0, 2.0, np.inf]


def test_line_distances_are_to_segments_not_vertices():
    g = GeometryArray.from_rings(
        GeometryKind.LINE,
        [[[[(0, 0), (10, 0)]]], [[[(0, 5), (0, 5)]]], [[[(20, 0), (30, 0)]], [[(4, 1), (5, 1)]]]],
    )
    assert pick.line_distances(*shape(g), ALL, 4.5, 3.0).tolist() == pytest.approx(
        [3.0, np.hypot(4.5, 2), 2.0]
    )
    assert pick.line_distances(*shape(g), ALL, 13.0, 4.0)[0] == pytest.approx(5.0), (
        "beyond the end it is the end"
    )


def test_areas_around_leaves_out_holes_and_other_parts():
    box = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    hole = [(4, 4), (4, 6), (6, 6), (6, 4), (4, 4)]
    far = [(50, 50), (51, 50), (51, 51), (50, 51), (50, 50)]
    g = GeometryArray.from_rings(GeometryKind.POLYGON, [[[box, hole]], [[far], [box]], [[far]]])
    assert pick.areas_around(*shape(g), ALL, 5.0, 5.0).tolist() == [np.inf, 101.0, np.inf]
    assert pick.areas_around(*shape(g), ALL, 1.0, 1.0).tolist() == [96.0, 101.0, np.inf]


def test_only_the_rows_asked_for():
    g = GeometryArray.from_points(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))
    rows = np.array([2, 0], np.int32)
    assert pick.point_distances(*shape(g), rows, 0.0, 0.0).tolist() == [2.0, 0.0]


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=8),
    st.integers(-9, 9),
    st.integers(-9, 9),
)
@settings(max_examples=80, deadline=None)
def test_inside_agrees_with_shapely(corners, x, y):
    import shapely

    ring = shapely.LinearRing([*corners, corners[0]])
    place = shapely.Point(x + 0.5, y + 0.25)
    if ring.distance(place) < 1e-9:
        return
    polygon = shapely.make_valid(shapely.Polygon(ring), method="linework")
    g = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[*corners, corners[0]]]]])
    found = np.isfinite(pick.areas_around(*shape(g), np.zeros(1, np.int32), x + 0.5, y + 0.25)[0])
    assert bool(found) == bool(polygon.contains(place))
