"""Indicators unit by unit: value, target, trend, and what is missing by name. What is not known is None and says why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from lydigital.domain.amounts import amounts, of_year, years
from lydigital.domain.figures import fitting, texts
from lydigital.domain.placing import places
from lydigital.errors import BadDataError
from lydigital.model.impact import Provenance
from lydigital.model.indicator import (
    CITY,
    UNIT,
    UNIT_LAYERS,
    Gap,
    Indicator,
    IndicatorResult,
    Level,
    Term,
    UnitValue,
    level_name,
)
from lydigital.model.issue import Issue
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.amounts import Amounts, Material
    from lydigital.model.indicator import GapRule

ZERO = "There is nothing it could be a share of: the denominator is zero"
NONE = "No figure"
NO_BASE = "No figure to divide by"
MORE = "More than all of it: numerator and denominator do not count the same"
_APART = 2  # years by which figures may differ before it is said


def compute(indicator: Indicator, level: Level, material: Material, year: int | None = None) -> IndicatorResult:
    """An indicator in every unit of a level, and in the city.

    Parameters
    ----------
    year
        That it is told for, the indicator's base year unless named, or else the latest there is.

    Raises
    ------
    BadDataError
        When the map lacks a layer or field that it needs, or it cannot be told at this level.
    """
    if level not in (*indicator.levels, "city"):
        raise BadDataError(
            "{name} cannot be told by {level}", hint="It is known by {levels}.", name=indicator.name, level=level_name(level),
            levels=", ".join(map(level_name, indicator.levels)),
        )  # fmt: skip
    dated, built = _years(indicator.terms_at(level), material)
    known = dated or built
    if year is None:
        year = known[-1] if known and (not indicator.base_year or (dated and indicator.base_year not in dated)) else indicator.base_year
    issues: list[Issue] = []
    if known and (year not in known if dated else year is not None and year < known[0]):
        issues.append(Issue(
            "indicator.year", "warning", "{name} is not known for {year}", "There are figures for {first} to {last}.",
            values={"name": indicator.name, "year": str(year), "first": str(known[0]), "last": str(known[-1])},
        ))  # fmt: skip
    top, base = indicator.terms_at(level)
    above = amounts(top, level, material, year)
    case = _Case(indicator, level, material, year, above, None if base is None else amounts(base, level, material, year))
    units = case.units()
    issues += [*_once(case.issues()), *_oddities(units)]
    return IndicatorResult(
        indicator, level, year if known else None, units, case.city(), _trend(indicator, material),
        gaps(indicator, level, material, units, year), tuple(issues), case.sources(), above.unplaced,
    )  # fmt: skip


def value_of(indicator: Indicator, above: float | None, below: float | None) -> tuple[float | None, str]:
    """The indicator of two amounts, or None and why."""
    if above is None:
        return None, NONE
    if indicator.denominator is None:
        return indicator.factor * above, ""
    if below is None:
        return None, NO_BASE
    if below == 0:
        return None, ZERO
    value = indicator.factor * above / below
    is_share = indicator.unit == "%" and not indicator.can_exceed
    return value, MORE if is_share and value > 100.0 + 1e-6 else ""


def gaps(
    indicator: Indicator, level: Level, material: Material, units: tuple[UnitValue, ...], year: int | None = None
) -> tuple[Gap, ...]:
    """What is missing, by name, in the order of codes."""
    rule = indicator.gap
    if rule is not None:
        return _empty_units(indicator, rule, material) if rule.level else _features(indicator, rule, material, year)
    if indicator.target is None or indicator.target_scope != "unit" or level == "city":
        return ()
    layer = UNIT_LAYERS[level]
    at = material.units(level)
    reason = tr("below the target") if indicator.higher_is_better else tr("above the target")
    return tuple(
        Gap(u.code, u.name, u.county, f"{indicator.shown(u.value)} · {reason} {indicator.shown(indicator.target)}",
            layer, int(at.table.fid[at.row[at.index[u.code]]]))
        for u in units if u.value is not None and indicator.meets(u.value) is False
    )  # fmt: skip


def place_of(code: str, material: Material) -> str:
    """County and township of a code in words."""
    county = material.counties.get(material.county_of(code), "")
    if len(code) < 12:
        return county
    names: dict[str, str] = material.keep("townships", lambda: _names(material))
    return f"{county}{names.get(code[:9]) or names.get(material.renewed(code)[:9], '')}"


# --- inside -----------------------------------------------------------------------------------------------------------


def _names(material: Material) -> dict[str, str]:
    table = material.table(UNIT_LAYERS["township"])
    return {} if table is None else dict(zip(texts(table, "code"), texts(table, "name"), strict=True))


def _years(terms: tuple[Term, Term | None], material: Material) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The years that terms are told for: those of statistics, and from the first to the last in which things were built."""
    found = [(term.is_dated, years(term, material)) for term in terms if term is not None and term.how != "constant"]
    dated = [set(some) for is_dated, some in found if some and is_dated]
    built = [set(some) for is_dated, some in found if some and not is_dated]
    return tuple(sorted(set.intersection(*dated))) if dated else (), tuple(sorted(set.union(*built))) if built else ()


