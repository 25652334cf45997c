"""The head of the window: mark, workspaces, search, undo and redo, state of the map, operator, menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu, QToolButton, QWidgetAction

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.widgets import IconButton, Mark, SearchButton, Segmented, label, row

if TYPE_CHECKING:
    from lydigital.session import Session
    from lydigital.stores.lease import Holder

WORKSPACES = (
    ("browse", "Browse", "map-outline"),
    ("hazard", "Warnings", "alert-outline"),
    ("coverage", "Coverage", "access-point"),
    ("emergency", "Emergency", "ambulance"),
    ("publish", "Publish", "file-image-outline"),
)


class TopBar(QFrame):
    """Shows the session's state; asks the window to act through signals."""

    workspace_chosen = Signal(str)
    search_opened = Signal()
    command = Signal(str)
    operator_named = Signal(str)
    sides_toggled = Signal(str)

    def __init__(self, menu: QMenu) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setFixedHeight(46)
        box = row(self, spacing=4)
        box.setContentsMargins(12, 0, 8, 0)
        box.addWidget(Mark(26))
        self._brand = label()
        self._brand.setObjectName("brand")
        box.addSpacing(4)
        box.addWidget(self._brand)
        box.addSpacing(12)
        self.workspaces = Segmented(WORKSPACES)
        self.workspaces.chosen.connect(self.workspace_chosen)
        box.addWidget(self.workspaces)
        box.addStretch(1)
        self.search = SearchButton()
        self.search.opened.connect(self.search_opened)
        box.addWidget(self.search, 4)
        box.addStretch(1)
        self.edit = QToolButton()
        self.edit.setObjectName("edit")
        self.edit.setCheckable(True)
        self.edit.setIcon(icons.icon("pencil-outline"))
        self.edit.setIconSize(QSize(17, 17))
        self.edit.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.edit.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.addWidget(self.edit)
        box.addSpacing(4)
        self.undo = IconButton("undo-variant", "Undo", "Ctrl+Z")
        self.undo.clicked.connect(lambda: self.command.emit("edit.undo"))
        self.redo = IconButton("redo-variant", "Redo", "Ctrl+Shift+Z")
        self.redo.clicked.connect(lambda: self.command.emit("edit.redo"))
        box.addWidget(self.undo)
        box.addWidget(self.redo)
        box.addSpacing(4)
        self.state = QToolButton()
        self.state.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.state.setIconSize(QSize(16, 16))
        self.state.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.state.clicked.connect(lambda: self.command.emit("file.save"))
        box.addWidget(self.state)
        self.operator = QToolButton()
        self.operator.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.operator.setIcon(icons.icon("account-circle-outline"))
        self.operator.setIconSize(QSize(18, 18))
        self.operator.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.operator.clicked.connect(self._name_operator)
        box.addWidget(self.operator)
        self.menu = IconButton("menu", "Menu", "Alt+M", size=20)
        self.menu.setMenu(menu)
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu.setShortcut("Alt+M")
        box.addWidget(self.menu)
        self._operator_name = ""
        self.retranslate()

    def retranslate(self) -> None:
        self._brand.setText(tr("Digital Luoyang"))
        self.workspaces.retranslate()
        self.search.retranslate()
        self.menu.retranslate()
        self.edit.setText(tr("Edit"))
        self.edit.setToolTip(tr("Edit features (Ctrl+E)"))
        self.edit.setAccessibleName(self.edit.toolTip())
        self.show_operator(self._operator_name)

    def show_operator(self, name: str) -> None:
        self._operator_name = name
        self.operator.setText(name)
        text = (
            tr("Operator: {name}", name=name)
            if name
            else tr("Operator: nobody named yet; click to enter a name")
        )
        self.operator.setToolTip(text)
        self.operator.setAccessibleName(text)

    def show_editing(self, *, on: bool) -> None:
        self.edit.setChecked(on)

    def show_session(self, session: Session, other: Holder | None = None) -> None:
        """Undo and redo say what they would do, the state whether work is saved, or who else (``other``) edits the file."""
        undo, redo = session.history.undo_text, session.history.redo_text
        for button, text, none, key in (
            (self.undo, undo, tr("Nothing to undo"), "Ctrl+Z"),
            (self.redo, redo, tr("Nothing to redo"), "Ctrl+Shift+Z"),
        ):
            button.setEnabled(text is not None)
            button.say(f"{text} ({key})" if text is not None else none)
        title = session.document.title or tr("Map")
        shown = title if len(title) <= 14 else title[:13] + "…"
        icon, role, words, tip = _state_of(session, other, title)
        self.state.setIcon(icons.icon(icon, role))
        self.state.setText(f"{shown} · {words}" if words else shown)
        self.state.setToolTip(tip)
        self.state.setAccessibleName(tip)

    def _name_operator(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        field = QLineEdit(self._operator_name)
        field.setPlaceholderText(tr("Name of the operator"))
        field.setMinimumWidth(180)
        action = QWidgetAction(menu)
        action.setDefaultWidget(field)
        menu.addAction(action)

        def accept() -> None:
            menu.close()
            self.operator_named.emit(field.text().strip())

        field.returnPressed.connect(accept)
        menu.popup(self.operator.mapToGlobal(self.operator.rect().bottomLeft()))
        field.setFocus()


def _state_of(session: Session, other: Holder | None, title: str) -> tuple[str, str, str, str]:
    """Icon, its colour, a word and a sentence on whether work is saved."""
    features = session.features
    count = sum(len(features.unsaved(layer)) for layer in features.unsaved_layers)
    if other is not None:
        words = tr("{name} edits it", name=other.operator or other.machine)
        since = other.since.astimezone().strftime("%Y-%m-%d %H:%M")
        tip = tr("{title} is edited by {operator} on {machine} since {time}: here it can be looked at", title=title,
                 operator=other.operator or "?", machine=other.machine, time=since)  # fmt: skip
        if count:
            words = tr("{count} unsaved", count=count)
            tip += "\n" + tr("{count} features changed here are kept in the journal until they can be saved", count=count)
        return "account-lock-outline", "warn", words, tip
    if count:
        tip = tr("{title}: {count} features are changed and not in the store yet. They are kept in the journal, also if "
                 "the power goes. Click to save (Ctrl+S)", title=title, count=count)  # fmt: skip
        return "circle-medium", "warn", tr("{count} unsaved", count=count), tip
    if not session.is_saved:
        return "circle-medium", "warn", "", tr("{title}: changed; kept in the journal. Click to save (Ctrl+S)", title=title)
    if session.stores.held:
        return "pencil-circle-outline", "good", "", tr("{title}: everything is saved; others see that you edit it", title=title)
    return "check-circle-outline", "good", "", tr("{title}: everything is saved", title=title)
