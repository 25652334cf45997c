"""Tools of warning zones: brush and eraser by level, and whole townships by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen

from lydigital.commands.warning_paint import township_at
from lydigital.texts import tr
from lydigital.ui.tools.base import Place, Tool

if TYPE_CHECKING:
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.warningdesk import WarningDesk

COLOURS = {1: "#e0231c", 2: "#ff7e00", 3: "#f2d600", 4: "#2f5fd0"}
NUMERALS = {1: "Ⅰ", 2: "Ⅱ", 3: "Ⅲ", 4: "Ⅳ"}
NAMES = {1: "Red", 2: "Orange", 3: "Yellow", 4: "Blue"}
RADII_M = (250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)
_STEP_PX = 3.0


class _Warning(Tool):
    """Works at the level, width and reason of the desk."""

    snaps = False

    def __init__(self, hand: Hand, desk: WarningDesk) -> None:
        super().__init__(hand)
        self.desk = desk

    def key(self, key: int) -> bool:
        """1 to 4 choose the level, brackets the width."""
        if Qt.Key.Key_1 <= key <= Qt.Key.Key_4:
            self.desk.change_brush(level=int(key) - int(Qt.Key.Key_0))
            return True
        if key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            i = min(range(len(RADII_M)), key=lambda k: abs(RADII_M[k] - self.desk.brush.radius_m))
            step = 1 if key == Qt.Key.Key_BracketRight else -1
            self.desk.change_brush(radius_m=RADII_M[min(max(i + step, 0), len(RADII_M) - 1)])
            return True
        return False


class ZoneBrush(_Warning):
    """One stroke, one command, one step to undo."""

    hint = "Drag over the map; 1–4 choose the level, [ and ] the width"
    erase = False

    def __init__(self, hand: Hand, desk: WarningDesk) -> None:
        super().__init__(hand, desk)
        self.path: list[XY] = []

    def press(self, at: Place) -> None:
        self.path = [at.raw]

    def move(self, at: Place, *, dragging: bool) -> None:
        if dragging and self.path:
            x, y = self.path[-1]
            if abs(at.raw[0] - x) + abs(at.raw[1] - y) > _STEP_PX * self.hand.unit:
                self.path.append(at.raw)

    def release(self, at: Place) -> None:
        if not self.path:
            return
        path, self.path = [*self.path, at.raw], []
        if len(path) == 2 and path[0] == path[1]:
            line = f"POINT ({path[0][0]!r} {path[0][1]!r})"
        else:
            line = "LINESTRING (" + ", ".join(f"{x!r} {y!r}" for x, y in path) + ")"
        self.desk.paint(line=line, erase=self.erase)

    def cancel(self) -> bool:
        begun, self.path = bool(self.path), []
        return begun

    def paint(self, brush: Brush) -> None:
        if self.here is None:
            return
        ratio = self.hand.viewport.crs.metres_per_unit
        radius = self.desk.brush.radius_m / max(ratio, 1e-9) / self.hand.unit
        colour = QColor("#ffffff" if self.erase else COLOURS[self.desk.brush.level])
        painter = brush.painter
        if self.path:
            way = QPainterPath(brush.at(self.path[0]))
            for place in self.path[1:]:
                way.lineTo(brush.at(place))
            way.lineTo(self.here.px)
            if len(self.path) == 1:
                way.lineTo(self.here.px + QPointF(0.01, 0))
            shade = QColor(colour)
            shade.setAlphaF(0.4)
            pen = QPen(shade, 2 * radius)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(way)
        for width, edge in ((3.0, QColor(255, 255, 255, 220)), (1.6, QColor("#33383d") if self.erase else colour.darker(115))):
            painter.setPen(QPen(edge, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self.here.px, radius, radius)

    def reading(self) -> list[str]:
        brush = self.desk.brush
        what = tr("Erase {level}", level=tr(NAMES[brush.level])) if self.erase else tr(NAMES[brush.level])
        return [f"{NUMERALS[brush.level]} {what} · {2 * brush.radius_m / 1000:g} km"]


class ZoneEraser(ZoneBrush):
    """Takes the stroke out of the zones of its level."""

    hint = "Drag over a zone of the chosen level to take it away; [ and ] change the width"
    erase = True


class PickTownship(_Warning):
    """A click gives a township the chosen level; a second click takes it away."""

    hint = "Click a township to give it the chosen level; once more takes it away"
    cursor = Qt.CursorShape.PointingHandCursor

    def release(self, at: Place) -> None:
        code = township_at(self.hand.session, *at.raw)
        if not code:
            self.hand.say(tr("There is no township here"), tr("Click inside the city."))
            return
        has = self.desk.level_of(code)
        self.desk.paint(townships=(code,), erase=has == self.desk.brush.level)

    def reading(self) -> list[str]:
        level = self.desk.brush.level
        return [f"{NUMERALS[level]} {tr(NAMES[level])}"]