@dataclass(frozen=True, eq=False)
class _Case:
    """An indicator with the amounts it is made of."""

    indicator: Indicator
    level: Level
    material: Material
    year: int | None
    above: Amounts
    below: Amounts | None

    def units(self) -> tuple[UnitValue, ...]:
        if self.level == "city":
            return ()
        units = self.material.units(self.level)
        below = None if self.below is None else self.below.each
        return tuple(
            self._unit((units.codes[i], units.names[i], units.counties[i]), self.above.each[i], None if below is None else below[i])
            for i in range(len(units))
        )

    def city(self) -> UnitValue:
        """The whole city: by the terms of the first level, for figures of small units need not cover it."""
        above, below = self.above, self.below
        top, base = self.indicator.numerator, self.indicator.denominator
        if self.indicator.terms_at(self.level) != (top, base):
            above = amounts(top, "city", self.material, self.year)
            below = None if base is None else amounts(base, "city", self.material, self.year)
        return self._unit((CITY, tr("Luoyang"), ""), above.city, None if below is None else below.city)

    def _unit(self, names: tuple[str, str, str], above: float, below: float | None) -> UnitValue:
        top, base = _number(above), _number(below)
        return UnitValue(*names, top, base, *value_of(self.indicator, top, base))

    def sources(self) -> tuple[Provenance, ...]:
        """Where its figures come from."""
        layers = [self._layer(term) for term in self.indicator.terms_at(self.level) if term is not None and term.how != "constant"]
        gap = self.indicator.gap
        if gap is not None and gap.layer and gap.layer != UNIT:
            layers.append(gap.layer)
        of = [self.material.definition(layer) for layer in dict.fromkeys(layers)]
        return tuple(Provenance(d.id, d.name, d.source, d.currency, is_sample=d.sample) for d in of)

    def issues(self) -> list[Issue]:
        out: list[Issue] = []
        top, base = self.indicator.terms_at(self.level)
        for term, found in ((top, self.above), (base, self.below)):
            if term is not None and found is not None and term.how != "constant":
                layer = self._layer(term)
                out += [*found.issues, *_noticed(found, layer, self.material.definition(layer).name)]
        one, two = self._told(top), self._told(base)
        if one is not None and two is not None and abs(one - two) > _APART:
            out.append(Issue(
                "indicator.apart", "note", "The numerator is of {first}, the denominator of {second}",
                "Read the rate with care, or bring figures of one year.", values={"first": str(one), "second": str(two)},
            ))  # fmt: skip
        plan = self.indicator.plan
        if plan is not None and plan.is_lower_bound:
            out.append(Issue(
                "indicator.bound", "note", "The figure of the plan, {text}, is a total of the city and a lower bound",
                "Shares by county or township are estimates or sample data.", values={"text": plan.text},
            ))  # fmt: skip
        return out

    def _layer(self, term: Term) -> str:
        return UNIT_LAYERS["county" if self.level == "city" else self.level] if term.layer == UNIT else term.layer

    def _told(self, term: Term | None) -> int | None:
        """The year that the figures of a term are of."""
        if term is None or term.how == "constant":
            return None
        if term.year and self.year is not None:
            return self.year
        found = re.search(r"(19|20)\d\d", self.material.definition(self._layer(term)).currency)
        return int(found[0]) if found else None


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _trend(indicator: Indicator, material: Material) -> tuple[tuple[int, float], ...]:
    """The city year by year, as far as the numerator tells years; a denominator without them stays what it is."""
    top, base = indicator.numerator, indicator.denominator
    if not top.year:
        return ()
    dated, built = _years((top, base), material)
    known = list(dated or built)
    if not dated and built and indicator.base_year and indicator.base_year > built[-1]:
        known += range(built[-1] + 1, indicator.base_year + 1)
    if len(known) < 2:
        return ()
    fixed = None if base is None or base.year else amounts(base, "city", material, None).city
    out = []
    for year in known:
        below = fixed if base is None or not base.year else amounts(base, "city", material, year).city
        value, _ = value_of(indicator, _number(amounts(top, "city", material, year).city), _number(below))
        if value is not None:
            out.append((year, value))
    return tuple(out)


