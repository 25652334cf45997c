"""Rain of gauges over time as one immutable value. Missing is NaN, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.issue import Issue

BEIJING = timezone(timedelta(hours=8))


class Flag(IntFlag):
    """What is known of one value. Only TRACE, DUPLICATE and the two SUSPECT ones have a value; the others are NaN."""

    GOOD = 0
    MISSING = 1
    TRACE = 2
    NEGATIVE = 4
    SENTINEL = 8
    DUPLICATE = 16
    IMPOSSIBLE = 32
    SUSPECT_HIGH = 64
    SUSPECT_ZERO = 128


@dataclass(frozen=True, eq=False)
class RainSeries:
    """Rain of gauges at regular times.

    Attributes
    ----------
    gauges, names
        Number and name of each gauge.
    xy
        ``(g, 2) float64`` in units of ``crs``.
    times
        ``(t,) datetime64[s]`` UTC, rising by ``step_h``; each is the end of its interval.
    rain_mm
        ``(g, t) float64``, NaN where there is none.
    flags
        ``(g, t) uint8`` of :class:`Flag`.
    step_h
        1 for hourly, 24 for daily rain.
    issues
        Everything that was assumed, corrected or set aside on the way in, counted.
    source, sha256
        File name (or table) it came from, and its content.
    """

    gauges: tuple[str, ...]
    names: tuple[str, ...]
    xy: NDArray[np.float64]
    crs: Crs
    times: NDArray[np.datetime64]
    rain_mm: NDArray[np.float64]
    flags: NDArray[np.uint8]
    step_h: int = 1
    issues: tuple[Issue, ...] = ()
    source: str = ""
    sha256: str = ""

    @property
    def first(self) -> datetime:
        return aware(self.times[0])

    @property
    def last(self) -> datetime:
        return aware(self.times[-1])


def aware(time: np.datetime64) -> datetime:
    """A time of a series as a datetime of UTC."""
    seconds = int(time.astype("datetime64[s]").astype(np.int64))
    return datetime.fromtimestamp(seconds, UTC)


def plain(time: datetime) -> np.datetime64:
    """Inverse of :func:`aware`, for any zone."""
    return np.datetime64(int(time.timestamp()), "s")
