"""Editing features through a session: the map shows it at once, undo takes it back, nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

import lydigital as ly
from lydigital import paths
from lydigital.errors import ConflictError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, changes_between, made, removed
from lydigital.model.layerdef import read_catalogue
from lydigital.model.selection import Selection
from lydigital.stores.create import create_gpkg, write_layer


@pytest.fixture
def session(tmp_path):
    catalogue = read_catalogue(paths.layers_dir())
    path = tmp_path / "city.gpkg"
    create_gpkg(path, catalogue)
    shapes = np.array([shapely.box(640_000 + 10 * i, 3_830_000, 640_008 + 10 * i, 3_830_008) for i in range(50)])
    write_layer(path, catalogue.layer("building"), {"kind": ["住宅"] * 50, "floors": list(range(50)), "nature": ["示例数据"] * 50}, shapes)
    opened = ly.open(path)
    yield opened
    opened.close()


def moved(session, fid, dx):
    old = session.features.features("building", [fid])[fid]
    shape = shapely.transform(shapely.from_wkb(old.wkb), lambda xy: xy + np.array([dx, 0.0]))
    return ChangeSet("Move", changes_between("building", fid, old, Feature(shapely.to_wkb(shape), old.values)))


def west_of(session, fid):
    table = session.table("building")
    row = int(table.rows_of(np.array([fid]))[0])
    return None if row < 0 else float(table.geometry.bounds[row, 0])


def drawn(session):
    parts = [layer for layer in session.scene() if layer.id == "building"]
    return {int(f): float(b[0]) for part in parts
            for f, b, c in zip(part.data.fid, part.data.geometry.bounds, part.codes, strict=True) if c >= 0}  # fmt: skip


def test_a_moved_feature_is_where_it_is_and_undo_puts_it_back(session):
    before = drawn(session)
    session.commit(moved(session, 3, 100.0))
    assert west_of(session, 3) == 640_120.0
    assert drawn(session) == {**before, 3: 640_120.0}
    assert not session.is_saved
    session.undo()
    assert drawn(session) == before
    assert session.is_saved
    session.redo()
    assert west_of(session, 3) == 640_120.0


def test_features_come_and_go(session):
    old = session.features.features("building", [7])[7]
    new = Feature(shapely.to_wkb(shapely.box(650_000, 3_830_000, 650_010, 3_830_010)), {"kind": "公共", "nature": "示例数据"})
    session.commit(ChangeSet("Swap", (removed("building", 7, old), made("building", 99, new))))
    assert west_of(session, 7) is None
    assert drawn(session)[99] == 650_000.0
    assert len(session.table("building")) == 50
    x, y = 650_005.0, 3_830_005.0
    session.move(replace(session.viewport, centre=(x, y)).at_scale(500.0))
    hits = session.identify(x, y)
    assert [(h.layer, h.fid, h.table.record(h.row)["kind"]) for h in hits] == [("building", 99, "公共")]


def test_selection_follows_a_feature_that_is_edited(session):
    session.select(Selection.of("building", [3, 4]))
    session.commit(moved(session, 3, 100.0))
    parts = [layer for layer in session.scene() if layer.id == "building"]
    chosen = sorted(int(part.data.fid[row]) for part in parts for row in part.selected)
    assert chosen == [3, 4]


def test_a_change_that_fits_in_part_changes_nothing(session):
    title = session.document.title
    wrong = ChangeSet("Both", (
        Delta("document/title", title, "new"), Delta("value/building/3/kind", "工厂", "公共"),
    ))  # fmt: skip
    with pytest.raises(ConflictError):
        session.commit(wrong)
    assert session.document.title == title
    assert session.is_saved


def test_many_edits_make_a_new_table_instead_of_a_long_patch(session, monkeypatch):
    monkeypatch.setattr("lydigital.openmap.ABSORBED", 10)
    kinds = tuple(Delta(f"value/building/{fid}/kind", "住宅", "公共") for fid in range(1, 21))
    session.commit(ChangeSet("Bulk", kinds))
    parts = [layer for layer in session.scene() if layer.id == "building"]
    assert len(parts) == 1
    assert parts[0].data.columns.column("kind").to_pylist().count("公共") == 20
    session.commit(moved(session, 3, 100.0))
    assert len([layer for layer in session.scene() if layer.id == "building"]) == 2
    assert drawn(session)[3] == 640_120.0
    session.undo()
    session.undo()
    assert session.table("building").columns.column("kind").to_pylist().count("公共") == 0
    assert session.is_saved


def test_a_table_without_geometry_is_the_store_s_and_not_on_the_map(session):
    assert session.document.layer("rainfall") is None
    assert len(session.table("rainfall")) == 0
    reading = Feature(None, {"gauge": "YL0001", "time": "2025-07-15T13:00:00.000Z", "rain_mm": 1.5, "nature": "示例数据"})
    session.commit(ChangeSet("Read a gauge", (made("rainfall", 1, reading),)))
    assert session.table("rainfall").columns.column("rain_mm").to_pylist() == [1.5]
    session.undo()
    assert len(session.table("rainfall")) == 0
