"""The workspace 应急: what happened at the top, its largest facts, and a page each for help, harm, people, roads, log and plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QScrollArea, QSizePolicy, QToolButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.emergencydesk import INCIDENTS, ZONES
from lydigital.ui.panels.emergencyhelp import HelpPage
from lydigital.ui.panels.emergencyhit import HitPage
from lydigital.ui.panels.emergencyleave import LeavePage
from lydigital.ui.panels.emergencylog import LogPage
from lydigital.ui.panels.emergencyparts import Fact, minutes
from lydigital.ui.panels.emergencyplan import PlanPage
from lydigital.ui.panels.emergencyroads import RoadsPage
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.spaces import SpacePage
from lydigital.ui.widgets import Badge, Elided, IconButton, clear, column, label, row, rule

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from lydigital.ui.emergencydesk import EmergencyDesk

TABS = (("help", "Help"), ("hit", "Hit"), ("leave", "Leave"), ("roads", "Roads"), ("log", "Log"), ("plan", "Plan"))
RADII = (0.0, 200.0, 300.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0)


class EmergencyPage(SpacePage):
    """Shows what the desk has in hand."""

    extra_px = 54

    def __init__(self, desk: EmergencyDesk) -> None:
        super().__init__()
        self.desk = desk
        self.pages = {
            "help": HelpPage(desk), "hit": HitPage(desk), "leave": LeavePage(desk), "roads": RoadsPage(desk), "log": LogPage(desk),
            "plan": PlanPage(desk),
        }  # fmt: skip
        outer = column(self)
        self._head, self._top = QWidget(), QWidget()
        self._head_box = row(self._head, spacing=10)
        self._head_box.setContentsMargins(16, 12, 10, 8)
        self._top_box = column(self._top, spacing=7)
        self._top_box.setContentsMargins(14, 8, 14, 0)
        outer.addWidget(self._head)
        outer.addWidget(rule())
        outer.addWidget(self._top)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QWidget()
        self._body.setObjectName("scroll-body")
        self._box = column(self._body)
        self._box.setContentsMargins(14, 6, 12, 12)
        for page in self.pages.values():
            self._box.addWidget(page)
            page.grown.connect(self.relayout)
        self._box.addStretch(1)
        self.area.setWidget(self._body)
        outer.addWidget(self.area, 1)
        self._settle = QTimer(self, interval=0, singleShot=True)
        self._settle.timeout.connect(self.resized.emit)
        self.build()
        desk.changed.connect(self._desk_changed)
        self.closed.connect(lambda: desk.take(""))

    # the workspace

    def entered(self) -> None:
        self.desk.enter()

    def left(self) -> None:
        self.desk.leave()

    def click(self, x: float, y: float) -> bool:
        if self.desk.cannot() is not None:
            return False
        self.desk.view.click(x, y)
        return True

    def operator_changed(self) -> None:
        if self.desk.personal and not self.desk.may_see:
            self.desk.change(personal=False)
        self.refresh()

    def document_replaced(self) -> None:
        self.desk.forget()
        self.desk.begin()

    def retranslate(self) -> None:
        self.build()
        for page in self.pages.values():
            page.build()
        self.relayout()

    # content

    def build(self) -> None:
        """Head, choice of what happened, tools, facts and tabs in the language of the day."""
        desk = self.desk
        clear(self._head_box)
        clear(self._top_box)
        self._head_box.addWidget(Badge("ambulance", 32, "peony"))
        words = column(spacing=0)
        self.title, self.line = Elided(role="title"), Elided(role="faint")
        words.addWidget(self.title)
        words.addWidget(self.line)
        self._head_box.addLayout(words, 1)
        self.sample = label(tr("Sample"), "chip-small")
        self.sample.setToolTip(tr("Sample data: no real figures"))
        self._head_box.addWidget(self.sample, 0, Qt.AlignmentFlag.AlignTop)
        close = IconButton("close", "Close", "Esc")
        close.setFixedSize(26, 26)
        close.clicked.connect(self.closed)
        self._head_box.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        first = row(spacing=6)
        self.cases = Choice()
        self.cases.setAccessibleName(tr("What happened"))
        self.cases.chosen.connect(lambda which: desk.take_feature(*which) if which else None)
        first.addWidget(self.cases, 1)
        self.draw = QToolButton()
        self.draw.setIcon(icons.icon("vector-polygon"))
        self.draw.setAccessibleName(tr("Draw zone"))
        self.draw.setObjectName("tool")
        self.draw.setToolTip(tr("Draw the zone of an incident; a click on the map names its place"))
        self.draw.setFixedSize(30, 28)
        self.draw.setCheckable(True)
        self.draw.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.draw.clicked.connect(lambda on: desk.take("zone" if on else ""))
        first.addWidget(self.draw)
        self.radius = Choice()
        self.radius.setAccessibleName(tr("Danger reaches"))
        self.radius.setToolTip(tr("So far around the place people are in danger and must leave"))
        self.radius.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.radius.setFixedWidth(92)
        self.radius.chosen.connect(lambda radius: desk.change(radius_m=float(radius)))
        first.addWidget(self.radius)
        self._top_box.addLayout(first)
        grid = QGridLayout()
        grid.setSpacing(6)
        self.facts: dict[str, Fact] = {}
        for i, (name, tab) in enumerate((("people", "hit"), ("team", "help"), ("hospital", "help"), ("places", "leave"), ("gone", "roads"), ("gaps", "plan"))):
            fact = self.facts[name] = Fact()
            fact.clicked.connect(lambda _=False, tab=tab: self.show_tab(tab))
            grid.addWidget(fact, i // 3, i % 3)
            grid.setColumnStretch(i % 3, 1)
        self._top_box.addLayout(grid)
        line = row(spacing=10)
        group = QButtonGroup(self._top)
        self.tabs: dict[str, QToolButton] = {}
        for tab, text in TABS:
            button = self.tabs[tab] = QToolButton()
            button.setObjectName("tab")
            button.setCheckable(True)
            button.setText(tr(text))
            button.setFixedHeight(28)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, tab=tab: self.show_tab(tab))
            group.addButton(button)
            line.addWidget(button)
        line.addStretch(1)
        self._top_box.addLayout(line)
        self._top_box.addWidget(rule())
        self.why = label(role="soft", wrap=True)
        self._top_box.addWidget(self.why)
        self.refresh()

    def show_tab(self, tab: str) -> None:
        """One of the pages."""
        self.desk.show_tab(tab)  # type: ignore[arg-type]
        self.area.verticalScrollBar().setValue(0)

    def refresh(self) -> None:
        """Say everything above the pages anew."""
        desk = self.desk
        case, at = desk.case, desk.incident
        self.title.setText(case.title if case is not None and (at is None or not case.layer) else at.title if at is not None else tr("Emergency"))
        self.line.setText(self._below())
        self.sample.setVisible(desk.nearest is not None and desk.nearest.is_sample)
        self.cases.offer(self._cases(), (case.layer, case.fid) if case is not None and case.layer else None)
        far = sorted({*RADII, desk.radius_m})
        none = tr("drawn") if case is not None and case.is_zone else tr("no zone")
        self.radius.offer([(r, none if not r else f"{r:,.0f} m" if r < 1_000 else f"{r / 1000:g} km") for r in far], desk.radius_m)
        self.radius.setEnabled(case is not None and not case.is_zone)
        self.draw.setChecked(desk.tool_id == "zone")
        self._say_facts()
        for tab, button in self.tabs.items():
            button.setChecked(tab == desk.tab)
        for tab, page in self.pages.items():
            page.setVisible(tab == desk.tab and desk.cannot() is None)
        why = desk.cannot()
        if why is None and case is None:
            why = tr("Click the map where it happened, choose an incident above, or draw a zone.")
        self.why.setText(why or "")
        self.why.setVisible(bool(why))

    def _below(self) -> str:
        desk, at = self.desk, self.desk.incident
        if at is None:
            return tr("Working…") if desk.busy else tr("Who is hit, and who can help.")
        kind = at.kind_name if not at.fid else ""  # the title of one in the record says it
        return " · ".join(t for t in (desk.where, kind, at.level_name, at.status_name, at.time[5:16].replace("T", " ")) if t)

    def _cases(self) -> list[tuple[object, str]]:
        desk = self.desk
        made: list[tuple[object, str]] = [(None, desk.case.title if desk.case is not None and not desk.case.layer else tr("Choose what happened"))]
        made += [((INCIDENTS, i.fid), i.title) for i in desk.open]
        made += [((ZONES, fid), name) for fid, name in desk.zones()]
        case = desk.case
        if case is not None and case.layer and (case.layer, case.fid) not in [w for w, _ in made]:
            made.append(((case.layer, case.fid), case.title))
        return made

    def _say_facts(self) -> None:
        desk, facts = self.desk, self.facts
        plan, found = desk.plan, desk.allocation
        wait = "…" if desk.waits("look") else "–"
        if found is not None:
            facts["people"].show_fact(tr("Must leave"), f"{found.people:,}", tr("people"), tr("villages: {count}", count=len(found.origins)), "danger" if found.people else "")
            left = found.left_over
            note = tr("{count} placed", count=f"{found.placed:,}")
            facts["places"].show_fact(tr("Without a shelter"), f"{left:,}", tr("people"), note, "danger" if left else "good")
        else:
            known = plan is not None
            facts["people"].show_fact(tr("Must leave"), "0" if known else wait, tr("people") if known else "", tr("nobody lives there") if known else "")
            shelter = desk.first("shelter")
            note = shelter.resource.name if shelter is not None else ""
            facts["places"].show_fact(tr("Nearest shelter"), *_split(minutes(shelter.seconds) if shelter is not None else wait), note)
        for kind, title in (("team", tr("First team there")), ("hospital", tr("Nearest hospital"))):
            reach = desk.first(kind)
            there = desk.nearest is not None
            number, unit = _split(minutes(reach.seconds) if reach is not None else tr("nobody") if there else wait)
            facts[kind].show_fact(title, number, unit, reach.resource.name if reach is not None else "", "danger" if there and reach is None else "")
        gone = () if plan is None else plan.unreachable
        cuts = 0 if desk.nearest is None else len(desk.nearest.closures)
        note = tr("{count} roads cut", count=cuts) if cuts else tr("no road cut")
        facts["gone"].show_fact(tr("Villages cut off"), f"{len(gone)}" if plan is not None else wait, "", note, "danger" if gone else "")
        lacking = [g for g in (() if plan is None else plan.gaps) if g.missing]
        facts["gaps"].show_fact(tr("Lacking"), f"{len(lacking)}" if plan is not None else wait, tr("kinds") if lacking else "", "、".join(g.title for g in lacking[:3]), "warn" if lacking else "")

    def _desk_changed(self, what: str) -> None:
        if what in ("case", "help", "plan", "cases", "tab", "tool", "busy", "log", "roads"):
            self.refresh()
        for page in self.pages.values():
            page.desk_changed(what)
        self.relayout()

    # size

    def ideal_height(self, width: int) -> int:
        self._box.invalidate()
        inner = self._box.heightForWidth(width) if self._box.hasHeightForWidth() else self._box.sizeHint().height()
        top = self._top_box.heightForWidth(width) if self._top_box.hasHeightForWidth() else self._top_box.sizeHint().height()
        return self._head.sizeHint().height() + top + max(inner, 120) + 8

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._body.setMaximumWidth(self.width())

    def relayout(self) -> None:
        """The page is higher or lower now."""
        self._settle.start()


def _split(text: str) -> tuple[str, str]:
    """A number and its unit."""
    number, _, unit = text.partition(" ")
    return (number, unit) if unit and number[:1].isdigit() else (text, "")
