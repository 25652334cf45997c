"""Terms of indicators: what a layer amounts to in every unit of a level, by code first and by place where there is none."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - a field of a dataclass
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.domain import placing
from lydigital.domain.figures import field_of, figures, fitting, scales, texts
from lydigital.errors import BadDataError
from lydigital.model import columns
from lydigital.model.geometry import GeometryKind
from lydigital.model.indicator import DIGITS, UNIT, UNIT_LAYERS, Level, OldCode, Term, level_name
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

_SAME = {"residents": "population", "population": "residents"}  # as layers of units call people
MOST_YEARS = 60


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a level in order of their codes; ``row`` is that of each in ``table``."""

    level: Level
    codes: tuple[str, ...]
    names: tuple[str, ...]
    counties: tuple[str, ...]
    table: FeatureTable
    row: Rows

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def index(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.codes)}


@dataclass(eq=False)
class Material:
    """The map as indicators see it: tables in one system, definitions, codes that changed.

    What was worked out of it is kept as long as it is.

    Attributes
    ----------
    table
        The features of a layer, or None where the map has none.
    names
        Code and name of units that were called otherwise once.
    """

    table: Callable[[str], FeatureTable | None]
    definition: Callable[[str], LayerDef]
    codes: tuple[OldCode, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    _kept: dict[Any, Any] = field(default_factory=dict)

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, made once."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def need(self, layer: str) -> FeatureTable:
        """The features of a layer.

        Raises
        ------
        BadDataError
            Where the map has none.
        """
        found = self.keep(("table", layer), lambda: self.table(layer))
        if found is None:
            raise BadDataError("The map has no layer {layer}", hint="Add it to the map, or open a map that has it.", layer=layer)
        return found  # type: ignore[no-any-return]

    def units(self, level: Level) -> Units:
        """The units of a level.

        Raises
        ------
        BadDataError
            Where the map has no layer of them.
        """
        return self.keep(("units", level), lambda: self._units(level))  # type: ignore[no-any-return]

    @property
    def counties(self) -> dict[str, str]:
        """Names of counties by code."""
        def made() -> dict[str, str]:
            table = self.table(UNIT_LAYERS["county"])
            return {} if table is None else dict(zip(texts(table, "code"), texts(table, "name"), strict=True))

        return self.keep("counties", made)  # type: ignore[no-any-return]

    def county_of(self, code: str) -> str:
        """The county that a code of a unit belongs to."""
        own = self.keep("owners", self._owners).get(code[:9])
        return str(own or self.renewed(code)[:6])

    def renewed(self, code: str) -> str:
        """A code as it is today."""
        return next((c.new + code[len(c.old) :] for c in self.codes if code.startswith(c.old)), code)

    def code_of_name(self, name: str) -> str:
        """Code of the only unit that is or was called so, "" where there is none or several are."""
        return str(self.keep("names", self._named).get(name, ""))

    def _named(self) -> dict[str, str]:
        pairs = list(self.counties.items()) + [(c.new, c.name) for c in self.codes if c.name] + list(self.names)
        table = self.table(UNIT_LAYERS["township"])
        if table is not None:
            pairs += zip(texts(table, "code"), texts(table, "name"), strict=True)
        found: dict[str, set[str]] = {}
        for code, name in pairs:
            found.setdefault(name, set()).add(code)
        return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}

    def _owners(self) -> dict[str, str]:
        table = self.table(UNIT_LAYERS["township"])
        if table is None or "county_code" not in table.column_names:
            return {}
        return dict(zip(texts(table, "code"), texts(table, "county_code"), strict=True))

    def _units(self, level: Level) -> Units:
        table = self.need(UNIT_LAYERS[level])
        codes = texts(table, "code")
        names = texts(table, "name")
        order = sorted((i for i, code in enumerate(codes) if code), key=lambda i: codes[i])
        if not order:
            raise BadDataError(
                "No feature of {layer} has a code", hint="Units are told apart by the field {field}.",
                layer=self.definition(UNIT_LAYERS[level]).name, field="code",
            )  # fmt: skip
        order = [i for n, i in enumerate(order) if n == 0 or codes[i] != codes[order[n - 1]]]
        counties = tuple("" if level == "county" else self.counties.get(self.county_of(codes[i]), "") for i in order)
        return Units(
            level, tuple(codes[i] for i in order), tuple(names[i] for i in order), counties, table, np.array(order, np.int64)
        )


@dataclass(frozen=True, eq=False)
class Amounts:
    """A term in every unit ``(units,)``, NaN where there is no figure, and in the whole city.

    Attributes
    ----------
    missing
        Features without a value, which are not in it.
    renewed
        With a code that is no longer in use, put to the unit of today.
    placed
        Without code, put where they lie.
    unplaced
        Neither.
    named
        Without code, put by their name.
    outside
        Points beyond the city, which are not in it.
    """

    each: Floats
    city: float
    missing: int = 0
    renewed: int = 0
    placed: int = 0
    named: int = 0
    unplaced: int = 0
    outside: int = 0
    issues: tuple[Issue, ...] = ()


