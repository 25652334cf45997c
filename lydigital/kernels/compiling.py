"""Compiles kernels to programs of :mod:`~lydigital.kernels.machine`. The only module that imports numba.

It uses parts of numba that are not its public interface; where one of them changed, or a kernel needs what a program
has not, :class:`~lydigital.kernels.machine.UnfitError` is raised and the kernel is left to numba's own dispatcher.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.kernels import machine
from lydigital.kernels import types as our

if TYPE_CHECKING:
    from collections.abc import Callable


def _skip_blas() -> None:
    """Have numba's array functions without scipy.linalg: half a second, and no kernel multiplies matrices.

    ``numba.np.arraymath`` looks for BLAS when it is imported and takes an ImportError for an answer.
    """
    if "numba.np.arraymath" in sys.modules or "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # the import system's own word for "not there"
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules["scipy.linalg"]


import numba  # noqa: E402
import numba.extending  # noqa: E402

_skip_blas()

from llvmlite import binding, ir  # type: ignore[import-untyped]  # noqa: E402
from numba import types  # noqa: E402
from numba.core import cgutils, compiler  # noqa: E402
from numba.core.compiler_lock import global_compiler_lock  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402
from numba.np.arrayobj import populate_array  # noqa: E402

from lydigital.kernels.jit import Inner  # noqa: E402

_FAST = {"nsz", "contract", "afn"}  # no reassociation, no assumption on NaN: the same input gives the same bits
_WORD = ir.IntType(64)
_SHORT = ir.IntType(32)
_BYTE_P = ir.IntType(8).as_pointer()

# Fields of a numpy array and of its dtype: offsets in bytes on 64-bit machines (ndarraytypes.h)
_TYPE, _DATA, _NDIM, _SHAPE, _STRIDES, _DTYPE, _FLAGS = 8, 16, 24, 32, 40, 56, 64
_DTYPE_ORDER, _DTYPE_NUMBER = 26, 28
_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x0001, 0x0100, 0x0400


def numba_type(kind: our.Type) -> types.Type:
    if isinstance(kind, our.Scalar):
        return getattr(types, "boolean" if kind.name == "bool" else kind.name)
    layout: Any = kind.layout
    return types.Array(numba_type(kind.dtype), kind.ndim, layout, readonly=kind.readonly)


@numba.extending.typeof_impl.register(Inner)
def _typeof_inner(value: Inner, context: Any) -> types.Type:
    return numba.extending.typeof_impl(value.compiled, context)


@numba.extending.intrinsic
def _fetch(_typing: Any, array: types.Array, _y: types.Type, _x: types.Type) -> Any:
    """Ask for the cache line of ``array[y, x]`` (or ``array[y, x, 0]``), to be written soon."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        struct = context.make_array(array)(context, builder, args[0])
        at = [context.cast(builder, args[k], signature.args[k], types.intp) for k in (1, 2)]
        at += [context.get_constant(types.intp, 0)] * (array.ndim - 2)
        place = cgutils.get_item_pointer(context, builder, array, struct, at)  # type: ignore[no-untyped-call]
        place = builder.bitcast(place, _BYTE_P)
        kind = ir.FunctionType(ir.VoidType(), [place.type, _SHORT, _SHORT, _SHORT])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(hint, [place, _SHORT(1), _SHORT(3), _SHORT(1)])
        return context.get_dummy_value()

    return types.none(array, types.intp, types.intp), generate


def _fetch_line(array: Any, y: int, x: int) -> None:
    _fetch(array, y, x)  # type: ignore[call-arg]


def inner(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """A function that kernels call."""
    body = _fetch_line if function.__name__ == "fetch" else function
    return numba.njit(nogil=True, error_model="numpy", fastmath=_FAST, **options)(body)


def dispatcher(function: Callable[..., Any], signature: tuple[our.Type, ...], fast: bool, folder: str) -> Any:
    """The kernel in numba's own way, cached in ``folder``."""
    setattr(numba.config, "CACHE_DIR", folder)  # noqa: B010 - untyped
    run = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_FAST if fast else False)(function)
    run.compile(tuple(numba_type(each) for each in signature))
    run.disable_compile()
    return run


