"""Descriptions of files that take long to describe: GDAL reads a GeoJSON to its end to say how many features it has.

Kept in the folder of the table cache, by an identity that changes with the file; whatever is wrong with an entry, the file
is described again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from lydigital import paths
from lydigital.stores.store import LayerInfo

_FORMAT = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[LayerInfo, ...]).decode


def recall(identity: str) -> tuple[LayerInfo, ...] | None:
    """What :func:`keep` was given, or None."""
    path = _path(identity)
    try:
        found = _decode(path.read_bytes())
        os.utime(path)  # the oldest are deleted first
    except (OSError, msgspec.MsgspecError):
        return None
    return found


def keep(identity: str, layers: tuple[LayerInfo, ...]) -> None:
    """Remember the layers of a file; without a place to write, they are described again next time."""
    path = _path(identity)
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_encode(layers))
        Path(temporary).replace(path)
    except OSError:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def _path(identity: str) -> Path:
    source = Path(__file__).with_name("files.py").read_bytes()
    digest = hashlib.sha256(f"{_FORMAT}\n{identity}\n".encode() + source).hexdigest()
    return paths.cache_dir() / "tables" / f"{digest[:32]}.known"
