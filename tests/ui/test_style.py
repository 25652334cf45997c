"""The style inspector: kinds of map, histogram, one step to undo a drag."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from lydigital.model.style import AREA
from lydigital.ui import theme
from lydigital.ui.panels.style import THEMES


@pytest.fixture
def panel(window, framed):
    """The inspector of the small city's fields, in classes of their area."""
    with framed(window):
        window.do("style.graduate", layer="field", field=AREA, classes=2, method="equal")
    window.layers.choose("field")
    window.layers.tree.tools.look.click()
    QApplication.processEvents()
    return window.cards.style


def test_opens_from_the_layer_row_and_shows_what_decides(window, panel):
    assert window.map.card.page() is panel
    assert window.map.card.isVisible()
    assert panel.theme == "graduated"
    assert panel.histogram.limits == pytest.approx((0.1225,), abs=0.003)
    assert panel.values.known == 3
    assert panel.list._counts == [1, 2]


def test_dragging_a_limit_is_one_step_and_live(window, panel, framed, qtbot):
    before = window.session.document
    steps = len(window.session.history.entries)
    view = panel.histogram
    x = round(view.x_of(view.limits[0]))
    with framed(window):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(x, 60))
        for k in (10, 25, 45, 70):
            qtbot.mouseMove(view, QPoint(x + k, 60))
            qtbot.wait(25)
            assert window.session.style("field").scheme.method == "manual"
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(x + 70, 60))
    assert not view.is_held
    assert window.session.style("field").rules[0].maximum == view.limits[0] > 0.17
    assert panel.list._counts == [2, 1]
    assert len(window.session.history.entries) == steps + 1
    window.do("edit.undo")
    assert window.session.document == before
    assert panel.histogram.limits == pytest.approx((0.1225,), abs=0.003)


def test_keys_move_a_limit(window, panel, qtbot):
    view = panel.histogram
    first = view.limits[0]
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.session.style("field").rules[0].maximum != pytest.approx(first, abs=1e-9))
    assert window.session.style("field").rules[0].maximum > first


@pytest.mark.parametrize("kind", [t for t, _, kinds in THEMES if "polygon" in kinds])
def test_every_kind_of_map_for_areas(window, panel, framed, kind, qtbot):
    with framed(window):
        panel.kind.choose(kind)
        qtbot.waitUntil(lambda: panel.theme == kind)
    assert panel.kind.currentData() == kind
    assert not window.notices.notices
    for name in ("dark", "light"):
        window.set_theme(name)
    window.set_language("zh")
    assert panel.kind.currentText() == ZH[kind]
    theme.apply(QApplication.instance(), "light")


ZH = {"single": "单一符号", "categorized": "分类设色", "graduated": "分级设色", "proportional": "比例符号",
      "chart": "统计图符号", "dots": "点密度图", "bivariate": "双变量"}  # fmt: skip


@pytest.mark.parametrize("kind", ["single", "categorized", "heat", "cluster"])
def test_kinds_of_map_for_points(window, framed, kind, qtbot):
    window.cards.show_style("spot")
    panel = window.cards.style
    with framed(window):
        panel.kind.choose(kind)
        qtbot.waitUntil(lambda: panel.theme == kind)
    assert not window.notices.notices


def test_a_layer_without_numbers_says_so(window, qtbot):
    window.cards.show_style("spot")
    panel = window.cards.style
    panel.kind.choose("graduated")
    qtbot.waitUntil(lambda: bool(window.notices.notices))
    assert panel.theme == panel.kind.currentData() == "single"


def test_reset_gives_the_catalogue_back_and_a_removed_layer_closes(window, panel):
    window.do("style.reset", layer="field")
    assert panel.theme == panel.kind.currentData() == "single"
    window.do("layer.remove", layer="field")
    assert not window.map.card.isVisible()
