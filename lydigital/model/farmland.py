"""Farmland between two surveys, and protected farmland that something stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lydigital.model.impact import Provenance  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time

if TYPE_CHECKING:
    from lydigital.model.crs import Crs
    from lydigital.model.geometry import GeometryArray

Level = Literal["county", "township"]
Change = Literal["lost", "gained"]


class UnitChange(msgspec.Struct, frozen=True):
    """Farmland of a unit at two times, in hectares on the ellipsoid. ``code`` is "" for what belongs to no unit, and for all."""

    code: str
    name: str
    county: str
    before_ha: float
    after_ha: float
    lost_ha: float
    gained_ha: float
    unchanged_ha: float
    protected_lost_ha: float = 0.0

    @property
    def net_ha(self) -> float:
        return self.gained_ha - self.lost_ha

    @property
    def net_share(self) -> float | None:
        """Net change as a part of what was there, None where nothing was."""
        return self.net_ha / self.before_ha if self.before_ha > 0 else None


class Turned(msgspec.Struct, frozen=True):
    """Land that stayed farmland and became another kind."""

    before: str
    after: str
    area_ha: float


class Part(msgspec.Struct, frozen=True):
    """One piece that was lost or gained: its parcel in the survey that has it, its kind there, its place."""

    change: Change
    fid: int
    kind: str
    protected: bool
    unit: str
    name: str
    county: str
    area_ha: float
    x: float
    y: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What became of farmland between two surveys.

    Attributes
    ----------
    parts
        Pieces lost and gained, largest first, ``shapes`` their outlines in ``crs``; slivers are not among them.
    slivers, sliver_ha
        Pieces below the tolerance, and their area: they count in the amounts and are not shown.
    residual_ha
        Largest of |before − unchanged − lost| and |after − unchanged − gained|: nothing gets lost on the way.
    """

    level: Level
    dates: tuple[str, str]
    city: UnitChange
    units: tuple[UnitChange, ...]
    turned: tuple[Turned, ...]
    parts: tuple[Part, ...]
    slivers: int
    sliver_ha: float
    least_m2: float
    least_width_m: float
    residual_ha: float
    issues: tuple[Issue, ...]
    sources: tuple[Provenance, ...]
    shapes: Any = None

    @property
    def outlines(self) -> tuple[GeometryArray, Crs]:
        """Geometry of :attr:`parts` and its system."""
        return self.shapes  # type: ignore[no-any-return]

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)


class Occupier(msgspec.Struct, frozen=True):
    """Something on farmland: how much of it is protected, how much is not, and on which parcels."""

    layer: str
    layer_name: str
    fid: int
    title: str
    kind: str
    unit: str
    name: str
    county: str
    protected_ha: float
    other_ha: float
    parcels: tuple[int, ...]
    x: float
    y: float


class Occupation(msgspec.Struct, frozen=True, kw_only=True):
    """Farmland that something stands on.

    ``protected_ha`` and ``other_ha`` count ground under several things once, so they may be less than the sum of the rows.
    ``shapes`` are the pieces of protected land of each row, in a system of their own.
    """

    rows: tuple[Occupier, ...]
    protected_ha: float
    other_ha: float
    all_protected_ha: float
    by_layer: tuple[tuple[str, int, float], ...]
    slivers: int
    sliver_ha: float
    least_m2: float
    issues: tuple[Issue, ...]
    sources: tuple[Provenance, ...]
    shapes: Any = None

    @property
    def outlines(self) -> tuple[GeometryArray, Crs]:
        """Geometry of :attr:`rows` and its system."""
        return self.shapes  # type: ignore[no-any-return]

    @property
    def is_sample(self) -> bool:
        return any(source.is_sample for source in self.sources)
