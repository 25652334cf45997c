"""Distance education: schools, party-member terminals, rural stations, and the education network of the city."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import (
    ESTIMATED,
    SAMPLE,
    Sites,
    allocate,
    codes,
    nature,
    pick,
    points,
    town_name,
    village_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sample_data.routes import Routes


RING_SCHOOLS = 120  # 城区120多所学校
TEACHING_POINTS, PRIMARY, JUNIOR = 811, 2270, 203
AGRI_STATIONS, AGRI_TRADE = 50, 10_000.0  # 50个乡镇站，年网上交易额1亿元以上（万元）
TERMINAL_VILLAGES, TERMINAL_TOWNS = 432, 32  # 农村党员远程教育


def layers(_city: City, sites: Sites, routes: Routes) -> Iterator[tuple[str, Layer]]:
    yield "school", _schools(sites)
    ring, ring_nodes = _education_ring(sites, routes)
    yield "fibre_ring", ring
    yield "edu_node", ring_nodes
    yield "agri_station", _agri(sites)
    yield "terminal_site", _terminals(sites)


def _schools(sites: Sites) -> Layer:
    rng = generator("school")
    village, towns = sites.villages, sites.towns
    order = sites.rural[
        np.argsort(village.population[sites.rural] * rng.uniform(0.6, 1.4, len(sites.rural)), kind="stable")
    ]
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
    names = [
        village_name(village.name[r]) + ends[int(k)]
        for r, k in zip(rows[kind < 3], kind[kind < 3], strict=True)
    ]
    names += [
        f"{town_name(towns.name[t])}{'第二' if s else ''}初级中学" for t, s in zip(seats, second, strict=True)
    ]
    xy = np.where((kind == 3)[:, None], np.r_[village.xy[rows[kind < 3]], towns.xy[seats]], village.xy[rows])
    people = village.population[rows]
    pupils = np.select(
        [kind == 1, kind == 2],
        [np.clip(people * 0.04, 6, 60), np.clip(people * 0.075, 40, 1600)],
        rng.integers(300, 1900, n),
    ) * rng.uniform(0.8, 1.2, n)
    return Layer(
        points(sites.around(rng, xy, 40, 220)),
        {
            "code": codes("XX", n),
            "name": np.array(names),
            "school_type": kind,
            "mode": kind,
            "pupils": np.maximum(pupils, 5).astype(int),
            "equipped": rng.random(n) < np.select([kind == 1, kind == 2], [0.45, 0.6], 0.85),
            "village_code": village.code[rows],
            "nature": nature(n),
        },
    )


def _near(tree: shapely.STRtree, village, towns, row: int) -> int:
    own = np.flatnonzero(village.township == towns.code[row])
    if len(own):
        return int(own[np.argmin(np.hypot(*(village.xy[own] - towns.xy[row]).T))])
    return int(tree.nearest(shapely.Point(towns.xy[row])))


def _education_ring(sites: Sites, routes: Routes) -> tuple[Layer, Layer]:
    rng = generator("edu_ring")
    angle = np.linspace(0, 2 * np.pi, 7)[:6] + 0.3
    core = sites.inside(
        sites.centre + np.c_[np.cos(angle) * 4200, np.sin(angle) * 2600], np.repeat(sites.centre[None], 6, 0)
    )
    village = sites.villages
    urban = np.flatnonzero(shapely.contains_xy(sites.main_city, village.xy[:, 0], village.xy[:, 1]))
    if len(urban) < RING_SCHOOLS:
        urban = np.argsort(np.hypot(*(village.xy - sites.centre).T), kind="stable")[: RING_SCHOOLS + 60]
    chosen = urban[pick(rng, village.population[urban] + 100.0, RING_SCHOOLS)]
    school = sites.around(rng, village.xy[chosen], 30, 160)
    xy = np.r_[core, school]
    code = codes("JY", len(xy))
    status = np.r_[np.ones(6, int), rng.permutation(np.repeat([1, 2, 3], [72, 28, 20]))]
    nodes = Layer(
        points(xy),
        {
            "code": code,
            "name": np.array(
                [
                    *(f"城域网核心节点{i}" for i in range(1, 7)),
                    *(f"{village_name(v)}学校" for v in village.name[chosen]),
                ]
            ),
            "kind": np.r_[np.full(6, 1), np.full(RING_SCHOOLS, 2)],
            "ring_id": np.full(len(xy), "R1"),
            "status": status,
            "bandwidth_mbps": np.where(np.arange(len(xy)) < 6, 1000, 100),
            "nature": nature(len(xy)),
        },
    )
    ring = routes.between(np.r_[core, core[:1]])
    access, _, end = routes.tree(xy, np.arange(6), 0, join_hubs=False)
    line = np.r_[ring, access]
    kind = np.r_[np.full(len(ring), 1), np.full(len(access), 2)]
    n = len(line)
    return Layer(
        line,
        {
            "code": codes("JX", n),
            "ring_id": np.full(n, "R1"),
            "kind": kind,
            "status": np.r_[np.ones(len(ring), int), status[end]],
            "length_km": np.round(shapely.length(line) / 1000, 2),
            "nature": nature(n, SAMPLE),
        },
    ), nodes


def _agri(sites: Sites) -> Layer:
    rng = generator("agri_station")
    towns = sites.towns
    rural = np.flatnonzero(towns.kind != "街道")
    rows = rural[pick(rng, towns.population[rural] + 1.0, AGRI_STATIONS)]
    trade = allocate(round(AGRI_TRADE * 10), rng.uniform(0.4, 1.8, AGRI_STATIONS)) / 10
    return Layer(
        points(sites.around(rng, towns.xy[rows], 40, 260)),
        {
            "code": codes("SN", AGRI_STATIONS),
            "name": np.array([f"{town_name(t)}三农信息服务站" for t in towns.name[rows]]),
            "operator": rng.integers(1, 5, AGRI_STATIONS),
            "kind": rng.integers(1, 6, AGRI_STATIONS),
            "year": rng.integers(2002, 2006, AGRI_STATIONS),
            "trade": trade,
            "county_code": towns.county[rows],
            "township_code": towns.code[rows],
            "nature": nature(AGRI_STATIONS, ESTIMATED),
        },
    )


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
    installed = [
        date(2005, int(m), int(d))
        for m, d in zip(rng.integers(4, 12, n), rng.integers(1, 29, n), strict=True)
    ]
    return Layer(
        points(sites.around(rng, village.xy[row], 20, 140)),
        {
            "code": codes("DJ", n),
            "name": np.array([f"{village_name(v)}远程教育点" for v in village.name[row]]),
            "village_code": village.code[row],
            "township_code": village.township[row],
            "county_code": village.county[row],
            "installed": np.array(installed, object),
            "acceptance": rng.choice([1, 2], n, p=[0.86, 0.14]),
            "mode": rng.choice([1, 2, 3], n, p=[0.6, 0.3, 0.1]),
            "nature": nature(n),
        },
    )
