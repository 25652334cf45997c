"""Steps to undo that survive closing the program: kept at every save, taken up when the same map is opened again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from lydigital import paths
from lydigital.edits.history import Entry, View
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import MapDocument, value_type
from lydigital.model.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 200  # steps


class _Past(msgspec.Struct, frozen=True):
    """``led_to`` is the content of the document after the steps."""

    led_to: MapDocument
    steps: tuple[ChangeSet, ...]


def keep(project: str, document: MapDocument, entries: tuple[Entry, ...]) -> None:
    """Write the last steps that led to ``document``, just saved as ``project``.

    Raises
    ------
    OSError
        When the state folder cannot be written.
    """
    steps = tuple(entry.changes for entry in entries[-KEPT:])
    paths.write_atomically(_path(project), msgspec.msgpack.encode(_Past(document.content, steps)))


def recall(project: str, document: MapDocument) -> tuple[Entry, ...]:
    """Steps kept for ``project``; none when ``document`` is not what they led to, or they cannot be read."""
    try:
        past = msgspec.msgpack.decode(_path(project).read_bytes(), type=_Past)
        if past.led_to != document.content:
            return ()
        steps = tuple(msgspec.structs.replace(s, deltas=tuple(map(_typed, s.deltas))) for s in past.steps)
    except (OSError, KeyError, msgspec.MsgspecError):
        return ()
    nowhere = View(None, Selection())
    return tuple(Entry(step, nowhere, nowhere) for step in steps)


def _typed(delta: Delta) -> Delta:
    kind = value_type(delta.target)
    return Delta(delta.target, msgspec.convert(delta.old, kind), msgspec.convert(delta.new, kind))


def _path(project: str) -> Path:
    folder = paths.state_dir() / "history"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(project.encode()).hexdigest()[:16]}.past"
