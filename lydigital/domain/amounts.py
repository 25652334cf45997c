"""Terms of indicators: what a layer amounts to in every unit of a level, by code first and by place where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable  # noqa: TC003 - a field of a dataclass
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.domain import placing
from lydigital.errors import BadDataError
from lydigital.model import columns
from lydigital.model.condition import parse
from lydigital.model.geometry import GeometryKind
from lydigital.model.indicator import CITY, DIGITS, UNIT, UNIT_LAYERS, Level, OldCode, Term, level_name
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

_SCALES = {"十": 10.0, "百": 100.0, "千": 1_000.0, "万": 10_000.0, "亿": 100_000_000.0}
_SAME = {"residents": "population", "population": "residents"}  # as layers of units call people
MOST_YEARS = 60
_OTHER = re.compile(r"([a-z_]\w*)\.([a-z_]\w*)")


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
    """

    table: Callable[[str], FeatureTable | None]
    definition: Callable[[str], LayerDef]
    codes: tuple[OldCode, ...] = ()
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
    outside
        Points beyond the city, which are not in it.
    """

    each: Floats
    city: float
    missing: int = 0
    renewed: int = 0
    placed: int = 0
    unplaced: int = 0
    outside: int = 0
    issues: tuple[Issue, ...] = ()


def texts(table: FeatureTable, name: str) -> list[str]:
    """A column as texts, "" for nothing."""
    if name not in table.column_names:
        return [""] * len(table)
    return ["" if value is None else str(value) for value in table.column(name).to_pylist()]


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
    at, found = _where(term, table, level, material)
    values, missing, issues = _values(term, table, rows, material)
    at, here = at[rows], np.where(found.loose[rows], 0, found.county[rows])
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
            if term.is_dated or missing:
                each[np.bincount(at[fits], minlength=count) == 0] = np.nan
        city = float(values[mine].sum()) if np.any(mine) or not term.is_dated else np.nan
        whole = values[is_city & known]
        if len(whole):
            total, city = city, float(whole[0])
            if not np.isnan(total) and abs(total - city) > 0.005 * abs(city):
                issues += (Issue(
                    "indicator.total", "note", "{term}: the units add up to {sum}, the figure of the city is {city}",
                    "Both are shown as they are; ask the source which is right.", term.layer,
                    values={"term": term.name or term.field, "sum": f"{total:,.6g}", "city": f"{city:,.6g}"},
                ),)  # fmt: skip
    unplaced = int(np.sum(((here if level == "city" else at) < 0) & ~is_city & inside))
    return Amounts(
        each, city, missing, int(found.renewed[rows].sum()), int(found.placed[rows].sum()), unplaced, int(np.sum(~inside)), issues
    )


def years(term: Term, material: Material) -> tuple[int, ...]:
    """The years a term is known for, rising; empty where its layer tells none."""
    if not term.year:
        return ()
    table = material.need(_own(term, "county", material).layer)
    rows = _rows(term, table, material, None)
    found = np.unique(_years(term, table)[rows])
    known = [int(y) for y in found[~np.isnan(found)].tolist()]
    if not known:
        return ()
    return tuple(known if term.is_dated else range(max(known[0], known[-1] - MOST_YEARS), known[-1] + 1))


def matching(table: FeatureTable, where: str, layer: str) -> NDArray[np.bool_]:
    """Which features meet a condition; an unknown answer is no.

    Raises
    ------
    BadDataError
        When the condition names a field that is not there.
    """
    if not where:
        return np.ones(len(table), bool)
    found = _asked(table, where, layer)
    return np.array([value is not None and bool(value) for value in found[0]], bool)[found[1]]


def figures(table: FeatureTable, field: str, code: str, layer: str, material: Material) -> Floats:
    """As :func:`numbers`; ``layer.field`` is that of the feature of another layer with the same code."""
    found = _OTHER.fullmatch(field)
    if found is None:
        return numbers(table, field, layer)
    other = material.need(found[1])
    value = dict(zip(texts(other, "code"), numbers(other, _field(other, found[2], found[1]), found[1]).tolist(), strict=True))
    return np.array([value.get(c, np.nan) for c in texts(table, code)], np.float64)


def fitting(table: FeatureTable, where: str, layer: str, material: Material) -> NDArray[np.bool_]:
    """As :func:`matching`, asked once."""
    return material.keep(("fits", id(table), where), lambda: matching(table, where, layer))  # type: ignore[no-any-return]


def numbers(table: FeatureTable, expression: str, layer: str) -> Floats:
    """A field or an expression of fields as ``(n,) float64``, NaN where it has no value."""
    if expression in table.column_names:
        import pyarrow as pa

        try:
            return columns.numbers(table.column(expression))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise BadDataError(
                "The field {field} of {layer} holds no numbers", hint="Correct the indicator, or the layer.",
                field=expression, layer=layer,
            ) from error  # fmt: skip
    values, number = _asked(table, expression, layer)
    return np.array([np.nan if v is None else float(v) for v in values] or [np.nan])[number] if len(table) else np.zeros(0)


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


def _asked(table: FeatureTable, text: str, layer: str) -> tuple[list[Any], Rows]:
    """The value of an expression for each combination of values of its fields, and which of them each feature has."""
    condition = parse(text)
    for name in condition.names:
        if name not in table.column_names:
            raise BadDataError(
                "The layer {layer} has no field {field}", hint="Correct the indicator, or the layer.", layer=layer, field=name
            )
    names = sorted(condition.names)
    coded = [columns.coded(table.column(name)) for name in names]
    key = np.zeros(len(table), np.int64)
    for number, values in coded:
        key = key * (len(values) + 1) + number + 1
        _, key = np.unique(key, return_inverse=True)  # stays small however many fields there are
    _, first, key = np.unique(key, return_index=True, return_inverse=True)
    rows = [
        {name: None if number[i] < 0 else values[number[i]] for name, (number, values) in zip(names, coded, strict=True)}
        for i in first.tolist()
    ]
    return [condition(row) for row in rows], key


def _years(term: Term, table: FeatureTable) -> Floats:
    number, values = columns.coded(table.column(_field(table, term.year, term.layer)))
    each = [np.nan if v is None else float(str(v)[:4]) if str(v)[:4].isdecimal() else np.nan for v in values]
    return np.array([*each, np.nan])[number]


def _rows(term: Term, table: FeatureTable, material: Material, year: int | None) -> Rows:
    fits = fitting(table, term.where, term.layer, material)
    if term.year and year is not None:
        of = _years(term, table)
        fits = fits & (of == year if term.is_dated else ~(of > year))
    return np.flatnonzero(fits)


def _field(table: FeatureTable, name: str, layer: str) -> str:
    if name not in table.column_names:
        raise BadDataError(
            "The layer {layer} has no field {field}", hint="Correct the indicator, or the layer.", layer=layer, field=name
        )
    return name


def _values(term: Term, table: FeatureTable, rows: Rows, material: Material) -> tuple[Floats, int, tuple[Issue, ...]]:
    """What each of ``rows`` adds, NaN where it has no value; how many have none."""
    if term.how in ("count", "area"):
        return np.ones(len(rows)), 0, ()
    if term.how == "distinct":
        number, values = columns.coded(table.column(_field(table, term.field, term.layer)))
        empty = np.array([v is None or v == "" for v in values] + [True])
        found = np.where(empty[number], np.nan, number.astype(np.float64))[rows]
        return found, int(np.isnan(found).sum()), ()
    if term.how == "length":
        from lydigital.model import measures

        shapes = table.geometry.to_shapely(rows)
        return measures.lengths_m(shapes, table.crs) / 1000.0, 0, ()
    found = figures(table, term.field, term.code, term.layer, material)[rows]
    issues: tuple[Issue, ...] = ()
    if term.unit_field:
        scale, strange = _scales(term, table)
        found = found * scale[rows]
        if strange:
            bad = int(np.isnan(scale[rows]).sum())
            if bad:
                issues = (Issue(
                    "indicator.unit", "warning", "{count} figures of {term} are not counted: their unit is {units}, not {unit}",
                    "Correct their units.", term.layer, count=bad,
                    values={"count": str(bad), "term": term.name or term.field, "units": "、".join(strange), "unit": term.unit},
                ),)  # fmt: skip
    return found, int(np.isnan(found).sum()), issues


def _scales(term: Term, table: FeatureTable) -> tuple[Floats, list[str]]:
    """By what the figure of each feature is multiplied to be in the term's unit, NaN where it cannot be."""
    number, values = columns.coded(table.column(_field(table, term.unit_field, term.layer)))
    power, base = _split(term.unit)
    each, strange = [], []
    for value in [*values, None]:
        of, mine = _split(str(value or ""))
        fits = bool(value) and mine == base
        each.append(of / power if fits else np.nan)
        if not fits:
            strange.append(str(value or "–"))
    return np.array(each)[number], strange


