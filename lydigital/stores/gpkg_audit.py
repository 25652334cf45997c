"""The audit trail within a GeoPackage: what was saved by whom, in the same transaction as the data.

The tables are named in ``gpkg_extensions``. GDAL lists every table of a file whose name does not begin with ``gpkg`` and
one more letter as a layer, so theirs do; the standard keeps ``gpkg_`` itself for its own.
"""

# ruff: noqa: S608 - names are constants
from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lydigital import paths
from lydigital.errors import ConflictError
from lydigital.model import audit
from lydigital.model.audit import AuditChange, AuditEntry, Verdict
from lydigital.texts import tr

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lydigital.model.changeset import ChangeSet

STEPS, CHANGES = "gpkglyd_audit_steps", "gpkglyd_audit_changes"
EXTENSION = ("lydigital_audit", "lydigital docs/adr/0004-saving.md", "read-write")
_TABLES = f"""
CREATE TABLE {STEPS} (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, done TEXT NOT NULL, saved TEXT NOT NULL, author TEXT NOT NULL,
  machine TEXT NOT NULL, program TEXT NOT NULL, annotation TEXT NOT NULL, named TEXT NOT NULL, changes INTEGER NOT NULL,
  digest TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE {CHANGES} (
  id INTEGER PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, layer TEXT NOT NULL, feature INTEGER NOT NULL,
  has_geometry INTEGER NOT NULL, before TEXT, after TEXT, before_wkb BLOB, after_wkb BLOB);
CREATE INDEX {CHANGES}_of_feature ON {CHANGES} (layer, feature);
CREATE INDEX {CHANGES}_of_step ON {CHANGES} (seq);
"""
_GUARDED = tuple((table, event) for table in (STEPS, CHANGES) for event in ("UPDATE", "DELETE"))
_ROW = "layer, feature, has_geometry, before, after, before_wkb, after_wkb"
_STEP = "seq, done, saved, author, machine, program, annotation, named, changes, digest, previous, hash"


