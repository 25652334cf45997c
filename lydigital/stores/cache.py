"""Tables and grids ready to draw, from one memory-mapped file each: the second open reads next to nothing.

A file holds a header (msgpack) and raw arrays on 64-byte borders, then the Arrow columns one by one, each touched only when
somebody asks for it. When it is written the table that was read lives on in the file, too: the system pages it. Its name is a digest of all that its content depends on, so a changed source, program or target
system finds another file. Files are written aside and renamed, so two programs may do the same work at once but never
see half of it. Whatever is wrong with a file, it is made again; whatever hinders writing, the table is used as read.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import msgspec
import numpy as np

from lydigital import paths
from lydigital.kernels import simplify
from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.issue import Issue
from lydigital.model.table import BLOCK, FeatureTable
from lydigital.stores.late import LateTable, Mapped, give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.rasters import RasterFile
    from lydigital.stores.store import Store, Watch

LIMIT_BYTES = 4 << 30
_FORMAT = 2
_MAGIC = b"LYDCACHE"
T = TypeVar("T")

_QUIET_S = 0.4  # writing waits until nothing was read for this long: the first frame needs the cores
_writer = ThreadPoolExecutor(1, "table-cache")
_quiet_from = 0.0
_last: Future[None] | None = None
_ALIGN = 64
_GEOMETRY_ARRAYS = ("coords", "ring_offsets", "part_offsets", "geom_offsets", "bounds", "importance")


class _Array(msgspec.Struct, frozen=True, array_like=True):
    """Where an array lies; ``start`` counts from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int


class _Header(msgspec.Struct, frozen=True):
    """What a file holds.

    ``size`` is the length of everything after the header, in eight bytes that can be written when all else is.
    """

    arrays: dict[str, _Array]
    size: bytes
    crs: str
    kind: int = 0
    names: tuple[str, ...] = ()
    steps: bytes = b""  # where each column begins and the last one ends, (columns + 1,) int64
    origin: tuple[float, float] = (0.0, 0.0)
    cells: tuple[tuple[float, float], ...] = ()
    issues: tuple[Issue, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Header).decode


class _DamagedError(Exception):
    """The file is not what was written."""


class MappedTable(LateTable):
    """A table in a file of the cache."""


def read(
    store: Store, layer: str, target: Crs, *, crs: str = "", watch: Watch | None = None
) -> FeatureTable:
    """Read a layer in the ``target`` system, from the cache where it is known.

    ``crs`` is the user's word on the layer's own system. What was found wrong is remembered by the store. ``watch``
    hears of the parts of a layer that is not in the cache, in the ``target`` system.

    Raises
    ------
    LydError
        As :meth:`Store.read` does.
    """
    path = _path(store.identity(layer), target.definition, crs)
    kept = _open(path, lambda header, body: _table(header, body, lambda: store.read(layer, crs=crs).columns))
    if kept is not None:
        table, issues = kept
        store.remember(layer, issues)
        return table
    told: Watch | None = None
    if watch is not None:

        def told(part: FeatureTable, share: float) -> None:
            moved = part.to_crs(target)
            watch(_with_geometry(moved, _reachable(moved.geometry), target), share)

    source = store.read(layer, crs=crs, watch=told)
    table = _prepared(_moved(source, target))
    issues = store.describe(layer).issues + _transformation_issues(source, table, layer)
    store.remember(layer, issues)
    _keep(
        path,
        _table_arrays(table),
        kind=int(table.geometry.kind),
        crs=target.definition,
        issues=issues,
        table=table,
    )
    return table


def read_raster(path: Path, *, crs: str = "") -> Grid | RasterFile:
    """A raster ready to be drawn, in its own system; one that must be read whole comes from the cache where known.

    Raises
    ------
    LydError
        As :func:`lydigital.stores.rasters.open_raster` does.
    """
    from lydigital.stores import rasters

    kept_path = _path(rasters.identity(path), "", crs)
    kept = _open(kept_path, _grid)
    if kept is not None:  # without opening the file, and so without GDAL
        return kept

    def keep(file: RasterFile) -> Grid:
        grid = rasters.read_grid(file)
        levels = (grid, *grid.overviews)
        arrays = {f"level{i}": level.values for i, level in enumerate(levels)}
        cells = tuple(level.cell for level in levels)
        _keep(kept_path, arrays, crs=grid.crs.definition, origin=grid.origin, cells=cells)
        return grid

    return rasters.open_raster(path, crs=crs, keep=keep)


def finish() -> None:
    """Wait until all that was read so far is written."""
    if _last is not None:
        _last.result()


def carry_over(before: str, after: str) -> None:
    """Say that what a layer of identity ``before`` holds is what ``after`` names: the file changed, the layer did not.

    Only a store that wrote the file itself can know that: it held the file locked from ``before`` to ``after`` and
    wrote to other tables. SQLite keeps no mark of change for each table, and ``gpkg_contents.last_change`` is set by
    the good will of the program that writes; so what others wrote is read again, all layers of the file.
    """
    for path in _folder().glob(f"{_digest(before)}-*.lyt"):
        with contextlib.suppress(OSError):
            path.rename(path.with_name(path.name.replace(_digest(before), _digest(after))))


def trim(limit_bytes: int = LIMIT_BYTES) -> None:
    """Delete the files used longest ago until the rest fits, and what crashed writers left behind."""
    files = []
    for path in _folder().iterdir():
        with contextlib.suppress(OSError):
            stat = path.stat()
            files.append((stat.st_mtime, stat.st_size, path))
    total = 0
    for _, size, path in sorted(files, reverse=True, key=lambda f: f[0]):
        total += size
        if total > limit_bytes:
            with contextlib.suppress(OSError):
                path.unlink()


# --- what goes in ---------------------------------------------------------------------------------------------------


def _prepared(table: FeatureTable) -> FeatureTable:
    """With the importance of every vertex, and without geometry that the target system cannot show."""
    g = _reachable(table.geometry)
    if g.kind is not GeometryKind.POINT:
        weights = simplify.importance(g.coords, g.ring_offsets, g.kind is GeometryKind.POLYGON)
        g = GeometryArray(
            g.kind, g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, g.bounds, weights
        )
    return _with_geometry(table, g, table.crs)


def _with_geometry(table: FeatureTable, geometry: GeometryArray, crs: Crs) -> FeatureTable:
    if isinstance(table, LateTable):
        return table.moved(geometry, crs)
    return FeatureTable(table.fid, table.columns, geometry, crs)


def _moved(table: FeatureTable, target: Crs) -> FeatureTable:
    """The table in another system, its columns still to come."""
    if not isinstance(table, LateTable):
        return table.to_crs(target)
    bare = FeatureTable(table.fid, None, table.geometry, table.crs).to_crs(target)
    return table.moved(bare.geometry, target)


def _reachable(g: GeometryArray) -> GeometryArray:
    """The same features; those with infinite coordinates have an empty geometry."""
    keep: NDArray[np.bool_] = ~np.any(np.isinf(g.bounds), axis=1)
    if keep.all():
        return g
    some = g.take(np.flatnonzero(keep))
    counts = np.zeros(len(g), np.int64)
    counts[keep] = np.diff(some.geom_offsets)
    geoms = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    bounds = np.where(keep[:, None], g.bounds, np.nan)
    return GeometryArray(g.kind, some.coords, some.ring_offsets, some.part_offsets, geoms, bounds)


def _transformation_issues(source: FeatureTable, table: FeatureTable, layer: str) -> tuple[Issue, ...]:
    issues = []
    if len(source.geometry.coords) and transformation(source.crs, table.crs).is_ballpark:
        modern = {"China Geodetic Coordinate System 2000", "WGS 84"}
        names = [_datum(source.crs), _datum(table.crs)]
        issues.append(
            Issue(
                "crs.ballpark",
                "note" if set(names) <= modern else "warning",
                "From {source} to {target} no datum shift is known; the coordinates are used unshifted",
                "Give the parameters of the datum shift if the layer lies beside its place.",
                layer,
                values={"source": source.crs.name, "target": table.crs.name},
            )
        )
    lost = int(
        np.count_nonzero(np.isnan(table.geometry.bounds[:, 0]) & ~np.isnan(source.geometry.bounds[:, 0]))
    )
    if lost:
        issues.append(
            Issue(
                "crs.unreachable",
                "warning",
                "{count} features lie where {target} has no coordinates",
                "Check their coordinates and the layer's coordinate system.",
                layer,
                count=lost,
                values={"count": str(lost), "target": table.crs.name},
            )
        )
    return tuple(issues)


def _datum(crs: Crs) -> str:
    geodetic = crs.proj.geodetic_crs
    return str(geodetic.name) if geodetic is not None else ""


def _table_arrays(table: FeatureTable) -> dict[str, NDArray[Any]]:
    g = table.geometry
    arrays: dict[str, NDArray[Any]] = {"fid": table.fid}
    arrays |= {name: value for name in _GEOMETRY_ARRAYS if (value := getattr(g, name)) is not None}
    return arrays | {"geom_rings": g.geom_rings, "block_bounds": table.block_bounds}


# --- file format ----------------------------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    folder = paths.cache_dir() / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _version() -> str:
    """Changes with the format and with all code whose results are stored."""
    here, kernels = Path(__file__).parent, Path(simplify.__file__).parent
    digest = hashlib.sha256(f"{_FORMAT}|{BLOCK}".encode())
    makers = tuple(here / f"{name}.py" for name in ("assemble", "blobs", "cache", "curves", "gpkg_pages", "gpkg_rows", "ogr", "rasters"))
    for path in (*makers, kernels / "grid.py", kernels / "ragged.py", kernels / "simplify.py", kernels / "wkb.py"):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _path(identity: str, target: str, assumed: str) -> Path:
    how = f"{_version()}\n{target}\n{assumed}"
    return _folder() / f"{_digest(identity)}-{_digest(how)}.lyt"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _padding(position: int) -> int:
    return -position % _ALIGN


def _keep(path: Path, arrays: Mapping[str, NDArray[Any]], **header: Any) -> None:
    """Write in the background: the map need not wait for the disk. The program ends when all is written."""
    global _last, _quiet_from  # noqa: PLW0603 - one queue a process
    _quiet_from = time.monotonic() + _QUIET_S
    _last = _writer.submit(_write_later, path, arrays, **header)


def _write_later(path: Path, arrays: Mapping[str, NDArray[Any]], **header: Any) -> None:
    while (left := _quiet_from - time.monotonic()) > 0:
        time.sleep(left)
    _write(path, arrays, **header)


def _write(
    path: Path, arrays: Mapping[str, NDArray[Any]], *, table: FeatureTable | None = None, **header: Any
) -> None:
    """Write a file as one step; equal arrays (the offsets of points) are stored once. The table moves into the file."""
    places: dict[str, _Array] = {}
    chunks: list[NDArray[Any]] = []
    end = 0
    for name, array in arrays.items():
        twin = next(
            (n for n in places if arrays[n].dtype == array.dtype and np.array_equal(arrays[n], array)), None
        )
        if twin is not None:
            places[name] = places[twin]
            continue
        places[name] = _Array(array.dtype.str, array.shape, end)
        chunks.append(np.ascontiguousarray(array))
        end += array.nbytes + _padding(array.nbytes)
    names = tuple(table.column_names) if table is not None else ()

    def head(size: int, steps: list[int]) -> bytes:
        packed = np.array(steps, "<i8").tobytes()
        return _encode(_Header(places, _fixed(size), names=names, steps=packed, **header))

    start = len(_MAGIC) + 8 + len(head(0, [end] * (len(names) + 1)))
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.seek(start + _padding(start))
            for chunk in chunks:
                file.write(chunk.data)
                file.write(bytes(_padding(chunk.nbytes)))
            del chunks
            steps = [end]
            for number in range(len(names)):
                assert table is not None
                steps.append(steps[-1] + _write_column(file, table, number))
            made = head(steps[-1], steps)
            file.seek(0)
            file.write(_MAGIC + len(made).to_bytes(8, "little") + made)
        Path(temporary).replace(path)
        if isinstance(table, LateTable):
            _move_in(table, path)
        trim()
    except OSError:  # full disk, or another program has the old file open: the table is in memory anyway
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def _fixed(size: int) -> bytes:
    return size.to_bytes(8, "little")


def _write_column(file: BinaryIO, table: FeatureTable, number: int) -> int:
    """Write one column as an Arrow stream of its own, so that no more than one is in memory twice; returns its bytes."""
    import pyarrow as pa

    some = pa.table([table.column_at(number)], names=["column"])
    begin = file.tell()
    with pa.ipc.new_stream(pa.PythonFile(file, "w"), some.schema) as writer:
        writer.write_table(some)
    file.write(bytes(_padding(file.tell() - begin)))
    return file.tell() - begin


