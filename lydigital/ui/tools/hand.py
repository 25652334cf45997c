"""The hand on the map: holds one tool, snaps the cursor for it, types numbers for it, paints for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent

from lydigital.commands import registry
from lydigital.domain.identify import identify
from lydigital.domain.snapping import Snapping, snap
from lydigital.errors import LydError
from lydigital.model.changeset import ChangeSet
from lydigital.model.table import FeatureTable
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.entry import OPENS, NumberEntry
from lydigital.ui.tools.overlay import GUIDE, Brush

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPainter

    from lydigital.domain.identify import Hit
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session
    from lydigital.settings import Aids
    from lydigital.ui.canvas import MapCanvas
    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.shapes import XY

PICK_PX = 6.0
KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Escape}


@dataclasses.dataclass(frozen=True)
class Ring:
    """One ring or line of a feature, as it is now: its vertices ``(n, 2)`` in map units."""

    part: int
    ring: int
    coords: np.ndarray[Any, np.dtype[np.float64]]


@dataclasses.dataclass(frozen=True)
class Shape:
    """A feature as it is drawn."""

    layer: str
    fid: int
    kind: int
    rings: tuple[Ring, ...]


class Hand(QObject):
    """Gestures come from the canvas, commands go to the registry; what goes wrong is told by ``failed``."""

    hinted = Signal(str)  # what to do now, a template
    failed = Signal(object)
    done = Signal()
    created = Signal()  # a feature was drawn, and is selected
    left = Signal()  # Esc with nothing begun
    said = Signal(str, str)  # what is the matter, and what to do
    aids_changed = Signal(object)

    def __init__(self, canvas: MapCanvas, session: Session, aids: Aids) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.session = session
        self.aids = aids
        self.layer = ""  # what new features go into
        self.guides: list[tuple[XY, XY]] = []
        self.tool: Tool | None = None
        self.here: Place | None = None
        self.typing: Typed | None = None
        self._hint = ""
        self._dragging = False
        self.entry = NumberEntry(canvas)
        self.entry.changed.connect(self._typing)
        self.entry.taken.connect(self._typed)
        self.entry.dismissed.connect(self._stop_typing)

    # the tool

    def take(self, tool: Tool | None) -> None:
        """Change tools; None lets the map have its gestures back."""
        if self.tool is not None:
            self.tool.leave()
        self._stop_typing()
        self.entry.hide()
        self.tool = tool
        self._dragging = False
        self.canvas.hand = self if tool is not None else None
        self.canvas.rest_cursor()
        self._told()

    @property
    def cursor(self) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor if self.tool is None else self.tool.cursor

    def _told(self) -> None:
        """Paint again, and say it where there is something else to do now."""
        hint = "" if self.tool is None else self.tool.hint
        if hint != self._hint:
            self._hint = hint
            self.hinted.emit(hint)
        self.canvas.update()

    # for tools

    def say(self, text: str, hint: str) -> None:
        """Tell, in the user's language, why a gesture did nothing."""
        self.said.emit(text, hint)

    def change_aids(self, **changes: Any) -> None:
        self.aids = msgspec.structs.replace(self.aids, **changes)
        self.aids_changed.emit(self.aids)
        self._told()

    @property
    def viewport(self) -> Viewport:
        return self.canvas.viewport

    @property
    def unit(self) -> float:
        """Map units of a pixel of the window."""
        return self.viewport.units_per_px * self.canvas.devicePixelRatioF()

    def scene(self) -> tuple[SceneLayer, ...]:
        """What is drawn, as far as it is read."""
        return self.session.scene(self.viewport.scale, only_read=True)

    def execute(self, command: str, **parameters: object) -> ChangeSet | None:
        """Do a command of the registry; None where it failed, which is told."""
        try:
            result = registry.execute(self.session, command, **parameters)
        except LydError as error:
            self.failed.emit(error)
            return None
        finally:
            self.canvas.update()
        self.done.emit()
        if command.startswith("feature.create") and isinstance(result, ChangeSet) and result:
            self.created.emit()
        return result if isinstance(result, ChangeSet) else None

    def hits(self, xy: XY, layer: str = "") -> list[Hit]:
        """Features under a place, topmost first; of one layer or of all."""
        scene = [drawn for drawn in self.scene() if not layer or drawn.id == layer]
        ratio = self.canvas.devicePixelRatioF()
        return identify(scene, *xy, self.viewport, tolerance_px=PICK_PX * ratio)

    def shape(self, layer: str, fid: int, scene: tuple[SceneLayer, ...] | None = None) -> Shape | None:
        """A feature as it is drawn now; None when it is not."""
        for drawn in reversed(self.scene() if scene is None else scene):
            table = drawn.data
            if drawn.id != layer or not isinstance(table, FeatureTable):
                continue
            row = int(table.rows_of(np.array([fid], np.int64))[0])
            if row >= 0 and (drawn.codes is None or drawn.codes[row] >= 0):
                return _shape(layer, fid, table, row)
        return None

    def selected(self, most: int = 5_000) -> list[Shape]:
        """The selected features, at most so many."""
        scene = self.scene()
        wanted = [(layer, int(fid)) for layer, fids in self.session.selection.fids.items() for fid in fids[:most]]
        found = [self.shape(layer, fid, scene) for layer, fid in wanted[:most]]
        return [shape for shape in found if shape is not None]

    # gestures of the canvas; True when taken

    def press(self, event: QMouseEvent) -> bool:
        if self.tool is None or event.button() == Qt.MouseButton.MiddleButton:
            return False
        at = self._place(event.position(), event.modifiers())
        if event.button() == Qt.MouseButton.RightButton:
            self.tool.finish()
        else:
            self._dragging = True
            self.tool.press(at)
        self._told()
        return True

    def move(self, event: QMouseEvent) -> None:
        if self.tool is not None:
            self.tool.move(self._place(event.position(), event.modifiers()), dragging=self._dragging)
            self._told()

    def release(self, event: QMouseEvent) -> bool:
        if self.tool is None or not self._dragging or event.button() != Qt.MouseButton.LeftButton:
            return event.button() == Qt.MouseButton.RightButton
        self._dragging = False
        self.tool.release(self._place(event.position(), event.modifiers()))
        self._told()
        return True

    def double(self, event: QMouseEvent) -> bool:
        if self.tool is None or event.button() != Qt.MouseButton.LeftButton:
            return self.tool is not None
        self.tool.double(self._place(event.position(), event.modifiers()))
        self._told()
        return True

    def wants(self, event: QEvent) -> bool:
        """Whether a key is the tool's before it is a shortcut of the window."""
        assert isinstance(event, QKeyEvent)
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        return self.tool is not None and plain and (event.key() in KEYS or bool(OPENS.match(event.text() or "")))

    def key(self, event: QKeyEvent) -> bool:
        tool = self.tool
        if tool is None or event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        key = event.key()
        taken = True
        if tool.key(key):
            pass
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            tool.finish()
        elif key == Qt.Key.Key_Escape:
            if not tool.cancel():
                self.left.emit()
        elif key == Qt.Key.Key_Backspace:
            tool.take_back()
        elif tool.takes_numbers and OPENS.match(event.text() or ""):
            at = self.here.px if self.here is not None else QPointF(self.canvas.rect().center())
            self.entry.open_at(at.toPoint(), event.text(), steps=tool.has_steps, one=tool.one_number)
        else:
            taken = False
        self._told()
        return taken

    def gone(self) -> None:
        """The cursor left the map."""
        self.here = None
        if self.tool is not None:
            self.tool.here = None
        self.canvas.update()

    def features_changed(self) -> None:
        """Features or the selection are other ones now."""
        if self.tool is not None:
            self.tool.features_changed()
            self._told()

    # numbers

    def _typing(self, typed: Typed) -> None:
        self.typing = typed
        self._told()

    def _stop_typing(self) -> None:
        self.typing = None
        self._told()

    def _typed(self, typed: Typed) -> None:
        self.typing = None
        if self.tool is not None:
            self.tool.typed(typed)
        self._told()

    # snapping and painting

    def _place(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Place:
        raw = self.canvas.map_point(at)
        found = None
        tool = self.tool
        if tool is not None and tool.snaps and self.aids.snapping:
            sketch = [np.array(line, np.float64) for line in tool.sketch if len(line) > 1]
            far = 3.0 * (self.viewport.width_px + self.viewport.height_px) * self.viewport.units_per_px
            sketch += [_long(a, b, far) for a, b in self.guides]
            found = snap(
                self.scene(), *raw, self.viewport, self._snapping(), origin=tool.origin, sketch=sketch,
                without=tool.dragged,
            )  # fmt: skip
        here = Place(
            raw if found is None else (found.x, found.y), raw, at, found,
            bool(modifiers & Qt.KeyboardModifier.ShiftModifier), bool(modifiers & Qt.KeyboardModifier.ControlModifier),
        )  # fmt: skip
        self.here = here
        if tool is not None:
            tool.here = here
        return here

    def _snapping(self) -> Snapping:
        aids = self.aids
        layers = {"all": None, "target": frozenset({self.layer})}.get(aids.snap_to, frozenset(aids.snap_layers))
        ratio = self.canvas.devicePixelRatioF()
        return Snapping(frozenset(aids.kinds), aids.tolerance_px * ratio, layers, aids.grid)

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        """Above the frame of ``viewport``."""
        if self.tool is None:
            return
        painter.save()
        brush = Brush(painter, viewport, self.canvas.devicePixelRatioF())
        for a, b in self.guides:
            brush.ray(a, b, GUIDE)
        self.tool.paint(brush)
        if self.here is not None:
            if self.here.snap is not None and self.tool.snaps:
                brush.snap(self.here.snap)
            if not self.entry.isVisible():
                brush.pill(self.here.px + QPointF(16, 16), self.tool.reading())
            else:
                brush.pill(QPointF(self.entry.x(), self.entry.y() + self.entry.height() + 4), self.tool.reading())
        painter.restore()


def _shape(layer: str, fid: int, table: FeatureTable, row: int) -> Shape:
    g = table.geometry
    rings = []
    for part in range(int(g.geom_offsets[row]), int(g.geom_offsets[row + 1])):
        first = int(g.part_offsets[part])
        for ring in range(first, int(g.part_offsets[part + 1])):
            coords = g.coords[int(g.ring_offsets[ring]) : int(g.ring_offsets[ring + 1])]
            rings.append(Ring(part - int(g.geom_offsets[row]), ring - first, coords))
    return Shape(layer, fid, int(g.kind), tuple(rings))


def _long(a: XY, b: XY, far: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The line through two places, longer than any picture."""
    start, end = np.array(a), np.array(b)
    step = (end - start) / max(float(np.hypot(*(end - start))), 1e-12) * far
    return np.array([start - step, end + step])
