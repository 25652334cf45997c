"""Rows before compression."""

from __future__ import annotations

import numpy as np

from lydigital.kernels import png


def test_flat_rows_stay_and_others_become_differences():
    rng = np.random.default_rng(1)
    pixels = np.full((3, 50, 4), 200, np.uint8)
    pixels[1:] = rng.integers(0, 256, (2, 50, 4))
    out = np.zeros((3, 151), np.uint8)
    png.filtered(out, pixels[:, :, 2::-1], 0, 3)
    assert out[:, 0].tolist() == [png.NONE, png.UP, png.UP]
    assert np.all(out[0, 1:] == 200)
    assert np.array_equal(out[2, 1:].reshape(50, 3), pixels[2, :, 2::-1] - pixels[1, :, 2::-1])
