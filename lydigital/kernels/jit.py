"""One decorator for all kernels: compiled once, kept in the user's cache folder, without the GIL.

Kernels are plain functions on bare arrays with one explicit signature each, so that nothing compiles twice and the
cache is found again. They compile (or load what was compiled) at :func:`warm_up` or at their first call, not at import.
Kernels are called from Python; what kernels share is an :func:`inner` function, compiled into each of its callers.
``NUMBA_DISABLE_JIT=1`` runs everything as Python.

What was compiled is machine code that :mod:`~lydigital.kernels.machine` runs; numba is imported only to compile.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import threading
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from lydigital import paths
from lydigital.kernels import types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
R = TypeVar("R")
U8: TypeAlias = NDArray[np.uint8]
I16: TypeAlias = NDArray[np.int16]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]
U32: TypeAlias = NDArray[np.uint32]
U16: TypeAlias = NDArray[np.uint16]
F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]
BOOL: TypeAlias = NDArray[np.bool_]

_KEPT_DAYS = 90  # compiled kernels of older program versions are removed

i32, i64, f32, f64, boolean = types.int32, types.int64, types.float32, types.float64, types.boolean
_log = logging.getLogger(__name__)


def read(dtype: types.Scalar, ndim: int = 1) -> types.Array:
    """Argument type of a C-contiguous array that the kernel only reads; accepts read-only and writable arrays."""
    return types.Array(dtype, ndim, "C", readonly=True)


def write(dtype: types.Scalar, ndim: int = 1) -> types.Array:
    """Argument type of a C-contiguous array that the kernel writes."""
    return types.Array(dtype, ndim, "C")


u8s, i16s, i32s, i64s, f32s, f64s = (
    read(t) for t in (types.uint8, types.int16, types.int32, types.int64, types.float32, types.float64)
)
u32s, u8s2, u32s2, f32s2, f64s2 = (
    read(types.uint32), read(types.uint8, 2), read(types.uint32, 2), read(types.float32, 2), read(types.float64, 2)
)
u32_frame = write(types.uint32, 2)  # pixels of one frame, (h, w)


def _sources(module: str, seen: set[str]) -> set[str]:
    """``module`` and the kernel modules whose functions it uses."""
    seen.add(module)
    for value in tuple(vars(sys.modules[module]).values()):
        used = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(used, str) and used.startswith(f"{__package__}.") and used not in seen:
            _sources(used, seen)
    return seen


@cache
def _compiler() -> bytes:
    """Versions of what makes and runs the code, without importing it."""
    found = find_spec("numba")
    if found is None or found.origin is None:
        raise ImportError("numba is not installed")
    stat = (Path(found.origin).parent / "_version.py").stat()
    return f"{found.origin}:{stat.st_size}:{stat.st_mtime_ns};{sys.version};{np.__version__}".encode()


def _stamp(paths_: Iterable[Path]) -> str:
    """Name of this version of some kernels; numba alone does not notice when an inner function elsewhere changes."""
    digest = hashlib.sha256(_compiler())
    for path in sorted(paths_):
        stat = path.stat()
        digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns};".encode())
    return digest.hexdigest()[:16]


@cache
def _cache_folder(module: str) -> Path:
    files = (sys.modules[name].__file__ for name in _sources(module, set()))
    return _root() / _stamp(Path(f) for f in files if f)


@cache
def _root() -> Path:
    """Folder of compiled kernels; those of old program versions are removed."""
    root = paths.cache_dir() / "kernels"
    root.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - _KEPT_DAYS * 86400
    for path in root.iterdir():
        if path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)
    return root


def _mark(word: str) -> Path:
    """What says that kernels are compiled for this machine by this version of the program."""
    from lydigital.kernels.machine import machine

    return _root() / f"{_stamp(Path(__file__).parent.glob('*.py'))}-{machine()}.{word}"


IS_PYTHON = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_lock = threading.RLock()
_kernels: list[Kernel] = []


class Kernel:
    """A compiled function with one signature."""

    def __init__(self, function: Callable[..., Any], signature: tuple[types.Type, ...], fast: bool) -> None:
        self.function = function
        self.signature = signature
        self.fast = fast
        self.is_loaded = False
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._run: Callable[..., Any] = self._load_and_run
        _kernels.append(self)

    @property
    def name(self) -> str:
        return f"{self.function.__module__}.{self.__name__}"

    def __call__(self, *args: Any) -> Any:
        return self._run(*args)

    def _load_and_run(self, *args: Any) -> Any:
        self.load()
        return self._run(*args)

    def load(self) -> None:
        """Compile, or read from the cache."""
        with _lock:
            if not self.is_loaded:
                self._run = self.function if IS_PYTHON else self._kept() or self._compiled()
                self.is_loaded = True

    def _path(self) -> Path:
        return _cache_folder(self.function.__module__) / f"{self.name}.kernel"

    def _kept(self) -> Callable[..., Any] | None:
        """The kernel as it was compiled before; None when it was not, or not for this machine."""
        from lydigital.kernels import machine

        try:
            return machine.function(machine.unpack(self._path().read_bytes()), self.signature)
        except (OSError, machine.UnfitError):
            return None

    def _compiled(self) -> Callable[..., Any]:
        from lydigital.kernels import compiling, machine

        try:
            program = compiling.program(self.function, self.signature, self.fast)
            found = machine.function(program, self.signature)
        except (machine.UnfitError, AttributeError, TypeError) as error:  # numba is not the one this was written for
            _log.warning("%s is left to numba: %s", self.__name__, error)
            path = self._path().parent
            run: Callable[..., Any] = compiling.dispatcher(self.function, self.signature, self.fast, str(path))
            return run
        path = self._path()
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.write_atomically(path, machine.pack(program))
        return found


def kernel(*signature: types.Type, fast: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a kernel of a function whose arguments have the types ``signature``.

    ``fast`` lets the compiler fuse multiply and add and approximate functions; bits still depend on the input only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cast("Callable[P, R]", Kernel(function, signature, fast))

    return decorate


class Inner:
    """A function that is compiled into the kernels that call it; ``targetoptions`` are numba's."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.py_func = function  # so numba names it, which pastes the bodies of functions by this and the options
        self.targetoptions = options
        self._made: Any = None
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    @property
    def compiled(self) -> Any:
        """The function as numba knows it."""
        from lydigital.kernels import compiling

        with _lock:
            if self._made is None:
                self._made = compiling.inner(self.py_func, self.targetoptions)
            return self._made

    def __call__(self, *args: Any) -> Any:
        return self.compiled(*args)


