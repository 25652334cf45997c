"""Results of an analysis as layers of the map."""

from __future__ import annotations

import numpy as np
import pytest

import lydigital as ly
from lydigital.commands import results
from lydigital.errors import BadDataError
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Style

STYLE = Style(rules=(Rule((PolygonSymbolizer(Fill("#cc8844")),)),))
VALUE = (FieldDef("value", "值", type="real"),)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("LYDIGITAL_HOME", str(tmp_path))
    opened = ly.open("sample")
    yield opened
    opened.close()


def add(session, values):
    counties = session.table("county")
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, counties.geometry.to_shapely()[: len(values)])
    return session.commit(results.add(
        session, "indicator tv", title="有线电视", title_en="Cable TV", geometry=geometry, crs=counties.crs, fields=VALUE,
        columns={"value": values}, style=STYLE, nature="示例数据",
    ))  # fmt: skip


def test_a_result_is_a_layer_above_other_areas_and_below_points(session):
    before = session.document.order
    order = add(session, [1.0, 2.0, np.nan]).order
    (made,) = set(order) - set(before)
    assert dict(zip(session.table(made).fid.tolist(), session.table(made).column("value").to_pylist(), strict=True)) == {1: 1.0, 2: 2.0, 3: None}
    assert session.table(made).column("nature").to_pylist() == ["示例数据"] * 3
    assert all(session.definition(i).geometry in ("point", "line") for i in order[: order.index(made)])
    assert session.definition(order[order.index(made) + 1]).geometry == "polygon"
    session.undo()
    assert session.document.order == before


def test_worked_out_again_it_takes_the_place_of_the_earlier_one(session):
    before = len(session.document.order)
    first = add(session, [1.0, 2.0])
    second = add(session, [3.0, 4.0])
    assert len(second.order) == before + 1
    (made,) = set(second.order) - set(first.order)
    assert sorted(session.table(made).column("value").to_pylist()) == [3.0, 4.0]
    session.undo()
    assert session.document.order == first.order


def test_the_same_again_changes_nothing(session):
    first = add(session, [1.0, 2.0])
    assert add(session, [1.0, 2.0]) == first
    assert len(list(results.folder().iterdir())) == 1


def test_nothing_found_is_said(session):
    with pytest.raises(BadDataError, match="Nothing was found"):
        add(session, [])
