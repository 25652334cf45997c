"""How good warnings were: reported events against issues, by township and day, in the measures of forecasting.

A day is that of warnings, 20:00 to 20:00 Beijing time. Of every township and day of a period:

================  ==============================================================================
hit               an event happened, and a warning that named the township was in force then
miss              an event happened, and none was
false alarm       a warning was in force for an hour or more, and nothing happened
correct negative  neither
================  ==============================================================================

Townships are joined by code. Scores after Jolliffe & Stephenson, Forecast Verification (2012), chapter 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lydigital.domain.validity import BEIJING, aware, begins
from lydigital.domain.watch import as_issued
from lydigital.errors import BadDataError
from lydigital.model.warning import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lydigital.model.warning import Purpose, WarningIssue

DAY, LEAST = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    """A reported event; ``place`` is longitude and latitude, where known."""

    code: str
    name: str
    time: datetime
    township: str
    kind: int = 0
    deaths: int = 0
    losses: float = 0.0
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class Table:
    """The four cells, and what is made of them; NaN where nothing can be said."""

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0
    correct_negatives: int = 0

    @property
    def pod(self) -> float:
        """Probability of detection, 1 at best."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float:
        """False alarm ratio, 0 at best."""
        return _ratio(self.false_alarms, self.hits + self.false_alarms)

    @property
    def ts(self) -> float:
        """Threat score (critical success index)."""
        return _ratio(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def bias(self) -> float:
        """Warned over happened: above 1 too much was warned."""
        return _ratio(self.hits + self.false_alarms, self.hits + self.misses)

    @property
    def hss(self) -> float:
        """Heidke skill score: 0 is chance, 1 perfect."""
        a, b, c, d = self.hits, self.false_alarms, self.misses, self.correct_negatives
        return _ratio(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d))

    def __add__(self, other: Table) -> Table:
        return Table(
            self.hits + other.hits, self.misses + other.misses, self.false_alarms + other.false_alarms,
            self.correct_negatives + other.correct_negatives,
        )  # fmt: skip


@dataclass(frozen=True)
class Spell:
    """An issue while it was in force: until its end, or until it was lifted or replaced."""

    issue: WarningIssue
    start: datetime
    end: datetime
    levels: Mapping[str, Level]

    def covers(self, township: str, time: datetime) -> bool:
        return township in self.levels and self.start <= time < self.end


@dataclass(frozen=True)
class Match:
    """An event, and the warning in force at its township: the highest level, and hours since the township was first warned.

    ``in_zone`` is whether it lay within a zone of a warning in force, whatever its township.
    """

    event: Event
    spell: Spell | None
    level: Level | None
    lead_h: float
    in_zone: bool | None


@dataclass(frozen=True)
class Group:
    """Figures of a part of the whole: a season, a model, an officer, one issue.

    Its table is over the days on which its warnings were in force; a season's is over all days of the season.
    """

    name: str
    table: Table
    issues: int
    area_km2: float
    lead_h: float

    @property
    def hits_per_1000_km2(self) -> float:
        return _ratio(1000 * self.table.hits, self.area_km2)


@dataclass(frozen=True)
class Verification:
    """The notebook of a period.

    Attributes
    ----------
    level
        Warnings of this level and higher count.
    unknown
        Events whose township the map does not know: they are left out.
    """

    start: datetime
    end: datetime
    level: Level
    total: Group
    seasons: tuple[Group, ...]
    models: tuple[Group, ...]
    officers: tuple[Group, ...]
    levels: tuple[Group, ...]
    issues: tuple[Group, ...]
    matches: tuple[Match, ...]
    unknown: tuple[Event, ...] = field(default=())


def verify(
    versions: Sequence[WarningIssue], events: Iterable[Event], areas: Mapping[str, float], start: datetime, end: datetime, *,
    level: Level = Level.BLUE, purpose: Purpose = "actual", hour: int = 20,
) -> Verification:  # fmt: skip
    """Compare what was warned of with what happened from ``start`` to ``end``.

    Parameters
    ----------
    versions
        Every version of the issues.
    areas
        Square kilometres by code, of every township.

    Raises
    ------
    BadDataError
        When the period is empty or no township is known.
    """
    first, last = _day(aware(start), hour), _day(aware(end) - timedelta(microseconds=1), hour)
    if end <= start:
        raise BadDataError("The period ends before it begins", hint="Correct one of the two days.")
    if not areas:
        raise BadDataError("No townships are known", hint="Warnings are verified by township: add the layer.")
    days = tuple(first + DAY * i for i in range((last - first).days + 1))
    within = sorted((e for e in events if first <= aware(e.time) < last + DAY), key=lambda e: (e.time, e.code))
    known = [e for e in within if e.township in areas]
    spells = [s for s in spells_of(versions, purpose, level) if s.start < last + DAY and s.end > first]
    tell = _Teller(known, areas, hour)

    def by(name: Callable[[Spell], str], some: Sequence[Spell] = spells) -> tuple[Group, ...]:
        groups: dict[str, list[Spell]] = {}
        for spell in some:
            groups.setdefault(name(spell), []).append(spell)
        return tuple(tell.group(key, mine, _days_of(mine, days)) for key, mine in sorted(groups.items()))

    years: dict[str, list[datetime]] = {}
    for day in days:
        years.setdefault(str(day.year), []).append(day)
    return Verification(
        days[0], days[-1] + DAY, level, tell.group("", spells, days),
        tuple(tell.group(year, [s for s in spells if _meets(s, mine)], mine) for year, mine in years.items()),
        by(lambda s: s.issue.model or "-"), by(lambda s: s.issue.prepared_by or "-"),
        tuple(
            tell.group(str(int(lowest)), mine, _days_of(mine, days))
            for lowest in Level if lowest <= level and (mine := _only(spells, lowest))
        ),
        by(lambda s: f"{s.issue.year}-{s.issue.number:03d}"), tell.matches(spells), tuple(e for e in within if e.township not in areas),
    )  # fmt: skip


