"""The verification notebook as a report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lydigital.domain.validity import shown
from lydigital.model.report import Block, Cell, Chart, Number, Report, Series, Table, number
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.domain.verification import Group, Match, Verification

_GOOD, _BAD, _FALSE, _PLAIN = "#2f8a80", "#c2334d", "#d39a45", "#4f7cac"
SCORES = ("POD", "FAR", "TS", "BIAS", "HSS")


def sections(found: Verification) -> list[Table]:
    """Tables of figures."""
    level_names = {"1": tr("red"), "2": tr("orange"), "3": tr("yellow"), "4": tr("blue")}
    parts = [
        (tr("By season"), found.seasons, {}), (tr("By level (only that level counted)"), found.levels, level_names),
        (tr("By model"), found.models, {}), (tr("By officer"), found.officers, {}), (tr("By issue"), found.issues, {}),
    ]  # fmt: skip
    head = (
        "", tr("Issues"), tr("Hits"), tr("Misses"), tr("False alarms"), tr("Correct negatives"), *SCORES, tr("Lead time, h"),
        tr("Area × days, km²"), tr("Hits per 1000 km²"),
    )  # fmt: skip
    whole = Table(tr("Whole period"), head, (_row(found.total, tr("Whole period")),))
    return [whole, *(Table(title, head, tuple(_row(g, names.get(g.name, g.name)) for g in groups)) for title, groups, names in parts if groups)]


def events(matches: Sequence[Match]) -> Table:
    """The list of events."""
    names = {1: tr("red"), 2: tr("orange"), 3: tr("yellow"), 4: tr("blue")}
    head = (tr("Event"), tr("Time"), tr("Warned"), tr("Level"), tr("Lead time, h"), tr("In a warning zone"))
    rows: list[tuple[Cell, ...]] = []
    for m in matches:
        said = "-" if m.spell is None else tr("issue {number} of {year}", number=m.spell.issue.number, year=m.spell.issue.year)
        zone = "-" if m.in_zone is None else tr("yes") if m.in_zone else tr("no")
        level = "-" if m.level is None else names[int(m.level)]
        rows.append((f"{m.event.code} {m.event.name}", shown(m.event.time), said, level, _number(m.lead_h, 0.1), zone))
    return Table(tr("Events"), head, tuple(rows), note="" if rows else tr("No event was reported"))


def notes(found: Verification) -> list[str]:
    """How the figures are to be read."""
    said = [
        tr("Units are township-days of 20:00 to 20:00 Beijing time; townships are joined by code. Hit: an event while its township was warned. Miss: an event while it was not. False alarm: warned for an hour or more, and no event."),
        tr("POD = h/(h+m), FAR = f/(h+f), TS = h/(h+m+f), BIAS = (h+f)/(h+m), HSS: Heidke skill score, 0 is chance. “–”: nothing can be said."),
        tr("Figures of models, officers, levels and issues are over the days on which their own warnings were in force."),
        tr("Events that nobody reported are not in it: misses are too few and false alarms too many."),
    ]  # fmt: skip
    if found.unknown:
        said.append(tr("{count} events lie in townships the map does not know and are left out", count=len(found.unknown)))
    return said


def report_of(found: Verification, *, title: str, stamps: Sequence[str] = ()) -> Report:
    """The notebook as a report."""
    whole, *others = sections(found)
    blocks: tuple[Block, ...] = (
        whole, contingency(found.total), scores([*found.seasons, *found.models]), *others, events(found.matches),
    )  # fmt: skip
    return Report(title, _period(found), blocks, notes=tuple(notes(found)), stamps=tuple(stamps), is_landscape=True)


def contingency(group: Group) -> Chart:
    """Hits, misses and false alarms as one bar."""
    t = group.table
    parts = ((tr("Hits"), t.hits, _GOOD), (tr("Misses"), t.misses, _BAD), (tr("False alarms"), t.false_alarms, _FALSE))
    title = tr("Township-days warned or hit: {count}", count=sum(count for _, count, _ in parts))
    return Chart(title, "stack", (tr("Whole period"),), tuple(Series(f"{name} {count}", (float(count),), color) for name, count, color in parts), step=1.0)


def scores(groups: Sequence[Group]) -> Chart:
    """POD, FAR and TS of every group, from 0 to 1."""
    kinds = (("POD", _GOOD), ("FAR", _FALSE), ("TS", _PLAIN))
    series = (
        Series(name, tuple(None if math.isnan(v) else v for v in (getattr(g.table, name.lower()) for g in groups)), color)
        for name, color in kinds
    )
    return Chart(tr("Scores"), "hbar", tuple(g.name for g in groups), tuple(series), step=0.01)


def _row(group: Group, name: str) -> tuple[Cell, ...]:
    t = group.table
    return (
        name, *(Number(n) for n in (group.issues, t.hits, t.misses, t.false_alarms, t.correct_negatives)),
        *(_number(v) for v in (t.pod, t.far, t.ts, t.bias, t.hss)), _number(group.lead_h, 0.1), Number(group.area_km2),
        _number(group.hits_per_1000_km2),
    )  # fmt: skip


def _number(value: float, step: float = 0.01) -> Cell:
    return number(None if math.isnan(value) else value, step)


def _period(found: Verification) -> str:
    names = {1: tr("red"), 2: tr("orange"), 3: tr("yellow"), 4: tr("blue")}
    return tr("From {start} to {end}; warnings of {level} and higher", start=shown(found.start), end=shown(found.end),
              level=names[int(found.level)])  # fmt: skip
