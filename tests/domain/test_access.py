"""Two-step floating catchment areas: by hand, and what is delivered is what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain import access
from lydigital.errors import RefusedError, UsageError

PLACES = np.array([[0.0, 0.0], [10.0, 0.0], [100.0, 0.0]])
SUPPLIES = np.array([[5.0, 0.0], [12.0, 0.0], [500.0, 0.0]])
PEOPLE = np.array([100.0, 300.0, 50.0])
BEDS = np.array([8.0, 6.0, 9.0])


def test_by_hand():
    pairs = access.near(PLACES, SUPPLIES, 5.0)
    found = access.reached(PEOPLE, BEDS, pairs, 5.0)
    assert found.demand.tolist() == [400.0, 300.0, 0.0]
    assert found.ratio[:2] == pytest.approx([8 / 400, 6 / 300])
    assert np.isnan(found.ratio[2])
    assert found.value == pytest.approx([0.02, 0.04, 0.0])
    assert found.supplies.tolist() == [1, 2, 0]
    assert found.nearest[:2].tolist() == [5.0, 2.0]
    assert np.isnan(found.nearest[2])
    assert (found.used, found.delivered) == (14.0, pytest.approx(14.0))


def test_rings_weigh_near_supplies_more():
    pairs = access.near(PLACES[:2], SUPPLIES[:2], 12.0)
    found = access.reached(PEOPLE[:2], BEDS[:2], pairs, 12.0, decay="steps", rings=(1.0, 0.5, 0.1))
    # distances: place 0 at 5 (ring 2) and 12 (ring 3), place 1 at 5 (ring 2) and 2 (ring 1)
    demand = [100 * 0.5 + 300 * 0.5, 100 * 0.1 + 300 * 1.0]
    assert found.demand == pytest.approx(demand)
    assert found.value == pytest.approx([8 / demand[0] * 0.5 + 6 / demand[1] * 0.1, 8 / demand[0] * 0.5 + 6 / demand[1] * 1.0])


def test_a_bell_is_one_at_the_door_and_nothing_at_the_reach():
    w = access.weight(np.array([0.0, 50.0, 100.0, 101.0]), 100.0, "gaussian")
    assert w[[0, 2, 3]].tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert 0 < w[1] < 1


@pytest.mark.parametrize("rings", [(), (0.0,), (0.2, 0.5), (1.0, -0.1), (float("nan"),)])
def test_senseless_weights_are_refused(rings):
    with pytest.raises(UsageError):
        access.weight(np.array([1.0]), 5.0, "steps", rings)


def test_nobody_nothing_and_unknown():
    pairs = access.near(PLACES, SUPPLIES, 1000.0)
    found = access.reached(np.array([0.0, np.nan, 50.0]), np.array([np.nan, -3.0, 9.0]), pairs, 1000.0)
    assert np.isnan(found.value[:2]).all()
    assert found.value[2] == pytest.approx(9 / 50)
    assert found.used == 9.0
    empty = access.reached(np.zeros(3), BEDS, pairs, 1000.0)
    assert np.isnan(empty.ratio).all()
    assert (empty.used, empty.delivered) == (0.0, 0.0)


def test_pairs_are_all_within_reach_and_in_order():
    places = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    pairs = access.near(places, np.array([[0.0, 0.0], [3.0, 4.0]]), 5.0)
    assert pairs.place.tolist() == [0, 0, 1, 1, 2, 2]
    assert pairs.supply.tolist() == [0, 1, 0, 1, 0, 1]
    assert pairs.distance.tolist() == [0.0, 5.0, 5.0, 0.0, 0.0, 5.0], "at the door and at the very reach"


def test_too_many_pairs_are_refused(monkeypatch):
    monkeypatch.setattr(access, "MOST_PAIRS", 3)
    with pytest.raises(RefusedError):
        access.near(PLACES, SUPPLIES, 1e6)


def test_places_without_a_place_are_left_out():
    pairs = access.near(np.array([[np.nan, np.nan], [0.0, 0.0]]), SUPPLIES, 6.0)
    assert pairs.place.tolist() == [1]
    assert len(access.near(np.zeros((0, 2)), SUPPLIES, 6.0).place) == 0


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**31), n=st.integers(1, 40), m=st.integers(1, 12), reach=st.floats(0.5, 150),
    decay=st.sampled_from(["none", "steps", "gaussian"]),
)  # fmt: skip
def test_what_is_delivered_is_what_is_there(seed, n, m, reach, decay):
    rng = np.random.default_rng(seed)
    places, supplies = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    people = rng.integers(0, 5, n) * rng.uniform(0, 1e5, n)
    beds = rng.integers(0, 3, m) * rng.uniform(0, 1e4, m)
    found = access.reached(people, beds, access.near(places, supplies, reach), reach, decay=decay)
    assert found.delivered == pytest.approx(found.used, rel=1e-9, abs=1e-9)
    reaches = found.demand > 0
    assert found.used == pytest.approx(beds[reaches].sum())
    if reaches.all():
        assert found.delivered == pytest.approx(beds.sum(), rel=1e-9, abs=1e-9)
