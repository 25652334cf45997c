"""Arrow columns as numpy arrays by their buffers.

Arrow's own conversions look for pandas and so import it (0.4 s), which nothing on the way to the first frame needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # too long for one chunk of text
        array = pa.concat_arrays(array.chunks)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    numbers = _fixed(array.indices).astype(np.int64)
    if array.indices.null_count:
        numbers[~_valid(array.indices)] = -1
    return numbers, array.dictionary.to_pylist()


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column as ``(n,) float64``, NaN where there is no value.

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
    for chunk in column.cast(pa.float64()).chunks:
        part = out[at : at + len(chunk)]
        part[:] = _fixed(chunk)
        if chunk.null_count:
            part[~_valid(chunk)] = np.nan
        at += len(chunk)
    return out


def _fixed(array: pa.Array) -> NDArray[np.generic]:
    """Values of an array of fixed width, whatever stands where there is none."""
    dtype = np.dtype("float64" if str(array.type) == "double" else str(array.type))
    if not len(array):
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def _valid(array: pa.Array) -> NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)
