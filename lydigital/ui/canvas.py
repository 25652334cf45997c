"""The map: shows the latest true frame and turns gestures into viewports."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lydigital.model.viewport import Viewport
from lydigital.texts import tr
from lydigital.ui import theme
from lydigital.ui.furniture import paint_furniture
from lydigital.units import SCREEN_DPI

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import (
        QFocusEvent,
        QKeyEvent,
        QMouseEvent,
        QNativeGestureEvent,
        QResizeEvent,
        QWheelEvent,
    )

    from lydigital.model.crs import Crs
    from lydigital.ui.frames import FrameImage
    from lydigital.ui.tools.hand import Hand

MIN_SCALE, MAX_SCALE = 50.0, 20_000_000.0
NOTCH = 1.6  # one notch of the wheel
STEP_MS = 12  # between steps of a wheel zoom
HOVER_MS = 30  # at most one coordinate readout in this time
PAN_STEP = 0.2  # of the picture, an arrow key
BACKGROUND = "#f7f6f2"


class MapCanvas(QWidget):
    """Paints frames, speaks in viewports.

    The owner listens to :attr:`moved`, has the frame rendered and hands it to :meth:`show_frame`. Pixels are device
    pixels in viewports and logical ones in events.
    """

    moved = Signal(object)  # Viewport
    hovered = Signal(float, float)
    left = Signal()
    clicked = Signal(float, float, object)  # map x, y and keyboard modifiers
    escaped = Signal()

    home_asked = Signal()

    def __init__(
        self, crs: Crs, first_view: Callable[[int, int, float], Viewport], *, smooth: bool = True
    ) -> None:
        """``first_view(width_px, height_px, dpi)`` is asked once, when the size of the picture is known."""
        super().__init__()
        self.setObjectName("canvas")
        self.setAccessibleName(tr("Map"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 200)
        self.smooth = smooth
        self._viewport = Viewport((0.0, 0.0), 100.0, 1, 1, crs)
        self._first_view: Callable[[int, int, float], Viewport] | None = first_view
        self._frame: FrameImage | None = None
        self.has_furniture = True  # scale bar and north arrow of its own
        self.hand: Hand | None = None  # a tool that has gestures before the map has them
        self._press: QPointF | None = None
        self._last: QPointF | None = None
        self._panning = False
        self._space = False
        self._ringed = False  # the focus came by keyboard and shows
        self._box: QRect | None = None
        self._ring: tuple[float, float] | None = None
        self._zoom_left = 0.0
        self._zoom_at = QPointF()
        self._stepper = QTimer(self, interval=STEP_MS)
        self._stepper.timeout.connect(self._step_zoom)
        self._hover_at: QPointF | None = None
        self._hover = QTimer(self, interval=HOVER_MS, singleShot=True)
        self._hover.timeout.connect(self._say_hover)
        self.rest_cursor()

    # what is shown

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    @property
    def frame(self) -> FrameImage | None:
        return self._frame

    def show_frame(self, frame: FrameImage) -> None:
        frame.image.setDevicePixelRatio(self._ratio())
        self._frame = frame
        self.update()

    def set_viewport(self, viewport: Viewport) -> None:
        """Look elsewhere; size and resolution stay the widget's own."""
        self._stop_zoom()
        self._go(replace(viewport, width_px=self._viewport.width_px, height_px=self._viewport.height_px,
                         dpi=self._viewport.dpi))  # fmt: skip

    def go_to(self, x: float, y: float, scale: float | None = None) -> None:
        """Centre the map point ``x, y``, at a scale denominator if one is given."""
        target = replace(self._viewport, centre=(x, y))
        self.set_viewport(target.at_scale(scale) if scale else target)

    def show_bounds(self, bounds: tuple[float, float, float, float], margin: float = 0.05) -> None:
        """Fit ``bounds`` (map units) into the picture."""
        v = self._viewport
        self.set_viewport(
            Viewport.of_bounds(bounds, v.width_px, v.height_px, v.crs, dpi=v.dpi, margin=margin)
        )

    def mark(self, x: float, y: float) -> None:
        """Ring a map point until the view is clicked (search results, typed coordinates)."""
        self._ring = (x, y)
        self.update()

    def zoom_by(self, factor: float) -> None:
        self._zoom(factor, QPointF(self.width() / 2, self.height() / 2))

    def pan_by(self, dx: float, dy: float) -> None:
        """Drag the map by logical pixels."""
        self._go(self._viewport.panned(dx * self._ratio(), dy * self._ratio()))

    def map_point(self, at: QPointF) -> tuple[float, float]:
        """Map coordinates under a widget position."""
        return self._viewport.to_map(at.x() * self._ratio(), at.y() * self._ratio())

    def _ratio(self) -> float:
        return self.devicePixelRatioF()

    def _go(self, viewport: Viewport) -> None:
        scale = viewport.scale
        if not MIN_SCALE <= scale <= MAX_SCALE:
            viewport = viewport.at_scale(min(max(scale, MIN_SCALE), MAX_SCALE))
        if viewport == self._viewport:
            return
        self._viewport = viewport
        self.moved.emit(viewport)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()  # a painter left open takes the program down with it

    def _paint(self, painter: QPainter) -> None:
        frame, view, ratio = self._frame, self._viewport, self._ratio()
        if frame is None:
            painter.fillRect(self.rect(), QColor(BACKGROUND))
            return
        dx = (view.width_px - frame.viewport.width_px) / 2 / ratio
        dy = (view.height_px - frame.viewport.height_px) / 2 / ratio
        if dx > 0 or dy > 0:
            painter.fillRect(self.rect(), QColor(BACKGROUND))
        painter.drawImage(QPointF(math.floor(dx), math.floor(dy)), frame.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._ring is not None:
            self._paint_ring(painter, frame.viewport, self._ring)
        if self._box is not None:
            self._paint_box(painter, self._box)
        if self.hand is not None:
            self.hand.paint(painter, frame.viewport)
        if self.has_furniture:
            paint_furniture(painter, QRectF(self.rect()), frame.viewport, ratio)
        if self._ringed and self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(theme.current().color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_ring(self, painter: QPainter, viewport: Viewport, point: tuple[float, float]) -> None:
        px, py = viewport.to_px(*point)
        at = QPointF(px, py) / self._ratio()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, color in ((5.0, QColor(255, 255, 255, 220)), (2.5, theme.LIGHT.color("peony"))):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(at, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.LIGHT.color("peony"))
        painter.drawEllipse(at, 2.5, 2.5)

    def _paint_box(self, painter: QPainter, box: QRect) -> None:
        edge = theme.LIGHT.color("accent")
        inside = QColor(edge)
        inside.setAlphaF(0.12)
        painter.setPen(QPen(edge, 1.5))
        painter.setBrush(inside)
        painter.drawRect(QRectF(box))

    # gestures

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self._ratio()
        width, height, dpi = round(self.width() * ratio), round(self.height() * ratio), SCREEN_DPI * ratio
        if self._first_view is not None:
            first, self._first_view = self._first_view, None
            self._go(first(width, height, dpi))
            return
        view = self._viewport.resized(width, height)
        if view.dpi != dpi:  # moved to a screen of another density: the same scale
            view = replace(view, dpi=dpi, units_per_px=view.units_per_px * view.dpi / dpi)
        self._go(view)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.NativeGesture:
            return self._pinch(event)  # type: ignore[arg-type]
        if event.type() == QEvent.Type.ShortcutOverride and self.hand is not None and self.hand.wants(event):
            event.accept()  # a key of the tool, not of the window
            return True
        return super().event(event)

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._apply_zoom(1 + event.value(), event.position())
        return True

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self._zoom(NOTCH ** (turned / 120), event.position())
        event.accept()

    def _zoom(self, factor: float, at: QPointF) -> None:
        if not self.smooth:
            self._apply_zoom(factor, at)
            return
        self._zoom_left += math.log(factor)
        self._zoom_at = at
        if not self._stepper.isActive():
            self._stepper.start()
            self._step_zoom()

    def _step_zoom(self) -> None:
        part = self._zoom_left if abs(self._zoom_left) < 0.02 else self._zoom_left * 0.35
        self._zoom_left -= part
        if self._zoom_left == 0.0:
            self._stepper.stop()
        self._apply_zoom(math.exp(part), self._zoom_at)

    def _stop_zoom(self) -> None:
        self._zoom_left = 0.0
        self._stepper.stop()

    def _apply_zoom(self, factor: float, at: QPointF) -> None:
        scale = self._viewport.scale
        factor = min(max(factor, scale / MAX_SCALE), scale / MIN_SCALE)
        self._go(self._viewport.zoomed(factor, at.x() * self._ratio(), at.y() * self._ratio()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.hand is not None and not self._space and self.hand.press(event):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        elif (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self._press = at
            self._box = QRect(at.toPoint(), at.toPoint())
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._stop_zoom()
            self._press = self._last = at
            self._panning = event.button() == Qt.MouseButton.MiddleButton or self._space
            if self._panning:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._hover_at = at
        if not self._hover.isActive():
            self._hover.start()
        if self._press is None:
            if self.hand is not None:
                self.hand.move(event)
            return
        if self._box is not None:
            self._box = QRect(self._press.toPoint(), at.toPoint()).normalized()
            self.update()
            return
        if not self._panning and (at - self._press).manhattanLength() >= 4:
            self._panning = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._panning and self._last is not None:
            step = at - self._last
            self._last = at
            self.pan_by(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.hand is not None and self._press is None and self.hand.release(event):
            return
        box, panned, press = self._box, self._panning, self._press
        self._press = self._last = self._box = None
        self._panning = False
        self.rest_cursor()
        if box is not None:
            self._zoom_to_box(box)
        elif press is not None and not panned and event.button() == Qt.MouseButton.LeftButton and self.hand is None:
            self._ring = None
            x, y = self.map_point(event.position())
            self.clicked.emit(x, y, event.modifiers())
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.hand is not None and not self._space and self.hand.double(event):
            return
        back = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.button() == Qt.MouseButton.LeftButton:
            self._zoom(0.5 if back else 2.0, event.position())

    def _zoom_to_box(self, box: QRect) -> None:
        if box.width() < 4 or box.height() < 4:
            return
        x0, y1 = self.map_point(QPointF(box.topLeft()))
        x1, y0 = self.map_point(QPointF(box.bottomRight()))
        self.show_bounds((x0, y0, x1, y1), 0.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.hand is not None and self.hand.key(event):
            return
        key = event.key()
        across, down = self.width() * PAN_STEP, self.height() * PAN_STEP
        pans = {
            Qt.Key.Key_Left: (across, 0), Qt.Key.Key_Right: (-across, 0),
            Qt.Key.Key_Up: (0, down), Qt.Key.Key_Down: (0, -down),
        }  # fmt: skip
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
        elif key in pans:
            self.pan_by(*pans[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(2.0)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(0.5)
        elif key == Qt.Key.Key_Home:
            self.home_asked.emit()
        elif key == Qt.Key.Key_Space:
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.rest_cursor()
        else:
            super().keyReleaseEvent(event)

    def _escape(self) -> None:
        if self._box is not None:
            self._box = self._press = None
        elif self._ring is not None:
            self._ring = None
        else:
            self.escaped.emit()
        self.update()

    def rest_cursor(self) -> None:
        """The cursor while nothing is dragged."""
        self.setCursor(Qt.CursorShape.CrossCursor if self.hand is None else self.hand.cursor)

    def _say_hover(self) -> None:
        if self._hover_at is not None:
            self.hovered.emit(*self.map_point(self._hover_at))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover.stop()
        self._hover_at = None
        if self.hand is not None:
            self.hand.gone()
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ringed = event.reason() in (
            Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason,
        )  # fmt: skip
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        self.rest_cursor()
        super().focusOutEvent(event)
