"""``index.compute`` and ``index.map`` on the sample city."""

from __future__ import annotations

import json

import pytest

import lydigital as ly
from lydigital import paths, texts
from lydigital.commands import index
from lydigital.errors import BadDataError, UsageError
from lydigital.model.table import FeatureTable


@pytest.fixture(scope="module")
def city():
    session = ly.open("sample")
    yield session
    session.close()


def test_the_sample_city_has_an_index_for_every_year(city):
    made = city.run("index.compute")
    assert made.years == tuple(range(2001, 2007))
    assert made.year == 2006
    assert sorted(s.rank for s in made.ranking) == list(range(1, 15))
    assert all(s.missing == () for s in made.scores)
    assert made.is_sample
    trend = [s.value for s in made.city]
    assert trend == sorted(trend)
    low, high = made.ranking[-1].value, made.ranking[0].value
    assert low < made.here.value < high
    row = next(s for s in made.scores if s.code == "410305" and s.year == 2006)
    table = {(r["item"], r["unit_code"], r["year"]): r["value"] for r in city.table("statistic").columns.to_pylist()}
    phones = 100 * table["fixed_phone_users", "410305", 2006] / table["population", "410305", 2006]
    assert next(c.value for c in row.contributions if c.item == "fixed_phone") == pytest.approx(phones)


def test_values_are_plain_and_in_the_users_language(city):
    values = json.loads(json.dumps(index.values_of(city.run("index.compute", year=2003, method="minmax"))))
    assert values["method"] == "minmax"
    assert {u["year"] for u in values["units"]} == set(range(2001, 2007))
    assert "NaN" not in json.dumps(values)
    assert values["formula"][0].startswith("Informatization development index = 25%×Infrastructure")
    assert texts.language() == "en"


def test_weights_can_be_changed_and_must_add_up(city):
    even = city.run("index.compute", weights={"infrastructure": 0.2, "use": 0.2, "knowledge": 0.2, "effect": 0.2, "consumption": 0.2})
    assert even.here.value != pytest.approx(city.run("index.compute").here.value)
    only = city.run("index.compute", weights={"infrastructure": 0.0, "use": 1.0, "knowledge": 0.0, "effect": 0.0, "consumption": 0.0})
    assert only.here.value == pytest.approx(only.here.points("use"))
    for wrong, error in (({"weights": {"use": 0.9}}, BadDataError), ({"year": 1999}, BadDataError), ({"index": "none"}, UsageError)):
        with pytest.raises(error) as caught:
            city.run("index.compute", **wrong)
        assert caught.value.hint_text()


def test_the_map_is_a_layer_and_one_step(city):
    before = city.document
    city.run("index.map")
    (added,) = (ref for ref in city.document.layers if before.layer(ref.id) is None)
    table = city.table(added.id)
    assert isinstance(table, FeatureTable)
    assert len(table) == 14
    assert sorted(table.column("rank").to_pylist()) == list(range(1, 15))
    assert set(table.column("nature").to_pylist()) == {"示例数据"}
    city.run("edit.undo")
    assert city.document == before


def test_the_offices_own_index_goes_before_and_faults_name_the_file(city, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "config_dir", lambda: tmp_path)
    (tmp_path / "index").mkdir()
    own = tmp_path / "index" / "idi.toml"
    text = (paths.layers_dir() / "index" / "idi.toml").read_text(encoding="utf-8")
    own.write_text(text.replace('weight = 0.25\n\n[[parts.items]]\nid = "television"', 'weight = 0.35\n\n[[parts.items]]\nid = "television"'), encoding="utf-8")
    with pytest.raises(BadDataError, match=r"add up to 1\.1"):
        city.run("index.compute")
    own.write_text(text.replace('method = "target" ', 'method = "minmax" '), encoding="utf-8")
    assert city.run("index.compute").index.method == "minmax"
    own.write_text("id = 'idi'\n", encoding="utf-8")
    with pytest.raises(BadDataError, match=r"idi\.toml"):
        city.run("index.compute")
