"""Who changed what when: steps saved to a store, chained by hashes so that nobody can change one unseen.

A step's ``digest`` covers what was done: words, operator, time, and every change. Its ``hash`` covers the digest, the
circumstances of saving and the hash of the step before. Numbers decide the order: clocks may go backwards, and are
written down as they were.
"""

from __future__ import annotations

import base64
import hashlib
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.model.feature import Feature, Target, Value, changes_between, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lydigital.model.changeset import ChangeSet, Delta

Kind = Literal["made", "removed", "changed"]
FIRST = "0" * 64  # what stands before the first step
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.decode


class AuditChange(msgspec.Struct, frozen=True):
    """What one step did to one feature.

    ``before`` and ``after`` hold only what the step touched: some attributes, and the geometry where ``geometry`` is
    set; all of the feature where it was made or removed (the other side is None then).
    """

    layer: str
    fid: int
    before: Feature | None
    after: Feature | None
    geometry: bool = False

    @property
    def kind(self) -> Kind:
        return "made" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def deltas(self) -> tuple[Delta, ...]:
        """The change as deltas; their inverse takes it back."""
        return changes_between(self.layer, self.fid, self.before, self.after)


class AuditEntry(msgspec.Struct, frozen=True):
    """One step as it was saved; ``changes`` has only those asked for, ``count`` says how many there are."""

    seq: int
    done: datetime
    saved: datetime
    author: str
    machine: str
    program: str
    annotation: str
    values: dict[str, str]
    count: int
    digest: str
    previous: str
    hash: str
    changes: tuple[AuditChange, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """What checking a store found.

    Attributes
    ----------
    broken
        Number of the first step that is not as it was written, None where all are.
    head
        Hash of the last step: written down elsewhere, it proves that none was cut off.
    faults, notes
        What is wrong, and what is remarkable, in the user's language.
    """

    steps: int
    changes: int
    head: str
    broken: int | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return self.broken is None and not self.faults


def changes_of(step: ChangeSet) -> list[AuditChange]:
    """What ``step`` does, by feature, in the order in which it first touches them."""
    found: dict[tuple[str, int], _Sides] = {}
    for delta in step.deltas:
        target = parse_target(delta.target)
        key = target.layer, target.fid
        sides = found.get(key)
        if sides is None:
            sides = found[key] = _Sides()
        sides.take(delta, target)
    return [sides.change(layer, fid) for (layer, fid), sides in found.items()]


class _Sides:
    """Both sides of a feature while the deltas of a step are folded."""

    def __init__(self) -> None:
        self.before: Feature | None = Feature()
        self.after: Feature | None = Feature()
        self.geometry = False
        self.touched = False

    def take(self, delta: Delta, target: Target) -> None:
        if target.kind == "feature":
            if not self.touched:
                self.before = delta.old
            elif self.before is not None and delta.old is not None:  # all of it is known now
                kept = {**delta.old.values, **self.before.values}
                self.before = Feature(self.before.wkb if self.geometry else delta.old.wkb, kept)
            self.after, self.geometry = delta.new, True
        elif target.kind == "geometry":
            if self.before is not None and not self.geometry:
                self.before = Feature(delta.old, self.before.values)
            self.after = Feature(delta.new, self.after.values if self.after is not None else {})
            self.geometry = True
        else:
            if self.before is not None and target.field not in self.before.values:
                self.before = self.before.replaced(**{target.field: delta.old})
            self.after = (self.after or Feature()).replaced(**{target.field: delta.new})
        self.touched = True

    def change(self, layer: str, fid: int) -> AuditChange:
        return AuditChange(layer, fid, self.before, self.after, self.geometry)


# --- canonical bytes ------------------------------------------------------------------------------------------------


LARGE = 1 << 16  # bytes of a value beyond which the trail names its digest where the file itself has it


def packed(feature: Feature | None, *, is_kept: bool = False) -> str | None:
    """The attributes of one side of a change as JSON with sorted names; None where there is no feature.

    Of what ``is_kept`` in the file the trail holds photos and the like by digest only: they are there, or in the side
    before of the change that took them away.
    """
    if feature is None:
        return None
    return _encode({name: _plain(value, is_kept=is_kept) for name, value in feature.values.items()}).decode()


def unpacked(text: str | None, wkb: bytes | None) -> Feature | None:
    """The other way; values held by digest only are left out."""
    if text is None:
        return None
    found = _decode(text).items()
    return Feature(wkb, {name: _value(v) for name, v in found if not (isinstance(v, dict) and "sha256" in v)})


def digest_of(step: ChangeSet, author: str, changes: Iterable[AuditChange]) -> str:
    """SHA-256 of what a step does."""
    head = [time_text(step.time), author, step.annotation, _encode(step.values).decode()]
    return digest_of_rows(head, (row_of(change) for change in changes))


Row = tuple[str, int, int, "str | None", "str | None", "bytes | None", "bytes | None"]
"""A change as stored: layer, fid, whether geometry is part of it, attributes and WKB before and after."""


def row_of(change: AuditChange) -> Row:
    before, after = change.before, change.after
    return (
        change.layer, change.fid, int(change.geometry), packed(before), packed(after, is_kept=True),
        before.wkb if before is not None else None, after.wkb if after is not None else None,
    )  # fmt: skip


def change_of(row: Row) -> AuditChange:
    layer, fid, geometry, before, after, old, new = row
    return AuditChange(layer, fid, unpacked(before, old), unpacked(after, new), bool(geometry))


def digest_of_rows(head: list[str], rows: Iterable[Row]) -> str:
    """SHA-256 over ``head`` and the changes as they are stored."""
    digest = hashlib.sha256(_encode(head))
    for layer, fid, geometry, before, after, old, new in rows:
        digest.update(b"\n" + _encode([layer, fid, geometry, before, after, _length(old), _length(new)]))
        digest.update(old or b"")
        digest.update(new or b"")
    return digest.hexdigest()


def chained(previous: str, seq: int, saving: tuple[str, str, str], count: int, digest: str) -> str:
    """Hash of a step: SHA-256 over the one before and all that is known of this one.

    ``saving`` is the time of saving, the machine and the program.
    """
    return hashlib.sha256(_encode([previous, seq, *saving, count, digest])).hexdigest()


def time_text(time: datetime) -> str:
    """UTC to the microsecond, in text that sorts."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def masked(entries: Iterable[AuditEntry], personal: Mapping[str, Iterable[str]]) -> Iterator[AuditEntry]:
    """The same entries with stars for values of the ``personal`` fields of each layer."""
    hidden = {layer: frozenset(fields) for layer, fields in personal.items()}
    for entry in entries:
        changes = tuple(
            msgspec.structs.replace(
                c, before=_starred(c.before, hidden[c.layer]), after=_starred(c.after, hidden[c.layer])
            )
            if c.layer in hidden
            else c
            for c in entry.changes
        )
        yield msgspec.structs.replace(entry, changes=changes)


def _starred(feature: Feature | None, fields: frozenset[str]) -> Feature | None:
    if feature is None or not fields & feature.values.keys():
        return feature
    starred = {n: "***" if n in fields and v is not None else v for n, v in feature.values.items()}
    return Feature(feature.wkb, starred)


def _length(blob: bytes | None) -> int | None:
    return None if blob is None else len(blob)


def _plain(value: Value, *, is_kept: bool = False) -> object:
    if isinstance(value, bytes):
        if is_kept and len(value) > LARGE:
            return {"sha256": hashlib.sha256(value).hexdigest(), "bytes": len(value)}
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else {"float": repr(value)}
    return value


def _value(value: object) -> Value:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"]) if "base64" in value else float(value["float"])
    return value if isinstance(value, (bool, int, float, str)) else None
