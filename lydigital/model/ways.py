"""Answers of the road network: a route, areas within a time, who is nearest, times between many; what is not known is None."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.network import Closed, Isochrone, Way  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every answer says.

    Attributes
    ----------
    crs
        Of places and ways.
    profile
        Who is on the road, by name.
    closed
        Pieces of road that closures took.
    is_sample
        Whether the roads are sample data.
    """

    crs: str
    profile: str
    closed: tuple[Closed, ...] = ()
    issues: tuple[Issue, ...] = ()
    is_sample: bool = False


class RouteAnswer(_Answer, frozen=True, kw_only=True):
    """A way by way of some places: one part for each stretch between two of them.

    ``seconds`` and ``length_m`` are those of all parts, None where one of them has no way.
    """

    parts: tuple[Way, ...]

    @property
    def seconds(self) -> float | None:
        return _sum([way.seconds for way in self.parts])

    @property
    def length_m(self) -> float | None:
        return _sum([way.length_m for way in self.parts])


class WithinAnswer(_Answer, frozen=True, kw_only=True):
    """What is reached within some times; ``off_road`` are titles of places that are on no road, with the distance (None: no road)."""

    areas: tuple[Isochrone, ...]
    places: int
    towards: bool = False
    off_road: tuple[tuple[str, float | None], ...] = ()


class Target(msgspec.Struct, frozen=True):
    """A feature that was asked about, and the way to or from it."""

    fid: int
    title: str
    way: Way
    x: float
    y: float


class NearestAnswer(_Answer, frozen=True, kw_only=True):
    """The nearest features by time, nearest first; those ``beyond`` are not reached, each for the reason in its way.

    Of these the nearest as the crow flies are named, ``unreached`` counts all.
    """

    layer: str
    title: str
    towards: bool
    found: tuple[Target, ...]
    beyond: tuple[Target, ...] = ()
    unreached: int = 0


class MatrixAnswer(_Answer, frozen=True, kw_only=True):
    """Seconds from every row to every column, None where there is no way; titles and fids of both."""

    rows: tuple[tuple[int, str], ...]
    columns: tuple[tuple[int, str], ...]
    seconds: tuple[tuple[float | None, ...], ...]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
