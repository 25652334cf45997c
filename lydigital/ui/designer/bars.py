"""The strip of things to add, the buttons that arrange what is selected, and the foot with pages and zoom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.designer.making import KINDS
from lydigital.ui.widgets import IconButton, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction

    from lydigital.ui.designer.canvas import PageCanvas
    from lydigital.ui.designer.drawing import Drawing

ALIGNS = (
    ("left", "Align left edges", "align-horizontal-left"), ("centre", "Align middles across", "align-horizontal-center"),
    ("right", "Align right edges", "align-horizontal-right"), ("top", "Align upper edges", "align-vertical-top"),
    ("middle", "Align middles upright", "align-vertical-center"), ("bottom", "Align lower edges", "align-vertical-bottom"),
)  # fmt: skip
ORDERS = (
    ("front", "To the front", "arrange-bring-to-front", "Ctrl+Shift+]"), ("forward", "Forward", "arrange-bring-forward", "Ctrl+]"),
    ("backward", "Backward", "arrange-send-backward", "Ctrl+["), ("back", "To the back", "arrange-send-to-back", "Ctrl+Shift+["),
)  # fmt: skip


class AddStrip(QFrame):
    """One button for each kind of item: press it, then drag on the page."""

    def __init__(self, canvas: PageCanvas) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setFixedWidth(44)
        box = column(self, spacing=3)
        box.setContentsMargins(6, 8, 6, 8)
        self.buttons: dict[str, IconButton] = {}
        pointer = IconButton("cursor-default-outline", "Select", "Esc")
        pointer.setCheckable(True)
        pointer.setChecked(True)
        pointer.clicked.connect(lambda: canvas.begin_item(""))
        self.buttons[""] = pointer
        for kind, (made_of, _) in KINDS.items():
            button = IconButton(made_of.icon, made_of.word, size=20)
            button.setCheckable(True)
            button.say(tr("Add: {item}", item=tr(made_of.word)))
            button.clicked.connect(lambda _on, kind=kind: canvas.begin_item(kind))
            self.buttons[kind] = button
        for button in self.buttons.values():
            button.setFixedSize(31, 31)
            box.addWidget(button)
        box.addStretch(1)
        canvas.drawn.connect(self._show)

    def _show(self, kind: str) -> None:
        for name, button in self.buttons.items():
            button.setChecked(name == kind)


class ArrangeBar(QWidget):
    """Buttons for what is selected; each says why it can do nothing."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing = drawing
        line = row(self, spacing=1)
        self.buttons: dict[str, IconButton] = {}
        self._needs: dict[str, int] = {}
        for how, text, icon in ALIGNS:
            self._add(line, how, icon, text, "", 1, partial(drawing.line_up, how))
        line.addSpacing(6)
        self._add(line, "spread x", "distribute-horizontal-center", "Even gaps across", "", 3, lambda: drawing.distribute("x"))
        self._add(line, "spread y", "distribute-vertical-center", "Even gaps upright", "", 3, lambda: drawing.distribute("y"))
        self._add(line, "wide", "arrow-expand-horizontal", "Equally wide", "", 2, lambda: drawing.even("width"))
        self._add(line, "high", "arrow-expand-vertical", "Equally high", "", 2, lambda: drawing.even("height"))
        line.addSpacing(6)
        for how, text, icon, key in ORDERS:
            self._add(line, how, icon, text, key, 1, partial(drawing.order, how))
        line.addSpacing(6)
        self._add(line, "group", "group", "Group", "Ctrl+G", 2, drawing.group)
        self._add(line, "ungroup", "ungroup", "Ungroup", "Ctrl+Shift+G", 1, drawing.ungroup)
        self._add(line, "lock", "lock-outline", "Lock or unlock", "Ctrl+L", 1, drawing.lock)
        self._add(line, "duplicate", "content-duplicate", "Duplicate", "Ctrl+D", 1, drawing.duplicate)
        self._add(line, "remove", "delete-outline", "Delete", "Del", 1, drawing.remove)
        drawing.changed.connect(lambda _what: self.refresh())
        self.refresh()

    def _add(self, line, name: str, icon: str, text: str, key: str, needs: int, action: Callable[[], object]) -> None:  # noqa: PLR0917
        button = IconButton(icon, text, key)
        button.clicked.connect(lambda _=False: action())
        line.addWidget(button)
        self.buttons[name], self._needs[name] = button, needs

    def refresh(self) -> None:
        """Only what can be done can be pressed."""
        if not self.drawing.is_there:
            return
        count = len(self.drawing.selected)
        for name, button in self.buttons.items():
            reason = ""
            if count < self._needs[name]:
                reason = tr("Select something on the page first") if self._needs[name] == 1 else tr("Select {count} or more first", count=self._needs[name])
            elif name == "ungroup" and not any(i.group for i in self.drawing.chosen()):
                reason = tr("Nothing selected is in a group")
            button.setEnabled(not reason)
            button.retranslate()
            if reason:
                button.say(f"{button.toolTip()}\n{reason}")


