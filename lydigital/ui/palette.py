"""The command palette: type what you want, Enter does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.widgets import column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.search import Entry

Index = QModelIndex | QPersistentModelIndex

WIDTH = 600
ROW_PX = 40
SHOWN = 9
TYPING_MS = 40


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return entry.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.disabled
        return None

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()


class _Row(QStyledItemDelegate):
    """Icon, title over detail, shortcut at the right; a disabled entry says why."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        t = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect.adjusted(6, 1, -6, -1)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(QRectF(area), theme.RADIUS, theme.RADIUS)
        off = entry.disabled is not None
        ink = t.color("ink_faint" if off else "ink")
        icons.draw(painter, entry.icon, QRectF(area.left() + 10, area.center().y() - 8.5, 18, 18),
                   t.color("ink_faint" if off else "accent"))  # fmt: skip
        right = area.right() - 10
        if entry.shortcut:
            right = self._keys(painter, right, area, entry.shortcut)
        detail = entry.disabled if entry.disabled is not None else entry.detail
        small, face = theme.font(theme.SMALL_PX), theme.font(theme.FONT_PX, QFont.Weight.Medium)
        left = area.left() + 40
        room = right - left - 8
        title = QFontMetrics(face).elidedText(entry.title, Qt.TextElideMode.ElideMiddle, room)
        wide = QFontMetrics(face).horizontalAdvance(title)
        painter.setFont(face)
        painter.setPen(ink)
        line = QRect(left, area.top(), room, area.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        if detail and room - wide > 60:
            painter.setFont(small)
            painter.setPen(t.color("warn" if off else "ink_faint"))
            line.setLeft(left + wide + 12)
            words = QFontMetrics(small).elidedText(detail, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()

    def _keys(self, painter: QPainter, right: int, area: QRect, shortcut: str) -> int:
        t = theme.current()
        face = theme.font(11)
        painter.setFont(face)
        for key in reversed(shortcut.replace("++", "+Plus").split("+")):
            width = QFontMetrics(face).horizontalAdvance(key) + 10
            box = QRectF(right - width, area.center().y() - 8.5, width, 18)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.color("line_strong"), 1))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(t.color("ink_soft"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
            right -= width + 4
        return right - 6


class Palette(QFrame):
    """Lies over the window; ``source(query)`` gives the entries."""

    closed = Signal()

    def __init__(self, parent: QWidget, source: Callable[[str], list[Entry]]) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self._source = source
        self._shown_for = ""
        self._typing = QTimer(self, interval=TYPING_MS, singleShot=True)
        self._top = QPoint()
        box = column(self, spacing=0)
        head = row(spacing=8)
        head.setContentsMargins(14, 8, 12, 8)
        self._glass = label()
        self.field = QLineEdit()
        self.field.textChanged.connect(lambda _text: self._typing.start())
        self.field.installEventFilter(self)
        self._escape = QToolButton()
        self._escape.setText("Esc")
        self._escape.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._escape.clicked.connect(self.close_palette)
        head.addWidget(self._glass)
        head.addWidget(self.field, 1)
        head.addWidget(self._escape)
        box.addLayout(head)
        box.addWidget(rule())
        self._model = _Model()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._run)
        self.list.setContentsMargins(0, 0, 0, 0)
        body = column()
        body.setContentsMargins(0, 6, 0, 6)
        body.addWidget(self.list)
        box.addLayout(body)
        self._empty = label(role="faint", wrap=True)
        self._empty.setContentsMargins(20, 14, 20, 16)
        box.addWidget(self._empty)
        self._typing.timeout.connect(self.refresh)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        self.field.setPlaceholderText(tr("Search places, coordinates, layers, commands"))
        self.field.setAccessibleName(tr("Search"))
        self._glass.setPixmap(icons.icon("magnify", "accent").pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self._empty.setText(
            tr(
                "Nothing found. Try a name, pinyin initials, or coordinates such as 112.45, 34.62 or 632982 3833393."
            )
        )

    @property
    def entries(self) -> list[Entry]:
        return list(self._model.entries)

    def open_at(self, top: QPoint, text: str = "") -> None:
        """Show the palette with its upper middle at ``top`` of the parent."""
        self._top = top
        self.field.setText(text)
        self._typing.stop()
        self.retranslate()
        self.refresh()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        self._shown_for = self.field.text()
        self._model.show(self._source(self._shown_for))
        count = len(self._model.entries)
        self.list.setVisible(count > 0)
        self._empty.setVisible(count == 0)
        first = next((i for i, e in enumerate(self._model.entries) if e.disabled is None), 0)
        self.list.setCurrentIndex(self._model.index(first))
        width = min(WIDTH, self.window().width() - 32)
        height = 51 + (12 + min(count, SHOWN) * ROW_PX if count else 64)
        self.setGeometry(self._top.x() - width // 2, self._top.y(), width, height)

    def close_palette(self) -> None:
        self.hide()
        self.closed.emit()

    def choose(self) -> None:
        """Do what is marked."""
        self._typing.stop()
        if self._shown_for != self.field.text():
            self.refresh()
        self._run(self.list.currentIndex())

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry = self._model.entries[index.row()]
        if entry.disabled is not None:
            return
        self.close_palette()
        entry.run()

    def eventFilter(self, watched, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress:
            key = event.key()  # type: ignore[attr-defined]
            moves = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: SHOWN,
                Qt.Key.Key_PageUp: -SHOWN,
            }
            if key in moves and self._model.entries:
                at = min(max(self.list.currentIndex().row() + moves[key], 0), len(self._model.entries) - 1)
                self.list.setCurrentIndex(self._model.index(at))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.choose()
                return True
            if key == Qt.Key.Key_Escape:
                self.close_palette()
                return True
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            QTimer.singleShot(0, self, self._close_if_left)
        return super().eventFilter(watched, event)

    def _close_if_left(self) -> None:
        window = self.window()
        if self.isVisible() and window.isActiveWindow() and not self.field.hasFocus():
            self.close_palette()
