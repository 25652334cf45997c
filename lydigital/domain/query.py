"""Questions about attributes in SQL: filter, sort, group; DuckDB over the layer's Arrow columns.

The engine sees the columns of one table, called ``layer``, and nothing else: no files, no network, no extensions, and its
settings cannot be changed by the question.
"""

from __future__ import annotations

import atexit
import threading
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.domain import plain
from lydigital.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable

ROW = "__row"  # row number in the table; fid is there too


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    import duckdb

    engine = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false", "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false", "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        },
    )  # fmt: skip
    engine.execute("SET lock_configuration = true")
    atexit.register(_end)
    return engine


def _end() -> None:
    """Close the engine before the interpreter ends: what outlives its module is told on the screen as a leak."""
    _engine().close()
    _engine.cache_clear()


_lock = threading.Lock()
_views: WeakKeyDictionary[FeatureTable, pa.Table] = WeakKeyDictionary()


def _view(table: FeatureTable) -> pa.Table:
    """The columns with ``fid`` and the row number beside them, made once a table."""
    import pyarrow as pa

    if table not in _views:
        columns = table.columns
        names = [n for n in columns.column_names if n != "fid"]
        arrays = [pa.array(np.arange(len(table), dtype=np.int32)), pa.array(table.fid)]
        _views[table] = pa.table([*arrays, *(columns.column(n) for n in names)], names=[ROW, "fid", *names])
    return _views[table]


def ask(table: FeatureTable, sql: str) -> pa.Table:
    """Answer of a ``SELECT`` over the table named ``layer``, as an Arrow table.

    Raises
    ------
    UsageError
        When the question cannot be answered, or is anything but one ``SELECT``.
    """
    import duckdb

    with _lock:
        cursor = _engine().cursor()
        try:
            statements = cursor.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise UsageError(
                    "Only one SELECT may be asked", hint="Write a condition such as population > 1000."
                )
            cursor.register("layer", _view(table))
            return cursor.sql(statements[0]).to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(
                "The condition cannot be understood: {reason}",
                hint="Name fields as in the table, texts in single quotes, for example \"class\" = '国道'.",
                reason=str(error).split("\n")[0],
            ) from error
        finally:
            cursor.close()


def rows_where(table: FeatureTable, where: str) -> NDArray[np.int32]:
    """Rows that meet an SQL condition, ascending ``(k,) int32``.

    Raises
    ------
    UsageError
        When the condition cannot be understood.
    """
    plain_rows = plain.rows_where(table, where)
    if plain_rows is not None:
        return plain_rows
    rows = ask(table, f"SELECT {ROW} FROM layer WHERE ({where}\n)").column(ROW).to_numpy()  # noqa: S608 - one locked SELECT
    return np.sort(rows).astype(np.int32, copy=False)


def rows_sorted(table: FeatureTable, field: str, *, descending: bool = False) -> NDArray[np.int32]:
    """All rows in the order of a field, empty values last ``(n,) int32``.

    Raises
    ------
    UsageError
        When there is no such field.
    """
    name = field.replace('"', '""')
    way = "DESC" if descending else "ASC"
    sql = f'SELECT {ROW} FROM layer ORDER BY "{name}" {way} NULLS LAST, {ROW}'  # noqa: S608 - one locked SELECT
    return np.asarray(ask(table, sql).column(ROW).to_numpy(), np.int32)
