"""Land: farmland, forest, urban green and the buildings of some blocks of the main city."""

from __future__ import annotations

import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from sample_data import facts
from sample_data.city import COLUMNS, ROWS, X0, Y1, City, Layer, generator, grid_transform
from sample_data.projection import project
from sample_data.streets import ARTERIAL, FAST, Streets
from sample_data.terrain import noise

SAMPLE = "示例数据"
_CELL = 180.0
_BUILDINGS = 9000


def build(city: City, streets: Streets) -> None:
    """Add farmland, forest, green and building to ``city``."""
    _cover(city)
    _green(city)
    _buildings(city, streets)


def _cover(city: City) -> None:
    """Farmland on gentle ground, forest on steep and high ground, from the terrain, on a 180 m grid."""
    rng = generator("land")
    z = city.terrain.z.astype(np.float64)
    rows, columns = ROWS // 2, COLUMNS // 2
    z = z[: rows * 2, : columns * 2].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    dy, dx = np.gradient(z, _CELL)
    slope = ndimage.uniform_filter(np.sqrt(dx * dx + dy * dy), 5)
    transform = grid_transform(X0, Y1, _CELL, _CELL)
    outline = city.layers["county"].geometry
    inside = rasterio.features.rasterize(outline, z.shape, transform=transform) > 0
    busy = np.concatenate([city.layers[k].geometry for k in ("reservoir", "river_area", "settlement")])
    free = inside & (rasterio.features.rasterize(busy, z.shape, transform=transform) == 0)
    patch = noise(rows, columns, 22, rng) * 0.5 + noise(rows, columns, 8, rng) * 0.5
    score = np.round(slope * (1 + 0.5 * patch), 4)
    forest = free & ((score > 0.20) | ((z > 1000) & (score > 0.14)))
    farm = free & (score < 0.095) & (z < 950)
    township = city.layers["township"]
    owner = rasterio.features.rasterize(
        [(g, i + 1) for i, g in enumerate(township.geometry)], z.shape, transform=transform
    )
    code, county = np.array(township.columns["code"]), np.array(township.columns["county_code"])
    shapes, at = _patches(farm, owner, transform, 240.0, 250000.0)
    mean_z, mean_slope = _means(shapes, z), _means(shapes, slope)
    kind = np.where(mean_slope < 0.035, "水浇地", np.where(mean_z > 420, "梯田", "旱地"))
    city.layers["farmland"] = Layer(
        shapes,
        {
            "kind": kind,
            "protected": mean_slope < 0.055,
            "grade": np.clip(4 + mean_slope * 70 + mean_z / 250, 4, 13).astype(np.int64),
            "county_code": county[at],
            "township_code": code[at],
            "area_ha": np.round(shapely.area(shapes) / 1e4, 1),
            "nature": [SAMPLE] * len(shapes),
        },
    )
    county_of = np.concatenate([[0], np.array([list(facts.COUNTIES).index(c) + 1 for c in county])])[owner]
    shapes, at = _patches(forest, county_of, transform, 330.0, 900000.0)
    city.layers["forest"] = Layer(
        shapes,
        {
            "kind": np.where(_means(shapes, z) > 700, "乔木林", "灌木林"),
            "county_code": np.array(list(facts.COUNTIES))[at],
            "area_ha": np.round(shapely.area(shapes) / 1e4, 1),
            "nature": [SAMPLE] * len(shapes),
        },
    )


def _patches(
    mask: np.ndarray, owner: np.ndarray, transform: object, tolerance: float, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Polygons of ``mask`` split by ``owner`` (1…n), and the owner's number (0…n−1) of each."""
    mask = ndimage.binary_opening(ndimage.median_filter(mask.astype(np.uint8), 5) > 0, np.ones((2, 2), bool))
    found = [
        (shapely.geometry.shape(g), int(v) - 1)
        for g, v in rasterio.features.shapes(
            np.where(mask, owner, 0).astype(np.int32), mask=mask & (owner > 0), transform=transform
        )
    ]
    found = [f for f in found if f[0].area >= least]
    # Neighbours keep their shared border.
    shapes = shapely.coverage_simplify(np.array([f[0] for f in found]), tolerance)
    shapes = shapely.set_precision(shapely.make_valid(shapes, method="structure"), 1.0)
    owners = np.array([f[1] for f in found])
    keep = shapely.area(shapes) > least / 2
    return shapes[keep], owners[keep]


def _means(shapes: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The grid's value at a point within each shape, smoothed over a kilometre."""
    wide = ndimage.uniform_filter(grid, 5)
    xy = shapely.get_coordinates(shapely.point_on_surface(shapes))
    r, c = ((Y1 - xy[:, 1]) / _CELL).astype(int), ((xy[:, 0] - X0) / _CELL).astype(int)
    return np.round(wide[np.clip(r, 0, grid.shape[0] - 1), np.clip(c, 0, grid.shape[1] - 1)], 4)


def _green(city: City) -> None:
    """Parks in the main city, and green strips along the rivers there."""
    settlement = city.layers["settlement"]
    main = shapely.union_all(settlement.geometry[np.array(settlement.columns["kind"]) == "主城"])
    shapely.prepare(main)
    near = shapely.buffer(main, 500)
    rivers = city.layers["river_area"]
    water = shapely.union_all(rivers.geometry)
    rows = []
    for name, line in zip(rivers.columns["name"], rivers.geometry, strict=True):
        strip = shapely.intersection(shapely.difference(shapely.buffer(line, 130), water), near)
        parts = shapely.get_parts(shapely.simplify(strip, 15))
        parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 40000)]
        rows += [(name + "滨河绿地", "滨河绿地", part) for part in parts]
    rng = generator("parks")
    parks = (
        ("王城公园", 112.417, 34.671),
        ("隋唐城遗址植物园", 112.445, 34.640),
        ("洛浦公园", 112.44, 34.66),
        ("周山森林公园", 112.355, 34.635),
        ("中国国花园", 112.47, 34.657),
        ("西苑公园", 112.389, 34.662),
        ("牡丹公园", 112.386, 34.668),
        ("上清宫森林公园", 112.445, 34.725),
        ("开元湖公园", 112.452, 34.624),
        ("瀍壑朱樱湿地公园", 112.493, 34.72),
    )
    for name, lon, lat in parks:
        x, y = project(lon, lat)
        w, h = rng.uniform(220, 520, 2)
        ring = [(x - w, y - h), (x + w, y - h * 0.9), (x + w * 0.95, y + h), (x - w * 0.9, y + h * 0.95)]
        rows.append((name, "公园", shapely.difference(shapely.Polygon(np.round(ring)), water)))
    geometry = shapely.set_precision(np.array([r[2] for r in rows]), 0.5)
    city.layers["green"] = Layer(
        geometry,
        {
            "name": [r[0] for r in rows],
            "kind": [r[1] for r in rows],
            "area_ha": np.round(shapely.area(geometry) / 1e4, 1),
            "nature": [SAMPLE] * len(rows),
        },
    )


