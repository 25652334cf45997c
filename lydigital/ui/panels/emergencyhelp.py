"""The page 救援: who is there soonest, service by service, with time, distance, strength, duty and contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from lydigital.commands.network import speeds_of
from lydigital.errors import LydError
from lydigital.model.emergency import AWAY, KIND_TITLES, KINDS
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.emergencymap import BANDS, symbol_of
from lydigital.ui.panels.emergencyparts import Item, ItemList, kilometres, minutes, reached
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.panels.utilityparts import findings
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.emergency import Reach, ResourceKind
    from lydigital.ui.emergencydesk import EmergencyDesk

HEADS: dict[ResourceKind, str] = {"team": "Teams, the first of each service", "depot": "Supply depots", "hospital": "Hospitals", "shelter": "Shelters"}
UNITS: dict[ResourceKind, str] = {"team": "{count} members", "depot": "{count} m²", "hospital": "{count} beds", "shelter": "room for {count}"}


class Pane(QWidget):
    """One page of the card; ``grown`` tells that its height is another one."""

    grown = Signal()

    def __init__(self, desk: EmergencyDesk) -> None:
        super().__init__()
        self.desk = desk
        self.box = column(self, spacing=6)
        self.build()

    def build(self) -> None:
        """Make it, in the language of the day."""
        clear(self.box)

    def desk_changed(self, what: str) -> None:
        """Something of the desk is other now."""


class HelpPage(Pane):
    def build(self) -> None:
        super().build()
        desk = self.desk
        line = row(spacing=8)
        self.who = Choice()
        self.who.setAccessibleName(tr("On the road"))
        self.who.setToolTip(tr("How fast help is on the road"))
        self.who.chosen.connect(lambda profile: desk.change(profile=str(profile)))
        line.addWidget(self.who, 1)
        self.within = QPushButton(icons.icon("timer-outline"), tr("Areas by time"))
        self.within.setCheckable(True)
        self.within.setToolTip(tr("From where help is there in so many minutes"))
        self.within.clicked.connect(lambda _=False: desk.look_within())
        line.addWidget(self.within)
        self.box.addLayout(line)
        self.legend = label(role="faint", wrap=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.box.addWidget(self.legend)
        self.picked = QWidget()
        inner = column(self.picked, spacing=3)
        self.name = label(wrap=True)
        self.about = label(role="faint", wrap=True)
        inner.addWidget(self.name)
        inner.addWidget(self.about)
        buttons = row(spacing=6)
        self.send = QPushButton(icons.icon("truck-fast-outline", "on_accent"), tr("Send"))
        self.send.setProperty("primary", "true")
        self.send.clicked.connect(lambda _=False: self._send())
        self.details = QPushButton(icons.icon("card-account-details-outline"), tr("Details"))
        self.details.clicked.connect(lambda _=False: self._details())
        for button in (self.send, self.details):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner.addLayout(buttons)
        self.box.addWidget(self.picked)
        self.list = ItemList(tr("Who is there soonest"))
        self.list.chosen.connect(self._chosen)
        self.box.addWidget(self.list)
        self.personal = QCheckBox(tr("Names and numbers without stars"))
        self.personal.clicked.connect(lambda on: desk.change(personal=on))
        self.box.addWidget(self.personal)
        self.found = column(spacing=4)
        self.box.addLayout(self.found)
        self.refresh()

    def refresh(self) -> None:
        desk, found = self.desk, self.desk.nearest
        try:
            self.who.offer([(p.id, p.name) for p in speeds_of().profiles], desk.profile)
        except LydError:
            self.who.setEnabled(False)
        self.within.setEnabled(found is not None)
        self.within.setChecked(desk.within is not None)
        self._say_legend()
        self.personal.setChecked(desk.personal and desk.may_see)
        self.personal.setEnabled(desk.may_see)
        self.personal.setToolTip("" if desk.may_see else tr("The office's settings name who may see personal data"))
        reach = desk.reach(desk.chosen)
        self.picked.setVisible(reach is not None)
        if reach is not None:
            self._say_picked(reach)
        self.list.show_items(self.items(), desk.chosen)
        clear(self.found)
        if found is not None:
            findings(self.found, found.issues)
        self.grown.emit()

    def items(self) -> list[Item]:
        """A row for the first of each service and kind; those of the chosen one's service below it."""
        made: list[Item] = []
        found = self.desk.nearest
        if found is None:
            return [Item("", tr("Looking for the nearest help…"), is_head=True)] if self.desk.waits("look") else []
        for kind in KINDS:
            groups: dict[int | None, list[Reach]] = {}
            for reach in found.of(kind):
                groups.setdefault(reach.resource.service if kind == "team" else None, []).append(reach)
            if not groups:
                continue
            made.append(Item("", tr(HEADS[kind]), tr("time and way by road"), is_head=True))
            for reaches in groups.values():
                first = next((r for r in reaches if r.resource.duty != AWAY and r.is_reachable), reaches[0])
                rest = [r for r in reaches if r is not first]
                is_chosen = any(r.resource.code == self.desk.chosen for r in reaches)
                made.append(self.item(first))
                shown = rest if is_chosen else rest[:1] if kind != "team" else []
                made += [self.item(r, is_inner=True) for r in shown]
        return made

    def item(self, reach: Reach, *, is_inner: bool = False) -> Item:
        resource = reach.resource
        mark = symbol_of(self.desk.session, resource.kind, resource.service)
        said = [resource.service_name, *strength(reach, with_stock=False), resource.duty_name]
        later = self.desk.later(reach)
        way = kilometres(reach.metres)
        if later is not None and later >= 30:
            way = tr("+{minutes} by closures", minutes=minutes(later))
        role = "danger" if not reach.is_reachable else "warn" if resource.duty == AWAY or (later or 0) >= 30 else ""
        mine = "✓ " if self.desk.sent(resource.code) else ""
        note = "\n".join(filter(None, (*strength(reach), reached(resource), reach.reason)))
        if not reach.is_reachable:
            said = [reach.reason]
        elif not is_inner and (who := reached(resource)):
            said.append(f"☎ {who}")
        return Item(
            resource.code, mine + resource.name, minutes(reach.seconds), " · ".join(filter(None, said)), way, mark.color,
            mark.glyph, role, note, is_inner=is_inner,
        )  # fmt: skip

    def _say_picked(self, reach: Reach) -> None:
        desk, resource = self.desk, reach.resource
        self.name.setText(tr("{name}: {time}, {way}", name=resource.name, time=minutes(reach.seconds), way=kilometres(reach.metres) or "–"))
        who = tr("Call: {who}", who=reached(resource) or tr("no number"))
        self.about.setText(" · ".join(filter(None, (resource.service_name, *strength(reach), resource.duty_name, who))))
        is_sent = desk.sent(resource.code)
        self.send.setEnabled(desk.is_open and not is_sent and reach.is_reachable and resource.kind != "shelter")
        why = "" if desk.is_open else tr("Open it as an incident first (page Log)")
        self.send.setToolTip(why or (tr("Already sent") if is_sent else tr("Writes into the log who was sent and when they will be there")))
        self.send.setText(tr("Sent") if is_sent else tr("Send"))

    def _say_legend(self) -> None:
        found = self.desk.within
        self.legend.setVisible(found is not None or self.desk.waits("within"))
        if found is not None:
            areas = sorted(found.areas, key=lambda a: a.limit_s)
            said = [
                f'<span style="color:{BANDS[k % len(BANDS)]}">■</span>&nbsp;{minutes(a.limit_s)}:&nbsp;{a.area_km2:,.0f}&nbsp;km²' for k, a in enumerate(areas)
            ]
            self.legend.setText(tr("There in time from:") + " " + "  ".join(said))
        else:
            self.legend.setText(tr("Working…"))

    def _chosen(self, code: str) -> None:
        if code:
            self.desk.choose(code)

    def _send(self) -> None:
        reach = self.desk.reach(self.desk.chosen)
        if reach is not None:
            self.desk.send(reach)

    def _details(self) -> None:
        reach = self.desk.reach(self.desk.chosen)
        if reach is not None:
            self.desk.show_details(reach)

    def desk_changed(self, what: str) -> None:
        if what in ("case", "help", "reach", "within", "log", "busy"):
            self.refresh()


def strength(reach: Reach, *, with_stock: bool = True) -> Iterable[str]:
    """How many they are and what they have, in words."""
    resource = reach.resource
    if resource.capacity is not None and not (resource.kind == "depot" and not with_stock):
        yield tr(UNITS[resource.kind], count=f"{resource.capacity:,}")
    if resource.kind == "depot" or with_stock:
        for stock in resource.stock:
            if stock.amount is not None and (with_stock or stock.amount):
                yield f"{stock.title} {stock.amount:,.0f} {stock.unit}".rstrip()


def kind_name(kind: ResourceKind) -> str:
    return tr(KIND_TITLES[kind])
