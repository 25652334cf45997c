"""The edit page of the card at the right: which layer, which tool, what helps to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from lydigital.commands import registry
from lydigital.domain.snapping import KINDS
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.tools.overlay import KIND_TEXTS
from lydigital.ui.tools.toolset import TOOLS
from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, row, rule

if TYPE_CHECKING:
    from lydigital.ui.editing import Editing

COLUMNS = 5
ACTIONS = (
    "feature.delete", "feature.copy", "feature.paste", "feature.merge", "feature.explode", "feature.fill_hole",
    "feature.avoid_overlap", "feature.repair",
)  # fmt: skip
TOLERANCES_PX = (6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
GRIDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 1000.0)
SNAP_TO = (("all", "All layers drawn"), ("target", "The layer being edited"), ("some", "Chosen layers"))


class EditPage(Page):
    """Shows the state of :class:`~lydigital.ui.editing.Editing` and asks it to act."""

    closed = Signal()
    resized = Signal()

    def __init__(self, editing: Editing) -> None:
        super().__init__()
        self._editing = editing
        box = column(self)
        self._head = QWidget()
        self._head_box = column(self._head, spacing=8)
        self._head_box.setContentsMargins(16, 14, 10, 8)
        box.addWidget(self._head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._scroll, 1)
        self.buttons: dict[str, QToolButton] = {}
        self.actions_: dict[str, IconButton] = {}
        self.kinds: dict[str, QToolButton] = {}
        self.layer = Choice()
        self.retranslate()

    # building

    def retranslate(self) -> None:
        clear(self._head_box)
        self._build_head()
        body = QWidget()
        body.setObjectName("scroll-body")
        inner = column(body, spacing=5)
        inner.setContentsMargins(16, 0, 16, 14)
        self._build_tools(inner)
        self._build_selection(inner)
        inner.addWidget(rule())
        self._build_snapping(inner)
        inner.addStretch(1)
        self._scroll.setWidget(body)
        self.refresh()
        QTimer.singleShot(0, self, self.resized.emit)

    def _build_head(self) -> None:
        top = row(spacing=10)
        top.addWidget(Badge("pencil-outline", 34), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=3)
        first = row(spacing=2)
        first.addWidget(label(tr("Edit"), "title"), 1)
        close = IconButton("close", "Finish editing", "Esc")
        close.setFixedSize(24, 24)
        close.clicked.connect(self.closed)
        first.addWidget(close)
        words.addLayout(first)
        self.layer = Choice()
        self.layer.setAccessibleName(tr("Layer being edited"))
        self.layer.setToolTip(tr("Layer being edited"))
        self.layer.chosen.connect(self._editing.set_layer)
        words.addWidget(self.layer)
        top.addLayout(words, 1)
        self._head_box.addLayout(top)
        self._refused = label(role="warn", wrap=True)
        self._head_box.addWidget(self._refused)
        self._hint = label(role="soft", wrap=True)
        self._hint.setMinimumHeight(2 * self._hint.fontMetrics().lineSpacing() + 2)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._head_box.addWidget(self._hint)
        self._notice = QFrame()
        self._notice.setObjectName("notice")
        self._notice.setProperty("level", "error")
        line = row(self._notice, margin=8, spacing=8)
        line.addWidget(Badge("alert-circle-outline", 24, "danger"), 0, Qt.AlignmentFlag.AlignTop)
        said = column(spacing=2)
        self._said, self._fix = label(wrap=True), label(role="faint", wrap=True)
        said.addWidget(self._said)
        said.addWidget(self._fix)
        line.addLayout(said, 1)
        self._notice.hide()
        self._head_box.addWidget(self._notice)

    def _build_tools(self, box) -> None:
        grid = QGridLayout()
        grid.setSpacing(2)
        grid.setContentsMargins(0, 0, 0, 0)
        for k, tool in enumerate(TOOLS):
            button = QToolButton()
            button.setObjectName("tool")
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIcon(icons.icon(tool.icon))
            button.setIconSize(QSize(20, 20))
            button.setText(tr(tool.title))
            button.setFixedHeight(46)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, t=tool.id: self._editing.choose(t))
            grid.addWidget(button, k // COLUMNS, k % COLUMNS)
            self.buttons[tool.id] = button
        for k in range(COLUMNS):
            grid.setColumnStretch(k, 1)
        box.addLayout(grid)

    def _build_selection(self, box) -> None:
        line = row(spacing=0)
        self._count = Elided(role="soft")
        line.addWidget(self._count, 1)
        self.actions_ = {}
        self.attributes = IconButton("form-select", "Attributes", size=17)
        self.attributes.setFixedSize(26, 26)
        self.attributes.clicked.connect(self._editing.window.cards.show_form)
        line.addWidget(self.attributes)
        known = registry.commands()
        for command_id in ACTIONS:
            command = known.get(command_id)
            if command is None:
                continue
            button = IconButton(command.icon, command.title, command.shortcut, size=17)
            button.setFixedSize(23, 26)
            button.clicked.connect(lambda _=False, c=command_id: self._editing.act(c))
            self.actions_[command_id] = button
            line.addWidget(button)
        box.addSpacing(2)
        box.addLayout(line)

    def _build_snapping(self, box) -> None:
        editing, aids = self._editing, self._editing.aids
        first = row(spacing=6)
        self.snapping = QCheckBox(tr("Snapping"))
        self.snapping.setToolTip(tr("Snapping on or off (S)"))
        self.snapping.clicked.connect(lambda on: editing.change(snapping=on))
        first.addWidget(self.snapping, 1)
        first.addWidget(label(tr("Within"), "faint"))
        self.tolerance = _widths(TOLERANCES_PX, aids.tolerance_px, "px")
        self.tolerance.setAccessibleName(tr("Snapping tolerance"))
        self.tolerance.chosen.connect(lambda v: editing.change(tolerance_px=v))
        first.addWidget(self.tolerance)
        box.addLayout(first)
        grid = QGridLayout()
        grid.setSpacing(3)
        self.kinds = {}
        for k, kind in enumerate(KINDS):
            chip = QToolButton()
            chip.setObjectName("kind")
            chip.setCheckable(True)
            chip.setText(tr(KIND_TEXTS[kind]))
            chip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            chip.setFixedHeight(24)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.clicked.connect(self._kinds_chosen)
            grid.addWidget(chip, k // 3, k % 3)
            self.kinds[kind] = chip
        box.addLayout(grid)
        where = row(spacing=6)
        where.addWidget(label(tr("Snap to"), "faint"))
        self.snap_to = Choice()
        self.snap_to.offer([(value, tr(text)) for value, text in SNAP_TO], aids.snap_to)
        self.snap_to.chosen.connect(lambda value: editing.change(snap_to=value))
        where.addWidget(self.snap_to, 1)
        self._which = IconButton("layers-outline", "Which layers", size=16)
        self._which.setMenu(QMenu(self._which))
        self._which.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._which.menu().aboutToShow.connect(self._fill_layers)
        where.addWidget(self._which)
        self.grid = _widths(GRIDS, aids.grid, tr("units"))
        self.grid.setToolTip(tr("Width of a cell of the snapping grid"))
        self.grid.setAccessibleName(self.grid.toolTip())
        self.grid.chosen.connect(lambda v: editing.change(grid=v))
        where.addWidget(self.grid)
        box.addLayout(where)
        box.addSpacing(2)
        self.switches = {}
        for name, text, why in (
            ("right_angles", "Right-angle guide", "The line takes a right angle to the last side when near. Shift: steps of 15°."),
            ("topological", "Move shared borders together", "Vertices that neighbours share move, come and go together."),
            ("avoid_overlap", "Avoid overlaps", "A new area leaves out what others of its layer cover."),
        ):  # fmt: skip
            switch = QCheckBox(tr(text))
            switch.setToolTip(tr(why))
            switch.clicked.connect(lambda on, n=name: editing.change(**{n: on}))
            box.addWidget(switch)
            self.switches[name] = switch

    # state

    def refresh(self) -> None:
        """Everything as it is now."""
        editing, aids = self._editing, self._editing.aids
        self._offer_layers()
        refused = editing.refusal(editing.layer)
        self._refused.setText(refused)
        self._refused.setVisible(bool(refused) and bool(editing.layer))
        geometry = editing.geometry
        for tool in TOOLS:
            button = self.buttons[tool.id]
            reason = tool.reason(geometry, refused)
            button.setChecked(tool.id == editing.tool_id)
            button.setEnabled(reason is None)
            key = f" ({tool.key})" if tool.key else ""
            button.setToolTip(tr(tool.title) + key if reason is None else f"{tr(tool.title)}: {reason}")
            button.setAccessibleName(button.toolTip())
        self.refresh_selection()
        self.snapping.setChecked(aids.snapping)
        for kind, chip in self.kinds.items():
            chip.setChecked(kind in aids.kinds)
            chip.setEnabled(aids.snapping)
        self.snap_to.show_value(aids.snap_to)
        self._which.setVisible(aids.snap_to == "some")
        self.grid.setVisible("grid" in aids.kinds)
        for name, switch in self.switches.items():
            switch.setChecked(bool(getattr(aids, name)))
        self.show_hint()

    def refresh_selection(self) -> None:
        session = self._editing.session
        count = len(session.selection)
        self._count.setText(tr("{count} selected", count=f"{count:,}") if count else tr("None selected"))
        self.attributes.setEnabled(bool(count))
        self.attributes.say(tr("Attributes") if count else f"{tr('Attributes')}: {tr('Nothing selected')}")
        for command_id, button in self.actions_.items():
            command = registry.get(command_id)
            reason = command.disabled(session)
            button.setEnabled(reason is None)
            key = f" ({command.shortcut})" if command.shortcut else ""
            button.say(command.name + key if reason is None else f"{command.name}: {reason}")

    def show_hint(self) -> None:
        tool = self._editing.hand.tool
        self._hint.setText(tr(tool.hint) if tool is not None and tool.hint else "")

    def show_error(self, text: str, fix: str) -> None:
        """What went wrong and how to go on; gone with the next thing that works."""
        self._said.setText(text)
        self._fix.setText(fix)
        self._fix.setVisible(bool(fix))
        self._notice.setVisible(bool(text))
        self.resized.emit()

    @property
    def error(self) -> str:
        return self._said.text() if not self._notice.isHidden() else ""

    def _offer_layers(self) -> None:
        editing = self._editing
        found = editing.layers()
        self.layer.clear()
        for layer, name, refused in found:
            self.layer.addItem(name, layer)
            model = self.layer.model()
            if refused and isinstance(model, QStandardItemModel):
                item = model.item(self.layer.count() - 1)
                item.setEnabled(False)
                item.setToolTip(refused)
                item.setText(f"{name} — {refused}")
        self.layer.show_value(editing.layer)
        if not editing.layer:
            self.layer.setPlaceholderText(tr("Choose a layer to edit"))

    def _fill_layers(self) -> None:
        editing = self._editing
        menu = self._which.menu()
        menu.clear()
        for layer, name, _ in editing.layers():
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(layer in editing.aids.snap_layers)
            action.triggered.connect(lambda on, layer=layer: self._layer_chosen(layer, on))

    def _layer_chosen(self, layer: str, on: bool) -> None:
        kept = [known for known in self._editing.aids.snap_layers if known != layer]
        self._editing.change(snap_layers=(*kept, layer) if on else tuple(kept))

    def _kinds_chosen(self) -> None:
        chosen = tuple(kind for kind, chip in self.kinds.items() if chip.isChecked())
        aids = self._editing.aids
        grid = aids.grid or 10.0 if "grid" in chosen else aids.grid
        self.grid.show_value(grid)
        self._editing.change(kinds=chosen, grid=grid)
        self.refresh()

    # the card

    def ideal_height(self, width: int) -> int:
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        inner = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        if inner <= 0:
            inner = body.sizeHint().height() if body is not None else 0
        self._head_box.invalidate()
        return self._head_box.heightForWidth(width) + inner + 2


def _widths(values: tuple[float, ...], current: float, unit: str) -> Choice:
    """A choice of widths; one that is none of them stays offered."""
    choice = Choice()
    offered = sorted({*values, current} - {0.0})
    choice.offer([(value, f"{value:g} {unit}") for value in offered], current)
    choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    choice.setMinimumContentsLength(6)
    return choice
