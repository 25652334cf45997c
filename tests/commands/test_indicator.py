"""Indicators and systems on the sample city, by command and command line."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

import lydigital as ly
from lydigital import cli, paths, texts
from lydigital.commands import framework, indicator
from lydigital.domain.indicators import compute
from lydigital.errors import BadDataError, UsageError
from lydigital.model.report import Table


@pytest.fixture
def session():
    opened = ly.open("sample")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def material():
    opened = ly.open("sample")
    yield indicator.material_of(opened)
    opened.close()


def run(capsys, *arguments):
    code = cli.main(["coverage", *arguments], None)
    out, err = capsys.readouterr()
    return code, out, err


def numbers(values):
    if isinstance(values, dict):
        for value in values.values():
            yield from numbers(value)
    elif isinstance(values, list):
        for value in values:
            yield from numbers(value)
    elif isinstance(values, float):
        yield values


@pytest.mark.parametrize("one", indicator.known(), ids=lambda one: one.id)
def test_every_indicator_has_a_value_in_the_city_and_never_a_nan(one, material):
    for level in one.levels:
        found = compute(one, level, material)
        assert found.city.value is not None, found.city.problem
        assert level == "city" or any(u.value is not None for u in found.units)
        assert all(u.value is not None or u.problem for u in found.units)
        values = indicator.values_of(found)
        assert all(math.isfinite(v) for v in numbers(values))
        assert json.dumps(values, allow_nan=False)
        assert found.sources
        assert found.is_sample


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("phone_capacity", 1_300_000), ("phone_lines_per_100", 1_300_000), ("mobile_per_100", 1_700_000), ("broadband_per_100", 100_000), ("catv_per_100", 440_000), ("agri_townships", 50),
        ("party_villages", 432), ("party_townships", 32), ("school_equipped", 3284), ("edu_connected", 120), ("gov_lans", 40), ("pilots", 50),
        ("demonstrations", 25), ("numeric_upgrades", 8), ("demonstration_growth", 80), ("egress_per_person", 20), ("agri_trade", 10_000),
    ],
)  # fmt: skip
def test_the_sample_meets_the_figures_of_the_plan(name, of, material):
    one = indicator.find(name)
    found = compute(one, one.levels[0], material)
    assert one.plan.value == of
    assert found.plan_share == pytest.approx(1.0)
    if one.levels[0] != "city":
        amounts = [getattr(u, one.plan.of) for u in found.units]
        assert sum(v for v in amounts if v is not None) == pytest.approx(of)


def test_townships_add_up_to_their_counties(material):
    for name in ("phone_capacity", "village_network", "school_equipped", "hazard_monitored", "people_registered"):
        one = indicator.find(name)
        county, town = (compute(one, level, material) for level in ("county", "township"))
        assert county.city == town.city
        for unit in county.units:
            mine = [u.numerator for u in town.units if material.county_of(u.code) == unit.code]
            assert sum(mine) == pytest.approx(unit.numerator), (name, unit.name)


def test_gaps_are_those_of_the_numbers(material):
    network = compute(indicator.find("village_network"), "county", material)
    assert len(network.gaps) == network.city.denominator - network.city.numerator > 1000
    assert all(len(g.code) == 12 and g.place and g.fid for g in network.gaps)
    stations = compute(indicator.find("agri_townships"), "township", material)
    assert len(stations.gaps) == 194 - 50


def test_all_indicators_take_little_time(material):
    known = indicator.known()
    began = time.process_time()
    for one in known:
        for level in one.levels:
            compute(one, level, material)
    assert time.process_time() - began < 4.0  # measured: 0.4 s; the machine of a test may be slow and busy


def test_an_indicator_becomes_a_layer_and_goes_again(session):
    before = session.document.order
    session.run("indicator.map", indicator="beds_per_1000", level="township")
    (made,) = set(session.document.order) - set(before)
    table = session.table(made)
    assert len(table) == 194
    style = session.document.layer(made).style
    assert style.field == "value"
    assert 2 <= len(style.rules) <= 6
    assert set(table.column("nature").to_pylist()) == {"示例数据"}
    found = session.run("indicator.compute", indicator="beds_per_1000", level="township")
    assert dict(zip(table.column("code").to_pylist(), table.column("value").to_pylist(), strict=True)) == {u.code: u.value for u in found.units}
    session.undo()
    assert session.document.order == before
    with pytest.raises(UsageError, match="whole city only"):
        session.run("indicator.map", indicator="egress_per_person")


def test_units_without_a_value_are_grey_not_zero(session):
    session.run("indicator.map", indicator="village_network", level="county")
    (made,) = [ref for ref in session.document.layers if ref.group == "results"]
    values = session.table(made.id).column("value").to_pylist()
    assert values.count(None) == 3
    assert made.style.rules[-1].title_en == "No value"


def test_lists_of_what_is_missing_are_written(session, tmp_path):
    gaps = session.run("indicator.gaps", indicator="village_network", output=str(tmp_path / "gaps.json"))
    assert (tmp_path / "gaps.json").is_file()
    report = indicator.gap_report(session.run("indicator.compute", indicator="village_network"))
    (table,) = [block for block in report.blocks if isinstance(block, Table)]
    assert len(table.rows) == len(gaps)
    assert report.is_sample


def test_a_site_in_degrees_and_in_metres_gains_the_same(session):
    from lydigital.model.crs import Crs, transformation

    town = session.run("indicator.compute", indicator="agri_townships", level="township").gaps[40]
    table = session.table("township")
    shape = table.geometry.to_shapely()[table.row_of[town.fid]].representative_point()
    found = session.run("indicator.whatif", indicator="agri_townships", level="township", sites=[(shape.x, shape.y)])
    assert [g.code for g in found.gained] == [town.code]
    assert found.after.value == pytest.approx(100 * 51 / 194)
    assert found.people > 1000
    ((lon, lat),) = transformation(Crs(session.document.crs), Crs("EPSG:4490")).points(np.array([[shape.x, shape.y]])).tolist()
    assert session.run("indicator.whatif", indicator="agri_townships", sites=[(lon, lat)], crs="EPSG:4490").gained == found.gained


def test_what_there_is_not_is_refused_with_near_names(session):
    with pytest.raises(UsageError, match="no indicator phones") as caught:
        session.run("indicator.compute", indicator="phones")
    assert "phone_use" in caught.value.hint_text()
    with pytest.raises(BadDataError, match="cannot be told by village"):
        session.run("indicator.compute", indicator="beds_per_1000", level="village")
    with pytest.raises(UsageError, match="No indicator belongs"):
        session.run("indicator.list", system="nowhere")
    with pytest.raises(UsageError, match="There is no system"):
        session.run("framework.open", system="nowhere")
    assert {one.system for one in session.run("indicator.list", system="health")} == {"health"}


def test_own_definitions_go_before_those_shipped(session):
    folder = paths.config_dir() / "indicators"
    folder.mkdir()
    (folder / "own.toml").write_text(
        '[[indicators]]\nid = "beds_per_1000"\ntitle = "床位"\ntitle_en = "Beds"\nsystem = "health"\nunit = "张"\n'
        'numerator = { layer = "hospital", how = "sum", field = "beds", code = "township_code" }\n', encoding="utf-8",
    )  # fmt: skip
    assert session.run("indicator.compute", indicator="beds_per_1000").city.value > 10_000


def test_every_card_has_its_layers_and_a_headline(session):
    cards = session.run("framework.show")
    assert len(cards) == 36
    for card in cards:
        assert card.present == len(card.layers), (card.system.id, [layer.id for layer in card.layers if not layer.is_present])
        assert card.headline is not None
        assert card.headline.city.value is not None
        assert 0.5 < card.completeness <= 1
        assert card.currency or card.system.id == "golden"
        assert card.indicators[0] == card.system.headline
        assert json.dumps(framework.values_of(card), allow_nan=False)


def test_a_theme_map_shows_its_layers_on_the_base_in_one_step(session):
    before = session.document
    session.run("framework.open", system="catv")
    shown = {ref.id for ref in session.document.layers if session.document.is_visible(ref)}
    assert {"catv_node", "catv_network", "road", "county"} <= shown
    assert not shown & {"hazard_point", "shelter", "hospital", "pipe"}
    session.undo()
    assert session.document == before


def test_a_map_without_the_layers_says_so(tmp_path):
    from lydigital.model.layerdef import read_catalogue
    from lydigital.stores import create

    create.create_gpkg(tmp_path / "empty.gpkg", read_catalogue(paths.layers_dir()).__class__((), ()))
    small = ly.open(str(tmp_path / "empty.gpkg"))
    try:
        (card,) = small.run("framework.show", system="health")
        assert card.present == 0
        assert card.headline is None
        assert card.completeness == 0
        assert card.issues
        assert card.layers[0].problem
        with pytest.raises(UsageError, match="no layer of the system"):
            small.run("framework.open", system="health")
    finally:
        small.close()


def test_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "systems", "sample", "--system", "golden", "--json")
    assert code == 0
    (card,) = json.loads(out)["systems"]
    assert (card["id"], card["headline"]["id"], card["present"]) == ("golden", "golden_built", 1)
    code, out, _ = run(capsys, "indicator", "sample", "school_equipped", "--by", "county", "--json", "-o", str(tmp_path / "gaps.html"))
    values = json.loads(out)
    assert code == 0
    assert len(values["units"]) == 14
    assert len(values["gaps"]) == values["city"]["denominator"] - values["city"]["numerator"]
    assert "示例" in (tmp_path / "gaps.html").read_text(encoding="utf-8") or "ample" in (tmp_path / "gaps.html").read_text(encoding="utf-8")
    code, out, _ = run(capsys, "indicator", "sample", "phone_capacity")
    assert code == 0
    assert "total of the city, lower bound" in out or "全市合计，下限" in out
    code, out, err = run(capsys, "indicator", "sample", "broadband_villages", "--site", "112.1,34.2", "--reach", "8000", "--json")
    assert code == 0, err
    assert json.loads(out)["people"] > 0
    assert run(capsys, "indicator", "sample", "nothing")[0] == 2
    assert run(capsys, "indicator", "sample", "beds_per_1000", "--site", "here")[0] == 2
    texts.use("en", paths.translations_dir())
