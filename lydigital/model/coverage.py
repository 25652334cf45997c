"""Where services reach, whom they serve and how well, and where they fail while danger is near; as values.

What is not known is None and never stands as zero; what is wrong with the data travels as issues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.model.impact import Provenance  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001

if TYPE_CHECKING:
    from lydigital.model.crs import Crs
    from lydigital.model.geometry import GeometryArray

Method = Literal["buffer", "viewshed", "network"]
Way = Literal["dasymetric", "areal"]
Metric = Literal["straight", "road"]
Decay = Literal["none", "steps", "gaussian"]
"""2SFCA; E2SFCA with a weight a ring; E2SFCA with a bell that ends at the reach."""
Channel = Literal["phone", "mobile", "broadband", "tv", "station"]
Hazard = Literal["zones", "issue", "susceptibility"]

CHANNELS: tuple[Channel, ...] = ("phone", "mobile", "broadband", "tv", "station")


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


# --- areas ------------------------------------------------------------------------------------------------------------


class Site(_Frozen, frozen=True):
    """One place a service comes from, and what it reaches by itself.

    Attributes
    ----------
    reach
        Metres, or seconds by road.
    area_km2
        What it reaches, other sites not looked at; None where that could not be worked out, for the reason in ``problem``.
    """

    fid: int
    code: str
    name: str
    reach: float | None = None
    area_km2: float | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class ServiceArea:
    """What the sites of a layer reach.

    Attributes
    ----------
    shape
        One polygon: all that is reached, dissolved.
    pieces
        What each of ``sites`` reaches, in their order; empty for those that reach nothing, and for
        all but buffers, where they are not worked out one by one.
    crs
        Of both, projected.
    area_km2
        Of ``shape``, on the ellipsoid; of it ``outside_km2`` lie beyond the city, None where its outline is not known.
    sum_km2
        Of all pieces: more than ``area_km2`` where they overlap; None where they were not worked out one by one.
    city_km2
        Area of the city, None where it is not known.
    parameters
        What it was worked out with, for the method note.
    """

    method: Method
    title: str
    shape: GeometryArray
    pieces: GeometryArray
    sites: tuple[Site, ...]
    crs: Crs
    area_km2: float
    sum_km2: float | None
    outside_km2: float | None = None
    city_km2: float | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    provenance: tuple[Provenance, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def share(self) -> float | None:
        """Part of the city that is reached, 0 to 1; None where the city is not known."""
        if not self.city_km2 or self.outside_km2 is None:
            return None
        return min(max((self.area_km2 - self.outside_km2) / self.city_km2, 0.0), 1.0)


# --- people -----------------------------------------------------------------------------------------------------------


class ServedUnit(_Frozen, frozen=True):
    """People of one unit and how many of them are served; ``low`` and ``high`` is where the number must lie."""

    code: str
    name: str
    county: str
    people: float | None
    served: float | None
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        return None if self.served is None or not self.people else self.served / self.people


class Served(_Frozen, frozen=True):
    """People (and households) inside an area.

    Attributes
    ----------
    residual
        People of all units less those inside and those outside, each worked out by itself: 0 but for rounding, because both
        ways of sharing preserve volume.
    unknown
        Units that have no figure; they are in none of the numbers.
    """

    title: str
    way: Way
    people: float | None
    served: float | None
    low: float | None
    high: float | None
    residual: float
    households: float | None = None
    served_households: float | None = None
    unknown: int = 0
    units: tuple[ServedUnit, ...] = ()
    method: str = ""
    provenance: tuple[Provenance, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def share(self) -> float | None:
        return None if self.served is None or not self.people else self.served / self.people


# --- access -----------------------------------------------------------------------------------------------------------


class Supply(_Frozen, frozen=True):
    """One supply of :class:`Access`: ``people`` it stands for, weighted; ``ratio`` a person, None where nobody reaches it."""

    fid: int
    code: str
    name: str
    capacity: float | None
    people: float = 0.0
    ratio: float | None = None
    problem: str = ""


class Place(_Frozen, frozen=True):
    """Where people live: ``value`` is supply for each of ``Access.per`` persons, None where nobody lives or it is off the network.

    ``nearest`` is the distance to the nearest supply (metres or seconds), None where none is within reach.
    """

    code: str
    name: str
    county: str
    people: float | None
    value: float | None
    supplies: int = 0
    nearest: float | None = None


class Access(_Frozen, frozen=True):
    """Two-step floating catchment areas.

    Attributes
    ----------
    reach
        Metres, or seconds by road.
    total
        All capacity; of it ``used`` is within reach of somebody.
    delivered
        Σ people × access over all places: equals ``used``.
    mean
        Capacity within reach for each ``per`` persons of all people, None where there are none.
    without
        People within reach of no supply.
    """

    title: str
    unit: str
    metric: Metric
    reach: float
    decay: Decay
    supplies: tuple[Supply, ...]
    places: tuple[Place, ...]
    total: float
    used: float
    delivered: float
    people: float
    without: float
    mean: float | None = None
    per: float = 1000.0
    weights: tuple[float, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def residual(self) -> float:
        """What people get less what is there for them: 0 but for rounding."""
        return self.delivered - self.used


# --- coverage and hazard ----------------------------------------------------------------------------------------------


class FailingPlace(_Frozen, frozen=True):
    """A village or community in danger.

    Attributes
    ----------
    level
        Of the warning zone (or class of susceptibility) that holds it, the highest of several.
    zone
        What that is called.
    share
        Part of its area in the zones; None where only its seat is known.
    missing, unknown
        Channels it does not have, and those nothing is known of.
    longitude, latitude
        Of its seat, CGCS2000.
    """

    code: str
    name: str
    township: str
    county: str
    level: int
    zone: str
    people: int | None
    households: int | None
    share: float | None
    missing: tuple[Channel, ...] = ()
    unknown: tuple[Channel, ...] = ()
    longitude: float | None = None
    latitude: float | None = None
    fid: int = 0


class ChannelLoss(_Frozen, frozen=True):
    """One warning channel in the zones: whom it does not reach.

    ``is_known`` False: no place has a figure for it, and there are no numbers.
    """

    channel: Channel
    title: str
    is_known: bool
    places: int = 0
    people: int | None = None
    households: int | None = None
    unknown_places: int = 0
    unknown_people: int = 0


class Call(_Frozen, frozen=True):
    """Somebody to call for a place; ``role`` says who that is. Name and phone are starred unless ``Board.is_masked`` is False."""

    place_code: str
    place: str
    township: str
    county: str
    level: int
    role: str
    name: str
    phone: str
    at: str = ""
    people: int | None = None


class Board(_Frozen, frozen=True):
    """Coverage × hazard: where danger is and warnings do not get through.

    Attributes
    ----------
    levels
        That zones must have to count, 1 the highest.
    places
        All places in the zones, those with most missing channels first.
    people
        In these places, None where no place has a figure; ``without_figure`` places have none.
    cut_off, cut_off_people
        Places where every known channel fails.
    calls
        Whom to call, in the order of the places.
    nobody
        Codes of places with a failing channel for which the map names nobody to call.
    """

    hazard: Hazard
    title: str
    levels: tuple[int, ...]
    zones: int
    area_km2: float
    places: tuple[FailingPlace, ...]
    channels: tuple[ChannelLoss, ...]
    people: int | None
    households: int | None
    without_figure: int = 0
    cut_off: int = 0
    cut_off_people: int | None = None
    calls: tuple[Call, ...] = ()
    nobody: tuple[str, ...] = ()
    is_masked: bool = True
    year: int | None = None
    provenance: tuple[Provenance, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def failing(self) -> tuple[FailingPlace, ...]:
        """Places that lack at least one channel."""
        return tuple(place for place in self.places if place.missing)

    @property
    def is_sample(self) -> bool:
        return any(p.is_sample for p in self.provenance)
