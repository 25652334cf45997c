"""GeoPackage: layers and their description through SQLite, features through GDAL; saving is in ``gpkg_save``.

A GeoPackage may be in use by another program, be left behind by one that crashed, or be hostile. It is opened so that
nothing is written beside it or into it:

* a file in rollback mode is opened read-only, and waits shortly for a writer;
* a file in WAL mode that nobody has open is opened as immutable, because SQLite would make its helper files otherwise;
* a file with changes in a log, or in a journal a crashed program left behind, is copied, and the copy put in order:
  SQLite would do that to the original, even when asked to read only.
"""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted, values through parameters
from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote

from lydigital.errors import BadDataError, LydError, StoreUnavailableError
from lydigital.model import audit
from lydigital.stores import gate, gpkg_audit, gpkg_rows, store
from lydigital.stores.gpkg_schema import quoted
from lydigital.stores.store import FieldInfo, Findings, LayerInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lydigital.model.audit import AuditEntry, Verdict
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.feature import Feature
    from lydigital.model.issue import Issue
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.stores.assemble import Parts, Raw
    from lydigital.stores.gpkg_save import Saving
    from lydigital.stores.store import Applied, Bounds, Watch

T = TypeVar("T")

LOCK_TIMEOUT_S = 2.0
_TRIES = 3
_QUERY_TIMEOUT_S = 20.0  # listing takes milliseconds; a hostile view could take for ever
_UNDEFINED_BY_GDAL = 'LOCAL_CS["Undefined SRS"'  # what it writes as system 99999 since version 3.9
_MAGIC = b"SQLite format 3\x00"

_LAYERS = """
SELECT c.table_name, c.data_type, c.identifier, c.min_x, c.min_y, c.max_x, c.max_y, g.column_name,
       g.geometry_type_name, s.organization, s.organization_coordsys_id, s.definition
FROM gpkg_contents c
LEFT JOIN gpkg_geometry_columns g ON g.table_name = c.table_name
LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id
WHERE c.data_type IN ('features', 'attributes') ORDER BY c.rowid
"""
_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DATETIME": "datetime",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "MEDIUMINT": "integer",
    "INT": "integer",
    "INTEGER": "integer",
    "FLOAT": "real",
    "DOUBLE": "real",
    "REAL": "real",
    "TEXT": "text",
}
BLOB = "blob"  # type of columns with photos and the like: they stay in the file, and are fetched one by one


class _Entry(NamedTuple):
    """A layer, its WKT, and the names of its key and geometry columns ("" where it has none)."""

    info: LayerInfo
    wkt: str
    columns: tuple[str, str]


