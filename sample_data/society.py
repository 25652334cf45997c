"""People and units, enterprises, the informatization index."""

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
    points,
    shape_array,
    town_name,
    village_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


PILOTS, DEMONSTRATIONS, NUMERICAL = 50, 25, 8  # 制造业信息化：试点、示范、数控化改造
ADDED_OUTPUT = 80.0  # 亿元，示范企业新增产值80多亿元
GRID_M = 600.0
INDEX_WEIGHTS = (0.25, 0.25, 0.20, 0.20, 0.10)  # IDI-I, default and editable


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    yield "seat", _seats(city)
    yield "urban_community", _communities(city, sites)
    yield "grid", _grid(sites)
    yield "population_unit", _population(sites)
    yield "legal_unit", _legal(sites)
    yield "enterprise", _enterprises(sites)
    yield "county_index", _index(sites)


def _seats(city: City) -> Layer:
    """City and county seats once more, to be lettered larger than the townships among which the base keeps them."""
    place = city.layers["place"]
    level = np.asarray(place.columns["level"], str)
    rows = np.flatnonzero(level != "乡")
    return Layer(
        shape_array(place)[rows],
        {
            **{k: np.asarray(place.columns[k])[rows] for k in ("code", "name", "population", "nature")},
            "level": np.where(level[rows] == "市", 1, 2),
        },
    )


def _communities(city: City, sites: Sites) -> Layer:
    rng = generator("urban_community")
    rows = np.flatnonzero(sites.villages.kind == "居")
    unit = sites.villages.take(rows)
    shapes = shapely.coverage_simplify(
        shapely.set_precision(shape_array(city.layers["community"])[rows], 1.0), 110
    )
    n = len(rows)
    urban = np.isin(unit.county, URBAN_COUNTIES)
    return Layer(
        shapes,
        {
            "code": unit.code,
            "name": np.array([village_name(v) for v in unit.name]),
            "households": unit.households,
            "residents": unit.population,
            "floating": np.floor(
                unit.population * rng.uniform(0.03, 0.25, n) * np.where(urban, 1.0, 0.4)
            ).astype(int),
            "elderly": np.floor(unit.population * rng.uniform(0.12, 0.25, n)).astype(int),
            "needy": np.floor(unit.households * rng.uniform(0.005, 0.03, n)).astype(int),
            "platform": rng.random(n) < np.where(urban, 0.45, 0.12),
            "county_code": unit.county,
            "township_code": unit.township,
            "nature": nature(n, ESTIMATED),
        },
    )


