"""Weights of susceptibility against tables worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lydigital.domain import susceptibility
from lydigital.errors import BadDataError
from lydigital.model.hazardmodel import Susceptibility

# 1000 cells, 50 with hazards: class 0 has 200 cells and 30 hazards, 1 has 300 and 20, 2 has 500 and none
CODES = np.repeat([0, 1, 2], [200, 300, 500])
HAZARDS = np.zeros(1000, bool)
HAZARDS[:30] = HAZARDS[200:220] = True


def test_information_value_and_frequency_ratio():
    table = susceptibility.table_of(CODES, HAZARDS, ("a", "b", "c"))
    assert (table.n, table.cells) == (50, 1000)
    a, b, c = table.rows
    assert (a.n, a.cells, b.n, b.cells, c.n, c.cells) == (30, 200, 20, 300, 0, 500)
    assert a.frequency_ratio == pytest.approx(3.0)  # (30/50) / (200/1000)
    assert a.information_value == pytest.approx(math.log(3.0))
    assert b.frequency_ratio == pytest.approx(4 / 3)
    assert b.information_value == pytest.approx(math.log(4 / 3))
    assert c.is_empty
    assert c.frequency_ratio == pytest.approx(0.02)  # (0.5/50) / (500/1000)


def test_weights_of_evidence():
    a = susceptibility.table_of(CODES, HAZARDS, ("a", "b", "c")).rows[0]
    # P(B|D) = 30/50, P(B|no D) = 170/950; P(no B|D) = 20/50, P(no B|no D) = 780/950
    assert a.w_plus == pytest.approx(math.log(0.6 / (170 / 950)))
    assert a.w_minus == pytest.approx(math.log(0.4 / (780 / 950)))
    assert a.w_plus == pytest.approx(1.2098, abs=1e-4)
    assert a.w_minus == pytest.approx(-0.7192, abs=1e-4)
    assert a.contrast == pytest.approx(math.log(30 * 780 / (170 * 20)))  # the odds ratio
    assert a.contrast_error == pytest.approx(math.sqrt(1 / 30 + 1 / 170 + 1 / 20 + 1 / 780))
    assert a.studentised == pytest.approx(a.contrast / a.contrast_error)


def test_a_class_without_hazards_takes_the_lowest_of_the_others():
    _, b, c = susceptibility.table_of(CODES, HAZARDS, ("a", "b", "c"), empty="floor").rows
    assert (c.information_value, c.contrast) == (b.information_value, b.contrast)
    assert c.n == 0


def test_unknown_cells_do_not_count():
    codes = CODES.copy()
    codes[:10] = -1  # ten hazards lie there
    table = susceptibility.table_of(codes, HAZARDS, ("a", "b", "c"))
    assert (table.n, table.cells, table.rows[0].n) == (40, 990, 20)


def test_a_class_without_cells_and_one_that_is_everywhere():
    rows = susceptibility.table_of(np.zeros(100, int), np.arange(100) < 5, ("all", "none")).rows
    assert rows[0].frequency_ratio == 1.0
    assert rows[0].contrast == 0.0
    assert rows[1].information_value == 0.0


def test_the_curve_by_hand():
    score = np.array([3.0, 3.0, 2.0, 1.0])
    found = susceptibility.curve(score, np.array([True, False, True, False]))
    assert found.area.tolist() == [0.0, 0.5, 0.75, 1.0]
    assert found.hazards.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert found.auc == pytest.approx(0.5 * 0.25 + 0.25 * 0.75 + 0.25 * 1.0)
    with pytest.raises(BadDataError):
        susceptibility.curve(score, np.zeros(4, bool))


def test_chance_is_a_half():
    assert susceptibility.curve(np.zeros(100), np.arange(100) < 7).auc == pytest.approx(0.5)


def test_the_split_is_the_same_every_time():
    cells = np.array([5, 5, 9, 100, 3, 77, 42, 8, 61, 12, 13])
    train, test = susceptibility.split(cells, 0.7, 1)
    again, _ = susceptibility.split(cells[::-1].copy(), 0.7, 1)
    assert train.tolist() == again.tolist()
    assert (len(train), len(test)) == (7, 3)
    assert sorted([*train, *test]) == sorted(set(cells.tolist()))
    assert susceptibility.split(cells, 0.7, 2)[0].tolist() != train.tolist()


def test_cramers_v():
    a = np.array([0, 0, 1, 1])
    assert susceptibility.cramers_v(a, a) == pytest.approx(1.0)
    assert susceptibility.cramers_v(a, np.array([0, 1, 0, 1])) == pytest.approx(0.0)
    assert susceptibility.cramers_v(a, np.zeros(4, int)) == 0.0


def test_classes_of_values():
    found = susceptibility.classified(np.array([0.0, 5.0, 7.0, np.nan]), (5.0, 6.0))
    assert found.tolist() == [0, 1, 2, -1]


def ground() -> tuple[dict, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    steep = rng.integers(0, 5, (60, 50))
    other = rng.integers(0, 3, (60, 50))
    likely = np.flatnonzero((steep >= 3).ravel())
    cells = rng.choice(likely, 120, replace=False)
    inside = np.ones((60, 50), bool)
    inside[:, 0] = False
    return {"steep": (steep, list("abcde")), "other": (other, list("xyz"))}, cells, inside


@pytest.mark.parametrize("method", ["information_value", "frequency_ratio", "weights_of_evidence"])
def test_the_whole(method: str):
    factors, cells, inside = ground()
    found = susceptibility.compute(factors, cells, inside, Susceptibility(method=method))
    assert found.success.auc > 0.75
    assert found.prediction.auc > 0.7
    assert (found.codes[~inside] == 0).all()
    assert np.isnan(found.score[~inside]).all()
    assert set(np.unique(found.codes[inside])) <= {1, 2, 3, 4}
    assert found.codes[inside & (found.score == np.nanmax(found.score))].max() == 1
    assert sum(a for a, _ in found.shares) == pytest.approx(1.0)
    again = susceptibility.compute(factors, cells, inside, Susceptibility(method=method))
    assert np.array_equal(found.codes, again.codes)


def test_cumulative_classes_take_no_more_than_their_share():
    rng = np.random.default_rng(5)
    score = rng.normal(size=10_000)
    limits = susceptibility._limits(score, Susceptibility())
    shares = [(score >= limits[2]).mean(), (score >= limits[1]).mean(), (score >= limits[0]).mean()]
    assert shares == pytest.approx([0.05, 0.20, 0.50], abs=1e-3)


def test_a_useless_factor_is_called_weak_and_an_empty_class_is_named():
    rng = np.random.default_rng(9)
    noise = rng.integers(0, 3, (60, 50))
    noise[:2] = 3
    cells = rng.choice(np.arange(200, 3000), 100, replace=False)
    found = susceptibility.compute({"noise": (noise, list("abcd"))}, cells, np.ones((60, 50), bool), Susceptibility())
    assert {i.code for i in found.issues} == {"susceptibility.empty", "susceptibility.weak"}


def test_two_factors_that_say_the_same():
    factors, cells, inside = ground()
    factors["again"] = factors["steep"]
    found = susceptibility.compute(factors, cells, inside, Susceptibility())
    assert [(a, b) for a, b, _ in found.correlated] == [("steep", "again")]


def test_refused():
    factors, cells, inside = ground()
    with pytest.raises(BadDataError, match="too few"):
        susceptibility.compute(factors, cells[:20], inside, Susceptibility())
    with pytest.raises(BadDataError, match="needs factors"):
        susceptibility.compute({}, cells, inside, Susceptibility())
