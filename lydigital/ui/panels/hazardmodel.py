"""Step 2: the model. Every parameter is visible; a second model beside it on the same rain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QWidget

from lydigital.texts import tr
from lydigital.ui import theme
from lydigital.ui.panels.hazardparts import chip, pair
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.tools.warning import COLOURS, NAMES, NUMERALS
from lydigital.ui.widgets import clear, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.ui.warningdesk import WarningDesk

ROWS = ("Very high", "High", "Moderate", "Low")


class MatrixView(QWidget):
    """Levels by susceptibility (down) and effective rain (across)."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(22 * 5 + 2)
        self._breaks: tuple[float, ...] = ()
        self._table: tuple[tuple[int, ...], ...] = ()

    def show_matrix(self, breaks: Sequence[float], table: Sequence[Sequence[int]]) -> None:
        self._breaks, self._table = tuple(breaks), tuple(tuple(line) for line in table)
        rows = "; ".join(f"{tr(ROWS[i])}: {' '.join(NUMERALS.get(v, '–') for v in line)}" for i, line in enumerate(self._table))
        self.setAccessibleName(tr("Levels by susceptibility and effective rain"))
        self.setAccessibleDescription(rows)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._table:
            return
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        left, high = 62.0, 22.0
        wide = (self.width() - left) / len(self._table[0])
        names = [f"<{self._breaks[0]:g}", *(f"≥{b:g}" for b in self._breaks)]
        centre = Qt.AlignmentFlag.AlignCenter
        painter.setPen(t.color("ink_faint"))
        painter.drawText(QRectF(0, 0, left, high), Qt.AlignmentFlag.AlignVCenter, "mm")
        for k, name in enumerate(names):
            painter.drawText(QRectF(left + k * wide, 0, wide, high), centre, name)
        for i, line in enumerate(self._table):
            y = (i + 1) * high
            painter.setPen(t.color("ink_soft"))
            painter.drawText(QRectF(0, y, left, high), Qt.AlignmentFlag.AlignVCenter, tr(ROWS[i]))
            for k, level in enumerate(line):
                cell = QRectF(left + k * wide + 1, y + 1, wide - 2, high - 2)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(COLOURS[level]) if level else t.color("sunken"))
                painter.drawRoundedRect(cell, 3, 3)
                painter.setPen(QColor("#ffffff" if level in (1, 4) else "#22262b") if level else t.color("ink_faint"))
                painter.drawText(cell, centre, NUMERALS.get(level, "–"))


