"""Ramps fall in lightness, stay on the screen and are told apart with red-green blindness."""

import itertools

import numpy as np
import pytest

from lydigital.model import ramps
from lydigital.model.ramps import RAMPS, colors, lab_of, mixed, square

# Viénot, Brettel and Mollon (1999), deuteranopia in linear sRGB.
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


def as_seen(color):
    rgb = np.array([ramps._linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5)])
    seen = np.clip(DEUTERANOPIA @ rgb, 0, 1)
    return "#" + "".join(f"{round(255 * ramps._gamma(v)):02x}" for v in seen)


def apart(a, b):
    return float(np.linalg.norm(np.subtract(lab_of(a), lab_of(b))))


@pytest.mark.parametrize("ramp", [r for r in RAMPS if r.kind == "sequential"], ids=lambda r: r.id)
def test_sequential_ramps_fall_in_lightness(ramp):
    light = [lab_of(c)[0] for c in colors(ramp.id, 9)]
    assert all(a - b > 0.03 for a, b in itertools.pairwise(light))


@pytest.mark.parametrize("ramp", [r for r in RAMPS if r.safe and r.kind != "bivariate"], ids=lambda r: r.id)
def test_safe_ramps_stay_apart_for_the_colour_blind(ramp):
    seen = [as_seen(c) for c in colors(ramp.id, 7)]
    pairs = itertools.combinations(seen, 2) if ramp.kind == "categories" else itertools.pairwise(seen)
    assert min(apart(a, b) for a, b in pairs) > 0.045


def test_ids_are_different_and_ends_are_the_anchors():
    assert len({r.id for r in RAMPS}) == len(RAMPS)
    assert colors("teal", 3)[::-1] == colors("teal", 3, reverse=True)
    assert lab_of(colors("grey", 2)[1])[0] == pytest.approx(0.32, abs=0.005)
    assert colors("no such ramp", 2) == colors("teal", 2)


def test_mixing_is_even_in_lightness():
    assert lab_of(mixed("#000000", "#ffffff", 0.5))[0] == pytest.approx(0.5, abs=0.005)


def test_square_has_its_corners():
    s = square("bivariate_teal_peony", 3)
    assert len(s) == 3
    assert all(len(row) == 3 for row in s)
    assert len({c for row in s for c in row}) == 9
    assert lab_of(s[2][2])[0] < min(lab_of(s[0][2])[0], lab_of(s[2][0])[0]) < lab_of(s[0][0])[0]
