"""Telephone, mobile, broadband and cable television networks, and the village projects.

City totals are the plan's control figures (end of 2005); what each site holds is an estimate that sums to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import (
    ESTIMATED,
    URBAN_COUNTIES,
    Sites,
    allocate,
    codes,
    nature,
    pick,
    points,
    shape_array,
    town_name,
    village_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sample_data.routes import Routes


FIXED_LINES = 1_300_000  # 交换机容量130余万门
MOBILE_USERS = 1_700_000  # 移动电话与无线市话170万户
BROADBAND_USERS = 100_000  # 宽带10万户
EGRESS_GBPS = 20  # 互联网出口20G
CABLE_USERS = 440_000  # 有线电视44万户


def layers(city: City, sites: Sites, routes: Routes) -> Iterator[tuple[str, Layer]]:
    exchange = _exchanges(sites)
    yield "exchange", exchange
    yield "cable", _tree_lines(sites, routes, exchange, "GL", _hubs(exchange, "kind", 1))
    stations = _base_stations(sites)
    yield "base_station", stations
    yield "mobile_coverage", _coverage(sites, stations)
    pops = _broadband(sites)
    yield "broadband_pop", pops
    yield "service_area", _service_areas(sites, pops)
    catv = _catv(sites)
    yield "catv_node", catv
    backbone = Layer(*_subset(catv, np.asarray(catv.columns["kind"]) <= 3))
    yield "catv_network", _tree_lines(sites, routes, backbone, "DG", _hubs(backbone, "kind", 2), cables=False)
    yield "village_project", _village_project(city, sites)


def _subset(layer: Layer, rows: NDArray[np.bool_]) -> tuple[NDArray[np.object_], dict[str, NDArray]]:
    return shape_array(layer)[rows], {k: np.asarray(v)[rows] for k, v in layer.columns.items()}


def _hubs(layer: Layer, field: str, value: int) -> NDArray[np.int64]:
    return np.flatnonzero(np.asarray(layer.columns[field]) <= value)


def _exchanges(sites: Sites) -> Layer:
    rng = generator("exchange")
    towns = sites.towns
    n = len(towns)
    first = {c: int(np.flatnonzero(towns.county == c)[0]) for c in np.unique(towns.county)}
    kind = np.where(towns.kind == "街道", 2, 3)
    kind[list(first.values())] = 1
    capacity = allocate(FIXED_LINES, towns.households * np.where(kind < 3, 1.8, 0.75) + 200)
    return Layer(
        points(sites.around(rng, towns.xy, 60, 320)),
        {
            "code": codes("JH", n),
            "name": np.array(
                [
                    f"{town_name(t)}{'局' if k < 3 else '模块局'}"
                    for t, k in zip(towns.name, kind, strict=True)
                ]
            ),
            "kind": kind,
            "capacity_lines": capacity,
            "in_use": np.floor(capacity * rng.uniform(0.68, 0.93, n)).astype(int),
            "year": rng.integers(1988, 2005, n),
            "county_code": towns.county,
            "township_code": towns.code,
            "nature": nature(n, ESTIMATED),
        },
    )


def _tree_lines(
    sites: Sites,
    routes: Routes,
    nodes: Layer,
    prefix: str,
    hubs: NDArray[np.int64],
    *,
    trunk_km: float = 8.0,
    cables: bool = True,
) -> Layer:
    """Lines from the hubs to every node along the roads, each piece of road once."""
    rng = generator(prefix)
    xy = shapely.get_coordinates(shape_array(nodes))
    line, start, end = routes.tree(xy, hubs, int(np.argmin(np.hypot(*(xy[hubs] - sites.centre).T))))
    n = len(line)
    code = np.asarray(nodes.columns["code"])
    length = shapely.length(line) / 1000
    is_hub = np.isin(end, hubs)
    kind = np.where(is_hub | (length > trunk_km * 3), 1, 2)
    columns = {
        "code": codes(prefix, n),
        "kind": kind,
        "cores": np.where(kind == 1, rng.choice([48, 72, 96], n), rng.choice([8, 12, 24], n)),
        "method": np.where(kind == 1, 1, rng.choice([2, 3], n, p=[0.7, 0.3])),
        "from_code": code[start],
        "to_code": code[end],
        "length_km": np.round(length, 2),
        "nature": nature(n),
    }
    if not cables:
        del columns["method"]
    return Layer(line, columns)


def _base_stations(sites: Sites) -> Layer:
    rng = generator("base_station")
    counts = {1: (280, 150), 2: (190, 100), 3: (0, 170)}  # operator: rural hills, urban
    village = sites.villages
    weight = np.sqrt(village.population[sites.rural] + 50.0)
    xy, operator, urban = [], [], []
    for op, (hills, streets) in counts.items():
        if hills:
            base = village.xy[sites.rural[pick(rng, weight, hills)]]
            tries = np.stack([sites.around(rng, base, 250, 2200) for _ in range(8)])
            heights = np.stack([sites.height(t) for t in tries])
            xy.append(tries[heights.argmax(0), np.arange(hills)])
        xy.append(sites.scatter(rng, sites.urban, streets))
        operator += [op] * (hills + streets)
        urban += [False] * hills + [True] * streets
    where, op_code, in_town = np.concatenate(xy), np.array(operator), np.array(urban)
    n = len(where)
    radius = np.where(
        op_code == 3,
        rng.integers(350, 600, n),
        np.where(in_town, rng.integers(600, 1300, n), rng.integers(4200, 8500, n)),
    )
    county = sites.county_of(where)
    return Layer(
        points(where),
        {
            "code": codes("JZ", n),
            "operator": op_code,
            "height_m": np.where(in_town, rng.integers(22, 45, n), rng.integers(35, 62, n)),
            "radius_m": (radius // 50) * 50,
            "users": allocate(MOBILE_USERS, rng.uniform(0.5, 1.5, n) * np.where(in_town, 3.0, 1.0)),
            "year": rng.integers(1997, 2006, n),
            "county_code": county,
            "nature": nature(n, ESTIMATED),
        },
    )


def _coverage(sites: Sites, stations: Layer) -> Layer:
    shapes, operators, counties = [], [], []
    xy, radius = shape_array(stations), np.asarray(stations.columns["radius_m"])
    plain = shapely.simplify(sites.county_shapes, 300)
    for op in (1, 2, 3):
        rows = np.asarray(stations.columns["operator"]) == op
        reach = shapely.simplify(shapely.union_all(shapely.buffer(xy[rows], radius[rows], quad_segs=5)), 60)
        parts = shapely.intersection(shapely.make_valid(plain), reach)
        for code, part in zip(sites.counties.code, parts, strict=True):
            polygons = [p for p in shapely.get_parts(part) if p.geom_type == "Polygon" and p.area > 1e4]
            if polygons:
                shapes.append(shapely.set_precision(shapely.multipolygons(polygons), 1.0))
                operators.append(op)
                counties.append(code)
    n = len(shapes)
    return Layer(
        np.array(shapes, object),
        {
            "code": codes("FG", n),
            "operator": np.array(operators),
            "area_km2": np.round(shapely.area(shapes) / 1e6, 2),
            "county_code": np.array(counties),
            "nature": nature(n),
        },
    )


def _broadband(sites: Sites) -> Layer:
    rng = generator("broadband")
    towns, counties = sites.towns, sites.counties
    core = np.repeat(sites.centre[None], 2, 0) + np.array([[-1500.0, 300.0], [1800.0, -900.0]])
    wealth = towns.households * np.where(towns.kind == "街道", 6.0, 1.0) + 1
    rows = np.sort(np.argsort(-wealth, kind="stable")[:130])
    xy = np.concatenate(
        [core, sites.around(rng, counties.xy, 80, 400), sites.around(rng, towns.xy[rows], 100, 500)]
    )
    kind = np.r_[np.full(2, 1), np.full(len(counties), 2), np.full(len(rows), 3)]
    n = len(xy)
    weight = np.r_[np.zeros(2), counties.households * 0.08, wealth[rows] * rng.uniform(0.7, 1.3, len(rows))]
    users = allocate(BROADBAND_USERS, weight)
    near = sites.town_of(xy)
    return Layer(
        points(xy),
        {
            "code": codes("KD", n),
            "name": np.array(
                [
                    "核心出口一",
                    "核心出口二",
                    *(f"{c}汇聚节点" for c in counties.name),
                    *(f"{town_name(t)}接入点" for t in towns.name[rows]),
                ]
            ),
            "kind": kind,
            "ports": (np.ceil(users * rng.uniform(1.1, 1.6, n) / 64) * 64).astype(int),
            "users": users,
            "homes_passed": np.floor(users * rng.uniform(2.5, 5.0, n)).astype(int),
            "egress_gbps": np.where(kind == 1, EGRESS_GBPS / 2, np.nan),
            "county_code": np.r_[sites.county_of(core), counties.code, towns.county[rows]],
            "township_code": np.r_[
                towns.code[near[:2]], towns.code[near[2 : 2 + len(counties)]], towns.code[rows]
            ],
            "nature": nature(n, ESTIMATED),
        },
    )


def _service_areas(sites: Sites, pops: Layer) -> Layer:
    rows = np.flatnonzero(np.asarray(pops.columns["kind"]) > 1)
    sites_xy = shape_array(pops)[rows]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(sites_xy), ordered=True, extend_to=sites.outline)
    )
    county = np.asarray(pops.columns["county_code"])[rows]
    radius = np.where(np.isin(county, URBAN_COUNTIES), 1800.0, 3000.0)
    near = shapely.intersection(cells, shapely.buffer(sites_xy, radius, quad_segs=6))
    area = shapely.intersection(near, shapely.simplify(sites.outline, 200))
    keep = shapely.area(area) > 1000
    area, rows = shapely.set_precision(area[keep], 1.0), rows[keep]
    n = len(rows)
    return Layer(
        area,
        {
            "code": np.asarray(pops.columns["code"])[rows],
            "homes_passed": np.asarray(pops.columns["homes_passed"])[rows],
            "area_km2": np.round(shapely.area(area) / 1e6, 3),
            "county_code": county[keep],
            "nature": nature(n),
        },
    )


def _catv(sites: Sites) -> Layer:
    rng = generator("catv")
    towns, village = sites.towns, sites.villages
    counties = sites.counties.take(~np.isin(sites.counties.code, URBAN_COUNTIES))
    stations = towns.take(np.flatnonzero(towns.kind != "街道"))
    urban = np.flatnonzero(village.kind == "居")
    optical = village.take(urban[pick(rng, village.households[urban] + 1.0, min(320, len(urban)))])
    xy = np.concatenate(
        [
            sites.centre[None] + 700,
            sites.around(rng, counties.xy, 100, 500),
            sites.around(rng, stations.xy, 60, 300),
            sites.around(rng, optical.xy, 20, 120),
        ]
    )
    kind = np.r_[1, np.full(len(counties), 2), np.full(len(stations), 3), np.full(len(optical), 4)]
    users = allocate(
        CABLE_USERS,
        np.r_[0.0, np.zeros(len(counties)), stations.households * 0.12 + 1, optical.households + 1.0],
    )
    digital = np.where((kind == 4) & (rng.random(len(kind)) < 0.3), np.floor(users * 0.22), 0).astype(int)
    return Layer(
        points(xy),
        {
            "code": codes("GD", len(kind)),
            "name": np.array(
                [
                    "洛阳广电前端",
                    *(f"{c}分前端" for c in counties.name),
                    *(f"{town_name(t)}广电站" for t in stations.name),
                    *(f"{village_name(v)}光节点" for v in optical.name),
                ]
            ),
            "kind": kind,
            "users": users,
            "digital_users": digital,
            "county_code": np.r_[sites.county_of(xy[:1]), counties.code, stations.county, optical.county],
            "township_code": np.r_[
                towns.code[sites.town_of(xy[: 1 + len(counties)])], stations.code, optical.township
            ],
            "nature": nature(len(kind), ESTIMATED),
        },
    )


def _village_project(city: City, sites: Sites) -> Layer:
    rng = generator("village_project")
    towns, village = sites.towns, sites.villages
    shapes = shapely.coverage_simplify(shapely.set_precision(shape_array(city.layers["township"]), 1.0), 450)
    count = np.array([int(((village.township == c) & (village.kind == "村")).sum()) for c in towns.code])
    rows = np.flatnonzero(count > 0)
    hills = np.clip(sites.height(towns.xy[rows]) / 900, 0, 1)
    network = np.floor(
        count[rows] * np.clip(rng.normal(0.75, 0.18, len(rows)) - 0.35 * hills, 0.05, 1)
    ).astype(int)
    share = network / count[rows]
    stage = np.where(share >= 0.75, 3, np.where(share >= 0.4, 2, 1))
    n = len(rows)
    return Layer(
        shapes[rows],
        {
            "code": towns.code[rows],
            "name": towns.name[rows],
            "stage": stage,
            "year": np.select([stage == 3, stage == 2], [2005, 2007], 2009),
            "villages": count[rows],
            "phone": count[rows],
            "tv": count[rows],
            "network": network,
            "county_code": towns.county[rows],
            "nature": nature(n),
        },
    )
