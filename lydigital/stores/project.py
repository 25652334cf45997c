"""Project files (``*.lyd.toml``): a map document as text that people can read, compare and mend.

In memory every source is an absolute path or a URI; in the file a source inside the project's folder tree is relative,
and the shipped sample is ``sample`` (``sample:FILE`` for a file beside it), so that a project survives being moved.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital import paths
from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.model.document import SCHEMA, MapDocument

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIX = ".lyd.toml"
SAMPLE = "sample"


def is_project(argument: str | Path) -> bool:
    return str(argument).casefold().endswith(SUFFIX)


def resolve(source: str, folder: Path) -> str:
    """The absolute path or URI behind a source as written in a project file in ``folder``."""
    if source in ("", SAMPLE):
        return str(paths.sample_store()) if source else ""
    if source.startswith(f"{SAMPLE}:"):
        return str(paths.sample_dir() / source.removeprefix(f"{SAMPLE}:"))
    if "://" in source:
        return source
    return str((folder / source).absolute().resolve())


def relative(source: str, folder: Path) -> str:
    """Inverse of :func:`resolve`; sources outside the folder and its parent stay absolute."""
    if not source or "://" in source:
        return source
    path = Path(source)
    if path == paths.sample_store():
        return SAMPLE
    if path.parent == paths.sample_dir():
        return f"{SAMPLE}:{path.name}"
    for base, prefix in ((folder.resolve(), ""), (folder.resolve().parent, "../")):
        if path.is_relative_to(base) and base != base.parent:
            return prefix + path.relative_to(base).as_posix()
    return str(path)


def dumps(document: MapDocument, folder: Path) -> str:
    """The text of a project file in ``folder``: keys in the order of the model, defaults left out."""
    import tomli_w

    document = _with_sources(document, lambda source: relative(source, folder))
    content: dict[str, Any] = {"schema": SCHEMA, "title": document.title, "crs": document.crs}
    content.update(msgspec.to_builtins(document))
    content["schema"] = SCHEMA
    return tomli_w.dumps(content)


def loads(text: str, path: Path) -> MapDocument:
    """The document in ``text``; ``path`` says where sources are relative to and is named in messages.

    Raises
    ------
    BadDataError
        With the line of a syntax error, the place of an unknown key or wrong value, or both schema numbers.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadDataError(
            "{path} is not readable as a project: {reason}",
            hint="Correct the place named in a text editor, or open an older copy.",
            path=str(path),
            reason=str(error).replace("end of document", f"line {text.count(chr(10)) + 1}, the end"),
        ) from error
    schema = content.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise BadDataError(
            "{path} was written by a newer lydigital (format {found}, this program reads {known})",
            hint="Install the newer version to open it; the file has not been touched.",
            path=str(path),
            found=schema,
            known=SCHEMA,
        )
    try:
        document = msgspec.convert(content, MapDocument, strict=False)
    except msgspec.ValidationError as error:
        raise BadDataError(
            "{path} is no valid project: {reason}",
            hint="Correct or remove the key named; $ stands for the file, [0] for the first entry.",
            path=str(path),
            reason=str(error),
        ) from error
    repeated = {i for i in document.order if document.order.count(i) > 1}
    if repeated or any("/" in i or not i for i in document.order):
        raise BadDataError(
            "{path} has layers without an id of their own: {ids}",
            hint="Give every layer an id that no other layer has, without a slash.",
            path=str(path),
            ids=", ".join(sorted(repeated)) or '"", "/"',
        )
    return _with_sources(document, lambda source: resolve(source, path.parent))


def load(path: Path) -> MapDocument:
    """Read a project file.

    Raises
    ------
    StoreUnavailableError
        When the file is missing or may not be read.
    BadDataError
        When it is no valid project.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StoreUnavailableError(
            "{path} does not exist", hint="Check the name and the folder.", path=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise BadDataError(
            "{path} is not readable as a project: {reason}",
            hint="Project files are text in UTF-8; save it as such.",
            path=str(path),
            reason=str(error),
        ) from error
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be read: {reason}",
            hint="Check that the file exists and may be read.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    return loads(text, path)


def save(document: MapDocument, path: Path) -> None:
    """Write a project file in one step; a crash leaves the old one.

    Raises
    ------
    StoreUnavailableError
        When the folder cannot be written.
    """
    try:
        paths.write_atomically(path, dumps(document, path.parent).encode())
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}",
            hint="Save it in a folder you may write to.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error


def _with_sources(document: MapDocument, change: Callable[[str], str]) -> MapDocument:
    layers = tuple(msgspec.structs.replace(ref, source=change(ref.source)) for ref in document.layers)
    return msgspec.structs.replace(document, layers=layers, store=change(document.store))
