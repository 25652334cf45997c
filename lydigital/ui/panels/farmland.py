"""The page of farmland: what was lost and gained between two surveys, and what stands on protected land."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lydigital.commands import registry
from lydigital.texts import tr
from lydigital.ui.panels.ranking import RankList, Row
from lydigital.ui.panels.scrolled import button
from lydigital.ui.panels.societyparts import SocietyPage, choice
from lydigital.ui.panels.utilityparts import Tabs, fact, findings, listed
from lydigital.ui.societydesk import PARCEL, FarmlandDesk
from lydigital.ui.widgets import label, row

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout

    from lydigital.model.farmland import Comparison, Occupation

MODES = (("change", "Change of farmland"), ("taken", "Protected land"))
LEVELS = (("county", "County"), ("township", "Township"))
MOST = 30


class FarmlandPage(SocietyPage):
    """Shows what the desk has in hand."""

    icon = "barley"

    def __init__(self, desk: FarmlandDesk) -> None:
        self.desk = desk
        super().__init__(desk)

    def title(self) -> tuple[str, str]:
        if self.desk.mode == "change":
            return tr("Farmland protection"), tr("Two surveys are compared: what was lost, gained and kept.")
        return tr("Farmland protection"), tr("What stands on permanent basic farmland: the red line.")

    def build(self, box: QVBoxLayout) -> None:
        desk = self.desk
        tabs = Tabs(MODES, desk.mode)
        tabs.chosen.connect(lambda mode: desk.change(mode=mode))
        box.addWidget(tabs)
        reason = registry.get("farmland.compare" if desk.mode == "change" else "farmland.occupied").disabled(desk.session)
        if reason is not None:
            box.addWidget(label(reason, "soft", wrap=True))
            return
        if desk.mode == "change":
            choice(box, tr("By"), [(k, tr(t)) for k, t in LEVELS], desk.level, lambda level: desk.change(level=level))
            busy = self.waiting(box, "comparison", tr("Comparing farmland"))
            if desk.comparison is None and not busy:
                button(box, tr("Compare the surveys"), desk.compare, primary=True)
            elif desk.comparison is not None and not busy:
                self._change(box, desk.comparison)
            return
        line = row(spacing=6)
        button(line, tr("Buildings and settlements"), desk.look, primary=desk.occupation is None)
        button(line, tr("Draw a project"), desk.draw)
        line.addStretch(1)
        box.addLayout(line)
        if not self.waiting(box, "occupation", tr("Looking at protected farmland")) and desk.occupation is not None:
            self._taken(box, desk.occupation)

    def build_foot(self, box: QVBoxLayout) -> None:
        desk = self.desk
        if (desk.comparison if desk.mode == "change" else desk.occupation) is None:
            return
        line = row(spacing=6)
        button(line, tr("Report…"), lambda: self.ask_file(("xlsx", "docx", "html", "json"), desk.report), primary=True)
        button(line, tr("To the map"), desk.lay_down)
        line.addStretch(1)
        box.addLayout(line)

    def _change(self, box: QVBoxLayout, found: Comparison) -> None:
        city = found.city
        fact(box, tr("Surveys"), tr("{before} to {after}", before=found.dates[0], after=found.dates[1]))
        fact(box, tr("Before"), _area(city.before_ha))
        fact(box, tr("After"), _area(city.after_ha))
        fact(box, tr("Lost"), _area(city.lost_ha), "bad")
        fact(box, tr("Gained"), _area(city.gained_ha))
        fact(box, tr("Net"), _area(city.net_ha), "bad" if city.net_ha < 0 else "")
        fact(box, tr("Unchanged"), _area(city.unchanged_ha))
        findings(box, found.issues)
        box.addWidget(label(tr("Net change by unit (ha)"), "section"))
        units = sorted((u for u in found.units if abs(u.net_ha) >= 0.005), key=lambda u: u.net_ha)
        most = max((abs(u.net_ha) for u in units), default=1.0)
        ranking = RankList(12)
        ranking.show_rows([
            Row(u.code, u.name or tr("No unit"), u.county, str(i), abs(u.net_ha) / most, f"{u.net_ha:+,.1f}", "#c8402f" if u.net_ha < 0 else "#2f8f4e")
            for i, u in enumerate(units, 1)
        ])  # fmt: skip
        largest = {p.unit: p for p in reversed(found.parts)}
        ranking.chosen.connect(lambda code: self.desk.go_to(largest[code].x, largest[code].y, 4 * PARCEL, self.desk.crs) if code in largest else None)
        box.addWidget(ranking)
        if found.turned:
            box.addWidget(label(tr("Farmland of another kind now"), "section"))
            for turned in found.turned:
                fact(box, f"{turned.before} → {turned.after}", _area(turned.area_ha))
        box.addWidget(label(tr("Largest pieces"), "section"))
        listed(box, [
            (f"{p.county} {p.name}".strip() if p.name != p.county else p.name, f"{'−' if p.change == 'lost' else '+'}{_area(p.area_ha)} {p.kind}",
             partial(self.desk.go_to, p.x, p.y, PARCEL, self.desk.crs))
            for p in found.parts
        ], MOST)  # fmt: skip

    def _taken(self, box: QVBoxLayout, found: Occupation) -> None:
        fact(box, tr("Permanent basic farmland"), _area(found.all_protected_ha))
        fact(box, tr("Taken of it"), _area(found.protected_ha), "bad" if found.protected_ha > 0 else "")
        fact(box, tr("Other farmland taken"), _area(found.other_ha))
        for name, count, area in found.by_layer:
            fact(box, name, tr("{count} features, {area}", count=f"{count:,}", area=_area(area)))
        findings(box, found.issues)
        if not found.rows:
            box.addWidget(label(tr("Nothing stands on protected farmland."), "soft", wrap=True))
            return
        box.addWidget(label(tr("Largest first"), "section"))
        listed(box, [(r.title, f"{r.county} {_area(r.protected_ha)}", partial(self.desk.go_to, r.x, r.y, PARCEL, self.desk.crs)) for r in found.rows], MOST)


def _area(ha: float) -> str:
    return tr("{ha} ha", ha=f"{ha:,.2f}" if abs(ha) < 100 else f"{ha:,.0f}")
