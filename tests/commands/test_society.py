"""Roster, farmland and catalogue by commands on the sample city."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import msgspec
import pytest

import lydigital as ly
from lydigital.commands import farmland, metadata, roster
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet

GMD = "{http://www.isotc211.org/2005/gmd}"


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


def result(city):
    """The only result on the map."""
    (ref,) = [ref for ref in city.document.layers if ref.group == "results"]
    return city.table(ref.id)


def restricted(city, people):
    return msgspec.structs.replace(city.office, people=people)


def test_a_roster_is_masked_and_asked_for_by_role(city, monkeypatch):
    whole = city.run("roster.show")
    assert len(whole.households) == len(city.table("resident"))
    assert {h.head for h in whole.households} == {"***"}
    one = whole.households[0]
    for of, code in (("grid", one.grid), ("building", str(one.building_fid)), ("community", one.community), ("township", one.township)):
        found = city.run("roster.show", of=of, code=code)
        assert one in found.households
        assert found.is_masked
    seen = city.run("roster.show", of="grid", code=one.grid, personal=True)
    assert "***" not in {h.head for h in seen.households}
    assert any(i.code == "roster.partial" for i in seen.issues)
    monkeypatch.setattr(city, "office", restricted(city, {"somebody": ("duty",)}))
    with pytest.raises(RefusedError):
        city.run("roster.show", personal=True)
    with pytest.raises(RefusedError):
        city.run("roster.needs", personal=True)
    assert city.run("roster.show").is_masked


def test_a_roster_of_a_click(city):
    one = city.run("roster.show").households[0]
    found = city.run("roster.show", of="building", x=one.x, y=one.y)
    assert found.code == str(one.building_fid)
    with pytest.raises(UsageError):
        city.run("roster.show", of="grid", x=0.0, y=0.0)
    with pytest.raises(UsageError):
        city.run("roster.show", of="grid", code="nowhere")
    with pytest.raises(UsageError):
        city.run("roster.show", of="grid")
    with pytest.raises(UsageError):
        city.run("roster.needs", categories=[99])


def test_needs_as_list_layer_and_report(city, tmp_path):
    found = city.run("roster.needs", by="community", output=str(tmp_path / "n.html"))
    assert sum(u.households for u in found.units) == found.total.households == len(found.households)
    assert json.dumps(roster.values_of(found))
    html = (tmp_path / "n.html").read_text(encoding="utf-8")
    assert "internal use only" in html
    assert "示例户主" not in html
    before = city.document
    assert isinstance(city.run("roster.needs_map"), ChangeSet)
    made = result(city)
    assert sum(made.column("households").to_pylist()) == found.total.households
    assert not {"head", "phone"} & set(made.column_names)
    city.undo()
    assert city.document == before


def test_farmland_compared_and_occupied(city, tmp_path):
    found = city.run("farmland.compare", output=str(tmp_path / "f.xlsx"))
    values = json.loads(json.dumps(farmland.values_of(found)))
    assert values["city"]["lost_ha"] > values["city"]["gained_ha"] > 0
    assert found.residual_ha < 1e-6 * found.city.before_ha
    assert sum(u.before_ha for u in found.units) == pytest.approx(found.city.before_ha)
    before = city.document
    city.run("farmland.compare_map")
    table = result(city)
    assert set(table.column("change").to_pylist()) == {"lost", "gained"}
    assert set(table.column("nature").to_pylist()) == {"示例数据"}
    city.undo()
    occupied = city.run("farmland.occupied", layers=["building"], output=str(tmp_path / "o.docx"))
    assert {r.layer for r in occupied.rows} == {"building"}
    city.run("farmland.occupied_map", layers=["building"])
    assert len(result(city)) == len(occupied.rows)
    city.undo()
    assert city.document == before
    assert json.dumps(farmland.values_of(occupied))


def test_a_drawn_area_on_protected_land(city):
    table = city.table("farmland")
    row = table.column("protected").to_pylist().index(True)
    west, south, east, north = table.geometry.bounds[row].tolist()
    area = f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    found = city.run("farmland.occupied", area=area)
    assert len(found.rows) == 1
    assert found.protected_ha > 0
    assert int(table.fid[row]) in found.rows[0].parcels
    for wrong in ({"area": "POINT (1 2)"}, {"area": "nonsense"}, {"layers": ["road"]}, {"layers": ["farmland"]}, {"fids": [1]}, {"layers": ["building"], "fids": [10**9]}):
        with pytest.raises(LydError):
            city.run("farmland.occupied", **wrong)


def test_the_catalogue_and_its_xml(city, tmp_path):
    found = city.run("catalogue.show")
    assert {ref.id for ref in city.document.layers} <= {m.id for m in found.layers}
    assert found.layer("resident").has_personal
    assert found.layer("resident").representation == "textTable"
    assert all(t.completeness for t in found.themes)
    assert json.dumps(metadata.values_of(found))
    folder = tmp_path / "xml"
    made = city.run("catalogue.export", output=str(folder), layers=["farmland", "relief", "resident"], checked=False)
    assert len(made["files"]) == 3
    for name, kind in (("farmland", "vector"), ("relief", "grid"), ("resident", "textTable")):
        root = ET.fromstring((folder / f"{name}.xml").read_bytes())
        assert root.tag == f"{GMD}MD_Metadata"
        order = [child.tag.removeprefix(GMD) for child in root]
        wanted = ["fileIdentifier", "language", "characterSet", "hierarchyLevel", "contact", "dateStamp", "metadataStandardName",
                  "metadataStandardVersion", "spatialRepresentationInfo", "referenceSystemInfo", "identificationInfo", "dataQualityInfo"]  # fmt: skip
        assert order == [w for w in wanted if w in order]
        assert root.find(f".//{GMD}MD_SpatialRepresentationTypeCode").get("codeListValue") == kind
        assert (root.find(f".//{GMD}EX_GeographicBoundingBox") is None) == (name == "resident")
        assert root.find(f".//{GMD}LI_Lineage") is not None
    for output in ("a.xlsx", "a.html"):
        city.run("catalogue.export", output=str(tmp_path / output), layers=["farmland"])
    city.run("catalogue.export", output=str(tmp_path / "farmland.xml"), layers=["farmland"])
    for wrong in ({"output": str(tmp_path / "b.xml")}, {"output": str(tmp_path / "b.txt")}, {"output": "x.xml", "layers": ["nothing"]}):
        with pytest.raises(UsageError):
            city.run("catalogue.export", checked=False, **wrong)
