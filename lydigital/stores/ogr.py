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
from lydigital.stores.blobs import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

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
        return _read(path, layer, **chosen, watch=watch)[1]
    except _GarbledError:
        return _read(path, layer, **chosen, watch=None, slowly=True)[1]


class _GarbledError(Exception):
    """GDAL's fast way to read FlatGeobuf loses its place behind a feature without geometry (seen in 3.12.4)."""


def read_with_meta(path: Path, layer: str | int) -> tuple[dict[str, Any], Raw]:
    """All of a layer, and what pyogrio says of it."""
    return _read(path, layer, bounds=None, columns=None, shown=str(path), options={}, watch=None)


def _read(
    path: Path,
    layer: str | int,
    *,
    bounds: Bounds | None,
    columns: Iterable[str] | None,
    shown: str,
    options: dict[str, str],
    watch: tuple[Callable[[Raw, float], None], int] | None,
    slowly: bool = False,
) -> tuple[dict[str, Any], Raw]:
    import pyarrow as pa
    import pyogrio.raw

    wanted = None if columns is None else list(columns)
    with _flatgeobuf(path, slowly=slowly or bounds is not None), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with pyogrio.raw.open_arrow(
                path, layer=layer, columns=wanted, bbox=bounds, return_fids=True, use_pyarrow=True, **options
            ) as (meta, reader):
                raw = _all(reader, meta, watch)
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
    return meta, raw._replace(told=tuple(told))


def _all(
    reader: pa.RecordBatchReader, meta: dict[str, Any], watch: tuple[Callable[[Raw, float], None], int] | None
) -> Raw:
    import pyarrow as pa

    at = _geometry_column(reader.schema, meta)
    # by position: files exported from databases have fields of the same names
    chosen = [i for i in range(1, len(reader.schema)) if i != at]
    schema = _distinct([reader.schema.field(i) for i in chosen])
    fids, columns = [np.zeros(0, np.int64)], []
    pieces: list[Piece] = []
    rows = 0
    for batch in reader:
        fid = batch.column(0).to_numpy(zero_copy_only=False).astype(np.int64)
        some = pa.Table.from_batches([_copied(batch.select(chosen))]).rename_columns(schema.names)
        piece = None if at is None else _piece(batch.column(at))
        fids.append(fid)
        columns.append(some)
        pieces += [] if piece is None else [piece]
        rows += len(batch)
        if watch is not None and watch[1] > 0:
            watch[0](Raw(fid, some, None if piece is None else [piece]), min(rows / watch[1], 1.0))
    table = pa.concat_tables(columns) if columns else schema.empty_table()
    return Raw(np.concatenate(fids), table, None if at is None else pieces)


def _copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    """In memory of its own: GDAL frees a batch, geometry and all, when nothing of it is in use."""
    import pyarrow as pa

    return pa.ipc.read_record_batch(batch.serialize(), batch.schema) if batch.num_columns else batch


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


def _geometry_column(schema: pa.Schema, meta: dict[str, Any]) -> int | None:
    """Position of the geometry, which GDAL puts behind the fields."""
    if meta["geometry_type"] is None:
        return None
    names = (meta["geometry_name"] or "wkb_geometry", "wkb_geometry")
    return max((i for i, name in enumerate(schema.names) if i and name in names), default=None)


def _distinct(fields: list[pa.Field]) -> pa.Schema:
    """The same fields; of those with one name the later ones get a number."""
    import pyarrow as pa

    seen: dict[str, int] = {}
    made = []
    for field in fields:
        seen[field.name] = seen.get(field.name, 0) + 1
        made.append(field if seen[field.name] == 1 else field.with_name(f"{field.name}_{seen[field.name]}"))
    return pa.schema(made)


def _piece(blobs: pa.Array) -> Piece:
    """The geometry of a batch, in its memory."""
    import pyarrow as pa

    plain = blobs.storage if isinstance(blobs, pa.ExtensionArray) else blobs
    _, offsets, raw = plain.buffers()
    dtype = np.int64 if pa.types.is_large_binary(plain.type) else np.int32
    steps = np.zeros(1, np.int64)
    if len(plain):
        steps = np.frombuffer(offsets, dtype)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
    if (np.diff(steps) < 0).any():
        raise _GarbledError
    data = np.zeros(0, np.uint8) if raw is None else np.frombuffer(raw, np.uint8)
    return Piece(steps[:-1], steps[1:], lambda: data)
