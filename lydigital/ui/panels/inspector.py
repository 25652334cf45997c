"""The inspector: everything known about the feature under the cursor, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.commands.utility import LINKS, PIPES
from lydigital.model.coordinates import Notation, write
from lydigital.texts import pick, tr
from lydigital.ui import icons, theme
from lydigital.ui.measures import area_text, length_text, measure
from lydigital.ui.panels.attachments import Attachments
from lydigital.ui.panels.form import Form, is_writable
from lydigital.ui.widgets import Badge, Elided, IconButton, Page, clear, column, label, link, row, rule

if TYPE_CHECKING:
    from lydigital.domain.identify import Hit
    from lydigital.model.layerdef import FieldDef, LayerDef
    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

LISTED = 5  # hits shown before "show all"
GEOMETRY_ICONS = {"point": "map-marker-outline", "line": "vector-polyline", "polygon": "vector-polygon",
                  "raster": "terrain", "none": "table"}  # fmt: skip
NATURES = {"真实": "chip-accent", "示例数据": "chip-warn", "推算": "chip-warn"}
SENSITIVITIES = {"公开": "public", "内部": "internal", "敏感": "sensitive"}
ALIAS_PX = 92


class Inspector(Page):
    """Shows hits of an identification; the first is opened."""

    picked = Signal(str, object)  # layer id, fid: the feature to highlight
    zoom_asked = Signal(str, object)
    history_asked = Signal(str, object)
    trace_asked = Signal(str, object)  # of pipes and cables
    copied = Signal(str)
    closed = Signal()
    resized = Signal()

    failed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.form: Form | None = None
        self.may_see_personal = True
        self._hits: list[Hit] = []
        self._current = 0
        self._show_all = self._show_empty = self._show_personal = False
        self._point: tuple[float, float] | None = None
        self._notation: Notation | None = None
        box = column(self)
        self._head = QWidget()
        box.addWidget(self._head)
        self._head_box = column(self._head)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box.addWidget(self._scroll, 1)
        self._texts: list[tuple[str, str]] = []
        self._below: list[tuple[str, str]] = []
        self._title_label = Elided()
        self.retranslate()

    @property
    def hits(self) -> list[Hit]:
        return list(self._hits)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Alias and value of every row of the card as it is shown."""
        return list(self._texts)

    def show_hits(self, hits: list[Hit], x: float, y: float, notation: Notation) -> None:
        """Open the first of ``hits`` found at map point ``x, y``; none shows the empty state."""
        self._hits = hits
        self._current = 0
        self._show_all = self._show_empty = self._show_personal = False
        self._point = (x, y)
        self._notation = notation
        self.retranslate()
        if hits:
            self.picked.emit(hits[0].layer, hits[0].fid)

    def set_notation(self, notation: Notation) -> None:
        self._notation = notation
        if self._hits:
            self.retranslate()

    def refresh(self) -> None:
        """Features may have other values now."""
        if not self._hits:
            return
        hit = self._hits[self._current]
        if self.form is None:
            return
        if hit.fid not in self._session.features.features(hit.layer, [hit.fid]):
            self._hits = [h for h in self._hits if h is not hit]  # it was removed
            self._current = 0
            self.retranslate()
            return
        self.form.refresh()
        self._texts = [*self.form.texts, *self._below]
        self._title_label.setText(self._title(self._session.definition(hit.layer), self._record(hit), hit))

    def clear(self) -> None:
        self._hits = []
        self.retranslate()

    def ideal_height(self, width: int) -> int:
        """Height at which nothing has to be scrolled."""
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        inner = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        if inner <= 0:
            inner = body.sizeHint().height() if body is not None else 0
        head = self._head_box.heightForWidth(width) if self._head_box.hasHeightForWidth() else 0
        return (head if head > 0 else self._head.sizeHint().height()) + inner + 2

    def set_scrolling(self, needed: bool) -> None:
        # never "as needed": a bar that appears takes width, which makes it needed
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if needed else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._scroll.setVerticalScrollBarPolicy(policy)

    def retranslate(self) -> None:
        """Build the card anew in the present language."""
        clear(self._head_box)
        self._texts = []
        self.form = None
        body = QWidget()
        body.setObjectName("scroll-body")
        box = column(body, spacing=8)
        box.setContentsMargins(16, 4, 16, 16)
        if self._hits:
            self._build(box)
        else:
            self._build_empty(box)
        box.addStretch(1)
        self._scroll.setWidget(body)
        self.resized.emit()
        QTimer.singleShot(0, self, self.resized.emit)  # once the style sheet has had its say on the fonts

    # the card

    def _build(self, box) -> None:
        hit = self._hits[self._current]
        known = self._session.definition(hit.layer)
        table = hit.table
        record = self._record(hit)
        self._build_head(known, record, hit)
        if len(self._hits) > 1:
            self._build_list(box)
        if is_writable(self._session, hit.layer):
            self._build_form(box, known, hit)
        else:
            self._build_fields(box, known, record)
            box.addWidget(Attachments(self._session, hit.layer, hit.fid, may_add=False))
        above = len(self._texts)
        box.addWidget(rule())
        self._build_measures(box, table, hit)
        box.addWidget(rule())
        self._build_source(box, known)
        self._below = self._texts[above:]

    def _record(self, hit: Hit) -> dict[str, Any]:
        """The attributes as they are now."""
        record = hit.table.record(hit.row)
        edited = self._session.features.edits(hit.layer).get(hit.fid)
        return record if edited is None else {**record, **edited.values}

    def _build_form(self, box, known: LayerDef, hit: Hit) -> None:
        """The fields to be edited in place."""
        form = Form(self._session, hit.layer, [hit.fid], show_empty=self._show_empty,
                    personal=self._show_personal and self.may_see_personal)  # fmt: skip
        form.resized.connect(self.resized)
        form.failed.connect(self.failed)
        self.form = form
        box.addWidget(form)
        if form.attachments is not None:
            form.attachments.accept_drops(self)
        self._texts += form.texts
        self._offer_more(box, known, form.hidden)

    def _build_head(self, known: LayerDef, record: dict[str, Any], hit: Hit) -> None:
        top = row(spacing=10)
        top.setContentsMargins(16, 14, 10, 8)
        group = self._session.catalogue.group(known.group)
        badge = Badge(group.icon if group and group.icon else GEOMETRY_ICONS[known.geometry], 38)
        top.addWidget(badge, 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        first = row(spacing=2)
        self._title_label = Elided(self._title(known, record, hit), "title")
        first.addWidget(self._title_label, 1)
        close = IconButton("close", "Close", "Esc")
        close.clicked.connect(self.closed)
        zoom = IconButton("image-filter-center-focus", "Zoom to feature")
        zoom.clicked.connect(lambda: self.zoom_asked.emit(hit.layer, hit.fid))
        copy = IconButton("content-copy", "Copy all fields", size=16)
        copy.clicked.connect(self._copy_all)
        past = IconButton("history", "History of the feature", size=16)
        past.clicked.connect(lambda: self.history_asked.emit(hit.layer, hit.fid))
        trace = IconButton("transit-connection-variant", "Trace along the flow", size=16)
        trace.clicked.connect(lambda: self.trace_asked.emit(hit.layer, hit.fid))
        for button in (*((trace,) if hit.layer in (PIPES, *LINKS) else ()), past, copy, zoom, close):
            button.setFixedSize(24, 24)
            first.addWidget(button)
        words.addLayout(first)
        under = row(spacing=6)
        nature = str(record.get("nature") or ("示例数据" if known.sample else ""))
        name = label(known.name, "soft")
        under.addWidget(name)
        if nature:
            field = known.field("nature")
            text = field.decode(nature) if field is not None else tr("Sample data")
            under.addWidget(label(text, NATURES.get(nature, "chip")))
        under.addStretch(1)
        words.addLayout(under)
        top.addLayout(words, 1)
        self._head_box.addLayout(top)

    def _title(self, known: LayerDef, record: dict[str, Any], hit: Hit) -> str:
        for name in (known.title_field, "name", "code"):
            if name and record.get(name) not in (None, ""):
                field = known.field(name)
                return field.decode(record[name]) if field is not None else str(record[name])
        return tr("{layer} {fid}", layer=known.name, fid=hit.fid)

    def _build_list(self, box) -> None:
        frame = QFrame()
        listed = column(frame, spacing=1)
        shown = self._hits if self._show_all else self._hits[:LISTED]
        head = label(tr("Features here: {count}", count=len(self._hits)), "section")
        listed.addWidget(head)
        for number, hit in enumerate(shown):
            known = self._session.definition(hit.layer)
            record = hit.table.record(hit.row)
            button = QToolButton()
            button.setObjectName("hit")
            button.setCheckable(True)
            button.setChecked(number == self._current)
            title = self._title(known, record, hit)
            text = f"{title}  ·  {known.name}" if title != known.name else title
            button.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 232))
            group = self._session.catalogue.group(known.group)
            button.setIcon(icons.icon(group.icon if group and group.icon else GEOMETRY_ICONS[known.geometry]))
            button.setIconSize(QSize(15, 15))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, number=number: self.open(number))
            listed.addWidget(button)
        if len(self._hits) > len(shown):
            listed.addWidget(link(tr("Show all {count}", count=len(self._hits)), self._list_all))
        box.addWidget(frame)
        box.addWidget(rule())

    def open(self, number: int) -> None:
        """Show another of the hits."""
        if 0 <= number < len(self._hits):
            self._current = number
            self._show_empty = self._show_personal = False
            self.retranslate()
            self.picked.emit(self._hits[number].layer, self._hits[number].fid)

    def _list_all(self) -> None:
        self._show_all = True
        self.retranslate()

    def _build_fields(self, box, known: LayerDef, record: dict[str, Any]) -> None:
        grid = _grid()
        empty: list[str] = []
        shown = 0
        for name, value in record.items():
            field = known.field(name)
            alias = field.alias if field is not None else name
            if name == "nature":
                continue
            text = field.decode(value) if field is not None else _plain(value)
            if text == "" and not self._show_empty:
                empty.append(alias)
                continue
            if field is not None and field.personal and not self._show_personal:
                text = tr("hidden (personal)")
            self._line(grid, shown, alias, text or "—", field)
            shown += 1
        box.addLayout(grid)
        self._offer_more(box, known, empty)

    def _offer_more(self, box, known: LayerDef, empty: list[str]) -> None:
        if any(f.personal for f in known.fields) and not self._show_personal:
            reveal = link(tr("Show personal data"), self._reveal)
            reveal.setEnabled(self.may_see_personal)
            reveal.setToolTip("" if self.may_see_personal else tr("Your role does not allow it"))
            box.addWidget(reveal)
        if empty:
            count = len(empty)
            folded = link(tr("Empty fields: {count}", count=count), self._unfold)
            folded.setToolTip("、".join(empty))
            box.addWidget(folded)

    def _line(self, grid: QGridLayout, at: int, alias: str, text: str, field: FieldDef | None = None) -> None:
        name = label(alias, "faint", wrap=True)
        name.setFixedWidth(ALIAS_PX)
        name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        if field is not None and field.note:
            name.setToolTip(field.note)
        value = label(text, wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(name, at, 0)
        grid.addWidget(value, at, 1)
        self._texts.append((alias, text))

    def _unfold(self) -> None:
        self._show_empty = True
        self.retranslate()

    def _reveal(self) -> None:
        self._show_personal = True
        self.retranslate()

    def _build_measures(self, box, table: FeatureTable, hit: Hit) -> None:
        grid = _grid()
        found = measure(table, hit.row)
        line = 0
        if found.area_m2:
            self._line(grid, line, tr("Area"), area_text(found.area_m2))
            self._line(grid, line + 1, tr("Perimeter"), length_text(found.length_m))
            line += 2
        elif found.length_m:
            self._line(grid, line, tr("Length"), length_text(found.length_m))
            line += 1
        x, y = self._place(table, hit)
        if self._notation is not None:
            text = write(x, y, table.crs, self._notation)
            self._line(grid, line, tr("Position"), text.replace("  ", "\n"))
            button = IconButton("content-copy", "Copy the position", size=14)
            button.setFixedSize(22, 22)
            button.clicked.connect(lambda: self._copy(text))
            grid.addWidget(button, line, 2, Qt.AlignmentFlag.AlignTop)
        if found.area_m2 or found.length_m:
            box.addWidget(label(tr("Measured on the ellipsoid (CGCS2000)"), "section", wrap=True))
        box.addLayout(grid)

    def _place(self, table: FeatureTable, hit: Hit) -> tuple[float, float]:
        """The point itself for points, where the user clicked for lines and areas."""
        west, south, east, north = (float(v) for v in table.geometry.bounds[hit.row])
        if (west, south) == (east, north) or self._point is None:
            return (west + east) / 2, (south + north) / 2
        return self._point

    def _build_source(self, box, known: LayerDef) -> None:
        grid = _grid()
        line = 0
        for alias, text in (
            (tr("Source"), known.source), (tr("Department"), known.department), (tr("Updated"), known.update_cycle),
            (tr("As of"), known.currency), (tr("Standard"), known.code_std), (tr("Sensitivity"), pick(known.sensitivity, SENSITIVITIES[known.sensitivity])),
        ):  # fmt: skip
            if text:
                self._line(grid, line, alias, text)
                line += 1
        box.addLayout(grid)
        if known.sample:
            box.addWidget(
                label(tr("Sample data: plausible, not a fact"), "chip-warn"), 0, Qt.AlignmentFlag.AlignLeft
            )

    # nothing chosen

    def _build_empty(self, box) -> None:
        top = row(spacing=12)
        top.setContentsMargins(16, 16, 10, 0)
        top.addWidget(Badge("cursor-default-click-outline", 38), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        searched = self._point is not None
        words.addWidget(label(tr("Nothing here") if searched else tr("Click a feature"), "title"))
        words.addWidget(label(
            tr("No visible layer has a feature at this place. Zoom in or switch on more layers.") if searched
            else tr("The map tells everything it knows about what you click."), "soft", wrap=True,
        ))  # fmt: skip
        top.addLayout(words, 1)
        close = IconButton("close", "Close", "Esc")
        close.setFixedSize(26, 26)
        close.clicked.connect(self.closed)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._head_box.addLayout(top)
        grid = _grid()
        for at, (keys, what) in enumerate((
            (tr("Wheel"), tr("zoom at the cursor")), (tr("Drag"), tr("move the map")),
            (tr("Shift + drag"), tr("zoom to a box")), ("Ctrl+K", tr("find places, layers, commands")),
        )):  # fmt: skip
            key = label(keys, "faint")
            key.setFixedWidth(ALIAS_PX)
            grid.addWidget(key, at, 0)
            grid.addWidget(label(what, "soft", wrap=True), at, 1)
        box.addSpacing(4)
        box.addWidget(rule())
        box.addLayout(grid)

    # copying

    def _copy_all(self) -> None:
        self._copy("\n".join(f"{alias}\t{text}" for alias, text in self._texts))

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(theme.GRID + 2)
    grid.setColumnStretch(1, 1)
    return grid


def _plain(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
