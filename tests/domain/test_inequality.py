"""Gini and Theil: known cases, and the decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain import inequality


def arrays(*values):
    return tuple(np.array(v, float) for v in values)


def test_all_alike_is_zero():
    values, people = arrays([3.0, 3.0, 3.0], [1.0, 5.0, 2.0])
    assert inequality.gini(values, people) == pytest.approx(0.0)
    assert inequality.theil(values, people)[0] == pytest.approx(0.0)


def test_one_has_all():
    """Of n equal units one has all: Gini (n - 1)/n, Theil ln n."""
    values, people = arrays([0.0, 0.0, 0.0, 8.0], [1.0] * 4)
    assert inequality.gini(values, people) == pytest.approx(0.75)
    assert inequality.theil(values, people)[0] == pytest.approx(np.log(4))


def test_people_count_as_so_many_units():
    values, people = arrays([1.0, 2.0, 5.0], [2.0, 1.0, 3.0])
    one = np.repeat(values, people.astype(int))
    assert inequality.gini(values, people) == pytest.approx(inequality.gini(one, np.ones(len(one))))
    assert inequality.theil(values, people)[0] == pytest.approx(inequality.theil(one, np.ones(len(one)))[0])


def test_nothing_known_is_nothing():
    values, people = arrays([np.nan, 0.0], [1.0, 1.0])
    assert inequality.gini(values, people) is None
    assert inequality.theil(values, people) is None
    assert inequality.gini(*arrays([np.nan, 2.0, 2.0], [1.0, 1.0, np.nan])) == pytest.approx(0.0)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0.01, 1e4), st.sampled_from("abc")), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_within_and_between_add_up(units):
    values, people = arrays([u[0] for u in units], [u[1] for u in units])
    found = inequality.theil(values, people, [u[2] for u in units])
    if found is None:
        return
    total, within, between = found
    assert total == pytest.approx(within + between, abs=1e-12)
    assert total == pytest.approx(inequality.theil(values, people)[0], rel=1e-6, abs=1e-9)
    assert within >= -1e-9
    assert between >= -1e-9
    assert 0 <= inequality.gini(values, people) < 1 + 1e-9
