"""Large tables of a GeoPackage, from the pages of the file by all cores: a third of the time GDAL takes.

The caller holds a read lock of SQLite, so nobody writes meanwhile. Whatever is not as expected (a damaged page, a view,
values that are not what their column declares), None is the answer and GDAL reads the table.
"""


from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.kernels import btree, spread
from lydigital.stores import gpkg_rows
from lydigital.stores.assemble import KINDS, Raw, pieces_of
from lydigital.stores.blobs import ChangedError, Piece, measured_piece
from lydigital.stores.gpkg_schema import quoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.geometry import GeometryKind
    from lydigital.stores.gpkg_rows import Source

_LEAF = 13  # type of a page with rows
_CHUNK = 4 << 20  # bytes read at once: stays in the cache of a core
_GAP = 16  # pages of other tables that are read along rather than skipped
_MOST_ELSEWHERE = 0.05  # share of rows beyond which fetching them one by one is slower than GDAL
_KINDS = {
    "text": btree.TEXT,
    "date": btree.TEXT,
    "datetime": btree.TEXT,
    "integer": btree.INTEGER,
    "boolean": btree.INTEGER,
    "real": btree.REAL,
}


class _FaultError(Exception):
    """Something that only GDAL can make sense of."""


class _Plan(NamedTuple):
    """How a table is read.

    Kinds of its columns and their slots (as in :func:`btree.rows`), how many are texts and numbers, their numbers by name, size and usable bytes of a page.
    """

    kinds: NDArray[np.int64]
    slots: NDArray[np.int64]
    texts: int
    numbers: int
    number: dict[str, int]
    page: int
    size: int
    source: Source
    kind: GeometryKind | None  # of the geometry, where it is known


class _Part(NamedTuple):
    keys: NDArray[np.int64]
    columns: pa.Table
    piece: Piece
    elsewhere: NDArray[np.int64]


def read(
    db: sqlite3.Connection, path: Path, source: Source, watch: Callable[[Raw, float], None] | None = None,
    geometry: str = "",
) -> Raw | None:  # fmt: skip
    """Read a whole table, or None where GDAL must. Geometry stays in the file: pieces of it are read again to be used.

    Parameters
    ----------
    watch
        Hears of every part read, with the share of the work done; raises to stop.
    geometry
        Kind of the layer, where it is known: its geometry is measured in passing then.
    """
    try:
        with path.open("rb", buffering=0) as file:
            plan, root = _plan(db, file, source, KINDS.get(geometry))
            runs = _runs(_leaves(file, plan, root), plan)
            return _read(db, file, plan, runs, watch)
    except (_FaultError, sqlite3.Error, OSError, ValueError):  # Arrow's errors of content are ValueErrors
        return None


def _plan(db: sqlite3.Connection, file: FileIO, source: Source, kind: GeometryKind | None) -> tuple[_Plan, int]:
    head = _bytes(file, 100, 0).tobytes()
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    described = db.execute(f"PRAGMA table_xinfo({quoted(source.table)})").fetchall()
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", (source.table,)).fetchone()
    if head[56:60] != b"\0\0\0\1" or page < 512 or root is None:  # texts are UTF-8
        raise _FaultError
    wanted = {field.name: _KINDS.get(field.type) for field in source.fields}
    kinds = []
    for _, name, declared, _, default, _, hidden in described:
        if hidden or default is not None:  # rows from before the column was added lack it
            raise _FaultError
        if name == source.key:
            if str(declared).upper() != "INTEGER":
                raise _FaultError
            kinds.append(btree.KEY)
        elif name == source.geometry:
            kinds.append(btree.BLOB)
        else:
            read_as = wanted.get(name)
            if read_as is None:
                raise _FaultError
            kinds.append(read_as)
    number = {name: i for i, (_, name, *_) in enumerate(described)}
    every = np.array(kinds, np.int64)
    is_text = every == btree.TEXT
    is_number = (every == btree.INTEGER) | (every == btree.REAL)
    slots = np.where(is_text, np.cumsum(is_text), np.cumsum(is_number)) - 1
    plan = _Plan(every, slots, int(is_text.sum()), int(is_number.sum()), number, page, page - head[20], source, kind)
    return plan, int(root[0])


