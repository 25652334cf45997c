"""Filling: exact areas, holes, shared edges, clipping, bands."""

import os

import numpy as np
import pytest
import shapely
from canvas import Canvas
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.kernels import fill, simplify
from lydigital.model.geometry import GeometryArray, GeometryKind

PLAIN_PYTHON = os.environ.get("NUMBA_DISABLE_JIT") == "1"
EXAMPLES = 4 if PLAIN_PYTHON else 60


def polygons(*shapes):
    return GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))


def test_pixel_aligned_square_is_exact():
    grid = Canvas(4, 3).fill(polygons(shapely.box(1, 1, 3, 2))).grid
    assert grid == [[0, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 0]]


def test_half_covered_pixels_are_half():
    grid = Canvas(4, 3).fill(polygons(shapely.box(0.5, 0.5, 3, 2))).grid
    assert grid[1] == [128, 255, 255, 0]
    assert grid[2] == [64, 128, 128, 0]


def test_diagonal_covers_half_of_each_pixel_it_halves():
    grid = Canvas(3, 3).fill(polygons(shapely.Polygon([(0, 0), (3, 0), (3, 3)]))).grid
    assert grid == [[0, 0, 128], [0, 128, 255], [128, 255, 255]]


@pytest.mark.parametrize("turn", [1, -1])
def test_holes_are_holes_whichever_way_they_turn(turn):
    shell = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]
    hole = [(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0), (1.0, 1.0)][::turn]
    grid = Canvas(4, 4).fill(GeometryArray.from_rings(GeometryKind.POLYGON, [[[shell, hole]]])).grid
    assert grid[0] == [255] * 4
    assert grid[1] == [255, 0, 0, 255]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 100_000), st.integers(3, 9))
def test_coverage_adds_up_to_the_area(seed, n):
    random = np.random.default_rng(seed)
    angles = (np.arange(n) + random.random(n) * 0.8) * 2 * np.pi / n
    radii = 2 + random.random(n) * 9
    shape = shapely.Polygon(np.column_stack([12 + radii * np.cos(angles), 12 + radii * np.sin(angles)]))
    shape = shape.difference(shapely.box(11, 11, 13, 13.5)) if shape.is_valid else shape.buffer(0)
    shape = shapely.transform(shape, lambda xy: np.round(xy * fill.SNAPS) / fill.SNAPS)
    cover = Canvas(24, 24).fill(polygons(shape)).cover
    partial = ((cover > 0) & (cover < 1)).sum()
    assert cover.sum() == pytest.approx(shape.area, abs=partial * 0.5 / 255 + 0.02)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([4, 12, 30]), st.sampled_from([(24, 20), (70, 9)]))
def test_every_pixel_is_covered_as_much_as_it_is(seed, n, size):
    random = np.random.default_rng(seed)
    width, height = size
    angles = np.sort(random.random(n)) * 2 * np.pi
    radii = 0.2 + random.random(n) * 0.5
    ring = np.column_stack([(0.5 + radii * np.cos(angles)) * width, (0.5 + radii * np.sin(angles)) * height])
    shape = shapely.Polygon(np.round(ring * fill.SNAPS) / fill.SNAPS)
    if not shape.is_valid or shape.area < 1.0:
        return
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    exact = shapely.area(shapely.intersection(shapely.box(x, y, x + 1, y + 1), shape))[::-1]
    cover = Canvas(width, height).fill(polygons(shape)).cover
    assert np.abs(cover - exact).max() <= 1 / 255


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 100_000))
def test_neighbours_leave_no_seam(seed):
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.random((7, 2)) * 16)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=shapely.box(-5, -5, 21, 21)))
    canvas = Canvas(16, 16).fill(polygons(*cells))
    assert np.array(canvas.grid).min() >= 253


def test_a_new_layer_covers_the_old_one_as_a_whole():
    left, right = shapely.box(0, 0, 1.5, 1), shapely.box(1.5, 0, 3, 1)
    canvas = Canvas(3, 1).fill(polygons(left)).fill(polygons(right))
    assert canvas.grid == [[255, 192, 255]]  # two layers: the half pixels are not known to be side by side
    assert Canvas(3, 1).fill(polygons(left, right)).grid == [[255, 255, 255]]


