"""Rain of gauges: sums over windows, checks, effective rain, events and intensity-duration thresholds.

Missing is never zero: a window with too many missing hours has no sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.issue import Issue
from lydigital.model.rainfall import BEIJING, Flag, plain

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from lydigital.model.rainfall import RainSeries

    Floats = NDArray[np.float64]

WINDOWS_H = (1, 3, 6, 12, 24, 72)
DAY_ENDS_H = 20  # Beijing time, of the meteorological day
_NEIGHBOURS = 5
_REACH = 60_000.0  # map units within which neighbours speak for a gauge
_HIGH_TIMES, _HIGH_MM = 6.0, 30.0
_DRY_H = 24


# --- sums -----------------------------------------------------------------------------------------------------------


def window(series: RainSeries, at: datetime, hours: int, *, complete: float = 0.8) -> Floats:
    """Rain of the ``hours`` before ``at`` at every gauge ``(g,)`` mm; NaN where fewer than ``complete`` of them are known.

    A sum with some hours missing is that of the known ones, so a lower bound.

    Raises
    ------
    BadDataError
        When the window is shorter than the steps of the series, or does not end with one.
    """
    if hours < series.step_h or hours % series.step_h:
        raise BadDataError(
            "Sums of {hours} h cannot be made of rain every {step} h", hours=hours, step=series.step_h,
            hint="Choose a longer window, or hourly records.",
        )  # fmt: skip
    end = max(index_of(series, at) + 1, 0)
    steps = hours // series.step_h
    first = max(index_of(series, at) + 1 - steps, 0)
    part = series.rain_mm[:, first:end]  # short, and so without a sum, where the series does not reach
    known = np.isfinite(part)
    total = np.where(known, part, 0.0).sum(axis=1)
    return np.where(known.sum(axis=1) >= complete * steps - 1e-9, total, np.nan)


def index_of(series: RainSeries, at: datetime) -> int:
    """Column of the interval that ends at ``at``; may lie outside the series.

    Raises
    ------
    BadDataError
        When no interval ends then.
    """
    seconds = int((plain(at) - series.times[0]).astype(np.int64))
    index, rest = divmod(seconds, 3600 * series.step_h)
    if rest:
        raise BadDataError(
            "No record ends at {time}", hint="Records end every {step} h, the last one at {last}.",
            time=local(at), step=series.step_h, last=local(series.last),
        )  # fmt: skip
    return index


def running(series: RainSeries, hours: int) -> Floats:
    """Sums of ``hours`` that end at every time ``(g, t)``; NaN where an hour of them is missing or before the first."""
    steps = max(1, hours // series.step_h)
    known = np.isfinite(series.rain_mm)
    total = np.cumsum(np.where(known, series.rain_mm, 0.0), axis=1)
    number = np.cumsum(known, axis=1)
    out = np.full_like(total, np.nan)
    out[:, steps - 1 :] = total[:, steps - 1 :]
    out[:, steps:] -= total[:, :-steps]
    full = number.copy()
    full[:, steps:] -= number[:, :-steps]
    out[full < steps] = np.nan
    return np.round(out, 6)


def daily(series: RainSeries, *, complete: float = 0.8) -> tuple[list[datetime], Floats]:
    """Rain of the days 20-20 Beijing time: when each ends, and ``(g, days)``."""
    if series.step_h == 24:
        return [series.first + timedelta(days=i) for i in range(len(series.times))], series.rain_mm.copy()
    ends = [t for t in (series.first + timedelta(hours=i) for i in range(len(series.times))) if t.astimezone(BEIJING).hour == DAY_ENDS_H]
    if not ends:
        return [], np.zeros((len(series.gauges), 0))
    return ends, np.column_stack([window(series, end, 24, complete=complete) for end in ends])


def local(at: datetime) -> str:
    """Beijing time as people write it."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


# --- checks ---------------------------------------------------------------------------------------------------------


