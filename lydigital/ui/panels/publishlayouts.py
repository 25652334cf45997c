"""Layouts of the map and templates: looked at, made, written, taken to the designer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QMenu, QPushButton

from lydigital.commands import frame as frames
from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.emergencyparts import Item, ItemList
from lydigital.ui.panels.publishout import KINDS, PICTURES, endings, save_dialog
from lydigital.ui.panels.publishparts import SheetPicture
from lydigital.ui.panels.steps import Step
from lydigital.ui.widgets import IconButton, clear, label, link, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.ui.proof import Preview
    from lydigital.ui.publishdesk import PublishDesk

LIST_PX = 188


class LayoutsStep(Step):
    """The list at the top, the chosen one below it."""

    def __init__(self, desk: PublishDesk, number: int, show: Callable[[Preview, str], None]) -> None:
        self._desk, self._show = desk, show
        self._known: dict[str, dict[str, Any]] = {}
        self.chosen = ""
        super().__init__(number, "Layouts and templates")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.list = ItemList(tr("Layouts and templates"), LIST_PX)
        self.list.chosen.connect(self.choose)
        self.box.addWidget(self.list)
        line = row(spacing=6)
        self.new = QPushButton(icons.icon("file-plus-outline"), tr("New from this"))
        self.new.clicked.connect(self.make)
        self.design = QPushButton(icons.icon("pencil-ruler"), tr("Design"))
        self.design.clicked.connect(self.open_designer)
        self.export = QPushButton(icons.icon("file-export-outline"), tr("Export…"))
        self.export.setMenu(self._formats())
        self.remove = IconButton("delete-outline", "Remove layout")
        self.remove.clicked.connect(self._remove)
        for button in (self.new, self.design, self.export):
            line.addWidget(button)
        line.addStretch(1)
        line.addWidget(self.remove)
        self.box.addLayout(line)
        self.picture = SheetPicture()
        self.picture.clicked.connect(self._show_large)
        self.box.addWidget(self.picture)
        self.note = label(role="faint", wrap=True)
        self.box.addWidget(self.note)
        self.keep = link(tr("Make a layout of the paper frame"), self.keep_frame)
        self.box.addWidget(self.keep)
        self.refresh()

    def _formats(self) -> QMenu:
        menu = QMenu(self)
        for ending in endings():
            name, icon, _ = KINDS[ending]
            menu.addAction(icons.icon(icon), f"{tr(name)} (*{ending})").triggered.connect(lambda _=False, ending=ending: self.ask_file(ending))
        return menu

    def opened(self) -> None:
        self.refresh()
        if not self.chosen and self._known:
            self.choose(next(iter(self._known)))

    def refresh(self) -> None:
        """The list anew."""
        found = [entry for entry in registry.execute(self._desk.session, "layout.list")["layouts"] if entry["id"] != frames.ID]
        self._known = {f"{entry['kind']}:{entry['id']}": entry for entry in found}
        if self.chosen not in self._known:
            self.chosen = ""
        own = [code for code, entry in self._known.items() if entry["kind"] == "layout"]
        rest = [code for code in self._known if code not in own]
        items: list[Item] = []
        for title, codes in ((tr("In this map"), own), (tr("Templates"), rest)):
            if codes:
                items.append(Item("", title, str(len(codes)), is_head=True))
                items += [self._item(code) for code in codes]
        self.list.show_items(items, self.chosen)
        self.say("done" if own else "todo", tr("{count} in this map", count=len(own)) if own else tr("{count} templates", count=len(rest)))
        self._show_chosen()

    def _item(self, code: str) -> Item:
        entry = self._known[code]
        width, height = entry["pages"][0]
        pages = len(entry["pages"])
        size = f"{width:g} × {height:g} mm" + (f"  ·  {tr('{count} pages', count=pages)}" if pages > 1 else "")
        return Item(code, entry["title"], "", size, glyph="page-layout-body" if entry["kind"] == "layout" else "file-document-outline", note=entry["note"])

    def _show_chosen(self) -> None:
        entry, found = self._known.get(self.chosen), self._desk.shown
        own = entry is not None and entry["kind"] == "layout"
        self.picture.setVisible(entry is not None)
        fits = found is not None and entry is not None and found.layout.id == entry["id"]
        self.picture.show_image(found.images[0] if found is not None and fits else None, pages=len(found.made.pages) if found is not None else 1)
        self.note.setText(entry["note"] if entry is not None else "")
        self.note.setVisible(bool(entry is not None and entry["note"]))
        self.new.setVisible(entry is not None and not own)
        self.design.setVisible(own)
        self.export.setVisible(entry is not None)
        self.remove.setVisible(own)

    def choose(self, code: str) -> None:
        """Look at a layout or template."""
        if code not in self._known:
            return
        self.chosen = code
        self.list.choose(code)
        self._show_chosen()
        self._desk.look_at(self._known[code]["id"])
        self.folded.emit()

    def _show_large(self) -> None:
        found = self._desk.shown
        if found is not None:
            self._show(found, found.layout.name)

    # what is done with it

    def make(self) -> None:
        """A layout of the map from the template."""
        self._after(self._desk.window.do("layout.add", template=self._known[self.chosen]["id"]))

    def keep_frame(self) -> None:
        """A layout of the map from the paper frame."""
        self._after(self._desk.window.do("frame.keep"))

    def _after(self, made: Any) -> None:
        if made is not None:
            self.refresh()
            self.choose(f"layout:{made.deltas[0].target.removeprefix('layout/')}")

    def _remove(self) -> None:
        self._desk.window.do("layout.remove", layout=self._known[self.chosen]["id"])
        self.refresh()

    def ask_file(self, ending: str) -> None:
        entry, desk = self._known[self.chosen], self._desk
        dpi = 300 if ending in PICTURES else None
        self.dialog = save_dialog(
            self.window(), tr("Export layout"), ending, desk.name_for(ending, entry["title"]), lambda path: desk.write(path, dpi=dpi, layout=entry["id"])
        )

    def open_designer(self) -> None:
        """Take the layout into the designer."""
        from lydigital.ui.designer import open_designer

        open_designer(self._desk.window, self._known[self.chosen]["id"])

    def _desk_changed(self, what: str) -> None:
        if what == "layout":
            self._show_chosen()
            self.folded.emit()
