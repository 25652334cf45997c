"""Small pieces the window is made of. Each knows how to say its texts again after a language switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lydigital.texts import tr
from lydigital.ui import icons, theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtWidgets import QBoxLayout, QLayout


class IconButton(QToolButton):
    """A button that shows an icon; its words are the tooltip and the accessible name."""

    def __init__(
        self, icon: str, text: str, shortcut: str = "", *, size: int = 18, role: str = "ink_soft"
    ) -> None:
        super().__init__()
        self._text = text
        self._shortcut = shortcut
        self.setIcon(icons.icon(icon, role))
        self.setIconSize(QSize(size, size))
        self.setFixedSize(theme.ROW, theme.ROW)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def say(self, text: str) -> None:
        """Another (already translated) text; also the reason why the button is disabled."""
        self.setToolTip(text)
        self.setAccessibleName(text)

    def retranslate(self) -> None:
        text = tr(self._text)
        self.say(f"{text} ({self._shortcut})" if self._shortcut else text)


class Segmented(QFrame):
    """One of several, side by side."""

    chosen = Signal(str)

    def __init__(self, items: Iterable[tuple[str, str, str]]) -> None:
        """``items`` are id, English text, icon."""
        super().__init__()
        self.setObjectName("segments")
        self.setFixedHeight(32)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._buttons: dict[str, tuple[QToolButton, str]] = {}
        for number, (item, text, icon) in enumerate(items, 1):
            button = QToolButton()
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setIcon(icons.icon(icon))
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setShortcut(f"Ctrl+{number}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, item=item: self.chosen.emit(item))
            row.addWidget(button)
            self._buttons[item] = (button, text)
        self.retranslate()

    def choose(self, item: str) -> None:
        if item in self._buttons:
            self._buttons[item][0].setChecked(True)

    def retranslate(self) -> None:
        for number, (button, text) in enumerate(self._buttons.values(), 1):
            button.setText(tr(text))
            button.setShortcut(f"Ctrl+{number}")  # setText resets it
            button.setToolTip(f"{tr(text)} (Ctrl+{number})")
            button.setAccessibleName(tr(text))


class Elided(QLabel):
    """A line of text that ends in … where room ends; the tooltip holds the whole."""

    def __init__(
        self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__()
        self._whole = text
        self._mode = mode
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._whole = text
        self._fit()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, max(self.width(), 24))
        if shown != self.text():
            super().setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
        self.setAccessibleName(self._whole)


class Mark(QWidget):
    """The program's mark."""

    def __init__(self, size: int = 24) -> None:
        super().__init__()
        self.setFixedSize(size, size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.paint_mark(painter, QRectF(self.rect()))


class SearchButton(QWidget):
    """The search box of the top bar: looks like a field, opens the palette."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("search")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(30)
        self.setMinimumWidth(160)
        self.setMaximumWidth(420)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 8, 0)
        row.setSpacing(8)
        glass = QLabel()
        glass.setPixmap(icons.icon("magnify", "ink_faint").pixmap(16, 16))
        self._glass = glass
        self._words = Elided(role="faint")
        key = QLabel("Ctrl K")
        key.setProperty("role", "key")
        row.addWidget(glass)
        row.addWidget(self._words, 1)
        key.setFixedHeight(18)
        row.addWidget(key, 0, Qt.AlignmentFlag.AlignVCenter)
        self.retranslate()

    def retranslate(self) -> None:
        self._words.setText(tr("Search places, coordinates, layers, commands"))
        self._glass.setPixmap(
            icons.icon("magnify", "ink_faint").pixmap(QSize(16, 16), self.devicePixelRatioF())
        )
        self.setAccessibleName(tr("Search"))

    def mousePressEvent(self, event) -> None:
        self.opened.emit()

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Down):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class Page(QWidget):
    """A page of the card at the right."""

    extra_px = 0  # width that it needs beyond the usual

    def ideal_height(self, width: int) -> int:
        """Height at which nothing has to be scrolled."""
        return self.sizeHint().height()

    def set_scrolling(self, needed: bool) -> None:
        """Whether the page got less height than that."""


class Badge(QWidget):
    """An icon on a tinted rounded square: heads of cards and empty states."""

    def __init__(self, icon: str, size: int = 32, role: str = "accent") -> None:
        super().__init__()
        self._icon = icon
        self._role = role
        self.setFixedSize(size, size)

    def show_icon(self, icon: str, role: str = "accent") -> None:
        self._icon, self._role = icon, role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = icons.colour(self._role)
        ground.setAlphaF(0.14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        radius = self.width() / 4
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        side = self.width() * 0.58
        inner = QRectF(0, 0, side, side)
        inner.moveCenter(QRectF(self.rect()).center())
        icons.draw(painter, self._icon, inner, icons.colour(self._role))


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A label with a role of the style sheet."""
    made = QLabel(text)
    if role:
        made.setProperty("role", role)
    if wrap:
        made.setWordWrap(True)
        made.setMinimumWidth(1)
    return made


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def link(text: str, action: Callable[[], object]) -> QPushButton:
    """A quiet button that reads like a link."""
    button = QPushButton(text)
    button.setProperty("link", "true")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda _=False: action())
    return button


def column(parent: QWidget | None = None, *, margin: int = 0, spacing: int = 0) -> QVBoxLayout:
    box = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    box.setContentsMargins(margin, margin, margin, margin)
    box.setSpacing(spacing)
    return box


def row(parent: QWidget | None = None, *, margin: int = 0, spacing: int = 4) -> QHBoxLayout:
    box = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    box.setContentsMargins(margin, margin, margin, margin)
    box.setSpacing(spacing)
    return box


def clear(layout: QLayout | QBoxLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()  # one added just now waits to be shown, and would be as a window of its own
            widget.setParent(None)
            widget.deleteLater()
        inner = item.layout()
        if inner is not None:
            clear(inner)


def soft_shadow(painter: QPainter, rect: QRectF, radius: float, reach: int = 6) -> None:
    """A quiet shadow under a rounded rectangle, painted as rings (a graphics effect would repaint the map)."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    base = QColor(theme.current().shadow)
    for k in range(reach):
        ring = QColor(base)
        ring.setAlphaF(base.alphaF() * (1 - k / reach) ** 2 * 0.35)
        painter.setPen(QPen(ring, 1))
        painter.drawRoundedRect(rect.adjusted(-k, -k + 1, k, k + 1), radius + k, radius + k)


def bold(font: QFont) -> QFont:
    face = QFont(font)
    face.setWeight(QFont.Weight.DemiBold)
    return face
