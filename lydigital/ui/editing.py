"""Editing in the window: on or off, which layer, which tool; the edit page and the hand follow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut

from lydigital.commands.subjects import writable
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui.search import Entry
from lydigital.ui.tools.hand import Hand
from lydigital.ui.tools.toolset import BY_ID, TOOLS

if TYPE_CHECKING:
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.selection import Selection
    from lydigital.settings import Aids
    from lydigital.ui.panels.edit import EditPage
    from lydigital.ui.window import Window

FIRST = {"point": "point", "line": "line", "polygon": "polygon"}


class Editing(QObject):
    """Made with the window; the page is made when it is first needed."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self.session = window.session
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.tool_id = ""
        self._page: EditPage | None = None
        self._refusals: dict[str, str] = {}
        self.hand.hinted.connect(lambda _hint: self._page.show_hint() if self._page is not None else None)
        self.hand.failed.connect(self._failed)
        self.hand.said.connect(self._said)
        self.hand.done.connect(self._worked)
        self.hand.left.connect(self._left)
        self.hand.created.connect(window.cards.show_form)
        self.hand.aids_changed.connect(lambda aids: window._keep_preferences(aids=aids))
        window.topbar.edit.clicked.connect(lambda _on: self.toggle())
        window.topbar.workspace_chosen.connect(lambda _name: self.stop(close_card=False))
        self._keys = [self._key("Ctrl+E", self.toggle, always=True), self._key("S", self._toggle_snapping)]
        self._keys += [self._key(tool.key, partial(self.choose, tool.id)) for tool in TOOLS if tool.key]
        self._enable_keys()

    def links(self) -> tuple[tuple[Any, Any], ...]:
        """Signals of the session and who hears them."""
        return ((self.session.changed, self._document_changed), (self.session.selected, self._selection_changed))

    # on and off

    @property
    def is_on(self) -> bool:
        return bool(self.tool_id)

    @property
    def page(self) -> EditPage:
        if self._page is None:
            from lydigital.ui.panels.edit import EditPage

            self._page = EditPage(self)
            self._page.closed.connect(self.stop)
            self._page.resized.connect(self.window.map.place)
        return self._page

    def toggle(self) -> None:
        """Begin editing, show its page again, or end it."""
        card = self.window.map.card
        if self.is_on and (self._page is not None and card.page() is self._page and not card.isHidden()):
            self.stop()
        elif self.is_on:
            self._show()
        else:
            self.start()

    def start(self, tool: str = "") -> None:
        """Begin editing: the layer of the selection, or the one edited last."""
        self.window.holding.check()
        self._refusals.clear()
        if not self.layer or self.refusal(self.layer):
            self.hand.layer = self._first_layer()
        for layer in self.session.selection.fids:
            if not self.refusal(layer):
                self.hand.layer = layer
        self.choose(tool or "select")
        self._show()

    def stop(self, *, close_card: bool = True) -> None:
        """Give the map its gestures back."""
        if not self.is_on:
            return
        self.tool_id = ""
        self.hand.take(None)
        self.window.topbar.show_editing(on=False)
        self._enable_keys()
        if close_card and self._page is not None and self.window.map.card.page() is self._page:
            self.window.cards.close()

    def show_page(self) -> None:
        """The page of the tools, or nothing where editing is over."""
        if self.is_on:
            self._show()
        else:
            self.window.cards.close()

    def _show(self) -> None:
        self.page.refresh()
        self.window.map.card.show_page(self.page)
        self.window.map.place()

    # layer and tool

    @property
    def layer(self) -> str:
        known = self.hand.layer
        return known if known and self.session.document.layer(known) is not None else ""

    @property
    def geometry(self) -> str:
        return self.session.definition(self.layer).geometry if self.layer else ""

    def layers(self) -> list[tuple[str, str, str]]:
        """Layers of features: id, name, and why it cannot be edited; those that can be come first."""
        found = []
        for ref in self.session.document.layers:
            definition = self.session.definition(ref.id)
            if definition.geometry in FIRST:
                found.append((ref.id, definition.name, self.refusal(ref.id)))
        return sorted(found, key=lambda entry: bool(entry[2]))

    def refusal(self, layer: str) -> str:
        """Why a layer cannot be edited and what helps, "" when it can."""
        ref = self.session.document.layer(layer) if layer else None
        if ref is None:
            return tr("Choose a layer to edit first")
        if layer not in self._refusals:
            try:
                writable(self.session, ref)
                self._refusals[layer] = ""
            except LydError as error:
                self._refusals[layer] = f"{error}. {error.hint_text()}"
        return self._refusals[layer]

    def set_layer(self, layer: object) -> None:
        self.hand.layer = str(layer)
        tool = BY_ID.get(self.tool_id)
        if tool is not None and tool.reason(self.geometry, self.refusal(self.layer)) is not None:
            self.choose("select")
        else:
            self.hand.features_changed()
            self._refresh()

    def _first_layer(self) -> str:
        document = self.session.document
        scale = self.window.canvas.viewport.scale
        shown = [r.id for r in document.layers if document.is_visible(r) and self.session.style(r.id).shows_at(scale)]
        able = [layer for layer in shown if self.session.definition(layer).geometry in FIRST and not self.refusal(layer)]
        return able[0] if able else ""

    def choose(self, tool_id: str) -> None:
        """Take a tool; begins editing where it has not begun. A tool that does not fit says why."""
        if not self.is_on and tool_id != "select":
            self.start()
        tool = BY_ID[tool_id]
        reason = tool.reason(self.geometry, self.refusal(self.layer))
        if reason is not None:
            self._said(tr("{tool} is not possible now", tool=tr(tool.title)), reason)
            return
        self.tool_id = tool_id
        if tool_id != "select":
            self.window.holding.begin(self.layer)
        self.hand.take(tool.make(self.hand))
        self.window.topbar.show_editing(on=True)
        self._enable_keys()
        self._clear_error()
        self._refresh()
        self.window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def act(self, command_id: str) -> None:
        """Do a command of the selection; pasting goes into the layer in hand."""
        self.hand.execute(command_id, **({"layer": self.layer} if command_id == "feature.paste" else {}))
        self.window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # aids

    @property
    def aids(self) -> Aids:
        return self.hand.aids

    def change(self, **changes: object) -> None:
        """Change how drawing is helped; it is remembered."""
        self.hand.change_aids(**changes)
        self._refresh()

    def _toggle_snapping(self) -> None:
        self.change(snapping=not self.aids.snapping)

    # the palette

    def entries(self) -> list[Entry]:
        """Tools and the way in, for the palette."""
        kind = tr("Edit")
        found = [
            Entry(tr("Finish editing") if self.is_on else tr("Edit features"), self.stop if self.is_on else self.start,
                  kind, "pencil-outline", ("edit", "编辑"), "Ctrl+E", rank=2.0),
        ]  # fmt: skip
        refused = self.refusal(self.layer) if self.is_on else ""
        for tool in TOOLS:
            reason = tool.reason(self.geometry, refused) if self.is_on else None
            found.append(
                Entry(tr(tool.title), partial(self.choose, tool.id), kind, tool.icon, (tool.title, *tool.words),
                      tool.key, disabled=reason)
            )  # fmt: skip
        return found

    # what happens

    def retranslate(self) -> None:
        self._refusals.clear()
        if self._page is not None:
            self._page.retranslate()
        self.window.canvas.update()

    def _failed(self, error: BaseException) -> None:
        self.window.holding.explains(error)
        if isinstance(error, LydError):
            self._said(str(error), error.hint_text())
        else:
            self.window.failed(error)

    def _said(self, text: str, hint: str) -> None:
        if self._page is not None and self.window.map.card.page() is self._page:
            self._page.show_error(text, hint)
        else:
            from lydigital.ui.notices import Notice

            self.window.say(Notice("warning", text, hint))

    def _worked(self) -> None:
        self._clear_error()
        self.window._show_session()

    def _clear_error(self) -> None:
        if self._page is not None and self._page.error:
            self._page.show_error("", "")

    def _left(self) -> None:
        if self.tool_id == "select":
            self.stop()
        else:
            self.choose("select")

    def _document_changed(self, changes: ChangeSet) -> None:
        if any(not d.target.startswith(("geometry/", "feature/", "value/")) for d in changes.deltas) or not changes:
            self._refusals.clear()
            if self.is_on:
                self._refresh()
        if self.is_on:
            self.hand.features_changed()

    def _selection_changed(self, _selection: Selection) -> None:
        if self.window.cards.shows_form() and not self.window.cards.form.show_selection() and self.is_on:
            self._show()
        if self.is_on:
            self.hand.features_changed()
            if self._page is not None:
                self._page.refresh_selection()

    def _refresh(self) -> None:
        if self._page is not None:
            self._page.refresh()

    def _key(self, keys: str, action: Any, *, always: bool = False) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self.window if always else self.window.canvas)
        if not always:
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(action)
        return shortcut

    def _enable_keys(self) -> None:
        for shortcut in self._keys[1:]:
            shortcut.setEnabled(self.is_on)
