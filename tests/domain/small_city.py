"""A city of two counties with two townships each, for indicators: 410302 in the west, 410307 in the east, 20 × 10 km."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lydigital.domain.amounts import Material
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.indicator import OldCode
from lydigital.model.layerdef import LayerDef
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y, SIDE = 600_000.0, 3_830_000.0, 10_000.0
CODES = (OldCode("410381", "410307", since="2021-03-18"), OldCode("410371", "410302"))


def square(x: float, y: float, width: float, height: float) -> list[list[list[tuple[float, float]]]]:
    return [[[(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]]]


def areas(rows: list[dict[str, object]], shapes: list[list[list[list[tuple[float, float]]]]]) -> FeatureTable:
    return table(rows, GeometryArray.from_rings(GeometryKind.POLYGON, shapes))


def points(rows: list[dict[str, object]], places: list[tuple[float, float]]) -> FeatureTable:
    """At ``places`` in kilometres from the south-western corner of the city."""
    return table(rows, GeometryArray.from_points(np.array(places, np.float64).reshape(-1, 2) * 1000 + (X, Y)))


def bare(rows: list[dict[str, object]]) -> FeatureTable:
    """A table without geometry."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    zero = np.zeros(1, np.int64)
    return table(rows, GeometryArray(GeometryKind.POINT, np.zeros((0, 2)), zero, zero.copy(), offsets))


def table(rows: list[dict[str, object]], geometry: GeometryArray) -> FeatureTable:
    names = {name: None for row in rows for name in row}
    columns = {name: [row.get(name) for row in rows] for name in names}
    return FeatureTable(np.arange(1, len(rows) + 1), pa.table(columns), geometry, CRS)


def city(**more: FeatureTable) -> Material:
    half = SIDE / 2
    county = areas(
        [{"code": "410302", "name": "西", "population": 1000, "households": 400}, {"code": "410307", "name": "东", "population": 3000, "households": 1000}],
        [square(X, Y, SIDE, SIDE), square(X + SIDE, Y, SIDE, SIDE)],
    )
    town = [
        {"code": "410302001", "name": "甲", "county_code": "410302", "population": 400, "households": 150},
        {"code": "410371001", "name": "乙", "county_code": "410302", "population": 600, "households": 250},
        {"code": "410307001", "name": "丙", "county_code": "410307", "population": 1000, "households": 400},
        {"code": "410307002", "name": "丁", "county_code": "410307", "population": 2000, "households": 600},
    ]
    township = areas(town, [
        square(X, Y, half, SIDE), square(X + half, Y, half, SIDE), square(X + SIDE, Y, half, SIDE), square(X + SIDE + half, Y, half, SIDE),
    ])  # fmt: skip
    villages = [
        {"code": f"{t['code']}{i + 200}", "name": f"{t['name']}{i}村", "kind": "村", "population": 100 * (i + 1), "households": 30}
        for t in town for i in range(2)
    ]  # fmt: skip
    places = [(2.5 + 5 * k, 2.5 + 5 * i) for k in range(4) for i in range(2)]
    village = points(villages, places)
    community = areas(villages, [square(X + 1000 * (x - 2.5), Y + 1000 * (y - 2.5), half, half) for x, y in places])
    tables = {"county": county, "township": township, "village": village, "community": community, **more}
    return Material(tables.get, definition, CODES)


def definition(layer: str) -> LayerDef:
    return LayerDef(layer, layer, "base", "none", Style(()), layer.title(), source="made up", currency="2005")
