"""Controls of the form at the right. Each shows a value, and tells what the user makes of it: ``changed`` (the value)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QGridLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.widgets import IconButton, column, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtGui import QKeyEvent

LIVE_MS = 250  # after the last key, what is typed is tried
COLORS = (
    "#22262b", "#50555c", "#6b7280", "#b9bec6", "#e5e7eb", "#ffffff", "#0f766e", "#14b8a6", "#1d4ed8", "#60a5fa",
    "#b3261e", "#ef4444", "#c2410c", "#f59e0b", "#ca8a04", "#fde68a", "#15803d", "#86efac", "#7c3aed", "#c084fc",
)  # fmt: skip


class Number(QLineEdit):
    """A number with its unit; arrow keys step it. ``None`` where it may be empty and is."""

    changed = Signal(object)

    def __init__(self, unit: str = "", *, least: float = -1e9, most: float = 1e9, step: float = 1.0, whole: bool = False, empty: str | None = None) -> None:
        super().__init__()
        self._unit, self._least, self._most, self._step, self._whole, self._empty = unit, least, most, step, whole, empty
        self._value: float | None = None
        self.setMinimumWidth(40)
        if empty is not None:
            self.setPlaceholderText(empty)
        self.editingFinished.connect(self._typed)

    def show_value(self, value: float | None) -> None:
        self._value = value
        if not self.hasFocus() or self.property("bad"):
            self._say()

    def _say(self) -> None:
        self._mark(bad=False)
        text = "" if self._value is None else f"{round(self._value, 2):g}" if abs(self._value) < 1e5 else f"{self._value:.0f}"
        self.setText(f"{text} {self._unit}".strip() if text else "")
        self.setCursorPosition(0)

    def _mark(self, *, bad: bool) -> None:
        if bool(self.property("bad")) != bad:
            self.setProperty("bad", bad)
            self.style().unpolish(self)
            self.style().polish(self)

    def _parsed(self) -> float | None:
        words = self.text().replace("，", ".").replace(",", ".").removesuffix(self._unit).strip()
        if not words and self._empty is not None:
            return None
        if words.startswith("1:"):
            words = words[2:].replace(" ", "")
        return float(words)

    def _typed(self) -> None:
        try:
            value = self._parsed()
        except ValueError:
            self._mark(bad=True)
            return
        if value is not None:
            value = min(max(value, self._least), self._most)
            value = round(value) if self._whole else value
        if value != self._value and not (value is not None and self._value is not None and abs(value - self._value) < 0.005):
            self._value = value
            self.changed.emit(value)
        self._say()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if way is None or self._value is None:
            super().keyPressEvent(event)
            return
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        value = min(max(self._value + way * far * self._step, self._least), self._most)
        if value != self._value:
            self._value = round(value, 4)
            self._say()
            self.changed.emit(self._value)


class Toggle(QCheckBox):
    """Yes or no; the box is seen in every theme."""

    changed = Signal(object)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setFixedHeight(24)
        self.clicked.connect(lambda on: self.changed.emit(on))  # noqa: PLW0108 - a signal has no signature to look at

    def show_value(self, value: bool) -> None:
        self.setChecked(value)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = theme.current()
        box = QRectF(1, self.height() / 2 - 8, 16, 16)
        on = self.isChecked()
        painter.setPen(QPen(t.color("accent" if on or self.hasFocus() else "ink_faint"), 1.3))
        painter.setBrush(t.color("accent" if on else "surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3.5, 3.5)
        if on:
            icons.draw(painter, "check-bold", box.adjusted(2, 2, -2, -2), t.color("on_accent"))
        painter.setPen(t.color("ink"))
        painter.setFont(self.font())
        place = QRectF(25, 0, self.width() - 25, self.height())
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, int((Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft).value), words)


class Words(QLineEdit):
    """One line of text, told while it is typed."""

    changed = Signal(object)

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self._later = QTimer(self, interval=LIVE_MS, singleShot=True)
        self._later.timeout.connect(self._tell)
        self._value = ""
        self.textEdited.connect(lambda _text: self._later.start())
        self.editingFinished.connect(self._tell)

    def show_value(self, value: str) -> None:
        self._value = value
        if not self._later.isActive() and self.text() != value:
            self.setText(value)

    def _tell(self) -> None:
        self._later.stop()
        if self.text() != self._value:
            self._value = self.text()
            self.changed.emit(self._value)


class Paragraph(QWidget):
    """Several lines with bold words and placeholders, told while they are typed."""

    changed = Signal(object)

    def __init__(self, holes: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """``holes`` gives names of placeholders and what they are now."""
        super().__init__()
        self._holes, self._value = holes, ""
        box = column(self, spacing=3)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(96)
        box.addWidget(self.text)
        tools = row(spacing=2)
        self.bold = IconButton("format-bold", "Bold", "Ctrl+B", size=16)
        self.bold.clicked.connect(self.make_bold)
        self.hole = QToolButton()
        self.hole.setText(tr("Insert a value"))
        self.hole.setIcon(icons.icon("code-braces"))
        self.hole.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.hole.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.hole)
        self.menu.aboutToShow.connect(self._offer)
        self.hole.setMenu(self.menu)
        tools.addWidget(self.bold)
        tools.addWidget(self.hole)
        tools.addStretch(1)
        box.addLayout(tools)
        self._later = QTimer(self, interval=LIVE_MS, singleShot=True)
        self._later.timeout.connect(self._tell)
        self.text.textChanged.connect(self._later.start)

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self.text.setAccessibleName(name)

    def show_value(self, value: str) -> None:
        self._value = value
        if not self._later.isActive() and self.text.toPlainText() != value:
            self.text.blockSignals(True)
            self.text.setPlainText(value)
            self.text.blockSignals(False)

    def make_bold(self) -> None:
        """The chosen words bold, or no longer."""
        cursor = self.text.textCursor()
        words = cursor.selectedText()
        is_bold = len(words) > 4 and words.startswith("**") and words.endswith("**")
        cursor.insertText(words[2:-2] if is_bold else f"**{words}**")
        self.text.setFocus()

    def insert(self, name: str) -> None:
        self.text.insertPlainText(f"{{{name}}}")
        self.text.setFocus()

    def _offer(self) -> None:
        self.menu.clear()
        for name, now in self._holes():
            short = now if len(now) <= 28 else now[:27] + "…"
            self.menu.addAction(f"{{{name}}}\t{short}").triggered.connect(lambda _=False, name=name: self.insert(name))

    def _tell(self) -> None:
        text = self.text.toPlainText()
        if text != self._value:
            self._value = text
            self.changed.emit(text)


class Ticks(QPushButton):
    """Some of many: a button that opens a list to tick. ``None`` stands for ``of_all`` where that is named."""

    changed = Signal(object)

    def __init__(self, offers: Callable[[], Sequence[tuple[str, str]]], none: str, of_all: str | None = None) -> None:
        super().__init__()
        self._offers, self._none, self._all = offers, none, of_all
        self._value: tuple[str, ...] | None = ()
        self.setObjectName("field-button")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.menu_ = QMenu(self)
        self.menu_.aboutToShow.connect(self.fill)
        self.clicked.connect(lambda _=False: self.menu_.popup(self.mapToGlobal(QPoint(0, self.height() + 2))))

    def show_value(self, value: tuple[str, ...] | None) -> None:
        self._value = value
        names = dict(self._offers())
        words = self._all if value is None else ", ".join(names.get(v, v) for v in value) or self._none
        self.setText(self.fontMetrics().elidedText(str(words), Qt.TextElideMode.ElideRight, 170))
        self.setToolTip(str(words))

    def fill(self) -> None:
        """Offer what there is now."""
        self.menu_.clear()
        if self._all is not None:
            first = self.menu_.addAction(self._all)
            first.setCheckable(True)
            first.setChecked(self._value is None)
            first.triggered.connect(lambda on: self._tell(None if on else ()))
            self.menu_.addSeparator()
        for value, name in self._offers():
            action = self.menu_.addAction(name)
            action.setCheckable(True)
            action.setChecked(self._value is not None and value in self._value)
            action.triggered.connect(lambda on, value=value: self._ticked(value, on=on))

    def _ticked(self, value: str, *, on: bool) -> None:
        mine = self._value or ()
        self._tell((*mine, value) if on else tuple(v for v in mine if v != value))

    def _tell(self, value: tuple[str, ...] | None) -> None:
        self.show_value(value)
        self.changed.emit(value)


class Color(QPushButton):
    """A colour, from a small palette or any; "" for none where ``can_be_none``."""

    changed = Signal(object)

    def __init__(self, *, can_be_none: bool) -> None:
        super().__init__()
        self._can_be_none, self._value = can_be_none, ""
        self.setObjectName("field-button")
        self.setIconSize(QSize(34, 14))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)

    def show_value(self, value: str) -> None:
        self._value = value
        self.setIcon(QIcon(_swatch(value, QSize(34, 14), self.devicePixelRatioF())))
        self.setText(value or tr("None"))

    def choose(self, value: str) -> None:
        """Choose as the user does."""
        self.show_value(value)
        self.changed.emit(value)

    def _open(self) -> None:
        popup = _Palette(self, self._value, can_be_none=self._can_be_none)
        popup.chosen.connect(self.choose)
        popup.more.connect(self._ask)
        popup.open_below(self)

    def _ask(self) -> None:
        dialog = QColorDialog(qt_color(self._value), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.ShowAlphaChannel)
        dialog.colorSelected.connect(lambda c: self.choose(c.name() + (f"{c.alpha():02x}" if c.alpha() < 255 else "")))
        dialog.open()


class _Palette(QWidget):
    chosen = Signal(str)
    more = Signal()

    def __init__(self, parent: QWidget, value: str, *, can_be_none: bool) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = column(self, margin=8, spacing=6)
        grid = QGridLayout()
        grid.setSpacing(2)
        for i, color in enumerate(COLORS):
            button = QToolButton()
            button.setIcon(QIcon(_swatch(color, QSize(18, 18), self.devicePixelRatioF())))
            button.setIconSize(QSize(18, 18))
            button.setChecked(color == value)
            button.setToolTip(color)
            button.setAccessibleName(color)
            button.clicked.connect(lambda _=False, color=color: self._choose(color))
            grid.addWidget(button, i // 10, i % 10)
        box.addLayout(grid)
        line = row(spacing=4)
        typed = QLineEdit(value)
        typed.setPlaceholderText("#rrggbb")
        typed.setAccessibleName(tr("Colour"))
        typed.returnPressed.connect(lambda: self._choose(typed.text().strip()) if QColor(typed.text().strip()).isValid() else None)
        line.addWidget(typed, 1)
        for words, action in (((tr("None"), lambda: self._choose("")),) if can_be_none else ()) + ((tr("More…"), self._more),):
            button = QToolButton()
            button.setText(words)
            button.clicked.connect(lambda _=False, action=action: action())
            line.addWidget(button)
        box.addLayout(line)

    def open_below(self, widget: QWidget) -> None:
        place = widget.mapToGlobal(QPoint(0, widget.height() + 2))
        self.adjustSize()
        screen = widget.screen().availableGeometry()
        self.move(min(place.x(), screen.right() - self.width()), min(place.y(), screen.bottom() - self.height()))
        self.show()

    def _choose(self, color: str) -> None:
        self.chosen.emit(color)
        self.close()

    def _more(self) -> None:
        self.more.emit()
        self.close()


def qt_color(text: str) -> QColor:
    """``#rrggbb`` or ``#rrggbbaa``; Qt itself takes the alpha first."""
    return QColor(f"#{text[7:]}{text[1:7]}") if len(text) == len("#rrggbbaa") else QColor(text)


def _swatch(color: str, size: QSize, ratio: float) -> QPixmap:
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.current().color("line_strong"), 1))
    box = QRectF(0.5, 0.5, size.width() - 1, size.height() - 1)
    if color:
        painter.setBrush(qt_color(color))
    painter.drawRoundedRect(box, 3, 3)
    if not color:
        painter.drawLine(box.bottomLeft(), box.topRight())
    painter.end()
    return picture


def changes_of(widget: Any) -> Any:
    """The signal that tells what the user makes of a control."""
    return widget.changed if hasattr(widget, "changed") else widget.chosen
