"""What areas hit: features in zones, by class and by administrative unit, and all zones together without counting twice.

Pure work on tables in one projected system. People see :mod:`lydigital.domain.population`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.overlay import Inside, inside
from lydigital.domain.population import PLAIN, SLIVER, WHOLE, polygonal, shares
from lydigital.errors import BadDataError
from lydigital.model import columns
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.impact import Amount, Line, Part, Provenance
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.domain.population import Weights
    from lydigital.model.crs import Crs
    from lydigital.model.impact import LineDef
    from lydigital.model.layerdef import LayerDef

NAMED = 5_000  # names a line keeps


@dataclass(frozen=True, eq=False)
class Zones:
    """The areas asked about, in one projected system.

    Attributes
    ----------
    shapes
        ``(zones,)`` valid shapely polygons.
    """

    shapes: NDArray[np.object_]
    crs: Crs

    @classmethod
    def of(cls, geometry: GeometryArray, crs: Crs, names: Sequence[str] = ()) -> Zones:
        """Checked zones.

        Raises
        ------
        BadDataError
            When there is none, or one is empty, or its border crosses itself.
        """
        import shapely

        shapes = geometry.to_shapely() if len(geometry) else np.zeros(0, object)
        if not len(shapes):
            raise BadDataError("There is no zone to ask about", hint="Draw one, or name a feature or file.")
        for i, shape in enumerate(shapes):
            name = names[i] if i < len(names) else str(i + 1)
            if geometry.kind is not GeometryKind.POLYGON or shapely.is_empty(shape):
                raise BadDataError("The zone {name} is empty: it has no area", hint="Draw its border anew.", name=name)
            if not shapely.is_valid(shape):
                raise BadDataError(
                    "The border of the zone {name} crosses itself: {reason}",
                    hint="Repair it with the editing tools, or draw it anew.",
                    name=name, reason=shapely.is_valid_reason(shape),
                )  # fmt: skip
            if shapely.area(shape) <= 0:
                raise BadDataError("The zone {name} is empty: it has no area", hint="Draw its border anew.", name=name)
        return cls(shapes, crs)

    def __len__(self) -> int:
        return len(self.shapes)

    def buffered(self, distance_m: float) -> Zones:
        """The zones with what lies within a distance of them; circles as polygons of 64 sides."""
        import shapely

        return Zones(shapely.buffer(self.shapes, distance_m / self.crs.metres_per_unit, quad_segs=16), self.crs)

    @cached_property
    def is_overlapping(self) -> bool:
        """Whether any two have more in common than a border."""
        import shapely

        tree = shapely.STRtree(self.shapes)
        first, second = tree.query(self.shapes, predicate="intersects")
        first, second = first[first < second], second[first < second]
        common = shapely.area(shapely.intersection(self.shapes[first], self.shapes[second]))
        return bool(np.any(common > 1.0))

    @cached_property
    def union(self) -> object:
        """All of them as one shape."""
        import shapely

        return self.shapes[0] if len(self.shapes) == 1 else shapely.union_all(self.shapes)

    @cached_property
    def table(self) -> FeatureTable:
        return _table(self.shapes, self.crs)

    @cached_property
    def every(self) -> FeatureTable:
        """The zones, and last all of them as one."""
        return _table(np.append(self.shapes, np.array([self.union], object)), self.crs)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Map units² of each and last of all together, ``(zones + 1,)``."""
        import shapely

        out: NDArray[np.float64] = shapely.area(np.append(self.shapes, np.array([self.union], object)))
        return out

    def find(self, features: FeatureTable) -> Inside:
        """Pairs of zone and feature; the last zone, number ``len(self)``, is all of them together."""
        count = len(self)
        found = inside(features, self.table)
        row, first, times = np.unique(found.row, return_inverse=True, return_counts=True)
        amount = np.bincount(first, found.amount, minlength=len(row))
        if features.geometry.kind is GeometryKind.POINT:
            amount = np.minimum(amount, 1.0)
        elif self.is_overlapping:  # only what lies in several zones can lie in what they have in common
            several = np.flatnonzero(times > 1)
            if len(several):
                again = inside(_rows(features, row[several]), _table(np.array([self.union], object), self.crs))
                amount[several] = 0.0
                amount[several[again.row]] = again.amount
        zone = np.append(found.zone, np.full(len(row), count, np.int32))
        return Inside(count + 1, zone, np.append(found.row, row.astype(np.int32)), np.append(found.amount, amount))


