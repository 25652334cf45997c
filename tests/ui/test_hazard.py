"""The drill of a duty officer in the real window: from a rainfall file to an issued bulletin; and what may go wrong on the way."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lydigital import paths
from lydigital.commands import desk as desks
from lydigital.commands.registry import execute
from lydigital.model.office import Office
from lydigital.session import open_session
from lydigital.ui import app

OFFICE = Office(people={"Li": ("duty",), "Wang": ("reviewer",), "Zhao": ("signatory",)})
BOTH_MS = 90_000


@pytest.fixture
def city(application, qtbot, tmp_path):
    """The sample city in the window, in the workspace of warnings, an officer at the desk."""
    store = tmp_path / "city.gpkg"
    shutil.copy(paths.sample_store(), store)
    session = open_session(str(store), author="Li", office=OFFICE)
    session.backups = tmp_path / "backups"
    made = app.shown(session, size=(1440, 900), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


def click(button) -> None:
    """As the hand does it."""
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _at_hand(window):
    """The page of warnings and its desk."""
    page = window.cards.space("hazard")
    return page, page.desk


def gauges(path, hours=30):
    """A long table of twelve gauges whose rain grows to the south-west."""
    end = datetime.now(UTC).astimezone().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    lines = ["station,name,lon,lat,time,rain"]
    for g in range(12):
        lon, lat = 111.3 + 0.4 * (g % 4), 33.8 + 0.4 * (g // 4)
        for h in range(hours):
            at = end - timedelta(hours=hours - 1 - h)
            rain = "" if (g, h) == (3, 4) else f"{max(0.0, 9.0 - 1.5 * (g % 4) - 1.5 * (g // 4)):.1f}"
            lines.append(f"T{g:02d},Gauge {g},{lon},{lat},{at:%Y-%m-%d %H:%M},{rain}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_from_rain_file_to_issued_bulletin(city, qtbot, tmp_path):
    city.set_workspace("hazard")
    page, desk = _at_hand(city)
    assert not page.judge.compute.isEnabled()
    began, worked = time.perf_counter(), time.process_time()

    desk.load_rain(str(gauges(tmp_path / "rain.csv")))
    qtbot.waitUntil(lambda: desk.series is not None and desk.busy == "", timeout=BOTH_MS)
    assert "12" in page.rain.state
    page.judge.open()
    click(page.judge.compute)
    qtbot.waitUntil(lambda: desk.run is not None and desk.busy == "", timeout=BOTH_MS)
    assert desk.assessed.townships
    assert page.judge.towns.topLevelItemCount() == len(desk.assessed.townships)
    assert city.picture.overlays

    click(page.judge.draft)
    issue = desk.issue
    assert issue.status == "draft"
    assert issue.purpose == "exercise"
    assert issue.run == desk.run.id
    assert not city.picture.overlays, "the zones take the place of the grid"

    page.go_to(page.issue)
    page.issue.note.setText("Agreed with the weather office")
    click(page.issue.steps["warning.consult"])
    click(page.issue.steps["warning.submit"])
    assert desk.issue.status == "review"
    assert not page.issue.steps["warning.review"].isEnabled()
    assert "reviewer" in page.issue.why.text()

    city.set_operator("Wang")
    click(page.issue.steps["warning.review"])
    city.set_operator("Zhao")
    click(page.issue.steps["warning.issue"])
    assert desk.issue.status == "issued"
    assert desk.issue.number == 1
    assert page.product.is_open
    assert "第1期" in page.product.text.toPlainText()
    spent, cpu = time.perf_counter() - began, time.process_time() - worked
    print(f"program's part of the drill: {spent:.1f} s wall, {cpu:.1f} s CPU")
    assert cpu < 600, "the whole drill has ten minutes"
    assert {i.id for i in desks.ledger_of(city.session).latest} == {desk.issue.id}


@pytest.fixture
def drafted(city, qtbot):
    """A draft with two townships."""
    towns = city.session.table("township").column("code").to_pylist()
    execute(city.session, "warning.draft", townships={str(towns[0]): 3, str(towns[1]): 2}, purpose="exercise")
    city.set_workspace("hazard")
    return city


def test_a_stroke_is_one_step_and_needs_a_reason(drafted, qtbot):
    window, desk = drafted, drafted.cards.space("hazard").desk
    execute(window.session, "layer.show", layer="warning_zone")
    before = desk.issue
    desk.change_brush(level=1, radius_m=8000.0)
    desk.take("brush")
    _drag(window.canvas, [(500, 400), (540, 430)])
    assert desk.issue == before, "without a reason nothing is painted"
    desk.change_brush(reason="cracks seen")
    depth = window.session.history.next_undo()
    _drag(window.canvas, [(500, 400), (540, 430)])
    painted = desk.issue
    assert [int(z.level) for z in painted.zones] == [1]
    assert painted.zones[0].reason == "cracks seen"
    lifted = [t for t in painted.townships if t.override is not None]
    assert lifted
    assert all(t.override.reason == "cracks seen" for t in lifted)
    assert len(window.session.table("warning_zone")) >= 1
    _drag(window.canvas, [(540, 430), (580, 460)])
    assert len(desk.issue.zones) == 1, "strokes that touch are one zone"
    window.do("edit.undo")
    assert desk.issue == painted
    window.do("edit.undo")
    assert desk.issue == before
    assert window.session.history.next_undo() == depth


def test_the_eraser_takes_its_level_only_and_other_levels_give_way(drafted):
    window, desk = drafted, drafted.cards.space("hazard").desk
    desk.change_brush(level=1, radius_m=8000.0, reason="drill")
    desk.take("brush")
    _drag(window.canvas, [(500, 400), (560, 400)])
    red = desk.issue.zones[0].area_km2
    desk.change_brush(level=2)
    _drag(window.canvas, [(560, 400), (600, 400)])
    areas = {int(z.level): z.area_km2 for z in desk.issue.zones}
    assert areas[1] < red, "a place has one level"
    desk.take("eraser")
    _drag(window.canvas, [(500, 400), (600, 400)])
    left = {int(z.level): z.area_km2 for z in desk.issue.zones}
    assert left[1] == areas[1], "only orange was erased"
    assert left.get(2, 0.0) < areas[2]


def test_a_click_gives_a_township_the_level_and_a_second_takes_it(drafted):
    window, desk = drafted, drafted.cards.space("hazard").desk
    desk.change_brush(level=2, reason="report of the township")
    desk.take("township")
    at = QPoint(520, 420)
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)
    first = {t.code: int(t.level) for t in desk.issue.townships}
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)
    second = {t.code: int(t.level) for t in desk.issue.townships}
    changed = set(first.items()) ^ set(second.items())
    assert changed
    assert {level for _, level in changed} == {2}
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert desk.tool_id == ""
    assert window.canvas.hand is None


def test_thresholds_follow_the_hand_and_are_taken_on_request(city, qtbot):
    city.set_workspace("hazard")
    page, desk = _at_hand(city)
    desk.load_rain("")
    qtbot.waitUntil(lambda: desk.series is not None and desk.busy == "", timeout=BOTH_MS)
    click_when = page.judge.compute
    page.judge.open()
    click(click_when)
    qtbot.waitUntil(lambda: desk.run is not None and desk.busy == "", timeout=BOTH_MS)
    run, red = desk.run, desk.assessed.area_km2[1]
    slider = page.judge.sliders[-1][0]
    slider.setValue(260)
    qtbot.waitUntil(lambda: desk.is_trial, timeout=5000)
    assert desk.assessed.area_km2[1] < red
    assert desk.run is run, "a trial is not a run"
    assert page.judge.figures[1][1].text() == f"{desk.assessed.area_km2[1]:,.0f}"
    desk.take_trial()
    assert desk.run.digest != run.digest
    assert desk.run.model.breaks[-1] == 260
    first = page.judge.sliders[0][0]
    first.setValue(280)
    qtbot.waitUntil(lambda: desk.is_trial, timeout=5000)
    assert list(desk.trial.breaks) == sorted(set(desk.trial.breaks)), "a slider pushes the others"
    desk.choose(other="matrix_cautious")
    assert desk.compared() is not None
    assert page.judge.compute.isEnabled()


def test_every_control_is_reached_by_keyboard_and_named(drafted):
    page = drafted.cards.space("hazard")
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider

    for kind in (QAbstractButton, QComboBox, QLineEdit, QSlider):
        for widget in page.findChildren(kind):
            if isinstance(widget.parent(), QComboBox):
                continue
            name = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "") or widget.toolTip()
            assert name, widget
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, name
    QTest.keyClick(page.rain.head, Qt.Key.Key_Return)
    assert page.rain.is_open != (page.rain.body.isHidden())


def test_a_warning_that_ended_rings(drafted):
    from lydigital.ui.notices import InlineBar

    desk = drafted.cards.space("hazard").desk
    issue = desk.issue
    desk._ring(issue, "ended", "it ended")
    desk._ring(issue, "ended", "it ended")
    assert len(drafted.findChildren(InlineBar)) == 1


def _drag(canvas, points) -> None:
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*points[0]))
    for point in points:
        QTest.mouseMove(canvas, QPoint(*point))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(*points[-1]))


def test_levels_are_computed_by_themselves_when_the_hour_has_come(city, qtbot):
    city.set_workspace("hazard")
    page, desk = _at_hand(city)
    desk.load_rain("")
    qtbot.waitUntil(lambda: desk.series is not None and desk.busy == "", timeout=BOTH_MS)
    page.judge.open()
    page.judge.every.setCurrentIndex(1)
    page.judge.every.activated.emit(1)
    assert desk.every_h == 1
    assert desk._turn.isActive()
    desk._turned()
    assert desk.busy == "", "not before its time"
    desk.due = datetime(2025, 1, 1, tzinfo=UTC)
    desk._turned()
    qtbot.waitUntil(lambda: desk.run is not None and desk.busy == "", timeout=BOTH_MS)
    assert desk.due > datetime.now(UTC)
    desk.schedule(0)
    assert not desk._turn.isActive()