def program(function: Callable[..., Any], signature: tuple[our.Type, ...], fast: bool) -> machine.Program:
    """Compile a kernel."""
    target, typing_context = cpu_target.target_context, cpu_target.typing_context
    args = tuple(numba_type(each) for each in signature)
    flags: Any = compiler.Flags()  # type: ignore[no-untyped-call]
    flags.nrt = True
    flags.release_gil = True
    flags.error_model = "numpy"
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.auto_parallel = False
    if fast:
        flags.fastmath = _FAST
    with global_compiler_lock:
        done = compiler.compile_extra(typing_context, target, function, args, None, flags, {})  # type: ignore[no-untyped-call]
        return _with_door(target, done, args)


# What numba's runtime does for arrays, on the raw allocator of Python: a block is count, kind (1: its data is a block of
# its own), destructor, data, size, and behind these the data. Reshaping is that of C-contiguous arrays.
_RUNTIME = """
declare ptr @lydigital_allocate(i64)
declare void @lydigital_release(ptr)

define void @block(ptr %at, i64 %kind, ptr %end, ptr %data, i64 %size) {
  store i64 1, ptr %at
  %at1 = getelementptr i64, ptr %at, i64 1
  store i64 %kind, ptr %at1
  %at2 = getelementptr i64, ptr %at, i64 2
  store ptr %end, ptr %at2
  %at3 = getelementptr i64, ptr %at, i64 3
  store ptr %data, ptr %at3
  %at4 = getelementptr i64, ptr %at, i64 4
  store i64 %size, ptr %at4
  ret void
}
define ptr @NRT_Allocate(i64 %size) {
  %at = call ptr @lydigital_allocate(i64 %size)
  ret ptr %at
}
define void @NRT_Free(ptr %at) {
  call void @lydigital_release(ptr %at)
  ret void
}
define ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align32) {
  %align = zext i32 %align32 to i64
  %room = add i64 %align, 48
  %bytes = add i64 %size, %room
  %at = call ptr @lydigital_allocate(i64 %bytes)
  %none = icmp eq ptr %at, null
  br i1 %none, label %short, label %fill
fill:
  %address = ptrtoint ptr %at to i64
  %more = sub i64 %room, 1
  %past = add i64 %address, %more
  %mask = sub i64 0, %align
  %aligned = and i64 %past, %mask
  %data = inttoptr i64 %aligned to ptr
  call void @block(ptr %at, i64 0, ptr null, ptr %data, i64 %size)
  ret ptr %at
short:
  ret ptr null
}
define ptr @NRT_MemInfo_alloc_safe_aligned(i64 %size, i32 %align) {
  %at = call ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align)
  ret ptr %at
}
define ptr @NRT_MemInfo_alloc(i64 %size) {
  %at = call ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 16)
  ret ptr %at
}
define ptr @NRT_MemInfo_new_varsize_dtor(i64 %size, ptr %end) {
  %at = call ptr @lydigital_allocate(i64 48)
  %none = icmp eq ptr %at, null
  br i1 %none, label %short, label %more
more:
  %data = call ptr @lydigital_allocate(i64 %size)
  %nothing = icmp eq ptr %data, null
  br i1 %nothing, label %back, label %fill
fill:
  call void @block(ptr %at, i64 1, ptr %end, ptr %data, i64 %size)
  ret ptr %at
back:
  call void @lydigital_release(ptr %at)
  ret ptr null
short:
  ret ptr null
}
define void @NRT_MemInfo_call_dtor(ptr %at) {
  %at1 = getelementptr i64, ptr %at, i64 1
  %kind = load i64, ptr %at1
  %single = icmp eq i64 %kind, 0
  br i1 %single, label %whole, label %apart
apart:
  %at2 = getelementptr i64, ptr %at, i64 2
  %end = load ptr, ptr %at2
  %at3 = getelementptr i64, ptr %at, i64 3
  %data = load ptr, ptr %at3
  %plain = icmp eq ptr %end, null
  br i1 %plain, label %drop, label %finish
finish:
  call void %end(ptr %data)
  br label %drop
drop:
  call void @lydigital_release(ptr %data)
  br label %whole
whole:
  call void @lydigital_release(ptr %at)
  ret void
}
define i32 @numba_attempt_nocopy_reshape(i64 %n, ptr %dims, ptr %strides, i64 %m, ptr %newdims, ptr %newstrides,
    i64 %item, i32 %fortran) {
  %c_order = icmp eq i32 %fortran, 0
  br i1 %c_order, label %check, label %no
check:
  %i = phi i64 [ %n, %0 ], [ %k, %next ]
  %expected = phi i64 [ %item, %0 ], [ %further, %next ]
  %checked = icmp eq i64 %i, 0
  br i1 %checked, label %give, label %look
look:
  %k = sub i64 %i, 1
  %dim_at = getelementptr i64, ptr %dims, i64 %k
  %dim = load i64, ptr %dim_at
  %stride_at = getelementptr i64, ptr %strides, i64 %k
  %stride = load i64, ptr %stride_at
  %one = icmp eq i64 %dim, 1
  %same = icmp eq i64 %stride, %expected
  %good = or i1 %one, %same
  br i1 %good, label %next, label %no
next:
  %further = mul i64 %expected, %dim
  br label %check
give:
  %j = phi i64 [ %m, %check ], [ %l, %put ]
  %step = phi i64 [ %item, %check ], [ %longer, %put ]
  %given = icmp eq i64 %j, 0
  br i1 %given, label %yes, label %put
put:
  %l = sub i64 %j, 1
  %to = getelementptr i64, ptr %newstrides, i64 %l
  store i64 %step, ptr %to
  %size_at = getelementptr i64, ptr %newdims, i64 %l
  %size = load i64, ptr %size_at
  %longer = mul i64 %step, %size
  br label %give
yes:
  ret i32 1
no:
  ret i32 0
}
"""


