"""People and units, enterprises, the informatization index, culture, points of interest, shared data and its protection."""

from __future__ import annotations

from datetime import date
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

PILOTS, DEMONSTRATIONS, NUMERICAL = 50, 25, 8  # 制造业信息化：试点、示范、数控化改造
ADDED_OUTPUT = 80.0  # 亿元，示范企业新增产值80多亿元
AGRI_STATIONS, AGRI_TRADE = 50, 10_000.0  # 50个乡镇站，年网上交易额1亿元以上（万元）
TERMINAL_VILLAGES, TERMINAL_TOWNS = 432, 32  # 农村党员远程教育
GRID_M = 600.0
INDEX_WEIGHTS = (0.25, 0.25, 0.20, 0.20, 0.10)  # IDI-I, default and editable


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    yield "seat", _seats(city)
    yield "urban_community", _communities(city, sites)
    yield "grid", _grid(sites)
    yield "population_unit", _population(sites)
    yield "legal_unit", _legal(sites)
    yield "agri_station", _agri(sites)
    yield "terminal_site", _terminals(sites)
    yield "enterprise", _enterprises(sites)
    yield "county_index", _index(sites)
    yield "poi", _poi(sites)
    yield "venue", _venues(sites)
    yield "tour_service", _tour(city, sites)
    yield "data_resource", _resources()
    yield "security_system", _protected()


def _seats(city: City) -> Layer:
    """City and county seats once more, to be lettered larger than the townships among which the base keeps them."""
    place = city.layers["place"]
    level = np.asarray(place.columns["level"], str)
    rows = np.flatnonzero(level != "乡")
    return Layer(shape_array(place)[rows], {
        **{k: np.asarray(place.columns[k])[rows] for k in ("code", "name", "population", "nature")}, "level": np.where(level[rows] == "市", 1, 2),
    })


def _communities(city: City, sites: Sites) -> Layer:
    rng = generator("urban_community")
    rows = np.flatnonzero(sites.villages.kind == "居")
    unit = sites.villages.take(rows)
    shapes = shapely.coverage_simplify(shapely.set_precision(shape_array(city.layers["community"])[rows], 1.0), 60)
    n = len(rows)
    urban = np.isin(unit.county, URBAN_COUNTIES)
    return Layer(shapes, {
        "code": unit.code, "name": np.array([village_name(v) for v in unit.name]), "households": unit.households, "residents": unit.population, "floating": np.floor(unit.population * rng.uniform(0.03, 0.25, n) * np.where(urban, 1.0, 0.4)).astype(int),
        "elderly": np.floor(unit.population * rng.uniform(0.12, 0.25, n)).astype(int), "needy": np.floor(unit.households * rng.uniform(0.005, 0.03, n)).astype(int), "platform": rng.random(n) < np.where(urban, 0.45, 0.12),
        "county_code": unit.county, "township_code": unit.township, "nature": nature(n, ESTIMATED),
    })


