"""Terrain kernels on surfaces whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.kernels import terrain

CELL = np.full(9, 10.0)


def plane(east: float, north: float) -> np.ndarray:
    rows, columns = np.mgrid[0:9, 0:9]
    return (100 + columns * 10 * east - rows * 10 * north).astype(np.float32)


@pytest.mark.parametrize(
    ("east", "north", "slope", "aspect"),
    [(1.0, 0.0, 45.0, 270.0), (-1.0, 0.0, 45.0, 90.0), (0.0, 1.0, 45.0, 180.0), (0.0, -0.5, 26.565, 0.0), (1.0, 1.0, 54.736, 225.0)],
)
def test_planes(east: float, north: float, slope: float, aspect: float):
    s, a, plan, profile = terrain.shape(plane(east, north), CELL, CELL)
    assert s[4, 4] == pytest.approx(slope, abs=1e-3)
    assert a[4, 4] == pytest.approx(aspect, abs=1e-3)
    assert abs(plan[4, 4]) < 1e-3
    assert abs(profile[4, 4]) < 1e-3


def test_flat_ground_has_no_aspect_and_gaps_stay():
    z = np.full((9, 9), 5.0, np.float32)
    z[0, 0] = np.nan
    s, a, plan, _ = terrain.shape(z, CELL, CELL)
    assert (s[4, 4], a[4, 4], plan[4, 4]) == (0.0, -1.0, 0.0)
    assert np.isnan(s[0, 0])


def test_oblong_cells():
    s, *_ = terrain.shape(plane(1.0, 0.0), np.full(9, 20.0), CELL)
    assert s[4, 4] == pytest.approx(np.degrees(np.arctan(0.5)), abs=1e-3)


def test_curvature_of_a_ridge_and_of_a_bulging_slope():
    rows, columns = np.mgrid[0:9, 0:9] * 10.0
    ridge = (-0.01 * (columns - 40) ** 2 - rows).astype(np.float32)  # falls south... upwards along a convex crest
    _, _, plan, profile = terrain.shape(ridge, CELL, CELL)
    assert plan[4, 4] == pytest.approx(2.0, abs=1e-3)  # z_xx = -0.02 a metre, in 1/100 m
    assert abs(profile[4, 4]) < 1e-3
    bulge = (-0.01 * rows**2).astype(np.float32)
    _, _, plan, profile = terrain.shape(bulge, CELL, CELL)
    assert profile[4, 4] == pytest.approx(2.0, abs=1e-2)
    assert abs(plan[4, 4]) < 1e-3


def test_hollows_are_filled_and_all_water_leaves():
    z = np.full((7, 7), 10.0, np.float32)
    z[3, 3] = 1.0
    z[0, 3] = 5.0  # the way out
    filled, order = terrain.filled(z, 1e-3)
    assert filled[3, 3] > 9.9
    assert (filled >= z).all()
    assert (np.diff(filled.ravel()[order]) >= 0).all()
    area = terrain.catchment(filled, order, np.full(7, 2.0), np.full(7, 3.0))
    assert area.min() == 6.0
    edge = np.concatenate([area[0], area[-1], area[1:-1, 0], area[1:-1, -1]])
    assert edge.sum() >= 49 * 6.0  # every cell drains to the edge


def test_catchment_of_a_slope():
    z = np.repeat(np.arange(5, 0, -1, dtype=np.float32)[:, None], 3, axis=1)  # falls south
    filled, order = terrain.filled(z, 0.0)
    area = terrain.catchment(filled, order, np.ones(5), np.ones(5))
    assert area[:, 1].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_gaps_are_outlets():
    z = np.full((5, 5), 9.0, np.float32)
    z[2, 2] = np.nan
    filled, order = terrain.filled(z, 1e-3)
    assert len(order) == 24
    assert np.isnan(filled[2, 2])
