"""The page that calculates a field or replaces in it, and the month that days are chosen from."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QDate

from lydigital.model.layerdef import FieldDef
from lydigital.model.selection import Selection
from lydigital.session import open_session
from lydigital.ui.panels.calculate import CalculatePage
from lydigital.ui.panels.fields import DateEditor


@pytest.fixture
def small_session(small_city, small_catalogue, tmp_path):
    session = open_session(str(shutil.copy(small_city, tmp_path / "city.gpkg")), catalogue=small_catalogue, author="tester", autosave=True)
    yield session
    session.close()


def names(window):
    return [f.values["name"] for f in window.session.features.features("spot", [1, 2, 3]).values()]


def test_a_formula_is_seen_before_it_is_applied_and_undone_after(window):
    window.layers.choose("spot")
    window.ask("attribute.calculate")
    page = window.findChild(CalculatePage)
    assert (page.layer, page.apply.isEnabled()) == ("spot", False)
    page.expression.setText('upper("name") || \'1\'')
    page.preview()
    assert [(r["before"], r["after"]) for r in page.result["first"]] == [("f", "F1"), ("g", "G1"), ("h", "H1")]
    assert names(window) == ["f", "g", "h"], "nothing is done yet"
    page.apply.click()
    assert names(window) == ["F1", "G1", "H1"]
    window.run("edit.undo")
    assert names(window) == ["f", "g", "h"]


def test_a_wrong_formula_is_told_on_the_page(window):
    window.layers.calculate_asked.emit("spot", "attribute.calculate")
    page = window.findChild(CalculatePage)
    for text in ('upper("nobody")', "(select 1)", "1 +"):
        page.expression.setText(text)
        page.preview()
        assert page.error
        assert not page.apply.isEnabled()
    page._insert("$x")
    assert page.expression.text() == "1 +$x"
    page.preview()
    assert not page.error


def test_replacing_in_what_is_selected(window):
    window.session.select(Selection.of("spot", [1, 2]))
    window.layers.calculate_asked.emit("spot", "attribute.replace")
    page = window.findChild(CalculatePage)
    page._set("scope", "selected")
    page.wanted.setText("[f-h]")
    page.replacement.setText("x")
    page.preview()
    assert page.result["count"] == 0
    page._set("regex", True)
    page.preview()
    assert (page.result["count"], page.apply.isEnabled()) == (2, True)
    page.apply.click()
    assert names(window) == ["x", "x", "h"]


@pytest.mark.qt_log_ignore("does not support|propagateSizeHints|grab")
@pytest.mark.parametrize(("kind", "text", "wanted"), [("date", "", "2026-05-04"), ("datetime", "2025-01-02 08:30", "2026-05-04 08:30")])
def test_a_day_chosen_from_a_month_is_committed(application, qtbot, kind, text, wanted):
    editor = DateEditor(FieldDef("day", "日期", "Day", kind))
    qtbot.addWidget(editor)
    editor.setText(text)
    editor.show()
    told = []
    editor.committed.connect(lambda _value: told.append(editor.text()))
    month = editor.open()
    shown = month.month.selectedDate().toPython()
    assert shown == (date(2025, 1, 2) if text else date.today())  # noqa: DTZ011 - of the clock on the wall
    month.month.clicked.emit(QDate(2026, 5, 4))
    assert told == [wanted]