@dataclass(frozen=True, eq=False)
class Units:
    """Administrative units that results are told by.

    Attributes
    ----------
    table
        Their areas, in the system of the zones.
    digits
        Of their codes: 9 for townships, 6 for counties. The codes of what lies in them begin with these.
    counties
        County of each, "" for counties themselves.
    """

    table: FeatureTable
    codes: tuple[str, ...]
    names: tuple[str, ...]
    counties: tuple[str, ...]
    digits: int

    @cached_property
    def number(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.codes)}

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Unit of each place ``(n, 2)``, -1 outside."""
        import pyarrow as pa

        points = FeatureTable(np.arange(len(xy), dtype=np.int64), pa.table({}), GeometryArray.from_points(xy), self.table.crs)
        found = inside(points, self.table)
        out = np.full(len(xy), -1, np.int64)
        out[found.row[::-1]] = found.zone[::-1]
        return out

    def of(self, codes: Sequence[object], bounds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Unit of features by code, and by the middle of their bounds ``(n, 4)`` where the code does not tell; -1 for none."""
        out = np.array([self.number.get(str(c or "")[: self.digits], -1) for c in codes], np.int64)
        if not len(out):
            out = np.full(len(bounds), -1, np.int64)
        left = np.flatnonzero((out < 0) & np.isfinite(bounds[:, 0]))
        if len(left):
            out[left] = self.at(np.ascontiguousarray((bounds[left, :2] + bounds[left, 2:]) / 2))
        return out

    def pieces(self, zones: Zones) -> tuple[FeatureTable, NDArray[np.int64], NDArray[np.int64]]:
        """Every zone (and last all together) cut by the units: pieces, their zone and their unit."""
        import shapely

        units = shapely.make_valid(self.table.geometry.to_shapely())
        every = np.append(zones.shapes, np.array([zones.union], object))
        zone, unit = shapely.STRtree(units).query(every, predicate="intersects")
        shapes = polygonal(shapely.intersection(every[zone], units[unit]))
        keep = shapely.area(shapes) > 0
        return _table(shapes[keep], zones.crs), zone[keep], unit[keep]


@dataclass(frozen=True, eq=False)
class Cut:
    """Zones and units with what is worked out of both once."""

    zones: Zones
    units: Units | None

    @cached_property
    def pieces(self) -> tuple[FeatureTable, NDArray[np.int64], NDArray[np.int64]]:
        assert self.units is not None
        return self.units.pieces(self.zones)

    @cached_property
    def outside(self) -> NDArray[np.float64]:
        """Map units² of each zone, and last of all together, beyond all units; slivers are none."""
        if self.units is None:
            return np.zeros(len(self.zones) + 1)
        import shapely

        table, zone, _ = self.pieces
        covered = np.bincount(zone, shapely.area(table.geometry.to_shapely()), minlength=len(self.zones) + 1)
        left = self.zones.areas - covered
        return np.where(left > np.maximum(1e-4 * self.zones.areas, 1e4), left, 0.0)


def lines_of(rule: LineDef, layer: LayerDef, table: FeatureTable, cut: Cut) -> tuple[Line, ...]:
    """One line for every zone, and last for all together.

    Raises
    ------
    BadDataError
        When the rule names a field that the layer does not have.
    """
    for name in (rule.code, rule.classes, rule.names, *rule.sums):
        if name and name not in table.column_names:
            raise BadDataError(
                "The layer {layer} has no field {field}", hint="Correct layers/indicators/impact.toml, or the layer.",
                layer=layer.name, field=name,
            )  # fmt: skip
    found = cut.zones.find(table)
    rows, at = np.unique(found.row, return_inverse=True)
    fields = [f for f in (rule.code, rule.classes, rule.names, *rule.sums) if f]
    taken = table.columns.select(list(dict.fromkeys(fields))).take(columns.rows(rows.astype(np.int64)))
    work = _Work(rule, layer, found, at, taken)
    whole = work.amounts(found.zone.astype(np.int64), found.zones, found.amount, at)
    none = work.none
    classes = work.by_class(found.zones)
    units, names = work.by_unit(cut, table, rows)
    provenance = provenance_of(layer)
    return tuple(
        Line(rule.id, rule.name, True, provenance, whole.get(z, none), classes[z], units[z], names[z]) for z in range(found.zones)
    )


