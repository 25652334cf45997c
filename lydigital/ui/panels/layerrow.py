"""How a row of the layer tree is painted: check box, swatch or icon, name, faint note at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from lydigital.ui import icons, swatches, theme
from lydigital.ui.panels.layertree import NODE, LayerTreeModel, Node

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex
    from PySide6.QtGui import QKeyEvent, QMouseEvent

    Index = QModelIndex | QPersistentModelIndex

ROW_PX = 28
RULE_PX = 24
TOOLS_PX = 32  # more height of the chosen layer, for its slider
BOX_PX = 16
SWATCH_PX = 20


class RowDelegate(QStyledItemDelegate):
    """Paints rows; a click on the check box switches."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        node: Node = index.data(NODE)
        if node.kind == "rule":
            return QSize(80, RULE_PX)
        chosen = node.kind == "layer" and self._view.currentIndex() == index
        return QSize(80, ROW_PX + (TOOLS_PX if chosen else 0))

    def check_rect(self, rect: QRect) -> QRect:
        return QRect(rect.left() + 2, rect.top() + (ROW_PX - BOX_PX) // 2, BOX_PX, BOX_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = cast("LayerTreeModel", index.model())
        node: Node = index.data(NODE)
        t = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reason = model.reason(node)
        rect = QRect(option.rect)
        left = rect.left() + 2
        height = RULE_PX if node.kind == "rule" else ROW_PX
        state = Qt.CheckState.Checked
        if node.kind != "rule":
            state = model.check_state(node)
            _check_box(painter, QRectF(self.check_rect(rect)), state, faded=reason is not None)
            left += BOX_PX + 8
        mark = QRectF(left, rect.top() + (height - SWATCH_PX) / 2, SWATCH_PX, SWATCH_PX)
        dim = reason is not None or state == Qt.CheckState.Unchecked
        painter.setOpacity(0.45 if dim else 1.0)
        if node.kind == "group":
            icons.draw(
                painter, model.group_icon(node), mark.adjusted(1.5, 1.5, -1.5, -1.5), t.color("ink_soft")
            )
        else:
            swatches.paint(painter, mark, model.symbolizers(node))
        painter.setOpacity(1.0)
        left += SWATCH_PX + 8
        right = self._note(painter, QRect(rect.left(), rect.top(), rect.width(), height), model, node, reason)
        weight = QFont.Weight.DemiBold if node.kind == "group" else QFont.Weight.Normal
        face = theme.font(theme.SMALL_PX if node.kind == "rule" else theme.FONT_PX, weight)
        painter.setFont(face)
        painter.setPen(t.color("ink_faint" if dim else "ink_soft" if node.kind == "rule" else "ink"))
        room = QRect(left, rect.top(), max(0, right - left - 6), height)
        text = QFontMetrics(face).elidedText(model.title(node), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def _note(
        self, painter: QPainter, rect: QRect, model: LayerTreeModel, node: Node, reason: str | None
    ) -> int:
        """Paint what stands at the right; returns where it begins."""
        t = theme.current()
        right, height = rect.right() - 10, rect.height()
        if model.has_failed(node):
            icons.draw(painter, "alert-circle-outline", QRectF(right - 15, rect.top() + (height - 15) / 2, 15, 15),
                       t.color("danger"))  # fmt: skip
            return right - 20
        if reason is not None and node.kind == "layer" and model.check_state(node) != Qt.CheckState.Unchecked:
            icons.draw(painter, "magnify-plus-outline", QRectF(right - 14, rect.top() + (height - 14) / 2, 14, 14),
                       t.color("ink_faint"))  # fmt: skip
            return right - 18
        text = model.note(node)
        if not text:
            return right
        face = theme.font(11)
        painter.setFont(face)
        painter.setPen(t.color("ink_faint"))
        width = QFontMetrics(face).horizontalAdvance(text)
        painter.drawText(
            QRect(right - width, rect.top(), width + 1, height), Qt.AlignmentFlag.AlignVCenter, text
        )
        return right - width

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        node: Node = index.data(NODE)
        if node.kind == "rule":
            return False
        if event.type() == QEvent.Type.MouseButtonRelease:
            at = cast("QMouseEvent", event).position().toPoint()
            if self.check_rect(option.rect).adjusted(-3, -5, 3, 5).contains(at):
                return self._switch(model, index)
        if event.type() == QEvent.Type.KeyPress and cast("QKeyEvent", event).key() == Qt.Key.Key_Space:
            return self._switch(model, index)
        return False

    def _switch(self, model: QAbstractItemModel, index: Index) -> bool:
        state = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole))
        wanted = Qt.CheckState.Checked if state == Qt.CheckState.Unchecked else Qt.CheckState.Unchecked
        return model.setData(index, wanted.value, Qt.ItemDataRole.CheckStateRole)


def _check_box(painter: QPainter, rect: QRectF, state: Qt.CheckState, *, faded: bool) -> None:
    t = theme.current()
    box = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    if state == Qt.CheckState.Unchecked:
        painter.setPen(QPen(t.color("line_strong"), 1.2))
        painter.setBrush(t.color("surface"))
        painter.drawRoundedRect(box, 4, 4)
        return
    color = t.color("ink_faint" if faded else "accent")
    half = state == Qt.CheckState.PartiallyChecked
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(t.color("surface") if half else color)
    painter.drawRoundedRect(box, 4, 4)
    pen = QPen(color if half else t.color("on_accent"), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if half:
        y = box.center().y()
        painter.drawLine(QPointF(box.left() + 4, y), QPointF(box.right() - 4, y))
    else:
        x, y = box.left(), box.top()
        painter.drawPolyline(
            [QPointF(x + 3.6, y + 7.8), QPointF(x + 6.4, y + 10.6), QPointF(x + 11.4, y + 4.8)]
        )
