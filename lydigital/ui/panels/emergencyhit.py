"""The page 影响: who and what lies in the zone, the largest facts first; a row opens its townships and shows its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.texts import tr
from lydigital.ui.panels.emergencyhelp import Pane
from lydigital.ui.panels.emergencyparts import Item, ItemList
from lydigital.ui.panels.utilityparts import findings
from lydigital.ui.widgets import clear, column, label

if TYPE_CHECKING:
    from lydigital.model.impact import Impact, Line

GLYPHS = {
    "people": "account-group", "village": "home-group", "school": "school", "hospital": "hospital-box", "hazard_point": "image-filter-hdr",
    "shelter": "home-import-outline", "building": "office-building", "road": "road-variant", "railway": "train", "pipe": "pipe",
}  # fmt: skip
MOST_INNER = 12


class HitPage(Pane):
    def build(self) -> None:
        super().build()
        self.opened = ""
        self.words = label(role="soft", wrap=True)
        self.box.addWidget(self.words)
        self.list = ItemList(tr("Who and what is hit"))
        self.list.chosen.connect(self._chosen)
        self.box.addWidget(self.list)
        self.found = column(spacing=4)
        self.box.addLayout(self.found)
        self.refresh()

    def refresh(self) -> None:
        desk, plan = self.desk, self.desk.plan
        hit = None if plan is None else plan.impact
        clear(self.found)
        self.words.setVisible(hit is None)
        if hit is None:
            if desk.waits("look"):
                self.words.setText(tr("Counting who and what is hit…"))
            elif desk.incident is not None and not desk.incident.zone:
                self.words.setText(tr("A place without a zone hits nothing: choose above how far danger reaches, or draw a zone."))
            else:
                self.words.setText(tr("Nothing was counted yet."))
            self.list.show_items([])
        else:
            self.list.show_items(self.items(hit), self.opened)
            findings(self.found, hit.issues)
        self.grown.emit()

    def items(self, hit: Impact) -> list[Item]:
        """What there is of it first, then what is none, then what is not known."""
        lines = sorted(hit.total.lines, key=lambda one: (not one.is_known, not _is_any(one)))
        made: list[Item] = []
        told = ""
        for line in lines:
            part = tr("In the zone") if _is_any(line) else tr("None of these") if line.is_known else tr("Not known")
            if part != told:
                made.append(Item("", part, is_head=True))
                told = part
            made.append(self._item(line))
            if line.id == self.opened:
                for unit in line.units[:MOST_INNER]:
                    value = unit.amounts[0].text if unit.amounts else ""
                    below = "、".join(unit.names[:6])
                    made.append(Item(f"{line.id}/{unit.code}", f"{unit.name}  {unit.county}".rstrip(), value, below, is_inner=True, wraps=len(below) > 20))
        return made

    def _item(self, line: Line) -> Item:
        value = line.amounts[0].text if line.amounts else tr("not known")
        rest = [a.text for a in line.amounts[1:3]]
        if line.amounts and line.amounts[0].low is not None and line.amounts[0].high is not None:
            rest.append(tr("between {low} and {high}", low=f"{line.amounts[0].low:,.0f}", high=f"{line.amounts[0].high:,.0f}"))
        names = "、".join(line.names[:8])
        below = " · ".join(filter(None, (*rest, names))) if _is_any(line) else line.note
        if line.provenance.is_sample:
            rest.append(tr("sample"))
        source = " · ".join(filter(None, (line.provenance.title, line.provenance.source, line.provenance.currency)))
        role = "danger" if line.id == "people" and _is_any(line) else "" if _is_any(line) else "ink_faint"
        return Item(line.id, line.title, value, below, "", "", GLYPHS.get(line.id, "circle-small"), role, source)

    def _chosen(self, code: str) -> None:
        line, _, unit = code.partition("/")
        if unit:
            return
        self.opened = "" if self.opened == line else line
        hit = None if self.desk.plan is None else self.desk.plan.impact
        found = next((one for one in hit.total.lines if one.id == line), None) if hit is not None else None
        if found is not None:
            ref = self.desk.session.document.layer(found.provenance.layer)
            if ref is not None and not self.desk.session.document.is_visible(ref):
                self.desk.window.do("layer.show", layer=ref.id)
        self.refresh()

    def desk_changed(self, what: str) -> None:
        if what in ("case", "plan", "busy"):
            self.refresh()


def _is_any(line: Line) -> bool:
    return line.is_known and any(a.value for a in line.amounts)
