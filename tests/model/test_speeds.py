"""``speeds.toml`` fits the layers of roads, and says what is wrong with it."""

from __future__ import annotations

import pytest

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.model.layerdef import read_catalogue
from lydigital.model.speeds import read_speeds

SHIPPED = paths.layers_dir() / "speeds.toml"


def test_every_class_of_the_layers_has_a_speed():
    speeds, catalogue = read_speeds(SHIPPED), read_catalogue(paths.layers_dir())
    known = {c.code for c in speeds.classes}
    for layer in speeds.layers:
        road = catalogue.layer(layer)
        fields = speeds.fields
        for field in (fields.road_class, fields.name, fields.level, fields.oneway):
            assert road.field(field), f"{layer}.{field}"
        assert set(map(str, road.field("class").domain)) <= known


def test_profiles_are_found_by_id():
    speeds = read_speeds(SHIPPED)
    assert speeds.profile("foot").is_foot
    assert not speeds.profile("car").is_foot
    with pytest.raises(BadDataError) as caught:
        speeds.profile("boat")
    assert "car" in caught.value.hint_text()


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("kmh = 90", "kmh = 0", "kmh"),
        ("kmh = 90", "khm = 90", "khm"),
        ('joins = ["420900"', 'joins = ["999999"', "999999"),
        ('code = "420400"', 'code = "420800"', "twice"),
        ("tolerance_m = 5.0", "tolerance_m = -1", "tolerance_m"),
        ("factor = 1.25", "factor = 0", "siren"),
        ('version = "1"', "version = [", "speeds.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, word):
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "speeds.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadDataError) as caught:
        read_speeds(path)
    assert word in str(caught.value)