def test_colours_and_alpha():
    canvas = Canvas(2, 1).fill(polygons(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)), (0xFF0000C8, 0x8000C800), [0, 1])
    assert canvas.frame.tolist() == [[0xFF0000C8, 0xFF006400 | 0xFF000000]]


def test_overlap_within_a_layer_lies_above_what_came_before():
    canvas = Canvas(1, 1).fill(polygons(shapely.box(0, 0, 0.75, 1), shapely.box(0.25, 0, 1, 1)), (0xFF0000FF, 0xFF00FF00), [0, 1])
    red, green = int(canvas.frame[0, 0]) & 0xFF, int(canvas.frame[0, 0]) >> 8 & 0xFF
    assert green == pytest.approx(191, abs=2)
    assert red == pytest.approx(64, abs=2)


def test_small_features_keep_their_area():
    boxes = [shapely.box(x + 0.1, 0.2, x + 0.4, 0.7) for x in range(4) for _ in range(1)]
    grid = Canvas(4, 1).fill(polygons(*boxes)).cover
    assert grid.sum() == pytest.approx(4 * 0.3 * 0.5, abs=0.02)
    many = [shapely.box(0.01 * i, 0.0, 0.01 * i + 0.01, 0.4) for i in range(100)]
    assert Canvas(1, 1).fill(polygons(*many)).cover.sum() == pytest.approx(0.4, abs=0.01)


def test_small_features_move_smoothly():
    box = shapely.box(0.2, 0.3, 0.9, 0.8)
    totals = [Canvas(4, 3).fill(polygons(shapely.transform(box, lambda xy, s=s: xy + s))).cover.sum() for s in np.arange(0, 2, 0.13)]
    assert np.ptp(totals) < 0.03


def test_simplified_neighbours_leave_no_seam():
    random = np.random.default_rng(5)
    points = shapely.multipoints(random.random((9, 2)) * 40)
    cells = shapely.segmentize(shapely.get_parts(shapely.voronoi_polygons(points, extend_to=shapely.box(-9, -9, 49, 49))), 0.2)
    g = polygons(*shapely.transform(cells, lambda xy: xy + np.sin(xy[:, ::-1] * 2.1) * 0.7))
    weight = simplify.importance(g.coords, g.ring_offsets, True)
    light = GeometryArray(g.kind, g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, g.bounds, weight)
    for scale in (1.0, 0.4):
        assert (weight < 0.15 / scale).mean() > 0.3
        size = int(40 * scale)
        assert np.array(Canvas(size, size).fill(light, scale=scale).grid).min() >= 250


@pytest.mark.parametrize("x", [-1000.0, 0.0, 1000.0])
def test_what_is_left_of_the_picture_counts_and_what_is_right_does_not(x):
    shape = shapely.box(-2000, -1, x + 2, 5)
    cover = Canvas(4, 3).fill(polygons(shape)).cover
    assert cover.sum() == (0 if x < 0 else 12 if x > 0 else 6)


def test_slanted_edges_crossing_the_sides_are_clipped_exactly():
    shape = shapely.Polygon([(-7, -3), (15, 1), (9, 12), (-4, 9)])
    cover = Canvas(8, 6).fill(polygons(shape)).cover
    assert cover.sum() == pytest.approx(shape.intersection(shapely.box(0, 0, 8, 6)).area, abs=0.1)


def test_bands_give_the_same_bits():
    shapes = [shapely.Point(5 + 3 * i, 8 + i).buffer(4.3) for i in range(5)] + [shapely.box(0.1, 0.1, 0.5, 0.9)]
    whole, parts = Canvas(24, 20), Canvas(24, 20, bands=(3, 11))
    colors, codes = (0xFF2040C8, 0x90C84020), [0, 1, 0, 1, 0, 1]
    assert np.array_equal(whole.fill(polygons(*shapes), colors, codes).frame, parts.fill(polygons(*shapes), colors, codes).frame)


