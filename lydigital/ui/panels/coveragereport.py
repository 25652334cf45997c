"""The coverage report: every system against its target, as a workbook, a Word document or a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFileDialog, QPushButton

from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.coverageindicator import LEVELS
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.widgets import clear, label, link, row

if TYPE_CHECKING:
    from lydigital.ui.coveragedesk import CoverageDesk

KINDS = {".docx": "Word document (.docx)", ".xlsx": "Workbook (.xlsx)", ".html": "Page (.html)"}


class ReportStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        self._by, self._kind, self._maps = "county", ".docx", True
        self._written = ""
        super().__init__(7, "Coverage report")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.box.addWidget(label(tr("All systems with maps, rankings, gaps by name, the index, sources and method."), "soft", wrap=True))
        line = row(spacing=6)
        self.by = Choice()
        self.by.setAccessibleName(tr("Level"))
        self.by.offer([(level, tr(LEVELS[level])) for level in ("county", "township", "village")], self._by)
        self.by.chosen.connect(lambda level: setattr(self, "_by", str(level)))
        self.kind = Choice()
        self.kind.setAccessibleName(tr("Kind of file"))
        self.kind.offer([(kind, tr(text)) for kind, text in KINDS.items()], self._kind)
        self.kind.chosen.connect(lambda kind: setattr(self, "_kind", str(kind)))
        line.addWidget(self.by, 2)
        line.addWidget(self.kind, 3)
        self.box.addLayout(line)
        self.maps = QCheckBox(tr("With maps"))
        self.maps.setChecked(self._maps)
        self.maps.toggled.connect(lambda on: setattr(self, "_maps", on))
        self.box.addWidget(self.maps)
        self.write = QPushButton(icons.icon("file-chart-outline", "on_accent"), tr("Write the report…"))
        self.write.setProperty("primary", "true")
        self.write.clicked.connect(self.ask_file)
        self.box.addWidget(self.write)
        self.open_file = link(tr("Open it"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(self._written)))
        self.box.addWidget(self.open_file)
        self.refresh()

    def refresh(self) -> None:
        busy = self._desk.waits("report")
        reason = registry.get("coverage.report").disabled(self._desk.session)
        self.write.setEnabled(not busy and reason is None)
        self.write.setToolTip(reason or "")
        self.open_file.setVisible(bool(self._written))
        self.open_file.setToolTip(self._written)
        self.say("now" if busy else "done" if self._written else "todo", tr("Writing…") if busy else Path(self._written).name)

    def ask_file(self) -> None:
        dialog = QFileDialog(self.window(), tr("Write the report…"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(self._kind.removeprefix("."))
        dialog.setNameFilter(f"{tr(KINDS[self._kind])} (*{self._kind})")
        dialog.selectFile(tr("Coverage report") + self._kind)
        dialog.fileSelected.connect(self.write_report)
        dialog.open()

    def write_report(self, path: str) -> None:
        """The report into a file, in a job."""

        def done(values: dict[str, Any]) -> None:
            self._written = str(values["output"])
            self._desk.window.say(Notice("note", tr("Written: {path}", path=self._written)))
            self.refresh()
            self.folded.emit()

        self._desk.ask("report", tr("Writing the coverage report"), "coverage.report", done, output=path, by=self._by, maps=self._maps)
        self.refresh()

    def _desk_changed(self, what: str) -> None:
        if what == "busy":
            self.refresh()
