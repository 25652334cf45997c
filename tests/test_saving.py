"""Saving from a session: what is drawn is what is stored, and two people on one file lose nothing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from lydigital.errors import RefusedError, StoreUnavailableError
from lydigital.model.changeset import ChangeSet
from lydigital.model.conflict import ConflictsError
from lydigital.model.feature import Feature, changes_between, made, removed
from lydigital.session import open_session
from lydigital.stores import backup
from lydigital.stores.lease import Lease, LeaseHeldError
from lydigital.stores.store import open_store


@pytest.fixture
def city(small_city, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return shutil.copy(small_city, folder / "city.gpkg")


@pytest.fixture
def opened(city, small_catalogue):
    sessions = []

    def make(author="wang"):
        sessions.append(open_session(str(city), catalogue=small_catalogue, author=author))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


def named(session, fid, name, layer="spot"):
    old = session.features.features(layer, [fid])[fid]
    session.commit(ChangeSet("Rename", changes_between(layer, fid, old, old.replaced(name=name))))


def passed_on(*sessions):
    """Whoever edits after them may: the lease is handed over, as when somebody was silent for long."""
    for session in sessions:
        session.stores.release(session.document.store)


def moved(session, fid, dx, layer="field"):
    old = session.features.features(layer, [fid])[fid]
    shape = shapely.transform(shapely.from_wkb(old.wkb), lambda xy: xy + np.array([dx, 0.0]))
    session.commit(ChangeSet("Move", changes_between(layer, fid, old, Feature(shapely.to_wkb(shape), old.values))))


def name_in(session, fid, layer="spot"):
    table = session.table(layer)
    return table.record(int(table.rows_of(np.array([fid]))[0]))["name"]


def stored(city, fid, layer="spot"):
    with closing(open_store(city)) as store:
        return store.fetch(layer, [fid]).get(fid)


def test_what_was_edited_is_stored_and_stays_drawn(opened, city):
    session = opened()
    session.scene()
    named(session, 1, "新")
    moved(session, 1, 50.0)
    (applied,) = session.save_features()
    assert (applied.steps, applied.features) == (2, 2)
    assert session.features.is_saved
    assert session.save_features() == ()
    assert stored(city, 1).values["name"] == "新"
    assert name_in(session, 1) == "新"
    other = opened("li")
    assert name_in(other, 1) == "新"
    boxes = [dict(zip(t.fid.tolist(), t.geometry.bounds.tolist(), strict=True))
             for t in (session.table("field"), other.table("field"))]  # fmt: skip
    assert boxes[0] == boxes[1]


def test_undo_goes_on_after_saving(opened, city):
    session = opened()
    named(session, 1, "新")
    session.save_features()
    session.undo()
    assert not session.features.is_saved
    session.save_features()
    assert stored(city, 1).values["name"] == "f"
    session.redo()
    session.save_features()
    assert stored(city, 1).values["name"] == "新"
    with closing(open_store(city)) as store:
        assert [e.author for e in store.history("spot", 1)] == ["wang"] * 3
        assert store.verify().is_sound


def test_two_people_on_different_things_both_keep_theirs(opened, city):
    first, second = opened("wang"), opened("li")
    for session in (first, second):
        session.scene()
    named(first, 1, "first")
    passed_on(first)
    named(second, 2, "second")
    passed_on(second)
    first.save_features()
    second.save_features()
    assert [stored(city, fid).values["name"] for fid in (1, 2)] == ["first", "second"]
    assert name_in(second, 1) == "first"  # read anew, since others wrote
    assert name_in(second, 2) == "second"


@pytest.mark.parametrize(("side", "expected"), [("mine", "second"), ("theirs", "first")])
def test_two_people_on_one_thing_are_asked(opened, city, side, expected):
    first, second = opened("wang"), opened("li")
    second.table("spot")
    named(first, 1, "first")
    passed_on(first)
    named(second, 1, "second")
    passed_on(second)
    first.save_features()
    with pytest.raises(ConflictsError) as caught:
        second.save_features()
    (conflict,) = caught.value.conflicts
    assert [f.values["name"] for f in (conflict.base, conflict.mine, conflict.theirs)] == ["f", "second", "first"]
    assert not second.features.is_saved
    second.save_features(lambda conflicts: {(c.layer, c.fid): {"name": side} for c in conflicts})
    assert second.features.is_saved
    assert stored(city, 1).values["name"] == expected
    assert name_in(second, 1) == expected


def test_what_others_removed_can_be_brought_back(opened, city):
    first, second = opened("wang"), opened("li")
    named(second, 1, "kept")
    passed_on(second)
    first.commit(ChangeSet("Remove", (removed("spot", 1, first.features.features("spot", [1])[1]),)))
    first.save_features()
    passed_on(first)
    second.save_features(lambda conflicts: {(c.layer, c.fid): {"*": "mine"} for c in conflicts})
    assert stored(city, 1).values["name"] == "kept"
    assert stored(city, 1).wkb is not None


def test_nothing_decided_is_nothing_saved(opened, city):
    first, second = opened("wang"), opened("li")
    named(first, 1, "first")
    passed_on(first)
    named(second, 1, "second")
    passed_on(second)
    named(second, 2, "other")
    passed_on(second)
    first.save_features()
    with pytest.raises(ConflictsError):
        second.save_features(lambda _: {})
    assert stored(city, 2).values["name"] == "g"
    assert len(second.features.steps) == 2


def test_a_lease_of_somebody_else_stands_against_saving(opened, city):
    session = opened()
    named(session, 1, "x")
    passed_on(session)
    other = Lease(type(city)(city))
    other.take("li")
    with pytest.raises(RefusedError, match="li"):
        session.save_features()
    assert not session.features.is_saved
    other.release()
    session.save_features()


def test_the_first_edit_takes_the_lease_and_another_is_refused(opened, city):
    first, second = opened("wang"), opened("li")
    assert not Lease(type(city)(city)).file.exists()
    assert second.stores.held_by(str(city)) is None
    named(first, 1, "first")
    assert first.stores.held == (str(city),)
    assert second.stores.held_by(str(city)).operator == "wang"
    before = second.history.entries
    with pytest.raises(LeaseHeldError, match="wang"):
        named(second, 2, "second")
    assert second.features.is_saved
    assert second.history.entries == before
    first.save_features()
    first.close()
    assert not Lease(type(city)(city)).file.exists()
    named(second, 2, "second")


def test_who_was_taken_over_is_told_within_a_minute(opened, city, monkeypatch):
    first, second = opened("wang"), opened("li")
    named(first, 1, "first")
    second.stores.hold(str(city), "li", take_over=True)
    monkeypatch.setattr("lydigital.stores.opened.HELD_S", 0.0)
    with pytest.raises(LeaseHeldError, match="li"):
        named(first, 2, "late")
    assert first.stores.held == ()
    assert not first.features.is_saved


def test_an_edit_outlives_a_drive_that_was_pulled(opened, city):
    session = opened()
    named(session, 1, "x")
    away = city.rename(city.with_name("away"))
    with pytest.raises(StoreUnavailableError):
        session.save_features()
    away.rename(city)
    session.save_features()
    assert stored(city, 1).values["name"] == "x"


def test_a_backup_comes_before_the_first_save_and_before_much(opened, city, monkeypatch):
    session = opened()
    named(session, 1, "x")
    session.save_features()
    (first,) = backup.backups(city)
    assert stored(first.path, 1).values["name"] == "f"
    named(session, 1, "y")
    session.save_features()
    assert [b.path for b in backup.backups(city)] == [first.path]
    monkeypatch.setattr(backup, "BULK", 0)
    called = []
    monkeypatch.setattr(backup, "back_up", lambda *given: called.append(given))
    named(session, 1, "z")
    session.save_features()
    assert len(called) == 1


def test_a_backup_that_fails_is_told_and_hinders_nothing(opened, city, tmp_path):
    session = opened()
    (tmp_path / "file").write_text("no folder")
    session.backups = tmp_path / "file"
    named(session, 1, "x")
    session.save_features()
    assert stored(city, 1).values["name"] == "x"
    assert [i.code for i in session.issues] == ["backup.failed"]


def test_a_number_that_was_taken_becomes_another(opened, city):
    session = opened()
    session.table("spot")
    fid = session.stores.store(str(city)).next_fid("spot")
    session.commit(ChangeSet("New", (made("spot", fid, Feature(shapely.to_wkb(shapely.Point(6e5, 3.83e6)), {"name": "mine"})),)))
    with closing(sqlite3.connect(city)) as db:
        from lydigital.stores import gpkg_blob

        gpkg_blob.add_functions(db)
        db.execute(f"INSERT INTO spot (fid, name) VALUES ({fid}, 'theirs')")
        db.commit()
    (applied,) = session.save_features()
    new = applied.renumbered["spot", fid]
    assert (name_in(session, fid), name_in(session, new)) == ("theirs", "mine")
