"""The card is edited in place: keys as a person presses them, and what became of the features."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef, RuleDef
from lydigital.model.selection import Selection
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Style
from lydigital.session import open_session
from lydigital.stores.create import create_gpkg, write_layer
from lydigital.ui.panels.fields import DateEditor, NumberEditor

pytestmark = pytest.mark.qt_log_ignore("does not support (grabbing|raise)")  # lists pop up without a real screen
X, Y = 600_000.0, 3_830_000.0
PLOT = LayerDef("plot", "地块", "g", "polygon", Style((Rule((PolygonSymbolizer(Fill("#88aa88")),)),)), "Plots", fields=(
    FieldDef("code", "编号", "Code", unique=True, default="$next"),
    FieldDef("name", "名称", "Name", required=True),
    FieldDef("kind", "类型", "Kind", "integer", domain={"1": ("水田", "Paddy"), "2": ("旱地", "Dry field"), "3": ("林地", "Wood")}),
    FieldDef("slope", "坡度", "Slope", "real", "°", minimum=0, maximum=90),
    FieldDef("day", "日期", "Day", "date"),
    FieldDef("wet", "水", "Wet", "boolean"),
    FieldDef("phone", "电话", "Phone", personal=True),
), rules=(RuleDef("kind <> 1 OR slope < 5", "水田应平坦", "A paddy is flat", "warning", fix={"slope": "0"}),))  # fmt: skip


@pytest.fixture
def small_session(tmp_path):
    path = tmp_path / "city.gpkg"
    catalogue = Catalogue((PLOT,), (GroupDef("g", "组"),))
    create_gpkg(path, catalogue)
    shapes = np.array([shapely.box(X + 100 * i, Y, X + 80 + 100 * i, Y + 80) for i in range(3)])
    write_layer(path, PLOT, {"code": ["D1", "D2", "D3"], "name": ["甲", "乙", "甲"], "kind": [1, 2, 2], "slope": [1.0, 2.5, None],
                             "wet": [True, False, None], "phone": ["123", None, None]}, shapes)  # fmt: skip
    session = open_session(str(path), catalogue=catalogue, author="tester", autosave=True)
    yield session
    session.close()


@pytest.fixture
def card(window):
    """The form in the inspector's card of feature 1."""
    table = window.session.table("plot")
    window.show_feature("plot", int(table.rows_of(np.array([1]))[0]))
    return window.cards.inspector


def values(window, fid=1):
    return window.session.features.features("plot", [fid])[fid].values


def keys(editor, text):
    """Letters as an input method gives them: Qt's own test keys know ASCII only."""
    for letter in text:
        QApplication.sendEvent(editor, QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, letter))


def write(qtbot, editor, text, key=Qt.Key.Key_Return):
    editor.setFocus()
    editor.selectAll()
    keys(editor, text)
    if key is not None:
        qtbot.keyClick(editor, key)


def test_enter_sets_the_value_and_undo_shows_it_again(window, card, qtbot):
    write(qtbot, card.form.editors["name"], "新名")
    assert values(window)["name"] == "新名"
    assert ("Name", "新名") in card.texts
    window.run("edit.undo")
    assert card.form.editors["name"].text() == "甲"
    assert values(window)["name"] == "甲"


def test_escape_gives_up_and_changes_nothing(window, card, qtbot):
    write(qtbot, card.form.editors["slope"], "99", None)
    assert [f.issue.code for f in card.form.findings] == ["field.high", "rule"]
    qtbot.keyClick(card.form.editors["slope"], Qt.Key.Key_Escape)
    assert card.form.findings == ()
    assert (card.form.editors["slope"].text(), window.session.is_saved) == ("1", True)


def test_a_rule_is_told_while_typing_and_its_fix_is_a_command(window, card, qtbot):
    slope, message = card.form.editors["slope"], card.form._messages["slope"]
    write(qtbot, slope, "7", None)
    assert (message.text, message.fix.text(), slope.property("bad")) == ("A paddy is flat", "Set to 0 °", None)
    write(qtbot, slope, "95", None)
    assert (message.text, message.fix.text(), slope.property("bad")) == ("More than 90 °", "Set to 90 °", "true")
    message.fix.click()
    assert values(window)["slope"] == 90.0
    message.fix.click()
    assert values(window)["slope"] == 0.0
    assert len(window.session.history.entries) == 2


def test_what_is_no_number_stays_in_the_field_and_says_why(window, card, qtbot):
    write(qtbot, card.form.editors["slope"], "steep")
    assert card.form.editors["slope"].text() == "steep"
    assert "steep" in card.form._messages["slope"].text
    assert values(window)["slope"] == 1.0
    write(qtbot, card.form.editors["slope"], "３.5")
    assert values(window)["slope"] == 3.5


