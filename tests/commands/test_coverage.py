"""Commands of coverage on the sample city, and on one whose data are bad."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
import shapely

import lydigital as ly
from lydigital import cli, paths
from lydigital.commands.coverage import values_of
from lydigital.commands.work import failing, sight
from lydigital.domain.ledger import Ledger
from lydigital.domain.zones import to_wkb
from lydigital.errors import BadDataError, RefusedError, UsageError
from lydigital.model.coverage import CHANNELS
from lydigital.model.grid import Grid
from lydigital.model.office import Office
from lydigital.model.warning import Level, TownshipLevel, WarningIssue, WarningZone


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


@pytest.fixture
def copy(tmp_path):
    """A copy of the sample store, to be spoilt by ``sql`` before it is opened."""
    opened = []

    def make(*sql: str):
        path = tmp_path / paths.sample_store().name
        path.write_bytes(paths.sample_store().read_bytes())
        file = sqlite3.connect(path)
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):  # of the triggers on shapes
            file.create_function(name, 1, lambda _: None)
        with file:
            for each in sql:
                file.execute(each)
        file.close()
        opened.append(ly.open(str(path)))
        return opened[-1]

    yield make
    for session in opened:
        session.close()


def plain(found):
    """JSON without NaN: it would raise."""
    return json.loads(json.dumps(values_of(found), allow_nan=False, ensure_ascii=False))


def codes(found):
    return {issue.code for issue in found.issues}


# --- areas ------------------------------------------------------------------------------------------------------------


def test_buffers_are_dissolved_before_they_are_summed(city):
    found = city.run("coverage.area", layer="base_station")
    assert found.area_km2 < 0.5 * found.sum_km2
    assert 0 < found.share < 1
    assert len(found.sites) == len(found.pieces) == 890
    assert city.run("coverage.area", layer="base_station") is found, "kept for map and people"
    assert plain(found)["sources"][0]["layer"] == "base_station"


def test_antennas_see_less_than_their_circles(city):
    fids = [s.fid for s in city.run("coverage.area", layer="base_station").sites[:12]]
    circles = city.run("coverage.area", layer="base_station", fids=fids)
    seen = city.run("coverage.area", layer="base_station", fids=fids, method="viewshed")
    assert 0 < seen.area_km2 < circles.area_km2
    high = city.run("coverage.area", layer="base_station", fids=fids, method="viewshed", height_m=300)
    assert seen.area_km2 < high.area_km2 <= circles.area_km2 * 1.02
    outside = shapely.difference(seen.shape.to_shapely()[0], circles.shape.to_shapely()[0].buffer(130))
    assert outside.area < 1e-3 * seen.area_km2 * 1e6
    assert plain(seen)["parameters"]["Earth radius"] == "4/3"


def test_gaps_of_the_terrain_are_said(city, monkeypatch):
    sites = city.run("coverage.area", layer="base_station").sites[:3]
    whole = city.table("relief")
    values = whole.values.copy()
    values[:, : values.shape[1] // 2] = np.nan
    values[: values.shape[0] // 2] = np.nan
    monkeypatch.setattr(sight, "terrain_of", lambda *_: Grid(values, whole.origin, whole.cell, whole.crs))
    found = city.run("coverage.area", layer="base_station", fids=[s.fid for s in sites], method="viewshed", receiver_m=2.5)
    assert codes(found) <= {"coverage.gaps", "coverage.no_terrain"}
    assert {s.problem for s in found.sites} <= {"", "no_height"}
    assert found.issues
    plain(found)


def test_by_road(city):
    near = city.run("coverage.area", layer="hospital", where="level = 1", method="network", minutes=10)
    far = city.run("coverage.area", layer="hospital", where="level = 1", method="network", minutes=25)
    assert 0 < near.area_km2 < far.area_km2
    assert near.sum_km2 is None
    assert plain(far)["parameters"]["Reach"] == "25 min"


def test_what_cannot_be_asked(city):
    for given in (
        {"layer": "nowhere"}, {"layer": "relief"}, {"layer": "hospital"}, {"layer": "hospital", "fids": [10**7], "reach_m": 5},
        {"layer": "hospital", "where": "nonsense >", "reach_m": 5}, {"layer": "base_station", "method": "guess"},
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            city.run("coverage.area", **given)
        assert caught.value.hint_text()


def test_no_site_meets_the_condition(city):
    for method in ("buffer", "viewshed", "network"):
        found = city.run("coverage.area", layer="hospital", where="beds < 0", method=method, reach_m=1000)
        assert codes(found) == {"coverage.no_sites"}
        assert found.area_km2 == 0.0
        assert plain(found)["share"] == 0.0
        served = city.run("coverage.served", layer="hospital", where="beds < 0", method=method, reach_m=1000)
        assert served.served == 0.0


def test_a_site_outside_the_city_is_said(copy, city, monkeypatch):
    session = copy()
    fid = int(session.table("hospital").fid[0])
    session.run("geometry.set", layer="hospital", fid=fid, geometry="POINT (800000 3700000)")
    found = session.run("coverage.area", layer="hospital", reach_m=2000, fids=[fid])
    assert "coverage.site_outside" in codes(found)
    assert found.outside_km2 == pytest.approx(found.area_km2)
    assert found.share == 0.0
    with monkeypatch.context() as patch:
        patch.setattr(sight, "terrain_of", lambda *_: city.table("relief"))
        seen = session.run("coverage.area", layer="hospital", reach_m=2000, fids=[fid], method="viewshed")
    assert {"coverage.site_outside", "coverage.off_terrain", "coverage.mast"} <= codes(seen)
    with pytest.raises(BadDataError):  # the copy has no terrain of its own
        session.run("coverage.area", layer="hospital", reach_m=2001, fids=[fid], method="viewshed")
    road = session.run("coverage.area", layer="hospital", fids=[fid], method="network")
    assert {"coverage.site_outside", "coverage.off_road"} <= codes(road)
    access = session.run("coverage.access", layer="hospital")
    assert {"access.outside", "access.unreached"} <= codes(access)
    for each in (found, seen, road, access):
        plain(each)


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_are_all_inside_or_outside(city):
    for way in ("areal", "dasymetric"):
        found = city.run("coverage.served", layer="service_area", way=way, by="county")
        assert abs(found.residual) <= 1e-9 * found.people
        assert found.low <= found.served <= found.high <= found.people
        assert sum(u.served for u in found.units) == pytest.approx(found.served)
        assert sum(u.people for u in found.units) == pytest.approx(found.people)
        assert len(found.units) == 14
        assert plain(found)["share"] == pytest.approx(found.served / found.people)


def test_the_whole_city_is_served_by_the_whole_city(city):
    found = city.run("coverage.served", layer="county")
    assert found.share == pytest.approx(1.0, abs=2e-3)


def test_units_without_people(copy):
    session = copy("UPDATE community SET population = NULL WHERE county_code = '410324'", "UPDATE community SET population = 0 WHERE county_code = '410323'")
    found = session.run("coverage.served", layer="service_area", by="county")
    assert "coverage.unknown_people" in codes(found)
    unit = {u.code: u for u in found.units}
    assert unit["410324"].served is None
    assert unit["410324"].share is None
    assert (unit["410323"].served, unit["410323"].share) == (0.0, None)
    plain(found)
    access = session.run("coverage.access", layer="hospital")
    assert "access.no_people" in codes(access)
    assert all(p.value is None for p in access.places if p.code[:6] in ("410323", "410324"))
    assert abs(access.residual) < 1e-6
    plain(access)


def test_units_without_an_area(copy):
    session = copy("UPDATE community SET geom = NULL WHERE code = '410324111210'")
    found = session.run("coverage.served", layer="service_area")
    assert "coverage.residual" in codes(found)
    assert found.residual == pytest.approx(1876)


def test_nobody_at_all(copy):
    session = copy("UPDATE community SET population = 0")
    found = session.run("coverage.served", layer="service_area")
    assert "coverage.nobody" in codes(found)
    assert (found.served, found.share) == (0.0, None)
    access = session.run("coverage.access", layer="hospital")
    assert {"access.nobody", "access.unreached"} <= codes(access)
    assert access.mean is None
    assert (access.used, access.delivered) == (0.0, 0.0)
    plain(access)


# --- access -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [
    {"layer": "hospital", "where": "level in (1, 2, 3)"}, {"layer": "hospital", "decay": "steps"}, {"layer": "school", "reach_m": 2_000},
    {"layer": "agri_station", "decay": "gaussian"}, {"layer": "hospital", "metric": "road", "minutes": 20, "where": "level in (1, 2)"},
])  # fmt: skip
def test_what_people_get_is_what_is_there(city, given):
    found = city.run("coverage.access", **given)
    assert found.delivered == pytest.approx(found.used, rel=1e-12)
    reached = [s.capacity for s in found.supplies if not s.problem]
    assert found.used == pytest.approx(sum(reached))
    assert len(found.places) == 3244
    assert found.mean == pytest.approx(1000 * found.used / found.people)
    plain(found)


def test_people_beyond_all_counting_are_not_known(copy):
    session = copy(*(f"UPDATE {t} SET population = 9223372036854775807 WHERE fid % 2 = 0" for t in ("community", "village")))
    board = session.run("coverage.failing")
    assert any(p.people is None for p in board.places)
    plain(board)
    assert session.run("coverage.failing_map")
    near = session.run("emergency.nearest", layer="warning_zone", fid=1)
    assert "emergency.people_unknown" in codes(near)


def test_a_radius_that_is_none(copy):
    session = copy("UPDATE base_station SET radius_m = 9223372036854775807 WHERE fid = 1")
    found = session.run("coverage.area", layer="base_station", fids=[1, 2])
    assert [s.fid for s in found.sites if s.problem] == [1]
    plain(found)


@pytest.mark.parametrize("given", [{"metric": "straight"}, {"metric": "road"}])
def test_sites_that_are_nowhere(copy, given):
    session = copy("UPDATE hospital SET geom = NULL WHERE fid = 1")
    found = session.run("coverage.access", layer="hospital", **given)
    assert "access.unreached" in codes(found)
    assert {s.fid: s.people for s in found.supplies}[1] == 0.0
    plain(found)
    if given["metric"] == "road":
        road = session.run("coverage.area", layer="hospital", fids=[1, 2], method="network")
        assert [s.fid for s in road.sites if s.problem] == [1]
        plain(road)


def test_capacities_that_are_none(copy):
    session = copy("UPDATE hospital SET beds = -5 WHERE fid = 1", "UPDATE hospital SET beds = 0 WHERE fid = 2")
    found = session.run("coverage.access", layer="hospital")
    by = {s.fid: s for s in found.supplies}
    assert (by[1].capacity, by[1].problem) == (None, "unknown")
    assert by[2].ratio == 0.0
    assert "access.unknown" in codes(found)
    with pytest.raises(UsageError):
        session.run("coverage.access", layer="hospital", capacity="name")
    with pytest.raises(UsageError):
        session.run("coverage.access", layer="hospital", capacity="nothing")
    assert codes(session.run("coverage.access", layer="hospital", where="beds > 1e9")) == {"access.no_supply"}


# --- coverage and hazard ----------------------------------------------------------------------------------------------


def issue(level: int, *, zones=(), townships=()) -> WarningIssue:
    now = datetime.now(UTC)
    return WarningIssue(
        "YJ-T", 1, now.year, 1, "exercise", "issued", "演练预警", (), now - timedelta(hours=1), now + timedelta(hours=5),
        townships=tuple(TownshipLevel(c, c, c[:6], "", Level(level)) for c in townships), zones=zones,
    )  # fmt: skip


def test_zones_of_susceptibility_stand_in_when_nothing_else_is_there(city):
    board = city.run("coverage.failing")
    assert board.hazard == "susceptibility"
    assert "failing.susceptibility" in codes(board)
    assert board.places
    assert all(p.level in (1, 2) for p in board.places)
    lost = {c.channel: c for c in board.channels}
    assert set(lost) == set(CHANNELS)
    for channel in CHANNELS:
        mine = [p for p in board.places if channel in p.missing]
        assert lost[channel].places == len(mine)
        assert lost[channel].people == sum(p.people or 0 for p in mine)
    assert [len(p.missing) for p in board.places] == sorted((len(p.missing) for p in board.places), reverse=True)
    assert {c.place_code for c in board.calls} | set(board.nobody) == {p.code for p in board.failing}
    plain(board)


def test_what_villages_have_is_what_the_table_says(city):
    table = city.table("village_service")
    rows = {r["village_code"]: r for r in table.columns.to_pylist()}
    board = city.run("coverage.failing", hazard="zones", levels=[1, 2, 3])
    assert board.year == 2006
    for place in board.places:
        assert place.missing == tuple(c for c in CHANNELS if not rows[place.code][c])
    assert "failing.draft" in codes(board)


def test_a_warning_in_force_goes_first(city, monkeypatch):
    town = city.table("township")
    row = town.column("code").to_pylist().index("410324106")
    shape = town.geometry.to_shapely()[row]
    zone = WarningZone("1-001", Level.RED, to_wkb([shapely.make_valid(shape)], town.crs)[0], 1.0)
    monkeypatch.setattr(failing, "_ledger", lambda _: Ledger({1: issue(1, zones=(zone,))}))
    board = city.run("coverage.failing")
    assert board.hazard == "issue"
    mine = {p.code for p in board.places if p.code.startswith("410324106")}
    assert len(mine) == sum(c.startswith("410324106") for c in city.table("community").column("code").to_pylist())
    assert len(board.places) < 1.5 * len(mine)
    assert {p.level for p in board.places} == {1}
    assert city.run("coverage.failing", hazard="issue", levels=[2]).places == ()
    later = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
    assert city.run("coverage.failing", at=later).hazard == "susceptibility", "it is over then"


def test_without_zones_the_townships_of_a_warning_count_by_code(city, monkeypatch):
    monkeypatch.setattr(failing, "_ledger", lambda _: Ledger({1: issue(2, townships=("410324106", "410304100"))}))
    board = city.run("coverage.failing", hazard="issue")
    assert {p.code[:9] for p in board.places} == {"410324106", "410304100"}
    assert board.zones == 2


def test_from_the_desk_to_the_board(copy):
    """A warning drafted, reviewed and issued is what the board shows while it is in force, and by its number ever after."""
    session = copy()
    session.office = Office(people={"甲": ("duty",), "乙": ("reviewer",), "丙": ("signatory",)})
    for who, command, given in (
        ("甲", "draft", {"townships": {"赵村镇": 2, "合峪镇": 3}, "purpose": "exercise"}), ("甲", "submit", {}), ("乙", "review", {}), ("丙", "issue", {}),
    ):  # fmt: skip
        session.history.author = who
        session.run(f"warning.{command}", at="2025-07-16T18:00", **given)
    board = session.run("coverage.failing", at="2025-07-17T08:00")
    assert board.hazard == "issue"
    assert "failing.exercise" in codes(board)
    assert {p.township for p in board.places} == {"赵村镇"}
    assert session.run("coverage.failing", at="2025-07-18T08:00").hazard != "issue"
    again = session.run("coverage.failing", issue="2025-1", levels=[2, 3])
    assert {p.township for p in again.places} == {"赵村镇", "合峪镇"}
    with pytest.raises(UsageError):
        session.run("coverage.failing", issue="2025-9")


def test_no_warning_no_zone_of_these_levels(city):
    board = city.run("coverage.failing", hazard="issue")
    assert {"failing.no_issue", "failing.empty"} == codes(board)
    assert plain(board)["people"] is None
    assert "failing.no_zone" in codes(city.run("coverage.failing", hazard="zones", levels=[1]))


def test_contacts_are_masked_unless_the_role_may_see_them(city):
    masked = city.run("coverage.failing")
    assert masked.is_masked
    assert masked.calls
    assert all("*" in c.phone and "*" in c.name for c in masked.calls)
    bare = city.run("coverage.failing", personal=True)
    assert not bare.is_masked
    assert all("*" not in c.phone for c in bare.calls)
    first = {}
    for call in bare.calls:
        first.setdefault((call.place_code, call.at), call.role)
    assert set(first.values()) == {"Monitor"}, "who watches is called first"
    city.office = Office(people={"somebody else": ("duty",)})
    try:
        with pytest.raises(RefusedError):
            city.run("coverage.failing", personal=True)
    finally:
        city.office = Office()


def test_without_the_table_only_areas_tell(copy):
    session = copy("DELETE FROM village_service")
    board = session.run("coverage.failing")
    lost = {c.channel: c for c in board.channels}
    assert lost["broadband"].is_known
    assert lost["mobile"].is_known
    assert not lost["phone"].is_known
    assert lost["phone"].people is None
    assert {"failing.no_services", "failing.by_area", "failing.unknown"} <= codes(board)
    plain(board)


def test_old_codes_of_counties_are_understood(copy, city):
    """Villages, services and hazard points of 偃师 with the code it had before 2021, each in turn."""
    given = {"hazard": "susceptibility", "levels": [1, 2, 3]}
    want = city.run("coverage.failing", **given)
    mine = [p for p in want.places if p.code.startswith("410307")]
    assert mine
    session = copy("UPDATE village_service SET village_code = '410381' || substr(village_code, 7) WHERE village_code LIKE '410307%'")
    assert session.run("coverage.failing", **given).places == want.places
    session.close()
    session = copy(
        "UPDATE community SET code = '410381' || substr(code, 7) WHERE code LIKE '410307%'",
        "UPDATE village SET code = '410381' || substr(code, 7) WHERE code LIKE '410307%'",
    )
    old = session.run("coverage.failing", **given)
    assert {p.name: p.missing for p in old.places} == {p.name: p.missing for p in want.places}
    assert len(old.calls) == len(want.calls)


def test_a_zone_without_area(copy):
    session = copy("UPDATE warning_zone SET geom = NULL, level = 1")
    board = session.run("coverage.failing", hazard="zones")
    assert {"failing.empty_zone", "failing.no_zone", "failing.empty"} == codes(board)
    assert (board.zones, board.area_km2, board.people) == (0, 0.0, None)
    plain(board)


def test_a_zone_that_was_lifted(copy):
    session = copy("UPDATE warning_zone SET status = '解除', level = 1")
    board = session.run("coverage.failing", hazard="zones")
    assert {"failing.over", "failing.no_zone"} <= codes(board)
    named = session.run("coverage.failing", hazard="zones", fids=[int(session.table("warning_zone").fid[0])])
    assert named.places


# --- maps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "given"), [
    ("coverage.map", {"layer": "service_area"}), ("coverage.access_map", {"layer": "hospital"}), ("coverage.failing_map", {}),
])  # fmt: skip
def test_results_become_layers_in_one_step(city, command, given):
    before = city.document
    city.run(command, **given)
    (made,) = set(city.document.order) - set(before.order)
    assert len(city.table(made))
    assert set(city.table(made).column("nature").to_pylist()) == {"示例数据"}
    ref = city.document.layer(made)
    assert ref.title != ref.title_en, "named in both languages"
    city.undo()
    assert city.document == before


def test_nouns_are_values(city):
    board = city.run("coverage.failing")
    assert msgspec.to_builtins(board)["places"]


@pytest.mark.parametrize("ending", ["xlsx", "docx", "html", "json"])
def test_results_are_written(city, tmp_path, ending):
    if ending == "docx":
        pytest.importorskip("PySide6.QtGui", reason="charts in Word are painted by Qt")
    for command, given in (("served", {"layer": "service_area", "by": "county"}), ("access", {"layer": "hospital"}), ("failing", {"levels": [1]})):
        if command == "access" and ending in ("xlsx", "docx"):
            continue  # thousands of rows take seconds there
        path = tmp_path / f"{command}.{ending}"
        city.run(f"coverage.{command}", **given, output=str(path))
        assert path.stat().st_size > 3_000
    with pytest.raises(UsageError):
        city.run("coverage.failing", output=str(tmp_path / "a.txt"))


def test_the_list_to_call_is_starred_on_paper(city, tmp_path):
    city.run("coverage.failing", output=str(tmp_path / "a.html"))
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "示例监测员" not in text
    assert "000-****" in text
    city.run("coverage.failing", personal=True, output=str(tmp_path / "b.html"))
    bare = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "示例监测员" in bare
    assert "Contains personal data" in bare


def run(capsys, *arguments):
    code = cli.main(["coverage", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_on_the_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "area", "sample", "service_area", "--json")
    assert (code, json.loads(out)["outside_km2"]) == (0, pytest.approx(0.0, abs=5.0))
    code, out, _ = run(capsys, "served", "sample", "service_area", "--by", "county", "--json")
    assert code == 0
    assert len(json.loads(out)["units"]) == 14
    code, out, _ = run(capsys, "access", "sample", "hospital", "--where", "level = 1", "--json")
    assert code == 0
    assert abs(json.loads(out)["residual"]) < 1e-6
    code, out, err = run(capsys, "failing", "sample", "--hazard", "zones", "--level", "3", "-o", str(tmp_path / "a.xlsx"))
    assert code == 0
    assert "尚未签发" in err
    assert "a.xlsx" in out
    assert run(capsys, "area", "sample", "nowhere")[0] == 2
    assert run(capsys, "area", "sample", "hospital")[0] == 2
