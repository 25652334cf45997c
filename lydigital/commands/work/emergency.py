"""The tables of a session, its roads and an incident put together: nearest help, allocation, response plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital import paths
from lydigital.commands import card, desk, impact
from lydigital.commands.hazard import working_crs
from lydigital.commands.work import site
from lydigital.commands.work.network import roads
from lydigital.domain import dispatch, emergency
from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError, LydError, RefusedError
from lydigital.model import measures
from lydigital.model.emergency import (
    AWAY,
    KIND_TITLES,
    KINDS,
    Allocation,
    Closure,
    Nearest,
    Origin,
    Plan,
    Reach,
    Unreachable,
    read_norms,
)
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from lydigital.commands import emergency as verbs
    from lydigital.model.emergency import Incident, LogEntry, Norms, Resource, ResourceKind
    from lydigital.model.impact import Impact
    from lydigital.model.network import RoadNetwork
    from lydigital.session import Session

LOG = "incident_log"
HIGHER = (1, 2)  # levels of hospitals that take everybody


# --- the three verbs --------------------------------------------------------------------------------------------------


def nearest(session: Session, wanted: verbs.FindNearest) -> Nearest:
    """Who is there soonest, kind by kind and service by service."""
    case = Case.of(session, wanted)
    chosen: list[Reach] = []
    for kind in wanted.kinds:
        coming = case.arrivals(kind)
        groups: dict[int | None, list[int]] = {}
        for i, resource in enumerate(coming.resources):
            if not wanted.services or resource.service in wanted.services:
                groups.setdefault(resource.service if kind == "team" else None, []).append(i)
        for service in sorted(groups, key=lambda s: (s is None, s or 0)):
            chosen += coming.reaches(_first(coming, coming.order(groups[service]), wanted.count))
    return Nearest(
        case.incident, tuple(chosen), case.closures, case.all_issues(), str(case.network.crs),
        any(r.resource.is_sample for r in chosen),
    )  # fmt: skip


def allocate(session: Session, wanted: verbs.Allocate) -> Allocation:
    """Who of the zone goes to which shelter."""
    case = Case.of(session, wanted)
    if not case.origins and case.people is None:
        raise BadDataError(
            "Who must leave is not known", hint="Draw a zone in which people live, or say how many (people).",
        )  # fmt: skip
    found = case.allocation(wanted)
    return msgspec.structs.replace(found, issues=(*case.all_issues(), *found.issues))


def plan(session: Session, wanted: verbs.MakePlan) -> Plan:
    """Everything there is to say about an incident."""
    case = Case.of(session, wanted)
    every = {kind: case.arrivals(kind) for kind in KINDS}
    sent, issues = _dispatch(case)
    allocation = case.allocation(wanted) if case.origins else None
    hit = _impact(case) if wanted.with_impact and case.zone is not None else None
    gone = case.cut_off()
    log = log_of(session, case.incident.code, may_see=case.personal)
    reaches = [r for kind in KINDS for r in every[kind].reaches(with_ways=False)]
    gaps = emergency.gaps(
        case.norms.norms, reaches, people=case.people, injured=case.incident.injured, kind=case.incident.kind
    )  # fmt: skip
    words = _situation(case, sent, allocation, gone)
    notes = (
        tr("Times are by the usual speeds of the roads (speeds.toml) for {who}; beside the road on foot at {speed} km/h.",
           who=case.network.profile.name, speed=f"{case.norms.walk_km_h:g}"),
        tr("As many as possible find a place, and of all ways to do that it is the one with least time on the road for all together."),
        tr("What is needed is by norms.toml, version {version}, which the office edits.", version=case.norms.version),
    )  # fmt: skip
    return Plan(
        case.incident, datetime.now(UTC).astimezone(BEIJING).replace(microsecond=0).isoformat(), str(case.network.crs), words, sent, hit,
        allocation, case.closures, gone, gaps, emergency.contacts(sent, allocation), log, case.sources(), notes,
        (*case.all_issues(), *issues, *(() if allocation is None else allocation.issues), *(() if hit is None else hit.issues)),
        case.is_sample, case.personal,
    )  # fmt: skip


def _first(coming: dispatch.Arrivals, order: Sequence[int], count: int) -> list[int]:
    """The first so many that are not away; those away stand among them, so that nobody wonders where they are."""
    made: list[int] = []
    for i in order:
        if count <= 0:
            break
        made.append(i)
        count -= coming.resources[i].duty != AWAY
    return made


# --- one incident -----------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """What a command works with; everything in the system of the network."""

    session: Session
    network: RoadNetwork
    norms: Norms
    incident: Incident
    zone: shapely.Geometry | None
    origins: tuple[Origin, ...]
    people: int | None
    personal: bool
    issues: list[Issue] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    _resources: dict[ResourceKind, tuple[Resource, ...]] = field(default_factory=dict)
    _arrivals: dict[ResourceKind, dispatch.Arrivals] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, wanted: verbs.Where) -> Case:
        """Read what is needed.

        Raises
        ------
        LydError
            When the place is none, the map has no roads, or personal data may not be seen.
        """
        if wanted.personal and not card.may_see(session):
            raise RefusedError(
                "{who} may not see personal data", hint="The office's settings name who may; leave it out for stars.",
                who=session.history.author or "?",
            )  # fmt: skip
        session.progressed.emit(tr("Reading the roads"), 0.1)
        network = roads(session, wanted)
        found = site.incident_of(session, wanted, network.crs)
        made = cls(
            session, network, norms_of(), found.incident, found.zone, (), found.people, wanted.personal, list(network.issues), list(network.layers)
        )
        made._find_people()
        if found.is_area and made.origins:
            first = made.origins[0]  # most people: that is where help goes
            made.incident = msgspec.structs.replace(made.incident, x=first.x, y=first.y)
        made._check_place()
        return made

    def _find_people(self) -> None:
        """Who must leave: counted in the zone, or as many as were said."""
        said, is_counted = self.people, False
        if self.zone is not None:
            people = impact.people_of(self.session, impact.rules_of(), self.network.crs)
            is_counted = people is not None
            if people is None:
                self.issues.append(Issue(
                    "emergency.no_people", "warning", "The map does not tell where people live", "Add the layer {layer}, or say how many must leave.",
                    values={"layer": "community"},
                ))  # fmt: skip
            else:
                self.used.append(people.layer.id)
                villages, towns = self.table("village"), self.table("township")
                self.origins, issues = emergency.origins(
                    people, self.zone, {} if villages is None else emergency.seats_of(villages), {} if towns is None else emergency.named(towns)
                )
                self.issues += issues
                if not self.origins and said is None:
                    self.issues.append(Issue(
                        "emergency.nobody", "note", "Nobody lives in the zone, as far as the map tells", "Say how many must leave (people).",
                    ))  # fmt: skip
        total = sum(o.people for o in self.origins)
        if said is None:
            self.people = total if is_counted else None
        elif self.origins and total:
            self.origins = _scaled(self.origins, said)
        elif said > 0:
            self.origins = (Origin("place", self.incident.title, self.incident.x, self.incident.y, said),)

    def _check_place(self) -> None:
        from lydigital.domain.routing import snap

        at = snap(self.network, np.array([[self.incident.x, self.incident.y]]), anywhere=self.on_expressway)
        if at.edge[0] < 0:
            far = f"{at.off_m[0]:,.0f}" if np.isfinite(at.off_m[0]) else "?"
            self.issues.append(Issue(
                "emergency.no_road", "error", "{place} is on no road: the nearest open one is {distance} m away",
                "Nobody gets there by road: name another place, or open a road.", values={"place": self.incident.title, "distance": far},
            ))  # fmt: skip
        elif at.is_cut[0]:
            self.issues.append(Issue(
                "emergency.road_closed", "warning", "The road at {place} is closed: the last {distance} m are walked", "Times have that in them.",
                values={"place": self.incident.title, "distance": f"{at.off_m[0]:,.0f}"},
            ))  # fmt: skip
        if self.unit is not None and not self.unit[0]:
            self.issues.append(Issue(
                "emergency.outside", "warning", "{place} lies outside the city", "Ask the neighbouring city for help too.",
                values={"place": self.incident.title},
            ))  # fmt: skip

    @property
    def on_expressway(self) -> bool:
        return self.incident.kind == site.TRAFFIC

    @cached_property
    def unit(self) -> tuple[str, str] | None:
        """Township and county of the place, empty outside; None where the map has no townships."""
        units = impact.units_of(self.session, impact.rules_of(), "township", self.network.crs)
        if units is None:
            return None
        row = int(units.at(np.array([[self.incident.x, self.incident.y]]))[0])
        return ("", "") if row < 0 else (units.names[row], units.counties[row])

    @cached_property
    def closures(self) -> tuple[Closure, ...]:
        return tuple(site.closure_of(c) for c in self.network.closed)

    def table(self, layer: str) -> FeatureTable | None:
        """A layer in the system of the network; None where the map has none that can be read."""
        found = site.table_of(self.session, layer)
        return None if found is None else found.to_crs(self.network.crs)

    def resources(self, kind: ResourceKind) -> tuple[Resource, ...]:
        if kind not in self._resources:
            table = self.table(kind)
            if table is None:
                self._resources[kind] = ()
                self.issues.append(Issue(
                    "emergency.no_layer", "warning", "The map has no layer {layer} that can be read", "Add it; what is not known is not zero.",
                    kind, values={"layer": tr(KIND_TITLES[kind])},
                ))  # fmt: skip
            else:
                self.used.append(kind)
                self._resources[kind], issues = emergency.resources(kind, table, self.session.definition(kind), may_see=self.personal)
                self.issues += issues
        return self._resources[kind]

    def arrivals(self, kind: ResourceKind) -> dispatch.Arrivals:
        """Teams, depots and ambulances come; people go to shelters."""
        if kind not in self._arrivals:
            self._arrivals[kind] = dispatch.arrivals(
                self.network, self.resources(kind), (self.incident.x, self.incident.y), zone=self.zone, walk_km_h=self.norms.walk_km_h,
                towards=kind != "shelter", on_expressway=self.on_expressway,
            )  # fmt: skip
        return self._arrivals[kind]

    def allocation(self, wanted: verbs.Allocate) -> Allocation:
        self.session.progressed.emit(tr("Looking for places in shelters"), 0.5)
        return dispatch.allocate(
            self.network, self.origins, self.resources("shelter"), zone=self.zone, use_inside=wanted.use_inside,
            walk_km_h=self.norms.walk_km_h, limit_s=wanted.limit_min * 60 if wanted.limit_min > 0 else np.inf,
        )  # fmt: skip

    def cut_off(self) -> tuple[Unreachable, ...]:
        """Villages that no road joins to the others, in the zone or because of closures."""
        table = self.table("village")
        if table is None or not {"code", "name"} <= set(table.column_names):
            return ()
        towns = self.table("township")
        names = {} if towns is None else emergency.named(towns)
        places = []
        for row, record in enumerate(table.columns.to_pylist()):
            x, y = table.geometry.bounds[row, :2].tolist()
            if np.isfinite(x):
                people = record.get("population")
                code = str(record["code"] or "")
                places.append(Unreachable(
                    code, str(record["name"] or code), int(people) if isinstance(people, int | float) and people >= 0 else None, "",
                    names.get(code[:9], ""), x, y,
                ))  # fmt: skip
        return dispatch.cut_off(self.network, places, self.zone)

    @property
    def is_sample(self) -> bool:
        return self.incident.is_sample or any(r.is_sample for found in self._resources.values() for r in found)

    def all_issues(self) -> tuple[Issue, ...]:
        """What was found, each once."""
        known = [r for found in self._resources.values() for r in found if r.kind == "team"]
        if known and all(r.duty is None for r in known):
            self.issues.append(Issue(
                "emergency.no_duty", "note", "Who is on duty is not known: all teams are taken to be there", "Enter their duty in the layer.",
            ))  # fmt: skip
        return tuple({(i.code, i.layer, str(i.values)): i for i in self.issues}.values())

    def sources(self) -> tuple[str, ...]:
        made = []
        for layer in dict.fromkeys(self.used):
            known = self.session.definition(layer)
            made.append(" · ".join(t for t in (known.name, known.source, known.currency) if t))
        return tuple(made)


def norms_of() -> Norms:
    """What is needed for how many: the office's own ``norms.toml`` in the configuration folder, or the one shipped."""
    own = paths.config_dir() / "norms.toml"
    return read_norms(own if own.is_file() else paths.layers_dir() / "norms.toml")


