"""Features that meet a rectangle, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import overlay
from lydigital.model.geometry import GeometryKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable


def rows_meeting(table: FeatureTable, bounds: tuple[float, float, float, float]) -> NDArray[np.int32]:
    """Rows whose geometry intersects the rectangle, ascending ``(k,) int32``.

    ``bounds`` are map units of the table. Features whose bounds lie inside need no look at their vertices.
    """
    rows = table.rows_in(bounds)
    box = table.geometry.bounds[rows]
    x0, y0, x1, y1 = bounds
    whole = (box[:, 0] >= x0) & (box[:, 1] >= y0) & (box[:, 2] <= x1) & (box[:, 3] <= y1)
    g = table.geometry
    doubtful = np.flatnonzero(~whole)
    whole[doubtful] = overlay.meet_box(
        g.coords, g.ring_offsets, g.geom_rings, rows[doubtful], x0, y0, x1, y1, g.kind is GeometryKind.POLYGON
    )
    return rows[whole]
