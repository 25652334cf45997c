"""Coverage × hazard: whom a warning does not reach, channel by channel; the board of places and the list to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHeaderView, QPushButton, QTableView, QWidget

from lydigital.commands import card
from lydigital.model.coverage import CHANNELS
from lydigital.model.report import Chart, Series
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.board import Board as MapBoard
from lydigital.ui.chart import ChartView
from lydigital.ui.panels.coverageparts import Tabs, UnitLegend
from lydigital.ui.panels.hazardparts import chip
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.coverage import Board, Call, FailingPlace
    from lydigital.ui.coveragedesk import CoverageDesk

COLUMNS = {"phone": "Phone", "mobile": "Mobile", "broadband": "Broadband", "tv": "TV", "station": "Station"}
HAZARDS = {"": "Whatever there is", "zones": "Warning zones on the map", "issue": "Warnings in force", "susceptibility": "Susceptibility"}
LEVELS = {1: "Red only", 2: "Red and orange", 3: "Down to yellow", 4: "Down to blue"}
_ITEM = Qt.ItemDataRole.UserRole


class FailingStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        self._board: FailingBoard | None = None
        super().__init__(6, "Blind spots of warnings")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.box.addWidget(label(tr("Villages and communities in danger without telephone, mobile, broadband, television or information station."), "soft", wrap=True))
        line = row(spacing=6)
        self.hazard = Choice()
        self.hazard.setAccessibleName(tr("Danger"))
        self.hazard.offer([(h, tr(text)) for h, text in HAZARDS.items()], self._desk.failing_wanted.hazard)
        self.hazard.chosen.connect(lambda h: self._desk.want_failing(hazard=str(h)))
        line.addWidget(self.hazard, 1)
        self.levels = Choice()
        self.levels.setAccessibleName(tr("Levels"))
        self.levels.offer([(k, tr(text)) for k, text in LEVELS.items()], max(self._desk.failing_wanted.levels))
        self.levels.chosen.connect(lambda k: self._desk.want_failing(levels=tuple(range(1, int(str(k)) + 1))))
        line.addWidget(self.levels, 1)
        self.box.addLayout(line)
        self.personal = QCheckBox(tr("Names and numbers without stars"))
        self.personal.clicked.connect(lambda on: self._desk.want_failing(personal=on))
        self.box.addWidget(self.personal)
        self.look = QPushButton(icons.icon("alert-octagon-outline", "on_accent"), tr("Look for failing channels"))
        self.look.setProperty("primary", "true")
        self.look.clicked.connect(self._desk.look_at_failing)
        self.box.addWidget(self.look)
        self.found = QWidget()
        box = column(self.found, spacing=6)
        self.figures = label(role="soft", wrap=True)
        self.figures.setTextFormat(Qt.TextFormat.RichText)
        box.addWidget(self.figures)
        self.chart = ChartView()
        box.addWidget(self.chart)
        box.addWidget(label(tr("Places by number of failing channels"), "faint"))
        self.legend = UnitLegend()
        box.addWidget(self.legend)
        buttons = row(spacing=6)
        self.open_board = QPushButton(icons.icon("table-large"), tr("Places and call list"))
        self.open_board.clicked.connect(self.show_board)
        self.keep = QPushButton(icons.icon("layers-plus"), tr("Keep on the map"))
        self.keep.clicked.connect(self._desk.keep_failing)
        buttons.addWidget(self.open_board, 1)
        buttons.addWidget(self.keep, 1)
        box.addLayout(buttons)
        self.note = label(role="faint", wrap=True)
        box.addWidget(self.note)
        self.box.addWidget(self.found)
        if self._board is not None:
            self._board.retranslate()
        self.refresh()

    @property
    def board(self) -> FailingBoard:
        if self._board is None:
            self._board = FailingBoard()
            self._board.closed.connect(self._desk.window.map.close_board)
            self._board.place_chosen.connect(self._place_chosen)
            self._board.copied.connect(self._desk.window.copied)
            if self._desk.failing is not None:
                self._board.show_found(self._desk.failing)
        return self._board

    def show_board(self) -> None:
        self._desk.window.map.show_board(self.board)

    def opened(self) -> None:
        self._desk.show("failing")

    def refresh(self) -> None:
        desk, found = self._desk, self._desk.failing
        self.look.setEnabled(not desk.waits("failing"))
        may_see = card.may_see(desk.session)
        self.personal.setEnabled(may_see)
        self.personal.setChecked(may_see and desk.failing_wanted.personal)
        self.personal.setToolTip("" if may_see else tr("They are starred for everybody whom the settings do not name under office.people"))
        self.hazard.show_value(desk.failing_wanted.hazard)
        self.levels.show_value(max(desk.failing_wanted.levels))
        self.found.setVisible(found is not None)
        if found is None:
            self.say("now" if desk.waits("failing") else "todo", tr("Working…") if desk.waits("failing") else "")
            return
        people = _many(found.people)
        words = [tr("<b>{count}</b> places with <b>{people}</b> people in danger", count=len(found.places), people=people)]
        if found.cut_off:
            words.append(tr("<b>{count}</b> places with <b>{people}</b> people have no known channel at all", count=found.cut_off, people=_many(found.cut_off_people)))
        self.figures.setText("<br>".join(words))
        self.chart.show_chart(chart_of(found))
        self.legend.show_map(desk.map_of("failing"))
        note = [found.title]
        if found.without_figure:
            note.append(tr("{count} places have no figure of people", count=found.without_figure))
        if found.nobody:
            note.append(tr("{count} places have nobody to call", count=len(found.nobody)))
        if found.is_sample:
            note.append(tr("Sample data"))
        self.note.setText(" · ".join(note))
        failing = len(found.failing)
        self.say("warn" if failing else "done", tr("{count} of {all} places", count=failing, all=len(found.places)))
        self.folded.emit()

    def _place_chosen(self, code: str) -> None:
        self._desk.window.map.close_board()
        self._desk.choose_unit(code)

    def _desk_changed(self, what: str) -> None:
        if what in ("failing", "busy"):
            self.refresh()
            if what == "failing" and self._board is not None and self._desk.failing is not None:
                self._board.show_found(self._desk.failing)


def chart_of(found: Board) -> Chart | None:
    """People behind each failing channel; where nothing is known of people, places."""
    known = [c for c in found.channels if c.is_known]
    if not known:
        return None
    has_people = any(c.people is not None for c in known)
    values = tuple(float(c.people) if has_people and c.people is not None else None if has_people else float(c.places) for c in known)
    title = tr("People a channel does not reach") if has_people else tr("Places a channel does not reach")
    return Chart(title, "hbar", tuple(c.title for c in known), (Series(title, values),), tr("persons") if has_people else tr("places"), step=1.0)


def _many(people: int | None) -> str:
    return tr("not known") if people is None else f"{people:,}"


class FailingBoard(MapBoard):
    """``place_chosen`` tells the code of a place, ``copied`` what went to the clipboard."""

    place_chosen = Signal(str)
    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__("phone-alert-outline", "Blind spots of warnings", "Search places")
        self._found: Board | None = None
        self._copy = QPushButton(icons.icon("content-copy"), "")
        self._copy.clicked.connect(self._copy_list)
        self.tools.addWidget(self._copy)
        self._box = column(self.body)
        self._box.setContentsMargins(16, 4, 12, 12)
        self.searched.connect(lambda _words: self._fill())
        self.retranslate()

    def retranslate(self) -> None:
        super().retranslate()
        clear(self._box)
        self._copy.setText(tr("Copy list"))
        self.tabs = Tabs((("places", tr("Places")), ("calls", tr("Call list"))))
        self.tabs.chosen.connect(lambda _tab: self._fill())
        self._box.addWidget(self.tabs)
        self.table = QTableView()
        self.table.setObjectName("board-table")
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.clicked.connect(lambda index: self.place_chosen.emit(index.data(_ITEM)))
        self.table.activated.connect(lambda index: self.place_chosen.emit(index.data(_ITEM)))
        self._box.addWidget(self.table, 1)
        if self._found is not None:
            self.show_found(self._found)

    def show_found(self, found: Board) -> None:
        """All places in danger, those with most failing channels first, and whom to call."""
        self._found = found
        self.say(" · ".join(filter(None, (found.title, tr("{count} places", count=len(found.places)), tr("Sample data") if found.is_sample else ""))))
        self.tabs.say("places", tr("Places ({count})", count=len(found.places)))
        self.tabs.say("calls", tr("Call list ({count})", count=len(found.calls)))
        self._fill()

    def _fill(self) -> None:
        found = self._found
        if found is None:
            return
        words = self.search.text().casefold().split()
        rows: list[Any] = [r for r in (found.places if self.tabs.current == "places" else found.calls) if _is_wanted(r, words)]
        model = _Lines(_PLACES if self.tabs.current == "places" else _CALLS, rows)
        before = self.table.model()
        self.table.setModel(model)
        model.setParent(self.table)
        if before is not None:
            before.deleteLater()
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setMinimumSectionSize(40)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)

    def _copy_list(self) -> None:
        from PySide6.QtGui import QGuiApplication

        model = self.table.model()
        if not isinstance(model, _Lines):
            return
        text = "\n".join("\t".join(line) for line in model.lines())
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)


def _is_wanted(item: FailingPlace | Call, words: Sequence[str]) -> bool:
    names = (item.name, item.township, item.county, getattr(item, "place", ""), getattr(item, "role", ""))
    return all(word in " ".join(names).casefold() for word in words)


def _channel(channel: str) -> Callable[[FailingPlace], str]:
    return lambda place: "✗" if channel in place.missing else "?" if channel in place.unknown else "✓"


_PLACES: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("Level", lambda p: str(p.level)),
    ("Village", lambda p: p.name),
    ("Township", lambda p: p.township),
    ("County", lambda p: p.county),
    ("People", lambda p: "–" if p.people is None else f"{p.people:,}"),
    *((COLUMNS[c], _channel(c)) for c in CHANNELS),
)
_CALLS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("Level", lambda c: str(c.level)),
    ("Village", lambda c: c.place),
    ("Township", lambda c: c.township),
    ("County", lambda c: c.county),
    ("Who", lambda c: c.role),
    ("Name", lambda c: c.name),
    ("Phone", lambda c: c.phone),
    ("At", lambda c: c.at),
)


class _Lines(QAbstractTableModel):
    """Rows of places or calls under their columns."""

    def __init__(self, fields: Sequence[tuple[str, Callable[[Any], str]]], rows: Sequence[Any]) -> None:
        super().__init__()
        self._fields, self._rows = fields, rows

    def lines(self) -> list[list[str]]:
        """All as text, head first."""
        return [[tr(name) for name, _ in self._fields], *([tell(r) for _, tell in self._fields] for r in self._rows)]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._fields)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(self._fields[section][0])
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item, (name, tell) = self._rows[index.row()], self._fields[index.column()]
        text = tell(item)
        if role == _ITEM:
            return getattr(item, "place_code", "") or item.code
        if role == Qt.ItemDataRole.DecorationRole and name == "Level":
            return QIcon(chip(item.level))
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if name == "Level" else text
        if role == Qt.ItemDataRole.TextAlignmentRole and name == "People":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            t = theme.current()
            return t.color({"✗": "danger", "✓": "good", "?": "ink_faint"}.get(text, "ink"))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{tr(name)}: {text}"
        return None
