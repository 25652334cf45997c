"""What the pages of residents, farmland and metadata have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from lydigital.texts import tr
from lydigital.ui.panels.scrolled import ScrolledPage
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.spaces import SpacePage
from lydigital.ui.widgets import label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.ui.societydesk import SocietyDesk


class SocietyPage(ScrolledPage, SpacePage):
    """Shows what a desk has in hand."""

    def __init__(self, desk: SocietyDesk) -> None:
        super().__init__()
        self._of = desk
        desk.changed.connect(lambda _what: self.retranslate())
        self.closed.connect(desk.rest)
        self.retranslate()

    def entered(self) -> None:
        self._of.show()
        self.retranslate()

    def left(self) -> None:
        self._of.rest()

    def document_changed(self) -> None:
        self._of.keep_up()

    def document_replaced(self) -> None:
        self._of.forget()

    def waiting(self, box: QVBoxLayout, kind: str, text: str) -> bool:
        """Say that work goes on; True while it does."""
        if self._of.waits(kind):
            box.addWidget(label(text, "faint"))
            return True
        return False

    def ask_file(self, ends: Iterable[str], write: Callable[[str], None]) -> None:
        """Where to write a report."""
        ends = tuple(ends)
        dialog = QFileDialog(self.window(), tr("Save"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{end.upper()} (*.{end})" for end in ends])
        dialog.setDefaultSuffix(ends[0])
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.partition(" ")[0].lower()))
        dialog.fileSelected.connect(lambda path: write(str(Path(path))))
        dialog.open()


def choice(box: QVBoxLayout, name: str, items: Iterable[tuple[str, str]], current: str, chosen: Callable[[str], object]) -> Choice:
    """A named list of values."""
    made = Choice()
    made.setAccessibleName(name)
    made.offer(list(items), current)
    made.chosen.connect(lambda value: chosen(str(value)))
    line = row(spacing=8)
    line.addWidget(label(name, "faint"), 1)
    line.addWidget(made, 2)
    box.addLayout(line)
    return made