def amounts(term: Term, level: Level, material: Material, year: int | None = None) -> Amounts:
    """What a term amounts to in every unit of ``level`` (none for the city) and in the city.

    Raises
    ------
    BadDataError
        When the map lacks a layer, a field, or cannot tell the term by units of this level.
    """
    units = None if level == "city" else material.units(level)
    count = 0 if units is None else len(units)
    if term.how == "constant":
        return Amounts(np.full(count, np.nan), term.constant)
    term = _own(term, level, material)
    table = material.need(term.layer)
    if term.is_dated and year is None:  # figures of several years are never added up
        year = max(years(term, material), default=None)
    rows = _rows(term, table, material, year)
    every, found = _where(term, table, level, material)
    values, missing, issues = _values(term, table, rows, material)
    at, here = every[rows], np.where(found.loose[rows], 0, found.county[rows])
    inside = ~found.outside[rows]
    is_city = found.city[rows]
    known = ~np.isnan(values)
    each = np.full(count, np.nan)
    fits = (at >= 0) & known & inside
    if term.how == "value":
        each[at[fits]] = values[fits]
        city = float(values[is_city & known][0]) if np.any(is_city & known) else np.nan
        twice = int(np.sum(fits)) - len(np.unique(at[fits]))
        if twice:
            issues += (Issue(
                "indicator.twice", "warning", "{count} units of {layer} have more than one figure: the last one counts",
                "Keep one figure a unit and year.", term.layer, count=twice, values={"count": str(twice), "layer": _title(term, material)},
            ),)  # fmt: skip
    else:
        mine = known & inside & ~is_city & (here >= 0)
        if term.how == "distinct":
            fits, mine = _firsts(values, at, fits), _firsts(values, np.zeros(len(at), np.int64), mine)
            values = np.ones(len(values))
        elif term.how == "area":
            values = _areas(term, table, rows, np.where(fits, at, -1), material)
        if count:
            each = np.bincount(at[fits], values[fits], minlength=count).astype(np.float64)
            told = at[fits]
            if term.is_dated and term.counts_nothing:
                told = every[of_year(term, table, year) & (every >= 0)]
            if term.is_dated or missing:
                each[np.bincount(told, minlength=count) == 0] = np.nan
        is_told = np.any(of_year(term, table, year)) if term.counts_nothing else np.any(mine)
        city = float(values[mine].sum()) if is_told or not term.is_dated else np.nan
        whole = values[is_city & known]
        if term.is_dated and count:
            issues += _more_than_others(term, np.bincount(at[fits], minlength=count), material)
        if len(whole):
            total, city = city, float(whole[0])
            if not np.isnan(total) and abs(total - city) > 0.005 * abs(city):
                issues += (Issue(
                    "indicator.total", "note", "{term}: the units add up to {sum}, the figure of the city is {city}",
                    "Both are shown as they are; ask the source which is right.", term.layer,
                    values={"term": term.name or term.field, "sum": f"{total:,.6g}", "city": f"{city:,.6g}"},
                ),)  # fmt: skip
    unplaced = int(np.sum(((here if level == "city" else at) < 0) & ~is_city & inside))
    named = sum(bool(found.named[i]) for i in rows.tolist()) if found.named else 0
    return Amounts(
        each, city, missing, int(found.renewed[rows].sum()), int(found.placed[rows].sum()), named, unplaced, int(np.sum(~inside)), issues
    )


def years(term: Term, material: Material) -> tuple[int, ...]:
    """The years a term is known for, rising; empty where its layer tells none."""
    if not term.year:
        return ()
    table = material.need(_own(term, "county", material).layer)
    of = _years(term, table)
    if not (term.is_dated and term.counts_nothing):
        of = of[_rows(term, table, material, None)]
    found = np.unique(of)
    known = [int(y) for y in found[~np.isnan(found)].tolist()]
    if not known:
        return ()
    return tuple(known if term.is_dated else range(max(known[0], known[-1] - MOST_YEARS), known[-1] + 1))


def of_year(term: Term, table: FeatureTable, year: int | None) -> NDArray[np.bool_]:
    """Which features count for a year; all of them without one, or where the term knows none."""
    if not term.year or year is None:
        return np.ones(len(table), bool)
    of = _years(term, table)
    return of == year if term.is_dated else ~(of > year)


# --- inside -----------------------------------------------------------------------------------------------------------


def _title(term: Term, material: Material) -> str:
    return material.definition(term.layer).name


def _own(term: Term, level: Level, material: Material) -> Term:
    """``@unit`` by its real name, which for the city is that of counties."""
    if term.layer != UNIT:
        return term
    import msgspec

    layer = UNIT_LAYERS["county" if level == "city" else level]
    name = term.field
    if name and name not in material.need(layer).column_names:
        name = _SAME.get(name, name)
    return msgspec.structs.replace(term, layer=layer, field=name, code="code")


def _years(term: Term, table: FeatureTable) -> Floats:
    number, values = columns.coded(table.column(field_of(table, term.year, term.layer)))
    each = [np.nan if v is None else float(str(v)[:4]) if str(v)[:4].isdecimal() else np.nan for v in values]
    return np.array([*each, np.nan])[number]


