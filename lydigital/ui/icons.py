"""Icons painted from the icon font in the colours of the theme: crisp at every size, right after a theme switch."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QIconEngine, QPainter, QPixmap

from lydigital.render.painter.icons import icon_font
from lydigital.ui import theme


class _Engine(QIconEngine):
    """One glyph; the colour is a role of the theme (asked at paint time) or a fixed ``#rrggbb``."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        color = colour(self._role)
        if mode == QIcon.Mode.Disabled:
            color = theme.current().color("ink_faint")
            color.setAlphaF(0.55)
        elif state == QIcon.State.On and not self._role.startswith("#"):
            color = theme.current().color("accent")
        draw(painter, self._name, QRectF(rect), color)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return picture


def colour(role: str) -> QColor:
    """A theme role or ``#rrggbb`` as a colour."""
    return QColor(role) if role.startswith("#") else theme.current().color(role)


def icon(name: str, role: str = "ink_soft") -> QIcon:
    """The icon ``name`` of the icon font in the colour of ``role``."""
    return QIcon(_Engine(name, role))


def draw(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Paint icon ``name`` filling ``rect``."""
    family, characters = icon_font()
    char = characters.get(name)
    if char is None:
        return
    face = QFont(family)
    face.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(face)
    painter.setPen(color)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, char)
    painter.restore()


def mark(size: int) -> QIcon:
    """The program's mark: a peony of five petals over a river."""
    icon_ = QIcon()
    for factor in (1, 2):
        picture = QPixmap(size * factor, size * factor)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_mark(painter, QRectF(0, 0, size * factor, size * factor))
        painter.end()
        picture.setDevicePixelRatio(factor)
        icon_.addPixmap(picture)
    return icon_


def paint_mark(painter: QPainter, rect: QRectF) -> None:
    """Paint the mark into the square ``rect``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center())
    unit = rect.width() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    petal = theme.current().color("peony")
    for ring, (count, reach, wide, alpha) in enumerate(((5, 0.56, 0.43, 0.62), (5, 0.26, 0.30, 0.9))):
        petal.setAlphaF(alpha)
        painter.setBrush(petal)
        for k in range(count):
            angle = 2 * math.pi * (k + ring / 2) / count - math.pi / 2
            centre = QPointF(math.cos(angle) * reach * unit, math.sin(angle) * reach * unit)
            painter.drawEllipse(centre, wide * unit, wide * unit)
    painter.setBrush(QColor("#f4c95d"))
    painter.drawEllipse(QPointF(0, 0), 0.17 * unit, 0.17 * unit)
    painter.restore()
