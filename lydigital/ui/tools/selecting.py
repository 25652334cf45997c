"""Choosing features: a click, a rectangle, a loop drawn around them. Shift adds, Ctrl takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from lydigital.domain.select import rows_meeting
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.ui.tools.base import Place, Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

DRAG_PX = 5.0


class Select(Tool):
    """Of all layers drawn, or of the layer in hand only (``aids.select_in``)."""

    snaps = False
    cursor = Qt.CursorShape.ArrowCursor
    loops = False
    hint = "Click a feature, or drag a rectangle. Shift adds, Ctrl takes away."

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._from: Place | None = None
        self._path: list[XY] = []

    def press(self, at: Place) -> None:
        self._from = at
        self._path = [at.raw]

    def move(self, at: Place, *, dragging: bool) -> None:
        if dragging and self._from is not None and at.raw != self._path[-1]:
            self._path.append(at.raw)

    def release(self, at: Place) -> None:
        start, path = self._from, self._path
        self._from, self._path = None, []
        if start is None:
            return
        if (at.px - start.px).manhattanLength() < DRAG_PX and len(path) < 40:
            hits = self.hand.hits(at.raw, self._only())
            found = {hits[0].layer: np.array([hits[0].fid], np.int64)} if hits else {}
        elif self.loops:
            found = self._within(path)
        else:
            found = self._meeting(start.raw, at.raw)
        self._choose(found, adds=at.shift, takes=at.ctrl)

    def cancel(self) -> bool:
        if self._from is not None:
            self._from, self._path = None, []
            return True
        if len(self.hand.session.selection):
            self.hand.session.select(Selection())
            return True
        return False

    def _only(self) -> str:
        return self.hand.layer if self.hand.aids.select_in == "target" else ""

    def _tables(self) -> Iterator[tuple[str, FeatureTable, NDArray[np.int16] | None]]:
        only = self._only()
        for drawn in self.hand.scene():
            if isinstance(drawn.data, FeatureTable) and (not only or drawn.id == only):
                yield drawn.id, drawn.data, drawn.codes

    def _meeting(self, a: XY, b: XY) -> dict[str, NDArray[np.int64]]:
        box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        found: dict[str, list[NDArray[np.int64]]] = {}
        for layer, table, codes in self._tables():
            rows = rows_meeting(table, box)
            rows = rows if codes is None else rows[codes[rows] >= 0]
            found.setdefault(layer, []).append(table.fid[rows])
        return {layer: np.concatenate(parts) for layer, parts in found.items()}

    def _within(self, path: list[XY]) -> dict[str, NDArray[np.int64]]:
        import shapely

        if len(path) < 3:
            return {}
        loop = shapely.make_valid(shapely.Polygon(path))
        shapely.prepare(loop)
        found: dict[str, list[NDArray[np.int64]]] = {}
        for layer, table, codes in self._tables():
            rows = table.rows_in(loop.bounds)
            rows = rows if codes is None else rows[codes[rows] >= 0]
            meets = shapely.intersects(loop, table.geometry.take(rows).to_shapely()) if len(rows) else rows > 0
            found.setdefault(layer, []).append(table.fid[rows[meets]])
        return {layer: np.concatenate(parts) for layer, parts in found.items()}

    def _choose(self, found: dict[str, NDArray[np.int64]], *, adds: bool, takes: bool) -> None:
        session = self.hand.session
        if adds or takes:
            old = dict(session.selection.fids)
            for layer, fids in found.items():
                mine = old.get(layer, np.zeros(0, np.int64))
                single = len(found) == 1 and len(fids) == 1 and fids[0] in mine
                old[layer] = np.setdiff1d(mine, fids) if takes or single else np.union1d(mine, fids)
            found = old
        session.select(Selection({layer: np.unique(fids) for layer, fids in found.items() if len(fids)}))

    def paint(self, brush: Brush) -> None:
        at = self.here
        if self._from is None or at is None or (at.px - self._from.px).manhattanLength() < DRAG_PX:
            return
        if self.loops:
            brush.line([np.array(self._path)], fill=True, close=True, width=1.4)
        else:
            (x0, y0), (x1, y1) = self._from.raw, at.raw
            brush.line([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], fill=True, close=True, width=1.4)


class Lasso(Select):
    """A loop drawn by hand around features."""

    loops = True
    hint = "Hold the button down and draw a loop around the features. Shift adds, Ctrl takes away."
