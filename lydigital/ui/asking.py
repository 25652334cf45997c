"""Commands that need something typed or chosen first: how the window asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from lydigital import paths
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui.notices import InlineBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.window import Window

_MAPS = "*.lyd.toml *.gpkg"
_LAYERS = "*.gpkg *.shp *.geojson *.json *.fgb *.csv *.tif *.tiff"


def can_ask(command_id: str) -> bool:
    return command_id in _ASKED


def ask(window: Window, command_id: str) -> bool:
    """Ask for what the command needs and do it then; False when the command needs nothing asked."""
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
    """Ask in a bar whether unsaved work of a program that ended shall come back."""
    try:
        found = window.session.recoverable()
    except (LydError, OSError) as error:
        window.failed(error)
        return
    if not found:
        return
    recovery = found[0]
    when = recovery.time.astimezone().strftime("%m-%d %H:%M")
    question = tr("Changes of {when} were not saved. Continue with them?", when=when)
    answers: list[tuple[str, Callable[[], object]]] = [
        (tr("Recover"), lambda: window.do("file.recover")),
        (tr("Discard"), lambda: window.do("file.recover", discard=True)),
    ]
    window.bars.addWidget(InlineBar(question, answers))


def _save_as(window: Window) -> None:
    _dialog(
        window, tr("Save the map as"), "*.lyd.toml",
        lambda path: window.do("file.save_as", path=path, overwrite=True), save=True,
    )  # fmt: skip


def _save(window: Window) -> None:
    if window.session.history.path is None:
        _save_as(window)
    else:
        window.do("file.save")


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


_ASKED: dict[str, Callable[[Window], None]] = {
    "file.open": _open,
    "file.save": _save,
    "file.save_as": _save_as,
    "layer.add": _add_layer,
    "view.bookmark_add": _bookmark,
    "map.render": _render,
    "file.sample": _sample,
}
