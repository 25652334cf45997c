"""The life of a warning: every step, every refusal, and what no sequence of steps can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.domain import ledger, lifecycle, validity, watch
from lydigital.domain.lifecycle import (
    consult,
    draft,
    expire,
    issue,
    lift,
    note,
    review,
    revise,
    set_level,
    submit,
)
from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError, LydError, RefusedError
from lydigital.model.office import Office, Person
from lydigital.model.warning import CountyLevel, Level, TownshipLevel, WarningZone

NOW = datetime(2025, 7, 16, 18, 0, tzinfo=BEIJING)
DUTY, REVIEWER, SIGNATORY = Person("甲"), Person("乙", ("reviewer",)), Person("丙", ("signatory",))
ALL = Person("丁", ("duty", "reviewer", "signatory"))
OFFICE = Office()
HOUR = timedelta(hours=1)
SQUARE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(112.0, 34.0, 112.1, 34.1)]), flavor="iso", byte_order=1)


def town(code: str, level: Level = Level.YELLOW, name: str = "") -> TownshipLevel:
    return TownshipLevel(code, name or f"镇{code}", "410324", "栾川县", level)


def counties(townships) -> tuple[CountyLevel, ...]:
    return tuple(CountyLevel("410324", "栾川县", t.level, "局部", 1) for t in townships)


def new(number: int = 1, who: Person = DUTY, now: datetime = NOW, **more):
    given_ = {"townships": [town("410324101")], "zones": [], "validity": validity.usual_validity(now), "office": OFFICE}
    return draft(who, now, id=f"YJ2025-{number:04d}", summarize=counties, **{**given_, **more})


def passed(start=None, now: datetime = NOW):
    return review(submit(start or new(now=now), DUTY, now), REVIEWER, now, approve=True, office=OFFICE)


def issued(start=None, now: datetime = NOW, known=()):
    return issue(passed(start, now), SIGNATORY, now, known, office=OFFICE)


# --- the straight way ------------------------------------------------------------------------------------------------


def test_from_draft_to_lifting():
    first = new()
    asked = consult(first, DUTY, NOW, "会商")
    sent = submit(asked, DUTY, NOW)
    good = review(sent, REVIEWER, NOW, approve=True, text="同意", office=OFFICE)
    (out,) = issue(good, SIGNATORY, NOW, [first, asked, sent, good], office=OFFICE)
    gone = lift(out, SIGNATORY, NOW + HOUR, "雨停")
    steps = [first, asked, sent, good, out, gone]
    assert [s.version for s in steps] == [1, 2, 3, 4, 5, 6]
    assert [s.status for s in steps] == ["draft", "consultation", "review", "review", "issued", "lifted"]
    assert [s.number for s in steps] == [0, 0, 0, 0, 1, 1]
    assert (out.prepared_by, out.reviewed_by, out.signed_by) == ("甲", "乙", "丙")
    assert out.signatories == ("丙",)
    assert out.issued_at == NOW
    assert [n.status for n in gone.notes] == [s.status for s in steps]
    assert len({s.digest for s in steps}) == 6


def test_a_returned_warning_starts_over():
    back = review(submit(new(), DUTY, NOW), REVIEWER, NOW, approve=False, text="缺嵩县", office=OFFICE)
    assert back.status == "draft"
    assert back.notes[-1].text == "缺嵩县"
    again = submit(set_level(back, DUTY, NOW, township=town("410325101"), level=Level.BLUE, reason="补", summarize=counties), DUTY, NOW)
    assert not again.reviewed_by
    with pytest.raises(RefusedError, match="not reviewed"):
        issue(again, SIGNATORY, NOW, [], office=OFFICE)


def test_a_warning_expires_at_its_end_and_not_before():
    (out,) = issued()
    with pytest.raises(RefusedError) as caught:
        expire(out, DUTY, out.valid_to - timedelta(seconds=1))
    assert "2025-07-17 20:00" in str(caught.value)
    assert expire(out, DUTY, out.valid_to).status == "expired"
    with pytest.raises(RefusedError):
        lift(out, SIGNATORY, out.valid_to, "晚了")


def test_another_issue_replaces_those_it_overlaps():
    (first,) = issued()
    later = NOW + 3 * HOUR
    stronger = new(2, now=later, townships=[town("410324101", Level.RED)], validity=validity.immediate_validity(later))
    out, old = issued(stronger, later, [first])
    assert (out.number, out.references) == (2, (first.id,))
    assert (old.id, old.status, old.version, old.number) == (first.id, "superseded", first.version + 1, 1)
    assert "2" in old.notes[-1].text


def test_the_day_after_replaces_nothing():
    (first,) = issued()
    later = NOW + timedelta(days=1)  # 18:00, for 20:00 to 20:00 when the first ends
    (out,) = issued(new(2, now=later), later, [first])
    assert out.references == ()
    assert out.number == 2


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_count_by_year_and_purpose():
    (first,) = issued()
    (drill,) = issued(new(2, purpose="exercise"), known=[first])
    assert drill.number == 1
    assert drill.references == (), "an exercise replaces no real warning"
    january = datetime(2026, 1, 2, 18, tzinfo=BEIJING)
    (next_year,) = issued(new(3, now=january), january, [first])
    assert (next_year.year, next_year.number) == (2026, 1)


def test_the_year_is_that_of_issuing_in_beijing():
    eve = datetime(2025, 12, 31, 15, 50, tzinfo=UTC)  # 23:50 in Beijing
    made = new(now=eve)
    assert made.year == 2025
    after = eve + timedelta(minutes=20)
    (out,) = issue(review(submit(made, DUTY, eve), REVIEWER, eve, approve=True, office=OFFICE), SIGNATORY, after, [], office=OFFICE)
    assert (out.year, out.number) == (2026, 1)


def test_a_gap_is_never_filled():
    (first,) = issued()
    third = msgspec.structs.replace(first, id="YJ2025-0009", number=3)
    out, *_ = issued(new(5), known=[first, third])
    assert out.number == 4


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        (lambda who: new(who=who), REVIEWER),
        (lambda who: consult(new(), who, NOW), SIGNATORY),
        (lambda who: submit(new(), who, NOW), REVIEWER),
        (lambda who: review(submit(new(), DUTY, NOW), who, NOW, approve=True, office=OFFICE), SIGNATORY),
        (lambda who: review(submit(new(), DUTY, NOW), who, NOW, approve=True, office=OFFICE), DUTY),
        (lambda who: issue(passed(), who, NOW, [], office=OFFICE), REVIEWER),
        (lambda who: lift(issued()[0], who, NOW, "x"), DUTY),
        (lambda who: set_level(new(), who, NOW, township=town("1"), level=Level.RED, reason="x", summarize=counties), REVIEWER),
        (lambda who: revise(new(), who, NOW, title="x"), SIGNATORY),
    ],
)  # fmt: skip
def test_without_the_role_it_is_refused(step, wrong):
    with pytest.raises(RefusedError) as caught:
        step(wrong)
    assert wrong.name in str(caught.value)
    assert caught.value.exit_code == 4
    assert caught.value.hint_text()


def test_nobody_reviews_or_signs_what_he_prepared():
    sent = submit(new(who=ALL), ALL, NOW)
    with pytest.raises(RefusedError, match="prepared"):
        review(sent, ALL, NOW, approve=True, office=OFFICE)
    good = review(sent, REVIEWER, NOW, approve=True, office=OFFICE)
    with pytest.raises(RefusedError, match="prepared"):
        issue(good, ALL, NOW, [], office=OFFICE)
    alone = Office(apart=False)
    assert issue(review(sent, ALL, NOW, approve=True, office=alone), ALL, NOW, [], office=alone)[0].number == 1


def test_a_nameless_desk_is_refused():
    with pytest.raises(RefusedError, match="not known"):
        new(who=Person(" "))


# --- when and what ---------------------------------------------------------------------------------------------------


def test_steps_out_of_order_are_refused_with_the_way_out():
    (out,) = issued()
    for step in (
        lambda: submit(out, DUTY, NOW),
        lambda: consult(out, DUTY, NOW),
        lambda: note(out, DUTY, NOW, "x"),
        lambda: revise(out, DUTY, NOW, title="x"),
        lambda: set_level(out, DUTY, NOW, township=town("1"), level=Level.RED, reason="x", summarize=counties),
        lambda: review(out, REVIEWER, NOW, approve=True, office=OFFICE),
        lambda: issue(out, SIGNATORY, NOW, [], office=OFFICE),
    ):
        with pytest.raises(RefusedError) as caught:
            step()
        assert "new issue" in caught.value.hint_text()
    with pytest.raises(RefusedError):
        lift(new(), SIGNATORY, NOW, "x")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(days=1)),
        (NOW - HOUR, NOW + HOUR),
        (NOW + HOUR, NOW + HOUR),
        (NOW + 2 * HOUR, NOW + HOUR),
        (NOW, NOW + timedelta(days=8)),
    ],
)
def test_a_wrong_validity_is_refused(start, end):
    with pytest.raises(RefusedError) as caught:
        new(validity=(start, end))
    assert caught.value.hint_text()


def test_a_time_without_zone_is_bad_data():
    with pytest.raises(BadDataError, match="time zone"):
        new(validity=(NOW.replace(tzinfo=None), NOW))


def test_a_warning_whose_time_is_over_is_not_issued_any_more():
    good = passed()
    with pytest.raises(RefusedError, match="past"):
        issue(good, SIGNATORY, good.valid_to, [], office=OFFICE)


def test_a_clock_that_went_back_is_found_out():
    sent = submit(new(), DUTY, NOW)
    with pytest.raises(RefusedError, match="clock") as caught:
        review(sent, REVIEWER, NOW - timedelta(minutes=1), approve=True, office=OFFICE)
    assert "clock right" in caught.value.hint_text()
    with pytest.raises(RefusedError, match="clock"):
        lifecycle.check_clock([sent], NOW - timedelta(minutes=1))


def test_empty_and_double_things_are_refused():
    with pytest.raises(RefusedError, match="no township"):
        submit(new(townships=[]), DUTY, NOW)
    with pytest.raises(BadDataError, match="twice"):
        new(townships=[town("1"), town("1", Level.RED)])
    with pytest.raises(BadDataError, match="empty"):
        new(zones=[WarningZone("a", Level.RED, SQUARE, 0.0)])
    with pytest.raises(LydError, match="twice"):
        new(zones=[WarningZone("a", Level.RED, SQUARE, 1.0)] * 2)
    with pytest.raises(RefusedError, match="reason"):
        lift(issued()[0], SIGNATORY, NOW, "  ")
    with pytest.raises(RefusedError, match="reason"):
        review(submit(new(), DUTY, NOW), REVIEWER, NOW, approve=False, office=OFFICE)


def test_a_level_changed_by_hand_says_what_it_was():
    made = set_level(new(), DUTY, NOW, township=town("410324101"), level=Level.RED, reason="前期饱和", summarize=counties)
    made = set_level(made, DUTY, NOW, township=town("410324101"), level=Level.ORANGE, reason="再议", summarize=counties)
    (only,) = made.townships
    assert only.level is Level.ORANGE
    assert only.override is not None
    assert (only.override.was, only.override.reason, only.override.by) == (Level.YELLOW, "再议", "甲")
    assert made.version == 1
    assert made.counties[0].level is Level.ORANGE
    gone = set_level(made, DUTY, NOW, township=town("410324101"), level=None, reason="撤", summarize=counties)
    assert gone.townships == ()
    assert "撤" in gone.notes[-1].text
    with pytest.raises(RefusedError, match="already"):
        set_level(made, DUTY, NOW, township=town("410324101"), level=Level.ORANGE, reason="x", summarize=counties)


def test_usual_validity_is_twenty_to_twenty():
    def at(hour: int, minute: int = 0) -> tuple[str, str]:
        start, end = validity.usual_validity(datetime(2025, 7, 16, hour, minute, tzinfo=BEIJING))
        return validity.shown(start), validity.shown(end)

    assert at(18) == at(20) == ("2025-07-16 20:00", "2025-07-17 20:00")
    assert at(20, 1) == ("2025-07-17 20:00", "2025-07-18 20:00")
    start, end = validity.immediate_validity(datetime(2025, 7, 16, 13, 30, 20, tzinfo=UTC))  # 21:30
    assert (validity.shown(start), validity.shown(end)) == ("2025-07-16 21:30", "2025-07-17 20:00")
    start, end = validity.immediate_validity(datetime(2025, 7, 16, 16, 0, tzinfo=BEIJING))
    assert validity.shown(end) == "2025-07-17 20:00", "four hours are no warning"


def test_it_warns_from_when_it_was_issued():
    later = NOW + 3 * HOUR
    made = new(validity=(NOW, NOW + 24 * HOUR))
    (out,) = issue(review(submit(made, DUTY, NOW), REVIEWER, NOW, approve=True, office=OFFICE), SIGNATORY, later, [], office=OFFICE)
    assert validity.begins(out) == later
    assert not validity.is_in_force(out, later - HOUR)
    assert validity.is_in_force(out, later)


# --- no sequence can -------------------------------------------------------------------------------------------------

STEPS = ("draft", "consult", "submit", "pass", "return", "issue", "lift", "expire", "level", "note", "revise", "wait", "back")


def act(name, it, who, now):
    if name == "consult":
        return consult(it, who, now)
    if name == "submit":
        return submit(it, who, now)
    if name in ("pass", "return"):
        return review(it, who, now, approve=name == "pass", text="x", office=OFFICE)
    if name == "lift":
        return lift(it, who, now, "x")
    if name == "expire":
        return expire(it, who, now)
    return note(it, who, now, "x") if name == "note" else revise(it, who, now, title="x")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.sampled_from([DUTY, REVIEWER, SIGNATORY, ALL])), max_size=40))
def test_nothing_issued_ever_changes_and_no_number_comes_twice(steps):
    now, versions, kept, refused = NOW, {}, {}, []

    def put(*made):
        for m in made:
            if m.status in lifecycle.EDITABLE and (m.id, m.version) in versions:
                assert versions[m.id, m.version].status == m.status
            else:
                assert (m.id, m.version) not in versions, "a version is written once"
            versions[m.id, m.version] = m

    for name, pick, who in steps:
        newest = sorted(lifecycle.latest(versions.values()), key=lambda i: i.id)
        it = newest[pick % len(newest)] if newest else None
        try:
            if name == "wait":
                now += timedelta(hours=1 + 5 * pick)
            elif name == "back":
                now -= timedelta(minutes=pick)
            elif name == "draft":
                purpose = "exercise" if pick == 7 else "actual"
                put(new(len(newest) + 1, who, now, purpose=purpose, validity=validity.immediate_validity(now)))
            elif it is None:
                continue
            elif name == "issue":
                put(*issue(it, who, now, versions.values(), office=OFFICE))
            elif name == "level":
                put(set_level(it, who, now, township=town(f"41032410{pick}"), level=Level(pick % 4 + 1), reason="x", summarize=counties))
            else:
                put(act(name, it, who, now))
        except LydError as error:
            refused.append((error.exit_code, error.hint_text()))
        for key, version in versions.items():
            if version.status not in lifecycle.EDITABLE:
                assert kept.setdefault(key, version.digest) == version.digest
        out = [v for v in versions.values() if v.status == "issued"]
        numbers = [(v.purpose, v.year, v.number) for v in out]
        assert len(numbers) == len(set(numbers))
        assert all(v.number >= 1 and v.reviewed_by not in ("", v.prepared_by) and v.signed_by != v.prepared_by for v in out)
        assert len({ledger.row(v).values["serial"] for v in out}) == len(out)
    assert all(code in (3, 4, 5) and hint for code, hint in refused)


# --- watching --------------------------------------------------------------------------------------------------------


def test_alarms_come_in_order():
    (out,) = issued()
    waiting = new(2, now=NOW + HOUR)
    kinds = [(a.kind, validity.shown(a.at)) for a in watch.alarms([out, waiting])]
    assert kinds == [
        ("begins", "2025-07-16 20:00"), ("ends_soon", "2025-07-17 19:00"), ("ended", "2025-07-17 20:00"), ("stale", "2025-07-17 20:00"),
    ]  # fmt: skip
    after = watch.next_alarm([out, waiting], datetime(2025, 7, 17, 19, tzinfo=BEIJING))
    assert after is not None
    assert after.kind == "ended"
    assert watch.next_alarm([out], out.valid_to) is None
    assert watch.due([out], out.valid_to) == (out,)
    assert watch.due([out, expire(out, DUTY, out.valid_to)], out.valid_to) == ()
    assert watch.in_force([out], NOW + 3 * HOUR) == (out,)
    assert watch.remaining(out, NOW) == timedelta(hours=26)


def test_the_difference_names_every_township_once():
    before = new(townships=[town("1", Level.YELLOW), town("2", Level.ORANGE), town("3"), town("4")])
    now = new(2, townships=[town("1", Level.RED), town("2", Level.YELLOW), town("4"), town("5", Level.BLUE)])
    found = watch.diff(before, now)
    assert {k: [c.code for c in getattr(found, k)] for k in ("up", "down", "new", "lifted", "unchanged")} == {
        "up": ["1"], "down": ["2"], "new": ["5"], "lifted": ["3"], "unchanged": ["4"],
    }  # fmt: skip
    assert [c.code for c in watch.diff(None, now).new] == ["1", "2", "4", "5"]
    assert not watch.diff(now, now).up


def test_messages_refer_to_what_was_published():
    (first,) = issued()
    later = NOW + 3 * HOUR
    out, old = issued(new(2, now=later, validity=validity.immediate_validity(later)), later, [first])
    gone = lift(out, SIGNATORY, later + HOUR, "雨停")
    known = [first, out, old, gone]
    assert [watch.message_type(i) for i in (first, out, gone)] == ["Alert", "Update", "Cancel"]
    assert watch.referenced(out, known) == (first,)
    assert watch.referenced(gone, known) == (out,)
    assert watch.issued_before(out, known) == first
    assert watch.issued_before(first, known) is None


def test_stamps_say_what_it_is_not():
    (out,) = issued()
    assert watch.stamps(out, OFFICE) == ()
    assert watch.stamps(new(), OFFICE) == ("DRAFT, not issued",)
    (blue,) = issued(new(townships=[town("1", Level.BLUE)]))
    assert watch.stamps(blue, OFFICE) == ("INTERNAL, not for publication",)
    assert watch.stamps(blue, Office(publishes_blue=True)) == ()
    (drill,) = issued(new(purpose="exercise", run=("r", "h")))
    assert watch.stamps(drill, OFFICE) == ("EXERCISE", "Model not calibrated for this area")
    assert not watch.may_publish(drill, OFFICE)


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_a_row_tells_when_it_was_tampered_with():
    (out,) = issued()
    values = ledger.row(out).values
    assert ledger.decode(values["payload"], values["digest"], out.id, out.version) == out
    assert values["serial"] == "actual-2025-001"
    wrong = str(values["payload"]).replace("栾川", "嵩")
    for payload, digest, version in ((wrong, values["digest"], out.version), (values["payload"], values["digest"], 9), ("{", "", 1)):
        with pytest.raises(BadDataError) as caught:
            ledger.decode(payload, digest, out.id, version)
        assert "backup" in caught.value.hint


def test_ids_go_on():
    known = ledger.Ledger({1: new(1), 2: new(7)})
    assert known.next_id(2025) == "YJ2025-0008"
    assert known.next_id(2026) == "YJ2026-0001"
