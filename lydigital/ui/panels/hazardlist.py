"""The issues of the year: state, number, level, validity; open one, compare two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem

from lydigital.domain import watch
from lydigital.domain.lifecycle import STATUS_NAMES
from lydigital.domain.validity import BEIJING
from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.panels.hazardissue import CHANGES
from lydigital.ui.panels.hazardparts import CODE, chip
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.tools.warning import NUMERALS
from lydigital.ui.widgets import clear, label, row

if TYPE_CHECKING:
    from lydigital.model.warning import WarningIssue
    from lydigital.ui.warningdesk import WarningDesk

ROWS = 6


class ListStep(Step):
    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        self._year = 0
        super().__init__(0, "Warning issues")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        line = row(spacing=6)
        self.year = Choice()
        self.year.setAccessibleName(tr("Year"))
        self.year.chosen.connect(self._year_chosen)
        line.addWidget(self.year, 1)
        self.open_button = QPushButton(icons.icon("file-eye-outline"), tr("Open"))
        self.open_button.clicked.connect(self._open)
        self.compare_button = QPushButton(icons.icon("file-compare"), tr("Compare"))
        self.compare_button.setToolTip(tr("Choose two with Ctrl"))
        self.compare_button.clicked.connect(self._compare)
        line.addWidget(self.open_button)
        line.addWidget(self.compare_button)
        self.box.addLayout(line)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(3)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setIconSize(QSize(20, 16))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setFixedHeight(ROWS * 24 + 4)
        self.tree.setStyleSheet("QTreeView::item { height: 24px; } QTreeView::item:selected { background: palette(midlight); }")
        self.tree.setAccessibleName(tr("Issues of the year"))
        head = self.tree.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for k in (1, 2):
            head.setSectionResizeMode(k, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemSelectionChanged.connect(self._selected)
        self.tree.itemActivated.connect(lambda _item: self._open())
        self.box.addWidget(self.tree)
        self.found = label(role="soft", wrap=True)
        self.found.setTextFormat(Qt.TextFormat.RichText)
        self.found.hide()
        self.box.addWidget(self.found)
        self.refresh()

    def refresh(self) -> None:
        try:
            newest = self._desk.ledger.latest
        except LydError as error:
            self.say("warn", str(error))
            return
        years = sorted({i.year for i in newest}, reverse=True)
        if self._year not in years:
            self._year = years[0] if years else 0
        self.year.offer([(y, str(y)) for y in years], self._year)
        self.tree.clear()
        mine = [i for i in newest if i.year == self._year]
        for issue in sorted(mine, key=lambda i: i.id, reverse=True):
            name = tr("No. {number}", number=issue.number) if issue.number else issue.id
            if issue.purpose != "actual":
                name += " · " + tr("Exercise" if issue.purpose == "exercise" else "Test")
            item = QTreeWidgetItem([name, _period(issue), tr(STATUS_NAMES[issue.status])])
            item.setIcon(0, QIcon(chip(int(issue.highest) if issue.highest is not None else 0)))
            item.setData(0, CODE, issue.id)
            item.setToolTip(0, f"{issue.id}\n{issue.title}")
            item.setForeground(1, theme.current().color("ink_faint"))
            self.tree.addTopLevelItem(item)
        open_ = [i for i in newest if i.status in ("draft", "consultation", "review")]
        force = [i for i in newest if i.status == "issued"]
        said = tr("{count} in {year}", count=len(mine), year=self._year) if mine else tr("None yet")
        if force:
            said += " · " + tr("{count} in force", count=len(force))
        if open_:
            said += " · " + tr("{count} in work", count=len(open_))
        self.say("todo", said)
        self._selected()

    def _ids(self) -> list[str]:
        return [str(item.data(0, CODE)) for item in self.tree.selectedItems()]

    def _selected(self) -> None:
        chosen = self._ids()
        self.open_button.setEnabled(len(chosen) == 1)
        self.compare_button.setEnabled(len(chosen) == 2)

    def _open(self) -> None:
        chosen = self._ids()
        if len(chosen) == 1:
            self._desk.open(chosen[0])

    def _compare(self) -> None:
        known = {i.id: i for i in self._desk.ledger.latest}
        first, second = sorted((known[i] for i in self._ids()), key=lambda i: i.id)
        found = watch.diff(first, second)
        lines = [f"<b>{tr('{second} against {first}', first=_name(first), second=_name(second))}</b>"]
        for kind, text in CHANGES:
            changes = getattr(found, kind)
            if changes:
                names = "、".join(f"{c.name}{NUMERALS.get(c.before or 0, '')}→{NUMERALS.get(c.now or 0, '–')}" if kind in ("up", "down")
                                 else c.name for c in changes[:12])  # fmt: skip
                lines.append(f"{tr(text)} {len(changes)}: {names}" + ("…" if len(changes) > 12 else ""))
        lines.append(tr("As before {count}", count=len(found.unchanged)))
        self.found.setText("<br>".join(lines))
        self.found.show()
        self.folded.emit()

    def _year_chosen(self, year: object) -> None:
        self._year = int(str(year))
        self.refresh()

    def _desk_changed(self, what: str) -> None:
        if what == "issue":
            self.refresh()


def _period(issue: WarningIssue) -> str:
    first, last = issue.valid_from.astimezone(BEIJING), issue.valid_to.astimezone(BEIJING)
    return f"{first:%m-%d %H}–{last:%d %H}"


def _name(issue: WarningIssue) -> str:
    return tr("No. {number}", number=issue.number) if issue.number else issue.id
