"""How unequally something is spread over units: Gini and Theil, weighted by people.

Formulas: C. Gini (1912) as mean difference over twice the mean; H. Theil, *Economics and Information Theory* (1967), with the
decomposition by groups of A. F. Shorrocks (1980).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def gini(values: Floats, people: Floats) -> float | None:
    """Gini coefficient of ``values`` (a rate a person, ``(n,) ≥ 0``) among ``people``; None where nothing can be said."""
    keep = _mask(values, people)
    values, people = _scaled(values[keep]), _scaled(people[keep])
    total = float((values * people).sum())
    if total <= 0:
        return None
    apart = np.abs(values[:, None] - values[None, :]) * people[:, None] * people[None, :]
    return float(apart.sum() / (2.0 * people.sum() * total))


def theil(values: Floats, people: Floats, groups: Sequence[str] | None = None) -> tuple[float, float, float] | None:
    """Theil's T: all of it, within groups, between groups (the first is the sum of the others)."""
    keep = _mask(values, people)
    names = np.array(list(groups) if groups is not None else [""] * len(values), object)[keep]
    values, people = _scaled(values[keep]), _scaled(people[keep])
    total = float((values * people).sum())
    if total <= 0:
        return None
    within = between = 0.0
    mean = total / float(people.sum())
    for name in dict.fromkeys(names.tolist()):
        mine = names == name
        count, amount = float(people[mine].sum()), float((values[mine] * people[mine]).sum())
        if amount <= 0:
            continue
        share, own = amount / total, amount / count
        between += share * float(np.log(own / mean))
        ratio = values[mine] / own
        logs = np.log(ratio, where=ratio > 0, out=np.zeros_like(ratio))  # x ln x → 0
        within += share * float((people[mine] / count * ratio * logs).sum())
    return within + between, within, between


def _mask(values: Floats, people: Floats) -> NDArray[np.bool_]:
    keep: NDArray[np.bool_] = np.isfinite(values) & np.isfinite(people) & (people > 0) & (values >= 0)
    return keep


def _scaled(amounts: Floats) -> Floats:
    """As shares of the largest: neither measure asks how large they are, and products of tiny ones would be lost."""
    most = float(amounts.max(initial=0.0))
    return amounts / most if most > 0 else amounts
