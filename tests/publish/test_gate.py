"""The gate before a map leaves the house."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital import paths
from lydigital.errors import BadDataError, RefusedError
from lydigital.model.crs import Crs
from lydigital.model.gate import Finding, GateRules, LayerRule, Severities, Verdict, Watermarks, read_rules
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import LayerDef
from lydigital.model.layout import Layout, Page
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, gate
from lydigital.render.drawlist import SceneLayer

RULES = read_rules(paths.resources_dir() / "gate.toml")
CRS = Crs("EPSG:4546")


def layer(name, sensitivity="公开", **more):
    given = {"source": "某局", "currency": "2025", "sample": False, **more}
    return LayerDef(name, f"图层{name}", "g", "point", Style(rules=()), sensitivity=sensitivity, **given)


def verdict(audience="internal", *layers, rules=RULES, **more):
    given = {"approval": "豫S(2026)001号", "producer": "某局", **more}
    return gate.judge(rules, gate.Case(audience, layers or (layer("road"),), **given))


def weights(found):
    return {(f.rule, f.weight) for f in found.findings}


def test_a_complete_map_goes_to_the_public_with_its_number():
    found = verdict("public")
    assert found.is_open
    assert not found.findings
    assert "豫S(2026)001号" in found.stamps[0][0]


def test_without_a_review_number_it_stays_inside_and_is_stamped():
    assert not verdict("public", approval="").is_open
    inside = verdict("internal", approval="")
    assert inside.is_open
    assert len(inside.stamps[0]) == 2
    assert weights(inside) == {("approval", "note")}


@pytest.mark.parametrize(
    ("more", "layers", "expected"),
    [
        ({"producer": ""}, (), ("producer", "block")), ({}, (layer("a", source=""),), ("sources", "block")),
        ({}, (layer("a", currency=""),), ("currency", "warn")), ({}, (layer("a", sample=True),), ("sample", "block")),
        ({"ballpark": ("道路",)}, (), ("ballpark", "block")),
    ],
)
def test_what_is_missing_is_found(more, layers, expected):
    assert expected in weights(verdict("public", *layers, **more))


def test_what_is_not_for_the_public_is_left_out_and_said():
    found = verdict("public", layer("road"), layer("depot", "内部"), layer("gas", "敏感"), layer("hazard_point"))
    assert set(found.dropped) == {"depot", "gas"}
    assert found.generalised == {"hazard_point": 200.0}
    assert found.is_open
    assert not verdict("internal", layer("depot", "内部"), layer("gas", "敏感")).dropped


def test_a_role_may_have_bare_what_others_get_coarsely():
    pipe = layer("pipe", "敏感")
    assert verdict("internal", pipe).generalised == {"pipe": 10.0}
    assert not verdict("internal", pipe, roles=("duty",)).generalised
    assert set(verdict("public", pipe, roles=("signatory",)).dropped) == {"pipe"}


def test_a_layer_may_be_forbidden_altogether():
    rules = GateRules("1", layers=(LayerRule(layer="x", internal="block", public="block"),))
    with pytest.raises(RefusedError) as told:
        gate.enforce(verdict("internal", layer("x"), rules=rules))
    assert told.value.exit_code == 4


def test_labels_without_a_place_are_weighed_when_they_are_known():
    rules = GateRules("1", {"unplaced": Severities(public="block", internal="note")})
    for audience, is_open in (("public", False), ("internal", True)):
        assert gate.with_unplaced(rules, verdict(audience, rules=rules), 3).is_open == is_open
        assert gate.with_unplaced(rules, verdict(audience, rules=rules), 0).is_open


@pytest.mark.parametrize("text", ["version = 1", 'version = "1"\n[checks]\nnonsense = {}', "[[", 'version = "1"\n[checks]\nsample = { public = "maybe" }'])
def test_a_broken_gate_lets_nothing_through(tmp_path, text):
    path = tmp_path / "gate.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError):
        read_rules(path)


def test_pages_are_made_without_what_is_left_out():
    table = FeatureTable(np.array([1]), pa.table({"n": [1]}), GeometryArray.from_points(np.array([(600_123.0, 3_800_456.0)])), CRS)
    scene = tuple(SceneLayer(i, table, Style(rules=()), np.zeros(1, np.int16)) for i in ("road", "depot", "hazard_point"))
    material = arrange.Material(CRS, (0, 0, 1, 1), lambda _s, _l: scene, lambda _i: table, layer, titles={"road": ("", ""), "depot": ("", "")})
    found = verdict("public", layer("road"), layer("depot", "内部"), layer("hazard_point"))
    made = gate.passed(material, found)
    assert [la.id for la in made.scene(1.0, None)] == ["road", "hazard_point"]
    assert made.scene(1.0, None)[1].data.geometry.coords.tolist() == [[600_200.0, 3_800_400.0]]
    assert made.table("hazard_point").geometry.coords.tolist() == [[600_200.0, 3_800_400.0]]
    assert made.table("road") is table
    assert set(made.titles) == {"road"}
    with pytest.raises(RefusedError):
        made.table("depot")


def test_nothing_finer_than_the_step_can_be_told_from_a_coarse_layer():
    shapes = np.array([shapely.box(600_013, 3_800_017, 600_391, 3_800_433), shapely.box(600_001, 3_800_001, 600_003, 3_800_003)], object)
    table = FeatureTable(np.array([1, 2]), pa.table({"n": [1, 2]}), GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), CRS)
    made = gate.coarse(table, 100.0)
    assert len(made) == 2
    assert np.all(made.geometry.coords % 100 == 0)
    assert gate.coarse(table, 100.0) is made


def test_a_watermark_stands_on_every_page():
    rules = GateRules("1", watermark=Watermarks(internal="内部 {研判}"))
    layout = gate.marked(Layout("a", pages=(Page(), Page(width=100, height=400))), verdict("internal", rules=rules))
    assert [(i.page, i.text) for i in layout.items] == [(0, "内部 {{研判}}"), (1, "内部 {{研判}}")]
    assert gate.marked(layout, verdict("public", rules=rules)) is layout


def test_the_verdict_in_words_names_no_layer_to_the_public():
    found = Finding("layers", "warn", "Left out for this audience: {layers}", "", {"layers": "军事设施"})
    given = Verdict("internal", (found,), at="2026-03-01T08:30:00+08:00", operator="甲")
    head, what = gate.said(given)
    assert "2026-03-01 08:30" in head
    assert "甲" in head
    assert "军事设施" in what
    assert "军事设施" not in "".join(gate.said(msgspec.structs.replace(given, audience="public")))
