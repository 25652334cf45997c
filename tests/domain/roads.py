"""Small road networks for tests: lines in metres around a place of the city, with what they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lydigital.domain.network import RoadLayer, build
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.network import Kind
from lydigital.model.speeds import Profile, RoadClass, RoadFields, Speeds
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y = 500_000.0, 3_830_000.0  # on the central meridian, where the map is as long as the ground
CLASSES = (
    RoadClass("way", "公路", 36.0),
    RoadClass("fast", "高速", 72.0, is_walkable=False, has_access=False, joins=("fast", "main")),
    RoadClass("main", "国道", 54.0),
)
PROFILES = (Profile("car", "车辆"), Profile("foot", "步行", kmh=3.6, ignores_oneway=True))
SPEEDS = Speeds("1", ("road",), CLASSES, RoadClass("", "未知", 18.0), PROFILES, fields=RoadFields(kmh="kmh"))


def layer(*lines, layer_id="road", crs=CRS, **fields):
    """Lines of (x, y) from ``X, Y``; a field has one value for all, or one for each in a list."""
    parts = [[[[(X + x, Y + y) for x, y in line]]] for line in lines]
    columns = {}
    for name, value in fields.items():
        columns[{"kind": "class"}.get(name, name)] = value if isinstance(value, list) else [value] * len(lines)
    geometry = GeometryArray.from_rings(GeometryKind.LINE, parts)
    return RoadLayer(layer_id, FeatureTable(np.arange(1, len(lines) + 1), pa.table(columns), geometry, crs))


def network(*lines, tolerance_m=5.0, profile="car", speeds=SPEEDS, **fields):
    """A network of one layer; roads of class ``way`` (36 km/h, 10 m/s) unless named."""
    return build([layer(*lines, **{"kind": "way", **fields})], speeds, profile=profile, tolerance_m=tolerance_m)


def at(*places):
    """Places ``(k, 2)`` in the network's system."""
    return np.array([(X + x, Y + y) for x, y in places])


def counts(made):
    """Findings that are there, by kind, without dead ends and islands."""
    found = made.report.findings
    return {kind: found.count(kind) for kind in Kind if found.count(kind) and kind not in (Kind.DEAD_END, Kind.ISLAND)}


def parts(made):
    """How many connected parts a network has."""
    return 1 + len(made.report.islands)
