"""The designer of pages in the hand: real gestures on a real window."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lydigital.commands import layout as layouts
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.layout import Layout, MapItem, Page, ShapeItem, TextItem, read
from lydigital.ui.designer import boxes, content, open_designer

LONG_MS = 60_000
CTRL, SHIFT, ALT, NONE = (getattr(Qt.KeyboardModifier, f"{m}Modifier") for m in ("Control", "Shift", "Alt", "No"))
LAYOUT = Layout(
    id="sheet", title="Sheet", pages=(Page(width=200, height=150), Page(width=100, height=100)), guides=(("x", 20.0),),
    items=(
        MapItem(id="main", x=10, y=30, width=120, height=100, follows="home"),
        TextItem(id="title", x=10, y=8, width=100, height=12, text="{title}", size=14),
        ShapeItem(id="a", x=140, y=30, width=20, height=10, fill="#ff0000"),
        ShapeItem(id="b", x=150, y=60, width=30, height=10, fill="#00ff00"),
        ShapeItem(id="c", x=145, y=100, width=20, height=20, fill="#0000ff"),
        ShapeItem(id="second", page=1, x=10, y=10, width=20, height=20),
    ),
)  # fmt: skip


@pytest.fixture
def view(window, qtbot):
    """The designer with the first page of the layout drawn."""
    window.session.commit(ChangeSet("New layout {layout}", (Delta("layout/sheet", None, LAYOUT),), values={"layout": "Sheet"}))
    made = open_designer(window, "sheet")
    wait(qtbot, made)
    return made


def wait(qtbot, view) -> None:
    qtbot.waitUntil(lambda: view.desk.is_current() and view.desk.proof is not None and view.desk.proof.made is view.desk.made, timeout=LONG_MS)


def place(view, x: float, y: float) -> QPoint:
    return view.canvas.at(x, y).toPoint()


def drag(view, start: tuple[float, float], end: tuple[float, float], held=NONE, *, release: bool = True) -> None:
    """With Alt things snap to nothing."""
    canvas, a, b = view.canvas, place(view, *start), place(view, *end)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, held, a)
    for k in (1, 2, 3):
        move(canvas, a + (b - a) * k / 3, held)
    if release:
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, held, b)


def move(canvas, at: QPoint, held) -> None:
    """``QTest.mouseMove`` knows no keys held."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), QPointF(canvas.mapToGlobal(at)), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, held)
    QApplication.sendEvent(canvas, event)


def click(view, x: float, y: float, held=NONE) -> None:
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, held, place(view, x, y))


def box_of(view, item_id: str) -> tuple[float, float, float, float]:
    item = view.drawing.layout.item(item_id)
    return item.x, item.y, item.width, item.height


def test_the_page_is_that_of_the_export(view):
    proof = view.desk.proof
    made = layouts.arranged(view.session, LAYOUT)
    assert proof.made.facts["title"] == made.facts["title"]
    assert [m.viewport for m in proof.made.maps] == [m.viewport for m in made.maps]
    colour = proof.image.pixelColor(round((150 - proof.region.x()) * proof.per_mm), round((35 - proof.region.y()) * proof.per_mm))
    assert colour.name() == "#ff0000"


def test_drag_moves_in_one_step_and_undo_brings_it_back(window, view, qtbot):
    drag(view, (155, 65), (165, 85), ALT)
    assert box_of(view, "b") == (160, 80, 30, 10)
    drag(view, (165, 85), (155, 82), ALT)
    assert box_of(view, "b") == (150, 77, 30, 10)
    QTest.keyClick(view.canvas, Qt.Key.Key_Z, CTRL)
    assert box_of(view, "b") == (160, 80, 30, 10), "gestures are steps of their own however soon they follow"
    QTest.keyClick(view.canvas, Qt.Key.Key_Z, CTRL)
    assert box_of(view, "b") == (150, 60, 30, 10)
    QTest.keyClick(view.canvas, Qt.Key.Key_Y, CTRL)
    assert box_of(view, "b") == (160, 80, 30, 10)
    wait(qtbot, view)
    assert view.desk.made_of is view.drawing.layout


def test_maps_are_not_drawn_again_for_a_moved_text(view, qtbot):
    before = view.desk.made.maps[0].picture
    drag(view, (150, 35), (150, 45), ALT)
    wait(qtbot, view)
    assert view.desk.made.layout.item("a").y == 40
    assert view.desk.made.maps[0].picture is before
    view.drawing.put("Move on layout {layout}", [boxes.at(view.drawing.layout.item("main"), 10, 30, 100, 90)])
    wait(qtbot, view)
    assert view.desk.made.maps[0].picture is not before


