"""Tools that take one place after another: rubber band, guides, locks, typed numbers, live values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.geometry import GeometryKind
from lydigital.texts import tr
from lydigital.ui import measures
from lydigital.ui.tools import shapes
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.overlay import GUIDE, INK

if TYPE_CHECKING:
    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.hand import Hand
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

GUIDE_PX = 7.0  # the cursor this near to a right angle takes it
GUIDE_DEG = 6.0


class PathTool(Tool):
    """Collects ``places``; a subclass says what becomes of them.

    Attributes
    ----------
    needed
        The path is done with so many places; 0 for a path of any length.
    closes
        Whether it is an area.
    """

    needed = 0
    closes = False
    least = 2
    start_hint = "Click the first place, or type X and Y."
    next_hint = "Click the next place; double-click, Enter or right-click ends. Digits type a length."

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self.places: list[XY] = []
        self.length: float | None = None  # locked, metres on the ground
        self.azimuth: float | None = None
        self._guide: float | None = None  # direction of the guide the cursor is on

    # what a subclass says

    def done(self, places: list[XY]) -> bool:
        """Make something of the places; False to keep them, when it failed."""
        raise NotImplementedError

    def outline(self, places: list[XY]) -> list[XY]:
        """What is shown of ``places``, the cursor being the last."""
        return places

    @property
    def is_closed(self) -> bool:
        return self.closes

    # gestures

    @property
    def hint(self) -> str:  # type: ignore[override]
        return self.next_hint if self.places else self.start_hint

    @property
    def origin(self) -> XY | None:
        return self.places[-1] if self.places else None

    @property
    def sketch(self) -> list[list[XY]]:
        return [self.places] if len(self.places) > 1 else []

    @property
    def takes_numbers(self) -> bool:
        return True

    def press(self, at: Place) -> None:
        self.add(self.target(at))

    def double(self, at: Place) -> None:
        if not self.needed:
            self.finish()

    def add(self, place: XY) -> None:
        """The next place of the path."""
        if self.places and place == self.places[-1]:
            return
        self.places.append(place)
        self.length = self.azimuth = None
        if self.needed and len(self.places) == self.needed:
            self.finish()

    def finish(self) -> None:
        places = shapes.without_doubles(self.places)
        if len(places) < max(self.least, self.needed):
            return
        if self.done(places):
            self.cancel()
        elif self.needed:
            self.places.pop()

    def cancel(self) -> bool:
        had = bool(self.places) or self.length is not None or self.azimuth is not None
        self.places = []
        self.length = self.azimuth = None
        return had

    def take_back(self) -> bool:
        if not self.places:
            return False
        self.places.pop()
        return True

    def leave(self) -> None:
        self.cancel()

    # where the next place goes

    def target(self, at: Place) -> XY:
        """The cursor as locks, typed numbers, Shift and right angles hold it."""
        self._guide = None
        origin = self.origin
        typing = self.hand.typing
        if typing is not None and typing.mode in ("xy", "relative") and typing.is_whole:
            return self._typed_place(typing)
        if origin is None:
            return at.xy
        length, azimuth = self.length, self.azimuth
        if typing is not None:
            length = typing.first if typing.first is not None else length
            azimuth = typing.second if typing.second is not None else azimuth
        place = at.xy
        if azimuth is not None:
            place = shapes.onto(origin, azimuth, place)
            ahead = shapes.polar(origin, 1.0, azimuth)
            forward = (place[0] - origin[0]) * (ahead[0] - origin[0]) + (place[1] - origin[1]) * (ahead[1] - origin[1])
            if length is not None:
                place = shapes.polar(origin, self._map_length(length, azimuth), azimuth)
            elif forward < 0:
                place = origin
            return place
        if at.shift:
            place = shapes.stepped(origin, place, self._base())
            self._guide = shapes.azimuth(origin, place)
        elif at.snap is None and length is None and self.hand.aids.right_angles:
            place = self._squared(origin, place)
        if length is not None:
            direction = shapes.azimuth(origin, place)
            place = shapes.polar(origin, self._map_length(length, direction), direction)
        return place

    def _base(self) -> float:
        """Direction of the last side: angles are counted from it."""
        return shapes.azimuth(*self.places[-2:]) if len(self.places) > 1 else 0.0

    def _squared(self, origin: XY, place: XY) -> XY:
        """Onto the right angle, or straight on, where the cursor is near to it."""
        if len(self.places) < 2:
            return place
        square = shapes.stepped(origin, place, self._base(), 90.0)
        off = abs((shapes.azimuth(origin, place) - shapes.azimuth(origin, square) + 180.0) % 360.0 - 180.0)
        if shapes.distance(square, place) <= GUIDE_PX * self.hand.unit and off <= GUIDE_DEG:
            self._guide = shapes.azimuth(origin, square)
            return square
        return place

    def _map_length(self, metres: float, azimuth: float) -> float:
        """Map units that measure ``metres`` on the ground in a direction."""
        origin = self.origin
        assert origin is not None
        unit = 100.0 / self.hand.viewport.crs.metres_per_unit
        ground = measures.ground_length([origin, shapes.polar(origin, unit, azimuth)], self.hand.viewport.crs)
        return metres * unit / ground if ground > 0 else metres

    def _typed_place(self, typed: Typed) -> XY:
        assert typed.first is not None
        assert typed.second is not None
        if typed.mode == "relative" and self.origin is not None:
            return (self.origin[0] + typed.first, self.origin[1] + typed.second)
        return (typed.first, typed.second)

    def typed(self, numbers: Typed) -> None:
        if numbers.mode in ("xy", "relative"):
            self.add(self._typed_place(numbers))
            return
        self.length = numbers.first if numbers.first is not None else self.length
        self.azimuth = numbers.second if numbers.second is not None else self.azimuth
        if self.length is not None and self.azimuth is not None and self.origin is not None:
            self.add(shapes.polar(self.origin, self._map_length(self.length, self.azimuth), self.azimuth))

    # what is seen

    def shown(self) -> list[XY]:
        """The path with the cursor as its last place."""
        if self.here is None:
            return self.places
        return [*self.places, self.target(self.here)]

    def paint(self, brush: Brush) -> None:
        shown = self.shown()
        outline = self.outline(shown)
        if len(outline) > 1:
            closed = self.is_closed and len(outline) > 2
            brush.line([np.array(outline)], fill=closed, close=closed)
        if self._guide is not None and self.origin is not None:
            brush.ray(self.origin, shapes.polar(self.origin, self.hand.unit * 100, self._guide), GUIDE)
        if self.places:
            brush.handles(np.array(self.places))
        if shown and self.here is not None:
            brush.dot(shown[-1], INK, 3.0)

    def reading(self) -> list[str]:
        shown = self.shown()
        if not self.places or len(shown) < 2:
            return []
        crs = self.hand.viewport.crs
        side = measures.ground_length(shown[-2:], crs)
        lines = [f"{measures.length_text(side)}  {shapes.azimuth(*shown[-2:]):.1f}°"]
        if self.length is not None or self.azimuth is not None:
            lock = tr("length") if self.length is not None else tr("azimuth")
            lines[0] += "  " + tr("{what} locked", what=lock)
        outline = self.outline(shown)
        if len(outline) > 2:
            kind = GeometryKind.POLYGON if self.is_closed else GeometryKind.LINE
            all_ = measures.measure_path(outline, kind, crs)
            total = tr("Perimeter {length}") if self.is_closed else tr("Total {length}")
            lines.append(total.format(length=measures.length_text(all_.length_m)))
            if self.is_closed:
                lines.append(tr("Area {area}", area=measures.area_text(all_.area_m2)))
        return lines
