"""Copies of a store for bad days: made while it is in use, checked when made, thinned out with age, put back whole.

A backup is a file ``<name>-<UTC time>.gpkg`` in a folder of its store, with its SHA-256 beside it. It is complete or not
there: it is written under another name first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003 - a struct has it
from typing import TYPE_CHECKING

import msgspec

from lydigital import paths
from lydigital.errors import BadDataError, RefusedError, StoreUnavailableError
from lydigital.stores import gate
from lydigital.stores.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HOURLY, DAILY, MONTHLY = 24, 14, 12  # how many of each are kept
EVERY = timedelta(hours=1)
BULK = 1_000  # features changed at once beyond which a backup is made first
_TIME = "%Y%m%dT%H%M%SZ"
_PAGES = 2_000  # copied at once
_CHUNK = 1 << 20


class Backup(msgspec.Struct, frozen=True):
    """One copy, and when it was made."""

    path: Path
    time: datetime
    size: int


def folder_of(store: Path, root: Path | None = None) -> Path:
    """Where backups of ``store`` lie: a folder of its own under ``root``, or under the user's state folder."""
    real = store.resolve()
    name = f"{real.stem}-{hashlib.sha256(str(real).encode()).hexdigest()[:12]}"
    return (root if root is not None else paths.state_dir() / "backups") / name


def backups(store: Path, root: Path | None = None) -> list[Backup]:
    """Backups of ``store``, oldest first."""
    found = []
    for path in folder_of(store, root).glob(f"{_escaped(store.stem)}-*.gpkg"):
        text = path.stem.rpartition("-")[2]
        with contextlib.suppress(ValueError, OSError):
            time = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
            found.append(Backup(path, time, path.stat().st_size))
    return sorted(found, key=lambda b: (b.time, b.path.name))


def is_due(store: Path, root: Path | None = None, *, now: datetime | None = None) -> bool:
    """Whether the newest backup is older than an hour, or there is none."""
    made = backups(store, root)
    return not made or abs((now or datetime.now(UTC)) - made[-1].time) >= EVERY


