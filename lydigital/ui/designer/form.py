"""The form at the right: every field of what is selected, made from the model itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QScrollArea, QWidget

from lydigital.model.layout import GridLines, MapItem, Outline
from lydigital.texts import tr
from lydigital.ui.designer import making, wording
from lydigital.ui.designer.drawing import name_of
from lydigital.ui.designer.fields import Color, Number, Paragraph, Ticks, Toggle, Words, changes_of
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.widgets import Badge, Elided, IconButton, column, label, link, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.model.layout import AnyItem
    from lydigital.ui.designer.drawing import Drawing

NAME_PX = 84
PLACE = ("x", "y", "width", "height")
_FIRST = ("id", "page", "visible", "locked", "group", *PLACE, "name", "rotation", "outline", "fill")  # not among the fields of a kind
_OF_MAP = ("map", "within", "shows")
_OF_LAYER = ("category", "value", "sort", "of_feature")


class _Form(Form):
    """With room for longer names."""

    def line(self, name: str, control: QWidget) -> None:
        super().line(name, control)
        found = self.itemAtPosition(self.rowCount() - 1, 0)
        words = found.widget() if found is not None else None
        if words is not None:
            words.setFixedWidth(NAME_PX)


class ItemForm(QWidget):
    """Built anew where another kind of thing is selected; else its fields show what is there now."""

    inside_asked = Signal(str)  # the content of a map is to be moved
    held_asked = Signal(str)  # or kept as it is

    def __init__(self, drawing: Drawing, facts: Callable[[], Iterable[tuple[str, str]]]) -> None:
        super().__init__()
        self.drawing, self._facts = drawing, facts
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = column(self)
        self.trouble = label(role="bad", wrap=True)
        self.trouble.setContentsMargins(14, 8, 14, 4)
        self.trouble.hide()
        outer.addWidget(self.trouble)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(self._scroll, 1)
        self.fields: dict[str, Any] = {}
        self._shape: object = None
        drawing.changed.connect(self._drawing_changed)
        self.refresh()

    def build(self) -> None:
        """All of it anew."""
        self._shape = None
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected as it is."""
        if not self.drawing.is_there:
            return
        items = self.drawing.chosen()
        shape = self._shape_of(items)
        if shape != self._shape:
            self._shape = shape
            self._build(items)
        if items:
            self._show(items[0])
        else:
            self._show_page()

    def _shape_of(self, items: list[AnyItem]) -> object:
        first = items[0] if items else None
        grids = tuple(g.kind for g in getattr(first, "grids", ()))
        layer = getattr(first, "layer", "")
        return [(i.id, type(i)) for i in items], first is not None and first.outline is not None, grids, layer, [m for m, _ in self.drawing.maps()]

    def _drawing_changed(self, what: str) -> None:
        if what == "trouble":
            self.trouble.setText(self.drawing.trouble)
            self.trouble.setVisible(bool(self.drawing.trouble))
        if what == "trial" and self.drawing.tried:
            tried = [self.drawing.tried[i.id] for i in self.drawing.chosen() if i.id in self.drawing.tried]
            if tried:
                self._show(tried[0])
        elif what != "trouble":
            self.refresh()

    # building

    def _build(self, items: list[AnyItem]) -> None:
        self.fields = {}
        body = QWidget()
        body.setObjectName("scroll-body")
        box = column(body, spacing=8)
        box.setContentsMargins(14, 12, 14, 14)
        if not items:
            self._build_page(box)
        else:
            self._build_items(box, items)
        box.addStretch(1)
        self._scroll.setWidget(body)

    def _head(self, box: QVBoxLayout, icon: str, title: str, below: str) -> Elided:
        line = row(spacing=10)
        line.addWidget(Badge(icon, 30))
        words = column(spacing=0)
        head = Elided(title, role="title")
        words.addWidget(head)
        words.addWidget(Elided(below, role="faint"))
        line.addLayout(words, 1)
        box.addLayout(line)
        return head

    def _build_items(self, box: QVBoxLayout, items: list[AnyItem]) -> None:
        first = items[0]
        same = all(type(i) is type(first) for i in items)
        if len(items) == 1:
            self._title = self._head(box, first.icon, name_of(first), tr(first.word))
        else:
            self._title = self._head(box, "select-multiple" if not same else first.icon, tr("{count} selected", count=len(items)), tr(first.word) if same else "")
        if len(items) == 1:
            self._build_place(box, type(first))
        if same:
            self._section(box, tr(first.word))
            form = _Form()
            for known in msgspec.structs.fields(type(first)):
                if known.name not in _FIRST and known.name != "grids":
                    self._line(form, box, type(first), known.name)
            box.addLayout(form)
            if isinstance(first, MapItem):
                box.addWidget(link(tr("Move what it shows"), lambda: self.inside_asked.emit(first.id)))
                box.addWidget(link(tr("Keep what it shows now"), lambda: self.held_asked.emit(first.id)))
                self._build_grids(box, first)
        self._build_look(box, first)

    def _section(self, box: QVBoxLayout, text: str) -> None:
        box.addSpacing(2)
        box.addWidget(rule())
        box.addWidget(label(text, "section"))

    def _build_place(self, box: QVBoxLayout, kind: type[Any]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        for i, name in enumerate(PLACE):
            words = label(tr(wording.LABELS[name]), "faint")
            field = Number("mm", step=0.5, least=0.0 if i > 1 else -5000.0, most=5000.0)
            field.setAccessibleName(tr(wording.LABELS[name]))
            self._listen(name, field)
            grid.addWidget(words, i // 2, 2 * (i % 2))
            grid.addWidget(field, i // 2, 2 * (i % 2) + 1)
            grid.setColumnStretch(2 * (i % 2) + 1, 1)
        box.addLayout(grid)
        form = _Form()
        if kind.__name__ != "MapItem":
            self._line(form, box, kind, "rotation")
        self._line(form, box, kind, "name")
        box.addLayout(form)

    def _build_look(self, box: QVBoxLayout, first: AnyItem) -> None:
        self._section(box, tr("Ground and outline"))
        form = _Form()
        if not hasattr(first, "grids"):  # a map covers its ground
            self._line(form, box, type(first), "fill")
        toggle = Toggle(tr("Outline"))
        toggle.changed.connect(lambda on: self._set("outline", Outline() if on else None))
        toggle.show_value(first.outline is not None)
        box.addLayout(form)
        box.addWidget(toggle)
        self.fields["outline"] = toggle
        if first.outline is None:
            return
        inner = _Form()
        for name, control in (("color", Color(can_be_none=False)), ("width", Number("mm", least=0.0, most=50.0, step=0.1))):
            self._listen(f"outline.{name}", control, partial(self._set_outline, name))
            inner.line(wording.LABELS["line_" + name], control)
        dash = Choice()
        dash.offer([(value, tr(text)) for value, text in wording.DASHES.items()], None)
        self._listen("outline.dash", dash, lambda value: self._set_outline("dash", wording.numbers_of(value)))
        inner.line(wording.LABELS["dash"], dash)
        double = Toggle(tr("Double line"))
        self._listen("outline.double", double, lambda value: self._set_outline("double", value))
        box.addLayout(inner)
        box.addWidget(double)

    def _build_grids(self, box: QVBoxLayout, first: MapItem) -> None:
        grids = first.grids
        line = row()
        line.addWidget(label(tr("Grids"), "section"), 1)
        plus = IconButton("plus", "Add a grid", size=16)
        plus.clicked.connect(lambda: self._set("grids", (*grids, GridLines(kind="kilometre" if any(g.kind == "graticule" for g in grids) else "graticule"))))
        line.addWidget(plus)
        box.addLayout(line)
        for number in range(len(grids)):
            head = row()
            kind = Choice()
            kind.offer(self._choices("grid_kind", ("graticule", "kilometre")), None)
            self._listen(f"grids.{number}.kind", kind, partial(self._set_grid, number, "kind"))
            form_ = Choice()
            form_.offer(self._choices("grid_form", ("lines", "crosses", "ticks")), None)
            self._listen(f"grids.{number}.form", form_, partial(self._set_grid, number, "form"))
            gone = IconButton("close", "Remove the grid", size=14)
            gone.clicked.connect(lambda _=False, n=number: self._set("grids", self._grids()[:n] + self._grids()[n + 1 :]))
            head.addWidget(kind, 1)
            head.addWidget(form_, 1)
            head.addWidget(gone)
            box.addLayout(head)
            below = _Form()
            for name, control in (
                ("interval", Number("°" if grids[number].kind == "graticule" else "m", least=0.0, step=1.0)),
                ("color", Color(can_be_none=False)), ("size", Number("pt", least=2.0, most=400.0, step=0.5)),
            ):  # fmt: skip
                self._listen(f"grids.{number}.{name}", control, partial(self._set_grid, number, name))
                below.line(wording.LABELS["line_color" if name == "color" else name], control)
            box.addLayout(below)
            marks = row(spacing=10)
            for name in ("numbers", "corners"):
                toggle = Toggle(tr(wording.LABELS[name]))
                self._listen(f"grids.{number}.{name}", toggle, partial(self._set_grid, number, name))
                marks.addWidget(toggle)
            marks.addStretch(1)
            box.addLayout(marks)

    def _build_page(self, box: QVBoxLayout) -> None:
        layout = self.drawing.layout
        self._head(box, "file-document-outline", tr("Page {page} of {pages}", page=self.drawing.page + 1, pages=len(layout.pages)), layout.name)
        form = _Form()
        size = Choice()
        size.offer([(wording.row_of(value), tr(text)) for text, value in wording.PAPERS], None)
        size.chosen.connect(lambda value: self.drawing.resize_page(*wording.numbers_of(value)))
        form.line("Paper", size)
        self.fields["paper"] = size
        for name in ("width", "height"):
            field = Number("mm", least=20.0, most=5000.0)
            field.changed.connect(lambda value, name=name: self._page_sized(name, value))
            form.line(wording.LABELS[name], field)
            self.fields[f"page.{name}"] = field
        title = Words()
        title.changed.connect(lambda text: self.drawing.edit("Title of layout {layout}", joins=True, title=text))
        form.line("Title of the layout", title)
        self.fields["title"] = title
        box.addLayout(form)
        box.addWidget(label(tr("Click something on the page to change it. Drag guides out of the rulers; a double click writes in a text."), "faint", wrap=True))

    def _page_sized(self, name: str, value: float) -> None:
        page = self.drawing.layout.pages[self.drawing.page]
        self.drawing.resize_page(**({"width": page.width, "height": page.height} | {name: value}))

    def _line(self, form: _Form, box: QVBoxLayout, kind: type[Any], name: str) -> None:
        """A control for one field of the model."""
        text = wording.LABELS.get(name, name)
        control = self._control(kind, name)
        if name == "text" and isinstance(control, Paragraph):
            control.setAccessibleName(tr(text))
            box.addWidget(control)
        elif isinstance(control, Toggle):
            control.setText(tr(text))
            form.addWidget(control, form.rowCount(), 0, 1, 2)
        else:
            form.line(text, control)
        self._listen(name, control)
        if name == "path":
            box.addWidget(link(tr("Choose a picture…"), self._choose_picture))

    def _control(self, kind: type[Any], name: str) -> Any:
        drawing = self.drawing
        layer = next((getattr(i, "layer", "") for i in drawing.chosen()), "")
        if name == "text":
            return Paragraph(self._facts)
        if name == "layers":
            return Ticks(lambda: making.layers(drawing), tr("None"), tr("Those of the map"))
        if name == "hidden":
            return Ticks(lambda: making.layers(drawing), tr("None"))
        if name == "fields":
            return Ticks(lambda: making.fields_of(drawing, layer), tr("None"))
        if name == "layer":
            return self._choice([("", tr("Not chosen yet")), *making.feature_layers(drawing)])
        if name in _OF_MAP:
            own = [i.id for i in drawing.chosen()]
            none = {"map": "Main map", "within": "Anywhere", "shows": "No other map"}[name]
            return self._choice([("", tr(none)), *(m for m in drawing.maps() if m[0] not in own)])
        if name in _OF_LAYER:
            none = "Number of features" if name == "value" else "None"
            fields = making.fields_of(drawing, layer)
            down = [(f"-{f}", tr("{name}, downwards", name=n)) for f, n in fields] if name == "sort" else []
            return self._choice([("", tr(none)), *fields, *down])
        if name in wording.PAIRS:
            return wording.Numbers(wording.PAIRS[name])
        if name == "names":
            return wording.Pairs()
        return self._of_type(kind, name)

    def _of_type(self, kind: type[Any], name: str) -> Any:
        known = next(f for f in _inspected(kind).fields if f.name == name)
        found: Any = known.type
        can_be_none = isinstance(found, inspect.UnionType)
        if isinstance(found, inspect.UnionType):
            found = next(t for t in found.types if not isinstance(t, inspect.NoneType))
        if isinstance(found, inspect.LiteralType):
            return self._choice(self._choices(f"{kind.__name__}.{name}" if f"{kind.__name__}.{name}" in wording.CHOICES else name, found.values))
        if isinstance(found, inspect.BoolType):
            return Toggle("")
        if isinstance(found, inspect.FloatType | inspect.IntType):
            least, most = (v if v is not None else d for v, d in ((found.ge, -1e9), (found.le, 1e9)))
            unit, step = wording.UNITS.get(name, ("", 1.0))
            empty = tr("As it fits") if can_be_none else None
            return Number(unit, least=least, most=most, step=step, whole=isinstance(found, inspect.IntType), empty=empty)
        if isinstance(found, inspect.StrType) and found.pattern:
            return Color(can_be_none=name == "fill")
        return Words(tr(wording.HINTS.get(name, "")) if name in wording.HINTS else "")

    @staticmethod
    def _choices(name: str, values: Iterable[object]) -> list[tuple[object, str]]:
        words = wording.CHOICES.get(name, {})
        return [(value, tr(words.get(str(value), str(value)))) for value in values]

    @staticmethod
    def _choice(items: Iterable[tuple[object, str]]) -> Choice:
        box = Choice()
        box.offer(items, None)
        return box

    # values

    def _listen(self, name: str, control: Any, told: Callable[[Any], object] | None = None) -> None:
        self.fields[name] = control
        changes_of(control).connect(told or (lambda value: self._set(name, value)))

    def _set(self, name: str, value: Any) -> None:
        if name == "layer":  # fields of another layer mean nothing
            first = self.drawing.chosen()[0]
            names = tuple(f for f, _ in making.fields_of(self.drawing, value))
            more: dict[str, Any] = {"fields": names[:4]} if hasattr(first, "fields") else {"category": names[0] if names else "", "value": ""}
            if hasattr(first, "sort"):
                more["sort"] = ""
            self.drawing.set_all("Change on layout {layout}", layer=value, of_feature="", **more)
            return
        self.drawing.set_all("Change on layout {layout}", joins=True, **{name: value})

    def _set_outline(self, name: str, value: Any) -> None:
        outline = self.drawing.chosen()[0].outline or Outline()
        self._set("outline", msgspec.structs.replace(outline, **{name: value}))

    def _grids(self) -> tuple[GridLines, ...]:
        return getattr(self.drawing.chosen()[0], "grids", ())

    def _set_grid(self, number: int, name: str, value: Any) -> None:
        grids = list(self._grids())
        more = {"interval": 0.0} if name == "kind" else {}
        grids[number] = msgspec.structs.replace(grids[number], **{name: value}, **more)
        self._set("grids", tuple(grids))

    def _show(self, item: AnyItem) -> None:
        if len(self.drawing.selected) == 1:
            self._title.setText(name_of(item))
        for name, control in self.fields.items():
            value: Any = item
            for part in name.split("."):
                value = value[int(part)] if part.isdigit() else getattr(value, part, None)
            if name == "outline":
                value = value is not None
            if name == "outline.dash":
                value = wording.row_of(value or ())
            if value is None and isinstance(control, Words | Paragraph | Color):
                value = ""
            control.show_value(value)

    def _show_page(self) -> None:
        page = self.drawing.layout.pages[self.drawing.page]
        self.fields["paper"].show_value(wording.row_of((page.width, page.height)))
        self.fields["page.width"].show_value(page.width)
        self.fields["page.height"].show_value(page.height)
        self.fields["title"].show_value(self.drawing.layout.name)

    def write_in(self, item_id: str) -> None:
        """Put the cursor where the words of an item are typed."""
        self.refresh()
        control = self.fields.get("text") or self.fields.get("title")
        if isinstance(control, Paragraph):
            control.text.setFocus(Qt.FocusReason.OtherFocusReason)
            control.text.selectAll()
        elif control is not None:
            control.setFocus(Qt.FocusReason.OtherFocusReason)
            control.selectAll()

    def _choose_picture(self) -> None:
        dialog = QFileDialog(self.window(), tr("Choose a picture…"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilter(f"{tr('Picture')} (*.png *.jpg *.jpeg *.svg)")
        dialog.fileSelected.connect(lambda path: self._set("path", path))
        dialog.open()


_KNOWN: dict[type[Any], Any] = {}


def _inspected(kind: type[Any]) -> Any:
    if kind not in _KNOWN:
        _KNOWN[kind] = inspect.type_info(kind)
    return _KNOWN[kind]


