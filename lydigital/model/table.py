"""A layer in memory: feature ids, Arrow columns, geometry, spatial order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.geometry import GeometryArray

BLOCK = 256  # features a block of the spatial index


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features sorted along a Hilbert curve, so that near neighbours lie near in memory.

    Attributes
    ----------
    fid
        ``(n,) int64`` identity in the store.
    columns
        Arrow table of ``n`` rows, without geometry.
    geometry
        ``n`` geometries.
    crs
        Of the geometry.
    """

    fid: NDArray[np.int64]
    columns: pa.Table
    geometry: GeometryArray
    crs: Crs

    def __len__(self) -> int:
        return len(self.fid)

    @cached_property
    def block_bounds(self) -> NDArray[np.float64]:
        """``(blocks, 4) float64`` bounds of each run of ``BLOCK`` features."""
        from lydigital.kernels import ragged

        return ragged.block_bounds(self.geometry.bounds, BLOCK)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Row number by fid."""
        return {int(f): i for i, f in enumerate(self.fid)}

    def rows_of(self, fids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row number of each of ``fids`` ``(k,)``, -1 where the table does not have it."""
        import numpy as np

        order = self._fid_order
        if not len(order):
            return np.full(len(fids), -1, np.int64)
        at = np.minimum(np.searchsorted(self.fid, fids, sorter=order), len(order) - 1)
        rows = order[at]
        return np.where(self.fid[rows] == fids, rows, -1)

    @cached_property
    def _fid_order(self) -> NDArray[np.int64]:
        import numpy as np

        return np.argsort(self.fid, kind="stable")

    def rows_in(self, bounds: tuple[float, float, float, float]) -> NDArray[np.int32]:
        """Rows whose bounds meet ``bounds`` (map units of :attr:`crs`), ascending ``(k,) int32``."""
        from lydigital.kernels import ragged

        return ragged.query(self.geometry.bounds, self.block_bounds, BLOCK, *bounds)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns."""
        names: list[str] = self.columns.column_names
        return names

    def column(self, name: str) -> pa.ChunkedArray:
        """One column; a table that was just read may not have the others in order yet."""
        return self.columns.column(name)

    def column_at(self, number: int) -> pa.ChunkedArray:
        """The column of this number; names may stand twice."""
        return self.columns.column(number)

    def record(self, row: int) -> dict[str, object]:
        """Attributes of one row as Python values."""
        return {name: self.columns.column(name)[row].as_py() for name in self.columns.column_names}

    def sorted_by_hilbert(self) -> FeatureTable:
        """The same features in Hilbert order of their centres."""
        import pyarrow as pa

        from lydigital.kernels import ragged

        order = ragged.hilbert_order(self.geometry.bounds)
        # from_buffers, because Table.take(numpy array) would import pandas
        rows = pa.Array.from_buffers(pa.int64(), len(order), [None, pa.py_buffer(order)])
        return FeatureTable(self.fid[order], self.columns.take(rows), self.geometry.take(order), self.crs)

    def to_crs(self, target: Crs) -> FeatureTable:
        """Reprojected copy; order and attributes unchanged."""
        from lydigital.model.crs import transformation
        from lydigital.model.geometry import GeometryArray

        move = transformation(self.crs, target)
        if move.is_identity:
            return self
        g = self.geometry
        moved = GeometryArray(g.kind, move.points(g.coords), g.ring_offsets, g.part_offsets, g.geom_offsets)
        return FeatureTable(self.fid, self.columns, moved, target)
