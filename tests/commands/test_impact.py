"""``impact.compute`` and ``lydigital impact`` on the sample city."""

from __future__ import annotations

import io
import json
import zipfile

import msgspec
import pytest
import shapely

import lydigital as ly
from lydigital import cli, paths
from lydigital.commands import impact
from lydigital.errors import BadDataError, UsageError
from lydigital.model.impact import read_rules
from lydigital.model.layerdef import read_catalogue


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


def run(capsys, *arguments):
    code = cli.main(["impact", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def test_rules_fit_the_catalogue():
    rules, catalogue = impact.rules_of(), read_catalogue(paths.layers_dir())
    for rule in rules.lines:
        layer = catalogue.layer(rule.layer)
        for field in filter(None, (rule.code, rule.classes, rule.names, *rule.sums)):
            assert layer.field(field), f"{rule.id}: {field}"
        assert (rule.measure == "length") == (layer.geometry == "line")
    for people in rules.people:
        assert all(catalogue.layer(people.layer).field(f) for f in people.fields.values())


def test_a_townships_own_area_has_its_own_figures(city):
    """The whole of a township: what the answer says is what its attributes and its rows say."""
    towns = city.table("township")
    row = towns.column("code").to_pylist().index("410328104")
    record = towns.record(row)
    made = city.run("impact.compute", layer="township", fids=[int(towns.fid[row])])
    people = made.total.line("people").amount("people")
    assert people.value == pytest.approx(record["population"], rel=0.02)
    assert people.low <= record["population"] <= people.high
    hazards = city.table("hazard_point")
    shape = towns.geometry.to_shapely()[row]
    xy = hazards.geometry.coords
    mine = shapely.contains_xy(shape, xy[:, 0], xy[:, 1])
    threat = hazards.column("threat_people").to_numpy()
    line = made.total.line("hazard_point")
    assert line.amount("count").value == mine.sum()
    assert line.amount("threat_people").value == threat[mine].sum()
    assert len(line.names) == mine.sum()


def test_all_townships_together_are_the_city(city):
    made = city.run("impact.compute", layer="county", by="county")
    people = made.total.line("people")
    counties = dict(zip(city.table("county").column("code").to_pylist(), city.table("county").column("population").to_pylist(), strict=True))
    assert people.amount("people").value == pytest.approx(7_056_699, rel=1e-3)
    assert {p.code: p.amounts[0].value for p in people.units if p.code} == pytest.approx(counties, rel=0.01)
    assert made.total.line("school").amount("count").value == 3284


def test_a_drawn_zone_in_degrees_and_a_distance(city):
    wkt = "POLYGON((112.0 34.0, 112.05 34.0, 112.05 34.04, 112.0 34.04, 112.0 34.0))"
    made = city.run("impact.compute", geometry=wkt, crs="EPSG:4490", distance_m=1000)
    assert made.total.area_km2 == pytest.approx(20.490343, rel=1e-6)  # pyproj.Geod, GRS80
    assert made.total_near.area_km2 > made.total.area_km2 + 18
    assert made.near[0].within_m == 1000
    for line in made.total.lines:
        near = made.total_near.line(line.id)
        assert all(n.value >= a.value - 1e-6 for a, n in zip(line.amounts, near.amounts, strict=True))


def test_a_layer_that_is_not_there_is_not_known(city):
    city.run("layer.remove", layer="school")
    try:
        made = city.run("impact.compute")
    finally:
        city.undo()
    line = made.total.line("school")
    assert not line.is_known
    assert not line.amounts
    (issue,) = [i for i in made.issues if i.code == "impact.unknown"]
    assert "Schools" in issue.values["names"]
    assert impact.values_of(made)["total"]["lines"][2]["known"] is False


def test_of_issue(city):
    from datetime import UTC, datetime

    from lydigital.model.warning import Level, TownshipLevel, WarningIssue, WarningZone

    when = datetime(2025, 7, 17, 12, tzinfo=UTC)
    issue = WarningIssue(
        "YJ1", 1, 2025, 0, "exercise", "draft", "t", (), when, when,
        townships=(TownshipLevel("410328104", "x", "410328", "y", Level.RED), TownshipLevel("410328105", "z", "410328", "y", Level.BLUE)),
    )  # fmt: skip
    by_town = impact.of_issue(city, issue)
    assert [z.level for z in by_town.zones] == [1, 4]
    assert not by_town.is_overlapping
    zone = WarningZone("Z1", Level.ORANGE, shapely.to_wkb(shapely.MultiPolygon([shapely.box(112.0, 34.0, 112.05, 34.04)])), 20.5)
    by_zone = impact.of_issue(city, msgspec.structs.replace(issue, zones=(zone, zone)))
    assert by_zone.is_overlapping
    assert by_zone.total.line("school").amounts == by_zone.zones[0].line("school").amounts


def test_files(city, tmp_path):
    made = city.run("impact.compute", output=str(tmp_path / "a.xlsx"))
    from openpyxl import load_workbook

    book = load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames[0] == "All zones together"
    rows = {r[0]: r[1] for r in book.worksheets[0].iter_rows(values_only=True)}
    assert rows["Schools"] == made.total.line("school").amount("count").value
    impact.written(made, str(tmp_path / "a.docx"))
    assert "Hazard points" in zipfile.ZipFile(io.BytesIO((tmp_path / "a.docx").read_bytes())).read("word/document.xml").decode()
    impact.written(made, str(tmp_path / "a.html"))
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Sample data" in page
    assert "http" not in page
    with pytest.raises(UsageError, match="no ending"):
        impact.written(made, str(tmp_path / "a.csv"))


def test_a_name_is_no_formula_and_no_markup():
    from lydigital.model.impact import Amount, Impact, Line, Part, Provenance, ZoneImpact
    from lydigital.publish import impact_report as report

    count = (Amount("count", "n", "", 1.0),)
    line = Line("x", "X", True, Provenance("x", "x"), count, units=(Part("1", "=1+1", count, "<b>", ("=cmd()",)),))
    made = Impact("t", "township", (ZoneImpact("<script>", 1.0, (line,)),), ZoneImpact("all", 1.0, (line,)))
    from openpyxl import load_workbook

    cells = [c for s in load_workbook(io.BytesIO(report.xlsx(made))) for row in s.iter_rows() for c in row]
    assert any(c.value == "=cmd()" for c in cells)
    assert all(c.data_type != "f" for c in cells)
    assert b"<script>" not in report.html(made)


def test_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "sample", "--zone", "1", "--by", "county", "--distance", "200", "-o", str(tmp_path / "o.json"), "--json")
    values = json.loads(out)
    assert code == 0
    assert values["total"]["lines"][0]["id"] == "people"
    assert values["by"] == "county"
    assert json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))["total"] == values["total"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--zone", "99"), 2), (("--zone", "no.geojson"), 6), (("--layer", "nothing"), 2), (("--layer", "road"), 2),
        (("--distance", "-5"), 2), (("--zone", "a.geojson", "--zone", "1"), 2), (("-o", "x.csv"), 2),
    ],
)  # fmt: skip
def test_wrong_use_is_told(capsys, arguments, expected):
    code, out, err = run(capsys, "sample", *arguments, "--json")
    assert code == expected, err
    assert json.loads(out)["hint"]


def test_zones_of_a_file(capsys, tmp_path):
    path = tmp_path / "z.geojson"
    crossing = [[[112.0, 34.0], [112.1, 34.1], [112.1, 34.0], [112.0, 34.1], [112.0, 34.0]]]
    for ring, expected in (([[[112.0, 34.0], [112.1, 34.0], [112.1, 34.1], [112.0, 34.0]]], 0), (crossing, 3)):
        feature = {"type": "Feature", "properties": {"name": "鸡"}, "geometry": {"type": "Polygon", "coordinates": ring}}
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
        code, out, _ = run(capsys, "sample", "--zone", str(path), "--json")
        assert code == expected
        if not code:
            assert json.loads(out)["zones"][0]["title"] == "鸡"


def test_broken_rules_name_the_place(tmp_path):
    path = tmp_path / "impact.toml"
    path.write_text("version = 1\n[[lines]]\nidd = 'x'\n", encoding="utf-8")
    with pytest.raises(BadDataError, match="not a valid definition"):
        read_rules(path)
