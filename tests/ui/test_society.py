"""The pages of residents, farmland and metadata in the real window."""

from __future__ import annotations

import msgspec
import pytest

pytest.importorskip("PySide6.QtWidgets")

from lydigital.session import open_session
from lydigital.ui import app, homes
from lydigital.ui.panels.ranking import RankList
from lydigital.ui.panels.utilityparts import Tabs


@pytest.fixture
def city(application, qtbot):
    made = app.shown(open_session("sample"), size=(1300, 850), lang="en")
    qtbot.addWidget(made)
    yield made
    made.close()


def done(qtbot, desk):
    qtbot.waitUntil(lambda: not desk.busy, timeout=120_000)


def test_a_click_tells_who_lives_there(city, qtbot):
    homes.go_home(city, "roster.show")
    page = city.cards.space("roster")
    desk = page.desk
    one = city.do("roster.show").households[0]
    city.cards.click(one.x, one.y)
    assert desk.code == str(one.building_fid)
    assert desk.roster.is_masked
    assert "roster" in city.picture.overlays
    desk.change(personal=True)
    assert "***" not in {h.head for h in desk.roster.households}
    city.session.office = msgspec.structs.replace(city.session.office, people={"somebody": ("duty",)})
    desk.change(personal=True)
    assert desk.roster.is_masked
    page.findChildren(Tabs)[0].buttons["needs"].click()
    done(qtbot, desk)
    ranking = page.findChildren(RankList)[-1]
    assert len(ranking.rows) == len(desk.needs.units)
    ranking.choose(desk.needs.units[0].code)
    page._who()
    assert desk.mode == "roster"
    assert desk.code == desk.needs.units[0].code
    city.do("layer.hide", layer="road")
    assert desk.roster is not None
    city.do("layer.remove", layer="building")
    assert desk.roster is None  # where they live is no longer known
    city.set_workspace("browse")
    assert "roster" not in city.picture.overlays


def test_farmland_compared_drawn_and_laid_down(city, qtbot, tmp_path):
    homes.go_home(city, "farmland.compare")
    desk = city.cards.space("farmland").desk
    desk.compare()
    done(qtbot, desk)
    assert desk.comparison.parts
    assert "farmland" in city.picture.overlays
    desk.lay_down()
    assert "results" in {ref.group for ref in city.session.document.layers}
    assert "farmland" not in city.picture.overlays
    desk.change(mode="taken")
    table = city.session.table("farmland")
    row = table.column("protected").to_pylist().index(True)
    west, south, east, north = table.geometry.bounds[row].tolist()
    desk.draw()
    assert desk.take_area([(west, south), (east, south), (east, north), (west, north)])
    done(qtbot, desk)
    assert desk.occupation.rows
    assert city.canvas.hand is not desk.hand
    desk.report(str(tmp_path / "a.html"))
    assert (tmp_path / "a.html").is_file()


def test_the_catalogue_layer_by_layer(city, qtbot, tmp_path):
    homes.go_home(city, "catalogue.show")
    page = city.cards.space("catalogue")
    desk = page.desk
    done(qtbot, desk)
    assert len(page.findChildren(RankList)[0].rows) == len(desk.record.themes)
    desk.choose("grid")
    desk.reveal("grid")
    assert city.session.document.is_visible(city.session.document.layer("grid"))
    desk.report(str(tmp_path / "grid.xml"))
    assert (tmp_path / "grid.xml").is_file()
    desk.choose("")


def test_a_map_without_any_of_it(window):
    for name in ("roster", "farmland"):
        window.set_workspace(name)
        page = window.cards.space(name)
        for mode in [m for m, _ in __import__(f"lydigital.ui.panels.{name}", fromlist=["MODES"]).MODES]:
            page.findChildren(Tabs)[0].buttons[mode].click()
    window.set_workspace("catalogue")
    assert window.cards.space("catalogue").desk is not None
