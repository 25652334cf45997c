"""What the mouse does on a page: each gesture from press to release, one step of the history at most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from lydigital.model.layout import QrItem, TextItem
from lydigital.publish.furniture import Box
from lydigital.texts import tr
from lydigital.ui.designer import boxes, making, snapping

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from lydigital.model.layout import AnyItem
    from lydigital.ui.designer.canvas import PageCanvas
    from lydigital.ui.designer.drawing import Axis

SLACK_PX = 4.0  # a press that moves less is a click
STEP_MM = 0.5  # of what comes to rest nowhere
TURN_STEP = 15.0
_SHAPES = Qt.CursorShape
CURSORS = {
    "nw": _SHAPES.SizeFDiagCursor, "se": _SHAPES.SizeFDiagCursor, "ne": _SHAPES.SizeBDiagCursor, "sw": _SHAPES.SizeBDiagCursor,
    "n": _SHAPES.SizeVerCursor, "s": _SHAPES.SizeVerCursor, "e": _SHAPES.SizeHorCursor, "w": _SHAPES.SizeHorCursor,
}  # fmt: skip


class Gesture:
    """From a press to its release. Alt frees it of snapping."""

    shows_handles = True

    def __init__(self, canvas: PageCanvas, event: QMouseEvent) -> None:
        self.canvas, self.drawing = canvas, canvas.drawing
        self.start_px = event.position()
        self.start = canvas.mm(self.start_px)
        self.is_drag = False
        self.words = ""  # live values

    def move(self, event: QMouseEvent) -> None:
        if not self.is_drag and (event.position() - self.start_px).manhattanLength() < SLACK_PX:
            return
        self.is_drag = True
        self.dragged(event)

    def dragged(self, event: QMouseEvent) -> None:
        """The hand is elsewhere."""

    def end(self, event: QMouseEvent) -> None:
        """The button was let go."""

    def give_up(self) -> None:
        self.drawing.give_up()

    def by(self, event: QMouseEvent) -> tuple[float, float]:
        """How far the hand is from where it began, mm."""
        x, y = self.canvas.mm(event.position())
        return x - self.start[0], y - self.start[1]

    def reach(self, event: QMouseEvent) -> float:
        """Within how many mm things snap."""
        from lydigital.ui.designer.canvas import SNAP_PX

        is_free = not self.drawing.snaps or event.modifiers() & Qt.KeyboardModifier.AltModifier
        return 0.0 if is_free else SNAP_PX / self.canvas.zoom


class Pan(Gesture):
    def __init__(self, canvas: PageCanvas, event: QMouseEvent) -> None:
        super().__init__(canvas, event)
        self._last = self.start_px
        canvas.setCursor(Qt.CursorShape.ClosedHandCursor)

    def dragged(self, event: QMouseEvent) -> None:
        step = event.position() - self._last
        self._last = event.position()
        self.canvas.pan_by(step.x(), step.y())


class Band(Gesture):
    """A rubber band selects what it touches; Ctrl and Shift add."""

    def __init__(self, canvas: PageCanvas, event: QMouseEvent) -> None:
        super().__init__(canvas, event)
        is_more = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        self._before = set(self.drawing.selected) if is_more else set()
        if not is_more:
            self.drawing.select(())

    def dragged(self, event: QMouseEvent) -> None:
        self.canvas.band = QRectF(self.start_px, event.position()).normalized()
        x0, y0 = self.canvas.mm(self.canvas.band.topLeft())
        x1, y1 = self.canvas.mm(self.canvas.band.bottomRight())
        met = set()
        for item in self.drawing.on_page():
            box = boxes.outer((item,))
            if item.visible and not item.locked and box.x <= x1 and box.right >= x0 and box.y <= y1 and box.bottom >= y0:
                met.add(item.id)
        self.drawing.select(self._before | met)


class Move(Gesture):
    """Things are taken along; Shift keeps to one direction, Ctrl leaves a copy."""

    shows_handles = False

    def __init__(self, canvas: PageCanvas, event: QMouseEvent, item: AnyItem) -> None:
        super().__init__(canvas, event)
        self._item = item
        self._is_toggle = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._was_selected = item.id in self.drawing.selected
        if not self._was_selected and not self._is_toggle:
            self.drawing.select((item.id,))

    def dragged(self, event: QMouseEvent) -> None:
        drawing = self.drawing
        if not drawing.tried and self._item.id not in drawing.selected:
            drawing.toggle(self._item.id)
        items = drawing.movable()
        if not items:
            return
        dx, dy = self.by(event)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        box = boxes.outer(items)
        wanted = Box(box.x + dx, box.y + dy, box.width, box.height)
        found = snapping.snap_box(wanted, snapping.lines(drawing.layout, drawing.page, {i.id for i in items}), self.reach(event))
        dx = dx + found.dx if found.xs else _rested(wanted.x) - box.x if dx else 0.0
        dy = dy + found.dy if found.ys else _rested(wanted.y) - box.y if dy else 0.0
        self.canvas.xs, self.canvas.ys = found.xs, found.ys
        drawing.try_on(boxes.moved(items, dx, dy))
        self.words = f"{box.x + dx:.1f}, {box.y + dy:.1f} mm"

    def end(self, event: QMouseEvent) -> None:
        drawing = self.drawing
        if self.is_drag and drawing.tried:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._leave_copy()
            else:
                drawing.keep_tried("Move on layout {layout}")
        elif not self.is_drag and self._is_toggle:
            drawing.toggle(self._item.id)
        elif not self.is_drag and self._was_selected:
            drawing.select((self._item.id,))

    def _leave_copy(self) -> None:
        drawing = self.drawing
        moved = list(drawing.tried.values())
        new = boxes.copies(drawing.layout, moved, drawing.page, 0.0, 0.0)
        if drawing.edit("Add to layout {layout}", items=(*drawing.layout.items, *new)):
            drawing.select(i.id for i in new)


class Resize(Gesture):
    """A handle is pulled; Shift keeps the proportions."""

    def __init__(self, canvas: PageCanvas, event: QMouseEvent, handle: str) -> None:
        super().__init__(canvas, event)
        self._handle = handle
        self._items = self.drawing.movable()
        self._box = boxes.outer(self._items)

    def dragged(self, event: QMouseEvent) -> None:
        drawing, h_v = self.drawing, boxes.HANDLES[self._handle]
        dx, dy = self.by(event)
        keeps = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        is_turned = len(self._items) == 1 and self._items[0].rotation
        if not is_turned:
            dx, dy = self._snapped(event, dx, dy, h_v)
        if len(self._items) == 1:
            new = [boxes.resized(self._items[0], self._handle, dx, dy, keep_ratio=keeps)]
        else:
            new = boxes.scaled(self._items, self._box, boxes.stretched(self._box, self._handle, dx, dy, keep_ratio=keeps))
        drawing.try_on(new)
        size = boxes.outer(new) if len(new) > 1 else new[0]
        self.words = f"{size.width:.1f} × {size.height:.1f} mm"

    def _snapped(self, event: QMouseEvent, dx: float, dy: float, h_v: tuple[int, int]) -> tuple[float, float]:
        box, (h, v) = self._box, h_v
        x = None if not h else (box.right if h > 0 else box.x) + dx
        y = None if not v else (box.bottom if v > 0 else box.y) + dy
        known = snapping.lines(self.drawing.layout, self.drawing.page, {i.id for i in self._items})
        found = snapping.snap_point(x, y, known, self.reach(event))
        self.canvas.xs, self.canvas.ys = found.xs, found.ys
        if x is not None:
            dx = dx + found.dx if found.xs else dx + _rested(x) - x
        if y is not None:
            dy = dy + found.dy if found.ys else dy + _rested(y) - y
        return dx, dy

    def end(self, event: QMouseEvent) -> None:
        if self.drawing.tried:
            self.drawing.keep_tried("Resize on layout {layout}")


class Turn(Gesture):
    """The handle above an item turns it by steps of fifteen degrees, freely with Alt."""

    def dragged(self, event: QMouseEvent) -> None:
        import msgspec

        (item,) = self.drawing.movable()
        x, y = self.canvas.mm(event.position())
        cx, cy = boxes.middle(item)
        angle = math.degrees(math.atan2(x - cx, cy - y))
        is_free = event.modifiers() & Qt.KeyboardModifier.AltModifier
        angle = round(angle, 1) if is_free else round(angle / TURN_STEP) * TURN_STEP
        angle = (angle + 180) % 360 - 180
        self.drawing.try_on((msgspec.structs.replace(item, rotation=angle + 0.0),))
        self.words = f"{angle:g}°"

    def end(self, event: QMouseEvent) -> None:
        if self.drawing.tried:
            self.drawing.keep_tried("Turn on layout {layout}")


class Guide(Gesture):
    """A guide is drawn out of a ruler, or moved; back on the ruler it is gone."""

    def __init__(self, canvas: PageCanvas, event: QMouseEvent, axis: Axis, number: int | None = None) -> None:
        super().__init__(canvas, event)
        self._axis, self._number = axis, number

    def dragged(self, event: QMouseEvent) -> None:
        place = self._place(event)
        self.canvas.guide = None if place is None else (self._axis, place)
        self.words = tr("Take away") if place is None else f"{place:.1f} mm"

    def end(self, event: QMouseEvent) -> None:
        if self.is_drag:
            place = self._place(event)
            if place is not None or self._number is not None:
                self.drawing.set_guide(self._number, self._axis, place)

    def _place(self, event: QMouseEvent) -> float | None:
        from lydigital.ui.designer.canvas import RULER_PX

        at = event.position()
        x, y = self.canvas.mm(at)
        if (at.x() if self._axis == "x" else at.y()) < RULER_PX:
            return None
        known = snapping.lines(self.drawing.layout, self.drawing.page)
        found = snapping.snap_point(x if self._axis == "x" else None, y if self._axis == "y" else None, known, self.reach(event))
        place = x + found.dx if self._axis == "x" else y + found.dy
        return boxes.tidy(place if found.xs or found.ys else _rested(place))


class Draw(Gesture):
    """A new item from corner to corner; a click makes it as large as such things are."""

    def __init__(self, canvas: PageCanvas, event: QMouseEvent) -> None:
        super().__init__(canvas, event)
        self._box: Box | None = None

    def dragged(self, event: QMouseEvent) -> None:
        known, reach = snapping.lines(self.drawing.layout, self.drawing.page), self.reach(event)
        places = []
        for at in (self.start_px, event.position()):
            x, y = self.canvas.mm(at)
            found = snapping.snap_point(x, y, known, reach)
            places.append((x + found.dx if found.xs else _rested(x), y + found.dy if found.ys else _rested(y)))
            self.canvas.xs, self.canvas.ys = found.xs, found.ys
        (x0, y0), (x1, y1) = places
        self._box = Box(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
        self.canvas.band = self.canvas.rect_of(self._box)
        self.words = f"{self._box.width:.1f} × {self._box.height:.1f} mm"

    def end(self, event: QMouseEvent) -> None:
        kind = self.canvas.kind
        self.canvas.begin_item("")
        item = making.made(self.drawing, kind, self._box, self.start)
        if self.drawing.add(item) and isinstance(item, TextItem | QrItem):
            self.canvas.typed.emit(item.id)

    def give_up(self) -> None:
        self.canvas.begin_item("")


def _rested(value: float) -> float:
    return round(value / STEP_MM) * STEP_MM


def begun(canvas: PageCanvas, event: QMouseEvent) -> Gesture:
    """The gesture that a press at this place begins."""
    from lydigital.ui.designer.canvas import RULER_PX

    at: QPointF = event.position()
    drawing = canvas.drawing
    if event.button() == Qt.MouseButton.MiddleButton or canvas.has_space:
        return Pan(canvas, event)
    if canvas.kind:
        return Draw(canvas, event)
    if at.x() < RULER_PX or at.y() < RULER_PX:
        return Guide(canvas, event, "x" if at.x() < RULER_PX else "y")
    inside = canvas.map_in_hand(at)
    if inside is not None:
        from lydigital.ui.designer.content import Content

        return Content(canvas, event, inside)
    handle = canvas.handle_at(at)
    if handle:
        return Turn(canvas, event) if handle == "turn" else Resize(canvas, event, handle)
    guide = canvas.guide_at(at)
    if guide is not None:
        return Guide(canvas, event, drawing.layout.guides[guide][0], guide)
    slack = 1.0 / canvas.zoom
    x, y = canvas.mm(at)
    item = drawing.hit(x, y, slack)
    if not event.modifiers():  # what is selected may be moved under others
        mine = [i for i in drawing.movable() if i.page == drawing.page and boxes.holds(i, x, y, slack)]
        if mine and item is not None and item.id not in drawing.selected and not boxes.holds(item, x, y, -1.0):
            item = mine[0]
    if item is not None:
        return Move(canvas, event, item)
    return Band(canvas, event)
