"""What every store does alike. A new backend joins by a line in BACKENDS."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from lydigital.errors import BadDataError, RefusedError
from lydigital.kernels import ragged
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import changes_between, made, removed
from lydigital.model.geometry import GeometryKind
from lydigital.stores.store import open_store

BACKENDS = ["gpkg", "geojson", "fgb"]
WRITTEN = ["gpkg"]  # what this program writes; the others say so
NOW = datetime(2026, 5, 4, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
def source(backend, squares):
    return squares(backend)


@pytest.fixture
def store(source):
    opened = open_store(str(source))
    yield opened
    opened.close()


def by_name(table):
    names = table.columns.column("name").to_pylist()
    return dict(zip(names, table.geometry.to_shapely(), strict=True))


def test_describes_its_layers(store):
    (info,) = store.layers()
    assert (info.name, info.feature_count, info.crs) == ("district", 5, "EPSG:4546")
    assert info.geometry in ("polygon", "mixed")
    assert info.bounds == (0, 0, 46, 12)
    assert [(f.name, f.type) for f in info.fields] == [("name", "text"), ("height", "real")]
    assert info.issues == ()
    assert store.describe("district") == info


def test_reads_geometry_and_attributes(store):
    table = store.read("district")
    shapes = by_name(table)
    assert table.geometry.kind is GeometryKind.POLYGON
    assert table.crs.definition == "EPSG:4546"
    assert set(shapes) == {"洛阳", "偃师", "孟津", "hole & more", "嵩县"}
    assert shapes["洛阳"].equals(shapely.box(0, 0, 6, 6))
    assert shapes["偃师"].area == 36 - 4
    assert shapely.get_num_geometries(shapes["孟津"]) == 2
    heights = dict(zip(table.columns["name"].to_pylist(), table.columns["height"].to_pylist(), strict=True))
    assert heights["偃师"] == 2.5
    assert heights["嵩县"] is None or np.isnan(heights["嵩县"])


def test_identities_are_unique_and_stay_with_their_feature(store):
    first, second = store.read("district"), store.read("district", bounds=(9, 0, 50, 6))
    names = dict(zip(first.fid.tolist(), first.columns["name"].to_pylist(), strict=True))
    assert first.fid.dtype == np.int64
    assert len(names) == 5
    assert [names[f] for f in second.fid.tolist()] == second.columns["name"].to_pylist()


def test_lies_along_the_hilbert_curve(store):
    table = store.read("district")
    assert np.array_equal(ragged.hilbert_order(table.geometry.bounds), np.arange(5))


def test_reads_a_window(store):
    assert set(by_name(store.read("district", bounds=(-5, -5, 7, 7)))) == {"洛阳"}
    assert len(store.read("district", bounds=(1000, 1000, 1001, 1001))) == 0


def test_reads_chosen_columns(store):
    assert store.read("district", columns=["height"]).columns.column_names == ["height"]
    assert store.read("district", columns=[]).columns.column_names == []


def test_takes_the_users_word_on_the_coordinate_system(store):
    assert store.read("district", crs="EPSG:4547").crs.definition == "EPSG:4547"


def test_names_the_layers_it_has_when_asked_for_another(store):
    with pytest.raises(BadDataError) as caught:
        store.read("nowhere")
    assert caught.value.exit_code == 3
    assert "district" in caught.value.hint_text()


def test_writes_nothing(source, store, untouched):
    before = untouched(source.parent)
    store.layers()
    store.read("district")
    store.read("district", bounds=(0, 0, 1, 1))
    store.close()
    assert untouched(source.parent) == before


def test_identity_follows_the_content(source, store):
    before = store.identity("district")
    assert store.identity("district") == before
    assert store.identity("other") != before
    source.write_bytes(source.read_bytes() + b" ")
    assert store.identity("district") != before


def test_reports_missing_geometry_and_keeps_the_feature(backend, tmp_path, write_file):
    options = {"SPATIAL_INDEX": "NO"} if backend == "fgb" else None
    shapes = [shapely.Point(1, 2), None, shapely.Point(3, 4)]
    path = write_file(tmp_path / f"gaps.{backend}", shapes, {"n": [1, 2, 3]}, kind="Point", options=options)
    store = open_store(path)
    table = store.read("gaps")
    assert sorted(table.columns["n"].to_pylist()) == [1, 2, 3]
    assert np.isnan(table.geometry.bounds[table.columns["n"].to_pylist().index(2)]).all()
    (issue,) = store.describe("gaps").issues
    assert (issue.code, issue.count) == ("geometry.empty", 1)


def test_leaves_heights_out_and_says_so(backend, tmp_path, write_file):
    path = write_file(
        tmp_path / f"high.{backend}",
        [shapely.Point(1, 2, 300), shapely.Point(3, 4, 310)],
        {"n": [1, 2]},
        kind="Point Z",
    )
    store = open_store(path)
    assert store.read("high").geometry.coords.shape == (2, 2)
    assert [i.code for i in store.describe("high").issues] == ["geometry.height"]


def test_takes_the_most_frequent_kind_of_a_mixed_layer(backend, tmp_path, write_file):
    shapes = [shapely.LineString([(0, 0), (1, 1)]), shapely.LineString([(2, 2), (3, 1)]), shapely.Point(5, 5)]
    path = write_file(tmp_path / f"mixed.{backend}", shapes, {"n": [1, 2, 3]})
    store = open_store(path)
    table = store.read("mixed")
    assert table.geometry.kind is GeometryKind.LINE
    assert len(table) == 3
    (issue,) = store.describe("mixed").issues
    assert (issue.code, issue.count) == ("geometry.kind", 1)


def test_an_empty_layer_is_a_layer(backend, tmp_path, write_file):
    path = write_file(tmp_path / f"none.{backend}", [], {"n": np.zeros(0, np.int32)}, kind="Polygon")
    store = open_store(path)
    table = store.read("none")
    assert len(table) == 0
    assert table.rows_in((0, 0, 1, 1)).tolist() == []


def save(store, *deltas, words="Edit"):
    return store.apply([ChangeSet(words, deltas, time=NOW)], author="wang", machine="desk", now=NOW)


def test_formats_that_are_not_written_say_the_way_out(backend, source, store, untouched):
    if backend in WRITTEN:
        store.writing("district")
        return
    before = untouched(source.parent)
    for attempt in (
        lambda: store.writing("district"),
        lambda: store.next_fid("district"),
        lambda: store.hold("wang"),
        lambda: save(store),
    ):
        with pytest.raises(RefusedError) as caught:
            attempt()
        assert "store copy" in caught.value.hint_text()
    assert store.history("district") == []
    assert store.changes_since("") == ([], "")
    assert store.verify().is_sound
    assert untouched(source.parent) == before


def test_what_is_applied_is_fetched_and_remembered(backend, store):
    if backend not in WRITTEN:
        pytest.skip("not written")
    old = store.fetch("district", [1, 2])
    fid = store.next_fid("district")
    applied = save(
        store, *changes_between("district", 1, old[1], old[1].replaced(name="新")), removed("district", 2, old[2]),
        made("district", fid, old[2]), words="First",
    )  # fmt: skip
    assert (applied.steps, applied.features) == (1, 3)
    assert store.fetch("district", [1, 2, fid]) == {1: old[1].replaced(name="新"), fid: old[2]}
    (entry,) = store.history("district")
    assert (entry.seq, entry.author, entry.machine, entry.done, entry.count) == (1, "wang", "desk", NOW, 3)
    assert [(c.fid, c.kind) for c in entry.changes] == [(1, "changed"), (2, "removed"), (fid, "made")]
    assert (entry.changes[0].before.values, entry.changes[0].after.values) == ({"name": "洛阳"}, {"name": "新"})
    assert store.history("district", 2)[0].changes[0].before == old[2]
    assert store.history("other") == []
    assert store.history("", since=NOW)[0].seq == 1
    assert store.history("", until=NOW) == []


def test_changes_since_a_token_and_taking_them_back(backend, store):
    if backend not in WRITTEN:
        pytest.skip("not written")
    old = store.fetch("district", [1])[1]
    first = save(store, *changes_between("district", 1, old, old.replaced(height=9.0)))
    assert store.changes_since(first.token) == ([], first.token)
    new = store.fetch("district", [1])[1]
    save(store, removed("district", 1, new))
    entries, token = store.changes_since(first.token)
    assert [e.seq for e in entries] == [2]
    for entry in reversed(store.changes_since("")[0]):
        back = tuple(~delta for change in entry.changes for delta in change.deltas)
        save(store, *back, words="Restore")
    assert store.fetch("district", [1])[1] == old
    assert len(store.changes_since(token)[0]) == 2
    assert store.verify().is_sound
