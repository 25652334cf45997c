"""The page 记录: the log of an incident with its times; what is not in the record yet is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QSizePolicy, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.emergencyhelp import Pane
from lydigital.ui.panels.emergencyparts import Item, ItemList
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.widgets import column, label, row

if TYPE_CHECKING:
    from lydigital.model.emergency import Story

WRITTEN = ((4, "Situation"), (5, "Decision"), (2, "Sent"), (3, "Arrived"), (1, "Reported"))
GLYPHS = {1: "phone-incoming-outline", 2: "truck-fast-outline", 3: "map-marker-check-outline", 4: "eye-outline", 5: "gavel", 6: "flag-checkered"}
DEFAULT_KIND, DEFAULT_LEVEL = 3, 4
MOST_INJURED = 1_000_000


class LogPage(Pane):
    def build(self) -> None:
        super().build()
        self._build_record()
        self._build_new()
        self.refresh()

    def _build_record(self) -> None:
        self.record = QWidget()
        box = column(self.record, spacing=6)
        line = row(spacing=6)
        self.kind = Choice()
        self.kind.offer([(kind, tr(text)) for kind, text in WRITTEN], 4)
        self.kind.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.kind.setFixedWidth(96)
        self.kind.setAccessibleName(tr("What kind of line"))
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("What happened; Enter writes it down"))
        self.text.setAccessibleName(tr("A line of the log"))
        self.text.returnPressed.connect(self._write)
        self.add = QPushButton(icons.icon("plus", "on_accent"), tr("Write"))
        self.add.setProperty("primary", "true")
        self.add.clicked.connect(lambda _=False: self._write())
        line.addWidget(self.kind)
        line.addWidget(self.text, 1)
        line.addWidget(self.add)
        box.addLayout(line)
        self.list = ItemList(tr("Log of the incident"))
        self.list.chosen.connect(self._chosen)
        box.addWidget(self.list)
        foot = row(spacing=6)
        self.close_it = QPushButton(icons.icon("flag-checkered"), tr("Close the incident"))
        self.close_it.clicked.connect(lambda _=False: self._close())
        foot.addWidget(self.close_it)
        foot.addStretch(1)
        box.addLayout(foot)
        self.box.addWidget(self.record)

    def _build_new(self) -> None:
        self.new = QWidget()
        box = column(self.new, spacing=6)
        self.words = label(role="soft", wrap=True)
        box.addWidget(self.words)
        form = Form()
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("What happened where, in a few words"))
        self.name.returnPressed.connect(self._open)
        self.what, self.level = Choice(), Choice()
        layer = self.desk.session.catalogue.layer("incident")
        for choice, name, usual in ((self.what, "kind", DEFAULT_KIND), (self.level, "level", DEFAULT_LEVEL)):
            field = None if layer is None else layer.field(name)
            codes = [] if field is None else [int(code) for code in field.domain]
            choice.offer([] if field is None else [(code, field.decode(code)) for code in codes], usual)
        self.injured = QLineEdit("0")
        self.injured.setValidator(QIntValidator(0, MOST_INJURED, self.injured))
        self.injured.setAccessibleName(tr("Injured"))
        self.exercise = QCheckBox(tr("Exercise, not real"))
        form.line("In short", self.name)
        form.line("Kind", self.what)
        form.line("Level", self.level)
        form.line("Injured", self.injured)
        box.addLayout(form)
        box.addWidget(self.exercise)
        self.open_it = QPushButton(icons.icon("alert-plus-outline", "on_accent"), tr("Open an incident here"))
        self.open_it.setProperty("primary", "true")
        self.open_it.clicked.connect(lambda _=False: self._open())
        box.addWidget(self.open_it)
        self.box.addWidget(self.new)

    def refresh(self) -> None:
        desk, story = self.desk, self.desk.story
        self.record.setVisible(story is not None)
        self.new.setVisible(story is None)
        if story is not None:
            self.list.show_items(self.items(story), desk.chosen)
            self.text.setEnabled(True)
            self.close_it.setEnabled(desk.is_open)
            self.close_it.setToolTip(tr("With what stands in the line above as its last words") if desk.is_open else tr("It is closed already"))
        else:
            self.words.setText(tr("This is not in the record of incidents. Open it to keep a log with times."))
            self.open_it.setEnabled(desk.nearest is not None)
        self.grown.emit()

    @staticmethod
    def items(story: Story) -> list[Item]:
        """The newest line first."""
        made = []
        told = ""
        for entry in reversed(story.log):
            day, clock = entry.time[:10], entry.time[11:16]
            if day != told:
                made.append(Item("", day, is_head=True))
                told = day
            code = entry.resource_code or f"line/{entry.code}"
            author = tr("by {name}", name=entry.author) if entry.author else ""
            made.append(Item(code, entry.kind_name, clock, entry.text, "", "", GLYPHS.get(entry.kind, "circle-small"), note=author, wraps=True))
        if not made:
            made.append(Item("", tr("Nothing is written down yet"), is_head=True))
        return made

    def _write(self) -> None:
        text = self.text.text().strip()
        if not text:
            self.text.setFocus()
            return
        if self.desk.write(text, int(self.kind.currentData())):
            self.text.clear()

    def _close(self) -> None:
        if self.desk.close(self.text.text().strip()):
            self.text.clear()

    def _open(self) -> None:
        if not self.name.text().strip():
            self.name.setFocus()
            return
        done = self.desk.record(
            self.name.text().strip(), int(self.what.currentData()), level=int(self.level.currentData()), injured=int(self.injured.text() or 0),
            exercise=self.exercise.isChecked(),
        )  # fmt: skip
        if done:
            self.name.clear()

    def _chosen(self, code: str) -> None:
        if code and not code.startswith("line/"):
            self.desk.choose(code)
        elif code and self.desk.incident is not None:
            self.desk.view.go_to(self.desk.incident.x, self.desk.incident.y)

    def desk_changed(self, what: str) -> None:
        if what in ("case", "help", "log", "reach"):
            self.refresh()

