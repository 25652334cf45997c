"""What is in hand of pipes and cables: a trace, a burst, a section, distances; drawn over the map, no part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtCore import QTimer

from lydigital.commands.utility import LINKS, PIPES
from lydigital.errors import LydError
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui.desk import Desk
from lydigital.ui.notices import Notice
from lydigital.ui.tools.hand import Hand

if TYPE_CHECKING:
    from lydigital.model.style import Style
    from lydigital.model.utility import Burst, Clearances, Direction, Isolation, Section, Trace
    from lydigital.render.drawlist import SceneLayer
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.window import Window

Mode = Literal["trace", "burst", "section", "near"]
OVERLAY = "utility"
READ_SCALE = 6_000.0


class UtilityDesk(Desk):
    """Asked by the page and by the tools; all work is done by commands."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.mode: Mode = "trace"
        self.layer = PIPES
        self.direction: Direction = "down"
        self.distance_m = 50.0
        self.stuck: tuple[str, ...] = ()
        self.place: XY | None = None
        self.fid = 0
        self.trace: Trace | None = None
        self.isolation: Isolation | None = None
        self.burst: Burst | None = None
        self.section: Section | None = None
        self.clearances: Clearances | None = None
        self._worked_on: FeatureTable | None = None
        self._reach: tuple[float, float, float, float] | None = None
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.hand.failed.connect(window.failed)
        self.hand.said.connect(lambda text, hint: window.say(Notice("warning", text, hint)))
        self.hand.left.connect(window.cards.close)
        self.hand.left.connect(self.rest)

    # the tool

    def take(self) -> None:
        """The tool of the mode comes into the hand."""
        from lydigital.ui.tools.utility import CutSection, PickPipe

        self.window.editing.stop(close_card=False)
        if self.mode == "near":
            self.let_go()
        else:
            self.hand.take((CutSection if self.mode == "section" else PickPipe)(self.hand, self))
        self.window.canvas.setFocus()

    def let_go(self) -> None:
        if self.window.canvas.hand is self.hand:
            self.hand.take(None)

    def rest(self) -> None:
        """Give the map its gestures back and take everything off it."""
        self.let_go()
        self.window.picture.lay(OVERLAY)
        self.window.redraw()

    def forget(self) -> None:
        """Another map is open."""
        self.place, self.fid, self.stuck = None, 0, ()
        self.trace = self.isolation = self.burst = self.section = self.clearances = None
        self.layer = PIPES
        self.window.picture.lay(OVERLAY)
        self.changed.emit("all")

    def keep_up(self) -> None:
        """The map changed by a step: what was found on other pipes is worked out again, or given up where its pipe is gone."""
        if self.window.workspace != "utility" or self.mode not in ("trace", "burst") or not self.fid:
            return
        table = self._table(self.layer)
        if table is self._worked_on:
            return
        if table is None or self.fid not in table.row_of:
            self.forget()
        else:
            self._work()

    def change(self, **values: Any) -> None:
        """Another mode, direction, layer or distance; what is in hand is worked out again."""
        for name, value in values.items():
            setattr(self, name, value)
        if "layer" in values:  # what was found on another one is of no use
            self.place, self.fid, self.trace, self.isolation, self.burst = None, 0, None, None, None
            self._show_layer()
        if "mode" in values:
            self.take()
        if values.keys() & {"mode", "layer"}:
            self._lay()
        elif self.fid and values.keys() & {"direction", "stuck", "distance_m"}:
            self._work()
        self.changed.emit("all")

    # what can be seen

    @property
    def networks(self) -> list[tuple[str, str]]:
        """Layers that can be traced, with their names."""
        there = [n for n in (PIPES, *LINKS) if self.session.document.layer(n) is not None]
        return [(n, self.session.definition(n).name) for n in there]

    @property
    def hidden(self) -> bool:
        """Whether the layer worked on is not drawn in the present view."""
        ref = self.session.document.layer(self.layer)
        return ref is None or not self.session.document.is_visible(ref) or not self.session.style(self.layer).shows_at(self.window.canvas.viewport.scale)

    def reveal(self) -> None:
        """Show the layer, near enough to see it."""
        self._show_layer()
        table = self._table(self.layer)
        if table is None or not len(table):
            return
        canvas = self.window.canvas
        scale = min(READ_SCALE, canvas.viewport.scale) if self.layer == PIPES else min(100_000.0, canvas.viewport.scale)
        west, south, east, north = canvas.viewport.bounds
        middle = ((west + east) / 2, (south + north) / 2)
        b = table.geometry.bounds
        centres = np.column_stack([(b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2])
        spot = centres[np.argmin(np.hypot(*(centres - middle).T))] if self.layer != PIPES else np.median(centres, axis=0)
        inside = (centres[:, 0] > west) & (centres[:, 0] < east) & (centres[:, 1] > south) & (centres[:, 1] < north)
        spot = centres[np.argmin(np.hypot(*(centres - (middle if inside.any() else spot)).T))]
        canvas.go_to(float(spot[0]), float(spot[1]), scale)

    def called(self, fid: int) -> str:
        """A pipe in words: number, trade, size."""
        table = self._table(self.layer)
        row = -1 if table is None else int(table.rows_of(np.array([fid], np.int64))[0])
        if table is None or row < 0:
            return ""
        record, definition = table.record(row), self.session.definition(self.layer)
        fields = ("code", "trade", "kind", "access", "diameter_mm", "holes", "cores", "bandwidth_mbps", "street")
        said = [f.decode(record.get(f.name)) for f in map(definition.field, fields) if f is not None and record.get(f.name) is not None]
        return " · ".join(said)

    # work

    def pick(self, place: XY, within_m: float) -> bool:
        """A pipe was clicked."""
        self.stuck = ()
        return self._work(place, within_m)

    def follow(self, layer: str, fid: int) -> bool:
        """Trace a pipe or link that was found otherwise."""
        if layer != self.layer or self.mode != "trace":
            self.change(mode="trace", **({"layer": layer} if layer != self.layer else {}))
        self.place, self.fid = None, fid
        return self._work()

    def cut(self, start: XY, end: XY) -> bool:
        """A section was drawn."""
        found = self._do("utility.section", start=start, end=end)
        if found is None:
            return False
        self.section = found
        self._lay()
        self.changed.emit("all")
        QTimer.singleShot(0, self, lambda: self._clear_of_card(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)))
        return True

    def _clear_of_card(self, place: XY) -> None:
        """Move the map where the card, wide now, covers a place."""
        canvas, card = self.window.canvas, self.window.map.card
        x = canvas.viewport.to_px(*place)[0] / canvas.devicePixelRatioF()
        if not card.isHidden() and x > card.x() - 40:
            canvas.pan_by(card.x() / 2 - x, 0)

    def compare(self) -> None:
        """Clear distances of the pipes in view."""
        bounds = self.window.canvas.viewport.bounds

        def done(found: Clearances) -> None:
            self.clearances = found
            self._lay()
            self.changed.emit("all")

        self.start("near", tr("Comparing pipes"), lambda _job: self._run("utility.clearance", bounds=bounds), done)

    def count(self) -> None:
        """People, schools and communities that the burst hits."""
        given = {**self._pipe(), "stuck": self.stuck, "distance_m": self.distance_m}

        def done(found: Burst) -> None:
            if found.isolation == self.isolation:
                self.burst = found
            self.changed.emit("all")

        self.start("burst", tr("Counting who is hit"), lambda _job: self._run("utility.burst", **given), done)

    def lay_down(self) -> None:
        """What is in hand as a layer of the map."""
        if self.mode == "near":
            self.window.do("utility.map", what="near", bounds=self.window.canvas.viewport.bounds)
        elif self.fid:
            what = "trace" if self.mode == "trace" else "shut"
            self.window.do("utility.map", what=what, direction=self.direction, stuck=self.stuck, **self._pipe())
        self.window.picture.lay(OVERLAY)
        self.window.redraw()

    def write(self, path: str) -> None:
        """A report or drawing of what is in hand."""
        section = self.section
        if self.mode == "section" and section is not None:
            made = self._do("utility.section", start=section.start, end=section.end, crs=section.crs, output=path)
        elif self.mode == "near":
            made = self._do("utility.clearance", bounds=self.window.canvas.viewport.bounds, output=path)
        elif self.mode == "trace":
            made = self._do("utility.trace", **self._pipe(), direction=self.direction, output=path)
        else:
            made = self._do("utility.burst", **self._pipe(), stuck=self.stuck, distance_m=self.distance_m, output=path)
        if made is not None:
            self.window.say(Notice("note", tr("Written: {path}", path=path)))

    def show_all(self) -> None:
        """Fit what was found into the part of the map that the card leaves free."""
        if self._reach is not None:
            self.window.canvas.show_bounds(self._reach, 0.25)

    def go_to(self, x: float, y: float) -> None:
        """Show a place of the working system and ring it."""
        from lydigital.commands.hazard import working_crs
        from lydigital.model.crs import Crs, transformation

        px, py = transformation(working_crs(self.session), Crs(self.session.document.crs)).point(x, y)
        canvas = self.window.canvas
        canvas.go_to(px, py, min(canvas.viewport.scale, READ_SCALE))
        canvas.mark(px, py)

    # inside

    def _pipe(self) -> dict[str, Any]:
        x, y = self.place or (None, None)
        return {"layer": self.layer, "fid": self.fid, "x": x, "y": y}

    def _work(self, place: XY | None = None, within_m: float = 30.0) -> bool:
        given: dict[str, Any] = self._pipe() if place is None else {"layer": self.layer, "x": place[0], "y": place[1], "within_m": within_m}
        if self.mode == "trace":
            found = self._do("utility.trace", **given, direction=self.direction)
            if found is None:
                return False
            self.trace, self.fid = found, found.start.fid
        else:
            shut = self._do("utility.isolate", **given, stuck=self.stuck)
            if shut is None:
                return False
            self.isolation, self.burst, self.fid = shut, None, shut.burst.fid
        if place is not None:
            self.place = place
        self._worked_on = self._table(self.layer)
        self._lay()
        self.changed.emit("all")
        if self.mode == "burst":
            self.count()
        return True

    def _do(self, command: str, **given: object) -> Any:
        return self.window.do(command, **given)

    def _run(self, command: str, **given: object) -> Any:
        from lydigital.commands import registry

        return registry.execute(self.session, command, **given)

    def _table(self, layer: str) -> FeatureTable | None:
        try:
            found = self.session.table(layer)
        except (KeyError, LydError):
            return None
        return found if isinstance(found, FeatureTable) else None

    def _show_layer(self) -> None:
        ref = self.session.document.layer(self.layer)
        if ref is not None and not self.session.document.is_visible(ref):
            self.window.do("layer.show", layer=self.layer)

    def _lay(self) -> None:
        """Draw what is in hand over the map."""
        layers: list[SceneLayer] = []
        found = self.trace if self.mode == "trace" else self.isolation if self.mode == "burst" else None
        if found is not None:
            from lydigital.commands.work import utility as work

            layers.append(self._layer("utility.lines", *work.line_layer(self.session, found, self.layer)))
            layers.append(self._layer("utility.points", *work.point_layer(self.session, found)))
        elif self.mode == "section" and self.section is not None:
            from lydigital.commands.work import section as cutting

            layers.append(self._layer("utility.section", *cutting.cut_layer(self.section)))
        elif self.mode == "near" and self.clearances is not None:
            from lydigital.commands.work import section as cutting

            layers.append(self._layer("utility.near", *cutting.near_layer(self.session, self.clearances)))
        bounds = [layer.data.geometry.total_bounds for layer in layers if isinstance(layer.data, FeatureTable) and len(layer.data)]
        self._reach = None if not bounds else bounds[0]
        self.window.picture.lay(OVERLAY, *(layer for layer in layers if len(layer.data)))  # type: ignore[arg-type]
        self.window.redraw()

    def _layer(self, name: str, table: FeatureTable, style: Style) -> SceneLayer:
        from lydigital.model.crs import Crs
        from lydigital.ui.overlays import table_layer

        moved = table.to_crs(Crs(self.session.document.crs))
        columns = {c: moved.column(c).to_pylist() for c in moved.column_names}
        return table_layer(name, moved, style, columns)
