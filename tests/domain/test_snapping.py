from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain.snapping import KINDS, SKETCH, Snapping, snap
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import LineSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
VIEW = Viewport((0.0, 0.0), 0.1, 400, 400, CRS)  # ten pixels a metre
STYLE = Style((Rule((LineSymbolizer(Stroke("#333333")),)),))
ALL = Snapping(frozenset(KINDS), tolerance_px=10.0)


def layer(name: str, kind: GeometryKind, features, codes=None) -> SceneLayer:
    g = GeometryArray.from_rings(kind, features)
    table = FeatureTable(np.arange(10, 10 + len(g), dtype=np.int64), pa.table({}), g, CRS)
    drawn = np.zeros(len(g), np.int16) if codes is None else np.array(codes, np.int16)
    return SceneLayer(name, table, STYLE, drawn)


def lines(name: str, *shapes, codes=None) -> SceneLayer:
    return layer(name, GeometryKind.LINE, [[[list(shape)]] for shape in shapes], codes)


def only(*kinds: str) -> Snapping:
    return replace(ALL, kinds=frozenset(kinds))


CROSS = lines("a", [(-5, 0), (5, 0)])
OVER = lines("b", [(1, -5), (1, 9)])


def test_a_crossing_of_two_layers():
    found = snap([CROSS, OVER], 0.6, 0.3, VIEW, ALL)
    assert (found.kind, found.x, found.y) == ("intersection", 1.0, 0.0)
    assert found.distance_px == pytest.approx(5.0)
    assert (found.layer, found.fid, found.part, found.ring, found.vertex) == ("b", 10, 0, 0, 0), "the one on top"


def test_places_come_before_lines_and_lines_before_the_grid():
    gridded = replace(ALL, grid=1.0)
    assert snap([CROSS], -4.3, 0.0, VIEW, gridded).kind == "end"
    assert snap([CROSS], -3.4, 0.2, VIEW, gridded).kind == "segment"
    assert snap([CROSS], -3.1, 3.2, VIEW, gridded)[:3] == (-3.0, 3.0, "grid")
    assert snap([CROSS], 6.0, 0.3, VIEW, replace(ALL, tolerance_px=5.0))[:3] == (6.0, 0.0, "extension")


def test_a_kind_that_is_off_is_not_found():
    assert snap([CROSS], 5.0, 0.3, VIEW, only("vertex")).kind == "vertex"
    assert snap([CROSS], 0.2, 0.3, VIEW, only("midpoint")).kind == "midpoint"
    assert snap([CROSS], 0.2, 0.3, VIEW, only("centre", "grid")) is None


def test_perpendiculars_come_from_the_last_vertex():
    found = snap([CROSS], -2.6, 0.4, VIEW, only("perpendicular", "segment"), origin=(-2.5, 7.0))
    assert found[:3] == (-2.5, 0.0, "perpendicular")
    assert snap([CROSS], -2.6, 0.4, VIEW, only("perpendicular")) is None


def test_only_layers_chosen_and_features_drawn():
    assert snap([CROSS, OVER], 1.0, 0.2, VIEW, replace(ALL, layers=frozenset({"a"}))).kind == "segment"
    assert snap([lines("a", [(-5, 0), (5, 0)], codes=[-1])], 0.0, 0.0, VIEW, ALL) is None
    assert snap([CROSS], 0.0, 0.0, VIEW, ALL, without={("a", 10)}) is None


def test_the_edited_part_of_a_layer_counts_with_its_base():
    base = lines("a", [(-5, 0), (5, 0)], [(-5, 3), (5, 3)], codes=[-1, 0])
    patch = lines("a", [(-5, 1), (5, 1)])
    assert snap([base, patch], -3.0, 0.4, VIEW, ALL).y == 1.0


def test_the_sketch_itself_is_snapped_to():
    found = snap([], 0.2, 0.1, VIEW, ALL, sketch=[np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 8.0]])])
    assert (found.kind, found.x, found.y, found.layer) == ("end", 0.0, 0.0, SKETCH)


def test_a_layer_of_another_system_is_where_it_is_drawn():
    from lydigital.model.crs import transformation

    view = Viewport((640_000.0, 3_830_000.0), 0.1, 400, 400, CRS)
    lonlat = transformation(CRS, Crs("EPSG:4490")).points(np.array([[640_000.0, 3_830_000.0]]))
    stored = FeatureTable(np.array([4], np.int64), pa.table({}), GeometryArray.from_points(lonlat), Crs("EPSG:4490"))
    drawn = SceneLayer("far", stored.to_crs(CRS), STYLE, np.zeros(1, np.int16))
    found = snap([drawn], 640_000.4, 3_830_000.2, view, ALL)
    assert (found.kind, found.fid) == ("vertex", 4)
    assert (found.x, found.y) == pytest.approx((640_000.0, 3_830_000.0), abs=1e-3)


SHAPE = st.lists(st.tuples(st.integers(-15, 15), st.integers(-15, 15)), min_size=2, max_size=5)


@given(st.lists(SHAPE, min_size=1, max_size=6), st.integers(-15, 15), st.integers(-15, 15))
@settings(max_examples=150, deadline=None)
def test_agrees_with_brute_force(shapes, i, j):
    x, y = i + 0.23, j + 0.41
    place = shapely.Point(x, y)
    found = snap([lines("a", *shapes)], x, y, VIEW, only("vertex", "segment", "midpoint"))
    pairs = [pair for shape in shapes for pair in itertools.pairwise(shape) if pair[0] != pair[1]]
    vertex = min(shapely.Point(p).distance(place) for shape in shapes for p in shape)
    middle = min((shapely.LineString(p).interpolate(0.5, normalized=True).distance(place) for p in pairs), default=99)
    edge = min((shapely.LineString(p).distance(place) for p in pairs), default=99)
    if min(vertex, middle) <= 1.0:
        assert found.distance_px == pytest.approx(10 * min(vertex, middle))
        assert found.kind in ("vertex", "midpoint")
    elif edge <= 1.0:
        assert (found.kind, found.distance_px) == ("segment", pytest.approx(10 * edge))
    else:
        assert found is None
    if found is not None:
        line = shapes[found.fid - 10]
        if found.kind == "vertex":
            assert line[found.vertex] == (found.x, found.y)
        else:
            segment = shapely.LineString(line[found.vertex : found.vertex + 2])
            assert segment.distance(shapely.Point(found.x, found.y)) < 1e-9
