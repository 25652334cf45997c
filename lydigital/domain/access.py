"""How much of a service people can reach: two-step floating catchment areas.

``R_j = S_j / Σ_k P_k W(d_kj)`` and ``A_i = Σ_j R_j W(d_ij)`` over pairs within reach: 2SFCA with W = 1 (Luo & Wang 2003),
E2SFCA with a weight a ring (Luo & Qi 2009) or a Gaussian that ends at the reach (Dai 2010). What is delivered equals what is
there: ``Σ P_i A_i = Σ S_j`` over supplies that reach somebody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.coverage import Decay

    Floats = NDArray[np.float64]

MOST_PAIRS = 30_000_000
RINGS = (1.0, 0.68, 0.22)  # of Luo & Qi 2009, slow decay; three rings of equal width


@dataclass(frozen=True, eq=False)
class Pairs:
    """Places and supplies within reach of each other: ``place``, ``supply`` ``(k,)``, ``distance`` ``(k,)`` metres or seconds."""

    place: NDArray[np.int64]
    supply: NDArray[np.int64]
    distance: Floats


@dataclass(frozen=True, eq=False)
class Reached:
    """What comes out.

    Attributes
    ----------
    demand
        ``(supplies,)`` people each stands for, weighted.
    ratio
        ``(supplies,)`` supply a person; NaN where nobody reaches it or its capacity is not known.
    value
        ``(places,)`` supply a person there; NaN where nobody lives or their number is not known.
    supplies, nearest
        ``(places,)`` how many are within reach and how far the nearest is, NaN for none.
    used, delivered
        Capacity of supplies that somebody reaches, and Σ people × value.
    """

    demand: Floats
    ratio: Floats
    value: Floats
    supplies: NDArray[np.int64]
    nearest: Floats
    used: float
    delivered: float


def near(places: Floats, supplies: Floats, reach_m: float) -> Pairs:
    """Pairs no farther apart than ``reach_m`` as the crow flies; places ``(n, 2)`` and ``(m, 2)`` in metres, NaN for none.

    Raises
    ------
    RefusedError
        When there would be more than 30 million.
    """
    from scipy.spatial import cKDTree

    there = np.flatnonzero(np.isfinite(supplies).all(axis=1))
    here = np.flatnonzero(np.isfinite(places).all(axis=1))
    if not len(there) or not len(here):
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    homes, sites = cKDTree(places[here]), cKDTree(supplies[there])
    if homes.count_neighbors(sites, reach_m) > MOST_PAIRS:
        raise RefusedError(
            "Within {reach} m there are too many pairs of places and supplies", hint="Let people go less far, or choose fewer supplies.",
            reach=f"{reach_m:g}",
        )  # fmt: skip
    found = homes.sparse_distance_matrix(sites, reach_m, output_type="ndarray")
    found = found[np.lexsort((found["j"], found["i"]))]
    return Pairs(here[found["i"]], there[found["j"]], found["v"])


def weight(distance: Floats, reach: float, decay: Decay, rings: Sequence[float] = RINGS) -> Floats:
    """Weight of each distance: 1 (``none``), that of its ring of equal width (``steps``), or a Gaussian that is 0 at the reach.

    Raises
    ------
    UsageError
        When the weights of rings are none, negative or rising.
    """
    inside = distance <= reach
    if decay == "none":
        return inside.astype(np.float64)
    if decay == "gaussian":
        end = math.exp(-0.5)
        return np.where(inside, (np.exp(-0.5 * (distance / reach) ** 2) - end) / (1 - end), 0.0)
    steps = np.array(rings, np.float64)
    if not len(steps) or not np.isfinite(steps).all() or (steps < 0).any() or (np.diff(steps) > 0).any() or steps[0] <= 0:
        raise UsageError(
            "The weights of the rings are wrong: {weights}", hint="Give one or more, falling from the centre: 1, 0.68, 0.22.",
            weights=", ".join(f"{w:g}" for w in rings),
        )  # fmt: skip
    ring = np.clip(np.ceil(distance / reach * len(steps)).astype(np.int64) - 1, 0, len(steps) - 1)
    return np.where(inside, steps[ring], 0.0)


def reached(
    people: Floats, capacity: Floats, pairs: Pairs, reach: float, *, decay: Decay = "none", rings: Sequence[float] = RINGS
) -> Reached:
    """Supply for every place.

    Parameters
    ----------
    people, capacity
        ``(n,)`` and ``(m,)``; NaN for what is not known, negative ones count as not known.
    """
    n, m = len(people), len(capacity)
    with np.errstate(invalid="ignore"):
        lives = np.where(people > 0, people, 0.0)
        there = np.where(capacity >= 0, capacity, np.nan)
    w = weight(pairs.distance, reach, decay, rings)
    within = pairs.distance <= reach
    demand = np.bincount(pairs.supply, lives[pairs.place] * w, minlength=m).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(demand > 0, there / demand, np.nan)
    offered = np.nan_to_num(ratio)[pairs.supply] * w
    value = np.bincount(pairs.place, offered, minlength=n).astype(np.float64)
    delivered = float(lives @ value)
    nearest = np.full(n, np.inf)
    np.minimum.at(nearest, pairs.place[within], pairs.distance[within])
    return Reached(
        demand, ratio, np.where(lives > 0, value, np.nan), np.bincount(pairs.place[within], minlength=n).astype(np.int64),
        np.where(np.isfinite(nearest), nearest, np.nan), float(np.nansum(there[demand > 0])), delivered,
    )  # fmt: skip
