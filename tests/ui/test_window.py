"""The window on a small city: what the user sees and does."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from lydigital import texts
from lydigital.ui import theme
from lydigital.ui.panels.layertree import range_reason


def picture(window) -> np.ndarray:
    """The frame on the canvas as ``(h, w, 4) uint8``."""
    image = window.canvas.frame.image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def node_index(window, layer: str):
    return window.layers.model.find("layer", layer)


def test_opens_with_the_map_on_two_thirds_of_the_window(window):
    window.resize(1440, 900)
    QApplication.processEvents()
    assert window.canvas.width() * window.canvas.height() >= 1440 * 900 * 2 / 3
    assert len(np.unique(picture(window).reshape(-1, 4), axis=0)) > 3, "the map is empty"


def test_switching_a_layer_off_changes_the_picture_and_undo_brings_it_back(window, framed):
    first = picture(window)
    layer = window.session.document.layers[-1].id
    model = window.layers.model
    with framed(window):
        assert model.setData(
            node_index(window, layer), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole
        )
    without = picture(window)
    assert (first != without).any()
    assert model.data(node_index(window, layer), Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    assert "Hide" in window.topbar.undo.toolTip()
    with framed(window):
        window.topbar.undo.click()
    np.testing.assert_array_equal(picture(window), first)
    assert not window.topbar.undo.isEnabled()
    assert window.topbar.undo.toolTip() == "Nothing to undo"


def test_opacity_slider_is_one_step(window, framed, qtbot):
    layer = window.session.document.layers[-1].id
    window.layers.choose(layer)
    first = picture(window)
    tools = window.layers.tree.tools
    assert tools.isVisible()
    with framed(window):
        for value in (80, 60, 40):
            tools.slider.setValue(value)
            qtbot.waitUntil(lambda v=value: window.session.document.layer(layer).opacity == v / 100)
    assert (picture(window) != first).any()
    assert len(window.session.history.entries) == 1


def test_group_box_is_half_when_some_of_its_layers_are_off(window):
    group = window.session.document.groups[0].id
    layers = [r.id for r in window.session.document.layers if r.group == group]
    model = window.layers.model
    index = model.find("group", group)
    window.do("layer.hide", layer=layers[0])
    wanted = Qt.CheckState.PartiallyChecked if len(layers) > 1 else Qt.CheckState.Unchecked
    assert model.data(index, Qt.ItemDataRole.CheckStateRole) == wanted


def test_dragging_a_row_changes_the_order(window):
    group = next(g for g in window.session.document.groups
                 if sum(r.group == g.id for r in window.session.document.layers) > 1)  # fmt: skip
    model = window.layers.model
    ids = [r.id for r in window.session.document.layers if r.group == group.id]
    parent = model.find("group", group.id)
    mime = model.mimeData([node_index(window, ids[-1])])
    model.dropMimeData(mime, Qt.DropAction.MoveAction, 0, 0, parent)
    assert [r.id for r in window.session.document.layers if r.group == group.id] == [ids[-1], *ids[:-1]]


def test_filter_leaves_what_fits(window):
    window.layers.filter.setText("zzzz")
    assert window.layers.model.rowCount() == 0
    title = (
        window.layers.model.title(window.layers.model.node(node_index(window, "well")))
        if node_index(window, "well").isValid()
        else "x"
    )
    assert title
    window.layers.filter.clear()
    assert window.layers.model.rowCount() == len(window.session.document.groups)


def test_a_click_fills_the_card_and_highlights(window, framed):
    table = window.session.table(window.session.document.layers[0].id)
    x, y = (float(v) for v in table.geometry.coords[0])
    px, py = window.canvas.viewport.to_px(x, y)
    with framed(window):
        window.canvas.clicked.emit(x, y, Qt.KeyboardModifier.NoModifier)
    assert window.map.card.isVisible()
    inspector = window.cards.inspector
    assert inspector.hits
    shown = dict(inspector.texts)
    record = table.record(inspector.hits[0].row)
    assert record["name"] in shown.values()
    assert any("°E" in text for text in shown.values())
    assert len(window.session.selection) == 1
    assert 0 <= px <= window.canvas.viewport.width_px
    assert 0 <= py <= window.canvas.viewport.height_px
    window.cards.close()
    assert len(window.session.selection) == 0


def test_a_click_on_nothing_says_so(window):
    west, _, _, north = window.canvas.viewport.bounds
    window.canvas.clicked.emit(west, north, Qt.KeyboardModifier.NoModifier)
    words = [w.text() for w in window.cards.inspector.findChildren(QLabel)]
    assert "Nothing here" in words


def wheel(window, notches: int, at: QPointF) -> None:
    event = QWheelEvent(
        at, window.canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


def test_wheel_zooms_at_the_cursor(window, framed):
    at = QPointF(300, 200)
    before, scale = window.canvas.map_point(at), window.canvas.viewport.scale
    with framed(window):
        wheel(window, 1, at)
    assert scale / window.canvas.viewport.scale == pytest.approx(1.6)
    assert window.canvas.map_point(at) == pytest.approx(before)
    assert window.session.viewport == window.canvas.viewport
    assert window.canvas.frame.viewport == window.canvas.viewport


def test_smooth_wheel_ends_where_the_plain_one_does(window, qtbot):
    window.canvas.smooth = True
    scale = window.canvas.viewport.scale
    wheel(window, 2, QPointF(200, 200))
    qtbot.waitUntil(lambda: scale / window.canvas.viewport.scale == pytest.approx(1.6**2))


def test_drag_pans_and_keys_move(window, qtbot):
    canvas = window.canvas
    start = canvas.map_point(QPointF(400, 300))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    qtbot.mouseMove(canvas, QPoint(420, 310))
    qtbot.mouseMove(canvas, QPoint(460, 340))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(460, 340))
    assert canvas.map_point(QPointF(460, 340)) == pytest.approx(start)
    assert not window.cards.inspector.hits, "a drag is no click"
    scale, x = canvas.viewport.scale, canvas.viewport.centre[0]
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport.centre[0] > x
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.viewport.scale == pytest.approx(scale / 2)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.viewport.scale == pytest.approx(scale, rel=0.2)


def test_shift_drag_zooms_to_the_box(window, qtbot):
    canvas = window.canvas
    west, north = canvas.map_point(QPointF(300, 200))
    for act, at in ((qtbot.mousePress, QPoint(300, 200)), (qtbot.mouseRelease, QPoint(500, 300))):
        if act is qtbot.mouseRelease:
            qtbot.mouseMove(canvas, at)
        act(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, at)
    bounds = canvas.viewport.bounds
    assert bounds[0] <= west + 1
    assert bounds[3] >= north - 1
    assert bounds[2] - bounds[0] < 210 * canvas.viewport.units_per_px * canvas.width() / 200


def test_resize_keeps_the_centre(window, framed):
    centre = window.canvas.viewport.centre
    with framed(window):
        window.resize(1000, 700)
        QApplication.processEvents()
    assert window.canvas.viewport.centre == centre
    assert window.canvas.viewport.width_px == window.canvas.width()


def test_palette_finds_and_runs(window, qtbot):
    window.open_palette()
    box = window.palette_box
    assert box.isVisible()
    box.field.setText("dark")
    box.choose()
    assert window.preferences.theme == "dark"
    assert theme.current().name == "dark"
    assert not box.isVisible()
    window.open_palette("undo")
    undo = next(e for e in box.entries if e.title == "Undo")
    assert undo.disabled, "says why it cannot be done"


def test_palette_finds_names_and_places(window, qtbot, framed):
    window.open_palette()
    qtbot.waitUntil(lambda: bool(window.finder.names), timeout=10_000)
    name = window.finder.names[0]
    entries = window.finder(name.text)
    with framed(window):
        next(e for e in entries if e.title == name.text and "Layer" not in e.detail).run()
    assert window.cards.inspector.hits[0].layer == name.layer
    with framed(window):
        window.finder("112.45, 34.62")[0].run()
    assert window.canvas.viewport.centre == pytest.approx((632981.941, 3833392.921), abs=0.01)


def test_language_changes_everything_at_once(window):
    window.set_language("zh")
    assert texts.language() == "zh"
    assert window.windowTitle().endswith("数字洛阳")
    assert window.topbar.undo.toolTip() == "没有可撤销的操作"
    QApplication.processEvents()
    shown = [w.text() for w in window.findChildren(QLabel) if w.isVisible()]
    assert any("查看详情" in text for text in shown)
    window.set_language("en")
    assert window.topbar.undo.toolTip() == "Nothing to undo"


def test_theme_changes_the_window_not_the_map(window):
    before = picture(window)
    light = window.topbar.grab().toImage().pixelColor(600, 40)
    window.set_theme("dark")
    QApplication.processEvents()
    dark = window.topbar.grab().toImage().pixelColor(600, 40)
    assert dark.lightness() < light.lightness() / 2
    np.testing.assert_array_equal(picture(window), before)


def test_bookmark_is_added_and_gone_to(window, framed):
    window.side.choose("bookmarks")
    panel = window.side.bookmarks
    panel.field.setText("Here")
    panel.add()
    view = window.canvas.viewport
    with framed(window):
        window.canvas.zoom_by(4)
        window.do("view.bookmark_go", title="Here")
    assert window.canvas.viewport.centre == pytest.approx(view.centre)
    assert window.canvas.viewport.scale == pytest.approx(view.scale)


def test_an_error_is_a_message_and_the_window_goes_on(window):
    window.do("view.bookmark_go", title="nowhere")
    window.do("layer.show", layer="nothing")
    assert window.notices.notices[0].level == "error"
    assert window.notices.notices[0].hint
    assert window.status.message.isVisible()
    window.status.message.click()
    assert window.notices.isVisible()


def test_typed_scale(window, framed):
    with framed(window):
        window.status.scale.setEditText("1:2.5万")
        window.status.scale.lineEdit().returnPressed.emit()
    assert window.canvas.viewport.scale == pytest.approx(25_000)
    window.status.scale.setEditText("far")
    window.status.scale.lineEdit().returnPressed.emit()
    assert window.notices.notices[0].text == "That is no scale"


def test_a_layer_out_of_scale_says_why(window):
    from lydigital.model.style import PointSymbolizer, Rule, Style

    near = Style((Rule((PointSymbolizer(),), max_scale=50_000),))
    assert range_reason(near, 20_000) is None
    assert range_reason(near, 80_000) == "Shown from 1:50,000 on: zoom in"


def test_coordinates_follow_the_notation(window):
    window.status.show_point(632981.941, 3833392.921, window.canvas.viewport.crs)
    assert window.status.coordinates.text().strip() == "112.450000°E  34.620000°N"
    window.status.set_notation("zone38")
    assert window.status.coordinates.text().strip().startswith("E 38,357,846.1")
    assert window.status.zone.property("role") == "chip-warn", "beyond the zone edge"
