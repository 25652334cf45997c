"""Runs machine code that was compiled before, without the compiler: numba stays unimported in most sessions.

A *program* is the object code of one kernel with a door, ``lydigital_entry(words, out)``, beside it. ``words`` are
64 bits an argument: the address of a numpy array, or a number. The door reads the fields of the arrays itself (their
order is part of numpy's binary interface) and answers 0, -1 when memory is short, or 1 + the number of an argument that
is not what the kernel was compiled for. ``out`` receives the results. :mod:`~lydigital.kernels.compiling` makes programs.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import json
import struct
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.kernels.types import Type

ENTRY = "lydigital_entry"
ALLOCATE = "lydigital_allocate"
RELEASE = "lydigital_release"
_MAGIC = b"lydkernel1"
_HEAD = struct.Struct("<I")
_FORMATS = {"float32": "d", "float64": "d", "bool": "?7x"}  # all others are whole numbers
_numbers = itertools.count()
_lock = threading.Lock()


@dataclass(frozen=True)
class Leaf:
    """One result: a number, or an array of ``ndim`` dimensions."""

    dtype: str
    ndim: int = -1

    @property
    def words(self) -> int:
        return 1 if self.ndim < 0 else 2 + 2 * self.ndim


@dataclass(frozen=True)
class Program:
    """What is kept of a compiled kernel. ``results`` is empty for None; ``is_tuple`` tells a tuple of one from its item."""

    machine: str
    results: tuple[Leaf, ...]
    is_tuple: bool
    code: bytes


class UnfitError(Exception):
    """A program cannot run here: damaged, or made for another machine."""


@cache
def machine() -> str:
    """Name of the processor and its abilities, and of what made the code."""
    from llvmlite import binding  # type: ignore[import-untyped]

    features = binding.get_host_cpu_features().flatten()
    name = f"{binding.get_host_cpu_name()} {features} {binding.get_process_triple()} {binding.llvm_version_info}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def pack(program: Program) -> bytes:
    results = [[leaf.dtype, leaf.ndim] for leaf in program.results]
    about = json.dumps([program.machine, results, program.is_tuple]).encode()
    body = _HEAD.pack(len(about)) + about + program.code
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpack(data: bytes) -> Program:
    """Read what :func:`pack` wrote.

    Raises
    ------
    UnfitError
        When a byte of it is wrong, or it is for another machine: wrong code would end the process.
    """
    start = len(_MAGIC) + hashlib.sha256().digest_size
    body = data[start:]
    if data[:start] != _MAGIC + hashlib.sha256(body).digest():
        raise UnfitError("damaged")
    size = _HEAD.size + _HEAD.unpack_from(body)[0]
    made_for, results, is_tuple = json.loads(body[_HEAD.size : size])
    if made_for != machine():
        raise UnfitError("made for another machine")
    return Program(made_for, tuple(Leaf(*each) for each in results), is_tuple, body[size:])


@cache
def _linker() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.create_lljit_compiler(suppress_errors=True)


def function(program: Program, signature: tuple[Type, ...]) -> Callable[..., Any]:
    """Link ``program`` and give the function that runs it.

    Raises
    ------
    UnfitError
        When it cannot be linked.
    """
    from llvmlite.binding import JITLibraryBuilder  # type: ignore[import-untyped]

    builder = JITLibraryBuilder().add_current_process().add_object_img(program.code).export_symbol(ENTRY)
    for name, of_python in ((ALLOCATE, "PyMem_RawMalloc"), (RELEASE, "PyMem_RawFree")):
        builder.import_symbol(name, ctypes.cast(ctypes.pythonapi[of_python], ctypes.c_void_p).value)
    try:
        with _lock:
            linked = builder.link(_linker(), f"kernel{next(_numbers)}")
    except (RuntimeError, OSError) as error:
        raise UnfitError(str(error)) from error
    return _Door(linked, program, signature)


class _Door:
    """Calls one linked program with Python values."""

    def __init__(self, linked: Any, program: Program, signature: tuple[Type, ...]) -> None:
        self._linked = linked  # the code lives as long as this
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)(linked[ENTRY])
        self._signature = signature
        self._arrays = tuple(i for i, each in enumerate(signature) if hasattr(each, "layout"))
        self._pack = struct.Struct(
            "<q" + "".join("q" if hasattr(t, "layout") else _FORMATS.get(t.name, "q") for t in signature)
        ).pack
        self._results = program.results
        self._is_tuple = program.is_tuple
        self._out = struct.Struct(
            "<" + "".join("d" if r.ndim < 0 and r.dtype == "float64" else "q" * r.words for r in program.results)
        )

    def __call__(self, *args: Any) -> Any:
        words = list(args)
        for i in self._arrays:
            words[i] = id(args[i])
        if not self._results:
            status = self._entry(self._pack(_ARRAY, *words), None)
            if not status:
                return None
            return self._refused(status, args)
        out = ctypes.create_string_buffer(self._out.size)
        status = self._entry(self._pack(_ARRAY, *words), out)
        if status:
            return self._refused(status, args)
        values = iter(self._out.unpack(out.raw))
        found = tuple(_result(leaf, values) for leaf in self._results)
        return found if self._is_tuple else found[0]

    def _refused(self, status: int, args: tuple[Any, ...]) -> Any:
        """Try once more with a plain view of the argument that was refused, if that is the same array."""
        if status < 0:
            raise MemoryError
        given, wanted = args[status - 1], self._signature[status - 1]
        dtype = np.dtype(wanted.dtype.name)  # type: ignore[union-attr]
        plain = given
        if isinstance(given, np.ndarray) and given.dtype == dtype and given.dtype.isnative:
            plain = given.view(np.ndarray).view(dtype)
        if plain is given or (type(given) is np.ndarray and given.dtype.num == dtype.num):
            raise TypeError(f"argument {status}: {_told(given)} is no {wanted}")
        return self(*args[: status - 1], plain, *args[status:])


_ARRAY = id(np.ndarray)


def _told(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{type(value).__name__} of {value.dtype}, shape {value.shape}, strides {value.strides}"
    return repr(value)


_free = ctypes.pythonapi.PyMem_RawFree
_free.argtypes = [ctypes.c_void_p]
_free.restype = None


class _Memory:
    """Memory that a kernel allocated; freed with the array that shows it."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(self, block: int, interface: dict[str, Any]) -> None:
        self._block = block
        self.__array_interface__ = interface

    def __del__(self, word: Any = ctypes.c_ssize_t.from_address, free: Any = _free) -> None:
        count = word(self._block)  # arrays of one result may share a block
        count.value -= 1
        if count.value == 0:
            free(self._block)


def _result(leaf: Leaf, values: Any) -> Any:
    if leaf.ndim < 0:
        value = next(values)
        return bool(value) if leaf.dtype == "bool" else value
    block, address = next(values), next(values)
    shape = tuple(itertools.islice(values, leaf.ndim))
    strides = tuple(itertools.islice(values, leaf.ndim))
    interface = {
        "version": 3, "typestr": np.dtype(leaf.dtype).str, "shape": shape, "strides": strides, "data": (address, False),
    }  # fmt: skip
    if block == 0:  # an argument, or part of one
        return np.asarray(_Borrowed(interface)).copy()
    return np.asarray(_Memory(block, interface))


class _Borrowed:
    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface
