"""The workspace 出图: a paper frame on the map, the sheet as it will be, and everything that can be made of maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.ui.panels.publishatlas import AtlasStep
from lydigital.ui.panels.publishgate import GateStep
from lydigital.ui.panels.publishlayouts import LayoutsStep
from lydigital.ui.panels.publishout import OutFoot, SheetView
from lydigital.ui.panels.publishsheet import SheetStep
from lydigital.ui.panels.publishweb import WebStep
from lydigital.ui.panels.steps import StepsPage
from lydigital.ui.tools.frame import FrameTool
from lydigital.ui.widgets import rule

if TYPE_CHECKING:
    from lydigital.ui.publishdesk import PublishDesk


class PublishPage(StepsPage):
    """The frame first; then what can be made of it, and of layouts and layers."""

    def __init__(self, desk: PublishDesk) -> None:
        self.desk = desk
        self.sheet, self.view, self.gate = SheetStep(desk), SheetView(desk), GateStep(desk, 3)
        self.layouts, self.atlas = LayoutsStep(desk, 4, self.view.show_pictures), AtlasStep(desk, 5)
        self.web = WebStep(desk, 6)
        steps = (self.sheet, self.view, self.gate, self.layouts, self.atlas, self.web)
        super().__init__("file-image-outline", "Publish", "A map that can go into a report today.", steps)
        self.foot = OutFoot(desk, lambda: self.go_to(self.gate))
        layout = self.layout()
        assert layout is not None
        layout.addWidget(rule())
        layout.addWidget(self.foot)
        desk.changed.connect(self._desk_changed)

    def entered(self) -> None:
        self.sheet.offer()
        self.desk.enter()

    def left(self) -> None:
        self.desk.leave()

    def document_changed(self) -> None:
        if self.desk.window.workspace == "publish":
            self.sheet.offer()
            if self.layouts.is_open:
                self.layouts.refresh()
            self.desk.look_again()

    def document_replaced(self) -> None:
        self.desk.forget()
        self.retranslate()

    def operator_changed(self) -> None:
        self.desk.look_again()

    def ideal_height(self, width: int) -> int:
        return super().ideal_height(width) + self.foot.sizeHint().height() + 1

    def retranslate(self) -> None:
        self.foot.build()
        super().retranslate()
        self.sheet.offer()
        self.desk.look_again()

    def _desk_changed(self, what: str) -> None:
        if what == "title":
            self._type_title()
        self.relayout()

    def _type_title(self) -> None:
        """Where the title is seen on the map it is typed there."""
        tool = self.desk.hand.tool
        if not isinstance(tool, FrameTool) or not self.desk.edit_title(tool):
            self.sheet.type_title()
