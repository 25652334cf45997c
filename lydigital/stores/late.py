"""Tables whose columns come when somebody asks for them: most frames need one or none."""

from __future__ import annotations

import contextlib
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

    def at(self, number: int) -> pa.ChunkedArray: ...

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

    def column_at(self, number: int) -> pa.ChunkedArray:
        return self._columns.at(number)

    def moved(self, geometry: GeometryArray, crs: Crs) -> LateTable:
        return LateTable(self.fid, self._columns, geometry, crs)

    def live_in(self, other: LateTable) -> None:
        """Use the memory of ``other``, which holds the same."""
        object.__setattr__(self, "_source", other._columns)
        object.__setattr__(self, "fid", other.fid)
        self.__dict__["block_bounds"] = other.block_bounds
        self.__dict__.pop("columns", None)


class Mapped:
    """Columns in a mapped file, each an Arrow stream of its own; ``again()`` gives them where one is damaged."""

    def __init__(
        self, names: tuple[str, ...], streams: list[memoryview], rows: int, again: Callable[[], pa.Table]
    ) -> None:
        self._names, self._streams, self._rows, self._again = list(names), streams, rows, again
        self._read_again: pa.Table | None = None

    def names(self) -> list[str]:
        return self._names

    def one(self, name: str) -> pa.ChunkedArray:
        if self._names.count(name) != 1:
            return self.all().column(name)
        return self.at(self._names.index(name))

    def at(self, number: int) -> pa.ChunkedArray:
        import pyarrow as pa

        if self._read_again is None:
            try:
                column = pa.ipc.open_stream(pa.py_buffer(self._streams[number])).read_all().column(0)
            except (pa.ArrowException, OSError):
                column = None
            if column is not None and len(column) == self._rows:
                return column
            self._read_again = self._again()
        return self._read_again.column(number)

    def all(self) -> pa.Table:
        import pyarrow as pa

        if not self._names:
            return pa.table([pa.nulls(self._rows)], names=["_"]).select([])
        return pa.table([self.at(i) for i in range(len(self._names))], names=self._names)


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
        return self.at(self._names.index(name))

    def at(self, number: int) -> pa.ChunkedArray:
        raw = self._raw
        if raw is None:
            return self.all().column(number)
        return taken(raw[0].select([number]), raw[1]).column(0)

    def all(self) -> pa.Table:
        with self._lock:
            if self._raw is not None:
                self._table = taken(*self._raw)
                self._raw = None  # it is as large as what was made of it
            return self._table


def give_back() -> None:
    """Hand free memory back to the system: Arrow keeps its own, and what threads read piece by piece leaves holes (glibc)."""
    import ctypes

    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def taken(columns: pa.Table, order: NDArray[np.int64]) -> pa.Table:
    """Rows of a table in another order, a column at a time on every core."""
    import pyarrow as pa

    if not columns.num_columns:
        return columns
    # from_buffers, because Table.take(numpy array) would import pandas
    rows = pa.Array.from_buffers(pa.int64(), len(order), [None, pa.py_buffer(order)])
    made = spread.each(lambda column: column.combine_chunks().take(rows), columns.columns)
    return pa.table(list(made), schema=columns.schema)
