"""Tools of the workspace 应急: draw the zone of an incident, cut roads by a line or an area, close a road by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from lydigital.texts import tr
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.path import PathTool

if TYPE_CHECKING:
    from lydigital.ui.emergencydesk import EmergencyDesk
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

ROADS = "road"
_CLICK_PX = 5.0


class _Drawn(PathTool):
    snaps = False

    def __init__(self, hand: Hand, desk: EmergencyDesk) -> None:
        super().__init__(hand)
        self.desk = desk

    def reading(self) -> list[str]:
        return super().reading() or [tr(self.hint)]


class DrawZone(_Drawn):
    """What the incident reaches."""

    closes = True
    least = 3
    start_hint = "Click the first corner of the zone"

    def done(self, places: list[XY]) -> bool:
        return self.desk.take_zone(places)


class CutLine(_Drawn):
    """Roads that the line crosses are cut there."""

    start_hint = "Click where the line that cuts roads begins"

    def done(self, places: list[XY]) -> bool:
        return self.desk.add_barrier(places, is_area=False)


class CutArea(_Drawn):
    """Roads inside are closed."""

    closes = True
    least = 3
    start_hint = "Click the first corner of the area without roads"

    def done(self, places: list[XY]) -> bool:
        return self.desk.add_barrier(places, is_area=True)


class PickRoad(Tool):
    """A click closes a road, a second one opens it."""

    snaps = False
    hint = "Click a road to close it; once more opens it"
    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, hand: Hand, desk: EmergencyDesk) -> None:
        super().__init__(hand)
        self.desk = desk
        self._pressed: QPointF | None = None

    def press(self, at: Place) -> None:
        self._pressed = at.px

    def release(self, at: Place) -> None:
        if self._pressed is None or (at.px - self._pressed).manhattanLength() > _CLICK_PX:
            return
        hits = self.hand.hits(at.raw, ROADS)
        if hits:
            self.desk.close_road(hits[0].fid)
        else:
            self.hand.say(tr("There is no road here"), tr("Zoom in until roads are drawn, or cut them by a line."))

    def paint(self, brush: Brush) -> None:
        if self.here is None:
            return
        hits = self.hand.hits(self.here.raw, ROADS)
        shape = self.hand.shape(ROADS, hits[0].fid) if hits else None
        if shape is not None:
            brush.line([ring.coords for ring in shape.rings], color="#c62828", width=3.0)

    def reading(self) -> list[str]:
        return [tr(self.hint)]
