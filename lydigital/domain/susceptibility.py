"""Where the ground is prone to slide, from where it slid before: information value, frequency ratio, weights of evidence.

Everything counts cells: a hazard is a cell with at least one hazard point. A factor's class that no hazard fell into
has no logarithm; what stands in its place is stated in the table (``is_empty``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain import classes as breaks_of
from lydigital.errors import BadDataError
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.hazardmodel import Susceptibility

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int16]

LEAST = 20  # hazards below which no weights are made
_CORRELATED = 0.5
_HALF = 0.5


@dataclass(frozen=True)
class ClassRow:
    """One class of a factor: ``n`` hazards and ``cells`` cells.

    ``is_empty`` says that ``n`` is 0 and that the values stand for the policy, not for a count.
    """

    title: str
    n: int
    cells: int
    information_value: float
    frequency_ratio: float
    w_plus: float
    w_minus: float
    contrast: float
    contrast_error: float
    studentised: float
    is_empty: bool = False

    def score(self, method: str) -> float:
        return {
            "information_value": self.information_value, "frequency_ratio": self.frequency_ratio,
            "weights_of_evidence": self.contrast,
        }[method]  # fmt: skip


@dataclass(frozen=True)
class FactorTable:
    """A factor with its classes; ``n`` hazards on ``cells`` cells where the factor is known."""

    id: str
    n: int
    cells: int
    rows: tuple[ClassRow, ...]


@dataclass(frozen=True, eq=False)
class Curve:
    """Share of hazards over share of the area, cells of the highest score first; ``auc`` the area below it."""

    area: Floats
    hazards: Floats
    auc: float


@dataclass(frozen=True, eq=False)
class Result:
    """Susceptibility and how good it is.

    Attributes
    ----------
    score
        ``(rows, columns) float32``, NaN where a factor is not known.
    codes
        ``(rows, columns) uint8``: 1 very high to 4 low, 0 where there is no score.
    limits
        Scores between the classes, rising.
    success, prediction
        Curves of the hazards that made the weights, and of those kept back.
    correlated
        Pairs of factors with Cramér's V above 0.5.
    shares
        For classes 1 to 4: share of the area and of all hazards.
    """

    score: NDArray[np.float32]
    codes: NDArray[np.uint8]
    limits: tuple[float, ...]
    tables: tuple[FactorTable, ...]
    success: Curve
    prediction: Curve
    correlated: tuple[tuple[str, str, float], ...]
    shares: tuple[tuple[float, float], ...]
    training: int
    validation: int
    issues: tuple[Issue, ...]


def table_of(
    codes: NDArray[np.integer], hazards: NDArray[np.bool_], titles: Sequence[str], *, factor: str = "", empty: str = "half"
) -> FactorTable:
    """Weights of the classes of one factor.

    Parameters
    ----------
    codes
        ``(cells,)`` class of every cell from 0, -1 where it is not known (left out).
    hazards
        ``(cells,)`` whether a hazard lies there.
    empty
        Of a class without hazards: "half" counts half a hazard, "floor" gives it the lowest value of the other classes.

    Notes
    -----
    ``I = ln[(n/N)/(s/S)]``, ``FR = (n/N)/(s/S)``, ``W+ = ln[P(B|D)/P(B|not D)]``, ``W- = ln[P(not B|D)/P(not B|not D)]``,
    ``C = W+ - W-``, ``s(C)² = Σ 1/count`` of the four kinds of cell (Bonham-Carter 1989).
    """
    known = codes >= 0
    count = len(titles)
    s = np.bincount(codes[known], minlength=count)[:count].astype(np.float64)
    n = np.bincount(codes[known & hazards], minlength=count)[:count].astype(np.float64)
    total, all_cells = float(n.sum()), float(s.sum())
    rows = []
    for i in range(count):
        used = _HALF if n[i] == 0 and s[i] > 0 else n[i]
        rows.append(_row(titles[i], int(n[i]), float(used), float(s[i]), total, all_cells))
    if empty == "floor":
        rows = _floored(rows)
    return FactorTable(factor, int(total), int(all_cells), tuple(rows))


def _row(title: str, n: int, used: float, s: float, total: float, cells: float) -> ClassRow:  # noqa: PLR0917
    if s == 0 or total == 0:
        return ClassRow(title, n, int(s), 0.0, 1.0, 0.0, 0.0, 0.0, math.nan, math.nan, is_empty=True)
    ratio = (used / total) / (s / cells)
    here, other = used, total - used
    bare_here, bare_other = s - used, (cells - s) - other
    rest = cells - total
    if min(other, bare_here, bare_other) <= 0:  # the class is everywhere, or all of it slid: nothing to weigh against
        return ClassRow(title, n, int(s), math.log(ratio), ratio, 0.0, 0.0, 0.0, math.nan, math.nan, is_empty=n == 0)
    plus = math.log((here / total) / (bare_here / rest))
    minus = math.log((other / total) / (bare_other / rest))
    error = math.sqrt(1 / here + 1 / bare_here + 1 / other + 1 / bare_other)
    contrast = plus - minus
    return ClassRow(title, n, int(s), math.log(ratio), ratio, plus, minus, contrast, error, contrast / error, is_empty=n == 0)


def _floored(rows: list[ClassRow]) -> list[ClassRow]:
    from dataclasses import replace

    full = [r for r in rows if not r.is_empty]
    if not full:
        return rows
    low_i, low_f = min(r.information_value for r in full), min(r.frequency_ratio for r in full)
    low_c = min(r.contrast for r in full)
    return [
        replace(r, information_value=low_i, frequency_ratio=low_f, contrast=low_c) if r.is_empty and r.cells else r for r in rows
    ]


def split(cells: NDArray[np.int64], training: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hazard cells for making weights and for testing them, the same every time for one seed."""
    once = np.unique(cells)
    shuffled = np.random.default_rng(seed).permutation(once)
    count = round(len(once) * training)
    return np.sort(shuffled[:count]), np.sort(shuffled[count:])


