"""Households by place and by need. Pure: rows in, nouns out; what is personal is starred before it leaves here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

from lydigital.domain.hazard_cards import HIDDEN
from lydigital.model.community import ORDINARY, Household, Need, Needs, Registered, Roster, Tally
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.impact import Provenance
    from lydigital.model.layerdef import LayerDef

Of = Literal["grid", "building", "community", "township", "county", "city"]
By = Literal["grid", "building", "community", "township", "county"]
_NUMBER = re.compile(r"(\d+)\s*号楼")


@dataclass(frozen=True)
class Spot:
    """A building or grid: where it is, and the community there ("" for none)."""

    x: float
    y: float
    community: str = ""
    community_name: str = ""


@dataclass(frozen=True)
class Places:
    """What codes of the roster mean: buildings by number, grids by code, names of townships and counties by code."""

    buildings: Mapping[int, Spot]
    grids: Mapping[str, Spot]
    townships: Mapping[str, str]
    counties: Mapping[str, str]


def building_of(text: str) -> int | None:
    """Number of the building that ``12号楼`` names."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


def households(
    fids: Sequence[int], records: Sequence[Mapping[str, object]], layer: LayerDef, places: Places, *, may_see: bool
) -> tuple[Household, ...]:  # fmt: skip
    """Rows of the roster with names in place of codes. A household stands at its building, for want of one in its grid."""
    personal = {f.name for f in layer.fields if f.personal} or {"head", "phone"}
    category = layer.field("category")
    out = []
    for fid, record in zip(fids, records, strict=True):
        def text(name: str, record: Mapping[str, object] = record) -> str:
            value = record.get(name)
            if value is None or value == "":
                return ""
            return HIDDEN if name in personal and not may_see else str(value)

        building = building_of(text("building"))
        spot = places.buildings.get(building) if building is not None else None
        grid = places.grids.get(text("grid_code"))
        at = spot or grid
        number = _whole(record.get("category"))
        out.append(Household(
            int(fid), text("code"), text("head"), text("phone"), _whole(record.get("persons")), _whole(record.get("floating")), number,
            category.decode(number) if category is not None and number is not None else "", text("grid_code"), text("building"),
            building if spot is not None else None, at.community if at else "", at.community_name if at else "", text("township_code"),
            places.townships.get(text("township_code"), ""), text("county_code"), places.counties.get(text("county_code"), ""),
            at.x if at and isfinite(at.x) else None, at.y if at and isfinite(at.y) else None,
        ))  # fmt: skip
    return tuple(out)


def of_place(found: Sequence[Household], of: Of, code: str) -> tuple[Household, ...]:
    """Those of one place; ``code`` is the number of a building."""
    if of == "city":
        return tuple(found)
    if of == "building":
        return tuple(h for h in found if str(h.building_fid) == code or h.building == code)
    return tuple(h for h in found if getattr(h, of) == code)


def roster(
    found: Sequence[Household], of: Of, code: str, title: str, *, names: Mapping[int, str], registered: Registered, is_masked: bool,
    sources: Sequence[Provenance] = (), categories: Sequence[int] = (),
) -> Roster:  # fmt: skip
    """The roster of a place. With ``categories`` only households of these are rows, and sums are theirs."""
    mine = of_place(found, of, code)
    rows = sorted((h for h in mine if not categories or h.category in categories), key=lambda h: (h.grid, h.building_fid or 0, h.building, h.code))
    tallies = tuple(
        Tally(number, name, len(some), _sum(h.persons for h in some), _sum(h.floating for h in some))
        for number, name in names.items() if (some := [h for h in rows if h.category == number])
    )  # fmt: skip
    issues = _gaps(rows)
    if registered.households and len(mine) < registered.households:
        issues.append(Issue(
            "roster.partial", "warning", "The roster lists {listed} of {all} households that are registered here",
            "Numbers are of those listed; do not take them for all.",
            values={"listed": f"{len(mine):,}", "all": f"{registered.households:,}"},
        ))  # fmt: skip
    elif not mine:
        issues.append(Issue("roster.none", "note", "The roster lists nobody here: that is not known, not zero", ""))
    return Roster(
        of=of, code=code, title=title, households=tuple(rows), persons=_sum(h.persons for h in rows), floating=_sum(h.floating for h in rows),
        tallies=tallies, registered=registered, is_masked=is_masked, issues=tuple(issues), sources=tuple(sources),
    )  # fmt: skip


def needs(
    found: Sequence[Household], by: By, titles: Mapping[str, tuple[str, str]], *, names: Mapping[int, str], is_masked: bool,
    categories: Sequence[int] = (), sources: Sequence[Provenance] = (),
) -> Needs:  # fmt: skip
    """Households in need by unit; ``titles`` are name and place of units by code, ``names`` those of categories."""
    wanted = tuple(n for n in names if (n in categories if categories else n != ORDINARY))
    groups: dict[str, list[Household]] = defaultdict(list)
    for h in found:
        groups[str(h.building_fid or "") if by == "building" else getattr(h, by)].append(h)
    units = []
    for code, mine in groups.items():
        name, place = titles.get(code, (code, ""))
        unit = _need(code, name, place, mine, wanted)
        if unit.households:
            units.append(unit)
    units.sort(key=lambda u: (-u.households, u.code))
    chosen = tuple(sorted((h for h in found if h.category in wanted), key=lambda h: (h.category or 0, h.township, h.grid, h.code)))
    issues = _gaps(found)
    lost = sum(u.households for u in units if not u.code)
    if lost:
        issues.append(Issue(
            "roster.no_unit", "note", "{count} households in need have no place of this kind: told by themselves", "", count=lost,
            values={"count": f"{lost:,}"},
        ))  # fmt: skip
    return Needs(
        by=by, categories=tuple((n, names[n]) for n in wanted), units=tuple(units), total=_need("", "", "", found, wanted), households=chosen,
        is_masked=is_masked, issues=tuple(issues), sources=tuple(sources),
    )  # fmt: skip


def _need(code: str, name: str, place: str, mine: Sequence[Household], wanted: Sequence[int]) -> Need:
    some = [h for h in mine if h.category in wanted]
    counts = Counter(h.category for h in some)
    xs, ys = [h.x for h in some if h.x is not None], [h.y for h in some if h.y is not None]
    return Need(
        code, name, place, len(mine), tuple((n, counts[n]) for n in wanted), _sum(h.persons for h in some),
        sum(xs) / len(xs) if xs else None, sum(ys) / len(ys) if ys else None,
    )  # fmt: skip


def _gaps(rows: Sequence[Household]) -> list[Issue]:
    """What the roster does not say, and what cannot be."""
    issues = []
    for code, message, count in (
        ("roster.persons", "{count} households do not say how many live there: they count no persons", sum(h.persons is None for h in rows)),
        ("roster.category", "{count} households have no category: they are in no sum of needs", sum(h.category is None for h in rows)),
        ("roster.place", "{count} households stand at no building and in no grid of the map", sum(h.x is None for h in rows)),
        ("roster.floating", "{count} households have more floating population than persons",
         sum((h.floating or 0) > h.persons for h in rows if h.persons is not None)),
    ):  # fmt: skip
        if count:
            issues.append(Issue(code, "warning", message, "Correct these rows of the roster.", count=count, values={"count": f"{count:,}"}))
    return issues


def _sum(values: object) -> int:
    return sum(v for v in values if v is not None)  # type: ignore[attr-defined]


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and isfinite(value) else None
