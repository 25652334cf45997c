"""What villages are reached by, and statistics by county and year: both agree with the sites the other themes made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import Layer, generator
from sample_data.sites import ESTIMATED, URBAN_COUNTIES, Sites, allocate, nature, shape_array, village_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

YEARS = np.arange(2001, 2007)
BASE = 2005  # the year of the plan's figures
CITY, CITY_NAME = "410300", "洛阳市"
CITY_2005 = 6_380_000  # people, between the censuses of 2000 (6 227 665) and 2010 (6 549 941)
_GROWTH = 0.00505  # a year, between them
_PLAN, _OWN = "规划文本（市合计）、推算（区县）", "推算"


def layers(sites: Sites, made: Mapping[str, Layer]) -> Iterator[tuple[str, Layer]]:
    yield "village_service", _villages(sites, made)
    yield "statistic", _statistics(sites, made)


def _villages(sites: Sites, made: Mapping[str, Layer]) -> Layer:
    """Telephone and television are in every village; data networks as the townships' projects count them."""
    rng = generator("village_service")
    village = sites.villages
    n = len(village)
    rural, urban = village.kind == "村", np.isin(village.county, URBAN_COUNTIES)
    project = made["village_project"].columns
    connected = dict(zip(project["code"].tolist(), project["network"].tolist(), strict=True))
    network = ~rural & (rng.random(n) < np.where(urban, 0.97, 0.85))
    height = sites.height(village.xy)
    ease = village.population / 1500 - height / 700 + rng.normal(0, 0.6, n)
    for town, count in connected.items():
        rows = np.flatnonzero(rural & (village.township == town))
        network[rows[np.argsort(-ease[rows], kind="stable")[:count]]] = True
    broadband = network & (rng.random(n) < np.where(urban | ~rural, 0.95, np.clip(0.75 - height / 2000, 0.2, 0.75)))
    points = shapely.points(village.xy)
    mobile = np.zeros(n, bool)
    mobile[np.unique(shapely.STRtree(points).query(shape_array(made["mobile_coverage"]), predicate="intersects")[1])] = True
    stations = set(np.asarray(made["terminal_site"].columns["village_code"]).tolist())
    by_town = {t: np.flatnonzero(village.township == t) for t in np.unique(village.township).tolist()}
    for town, site in zip(made["agri_station"].columns["township_code"], shape_array(made["agri_station"]), strict=True):
        rows = by_town[str(town)]
        stations.add(str(village.code[rows[shapely.distance(points[rows], site).argmin()]]))
    return Layer(
        None,
        {
            "village_code": village.code,
            "village_name": np.array([village_name(v) for v in village.name]),
            "township_code": village.township,
            "county_code": village.county,
            "year": np.full(n, 2006),
            "phone": rural | (rng.random(n) < 0.985),
            "mobile": mobile,
            "broadband": broadband,
            "tv": rural | (rng.random(n) < 0.99),
            "network": network,
            "station": np.isin(village.code, sorted(stations)),
            "nature": nature(n),
        },
    )


# --- statistics ------------------------------------------------------------------------------------------------------


def _statistics(sites: Sites, made: Mapping[str, Layer]) -> Layer:
    """One row a unit, year and item; the city's amounts are the sums of the counties', its rates their means by people."""
    rng = generator("statistic")
    people = allocate(CITY_2005, sites.counties.population)
    rows: list[tuple] = []
    for name, unit, values, source in _items(rng, sites, people, made):
        weights = people if unit in {"%", "年", "系数"} else None
        city = values.sum(axis=0) if weights is None else weights @ values / weights.sum()
        digits = 4 if unit == "系数" else 2 if values.dtype.kind == "f" else 0
        for code, title, line in zip(
            [CITY, *sites.counties.code], [CITY_NAME, *sites.counties.name], [city, *values], strict=True
        ):
            rows += [
                (str(code), str(title), int(y), name, round(float(v), digits), unit, source)
                for y, v in zip(YEARS, line, strict=True)
            ]
    columns = zip(*rows, strict=True)
    names = ("unit_code", "unit_name", "year", "item", "value", "unit", "source")
    return Layer(None, dict(zip(names, map(list, columns), strict=True)) | {"nature": nature(len(rows), ESTIMATED)})


