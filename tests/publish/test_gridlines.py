"""Grids of a map on paper."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.layout import GridLines
from lydigital.model.viewport import Viewport
from lydigital.publish import gridlines
from lydigital.publish.furniture import Box

INNER = Box(10, 20, 100, 80)
VIEW = Viewport((632_000.0, 3_833_000.0), 20.0, 1000, 800, Crs("EPSG:4546"), dpi=254)


def to_map(points):
    x0, _, _, y1 = VIEW.bounds
    return np.column_stack([x0 + (points[:, 0] - INNER.x) * 200, y1 - (points[:, 1] - INNER.y) * 200])


def test_kilometre_lines_are_straight_and_stand_where_they_say():
    mesh = gridlines.mesh(GridLines(kind="kilometre", interval=5000), INNER, VIEW)
    assert [words for side, _, words in mesh.ticks if side == "bottom"] == ["625", "630", "635", "640"]
    assert [words for side, _, words in mesh.ticks if side == "left"] == ["3825", "3830", "3835", "3840"]
    for line, x in zip(mesh.lines[0], (625e3, 630e3, 635e3, 640e3), strict=True):
        np.testing.assert_allclose(to_map(line)[:, 0], x, atol=1e-6)


def test_crossings_of_a_graticule_are_whole_minutes():
    mesh = gridlines.mesh(GridLines(), INNER, VIEW)
    places = transformation(VIEW.crs, Crs(CGCS2000)).points(to_map(mesh.crossings))
    assert len(places) >= 4
    np.testing.assert_allclose(places / mesh.step, np.round(places / mesh.step), atol=1e-6)
    for side, share, words in mesh.ticks:
        assert 0 <= share <= 1
        assert words[-1] in "EN", side


def test_a_chosen_interval_is_kept_and_too_fine_a_one_draws_nothing():
    assert gridlines.mesh(GridLines(kind="kilometre", interval=2000), INNER, VIEW).step == 2000
    assert gridlines.mesh(GridLines(kind="kilometre", interval=1), INNER, VIEW) is None


@pytest.mark.parametrize("kind", ["graticule", "kilometre"])
def test_without_a_projection_there_are_no_kilometres(kind):
    view = Viewport((112.45, 34.62), 0.0002, 1000, 800, Crs(CGCS2000), dpi=254)
    assert (gridlines.mesh(GridLines(kind=kind), INNER, view) is None) == (kind == "kilometre")


def test_beyond_the_reach_of_the_projection_there_is_no_grid():
    view = Viewport((6e7, 3e7), 1e5, 1000, 800, Crs("EPSG:4546"), dpi=254)
    assert gridlines.mesh(GridLines(), INNER, view) is None
