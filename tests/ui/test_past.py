"""The past in the window as a user meets it: history, restoring, conflicts, leases, backups."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtWidgets import QApplication, QPushButton, QRadioButton

from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between, removed
from lydigital.session import open_session
from lydigital.stores import backup
from lydigital.stores.lease import Lease
from lydigital.ui import app
from lydigital.ui.notices import InlineBar

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def city(small_city, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return shutil.copy(small_city, folder / "city.gpkg")


@pytest.fixture
def window(application, qtbot, city, small_catalogue, tmp_path):
    session = open_session(str(city), catalogue=small_catalogue, author="王", autosave=True)
    session.backups = tmp_path / "backups"
    made = app.shown(session, size=(1200, 800), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


@pytest.fixture
def li(city, small_catalogue):
    """Somebody else with the same file."""
    session = open_session(str(city), catalogue=small_catalogue, author="李")
    yield session
    session.close()


def rename(session, fid, name, layer="way"):
    old = session.features.features(layer, [fid])[fid]
    session.commit(ChangeSet("Rename", changes_between(layer, fid, old, old.replaced(name=name))))


def name_of(session, fid, layer="way"):
    return session.features.features(layer, [fid])[fid].values["name"]


def texts_of(page):
    from PySide6.QtWidgets import QLabel

    return [w.whole() if hasattr(w, "whole") else w.text() for w in page.findChildren(QLabel)]


def press(widget, text):
    found = [b for b in widget.findChildren(QPushButton) if b.text() == text and b.isEnabled()]
    assert found, (text, [b.text() for b in widget.findChildren(QPushButton)])
    found[0].click()


def bars(window):
    QApplication.processEvents()  # what was just added is shown
    return [b for b in window.findChildren(InlineBar) if not b.isHidden()]


def test_a_version_is_seen_and_restored_and_undone(window, qtbot):
    session = window.session
    rename(session, 1, "one")
    window.do("file.save")
    rename(session, 1, "two")
    window.do("file.save")
    window.past.show_feature("way", 1)
    page = window.past._pages["feature"]
    assert any("d → one" in text for text in texts_of(page))
    press(page, "Restore this version")
    assert name_of(session, 1) == "one"
    assert any("unsaved" in text for text in texts_of(page))
    window.do("edit.undo")
    assert name_of(session, 1) == "two"


def test_the_inspector_leads_to_the_history(window, qtbot):
    window.cards.show_feature("way", 0)
    window.cards.inspector.history_asked.emit("way", 1)
    assert window.map.card.page() is window.past._pages["feature"]


def test_the_list_is_filtered(window, li):
    rename(window.session, 1, "one")
    window.do("file.save")
    window.session.stores.release(window.session.document.store)
    rename(li, 1, "x", layer="spot")
    li.save_features()
    window.past.show_list()
    page = window.past._pages["list"]
    assert len(page.chosen()) == 2
    page._person_chosen("李")
    assert [e.author for _, e in page.chosen()] == ["李"]
    page._layer_chosen("way")
    page._person_chosen("")
    assert [e.author for _, e in page.chosen()] == ["王"]
    window.set_language("zh")
    assert any("历史" in text for text in texts_of(page))
    window.set_language("en")


def test_what_changed_is_outlined_and_a_layer_shown_as_it_was(window, framed):
    session = window.session
    began = datetime.now(UTC).astimezone() - timedelta(seconds=1)
    old = session.features.features("spot", [1])[1]
    session.commit(ChangeSet("Delete", (removed("spot", 1, old),)))
    rename(session, 1, "one")
    window.do("file.save")
    window.past.show_handover()
    page = window.past._pages["handover"]
    with framed(window):
        page.ask(began)
    assert {layer: len(changes) for layer, changes in page.found.layers.items()} == {"spot": 1, "way": 1}
    assert {layer.id.partition(":")[0] for layer in window.past._above} == {"spot", "way"}
    assert len(bars(window)) == 1
    present = window.canvas.frame.image.copy()
    with framed(window):
        window.past.show_as_of("spot", began)
    then = window.past.scene_layers()["spot"].data
    assert then.fid.tolist().count(1) == 1
    assert 1 not in session.table("spot").fid.tolist()
    assert window.canvas.frame.image != present
    window.cards.click(600_100.0, 3_830_100.0)  # where the removed one was
    page_of_it = window.past._pages["feature"]
    assert window.map.card.page() is page_of_it
    assert (page_of_it.layer, page_of_it.fid) == ("spot", 1)
    with framed(window):
        press(bars(window)[-1], "Back to now")
    assert window.past.scene_layers() == {}
    page.closed.emit()
    assert window.past._above == ()


def conflict(window, li):
    """Li renames the way that Wang has renamed and not saved."""
    rename(window.session, 1, "mine")
    window.session.stores.release(window.session.document.store)
    rename(li, 1, "theirs")
    li.save_features()
    li.stores.release(li.document.store)
    window.do("file.save")
    return window.past._pages["conflict"]


@pytest.mark.parametrize(("choice", "expected"), [("All mine", "mine"), ("All theirs", "theirs")])
def test_a_conflict_is_decided_side_by_side(window, li, choice, expected):
    page = conflict(window, li)
    assert window.map.card.page() is page
    radios = [r.text() for r in page.findChildren(QRadioButton)]
    assert any("mine" in text for text in radios)
    assert any("theirs" in text for text in radios)
    assert not page.save.isEnabled()
    press(page, choice)
    press(page, "Merge and save")
    assert window.session.features.is_saved
    assert name_of(window.session, 1) == expected
    with closing(sqlite3.connect(window.session.document.store)) as db:
        assert db.execute("SELECT name FROM way WHERE fid = 1").fetchone() == (expected,)


def test_another_value_can_be_typed(window, li):
    page = conflict(window, li)
    press(page, "Another value…")
    (field,) = [f for f in page.findChildren(type(window.layers.filter)) if f.placeholderText()]
    field.setText("both")
    field.textEdited.emit("both")
    press(page, "Merge and save")
    assert window.session.features.is_saved
    assert name_of(window.session, 1) == "both"


def test_a_conflict_left_for_later_loses_nothing(window, li):
    page = conflict(window, li)
    press(page, "Later")
    assert not window.session.features.is_saved
    assert name_of(window.session, 1) == "mine"
    assert "unsaved" in window.topbar.state.text()
    window.do("file.save")
    assert window.map.card.page() is page


def test_who_edits_is_told_and_looking_only_writes_nothing(window, li, city):
    rename(li, 1, "theirs")
    before = sorted(p.name for p in Path(city).parent.iterdir()), Path(city).read_bytes()
    window.editing.start()
    (bar,) = bars(window)
    assert "李" in bar.accessibleName()
    assert "李" in window.topbar.state.text()
    assert "Take over…" not in [b.text() for b in bar.findChildren(QPushButton)]
    window.do("attribute.set", layer="way", fids=[2], field="name", value="x")
    assert window.session.features.is_saved
    press(bars(window)[-1], "Look only")
    assert not window.editing.is_on
    assert (sorted(p.name for p in Path(city).parent.iterdir()), Path(city).read_bytes()) == before


def test_a_stale_lease_is_taken_over_when_confirmed(window, city):
    gone = Lease(Path(city))
    gone.take("李")
    old = gone._mine
    gone._replace(msgspec.structs.replace(old, renewed=old.renewed - timedelta(hours=1), since=old.since - timedelta(hours=3)))
    window.editing.start()
    press(bars(window)[-1], "Take over…")
    assert gone.holder().operator == "李"
    press(bars(window)[-1], "Take over")
    assert gone.holder().operator == "王"
    assert window.do("attribute.set", layer="way", fids=[1], field="name", value="x") is not None


def test_the_lease_is_kept_while_editing_and_given_back_after(window, city):
    lease = Lease(Path(city))
    assert lease.holder() is None
    window.editing.start()
    window.editing.set_layer("way")
    window.editing.choose("line")
    assert lease.holder().operator == "王"
    window.holding.look()
    assert lease.holder() is not None
    window.editing.stop()
    rename(window.session, 1, "x")
    window.holding.look()
    assert lease.holder() is not None  # not saved yet
    window.do("file.save")
    window.holding.look()
    assert lease.holder() is None


def test_backups_are_made_while_editing_listed_checked_and_restored(window, city, qtbot):
    session = window.session
    window.editing.start()
    window.editing.set_layer("way")
    window.editing.choose("line")
    window.holding.look()
    qtbot.waitUntil(lambda: len(backup.backups(Path(city), session.backups)) == 1)
    qtbot.waitUntil(lambda: window.jobs.running is None)
    (made,) = backup.backups(Path(city), session.backups)
    window.editing.stop()
    rename(session, 1, "later")
    window.holding._restore(str(city), made.path)  # refused: there is unsaved work
    assert name_of(session, 1) == "later"
    window.do("file.save")
    window.holding.show_backups()
    page = window.holding._page
    press(page, "Check")
    qtbot.waitUntil(lambda: made.path in page.checked)
    press(page, "Restore…")
    with qtbot.waitSignal(window.jobs.finished):
        press(page, "Replace")
    qtbot.waitUntil(lambda: name_of(session, 1) == "d")
    table = session.table("way")
    assert table.record(int(table.rows_of(np.array([1]))[0]))["name"] == "d"