def _items(
    rng: np.random.Generator, sites: Sites, people: NDArray[np.int64], made: Mapping[str, Layer]
) -> Iterator[tuple[str, str, NDArray, str]]:
    """Item, unit, values (counties, years) and source. What the networks count stands as they count it in 2005."""
    counties = sites.counties
    n, back = len(counties), YEARS - BASE
    urban = np.isin(counties.code, URBAN_COUNTIES)
    wealth = np.where(urban, 1.0, np.where(counties.kind == "区", 0.62, 0.42)) * rng.uniform(0.9, 1.1, n)

    def amounts(base: NDArray, growth: float, spread: float = 0.02) -> NDArray[np.int64]:
        """``base`` in 2005, growing by ``growth`` a year, the faster the later a county began."""
        pace = 1 + growth * (1.15 - 0.3 * wealth)[:, None] + rng.normal(0, spread, (n, 1))
        return np.round(base[:, None] * pace**back).astype(np.int64)

    def rates(base: NDArray, step: float, noise: float) -> NDArray[np.float64]:
        return np.round(base[:, None] + step * back + rng.normal(0, noise, (n, len(YEARS))), 4)

    def counted(layer: str, column: str) -> NDArray[np.float64]:
        c = made[layer].columns
        code, value = np.asarray(c["county_code"], str), np.nan_to_num(np.asarray(c[column], float))
        return np.array([value[code == k].sum() for k in counties.code])

    population = np.round(people[:, None] * (1 + _GROWTH) ** back).astype(np.int64)
    homes = allocate(int(CITY_2005 / 3.42), counties.households)
    yield "population", "人", population, _OWN
    yield "households", "户", amounts(homes, 0.012, 0.0), _OWN
    yield "fixed_capacity", "门", amounts(counted("exchange", "capacity_lines"), 0.14), _PLAN
    yield "fixed_phone_users", "户", amounts(counted("exchange", "in_use"), 0.13), _OWN
    yield "mobile_users", "户", amounts(counted("base_station", "users"), 0.24), _PLAN
    broadband = counted("broadband_pop", "users")
    yield "broadband_users", "户", amounts(broadband, 0.85), _PLAN
    yield "catv_users", "户", amounts(counted("catv_node", "users"), 0.07), _PLAN
    computers = people * 0.055 * wealth
    yield "pc", "台", amounts(np.round(computers), 0.22), _OWN
    yield "internet_users", "人", amounts(np.round(broadband * 2.6 + people * 0.018 * wealth), 0.38), _OWN
    yield "literacy", "%", np.minimum(np.round(rates(89 + 8 * wealth, 0.45, 0.15), 2), 99.6), _OWN
    yield "school_years", "年", np.round(rates(6.9 + 2.9 * wealth, 0.09, 0.03), 2), _OWN
    gdp = people * 1.05 * wealth**1.6 / 1e4 * 2.88
    yield "gdp", "亿元", _money(gdp, 0.145, back, rng), _OWN
    yield "it_value_added", "亿元", _money(gdp * 0.028 * wealth, 0.21, back, rng), _OWN
    yield "it_rd", "亿元", _money(gdp * 0.0011 * wealth, 0.2, back, rng), _OWN
    yield "info_consumption", "系数", np.clip(rates(0.12 + 0.16 * wealth, 0.012, 0.004), 0, 1), _OWN
    yield "egov_services", "项", amounts(counted("gov_portal", "services"), 0.3), _OWN
    trade = allocate(10_000, counted("agri_station", "trade"))
    yield "online_trade", "万元", amounts(trade, 0.35), _PLAN


def _money(base: NDArray, growth: float, back: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.round(base[:, None] * (1 + growth + rng.normal(0, 0.01, (len(base), 1))) ** back, 2)