def _rows(term: Term, table: FeatureTable, material: Material, year: int | None) -> Rows:
    return np.flatnonzero(fitting(table, term.where, term.layer, material) & of_year(term, table, year))


def _values(term: Term, table: FeatureTable, rows: Rows, material: Material) -> tuple[Floats, int, tuple[Issue, ...]]:
    """What each of ``rows`` adds, NaN where it has no value; how many have none."""
    if term.how in ("count", "area"):
        return np.ones(len(rows)), 0, ()
    if term.how == "distinct":
        number, values = columns.coded(table.column(field_of(table, term.field, term.layer)))
        empty = np.array([v is None or v == "" for v in values] + [True])
        found = np.where(empty[number], np.nan, number.astype(np.float64))[rows]
        return found, int(np.isnan(found).sum()), ()
    if term.how == "length":
        from lydigital.model import measures

        shapes = table.geometry.to_shapely(rows)
        return measures.lengths_m(shapes, table.crs) / 1000.0, 0, ()
    found = figures(table, term.field, term.code, term.layer, material)[rows]
    found = np.where(np.isfinite(found), found, np.nan)
    issues: list[Issue] = []
    field = material.definition(term.layer).field(term.field)
    if field is not None and field.minimum is not None and np.any(found < field.minimum):
        low = found < field.minimum
        issues.append(Issue(
            "indicator.impossible", "warning", "{count} figures of {layer} are not counted: {field} cannot be below {least}",
            "Correct them.", term.layer, count=int(low.sum()),
            values={"count": str(int(low.sum())), "layer": _title(term, material), "field": field.alias, "least": f"{field.minimum:g}"},
        ))  # fmt: skip
        found = np.where(low, np.nan, found)
    if term.unit_field:
        scale, strange = scales(term, table)
        bad = int(np.isnan(scale[rows]).sum())
        found = found * scale[rows]
        if bad:
            issues.append(Issue(
                "indicator.unit", "warning", "{count} figures of {term} are not counted: their unit is {units}, not {unit}",
                "Correct their units.", term.layer, count=bad,
                values={"count": str(bad), "term": term.name or term.field, "units": "、".join(strange), "unit": term.unit},
            ))  # fmt: skip
    return found, int(np.isnan(found).sum()), tuple(issues)


def _firsts(values: Floats, at: Rows, fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the features that fit, the first of every value in every unit."""
    out = np.zeros(len(values), bool)
    rows = np.flatnonzero(fits)
    _, first = np.unique(np.stack([at[rows].astype(np.float64), values[rows]], axis=1), axis=0, return_index=True)
    out[rows[first]] = True
    return out


def _more_than_others(term: Term, times: NDArray[np.int64], material: Material) -> tuple[Issue, ...]:
    """Units with more figures of a year than most have: something may be in them twice."""
    usual = np.median(times[times > 0]) if np.any(times > 0) else 0
    more = int(np.sum(times > usual))
    if not more:
        return ()
    values = {"count": str(more), "layer": _title(term, material)}
    return (Issue(
        "indicator.twice", "warning", "{count} units of {layer} have more figures than the others: something may count twice",
        "Check whether old and new codes stand for the same unit.", term.layer, count=more, values=values,
    ),)  # fmt: skip


def _areas(term: Term, table: FeatureTable, rows: Rows, groups: Rows, material: Material) -> Floats:
    """km² of what each unit's areas cover together, on its first feature; overlaps count once. All are the city's without units."""
    import shapely

    from lydigital.model import measures

    if table.geometry.kind is not GeometryKind.POLYGON:
        raise BadDataError("The layer {layer} has no areas", hint="Name a layer of polygons.", layer=term.layer)

    def made() -> Floats:
        out = np.zeros(len(rows))
        shapes = shapely.make_valid(table.geometry.to_shapely(rows))
        of = groups if np.any(groups >= 0) else np.zeros(len(rows), np.int64)
        for group in np.unique(of[of >= 0]).tolist():
            some = np.flatnonzero(of == group)
            union = shapely.union_all(shapes[some])
            out[some[0]] = measures.areas_m2(np.array([union], object), table.crs)[0] / 1e6
        return out

    return material.keep(("areas", id(table), term.where, rows.tobytes(), groups.tobytes()), made)  # type: ignore[no-any-return]


def _where(term: Term, table: FeatureTable, level: Level, material: Material) -> tuple[Rows, placing.Places]:
    """Unit of every feature, -1 for none; and where it is in the city."""
    places = placing.places(table, term.code, material, term.named)
    if level == "city":
        return np.full(len(table), -1, np.int64), places
    if level == "county":
        return places.county_at(material.units("county").index), places
    at: Rows = material.keep(
        ("at", id(table), term.code, term.named, level), lambda: placing.units_of(table, term.code, material.units(level), places, material)
    )
    if len(table) and not np.any(at >= 0) and term.code and places.digits < DIGITS[level]:
        raise BadDataError(
            "{layer} cannot be told by {level}", hint="Its codes are those of larger units.",
            layer=_title(term, material), level=level_name(level),
        )  # fmt: skip
    return at, places
