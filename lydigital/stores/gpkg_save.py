"""Saving into a GeoPackage: one transaction for data and audit trail, after a look at what others did meanwhile.

The file keeps its journal mode, but for WAL on a network drive, which SQLite cannot keep safe. Rollback mode is written
with ``synchronous = EXTRA``: when :meth:`Saving.apply` returns, the data is on the disk, and the file whole at any moment
before. The lock is kept until after the new identity of the file is known, so that caches of the layers that were not
written stay true.
"""


from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from lydigital.errors import BadDataError, ConflictError, LydError, RefusedError, StoreUnavailableError
from lydigital.model.feature import parse_target
from lydigital.stores import gate, gpkg_audit, gpkg_blob, gpkg_edit
from lydigital.stores.lease import Lease, is_on_network
from lydigital.stores.store import Applied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from lydigital.model.changeset import ChangeSet
    from lydigital.stores.gpkg_edit import Table

LOCK_TIMEOUT_S = 5.0
_CACHE_KIB = 128 << 10  # of a bulk edit; what does not fit is written before the commit, with a sync each time
_FULL, _READONLY, _CANTOPEN, _IOERR, _BUSY, _LOCKED, _CORRUPT, _NOTADB = 13, 8, 14, 10, 5, 6, 11, 26


class Saving:
    """The writing side of one open GeoPackage.

    Parameters
    ----------
    path
        The file.
    identity
        Gives the identity of a layer, see :meth:`Store.identity`.
    """

    def __init__(self, path: Path, identity: Callable[[str], str]) -> None:
        self.path = path
        self.real = path.resolve()
        self.lease = Lease(path)
        self.gate = gate.of(path)
        self._identity = identity
        self._given: dict[str, int] = {}
        self._sound: dict[str, str] = {}  # identity of each layer when its schema was last looked at

    def check(self, db: sqlite3.Connection, layer: str) -> None:
        """Raise what stands against writing ``layer``; ``db`` is open for reading."""
        self._check_access()
        identity = self._identity(layer)
        if self._sound.get(layer) != identity:
            gpkg_edit.Table(db, layer)
            self._sound[layer] = identity
        self.lease.check()

    def next_fid(self, db: sqlite3.Connection, layer: str) -> int:
        """A number no feature of ``layer`` ever had."""
        last = max(gpkg_edit.Table(db, layer).last_fid(), gpkg_audit.last_fid(db, layer), self._given.get(layer, 0))
        self._given[layer] = last + 1
        return last + 1

    def apply(
        self, steps: Sequence[ChangeSet], layers: Sequence[str], *, author: str, machine: str, now: datetime
    ) -> Applied:
        """Write ``steps``, or nothing; see :meth:`Store.apply`. ``layers`` are all of the file."""
        self._check_access()
        held = self.lease.is_held
        self.lease.take(author)
        try:
            with self.gate.writing():
                applied = self._write(_Job(steps, author, machine, now), layers)
        finally:
            if not held:
                self.lease.release()
        return applied

    # -- inside ------------------------------------------------------------------------------------------------------

    def _check_access(self) -> None:
        if not self.real.is_file():
            raise StoreUnavailableError(
                "{path} is not there any more", path=str(self.path),
                hint="It was moved, or its drive is gone. Put it back and save again; your changes are kept.",
            )  # fmt: skip
        if not os.access(self.real, os.W_OK):
            raise RefusedError(
                "{path} may only be read", path=str(self.path),
                hint="Ask for permission to write it, or save a copy as GeoPackage and edit that.",
            )  # fmt: skip
        if not os.access(self.real.parent, os.W_OK):
            raise RefusedError(
                "The folder {path} may only be read, and saving needs to write beside the file",
                hint="Ask for permission, or save a copy in a folder of your own and edit that.",
                path=str(self.real.parent),
            )  # fmt: skip

    def _write(self, job: _Job, layers: Sequence[str]) -> Applied:
        before: dict[str, str] = {}
        try:
            with closing(self._connect()) as db:
                db.execute("BEGIN IMMEDIATE")
                try:
                    before = {name: self._identity(name) for name in layers}
                    done = _apply(db, job, self.next_fid)
                    db.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                    raise
                self._tell_apart(before)
                after = {name: self._identity(name) for name in layers}
        except sqlite3.Error as error:
            raise explained(self.path, error) from error
        from lydigital.stores import cache  # imports numba

        touched = {parse_target(d.target).layer for step in job.steps for d in step.deltas}
        for name in layers:
            if name not in touched:
                cache.carry_over(before[name], after[name])
        token = f"{done.head[0]}:{done.head[1]}"
        return Applied(done.steps, done.features, done.already, token, done.numbers, before, after)

    def _connect(self) -> sqlite3.Connection:
        uri = f"file:{quote(self.real.as_posix())}?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)
        try:
            gpkg_blob.add_functions(db)
            with self.real.open("rb") as file:
                is_wal = file.read(20)[18:20] == b"\2\2"
            if is_wal and is_on_network(self.real):
                db.execute("PRAGMA journal_mode = DELETE")
            if not is_wal:
                db.execute("PRAGMA locking_mode = EXCLUSIVE")  # until the new identity is known
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            db.close()
            raise
        return db

    def _tell_apart(self, before: dict[str, str]) -> None:
        """Make sure that the file has another identity than before: clocks of network drives count whole seconds."""
        if any(self._identity(layer) == identity for layer, identity in before.items()):
            stat = self.real.stat()
            os.utime(self.real, ns=(stat.st_atime_ns, stat.st_mtime_ns + 2_000_000_000))


