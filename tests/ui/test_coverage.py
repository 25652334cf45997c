"""The workspace of coverage on the sample city: board, indicators linked with the map, sites tried out, index, access, blind spots."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lydigital.commands import framework
from lydigital.commands.registry import execute
from lydigital.model.office import Office
from lydigital.session import open_session
from lydigital.ui import app

LONG_MS = 120_000


@pytest.fixture
def city(application, qtbot):
    """The sample city in the window, in the workspace of coverage, all its systems looked at."""
    made = app.shown(open_session("sample", author="Li"), workspace="coverage", size=(1440, 900), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


@pytest.fixture
def desk(city):
    return city.cards.space("coverage").desk


@pytest.fixture
def page(city):
    return city.cards.space("coverage")


@pytest.fixture
def idle(qtbot, desk):
    """Wait until nothing is worked out any more."""

    def wait():
        qtbot.waitUntil(lambda: not desk.busy and not desk._waiting, timeout=LONG_MS)

    return wait


def click(button) -> None:
    """As the hand does it."""
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_board_has_a_card_of_every_system_and_opens_their_maps(city, page, desk, idle):
    board = page.frame.board
    assert city.map.board is board
    systems = framework.framework().systems
    assert set(board.tiles) == {s.id for s in systems}
    assert all(card.headline is not None and card.headline.city.value is not None for card in desk.cards)

    board.search.setText("agri_station")
    seen = {s for s, tile in board.tiles.items() if not tile.isHidden()}
    assert 0 < len(seen) < 6
    board.search.clear()
    assert not any(tile.isHidden() for tile in board.tiles.values())

    before = city.session.document
    chosen = next(s for s in systems if s.id in seen)
    click(board.tiles[chosen.id].theme)
    assert city.map.board is None
    shown = [layer for layer in chosen.shown_layers if (ref := city.session.document.layer(layer)) is not None and city.session.document.is_visible(ref)]
    assert shown
    assert any(city.session.style(layer).shows_at(city.canvas.viewport.scale) for layer in shown), "near enough to be seen"
    city.run("edit.undo")
    assert city.session.document == before

    for system in systems:
        assert board.tiles[system.id].functions.isEnabled()
        menu = page.frame.functions_of(system)
        assert len(menu.actions()) == len(system.functions)
        assert any(action.isEnabled() for action in menu.actions()), system.id

    page.frame.show_board()
    click(board.tiles[chosen.id].indicator)
    idle()
    assert city.map.board is None
    assert desk.result.indicator.id == chosen.headline
    assert page.indicator.is_open


def test_escape_shows_the_map_again_and_then_closes_the_card(city, page):
    QTest.keyClick(page.frame.board, Qt.Key.Key_Escape)
    assert city.map.board is None
    assert not city.map.card.isHidden()
    city.canvas.setFocus()
    QTest.keyClick(city.canvas, Qt.Key.Key_Escape)
    assert city.map.card.isHidden()


def test_leaving_takes_everything_off_the_map(city, page, desk, idle):
    desk.choose("village_network")
    idle()
    assert city.picture.overlays
    page.frame.show_board()
    city.set_workspace("browse")
    assert city.map.board is None
    assert not city.picture.overlays
    city.set_workspace("coverage")
    assert city.picture.overlays, "what was worked out is still in hand"


def test_rows_and_map_are_linked(city, page, desk, idle):
    city.map.close_board()
    desk.choose("village_network", "township")
    idle()
    step, result = page.indicator, desk.result
    assert [r.code for r in step.ranking.list.rows][: len(result.ranking)] == [u.code for u in result.ranking]
    assert len(step.ranking.list.rows) == len(result.units)
    assert len(step.gaps.list.rows) == len(result.gaps)

    third = result.ranking[2].code
    step.ranking.chosen.emit(third)
    table = city.session.table("township")
    fid = int(table.fid[table.column("code").to_pylist().index(third)])
    assert list(city.session.selection.fids["township"]) == [fid]
    assert desk.unit == third

    units = desk.map_of("indicator")
    x, y = next(p for code in ("410324100", result.ranking[0].code) if (p := _inside(units, code)) is not None)
    city._clicked(x, y, Qt.KeyboardModifier.NoModifier)
    assert desk.unit == units.at(x, y) != third
    assert step.ranking.list.code == desk.unit
    assert city.map.card.page() is page, "the map click stays with the ranking"

    colors = units.colors
    assert {r.color for r in step.ranking.list.rows if r.color} <= set(colors.values())
    step.trend.chosen.emit(0) if result.trend else None
    idle()
    step._choose_again(level="county")
    idle()
    assert desk.result.level == "county"
    assert len(step.ranking.list.rows) == 14


def _inside(units, code):
    bounds = units.bounds(code)
    if bounds is None:
        return None
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    return (x, y) if units.at(x, y) else None


def test_a_gap_is_gone_to_by_name(city, page, desk, idle):
    city.map.close_board()
    desk.choose("village_network", "county")
    idle()
    gap = desk.result.gaps[0]
    step = page.indicator
    step.tabs.choose("gaps")
    step.gaps.search.setText(gap.name)
    row = next(r for r in step.gaps.list.rows if r.name == gap.name)
    step.gaps.chosen.emit(row.code)
    view = city.canvas.viewport
    table = city.session.table("community")
    x, y, *_ = table.geometry.bounds[table.column("code").to_pylist().index(gap.code)]
    assert view.bounds[0] < x < view.bounds[2]
    assert view.bounds[1] < y < view.bounds[3]
    assert gap.code.startswith(desk.unit), "the county that holds it is chosen"


def test_kept_indicator_is_a_layer_and_one_step(city, desk, idle):
    desk.choose("village_network", "county")
    idle()
    before = city.session.document
    desk.keep_on_map()
    assert len(city.session.document.layers) == len(before.layers) + 1
    assert desk.result is not None, "a result of its own does not make it look again"
    city.run("edit.undo")
    assert city.session.document == before


def test_a_site_on_the_map_tells_who_is_gained(city, page, desk, idle):
    city.map.close_board()
    desk.choose("village_network", "county")
    idle()
    page.go_to(page.site)
    desk.take_site()
    assert desk.is_placing
    assert city.canvas.hand is desk.hand
    at = QPoint(420, 520)
    QTest.mouseClick(city.canvas, Qt.MouseButton.LeftButton, pos=at)
    idle()
    found = desk.what_if
    assert len(desk.sites) == 1
    assert found.after.value >= found.before.value
    assert len(page.site.gained.list.rows) == len(found.gained)
    wider = len(found.gained)
    desk.change_sites(reach_m=20_000.0)
    idle()
    assert len(desk.what_if.gained) > wider
    QTest.keyClick(city.canvas, Qt.Key.Key_Escape)
    assert city.canvas.hand is None
    assert [layer.id for layer in city.picture.overlays["coverage"].layers][-1] == "sites", "the site stays on the map"
    desk.clear_sites()
    assert "sites" not in [layer.id for layer in city.picture.overlays["coverage"].layers]
    assert desk.what_if is None


def test_weights_move_ranks(city, page, desk, idle):
    city.map.close_board()
    page.go_to(page.index)
    idle()
    first = [r.code for r in page.index.ranks.list.rows]
    assert first == [s.code for s in desk.index.ranking]
    weights = page.index._weights
    assert sum(weights.weights().values()) == pytest.approx(1)
    *rest, last = weights.sliders
    for part in rest:
        weights.sliders[part].slider.setValue(0)
    weights.sliders[last].slider.setValue(100)
    weights._moved()
    idle()
    parts = {p.id: p.weight for p in desk.index.index.parts}
    assert parts[last] == pytest.approx(1)
    assert sum(parts.values()) == pytest.approx(1)
    now = [r.code for r in page.index.ranks.list.rows]
    assert now == [s.code for s in desk.index.ranking]
    assert desk.index.ranking[0].value != desk.usual.ranking[0].value
    assert len(page.index.parts.chart.labels) == len(desk.index.ranking)
    assert page.index.formula.text().startswith(desk.index.formula[0])
    weights.reset()
    idle()
    assert [r.code for r in page.index.ranks.list.rows] == first


def test_service_area_and_who_is_in_it(city, page, desk, idle):
    city.map.close_board()
    page.go_to(page.area_step)
    desk.want_area(layer="hospital", reach_m=5_000.0)
    desk.look_at_area()
    idle()
    assert 0 < desk.served.share < 1
    assert abs(desk.served.residual) < 1e-3
    assert len(page.area_step.units.list.rows) == len(desk.served.units)
    assert len(city.picture.overlays["coverage"].layers) == 2, "the units, and the area above them"
    before = len(city.session.document.layers)
    desk.keep_area()
    assert len(city.session.document.layers) == before + 1


def test_access_delivers_what_is_there(city, page, desk, idle):
    city.map.close_board()
    page.go_to(page.access)
    desk.want_access(layer="hospital")
    desk.look_at_access()
    idle()
    found = desk.access
    assert found.delivered == pytest.approx(found.used)
    assert len(page.access.places.list.rows) == len(found.places)
    assert len(page.access.supplies.list.rows) == len(found.supplies)
    assert desk.map_of("access") is not None


def test_blind_spots_have_a_board_and_a_call_list(city, page, desk, idle):
    page.go_to(page.failing)
    desk.want_failing(hazard="susceptibility")
    desk.look_at_failing()
    idle()
    found = desk.failing
    page.failing.show_board()
    board = page.failing.board
    assert city.map.board is board
    assert board.table.model().rowCount() == len(found.places)
    assert found.is_masked
    city.session.office = Office(people={"Wang": ("duty",)})
    page.operator_changed()
    assert not page.failing.personal.isEnabled(), "whoever is not named sees stars"
    board.tabs.choose("calls")
    assert board.table.model().rowCount() == len(found.calls)
    board.tabs.choose("places")
    place = found.places[0]
    board.search.setText(f"{place.name} {place.township}")
    assert 0 < board.table.model().rowCount() < len(found.places)
    board.place_chosen.emit(place.code)
    assert city.map.board is None
    assert desk.unit == place.code


def test_language_changes_with_results_on_every_page(city, page, desk, idle):
    desk.choose("village_network", "county")
    idle()
    page.go_to(page.index)
    idle()
    page.frame.show_board()
    city.set_language("zh")
    assert page.frame.board.tiles["telecom"].accessibleName() if "telecom" in page.frame.board.tiles else page.frame.board.tiles
    assert page.indicator.indicator.currentText() == desk.result.indicator.title
    city.set_theme("dark")
    city.set_language("en")
    assert page.indicator.indicator.currentText() == desk.result.indicator.title_en


def test_a_map_without_units_says_so(window, qtbot):
    window.set_workspace("coverage")
    desk = window.cards.space("coverage").desk
    qtbot.waitUntil(lambda: not desk.busy, timeout=LONG_MS)
    page = window.cards.space("coverage")
    for step in page.steps:
        page.go_to(step)
        qtbot.waitUntil(lambda: not desk.busy and not desk._waiting, timeout=LONG_MS)
    assert desk.result is None
    assert window.notices.notices, "what is missing is told"


def test_another_map_forgets_everything(city, page, desk, idle, small_city):
    desk.choose("village_network", "county")
    idle()
    execute(city.session, "file.open", project=str(small_city), discard=True)
    city.cards.document_replaced()
    assert desk.result is None
    assert not desk.cards
    assert not city.picture.overlays


def test_the_report_is_written_beside_the_work(city, page, idle, tmp_path):
    city.map.close_board()
    page.go_to(page.report)
    page.report.maps.setChecked(False)
    target = tmp_path / "coverage.xlsx"
    page.report.write_report(str(target))
    idle()
    assert target.stat().st_size > 10_000
    assert page.report.state == "coverage.xlsx"
    assert not page.report.open_file.isHidden()


def test_palette_finds_indicators_and_the_homes_of_commands(city, page, desk, idle):
    found = city.finder("数据网")
    entry = next(e for e in found if e.title == "Villages with data network")
    entry.run()
    idle()
    assert desk.result.indicator.id == "village_network"
    assert page.indicator.is_open
    assert city.map.board is None
    city.run("framework.show")
    assert city.map.board is page.frame.board
    city.set_workspace("browse")
    city.run("coverage.failing")
    assert city.workspace == "coverage"
    assert page.failing.is_open


def test_long_work_is_stopped_and_something_else_goes_on(city, desk, idle, qtbot):
    desk.look_at_systems()
    city.jobs.cancel()
    idle()
    assert any("stopped" in notice.text for notice in city.notices.notices)
    desk.choose("village_network", "county")
    idle()
    assert desk.result is not None
