"""Commands that need something typed or chosen first: how the window asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from lydigital import paths
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui import homes
from lydigital.ui.notices import InlineBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.edits.recovery import Recovery
    from lydigital.ui.window import Window

_MAPS = "*.lyd.toml *.gpkg"
_CLOSING = "closing"  # name of the bar that asks before the window closes
_LAYERS = "*.gpkg *.shp *.geojson *.json *.fgb *.csv *.tif *.tiff"


def can_ask(command_id: str) -> bool:
    return command_id in _ASKED or command_id in homes.HOMES


def ask(window: Window, command_id: str) -> bool:
    """Ask for what the command needs and do it then; False when the command needs nothing asked."""
    if command_id in homes.HOMES:
        homes.go_home(window, command_id)
        return True
    if command_id not in _ASKED:
        return False
    _ASKED[command_id](window)
    return True


def _dialog(
    window: Window, title: str, kinds: str, chosen: Callable[[str], object], *, save: bool = False
) -> None:
    dialog = QFileDialog(window, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setNameFilters([f"{title} ({kinds})", f"{tr('All files')} (*)"])
    if save:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("lyd.toml")
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(chosen)
    dialog.open()


def _open(window: Window) -> None:
    _dialog(window, tr("Map or store"), _MAPS, lambda path: open_project(window, path))


def open_project(window: Window, project: str) -> None:
    """Open another map; with unsaved changes a bar asks first."""
    session = window.session
    if session.is_saved:
        window.open_map(project)
        return

    def save_first() -> None:
        _save(window)
        if session.is_saved:
            window.open_map(project)

    question = tr("{title} has changes that are not saved.", title=session.document.title)
    answers: list[tuple[str, Callable[[], object]]] = [
        (tr("Save"), save_first),
        (tr("Give the changes up"), lambda: window.open_map(project, discard=True)),
        (tr("Stay"), lambda: None),
    ]
    window.bars.addWidget(InlineBar(question, answers, "content-save-alert-outline"))


def offer_recovery(window: Window) -> None:
    """Show unsaved work of a program that ended in the card at the right; the map stays free."""
    try:
        found = window.session.recoverable()
    except (LydError, OSError) as error:
        window.failed(error)
        return
    if found:
        show_recovery(window, found[0])


def show_recovery(window: Window, recovery: Recovery) -> None:
    """Open the page of ``recovery``."""
    from lydigital.ui.panels.recovery import RecoveryPage

    page = RecoveryPage(window.session, recovery, window.do)
    card = window.map.card

    def close() -> None:
        if card.page() is page:
            window.cards.close()
        card.pages.removeWidget(page)
        page.deleteLater()

    page.closed.connect(close)
    page.resized.connect(window.map.place)
    card.show_page(page)
    window.map.place()


def _save_as(window: Window) -> None:
    _dialog(
        window, tr("Save the map as"), "*.lyd.toml",
        lambda path: window.do("file.save_as", path=path, overwrite=True), save=True,
    )  # fmt: skip


def _save(window: Window) -> None:
    """Edited features go into their stores; the map needs a name only when it was changed itself."""
    session = window.session
    if session.history.path is not None or not session.features.is_saved:
        window.do("file.save")
    if session.history.path is None and session.features.is_saved and not session.is_saved:
        _save_as(window)


def ask_before_close(window: Window) -> bool:
    """Whether the window may close: edited features that no store has are asked about, once, in a bar."""
    session = window.session
    if session.features.is_saved or window.transient or window.findChild(InlineBar, _CLOSING) is not None:
        return True

    def save_first() -> None:
        _save(window)
        if session.features.is_saved:
            window.close()

    names = ", ".join(session.definition(layer).name for layer in session.features.unsaved_layers)
    answers: list[tuple[str, Callable[[], object]]] = [
        (tr("Save and close"), save_first),
        (tr("Close and continue next time"), window.close),
        (tr("Stay"), lambda: None),
    ]
    bar = InlineBar(tr("Edits of {layers} are not saved yet.", layers=names), answers, "content-save-alert-outline")
    bar.setObjectName(_CLOSING)
    window.bars.addWidget(bar)
    return False




def _add_layer(window: Window) -> None:
    _dialog(window, tr("Layer file"), _LAYERS, lambda path: window.do("layer.add", path=path))


def _bookmark(window: Window) -> None:
    window.side.choose("bookmarks")
    window.side.bookmarks.field.setFocus()


def _render(window: Window) -> None:
    def write(path: str) -> None:
        view = window.canvas.viewport
        window.do("map.render", path=path, width=view.width_px, height=view.height_px, bounds=view.bounds)

    dialog = QFileDialog(window, tr("Save the map as a picture"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([f"{tr('Picture')} (*.png)", "PDF (*.pdf)"])
    dialog.setDefaultSuffix("png")
    dialog.fileSelected.connect(write)
    dialog.open()


def _sample(window: Window) -> None:
    if paths.sample_store().is_file():
        open_project(window, "sample")


def show_calculate(window: Window, command: str, layer: str = "") -> None:
    """Open the page that calculates a field, or finds and replaces in it, for a layer; that of the current row unless named."""
    from lydigital.ui.panels.calculate import CalculatePage

    page = window.findChild(CalculatePage)
    if page is None:
        page = CalculatePage(window.session, window.do)
        page.closed.connect(window.cards.close)
        page.resized.connect(window.map.place)
    window.map.card.show_page(page)
    page.show_layer(layer or window.layers.current_layer(), command)
    window.map.place()


_ASKED: dict[str, Callable[[Window], None]] = {
    "file.open": _open,
    "file.save": _save,
    "file.save_as": _save_as,
    "layer.add": _add_layer,
    "view.bookmark_add": _bookmark,
    "map.render": _render,
    "file.sample": _sample,
    "attribute.calculate": lambda window: show_calculate(window, "attribute.calculate"),
    "attribute.replace": lambda window: show_calculate(window, "attribute.replace"),
}