def test_what_is_moved_rests_on_lines(view):
    drag(view, (150, 35), (150.8, 50), release=False)
    assert view.canvas.xs, "its left edge meets nothing, its middle that of another"
    view.canvas.give_up()
    assert box_of(view, "a") == (140, 30, 20, 10)
    assert not view.canvas.xs
    drag(view, (155, 65), (125.6, 65))
    assert box_of(view, "b")[0] in (120.0, 130.0, 100.0), "an edge or the middle of the map"


def test_clicks_select(view):
    click(view, 150, 35)
    assert view.drawing.selected == ("a",)
    click(view, 160, 65, CTRL)
    assert view.drawing.selected == ("a", "b")
    click(view, 150, 35, CTRL)
    assert view.drawing.selected == ("b",)
    click(view, 195, 145)
    assert view.drawing.selected == ()
    drag(view, (136, 26), (190, 75), ALT)
    assert view.drawing.selected == ("a", "b"), "the rubber band"
    QTest.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert view.drawing.selected == ()
    QTest.keyClick(view.canvas, Qt.Key.Key_A, CTRL)
    assert set(view.drawing.selected) == {"main", "title", "a", "b", "c"}


def test_a_handle_resizes(view):
    click(view, 150, 35)
    drag(view, (160, 40), (170, 48), ALT)
    assert box_of(view, "a") == (140, 30, 30, 18)
    drag(view, (170, 48), (200, 50), ALT | SHIFT)
    x, y, width, height = box_of(view, "a")
    assert width / height == pytest.approx(30 / 18, rel=0.01)
    assert (x, y) == (140, 30)


def test_several_are_resized_together(view):
    click(view, 150, 35)
    click(view, 160, 65, CTRL)
    drag(view, (180, 70), (160, 50), ALT)
    assert box_of(view, "a") == (140, 30, 10, 5)
    assert box_of(view, "b") == (145, 45, 15, 5)


def test_the_round_handle_turns(view):
    click(view, 155, 110)
    handle = view.canvas.handles()["turn"]
    drag(view, view.canvas.mm(handle), (185, 110))
    assert view.drawing.layout.item("c").rotation == 90


def test_keys_move_and_a_run_of_them_is_one_step(window, view):
    click(view, 150, 35)
    steps = len(window.session.history.entries)
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    QTest.keyClick(view.canvas, Qt.Key.Key_Down, SHIFT)
    assert box_of(view, "a") == (141, 35, 20, 10)
    assert len(window.session.history.entries) == steps + 1


def test_copies_and_delete(view):
    click(view, 150, 35)
    QTest.keyClick(view.canvas, Qt.Key.Key_C, CTRL)
    QTest.keyClick(view.canvas, Qt.Key.Key_V, CTRL)
    assert view.drawing.selected == ("a2",)
    assert box_of(view, "a2") == (145, 35, 20, 10)
    QTest.keyClick(view.canvas, Qt.Key.Key_D, CTRL)
    assert view.drawing.selected == ("a3",)
    QTest.keyClick(view.canvas, Qt.Key.Key_Delete)
    assert view.drawing.layout.item("a3") is None
    click(view, 60, 80)
    QTest.keyClick(view.canvas, Qt.Key.Key_Delete)
    assert view.drawing.layout.main_map is None
    QTest.keyClick(view.canvas, Qt.Key.Key_Z, CTRL)
    assert view.drawing.layout.main_map is not None
    drag(view, (155, 110), (165, 130), ALT | CTRL)
    assert box_of(view, "c") == (145, 100, 20, 20)
    assert box_of(view, "c2") == (155, 120, 20, 20), "with Ctrl a copy is dragged"


def test_groups_move_together_and_locked_things_stay(view):
    click(view, 150, 35)
    click(view, 160, 65, CTRL)
    QTest.keyClick(view.canvas, Qt.Key.Key_G, CTRL)
    click(view, 195, 145)
    drag(view, (150, 35), (150, 40), ALT)
    assert box_of(view, "b")[1] == 65
    QTest.keyClick(view.canvas, Qt.Key.Key_G, CTRL | SHIFT)
    assert not view.drawing.layout.item("a").group
    QTest.keyClick(view.canvas, Qt.Key.Key_L, CTRL)
    click(view, 195, 145)
    click(view, 150, 40)
    assert view.drawing.selected == (), "a locked thing is not picked up"
    view.drawing.select(("a",))
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert box_of(view, "a")[0] == 140


