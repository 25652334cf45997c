"""A chart of a report in the window: the same drawing, in the colours of the theme; a click tells which label."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lydigital.publish import charts
from lydigital.publish.furniture import Box, Paper
from lydigital.render.painter.fonts import QtFonts
from lydigital.ui import theme
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPaintEvent, QResizeEvent

    from lydigital.model.report import Chart

PX_PER_MM = 96 / MM_PER_INCH


@cache
def fonts() -> QtFonts:
    """The fonts of every chart; glyphs are measured once."""
    return QtFonts()


class ChartView(QWidget):
    """Shows a chart; ``chosen`` tells the number of the label that was clicked."""

    chosen = Signal(int)

    def __init__(self, height_px: int = 0) -> None:
        super().__init__()
        self._chart: Chart | None = None
        self._spots: tuple[charts.Spot, ...] = ()
        self._fixed = height_px
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def chart(self) -> Chart | None:
        return self._chart

    def show_chart(self, chart: Chart | None) -> None:
        """Show ``chart``, or nothing."""
        self._chart, self._spots = chart, ()
        self.setVisible(chart is not None)
        if chart is None:
            return
        high = self._fixed or round(charts.height_of(chart, look()) * PX_PER_MM)
        self.setFixedHeight(high)
        self.setAccessibleName(chart.title)
        said = [f"{name} {charts.written(chart, k, chart.series[0].values[k])}" for k, name in enumerate(chart.labels)]
        self.setAccessibleDescription("; ".join(said[:40]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height() if self._chart is not None else 0)

    def spot_at(self, at: QPointF) -> charts.Spot | None:
        """What was drawn under a place of the widget; a row of bars is one target."""
        x, y = at.x() / PX_PER_MM, at.y() / PX_PER_MM
        best, nearest = None, 4.0
        for spot in self._spots:
            box = spot.box
            dx, dy = max(box.x - x, x - box.right, 0.0), max(box.y - y, y - box.bottom, 0.0)
            if dx + dy < nearest:
                best, nearest = spot, dx + dy
        return best

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._chart is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(PX_PER_MM, PX_PER_MM)
        box = Box(0.3, 0.3, self.width() / PX_PER_MM - 0.6, self.height() / PX_PER_MM - 0.6)
        self._spots = charts.draw(Paper(painter, fonts()), box, self._chart, look())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self.spot_at(event.position())
        if spot is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(spot.label)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._chart is not None:
            spot, chart = self.spot_at(QPointF(event.pos())), self._chart
            if spot is None:
                QToolTip.hideText()
                return True
            series = chart.series[spot.series]
            text = charts.written(chart, spot.label, series.values[spot.label], spot.series)
            name = f"{chart.labels[spot.label]} · {series.name}" if len(chart.series) > 1 else chart.labels[spot.label]
            QToolTip.showText(event.globalPos(), f"{name}: {text} {chart.unit}".rstrip(), self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()


def look() -> charts.Look:
    """Colours of the theme in force."""
    return charts.DARK if theme.current().name == "dark" else charts.Look()
