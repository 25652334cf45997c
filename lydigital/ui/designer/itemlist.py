"""Everything on the page in a list, uppermost first: select, rename, hide, lock, bring forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.designer.drawing import name_of

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex
    from PySide6.QtGui import QKeyEvent, QMouseEvent

    from lydigital.model.layout import AnyItem
    from lydigital.ui.designer.drawing import Drawing

ROW_PX = 28
_MARK_PX = 22
_ID, _STATE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class _Look(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        t, rect = theme.current(), QRect(option.rect)
        state = option.state
        chosen, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, -4, -1), 5, 5)
        visible, locked, icon = index.data(_STATE)
        ink = QColor(t.color("accent" if chosen else "ink_soft"))
        words = QColor(t.color("ink"))
        if not visible:
            for color in (ink, words):
                color.setAlphaF(0.45)
        icons.draw(painter, icon, QRectF(rect.x() + 6, rect.y() + 6, 16, 16), ink)
        right = rect.right() - 6
        painter.setPen(words)
        room = QRect(rect.x() + 29, rect.y(), right - 2 * _MARK_PX - rect.x() - 31, rect.height())
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int((Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft).value), name)
        for k, (shown, mark) in enumerate(((over or not visible, "eye-outline" if visible else "eye-off-outline"), (over or locked, "lock" if locked else "lock-open-variant-outline"))):
            if shown:
                place = QRectF(right - (2 - k) * _MARK_PX + 4, rect.y() + 7, 14, 14)
                icons.draw(painter, mark, place, t.color("ink_soft" if locked or not visible else "ink_faint"))
        painter.restore()


class ItemList(QTreeWidget):
    """In step with the drawing, both ways. A double click renames."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing = drawing
        self._is_ours = False
        self.setHeaderHidden(True)
        self.setIndentation(14)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setMouseTracking(True)
        self.setItemDelegate(_Look(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Items of the page"))
        self.itemSelectionChanged.connect(self._chosen)
        self.itemChanged.connect(self._renamed)
        drawing.changed.connect(self._drawing_changed)
        self.refresh()

    def rows(self) -> list[QTreeWidgetItem]:
        """Rows of items, from above."""
        found: list[QTreeWidgetItem] = []
        for i in range(self.topLevelItemCount()):
            top = self.topLevelItem(i)
            if top is not None:
                found += [top] if not top.childCount() else _below(top)
        return found

    def refresh(self) -> None:
        """List what is there."""
        if not self.drawing.is_there:
            return
        self._is_ours = True
        self.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for item in reversed(self.drawing.on_page()):
            row = QTreeWidgetItem([name_of(item)])
            row.setData(0, _ID, item.id)
            row.setData(0, _STATE, (item.visible, item.locked, item.icon))
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
            row.setToolTip(0, f"{tr(item.word)}: {name_of(item)}")
            row.setIcon(0, QIcon())
            if not item.group:
                self.addTopLevelItem(row)
                continue
            if item.group not in groups:
                groups[item.group] = self._group_row(item)
                self.addTopLevelItem(groups[item.group])
                groups[item.group].setExpanded(True)
            groups[item.group].addChild(row)
        self._is_ours = False
        self._show_selection()

    def _group_row(self, item: AnyItem) -> QTreeWidgetItem:
        mine = [i for i in self.drawing.on_page() if i.group == item.group]
        row = QTreeWidgetItem([tr("Group of {count}", count=len(mine))])
        row.setData(0, _ID, f"group {item.group}")
        row.setData(0, _STATE, (any(i.visible for i in mine), all(i.locked for i in mine), "group"))
        return row

    def _show_selection(self) -> None:
        self._is_ours = True
        model = self.selectionModel()
        model.clearSelection()
        for row in self.rows():
            if row.data(0, _ID) in self.drawing.selected:
                model.select(self.indexFromItem(row), QItemSelectionModel.SelectionFlag.Select)
                self.scrollToItem(row)
        self._is_ours = False

    def _drawing_changed(self, what: str) -> None:
        if what in ("layout", "page"):
            self.refresh()
        elif what == "selection":
            self._show_selection()

    def _ids(self, row: QTreeWidgetItem) -> list[str]:
        if row.childCount():
            return [child.data(0, _ID) for child in _below(row)]
        return [row.data(0, _ID)]

    def _chosen(self) -> None:
        if not self._is_ours:
            self.drawing.select((i for row in self.selectedItems() for i in self._ids(row)), groups=False)

    def _renamed(self, row: QTreeWidgetItem) -> None:
        if not self._is_ours:
            self.drawing.set_all("Rename on layout {layout}", [row.data(0, _ID)], name=row.text(0).strip())

    def mark_at(self, place: QPoint) -> tuple[QTreeWidgetItem | None, str]:
        """The row at a place, and whether it is its ``eye`` or its ``lock``."""
        row = self.itemAt(place)
        if row is None:
            return None, ""
        from_right = self.visualItemRect(row).right() - 6 - place.x()
        return row, "lock" if 0 <= from_right < _MARK_PX else "eye" if _MARK_PX <= from_right < 2 * _MARK_PX else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, mark = self.mark_at(event.position().toPoint())
        if row is not None and mark and event.button() == Qt.MouseButton.LeftButton:
            visible, locked, _ = row.data(0, _STATE)
            if mark == "eye":
                self.drawing.set_all("Show or hide on layout {layout}", self._ids(row), visible=not visible)
            else:
                self.drawing.set_all("Lock on layout {layout}", self._ids(row), locked=not locked)
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row, mark = self.mark_at(event.position().toPoint())
        if row is not None and not mark and not row.childCount():
            self.editItem(row, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            event.ignore()  # the designer removes
        else:
            super().keyPressEvent(event)


def _below(row: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for k in range(row.childCount()) if (child := row.child(k)) is not None]