def _empty_units(indicator: Indicator, rule: GapRule, material: Material) -> tuple[Gap, ...]:
    """Units in which nothing is counted."""
    level = cast("Level", rule.level)
    units = material.units(level)
    found = amounts(indicator.terms_at(level)[0], level, material, None)
    fits = fitting(units.table, rule.where, UNIT_LAYERS[level], material)[units.row]
    return tuple(
        Gap(units.codes[i], units.names[i], place_of(units.codes[i], material), rule.why, UNIT_LAYERS[level], int(units.table.fid[units.row[i]]))
        for i in np.flatnonzero(fits & ~(found.each > 0)).tolist()
    )  # fmt: skip


def _features(indicator: Indicator, rule: GapRule, material: Material, year: int | None) -> tuple[Gap, ...]:
    """Features that meet a condition, those of the year where the layer holds several."""
    table, layer = material.need(rule.layer), material.definition(rule.layer)
    fits = fitting(table, rule.where, rule.layer, material)
    dated = next((term for term in indicator.terms if term.layer == rule.layer and term.is_dated), None)
    if dated is not None:
        fits = fits & of_year(dated, table, year if year is not None else max(years(dated, material), default=None))
    rows = np.flatnonzero(fits).tolist()
    parts = []
    for name in rule.name.split():
        field = layer.field(name)
        values = texts(table, name)
        parts.append([field.decode(v) for v in values] if field is not None and field.domain else values)
    codes = texts(table, rule.code) if rule.code else places(table, "", material).codes_at
    names = [" · ".join(part[i] for part in parts) for i in rows]
    found = [
        Gap(codes[i], name or codes[i], place_of(codes[i], material), rule.why, rule.layer, int(table.fid[i]))
        for i, name in zip(rows, names, strict=True)
    ]
    return tuple(sorted(found, key=lambda gap: (gap.code, gap.name)))


def _noticed(found: Amounts, layer: str, title: str) -> list[Issue]:
    told = (
        ("indicator.missing", "warning", found.missing, "{count} features of {layer} have no figure and are not counted",
         "Complete them: an empty figure is not zero."),
        ("indicator.old_code", "note", found.renewed, "{count} features of {layer} have a code that is no longer in use: put to the unit of today",
         "Bring their codes up to date."),
        ("indicator.placed", "note", found.placed, "{count} features of {layer} have no code: put where they lie", ""),
        ("indicator.named", "note", found.named, "{count} features of {layer} have no code: put by their name", "Give them their codes."),
        ("indicator.unplaced", "warning", found.unplaced, "{count} features of {layer} are in no unit: without code, or with one that nobody knows",
         "Correct their codes."),
        ("indicator.outside", "warning", found.outside, "{count} features of {layer} lie outside the city and are not counted",
         "Check their places."),
    )  # fmt: skip
    return [
        Issue(code, severity, message, hint, layer, count=count, values={"count": f"{count:,}", "layer": title})  # type: ignore[arg-type]
        for code, severity, count, message, hint in told if count
    ]  # fmt: skip


def _once(issues: list[Issue]) -> list[Issue]:
    """Issues of numerator and denominator on the same layer are told once, of the more features."""
    most: dict[tuple[str, str, str], Issue] = {}
    for issue in issues:
        key = (issue.code, issue.layer, issue.message)
        if key not in most or most[key].count < issue.count:
            most[key] = issue
    return list(most.values())


def _oddities(units: tuple[UnitValue, ...]) -> list[Issue]:
    """What is the matter with units, each kind once."""
    out = []
    for problem in (NONE, NO_BASE, ZERO, MORE):
        mine = [u.name for u in units if u.problem == problem]
        if mine:
            names = "、".join(mine[:6]) + ("…" if len(mine) > 6 else "")
            out.append(Issue(
                "indicator.unit_problem", "note" if problem == ZERO else "warning", "{count} units: {problem} ({names})", "",
                count=len(mine), values={"count": str(len(mine)), "problem": tr(problem), "names": names},
            ))  # fmt: skip
    return out
