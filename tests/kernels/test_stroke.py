"""Stroking: widths, caps, joins, dashes, union, bands."""

import numpy as np
import pytest
import shapely
from canvas import Canvas

from lydigital.kernels import stroke
from lydigital.model.geometry import GeometryArray, GeometryKind


def line(*points):
    return GeometryArray.from_rings(GeometryKind.LINE, [[[list(points)]]])


def test_one_pixel_line_on_a_pixel_row_is_crisp():
    grid = Canvas(6, 3).stroke(line((1, 1.5), (5, 1.5)), cap=stroke.BUTT).grid
    assert grid == [[0] * 6, [0, 255, 255, 255, 255, 0], [0] * 6]


def test_line_between_two_rows_is_half_on_each():
    grid = Canvas(6, 4).stroke(line((-3, 2), (9, 2))).grid
    assert grid[1] == [128] * 6
    assert grid[2] == [128] * 6


@pytest.mark.parametrize("width", [1.0, 2.5, 6.0])
@pytest.mark.parametrize("angle", [0.0, 0.3, 0.9, 2.0])
def test_area_is_length_times_width(width, angle):
    a, b = np.array([20 - 12 * np.cos(angle), 20 - 12 * np.sin(angle)]), np.array([20 + 12 * np.cos(angle), 20 + 12 * np.sin(angle)])
    cover = Canvas(40, 40).stroke(line(tuple(a), tuple(b)), width, cap=stroke.BUTT).cover
    assert cover.sum() == pytest.approx(24 * width, rel=0.02)
    rounded = Canvas(40, 40).stroke(line(tuple(a), tuple(b)), width, cap=stroke.ROUND).cover
    assert rounded.sum() == pytest.approx(24 * width + np.pi * width**2 / 4, rel=0.03)
    square = Canvas(40, 40).stroke(line(tuple(a), tuple(b)), width, cap=stroke.SQUARE).cover
    assert square.sum() == pytest.approx((24 + width) * width, rel=0.02)


@pytest.mark.parametrize(("join", "style"), [(stroke.MITER, "mitre"), (stroke.ROUND, "round"), (stroke.BEVEL, "bevel")])
def test_joins_are_those_of_a_buffer(join, style):
    points = [(6.0, 6.0), (20.0, 34.0), (34.0, 12.0)]
    cover = Canvas(40, 40).stroke(line(*points), 7.0, cap=stroke.BUTT, join=join).cover
    shape = shapely.LineString(points).buffer(3.5, cap_style="flat", join_style=style, mitre_limit=4.0)
    assert cover.sum() == pytest.approx(shape.area, rel=0.015)
    assert cover.max() == 1


def test_crossings_do_not_darken():
    cross = GeometryArray.from_rings(GeometryKind.LINE, [[[[(0.0, 10.0), (20.0, 10.0)]]], [[[(10.0, 0.0), (10.0, 20.0)]]]])
    grid = np.array(Canvas(20, 20).stroke(cross, 4.0, 0x80FFFFFF, cap=stroke.BUTT).grid)
    assert grid[9, 9] == grid[9, 3] == 128


def test_dashes_count_from_the_start_and_beyond_the_view():
    dashed = Canvas(12, 3).stroke(line((0, 1.5), (12, 1.5)), dash=(3.0, 2.0), cap=stroke.BUTT).grid[1]
    assert dashed == [255, 255, 255, 0, 0, 255, 255, 255, 0, 0, 255, 255]
    far = Canvas(12, 3).stroke(line((-5_000_000, 1.5), (5_000_000, 1.5)), dash=(3.0, 2.0), cap=stroke.BUTT).grid[1]
    assert far == dashed


def test_dashes_go_on_around_corners():
    cover = Canvas(20, 20).stroke(line((2, 2.5), (10, 2.5), (10, 18)), 1.0, dash=(4.0, 4.0), cap=stroke.BUTT).cover
    assert cover.sum() == pytest.approx(12.0, abs=0.8)


def test_offset_is_to_the_left():
    grid = Canvas(8, 8).stroke(line((0, 3.5), (8, 3.5)), offset=2.0).grid
    assert grid[2] == [255] * 8  # y up: left of eastward is north
    bent = Canvas(20, 20).stroke(line((2, 2.5), (12.5, 2.5), (12.5, 18)), offset=3.0, cap=stroke.BUTT).cover
    assert bent[20 - 6, 5] == 1
    assert bent[5, 9] == 1


def test_rings_have_no_ends():
    ring = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(4.0, 4.0), (16.0, 4.0), (16.0, 16.0), (4.0, 16.0), (4.0, 4.0)]]]])
    cover = Canvas(20, 20).stroke(ring, 4.0, cap=stroke.BUTT, join=stroke.MITER).cover
    assert cover[2, 2] == cover[17, 17] == cover[2, 17] == cover[17, 2] == 1
    assert cover.sum() == pytest.approx(16 * 16 - 8 * 8, abs=1.5)


def test_bands_give_the_same_bits():
    random = np.random.default_rng(3)
    wild = GeometryArray.from_rings(GeometryKind.LINE, [[[[tuple(p) for p in random.random((6, 2)) * 60 - 10]]] for _ in range(5)])
    for style in ({"width": 1.0}, {"width": 5.3, "join": 0, "cap": 0}, {"width": 3.0, "dash": (4.0, 2.5)}, {"width": 2.0, "offset": 3.0}):
        a = Canvas(40, 40).stroke(wild, color=0xB0FFFFFF, **style)
        b = Canvas(40, 40, bands=(7, 8, 29)).stroke(wild, color=0xB0FFFFFF, **style)
        assert np.array_equal(a.frame, b.frame)


def test_a_segment_across_the_world_is_as_crisp_as_a_short_one():
    near = Canvas(10, 10).stroke(line((-5, -5), (15, 15)), 2.0)
    far = Canvas(10, 10).stroke(line((-4e7, -4e7), (4e7, 4e7)), 2.0)
    assert np.abs(near.cover - far.cover).max() < 2 / 255


def test_a_line_of_no_length_is_a_dot_only_when_round():
    dot = line((5.5, 5.5), (5.5, 5.5))
    assert Canvas(11, 11).stroke(dot, 4.0).cover.sum() == pytest.approx(np.pi * 4, rel=0.05)
    assert Canvas(11, 11).stroke(dot, 4.0, cap=stroke.BUTT).cover.sum() == 0
