"""The style inspector: how a layer looks and what decides it, live on the map; every change is a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from lydigital.domain import classes, thematic
from lydigital.errors import LydError
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import AREA, LineSymbolizer, PolygonSymbolizer
from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr
from lydigital.ui.panels import styleforms
from lydigital.ui.panels.histogram import HistogramView
from lydigital.ui.panels.styleparts import Choice, ClassList, Form, SliderLine, Square
from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, row, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from lydigital.domain.thematic import Theme
    from lydigital.model.style import Style
    from lydigital.session import Session
    from lydigital.ui.jobs import Jobs

THEMES: tuple[tuple[Theme, str, tuple[str, ...]], ...] = (
    ("single", "One look", ("point", "line", "polygon")),
    ("categorized", "Categories", ("point", "line", "polygon")),
    ("graduated", "Classes by number", ("point", "line", "polygon")),
    ("proportional", "Proportional symbols", ("point", "polygon")),
    ("chart", "Charts on the map", ("point", "polygon")),
    ("dots", "Dot density", ("polygon",)),
    ("heat", "Heat map", ("point",)),
    ("cluster", "Gather near points", ("point",)),
    ("bivariate", "Two variables", ("polygon", "point")),
)
_NUMBERS = ("int", "uint", "float", "double", "decimal", "half")


class StylePanel(Page):
    """One layer at a time; ``do(command, **parameters)`` changes it."""

    closed = Signal()
    resized = Signal()

    def __init__(self, session: Session, do: Callable[..., Any], jobs: Jobs) -> None:
        super().__init__()
        self.session = session
        self.do = do
        self._jobs = jobs
        self.layer = ""
        self.updaters: list[Callable[[], object]] = []
        self._built: object = None
        self._histogram_of: object = None
        self._histogram: classes.Histogram | None = None
        box = column(self)
        self._head = QWidget()
        self._head_box = column(self._head)
        box.addWidget(self._head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._scroll, 1)
        self.kind = Choice()
        self.histogram = HistogramView()
        self.square = Square()
        self.list = ClassList()

    # what it is about

    @property
    def style_now(self) -> Style:
        return self.session.style(self.layer)

    @property
    def theme(self) -> Theme:
        return thematic.theme_of(self.style_now)

    def table(self) -> FeatureTable | None:
        """The layer's features; None for grids and layers that cannot be read."""
        try:
            table = self.session.table(self.layer)
        except (LydError, KeyError):
            return None
        return table if isinstance(table, FeatureTable) else None

    def fields(self, *, numbers: bool) -> list[tuple[str, str]]:
        """Names and aliases of the columns; of numbers only, areas offer their own."""
        table = self.table()
        if table is None:
            return []
        known = self.session.definition(self.layer)
        found = []
        for field in table.columns.schema:
            kind = str(getattr(field.type, "value_type", field.type))
            if not numbers or kind.startswith(_NUMBERS):
                catalogued = known.field(field.name)
                found.append((field.name, catalogued.alias if catalogued is not None else field.name))
        if numbers and table.geometry.kind is GeometryKind.POLYGON:
            found.append((AREA, tr("Area (km²)")))
        return found

    def name_of(self, field: str) -> str:
        """A field as a person reads it."""
        return dict(self.fields(numbers=False)).get(field, tr("Area (km²)") if field == AREA else field)

    def show_layer(self, layer_id: str) -> None:
        """Open on a layer."""
        self.layer = layer_id
        self._built = None
        self.refresh()

    def retranslate(self) -> None:
        self._built = None
        self.refresh()

    def refresh(self) -> None:
        """Show the style as it is now; controls are made anew only when another kind of map needs others."""
        if not self.layer or self.session.document.layer(self.layer) is None:
            if self.layer:
                self.layer = ""
                self.closed.emit()
            return
        key = (self.layer, self.theme)
        if key != self._built:
            self._build()
            self._built = key
        for update in self.updaters:
            update()
        self.show_counts()

    def ideal_height(self, width: int) -> int:
        """Height at which nothing has to be scrolled."""
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        inner = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        if inner <= 0:
            inner = body.sizeHint().height() if body is not None else 0
        return self._head.sizeHint().height() + inner + 2

    # building

    def _build(self) -> None:
        clear(self._head_box)
        self.updaters = []
        self._build_head()
        body = QWidget()
        body.setObjectName("scroll-body")
        box = column(body, spacing=8)
        box.setContentsMargins(16, 2, 16, 14)
        table = self.table()
        if table is None:
            words = tr("This layer has no features, or they cannot be read. Its style stays that of the catalogue.")
            box.addWidget(label(words, "soft", wrap=True))
        else:
            self._build_theme(box, table)
            box.addWidget(rule())
            self._build_look(box, table)
        box.addStretch(1)
        self._scroll.setWidget(body)
        self.resized.emit()
        QTimer.singleShot(0, self, self.resized.emit)

    def _build_head(self) -> None:
        top = row(spacing=10)
        top.setContentsMargins(16, 14, 10, 8)
        top.addWidget(Badge("palette-outline", 38), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        first = row(spacing=2)
        first.addWidget(Elided(self.session.definition(self.layer).name, "title"), 1)
        reset = IconButton("restore", "Style of the catalogue", size=16)
        reset.clicked.connect(lambda: self.do("style.reset", layer=self.layer))
        self.updaters.append(lambda: reset.setEnabled(self._ref().style is not None))
        close = IconButton("close", "Close", "Esc")
        close.clicked.connect(self.closed)
        for button in (reset, close):
            button.setFixedSize(24, 24)
            first.addWidget(button)
        words.addLayout(first)
        under = row(spacing=6)
        under.addWidget(label(tr("Style"), "soft"))
        if self.session.definition(self.layer).sample:
            under.addWidget(label(tr("Sample data"), "chip-warn"))
        under.addStretch(1)
        words.addLayout(under)
        top.addLayout(words, 1)
        self._head_box.addLayout(top)

    def _ref(self):
        ref = self.session.document.layer(self.layer)
        assert ref is not None
        return ref

    def _build_theme(self, box, table: FeatureTable) -> None:
        form = Form()
        geometry = {1: "point", 2: "line", 3: "polygon"}[int(table.geometry.kind)]
        offered = [(theme, tr(title)) for theme, title, kinds in THEMES if geometry in kinds]
        self.kind = Choice()
        self.kind.offer(offered, self.theme)
        self.kind.chosen.connect(lambda theme: QTimer.singleShot(0, self, lambda: self._change(theme)))
        form.line("Kind of map", self.kind)
        styleforms.FORMS[self.theme](self, form)
        box.addLayout(form)
        self.histogram = HistogramView()
        self.histogram.setVisible(self.theme == "graduated")
        self.histogram.moved.connect(lambda limits: self.do("style.breaks", layer=self.layer, breaks=limits))
        box.addWidget(self.histogram)
        note = label(role="faint", wrap=True)
        box.addWidget(note)
        self.square = Square()
        self.square.setVisible(self.theme == "bivariate")
        box.addWidget(self.square)
        self.list = ClassList()
        box.addWidget(self.list)
        self.updaters.append(lambda: self._show_values(note))

    def _change(self, theme: Theme) -> None:
        """Another kind of map with what suits this layer."""
        styleforms.begin(self, theme)
        self.refresh()  # where that was not possible the old kind is shown again
        self.kind.show_value(self.theme)

    def _show_values(self, note) -> None:
        style = self.style_now
        self.histogram.setVisible(self.theme == "graduated")
        if self.theme == "graduated":
            self._read_histogram(style)
        note.setText(styleforms.summary(self))
        note.setVisible(bool(note.text()))
        if self.theme != "graduated":
            return
        known = [r for r in style.rules if not r.is_else]
        limits = [r.minimum for r in known if r.minimum is not None][: max(0, len(known) - 1)]
        found = sorted(v for v in limits if v > float("-inf"))
        self.histogram.show_values(self._histogram, found, [_color(r.symbolizers) for r in known])

    def _read_histogram(self, style: Style) -> None:
        from lydigital.render.classify import numbers

        key = (self.layer, id(self.table()), style.field, style.divide_by, style.per)
        if key == self._histogram_of:
            return
        self._histogram_of, self._histogram = key, None
        table = self.table()
        try:
            if table is not None:
                self._histogram = classes.histogram(numbers(table, style.field, style.divide_by, style.per))
        except LydError:
            self._histogram = None

    @property
    def values(self) -> classes.Histogram | None:
        return self._histogram

    def show_counts(self) -> None:
        """The classes with how many features each has, as far as the frame worker has counted them."""
        if not self.layer or self.session.document.layer(self.layer) is None:
            return
        from lydigital.publish.legend import parts_of
        from lydigital.render.classify import counts

        style = self.style_now
        parts = parts_of(style)
        if parts:
            self.show_list([((s,), words) for s, words in parts], [])
            return
        rules = [(i, r) for i, r in enumerate(style.rules) if r.symbolizers]
        scene = self.session.scene(only_read=True, layer_ids={self.layer})
        numbers: list[int] = []
        if scene and scene[0].style == style and scene[0].codes is not None:
            counted = counts(scene[0]).tolist()
            numbers = [counted[i] for i, _ in rules]
        elif scene and scene[0].style.kind == style.kind and len(self.list._counts) == len(rules):
            numbers = list(self.list._counts)  # those of a moment ago rather than a flicker
        if self.theme == "bivariate":  # a square says it; the list keeps what has no value
            known = [k for k, (_, r) in enumerate(rules) if not r.is_else]
            colors = [_color(rules[k][1].symbolizers) for k in known]
            names = self.name_of(style.field), self.name_of(style.second)
            self.square.show_classes(colors, [numbers[k] for k in known] if numbers else [], *names)
            rest = [k for k in range(len(rules)) if k not in known]
            rules, numbers = [rules[k] for k in rest], [numbers[k] for k in rest] if numbers else []
        self.show_list([(r.symbolizers, pick(r.title, r.title_en)) for _, r in rules], numbers)

    def show_list(self, lines: list[tuple[Any, str]], counts: list[int]) -> None:
        tall = len(self.list._lines)
        titled = len(lines) > 1 or bool(lines and lines[0][1])
        self.list.setVisible(titled)
        self.list.show_classes([(s, t or tr("Other")) for s, t in lines] if titled else [], counts)
        if tall != len(self.list._lines):
            QTimer.singleShot(0, self, self.resized.emit)

    # the rest of the look

    def _build_look(self, box, table: FeatureTable) -> None:
        form = Form()
        opacity = SliderLine(0, 100, 5, "%", 0)
        opacity.moved.connect(lambda v: self.do("layer.opacity", layer=self.layer, opacity=v / 100))
        self.updaters.append(lambda: opacity.show_value(self._ref().opacity * 100))
        form.line("Opacity", opacity)
        blends = [("normal", tr("Normal")), ("multiply", tr("Multiply")), ("screen", tr("Screen")),
                  ("overlay", tr("Overlay"))]  # fmt: skip
        blend = Choice()
        blend.offer(blends, "normal")
        blend.chosen.connect(lambda v: self.do("style.adjust", layer=self.layer, blend=v))
        self.updaters.append(lambda: blend.show_value(self.style_now.blend))
        form.line("Blending", blend)
        if table.geometry.kind is GeometryKind.POLYGON and self.theme not in ("dots", "chart", "proportional"):
            inner = SliderLine(0, 8, 0.5, " mm")
            inner.moved.connect(lambda v: self.do("style.adjust", layer=self.layer, inner_mm=v))
            self.updaters.append(lambda: inner.show_value(_inner_mm(self.style_now)))
            form.line("Inner shading", inner)
        names = Choice()
        names.offer([("", tr("None"))], "")
        size = SliderLine(6, 18, 0.5, " pt")

        def labelled(field: object) -> None:
            self.do("style.labels", layer=self.layer, field=field, size_pt=size.value or 8.0)

        def show_labels() -> None:
            labels = self.style_now.labels
            names.offer([("", tr("None")), *self.fields(numbers=False)], labels.field if labels is not None else "")
            size.setEnabled(labels is not None)
            if labels is not None and isinstance(labels.size_pt, (int, float)):
                size.show_value(labels.size_pt)
            elif labels is None:
                size.show_value(8.0)

        names.chosen.connect(labelled)
        size.moved.connect(lambda _v: labelled(names.currentData()))
        self.updaters.append(show_labels)
        form.line("Labels", names)
        form.line("Label size", size)
        box.addLayout(form)

    def in_time(self, field: str, below: str, work: Callable[[], None]) -> None:
        """Do ``work`` now, or once the areas it needs are measured."""
        table = self.table()
        if table is None:
            return
        if AREA not in (field, below) or len(table) < 50_000:
            work()
            return
        from lydigital.render.classify import numbers

        self._jobs.start(tr("Measuring areas"), lambda _job: numbers(table, AREA), lambda _found: work())


def _inner_mm(style: Style) -> float:
    shades = [s.inner for r in style.rules for s in r.symbolizers if isinstance(s, PolygonSymbolizer)]
    return next((s.width_mm for s in shades if s is not None), 0.0)


def _color(symbolizers) -> str:
    """The colour that stands for a class."""
    for s in symbolizers:
        if isinstance(s, PolygonSymbolizer) and s.fill is not None:
            return s.fill.color
        if isinstance(s, LineSymbolizer):
            return s.stroke.color
        if hasattr(s, "color"):
            return s.color
    return "#888888"
