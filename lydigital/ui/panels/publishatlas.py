"""Map series: one layout for every feature of a layer, into a folder; it can be stopped and gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from lydigital.commands import frame as frames
from lydigital.commands import registry
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.publishout import KINDS, endings
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.widgets import Elided, IconButton, clear, column, label, link, row

if TYPE_CHECKING:
    from lydigital.ui.publishdesk import PublishDesk

FIRST = ("township", "county", "village")  # layers that are asked for most
RECIPES = "*.toml"


class AtlasStep(Step):
    """Layout, layer, folder, format; then progress with a way to stop."""

    def __init__(self, desk: PublishDesk, number: int) -> None:
        self._desk = desk
        self._wanted: dict[str, Any] = {"layout": "", "by": "", "name": "", "format": "pdf", "one": False, "folder": ""}
        self._written: dict[str, Any] | None = None
        self._has_begun = False
        super().__init__(number, "Map series")
        self.build()
        desk.changed.connect(self._desk_changed)
        desk.window._progressed.connect(self._progressed)

    def build(self) -> None:
        clear(self.box)
        wanted = self._wanted
        self.box.addWidget(label(tr("One sheet for every county, township or any other feature."), "soft", wrap=True))
        form = Form()
        self.layout_choice, self.by = Choice(), Choice()
        self.layout_choice.chosen.connect(lambda layout: self._want(layout=layout))
        self.by.chosen.connect(lambda layer: self._want(by=layer))
        form.line("Layout", self.layout_choice)
        form.line("A sheet for", self.by)
        self.name = QLineEdit(wanted["name"])
        self.name.setPlaceholderText("{feature.name}")
        self.name.setToolTip(tr("Names of the files: words and fields in braces, as {example}", example="{number} {feature.name}"))
        self.name.editingFinished.connect(lambda: self._want(name=self.name.text().strip()))
        form.line("File names", self.name)
        kinds = QWidget()
        line = row(kinds, spacing=8)
        self.format = Choice()
        self.format.setAccessibleName(tr("Format"))
        self.format.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.format.setFixedWidth(86)
        self.format.offer([(e.removeprefix("."), tr(KINDS[e][0])) for e in endings()], wanted["format"])
        self.format.chosen.connect(lambda kind: self._want(format=kind))
        self.one = QCheckBox(tr("All in one PDF"))
        self.one.setChecked(wanted["one"])
        self.one.toggled.connect(lambda on: self._want(one=on))
        line.addWidget(self.format)
        line.addWidget(self.one, 1)
        form.line("Format", kinds)
        places = QWidget()
        line = row(places, spacing=4)
        self.folder = Elided(role="soft", mode=Qt.TextElideMode.ElideLeft)
        browse = IconButton("folder-open-outline", "Choose a folder")
        browse.clicked.connect(self.ask_folder)
        line.addWidget(self.folder, 1)
        line.addWidget(browse)
        form.line("Folder", places)
        self.box.addLayout(form)
        line = row(spacing=6)
        self.go = QPushButton(icons.icon("book-open-page-variant-outline", "on_accent"), tr("Make the series"))
        self.go.setProperty("primary", "true")
        self.go.clicked.connect(lambda _=False: self.run_series())
        self.again = QPushButton(tr("Go on"))
        self.again.setToolTip(tr("Go on with the last run in this folder; finished sheets stay"))
        self.again.clicked.connect(lambda: self.run_series(resume=True))
        self.stop = QPushButton(icons.icon("close"), tr("Stop"))
        self.stop.clicked.connect(self._desk.window.jobs.cancel)
        line.addWidget(self.go)
        line.addWidget(self.again)
        line.addWidget(self.stop)
        line.addStretch(1)
        self.recipe = link(tr("Recipe…"), self.ask_recipe)
        self.recipe.setToolTip(tr("Several series at once, as a TOML file says"))
        line.addWidget(self.recipe)
        self.box.addLayout(line)
        self.running = QWidget()
        box = column(self.running, spacing=3)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.words = Elided(role="faint")
        box.addWidget(self.bar)
        box.addWidget(self.words)
        self.box.addWidget(self.running)
        self.told = label(role="soft", wrap=True)
        self.box.addWidget(self.told)
        self.open_folder = link(tr("Open folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str((self._written or {}).get("folder", "")))))
        self.box.addWidget(self.open_folder)
        self.refresh()

    def open(self, *, on: bool = True) -> None:
        super().open(on=on)
        if on:
            self.offer()

    def offer(self) -> None:
        """Layouts, and layers of features."""
        session, wanted = self._desk.session, self._wanted
        found = registry.execute(session, "layout.list")["layouts"]
        layouts = [("", tr("Paper frame")) if e["id"] == frames.ID else (e["id"], e["title"]) for e in found]
        if ("", tr("Paper frame")) not in layouts:
            layouts.insert(0, ("", tr("Paper frame")))
        driven = next((e["id"] for e in found if e["by"]), "")
        if not self._has_begun:
            self._has_begun = True
            wanted["layout"] = driven
        self.layout_choice.offer(layouts, wanted["layout"])
        ids = [ref.id for ref in session.document.layers if session.definition(ref.id).geometry != "raster"]
        layers = [i for i in FIRST if i in ids] + [i for i in ids if i not in FIRST]
        if wanted["by"] not in layers:
            own = next((e["by"] for e in found if e["id"] == wanted["layout"]), "")
            wanted["by"] = own if own in layers else layers[0] if layers else ""
        self.by.offer([(layer, session.definition(layer).name) for layer in layers], wanted["by"])
        self.refresh()

    def _want(self, **changes: Any) -> None:
        self._wanted |= changes
        self.refresh()

    def refresh(self) -> None:
        """What can be done, and what was."""
        wanted, busy = self._wanted, self._desk.waits("atlas")
        self.one.setEnabled(wanted["format"] == "pdf")
        self.folder.setText(wanted["folder"] or tr("Not chosen yet"))
        self.go.setEnabled(bool(wanted["by"]))
        self.go.setToolTip("" if wanted["by"] else tr("The map has no layer of features"))
        for widget in (self.stop, self.running):
            widget.setVisible(busy)
        self.go.setVisible(not busy)
        can_resume = bool(wanted["folder"]) and (Path(wanted["folder"]) / "manifest.json").is_file()
        self.again.setVisible(not busy and can_resume)
        done = self._written
        self.told.setVisible(done is not None and not busy)
        self.open_folder.setVisible(done is not None and not busy)
        if done is not None:
            self.told.setText(_told(done))
        count = self._count()
        if busy:
            self.say("now", tr("Writing…"))
        elif done is not None:
            self.say("warn" if done.get("failed") or done.get("broken") else "done", _told(done))
        else:
            self.say("todo", tr("{count} sheets", count=count) if self.is_open and count else "")
        self.folded.emit()

    def _count(self) -> int:
        by = self._wanted["by"]
        table = self._desk.session.table(by) if by and self.is_open else None
        return len(table) if isinstance(table, FeatureTable) else 0

    # running

    def ask_folder(self) -> None:
        """Where the sheets go."""
        dialog = self.dialog = QFileDialog(self.window(), tr("Choose a folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(str(Path(self._desk.name_for("")).parent))
        dialog.fileSelected.connect(self._folder_chosen)
        dialog.open()

    def _folder_chosen(self, folder: str) -> None:
        self._desk.folder = folder
        self._want(folder=folder)

    def run_series(self, *, resume: bool = False) -> None:
        """Write the sheets, in a job."""
        wanted, desk = self._wanted, self._desk
        if not wanted["folder"]:
            self.ask_folder()
            return
        layout = wanted["layout"] or frames.ID
        if layout == frames.ID and not desk.is_kept:
            desk.set()
        given = {"layout": layout, "by": wanted["by"], "name": wanted["name"], "formats": (wanted["format"],), "folder": wanted["folder"]}
        given |= {"one": wanted["one"] and wanted["format"] == "pdf", "resume": resume, **desk.for_whom("atlas.run")}
        desk.ask("atlas", tr("Map series"), "atlas.run", self._done, **given)
        self.refresh()

    def ask_recipe(self) -> None:
        """Do what a recipe says."""
        dialog = self.dialog = QFileDialog(self.window(), tr("Recipe"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(f"{tr('Recipe')} ({RECIPES})")
        dialog.fileSelected.connect(lambda path: self._desk.ask("atlas", tr("Map series by recipe"), "atlas.recipe", self._done, path=path))
        dialog.open()

    def _done(self, values: dict[str, Any]) -> None:
        self._written = values
        self._desk.window.say(Notice("warning" if values.get("failed") or values.get("broken") else "note", _told(values)))
        self.refresh()

    def _progressed(self, text: str, share: float) -> None:
        if self._desk.busy == "atlas":
            self.bar.setValue(round(1000 * share))
            self.words.setText(text)

    def _desk_changed(self, what: str) -> None:
        if what == "busy":
            self.refresh()


def _told(values: dict[str, Any]) -> str:
    if "runs" in values:
        return tr("{count} series in {folder}", count=len(values["runs"]) - len(values["broken"]), folder=values["folder"])
    failed = len(values["failed"])
    return tr("{count} sheets in {folder}", count=values["pages"], folder=Path(values["folder"]).name) + (f"  ·  {tr('{count} failed', count=failed)}" if failed else "")
