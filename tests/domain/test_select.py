"""Selecting by rectangle agrees with GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital.domain.select import rows_meeting
from lydigital.model.geometry import GeometryKind
from tests.domain.test_overlay import CITY, blob, table


@pytest.mark.parametrize("seed", range(3))
def test_rectangle_against_geos(seed: int):
    rng = np.random.default_rng(seed)
    shapes = {
        GeometryKind.POLYGON: [blob(rng, 100, rng.uniform(1, 80), hole=True) for _ in range(150)],
        GeometryKind.LINE: [shapely.LineString(CITY + rng.uniform(-120, 120, (4, 2))) for _ in range(150)],
        GeometryKind.POINT: [shapely.Point(CITY + rng.uniform(-120, 120, 2)) for _ in range(150)],
    }
    for kind, some in shapes.items():
        for _ in range(10):
            a, b = CITY + np.sort(rng.uniform(-100, 100, (2, 2)), axis=0)
            bounds = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
            expected = np.flatnonzero(shapely.intersects(shapely.box(*bounds), some))
            assert rows_meeting(table(kind, some), bounds).tolist() == expected.tolist()


def test_a_rectangle_inside_a_polygon_and_inside_its_hole():
    shape = shapely.box(0, 0, 100, 100).difference(shapely.box(40, 40, 60, 60))
    layer = table(GeometryKind.POLYGON, [shape])
    assert len(rows_meeting(layer, (10, 10, 20, 20))) == 1
    assert len(rows_meeting(layer, (45, 45, 55, 55))) == 0
