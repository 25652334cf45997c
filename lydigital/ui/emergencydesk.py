"""The desk of the workspace 应急: what happened, who helps, who leaves, which roads are cut; all of it is worked out by commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from PySide6.QtCore import Signal

from lydigital.commands import card, registry
from lydigital.errors import CancelledError, LydError
from lydigital.model.emergency import AWAY, CLOSED, KINDS, Allocation, Incident, Nearest, Plan, Reach, Story
from lydigital.model.selection import Selection
from lydigital.model.table import FeatureTable
from lydigital.texts import tr
from lydigital.ui import emergencymap as drawing
from lydigital.ui.desk import Desk
from lydigital.ui.emergencyview import OVERLAY, EmergencyView
from lydigital.ui.notices import Notice
from lydigital.ui.tools.hand import Hand

if TYPE_CHECKING:
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.ways import WithinAnswer
    from lydigital.ui.tools.shapes import XY
    from lydigital.ui.window import Window

Tab = Literal["help", "hit", "leave", "roads", "log", "plan"]
ToolId = Literal["", "zone", "cut_line", "cut_area", "cut_road"]
INCIDENTS, POINTS, ZONES, LOG = "incident", "hazard_point", "warning_zone", "incident_log"
RADII_M = {1: 0.0, 2: 300.0, 3: 500.0, 4: 1_000.0, 5: 500.0, 6: 0.0}  # how far danger reaches at first, by kind of incident
RADIUS_M = 500.0
COUNT = 3  # of each service
MINUTES = (10.0, 20.0, 30.0)


@dataclass(frozen=True)
class Case:
    """What is asked about: a feature, or a place or zone as WKT in map units."""

    layer: str = ""
    fid: int = 0
    geometry: str = ""
    title: str = ""
    people: int | None = None

    @property
    def is_zone(self) -> bool:
        return self.layer == ZONES or self.geometry.startswith(("POLYGON", "MULTIPOLYGON"))


class EmergencyDesk(Desk):
    """``changed`` names what is other now: case, help, plan, reach, roads, log, within, tool, tab, cases, busy."""

    _found = Signal(int, object)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.tab: Tab = "help"
        self.case: Case | None = None
        self.radius_m = RADIUS_M
        self.people: int | None = None  # who must leave, where the officer knows better
        self.profile = "car"
        self.personal = False
        self.barriers: tuple[str, ...] = ()
        self.closed: tuple[int, ...] = ()  # roads
        self.nearest: Nearest | None = None
        self.plan: Plan | None = None
        self.story: Story | None = None
        self.within: WithinAnswer | None = None
        self.chosen = ""  # number of the resource, village or shelter that is marked
        self.tool_id: ToolId = ""
        self.open: tuple[Incident, ...] = ()
        self.where = ""  # township of the incident
        self._before: dict[str, float] = {}  # seconds with all roads open, by number of the resource
        self._turn = 0
        self._fits = False
        self.view = EmergencyView(self)
        self._found.connect(self._came)
        self.hand = Hand(window.canvas, window.session, window.preferences.aids)
        self.hand.failed.connect(window.failed)
        self.hand.said.connect(lambda text, hint: window.say(Notice("warning", text, hint)))
        self.hand.left.connect(lambda: self.take(""))
        window._links = (*window._links, (self.session.changed, self._session_changed))
        self.session.changed.connect(self._session_changed)

    # what happened

    def cannot(self) -> str | None:
        """Why nothing can be worked out on this map, None when it can."""
        disabled = registry.get("emergency.nearest").disabled
        return None if disabled is None else disabled(self.session)

    def list_cases(self) -> None:
        """Incidents that are not closed, the most serious and latest first."""
        found: tuple[Incident, ...] = ()
        if self.session.document.layer(INCIDENTS) is not None:
            try:
                found = registry.execute(self.session, "incident.list", is_open=True)
            except LydError as error:
                self.window.failed(error)
        self.open = tuple(sorted(found, key=lambda i: i.level or 9))
        self.changed.emit("cases")

    def zones(self) -> list[tuple[int, str]]:
        """Warning zones on the map: fid and name."""
        table = self._table(ZONES)
        if table is None:
            return []
        names = table.column("name").to_pylist() if "name" in table.column_names else [""] * len(table)
        return [(int(fid), str(name or fid)) for fid, name in zip(table.fid.tolist(), names, strict=True)]

    def begin(self) -> None:
        """Something is there to be looked at: the most serious incident that is open."""
        self.list_cases()
        if self.case is None and self.open and self.cannot() is None:
            self.take_feature(INCIDENTS, self.open[0].fid)

    def take_place(self, place: XY) -> None:
        """It happened here."""
        self._take(Case(geometry=f"POINT ({place[0]!r} {place[1]!r})", title=tr("Place on the map")), RADIUS_M)

    def take_zone(self, places: list[XY]) -> bool:
        """A zone was drawn."""
        shape = shapely.make_valid(shapely.Polygon(places))
        if not shape.geom_type.endswith("Polygon") or not shape.area:
            self.window.say(Notice("warning", tr("The zone has no area"), tr("Draw its border anew.")))
            return False
        self.take("")
        self._take(Case(geometry=shapely.to_wkt(shape, rounding_precision=3), title=tr("Drawn zone")), 0.0)
        return True

    def take_feature(self, layer: str, fid: int) -> None:
        """An incident, hazard point or warning zone of the map."""
        table = self._table(layer)
        row = None if table is None else table.row_of.get(fid)
        if table is None or row is None:
            return
        record = table.record(row)
        definition = self.session.definition(layer)
        title = str(record.get(definition.title_field) or record.get("name") or record.get("code") or fid)
        kind, threatened = record.get("kind"), record.get("threat_people")
        radius = 0.0 if layer == ZONES else RADII_M.get(kind, RADIUS_M) if layer == INCIDENTS and isinstance(kind, int) else RADIUS_M
        people = int(threatened) if layer == POINTS and isinstance(threatened, int | float) and threatened > 0 else None
        self.session.select(Selection.of(layer, [fid]))
        self._take(Case(layer, fid, "", title, people), radius)

    def _take(self, case: Case, radius_m: float) -> None:
        self.case, self.radius_m, self.people = case, radius_m, None
        self.nearest = self.plan = self.story = self.within = None
        self.chosen, self._before, self._fits = "", {}, True
        self._read_story()
        self.changed.emit("case")
        self.look()

    def change(self, **values: Any) -> None:
        """Another radius, number of people, profile of speeds or permission: all is worked out again."""
        for name, value in values.items():
            setattr(self, name, value)
        if "profile" in values:
            self._before = {}
        if self.case is not None:
            self.changed.emit("case")
            self.look()

    @property
    def may_see(self) -> bool:
        return card.may_see(self.session)

    def given(self) -> dict[str, Any]:
        """Parameters of the commands on the case in hand."""
        case = self.case
        assert case is not None
        made: dict[str, Any] = {"layer": case.layer, "fid": case.fid} if case.layer else {"geometry": case.geometry, "title": case.title}
        made |= {"radius_m": 0.0 if case.is_zone else self.radius_m, "profile": self.profile, "personal": self.personal and self.may_see}
        if (people := self.people if self.people is not None else case.people) is not None:
            made["people"] = people
        if self.barriers:
            made["barriers"] = self.barriers
        if self.closed:
            made["closed"] = {"road": self.closed}
        return made

    # working out

    def look(self) -> None:
        """Nearest help first, then who leaves, then what is hit; each is shown as it comes."""
        if self.case is None:
            return
        self._turn += 1
        turn, given = self._turn, self.given()

        def work(job: Any) -> None:
            steps = (
                (0.05, tr("Looking for the nearest help"), "emergency.nearest", {"count": COUNT}),
                (0.4, tr("Looking for places in shelters"), "emergency.plan", {"with_impact": False}),
                (0.6, tr("Counting who and what is hit"), "emergency.plan", {"with_impact": True}),
            )
            for share, words, command, more in steps:
                job.report(share, words)
                try:
                    found = self.perform(job, command, unless=lambda: turn != self._turn, **given, **more)
                except CancelledError:
                    if turn != self._turn:
                        return  # something else happened meanwhile
                    raise
                if turn != self._turn:
                    return
                self._found.emit(turn, found)
                if isinstance(found, Plan) and not found.incident.zone:
                    return  # a mere place hits nothing

        self.start("look", tr("Looking for the nearest help"), work, lambda _none: self.changed.emit("plan"))

    def _came(self, turn: int, found: Nearest | Plan) -> None:
        if turn != self._turn:
            return
        if isinstance(found, Plan):
            self.plan = found
            self.view.lay()
            self.changed.emit("plan")
            return
        self.nearest = found
        self.where = self._township(found)
        if not found.closures:
            self._before = {r.resource.code: r.seconds for r in found.reaches if r.seconds is not None}
        self.view.lay()
        if self._fits:
            self._fits = False
            self.view.fit()
        self.changed.emit("help")

    @property
    def incident(self) -> Incident | None:
        return None if self.nearest is None else self.nearest.incident

    @property
    def allocation(self) -> Allocation | None:
        return None if self.plan is None else self.plan.allocation

    def first(self, kind: str) -> Reach | None:
        """Who of a kind is there first and not away."""
        reaches = () if self.nearest is None else self.nearest.reaches
        there = [r for r in reaches if r.resource.kind == kind and r.seconds is not None and r.resource.duty != AWAY]
        return min(there, key=lambda r: r.seconds or 0.0, default=None)

    def townships(self) -> tuple[str, ...]:
        """Names of the townships that people leave, else of that where it happened."""
        origins = () if self.allocation is None else self.allocation.origins
        return tuple(dict.fromkeys(o.township for o in origins if o.township)) or ((self.where,) if self.where else ())

    def later(self, reach: Reach) -> float | None:
        """Seconds that closures cost a resource; None where that is not known."""
        before = self._before.get(reach.resource.code)
        return None if before is None or reach.seconds is None or not self.is_cut else reach.seconds - before

    # roads that are cut

    @property
    def is_cut(self) -> bool:
        return bool(self.barriers or self.closed)

    def add_barrier(self, places: list[XY], *, is_area: bool) -> bool:
        """A line or area that no road crosses."""
        shape = shapely.Polygon(places) if is_area else shapely.LineString(places)
        self.barriers = (*self.barriers, shapely.to_wkt(shapely.make_valid(shape), rounding_precision=3))
        self._roads_changed()
        return True

    def close_road(self, fid: int) -> None:
        """A road is closed, or opened again."""
        self.closed = tuple(f for f in self.closed if f != fid) if fid in self.closed else (*self.closed, fid)
        self._roads_changed()

    def close_zone(self) -> None:
        """All roads in the zone are closed."""
        if self.incident is not None and self.incident.zone and self.nearest is not None:
            from lydigital.model.crs import Crs, transformation

            move = transformation(Crs(self.nearest.crs), Crs(self.session.document.crs))
            shape = shapely.transform(shapely.from_wkb(self.incident.zone), lambda xy: move.points(np.ascontiguousarray(xy)))
            self.barriers = (*self.barriers, shapely.to_wkt(shape, rounding_precision=3))
            self._roads_changed()

    def open_barrier(self, number: int) -> None:
        self.barriers = tuple(b for k, b in enumerate(self.barriers) if k != number)
        self._roads_changed()

    def open_all(self) -> None:
        self.barriers, self.closed = (), ()
        self._roads_changed()

    def _roads_changed(self) -> None:
        self.view.lay()
        self.changed.emit("roads")
        self.look()

    # areas by time

    def look_within(self) -> None:
        """From where help is there in so many minutes, or take that off the map again."""
        if self.within is not None or self.incident is None or self.nearest is None:
            self.within = None
            self.view.lay()
            self.changed.emit("within")
            return
        place = drawing.Ground(self.session, self.nearest.crs).point(self.incident.x, self.incident.y)
        given: dict[str, Any] = {"places": (place,), "minutes": MINUTES, "towards": True, "barriers": self.barriers, "profile": self.profile}
        given |= {"closed": {"road": self.closed}} if self.closed else {}
        turn = self._turn

        def done(found: WithinAnswer) -> None:
            if turn == self._turn:
                self.within = found
                self.view.lay()
                self.changed.emit("within")

        self.start("within", tr("Areas by travel time"), lambda job: self.perform(job, "network.isochrone", **given), done)

    # the log

    def _read_story(self) -> None:
        self.story = None
        if self.case is not None and self.case.layer == INCIDENTS:
            try:
                self.story = registry.execute(self.session, "incident.show", incident=str(self.case.fid))
            except LydError as error:
                self.window.failed(error)

    @property
    def is_open(self) -> bool:
        """Whether the case is an incident of the record that goes on."""
        return self.story is not None and self.story.incident.status != CLOSED

    def write(self, text: str, kind: int = 4, resource: str = "") -> bool:
        """A line of the log, with the time of now."""
        if self.story is None:
            return False
        made = self.window.do("incident.log", incident=self.story.incident.code, text=text, kind=kind, resource=resource)
        return made is not None

    def send(self, reach: Reach) -> bool:
        """Write down that somebody is sent, and when they will be there."""
        minutes = "?" if reach.seconds is None else f"{reach.seconds / 60:,.0f}"
        return self.write(tr("{name} sent, there in about {minutes} min", name=reach.resource.name, minutes=minutes), 2, reach.resource.code)

    def sent(self, code: str) -> bool:
        """Whether the log says that a resource was sent."""
        return self.story is not None and any(e.resource_code == code for e in self.story.log)

    def close(self, text: str) -> bool:
        """The incident is over."""
        if self.story is None:
            return False
        return self.window.do("incident.close", incident=self.story.incident.code, text=text) is not None

    def record(self, name: str, kind: int, **more: Any) -> bool:
        """Open the case in hand as an incident of the record."""
        at = self.incident
        if at is None or self.nearest is None:
            return False
        known = {i.fid for i in self.open}
        if self.window.do("incident.open", name=name, kind=kind, x=at.x, y=at.y, crs=self.nearest.crs, **more) is None:
            return False
        self.list_cases()
        new = next((i for i in self.open if i.fid not in known), None)
        if new is not None:
            self.take_feature(INCIDENTS, new.fid)
        return True

    # the map

    def show_tab(self, tab: Tab) -> None:
        self.tab = tab
        self.view.lay()
        self.changed.emit("tab")

    def choose(self, code: str, *, go: bool = True) -> None:
        """Mark a resource, shelter or village in every list and on the map."""
        self.chosen = code
        reach = self.reach(code)
        if reach is not None and self.session.document.layer(reach.resource.kind) is not None:
            self.session.select(Selection.of(reach.resource.kind, [reach.resource.fid]))
        self.view.lay()
        if go and (bounds := self.view.bounds_of(code)) is not None:
            self.view.bring(bounds)
        self.changed.emit("reach")

    def reach(self, code: str) -> Reach | None:
        reaches = () if self.nearest is None else self.nearest.reaches
        return next((r for r in reaches if r.resource.code == code), None)

    def show_details(self, reach: Reach) -> None:
        """The page of a resource's feature."""
        table = self._table(reach.resource.kind)
        if table is not None and reach.resource.fid in table.row_of:
            self.window.cards.show_feature(reach.resource.kind, table.row_of[reach.resource.fid])

    def take(self, tool: ToolId) -> None:
        """Take a tool into the hand, or give the map its gestures back."""
        from lydigital.ui.tools import emergency as tools

        made = {"zone": tools.DrawZone, "cut_line": tools.CutLine, "cut_area": tools.CutArea, "cut_road": tools.PickRoad}
        if tool:
            self.window.editing.stop(close_card=False)
            self.hand.take(made[tool](self.hand, self))
        elif self.window.canvas.hand is self.hand:
            self.hand.take(None)
        self.tool_id = tool
        self.window.canvas.setFocus()
        self.changed.emit("tool")

    def leave(self) -> None:
        """Another workspace: the map is its own; what was worked out stays in hand."""
        self.take("")
        self.window.map.close_board()
        self.window.picture.lay(OVERLAY)
        self.window.redraw()

    def enter(self) -> None:
        self.view.lay()
        self.begin()

    def forget(self) -> None:
        """Another map: nothing of the old one stays."""
        self._turn += 1
        self.forget_jobs()
        self.take("")
        self.case = self.nearest = self.plan = self.story = self.within = None
        self.barriers, self.closed, self.chosen, self.open, self._before = (), (), "", (), {}
        self.view.lay()
        self.changed.emit("case")

    # inside

    def _table(self, layer: str) -> FeatureTable | None:
        if self.session.document.layer(layer) is None:
            return None
        try:
            found = self.session.table(layer)
        except LydError:
            return None
        return found if isinstance(found, FeatureTable) else None

    def _township(self, found: Nearest) -> str:
        from lydigital.commands.warning_paint import township_at
        from lydigital.domain.emergency import named

        table = self._table("township")
        place = drawing.Ground(self.session, found.crs).point(found.incident.x, found.incident.y)
        return "" if table is None else named(table).get(township_at(self.session, *place), "")

    def _session_changed(self, changes: ChangeSet) -> None:
        layers = {part[1] for d in changes.deltas if len(part := d.target.split("/")) > 2 and part[0] in ("feature", "value", "geometry")}
        if not layers:
            return
        if layers & {INCIDENTS, LOG}:
            self.list_cases()
            case = self.case
            if case is not None and case.layer == INCIDENTS and case.fid not in getattr(self._table(INCIDENTS), "row_of", {}):
                self.forget()
            else:
                self._read_story()
            self.changed.emit("log")
        if self.case is not None and layers & {"road", "street", ZONES, *KINDS}:
            self.look()

