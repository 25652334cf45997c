"""A valley with one road, its villages and what there is to help: small enough to work out times and places by hand.

The road (class 420301, 45 km/h: 12.5 m/s) runs 10 km from west to east at y = 0, a side road 4 km north at x = 5 km. Villages:
西村 (1000 people around x = 2), 北村 (300 at the end of the side road), 岛村 on a road of its own without any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from lydigital import paths
from lydigital.model.layerdef import Catalogue, read_catalogue
from lydigital.stores import create

if TYPE_CHECKING:
    from pathlib import Path

X, Y = 600_000.0, 3_830_000.0
M_S = 45 / 3.6
LAYERS = ("county", "township", "community", "village", "road", "team", "depot", "hospital", "shelter", "incident", "incident_log")
SAMPLE = "示例数据"
COUNTY, TOWN = "410328", "410328104"


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    """In kilometres from the western end of the road."""
    return shapely.box(X + x0 * 1000, Y + y0 * 1000, X + x1 * 1000, Y + y1 * 1000)


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(X + x * 1000, Y + y * 1000)


def line(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x * 1000, Y + y * 1000) for x, y in places])


WHOLE = box(-1, -4, 12, 6)
ROWS: dict[str, list[tuple[shapely.Geometry | None, dict[str, object]]]] = {
    "county": [(WHOLE, {"code": COUNTY, "name": "山县", "population": 1350, "households": 400})],
    "township": [(WHOLE, {"code": TOWN, "name": "谷镇", "county_code": COUNTY, "county": "山县", "population": 1350, "households": 400})],
    "community": [
        (box(0, -1, 4, 1), {"code": f"{TOWN}201", "name": "西村", "population": 1000, "households": 300}),
        (box(4, 1, 6, 5), {"code": f"{TOWN}202", "name": "北村", "population": 300, "households": 90}),
        (box(0, -3.5, 2, -2.5), {"code": f"{TOWN}203", "name": "岛村", "population": 50, "households": 10}),
    ],
    "village": [
        (point(2, 0), {"code": f"{TOWN}201", "name": "西村", "population": 1000}),
        (point(5, 4), {"code": f"{TOWN}202", "name": "北村", "population": 300}),
        (point(1, -3), {"code": f"{TOWN}203", "name": "岛村", "population": 50}),
    ],
    "road": [
        (line((0, 0), (5, 0)), {"name": "谷路", "class": "420301"}),
        (line((5, 0), (10, 0)), {"name": "谷路", "class": "420301"}),
        (line((5, 0), (5, 4)), {"name": "北沟路", "class": "420301"}),
        (line((0.5, -3), (1.5, -3)), {"name": "岛路", "class": "420301"}),
    ],
    "team": [
        (point(9, 0), {"code": "DW1", "name": "消防站", "kind": 8, "members": 20, "vehicles": 3, "duty": 1}),
        (point(1, 0), {"code": "DW2", "name": "西派出所", "kind": 1, "members": 9, "vehicles": 2, "duty": 3}),
        (point(6, 0), {"code": "DW3", "name": "东派出所", "kind": 1, "members": 8, "vehicles": 1, "duty": 1}),
        (point(1.2, -3), {"code": "DW4", "name": "岛派出所", "kind": 1, "members": 2, "vehicles": 1, "duty": 1}),
    ],
    "depot": [(point(10, 0), {"code": "WZ1", "name": "物资库", "kind": 1, "tents": 100, "quilts": 500, "area_m2": 200})],
    "hospital": [(point(9.8, 0), {"code": "YY1", "name": "县医院", "level": 2, "beds": 100, "doctors": 30, "phone": "000-2"})],
    "shelter": [
        (point(8, 0), {"code": "BN1", "name": "广场", "kind": 2, "area_m2": 1600, "m2_per_person": 2.0, "capacity": 800}),
        (point(9.5, 0), {"code": "BN2", "name": "学校", "kind": 2, "area_m2": 800, "m2_per_person": 2.0, "capacity": 400}),
        (point(2.5, 0), {"code": "BN3", "name": "西广场", "kind": 1, "area_m2": 500, "m2_per_person": 0.5, "capacity": 1000}),
    ],
    "incident": [(point(2, 0), {"code": "SJ0001", "name": "西村火灾", "kind": 2, "level": 4, "time": "2025-07-17T00:00:00.000Z", "status": 1, "injured": 3})],
    "incident_log": [],
}  # fmt: skip


def make(path: Path, **other: list[tuple[shapely.Geometry | None, dict[str, object]]]) -> Path:
    """The valley as a GeoPackage; ``other`` takes the place of the rows of a layer."""
    catalogue = read_catalogue(paths.layers_dir())
    layers = tuple(layer for layer in catalogue.layers if layer.id in LAYERS)
    create.create_gpkg(path, Catalogue(layers, catalogue.groups, catalogue.systems))
    for layer in layers:
        rows = other.get(layer.id, ROWS[layer.id])
        common = {"nature": SAMPLE, "county_code": COUNTY, "township_code": TOWN, "contact": "值班", "phone": "000-1", "kind": "村", "indoor": False,
                  "telemed": False, "level": 0, "oneway": False}  # fmt: skip
        values = [{**{k: v for k, v in common.items() if layer.field(k)}, **row} for _, row in rows]
        if rows:
            names = {name: None for row in values for name in row}
            columns = {name: [row.get(name) for row in values] for name in names}
            create.write_layer(path, layer, columns, None if layer.geometry == "none" else [shape for shape, _ in rows])
    return path
