"""Backups: whole, checked, thinned out; restoring loses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError
from lydigital.stores import backup
from lydigital.stores.lease import Lease, LeaseHeldError
from lydigital.stores.store import open_store

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def city(squares):
    return squares("gpkg")


def rename(path, name):
    with closing(sqlite3.connect(path)) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{trigger}"')
        db.execute("UPDATE district SET name = ? WHERE fid = 1", (name,))
        db.commit()


def name_of(path):
    with closing(open_store(path)) as store:
        return store.fetch("district", [1])[1].values["name"]


def test_a_backup_restored_is_what_it_was_and_the_present_file_is_kept(city, tmp_path, untouched, validity):
    before = untouched(city.parent)
    made = backup.back_up(city, tmp_path / "b", now=NOW)
    assert untouched(city.parent) == before
    assert [b.path for b in backup.backups(city, tmp_path / "b")] == [made.path]
    assert validity(made.path) == []
    rename(city, "spoilt")
    kept = backup.restore(city, made.path, operator="wang", root=tmp_path / "b")
    assert name_of(city) == "洛阳"
    assert name_of(kept) == "spoilt"
    assert sorted(p.name for p in city.parent.iterdir()) == ["district.gpkg"]


def test_a_damaged_or_lost_store_comes_back(city, tmp_path):
    made = backup.back_up(city, tmp_path / "b", now=NOW)
    city.write_bytes(city.read_bytes()[:5000])
    kept = backup.restore(city, made.path, operator="wang", root=tmp_path / "b")
    assert kept.stat().st_size == 5000
    assert name_of(city) == "洛阳"
    city.unlink()
    assert backup.restore(city, made.path, operator="wang", root=tmp_path / "b") is None
    assert name_of(city) == "洛阳"


def test_a_damaged_backup_is_not_restored(city, tmp_path):
    made = backup.back_up(city, tmp_path / "b", now=NOW)
    raw = bytearray(made.path.read_bytes())
    raw[-3000] ^= 0xFF
    made.path.write_bytes(raw)
    before = city.read_bytes()
    with pytest.raises(BadDataError, match="not as it was written"):
        backup.restore(city, made.path, operator="wang", root=tmp_path / "b")
    assert city.read_bytes() == before


def test_a_damaged_store_makes_no_backup(city, tmp_path):
    made = backup.back_up(city, tmp_path / "b", now=NOW)
    raw = bytearray(city.read_bytes())
    raw[8192:20000] = bytes(20000 - 8192)
    city.write_bytes(raw)
    with pytest.raises((BadDataError, StoreUnavailableError)):
        backup.back_up(city, tmp_path / "b", now=NOW + timedelta(hours=2))
    assert [b.path for b in backup.backups(city, tmp_path / "b")] == [made.path]
    assert not list(made.path.parent.glob(".*"))


def test_nobody_is_overwritten_while_at_work(city, tmp_path):
    made = backup.back_up(city, tmp_path / "b", now=NOW)
    other = Lease(city)
    other.take("li")
    with pytest.raises(LeaseHeldError, match="li"):
        backup.restore(city, made.path, operator="wang", root=tmp_path / "b")
    other.release()
    with closing(sqlite3.connect(city, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError, match="another program"):
            backup.restore(city, made.path, operator="wang", root=tmp_path / "b")


def test_one_an_hour_is_due(city, tmp_path):
    assert backup.is_due(city, tmp_path / "b", now=NOW)
    backup.back_up(city, tmp_path / "b", now=NOW)
    assert not backup.is_due(city, tmp_path / "b", now=NOW + timedelta(minutes=59))
    assert backup.is_due(city, tmp_path / "b", now=NOW + timedelta(minutes=60))


def test_retention_keeps_hours_days_and_months():
    hours = [NOW - timedelta(hours=h) for h in range(24 * 500)]
    kept = backup.kept_of(hours)
    assert kept == backup.kept_of(kept)
    assert NOW in kept
    assert sum(NOW - t < timedelta(hours=24) for t in kept) == 24
    assert len({t.strftime("%Y%m%d") for t in kept if NOW - t < timedelta(days=14)}) == 14
    assert len({t.strftime("%Y%m") for t in kept}) == 12
    assert len(kept) == 24 + 12 + 10  # the last days and months are among the hours and days


def test_thinning_happens_when_a_backup_is_made(city, tmp_path):
    times = [NOW - timedelta(minutes=m) for m in (50, 40, 30, 0)]
    for time in times:
        backup.back_up(city, tmp_path / "b", now=time)
    made = backup.backups(city, tmp_path / "b")
    assert [b.time for b in made] == [NOW - timedelta(minutes=30), NOW]
    assert len(list(made[0].path.parent.glob("*.sha256"))) == 2
