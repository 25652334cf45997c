from __future__ import annotations

import numpy as np
import pytest
import shapely

from lydigital import paths
from lydigital.errors import BadDataError
from lydigital.stores import files, ogr
from lydigital.stores.files import FileStore
from lydigital.stores.store import open_store


def test_shapefile_with_its_companions(tmp_path, write_file, untouched):
    folder = tmp_path / "shapes"
    folder.mkdir()
    path = write_file(
        folder / "town.shp",
        [shapely.Point(1, 2), shapely.Point(3, 4)],
        {"名称": np.array(["龙门", "关林"], object)},
    )
    before = untouched(folder)
    store = open_store(path)
    assert sorted(store.read("town").columns["名称"].to_pylist()) == ["关林", "龙门"]
    assert store.describe("town").crs == "EPSG:4546"
    assert untouched(folder) == before
    mark = store.identity("town")
    (folder / "town.prj").unlink()
    assert store.identity("town") != mark
    assert store.describe("town").crs == ""


def test_shapefile_without_its_index(tmp_path, write_file):
    path = write_file(tmp_path / "town.shp", [shapely.Point(1, 2)], {"n": [1]})
    path.with_suffix(".shx").unlink()
    with pytest.raises(BadDataError) as caught:
        open_store(path)
    assert "shx" in str(caught.value).lower()


def test_shapefile_in_an_unknown_encoding_does_not_crash(tmp_path, write_file):
    path = write_file(tmp_path / "gbk.shp", [shapely.Point(1, 2)], {"name": np.array(["abcd"], object)})
    path.with_suffix(".cpg").unlink(missing_ok=True)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"abcd", "洛阳".encode("gbk")))
    table = open_store(path).read("gbk")
    assert isinstance(table.columns["name"][0].as_py(), str)


@pytest.mark.parametrize("suffix", ["geojson", "shp"])
def test_fields_named_like_gdals_own(tmp_path, write_file, suffix):
    fields = {"OGC_FID": np.array([5, 6]), "fid": np.array([9, 8])}
    table = open_store(write_file(tmp_path / f"odd.{suffix}", shapely.points([[0, 0], [9, 9]]), fields)).read(
        "odd"
    )
    assert table.columns.column_names == ["OGC_FID", "fid"]
    assert sorted(table.columns["OGC_FID"].to_pylist()) == [5, 6]
    assert sorted(table.fid.tolist()) == [0, 1]


def test_csv_with_degrees_and_codes_as_text(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("code,lon,lat\n001,112.45,34.62\n002,112.5,34.7\n", encoding="utf-8")
    store = open_store(path)
    table = store.read("sites")
    assert table.geometry.coords[np.argsort(table.fid)].tolist() == [[112.45, 34.62], [112.5, 34.7]]
    assert sorted(table.columns["code"].to_pylist()) == ["001", "002"]
    assert table.crs.definition == "EPSG:4490"
    assert [i.code for i in store.describe("sites").issues] == ["crs.missing"]


def test_csv_without_place_is_a_table(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("name,X,Y\n甲,3833392.9,632981.9\n", encoding="utf-8")
    store = open_store(path)
    table = store.read("list")
    assert store.describe("list").geometry == "none"
    assert table.record(0)["name"] == "甲"
    assert len(table.geometry) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.geojson", b'{"type": "FeatureCollection", "features": [{"type": '),
        ("other.json", b'{"hello": "world"}'),
        ("photo.fgb", b"\xff\xd8\xff\xe0 JFIF" + bytes(1000)),
        ("photo.shp", b"\xff\xd8\xff\xe0 JFIF" + bytes(1000)),
        ("empty.geojson", b""),
    ],
)
def test_bad_input_names_file_and_remedy(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadDataError) as caught:
        open_store(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint_text()
    assert caught.value.exit_code == 3


def test_geojson_cut_in_the_middle_is_an_error(tmp_path, write_file):
    path = write_file(
        tmp_path / "many.geojson", shapely.points(np.arange(4000.0).reshape(-1, 2)), {"n": range(2000)}
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadDataError):
        open_store(path).read("many")


def test_flatgeobuf_cut_in_the_middle_is_an_error(tmp_path, write_file):
    path = write_file(
        tmp_path / "many.fgb", shapely.points(np.arange(4000.0).reshape(-1, 2)), {"n": range(2000)}
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with pytest.raises(BadDataError):
        open_store(path).read("many")


def test_a_file_described_once_is_known(tmp_path, write_file, monkeypatch):
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / "cache")
    path = write_file(tmp_path / "a.fgb", [shapely.Point(1, 2), shapely.Point(3, 4)], {"n": [1, 2]}, kind="Point")
    first = open_store(path).layers()
    with monkeypatch.context() as patch:
        patch.setattr(FileStore, "_describe_all", None)
        assert open_store(path).layers() == first
        for entry in (tmp_path / "cache" / "tables").iterdir():
            entry.write_bytes(entry.read_bytes()[:-3])
        patch.undo()
    assert open_store(path).layers() == first, "a damaged entry is made again"
    path.unlink()
    write_file(path, [shapely.Point(9, 9)], {"n": [1]}, kind="Point")
    assert open_store(path).layers()[0].feature_count == 1


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path, write_file, monkeypatch):
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / "cache")
    path = write_file(tmp_path / "a.fgb", [shapely.Point(1, 2)], {"n": [1]}, kind="Point")
    assert open_store(path).layers()[0].feature_count == 1


@pytest.mark.parametrize("large", [0, 1 << 20])
def test_geojson_is_described_alike_by_reading_it_and_by_asking(tmp_path, write_file, monkeypatch, large):
    monkeypatch.setattr(files, "_LARGE", large)
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / f"cache{large}")
    shapes = [shapely.Point(1, 2), shapely.LineString([(0, 0), (5, 9)]), None, shapely.LineString([(0, 0), (2, 1)])]
    path = write_file(tmp_path / "mixed.geojson", shapes, {"name": np.array(list("甲乙丙丁"), object)}, layer="other")
    store = open_store(path)
    (info,) = store.layers()
    assert (info.name, info.geometry, info.feature_count, info.bounds) == ("mixed", "mixed", 4, (0, 0, 5, 9))
    assert [(f.name, f.type) for f in info.fields] == [("name", "text")]
    for _ in range(2):
        assert sorted(store.read("mixed").columns["name"].to_pylist()) == sorted("甲乙丙丁")
    assert len(store.read("mixed", columns=[]).columns.column_names) == 0


def test_a_large_geojson_is_read_once(tmp_path, write_file, monkeypatch):
    monkeypatch.setattr(files, "_LARGE", 0)
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / "cache")
    path = write_file(tmp_path / "a.geojson", [shapely.Point(1, 2)], {"n": [1]})
    store = open_store(path)
    with monkeypatch.context() as patch:
        patch.setattr(ogr, "read", None)
        assert len(store.read("a")) == 1
    assert len(store.read("a")) == 1
    again = open_store(path)
    path.write_text(path.read_text().replace('"n": 1', '"n": 12345'), encoding="utf-8")
    assert again.read("a").columns["n"].to_pylist() == [12345]
