"""Arrow columns by their buffers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from lydigital.model import columns


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([["a", None], ["b", "a"]]),
        pa.chunked_array([[], [3, 3, None]], pa.int32()),
        pa.chunked_array([pa.array(["x", None, "x", "y"]).dictionary_encode().slice(1)]),
        pa.chunked_array([pa.array([True, None, False])]),
        pa.chunked_array([], pa.string()),
        pa.array([None, None], pa.string()),
    ],
)
def test_codes_name_the_values(column: pa.ChunkedArray):
    numbers, values = columns.coded(column)
    assert [None if n < 0 else values[n] for n in numbers] == column.to_pylist()


def test_rows_take_what_they_say():
    assert pa.array([5, 6, 7]).take(columns.rows(np.array([2, 0]))).to_pylist() == [7, 5]


def test_no_pandas():
    program = (
        "import sys, numpy as np, pyarrow as pa\n"
        "from lydigital.model import columns\n"
        "text = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(np.array([0, 1, 2], 'i4')), pa.py_buffer(b'ab')])\n"
        "columns.coded(text); text.take(columns.rows(np.array([1])))\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_whole_numbers_are_zero_where_there_is_none():
    found = columns.whole_numbers(np.array([1.0, -2.0, np.nan, np.inf, 2.0**63]))
    assert found.tolist() == [1, -2, 0, 0, 0]
    assert found.dtype == np.int64


def test_numbers_have_nan_where_there_is_none():
    column = pa.chunked_array([[1, None], [3]])
    np.testing.assert_array_equal(columns.numbers(column), [1, np.nan, 3])
    np.testing.assert_array_equal(columns.numbers(pa.chunked_array([["2.5", None]])), [2.5, np.nan])
    np.testing.assert_array_equal(columns.numbers(pa.chunked_array([[np.inf, 2.0], [-np.inf]])), [np.nan, 2, np.nan])
    np.testing.assert_array_equal(columns.numbers(pa.chunked_array([[2**63 - 1, None]])), [2.0**63, np.nan])
    with pytest.raises(pa.ArrowInvalid):
        columns.numbers(pa.chunked_array([["no number"]]))