def curve(score: Floats, hazards: NDArray[np.bool_]) -> Curve:
    """Success or prediction curve over cells with a score; cells of one score come together.

    Raises
    ------
    BadDataError
        When no hazard has a score.
    """
    if not hazards.any():
        raise BadDataError("No hazard lies where there is a score", hint="Check the hazard points and the factors.")
    values, group = np.unique(score, return_inverse=True)
    cells = np.bincount(group, minlength=len(values))[::-1]
    found = np.bincount(group, hazards, minlength=len(values))[::-1]
    x = np.concatenate([[0.0], np.cumsum(cells) / cells.sum()])
    y = np.concatenate([[0.0], np.cumsum(found) / found.sum()])
    return Curve(x, y, float(np.trapezoid(y, x)))


def cramers_v(a: NDArray[np.integer], b: NDArray[np.integer]) -> float:
    """How far two factors say the same, 0 to 1."""
    known = (a >= 0) & (b >= 0)
    wide = int(b.max(initial=0)) + 1
    both = np.bincount(a[known].astype(np.int64) * wide + b[known], minlength=(int(a.max(initial=0)) + 1) * wide).reshape(-1, wide)
    both = both[both.sum(axis=1) > 0][:, both.sum(axis=0) > 0].astype(np.float64)
    if min(both.shape, default=0) < 2:
        return 0.0
    expected = both.sum(axis=1)[:, None] * both.sum(axis=0)[None, :] / both.sum()
    chi2 = float(((both - expected) ** 2 / expected).sum())
    return math.sqrt(chi2 / (both.sum() * (min(both.shape) - 1)))


def classified(values: NDArray[np.floating], limits: Sequence[float]) -> Codes:
    """Class of every value, from 0, low ≤ x < high; -1 for NaN."""
    out = np.searchsorted(np.asarray(limits, np.float64), values.astype(np.float64), "right").astype(np.int16)
    out[np.isnan(values)] = -1
    return out


