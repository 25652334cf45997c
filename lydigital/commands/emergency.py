"""An incident and what to do: who is there soonest, who leaves to which shelter, the whole plan of response.

Where it is stands in every command as :class:`Where`; results are values (:mod:`lydigital.model.emergency`) and change nothing.
The log of an incident see :mod:`lydigital.commands.incident`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands.network import Roads, no_roads
from lydigital.commands.registry import Command, later
from lydigital.model.emergency import KINDS, Allocation, Plan, ResourceKind
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.emergency import Nearest
    from lydigital.model.issue import Issue

Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class Where(Roads, frozen=True, kw_only=True):
    """A place or zone, and which roads are cut (see :class:`~lydigital.commands.network.Roads`).

    Parameters
    ----------
    x, y
        A place in map units, or in ``crs``.
    geometry
        Or a point or polygon as WKT, likewise.
    layer, fid
        Or a feature: an incident, a hazard point, a warning zone, anything that has a place.
    file
        Or the polygons of a file, as one zone.
    radius_m
        Whatever lies so far around is in the zone too.
    title, kind, injured
        What happened: kind 1 traffic accident, 2 fire, 3 geohazard, 4 flood, 5 pipeline failure, 6 medical emergency. A
        feature of the layer of incidents says it itself.
    people
        How many must leave, where that is known better than by who lives in the zone.
    personal
        Names and numbers of people without stars, where the office allows it.
    """

    x: float | None = None
    y: float | None = None
    crs: str = ""
    geometry: str = ""
    layer: str = ""
    fid: int | None = None
    file: str = ""
    radius_m: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 0.0
    title: str = ""
    kind: Annotated[int, msgspec.Meta(ge=1, le=6)] | None = None
    injured: Count | None = None
    people: Count | None = None
    personal: bool = False


class FindNearest(Where, frozen=True, kw_only=True):
    """``count`` of each service of teams and of each other kind, those away on top; ``kinds`` and ``services`` narrow it down."""

    kinds: tuple[ResourceKind, ...] = KINDS
    services: tuple[int, ...] = ()
    count: Annotated[int, msgspec.Meta(ge=1, le=500)] = 3


class Allocate(Where, frozen=True, kw_only=True):
    """Nobody goes farther than ``limit_min`` minutes (0: no limit); ``use_inside``: shelters in the zone too."""

    limit_min: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    use_inside: bool = False


class MakePlan(Allocate, frozen=True, kw_only=True):
    """``with_impact`` False leaves out what the zone hits, which takes longest."""

    with_impact: bool = True


# --- plain values -----------------------------------------------------------------------------------------------------


def values_of(found: Nearest | Allocation | Plan) -> dict[str, Any]:
    """A result as plain values in the user's language: shapes as WKT, numbers rounded, None for what is not known."""
    from lydigital.commands.impact import values_of as impact_values

    values: dict[str, Any] = plain(msgspec.to_builtins(found, builtin_types=(bytes,)))
    values["issues"] = issue_values(found.issues)
    if isinstance(found, Allocation):
        return values | _sums(found)
    if isinstance(found, Plan):
        values["impact"] = None if found.impact is None else impact_values(found.impact)
        if found.allocation is not None:
            values["allocation"] |= _sums(found.allocation) | {"issues": issue_values(found.allocation.issues)}
    return values


def _sums(found: Allocation) -> dict[str, int]:
    return {"people": found.people, "placed": found.placed, "left_over": found.left_over}


def issue_values(issues: tuple[Issue, ...]) -> list[dict[str, Any]]:
    return [
        {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
        for i in issues
    ]  # fmt: skip


def plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, bytes):
        if not value:
            return ""
        import shapely

        return shapely.to_wkt(shapely.from_wkb(value), rounding_precision=3)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


COMMANDS = (
    Command("emergency.nearest", "Nearest help", later("emergency", "nearest"), FindNearest, disabled=no_roads, icon="map-marker-distance"),
    Command("emergency.allocate", "People to shelters", later("emergency", "allocate"), Allocate, disabled=no_roads, icon="home-import-outline"),
    Command("emergency.plan", "Response plan", later("emergency", "plan"), MakePlan, disabled=no_roads, icon="clipboard-text-clock-outline"),
    Command("emergency.plan_map", "Show response plan", later("emergencymap", "plan_map"), MakePlan, disabled=no_roads, icon="map-legend"),
)  # fmt: skip
