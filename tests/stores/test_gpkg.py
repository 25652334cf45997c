from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely

from lydigital import errors
from lydigital.errors import BadDataError, CrsError, StoreUnavailableError
from lydigital.stores import gpkg, gpkg_rows
from lydigital.stores.create import create_gpkg, write_layer
from lydigital.stores.store import open_store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def city(squares):
    return squares("gpkg")


@pytest.fixture
def edit():
    """Change a GeoPackage through plain SQL, as a careless or hostile program would."""

    def run(path: Path, *statements: str) -> Path:
        with closing(sqlite3.connect(path)) as db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f'DROP TRIGGER "{name}"')
            for statement in statements:
                db.execute(statement)
            db.commit()
        return path

    return run


def to_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)


def rename_first(db: sqlite3.Connection) -> None:
    db.execute("DROP TRIGGER IF EXISTS rtree_district_geom_update1")
    for (name,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'rtree%'"
    ).fetchall():
        db.execute(f'DROP TRIGGER "{name}"')
    db.execute("UPDATE district SET name = '新名' WHERE fid = 1")


def names(path: Path) -> set[str]:
    store = open_store(path)
    try:
        return set(store.read("district").columns["name"].to_pylist())
    finally:
        store.close()


# --- nothing is written, whatever state the file is in --------------------------------------------------------------


def test_a_file_in_wal_mode_stays_as_it_is(city, untouched):
    to_wal(city)
    before = untouched(city.parent)
    assert list(before) == ["district.gpkg", "."]
    assert "洛阳" in names(city)
    assert untouched(city.parent) == before


WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
    db.execute(f'DROP TRIGGER "{name}"')
db.execute("UPDATE district SET name = '新名' WHERE fid = 1")
print("written", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_what_another_program_has_committed_is_seen(city, untouched, killed):
    to_wal(city)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(city)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout.readline().strip() == b"written"
        if killed:
            writer.kill()
            writer.wait()
        before = untouched(city.parent)
        assert "新名" in names(city)
        after = untouched(city.parent)
    finally:
        writer.kill()
        writer.communicate()
    assert set(before) == {"district.gpkg", "district.gpkg-wal", "district.gpkg-shm", "."}
    assert after == before


def test_a_log_left_by_a_crash_is_read_from_a_copy(city, tmp_path, untouched):
    to_wal(city)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(city, isolation_level=None)) as db:
        rename_first(db)
        for suffix in ("", "-wal"):
            shutil.copy(f"{city}{suffix}", crashed / f"district.gpkg{suffix}")
    before = untouched(crashed)
    assert len(before) == 3
    assert "新名" in names(crashed / "district.gpkg")
    assert untouched(crashed) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_followed_to_the_log_of_its_file(city, tmp_path, untouched):
    to_wal(city)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(city, isolation_level=None)) as db:
        rename_first(db)
        for suffix in ("", "-wal"):
            shutil.copy(f"{city}{suffix}", crashed / f"district.gpkg{suffix}")
    link = tmp_path / "link.gpkg"
    link.symlink_to(crashed / "district.gpkg")
    before = untouched(crashed)
    assert "新名" in names(link)
    assert untouched(crashed) == before


def test_a_transaction_left_by_a_crash_is_undone_in_a_copy(city, tmp_path, untouched):
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(city, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 1")  # so that half of the change reaches the file
        rename_first(db)
        db.execute("CREATE TABLE filler (x)")
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE district SET name = '没提交'")
        db.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 200)
        for suffix in ("", "-journal"):
            shutil.copy(f"{city}{suffix}", crashed / f"district.gpkg{suffix}")
        db.execute("ROLLBACK")
    before = untouched(crashed)
    found = names(crashed / "district.gpkg")
    assert "新名" in found
    assert "没提交" not in found
    assert untouched(crashed) == before


def without_privileges() -> None:
    """Let the child of root obey permissions: drop CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH before exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):
        if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            raise OSError(ctypes.get_errno())


READER = """
import sys
from lydigital.errors import LydError
from lydigital.stores.create import create_gpkg, write_layer
from lydigital.stores.store import open_store
store = open_store(sys.argv[1] + "/district.gpkg")
print(store.layers()[0].feature_count, len(store.read("district")))
try:
    open_store(sys.argv[1] + "/secret.gpkg")
except LydError as error:
    print(type(error).__name__, error.exit_code, error.hint_text() != "")
try:
    open(sys.argv[1] + "/new", "w")
except PermissionError:
    print("really")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="permissions work otherwise there")
@pytest.mark.parametrize("wal", [False, True])
def test_without_permission_to_write_and_to_read(city, untouched, wal):
    if wal:
        to_wal(city)
    shutil.copy(city, city.with_name("secret.gpkg"))
    before = untouched(city.parent)
    city.chmod(0o444)
    city.with_name("secret.gpkg").chmod(0o000)
    city.parent.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READER, str(city.parent)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=without_privileges if os.geteuid() == 0 else None,
        )
    finally:
        city.parent.chmod(0o755)
        city.with_name("secret.gpkg").chmod(0o644)
    assert done.stdout.split() == ["5", "5", "StoreUnavailableError", "6", "True", "really"], done.stderr
    assert untouched(city.parent) == before


