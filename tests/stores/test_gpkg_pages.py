"""Reading pages gives what SQL and GDAL give, and damage never goes further than a fault."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from lydigital.errors import CancelledError, LydError
from lydigital.kernels import ragged
from lydigital.stores import gpkg, gpkg_pages, gpkg_rows
from lydigital.stores.create import create_gpkg, write_layer
from lydigital.stores.store import open_store

N = 2000


@pytest.fixture
def village(tmp_path, catalogue):
    """Two thousand villages, some with texts and shapes that go over many pages, mixed with another table."""
    random = np.random.default_rng(5)
    path = tmp_path / "city.gpkg"
    create_gpkg(path, catalogue)
    some = random.random((6, N)) < 0.8
    names = [f"村{'河' * int(n)}" for n in random.integers(0, 9, N)]
    names[700] = "长" * 5000
    numbers = random.integers(-(2**62), 2**62, N) >> random.integers(0, 63, N)
    columns = {
        "name": names,
        "people": [int(v) if s else None for v, s in zip(numbers, some[1], strict=True)],
        "kind": ["a" if s else None for s in some[2]],
        "since": ["2001-02-03" if s else None for s in some[3]],
        "seen": ["2025-07-01T08:30:00.250Z" if s else None for s in some[4]],
        "open": [bool(i % 2) if s else None for i, s in enumerate(some[5])],
    }
    shapes = shapely.points(random.random((N, 2)) * 1000)
    shapes[5] = None
    write_layer(path, catalogue.layer("village"), columns, shapes)
    lines = np.full(N, shapely.LineString([(0, 0), (1, 2)]))
    lines[[3, 900]] = shapely.LineString(shapely.Point(5, 5).buffer(3, quad_segs=400).exterior)
    write_layer(path, catalogue.layer("road"), {"width_m": random.random(N)}, lines)
    return path


def through_pages(path, layer="village", watch=None):
    store = open_store(path)
    entry = store._entry(layer)
    with closing(gpkg._connect(path, immutable=False)) as db:
        return gpkg_pages.read(db, path, gpkg_rows.Source(layer, *entry.columns, entry.info.fields), watch)


def records(table):
    shapes = table.geometry.to_shapely()
    return {
        int(fid): (table.record(i), shapely.to_wkt(shapes[i], rounding_precision=-1))
        for i, fid in enumerate(table.fid)
    }


@pytest.mark.parametrize("layer", ["village", "road"])
def test_three_ways_to_read_one_table(village, layer, monkeypatch):
    store = open_store(village)
    monkeypatch.setattr(gpkg_rows, "LARGEST", 10**9)
    by_rows = store.read(layer)
    monkeypatch.setattr(gpkg_rows, "LARGEST", -1)
    assert through_pages(village, layer) is not None
    by_pages = store.read(layer)
    monkeypatch.setattr(gpkg.GpkgStore, "_through_sqlite", lambda *_: None)
    by_gdal = store.read(layer)
    assert records(by_pages) == records(by_rows) == records(by_gdal)
    assert by_pages.columns.schema.equals(by_rows.columns.schema)
    assert np.array_equal(ragged.hilbert_order(by_pages.geometry.bounds), np.arange(N))


@pytest.mark.parametrize("page", [512, 1024, 65536])
def test_every_size_of_page(village, page):
    with closing(sqlite3.connect(village)) as db:
        db.execute(f"PRAGMA page_size = {page}")
        db.execute("VACUUM")
    raw = through_pages(village)
    assert raw is not None or page == 512, "half of the rows go over several small pages"
    if raw is not None:
        assert sorted(raw.fid.tolist()) == list(range(1, N + 1))


def test_numbers_of_every_width(tmp_path, catalogue):
    path = tmp_path / "wide.gpkg"
    create_gpkg(path, catalogue)
    values = [s * (2**b + d) for b in (0, 7, 8, 15, 23, 31, 47, 62) for d in (-1, 0, 1) for s in (-1, 1)]
    values += [-(2**63), 2**63 - 1, 0, 1]
    n = len(values)
    write_layer(path, catalogue.layer("village"), {"name": ["x"] * n, "people": values}, shapely.points(np.zeros((n, 2))))
    road = [0.0, -1.0, 1e300, 2.0**40, 0.1, -5e-324]
    line = shapely.LineString([(0, 0), (1, 1)])
    write_layer(path, catalogue.layer("road"), {"width_m": road}, [line] * len(road))
    read = through_pages(path)
    assert dict(zip(read.fid.tolist(), read.columns["people"].to_pylist(), strict=True)) == dict(
        enumerate(values, 1)
    )
    assert through_pages(path, "road").columns["width_m"].to_pylist() == road


def test_a_column_added_later_is_empty_before(village):
    with closing(sqlite3.connect(village)) as db:
        db.execute("ALTER TABLE village ADD COLUMN remark TEXT")
        db.commit()
    assert through_pages(village).columns["remark"].to_pylist() == [None] * N


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE village ADD COLUMN remark TEXT DEFAULT 'none'",
        "ALTER TABLE village ADD COLUMN twice INTEGER AS (people * 2)",
        "UPDATE village SET people = 'many' WHERE fid = 1500",
        "UPDATE village SET name = CAST(x'c2e5' AS TEXT) WHERE fid = 1500",
        "UPDATE village SET since = 'yesterday' WHERE fid = 1500",
        "UPDATE village SET geom = 'here' WHERE fid = 1500",
        "UPDATE village SET people = 1.5 WHERE fid = 1500",
    ],
)
def test_what_columns_do_not_declare_is_left_to_gdal(village, statement):
    with closing(sqlite3.connect(village)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute(statement)
        db.commit()
    assert through_pages(village) is None


def test_parts_are_told_as_they_come(village, monkeypatch):
    monkeypatch.setattr(gpkg_pages, "_CHUNK", 16 << 10)
    parts = []
    whole = through_pages(village, watch=lambda raw, share: parts.append((raw, share)))
    assert len(parts) > 5
    assert [share for _, share in parts] == sorted({share for _, share in parts})
    assert parts[-1][1] == 1.0
    fids = np.concatenate([raw.fid for raw, _ in parts])
    assert len(set(fids.tolist())) == len(fids)
    assert set(fids.tolist()) <= set(whole.fid.tolist())
    assert len(whole.fid) == N
    assert np.ptp(parts[1][0].fid) > 0 < abs(int(parts[1][0].fid[0]) - int(parts[0][0].fid[-1])), "not neighbours"


def test_a_watcher_may_stop_it(village):
    def stop(raw, share):
        raise CancelledError("stopped", hint="again")

    with pytest.raises(CancelledError):
        through_pages(village, watch=stop)
    assert len(through_pages(village).fid) == N


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_a_fault_or_harmless(village, seed, monkeypatch):
    """Whatever bytes are wrong: an answer that fits together, another way of reading, or an error that says so."""
    monkeypatch.setattr(gpkg_rows, "LARGEST", -1)
    random = np.random.default_rng(seed)
    whole = village.read_bytes()
    for _ in range(8):
        raw = bytearray(whole)
        first = raw.index("村".encode()) // 4096 * 4096
        for at in random.integers(first, len(raw), random.integers(1, 30)):
            raw[at] = random.integers(0, 256)
        if random.random() < 0.5:  # heads of pages
            for page in random.integers(first // 4096, len(raw) // 4096, 3):
                raw[page * 4096 + random.integers(0, 12)] = random.integers(0, 256)
        village.write_bytes(raw)
        try:
            found = through_pages(village)
            table = open_store(village).read("village")
        except LydError:
            continue
        if found is not None:
            assert len(found.fid) == len(found.columns) == sum(len(piece.starts) for piece in found.blobs)
        assert np.isfinite(table.geometry.coords).all()
        assert table.geometry.ring_offsets[-1] == len(table.geometry.coords)
