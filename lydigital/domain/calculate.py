"""Values of a field from an expression: SQL over the columns of one table, with ``$area_m2 $length_m $x $y``.

An expression is one scalar: it cannot hold a question of its own, reach beyond the table, or leave its brackets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.domain.query import ROW, ask
from lydigital.errors import UsageError
from lydigital.model.measures import areas_m2, lengths_m
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MEASURES = ("area_m2", "length_m", "x", "y")
_PART = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|\$(?P<measure>[A-Za-z_]\w*)|(?P<word>[^\W\d]\w*)|(?P<sign>--|/\*|.)""",
    re.DOTALL,
)
_QUESTIONS = {"select", "from", "with", "values", "table", "pivot", "unpivot", "describe", "show", "summarize", "call"}
_EXAMPLE = 'Write a formula over the fields, for example round($area_m2 / 10000, 2) or upper("code").'


def checked(expression: str) -> tuple[str, frozenset[str]]:
    """The expression as it is asked, and the measures it needs.

    Raises
    ------
    UsageError
        When it is no single expression.
    """
    out: list[str] = []
    measures: set[str] = set()
    depth = 0
    opened = False  # whether a bracket was just opened
    for found in _PART.finditer(expression):
        kind, part = str(found.lastgroup), found[0]
        if kind == "measure":
            name = found["measure"]
            if name not in MEASURES:
                raise _refusal(part)
            measures.add(name)
            part = f'"${name}"'
        elif kind == "sign":
            depth += (part == "(") - (part == ")")
            if part in ("--", "/*", ";", "$", "'", '"', "?") or depth < 0:
                raise _refusal(part)
        elif kind == "word" and (part.casefold() == "select" or (part.casefold() in _QUESTIONS and (opened or depth == 0))):
            raise _refusal(part)
        opened = part == "(" or (opened and part.isspace())
        out.append(part)
    if depth or not expression.strip():
        raise _refusal(")" if depth else "")
    return "".join(out), frozenset(measures)


def _refusal(part: str) -> UsageError:
    return UsageError("The formula is not one expression: {part}", hint=_EXAMPLE, part=part or "…")


def values(table: FeatureTable, expression: str, rows: NDArray[np.int32]) -> pa.Array:
    """What the expression gives for each of ``rows``, ascending; null and what is no number is null.

    Raises
    ------
    UsageError
        When it cannot be computed.
    """
    import pyarrow as pa

    sql, measures = checked(expression)
    asked = _with_measures(table, rows, measures)
    answer = ask(asked, f"SELECT {ROW}, (\n{sql}\n) AS value FROM layer ORDER BY {ROW}")  # noqa: S608 - one locked SELECT
    if answer.num_columns != 2 or answer.num_rows != len(asked):
        raise _refusal(expression[:40])
    found = answer.column(1).combine_chunks()
    if isinstance(found, pa.ChunkedArray):
        found = pa.concat_arrays(found.chunks) if found.num_chunks else pa.nulls(0, found.type)
    return found


def rows_of(table: FeatureTable, fids: NDArray[np.int64]) -> NDArray[np.int32]:
    """Rows of features, ascending; those the table does not have are left out."""
    rows = table.rows_of(fids)
    return np.unique(rows[rows >= 0]).astype(np.int32)


def _with_measures(table: FeatureTable, rows: NDArray[np.int32], measures: frozenset[str]) -> FeatureTable:
    from lydigital.model import columns

    whole = len(rows) == len(table)
    part = table.columns if whole else table.columns.take(columns.rows(rows.astype(np.int64)))
    fid = table.fid if whole else table.fid[rows]
    geometry = table.geometry if whole else table.geometry.take(rows)
    for name, column in _measured(geometry, table, measures).items():
        part = part.append_column(f"${name}", column)
    return FeatureTable(fid, part, geometry, table.crs)


def _measured(geometry: Any, table: FeatureTable, measures: frozenset[str]) -> dict[str, pa.Array]:
    from lydigital.model import columns

    if not measures:
        return {}
    import pyarrow as pa
    import shapely

    shapes = geometry.to_shapely()
    out: dict[str, pa.Array] = {}
    work = {"area_m2": areas_m2, "length_m": lengths_m}
    if measures & {"x", "y"}:
        places = shapely.bounds(shapely.point_on_surface(shapes))  # of a point itself; NaN for a feature that is nowhere
        found = {"x": places[:, 0], "y": places[:, 1]}
    for name in sorted(measures):
        numbers = work[name](shapes, table.crs) if name in work else found[name]
        listed = [None if np.isnan(v) else v for v in numbers.tolist()]
        out[name] = columns.column_of(listed, pa.float64())
    return out