class _Job(NamedTuple):
    """What is to be saved, and by whom."""

    steps: Sequence[ChangeSet]
    author: str
    machine: str
    now: datetime


class _Done(NamedTuple):
    """What was saved."""

    steps: int
    features: int
    already: int
    numbers: dict[tuple[str, int], int]
    head: tuple[int, str]


def _apply(db: sqlite3.Connection, job: _Job, next_fid: Callable[[sqlite3.Connection, str], int]) -> _Done:
    steps: list[ChangeSet] = list(job.steps)
    tables: dict[str, Table] = {}
    for step in steps:
        for delta in step.deltas:
            layer = parse_target(delta.target).layer
            if layer not in tables:
                tables[layer] = gpkg_edit.Table(db, layer)
    already = gpkg_audit.saved_before(db, steps, job.author)
    if already and all(o.is_there_already for o in gpkg_edit.outcomes(tables, steps[:already])):
        steps = steps[already:]
    else:
        already = 0
    found = gpkg_edit.outcomes(tables, steps)
    numbers = {(o.table.name, o.fid): next_fid(db, o.table.name) for o in found if o.is_taken}
    if numbers:
        steps = list(gpkg_edit.renumbered(steps, numbers))
        found = gpkg_edit.outcomes(tables, steps)
    gpkg_edit.check(found)
    wanted = [o for o in found if not o.is_there_already]
    for name, table in tables.items():
        changes = [(o.fid, o.theirs, o.now) for o in wanted if o.table is table]
        if changes:
            table.write(changes)
            time = job.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{job.now.microsecond // 1000:03d}Z"
            db.execute("UPDATE gpkg_contents SET last_change = ? WHERE lower(table_name) = lower(?)", (time, name))
    steps = [step for step in steps if step.deltas]
    if steps:
        gpkg_audit.prepare(db)
        gpkg_audit.append(db, steps, author=job.author, machine=job.machine, now=job.now)
    return _Done(len(steps), len(wanted), already, numbers, gpkg_audit.head(db))


def explained(path: Path, error: sqlite3.Error) -> LydError:
    """What an error of SQLite in writing means to a person."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    values = {"path": str(path), "reason": str(error)}
    if code & 0xFF == _FULL:
        return StoreUnavailableError(
            "The disk is full: nothing was saved in {path}",
            hint="Free some space and save again; your changes are kept.", **values,
        )  # fmt: skip
    if code & 0xFF in (_BUSY, _LOCKED):
        return StoreUnavailableError(
            "{path} is locked by another program",
            hint="Close it there or wait until it has saved, then try again.", **values,
        )  # fmt: skip
    if code & 0xFF in (_READONLY, _CANTOPEN, _IOERR) or not path.exists():
        return StoreUnavailableError(
            "{path} cannot be written: {reason}",
            hint="Check that the drive is there and that you may write in its folder, then save again; your changes are kept.",
            **values,
        )  # fmt: skip
    if code & 0xFF in (_CORRUPT, _NOTADB):
        return BadDataError(
            "{path} is damaged: {reason}", hint="Restore it from a backup; your changes are kept meanwhile.", **values
        )
    return ConflictError(
        "{path} is not as it was when it was opened: {reason}",
        hint="Another program changed its tables. Open it anew, or save a copy.", **values,
    )  # fmt: skip
