"""Tools that change outlines: split, reshape, hole, continue a line, parallel copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui import measures
from lydigital.ui.tools import shapes
from lydigital.ui.tools.base import Place, Tool
from lydigital.ui.tools.overlay import SNAP
from lydigital.ui.tools.path import PathTool

if TYPE_CHECKING:
    import shapely

    from lydigital.ui.tools.entry import Typed
    from lydigital.ui.tools.hand import Hand, Shape
    from lydigital.ui.tools.overlay import Brush
    from lydigital.ui.tools.shapes import XY

END_PX = 12.0


class _Along(PathTool):
    """A line drawn across features: those selected, or those of the layer in hand that it meets."""

    command = ""

    def subjects(self, shape: shapely.Geometry) -> dict[str, object]:
        """Which features the command is about; the selection where there is one in the layer."""
        import shapely

        hand = self.hand
        if len(hand.session.selection.fids.get(hand.layer, ())):
            return {"layer": hand.layer}
        found = []
        for drawn in hand.scene():
            table = drawn.data
            if drawn.id != hand.layer or not isinstance(table, FeatureTable):
                continue
            rows = table.rows_in(shape.bounds)
            rows = rows if drawn.codes is None else rows[drawn.codes[rows] >= 0]
            meets = shapely.intersects(table.geometry.take(rows).to_shapely(), shape) if len(rows) else []
            found += table.fid[rows[np.asarray(meets, bool)]].tolist()
        return {"layer": hand.layer, "fids": found}

    def parameters(self, places: list[XY]) -> dict[str, object]:
        import shapely

        return {"line": shapes.line_wkt(places), **self.subjects(shapely.LineString(places))}

    def done(self, places: list[XY]) -> bool:
        return self.hand.execute(self.command, **self.parameters(places)) is not None


class Split(_Along):
    command = "feature.split"
    start_hint = "Draw a line across the features to split; click its first place outside."


class Reshape(_Along):
    command = "feature.reshape"
    start_hint = "Draw the new course of the outline; begin and end on the feature."


class Hole(_Along):
    command = "feature.add_hole"
    closes = True
    least = 3
    start_hint = "Draw the hole inside an area; click its first corner."

    def parameters(self, places: list[XY]) -> dict[str, object]:
        import shapely

        return {"ring": shapes.polygon_wkt(places), **self.subjects(shapely.Polygon(places))}


class ContinueLine(PathTool):
    """A line goes on from the end that was clicked."""

    start_hint = "Click the end of the line to continue."
    next_hint = "Click where the line goes on; Enter or double-click ends."

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._line: tuple[str, int, bool] | None = None

    def press(self, at: Place) -> None:
        if self.places:
            super().press(at)
            return
        found = self._end(at.raw)
        if found is None:
            self.hand.say(tr("There is no end of a line of this layer here"), tr("Click nearer to the end of a line."))
            return
        self._line, place = found
        self.places = [place]

    def _end(self, xy: XY) -> tuple[tuple[str, int, bool], XY] | None:
        hand = self.hand
        best, reach = None, END_PX * hand.unit
        for hit in hand.hits(xy, hand.layer):
            shape = hand.shape(hit.layer, hit.fid)
            if shape is None or shape.kind != 2 or not shape.rings:
                continue
            for at_start, place in ((True, shape.rings[0].coords[0]), (False, shape.rings[-1].coords[-1])):
                apart = shapes.distance(xy, (float(place[0]), float(place[1])))
                if apart <= reach:
                    reach = apart
                    best = (hit.layer, hit.fid, at_start), (float(place[0]), float(place[1]))
        return best

    def done(self, places: list[XY]) -> bool:
        assert self._line is not None
        layer, fid, at_start = self._line
        made = self.hand.execute(
            "feature.continue_line", layer=layer, fid=fid, points=places[1:], at_start=at_start
        )
        return made is not None


class Parallel(Tool):
    """A copy beside the line that was clicked, as far away as the cursor."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand)
        self._shape: Shape | None = None
        self.features_changed()

    @property
    def hint(self) -> str:  # type: ignore[override]
        if self._shape is None:
            return "Click the line to copy beside itself."
        return "Click how far away the parallel runs, or type the distance and Enter: below zero to the right."

    @property
    def takes_numbers(self) -> bool:
        return self._shape is not None

    @property
    def one_number(self) -> str:
        return "Distance (m)"

    def features_changed(self) -> None:
        chosen = [s for s in self.hand.selected(2) if s.layer == self.hand.layer and s.kind == 2 and s.rings]
        self._shape = chosen[0] if len(chosen) == 1 else None

    def cancel(self) -> bool:
        had, self._shape = self._shape is not None, None
        if had:
            self.hand.session.select(Selection())
        return had

    def press(self, at: Place) -> None:
        if self._shape is None:
            hits = self.hand.hits(at.raw, self.hand.layer)
            if hits:
                self.hand.session.select(Selection.of(hits[0].layer, [hits[0].fid]))
                self.features_changed()
            return
        self._go(self._distance_m(at))

    def _go(self, metres: float) -> None:
        if metres:
            self.hand.execute("feature.parallel", distance=metres)

    def _offset(self, at: Place) -> float:
        """Map units, to the left of the line above zero."""
        assert self._shape is not None
        line = max((r.coords for r in self._shape.rings), key=len)
        apart, side = shapes.beside(line, at.xy)
        return apart * side

    def _distance_m(self, at: Place) -> float:
        return self._offset(at) * self.hand.viewport.crs.metres_per_unit * self._ground(at)

    def _ground(self, at: Place) -> float:
        """Metres on the ground for a metre of the map here."""
        step = 100.0 / self.hand.viewport.crs.metres_per_unit
        return measures.ground_length([at.raw, (at.raw[0] + step, at.raw[1])], self.hand.viewport.crs) / 100.0

    def typed(self, numbers: Typed) -> None:
        if numbers.first is not None:
            self._go(numbers.first)

    def paint(self, brush: Brush) -> None:
        import shapely

        if self._shape is None:
            return
        brush.line([r.coords for r in self._shape.rings])
        if self.here is not None and (offset := self._offset(self.here)):
            for ring in self._shape.rings:
                beside = shapely.LineString(ring.coords).offset_curve(offset, join_style="mitre")
                parts = [shapely.get_coordinates(p) for p in shapely.get_parts(beside)]
                brush.line([p for p in parts if len(p) > 1], color=SNAP)

    def reading(self) -> list[str]:
        if self._shape is None or self.here is None:
            return []
        return [measures.length_text(abs(self._distance_m(self.here)))]
