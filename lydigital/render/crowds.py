"""Features far below a pixel, to be stroked together: neighbours become one box, so that a frame costs what it shows.

A level has boxes no larger than its cell, a power of two of map units. Boxes are as large as the dots that
:func:`lydigital.kernels.small.dots` would draw of their features, and cover all of them, so nothing is lost or appears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import crowds as kernels
from lydigital.kernels import stroke
from lydigital.model.geometry import GeometryKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.geometry import GeometryArray
    from lydigital.render.drawlist import StrokeOp
    from lydigital.render.plan import Plan, StrokePlan

CELL_PX = 0.5  # at most
LEAST = 20_000  # features worth a level
_USEFUL = 0.5  # of the features, that are to be in boxes
_KEPT = 3  # levels
_SAMPLE = 2_000


def _number(units_per_px: float) -> int:
    return math.floor(math.log2(CELL_PX * units_per_px))


def sides(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longer sides of some of the features, rising; empty ones last."""
    some = bounds[:: max(1, len(bounds) // _SAMPLE)]
    return np.sort(np.maximum(some[:, 2] - some[:, 0], some[:, 3] - some[:, 1]))


def is_useful(count: int, sides_: NDArray[np.float64], units_per_px: float) -> bool:
    """Whether enough of ``count`` features are small enough."""
    if count < LEAST:
        return False
    return bool(np.searchsorted(sides_, 2.0 ** _number(units_per_px)) >= _USEFUL * len(sides_))


def dot_px(line: StrokePlan | StrokeOp, *, closed: bool) -> float:
    """Side of the largest feature whose outline is drawn as a dot (by ``kernels.stroke``); below 0 for none."""
    half = max(0.5, line.width_px / 2)
    is_round = (line.join == "round" or half <= stroke.THIN_PX) and (closed or line.cap == "round")
    if line.dash_px or line.offset_px or not is_round or half > stroke.DOT_PX:
        return -1.0
    return max(1.0, 2.0 * half)


def hidden_px(plan: Plan, which: NDArray[np.bool_]) -> float:
    """Side of the largest polygon of the codes of ``which`` that an opaque outline hides; below 0 for none."""
    return max(
        (dot_px(s, closed=True) for s in plan.strokes if s.color[3] == 255 and s.width_px >= 1.0 and np.all(s.which >= which)),
        default=-1.0,
    )


@dataclass(frozen=True, eq=False)
class Level:
    """Boxes ``(m, 4) float32`` from ``origin``, their ``blocks``, and the ``rows`` too large to be in one."""

    origin: tuple[float, float]
    boxes: NDArray[np.float32]
    blocks: NDArray[np.float64]
    rows: NDArray[np.int32]


class Crowd:
    """Levels of some rows of a layer, made when they are first needed and kept."""

    def __init__(self, geometry: GeometryArray, rows: NDArray[np.int32]) -> None:
        self._geometry = geometry
        self._rows = rows
        self._levels: dict[int, Level] = {}
        self._sides = sides(geometry.bounds[rows[:: max(1, len(rows) // _SAMPLE)]])

    def level(self, units_per_px: float) -> Level | None:
        """The level for a scale; None where too few features are small enough."""
        if not is_useful(len(self._rows), self._sides, units_per_px):
            return None
        number = _number(units_per_px)
        found = self._levels.get(number)
        if found is None:
            g = self._geometry
            x, y = g.bounds[self._rows[0], :2]
            boxes, blocks, rest = kernels.gather(
                g.coords, g.ring_offsets, g.geom_rings, g.bounds, g.area_memo, self._rows, float(x), float(y), 2.0**number,
                g.kind is GeometryKind.POLYGON,
            )
            found = Level((float(x), float(y)), boxes, blocks, rest)
            while len(self._levels) >= _KEPT:
                self._levels.pop(next(iter(self._levels)), None)
            self._levels[number] = found
        return found