def _split(unit: str) -> tuple[float, str]:
    scale = 1.0
    while unit[:1] in _SCALES and len(unit) > 1:
        scale, unit = scale * _SCALES[unit[0]], unit[1:]
    return scale, unit


def _firsts(values: Floats, at: Rows, fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the features that fit, the first of every value in every unit."""
    out = np.zeros(len(values), bool)
    rows = np.flatnonzero(fits)
    _, first = np.unique(np.stack([at[rows].astype(np.float64), values[rows]], axis=1), axis=0, return_index=True)
    out[rows[first]] = True
    return out


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
    places = placing.places(table, term.code, material)
    if level == "city":
        return np.full(len(table), -1, np.int64), places
    if level == "county":
        return places.county_at(material.units("county").index), places
    at: Rows = material.keep(
        ("at", id(table), term.code, level), lambda: placing.units_of(table, term.code, material.units(level), places, material)
    )
    if len(table) and not np.any(at >= 0) and term.code and places.digits < DIGITS[level]:
        raise BadDataError(
            "{layer} cannot be told by {level}", hint="Its codes are those of larger units.",
            layer=_title(term, material), level=level_name(level),
        )  # fmt: skip
    return at, places


__all__ = ["CITY", "Amounts", "Material", "Units", "amounts", "figures", "fitting", "matching", "numbers", "texts", "years"]