def test_buttons_arrange(view):
    bar = view.arrange_bar.buttons
    assert not bar["left"].isEnabled()
    assert "first" in bar["left"].toolTip(), "it says why"
    view.drawing.select(("a", "b", "c"))
    bar["left"].click()
    assert {box_of(view, i)[0] for i in "abc"} == {140}
    bar["spread y"].click()
    assert box_of(view, "b")[1] == pytest.approx(65)
    bar["front"].click()
    assert [i.id for i in view.drawing.layout.items][-3:] == ["a", "b", "c"]
    view.drawing.select(("a",))
    bar["front"].click()
    assert view.drawing.layout.items[-1].id == "a"
    bar["centre"].click()
    assert box_of(view, "a")[0] == 90, "one thing alone is lined up with the page"


def test_guides_come_out_of_the_rulers_and_go_back(view):
    canvas = view.canvas
    drag(view, canvas.mm(QPointF(8, 300)), (77.5, 60), ALT)
    assert view.drawing.layout.guides == (("x", 20.0), ("x", 77.5))
    drag(view, (77.5, 142), (90, 142), ALT)
    assert view.drawing.layout.guides[1] == ("x", 90.0)
    drag(view, (90, 142), canvas.mm(QPointF(5, 300)), ALT)
    assert view.drawing.layout.guides == (("x", 20.0),)
    drag(view, canvas.mm(QPointF(300, 8)), (60, 137), ALT)
    assert view.drawing.layout.guides[1] == ("y", 137.0)


@pytest.mark.parametrize("kind", ["map", "text", "legend", "scale_bar", "north", "table", "chart", "image", "qr", "shape", "stamp"])
def test_every_kind_is_added_by_a_drag(view, qtbot, kind):
    view.strip.buttons[kind].click()
    drag(view, (135, 125), (175, 145), ALT)
    new = view.drawing.layout.items[-1]
    assert (new.x, new.y, new.width, new.height) == (135, 125, 40, 20)
    assert view.drawing.selected == (new.id,)
    assert view.strip.buttons[""].isChecked()
    assert len(view.form.fields) > 5
    wait(qtbot, view)
    assert not view.desk.trouble


def test_a_click_adds_one_of_the_usual_size(view):
    view.strip.buttons["qr"].click()
    click(view, 190, 20)
    new = view.drawing.layout.items[-1]
    assert (new.width, new.height) == (24, 24)
    assert new.x + new.width <= 200, "all of it on the page"


def test_the_form_shows_and_changes_fields(view):
    click(view, 150, 35)
    fields = view.form.fields
    assert fields["x"].text() == "140 mm"
    fields["x"].setText("12,5")
    fields["x"].editingFinished.emit()
    assert box_of(view, "a")[0] == 12.5
    fields["x"].setText("far")
    fields["x"].editingFinished.emit()
    assert box_of(view, "a")[0] == 12.5
    assert fields["x"].property("bad")
    QTest.keyClick(fields["y"], Qt.Key.Key_Up)
    assert box_of(view, "a")[1] == 30.5
    fields["fill"].choose("#123456")
    fields["form"].choose("ellipse")
    fields["outline"].click()
    view.form.fields["outline.width"].changed.emit(0.8)
    view.form.fields["outline.dash"].choose("1.2 0.8")
    item = view.drawing.layout.item("a")
    assert (item.fill, item.form, item.outline.width, item.outline.dash) == ("#123456", "ellipse", 0.8, (1.2, 0.8))


def test_words_are_typed_live_with_placeholders(view, qtbot):
    QTest.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, NONE, place(view, 30, 14))
    words = view.form.fields["text"]
    assert words.text.hasFocus() or not view.isActiveWindow()
    words.text.selectAll()
    QTest.keyClicks(words.text, "Wells ")
    words._offer()
    assert any(action.text().startswith("{date}") for action in words.menu.actions())
    words.insert("date")
    qtbot.waitUntil(lambda: view.drawing.layout.item("title").text == "Wells {date}", timeout=5000)
    words.text.selectAll()
    words.make_bold()
    qtbot.waitUntil(lambda: view.drawing.layout.item("title").text == "**Wells {date}**", timeout=5000)
    wait(qtbot, view)


