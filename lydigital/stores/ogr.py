"""Reading features through GDAL (pyogrio).

pyogrio takes 0.6 s to import, so it is imported by the first real read, never before.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError
from lydigital.stores.assemble import Raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.store import Bounds

_flatgeobuf_lock = threading.Lock()  # its option belongs to the process


def read(
    path: Path,
    layer: str | int,
    *,
    bounds: Bounds | None = None,
    columns: Iterable[str] | None = None,
    shown: str = "",
    options: dict[str, str] | None = None,
    watch: tuple[Callable[[Raw, float], None], int] | None = None,
) -> Raw:
    """Read one layer of a file.

    Parameters
    ----------
    bounds, columns
        As for :meth:`Store.read`.
    shown
        Name of the source for messages, where ``path`` is a private copy of it.
    options
        Of the GDAL driver.
    watch
        Hears of every part read, with the share of the work done, which the number of features beside it gives.

    Raises
    ------
    BadDataError
        Naming file, layer and GDAL's reason.
    """
    chosen: dict[str, Any] = {
        "bounds": bounds, "columns": columns, "shown": shown or str(path), "options": options or {},
    }  # fmt: skip
    try:
        return _raw(*_read_arrow(path, layer, **chosen, watch=watch))
    except _GarbledError:
        return _raw(*_read_arrow(path, layer, **chosen, watch=None, slowly=True))


class _GarbledError(Exception):
    """GDAL's fast way to read FlatGeobuf loses its place behind a feature without geometry (seen in 3.12.4)."""


def _raw(meta: dict[str, Any], table: pa.Table, told: list[str]) -> Raw:
    fid = table.column(0).to_numpy().astype(np.int64)
    at = _geometry_column(table, meta)
    blobs = None if at is None else _bytes_and_offsets(table.column(at))
    # by position: files exported from databases have fields of the same names
    attributes = table.select([i for i in range(1, table.num_columns) if i != at])
    return Raw(fid, _distinct(attributes), blobs, tuple(told))


def read_with_meta(path: Path, layer: str | int) -> tuple[dict[str, Any], Raw]:
    """All of a layer, and what pyogrio says of it."""
    meta, table, told = _read_arrow(
        path, layer, bounds=None, columns=None, shown=str(path), options={}, watch=None
    )
    return meta, _raw(meta, table, told)


def _read_arrow(
    path: Path,
    layer: str | int,
    *,
    bounds: Bounds | None,
    columns: Iterable[str] | None,
    shown: str,
    options: dict[str, str],
    watch: tuple[Callable[[Raw, float], None], int] | None,
    slowly: bool = False,
) -> tuple[dict[str, Any], pa.Table, list[str]]:
    import pyarrow as pa
    import pyogrio.raw

    wanted = None if columns is None else list(columns)
    with _flatgeobuf(path, slowly=slowly or bounds is not None), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with pyogrio.raw.open_arrow(
                path, layer=layer, columns=wanted, bbox=bounds, return_fids=True, use_pyarrow=True, **options
            ) as (meta, reader):
                table = _all(reader, meta, watch)
        except (
            pyogrio.errors.DataSourceError,
            pyogrio.errors.DataLayerError,
            pyogrio.errors.FieldError,
            pa.ArrowException,
            OSError,
            RuntimeError,
            ValueError,
        ) as error:
            raise BadDataError(
                "The layer {layer} of {path} cannot be read: {reason}",
                hint="The file is damaged or uses something unknown; open a copy or export it again.",
                path=shown,
                layer=layer,
                reason=str(error)[:300],
            ) from error
    told = sorted({str(w.message) for w in caught if issubclass(w.category, (RuntimeWarning, UserWarning))})
    return meta, table, told


def _all(
    reader: pa.RecordBatchReader, meta: dict[str, Any], watch: tuple[Callable[[Raw, float], None], int] | None
) -> pa.Table:
    import pyarrow as pa

    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += len(batch)
        if watch is not None and watch[1] > 0:
            watch[0](_raw(meta, pa.Table.from_batches([batch]), []), min(rows / watch[1], 1.0))
    return pa.Table.from_batches(batches, reader.schema)


@contextmanager
def _flatgeobuf(path: Path, *, slowly: bool) -> Iterator[None]:
    """Read FlatGeobuf feature by feature, or the fast way.

    GDAL's fast way gives 65,536 rows of garbage when nothing lies in a window (seen in 3.12.4).
    """
    if path.suffix.lower() != ".fgb":
        yield
        return
    import pyogrio

    with _flatgeobuf_lock:
        pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES" if slowly else None})
        yield


def _geometry_column(table: pa.Table, meta: dict[str, Any]) -> int | None:
    """Position of the geometry, which GDAL puts behind the fields."""
    if meta["geometry_type"] is None:
        return None
    names = (meta["geometry_name"] or "wkb_geometry", "wkb_geometry")
    return max((i for i, name in enumerate(table.column_names) if i and name in names), default=None)


def _distinct(table: pa.Table) -> pa.Table:
    """The same columns; of columns with one name the later ones get a number."""
    seen: dict[str, int] = {}
    names = []
    for name in table.column_names:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return table.rename_columns(names)


def _bytes_and_offsets(blobs: pa.ChunkedArray) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """All blobs as one run of bytes ``(b,) uint8``, and where each begins and ends ``(n,) int64``; a null has no bytes."""
    import pyarrow as pa

    data, ends, end = [], [np.zeros(1, np.int64)], 0
    for chunk in blobs.chunks:
        plain = chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk
        if not len(plain):
            continue
        _, offsets, raw = plain.buffers()
        dtype = np.int64 if pa.types.is_large_binary(plain.type) else np.int32
        steps = np.frombuffer(offsets, dtype)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
        if (np.diff(steps) < 0).any():
            raise _GarbledError
        if raw is not None:
            data.append(np.frombuffer(raw, np.uint8)[steps[0] : steps[-1]])
        ends.append(steps[1:] - steps[0] + end)
        end = int(ends[-1][-1])
    steps = np.concatenate(ends)
    return (data[0] if len(data) == 1 else np.concatenate([np.zeros(0, np.uint8), *data])), steps[:-1], steps[1:]
