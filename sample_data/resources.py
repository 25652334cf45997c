"""Theme databases: minerals, water, forest, weather, ecology, labour, talent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

from sample_data.city import City, Layer, generator
from sample_data.sites import Sites, codes, nature, points, shape_array, spread, town_name

if TYPE_CHECKING:
    from collections.abc import Iterator

# Which minerals the counties are generally known for; 1 molybdenum 2 tungsten 3 lead-zinc 4 gold 5 bauxite 6 coal 7 fluorite 8 limestone 9 clay.
_MINERALS = {
    "410324": (1, 1, 2, 3, 3, 4, 7),
    "410325": (4, 4, 1, 7, 3),
    "410326": (1, 3, 7, 8),
    "410328": (4, 4, 3),
    "410323": (5, 6, 6, 9, 8),
    "410327": (6, 5, 8, 9),
    "410329": (6, 6, 5, 8),
    "410307": (6, 5, 8),
    "410308": (8, 9),
}
_MINERAL_NAMES = {
    1: "钼矿",
    2: "钨矿",
    3: "铅锌矿",
    4: "金矿",
    5: "铝土矿",
    6: "煤矿",
    7: "萤石矿",
    8: "石灰岩矿",
    9: "耐火黏土矿",
}


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    yield "mineral", _minerals(sites)
    yield "water_resource", _water(city, sites)
    yield "forest_station", _forest(sites)
    yield "weather_station", _weather(sites)
    yield "ecology", _ecology(city, sites)
    yield "labour", _labour(sites)
    yield "talent", _talent(sites)


def _minerals(sites: Sites) -> Layer:
    rng = generator("mineral")
    towns = sites.towns
    xy, kind, names, county = [], [], [], []
    for code, kinds in _MINERALS.items():
        own = np.flatnonzero((towns.county == code) & (towns.kind != "街道"))
        high = own[np.argsort(-sites.height(towns.xy[own]), kind="stable")]
        for i, k in enumerate(kinds * 2):
            town = high[i % len(high)]
            xy.append(towns.xy[town])
            kind.append(k)
            names.append(f"{town_name(towns.name[town])}{_MINERAL_NAMES[k]}（示例）")
            county.append(code)
    n = len(kind)
    return Layer(
        points(sites.around(rng, np.array(xy), 1200, 4200)),
        {
            "code": codes("KC", n),
            "name": np.array(names),
            "kind": np.array(kind),
            "scale": rng.choice([1, 2, 3], n, p=[0.15, 0.35, 0.5]),
            "status": rng.choice([1, 2, 3, 4], n, p=[0.55, 0.15, 0.2, 0.1]),
            "area_km2": np.round(rng.uniform(0.2, 6, n), 2),
            "county_code": np.array(county),
            "nature": nature(n),
        },
    )


def _water(city: City, sites: Sites) -> Layer:
    rng = generator("water_resource")
    river = city.layers["river"]
    main = shape_array(river)[np.isin(np.asarray(river.columns["class"], str), ("1", "2"))]
    along = shapely.get_coordinates(main)
    along = along[shapely.contains_xy(sites.outline, along[:, 0], along[:, 1])]
    gauge = along[spread(rng, along, 20)]
    counties, towns = sites.counties, sites.towns
    wells = towns.xy[spread(rng, towns.xy, 26)]
    intake = along[spread(rng, along, 10)]
    xy = np.concatenate(
        [gauge, sites.around(rng, counties.xy, 1200, 3200), sites.around(rng, wells, 200, 900), intake]
    )
    kind = np.r_[np.full(20, 1), np.full(len(counties), 2), np.full(26, 3), np.full(10, 4)]
    n = len(kind)
    place = [town_name(towns.name[t]) for t in sites.town_of(xy)]
    ends = {1: "水文站", 2: "水源地", 3: "监测井", 4: "取水口"}
    return Layer(
        points(xy),
        {
            "code": codes("SZ", n),
            "name": np.array([f"{p}{ends[int(k)]}" for p, k in zip(place, kind, strict=True)]),
            "kind": kind,
            "quality": np.where(
                kind == 2, rng.choice([2, 3], n), rng.choice([2, 3, 4, 5], n, p=[0.35, 0.4, 0.18, 0.07])
            ),
            "supply": np.where(np.isin(kind, (2, 4)), np.round(rng.uniform(200, 4200, n)), np.nan),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )


def _forest(sites: Sites) -> Layer:
    rng = generator("forest_station")
    towns, village = sites.towns, sites.villages
    farm = np.flatnonzero(towns.kind == "林场")
    high = sites.rural[np.argsort(-sites.height(village.xy[sites.rural]), kind="stable")[:500]]
    picked = high[spread(rng, village.xy[high], 56)]
    tries = np.stack([sites.around(rng, village.xy[picked[:24]], 300, 2600) for _ in range(10)])
    tower = tries[np.stack([sites.height(t) for t in tries]).argmax(0), np.arange(24)]
    xy = np.concatenate(
        [
            sites.around(rng, towns.xy[farm], 50, 200),
            tower,
            sites.around(rng, village.xy[picked[24:]], 150, 900),
        ]
    )
    kind = np.r_[np.full(len(farm), 1), np.full(24, 2), np.full(32, 3)]
    n = len(kind)
    near = sites.town_of(xy)
    ends = {1: "", 2: "瞭望塔", 3: "管护站"}
    return Layer(
        points(xy),
        {
            "code": codes("LY", n),
            "name": np.array(
                [
                    f"{towns.name[t] if k == 1 else town_name(towns.name[t])}{ends[int(k)]}"
                    for t, k in zip(near, kind, strict=True)
                ]
            ),
            "kind": kind,
            "managed_km2": np.round(np.where(kind == 1, rng.uniform(60, 220, n), rng.uniform(8, 40, n)), 1),
            "rangers": rng.integers(2, 18, n),
            "elevation_m": np.round(sites.height(xy)).astype(int),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )


def _weather(sites: Sites) -> Layer:
    rng = generator("weather_station")
    counties = sites.counties
    rows = np.flatnonzero(~np.isin(counties.code, ("410302", "410304", "410305", "410311")))
    xy = sites.around(rng, counties.xy[rows], 900, 2400)
    height = sites.height(xy)
    n = len(rows)
    return Layer(
        points(xy),
        {
            "code": codes("QX", n),
            "name": np.array([f"{c}气象站" for c in counties.name[rows]]),
            "kind": np.where(counties.code[rows] == "410324", 2, 3),
            "elevation_m": np.round(height).astype(int),
            "temperature": np.round(15.6 - 0.0055 * height + rng.normal(0, 0.15, n), 1),
            "precipitation": np.round(560 + 0.22 * height + rng.normal(0, 12, n)).astype(int),
            "county_code": counties.code[rows],
            "nature": nature(n),
        },
    )


def _ecology(city: City, sites: Sites) -> Layer:
    """Rounded areas over the highest ground, along the Yellow River and around reservoirs; sample limits."""
    rng = generator("ecology")
    t = city.terrain
    smooth = ndimage.gaussian_filter(t.z[::10, ::10], 3)
    cell = t.cell * 10
    y, x = np.mgrid[0 : smooth.shape[0], 0 : smooth.shape[1]]
    xy = np.c_[(t.x0 + (x.ravel() + 0.5) * cell), (t.y1 - (y.ravel() + 0.5) * cell)]
    inner = shapely.buffer(sites.outline, -6000)
    good = shapely.contains_xy(inner, xy[:, 0], xy[:, 1]) & (smooth.ravel() > np.quantile(smooth, 0.82))
    tops = xy[good][spread(rng, xy[good], 7)]
    shapes = [
        _blob(rng, top, float(size)) for top, size in zip(tops, rng.uniform(3500, 7000, 7), strict=True)
    ]
    kind, level = [1, 1, 1, 4, 4, 4, 4], [1, 2, 2, 1, 2, 2, 3]
    names = [
        "伏牛山示例自然保护区",
        "熊耳山示例自然保护区",
        "外方山示例自然保护区",
        "示例森林公园一",
        "示例森林公园二",
        "示例森林公园三",
        "示例森林公园四",
    ]
    lakes = city.layers["reservoir"]
    for shape, name in zip(shape_array(lakes), lakes.columns["name"], strict=True):
        ring = shapely.simplify(shapely.buffer(shape, 900), 120)
        shapes.append(shapely.difference(ring, shapely.simplify(shape, 60)))
        kind.append(2)
        level.append(3)
        names.append(f"{name}水源保护区（示例）")
    area = shapely.set_precision(
        shapely.intersection(np.array(shapes, object), shapely.simplify(sites.outline, 200)), 1.0
    )
    keep = shapely.area(area) > 1e5
    n = int(keep.sum())
    middle = shapely.get_coordinates(shapely.point_on_surface(area[keep]))
    return Layer(
        area[keep],
        {
            "code": codes("ST", n),
            "name": np.array(names)[keep],
            "kind": np.array(kind)[keep],
            "level": np.array(level)[keep],
            "area_km2": np.round(shapely.area(area[keep]) / 1e6, 2),
            "county_code": sites.county_of(middle),
            "nature": nature(n),
        },
    )


def _blob(rng: np.random.Generator, middle: np.ndarray, radius: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 61)[:-1]
    wave = sum(rng.uniform(0.05, 0.22) / k * np.cos(k * angle + rng.uniform(0, 6.28)) for k in range(1, 6))
    r = radius * (1 + wave)
    return shapely.Polygon(np.round(middle + np.c_[r * np.cos(angle), r * np.sin(angle)], 0))


def _labour(sites: Sites) -> Layer:
    rng = generator("labour")
    counties, towns = sites.counties, sites.towns
    rows = np.sort(spread(rng, towns.xy, 70))
    xy = np.concatenate(
        [
            sites.around(rng, counties.xy, 150, 700),
            sites.around(rng, counties.xy, 200, 900),
            sites.around(rng, towns.xy[rows], 50, 300),
        ]
    )
    m = len(counties)
    kind = np.r_[np.full(m, 1), np.full(m, 3), np.full(70, 2)]
    n = len(kind)
    size = np.where(kind == 2, 1.0, 8.0)
    names = [
        *(f"{c}就业服务中心" for c in counties.name),
        *(f"{c}人力资源市场" for c in counties.name),
        *(f"{town_name(t)}劳动保障所" for t in towns.name[rows]),
    ]
    registered = (size * rng.uniform(60, 260, n)).astype(int)
    return Layer(
        points(xy),
        {
            "code": codes("LD", n),
            "name": np.array(names),
            "kind": kind,
            "registered": registered,
            "vacancies": (registered * rng.uniform(0.6, 1.3, n)).astype(int),
            "placed": (registered * rng.uniform(0.3, 0.7, n)).astype(int),
            "county_code": np.r_[counties.code, counties.code, towns.county[rows]],
            "nature": nature(n),
        },
    )


def _talent(sites: Sites) -> Layer:
    rng = generator("talent")
    counties = sites.counties
    count = {1: 6, 2: 14, 3: 5}
    urban = sites.scatter(rng, sites.main_city, sum(count.values()))
    kind = np.r_[np.repeat(list(count), list(count.values())), np.full(len(counties), 4)]
    xy = np.concatenate([urban, sites.around(rng, counties.xy, 250, 800)])
    n = len(kind)
    ends = {1: "示例高校", 2: "示例研究院", 3: "示例博士后站"}
    names = [f"{ends[int(k)]}{i:02d}" for i, k in enumerate(kind[kind < 4], 1)] + [
        f"{c}人才市场" for c in counties.name
    ]
    experts = np.select(
        [kind == 1, kind == 2, kind == 3],
        [rng.integers(120, 700, n), rng.integers(30, 260, n), rng.integers(5, 40, n)],
        rng.integers(0, 15, n),
    )
    return Layer(
        points(xy),
        {
            "code": codes("RC", n),
            "name": np.array(names),
            "kind": kind,
            "experts": experts,
            "staff": (experts * rng.uniform(3, 7, n) + 10).astype(int),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )
