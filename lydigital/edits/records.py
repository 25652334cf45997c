"""Records of a journal and the bytes they become.

=======  ===========================================================================================
kind     what it says
=======  ===========================================================================================
base     which map this is a journal of: its document as the project file has it, program, file taken up
step     a change set was committed, with the views around it; large ones go on in ``part`` records
undo     the last step was undone
redo     the step undone last was done again
saved    project file or stores now hold the present state
done     a step done before the base was written, for undoing it
undone   one undone before, for redoing it
left     a step of an earlier run that did not fit any more: kept for the record, never done
=======  ===========================================================================================
"""

from __future__ import annotations

import sys
from datetime import datetime  # noqa: TC003 - msgspec resolves it at run time
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.edits.history import Entry, View
from lydigital.model import document as documents
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import Crs
from lydigital.model.document import MapDocument  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.feature import Feature, is_of_feature
from lydigital.model.selection import Selection
from lydigital.model.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lydigital.edits.log import Payload

_PART = 4096  # deltas of one frame; a feature of a city has some hundred bytes
_PART_BYTES = 1 << 20
_SELECTED = 10_000  # a larger selection is not worth its bytes in every step


class Kind(IntEnum):
    """Numbers are for good: they stand in files."""

    BASE = 1
    STEP = 2
    PART = 3
    UNDO = 4
    REDO = 5
    SAVED = 6
    LEFT = 7
    DONE = 8
    UNDONE = 9


def _program() -> str:
    """The version of this program; the package stands above all its parts, so it is asked for and not imported."""
    return str(sys.modules["lydigital"].__version__)


class Base(msgspec.Struct, frozen=True):
    """First record. ``adopted`` names the journals whose content this one took over; ``stores`` as in :class:`Saved`."""

    project: str
    document: MapDocument
    stores: dict[str, str] = {}
    program: str = msgspec.field(default_factory=_program)
    adopted: tuple[str, ...] = ()


class Saved(msgspec.Struct, frozen=True):
    """``document`` is the one in the project file, None when only ``layers`` were saved.

    ``stores`` are the states of stores after it, by layer.
    """

    document: MapDocument | None
    layers: tuple[str, ...] = ()
    stores: dict[str, str] = {}


class _Step(msgspec.Struct, frozen=True, array_like=True):
    annotation: str
    author: str
    time: datetime
    values: dict[str, str]
    deltas: list[tuple[str, Any, Any]]
    more: bool
    merge: bool
    undoable: bool
    stores: dict[str, str]
    before: tuple[Any, Any]
    after: tuple[Any, Any]


class _Part(msgspec.Struct, frozen=True, array_like=True):
    deltas: list[tuple[str, Any, Any]]
    more: bool


class Step(msgspec.Struct, frozen=True):
    """One commit. ``stores`` are the states of stores that it starts from, by layer; only those not told before."""

    entry: Entry
    merge: bool = False
    undoable: bool = True
    stores: dict[str, str] = {}


_encoder = msgspec.msgpack.Encoder()


def base(record: Base) -> Payload:
    return Kind.BASE, _encoder.encode(record)


def saved(record: Saved) -> Payload:
    return Kind.SAVED, _encoder.encode(record)


UNDO: Payload = (Kind.UNDO, b"")
REDO: Payload = (Kind.REDO, b"")


def step(record: Step, *, kind: Kind = Kind.STEP) -> Iterator[Payload]:
    """The frames of a step, made one after the other so that a step of any size needs little memory."""
    changes, pieces = record.entry.changes, _pieces(record.entry.changes.deltas)
    first, more = next(pieces)
    yield kind, _encoder.encode(_Step(
        changes.annotation, changes.author, changes.time, changes.values, first, more, record.merge, record.undoable,
        record.stores, _view(record.entry.before), _view(record.entry.after, record.entry.before),
    ))  # fmt: skip
    for deltas, more in pieces:
        yield Kind.PART, _encoder.encode(_Part(deltas, more))


