"""The page of pipes in the real window: clicks on the map, a stuck valve, a section, distances."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lydigital.session import open_session
from lydigital.ui import app
from lydigital.ui.panels.utilityparts import SectionView, Tabs


@pytest.fixture
def city(application, qtbot):
    made = app.shown(open_session("sample"), size=(1300, 850), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


@pytest.fixture
def desk(city):
    city.set_workspace("utility")
    return city.cards.space("utility").desk


def middle_of(city, trade):
    """The middle of the first step of a pipe, and a direction square to it."""
    table = city.session.table("pipe")
    g = table.geometry
    row = table.column("trade").to_pylist().index(trade)
    first = int(g.ring_offsets[g.geom_rings[row]])
    a, b = g.coords[first], g.coords[first + 1]
    way = (b - a) / np.hypot(*(b - a))
    return (a + b) / 2, np.array([-way[1], way[0]]), int(table.fid[row])


def at(city, place) -> QPoint:
    px, py = city.canvas.viewport.to_px(*map(float, place))
    return QPoint(round(px), round(py))


def click(city, place):
    QTest.mouseMove(city.canvas, at(city, place))
    QTest.mouseClick(city.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(city, place))


def look_at(city, framed, place, scale):
    with framed(city):
        city.canvas.go_to(float(place[0]), float(place[1]), scale)


def test_a_click_traces_and_shuts(city, desk, framed, qtbot):
    place, _, fid = middle_of(city, "JS")
    look_at(city, framed, place, 2_000)
    click(city, place)
    assert desk.trace.start.fid == fid
    assert "utility" in city.picture.overlays
    page = city.cards.space("utility")
    page.findChildren(Tabs)[1].buttons["up"].click()
    assert desk.trace.direction == "up"
    assert desk.trace.sources
    page.findChildren(Tabs)[0].buttons["burst"].click()
    assert desk.mode == "burst"
    click(city, place)
    shut = desk.isolation.shut[0].code
    page._stick(shut)
    assert shut not in {f.code for f in desk.isolation.shut}
    assert desk.stuck == (shut,)
    qtbot.waitUntil(lambda: desk.burst is not None and not desk.busy, timeout=90_000)
    assert desk.burst.isolation == desk.isolation
    desk.lay_down()
    assert city.session.document.layers[0].group == "results"


def test_a_drawn_line_is_cut_open(city, desk, framed, tmp_path):
    place, square, _ = middle_of(city, "PS")
    look_at(city, framed, place, 1_000)
    desk.change(mode="section")
    click(city, place - 12 * square)
    click(city, place + 12 * square)
    assert "PS" in {p.trade for p in desk.section.pipes}
    page = city.cards.space("utility")
    view = page.findChild(SectionView)
    assert not view.grab().toImage().isNull()
    assert city.map.card.width() > 500
    desk.write(str(tmp_path / "a.pdf"))
    assert (tmp_path / "a.pdf").is_file()
    desk.change(mode="trace")
    assert page.findChild(SectionView) is None or page.extra_px == 0


def test_what_was_found_goes_with_its_pipes(city, desk, framed):
    place, _, _ = middle_of(city, "JS")
    look_at(city, framed, place, 2_000)
    click(city, place)
    found = desk.trace
    city.do("layer.hide", layer="road")
    assert desk.trace is found  # nothing of the pipes changed
    city.do("layer.remove", layer="pipe")
    assert desk.trace is None
    assert "utility" not in city.picture.overlays
    assert not desk.pick(tuple(map(float, place)), 5.0)
    assert desk.layer != "pipe"  # another network is offered instead
    city.do("edit.undo")
    desk.change(layer="pipe")
    assert desk.pick(tuple(map(float, place)), 5.0)


def test_a_map_without_pipes(window, city, desk):
    window.set_workspace("utility")
    page = window.cards.space("utility")
    for mode in ("burst", "section", "near", "trace"):
        page.desk.change(mode=mode)
        assert page.desk.networks == []
    city.do("layer.remove", layer="pipe")
    for mode in ("burst", "section", "near", "trace"):
        desk.change(mode=mode)
    assert desk.layer in {layer for layer, _ in desk.networks}


def test_distances_in_view_and_going_away(city, desk, framed, qtbot):
    place, _, _ = middle_of(city, "TX")
    look_at(city, framed, place, 5_000)
    desk.change(mode="near")
    desk.compare()
    qtbot.waitUntil(lambda: desk.clearances is not None, timeout=60_000)
    assert desk.clearances.checked
    city.set_workspace("browse")
    assert city.canvas.hand is None
    assert "utility" not in city.picture.overlays


def test_a_pipe_of_the_inspector_is_traced(city, framed):
    place, _, _ = middle_of(city, "RQ")
    look_at(city, framed, place, 2_000)
    city.cards.click(*map(float, place))
    hit = next(h for h in city.cards.inspector.hits if h.layer == "pipe")
    city.cards.inspector.trace_asked.emit(hit.layer, hit.fid)
    desk = city.cards.space("utility").desk
    assert city.workspace == "utility"
    assert desk.trace.start.fid == hit.fid
    city.cards.inspector.trace_asked.emit("cable", int(city.session.table("cable").fid[0]))
    assert desk.trace.layer == "cable"


def test_nothing_under_the_click_and_esc(city, desk, framed):
    place, _, _ = middle_of(city, "JS")
    look_at(city, framed, place + np.array([30_000.0, 0.0]), 5_000)
    said = len(city.notices.notices)
    click(city, place + np.array([30_000.0, 0.0]))
    assert desk.trace is None
    assert len(city.notices.notices) == said + 1
    QTest.keyClick(city.canvas, Qt.Key.Key_Escape)
    assert city.canvas.hand is None
    assert city.map.card.isHidden()


def test_links_of_the_government_network(city, desk, framed):
    assert {"pipe", "gov_link"} <= {layer for layer, _ in desk.networks}
    assert desk.hidden  # the whole city: pipes are not drawn
    with framed(city):
        desk.change(layer="gov_link")
        desk.reveal()
    g = city.session.table("gov_link").geometry
    place = (g.coords[0] + g.coords[1]) / 2
    look_at(city, framed, place, 20_000)
    click(city, place)
    assert desk.trace.layer == "gov_link"
    city.retranslate()
    desk.forget()
    assert desk.trace is None
    assert desk.layer == "pipe"
