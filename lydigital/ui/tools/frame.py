"""The paper on the map: dragged, sized by its corners, turned by its handle; what lies outside it is paled."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen, QTransform

from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.hand import Hand
from lydigital.ui.tools.overlay import INK

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter

    from lydigital.publish.furniture import Box
    from lydigital.ui.publishdesk import PublishDesk
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

SCALES = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0, 10.0)
GRIP_PX, TURN_PX = 9.0, 30.0  # reach of a handle; how far the turning handle stands off
_CLICK_PX = 4.0
_STEP = 0.05  # of the window, an arrow key
_SQUARE_DEG = 3.0  # this near to a quarter turn it is one
_CORNERS = {"nw": (0.0, 0.0), "ne": (1.0, 0.0), "se": (1.0, 1.0), "sw": (0.0, 1.0)}
_EDGES = {"n": (0.5, 0.0), "e": (1.0, 0.5), "s": (0.5, 1.0), "w": (0.0, 0.5)}


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper laid on the ground.

    Attributes
    ----------
    width, height
        Of the paper, mm.
    window
        Where the map stands on it, mm.
    centre
        Middle of that on the ground, map units.
    units
        Map units a millimetre.
    turn
        Degrees that north points clockwise from up on the paper.
    """

    width: float
    height: float
    window: Box
    centre: XY
    units: float
    turn: float = 0.0

    @property
    def middle(self) -> tuple[float, float]:
        """Of the map on the paper, mm."""
        return self.window.x + self.window.width / 2, self.window.y + self.window.height / 2

    def ground(self, x: float, y: float) -> XY:
        """Map place of a place on the paper."""
        right, up = (x - self.middle[0]) * self.units, (self.middle[1] - y) * self.units
        c, s = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.centre[0] + right * c - up * s, self.centre[1] + right * s + up * c

    def paper(self, place: XY) -> tuple[float, float]:
        """Place on the paper, mm, of a map place."""
        east, north = place[0] - self.centre[0], place[1] - self.centre[1]
        c, s = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.middle[0] + (east * c + north * s) / self.units, self.middle[1] - (north * c - east * s) / self.units

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Of the paper on the ground."""
        corners = [self.ground(x * self.width, y * self.height) for x, y in _CORNERS.values()]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)


def round_scale(scale: float, *, up: bool = True) -> float:
    """The next of the usual scale denominators, or the one before."""
    power = 10.0 ** math.floor(math.log10(scale))
    known = [s * power for s in (*SCALES, 12.0)]
    if up:
        return next(s for s in known if s >= scale * (1 - 1e-9))
    return max(s for s in known if s <= scale * (1 + 1e-9))


def nearest_scale(scale: float) -> float:
    """The usual scale denominator nearest to ``scale``."""
    return min((round_scale(scale, up=False), round_scale(scale)), key=lambda s: abs(math.log(s / scale)))


class FrameHand(Hand):
    """Leaves gestures beside the paper to the map: there it is dragged and zoomed as ever."""

    def press(self, event: QMouseEvent) -> bool:
        mine = isinstance(self.tool, FrameTool) and event.button() == Qt.MouseButton.LeftButton and self.tool.grip_at(event.position()) != ""
        return mine and super().press(event)

    def double(self, event: QMouseEvent) -> bool:
        return isinstance(self.tool, FrameTool) and self.tool.grip_at(event.position()) != "" and super().double(event)


class FrameTool(Tool):
    """Tells the desk what becomes of the paper while it is moved, and once more when it is let go."""

    snaps = False
    hint = "Drag the paper; corners change the scale, the round handle turns it"

    def __init__(self, hand: Hand, desk: PublishDesk) -> None:
        super().__init__(hand)
        self._desk = desk
        self._grip = ""
        self._over = ""
        self._from: Sheet | None = None
        self._pressed: Place | None = None
        self._scale = 0.0
        self._moved = False

    @property
    def cursor(self) -> Qt.CursorShape:  # type: ignore[override]
        grip = self._grip or self._over
        sheet = self._desk.sheet
        if grip in _CORNERS or grip in _EDGES:
            share = (_CORNERS | _EDGES)[grip]
            angle = math.degrees(math.atan2(share[1] - 0.5, share[0] - 0.5)) - (sheet.turn if sheet is not None else 0.0)
            shapes = (Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeVerCursor, Qt.CursorShape.SizeBDiagCursor)
            return shapes[round(angle / 45) % 4]
        return {"turn": Qt.CursorShape.CrossCursor, "title": Qt.CursorShape.IBeamCursor, "": Qt.CursorShape.OpenHandCursor}.get(grip, Qt.CursorShape.SizeAllCursor)

    # where things are on the widget

    def _px_per_mm(self) -> float:
        sheet = self._desk.sheet
        return 0.0 if sheet is None else sheet.units / self.hand.unit

    def _at(self, place: XY) -> QPointF:
        px, py = self.hand.viewport.to_px(*place)
        ratio = self.hand.canvas.devicePixelRatioF()
        return QPointF(px / ratio, py / ratio)

    def _turn_handle(self, sheet: Sheet) -> QPointF:
        foot = self._at(sheet.ground(sheet.width / 2, 0.0))
        angle = math.radians(sheet.turn)
        return foot + QPointF(-math.sin(angle), -math.cos(angle)) * TURN_PX

    def grip_at(self, px: QPointF) -> str:
        """What of the paper is under a place of the widget: a corner, an edge, ``turn``, ``title``, ``sheet``, or ""."""
        sheet = self._desk.sheet
        if sheet is None:
            return ""
        if _near(px, self._turn_handle(sheet), GRIP_PX + 3):
            return "turn"
        for name, (x, y) in {**_CORNERS, **(_EDGES if self._desk.frame.format == "custom" else {})}.items():
            if _near(px, self._at(sheet.ground(x * sheet.width, y * sheet.height)), GRIP_PX):
                return name
        ratio = self.hand.canvas.devicePixelRatioF()
        x, y = sheet.paper(self.hand.viewport.to_map(px.x() * ratio, px.y() * ratio))
        if not (0 <= x <= sheet.width and 0 <= y <= sheet.height):
            return ""
        title = self._desk.title_box()
        return "title" if title is not None and title.x <= x <= title.right and title.y <= y <= title.bottom else "sheet"

    def title_rect(self) -> QRectF | None:
        """Where the title stands on the widget; None where it does not, or the paper is turned."""
        sheet, box = self._desk.sheet, self._desk.title_box()
        if sheet is None or box is None:
            return None
        a, b = self._at(sheet.ground(box.x, box.y)), self._at(sheet.ground(box.right, box.bottom))
        return QRectF(a, QPointF(max(b.x(), a.x() + 160), max(b.y(), a.y() + 26)))

    # gestures

    def press(self, at: Place) -> None:
        self._grip, self._from, self._pressed, self._moved = self.grip_at(at.px), self._desk.sheet, at, False
        self._scale = self._desk.frame.scale or 1.0

    def move(self, at: Place, *, dragging: bool) -> None:
        if not dragging or not self._grip or self._from is None or self._pressed is None:
            over = self.grip_at(at.px)
            if over != self._over:
                self._over = over
                self.hand.canvas.rest_cursor()
            return
        if self._moved or (at.px - self._pressed.px).manhattanLength() > _CLICK_PX:
            self._moved = True
            self._desk.try_on(**self._changes(at, self._from, self._pressed))

    def _changes(self, at: Place, sheet: Sheet, pressed: Place) -> dict[str, object]:
        if self._grip in ("sheet", "title"):
            east, north = at.raw[0] - pressed.raw[0], at.raw[1] - pressed.raw[1]
            return {"centre": (sheet.centre[0] + east, sheet.centre[1] + north)}
        if self._grip == "turn":
            middle = self._at(sheet.centre)
            angle = math.degrees(math.atan2(middle.x() - at.px.x(), middle.y() - at.px.y()))
            lean = math.degrees(math.atan2((sheet.width / 2 - sheet.middle[0]), sheet.middle[1]))  # the handle is not above the middle of the map
            turn = (angle + lean + 180) % 360 - 180
            square = round(turn / 90) * 90
            return {"turn": float(square if abs(turn - square) <= _SQUARE_DEG and not at.shift else round(turn)) % 360}
        if self._grip in _EDGES:
            return self._sized(at, sheet)
        share_x, share_y = _CORNERS[self._grip]
        fixed = (1 - share_x) * sheet.width, (1 - share_y) * sheet.height
        corner = share_x * sheet.width, share_y * sheet.height
        x, y = sheet.paper(at.raw)
        along = ((x - fixed[0]) * (corner[0] - fixed[0]) + (y - fixed[1]) * (corner[1] - fixed[1])) / (sheet.width**2 + sheet.height**2)
        scale = max(self._scale * max(along, 0.02), 50.0)
        scale = float(f"{scale:.2g}") if at.shift else nearest_scale(scale)
        still, size = sheet.ground(*fixed), scale / self._scale  # the corner opposite stays where it is
        return {"scale": scale, "centre": tuple(f + (c - f) * size for f, c in zip(still, sheet.centre, strict=True))}

    def _sized(self, at: Place, sheet: Sheet) -> dict[str, object]:
        """Of custom paper: an edge is drawn to another place, the one opposite stays."""
        x, y = sheet.paper(at.raw)
        width, height = sheet.width, sheet.height
        if self._grip in "ew":
            width = x if self._grip == "e" else width - x
        else:
            height = y if self._grip == "s" else height - y
        width, height = (float(min(max(round(v), 50), 5_000)) for v in (width, height))
        fixed = (sheet.width if self._grip == "w" else 0.0), (sheet.height if self._grip == "n" else 0.0)
        return self._desk.resized(width, height, sheet.ground(*fixed), (width if self._grip == "w" else 0.0, height if self._grip == "n" else 0.0))

    def release(self, at: Place) -> None:
        grip, self._grip, self._from = self._grip, "", None
        if self._moved:
            self._desk.keep_tried()
        elif grip == "title":
            self._desk.changed.emit("title")
        self.hand.canvas.rest_cursor()

    def double(self, at: Place) -> None:
        if self.grip_at(at.px) == "title":
            self._desk.changed.emit("title")

    def cancel(self) -> bool:
        if not self._moved or self._from is None:
            return False
        self._grip, self._from, self._moved = "", None, False
        self._desk.give_up()
        return True

    def finish(self) -> None:
        self._desk.changed.emit("title")

    def key(self, key: int) -> bool:
        """Arrows move the paper, page up and down change its scale, comma and full stop turn it."""
        sheet, desk = self._desk.sheet, self._desk
        if sheet is None:
            return False
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        scale = desk.frame.scale or 1.0
        if key in steps:
            across, down = steps[Qt.Key(key)]
            middle = sheet.middle
            desk.set(centre=sheet.ground(middle[0] + across * _STEP * sheet.window.width, middle[1] + down * _STEP * sheet.window.height))
        elif key == Qt.Key.Key_PageUp:
            desk.set(scale=round_scale(scale * 1.01))
        elif key == Qt.Key.Key_PageDown:
            desk.set(scale=round_scale(scale * 0.99, up=False))
        elif key in (Qt.Key.Key_Comma, Qt.Key.Key_Period):
            desk.set(turn=(sheet.turn + (1 if key == Qt.Key.Key_Comma else -1)) % 360)
        else:
            return False
        return True

    def reading(self) -> list[str]:
        sheet = self._desk.sheet
        if sheet is None or not self._moved or not self._grip:
            return []
        said = self._desk.words()
        return [said, tr("{turn}° turned", turn=f"{(sheet.turn + 180) % 360 - 180:g}")] if self._grip == "turn" else [said]

    # painting

    def paint(self, brush: Brush) -> None:
        sheet = self._desk.sheet
        if sheet is None:
            return
        painter = brush.painter
        per_mm = sheet.units / (brush.viewport.units_per_px * brush.ratio)
        painter.save()
        origin = brush.at(sheet.ground(0.0, 0.0))
        turned = QTransform().translate(origin.x(), origin.y()).rotate(-sheet.turn)
        page = QRectF(0, 0, sheet.width * per_mm, sheet.height * per_mm)
        window = _scaled(sheet.window, per_mm)
        self._pale(painter, turned.map(_path(page)))
        painter.setTransform(turned, combine=True)
        self._paint_paper(painter, page, window, per_mm)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(INK), 1.4))
        painter.drawRect(page)
        painter.restore()
        self._paint_handles(painter, brush, sheet)

    def _pale(self, painter: QPainter, page: QPainterPath) -> None:
        wash = theme.current().color("paper")
        wash.setAlphaF(0.62)
        outside = QPainterPath()
        outside.addRect(QRectF(self.hand.canvas.rect()))
        painter.setRenderHint(painter.RenderHint.Antialiasing, False)  # upright edges are sharp without, and much faster
        painter.fillPath(outside.subtracted(page), wash)
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, alpha in ((7, 22), (3, 40)):
            painter.setPen(QPen(QColor(31, 42, 48, alpha), width))
            painter.drawPath(page)

    def _paint_paper(self, painter: QPainter, page: QRectF, window: QRectF, per_mm: float) -> None:
        """What stands round the map: as it was last drawn, else where it will stand."""
        painter.save()
        painter.setRenderHint(painter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(_path(page).subtracted(_path(window)), Qt.ClipOperation.IntersectClip)
        image = self._desk.image()
        if image is not None:
            painter.drawImage(page, image)
        else:
            painter.fillRect(page, QColor("#ffffff"))
            painter.setFont(theme.font(theme.SMALL_PX))
            for name, box in self._desk.places():
                there = _scaled(box, per_mm)
                painter.fillRect(there, QColor("#f1eee8"))
                painter.setPen(QColor("#6b757d"))
                if there.width() > 40 and there.height() > 12:
                    painter.drawText(there, Qt.AlignmentFlag.AlignCenter, name)
        painter.restore()
        painter.setPen(QPen(QColor(INK), 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(window)

    def _paint_handles(self, painter: QPainter, brush: Brush, sheet: Sheet) -> None:
        top, handle = brush.at(sheet.ground(sheet.width / 2, 0.0)), self._turn_handle(sheet)
        for color, width in ((QColor(255, 255, 255, 225), 4.0), (QColor(INK), 1.4)):
            painter.setPen(QPen(color, width))
            painter.drawLine(top, handle)
        painter.setPen(QPen(QColor(INK), 1.4))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(handle, 9.5, 9.5)
        icons.draw(painter, "rotate-left", QRectF(handle.x() - 7, handle.y() - 7, 14, 14), QColor(INK))
        marks = {**_CORNERS, **(_EDGES if self._desk.frame.format == "custom" else {})}
        painter.setPen(QPen(QColor(INK), 1.4))
        for name, (x, y) in marks.items():
            at = brush.at(sheet.ground(x * sheet.width, y * sheet.height))
            painter.setBrush(QColor(INK) if name == self._over else QColor("#ffffff"))
            painter.drawRect(QRectF(at.x() - 4.5, at.y() - 4.5, 9, 9))


def _near(a: QPointF, b: QPointF, reach: float) -> bool:
    return abs(a.x() - b.x()) <= reach and abs(a.y() - b.y()) <= reach


def _path(box: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRect(box)
    return path


def _scaled(box: Box, factor: float) -> QRectF:
    return QRectF(box.x * factor, box.y * factor, box.width * factor, box.height * factor)


def moved_to(sheet: Sheet, window: Box, size: tuple[float, float], still: XY, at: tuple[float, float]) -> Sheet:
    """Paper of another size on the same ground scale, whose place ``at`` lies where ``still`` is."""
    made = replace(sheet, width=size[0], height=size[1], window=window)
    x, y = made.ground(*at)
    return replace(made, centre=(made.centre[0] + still[0] - x, made.centre[1] + still[1] - y))
