"""The layout in hand: what is selected, what a gesture tries, and every change of it as a step of the history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from PySide6.QtCore import QObject, Signal

from lydigital.commands import registry
from lydigital.errors import LydError, UsageError
from lydigital.model.layout import MapItem
from lydigital.publish.furniture import Box
from lydigital.texts import tr
from lydigital.ui.designer import boxes, wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lydigital.model.layout import AnyItem, Layout
    from lydigital.session import Session

Axis = Literal["x", "y"]
COPY_MM = 5.0  # how far from its original a copy lies
_PLACE, _BOUND = re.compile(r"\$\.items\[(\d+)\]\.(\w+)"), re.compile(r"[<>]=? ?-?[\d.]+")
_clipboard: list[AnyItem] = []  # what was copied, for every layout


class Drawing(QObject):
    """``changed`` names what is other now: layout, selection, page, trial, trouble."""

    changed = Signal(str)

    def __init__(self, session: Session, layout_id: str) -> None:
        super().__init__()
        self.session = session
        self.layout_id = layout_id
        self.page = 0
        self.selected: tuple[str, ...] = ()
        self.tried: dict[str, AnyItem] = {}
        self.trouble = ""  # why the last change could not be made
        self.snaps = True

    @property
    def layout(self) -> Layout:
        found = self.session.document.layout(self.layout_id)
        assert found is not None
        return found

    @property
    def is_there(self) -> bool:
        """Undo may have taken the layout away."""
        return self.session.document.layout(self.layout_id) is not None

    # what is on the page

    def on_page(self) -> list[AnyItem]:
        """Items of this page as they are or are tried, bottom first."""
        return [self.tried.get(item.id, item) for item in self.layout.items if item.page == self.page]

    def chosen(self) -> list[AnyItem]:
        """What is selected, bottom first."""
        return [item for item in self.layout.items if item.id in self.selected]

    def movable(self) -> list[AnyItem]:
        return [item for item in self.chosen() if not item.locked]

    def hit(self, x: float, y: float, slack: float) -> AnyItem | None:
        """The uppermost item at a place; small ones under large ones are met too when nothing else is there."""
        met = [i for i in reversed(self.on_page()) if i.visible and not i.locked and boxes.holds(i, x, y, slack)]
        return met[0] if met else None

    def under(self, x: float, y: float) -> list[AnyItem]:
        """All that lies at a place, uppermost first, locked things too."""
        return [i for i in reversed(self.on_page()) if i.visible and boxes.holds(i, x, y, 0.5)]

    # selection

    def select(self, ids: Iterable[str], *, groups: bool = True) -> None:
        """Select these, with the whole of their groups."""
        wanted = set(ids)
        if groups:
            wanted = boxes.with_group(self.layout, wanted)
        new = tuple(i.id for i in self.layout.items if i.id in wanted)
        if new != self.selected:
            self.selected = new
            self.changed.emit("selection")

    def toggle(self, item_id: str) -> None:
        mine = boxes.with_group(self.layout, {item_id})
        self.select(set(self.selected) - mine if item_id in self.selected else set(self.selected) | mine)

    def select_all(self) -> None:
        self.select(i.id for i in self.on_page() if i.visible and not i.locked)

    def turn_to(self, page: int) -> None:
        page = max(0, min(len(self.layout.pages) - 1, page))
        if page != self.page:
            self.page, self.tried = page, {}
            self.select(())
            self.changed.emit("page")

    # changes

    def try_on(self, items: Iterable[AnyItem]) -> None:
        """Show items as they would be; nothing is kept."""
        self.tried = {item.id: item for item in items}
        self.changed.emit("trial")

    def give_up(self) -> None:
        self.try_on(())

    def edit(self, words: str, *, joins: bool = False, **changes: Any) -> bool:
        """One step of the history; ``joins`` lets it be one with the same done just before.

        What is wrong with it is kept in :attr:`trouble`; then nothing has changed.
        """
        self.tried = {}
        if not joins:
            self.session.history.end_gesture()
        try:
            plain = {name: msgspec.to_builtins(value) for name, value in changes.items()}  # so that every value is looked at
            registry.execute(self.session, "layout.edit", layout=self.layout_id, words=words, **plain)
        except LydError as error:
            self._say(self._wrong(str(error)) if isinstance(error, UsageError) else f"{error} {error.hint_text()}")
            self.changed.emit("trial")
            return False
        self._say("")
        self.changed.emit("trial")
        return True

    def _wrong(self, reason: str) -> str:
        """What is wrong with a value, as a person reads it."""
        found = _PLACE.search(reason)
        if found is None:
            return reason
        items = self.layout.items
        number, field = int(found[1]), found[2]
        name = name_of(items[number]) if number < len(items) else str(number)
        known = wording.LABELS.get(field)
        bound = _BOUND.search(reason)
        return tr("{item}: {field} cannot be like that ({reason})", item=name, field=tr(known) if known else field, reason=bound[0] if bound else reason)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self.changed.emit("trouble")

    def put(self, words: str, items: Iterable[AnyItem], *, joins: bool = False) -> bool:
        """Keep items in their new form."""
        return self.edit(words, joins=joins, items=boxes.swapped(self.layout, items))

    def keep_tried(self, words: str) -> bool:
        items = list(self.tried.values())
        return self.put(words, items)

    def add(self, item: AnyItem) -> bool:
        if self.edit("Add to layout {layout}", items=(*self.layout.items, item)):
            self.select((item.id,))
            return True
        return False

    def remove(self) -> None:
        gone = {item.id for item in self.movable()}
        if gone:
            self.edit("Remove from layout {layout}", items=boxes.without(self.layout, gone))

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is selected a little; a run of them is one step."""
        if self.movable():
            self.put("Move on layout {layout}", boxes.moved(self.movable(), dx, dy), joins=True)

    def line_up(self, how: str) -> None:
        """One thing is lined up with the page, several with one another."""
        items = self.movable()
        if items:
            page = self.layout.pages[items[0].page]
            room = Box(0.0, 0.0, page.width, page.height) if len(boxes.units(items)) == 1 else None
            self.put("Align on layout {layout}", boxes.aligned(items, how, room))

    def distribute(self, axis: str) -> None:
        if len(boxes.units(self.movable())) > 2:
            self.put("Distribute on layout {layout}", boxes.distributed(self.movable(), axis))

    def even(self, side: str) -> None:
        if len(self.movable()) > 1:
            self.put("Resize on layout {layout}", boxes.evened(self.movable(), side))

    def order(self, how: str) -> None:
        if self.selected:
            self.edit("Order of layout {layout}", items=boxes.ordered(self.layout.items, set(self.selected), how))

    def group(self) -> None:
        if len(self.selected) > 1:
            name = boxes.free_name({i.group for i in self.layout.items}, "group")
            self.set_all("Group on layout {layout}", group=name)

    def ungroup(self) -> None:
        if any(item.group for item in self.chosen()):
            self.set_all("Ungroup on layout {layout}", group="")

    def lock(self) -> None:
        """Lock what is selected, or unlock it where all of it is locked."""
        items = self.chosen()
        if items:
            self.set_all("Lock on layout {layout}", locked=not all(i.locked for i in items))

    def set_all(self, words: str, ids: Collection[str] | None = None, *, joins: bool = False, **fields: Any) -> bool:
        """The same value for a field of what is selected, or of ``ids``; of those items that have such a field."""
        wanted = self.selected if ids is None else ids
        new = [_with(item, fields) for item in self.layout.items if item.id in wanted and all(hasattr(item, f) for f in fields)]
        return self.put(words, new, joins=joins)

    # copies

    def copy(self) -> None:
        if self.selected:
            _clipboard[:] = self.chosen()

    @staticmethod
    def can_paste() -> bool:
        return bool(_clipboard)

    def cut(self) -> None:
        self.copy()
        self.remove()

    def paste(self) -> None:
        self._add_copies(_clipboard)

    def duplicate(self) -> None:
        self._add_copies(self.chosen())

    def _add_copies(self, items: Sequence[AnyItem]) -> None:
        if not items:
            return
        there = {(i.page, i.x, i.y) for i in self.layout.items}
        shift = COPY_MM
        while any((self.page, boxes.tidy(i.x + shift), boxes.tidy(i.y + shift)) in there for i in items):
            shift += COPY_MM
        if not any((self.page, i.x, i.y) in there for i in items):
            shift = 0.0  # another page, or the original was cut
        new = boxes.copies(self.layout, items, self.page, shift, shift)
        if self.edit("Add to layout {layout}", items=(*self.layout.items, *new)):
            self.select(i.id for i in new)

    # pages and guides

    def add_page(self) -> None:
        """Another sheet like this one, after all others."""
        if self.edit("Add a page to layout {layout}", pages=(*self.layout.pages, self.layout.pages[self.page])):
            self.turn_to(len(self.layout.pages) - 1)

    def remove_page(self) -> None:
        """The sheet with all on it goes."""
        layout, page = self.layout, self.page
        if len(layout.pages) == 1:
            return
        items = boxes.without(layout, {i.id for i in layout.items if i.page == page})
        moved = tuple(_with(i, {"page": i.page - 1}) if i.page > page else i for i in items)
        self.select(())
        if self.edit("Remove a page from layout {layout}", pages=(*layout.pages[:page], *layout.pages[page + 1 :]), items=moved):
            self.page = min(page, len(self.layout.pages) - 1)
            self.changed.emit("page")

    def resize_page(self, width: float, height: float) -> None:
        pages = list(self.layout.pages)
        pages[self.page] = _with(pages[self.page], {"width": width, "height": height})
        self.edit("Paper of layout {layout}", pages=tuple(pages))

    def set_guide(self, number: int | None, axis: Axis, place: float | None) -> None:
        """Lay a guide, move one, or take it away."""
        guides = list(self.layout.guides)
        new: list[tuple[Axis, float]] = [] if place is None else [(axis, boxes.tidy(place))]
        if number is None:
            guides += new
        else:
            guides[number : number + 1] = new
        if tuple(guides) != self.layout.guides:
            self.edit("Guides of layout {layout}", guides=tuple(guides))

    # from outside

    def document_changed(self) -> None:
        """Something may have been undone: keep only what is still there."""
        if not self.is_there:
            return
        self.tried = {}
        self.page = min(self.page, len(self.layout.pages) - 1)
        there = {i.id for i in self.layout.items if i.page == self.page}
        self.changed.emit("layout")
        if not set(self.selected) <= there:
            self.select((i for i in self.selected if i in there), groups=False)

    def maps(self) -> list[tuple[str, str]]:
        """Ids and names of the maps of the layout."""
        return [(i.id, name_of(i)) for i in self.layout.items if isinstance(i, MapItem)]


def name_of(item: AnyItem) -> str:
    """What an item is called in lists."""
    words = getattr(item, "text", "") or getattr(item, "title", "")
    first = words.strip().splitlines()[0].replace("**", "") if words.strip() else ""
    return item.name or first or tr(item.word)


def _with(struct: Any, fields: dict[str, Any]) -> Any:
    return msgspec.structs.replace(struct, **fields)