@pytest.mark.parametrize(("typed", "wanted"), [("dry", 2), ("hd", 2), ("旱", 2), ("3", 3), ("wood", 3), ("", None)])
def test_a_list_is_found_by_name_code_and_initials(window, card, qtbot, typed, wanted):
    kind = card.form.editors["kind"]
    kind.setFocus()
    kind.selectAll()
    if typed:
        keys(kind, typed)
        kind.popup.hide()
    else:
        qtbot.keyClick(kind, Qt.Key.Key_Delete)
    qtbot.keyClick(kind, Qt.Key.Key_Return)
    if typed in ("hd", "旱"):  # the names of this test are English: only the list in Chinese knows them
        assert values(window)["kind"] == 1
        assert kind.offered("pad") == {"Paddy  1": "1"}
    else:
        assert values(window)["kind"] == wanted


def test_a_list_knows_pinyin(window, card):
    from lydigital.ui.panels.fields import ListEditor

    editor = ListEditor(PLOT.fields[2], lambda: {"1": "水田", "2": "旱地", "3": "林地"})
    assert editor.offered("hd") == {"旱地  2": "2"}
    assert list(editor.offered("di").values()) == ["2", "3"]
    assert editor.parsed("旱地") == 2
    editor.deleteLater()


def test_yes_no_and_dates(window, card, qtbot):
    assert card.form.editors["wet"].text() == "yes"
    write(qtbot, card.form.editors["wet"], "no")
    assert not values(window)["wet"]
    card._unfold()
    write(qtbot, card.form.editors["day"], "2025.7.5")
    assert values(window)["day"] == "2025-07-05"


def test_dates_and_numbers_as_people_write_them(application):
    day = DateEditor(FieldDef("d", "日", type="date"))
    assert [day.parsed(t) for t in ("20250715", "2025/7/5", "2025年7月5日", "2025-02-30", "soon")] == [
        "2025-07-15", "2025-07-05", "2025-07-05", "2025-02-30", "soon"]  # fmt: skip
    number = NumberEditor(FieldDef("n", "数", type="real", unit="m"))
    assert [number.parsed(t) for t in ("1,234.5", "１２", "-3 m", "1e3", "x")] == [1234.5, 12, -3, 1000.0, "x"]
    for editor in (day, number):
        editor.deleteLater()


def test_personal_values_are_hidden_until_asked_for_and_allowed(window, card):
    assert "phone" not in card.form.editors
    card.may_see_personal = False
    card._reveal()
    assert "phone" not in card.form.editors
    card.may_see_personal = True
    card._reveal()
    assert card.form.editors["phone"].text() == "123"


def test_many_features_are_set_at_once(window, qtbot):
    window.editing.start()
    window.session.select(Selection.of("plot", [1, 2, 3]))
    window.cards.show_form()
    form = window.cards.form.form
    name, kind = form.editors["name"], form.editors["kind"]
    assert (name.text(), name.placeholderText()) == ("", "several values")
    name.setFocus()
    kind.setFocus()  # passing through changes nothing
    assert window.session.is_saved
    write(qtbot, name, "同名")
    assert [values(window, fid)["name"] for fid in (1, 2, 3)] == ["同名"] * 3
    assert len(window.session.history.entries) == 1
    window.session.select(Selection.of("plot", [2]))
    assert window.cards.form.form.fids == [2]
    window.session.select(Selection())
    assert window.map.card.page() is window.editing.page


def test_a_new_feature_opens_its_form_and_says_what_is_missing(window, qtbot):
    window.editing.start("polygon")
    window.editing.hand.execute("feature.create", layer="plot", geometry=shapely.box(X, Y + 200, X + 50, Y + 250).wkt)
    form = window.cards.form.form
    assert form.editors["code"].text() == "D4"
    assert [(f.field, f.issue.code) for f in form.findings if f.blocks] == [("name", "field.required")]
    assert form.editors["name"].property("missing") == "true"
    write(qtbot, form.editors["name"], "新地")
    assert not form.findings
    window.cards.form._keep_template()
    assert window.session.ref("plot").template == {"name": "新地"}
    window.run("edit.undo")
    window.run("edit.undo")
    window.run("edit.undo")
    assert window.session.is_saved


def test_a_layer_that_cannot_be_written_is_only_shown(window, card, monkeypatch):
    monkeypatch.setattr("lydigital.ui.panels.inspector.is_writable", lambda *_: False)
    card.retranslate()
    assert card.form is None
    assert ("Name", "甲") in card.texts
