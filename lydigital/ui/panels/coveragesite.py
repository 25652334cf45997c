"""What if a site stood here: a click on the map puts it there, and tells who is gained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDoubleSpinBox, QPushButton, QWidget

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.coverageparts import FoundList
from lydigital.ui.panels.ranking import Row
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import SliderLine
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from lydigital.ui.coveragedesk import CoverageDesk


def pair(name: str, control: QWidget) -> QWidget:
    """A faint name and what it is, as one widget."""
    made = QWidget()
    line = row(made, spacing=6)
    words = label(name, "faint")
    words.setFixedWidth(52)
    control.setAccessibleName(name)
    line.addWidget(words)
    line.addWidget(control, 1)
    return made


class SiteStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        super().__init__(2, "What if a site stood here")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.why = label(role="soft", wrap=True)
        self.box.addWidget(self.why)
        self.reach = SliderLine(0.5, 20, 0.5, " km", 1)
        self.reach.moved.connect(lambda km: self._desk.change_sites(reach_m=km * 1000))
        self.reach_line = pair(tr("Reach"), self.reach)
        self.amount = QDoubleSpinBox()
        self.amount.setRange(0, 1e9)
        self.amount.setDecimals(0)
        self.amount.setKeyboardTracking(False)
        self.amount.valueChanged.connect(lambda value: self._desk.change_sites(amount=value))
        self.amount_line = pair(tr("Adds"), self.amount)
        self.box.addWidget(self.reach_line)
        self.box.addWidget(self.amount_line)
        line = row(spacing=6)
        self.place = QPushButton(icons.icon("map-marker-plus-outline", "on_accent"), tr("Place a site"))
        self.place.setProperty("primary", "true")
        self.place.setCheckable(True)
        self.place.clicked.connect(self._desk.take_site)
        self.clear_button = QPushButton(icons.icon("map-marker-off-outline"), tr("Clear"))
        self.clear_button.clicked.connect(self._desk.clear_sites)
        line.addWidget(self.place, 2)
        line.addWidget(self.clear_button, 1)
        self.box.addLayout(line)
        self.found = QWidget()
        box = column(self.found, spacing=5)
        self.change = label(role="title")
        box.addWidget(self.change)
        self.words = label(role="soft", wrap=True)
        box.addWidget(self.words)
        self.gained = FoundList(tr("Find a place"), 8)
        self.gained.list.setAccessibleName(tr("Who is gained"))
        self.gained.chosen.connect(self._gain_chosen)
        box.addWidget(self.gained)
        self.box.addWidget(self.found)
        self.refresh()

    def refresh(self) -> None:
        desk, found, one = self._desk, self._desk.what_if, self._desk.indicator
        reason = desk.no_sites()
        self.place.setEnabled(reason is None)
        self.place.setToolTip(reason or tr("Click on the map; Esc ends it"))
        self.place.setChecked(desk.is_placing)
        self.place.setText(tr("Done placing (Esc)") if desk.is_placing else tr("Place a site"))
        self.clear_button.setEnabled(bool(desk.sites))
        self.reach_line.setVisible(one is not None and desk.site_reach > 0)
        self.reach.show_value(desk.site_reach / 1000)
        self.amount_line.setVisible(one is not None and one.gap is None)
        if one is None:
            self.why.setText(reason or "")
        else:
            unit = one.terms_at(desk.level)[0].unit
            self.amount.setSuffix(f" {unit}" if unit else "")
            how = tr("reaches {km} km", km=f"{desk.site_reach / 1000:g}") if desk.site_reach else tr("serves the unit it stands in")
            self.why.setText(tr("{indicator}: a new site {how}. Put one or several on the map.", indicator=one.name, how=how))
        self.found.setVisible(found is not None)
        if found is None:
            self.say("now" if desk.is_placing else "todo", tr("Click on the map") if desk.is_placing else "")
            return
        one = found.indicator
        self.change.setText(f"{one.shown(found.before.value)} → {one.shown(found.after.value)}")
        words = [tr("{count} gained by {sites} sites", count=len(found.gained), sites=len(found.sites))]
        if found.people is not None:
            words.append(tr("{count} people", count=f"{found.people:,.0f}"))
        if found.households is not None:
            words.append(tr("{count} households", count=f"{found.households:,.0f}"))
        self.words.setText(" · ".join(words))
        self.gained.show_rows([Row(str(i), gap.name, text=gap.place, note=gap.reason) for i, gap in enumerate(found.gained)])
        self.gained.setVisible(bool(found.gained))
        self.say("done", tr("{count} gained", count=len(found.gained)))
        self.folded.emit()

    def _gain_chosen(self, number: str) -> None:
        if self._desk.what_if is not None:
            self._desk.show_gap(self._desk.what_if.gained[int(number)])

    def open(self, *, on: bool = True) -> None:
        super().open(on=on)
        if not on:
            self._desk.take_site(on=False)

    def opened(self) -> None:
        self._desk.begin()
        self._desk.show("indicator")

    def _desk_changed(self, what: str) -> None:
        if what in ("sites", "indicator", "tool", "busy"):
            self.refresh()