def test_fields_of_maps(view, qtbot):
    click(view, 60, 80)
    fields = view.form.fields
    fields["scale"].setText("1:25 000")
    fields["scale"].editingFinished.emit()
    fields["layers"].fill()
    fields["layers"].menu_.actions()[0].trigger()
    assert view.drawing.layout.main_map.layers == ()
    fields["layers"].fill()
    fields["layers"].menu_.actions()[2].trigger()
    assert view.drawing.layout.main_map.layers == (view.session.document.layers[-1].id,)
    wait(qtbot, view)
    assert view.desk.made.maps[0].scale == 25_000


def test_the_content_of_a_map_is_moved_in_its_frame(view, qtbot):
    QTest.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, NONE, place(view, 70, 80))
    assert view.canvas.inside == "main"
    placed = view.desk.made.maps[0]
    there = placed.viewport.to_map(*[v * placed.viewport.dpi / 25.4 for v in (40, 50)])
    drag(view, (50, 80), (60, 90))
    assert box_of(view, "main") == (10, 30, 120, 100), "the frame stays"
    wait(qtbot, view)
    moved = view.desk.made.maps[0]
    assert moved.scale == pytest.approx(placed.scale, rel=1e-3)
    assert moved.to_page(*there) == pytest.approx((60, 90), abs=0.4)
    content.zoom(view.canvas, "main", 2.0, QPointF(place(view, 60, 90)))
    wait(qtbot, view)
    assert view.desk.made.maps[0].scale == pytest.approx(placed.scale / 2, rel=0.05)
    assert view.desk.made.maps[0].to_page(*there) == pytest.approx((60, 90), abs=0.8)
    QTest.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert not view.canvas.inside
    drag(view, (50, 80), (50, 85), ALT)
    assert box_of(view, "main")[1] == 35


def test_space_and_the_middle_button_pan(view):
    canvas = view.canvas
    origin = QPointF(canvas.origin)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(view, (150, 35), (160, 45))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.origin.x() > origin.x()
    assert box_of(view, "a") == (140, 30, 20, 10)


def test_an_edit_that_cannot_be_is_said_where_it_was_made(view):
    before = view.drawing.layout
    view.drawing.set_all("Change on layout {layout}", ["a"], width=-4.0)
    assert view.drawing.layout is before
    assert view.form.trouble.text() == "Plain shape: Width cannot be like that (>= 0.0)"
    assert not view.form.trouble.isHidden()
    view.drawing.select(("a",))
    view.drawing.nudge(1, 0)
    assert view.form.trouble.isHidden()


def test_the_list_selects_hides_locks_and_renames(view):
    rows = {row.data(0, Qt.ItemDataRole.UserRole): row for row in view.list.rows()}
    assert list(rows) == ["c", "b", "a", "title", "main"], "uppermost first"
    area = view.list.visualItemRect(rows["b"])
    QTest.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, NONE, area.center())
    assert view.drawing.selected == ("b",)
    for from_right, field in ((6 + 33, "visible"), (6 + 11, "locked")):
        row = next(r for r in view.list.rows() if r.data(0, Qt.ItemDataRole.UserRole) == "b")
        area = view.list.visualItemRect(row)
        was = getattr(view.drawing.layout.item("b"), field)
        QTest.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, NONE, QPoint(area.right() - from_right, area.center().y()))
        assert getattr(view.drawing.layout.item("b"), field) is not was
    row = next(r for r in view.list.rows() if r.data(0, Qt.ItemDataRole.UserRole) == "c")
    row.setText(0, "Blue")
    assert view.drawing.layout.item("c").name == "Blue"


def test_pages(view, qtbot):
    QTest.keyClick(view.canvas, Qt.Key.Key_PageDown)
    assert view.drawing.page == 1
    assert [i.id for i in view.drawing.on_page()] == ["second"]
    wait(qtbot, view)
    qtbot.waitUntil(lambda: view.desk.proof.page == 1, timeout=LONG_MS)
    view.foot.plus.click()
    assert view.drawing.page == 2
    assert view.drawing.layout.pages[2] == Page(width=100, height=100)
    view.foot.before.click()
    view.foot.minus.click()
    assert [p.width for p in view.drawing.layout.pages] == [200, 100]
    assert view.drawing.layout.item("second") is None
    QTest.keyClick(view.canvas, Qt.Key.Key_Z, CTRL)
    assert view.drawing.layout.item("second").page == 1
    view.drawing.turn_to(0)
    view.drawing.select(())
    view.form.fields["paper"].choose("297 210")
    assert view.drawing.layout.pages[0] == Page(width=297, height=210)


