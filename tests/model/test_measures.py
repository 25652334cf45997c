"""Areas and lengths on the ellipsoid."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from lydigital.model.crs import Crs
from lydigital.model.measures import areas_m2, lengths_m

GK = Crs("EPSG:4546")
X, Y = 600_000.0, 3_830_000.0


def test_areas_of_holes_parts_and_nothing():
    square = shapely.box(X, Y, X + 100, Y + 100)
    ring = square.difference(shapely.box(X + 40, Y + 40, X + 60, Y + 60))
    both = shapely.MultiPolygon([ring, shapely.box(X + 200, Y, X + 300, Y + 100)])
    found = areas_m2(np.array([square, both, None, shapely.Point(X, Y), shapely.Polygon()], object), GK)
    assert found[0] == pytest.approx(10_000, rel=4e-4)  # the map is enlarged away from its middle
    assert found[1] == pytest.approx(found[0] * 1.96, rel=1e-6)
    assert np.isnan(found[2:]).all()


def test_area_is_that_of_the_geodesic_library():
    shape = shapely.box(111.9, 34.5, 112.1, 34.7)
    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    dense = shapely.segmentize(shape, 2000 / Crs("EPSG:4490").metres_per_unit)
    wanted = abs(geod.geometry_area_perimeter(shapely.orient_polygons(dense))[0])
    assert areas_m2(np.array([shape]), Crs("EPSG:4490"))[0] == pytest.approx(wanted, rel=1e-12)


def test_a_line_without_length():
    shapes = np.array([shapely.LineString([(5e5, 38e5), (5e5, 38e5)]), None, shapely.LineString([(5e5, 38e5), (5e5, 38.1e5)])], object)
    found = lengths_m(shapes, GK)
    assert found[0] == 0.0
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(10_000, rel=1e-3)


def test_lengths():
    line = shapely.LineString([(X, Y), (X + 300, Y), (X + 300, Y + 400)])
    found = lengths_m(np.array([line, shapely.Point(X, Y), None], object), GK)
    assert found[0] == pytest.approx(700, rel=3e-4)
    assert np.isnan(found[1:]).all()
