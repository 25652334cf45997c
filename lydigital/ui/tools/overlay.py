"""Painting above the frame: rubber bands, handles, the mark of a snap, live values at the cursor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from lydigital.texts import tr
from lydigital.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lydigital.domain.snapping import Snap
    from lydigital.model.viewport import Viewport
    from lydigital.ui.tools.shapes import XY

INK = "#0b6bcb"  # on the map's quiet colours, in both themes
SNAP = "#c2187a"
GUIDE = "#7a5cc7"
HALO = QColor(255, 255, 255, 225)
HANDLE_PX = 7.0

KIND_TEXTS = {
    "end": "End point", "vertex": "Vertex", "intersection": "Intersection", "midpoint": "Midpoint", "centre": "Centre",
    "perpendicular": "Perpendicular", "segment": "On an edge", "extension": "Extension", "grid": "Grid",
}  # fmt: skip


class Brush:
    """A painter that takes map coordinates."""

    def __init__(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        self.painter = painter
        self.viewport = viewport
        self.ratio = ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def at(self, place: XY) -> QPointF:
        px, py = self.viewport.to_px(*place)
        return QPointF(px / self.ratio, py / self.ratio)

    def pixels(self, coords: NDArray[np.float64]) -> NDArray[np.float64]:
        """Widget positions ``(n, 2)`` of map coordinates."""
        x0, _, _, y1 = self.viewport.bounds
        unit = self.viewport.units_per_px * self.ratio
        return (coords - (x0, y1)) * (1 / unit, -1 / unit)

    def path(self, lines: Iterable[NDArray[np.float64]], *, close: bool = False) -> QPainterPath:
        """Lines ``(n, 2)`` as one path."""
        made = QPainterPath()
        made.setFillRule(Qt.FillRule.OddEvenFill)
        for line in lines:
            points = np.clip(self.pixels(np.asarray(line, np.float64)), -30_000, 30_000)
            polygon = QPolygonF([QPointF(x, y) for x, y in points.tolist()])
            made.addPolygon(polygon)
            if close:
                made.closeSubpath()
        return made

    def line(
        self, lines: Iterable[NDArray[np.float64]], *, color: str = INK, width: float = 1.8, dash: bool = False,
        fill: bool = False, close: bool = False,
    ) -> None:  # fmt: skip
        """Stroke with a pale edge, so that it is seen on dark and light ground."""
        path = self.path(lines, close=close)
        if fill:
            ground = QColor(color)
            ground.setAlphaF(0.14)
            self.painter.fillPath(path, ground)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(QPen(HALO, width + 2.2))
        self.painter.drawPath(path)
        pen = QPen(QColor(color), width)
        if dash:
            pen.setDashPattern([4.0, 3.0])
        self.painter.setPen(pen)
        self.painter.drawPath(path)

    def handles(self, places: NDArray[np.float64], *, color: str = INK, size: float = HANDLE_PX, filled: bool = False) -> None:
        """Little squares on vertices ``(n, 2)`` that are on the picture."""
        if not len(places):
            return
        points = self.pixels(places)
        wide, high = self.viewport.width_px / self.ratio, self.viewport.height_px / self.ratio
        seen = (points[:, 0] > -9) & (points[:, 0] < wide + 9) & (points[:, 1] > -9) & (points[:, 1] < high + 9)
        self.painter.setPen(QPen(QColor(color), 1.4))
        self.painter.setBrush(QColor(color) if filled else QColor(255, 255, 255))
        half = size / 2
        for x, y in points[seen].tolist():
            self.painter.drawRect(QRectF(x - half, y - half, size, size))

    def dot(self, place: XY, color: str = INK, radius: float = 4.0) -> None:
        self.painter.setPen(QPen(HALO, 1.6))
        self.painter.setBrush(QColor(color))
        self.painter.drawEllipse(self.at(place), radius, radius)

    def ray(self, place: XY, other: XY, color: str = GUIDE) -> None:
        """The whole line through two places, across the picture."""
        a, b = self.at(place), self.at(other)
        length = math.hypot(b.x() - a.x(), b.y() - a.y())
        if length < 1e-9:
            return
        far = 4.0 * (self.viewport.width_px + self.viewport.height_px) / self.ratio + length
        step = (b - a) * (far / length)
        pen = QPen(QColor(color), 1.1)
        pen.setDashPattern([6.0, 4.0])
        self.painter.setPen(pen)
        self.painter.drawLine(a - step, a + step)

    def snap(self, found: Snap) -> None:
        """The mark of what the cursor holds on to, with its name."""
        at = self.at((found.x, found.y))
        for color, width in ((HALO, 4.6), (QColor(SNAP), 2.2)):
            self.painter.setPen(QPen(color, width))
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            _mark(self.painter, found.kind, at)
        self.pill(at + QPointF(12, -26), [tr(KIND_TEXTS[found.kind])], ink=SNAP)

    def pill(self, at: QPointF, lines: Sequence[str], *, ink: str = "") -> None:
        """Words on a card that stays on the picture."""
        shown = [line for line in lines if line]
        if not shown:
            return
        painter, colors = self.painter, theme.current()
        painter.setFont(theme.font(theme.SMALL_PX))
        metrics = painter.fontMetrics()
        wide = max(metrics.horizontalAdvance(line) for line in shown) + 14.0
        high = metrics.height() * len(shown) + 6.0
        x = min(at.x(), self.viewport.width_px / self.ratio - wide - 4)
        y = min(max(at.y(), 4.0), self.viewport.height_px / self.ratio - high - 4)
        box = QRectF(x, y, wide, high)
        ground = colors.color("surface")
        ground.setAlphaF(0.93)
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor(ink) if ink and colors.name == "light" else colors.color("ink"))
        for k, line in enumerate(shown):
            base = y + 3 + metrics.ascent() + k * metrics.height()
            painter.drawText(QPointF(x + 7, base), line)


def _mark(painter: QPainter, kind: str, at: QPointF) -> None:
    x, y, r = at.x(), at.y(), 6.5
    if kind in ("vertex", "end"):
        painter.drawRect(QRectF(x - r, y - r, 2 * r, 2 * r))
        if kind == "end":
            painter.drawPoint(at)
    elif kind == "midpoint":
        painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y + r), QPointF(x - r, y + r)]))
    elif kind == "centre":
        painter.drawEllipse(at, r, r)
        painter.drawPoint(at)
    elif kind == "perpendicular":
        painter.drawPolyline([QPointF(x - r, y - r), QPointF(x - r, y + r), QPointF(x + r, y + r)])
        painter.drawPolyline([QPointF(x - r, y), QPointF(x, y), QPointF(x, y + r)])
    elif kind == "intersection":
        painter.drawLine(QPointF(x - r, y - r), QPointF(x + r, y + r))
        painter.drawLine(QPointF(x - r, y + r), QPointF(x + r, y - r))
    elif kind == "segment":
        corners = [QPointF(x - r, y - r), QPointF(x + r, y - r), QPointF(x - r, y + r), QPointF(x + r, y + r)]
        painter.drawPolygon(QPolygonF(corners))
    else:  # extension, grid
        painter.drawLine(QPointF(x - r, y), QPointF(x + r, y))
        painter.drawLine(QPointF(x, y - r), QPointF(x, y + r))