def log_of(session: Session, code: str, *, may_see: bool) -> tuple[LogEntry, ...]:
    """What was written down of an incident; nothing where the store keeps no log."""
    try:
        table = session.table(LOG) if code and desk.has_table(session, LOG) else None
    except LydError:
        table = None
    if not isinstance(table, FeatureTable):
        return ()
    return emergency.log_entries(table, session.definition(LOG), code, may_see=may_see)


def _scaled(origins: Sequence[Origin], people: int) -> tuple[Origin, ...]:
    """As many people as were said, shared as those who live there."""
    counts = np.array([o.people for o in origins], np.float64)
    whole = emergency.in_whole(counts * people / counts.sum())
    return tuple(
        msgspec.structs.replace(o, people=n, low=None, high=None) for o, n in zip(origins, whole.tolist(), strict=True) if n
    )


# --- the plan ---------------------------------------------------------------------------------------------------------


def _dispatch(case: Case) -> tuple[tuple[Reach, ...], list[Issue]]:
    """Who is sent: so many teams of each service as the norms call, the nearest depots and hospitals."""
    issues = []
    sent: list[Reach] = []
    teams = case.arrivals("team")
    for service, number in case.norms.teams_for(case.incident.kind).items():
        mine = [i for i, r in enumerate(teams.resources) if r.service == service and r.duty != AWAY and np.isfinite(teams.seconds[i])]
        sent += teams.reaches(teams.order(mine)[: min(number, case.norms.teams_most)])
        if len(mine) < number:
            names = {r.service: r.service_name for r in teams.resources}
            issues.append(Issue(
                "emergency.too_few", "warning", "{service}: {there} of {wanted} teams can come", "Ask the neighbouring cities.",
                values={"service": names.get(service, str(service)), "there": str(len(mine)), "wanted": str(number)},
            ))  # fmt: skip
    for kind, number in (("depot", case.norms.depots), ("hospital", case.norms.hospitals)):
        coming = case.arrivals(kind)  # type: ignore[arg-type]
        fit = [
            i for i, r in enumerate(coming.resources)
            if np.isfinite(coming.seconds[i]) and r.duty != AWAY and (kind == "depot" or (r.capacity or 0) > 0) and not coming.inside[i]
        ]  # fmt: skip
        order = coming.order(fit)
        chosen = order[:number]
        if kind == "hospital" and not any(coming.resources[i].service in HIGHER for i in chosen):
            chosen += [i for i in order if coming.resources[i].service in HIGHER][:1]
        sent += coming.reaches(chosen)
    return tuple(sorted(sent, key=lambda r: (r.seconds is None, r.seconds or 0.0))), issues


