"""The page 转移: who leaves to which shelter, who finds no place, whom no road reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit

from lydigital.texts import tr
from lydigital.ui.panels.emergencyhelp import Pane
from lydigital.ui.panels.emergencyparts import Item, ItemList, kilometres, minutes, reached
from lydigital.ui.panels.hazardparts import pair
from lydigital.ui.panels.utilityparts import findings
from lydigital.ui.widgets import clear, column, label

if TYPE_CHECKING:
    from lydigital.model.emergency import Allocation, Move

MOST = 10_000_000


class LeavePage(Pane):
    def build(self) -> None:
        super().build()
        self.people = QLineEdit()
        self.people.setValidator(QIntValidator(0, MOST, self.people))
        self.people.setPlaceholderText(tr("those who live in the zone"))
        self.people.setClearButtonEnabled(True)
        self.people.setToolTip(tr("Type how many, where that is known better than by who lives there; empty counts them"))
        self.people.setAccessibleName(tr("People who must leave"))
        self.people.editingFinished.connect(self._said)
        self.box.addLayout(pair(tr("Must leave"), self.people))
        self.words = label(role="soft", wrap=True)
        self.box.addWidget(self.words)
        self.list = ItemList(tr("Who leaves to which shelter"))
        self.list.chosen.connect(lambda code: self.desk.choose(code) if code else None)
        self.box.addWidget(self.list)
        self.found = column(spacing=4)
        self.box.addLayout(self.found)
        self.refresh()

    def refresh(self) -> None:
        desk, found = self.desk, self.desk.allocation
        said = desk.people if desk.people is not None else desk.case.people if desk.case is not None else None
        if not self.people.hasFocus() or not self.people.isModified():
            self.people.setText("" if said is None else str(said))
        self.people.setEnabled(desk.case is not None)
        clear(self.found)
        if found is None:
            known = desk.plan is not None and not desk.waits("look")
            self.words.setText(tr("Nobody has to leave, as far as the map tells. Say how many, or how far danger reaches.") if known else tr("Looking for places in shelters…") if desk.waits("look") else "")
        else:
            used = sum(1 for use in found.shelters if use.taken)
            words = [tr("{people} people find a place in {shelters} shelters", people=f"{found.placed:,}", shelters=used)]
            if found.latest_s is not None:
                words.append(tr("the longest way takes {time}", time=minutes(found.latest_s)))
            if found.people:
                words.append(tr("{time} on average", time=minutes(found.person_seconds / max(found.placed, 1))))
            self.words.setText("; ".join(words))
            findings(self.found, found.issues)
        self.words.setVisible(bool(self.words.text()))
        self.list.show_items(self.items(found), desk.chosen)
        self.grown.emit()

    def items(self, found: Allocation | None) -> list[Item]:
        """What went wrong first, then villages with where they go, then shelters."""
        desk = self.desk
        made: list[Item] = []
        gone = () if desk.plan is None else desk.plan.unreachable
        if gone:
            made.append(Item("", tr("No road leads to them"), tr("{count} villages", count=len(gone)), is_head=True))
            made += [
                Item(u.code, f"{u.name}  {u.township}", _people(u.people), u.reason, "", "#8f1730", "road-variant", "danger") for u in gone
            ]
        if found is None:
            return made
        names = {o.code: o for o in found.origins}
        shelters = {u.shelter.code: u.shelter for u in found.shelters}
        if found.left:
            made.append(Item("", tr("Without a place"), _people(found.left_over), is_head=True))
            made += [
                Item(one.origin, names[one.origin].name, _people(one.people), one.reason, "", "#c2334d", "alert", "danger") for one in found.left
            ]
        by_origin: dict[str, list[Move]] = {}
        for move in found.moves:
            by_origin.setdefault(move.origin, []).append(move)
        if found.moves:
            made.append(Item("", tr("From {count} villages and communities", count=len(by_origin)), tr("people · time"), is_head=True))
        for origin in found.origins:
            moves = by_origin.get(origin.code, [])
            if not moves:
                continue
            to = "、".join(shelters[m.shelter].name + (f" {m.people:,}" if len(moves) > 1 else "") for m in moves)
            far = max(moves, key=lambda m: m.seconds)
            note = tr("between {low} and {high}", low=f"{origin.low:,}", high=f"{origin.high:,}") if origin.low is not None and origin.high is not None else ""
            made.append(Item(
                origin.code, f"{origin.name}  {origin.township}".rstrip(), _people(sum(m.people for m in moves)), f"→ {to}",
                f"{minutes(far.seconds)} · {kilometres(far.metres)}", "", "home-export-outline", "", note,
            ))  # fmt: skip
        used = [u for u in found.shelters if u.taken]
        if used:
            made.append(Item("", tr("To {count} shelters", count=len(used)), tr("taken of all places"), is_head=True))
        for use in sorted(used, key=lambda u: -u.taken):
            s = use.shelter
            below = " · ".join(filter(None, (s.service_name, reached(s))))
            free = tr("full") if not use.free else tr("{count} left", count=f"{use.free:,}")
            made.append(Item(s.code, s.name, f"{use.taken:,} / {use.places or 0:,}", below, free, "#1f7a4d", "home-import-outline", "" if use.free else "warn"))
        refused = [u for u in found.shelters if u.reason][:8]
        if refused:
            made.append(Item("", tr("Not used"), is_head=True))
            made += [Item(u.shelter.code, u.shelter.name, "", u.reason, "", "", "home-off-outline") for u in refused]
        return made

    def _said(self) -> None:
        text = self.people.text().strip()
        value = int(text) if text else None
        self.people.setModified(False)
        case = self.desk.case
        before = self.desk.people if self.desk.people is not None else case.people if case is not None else None
        if value != before:
            self.desk.change(people=value)

    def desk_changed(self, what: str) -> None:
        if what in ("case", "plan", "reach", "busy"):
            self.refresh()


def _people(count: int | None) -> str:
    return tr("not known") if count is None else tr("{count} people", count=f"{count:,}")