def spells_of(versions: Sequence[WarningIssue], purpose: Purpose, level: Level = Level.BLUE) -> list[Spell]:
    """Issues of ``purpose`` while they were in force, with their townships of ``level`` or higher."""
    ends: dict[str, datetime] = {}
    for version in versions:
        if version.status in ("lifted", "superseded"):
            ends[version.id] = version.notes[-1].at
    found = []
    for issue in as_issued(versions):
        if issue.purpose == purpose:
            levels = {t.code: t.level for t in issue.townships if t.level <= level}
            end = min(issue.valid_to, ends.get(issue.id, issue.valid_to))
            if levels and end > begins(issue):
                found.append(Spell(issue, begins(issue), end, levels))
    return found


class _Teller:
    """Counts for some warnings on some days."""

    def __init__(self, events: Sequence[Event], areas: Mapping[str, float], hour: int) -> None:
        self.events = events
        self.areas = areas
        self.hour = hour

    def group(self, name: str, spells: Sequence[Spell], days: Sequence[datetime]) -> Group:
        wanted = set(days)
        happened: dict[tuple[str, datetime], bool] = {}
        leads: list[float] = []
        for event in self.events:
            key = (event.township, _day(event.time, self.hour))
            if key[1] not in wanted:
                continue
            covering = [s for s in spells if s.covers(event.township, event.time)]
            happened[key] = happened.get(key, False) or bool(covering)
            if covering:
                leads.append(_lead(event, covering, spells))
        warned = {
            (code, day) for spell in spells for day in _days_of([spell], days) if _overlap(spell, day) >= LEAST for code in spell.levels
            if code in self.areas
        }  # fmt: skip
        hits = sum(happened.values())
        false = len(warned - happened.keys())
        misses = len(happened) - hits
        rest = len(self.areas) * len(days) - hits - false - misses
        area = sum(self.areas[code] for code, _ in warned)
        mean = sum(leads) / len(leads) if leads else math.nan
        return Group(name, Table(hits, misses, false, rest), len({s.issue.id for s in spells}), area, mean)

    def matches(self, spells: Sequence[Spell]) -> tuple[Match, ...]:
        found = []
        for event in self.events:
            covering = [s for s in spells if s.covers(event.township, event.time)]
            best = min(covering, key=lambda s: s.levels[event.township], default=None)
            found.append(Match(
                event, best, None if best is None else best.levels[event.township],
                _lead(event, covering, spells) if covering else math.nan, _in_zone(event, spells),
            ))  # fmt: skip
        return tuple(found)


def _lead(event: Event, covering: Sequence[Spell], spells: Sequence[Spell]) -> float:
    """Hours from when the township was first told, through issues that followed each other without a gap."""
    own = [s for s in spells if event.township in s.levels and s.start <= event.time]
    start = min(s.start for s in covering)
    told = min(s.issue.issued_at or s.start for s in covering)
    for spell in sorted(own, key=lambda s: s.end, reverse=True):
        if spell.end >= start > spell.start:
            start = spell.start
            told = min(told, spell.issue.issued_at or spell.start)
    return (event.time - told).total_seconds() / 3600


def _in_zone(event: Event, spells: Sequence[Spell]) -> bool | None:
    """Whether it lies in a zone of a warning in force; None where its place or the zones are not known."""
    if event.place is None:
        return None
    zones = [z.wkb for s in spells if s.start <= event.time < s.end for z in s.issue.zones]
    if not zones:
        return None if any(s.start <= event.time < s.end for s in spells) else False
    import shapely

    return bool(shapely.intersects_xy(shapely.from_wkb(zones), *event.place).any())


def _only(spells: Sequence[Spell], lowest: Level) -> list[Spell]:
    """Spells as if only that level had been warned."""
    found = []
    for spell in spells:
        levels = {code: level for code, level in spell.levels.items() if level == lowest}
        if levels:
            found.append(Spell(spell.issue, spell.start, spell.end, levels))
    return found


def _day(time: datetime, hour: int) -> datetime:
    """Beginning of the day of warnings that ``time`` is in."""
    here = time.astimezone(BEIJING)
    start = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    return start if start <= here else start - DAY


def _overlap(spell: Spell, day: datetime) -> timedelta:
    return min(spell.end, day + DAY) - max(spell.start, day)


def _meets(spell: Spell, days: Sequence[datetime]) -> bool:
    return any(_overlap(spell, day) > timedelta(0) for day in days)


def _days_of(spells: Sequence[Spell], days: Sequence[datetime]) -> list[datetime]:
    return [day for day in days if any(_overlap(s, day) > timedelta(0) for s in spells)]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
