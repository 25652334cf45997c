"""Pieces of the workspace 预警: a step that folds, level chips, the rain of one gauge, the list of townships, a table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from lydigital.model.rainfall import BEIJING
from lydigital.texts import tr
from lydigital.ui import theme
from lydigital.ui.tools.warning import COLOURS, NAMES, NUMERALS
from lydigital.ui.widgets import Badge, clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lydigital.model.rainfall import RainSeries
    from lydigital.model.warning import TownshipLevel

CODE = Qt.ItemDataRole.UserRole


def chip(level: int, *, wide: int = 20, high: int = 16, ratio: float = 2.0) -> QPixmap:
    """The numeral of a level on its colour; a dash for none."""
    picture = QPixmap(QSize(wide, high) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(0.5, 0.5, wide - 1, high - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(COLOURS[level]) if level in COLOURS else theme.current().color("sunken"))
    painter.drawRoundedRect(box, 3, 3)
    face = theme.font(11)
    face.setWeight(face.Weight.Bold)
    painter.setFont(face)
    painter.setPen(QColor("#ffffff" if level in (1, 4) else "#22262b") if level in COLOURS else theme.current().color("ink_faint"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, NUMERALS.get(level, "–"))
    painter.end()
    return picture


class LevelChoice(QWidget):
    """One of the four levels, or none, as chips."""

    chosen = Signal(int)

    def __init__(self, *, none: bool = False) -> None:
        super().__init__()
        line = row(self, spacing=3)
        self.buttons: dict[int, QToolButton] = {}
        for level in (1, 2, 3, 4, *((0,) if none else ())):
            button = QToolButton()
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setIcon(QIcon(chip(level, wide=26, high=18)))
            button.setIconSize(QSize(26, 18))
            button.setFixedSize(36, 26)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            text = tr(NAMES[level]) if level else tr("No level")
            button.setToolTip(f"{text} ({level})" if level else text)
            button.setAccessibleName(text)
            button.clicked.connect(lambda _=False, v=level: self.chosen.emit(v))
            line.addWidget(button)
            self.buttons[level] = button
        line.addStretch(1)

    @property
    def level(self) -> int:
        return next((v for v, b in self.buttons.items() if b.isChecked()), 0)

    def show_level(self, level: int) -> None:
        self.buttons[level].setChecked(True)


class StationChart(QWidget):
    """Hourly rain of one gauge as bars, its sum as a line; what is missing is hatched, never zero."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(98)
        self._series: RainSeries | None = None
        self._row = -1

    def show_gauge(self, series: RainSeries | None, row_: int) -> None:
        self._series, self._row = series, row_
        if series is not None and 0 <= row_ < len(series.gauges):
            rain = series.rain_mm[row_]
            self.setAccessibleName(tr("Rain of {gauge}: {sum} mm in all, {most} mm at most", gauge=series.names[row_] or series.gauges[row_],
                                      sum=f"{np.nansum(rain):.1f}", most=f"{np.nanmax(rain, initial=0.0):.1f}"))  # fmt: skip
            self.setToolTip(self.accessibleName())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        series = self._series
        if series is None or not 0 <= self._row < len(series.gauges):
            return
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(10))
        box = QRectF(28, 8, self.width() - 28 - 34, self.height() - 26)
        rain = series.rain_mm[self._row]
        known = np.isfinite(rain)
        total = np.cumsum(np.where(known, rain, 0.0))
        top, all_ = max(float(np.nanmax(rain, initial=0.0)), 1.0), max(float(total[-1]), 1.0)
        wide = box.width() / len(rain)
        painter.setPen(QPen(t.color("line"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setPen(Qt.PenStyle.NoPen)
        gap = t.color("warn")
        gap.setAlphaF(0.22)
        for i in range(len(rain)):
            x = box.left() + i * wide
            if not known[i]:
                painter.setBrush(gap)
                painter.drawRect(QRectF(x, box.top(), wide, box.height()))
            elif rain[i] > 0:
                painter.setBrush(QColor("#3d7cc9"))
                high = box.height() * float(rain[i]) / top
                painter.drawRect(QRectF(x + 0.15 * wide, box.bottom() - high, max(0.7 * wide, 1.0), high))
        painter.setPen(QPen(t.color("peony"), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = [QPointF(box.left() + (i + 1) * wide, box.bottom() - box.height() * float(v) / all_) for i, v in enumerate(total)]
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(t.color("ink_faint"))
        right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, box.top() - 7, 25, 14), right | middle, f"{top:.0f}")
        painter.drawText(QRectF(0, box.bottom() - 7, 25, 14), right | middle, "0")
        painter.setPen(t.color("peony"))
        painter.drawText(QRectF(box.right() + 4, box.top() - 7, 32, 14), middle, f"{all_:.0f}")
        painter.setPen(t.color("ink_faint"))
        last = -99.0
        for i in range(len(rain)):
            at = (series.first + timedelta(hours=i * series.step_h)).astimezone(BEIJING)
            x = box.left() + (i + 1) * wide
            if at.hour == 20 or (series.step_h == 24 and i % 5 == 0):
                painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 3))
                if x - last > 44:
                    painter.drawText(QRectF(x - 30, box.bottom() + 4, 60, 13), Qt.AlignmentFlag.AlignCenter, f"{at:%m-%d %H}")
                    last = x


class TownshipTree(QTreeWidget):
    """Townships with their levels, highest first; Enter or a click shows one on the map."""

    shown = Signal(str)

    def __init__(self, rows: int = 7) -> None:
        super().__init__()
        self.setColumnCount(3)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(20, 16))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(rows * 24 + 4)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for k in (1, 2):
            head.setSectionResizeMode(k, QHeaderView.ResizeMode.ResizeToContents)
        self.setStyleSheet("QTreeView::item { height: 24px; } QTreeView::item:selected { background: palette(midlight); }")
        self.setAccessibleName(tr("Townships with their levels"))
        self.itemClicked.connect(lambda item: self.shown.emit(str(item.data(0, CODE))))
        self.itemActivated.connect(lambda item: self.shown.emit(str(item.data(0, CODE))))

    @property
    def code(self) -> str:
        item = self.currentItem()
        return "" if item is None else str(item.data(0, CODE))

    def show_townships(self, townships: Iterable[TownshipLevel], level: int = 0) -> None:
        """Those of one level, or all."""
        kept = self.code
        self.clear()
        icons_ = {v: QIcon(chip(v)) for v in COLOURS}
        for town in sorted(townships, key=lambda t: (int(t.level), t.county_code, -t.share)):
            if level and int(town.level) != level:
                continue
            mark = "✎ " if town.override is not None else ""
            points = tr("{count} pts", count=town.points) if town.points else ""
            item = QTreeWidgetItem([f"{mark}{town.name}  {town.county}", points, f"{100 * town.share:.0f} %" if town.share else ""])
            item.setIcon(0, icons_[int(town.level)])
            item.setData(0, CODE, town.code)
            item.setForeground(1, theme.current().color("ink_faint"))
            item.setForeground(2, theme.current().color("ink_faint"))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if town.override is not None:
                item.setToolTip(0, f"{town.override.by}: {town.override.reason}")
            self.addTopLevelItem(item)
            if town.code == kept:
                self.setCurrentItem(item)

    def choose(self, code: str) -> None:
        """Put the cursor on a township."""
        for i in range(self.topLevelItemCount()):
            item = self.topLevelItem(i)
            if item is not None and item.data(0, CODE) == code:
                self.setCurrentItem(item)
                return


class Notes(QFrame):
    """A few findings with what to do, quiet until there are any."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._box = column(self, margin=8, spacing=4)
        self.hide()

    def show_texts(self, texts: Sequence[tuple[str, str]], level: str = "warning") -> None:
        """Pairs of what is the matter and what helps."""
        clear(self._box)
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        for text, hint in texts:
            line = row(spacing=7)
            line.addWidget(Badge("alert-outline" if level != "note" else "information-outline", 18, "warn" if level != "note" else "accent"), 0, Qt.AlignmentFlag.AlignTop)  # fmt: skip
            words = label(text, "faint", wrap=True)
            words.setToolTip(hint)
            line.addWidget(words, 1)
            self._box.addLayout(line)
        self.setVisible(bool(texts))


def pair(name: str, widget: QWidget, *more: QWidget):
    """A line: a faint name, then what it is."""
    line = row(spacing=6)
    words = label(name, "faint")
    words.setMinimumWidth(52)
    line.addWidget(words)
    line.addWidget(widget, 1)
    for other in more:
        line.addWidget(other)
    return line
