"""Built-up areas: the main city, county towns, towns and villages as organic outlines."""

from __future__ import annotations

import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from sample_data import facts
from sample_data.city import City, Layer, generator, grid_transform
from sample_data.projection import project
from sample_data.terrain import noise
from sample_data.water import smoothed

_CELL = 50.0
_GB = "310200"


def build(city: City) -> None:
    """Add settlement to ``city``."""
    rng = generator("settlements")
    village = city.layers["village"].columns
    xy = shapely.get_coordinates(city.layers["village"].geometry)
    code, county = np.array(village["code"]), np.array(village["county_code"])
    kind, people = np.array(village["kind"]), np.asarray(village["population"], float)
    township = np.array(village["township_code"])
    first = np.array([i == 0 or township[i] != township[i - 1] for i in range(len(code))])
    urban = np.isin(county, facts.URBAN)
    crowded = (kind == "居") | first
    town, shapes, names, kinds, where = _towns(city, xy, people, crowded, urban, rng)
    shapes, names, kinds, where = list(shapes), list(names), list(kinds), list(where)
    water = _water(city)
    shapely.prepare(water)
    taken = shapely.contains_xy(town, xy[:, 0], xy[:, 1])
    for i in np.flatnonzero(~taken):
        blob = _village(xy[i], people[i], rng)
        if shapely.intersects(blob, water):
            blob = shapely.difference(blob, water)
        shapes.append(shapely.difference(blob, town) if shapely.intersects(blob, town) else blob)
        names.append(village["name"][i])
        kinds.append("村庄")
        where.append(county[i])
    geometry = shapely.set_precision(np.array(shapes), 0.5)
    keep = ~shapely.is_empty(geometry) & (shapely.area(geometry) > 3000)
    pick = np.flatnonzero(keep)
    city.layers["settlement"] = Layer(
        geometry[keep],
        {
            "name": [names[i] for i in pick],
            "kind": [kinds[i] for i in pick],
            "gb": [_GB] * len(pick),
            "county_code": [where[i] for i in pick],
            "area_ha": np.round(shapely.area(geometry[keep]) / 1e4, 1),
            "nature": ["示例数据"] * len(pick),
        },
    )


def _water(city: City) -> shapely.Geometry:
    wet = [city.layers[k].geometry for k in ("reservoir", "river_area")]
    return shapely.union_all(shapely.buffer(np.concatenate(wet), 40, quad_segs=2))


def _village(xy: np.ndarray, people: float, rng: np.random.Generator) -> shapely.Geometry:
    """A village: 130 m² of ground a person, an irregular heptagon."""
    radius = np.sqrt(min(people, 6000) * 130 / np.pi)
    angle = (np.arange(8) + rng.uniform(-0.25, 0.25, 8)) * np.pi / 4
    reach = radius * rng.uniform(0.72, 1.25, 8)
    ring = xy + np.column_stack([np.cos(angle) * reach * 1.2, np.sin(angle) * reach * 0.85])
    return shapely.Polygon(np.round(ring))


def _towns(  # noqa: PLR0917
    city: City,
    xy: np.ndarray,
    people: np.ndarray,
    crowded: np.ndarray,
    urban: np.ndarray,
    rng: np.random.Generator,
) -> tuple:
    """Contiguous towns where the kernels of crowded communities add up: union, polygons, names, kinds, counties."""
    pick = np.flatnonzero(crowded)
    left, bottom = xy[pick].min(axis=0) - 3000
    right, top = xy[pick].max(axis=0) + 3000
    columns, rows = int((right - left) / _CELL), int((top - bottom) / _CELL)
    crowd = np.zeros((rows, columns), np.float32)
    centres = [f[3:5] for c, f in facts.COUNTIES.items() if c not in facts.URBAN]
    towns = [
        (
            *xy[i],
            np.sqrt(min(people[i], 16000) * (115 if urban[i] else 130) / np.pi) * (1.9 if urban[i] else 1.5),
        )
        for i in pick
    ]
    for px, py, reach in towns + [(*project(lon, lat), 1700.0) for lon, lat in centres]:
        c, r = (px - left) / _CELL - 0.5, (top - py) / _CELL - 0.5
        n = int(reach / _CELL) + 1
        c0, c1, r0, r1 = (
            max(0, int(c) - n),
            min(columns, int(c) + n + 2),
            max(0, int(r) - n),
            min(rows, int(r) + n + 2),
        )
        d = ((np.arange(c0, c1)[None, :] - c) ** 2 + (np.arange(r0, r1)[:, None] - r) ** 2) * (
            _CELL / reach
        ) ** 2
        crowd[r0:r1, c0:c1] += np.clip(1 - d, 0, 1) ** 2
    z = city.terrain.at(
        left + (np.arange(columns)[None, :] + 0.5) * _CELL, top - (np.arange(rows)[:, None] + 0.5) * _CELL
    )
    dy, dx = np.gradient(z, _CELL)
    steep = ndimage.uniform_filter(np.sqrt(dx * dx + dy * dy), 5)
    crowd *= 1 / (1 + (steep / 0.12) ** 2)
    crowd *= 1 + 0.35 * noise(rows, columns, 14, rng)
    built = ndimage.binary_opening(np.round(crowd, 4) > 0.28, iterations=1)
    built = ndimage.binary_closing(built, iterations=4)
    transform = grid_transform(left, top, _CELL, _CELL)
    wet = rasterio.features.rasterize([_water(city)], built.shape, transform=transform, all_touched=True)
    built &= wet == 0
    found = [
        shapely.geometry.shape(g)
        for g, v in rasterio.features.shapes(built.astype(np.uint8), mask=built, transform=transform)
        if v
    ]
    found = np.array([g for g in found if g.area > 60000])
    shapes = smoothed(found, 60.0)
    seats = city.layers["place"]
    level = np.array(seats.columns["level"])
    seat_xy = shapely.get_coordinates(seats.geometry)
    names, kinds, counties = [], [], []
    polygons = city.layers["county"].geometry
    heart = shapely.Point(*project(112.45, 34.65))
    tree = shapely.STRtree(shapely.points(seat_xy))
    for shape in shapes:
        inside = int(shapely.STRtree(polygons).nearest(shapely.point_on_surface(shape)))
        code = facts_code(inside)
        here = tree.query(shapely.buffer(shape, 400), predicate="contains")
        if code in facts.URBAN and (shape.area > 4e6 or shapely.distance(shape, heart) < 9000):
            names.append("洛阳城区")
            kinds.append("主城")
        elif any(level[i] == "县" for i in here):
            names.append(facts.COUNTIES[code][0] + "城区")
            kinds.append("县城")
        else:
            nearest = int(
                np.argmin(
                    np.where(
                        level == "乡", np.hypot(*(seat_xy - np.asarray(shape.centroid.coords[0])).T), np.inf
                    )
                )
            )
            names.append(seats.columns["name"][nearest] + "镇区")
            kinds.append("镇区")
        counties.append(code)
    return shapely.union_all(shapes), shapes, names, kinds, counties


def facts_code(index: int) -> str:
    """County code by its number in ``facts.COUNTIES``."""
    return list(facts.COUNTIES)[index]
