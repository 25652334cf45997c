"""The workspace 覆盖: where information reaches and where it does not, against the targets of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.ui.panels.coverageaccess import AccessStep
from lydigital.ui.panels.coveragearea import AreaStep
from lydigital.ui.panels.coveragefailing import FailingStep
from lydigital.ui.panels.coverageframe import FrameStep
from lydigital.ui.panels.coverageindex import IndexStep
from lydigital.ui.panels.coverageindicator import IndicatorStep
from lydigital.ui.panels.coveragereport import ReportStep
from lydigital.ui.panels.coveragesite import SiteStep
from lydigital.ui.panels.steps import StepsPage

if TYPE_CHECKING:
    from lydigital.ui.coveragedesk import CoverageDesk
    from lydigital.ui.panels.steps import Step


class CoveragePage(StepsPage):
    """The board of all systems comes first; a result opens its step."""

    def __init__(self, desk: CoverageDesk) -> None:
        self.desk = desk
        self.frame, self.indicator, self.site = FrameStep(desk), IndicatorStep(desk), SiteStep(desk)
        self.index, self.area_step, self.access, self.failing = IndexStep(desk), AreaStep(desk), AccessStep(desk), FailingStep(desk)
        self.report = ReportStep(desk)
        super().__init__(
            "access-point", "Coverage", "Where information reaches and where not.",
            (self.frame, self.indicator, self.site, self.index, self.area_step, self.access, self.failing, self.report),
        )  # fmt: skip
        self._has_come = False
        self.frame.open()
        desk.changed.connect(self._desk_changed)

    def entered(self) -> None:
        if not self._has_come:
            self._has_come = True
            self._show_board_after_map()
        if self.desk.is_stale:
            self.desk.look_again()
        self.desk.show(self.desk.shown)

    def _show_board_after_map(self) -> None:
        """The board comes after the first picture of the map: what it tells is worked out from all layers."""
        window = self.desk.window
        if window.canvas.frame is not None:
            self.frame.show_board()
            return

        def framed(_frame: object) -> None:
            window.framed.disconnect(framed)
            if window.workspace == "coverage" and window.map.card.page() is self:
                self.frame.show_board()

        window.framed.connect(framed)

    def come_to(self, step: Step) -> None:
        """The board where systems are asked for, the map where it is something else."""
        if step is self.frame:
            self.frame.show_board()
        else:
            self.desk.window.map.close_board()
        self.go_to(step)

    def left(self) -> None:
        self.desk.leave()

    def click(self, x: float, y: float) -> bool:
        return self.desk.click(x, y)

    def operator_changed(self) -> None:
        self.desk.want_failing(personal=False)

    def document_replaced(self) -> None:
        self.desk.forget()
        self._has_come = False
        self.retranslate()

    def _desk_changed(self, what: str) -> None:
        desk = self.desk
        if what == "indicator" and desk.result is not None and not self.indicator.is_open and not self.site.is_open:
            self.go_to(self.indicator)
        self.relayout()