def test_wheel_zooms_at_the_cursor_and_double_click_shows_all(view):
    canvas = view.canvas
    at = QPointF(place(view, 150, 35))
    zoom = canvas.zoom
    canvas.zoom_by(2, at)
    assert canvas.zoom == pytest.approx(2 * zoom)
    assert canvas.mm(at) == pytest.approx((150, 35), abs=0.6)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, NONE, QPoint(canvas.width() - 4, canvas.height() - 4)) if canvas.drawing.hit(
        *canvas.mm(QPointF(canvas.width() - 4, canvas.height() - 4)), 0
    ) is None else canvas.fit()
    assert canvas.zoom == pytest.approx(zoom)


def test_undoing_the_layout_shows_the_gallery_and_back_the_map(window, view):
    window.run("edit.undo")
    assert view.drawing is None
    assert view.gallery is not None
    QTest.keyClick(view.gallery, Qt.Key.Key_Escape)
    assert window.designer is None
    assert not window.status.scale.isHidden()


def test_a_template_is_opened_from_the_gallery(window, view, qtbot):
    view.templates_button.click()
    tiles = {tile.offer.id: tile for tile in view.gallery.tiles}
    assert {"sheet", "blank", "planning"} <= set(tiles)
    qtbot.waitUntil(lambda: tiles["blank"].image is not None, timeout=LONG_MS)
    tiles["blank"].click()
    assert view.drawing.layout_id == "blank"
    assert view.gallery is None
    wait(qtbot, view)
    window.topbar.workspace_chosen.emit("browse")
    assert window.designer is None


def test_kept_as_a_template(view):
    from lydigital.ui.designer import keeping

    keeping.keep(view, "Ours")
    kept = read(layouts.folders()[0] / "ours.toml")
    assert kept.items == LAYOUT.items
    assert kept.title == "Ours"


def test_export(view, qtbot, tmp_path):
    from lydigital.ui.designer import keeping

    assert view.export.menu().actions()
    keeping.write(view, str(tmp_path / "sheet.png"))
    qtbot.waitUntil(lambda: not view.desk.busy and not view.desk._waiting, timeout=LONG_MS)
    assert len(list(tmp_path.glob("sheet*.png"))) == 2, "a file for each page"


def test_languages(window, view, qtbot):
    window.set_language("zh")
    try:
        assert window.designer is view
        assert view.export.text() == "导出…"
        assert view.drawing.layout_id == "sheet"
        wait(qtbot, view)
    finally:
        window.set_language("en")


def test_the_paper_frame_is_designed_as_a_layout_of_its_own(window, qtbot):
    window.do("frame.set", changes={"title": "Wells"})
    made = open_designer(window, "frame")
    assert made.drawing.layout_id != "frame"
    assert made.drawing.layout.frame is None
    assert window.session.document.layout("frame").frame is not None
    wait(qtbot, made)
    assert open_designer(window, "nothing") is None
    assert window.designer is None


def test_it_is_found_by_the_search_and_messages_lie_above_it(window, qtbot):
    (entry,) = [e for e in window.own_entries() if e.title == "Page designer"]
    entry.run()
    assert window.designer.gallery is not None
    window.open_palette("map")
    assert not window.palette_box.isHidden()
    children = window._body.children()
    assert children.index(window.palette_box) > children.index(window.designer)


def test_a_printer_that_is_missing_is_said(window, view, qtbot, monkeypatch):
    from lydigital.ui import printing

    monkeypatch.setattr(printing, "can_print", lambda: False)
    QTest.keyClick(view.canvas, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: bool(window.notices.notices) and not view.desk.busy, timeout=LONG_MS)
    assert window.notices.notices[0].text == "The system knows no printer"


def test_the_map_below_is_not_drawn_for_an_edit_of_the_page(window, view, monkeypatch):
    asked = []
    monkeypatch.setattr(window, "redraw", lambda: asked.append(1))
    view.drawing.select(("a",))
    view.drawing.nudge(1, 0)
    assert not asked
    window.do("layer.hide", layer=window.session.document.layers[0].id)
    assert asked
