"""Numbers into classes: breaks by every usual method, histograms, class names. Works on bare arrays of a million rows.

Breaks are the limits *between* classes; a class takes low ≤ x < high. Quantile, equal and standard-deviation breaks are
those of mapclassify; natural breaks are Fisher's optimum (Fisher 1958; Jenks 1977), put halfway between neighbours.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.style import Method

    Floats = NDArray[np.float64]

MOST = 12  # classes; nobody tells more colours apart
EXACT_UP_TO = 1024  # different values among which natural breaks are the true optimum
_BINS = 48
_LONG_TAIL = 4.0
_SKEWED = 5.0


def breaks(values: Floats, method: Method, count: int) -> tuple[float, ...]:
    """Limits between up to ``count`` classes, rising; fewer where the values do not tell so many apart.

    Parameters
    ----------
    values
        ``(n,) float64``; NaN and infinities are left out.

    Raises
    ------
    BadDataError
        When there is no number at all.
    """
    known = finite(values)
    if not len(known):
        raise BadDataError(
            "There are no numbers to put into classes", hint="Choose a field that has values in this layer."
        )
    count = min(max(count, 1), MOST)
    low, high = float(known.min()), float(known.max())
    if count == 1 or low == high:
        return ()
    found: NDArray[np.floating[Any]]
    if method == "quantile":
        found = np.quantile(known, np.arange(1, count) / count)
    elif method in ("equal", "manual"):
        found = low + (high - low) / count * np.arange(1, count)
    elif method == "std":
        steps = np.arange(1, count) - count / 2
        found = float(known.mean()) + steps * float(known.std(ddof=1))
    elif method == "pretty":
        found = _pretty(low, high, count)
    else:
        found = _natural(known, count)
    limits = np.unique(np.asarray(found, np.float64))
    return tuple(float(v) for v in limits[(limits > low) & (limits <= high)])


def finite(values: Floats) -> Floats:
    """``values`` without NaN and infinities."""
    known = np.isfinite(values)
    return values if known.all() else values[known]


def _pretty(low: float, high: float, count: int) -> Floats:
    """Round limits: 1, 2 or 5 times a power of ten (Heckbert, "Nice numbers for graph labels", 1990)."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1.0, 2.0, 2.5, 5.0, 10.0) if f * power >= raw * 0.999999)
    first = math.floor(low / step) + 1
    return step * np.arange(first, math.ceil(high / step), dtype=np.float64)


def _natural(known: Floats, count: int) -> Floats:
    """Limits that make the classes as even within as can be; beyond :data:`EXACT_UP_TO` values, of a fine histogram."""
    unique, weight = np.unique(known, return_counts=True) if len(known) <= 200_000 else _gathered(known)
    if len(unique) > EXACT_UP_TO:
        unique, weight = _gathered(known)
    if len(unique) <= count:
        return (unique[1:] + unique[:-1]) / 2
    starts = _fisher(unique, weight.astype(np.float64), count)
    return (unique[starts] + unique[starts - 1]) / 2


