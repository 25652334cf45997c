"""``emergency.*`` and ``lydigital emergency nearest`` in a valley whose times can be worked out by hand."""

from __future__ import annotations

import json
import math

import pytest

import lydigital as ly
from lydigital import cli, paths, texts
from lydigital.commands.emergency import values_of
from lydigital.commands.work.emergency import norms_of
from lydigital.errors import BadDataError, LydError, RefusedError, UsageError
from lydigital.model.emergency import read_norms
from lydigital.model.layerdef import read_catalogue
from lydigital.model.office import Office
from tests import valley
from tests.valley import M_S, box, line

HOUSE = {"layer": "incident", "fid": 1}
WEST = {"geometry": box(0, -1, 4, 1).wkt}


@pytest.fixture
def city(tmp_path):
    session = ly.open(valley.make(tmp_path / "valley.gpkg"))
    yield session
    session.close()


def no_nan(value):
    if isinstance(value, dict):
        return all(no_nan(v) for v in value.values())
    if isinstance(value, list):
        return all(no_nan(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def by_code(found):
    return {r.resource.code: r for r in found.reaches}


# --- nearest ----------------------------------------------------------------------------------------------------------


def test_times_are_those_of_the_road(city):
    found = by_code(city.run("emergency.nearest", **HOUSE))
    fire = found["DW1"]
    assert fire.metres == pytest.approx(7000, rel=1e-3)  # on the ellipsoid
    assert fire.seconds == pytest.approx(7000 / M_S, rel=1e-3)
    assert fire.straight_m == pytest.approx(7000)
    assert fire.way[0] == pytest.approx((valley.X + 9000, valley.Y))
    assert fire.way[-1] == pytest.approx((valley.X + 2000, valley.Y))
    assert found["YY1"].seconds == pytest.approx(7800 / M_S, rel=1e-3)


def test_whoever_is_away_stands_there_and_does_not_count(city):
    found = city.run("emergency.nearest", **HOUSE, kinds=["team"], services=[1], count=1)
    assert [(r.resource.code, r.resource.duty) for r in found.reaches] == [("DW2", 3), ("DW3", 1)]


def test_whoever_has_no_way_comes_last_with_the_reason(city):
    found = city.run("emergency.nearest", **HOUSE, kinds=["team"], services=[1], count=5)
    assert [r.resource.code for r in found.reaches] == ["DW2", "DW3", "DW4"]
    last = found.reaches[-1]
    assert (last.seconds, last.metres, last.way) == (None, None, ())
    assert "road" in last.reason


def test_a_cut_road_is_not_driven(city):
    found = city.run("emergency.nearest", **HOUSE, barriers=[line((3, -0.5), (3, 0.5)).wkt])
    fire = by_code(found)["DW1"]
    assert fire.seconds is None
    assert fire.reason == "Closures cut every way."
    assert by_code(found)["DW2"].seconds == pytest.approx(1000 / M_S, rel=1e-3)
    assert len(found.closures) == 1
    assert found.closures[0].name == "谷路"


def test_a_place_beside_the_road_is_walked_to(city):
    found = by_code(city.run("emergency.nearest", x=valley.X + 2000, y=valley.Y + 400, title="坡上"))
    assert found["DW1"].seconds == pytest.approx(7000 / M_S + 400 / (4 / 3.6), rel=1e-3)
    assert found["DW1"].off_road_m == pytest.approx(400, rel=1e-3)


def test_a_place_whose_road_is_closed_is_walked_to(city):
    found = city.run("emergency.nearest", **HOUSE, barriers=[box(1.9, -0.1, 2.1, 0.1).wkt])
    assert by_code(found)["DW1"].seconds == pytest.approx(6900 / M_S + 100 / (4 / 3.6), rel=2e-3)
    assert by_code(found)["DW2"].seconds == pytest.approx(900 / M_S + 100 / (4 / 3.6), rel=2e-3), "from the other side"
    assert [i.code for i in found.issues] == ["emergency.road_closed"]


def test_a_place_on_no_road_and_outside_is_said(city):
    found = city.run("emergency.nearest", x=valley.X + 60_000, y=valley.Y)
    codes = {i.code for i in found.issues}
    assert {"emergency.no_road", "emergency.outside"} <= codes
    assert all(r.seconds is None and r.reason for r in found.reaches)
    assert no_nan(values_of(found))


def test_personal_data_have_stars(city):
    found = by_code(city.run("emergency.nearest", **HOUSE))
    assert found["DW1"].resource.phone == "***"
    assert by_code(city.run("emergency.nearest", **HOUSE, personal=True))["DW1"].resource.phone == "000-1"
    city.office = Office(people={"王": ("signer",)})
    with pytest.raises(RefusedError):
        city.run("emergency.nearest", **HOUSE, personal=True)


def test_a_layer_the_map_lacks_is_not_known(city):
    city.run("layer.remove", layer="hospital")
    found = city.run("emergency.nearest", **HOUSE)
    assert [i.code for i in found.issues] == ["emergency.no_layer"]
    assert not found.of("hospital")


@pytest.mark.parametrize(
    "where",
    [{}, {"x": 1.0}, {"x": 1.0, "y": 2.0, "layer": "incident", "fid": 1}, {"layer": "incident", "fid": 99}, {"layer": "no", "fid": 1},
     {"geometry": "LINESTRING (600000 3830000, 600100 3830000)"}, {"geometry": "POINT ("}],
)  # fmt: skip
def test_an_incident_that_is_nowhere(city, where):
    with pytest.raises(LydError) as caught:
        city.run("emergency.nearest", **where)
    assert caught.value.hint_text()


def test_help_for_a_zone_goes_where_its_people_are(city):
    zone = box(0, -1, 6, 5)
    drawn = city.run("emergency.nearest", geometry=zone.wkt)
    assert (drawn.incident.x, drawn.incident.y) == (valley.X + 2000, valley.Y)
    feature = city.run("emergency.nearest", layer="community", fid=2)
    assert (feature.incident.x, feature.incident.y) == (valley.X + 5000, valley.Y + 4000)
    around = city.run("emergency.nearest", x=valley.X + 3000, y=valley.Y, radius_m=1500)
    assert around.incident.x == pytest.approx(valley.X + 3000), "a place stays where it was said"


# --- allocation -------------------------------------------------------------------------------------------------------


def test_people_of_a_zone_fill_the_nearest_and_then_the_next(city):
    made = city.run("emergency.allocate", **WEST)
    assert [(o.name, o.people) for o in made.origins] == [("西村", 1000)]
    assert [(m.shelter, m.people) for m in made.moves] == [("BN1", 800), ("BN2", 200)]
    assert made.person_seconds == pytest.approx((800 * 6000 + 200 * 7500) / M_S, rel=1e-3)
    assert made.latest_s == pytest.approx(7500 / M_S, rel=1e-3)
    assert made.left_over == 0
    inside = next(use for use in made.shelters if use.shelter.code == "BN3")
    assert (inside.taken, inside.reason) == (0, "It lies in the zone itself.")


def test_shelters_inside_where_that_is_wanted(city):
    made = city.run("emergency.allocate", **WEST, use_inside=True)
    assert [(m.shelter, m.people) for m in made.moves] == [("BN3", 1000)]


def test_more_people_than_places(city):
    made = city.run("emergency.allocate", **WEST, people=2000)
    assert (made.people, made.placed, made.left_over) == (2000, 1200, 800)
    assert [(one.people, one.why) for one in made.left] == [(800, "full")]
    assert [i.code for i in made.issues] == ["emergency.overflow"]


def test_a_village_that_is_cut_off_is_left(city):
    made = city.run("emergency.allocate", **WEST, barriers=[line((3, -0.5), (3, 0.5)).wkt])
    assert [(one.people, one.why, one.reason) for one in made.left] == [(1000, "cut", "Closures cut every way.")]
    assert not made.moves
    assert made.latest_s is None
    assert "emergency.cut_off" in {i.code for i in made.issues}
    assert no_nan(values_of(made))


def test_a_closed_road_by_its_number_cuts_the_side_valley_only(city):
    both = {"geometry": box(0, -1, 6, 5).wkt}
    made = city.run("emergency.allocate", **both, closed={"road": (3,)})
    assert {one.origin[-3:]: one.why for one in made.left} == {"202": "cut"}
    assert made.placed == 1000


def test_a_part_of_a_village_leaves(city):
    made = city.run("emergency.allocate", geometry=box(0, -1, 1, 1).wkt)
    origin = made.origins[0]
    assert (origin.people, origin.low, origin.high) == (250, 0, 1000)
    assert box(0, -1, 1, 1).contains(valley.shapely.Point(origin.x, origin.y)), "its people gather in the zone, not at its seat"


def test_nobody_goes_farther_than_allowed(city):
    made = city.run("emergency.allocate", **WEST, limit_min=6000 / M_S / 60 + 0.5)
    assert [(m.shelter, m.people) for m in made.moves] == [("BN1", 800)]
    assert [(one.people, one.why) for one in made.left] == [(200, "full")]


def test_a_capacity_below_zero_is_said_and_not_used(tmp_path):
    rows = [(shape, {**row, "capacity": -5} if row["code"] == "BN1" else row) for shape, row in valley.ROWS["shelter"]]
    session = ly.open(valley.make(tmp_path / "negative.gpkg", shelter=rows))
    made = session.run("emergency.allocate", **WEST)
    session.close()
    assert [(m.shelter, m.people) for m in made.moves] == [("BN2", 400)]
    assert made.left_over == 600
    assert {"emergency.negative", "emergency.no_capacity", "emergency.overflow"} <= {i.code for i in made.issues}


def test_a_zone_where_nobody_lives_and_a_place_without_people(city):
    made = city.run("emergency.allocate", geometry=box(10.5, -1, 11, -0.5).wkt)
    assert (made.people, made.moves) == (0, ())
    assert "emergency.nobody" in {i.code for i in made.issues}
    with pytest.raises(BadDataError):
        city.run("emergency.allocate", **HOUSE)
    assert city.run("emergency.allocate", **HOUSE, people=10).placed == 10


def test_a_place_with_a_radius_is_a_zone(city):
    made = city.run("emergency.allocate", **HOUSE, radius_m=500)
    assert made.people == pytest.approx(1000 * math.pi * 0.25 / 8, rel=0.01)


# --- plan -------------------------------------------------------------------------------------------------------------


def test_the_plan_says_all(city):
    made = city.run("emergency.plan", **WEST, kind=2, title="西村火灾", injured=150, barriers=[line((4.9, 2), (5.1, 2)).wkt])
    assert made.incident.kind_name == "Fire"
    assert made.allocation.placed == 1000
    assert [r.resource.code for r in made.dispatch if r.resource.kind == "team"] == ["DW3", "DW1"], "who is away or cannot come is not sent"
    assert {r.resource.kind for r in made.dispatch} == {"team", "depot", "hospital"}
    assert [(u.name, u.reason) for u in made.unreachable] == [("北村", "Closures cut every way.")]
    gaps = {g.id: g for g in made.gaps}
    assert (gaps["places"].needed, gaps["places"].there, gaps["places"].missing) == (1000, 1200, 0)
    assert (gaps["tents"].needed, gaps["tents"].there, gaps["tents"].missing) == (250, 100, 150)
    assert (gaps["beds"].needed, gaps["beds"].there, gaps["beds"].missing) == (150, 100, 50)
    assert (gaps["fire"].needed, gaps["fire"].there) == (2, 1)
    assert gaps["medics"].there is None, "no medical team on the map: not known, not none"
    assert gaps["medics"].missing is None
    assert "pumps" not in gaps, "of floods only"
    assert [c.name for c in made.contacts][-2:] == ["广场", "学校"]
    assert made.impact.total.line("people").amount("people").value == pytest.approx(1000)
    text = "\n".join(made.situation)
    assert all(word in text for word in ("西村火灾", "山县", "谷镇", "1,000", "150"))
    values = values_of(made)
    assert no_nan(values)
    assert json.loads(json.dumps(values))["allocation"]["placed"] == 1000
    assert values["incident"]["zone"].startswith("POLYGON")
    assert {"emergency.too_few"} <= {i["code"] for i in values["issues"]}


def test_the_plan_of_a_point_where_nobody_must_leave(city):
    made = city.run("emergency.plan", **HOUSE)
    assert made.allocation is None
    assert made.impact is None
    gaps = {g.id: g for g in made.gaps}
    assert gaps["tents"].needed is None
    assert gaps["tents"].note
    assert gaps["beds"].needed == 3
    assert made.incident.time.startswith("2025-07-17T08:00:00+08:00")


def test_what_never_had_a_road_is_said_in_the_zone_only(city):
    made = city.run("emergency.plan", geometry=box(0, -3.5, 2, -2.5).wkt, with_impact=False)
    assert [u.name for u in made.unreachable] == ["岛村"]
    assert made.allocation.left_over == 50
    assert not city.run("emergency.plan", **WEST, with_impact=False).unreachable


def test_the_plan_speaks_chinese(city):
    texts.use("zh", paths.translations_dir())
    made = city.run("emergency.plan", **WEST, kind=2, with_impact=False)
    assert any("需转移" in line for line in made.situation)
    assert {g.title for g in made.gaps} >= {"安置容量", "帐篷"}


# --- norms and the command line ---------------------------------------------------------------------------------------


def test_norms_fit_the_catalogue():
    norms, catalogue = norms_of(), read_catalogue(paths.layers_dir())
    services = {int(code) for code in catalogue.layer("team").field("kind").domain}
    kinds = {int(code) for code in catalogue.layer("incident").field("kind").domain}
    assert {int(kind) for kind in norms.called} == kinds
    for teams in (norms.everywhere, *norms.called.values()):
        assert {int(service) for service in teams} <= services
    for norm in norms.norms:
        assert norm.stock in ("", "capacity") or catalogue.layer(norm.resource).field(norm.stock), norm.id
        assert set(norm.incidents) <= kinds


def test_norms_of_the_office_go_first_and_faults_are_named(tmp_path):
    own = paths.config_dir() / "norms.toml"
    own.write_text('version = "ours"\nnorms = []\n', encoding="utf-8")
    assert norms_of().version == "ours"
    own.write_text('version = "1"\nnorms = [{id="a", title="a", unit="a", per="person", amount=-1, resource="depot"}]\n', encoding="utf-8")
    with pytest.raises(BadDataError, match="below zero"):
        norms_of()
    own.write_text('version = "1"\nnorms = []\nevrywhere = {}\n', encoding="utf-8")
    with pytest.raises(BadDataError, match="evrywhere"):
        read_norms(own)


def run(capsys, *arguments):
    code = cli.main(["emergency", "nearest", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_on_the_command_line(city, capsys):
    path = city.document.store
    code, out, _ = run(capsys, path, "--feature", "incident:1", "--of", "team", "--service", "8", "--lang", "zh")
    assert code == 0
    assert "消防站" in out
    assert "9 分钟，7.0 km" in out
    code, out, _ = run(capsys, path, "--feature", "incident:1", "--close", "road:2", "--of", "depot", "--json")
    values = json.loads(out)
    assert values["reaches"][0]["seconds"] is None
    assert values["closures"][0]["name"] == "谷路"


def test_a_place_in_degrees(city, capsys):
    from lydigital.model.crs import CGCS2000, Crs, transformation

    lon, lat = transformation(Crs("EPSG:4546"), Crs(CGCS2000)).point(valley.X + 2000, valley.Y)
    _, out, _ = run(capsys, city.document.store, "--at", f"{lon},{lat}", "--of", "depot", "--json")
    values = json.loads(out)
    assert values["incident"]["x"] == pytest.approx(valley.X + 2000, abs=0.01)
    assert values["reaches"][0]["metres"] == pytest.approx(8000, rel=1e-3)


def test_a_zone_from_a_file(city, capsys, tmp_path):
    path = tmp_path / "zone.geojson"
    ring = [[112.0, 34.5], [112.3, 34.5], [112.3, 34.7], [112.0, 34.7], [112.0, 34.5]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    code, out, _ = run(capsys, city.document.store, "--zone", str(path), "--json")
    assert code == 0
    assert json.loads(out)["incident"]["zone"].startswith("POLYGON")


@pytest.mark.parametrize("wrong", [["--at", "here"], ["--feature", "incident"], ["--close", "road"], ["--at", "112,34", "--zone", "no.gpkg"]])
def test_wrong_options(city, capsys, wrong):
    code, _, err = run(capsys, city.document.store, *wrong)
    assert code == UsageError.exit_code
    assert "→" in err


def test_the_plan_on_the_map(city):
    before = city.document
    city.run("emergency.plan_map", **WEST, kind=2, barriers=[box(4.9, 2, 5.1, 2.5).wkt])
    (ref,) = [ref for ref in city.document.layers if ref.group == "results"]
    rows = city.table(ref.id).columns.to_pylist()
    assert {(r["kind"], r["name"], r["target"], r["people"]) for r in rows if r["kind"] != 1} == {
        (2, "西村", "广场", 800), (2, "西村", "学校", 200), (3, "北沟路", "Barrier 1", None),
    }  # fmt: skip
    fire = next(r for r in rows if r["name"] == "消防站")
    assert (fire["kind"], fire["km"], fire["via"], fire["nature"]) == (1, 7.0, "谷路", "示例数据")
    city.run("edit.undo")
    assert city.document == before


def test_the_sample_city():
    """A hazard point with the people it threatens, an incident with its log; no number that is none."""
    session = ly.open("sample")
    points = session.table("hazard_point")
    threat = points.column("threat_people").to_pylist()
    row = max(range(len(threat)), key=lambda i: threat[i] or 0)
    made = session.run("emergency.plan", layer="hazard_point", fid=int(points.fid[row]))
    assert made.incident.kind == 3
    assert made.allocation.people == made.allocation.placed == threat[row]
    assert made.is_sample
    assert no_nan(values_of(made))
    incidents = session.table("incident")
    plan = session.run("emergency.plan", layer="incident", fid=int(incidents.fid[0]), with_impact=False)
    assert plan.log
    assert [e.time for e in plan.log] == sorted(e.time for e in plan.log)
    assert {r.resource.kind for r in plan.dispatch} == {"team", "depot", "hospital"}
    session.close()
