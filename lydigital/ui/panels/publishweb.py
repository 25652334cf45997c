"""The map as one file for browsers: what can be clicked in it, whom it is for, how large it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QPushButton, QScrollArea, QWidget

from lydigital.commands.framework import BASE
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.publishout import save_dialog
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.widgets import clear, column, label, link, row

if TYPE_CHECKING:
    from lydigital.ui.publishdesk import PublishDesk

BUDGETS_MB = (4, 8, 20, 50)
LIST_PX = 150


class WebStep(Step):
    """Layers that are not chosen but visible lie below as a picture."""

    def __init__(self, desk: PublishDesk, number: int) -> None:
        self._desk = desk
        self._budget = 8
        self._chosen: set[str] | None = None
        self._written: dict[str, Any] | None = None
        super().__init__(number, "Web page")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.box.addWidget(label(tr("One file that opens in any browser, without a network."), "soft", wrap=True))
        self.box.addWidget(label(tr("Layers that can be clicked and switched"), "section"))
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list = QWidget()
        self._list.setObjectName("scroll-body")
        self._boxes = column(self._list, spacing=1)
        self.area.setWidget(self._list)
        self.box.addWidget(self.area)
        self.checks: dict[str, QCheckBox] = {}
        form = Form()
        self.budget = Choice()
        self.budget.offer([(mb, f"{mb} MB") for mb in BUDGETS_MB], self._budget)
        self.budget.setToolTip(tr("Lines are made simpler until the file is no larger; what was done is told"))
        self.budget.chosen.connect(lambda mb: setattr(self, "_budget", mb))
        form.line("Size up to", self.budget)
        self.box.addLayout(form)
        line = row(spacing=6)
        self.write = QPushButton(icons.icon("web", "on_accent"), tr("Write the page…"))
        self.write.setProperty("primary", "true")
        self.write.clicked.connect(lambda _=False: self.ask_file())
        line.addWidget(self.write)
        line.addStretch(1)
        self.open_it = link(tr("Open it"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str((self._written or {}).get("output", "")))))
        line.addWidget(self.open_it)
        self.box.addLayout(line)
        self.told = label(role="faint", wrap=True)
        self.box.addWidget(self.told)
        self.refresh()

    def open(self, *, on: bool = True) -> None:
        if on:
            self.offer()
        super().open(on=on)

    def offer(self) -> None:
        """Visible layers of features; those above the base map are chosen at first."""
        session = self._desk.session
        visible = [ref for ref in session.document.layers if session.document.is_visible(ref) and session.definition(ref.id).geometry not in ("raster", "none")]
        chosen = {ref.id for ref in visible if ref.group not in BASE} or {ref.id for ref in visible}
        if self._chosen is not None:
            chosen = {layer for layer in self._chosen if any(ref.id == layer for ref in visible)}
        clear(self._boxes)
        self.checks = {}
        for ref in visible:
            check = self.checks[ref.id] = QCheckBox(session.definition(ref.id).name)
            check.setChecked(ref.id in chosen)
            check.toggled.connect(lambda _on: self._choose())
            self._boxes.addWidget(check)
        self._boxes.addStretch(1)
        self.area.setFixedHeight(min(LIST_PX, 12 + 24 * max(1, len(visible))))
        self.refresh()

    @property
    def layers(self) -> tuple[str, ...]:
        """Those that are ticked."""
        return tuple(layer for layer, check in self.checks.items() if check.isChecked())

    def _choose(self) -> None:
        self._chosen = set(self.layers)
        self.refresh()

    def refresh(self) -> None:
        busy, done = self._desk.waits("web"), self._written
        self.write.setEnabled(not busy and bool(self.layers))
        self.write.setToolTip(tr("Writing…") if busy else "" if self.layers else tr("Choose a layer first"))
        self.open_it.setVisible(done is not None and not busy)
        self.told.setVisible(done is not None)
        if done is not None:
            self.told.setText("\n".join((f"{done['bytes'] / 1e6:.1f} MB", *done["notes"])))
        if busy:
            self.say("now", tr("Writing…"))
        elif done is not None:
            self.say("warn" if done["over_budget"] else "done", f"{done['bytes'] / 1e6:.1f} MB")
        else:
            self.say("todo", tr("{count} layers", count=len(self.layers)) if self.is_open else "")

    def ask_file(self) -> None:
        """The second click is in the dialog."""
        desk = self._desk
        title = desk.frame.title or desk.session.document.title or tr("Map")
        self.dialog = save_dialog(self.window(), tr("Web page"), ".html", desk.name_for(".html", title), self.write_page)

    def write_page(self, path: str) -> None:
        """The page into a file, in a job."""
        desk = self._desk

        def done(values: dict[str, Any]) -> None:
            self._written = values
            desk.window.say(Notice("note", tr("Written: {path}", path=values["output"])))
            self.refresh()
            self.folded.emit()

        desk.ask("web", tr("Writing the web page"), "web.write", done, path=path, layers=self.layers, budget_mb=self._budget, audience=desk.audience, title=desk.frame.title)
        self.refresh()

    def _desk_changed(self, what: str) -> None:
        if what == "busy":
            self.refresh()
