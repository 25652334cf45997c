"""Backups of the map's store: when made, how large, check one, put one back, make one now, where they lie."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame

from lydigital.commands import history
from lydigital.stores import backup as copies
from lydigital.texts import tr
from lydigital.ui.panels.scrolled import ScrolledPage, button
from lydigital.ui.widgets import Elided, column, label, link, row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from lydigital.session import Session
    from lydigital.stores.backup import Backup

SHOWN = 30


class BackupsPage(ScrolledPage):
    """Asks through signals; the slow work is done in a job."""

    icon = "content-save-cog-outline"
    made_asked = Signal(str)  # source
    check_asked = Signal(object)  # path of the backup
    restore_asked = Signal(str, object)  # source, path
    folder_chosen = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._asking: Path | None = None
        self.checked: dict[Path, str] = {}

    def sources(self) -> list[str]:
        """GeoPackages of the map."""
        return list(dict.fromkeys(r.source for r in self._session.document.layers if r.source.lower().endswith(".gpkg")))

    def title(self) -> tuple[str, str]:
        return tr("Backups"), tr("Made every hour while somebody edits, before much is changed, and by hand.")

    def build(self, box: QVBoxLayout) -> None:
        sources = self.sources()
        if not sources:
            box.addWidget(label(tr("The map has no GeoPackage"), "soft", wrap=True))
        for source in sources:
            top = row(spacing=6)
            top.addWidget(Elided(Path(source).name), 1)
            top.addWidget(link(tr("Back up now"), partial(self.made_asked.emit, source)))
            box.addLayout(top)
            made = copies.backups(Path(source), self._session.backups)
            if not made:
                box.addWidget(label(tr("There is none yet."), "soft", wrap=True))
            for each in made[: -SHOWN - 1 : -1]:
                box.addWidget(self._backup(source, each))
            folder = copies.folder_of(Path(source), self._session.backups)
            where = Elided(str(folder.parent), "faint")
            box.addWidget(where)
        line = row(spacing=6)
        line.addWidget(link(tr("Another folder…"), self._choose_folder))
        if self._session.backups is not None:
            line.addWidget(link(tr("The usual folder"), lambda: self.folder_chosen.emit("")))
        line.addStretch(1)
        box.addLayout(line)

    def _backup(self, source: str, made: Backup) -> QWidget:
        frame = QFrame()
        frame.setObjectName("notice")
        box = column(frame, margin=8, spacing=2)
        top = row(spacing=6)
        top.addWidget(label(history.local(made.time)))
        top.addStretch(1)
        top.addWidget(label(_size(made.size), "faint"))
        box.addLayout(top)
        if self._asking == made.path:
            box.addWidget(label(tr("Replace the present file by this one? The present one is kept beside the backups."), "soft", wrap=True))
            line = row(spacing=6)
            button(line, tr("Replace"), lambda: self._restore(source, made.path))
            button(line, tr("Cancel"), lambda: self._ask(None), primary=True)
            line.addStretch(1)
        else:
            line = row(spacing=2)
            line.addWidget(link(tr("Restore…"), lambda: self._ask(made.path)))
            line.addWidget(link(tr("Check"), lambda: self.check_asked.emit(made.path)))
            line.addStretch(1)
            if made.path in self.checked:
                line.addWidget(label(self.checked[made.path], "chip-accent"))
        box.addLayout(line)
        return frame

    def _ask(self, path: Path | None) -> None:
        self._asking = path
        self.retranslate()

    def _restore(self, source: str, path: Path) -> None:
        self._asking = None
        self.restore_asked.emit(source, path)
        self.retranslate()

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, tr("Folder for backups"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder_chosen)
        dialog.open()


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.2f} GB"
