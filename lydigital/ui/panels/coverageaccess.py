"""Access to services: who can reach how much of them (2SFCA), place by place, and what every supply stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.coverageparts import FoundList, Tabs, UnitLegend
from lydigital.ui.panels.ranking import Row
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form, SliderLine
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from lydigital.model.coverage import Access
    from lydigital.ui.coveragedesk import CoverageDesk

METRICS = {"straight": "As the crow flies", "road": "By road"}
DECAYS = {"none": "Same weight everywhere (2SFCA)", "steps": "A weight a ring (E2SFCA)", "gaussian": "A bell (Gaussian E2SFCA)"}


class AccessStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        super().__init__(5, "Access to services")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk, wanted = self._desk, self._desk.access_wanted
        form = Form()
        self.layer = Choice()
        self.layer.chosen.connect(self._layer_chosen)
        self.capacity = Choice()
        self.capacity.chosen.connect(lambda field: desk.want_access(capacity=str(field)))
        self.way = Choice()
        self.way.offer([(m, tr(text)) for m, text in METRICS.items()], wanted.metric)
        self.way.chosen.connect(lambda m: desk.want_access(metric=str(m)))
        self.reach = SliderLine(1, 50, 1, " km", 0)
        self.reach.show_value(wanted.reach_m / 1000)
        self.reach.moved.connect(lambda km: desk.want_access(reach_m=km * 1000))
        self.minutes = SliderLine(5, 120, 5, " min", 0)
        self.minutes.show_value(wanted.minutes)
        self.minutes.moved.connect(lambda m: desk.want_access(minutes=m))
        self.decay = Choice()
        self.decay.offer([(d, tr(text)) for d, text in DECAYS.items()], wanted.decay)
        self.decay.chosen.connect(lambda d: desk.want_access(decay=str(d)))
        form.line("Services", self.layer)
        form.line("Capacity", self.capacity)
        form.line("Way", self.way)
        both = QWidget()
        line = column(both)
        line.addWidget(self.reach)
        line.addWidget(self.minutes)
        form.line("Reach", both)
        form.line("Weight", self.decay)
        self.box.addLayout(form)
        self.look = QPushButton(icons.icon("hospital-marker", "on_accent"), tr("Work out access"))
        self.look.setProperty("primary", "true")
        self.look.clicked.connect(desk.look_at_access)
        self.box.addWidget(self.look)
        self.found = QWidget()
        box = column(self.found, spacing=6)
        self.figure = label(role="title")
        box.addWidget(self.figure)
        self.words = label(role="soft", wrap=True)
        box.addWidget(self.words)
        self.legend = UnitLegend()
        box.addWidget(self.legend)
        self.tabs = Tabs((("places", tr("Places")), ("supplies", tr("Services"))))
        self.tabs.chosen.connect(self._show_tab)
        box.addWidget(self.tabs)
        self.places = FoundList(tr("Find a place"))
        self.places.chosen.connect(desk.choose_unit)
        self.supplies = FoundList(tr("Find a service"))
        self.supplies.chosen.connect(lambda fid: desk.show_feature(desk.access_wanted.layer, int(fid)))
        box.addWidget(self.places)
        box.addWidget(self.supplies)
        self.keep = QPushButton(icons.icon("layers-plus"), tr("Keep on the map"))
        self.keep.clicked.connect(desk.keep_access)
        foot = row()
        foot.addWidget(self.keep)
        foot.addStretch(1)
        box.addLayout(foot)
        self.method = label(role="faint", wrap=True)
        box.addWidget(self.method)
        self.box.addWidget(self.found)
        self.refresh()

    def opened(self) -> None:
        self._offer()
        self._desk.show("access")

    def refresh(self) -> None:
        desk, found = self._desk, self._desk.access
        is_road = desk.access_wanted.metric == "road"
        self.way.show_value(desk.access_wanted.metric)
        self.decay.show_value(desk.access_wanted.decay)
        self.reach.setVisible(not is_road)
        self.minutes.setVisible(is_road)
        self.look.setEnabled(not desk.waits("access") and bool(desk.access_wanted.layer))
        self.found.setVisible(found is not None)
        self._offer()
        if found is None:
            self.say("now" if desk.waits("access") else "todo", tr("Working…") if desk.waits("access") else "")
            return
        self.figure.setText(mean_of(found))
        share = found.without / found.people if found.people else None
        said = [tr("{count} people live within reach", count=f"{found.people - found.without:,.0f}")]
        if found.without:
            said.append(tr("{count} do not ({share})", count=f"{found.without:,.0f}", share="–" if share is None else f"{100 * share:.1f} %"))
        self.words.setText(" · ".join(said))
        self.legend.show_map(desk.map_of("access"))
        self.places.show_rows(place_rows(found, desk.colors_of("access")))
        self.supplies.show_rows(supply_rows(found))
        self.tabs.say("places", tr("Places ({count})", count=len(found.places)))
        self.tabs.say("supplies", tr("Services ({count})", count=len(found.supplies)))
        self.places.choose(desk.unit)
        self.method.setText(method_of(found))
        self._show_tab(self.tabs.current)
        self.say("done", mean_of(found))

    def _offer(self) -> None:
        desk, wanted = self._desk, self._desk.access_wanted
        self.layer.offer(desk.supply_layers(), wanted.layer)
        self.capacity.offer(desk.capacities(wanted.layer), wanted.capacity)

    def _layer_chosen(self, layer: object) -> None:
        self._desk.want_access(layer=str(layer), capacity="")
        self._offer()

    def _show_tab(self, tab: str) -> None:
        self.places.setVisible(tab == "places")
        self.supplies.setVisible(tab == "supplies")
        self.folded.emit()

    def _desk_changed(self, what: str) -> None:
        if what in ("access", "busy"):
            self.refresh()
        elif what == "unit":
            self.places.choose(self._desk.unit)


def mean_of(found: Access) -> str:
    """The city's mean, with its unit."""
    if found.mean is None:
        return "–"
    return tr("{value} {unit} for {per} people", value=f"{found.mean:,.2f}", unit=found.unit, per=f"{found.per:,.0f}")


