from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.errors import BadDataError, ConflictError, StoreUnavailableError
from lydigital.model.geometry import GeometryArray
from lydigital.stores.create import create_gpkg, finish, write_layer
from lydigital.stores.store import open_store
from tests.conftest import need


@pytest.fixture
def city(tmp_path, catalogue):
    path = tmp_path / "city.gpkg"
    create_gpkg(path, catalogue)
    return path


def sql(path, query, *parameters):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, parameters).fetchall()


def fill(path, catalogue):
    village, road, county, roster = (catalogue.layer(i) for i in ("village", "road", "county", "roster"))
    write_layer(
        path,
        village,
        {
            "name": ["洛阳", "偃师", "孟津"],
            "people": np.array([5, 6, 7]),
            "since": [date(1999, 1, 2), None, "2001-02-03"],
            "seen": [datetime(2025, 7, 1, 8, 30, tzinfo=UTC), None, None],
            "open": np.array([True, False, True]),
        },
        np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    )
    line = shapely.LineString([(0, 0), (3, 4)])
    write_layer(
        path, road, pa.table({"width_m": [7.5, float("nan")]}), [line, shapely.MultiLineString([line, line])]
    )
    write_layer(path, county, {}, [shapely.box(0, 0, 2, 1), None, shapely.Polygon()])
    write_layer(path, roster, {"person": ["甲", "乙"]})


def test_has_a_table_for_every_layer_but_rasters(city):
    infos = {info.name: info for info in open_store(city).layers()}
    assert {n: (i.geometry, i.feature_count, i.crs) for n, i in infos.items()} == {
        "village": ("point", 0, "EPSG:4546"),
        "road": ("line", 0, "EPSG:4546"),
        "county": ("polygon", 0, "EPSG:4546"),
        "roster": ("none", 0, ""),
    }
    fields = {f.name: (f.type, f.title) for f in infos["village"].fields}
    assert fields["people"] == ("integer", "人口")
    assert fields["since"] == ("date", "起始")


def test_what_is_written_is_read(city, catalogue):
    fill(city, catalogue)
    store = open_store(city)
    village = store.read("village")
    rows = {village.columns["name"][i].as_py(): village.record(i) for i in range(3)}
    assert rows["洛阳"]["since"] == date(1999, 1, 2)
    assert rows["洛阳"]["seen"] == datetime(2025, 7, 1, 8, 30, tzinfo=UTC)
    assert rows["偃师"] == {
        "name": "偃师",
        "people": 6,
        "kind": None,
        "since": None,
        "seen": None,
        "open": False,
    }
    road = store.read("road")
    assert sorted(shapely.length(road.geometry.to_shapely())) == [5, 10]
    assert None in road.columns["width_m"].to_pylist()
    county = store.read("county")
    assert sorted(shapely.area(county.geometry.to_shapely())) == [0, 0, 2]
    assert store.read("roster").columns["person"].to_pylist() == ["甲", "乙"]
    assert store.describe("village").bounds == (0, 1, 4, 5)
    assert store.describe("village").feature_count == 3
    assert store.describe("county").bounds == (0, 0, 2, 1)


def test_appends(city, catalogue):
    village = catalogue.layer("village")
    assert (
        write_layer(city, village, {"name": ["a", "b"]}, [shapely.Point(0, 0), shapely.MultiPoint([(9, 9)])])
        == 2
    )
    write_layer(city, village, {"name": ["c"]}, [shapely.Point(5, -5)], fid=[77])
    write_layer(city, village, {"name": ["d"]}, GeometryArray.from_points(np.array([[1.0, 1.0]])))
    table = open_store(city).read("village")
    assert sorted(zip(table.fid.tolist(), table.columns["name"].to_pylist(), strict=True)) == [
        (1, "a"),
        (2, "b"),
        (77, "c"),
        (78, "d"),
    ]
    assert open_store(city).describe("village").bounds == (0, -5, 9, 9)
    assert sql(city, "SELECT id FROM rtree_village_geom WHERE minx <= 1 AND maxx >= 1") == [(78,)]


def test_the_same_input_gives_the_same_bytes(tmp_path, catalogue):
    for name in ("one.gpkg", "two.gpkg"):
        create_gpkg(tmp_path / name, catalogue)
        fill(tmp_path / name, catalogue)
        finish(tmp_path / name)
    assert (tmp_path / "one.gpkg").read_bytes() == (tmp_path / "two.gpkg").read_bytes()


