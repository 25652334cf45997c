"""The layer panel: filter, tree with legend, and the tools of the chosen layer on its own row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QMenu, QSlider, QTreeView, QWidget

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.panels.layerrow import ROW_PX, RowDelegate
from lydigital.ui.panels.layertree import NODE, Index, LayerTreeModel, Node
from lydigital.ui.widgets import IconButton, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QStyleOptionViewItem

    from lydigital.session import Session

INDENT = 14
OPACITY_STEP_MS = 60


class _Tools(QWidget):
    """Opacity, labels, zoom-to and more of one layer; lies on the lower half of its row."""

    opacity_chosen = Signal(float)
    labels_chosen = Signal(bool)
    style_asked = Signal()
    zoom_asked = Signal()
    reload_asked = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        box = row(self, spacing=4)
        box.setContentsMargins(0, 0, 2, 4)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.valueChanged.connect(self._moved)
        self.value = label(role="faint")
        self.value.setFixedWidth(34)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.labels = IconButton("format-text", "Labels", size=16)
        self.labels.setCheckable(True)
        self.labels.clicked.connect(self.labels_chosen)
        self.look = IconButton("palette-outline", "Style", size=16)
        self.look.clicked.connect(self.style_asked)
        self.zoom = IconButton("image-filter-center-focus", "Zoom to layer", size=16)
        self.zoom.clicked.connect(self.zoom_asked)
        self.reload = IconButton("refresh", "Read again", size=16, role="danger")
        self.reload.clicked.connect(self.reload_asked)
        self.more = IconButton("dots-horizontal", "More", size=16)
        self.more.clicked.connect(
            lambda: self.menu_asked.emit(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        for button in (self.reload, self.labels, self.look, self.zoom, self.more):
            button.setFixedSize(24, 24)
        box.addWidget(self.slider, 1)
        box.addWidget(self.value)
        box.addWidget(self.reload)
        box.addWidget(self.labels)
        box.addWidget(self.look)
        box.addWidget(self.zoom)
        box.addWidget(self.more)
        self._settle = QTimer(self, interval=OPACITY_STEP_MS, singleShot=True)
        self._settle.timeout.connect(lambda: self.opacity_chosen.emit(self.slider.value() / 100))
        self.hide()

    def show_layer(self, opacity: float, *, labels: bool, has_labels: bool, failed: bool = False) -> None:
        self.reload.setVisible(failed)
        self.reload.retranslate()
        if not self.slider.isSliderDown() and not self._settle.isActive():
            self.slider.blockSignals(True)
            self.slider.setValue(round(opacity * 100))
            self.slider.blockSignals(False)
            self.value.setText(f"{round(opacity * 100)}%")
        self.labels.setEnabled(has_labels)
        self.labels.setChecked(labels and has_labels)
        self.labels.say(tr("Labels") if has_labels else tr("This layer has no labels"))
        self.slider.setAccessibleName(tr("Opacity"))
        self.slider.setToolTip(tr("Opacity"))
        self.look.retranslate()
        self.zoom.retranslate()
        self.more.retranslate()

    def _moved(self, value: int) -> None:
        self.value.setText(f"{value}%")
        if not self._settle.isActive():
            self._settle.start()


class LayerTree(QTreeView):
    """The view; keeps the tools on the chosen row."""

    reordered = Signal()

    def __init__(self, model: LayerTreeModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(RowDelegate(self))
        self.setHeaderHidden(True)
        self.setIndentation(INDENT)
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setExpandsOnDoubleClick(False)
        self.setAnimated(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.tools = _Tools(self.viewport())

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The ground of the row first, across the whole width."""
        t = theme.current()
        chosen = index == self.currentIndex() and index.data(NODE).kind == "layer"
        hovered = self.viewport().underMouse() and index == self.indexAt(
            self.viewport().mapFromGlobal(QCursor.pos())
        )
        if chosen or hovered:
            area = QRectF(
                6.5, option.rect.top() + 0.5, self.viewport().width() - 13, option.rect.height() - 1
            )
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            focused = chosen and self.hasFocus()
            painter.setPen(QPen(t.color("accent"), 1) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(t.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
            painter.restore()
        super().drawRow(painter, option, index)

    def drawBranches(self, painter: QPainter, rect: QRect, index) -> None:
        node: Node = index.data(NODE)
        if not node.children:
            return
        name = "chevron-down" if self.isExpanded(index) else "chevron-right"
        box = QRectF(rect.right() - INDENT + 1, rect.top() + (ROW_PX - 14) / 2, 14, 14)
        icons.draw(painter, name, box, theme.current().color("ink_faint"))

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self.place_tools()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.place_tools()

    def place_tools(self) -> None:
        if not hasattr(self, "tools"):
            return
        index = self.currentIndex()
        node = index.data(NODE) if index.isValid() else None
        rect = self.visualRect(index) if node is not None and node.kind == "layer" else QRect()
        if rect.isEmpty():
            self.tools.hide()
            return
        left = rect.left() + 26
        self.tools.setGeometry(
            left, rect.top() + ROW_PX - 2, self.viewport().width() - left - 12, rect.height() - ROW_PX + 1
        )
        self.tools.show()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.scheduleDelayedItemsLayout()


class LayersPanel(QWidget):
    """Everything goes through ``do(command, **parameters)``."""

    style_asked = Signal(str)  # layer id
    history_asked = Signal(str)
    calculate_asked = Signal(str, str)  # layer id, command

    def __init__(self, session: Session, do: Callable[..., Any]) -> None:
        super().__init__()
        self._session = session
        self._do = do
        self._expanded: dict[tuple[str, str], bool] = {}
        box = column(self, spacing=6)
        self.filter = QLineEdit()
        self.filter.setClearButtonEnabled(False)
        self.filter.addAction(
            icons.icon("filter-variant", "ink_faint"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.filter.textChanged.connect(self._filter)
        head = row()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self.filter)
        box.addLayout(head)
        self.model = LayerTreeModel(session)
        self.model.switched.connect(self._switch)
        self.model.dropped.connect(self._drop)
        self.tree = LayerTree(self.model)
        self.tree.expanded.connect(lambda index: self._keep(index, expanded=True))
        self.tree.collapsed.connect(lambda index: self._keep(index, expanded=False))
        self.tree.customContextMenuRequested.connect(self._context)
        self.tree.doubleClicked.connect(self._double)
        self.tree.clicked.connect(self._clicked)
        self.tree.selectionModel().currentChanged.connect(lambda *_: self._show_tools())
        tools = self.tree.tools
        tools.opacity_chosen.connect(self._opacity)
        tools.labels_chosen.connect(lambda on: self._on_layer("layer.labels", labels=on))
        tools.style_asked.connect(self._ask_style)
        tools.zoom_asked.connect(lambda: self._on_layer("layer.zoom_to"))
        tools.reload_asked.connect(lambda: self._on_layer("layer.reload"))
        tools.menu_asked.connect(lambda at: self._menu(self.tree.currentIndex()).popup(at))
        box.addWidget(self.tree, 1)
        self._none = label(role="faint", wrap=True)
        self._none.setContentsMargins(16, 8, 16, 8)
        self._none.hide()
        box.addWidget(self._none)
        self._restore()
        self.retranslate()

    def retranslate(self) -> None:
        self.filter.setPlaceholderText(tr("Filter layers"))
        self.filter.setAccessibleName(tr("Filter layers"))
        self.tree.setAccessibleName(tr("Layers"))
        self._none.setText(tr("No layer is called like that. Clear the filter to see all layers."))
        self.model.refresh()
        self._show_tools()

    def document_changed(self, *, structure: bool) -> None:
        """Show the document as it is now; ``structure`` when layers came, went or moved."""
        chosen = self._current()
        if structure:
            self.model.rebuild()
            self._restore()
            if chosen is not None:
                self.tree.setCurrentIndex(self.model.find(chosen.kind, chosen.id))
        else:
            self.model.refresh()
        self._show_tools()

    def choose(self, layer_id: str) -> None:
        """Make a layer's row the current one and bring it into view."""
        self.filter.clear()
        index = self.model.find("layer", layer_id)
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index)

    def expanded_state(self) -> list[str]:
        """Groups open now, for the next start."""
        return [node_id for (kind, node_id), is_open in self._expanded.items() if kind == "group" and is_open]

    def restore_expanded(self, groups: list[str]) -> None:
        for group in self._session.document.groups:
            self._expanded["group", group.id] = group.id in groups
        self._restore()

    def _restore(self) -> None:
        filtered = bool(self.filter.text())
        self.tree.blockSignals(True)
        for number in range(self.model.rowCount()):
            index = self.model.index(number, 0)
            node = self.model.node(index)
            group = self.model.group_of(node)
            default = group.expanded if group else False
            self.tree.setExpanded(index, filtered or self._expanded.get((node.kind, node.id), default))
            for child in range(self.model.rowCount(index)):
                below = self.model.index(child, 0, index)
                inner = self.model.node(below)
                self.tree.setExpanded(below, self._expanded.get((inner.kind, inner.id), False))
        self.tree.blockSignals(False)
        self.tree.place_tools()

    def _keep(self, index: QModelIndex, *, expanded: bool) -> None:
        node = self.model.node(index)
        if not self.filter.text():
            self._expanded[node.kind, node.id] = expanded
        QTimer.singleShot(0, self.tree, self.tree.place_tools)

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        self._restore()
        self._none.setVisible(self.model.rowCount() == 0)

    def _current(self) -> Node | None:
        index = self.tree.currentIndex()
        return self.model.node(index) if index.isValid() else None

    def current_layer(self) -> str:
        """The layer of the current row, "" for none."""
        node = self._current()
        return node.id if node is not None and node.kind == "layer" else ""

    def _show_tools(self) -> None:
        node = self._current()
        ref = self.model.ref(node) if node is not None else None
        if node is not None and ref is not None:
            has_labels = self._session.style(ref.id).labels is not None
            failed = self.model.has_failed(node)
            self.tree.tools.show_layer(ref.opacity, labels=ref.labels, has_labels=has_labels, failed=failed)
        self.tree.place_tools()

    def _switch(self, kind: str, node_id: str, visible: bool) -> None:
        if kind == "layer":
            self._do("layer.show" if visible else "layer.hide", layer=node_id)
            return
        group = self._session.document.group(node_id)
        if group is not None and group.visible and visible:
            self._do("group.show_layers", groups=(node_id,))  # on, but none or only some of its layers are
        else:
            self._do("group.toggle", group=node_id)

    def _drop(self, layer_id: str, above: str) -> None:
        if above:
            self._do("layer.move", layer=layer_id, above=above)
            return
        ref = self._session.document.layer(layer_id)
        last = [r.id for r in self._session.document.layers if ref is not None and r.group == ref.group][-1]
        if last != layer_id:
            self._do("layer.move", layer=layer_id, below=last)

    def _opacity(self, value: float) -> None:
        self._on_layer("layer.opacity", opacity=value)

    def _ask_style(self) -> None:
        node = self._current()
        if node is not None and node.kind == "layer":
            self.style_asked.emit(node.id)

    def _on_layer(self, command: str, **parameters: Any) -> None:
        node = self._current()
        if node is not None and node.kind == "layer":
            self._do(command, layer=node.id, **parameters)

    def _clicked(self, index: QModelIndex) -> None:
        node = self.model.node(index)
        at = self.tree.viewport().mapFromGlobal(self.tree.cursor().pos())
        box = self.tree.itemDelegate().check_rect(self.tree.visualRect(index))  # type: ignore[attr-defined]
        if node.kind == "group" and not box.adjusted(-3, -5, 3, 5).contains(at):
            self.tree.setExpanded(index, not self.tree.isExpanded(index))

    def _double(self, index: QModelIndex) -> None:
        node = self.model.node(index)
        if node.kind == "layer":
            self._do("layer.zoom_to", layer=node.id)

    def _context(self, at: QPoint) -> None:
        index = self.tree.indexAt(at)
        kind = self.model.node(index).kind if index.isValid() else ""
        if kind == "layer":
            self.tree.setCurrentIndex(index)
            self._menu(index).popup(self.tree.viewport().mapToGlobal(at))
        elif kind == "group":
            self._group_menu(self.model.node(index)).popup(self.tree.viewport().mapToGlobal(at))

    def _group_menu(self, node: Node) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = self.model.group_of(node)
        visible = group is not None and group.visible
        menu.addAction(icons.icon("eye-outline"), tr("Show all layers of the group")).triggered.connect(
            lambda: self._do("group.show_layers", groups=(node.id,))
        )
        menu.addAction(
            icons.icon("eye-off-outline" if visible else "eye-outline"),
            tr("Switch the group off") if visible else tr("Switch the group on"),
        ).triggered.connect(lambda: self._do("group.toggle", group=node.id))
        return menu

    def _menu(self, index: QModelIndex) -> QMenu:
        """What can be done with a layer; each entry is a command."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ref = self.model.ref(self.model.node(index))
        if ref is None:
            return menu
        entries: list[tuple[str, str, str, dict[str, Any]]] = [
            ("image-filter-center-focus", tr("Zoom to layer"), "layer.zoom_to", {}),
            ("eye-circle-outline", tr("Show only this layer"), "layer.solo", {}),
            ("arrow-collapse-up", tr("Bring to the top"), "layer.move", {}),
            ("refresh", tr("Read again"), "layer.reload", {}),
            ("format-text", tr("Hide labels") if ref.labels else tr("Show labels"), "layer.labels",
             {"labels": not ref.labels}),
            ("close", tr("Remove from the map"), "layer.remove", {}),
        ]  # fmt: skip
        styled = menu.addAction(icons.icon("palette-outline"), tr("Style"))
        styled.triggered.connect(lambda: self.style_asked.emit(ref.id))
        past = menu.addAction(icons.icon("history"), tr("History"))
        past.triggered.connect(lambda: self.history_asked.emit(ref.id))
        if self._session.definition(ref.id).geometry != "raster":
            for icon, text, command in (("calculator-variant-outline", tr("Calculate field…"), "attribute.calculate"),
                                        ("find-replace", tr("Find and replace…"), "attribute.replace")):  # fmt: skip
                menu.addAction(icons.icon(icon), text).triggered.connect(
                    lambda _=False, c=command: self.calculate_asked.emit(ref.id, c)
                )
        for icon, text, command, parameters in entries:
            action = menu.addAction(icons.icon(icon), text)
            action.triggered.connect(lambda _=False, c=command, p=parameters: self._do(c, layer=ref.id, **p))
        return menu

    def sizeHint(self) -> QSize:
        return QSize(248, 600)