def _buildings(city: City, streets: Streets) -> None:
    """Rows of buildings in the blocks nearest to the heart of the city, until the number planned is reached."""
    rng = generator("buildings")
    heart = np.array(project(112.440, 34.667))
    lines = shapely.linestrings(streets.nodes[streets.edges])
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    near = np.hypot(*(middle - heart).T) < 5200
    wide = np.isin(streets.kind, (FAST, ARTERIAL))
    roads = shapely.union_all(
        np.concatenate(
            [
                shapely.buffer(lines[near & wide], 26, cap_style="flat"),
                shapely.buffer(lines[near & ~wide], 13, cap_style="flat"),
            ]
        )
    )
    barrier = np.concatenate([city.layers[k].geometry for k in ("river_area", "green", "railway")])
    blocked = shapely.union_all([roads, *shapely.buffer(barrier, 18)])
    blocks = shapely.get_parts(shapely.polygonize([shapely.union_all(lines[near])]))
    blocks = blocks[(shapely.area(blocks) < 4e5) & (shapely.area(blocks) > 8000)]
    centre = shapely.get_coordinates(shapely.centroid(blocks))
    order = np.argsort(np.round(np.hypot(*(centre - heart).T), 1), kind="stable")
    shapely.prepare(blocked)
    shapes, kinds, floors = [], [], []
    for i in order:
        block = shapely.difference(blocks[i], blocked)
        if block.is_empty or block.area < 4000:
            continue
        use = rng.choice(["住宅", "商业", "办公", "工业", "公共"], p=[0.6, 0.14, 0.12, 0.06, 0.08])
        found = _rows(block, str(use), rng)
        shapes += found
        kinds += [str(use)] * len(found)
        height = {"住宅": (5, 19), "商业": (2, 9), "办公": (6, 24), "工业": (1, 3), "公共": (2, 7)}[str(use)]
        floors += list(rng.integers(height[0], height[1], len(found)))
        if len(shapes) >= _BUILDINGS:
            break
    geometry = np.array(shapes)
    at = shapely.STRtree(city.layers["county"].geometry).nearest(shapely.centroid(geometry))
    city.layers["building"] = Layer(
        geometry,
        {
            "kind": kinds,
            "floors": np.array(floors),
            "county_code": np.array(list(facts.COUNTIES))[at],
            "nature": [SAMPLE] * len(shapes),
        },
    )


def _rows(block: shapely.Geometry, use: str, rng: np.random.Generator) -> list[shapely.Geometry]:
    """Buildings of a block: parallel rows, aligned with its longest side."""
    box = shapely.get_coordinates(shapely.oriented_envelope(block))[:4]
    side = box[1] - box[0]
    angle = np.round(np.arctan2(side[1], side[0]), 6) % np.round(np.pi / 2, 6)
    if angle > np.pi / 4:
        angle -= np.pi / 2
    cos, sin = np.round(np.cos(angle), 6), np.round(np.sin(angle), 6)
    length, depth, gap_x, gap_y = {
        "住宅": (52, 14, 13, 24),
        "商业": (44, 34, 20, 20),
        "办公": (36, 24, 26, 30),
        "工业": (80, 36, 20, 22),
        "公共": (48, 20, 30, 34),
    }[use]
    centre = np.asarray(block.centroid.coords[0])
    reach = int(np.sqrt(block.area) * 1.2 / min(length + gap_x, depth + gap_y)) + 3
    shapely.prepare(block)
    out = []
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            w, d = (length * rng.uniform(0.7, 1.1) / 2, depth * rng.uniform(0.85, 1.15) / 2)
            if rng.random() < 0.1:
                continue
            u, v = i * (length + gap_x), j * (depth + gap_y)
            if np.hypot(u, v) > 500:
                continue
            corners = np.array([(u - w, v - d), (u + w, v - d), (u + w, v + d), (u - w, v + d)])
            ring = np.round(centre + corners @ np.array([[cos, sin], [-sin, cos]]), 1)
            shape = shapely.Polygon(ring)
            if shapely.contains_properly(block, shape):
                out.append(shape)
    return out
