"""Each operation on small shapes whose result is known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from lydigital.edits.operations import (
    checks,
    ground,
    outline,
    parts,
    repair,
    shapes,
    topology,
    transform,
    vertices,
)
from lydigital.errors import BadDataError, LydError, RefusedError, UsageError
from lydigital.model.crs import Crs

SQUARE = box(0, 0, 10, 10)


def many(*some):
    out = np.empty(len(some), object)
    out[:] = some
    return out


def same(first, second):
    return first.equals_exact(second, 0.0, normalize=True)


def test_a_circle_keeps_its_deviation_and_has_the_four_extremes():
    for deviation in (1.0, 0.05, 0.001):
        circle = shapes.circle(100.0, 50.0, 20.0, deviation)
        middle = shapely.LineString(circle.exterior.coords[:2]).interpolate(0.5, normalized=True)
        assert 20.0 - middle.distance(Point(100, 50)) <= deviation
    assert circle.bounds == pytest.approx((80, 30, 120, 70), abs=1e-12)
    with pytest.raises(BadDataError):
        shapes.circle(0, 0, math.nan, 1)


def test_a_rectangle_by_three_points():
    made = shapes.rectangle((0, 0), (10, 0), (3, 4))
    assert same(made, box(0, 0, 10, 4))
    with pytest.raises(BadDataError):
        shapes.rectangle((0, 0), (10, 0), (20, 0))


def test_a_regular_polygon():
    assert shapes.regular(0, 0, 2.0, 4, 0.0).equals_exact(Polygon([(2, 0), (0, 2), (-2, 0), (0, -2)]), 1e-12)


def test_freehand_loses_what_says_nothing():
    stroke = [(x / 10, 0.001 * (x % 2)) for x in range(101)]
    assert same(shapes.freehand(stroke, 0.01), LineString([(0, 0), (10, 0)]))


def test_lines_go_on_at_both_ends():
    line = LineString([(0, 0), (1, 0)])
    assert shapes.continued(line, [(2, 0), (3, 0)], at_start=False).coords[:] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert shapes.continued(line, [(-1, 0), (-2, 0)], at_start=True).coords[:] == [(-2, 0), (-1, 0), (0, 0), (1, 0)]


@pytest.mark.parametrize(("shape", "line", "areas"), [
    (SQUARE, LineString([(5, -1), (5, 11)]), [50, 50]),
    (SQUARE, LineString([(-1, 2), (11, 2), (11, 8), (-1, 8)]), [60, 20, 20]),
    (box(0, 0, 10, 10).difference(box(4, 4, 6, 6)), LineString([(5, -1), (5, 11)]), [48, 48]),
    (MultiPolygon([SQUARE, box(20, 0, 21, 1)]), LineString([(5, -1), (5, 11)]), [51, 50]),
])  # fmt: skip
def test_areas_are_split(shape, line, areas):
    pieces = parts.split(shape, line)
    assert sorted((p.area for p in pieces), reverse=True) == areas
    assert all(p.is_valid for p in pieces)


def test_lines_are_split_at_crossings_and_at_vertices():
    line = LineString([(0, 0), (4, 0), (10, 0)])
    assert [p.length for p in parts.split(line, LineString([(7, -1), (7, 1)]))] == [7, 3]
    at_vertex = parts.split(line, LineString([(4, -1), (4, 1)]))
    assert [p.coords[:] for p in at_vertex] == [[(4, 0), (10, 0)], [(0, 0), (4, 0)]]


@pytest.mark.parametrize("line", [LineString([(20, 0), (20, 9)]), LineString([(0, -1), (10, -1)]), LineString([(5, -5), (5, 5)])])
def test_a_line_that_does_not_cut_is_refused(line):
    with pytest.raises(RefusedError):
        parts.split(SQUARE, line)


def test_merged_areas_and_lines():
    assert parts.merged([SQUARE, box(10, 0, 20, 10)]).area == 200
    assert parts.merged([LineString([(0, 0), (1, 0)]), LineString([(2, 0), (1, 0)])]).geom_type == "LineString"
    assert parts.merged([SQUARE, box(5, 5, 15, 15)]).area == 175


def test_holes_are_added_and_filled():
    hole = box(4, 4, 6, 6)
    with_hole = parts.with_hole(SQUARE, hole)
    assert with_hole.area == 96
    assert same(parts.without_hole(with_hole, (5, 5)), SQUARE)
    assert same(parts.without_hole(with_hole, None), SQUARE)
    for place in ((1, 1), (50, 50)):
        with pytest.raises(RefusedError):
            parts.without_hole(with_hole, place)
    with pytest.raises(RefusedError):
        parts.with_hole(SQUARE, box(9, 9, 11, 11))
    with pytest.raises(BadDataError):
        parts.with_hole(SQUARE, LineString([(1, 1), (3, 3), (3, 1), (1, 3), (1, 1)]))


def test_cut_away_and_clip_keep_only_areas():
    assert parts.cut_away(SQUARE, [box(8, 0, 12, 10), box(10, 0, 12, 5)]).area == 80
    assert parts.cut_away(SQUARE, [box(10, 0, 12, 10)]) is SQUARE
    assert parts.clipped(SQUARE, box(10, 0, 20, 10)).is_empty, "touching is not overlapping"
    assert parts.clipped(LineString([(-5, 5), (15, 5)]), SQUARE).length == 10


def test_reshape_grows_and_bites():
    bump = outline.reshaped(SQUARE, LineString([(2, 10), (2, 12), (8, 12), (8, 10)]))
    assert bump.area == 112
    bite = outline.reshaped(SQUARE, LineString([(2, 11), (2, 8), (8, 8), (8, 11)]))
    assert bite.area == 88
    both = outline.reshaped(SQUARE, LineString([(2, 11), (2, 8), (5, 8), (5, 12), (8, 12), (8, 9)]))
    assert both.area == 100 - 6 + 6
    line = outline.reshaped(LineString([(0, 0), (10, 0)]), LineString([(2, 0), (5, 3), (8, 0)]))
    assert line.coords[:] == [(0, 0), (2, 0), (5, 3), (8, 0), (10, 0)]
    with pytest.raises(RefusedError):
        outline.reshaped(SQUARE, LineString([(2, 11), (2, 8)]))


def test_offset_and_buffer():
    assert outline.offset(many(SQUARE), 1.0)[0].area == 144
    assert outline.offset(many(SQUARE), -1.0)[0].area == 64
    assert outline.offset(many(LineString([(0, 0), (10, 0)])), 2.0)[0].coords[:] == [(0, 2), (10, 2)]
    disc = outline.buffered(many(Point(0, 0)), 10.0, 0.01)[0]
    assert math.pi * 100 - disc.area < 2 * math.pi * 10 * 0.01
    with pytest.raises(RefusedError):
        outline.offset(many(Point(0, 0)), 1.0)


def test_neighbours_are_simplified_together():
    wave = [(10 + 0.2 * math.sin(y), y) for y in np.linspace(0, 10, 41)]
    west = Polygon([(0, 0), *wave, (0, 10)])
    east = Polygon([*wave, (20, 10), (20, 0)])
    a, b = outline.simplified(many(west, east), 1.0)
    assert shapely.get_num_coordinates(a) < 15
    assert shapely.coverage_is_valid(many(a, b))
    assert a.area + b.area == pytest.approx(200, abs=1e-9)


def test_chaikin_cuts_corners():
    smooth = outline.smoothed(SQUARE, 1)
    assert smooth.area == 100 - 4 * 2.5 * 2.5 / 2
    line = outline.smoothed(LineString([(0, 0), (4, 0), (4, 4)]), 1)
    assert line.coords[:] == [(0, 0), (3, 0), (4, 1), (4, 4)]


def test_vertices_by_part_ring_and_index():
    holed = SQUARE.difference(box(4, 4, 6, 6))
    assert [len(r) for r in vertices.rings_of(holed)[0]] == [4, 4]
    first = vertices.rings_of(SQUARE)[0][0][0]
    moved = vertices.moved(SQUARE, [(0, 0, 0)], 1.0, 0.0)
    assert moved.exterior.coords[0] == moved.exterior.coords[-1] == (first[0] + 1, first[1])
    assert len(vertices.added(SQUARE, (0, 0, 4), (5, 5)).exterior.coords) == 6
    assert len(vertices.deleted(SQUARE, [(0, 0, 1)]).exterior.coords) == 4
    gone = vertices.deleted(holed, [(0, 1, 0), (0, 1, 1)])
    assert not gone.interiors, "a hole without three vertices goes"
    with pytest.raises(RefusedError):
        vertices.deleted(SQUARE, [(0, 0, 0), (0, 0, 1)])
    for pick in ((0, 0, 4), (0, 1, 0), (1, 0, 0), (0, 0, -1)):
        with pytest.raises(UsageError):
            vertices.moved(SQUARE, [pick], 1.0, 0.0)


def test_shared_corners_move_together_and_edges_get_their_vertex():
    west, north = box(0, 0, 10, 10), box(0, 10, 10, 20)
    east = box(10, 0, 20, 20)  # its west edge passes the corner without a vertex
    out = topology.moved_with([west, north, east], [(10.0, 10.0)], 1.0, 0.5, 1e-6)
    assert all((11.0, 10.5) in list(s.exterior.coords) for s in out)
    assert shapely.coverage_is_valid(many(*out))
    far = box(100, 100, 101, 101)
    assert topology.moved_with([far], [(10.0, 10.0)], 1, 1, 1e-6)[0] is far


def test_traces_follow_the_shorter_way():
    assert topology.trace([SQUARE, box(10, 0, 20, 10)], (0, 5), (20, 5)) in (
        [(0, 5), (0, 10), (10, 10), (20, 10), (20, 5)], [(0, 5), (0, 0), (10, 0), (20, 0), (20, 5)],
    )  # fmt: skip
    assert topology.trace([SQUARE], (2, 0), (8, 0)) == [(2, 0), (8, 0)]
    with pytest.raises(RefusedError):
        topology.trace([SQUARE, box(50, 0, 60, 10)], (0, 0), (60, 0))
    with pytest.raises(RefusedError):
        topology.trace([], (0, 0), (1, 1))


def test_gaps_are_found():
    ring = [box(0, 0, 30, 10), box(0, 20, 30, 30), box(0, 10, 10, 20), box(20, 10, 30, 20)]
    assert same(topology.gap_at(ring, (15, 15)), box(10, 10, 20, 20))
    assert topology.gap_in(ring, box(5, 5, 25, 25)).area == 100
    for place in ((5, 5), (100, 100)):
        with pytest.raises(RefusedError):
            topology.gap_at(ring, place)
    with pytest.raises(RefusedError):
        topology.gap_in(ring, box(1, 1, 9, 9))


def test_repair_keeps_areas_and_closes_slits():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    mended = repair.mended(bow)
    assert mended.is_valid
    assert mended.area == 50
    pair, wide = repair.fitted(many(SQUARE, box(10.05, 0, 20, 10)), 0.1)
    assert wide == 0
    assert shapely.coverage_is_valid(pair)
    assert shapely.union_all(pair).geom_type == "Polygon"
    kept, wide = repair.fitted(many(SQUARE, box(8, 0, 20, 10)), 0.1)
    assert wide == 1
    assert same(kept[0], SQUARE)


def test_quarter_turns_and_mirrors_are_exact():
    turned = transform.rotated(many(SQUARE), 90.0, (0.0, 0.0))[0]
    assert same(turned, box(-10, 0, 0, 10))
    assert same(transform.scaled(many(SQUARE), -2.0, 1.0, (0.0, 0.0))[0], box(-20, 0, 0, 10))


def test_shapes_align():
    some = many(box(0, 0, 1, 1), box(5, 7, 7, 8))
    assert [s.bounds[0] for s in transform.aligned(some, "left")] == [0, 0]
    assert [s.bounds[3] for s in transform.aligned(some, "top")] == [8, 8]
    on_line = transform.along(some, LineString([(0, 0), (10, 0)]))
    assert [s.centroid.y for s in on_line] == [0, 0]


def test_heights_stay_where_places_change():
    line = shapely.from_wkt("LINESTRING Z (0 0 5, 10 0 7)")
    moved = transform.moved(many(line, Point(1, 1)), 1.0, 2.0)
    assert moved[0].coords[:] == [(1, 2, 5), (11, 2, 7)]
    assert not moved[1].has_z


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:3857", "EPSG:4546"])
def test_metres_are_metres_on_the_ground(crs):
    x, y = {"EPSG:4490": (112.45, 34.62), "EPSG:3857": (12517876.8, 4110811.0), "EPSG:4546": (632982.0, 3833393.0)}[crs]
    disc = ground.through(Crs(crs), many(Point(x, y)), lambda s: outline.buffered(s, 100.0, 0.01))[0]
    area = abs(Crs("EPSG:4490").proj.get_geod().geometry_area_perimeter(
        ground.reprojected(many(disc), __import__("lydigital.model.crs", fromlist=["x"]).transformation(Crs(crs), Crs("EPSG:4490")))[0])[0])
    assert area == pytest.approx(math.pi * 100**2, rel=1e-3)
    assert ground.units(Crs(crs), x, y, 100.0) == pytest.approx((disc.bounds[3] - disc.bounds[1]) / 2, rel=1e-3)


@pytest.mark.parametrize(("shape", "crs"), [
    (Point(math.inf, 0), "EPSG:4546"), (Point(1e12, 0), "EPSG:4546"), (Point(200, 10), "EPSG:4490"),
    (Point(34.6, 112.4), "EPSG:4490"), (Point(0, -math.inf), "EPSG:4546"),
])  # fmt: skip
def test_absurd_places_are_refused(shape, crs):
    with pytest.raises(BadDataError) as caught:
        checks.placed(many(shape), Crs(crs))
    assert caught.value.hint_text()


def test_places_outside_the_system_are_warned_of():
    assert checks.outside(many(Point(3833393, 632982)), Crs("EPSG:4546"), "x")
    assert not checks.outside(many(Point(632982, 3833393)), Crs("EPSG:4546"), "x")


def test_faults_have_names():
    assert checks.fault(Polygon()) == "empty"
    assert checks.fault(Polygon([(0, 0), (1, 1), (2, 2)])) == "size"
    assert "Self-intersection" in checks.fault(Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]))
    assert checks.fault(SQUARE) == ""
    assert issubclass(type(checks.refusal("size", 1)), LydError)
