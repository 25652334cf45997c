"""One decorator for all kernels: compiled once, cached in the user's cache folder, without the GIL.

Kernels are plain functions on bare arrays with one explicit signature each, so that nothing compiles twice and the
cache is found again. They compile (or load from the cache) at :func:`warm_up` or at their first call, not at import.
Kernels are called from Python; what kernels share is an :func:`inner` function, compiled into each of its callers.
``NUMBA_DISABLE_JIT=1`` runs everything as Python.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numba.extending
import numpy as np
from numba import types
from numpy.typing import NDArray

from lydigital import paths

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
_FAST = {"nsz", "contract", "afn"}  # no reassociation, no assumption on NaN: the same input gives the same bits

i32, i64, f32, f64, boolean = types.int32, types.int64, types.float32, types.float64, types.boolean


def read(dtype: types.Type, ndim: int = 1) -> types.Array:
    """Argument type of a C-contiguous array that the kernel only reads; accepts read-only and writable arrays."""
    return types.Array(dtype, ndim, "C", readonly=True)


def write(dtype: types.Type, ndim: int = 1) -> types.Array:
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
        used = getattr(value, "__module__", None)
        if isinstance(used, str) and used.startswith(f"{__package__}.") and used not in seen:
            _sources(used, seen)
    return seen


def _stamp(paths_: Iterable[Path]) -> str:
    """Name of this version of some kernels; numba alone does not notice when an inner function elsewhere changes."""
    digest = hashlib.sha256(f"{numba.__version__}{np.__version__}".encode())
    for path in sorted(paths_):
        stat = path.stat()
        digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns};".encode())
    return digest.hexdigest()[:16]


@cache
def _cache_folder(module: str) -> str:
    files = (sys.modules[name].__file__ for name in _sources(module, set()))
    return str(_root() / _stamp(Path(f) for f in files if f))


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


def _complete() -> Path:
    return _root() / f"{_stamp(Path(__file__).parent.glob('*.py'))}.complete"


def _is_python() -> bool:
    return bool(getattr(numba.config, "DISABLE_JIT", 0))


_lock = threading.RLock()
_kernels: list[Kernel] = []


def _skip_blas() -> None:
    """Have numba's array functions without scipy.linalg: half a second at every start, and no kernel multiplies matrices.

    ``numba.np.arraymath`` looks for BLAS when it is imported and takes an ImportError for an answer.
    """
    if "numba.np.arraymath" in sys.modules or "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # the import system's own word for "not there"
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules["scipy.linalg"]


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

    def __call__(self, *args: Any) -> Any:
        return self._run(*args)

    def _load_and_run(self, *args: Any) -> Any:
        self.load()
        return self._run(*args)

    def load(self) -> None:
        """Compile, or read from the cache."""
        with _lock:
            if self.is_loaded:
                return
            if _is_python():
                self._run = self.function
            else:
                _skip_blas()
                setattr(numba.config, "CACHE_DIR", _cache_folder(self.function.__module__))  # noqa: B010 - untyped
                run = numba.njit(
                    nogil=True, cache=True, error_model="numpy", fastmath=_FAST if self.fast else False
                )(self.function)
                run.compile(self.signature)
                run.disable_compile()
                self._run = run
            self.is_loaded = True


def kernel(*signature: types.Type, fast: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a kernel of a function whose arguments have the numba types ``signature``.

    ``fast`` lets the compiler fuse multiply and add and approximate functions; bits still depend on the input only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cast("Callable[P, R]", Kernel(function, signature, fast))

    return decorate


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` into the kernels that call it."""
    return cast("Callable[P, R]", numba.njit(nogil=True, error_model="numpy", fastmath=_FAST)(function))


def leaf(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`inner`, for functions that make no arrays: their slices are not counted.

    Counting is an atomic addition to a word that all threads share; in inner loops it costs more than the work.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FAST, "_nrt": False}
    return cast("Callable[P, R]", numba.njit(**options)(function))


def pasted(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`leaf`, copied into its callers: for bodies of inner loops that the compiler would rather call."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FAST, "_nrt": False}
    return cast("Callable[P, R]", numba.njit(inline="always", **options)(function))


@numba.extending.intrinsic
def _fetch(_typing: Any, array: types.Array, _y: types.Type, _x: types.Type) -> Any:
    """Ask for the cache line of ``array[y, x]`` (or ``array[y, x, 0]``), to be written soon."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        from llvmlite import ir  # type: ignore[import-untyped]
        from numba.core import cgutils

        struct = context.make_array(array)(context, builder, args[0])
        at = [context.cast(builder, args[k], signature.args[k], types.intp) for k in (1, 2)]
        at += [context.get_constant(types.intp, 0)] * (array.ndim - 2)
        place = cgutils.get_item_pointer(context, builder, array, struct, at)  # type: ignore[no-untyped-call]
        place = builder.bitcast(place, ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(hint, [place, number(1), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(array, types.intp, types.intp), generate


def _fetch_nothing(_array: NDArray[Any], _y: int, _x: int) -> None:
    """Python has no caches to fill."""


fetch = cast("Callable[[Any, int, int], None]", _fetch_nothing if getattr(numba.config, "DISABLE_JIT", 0) else _fetch)


def _import_all() -> None:
    from importlib import import_module

    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "jit"):
            import_module(f"{__package__}.{path.stem}")


def warm_up(progress: Callable[[int, int], None] | None = None) -> None:
    """Compile or load every kernel; ``progress(done, total)`` is called before the first and after each."""
    _import_all()
    total = len(_kernels)
    for done, each in enumerate(tuple(_kernels)):
        if progress:
            progress(done, total)
        each.load()
    if not _is_python():
        _complete().mkdir(exist_ok=True)
    if progress:
        progress(total, total)


def is_warm() -> bool:
    """Whether :func:`warm_up` will only load: every kernel was compiled before (by this version of the program)."""
    return _is_python() or _complete().is_dir()