def _grid(sites: Sites) -> Layer:
    """Square cells over the main city; the people of each subdistrict are shared among its cells."""
    rng = generator("grid")
    xmin, ymin, xmax, ymax = sites.main_city.bounds
    x, y = np.meshgrid(
        np.arange(xmin // GRID_M, xmax // GRID_M + 1) * GRID_M,
        np.arange(ymin // GRID_M, ymax // GRID_M + 1) * GRID_M,
    )
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
    return Layer(
        cells,
        {
            "code": codes("WG", n),
            "households": np.round(persons / 2.85).astype(int),
            "persons": persons,
            "township_code": sites.towns.code[town],
            "manager": np.array([f"网格员{i:04d}（示例）" for i in range(1, n + 1)]),
            "nature": nature(n, ESTIMATED),
        },
    )


def _population(sites: Sites) -> Layer:
    rng = generator("population_unit")
    towns = sites.towns
    n = len(towns)
    male = np.round(towns.population * rng.uniform(0.495, 0.52, n)).astype(int)
    young = np.round(towns.population * rng.uniform(0.17, 0.24, n)).astype(int)
    old = np.round(towns.population * rng.uniform(0.16, 0.23, n)).astype(int)
    return Layer(
        None,
        {
            "code": towns.code,
            "name": towns.name,
            "county_code": towns.county,
            "population": towns.population,
            "households": towns.households,
            "male": male,
            "female": towns.population - male,
            "age_0_14": young,
            "age_15_59": towns.population - young - old,
            "age_60": old,
            "nature": nature(n, ESTIMATED),
        },
    )


def _legal(sites: Sites) -> Layer:
    rng = generator("legal_unit")
    towns = sites.towns
    n = 480
    town = rng.choice(len(towns), n, p=towns.population / towns.population.sum())
    kind = rng.choice([1, 2, 3, 4], n, p=[0.72, 0.08, 0.14, 0.06])
    sector = np.where(
        kind == 1,
        rng.choice(["A", "B", "C", "F", "G"], n, p=[0.1, 0.05, 0.3, 0.45, 0.1]),
        np.where(kind == 3, "P", "S"),
    )
    ends = {
        "A": "种植合作社",
        "B": "矿业公司",
        "C": "制造公司",
        "F": "商贸公司",
        "G": "运输公司",
        "P": "事业单位",
        "S": "机构",
    }
    return Layer(
        points(sites.around(rng, towns.xy[town], 80, 1400)),
        {
            "credit_code": np.array([f"示例{i:016d}" for i in range(1, n + 1)]),
            "name": np.array(
                [
                    f"{town_name(towns.name[t])}{ends[str(s)]}{i}"
                    for i, (t, s) in enumerate(zip(town, sector, strict=True), 1)
                ]
            ),
            "kind": kind,
            "sector": sector,
            "employees": np.maximum(np.exp(rng.normal(2.8, 1.1, n)), 2).astype(int),
            "county_code": towns.county[town],
            "nature": nature(n),
        },
    )


def _enterprises(sites: Sites) -> Layer:
    rng = generator("enterprise")
    towns = sites.towns
    programme = np.repeat([1, 2, 3], [PILOTS, DEMONSTRATIONS, NUMERICAL])
    n = len(programme)
    town = rng.choice(
        len(towns),
        n,
        p=(weight := towns.population * np.where(towns.kind == "街道", 3.0, 1.0)) / weight.sum(),
    )
    sector = rng.integers(1, 7, n)
    names = {1: "机械", 2: "铝业", 3: "化工", 4: "玻璃", 5: "轴承", 6: "食品"}
    growth = np.full(n, np.nan)
    growth[programme == 2] = allocate(round(ADDED_OUTPUT * 10), rng.uniform(0.5, 2.5, DEMONSTRATIONS)) / 10
    return Layer(
        points(sites.around(rng, towns.xy[town], 250, 1900)),
        {
            "code": codes("QY", n),
            "name": np.array([f"示例{names[int(s)]}厂{i:02d}" for i, s in enumerate(sector, 1)]),
            "programme": programme,
            "cad": rng.random(n) < 0.9,
            "erp": rng.random(n) < np.where(programme == 2, 0.9, 0.45),
            "output_growth": growth,
            "sector": sector,
            "county_code": towns.county[town],
            "nature": nature(n, ESTIMATED),
        },
    )


def _index(sites: Sites) -> Layer:
    rng = generator("county_index")
    counties = sites.counties
    n = len(counties)
    level = np.where(
        np.isin(counties.code, URBAN_COUNTIES), 71.0, np.where(counties.kind == "区", 58.0, 44.0)
    )
    parts = np.round(
        np.clip(level[:, None] + rng.normal(0, 5.5, (n, 5)) + rng.normal(0, 4, (n, 1)), 5, 98), 1
    )
    index = np.round(parts @ np.array(INDEX_WEIGHTS), 1)
    order = np.argsort(-index, kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(1, n + 1)
    shapes = shapely.coverage_simplify(shapely.set_precision(sites.county_shapes, 1.0), 400)
    columns = dict(
        zip(("infrastructure", "usage", "knowledge", "environment", "consumption"), parts.T, strict=True)
    )
    return Layer(
        shapes,
        {
            "code": counties.code,
            "name": counties.name,
            **columns,
            "index": index,
            "rank": rank,
            "nature": nature(n, ESTIMATED),
        },
    )
