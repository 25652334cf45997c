"""The page under the hand: its picture, rulers, guides, what is selected; gestures begin here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from lydigital.model.layout import MapItem
from lydigital.publish.furniture import Box
from lydigital.texts import tr
from lydigital.ui import icons, theme
from lydigital.ui.designer import boxes, content, gestures, rulers
from lydigital.ui.designer.drawing import Axis, name_of
from lydigital.ui.widgets import soft_shadow

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent

    from lydigital.model.layout import AnyItem
    from lydigital.publish.arrange import PlacedMap
    from lydigital.ui.designer.drawing import Drawing
    from lydigital.ui.designer.proof import ProofDesk

RULER_PX = rulers.WIDTH_PX
MARGIN_PX = 36  # around a page that is shown whole
HANDLE_PX = 4.0  # half of it
GRIP_PX = 8.0
SNAP_PX = 7.0
TURN_PX = 24.0  # of the handle that turns, above the item
ZOOMS = (0.05, 80.0)  # pixels a millimetre
HELPER, GUIDE = "#d4279b", "#1f9bd1"


class PageCanvas(QWidget):
    """``hovered`` tells the place under the mouse in mm, ``zoomed`` the pixels a millimetre, ``typed`` an item to be written in."""

    hovered = Signal(float, float)
    zoomed = Signal(float)
    typed = Signal(str)
    drawn = Signal(str)  # the kind of item that was to be drawn is on the page, or given up

    def __init__(self, drawing: Drawing, desk: ProofDesk) -> None:
        super().__init__()
        self.drawing, self.desk = drawing, desk
        self.zoom = 1.0
        self.origin = QPointF(60, 60)  # of the page, in pixels of the widget
        self.gesture: gestures.Gesture | None = None
        self.kind = ""  # of the item to be drawn next
        self.xs: tuple[float, ...] = ()  # helper lines
        self.ys: tuple[float, ...] = ()
        self.band: QRectF | None = None
        self.has_space = False  # held: the hand pans
        self.guide: tuple[Axis, float] | None = None  # one that is being dragged
        self.inside = ""  # id of the map whose content is in the hand
        self.content_shift = QPointF()  # of it, mm, until it is drawn anew
        self._fits = True
        self._mouse = QPointF(-1, -1)
        self.menu = QMenu(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Page"))
        drawing.changed.connect(self._drawing_changed)
        desk.changed.connect(self._desk_changed)

    def sizeHint(self) -> QSize:
        return QSize(700, 600)

    # places

    def at(self, x: float, y: float) -> QPointF:
        """Millimetres of the page to pixels of the widget."""
        return QPointF(self.origin.x() + x * self.zoom, self.origin.y() + y * self.zoom)

    def mm(self, at: QPointF) -> tuple[float, float]:
        """And back."""
        return (at.x() - self.origin.x()) / self.zoom, (at.y() - self.origin.y()) / self.zoom

    def rect_of(self, box: Box) -> QRectF:
        return QRectF(self.at(box.x, box.y), self.at(box.right, box.bottom))

    @property
    def room(self) -> QRectF:
        """The widget without its rulers."""
        return QRectF(RULER_PX, RULER_PX, self.width() - RULER_PX, self.height() - RULER_PX)

    @property
    def page_rect(self) -> QRectF:
        page = self.drawing.layout.pages[self.drawing.page]
        return QRectF(self.at(0, 0), self.at(page.width, page.height))

    def fit(self) -> None:
        """The whole page."""
        page, room = self.drawing.layout.pages[self.drawing.page], self.room
        self._fits = True
        zoom = min((room.width() - 2 * MARGIN_PX) / page.width, (room.height() - 2 * MARGIN_PX) / page.height)
        self.zoom = min(max(zoom, ZOOMS[0]), ZOOMS[1])
        self.origin = QPointF(
            round(room.center().x() - page.width * self.zoom / 2), round(room.center().y() - page.height * self.zoom / 2)
        )
        self._moved()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller around a place, the middle where none is named."""
        at = at or self.room.center()
        x, y = self.mm(at)
        self.zoom = min(max(self.zoom * factor, ZOOMS[0]), ZOOMS[1])
        self.origin = QPointF(round(at.x() - x * self.zoom), round(at.y() - y * self.zoom))
        self._fits = False
        self._moved()

    def pan_by(self, dx: float, dy: float) -> None:
        self.origin += QPointF(dx, dy)
        self._fits = False
        self._moved()

    def _moved(self) -> None:
        self.ask_picture()
        self.zoomed.emit(self.zoom)
        self.update()

    def ask_picture(self, *, now: bool = False) -> None:
        """Want what is seen of the page, with some more on every side while the page is seen in part."""
        ratio = self.devicePixelRatioF()
        seen = self.room.adjusted(-0.2 * self.width(), -0.2 * self.height(), 0.2 * self.width(), 0.2 * self.height())
        part = self.page_rect & seen
        if part.isEmpty():
            return
        x, y = self.mm(part.topLeft())
        self.desk.want(self.drawing.page, QRectF(x, y, part.width() / self.zoom, part.height() / self.zoom), self.zoom * ratio, now=now)

    # what is grasped

    def handles(self) -> dict[str, QPointF]:
        """Places of the handles of what is selected."""
        items = self.selected_items()
        if not items or all(i.locked for i in items):
            return {}
        if len(items) == 1:
            (item,) = items
            x, y = boxes.middle(item)
            places = {}
            for name, (h, v) in boxes.HANDLES.items():
                dx, dy = boxes.turned(h * item.width / 2, v * item.height / 2, item.rotation)
                places[name] = self.at(x + dx, y + dy)
            up = boxes.turned(0, -item.height / 2 - TURN_PX / self.zoom, item.rotation)
            if not isinstance(item, MapItem):
                places["turn"] = self.at(x + up[0], y + up[1])
            return places
        box = boxes.outer(items)
        return {
            name: self.at(box.x + (h + 1) / 2 * box.width, box.y + (v + 1) / 2 * box.height)
            for name, (h, v) in boxes.HANDLES.items()
        }  # fmt: skip

    def selected_items(self) -> list[AnyItem]:
        return [i for i in self.drawing.on_page() if i.id in self.drawing.selected]

    def handle_at(self, at: QPointF) -> str:
        near = [((at - place).manhattanLength(), name) for name, place in self.handles().items()]
        distance, name = min(near, default=(GRIP_PX + 1, ""))
        return name if distance <= GRIP_PX else ""

    def guide_at(self, at: QPointF) -> int | None:
        for number, (axis, place) in enumerate(self.drawing.layout.guides):
            here = self.at(place, place)
            if abs((at.x() - here.x()) if axis == "x" else (at.y() - here.y())) <= 3:
                return number
        return None

    # the mouse

    def begin_item(self, kind: str) -> None:
        """The next drag, or click, puts an item of this kind on the page."""
        self.kind = kind
        self.setCursor(Qt.CursorShape.CrossCursor if kind else Qt.CursorShape.ArrowCursor)
        self.drawn.emit(kind)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.gesture is not None or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self.gesture = gestures.begun(self, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        self.hovered.emit(*self.mm(self._mouse))
        if self.gesture is not None:
            self.gesture.move(event)
        else:
            self._show_cursor(event.position())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.end(event)
        self.clear_marks()
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self.drawing.hit(*self.mm(event.position()), slack=1.0 / self.zoom)
        if item is None:
            self.fit()
            return
        self.drawing.select((item.id,), groups=False)
        if isinstance(item, MapItem):
            self.go_inside(item.id)
        else:
            self.typed.emit(item.id)

    def go_inside(self, item_id: str) -> None:
        """The hand moves what this map shows, until Esc; "" to come out again."""
        self.inside, self.content_shift = item_id, QPointF()
        self.update()

    def map_in_hand(self, at: QPointF) -> PlacedMap | None:
        """The map whose content the hand would move at this place."""
        item = self.drawing.layout.item(self.inside) if self.inside else None
        return content.placed_map(self, self.inside) if item is not None and boxes.holds(item, *self.mm(at)) else None

    def leaveEvent(self, event) -> None:
        self._mouse = QPointF(-1, -1)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120 or event.pixelDelta().y() / 60
        if self.map_in_hand(event.position()) is not None:
            content.zoom(self, self.inside, 1.25**steps, event.position())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan_by(80 * (event.angleDelta().x() / 120 or steps), 0)
        else:
            self.zoom_by(1.25**steps, event.position())
        event.accept()

    def contextMenuEvent(self, event) -> None:
        place = self.mm(QPointF(event.pos()))
        item = self.drawing.hit(*place, slack=1.0 / self.zoom)
        if item is not None and item.id not in self.drawing.selected:
            self.drawing.select((item.id,))
        self.menu.popup(event.globalPos())

    def give_up(self) -> bool:
        """End the gesture without a trace; False when there is none."""
        gesture, self.gesture = self.gesture, None
        if gesture is None and not self.kind:
            was_inside = bool(self.inside)
            self.go_inside("")
            return was_inside
        if gesture is not None:
            gesture.give_up()
        self.begin_item("")
        self.clear_marks()
        return True

    def clear_marks(self) -> None:
        self.xs, self.ys, self.band, self.guide = (), (), None, None
        self.update()

    def _show_cursor(self, at: QPointF) -> None:
        shapes = Qt.CursorShape
        handle = self.handle_at(at)
        guide = self.guide_at(at) if not handle else None
        if self.has_space:
            shape = shapes.OpenHandCursor
        elif self.kind:
            shape = shapes.CrossCursor
        elif self.map_in_hand(at) is not None:
            shape = shapes.OpenHandCursor
        elif at.x() < RULER_PX or at.y() < RULER_PX:
            shape = shapes.SplitHCursor if at.x() < RULER_PX else shapes.SplitVCursor
        elif handle:
            shape = shapes.CrossCursor if handle == "turn" else gestures.CURSORS[handle]
        elif guide is not None:
            shape = shapes.SplitHCursor if self.drawing.layout.guides[guide][0] == "x" else shapes.SplitVCursor
        else:
            shape = shapes.SizeAllCursor if self.drawing.hit(*self.mm(at), slack=1.0 / self.zoom) else shapes.ArrowCursor
        self.setCursor(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.has_space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        event.ignore()  # the page around it knows the keys

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.has_space = False
            self._show_cursor(self._mouse)
        event.ignore()

    # changes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            self.fit()
        else:
            self.ask_picture()

    def _drawing_changed(self, what: str) -> None:
        if self.inside and self.drawing.selected != (self.inside,):
            self.go_inside("")
        if what == "page":
            self.fit()
            self.ask_picture(now=True)
        self.update()

    def _desk_changed(self, what: str) -> None:
        if what == "proof" and self.gesture is None and self.desk.is_painted():
            self.content_shift = QPointF()
        if what == "made":
            self.ask_picture(now=True)
        self.update()

    # paint

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.drawing.is_there:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        t = theme.current()
        painter.fillRect(self.rect(), t.color("sunken"))
        painter.save()
        painter.setClipRect(self.room)
        self._paint_page(painter)
        self._paint_content(painter)
        self._paint_items(painter)
        self._paint_guides(painter)
        self._paint_selection(painter)
        painter.restore()
        rulers.paint(painter, self)

    def _paint_page(self, painter: QPainter) -> None:
        sheet = self.page_rect
        soft_shadow(painter, sheet, 1.0, 7)
        painter.fillRect(sheet, QColor("#ffffff"))
        proof = self.desk.proof
        if proof is not None and proof.page == self.drawing.page:
            region = proof.region
            painter.drawImage(QRectF(self.at(region.x(), region.y()), self.at(region.right(), region.bottom())), proof.image)
        else:
            painter.setPen(QPen(QColor("#b9bec6"), 1, Qt.PenStyle.DashLine))
            for item in self.drawing.on_page():
                if item.visible:
                    painter.drawRect(self.rect_of(Box(item.x, item.y, item.width, item.height)))
        painter.setPen(QPen(QColor(31, 42, 48, 60), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(sheet)

    def _paint_content(self, painter: QPainter) -> None:
        """The map in the hand, as far as the picture has it."""
        proof, placed = self.desk.proof, content.placed_map(self, self.inside) if self.inside else None
        if proof is None or placed is None or self.content_shift.isNull():
            return
        box, k = placed.box, proof.per_mm
        painter.save()
        painter.setClipRect(self.rect_of(box), Qt.ClipOperation.IntersectClip)
        painter.fillRect(self.rect_of(box), QColor("#f0ede6"))
        piece = QRectF((box.x - proof.region.x()) * k, (box.y - proof.region.y()) * k, box.width * k, box.height * k)
        painter.drawImage(self.rect_of(box).translated(self.content_shift * self.zoom), proof.image, piece)
        painter.restore()

    def _paint_items(self, painter: QPainter) -> None:
        """Things that stand elsewhere than in the picture, with what the picture has of them."""
        proof = self.desk.proof
        if proof is None or proof.page != self.drawing.page:
            return
        shown = {i.id: i for i in proof.made.layout.items}
        for item in self.drawing.on_page():
            if not item.visible or not boxes.differs(shown, item):
                continue
            painter.save()
            centre = self.at(*boxes.middle(item))
            painter.translate(centre)
            painter.rotate(item.rotation)
            place = QRectF(-item.width * self.zoom / 2, -item.height * self.zoom / 2, item.width * self.zoom, item.height * self.zoom)
            old = shown.get(item.id)
            if old is not None and not old.rotation and old.page == item.page and item.width and item.height:
                k, region = proof.per_mm, proof.region
                piece = QRectF((old.x - region.x()) * k, (old.y - region.y()) * k, old.width * k, old.height * k)
                painter.setOpacity(0.8)
                painter.drawImage(place, proof.image, piece)
                painter.setOpacity(1.0)
            painter.setPen(QPen(theme.current().color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place)
            if old is None and place.height() > 14:
                painter.setFont(theme.font(11))
                painter.drawText(place.adjusted(4, 2, -4, -2), Qt.AlignmentFlag.AlignCenter, name_of(item))
            painter.restore()

    def _paint_guides(self, painter: QPainter) -> None:
        guides = list(self.drawing.layout.guides)
        if self.guide is not None:
            guides.append(self.guide)
        painter.setPen(QPen(QColor(GUIDE), 1))
        for axis, place in guides:
            self._line(painter, axis, place)
        painter.setPen(QPen(QColor(HELPER), 1))
        for x in self.xs:
            self._line(painter, "x", x)
        for y in self.ys:
            self._line(painter, "y", y)

    def _line(self, painter: QPainter, axis: str, place: float) -> None:
        at = self.at(place, place)
        if axis == "x":
            painter.drawLine(QPointF(round(at.x()) + 0.5, 0), QPointF(round(at.x()) + 0.5, self.height()))
        else:
            painter.drawLine(QPointF(0, round(at.y()) + 0.5), QPointF(self.width(), round(at.y()) + 0.5))

    def _paint_selection(self, painter: QPainter) -> None:
        t = theme.current()
        accent = QColor("#0f766e")  # the paper is white in every theme
        items = self.selected_items()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        hovered = None
        if self.gesture is None and not self.kind and self.room.contains(self._mouse) and not self.handle_at(self._mouse):
            hovered = self.drawing.hit(*self.mm(self._mouse), slack=1.0 / self.zoom)
        if hovered is not None and hovered.id not in self.drawing.selected:
            painter.setPen(QPen(accent, 1, Qt.PenStyle.DotLine))
            painter.drawPolygon(self._polygon(hovered))
        for item in items:
            painter.setPen(QPen(accent, 1.2, Qt.PenStyle.DashLine if item.locked else Qt.PenStyle.SolidLine))
            painter.drawPolygon(self._polygon(item))
            if item.locked:
                corner = self.at(item.x + item.width, item.y)
                icons.draw(painter, "lock", QRectF(corner.x() - 16, corner.y() + 3, 12, 12), accent)
        if len(items) > 1:
            painter.setPen(QPen(accent, 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect_of(boxes.outer(items)))
        if self.inside:
            self._paint_inside(painter, accent)
            return
        places = self.handles() if self.gesture is None or self.gesture.shows_handles else {}
        if "turn" in places:
            painter.setPen(QPen(accent, 1))
            painter.drawLine(places["turn"], places["n"])
        painter.setPen(QPen(accent, 1.3))
        painter.setBrush(QColor("#ffffff"))
        for name, place in places.items():
            if name == "turn":
                painter.drawEllipse(place, HANDLE_PX + 0.5, HANDLE_PX + 0.5)
            else:
                painter.drawRect(QRectF(place.x() - HANDLE_PX, place.y() - HANDLE_PX, 2 * HANDLE_PX, 2 * HANDLE_PX))
        if self.band is not None:
            ground = t.color("accent")
            ground.setAlphaF(0.12)
            painter.setPen(QPen(accent, 1))
            painter.setBrush(ground)
            painter.drawRect(self.band)
        if self.gesture is not None and self.gesture.words:
            self._paint_words(painter, self.gesture.words)

    def _paint_inside(self, painter: QPainter, accent: QColor) -> None:
        """A heavy frame, and what the hand can do."""
        item = self.drawing.layout.item(self.inside)
        if item is None:
            return
        frame = self.rect_of(Box(item.x, item.y, item.width, item.height))
        painter.setPen(QPen(accent, 3))
        painter.drawRect(frame)
        words = tr("Drag the map; the wheel changes its scale; Esc ends")
        painter.setFont(theme.font(theme.SMALL_PX))
        box = QRectF(0, 0, painter.fontMetrics().horizontalAdvance(words) + 20, 24)
        box.moveCenter(QPointF((frame & self.room).center().x(), max(frame.top(), self.room.top()) + 20))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _polygon(self, item: AnyItem) -> QPolygonF:
        return QPolygonF([self.at(x, y) for x, y in boxes.corners(item)])

    def _paint_words(self, painter: QPainter, words: str) -> None:
        """Live values beside the cursor."""
        t = theme.current()
        painter.setFont(theme.font(theme.SMALL_PX))
        wide = painter.fontMetrics().horizontalAdvance(words) + 14
        box = QRectF(self._mouse.x() + 16, self._mouse.y() + 18, wide, 22)
        box.moveRight(min(box.right(), self.width() - 4))
        box.moveBottom(min(box.bottom(), self.height() - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("ink"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(t.color("paper"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
