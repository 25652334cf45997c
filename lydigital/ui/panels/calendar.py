"""A month to choose a day from, below the field it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QFrame, QToolButton, QWidget

from lydigital import texts
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.widgets import column, link, row

if TYPE_CHECKING:
    from datetime import date

_LOCALES = {"zh": QLocale.Language.Chinese, "en": QLocale.Language.English}


class Calendar(QFrame):
    """Tells of the day chosen and goes away; Esc or a click beside it chooses nothing."""

    chosen = Signal(object)  # a date

    def __init__(self, parent: QWidget, day: date) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.month = QCalendarWidget()
        self.month.setLocale(QLocale(_LOCALES.get(texts.language(), QLocale.Language.English)))
        self.month.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.month.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.month.setSelectedDate(QDate(day.year, day.month, day.day))
        self.month.setAccessibleName(tr("Calendar"))
        self._dress()
        self.month.clicked.connect(self._choose)
        self.month.activated.connect(self._choose)
        box = column(self, margin=6, spacing=2)
        box.addWidget(self.month)
        line = row()
        line.addWidget(link(tr("Today"), lambda: self._choose(QDate.currentDate())))
        line.addStretch(1)
        box.addLayout(line)

    def open_below(self, field: QWidget) -> None:
        """Show it at ``field``, above where there is no room below."""
        self.adjustSize()
        at = field.mapToGlobal(QPoint(field.width() - self.width(), field.height() + 2))
        screen = field.screen().availableGeometry()
        if at.y() + self.height() > screen.bottom():
            at.setY(field.mapToGlobal(QPoint(0, 0)).y() - self.height() - 2)
        at.setX(min(max(at.x(), screen.left()), screen.right() - self.width()))
        self.move(at)
        self.show()
        self.month.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _choose(self, day: QDate) -> None:
        self.chosen.emit(day.toPython())
        self.close()

    def _dress(self) -> None:
        t = theme.current()
        plain, head = QTextCharFormat(), QTextCharFormat()
        plain.setForeground(t.color("ink"))
        head.setForeground(t.color("ink_faint"))
        for day in Qt.DayOfWeek:
            self.month.setWeekdayTextFormat(day, plain)
        self.month.setHeaderTextFormat(head)
        for name, icon in (("qt_calendar_prevmonth", "chevron-left"), ("qt_calendar_nextmonth", "chevron-right")):
            button = self.month.findChild(QToolButton, name)
            if button is not None:
                button.setIcon(icons.icon(icon))
        ground, ink, chosen = t.color("surface").name(), t.color("ink").name(), t.color("accent").name()
        self.month.setStyleSheet(
            f"QCalendarWidget QWidget {{ background: {ground}; color: {ink}; alternate-background-color: {ground}; }}"
            f"QCalendarWidget QAbstractItemView {{ outline: 0; border: none; selection-background-color: {chosen};"
            f" selection-color: {t.color('on_accent').name()}; }}"
            f"QCalendarWidget QAbstractItemView:disabled {{ color: {t.color('ink_faint').name()}; }}"
            "QCalendarWidget QToolButton { border: none; padding: 4px 8px; }"
            "QCalendarWidget QToolButton::menu-indicator { image: none; }"
        )
