"""The paper frame: paper, scale, title, and what stands on the sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from lydigital.model.table import FeatureTable
from lydigital.texts import pick, tr
from lydigital.ui import icons
from lydigital.ui.notices import Notice
from lydigital.ui.panels.publishparts import Chip, NumberLine
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form
from lydigital.ui.publishdesk import FORMATS
from lydigital.ui.statusbar import parse_scale, scale_text
from lydigital.ui.widgets import IconButton, clear, label, link, row

if TYPE_CHECKING:
    from lydigital.model.frame import Frame
    from lydigital.ui.publishdesk import PublishDesk

SCALES = (500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
CHIPS = (
    ("has_title", "Sheet title", "format-title"), ("legend", "Legend", "map-legend"), ("scale_bar", "Scale bar", "ruler"),
    ("north", "North arrow", "compass-outline"), ("overview", "Overview", "map-search-outline"), ("foot", "Sources", "text-short"),
    ("counts", "Counts", "numeric"), ("corners", "Corners", "crop-free"),
)  # fmt: skip
TOLD = {"counts": "How many features of each kind are on the map, in the legend", "corners": "Coordinates of the corners of the map"}
GRIDS = (("graticule", "Longitude and latitude"), ("kilometre", "Kilometre grid"), ("none", "No grid"))


class SheetStep(Step):
    """Every control changes the frame at once; the map and the sheet follow."""

    def __init__(self, desk: PublishDesk) -> None:
        self._desk = desk
        super().__init__(1, "Paper frame", opened=True)
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk = self._desk
        self._build_paper()
        self._build_place()
        self.title = self._line("Sheet title", "title")
        self.box.addWidget(self.title)
        self.subtitle = self._line("Second line", "subtitle")
        self.box.addWidget(self.subtitle)
        grid = QGridLayout()
        grid.setSpacing(5)
        self.chips: dict[str, Chip] = {}
        for i, (name, text, icon) in enumerate(CHIPS):
            chip = self.chips[name] = Chip(text, icon)
            chip.setToolTip(tr(TOLD[name]) if name in TOLD else "")
            chip.clicked.connect(lambda on, name=name: desk.set(**{name: on}))
            grid.addWidget(chip, i // 3, i % 3)
            grid.setColumnStretch(i % 3, 1)
        self.box.addLayout(grid)
        form = Form()
        self.grid = Choice()
        self.grid.offer([(kind, tr(text)) for kind, text in GRIDS], "graticule")
        self.grid.chosen.connect(lambda kind: desk.set(grid=kind))
        form.line("Grid", self.grid)
        self.table = Choice()
        self.table.chosen.connect(lambda layer: desk.set(table=layer))
        form.line("Table", self.table)
        charts = QWidget()
        line = row(charts, spacing=6)
        self.chart, self.category = Choice(), Choice()
        self.chart.chosen.connect(self._chart_chosen)
        self.category.setAccessibleName(tr("By field"))
        self.category.chosen.connect(lambda field: desk.set(chart=f"{self.chart.currentData()}/{field}"))
        line.addWidget(self.chart, 1)
        line.addWidget(self.category, 1)
        form.line("Chart", charts)
        self.qr = self._line("QR code", "qr", tr("Address or words in a QR code"))
        form.line("QR code", self.qr)
        self.note = self._line("Note", "note", tr("Below the sources"))
        form.line("Note", self.note)
        self.box.addLayout(form)
        self.box.addWidget(label(tr("Drag the paper on the map; corners change the scale, the round handle turns it; arrow keys move it."), "faint", wrap=True))
        self.refresh()

    def _build_paper(self) -> None:
        desk = self._desk
        line = row(spacing=6)
        self.format = Choice()
        self.format.setAccessibleName(tr("Paper"))
        self.format.chosen.connect(self._format_chosen)
        line.addWidget(self.format, 1)
        self.portrait = IconButton("crop-landscape", "Landscape")
        self.portrait.clicked.connect(self._turn_paper)
        line.addWidget(self.portrait)
        self.scale = QComboBox()
        self.scale.setEditable(True)
        self.scale.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.scale.setFixedWidth(122)
        self.scale.setAccessibleName(tr("Scale of the sheet"))
        self.scale.setToolTip(tr("Scale: choose one or type, for example 1:25000 or 2.5万"))
        self.scale.addItems([scale_text(s) for s in SCALES])
        self.scale.textActivated.connect(self._scale_typed)
        edit = self.scale.lineEdit()
        assert edit is not None
        edit.editingFinished.connect(lambda: self._scale_typed(self.scale.currentText()))
        self.scale.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
        line.addWidget(self.scale)
        self.box.addLayout(line)
        self.custom = QWidget()
        line = row(self.custom, spacing=6)
        line.addWidget(label(tr("Width × height"), "faint"), 1)
        self.width_mm, self.height_mm = (NumberLine(name, 50, 5_000, " mm") for name in ("Width of the paper", "Height of the paper"))
        self.width_mm.typed.connect(lambda mm: desk.set(width=mm))
        self.height_mm.typed.connect(lambda mm: desk.set(height=mm))
        for field in (self.width_mm, self.height_mm):
            field.setFixedWidth(86)
        line.addWidget(self.width_mm)
        line.addWidget(label("×", "faint"))
        line.addWidget(self.height_mm)
        self.box.addWidget(self.custom)

    def _build_place(self) -> None:
        desk = self._desk
        line = row(spacing=2)
        self.here = IconButton("fit-to-screen-outline", "Lay the sheet into the view")
        self.here.clicked.connect(desk.put_in_view)
        self.whole = IconButton("arrow-expand-all", "The whole map on the sheet")
        self.whole.clicked.connect(lambda: desk.show_on_sheet(desk.session.bounds()))
        self.selected = IconButton("select-marker", "The selected features on the sheet")
        self.selected.clicked.connect(self._fit_selected)
        for button in (self.here, self.whole, self.selected):
            line.addWidget(button)
        self.nearer = link(tr("Show the sheet"), desk.go_to_frame)
        line.addWidget(self.nearer)
        line.addStretch(1)
        turned = label()
        turned.setPixmap(icons.icon("rotate-left", "ink_faint").pixmap(16, 16))
        line.addWidget(turned)
        self.turn = NumberLine("Turn of the sheet", -180, 180, "°")
        self.turn.setFixedWidth(70)
        self.turn.typed.connect(lambda turn: desk.set(turn=turn % 360))
        line.addWidget(self.turn)
        self.box.addLayout(line)

    def _line(self, name: str, field: str, hint: str = "") -> QLineEdit:
        edit = QLineEdit()
        edit.setPlaceholderText(hint or tr(name))
        edit.setAccessibleName(tr(name))
        edit.setMaxLength(400)
        edit.editingFinished.connect(lambda: self._desk.set(**{field: edit.text()}) if edit.text() != getattr(self._desk.frame, field) else None)
        return edit

    # what is shown

    def refresh(self) -> None:
        """Show the frame as it is now."""
        desk, frame = self._desk, self._desk.frame
        self.format.offer([(kind, _format_text(kind)) for kind in FORMATS], frame.format)
        width, height = frame.size_mm
        self.portrait.setIcon(icons.icon("crop-portrait" if height > width else "crop-landscape"))
        self.portrait.say(tr("Portrait") if height > width else tr("Landscape"))
        self.custom.setVisible(frame.format == "custom")
        edit = self.scale.lineEdit()
        if edit is not None and not edit.hasFocus():
            edit.setText("" if frame.scale is None else scale_text(frame.scale))
        for field, value in ((self.width_mm, frame.width), (self.height_mm, frame.height), (self.turn, _signed(frame.turn))):
            field.show_value(value)
        for words, text in ((self.title, frame.title), (self.subtitle, frame.subtitle), (self.qr, frame.qr), (self.note, frame.note)):
            if not words.hasFocus() and words.text() != text:
                words.setText(text)
        self.title.setPlaceholderText(desk.session.document.title or tr("Sheet title"))
        for words in (self.title, self.subtitle):
            words.setVisible(frame.has_title)
        for name, chip in self.chips.items():
            chip.setChecked(getattr(frame, name))
        self.grid.show_value(frame.grid)
        for name, needs in (("corners", frame.grid != "none"), ("counts", frame.legend)):
            self.chips[name].setEnabled(needs)
            self.chips[name].setToolTip(tr(TOLD[name]) if needs else tr("Switch the legend on first") if name == "counts" else tr("Choose a grid first"))
        self.nearer.setVisible(not desk.is_seen())
        self.say("now", " ".join(filter(None, (_format_text(frame.format), "" if frame.scale is None else scale_text(frame.scale)))))

    def offer(self) -> None:
        """Layers that tables and charts can be made of."""
        frame, session = self._desk.frame, self._desk.session
        layers = [(ref.id, session.definition(ref.id).name) for ref in session.document.layers if session.definition(ref.id).geometry != "raster"]
        self.table.offer([("", tr("No table")), *layers], frame.table)
        layer, _, category = frame.chart.partition("/")
        self.chart.offer([("", tr("No chart")), *layers], layer)
        self.category.setVisible(bool(layer))
        if layer:
            self.category.offer(self._categories(layer), category)

    def _categories(self, layer: str) -> list[tuple[object, str]]:
        fields = self._desk.session.definition(layer).fields
        good = [f for f in fields if f.domain] or [f for f in fields if f.type == "text"]
        return [(f.name, pick(f.title, f.title_en)) for f in good]

    # what is asked for

    def _format_chosen(self, kind: object) -> None:
        width, height = self._desk.frame.size_mm
        self._desk.change_paper(**({"format": kind, "width": width, "height": height} if kind == "custom" else {"format": kind}))

    def _turn_paper(self) -> None:
        frame: Frame = self._desk.frame
        if frame.format == "custom":
            self._desk.set(width=frame.height, height=frame.width)
        else:
            self._desk.set(portrait=not frame.portrait)

    def _scale_typed(self, text: str) -> None:
        shown = self._desk.frame.scale
        if shown is not None and text == scale_text(shown):
            return
        value = parse_scale(text)
        if value is None or not 1 <= value <= 1e9:
            self._desk.window.say(Notice("warning", tr("That is no scale"), tr("Type for example 1:25000, 25000 or 2.5万.")))
            self.refresh()
            return
        self._desk.set(scale=value)

    def _fit_selected(self) -> None:
        session = self._desk.session
        boxes = []
        for layer, fids in session.selection.fids.items():
            table = session.table(layer)
            if isinstance(table, FeatureTable):
                rows = table.rows_of(fids)
                boxes += [tuple(map(float, table.geometry.bounds[r])) for r in rows.tolist() if r >= 0]
        if not boxes:
            self._desk.window.say(Notice("warning", tr("Nothing is selected"), tr("Select features on the map in the workspace Browse first.")))
            return
        west, south, east, north = zip(*boxes, strict=True)
        pad = 0.05 * max(max(east) - min(west), max(north) - min(south), 200.0 / self._desk.window.canvas.viewport.crs.metres_per_unit)
        self._desk.show_on_sheet((min(west) - pad, min(south) - pad, max(east) + pad, max(north) + pad))

    def _chart_chosen(self, layer: object) -> None:
        if not layer:
            self._desk.set(chart="")
            return
        categories = self._categories(str(layer))
        self._desk.set(chart=f"{layer}/{categories[0][0]}" if categories else str(layer))
        self.offer()

    def type_title(self) -> None:
        """Bring the cursor into the title."""
        self.open()
        self.title.setFocus()
        self.title.selectAll()

    def _desk_changed(self, what: str) -> None:
        if what == "frame":
            self.refresh()


def _format_text(kind: str) -> str:
    return tr(FORMATS[kind])


def _signed(turn: float) -> float:
    return (turn + 180) % 360 - 180