def _grid(sites: Sites) -> Layer:
    """Square cells over the main city; the people of each subdistrict are shared among its cells."""
    rng = generator("grid")
    xmin, ymin, xmax, ymax = sites.main_city.bounds
    x, y = np.meshgrid(np.arange(xmin // GRID_M, xmax // GRID_M + 1) * GRID_M, np.arange(ymin // GRID_M, ymax // GRID_M + 1) * GRID_M)
    corner = np.c_[x.ravel(), y.ravel()]
    cells = shapely.box(corner[:, 0], corner[:, 1], corner[:, 0] + GRID_M, corner[:, 1] + GRID_M)
    share = shapely.area(shapely.intersection(cells, sites.main_city)) / GRID_M**2
    keep = share > 0.35
    corner, cells, share = corner[keep], cells[keep], share[keep]
    town = sites.town_of(corner + GRID_M / 2)
    persons = np.zeros(len(cells), np.int64)
    draw = share * rng.gamma(3.0, 1 / 3.0, len(cells))
    for t in np.unique(town):
        rows = town == t
        extent = rows.sum() * GRID_M**2
        people = min(int(sites.towns.population[t]), int(extent / 1e6 * 18000))
        persons[rows] = allocate(people, draw[rows] + 1e-6)
    n = len(cells)
    return Layer(cells, {
        "code": codes("WG", n), "households": np.round(persons / 2.85).astype(int), "persons": persons, "township_code": sites.towns.code[town], "manager": np.array([f"网格员{i:04d}（示例）" for i in range(1, n + 1)]), "nature": nature(n, ESTIMATED),
    })


def _population(sites: Sites) -> Layer:
    rng = generator("population_unit")
    towns = sites.towns
    n = len(towns)
    male = np.round(towns.population * rng.uniform(0.495, 0.52, n)).astype(int)
    young = np.round(towns.population * rng.uniform(0.17, 0.24, n)).astype(int)
    old = np.round(towns.population * rng.uniform(0.16, 0.23, n)).astype(int)
    return Layer(None, {
        "code": towns.code, "name": towns.name, "county_code": towns.county, "population": towns.population, "households": towns.households, "male": male, "female": towns.population - male,
        "age_0_14": young, "age_15_59": towns.population - young - old, "age_60": old, "nature": nature(n, ESTIMATED),
    })


def _legal(sites: Sites) -> Layer:
    rng = generator("legal_unit")
    towns = sites.towns
    n = 480
    town = rng.choice(len(towns), n, p=towns.population / towns.population.sum())
    kind = rng.choice([1, 2, 3, 4], n, p=[0.72, 0.08, 0.14, 0.06])
    sector = np.where(kind == 1, rng.choice(["A", "B", "C", "F", "G"], n, p=[0.1, 0.05, 0.3, 0.45, 0.1]), np.where(kind == 3, "P", "S"))
    ends = {"A": "种植合作社", "B": "矿业公司", "C": "制造公司", "F": "商贸公司", "G": "运输公司", "P": "事业单位", "S": "机构"}
    return Layer(points(sites.around(rng, towns.xy[town], 80, 1400)), {
        "credit_code": np.array([f"示例{i:016d}" for i in range(1, n + 1)]), "name": np.array([f"{town_name(towns.name[t])}{ends[str(s)]}{i}" for i, (t, s) in enumerate(zip(town, sector, strict=True), 1)]), "kind": kind, "sector": sector,
        "employees": np.maximum(np.exp(rng.normal(2.8, 1.1, n)), 2).astype(int), "county_code": towns.county[town], "nature": nature(n),
    })


def _agri(sites: Sites) -> Layer:
    rng = generator("agri_station")
    towns = sites.towns
    rural = np.flatnonzero(towns.kind != "街道")
    rows = rural[pick(rng, towns.population[rural] + 1.0, AGRI_STATIONS)]
    trade = allocate(round(AGRI_TRADE * 10), rng.uniform(0.4, 1.8, AGRI_STATIONS)) / 10
    return Layer(points(sites.around(rng, towns.xy[rows], 40, 260)), {
        "code": codes("SN", AGRI_STATIONS), "name": np.array([f"{town_name(t)}三农信息服务站" for t in towns.name[rows]]), "operator": rng.integers(1, 5, AGRI_STATIONS), "kind": rng.integers(1, 6, AGRI_STATIONS), "year": rng.integers(2002, 2006, AGRI_STATIONS),
        "trade": trade, "county_code": towns.county[rows], "township_code": towns.code[rows], "nature": nature(AGRI_STATIONS, ESTIMATED),
    })


def _terminals(sites: Sites) -> Layer:
    """432 villages in 32 townships: 13 or 14 in each."""
    rng = generator("terminal_site")
    towns, village = sites.towns, sites.villages
    count = np.array([int(((village.township == c) & (village.kind == "村")).sum()) for c in towns.code])
    chosen = np.sort(pick(rng, np.where(count >= 14, count, 0) + 0.0, TERMINAL_TOWNS))
    rows = []
    for town, quota in zip(chosen, allocate(TERMINAL_VILLAGES, np.ones(TERMINAL_TOWNS)), strict=True):
        own = np.flatnonzero((village.township == towns.code[town]) & (village.kind == "村"))
        rows.append(own[pick(rng, village.population[own] + 1.0, int(quota))])
    row = np.concatenate(rows)
    n = len(row)
    installed = [date(2005, int(m), int(d)) for m, d in zip(rng.integers(4, 12, n), rng.integers(1, 29, n), strict=True)]
    return Layer(points(sites.around(rng, village.xy[row], 20, 140)), {
        "code": codes("DJ", n), "name": np.array([f"{village_name(v)}远程教育点" for v in village.name[row]]), "village_code": village.code[row], "township_code": village.township[row], "county_code": village.county[row],
        "installed": np.array(installed, object), "acceptance": rng.choice([1, 2], n, p=[0.86, 0.14]), "mode": rng.choice([1, 2, 3], n, p=[0.6, 0.3, 0.1]), "nature": nature(n),
    })


def _enterprises(sites: Sites) -> Layer:
    rng = generator("enterprise")
    towns = sites.towns
    programme = np.repeat([1, 2, 3], [PILOTS, DEMONSTRATIONS, NUMERICAL])
    n = len(programme)
    town = rng.choice(len(towns), n, p=(weight := towns.population * np.where(towns.kind == "街道", 3.0, 1.0)) / weight.sum())
    sector = rng.integers(1, 7, n)
    names = {1: "机械", 2: "铝业", 3: "化工", 4: "玻璃", 5: "轴承", 6: "食品"}
    growth = np.full(n, np.nan)
    growth[programme == 2] = allocate(round(ADDED_OUTPUT * 10), rng.uniform(0.5, 2.5, DEMONSTRATIONS)) / 10
    return Layer(points(sites.around(rng, towns.xy[town], 250, 1900)), {
        "code": codes("QY", n), "name": np.array([f"示例{names[int(s)]}厂{i:02d}" for i, s in enumerate(sector, 1)]), "programme": programme, "cad": rng.random(n) < 0.9, "erp": rng.random(n) < np.where(programme == 2, 0.9, 0.45),
        "output_growth": growth, "sector": sector, "county_code": towns.county[town], "nature": nature(n, ESTIMATED),
    })


def _index(sites: Sites) -> Layer:
    rng = generator("county_index")
    counties = sites.counties
    n = len(counties)
    level = np.where(np.isin(counties.code, URBAN_COUNTIES), 71.0, np.where(counties.kind == "区", 58.0, 44.0))
    parts = np.round(np.clip(level[:, None] + rng.normal(0, 5.5, (n, 5)) + rng.normal(0, 4, (n, 1)), 5, 98), 1)
    index = np.round(parts @ np.array(INDEX_WEIGHTS), 1)
    order = np.argsort(-index, kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(1, n + 1)
    shapes = shapely.coverage_simplify(shapely.set_precision(sites.county_shapes, 1.0), 220)
    columns = dict(zip(("infrastructure", "usage", "knowledge", "environment", "consumption"), parts.T, strict=True))
    return Layer(shapes, {"code": counties.code, "name": counties.name, **columns, "index": index, "rank": rank, "nature": nature(n, ESTIMATED)})


_POI_ENDS = {
    1: ("公交站", "停车场", "加油站"), 2: ("邮政所", "营业厅", "快递点"), 3: ("旅行社", "游客咨询处"), 4: ("影城", "茶馆", "健身中心", "文化广场"),
    5: ("书店", "幼儿园", "文化站"), 6: ("药店", "诊所"), 7: ("超市", "百货", "农贸市场", "便利店", "商城"),
}


def _poi(sites: Sites) -> Layer:
    rng = generator("poi")
    towns = sites.towns
    city_share, town_share = 1350, 450
    rows = rng.choice(len(towns), town_share, p=towns.population / towns.population.sum())
    xy = np.concatenate([sites.scatter(rng, sites.urban, city_share), sites.around(rng, towns.xy[rows], 40, 500)])
    n = len(xy)
    kind = rng.choice(np.arange(1, 8), n, p=[0.2, 0.1, 0.04, 0.11, 0.15, 0.15, 0.25])
    near = sites.town_of(xy)
    names = [f"{town_name(towns.name[t])}{rng.choice(_POI_ENDS[int(k)])}" for t, k in zip(near, kind, strict=True)]
    return Layer(points(xy), {"name": np.array(names), "kind": kind, "rank": rng.choice([1, 2, 3], n, p=[0.7, 0.24, 0.06]), "county_code": towns.county[near], "nature": nature(n)})


def _venues(sites: Sites) -> Layer:
    rng = generator("venue")
    counties = sites.counties
    ends = {1: "图书馆", 2: "博物馆", 3: "档案馆", 4: "文化馆", 5: "剧院", 6: "体育中心"}
    kind = np.r_[np.arange(1, 7), np.repeat([1, 3, 4], len(counties)), np.repeat([2], len(counties))]
    home = np.r_[np.full(6, -1), np.tile(np.arange(len(counties)), 4)]
    base = np.where((home < 0)[:, None], sites.centre, counties.xy[home])
    xy = sites.around(rng, base, 200, 1100)
    holdings = np.select([kind == 1, kind == 2, kind == 3], [rng.uniform(6, 30, len(kind)), rng.uniform(0.1, 1.5, len(kind)), rng.uniform(4, 20, len(kind))], np.nan)
    holdings[:3] *= 6
    names = [f"{'洛阳市' if h < 0 else counties.name[h]}{ends[int(k)]}" for h, k in zip(home, kind, strict=True)]
    return Layer(points(xy), {
        "name": np.array(names), "kind": kind, "holdings": np.round(holdings, 1), "online": (home < 0) | (rng.random(len(kind)) < 0.35), "level": np.where(home < 0, 1, 2), "county_code": sites.county_of(xy), "nature": nature(len(kind)),
    })


def _tour(city: City, sites: Sites) -> Layer:
    rng = generator("tour_service")
    counties = sites.counties
    scenic = np.concatenate([shapely.get_coordinates(shape_array(city.layers[k])) for k in ("scenic", "heritage") if k in city.layers])
    labels = np.concatenate([np.asarray(city.layers[k].columns["name"], str) for k in ("scenic", "heritage") if k in city.layers])
    farm = np.repeat(np.arange(len(scenic)), 3)
    hotel = np.repeat(np.arange(len(counties)), 3)
    xy = np.concatenate([sites.around(rng, scenic, 80, 350), sites.around(rng, counties.xy[hotel], 150, 1200), sites.around(rng, scenic[farm], 400, 2500)])
    kind = np.r_[np.full(len(scenic), 1), np.full(len(hotel), 2), np.full(len(farm), 3)]
    n = len(kind)
    names = [*(f"{s}游客中心" for s in labels), *(f"{counties.name[h]}宾馆{i % 3 + 1}" for i, h in enumerate(hotel)), *(f"{labels[f]}农家院{i % 3 + 1}" for i, f in enumerate(farm))]
    return Layer(points(xy), {
        "name": np.array(names), "kind": kind, "beds": np.select([kind == 2, kind == 3], [rng.integers(60, 420, n), rng.integers(8, 40, n)], 0), "stars": np.where(kind == 2, rng.integers(2, 6, n), 0), "online": rng.random(n) < np.where(kind == 3, 0.2, 0.6), "county_code": sites.county_of(xy), "nature": nature(n),
    })


_SHARED = (  # name, owner, sharing, arbiter, cycle, layer
    ("区县界线", "自然资源和规划局", 1, "民政局", 4, "county"), ("乡镇界线", "自然资源和规划局", 1, "民政局", 4, "township"), ("人口基本单元", "公安局", 2, "统计局", 3, "population_unit"),
    ("法人基本单元", "市场监管局", 2, "市场监管局", 2, "legal_unit"), ("行政村名录", "民政局", 1, "民政局", 4, "village"), ("公路路网", "交通运输局", 1, "交通运输局", 4, "road"),
    ("地下管线", "住房城乡建设局", 3, "住房城乡建设局", 3, "pipe"), ("地质灾害隐患点", "自然资源和规划局", 2, "自然资源和规划局", 2, "hazard_point"), ("逐小时雨量", "气象局", 1, "气象局", 1, "rainfall"),
    ("水资源监测", "水利局", 2, "水利局", 3, "water_resource"), ("医疗机构", "卫生健康委", 1, "卫生健康委", 3, "hospital"), ("学校名录", "教育局", 1, "教育局", 4, "school"),
    ("应急队伍", "应急管理局", 2, "应急管理局", 3, "team"), ("避难场所", "应急管理局", 1, "应急管理局", 4, "shelter"), ("电信设施", "通信管理部门", 3, "通信管理部门", 3, "exchange"),
    ("有线电视网", "广播电视局", 3, "广播电视局", 3, "catv_node"), ("政务网节点", "信息化工作办公室", 3, "信息化工作办公室", 3, "gov_node"), ("旅游景区", "文化广电和旅游局", 1, "文化广电和旅游局", 4, "scenic"),
    ("耕地与基本农田", "自然资源和规划局", 2, "自然资源和规划局", 4, "farmland"), ("森林资源", "林业局", 2, "林业局", 4, "forest"), ("矿产地", "自然资源和规划局", 2, "自然资源和规划局", 4, "mineral"), ("信息化指数", "统计局", 1, "统计局", 4, "county_index"),
)
_SYSTEMS = (
    ("政务网", "信息化工作办公室", 3), ("城市基础地理信息数据库", "自然资源和规划局", 3), ("地质灾害预警预报系统", "自然资源和规划局", 2), ("应急联动指挥系统", "应急管理局", 3), ("金盾工程", "公安局", 3), ("金保工程", "人力资源和社会保障局", 3),
    ("金财工程", "财政局", 3), ("金税工程", "税务局", 3), ("公众信息网", "信息化工作办公室", 2), ("社区信息平台", "民政局", 2), ("教育科研城域网", "教育局", 2), ("农村党员远程教育", "组织部", 2), ("三农信息服务", "农业农村局", 2), ("旅游信息库", "文化广电和旅游局", 1), ("地下管线系统", "住房城乡建设局", 3),
)


def _resources() -> Layer:
    rng = generator("data_resource")
    name, owner, sharing, arbiter, cycle, layer = (np.array(c) for c in zip(*_SHARED, strict=True))
    n = len(name)
    return Layer(None, {"code": codes("ML", n), "name": name, "owner": owner, "sharing": sharing.astype(int), "arbiter": arbiter, "cycle": cycle.astype(int), "layer": layer, "conflicts": rng.integers(0, 9, n), "nature": nature(n)})


def _protected() -> Layer:
    rng = generator("security_system")
    name, owner, level = (np.array(c) for c in zip(*_SYSTEMS, strict=True))
    n = len(name)
    drills = [date(2005, int(m), int(d)) for m, d in zip(rng.integers(1, 13, n), rng.integers(1, 29, n), strict=True)]
    return Layer(None, {"code": codes("DB", n), "name": name, "owner": owner, "level": level.astype(int), "filed": rng.random(n) < 0.8, "backup": np.where(level.astype(int) == 3, rng.choice([2, 3], n), rng.choice([1, 2], n)), "drill": np.array(drills, object), "nature": nature(n)})
