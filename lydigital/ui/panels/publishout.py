"""The sheet as it will be, what the export gate says of it, and its way out: files, printer, clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QActionGroup, QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QToolButton, QWidget

from lydigital.errors import LydError
from lydigital.publish import press
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.publishgate import said
from lydigital.ui.panels.publishparts import SheetBoard, SheetPicture
from lydigital.ui.panels.steps import Step
from lydigital.ui.widgets import Elided, clear, column, label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.proof import Preview
    from lydigital.ui.publishdesk import PublishDesk

KINDS = {
    ".pdf": ("PDF", "file-pdf-box", "PDF"), ".png": ("PNG", "file-png-box", "Picture"), ".svg": ("SVG", "vector-curve", "Vector drawing"),
    ".tif": ("TIFF", "image-multiple-outline", "Picture with coordinates"), ".jpg": ("JPEG", "file-jpg-box", "Picture"),
    ".docx": ("Word", "file-word-outline", "Word document"), ".pptx": ("Slides", "file-powerpoint-outline", "Slides"),
    ".xlsx": ("Tables", "file-excel-outline", "Workbook"),
}  # fmt: skip
FIRST = (".pdf", ".png", ".docx", ".svg")  # those with a button of their own
PICTURES = (".png", ".tif", ".jpg")
ADDING = (".docx", ".pptx")  # written into what is there, nothing of which is lost
DPIS = (96, 150, 300, 600)


def endings() -> list[str]:
    """Formats a sheet can be written in."""
    return [ending for ending in KINDS if ending in press.kinds()]


def save_dialog(parent: QWidget, title: str, ending: str, path: str, chosen: Callable[[str], object]) -> QFileDialog:
    """Ask for the name of a file of a kind, with a good one in the field."""
    name, _, kind = KINDS.get(ending, (ending.removeprefix(".").upper(), "", ""))
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(ending.removeprefix("."))
    dialog.setNameFilter(f"{name if kind in ('', name) else f'{tr(kind)} {name}'} (*{ending})")
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, ending in ADDING)
    dialog.setDirectory(str(Path(path).parent))
    dialog.selectFile(Path(path).name)
    dialog.fileSelected.connect(chosen)
    dialog.open()
    return dialog


class SheetView(Step):
    """The sheet as it will be."""

    def __init__(self, desk: PublishDesk) -> None:
        self._desk = desk
        self._board: SheetBoard | None = None
        super().__init__(2, "The sheet as it will be", opened=True)
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.picture = SheetPicture()
        self.picture.clicked.connect(self.show_large)
        self.box.addWidget(self.picture)
        self.words = label(role="faint", wrap=True)
        self.box.addWidget(self.words)
        self.refresh()

    def refresh(self) -> None:
        desk, found = self._desk, self._desk.preview
        self.picture.show_image(None if found is None else found.images[0], desk.trouble)
        self.words.setText(desk.trouble if found is None else desk.words())
        self.say("warn" if desk.trouble else "done" if found is not None else "todo", desk.trouble or _told(found))
        if self._board is not None and self._board.isVisible() and found is not None and found.frame is not None:
            self._board.show_images(found.images, desk.words())

    def show_large(self) -> None:
        """The sheet as large as the map is."""
        if self._desk.preview is not None:
            self.show_pictures(self._desk.preview, self._desk.words())

    def show_pictures(self, found: Preview, words: str) -> None:
        """Pages on the board over the map."""
        window = self._desk.window
        if self._board is None:
            self._board = SheetBoard()
            self._board.closed.connect(window.map.close_board)
        self._board.retranslate()
        self._board.show_images(found.images, words)
        window.map.show_board(self._board)
        self._board.setFocus()

    def _desk_changed(self, what: str) -> None:
        if what == "preview":
            self.refresh()
            self.folded.emit()


class OutFoot(QWidget):
    """Always in sight: a button names the format, the dialog has a name already; two clicks."""

    def __init__(self, desk: PublishDesk, show_verdict: Callable[[], None]) -> None:
        super().__init__()
        self._desk, self._show_verdict = desk, show_verdict
        self._dpi = 300
        self._others: list[QToolButton] = []
        self._box = column(self, spacing=5)
        self._box.setContentsMargins(14, 7, 14, 10)
        desk.changed.connect(self._desk_changed)
        self.build()

    def build(self) -> None:
        """Anew in the language of the day."""
        clear(self._box)
        line = row(spacing=4)
        self.state = Elided(role="faint")
        self.verdict = link("", self._show_verdict)
        self.verdict.setIconSize(QSize(15, 15))
        self.open_file = link(tr("Open it"), lambda: self._open(folder=False))
        self.open_folder = link(tr("Open folder"), lambda: self._open(folder=True))
        line.addWidget(self.verdict)
        line.addWidget(self.state, 1)
        line.addWidget(self.open_file)
        line.addWidget(self.open_folder)
        self._box.addLayout(line)
        buttons = row(spacing=4)
        self.formats: dict[str, QToolButton] = {}
        known = endings()
        for ending in [e for e in FIRST if e in known]:
            name, icon, _ = KINDS[ending]
            button = self.formats[ending] = _button(name, icon)
            said_more = tr("A document that is there keeps its words; only its figures are replaced.") if ending in ADDING else ""
            button.setToolTip("\n".join(filter(None, (tr("Write the sheet as {kind}", kind=tr(name)), said_more))))
            button.clicked.connect(lambda _=False, ending=ending: self.ask_file(ending))
            buttons.addWidget(button)
        self.print_it = _button("Print", "printer-outline")
        self.print_it.setToolTip(tr("To a printer of the system"))
        self.print_it.clicked.connect(lambda _=False: self._print())
        self.copy_it = _button("Copy", "content-copy")
        self.copy_it.setToolTip(tr("The sheet into the clipboard, to be pasted into a document"))
        self.copy_it.clicked.connect(lambda _=False: self._copy())
        self._others = [self.print_it, self.copy_it]
        for button in self._others:
            buttons.addWidget(button)
        self.more = _button("More", "dots-horizontal")
        self.more.setToolTip(tr("Other formats and resolution"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu([e for e in known if e not in FIRST]))
        buttons.addWidget(self.more)
        self._box.addLayout(buttons)
        self._says = {button: button.toolTip() for button in (*self.formats.values(), *self._others, self.more)}
        self.refresh()

    def _menu(self, rest: list[str]) -> QMenu:
        menu = QMenu(self)
        for ending in rest:
            name, icon, _ = KINDS[ending]
            action = menu.addAction(icons.icon(icon), f"{tr(name)} (*{ending})")
            action.triggered.connect(lambda _=False, ending=ending: self.ask_file(ending))
        menu.addAction(icons.icon("printer-eye"), tr("Print preview…")).triggered.connect(lambda _=False: self._print(first_look=True))
        menu.addSeparator()
        archive = menu.addAction(tr("PDF for archives (PDF/A)"))
        archive.setCheckable(True)
        archive.setChecked(self._desk.pdf_a)
        archive.toggled.connect(lambda on: setattr(self._desk, "pdf_a", on))
        menu.addSeparator()
        group = QActionGroup(menu)
        for dpi in DPIS:
            action = menu.addAction(tr("Pictures at {dpi} dpi", dpi=dpi))
            action.setCheckable(True)
            action.setChecked(dpi == self._dpi)
            group.addAction(action)
            action.triggered.connect(lambda _=False, dpi=dpi: setattr(self, "_dpi", dpi))
        return menu

    def refresh(self) -> None:
        desk = self._desk
        busy = desk.waits("export")
        can = not busy and desk.preview is not None and (desk.verdict is None or desk.verdict.is_open)
        for button in (*self.formats.values(), *self._others, self.more):
            button.setEnabled(can)
            button.setToolTip(self._why() if not can else self._says[button])
        verdict = desk.verdict
        self.verdict.setVisible(verdict is not None and not desk.written and not busy)
        if verdict is not None:
            state, text = said(verdict)
            self.verdict.setText(text)
            role = "danger" if not verdict.is_open else "good" if state == "done" else "warn"
            self.verdict.setIcon(icons.icon("shield-check-outline" if verdict.is_open else "shield-off-outline", role))
        for other in (self.open_file, self.open_folder):
            other.setVisible(bool(desk.written) and not busy)
        self.open_file.setToolTip(str(desk.written[0]) if desk.written else "")
        if busy:
            self.state.setText(tr("Writing…"))
        elif desk.written:
            self.state.setText(desk.written[0].name)
        else:
            self.state.setText("" if verdict is not None else tr("Export the sheet"))

    def _why(self) -> str:
        """Why nothing can be written now."""
        desk = self._desk
        if desk.waits("export"):
            return tr("Writing…")
        if desk.preview is None:
            return desk.trouble or tr("Drawing the sheet")
        return "" if desk.verdict is None else said(desk.verdict)[1]

    def ask_file(self, ending: str) -> None:
        """The second click is in the dialog."""
        desk = self._desk
        dpi = self._dpi if ending in PICTURES else None
        self.dialog = save_dialog(self.window(), tr("Export the sheet"), ending, desk.name_for(ending), lambda path: desk.write(path, dpi=dpi))

    def _print(self, *, first_look: bool = False) -> None:
        from lydigital.ui import printing

        found, window = self._desk.preview, self._desk.window
        if found is None:
            return
        try:
            (printing.preview if first_look else printing.print_pages)(window, [found.made])
        except LydError as error:
            window.failed(error)

    def _copy(self) -> None:
        from lydigital.ui import printing

        found = self._desk.preview
        if found is not None:
            printing.copy([found.made])
            self._desk.window.copied(found.made.title)

    def _open(self, *, folder: bool) -> None:
        if self._desk.written:
            path = self._desk.written[0]
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent if folder else path)))

    def _desk_changed(self, what: str) -> None:
        if what in ("preview", "written", "busy", "verdict"):
            self.refresh()


def _button(text: str, icon: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("format")
    button.setText(tr(text))
    button.setIcon(icons.icon(icon, "accent"))
    button.setIconSize(QSize(19, 19))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFixedHeight(44)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _told(found: Preview | None) -> str:
    if found is None:
        return ""
    missing = sum(len(m.picture.missing) for m in found.made.maps)
    names = sum(len(m.picture.labels) for m in found.made.maps)
    return tr("{count} names", count=f"{names:,}") + (f"  ·  {tr('{count} found no place', count=f'{missing:,}')}" if missing else "")
