"""Autosave: the document as it is after every commit, so that a power cut costs at most the stroke in hand.

Every running program writes a file of its own in ``state_dir()/autosave`` and holds a lock beside it; a file whose lock
is free was left by a program that died. The system releases locks of dead programs, so no process ids are guessed at.
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from lydigital import paths
from lydigital.model.document import MapDocument  # noqa: TC001 - msgspec resolves it at run time

KEPT_DAYS = 30  # autosaves that a later save has overtaken
_SUFFIX = ".autosave"


class _Record(msgspec.Struct, frozen=True):
    project: str
    time: datetime
    annotation: str
    document: MapDocument


class Recovery(msgspec.Struct, frozen=True):
    """Unsaved work found after a crash: ``path`` of the autosave, when and what was done last."""

    path: Path
    project: str
    time: datetime
    annotation: str
    document: MapDocument

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        _lock_path(self.path).unlink(missing_ok=True)


class Journal:
    """Autosave of one open document of one running program.

    ``project`` is the project file's absolute path, or the store URI of a map that has no file yet.
    """

    def __init__(self, project: str) -> None:
        self.project = project
        self._path = _folder() / f"{_key(project)}-{os.getpid()}-{uuid.uuid4().hex[:8]}{_SUFFIX}"
        self._lock: IO[bytes] | None = None

    def write(self, document: MapDocument, annotation: str) -> None:
        """Keep ``document`` on disk before anything else happens.

        Raises
        ------
        OSError
            When the state folder cannot be written.
        """
        if self._lock is None:
            self._lock = _try_lock(_lock_path(self._path))
        record = _Record(self.project, datetime.now(UTC), annotation, document)
        paths.write_atomically(self._path, msgspec.msgpack.encode(record))

    def clear(self) -> None:
        """Forget the autosave: the document is saved, or left on purpose."""
        self._path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        _lock_path(self._path).unlink(missing_ok=True)


def recoverable(project: str, saved: MapDocument | None = None) -> Recovery | None:
    """The newest unsaved work on ``project`` left by a program that is no longer running.

    Autosaves older than the project file, equal to ``saved`` or unreadable are not offered; those are deleted after
    ``KEPT_DAYS``.
    """
    found: list[Recovery] = []
    for path in _folder().glob(f"{_key(project)}-*{_SUFFIX}"):
        if not _is_abandoned(path):
            continue
        try:
            record = msgspec.msgpack.decode(path.read_bytes(), type=_Record)
        except (msgspec.MsgspecError, OSError):
            continue
        if record.time.timestamp() >= _modified(project) and record.document != saved:
            found.append(Recovery(path, record.project, record.time, record.annotation, record.document))
        elif (datetime.now(UTC) - record.time).days > KEPT_DAYS:
            path.unlink(missing_ok=True)
            _lock_path(path).unlink(missing_ok=True)
    return max(found, key=lambda r: r.time, default=None)


def _folder() -> Path:
    folder = paths.state_dir() / "autosave"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _key(project: str) -> str:
    return hashlib.sha256(project.encode()).hexdigest()[:16]


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _modified(project: str) -> float:
    """Time of the project file; stores have none, their maps live in the autosave only."""
    path = Path(project)
    return path.stat().st_mtime if project.casefold().endswith(".toml") and path.exists() else 0.0


def _is_abandoned(path: Path) -> bool:
    lock_path = _lock_path(path)
    if not lock_path.exists():
        return True
    lock = _try_lock(lock_path)
    if lock is None:
        return False
    lock.close()
    return True


def _try_lock(path: Path) -> IO[bytes] | None:
    """An open file that holds the lock, or None when another program holds it."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
