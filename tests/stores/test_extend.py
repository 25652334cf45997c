"""Tables the catalogue has and a file does not: made when needed, nothing else touched."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from lydigital import paths
from lydigital.errors import LydError
from lydigital.model.layerdef import read_catalogue
from lydigital.stores.lease import Lease
from lydigital.stores.opened import OpenStores

NOW = datetime(2025, 7, 16, 10, tzinfo=UTC)
CATALOGUE = read_catalogue(paths.layers_dir())
WANTED = [CATALOGUE.layer(name) for name in ("warning_issue", "hazard_event")]


@pytest.fixture
def city(small_city, tmp_path):
    return shutil.copy(small_city, tmp_path / "city.gpkg")


@pytest.fixture
def stores():
    opened = OpenStores()
    yield opened
    opened.close()


def test_they_are_made_once_and_are_empty(city, stores):
    assert stores.add_tables(str(city), WANTED, author="wang", now=NOW) == ("warning_issue", "hazard_event")
    assert stores.add_tables(str(city), WANTED, author="wang", now=NOW) == ()
    store = stores.store(str(city))
    assert store.describe("hazard_event").geometry == "point"
    assert len(store.read("warning_issue")) == 0
    assert store.next_fid("warning_issue") == 1
    assert not Lease(city).file.exists()


def test_the_rest_stays_byte_for_byte(city, stores):
    def rows():
        with closing(sqlite3.connect(city)) as db:
            names = [n for (n,) in db.execute("SELECT table_name FROM gpkg_contents WHERE table_name NOT LIKE 'warning%' AND table_name NOT LIKE 'hazard%'")]
            return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}

    before = rows()
    stores.add_tables(str(city), WANTED, author="wang", now=NOW)
    assert rows() == before
    with closing(sqlite3.connect(city)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_file_of_another_program_without_the_optional_tables(city, stores):
    with closing(sqlite3.connect(city)) as db, db:
        for name in ("gpkg_data_columns", "gpkg_data_column_constraints"):
            db.execute(f"DROP TABLE {name}")
        db.execute("DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")
    stores.add_tables(str(city), WANTED, author="wang", now=NOW)
    assert stores.store(str(city)).describe("warning_issue").title


def test_all_or_nothing(city, stores, monkeypatch):
    from lydigital.stores import create

    real = create.add_table

    def fails_at_the_second(db, layer, *, when):
        if layer.id == "hazard_event":
            raise sqlite3.OperationalError("disk I/O error")
        real(db, layer, when=when)

    monkeypatch.setattr(create, "add_table", fails_at_the_second)
    with pytest.raises(LydError):
        stores.add_tables(str(city), WANTED, author="wang", now=NOW)
    assert {i.name for i in stores.store(str(city)).layers()} & {"warning_issue", "hazard_event"} == set()


def test_another_format_is_refused_with_the_way_out(tmp_path, stores):
    path = tmp_path / "points.csv"
    path.write_text("x,y\n112.4,34.6\n", encoding="utf-8")
    with pytest.raises(LydError) as caught:
        stores.add_tables(str(path), WANTED, author="wang", now=NOW)
    assert "lydigital store copy" in caught.value.hint