def test_far_from_the_origin_nothing_shakes():
    shape = shapely.Point(0, 0).buffer(9)
    near = Canvas(24, 24).fill(polygons(shapely.transform(shape, lambda xy: xy + np.array([12, 12]))))
    far = Canvas(24, 24)
    moved = shapely.transform(shape, lambda xy: xy * 0.125 + np.array([600_000 + 1.5, 3_800_000 + 1.5]))
    g = polygons(moved)
    g = GeometryArray(g.kind, g.coords - (0, 3_800_000), g.ring_offsets, g.part_offsets, g.geom_offsets)
    far.fill(g, scale=8.0, left=600_000.0)
    assert np.abs(near.cover - far.cover).max() < 2 / 255


def test_patterns_cover_their_share_and_nothing_outside():
    canvas = Canvas(24, 24)
    canvas.fill(polygons(shapely.box(2, 2, 22, 22)), pattern=np.array([1.0, 0.0, 1.0, 0.0, 0.0, 4.0, 0.5]))
    assert canvas.cover[:2].max() == 0
    assert canvas.cover[2:22, 2:22].mean() == pytest.approx(0.25, abs=0.01)
    for kind in (2.0, 3.0):
        dense = Canvas(24, 24).fill(polygons(shapely.box(2, 2, 22, 22)), pattern=np.array([kind, 0.6, 0.8, 0, 0, 5.0, 0.5]))
        assert 0.05 < dense.cover[2:22, 2:22].mean() < 0.6


def test_simplified_rings_look_the_same():
    circle = shapely.Point(10, 10).buffer(8, quad_segs=64)
    g = polygons(circle)
    weight = simplify.importance(g.coords, g.ring_offsets, True)
    assert np.isinf(weight).sum() >= 4
    light = GeometryArray(g.kind, g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, g.bounds, weight)
    assert np.abs(Canvas(20, 20).fill(g).cover - Canvas(20, 20).fill(light).cover).max() < 0.3
    assert Canvas(20, 20).fill(light).cover.sum() == pytest.approx(circle.area, rel=0.015)


def test_importance_is_the_distance_and_keeps_an_area():
    line = np.array([(0, 0), (1, 0.5), (2, 0), (3, -2), (4, 0)], np.float64)
    weight = simplify.importance(line, np.array([0, 5]), False)
    assert np.isinf(weight[[0, 4]]).all()
    assert weight[3] == pytest.approx(2.0)
    assert 0 < weight[1] < 2
    assert weight[2] <= 2
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0.5), (0, 0)], np.float64)
    weight = simplify.importance(square, np.array([0, 6]), True)
    assert np.isinf(weight[[0, 5]]).all()
    assert np.isinf(weight).sum() == 4
    assert weight[4] == 0


def test_a_crowd_of_small_features_mixes_by_area():
    steps = [0.1 * i for i in range(40)]
    boxes = [shapely.box(x, y, x + 0.1, y + 0.05) for y in steps for x in steps]
    codes = [0 if i % 40 % 10 < 3 else 1 for i in range(len(boxes))]
    canvas = Canvas(4, 4, bands=(1,)).fill(polygons(*boxes), (0xFF0000FF, 0xFF00FF00), codes)
    red, green = canvas.frame & 0xFF, canvas.frame >> 8 & 0xFF
    assert np.abs(red.astype(int) - 255 * 0.3 * 0.5).max() <= 2
    assert np.abs(green.astype(int) - 255 * 0.7 * 0.5).max() <= 2


def test_bands_of_a_crowd_are_one_picture():
    random = np.random.default_rng(3)
    at = random.random((700, 2)) * 12
    g = polygons(*(shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(at, random.random((700, 2)), strict=True)))
    whole, parts = Canvas(12, 12).fill(g), Canvas(12, 12, bands=(3, 4, 9)).fill(g)
    assert np.array_equal(whole.frame, parts.frame)
