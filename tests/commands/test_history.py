"""Versions restored, layers as they were, what changed since: on a real file."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lydigital.commands import history
from lydigital.commands.registry import Workbench
from lydigital.errors import ConflictError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.conflict import ConflictsError
from lydigital.model.feature import changes_between, removed
from lydigital.session import open_session
from lydigital.stores import lease
from lydigital.stores.store import open_store

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Clock(datetime):
    """Every save one hour after the last."""

    hours = 0

    @classmethod
    def now(cls, tz=None):
        cls.hours += 1
        return START + timedelta(hours=cls.hours)


@pytest.fixture
def city(small_city, tmp_path):
    return shutil.copy(small_city, tmp_path / "city.gpkg")


@pytest.fixture
def session(city, small_catalogue, monkeypatch):
    opened = open_session(str(city), catalogue=small_catalogue, kind=Workbench, author="王")
    monkeypatch.setattr("lydigital.session.datetime", Clock)
    Clock.hours = 0
    yield opened
    opened.close()


def renamed(session, fid, name, *, save=True):
    old = session.features.features("spot", [fid])[fid]
    session.commit(ChangeSet("Rename", changes_between("spot", fid, old, old.replaced(name=name))))
    if save:
        session.save_features()


def taken_away(session, fid):
    old = session.features.features("spot", [fid])[fid]
    session.commit(ChangeSet("Delete", (removed("spot", fid, old),)))
    session.save_features()


def names(table):
    return dict(zip(table.fid.tolist(), table.columns["name"].to_pylist(), strict=True))


def test_any_version_comes_back_as_one_step_that_can_be_undone(session):
    for name in ("one", "two"):
        renamed(session, 1, name)
    taken_away(session, 1)
    found = session.run("history.versions", layer="spot", fid=1)
    assert [v.feature.values["name"] if v.feature else None for v in found] == [None, "two", "one"]
    assert [v.entry.author for v in found] == ["王"] * 3
    assert found[-1].before.values["name"] == "f"
    session.run("history.restore", layer="spot", fid=1, step=1)
    assert session.features.features("spot", [1])[1] == found[-1].feature
    session.save_features()
    session.run("history.restore", layer="spot", fid=1, step=1, before=True)
    assert session.features.features("spot", [1])[1].values["name"] == "f"
    session.undo()
    assert session.features.features("spot", [1])[1].values["name"] == "one"
    with pytest.raises(RefusedError, match="already"):
        session.run("history.restore", layer="spot", fid=1, step=1)
    with pytest.raises(UsageError):
        session.run("history.restore", layer="spot", fid=2, step=1)


def test_a_layer_as_it_was_at_every_hour(session):
    states = [names(session.table("spot"))]
    for work in (lambda: renamed(session, 1, "one"), lambda: taken_away(session, 2), lambda: renamed(session, 1, "two"),
                 lambda: session.run("history.restore", layer="spot", fid=2, step=2, before=True) and session.save_features()):  # fmt: skip
        work()
        states.append(names(session.table("spot")))
    renamed(session, 3, "not saved", save=False)
    for hours, state in enumerate(states):
        table = session.run("history.as_of", layer="spot", time=START + timedelta(hours=hours, minutes=30))
        assert names(table) == state
        assert np.isfinite(table.geometry.bounds).all()
    assert names(session.table("spot"))[3] == "not saved"


def test_what_changed_since(session, city):
    renamed(session, 1, "one")
    before = session.run("history.changes_since", step=1)
    assert before.layers == {}
    renamed(session, 1, "two")
    taken_away(session, 2)
    old = session.features.features("way", [1])[1]
    session.commit(ChangeSet("Rename", changes_between("way", 1, old, old.replaced(name="路"))))
    session.save_features()
    for since in ({"step": 1}, {"token": before.token}, {"time": START + timedelta(hours=1, minutes=30)}):
        found = session.run("history.changes_since", **since)
        assert list(found.layers) == ["spot", "way"]
        assert found.layers["way"][0].fields == ("name",)
        assert [(c.fid, c.kind) for c in found.layers["spot"]] == [(1, "changed"), (2, "removed")]
        text = history.handover_text(session, found)
        assert "two" in text and "王" in text  # noqa: PT018
    with pytest.raises(UsageError):
        session.run("history.changes_since")
    with pytest.raises(ConflictError):
        session.run("history.changes_since", token="1:not-this-file")


def test_looking_back_writes_nothing(session, city):
    renamed(session, 1, "one")
    session.stores.release(str(city))
    before = city.read_bytes(), sorted(p.name for p in city.parent.iterdir())
    session.run("history.versions", layer="spot", fid=1)
    session.run("history.changes_since", step=0)
    session.run("history.as_of", layer="spot", time=START)
    assert (city.read_bytes(), sorted(p.name for p in city.parent.iterdir())) == before
    assert not lease.Lease(city).file.exists()


def test_choices_settle_a_conflict(session, city, small_catalogue):
    with closing(open_store(city)) as store:
        old = store.fetch("spot", [1])[1]
        renamed(session, 1, "mine", save=False)
        session.stores.release(str(city))
        step = ChangeSet("Rename", changes_between("spot", 1, old, old.replaced(name="theirs")))
        store.apply([step], author="li", machine="m", now=START)
    with pytest.raises(ConflictsError):
        session.run("file.save")
    with pytest.raises(ConflictsError):
        session.run("history.resolve", choices=[])
    session.run("history.resolve", choices=[{"layer": "spot", "fid": 1, "parts": {"name": "mine"}}])
    assert session.features.is_saved
    assert [v.feature.values["name"] for v in session.run("history.versions", layer="spot", fid=1)] == ["mine", "theirs"]