def read_base(payload: bytes) -> Base:
    """Raises msgspec.MsgspecError when it is none."""
    return msgspec.msgpack.decode(payload, type=Base)


def read_saved(payload: bytes) -> Saved:
    """Raises msgspec.MsgspecError when it is none."""
    return msgspec.msgpack.decode(payload, type=Saved)


_step_decoder = msgspec.msgpack.Decoder(_Step)
_part_decoder = msgspec.msgpack.Decoder(_Part)


def read_step(payloads: list[bytes]) -> Step | None:
    """The step in the frames of a step; None when more of them should follow.

    Raises
    ------
    msgspec.MsgspecError, KeyError, ValueError, TypeError
        When it is none.
    """
    first = _step_decoder.decode(payloads[0])
    deltas, more = [_delta(*d) for d in first.deltas], first.more
    for payload in payloads[1:]:
        part = _part_decoder.decode(payload)
        deltas += (_delta(*d) for d in part.deltas)
        more = part.more
    if more:
        return None
    changes = ChangeSet(first.annotation, tuple(deltas), first.author, first.time, first.values)
    before = _read_view(first.before, View(None, Selection()))
    return Step(
        Entry(changes, before, _read_view(first.after, before)), first.merge, first.undoable, first.stores
    )


def goes_on(kind: int, payload: bytes) -> bool:
    """Whether a frame of a step is not its last."""
    return (_part_decoder if kind == Kind.PART else _step_decoder).decode(payload).more


def _pieces(deltas: tuple[Delta, ...]) -> Iterator[tuple[list[tuple[str, Any, Any]], bool]]:
    start = 0
    while True:
        piece: list[tuple[str, Any, Any]] = []
        size = 0
        for delta in deltas[start : start + _PART]:
            piece.append((delta.target, delta.old, delta.new))
            size += _weight(delta.old) + _weight(delta.new)
            if size > _PART_BYTES:
                break
        start += len(piece)
        yield piece, start < len(deltas)
        if start >= len(deltas):
            return


def weight(changes: ChangeSet) -> int:
    """About how many bytes ``changes`` take."""
    return sum(_weight(d.old) + _weight(d.new) for d in changes.deltas)


def _weight(value: object) -> int:
    if isinstance(value, Feature):
        return 64 + len(value.wkb or b"") + sum(_weight(v) for v in value.values.values())
    return len(value) if isinstance(value, (bytes, str)) else 16


def _delta(target: str, old: Any, new: Any) -> Delta:
    if target.startswith("feature/"):
        return Delta(target, _feature(old), _feature(new))
    if is_of_feature(target):
        return Delta(target, old, new)
    kind = documents.value_type(target)
    return Delta(target, msgspec.convert(old, kind), msgspec.convert(new, kind))


def _feature(value: Mapping[str, Any] | None) -> Feature | None:
    return None if value is None else Feature(value["wkb"], value["values"])


def _view(view: View, before: View | None = None) -> tuple[Any, Any]:
    """Viewport and selection; "" for what is as ``before``."""
    at: Any = ""
    if before is None or view.viewport != before.viewport:
        v = view.viewport
        at = (
            None
            if v is None
            else (*v.centre, v.units_per_px, v.width_px, v.height_px, v.crs.definition, v.dpi)
        )
    chosen: Any = ""
    if before is None or view.selection != before.selection:
        fids = view.selection.fids if len(view.selection) <= _SELECTED else {}
        chosen = {layer: np.asarray(ids, "<i8").tobytes() for layer, ids in fids.items()}
    return at, chosen


def _read_view(value: tuple[Any, Any], before: View) -> View:
    at, chosen = value
    viewport, selection = before.viewport, before.selection
    if at != "":
        viewport = at
        if at is not None:
            x, y, units, width, height, crs, dpi = at
            viewport = Viewport((x, y), units, width, height, Crs(crs), dpi)
    if chosen != "":
        selection = Selection({k: np.frombuffer(v, "<i8").astype(np.int64) for k, v in chosen.items()})
    return View(viewport, selection)
