"""Heritage sites, scenic sites and their areas, peaks: real names at the places the facts give."""

from __future__ import annotations

import numpy as np
import shapely

from sample_data import facts
from sample_data.city import City, Layer, generator
from sample_data.projection import project
from sample_data.water import smoothed

_REACH = {"山岳": 4200.0, "溶洞": 1300.0, "峡谷": 2400.0, "水域": 1500.0}


def _points(rows: tuple) -> np.ndarray:
    x, y = project(np.array([r[3] for r in rows]), np.array([r[4] for r in rows]))
    return shapely.points(np.round(np.column_stack([x, y]), 1))


def build(city: City) -> None:
    """Add heritage, scenic, scenic_area and peak to ``city``."""
    for layer, rows in (("heritage", facts.HERITAGE), ("scenic", facts.SCENIC)):
        city.layers[layer] = Layer(
            _points(rows),
            {
                "name": [r[0] for r in rows],
                "name_en": [r[1] for r in rows],
                "kind": [r[2] for r in rows],
                "accuracy": [r[5] for r in rows],
                "nature": ["真实"] * len(rows),
            },
        )
    shapes = np.array(
        [_around(p, r) for p, r in zip(city.layers["scenic"].geometry, facts.SCENIC, strict=True)]
    )
    city.layers["scenic_area"] = Layer(
        shapes,
        {
            "name": [r[0] + "景区" for r in facts.SCENIC],
            "area_ha": np.round(shapely.area(shapes) / 1e4, 1),
            "nature": ["示例数据"] * len(shapes),
        },
    )
    _peaks(city)


def _around(point: shapely.Point, row: tuple) -> shapely.Geometry:
    """An irregular outline about a scenic site."""
    rng = generator("scenic " + row[0])
    angle = np.arange(14) * np.pi / 7
    reach = _REACH.get(row[2], 1500.0) * rng.uniform(0.65, 1.15, 14)
    ring = np.array([point.x, point.y]) + np.column_stack([np.cos(angle) * reach, np.sin(angle) * reach])
    return shapely.union_all(smoothed(np.array([shapely.Polygon(ring)]), 30.0))


def _peaks(city: City) -> None:
    """Named peaks, and the highest ground of every 16 km square as spot heights without names."""
    terrain = city.terrain
    outline = shapely.union_all(city.layers["county"].geometry)
    shapely.prepare(outline)
    rows = []
    for name, lon, lat, height in facts.PEAKS:
        x, y = project(lon, lat)
        c, r = int((x - terrain.x0) / terrain.cell), int((terrain.y1 - y) / terrain.cell)
        window = terrain.z[r - 22 : r + 23, c - 22 : c + 23]
        k = int(np.argmax(window))
        rows.append((name, c - 22 + k % 45, r - 22 + k // 45, "真实" if height else "示例数据"))
    named = np.array([r[1:3] for r in rows])
    size = 178
    for r0 in range(0, terrain.z.shape[0] - size, size):
        for c0 in range(0, terrain.z.shape[1] - size, size):
            block = terrain.z[r0 : r0 + size, c0 : c0 + size]
            k = int(np.argmax(block))
            r, c = r0 + k // size, c0 + k % size
            x, y = terrain.x0 + (c + 0.5) * terrain.cell, terrain.y1 - (r + 0.5) * terrain.cell
            if (
                block[k // size, k % size] > 450
                and shapely.contains_xy(outline, x, y)
                and np.hypot(*(named - [c, r]).T).min() > 30
            ):
                rows.append(("", c, r, "示例数据"))
    c, r = np.array([x[1] for x in rows]), np.array([x[2] for x in rows])
    xy = np.column_stack([terrain.x0 + (c + 0.5) * terrain.cell, terrain.y1 - (r + 0.5) * terrain.cell])
    city.layers["peak"] = Layer(
        shapely.points(np.round(xy, 1)),
        {
            "name": [x[0] for x in rows],
            "elevation_m": np.round(terrain.z[r, c]).astype(np.int64),
            "nature": [x[3] for x in rows],
        },
    )