def _gathered(known: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Means and numbers of values in fine bins: half of equal width, half of equal number, so that no tail is lost."""
    half = EXACT_UP_TO // 2
    step = max(1, len(known) // 100_000)
    edges = np.quantile(known[::step], np.linspace(0, 1, half + 1)[1:-1])
    edges = np.unique(np.concatenate([edges, np.linspace(known.min(), known.max(), half + 1)[1:-1]]))
    at = np.searchsorted(edges, known, "right")
    number = np.bincount(at, minlength=len(edges) + 1)
    total = np.bincount(at, known, minlength=len(edges) + 1)
    used = number > 0
    return total[used] / number[used], number[used]


def _fisher(x: Floats, w: Floats, count: int) -> NDArray[np.int64]:
    """Where classes 2… of the optimal partition of sorted values ``x`` with weights ``w`` begin."""
    shifted = x - x.mean()
    sw = np.concatenate([[0.0], np.cumsum(w)])
    sx = np.concatenate([[0.0], np.cumsum(w * shifted)])
    sxx = np.concatenate([[0.0], np.cumsum(w * shifted * shifted)])
    n = len(x)
    i, j = np.ogrid[:n, : n + 1]
    with np.errstate(divide="ignore", invalid="ignore"):  # cost[i, j]: squared errors of x[i:j] as one class
        cost = (sxx[j] - sxx[i]) - (sx[j] - sx[i]) ** 2 / (sw[j] - sw[i])
    cost[j <= i] = np.inf
    best = cost[0].copy()
    cuts = np.zeros((count, n + 1), np.int64)
    for k in range(1, count):
        total = best[:n, None] + cost
        cuts[k] = total.argmin(axis=0)
        best = np.minimum(total.min(axis=0), np.inf)
    at, starts = n, []
    for k in range(count - 1, 0, -1):
        at = int(cuts[k, at])
        starts.append(at)
    return np.array(starts[::-1], np.int64)


@dataclass(frozen=True, eq=False)
class Histogram:
    """How numbers are spread, in bins of equal width on their axis; the last bin takes the tail.

    ``is_log`` says that the axis is logarithmic, for positive numbers of very different size.
    """

    low: float
    high: float
    counts: NDArray[np.int64]
    is_log: bool
    minimum: float
    maximum: float
    mean: float
    known: int
    missing: int

    def share_of(self, value: float) -> float:
        """Where ``value`` lies on the axis: 0 at its begin, 1 at its end."""
        if self.is_log:
            if value <= 0:
                return -math.inf
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value_at(self, share: float) -> float:
        """Inverse of :meth:`share_of`."""
        if self.is_log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    @property
    def has_tail(self) -> bool:
        """Whether the last bin also holds values beyond its end."""
        return self.maximum > self.high


def histogram(values: Floats, bins: int = _BINS) -> Histogram | None:
    """Histogram of the finite ``values``; None when there are none.

    Positive numbers that are spread over powers of ten get a logarithmic axis; else a long tail upwards is folded into
    the last bin.
    """
    known = finite(values)
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    step = max(1, len(known) // 100_000)
    fifth, middle, bulk = (float(v) for v in np.quantile(known[::step], (0.05, 0.5, 0.98)))
    is_log = low > 0 and bulk > _SKEWED * middle and bulk > 20 * fifth
    begin, end = low, high
    if is_log:
        begin = max(low, fifth / 10)
        at = np.log(np.maximum(known, begin) * (1.0 / begin)) * (bins / math.log(end / begin))
    else:
        if high - low > _LONG_TAIL * (bulk - low) > 0:
            end = low + (bulk - low) * 1.25
        end = end if end > begin else begin + 1.0
        at = (known - begin) * (bins / (end - begin))
    counts = np.bincount(np.clip(at.astype(np.int64), 0, bins - 1), minlength=bins)
    mean = float(known.mean())
    return Histogram(begin, end, counts, is_log, low, high, mean, len(known), len(values) - len(known))


def number_text(value: float, decimals: int) -> str:
    """A limit as it is written: separators of thousands, no minus before zero."""
    text = f"{value:,.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def decimals_for(limits: Sequence[float]) -> int:
    """Fewest decimals that keep all ``limits`` apart and are within a hundredth of the smallest step."""
    steps = [b - a for a, b in itertools.pairwise(limits) if b > a]
    if all(float(v).is_integer() for v in limits):
        return 0
    least = min(steps, default=abs(limits[0]) if limits else 1.0) or 1.0
    return min(max(0, 1 - math.floor(math.log10(least))), 9)


def titles(limits: Sequence[float], low: float, high: float) -> tuple[str, ...]:
    """Names of the classes between ``limits`` of values from ``low`` to ``high``: "< 10", "10 – 20", "≥ 20"."""
    decimals = decimals_for(limits)
    texts = [number_text(v, decimals) for v in limits]
    if not texts:
        same = [number_text(v, decimals_for((low, high))) for v in (low, high)]
        return (" – ".join(dict.fromkeys(same)),)
    return (f"< {texts[0]}", *(f"{a} – {b}" for a, b in itertools.pairwise(texts)), f"≥ {texts[-1]}")
