"""``emergency.cards`` and ``emergency.plan_sheet`` in the valley: what stands on paper, one page a township, what stops it."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

import lydigital as ly
from lydigital import cli
from lydigital.commands.emergencycard import Cards
from lydigital.commands.work import emergencycard as work
from lydigital.errors import CancelledError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model.office import Office
from tests import valley
from tests.valley import COUNTY, M_S, TOWN, box, line, point

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "410328105"
TOWNS = [
    (box(-1, -4, 4.5, 6), {"code": TOWN, "name": "谷镇", "county_code": COUNTY, "county": "山县", "population": 1050, "households": 310}),
    (box(4.5, -4, 12, 6), {"code": OTHER, "name": "东乡", "county_code": COUNTY, "county": "山县", "population": 300, "households": 90}),
]
POINTS = [
    (point(3, 0.5), {"code": "YH1", "name": "西坡滑坡", "kind": 2, "grade": 4, "threat_people": 12, "monitor": "赵六", "phone": "000-9", "state": "在册"}),
    (point(1, 0.6), {"code": "YH2", "name": "沟口泥石流", "kind": 3, "grade": 3, "threat_people": 40, "monitor": "钱七", "phone": "000-8", "state": "在册"}),
    (point(2, 0.6), {"code": "YH3", "name": "老崩塌", "kind": 1, "grade": 4, "threat_people": 5, "monitor": "孙八", "phone": "000-7", "state": "已核销"}),
]
SERVICES = [
    (None, {"village_code": f"{TOWN}201", "village_name": "西村", "year": 2006, "phone": True, "mobile": False, "broadband": False, "tv": True, "network": False, "station": True}),
    (None, {"village_code": f"{TOWN}203", "village_name": "岛村", "year": 2006, "phone": True, "mobile": True, "broadband": False, "tv": True, "network": False, "station": True}),
]
PLACES = [
    (point(2, 0), {"code": TOWN, "name": "谷镇", "level": "乡"}), (point(7, 0), {"code": OTHER, "name": "东乡", "level": "乡"}),
]


@pytest.fixture
def city(tmp_path, monkeypatch):
    monkeypatch.setattr(valley, "LAYERS", (*valley.LAYERS, "hazard_point", "village_service", "place"))
    for name, rows in (("hazard_point", POINTS), ("village_service", SERVICES), ("place", PLACES), ("township", TOWNS)):
        monkeypatch.setitem(valley.ROWS, name, rows)
    common = {"scale": 4, "stability": 2, "trigger": 1, "threat_assets": 10.0, "volume_m3": 100.0, "slope_deg": 30.0, "village_code": f"{TOWN}201"}
    rows = [(shape, {**common, **row}) for shape, row in POINTS]
    session = ly.open(valley.make(tmp_path / "valley.gpkg", hazard_point=rows))
    yield session
    session.close()


def cards(session, **wanted):
    found, issues = work.cards_of(session, Cards(output="x.pdf", **wanted))
    return {card.code: card for card in found}, issues


def words_of(pdf: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext")
    return subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, text=True).stdout


# --- what a card says -------------------------------------------------------------------------------------------------


def test_times_and_ways_are_those_of_the_road(city):
    found, _ = cards(city)
    card = found[TOWN]
    teams = {h.resource.code: h.seconds for h in card.teams}
    assert teams == {"DW1": pytest.approx(7000 / M_S, rel=1e-3), "DW3": pytest.approx(4000 / M_S, rel=1e-3)}, "one a service, nobody who is away"
    assert [h.resource.code for h in card.hospitals] == ["YY1"]
    assert card.hospitals[0].seconds == pytest.approx(7800 / M_S, rel=1e-3)
    assert next((h.resource.code, h.seconds) for h in card.shelters) == ("BN3", pytest.approx(500 / M_S, rel=1e-3))
    way = card.ways_out[0]
    assert (way.name, way.via) == ("东乡", ("谷路",))
    assert (way.metres, way.seconds) == (pytest.approx(5000, rel=1e-3), pytest.approx(5000 / M_S, rel=1e-3))


def test_hazard_points_are_numbered_by_people_and_struck_off_ones_left_out(city):
    card = cards(city)[0][TOWN]
    assert [(h.number, h.name, h.people) for h in card.hazards] == [(1, "沟口泥石流", 40), (2, "西坡滑坡", 12)]
    assert card.threatened == 52
    assert {h.phone for h in card.hazards} == {"***"}
    assert {h.phone for h in cards(city, personal=True)[0][TOWN].hazards} == {"000-8", "000-9"}


def test_channels_that_fail_and_those_nobody_knows(city):
    west, north, island = cards(city)[0][TOWN].villages
    assert west.missing == ("mobile", "broadband")
    assert west.unknown == ()
    assert (island.missing, island.unknown) == (("broadband",), ())
    assert (north.missing, len(north.unknown)) == ((), 5)


def test_a_township_no_road_reaches_has_a_card_too(city, tmp_path):
    city.close()
    away = (point(1, -3), {"code": OTHER, "name": "东乡", "level": "乡"})
    session = ly.open(valley.make(tmp_path / "cut.gpkg", hazard_point=[], place=[PLACES[0], away]))
    card = cards(session)[0][OTHER]
    session.close()
    assert {h.resource.code: h.seconds for h in card.teams}["DW1"] is None
    assert card.ways_out == ()


# --- the pages --------------------------------------------------------------------------------------------------------


def test_all_cards_into_one_file_every_name_on_its_page(city, tmp_path):
    pytest.importorskip("PySide6")
    done = city.run("emergency.cards", output=str(tmp_path / "cards.pdf"))
    assert (done["cards"], done["written"], done["sample"]) == (2, 2, True)
    pages = words_of(tmp_path / "cards.pdf").split("\f")
    assert len(pages) == 3
    west, east = "".join(pages[0].split()), "".join(pages[1].split())
    for name in ("谷镇", "山县", "消防站", "东派出所", "县医院", "物资库", "广场", "西村", "北村", "岛村", "沟口泥石流", "西坡滑坡", "Sampledata", "1,050"):
        assert name in west, name
    assert "老崩塌" not in west
    assert "赵六" not in west
    assert "Thereisnohazardpoint" in east


def test_a_folder_keeps_what_is_finished(city, tmp_path):
    pytest.importorskip("PySide6")
    folder = tmp_path / "cards"

    def stop(words, _share):
        if words.startswith("Card 2"):
            raise CancelledError("{title} was stopped", hint="Start it again when it suits.", title="x")

    city.progressed.connect(stop)
    with pytest.raises(CancelledError) as stopped:
        city.run("emergency.cards", output=str(folder))
    city.progressed.disconnect(stop)
    assert "1 of 2" in str(stopped.value)
    first, = folder.iterdir()
    before = first.stat().st_mtime_ns
    done = city.run("emergency.cards", output=str(folder))
    assert (done["written"], done["kept"]) == (1, 1)
    assert first.stat().st_mtime_ns == before
    assert sorted(p.name for p in folder.iterdir()) == [f"{TOWN}_谷镇.pdf", f"{OTHER}_东乡.pdf"]
    assert city.run("emergency.cards", output=str(folder), anew=True)["written"] == 2


def test_a_full_disk_is_said_and_what_is_finished_stays(city, tmp_path, monkeypatch):
    pytest.importorskip("PySide6")
    from lydigital.publish import pages

    real = pages.save

    def full(path, octets):
        if OTHER in path.name:
            raise StoreUnavailableError("{path} cannot be written: {reason}", hint="Free space.", path=str(path), reason="No space left on device")
        real(path, octets)

    monkeypatch.setattr(pages, "save", full)
    with pytest.raises(StoreUnavailableError, match="No space left") as error:
        city.run("emergency.cards", output=str(tmp_path / "cards"))
    assert "1 of 2" in str(error.value)
    assert [p.name for p in (tmp_path / "cards").iterdir()] == [f"{TOWN}_谷镇.pdf"]


def test_a_single_file_that_was_stopped_has_its_pages_beside(city, tmp_path):
    pytest.importorskip("PySide6")

    def stop(words, _share):
        if words.startswith("Card 2"):
            raise CancelledError("{title} was stopped", hint="Start it again when it suits.", title="x")

    city.progressed.connect(stop)
    with pytest.raises(CancelledError):
        city.run("emergency.cards", output=str(tmp_path / "cards.pdf"))
    assert [p.name for p in tmp_path.glob("cards*")] == ["cards-001.pdf"]


def test_wrong_names_and_kinds_are_told(city, tmp_path):
    with pytest.raises(UsageError, match="谷"):
        cards(city, townships=("谷谷镇",))
    with pytest.raises(UsageError):
        cards(city, county="水县")
    with pytest.raises(UsageError):
        city.run("emergency.cards", output=str(tmp_path / "cards.docx"))
    city.office = Office(people={"王": ("signer",)})
    with pytest.raises(RefusedError):
        cards(city, personal=True)


# --- the plan sheet ---------------------------------------------------------------------------------------------------

WEST = {"geometry": box(0, -1, 4, 1).wkt, "title": "西村山洪", "kind": 4, "injured": 3, "barriers": (line((7, -0.5), (7, 0.5)).wkt,)}


def test_the_plan_as_a_document(city, tmp_path):
    done = city.run("emergency.plan_sheet", **WEST, output=str(tmp_path / "plan.docx"), maps=False)
    assert done["moves"] == 0
    text = zipfile.ZipFile(tmp_path / "plan.docx").read("word/document.xml").decode()
    for name in ("西村山洪", "西村", "谷路", "东派出所", "Cut off"):
        assert name in text, name
    with pytest.raises(UsageError):
        city.run("emergency.plan_sheet", **WEST, output=str(tmp_path / "plan.odt"))


def test_the_plan_as_pages(city, tmp_path):
    pytest.importorskip("PySide6")
    done = city.run("emergency.plan_sheet", **{**WEST, "barriers": ()}, output=str(tmp_path / "plan.pdf"))
    assert done["moves"] == 2
    text = "".join(words_of(tmp_path / "plan.pdf").split())
    for name in ("西村山洪", "Whogoeswhere", "广场", "学校", "Whomtocall", "＊＊＊", "Sampledata", "Page1of"):
        assert name in text, name


def test_command_line(city, tmp_path, capsys):
    pytest.importorskip("PySide6")
    store = str(tmp_path / "valley.gpkg")
    city.close()
    assert cli.main(["emergency", "plan", store, "--at", "601000,3829900", "--crs", "EPSG:4546", "--title", "火灾", "-o", str(tmp_path / "p.html"), "--json"], None) == 0
    assert json.loads(capsys.readouterr().out)["output"].endswith("p.html")
    pytest.importorskip("PySide6")
    assert cli.main(["emergency", "card", store, "谷镇", "-o", str(tmp_path / "one.pdf"), "--json"], None) == 0
    assert json.loads(capsys.readouterr().out)["townships"] == [{"code": TOWN, "name": "谷镇", "county": "山县"}]
