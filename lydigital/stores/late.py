"""Tables whose columns come when somebody asks for them: most frames need one or none."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from lydigital.kernels import spread
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.geometry import GeometryArray


class Columns(Protocol):
    """Where columns come from."""

    def names(self) -> list[str]: ...

    def one(self, name: str) -> pa.ChunkedArray: ...

    def all(self) -> pa.Table: ...


class LateTable(FeatureTable):
    """A table whose columns are made at first use."""

    def __init__(self, fid: NDArray[np.int64], source: Columns, geometry: GeometryArray, crs: Crs) -> None:
        for name, value in (("fid", fid), ("_source", source), ("geometry", geometry), ("crs", crs)):
            object.__setattr__(self, name, value)

    @property
    def _columns(self) -> Columns:
        source: Columns = self._source  # type: ignore[attr-defined]
        return source

    @cached_property
    def columns(self) -> pa.Table:
        return self._columns.all()

    @property
    def column_names(self) -> list[str]:
        return self._columns.names()

    def column(self, name: str) -> pa.ChunkedArray:
        return self._columns.one(name)

    def moved(self, geometry: GeometryArray, crs: Crs) -> LateTable:
        return LateTable(self.fid, self._columns, geometry, crs)


class Loaded:
    """Columns that ``load()`` gives, all at once."""

    def __init__(self, load: Callable[[], pa.Table]) -> None:
        self._load = load

    @cached_property
    def _table(self) -> pa.Table:
        return self._load()

    def names(self) -> list[str]:
        names: list[str] = self._table.column_names
        return names

    def one(self, name: str) -> pa.ChunkedArray:
        return self._table.column(name)

    def all(self) -> pa.Table:
        return self._table


class Reordered:
    """The rows of a table in another order, column by column as they are needed."""

    def __init__(self, columns: pa.Table, order: NDArray[np.int64]) -> None:
        self._lock = threading.Lock()
        self._names: list[str] = columns.column_names
        self._raw: tuple[pa.Table, NDArray[np.int64]] | None = (columns, order)
        self._table: pa.Table | None = None

    def names(self) -> list[str]:
        return self._names

    def one(self, name: str) -> pa.ChunkedArray:
        raw = self._raw
        if raw is None or self._names.count(name) != 1:
            return self.all().column(name)
        return taken(raw[0].select([name]), raw[1]).column(0)

    def all(self) -> pa.Table:
        with self._lock:
            if self._raw is not None:
                self._table = taken(*self._raw)
                self._raw = None  # it is as large as what was made of it
            return self._table


def taken(columns: pa.Table, order: NDArray[np.int64]) -> pa.Table:
    """Rows of a table in another order, a column at a time on every core."""
    import pyarrow as pa

    if not columns.num_columns:
        return columns
    # from_buffers, because Table.take(numpy array) would import pandas
    rows = pa.Array.from_buffers(pa.int64(), len(order), [None, pa.py_buffer(order)])
    made = spread.each(lambda column: column.combine_chunks().take(rows), columns.columns)
    return pa.table(list(made), schema=columns.schema)
