"""Who can help, who must leave and where to, as values: resources, reaches, allocation of people to shelters, response plan.

Numbers that are not known are None and never stand as zero. Places are in the system that the holder names (``crs``).
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.impact import Impact  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import language, pick

if TYPE_CHECKING:
    from pathlib import Path

ResourceKind = Literal["team", "depot", "hospital", "shelter"]
KINDS: tuple[ResourceKind, ...] = ("team", "depot", "hospital", "shelter")
KIND_TITLES: dict[ResourceKind, str] = {"team": "Response teams", "depot": "Supply depots", "hospital": "Hospitals", "shelter": "Shelters"}
Way = tuple[tuple[float, float], ...]
ON_DUTY, STANDBY, AWAY = 1, 2, 3  # duty of a resource
REPORTED, SENT, ARRIVED, NOTED, DECIDED, DONE = 1, 2, 3, 4, 5, 6  # kinds of log entries
OPEN, RESPONDING, CLOSED = 1, 2, 3  # status of an incident


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


# --- what is there ----------------------------------------------------------------------------------------------------


class Stock(_Frozen, frozen=True):
    """How much of one thing a resource has; ``amount`` None: not known."""

    id: str
    title: str
    unit: str
    amount: float | None = None


class Resource(_Frozen, frozen=True):
    """Somebody or something that can help.

    Attributes
    ----------
    service
        Code of its own kind: of a team 1 to 8 for the eight departments, of a hospital its level, and so on.
    service_name
        That in words.
    department
        Who it belongs to.
    capacity
        Members of a team, m² of a depot, beds of a hospital, places of a shelter; None where the store has none or a
        number that cannot be (``issues`` of the result say which).
    contact, phone
        As they may be shown: personal data are starred already where the viewer may not see them.
    duty
        1 on duty, 2 on standby, 3 away; None where the store does not say.
    """

    kind: ResourceKind
    fid: int
    code: str
    name: str
    x: float
    y: float
    service: int | None = None
    service_name: str = ""
    department: str = ""
    capacity: int | None = None
    stock: tuple[Stock, ...] = ()
    contact: str = ""
    phone: str = ""
    duty: int | None = None
    duty_name: str = ""
    county_code: str = ""
    township_code: str = ""
    is_sample: bool = False

    def amount(self, stock_id: str) -> float | None:
        return next((s.amount for s in self.stock if s.id == stock_id), None)


class Reach(_Frozen, frozen=True):
    """How one resource gets to the incident by road.

    Attributes
    ----------
    seconds, metres
        By the fastest way that is open; None where there is none, and ``reason`` says why. ``metres`` and ``way`` are also
        missing where ways were not asked for.
    straight_m
        As the crow flies.
    off_road_m
        From the resource and from the incident to their roads, together; in ``metres``, at walking pace in ``seconds``.
    way
        Places along it, from the resource to the incident (of a shelter, from the incident to it).
    via
        Names of the roads along it, in order.
    is_inside
        Whether the resource stands in the zone of the incident itself.
    """

    resource: Resource
    seconds: float | None
    metres: float | None
    straight_m: float
    off_road_m: float = 0.0
    way: Way = ()
    reason: str = ""
    is_inside: bool = False
    via: tuple[str, ...] = ()

    @property
    def is_reachable(self) -> bool:
        return self.seconds is not None


# --- what happened ----------------------------------------------------------------------------------------------------


class Incident(_Frozen, frozen=True):
    """What happened where: a place, and a zone (WKB polygon) where it has an extent.

    ``fid`` and ``code`` are of its feature, 0 and "" for one that is only asked about; ``time`` is ISO 8601, "" unknown.
    """

    title: str
    x: float
    y: float
    zone: bytes = b""
    fid: int = 0
    code: str = ""
    kind: int | None = None
    kind_name: str = ""
    level: int | None = None
    level_name: str = ""
    status: int | None = None
    status_name: str = ""
    time: str = ""
    injured: int | None = None
    county_code: str = ""
    is_sample: bool = False


class Closure(_Frozen, frozen=True):
    """A piece of road that cannot be used: ``way`` along it, ``reason`` what cuts it."""

    name: str
    reason: str
    length_m: float
    way: Way = ()
    class_name: str = ""
    fid: int = 0


class LogEntry(_Frozen, frozen=True):
    """One line of the log of an incident; ``time`` is ISO 8601 with its zone."""

    code: str
    incident_code: str
    time: str
    kind: int
    kind_name: str
    text: str
    resource_code: str = ""
    author: str = ""
    fid: int = 0
    is_sample: bool = False


# --- who goes where ---------------------------------------------------------------------------------------------------


class Origin(_Frozen, frozen=True):
    """People of one village or community who must leave.

    ``people`` is an estimate where the zone cuts the unit (``low`` and ``high`` are what it must lie between).
    """

    code: str
    name: str
    x: float
    y: float
    people: int
    township: str = ""
    low: int | None = None
    high: int | None = None


class Move(_Frozen, frozen=True):
    """So many ``people`` from an origin to a shelter (by code), on one way; ``via`` are the names of its roads."""

    origin: str
    shelter: str
    people: int
    seconds: float
    metres: float
    way: Way = ()
    via: tuple[str, ...] = ()


class ShelterUse(_Frozen, frozen=True):
    """A shelter with the places it has and those taken; ``places`` None and ``reason`` where it cannot be used."""

    shelter: Resource
    places: int | None
    taken: int = 0
    reason: str = ""

    @property
    def free(self) -> int:
        return max((self.places or 0) - self.taken, 0)


class Left(_Frozen, frozen=True):
    """People for whom there is no place, and why: ``full`` (places ran out) or ``cut`` (no road to any shelter)."""

    origin: str
    people: int
    why: Literal["full", "cut"]
    reason: str = ""


class Allocation(_Frozen, frozen=True):
    """Who goes to which shelter, so that as many as possible find a place and all together are on the road least.

    Attributes
    ----------
    person_seconds
        What was made least: the sum over all who move of their time on the road.
    latest_s
        Time of the longest way; None where nobody moves.
    is_optimal
        Whether the solver proved it.
    """

    origins: tuple[Origin, ...]
    shelters: tuple[ShelterUse, ...]
    moves: tuple[Move, ...]
    left: tuple[Left, ...] = ()
    person_seconds: float = 0.0
    latest_s: float | None = None
    is_optimal: bool = True
    issues: tuple[Issue, ...] = ()

    @property
    def people(self) -> int:
        return sum(o.people for o in self.origins)

    @property
    def placed(self) -> int:
        return sum(m.people for m in self.moves)

    @property
    def left_over(self) -> int:
        return sum(one.people for one in self.left)


# --- needed against there ---------------------------------------------------------------------------------------------


class Norm(_Frozen, frozen=True):
    """How much of something so many people need: one entry of ``layers/norms.toml``.

    Attributes
    ----------
    per
        What the amount is for: one evacuated person, one injured one, or one incident.
    amount
        Needed for one of these, in ``unit``.
    resource
        Kind of resource that has it.
    stock
        Which of its stocks counts, ``capacity`` for that, "" to count the resources themselves.
    services
        Only of these services, all where empty.
    incidents
        Only for incidents of these kinds, all where empty.
    within_min
        Only what is there in so many minutes counts; 0 for no limit.
    """

    id: str
    title: str
    unit: str
    per: Literal["person", "injured", "incident"]
    amount: float
    resource: ResourceKind
    title_en: str = ""
    unit_en: str = ""
    stock: str = ""
    services: tuple[int, ...] = ()
    incidents: tuple[int, ...] = ()
    within_min: float = 0.0
    source: str = ""

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en)

    @property
    def unit_name(self) -> str:
        return (self.unit_en or self.unit) if language() == "en" else self.unit


class Norms(_Frozen, frozen=True):
    """All of ``norms.toml``.

    ``called`` says which services of the eight are sent to an incident of a kind (its number as text), and how many teams
    of each; kinds that it leaves out get ``everywhere``.
    """

    version: str
    norms: tuple[Norm, ...]
    everywhere: dict[str, int] = {}
    called: dict[str, dict[str, int]] = {}
    teams_most: int = 5
    hospitals: int = 3
    depots: int = 3
    walk_km_h: float = 4.0

    def teams_for(self, kind: int | None) -> dict[int, int]:
        """Number of teams by service for an incident of this kind."""
        found = self.called.get(str(kind), self.everywhere)
        return {int(service): number for service, number in found.items()}


def read_norms(path: Path) -> Norms:
    """What is needed for how many.

    Raises
    ------
    BadDataError
        Naming the file and the key that is wrong.
    """
    try:
        norms = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Norms, strict=False)
        _check(norms)
    except (OSError, ValueError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is not a valid definition: {reason}",
            hint="Correct the file; the message names the place.", path=str(path), reason=str(error),
        ) from error  # fmt: skip
    return norms


def _check(norms: Norms) -> None:
    ids = [norm.id for norm in norms.norms]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise ValueError(f"norms: {', '.join(twice)} twice")
    negative = [norm.id for norm in norms.norms if norm.amount < 0 or norm.within_min < 0]
    if negative:
        raise ValueError(f"norms: {', '.join(negative)} below zero")
    for teams in (norms.everywhere, *norms.called.values()):
        if any(not key.isdecimal() or number < 0 for key, number in teams.items()):
            raise ValueError(f"called: services are numbers, and so many teams or none: {teams}")


class Gap(_Frozen, frozen=True):
    """Needed against there, by one norm; ``there`` or ``needed`` None: not known, for the reason in ``note``."""

    id: str
    title: str
    unit: str
    needed: float | None
    there: float | None
    norm: str = ""
    source: str = ""
    note: str = ""

    @property
    def missing(self) -> float | None:
        """How much is lacking, 0 where there is enough."""
        if self.needed is None or self.there is None:
            return None
        return max(self.needed - self.there, 0.0)


# --- the plan ---------------------------------------------------------------------------------------------------------


class Contact(_Frozen, frozen=True):
    """Whom to call: ``role`` in the plan, the resource's name, phone as it may be shown."""

    role: str
    name: str
    department: str = ""
    contact: str = ""
    phone: str = ""
    code: str = ""


