"""The index of informatization: weights by hand, ranks at once, what every part adds, ranks by year, formula and inequality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from lydigital.model.report import Chart, Series
from lydigital.texts import pick, tr
from lydigital.ui import icons
from lydigital.ui.chart import ChartView
from lydigital.ui.panels.coverageparts import FoundList, Tabs, UnitLegend
from lydigital.ui.panels.ranking import Row
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice, SliderLine
from lydigital.ui.widgets import Elided, clear, column, label, link, row

if TYPE_CHECKING:
    from lydigital.model.index import IndexPart, IndexResult
    from lydigital.ui.coveragedesk import CoverageDesk

METHODS = {"target": "Against targets", "minmax": "Least to most"}
MISSING = {"renormalise": "Share out missing weight", "exclude": "No index where one is missing"}


class IndexStep(Step):
    def __init__(self, desk: CoverageDesk) -> None:
        self._desk = desk
        self._weights: Weights | None = None
        super().__init__(3, "Informatization index")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        self._weights = None
        line = row(spacing=6)
        self.year = Choice()
        self.year.setAccessibleName(tr("Year"))
        self.year.chosen.connect(lambda y: self._again(year=int(str(y))))
        self.method = Choice()
        self.method.setAccessibleName(tr("Method"))
        self.method.chosen.connect(lambda m: self._again(method=str(m)))
        line.addWidget(self.year, 2)
        line.addWidget(self.method, 3)
        self.box.addLayout(line)
        self.missing = Choice()
        self.missing.setAccessibleName(tr("Missing values"))
        self.missing.chosen.connect(lambda m: self._again(missing=str(m)))
        self.box.addWidget(self.missing)
        self.holder = QWidget()
        column(self.holder)
        self.box.addWidget(self.holder)
        self.found = QWidget()
        box = column(self.found, spacing=6)
        head = row(spacing=8)
        self.figure = label(role="title")
        self.note = Elided(role="faint")
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.figure)
        head.addWidget(self.note, 1)
        box.addLayout(head)
        self.legend = UnitLegend()
        box.addWidget(self.legend)
        self.tabs = Tabs((("ranks", tr("Ranks")), ("parts", tr("Contributions")), ("years", tr("Years")), ("formula", tr("Formula"))))
        self.tabs.chosen.connect(self._show_tab)
        box.addWidget(self.tabs)
        self.ranks = FoundList(tr("Find a unit"), 14)
        self.ranks.list.setAccessibleName(tr("Ranks"))
        self.ranks.chosen.connect(self._desk.choose_unit)
        self.parts = ChartView()
        self.parts.chosen.connect(self._part_chosen)
        self.years = ChartView(170)
        self.formula = label(role="faint", wrap=True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for page in (self.ranks, self.parts, self.years, self.formula):
            box.addWidget(page)
        self.keep = QPushButton(icons.icon("layers-plus"), tr("Keep on the map"))
        self.keep.clicked.connect(self._desk.keep_index)
        foot = row()
        foot.addWidget(self.keep)
        foot.addStretch(1)
        box.addLayout(foot)
        self.box.addWidget(self.found)
        self.refresh()

    def opened(self) -> None:
        if self._desk.index is None and not self._desk.waits("index"):
            self._desk.show("")
            self._desk.weigh({})
        else:
            self._desk.show("index")

    def refresh(self) -> None:
        desk, found = self._desk, self._desk.index
        self.found.setVisible(found is not None)
        if found is None:
            self.say("now" if desk.waits("index") else "todo", tr("Working…") if desk.waits("index") else "")
            return
        index = found.index
        self.year.offer([(y, str(y)) for y in reversed(found.years)], found.year)
        self.method.offer([(m, tr(text)) for m, text in METHODS.items()], index.method)
        self.missing.offer([(m, tr(text)) for m, text in MISSING.items()], index.missing)
        if self._weights is None:
            usual = desk.usual.index.parts if desk.usual is not None else index.parts
            self._weights = Weights(usual, {p.id: p.weight for p in index.parts})
            self._weights.weighed.connect(self._desk.weigh)
            holder = self.holder.layout()
            assert holder is not None
            holder.addWidget(self._weights)
        here = found.here
        self.figure.setText("–" if here is None or here.value is None else f"{here.value:.1f}")
        said = [tr("Luoyang"), str(found.year), tr("Sample data") if found.is_sample else ""]
        said += [tr("Gini {gini}", gini=f"{i.gini:.3f}") for i in found.inequality[:1] if i.gini is not None]
        self.note.setText(" · ".join(filter(None, said)))
        self.legend.show_map(desk.map_of("index"))
        self.ranks.show_rows(rank_rows(found, desk.usual, desk.colors_of("index")))
        self.parts.show_chart(parts_chart(found, desk.unit))
        self.years.show_chart(years_chart(found, desk.unit))
        self.formula.setText("\n".join(formula_of(found)))
        self.ranks.choose(desk.unit)
        self._show_tab(self.tabs.current)
        self.say("done", tr("Luoyang {value}", value=self.figure.text()))

    def _show_tab(self, tab: str) -> None:
        for name, page in (("ranks", self.ranks), ("parts", self.parts), ("years", self.years), ("formula", self.formula)):
            page.setVisible(name == tab)
        self.folded.emit()

    def _again(self, **choices: object) -> None:
        self._desk.weigh(self._desk.index_wanted.weights, **choices)

    def _part_chosen(self, number: int) -> None:
        found = self._desk.index
        if found is not None and 0 <= number < len(found.ranking):
            self._desk.choose_unit(found.ranking[number].code)

    def _desk_changed(self, what: str) -> None:
        if what in ("index", "busy"):
            self.refresh()
        elif what == "unit" and self._desk.index is not None:
            self.ranks.choose(self._desk.unit)
            self.parts.show_chart(parts_chart(self._desk.index, self._desk.unit))
            self.years.show_chart(years_chart(self._desk.index, self._desk.unit))
            self._show_tab(self.tabs.current)


class Weights(QWidget):
    """A slider a part; what they say is shared out so that it adds up to 1."""

    weighed = Signal(dict)

    def __init__(self, parts: tuple[IndexPart, ...], now: dict[str, float]) -> None:
        super().__init__()
        box = column(self, spacing=2)
        self._usual = {p.id: p.weight for p in parts}
        self.sliders: dict[str, SliderLine] = {}
        for part in parts:
            line = row(spacing=6)
            name = label("", "faint")
            name.setFixedWidth(96)
            name.setText(name.fontMetrics().elidedText(part.name, Qt.TextElideMode.ElideRight, 92))
            name.setToolTip(part.note or part.name)
            slider = SliderLine(0, 100, 1, "", 0)
            slider.setAccessibleName(part.name)
            slider.slider.setAccessibleName(tr("Weight of {part}", part=part.name))
            slider.show_value(round(100 * now.get(part.id, part.weight)))
            slider.moved.connect(lambda _value: self._moved())
            slider.slider.valueChanged.connect(lambda _value: self._say())
            line.addWidget(name)
            line.addWidget(slider, 1)
            box.addLayout(line)
            self.sliders[part.id] = slider
        foot = row()
        foot.addWidget(label(tr("The weights are shared out to 100 %"), "faint"))
        foot.addStretch(1)
        foot.addWidget(link(tr("As defined"), self.reset))
        box.addLayout(foot)
        self._say()

    def weights(self) -> dict[str, float]:
        """Weights that add up to 1; those of the definition where all sliders stand at nothing."""
        raw = {part: slider.value for part, slider in self.sliders.items()}
        total = sum(raw.values())
        return dict(self._usual) if total <= 0 else {part: value / total for part, value in raw.items()}

    def reset(self) -> None:
        """The weights of the definition."""
        for part, slider in self.sliders.items():
            slider.slider.setValue(round(100 * self._usual[part]))
        self.weighed.emit(dict(self._usual))

    def _say(self) -> None:
        for part, weight in self.weights().items():
            self.sliders[part].text.setText(f"{100 * weight:.1f} %")

    def _moved(self) -> None:
        self._say()
        self.weighed.emit(self.weights())


def rank_rows(found: IndexResult, usual: IndexResult | None, colors: dict[str, str]) -> list[Row]:
    """By rank; an arrow tells how far other weights moved a unit."""
    before = {} if usual is None or usual.year != found.year else {s.code: s.rank for s in usual.ranking}
    rows = []
    for score in found.ranking:
        was = before.get(score.code)
        moved = was - score.rank if was is not None and score.rank is not None else 0
        arrow = f"▲{moved}" if moved > 0 else f"▼{-moved}" if moved < 0 else ""
        lacks = tr("Missing: {items}", items="、".join(i.name for i in found.index.items if i.id in score.missing)) if score.missing else ""
        mark = " *" if score.missing else ""
        rows.append(Row(score.code, score.name + mark, arrow, str(score.rank), (score.value or 0.0) / 100, f"{score.value or 0.0:.1f}", colors.get(score.code, ""), note=lacks))
    known = {s.code for s in found.ranking}
    rows += [Row(s.code, s.name, text=tr(s.problem) if s.problem else tr("not known")) for s in found.scores if s.year == found.year and s.code not in known]
    return rows


def parts_chart(found: IndexResult, unit: str) -> Chart | None:
    """What every part adds, one row a unit."""
    ranked = found.ranking
    if not ranked:
        return None
    series = tuple(Series(p.name, tuple(s.points(p.id) for s in ranked)) for p in found.index.parts)
    marked = tuple(k for k, s in enumerate(ranked) if s.code == unit)
    texts = tuple(f"{s.value or 0.0:.1f}" for s in ranked)
    return Chart(found.index.name, "stack", tuple(s.name for s in ranked), series, marked=marked, texts=texts)


def years_chart(found: IndexResult, unit: str) -> Chart | None:
    """A unit beside the city over the years."""
    lines = [found.city, *((found.of(unit),) if any(s.code == unit for s in found.scores) else ())]
    lines = [scores for scores in lines if scores]
    if not lines or len(found.years) < 2:
        return None
    series = []
    for scores in lines:
        by_year = {s.year: s for s in scores}
        name = scores[0].name
        last = by_year.get(found.year)
        if last is not None and last.rank is not None:
            name = tr("{name}, rank {rank}", name=name, rank=last.rank)
        series.append(Series(name, tuple(by_year[y].value if y in by_year else None for y in found.years)))
    return Chart(found.index.name, "line", tuple(str(y) for y in found.years), tuple(series))


def formula_of(found: IndexResult) -> list[str]:
    """The formula, how unequal units are, the note of the definition."""
    lines = list(found.formula)
    for one in found.inequality:
        if one.gini is None:
            continue
        text = f"{one.title}: " + tr("Gini {gini}", gini=f"{one.gini:.3f}")
        if one.theil is not None:
            text += " · " + tr("Theil {theil}", theil=f"{one.theil:.4f}")
        if one.within is not None and one.between is not None:
            text += " " + tr("(within {within}, between {between})", within=f"{one.within:.4f}", between=f"{one.between:.4f}")
        lines.append(text)
    note = pick(found.index.note, found.index.note_en or found.index.note)
    return [*lines, *filter(None, (note, found.index.source))]
