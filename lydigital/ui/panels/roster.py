"""The page of residents: click a building, grid or community to see who lives there; households in need by unit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from lydigital.commands.work.roster import COLORS
from lydigital.texts import tr
from lydigital.ui.panels.ranking import RankList, Row
from lydigital.ui.panels.scrolled import button
from lydigital.ui.panels.societyparts import SocietyPage, choice
from lydigital.ui.panels.utilityparts import Tabs, fact, findings, listed
from lydigital.ui.societydesk import NEAR, RosterDesk
from lydigital.ui.widgets import Elided, label, link, row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.model.community import Household, Needs, Roster

MODES = (("roster", "Roster"), ("needs", "In need"))
PLACES = (("building", "Building"), ("grid", "Grid"), ("community", "Community"), ("township", "Township"), ("county", "County"), ("city", "Whole city"))
MOST = 60


class RosterPage(SocietyPage):
    """Shows what the desk has in hand."""

    icon = "account-group-outline"

    def __init__(self, desk: RosterDesk) -> None:
        self.desk = desk
        super().__init__(desk)

    def title(self) -> tuple[str, str]:
        if self.desk.mode == "needs":
            return tr("Residents and communities"), tr("Households in need by unit; a click goes there.")
        return tr("Residents and communities"), tr("Click the map to see who lives there.")

    def click(self, x: float, y: float) -> bool:
        return self.desk.pick(x, y) if self.desk.session.ref("resident") is not None else False

    def build(self, box: QVBoxLayout) -> None:
        desk = self.desk
        tabs = Tabs(MODES, desk.mode)
        tabs.chosen.connect(lambda mode: desk.change(mode=mode))
        box.addWidget(tabs)
        if desk.session.ref("resident") is None:
            box.addWidget(label(tr("The map has no roster of residents"), "soft", wrap=True))
            return
        if desk.mode == "needs":
            choice(box, tr("By"), [(k, tr(t)) for k, t in PLACES[1:-1]], desk.by, lambda by: desk.change(by=by))
            if not self.waiting(box, "needs", tr("Counting households in need")) and desk.needs is not None:
                self._needs(box, desk.needs)
            return
        choice(box, tr("What is clicked"), [(k, tr(t)) for k, t in PLACES], desk.of, lambda of: desk.change(of=of))
        if desk.roster is not None:
            self._roster(box, desk.roster)

    def build_foot(self, box: QVBoxLayout) -> None:
        desk = self.desk
        if (desk.needs if desk.mode == "needs" else desk.roster) is None:
            return
        line = row(spacing=6)
        button(line, tr("Report…"), lambda: self.ask_file(("xlsx", "docx", "html", "json"), desk.report), primary=True)
        if desk.mode == "needs":
            button(line, tr("To the map"), lambda: desk.window.do("roster.needs_map"))
        line.addStretch(1)
        box.addLayout(line)

    def _roster(self, box: QVBoxLayout, found: Roster) -> None:
        desk = self.desk
        box.addWidget(Elided(found.title, "section"))
        fact(box, tr("Households"), f"{len(found.households):,}")
        fact(box, tr("Persons"), f"{found.persons:,}")
        fact(box, tr("Floating population"), f"{found.floating:,}")
        registered = found.registered
        if registered.households is not None:
            persons = "–" if registered.persons is None else f"{registered.persons:,}"
            fact(box, tr("Registered here"), tr("{households} households, {persons} persons", households=f"{registered.households:,}", persons=persons))
        for tally in found.tallies:
            if tally.category in COLORS:
                fact(box, tally.name, tr("{count} households", count=f"{tally.households:,}"))
        findings(box, found.issues)
        if not found.households:
            return
        line = row(spacing=6)
        line.addWidget(label(tr("Who lives here"), "section"))
        line.addStretch(1)
        if desk.may_see:
            line.addWidget(link(tr("Hide names") if desk.personal else tr("Show names"), lambda: desk.change(personal=not desk.personal)))
        else:
            line.addWidget(label(tr("Names are starred"), "faint"))
        box.addLayout(line)
        listed(box, [self._household(h) for h in found.households], MOST)

    def _household(self, one: Household) -> tuple[str, str, partial[None]]:
        name = " ".join(part for part in (one.code, one.head if one.head != "***" else "", one.phone if one.phone != "***" else "") if part)
        persons = "?" if one.persons is None else str(one.persons)
        value = " · ".join(part for part in (one.building, tr("{count} persons", count=persons), one.category_name) if part)
        return name, value, partial(self.desk.go_to, one.x, one.y, NEAR)

    def _needs(self, box: QVBoxLayout, found: Needs) -> None:
        total = found.total
        fact(box, tr("Households in need"), f"{total.households:,}")
        fact(box, tr("Of households listed"), f"{total.listed:,}")
        for (number, name), (_, count) in zip(found.categories, total.counts, strict=True):
            line = row(spacing=6)
            dot = label("●")
            dot.setStyleSheet(f"color: {COLORS.get(number, '#666666')};")
            line.addWidget(dot)
            line.addWidget(label(name, "faint"), 1)
            line.addWidget(label(f"{count:,}"), 0, Qt.AlignmentFlag.AlignRight)
            box.addLayout(line)
        findings(box, found.issues)
        most = max((u.households for u in found.units), default=1)
        rows = [
            Row(u.code, u.name, u.place, str(i), u.households / most, f"{u.households:,}", note="、".join(f"{n} {c}" for (_, n), (_, c) in zip(found.categories, u.counts, strict=True) if c))
            for i, u in enumerate(found.units, 1)
        ]
        ranking = RankList(14)
        ranking.show_rows(rows)
        by_code = {u.code: u for u in found.units}
        ranking.chosen.connect(lambda code: self.desk.go_to(by_code[code].x, by_code[code].y, 3 * NEAR))
        box.addWidget(ranking)
        box.addWidget(link(tr("Who they are"), self._who), 0, Qt.AlignmentFlag.AlignLeft)
        self.ranking = ranking

    def _who(self) -> None:
        """The roster of the unit chosen."""
        code = self.ranking.code or (self.desk.needs.units[0].code if self.desk.needs and self.desk.needs.units else "")
        if code:
            self.desk.ask(code, self.desk.by)
