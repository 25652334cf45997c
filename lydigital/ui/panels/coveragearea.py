"""Service areas: what sites reach, and how many people are inside, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.coverageparts import FoundList, UnitLegend
from lydigital.ui.panels.ranking import Row
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, Form, SliderLine
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from lydigital.model.coverage import Served, ServiceArea
    from lydigital.ui.coveragedesk import CoverageDesk

METHODS = {"buffer": "Within a distance", "viewshed": "Line of sight of antennas", "network": "By road"}
WAYS = {"dasymetric": "People where they live", "areal": "People spread evenly"}
UNITS = {"township": "Township", "county": "County"}


class AreaStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        super().__init__(4, "Service areas")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk, wanted = self._desk, self._desk.area_wanted
        form = Form()
        self.layer = Choice()
        self.layer.chosen.connect(lambda layer: desk.want_area(layer=str(layer)))
        self.method = Choice()
        self.method.offer([(m, tr(text)) for m, text in METHODS.items()], wanted.method)
        self.method.chosen.connect(lambda m: desk.want_area(method=str(m)))
        self.reach = SliderLine(0, 30, 0.5, " km", 1)
        self.reach.show_value(wanted.reach_m / 1000)
        self.reach.moved.connect(lambda km: desk.want_area(reach_m=km * 1000))
        self.reach.slider.valueChanged.connect(lambda _value: self._say_reach())
        self.minutes = SliderLine(5, 120, 5, " min", 0)
        self.minutes.show_value(wanted.minutes)
        self.minutes.moved.connect(lambda m: desk.want_area(minutes=m))
        both = QWidget()
        line = column(both)
        line.addWidget(self.reach)
        line.addWidget(self.minutes)
        self.way = Choice()
        self.way.offer([(w, tr(text)) for w, text in WAYS.items()], wanted.way)
        self.way.chosen.connect(lambda w: desk.want_area(way=str(w)))
        self.by = Choice()
        self.by.offer([(b, tr(text)) for b, text in UNITS.items()], wanted.by)
        self.by.chosen.connect(lambda b: desk.want_area(by=str(b)))
        form.line("Sites", self.layer)
        form.line("How", self.method)
        form.line("Reach", both)
        form.line("People", self.way)
        form.line("Told by", self.by)
        self.box.addLayout(form)
        self.look = QPushButton(icons.icon("map-marker-radius-outline", "on_accent"), tr("Who is served"))
        self.look.setProperty("primary", "true")
        self.look.clicked.connect(desk.look_at_area)
        self.box.addWidget(self.look)
        self.found = QWidget()
        box = column(self.found, spacing=6)
        self.figure = label(role="title")
        box.addWidget(self.figure)
        self.words = label(role="soft", wrap=True)
        box.addWidget(self.words)
        self.legend = UnitLegend()
        box.addWidget(self.legend)
        self.units = FoundList(tr("Find a unit"))
        self.units.list.setAccessibleName(tr("Share of people served"))
        self.units.chosen.connect(desk.choose_unit)
        box.addWidget(self.units)
        self.keep = QPushButton(icons.icon("layers-plus"), tr("Keep on the map"))
        self.keep.clicked.connect(desk.keep_area)
        foot = row()
        foot.addWidget(self.keep)
        foot.addStretch(1)
        box.addLayout(foot)
        self.method_note = label(role="faint", wrap=True)
        box.addWidget(self.method_note)
        self.box.addWidget(self.found)
        self.refresh()

    def opened(self) -> None:
        self._offer()
        self._desk.show("area")

    def refresh(self) -> None:
        desk, served = self._desk, self._desk.served
        is_road = desk.area_wanted.method == "network"
        self.reach.setVisible(not is_road)
        self.minutes.setVisible(is_road)
        self.method.show_value(desk.area_wanted.method)
        self.look.setEnabled(not desk.waits("area") and bool(desk.area_wanted.layer))
        if self.is_open:
            self._offer()
        self._say_reach()
        self.found.setVisible(served is not None and desk.area is not None)
        if served is None or desk.area is None:
            self.say("now" if desk.waits("area") else "todo", tr("Working…") if desk.waits("area") else "")
            return
        share = "–" if served.share is None else f"{100 * served.share:.1f} %"
        self.figure.setText(tr("{share} of the people are served", share=share))
        self.words.setText(figures_of(desk.area, served))
        self.legend.show_map(desk.map_of("area"))
        self.units.show_rows(served_rows(served, desk.colors_of("area")))
        self.units.choose(desk.unit)
        self.method_note.setText(method_of(desk.area, served))
        self.say("done", f"{desk.area.title} {share}")
        self.folded.emit()

    def _offer(self) -> None:
        self.layer.offer(self._desk.site_layers(), self._desk.area_wanted.layer)

    def _say_reach(self) -> None:
        if self.reach.value == 0:
            self.reach.text.setText(tr("its own"))
            self.reach.setToolTip(tr("Every site reaches as far as its own field says"))

    def _desk_changed(self, what: str) -> None:
        if what in ("area", "busy"):
            self.refresh()
        elif what == "unit":
            self.units.choose(self._desk.unit)


def figures_of(area: ServiceArea, served: Served) -> str:
    """Area and people in a few words; what is not known says so."""
    said = [tr("{area} km²", area=f"{area.area_km2:,.1f}")]
    if area.share is not None:
        said[0] += " " + tr("({share} of the city)", share=f"{100 * area.share:.1f} %")
    if served.served is not None and served.people is not None:
        text = tr("{served} of {people} people", served=f"{served.served:,.0f}", people=f"{served.people:,.0f}")
        if served.low is not None and served.high is not None and served.high - served.low >= 1:
            text += " " + tr("(at least {low}, at most {high})", low=f"{served.low:,.0f}", high=f"{served.high:,.0f}")
        said.append(text)
    return " · ".join(said)


def served_rows(served: Served, colors: dict[str, str]) -> list[Row]:
    """Units with the least share first."""
    ranked = sorted(served.units, key=lambda u: (u.share is None, u.share or 0.0, -(u.people or 0.0)))
    return [
        Row(u.code, u.name, u.county if u.county != u.name else "", "", u.share, tr("not known") if u.share is None else f"{100 * u.share:.1f} %", colors.get(u.code, ""),
            note="" if u.people is None or u.served is None else tr("{count} people not served", count=f"{u.people - u.served:,.0f}"))
        for u in ranked
    ]  # fmt: skip


def method_of(area: ServiceArea, served: Served) -> str:
    """How it was worked out, the sum before dissolving, the residual of sharing."""
    lines = ["; ".join(f"{name}: {value}" for name, value in area.parameters)]
    lines.append(tr("{count} sites; overlaps dissolved: {sum} km² reached one by one, {area} km² together", count=len(area.sites), sum=f"{area.sum_km2:,.1f}",
                    area=f"{area.area_km2:,.1f}"))  # fmt: skip
    lines.append(tr("Residual of sharing people: {residual}", residual=f"{served.residual:.1e}"))
    if served.method:
        lines.append(served.method)
    if any(p.is_sample for p in (*area.provenance, *served.provenance)):
        lines.append(tr("Sample data"))
    return "\n".join(filter(None, lines))
