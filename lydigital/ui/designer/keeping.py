"""The ways out of the designer: files, the printer, templates of the office."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QInputDialog, QMenu

from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.publishout import KINDS, endings, save_dialog

if TYPE_CHECKING:
    from lydigital.ui.designer.view import DesignerView


def export_menu(view: DesignerView) -> QMenu:
    """The formats there are."""
    menu = QMenu(view)
    for ending in endings():
        name, icon, words = KINDS[ending]
        action = menu.addAction(icons.icon(icon), name if words == name else f"{tr(words)}  {name}")
        action.triggered.connect(lambda _=False, ending=ending: ask_file(view, ending))
    return menu


def ask_file(view: DesignerView, ending: str) -> None:
    """Ask for a name, then write the layout."""
    assert view.drawing is not None
    name = "".join(" " if c in '\\/:*?"<>|' else c for c in view.drawing.layout.name).strip()[:80] or "map"
    kept = view.session.history.path
    folder = kept.parent if kept else Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home())
    view.dialog = save_dialog(view.window_, tr("Export layout"), ending, str(folder / f"{name}{ending}"), lambda path: write(view, path))


def write(view: DesignerView, path: str) -> None:
    """The layout into a file, in a job that can be cancelled."""

    def done(values: dict[str, Any]) -> None:
        view.window_.say(Notice("note", tr("Written: {path}", path=str(values["output"][0]))))
        for issue in values.get("issues", ()):
            if issue["code"].startswith("layout.") and issue["severity"] != "note":
                view.window_.say(Notice(issue["severity"], issue["message"], issue["hint"]))

    assert view.desk is not None
    view.desk.write(path, done)


def print_pages(view: DesignerView) -> None:
    """Let the gate look at it, then ask for a printer."""
    from lydigital.ui import printing

    desk = view.desk
    if desk is None:
        return

    def work(_job: object) -> Any:
        return gated(view)

    def done(made: Any) -> None:
        try:
            printing.print_pages(view.window_, [made])
        except LydError as error:
            view.window_.failed(error)

    desk.start("print", tr("Print"), work, done)


def gated(view: DesignerView) -> Any:
    """The layout as it may go to paper. Raises what the gate says."""
    from lydigital.commands import gate
    from lydigital.commands import layout as layouts
    from lydigital.publish.arrange import arrange

    assert view.drawing is not None
    layout, material, _ = gate.through(view.session, view.drawing.layout, layouts.material_of(view.session), "internal")
    return arrange(layout, material)


def save_template(view: DesignerView) -> None:
    """Ask for a name and keep the layout for other maps."""
    assert view.drawing is not None
    dialog = QInputDialog(view.window_)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(tr("Save as a template"))
    dialog.setLabelText(tr("Name of the template"))
    dialog.setTextValue(view.drawing.layout.name)
    dialog.textValueSelected.connect(lambda title: keep(view, title))
    view.dialog = dialog
    dialog.open()


def keep(view: DesignerView, title: str) -> None:
    """Keep the layout under a title among the templates of the office."""
    assert view.drawing is not None
    path = view.window_.do("layout.keep", layout=view.drawing.layout_id, title=title.strip())
    if path is not None:
        view.window_.say(Notice("note", tr("Kept as a template: {title}", title=title.strip())))
