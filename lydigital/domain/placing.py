"""In which unit features are: by their code, an old one by what it became; without a code by name or place, never otherwise.

Codes and outlines of townships are of different vintage, so that a place may lie in the outline of another unit than its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model import columns
from lydigital.model.geometry import GeometryKind
from lydigital.model.indicator import CITY, DIGITS, UNIT_LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lydigital.domain.amounts import Material, Units
    from lydigital.model.table import FeatureTable

    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """Of every feature ``(n,)``: its county (number in ``codes``, -1 for none), and how that was found.

    Attributes
    ----------
    outside
        A point beyond the city.
    city
        With the code of the whole city: a total, or something that belongs to no county.
    renewed
        With a code that is no longer in use.
    placed
        Without code, put where it lies.
    named
        The name that it was put by for want of a code, "" for all others; empty where nothing was put by name.
    loose
        In a table that tells neither: the city's as a whole.
    digits
        Of the longest code.
    """

    codes: tuple[str, ...]
    county: Rows
    outside: Flags
    city: Flags
    renewed: Flags
    placed: Flags
    named: tuple[str, ...]
    loose: Flags
    digits: int

    def county_at(self, index: Mapping[str, int]) -> Rows:
        """Number in ``index`` of the county of every feature."""
        number = np.array([index.get(code, -1) for code in self.codes] + [-1], np.int64)
        return number[self.county]

    @property
    def codes_at(self) -> list[str]:
        """Code of the county of every feature, "" for none."""
        return [(*self.codes, "")[i] for i in self.county.tolist()]


def places(table: FeatureTable, code: str, material: Material, named: str = "") -> Places:
    """The county of every feature of a table: codes stand in the field ``code``, names of units in ``named`` ("" for none)."""
    found: Places = material.keep(("places", id(table), code, named), lambda: _places(table, code, named, material))
    return found


def clean(value: object) -> str:
    """A code as text, as it should have been: without spaces, and whole where a sheet made a number of it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _places(table: FeatureTable, code: str, named: str, material: Material) -> Places:
    n = len(table)
    known = tuple(material.counties)
    index = {c: i for i, c in enumerate(known)}
    county = np.full(n, -1, np.int64)
    renewed, city = np.zeros(n, bool), np.zeros(n, bool)
    without, digits = np.ones(n, bool), 0
    if code in table.column_names:
        number, values = columns.coded(table.column(code))
        found = [clean(value) for value in values]
        digits = max(map(len, found), default=0)
        at = [index.get(material.county_of(text), -1) if text else -1 for text in found]
        old = [bool(text) and text[:6] not in index and at[i] >= 0 and not _is_statistical(text, material) for i, text in enumerate(found)]
        county = np.array([*at, -1], np.int64)[number]
        renewed = np.array([*old, False])[number]
        city = np.array([*(text in (CITY, CITY[:4]) for text in found), False])[number]
        without = np.array([*(not text for text in found), True])[number]
    if not known:  # nothing to place by: all of it is the city's
        no = np.zeros(n, bool)
        return Places(("",), np.zeros(n, np.int64), no, city, renewed, no, (), ~no, digits)
    names: list[str] = []
    if named in table.column_names and np.any(without):
        names = [clean(v) if lost else "" for v, lost in zip(table.column(named).to_pylist(), without.tolist(), strict=True)]
        codes = [material.code_of_name(name) if name else "" for name in names]
        names = [name if code_of else "" for name, code_of in zip(names, codes, strict=True)]
        mine = np.array([index.get(material.county_of(c), -1) if c else -1 for c in codes], np.int64)
        county, without = np.where(mine >= 0, mine, county), without & (mine < 0)
    lies = _lying(table, UNIT_LAYERS["county"], known, material)
    is_place = ~np.isnan(table.geometry.bounds[:, 0])
    placed = without & (lies >= 0)
    county = np.where(placed, lies, county)
    is_point = table.geometry.kind is GeometryKind.POINT
    outside = is_place & (lies < 0) & ~_is_near(table, known, material) if is_point else without & is_place & (lies < 0)
    loose = np.full(n, code not in table.column_names and not np.any(is_place))
    return Places(known, county, outside, city, renewed, placed, tuple(names), loose, digits)


