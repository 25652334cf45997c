"""Breaks against mapclassify, histograms, class names."""

import warnings

import numpy as np
import pytest

from lydigital.domain import classes
from lydigital.errors import BadDataError


def sample(n, seed=3):
    return np.random.default_rng(seed).lognormal(3, 1, n)


@pytest.fixture(scope="module")
def reference():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("mapclassify")


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_breaks_are_those_of_mapclassify(reference, count):
    v = sample(500)
    assert classes.breaks(v, "quantile", count) == pytest.approx(reference.Quantiles(v, count).bins[:-1], rel=1e-12)
    assert classes.breaks(v, "equal", count) == pytest.approx(reference.EqualInterval(v, count).bins[:-1], rel=1e-12)
    steps = [k - count / 2 for k in range(1, count)]
    theirs = [b for b in reference.StdMean(v, steps).bins if v.min() < b < v.max()]
    assert classes.breaks(v, "std", count) == pytest.approx(theirs, rel=1e-12)


def test_natural_breaks_put_everyone_where_mapclassify_does(reference):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n, count in ((40, 3), (300, 5), (900, 7)):
            v = sample(n, n)
            theirs = reference.FisherJenks(v, count)
            mine = classes.breaks(v, "natural", count)
            np.testing.assert_array_equal(np.searchsorted(mine, v, "right"), theirs.yb)


def test_natural_breaks_of_many_values_are_nearly_the_optimum(reference):
    def cost(limits):
        at = np.searchsorted(limits, v, "right")
        return sum(((v[at == k] - v[at == k].mean()) ** 2).sum() for k in range(len(limits) + 1))

    v = np.sort(sample(3000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = reference.FisherJenks(v, 5)
    assert cost(classes.breaks(v, "natural", 5)) < 1.01 * cost(np.asarray(best.bins[:-1]) + 1e-9)


def test_ties_nan_and_one_value():
    assert classes.breaks(np.array([1.0, 1.0, 1.0, 2.0, np.nan, np.inf]), "quantile", 4) == (1.25,)
    assert classes.breaks(np.array([7.0, 7.0]), "natural", 5) == ()
    assert classes.breaks(np.array([1.0, 2.0, 3.0]), "natural", 5) == (1.5, 2.5)
    with pytest.raises(BadDataError):
        classes.breaks(np.array([np.nan]), "equal", 3)


def test_pretty_limits_are_round():
    assert classes.breaks(np.array([3.0, 97.0]), "pretty", 5) == (20.0, 40.0, 60.0, 80.0)
    assert classes.breaks(np.array([-0.9, 0.9]), "pretty", 4) == pytest.approx((-0.5, 0.0, 0.5))


def test_histogram_counts_everything_and_folds_a_tail():
    v = np.concatenate([np.arange(1000.0) - 1.0, [1e6], [np.nan, np.nan]])
    h = classes.histogram(v, 10)
    assert h is not None
    assert h.counts.sum() == h.known == 1001
    assert (h.missing, h.maximum, h.has_tail) == (2, 1e6, True)
    assert h.high < 2000
    even = classes.histogram(np.arange(100.0), 10)
    assert even.counts.tolist() == [10] * 10
    assert not even.has_tail
    wide = classes.histogram(np.repeat(10.0 ** np.arange(6), 100), 5)
    assert wide.is_log
    assert wide.counts.tolist() == [100, 100, 100, 100, 200]
    assert [wide.share_of(v) for v in (1.0, 1e5)] == pytest.approx([0, 1])
    assert wide.value_at(wide.share_of(1234.0)) == pytest.approx(1234.0)
    assert classes.histogram(np.array([np.nan])) is None
    assert classes.histogram(np.array([5.0])).counts.sum() == 1


def test_titles_tell_classes_apart():
    assert classes.titles((10, 2000), 0, 5000) == ("< 10", "10 – 2,000", "≥ 2,000")
    assert classes.titles((0.123, 0.127), 0, 1) == ("< 0.1230", "0.1230 – 0.1270", "≥ 0.1270")
    assert classes.titles((), 4.0, 4.0) == ("4",)
    assert classes.number_text(-0.001, 1) == "0.0"
