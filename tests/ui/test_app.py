"""Coming and going: screenshots, remembered state, unsaved work, another map."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton

from lydigital import paths, settings
from lydigital.commands import registry
from lydigital.errors import StoreUnavailableError
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between
from lydigital.session import open_session
from lydigital.ui import app
from lydigital.ui.jobs import Jobs
from lydigital.ui.notices import InlineBar
from lydigital.ui.panels.recovery import RecoveryPage, preview
from lydigital.ui.window import Window

# what the offscreen platform says of every window that changes its least size
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def lasting(application, qtbot, small_city, small_catalogue):
    """Makes windows that remember, as the program does; ``lasting()`` is closed at the end."""
    made = []

    def make() -> Window:
        session = open_session(str(small_city), catalogue=small_catalogue, autosave=True)
        window = Window(session, settings.read()[0], smooth=False)
        qtbot.addWidget(window)
        made.append(window)
        window.set_workspace(window.workspace)
        with qtbot.waitSignal(window.framed, timeout=30_000):
            window.show()
        qtbot.waitUntil(window.is_current, timeout=30_000)
        return window

    yield make
    for window in made:
        window.close()


def test_screenshot_is_the_real_window(application, small_city, tmp_path):
    target = tmp_path / "window.png"
    app.screenshot(str(small_city), target, workspace="coverage", size=(1000, 700), lang="zh", theme="dark")
    image = QImage(str(target))
    assert (image.width(), image.height()) == (1000, 700)
    assert image.pixelColor(500, 40).lightness() < 80, "a dark window"
    assert not (paths.config_dir() / "window.ini").exists(), "a screenshot leaves nothing behind"


def test_what_work_ended_in_is_laid_out_before_the_picture(application, small_city, monkeypatch):
    asked = []

    def running(_jobs: Jobs) -> object | None:
        asked.append(object() if len(asked) < 3 else None)  # work ends while nobody looks
        return asked[-1]

    monkeypatch.setattr(app, "SETTLE_S", 0.02)
    session = open_session(str(small_city))
    with monkeypatch.context() as patch:
        patch.setattr(Jobs, "running", property(running))
        window = app.shown(session, size=(1000, 700))
    window.close()
    assert asked[-2:] == [None, None], "a while of rest lies between the end of the work and the picture"


def test_screenshot_into_nowhere_is_an_error(application, small_city, tmp_path):
    with pytest.raises(StoreUnavailableError):
        app.screenshot(str(small_city), tmp_path / "no" / "window.png")


def test_window_comes_back_as_it_was_left(lasting):
    window = lasting()
    window.set_workspace("emergency")
    window.status.set_notation("zone37")
    window.toggle_side()
    window.set_language("zh")
    window.set_theme("dark")
    window.set_operator("王")
    window.close()
    again = lasting()
    assert (paths.config_dir() / "window.ini").exists()
    assert again.workspace == "emergency"
    assert again.status.notation.id == "zone37"
    assert again.side.isHidden()
    assert not again.map.unfold.isHidden()
    assert (again.preferences.language, again.preferences.theme, again.preferences.operator) == (
        "zh",
        "dark",
        "王",
    )


def test_unsaved_work_is_offered_and_recovered(lasting, qtbot):
    window = lasting()
    layer = window.session.document.layers[0].id
    window.do("layer.hide", layer=layer)
    window.close()
    again = lasting()
    qtbot.waitUntil(lambda: isinstance(again.map.card.page(), RecoveryPage))
    page = again.map.card.page()
    assert again.session.document.layer(layer).visible
    texts = [button.text() for button in page.findChildren(QPushButton)]
    assert texts == ["Restore", "Look later", "Discard…"]
    page._ask(asking=True)
    assert again.session.recoverable(), "nothing is gone before it was asked"
    page._ask(asking=False)
    page._restore()
    assert not again.session.document.layer(layer).visible
    assert again.session.recoverable() == []
    again.session.undo()


def test_edits_of_features_are_asked_about_before_the_window_closes(lasting, qtbot):
    window = lasting()
    session = window.session
    old = session.features.features("way", [1])[1]
    session.commit(ChangeSet("Rename", changes_between("way", 1, old, old.replaced(name="新路"))))
    window.close()
    assert window.isVisible()
    (bar,) = window.findChildren(InlineBar)
    assert "Way" in bar.accessibleName()
    window.close()
    assert not window.isVisible(), "asked once"
    again = lasting()
    qtbot.waitUntil(lambda: isinstance(again.map.card.page(), RecoveryPage))
    again.session.table("way")
    assert preview(again.session, again.session.recoverable()[0]) is not None
    again.map.card.page()._restore()
    assert again.session.features.features("way", [1])[1].values["name"] == "新路"
    again.session.undo()
    assert again.session.is_saved


def test_another_map_in_the_same_window(lasting, tmp_path, qtbot):
    window = lasting()
    window.cards.click(*window.canvas.viewport.centre)
    registry.execute(window.session, "file.save_as", path=str(tmp_path / "mine.lyd.toml"))
    window.open_map("sample" if paths.sample_store().exists() else str(tmp_path / "mine.lyd.toml"))
    qtbot.waitUntil(window.is_current, timeout=60_000)
    assert window.layers.model.rowCount() == len(window.session.document.groups)
    assert not window.cards.inspector.hits
    assert window.preferences.recent


def test_a_map_that_cannot_be_opened_leaves_this_one(lasting, tmp_path):
    window = lasting()
    before = window.session.document
    window.open_map(str(tmp_path / "missing.gpkg"))
    assert window.session.document is before
    assert window.notices.notices[0].level == "error"