def compute(
    factors: Mapping[str, tuple[NDArray[np.integer], Sequence[str]]], hazard_cells: NDArray[np.int64],
    inside: NDArray[np.bool_], how: Susceptibility,
) -> Result:  # fmt: skip
    """Susceptibility of the ground.

    Parameters
    ----------
    factors
        By id: class of every cell ``(rows, columns)`` from 0, -1 where not known, and the classes' titles.
    hazard_cells
        Flat cells of known hazards; several in one cell are one.
    inside
        Cells of the city.

    Raises
    ------
    BadDataError
        When there are no factors, or too few hazards.
    """
    if not factors:
        raise BadDataError("Susceptibility needs factors", hint="Name some in the model: [[susceptibility.factors]].")
    known = inside.copy()
    for codes, _ in factors.values():
        known &= codes >= 0
    cells = hazard_cells[(hazard_cells >= 0) & known.reshape(-1)[np.maximum(hazard_cells, 0)]]
    train, test = split(cells, how.training, how.seed)
    if len(train) < LEAST:
        raise BadDataError(
            "{count} hazard cells are too few for weights; {least} are needed", count=len(train), least=LEAST,
            hint="Enter known events, or use the susceptibility zones of the map.",
        )  # fmt: skip
    rows = np.flatnonzero(known.reshape(-1))
    at = np.full(known.size, -1, np.int64)
    at[rows] = np.arange(len(rows))
    in_train, in_test = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    in_train[at[train]], in_test[at[test]] = True, True
    tables, picked, score = [], {}, np.zeros(len(rows))
    for name, (codes, titles) in factors.items():
        part = codes.reshape(-1)[rows]
        table = table_of(part, in_train, titles, factor=name, empty=how.empty)
        tables.append(table)
        picked[name] = part
        score += np.array([r.score(how.method) for r in table.rows])[part]
    score = np.round(score, 9)
    names = list(factors)
    pairs = [(a, b, cramers_v(picked[a], picked[b])) for i, a in enumerate(names) for b in names[i + 1 :]]
    correlated = tuple(p for p in pairs if p[2] > _CORRELATED)
    limits = _limits(score, how)
    flat = np.zeros(known.size, np.uint8)
    flat[rows] = (4 - np.searchsorted(np.array(limits), score, "right")).astype(np.uint8)
    whole = np.full(known.size, np.nan, np.float32)
    whole[rows] = score
    everywhere = in_train | in_test
    shares = tuple(
        (float((flat[rows] == k).mean()), float((flat[rows][everywhere] == k).mean())) for k in range(1, 5)
    )
    success = curve(score, in_train)
    prediction = curve(score, in_test) if in_test.any() else Curve(np.zeros(0), np.zeros(0), math.nan)
    return Result(
        whole.reshape(known.shape), flat.reshape(known.shape), limits, tuple(tables), success, prediction, correlated, shares,
        len(train), len(test), _issues(tables, correlated, prediction, inside, known),
    )  # fmt: skip


def _limits(score: Floats, how: Susceptibility) -> tuple[float, ...]:
    """Three scores between low, moderate, high and very high."""
    if how.classes == "natural":
        found = breaks_of.breaks(score, "natural", 4)
    else:
        top, second, third = how.shares
        shares = np.array([top + second + third, top + second, top]) / 100
        found = tuple(float(v) for v in np.quantile(score, 1 - shares, method="higher"))
    padded = (*found, *([np.inf] * (3 - len(found))))
    return (float(padded[0]), float(padded[1]), float(padded[2]))


def _issues(
    tables: Sequence[FactorTable], correlated: Sequence[tuple[str, str, float]], prediction: Curve,
    inside: NDArray[np.bool_], known: NDArray[np.bool_],
) -> tuple[Issue, ...]:  # fmt: skip
    found = []
    empty = [f"{t.id} {r.title}" for t in tables for r in t.rows if r.is_empty and r.cells]
    if empty:
        found.append(Issue(
            "susceptibility.empty", "note", "{count} classes have no hazard; their weights are a convention: {classes}",
            count=len(empty), values={"count": str(len(empty)), "classes": ", ".join(empty[:5])},
        ))  # fmt: skip
    for a, b, v in correlated:
        found.append(Issue(
            "susceptibility.correlated", "warning", "The factors {first} and {second} say much the same (Cramér's V {v})",
            "Leave one of them out: they count twice.", values={"first": a, "second": b, "v": f"{v:.2f}"},
        ))  # fmt: skip
    if prediction.auc < 0.7:
        found.append(Issue(
            "susceptibility.weak", "warning", "The prediction curve has AUC {auc}: hardly better than chance",
            "Do not warn by it; look for better factors and events.", values={"auc": f"{prediction.auc:.3f}"},
        ))  # fmt: skip
    gap = float((inside & ~known).sum() / max(int(inside.sum()), 1))
    if gap > 0:
        found.append(Issue(
            "susceptibility.gap", "warning", "{percent} % of the city has no value of some factor, and so no susceptibility",
            "Use a terrain model that covers the city.", values={"percent": f"{100 * gap:.1f}"},
        ))  # fmt: skip
    return tuple(found)
