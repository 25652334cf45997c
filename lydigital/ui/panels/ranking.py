"""A ranking: one row a unit with its bar, its target and its value. Thousands of rows cost no more than those seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QLineF,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QStyle, QStyledItemDelegate

from lydigital.ui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QStyleOptionViewItem

ROW_PX = 24
_NAME_PX = 104
_RANK_PX = 24
_ITEM = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """One line: ``share`` is the length of its bar and ``target`` where the target stands, both 0 to 1; None for none.

    ``color`` is ``#rrggbb`` of the bar, ``meets`` whether the target is reached, ``note`` what the tooltip adds.
    """

    code: str
    name: str
    place: str = ""
    rank: str = ""
    share: float | None = None
    text: str = ""
    color: str = ""
    target: float | None = None
    meets: bool | None = None
    note: str = ""


class _Rows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == _ITEM:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return "  ".join(filter(None, (row.rank, row.name, row.place, row.text)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (f"{row.name}  {row.place}".strip(), row.text, row.note)))
        return None


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        row: Row = index.data(_ITEM)
        t = theme.current()
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state = option.state
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 4, 4)
        middle = Qt.AlignmentFlag.AlignVCenter
        left = box.left() + 2
        if row.rank:
            painter.setFont(theme.font(11))
            painter.setPen(t.color("ink_faint"))
            painter.drawText(QRectF(left, box.top(), _RANK_PX - 6, ROW_PX), middle | Qt.AlignmentFlag.AlignRight, row.rank)
            left += _RANK_PX
        painter.setFont(theme.font(theme.SMALL_PX))
        metrics = painter.fontMetrics()
        has_bar = row.share is not None or row.target is not None
        text = row.text if has_bar else metrics.elidedText(row.text, Qt.TextElideMode.ElideRight, int(0.55 * box.width()))
        wide = metrics.horizontalAdvance(text)
        room = _NAME_PX if has_bar else box.right() - left - wide - 12
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(t.color("ink"))
        painter.drawText(QRectF(left, box.top(), room, ROW_PX), middle, name)
        if row.place and (rest := room - metrics.horizontalAdvance(name) - 8) > 24:
            painter.setPen(t.color("ink_faint"))
            where = metrics.elidedText(row.place, Qt.TextElideMode.ElideRight, int(rest))
            painter.drawText(QRectF(left + room - rest, box.top(), rest, ROW_PX), middle, where)
        painter.setPen(t.color("ink_soft" if row.share is not None else "ink_faint"))
        painter.drawText(QRectF(box.right() - wide - 6, box.top(), wide + 2, ROW_PX), middle, text)
        if has_bar:
            start = left + _NAME_PX + 8
            self._bar(painter, QRectF(start, box.top() + 8, box.right() - self.tail - start, ROW_PX - 16), row)
        painter.restore()

    tail = 70.0  # room for the longest value, set by the list

    @staticmethod
    def _bar(painter: QPainter, track: QRectF, row: Row) -> None:
        t = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("sunken"))
        painter.drawRoundedRect(track, 2, 2)
        if row.share is not None:
            length = max(min(row.share, 1.0), 0.0) * track.width()
            if row.color:
                painter.setPen(QPen(t.color("line_strong"), 0.8))  # the lightest and darkest classes stand out from the track
            painter.setBrush(QColor(row.color) if row.color else t.color("accent"))
            painter.drawRoundedRect(QRectF(track.left(), track.top(), max(length, 2.0), track.height()), 2, 2)
        if row.target is not None:
            x = track.left() + min(row.target, 1.0) * track.width()
            painter.setPen(QPen(t.color("peony"), 1.6))
            painter.drawLine(QLineF(x, track.top() - 3, x, track.bottom() + 3))


class RankList(QListView):
    """``chosen`` tells the code of the row that was clicked or walked to."""

    chosen = Signal(str)

    def __init__(self, most_rows: int = 10) -> None:
        super().__init__()
        self._most = most_rows
        self._rows = _Rows()
        self.setModel(self._rows)
        self._painter = _Painter(self)
        self.setItemDelegate(self._painter)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._moved)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(_ITEM).code))
        self.show_rows(())

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows.rows

    @property
    def code(self) -> str:
        index = self.currentIndex()
        return index.data(_ITEM).code if index.isValid() else ""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Other rows; what was chosen stays so while it is there."""
        kept = self.code
        metrics = self.fontMetrics()
        self._painter.tail = max((metrics.horizontalAdvance(r.text) for r in rows[:400] if r.share is not None), default=20) + 14.0
        self._quiet = True
        self._rows.show_rows(rows)
        self._quiet = False
        self.setFixedHeight(ROW_PX * max(1, min(self._most, len(rows))) + 2)
        self.choose(kept)

    def choose(self, code: str) -> None:
        """Put the cursor on a row without telling, and bring it into view."""
        self._quiet = True
        at = next((i for i, row in enumerate(self._rows.rows) if row.code == code), -1) if code else -1
        if at < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            index = self._rows.index(at)
            self.setCurrentIndex(index)
            self.scrollTo(index)
        self._quiet = False

    def wheelEvent(self, event) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() > 0:
            super().wheelEvent(event)
        else:
            event.ignore()  # the page scrolls

    def _moved(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet and now.isValid() and QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.chosen.emit(now.data(_ITEM).code)


def target_bar(painter: QPainter, track: QRectF, share: float | None, *, meets: bool | None, mark: float = 0.8) -> None:
    """A small bar against its target, which stands at ``mark`` of the track: ``share`` is value / target."""
    t = theme.current()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(t.color("sunken"))
    painter.drawRoundedRect(track, 3, 3)
    if share is not None:
        length = max(min(share * mark, 1.0), 0.0) * track.width()
        painter.setBrush(t.color("accent" if meets else "warn"))
        painter.drawRoundedRect(QRectF(track.left(), track.top(), max(length, 3.0), track.height()), 3, 3)
    x = track.left() + mark * track.width()
    painter.setPen(QPen(t.color("peony"), 2))
    painter.drawLine(QLineF(x, track.top() - 3, x, track.bottom() + 3))

