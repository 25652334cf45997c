"""Figures of warnings against tables worked out by hand."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec
import pytest
import shapely

from lydigital.domain.validity import BEIJING
from lydigital.domain.verification import Event, Table, verify
from lydigital.errors import BadDataError
from lydigital.model.warning import Level, Note, TownshipLevel, WarningIssue, WarningZone

START = datetime(2025, 7, 15, 20, tzinfo=BEIJING)
DAYS = timedelta(days=1)
HOUR = timedelta(hours=1)
AREAS = {"A": 100.0, "B": 200.0, "C": 300.0, "D": 400.0}


def warned(number, townships, start, end, *, by="甲", model="m1", made=None, **more) -> WarningIssue:
    at = made or start - 2 * HOUR
    levels = tuple(TownshipLevel(c, c, "1", "县", level) for c, level in townships.items())
    return WarningIssue(
        id=f"Y{number}", version=4, year=2025, number=number, purpose="actual", status="issued", title="t", issuers=(),
        valid_from=start, valid_to=end, townships=levels, prepared_by=by, model=model, issued_at=at,
        notes=(Note(by, "duty", at, "", "issued"),), **more,
    )  # fmt: skip


def event(code, township, time, place=None) -> Event:
    return Event(code, code, time, township, place=place)


def test_scores_of_a_table_worked_by_hand():
    """Finley's tornadoes (1884): 28 hits, 23 misses, 72 false alarms, 2680 correct negatives; N = 2803."""
    t = Table(28, 23, 72, 2680)
    assert t.pod == pytest.approx(28 / 51)
    assert t.far == pytest.approx(0.72)
    assert t.ts == pytest.approx(28 / 123)
    assert t.bias == pytest.approx(100 / 51)
    # chance agreement: (100*51 + 2703*2752) / 2803 = 2655.6261...; HSS = (2708 - E) / (2803 - E)
    expected = (100 * 51 + 2703 * 2752) / 2803
    assert t.hss == pytest.approx((2708 - expected) / (2803 - expected))
    assert t.hss == pytest.approx(0.3553, abs=1e-4)


def test_nothing_can_be_said_of_nothing():
    empty = Table()
    assert all(math.isnan(v) for v in (empty.pod, empty.far, empty.ts, empty.bias, empty.hss))


def case():
    """Four townships, three days: 12 township-days.

    Issue 1 warns A, B on day 1 (whole); issue 2 warns A, C on day 2. Events: A day 1 (hit), C day 1 (miss),
    C day 2 (hit, twice: one township-day), D day 3 (miss). B day 1 and A day 2 are false alarms. Left: 12 - 6 = 6.
    """
    issues = [
        warned(1, {"A": Level.ORANGE, "B": Level.YELLOW}, START, START + DAYS),
        warned(2, {"A": Level.YELLOW, "C": Level.RED}, START + DAYS, START + 2 * DAYS, by="乙", model="m2"),
    ]
    events = [
        event("e1", "A", START + 10 * HOUR), event("e2", "C", START + 11 * HOUR), event("e3", "C", START + 25 * HOUR),
        event("e4", "C", START + 40 * HOUR), event("e5", "D", START + 60 * HOUR),
    ]  # fmt: skip
    return issues, events


def test_the_notebook_against_a_table_worked_by_hand():
    issues, events = case()
    found = verify(issues, events, AREAS, START, START + 3 * DAYS)
    assert found.total.table == Table(2, 2, 2, 6)
    t = found.total.table
    assert (t.pod, t.far, t.ts, t.bias) == (0.5, 0.5, pytest.approx(1 / 3), 1.0)
    assert t.hss == pytest.approx(2 * (2 * 6 - 2 * 2) / ((2 + 2) * (2 + 6) + (2 + 2) * (2 + 6)))
    assert found.total.area_km2 == 100 + 200 + 100 + 300
    assert found.total.hits_per_1000_km2 == pytest.approx(1000 * 2 / 700)
    assert [round(m.lead_h, 6) for m in found.matches if m.spell] == [12.0, 3.0, 18.0]
    assert found.total.lead_h == pytest.approx(11.0)
    assert [m.level for m in found.matches] == [Level.ORANGE, None, Level.RED, Level.RED, None]