def _with_door(target: Any, done: Any, args: tuple[types.Type, ...]) -> machine.Program:
    found = done.signature.return_type
    is_tuple = isinstance(found, types.BaseTuple)
    kinds = () if found == types.none else tuple(found) if is_tuple else (found,)
    results = tuple(_leaf(kind) for kind in kinds)
    library = target.codegen().create_library("door")
    module = library.create_ir_module("door")
    _door(target, module, done, args, kinds, is_tuple)
    library.add_ir_module(module)
    whole = done.library._final_module.clone()
    whole.link_in(library._final_module)
    whole.link_in(binding.parse_assembly(_RUNTIME))
    for each in whole.functions:
        if not each.is_declaration and each.name != machine.ENTRY:
            each.linkage = "internal"
        elif each.is_declaration and each.name.startswith(("NRT_", "numba_")):
            raise machine.UnfitError(f"needs {each.name}")
    code = target.codegen()._tm.emit_object(whole)
    return machine.Program(machine.machine(), results, is_tuple, code)


def _leaf(kind: types.Type) -> machine.Leaf:
    if isinstance(kind, types.Array):
        return machine.Leaf(str(kind.dtype), kind.ndim)
    if isinstance(kind, types.Boolean):
        return machine.Leaf("bool")
    if kind == types.float64:
        return machine.Leaf("float64")
    if isinstance(kind, types.Integer):
        return machine.Leaf("int64")
    raise machine.UnfitError(f"returns {kind}")


