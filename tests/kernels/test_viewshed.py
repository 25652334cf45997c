"""Lines of sight over ground whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lydigital.kernels import viewshed
from lydigital.kernels.viewshed import HIDDEN, SEEN, UNKNOWN

FLAT = 0.0


def look(z, row, column, eye, *, receiver=0.0, reach=1e6, cell=(10.0, 10.0), bend=FLAT):
    z = np.ascontiguousarray(z, np.float32)
    return viewshed.visible(z, row, column, 0, z.shape[0], 0, z.shape[1], eye, receiver, reach, *cell, bend)


def test_flat_ground_is_seen_as_far_as_the_reach():
    seen = look(np.zeros((9, 9)), 4, 4, 5.0, reach=30.0)
    rows, columns = np.mgrid[0:9, 0:9] - 4
    assert np.array_equal(seen == SEEN, np.hypot(rows, columns) <= 3)


def test_a_wall_hides_what_lies_behind_it_and_below_the_ray():
    z = np.zeros((3, 9))
    z[:, 4] = 10.0
    row = look(z, 1, 0, 12.0)[1]  # over the wall's top at 40 m the ray falls 2 m: it comes down at 240 m
    assert row.tolist() == [SEEN] * 5 + [HIDDEN] * 4
    row = look(z, 1, 0, 25.0)[1]  # falls 15 m in 40 m: ground again at 66.7 m
    assert row.tolist() == [SEEN] * 5 + [HIDDEN] * 2 + [SEEN] * 2


def test_a_receiver_above_the_ground_is_seen_earlier():
    z = np.zeros((1, 9))
    z[0, 4] = 10.0
    assert look(z, 0, 0, 25.0, receiver=7.0)[0].tolist() == [SEEN] * 9


def test_the_round_earth_hides_what_is_beyond_the_horizon():
    bend = 1 / (2 * 4 / 3 * 6_371_000.0)
    z = np.zeros((1, 601))
    row = look(z, 0, 0, 50.0, cell=(100.0, 100.0), bend=bend)[0]
    horizon = math.sqrt(50.0 / bend)  # d = sqrt(2 k R h): 29.1 km
    last = np.flatnonzero(row == SEEN).max() * 100.0
    assert horizon - 200 < last <= horizon + 1e-6
    with_mast = look(z, 0, 0, 50.0, receiver=10.0, cell=(100.0, 100.0), bend=bend)[0]
    assert np.flatnonzero(with_mast == SEEN).max() * 100.0 == pytest.approx(horizon + math.sqrt(10.0 / bend), abs=200)


def test_gaps_are_said_so():
    z = np.zeros((1, 9))
    z[0, 3] = np.nan
    z[0, 6] = 50.0
    assert look(z, 0, 0, 10.0)[0].tolist() == [SEEN] * 3 + [UNKNOWN] * 4 + [HIDDEN] * 2


def test_oblong_cells_and_part_of_the_grid():
    z = np.zeros((5, 5), np.float32)
    part = viewshed.visible(z, 2, 2, 1, 4, 0, 5, 3.0, 0.0, 20.0, 20.0, 10.0, 0.0)
    assert part.shape == (3, 5)
    assert part.tolist() == [[0, 0, 2, 0, 0], [0, 2, 2, 2, 0], [0, 0, 2, 0, 0]]


def slow(z, row, column, eye, receiver, cell, bend):
    """Every cell by itself, with numpy's interpolation along the ray."""
    rows, columns = z.shape
    out = np.full(z.shape, HIDDEN, np.uint8)
    for r in range(rows):
        for c in range(columns):
            steps = max(abs(r - row), abs(c - column))
            t = np.arange(1, steps) / max(steps, 1)
            rr, cc = row + (r - row) * t, column + (c - column) * t
            if abs(r - row) >= abs(c - column):
                ground = [np.interp(x, np.arange(columns), z[round(y)]) for y, x in zip(rr, cc, strict=True)]
            else:
                ground = [np.interp(y, np.arange(rows), z[:, round(x)]) for y, x in zip(rr, cc, strict=True)]
            square = ((r - row) * cell) ** 2 + ((c - column) * cell) ** 2
            sight = eye + t * (z[r, c] + receiver - bend * square - eye)
            if np.all(np.array(ground) - bend * square * t**2 <= sight + 1e-6):
                out[r, c] = SEEN
    return out


def test_rough_ground_against_a_plain_computation():
    rng = np.random.default_rng(5)
    z = rng.normal(0, 8, (17, 21)).cumsum(axis=1).astype(np.float32)
    got = look(z, 9, 6, float(z[9, 6]) + 15.0, receiver=1.5, bend=1e-6)
    want = slow(z.astype(np.float64), 9, 6, float(z[9, 6]) + 15.0, 1.5, 10.0, 1e-6)
    assert np.array_equal(got, want)
    assert 0 < (got == SEEN).sum() < got.size