def place_rows(found: Access, colors: dict[str, str]) -> list[Row]:
    """Those worst off first: nothing within reach, then the least."""
    most = max((p.value or 0.0 for p in found.places), default=0.0) or 1.0
    rows = []
    for place in sorted(found.places, key=lambda p: (p.value is None, p.value or 0.0, -(p.people or 0.0))):
        note = tr("{count} within reach", count=place.supplies)
        if place.nearest is not None:
            far = f"{place.nearest / 60:.0f} min" if found.metric == "road" else f"{place.nearest / 1000:.1f} km"
            note += " · " + tr("nearest {far}", far=far)
        value = tr("not known") if place.value is None else f"{place.value:,.2f}"
        rows.append(Row(place.code, place.name, place.county, "", None if place.value is None else place.value / most, value, colors.get(place.code, ""), note=note))
    return rows


def supply_rows(found: Access) -> list[Row]:
    """Those with most for each person first."""
    ranked = sorted(found.supplies, key=lambda s: (s.ratio is None, -(s.ratio or 0.0)))
    return [
        Row(str(s.fid), s.name, "" if s.capacity is None else f"{s.capacity:,.0f}", text=s.problem or (tr("nobody") if s.ratio is None else f"{s.ratio * found.per:,.2f}"),
            note=tr("{count} people stand behind it", count=f"{s.people:,.0f}"))
        for s in ranked
    ]  # fmt: skip


def method_of(found: Access) -> str:
    """Formula, check and sample note."""
    reach = f"{found.reach / 60:.0f} min" if found.metric == "road" else f"{found.reach / 1000:g} km"
    lines = [
        tr("R = capacity ÷ Σ people × weight within {reach}; access = Σ R × weight", reach=reach),
        tr("Check: Σ people × access = {delivered}, capacity within reach of somebody = {used}, of {total} in all", delivered=f"{found.delivered:,.2f}",
           used=f"{found.used:,.2f}", total=f"{found.total:,.0f}"),
    ]  # fmt: skip
    if any(p.is_sample for p in found.provenance):
        lines.append(tr("Sample data"))
    return "\n".join(lines)