def units_of(table: FeatureTable, code: str, units: Units, found: Places, material: Material) -> Rows:
    """Number of the unit of every feature, -1 for none."""
    size = DIGITS[units.level]
    at = np.full(len(table), -1, np.int64)
    if code in table.column_names:
        number, values = columns.coded(table.column(code))
        each = []
        for value in values:
            text = clean(value)
            mine = units.index.get(text[:size], -1) if len(text) >= size else -1
            each.append(mine if mine >= 0 or len(text) < size else units.index.get(material.renewed(text)[:size], -1))
        at = np.array([*each, -1], np.int64)[number]
    for i, name in enumerate(found.named):
        if name:
            at[i] = units.index.get(material.code_of_name(name)[:size], -1)
    if np.any(found.placed):
        lies = _lying(table, UNIT_LAYERS[units.level], units.codes, material)
        at = np.where(found.placed, lies, at)
    return at


def containing(x: float, y: float, units: Units) -> int:
    """Number of the unit with a point, -1 for none."""
    import shapely

    b = units.table.geometry.bounds[units.row]
    near = np.flatnonzero((b[:, 0] <= x) & (x <= b[:, 2]) & (b[:, 1] <= y) & (y <= b[:, 3]))
    for i in near.tolist():
        if shapely.contains_xy(units.table.geometry.to_shapely(units.row[i : i + 1])[0], x, y):
            return int(i)
    return -1


def middles(table: FeatureTable) -> NDArray[np.float64]:
    """A point of every feature ``(n, 2)``: of a line its middle vertex, of an area one inside; NaN for nothing."""
    g = table.geometry
    out = np.full((len(table), 2), np.nan)
    there = np.flatnonzero(~np.isnan(g.bounds[:, 0]))
    if not len(there):
        return out
    if g.kind is GeometryKind.POLYGON:
        import shapely

        out[there] = shapely.get_coordinates(shapely.point_on_surface(g.to_shapely(there)))
        return out
    first, last = g.ring_offsets[g.geom_rings[there]], g.ring_offsets[g.geom_rings[there + 1]]
    out[there] = g.coords[(first + last - 1) // 2]
    return out


def _lying(table: FeatureTable, layer: str, codes: tuple[str, ...], material: Material) -> Rows:
    """Number in ``codes`` of the area of ``layer`` that every feature lies in, -1 for none."""
    return material.keep(("lying", id(table), layer), lambda: _lie(table, layer, codes, material))  # type: ignore[no-any-return]


def _lie(table: FeatureTable, layer: str, codes: tuple[str, ...], material: Material) -> Rows:
    import shapely

    out = np.full(len(table), -1, np.int64)
    points = material.keep(("middles", id(table)), lambda: middles(table))
    areas = material.need(layer)
    index = {code: i for i, code in enumerate(codes)}
    numbers = [index.get(str(code), -1) for code in areas.column("code").to_pylist()]
    order = np.argsort(points[:, 0], kind="stable")
    x = points[order, 0]
    for row, number in enumerate(numbers):
        west, south, east, north = areas.geometry.bounds[row].tolist()
        some = order[np.searchsorted(x, west) : np.searchsorted(x, east, "right")]
        some = some[(points[some, 1] >= south) & (points[some, 1] <= north) & (out[some] < 0)]
        if len(some) and number >= 0:
            shape = areas.geometry.to_shapely(np.array([row]))[0]
            shapely.prepare(shape)
            out[some[shapely.contains_xy(shape, points[some, 0], points[some, 1])]] = number
    return out


_NEAR_M = 500.0  # a point so near the border is not called outside: outlines are drawn coarser than places


def _is_near(table: FeatureTable, codes: tuple[str, ...], material: Material) -> Flags:
    """Points in no county, but close to one."""
    import shapely

    out = np.zeros(len(table), bool)
    lost = np.flatnonzero((_lying(table, UNIT_LAYERS["county"], codes, material) < 0) & ~np.isnan(table.geometry.bounds[:, 0]))
    if not len(lost):
        return out
    points = shapely.points(material.keep(("middles", id(table)), lambda: middles(table))[lost])
    limit = _NEAR_M / table.crs.metres_per_unit
    tree = material.keep("tree of counties", lambda: shapely.STRtree(material.need(UNIT_LAYERS["county"]).geometry.to_shapely()))
    (near, _), far = tree.query_nearest(points, max_distance=limit, return_distance=True)
    out[lost[near[far <= limit]]] = True
    return out


def _is_statistical(text: str, material: Material) -> bool:
    """Whether a code is in use, only not as a county of its own."""
    return any(c.old == text[:6] and not c.since for c in material.codes)
