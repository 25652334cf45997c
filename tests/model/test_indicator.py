"""Definitions of indicators and systems: read, checked, and fitting the catalogue."""

from __future__ import annotations

import pytest

from lydigital import paths, texts
from lydigital.commands.registry import commands
from lydigital.errors import BadDataError
from lydigital.model.condition import parse
from lydigital.model.indicator import DIGITS, UNIT, UNIT_LAYERS, read_codes, read_indicators
from lydigital.model.layerdef import read_catalogue
from lydigital.model.system import read_framework

FOLDER = paths.layers_dir() / "indicators"
INDICATORS = {one.id: one for one in read_indicators(FOLDER)}
FRAMEWORK = read_framework(paths.layers_dir() / "systems.toml")
CATALOGUE = read_catalogue(paths.layers_dir())
# The systems that the design names, by their ids.
NAMED = {
    "geobase", "platform", "village_net", "telecom", "mobile", "broadband", "catv", "gov_net", "portal", "golden", "agri", "party_edu", "school_edu",
    "edu_net", "land", "geohazard", "emergency", "social", "db_mineral", "db_water", "db_forest", "db_weather", "db_ecology", "db_labour", "db_talent",
    "public", "pipelines", "community", "health", "units", "tourism", "culture", "manufacturing", "index", "exchange", "security",
}  # fmt: skip


def test_every_system_of_the_plan_has_a_card():
    assert {s.id for s in FRAMEWORK.systems} == NAMED == {s.id for s in CATALOGUE.systems}


@pytest.mark.parametrize("system", FRAMEWORK.systems, ids=lambda s: s.id)
def test_no_system_without_layers_an_indicator_and_a_command(system):
    assert system.layers
    for layer in (*system.layers, *system.shown_layers):
        assert CATALOGUE.layer(layer) is not None, layer
    assert system.id in {name for layer in system.layers for name in CATALOGUE.layer(layer).systems}
    assert INDICATORS[system.headline].system == system.id
    assert system.functions
    for function in system.functions:
        assert function in commands(), function
    named = next(s for s in CATALOGUE.systems if s.id == system.id)
    assert (system.title, system.title_en) == (named.title, named.title_en)
    assert system.workspace in {"browse", "hazard", "coverage", "emergency", "publish", "utility"}


@pytest.mark.parametrize("one", INDICATORS.values(), ids=list(INDICATORS))
def test_an_indicator_fits_the_layers(one):
    assert one.system in NAMED
    assert one.levels
    assert one.title
    assert one.title_en
    for level in one.levels:
        for term in (term for term in one.terms_at(level) if term is not None):
            layer = CATALOGUE.layer(UNIT_LAYERS["county" if level == "city" else level] if term.layer == UNIT else term.layer)
            names = {f.name for f in layer.fields} | ({"residents"} if term.layer == UNIT else set())
            asked = set(parse(term.where).names) if term.where else set()
            asked |= {n for n in (term.code, term.year, term.unit_field) if n}
            if "." in term.field:
                other, field = term.field.split(".")
                assert field in {f.name for f in CATALOGUE.layer(other).fields}
            elif term.field and term.layer != UNIT:
                asked |= {term.field} if term.field in names else set(parse(term.field).names)
            assert asked <= names, (level, asked - names)
            assert term.how in ("constant", "count") or term.unit or term.how == "value" or term.field == "value"
    if one.gap and one.gap.layer:
        names = {f.name for f in CATALOGUE.layer(one.gap.layer).fields}
        assert {*parse(one.gap.where).names, *one.gap.name.split(), *([one.gap.code] if one.gap.code else [])} <= names


def test_figures_of_the_plan_that_say_more_are_lower_bounds():
    bounds = {one.id: one.plan for one in INDICATORS.values() if one.plan}
    assert bounds["phone_capacity"].value == 1_300_000
    assert bounds["phone_capacity"].is_lower_bound
    for name, plan in bounds.items():
        assert plan.is_lower_bound == any(mark in plan.text for mark in "余多"), name


def test_rates_name_what_they_are_rates_of():
    for one in INDICATORS.values():
        if "/百人" in one.unit or "/百户" in one.unit:
            assert one.basis, one.id


def test_levels_and_codes():
    assert list(DIGITS.values()) == [4, 6, 9, 12, 12]
    assert {c.old: c.new for c in read_codes(FOLDER / "codes.toml")} == {"410381": "410307", "410322": "410308", "410306": "410308", "410371": "410305"}


GOOD = """
[[indicators]]
id = "a"
title = "甲"
title_en = "A"
system = "s"
unit = "%"
numerator = { layer = "x", how = "sum", field = "n" }
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + GOOD, "a twice"), (GOOD.replace('field = "n"', 'code = "n"'), "needs a layer and a field"), (GOOD + "speed = 1", "speed"),
        (GOOD.replace('"sum"', '"add"'), "add"), (GOOD.replace("= {", "= [{"), "Invalid|Unclosed"),
    ],
)  # fmt: skip
def test_wrong_definitions_are_named(tmp_path, text, words):
    (tmp_path / "some.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match=words):
        read_indicators(tmp_path)


def test_systems_named_twice_or_in_no_group_are_refused(tmp_path):
    system = '[[systems]]\nid = "a"\ntitle = "甲"\ntitle_en = "A"\ngroup = "g"\nlayers = ["x"]\nheadline = "h"\nfunctions = ["f"]\n'
    (tmp_path / "s.toml").write_text('[[groups]]\nid = "g"\ntitle = "组"\n' + system * 2, encoding="utf-8")
    with pytest.raises(BadDataError, match="systems: a"):
        read_framework(tmp_path / "s.toml")
    (tmp_path / "s.toml").write_text("groups = []\n" + system, encoding="utf-8")
    with pytest.raises(BadDataError, match="systems: a"):
        read_framework(tmp_path / "s.toml")


def test_values_are_shown_in_the_language_of_their_reader():
    texts.use("zh", paths.translations_dir())
    one = INDICATORS["phone_per_100"]
    assert (one.name, one.shown(12.345), one.shown(None)) == ("固定电话普及率", "12.3 户/百人", "–")
    texts.use("en", paths.translations_dir())
    assert one.shown(12.345) == "12.3 per 100 persons"
