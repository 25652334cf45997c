"""A raster in memory: one band of values on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs


@dataclass(frozen=True, eq=False)
class Grid:
    """North-up grid of values.

    Attributes
    ----------
    values
        ``(rows, columns) float32``; NaN where there is no value. Row 0 is the northernmost.
    origin
        x, y of the outer corner of the north-west cell, map units.
    cell
        Cell width and height in map units, both positive.
    overviews
        The same area at half, quarter, ... resolution (averages), coarser last.
    """

    values: NDArray[np.float32]
    origin: tuple[float, float]
    cell: tuple[float, float]
    crs: Crs
    overviews: tuple[Grid, ...] = field(default=())

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        rows, columns = self.values.shape
        x0, y1 = self.origin
        return (x0, y1 - rows * self.cell[1], x0 + columns * self.cell[0], y1)
