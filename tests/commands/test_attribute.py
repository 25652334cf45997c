"""Attributes: set, calculated, copied, replaced, filled in; every one a step that can be undone."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
import shapely

import lydigital as ly
from lydigital import paths
from lydigital.commands.facts import around, fill
from lydigital.commands.registry import execute
from lydigital.errors import BadDataError, LydError, UsageError
from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef
from lydigital.model.selection import Selection
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Style
from lydigital.session import open_session
from lydigital.stores.create import create_gpkg, write_layer

X, Y = 600_000.0, 3_830_000.0
LOOK = Style((Rule((PolygonSymbolizer(Fill("#88aa88")),)),))
COUNTY = LayerDef("county", "县", "g", "polygon", LOOK, "Counties", fields=(FieldDef("code", "代码"), FieldDef("name", "名称")))
PLOT = LayerDef("plot", "地块", "g", "polygon", LOOK, "Plots", fields=(
    FieldDef("code", "编号", "Code", required=True, unique=True, default="$next"),
    FieldDef("name", "名称", "Name"),
    FieldDef("kind", "类型", "Kind", "integer", domain={"1": ("田", "Field"), "2": ("林", "Wood")}, default="1"),
    FieldDef("area", "面积", "Area", "real", unit="m²", default="$area_m2"),
    FieldDef("county_code", "县代码", "County code", codes="county", default="$county.code"),
    FieldDef("county", "县", "County", default="$county.name"),
    FieldDef("who", "登记人", "Registered by", default="$operator"),
    FieldDef("day", "日期", "Day", "date", default="$today"),
    FieldDef("floors", "层数", "Floors", "integer"),
    FieldDef("wet", "水田", "Wet", "boolean"),
))  # fmt: skip
CATALOGUE = Catalogue((COUNTY, PLOT), (GroupDef("g", "组"),), home="county")


def square(x, y, side):
    return shapely.box(X + x, Y + y, X + x + side, Y + y + side)


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "city.gpkg"
    create_gpkg(path, CATALOGUE)
    write_layer(path, COUNTY, {"code": ["4101", "4102"], "name": ["东县", "西县"]}, np.array([square(500, 0, 500), square(0, 0, 500)]))
    shapes = np.array([square(10 + 20 * i, 10, 10) for i in range(4)])
    write_layer(path, PLOT, {"code": ["D001", "D002", "D007", "D004"], "name": ["北田", "南田 ", None, "Old田"], "kind": [1, 1, 2, None],
                             "floors": [1, 2, None, 0], "wet": [True, False, None, True]}, shapes)  # fmt: skip
    opened = open_session(str(path), catalogue=CATALOGUE, author="王工", autosave=True)
    yield opened
    opened.close()


def column(session, name):
    table = session.table("plot")
    order = np.argsort(table.fid)
    return [table.columns.column(name)[int(i)].as_py() for i in order]


def test_set_is_one_step_for_all_that_are_selected(session):
    session.select(Selection.of("plot", [1, 3]))
    changes = execute(session, "attribute.set", field="name", value="新名")
    assert column(session, "name") == ["新名", "南田 ", "新名", "Old田"]
    assert [d.target for d in changes.deltas] == ["value/plot/1/name", "value/plot/3/name"]
    session.undo()
    assert column(session, "name") == ["北田", "南田 ", None, "Old田"]


def test_set_converts_and_refuses_as_the_field_says(session):
    execute(session, "attribute.set", layer="plot", fids=[1], field="floors", value="12")
    assert column(session, "floors")[0] == 12
    execute(session, "attribute.set", layer="plot", fids=[1], field="floors", value="")
    assert column(session, "floors")[0] is None
    for field, value in (("floors", "many"), ("day", "2025-02-30"), ("nothing", 1)):
        with pytest.raises(LydError) as error:
            execute(session, "attribute.set", layer="plot", fids=[1], field=field, value=value)
        assert error.value.hint_text()


def calculated(session, field, expression, **more):
    execute(session, "attribute.calculate", layer="plot", field=field, expression=expression, **more)
    return column(session, field)


def test_calculations(session):
    assert calculated(session, "floors", "floors * 2 + 1") == [3, 5, None, 1]
    assert calculated(session, "floors", "7", where="kind = 1") == [7, 7, None, 1]
    assert calculated(session, "floors", "floors / 0 * 0", keep=True) == [7, 7, None, 1]
    assert calculated(session, "name", "code || '-' || coalesce(kind, 9)")[2:] == ["D007-2", "D004-9"]
    assert calculated(session, "area", "round($area_m2)") == [100.0] * 4
    assert calculated(session, "area", "round($x - 600000)", fids=[2, 3])[1:3] == [35.0, 55.0]
    assert calculated(session, "wet", "kind = 1 AND floors > 5") == [True, True, False, False]
    assert str(calculated(session, "day", "DATE '2025-07-15' + CAST(floors AS INTEGER)")[0]) == "2025-07-22"
    for _ in range(8):
        session.undo()
    assert column(session, "floors") == [1, 2, None, 0]
    assert session.is_saved


def test_division_by_zero_gives_nothing(session):
    assert calculated(session, "area", "floors / floors") == [1.0, 1.0, None, None]


def test_a_preview_changes_nothing(session):
    seen = execute(session, "attribute.preview", layer="plot", field="floors", expression="floors + 1")
    assert (seen["count"], seen["empty"]) == (4, 1)
    assert {(row["fid"], row["before"], row["after"]) for row in seen["first"]} == {(1, "1", "2"), (2, "2", "3"), (3, "", ""), (4, "0", "1")}
    assert session.is_saved


@pytest.mark.parametrize("expression", ["floors / 3.0", "'x'", "name", "TRUE", "[1, 2]", "{'a': 1}"])
def test_results_of_another_type_are_refused_before_anything_changes(session, expression):
    with pytest.raises(BadDataError) as error:
        calculated(session, "floors" if expression != "TRUE" else "day", expression)
    assert error.value.hint_text()
    assert session.is_saved


@pytest.mark.parametrize(
    "expression",
    [
        "", "1; DROP TABLE layer", "1) FROM layer --", "1), (2", "(SELECT 1)", "(FROM layer)", "( FROM layer)", "1 FROM range(3)", "x /* y */",
        "1 UNION SELECT 2", "(VALUES (1))", "read_csv('/etc/passwd')", "sum(floors)", "$secret", "floors +", "nope", "unnest([1,2])",
        "(WITH a AS (SELECT 1) SELECT * FROM a)", "*", "COLUMNS(*)", "(TABLE layer)", "exists(from layer)", "getenv('HOME')", "$$x$$",
    ],
)  # fmt: skip
def test_only_scalars_are_computed(session, expression):
    with pytest.raises(UsageError) as error:
        calculated(session, "floors", expression)
    assert error.value.hint_text()
    assert session.is_saved


def test_a_text_may_hold_what_looks_like_a_question(session):
    assert calculated(session, "name", "'SELECT 1; -- ' || ')' || code", fids=[1])[0] == "SELECT 1; -- )D001"


def test_copy_between_fields(session):
    execute(session, "attribute.copy", layer="plot", field="name", source="code", only_empty=True)
    assert column(session, "name") == ["北田", "南田 ", "D007", "Old田"]
    execute(session, "attribute.copy", layer="plot", field="name", source="floors", where="floors > 0")
    assert column(session, "name") == ["1", "2", "D007", "Old田"]
    with pytest.raises(BadDataError):
        execute(session, "attribute.copy", layer="plot", field="floors", source="code")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"find": "田", "replace": "地"}, ["北地", "南地 ", None, "Old地"]),
        ({"find": "old", "replace": "New"}, ["北田", "南田 ", None, "Old田"]),
        ({"find": "old", "replace": "New", "match_case": False}, ["北田", "南田 ", None, "New田"]),
        ({"find": "田", "replace": "x", "whole": True}, ["北田", "南田 ", None, "Old田"]),
        ({"find": r"^(.)田\s*$", "replace": r"\1园", "regex": True}, ["北园", "南园", None, "Old田"]),
        ({"find": ".", "replace": ""}, ["北田", "南田 ", None, "Old田"]),
        ({"find": "北田"}, [None, "南田 ", None, "Old田"]),
    ],
)
def test_find_and_replace(session, given, wanted):
    execute(session, "attribute.replace", layer="plot", field="name", **given)
    assert column(session, "name") == wanted


def test_find_and_replace_says_what_is_wrong(session):
    for given in ({"find": "("}, {"find": ""}, {"find": "1", "field": "floors"}):
        with pytest.raises(UsageError):
            execute(session, "attribute.replace", **{"layer": "plot", "field": "name", "regex": True, **given})


def test_a_new_feature_has_its_defaults(session):
    execute(session, "feature.create", layer="plot", geometry=square(600, 100, 20).wkt, values={"kind": 2})
    new = session.features.features("plot", [5])[5].values
    assert new["area"] == pytest.approx(400, rel=1e-3)
    today = datetime.now().astimezone().date().isoformat()
    assert {k: v for k, v in new.items() if k not in ("area", "name", "floors", "wet")} == {
        "code": "D008", "kind": 2, "county_code": "4101", "county": "东县", "who": "王工", "day": today,
    }  # fmt: skip
    assert len(session.history.entries) == 1


def test_a_series_goes_on_within_one_step_and_over_steps(session):
    ref = session.ref("plot")
    assert [v["code"] for v in fill(session, ref, [None, None], [{}, {}])] == ["D008", "D009"]
    execute(session, "feature.create", layer="plot", geometry=square(600, 100, 20).wkt)
    assert fill(session, ref, [None], [{}])[0]["code"] == "D009"
    execute(session, "feature.delete", layer="plot", fids=[5])
    assert fill(session, ref, [None], [{}])[0]["code"] == "D008"


def test_defaults_fill_only_what_is_empty(session):
    execute(session, "attribute.set", layer="plot", fids=[1], field="county", value="typed")
    execute(session, "attribute.defaults", layer="plot", fids=[1, 4])
    assert column(session, "county") == ["typed", None, None, "西县"]
    assert column(session, "kind") == [1, 1, 2, 1]
    execute(session, "attribute.defaults", layer="plot", fids=[1], again=True)
    assert column(session, "county")[0] == "西县"


def test_a_template_is_what_new_features_begin_with(session):
    execute(session, "attribute.template", layer="plot", values={"kind": 2, "name": "模板"})
    execute(session, "feature.create", layer="plot", geometry=square(0, 100, 20).wkt, values={"name": "自己"})
    assert {n: session.features.features("plot", [5])[5].values[n] for n in ("kind", "name")} == {"kind": 2, "name": "自己"}
    session.undo()
    session.undo()
    assert session.ref("plot").template == {}


def test_fields_of_the_catalogue_are_filled_in_the_sample_city():
    session = ly.open("sample")
    try:
        ref = session.ref("hazard_point")
        feature = session.features.features("hazard_point", [1])[1]
        assert around(session, ref, 1, feature).city is not None
    finally:
        session.close()
    assert paths.sample_store().is_file()
