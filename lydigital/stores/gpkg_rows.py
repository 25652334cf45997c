"""Small tables of a GeoPackage straight through SQLite.

GDAL describes every layer of a file before it reads one: 22 ms in a city of 73 layers, and 0.6 s before the first.
Tables whose content is not what their columns declare are left to GDAL.
"""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted
from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lydigital.stores.gpkg_schema import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.assemble import Raw
    from lydigital.stores.store import FieldInfo

LARGEST = 5_000  # features; beyond, reading pages is faster


class Source(NamedTuple):
    """A table with the names of its primary key and of its geometry column ("" where it has none)."""

    table: str
    key: str
    geometry: str
    fields: tuple[FieldInfo, ...]


def read(db: sqlite3.Connection, source: Source, keys: NDArray[np.int64] | None = None) -> Raw | None:
    """Read a table, all of it or the rows with these ``keys``; None where only GDAL can make sense of it."""
    import pyarrow as pa

    from lydigital.stores.assemble import Raw  # imports numba, which listing layers does without

    types, (_, key, geometry, chosen) = arrow_types(), source
    if any(field.type not in types for field in chosen):
        return None
    names = [key, *([geometry] if geometry else []), *(field.name for field in chosen)]
    db.text_factory = str
    try:
        query = f"SELECT {', '.join(map(quoted, names))} FROM {quoted(source.table)}"
        if keys is None:
            rows = db.execute(query).fetchall()
        else:
            one = f"{query} WHERE {quoted(key)} = ?"
            rows = [row for k in keys.tolist() for row in db.execute(one, (k,))]
        lists = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        fid = np.array(lists[0], np.int64)
        blobs = None
        if geometry:
            data, steps = _joined(lists[1])
            blobs = (data, steps[:-1], steps[1:])
        values = lists[2 if geometry else 1 :]
        columns = [_column(v, types[f.type]) for f, v in zip(chosen, values, strict=True)]
    except (sqlite3.OperationalError, pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    return Raw(fid, table(columns, chosen, len(fid)), blobs)


def table(arrays: Sequence[pa.Array], fields: Sequence[FieldInfo], rows: int) -> pa.Table:
    """Columns as a table, which has its ``rows`` even without a column."""
    import pyarrow as pa

    if not arrays:
        return pa.Table.from_arrays([pa.nulls(rows)], ["_"]).select([])
    return pa.Table.from_arrays(list(arrays), [field.name for field in fields])


def arrow_types() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("ms", "UTC"),
    }


def _column(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    """An Arrow column, built from buffers: ``pa.array`` of Python values would import pandas.

    Raises
    ------
    TypeError
        When a value is not of its column's type.
    """
    import pyarrow as pa

    known = np.array([value is not None for value in values], bool)
    bitmap = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    found = set(map(type, values)) - {type(None)}
    if kind == pa.string() or pa.types.is_temporal(kind):
        if not found <= {str}:
            raise TypeError
        data, ends = _joined([None if value is None else value.encode() for value in values])
        parts = [bitmap, pa.py_buffer(ends.astype(np.int32).tobytes()), pa.py_buffer(data.tobytes())]
        return pa.Array.from_buffers(pa.string(), len(values), parts).cast(kind)
    whole = pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if not found <= ({int} if whole else {int, float}):
        raise TypeError
    numbers = np.array([value or 0 for value in values], np.int64 if whole else np.float64)
    plain = pa.int64() if whole else pa.float64()
    return pa.Array.from_buffers(plain, len(values), [bitmap, pa.py_buffer(numbers.tobytes())]).cast(kind)


def _joined(blobs: Sequence[bytes | None]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All blobs as one run of bytes, and where each ends."""
    lengths = np.array([0 if blob is None else len(blob) for blob in blobs], np.int64)
    data = np.frombuffer(b"".join(blob for blob in blobs if blob is not None), np.uint8)
    return data, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
