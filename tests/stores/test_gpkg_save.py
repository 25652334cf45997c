"""Saving: data, index, counts, bounds and audit in one, or nothing; nobody's work is overwritten."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003

import numpy as np
import pytest
import shapely

from lydigital.errors import BadDataError, ConflictError, LydError, RefusedError, StoreUnavailableError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.conflict import WHOLE, ConflictsError
from lydigital.model.feature import Feature, changes_between, made, removed
from lydigital.stores import cache, gpkg_save
from lydigital.stores.create import create_gpkg, write_layer
from lydigital.stores.store import open_store

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def step(*deltas: Delta, words: str = "Edit", minute: int = 0) -> ChangeSet:
    return ChangeSet(words, deltas, author="wang", time=NOW + timedelta(minutes=minute))


def change(store, fid, layer="district", **values):
    """Deltas that set the fields, and the geometry where ``wkb`` is named."""
    old = store.fetch(layer, [fid])[fid]
    wkb = values.pop("wkb", old.wkb)
    return changes_between(layer, fid, old, Feature(wkb, {**old.values, **values}))


def box(x, y=0.0, side=6.0):
    return shapely.to_wkb(shapely.box(x, y, x + side, y + side), byte_order=1)


def apply(store, *steps, now=NOW):
    return store.apply(steps, author="wang", machine="desk", now=now)


def ask(path: Path, query: str):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def by_others(path: Path, *statements: str) -> None:
    """Change a file as another program does: with the functions its triggers call."""
    with closing(sqlite3.connect(path)) as db:
        from lydigital.stores import gpkg_blob

        gpkg_blob.add_functions(db)
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.fixture
def ours(tmp_path, catalogue) -> Path:
    """A file as this program makes it: no envelopes in the blobs, multi geometries."""
    path = tmp_path / "ours" / "city.gpkg"
    path.parent.mkdir()
    create_gpkg(path, catalogue)
    write_layer(path, catalogue.layer("village"), {"name": ["甲村", "乙村"], "people": [10, 20]}, np.array([(1.0, 2.0), (3.0, 4.0)]))
    write_layer(path, catalogue.layer("county"), {}, np.array([shapely.box(0, 0, 4, 4)], object))
    return path


@pytest.fixture
def theirs(squares) -> Path:
    """A file as GDAL makes it."""
    return squares("gpkg")


def test_a_saved_change_is_there_for_everybody(theirs, validity):
    store = open_store(theirs)
    done = apply(store, step(*change(store, 1, name="新名", wkb=box(100))))
    assert (done.steps, done.features, done.already) == (1, 1, 0)
    table = open_store(theirs).read("district")
    row = int(table.rows_of(np.array([1]))[0])
    assert table.columns["name"][row].as_py() == "新名"
    assert table.geometry.bounds[row].tolist() == [100, 0, 106, 6]
    assert store.describe("district").bounds == (0, 0, 106, 12)
    assert validity(theirs) == []
    assert ask(theirs, "SELECT last_change FROM gpkg_contents") == [("2026-05-04T12:00:00.000Z",)]


@pytest.mark.parametrize("kind", ["ours", "theirs"])
def test_features_come_and_go_with_index_and_count(kind, request, validity):
    path = request.getfixturevalue(kind)
    layer = "district" if kind == "theirs" else "county"
    store = open_store(path)
    old = store.fetch(layer, [1])[1]
    fid = store.next_fid(layer)
    apply(store, step(removed(layer, 1, old), made(layer, fid, Feature(box(50), {}))))
    assert set(store.fetch(layer, [1, fid])) == {fid}
    assert validity(path) == []
    apply(store, step(removed(layer, fid, store.fetch(layer, [fid])[fid]), made(layer, 1, old)))
    assert store.fetch(layer, [1])[1] == old
    assert validity(path) == []
    assert store.verify().is_sound
    assert store.verify().steps == 2


def test_single_parts_become_multi_where_the_layer_says_so_and_compare_as_one(ours):
    store = open_store(ours)
    apply(store, step(*change(store, 1, "county", wkb=box(1))))
    assert shapely.from_wkb(store.fetch("county", [1])[1].wkb).geom_type == "MultiPolygon"
    as_drawn = Feature(box(1), {})  # what a working copy holds after the save
    apply(store, step(*changes_between("county", 1, as_drawn, Feature(box(2), {}))))
    assert shapely.from_wkb(store.fetch("county", [1])[1].wkb).bounds == (2, 0, 8, 6)


def test_blobs_keep_the_envelopes_of_their_file(ours, theirs):
    for path, layer, flags in ((ours, "county", 0x01), (theirs, "district", 0x03)):
        store = open_store(path)
        apply(store, step(*change(store, 1, layer, wkb=box(1)), made(layer, 77, Feature(box(3), {}))))
        blobs = ask(path, f"SELECT geom FROM {layer} WHERE fid IN (1, 77)")
        assert [b[3] for (b,) in blobs] == [flags, flags]


def test_heights_and_measures_are_kept(tmp_path, write_file, validity):
    path = write_file(tmp_path / "high.gpkg", [shapely.LineString([(0, 0, 5), (1, 1, 6)])], {"n": [1]}, kind="LineString Z")
    store = open_store(path)
    moved = shapely.to_wkb(shapely.LineString([(0, 0, 5), (2, 2, 9)]), flavor="iso")
    apply(store, step(*change(store, 1, "high", wkb=moved)))
    assert shapely.get_coordinates(shapely.from_wkb(store.fetch("high", [1])[1].wkb), include_z=True)[:, 2].tolist() == [5, 9]
    assert validity(path) == []
    with pytest.raises(RefusedError, match="height"):
        apply(store, step(made("high", 2, Feature(shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)])), {}))))


@pytest.mark.parametrize("wkb", [b"\x01\x02", b"", b"\x01\x03\x00\x00\x00\xff\xff\xff\xff", shapely.to_wkb(shapely.Point(1, 2)),
                                 struct.pack("<BII4d", 1, 2, 2, 0.0, 0.0, float("nan"), 1.0)])  # fmt: skip
def test_absurd_geometry_is_refused_and_nothing_written(ours, wkb):
    store, before = open_store(ours), ours.read_bytes()
    with pytest.raises(LydError):
        apply(store, step(*change(store, 2, "village", name="x"), made("county", 9, Feature(wkb, {}))))
    assert ours.read_bytes() == before


@pytest.mark.parametrize("values", [{"people": "many"}, {"people": 2**70}, {"people": 1.5}, {"name": None}, {"name": "a\0b"}])
def test_absurd_values_are_refused_and_nothing_written(ours, values):
    store, before = open_store(ours), ours.read_bytes()
    with pytest.raises((BadDataError, RefusedError)) as caught:
        apply(store, step(*change(store, 1, "village", **values)))
    assert caught.value.hint
    assert ours.read_bytes() == before


def test_what_others_changed_is_not_overwritten(theirs):
    store = open_store(theirs)
    mine = change(store, 1, name="mine")
    by_others(theirs, "UPDATE district SET name = 'theirs' WHERE fid = 1")
    before = theirs.read_bytes()
    with pytest.raises(ConflictsError) as caught:
        apply(store, step(*mine))
    (conflict,) = caught.value.conflicts
    assert (conflict.layer, conflict.fid, conflict.parts, caught.value.exit_code) == ("district", 1, ("name",), 5)
    assert [side.values["name"] for side in (conflict.base, conflict.mine, conflict.theirs)] == ["洛阳", "mine", "theirs"]
    assert theirs.read_bytes() == before


def test_other_fields_of_the_same_feature_merge_silently(theirs):
    store = open_store(theirs)
    mine = change(store, 1, name="mine")
    by_others(theirs, "UPDATE district SET height = 99 WHERE fid = 1")
    apply(store, step(*mine))
    assert store.fetch("district", [1])[1].values == {"name": "mine", "height": 99.0}


def test_the_same_change_by_both_is_no_conflict(theirs):
    store = open_store(theirs)
    mine = change(store, 1, name="same")
    by_others(theirs, "UPDATE district SET name = 'same' WHERE fid = 1")
    assert apply(store, step(*mine)).features == 0


@pytest.mark.parametrize("mine_removes", [True, False])
def test_removing_against_changing_asks(theirs, mine_removes):
    store = open_store(theirs)
    if mine_removes:
        mine = (removed("district", 1, store.fetch("district", [1])[1]),)
        by_others(theirs, "UPDATE district SET height = 7 WHERE fid = 1")
    else:
        mine = change(store, 1, name="x")
        by_others(theirs, "DELETE FROM district WHERE fid = 1")
    with pytest.raises(ConflictsError) as caught:
        apply(store, step(*mine))
    assert caught.value.conflicts[0].parts == (WHOLE,)


def test_a_new_feature_whose_number_was_taken_gets_another(theirs, validity):
    store = open_store(theirs)
    fid = store.next_fid("district")
    by_others(theirs, f"INSERT INTO district (fid, name) VALUES ({fid}, 'theirs')")
    done = apply(store, step(made("district", fid, Feature(box(70), {"name": "mine"}))),
                 step(Delta(f"value/district/{fid}/name", "mine", "mine too"), minute=1))  # fmt: skip
    new = done.renumbered["district", fid]
    found = store.fetch("district", [fid, new])
    assert (found[fid].values["name"], found[new].values["name"]) == ("theirs", "mine too")
    assert [c.fid for e in store.history("district") for c in e.changes] == [new, new]
    assert validity(theirs) == []


def test_numbers_are_given_once_and_never_again(theirs):
    store = open_store(theirs)
    first, second = store.next_fid("district"), store.next_fid("district")
    assert (first, second) == (6, 7)
    apply(store, step(made("district", second, Feature(None, {}))))
    apply(store, step(removed("district", second, store.fetch("district", [second])[second])))
    assert open_store(theirs).next_fid("district") == 8


def test_saving_again_what_was_saved_changes_nothing(theirs):
    """A program that ended between the commit and its own note of it saves the same steps again, and more."""
    store = open_store(theirs)
    first = step(*change(store, 1, name="a"))
    apply(store, first)
    second = step(Delta("value/district/1/name", "a", "b"), minute=1)
    done = apply(open_store(theirs), first, second)
    assert (done.already, done.steps) == (1, 1)
    assert [e.annotation for e in store.history("")] == ["Edit", "Edit"]
    assert store.fetch("district", [1])[1].values["name"] == "b"
    assert store.verify().is_sound


def test_redoing_is_not_mistaken_for_saving_again(theirs):
    store = open_store(theirs)
    first = step(*change(store, 1, name="a"))
    for one in (first, ~first, first):
        assert apply(store, one).steps == 1
    assert store.fetch("district", [1])[1].values["name"] == "a"
    assert len(store.history("")) == 3


def test_a_schema_changed_meanwhile_is_said(theirs):
    store = open_store(theirs)
    mine = change(store, 1, name="x")
    by_others(theirs, "ALTER TABLE district RENAME COLUMN name TO title")
    before = theirs.read_bytes()
    with pytest.raises(ConflictError, match="name"):
        apply(store, step(*mine))
    assert theirs.read_bytes() == before
    with pytest.raises(ConflictError, match="nowhere"):
        apply(store, step(made("nowhere", 1, Feature())))


def test_a_file_pulled_away_is_said(theirs):
    store = open_store(theirs)
    mine = change(store, 1, name="x")
    theirs.rename(theirs.with_name("away.gpkg"))
    with pytest.raises(StoreUnavailableError):
        apply(store, step(*mine))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everything")
def test_a_file_that_may_only_be_read_is_said(theirs):
    store = open_store(theirs)
    theirs.chmod(0o444)
    with pytest.raises(RefusedError):
        store.writing("district")


def test_a_full_disk_is_said_and_nothing_half_written(theirs, monkeypatch):
    store, before = open_store(theirs), theirs.read_bytes()
    mine = change(store, 1, name="x" * 100_000)
    connect = gpkg_save.Saving._connect

    def small(self):
        db = connect(self)
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    monkeypatch.setattr(gpkg_save.Saving, "_connect", small)
    with pytest.raises(StoreUnavailableError, match="disk is full"):
        apply(store, step(*mine))
    assert theirs.read_bytes() == before
    assert not list(theirs.parent.glob("*-journal"))
    monkeypatch.undo()
    assert apply(store, step(*mine)).features == 1


def test_a_file_locked_by_another_program_is_said(theirs, monkeypatch):
    monkeypatch.setattr(gpkg_save, "LOCK_TIMEOUT_S", 0.05)
    store = open_store(theirs)
    mine = change(store, 1, name="x")
    with closing(sqlite3.connect(theirs)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            apply(store, step(*mine))


def test_the_journal_mode_stays(theirs, validity):
    for mode in ("wal", "delete"):
        with closing(sqlite3.connect(theirs)) as db:
            db.execute(f"PRAGMA journal_mode = {mode}")
        store = open_store(theirs)
        apply(store, step(*change(store, 1, name=mode)))
        store.close()
        assert ask(theirs, "PRAGMA journal_mode") == [(mode,)]
        assert sorted(p.name for p in theirs.parent.iterdir()) == ["district.gpkg"]
        assert validity(theirs) == []
        assert open_store(theirs).fetch("district", [1])[1].values["name"] == mode


def test_a_file_whose_growing_was_cut_short_is_what_it_was(theirs, untouched):
    """The head of the file is written, its new pages are not; the journal beside it has what was there."""
    before = names_in(theirs)
    code = (
        "import sqlite3, sys, os\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1')\n"
        "db.execute('BEGIN')\n"
        "db.execute('CREATE TABLE t (x)')\n"
        "db.execute('INSERT INTO t SELECT zeroblob(900) FROM gpkg_spatial_ref_sys a, gpkg_spatial_ref_sys b, gpkg_spatial_ref_sys c')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(theirs)], check=False, timeout=60)
    assert theirs.with_name("district.gpkg-journal").stat().st_size
    raw = bytearray(theirs.read_bytes())
    pages = int.from_bytes(raw[28:32], "big") + 1000
    raw[28:32] = pages.to_bytes(4, "big")  # as a commit writes it first
    theirs.write_bytes(raw)
    seen = untouched(theirs.parent)
    assert names_in(theirs) == before
    assert untouched(theirs.parent) == seen


def names_in(path: Path) -> list[object]:
    with closing(open_store(path)) as store:
        return [f.values["name"] for f in store.fetch("district", range(1, 6)).values()]


def test_no_write_ahead_log_on_a_network_drive(theirs, monkeypatch):
    with closing(sqlite3.connect(theirs)) as db:
        db.execute("PRAGMA journal_mode = wal")
    monkeypatch.setattr(gpkg_save, "is_on_network", lambda _: True)
    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="x")))
    assert ask(theirs, "PRAGMA journal_mode") == [("delete",)]


def test_a_file_without_triggers_keeps_index_and_count(theirs, validity):
    names = [n for (n,) in ask(theirs, "SELECT name FROM sqlite_master WHERE type = 'trigger'") if "district" in n]
    sqls = ask(theirs, "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%district%'")
    by_others(theirs, *(f'DROP TRIGGER "{n}"' for n in names))
    store = open_store(theirs)
    old = store.fetch("district", [2])[2]
    apply(store, step(*change(store, 1, wkb=box(200)), removed("district", 2, old), made("district", 8, Feature(box(9), {}))),
          step(*change(store, 3, name="only the name")))  # fmt: skip
    by_others(theirs, *(sql for (sql,) in sqls))
    assert validity(theirs) == []


def test_other_layers_stay_in_the_cache_and_the_edited_one_does_not(ours):
    from lydigital.model.crs import Crs

    crs = Crs("EPSG:4546")
    store = open_store(ours)
    for layer in ("village", "county"):
        cache.read(store, layer, crs)
    cache.finish()
    before = store.identity("village")
    apply(store, step(*change(store, 1, "county", wkb=box(40))))
    assert store.identity("village") != before
    kept = cache._folder().glob(f"{cache._digest(store.identity('village'))}-*")
    stale = cache._folder().glob(f"{cache._digest(store.identity('county'))}-*")
    assert len(list(kept)) == 1
    assert not list(stale)
    assert cache.read(store, "county", crs).geometry.bounds.tolist() == [[40, 0, 46, 6]]
    cache.finish()


def test_an_hour_of_looking_changes_no_byte(theirs, untouched):
    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="x")))
    store.close()
    before = untouched(theirs.parent)
    store = open_store(theirs)
    store.writing("district")
    store.next_fid("district")
    store.history("district")
    store.changes_since("")
    store.verify()
    store.close()
    assert untouched(theirs.parent) == before


def test_gdal_reads_it_and_sees_no_new_layer(theirs, need_ogrinfo):
    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="新名", wkb=box(100))))
    store.close()
    before = theirs.read_bytes()
    out = subprocess.run(["ogrinfo", "-ro", "-al", str(theirs)], capture_output=True, text=True, check=True, timeout=60)
    assert "新名" in out.stdout
    assert "Feature Count: 5" in out.stdout
    assert "audit" not in out.stdout + out.stderr.replace("user_version", "")
    assert theirs.read_bytes() == before


def test_gdal_writes_on_after_us(theirs, write_file, validity):
    import pyogrio

    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="a")))
    store.close()
    meta, _, shapes, values = pyogrio.raw.read(theirs)
    pyogrio.raw.write(theirs, shapes, values, meta["fields"], layer="district", append=True, crs=meta["crs"], geometry_type="Unknown")
    assert validity(theirs) == []
    assert open_store(theirs).verify().is_sound
    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="b")))
    assert store.verify().steps == 2


def test_a_clock_that_went_back_is_written_down_and_said(theirs):
    store = open_store(theirs)
    apply(store, step(*change(store, 1, name="a")))
    apply(store, step(*change(store, 1, name="b"), minute=-90), now=NOW - timedelta(hours=1))
    assert [(e.seq, e.saved) for e in store.history("")] == [(1, NOW), (2, NOW - timedelta(hours=1))]
    verdict = store.verify()
    assert verdict.is_sound
    assert "went back before step 2" in verdict.notes[0]


@pytest.mark.parametrize(("statement", "broken"), [
    ("UPDATE gpkglyd_audit_changes SET after = '{\"name\":\"z\"}' WHERE seq = 2", 2),
    ("UPDATE gpkglyd_audit_steps SET saved = '2020-01-01T00:00:00.000000Z' WHERE seq = 3", 3),
    ("DELETE FROM gpkglyd_audit_steps WHERE seq = 2", 2),
    ("DELETE FROM gpkglyd_audit_steps WHERE seq = 4", 4),
    ("DELETE FROM gpkglyd_audit_changes WHERE seq = 1", 1),
    ("INSERT INTO gpkglyd_audit_changes (seq, layer, feature, has_geometry) VALUES (9, 'district', 1, 0)", 5),
])  # fmt: skip
def test_the_first_broken_link_is_named(theirs, statement, broken):
    store = open_store(theirs)
    for name in "abcd":
        apply(store, step(*change(store, 1, name=name)))
    by_others(theirs, *(f"DROP TRIGGER gpkglyd_audit_{t}_no_{e}" for t in ("steps", "changes") for e in ("update", "delete")),
              statement)  # fmt: skip
    verdict = store.verify()
    assert (verdict.is_sound, verdict.broken) == (False, broken)
    assert str(broken) in verdict.faults[0] or "no step" in verdict.faults[0]