class GpkgStore(Findings):
    """A GeoPackage file. Nothing stays open between calls, so other programs may write meanwhile."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.uri = str(path)
        self._real = path.resolve()  # SQLite keeps its helper files beside the file a link leads to
        self._wal = self._real.with_name(self._real.name + "-wal")
        self._journal = self._real.with_name(self._real.name + "-journal")
        self._lock = threading.RLock()
        self._gate = gate.of(path)
        self._copy: tuple[str, tempfile.TemporaryDirectory[str]] | None = None
        self._listed: tuple[str, dict[str, _Entry]] | None = None
        self._list()

    def layers(self) -> tuple[LayerInfo, ...]:
        return tuple(self.add_to(entry.info) for entry in self._list().values())

    def describe(self, layer: str) -> LayerInfo:
        return self.add_to(self._entry(layer).info)

    def read(
        self, layer: str, *, bounds: Bounds | None = None, columns: Iterable[str] | None = None, crs: str = "",
        watch: Watch | None = None,
    ) -> FeatureTable:  # fmt: skip
        from lydigital.stores.assemble import Parts, Reading, assemble
        from lydigital.stores.blobs import ChangedError

        def work(path: Path, immutable: bool) -> Reading:
            entry = self._entry(layer)
            system = (crs, "") if crs else (entry.info.crs, entry.wkt)
            if bounds is None and columns is None:
                told = Parts.of(watch, entry.info.geometry, crs or entry.info.crs, entry.info.feature_count)
                with contextlib.suppress(ChangedError):
                    raw = self._through_sqlite(path, immutable, entry, told)
                    if raw is not None:
                        return assemble(raw, layer, entry.info.geometry, system, self.uri)
            raw = self._through_gdal(path, immutable, entry, bounds, columns)
            return assemble(raw, layer, entry.info.geometry, system, self.uri)

        reading = self._steady(work)
        self.remember(layer, reading.issues)
        return reading.table

    def _through_sqlite(
        self, path: Path, immutable: bool, entry: _Entry, told: Parts | None = None
    ) -> Raw | None:
        """A whole table without GDAL, or None where it needs it."""
        from lydigital.stores import gpkg_pages

        (key, geometry), info = entry.columns, entry.info
        if not key:
            return None
        source = gpkg_rows.Source(info.name, key, geometry, tuple(f for f in info.fields if f.type != BLOB))
        with closing(_connect(path, immutable=immutable)) as db:
            if info.feature_count <= gpkg_rows.LARGEST:
                return gpkg_rows.read(db, source)
            if not geometry:
                return None
            db.set_progress_handler(None, 0)  # listing may not take long, reading may
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here to the end nobody writes
            return gpkg_pages.read(db, path, source, told, info.geometry)

    def _through_gdal(
        self, path: Path, immutable: bool, entry: _Entry, bounds: Bounds | None, columns: Iterable[str] | None
    ) -> Raw:
        from lydigital.stores import ogr

        name = entry.info.name
        options = {"IMMUTABLE": "YES"} if immutable else {}
        if columns is None and any(f.type == BLOB for f in entry.info.fields):
            columns = [f.name for f in entry.info.fields if f.type != BLOB]
        raw = ogr.read(path, name, bounds=bounds, columns=columns, shown=self.uri, options=options)
        if bounds is None and len(raw.fid) != entry.info.feature_count:
            _check_count(path, immutable, name, len(raw.fid), self.uri)
        return raw

    def fetch(self, layer: str, fids: Sequence[int]) -> dict[int, Feature]:
        from lydigital.stores import gpkg_edit

        def work(path: Path, immutable: bool) -> dict[int, Feature]:
            entry = self._entry(layer)
            key, geometry = entry.columns
            source = gpkg_rows.Source(layer, key or "rowid", geometry, entry.info.fields)
            with closing(_connect(path, immutable=immutable)) as db:
                return gpkg_edit.fetch(db, source, fids)

        return self._steady(work)

    def identity(self, layer: str) -> str:
        return f"gpkg|{self.path.absolute()}|{self._stamp()}|{layer}"

    # --- writing ----------------------------------------------------------------------------------------------------

    @cached_property
    def _saving(self) -> Saving:
        from lydigital.stores.gpkg_save import Saving

        return Saving(self.path, self.identity)

    def _asked(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def on_file(path: Path, immutable: bool) -> T:
            with closing(_connect(path, immutable=immutable)) as db:
                db.set_progress_handler(None, 0)
                return work(db)

        return self._steady(on_file)

    def next_fid(self, layer: str) -> int:
        return self._asked(lambda db: self._saving.next_fid(db, layer))

    def writing(self, layer: str) -> None:
        self._entry(layer)
        self._asked(lambda db: self._saving.check(db, layer))

    def hold(self, operator: str, *, take_over: bool = False) -> None:
        self._saving.lease.take(operator, take_over=take_over)

    def release(self) -> None:
        if "_saving" in self.__dict__:
            self._saving.lease.release()

    def add_tables(self, layers: Sequence[LayerDef], *, author: str, now: datetime) -> tuple[str, ...]:
        """Make empty tables for those of ``layers`` that the file lacks, as one; returns their names. Raises as :meth:`apply`."""
        from lydigital.stores import cache, extend

        have = {name.lower() for name in self._list()}
        missing = [layer for layer in layers if layer.id.lower() not in have]
        if missing:
            before = {name: self.identity(name) for name in self._list()}
            extend.add_tables(self._saving, missing, author=author, when=audit.time_text(now)[:23] + "Z")
            for name, identity in before.items():
                cache.carry_over(identity, self.identity(name))
        return tuple(layer.id for layer in missing)

    def apply(self, steps: Sequence[ChangeSet], *, author: str, machine: str, now: datetime) -> Applied:
        return self._saving.apply(steps, tuple(self._list()), author=author, machine=machine, now=now)

    def history(
        self, layer: str, fid: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[AuditEntry]:
        return self._asked(lambda db: gpkg_audit.entries(db, layer, fid, since=since, until=until))

    def changes_since(self, token: str) -> tuple[list[AuditEntry], str]:
        return self._asked(lambda db: gpkg_audit.changes_since(db, token, self.uri))

    def verify(self) -> Verdict:
        return self._asked(gpkg_audit.verified)

    def close(self) -> None:
        self.release()
        if self._copy is not None:
            self._copy[1].cleanup()
            self._copy = None

    # --- opening ----------------------------------------------------------------------------------------------------

    def _choose(self) -> tuple[Path, bool]:
        if self._wal.exists() and self._wal.stat().st_size:
            return self._recovered(), False
        with self._real.open("rb") as file:
            is_wal = file.read(20)[18:20] == b"\x02\x02"
        if is_wal:
            return self._real, True
        if self._journal.exists() and _needs_rollback(self._real):
            return self._recovered(), False
        return self._real, False

    def _recovered(self) -> Path:
        """A private copy of a file whose last changes stand in a log or journal beside it, put in order."""
        mark = self._stamp()
        if self._copy is None or self._copy[0] != mark:
            self.close()
            folder = tempfile.TemporaryDirectory(prefix="lydigital-", ignore_cleanup_errors=True)
            copy = Path(folder.name) / self._real.name
            for suffix in ("", "-wal", "-journal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(
                        self._real.with_name(self._real.name + suffix), copy.with_name(copy.name + suffix)
                    )
            db = sqlite3.connect(copy)
            try:
                db.execute("PRAGMA journal_mode = DELETE")
                db.execute("SELECT count(*) FROM sqlite_master")
            finally:
                db.close()
            self._copy = (mark, folder)
        return Path(self._copy[1].name) / self._real.name

    def _stamp(self) -> str:
        return store.stamp(self._real, self._wal)

    def _steady(self, work: Callable[[Path, bool], T]) -> T:
        """Do ``work`` on the file to open (and whether it is immutable) until nobody changed the file meanwhile."""
        for _ in range(_TRIES):
            mark = self._stamp()
            try:
                with self._gate.reading():
                    done = self._worked(work)
            except sqlite3.Error as error:
                raise _explained(self.path, error) from error
            except UnicodeDecodeError as error:  # SQLite quotes damaged names in its messages
                raise _explained(self.path, sqlite3.DatabaseError("malformed names")) from error
            if self._stamp() == mark:
                return done
        raise StoreUnavailableError(
            "{path} is being written by another program",
            hint="Wait until it has saved, then try again.",
            path=self.uri,
        )

    def _worked(self, work: Callable[[Path, bool], T]) -> T:
        store.check_file(self.path)
        with self._lock:
            chosen = self._choose()
            _check_header(chosen[0], self.uri)  # of a file cut short in its commit, the journal has the rest
            if chosen[0] != self._real:  # a copy may be replaced meanwhile
                return work(*chosen)
        return work(*chosen)

    # --- description ------------------------------------------------------------------------------------------------

    def _entry(self, layer: str) -> _Entry:
        entries = self._list()
        if layer not in entries:
            raise store.no_such_layer(self.uri, layer, entries)
        return entries[layer]

    def _list(self) -> dict[str, _Entry]:
        """Description and WKT by layer name, kept as long as the file stays the same."""
        mark = self._stamp()
        if self._listed is None or self._listed[0] != mark:

            def work(path: Path, immutable: bool) -> dict[str, _Entry]:
                with closing(_connect(path, immutable=immutable)) as db:
                    return _describe_all(db, self.path)

            self._listed = (mark, self._steady(work))
        return self._listed[1]


def _connect(path: Path, *, immutable: bool) -> sqlite3.Connection:
    uri = f"file:{quote(path.absolute().as_posix())}?mode=ro{'&immutable=1' if immutable else ''}"
    db = sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)
    db.execute("PRAGMA trusted_schema = OFF")
    end = time.monotonic() + _QUERY_TIMEOUT_S
    db.set_progress_handler(lambda: int(time.monotonic() > end), 100_000)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return db


def _check_count(path: Path, immutable: bool, layer: str, read: int, shown: str) -> None:
    """Raise when the table has other rows than were read: GDAL stops at a damaged page without a word."""
    with closing(_connect(path, immutable=immutable)) as db:
        count = db.execute(f"SELECT count(*) FROM {quoted(layer)}").fetchone()[0]
    if count != read:
        raise BadDataError(
            "{path} is damaged: {read} of {count} features of {layer} can be read",
            hint="Restore it from a backup or copy it again.",
            path=shown,
            layer=layer,
            read=read,
            count=count,
        )


def _needs_rollback(path: Path) -> bool:
    with closing(_connect(path, immutable=False)) as db:
        try:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
            return True
    return False


def _check_header(path: Path, shown: str) -> None:
    with path.open("rb") as file:
        head = file.read(100)
    size = path.stat().st_size
    if not head.startswith(_MAGIC):
        raise BadDataError(
            "{path} is not a GeoPackage: it is no SQLite database",
            hint="Check where the file comes from; its name may have been changed.",
            path=shown,
        )
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    if len(head) < 100 or size < page * pages:
        raise BadDataError(
            "{path} is cut off: it has {size} of {expected} bytes",
            hint="Copy it again from where it came from.",
            path=shown,
            size=size,
            expected=max(page * pages, 100),
        )


def _explained(path: Path, error: sqlite3.Error) -> LydError:
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        return StoreUnavailableError(
            "{path} is locked by another program",
            hint="Close it there or wait until it has saved, then try again.",
            path=str(path),
        )
    if "unable to open" in reason or "authoriz" in reason or "readonly" in reason or "disk I/O" in reason:
        return StoreUnavailableError(
            "{path} cannot be opened: {reason}",
            hint="Ask for permission to read it, or copy it to your own folder.",
            path=str(path),
            reason=reason,
        )
    if "no such table: gpkg_" in reason:
        return BadDataError(
            "{path} is a database but not a GeoPackage",
            path=str(path),
            hint="Export the data as GeoPackage from the program that made it.",
        )
    return BadDataError(
        "{path} is damaged: {reason}",
        hint="Restore it from a backup or copy it again.",
        path=str(path),
        reason=reason,
    )


def _describe_all(db: sqlite3.Connection, path: Path) -> dict[str, _Entry]:
    rows = db.execute(_LAYERS).fetchall()
    tables = {str(r[0]) for r in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    counts = (
        dict(db.execute("SELECT table_name, feature_count FROM gpkg_ogr_contents"))
        if _has(tables, "ogr_contents")
        else {}
    )
    titles: dict[tuple[str, str], str] = {}
    if _has(tables, "data_columns"):
        titles = {
            (t, c): n
            for t, c, n in db.execute("SELECT table_name, column_name, name FROM gpkg_data_columns")
            if n
        }
    found: dict[str, _Entry] = {}
    for name, data_type, identifier, x0, y0, x1, y1, column, declared, organization, code, wkt in rows:
        if name not in tables:
            raise BadDataError(
                "{path} is damaged: it lists a layer {layer} that it does not have",
                hint="Restore it from a backup or copy it again.",
                path=str(path),
                layer=str(name),
            )
        spatial = data_type == "features" and column is not None
        described = db.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
        keys = [n for _, n, _, _, _, key in described if key]
        fields = tuple(
            FieldInfo(n, _field_type(t), titles.get((name, n), ""))
            for _, n, t, _, _, key in described
            if n != column and not key
        )
        count = counts.get(name)
        if not isinstance(count, int) or count < 0:
            count = db.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]
        crs, definition = _definition(organization, code, wkt) if spatial else ("", "")
        issues: tuple[Issue, ...] = () if crs or not spatial else (store.missing_crs(name),)
        found[name] = _Entry(
            LayerInfo(
                name,
                str(identifier or name),
                _kind(declared) if spatial else "none",
                count,
                crs,
                _bounds(x0, y0, x1, y1) if spatial else None,
                fields,
                issues,
            ),
            definition,
            (keys[0] if len(keys) == 1 else "", column if spatial else ""),
        )
    return found


def _has(tables: set[str], name: str) -> bool:
    return f"gpkg_{name}" in tables


def _field_type(declared: Any) -> str:
    word = str(declared).upper().partition("(")[0].strip()
    return _TYPES.get(word, str(declared).lower())


def _kind(declared: Any) -> store.Geometry:
    return store.kind_of(str(declared) if declared else "GEOMETRY")


def _bounds(*values: Any) -> Bounds | None:
    if not all(isinstance(v, (int, float)) for v in values):
        return None
    x0, y0, x1, y1 = (float(v) for v in values)
    return (x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None


def _definition(organization: Any, code: Any, wkt: Any) -> tuple[str, str]:
    """``EPSG:n`` where the file names one, else the WKT; and the WKT. "" for the undefined systems."""
    text = str(wkt or "")
    text = "" if text.lower() == "undefined" or text.startswith(_UNDEFINED_BY_GDAL) else text
    if str(organization).upper() == "EPSG" and isinstance(code, int) and code > 0:
        return f"EPSG:{code}", text
    return text, text
