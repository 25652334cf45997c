"""From when to when a warning holds, in Beijing time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from lydigital.errors import BadDataError, RefusedError

if TYPE_CHECKING:
    from lydigital.model.warning import WarningIssue

BEIJING = timezone(timedelta(hours=8))
LATE = timedelta(minutes=30)  # a validity that began this long before it is written down is a mistake
LONGEST = timedelta(days=7)



def usual_validity(now: datetime, hour: int = 20) -> tuple[datetime, datetime]:
    """The next 20:00 to 20:00 of the day after, Beijing time."""
    here = aware(now).astimezone(BEIJING)
    start = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if start < here:
        start += timedelta(days=1)
    return start, start + timedelta(days=1)


def immediate_validity(now: datetime, hour: int = 20) -> tuple[datetime, datetime]:
    """即刻起: from this minute to the hour at which validity usually ends, at least six hours on."""
    here = aware(now).astimezone(BEIJING).replace(second=0, microsecond=0)
    end = here.replace(hour=hour, minute=0)
    while end - here < timedelta(hours=6):
        end += timedelta(days=1)
    return here, end


def begins(issue: WarningIssue) -> datetime:
    """When it began to warn: not before it was issued, whatever its validity says."""
    return issue.valid_from if issue.issued_at is None else max(issue.valid_from, issue.issued_at)


def is_in_force(issue: WarningIssue, now: datetime) -> bool:
    """Whether it warns now."""
    return issue.status == "issued" and begins(issue) <= now < issue.valid_to


def checked_validity(start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Both in Beijing time.

    Raises
    ------
    RefusedError
        When it lies in the past, ends before it begins or is absurdly long.
    """
    first, last = (aware(t).astimezone(BEIJING) for t in (start, end))
    if last <= now:
        raise RefusedError(
            "The validity ended {end}: it lies in the past", hint="Give a time that is still to come.", end=shown(last)
        )
    if last <= first:
        raise RefusedError(
            "The validity ends {end}, before it begins {start}", hint="Correct one of the two times.",
            start=shown(first), end=shown(last),
        )  # fmt: skip
    if first < now - LATE:
        raise RefusedError(
            "The validity began {start}: it lies in the past",
            hint="Let it begin immediately, or at a time still to come.", start=shown(first),
        )  # fmt: skip
    if last - first > LONGEST:
        raise RefusedError(
            "The validity lasts {days} days", hint="A warning lasts {most} days at most; check the dates.",
            days=(last - first).days, most=LONGEST.days,
        )  # fmt: skip
    return first, last


def shown(time: datetime) -> str:
    """Beijing time for people."""
    return time.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def aware(time: datetime) -> datetime:
    """``time``, which must name its zone.

    Raises
    ------
    BadDataError
        When it does not.
    """
    if time.tzinfo is None:
        raise BadDataError("{time} names no time zone", hint="Give times with their zone.", time=str(time))
    return time
