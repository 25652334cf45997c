"""From attributes and WKB to a :class:`FeatureTable`, with what was wrong with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from lydigital.errors import CrsError
from lydigital.kernels import rings, spread, wkb
from lydigital.kernels.rings import CROSSING, FLAT
from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue, Severity
from lydigital.model.table import FeatureTable
from lydigital.stores.blobs import Piece, filled, measured, of_bytes, sorted_geometry
from lydigital.stores.late import LateTable, Reordered
from lydigital.stores.store import guess_crs, missing_crs

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.stores.store import Bounds, Geometry, Watch

Blobs: TypeAlias = "list[Piece] | tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]"
KINDS = {"point": GeometryKind.POINT, "line": GeometryKind.LINE, "polygon": GeometryKind.POLYGON}

NAMED = 5  # features named in a finding

# flag, code, severity, message, hint
_PROBLEMS: tuple[tuple[int, str, Severity, str, str], ...] = (
    (wkb.BROKEN, "geometry.broken", "error", "{count} features have unreadable geometry and are not drawn: {features}",
     "Repair them in the program that made the file."),
    (wkb.WRONG_KIND, "geometry.kind", "warning",
     "{count} features are of another kind than the layer and are not drawn: {features}",
     "Move them to a layer of their own kind."),
    (wkb.NON_FINITE, "geometry.coordinates", "warning",
     "{count} features have coordinates that are no numbers: {features}",
     "Those vertices are left out; check the features."),
    (wkb.CURVE, "geometry.curve", "note", "Curves of {count} features are drawn as short lines: {features}", ""),
    (wkb.SKIPPED, "geometry.collection", "note",
     "{count} features have parts of another kind, which are left out: {features}", "Split the collections by kind."),
    (wkb.DEGENERATE, "geometry.degenerate", "note",
     "{count} features have rings or lines without extent, left out: {features}", "Delete or redraw them."),
    (wkb.UNCLOSED, "geometry.unclosed", "note",
     "{count} features have rings that do not end where they begin; they are closed: {features}",
     "Close them in the program that made the file."),
    (CROSSING, "geometry.crossing", "note", "{count} features have borders that cross themselves: {features}",
     "They are drawn by the even-odd rule; areas of them may be wrong."),
    (FLAT, "geometry.flat", "note", "{count} features have an area of zero: {features}", "Delete or redraw them."),
    (wkb.HAS_ZM, "geometry.height", "note", "Heights or measures of {count} features are not used", ""),
)  # fmt: skip


class Raw(NamedTuple):
    """What a file gives: ids ``(n,) int64``, attributes, geometry as WKB, and what its reader said.

    ``blobs`` is bytes ``(b,) uint8`` with where each geometry begins and ends in them, ``(n,) int64`` (a null has no
    bytes); or a list of pieces, which :func:`assemble` empties. None where the layer has no geometry.
    """

    fid: NDArray[np.int64]
    columns: pa.Table
    blobs: Blobs | None
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
    ChangedError
        When the file was written meanwhile.
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
        return Reading(FeatureTable(raw.fid, columns, array, system), tuple(issues))
    array, order, flags = _sorted(raw.blobs, geometry)
    fid = raw.fid[order]
    issues += _problems(flags, fid, layer)
    system = _system(crs, array, layer, source, issues)
    return Reading(LateTable(fid, Reordered(columns, order), array, system), tuple(issues))


FIRST_S, NEXT_S = 0.0, 0.25  # until something is shown, and between parts: showing costs time, too
SHOWN = 1_000_000  # features shown meanwhile: of a larger layer some from everywhere, within bounds of memory


class Parts:
    """Gathers what a reader reads and tells a watcher now and then: as a table, in the order of the file.

    Only for layers of one known kind and system; of others no part can be shown before all is read.
    """

    def __init__(self, watch: Watch, kind: GeometryKind, crs: Crs, every: int) -> None:
        self._watch, self._kind, self._crs, self._every = watch, kind, crs, every
        self._waiting: list[Raw] = []
        self._next = time.monotonic() + FIRST_S

    @classmethod
    def of(cls, watch: Watch | None, geometry: Geometry, crs: str, count: int) -> Parts | None:
        """None where there is nobody to tell, or nothing that could be told."""
        if watch is None or geometry not in KINDS or not crs:
            return None
        system = Crs(crs)
        try:
            system.proj  # noqa: B018 - raises where PROJ does not know it
        except CrsError:
            return None
        return cls(watch, KINDS[geometry], system, -(-count // SHOWN) if count > 0 else 1)

    def __call__(self, raw: Raw, share: float) -> None:
        self._waiting.append(raw if self._every == 1 else _some(raw, self._every))
        if time.monotonic() >= self._next and share < 1.0:
            raws, self._waiting = self._waiting, []
            self._watch(self._table(raws), share)
            self._next = time.monotonic() + NEXT_S

    def _table(self, raws: list[Raw]) -> FeatureTable:
        import pyarrow as pa

        fid = np.concatenate([raw.fid for raw in raws])
        pieces = [piece for raw in raws if raw.blobs is not None for piece in pieces_of(raw.blobs)]
        array = filled(pieces, measured(pieces, self._kind), np.arange(len(fid)))
        return FeatureTable(fid, pa.concat_tables([raw.columns for raw in raws]), array, self._crs)


def _some(raw: Raw, every: int) -> Raw:
    """Every so manieth feature."""
    import pyarrow as pa

    rows = np.arange(0, len(raw.fid), every)
    # from_buffers, because Table.take(numpy array) would import pandas
    columns = raw.columns.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)]))
    pieces = [
        Piece(piece.starts[::every], piece.stops[::every], piece.load)
        for piece in (pieces_of(raw.blobs) if raw.blobs is not None else ())
    ]
    return Raw(raw.fid[rows], columns, pieces)


def bounds_of(raw: Raw) -> Bounds | None:
    """Bounds of what a file gave, whatever its kinds; None where it is nowhere."""
    if raw.blobs is None:
        return None
    pieces = pieces_of(raw.blobs)
    boxes = np.concatenate([measured(pieces, kind).bounds for kind in GeometryKind])
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return None
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return (x0, y0, x1, y1)


def _no_geometry(count: int) -> GeometryArray:
    zero = np.zeros(1, np.int64)
    return GeometryArray(
        GeometryKind.POINT, np.zeros((0, 2)), zero, zero.copy(), np.zeros(count + 1, np.int64)
    )


def _sorted(
    blobs: Blobs, geometry: Geometry
) -> tuple[GeometryArray, NDArray[np.int64], NDArray[np.uint16]]:
    """Geometry along a Hilbert curve, the order of the blobs in it, and what is wrong with each."""
    candidates = [KINDS[geometry]] if geometry in KINDS else list(GeometryKind)
    array, order, flags = sorted_geometry(pieces_of(blobs), candidates)
    if array.kind is GeometryKind.POLYGON:
        n = len(array)
        spread.over(
            n, lambda first, last: rings.faults(array.coords, array.ring_offsets, array.geom_rings, first, last, flags)
        )
    return array, order, flags


def pieces_of(blobs: Blobs) -> list[Piece]:
    """The list of pieces itself, which assembling empties, or one of what lies in memory."""
    return blobs if isinstance(blobs, list) else of_bytes(*blobs)


def _problems(flags: NDArray[np.uint16], fid: NDArray[np.int64], layer: str) -> list[Issue]:
    found = [
        (np.flatnonzero(flags & flag), code, severity, message, hint)
        for flag, code, severity, message, hint in _PROBLEMS
    ]
    empty = "{count} features have no geometry: {features}"
    hint = "Find them in the attribute table."
    found.append((np.flatnonzero(flags == wkb.EMPTY), "geometry.empty", "note", empty, hint))
    issues = []
    for rows, code, severity, message, hint in found:
        if len(rows):
            values = {"count": str(len(rows)), "features": _named(fid[rows])}
            issues.append(
                Issue(code, severity, message, hint, layer, int(fid[rows].min()), len(rows), values)
            )
    return issues


def _named(fid: NDArray[np.int64]) -> str:
    """Numbers of the first few features."""
    first = np.sort(fid)[:NAMED].tolist()
    return ", ".join(map(str, first)) + (" …" if len(fid) > NAMED else "")


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