def test_parts_of_the_whole():
    issues, events = case()
    found = verify(issues, events, AREAS, START, START + 3 * DAYS)
    assert {g.name: g.table for g in found.models} == {"m1": Table(1, 1, 1, 1), "m2": Table(1, 0, 1, 2)}
    assert {g.name: g.table for g in found.officers} == {"甲": Table(1, 1, 1, 1), "乙": Table(1, 0, 1, 2)}
    assert [g.name for g in found.issues] == ["2025-001", "2025-002"]
    assert [(g.name, g.table.hits, g.table.false_alarms) for g in found.levels] == [("1", 1, 0), ("2", 1, 0), ("3", 0, 2)]
    assert [(g.name, g.table) for g in found.seasons] == [("2025", found.total.table)]


def test_a_higher_threshold_warns_less():
    issues, events = case()
    found = verify(issues, events, AREAS, START, START + 3 * DAYS, level=Level.ORANGE)
    assert found.total.table == Table(2, 2, 0, 8)
    assert found.total.table.far == 0.0


def test_a_lifted_warning_warns_no_longer():
    issues, events = case()
    lifted = msgspec.structs.replace(
        issues[1], version=5, status="lifted",
        notes=(*issues[1].notes, Note("丙", "signatory", START + 30 * HOUR, "雨停", "lifted")),
    )  # fmt: skip
    found = verify([*issues, lifted], events, AREAS, START, START + 3 * DAYS)
    assert [m.event.code for m in found.matches if m.spell is None] == ["e2", "e4", "e5"]
    assert found.total.table == Table(2, 2, 2, 6), "the other event of that township and day was warned of"


def test_minutes_of_a_warning_are_no_warned_day():
    short = warned(1, {"A": Level.RED}, START + 23 * HOUR + timedelta(minutes=30), START + 47 * HOUR)
    found = verify([short], [], AREAS, START, START + 2 * DAYS)
    assert found.total.table == Table(0, 0, 1, 7)


def test_lead_counts_from_the_first_of_issues_without_a_gap():
    first = warned(1, {"A": Level.YELLOW}, START, START + DAYS)
    second = warned(2, {"A": Level.ORANGE}, START + DAYS, START + 2 * DAYS)
    late = event("e", "A", START + 30 * HOUR)
    (match,) = verify([first, second], [late], AREAS, START, START + 2 * DAYS).matches
    assert match.lead_h == pytest.approx(32.0)
    gap = msgspec.structs.replace(first, valid_to=START + 20 * HOUR)
    (match,) = verify([gap, second], [late], AREAS, START, START + 2 * DAYS).matches
    assert match.lead_h == pytest.approx(8.0)


def test_drills_and_drafts_do_not_count():
    issues, events = case()
    drills = [msgspec.structs.replace(i, purpose="exercise") for i in issues]
    drafts = [msgspec.structs.replace(i, status="review", issued_at=None) for i in issues]
    assert verify([*drills, *drafts], events, AREAS, START, START + 3 * DAYS).total.table == Table(0, 4, 0, 8)
    assert verify(drills, events, AREAS, START, START + 3 * DAYS, purpose="exercise").total.table.hits == 2


def test_zones_are_told_beside_townships():
    zone = WarningZone("z", Level.RED, shapely.to_wkb(shapely.MultiPolygon([shapely.box(112, 34, 113, 35)])), 1.0)
    one = warned(1, {"A": Level.RED}, START, START + DAYS, zones=(zone,))
    inside, outside = event("i", "B", START + HOUR, (112.5, 34.5)), event("o", "A", START + HOUR, (111.0, 34.5))
    found = verify([one], [inside, outside, event("n", "A", START + HOUR)], AREAS, START, START + DAYS)
    assert {m.event.code: (m.spell is not None, m.in_zone) for m in found.matches} == {
        "i": (False, True), "o": (True, False), "n": (True, None),
    }  # fmt: skip


def test_events_of_unknown_townships_are_named_and_left_out():
    found = verify([], [event("x", "Z", START + HOUR)], AREAS, START, START + DAYS)
    assert [e.code for e in found.unknown] == ["x"]
    assert found.total.table == Table(0, 0, 0, 4)


def test_an_empty_period_is_refused():
    with pytest.raises(BadDataError):
        verify([], [], AREAS, START, START)
    with pytest.raises(BadDataError):
        verify([], [], {}, START, START + DAYS)
