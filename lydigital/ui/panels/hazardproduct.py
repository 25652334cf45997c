"""Step 5: the products. Text, picture and who is hit, seen before anything leaves; then the package and its delivery."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QGridLayout, QPlainTextEdit, QPushButton, QWidget

from lydigital.commands import impact, registry
from lydigital.errors import LydError
from lydigital.publish import bulletin
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.steps import Step
from lydigital.ui.widgets import Elided, clear, label, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lydigital.model.impact import Impact
    from lydigital.model.warning import WarningIssue
    from lydigital.ui.warningdesk import WarningDesk

PICTURE_PX = 300


class ProductStep(Step):
    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        self._impact: Impact | None = None
        self._impact_of = ""
        self._folder = self._packed_of = self._pictured = ""
        self._internal = False
        super().__init__(5, "Products")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.none = label(tr("A bulletin needs a warning with at least one township."), "soft", wrap=True)
        self.box.addWidget(self.none)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFixedHeight(176)
        self.text.setAccessibleName(tr("Text of the bulletin"))
        self.text.setTabChangesFocus(True)
        self.box.addWidget(self.text)
        line = row(spacing=6)
        self.copy = QPushButton(icons.icon("content-copy"), tr("Copy"))
        self.copy.clicked.connect(self._copy)
        self.look = QPushButton(icons.icon("image-outline"), tr("Picture"))
        self.look.clicked.connect(self.make_picture)
        self.hit = QPushButton(icons.icon("account-alert-outline"), tr("Who is hit"))
        self.hit.clicked.connect(self.count)
        for button in (self.copy, self.look, self.hit):
            line.addWidget(button, 1)
        self.box.addLayout(line)
        self.picture = label()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.picture.setAccessibleName(tr("Picture of the warning"))
        self.picture.hide()
        self.box.addWidget(self.picture)
        self.figures = QWidget()
        self.grid = QGridLayout(self.figures)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setVerticalSpacing(2)
        self.box.addWidget(self.figures)
        last = row(spacing=6)
        self.make = QPushButton(icons.icon("package-variant-closed", "on_accent"), tr("Make the package…"))
        self.make.setProperty("primary", "true")
        self.make.clicked.connect(self.ask_folder)
        self.deliver = QPushButton(icons.icon("send-outline"), tr("Deliver"))
        self.deliver.clicked.connect(self._deliver)
        last.addWidget(self.make, 2)
        last.addWidget(self.deliver, 1)
        self.box.addLayout(last)
        self.why = label(role="faint", wrap=True)
        self.box.addWidget(self.why)
        self.refresh()
        if self._impact is not None:
            self._show_impact()

    # state

    def refresh(self) -> None:
        desk, issue = self._desk, self._desk.issue
        has = issue is not None and bool(issue.townships)
        self.none.setVisible(not has)
        for widget in (self.text, self.copy, self.look, self.hit, self.make, self.deliver):
            widget.setVisible(has)
        self.figures.setVisible(has and self._impact is not None)
        if not has or issue is None:
            self.picture.hide()
            self.why.hide()
            self.say("todo", "")
            return
        if not self.is_open:
            self._say()
            return
        text, refused = self._bulletin(issue)
        if self.text.toPlainText() != text:
            self.text.setPlainText(text)
        reasons = [refused] if refused else []
        for button, command, name in (
            (self.make, "warning.package", tr("Package")), (self.deliver, "warning.deliver", tr("Deliver")),
            (self.look, "warning.picture", tr("Picture")),
        ):  # fmt: skip
            reason = self._missing(command)
            button.setEnabled(reason is None and desk.busy == "")
            button.setToolTip(reason or "")
            if reason is not None:
                reasons.append(f"{name}: {reason}")
        self.hit.setEnabled(desk.busy == "")
        self.why.setText("\n".join(reasons))
        self.why.setVisible(bool(reasons))
        if issue.digest != self._impact_of:
            self._impact = None
            self.figures.hide()
        if issue.digest != self._pictured:
            self.picture.hide()
        if issue.digest != self._packed_of:
            self._folder = ""
        self._say()

    def _say(self) -> None:
        self.say("done" if self._folder else "now", tr("Package made") if self._folder else tr("Preview"))

    def opened(self) -> None:
        self.refresh()

    def _missing(self, command: str) -> str | None:
        session = self._desk.session
        if command == "warning.deliver":
            if not any(hook.enabled for hook in session.office.publishing.hooks):
                return tr("no place to hand over to is switched on in the settings")
            if not self._folder:
                return tr("make the package first")
        return registry.get(command).disabled(session)

    def _bulletin(self, issue: WarningIssue) -> tuple[str, str]:
        """Its text, and why the public does not get it."""
        blue = self._desk.session.office.publishes_blue
        self._internal = False
        try:
            return bulletin.compose(issue, blue=blue).text, ""
        except LydError:
            self._internal = True
        try:
            return bulletin.compose(issue, internal=True, blue=blue).text, ""
        except LydError as error:
            return "", f"{error}. {error.hint_text()}"

    # what the hand does

    def count(self) -> None:
        """Who is hit, in a job."""
        issue, session = self._desk.issue, self._desk.session
        if issue is None:
            return

        def work(_job: Any) -> tuple[Impact, float]:
            began = time.perf_counter()
            return impact.of_issue(session, issue), time.perf_counter() - began

        def done(result: tuple[Impact, float]) -> None:
            self._impact, self._desk.seconds["impact"] = result
            self._impact_of = issue.digest
            self._show_impact()
            self.folded.emit()

        self._desk.start("impact", tr("Counting who is hit"), work, done)

    def _show_impact(self) -> None:
        clear(self.grid)
        found = self._impact
        if found is None:
            return
        for i, line in enumerate(found.total.lines):
            name = label(line.title, "faint")
            name.setToolTip(line.note)
            self.grid.addWidget(name, i, 0)
            text = "、".join(a.text for a in line.amounts) if line.is_known else tr("not known")
            value = Elided(text, "soft")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.grid.addWidget(value, i, 1)
        self.grid.setColumnStretch(1, 1)
        self.grid.addWidget(label(impact.method_text(found), "faint", wrap=True), len(found.total.lines), 0, 1, 2)
        self.figures.show()

    def make_picture(self) -> None:
        """The picture for telephones, as it would be sent."""
        from lydigital import paths

        folder = paths.state_dir() / "preview"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "warning.png"
        self._work(tr("Making the picture"), "warning.picture", lambda _values: self._show_picture(path), output=str(path))

    def _show_picture(self, path: Path) -> None:
        ratio = self.devicePixelRatioF()
        found = QPixmap(str(path)).scaledToWidth(round(PICTURE_PX * ratio), Qt.TransformationMode.SmoothTransformation)
        found.setDevicePixelRatio(ratio)
        self.picture.setPixmap(found)
        self.picture.show()
        self._pictured = self._desk.issue.digest if self._desk.issue is not None else ""
        self.refresh()
        self.folded.emit()

    def ask_folder(self) -> None:
        dialog = QFileDialog(self.window(), tr("Folder for the package"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.make_package)
        dialog.open()

    def make_package(self, folder: str) -> None:
        """Everything that goes out, into a folder of its own in ``folder``."""
        self._work(tr("Making the package"), "warning.package", self._packed, output=folder)

    def _packed(self, values: dict[str, Any]) -> None:
        issue = self._desk.issue
        self._folder, self._packed_of = str(values["output"]), issue.digest if issue is not None else ""
        say = self._desk.window.say
        for name, reason in dict(values["failed"]).items():
            say(Notice("warning", tr("{product} could not be made", product=name), str(reason)))
        for fault in values["disagreements"]:
            say(Notice("error", str(fault)))
        say(Notice("note", tr("{count} products written to {folder}", count=len(values["files"]), folder=self._folder)))
        self.refresh()

    def _deliver(self) -> None:
        self._work(tr("Delivering"), "warning.deliver", self._delivered, package=self._folder)

    def _delivered(self, values: dict[str, Any]) -> None:
        for one in values["outcomes"]:
            level: Literal["note", "warning"] = "note" if not one["reason"] else "warning"
            self._desk.window.say(Notice(level, f"{one['hook']}: {one['result']}", str(one["reason"] or "")))

    def _work(self, title: str, command: str, then: Callable[[dict[str, Any]], object], **given: object) -> None:
        """A command that takes long and changes nothing of the map, in a job."""
        desk, issue = self._desk, self._desk.issue
        if issue is None:
            return
        if "package" not in given:
            given |= {"issue": issue.id, "internal": self._internal}

        def work(job: Any) -> tuple[dict[str, Any], float]:
            job.report(0.05)
            began = time.perf_counter()
            return registry.execute(desk.session, command, **given), time.perf_counter() - began

        def done(result: tuple[dict[str, Any], float]) -> None:
            values, desk.seconds[command] = result
            then(values)

        desk.start(command, title, work, done)

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self._desk.window.copied(self.text.toPlainText())

    def _desk_changed(self, what: str) -> None:
        if what in ("issue", "busy"):
            self.refresh()
