"""From attributes and WKB to a :class:`FeatureTable`, with what was wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.errors import CrsError
from lydigital.kernels import wkb
from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue, Severity
from lydigital.model.table import FeatureTable
from lydigital.stores.store import guess_crs, missing_crs

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.store import Geometry

KINDS = {"point": GeometryKind.POINT, "line": GeometryKind.LINE, "polygon": GeometryKind.POLYGON}

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


class Raw(NamedTuple):
    """What a file gives: ids ``(n,) int64``, attributes, geometry as WKB, and what its reader said.

    ``blobs`` is all of it as one run of bytes ``(b,) uint8`` with ``(n + 1,) int64`` offsets; a null has no bytes. None
    where the layer has no geometry.
    """

    fid: NDArray[np.int64]
    columns: pa.Table
    blobs: tuple[NDArray[np.uint8], NDArray[np.int64]] | None
    told: tuple[str, ...] = ()


class Reading(NamedTuple):
    """A table and what was found while reading it."""

    table: FeatureTable
    issues: tuple[Issue, ...]


def assemble(raw: Raw, layer: str, geometry: Geometry, crs: tuple[str, str], source: str) -> Reading:
    """Parse geometry, settle kind and system, sort.

    Parameters
    ----------
    geometry
        As the store declares it.
    crs
        Definition as the store declares it, and one to use where that is unknown. "" is guessed from the coordinates,
        and said.
    source
        Name for messages.

    Raises
    ------
    CrsError
        When the definition is unknown.
    """
    issues = [
        Issue(
            "source.message", "note", "The file's reader says: {reason}", "", layer, values={"reason": text}
        )
        for text in raw.told
    ]
    columns, repaired = _valid_text(raw.columns.replace_schema_metadata(None), layer)
    issues += repaired
    if raw.blobs is None:
        array, system = _no_geometry(len(raw.fid)), Crs(PROJECT_DEFAULT)
    else:
        array, found = _parse(*raw.blobs, geometry, layer)
        issues += found
        system = _system(crs, array, layer, source, issues)
    return Reading(FeatureTable(raw.fid, columns, array, system).sorted_by_hilbert(), tuple(issues))


def _no_geometry(count: int) -> GeometryArray:
    zero = np.zeros(1, np.int64)
    return GeometryArray(
        GeometryKind.POINT, np.zeros((0, 2)), zero, zero.copy(), np.zeros(count + 1, np.int64)
    )


def _parse(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], geometry: Geometry, layer: str
) -> tuple[GeometryArray, list[Issue]]:
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
