"""Step 3: judging. Compute, try thresholds by hand, look at townships, draft; then brush, eraser and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from lydigital.texts import tr
from lydigital.ui import icons
from lydigital.ui.panels.hazardparts import LevelChoice, TownshipTree, chip, pair
from lydigital.ui.panels.steps import Step
from lydigital.ui.panels.styleparts import Choice
from lydigital.ui.tools.warning import NAMES, RADII_M
from lydigital.ui.widgets import clear, column, label, link, row, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.warning import TownshipLevel
    from lydigital.ui.warningdesk import WarningDesk

TRY_MS = 15  # thresholds are tried at most so often while one is dragged
REST_MS = 150
MOST_MM = 300
HOURS = (1, 3, 6, 12, 24)  # that computing by itself may be apart
PURPOSES = (("exercise", "Exercise"), ("test", "Test"), ("actual", "Actual warning"))
TOOLS = (("brush", "Brush", "brush"), ("eraser", "Eraser", "eraser"), ("township", "Townships", "cursor-default-click-outline"))


class JudgeStep(Step):
    def __init__(self, desk: WarningDesk) -> None:
        self._desk = desk
        self.purpose_chosen = "exercise"
        self._level = 0
        super().__init__(3, "Judge")
        self._try = QTimer(self, interval=TRY_MS, singleShot=True)
        self._try.timeout.connect(self._try_now)
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.refresh)
        self.build()
        desk.changed.connect(self._desk_changed)

    def build(self) -> None:
        clear(self.box)
        desk = self._desk
        self.compute = QPushButton(icons.icon("calculator-variant-outline", "on_accent"), tr("Compute levels"))
        self.compute.setProperty("primary", "true")
        self.compute.clicked.connect(desk.compute)
        self.box.addWidget(self.compute)
        self.every = Choice()
        self.every.setAccessibleName(tr("Compute by itself"))
        offers = [("0", tr("By hand only")), *((str(h), tr("Also by itself, every {count} h", count=h)) for h in HOURS)]
        self.every.offer(offers, str(desk.every_h))
        self.every.chosen.connect(lambda value: desk.schedule(int(value)))
        self.box.addWidget(self.every)
        self.why = label(role="faint", wrap=True)
        self.box.addWidget(self.why)
        self._build_levels()
        self._build_draft()
        self._build_thresholds()
        self._build_hand()
        self.towns = TownshipTree()
        self.towns.shown.connect(desk.zoom_to)
        self.towns.itemSelectionChanged.connect(self._show_hand)
        self.box.addWidget(self.towns)
        self.refresh()

    def _build_levels(self) -> None:
        """One row a level: townships, area, people; a click filters the list."""
        self.levels = QWidget()
        grid = QGridLayout(self.levels)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        for k, text in enumerate((tr("Townships"), tr("Area km²"), tr("People")), 1):
            grid.addWidget(label(text, "faint"), 0, k, Qt.AlignmentFlag.AlignRight)
        self.filters: dict[int, QToolButton] = {}
        self.figures: dict[int, list[QLabel]] = {}
        for i, level in enumerate(NAMES, 1):
            button = QToolButton()
            button.setIcon(QIcon(chip(level, wide=26, high=18)))
            button.setIconSize(QSize(26, 18))
            button.setCheckable(True)
            button.setFixedSize(36, 24)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(tr("List only {level}", level=tr(NAMES[level])))
            button.setAccessibleName(button.toolTip())
            button.clicked.connect(lambda on, v=level: self._filter(v if on else 0))
            grid.addWidget(button, i, 0)
            self.filters[level] = button
            self.figures[level] = [label(role="soft") for _ in range(3)]
            for k, figure in enumerate(self.figures[level], 1):
                grid.addWidget(figure, i, k, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        for k in (1, 2, 3):
            grid.setColumnStretch(k, 2)
        self.box.addWidget(self.levels)
        self.on_map = QCheckBox(tr("Show the level grid on the map"))
        self.on_map.clicked.connect(lambda on: self._desk.show_levels(on=on))
        self.box.addWidget(self.on_map)

    def _build_thresholds(self) -> None:
        self.what_if = QWidget()
        box = column(self.what_if, spacing=3)
        head = row(spacing=4)
        self.unfold = QCheckBox(tr("What if: other thresholds"))
        self.unfold.clicked.connect(self._unfold_thresholds)
        head.addWidget(self.unfold, 1)
        self.back = link(tr("Back to the model"), self._desk.drop_trial)
        self.keep = link(tr("Take these"), self._desk.take_trial)
        head.addWidget(self.back)
        head.addWidget(self.keep)
        box.addLayout(head)
        self.sliders: list[tuple[QSlider, QLabel]] = []
        self.thresholds = QWidget()
        grid = QGridLayout(self.thresholds)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        model = self._desk.model
        count = len(model.breaks) if model is not None else 0
        for i in range(count):
            self.sliders.append(self._slider(grid, i, tr("Rain class {number}", number=i + 2), 1, MOST_MM))
        self.share = self._slider(grid, count, tr("Share of township"), 1, 60)
        box.addWidget(self.thresholds)
        self.thresholds.hide()
        self.box.addWidget(self.what_if)

    def _slider(self, grid: QGridLayout, line: int, name: str, low: int, high: int) -> tuple[QSlider, QLabel]:
        grid.addWidget(label(name, "faint"), line, 0)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setPageStep(10)
        slider.setAccessibleName(name)
        value = label(role="soft")
        value.setFixedWidth(70)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        slider.valueChanged.connect(lambda _v: self._moved(slider))
        grid.addWidget(slider, line, 1)
        grid.addWidget(value, line, 2)
        return slider, value

    def _build_draft(self) -> None:
        self.drafting = QWidget()
        line = row(self.drafting, spacing=6)
        self.purpose = Choice()
        self.purpose.setAccessibleName(tr("Purpose of the warning"))
        self.purpose.offer([(value, tr(text)) for value, text in PURPOSES], self.purpose_chosen)
        self.purpose.chosen.connect(self._purpose_chosen)
        self.draft = QPushButton(icons.icon("file-alert-outline", "on_accent"), tr("Draft a warning"))
        self.draft.setProperty("primary", "true")
        self.draft.clicked.connect(lambda: self._desk.draft(self.purpose_chosen))
        line.addWidget(self.purpose, 1)
        line.addWidget(self.draft, 1)
        self.box.addWidget(self.drafting)

    def _build_hand(self) -> None:
        desk = self._desk
        self.by_hand = QWidget()
        box = column(self.by_hand, spacing=5)
        box.addWidget(rule())
        box.addWidget(label(tr("Correct by hand"), "section"))
        tools = row(spacing=3)
        self.tools: dict[str, QToolButton] = {}
        for tool, text, icon in TOOLS:
            button = QToolButton()
            button.setCheckable(True)
            button.setIcon(icons.icon(icon))
            button.setText(tr(text))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFixedHeight(28)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda on, t=tool: desk.take(t if on else ""))
            tools.addWidget(button, 1)
            self.tools[tool] = button
        box.addLayout(tools)
        self.level = LevelChoice(none=True)
        self.level.chosen.connect(self._level_chosen)
        box.addLayout(pair(tr("Level"), self.level))
        self.radius = Choice()
        self.radius.setAccessibleName(tr("Width of the brush"))
        self.radius.offer([(r, f"{2 * r / 1000:g} km") for r in RADII_M], desk.brush.radius_m)
        self.radius.chosen.connect(lambda r: desk.change_brush(radius_m=float(r)))
        self.borders = QCheckBox(tr("Whole townships"))
        self.borders.setToolTip(tr("A stroke takes all of every township it touches"))
        self.borders.clicked.connect(lambda on: desk.change_brush(borders=on))
        box.addLayout(pair(tr("Width"), self.radius, self.borders))
        self.reason = QLineEdit(desk.brush.reason)
        self.reason.setPlaceholderText(tr("Why? It is recorded with every change"))
        self.reason.setAccessibleName(tr("Reason of the changes by hand"))
        self.reason.textChanged.connect(lambda text: desk.change_brush(reason=text.strip()))
        box.addLayout(pair(tr("Reason"), self.reason))
        self.override = QPushButton(tr("Give it to the township chosen below"))
        self.override.clicked.connect(self._override)
        box.addWidget(self.override)
        self.hand_why = label(role="faint", wrap=True)
        box.addWidget(self.hand_why)
        self.box.addWidget(self.by_hand)

    # state

    def townships(self) -> Sequence[TownshipLevel]:
        """Those of the warning in hand, or of the computation while there is none."""
        desk, issue = self._desk, self._desk.issue
        if issue is not None and (desk.run is None or issue.run == desk.run.id) and not desk.is_trial:
            return issue.townships
        return desk.assessed.townships if desk.assessed is not None else ()

    def refresh(self) -> None:
        desk = self._desk
        has, idle = desk.assessed is not None, desk.busy == ""
        self.compute.setEnabled(idle and desk.series is not None)
        self.compute.setText(tr("Computing…") if desk.busy == "compute" else tr("Compute again") if has else tr("Compute levels"))
        self.compute.setProperty("primary", "false" if has else "true")
        self.compute.setIcon(icons.icon("calculator-variant-outline", "ink_soft" if has else "on_accent"))
        self.compute.style().unpolish(self.compute)
        self.compute.style().polish(self.compute)
        self.why.setText("" if desk.series is not None else tr("Choose rain first (step 1)."))
        self.why.setVisible(desk.series is None)
        for widget in (self.levels, self.on_map, self.what_if):
            widget.setVisible(has)
        issue = desk.issue
        is_drafted = issue is not None and desk.run is not None and issue.run == desk.run.id and issue.status != "superseded"
        self.drafting.setVisible(has and (not is_drafted or desk.is_trial))
        self.on_map.setChecked(desk.shows_levels)
        if has and desk.trial is not None:
            self._show_thresholds()
        self._show_figures()
        towns = self.townships()
        self.towns.setVisible(bool(towns))
        self.towns.show_townships(towns, self._level)
        self._show_hand()
        self._say()

    def _say(self) -> None:
        desk = self._desk
        if desk.busy == "compute":
            self.say("now", tr("Computing…"))
        elif desk.assessed is None:
            self.say("now" if desk.series is not None else "todo", tr("Not computed") if desk.series is not None else "")
        else:
            text = tr("{count} townships · {seconds} s", count=len(desk.assessed.townships), seconds=f"{desk.seconds.get('compute', 0):.1f}")
            self.say("warn" if desk.is_trial else "done", tr("Trial, not taken") if desk.is_trial else text)

    def _show_figures(self) -> None:
        found = self._desk.assessed
        if found is None:
            return
        counts = dict.fromkeys(NAMES, 0)
        for town in found.townships:
            counts[int(town.level)] += 1
        for level, figures in self.figures.items():
            for figure, value in zip(figures, (counts[level], found.area_km2[level], found.population[level]), strict=True):
                figure.setText(f"{value:,.0f}")

    def _show_thresholds(self) -> None:
        trial = self._desk.trial
        assert trial is not None
        is_moving = self._try.isActive()  # what the hand chose since is not tried yet, and stays
        for (slider, value), limit in zip(self.sliders, trial.breaks, strict=False):
            if not slider.isSliderDown() and not is_moving:
                slider.blockSignals(True)
                slider.setValue(round(limit))
                slider.blockSignals(False)
            value.setText(f"≥ {limit:g} mm")
        slider, value = self.share
        if not is_moving:
            slider.blockSignals(True)
            slider.setValue(round(100 * trial.townships.share))
            slider.blockSignals(False)
        value.setText(f"≥ {100 * trial.townships.share:g} %")
        self.back.setVisible(self._desk.is_trial)
        self.keep.setVisible(self._desk.is_trial)

    def _show_hand(self) -> None:
        desk = self._desk
        refused = desk.refusal("warning.revise")
        issue = desk.issue
        self.by_hand.setVisible(issue is not None)
        for tool, button in self.tools.items():
            button.setChecked(desk.tool_id == tool)
            button.setEnabled(refused is None)
        for widget in (self.level, self.radius, self.borders, self.reason):
            widget.setEnabled(refused is None)
        is_new = not any(b.isChecked() for b in self.level.buttons.values())
        if is_new or self.level.level not in (0, desk.brush.level):
            self.level.show_level(desk.brush.level)
        self.radius.show_value(desk.brush.radius_m)
        self.borders.setChecked(desk.brush.borders)
        needs = "" if refused is not None else "" if desk.brush.reason else tr("Write a reason before you paint or change a level.")
        self.override.setEnabled(refused is None and bool(self.towns.code) and bool(desk.brush.reason))
        said = refused or needs
        if not said and desk.tool_id:
            said = tr(desk.hand.tool.hint) if desk.hand.tool is not None else ""
        self.hand_why.setText(said)
        self.hand_why.setVisible(bool(said))

    # what the hand does

    def _moved(self, slider: QSlider) -> None:
        """A slider pushes the others before it: breaks always rise."""
        limits = [s for s, _ in self.sliders]
        if slider in limits:
            k = limits.index(slider)
            for step, others in ((1, range(k + 1, len(limits))), (-1, range(k - 1, -1, -1))):
                value = slider.value()
                for i in others:
                    value += step
                    if (limits[i].value() - value) * step < 0:
                        limits[i].blockSignals(True)
                        limits[i].setValue(value)
                        limits[i].blockSignals(False)
        if not self._try.isActive():
            self._try.start()

    def _try_now(self) -> None:
        breaks = [float(s.value()) for s, _ in self.sliders]
        for i in range(1, len(breaks)):
            breaks[i] = max(breaks[i], breaks[i - 1] + 1)
        self._desk.try_thresholds(breaks, self.share[0].value() / 100)

    def _unfold_thresholds(self, on: bool) -> None:
        self.thresholds.setVisible(on)
        self.folded.emit()

    def _filter(self, level: int) -> None:
        self._level = level
        for value, button in self.filters.items():
            button.setChecked(value == level)
        self.towns.show_townships(self.townships(), level)

    def _purpose_chosen(self, value: object) -> None:
        self.purpose_chosen = str(value)

    def _level_chosen(self, level: int) -> None:
        if level:
            self._desk.change_brush(level=level)
        self._show_hand()

    def _override(self) -> None:
        code, level = self.towns.code, self.level.level
        has = self._desk.level_of(code)
        if level or has:
            self._desk.paint(townships=(code,), level=level or has or 4, erase=level == 0)

    def _desk_changed(self, what: str) -> None:
        if what == "tool":
            self._show_hand()
        elif what == "trial":  # quick enough to follow the hand; the list comes when it rests
            self._show_thresholds()
            self._show_figures()
            self._say()
            self._rest.start()
        elif what in ("rain", "levels", "busy", "issue", "model"):
            self.refresh()
