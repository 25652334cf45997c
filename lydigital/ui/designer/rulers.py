"""Rulers along the page, in millimetres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from lydigital.ui import theme

if TYPE_CHECKING:
    from lydigital.ui.designer.canvas import PageCanvas

WIDTH_PX = 22
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_LEAST_PX = 58  # between two numbers


def step_of(zoom: float) -> int:
    """Millimetres between two numbers at ``zoom`` pixels a millimetre."""
    return next((s for s in STEPS if s * zoom >= _LEAST_PX), STEPS[-1])


def paint(painter: QPainter, canvas: PageCanvas) -> None:
    """Both rulers with the place of the mouse and of what is selected."""
    t = theme.current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.fillRect(QRectF(0, 0, canvas.width(), WIDTH_PX), t.color("surface"))
    painter.fillRect(QRectF(0, 0, WIDTH_PX, canvas.height()), t.color("surface"))
    _marks(painter, canvas)
    painter.setFont(theme.font(10))
    step = step_of(canvas.zoom)
    parts = 10 if step in (10, 100, 1000) or step * canvas.zoom > 100 else 5 if step in (1, 5, 50, 500) else 4
    _scale(painter, canvas, step, parts, across=True)
    _scale(painter, canvas, step, parts, across=False)
    painter.fillRect(QRectF(0, 0, WIDTH_PX, WIDTH_PX), t.color("surface"))
    painter.setPen(t.color("ink_faint"))
    painter.drawText(QRectF(0, 0, WIDTH_PX, WIDTH_PX), Qt.AlignmentFlag.AlignCenter, "mm")
    painter.setPen(QPen(t.color("line_strong"), 1))
    painter.drawLine(0, WIDTH_PX - 1, canvas.width(), WIDTH_PX - 1)
    painter.drawLine(WIDTH_PX - 1, 0, WIDTH_PX - 1, canvas.height())
    mouse = canvas._mouse
    if canvas.rect().contains(mouse.toPoint()):
        painter.setPen(QPen(t.color("peony"), 1))
        painter.drawLine(QPointF(mouse.x(), 0), QPointF(mouse.x(), WIDTH_PX - 2))
        painter.drawLine(QPointF(0, mouse.y()), QPointF(WIDTH_PX - 2, mouse.y()))
    painter.restore()


def _marks(painter: QPainter, canvas: PageCanvas) -> None:
    """What the selection takes up of each."""
    from lydigital.ui.designer import boxes

    items = canvas.selected_items()
    if items:
        place = canvas.rect_of(boxes.outer(items))
        soft = QColor(theme.current().color("accent_soft"))
        painter.fillRect(QRectF(place.x(), 0, place.width(), WIDTH_PX), soft)
        painter.fillRect(QRectF(0, place.y(), WIDTH_PX, place.height()), soft)


def _scale(painter: QPainter, canvas: PageCanvas, step: int, parts: int, *, across: bool) -> None:
    t = theme.current()
    start = canvas.origin.x() if across else canvas.origin.y()
    length = canvas.width() if across else canvas.height()
    first, last = math.floor((WIDTH_PX - start) / canvas.zoom / step), math.ceil((length - start) / canvas.zoom / step)
    for number in range(first, last + 1):
        for part in range(parts):
            at = round(start + (number + part / parts) * step * canvas.zoom)
            if at < WIDTH_PX:
                continue
            long = 9 if part == 0 else 5 if 2 * part == parts else 3
            painter.setPen(QPen(t.color("line_strong" if part else "ink_faint"), 1))
            if across:
                painter.drawLine(at, WIDTH_PX - long, at, WIDTH_PX - 1)
            else:
                painter.drawLine(WIDTH_PX - long, at, WIDTH_PX - 1, at)
        at = round(start + number * step * canvas.zoom)
        if at < WIDTH_PX:
            continue
        painter.setPen(t.color("ink_faint"))
        if across:
            painter.drawText(QPointF(at + 3, 10), str(number * step))
        else:
            painter.save()
            painter.translate(10, at - 3)
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), str(number * step))
            painter.restore()
