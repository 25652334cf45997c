"""Telecom, broadband, cable television, e-government and education networks.

City totals are the plan's control figures (end of 2005); what each site holds is an estimate that sums to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import (
    ESTIMATED,
    SAMPLE,
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
CITY_OFFICES = 40  # 市级40余家单位局域网
RING_SCHOOLS = 120  # 城区120多所学校
TEACHING_POINTS, PRIMARY, JUNIOR = 811, 2270, 203
HUB_COUNTY = "410303"

_OFFICES = ["市政府办公室", "发展改革委", "教育局", "科技局", "工业信息化局", "民族宗教局", "公安局", "监察局", "民政局", "司法局", "财政局", "人事局", "劳动保障局", "国土资源局", "建设委", "规划局", "房产局", "交通局", "水利局", "农业局", "林业局", "商务局", "文化局", "卫生局", "人口计生委", "审计局", "环保局", "统计局", "广电局", "体育局", "旅游局", "粮食局", "安监局", "地震局", "气象局", "工商局", "质监局", "药监局", "国税局", "地税局"]


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
    nodes, links = _gov_net(sites)
    yield "gov_node", nodes
    yield "gov_link", links
    yield "system_node", _golden(sites)
    yield "gov_portal", _portals(sites)
    yield "school", _schools(sites)
    ring, ring_nodes = _education_ring(sites, routes)
    yield "fibre_ring", ring
    yield "edu_node", ring_nodes


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
            "code": codes("JH", n), "name": np.array([f"{town_name(t)}{'局' if k < 3 else '模块局'}" for t, k in zip(towns.name, kind, strict=True)]),
            "kind": kind, "capacity_lines": capacity, "in_use": np.floor(capacity * rng.uniform(0.68, 0.93, n)).astype(int),
            "year": rng.integers(1988, 2005, n), "county_code": towns.county, "township_code": towns.code, "nature": nature(n, ESTIMATED),
        },
    )


def _tree_lines(sites: Sites, routes: Routes, nodes: Layer, prefix: str, hubs: NDArray[np.int64], *, trunk_km: float = 8.0, cables: bool = True) -> Layer:
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
        "code": codes(prefix, n), "kind": kind, "cores": np.where(kind == 1, rng.choice([48, 72, 96], n), rng.choice([8, 12, 24], n)),
        "method": np.where(kind == 1, 1, rng.choice([2, 3], n, p=[0.7, 0.3])), "from_code": code[start], "to_code": code[end],
        "length_km": np.round(length, 2), "nature": nature(n),
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
    radius = np.where(op_code == 3, rng.integers(350, 600, n), np.where(in_town, rng.integers(600, 1300, n), rng.integers(4200, 8500, n)))
    county = sites.county_of(where)
    return Layer(
        points(where),
        {
            "code": codes("JZ", n), "operator": op_code, "height_m": np.where(in_town, rng.integers(22, 45, n), rng.integers(35, 62, n)),
            "radius_m": (radius // 50) * 50, "users": allocate(MOBILE_USERS, rng.uniform(0.5, 1.5, n) * np.where(in_town, 3.0, 1.0)),
            "year": rng.integers(1997, 2006, n), "county_code": county, "nature": nature(n, ESTIMATED),
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
    return Layer(np.array(shapes, object), {
        "code": codes("FG", n), "operator": np.array(operators), "area_km2": np.round(shapely.area(shapes) / 1e6, 2), "county_code": np.array(counties), "nature": nature(n),
    })


def _broadband(sites: Sites) -> Layer:
    rng = generator("broadband")
    towns, counties = sites.towns, sites.counties
    core = np.repeat(sites.centre[None], 2, 0) + np.array([[-1500.0, 300.0], [1800.0, -900.0]])
    wealth = towns.households * np.where(towns.kind == "街道", 6.0, 1.0) + 1
    rows = np.sort(np.argsort(-wealth, kind="stable")[:130])
    xy = np.concatenate([core, sites.around(rng, counties.xy, 80, 400), sites.around(rng, towns.xy[rows], 100, 500)])
    kind = np.r_[np.full(2, 1), np.full(len(counties), 2), np.full(len(rows), 3)]
    n = len(xy)
    weight = np.r_[np.zeros(2), counties.households * 0.08, wealth[rows] * rng.uniform(0.7, 1.3, len(rows))]
    users = allocate(BROADBAND_USERS, weight)
    near = sites.town_of(xy)
    return Layer(points(xy), {
        "code": codes("KD", n),
        "name": np.array(["核心出口一", "核心出口二", *(f"{c}汇聚节点" for c in counties.name), *(f"{town_name(t)}接入点" for t in towns.name[rows])]),
        "kind": kind, "ports": (np.ceil(users * rng.uniform(1.1, 1.6, n) / 64) * 64).astype(int), "users": users,
        "homes_passed": np.floor(users * rng.uniform(2.5, 5.0, n)).astype(int), "egress_gbps": np.where(kind == 1, EGRESS_GBPS / 2, np.nan),
        "county_code": np.r_[sites.county_of(core), counties.code, towns.county[rows]], "township_code": np.r_[towns.code[near[:2]], towns.code[near[2 : 2 + len(counties)]], towns.code[rows]],
        "nature": nature(n, ESTIMATED),
    })


def _service_areas(sites: Sites, pops: Layer) -> Layer:
    rows = np.flatnonzero(np.asarray(pops.columns["kind"]) > 1)
    sites_xy = shape_array(pops)[rows]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites_xy), ordered=True, extend_to=sites.outline))
    county = np.asarray(pops.columns["county_code"])[rows]
    radius = np.where(np.isin(county, URBAN_COUNTIES), 1800.0, 3000.0)
    near = shapely.intersection(cells, shapely.buffer(sites_xy, radius, quad_segs=6))
    area = shapely.intersection(near, shapely.simplify(sites.outline, 200))
    keep = shapely.area(area) > 1000
    area, rows = shapely.set_precision(area[keep], 1.0), rows[keep]
    n = len(rows)
    return Layer(area, {
        "code": np.asarray(pops.columns["code"])[rows], "homes_passed": np.asarray(pops.columns["homes_passed"])[rows],
        "area_km2": np.round(shapely.area(area) / 1e6, 3), "county_code": county[keep], "nature": nature(n),
    })


def _catv(sites: Sites) -> Layer:
    rng = generator("catv")
    towns, village = sites.towns, sites.villages
    counties = sites.counties.take(~np.isin(sites.counties.code, URBAN_COUNTIES))
    stations = towns.take(np.flatnonzero(towns.kind != "街道"))
    urban = np.flatnonzero(village.kind == "居")
    optical = village.take(urban[pick(rng, village.households[urban] + 1.0, min(320, len(urban)))])
    xy = np.concatenate([sites.centre[None] + 700, sites.around(rng, counties.xy, 100, 500), sites.around(rng, stations.xy, 60, 300), sites.around(rng, optical.xy, 20, 120)])
    kind = np.r_[1, np.full(len(counties), 2), np.full(len(stations), 3), np.full(len(optical), 4)]
    users = allocate(CABLE_USERS, np.r_[0.0, np.zeros(len(counties)), stations.households * 0.12 + 1, optical.households + 1.0])
    digital = np.where((kind == 4) & (rng.random(len(kind)) < 0.3), np.floor(users * 0.22), 0).astype(int)
    return Layer(points(xy), {
        "code": codes("GD", len(kind)),
        "name": np.array(["洛阳广电前端", *(f"{c}分前端" for c in counties.name), *(f"{town_name(t)}广电站" for t in stations.name), *(f"{village_name(v)}光节点" for v in optical.name)]),
        "kind": kind, "users": users, "digital_users": digital, "county_code": np.r_[sites.county_of(xy[:1]), counties.code, stations.county, optical.county],
        "township_code": np.r_[towns.code[sites.town_of(xy[: 1 + len(counties)])], stations.code, optical.township], "nature": nature(len(kind), ESTIMATED),
    })


def _village_project(city: City, sites: Sites) -> Layer:
    rng = generator("village_project")
    towns, village = sites.towns, sites.villages
    shapes = shapely.coverage_simplify(shapely.set_precision(shape_array(city.layers["township"]), 1.0), 250)
    count = np.array([int(((village.township == c) & (village.kind == "村")).sum()) for c in towns.code])
    rows = np.flatnonzero(count > 0)
    hills = np.clip(sites.height(towns.xy[rows]) / 900, 0, 1)
    network = np.floor(count[rows] * np.clip(rng.normal(0.75, 0.18, len(rows)) - 0.35 * hills, 0.05, 1)).astype(int)
    share = network / count[rows]
    stage = np.where(share >= 0.75, 3, np.where(share >= 0.4, 2, 1))
    n = len(rows)
    return Layer(shapes[rows], {
        "code": towns.code[rows], "name": towns.name[rows], "stage": stage, "year": np.select([stage == 3, stage == 2], [2005, 2007], 2009),
        "villages": count[rows], "phone": count[rows], "tv": count[rows], "network": network, "county_code": towns.county[rows], "nature": nature(n),
    })


def _gov_net(sites: Sites) -> tuple[Layer, Layer]:
    rng = generator("gov_net")
    towns, counties, village = sites.towns, sites.counties, sites.villages
    office = sites.inside(sites.centre + rng.normal(0, 1600, (CITY_OFFICES, 2)), np.repeat(sites.centre[None], CITY_OFFICES, 0))
    office[0] = sites.centre
    urban = np.flatnonzero((village.kind == "居") & np.isin(village.county, URBAN_COUNTIES))
    home = village.take(urban[pick(rng, village.population[urban] + 1.0, 160)])
    xy = np.concatenate([office, sites.around(rng, counties.xy, 50, 250), sites.around(rng, towns.xy, 30, 200), sites.around(rng, home.xy, 10, 60)])
    level = np.r_[np.full(len(office), 1), np.full(len(counties), 2), np.full(len(towns), 3), np.full(len(home), 4)]
    n = len(level)
    access = np.select([level == 1, level == 2], [1, 2], 4)
    access[(level == 3) & (rng.random(n) < 0.3)] = 3
    bandwidth = np.select([access == 1, access == 2, access == 3], [100, 10, 2], 0)
    code = codes("ZW", n)
    parent_county = np.r_[sites.county_of(office), counties.code, towns.county, home.county]
    nodes = Layer(points(xy), {
        "code": code, "name": np.array([*(f"洛阳市{o}" if not o.startswith("市") else f"洛阳{o}" for o in _OFFICES), *(f"{c}政务节点" for c in counties.name), *(f"{t}政务节点" for t in towns.name), *(f"{village_name(v)}社区节点" for v in home.name)]),
        "level": level, "access": access, "bandwidth_mbps": bandwidth, "lan": level <= 2, "county_code": parent_county, "nature": nature(n),
    })
    first = len(office)
    row_of = {c: first + i for i, c in enumerate(counties.code)}
    children = np.flatnonzero(access < 4)[1:]
    parents = np.array([0 if level[i] <= 2 else row_of.get(str(parent_county[i]), 0) for i in children])
    rounded = np.round(xy, 1)
    line = shapely.linestrings(np.stack([rounded[parents], rounded[children]], axis=1))
    links = Layer(line, {
        "code": codes("ZL", len(children)), "from_code": code[parents], "to_code": code[children], "access": access[children], "bandwidth_mbps": bandwidth[children], "nature": nature(len(children)),
    })
    return nodes, links


def _golden(sites: Sites) -> Layer:
    """Finance and taxation reach the township, public security the county, the rest city and most counties."""
    rng = generator("golden")
    towns, counties = sites.towns, sites.counties
    system, level, xy, county, township = [], [], [], [], []
    for s in range(1, 14):
        reach = rng.random(len(counties)) < {3: 1.0, 5: 1.0, 8: 1.0, 9: 1.0, 13: 1.0}.get(s, 0.5)
        rows = np.arange(len(towns)) if s == 5 else pick(rng, towns.population + 1.0, 62) if s == 3 else np.zeros(0, int)
        where = [sites.centre, *counties.xy[reach], *towns.xy[rows]]
        system += [s] * len(where)
        level += [1] + [2] * int(reach.sum()) + [3] * len(rows)
        turn = 2 * np.pi * s / 13
        xy.append(np.array(where) + 260 * np.array([np.cos(turn), np.sin(turn)]))
        county += [HUB_COUNTY, *counties.code[reach], *towns.county[rows]]
        township += [None] * (1 + int(reach.sum())) + list(towns.code[rows])
    where = np.concatenate(xy)
    n, lv = len(where), np.array(level)
    status = np.where(lv == 3, rng.choice([1, 2, 3], n, p=[0.5, 0.2, 0.3]), rng.choice([1, 2], n, p=[0.85, 0.15]))
    return Layer(points(sites.inside(where, where)), {
        "code": codes("JX", n), "system": np.array(system), "level": lv, "status": status, "county_code": np.array(county), "township_code": np.array(township, object), "nature": nature(n),
    })


def _portals(sites: Sites) -> Layer:
    rng = generator("portal")
    counties = sites.counties
    bureaus = _OFFICES[1:16]
    xy = np.concatenate([sites.centre[None] + 120, sites.around(rng, counties.xy, 60, 180), sites.around(rng, np.repeat(sites.centre[None], 15, 0), 200, 2200)])
    n = len(xy)
    return Layer(points(xy), {
        "code": codes("MH", n), "name": np.array(["洛阳市公众信息网", *(f"{c}门户网站" for c in counties.name), *(f"洛阳市{b}网站" for b in bureaus)]),
        "url": np.array([f"http://p{i:02d}.example.invalid" for i in range(n)]), "services": np.r_[86, rng.integers(6, 40, n - 1)],
        "level": np.r_[1, np.full(len(counties), 2), np.full(15, 3)], "year": np.r_[1999, rng.integers(2000, 2006, n - 1)], "county_code": np.r_[[HUB_COUNTY], counties.code, sites.county_of(xy[-15:])], "nature": nature(n),
    })


def _schools(sites: Sites) -> Layer:
    rng = generator("school")
    village, towns = sites.villages, sites.towns
    order = sites.rural[np.argsort(village.population[sites.rural] * rng.uniform(0.6, 1.4, len(sites.rural)), kind="stable")]
    small = order[:TEACHING_POINTS]
    rest = np.setdiff1d(np.arange(len(village)), small)
    primary = rest[pick(rng, village.population[rest] + 50.0, PRIMARY)]
    seats = np.r_[np.arange(len(towns)), np.argsort(-towns.population, kind="stable")[: JUNIOR - len(towns)]]
    tree = shapely.STRtree(shapely.points(village.xy))
    junior = np.array([_near(tree, village, towns, int(t)) for t in seats])
    rows = np.r_[small, primary, junior]
    kind = np.r_[np.full(len(small), 1), np.full(len(primary), 2), np.full(len(junior), 3)]
    n = len(rows)
    ends = {1: "教学点", 2: "小学"}
    second = np.r_[np.zeros(len(towns), bool), np.ones(len(seats) - len(towns), bool)]
    names = [village_name(village.name[r]) + ends[int(k)] for r, k in zip(rows[kind < 3], kind[kind < 3], strict=True)]
    names += [f"{town_name(towns.name[t])}{'第二' if s else ''}初级中学" for t, s in zip(seats, second, strict=True)]
    xy = np.where((kind == 3)[:, None], np.r_[village.xy[rows[kind < 3]], towns.xy[seats]], village.xy[rows])
    people = village.population[rows]
    pupils = np.select([kind == 1, kind == 2], [np.clip(people * 0.04, 6, 60), np.clip(people * 0.075, 40, 1600)], rng.integers(300, 1900, n)) * rng.uniform(0.8, 1.2, n)
    return Layer(points(sites.around(rng, xy, 40, 220)), {
        "code": codes("XX", n), "name": np.array(names), "school_type": kind, "mode": kind, "pupils": np.maximum(pupils, 5).astype(int), "equipped": rng.random(n) < np.select([kind == 1, kind == 2], [0.45, 0.6], 0.85),
        "village_code": village.code[rows], "nature": nature(n),
    })


def _near(tree: shapely.STRtree, village, towns, row: int) -> int:
    own = np.flatnonzero(village.township == towns.code[row])
    if len(own):
        return int(own[np.argmin(np.hypot(*(village.xy[own] - towns.xy[row]).T))])
    return int(tree.nearest(shapely.Point(towns.xy[row])))


def _education_ring(sites: Sites, routes: Routes) -> tuple[Layer, Layer]:
    rng = generator("edu_ring")
    angle = np.linspace(0, 2 * np.pi, 7)[:6] + 0.3
    core = sites.inside(sites.centre + np.c_[np.cos(angle) * 4200, np.sin(angle) * 2600], np.repeat(sites.centre[None], 6, 0))
    village = sites.villages
    urban = np.flatnonzero(shapely.contains_xy(sites.main_city, village.xy[:, 0], village.xy[:, 1]))
    if len(urban) < RING_SCHOOLS:
        urban = np.argsort(np.hypot(*(village.xy - sites.centre).T), kind="stable")[: RING_SCHOOLS + 60]
    chosen = urban[pick(rng, village.population[urban] + 100.0, RING_SCHOOLS)]
    school = sites.around(rng, village.xy[chosen], 30, 160)
    xy = np.r_[core, school]
    code = codes("JY", len(xy))
    status = np.r_[np.ones(6, int), rng.permutation(np.repeat([1, 2, 3], [72, 28, 20]))]
    nodes = Layer(points(xy), {
        "code": code, "name": np.array([*(f"城域网核心节点{i}" for i in range(1, 7)), *(f"{village_name(v)}学校" for v in village.name[chosen])]),
        "kind": np.r_[np.full(6, 1), np.full(RING_SCHOOLS, 2)], "ring_id": np.full(len(xy), "R1"), "status": status, "bandwidth_mbps": np.where(np.arange(len(xy)) < 6, 1000, 100), "nature": nature(len(xy)),
    })
    ring = routes.between(np.r_[core, core[:1]])
    access, _, end = routes.tree(xy, np.arange(6), 0, join_hubs=False)
    line = np.r_[ring, access]
    kind = np.r_[np.full(len(ring), 1), np.full(len(access), 2)]
    n = len(line)
    return Layer(line, {
        "code": codes("JX", n), "ring_id": np.full(n, "R1"), "kind": kind, "status": np.r_[np.ones(len(ring), int), status[end]], "length_km": np.round(shapely.length(line) / 1000, 2), "nature": nature(n, SAMPLE),
    }), nodes
