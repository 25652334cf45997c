"""Errors keep features from being saved, with a clear list; nothing is lost, and the rest is saved."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital.commands.complete import faults
from lydigital.commands.registry import execute
from lydigital.errors import RefusedError
from lydigital.model.layerdef import Catalogue, FieldDef, GroupDef, LayerDef
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Style
from lydigital.session import open_session
from lydigital.stores.create import create_gpkg, write_layer

X, Y = 600_000.0, 3_830_000.0
LOOK = Style((Rule((PolygonSymbolizer(Fill("#88aa88")),)),))
PLOT = LayerDef("plot", "地块", "g", "polygon", LOOK, "Plots", overlap="refuse", fields=(
    FieldDef("code", "编号", "Code", unique=True, pattern="D\\d"),
    FieldDef("name", "名称", "Name", required=True),
    FieldDef("slope", "坡度", "Slope", "real", minimum=0, maximum=90),
))  # fmt: skip
OTHER = LayerDef("other", "另", "g", "polygon", LOOK, "Other", fields=(FieldDef("name", "名称", "Name"),))


def square(x, side=80.0):
    return shapely.box(X + x, Y, X + x + side, Y + side)


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "city.gpkg"
    catalogue = Catalogue((PLOT, OTHER), (GroupDef("g", "组"),))
    create_gpkg(path, catalogue)
    shapes = np.array([square(100 * i) for i in range(3)])
    write_layer(path, PLOT, {"code": ["D1", "D2", "X"], "name": ["a", "b", "c"], "slope": [1.0, 2.5, -4.0]}, shapes)
    write_layer(path, OTHER, {"name": ["o"]}, np.array([square(0)]))
    opened = open_session(str(path), catalogue=catalogue, author="tester", autosave=True)
    yield opened
    opened.close()


def found(session):
    return {(f.fid, f.finding.field, f.finding.issue.code) for f in faults(session)}


def put(session, fid, field, value, layer="plot"):
    execute(session, "attribute.set", layer=layer, fids=[fid], field=field, value=value)


def test_what_came_with_the_data_blocks_nothing(session):
    put(session, 3, "name", "c2")
    assert found(session) == set()
    execute(session, "file.save")
    assert session.features.is_saved


def test_errors_of_edits_block_with_a_list_and_the_rest_is_saved(session, tmp_path):
    put(session, 1, "name", "")
    put(session, 2, "slope", 95)
    put(session, 3, "slope", -5)  # it was wrong before, and was given another wrong value
    put(session, 1, "name", "o2", "other")
    assert found(session) == {(1, "name", "field.required"), (2, "slope", "field.high"), (3, "slope", "field.low")}
    with pytest.raises(RefusedError) as error:
        execute(session, "file.save")
    for words in ("Plots", "Feature 1: Name must be filled in", "Feature 2: More than 90"):
        assert words in str(error.value)
    assert session.features.unsaved_layers == ("plot",)
    assert session.selection.fids["plot"].tolist() == [1, 2, 3]
    put(session, 1, "name", "again")
    put(session, 2, "slope", 9)
    put(session, 3, "slope", 4)
    execute(session, "file.save")
    assert session.features.is_saved
    stored = session.stores.fetch(session.ref("plot"), [1, 2, 3])
    assert [(f.values["name"], f.values["slope"]) for f in stored.values()] == [("again", 1.0), ("b", 9.0), ("c", 4.0)]


def test_a_new_feature_must_be_complete(session):
    execute(session, "feature.create", layer="plot", geometry=square(300).wkt, values={"code": "D1"})
    assert found(session) == {(4, "name", "field.required"), (4, "code", "field.taken")}
    execute(session, "edit.undo")
    assert found(session) == set()


def test_overlaps_are_errors_where_the_layer_forbids_them(session):
    execute(session, "feature.move", layer="plot", fids=[1], dx=50.0, dy=0.0)
    assert found(session) == {(1, "", "geometry.overlap")}
    execute(session, "feature.delete", layer="plot", fids=[2])
    assert found(session) == set()


def test_a_duplicate_is_found_on_the_edited_feature_only(session):
    put(session, 2, "code", "D1")
    assert found(session) == {(2, "code", "field.taken")}