def unknown(rule_id: str, title: str, layer: str, reason: str, count: int) -> tuple[Line, ...]:
    """A line of which nothing is known, for ``count`` zones and the total."""
    return (Line(rule_id, title, False, Provenance(layer, layer), note=reason),) * (count + 1)


def provenance_of(layer: LayerDef) -> Provenance:
    return Provenance(layer.id, layer.name, layer.source, layer.currency, layer.sample)


@dataclass(frozen=True, eq=False)
class _Work:
    """One line in the making: ``at`` says for each pair which row of ``taken`` it is."""

    rule: LineDef
    layer: LayerDef
    found: Inside
    at: NDArray[np.int64]
    taken: pa.Table

    def column(self, name: str) -> pa.ChunkedArray:
        return self.taken.column(name)

    def amounts(
        self, key: NDArray[np.int64], size: int, amount: NDArray[np.float64], at: NDArray[np.int64]
    ) -> dict[int, tuple[Amount, ...]]:
        """The numbers of those of ``size`` groups that have pairs."""
        rule = self.rule
        groups = np.unique(key).tolist()
        total = np.bincount(key, amount, minlength=size)
        if rule.measure == "length":
            km = total / 1000.0
            return {i: (Amount("length_km", tr("Length"), tr("km"), float(km[i]), step=0.1),) for i in groups}
        count = np.bincount(key, minlength=size)
        more: list[tuple[str, str, str, NDArray[np.float64], NDArray[np.int64]]] = []
        for name in rule.sums:
            field = self.layer.field(name)
            values = columns.numbers(self.column(name))[at]
            void = np.isnan(values)
            summed = np.bincount(key, np.where(void, 0.0, values), minlength=size).astype(np.float64)
            missing = np.bincount(key, void, minlength=size).astype(np.int64)
            more.append((name, field.alias if field else name, field.unit if field else "", summed, missing))
        out = {}
        for i in groups:
            made = [Amount("count", tr("How many"), rule.unit_name, float(count[i]))]
            if rule.measure == "area":
                made.append(Amount("area_m2", tr("Area inside"), "m²", float(total[i])))
            made += [Amount(n, t, u, float(v[i]), missing=int(m[i])) for n, t, u, v, m in more]
            out[i] = tuple(made)
        return out

    @property
    def none(self) -> tuple[Amount, ...]:
        """The numbers of what has nothing inside."""
        if self.rule.measure == "length":
            return (Amount("length_km", tr("Length"), tr("km"), 0.0, step=0.1),)
        made = [Amount("count", tr("How many"), self.rule.unit_name, 0.0)]
        if self.rule.measure == "area":
            made.append(Amount("area_m2", tr("Area inside"), "m²", 0.0))
        fields = [(name, self.layer.field(name)) for name in self.rule.sums]
        return (*made, *(Amount(n, f.alias if f else n, f.unit if f else "", 0.0) for n, f in fields))

    def by_class(self, zones: int) -> list[tuple[Part, ...]]:
        if not self.rule.classes:
            return [()] * zones
        field = self.layer.field(self.rule.classes)
        number, values = columns.coded(self.column(self.rule.classes))
        order = sorted(range(len(values)), key=lambda i: _place(field, values[i]))
        size = len(values) + 1  # and last those without a value
        number = np.where(number < 0, size - 1, number)
        key = self.found.zone.astype(np.int64) * size + number[self.at]
        made = self.amounts(key, zones * size, self.found.amount, self.at)
        out = []
        for z in range(zones):
            parts = []
            for i in (*order, size - 1):
                amounts = made.get(z * size + i, ())
                if amounts and amounts[0].value > 0:
                    value = values[i] if i < size - 1 else None
                    name = tr("not stated") if value is None else (field.decode(value) if field else str(value))
                    parts.append(Part("" if value is None else str(value), name, amounts))
            out.append(tuple(parts))
        return out

    def by_unit(
        self, cut: Cut, table: FeatureTable, rows: NDArray[np.int32]
    ) -> tuple[list[tuple[Part, ...]], list[tuple[str, ...]]]:
        """Parts of the administrative units, and all names, zone by zone."""
        zones = self.found.zones
        listed: list[object] = []
        if self.rule.names:
            listed = self.column(self.rule.names).to_pylist()
        named = [str(n) if n else "" for n in listed]
        names = [
            tuple(sorted(n for n in (named[i] for i in self.at[self.found.zone == z].tolist()) if n))[:NAMED] if named else ()
            for z in range(zones)
        ]
        units = cut.units
        if units is None:
            return [()] * zones, names
        size = len(units.codes) + 1  # and last those in none
        if self.rule.measure == "length":
            pieces, zone, unit = cut.pieces
            parts = inside(table, pieces)
            key = zone[parts.zone] * size + unit[parts.zone]
            amounts = self.amounts(key.astype(np.int64), zones * size, parts.amount, np.zeros(len(key), np.int64))
            return _by_zone(units, amounts, {}, zones), names
        codes = self.column(self.rule.code).to_pylist() if self.rule.code else []
        of = units.of(codes, table.geometry.bounds[rows])
        of = np.where(of < 0, size - 1, of)
        key = self.found.zone.astype(np.int64) * size + of[self.at]
        amounts = self.amounts(key, zones * size, self.found.amount, self.at)
        lists: dict[int, list[str]] = {}
        if named:
            for k, i in zip(key.tolist(), self.at.tolist(), strict=True):
                if named[i]:
                    lists.setdefault(k, []).append(named[i])
        return _by_zone(units, amounts, lists, zones), names


