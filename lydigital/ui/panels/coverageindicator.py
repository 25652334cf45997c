"""An indicator: its figure against the target, ranking, what is missing by name, and years; all linked with the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QWidget

from lydigital.model.report import Chart, Series
from lydigital.texts import pick, tr
from lydigital.ui import icons
from lydigital.ui.chart import ChartView
from lydigital.ui.panels.coverageboard import headline_of
from lydigital.ui.panels.coverageparts import Figure, FoundList, Tabs, UnitLegend
from lydigital.ui.panels.ranking import Row
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.widgets import clear, column, label, row

if TYPE_CHECKING:
    from lydigital.model.indicator import Indicator, IndicatorResult, Level
    from lydigital.ui.coveragedesk import CoverageDesk

LEVELS: dict[Level, str] = {
    "city": "City", "county": "County", "township": "Township", "village": "Village", "community": "Urban community",
}  # fmt: skip


class IndicatorStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        super().__init__(1, "Indicators")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self.system = Choice()
        self.system.setAccessibleName(tr("System of the plan"))
        self.system.chosen.connect(self._system_chosen)
        self.box.addWidget(self.system)
        self.indicator = Choice()
        self.indicator.setAccessibleName(tr("Indicator"))
        self.indicator.chosen.connect(lambda i: self._desk.choose(str(i)))
        self.box.addWidget(self.indicator)
        line = row(spacing=6)
        self.level = Choice()
        self.level.setAccessibleName(tr("Level"))
        self.level.chosen.connect(lambda level: self._choose_again(level=str(level)))
        self.year = Choice()
        self.year.setAccessibleName(tr("Year"))
        self.year.chosen.connect(lambda year: self._choose_again(year=int(str(year))))
        line.addWidget(self.level, 3)
        line.addWidget(self.year, 2)
        self.box.addLayout(line)
        self.found = QWidget()
        box = column(self.found, spacing=6)
        self.figure = Figure()
        box.addWidget(self.figure)
        self.legend = UnitLegend()
        box.addWidget(self.legend)
        self.tabs = Tabs((("ranking", tr("Ranking")), ("gaps", tr("Gaps")), ("trend", tr("Years"))))
        self.tabs.chosen.connect(self._show_tab)
        box.addWidget(self.tabs)
        self.ranking = FoundList(tr("Find a unit"))
        self.ranking.list.setAccessibleName(tr("Ranking"))
        self.ranking.chosen.connect(self._desk.choose_unit)
        self.gaps = FoundList(tr("Find a gap"))
        self.gaps.list.setAccessibleName(tr("Gaps"))
        self.gaps.chosen.connect(self._gap_chosen)
        self.trend = ChartView(150)
        self.trend.chosen.connect(self._year_chosen)
        for page in (self.ranking, self.gaps, self.trend):
            box.addWidget(page)
        buttons = row(spacing=6)
        self.keep = QPushButton(icons.icon("layers-plus"), tr("Keep on the map"))
        self.keep.setToolTip(tr("As a layer of the map, which can be styled, exported and undone"))
        self.keep.clicked.connect(self._desk.keep_on_map)
        self.copy = QPushButton(icons.icon("content-copy"), tr("Copy list"))
        self.copy.clicked.connect(self._copy)
        buttons.addWidget(self.keep, 1)
        buttons.addWidget(self.copy, 1)
        box.addLayout(buttons)
        self.method = label(role="faint", wrap=True)
        box.addWidget(self.method)
        self.box.addWidget(self.found)
        self.refresh()

    def opened(self) -> None:
        self._desk.begin()
        self._desk.show("indicator")

    # what is shown

    def refresh(self) -> None:
        desk = self._desk
        one, result = desk.indicator, desk.result
        self._offer(one)
        self.found.setVisible(result is not None)
        if one is None:
            self.say("todo", "")
            return
        if result is None:
            self.say("now", tr("Working…") if desk.waits("indicator") else one.name)
            return
        self.say("done", f"{one.name} {one.shown(result.city.value)}")
        head = headline_of(result)
        said = [tr("Luoyang"), tr("in {year}", year=result.year) if result.year else "", tr("Sample data") if result.is_sample else ""]
        note = " · ".join(filter(None, said))
        if result.city.problem:
            note += "\n" + result.city.problem_text
        self.figure.show_figure(head, note)
        self.legend.show_map(desk.map_of("indicator"))
        rows = ranking_rows(result, desk.colors_of("indicator"))
        self.ranking.show_rows(rows)
        self.gaps.show_rows([Row(f"{i}", gap.name, text=gap.place, note=gap.reason) for i, gap in enumerate(result.gaps)])
        chart = trend_of(result)
        self.trend.show_chart(chart)
        self.tabs.say("ranking", tr("Ranking ({count})", count=len(rows)), there=bool(rows))
        self.tabs.say("gaps", tr("Gaps ({count})", count=len(result.gaps)), there=bool(result.gaps))
        self.tabs.say("trend", tr("Years"), there=chart is not None)
        there = [item for item, button in self.tabs.buttons.items() if not button.isHidden()]
        if self.tabs.current not in there and there:
            self.tabs.buttons[there[0]].setChecked(True)
        self._show_tab(self.tabs.current)
        self.ranking.choose(desk.unit)
        self.keep.setEnabled(bool(rows))
        self.method.setText(method_of(result))
        self.folded.emit()

    def _offer(self, one: Indicator | None) -> None:
        desk = self._desk
        known = desk.list_indicators() if one is not None or desk.indicators else ()
        systems = {i.system: desk.name_of_system(i.system) for i in known}
        system = one.system if one is not None else next(iter(systems), "")
        self.system.offer(list(systems.items()), system)
        self.indicator.offer([(i.id, i.name) for i in known if i.system == system], one.id if one is not None else "")
        self.level.offer([(level, tr(LEVELS[level])) for level in (one.levels if one is not None else ())], desk.level)
        years = [year for year, _ in desk.result.trend] if desk.result is not None else []
        year = desk.result.year if desk.result is not None else desk.year
        self.year.offer([(y, str(y)) for y in reversed(years or ([year] if year else []))], year)
        self.year.setVisible(self.year.count() > 0)

    def _show_tab(self, tab: str) -> None:
        result = self._desk.result
        self.ranking.setVisible(tab == "ranking")
        self.gaps.setVisible(tab == "gaps")
        self.trend.setVisible(tab == "trend" and result is not None and trend_of(result) is not None)
        self.folded.emit()

    # what the hand does

    def _system_chosen(self, system: object) -> None:
        first = next((i.id for i in self._desk.list_indicators() if i.system == system), "")
        self._desk.choose(first)

    def _choose_again(self, level: str = "", year: int | None = None) -> None:
        if self._desk.indicator is not None:
            self._desk.choose(self._desk.indicator.id, level or self._desk.level, year if year is not None else self._desk.year)

    def _year_chosen(self, number: int) -> None:
        if self._desk.result is not None:
            self._choose_again(year=self._desk.result.trend[number][0])

    def _gap_chosen(self, number: str) -> None:
        if self._desk.result is not None:
            self._desk.show_gap(self._desk.result.gaps[int(number)])

    def _copy(self) -> None:
        from PySide6.QtGui import QGuiApplication

        result = self._desk.result
        if result is None:
            return
        if self.tabs.current == "gaps":
            lines = [f"{g.code}\t{g.name}\t{g.place}\t{g.reason}" for g in result.gaps]
        else:
            one = result.indicator
            lines = [f"{u.code}\t{u.name}\t{u.county}\t{'' if u.value is None else f'{u.value:.{one.digits}f}'}\t{u.problem_text}" for u in result.units]
        text = "\n".join(lines)
        QGuiApplication.clipboard().setText(text)
        self._desk.window.copied(text)

    def _desk_changed(self, what: str) -> None:
        if what in ("indicator", "indicators", "systems"):
            self.refresh()
        elif what == "unit":
            self.ranking.choose(self._desk.unit)
        elif what == "busy" and self._desk.result is None:
            self.refresh()


def ranking_rows(result: IndicatorResult, colors: dict[str, str]) -> list[Row]:
    """Best first, then units without a value; the bar as long as the value, the target where it stands."""
    one = result.indicator
    ranked = result.ranking
    aim = one.target if one.target is not None and one.target_scope == "unit" else None
    most = max([abs(u.value or 0.0) for u in ranked] + ([aim] if aim else []), default=0.0) or 1.0
    rows = [
        Row(u.code, u.name, "" if result.level == "county" else u.county, str(k), abs(u.value or 0.0) / most, f"{u.value or 0.0:,.{one.digits}f}",
            colors.get(u.code, ""), None if aim is None else aim / most, one.meets(u.value or 0.0), u.problem_text)
        for k, u in enumerate(ranked, 1)
    ]  # fmt: skip
    rows += [Row(u.code, u.name, u.county, text=u.problem_text or tr("not known"), note=u.problem_text) for u in result.units if u.value is None]
    return rows


def trend_of(result: IndicatorResult) -> Chart | None:
    """The city over the years; None with less than two."""
    if len(result.trend) < 2:
        return None
    one = result.indicator
    values = tuple(value for _, value in result.trend)
    marked = tuple(k for k, (year, _) in enumerate(result.trend) if year == result.year)
    return Chart(
        one.name, "line", tuple(str(year) for year, _ in result.trend), (Series(one.name, values),), one.unit_name, one.target,
        marked=marked, step=10.0**-one.digits,
    )  # fmt: skip


def method_of(result: IndicatorResult) -> str:
    """Formula, sources and what the number means, in a few lines."""
    one = result.indicator
    above, below = one.terms_at(result.level)
    factor = "" if one.factor == 1 else f"{one.factor:g} × "
    formula = f"{one.name} = {factor}{above.name or above.layer}" + (f" ÷ {below.name or below.layer}" if below is not None else "")
    lines = [formula]
    city = result.city
    if city.numerator is not None and below is not None and city.denominator is not None:
        lines.append(tr("Luoyang: {above} ÷ {below}", above=f"{city.numerator:,.10g}", below=f"{city.denominator:,.10g}"))
    lines += filter(None, (pick(one.basis, one.basis_en or one.basis), pick(one.note, one.note_en or one.note)))
    if one.target_note:
        lines.append(tr("Target: {note}", note=one.target_note))
    if one.source:
        lines.append(tr("Source: {source}", source=one.source))
    return "\n".join(lines)
