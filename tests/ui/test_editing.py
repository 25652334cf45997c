"""Editing as a user does it: real mouse and keys on the window, and what became of the features."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from lydigital.ui.tools import shapes
from lydigital.ui.tools.entry import number
from lydigital.ui.tools.toolset import BY_ID

X, Y = 600_000.0, 3_830_000.0
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


class User:
    """A hand on the mouse and one on the keys."""

    def __init__(self, window, qtbot) -> None:
        self.window, self.canvas, self.qtbot = window, window.canvas, qtbot
        self.session, self.editing = window.session, window.editing

    def px(self, x: float, y: float) -> QPoint:
        px, py = self.canvas.viewport.to_px(X + x, Y + y)
        return QPoint(round(px), round(py))

    def _mouse(self, kind, at: QPoint, button, buttons, modifiers=NONE) -> None:
        spot = QPointF(at)
        event = QMouseEvent(kind, spot, self.canvas.mapToGlobal(spot), button, buttons, modifiers)
        QApplication.sendEvent(self.canvas, event)

    def move(self, x: float, y: float, modifiers=NONE) -> None:
        self._mouse(QEvent.Type.MouseMove, self.px(x, y), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, modifiers)

    def click(self, x: float, y: float, modifiers=NONE, button=LEFT) -> None:
        self.move(x, y, modifiers)
        self._mouse(QEvent.Type.MouseButtonPress, self.px(x, y), button, button, modifiers)
        self._mouse(QEvent.Type.MouseButtonRelease, self.px(x, y), button, Qt.MouseButton.NoButton, modifiers)

    def double(self, x: float, y: float) -> None:
        self.click(x, y)
        self._mouse(QEvent.Type.MouseButtonDblClick, self.px(x, y), LEFT, LEFT)
        self._mouse(QEvent.Type.MouseButtonRelease, self.px(x, y), LEFT, Qt.MouseButton.NoButton)

    def drag(self, *places: tuple[float, float], modifiers=NONE) -> None:
        self.move(*places[0], modifiers)
        self._mouse(QEvent.Type.MouseButtonPress, self.px(*places[0]), LEFT, LEFT, modifiers)
        for place in places[1:]:
            self._mouse(QEvent.Type.MouseMove, self.px(*place), Qt.MouseButton.NoButton, LEFT, modifiers)
        self._mouse(QEvent.Type.MouseButtonRelease, self.px(*places[-1]), LEFT, Qt.MouseButton.NoButton, modifiers)

    def key(self, key, modifiers=NONE) -> None:
        self.qtbot.keyClick(self.canvas, key, modifiers)

    def type(self, text: str) -> None:
        """Characters as they come: the first opens the field, the others go into it."""
        for letter in text:
            entry = self.editing.hand.entry
            target = self.canvas
            if entry.isVisible():
                target = next((f for f in entry.fields if f.hasFocus()), entry.fields[0])
            if letter == "\t":
                self.qtbot.keyClick(target, Qt.Key.Key_Tab)
            elif letter == "\n":
                self.qtbot.keyClick(target, Qt.Key.Key_Return)
            else:
                self.qtbot.keyClicks(target, letter)

    def take(self, tool: str, layer: str) -> None:
        if not self.editing.is_on:
            self.window.topbar.edit.click()
        self.editing.page.layer.choose(layer)
        self.editing.page.buttons[tool].click()
        assert self.editing.tool_id == tool, self.editing.page.error

    def aids(self, **changes) -> None:
        self.editing.change(**changes)

    def shapes(self, layer: str) -> dict[int, object]:
        table = self.session.table(layer)
        return dict(zip(table.fid.tolist(), table.geometry.to_shapely(), strict=True))


@pytest.fixture
def user(window, qtbot):
    window.resize(1300, 860)
    window.activateWindow()
    QApplication.processEvents()
    user = User(window, qtbot)
    window.canvas.show_bounds((X - 50, Y - 50, X + 1050, Y + 1050), 0.05)
    qtbot.waitUntil(window.is_current, timeout=30_000)
    user.before = {layer: user.shapes(layer) for layer in ("field", "way", "spot")}
    yield user
    window.editing.stop()


def made(user, layer):
    """The one new feature of a layer."""
    new = [shape for fid, shape in user.shapes(layer).items() if fid not in user.before[layer]]
    assert len(new) == 1, user.editing.page.error
    return new[0]


def near(user) -> float:
    """A pixel, in metres."""
    return 1.5 * user.canvas.viewport.units_per_px


def test_the_way_in_and_out(user, qtbot):
    assert not user.editing.is_on
    user.window.topbar.edit.click()
    assert user.editing.tool_id == "select"
    assert user.window.map.card.page() is user.editing.page
    assert user.editing.layer
    user.key(Qt.Key.Key_Escape)
    assert not user.editing.is_on
    assert user.window.map.card.isHidden()
    user.canvas.clicked.emit(X + 100, Y + 100, NONE)
    assert user.window.cards.inspector.hits, "the map has its clicks back"


def test_a_point_is_drawn_with_a_click(user):
    user.aids(snapping=False)
    user.take("point", "spot")
    user.click(300, 300)
    assert made(user, "spot").centroid.distance(shapely_point(300, 300)) <= near(user)
    user.window.topbar.undo.click()
    assert user.shapes("spot").keys() == user.before["spot"].keys()


def shapely_point(x, y):
    import shapely

    return shapely.Point(X + x, Y + y)


def test_a_line_snaps_to_the_crossing_and_backspace_takes_back(user):
    user.take("line", "way")
    user.click(100, 100)
    user.click(800, 200)
    user.key(Qt.Key.Key_Backspace)
    user.move(502, 503)
    assert user.editing.hand.here.snap.kind == "vertex" or user.editing.hand.here.snap.kind == "intersection"
    user.click(502, 503)
    user.key(Qt.Key.Key_Return)
    coords = np.asarray(made(user, "way").geoms[0].coords) if hasattr(made(user, "way"), "geoms") else None
    assert len(coords) == 2
    assert coords[-1] == pytest.approx((X + 500, Y + 500), abs=1e-6)


def test_a_double_click_ends_an_area_and_escape_gives_one_up(user):
    user.aids(snapping=False, right_angles=False)
    user.take("polygon", "field")
    user.click(600, 100)
    user.click(900, 100)
    user.key(Qt.Key.Key_Escape)
    assert user.editing.tool_id == "polygon", "Esc gives up the sketch first"
    for place in ((600, 100), (900, 100)):
        user.click(*place)
    user.double(900, 400)
    area = made(user, "field").area
    assert area == pytest.approx(45_000, rel=0.03)
    user.key(Qt.Key.Key_Escape)
    assert user.editing.tool_id == "select"


def test_typed_numbers_place_vertices(user):
    user.aids(snapping=False, right_angles=False)
    user.take("line", "way")
    user.move(200, 200)
    user.type(f"{X + 100},{Y + 700}\n")
    user.type("@30,-40\n")
    user.move(600, 800)
    user.type("100\t90\n")
    user.key(Qt.Key.Key_Return)
    coords = np.asarray(made(user, "way").geoms[0].coords) - (X, Y)
    assert coords[:2] == pytest.approx(np.array([(100, 700), (130, 660)]))
    assert coords[2] == pytest.approx((230, 660), abs=0.05), "metres on the ground, not of the map"


def test_a_length_alone_is_locked(user):
    user.aids(snapping=False, right_angles=False)
    user.take("line", "way")
    user.click(100, 700)
    user.move(300, 700)
    user.type("50\n")
    assert user.editing.hand.tool.length == 50.0
    user.click(400, 700)
    user.key(Qt.Key.Key_Return)
    assert made(user, "way").length == pytest.approx(50, rel=1e-3)


def test_what_is_no_number_stays_in_the_field(user):
    user.take("line", "way")
    user.click(100, 700)
    user.type("5-\n")
    entry = user.editing.hand.entry
    assert entry.isVisible()
    assert entry.fields[0].property("bad") == "true"
    user.qtbot.keyClick(entry.fields[0], Qt.Key.Key_Escape)
    assert not entry.isVisible()
    assert len(user.editing.hand.tool.places) == 1


def test_numbers_as_people_write_them():
    assert number("１２．５") == 12.5
    assert number("1,234.5 m") == 1234.5
    assert number("90°") == 90.0
    assert number("abc") is None
    assert number("nan") is None


def test_shift_keeps_to_fifteen_degrees(user):
    user.aids(snapping=False, right_angles=False)
    user.take("line", "way")
    user.click(100, 100)
    user.click(300, 108, Qt.KeyboardModifier.ShiftModifier)
    user.key(Qt.Key.Key_Return)
    a, b = made(user, "way").geoms[0].coords
    assert b[1] - a[1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("tool", ["circle", "rectangle", "regular"])
def test_shapes_of_a_few_clicks(user, tool):
    user.aids(snapping=False, right_angles=False)
    user.take(tool, "field")
    user.click(700, 200)
    user.click(800, 200)
    if tool == "rectangle":
        user.click(790, 260)
    area = made(user, "field").area
    wanted = {"circle": np.pi * 100**2, "rectangle": 6000, "regular": 3 * 3**0.5 / 2 * 100**2}[tool]
    assert area == pytest.approx(wanted, rel=0.05)


def test_freehand(user):
    user.take("freehand", "field")
    user.drag((700, 100), (800, 100), (800, 200), (700, 200))
    assert made(user, "field").area == pytest.approx(10_000, rel=0.05)


def test_selecting_by_click_rectangle_and_loop(user):
    user.take("select", "field")
    user.click(100, 400)
    assert {k: v.tolist() for k, v in user.session.selection.fids.items()} == {"field": [1]}
    user.click(800, 800, Qt.KeyboardModifier.ShiftModifier)
    assert len(user.session.selection) == 2
    user.drag((560, 560), (640, 700))
    assert user.session.selection.fids["field"].tolist() == [3]
    user.take("lasso", "field")
    user.drag((60, 60), (140, 60), (140, 140), (60, 140))
    assert user.session.selection.fids["spot"].tolist() == [1]


def test_a_vertex_is_dragged_added_and_removed(user):
    user.aids(snapping=False, topological=False)
    user.take("vertices", "field")
    user.click(800, 800)
    user.drag((1000, 1000), (1010, 1005), (1030, 1020))
    moved = user.shapes("field")[3]
    assert moved.bounds[2:] == pytest.approx((X + 1030, Y + 1020), abs=near(user))
    user.double(800, 600)
    assert len(user.shapes("field")[3].geoms[0].exterior.coords) == 6
    user.move(1000, 600)
    user.key(Qt.Key.Key_Delete)
    assert len(user.shapes("field")[3].geoms[0].exterior.coords) == 5
    for _ in range(3):
        user.window.topbar.undo.click()
    assert user.shapes("field")[3].equals(user.before["field"][3])


def test_vertices_in_a_rectangle_move_together(user):
    user.aids(snapping=False, topological=False)
    user.take("vertices", "field")
    user.click(800, 800)
    user.drag((980, 560), (1040, 1040))
    user.drag((1000, 1000), (1020, 1000))
    assert user.shapes("field")[3].area == pytest.approx(420 * 400, rel=0.01)


def test_moving_with_the_mouse_and_by_numbers(user):
    user.aids(snapping=False)
    user.take("move", "field")
    user.drag((800, 800), (820, 800), (850, 800))
    assert user.shapes("field")[3].bounds[0] == pytest.approx(X + 650, abs=near(user))
    before = user.shapes("field")[3].bounds
    user.type("@10,20\n")
    after = user.shapes("field")[3].bounds
    assert np.subtract(after, before) == pytest.approx((10, 20, 10, 20))


def test_rotating_and_scaling_by_numbers(user):
    user.take("rotate", "field")
    user.click(800, 800)
    user.key(Qt.Key.Key_Escape)
    user.type("45\n")
    shape = user.shapes("field")[3]
    assert shape.bounds[2] - shape.bounds[0] == pytest.approx(400 * 2**0.5, rel=1e-3)
    user.take("scale", "field")
    user.type("0.5\n")
    assert user.shapes("field")[3].area == pytest.approx(200 * 200, rel=1e-3)


def test_split_reshape_and_hole(user):
    user.aids(snapping=False, right_angles=False)
    user.take("split", "field")
    user.click(560, 800)
    user.click(1040, 800)
    user.click(1040, 800, button=Qt.MouseButton.RightButton)
    assert len(user.shapes("field")) == 4, user.editing.page.error
    assert sum(s.area for s in user.shapes("field").values()) == pytest.approx(
        sum(s.area for s in user.before["field"].values())
    )
    user.window.topbar.undo.click()
    user.take("hole", "field")
    for place in ((700, 700), (800, 700), (800, 800)):
        user.click(*place)
    user.key(Qt.Key.Key_Return)
    assert user.shapes("field")[3].area == pytest.approx(160_000 - 5_000, rel=0.01), user.editing.page.error


def test_a_line_is_continued_and_copied_beside_itself(user):
    user.aids(snapping=False, right_angles=False)
    user.take("continue", "way")
    user.click(1000, 500)
    user.click(1000, 700)
    user.key(Qt.Key.Key_Return)
    assert user.shapes("way")[1].length == pytest.approx(1200, rel=0.01), user.editing.page.error
    user.take("parallel", "way")
    user.click(500, 900)
    user.type("50\n")
    assert len(user.shapes("way")) == 3, user.editing.page.error
    assert min(s.bounds[0] for s in user.shapes("way").values() if s.length < 1100) == pytest.approx(X + 450, abs=0.1)


def test_tracing_follows_an_edge(user):
    user.take("trace", "way")
    user.click(0, 0)
    user.click(500, 500)
    user.key(Qt.Key.Key_Return)
    assert made(user, "way").length == pytest.approx(1000, rel=0.01)


def test_a_construction_line_is_snapped_to_and_never_stored(user):
    user.take("guide", "field")
    user.aids(snapping=False)
    user.click(700, 50)
    user.click(700, 90)
    user.aids(snapping=True)
    assert len(user.editing.hand.guides) == 1
    assert user.session.is_saved
    user.take("polygon", "field")
    user.move(703, 350)
    snap = user.editing.hand.here.snap
    assert snap is not None
    assert snap.x == pytest.approx(X + 700, abs=near(user))


def test_tools_that_do_not_fit_say_why(user):
    user.take("select", "spot")
    button = user.editing.page.buttons["polygon"]
    assert not button.isEnabled()
    assert "Needs a layer of areas" in button.toolTip()
    delete = user.editing.page.actions_["feature.delete"]
    assert not delete.isEnabled()
    assert "Nothing is selected" in delete.toolTip()
    entries = {e.title: e for e in user.editing.entries()}
    assert entries["Polygon"].disabled


def test_what_fails_is_told_on_the_page_and_gone_with_what_works(user):
    user.aids(snapping=False, right_angles=False)
    user.take("hole", "field")
    for place in ((620, 100), (700, 100), (700, 200)):
        user.click(*place)
    user.key(Qt.Key.Key_Return)
    assert user.editing.page.error
    assert user.shapes("field").keys() == user.before["field"].keys()
    user.take("polygon", "field")
    assert not user.editing.page.error


def test_middle_button_and_space_pan_with_a_tool_in_hand(user):
    user.aids(snapping=False)
    user.take("line", "way")
    user.click(100, 100)
    centre = user.canvas.viewport.centre
    canvas = user.canvas
    at = user.px(500, 300)
    user.qtbot.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=at)
    user._mouse(QEvent.Type.MouseMove, at + QPoint(60, 0), Qt.MouseButton.NoButton, Qt.MouseButton.MiddleButton)
    user.qtbot.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=at + QPoint(60, 0))
    assert canvas.viewport.centre[0] < centre[0]
    assert len(user.editing.hand.tool.places) == 1


def test_delete_and_undo_with_the_keys(user):
    user.take("select", "field")
    user.click(800, 800)
    user.editing.page.actions_["feature.delete"].click()
    assert 3 not in user.shapes("field")
    user.window.run("edit.undo")
    assert 3 in user.shapes("field")


def test_aids_are_remembered(user):
    user.take("select", "field")
    user.editing.page.kinds["centre"].click()
    user.editing.page.switches["topological"].click()
    kept = user.window.preferences.aids
    assert "centre" in kept.kinds
    assert kept.topological is False


def test_every_tool_is_named_in_both_languages(user):
    user.take("select", "field")
    user.window.set_language("zh")
    texts = {t.text() for t in user.editing.page.buttons.values()}
    assert {"选择", "节点", "面", "三点矩形"} <= texts
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in texts), texts
    user.window.set_language("en")
    assert set(BY_ID) == set(user.editing.page.buttons)


def test_rectangles_and_directions():
    assert shapes.rectangle((0, 0), (4, 0), (5, 3)) == [(0, 0), (4, 0), (4, 3), (0, 3), (0, 0)]
    assert shapes.rectangle((0, 0), (4, 0), (9, 0)) == []
    assert shapes.azimuth((0, 0), (1, 0)) == 90.0
    assert shapes.stepped((0, 0), (10, 0.5)) == pytest.approx((10, 0))
    assert shapes.regular((0, 0), (0, 1), 4)[1] == pytest.approx((1, 0))
