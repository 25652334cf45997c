"""The histogram of a classified field: bars in the colours of the map, limits that can be dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from lydigital.domain.classes import decimals_for, number_text
from lydigital.texts import tr
from lydigital.ui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QMouseEvent

    from lydigital.domain.classes import Histogram

HEIGHT = 118
STEP_MS = 15  # limits are told of at most so often
_TOP, _FOOT, _SIDE = 18.0, 24.0, 6.0
_GRIP_PX = 9.0


class HistogramView(QWidget):
    """Bars grow with the square root of their number, so that small classes stay visible."""

    moved = Signal(tuple)  # the limits, while one is dragged or nudged
    released = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._histogram: Histogram | None = None
        self._limits: list[float] = []
        self._colors: list[QColor] = []
        self._held = -1
        self._near = -1
        self._chosen = 0
        self._can_move = True
        self._tell = QTimer(self, interval=STEP_MS, singleShot=True)
        self._tell.timeout.connect(lambda: self.moved.emit(tuple(self._limits)))

    @property
    def is_held(self) -> bool:
        """Whether a limit is being dragged."""
        return self._held >= 0

    @property
    def limits(self) -> tuple[float, ...]:
        return tuple(self._limits)

    def show_values(
        self, histogram: Histogram | None, limits: Sequence[float], colors: Sequence[str], *, can_move: bool = True
    ) -> None:
        """Bars of ``histogram``, parted at ``limits`` into classes of ``colors``; limits held by the hand stay."""
        self._histogram = histogram
        self._can_move = can_move
        if not self.is_held:
            self._limits = list(limits)
            self._chosen = min(self._chosen, max(0, len(limits) - 1))
        self._colors = [QColor(c[:7]) for c in colors]
        self.setAccessibleName(tr("Histogram with the limits of the classes"))
        self.setAccessibleDescription("; ".join(self._text(v) for v in self._limits))
        self.update()

    def retranslate(self) -> None:
        self.update()

    # where things are

    def x_of(self, value: float) -> float:
        """Pixel of a value."""
        h = self._histogram
        if h is None:
            return _SIDE
        share = h.share_of(value)
        return _SIDE + min(max(share, 0.0), 1.0) * (self.width() - 2 * _SIDE)

    def _value_at(self, x: float) -> float:
        h = self._histogram
        assert h is not None
        share = min(max((x - _SIDE) / max(1.0, self.width() - 2 * _SIDE), 0.0), 1.0)
        return h.value_at(share)

    def _limit_at(self, x: float) -> int:
        near = [(abs(self.x_of(v) - x), i) for i, v in enumerate(self._limits)]
        distance, found = min(near, default=(_GRIP_PX + 1, -1))
        return found if distance <= _GRIP_PX else -1

    # dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._histogram is not None and self._can_move and event.button() == Qt.MouseButton.LeftButton:
            self._held = self._limit_at(event.position().x())
            if self._held >= 0:
                self._chosen = self._held
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.is_held:
            self._move(self._held, self._value_at(event.position().x()))
            return
        near = self._limit_at(event.position().x()) if self._can_move else -1
        if near != self._near:
            self._near = near
            self.setCursor(Qt.CursorShape.SizeHorCursor if near >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.is_held:
            self._finish()

    def leaveEvent(self, event) -> None:
        self._near = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a limit, left and right move it by a pixel."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        turn = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if not self._limits or (step is None and turn is None):
            super().keyPressEvent(event)
        elif turn is not None:
            self._chosen = (self._chosen + turn) % len(self._limits)
            self.update()
        elif step is not None and self._can_move:
            self._move(self._chosen, self._value_at(self.x_of(self._limits[self._chosen]) + step))

    def _move(self, index: int, value: float) -> None:
        """Put a limit to a value of few digits between its neighbours."""
        h = self._histogram
        assert h is not None
        pixel = max(self._value_at(self.x_of(value) + 1) - value, value - self._value_at(self.x_of(value) - 1))
        low = self._limits[index - 1] if index else h.low
        high = self._limits[index + 1] if index + 1 < len(self._limits) else h.maximum
        low, high = low + min(pixel, (high - low) / 4), high - min(pixel, (high - low) / 4)
        value = round(min(max(value, low), high), max(0, decimals_for((0.0, pixel)) - 1))
        if value != self._limits[index] and low <= value <= high:
            self._limits[index] = value
            self.update()
            if not self._tell.isActive():
                self._tell.start()

    def _finish(self) -> None:
        self._held = -1
        if self._tell.isActive():
            self._tell.stop()
            self.moved.emit(tuple(self._limits))
        self.released.emit()
        self.update()

    # painting

    def _text(self, value: float) -> str:
        h = self._histogram
        step = (h.high - h.low) / 100 if h is not None else 1.0
        if h is not None and h.is_log:
            step = abs(value) / 20 or 1.0
        return number_text(value, 0 if float(value).is_integer() else decimals_for((0.0, step)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.current()
        painter.setFont(theme.font(theme.SMALL_PX - 1))
        h = self._histogram
        base = self.height() - _FOOT
        if h is None:
            painter.setPen(t.color("ink_faint"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("No numbers"))
            return
        self._bars(painter, h, base)
        painter.setPen(QPen(t.color("line_strong"), 1))
        painter.drawLine(QPointF(_SIDE, base + 0.5), QPointF(self.width() - _SIDE, base + 0.5))
        metrics = painter.fontMetrics()
        painter.setPen(t.color("ink_faint"))
        foot = base + metrics.ascent() + 8
        painter.drawText(QPointF(_SIDE, foot), ("… " if h.low > h.minimum else "") + self._text(h.minimum))
        if h.is_log:
            words = tr("logarithmic")
            painter.drawText(QPointF((self.width() - metrics.horizontalAdvance(words)) / 2, foot), words)
        end = ("… " if h.has_tail else "") + self._text(h.maximum)
        painter.drawText(QPointF(self.width() - _SIDE - metrics.horizontalAdvance(end), foot), end)
        mean = self.x_of(h.mean)
        painter.setPen(QPen(t.color("ink_faint"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(mean, _TOP), QPointF(mean, base))
        for i in range(len(self._limits)):
            self._limit(painter, i, base, metrics)

    def _bars(self, painter: QPainter, h: Histogram, base: float) -> None:
        tallest = float(h.counts.max()) ** 0.5 or 1.0
        wide = (self.width() - 2 * _SIDE) / len(h.counts)
        gap = 1.0 if wide > 4 else 0.0
        edges = [-float("inf"), *(self.x_of(v) for v in self._limits), float("inf")]
        colors = self._colors or [theme.current().color("accent")]
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(h.counts.tolist()):
            if not count:
                continue
            tall = max(1.5, (base - _TOP) * count**0.5 / tallest)
            low, high = _SIDE + k * wide, _SIDE + (k + 1) * wide
            for c, color in enumerate(colors[: len(edges) - 1]):  # a bar that a limit parts has two colours
                a, b = max(low, edges[c]), min(high, edges[c + 1])
                if a < b:
                    painter.setBrush(color)
                    painter.drawRect(QRectF(a, base - tall, max(0.5, b - a - (gap if b == high else 0)), tall))

    def _limit(self, painter: QPainter, index: int, base: float, metrics: QFontMetrics) -> None:
        t = theme.current()
        x = self.x_of(self._limits[index])
        active = index in (self._held, self._near) or (self.hasFocus() and index == self._chosen)
        ink = t.color("accent" if active else "ink_soft")
        painter.setPen(QPen(ink, 2 if active else 1))
        painter.drawLine(QPointF(x, _TOP - 2), QPointF(x, base))
        if self._can_move:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            size = 5.5 if active else 4.5
            painter.drawPolygon(
                QPolygonF([QPointF(x, base + 1), QPointF(x + size, base + 8), QPointF(x - size, base + 8)])
            )
        if active:
            text = self._text(self._limits[index])
            wide = metrics.horizontalAdvance(text) + 10
            box = QRectF(min(max(x - wide / 2, 0), self.width() - wide), 0, wide, _TOP - 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent"))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(t.color("on_accent"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