# --- bad input ------------------------------------------------------------------------------------------------------


def refused(path: Path) -> errors.LydError:
    with pytest.raises(errors.LydError) as caught:
        open_store(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint_text()
    return caught.value


def test_missing(tmp_path):
    assert refused(tmp_path / "gone.gpkg").exit_code == 6


def test_empty(tmp_path):
    path = tmp_path / "empty.gpkg"
    path.touch()
    error = refused(path)
    assert (error.exit_code, "0 bytes" in str(error)) == (3, True)


def test_folder(tmp_path):
    path = tmp_path / "folder.gpkg"
    path.mkdir()
    assert refused(path).exit_code == 3


def test_picture_with_a_wrong_name(tmp_path):
    path = tmp_path / "photo.gpkg"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(4000))
    error = refused(path)
    assert (error.exit_code, "SQLite" in str(error)) == (3, True)


def test_other_database(tmp_path):
    path = tmp_path / "other.gpkg"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
    error = refused(path)
    assert (error.exit_code, "not a GeoPackage" in str(error)) == (3, True)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_truncated(city, share):
    raw = city.read_bytes()
    city.write_bytes(raw[: int(len(raw) * share)])
    error = refused(city)
    assert (error.exit_code, "cut off" in str(error)) == (3, True)


def test_a_few_bytes(tmp_path):
    path = tmp_path / "few.gpkg"
    path.write_bytes(b"SQLite format 3\x00")
    assert refused(path).exit_code == 3


