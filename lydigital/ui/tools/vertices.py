"""Vertices of features: moved, added, removed, one by one or by a rectangle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PySide6.QtCore import Qt

from lydigital.model.selection import Selection
from lydigital.texts import tr
from lydigital.ui import measures
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.overlay import SNAP
from lydigital.ui.tools.selecting import DRAG_PX

if TYPE_CHECKING:
    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.hand import Hand, Ring, Shape
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

GRAB_PX = 9.0
SHOWN = 20_000  # vertices with handles

Pick: TypeAlias = tuple[str, int, int, int, int]  # layer, fid, part, ring, index


class EditVertices(Tool):
    """Handles on the selected features and the one under the cursor."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._shapes: list[Shape] = []
        self._hovered: Shape | None = None
        self._chosen: set[Pick] = set()
        self._grabbed: Pick | None = None
        self._start: XY = (0.0, 0.0)
        self._box: Place | None = None
        self._moving = False
        self.features_changed()

    @property
    def hint(self) -> str:  # type: ignore[override]
        if self._chosen:
            return "Drag moves the chosen vertices, Delete removes them; digits type where to."
        return "Drag a vertex. Double-click an edge to add one, Delete removes. Drag a rectangle to choose several."

    @property
    def origin(self) -> XY | None:
        return self._start if self._moving else None

    @property
    def takes_numbers(self) -> bool:
        return bool(self._chosen)

    @property
    def has_steps(self) -> bool:
        return True

    @property
    def dragged(self) -> set[tuple[str, int]]:
        return {pick[:2] for pick in self._chosen} if self._moving else set()

    def features_changed(self) -> None:
        self._shapes = [s for s in self.hand.selected(200) if self._may(s.layer)]
        self._hovered = None
        known = {(s.layer, s.fid) for s in self._shapes}
        self._chosen = {pick for pick in self._chosen if pick[:2] in known and self._at(pick) is not None}
        if not self._moving:
            self._grabbed = None

    def _may(self, layer: str) -> bool:
        return layer == self.hand.layer

    def _all(self) -> list[Shape]:
        hovered = self._hovered
        if hovered is None or any((s.layer, s.fid) == (hovered.layer, hovered.fid) for s in self._shapes):
            return self._shapes
        return [hovered, *self._shapes]

    def _ring(self, pick: Pick) -> tuple[Shape, Ring] | None:
        for shape in self._all():
            if (shape.layer, shape.fid) == pick[:2]:
                for ring in shape.rings:
                    if (ring.part, ring.ring) == pick[2:4] and pick[4] < len(ring.coords):
                        return shape, ring
        return None

    def _at(self, pick: Pick) -> XY | None:
        found = self._ring(pick)
        if found is None:
            return None
        x, y = found[1].coords[pick[4]]
        return float(x), float(y)

    def _near(self, xy: XY) -> Pick | None:
        """The vertex under the cursor."""
        best, reach = None, GRAB_PX * self.hand.unit
        for shape in self._all():
            for ring in shape.rings:
                coords = ring.coords[:-1] if shape.kind == 3 else ring.coords
                if not len(coords):
                    continue
                apart = np.hypot(*(coords - xy).T)
                k = int(np.argmin(apart))
                if apart[k] <= reach:
                    best, reach = (shape.layer, shape.fid, ring.part, ring.ring, k), float(apart[k])
        return best

    def _edge(self, xy: XY) -> tuple[Pick, XY] | None:
        """The edge under the cursor (by the vertex after it), and the place on it."""
        best, reach = None, GRAB_PX * self.hand.unit
        for shape in self._all():
            if shape.kind == 1:
                continue
            for ring in shape.rings:
                a, b = ring.coords[:-1], ring.coords[1:]
                if not len(a):
                    continue
                along = b - a
                t = np.clip(((xy - a) * along).sum(1) / np.maximum((along**2).sum(1), 1e-300), 0, 1)
                foot = a + t[:, None] * along
                apart = np.hypot(*(foot - xy).T)
                k = int(np.argmin(apart))
                if apart[k] <= reach:
                    reach = float(apart[k])
                    place = (float(foot[k, 0]), float(foot[k, 1]))
                    best = (shape.layer, shape.fid, ring.part, ring.ring, k + 1), place
        return best

    # gestures

    def press(self, at: Place) -> None:
        self._hover(at)
        pick = self._near(at.raw)
        if pick is None:
            self._box = at
            return
        if at.shift:
            self._chosen ^= {pick}
            return
        if pick not in self._chosen:
            self._chosen = {pick}
        self._keep_hovered()
        self._grabbed = pick
        self._start = self._at(pick) or at.raw

    def move(self, at: Place, *, dragging: bool) -> None:
        if self._grabbed is not None and dragging:
            self._moving = True
        elif not dragging:
            self._hover(at)

    def release(self, at: Place) -> None:
        if self._box is not None:
            box, self._box = self._box, None
            if (at.px - box.px).manhattanLength() < DRAG_PX:
                self._click(at)
            else:
                self._choose(box.raw, at.raw, adds=at.shift)
            return
        if self._grabbed is not None and self._moving:
            x, y = self._target(at)
            self._moving = False
            self._shift(x - self._start[0], y - self._start[1])
        self._moving = False
        self._grabbed = None

    def _click(self, at: Place) -> None:
        """Another feature comes into hand, or none."""
        hits = [h for h in self.hand.hits(at.raw, self.hand.layer) if self._may(h.layer)]
        self._chosen = set()
        self.hand.session.select(Selection.of(hits[0].layer, [hits[0].fid]) if hits else Selection())

    def double(self, at: Place) -> None:
        found = self._edge(at.raw)
        if found is None or self._near(at.raw) is not None:
            return
        pick, place = found
        x, y = at.xy if at.snap is not None else place
        layer, fid, part, ring, index = pick
        self._keep_hovered(pick)
        added = self.hand.execute(
            "vertex.add", layer=layer, fid=fid, part=part, ring=ring, index=index, x=x, y=y,
            topological=self.hand.aids.topological,
        )  # fmt: skip
        if added is not None:
            self._chosen = {pick}

    def key(self, key: int) -> bool:
        if key != Qt.Key.Key_Delete:
            return False
        if not self._chosen and self.here is not None:
            pick = self._near(self.here.raw)
            self._chosen = set() if pick is None else {pick}
        chosen, self._chosen = self._chosen, set()
        for layer, fid in sorted({pick[:2] for pick in chosen}):
            picks = sorted(pick[2:] for pick in chosen if pick[:2] == (layer, fid))
            self.hand.execute(
                "vertex.delete", layer=layer, fid=fid, vertices=picks, topological=self.hand.aids.topological
            )
        return True  # Delete never takes the whole feature while vertices are edited

    def cancel(self) -> bool:
        had = self._moving or bool(self._chosen) or self._box is not None
        self._moving = False
        self._grabbed = self._box = None
        self._chosen = set()
        return had

    def typed(self, numbers: Typed) -> None:
        """A shift (@), a place for a single vertex, or length and azimuth of the shift."""
        places = [p for p in map(self._at, self._chosen) if p is not None]
        if not places or numbers.first is None or numbers.second is None:
            return
        if numbers.mode == "polar":
            angle = math.radians(numbers.second)
            self._shift(numbers.first * math.sin(angle), numbers.first * math.cos(angle))
        elif numbers.mode == "relative":
            self._shift(numbers.first, numbers.second)
        else:
            x, y = np.mean(np.array(places), axis=0)
            self._shift(numbers.first - float(x), numbers.second - float(y))

    def _shift(self, dx: float, dy: float) -> None:
        if dx == dy == 0.0:
            return
        for layer, fid in sorted({pick[:2] for pick in self._chosen}):
            picks = sorted(pick[2:] for pick in self._chosen if pick[:2] == (layer, fid))
            self.hand.execute(
                "vertex.move", layer=layer, fid=fid, vertices=picks, dx=dx, dy=dy,
                topological=self.hand.aids.topological,
            )  # fmt: skip

    def _choose(self, a: XY, b: XY, *, adds: bool) -> None:
        low, high = np.minimum(a, b), np.maximum(a, b)
        found: set[Pick] = set()
        for shape in self._shapes:
            for ring in shape.rings:
                coords = ring.coords[:-1] if shape.kind == 3 else ring.coords
                inside = ((coords >= low) & (coords <= high)).all(1)
                found |= {(shape.layer, shape.fid, ring.part, ring.ring, int(k)) for k in np.flatnonzero(inside)}
        self._chosen = self._chosen | found if adds else found

    def _hover(self, at: Place) -> None:
        if any(self._near_shape(shape, at.raw) for shape in self._shapes):
            self._hovered = None
            return
        hits = [h for h in self.hand.hits(at.raw, self.hand.layer) if self._may(h.layer)]
        self._hovered = self.hand.shape(hits[0].layer, hits[0].fid) if hits else None

    def _near_shape(self, shape: Shape, xy: XY) -> bool:
        reach = GRAB_PX * self.hand.unit
        return any(
            len(r.coords) and (np.abs(r.coords - xy).max(1) <= reach).any() for r in shape.rings
        )  # fmt: skip

    def _keep_hovered(self, pick: Pick | None = None) -> None:
        """What is worked at is selected, so that its handles stay."""
        hovered = self._hovered
        if hovered is not None and (pick is None or pick[:2] == (hovered.layer, hovered.fid)):
            chosen = self._chosen
            self.hand.session.select(Selection.of(hovered.layer, [hovered.fid]))
            self._chosen = chosen if pick is None else self._chosen

    # what is seen

    def _target(self, at: Place) -> XY:
        from lydigital.ui.tools import shapes

        return shapes.stepped(self._start, at.xy) if at.shift and at.snap is None else at.xy

    def paint(self, brush: Brush) -> None:
        budget = SHOWN
        for shape in self._all():
            brush.line([r.coords for r in shape.rings], width=1.4, close=shape.kind == 3)
            for ring in shape.rings:
                budget -= len(ring.coords)
                if budget > 0:
                    brush.handles(ring.coords)
        chosen = [p for p in map(self._at, self._chosen) if p is not None]
        if chosen and not self._moving:
            brush.handles(np.array(chosen), size=9.0, color=SNAP, filled=True)
        at = self.here
        if at is None:
            return
        if self._moving:
            self._paint_moved(brush, at)
        elif self._box is not None:
            (x0, y0), (x1, y1) = self._box.raw, at.raw
            brush.line([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])], fill=True, close=True, width=1.4)
        else:
            pick = self._near(at.raw)
            under = None if pick is None else self._at(pick)
            if under is not None:
                brush.handles(np.array([under]), size=11.0, filled=True)

    def _paint_moved(self, brush: Brush, at: Place) -> None:
        x, y = self._target(at)
        step = np.array([x - self._start[0], y - self._start[1]])
        for layer, fid in {pick[:2] for pick in self._chosen}:
            for shape in self._all():
                if (shape.layer, shape.fid) != (layer, fid):
                    continue
                lines = []
                for ring in shape.rings:
                    picks = [p[4] for p in self._chosen if p[:4] == (layer, fid, ring.part, ring.ring)]
                    coords = ring.coords.copy()
                    coords[picks] += step
                    if shape.kind == 3 and 0 in picks:
                        coords[-1] = coords[0]
                    lines.append(coords)
                brush.line(lines, color=SNAP, fill=shape.kind == 3, close=shape.kind == 3)
        brush.dot((x, y), SNAP)

    def reading(self) -> list[str]:
        if not self._moving or self.here is None:
            return []
        target = self._target(self.here)
        length = measures.ground_length([self._start, target], self.hand.viewport.crs)
        dx, dy = target[0] - self._start[0], target[1] - self._start[1]
        return [measures.length_text(length), tr("ΔX {dx}  ΔY {dy}", dx=f"{dx:.2f}", dy=f"{dy:.2f}")]
