"""The workspace 预警: from rain to a signed bulletin on one page, its steps from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from lydigital.texts import tr
from lydigital.ui.panels.hazardissue import IssueStep
from lydigital.ui.panels.hazardjudge import JudgeStep
from lydigital.ui.panels.hazardlist import ListStep
from lydigital.ui.panels.hazardmodel import ModelStep
from lydigital.ui.panels.hazardproduct import ProductStep
from lydigital.ui.panels.hazardrain import RainStep
from lydigital.ui.widgets import Badge, IconButton, Page, column, label, row, rule

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from lydigital.ui.panels.hazardparts import Step
    from lydigital.ui.warningdesk import WarningDesk


class HazardPage(Page):
    """Every step shows its state when it is folded; a step done opens the next."""

    closed = Signal()
    resized = Signal()
    extra_px = 44  # the townships and figures need more room than a feature

    def __init__(self, desk: WarningDesk) -> None:
        super().__init__()
        self._desk = desk
        self._stage = ""
        outer = column(self)
        head = self._head = QWidget()
        top = row(head, spacing=10)
        top.setContentsMargins(16, 12, 10, 8)
        top.addWidget(Badge("alert-outline", 32))
        words = column(spacing=0)
        self._title = label(role="title")
        self._purpose = label(role="faint", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._purpose)
        top.addLayout(words, 1)
        self._close = IconButton("close", "Close", "Esc")
        self._close.setFixedSize(26, 26)
        self._close.clicked.connect(self.closed)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        outer.addWidget(head)
        outer.addWidget(rule())
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = self._body = QWidget()
        body.setObjectName("scroll-body")
        self._box = column(body)
        self.rain, self.model, self.judge = RainStep(desk), ModelStep(desk), JudgeStep(desk)
        self.issue, self.product, self.issues = IssueStep(desk), ProductStep(desk), ListStep(desk)
        self.steps: tuple[Step, ...] = (self.issues, self.rain, self.model, self.judge, self.issue, self.product)
        for step in self.steps:
            self._box.addWidget(step)
            self._box.addWidget(rule())
            step.folded.connect(self._relayout)
        self._box.addStretch(1)
        self.area.setWidget(body)
        outer.addWidget(self.area, 1)
        self._settle = QTimer(self, interval=0, singleShot=True)
        self._settle.timeout.connect(self.resized.emit)
        desk.changed.connect(self._desk_changed)
        self._say()
        if desk.issue is not None:
            self._go_to(self.issue)

    def _say(self) -> None:
        self._title.setText(tr("Warnings"))
        self._purpose.setText(tr("From rainfall to a signed-off geohazard bulletin."))
        self._close.retranslate()

    def retranslate(self) -> None:
        self._say()
        for step in self.steps:
            step.rebuild()
        self._relayout()

    def document_replaced(self) -> None:
        """Another map."""
        self._desk.forget()
        self.retranslate()

    def ideal_height(self, width: int) -> int:
        self._box.invalidate()
        inner = self._box.heightForWidth(width) if self._box.hasHeightForWidth() else self._box.sizeHint().height()
        return self._head.sizeHint().height() + inner + 6

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._body.setMaximumWidth(self.width())  # a long word may not push the page aside

    def _relayout(self) -> None:
        self._settle.start()

    def _go_to(self, step: Step) -> None:
        """Open a step, fold the others, and bring it up."""
        for other in self.steps:
            other.open(on=other is step)
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(step.head, 0, 200))

    def _desk_changed(self, what: str) -> None:
        desk = self._desk
        issue = desk.issue if what == "issue" else None
        stage = "" if what != "issue" or issue is None else f"{issue.id}/{issue.status}"
        if what == "levels" and desk.run is not None and self._stage != desk.run.id and not desk.is_trial:
            self._stage = desk.run.id
            self._go_to(self.judge)
        elif what == "rain" and desk.series is not None and desk.busy == "" and self._stage != desk.series.sha256:
            self._stage = desk.series.sha256
            self.judge.open()
        elif stage and stage != self._stage and issue is not None:
            came = self._stage
            self._stage = stage
            if issue.status == "issued":
                self._go_to(self.product)
            elif issue.status == "draft" and not came.startswith(issue.id):
                self.issue.open()
                self.rain.open(on=False)
                self.model.open(on=False)
            else:
                self._go_to(self.issue)
        self._relayout()
