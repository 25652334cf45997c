"""Farmland between two surveys, and what stands on protected farmland.

What they do is in :mod:`lydigital.commands.work.farmland`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.model.farmland import Level  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.farmland import Comparison, Occupation, UnitChange
    from lydigital.model.impact import Provenance
    from lydigital.model.issue import Issue
    from lydigital.session import Session

NOW, BEFORE = "farmland", "farmland_before"
OCCUPIERS = ("building", "settlement")
SquareMetres = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
Metres = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Compare(Parameters, frozen=True, kw_only=True):
    """Farmland of the layer ``before`` against that of ``after``, by unit.

    Pieces below ``least_m2``, or narrower than ``least_width_m``, are slivers. ``output`` is an XLSX, Word, HTML or JSON file.
    """

    before: str = BEFORE
    after: str = NOW
    level: Level = "county"
    least_m2: SquareMetres = 100.0
    least_width_m: Metres = 1.0
    output: str = ""


class CompareMap(Parameters, frozen=True, kw_only=True):
    """The same as a layer of the map: what was lost and gained."""

    before: str = BEFORE
    after: str = NOW
    level: Level = "township"
    least_m2: SquareMetres = 100.0
    least_width_m: Metres = 1.0


class Occupied(Parameters, frozen=True, kw_only=True):
    """Protected farmland that features of ``layers`` stand on, or an area drawn.

    ``fids`` are of the only layer named. ``area`` is a polygon as WKT, in map units or in ``crs``; with it no layer is looked at unless
    named. ``farmland`` is the layer of parcels. With ``everything``, farmland that is not protected is told as well.
    """

    layers: tuple[str, ...] = ()
    fids: tuple[int, ...] = ()
    area: str = ""
    crs: str = ""
    farmland: str = NOW
    least_m2: SquareMetres = 10.0
    everything: bool = False
    output: str = ""


class OccupiedMap(Parameters, frozen=True, kw_only=True):
    """The same as a layer of the map: protected ground that is taken."""

    layers: tuple[str, ...] = ()
    fids: tuple[int, ...] = ()
    area: str = ""
    crs: str = ""
    farmland: str = NOW
    least_m2: SquareMetres = 10.0


# --- as plain values ----------------------------------------------------------------------------------------------------


def values_of(found: Comparison | Occupation) -> dict[str, Any]:
    """A result as plain values in the user's language."""
    from lydigital.model.farmland import Comparison

    shared = {"issues": issue_values(found.issues), "sources": source_values(found.sources), "sample": found.is_sample}
    if not isinstance(found, Comparison):
        return {
            "protected_ha": round(found.protected_ha, 4), "other_ha": round(found.other_ha, 4), "all_protected_ha": round(found.all_protected_ha, 4),
            "by_layer": [{"layer": name, "count": count, "protected_ha": round(area, 4)} for name, count, area in found.by_layer],
            "rows": [msgspec.to_builtins(row) for row in found.rows], "slivers": found.slivers, "sliver_ha": round(found.sliver_ha, 6),
            "least_m2": found.least_m2, **shared,
        }  # fmt: skip
    return {
        "level": found.level, "dates": list(found.dates), "city": _unit(found.city), "units": [_unit(u) for u in found.units],
        "turned": [msgspec.to_builtins(t) for t in found.turned], "parts": [msgspec.to_builtins(p) for p in found.parts],
        "slivers": found.slivers, "sliver_ha": round(found.sliver_ha, 6), "least_m2": found.least_m2, "least_width_m": found.least_width_m,
        "residual_ha": round(found.residual_ha, 9), **shared,
    }  # fmt: skip


def issue_values(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """Issues in the user's language."""
    return [
        {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values) if i.hint else "", "count": i.count}
        for i in issues
    ]


def source_values(sources: Sequence[Provenance]) -> list[dict[str, Any]]:
    """Sources as plain values."""
    return [msgspec.to_builtins(source) for source in sources]


def _unit(unit: UnitChange) -> dict[str, Any]:
    share = unit.net_share
    plain = {name: round(v, 4) if isinstance(v, float) else v for name, v in msgspec.to_builtins(unit).items()}
    return {**plain, "net_ha": round(unit.net_ha, 4), "net_share": None if share is None else round(share, 6)}


def _no_farmland(session: Session) -> str | None:
    return None if session.document.layer(NOW) is not None else tr("The map has no layer of farmland")


def _no_surveys(session: Session) -> str | None:
    there = all(session.document.layer(layer) is not None for layer in (NOW, BEFORE))
    return None if there else tr("The map has no two surveys of farmland")


COMMANDS = (
    Command("farmland.compare", "Farmland gained and lost", later("farmland", "compare"), Compare, disabled=_no_surveys, icon="vector-difference"),
    Command("farmland.compare_map", "Farmland gained and lost as a layer", later("farmland", "compare_map"), CompareMap, disabled=_no_surveys, icon="map-plus"),
    Command("farmland.occupied", "Protected farmland that is built on", later("farmland", "occupied"), Occupied, disabled=_no_farmland, icon="alert-octagon-outline"),
    Command("farmland.occupied_map", "Occupied protected farmland as a layer", later("farmland", "occupied_map"), OccupiedMap, disabled=_no_farmland, icon="map-plus"),
)  # fmt: skip
