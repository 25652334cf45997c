"""The legend of thematic maps states numbers, unit and method."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "render"))

from scene import layer, points, view

from lydigital.domain import thematic
from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    HeatSymbolizer,
    PointSymbolizer,
    Rule,
    Scaled,
    Scheme,
    Share,
    Style,
)
from lydigital.publish import legend

MARK = PointSymbolizer()
PLAIN = Style((Rule((MARK,)),))


def lines(style, **columns):
    shapes = points(*[(i, 0) for i in range(len(next(iter(columns.values()))))])
    (group,) = legend.of_scene([layer(style, shapes, **columns)], {"layer": ("Group", "Layer")}, view().bounds, 10_000)
    return [e.title for e in group.entries], [e.symbolizers for e in group.entries]


def test_classes_have_numbers_and_the_head_says_what_and_how():
    scheme = Scheme("quantile", "teal", unit="人/km²", title="人口 ÷ 面积", title_en="Population ÷ Area")
    style = thematic.graduated(PLAIN, MARK, "a", (10.0, 20.0), spread=(1.0, 30.0), scheme=scheme, missing=True)
    texts, looks = lines(style, a=[1.0, 2.0, 15.0, 25.0, None])
    assert texts == ["Layer: Population ÷ Area (人/km²), Quantiles", "< 10  (2)", "10 – 20  (1)", "≥ 20  (1)", "No value  (1)"]
    assert looks[0] == ()


def test_sizes_shares_density_and_badges():
    scaled = PointSymbolizer(size_mm=10.0, scaled=Scaled("a", 2300.0))
    texts, looks = lines(Style((Rule((scaled,)),), scheme=Scheme(unit="t")), a=[2300.0, 5.0])
    assert texts[1:] == ["2,000 t", "500 t", "100 t"]
    sizes = np.array([look[0].size_mm for look in looks[1:]])
    np.testing.assert_allclose(sizes, 10 * np.sqrt(np.array([2000, 500, 100]) / 2300))
    chart = ChartSymbolizer((Share("a", "#112233", "甲", "First"), Share("b", "#445566")))
    assert lines(Style((Rule((chart,)),)), a=[1.0], b=[2.0])[0] == ["Layer", "First", "b"]
    heat = HeatSymbolizer(("#ffffff", "#000000"), maximum=40.0)
    assert lines(Style((Rule((heat,)),)), a=[1.0])[0][1:] == ["none to 40 a km²"]
    assert len(lines(Style((Rule((ClusterSymbolizer(MARK),)),)), a=[1.0])[0]) == 3
