"""A composite index from a table of statistics: scores, weights, what is missing, contributions, ranks by year."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.domain import inequality
from lydigital.errors import BadDataError
from lydigital.model.index import Contribution, IndexResult, Inequality, Score
from lydigital.model.indicator import CITY
from lydigital.model.issue import Issue
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lydigital.model.impact import Provenance
    from lydigital.model.index import IndexDef, IndexItem

TOO_LITTLE = "Less than half of the weight is known"
EXCLUDED = "A value is missing"
_LARGE = {"万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2}
_DISTRICT = "20"  # the last two digits of districts' codes lie below (GB/T 2260)


@dataclass
class Figures:
    """Statistics by item and year: ``values[item, year][code]``; ``names`` of the codes."""

    values: dict[tuple[str, int], dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    @property
    def years(self) -> list[int]:
        return sorted({year for _, year in self.values})

    @property
    def codes(self) -> list[str]:
        """Units, without the city."""
        return sorted(code for code in self.names if code != CITY)


def figures(rows: Iterable[Mapping[str, object]], units: Mapping[str, str], renewed: Callable[[str], str] = str) -> Figures:
    """Figures from rows with ``unit_code, unit_name, year, item, value, unit``.

    Parameters
    ----------
    units
        Item → unit it is wanted in; 万户 counts as 10,000 户, another unit not at all. Any unit where it is "".
    renewed
        The present code of an old one. Absolute figures of an old and a new code in one year contradict each other: the
        first counts, and an issue says so.
    """
    out = Figures()
    twice, wrong, empty = 0, [], 0
    for row in rows:
        item, value, year = str(row.get("item") or ""), row.get("value"), row.get("year")
        code = renewed(str(row.get("unit_code") or "").strip())
        if item not in units:
            continue
        if not code or not isinstance(year, int) or not isinstance(value, (int, float)) or not math.isfinite(value):
            empty += 1
            continue
        times = _times(str(row.get("unit") or ""), units[item])
        if times is None:
            wrong.append(f"{item} ({row.get('unit')})")
            continue
        there = out.values[item, year]
        if code in there:
            twice += abs(there[code] - value * times) > 1e-9 * abs(there[code])
            continue
        there[code] = float(value) * times
        out.names.setdefault(code, str(row.get("unit_name") or code))
    for count, name, message, hint in (
        (twice, "twice", "{count} figures stand in the table twice and differ: the first counts", "Correct the table of statistics."),
        (empty, "empty", "{count} figures have no unit, year or value and are left out", "Complete the table of statistics."),
        (len(wrong), "unit", "{count} figures are in a unit that cannot be converted and are left out: {names}",
         "Enter them in the unit of the definition."),
    ):  # fmt: skip
        if count:
            names = "、".join(dict.fromkeys(wrong)) if name == "unit" else ""
            out.issues.append(Issue(f"index.{name}", "warning", message, hint, count=count, values={"count": str(count), "names": names}))
    return out


def units_of(index: IndexDef) -> dict[str, str]:
    """Items of the statistics that an index needs, and the units it takes them in."""
    wanted: dict[str, str] = {}
    for item in index.items:
        wanted[item.item] = item.of
        if item.per:
            wanted.setdefault(item.per, item.per_of)
    return {"population": "人", **wanted}


def compute(index: IndexDef, known: Figures, year: int | None = None, sources: Sequence[Provenance] = ()) -> IndexResult:
    """The index of every unit and year.

    Raises
    ------
    BadDataError
        When the table has none of the items, or nothing for the year.
    """
    years = [y for y in known.years if any(known.values.get((i.item, y)) for i in index.items)]
    if not years:
        raise BadDataError(
            "The table of statistics has no figure for {name}", hint="Enter figures of: {items}.", name=index.name,
            items=", ".join(dict.fromkeys(i.item for i in index.items)),
        )  # fmt: skip
    if year is not None and year not in years:
        raise BadDataError(
            "There are no figures for {year}", hint="There are figures for {years}.", year=year, years=", ".join(map(str, years))
        )
    issues = list(known.issues)
    raw: dict[str, dict[tuple[str, int], float]] = {}
    zero: list[str] = []
    for item in index.items:
        raw[item.id] = _rates(item, known, years, zero)
    if zero:
        names = "、".join(dict.fromkeys(zero))
        issues.append(Issue("index.zero", "warning", "Nothing to divide by, so not known: {names}", "Correct the table of statistics.",
                            count=len(zero), values={"names": names}))  # fmt: skip
    spans = {i.id: _span(raw[i.id]) for i in index.items}
    scores: list[Score] = []
    for code in known.codes:
        scores += [_score(index, (code, known.names[code]), y, raw, spans) for y in years]
    ranked = _ranked(scores, years)
    city = tuple(_score(index, (CITY, known.names[CITY]), y, raw, spans) for y in years) if CITY in known.names else ()
    at = year if year is not None else years[-1]
    lacking = [s for s in ranked if s.year == at and s.missing]
    if lacking:
        issues.append(Issue(
            "index.missing", "warning", "{count} units lack values in {year}: {names}", "Complete the table of statistics; the table of the index says what is missing where.",
            count=len(lacking), values={"count": str(len(lacking)), "year": str(at), "names": "、".join(s.name for s in lacking)},
        ))  # fmt: skip
    return IndexResult(
        index=index, year=at, years=tuple(years), scores=tuple(ranked), city=city, inequality=_inequality(index, known, raw, ranked, at),
        formula=formula(index), issues=tuple(issues), sources=tuple(sources),
    )  # fmt: skip


def formula(index: IndexDef) -> tuple[str, ...]:
    """How the index is made, in words."""
    lines = [f"{index.name} = " + " + ".join(f"{_percent(p.weight)}×{p.name}" for p in index.parts if p.weight)]
    for part in index.parts:
        items = " + ".join(f"{_percent(i.weight)}×{i.name}" for i in part.items) if len(part.items) > 1 else part.items[0].name
        lines.append(f"{part.name} = {items}")
    if index.method == "target":
        lines.append(tr("Score of an item = value ÷ target × 100, at most {most}", most=f"{100 * index.cap:g}"))
        lines.append(tr("Targets: {targets}", targets="；".join(f"{i.name} {i.target:,g}{' ' if i.unit else ''}{i.unit}" for i in index.items)))
    else:
        lines.append(tr("Score of an item = (value − least) ÷ (most − least) × 100, over all units and years"))
    lines.append(
        tr("Missing values: their weight goes to the rest of the part, and the unit is marked")
        if index.missing == "renormalise" else tr("Missing values: the unit has no index")
    )  # fmt: skip
    return tuple(lines)


# --- inside -----------------------------------------------------------------------------------------------------------


def _times(given: str, wanted: str) -> float | None:
    """How many ``wanted`` one ``given`` is."""
    if not wanted or given == wanted:
        return 1.0
    for unit, other, sign in ((given, wanted, 1.0), (wanted, given, -1.0)):
        if unit[:1] in _LARGE and unit[1:] == other:
            return float(_LARGE[unit[0]] ** sign)
    pair = given[:1], wanted[:1]
    if given[1:] == wanted[1:] and all(c in _LARGE for c in pair):
        return _LARGE[pair[0]] / _LARGE[pair[1]]
    return None


def _rates(item: IndexItem, known: Figures, years: Sequence[int], zero: list[str]) -> dict[tuple[str, int], float]:
    out = {}
    for year in years:
        for code, value in known.values.get((item.item, year), {}).items():
            if not item.per:
                out[code, year] = item.factor * value
                continue
            below = known.values.get((item.per, year), {}).get(code)
            if below:
                out[code, year] = item.factor * value / below
            elif below == 0:
                zero.append(f"{known.names.get(code, code)} {item.name} {year}")
    return out


def _span(values: Mapping[tuple[str, int], float]) -> tuple[float, float]:
    """Least and most of the units; the city as a whole lies between them."""
    own = [v for (code, _), v in values.items() if code != CITY]
    return (min(own), max(own)) if own else (0.0, 0.0)


def _item_score(index: IndexDef, item: IndexItem, value: float, span: tuple[float, float]) -> float:
    if index.method == "minmax":
        low, high = span
        share = (value - low) / (high - low) if high > low else 1.0
        return min(1.0, max(0.0, share if item.higher_is_better else 1.0 - share))
    if item.higher_is_better:
        return min(index.cap, max(0.0, value / item.target))
    return index.cap if value <= 0 else min(index.cap, item.target / value)


def _score(
    index: IndexDef, unit: tuple[str, str], year: int, raw: Mapping[str, Mapping[tuple[str, int], float]],
    spans: Mapping[str, tuple[float, float]],
) -> Score:  # fmt: skip
    code, name = unit
    there = {i.id: raw[i.id].get((code, year)) for i in index.items}
    missing = tuple(i.id for i in index.items if there[i.id] is None)
    known = {p.id: sum(i.weight for i in p.items if there[i.id] is not None) for p in index.parts}
    share = round(sum(p.weight * known[p.id] for p in index.parts), 9)
    whole = sum(p.weight for p in index.parts if known[p.id] > 0)
    problem = ""
    if share < index.least_known or whole <= 0:
        problem = TOO_LITTLE
    elif missing and index.missing == "exclude":
        problem = EXCLUDED
    out = []
    for part in index.parts:
        for item in part.items:
            value = there[item.id]
            if value is None or problem:
                out.append(Contribution(part.id, item.id, value, None, part.weight * item.weight, None))
                continue
            weight = part.weight / whole * item.weight / known[part.id]
            score = _item_score(index, item, value, spans[item.id])
            out.append(Contribution(part.id, item.id, value, score, weight, 100.0 * weight * score))
    total = None if problem else sum(c.points for c in out if c.points is not None)
    return Score(code, name, year, total, None, share, missing, tuple(out), problem)


def _ranked(scores: Sequence[Score], years: Sequence[int]) -> list[Score]:
    """Ranks within each year; equal ones share the better rank."""
    place: dict[tuple[str, int], int] = {}
    for year in years:
        mine = sorted((s for s in scores if s.year == year and s.value is not None), key=lambda s: -(s.value or 0.0))
        for at, score in enumerate(mine):
            before = mine[at - 1] if at else None
            same = before is not None and math.isclose(before.value or 0.0, score.value or 0.0, abs_tol=1e-9)
            place[score.code, year] = place[before.code, year] if before is not None and same else at + 1
    return [msgspec.structs.replace(s, rank=place.get((s.code, s.year))) for s in scores]


def _inequality(
    index: IndexDef, known: Figures, raw: Mapping[str, Mapping[tuple[str, int], float]], scores: Sequence[Score], year: int
) -> tuple[Inequality, ...]:
    """Of the index and of every item, among people; groups are districts and counties."""
    codes = known.codes
    people = np.array([known.values.get(("population", year), {}).get(c, np.nan) for c in codes])
    groups = ["district" if c[4:6] < _DISTRICT else "county" for c in codes]
    own = {s.code: s.value for s in scores if s.year == year}
    rows: list[tuple[str, str, list[float]]] = [(index.id, index.name, [_nan(own.get(c)) for c in codes])]
    rows += [(i.id, i.name, [_nan(raw[i.id].get((c, year))) for c in codes]) for i in index.items]
    out = []
    for row_id, title, values in rows:
        array = np.array(values, np.float64)
        parts = inequality.theil(array, people, groups)
        total, within, between = parts if parts is not None else (None, None, None)
        out.append(Inequality(row_id, title, year, inequality.gini(array, people), total, within, between))
    return tuple(out)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _percent(weight: float) -> str:
    return f"{100 * weight:.4g}%"
