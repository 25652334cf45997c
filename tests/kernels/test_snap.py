from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import snap
from lydigital.model.geometry import GeometryArray, GeometryKind

NAN = float("nan")


def shape(g: GeometryArray):
    return g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets


def all_rows(g: GeometryArray):
    return np.arange(len(g), dtype=np.int32)


def test_each_kind_of_a_line_with_its_ids():
    g = GeometryArray.from_rings(GeometryKind.LINE, [[], [[[(0, 0), (1, 1)]], [[(10, 0), (20, 0), (20, 10)]]]])
    found, ids = snap.nearest(*shape(g), all_rows(g), 2, False, 19.0, 1.5, 12.0, 5.0)
    assert found[snap.VERTEX].tolist() == [np.hypot(1, 1.5), 20.0, 0.0]
    assert ids[snap.VERTEX].tolist() == [1, 1, 0, 1]
    assert found[snap.END, 1:].tolist() == [20.0, 10.0]
    assert found[snap.MIDPOINT, 1:].tolist() == [20.0, 5.0]
    assert found[snap.SEGMENT].tolist() == [1.0, 20.0, 1.5]
    assert found[snap.PERPENDICULAR, 1:].tolist() == [20.0, 5.0]
    assert np.isinf(found[snap.CENTRE, 0])


def test_the_closing_vertex_of_a_ring_is_its_first():
    g = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]]]])
    found, ids = snap.nearest(*shape(g), all_rows(g), 3, True, 0.0, 0.0, NAN, NAN)
    assert ids[snap.VERTEX].tolist() == [0, 0, 0, 0]
    assert found[snap.CENTRE, 1:].tolist() == [2.0, 2.0]
    assert np.isinf(found[snap.END, 0])
    assert np.isinf(found[snap.PERPENDICULAR, 0])


def test_a_centre_leaves_out_the_hole_whichever_way_it_turns():
    outer = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    hole = [(6, 1), (9, 1), (9, 4), (6, 4), (6, 1)]
    for turned in (hole, hole[::-1]):
        g = GeometryArray.from_rings(GeometryKind.POLYGON, [[[outer, turned]]])
        found, _ = snap.nearest(*shape(g), all_rows(g), 3, True, 5.0, 5.0, NAN, NAN)
        centre = shapely.Polygon(outer, [turned]).centroid
        assert found[snap.CENTRE, 1:].tolist() == pytest.approx([centre.x, centre.y])


def test_shared_ends_are_no_crossing():
    star = np.array([[0.0, 0, 10, 0], [0, 0, 0, 10], [5, -5, 5, 5]])
    assert snap.crossing(star, 1.0, 1.0)[1:].tolist() == [5.0, 0.0, 2.0, 0.0]
    assert np.isinf(snap.crossing(star[:2], 1.0, 1.0)).all()
    touching = np.array([[0.0, 0, 10, 0], [5, 0, 5, 5]])
    assert snap.crossing(touching, 0.0, 0.0)[1:3].tolist() == [5.0, 0.0], "an end on the middle of another"


def test_extensions_start_at_the_ends_of_lines_only():
    g = GeometryArray.from_rings(GeometryKind.LINE, [[[[(0, 0), (10, 0), (10, 10)]]]])
    found, ids = snap.extension(*shape(g), all_rows(g), 2, 11.0, 13.0, 5.0)
    assert (found.tolist(), ids.tolist()) == ([1.0, 10.0, 13.0], [0, 0, 0, 1])
    assert np.isinf(snap.extension(*shape(g), all_rows(g), 2, 13.0, 0.5, 5.0)[0][0]), "a bend is no end"
    assert np.isinf(snap.extension(*shape(g), all_rows(g), 2, 10.0, 20.0, 5.0)[0][0]), "too far from the end"


LINE = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=6)


@given(st.lists(LINE, min_size=1, max_size=5), st.integers(-9, 9), st.integers(-9, 9))
@settings(max_examples=150, deadline=None)
def test_agrees_with_shapely(lines, i, j):
    x, y = i + 0.37, j + 0.61
    place = shapely.Point(x, y)
    g = GeometryArray.from_rings(GeometryKind.LINE, [[[line]] for line in lines])
    found, _ = snap.nearest(*shape(g), all_rows(g), 2, False, x, y, NAN, NAN)
    segments = [
        shapely.LineString(pair)
        for line in lines for pair in itertools.pairwise(line) if pair[0] != pair[1]
    ]  # fmt: skip
    vertices = shapely.MultiPoint([p for line in lines for p in line])
    assert found[snap.VERTEX, 0] == pytest.approx(vertices.distance(place))
    ends = shapely.MultiPoint([p for line in lines for p in (line[0], line[-1])])
    assert found[snap.END, 0] == pytest.approx(ends.distance(place))
    if segments:
        assert found[snap.SEGMENT, 0] == pytest.approx(min(s.distance(place) for s in segments))
        middles = [s.interpolate(0.5, normalized=True).distance(place) for s in segments]
        assert found[snap.MIDPOINT, 0] == pytest.approx(min(middles))
    near, _ = snap.segments_near(*shape(g), all_rows(g), x, y, 3.0, 100)
    assert len(near) == sum(s.distance(place) <= 3.0 for s in segments) + sum(
        a == b and shapely.Point(a).distance(place) <= 3.0
        for line in lines for a, b in itertools.pairwise(line)
    )  # fmt: skip


@given(st.lists(st.tuples(*[st.integers(-6, 6)] * 4), min_size=2, max_size=7))
@settings(max_examples=150, deadline=None)
def test_crossings_agree_with_shapely(ends):
    segments = np.array([e for e in ends if e[:2] != e[2:]], np.float64).reshape(-1, 4)
    found = snap.crossing(segments, 0.3, 0.7)
    wanted = np.inf
    for k, a in enumerate(segments):
        for b in segments[:k]:
            cross = shapely.intersection(shapely.LineString(a.reshape(2, 2)), shapely.LineString(b.reshape(2, 2)))
            if cross.geom_type != "Point" or cross.is_empty:
                continue
            if {tuple(a[:2]), tuple(a[2:])} & {tuple(b[:2]), tuple(b[2:])}:
                continue
            u, v = a[2:] - a[:2], b[2:] - b[:2]
            if u[0] * v[1] == u[1] * v[0]:
                continue
            wanted = min(wanted, cross.distance(shapely.Point(0.3, 0.7)))
    assert found[0] == pytest.approx(wanted, abs=1e-9)
