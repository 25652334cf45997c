"""Pieces of the workspace 应急: a list of two-line rows that are all clicked, and the large facts above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QToolButton,
)

from lydigital.texts import tr
from lydigital.ui import icons, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent
    from PySide6.QtWidgets import QStyleOptionViewItem

    from lydigital.model.emergency import Resource

HEAD_PX, LINE_PX, PAD_PX, MARK_PX = 26, 17, 5, 20
_ITEM = Qt.ItemDataRole.UserRole
_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft


@dataclass(frozen=True)
class Item:
    """A row: ``title`` and ``value`` in the first line, ``below`` and ``value_below`` fainter in the second.

    ``color`` and ``glyph`` make its mark; ``role`` is a colour of the theme for the value ("" usual); a ``head`` is no row
    but the title of those that follow; ``wraps`` lets ``below`` have as many lines as it needs.
    """

    code: str
    title: str
    value: str = ""
    below: str = ""
    value_below: str = ""
    color: str = ""
    glyph: str = ""
    role: str = ""
    note: str = ""
    is_head: bool = False
    is_inner: bool = False
    wraps: bool = False


class _Items(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.items: Sequence[Item] = ()

    def show_items(self, items: Sequence[Item]) -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.items)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        item = self.items[index.row()]
        return Qt.ItemFlag.NoItemFlags if item.is_head else Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.items[index.row()]
        if role == _ITEM:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return "  ".join(filter(None, (item.title, item.value, item.below, item.value_below)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (f"{item.title}  {item.value}".strip(), f"{item.below}  {item.value_below}".strip(), item.note)))
        return None


class _Painter(QStyledItemDelegate):
    def height(self, item: Item, width: int) -> int:
        if item.is_head:
            return HEAD_PX
        if not item.below and not item.value_below:
            return LINE_PX + 2 * PAD_PX - 1
        if not item.wraps:
            return 2 * LINE_PX + 2 * PAD_PX
        metrics = theme_metrics()
        left = _left(item)
        box = metrics.boundingRect(0, 0, max(width - left - 8, 40), 2_000, int(_WRAP.value), item.below)
        return LINE_PX + 2 * PAD_PX + max(LINE_PX, box.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = self.parent()
        width = view.viewport().width() if isinstance(view, ItemList) else 200
        return QSize(100, self.height(index.data(_ITEM), width))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        item: Item = index.data(_ITEM)
        t = theme.current()
        box = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        if item.is_head:
            painter.setFont(_bold(theme.SMALL_PX))
            painter.setPen(t.color("ink_faint"))
            wide = painter.fontMetrics().horizontalAdvance(item.value)
            line = box.adjusted(2, 4, -6, 0)
            title = painter.fontMetrics().elidedText(item.title, Qt.TextElideMode.ElideRight, int(line.width() - wide - 10))
            painter.drawText(line, middle, title)
            painter.setFont(theme.font(theme.SMALL_PX))
            painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, item.value)
            painter.restore()
            return
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent_soft" if state & QStyle.StateFlag.State_Selected else "hover"))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 5, 5)
        left = box.left() + _left(item)
        if item.color or item.glyph:
            self._mark(painter, item, QRectF(left - MARK_PX - 8, box.top() + PAD_PX, MARK_PX, MARK_PX))
        room = QRectF(left, box.top() + PAD_PX, box.right() - left - 6, LINE_PX)
        painter.setFont(_bold(theme.FONT_PX))
        wide = painter.fontMetrics().horizontalAdvance(item.value)
        painter.setPen(t.color(item.role or "ink"))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, item.value)
        painter.setFont(theme.font(theme.SMALL_PX if item.is_inner else theme.FONT_PX))
        painter.setPen(t.color("ink_soft" if item.is_inner else "ink"))
        painter.drawText(room, middle, painter.fontMetrics().elidedText(item.title, Qt.TextElideMode.ElideRight, int(room.width() - wide - 10)))
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(t.color("ink_faint"))
        under = QRectF(left, room.bottom(), room.width(), box.bottom() - PAD_PX - room.bottom())
        if item.wraps:
            painter.setPen(t.color("ink_soft"))
            painter.drawText(under, int(_WRAP.value), item.below)
        elif item.below or item.value_below:
            metrics = painter.fontMetrics()
            wide = metrics.horizontalAdvance(item.value_below)
            painter.drawText(under, middle, metrics.elidedText(item.below, Qt.TextElideMode.ElideRight, int(under.width() - wide - 10)))
            painter.drawText(under, middle | Qt.AlignmentFlag.AlignRight, item.value_below)
        painter.restore()

    @staticmethod
    def _mark(painter: QPainter, item: Item, box: QRectF) -> None:
        if item.color:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(item.color))
            painter.drawRoundedRect(box, 6, 6)
        if item.glyph:
            ink = QColor("#ffffff") if item.color else theme.current().color("ink_faint")
            icons.draw(painter, item.glyph, box.adjusted(4, 4, -4, -4) if item.color else box.adjusted(2, 2, -2, -2), ink)


def _left(item: Item) -> float:
    return (6.0 if not (item.color or item.glyph) else MARK_PX + 14.0) + (10.0 if item.is_inner else 0.0)


def _bold(px: int):
    face = theme.font(px)
    face.setWeight(face.Weight.DemiBold)
    return face


def theme_metrics():
    """Metrics of the small font."""
    from PySide6.QtGui import QFontMetrics

    return QFontMetrics(theme.font(theme.SMALL_PX))


class ItemList(QListView):
    """As high as its rows, at most ``most_px``; ``chosen`` tells the code of the row that was clicked or walked to."""

    chosen = Signal(str)

    def __init__(self, name: str, most_px: int = 100_000) -> None:
        super().__init__()
        self._most = most_px
        self._model = _Items()
        self.setModel(self._model)
        self._painter = _Painter(self)
        self.setItemDelegate(self._painter)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(QListView.Shape.NoFrame)
        self._quiet = False
        self._fit_later = QTimer(self, interval=0, singleShot=True)
        self._fit_later.timeout.connect(self._fit)
        self.selectionModel().currentChanged.connect(self._moved)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(_ITEM).code))

    @property
    def items(self) -> Sequence[Item]:
        return self._model.items

    @property
    def code(self) -> str:
        index = self.currentIndex()
        return index.data(_ITEM).code if index.isValid() else ""

    def show_items(self, items: Sequence[Item], chosen: str = "") -> None:
        """Other rows, one of them chosen."""
        self._quiet = True
        self._model.show_items(items)
        self._quiet = False
        self.choose(chosen)
        self._fit()

    def choose(self, code: str) -> None:
        """Put the cursor on a row without telling."""
        self._quiet = True
        at = next((i for i, item in enumerate(self.items) if item.code == code and not item.is_head), -1) if code else -1
        if at < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self._model.index(at))
            if self.verticalScrollBar().maximum() > 0:
                self.scrollTo(self._model.index(at))
        self._quiet = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_later.start()

    def wheelEvent(self, event) -> None:
        if self.verticalScrollBar().maximum() > 0:
            super().wheelEvent(event)
        else:
            event.ignore()  # the page scrolls

    def _fit(self) -> None:
        width = max(self.viewport().width(), 120)
        high = sum(self._painter.height(item, width) for item in self.items) + 2
        wanted = max(1, min(high, self._most))
        if wanted != self.height() or self.minimumHeight() != wanted:
            self.setFixedHeight(wanted)
            self.doItemsLayout()

    def _moved(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet and now.isValid() and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.chosen.emit(now.data(_ITEM).code)


class Fact(QToolButton):
    """One large number, what it is, and who; a click opens the page that lists it."""

    def __init__(self) -> None:
        super().__init__()
        self._said = ("–", "", "", "", "")
        self.setObjectName("tile")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(62)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def number(self) -> str:
        return self._said[1]

    def show_fact(self, title: str, number: str, unit: str = "", note: str = "", role: str = "") -> None:
        """``role`` is a colour of the theme for the number; texts are translated already."""
        self._said = (title, number, unit, note, role)
        words = "  ".join(filter(None, (title, f"{number} {unit}".strip(), note)))
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        title, number, unit, note, role = self._said
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(t.color("accent" if self.hasFocus() else "line_strong" if self.underMouse() else "line"), 1))
        painter.setBrush(t.color({"danger": "danger_soft", "warn": "warn_soft"}.get(role, "hover" if self.underMouse() else "paper")))
        painter.drawRoundedRect(box, 7, 7)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        room = box.width() - 14
        painter.setFont(theme.font(11))
        painter.setPen(t.color("ink_faint"))
        fit = painter.fontMetrics().elidedText
        painter.drawText(QRectF(8, 5, room, 14), left, fit(title, Qt.TextElideMode.ElideRight, int(room)))
        painter.drawText(QRectF(8, 43, room, 14), left, fit(note, Qt.TextElideMode.ElideRight, int(room)))
        painter.setFont(theme.font(11))
        tail = painter.fontMetrics().horizontalAdvance(unit) + 4
        for size in (18, 16, 14, 12):
            painter.setFont(_bold(size))
            wide = painter.fontMetrics().horizontalAdvance(number)
            if wide + tail <= room:
                break
        painter.setPen(t.color(role or "ink"))
        painter.drawText(QRectF(8, 19, room, 24), left, number)
        painter.setFont(theme.font(11))
        painter.setPen(t.color("ink_soft"))
        painter.drawText(QRectF(8 + wide + 4, 22, max(room - wide - 4, 0), 20), left, unit)


def minutes(seconds: float | None) -> str:
    """Time on the road as it is read: minutes, from two hours on hours too."""
    if seconds is None:
        return tr("no way")
    if seconds >= 7_200:
        return tr("{hours} h {minutes} min", hours=int(seconds // 3600), minutes=f"{seconds % 3600 // 60:.0f}")
    return tr("{minutes} min", minutes=f"{seconds / 60:.0f}" if seconds >= 600 else f"{seconds / 60:.1f}")


def reached(resource: Resource) -> str:
    """Whom to ask for and the number, as they may be shown; stars once."""
    return " ".join(dict.fromkeys(filter(None, (resource.contact, resource.phone))))


def kilometres(metres: float | None) -> str:
    if metres is None:
        return ""
    return f"{metres:,.0f} m" if metres < 1_000 else f"{metres / 1000:,.1f} km"
