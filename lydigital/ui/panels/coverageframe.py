"""The framework of Digital Luoyang in the card: all systems in a line, and the door to their board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui import homes, icons
from lydigital.ui.panels.coverageboard import SystemBoard, summary_of
from lydigital.ui.panels.steps import Step
from lydigital.ui.widgets import clear, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.model.system import System
    from lydigital.ui.coveragedesk import CoverageDesk


class FrameStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        self._board: SystemBoard | None = None
        super().__init__(0, "Digital Luoyang: all systems")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.words = label(role="soft", wrap=True)
        self.box.addWidget(self.words)
        self.button = QPushButton(icons.icon("view-dashboard-outline", "on_accent"), tr("Show the board"))
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(self.show_board)
        self.box.addWidget(self.button)
        if self._board is not None:
            self._board.retranslate()
        self.refresh()

    @property
    def board(self) -> SystemBoard:
        if self._board is None:
            self._board = SystemBoard()
            self._board.closed.connect(self._desk.window.map.close_board)
            self._board.theme_asked.connect(self._theme)
            self._board.indicator_asked.connect(self._indicator)
            self._board.functions_asked.connect(self._functions)
            self._fill()
        return self._board

    def show_board(self) -> None:
        """Lay the board over the map; the systems are looked at when it was not done yet."""
        if not self._desk.cards and not self._desk.waits("systems"):
            self._desk.look_at_systems()
        self._desk.window.map.show_board(self.board)

    def refresh(self) -> None:
        desk = self._desk
        if desk.cards:
            self.words.setText(summary_of(desk.cards))
            self.say("done", tr("{count} systems", count=len(desk.cards)))
        else:
            self.words.setText(tr("One card a system: its layers, how complete and how old they are, its headline indicator against the target."))
            self.say("now" if desk.waits("systems") else "todo", tr("Working…") if desk.waits("systems") else "")

    def _fill(self) -> None:
        if self._board is None:
            return
        desk = self._desk
        if desk.cards:
            self._board.show_cards(desk.framework.groups, desk.cards, {c.system.id for c in desk.cards if desk.can_open(c.system)})
        else:
            self._board.wait(tr("Counting layers and working out indicators…") if desk.waits("systems") else tr("Nothing was found"))

    def _theme(self, system: str) -> None:
        self._desk.window.map.close_board()
        self._desk.open_theme(system)

    def _indicator(self, indicator: str) -> None:
        self._desk.window.map.close_board()
        self._desk.choose(indicator)

    def functions_of(self, system: System) -> QMenu:
        """What can be done with a system, each where the window does it; the rest says where it is done."""
        window = self._desk.window
        layer = next((i for i in system.shown_layers if window.session.document.layer(i) is not None), "")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command_id in system.functions:
            command, way = registry.get(command_id), homes.way_to(window, command_id, layer)
            action = menu.addAction(icons.icon(command.icon or "circle-small"), command.name)
            action.setEnabled(way is not None)
            action.setToolTip(command_id if way is not None else tr("On the command line and in scripts: {command}", command=command_id))
            if way is not None:
                action.triggered.connect(lambda _=False, way=way: self._do(way))
        return menu

    def _functions(self, system: System, button: QWidget) -> None:
        self.functions_of(system).popup(button.mapToGlobal(QPoint(0, button.height())))

    def _do(self, way: Callable[[], object]) -> None:
        self._desk.window.map.close_board()
        way()

    def _desk_changed(self, what: str) -> None:
        if what == "systems" or (what == "busy" and not self._desk.cards):
            self._fill()
            self.refresh()
            if what == "systems" and not self._desk.cards and self._board is not None and self._desk.window.map.board is self._board:
                self.show_board()