def _place(field: object, value: object) -> tuple[int, str]:
    """Order of classes: as the catalogue lists them."""
    domain = list(getattr(field, "domain", {}))
    return (domain.index(str(value)) if str(value) in domain else len(domain), str(value))


def _by_zone(
    units: Units, amounts: Mapping[int, tuple[Amount, ...]], names: Mapping[int, Sequence[str]], zones: int
) -> list[tuple[Part, ...]]:
    """Parts by unit; keys are zone times (units + 1) plus unit, the last unit is none."""
    out: list[list[Part]] = [[] for _ in range(zones)]
    for key, made in amounts.items():
        if not any(a.value >= min(a.step, 1.0) / 2 for a in made):
            continue  # a sliver of a neighbour
        zone, i = divmod(key, len(units.codes) + 1)
        named = tuple(sorted(names.get(key, ())))
        if i < len(units.codes):
            out[zone].append(Part(units.codes[i], units.names[i], made, units.counties[i], named))
        else:
            out[zone].append(Part("", tr("in no unit"), made, "", named))
    return [tuple(sorted(parts, key=lambda p: (not p.code, p.code))) for parts in out]


# --- people -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class People:
    """Where people were counted.

    Attributes
    ----------
    counted
        ``(units,)`` people and households, in this order where known; NaN for none.
    codes, names
        Of the units.
    weights, weight_names
        What people are shared by in a unit that is cut, best first.
    """

    table: FeatureTable
    layer: LayerDef
    counted: Mapping[str, NDArray[np.float64]]
    codes: Sequence[object]
    names: Sequence[object]
    weights: Sequence[Weights] = ()
    weight_names: Sequence[str] = ()


