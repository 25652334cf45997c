"""Conditions on one text that need no engine: ``"name" LIKE '%宾馆%'`` over a million rows in some milliseconds.

The same answer as SQL gives: texts compare byte by byte, an empty value meets nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import spread, text
from lydigital.model import columns

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable

_CONDITION = re.compile(r"""\s*"((?:[^"]|"")+)"\s*(=|\blike\b)\s*'((?:[^']|'')*)'\s*""", re.IGNORECASE)


def rows_where(table: FeatureTable, where: str) -> NDArray[np.int32] | None:
    """Rows that meet a condition of this kind, ascending ``(k,) int32``; None where it is of another."""
    import pyarrow as pa

    found = _CONDITION.fullmatch(where)
    if found is None:
        return None
    field, literal = found[1].replace('""', '"'), found[3].replace("''", "'")
    names = [name.lower() for name in table.column_names]  # SQL does not tell case apart
    if field not in table.column_names or names.count(field.lower()) != 1 or field.lower() in ("fid", "__row"):
        return None
    way = _way(literal) if found[2] != "=" else (text.IS, literal)
    column = table.column(field)
    if way is None or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    pattern = np.frombuffer(way[1].encode(), np.uint8)
    hits = [_meets(chunk, pattern, way[0]) for chunk in column.chunks]
    return np.flatnonzero(np.concatenate([np.zeros(0, np.bool_), *hits])).astype(np.int32)


def _way(like: str) -> tuple[int, str] | None:
    """How a pattern of LIKE is met and by which text, or None where it holds more than one."""
    begins, ends = like.startswith("%"), like.endswith("%")
    plain = like.strip("%")
    if "%" in plain or "_" in plain:
        return None
    if begins and ends:
        return text.CONTAINS, plain
    return (text.ENDS if begins else text.STARTS if ends else text.IS), plain


def _meets(chunk: pa.Array, pattern: NDArray[np.uint8], way: int) -> NDArray[np.bool_]:
    import pyarrow as pa

    n = len(chunk)
    out = np.zeros(n, np.bool_)
    _, offsets, raw = chunk.buffers()
    if not n or offsets is None:
        return out
    dtype = np.int64 if pa.types.is_large_string(chunk.type) else np.int32
    steps = np.frombuffer(offsets, dtype)[chunk.offset : chunk.offset + n + 1].astype(np.int64)
    data = np.zeros(0, np.uint8) if raw is None else np.frombuffer(raw, np.uint8)
    spread.over(n, lambda first, last: text.match(data, steps, pattern, way, first, last, out))
    return out if not chunk.null_count else out & columns.valid(chunk)
