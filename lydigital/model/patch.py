"""Edits over a table that was read: which of its features no longer hold, and those that stand for them.

A table of a million features is not copied for one vertex that moved: it is drawn without the hidden rows, and the
features of the patch are drawn with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import simplify
from lydigital.model import columns
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.feature import Feature


@dataclass(frozen=True, eq=False)
class Patch:
    """What a table lacks.

    Attributes
    ----------
    hidden
        ``(k,) int64`` fids of the table's features that were changed or removed, ascending.
    table
        Features changed or new, with the columns and in the system of the patched table.
    """

    hidden: NDArray[np.int64]
    table: FeatureTable


def patch_of(table: FeatureTable, features: Mapping[int, Feature | None], stored: Crs) -> Patch:
    """The patch of ``table`` by ``features`` as they are now (None where removed), geometry in ``stored``.

    Features the table does not have are new. Geometry of another kind than the table's is left empty, as in reading.
    """
    known = [fid for fid, feature in features.items() if feature is not None]
    now = [features[fid] for fid in known]
    touched = np.sort(np.fromiter(features, np.int64, len(features)))
    hidden = touched[table.rows_of(touched) >= 0]
    geometry = GeometryArray.from_wkb(table.geometry.kind, [f.wkb if f is not None else None for f in now])
    values = columns.table_of([f.values if f is not None else {} for f in now], table.columns.schema)
    fresh = FeatureTable(np.array(known, np.int64), values, geometry, stored).to_crs(table.crs)
    return Patch(hidden, FeatureTable(fresh.fid, values, _weighed(fresh.geometry), table.crs))


def patched(table: FeatureTable, patch: Patch) -> FeatureTable:
    """``table`` and ``patch`` as one table; its new features stand at the end."""
    import pyarrow as pa

    shown = np.ones(len(table), np.bool_)
    shown[table.rows_of(patch.hidden)] = False
    rows = np.flatnonzero(shown)
    whole = len(rows) == len(table)
    kept = table.columns if whole else table.columns.take(columns.rows(rows))
    geometry = table.geometry if whole else table.geometry.take(rows)
    fid = table.fid if whole else table.fid[rows]
    if not len(patch.table):
        return FeatureTable(fid, kept, geometry, table.crs)
    return FeatureTable(
        np.concatenate([fid, patch.table.fid]),
        pa.concat_tables([kept, patch.table.columns]),
        joined(geometry, patch.table.geometry),
        table.crs,
    )


def joined(first: GeometryArray, second: GeometryArray) -> GeometryArray:
    """The geometries of both, those of ``first`` first; they must be of one kind."""
    assert first.kind is second.kind
    importance = None
    if first.importance is not None and second.importance is not None:
        importance = np.concatenate([first.importance, second.importance])
    return GeometryArray(
        first.kind,
        np.concatenate([first.coords, second.coords]),
        _steps(first.ring_offsets, second.ring_offsets),
        _steps(first.part_offsets, second.part_offsets),
        _steps(first.geom_offsets, second.geom_offsets),
        np.concatenate([first.bounds, second.bounds]),
        importance,
    )



def _steps(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([first, second[1:] + first[-1]]).astype(np.int64)


def _weighed(g: GeometryArray) -> GeometryArray:
    if g.kind is GeometryKind.POINT or not len(g.coords):
        return g
    weights = simplify.importance(g.coords, g.ring_offsets, g.kind is GeometryKind.POLYGON)
    return GeometryArray(g.kind, g.coords, g.ring_offsets, g.part_offsets, g.geom_offsets, g.bounds, weights)