def _impact(case: Case) -> Impact | None:
    from lydigital.model.crs import transformation
    from lydigital.model.geometry import GeometryArray, GeometryKind

    crs = working_crs(case.session)
    shape = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array([case.zone], object))
    move = transformation(case.network.crs, crs)
    if not move.is_identity:
        shape = GeometryArray(shape.kind, move.points(shape.coords), shape.ring_offsets, shape.part_offsets, shape.geom_offsets)
    return impact.of_shapes(case.session, [impact.Zone(shape.to_shapely()[0], case.incident.title)])


def _situation(
    case: Case, sent: Sequence[Reach], allocation: Allocation | None, gone: Sequence[Unreachable]
) -> tuple[str, ...]:  # fmt: skip
    incident = case.incident
    said = [t for t in (incident.kind_name, incident.level_name, incident.status_name) if t]
    made = [incident.title + (f"（{'、'.join(said)}）" if said else "")]
    if incident.time:
        made.append(tr("Time: {time}", time=incident.time.replace("T", " ")))
    longitude, latitude = site.degrees(incident, case.network.crs)
    where = " ".join(t for t in reversed(case.unit or ()) if t)
    made.append(tr("Place: {where} {longitude}°E, {latitude}°N", where=where, longitude=f"{longitude:.5f}", latitude=f"{latitude:.5f}").replace("  ", " "))
    if case.zone is not None:
        area = float(measures.areas_m2(np.array([case.zone], object), case.network.crs)[0]) / 1e6
        made.append(tr("Zone: {area} km²", area=f"{area:,.2f}"))
    if incident.injured is not None:
        made.append(tr("Injured: {count}", count=f"{incident.injured:,}"))
    if allocation is not None:
        made.append(tr("Must leave: {people} people, villages and communities: {places}", people=f"{allocation.people:,}", places=len(allocation.origins)))
        used = sum(1 for use in allocation.shelters if use.taken)
        if allocation.latest_s is not None:
            made.append(tr(
                "{people} find a place in {shelters} shelters, the last after {minutes} min on the road",
                people=f"{allocation.placed:,}", shelters=used, minutes=f"{allocation.latest_s / 60:,.0f}",
            ))  # fmt: skip
        if allocation.left_over:
            made.append(tr("{people} find none", people=f"{allocation.left_over:,}"))
    first = next((r for r in sent if r.resource.kind == "team" and r.seconds is not None), None)
    if first is not None and first.seconds is not None:
        made.append(tr("First there: {name}, in {minutes} min", name=first.resource.name, minutes=f"{first.seconds / 60:,.0f}"))
    if case.closures:
        length = sum(c.length_m for c in case.closures) / 1000
        made.append(tr("Cut: {count} places of roads, {length} km", count=len(case.closures), length=f"{length:,.2f}"))
    if gone:
        people = sum(u.people or 0 for u in gone)
        made.append(tr("{count} villages cannot be reached by road, {people} people", count=len(gone), people=f"{people:,}"))
    return tuple(made)
