"""Small tables of a GeoPackage straight through SQLite.

GDAL describes every layer of a file before it reads one: 22 ms in a city of 73 layers, and 0.6 s before the first.
Tables whose content is not what their columns declare are left to GDAL.
"""

# ruff: noqa: S608 - identifiers go through gpkg_schema.quoted
from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.model.columns import column_of, joined
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
            data, steps = joined(lists[1])
            blobs = (data, steps[:-1], steps[1:])
        values = lists[2 if geometry else 1 :]
        columns = [column_of(v, types[f.type]) for f, v in zip(chosen, values, strict=True)]
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
