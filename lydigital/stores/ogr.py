"""Reading features through GDAL (pyogrio): Arrow columns and geometry in our own arrays, with what was wrong with them.

pyogrio takes 0.6 s to import, so it is imported by the first real read, never before.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lydigital.errors import BadDataError, CrsError
from lydigital.kernels import wkb
from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue, Severity
from lydigital.model.table import FeatureTable
from lydigital.stores.store import guess_crs, missing_crs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.store import Bounds, Geometry

KINDS = {"point": GeometryKind.POINT, "line": GeometryKind.LINE, "polygon": GeometryKind.POLYGON}

_flatgeobuf_lock = threading.Lock()  # its option belongs to the process

# flag, severity, message, hint
_PROBLEMS: tuple[tuple[int, str, Severity, str, str], ...] = (
    (
        wkb.BROKEN,
        "geometry.broken",
        "error",
        "{count} features have unreadable geometry and are not drawn",
        "Repair them in the program that made the file.",
    ),
    (
        wkb.WRONG_KIND,
        "geometry.kind",
        "warning",
        "{count} features are of another kind than the layer and are not drawn",
        "Move them to a layer of their own kind.",
    ),
    (
        wkb.NON_FINITE,
        "geometry.coordinates",
        "warning",
        "{count} features have coordinates that are no numbers",
        "Those vertices are left out; check the features.",
    ),
    (
        wkb.CURVE,
        "geometry.curve",
        "warning",
        "{count} features have curves, which are left out",
        "Convert curves to lines in the program that made the file.",
    ),
    (
        wkb.SKIPPED,
        "geometry.collection",
        "note",
        "{count} features have parts of another kind, which are left out",
        "Split the collections by kind.",
    ),
    (
        wkb.DEGENERATE,
        "geometry.degenerate",
        "note",
        "{count} features have rings or lines without extent, left out",
        "Delete or redraw them.",
    ),
    (wkb.HAS_ZM, "geometry.height", "note", "Heights or measures of {count} features are not used", ""),
)


class Reading(NamedTuple):
    """A table and what was found while reading it."""

    table: FeatureTable
    issues: tuple[Issue, ...]


def read(
    path: Path,
    layer: str,
    *,
    geometry: Geometry,
    crs: str,
    bounds: Bounds | None,
    columns: Iterable[str] | None,
    fallback_wkt: str = "",
    shown: str = "",
    options: dict[str, str] | None = None,
) -> Reading:
    """Read one layer of a file.

    Parameters
    ----------
    geometry, crs
        As the store declares them; ``crs`` "" is guessed from the coordinates, and said.
    fallback_wkt
        Definition to use where ``crs`` is unknown.
    shown
        Name of the source for messages, where ``path`` is a private copy of it.
    options
        Of the GDAL driver.

    Raises
    ------
    BadDataError
        Naming file, layer and GDAL's reason.
    """
    name = shown or str(path)
    meta, table, told = _read_arrow(
        path, layer, bounds=bounds, columns=columns, shown=name, options=options or {}
    )
    issues = [
        Issue(
            "source.message", "note", "The file's reader says: {reason}", "", layer, values={"reason": text}
        )
        for text in told
    ]
    fid = table.column(meta["fid_column"]).to_numpy().astype(np.int64)
    table = table.drop_columns([meta["fid_column"]])
    blob_column = _geometry_column(table, meta)
    if blob_column is None:
        nothing = np.zeros(len(fid) + 1, np.int64)
        array = GeometryArray(
            GeometryKind.POINT, np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), nothing
        )
    else:
        blobs = table.column(blob_column)
        table = table.drop_columns([blob_column])
        array, found = _parse(blobs, geometry, layer)
        issues += found
    table, repaired = _valid_text(table, layer)
    issues += repaired
    system = (
        Crs(PROJECT_DEFAULT)
        if blob_column is None
        else _system((crs, fallback_wkt), array, layer, name, issues)
    )
    table = table.replace_schema_metadata(None)
    return Reading(FeatureTable(fid, table, array, system).sorted_by_hilbert(), tuple(issues))


def _read_arrow(
    path: Path,
    layer: str,
    *,
    bounds: Bounds | None,
    columns: Iterable[str] | None,
    shown: str,
    options: dict[str, str],
) -> tuple[dict[str, Any], pa.Table, list[str]]:
    import pyarrow as pa
    import pyogrio

    wanted = None if columns is None else list(columns)
    with _flatgeobuf(path, bounds), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            meta, table = pyogrio.read_arrow(
                path, layer=layer, columns=wanted, bbox=bounds, return_fids=True, **options
            )
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


@contextmanager
def _flatgeobuf(path: Path, bounds: Bounds | None) -> Iterator[None]:
    """Read windows of FlatGeobuf feature by feature.

    GDAL's fast way gives 65,536 rows of garbage when nothing lies in the window (seen in 3.12.4).
    """
    if path.suffix.lower() != ".fgb":
        yield
        return
    import pyogrio

    with _flatgeobuf_lock:
        pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES" if bounds else None})
        yield


def _geometry_column(table: pa.Table, meta: dict[str, Any]) -> str | None:
    for name in (meta["geometry_name"], "wkb_geometry"):
        if name and name in table.column_names and meta["geometry_type"] is not None:
            return str(name)
    return None


def _bytes_and_offsets(blobs: pa.ChunkedArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All blobs as one run of bytes ``(b,) uint8`` and ``(n + 1,) int64`` offsets; a null has no bytes."""
    import pyarrow as pa

    data, ends, end = [], [np.zeros(1, np.int64)], 0
    for chunk in blobs.chunks:
        plain = chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk
        if not len(plain):
            continue
        _, offsets, raw = plain.buffers()
        dtype = np.int64 if pa.types.is_large_binary(plain.type) else np.int32
        steps = np.frombuffer(offsets, dtype)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
        if raw is not None:
            data.append(np.frombuffer(raw, np.uint8)[steps[0] : steps[-1]])
        ends.append(steps[1:] - steps[0] + end)
        end = int(ends[-1][-1])
    return np.concatenate([np.zeros(0, np.uint8), *data]), np.concatenate(ends)


