"""Saved features are undone in the next run; what others changed meanwhile is not."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest
import shapely

from lydigital.commands.registry import execute
from lydigital.errors import LydError
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between, made, removed
from lydigital.session import open_session


@pytest.fixture
def city(small_city, tmp_path):
    return shutil.copy(small_city, tmp_path / "city.gpkg")


def edit(session):
    """Rename one way, move another, remove and make a spot."""
    ways = session.features.features("way", [1, 2])
    session.commit(ChangeSet("Rename", changes_between("way", 1, ways[1], ways[1].replaced(name="新路"))))
    line = shapely.from_wkb(ways[2].wkb)
    moved = type(ways[2])(shapely.to_wkb(shapely.affinity.translate(line, 10, 5), flavor="iso"), ways[2].values)
    session.commit(ChangeSet("Move", changes_between("way", 2, ways[2], moved)))
    spot = session.features.features("spot", [1])[1]
    session.commit(ChangeSet("Replace", (removed("spot", 1, spot), made("spot", 77, spot))))


def now(session):
    return {layer: session.features.features(layer, [1, 2, 3, 77]) for layer in ("way", "spot")}


def test_undo_through_save_and_restart(city, small_catalogue, tmp_path):
    session = open_session(str(city), catalogue=small_catalogue, author="王", autosave=True)
    before = now(session)
    edit(session)
    after = now(session)
    execute(session, "file.save")
    assert session.features.is_saved
    session.close()
    again = open_session(str(city), catalogue=small_catalogue, author="王", autosave=True)
    assert again.recoverable() == []
    assert now(again) == after
    assert len(again.history.entries) == 3
    for _ in range(3):
        again.undo()
    assert now(again) == before
    assert not again.is_saved
    execute(again, "file.save")
    again.close()
    third = open_session(str(city), catalogue=small_catalogue, author="王", autosave=True)
    assert now(third) == before
    assert len(third.history.undone) == 3
    third.redo()
    third.close()


def test_what_others_changed_is_not_undone(city, small_catalogue):
    session = open_session(str(city), catalogue=small_catalogue, autosave=True)
    edit(session)
    execute(session, "file.save")
    session.close()
    with sqlite3.connect(city) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE way SET name = 'other' WHERE fid = 1")
    db.close()
    again = open_session(str(city), catalogue=small_catalogue, autosave=True)
    assert again.history.undo_text is None
    assert "journal.changed" in [i.code for i in again.issues]
    again.close()


def test_a_crash_before_saving_loses_nothing(city, small_catalogue, tmp_path):
    session = open_session(str(city), catalogue=small_catalogue, autosave=True)
    edit(session)
    after = now(session)
    session._keeper._journal._lock.close()
    session.stores.release(str(city))  # of a process that ended
    again = open_session(str(city), catalogue=small_catalogue, autosave=True)
    execute(again, "file.recover", export=str(tmp_path / "steps.json"))
    lines = (tmp_path / "steps.json").read_text().splitlines()
    assert [json.loads(line)["changes"]["annotation"] for line in lines] == ["Rename", "Move", "Replace"]
    execute(again, "file.recover")
    assert now(again) == after
    execute(again, "file.save")
    assert again.features.is_saved
    again.close()
    assert open_session(str(city), catalogue=small_catalogue).recoverable() == []


def test_a_store_that_refuses_leaves_everything_unsaved_and_kept(city, small_catalogue, tmp_path):
    session = open_session(str(city), catalogue=small_catalogue, autosave=True)
    edit(session)
    after = now(session)
    tmp_path.joinpath("city.gpkg").rename(tmp_path / "elsewhere.gpkg")
    with pytest.raises(LydError):
        execute(session, "file.save")
    assert not session.is_saved
    tmp_path.joinpath("elsewhere.gpkg").rename(tmp_path / "city.gpkg")
    assert now(session) == after
    execute(session, "file.save")
    assert session.features.is_saved
    session.close()
