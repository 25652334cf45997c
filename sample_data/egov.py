"""E-government: nodes and links, the golden systems, portals, shared data and its protection."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import (
    URBAN_COUNTIES,
    Sites,
    codes,
    nature,
    pick,
    points,
    village_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


CITY_OFFICES = 40  # 市级40余家单位局域网
HUB_COUNTY = "410303"
_OFFICES = [
    "市政府办公室",
    "发展改革委",
    "教育局",
    "科技局",
    "工业信息化局",
    "民族宗教局",
    "公安局",
    "监察局",
    "民政局",
    "司法局",
    "财政局",
    "人事局",
    "劳动保障局",
    "国土资源局",
    "建设委",
    "规划局",
    "房产局",
    "交通局",
    "水利局",
    "农业局",
    "林业局",
    "商务局",
    "文化局",
    "卫生局",
    "人口计生委",
    "审计局",
    "环保局",
    "统计局",
    "广电局",
    "体育局",
    "旅游局",
    "粮食局",
    "安监局",
    "地震局",
    "气象局",
    "工商局",
    "质监局",
    "药监局",
    "国税局",
    "地税局",
]


def layers(_city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    nodes, links = _gov_net(sites)
    yield "gov_node", nodes
    yield "gov_link", links
    yield "system_node", _golden(sites)
    yield "gov_portal", _portals(sites)
    yield "data_resource", _resources()
    yield "security_system", _protected()


def _gov_net(sites: Sites) -> tuple[Layer, Layer]:
    rng = generator("gov_net")
    towns, counties, village = sites.towns, sites.counties, sites.villages
    office = sites.inside(
        sites.centre + rng.normal(0, 1600, (CITY_OFFICES, 2)), np.repeat(sites.centre[None], CITY_OFFICES, 0)
    )
    office[0] = sites.centre
    urban = np.flatnonzero((village.kind == "居") & np.isin(village.county, URBAN_COUNTIES))
    home = village.take(urban[pick(rng, village.population[urban] + 1.0, 160)])
    xy = np.concatenate(
        [
            office,
            sites.around(rng, counties.xy, 50, 250),
            sites.around(rng, towns.xy, 30, 200),
            sites.around(rng, home.xy, 10, 60),
        ]
    )
    level = np.r_[
        np.full(len(office), 1), np.full(len(counties), 2), np.full(len(towns), 3), np.full(len(home), 4)
    ]
    n = len(level)
    access = np.select([level == 1, level == 2], [1, 2], 4)
    access[(level == 3) & (rng.random(n) < 0.3)] = 3
    bandwidth = np.select([access == 1, access == 2, access == 3], [100, 10, 2], 0)
    code = codes("ZW", n)
    parent_county = np.r_[sites.county_of(office), counties.code, towns.county, home.county]
    nodes = Layer(
        points(xy),
        {
            "code": code,
            "name": np.array(
                [
                    *(f"洛阳市{o}" if not o.startswith("市") else f"洛阳{o}" for o in _OFFICES),
                    *(f"{c}政务节点" for c in counties.name),
                    *(f"{t}政务节点" for t in towns.name),
                    *(f"{village_name(v)}社区节点" for v in home.name),
                ]
            ),
            "level": level,
            "access": access,
            "bandwidth_mbps": bandwidth,
            "lan": level <= 2,
            "county_code": parent_county,
            "nature": nature(n),
        },
    )
    first = len(office)
    row_of = {c: first + i for i, c in enumerate(counties.code)}
    children = np.flatnonzero(access < 4)[1:]
    parents = np.array([0 if level[i] <= 2 else row_of.get(str(parent_county[i]), 0) for i in children])
    rounded = np.round(xy, 1)
    line = shapely.linestrings(np.stack([rounded[parents], rounded[children]], axis=1))
    links = Layer(
        line,
        {
            "code": codes("ZL", len(children)),
            "from_code": code[parents],
            "to_code": code[children],
            "access": access[children],
            "bandwidth_mbps": bandwidth[children],
            "nature": nature(len(children)),
        },
    )
    return nodes, links


def _golden(sites: Sites) -> Layer:
    """Finance and taxation reach the township, public security the county, the rest city and most counties."""
    rng = generator("golden")
    towns, counties = sites.towns, sites.counties
    system, level, xy, county, township = [], [], [], [], []
    for s in range(1, 14):
        reach = rng.random(len(counties)) < {3: 1.0, 5: 1.0, 8: 1.0, 9: 1.0, 13: 1.0}.get(s, 0.5)
        rows = (
            np.arange(len(towns))
            if s == 5
            else pick(rng, towns.population + 1.0, 62)
            if s == 3
            else np.zeros(0, int)
        )
        where = [sites.centre, *counties.xy[reach], *towns.xy[rows]]
        system += [s] * len(where)
        level += [1] + [2] * int(reach.sum()) + [3] * len(rows)
        turn = 2 * np.pi * s / 13
        xy.append(np.array(where) + 260 * np.array([np.cos(turn), np.sin(turn)]))
        county += [HUB_COUNTY, *counties.code[reach], *towns.county[rows]]
        township += [None] * (1 + int(reach.sum())) + list(towns.code[rows])
    where = np.concatenate(xy)
    n, lv = len(where), np.array(level)
    status = np.where(
        lv == 3, rng.choice([1, 2, 3], n, p=[0.5, 0.2, 0.3]), rng.choice([1, 2], n, p=[0.85, 0.15])
    )
    return Layer(
        points(sites.inside(where, where)),
        {
            "code": codes("JX", n),
            "system": np.array(system),
            "level": lv,
            "status": status,
            "county_code": np.array(county),
            "township_code": np.array(township, object),
            "nature": nature(n),
        },
    )


def _portals(sites: Sites) -> Layer:
    rng = generator("portal")
    counties = sites.counties
    bureaus = _OFFICES[1:16]
    xy = np.concatenate(
        [
            sites.centre[None] + 120,
            sites.around(rng, counties.xy, 60, 180),
            sites.around(rng, np.repeat(sites.centre[None], 15, 0), 200, 2200),
        ]
    )
    n = len(xy)
    return Layer(
        points(xy),
        {
            "code": codes("MH", n),
            "name": np.array(
                [
                    "洛阳市公众信息网",
                    *(f"{c}门户网站" for c in counties.name),
                    *(f"洛阳市{b}网站" for b in bureaus),
                ]
            ),
            "url": np.array([f"http://p{i:02d}.example.invalid" for i in range(n)]),
            "services": np.r_[86, rng.integers(6, 40, n - 1)],
            "level": np.r_[1, np.full(len(counties), 2), np.full(15, 3)],
            "year": np.r_[1999, rng.integers(2000, 2006, n - 1)],
            "county_code": np.r_[[HUB_COUNTY], counties.code, sites.county_of(xy[-15:])],
            "nature": nature(n),
        },
    )


_SHARED = (  # name, owner, sharing, arbiter, cycle, layer
    ("区县界线", "自然资源和规划局", 1, "民政局", 4, "county"),
    ("乡镇界线", "自然资源和规划局", 1, "民政局", 4, "township"),
    ("人口基本单元", "公安局", 2, "统计局", 3, "population_unit"),
    ("法人基本单元", "市场监管局", 2, "市场监管局", 2, "legal_unit"),
    ("行政村名录", "民政局", 1, "民政局", 4, "village"),
    ("公路路网", "交通运输局", 1, "交通运输局", 4, "road"),
    ("地下管线", "住房城乡建设局", 3, "住房城乡建设局", 3, "pipe"),
    ("地质灾害隐患点", "自然资源和规划局", 2, "自然资源和规划局", 2, "hazard_point"),
    ("逐小时雨量", "气象局", 1, "气象局", 1, "rainfall"),
    ("水资源监测", "水利局", 2, "水利局", 3, "water_resource"),
    ("医疗机构", "卫生健康委", 1, "卫生健康委", 3, "hospital"),
    ("学校名录", "教育局", 1, "教育局", 4, "school"),
    ("应急队伍", "应急管理局", 2, "应急管理局", 3, "team"),
    ("避难场所", "应急管理局", 1, "应急管理局", 4, "shelter"),
    ("电信设施", "通信管理部门", 3, "通信管理部门", 3, "exchange"),
    ("有线电视网", "广播电视局", 3, "广播电视局", 3, "catv_node"),
    ("政务网节点", "信息化工作办公室", 3, "信息化工作办公室", 3, "gov_node"),
    ("旅游景区", "文化广电和旅游局", 1, "文化广电和旅游局", 4, "scenic"),
    ("耕地与基本农田", "自然资源和规划局", 2, "自然资源和规划局", 4, "farmland"),
    ("森林资源", "林业局", 2, "林业局", 4, "forest"),
    ("矿产地", "自然资源和规划局", 2, "自然资源和规划局", 4, "mineral"),
    ("信息化指数", "统计局", 1, "统计局", 4, "county_index"),
)


_SYSTEMS = (
    ("政务网", "信息化工作办公室", 3),
    ("城市基础地理信息数据库", "自然资源和规划局", 3),
    ("地质灾害预警预报系统", "自然资源和规划局", 2),
    ("应急联动指挥系统", "应急管理局", 3),
    ("金盾工程", "公安局", 3),
    ("金保工程", "人力资源和社会保障局", 3),
    ("金财工程", "财政局", 3),
    ("金税工程", "税务局", 3),
    ("公众信息网", "信息化工作办公室", 2),
    ("社区信息平台", "民政局", 2),
    ("教育科研城域网", "教育局", 2),
    ("农村党员远程教育", "组织部", 2),
    ("三农信息服务", "农业农村局", 2),
    ("旅游信息库", "文化广电和旅游局", 1),
    ("地下管线系统", "住房城乡建设局", 3),
)


def _resources() -> Layer:
    rng = generator("data_resource")
    name, owner, sharing, arbiter, cycle, layer = (np.array(c) for c in zip(*_SHARED, strict=True))
    n = len(name)
    return Layer(
        None,
        {
            "code": codes("ML", n),
            "name": name,
            "owner": owner,
            "sharing": sharing.astype(int),
            "arbiter": arbiter,
            "cycle": cycle.astype(int),
            "layer": layer,
            "conflicts": rng.integers(0, 9, n),
            "nature": nature(n),
        },
    )


def _protected() -> Layer:
    rng = generator("security_system")
    name, owner, level = (np.array(c) for c in zip(*_SYSTEMS, strict=True))
    n = len(name)
    drills = [
        date(2005, int(m), int(d))
        for m, d in zip(rng.integers(1, 13, n), rng.integers(1, 29, n), strict=True)
    ]
    return Layer(
        None,
        {
            "code": codes("DB", n),
            "name": name,
            "owner": owner,
            "level": level.astype(int),
            "filed": rng.random(n) < 0.8,
            "backup": np.where(level.astype(int) == 3, rng.choice([2, 3], n), rng.choice([1, 2], n)),
            "drill": np.array(drills, object),
            "nature": nature(n),
        },
    )
