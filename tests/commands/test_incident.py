"""Incidents opened, written down and closed: rows of the map, in one step each, undone like any other."""

from __future__ import annotations

import pytest

import lydigital as ly
from lydigital.commands import incident as verbs
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.layerdef import Catalogue
from lydigital.model.office import Office
from tests import valley

NEW = {"name": "谷路塌方", "kind": 3, "x": valley.X + 3000, "y": valley.Y, "level": 3, "injured": 2, "text": "村民电话报告"}


@pytest.fixture
def city(tmp_path):
    session = ly.open(valley.make(tmp_path / "valley.gpkg"), author="值班员")
    yield session
    session.close()


def log_of(city, code):
    return [(e.kind, e.text, e.author) for e in city.run("incident.show", incident=code).log]


def test_opened_it_is_on_the_map_with_its_first_line(city):
    changes = city.run("incident.open", **NEW)
    assert city.document.layer("incident").visible
    assert city.selection.fids["incident"].tolist() == [2]
    story = city.run("incident.show", incident="2")
    found = story.incident
    assert (found.code, found.title, found.kind, found.level, found.status, found.injured) == ("SJ0002", "谷路塌方", 3, 3, 1, 2)
    assert found.county_code == valley.COUNTY
    assert found.time.endswith("+08:00")
    assert (found.x, found.y) == pytest.approx((NEW["x"], NEW["y"]))
    assert log_of(city, "SJ0002") == [(1, "村民电话报告", "值班员")]
    assert changes.issues == ()
    city.run("edit.undo")
    assert [i.code for i in city.run("incident.list")] == ["SJ0001"]
    assert not city.document.layer("incident").visible
    city.run("edit.redo")
    assert log_of(city, "SJ0002")


def test_the_course_of_an_incident(city):
    city.run("incident.log", incident="SJ0001", kind=2, text="消防站出动", resource="DW1")
    assert city.run("incident.show", incident="SJ0001").incident.status == 2, "responded to"
    city.run("incident.log", incident="SJ0001", kind=5, text="转移西村", time="2025-07-17T08:30")
    city.run("incident.close", incident="SJ0001")
    story = city.run("incident.show", incident="SJ0001")
    assert story.incident.status == 3
    assert [e.kind for e in story.log] == [5, 2, 6], "by time"
    assert story.log[0].time == "2025-07-17T08:30:00+08:00"
    assert story.log[1].resource_code == "DW1"
    assert [i.code for i in city.run("incident.list", is_open=True)] == []
    city.run("edit.undo")
    assert city.run("incident.show", incident="SJ0001").incident.status == 2
    assert {e.code for e in story.log} == {"RZ0001", "RZ0002", "RZ0003"}


def test_after_saving_another_program_has_all_of_it(city):
    city.run("incident.open", **NEW)
    city.run("incident.log", incident="SJ0002", text="情况稳定")
    city.run("file.save")
    store = city.document.store
    city.close()
    again = ly.open(store)
    assert log_of(again, "SJ0002") == [(1, "村民电话报告", "值班员"), (4, "情况稳定", "值班员")]
    plan = again.run("emergency.plan", layer="incident", fid=2)
    assert [e.text for e in plan.log] == ["村民电话报告", "情况稳定"]
    assert plan.log[0].author == "***", "a plan names nobody unless asked to"
    again.close()


def test_a_store_without_the_table_gets_one(tmp_path, monkeypatch):
    monkeypatch.setattr(valley, "LAYERS", tuple(layer for layer in valley.LAYERS if layer != "incident_log"))
    session = ly.open(valley.make(tmp_path / "old.gpkg"))
    assert session.run("incident.show", incident="SJ0001").log == ()
    assert session.run("emergency.plan", layer="incident", fid=1).log == ()
    session.run("incident.log", incident="SJ0001", text="第一条")
    assert [e.text for e in session.run("incident.show", incident="SJ0001").log] == ["第一条"]
    session.close()


def test_the_first_incident_of_all(tmp_path):
    session = ly.open(valley.make(tmp_path / "empty.gpkg", incident=[]))
    session.run("incident.open", **NEW)
    assert [i.code for i in session.run("incident.list")] == ["SJ0001"]
    session.close()


def test_a_catalogue_without_it_opens_all_the_same(city):
    city.catalogue = Catalogue(tuple(layer for layer in city.catalogue.layers if layer.id != "incident_log"), city.catalogue.groups)
    changes = city.run("incident.open", **NEW)
    assert [i.code for i in changes.issues] == ["incident.no_log"]
    with pytest.raises(RefusedError):
        city.run("incident.log", incident="SJ0001", text="x")


def test_names_have_stars_for_whoever_may_not_see_them(city):
    city.run("incident.open", **NEW)
    city.office = Office(people={"王": ("signer",)})
    assert log_of(city, "SJ0002") == [(1, "村民电话报告", "***")]


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("incident.open", {**NEW, "name": " "}),
        ("incident.open", {**NEW, "time": "2999-01-01T00:00"}),
        ("incident.open", {**NEW, "time": "gestern"}),
        ("incident.open", {**NEW, "kind": 9}),
        ("incident.open", {**NEW, "x": valley.X + 60_000}),
        ("incident.open", {**NEW, "x": float("nan")}),
        ("incident.log", {"incident": "SJ9", "text": "x"}),
        ("incident.log", {"incident": "SJ0001", "text": "  "}),
        ("incident.log", {"incident": "SJ0001", "text": "x", "resource": "DW99"}),
        ("incident.log", {"incident": "SJ0001", "text": "x", "time": "2025-07-16T00:00"}),
        ("incident.log", {"incident": "SJ0001", "text": "x", "kind": 6}),
        ("incident.show", {"incident": "9"}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(city, command, given):
    before = city.history.undo_text
    with pytest.raises(LydError) as caught:
        city.run(command, **given)
    assert caught.value.hint_text()
    assert city.history.undo_text == before
    assert city.is_saved


def test_closed_is_closed(city):
    city.run("incident.close", incident="SJ0001", text="明火扑灭")
    with pytest.raises(RefusedError):
        city.run("incident.close", incident="SJ0001")
    with pytest.raises(RefusedError):
        city.run("incident.log", incident="SJ0001", kind=2, text="再派")
    city.run("incident.log", incident="SJ0001", kind=4, text="次日复查无复燃")
    assert city.run("incident.show", incident="SJ0001").incident.status == 3


def test_an_exercise_is_marked(city):
    city.run("incident.open", **NEW, exercise=True)
    assert city.run("incident.show", incident="2").incident.is_sample
    assert city.run("incident.show", incident="2").log[0].is_sample


def test_values_and_a_map_without_incidents(city):
    values = verbs.values_of(city.run("incident.list"))
    assert values["incidents"][0]["code"] == "SJ0001"
    assert verbs.values_of(city.run("incident.show", incident="1"))["incident"]["kind_name"] == "Fire"
    city.run("layer.remove", layer="incident")
    with pytest.raises((RefusedError, UsageError)):
        city.run("incident.list")
