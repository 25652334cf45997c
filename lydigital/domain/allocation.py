"""People to shelters: as many as possible find a place, and of all ways to do that the one with least time on the road.

A transport problem (minimum cost flow from origins to shelters) solved as a linear programme by HiGHS. Its matrix is totally
unimodular, so the corner that the simplex method ends in is whole persons. Ways between origins and shelters are taken in only
where the prices of the solution so far say that they could help (column generation), which leaves it as good as with all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST = 12  # nearest shelters of each origin that the solver begins with
MOST_ROUNDS = 60
MANY = 5_000  # ways
TOLERANCE = 1e-9  # of the longest way: microseconds


@dataclass(frozen=True, eq=False)
class Flow:
    """Who goes where.

    Attributes
    ----------
    origin, shelter
        ``(k,) int32`` pairs that people move between.
    people
        ``(k,) int64`` how many, more than zero.
    left
        ``(origins,) int64`` for whom there is no place.
    cost
        Sum of people times cost.
    is_optimal
        Whether no way that was left out could make it better.
    """

    origin: NDArray[np.int32]
    shelter: NDArray[np.int32]
    people: NDArray[np.int64]
    left: NDArray[np.int64]
    cost: float
    is_optimal: bool


def least_cost(people: NDArray[np.int64], places: NDArray[np.int64], cost: NDArray[np.float64]) -> Flow:
    """The best allocation.

    Parameters
    ----------
    people
        ``(n,)`` at each origin, 0 or more.
    places
        ``(m,)`` in each shelter, 0 or more.
    cost
        ``(n, m)`` of one person (seconds), not finite where there is no way.

    Raises
    ------
    BadDataError
        When a number is below zero, or the solver fails.
    """
    if (len(people) and people.min() < 0) or (len(places) and places.min() < 0):
        raise BadDataError("People and places cannot be fewer than none", hint="Correct the capacity of the shelter.")
    open_ = np.isfinite(cost) & (places[None, :] > 0) & (people[:, None] > 0)
    if np.any(cost[open_] < 0):
        raise BadDataError("A way cannot take less than no time", hint="Correct the speeds of the roads.")
    if not open_.any():
        none = np.zeros(0, np.int32)
        return Flow(none, none, np.zeros(0, np.int64), people.astype(np.int64), 0.0, True)
    # in parts of the longest way, so that the tolerances of the solver mean the same for any city
    price = np.where(open_, cost, np.inf) / max(float(cost[open_].max()), 1.0)
    # to place one more person may move one person of every origin to a worse shelter: it must still be worth it
    penalty = min(len(people), len(places)) + 2.0
    row, column = _first(people, places, price)
    for _ in range(MOST_ROUNDS):
        priced = np.append(price[row, column], np.full(len(people), penalty))
        amount, left, of_row, of_column = _solved(people, places, (row, column), priced)
        saved = of_row[:, None] + of_column[None, :] - price
        saved[row, column] = -np.inf
        more = saved > TOLERANCE
        if not more.any():
            break
        best = np.argsort(-saved, axis=1, kind="stable")[:, :FIRST]
        near = np.zeros_like(more)
        np.put_along_axis(near, best, values=True, axis=1)
        extra = np.nonzero(more & near)
        row, column = np.append(row, extra[0]), np.append(column, extra[1])
    else:
        return _flow(row, column, amount, left, cost, is_optimal=False)
    return _flow(row, column, amount, left, cost, is_optimal=True)


def _first(
    people: NDArray[np.int64], places: NDArray[np.int64], price: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ways to begin with: the nearest of each origin, and those that are used when whoever is nearest goes first."""
    best = np.argsort(price, axis=1, kind="stable")[:, :FIRST]
    taken = np.zeros(price.shape, bool)
    np.put_along_axis(taken, best, values=True, axis=1)
    waiting, free = people.tolist(), places.tolist()
    count = int(np.isfinite(price).sum())
    for way in np.argsort(price, axis=None, kind="stable")[:count].tolist():
        i, j = divmod(way, len(free))
        moved = min(waiting[i], free[j])
        if moved:
            waiting[i] -= moved
            free[j] -= moved
            taken[i, j] = True
    row, column = np.nonzero(taken & np.isfinite(price))
    return row, column


def _solved(
    people: NDArray[np.int64], places: NDArray[np.int64], ways: tuple[NDArray[np.int64], NDArray[np.int64]],
    price: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """People on each way ``(k,)``, those left at each origin, and the prices of origins and shelters.

    ``price`` ``(k + n,)``: of each way, then of leaving somebody of each origin.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    row, column = ways
    n, m, k = len(people), len(places), len(row)
    way = np.arange(k)
    everybody = coo_array((np.ones(k + n), (np.append(row, np.arange(n)), np.append(way, k + np.arange(n)))), shape=(n, k + n))
    room = coo_array((np.ones(k), (column, way)), shape=(m, k + n))

    def solve(method: str) -> tuple[Any, bool]:
        made = linprog(
            price, A_ub=room.tocsr(), b_ub=places, A_eq=everybody.tocsr(), b_eq=people, bounds=(0, None), method=method
        )
        return made, bool(made.success) and float(np.abs(np.rint(made.x) - made.x).max()) < 1e-4

    # an inner point that then crosses over to a corner is quicker where there are many ways
    found, is_whole = solve("highs-ipm" if k > MANY else "highs-ds")
    if not is_whole and k > MANY:
        found, is_whole = solve("highs-ds")
    if not is_whole:
        raise BadDataError(
            "The allocation to shelters could not be solved: {reason}", hint="Check capacities and numbers of people.",
            reason=str(found.message)[:200],
        )  # fmt: skip
    amount = np.rint(found.x).astype(np.int64)
    return amount[:k], amount[k:], found.eqlin.marginals, found.ineqlin.marginals


def _flow(
    row: NDArray[np.int64], column: NDArray[np.int64], amount: NDArray[np.int64], left: NDArray[np.int64],
    cost: NDArray[np.float64], *, is_optimal: bool,
) -> Flow:  # fmt: skip
    used = np.flatnonzero(amount)
    order = used[np.lexsort((cost[row[used], column[used]], row[used]))]
    spent = float((amount[order] * cost[row[order], column[order]]).sum())
    return Flow(
        row[order].astype(np.int32), column[order].astype(np.int32), amount[order], left.astype(np.int64), spent, is_optimal
    )
