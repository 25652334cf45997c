"""What new sites would change: who is gained, and the indicator before and after. Nothing on the map changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.domain.figures import figures, numbers, texts
from lydigital.domain.indicators import compute, value_of
from lydigital.domain.placing import containing, middles
from lydigital.errors import BadDataError, UsageError
from lydigital.model.indicator import (
    DIGITS,
    UNIT_LAYERS,
    Gap,
    Indicator,
    IndicatorResult,
    Level,
    UnitValue,
    WhatIf,
)
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.domain.amounts import Material

VILLAGES = "village"  # layer of points that stand for villages, with people and households


def whatif(
    indicator: Indicator, level: Level, material: Material, sites: Sequence[tuple[float, float]], *,
    reach_m: float | None = None, amount: float | None = None, year: int | None = None,
) -> WhatIf:  # fmt: skip
    """The indicator with sites added.

    Parameters
    ----------
    sites
        In the metric system of the tables.
    reach_m
        How far each reaches, that of the indicator's own rule unless named; 0: the unit it stands in.
    amount
        What each adds to the numerator, for indicators that count amounts (lines, beds) and not what is missing.

    Raises
    ------
    UsageError
        When there is no site, or neither a rule for what is missing nor an amount.
    BadDataError
        As :func:`compute`; when all sites are outside the city.
    """
    if not sites:
        raise UsageError("There is no site to add", hint="Name a place, or click on the map.")
    rule = indicator.gap
    if amount is None and rule is None:
        raise UsageError(
            "{name} has no list of what is missing", hint="Say how much each site adds ({unit}).", name=indicator.name,
            unit=indicator.terms_at(level)[0].unit or indicator.unit_name,
        )  # fmt: skip
    if amount is not None and (not np.isfinite(amount) or amount < 0):
        raise UsageError("A site cannot add {amount}", hint="Name a number above zero.", amount=amount)
    before = compute(indicator, level, material, year)
    inside, issues = _inside(sites, material)
    if not inside:
        raise BadDataError("No site lies in the city", hint="Check the coordinates and their order: east, north.")
    reach = (rule.reach_m if rule is not None else 0.0) if reach_m is None else reach_m
    made = WhatIf(indicator, level, tuple(inside), reach, before.city, before.city)
    if amount is not None:
        added = _codes_at(inside, "county" if level == "city" else level, material)
        return _changed(made, before, [(code, amount) for code in added], issues, material)
    if rule is not None and not rule.level and reach <= 0:
        raise UsageError("Say how far a site reaches", hint="Name a distance in metres (reach_m).")
    gained = _gained(before.gaps, inside, reach, material)
    if not gained:
        issues.append(Issue(
            "whatif.nobody", "note", "Nothing that is missing lies within reach of the sites", "Move them, or widen their reach.",
        ))  # fmt: skip
    people, households = _people(gained, material)
    made = msgspec.structs.replace(made, gained=gained, people=people, households=households)
    return _changed(made, before, _gains(indicator, gained, material), issues, material)


# --- inside -----------------------------------------------------------------------------------------------------------


def _inside(sites: Sequence[tuple[float, float]], material: Material) -> tuple[list[tuple[float, float]], list[Issue]]:
    counties = material.units("county")
    good = [site for site in sites if containing(*site, counties) >= 0]
    lost = len(sites) - len(good)
    if not lost:
        return good, []
    return good, [Issue(
        "whatif.outside", "warning", "{count} sites lie outside the city and are left out", "Check their places.", count=lost,
        values={"count": str(lost)},
    )]  # fmt: skip


def _codes_at(sites: list[tuple[float, float]], level: Level, material: Material) -> list[str]:
    units = material.units(level)
    found = [containing(*site, units) for site in sites]
    return [units.codes[i] for i in found if i >= 0]


def _gained(gaps: tuple[Gap, ...], sites: list[tuple[float, float]], reach: float, material: Material) -> tuple[Gap, ...]:
    """Those of ``gaps`` that the sites reach; of areas any part is enough, villages go by their point."""
    if not gaps:
        return ()
    layer = gaps[0].layer
    if reach <= 0:
        size = len(gaps[0].code)
        levels: tuple[Level, ...] = ("county", "township", "village")
        level: Level = next((at for at in levels if DIGITS[at] == size), "village")
        mine = set(_codes_at(sites, level, material))
        return tuple(gap for gap in gaps if gap.code in mine)
    if layer == UNIT_LAYERS["township"] or layer == UNIT_LAYERS["county"]:
        return _touched(gaps, sites, reach, material)
    places = _places(gaps, layer, material)
    metres = material.need(UNIT_LAYERS["county"]).crs.metres_per_unit
    at = np.array(sites)
    far = np.sqrt(((places[:, None, :] - at[None, :, :]) ** 2).sum(axis=2)).min(axis=1) * metres
    return tuple(gap for gap, d in zip(gaps, far.tolist(), strict=True) if d <= reach)


def _touched(gaps: tuple[Gap, ...], sites: list[tuple[float, float]], reach: float, material: Material) -> tuple[Gap, ...]:
    import shapely

    table = material.need(gaps[0].layer)
    rows = np.array([table.row_of[gap.fid] for gap in gaps], np.int64)
    far = shapely.distance(table.geometry.to_shapely(rows)[:, None], shapely.points(np.array(sites))[None, :]).min(axis=1)
    return tuple(gap for gap, d in zip(gaps, (far * table.crs.metres_per_unit).tolist(), strict=True) if d <= reach)


def _places(gaps: tuple[Gap, ...], layer: str, material: Material) -> NDArray[np.float64]:
    """Where each gap is ``(gaps, 2)``: its feature, or else the point of its village; NaN for nowhere."""
    table = material.need(layer)
    at = material.keep(("middles", id(table)), lambda: middles(table))
    out: NDArray[np.float64] = at[[table.row_of[gap.fid] for gap in gaps]].copy()
    lost = np.flatnonzero(np.isnan(out[:, 0]))
    if len(lost):
        villages = material.need(VILLAGES)
        where = middles(villages)
        row = {code: i for i, code in enumerate(texts(villages, "code"))}
        for i in lost.tolist():
            found = row.get(gaps[i].code[:12])
            if found is not None:
                out[i] = where[found]
    return out


def _gains(indicator: Indicator, gained: tuple[Gap, ...], material: Material) -> list[tuple[str, float]]:
    rule = indicator.gap
    if rule is None or not rule.gain or not gained:
        return [(gap.code, 1.0) for gap in gained]
    table = material.need(gained[0].layer)
    each = figures(table, rule.gain, rule.code, gained[0].layer, material)
    return [(gap.code, float(np.nan_to_num(each[table.row_of[gap.fid]]))) for gap in gained]


def _changed(
    made: WhatIf, before: IndicatorResult, gains: list[tuple[str, float]], issues: list[Issue], material: Material
) -> WhatIf:
    """With what the gains make of each unit and of the city."""
    size = DIGITS[made.level]
    more: dict[str, float] = {}
    for code, gain in gains:
        key = material.county_of(code) if made.level == "county" else code[:size]
        more[key] = more.get(key, 0.0) + gain
    units = tuple((unit, _plus(made.indicator, unit, more[unit.code])) for unit in before.units if unit.code in more)
    after = _plus(made.indicator, before.city, sum(gain for _, gain in gains))
    return msgspec.structs.replace(made, after=after, units=units, issues=tuple(issues))


def _plus(indicator: Indicator, unit: UnitValue, gain: float) -> UnitValue:
    """A unit with more in its numerator; a share of things never becomes more than all of them."""
    if unit.numerator is None:
        return unit
    above = unit.numerator + gain
    value, problem = value_of(indicator, above, unit.denominator)
    return msgspec.structs.replace(unit, numerator=above, value=value, problem=problem)


def _people(gained: tuple[Gap, ...], material: Material) -> tuple[float | None, float | None]:
    """People and households in the villages, communities or townships that are gained, each counted once."""
    codes = {gap.code for gap in gained}
    size = min(map(len, codes), default=0)
    table = None
    if size == DIGITS["village"]:
        table = material.table(VILLAGES)
    elif size == DIGITS["township"]:
        table = material.table(UNIT_LAYERS["township"])
    if table is None:
        return None, None
    mine = np.array([code in codes for code in texts(table, "code")], bool)
    found: list[float | None] = []
    for field in ("population", "households"):
        if field not in table.column_names:
            found.append(None)
            continue
        each = numbers(table, field, "")[mine]
        found.append(float(np.nansum(each)) if np.any(~np.isnan(each)) else None)
    return found[0], found[1]
