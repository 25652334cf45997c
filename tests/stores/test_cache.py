from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from lydigital import paths
from lydigital.model.crs import Crs
from lydigital.stores import cache
from lydigital.stores.store import open_store

if TYPE_CHECKING:
    from lydigital.model.table import FeatureTable

ROOT = Path(__file__).parents[2]
TARGET = Crs("EPSG:4546")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An own folder, written before the read returns."""
    place = tmp_path / "tables"
    place.mkdir()
    monkeypatch.setattr(cache, "_folder", lambda: place)
    monkeypatch.setattr(cache, "_keep", cache._write)
    return place


def put(path, content):
    """Another file of this name: the old one is mapped by tables that live in it."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


class Counting:
    """A store that counts its reads."""

    def __init__(self, inner):
        self.inner, self.reads = inner, 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, *args, **more):
        self.reads += 1
        return self.inner.read(*args, **more)


@pytest.fixture
def source(squares):
    return squares("gpkg")


@pytest.fixture
def store(source):
    return Counting(open_store(source))


def same(a: FeatureTable, b: FeatureTable) -> bool:
    arrays = ("coords", "ring_offsets", "part_offsets", "geom_offsets", "bounds", "geom_rings", "importance")
    return (
        np.array_equal(a.fid, b.fid)
        and a.columns.equals(b.columns)
        and a.geometry.kind is b.geometry.kind
        and all(
            np.array_equal(getattr(a.geometry, n), getattr(b.geometry, n), equal_nan=True) for n in arrays
        )
        and np.array_equal(a.block_bounds, b.block_bounds, equal_nan=True)
        and a.crs == b.crs
    )


def test_the_second_read_is_the_same_without_the_source(store):
    first, second = cache.read(store, "district", TARGET), cache.read(store, "district", TARGET)
    assert store.reads == 1
    assert isinstance(second, cache.MappedTable)
    assert same(first, second)
    assert second.rows_in((0, 0, 7, 7)).tolist() == first.rows_in((0, 0, 7, 7)).tolist()
    assert second.record(0) == first.record(0)
    assert same(second.sorted_by_hilbert(), first.sorted_by_hilbert())


def test_importance_is_computed_once_and_kept(tmp_path, write_file):
    line = shapely.LineString([(0, 0), (5, 1), (10, 0)])
    store = open_store(write_file(tmp_path / "line.gpkg", [line], {"n": [1]}, kind="LineString"))
    for _ in range(2):
        assert cache.read(store, "line", TARGET).geometry.importance.tolist() == [np.inf, 1, np.inf]


def test_arrays_are_aligned_and_cannot_be_written(store):
    cache.read(store, "district", TARGET)
    table = cache.read(store, "district", TARGET)
    for array in (table.fid, table.geometry.coords, table.geometry.bounds, table.block_bounds):
        assert not array.flags.writeable
    with pytest.raises(ValueError):
        table.geometry.coords[0] = 1


def test_the_file_is_aligned(store, folder):
    cache.read(store, "district", TARGET)
    (path,) = folder.iterdir()
    header, body = cache._checked(memoryview(path.read_bytes()))
    assert all(a.start % 64 == 0 for a in header.arrays.values())
    assert (path.stat().st_size - len(body)) % 64 == 0


def test_offsets_of_points_are_stored_once(tmp_path, write_file, folder):
    store = open_store(
        write_file(tmp_path / "p.gpkg", shapely.points(np.arange(2000.0).reshape(-1, 2)), {"n": range(1000)})
    )
    cache.read(store, "p", TARGET)
    (path,) = folder.iterdir()
    header, _ = cache._checked(memoryview(path.read_bytes()))
    assert (
        len({header.arrays[n].start for n in ("ring_offsets", "part_offsets", "geom_offsets", "geom_rings")})
        == 1
    )


def test_reprojects_once(store):
    target = Crs("EPSG:4490")
    first, second = cache.read(store, "district", target), cache.read(store, "district", target)
    assert store.reads == 1
    assert second.crs == target
    assert same(first, second)
    assert 106 < second.geometry.total_bounds[0] < 112
    cache.read(store, "district", TARGET)
    assert store.reads == 2


