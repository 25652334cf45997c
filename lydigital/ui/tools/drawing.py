"""Tools that make features of the layer in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from lydigital.errors import LydError
from lydigital.texts import tr
from lydigital.ui import measures
from lydigital.ui.tools import shapes
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.path import PathTool

if TYPE_CHECKING:
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

_SHAKE_PX = 1.5  # a line drawn by hand is true to it


def create(hand: Hand, geometry: str) -> bool:
    """A new feature of the layer in hand."""
    avoid = hand.aids.avoid_overlap and geometry.startswith("POLYGON")
    return hand.execute("feature.create", layer=hand.layer, geometry=geometry, avoid_overlap=avoid) is not None


class DrawPoint(PathTool):
    needed = 1
    least = 1
    start_hint = "Click where the point is, or type X and Y."

    def done(self, places: list[XY]) -> bool:
        return create(self.hand, shapes.point_wkt(places[0]))


class DrawLine(PathTool):
    def done(self, places: list[XY]) -> bool:
        return create(self.hand, shapes.line_wkt(places))


class DrawPolygon(PathTool):
    closes = True
    least = 3

    def done(self, places: list[XY]) -> bool:
        return create(self.hand, shapes.polygon_wkt(places))


class Trace(PathTool):
    """Follows lines and edges of features from one click to the next."""

    start_hint = "Click on a line or an edge to begin."
    next_hint = "Click further along: the way follows the edges. Hold Shift to go straight. Enter ends."

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._ends: list[int] = []  # places a click, for taking back
        self._way: tuple[XY, XY] | None = None
        self._kept: list[XY] = []

    @property
    def is_closed(self) -> bool:
        definition = self.hand.session.document.layer(self.hand.layer)
        return definition is not None and self.hand.session.definition(self.hand.layer).geometry == "polygon"

    @property
    def least(self) -> int:  # type: ignore[override]
        return 3 if self.is_closed else 2

    def _between(self, start: XY, end: XY) -> list[XY]:
        """The way along edges; straight where there is none."""
        if self._way != (start, end):
            from lydigital.commands import registry

            self._way = (start, end)
            try:
                found = registry.execute(self.hand.session, "vertex.trace", start=start, end=end)
                self._kept = [(float(x), float(y)) for x, y in found["points"]]
            except LydError:
                self._kept = [start, end]
        return self._kept

    def press(self, at: Place) -> None:
        place = self.target(at)
        self._ends.append(len(self.places))
        if self.places and at.snap is not None and not at.shift:
            self.places += self._between(self.places[-1], place)[1:]
        else:
            self.add(place)

    def take_back(self) -> bool:
        if not self._ends:
            return False
        del self.places[self._ends.pop() :]
        return True

    def cancel(self) -> bool:
        self._ends = []
        return super().cancel()

    def shown(self) -> list[XY]:
        at = self.here
        if at is None or not self.places or at.snap is None or at.shift:
            return super().shown()
        return [*self.places, *self._between(self.places[-1], at.xy)[1:]]

    def done(self, places: list[XY]) -> bool:
        return create(self.hand, shapes.polygon_wkt(places) if self.is_closed else shapes.line_wkt(places))


class _Shaped(PathTool):
    """A regular shape; a line in a layer of lines."""

    closes = True

    def _radius_m(self, centre: XY, rim: XY) -> float:
        return measures.ground_length([centre, rim], self.hand.viewport.crs)

    def _as_line(self, ring: list[XY]) -> bool | None:
        """Made as a line where the layer has lines; None where it has areas."""
        if self.hand.session.definition(self.hand.layer).geometry != "line":
            return None
        return create(self.hand, shapes.line_wkt(ring))


class Circle(_Shaped):
    needed = 2
    start_hint = "Click the centre of the circle."
    next_hint = "Click on the rim, or type the radius and Enter."

    @property
    def one_number(self) -> str:
        return "Radius (m)" if self.places else ""

    def outline(self, places: list[XY]) -> list[XY]:
        return shapes.ring_of_circle(*places) if len(places) == 2 else places

    def typed(self, numbers) -> None:
        """A radius is enough."""
        super().typed(numbers)
        if self.length is not None and self.azimuth is None and self.origin is not None:
            self.add(shapes.polar(self.origin, self._map_length(self.length, 90.0), 90.0))

    def done(self, places: list[XY]) -> bool:
        as_line = self._as_line(shapes.ring_of_circle(*places))
        if as_line is not None:
            return as_line
        (x, y), radius = places[0], self._radius_m(*places)
        return self.hand.execute("feature.create_circle", layer=self.hand.layer, x=x, y=y, radius_m=radius) is not None


class Rectangle(_Shaped):
    needed = 3
    start_hint = "Click one end of a side."
    next_hint = "Click the other end of the side, then how far the rectangle reaches."

    def outline(self, places: list[XY]) -> list[XY]:
        return (shapes.rectangle(*places) or places) if len(places) == 3 else places

    def done(self, places: list[XY]) -> bool:
        as_line = self._as_line(shapes.rectangle(*places))
        if as_line is not None:
            return as_line
        return self.hand.execute("feature.create_rectangle", layer=self.hand.layer, points=places) is not None


class Regular(_Shaped):
    needed = 2
    start_hint = "Click the centre; ↑ and ↓ change the number of sides."
    next_hint = "Click a corner, or type the radius and Enter; ↑ and ↓ change the number of sides."

    def outline(self, places: list[XY]) -> list[XY]:
        return shapes.regular(places[0], places[1], self.hand.aids.sides) if len(places) == 2 else places

    def key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if key not in steps:
            return False
        sides = min(max(self.hand.aids.sides + steps[Qt.Key(key)], 3), 60)
        self.hand.change_aids(sides=sides)
        return True

    def reading(self) -> list[str]:
        return [tr("{count} sides", count=self.hand.aids.sides), *super().reading()]

    def done(self, places: list[XY]) -> bool:
        ring = shapes.regular(places[0], places[1], self.hand.aids.sides)
        return create(self.hand, shapes.line_wkt(ring) if self._is_line() else shapes.polygon_wkt(ring))

    def _is_line(self) -> bool:
        return self.hand.session.definition(self.hand.layer).geometry == "line"


class Freehand(Tool):
    """Drawn with the button held down."""

    snaps = False
    hint = "Hold the button down and draw; let go to end."

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._path: list[XY] = []

    def press(self, at: Place) -> None:
        self._path = [at.raw]

    def move(self, at: Place, *, dragging: bool) -> None:
        if dragging and self._path and at.raw != self._path[-1]:
            self._path.append(at.raw)

    def release(self, at: Place) -> None:
        path, self._path = shapes.without_doubles(self._path), []
        if len(path) < 3:
            return
        self.hand.execute(
            "feature.create_freehand", layer=self.hand.layer, points=path, tolerance=_SHAKE_PX * self.hand.unit
        )

    def cancel(self) -> bool:
        had, self._path = bool(self._path), []
        return had

    def paint(self, brush: Brush) -> None:
        if len(self._path) > 1:
            area = self.hand.session.definition(self.hand.layer).geometry == "polygon"
            brush.line([np.array(self._path)], fill=area, close=area)

    def reading(self) -> list[str]:
        if len(self._path) < 2:
            return []
        step = max(1, len(self._path) // 400)
        return [measures.length_text(measures.ground_length(self._path[::step], self.hand.viewport.crs))]


class Guide(PathTool):
    """A construction line: snapped to, never stored."""

    needed = 2
    start_hint = "Click a place the construction line passes through."
    next_hint = "Click a second place, or type an azimuth. Construction lines are not saved; Delete removes them."

    def typed(self, numbers) -> None:
        super().typed(numbers)
        if self.azimuth is not None and self.length is None and self.origin is not None:
            self.add(shapes.polar(self.origin, 100 * self.hand.unit, self.azimuth))

    def key(self, key: int) -> bool:
        if key != Qt.Key.Key_Delete:
            return False
        self.hand.guides.clear()
        return True

    def done(self, places: list[XY]) -> bool:
        self.hand.guides.append((places[0], places[1]))
        self.hand.done.emit()
        return True
