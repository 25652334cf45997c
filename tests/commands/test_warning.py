"""The desk on the sample city: from zones or townships to an issued warning, on disk, and two desks at once."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from lydigital import paths
from lydigital.commands import desk
from lydigital.commands.registry import Workbench
from lydigital.commands.warning import issue_of
from lydigital.errors import (
    BadDataError,
    ConflictError,
    LydError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from lydigital.model.office import Office
from lydigital.session import open_session
from lydigital.stores.gpkg import GpkgStore

OFFICE = Office(people={"甲": ("duty",), "乙": ("reviewer",), "丙": ("signatory",)})


@pytest.fixture
def city(tmp_path):
    return shutil.copy(paths.sample_store(), tmp_path / "city.gpkg")


@pytest.fixture
def opened(city):
    sessions = []

    def make() -> Workbench:
        session = open_session(str(city), kind=Workbench, author="甲", office=OFFICE, autosave=True)
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()


def by(session: Workbench, name: str, command: str, **given):
    session.history.author = name
    return session.run(f"warning.{command}", **given)


def drafted(session: Workbench, at: str = "2025-07-16T18:00", **given):
    return by(session, "甲", "draft", **{"townships": {"赵村镇": 2, "合峪镇": 3}, "purpose": "exercise", "at": at, **given})


def through(session: Workbench, at: str = "2025-07-16T18:30") -> None:
    by(session, "甲", "submit", at=at)
    by(session, "乙", "review", at=at)
    by(session, "丙", "issue", at=at)


def rows(city, sql: str):
    with closing(sqlite3.connect(city)) as db:
        return db.execute(sql).fetchall()


def test_from_zones_on_the_map_to_an_issued_warning(city, opened):
    session = opened()
    made = drafted(session, townships={}, zones=[1])
    assert made.issues == (), "less than a fiftieth lies outside"
    assert rows(city, "SELECT count(*) FROM warning_issue") == [(0,)], "a draft is saved with the map"
    first = issue_of(session)
    assert len(first.townships) == 5
    assert {t.county for t in first.townships} == {c.name for c in first.counties}
    by(session, "甲", "set_level", township="赵村镇", level=1, reason="前期饱和", at="2025-07-16T18:10")
    through(session)
    assert rows(city, "SELECT status, version, number, newest FROM warning_issue ORDER BY version") == [
        ("draft", 1, 0, 0), ("review", 2, 0, 0), ("review", 3, 0, 0), ("issued", 4, 1, 1),
    ]  # fmt: skip
    assert rows(city, "SELECT code, name, status, issue_no, signatory FROM warning_zone") == [
        ("YJ2025-0001-01", "Ⅲ 黄色预警（第1期·演练）", "签发", 1, "丙"),
    ]  # fmt: skip
    out = issue_of(session)
    town = next(t for t in out.townships if t.name == "赵村镇")
    assert town.override is not None
    assert town.override.reason == "前期饱和"
    assert [z.level for z in out.zones] == [3]
    assert session.features.is_saved
    shown = session.run("warning.show")
    assert shown["zones_as_on_map"]
    assert "EXERCISE" in shown["stamps"]


def test_drafts_can_be_undone_and_what_was_submitted_cannot(opened):
    session = opened()
    drafted(session)
    by(session, "甲", "note", text="雨势加强", at="2025-07-16T18:05")
    session.run("edit.undo")
    assert len(issue_of(session).notes) == 1
    session.run("edit.redo")
    by(session, "甲", "submit", at="2025-07-16T18:10")
    assert session.history.undo_text is None
    assert session.undo() is None
    assert issue_of(session).status == "review"


def test_nor_after_the_program_was_started_again(opened):
    session = opened()
    drafted(session)
    through(session)
    before = issue_of(session).digest
    session.close()
    again = opened()
    assert again.undo() is None
    assert issue_of(again).digest == before


def test_a_real_warning_bears_the_time_of_the_clock(opened):
    session = opened()
    with pytest.raises(RefusedError) as caught:
        drafted(session, purpose="actual")
    assert caught.value.exit_code == 4
    by(session, "甲", "draft", townships={"赵村镇": 2})
    assert issue_of(session).purpose == "actual"


def test_roles_are_asked_for(opened):
    session = opened()
    drafted(session)
    with pytest.raises(UsageError):
        by(session, "丙", "issue", at="2025-07-16T18:30")
    by(session, "甲", "submit", at="2025-07-16T18:30")
    for name in ("甲", "丙", ""):
        with pytest.raises(RefusedError):
            by(session, name, "review", at="2025-07-16T18:31")
    assert issue_of(session).version == 2


def test_zones_changed_after_review_are_noticed(opened):
    session = opened()
    drafted(session, townships={}, zones=[1])
    by(session, "甲", "submit", at="2025-07-16T18:10")
    fid = int(session.table("warning_zone").fid[0])
    session.run("feature.move", layer="warning_zone", fids=[fid], dx=500.0, dy=0.0) if session.run("layer.show", layer="warning_zone") else None
    with pytest.raises(RefusedError, match="zones"):
        by(session, "乙", "review", at="2025-07-16T18:20")
    session.run("edit.undo")
    by(session, "乙", "review", at="2025-07-16T18:20")


def test_two_desks_cannot_give_the_same_number(city, opened):
    first, second = opened(), opened()
    drafted(first)
    by(first, "甲", "submit", at="2025-07-16T18:10")
    by(first, "乙", "review", at="2025-07-16T18:10")
    drafted(second, at="2025-07-16T18:11")
    by(second, "甲", "submit", issue="YJ2025-0002", at="2025-07-16T18:12")
    by(second, "乙", "review", issue="YJ2025-0002", at="2025-07-16T18:12")
    known = desk.ledger_of(second)
    by(first, "丙", "issue", issue="YJ2025-0001", at="2025-07-16T18:20")
    second.history.author = "丙"
    original = desk.ledger_of
    try:
        desk.ledger_of = lambda _session: known  # as it was a moment before
        with pytest.raises(ConflictError) as caught:
            second.run("warning.issue", issue="YJ2025-0002", at="2025-07-16T18:21")
    finally:
        desk.ledger_of = original
    assert caught.value.exit_code == 5
    assert second.features.is_saved
    assert issue_of(second, "YJ2025-0002").status == "review"
    second.run("warning.issue", issue="YJ2025-0002", at="2025-07-16T18:21")
    assert issue_of(second, "YJ2025-0002").number == 2
    assert issue_of(first, "YJ2025-0001").status == "superseded"
    assert rows(city, "SELECT serial FROM warning_issue WHERE serial IS NOT NULL ORDER BY 1") == [("exercise-2025-001",), ("exercise-2025-002",)]


def test_lifting_expiring_comparing(opened):
    session = opened()
    drafted(session)
    through(session)
    drafted(session, at="2025-07-17T09:00", townships={"赵村镇": 3, "陶湾镇": 4}, immediate=True)
    found = session.run("warning.diff", issue="YJ2025-0002")
    assert [len(found[k]) for k in ("up", "down", "new", "lifted", "unchanged")] == [0, 1, 1, 1, 0]
    through(session, "2025-07-17T09:10")
    assert session.run("warning.list", at="2025-07-18T01:00")["due"] == ["YJ2025-0002"]
    with pytest.raises(RefusedError, match="reason"):
        by(session, "丙", "lift", reason=" ", at="2025-07-17T12:00")
    by(session, "甲", "expire", at="2025-07-18T21:00")
    states = {i["id"]: i["status"] for i in session.run("warning.list")["issues"]}
    assert states == {"YJ2025-0001": "superseded", "YJ2025-0002": "expired"}


def test_a_row_changed_outside_is_refused(city, opened):
    session = opened()
    drafted(session)
    through(session)
    session.close()
    with closing(sqlite3.connect(city)) as db, db:
        db.execute("UPDATE warning_issue SET payload = replace(payload, '赵村', '某村') WHERE version = 4")
    again = opened()
    with pytest.raises(BadDataError, match="outside this program"):
        again.run("warning.list")


def test_a_store_without_the_table_gets_it(city, opened):
    with closing(sqlite3.connect(city)) as db, db:
        for table, column in (("gpkg_contents", "table_name"), ("gpkg_ogr_contents", "table_name"), ("gpkg_data_columns", "table_name")):
            db.execute(f"DELETE FROM {table} WHERE {column} = 'warning_issue'")
        db.execute("DELETE FROM gpkg_data_column_constraints WHERE constraint_name LIKE 'warning_issue%'")
        db.execute("DROP TABLE warning_issue")
    session = opened()
    assert session.run("warning.list")["issues"] == []
    assert rows(city, "SELECT count(*) FROM sqlite_master WHERE name = 'warning_issue'") == [(0,)], "looking made none"
    drafted(session)
    through(session)
    assert issue_of(session).number == 1


def test_a_step_that_cannot_be_saved_has_not_happened(opened, monkeypatch):
    session = opened()
    drafted(session)
    by(session, "甲", "submit", at="2025-07-16T18:10")
    by(session, "乙", "review", at="2025-07-16T18:10")
    told = []
    session.changed.connect(lambda _: told.append(issue_of(session).status))

    def full(*_: object, **__: object) -> None:
        raise StoreUnavailableError("The disk is full", hint="Free some space.")

    monkeypatch.setattr(GpkgStore, "apply", full)
    with pytest.raises(StoreUnavailableError):
        by(session, "丙", "issue", at="2025-07-16T18:20")
    assert set(told) <= {"review"}, "nobody was told that it was issued"
    assert issue_of(session).status == "review"
    monkeypatch.undo()
    by(session, "丙", "issue", at="2025-07-16T18:20")
    assert issue_of(session).number == 1


@pytest.mark.parametrize(
    "given",
    [
        {"townships": {"没有镇": 2}},
        {"townships": {}, "zones": [99]},
        {"townships": {}},
        {"townships": {"赵村镇": 2}, "zones": [1]},
        {"townships": {}, "run": "nothing.json"},
        {"valid_from": "yesterday"},
        {"valid_from": "2025-07-16T18:00", "valid_to": "2025-07-16T17:00"},
        {"valid_to": "2025-07-10T20:00"},
        {"townships": {"赵村镇": 7}},
    ],
)
def test_bad_input_is_refused_with_a_hint(opened, given):
    session = opened()
    with pytest.raises(LydError) as caught:
        drafted(session, **given)
    assert caught.value.exit_code in (2, 3, 4)
    assert caught.value.hint_text()
    assert session.run("warning.list")["issues"] == []