def people_lines(people: People, cut: Cut) -> tuple[Line, ...]:
    """People and households in every zone and last in all together, with the range they must lie in, by township or county."""
    zones = cut.zones
    first = next(iter(people.counted.values()))
    found = shares(people.table, zones.every, first, people.weights)
    count = len(zones) + 1
    reaching = found.by_area > SLIVER
    titles = {"people": (tr("People"), tr("persons")), "households": (tr("Households"), tr("households"))}

    def amounts(key: NDArray[np.int64], size: int, pairs: NDArray[np.bool_]) -> dict[int, tuple[Amount, ...]]:
        key = key[pairs]
        columns_: list[tuple[str, list[NDArray[np.float64]], NDArray[np.int64]]] = []
        for name, counted in people.counted.items():
            values = counted[found.row[pairs]]
            void = np.isnan(values) & (found.by_area[pairs] > SLIVER)
            filled = np.nan_to_num(values)
            parts = [
                np.bincount(key, filled * w, minlength=size).astype(np.float64)
                for w in (found.share[pairs], found.by_area[pairs] >= 1 - SLIVER, found.by_area[pairs] > SLIVER)
            ]
            columns_.append((name, parts, np.bincount(key, void, minlength=size).astype(np.int64)))
        touched = np.bincount(key, reaching[pairs], minlength=size)
        out = {}
        for i in [*np.unique(key).tolist(), *([] if size > count else range(count))]:
            made = []
            for name, (value, low, high), missing in columns_:
                title, unit = titles.get(name, (name, ""))
                v = float(value[i])
                made.append(Amount(name, title, unit, v, min(float(low[i]), v), max(float(high[i]), v), int(missing[i]), step=10.0))
            made.append(Amount("units", tr("{layer} touched", layer=people.layer.name), tr("places"), float(touched[i])))
            out[i] = tuple(made)
        return out

    whole = amounts(found.zone.astype(np.int64), count, np.ones(len(found.zone), np.bool_))
    units: list[tuple[Part, ...]] = [()] * count
    named = [str(n or "") for n in people.names]
    if cut.units is not None:
        size = len(cut.units.codes) + 1
        rows, at = np.unique(found.row, return_inverse=True)
        of = cut.units.of([people.codes[r] for r in rows.tolist()], people.table.geometry.bounds[rows])
        key = found.zone.astype(np.int64) * size + np.where(of < 0, size - 1, of)[at]
        made = amounts(key, count * size, reaching)
        lists: dict[int, list[str]] = {}
        for k, r in zip(key[reaching].tolist(), found.row[reaching].tolist(), strict=True):
            lists.setdefault(k, []).append(named[r])
        units = _by_zone(cut.units, made, lists, count)
    provenance = provenance_of(people.layer)
    out = []
    for z in range(count):
        mine = reaching & (found.zone == z)
        names = tuple(sorted(named[r] for r in found.row[mine].tolist()))[:NAMED]
        note = _method(found.way[mine], found.by_area[mine], people.weight_names)
        out.append(Line("people", tr("People"), True, provenance, whole[z], (), units[z], names, note))
    return tuple(out)


def _method(way: NDArray[np.int8], by_area: NDArray[np.float64], names: Sequence[str]) -> str:
    """How the people of the units were shared."""
    whole = by_area >= 1 - SLIVER
    parts = [tr("{count} units lie inside", count=int(whole.sum()))]
    for number, name in enumerate(names):
        cut = int(((way == number) & ~whole).sum())
        if cut:
            parts.append(tr("{count} are cut and shared by {what}", count=cut, what=name))
    cut = int(((way == PLAIN) & ~whole).sum())
    if cut:
        parts.append(tr("{count} are cut and shared by area", count=cut))
    assert WHOLE < PLAIN
    return tr("; ").join(parts)


def _rows(table: FeatureTable, rows: NDArray[np.int32]) -> FeatureTable:
    """Some features, without their attributes."""
    import pyarrow as pa

    return FeatureTable(table.fid[rows], pa.table({}), table.geometry.take(rows), table.crs)


def _table(shapes: NDArray[np.object_], crs: Crs) -> FeatureTable:
    import pyarrow as pa

    fid = np.arange(1, len(shapes) + 1, dtype=np.int64)
    return FeatureTable(fid, pa.table({}), GeometryArray.from_shapely(GeometryKind.POLYGON, shapes), crs)
