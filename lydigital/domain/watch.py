"""What a desk keeps an eye on: which warnings are in force, what is due next, and what changed since the last issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from lydigital.domain.lifecycle import latest
from lydigital.domain.validity import begins, is_in_force

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.office import Office
    from lydigital.model.warning import Level, TownshipLevel, WarningIssue

Kind = Literal["begins", "ends_soon", "ended", "stale"]
"""Begins to warn · will end soon · is over and not marked so · a draft whose validity ends before anybody issued it."""


@dataclass(frozen=True)
class Alarm:
    """Something a desk has to be told at a time."""

    at: datetime
    kind: Kind
    issue: WarningIssue


def alarms(issues: Iterable[WarningIssue], *, ahead: timedelta = timedelta(hours=1)) -> list[Alarm]:
    """Every alarm of issues in their newest version, earliest first; ``ahead`` is how long before the end to be told."""
    found = []
    for issue in latest(issues):
        if issue.status == "issued":
            start = begins(issue)
            if issue.issued_at is not None and start > issue.issued_at:
                found.append(Alarm(start, "begins", issue))
            found += [Alarm(max(issue.valid_to - ahead, start), "ends_soon", issue), Alarm(issue.valid_to, "ended", issue)]
        elif issue.status in ("draft", "consultation", "review"):
            found.append(Alarm(issue.valid_to, "stale", issue))
    return sorted(found, key=lambda a: (a.at, a.issue.id, a.kind))


def next_alarm(
    issues: Iterable[WarningIssue], now: datetime, *, ahead: timedelta = timedelta(hours=1)
) -> Alarm | None:
    """The first alarm after ``now``, None when nothing is to come."""
    return next((a for a in alarms(issues, ahead=ahead) if a.at > now), None)


def due(issues: Iterable[WarningIssue], now: datetime) -> tuple[WarningIssue, ...]:
    """Issues whose time is over and that nobody marked as expired."""
    return tuple(i for i in latest(issues) if i.status == "issued" and i.valid_to <= now)


def remaining(issue: WarningIssue, now: datetime) -> timedelta:
    """Time until it ends, negative when it is over."""
    return issue.valid_to - now


def in_force(issues: Iterable[WarningIssue], now: datetime) -> tuple[WarningIssue, ...]:
    """Those that warn now."""
    return tuple(i for i in latest(issues) if is_in_force(i, now))


def as_issued(versions: Iterable[WarningIssue]) -> tuple[WarningIssue, ...]:
    """Versions in which warnings were issued, in that order: what the public got."""
    found = [v for v in versions if v.status == "issued" and v.issued_at is not None]
    return tuple(sorted(found, key=lambda v: (v.issued_at, v.number)))


def issued_before(issue: WarningIssue, versions: Iterable[WarningIssue]) -> WarningIssue | None:
    """The last one issued before it for the same purpose, None when it is the first."""
    until = issue.issued_at
    others = [
        v for v in as_issued(versions)
        if v.id != issue.id and v.purpose == issue.purpose and (until is None or (v.issued_at or until) <= until)
    ]  # fmt: skip
    return others[-1] if others else None


# --- messages to other systems ---------------------------------------------------------------------------------------


def message_type(issue: WarningIssue) -> Literal["Alert", "Update", "Cancel"]:
    """What CAP calls it: an issue that replaces others is an update, one that was lifted is a cancel."""
    if issue.status == "lifted":
        return "Cancel"
    return "Update" if issue.references else "Alert"


def referenced(issue: WarningIssue, versions: Iterable[WarningIssue]) -> tuple[WarningIssue, ...]:
    """The issued versions that a message about it refers to: for a cancel its own, for an update those it replaced."""
    wanted = (issue.id,) if issue.status == "lifted" else issue.references
    return tuple(v for v in as_issued(versions) if v.id in wanted)


def may_publish(issue: WarningIssue, office: Office) -> bool:
    """Whether it may leave the office; blue only where the office says so."""
    return issue.is_public or (
        office.publishes_blue and issue.status == "issued" and issue.purpose == "actual" and issue.highest is not None
    )


def stamps(issue: WarningIssue, office: Office) -> tuple[str, ...]:
    """What must stand on everything made from it, as English templates: empty only for what may be published."""
    found = []
    if issue.purpose != "actual":
        found.append("EXERCISE" if issue.purpose == "exercise" else "TEST")
    if issue.status in ("draft", "consultation", "review"):
        found.append("DRAFT, not issued")
    elif issue.purpose == "actual" and issue.status == "issued" and not may_publish(issue, office):
        found.append("INTERNAL, not for publication")
    if issue.status in ("lifted", "expired", "superseded"):
        found.append("NO LONGER IN FORCE")
    if issue.run and not issue.is_calibrated:
        found.append("Model not calibrated for this area")
    return tuple(found)


# --- differences -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A township in two issues: its level before and now, None where it has none."""

    code: str
    name: str
    county: str
    before: Level | None
    now: Level | None


@dataclass(frozen=True)
class Diff:
    """What an issue changes, by township: higher, lower, newly warned, no longer warned, as before."""

    up: tuple[Change, ...]
    down: tuple[Change, ...]
    new: tuple[Change, ...]
    lifted: tuple[Change, ...]
    unchanged: tuple[Change, ...]


def diff(before: WarningIssue | None, now: WarningIssue) -> Diff:
    """``now`` against ``before``; against nothing all is new. One that was lifted or has expired warns of nothing."""
    old = {} if before is None or before.status in ("lifted", "expired") else {t.code: t for t in before.townships}
    fresh = {} if now.status in ("lifted", "expired") else {t.code: t for t in now.townships}
    found: dict[str, list[Change]] = {"up": [], "down": [], "new": [], "lifted": [], "unchanged": []}
    for code in sorted({*old, *fresh}):
        a, b = old.get(code), fresh.get(code)
        found[_kind(a, b)].append(_change(a, b))
    return Diff(**{name: tuple(changes) for name, changes in found.items()})


def _kind(a: TownshipLevel | None, b: TownshipLevel | None) -> str:
    if a is None:
        return "new"
    if b is None:
        return "lifted"
    return "unchanged" if a.level == b.level else "up" if b.level < a.level else "down"


def _change(a: TownshipLevel | None, b: TownshipLevel | None) -> Change:
    shown = b or a
    assert shown is not None
    return Change(shown.code, shown.name, shown.county, a.level if a else None, b.level if b else None)
