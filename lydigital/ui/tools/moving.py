"""The selected features as a whole: moved, turned, made larger or smaller, seen while it happens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.selection import Selection
from lydigital.texts import tr
from lydigital.ui import measures
from lydigital.ui.tools import shapes
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.overlay import GUIDE, SNAP
from lydigital.ui.tools.selecting import DRAG_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.hand import Hand, Shape
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

PREVIEWED = 60_000  # vertices; more are shown as their boxes


class _Whole(Tool):
    """Drag, or click twice: where from and where to. With nothing selected the feature under the cursor is taken."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self.base: XY | None = None
        self._pressed: Place | None = None
        self._shapes: list[Shape] = []
        self.features_changed()

    def features_changed(self) -> None:
        self._shapes = self.hand.selected()
        if sum(len(r.coords) for s in self._shapes for r in s.rings) > PREVIEWED:
            self._shapes = [_boxed(s) for s in self._shapes]

    @property
    def origin(self) -> XY | None:
        return self.base

    @property
    def dragged(self) -> set[tuple[str, int]]:
        return {(s.layer, s.fid) for s in self._shapes} if self.base is not None else set()

    @property
    def takes_numbers(self) -> bool:
        return bool(self._shapes)

    @property
    def has_steps(self) -> bool:
        return True

    def press(self, at: Place) -> None:
        if not self._shapes:
            hits = self.hand.hits(at.raw, self.hand.layer)
            if hits:
                self.hand.session.select(Selection.of(hits[0].layer, [hits[0].fid]))
                self.features_changed()
        if not self._shapes:
            return
        if self.base is None:
            self._pressed = at
            self.begin(at)
        else:
            self.end(at)

    def begin(self, at: Place) -> None:
        self.base = at.xy

    def release(self, at: Place) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None and (at.px - pressed.px).manhattanLength() >= DRAG_PX:
            self.end(at)

    def end(self, at: Place) -> None:
        raise NotImplementedError

    def cancel(self) -> bool:
        had, self.base, self._pressed = self.base is not None, None, None
        return had

    def moved(self, coords: NDArray[np.float64], at: Place) -> NDArray[np.float64]:
        """Vertices ``(n, 2)`` as they would be with the cursor there."""
        raise NotImplementedError

    def paint(self, brush: Brush) -> None:
        for shape in self._shapes:
            brush.line([r.coords for r in shape.rings], width=1.2, close=shape.kind == 3)
        if self.base is None or self.here is None:
            return
        for shape in self._shapes:
            if shape.kind == 1:
                for ring in shape.rings:
                    brush.handles(self.moved(ring.coords, self.here), color=SNAP, filled=True)
                continue
            lines = [self.moved(r.coords, self.here) for r in shape.rings]
            brush.line(lines, color=SNAP, fill=shape.kind == 3, close=shape.kind == 3)
        brush.dot(self.base, GUIDE)
        brush.line([np.array([self.base, self.here.xy])], color=GUIDE, width=1.1, dash=True)

    def middle(self) -> XY:
        coords = np.concatenate([r.coords for s in self._shapes for r in s.rings])
        low, high = coords.min(0), coords.max(0)
        return (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)


class Move(_Whole):
    @property
    def hint(self) -> str:  # type: ignore[override]
        if not self._shapes:
            return "Click the feature to move, or select features first."
        if self.base is None:
            return "Drag the selection, or click where from and where to; digits type the shift."
        return "Click where to, or type length and azimuth, @ΔX,ΔY. Shift keeps to 15°."

    def _target(self, at: Place) -> XY:
        assert self.base is not None
        return shapes.stepped(self.base, at.xy) if at.shift and at.snap is None else at.xy

    def end(self, at: Place) -> None:
        assert self.base is not None
        x, y = self._target(at)
        dx, dy = x - self.base[0], y - self.base[1]
        self.base = None
        self._go(dx, dy)

    def _go(self, dx: float, dy: float) -> None:
        if dx or dy:
            self.hand.execute("feature.move", dx=dx, dy=dy)

    def moved(self, coords: NDArray[np.float64], at: Place) -> NDArray[np.float64]:
        assert self.base is not None
        return coords + (np.array(self._target(at)) - self.base)

    def typed(self, numbers: Typed) -> None:
        if numbers.first is None or numbers.second is None:
            return
        base, self.base = self.base, None
        if numbers.mode == "polar":
            x, y = shapes.polar((0.0, 0.0), numbers.first, numbers.second)
            unit = measures.ground_length([self.middle(), shapes.polar(self.middle(), 100.0, numbers.second)],
                                          self.hand.viewport.crs) / 100.0  # fmt: skip
            self._go(x / unit, y / unit)
        elif numbers.mode == "relative" or base is None:
            self._go(numbers.first, numbers.second)
        else:
            self._go(numbers.first - base[0], numbers.second - base[1])

    def reading(self) -> list[str]:
        if self.base is None or self.here is None:
            return []
        target = self._target(self.here)
        length = measures.ground_length([self.base, target], self.hand.viewport.crs)
        dx, dy = target[0] - self.base[0], target[1] - self.base[1]
        return [measures.length_text(length), tr("ΔX {dx}  ΔY {dy}", dx=f"{dx:.2f}", dy=f"{dy:.2f}")]


