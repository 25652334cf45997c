"""North arrow and scale bar, drawn quietly in the corner of the map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from lydigital.texts import tr
from lydigital.ui import theme

if TYPE_CHECKING:
    from lydigital.model.viewport import Viewport

INK = QColor("#26323a")
HALO = QColor(255, 255, 255, 225)
BAR_PX = 120.0  # the bar is at most this long
MARGIN = 14.0


def ground_m_per_px(viewport: Viewport) -> float:
    """Metres on the ground a device pixel, across, at the middle of the picture."""
    across = viewport.units_per_px * viewport.crs.metres_per_unit
    if viewport.crs.is_geographic:
        across *= math.cos(math.radians(min(abs(viewport.centre[1]), 89.0)))
    return across


def round_length_m(limit_m: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that does not exceed ``limit_m``."""
    power = 10.0 ** math.floor(math.log10(limit_m))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= limit_m)


def length_text(metres: float) -> str:
    return (
        tr("{length} km", length=f"{metres / 1000:g}")
        if metres >= 1000
        else tr("{length} m", length=f"{metres:g}")
    )


def paint_furniture(painter: QPainter, area: QRectF, viewport: Viewport, ratio: float) -> None:
    """Scale bar and north arrow at the lower left of ``area`` (logical pixels)."""
    m_per_px = ground_m_per_px(viewport) * ratio
    if not (m_per_px > 0 and math.isfinite(m_per_px)):
        return
    length_m = round_length_m(BAR_PX * m_per_px)
    width = length_m / m_per_px
    left, base = area.left() + MARGIN + 26, area.bottom() - MARGIN
    bar = QPainterPath(QPointF(left, base - 5))
    bar.lineTo(left, base)
    bar.lineTo(left + width, base)
    bar.lineTo(left + width, base - 5)
    middle = QPainterPath(QPointF(left + width / 2, base - 3))
    middle.lineTo(left + width / 2, base)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, thick in ((HALO, 4.0), (INK, 1.5)):
        pen = QPen(color, thick)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPath(bar)
        painter.drawPath(middle)
    _text(painter, QPointF(left + 4, base - 8), length_text(length_m))
    _north(painter, QPointF(area.left() + MARGIN + 8, base))


def _text(painter: QPainter, at: QPointF, text: str) -> None:
    path = QPainterPath()
    path.addText(at, theme.font(theme.SMALL_PX), text)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(HALO, 3.0)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, pen)
    painter.fillPath(path, INK)


def _north(painter: QPainter, foot: QPointF) -> None:
    x, y = foot.x(), foot.y()
    whole = QPolygonF([QPointF(x, y - 26), QPointF(x + 7, y), QPointF(x, y - 5), QPointF(x - 7, y)])
    half = QPolygonF([QPointF(x, y - 26), QPointF(x + 7, y), QPointF(x, y - 5)])
    pen = QPen(HALO, 4.0)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolygon(whole)
    pen = QPen(INK, 1.2)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QColor(255, 255, 255))
    painter.drawPolygon(whole)
    painter.setBrush(INK)
    painter.drawPolygon(half)
    painter.setBrush(Qt.BrushStyle.NoBrush)