class Foot(QWidget):
    """Pages, zoom, the place of the mouse; lies in the foot of the window."""

    def __init__(self, drawing: Drawing, canvas: PageCanvas) -> None:
        super().__init__()
        self.drawing, self.canvas = drawing, canvas
        line = row(self, spacing=2)
        line.setContentsMargins(0, 0, 0, 0)
        self.before = self._button(line, "chevron-left", "Page before", "PgUp", lambda: drawing.turn_to(drawing.page - 1))
        self.page = label(role="soft")
        line.addWidget(self.page)
        self.after = self._button(line, "chevron-right", "Next page", "PgDown", lambda: drawing.turn_to(drawing.page + 1))
        self.plus = self._button(line, "file-plus-outline", "Add a page", "", drawing.add_page)
        self.minus = self._button(line, "file-remove-outline", "Remove this page", "", drawing.remove_page)
        line.addSpacing(12)
        self._button(line, "magnify-minus-outline", "Smaller", "Ctrl+-", lambda: canvas.zoom_by(0.8))
        self.zoom = QToolButton()
        self.zoom.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.zoom.setFixedWidth(58)
        menu = QMenu(self.zoom)
        for percent in (25, 50, 75, 100, 150, 200, 400):
            menu.addAction(f"{percent}%").triggered.connect(lambda _=False, p=percent: canvas.zoom_by(p / self.percent()))
        menu.addAction(tr("Whole page")).triggered.connect(canvas.fit)
        self.zoom.setMenu(menu)
        line.addWidget(self.zoom)
        self._button(line, "magnify-plus-outline", "Larger", "Ctrl++", lambda: canvas.zoom_by(1.25))
        self._button(line, "fit-to-page-outline", "Whole page", "Ctrl+0", canvas.fit)
        line.addSpacing(6)
        self.snap = IconButton("magnet", "Snap to guides, edges and middles; Alt does not", size=16)
        self.snap.setCheckable(True)
        self.snap.setChecked(True)
        self.snap.toggled.connect(self._snapping)
        self.snap.setFixedSize(26, 24)
        self.snap.setStyleSheet("padding: 0")
        line.addWidget(self.snap)
        line.addSpacing(8)
        self.place = label(role="faint")
        self.place.setMinimumWidth(110)
        line.addWidget(self.place)
        canvas.zoomed.connect(lambda _zoom: self.refresh())
        canvas.hovered.connect(lambda x, y: self.place.setText(f"{x:.1f}, {y:.1f} mm"))
        drawing.changed.connect(lambda _what: self.refresh())
        self.refresh()

    def _button(self, line, icon: str, text: str, key: str, action: Callable[[], object]) -> IconButton:
        button = IconButton(icon, text, key, size=16)
        button.setFixedSize(26, 24)
        button.setStyleSheet("padding: 0")  # the foot of the window has wider ones
        button.clicked.connect(lambda _=False: action())
        line.addWidget(button)
        return button

    def percent(self) -> float:
        """Of the true size on this screen."""
        per_mm = max(self.canvas.logicalDpiX(), 1) / 25.4
        return 100 * self.canvas.zoom / per_mm

    def refresh(self) -> None:
        if not self.drawing.is_there:
            return
        pages = len(self.drawing.layout.pages)
        self.page.setText(tr("Page {page} of {pages}", page=self.drawing.page + 1, pages=pages))
        self.before.setEnabled(self.drawing.page > 0)
        self.after.setEnabled(self.drawing.page + 1 < pages)
        self.minus.setEnabled(pages > 1)
        self.zoom.setText(f"{self.percent():.0f}%")

    def _snapping(self, on: bool) -> None:
        self.drawing.snaps = on


def fill_menu(menu: QMenu, drawing: Drawing) -> None:
    """What the right mouse button offers."""
    menu.clear()

    def add(icon: str, text: str, key: str, action: Callable[[], object], *, on: bool = True) -> QAction:
        made = menu.addAction(icons.icon(icon), f"{tr(text)}\t{key}" if key else tr(text))
        made.setEnabled(on)
        made.triggered.connect(lambda _=False: action())
        return made

    some = bool(drawing.selected)
    add("content-cut", "Cut", "Ctrl+X", drawing.cut, on=some)
    add("content-copy", "Copy", "Ctrl+C", drawing.copy, on=some)
    add("content-paste", "Paste", "Ctrl+V", drawing.paste, on=drawing.can_paste())
    add("content-duplicate", "Duplicate", "Ctrl+D", drawing.duplicate, on=some)
    menu.addSeparator()
    for how, text, icon, key in ORDERS:
        add(icon, text, key, partial(drawing.order, how), on=some)
    menu.addSeparator()
    add("group", "Group", "Ctrl+G", drawing.group, on=len(drawing.selected) > 1)
    add("ungroup", "Ungroup", "Ctrl+Shift+G", drawing.ungroup, on=any(i.group for i in drawing.chosen()))
    add("lock-outline", "Lock or unlock", "Ctrl+L", drawing.lock, on=some)
    add("eye-off-outline", "Hide", "", lambda: drawing.set_all("Show or hide on layout {layout}", visible=False), on=some)
    menu.addSeparator()
    add("select-all", "Select all", "Ctrl+A", drawing.select_all)
    add("delete-outline", "Delete", "Del", drawing.remove, on=some)


