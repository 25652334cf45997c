"""Inside a map on the page: the hand moves what it shows, the wheel changes its scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from lydigital.ui.designer.gestures import Gesture

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from lydigital.publish.arrange import PlacedMap
    from lydigital.ui.designer.canvas import PageCanvas
    from lydigital.ui.designer.drawing import Drawing

WORDS = "Map content of layout {layout}"


def placed_map(canvas: PageCanvas, item_id: str) -> PlacedMap | None:
    """A map as it was arranged last."""
    made = canvas.desk.made
    return next((m for m in made.maps if m.item.id == item_id), None) if made is not None else None


def shifted(placed: PlacedMap, dx: float, dy: float) -> tuple[float, float]:
    """Map place that lies ``dx, dy`` mm of the page from the middle of the map; y runs down the page."""
    view = placed.viewport
    per_mm = view.units_per_px * view.dpi / 25.4
    turn = math.radians(placed.turn)
    right, up = dx * per_mm, -dy * per_mm
    return view.centre[0] + right * math.cos(turn) - up * math.sin(turn), view.centre[1] + right * math.sin(turn) + up * math.cos(turn)


def show(drawing: Drawing, item_id: str, centre: tuple[float, float], scale: float, *, joins: bool = False) -> bool:
    """Have a map show this from now on, whatever the window shows."""
    return drawing.set_all(WORDS, [item_id], joins=joins, centre=centre, scale=scale, bounds=None)


def zoom(canvas: PageCanvas, item_id: str, factor: float, at: QPointF) -> None:
    """A larger or smaller scale; the place under the hand stays."""
    placed = placed_map(canvas, item_id)
    if placed is None:
        return
    scale = round_scale(placed.scale / factor)
    x, y = canvas.mm(at)
    dx, dy = x - placed.box.x - placed.box.width / 2, y - placed.box.y - placed.box.height / 2
    left = 1 - scale / placed.scale
    show(canvas.drawing, item_id, shifted(placed, dx * left, dy * left), scale, joins=True)


def round_scale(scale: float) -> float:
    """Two significant figures."""
    power = 10.0 ** (math.floor(math.log10(max(scale, 10.0))) - 1)
    return round(scale / power) * power


class Content(Gesture):
    """What the map shows is dragged within its frame."""

    shows_handles = False

    def __init__(self, canvas: PageCanvas, event: QMouseEvent, placed: PlacedMap) -> None:
        super().__init__(canvas, event)
        self._placed = placed

    def dragged(self, event: QMouseEvent) -> None:
        dx, dy = self.by(event)
        self.canvas.content_shift = QPointF(dx, dy)

    def end(self, event: QMouseEvent) -> None:
        dx, dy = self.by(event)
        if self.is_drag:
            show(self.drawing, self._placed.item.id, shifted(self._placed, -dx, -dy), self._placed.scale)
        else:
            self.canvas.content_shift = QPointF()

    def give_up(self) -> None:
        self.canvas.content_shift = QPointF()
