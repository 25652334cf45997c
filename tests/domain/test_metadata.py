"""Metadata out of definitions and data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lydigital.domain.metadata import date_of, frequency_of, metadata_of, themes_of
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.metadata import Quality
from lydigital.model.style import Style
from lydigital.model.system import System
from lydigital.model.table import FeatureTable

LAYER = LayerDef(
    "farmland", "耕地", "land", "polygon", Style(()), "Farmland", currency="2001–2006", update_cycle="每年变更调查", sensitivity="敏感",
    fields=(FieldDef("name", "名称"), FieldDef("phone", "电话", personal=True)),
)  # fmt: skip


def table(names):
    return FeatureTable(np.array([1, 2]), pa.table({"name": names, "nature": ["示例数据", "推算"]}),
                        GeometryArray.from_points(np.array([(500_000.0, 3_830_000.0), (600_000.0, 3_840_000.0)])), Crs("EPSG:4546"))  # fmt: skip


@pytest.mark.parametrize(("text", "date"), [("2025", "2025"), ("2005-12", "2005-12"), ("2001–2006", "2006"), ("2015（实名点）", "2015"), ("示例", ""), ("12345", "")])
def test_dates(text, date):
    assert date_of(text) == date


@pytest.mark.parametrize(("text", "code"), [("实时", "continual"), ("每年变更调查", "annually"), ("半年", "biannually"), ("季度", "quarterly"), ("五年", "irregular"), ("按次", "asNeeded"), ("", "unknown")])
def test_frequencies(text, code):
    assert frequency_of(text) == code


def test_a_layer_with_data():
    found = metadata_of(LAYER, table(["a", ""]), group="土地", systems=("国土",), quality=Quality(2, 1, ("x",)))
    assert (found.topic, found.representation, found.objects, found.count) == ("farming", "vector", "surface", 2)
    west, south, east, north = found.extent
    assert 110.9 < west < 111.01 < 112 < east < 112.1
    assert 34.5 < south < north < 34.8
    assert found.completeness == pytest.approx(0.25)  # one of four cells; the field that is missing counts as empty
    assert [f.completeness for f in found.fields] == [0.5, 0.0]
    assert found.has_personal
    assert found.classification == "restricted"
    assert dict(found.natures) == {"示例数据": 1, "推算": 1}
    assert found.quality.passes is False


def test_a_layer_that_is_missing_is_not_zero():
    found = metadata_of(LAYER, None, group="土地", problem="no")
    assert (found.count, found.extent, found.completeness, found.quality.passes, found.is_present) == (None, None, None, None, False)


def test_theme_databases_count_what_is_missing_as_empty():
    there, gone = metadata_of(LAYER, table(["a", "b"]), group="g"), metadata_of(LAYER, None, group="g")
    system = System(id="db", title="库", title_en="db", group="themes", layers=("a", "b", "c"), headline="", functions=())
    (theme,) = themes_of([system], {"a": there, "b": gone})
    assert (theme.present, theme.features, theme.missing) == (1, 2, ("Farmland", "c"))
    assert theme.completeness == pytest.approx(0.5 / 3)
