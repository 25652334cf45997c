"""Single features of a GeoPackage, just as they are stored."""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted, values through parameters
from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.feature import Feature
from lydigital.stores.gpkg_schema import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from lydigital.stores.gpkg_rows import Source

_CHUNK = 500  # parameters of one statement
_ENVELOPES = (0, 32, 48, 48, 64)  # bytes by code (OGC 12-128r19 §2.1.3)


def fetch(db: sqlite3.Connection, source: Source, fids: Sequence[int]) -> dict[int, Feature]:
    """Features by fid; those the table does not have are left out."""
    names = [f.name for f in source.fields]
    columns = [source.key, *([source.geometry] if source.geometry else []), *names]
    query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(source.table)} WHERE {quoted(source.key)} IN "
    first = 2 if source.geometry else 1
    found: dict[int, Feature] = {}
    for at in range(0, len(fids), _CHUNK):
        some = [int(fid) for fid in fids[at : at + _CHUNK]]
        for row in db.execute(f"{query}({','.join('?' * len(some))})", some):
            wkb = wkb_of(row[1]) if source.geometry else None
            found[row[0]] = Feature(wkb, dict(zip(names, row[first:], strict=True)))
    return found


def wkb_of(blob: bytes | None) -> bytes | None:
    """The ISO WKB within a GeoPackage blob; None for no geometry, or what is none."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    code = (blob[3] >> 1) & 7
    return bytes(blob[8 + _ENVELOPES[code] :]) if code < len(_ENVELOPES) else None
