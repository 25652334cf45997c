"""Numbers divided, areas, two variables at once."""

import numpy as np
import pyproj
import pytest
from scene import box, layer, points, polygons, table

from lydigital.errors import BadDataError
from lydigital.kernels import classes as kernels
from lydigital.model.style import AREA, PointSymbolizer, Rule, Style
from lydigital.render import classify

LOOK = (PointSymbolizer(),)


def test_kernel_takes_low_and_leaves_high():
    values = np.array([-1.0, 0.0, 0.5, 1.0, 9.0, np.nan, np.inf, -np.inf])
    out = kernels.classify(values, np.array([0.0, 1.0]), np.array([3, 4, 5], np.int16), -1)
    assert out.tolist() == [3, 4, 4, 5, 5, -1, 5, 3]


def test_gaps_and_overlaps_keep_the_first_rule():
    style = Style(
        (Rule(LOOK, minimum=0, maximum=10), Rule(LOOK, minimum=5, maximum=20), Rule(LOOK, minimum=30)), "graduated", "v"
    )
    found = classify.codes(table(points(*[(0, 0)] * 6), v=[0.0, 7.0, 12.0, 25.0, 30.0, None]), style)
    assert found.tolist() == [0, 0, 1, -1, 2, -1]


def test_dividing_by_a_field_and_by_nothing():
    t = table(points(*[(0, 0)] * 4), a=[10, 6, 5, None], b=[2, 3, 0, 1])
    assert np.array_equal(classify.numbers(t, "a", "b", 100.0), [500.0, 200.0, np.nan, np.nan], equal_nan=True)
    with pytest.raises(BadDataError):
        classify.numbers(t, "a", "c")


def test_areas_are_those_of_the_ellipsoid():
    shape = polygons(box(0, 0, 3000, 2000), box(0, 0, 10, 10))
    t = table(shape, a=[60.0, 1.0])
    back = pyproj.Transformer.from_crs(t.crs.proj, "EPSG:4490", always_xy=True)
    for i, got in enumerate(classify.areas_km2(t)):
        begin, end = shape.ring_offsets[i], shape.ring_offsets[i + 1]
        lon, lat = back.transform(*shape.coords[begin:end].T)
        want = abs(pyproj.Geod(ellps="GRS80").polygon_area_perimeter(lon, lat)[0]) / 1e6
        assert got == pytest.approx(want, rel=2e-6)
    per_km2 = classify.numbers(t, "a", AREA)
    assert per_km2[0] == pytest.approx(10.0, rel=2e-3)


def test_two_variables():
    rules = tuple(
        Rule(LOOK, minimum=x[0], maximum=x[1], second=y)
        for y in ((None, 5.0), (5.0, None)) for x in ((None, 1.0), (1.0, None))
    )
    style = Style((*rules, Rule(LOOK)), "bivariate", "a", second="b")
    t = table(points(*[(0, 0)] * 5), a=[0.0, 2.0, 0.0, 1.0, None], b=[0.0, 0.0, 5.0, 9.0, 9.0])
    assert classify.codes(t, style).tolist() == [0, 1, 2, 3, 4]


def test_counts_are_of_all_features():
    style = Style((Rule(LOOK, maximum=1), Rule(LOOK, minimum=1, maximum=2)), "graduated", "a")
    made = layer(style, points(*[(0, 0)] * 4), a=[0.0, 1.0, 1.5, 5.0])
    assert classify.counts(made).tolist() == [1, 2, 1]
