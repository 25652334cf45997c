"""Faults of rings against shapely's word on validity."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import rings
from lydigital.model.geometry import GeometryArray, GeometryKind


def faults(*features):
    array = GeometryArray.from_rings(GeometryKind.POLYGON, [[[list(r) for r in f]] for f in features])
    flags = np.zeros(len(array), np.uint16)
    rings.faults(array.coords, array.ring_offsets, array.geom_rings, 0, len(array), flags)
    return flags.tolist()


def closed(*points):
    return [*points, points[0]]


SQUARE = closed((0, 0), (4, 0), (4, 4), (0, 4))
BOW = closed((0, 0), (4, 4), (4, 0), (0, 4))
LINE = closed((0, 0), (4, 4), (2, 2))


def star(n, skip):
    """A star drawn in one stroke: it turns one way only, several times around."""
    turns = np.arange(n) * skip * 2 * np.pi / n
    return closed(*zip(np.cos(turns).tolist(), np.sin(turns).tolist(), strict=True))


def test_square_bow_line_and_hole():
    hole = closed((1, 1), (1, 2), (2, 2), (2, 1))
    assert faults([SQUARE], [BOW], [LINE], [SQUARE, hole], [SQUARE, [(x / 4, y / 4) for x, y in BOW]]) == [
        0, rings.CROSSING, rings.FLAT, 0, rings.CROSSING,
    ]  # fmt: skip
    assert faults([]) == [0]


@pytest.mark.parametrize(("n", "skip"), [(5, 2), (7, 3), (41, 2), (101, 50)])
def test_stars_cross_although_they_turn_one_way(n, skip):
    assert faults([star(n, skip)]) == [rings.CROSSING]
    assert faults([star(n, 1)]) == [0]


def test_far_from_the_origin_a_building_is_not_flat():
    x, y = 38_600_000.0, 3_830_000.0
    assert faults([[(x + a / 10, y + b / 10) for a, b in SQUARE]]) == [0]
    assert faults([[(x + a, y + b) for a, b in LINE]]) == [rings.FLAT]


def test_rings_that_touch_themselves_do_not_cross():
    eight = closed((0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4))
    assert faults([eight]) == [0]


def test_large_rings_are_swept():
    turns = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    wave = 10 + np.sin(turns * 97)
    shape = list(zip((wave * np.cos(turns)).tolist(), (wave * np.sin(turns)).tolist(), strict=True))
    assert faults([closed(*shape)]) == [0]
    shape[1200], shape[1300] = shape[1300], shape[1200]
    assert faults([closed(*shape)]) == [rings.CROSSING]


point = st.tuples(st.integers(-9, 9), st.integers(-9, 9))


@settings(max_examples=200, deadline=None)
@given(st.lists(point, min_size=3, max_size=30, unique=True))
def test_what_is_called_crossing_is_not_simple(points):
    shape = closed(*[(float(x), float(y)) for x, y in points])
    (flag,) = faults([shape])
    line = shapely.LineString(shape)
    if flag == rings.CROSSING:
        assert not line.is_simple
    elif flag == 0 and not line.is_simple:
        pieces = [shapely.LineString(shape[i : i + 2]) for i in range(len(shape) - 1)]
        assert not any(a.crosses(b) for i, a in enumerate(pieces) for b in pieces[:i]), "only touching"
    if flag == rings.FLAT:
        assert shapely.Polygon(shape).area == 0