class Unreachable(_Frozen, frozen=True):
    """A village or community that no road leads to any more."""

    code: str
    name: str
    people: int | None
    reason: str
    township: str = ""
    x: float = 0.0
    y: float = 0.0


class Nearest(_Frozen, frozen=True):
    """Who gets to an incident soonest: for every service the first few, nearest first, and who cannot."""

    incident: Incident
    reaches: tuple[Reach, ...]
    closures: tuple[Closure, ...] = ()
    issues: tuple[Issue, ...] = ()
    crs: str = ""
    is_sample: bool = False

    def of(self, kind: ResourceKind) -> tuple[Reach, ...]:
        return tuple(r for r in self.reaches if r.resource.kind == kind)


class Plan(_Frozen, frozen=True):
    """The whole answer to an incident, ready to be printed.

    Attributes
    ----------
    situation
        Sentences: what, where, when, how many are hit, which roads are cut.
    impact
        What the zone hits; None where the incident is a point, or nothing could be told.
    dispatch
        Teams, depots and hospitals that are proposed, by time of arrival.
    allocation
        None where nobody has to leave.
    unreachable
        Villages of the zone and around it that no road leads to.
    log
        What was written down so far, oldest first.
    sources
        Layers with source and currency that the plan was made from.
    """

    incident: Incident
    made_at: str
    crs: str
    situation: tuple[str, ...]
    dispatch: tuple[Reach, ...]
    impact: Impact | None = None
    allocation: Allocation | None = None
    closures: tuple[Closure, ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    contacts: tuple[Contact, ...] = ()
    log: tuple[LogEntry, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    is_sample: bool = False
    is_personal: bool = False


class Story(_Frozen, frozen=True):
    """An incident with its log, oldest first; its place is in ``crs``."""

    incident: Incident
    log: tuple[LogEntry, ...]
    crs: str = ""