def _move_in(table: LateTable, path: Path) -> None:
    """Let a table live in the file that was written of it: the same values, in memory the system can take back."""
    kept = _open(path, lambda header, body: _table(header, body, lambda: table.columns)[0])
    if not isinstance(kept, LateTable):
        return
    for name in _GEOMETRY_ARRAYS:
        object.__setattr__(table.geometry, name, getattr(kept.geometry, name))
    table.geometry.__dict__["geom_rings"] = kept.geometry.geom_rings
    table.live_in(kept)
    give_back()


def _open(path: Path, build: Callable[[_Header, memoryview], T]) -> T | None:
    """What ``build`` makes of a file, or None where there is none or it is damaged (it is deleted then)."""
    try:
        with path.open("rb") as file:
            raw = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        header, body = _checked(raw)
        made = build(header, body)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, msgspec.MsgspecError, _DamagedError):
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # for trim()
    return made


def _checked(raw: memoryview) -> tuple[_Header, memoryview]:
    """Header and body; no size in the header is believed before it fits the length of the file."""
    first = len(_MAGIC) + 8
    if bytes(raw[: len(_MAGIC)]) != _MAGIC:
        raise _DamagedError
    end = first + int.from_bytes(raw[len(_MAGIC) : first], "little")
    if not first < end <= len(raw):
        raise _DamagedError
    header = _decode(raw[first:end])
    start = end + _padding(end)
    if start + int.from_bytes(header.size, "little") != len(raw):
        raise _DamagedError
    return header, raw[start:]


def _array(header: _Header, body: memoryview, name: str, dtype: str, columns: int = 0) -> NDArray[Any]:
    """One array, flat or with ``columns`` columns, checked against what is expected of it."""
    place = header.arrays[name]
    shape = place.shape
    if place.dtype != dtype or len(shape) != (2 if columns else 1) or (columns and shape[1] != columns):
        raise _DamagedError
    count = shape[0] * (columns or 1)
    if (
        place.start % _ALIGN
        or place.start < 0
        or count < 0
        or place.start + count * int(dtype[2:]) > len(body)
    ):
        raise _DamagedError
    return np.frombuffer(body, dtype, count, place.start).reshape(shape)


def _table(
    header: _Header, body: memoryview, again: Callable[[], pa.Table]
) -> tuple[FeatureTable, tuple[Issue, ...]]:
    fid = _array(header, body, "fid", "<i8")
    coords = _array(header, body, "coords", "<f8", 2)
    rings, parts, geoms, geom_rings = (
        _array(header, body, name, "<i8")
        for name in ("ring_offsets", "part_offsets", "geom_offsets", "geom_rings")
    )
    bounds = _array(header, body, "bounds", "<f8", 4)
    blocks = _array(header, body, "block_bounds", "<f8", 4)
    importance = _array(header, body, "importance", "<f4") if "importance" in header.arrays else None
    n = len(fid)
    if len(header.steps) != 8 * (len(header.names) + 1):
        raise _DamagedError
    steps = np.frombuffer(header.steps, "<i8").tolist()
    if (
        not len(bounds) == len(geoms) - 1 == len(geom_rings) - 1 == n
        or len(blocks) != -(-n // BLOCK)
        or (rings[0], rings[-1], parts[0], parts[-1], geoms[0], geoms[-1])
        != (0, len(coords), 0, len(rings) - 1, 0, len(parts) - 1)
        or (importance is not None and len(importance) != len(coords))
        or steps[0] < 0
        or steps != sorted(steps)
        or steps[-1] > len(body)
    ):
        raise _DamagedError
    geometry = GeometryArray(GeometryKind(header.kind), coords, rings, parts, geoms, bounds, importance)
    geometry.__dict__["geom_rings"] = geom_rings
    columns = Mapped(header.names, [body[i:j] for i, j in pairwise(steps)], n, again)
    table = MappedTable(fid, columns, geometry, Crs(header.crs))
    table.__dict__["block_bounds"] = blocks
    return table, header.issues


def _grid(header: _Header, body: memoryview) -> Grid:
    levels = []
    for i, cell in enumerate(header.cells):
        shape = header.arrays[f"level{i}"].shape
        values = _array(header, body, f"level{i}", "<f4", shape[-1])
        levels.append(Grid(values, header.origin, cell, Crs(header.crs)))
    if not levels:
        raise _DamagedError
    return Grid(levels[0].values, header.origin, levels[0].cell, levels[0].crs, tuple(levels[1:]))
