"""People to shelters: the best there is, by trying all of them; and whatever is wrong is said."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from lydigital.domain import allocation
from lydigital.domain.allocation import least_cost
from lydigital.errors import BadDataError


def best_by_trying(people, places, cost):
    """Most people placed, then least cost, over all ways to put single persons into shelters."""
    persons = [i for i, n in enumerate(people) for _ in range(n)]
    choices = [[-1, *[j for j in range(len(places)) if np.isfinite(cost[i, j])]] for i in persons]
    best = (1, 0.0)
    for chosen in product(*choices):
        if any(chosen.count(j) > places[j] for j in range(len(places))):
            continue
        placed = sum(j >= 0 for j in chosen)
        spent = sum(cost[i, j] for i, j in zip(persons, chosen, strict=True) if j >= 0)
        best = min(best, (-placed, spent))
    return -best[0], best[1]


@pytest.mark.parametrize("seed", range(40))
def test_as_good_as_trying_everything(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    people, places = rng.integers(0, 4, n), rng.integers(0, 4, m)
    while people.sum() > 6:
        people[people.argmax()] -= 1
    cost = rng.integers(1, 30, (n, m)).astype(float)
    cost[rng.random((n, m)) < 0.25] = np.inf
    flow = least_cost(people, places, cost)
    placed, spent = best_by_trying(people.tolist(), places.tolist(), cost) if people.sum() else (0, 0.0)
    assert (int(flow.people.sum()), flow.cost) == (placed, pytest.approx(spent))
    check(flow, people, places, cost)
    assert flow.is_optimal


def check(flow, people, places, cost):
    out = np.bincount(flow.origin, flow.people, minlength=len(people)).astype(int)
    assert (out + flow.left == people).all()
    assert (np.bincount(flow.shelter, flow.people, minlength=len(places)) <= places).all()
    assert np.isfinite(cost[flow.origin, flow.shelter]).all()
    assert (flow.people > 0).all()


def test_a_better_one_for_all_than_the_nearest_for_the_first():
    # the first would take the only place the second can reach
    flow = least_cost(np.array([10, 10]), np.array([10, 10]), np.array([[1.0, 5.0], [2.0, np.inf]]))
    assert list(zip(flow.origin, flow.shelter, flow.people, strict=True)) == [(0, 1, 10), (1, 0, 10)]
    assert flow.cost == 70.0


def test_all_find_a_place_however_far_it_is():
    flow = least_cost(np.array([5, 5]), np.array([5, 5]), np.array([[1.0, 1e6], [1.0, 1e6]]))
    assert flow.left.sum() == 0


def test_more_people_than_places():
    flow = least_cost(np.array([100, 50]), np.array([30, 40]), np.array([[10.0, 20.0], [30.0, 5.0]]))
    assert flow.people.sum() == 70
    assert flow.left.sum() == 80
    assert flow.cost == 30 * 10 + 40 * 5


def test_a_village_without_a_road_is_left():
    flow = least_cost(np.array([7, 3]), np.array([50]), np.array([[np.inf], [4.0]]))
    assert flow.left.tolist() == [7, 0]


def test_no_shelter_and_nobody():
    assert least_cost(np.array([3]), np.zeros(0, int), np.zeros((1, 0))).left.tolist() == [3]
    assert least_cost(np.zeros(0, int), np.array([3]), np.zeros((0, 1))).cost == 0.0
    assert least_cost(np.array([0]), np.array([0]), np.array([[1.0]])).people.tolist() == []


@pytest.mark.parametrize(("people", "places"), [([-1], [5]), ([1], [-5])])
def test_fewer_than_none_is_refused(people, places):
    with pytest.raises(BadDataError):
        least_cost(np.array(people), np.array(places), np.array([[1.0]]))


def test_a_way_in_less_than_no_time_is_refused():
    with pytest.raises(BadDataError):
        least_cost(np.array([1]), np.array([1]), np.array([[-1.0]]))


def test_ways_left_out_at_first_are_found(monkeypatch):
    """With two ways an origin to begin with the answer is that of all ways at once."""
    rng = np.random.default_rng(5)
    people, places = rng.integers(10, 300, 30), rng.integers(5, 250, 40)
    at, there = rng.random((30, 2)), rng.random((40, 2)) * 0.3
    cost = np.linalg.norm(at[:, None] - there[None], axis=2) * 3600
    whole = _with(monkeypatch, 40, people, places, cost)
    part = _with(monkeypatch, 2, people, places, cost)
    assert part.is_optimal
    assert part.people.sum() == whole.people.sum()
    assert part.cost == pytest.approx(whole.cost)
    check(part, people, places, cost)


@pytest.mark.parametrize("many", [0, 10**9], ids=["inner point", "simplex"])
@pytest.mark.parametrize("seed", range(3))
def test_as_the_assignment_of_single_persons(monkeypatch, many, seed):
    """Against another method: every person and every place by itself, by the Hungarian algorithm."""
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(seed)
    people, places = rng.integers(1, 20, 15), rng.integers(1, 20, 12)
    cost = rng.random((15, 12)) * 5000
    monkeypatch.setattr(allocation, "MANY", many)
    flow = least_cost(people, places, cost)
    check(flow, people, places, cost)
    single = np.repeat(np.repeat(cost, people, axis=0), places, axis=1)
    assert flow.people.sum() == min(people.sum(), places.sum())
    assert flow.cost == pytest.approx(single[linear_sum_assignment(single)].sum())


def _with(monkeypatch, first, people, places, cost):
    monkeypatch.setattr(allocation, "FIRST", first)
    return least_cost(people, places, cost)
