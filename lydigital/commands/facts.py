"""What a session knows around a feature: for the defaults of new ones, and for the rules they must meet."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.commands import subjects
from lydigital.commands.layer import title_of
from lydigital.edits import defaults, rules
from lydigital.edits.operations.fields import converted
from lydigital.errors import BadDataError, LydError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.feature import Value, features_of
from lydigital.model.measures import areas_m2, lengths_m
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import shapely

    from lydigital.model.document import LayerRef
    from lydigital.model.feature import Feature
    from lydigital.model.layerdef import LayerDef
    from lydigital.session import Session

NEAR_M = 1_000.0  # a point farther away is not "at this place"
_columns: WeakKeyDictionary[FeatureTable, dict[str, dict[Any, int]]] = WeakKeyDictionary()
_lists: WeakKeyDictionary[FeatureTable, dict[tuple[str, str], dict[str, dict[str, str]]]] = WeakKeyDictionary()
_areas: WeakKeyDictionary[FeatureTable, dict[str, shapely.Geometry]] = WeakKeyDictionary()


class Facts:
    """Of one feature of a layer, its shape in map units; see :class:`lydigital.edits.defaults.Facts`."""

    def __init__(self, session: Session, ref: LayerRef, shape: shapely.Geometry | None, given: Sequence[str] = ()) -> None:
        self._session, self._ref, self._shape, self._given = session, ref, shape, given
        self._crs = Crs(session.document.crs)

    @cached_property
    def area_m2(self) -> float | None:
        return None if self._shape is None else _number(areas_m2(np.array([self._shape], object), self._crs)[0])

    @cached_property
    def length_m(self) -> float | None:
        return None if self._shape is None else _number(lengths_m(np.array([self._shape], object), self._crs)[0])

    @cached_property
    def _place(self) -> shapely.Point | None:
        import shapely

        if self._shape is None or self._shape.is_empty:
            return None
        if self._shape.geom_type.endswith("LineString"):
            line = shapely.get_geometry(shapely.line_merge(self._shape), 0) or self._shape
            return shapely.line_interpolate_point(line, 0.5, normalized=True)
        return self._shape.point_on_surface()

    @property
    def places(self) -> Mapping[str, float]:
        if self._place is None:
            return {}
        x, y = self._place.x, self._place.y
        lon, lat = transformation(self._crs, Crs(CGCS2000)).points(np.array([[x, y]]))[0].tolist()
        return {"x": x, "y": y, "lon": lon, "lat": lat}

    @property
    def operator(self) -> str:
        return self._session.history.author

    @property
    def now(self) -> datetime:
        return datetime.now().astimezone()

    def there(self, layer: str, field: str) -> Value:
        table = _table(self._session, layer)
        if table is None or self._place is None or field not in table.column_names:
            return None
        row = _row_at(table, self._place, NEAR_M / self._crs.metres_per_unit)
        if row is None:
            return None
        value: Value = table.column(field)[row].as_py()
        return value

    def codes(self, field: str) -> Iterator[str]:
        yield from self._given
        yield from (value for value in _values(self._session, self._ref, field) if isinstance(value, str))


def values_for(session: Session, ref: LayerRef, given: Mapping[str, Any]) -> dict[str, Value]:
    """Attributes as the layer keeps them; the others stay empty.

    Raises
    ------
    UsageError, BadDataError
        On an unknown field, or a value of another type.
    """
    types: dict[str, str] = {f.name: f.type for f in session.definition(ref.id).fields}
    types |= {f.name: f.type for f in session.stores.describe(ref).fields}
    out: dict[str, Value] = {}
    for name, value in given.items():
        if name not in types:
            raise UsageError(
                "{layer} has no field {field}", hint="The fields are: {known}", layer=title_of(session, ref), field=name,
                known=", ".join(types)[:400] or "-",
            )  # fmt: skip
        fits, kept = converted(value, types[name])
        if not fits:
            raise BadDataError(
                "{value} does not fit into {field} ({type})", hint="Write a value of that type.",
                value=str(value)[:80], field=name, type=types[name],
            )  # fmt: skip
        out[name] = kept
    return out


def fill(
    session: Session, ref: LayerRef, shapes: Sequence[shapely.Geometry | None], given: Sequence[Mapping[str, Value]]
) -> list[dict[str, Value]]:
    """Values of new features: what was ``given``, then the layer's template, then its defaults."""
    definition = session.definition(ref.id)
    stored = {f.name for f in session.stores.describe(ref).fields}
    series = {f.name: list[str]() for f in definition.fields if f.default.startswith("$next")}
    out = []
    for shape, values in zip(shapes, given, strict=True):
        begun = {**{n: v for n, v in ref.template.items() if n in stored}, **values}
        facts = Facts(session, ref, shape, [code for codes in series.values() for code in codes])
        found = {**begun, **defaults.filled(definition, begun, facts)}
        out.append({name: value for name, value in found.items() if name in stored})
        for name, codes in series.items():
            if isinstance(code := found.get(name), str):
                codes[:] = [code, *codes[:200]]
    return out


