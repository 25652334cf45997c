"""A click puts a site on the map that might be built there; those put before stay marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPen

from lydigital.texts import tr
from lydigital.ui.tools.base import Place, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

INK = QColor("#c2334d")
_CLICK_PX = 4.0


class PutSite(Tool):
    """``put`` is told every place; ``sites`` are those put so far, each reaching ``reach`` map units (0: none is drawn)."""

    snaps = False
    hint = "Click where a site might stand; Esc ends it"

    def __init__(self, hand: Hand, put: Callable[[XY], object], sites: Callable[[], Sequence[XY]], reach: float) -> None:
        super().__init__(hand)
        self._put, self._sites, self.reach = put, sites, reach
        self._pressed: QPointF | None = None

    def press(self, at: Place) -> None:
        self._pressed = at.px

    def release(self, at: Place) -> None:
        if self._pressed is not None and (at.px - self._pressed).manhattanLength() <= _CLICK_PX:
            self._put(at.raw)
        self._pressed = None

    def paint(self, brush: Brush) -> None:
        for site in self._sites():
            paint_site(brush, brush.at(site), self.reach / self.hand.unit, solid=True)
        if self.here is not None:
            paint_site(brush, self.here.px, self.reach / self.hand.unit, solid=False)

    def reading(self) -> list[str]:
        return [tr("Site")]


def paint_site(brush: Brush, at: QPointF, radius_px: float, *, solid: bool) -> None:
    """A cross in a ring, and how far it reaches."""
    painter = brush.painter
    if radius_px > 2:
        shade = QColor(INK)
        shade.setAlphaF(0.10)
        painter.setBrush(shade)
        painter.setPen(QPen(INK, 1.2, Qt.PenStyle.DashLine))
        painter.drawEllipse(at, radius_px, radius_px)
    painter.setPen(QPen(QColor("#ffffff"), 4))
    painter.setBrush(INK if solid else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, 7, 7)
    painter.setPen(QPen(INK, 2))
    painter.drawEllipse(at, 7, 7)
    painter.setPen(QPen(QColor("#ffffff") if solid else INK, 2))
    painter.drawLine(at - QPointF(3.5, 0), at + QPointF(3.5, 0))
    painter.drawLine(at - QPointF(0, 3.5), at + QPointF(0, 3.5))
