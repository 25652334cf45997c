"""Step 1: the rain. Where it comes from, what is wrong with it, one gauge as a chart, how gauges become a grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from lydigital.domain.rainfall import local
from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.hazardparts import Notes, StationChart, pair
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.widgets import IconButton, clear, label, row

if TYPE_CHECKING:
    from lydigital.ui.warningdesk import WarningDesk

METHODS = (("", "As the model says"), ("idw", "Inverse distance"), ("kriging", "Ordinary kriging"))
MOST_NOTES = 4
LAST_TIMES = 72


class RainStep(Step):
    """Asks the desk; shows what it has."""

    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        super().__init__(1, "Rain", opened=True)
        self._gauge = ""
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk = self._desk
        line = row(spacing=6)
        self.file = QPushButton(icons.icon("folder-open-outline"), tr("Gauge file…"))
        self.file.clicked.connect(self.ask_file)
        self.stored = QPushButton(icons.icon("database-outline"), tr("From the map"))
        self.stored.setToolTip(tr("Take the rain that the map itself has"))
        self.stored.clicked.connect(lambda: desk.load_rain(""))
        line.addWidget(self.file, 1)
        line.addWidget(self.stored, 1)
        self.box.addLayout(line)
        self.source = label(role="soft", wrap=True)
        self.box.addWidget(self.source)
        self.notes = Notes()
        self.box.addWidget(self.notes)
        self.at = Choice()
        self.at.setEditable(True)
        self.at.setInsertPolicy(Choice.InsertPolicy.NoInsert)
        self.at.setAccessibleName(tr("Time of the computation, Beijing time"))
        self.at.chosen.connect(lambda at: desk.choose(at=str(at or "")))
        edit = self.at.lineEdit()
        assert isinstance(edit, QLineEdit)
        edit.editingFinished.connect(self._time_typed)
        self.box.addLayout(pair(tr("Time"), self.at))
        self.gauge = Choice()
        self.gauge.setAccessibleName(tr("Gauge shown"))
        self.gauge.chosen.connect(self._gauge_chosen)
        self.without = IconButton("eye-off-outline", "Compute without this gauge", size=16)
        self.without.setCheckable(True)
        self.without.clicked.connect(self._leave_out)
        self.box.addLayout(pair(tr("Gauge"), self.gauge, self.without))
        self.chart = StationChart()
        self.box.addWidget(self.chart)
        self.method = Choice()
        self.method.setAccessibleName(tr("How gauges become a grid"))
        self.method.chosen.connect(lambda how: desk.choose(method=str(how)))
        self.box.addLayout(pair(tr("Grid by"), self.method))
        self.validation = label(role="faint", wrap=True)
        self.box.addWidget(self.validation)
        self.refresh()

    def rebuild(self) -> None:
        """Every text again."""
        self.build()
        self.retranslate()

    def ask_file(self) -> None:
        dialog = QFileDialog(self.window(), tr("Rain of gauges"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilters([f"{tr('Rain of gauges')} (*.csv *.txt *.xlsx *.xls)", f"{tr('All files')} (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._desk.load_rain)
        dialog.open()

    def refresh(self) -> None:
        desk, series = self._desk, self._desk.series
        known = series is not None
        for widget in (self.at, self.gauge, self.without, self.chart, self.method):
            widget.setVisible(known)
        for i in range(self.box.count()):
            item = self.box.itemAt(i)
            inner = item.layout() if item is not None and i > 0 else None
            first = inner.itemAt(0) if inner is not None else None
            held = first.widget() if first is not None else None
            if held is not None:
                held.setVisible(known)
        self.validation.setVisible(known)
        self.file.setEnabled(desk.busy == "")
        self.stored.setEnabled(desk.busy == "")
        self.method.offer([(value, tr(text)) for value, text in METHODS], desk.choices.method)
        if desk.busy == "rain":
            self.say("now", tr("Reading…"))
        if series is None:
            self.source.setText(tr("Hourly or daily rain as CSV or Excel, one row a time or one column a gauge."))
            self.notes.show_texts([])
            if desk.busy != "rain":
                self.say("now", tr("Choose rain"))
            return
        name = Path(series.source).name if desk.choices.rain else tr("Rain of the map")
        self.source.setText(tr("{name}: {gauges} gauges, {first} to {last}", name=name, gauges=len(series.gauges),
                               first=local(series.first)[5:], last=local(series.last)[5:]))  # fmt: skip
        self.source.setToolTip(f"{desk.choices.rain or series.source}\nSHA-256 {series.sha256}")
        issues = desk.situation.issues if desk.situation is not None else series.issues
        told = [(tr(i.message, **i.values), tr(i.hint, **i.values)) for i in issues]
        more = len(told) - MOST_NOTES
        shown = told[:MOST_NOTES] + ([(tr("and {count} more", count=more), "\n".join(t for t, _ in told[MOST_NOTES:]))] if more > 0 else [])
        self.notes.show_texts(shown)
        self._offer_times()
        self._offer_gauges()
        self._show_validation()
        self.say("warn" if told else "done", tr("{gauges} gauges · {count} findings", gauges=len(series.gauges), count=len(told)) if told
                 else tr("{gauges} gauges", gauges=len(series.gauges)))  # fmt: skip

    def _offer_times(self) -> None:
        series = self._desk.series
        assert series is not None
        from datetime import timedelta

        count = min(len(series.times), LAST_TIMES)
        times = [series.last - timedelta(hours=series.step_h * i) for i in range(count)]
        offered = [("", tr("{time} (last record)", time=local(times[0])))]
        offered += [(local(t).replace(" ", "T"), local(t)) for t in times[1:]]
        chosen = self._desk.choices.at
        if chosen and chosen not in [value for value, _ in offered]:
            offered.append((chosen, chosen.replace("T", " ")))
        self.at.offer(offered, chosen)

    def _offer_gauges(self) -> None:
        series = self._desk.series
        assert series is not None
        sums = np.nansum(series.rain_mm, axis=1)
        order = np.argsort(-sums)
        self.gauge.offer(
            [(series.gauges[i], f"{series.names[i] or series.gauges[i]} · {sums[i]:.0f} mm") for i in order.tolist()], self._gauge
        )
        if self._gauge not in series.gauges:
            self._gauge = series.gauges[int(order[0])]
            self.gauge.show_value(self._gauge)
        self.chart.show_gauge(series, series.gauges.index(self._gauge))
        self.without.setChecked(self._gauge in self._desk.choices.without)

    def _show_validation(self) -> None:
        situation = self._desk.situation
        if situation is None:
            self.validation.setText(tr("Cross-validation figures come with the computation."))
            return
        v = situation.field.validation
        self.validation.setText(tr(
            "Cross-validation (each gauge from the others): {count} gauges, mean error {me} mm, RMSE {rmse} mm, r {r}",
            count=v.count, me=f"{v.mean_error:+.1f}", rmse=f"{v.rmse:.1f}", r=f"{v.r:.2f}",
        ))  # fmt: skip

    def _gauge_chosen(self, code: object) -> None:
        self._gauge = str(code)
        self._offer_gauges()

    def _leave_out(self, on: bool) -> None:
        others = tuple(c for c in self._desk.choices.without if c != self._gauge)
        self._desk.choose(without=(*others, self._gauge) if on else others)

    def _time_typed(self) -> None:
        text = self.at.currentText().strip()
        line = self.at.lineEdit()
        if self.at.findText(text) < 0 and line is not None and line.isModified():
            self._desk.choose(at=text.replace(" ", "T"))

    def _desk_changed(self, what: str) -> None:
        if what in ("rain", "levels", "busy", "model"):
            self.refresh()