# --- for rules ------------------------------------------------------------------------------------------------------


def around(session: Session, ref: LayerRef, fid: int, feature: Feature, *, with_geometry: bool = True) -> rules.Around:
    """What a feature stands among, as far as it is read."""
    definition = session.definition(ref.id)
    listed = [f for f in definition.fields if f.codes and _table(session, f.codes) is not None]
    codes = {f.name: _chooser(session, f.codes, f.domain_of) for f in listed}
    taken = None
    if any(rules.is_unique(definition, f) for f in definition.fields):
        now = session.features.features(ref.id, [fid]).get(fid)

        def taken(field: str, value: Value) -> bool:
            mine = now is not None and now.values.get(field) == value
            return _values(session, ref, field).get(value, 0) > mine

    if not with_geometry or definition.geometry not in ("point", "line", "polygon"):
        return rules.Around(codes, taken)
    shape = _shape(session, ref, feature)
    facts = Facts(session, ref, shape)
    sizes = {f.name: size for f in definition.fields if (size := defaults.measured(f, facts)) is not None}
    return rules.Around(codes, taken, sizes, *_placed(session, ref, definition, shape, fid))


def around_table(session: Session, ref: LayerRef, tables: dict[str, FeatureTable | None]) -> rules.Around:
    """What a whole layer stands among: the lists its codes come from, and the city in its own system.

    ``tables`` keeps what was read for it, for the layers after.
    """
    definition = session.definition(ref.id)

    def table_of(layer: str) -> FeatureTable | None:
        if layer not in tables:
            tables[layer] = _table(session, layer)
        return tables[layer]

    codes = {f.name: _chooser(session, f.codes, f.domain_of, table_of(f.codes)) for f in definition.fields if f.codes and table_of(f.codes) is not None}
    home = session.catalogue.home
    city = None
    if home and home != ref.id and definition.outside != "allow" and definition.geometry in ("point", "line", "polygon"):
        table = table_of(home)
        city = None if table is None else _area(table, session.stores.stored_crs(ref))
    return rules.Around(codes, city=city)


def _placed(
    session: Session, ref: LayerRef, definition: LayerDef, shape: shapely.Geometry | None, fid: int
) -> tuple[shapely.Geometry | None, tuple[tuple[int, shapely.Geometry], ...]]:
    """City and neighbours, in the layer's own system."""
    import shapely

    if shape is None or shape.is_empty:
        return None, ()
    stored = session.stores.stored_crs(ref)
    city = None
    home = session.catalogue.home
    if home and home != ref.id and definition.outside != "allow" and (table := _table(session, home)) is not None:
        city = _area(table, stored)
    beside: tuple[tuple[int, shapely.Geometry], ...] = ()
    if definition.overlap != "allow" and definition.geometry == "polygon":
        space = subjects.space_of(session, ref)
        near = subjects.near(session, space, tuple(shapely.bounds(shape).tolist()), [fid])
        beside = tuple((s.fid, shapely.from_wkb(s.feature.wkb)) for s in near)
    return city, beside