class ModelStep(Step):
    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        super().__init__(2, "Model")
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk = self._desk
        self.choice = Choice()
        self.choice.setAccessibleName(tr("Hazard model"))
        self.choice.chosen.connect(lambda m: desk.choose(model=str(m), k=None, days=None))
        self.box.addWidget(self.choice)
        marks = row(spacing=6)
        self.version = label(role="chip")
        self.calibrated = label(role="chip-warn")
        marks.addWidget(self.version)
        marks.addWidget(self.calibrated)
        marks.addStretch(1)
        self.box.addLayout(marks)
        self.matrix = MatrixView()
        self.box.addWidget(self.matrix)
        line = row(spacing=6)
        line.addWidget(label("Re = R0 + Σ kⁱ·Rᵢ", "faint"), 1)
        self.k, self.days = _number(tr("Decay k of antecedent rain a day")), _number(tr("Days of antecedent rain"))
        self.k.editingFinished.connect(self._parameters_typed)
        self.days.editingFinished.connect(self._parameters_typed)
        for name, field in (("k", self.k), (tr("Days"), self.days)):
            line.addWidget(label(name, "faint"))
            line.addWidget(field)
        self.box.addLayout(line)
        self.rules = label(role="faint", wrap=True)
        self.box.addWidget(self.rules)
        self.other = Choice()
        self.other.setAccessibleName(tr("Model to compare with"))
        self.other.chosen.connect(lambda m: desk.choose(other=str(m)))
        self.box.addLayout(pair(tr("Beside it"), self.other))
        self.beside = QWidget()
        self.table = QGridLayout(self.beside)
        self.table.setContentsMargins(0, 0, 0, 0)
        self.table.setHorizontalSpacing(8)
        self.table.setVerticalSpacing(2)
        self.box.addWidget(self.beside)
        self.refresh()

    def refresh(self) -> None:
        desk = self._desk
        known = desk.models()
        self.choice.offer([(m.id, m.name) for m in known.values()], desk.choices.model)
        self.other.offer([("", tr("No second model")), *((m.id, m.name) for m in known.values() if m.id != desk.choices.model)], desk.choices.other)
        model = desk.trial or desk.model
        if model is None:
            self.say("warn", tr("The model cannot be read"))
            return
        self.version.setText(tr("Version {version}", version=model.version))
        self.calibrated.setText(tr("Fitted to local events") if model.is_calibrated else tr("Not fitted locally"))
        self.calibrated.setProperty("role", "chip-accent" if model.is_calibrated else "chip-warn")
        self.calibrated.style().unpolish(self.calibrated)
        self.calibrated.style().polish(self.calibrated)
        self.calibrated.setToolTip(model.calibration or tr("Say so wherever its results are shown; have the duty officer judge."))
        self.matrix.show_matrix(model.breaks, model.table)
        self.k.setText(f"{model.rain.k:g}")
        self.days.setText(str(model.rain.days))
        how, zones, towns = model.interpolation, model.zones, model.townships
        self.rules.setText("\n".join((
            tr("Grid: {method}, power {power}, within {radius} km of a gauge", method=tr("kriging") if how.method == "kriging" else "IDW",
               power=f"{how.power:g}", radius=f"{how.radius_km:g}"),
            tr("Zones: smoothed over {cells} cells, from {area} km², borders within {tolerance} m", cells=zones.smooth_cells,
               area=f"{zones.min_area_km2:g}", tolerance=f"{zones.tolerance_m:g}"),
            tr("Township: from {share} % of its area, or a hazard point; most of a county from {county} %",
               share=f"{100 * towns.share:g}", county=f"{100 * towns.county_share:g}") if towns.by_points
            else tr("Township: from {share} % of its area; most of a county from {county} %", share=f"{100 * towns.share:g}",
                    county=f"{100 * towns.county_share:g}"),
        )))  # fmt: skip
        self._show_beside()
        self.say("done" if model.is_calibrated else "warn", model.name + ("" if model.is_calibrated else " · " + tr("Not fitted locally")))

    def _show_beside(self) -> None:
        clear(self.table)
        desk = self._desk
        found = desk.compared()
        self.beside.setVisible(bool(desk.choices.other))
        if not desk.choices.other:
            return
        if found is None or desk.assessed is None or desk.trial is None:
            self.table.addWidget(label(tr("Compute first; both models are then shown side by side."), "faint", wrap=True), 0, 0)
            return
        other, second, moved = found
        first = desk.assessed
        for k, text in enumerate(("", tr("This"), tr("Other"), tr("This"), tr("Other"))):
            self.table.addWidget(label(text, "faint"), 1, k, Qt.AlignmentFlag.AlignRight)
        for k, text in ((1, tr("Townships")), (3, tr("People"))):
            self.table.addWidget(label(text, "section"), 0, k, 1, 2, Qt.AlignmentFlag.AlignRight)
        for i, level in enumerate(NAMES, 2):
            mark = label()
            mark.setPixmap(chip(level))
            mark.setAccessibleName(tr(NAMES[level]))
            self.table.addWidget(mark, i, 0)
            towns = [sum(int(t.level) == level for t in a.townships) for a in (first, second)]
            people = [a.population[level] for a in (first, second)]
            for k, value in enumerate((*towns, *people), 1):
                self.table.addWidget(label(f"{value:,}", "soft"), i, k, Qt.AlignmentFlag.AlignRight)
        said = tr("{other}: {higher} townships higher, {lower} lower, {area} km² differ", other=other.name, higher=len(moved.higher),
                  lower=len(moved.lower), area=f"{moved.area_km2:,.0f}")  # fmt: skip
        self.table.addWidget(label(said, "faint", wrap=True), 6, 0, 1, 5)
        self.table.setColumnStretch(0, 1)

    def _parameters_typed(self) -> None:
        model = self._desk.model
        if model is None:
            return
        try:
            k, days = float(self.k.text()), int(self.days.text())
        except ValueError:
            self.refresh()
            return
        if 0 < k < 1 and 0 <= days <= 60 and (k, days) != (model.rain.k, model.rain.days):
            self._desk.choose(k=k, days=days)
        self.refresh()

    def _desk_changed(self, what: str) -> None:
        if what == "model" or (what in ("levels", "trial") and self.is_open):
            self.refresh()

    def open(self, *, on: bool = True) -> None:
        if on and not self.is_open:
            self.refresh()
        super().open(on=on)


def _number(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setFixedWidth(52)
    field.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    field.setToolTip(name)
    return field