def checked(series: RainSeries) -> RainSeries:
    """The same series with suspect values flagged (none is changed) and counted.

    Suspect are an interval with more than 30 mm and six times the highest of the five nearest gauges, and a gauge
    without rain for a day on which each of its five nearest had 10 mm.
    """
    flags = series.flags.copy()
    order, near = _neighbours(series.xy)
    around = series.rain_mm[order]  # (g, k, t)
    known = np.isfinite(around) & near[:, :, None]
    enough = known.sum(axis=1) >= 3
    highest = np.where(known, around, -1.0).max(axis=1, initial=-1.0)
    rain = np.nan_to_num(series.rain_mm, nan=-1.0)
    high = enough & (rain > _HIGH_MM) & (rain > _HIGH_TIMES * np.maximum(highest, 0.0))
    steps = max(1, _DRY_H // series.step_h)
    dry = np.zeros_like(high)
    if len(series.times) >= steps:
        total = running(series, steps * series.step_h)
        others = total[order]
        wet = np.isfinite(others) & near[:, :, None]
        lowest = np.where(wet, others, np.inf).min(axis=1, initial=np.inf)
        ends = (total == 0.0) & (wet.sum(axis=1) >= 3) & (lowest >= 10.0) & np.isfinite(lowest)
        for back in range(steps):
            dry[:, : dry.shape[1] - back] |= ends[:, back:]
    flags[high] |= np.uint8(Flag.SUSPECT_HIGH)
    flags[dry] |= np.uint8(Flag.SUSPECT_ZERO)
    found = [*series.issues]
    if high.any():
        found.append(_named(series, high, "rain.suspect_high", "{count} values are far above those of all neighbours: {gauges}"))
    if dry.any():
        found.append(_named(series, dry, "rain.suspect_zero", "{count} hours without rain amid rain all around: {gauges}"))
    return replace(series, flags=flags, issues=tuple(found))


def _neighbours(xy: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The nearest gauges of every gauge ``(g, k)``, and which of them are near enough."""
    distance = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1, kind="stable")[:, : min(_NEIGHBOURS, len(xy) - 1)]
    return order, np.take_along_axis(distance, order, axis=1) <= _REACH


def _named(series: RainSeries, mask: NDArray[np.bool_], code: str, message: str) -> Issue:
    names = [series.names[g] or series.gauges[g] for g in np.flatnonzero(mask.any(axis=1))[:6]]
    return Issue(
        code, "warning", message, "Look at the station chart and set wrong values aside by hand.", count=int(mask.sum()),
        values={"count": str(int(mask.sum())), "gauges": ", ".join(names)},
    )  # fmt: skip


def without(series: RainSeries, gauges: tuple[str, ...]) -> RainSeries:
    """The series without some gauges, set aside by hand."""
    keep = np.array([g not in gauges for g in series.gauges], bool)
    return replace(
        series, gauges=tuple(g for g, k in zip(series.gauges, keep, strict=True) if k),
        names=tuple(n for n, k in zip(series.names, keep, strict=True) if k), xy=series.xy[keep],
        rain_mm=series.rain_mm[keep], flags=series.flags[keep],
    )  # fmt: skip


# --- effective rain -------------------------------------------------------------------------------------------------


def effective(r0: Floats, before: Floats, k: float) -> Floats:
    """``R0 + Σ k^i R_i`` (Crozier & Eyles 1980): ``r0 (g,)``, ``before (g, n)`` from the day before backwards."""
    weights = k ** np.arange(1, before.shape[1] + 1)
    return np.asarray(r0 + before @ weights, np.float64)


@dataclass(frozen=True, eq=False)
class Effective:
    """Rain before a time, day by day.

    Attributes
    ----------
    days
        ``(g, n + 1)`` mm: the 24 h before, then the days before that; NaN where not known by anybody.
    filled
        ``(g, n + 1)`` whether a day was taken from neighbours.
    antecedent_mm
        ``(g,)`` Σ k^i R_i; with a forecast it begins with the 24 h before, without with the day before that.
    total_mm
        ``(g,)`` with the observed 24 h as R0; NaN where these are not known.
    """

    days: Floats
    filled: NDArray[np.bool_]
    antecedent_mm: Floats
    total_mm: Floats
    issues: tuple[Issue, ...] = ()


def effective_at(
    series: RainSeries, at: datetime, *, k: float, days: int, complete: float = 0.8, has_forecast: bool = False
) -> Effective:
    """Effective rain at every gauge.

    Days that a gauge misses are taken from its neighbours (inverse distance); days that nobody has are left out and told.

    Raises
    ------
    BadDataError
        When no gauge has the 24 h before ``at``.
    """
    count = days + (0 if has_forecast else 1)
    table = np.column_stack(
        [window(series, at - timedelta(days=i), 24, complete=complete) for i in range(max(count, 1))]
    )
    if not np.isfinite(table[:, 0]).any():
        raise BadDataError(
            "No gauge has the rain of the 24 h before {time}", time=local(at),
            hint="The records run from {first} to {last}; choose a time among them.",
            first=local(series.first), last=local(series.last),
        )  # fmt: skip
    filled = np.zeros(table.shape, bool)
    unknown = 0
    start = 0 if has_forecast else 1
    for i in range(start, table.shape[1]):
        gaps = ~np.isfinite(table[:, i])
        if gaps.all():
            unknown += 1
        elif gaps.any():
            table[gaps, i] = _from_neighbours(series.xy, table[:, i], gaps)
            filled[gaps, i] = True
    before = np.nan_to_num(table[:, start:])
    sums = effective(np.zeros(len(table)), before, k)
    return Effective(table, filled, sums, table[:, 0] + sums, tuple(_told(series, table, filled, unknown, at, has_forecast=has_forecast)))


def _told(
    series: RainSeries, table: Floats, filled: NDArray[np.bool_], unknown: int, at: datetime, *, has_forecast: bool
) -> list[Issue]:
    found = []
    if unknown:
        found.append(Issue(
            "rain.antecedent", "warning",
            "Of {days} days before, {count} have no records at all: effective rain is a lower bound",
            "Add records from before {first}.", count=unknown,
            values={"days": str(table.shape[1] - (not has_forecast)), "count": str(unknown), "first": local(series.first)},
        ))  # fmt: skip
    if filled.any():
        found.append(Issue(
            "rain.filled", "note", "{count} days of single gauges are missing and were taken from their neighbours",
            count=int(filled.sum()), values={"count": str(int(filled.sum()))},
        ))  # fmt: skip
    missing = ~np.isfinite(table[:, 0]) & ~filled[:, 0]
    if missing.any() and not has_forecast:
        names = ", ".join(series.names[g] or series.gauges[g] for g in np.flatnonzero(missing)[:6])
        found.append(Issue(
            "rain.gauge_silent", "warning", "{count} gauges lack too much of the last 24 h and are left out: {gauges}",
            "Ask for their records, or look at the map of what remains.", count=int(missing.sum()),
            values={"count": str(int(missing.sum())), "gauges": names},
        ))  # fmt: skip
    end = index_of(series, at) + 1
    part = series.rain_mm[:, max(0, end - 24 // series.step_h) : max(end, 0)]
    gaps = int(((~np.isfinite(part)).any(axis=1) & np.isfinite(table[:, 0]) & ~filled[:, 0]).sum())
    if gaps:
        found.append(Issue(
            "rain.hours_missing", "warning", "{count} gauges lack some of the last 24 h: their sums are lower bounds",
            count=gaps, values={"count": str(gaps)},
        ))  # fmt: skip
    return found


def _from_neighbours(xy: Floats, values: Floats, gaps: NDArray[np.bool_]) -> Floats:
    known = ~gaps
    square = (xy[gaps, None, 0] - xy[None, known, 0]) ** 2 + (xy[gaps, None, 1] - xy[None, known, 1]) ** 2
    weight = 1.0 / np.maximum(square, 1e-6)
    return np.asarray((weight * values[known]).sum(axis=1) / weight.sum(axis=1), np.float64)


# --- events and thresholds ------------------------------------------------------------------------------------------


class Event(NamedTuple):
    """Rain of one gauge between dry gaps: columns ``first`` to before ``last`` of the series."""

    first: int
    last: int
    hours: int
    total_mm: float
    peak_mm: float
    has_gaps: bool

    @property
    def intensity(self) -> float:
        """Mean mm/h."""
        return self.total_mm / self.hours


def events(rain_mm: Floats, *, dry_gap_h: int = 6, least_mm: float = 0.1, step_h: int = 1) -> list[Event]:
    """Split one gauge's rain ``(t,)`` where it is dry for ``dry_gap_h``; missing hours are neither wet nor dry time."""
    found: list[Event] = []
    wet = np.flatnonzero(np.nan_to_num(rain_mm) >= least_mm)
    if not len(wet):
        return found
    known = np.isfinite(rain_mm)
    starts = [0]
    for i in range(1, len(wet)):
        dry = int(known[wet[i - 1] + 1 : wet[i]].sum()) * step_h
        if dry >= dry_gap_h:
            starts.append(i)
    for begin, end in zip(starts, [*starts[1:], len(wet)], strict=True):
        first, last = int(wet[begin]), int(wet[end - 1]) + 1
        part = rain_mm[first:last]
        found.append(Event(
            first, last, (last - first) * step_h, float(np.nansum(part)), float(np.nanmax(part)),
            bool((~np.isfinite(part)).any()),
        ))  # fmt: skip
    return found


class Curve(NamedTuple):
    """``I = c + alpha · D^-beta`` in mm/h and h, for durations from ``low_h`` to ``high_h``."""

    name: str
    c: float
    alpha: float
    beta: float
    low_h: float
    high_h: float

    def intensity(self, hours: float) -> float:
        return float(self.c + self.alpha * hours**-self.beta)

    def holds(self, hours: float) -> bool:
        return self.low_h <= hours <= self.high_h


# Lower bounds of landslides all over the world: context, no criteria for issuing (rainfallthresholds.irpi.cnr.it)
CURVES = (
    Curve("Caine 1980", 0.0, 14.82, 0.39, 0.167, 500.0),
    Curve("Innes 1983", 0.0, 4.93, 0.504, 0.1, 100.0),
    Curve("Crosta & Frattini 2001", 0.48, 7.2, 1.0, 0.1, 1000.0),
    Curve("Guzzetti 2008", 0.0, 2.20, 0.44, 0.1, 1000.0),
    Curve("Hong 2006", 0.0, 12.45, 0.42, 0.1, 500.0),
)


def above(event: Event, curves: tuple[Curve, ...] = CURVES) -> dict[str, float]:
    """Intensity of an event as a multiple of each threshold that holds for its duration."""
    found = {c.name: event.intensity / c.intensity(event.hours) for c in curves if c.holds(event.hours)}
    return {name: ratio for name, ratio in found.items() if math.isfinite(ratio)}
