"""The workspace of publishing: the paper on the map in the hand, its sheet, and its way out."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from lydigital.commands import frame as frames
from lydigital.commands.registry import execute
from lydigital.publish.furniture import Box
from lydigital.ui.designer import close_designer
from lydigital.ui.panels import publishout
from lydigital.ui.tools.frame import FrameTool, Sheet, nearest_scale, round_scale

LONG_MS = 60_000


@pytest.fixture
def publishing(window, qtbot):
    """The window in the workspace, its first sheet drawn."""
    window.set_workspace("publish")
    made = window.cards.space("publish")
    qtbot.waitUntil(lambda: made.desk.preview is not None and not made.desk.sketches.busy, timeout=LONG_MS)
    return made


@pytest.fixture
def desk(publishing):
    return publishing.desk


@pytest.fixture
def drawn(qtbot, desk):
    """Wait until the sheet is drawn as it is set now."""

    def wait():
        qtbot.waitUntil(lambda: not desk._later.isActive() and not desk.sketches.busy and desk.preview.frame == desk.frame, timeout=LONG_MS)

    return wait


def place_of(desk, x: float, y: float) -> QPoint:
    """Where a place of the paper, as shares of its size, is on the widget."""
    tool, sheet = desk.hand.tool, desk.sheet
    return tool._at(sheet.ground(x * sheet.width, y * sheet.height)).toPoint()


def drag(canvas, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for k in (1, 2, 3):
        QTest.mouseMove(canvas, start + (end - start) * k / 3)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def test_paper_and_ground_are_one_another_turned_back():
    sheet = Sheet(297, 210, Box(15, 30, 200, 150), (1000.0, 2000.0), 50.0, turn=30.0)
    assert sheet.ground(115, 105) == pytest.approx((1000, 2000))
    assert sheet.paper(sheet.ground(12, 34)) == pytest.approx((12, 34))
    north = sheet.ground(115 + 10 * math.sin(math.radians(30)), 105 - 10 * math.cos(math.radians(30)))
    assert north == pytest.approx((1000, 2500)), "north points 30° clockwise from up"


def test_usual_scales():
    assert round_scale(49_000) == 50_000
    assert round_scale(50_000) == 50_000
    assert round_scale(51_000, up=False) == 50_000
    assert nearest_scale(97_000) == 100_000
    assert nearest_scale(1_040_000) == 1_000_000


def test_the_paper_lies_in_the_view_before_anything_is_kept(window, desk):
    assert not desk.is_kept
    assert isinstance(desk.hand.tool, FrameTool)
    assert window.canvas.hand is desk.hand
    assert desk.is_seen()
    x0, y0, x1, y1 = window.canvas.viewport.bounds
    west, south, east, north = desk.sheet.bounds
    assert x0 < west < east < x1 - window._covered_px() * window.canvas.viewport.units_per_px
    assert y0 < south < north < y1
    assert desk.frame.scale == round_scale(desk.frame.scale)


def test_the_sheet_on_the_map_is_the_sheet_that_is_written(window, desk, drawn):
    desk.set(turn=20.0)
    drawn()
    told = execute(window.session, "frame.show")
    assert told["map"] == pytest.approx([desk.sheet.window.x, desk.sheet.window.y, desk.sheet.window.width, desk.sheet.window.height])
    mine = [desk.sheet.ground(x * desk.sheet.width, y * desk.sheet.height) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    for (x, y), (told_x, told_y) in zip(mine, told["paper_corners"], strict=True):
        assert math.hypot(x - told_x, y - told_y) < 2e-3 * desk.sheet.units * desk.sheet.width


def test_drag_moves_it_and_undo_brings_it_back(window, desk):
    before = desk.sheet
    drag(window.canvas, place_of(desk, 0.5, 0.5), place_of(desk, 0.5, 0.5) + QPoint(40, -30))
    unit = window.canvas.viewport.units_per_px * window.canvas.devicePixelRatioF()
    assert desk.sheet.centre == pytest.approx((before.centre[0] + 40 * unit, before.centre[1] + 30 * unit), abs=2 * unit)
    assert desk.is_kept
    window.run("edit.undo")
    assert not desk.is_kept
    assert desk.sheet.centre == before.centre
    window.run("edit.redo")
    assert desk.sheet.centre != before.centre


def test_a_corner_changes_the_scale_and_the_one_opposite_stays(window, desk):
    before, scale = desk.sheet, desk.frame.scale
    fixed = before.ground(0, 0)
    drag(window.canvas, place_of(desk, 1, 1), place_of(desk, 0.6, 0.6))
    assert desk.frame.scale < scale
    assert desk.frame.scale == nearest_scale(desk.frame.scale)
    assert desk.sheet.ground(0, 0) == pytest.approx(fixed, abs=0.01 * desk.sheet.units * desk.sheet.width)


def test_the_handle_turns_it(window, desk):
    handle = desk.hand.tool._turn_handle(desk.sheet).toPoint()
    middle = desk.hand.tool._at(desk.sheet.centre)
    arm = QPointF(handle) - middle
    turned = QPointF(arm.y(), -arm.x()) + middle  # a quarter, anticlockwise on the screen
    drag(window.canvas, handle, turned.toPoint())
    assert desk.frame.turn == pytest.approx(90)
    window.run("edit.undo")
    assert desk.frame.turn == 0


def test_keys_move_scale_and_turn(window, desk):
    canvas, before, scale = window.canvas, desk.sheet, desk.frame.scale
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert desk.sheet.centre[0] > before.centre[0]
    assert desk.sheet.centre[1] == before.centre[1]
    QTest.keyClick(canvas, Qt.Key.Key_PageUp)
    assert desk.frame.scale > scale
    QTest.keyClick(canvas, Qt.Key.Key_Comma)
    assert desk.frame.turn == 1


def test_beside_the_paper_the_map_is_dragged(window, desk):
    before = window.canvas.viewport.centre
    sheet = desk.sheet
    drag(window.canvas, QPoint(6, 300), QPoint(66, 300))
    assert window.canvas.viewport.centre[0] < before[0]
    assert desk.sheet == sheet


def test_escape_gives_a_drag_up(window, desk):
    sheet = desk.sheet
    start = place_of(desk, 0.5, 0.5)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(window.canvas, start + QPoint(50, 50))
    assert desk.sheet != sheet
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert desk.sheet == sheet
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(50, 50))
    assert desk.sheet == sheet
    assert not desk.is_kept


def test_controls_change_the_frame(window, publishing, desk, drawn):
    step = publishing.sheet
    step.format.choose("A3")
    assert (desk.sheet.width, desk.sheet.height) == (420, 297)
    QTest.mouseClick(step.portrait, Qt.MouseButton.LeftButton)
    assert (desk.sheet.width, desk.sheet.height) == (297, 420)
    for name, chip in sorted(step.chips.items()):  # counts before the legend goes
        was = getattr(desk.frame, name)
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
        assert getattr(desk.frame, name) is not was
    step.grid.choose("kilometre")
    step.scale.setEditText("1:2.5万")
    step.scale.lineEdit().editingFinished.emit()
    assert desk.frame.scale == 25_000
    step.scale.setEditText("far")
    step.scale.lineEdit().editingFinished.emit()
    assert window.notices.notices[0].text == "That is no scale"
    assert desk.frame.scale == 25_000
    drawn()
    assert desk.preview.images[0].height() > desk.preview.images[0].width()
    assert frames.frame_of(window.session) == desk.frame, "all of it is remembered"


def test_custom_paper_is_sized_by_its_edges(window, publishing, desk):
    publishing.sheet.format.choose("custom")
    width, height = desk.frame.size_mm
    fixed = desk.sheet.ground(0, 0)
    drag(window.canvas, place_of(desk, 1, 0.5), place_of(desk, 0.8, 0.5))
    assert desk.frame.width == pytest.approx(0.8 * width, abs=2)
    assert desk.frame.height == height
    assert desk.sheet.ground(0, 0) == pytest.approx(fixed, abs=0.01 * desk.sheet.units * width)


def test_numbers_are_typed(publishing, desk):
    turn = publishing.sheet.turn
    turn.setText("-12.5°")
    turn.editingFinished.emit()
    assert desk.frame.turn == 347.5
    turn.setText("north")
    turn.editingFinished.emit()
    assert (turn.text(), desk.frame.turn) == ("-12.5°", 347.5)


def test_the_whole_map_comes_onto_the_sheet_and_the_sheet_into_the_view(window, publishing, desk):
    window.canvas.zoom_by(8)
    QTest.mouseClick(publishing.sheet.whole, Qt.MouseButton.LeftButton)
    x0, y0, x1, y1 = window.session.bounds()
    box = desk.sheet.window
    west, north = desk.sheet.ground(box.x, box.y)
    east, south = desk.sheet.ground(box.right, box.bottom)
    assert west <= x0 < x1 <= east
    assert south <= y0 < y1 <= north
    assert desk.is_whole()


def test_the_title_is_typed_on_the_map(window, publishing, desk):
    box = desk.hand.tool.title_rect()
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center().toPoint() - QPoint(round(box.width() / 3), 0))
    field = desk._title_field
    assert not field.isHidden()
    field.setText("Wells")
    field.editingFinished.emit()
    assert desk.frame.title == "Wells"
    assert publishing.sheet.title.text() == "Wells"
    assert field.isHidden()


def test_two_clicks_write_a_file(publishing, desk, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(publishout.QFileDialog, "open", lambda _dialog: None)  # no screen to show it on
    desk.set(title="Wells: north/south")
    QTest.mouseClick(publishing.foot.formats[".png"], Qt.MouseButton.LeftButton)
    dialog = publishing.foot.dialog
    name = dialog.selectedFiles()[0]
    assert name.endswith(f"Wells north south A4 1-{desk.frame.scale:.0f}.png")
    dialog.fileSelected.emit(str(tmp_path / "sheet.png"))
    qtbot.waitUntil(lambda: bool(desk.written) and not desk.busy, timeout=LONG_MS)
    assert desk.written == [tmp_path / "sheet.png"]
    assert (tmp_path / "sheet.png").stat().st_size > 10_000
    assert not publishing.foot.open_folder.isHidden()


def test_what_cannot_be_written_is_said(window, desk, qtbot, tmp_path):
    (tmp_path / "file").write_text("no folder")
    desk.write(str(tmp_path / "file" / "sheet.png"), dpi=96)
    qtbot.waitUntil(lambda: not desk.busy and bool(window.notices.notices), timeout=LONG_MS)
    assert not desk.written
    assert window.notices.notices[0].level == "error"


def test_leaving_takes_the_paper_off_the_map(window, desk):
    window.set_workspace("browse")
    assert window.canvas.hand is None
    window.set_workspace("publish")
    assert window.canvas.hand is desk.hand


def test_the_sheet_large(window, publishing):
    QTest.mouseClick(publishing.view.picture, Qt.MouseButton.LeftButton)
    assert window.map.board is not None
    QTest.keyClick(window.map.board, Qt.Key.Key_Escape)
    assert window.map.board is None


def test_languages(window, publishing):
    window.set_language("zh")
    try:
        assert publishing.sheet.chips["legend"].text() == "图例"
        assert publishing.foot.more.toolTip() == "其他格式与分辨率"
    finally:
        window.set_language("en")


def test_another_format_keeps_the_ground(publishing, desk):
    wide = desk.sheet.bounds[2] - desk.sheet.bounds[0]
    publishing.sheet.format.choose("A0")
    assert desk.sheet.width == 1189
    assert desk.sheet.bounds[2] - desk.sheet.bounds[0] == pytest.approx(wide, rel=0.25)


def test_steps_do_not_draw_the_map_anew(window, desk):
    number = window.worker.latest
    desk.set(has_title=False)
    assert window.worker.latest == number
    assert window.is_current()


def test_the_verdict_follows_whom_it_is_for(window, publishing, desk, drawn):
    publishing.go_to(publishing.gate)
    inside = desk.verdict
    assert inside.is_open
    publishing.gate.audience.choose("public")
    drawn()
    assert desk.verdict.audience == "public"
    assert not desk.verdict.is_open, "there is no number of a map review"
    assert not publishing.foot.formats[".pdf"].isEnabled()
    assert str(len(desk.verdict.blocks)) in publishing.gate.state
    publishing.gate.audience.choose("internal")
    drawn()
    assert publishing.foot.formats[".pdf"].isEnabled()
    QTest.mouseClick(publishing.foot.verdict, Qt.MouseButton.LeftButton)
    assert publishing.gate.is_open


def test_layouts_are_made_looked_at_and_removed(window, publishing, desk, qtbot, tmp_path):
    step = publishing.layouts
    step.head.click()
    template = next(code for code in step._known if code.startswith("template:planning"))
    step.choose(template)
    qtbot.waitUntil(lambda: desk.shown is not None and desk.shown.layout.id == "planning", timeout=LONG_MS)
    QTest.mouseClick(step.new, Qt.MouseButton.LeftButton)
    assert [layout.id for layout in window.session.document.layouts] == ["planning"]
    assert step.chosen == "layout:planning"
    step.keep.click()
    assert window.session.document.layout("sheet").main_map is not None
    qtbot.waitUntil(lambda: desk.shown.layout.id == "sheet" and not desk.sketches.busy, timeout=LONG_MS)
    step.picture.click()
    assert window.map.board is not None
    window.map.close_board()
    desk.write(str(tmp_path / "sheet.pdf"), layout="planning")
    qtbot.waitUntil(lambda: bool(desk.written) and not desk.busy, timeout=LONG_MS)
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    step.choose("layout:sheet")
    QTest.mouseClick(step.remove, Qt.MouseButton.LeftButton)
    assert window.session.document.layout("sheet") is None
    window.run("edit.undo")
    assert window.session.document.layout("sheet") is not None
    step.choose("layout:sheet")
    QTest.mouseClick(step.design, Qt.MouseButton.LeftButton)
    assert window.designer is not None
    close_designer(window)
    assert window.designer is None


def test_palette_and_menu_lead_here(window):
    window.run("layout.add")
    page = window.cards.space("publish")
    assert window.workspace == "publish"
    assert page.layouts.is_open


def test_the_sheet_in_the_clipboard(window, publishing):
    from PySide6.QtGui import QGuiApplication

    QTest.mouseClick(publishing.foot.copy_it, Qt.MouseButton.LeftButton)
    image = QGuiApplication.clipboard().image()
    assert image.width() == round(297 / 25.4 * 200)
    assert window.notices.notices[0].text.startswith("Copied")


def test_a_series_is_made_and_gone_on_with(window, publishing, desk, qtbot, tmp_path):
    step = publishing.atlas
    step.head.click()
    step.layout_choice.choose("planning")
    step.by.choose("field")
    step.format.choose("png")
    assert not step.one.isEnabled()
    assert step.state == "3 sheets"
    step._folder_chosen(str(tmp_path))
    QTest.mouseClick(step.go, Qt.MouseButton.LeftButton)
    assert not step.stop.isHidden()
    qtbot.waitUntil(lambda: not desk.busy, timeout=LONG_MS)
    assert len(list(tmp_path.glob("*.png"))) == 3
    assert step.state == f"3 sheets in {tmp_path.name}"
    assert not step.open_folder.isHidden()
    QTest.mouseClick(step.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not desk.busy, timeout=LONG_MS)
    assert step._written["kept"] == 3
    assert desk.preview is not None


def test_a_series_of_the_paper_frame_can_be_stopped(window, publishing, desk, qtbot, tmp_path):
    step = publishing.atlas
    step.head.click()
    step.layout_choice.choose("")
    step.by.choose("field")
    step._folder_chosen(str(tmp_path))
    step.run_series()
    QTest.mouseClick(step.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not desk.busy, timeout=LONG_MS)
    assert step._written is None
    assert "stopped" in window.notices.notices[0].text


def test_the_map_as_a_web_page(window, publishing, desk, qtbot, tmp_path):
    step = publishing.web
    step.head.click()
    assert set(step.checks) == {"field", "way", "spot", "well"}
    for check in step.checks.values():
        check.setChecked(False)
    assert not step.write.isEnabled()
    assert step.write.toolTip() == "Choose a layer first"
    step.checks["field"].setChecked(True)
    step.write_page(str(tmp_path / "map.html"))
    qtbot.waitUntil(lambda: not desk.busy, timeout=LONG_MS)
    assert step._written["layers"], window.notices.notices
    assert (tmp_path / "map.html").stat().st_size == step._written["bytes"]
    assert not step.open_it.isHidden()
