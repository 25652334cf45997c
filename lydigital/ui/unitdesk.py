"""A desk whose work is told unit by unit: on the map, in lists, and by a click on either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lydigital.model.indicator import UNIT_LAYERS
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.ui.desk import Desk
from lydigital.ui.notices import Notice
from lydigital.ui.unitmap import UnitMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lydigital.model.indicator import Gap
    from lydigital.model.style import Style
    from lydigital.render.drawlist import SceneLayer
    from lydigital.ui.window import Window

Bounds: TypeAlias = tuple[float, float, float, float]
NEAR_SCALE = 75_000.0  # not nearer than this
NEAR_PX = 26.0  # a unit smaller than this is gone to when it is chosen


class UnitDesk(Desk):
    """``unit`` is the code of the unit chosen, ``shown`` the kind of work that lies on the map.

    ``changed`` tells of both as unit and map.
    """

    name = ""  # what its layers lie on the map under

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.unit = ""
        self.shown = ""
        self._maps: dict[str, tuple[UnitMap | None, tuple[SceneLayer, ...]]] = {}
        self._said: set[tuple[str, str]] = set()

    def instead_of(self, kind: str) -> tuple[str, ...]:
        """Groups of layers whose areas would cover a kind of work."""
        return ()

    def besides(self, kind: str) -> tuple[SceneLayer, ...]:
        """What else lies on the map with a kind of work."""
        return ()

    # the map

    def put(self, kind: str, units: UnitMap | None, *more: SceneLayer) -> None:
        """What belongs on the map for a kind of work; it is shown at once."""
        self._maps[kind] = (units, more)
        if units is not None and self.unit and units.bounds(self.unit) is None:
            self.unit = ""
        self.show(kind)

    def take_away(self, kind: str) -> None:
        """Nothing of a kind of work is on the map any more."""
        self._maps.pop(kind, None)
        if self.shown == kind:
            self.show("")

    def show(self, kind: str) -> None:
        """Lay one kind of work on the map, "" for none."""
        self.shown = kind if kind in self._maps else ""
        units, more = self._maps.get(kind, (None, ()))
        layers = [] if units is None else [units.layer("" if self._is_seen(units) else self.unit)]
        self.window.picture.lay(self.name, *layers, *more, *self.besides(self.shown), instead_of=self.instead_of(self.shown))
        self.window.redraw()
        self.changed.emit("map")

    def _is_seen(self, units: UnitMap) -> bool:
        """Whether the layer of the units is on the map itself, and marks the one chosen."""
        ref = self.session.document.layer(UNIT_LAYERS[units.level])
        return ref is not None and self.session.document.is_visible(ref) and self.session.style(ref.id).shows_at(self.session.viewport.scale)

    def map_of(self, kind: str) -> UnitMap | None:
        """The units of a kind of work."""
        return self._maps.get(kind, (None, ()))[0]

    def choose_unit(self, code: str) -> None:
        """Mark a unit on the map and in every list; one that is too small or out of sight is gone to."""
        units = self.map_of(self.shown)
        if units is None:
            return
        self.unit = code
        self.show(self.shown)
        self.session.select(units.selection(code))
        self.go_to(units.bounds(code))
        self.changed.emit("unit")

    def click(self, x: float, y: float) -> bool:
        """A click on the map chooses the unit there; True when there is one."""
        units = self.map_of(self.shown)
        code = "" if units is None else units.at(x, y)
        if not code:
            return False
        self.choose_unit(code)
        return True

    def go_to(self, bounds: Bounds | None) -> None:
        """Bring a place into view, only where it is not in view."""
        if bounds is None:
            return
        canvas = self.window.canvas
        west, south, east, north = canvas.viewport.bounds
        x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        east -= self.window._covered_px() * canvas.viewport.units_per_px
        size = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
        if size < NEAR_PX * canvas.viewport.units_per_px:
            fit = Viewport.of_bounds(bounds, canvas.viewport.width_px, canvas.viewport.height_px, canvas.viewport.crs, dpi=canvas.viewport.dpi, margin=1.5)
            canvas.go_to(x, y, max(fit.scale, NEAR_SCALE))
        elif not (west <= x <= east and south <= y <= north):
            canvas.go_to(x, y)

    def colors_of(self, kind: str) -> dict[str, str]:
        """Colours of the units of a kind of work, by code."""
        units = self.map_of(kind)
        return {} if units is None else units.colors

    def show_gap(self, gap: Gap) -> None:
        """Go to what is missing and ring it: its feature, else its unit; the unit of the map that holds it is chosen."""
        units = self.map_of(self.shown)
        if units is not None:
            holder = next((code for code in units.codes if gap.code and gap.code.startswith(code)), "")
            if holder:
                self.choose_unit(holder)
        bounds = self._feature_bounds(gap.layer, gap.fid) or self._unit_bounds(gap.code)
        if bounds is None:
            return
        west, south, east, north = bounds
        self.window.canvas.mark((west + east) / 2, (south + north) / 2)
        self.go_to(bounds)

    def _feature_bounds(self, layer: str, fid: int) -> Bounds | None:
        table = self.session.table(layer) if layer and self.session.ref(layer) is not None else None
        if not isinstance(table, FeatureTable) or fid not in table.row_of:
            return None
        bounds: Bounds = tuple(float(v) for v in table.geometry.bounds[table.row_of[fid]])  # type: ignore[assignment]
        if bounds[0] <= bounds[2] and self.session.document.layer(layer) is not None:
            self.session.select(Selection.of(layer, [fid]))
        return bounds if bounds[0] <= bounds[2] else None

    def _unit_bounds(self, code: str) -> Bounds | None:
        level = {6: "county", 9: "township", 12: "village"}.get(len(code))
        units = UnitMap.of(self.session, level, {}) if level else None  # type: ignore[arg-type]
        return None if units is None else units.bounds(code)

    # commands

    def ask(self, kind: str, title: str, command: str, done: Callable[[Any], None], **given: Any) -> None:
        """A command that takes long and changes nothing of the map, in a job."""

        def work(job: Any) -> Any:
            job.report(0.05, title)
            return self.perform(job, command, **given)

        self.start(kind, title, work, done)

    def say(self, issues: Sequence[Any]) -> None:
        """Tell what is the matter with the data, each once."""
        for issue in issues:
            notice = Notice.of_issue(issue)
            if (notice.text, notice.hint) not in self._said:
                self._said.add((notice.text, notice.hint))
                self.window.say(notice)

    def forget_map(self) -> None:
        """Nothing that was worked out is wanted any more."""
        self.forget_jobs()
        self.unit = ""
        self._maps.clear()
        self._said.clear()
        self.show("")


def farthest(style: Style) -> float:
    """The scale denominator from which on nothing of a style is drawn."""
    return min(style.max_scale, max((rule.max_scale for rule in style.rules), default=0.0))


def crowded(bounds: NDArray[np.float64], room: tuple[float, float]) -> tuple[float, float]:
    """A place with most of the features ``(n, 4)`` around it that fit into ``room``, width and height in map units."""
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    middles = middles[np.isfinite(middles).all(axis=1)]
    cells = np.floor(middles / (np.array(room) / 2)).astype(np.int64)
    kinds, which, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    del kinds
    x, y = middles[which.reshape(-1) == int(counts.argmax())].mean(axis=0).tolist()
    return x, y