def _inner(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    return function if IS_PYTHON else cast("Callable[P, R]", Inner(function, **options))


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` into the kernels that call it."""
    return _inner(function)


def leaf(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`inner`, for functions that make no arrays: their slices are not counted.

    Counting is an atomic addition to a word that all threads share; in inner loops it costs more than the work.
    """
    return _inner(function, _nrt=False)


def pasted(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`leaf`, copied into its callers: for bodies of inner loops that the compiler would rather call."""
    return _inner(function, _nrt=False, inline="always")


@leaf
def fetch(_array: NDArray[Any], _y: int, _x: int) -> None:
    """Ask for the cache line of ``array[y, x]``, to be written soon. Python has no caches to fill."""


# What the first picture of the sample city needs: to read it, to draw it, to write names on it
FIRST = (
    "wkb.scan", "wkb.unmeasured", "wkb.fill", "wkb.room", "ragged._hilbert_keys", "ragged._ascending",
    "ragged.block_bounds", "ragged.query", "simplify._junctions", "simplify._importance", "rings.faults",
    "grid.halve", "grid.drape", "grid.shade", "fill.fill", "shading.mix", "stroke.stroke", "mark.mark", "mark.text", "mark.dilate",
    "anchors.anchors", "labels.block", "labels.claim", "labels.along", "chains.walk", "chains.assemble",
)  # fmt: skip


def _import_all() -> None:
    from importlib import import_module

    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "__main__", "jit", "compiling"):
            import_module(f"{__package__}.{path.stem}")


def _all() -> tuple[list[Kernel], list[Kernel]]:
    """The kernels of the first picture, and the others."""
    _import_all()
    ours = {k.name: k for k in _kernels if k.name.startswith(f"{__package__}.")}
    first = [ours.pop(f"{__package__}.{name}") for name in FIRST]
    return first, list(ours.values())


def _load(kernels: list[Kernel], progress: Callable[[int, int], None] | None, marker: Path | None) -> None:
    for done, each in enumerate(kernels):
        if progress:
            progress(done, len(kernels))
        each.load()
    if marker:
        marker.mkdir(exist_ok=True)
    if progress:
        progress(len(kernels), len(kernels))


def warm_up(progress: Callable[[int, int], None] | None = None) -> None:
    """Compile or load every kernel; ``progress(done, total)`` is called before the first and after each."""
    first, others = _all()
    _load(first + others, progress, None if IS_PYTHON else _mark("complete"))


def prepare(progress: Callable[[int, int], None] | None = None) -> None:
    """As :func:`warm_up`, but only what the first picture needs."""
    _load(_all()[0], progress, None if IS_PYTHON else _mark("ready"))


def is_warm() -> bool:
    """Whether :func:`warm_up` will only load: every kernel was compiled before (by this version of the program)."""
    return IS_PYTHON or _mark("complete").is_dir()


def is_ready() -> bool:
    """Whether :func:`prepare` will only load."""
    return IS_PYTHON or _mark("ready").is_dir() or _mark("complete").is_dir()


def compile_beside() -> None:
    """Compile all kernels in a process of its own, from the last of the first picture backwards, then the others.

    It ends with this one; what it finished is found by whoever needs it. Kernels compile under the interpreter's lock:
    in a thread of this process they would hold up the window.
    """
    if getattr(sys, "frozen", False) or is_warm():
        return
    import atexit
    import subprocess

    quiet = subprocess.DEVNULL
    beside = subprocess.Popen([sys.executable, "-m", __package__], stdin=quiet, stdout=quiet, stderr=quiet)

    def end() -> None:
        beside.terminate()
        beside.wait()

    atexit.register(end)


def compile_backwards() -> None:
    """What :func:`compile_beside` does in its process."""
    first, others = _all()
    _load(first[::-1], None, _mark("ready"))
    _load(others, None, _mark("complete"))
