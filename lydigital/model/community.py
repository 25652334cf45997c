"""Who lives where: a roster of households, and those in need."""

from __future__ import annotations

import msgspec

from lydigital.model.impact import Provenance  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time

ORDINARY = 1  # category of a household that is in no need


class Household(msgspec.Struct, frozen=True):
    """One row of the roster. ``head`` and ``phone`` are starred for those who may not see them; x and y are None without a place."""

    fid: int
    code: str
    head: str
    phone: str
    persons: int | None
    floating: int | None
    category: int | None
    category_name: str
    grid: str
    building: str
    building_fid: int | None
    community: str
    community_name: str
    township: str
    township_name: str
    county: str
    county_name: str
    x: float | None = None
    y: float | None = None


class Registered(msgspec.Struct, frozen=True):
    """What the place itself says of its people, beside the roster; None for what it does not say."""

    households: int | None = None
    persons: int | None = None
    floating: int | None = None


class Tally(msgspec.Struct, frozen=True):
    """Households of one category."""

    category: int
    name: str
    households: int
    persons: int
    floating: int


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Households of a place.

    Attributes
    ----------
    of
        What was asked for: ``grid``, ``building``, ``community``, ``township``, ``county``, or ``city``.
    residents
        Persons that are not floating population: ``persons`` counts all who live there.
    """

    of: str
    code: str
    title: str
    households: tuple[Household, ...]
    persons: int
    floating: int
    tallies: tuple[Tally, ...]
    registered: Registered
    is_masked: bool
    issues: tuple[Issue, ...]
    sources: tuple[Provenance, ...]

    @property
    def residents(self) -> int:
        return self.persons - self.floating

    @property
    def in_need(self) -> int:
        return sum(t.households for t in self.tallies if t.category != ORDINARY)

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)


class Need(msgspec.Struct, frozen=True):
    """Households in need of a unit, by category; ``listed`` are all of its households in the roster."""

    code: str
    name: str
    place: str
    listed: int
    counts: tuple[tuple[int, int], ...]
    persons: int
    x: float | None = None
    y: float | None = None

    @property
    def households(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def share(self) -> float | None:
        """Part of the households listed, None where none is."""
        return self.households / self.listed if self.listed else None


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """Households in need by unit, most first; ``categories`` are number and name of those counted."""

    by: str
    categories: tuple[tuple[int, str], ...]
    units: tuple[Need, ...]
    total: Need
    households: tuple[Household, ...]
    is_masked: bool
    issues: tuple[Issue, ...]
    sources: tuple[Provenance, ...]

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)
