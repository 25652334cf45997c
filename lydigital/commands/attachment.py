"""Photos and files attached to features: rows of a table of their own in the map's store, contents and all.

Removing marks a row, so what was attached is never lost; contents are read one by one, never with the table.
"""

from __future__ import annotations

import hashlib
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.commands.layer import find, title_of
from lydigital.commands.registry import Command, Parameters
from lydigital.commands.subjects import fresh_fids, no_layers, writable
from lydigital.errors import (
    BadDataError,
    ConflictError,
    LydError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, made
from lydigital.model.table import FeatureTable
from lydigital.stores.gpkg_edit import ATTACHMENTS as LAYER

if TYPE_CHECKING:
    from lydigital.model.document import LayerRef
    from lydigital.session import Session

LARGEST = 20_000_000  # bytes of one file
_SIGNS = (
    (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"), (b"%PDF-", "application/pdf"),
    (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"), (b"BM", "image/bmp"),
)  # fmt: skip


class Attachment(msgspec.Struct, frozen=True):
    """One file, without its content. ``time`` is ISO 8601."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    time: str
    operator: str
    note: str
    removed: bool = False

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")


class Add(Parameters, frozen=True, kw_only=True):
    """The file ``path`` for feature ``fid`` of ``layer``."""

    layer: str
    fid: int
    path: str
    note: str = ""


class One(Parameters, frozen=True, kw_only=True):
    """``id`` is the number that ``attachment.list`` gives."""

    id: int


class Save(One, frozen=True, kw_only=True):
    """Into the file ``path``, or the folder under its own name."""

    path: str
    overwrite: bool = False


class Listed(Parameters, frozen=True, kw_only=True):
    """Of feature ``fid`` of ``layer``."""

    layer: str
    fid: int


# --- asking ---------------------------------------------------------------------------------------------------------


def why_not(session: Session, layer: str) -> LydError | None:
    """Why files cannot be attached to features of a layer, None where they can."""
    ref = session.document.layer(layer)
    if ref is None or session.catalogue.layer(LAYER) is None:
        return RefusedError("The catalogue has no table for attachments", hint="Add layers/{name}.toml to it.", name=LAYER)
    if ref.source != session.document.store:
        return RefusedError(
            "{layer} does not come from the map's own store", hint="Open its file itself to attach files to its features.",
            layer=title_of(session, ref),
        )  # fmt: skip
    try:
        writable(session, ref)
    except LydError as error:
        return error
    return None


def of_feature(session: Session, layer: str, fid: int, *, removed: bool = False) -> list[Attachment]:
    """What is attached to a feature, in the order it came; with ``removed`` what was taken away too.

    Raises
    ------
    LydError
        When the store cannot be read.
    """
    ref = session.document.layer(layer)
    if ref is None or ref.source != session.document.store:
        return []
    name = session.stores.table_name(ref)
    return [a for table, of, a in _rows(session) if table == name and of == fid and (removed or not a.removed)]


def content(session: Session, attachment: Attachment) -> bytes:
    """The bytes of a file.

    Raises
    ------
    BadDataError
        When they are not what was attached.
    LydError
        When the store cannot be read.
    """
    ref = session.ref(LAYER)
    now = session.features.edits(LAYER).get(attachment.id)
    if now is None and ref is not None:
        now = session.stores.fetch(ref, [attachment.id]).get(attachment.id)
    found = now.values.get("content") if now is not None else None
    if not isinstance(found, bytes) or hashlib.sha256(found).hexdigest() != attachment.sha256:
        raise BadDataError(
            "The content of {name} is not what was attached", hint="Restore the store from a backup; lydigital store verify checks it.",
            name=attachment.name,
        )  # fmt: skip
    return found


def _rows(session: Session) -> list[tuple[str, int, Attachment]]:
    """Table, feature and file of every row."""
    ref = session.ref(LAYER)
    if ref is None or LAYER not in {info.name for info in session.stores.store(ref.source).layers()}:
        return []
    table = session.table(LAYER)
    assert isinstance(table, FeatureTable)
    fids = table.fid.tolist()
    found = []
    for fid, r in sorted(zip(fids, table.columns.to_pylist(), strict=True), key=lambda pair: pair[0]):
        time = r["added_at"].isoformat(timespec="seconds") if r["added_at"] is not None else ""
        found.append((str(r["layer"]), int(r["feature"]), Attachment(
            fid, str(r["name"]), r["media_type"] or "", int(r["size_bytes"]), str(r["sha256"]), time, r["added_by"] or "",
            r["note"] or "", bool(r["removed"]),
        )))  # fmt: skip
    return found


def find_one(session: Session, number: int) -> Attachment:
    """A file by its number.

    Raises
    ------
    UsageError
        When there is none.
    """
    for _, _, attachment in _rows(session):
        if attachment.id == number and not attachment.removed:
            return attachment
    raise UsageError("There is no attachment {number}", hint="attachment.list names those of a feature.", number=number)


# --- doing ----------------------------------------------------------------------------------------------------------


def _add(session: Session, p: Add) -> ChangeSet:
    ref = find(session, p.layer)
    reason = why_not(session, ref.id)
    if reason is not None:
        raise reason
    if p.fid not in session.features.features(ref.id, [p.fid]):
        raise UsageError("{layer} has no feature {fid}", hint="Select it on the map, or look up its number in the table.",
                         layer=title_of(session, ref), fid=p.fid)  # fmt: skip
    path = Path(p.path)
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    texts = {"name": path.name, "layer": title_of(session, ref)}
    for there in of_feature(session, ref.id, p.fid, removed=True):
        if there.sha256 == digest and not there.removed:
            raise ConflictError("{name} is attached already", hint="It has the same content as {there}.", name=path.name, there=there.name)
        if there.sha256 == digest:
            return ChangeSet("Attach {name} to a feature of {layer}", (_mark(there, removed=False),), values=texts)
    session.ensure(LAYER)
    return ChangeSet("Attach {name} to a feature of {layer}", (_made(session, ref, p, path.name, data),), values=texts)


def _made(session: Session, ref: LayerRef, p: Add, name: str, data: bytes) -> Delta:
    table = session.ref(LAYER)
    assert table is not None
    now = datetime.now(UTC)
    feature = Feature(None, {
        "layer": session.stores.table_name(ref), "feature": p.fid, "name": name, "media_type": media_type(name, data),
        "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        "added_at": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        "added_by": session.history.author or None, "note": p.note or None, "removed": False, "content": data, "nature": "真实",
    })  # fmt: skip
    return made(LAYER, fresh_fids(session, table, 1)[0], feature)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise RefusedError(
                "{name} has {size} MB, and {most} MB is the most", name=path.name, size=f"{size / 1e6:.1f}", most=LARGEST // 1_000_000,
                hint="Make the picture smaller, or keep the file in a folder and note where it is.",
            )  # fmt: skip
        data = path.read_bytes()
    except OSError as error:
        raise BadDataError(
            "{path} cannot be read: {reason}", hint="Check that the file exists and may be read.", path=str(path),
            reason=error.strerror or str(error),
        ) from error  # fmt: skip
    if not data:
        raise BadDataError("{name} is empty", hint="Copy it again from where it came from.", name=path.name)
    return data


def media_type(name: str, data: bytes) -> str:
    """What a file is, by how it begins, else by its name."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    known = next((kind for sign, kind in _SIGNS if data.startswith(sign)), "")
    guessed = mimetypes.guess_type(name)[0] or ""
    if not known and guessed.startswith("image/") and guessed != "image/svg+xml":
        return "application/octet-stream"  # it only calls itself a picture
    return known or guessed or "application/octet-stream"


def _mark(attachment: Attachment, *, removed: bool) -> Delta:
    return Delta(f"value/{LAYER}/{attachment.id}/removed", attachment.removed, removed)


def _remove(session: Session, p: One) -> ChangeSet:
    ref = session.ref(LAYER)
    found = find_one(session, p.id)
    assert ref is not None
    session.stores.store(ref.source).writing(LAYER)
    return ChangeSet("Remove the attachment {name}", (_mark(found, removed=True),), values={"name": found.name})


def _save(session: Session, p: Save) -> dict[str, Any]:
    found = find_one(session, p.id)
    path = Path(p.path).absolute()
    if path.is_dir():
        path /= Path(found.name).name
    if path.exists() and not p.overwrite:
        raise ConflictError("{path} exists already", hint="Choose another name, or delete the file.", path=str(path))
    data = content(session, found)
    try:
        paths.write_atomically(path, data)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Save it in a folder you may write to.", path=str(path),
            reason=error.strerror or str(error),
        ) from error  # fmt: skip
    return {"output": str(path), "bytes": len(data)}


def _list(session: Session, p: Listed) -> dict[str, Any]:
    ref = find(session, p.layer)
    return {"attachments": [msgspec.structs.asdict(a) for a in of_feature(session, ref.id, p.fid)]}


COMMANDS = (
    Command("attachment.add", "Attach a file", _add, Add, disabled=no_layers, icon="paperclip-plus"),
    Command("attachment.save", "Save an attachment", _save, Save, disabled=no_layers, icon="content-save-outline"),
    Command("attachment.remove", "Remove an attachment", _remove, One, disabled=no_layers, icon="paperclip-remove"),
    Command("attachment.list", "List attachments", _list, Listed, disabled=no_layers, icon="paperclip"),
)
