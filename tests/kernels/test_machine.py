"""Compiled kernels without the compiler: what they take, what they give back, and when they are compiled anew."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from lydigital.kernels import jit, machine, types
from lydigital.kernels.jit import f32s, f64, f64s, f64s2, i64, i64s, kernel, read, write

_ANY = types.Array(types.float64, 1, "A", readonly=True)
compiled = pytest.mark.skipif(jit.IS_PYTHON, reason="nothing is compiled")


@kernel(f64s2, i64, f64)
def several(values, row, factor):
    """Return an array, a whole number, a truth, a number and a part of the first."""
    out = np.empty(values.shape[1])
    for k in range(len(out)):
        out[k] = values[row, k] * factor
    return out, row + 1, factor > 1.0, factor / 2, out[1:]


@kernel(i64s, write(types.int64))
def shifted(source, target):
    for k in range(len(source)):
        target[k] = source[k] + 1


@kernel(_ANY)
def total(values):
    found = 0.0
    for each in values:
        found += each
    return found


@kernel(f64s)
def same(values):
    return values


@kernel(f64s, fast=False)
def ordered(values):
    return np.sort(values)


@kernel(i64)
def large(n):
    return np.zeros(n)


@kernel(f32s, types.float32, types.boolean, read(types.boolean))
def narrow(values, factor, doubled, flags):
    return values[0] * np.float64(factor) * (2 if doubled else 1) * (3 if flags[0] else 1)


def test_results_of_every_kind():
    out, row, is_large, half, part = several(np.arange(6.0).reshape(2, 3), 1, 3)
    assert out.tolist() == [9, 12, 15]
    assert (row, half) == (2, 1.5)
    assert is_large is True or jit.IS_PYTHON
    assert part.tolist() == [12, 15]
    part[0] = -1
    assert out[1] == -1  # one block of memory, two arrays
    del out
    assert part.tolist() == [-1, 15]


def test_empty_arrays():
    out, *_, part = several(np.empty((1, 0)), 0, 2.0)
    assert out.shape == (0,)
    assert part.shape == (0,)
    assert ordered(np.empty(0)).tolist() == []
    assert ordered(np.array([3.0, np.inf, -1.0])).tolist() == [-1, 3, np.inf]


def test_numbers_narrower_than_a_word():
    assert narrow(np.float32([1.5]), 2, True, np.array([True])) == 18
    assert narrow(np.float32([1.5]), np.float32(2), False, np.array([False])) == 3


def test_numpy_numbers_and_views_are_taken(tmp_path):
    target = np.zeros(2, np.int64)
    shifted(np.array([1, 2], np.longlong), target)
    assert target.tolist() == [2, 3]
    mapped = np.memmap(tmp_path / "n", np.int64, "w+", shape=2)
    shifted(target, mapped)
    assert mapped.tolist() == [3, 4]
    assert total(np.arange(6.0)[::-2]) == 9
    assert several(np.ones((2, 1)), np.int32(1), np.float32(2))[1] == 2


@compiled
@pytest.mark.parametrize(
    "source",
    [
        [1, 2],
        None,
        np.zeros(2, np.int32),
        np.zeros(2, np.uint64),
        np.zeros((2, 1), np.int64),
        np.zeros(4, np.int64)[::2],
        np.zeros(2, np.dtype(np.int64).newbyteorder()),
        np.frombuffer(b"\0" * 17, np.uint8)[1:].view(np.int64),
    ],
)
def test_other_arrays_are_refused(source):
    with pytest.raises(TypeError, match="argument 1"):
        shifted(source, np.zeros(2, np.int64))


@compiled
def test_nothing_is_written_into_what_is_read_only():
    target = np.zeros(2, np.int64)
    target.flags.writeable = False
    with pytest.raises(TypeError, match="argument 2"):
        shifted(np.ones(2, np.int64), target)
    with pytest.raises(TypeError, match="argument 2"):
        shifted(np.ones(2, np.int64), np.asarray(memoryview(bytes(16))).view(np.int64))


@compiled
def test_an_argument_that_comes_back_is_a_copy():
    given = np.arange(3.0)
    found = same(given)
    assert found.tolist() == [0, 1, 2]
    assert not np.shares_memory(found, given)


@compiled
def test_results_are_freed():
    large(10)
    tracemalloc.start()
    try:
        for _ in range(50):
            kept = large(100_000)
        used, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 800_000 <= used < 1_200_000
    assert most < 2_500_000
    assert kept.sum() == 0


@compiled
def test_too_much_memory_is_an_error():
    with pytest.raises(MemoryError):
        large(1 << 60)


@pytest.fixture
def kept():
    """The file of a compiled kernel, and a way to load it as a new start would."""
    total.load()
    path = total._path()

    def again():
        anew = jit.Kernel(total.function, total.signature, total.fast)
        jit._kernels.remove(anew)
        return anew

    return path, again


@compiled
def test_a_damaged_file_is_compiled_anew(kept):
    path, again = kept
    good = path.read_bytes()
    for bad in (b"", good[:100], good[:-1], good[:500] + bytes([good[500] ^ 1]) + good[501:], b"x" + good[1:]):
        path.write_bytes(bad)
        with pytest.raises(machine.UnfitError):
            machine.unpack(bad)
        assert again()(np.ones(3)) == 3
        machine.unpack(path.read_bytes())  # written again


@compiled
def test_code_for_another_processor_is_compiled_anew(kept):
    path, again = kept
    program = machine.unpack(path.read_bytes())
    other = machine.pack(dataclasses.replace(program, machine="another"))
    path.write_bytes(other)
    with pytest.raises(machine.UnfitError, match="another machine"):
        machine.unpack(other)
    assert again()(np.ones(3)) == 3
    assert machine.unpack(path.read_bytes()).machine == machine.machine()


@compiled
def test_code_that_cannot_be_linked_is_no_end(kept):
    path, again = kept
    program = machine.unpack(path.read_bytes())
    path.write_bytes(machine.pack(dataclasses.replace(program, code=b"no object code")))
    assert again()(np.ones(3)) == 3


@compiled
def test_numba_runs_what_has_no_program(kept, monkeypatch):
    def unfit(*_):
        raise machine.UnfitError("no")

    monkeypatch.setattr(machine, "function", unfit)
    anew = kept[1]()
    assert anew(np.ones(3)) == 3
    assert type(anew._run).__name__ == "CPUDispatcher"


def _start(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, text=True, capture_output=True, check=True
    )
    return done.stdout.strip()


_CODE = (
    "import sys, numpy as np; from lydigital.kernels import ragged;"
    "print(ragged.hilbert_order(np.zeros((2, 4))).tolist(), 'numba' in sys.modules)"
)


@compiled
def test_a_second_start_does_without_numba():
    _start(_CODE)
    assert _start(_CODE) == "[0, 1] False"


def test_python_instead():
    assert _start(_CODE, NUMBA_DISABLE_JIT="1") == "[0, 1] False"
