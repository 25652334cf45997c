"""Contour lines."""

import numpy as np
import pytest

from lydigital.kernels import contour


def split(z, interval):
    coords, offsets, numbers = contour.lines(np.ascontiguousarray(z, np.float64), interval)
    return [(int(n), coords[offsets[i] : offsets[i + 1]]) for i, n in enumerate(numbers)]


def test_a_plane_gives_one_straight_line_for_every_height():
    z = np.tile(np.arange(8.0) * 2.5 + 1.0, (5, 1))
    got = sorted(split(z, 5.0), key=lambda line: line[0])
    assert [n for n, _ in got] == [1, 2, 3]
    for n, xy in got:
        assert np.allclose(xy[:, 0], (n * 5.0 - 1.0) / 2.5)
        assert np.allclose(np.sort(xy[:, 1]), np.arange(5))


def test_a_cone_gives_closed_circles():
    y, x = np.mgrid[:41, :41]
    lines = split(20 - np.hypot(x - 20, y - 20), 4.0)
    assert sorted(n for n, _ in lines if n > 0) == [1, 2, 3, 4]
    for n, xy in lines:
        if n > 0:
            assert np.array_equal(xy[0], xy[-1])
            assert np.abs(np.hypot(*(xy - 20).T) - (20 - 4 * n)).max() < 0.15


def test_every_crossing_is_on_exactly_one_line():
    z = np.random.default_rng(5).normal(0, 10, (12, 15))
    z[4, 5] = np.nan
    lines = split(z, 3.0)
    points = np.concatenate([xy[:-1] if np.array_equal(xy[0], xy[-1]) else xy for _, xy in lines])
    across = np.floor(np.maximum(z[:, :-1], z[:, 1:]) / 3) - np.floor(np.minimum(z[:, :-1], z[:, 1:]) / 3)
    down = np.floor(np.maximum(z[:-1], z[1:]) / 3) - np.floor(np.minimum(z[:-1], z[1:]) / 3)
    assert len(points) == np.nansum(across) + np.nansum(down)
    assert len(np.unique(points, axis=0)) == len(points)
    for _, xy in lines:  # neighbours on a line lie in one square
        assert np.abs(np.diff(xy, axis=0)).max() <= 1.0


def test_saddles_do_not_cross():
    lines = split([[0.0, 2.0], [2.0, 0.0]], 1.9)
    assert [len(xy) for _, xy in lines] == [2, 2]
    (_, a), (_, b) = lines
    for part in (a, b):  # each cuts off one of the high corners
        assert {tuple(np.round(p)) for p in part} in ({(1, 0)}, {(0, 1)})


def test_noise_beyond_reason_gives_nothing():
    assert split([[0.0, 1e30], [np.inf, 5.0]], 1.0) == []
    assert split(np.full((3, 3), np.nan), 1.0) == []


def test_the_surface_is_smooth_whole_and_the_same_from_any_part():
    values = np.random.default_rng(2).normal(100, 20, (20, 24)).astype(np.float32)
    whole = contour.surface(values, 0.0, 0.0, 0.25, 81, 97)
    part = contour.surface(np.ascontiguousarray(values[4:14, 7:20]), 1.0, 1.0, 0.25, 29, 41)
    assert np.array_equal(part, whole[20:49, 32:73])
    assert whole[2::4, 2::4] == pytest.approx(whole[2::4, 2::4])
    plane = np.add.outer(np.arange(6.0), 2 * np.arange(7.0)).astype(np.float32)
    inner = contour.surface(plane, 1.0, 1.0, 0.5, 5, 7)  # places are edges of cells: half a cell before their middles
    y, x = np.mgrid[:5, :7] * 0.5 + 0.5
    assert np.allclose(inner, y + 2 * x)


def test_gaps_end_the_surface():
    values = np.ones((4, 4), np.float32)
    values[:, 2:] = np.nan
    z = contour.surface(values, 0.0, 0.0, 1.0, 5, 5)
    assert np.isnan(z[:, 2:]).all()
    assert (z[:, :2] == 1).all()


def test_the_gentlest_stretch():
    xy = np.array([(0, 0), (2, 3), (4, 0), (6, 3), (8, 3), (10, 3), (12, 3), (13, 4), (0, 0), (1, 0)], np.float64)
    found = contour.gentlest(xy, np.array([0, 8, 10]), np.array([0, 1], np.int32), 6.0)
    assert found[0].tolist() == [1.0, 6.0, 3.0, 12.0, 3.0]
    assert np.isinf(found[1, 0])