def test_is_a_valid_database_without_log(city, catalogue):
    fill(city, catalogue)
    assert sql(city, "PRAGMA integrity_check") == [("ok",)]
    assert sql(city, "PRAGMA foreign_key_check") == []
    assert sql(city, "PRAGMA application_id") == [(0x47504B47,)]
    assert sql(city, "PRAGMA journal_mode") == [("delete",)]
    assert [p.name for p in city.parent.glob("city*")] == ["city.gpkg"]
    for table in ("village", "road", "county"):
        full, indexed = sql(
            city, f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM rtree_{table}_geom)"
        )[0]
        assert full - indexed == (2 if table == "county" else 0)
    triggers = sql(city, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'road'")
    assert triggers == [(8,)]


def test_domains_and_ranges_travel_with_the_file(city):
    constraints = sql(
        city, "SELECT constraint_name, constraint_type, value, min, max FROM gpkg_data_column_constraints"
    )
    assert ("village_kind", "enum", "a", None, None) in constraints
    assert ("village_people", "range", None, 0, None) in constraints


def test_two_fields_may_have_one_title(tmp_path, catalogue):
    fields = tuple(msgspec.structs.replace(f, title="名") for f in catalogue.layers[0].fields[:2])
    twins = msgspec.structs.replace(
        catalogue, layers=(msgspec.structs.replace(catalogue.layers[0], fields=fields),)
    )
    create_gpkg(tmp_path / "twins.gpkg", twins)
    (info,) = open_store(tmp_path / "twins.gpkg").layers()
    assert [f.title for f in info.fields] == ["名 (name)", "名 (people)"]


def test_without_rtree(tmp_path, catalogue):
    path = tmp_path / "small.gpkg"
    create_gpkg(path, catalogue, rtree=False)
    fill(path, catalogue)
    assert sql(path, "SELECT name FROM sqlite_master WHERE name LIKE 'rtree%'") == []
    assert len(open_store(path).read("village", bounds=(1, 2, 3, 4))) == 1


def test_other_programs_read_and_edit_it(city, catalogue):
    fill(city, catalogue)
    need(shutil.which("ogrinfo") is not None, "ogrinfo (gdal-bin) is not installed")
    told = subprocess.run(["ogrinfo", "-al", "-q", str(city)], capture_output=True, text=True, check=True)
    assert "MULTIPOLYGON" in told.stdout
    assert "ERROR" not in told.stderr + told.stdout
    edit = ["ogrinfo", "-q", str(city), "-sql", "DELETE FROM village WHERE fid = 2"]
    subprocess.run(edit, capture_output=True, text=True, check=True)
    assert sql(city, "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'village'") == [(2,)]
    assert sql(city, "SELECT count(*) FROM rtree_village_geom") == [(2,)]


@pytest.mark.parametrize(
    ("columns", "shapes", "word"),
    [
        ({"name": ["a"], "colour": [1]}, [shapely.Point(0, 0)], "colour"),
        ({"name": ["a", "b"]}, [shapely.Point(0, 0)], "1, 2"),
        ({"people": [1]}, [shapely.Point(0, 0)], "NOT NULL"),
        ({"name": ["a"]}, [shapely.LineString([(0, 0), (1, 1)])], "LineString"),
        ({"name": ["a"]}, [shapely.MultiPoint([(0, 0), (1, 1)])], "MultiPoint"),
        ({"name": ["a"]}, None, "no geometry"),
        ({"name": ["a"], "seen": [datetime(2025, 1, 1)]}, [shapely.Point(0, 0)], "zone"),  # noqa: DTZ001
    ],
)
def test_rows_that_do_not_fit_are_refused_whole(city, catalogue, columns, shapes, word):
    with pytest.raises(BadDataError) as caught:
        write_layer(city, catalogue.layer("village"), columns, shapes)
    assert word in str(caught.value)
    assert len(open_store(city).read("village")) == 0
    assert sql(
        city, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'village'"
    ) == [(8,)]


def test_does_not_overwrite(city, catalogue):
    before = city.read_bytes()
    with pytest.raises(ConflictError):
        create_gpkg(city, catalogue)
    assert city.read_bytes() == before


def test_leaves_nothing_behind_when_it_fails(tmp_path, catalogue):
    wrong = msgspec.structs.replace(
        catalogue, layers=(msgspec.structs.replace(catalogue.layers[0], crs="EPSG:99"),)
    )
    with pytest.raises(BadDataError):
        create_gpkg(tmp_path / "new.gpkg", wrong)
    assert list(tmp_path.glob("new*")) == []
    with pytest.raises(StoreUnavailableError):
        create_gpkg(tmp_path / "nowhere" / "new.gpkg", catalogue)
