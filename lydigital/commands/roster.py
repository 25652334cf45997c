"""Who lives where: the roster of a grid, building, community or larger unit, and households in need. Personal data by role.

What they do is in :mod:`lydigital.commands.work.roster`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.community import Household, Need, Needs, Roster
    from lydigital.session import Session

RESIDENTS, BUILDINGS, GRIDS, COMMUNITIES = "resident", "building", "grid", "urban_community"
Of = Literal["grid", "building", "community", "township", "county", "city"]
By = Literal["grid", "building", "community", "township", "county"]


class Show(Parameters, frozen=True, kw_only=True):
    """Households of the place of a kind: ``code`` is its code, or the number of a building; all of the city without one.

    Instead of a code, ``x`` and ``y`` in map units name the place there. ``categories`` keeps only households of these. Names and phones
    are starred unless asked for by ``personal``, which the rules of the office must allow. ``output`` is an XLSX, Word, HTML or JSON file.
    """

    of: Of = "city"
    code: str = ""
    x: float | None = None
    y: float | None = None
    categories: tuple[int, ...] = ()
    personal: bool = False
    output: str = ""


class InNeed(Parameters, frozen=True, kw_only=True):
    """Households in need by unit; ``categories`` are all but ordinary ones unless named. ``personal`` and ``output`` as above."""

    by: By = "township"
    categories: tuple[int, ...] = ()
    personal: bool = False
    output: str = ""


class NeedsMap(Parameters, frozen=True, kw_only=True):
    """The same as a layer of points, one a building, without any name."""

    categories: tuple[int, ...] = ()


def values_of(found: Roster | Needs) -> dict[str, Any]:
    """A roster or needs as plain values in the user's language."""
    from lydigital.commands.farmland import issue_values, source_values
    from lydigital.model.community import Needs

    shared = {
        "masked": found.is_masked, "issues": issue_values(found.issues), "sources": source_values(found.sources), "sample": found.is_sample,
        "households": [household_values(h) for h in found.households],
    }  # fmt: skip
    if isinstance(found, Needs):
        names = dict(found.categories)
        return {"by": found.by, "total": _need(found.total, names), "units": [_need(u, names) for u in found.units], **shared}
    return {
        "of": found.of, "code": found.code, "title": found.title, "count": len(found.households), "persons": found.persons,
        "residents": found.residents, "floating": found.floating, "in_need": found.in_need,
        "categories": [msgspec.to_builtins(t) for t in found.tallies], "registered": msgspec.to_builtins(found.registered), **shared,
    }  # fmt: skip


def household_values(one: Household) -> dict[str, Any]:
    """A household as plain values."""
    found: dict[str, Any] = msgspec.to_builtins(one)
    return found


def _need(unit: Need, names: dict[int, str]) -> dict[str, Any]:
    return {
        "code": unit.code, "name": unit.name, "place": unit.place, "listed": unit.listed, "households": unit.households, "persons": unit.persons,
        "share": None if unit.share is None else round(unit.share, 6),
        "categories": [{"category": n, "name": names[n], "households": count} for n, count in unit.counts],
    }  # fmt: skip


def _no_roster(session: Session) -> str | None:
    return None if session.ref(RESIDENTS) is not None else tr("The map has no roster of residents")


COMMANDS = (
    Command("roster.show", "Roster of residents", later("roster", "show"), Show, disabled=_no_roster, icon="account-group-outline"),
    Command("roster.needs", "Households in need", later("roster", "in_need"), InNeed, disabled=_no_roster, icon="account-heart-outline"),
    Command("roster.needs_map", "Households in need as a layer", later("roster", "needs_map"), NeedsMap, disabled=_no_roster, icon="map-plus"),
)
