"""Points of interest, culture venues, visitor services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import (
    Sites,
    nature,
    points,
    shape_array,
    town_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    yield "poi", _poi(sites)
    yield "venue", _venues(sites)
    yield "tour_service", _tour(city, sites)


_POI_ENDS = {
    1: ("公交站", "停车场", "加油站"),
    2: ("邮政所", "营业厅", "快递点"),
    3: ("旅行社", "游客咨询处"),
    4: ("影城", "茶馆", "健身中心", "文化广场"),
    5: ("书店", "幼儿园", "文化站"),
    6: ("药店", "诊所"),
    7: ("超市", "百货", "农贸市场", "便利店", "商城"),
}


def _poi(sites: Sites) -> Layer:
    rng = generator("poi")
    towns = sites.towns
    city_share, town_share = 1350, 450
    rows = rng.choice(len(towns), town_share, p=towns.population / towns.population.sum())
    xy = np.concatenate(
        [sites.scatter(rng, sites.urban, city_share), sites.around(rng, towns.xy[rows], 40, 500)]
    )
    n = len(xy)
    kind = rng.choice(np.arange(1, 8), n, p=[0.2, 0.1, 0.04, 0.11, 0.15, 0.15, 0.25])
    near = sites.town_of(xy)
    names = [
        f"{town_name(towns.name[t])}{rng.choice(_POI_ENDS[int(k)])}" for t, k in zip(near, kind, strict=True)
    ]
    return Layer(
        points(xy),
        {
            "name": np.array(names),
            "kind": kind,
            "rank": rng.choice([1, 2, 3], n, p=[0.7, 0.24, 0.06]),
            "county_code": towns.county[near],
            "nature": nature(n),
        },
    )


def _venues(sites: Sites) -> Layer:
    rng = generator("venue")
    counties = sites.counties
    ends = {1: "图书馆", 2: "博物馆", 3: "档案馆", 4: "文化馆", 5: "剧院", 6: "体育中心"}
    kind = np.r_[np.arange(1, 7), np.repeat([1, 3, 4], len(counties)), np.repeat([2], len(counties))]
    home = np.r_[np.full(6, -1), np.tile(np.arange(len(counties)), 4)]
    base = np.where((home < 0)[:, None], sites.centre, counties.xy[home])
    xy = sites.around(rng, base, 450, 1400)
    holdings = np.select(
        [kind == 1, kind == 2, kind == 3],
        [rng.uniform(6, 30, len(kind)), rng.uniform(0.1, 1.5, len(kind)), rng.uniform(4, 20, len(kind))],
        np.nan,
    )
    holdings[:3] *= 6
    names = [
        f"{'洛阳市' if h < 0 else counties.name[h]}{ends[int(k)]}" for h, k in zip(home, kind, strict=True)
    ]
    return Layer(
        points(xy),
        {
            "name": np.array(names),
            "kind": kind,
            "holdings": np.round(holdings, 1),
            "online": (home < 0) | (rng.random(len(kind)) < 0.35),
            "level": np.where(home < 0, 1, 2),
            "county_code": sites.county_of(xy),
            "nature": nature(len(kind)),
        },
    )


def _tour(city: City, sites: Sites) -> Layer:
    rng = generator("tour_service")
    counties = sites.counties
    scenic = np.concatenate(
        [
            shapely.get_coordinates(shape_array(city.layers[k]))
            for k in ("scenic", "heritage")
            if k in city.layers
        ]
    )
    labels = np.concatenate(
        [np.asarray(city.layers[k].columns["name"], str) for k in ("scenic", "heritage") if k in city.layers]
    )
    farm = np.repeat(np.arange(len(scenic)), 3)
    hotel = np.repeat(np.arange(len(counties)), 3)
    xy = np.concatenate(
        [
            sites.around(rng, scenic, 80, 350),
            sites.around(rng, counties.xy[hotel], 150, 1200),
            sites.around(rng, scenic[farm], 400, 2500),
        ]
    )
    kind = np.r_[np.full(len(scenic), 1), np.full(len(hotel), 2), np.full(len(farm), 3)]
    n = len(kind)
    names = [
        *(f"{s}游客中心" for s in labels),
        *(f"{counties.name[h]}宾馆{i % 3 + 1}" for i, h in enumerate(hotel)),
        *(f"{labels[f]}农家院{i % 3 + 1}" for i, f in enumerate(farm)),
    ]
    return Layer(
        points(xy),
        {
            "name": np.array(names),
            "kind": kind,
            "beds": np.select([kind == 2, kind == 3], [rng.integers(60, 420, n), rng.integers(8, 40, n)], 0),
            "stars": np.where(kind == 2, rng.integers(2, 6, n), 0),
            "online": rng.random(n) < np.where(kind == 3, 0.2, 0.6),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )
