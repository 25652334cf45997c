"""The layers of a document as a Qt tree: groups, layers, legend rows. It shows state; commands change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal

from lydigital.publish.legend import parts_of
from lydigital.render.classify import counts
from lydigital.render.plan import leaders
from lydigital.texts import pick, tr
from lydigital.ui.search import score
from lydigital.ui.statusbar import scale_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.document import Group, LayerRef
    from lydigital.model.style import Rule, Style
    from lydigital.session import Session

MIME = "application/x-lydigital-layer"
NODE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


_ROW = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
_FLAGS = {
    "rule": Qt.ItemFlag.ItemIsEnabled,
    "layer": _ROW | Qt.ItemFlag.ItemIsDragEnabled,
    "group": _ROW | Qt.ItemFlag.ItemIsDropEnabled,
}


@dataclass(eq=False)
class Node:
    """A row: what it stands for, where it hangs."""

    kind: Literal["root", "group", "layer", "rule"]
    id: str = ""
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    rule: Rule | None = None
    number: int = 0  # of the rule, or of the part of its symbol

    @property
    def row(self) -> int:
        return self.parent.children.index(self) if self.parent is not None else 0


def range_reason(style: Style, scale: float) -> str | None:
    """Why a style draws nothing at this scale denominator; None when it draws."""
    rules = [r for r in style.rules if r.symbolizers]
    if style.shows_at(scale) and any(r.min_scale <= scale < r.max_scale for r in rules):
        return None
    nearest = min(style.max_scale, max((r.max_scale for r in rules), default=0.0))
    furthest = max(style.min_scale, min((r.min_scale for r in rules), default=0.0))
    if scale >= nearest > 0:
        return tr("Shown from {scale} on: zoom in", scale=scale_text(nearest))
    if scale < furthest:
        return tr("Shown from {scale} on: zoom out", scale=scale_text(furthest))
    return tr("Not drawn at this scale")


class LayerTreeModel(QAbstractItemModel):
    """Reads the session; :attr:`switched` and :attr:`dropped` ask for changes."""

    switched = Signal(str, str, bool)  # kind, id, wanted visibility
    dropped = Signal(
        str, str
    )  # layer id, id of the layer it shall lie above ("" for the bottom of its group)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._filter = ""
        self._root = Node("root")
        self._scale = 0.0
        self._counts: dict[str, int] = {}
        self.rebuild()

    # structure

    def rebuild(self) -> None:
        """Read the document's layers and groups anew."""
        self.beginResetModel()
        document = self._session.document
        self._root = Node("root")
        wanted = self._filter.strip().casefold()
        for group in document.groups:
            node = Node("group", group.id, self._root)
            whole_group = (
                bool(wanted) and score(wanted, (group.title.casefold(), group.title_en.casefold())) > 60
            )
            for ref in document.layers:
                if ref.group == group.id and (not wanted or whole_group or self._matches(ref, wanted)):
                    node.children.append(self._layer_node(ref, node))
            if node.children or not wanted:
                self._root.children.append(node)
        loose = [ref for ref in document.layers if document.group(ref.group) is None]
        for ref in loose:
            if not wanted or self._matches(ref, wanted):
                self._root.children.append(self._layer_node(ref, self._root))
        self.endResetModel()

    def set_filter(self, text: str) -> None:
        self._filter = text
        self.rebuild()

    def set_scale(self, denominator: float) -> None:
        if denominator != self._scale:
            self._scale = denominator
            self.refresh()

    def set_counts(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self.refresh()

    def refresh(self) -> None:
        """Paint everything again; the structure is as it was."""
        if self._root.children:
            last = len(self._root.children) - 1
            self.dataChanged.emit(self.index(0, 0), self.index(last, 0))
        self.layoutChanged.emit()

    def _matches(self, ref: LayerRef, wanted: str) -> bool:
        known = self._session.definition(ref.id)
        return (
            score(wanted, tuple(n.casefold() for n in (known.title, known.title_en, ref.title, ref.id) if n))
            > 60
        )

    def _layer_node(self, ref: LayerRef, parent: Node) -> Node:
        node = Node("layer", ref.id, parent)
        style = self._session.style(ref.id)
        rules = [(i, r) for i, r in enumerate(style.rules) if r.symbolizers]
        if len(rules) > 1:
            node.children = [Node("rule", ref.id, node, rule=rule, number=i) for i, rule in rules]
        else:
            node.children = [Node("rule", ref.id, node, number=i) for i in range(len(parts_of(style)))]
        return node

    def find(self, kind: str, node_id: str) -> QModelIndex:
        for group in self._root.children:
            for node in (group, *group.children):
                if node.kind == kind and node.id == node_id:
                    return self.createIndex(node.row, 0, node)
        return QModelIndex()

    def node(self, index: Index) -> Node:
        return index.internalPointer() if index.isValid() else self._root

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        above = self._root if parent is None else self.node(parent)
        if column != 0 or not 0 <= row < len(above.children):
            return QModelIndex()
        return self.createIndex(row, 0, above.children[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self.node(index).parent if index.isValid() else None
        if above is None or above.kind == "root":
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def rowCount(self, parent: Index | None = None) -> int:
        return len((self._root if parent is None else self.node(parent)).children)

    def columnCount(self, parent: Index | None = None) -> int:
        return 1

    # what a row says

    def title(self, node: Node) -> str:
        document = self._session.document
        if node.kind == "group":
            group = document.group(node.id)
            return pick(group.title, group.title_en) if group else node.id
        if node.kind == "rule" and node.rule is not None:
            return pick(node.rule.title, node.rule.title_en) or tr("Other")
        if node.kind == "rule":
            return self._part(node)[1]
        ref = document.layer(node.id)
        if ref is not None and ref.title:
            return pick(ref.title, ref.title_en)
        return self._session.definition(node.id).name

    def _part(self, node: Node) -> tuple[Any, str]:
        parts = parts_of(self._session.style(node.id))
        return parts[node.number] if node.number < len(parts) else (None, "")

    def group_icon(self, node: Node) -> str:
        known = self._session.catalogue.group(node.id)
        return known.icon if known and known.icon else "folder-outline"

    def symbolizers(self, node: Node) -> Sequence[Any]:
        if node.rule is not None:
            return node.rule.symbolizers
        if node.kind == "rule":
            return (self._part(node)[0],)
        return next((r.symbolizers for r in self._session.style(node.id).rules if r.symbolizers), ())

    def check_state(self, node: Node) -> Qt.CheckState:
        """A group: whether it is on; half when some of its layers are off."""
        document = self._session.document
        if node.kind == "layer":
            ref = document.layer(node.id)
            return Qt.CheckState.Checked if ref is not None and ref.visible else Qt.CheckState.Unchecked
        group = document.group(node.id)
        layers = [ref.visible for ref in document.layers if ref.group == node.id]
        if group is None or not group.visible or not any(layers):
            return Qt.CheckState.Unchecked
        return Qt.CheckState.Checked if all(layers) else Qt.CheckState.PartiallyChecked

    def reason(self, node: Node) -> str | None:
        """Why a row's features are not on the map although it is switched on."""
        issue = next((i for i in self._session.issues if i.layer == node.id and node.kind == "layer"), None)
        if issue is not None:
            return f"{tr(issue.message, **issue.values)} {tr(issue.hint, **issue.values)}"
        if node.kind == "layer":
            ref = self._session.document.layer(node.id)
            group = self._session.document.group(ref.group) if ref else None
            if group is not None and not group.visible:
                return tr("The group {group} is switched off", group=pick(group.title, group.title_en))
            return range_reason(self._session.style(node.id), self._scale) if self._scale else None
        if (
            node.rule is not None
            and self._scale
            and not node.rule.min_scale <= self._scale < node.rule.max_scale
        ):
            return tr("Not drawn at this scale")
        return None

    def has_failed(self, node: Node) -> bool:
        return node.kind == "layer" and any(i.layer == node.id for i in self._session.issues)

    def note(self, node: Node) -> str:
        """The faint words at the right: visible of all layers, or the number of features."""
        if node.kind == "group":
            layers = [ref.visible for ref in self._session.document.layers if ref.group == node.id]
            return f"{sum(layers)}/{len(layers)}"
        count = self._counts.get(node.id, -1) if node.kind == "layer" else self._in_rule(node)
        return f"{count:,}" if count >= 0 else ""

    def _in_rule(self, node: Node) -> int:
        """How many features a rule has; -1 where that is not known yet, or is all of them."""
        if node.rule is None:
            return -1
        scene = self._session.scene(only_read=True, layer_ids={node.id})
        if not scene or scene[0].codes is None or scene[0].style != self._session.style(node.id):
            return -1
        code = leaders(scene[0].style)[node.number]
        return sum(int(counts(part)[code]) for part in scene)

    def ref(self, node: Node) -> LayerRef | None:
        return self._session.document.layer(node.id) if node.kind == "layer" else None

    def group_of(self, node: Node) -> Group | None:
        return self._session.document.group(node.id) if node.kind == "group" else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self.node(index)
        if role == NODE:
            return node
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.title(node)
        if role == Qt.ItemDataRole.CheckStateRole and node.kind != "rule":
            return self.check_state(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            reason = self.reason(node)
            return f"{self.title(node)}\n{reason}" if reason else self.title(node)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if role != Qt.ItemDataRole.CheckStateRole or node.kind == "rule":
            return False
        self.switched.emit(node.kind, node.id, Qt.CheckState(value) != Qt.CheckState.Unchecked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS[self.node(index).kind] if index.isValid() else Qt.ItemFlag.NoItemFlags

    # dragging

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        mime.setData(MIME, self.node(indexes[0]).id.encode())
        return mime

    def canDropMimeData(
        self, mime: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Within its own group only: the group is what the layer is, not where it lies."""
        layer = bytes(mime.data(MIME).data()).decode()
        ref = self._session.document.layer(layer)
        node = self.node(parent)
        return bool(
            mime.hasFormat(MIME)
            and ref
            and node.kind == "group"
            and node.id == ref.group
            and not self._filter
        )

    def dropMimeData(
        self, mime: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not self.canDropMimeData(mime, action, row, column, parent):
            return False
        group = self.node(parent)
        above = group.children[row].id if 0 <= row < len(group.children) else ""
        self.dropped.emit(bytes(mime.data(MIME).data()).decode(), above)
        return False  # the view shall not remove rows: the document says what is where
