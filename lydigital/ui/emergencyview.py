"""What is in hand of an incident, on the map: what lies over it, what it shows, who is under a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lydigital.model.emergency import AWAY, Incident, Reach
from lydigital.ui import emergencymap as drawing

if TYPE_CHECKING:
    from lydigital.ui.emergencydesk import EmergencyDesk

INCIDENTS, POINTS = "incident", "hazard_point"
NEAR_S = 45 * 60.0  # ways longer than this do not decide what the map shows at first
LEAST_M = 1_500.0  # nothing is shown nearer than this across
PICK_PX = 9.0
LEAST_SHARE = 0.3  # of the picture, that is large enough to be read
OVERLAY = "emergency"


class EmergencyView:
    """Draws what the desk has in hand; bounds and places are in the results' system unless said otherwise."""

    def __init__(self, desk: EmergencyDesk) -> None:
        self._desk = desk
        self._window = desk.window

    def shown(self) -> list[Reach]:
        """Whose ways are drawn: the first of each service and kind, and the chosen one."""
        desk = self._desk
        made: dict[object, Reach] = {}
        for reach in () if desk.nearest is None else desk.nearest.reaches:
            key = (reach.resource.kind, reach.resource.service if reach.resource.kind == "team" else None)
            if reach.seconds is not None and reach.resource.duty != AWAY and key not in made:
                made[key] = reach
            elif reach.resource.code == desk.chosen:
                made[reach.resource.code] = reach
        return list(made.values())

    def lay(self) -> None:
        """Lay it over the map."""
        desk = self._desk
        found, session = desk.nearest, desk.session
        layers: list[Any] = []
        if found is not None:
            ground = drawing.Ground(session, found.crs)
            if desk.within is not None and (areas := drawing.time_layer(session, desk.within)) is not None:
                layers.append(areas)
            layers += drawing.zone_layers(ground, found.incident)
            if desk.tab == "leave" and desk.allocation is not None:
                layers += drawing.people_layers(session, ground, desk.allocation, desk.chosen)
            else:
                layers += drawing.way_layers(session, ground, self.shown(), desk.chosen)
            layers += drawing.cut_layers(ground, found.closures, () if desk.plan is None else desk.plan.unreachable)
        if desk.barriers:
            layers += drawing.barrier_layers(drawing.Ground(session, session.document.crs), [shapely.from_wkt(b) for b in desk.barriers])
        if found is not None:
            layers += drawing.mark_layers(drawing.Ground(session, found.crs), found.incident)
        self._window.picture.lay(OVERLAY, *layers)
        self._window.redraw()

    def fit(self) -> None:
        """What happened and who comes soon, in view."""
        at = self._desk.incident
        if at is None:
            return
        near = [r for r in self.shown() if r.seconds is not None and r.seconds <= NEAR_S and r.way]
        coords = [(at.x, at.y), *(p for r in near for p in r.way)]
        if at.zone:
            coords += shapely.get_coordinates(shapely.from_wkb(at.zone)).tolist()
        bounds = _around(coords)
        if not self._is_seen(bounds):
            self.bring(bounds)

    def _is_seen(self, bounds: tuple[float, float, float, float]) -> bool:
        """Whether bounds lie beside the card, large enough: then the map stays where the officer has it."""
        desk, view = self._desk, self._window.canvas.viewport
        assert desk.nearest is not None
        ground = drawing.Ground(desk.session, desk.nearest.crs)
        (west, south), (east, north) = ground.point(bounds[0], bounds[1]), ground.point(bounds[2], bounds[3])
        left, bottom, right, top = view.bounds
        right -= self._window._covered_px() * view.units_per_px
        is_large = max((east - west) / (right - left), (north - south) / (top - bottom)) >= LEAST_SHARE
        return bool(left <= west and east <= right and bottom <= south and north <= top and is_large)

    def bring(self, bounds: tuple[float, float, float, float]) -> None:
        """Bring what has these bounds into the part of the map that the card leaves free."""
        desk = self._desk
        if desk.nearest is None:
            return
        ground = drawing.Ground(desk.session, desk.nearest.crs)
        (west, south), (east, north) = ground.point(bounds[0], bounds[1]), ground.point(bounds[2], bounds[3])
        canvas = self._window.canvas
        view = canvas.viewport
        least = LEAST_M / view.crs.metres_per_unit
        wide, high = max(least - (east - west), 0.0) / 2, max(least - (north - south), 0.0) / 2
        west, south, east, north = west - wide, south - high, east + wide, north + high
        covered = min(self._window._covered_px() / max(view.width_px, 1), 0.6)
        margin = 0.12
        # room for the card at the right of what must be seen, in the shape of the picture
        across = max(east - west, (north - south) * view.width_px * (1 - covered) / max(view.height_px, 1))
        canvas.show_bounds((west, south, (west + east) / 2 + across / 2 + across * covered / (1 - covered), north), margin)

    def go_to(self, x: float, y: float) -> None:
        """Show a place and ring it."""
        self.bring((x, y, x, y))
        if self._desk.nearest is not None:
            self._window.canvas.mark(*drawing.Ground(self._desk.session, self._desk.nearest.crs).point(x, y))

    def bounds_of(self, code: str) -> tuple[float, float, float, float] | None:
        """Of the way of a resource, the ways from a village or to a shelter, or of an unreachable village."""
        desk = self._desk
        ways: list[Any] = []
        reach, allocation = desk.reach(code), desk.allocation
        if allocation is not None and (desk.tab == "leave" or reach is None):
            ways = [p for m in allocation.moves if code in (m.origin, m.shelter) for p in m.way]
            ways += [(o.x, o.y) for o in allocation.origins if o.code == code]
        if not ways and reach is not None:
            ways = [*reach.way, (reach.resource.x, reach.resource.y)]
        if not ways and desk.plan is not None:
            ways = [(u.x, u.y) for u in desk.plan.unreachable if u.code == code]
            ways += [p for r in desk.plan.dispatch if r.resource.code == code for p in (*r.way, (r.resource.x, r.resource.y))]
        return _around(ways) if ways else None

    def click(self, x: float, y: float) -> None:
        """A click on the map (map units): who is drawn there, else an incident or hazard point, else it happened here."""
        desk, canvas = self._desk, self._window.canvas
        ratio = canvas.devicePixelRatioF()
        far = PICK_PX * canvas.viewport.units_per_px * ratio
        if code := self._marked_at(x, y, far):
            desk.choose(code, go=False)
            return
        hits = desk.session.identify(x, y, PICK_PX * ratio)
        hit = next((h for h in hits if h.layer in (INCIDENTS, POINTS)), None)
        near = next((i for i in desk.open if self._is_near(i, x, y, far)), None)
        if hit is not None:
            desk.take_feature(hit.layer, hit.fid)
        elif near is not None:
            desk.take_feature(INCIDENTS, near.fid)
        else:
            desk.take_place((x, y))

    def _marked_at(self, x: float, y: float, far: float) -> str:
        """Number of who is drawn at a place of the map, "" for nobody."""
        desk = self._desk
        if desk.nearest is None:
            return ""
        ground = drawing.Ground(desk.session, desk.nearest.crs)
        marks = [(r.resource.code, r.resource.x, r.resource.y) for r in self.shown()]
        if desk.tab == "leave" and desk.allocation is not None:
            marks = [(o.code, o.x, o.y) for o in desk.allocation.origins]
            marks += [(u.shelter.code, u.shelter.x, u.shelter.y) for u in desk.allocation.shelters if u.taken]
        away = [(float(np.hypot(*np.subtract(ground.point(mx, my), (x, y)))), code) for code, mx, my in marks]
        distance, code = min(away, default=(np.inf, ""))
        return code if distance <= far else ""

    def _is_near(self, incident: Incident, x: float, y: float, far: float) -> bool:
        from lydigital.commands.hazard import working_crs

        ground = drawing.Ground(self._desk.session, str(working_crs(self._desk.session)))
        return float(np.hypot(*np.subtract(ground.point(incident.x, incident.y), (x, y)))) <= far


def _around(places: list[Any]) -> tuple[float, float, float, float]:
    xy = np.array(places, np.float64)
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    return float(west), float(south), float(east), float(north)
