"""The emergency card of a township, as values: who helps and how soon, ways out, shelters, hazard points, villages, channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lydigital.model.coverage import Channel  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.emergency import Resource, Way  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Immutable, and a misspelt key is an error."""


class Helper(_Frozen, frozen=True):
    """A resource and its time by road to or from the seat of the township; ``seconds`` None where there is no way."""

    resource: Resource
    seconds: float | None
    is_own: bool = False


class WayOut(_Frozen, frozen=True):
    """The way from the seat of the township to the next one; without ``seconds`` there is none, for ``reason``."""

    name: str
    seconds: float | None
    metres: float | None = None
    via: tuple[str, ...] = ()
    way: Way = ()
    reason: str = ""


class HazardFact(_Frozen, frozen=True):
    """A hazard point of the township; ``monitor`` and ``phone`` as they may be shown."""

    number: int
    code: str
    name: str
    x: float
    y: float
    kind: str = ""
    grade: str = ""
    people: int | None = None
    monitor: str = ""
    phone: str = ""
    refuge: str = ""


class VillageFact(_Frozen, frozen=True):
    """A village or community; ``missing`` warning channels, ``unknown`` ones that nobody told of."""

    code: str
    name: str
    x: float
    y: float
    people: int | None = None
    households: int | None = None
    missing: tuple[Channel, ...] = ()
    unknown: tuple[Channel, ...] = ()


class TownshipCard(_Frozen, frozen=True):
    """Everything on the card of one township; places are in ``crs``.

    Attributes
    ----------
    shape
        WKB polygon of the township.
    x, y
        Its seat, from which the times are; ``has_seat`` False: a place in its middle stands for it.
    teams, depots, hospitals
        Nearest by road: one team of each service that is not away.
    shelters
        Those in the township, then the nearest of others.
    people
        None where no number is known.
    """

    code: str
    name: str
    county: str
    crs: str
    shape: bytes
    x: float
    y: float
    has_seat: bool = True
    people: int | None = None
    households: int | None = None
    area_km2: float | None = None
    teams: tuple[Helper, ...] = ()
    depots: tuple[Helper, ...] = ()
    hospitals: tuple[Helper, ...] = ()
    shelters: tuple[Helper, ...] = ()
    ways_out: tuple[WayOut, ...] = ()
    hazards: tuple[HazardFact, ...] = ()
    villages: tuple[VillageFact, ...] = ()
    year: int | None = None
    is_sample: bool = False
    is_personal: bool = False

    @property
    def threatened(self) -> int | None:
        """People at hazard points; None where there are points and none of them has a number."""
        known = [h.people for h in self.hazards if h.people is not None]
        return sum(known) if known or not self.hazards else None

    @property
    def places(self) -> int | None:
        """Places in the shelters of the township; None where it has shelters and the capacity of none is known."""
        own = [s.resource.capacity for s in self.shelters if s.is_own]
        known = [c for c in own if c is not None]
        return sum(known) if known or not own else None

    def helpers(self) -> Iterator[Helper]:
        yield from (*self.teams, *self.depots, *self.hospitals, *self.shelters)
