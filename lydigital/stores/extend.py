"""Giving a GeoPackage the tables that the catalogue has and the file does not, when they are first needed."""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from lydigital.stores import create
from lydigital.stores import gpkg_schema as gs
from lydigital.stores.gpkg_save import LOCK_TIMEOUT_S, explained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.model.layerdef import LayerDef
    from lydigital.stores.gpkg_save import Saving


def add_tables(saving: Saving, layers: Sequence[LayerDef], *, author: str, when: str) -> None:
    """Make an empty table for each of ``layers``, which the file must not have; all of them or none.

    Parameters
    ----------
    when
        ``last_change`` of the new tables, as ``YYYY-MM-DDTHH:MM:SS.sssZ``.

    Raises
    ------
    RefusedError
        When the file may only be read, or others edit it.
    StoreUnavailableError
        When it cannot be written.
    """
    held = saving.lease.is_held
    saving.lease.take(author)
    try:
        with saving.gate.writing():
            _write(saving.real, layers, when)
    finally:
        if not held:
            saving.lease.release()


def _write(path: Path, layers: Sequence[LayerDef], when: str) -> None:
    uri = f"file:{quote(path.as_posix())}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("BEGIN IMMEDIATE")
            try:
                for statement in filter(str.strip, gs.TABLES.split(";")):
                    db.execute(statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1))
                for row in gs.SCHEMA_EXTENSION:
                    known = db.execute("SELECT 1 FROM gpkg_extensions WHERE lower(table_name) = ?", (row[0],)).fetchone()
                    if known is None:
                        db.execute("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", row)
                for layer in layers:
                    create.add_table(db, layer, when=when)
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
    except sqlite3.Error as error:
        raise explained(path, error) from error
