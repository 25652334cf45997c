"""Tools on pipes: a click chooses one, two clicks cut a section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from lydigital.texts import tr
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.path import PathTool

if TYPE_CHECKING:
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.utilitydesk import UtilityDesk

REACH_PX = 9.0


class PickPipe(Tool):
    """A click on a pipe, cable or link gives it to the desk."""

    snaps = False
    hint = "Click a pipe"
    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, hand: Hand, desk: UtilityDesk) -> None:
        super().__init__(hand)
        self.desk = desk

    def release(self, at: Place) -> None:
        metres = REACH_PX * self.hand.unit * self.hand.viewport.crs.metres_per_unit
        self.desk.pick(at.raw, max(1.0, metres))

    def paint(self, brush: Brush) -> None:
        place = self.desk.place
        if place is not None:
            brush.dot(place, "#b3261e", 5.0)

    def reading(self) -> list[str]:
        if self.here is None:
            return []
        hits = self.hand.hits(self.here.raw, self.desk.layer)
        return [self.desk.called(hits[0].fid)] if hits else []


class CutSection(PathTool):
    """Two places: the ground between them is cut open."""

    snaps = False
    needed = 2
    start_hint = "Click where the section begins"
    next_hint = "Click where it ends"

    def __init__(self, hand: Hand, desk: UtilityDesk) -> None:
        super().__init__(hand)
        self.desk = desk

    def done(self, places: list[XY]) -> bool:
        return self.desk.cut(places[0], places[1])

    def reading(self) -> list[str]:
        said = super().reading()
        return said or [tr(self.hint)]
