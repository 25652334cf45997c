"""Features far below a pixel, to be stroked together: neighbours become one box, so that a frame costs what it shows.

A level has boxes of several features no larger than its cell, a power of four of map units, and of single ones up to twice
that. Boxes are as large as the dots that :func:`lydigital.kernels.small.dots` would draw of their features, and cover all
of them, so nothing is lost or appears.
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
_MOST = 0.15  # of the bytes of the coordinates, that levels take
_SAMPLE = 2_000


def _number(units_per_px: float) -> int:
    return 2 * math.floor(0.5 * math.log2(CELL_PX * units_per_px))


def sides(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longer sides of some of the features, rising; empty ones last."""
    some = bounds[:: max(1, len(bounds) // _SAMPLE)]
    return np.sort(np.maximum(some[:, 2] - some[:, 0], some[:, 3] - some[:, 1]))


def is_useful(count: int, sides_: NDArray[np.float64], units_per_px: float) -> bool:
    """Whether enough of ``count`` features are small enough."""
    if count < LEAST:
        return False
    return bool(np.searchsorted(sides_, 2.0 ** (_number(units_per_px) + 1)) >= _USEFUL * len(sides_))


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
    """Boxes ``(m, 4) uint16`` and their ``blocks`` from ``origin`` (see :func:`kernels.gather`), and the ``rows`` too large to be in one."""

    origin: tuple[float, float]
    boxes: NDArray[np.uint16]
    blocks: NDArray[np.float64]
    rows: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.boxes.nbytes + self.rows.nbytes


class Crowd:
    """Levels of some rows of a layer, made when they are first needed and kept."""

    def __init__(self, geometry: GeometryArray, rows: NDArray[np.int32]) -> None:
        self._geometry = geometry
        self._rows = rows
        self._levels: dict[tuple[int, float], Level] = {}
        self._sides = sides(geometry.bounds[rows[:: max(1, len(rows) // _SAMPLE)]])

    def level(self, units_per_px: float, half: float) -> Level | None:
        """The level for a scale and half the width of a line (px); None where too few features are small enough."""
        if not is_useful(len(self._rows), self._sides, units_per_px):
            return None
        is_closed = self._geometry.kind is GeometryKind.POLYGON
        half = 0.0 if is_closed else round(half * 4) / 4  # widths may grow while zooming
        number = _number(units_per_px)
        found = self._levels.get((number, half))
        if found is None:
            g = self._geometry
            x, y = g.bounds[self._rows[0], :2]
            boxes, blocks, rest = kernels.gather(
                g.coords, g.ring_offsets, g.geom_rings, g.bounds, g.area_memo, self._rows, float(x), float(y), 2.0**number,
                half * 2.0 ** (number + 2), is_closed,
            )
            found = Level((float(x), float(y)), boxes, blocks, rest)
            room = _MOST * g.coords.nbytes * len(self._rows) / len(g) - found.nbytes
            for key in list(self._levels)[::-1]:  # the latest stay
                level = self._levels.get(key)
                room -= 0 if level is None else level.nbytes
                if room < 0:
                    self._levels.pop(key, None)
            self._levels[number, half] = found
        return found
