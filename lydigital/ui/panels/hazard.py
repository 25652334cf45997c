"""The workspace 预警: from rain to a signed bulletin on one page, its steps from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.ui.panels.hazardissue import IssueStep
from lydigital.ui.panels.hazardjudge import JudgeStep
from lydigital.ui.panels.hazardlist import ListStep
from lydigital.ui.panels.hazardmodel import ModelStep
from lydigital.ui.panels.hazardproduct import ProductStep
from lydigital.ui.panels.hazardrain import RainStep
from lydigital.ui.panels.steps import StepsPage

if TYPE_CHECKING:
    from lydigital.ui.warningdesk import WarningDesk


class HazardPage(StepsPage):
    """A step done opens the next."""

    def __init__(self, desk: WarningDesk) -> None:
        self.desk = desk
        self._stage = ""
        self.rain, self.model, self.judge = RainStep(desk), ModelStep(desk), JudgeStep(desk)
        self.issue, self.product, self.issues = IssueStep(desk), ProductStep(desk), ListStep(desk)
        super().__init__(
            "alert-outline", "Warnings", "From rainfall to a signed-off geohazard bulletin.",
            (self.issues, self.rain, self.model, self.judge, self.issue, self.product),
        )  # fmt: skip
        desk.changed.connect(self._desk_changed)
        if desk.issue is not None:
            self.go_to(self.issue)

    def entered(self) -> None:
        self.desk.look_at_clock()

    def operator_changed(self) -> None:
        self.desk.changed.emit("issue")

    def document_replaced(self) -> None:
        self.desk.forget()
        self.retranslate()

    def _desk_changed(self, what: str) -> None:
        desk = self.desk
        issue = desk.issue if what == "issue" else None
        stage = "" if what != "issue" or issue is None else f"{issue.id}/{issue.status}"
        if what == "levels" and desk.run is not None and self._stage != desk.run.id and not desk.is_trial:
            self._stage = desk.run.id
            self.go_to(self.judge)
        elif what == "rain" and desk.series is not None and desk.busy == "" and self._stage != desk.series.sha256:
            self._stage = desk.series.sha256
            self.judge.open()
        elif stage and stage != self._stage and issue is not None:
            came = self._stage
            self._stage = stage
            if issue.status == "issued":
                self.go_to(self.product)
            elif issue.status == "draft" and not came.startswith(issue.id):
                self.issue.open()
                self.rain.open(on=False)
                self.model.open(on=False)
            else:
                self.go_to(self.issue)
        self.relayout()