def _leaves(file: FileIO, plan: _Plan, root: int) -> NDArray[np.int64]:
    """Numbers of all leaf pages, ascending. All leaves of a b-tree are equally deep."""
    level = np.array([root], np.int64)
    total = os.fstat(file.fileno()).st_size // plan.page
    for _ in range(20):
        if _bytes(file, plan.page, (int(level[0]) - 1) * plan.page)[0] == _LEAF:
            leaves = np.unique(level)
            if len(leaves) != len(level):
                raise _FaultError
            return leaves
        heads = (_bytes(file, plan.page, (page - 1) * plan.page) for page in level.tolist())
        level = np.concatenate([btree.children(head, plan.size) for head in heads])
        if not len(level) or level.min() < 2 or level.max() > total or len(level) > total:
            raise _FaultError
    raise _FaultError


def _runs(leaves: NDArray[np.int64], plan: _Plan) -> list[NDArray[np.int64]]:
    """Leaves that are read at once, in an order that shows something everywhere at first: bits of numbers reversed."""
    most = max(_CHUNK // plan.page, 1)
    runs, first = [], 0
    breaks = np.flatnonzero(np.diff(leaves) > _GAP) + 1
    for stop in (*breaks.tolist(), len(leaves)):
        while first < stop:
            last = min(int(np.searchsorted(leaves, leaves[first] + most)), stop)
            runs.append(leaves[first:last])
            first = last
    bits = max(len(runs) - 1, 1).bit_length()
    shuffled = sorted(range(len(runs)), key=lambda i: int(f"{i:0{bits}b}"[::-1], 2))
    return [runs[i] for i in shuffled]


def _read(
    db: sqlite3.Connection, file: FileIO, plan: _Plan, runs: list[NDArray[np.int64]],
    watch: Callable[[Raw, float], None] | None,
) -> Raw:  # fmt: skip
    import pyarrow as pa

    pages = sum(map(len, runs))
    path = Path(file.name)
    parts: list[tuple[int, _Part]] = []
    done = far = 0
    with closing(spread.each(lambda run: _part(file, path, plan, run), runs)) as results:
        for run, part in zip(runs, results, strict=True):
            parts.append((int(run[0]), part))
            done, far = done + len(run), far + len(part.elsewhere)
            if far > 1000 and far > _MOST_ELSEWHERE * sum(len(p.keys) for _, p in parts):
                raise _FaultError
            if watch is not None:
                watch(Raw(part.keys, part.columns, [part.piece]), done / pages)
    ordered = [part for _, part in sorted(parts, key=lambda p: p[0])]
    fid = np.concatenate([p.keys for p in ordered])
    pieces, tables = [p.piece for p in ordered], [p.columns for p in ordered]
    if far:
        keys = np.concatenate([p.elsewhere for p in ordered])
        rest = gpkg_rows.read(db, plan.source, keys)
        if rest is None or rest.blobs is None or len(rest.fid) != far:
            raise _FaultError
        pieces += pieces_of(rest.blobs)
        fid, tables = np.concatenate([fid, rest.fid]), [*tables, rest.columns]
    if not np.diff(np.sort(fid)).all():
        raise _FaultError
    return Raw(fid, pa.concat_tables(tables), pieces)


def _part(file: FileIO, path: Path, plan: _Plan, run: NDArray[np.int64]) -> _Part:
    first = int(run[0])
    length, offset = (int(run[-1]) - first + 1) * plan.page, (first - 1) * plan.page
    data = _buffer(length)
    _fetch(file, data, offset)
    places = (run - first) * plan.page
    columns, slots = len(plan.kinds), plan.slots
    room = np.empty(columns + 2, np.int64)
    if btree.measure(data, places, plan.size, plan.kinds, room) < 0:
        raise _FaultError
    n, far = int(room[columns]), int(room[columns + 1])
    content = btree.memory(int(room[:columns].sum()))
    begins = np.cumsum(room[:columns]) - room[:columns]
    keys, elsewhere = np.empty(n, np.int64), np.empty(far, np.int64)
    known, numbers = np.empty((columns, n), np.uint8), np.empty((plan.numbers, n), np.int64)
    ends, blobs = np.zeros((plan.texts, n + 1), np.int32), np.empty((n, 2), np.int32)
    sound = btree.rows(
        data, places, plan.size, plan.kinds, slots, begins, content, keys, elsewhere, numbers, known, ends, blobs
    )
    if sound < 0:
        raise _FaultError
    piece = Piece(blobs[:, 0], blobs[:, 1], lambda: _again(path, length, offset))
    if plan.kind is not None:
        piece = piece._replace(found=measured_piece(piece, data, plan.kind))
    arrays = []
    for field in plan.source.fields:
        c = plan.number[field.name]
        some = content[begins[c] : begins[c] + room[c]]
        wide = numbers[slots[c]] if _KINDS[field.type] != btree.TEXT else ends[slots[c]]
        arrays.append(_array(field.type, wide, known[c], some))
    return _Part(keys, gpkg_rows.table(arrays, plan.source.fields, n), piece, elsewhere)


def _again(path: Path, length: int, offset: int) -> NDArray[np.uint8]:
    """Bytes of the file, to be used at once.

    Raises
    ------
    ChangedError
        When the file became shorter.
    """
    data = _buffer(length)
    try:
        with path.open("rb", buffering=0) as file:
            _fetch(file, data, offset)
    except (OSError, _FaultError) as error:
        raise ChangedError from error
    return data


def _array(
    type_: str, values: NDArray[np.integer], known: NDArray[np.uint8], text: NDArray[np.uint8]
) -> pa.Array:
    """An Arrow column over the memory of the kernel: numbers, or where texts end.

    Raises
    ------
    ValueError
        When texts are no UTF-8, or not of their type.
    """
    import pyarrow as pa

    n = len(known)
    kind = gpkg_rows.arrow_types()[type_]
    bitmap = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    if _KINDS[type_] == btree.TEXT:
        made = pa.Array.from_buffers(pa.string(), n, [bitmap, pa.py_buffer(values), pa.py_buffer(text)])
        made.validate(full=True)
        return made if type_ == "text" else made.cast(kind)
    plain = pa.float64() if type_ == "real" else pa.int64()
    made = pa.Array.from_buffers(plain, n, [bitmap, pa.py_buffer(values)])
    return made.cast(kind) if type_ == "boolean" else made


_kept = threading.local()


def _buffer(length: int) -> NDArray[np.uint8]:
    """Memory of this thread, used again: fresh memory costs more than what is done with it."""
    if len(getattr(_kept, "buffer", b"")) < length:
        _kept.buffer = np.empty(length, np.uint8)
    buffer: NDArray[np.uint8] = _kept.buffer[:length]
    return buffer


_seek_lock = threading.Lock()


def _bytes(file: FileIO, length: int, offset: int) -> NDArray[np.uint8]:
    out = np.empty(length, np.uint8)
    _fetch(file, out, offset)
    return out


def _fetch(file: FileIO, out: NDArray[np.uint8], offset: int) -> None:
    """Fill ``out`` with bytes of the file."""
    view, done = memoryview(out.data), 0
    while done < len(view):
        if hasattr(os, "preadv"):
            got = os.preadv(file.fileno(), [view[done:]], offset + done)
        else:  # Windows
            with _seek_lock:
                file.seek(offset + done)
                got = file.readinto(view[done:])
        if not got:
            raise _FaultError
        done += got