class Rotate(_Whole):
    """Around the middle of the selection, or the place clicked with Ctrl."""

    def __init__(self, hand: Hand) -> None:
        self._pivot: XY | None = None
        super().__init__(hand)

    @property
    def hint(self) -> str:  # type: ignore[override]
        if not self._shapes:
            return "Click the feature to rotate, or select features first."
        return "Drag to rotate; Shift keeps to 15°. Ctrl-click sets the centre. Digits type the angle, counter-clockwise."

    def features_changed(self) -> None:
        super().features_changed()
        self._pivot = None

    @property
    def one_number(self) -> str:
        return "Angle (°)"

    @property
    def pivot(self) -> XY:
        return self._pivot or self.middle()

    def press(self, at: Place) -> None:
        if at.ctrl:
            self._pivot = at.xy
        else:
            super().press(at)

    def _turn(self, at: Place) -> float:
        """Degrees counter-clockwise."""
        assert self.base is not None
        turn = shapes.azimuth(self.pivot, self.base) - shapes.azimuth(self.pivot, at.xy)
        turn = (turn + 180.0) % 360.0 - 180.0
        return round(turn / shapes.STEP_DEG) * shapes.STEP_DEG if at.shift else turn

    def end(self, at: Place) -> None:
        turn = self._turn(at)
        self.base = None
        self._go(turn)

    def _go(self, degrees: float) -> None:
        if degrees:
            x, y = self.pivot
            self.hand.execute("feature.rotate", angle_deg=degrees, x=x, y=y)

    def moved(self, coords: NDArray[np.float64], at: Place) -> NDArray[np.float64]:
        angle = math.radians(self._turn(at))
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        return (coords - self.pivot) @ turn + self.pivot

    def typed(self, numbers: Typed) -> None:
        if numbers.first is not None:
            self.base = None
            self._go(numbers.first)

    def paint(self, brush: Brush) -> None:
        super().paint(brush)
        if self._shapes:
            brush.dot(self.pivot, GUIDE, 5.0)

    def reading(self) -> list[str]:
        return [] if self.base is None or self.here is None else [f"{self._turn(self.here):.1f}°"]


class Scale(Rotate):
    @property
    def hint(self) -> str:  # type: ignore[override]
        if not self._shapes:
            return "Click the feature to scale, or select features first."
        return "Drag away from the centre or towards it. Ctrl-click sets the centre. Digits type the factor."

    @property
    def one_number(self) -> str:
        return "Factor"

    def _factor(self, at: Place) -> float:
        assert self.base is not None
        before = shapes.distance(self.pivot, self.base)
        return shapes.distance(self.pivot, at.xy) / before if before > 0 else 1.0

    def end(self, at: Place) -> None:
        factor = self._factor(at)
        self.base = None
        self._go(factor)

    def _go(self, factor: float) -> None:
        if factor not in (0.0, 1.0):
            x, y = self.pivot
            self.hand.execute("feature.scale", factor_x=factor, factor_y=factor, x=x, y=y)

    def moved(self, coords: NDArray[np.float64], at: Place) -> NDArray[np.float64]:
        return (coords - self.pivot) * self._factor(at) + self.pivot

    def reading(self) -> list[str]:
        return [] if self.base is None or self.here is None else [f"× {self._factor(self.here):.3f}"]


def _boxed(shape: Shape) -> Shape:
    import dataclasses

    rings = []
    for ring in shape.rings[:1]:
        coords = np.concatenate([r.coords for r in shape.rings])
        (x0, y0), (x1, y1) = coords.min(0), coords.max(0)
        box = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
        rings.append(dataclasses.replace(ring, coords=box))
    return dataclasses.replace(shape, rings=tuple(rings))
