"""Response teams, depots, shelters, incidents and health institutions. Contacts are posts, numbers cannot be dialled."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

from sample_data import incident_log
from sample_data.city import City, Layer, generator
from sample_data.sites import Sites, codes, nature, phones, pick, points, spread, town_name, village_name

if TYPE_CHECKING:
    from collections.abc import Iterator

M2_PER_PERSON = {1: 0.5, 2: 2.0, 3: 3.0, 4: 4.5, 5: 4.5}  # by shelter class; a parameter, not a quotation
_KIND_NAMES = {
    1: "派出所",
    2: "交通抢险队",
    3: "医疗救护队",
    4: "防震减灾队",
    5: "防汛抗旱队",
    7: "森林防火队",
    8: "消防救援站",
}


def layers(_city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    teams = _teams(sites)
    yield "team", teams
    yield "depot", _depots(sites)
    yield "shelter", _shelters(sites)
    incidents = _incidents(sites)
    yield "incident", incidents
    yield "incident_log", incident_log.log(incidents, teams)
    yield "hospital", _hospitals(sites)


def _teams(sites: Sites) -> Layer:
    rng = generator("team")
    towns, counties = sites.towns, sites.counties
    high = np.argsort(-sites.height(towns.xy), kind="stable")[:44]
    low = np.argsort(sites.height(towns.xy), kind="stable")
    town_rows = {
        1: np.arange(len(towns)),
        5: np.sort(low[spread(rng, towns.xy[low[:90]], 24)]),
        7: np.sort(high),
        8: np.sort(spread(rng, towns.xy, 30)),
    }
    kind, xy, names, county = [], [], [], []
    for k, rows in town_rows.items():
        kind += [k] * len(rows)
        xy.append(sites.around(rng, towns.xy[rows], 80, 420))
        names += [f"{town_name(towns.name[r])}{_KIND_NAMES[k]}" for r in rows]
        county += list(towns.county[rows])
    for k in (2, 3, 4):
        kind += [k] * len(counties)
        xy.append(sites.around(rng, counties.xy, 150, 700))
        names += [f"{c}{_KIND_NAMES[k]}" for c in counties.name]
        county += list(counties.code)
    for utility in ("供水", "供电", "燃气"):
        kind += [6] * len(counties)
        xy.append(sites.around(rng, counties.xy, 150, 900))
        names += [f"{c}{utility}抢修队" for c in counties.name]
        county += list(counties.code)
    n, k = len(kind), np.array(kind)
    members = rng.integers(8, 30, n) + np.where(np.isin(k, (7, 8)), 15, 0)
    return Layer(
        points(np.concatenate(xy)),
        {
            "code": codes("DW", n),
            "name": np.array(names),
            "kind": k,
            "members": members,
            "vehicles": np.maximum(members // 8, 1),
            "contact": np.full(n, "值班岗（示例）"),
            "phone": phones(n, 1000),
            "duty": _duty("team", n),
            "county_code": np.array(county),
            "nature": nature(n),
        },
    )


def _duty(theme: str, count: int) -> np.ndarray:
    """On duty, standby, out; drawn apart, so that nothing else of the theme changes."""
    return generator(f"{theme} duty").choice([1, 2, 3], count, p=[0.55, 0.37, 0.08])


def _depots(sites: Sites) -> Layer:
    rng = generator("depot")
    towns, counties = sites.towns, sites.counties
    rows = np.sort(spread(rng, towns.xy, 24))
    xy = np.concatenate(
        [
            sites.around(rng, np.repeat(sites.centre[None], 3, 0), 1500, 5000),
            sites.around(rng, counties.xy, 400, 1200),
            sites.around(rng, towns.xy[rows], 150, 600),
        ]
    )
    n = len(xy)
    size = np.r_[np.full(3, 12), np.full(len(counties), 4), np.ones(len(rows))]
    names = [
        *(f"洛阳市第{i}应急物资库" for i in "一二三"),
        *(f"{c}应急物资库" for c in counties.name),
        *(f"{town_name(t)}应急物资点" for t in towns.name[rows]),
    ]
    return Layer(
        points(xy),
        {
            "code": codes("WZ", n),
            "name": np.array(names),
            "kind": np.r_[1, 2, 3, np.where(rng.random(n - 3) < 0.6, 1, 2)],
            "tents": (size * rng.uniform(40, 90, n)).astype(int),
            "quilts": (size * rng.uniform(150, 400, n)).astype(int),
            "pumps": (size * rng.uniform(1, 6, n)).astype(int),
            "boats": (size * rng.uniform(0, 2, n)).astype(int),
            "sandbags": (size * rng.uniform(1500, 5000, n)).astype(int),
            "area_m2": (size * rng.uniform(120, 260, n)).astype(int),
            "contact": np.full(n, "保管岗（示例）"),
            "phone": phones(n, 3000),
            "duty": _duty("depot", n),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )


def _shelters(sites: Sites) -> Layer:
    rng = generator("shelter")
    towns, counties, village = sites.towns, sites.counties, sites.villages
    home = np.flatnonzero(village.kind == "居")
    rows = home[pick(rng, village.population[home] + 1.0, 150)]
    xy = np.concatenate(
        [
            sites.around(rng, counties.xy, 650, 1500),
            sites.around(rng, towns.xy, 80, 500),
            sites.around(rng, village.xy[rows], 30, 200),
        ]
    )
    n = len(xy)
    kind = np.r_[
        np.full(len(counties), 5),
        rng.choice([2, 3, 4], len(towns), p=[0.5, 0.3, 0.2]),
        rng.choice([1, 2], len(rows), p=[0.7, 0.3]),
    ]
    area = np.round(
        np.select(
            [kind == 5, kind == 1],
            [rng.uniform(20000, 60000, n), rng.uniform(800, 4000, n)],
            rng.uniform(2500, 14000, n),
        ),
        -1,
    ).astype(int)
    each = np.array([M2_PER_PERSON[int(k)] for k in kind])
    names = [
        *(f"{c}中心避难场所" for c in counties.name),
        *(f"{town_name(t)}避难场所" for t in towns.name),
        *(f"{village_name(v)}紧急避难点" for v in village.name[rows]),
    ]
    return Layer(
        points(xy),
        {
            "code": codes("BN", n),
            "name": np.array(names),
            "kind": kind,
            "area_m2": area,
            "m2_per_person": each,
            "capacity": np.floor(area / each).astype(int),
            "indoor": rng.random(n) < 0.3,
            "contact": np.full(n, "管理岗（示例）"),
            "phone": phones(n, 4000),
            "county_code": np.r_[counties.code, towns.county, village.county[rows]],
            "township_code": np.r_[
                towns.code[sites.town_within(xy[: len(counties)], counties.code)],
                towns.code,
                village.township[rows],
            ],
            "nature": nature(n),
        },
    )


def _incidents(sites: Sites) -> Layer:
    rng = generator("incident")
    village = sites.villages
    rows = pick(rng, village.population + 1.0, 12)
    xy = sites.around(rng, village.xy[rows], 50, 600)
    kind = np.array([1, 2, 3, 4, 5, 6] * 2)
    ends = {1: "交通事故", 2: "火灾", 3: "滑坡险情", 4: "内涝", 5: "管线泄漏", 6: "急救"}
    start = datetime(2025, 7, 16, 8, tzinfo=timezone(timedelta(hours=8)))
    return Layer(
        points(xy),
        {
            "code": codes("SJ", 12),
            "name": np.array(
                [
                    f"{village_name(village.name[r])}{ends[int(k)]}（演练）"
                    for r, k in zip(rows, kind, strict=True)
                ]
            ),
            "kind": kind,
            "level": rng.choice([3, 4], 12, p=[0.25, 0.75]),
            "time": np.array(
                [start + timedelta(minutes=int(m)) for m in np.sort(rng.integers(0, 2800, 12))], object
            ),
            "status": np.r_[np.full(7, 3), 2, 2, 2, 1, 1],
            "injured": rng.integers(0, 5, 12),
            "county_code": village.county[rows],
            "nature": nature(12),
        },
    )


def _hospitals(sites: Sites) -> Layer:
    rng = generator("hospital")
    towns, counties = sites.towns, sites.counties
    big = sites.inside(sites.scatter(rng, sites.main_city, 8), np.repeat(sites.centre[None], 8, 0))
    groups = [
        (1, big, [f"洛阳市第{i}人民医院" for i in "一二三四五六七八"], sites.county_of(big)),
        (
            2,
            sites.around(rng, counties.xy, 420, 1000),
            [f"{c}人民医院" for c in counties.name],
            counties.code,
        ),
        (2, sites.around(rng, counties.xy, 500, 1300), [f"{c}中医院" for c in counties.name], counties.code),
        (
            3,
            sites.around(rng, towns.xy, 60, 400),
            [
                f"{town_name(t)}{'社区卫生服务中心' if k == '街道' else '卫生院'}"
                for t, k in zip(towns.name, towns.kind, strict=True)
            ],
            towns.county,
        ),
        (
            4,
            sites.around(rng, counties.xy, 450, 1200),
            [f"{c}疾控中心" for c in counties.name],
            counties.code,
        ),
        (5, sites.around(rng, counties.xy, 450, 1400), [f"{c}急救站" for c in counties.name], counties.code),
    ]
    level = np.concatenate([np.full(len(xy), k) for k, xy, _, _ in groups])
    xy = np.concatenate([g[1] for g in groups])
    n = len(level)
    county = np.concatenate([np.asarray(g[3]) for g in groups])
    town = sites.town_within(xy, county)
    town[level == 3] = np.arange(len(towns))
    beds = np.select(
        [level == 1, level == 2, level == 3],
        [rng.integers(650, 1800, n), rng.integers(180, 620, n), rng.integers(20, 110, n)],
        0,
    )
    doctors = np.maximum((beds * rng.uniform(0.25, 0.45, n)).astype(int), 4)
    return Layer(
        points(xy),
        {
            "code": codes("YY", n),
            "name": np.array([name for g in groups for name in g[2]]),
            "level": level,
            "beds": beds,
            "doctors": doctors,
            "duty_doctors": np.maximum((doctors * generator("hospital duty").uniform(0.12, 0.22, n)).astype(int), 1),
            "phone": phones(n, 5000),
            "telemed": (level == 1) | ((level == 2) & (rng.random(n) < 0.4)),
            "pilot": (level == 3) & (rng.random(n) < 0.12),
            "county_code": county,
            "township_code": towns.code[town],
            "nature": nature(n),
        },
    )