def _parse(blobs: pa.ChunkedArray, geometry: Geometry, layer: str) -> tuple[GeometryArray, list[Issue]]:
    data, offsets = _bytes_and_offsets(blobs)
    candidates = [KINDS[geometry]] if geometry in KINDS else list(GeometryKind)
    best, flags, kind = None, np.zeros(0, np.uint8), candidates[0]
    for candidate in candidates:
        arrays = wkb.parse(data, offsets, int(candidate))
        misfits = int(np.count_nonzero(arrays[4] & wkb.EMPTY))
        if best is None or misfits < int(np.count_nonzero(flags & wkb.EMPTY)):
            best, flags, kind = arrays, arrays[4], candidate
    assert best is not None
    issues = []
    for flag, code, severity, message, hint in _PROBLEMS:
        count = int(np.count_nonzero(flags & flag))
        if count:
            issues.append(
                Issue(code, severity, message, hint, layer, count=count, values={"count": str(count)})
            )
    empty = int(np.count_nonzero(flags == wkb.EMPTY))
    if empty:
        issues.append(
            Issue(
                "geometry.empty",
                "note",
                "{count} features have no geometry",
                "Find them in the attribute table.",
                layer,
                count=empty,
                values={"count": str(empty)},
            )
        )
    return GeometryArray(kind, *best[:4]), issues


def _valid_text(table: pa.Table, layer: str) -> tuple[pa.Table, list[Issue]]:
    """Text that is no UTF-8 gets replacement characters, and is reported."""
    import pyarrow as pa

    issues = []
    for i, field in enumerate(table.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        try:
            table.column(i).validate(full=True)
        except pa.ArrowInvalid:
            raw = table.column(i).cast(pa.large_binary()).to_pylist()
            mended = [None if v is None else v.decode("utf-8", "replace") for v in raw]
            table = table.set_column(i, field.name, pa.array(mended, pa.large_string()))
            count = sum(v is not None and "\ufffd" in v for v in mended)
            issues.append(
                Issue(
                    "text.encoding",
                    "warning",
                    "{count} texts in {field} are in an unknown encoding",
                    "Export the file again as UTF-8.",
                    layer,
                    count=count,
                    values={"count": str(count), "field": field.name},
                )
            )
    return table, issues


def _system(
    definitions: tuple[str, str], array: GeometryArray, layer: str, name: str, issues: list[Issue]
) -> Crs:
    if not definitions[0]:
        assumed = guess_crs(array.total_bounds) if not np.isnan(array.total_bounds[0]) else PROJECT_DEFAULT
        issues.append(missing_crs(layer, assumed))
        return Crs(assumed)
    for definition in definitions:
        try:
            system = Crs(definition)
            system.proj  # noqa: B018 - raises where PROJ does not know it
        except CrsError:
            continue
        return system
    raise CrsError(
        "The layer {layer} of {path} is in {crs}, which is unknown",
        hint="Name the right coordinate system in the layer's properties, such as EPSG:4546.",
        layer=layer,
        path=name,
        crs=definitions[0][:80],
    )
