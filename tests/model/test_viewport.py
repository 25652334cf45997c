from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydigital.model.crs import CGCS2000, PROJECT_DEFAULT, Crs
from lydigital.model.viewport import Viewport

METRIC = Crs(PROJECT_DEFAULT)


@pytest.fixture
def view():
    return Viewport((1000.0, 2000.0), 10.0, 400, 300, METRIC)


def test_bounds(view):
    assert view.bounds == (-1000, 500, 3000, 3500)


def test_corners(view):
    assert view.to_px(-1000, 3500) == (0, 0)
    assert view.to_px(3000, 500) == (400, 300)
    assert view.to_map(200, 150) == (1000, 2000)


def test_the_largest_picture_that_fits():
    wide = Viewport.of_bounds((0, 0, 400, 100), 200, 100, METRIC)
    assert wide.units_per_px == 2
    assert wide.bounds == (0, -50, 400, 150)
    margin = Viewport.of_bounds((0, 0, 400, 100), 200, 100, METRIC, margin=0.25)
    assert margin.units_per_px == 3


def test_a_point_has_a_view_too():
    view = Viewport.of_bounds((5, 5, 5, 5), 200, 100, METRIC)
    assert view.units_per_px > 0
    assert view.centre == (5, 5)


def test_scale_at_screen_resolution(view):
    assert view.at_scale(50_000).scale == pytest.approx(50_000)
    assert view.at_scale(50_000).units_per_px == pytest.approx(50_000 * 0.0254 / 96)


def test_scale_of_degrees_counts_metres():
    view = Viewport((112.0, 34.0), 1 / 111319.49079327358, 100, 100, Crs(CGCS2000))
    assert view.scale == pytest.approx(96 / 0.0254)


def test_print_resolution_shows_the_same_scale_finer(view):
    screen = view.at_scale(10_000)
    paper = Viewport(view.centre, screen.units_per_px * 96 / 300, 1250, 938, METRIC, 300)
    assert paper.scale == pytest.approx(10_000)


def test_dragging_moves_the_map_with_the_hand(view):
    before = view.to_map(100, 100)
    assert view.panned(30, -20).to_map(130, 80) == before


def test_size_never_vanishes(view):
    assert (view.resized(0, -5).width_px, view.resized(0, -5).height_px) == (1, 1)


@given(st.floats(0.01, 100), st.floats(0, 400), st.floats(0, 300))
def test_zooming_keeps_the_point_under_the_cursor(factor, px, py):
    view = Viewport((600000.0, 3850000.0), 10.0, 400, 300, METRIC)
    closer = view.zoomed(factor, px, py)
    assert closer.units_per_px == pytest.approx(10 / factor)
    assert closer.to_map(px, py) == pytest.approx(view.to_map(px, py), abs=1e-6)


@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_pixel_and_map_are_inverse(x, y):
    view = Viewport((600000.0, 3850000.0), 0.25, 1920, 1080, METRIC)
    assert view.to_map(*view.to_px(x, y)) == pytest.approx((x, y), abs=1e-6)
