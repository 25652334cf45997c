"""The workspace of emergencies on the sample city: an incident at a click, closures, people to shelters, log, plan."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

from lydigital import paths
from lydigital.commands.registry import execute
from lydigital.model.emergency import CLOSED
from lydigital.model.office import Office
from lydigital.session import open_session
from lydigital.ui import app

LONG_MS = 120_000


@pytest.fixture
def city(application, qtbot, tmp_path):
    """The sample city in the window, in the workspace of emergencies, its most serious incident looked at."""
    store = tmp_path / "city.gpkg"
    shutil.copy(paths.sample_store(), store)
    session = open_session(str(store), author="Li")
    session.backups = tmp_path / "backups"
    made = app.shown(session, workspace="emergency", size=(1440, 900), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


@pytest.fixture
def page(city):
    return city.cards.space("emergency")


@pytest.fixture
def desk(page):
    return page.desk


@pytest.fixture
def idle(qtbot, desk):
    """Wait until nothing is worked out any more."""

    def wait():
        qtbot.waitUntil(lambda: not desk.busy and not desk._waiting, timeout=LONG_MS)

    wait()
    return wait


def click(button) -> None:
    """As the hand does it."""
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def drag_path(canvas, points) -> None:
    """A drawn line or area: a click a place, Enter at the end."""
    for x, y in points:
        QTest.mouseMove(canvas, QPoint(x, y))
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    QTest.keyClick(canvas, Qt.Key.Key_Return)


def test_the_workspace_opens_with_the_most_serious_incident(city, page, desk, idle):
    listed = execute(city.session, "incident.list", is_open=True)
    assert desk.incident.level == min(i.level for i in listed)
    services = {r.resource.service for r in desk.nearest.of("team")}
    assert services == set(range(1, 9)), "all eight departments"
    names = {overlay.id for overlay in city.picture.overlays["emergency"].layers}
    assert {"emergency.incident", "emergency.ways", "emergency.places"} <= names
    rows = [i for i in page.pages["help"].list.items if not i.is_head]
    assert len(rows) >= 11
    assert all(i.value for i in rows)
    assert all(r.resource.phone in {"", "***"} for r in desk.nearest.reaches), "stars unless asked for"
    assert page.facts["team"].number not in {"", "–", "…"}
    assert desk.plan is not None
    assert desk.plan.impact is not None


def test_a_click_is_an_incident_and_answers_with_numbers(city, page, desk, idle):
    QTest.mouseClick(city.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 620))
    assert desk.case.geometry.startswith("POINT")
    idle()
    assert desk.first("team").seconds > 0
    assert desk.incident.zone, "danger reaches around the place"
    desk.change(radius_m=0.0)
    idle()
    assert not desk.incident.zone
    assert desk.plan.impact is None
    assert "without a zone" in page.pages["hit"].words.text()


def test_a_row_is_marked_on_the_map_and_a_mark_in_the_list(city, page, desk, idle):
    pane = page.pages["help"]
    code = next(i.code for i in pane.list.items if not i.is_head)
    pane.list.chosen.emit(code)
    assert desk.chosen == code
    assert pane.picked.isVisibleTo(pane)
    assert "emergency.chosen" in {layer.id for layer in city.picture.overlays["emergency"].layers}
    reach = desk.reach(code)
    assert dict(city.session.selection.fids)[reach.resource.kind].tolist() == [reach.resource.fid]
    other = next(r for r in desk.view.shown() if r.resource.code != code)
    case = desk.case
    city.cards.click(other.resource.x, other.resource.y)
    assert desk.chosen == other.resource.code
    assert desk.case is case, "a click on who is drawn is no new incident"
    assert pane.list.code == other.resource.code


def test_closures_are_worked_out_at_once_and_taken_back(city, page, desk, idle):
    first = desk.first("team")
    before = first.seconds
    page.show_tab("roads")
    pane = page.pages["roads"]
    click(pane.tools["cut_area"])
    assert desk.tool_id == "cut_area"
    way = first.way[len(first.way) // 2]
    city.canvas.go_to(*way, 20_000)
    px, py = city.canvas.viewport.to_px(*way)
    x, y = int(px), int(py)
    drag_path(city.canvas, [(x - 60, y - 60), (x + 60, y - 60), (x + 60, y + 60), (x - 60, y + 60)])
    assert len(desk.barriers) == 1
    idle()
    assert desk.nearest.closures
    now = desk.reach(first.resource.code)
    assert now is None or now.seconds is None or now.seconds > before
    assert any(i.code.startswith("cut/") for i in pane.list.items)
    pane.list.chosen.emit("barrier/0")
    click(pane.open)
    idle()
    assert not desk.nearest.closures
    assert desk.first("team").seconds == pytest.approx(before)
    QTest.keyClick(city.canvas, Qt.Key.Key_Escape)
    assert desk.tool_id == ""


def test_a_drawn_zone_empties_into_shelters(city, page, desk, idle):
    page.show_tab("leave")
    at = desk.incident
    city.canvas.go_to(at.x, at.y, 60_000)
    click(page.draw)
    px, py = city.canvas.viewport.to_px(at.x, at.y)
    x, y = int(px), int(py)
    drag_path(city.canvas, [(x - 150, y - 150), (x + 150, y - 150), (x + 150, y + 150), (x - 150, y + 150)])
    idle()
    found = desk.allocation
    assert desk.case.is_zone
    assert found.people == found.placed + found.left_over > 0
    pane = page.pages["leave"]
    assert f"{found.placed:,}" in pane.words.text()
    codes = {i.code for i in pane.list.items if not i.is_head}
    assert {o.code for o in found.origins} <= codes
    names = {layer.id for layer in city.picture.overlays["emergency"].layers}
    assert {"emergency.moves", "emergency.shelters", "emergency.zone"} <= names
    pane.list.chosen.emit(found.moves[0].shelter)
    assert desk.chosen == found.moves[0].shelter
    pane.people.setText(str(2 * found.people))
    QTest.keyClick(pane.people, Qt.Key.Key_Return)
    idle()
    assert desk.allocation.people == 2 * found.people
    hit = page.pages["hit"]
    page.show_tab("hit")
    assert any(i.code == "people" for i in hit.list.items)
    hit.list.chosen.emit("people")
    assert any(i.code.startswith("people/") for i in hit.list.items)


def test_a_place_becomes_an_incident_with_a_log_and_is_closed(city, page, desk, idle):
    QTest.mouseClick(city.canvas, Qt.MouseButton.LeftButton, pos=QPoint(420, 500))
    idle()
    page.show_tab("log")
    pane = page.pages["log"]
    assert pane.new.isVisibleTo(pane)
    pane.name.setText("Landslide on the road")
    pane.exercise.setChecked(True)
    click(pane.open_it)
    idle()
    assert desk.story.incident.title == "Landslide on the road"
    assert desk.case.layer == "incident"
    lines = len(desk.story.log)
    pane.text.setText("Two cars under the rock")
    QTest.keyClick(pane.text, Qt.Key.Key_Return)
    assert len(desk.story.log) == lines + 1
    assert any("Two cars" in i.below for i in pane.list.items)
    page.show_tab("help")
    team = desk.first("team")
    desk.choose(team.resource.code)
    click(page.pages["help"].send)
    assert desk.sent(team.resource.code)
    assert not page.pages["help"].send.isEnabled()
    page.show_tab("log")
    click(pane.close_it)
    assert desk.story.incident.status == CLOSED
    assert not pane.close_it.isEnabled()
    for _ in range(4):
        city.do("edit.undo")
    assert desk.case is None, "undone, it never was"


def test_the_plan_is_a_page_and_gaps_are_said(city, page, desk, idle):
    page.show_tab("plan")
    pane = page.pages["plan"]
    assert {i.code for i in pane.list.items if i.code.startswith("gap/")} == {f"gap/{g.id}" for g in desk.plan.gaps}
    click(pane.show_it)
    assert city.map.board is pane.board
    text = pane.board.text.toPlainText()
    assert desk.plan.dispatch[0].resource.name in text
    assert all(line in text for line in desk.plan.situation)
    from PySide6.QtCore import QUrl

    pane.board.text.anchorClicked.emit(QUrl(f"code:{desk.plan.dispatch[0].resource.code}"))
    assert city.map.board is None
    assert desk.chosen == desk.plan.dispatch[0].resource.code


def test_areas_by_time_come_and_go(city, page, desk, idle):
    click(page.pages["help"].within)
    idle()
    assert [a.limit_s for a in desk.within.areas] == [600.0, 1200.0, 1800.0]
    assert "emergency.within" in {layer.id for layer in city.picture.overlays["emergency"].layers}
    click(page.pages["help"].within)
    assert desk.within is None


def test_who_may_not_see_names_cannot_ask_for_them(city, page, desk, idle):
    box = page.pages["help"].personal
    assert box.isEnabled()
    click(box)
    idle()
    assert any(r.resource.phone not in {"", "***"} for r in desk.nearest.reaches)
    city.session.office = Office(people={"Wang": ("duty",)})
    city.set_operator("Li")
    idle()
    assert not box.isEnabled()
    assert all(r.resource.phone in {"", "***"} for r in desk.nearest.reaches)


def test_another_workspace_has_its_own_map_and_all_is_said_again(city, page, desk, idle):
    city.set_workspace("browse")
    assert "emergency" not in city.picture.overlays
    city.set_workspace("emergency")
    assert "emergency" in city.picture.overlays
    city.set_language("zh")
    assert page.tabs["help"].text() == "救援"
    city.set_language("en")
    for tab in page.tabs:
        page.show_tab(tab)
        for kind in (QAbstractButton, QComboBox, QLineEdit):
            for widget in page.findChildren(kind):
                if isinstance(widget.parent(), QComboBox | QLineEdit) or widget.objectName().startswith("qt_"):
                    continue
                name = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "") or widget.toolTip()
                assert name or getattr(widget, "placeholderText", str)(), widget


def test_plan_sheet_and_cards_are_files(city, page, desk, idle, tmp_path):
    pane = page.pages["plan"]
    page.show_tab("plan")
    assert pane.sheet.isVisibleTo(pane)
    pane.write("emergency.plan_sheet", str(tmp_path / "plan.docx"))
    idle()
    assert (tmp_path / "plan.docx").stat().st_size > 1_000
    assert len(desk.townships()) == 1
    pane.write("emergency.cards", str(tmp_path / "cards.pdf"))
    idle()
    assert (tmp_path / "cards.pdf").read_bytes().startswith(b"%PDF")


def test_what_takes_long_can_be_stopped(city, desk, idle):
    from lydigital.errors import CancelledError
    from lydigital.ui.jobs import Job

    job = Job("Looking", city.jobs)
    assert desk.perform(job, "emergency.nearest", **desk.given()).reaches
    job.cancelled.set()
    with pytest.raises(CancelledError):
        desk.perform(job, "emergency.nearest", **desk.given())
    with pytest.raises(CancelledError):
        desk.perform(Job("Looking", city.jobs), "emergency.nearest", unless=lambda: True, **desk.given())