def test_writes_in_the_background(store, folder, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(cache, "_folder", lambda: folder)
    cache.read(store, "district", TARGET)
    cache.finish()
    assert isinstance(cache.read(store, "district", TARGET), cache.MappedTable)


def test_a_table_moves_into_its_file_when_that_is_written(store, source):
    kept = store.inner.read("district")
    table = cache.read(store, "district", TARGET)
    assert same(table, cache.read(store, "district", TARGET))
    assert table.columns.equals(kept.columns)
    assert table.record(0) == kept.record(0)
    with pytest.raises(ValueError):
        table.geometry.coords[0] = 1


def test_columns_of_one_name_come_by_number(tmp_path, folder):
    import pyarrow as pa

    from lydigital.stores.late import Mapped

    def stream(values):
        sink = pa.BufferOutputStream()
        table = pa.table([values], names=["column"])
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return memoryview(sink.getvalue())

    columns = Mapped(("a", "a"), [stream([1, 2]), stream(["x", "y"])], 2, lambda: None)
    assert columns.all().column(1).to_pylist() == ["x", "y"]
    assert Mapped((), [], 3, lambda: None).all().num_rows == 3


def test_a_changed_source_is_read_again(store, source, write_file):
    cache.read(store, "district", TARGET)
    source.unlink()
    write_file(source, [shapely.box(0, 0, 1, 1)], {"name": np.array(["新"], object)})
    assert cache.read(store, "district", TARGET).columns["name"].to_pylist() == ["新"]


def test_another_program_version_makes_its_own(store, monkeypatch):
    cache.read(store, "district", TARGET)
    monkeypatch.setattr(cache, "_version", lambda: "later")
    cache.read(store, "district", TARGET)
    assert store.reads == 2


def test_issues_are_remembered(tmp_path, write_file):
    path = write_file(tmp_path / "gaps.gpkg", [shapely.Point(1, 2), None], {"n": [1, 2]}, kind="Point")
    cache.read(open_store(path), "gaps", TARGET)
    again = open_store(path)
    cache.read(again, "gaps", TARGET)
    assert [i.code for i in again.describe("gaps").issues] == ["geometry.empty"]


def test_a_guessed_datum_shift_is_said(tmp_path, write_file):
    path = write_file(
        tmp_path / "old.gpkg", [shapely.Point(632981.9, 3833392.9)], {"n": [1]}, crs="EPSG:2382", kind="Point"
    )
    store = open_store(path)
    cache.read(store, "old", TARGET)
    assert [(i.code, i.severity) for i in store.describe("old").issues] == [("crs.ballpark", "warning")]
    modern = write_file(
        tmp_path / "new.gpkg", [shapely.Point(112.4, 34.6)], {"n": [1]}, crs="EPSG:4326", kind="Point"
    )
    store = open_store(modern)
    cache.read(store, "new", TARGET)
    assert [(i.code, i.severity) for i in store.describe("new").issues] == [("crs.ballpark", "note")]


def test_what_has_no_place_in_the_target_becomes_empty_and_is_said(tmp_path, write_file):
    shapes = [shapely.Point(112.4, 34.6), shapely.Point(112.5, 95.0), shapely.Point(112.6, 34.7)]
    store = open_store(
        write_file(tmp_path / "far.gpkg", shapes, {"n": [1, 2, 3]}, crs="EPSG:4490", kind="Point")
    )
    for _ in range(2):
        table = cache.read(store, "far", TARGET)
        row = table.columns["n"].to_pylist().index(2)
        assert np.isnan(table.geometry.bounds[row]).all()
        assert np.isfinite(table.geometry.coords).all()
        assert len(table.geometry.coords) == 2
        (issue,) = store.describe("far").issues
        assert (issue.code, issue.count) == ("crs.unreachable", 1)


# --- damage ---------------------------------------------------------------------------------------------------------


def test_any_truncation_is_noticed(store, folder):
    first = cache.read(store, "district", TARGET)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for length in sorted({0, 1, 8, 15, 16, 40, len(whole) // 2, len(whole) - 64, len(whole) - 1}):
        put(path, whole[:length])
        assert same(cache.read(store, "district", TARGET), first)
        assert path.read_bytes() == whole


def test_no_flipped_byte_of_the_header_leads_astray(store, folder):
    """Whatever the header says, arrays stay inside the file and fit together."""
    cache.read(store, "district", TARGET)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    head = 16 + int.from_bytes(whole[8:16], "little")
    for at in range(head):
        for value in (0x00, 0x7F, 0xFF):
            raw = bytearray(whole)
            raw[at] = value
            put(path, raw)
            kept = cache._open(path, lambda header, body: cache._table(header, body, lambda: None))
            if kept is None:
                continue
            g = kept[0].geometry
            assert len(g) == len(kept[0].fid) == len(g.bounds)
            assert g.geom_offsets[-1] == len(g.part_offsets) - 1
            assert g.ring_offsets[-1] == len(g.coords)


def test_damaged_columns_come_from_the_source(store, folder):
    first = cache.read(store, "district", TARGET)
    (path,) = folder.iterdir()
    raw = bytearray(path.read_bytes())
    header, body = cache._checked(memoryview(bytes(raw)))
    steps = np.frombuffer(header.steps, "<i8")
    start = len(raw) - len(body) + int(steps[0])
    raw[start:] = b"\xee" * (len(raw) - start)
    put(path, raw)
    assert cache.read(store, "district", TARGET).columns.equals(first.columns)


def test_a_full_disk_only_costs_the_time(store, monkeypatch, folder):
    def full(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.tempfile, "mkstemp", full)
    assert len(cache.read(store, "district", TARGET)) == 5
    assert list(folder.iterdir()) == []


def test_the_least_used_go_first(folder):
    for i in range(5):
        (folder / f"{i}.lyt").write_bytes(bytes(100))
        os.utime(folder / f"{i}.lyt", (1000 + i, 1000 + i))
    os.utime(folder / "0.lyt", (2000, 2000))
    cache.trim(250)
    assert sorted(p.name for p in folder.iterdir()) == ["0.lyt", "4.lyt"]


def test_layers_a_store_did_not_touch_stay_known(store, source, write_file):
    before = store.identity("district")
    first = cache.read(store, "district", TARGET)
    cache.read(store, "district", Crs("EPSG:4490"))
    with closing(sqlite3.connect(source)) as db:
        db.execute("CREATE TABLE other (n INTEGER)")
    after = store.identity("district")
    assert after != before
    cache.carry_over(before, after)
    assert same(cache.read(store, "district", TARGET), first)
    cache.read(store, "district", Crs("EPSG:4490"))
    assert store.reads == 2
    with closing(sqlite3.connect(source)) as db:
        db.execute("INSERT INTO other VALUES (1)")
        db.commit()
    cache.read(store, "district", TARGET)
    assert store.reads == 3, "what others wrote is read again"


def test_a_table_in_use_outlives_its_file(store, folder):
    first = cache.read(store, "district", TARGET)
    kept = cache.read(store, "district", TARGET)
    for path in folder.iterdir():
        path.unlink()
    assert same(kept, first)
    assert same(cache.read(store, "district", TARGET), first)
    assert store.reads == 2


def test_readers_and_a_writer_and_a_trimmer_at_once(source, folder):
    """Threads stand for programs: files come and go under each other's feet, and every table is whole."""
    expected = cache.read(open_store(source), "district", TARGET)
    wrong = []

    def work(number):
        for i in range(15):
            if number == 0:
                cache.trim(0 if i % 3 else 10**9)
            elif not same(cache.read(open_store(source), "district", TARGET), expected):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not list(folder.glob("*.tmp"))


def test_the_folder_stays_within_its_limit(tmp_path, write_file, folder, monkeypatch):
    monkeypatch.setattr(cache.trim, "__defaults__", (30_000,))
    for i in range(6):
        xy = np.random.default_rng(i).random((200, 2))
        path = write_file(tmp_path / f"p{i}.gpkg", shapely.points(xy), {"n": range(200)}, kind="Point")
        cache.read(open_store(path), f"p{i}", TARGET)
        assert sum(p.stat().st_size for p in folder.iterdir()) <= 30_000
    assert list(folder.iterdir())


def test_two_programs_at_once(source, folder):
    script = (
        "import sys; from lydigital.stores import cache; from lydigital.stores.store import open_store;"
        "from lydigital.model.crs import Crs;"
        "print(len(cache.read(open_store(sys.argv[1]), 'district', Crs('EPSG:4490'))))"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), "LYDIGITAL_HOME": str(paths.cache_dir().parent)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(source)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in both:
        out, err = process.communicate()
        assert out.strip() == b"5", err


def test_geometry_needs_no_arrow_and_no_gdal(source):
    script = (
        "import sys; from lydigital.stores import cache; from lydigital.stores.store import open_store;"
        "from lydigital.model.crs import Crs;"
        "table = cache.read(open_store(sys.argv[1]), 'district', Crs('EPSG:4546')); table.rows_in((0, 0, 1, 1));"
        "print([m for m in ('pyogrio', 'pandas', 'pyarrow', 'pyproj', 'shapely') if m in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), "LYDIGITAL_HOME": str(paths.cache_dir().parent)}
    command = [sys.executable, "-c", script, str(source)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    assert subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip() == "[]"
