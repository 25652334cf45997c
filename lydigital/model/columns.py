"""Arrow columns as numpy arrays by their buffers.

Arrow's own conversions look for pandas and so import it (0.4 s), which nothing on the way to the first frame needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray


def rows(index: NDArray[np.int64]) -> pa.Array:
    """Row numbers ``(k,) int64`` as an Arrow array that shares their memory, for ``take``."""
    import pyarrow as pa

    kept = np.ascontiguousarray(index, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(kept), [None, pa.py_buffer(kept)])


def coded(column: pa.ChunkedArray | pa.Array) -> tuple[NDArray[np.int64], list[Any]]:
    """The distinct values of a column, and for each row which it has: ``(n,) int64``, -1 for none."""
    import pyarrow as pa
    from pyarrow._compute import (
        call_function,  # the rest of pyarrow.compute is half of what Arrow costs at the start
    )

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # too long for one chunk of text
        array = pa.concat_arrays(array.chunks)
    if not pa.types.is_dictionary(array.type):
        array = call_function("dictionary_encode", [array])
    numbers = _fixed(array.indices).astype(np.int64)
    if array.indices.null_count:
        numbers[~valid(array.indices)] = -1
    return numbers, array.dictionary.to_pylist()


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column as ``(n,) float64``, NaN where there is no value, or one without end, which no measure is.

    Raises
    ------
    pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError
        When it holds no numbers.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    out = np.empty(len(column), np.float64)
    at = 0
    for chunk in column.cast(pa.float64(), safe=False).chunks:  # the nearest number serves where a whole one is too large
        part = out[at : at + len(chunk)]
        part[:] = _fixed(chunk)
        if chunk.null_count:
            part[~valid(chunk)] = np.nan
        part[np.isinf(part)] = np.nan
        at += len(chunk)
    return out


def whole_numbers(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Counts and codes of domains as ``(n,) int64``; 0 where there is none, or one too large to be counted exactly."""
    return np.where(np.abs(values) < 2.0**53, values, 0.0).astype(np.int64)


def column_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An Arrow column of Python values; dates and times come as ISO 8601 text.

    Built from buffers: ``pa.array`` of Python values would import pandas.

    Raises
    ------
    TypeError
        When a value is not of its column's type.
    pyarrow.ArrowInvalid
        When it is text that is no date or time, or too large for its type.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return column_of(values, kind.value_type).cast(kind)
    known = np.array([value is not None for value in values], bool)
    bitmap = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    found = set(map(type, values)) - {type(None)}
    is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    if is_binary or pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_temporal(kind):
        if not found <= {bytes if is_binary else str}:
            raise TypeError
        data, ends = joined([value.encode() if isinstance(value, str) else value for value in values])
        parts = [bitmap, pa.py_buffer(ends.astype(np.int32).tobytes()), pa.py_buffer(data.tobytes())]
        return pa.Array.from_buffers(pa.binary() if is_binary else pa.string(), len(values), parts).cast(kind)
    whole = pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if not found <= ({int, bool} if whole else {int, float, bool}):
        raise TypeError
    filled = np.array([value or 0 for value in values], np.int64 if whole else np.float64)
    plain = pa.int64() if whole else pa.float64()
    return pa.Array.from_buffers(plain, len(values), [bitmap, pa.py_buffer(filled.tobytes())]).cast(kind)


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows of Python values as a table of ``schema``; what does not fit its column is left out, as in reading."""
    import pyarrow as pa

    if not schema.names:
        return pa.Table.from_arrays([pa.nulls(len(rows))], ["_"]).select([])
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        try:
            arrays.append(column_of(values, field.type))
        except (TypeError, ValueError, OverflowError, pa.ArrowException):
            arrays.append(pa.chunked_array([_one(value, field.type) for value in values], field.type).combine_chunks())
    return pa.Table.from_arrays(arrays, schema=schema)


def joined(blobs: Sequence[bytes | None]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All blobs as one run of bytes ``(bytes,)``, and where each begins and ends ``(n + 1,)``."""
    data = np.frombuffer(b"".join(blob for blob in blobs if blob is not None), np.uint8)
    return data, np.cumsum([0, *(0 if blob is None else len(blob) for blob in blobs)], dtype=np.int64)


def _one(value: Any, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    try:
        return column_of([value], kind)
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        return pa.nulls(1, kind)


def _fixed(array: pa.Array) -> NDArray[np.generic]:
    """Values of an array of fixed width, whatever stands where there is none."""
    dtype = np.dtype("float64" if str(array.type) == "double" else str(array.type))
    if not len(array):
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def valid(array: pa.Array) -> NDArray[np.bool_]:
    """Which values of an array that has missing ones are there, ``(n,) bool``."""
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)
