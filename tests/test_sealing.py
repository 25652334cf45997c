"""Final steps: on disk before anybody hears of them, and never undone."""

from __future__ import annotations

import shutil

import pytest

from lydigital.edits.history import Entry, Stack, View
from lydigital.errors import LydError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature
from lydigital.model.office import Office
from lydigital.model.selection import Selection
from lydigital.session import Session, open_session


def step(*fids: int, name: str = "s") -> Entry:
    deltas = tuple(Delta(f"value/way/{fid}/name", "a", "b") for fid in fids)
    return Entry(ChangeSet(name, deltas), View(None, Selection()), View(None, Selection()))


def final(*fids: int) -> ChangeSet:
    return step(*fids).changes


def test_a_final_step_takes_earlier_ones_on_its_features_with_it():
    stack = Stack(done=[step(1), step(2), step(3)])
    stack.bar(final(2))
    assert {d.target for e in stack.done for d in e.changes.deltas} == {"value/way/1/name", "value/way/3/name"}


def test_and_what_stands_on_those():
    stack = Stack(done=[step(1), step(2), step(1, 2)], undone=[step(4), step(2, 4)])
    stack.bar(final(1))
    assert not stack.done
    assert [len(e.changes.deltas) for e in stack.undone] == [1, 2]
    stack.bar(final(2))
    assert not stack.undone, "redoing 4 would follow redoing 2 and 4"


def test_changes_of_the_map_stay():
    entry = Entry(ChangeSet("x", (Delta("layer/way/opacity", 1.0, 0.5),)), View(None, Selection()), View(None, Selection()))
    stack = Stack(done=[entry])
    stack.bar(final(1))
    assert stack.done == [entry]


@pytest.fixture
def session(small_city, small_catalogue, tmp_path):
    city = shutil.copy(small_city, tmp_path / "city.gpkg")
    session = open_session(str(city), catalogue=small_catalogue, author="tester", autosave=True)
    yield session
    session.close()


@pytest.fixture
def way(session: Session) -> int:
    return int(session.table("way").fid[0])


def renamed(session: Session, fid: int, new: str) -> ChangeSet:
    old = session.features.features("way", [fid])[fid].values["name"]
    return ChangeSet("Rename", (Delta(f"value/way/{fid}/name", old, new),))


def test_it_is_saved_before_it_is_told(session: Session, way: int):
    session.commit(renamed(session, way, "draft"))
    told = []
    ref = session.ref("way")
    assert ref is not None
    session.changed.connect(lambda _: told.append(session.stores.fetch(ref, [way])[way].values["name"]))
    session.seal(renamed(session, way, "final"))
    assert told == ["final"]
    assert session.features.is_saved
    assert session.undo() is None


def test_what_cannot_be_saved_has_not_happened(session: Session, way, monkeypatch):
    session.commit(renamed(session, way, "draft"))

    def fail(*_: object, **__: object) -> None:
        raise LydError("no", hint="no")

    monkeypatch.setattr(session, "save_features", fail)
    with pytest.raises(LydError):
        session.seal(renamed(session, way, "final"))
    assert session.features.features("way", [way])[way].values["name"] == "draft"
    assert session.undo() is not None, "the draft can still be undone"


def test_other_layers_stay_unsaved(session: Session, way):
    spot = int(session.table("spot").fid[0])
    old = session.features.features("spot", [spot])[spot]
    session.commit(ChangeSet("Remove", (Delta(f"feature/spot/{spot}", old, None),)))
    session.seal(renamed(session, way, "final"))
    assert session.features.unsaved_layers == ("spot",)
    assert isinstance(old, Feature)


def test_whoever_is_not_named_is_on_duty_only():
    office = Office(people={"李四": ("reviewer",)})
    assert office.person("李四").roles == ("reviewer",)
    assert office.person("王五").roles == ("duty",)