def back_up(
    store: Path, root: Path | None = None, *, now: datetime | None = None, watch: Callable[[float], None] | None = None
) -> Backup:
    """Copy ``store`` as it is now, check the copy, and thin out older ones. Other programs may write meanwhile.

    Parameters
    ----------
    root
        Folder for backups of all stores.
    watch
        Hears of the share done; may raise to stop.

    Raises
    ------
    StoreUnavailableError
        When the store cannot be read, or the folder not be written.
    BadDataError
        When the store is damaged: older backups stay as they are.
    """
    time = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    folder = folder_of(store, root)
    path = folder / f"{store.stem}-{time.strftime(_TIME)}.gpkg"
    temporary = path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy(store, temporary, watch=watch)
        check(temporary)
        digest = _digest(temporary)
        paths.write_atomically(_seal(path), f"{digest}  {path.name}\n".encode())
        temporary.replace(path)
    except OSError as error:
        raise StoreUnavailableError(
            "The backup cannot be written to {path}: {reason}",
            hint="Free space there, or choose another folder for backups in the settings.",
            path=str(folder), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    for old in _superfluous(backups(store, root)):
        for part in (old.path, _seal(old.path)):
            with contextlib.suppress(OSError):
                part.unlink()
    return Backup(path, time, path.stat().st_size)


def copy(source: Path, target: Path, *, watch: Callable[[float], None] | None = None) -> None:
    """Copy a GeoPackage that may be in use, through SQLite; ``target`` is on the disk when this returns.

    Raises
    ------
    StoreUnavailableError, BadDataError
        When it cannot be read, or ``target`` not be written.
    """
    from lydigital.stores.gpkg import GpkgStore

    def told(_status: int, left: int, total: int) -> None:
        if watch is not None and total:
            watch(1 - left / total)

    def work(db: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(target)) as out:
            db.backup(out, pages=_PAGES, progress=told, sleep=0.05)

    target.unlink(missing_ok=True)
    with closing(GpkgStore(source)) as store:
        store._asked(work)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def check(path: Path) -> None:
    """Raise :class:`BadDataError` unless SQLite finds every page of a file in order.

    Raises
    ------
    BadDataError
        When it is damaged.
    """
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with gate.of(path).reading(), closing(sqlite3.connect(uri, uri=True)) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
            db.execute("SELECT count(*) FROM gpkg_contents")
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise BadDataError(
            "{path} is damaged: {reason}", hint="Restore it from a backup or copy it again.",
            path=str(path), reason=found[0],
        )  # fmt: skip


def verify(backup: Path) -> None:
    """Check a backup: what was written is what is there, and it is in order.

    Raises
    ------
    BadDataError
        When it is not.
    """
    seal = _seal(backup)
    if seal.is_file() and seal.read_text(encoding="utf-8").split()[:1] != [_digest(backup)]:
        raise BadDataError(
            "The backup {path} is not as it was written", hint="Use an older one, and check the disk it lies on.",
            path=str(backup),
        )  # fmt: skip
    check(backup)


def restore(store: Path, backup: Path, *, operator: str, root: Path | None = None, take_over: bool = False) -> Path | None:
    """Put ``backup`` in the place of ``store``; the present file is kept as a backup of its own.

    Returns
    -------
    Path or None
        Where the present file is kept; None where there was none.

    Raises
    ------
    BadDataError
        When the backup is damaged; nothing has happened then.
    RefusedError
        When somebody edits the store, or works in it now.
    StoreUnavailableError
        When something cannot be written.
    """
    if not backup.is_file():
        raise StoreUnavailableError(
            "{path} does not exist", hint="lydigital store backup --list FILE shows the backups there are.", path=str(backup)
        )
    verify(backup)
    real = store.resolve()
    lease = Lease(store)
    lease.take(operator, take_over=take_over)
    temporary = real.with_name(f".{real.name}.restored")
    try:
        kept = _set_aside(real, root) if real.exists() else None
        shutil.copyfile(backup, temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with gate.of(real).writing():
            _check_unused(real)
            for suffix in ("-journal", "-wal", "-shm"):  # of the file that goes: they would spoil the new one
                real.with_name(real.name + suffix).unlink(missing_ok=True)
            temporary.replace(real)
            os.utime(real)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Close it in other programs, and free space on the disk.",
            path=str(store), reason=error.strerror or str(error),
        ) from error  # fmt: skip
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        lease.release()
    return kept


# --- inside ---------------------------------------------------------------------------------------------------------


def kept_of(times: Iterable[datetime]) -> set[datetime]:
    """Times of the backups to keep: the newest of each of the last hours, days and months that have any."""
    keep: set[datetime] = set()
    newest_first = sorted(times, reverse=True)
    for form, count in (("%Y%m%d%H", HOURLY), ("%Y%m%d", DAILY), ("%Y%m", MONTHLY)):
        seen: dict[str, datetime] = {}
        for time in newest_first:
            seen.setdefault(time.strftime(form), time)
        keep |= set(list(seen.values())[:count])
    return keep


def _superfluous(made: list[Backup]) -> list[Backup]:
    keep = kept_of(b.time for b in made)
    return [b for b in made if b.time not in keep]


def _set_aside(real: Path, root: Path | None) -> Path:
    """Keep the file that is to be replaced, with what stands in its journal; as it is where it is damaged."""
    folder = folder_of(real, root)
    folder.mkdir(parents=True, exist_ok=True)
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    kept = folder / f"before-restore-{time}-{real.name}"
    try:
        copy(real, kept)
        check(kept)
    except (BadDataError, StoreUnavailableError, sqlite3.Error):
        for suffix in ("", "-journal", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(real.with_name(real.name + suffix), kept.with_name(kept.name + suffix))
    return kept


def _check_unused(real: Path) -> None:
    """Raise when another program is within the file now."""
    if not real.exists():
        return
    with closing(sqlite3.connect(real, timeout=1.0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN EXCLUSIVE")
            db.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise RefusedError(
                    "{path} is being used by another program", hint="Close it there, then restore again.", path=str(real)
                ) from error
        except sqlite3.DatabaseError:  # damaged: that is why it is replaced
            return


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _seal(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)