def test_locked(city, monkeypatch, untouched):
    monkeypatch.setattr(gpkg, "LOCK_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(city, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        before = untouched(city.parent)
        error = refused(city)
        assert untouched(city.parent) == before
        db.execute("ROLLBACK")
    assert (type(error), error.exit_code) == (StoreUnavailableError, 6)
    assert "locked" in str(error)
    assert "洛阳" in names(city)


@pytest.mark.parametrize("largest", [0, 50_000])
def test_damaged_pages_are_an_error_not_a_shorter_layer(tmp_path, write_file, monkeypatch, largest):
    monkeypatch.setattr(gpkg_rows, "LARGEST", largest)
    n = 3000
    xy = np.arange(2 * n, dtype=float).reshape(n, 2)
    path = write_file(
        tmp_path / "district.gpkg",
        shapely.points(xy),
        {"name": np.array(["x" * 40] * n, object)},
        kind="Point",
    )
    raw = bytearray(path.read_bytes())
    page = raw.index(b"x" * 40, len(raw) // 3) // 4096 * 4096
    raw[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(raw)
    with pytest.raises(BadDataError) as caught:
        open_store(path).read("district")
    assert str(path) in str(caught.value)


def test_lists_a_layer_it_does_not_have(city, edit):
    edit(city, "ALTER TABLE district RENAME TO elsewhere", "UPDATE gpkg_contents SET table_name = 'district'")
    assert refused(city).exit_code == 3


def test_hostile_names_and_numbers(city, edit):
    evil = "x\"; DROP TABLE gpkg_contents; --'"
    quoted = evil.replace('"', '""')
    name = evil.replace("'", "''")
    edit(
        city,
        f'CREATE TABLE "{quoted}" (fid INTEGER PRIMARY KEY, "a""b" TEXT)',
        f"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('{name}', 'attributes', 'evil')",
        "UPDATE gpkg_contents SET min_x = 'north', max_x = -5 WHERE table_name = 'district'",
        "UPDATE gpkg_ogr_contents SET feature_count = -7",
    )
    store = open_store(city)
    district, bad = store.layers()
    assert (district.bounds, district.feature_count) == (None, 5)
    assert bad.name == evil
    assert [f.name for f in bad.fields] == ['a"b']


def test_a_view_that_never_ends(city, edit, monkeypatch):
    monkeypatch.setattr(gpkg, "_QUERY_TIMEOUT_S", 0.05)
    edit(
        city,
        "DROP TABLE district",
        "CREATE VIEW district AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid FROM n",
        "UPDATE gpkg_ogr_contents SET feature_count = NULL",
    )
    assert refused(city).exit_code == 3


def test_broken_geometry_is_reported_and_the_rest_shown(city, edit):
    edit(
        city,
        "UPDATE district SET geom = substr(geom, 1, 60) WHERE fid = 1",
        "UPDATE district SET geom = x'00' WHERE fid = 4",
    )
    store = open_store(city)
    table = store.read("district")
    assert len(table) == 5
    assert np.count_nonzero(np.isnan(table.geometry.bounds[:, 0])) == 2
    issues = store.describe("district").issues
    assert {i.code for i in issues} & {"geometry.broken", "geometry.empty"}
    assert sum(i.count for i in issues) >= 2


def test_text_that_is_no_unicode(city, edit):
    edit(city, "UPDATE district SET name = CAST(x'c2e5d1f4' AS TEXT) WHERE fid = 1")
    store = open_store(city)
    assert any(
        (n and "\ufffd" in n) or n == "ÂåÑô" for n in store.read("district").columns["name"].to_pylist()
    )


# --- two ways to read one table -------------------------------------------------------------------------------------


@pytest.fixture
def both_ways(monkeypatch):
    def read(path: Path, layer: str):
        store = open_store(path)
        quick = store.read(layer)
        found = store.describe(layer).issues
        with monkeypatch.context() as patch:
            patch.setattr(gpkg.GpkgStore, "_through_sqlite", lambda *_: None)
            return (quick, found), (store.read(layer), store.describe(layer).issues)

    return read


def equal(a, b) -> bool:
    parts = ("coords", "ring_offsets", "part_offsets", "geom_offsets", "bounds")
    return (
        np.array_equal(a.fid, b.fid)
        and [a.record(i) for i in range(len(a))] == [b.record(i) for i in range(len(b))]
        and all(np.array_equal(getattr(a.geometry, n), getattr(b.geometry, n), equal_nan=True) for n in parts)
        and a.crs == b.crs
    )


def test_small_tables_read_quickly_are_as_gdal_reads_them(tmp_path, catalogue, both_ways):
    path = tmp_path / "city.gpkg"
    create_gpkg(path, catalogue)
    village = {
        "name": ["洛阳", "", "c"],
        "people": [1, None, -(2**40)],
        "kind": ["a", None, "b"],
        "since": ["1999-12-31", None, "2025-02-28"],
        "seen": ["2025-07-01T08:30:00.250Z", None, "2025-07-01T08:30:00+08:00"],
        "open": [True, None, False],
    }
    write_layer(path, catalogue.layer("village"), village, shapely.points([[5, 5], [1, 1], [3, 9]]))
    write_layer(path, catalogue.layer("county"), {}, [shapely.box(0, 0, 1, 1), None])
    write_layer(path, catalogue.layer("roster"), {"person": ["甲", None]})
    for layer in ("village", "county", "roster", "road"):
        (quick, found), (slow, also) = both_ways(path, layer)
        assert equal(quick, slow)
        assert found == also


def test_a_small_table_needs_no_gdal(city):
    script = (
        "import sys; from lydigital.stores.store import open_store; open_store(sys.argv[1]).read('district');"
        "print([m for m in ('pyogrio', 'pandas') if m in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(city)]
    assert (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE district SET height = 'tall' WHERE fid = 2",
        "UPDATE district SET name = CAST(x'c2e5d1f4' AS TEXT) WHERE fid = 1",
        "ALTER TABLE district ADD COLUMN picture BLOB",
        "UPDATE district SET geom = 'no geometry' WHERE fid = 3",
    ],
)
def test_what_columns_do_not_declare_is_left_to_gdal(city, edit, both_ways, statement):
    edit(city, statement)
    (quick, found), (slow, also) = both_ways(city, "district")
    assert equal(quick, slow)
    assert found == also


# --- coordinate systems ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xy", "assumed"),
    [
        ((112.45, 34.62), "EPSG:4490"),
        ((632981.9, 3833392.9), "EPSG:4546"),
        ((37632981.9, 3833392.9), "EPSG:4525"),
        ((38357846.1, 3833529.4), "EPSG:4526"),
    ],
)
def test_a_missing_system_is_assumed_and_said(tmp_path, write_file, xy, assumed):
    path = write_file(tmp_path / "where.gpkg", [shapely.Point(xy)], {"n": [1]}, crs=None, kind="Point")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT srs_id FROM gpkg_geometry_columns").fetchone()[0] in (-1, 0, 99999)
    store = open_store(path)
    info = store.describe("where")
    assert (info.crs, [i.code for i in info.issues]) == ("", ["crs.missing"])
    assert store.read("where").crs.definition == assumed
    (issue,) = store.describe("where").issues
    assert (issue.code, issue.values["crs"], issue.severity) == ("crs.missing", assumed, "warning")
    assert store.read("where", crs="EPSG:4547").crs.definition == "EPSG:4547"
    assert store.describe("where").issues == ()


def test_an_unknown_number_falls_back_to_its_definition(city, edit):
    edit(
        city,
        "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 999999 WHERE srs_id = 4546",
    )
    assert "111E" in open_store(city).read("district").crs.name


def test_an_unknown_system_names_file_and_remedy(city, edit):
    edit(
        city,
        "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 999999, definition = 'MARS' WHERE srs_id = 4546",
    )
    store = open_store(city)
    assert store.layers()[0].crs == "EPSG:999999"
    with pytest.raises(CrsError) as caught:
        store.read("district")
    assert (caught.value.exit_code, str(city) in str(caught.value)) == (3, True)
    assert len(store.read("district", crs="EPSG:4546")) == 5


# --- speed of what a start needs ------------------------------------------------------------------------------------


def test_listing_imports_nothing_heavy(city):
    script = (
        "import sys; from lydigital.stores.store import open_store; open_store(sys.argv[1]).layers();"
        "print([m for m in ('pyogrio', 'pandas', 'pyarrow', 'pyproj', 'rasterio', 'shapely') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(city)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