def _door(target: Any, module: Any, done: Any, args: Any, kinds: Any, is_tuple: bool) -> None:
    """Build ``int32 lydigital_entry(int64 *words, int64 *out)``."""
    words_type = _WORD.as_pointer()
    entry = ir.Function(module, ir.FunctionType(_SHORT, [words_type, words_type]), machine.ENTRY)
    build = ir.IRBuilder(entry.append_basic_block())
    words, out = entry.args
    class_ = build.load(words)
    values = []
    for i, kind in enumerate(args):
        word = build.load(build.gep(words, [_WORD(i + 1)]))
        if isinstance(kind, types.Array):
            values.append(_array(target, build, kind, word, class_, i + 1))
        elif kind == types.boolean:
            values.append(build.icmp_unsigned("!=", build.and_(word, _WORD(0xFF)), _WORD(0)))
        elif isinstance(kind, types.Float):
            value = build.bitcast(word, ir.DoubleType())
            values.append(value if kind == types.float64 else build.fptrunc(value, ir.FloatType()))
        else:
            values.append(word if kind.bitwidth == 64 else build.trunc(word, ir.IntType(kind.bitwidth)))
    native = target.call_conv.get_function_type(done.fndesc.restype, args)
    inner_ = ir.Function(module, native, done.fndesc.mangled_name)
    status, value = target.call_conv.call_function(build, inner_, done.fndesc.restype, args, values)
    with build.if_then(status.is_error):
        build.ret(_SHORT(-1))
    at = 0
    for i, kind in enumerate(kinds):
        one = build.extract_value(value, i) if is_tuple else value
        for word in _words(target, build, kind, one):
            build.store(word, build.gep(out, [_WORD(at)]))
            at += 1
    build.ret(_SHORT(0))


def _words(target: Any, build: Any, kind: Any, value: Any) -> list[Any]:
    if isinstance(kind, types.Array):
        array = target.make_array(kind)(target, build, value)
        shape, strides = (cgutils.unpack_tuple(build, each, kind.ndim) for each in (array.shape, array.strides))  # type: ignore[no-untyped-call]
        return [build.ptrtoint(array.meminfo, _WORD), build.ptrtoint(array.data, _WORD), *shape, *strides]
    if kind == types.float64:
        return [build.bitcast(value, _WORD)]
    if isinstance(kind, types.Boolean):
        return [build.zext(value, _WORD)]
    if value.type.width == 64:
        return [value]
    return [build.sext(value, _WORD) if kind.signed else build.zext(value, _WORD)]


def _array(target: Any, build: Any, kind: types.Array, word: Any, class_: Any, number: int) -> Any:
    """The array at address ``word`` as numba knows it; the door answers ``number`` when it is another kind of thing."""

    def field(base: Any, offset: int, width: int) -> Any:
        at = build.inttoptr(build.add(base, _WORD(offset)), ir.IntType(width).as_pointer())
        return build.load(at)

    def need(condition: Any) -> None:
        with build.if_then(build.not_(condition), likely=False):
            build.ret(_SHORT(number))

    need(build.icmp_unsigned("==", field(word, _TYPE, 64), class_))
    dtype = field(word, _DTYPE, 64)
    numpy_number = np.dtype(str(kind.dtype)).num
    need(build.icmp_signed("==", field(dtype, _DTYPE_NUMBER, 32), _SHORT(numpy_number)))
    swapped = ord(">" if sys.byteorder == "little" else "<")
    need(build.icmp_unsigned("!=", field(dtype, _DTYPE_ORDER, 8), ir.IntType(8)(swapped)))
    need(build.icmp_signed("==", field(word, _NDIM, 32), _SHORT(kind.ndim)))
    wanted = _ALIGNED | (_CONTIGUOUS if kind.layout == "C" else 0) | (_WRITEABLE if kind.mutable else 0)
    flags = build.and_(field(word, _FLAGS, 32), _SHORT(wanted))
    need(build.icmp_unsigned("==", flags, _SHORT(wanted)))
    shape, strides = ([field(field(word, at, 64), 8 * k, 64) for k in range(kind.ndim)] for at in (_SHAPE, _STRIDES))
    array = target.make_array(kind)(target, build)
    item = target.get_abi_sizeof(target.get_data_type(kind.dtype))
    data = build.inttoptr(field(word, _DATA, 64), array.data.type)
    populate_array(array, data, shape, strides, item, None)  # type: ignore[no-untyped-call]
    return array._getvalue()