def _shape(session: Session, ref: LayerRef, feature: Feature) -> shapely.Geometry | None:
    """Shape in map units; None where it cannot be read."""
    import shapely

    if feature.wkb is None:
        return None
    shape = shapely.from_wkb(feature.wkb, on_invalid="ignore")
    move = transformation(session.stores.stored_crs(ref), Crs(session.document.crs))
    if shape is None or move.is_identity:
        return shape
    return shapely.transform(shapely.force_2d(shape), lambda xy: move.points(np.ascontiguousarray(xy)))


def _chooser(session: Session, layer: str, parent: str, read: FeatureTable | None = None) -> Any:
    def choose(values: Mapping[str, Value]) -> Mapping[str, str]:
        table = read if read is not None else _table(session, layer)
        if table is None:
            return {}
        known = _lists.setdefault(table, {})
        if (layer, parent) not in known:
            known[layer, parent] = _coded_names(table, parent)
        wanted = values.get(parent) if parent else None
        return known[layer, parent].get("" if wanted is None else str(wanted), {})

    return choose


def _coded_names(table: FeatureTable, parent: str) -> dict[str, dict[str, str]]:
    """Code and name of every feature, by its value of ``parent``; all of them under ""."""
    if "code" not in table.column_names:
        return {}
    codes = table.column("code").to_pylist()
    names = table.column("name").to_pylist() if "name" in table.column_names else codes
    parents = table.column(parent).to_pylist() if parent in table.column_names else [None] * len(codes)
    out: dict[str, dict[str, str]] = {"": {}}
    for code, name, above in sorted(zip(codes, names, parents, strict=True), key=lambda row: str(row[0])):
        if code is not None:
            out[""][str(code)] = str(name or code)
            if above is not None:
                out.setdefault(str(above), {})[str(code)] = str(name or code)
    return out


# --- tables ---------------------------------------------------------------------------------------------------------


def _table(session: Session, layer: str) -> FeatureTable | None:
    """A layer of the map as it was read; None where there is none, or it cannot be read."""
    ref = session.ref(layer)
    if ref is None:
        return None
    try:
        table = subjects._read(session, ref)
    except LydError:
        return None
    return table if isinstance(table, FeatureTable) else None


def _values(session: Session, ref: LayerRef, field: str) -> dict[Any, int]:
    """How often each value stands in a field now."""
    table = _table(session, ref.id)
    found: dict[Any, int] = {}
    if table is not None and field in table.column_names:
        known = _columns.setdefault(table, {})
        if field not in known:
            known[field] = Counter(value for value in table.column(field).to_pylist() if value is not None)
        found = known[field]
    edits = session.features.edits(ref.id)
    if not edits:
        return found
    found = dict(found)
    before = features_of(table, list(edits)) if table is not None else {}
    for fid, feature in edits.items():
        for some, step in ((before.get(fid), -1), (feature, 1)):
            if some is not None and (value := some.values.get(field)) is not None:
                found[value] = found.get(value, 0) + step
    return {value: count for value, count in found.items() if count > 0}


def _row_at(table: FeatureTable, place: shapely.Point, near: float) -> int | None:
    """The area a place lies in, or the nearest point or line."""
    import shapely

    x, y = place.x, place.y
    is_area = int(table.geometry.kind) == 3
    far = 0.0 if is_area else near
    rows = table.rows_in((x - far, y - far, x + far, y + far))
    if not len(rows):
        return None
    shapes = table.geometry.to_shapely(rows)
    if is_area:
        inside = np.flatnonzero(shapely.intersects(shapes, place))
        return int(rows[inside[0]]) if len(inside) else None
    away = shapely.distance(shapes, place)
    best = int(np.nanargmin(away))
    return int(rows[best]) if away[best] <= near else None


def _area(table: FeatureTable, crs: Crs) -> shapely.Geometry:
    """All areas of a table as one in ``crs``, prepared."""
    import shapely

    known = _areas.setdefault(table, {})
    if crs.definition not in known:
        whole = shapely.union_all(shapely.make_valid(table.to_crs(crs).geometry.to_shapely()))
        shapely.prepare(whole)
        known[crs.definition] = whole
    return known[crs.definition]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
