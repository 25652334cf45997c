"""The bulletin of a warning in Luoyang's form, made from the issue alone; every other product takes its words from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lydigital.domain.lifecycle import EDITABLE, last_moment
from lydigital.domain.validity import BEIJING
from lydigital.errors import RefusedError
from lydigital.model.warning import Level
from lydigital.publish.wording import clean, read_names, read_wording

if TYPE_CHECKING:
    from datetime import date, datetime

    from lydigital.model.warning import TownshipLevel, WarningIssue
    from lydigital.publish.wording import TownshipNames, Wording

RGB = {Level.RED: "#e0231c", Level.ORANGE: "#ff7e00", Level.YELLOW: "#f2d600", Level.BLUE: "#2f5fd0"}
INK_ON = {Level.RED: "#ffffff", Level.ORANGE: "#22262b", Level.YELLOW: "#22262b", Level.BLUE: "#ffffff"}


@dataclass(frozen=True)
class CountyLine:
    """One county at one level: ``names`` of its townships, or that all are meant."""

    code: str
    name: str
    extent: str
    is_whole: bool
    townships: tuple[TownshipLevel, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class LevelPart:
    """What a bulletin says of one level."""

    level: Level
    colour: str
    numeral: str
    region: str
    heading: str
    totals: str
    counties: tuple[CountyLine, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Bulletin:
    """The text, in its parts.

    Attributes
    ----------
    issue
        What it says, with present names and without what this audience does not get.
    digest
        Of the issue as the ledger has it.
    stamps
        What has to be stamped on every product.
    """

    issue: WarningIssue
    digest: str
    wording: Wording
    title: str
    dateline: str
    issuers: str
    period: str
    levels: tuple[LevelPart, ...]
    advice: tuple[str, ...]
    signoff: str
    stamps: tuple[str, ...]
    lifted: str = ""

    @property
    def headline(self) -> str:
        """One sentence for messages: the highest level."""
        return self.headline_of(self.levels[0])

    def headline_of(self, part: LevelPart) -> str:
        lines = self.wording.lines
        line = lines.headline_lifted if self.lifted else lines.headline
        return line.format(issuer=self.issue.issuers[0] if self.issue.issuers else "", colour=part.colour)

    @property
    def paragraphs(self) -> tuple[tuple[str, str], ...]:
        """Kind (stamp, title, dateline, issuers, part, period, text, county, advice, signoff) and text of each."""
        lines, out = self.wording.lines, [("stamp", f"【{s}】") for s in self.stamps]
        out += [("title", self.title), ("dateline", self.dateline), ("issuers", self.issuers)]
        if self.lifted:
            out += [("part", lines.part_lifted), ("text", self.lifted)]
        else:
            out += [("part", lines.part_regions), ("period", lines.period.format(period=self.period))]
            out += [("text", part.region) for part in self.levels]
            out.append(("part", lines.part_townships))
            for part in self.levels:
                out.append(("text", part.heading))
                out += [("county", line) for line in part.lines]
            out.append(("part", lines.part_advice))
            out += [("advice", f"{i}.{text}") for i, text in enumerate(self.advice, 1)]
        out.append(("signoff", self.signoff))
        return tuple(out)

    @property
    def text(self) -> str:
        """Plain text, one paragraph a line."""
        return "\n".join(text for _, text in self.paragraphs) + "\n"


def is_publishable(issue: WarningIssue, *, blue: bool = False) -> bool:
    """Whether products of it may leave the office: as ``is_public``, and once it was lifted, too."""
    highest = issue.highest
    real = issue.purpose == "actual" and issue.status in ("issued", "lifted") and highest is not None
    return real and (blue or (highest is not None and highest < Level.BLUE))


def compose(
    issue: WarningIssue, *, internal: bool = False, blue: bool = False, wording: Wording | None = None,
    names: TownshipNames | None = None,
) -> Bulletin:  # fmt: skip
    """The bulletin of an issue.

    Parameters
    ----------
    internal
        For the office itself: what was not issued yet and blue are in it, and it is stamped.
    blue
        Whether the office publishes blue.

    Raises
    ------
    RefusedError
        When it is not for the public and ``internal`` is not asked for, or names no township.
    BadDataError
        When the templates are broken.
    """
    words = wording or read_wording()
    if not internal and issue.status in (*EDITABLE, "review"):
        raise RefusedError(
            "The warning {code} was not signed yet", hint="Have it reviewed and signed, or ask for an internal product.",
            code=issue.id,
        )  # fmt: skip
    shown = _cleaned(issue, names or read_names(), words)
    if not internal and not blue:
        shown = msgspec.structs.replace(
            shown, townships=tuple(t for t in shown.townships if t.level < Level.BLUE),
            zones=tuple(z for z in shown.zones if z.level < Level.BLUE),
            counties=tuple(c for c in shown.counties if c.level < Level.BLUE),
        )  # fmt: skip
    if not shown.townships:
        raise RefusedError(
            "The warning {code} names no township for the public" if issue.townships else "The warning {code} names no township",
            hint="Blue is for internal use: ask for an internal product." if issue.townships else "Give at least one township a level.",
            code=issue.id,
        )  # fmt: skip
    at = issue.issued_at or last_moment(issue)
    day = at.astimezone(BEIJING).date()
    lines = words.lines
    line = lines.dateline if issue.number else lines.draft_dateline
    levels = tuple(_part(level, shown, words) for level in sorted({t.level for t in shown.townships}))
    period = _period(issue, words)
    ended = last_moment(issue)
    return Bulletin(
        shown, issue.digest, words, shown.title, line.format(date=_day(day), number=issue.number), "　".join(shown.issuers), period,
        levels, shown.advice or words.advice.default,
        _day(ended.astimezone(BEIJING).date() if issue.status == "lifted" else day), stamps(issue, words, internal=internal, blue=blue),
        lines.lifted.format(date=_day(day), number=issue.number, period=period, lifted_at=_moment(ended))
        if issue.status == "lifted" else "",
    )  # fmt: skip


def stamps(issue: WarningIssue, wording: Wording, *, internal: bool, blue: bool = False) -> tuple[str, ...]:
    """What has to be stamped on products of an issue."""
    found: list[str] = []
    if issue.purpose != "actual":
        found.append(issue.purpose)
    if issue.status in (*EDITABLE, "review"):
        found.append("draft")
    over = issue.status in ("expired", "superseded")
    if internal or (issue.purpose == "actual" and not over and not is_publishable(issue, blue=blue)):
        found.append("internal")
    if issue.status in ("lifted", "expired", "superseded"):
        found.append(issue.status)
    if (issue.run or issue.model) and not issue.is_calibrated:
        found.append("uncalibrated")
    return tuple(wording.stamps.get(name, name) for name in found)


# --- inside ---------------------------------------------------------------------------------------------------------


def _cleaned(issue: WarningIssue, names: TownshipNames, words: Wording) -> WarningIssue:
    """Texts without what XML forbids, townships with the names of the day it begins."""
    day = issue.valid_from.astimezone(BEIJING).date()

    def called(township: TownshipLevel) -> TownshipLevel:
        name, before = names.on(township.code, township.county_code, clean(township.name), day)
        if before is not None and day.year - before.valid_to.year < words.rules.former_name_years:
            name = f"{name}（原{before.name}）"
        return msgspec.structs.replace(township, name=name, county=clean(township.county))

    return msgspec.structs.replace(
        issue, title=clean(issue.title), issuers=tuple(clean(i) for i in issue.issuers), basis=clean(issue.basis),
        advice=tuple(clean(a) for a in issue.advice if clean(a)), townships=tuple(called(t) for t in issue.townships),
        counties=tuple(msgspec.structs.replace(c, name=clean(c.name)) for c in issue.counties),
        zones=tuple(msgspec.structs.replace(z, reason=clean(z.reason)) for z in issue.zones),
    )  # fmt: skip


def _part(level: Level, issue: WarningIssue, words: Wording) -> LevelPart:
    own = words.levels[int(level)]
    known = {c.code: c for c in issue.counties if c.level == level}
    groups: dict[str, list[TownshipLevel]] = {}
    for township in issue.townships:
        if township.level == level:
            groups.setdefault(township.county_code, []).append(township)
    counties = []
    for code, some in groups.items():
        county = known.get(code)
        if county is not None and county.townships != len(some):
            county = None  # the summary is of other townships: say no more than is sure
        whole = county is not None and county.is_whole
        counties.append(CountyLine(
            code, some[0].county, "局部" if county is None else county.extent, whole, tuple(some), tuple(t.name for t in some),
        ))  # fmt: skip
    kinds = sorted({k for t in issue.townships if t.level == level for k in t.hazards})
    kinds = kinds or sorted({k for c in issue.counties if c.level == level for k in c.hazards})
    named = "、".join(words.hazards[k] for k in kinds if k in words.hazards)
    lines = words.lines
    number = sum(len(c.names) for c in counties)
    plain = all(c.name.endswith("县") for c in counties)
    streets = any(t.name.partition("（")[0].endswith(("街道", "办事处")) for c in counties for t in c.townships)
    total = "、".join((
        (words.totals.counties if plain else words.totals.counties_mixed).format(count=len(counties)),
        (words.totals.townships_mixed if streets else words.totals.townships).format(count=number),
    ))  # fmt: skip
    return LevelPart(
        level, own.colour, own.numeral,
        lines.regions.format(
            colour=own.colour, regions="、".join(c.name + c.extent for c in counties), chance=own.chance,
            hazards=lines.hazards.format(kinds=named) if named else lines.no_hazard,
        ),
        lines.townships.format(colour=own.colour, counties="、".join(c.name for c in counties), totals=total),
        total, tuple(counties),
        tuple(
            lines.county.format(
                index=i, county=c.name, townships=lines.all_townships if c.is_whole else "、".join(c.names)
            )
            for i, c in enumerate(counties, 1)
        ),
    )  # fmt: skip


def _period(issue: WarningIssue, words: Wording) -> str:
    start, end = issue.valid_from.astimezone(BEIJING), issue.valid_to.astimezone(BEIJING)
    last = _hour(end, start)
    if issue.issued_at is not None and issue.valid_from <= issue.issued_at:
        return words.lines.period_now.format(end=_hour(end, issue.issued_at.astimezone(BEIJING)))
    return words.lines.period_from_to.format(start=_moment(start), end=last)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _clock(time: datetime) -> str:
    return f"{time.hour}时" + (f"{time.minute}分" if time.minute else "")


def _moment(time: datetime) -> str:
    here = time.astimezone(BEIJING)
    return _day(here.date()) + _clock(here)


def _hour(end: datetime, start: datetime) -> str:
    """An end after ``start``, without the year where it is the same."""
    return (_day(end.date()) if end.year != start.year else f"{end.month}月{end.day}日") + _clock(end)