def exists(db: sqlite3.Connection) -> bool:
    found = db.execute(f"SELECT count(*) FROM sqlite_master WHERE name IN ('{STEPS}', '{CHANGES}')").fetchone()
    return bool(found[0] == 2)


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables where the file has none, within the transaction of the caller."""
    if exists(db):
        return
    for statement in _TABLES.split(";")[:-1]:
        db.execute(statement)
    for table, event in _GUARDED:
        db.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"
        )
    db.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,"
        " definition TEXT NOT NULL, scope TEXT NOT NULL,"
        " CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
    )
    db.executemany("INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, ?)", [(t, *EXTENSION) for t in (STEPS, CHANGES)])


def append(db: sqlite3.Connection, steps: Sequence[ChangeSet], *, author: str, machine: str, now: datetime) -> None:
    """Write one row a step and one a changed feature, within the transaction of the caller."""
    last, previous = head(db)
    saved, program = audit.time_text(now), f"lydigital {paths.VERSION}"
    for seq, step in enumerate(steps, last + 1):
        changes = audit.changes_of(step)
        who = step.author or author
        digest = audit.digest_of(step, who, changes)
        this = audit.chained(previous, seq, (saved, machine, program), len(changes), digest)
        named = msgspec.json.encode(step.values, order="sorted").decode()
        db.execute(
            f"INSERT INTO {STEPS} ({_STEP}) VALUES ({','.join('?' * 12)})",
            (seq, audit.time_text(step.time), saved, who, machine, program, step.annotation, named, len(changes),
             digest, previous, this),
        )  # fmt: skip
        db.executemany(
            f"INSERT INTO {CHANGES} (seq, {_ROW}) VALUES (?,?,?,?,?,?,?,?)", ((seq, *audit.row_of(c)) for c in changes)
        )
        previous = this


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """Number and hash of the last step."""
    if not exists(db):
        return 0, audit.FIRST
    row = db.execute(f"SELECT seq, hash FROM {STEPS} ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, audit.FIRST) if row is None else (int(row[0]), str(row[1]))


def saved_before(db: sqlite3.Connection, steps: Sequence[ChangeSet], author: str) -> int:
    """How many of the first ``steps`` are the last ones of the trail: saved by a program that could not say so any more."""
    if not exists(db) or not steps:
        return 0
    rows = db.execute(f"SELECT digest FROM {STEPS} ORDER BY seq DESC LIMIT ?", (len(steps),)).fetchall()
    tail = [digest for (digest,) in reversed(rows)]
    if not tail:
        return 0
    digests = [audit.digest_of(s, s.author or author, audit.changes_of(s)) for s in steps[: len(tail)]]
    return next((n for n in range(len(tail), 0, -1) if digests[:n] == tail[-n:]), 0)


def last_fid(db: sqlite3.Connection, layer: str) -> int:
    """The largest fid the trail knows of a layer."""
    if not exists(db):
        return 0
    row = db.execute(f"SELECT max(feature) FROM {CHANGES} WHERE layer = ?", (layer,)).fetchone()
    return int(row[0] or 0)


def entries(
    db: sqlite3.Connection, layer: str = "", fid: int | None = None, *, since: datetime | None = None,
    until: datetime | None = None, after: int = 0,
) -> list[AuditEntry]:  # fmt: skip
    """Steps in order of their numbers with the changes of a layer, a feature, or all.

    ``since`` and ``until`` compare with the time of saving; ``after`` with the number.
    """
    if not exists(db):
        return []
    limits: list[tuple[str, int | str]] = [("seq > ?", after)]
    limits += [("saved >= ?", audit.time_text(since))] if since is not None else []
    limits += [("saved < ?", audit.time_text(until))] if until is not None else []
    of: list[tuple[str, int | str]] = [*([("layer = ?", layer)] if layer else []), *([("feature = ?", fid)] if fid is not None else [])]
    if of:
        inner = " AND ".join(text for text, _ in of)
        which, values = f"seq IN (SELECT seq FROM {CHANGES} WHERE {inner})", [v for _, v in of]
    else:
        which, values = "1", list[int | str]()
    where = " AND ".join([which, *(text for text, _ in limits)])
    rows = db.execute(f"SELECT {_STEP} FROM {STEPS} WHERE {where} ORDER BY seq", [*values, *(v for _, v in limits)])
    found = []
    for row in rows.fetchall():
        more = "".join(f" AND {text}" for text, _ in of)
        changes = db.execute(f"SELECT {_ROW} FROM {CHANGES} WHERE seq = ?{more} ORDER BY id", (row[0], *(v for _, v in of)))
        found.append(_entry(row, tuple(audit.change_of(change) for change in changes)))
    return found


def changes_since(db: sqlite3.Connection, token: str, uri: str) -> tuple[list[AuditEntry], str]:
    """Steps after the one that ``token`` names (see :meth:`Store.changes_since`), and a token for the last of them."""
    seq, _, known = token.partition(":")
    after = int(seq) if seq.isdecimal() else 0
    if after and known:
        row = db.execute(f"SELECT hash FROM {STEPS} WHERE seq = ?", (after,)).fetchone() if exists(db) else None
        if row is None or row[0] != known:
            raise ConflictError(
                "{path} was replaced by another version of itself", hint="Open it anew: changes cannot be told apart.",
                path=uri,
            )  # fmt: skip
    last = head(db)
    return entries(db, after=after), f"{last[0]}:{last[1]}"


def verified(db: sqlite3.Connection) -> Verdict:
    """Check every page of the file, then the trail."""
    pages = [str(text) for (text,) in db.execute("PRAGMA integrity_check(3)")]
    if pages != ["ok"]:
        return Verdict(0, 0, audit.FIRST, faults=tuple(pages))
    return verify(db)


def verify(db: sqlite3.Connection) -> Verdict:
    """Check the chain from its first link to its last, and that none was cut off at the end."""
    if not exists(db):
        return Verdict(0, 0, audit.FIRST, notes=(tr("Nothing was saved in this file by this program yet."),))
    previous, expected, steps, changes = audit.FIRST, 1, 0, 0
    notes: list[str] = []
    last_saved = ""
    for row in db.execute(f"SELECT {_STEP} FROM {STEPS} ORDER BY seq"):
        seq, done, saved, who, machine, program, annotation, named, count, digest, before, this = row
        fault = ""
        if seq != expected:
            fault = tr("Step {seq} is missing.", seq=expected)
        elif before != previous:
            fault = tr("Step {seq} does not follow the one before it.", seq=seq)
        else:
            rows = list(db.execute(f"SELECT {_ROW} FROM {CHANGES} WHERE seq = ? ORDER BY id", (seq,)))
            found = audit.digest_of_rows([done, who, annotation, named], rows)
            if len(rows) != count or found != digest:
                fault = tr("What step {seq} did was changed afterwards.", seq=seq)
            elif audit.chained(before, seq, (saved, machine, program), count, digest) != this:
                fault = tr("Step {seq} was changed afterwards.", seq=seq)
        if fault:
            return Verdict(steps, changes, previous, min(seq, expected), (fault,), tuple(notes))
        if saved < last_saved:
            notes.append(tr("The clock of {machine} went back before step {seq}.", machine=machine, seq=seq))
        previous, last_saved, expected = this, saved, seq + 1
        steps, changes = steps + 1, changes + count
    return _ended(db, Verdict(steps, changes, previous, notes=tuple(notes)), expected)


def _ended(db: sqlite3.Connection, verdict: Verdict, expected: int) -> Verdict:
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (STEPS,)).fetchone()
    if given is not None and given[0] >= expected:
        fault = tr("Step {seq} is missing.", seq=expected)
        return msgspec.structs.replace(verdict, broken=expected, faults=(fault,))
    stray = db.execute(f"SELECT count(*) FROM {CHANGES} WHERE seq >= ? OR seq < 1", (expected,)).fetchone()[0]
    if stray:
        fault = tr("{count} changes belong to no step.", count=stray)
        return msgspec.structs.replace(verdict, broken=expected, faults=(fault,))
    triggers = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if not {f"{table}_no_{event.lower()}" for table, event in _GUARDED} <= triggers:
        note = tr("The triggers that keep the trail from being changed are missing.")
        verdict = msgspec.structs.replace(verdict, notes=(*verdict.notes, note))
    return verdict


def _entry(row: Sequence[object], changes: tuple[AuditChange, ...]) -> AuditEntry:
    seq, done, saved, who, machine, program, annotation, named, count, digest, before, this = row
    return AuditEntry(
        int(str(seq)), audit.time_of(str(done)), audit.time_of(str(saved)), str(who), str(machine), str(program),
        str(annotation), msgspec.json.decode(str(named), type=dict[str, str]), int(str(count)), str(digest), str(before),
        str(this), changes,
    )  # fmt: skip


def records(found: Sequence[AuditEntry]) -> Iterator[dict[str, object]]:
    """One flat record a change, for CSV and JSON lines."""
    import base64

    for entry in found:
        common = {
            "seq": entry.seq, "done": audit.time_text(entry.done), "saved": audit.time_text(entry.saved),
            "operator": entry.author, "machine": entry.machine, "program": entry.program,
            "what": tr(entry.annotation, **entry.values), "hash": entry.hash,
        }  # fmt: skip
        for change in entry.changes:
            wkb = [base64.b64encode(f.wkb).decode() if f is not None and f.wkb else None for f in (change.before, change.after)]
            yield common | {
                "layer": change.layer, "fid": change.fid, "kind": change.kind,
                "before": audit.packed(change.before), "after": audit.packed(change.after),
                "geometry_before": wkb[0], "geometry_after": wkb[1],
            }  # fmt: skip
