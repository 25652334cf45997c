"""Households by grid and building, fictitious: as many as the buildings of some blocks of the main city could hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import Sites, codes, nature, phones, shape_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOUSEHOLDS = 2000
GRIDS = 6
_SHARES = (0.78, 0.08, 0.02, 0.06, 0.04, 0.02)  # of the categories 1 to 6


def layers(city: City, sites: Sites, made: Mapping[str, Layer]) -> Iterator[tuple[str, Layer]]:
    yield "resident", _residents(city, sites, made["grid"])


def _residents(city: City, sites: Sites, grid: Layer) -> Layer:
    rng = generator("resident")
    building = city.layers["building"]
    homes = np.flatnonzero(np.asarray(building.columns["kind"]) == "住宅")
    middle = shapely.centroid(shape_array(building)[homes])
    home, cell = shapely.STRtree(shape_array(grid)).query(middle, predicate="within")
    persons_in = np.asarray(grid.columns["persons"])
    busy = np.argsort(-np.bincount(cell, minlength=len(grid)) * (persons_in > 1500), kind="stable")[:GRIDS]
    near = np.flatnonzero(np.isin(cell, busy))
    floors = np.asarray(building.columns["floors"], float)[homes[home[near]]]
    at = np.sort(rng.choice(near, HOUSEHOLDS, p=floors / floors.sum()))
    at = at[np.lexsort((home[at], cell[at]))]
    category = rng.choice(np.arange(1, 7), HOUSEHOLDS, p=_SHARES)
    persons = np.where(category == 4, 1, rng.choice([1, 2, 3, 4, 5, 6], HOUSEHOLDS, p=[0.12, 0.3, 0.33, 0.16, 0.06, 0.03]))
    lodging = (rng.random(HOUSEHOLDS) < 0.16) & (category != 4)
    floating = np.where(lodging, np.ceil(persons * rng.uniform(0.3, 1.0, HOUSEHOLDS)), 0).astype(int)
    township = np.asarray(grid.columns["township_code"])[cell[at]]
    county = dict(zip(sites.towns.code.tolist(), sites.towns.county.tolist(), strict=True))
    return Layer(
        None,
        {
            "code": codes("JM", HOUSEHOLDS),
            "grid_code": np.asarray(grid.columns["code"])[cell[at]],
            "township_code": township,
            "county_code": [county[t] for t in township.tolist()],
            "building": [f"{n}号楼" for n in (homes[home[at]] + 1).tolist()],  # the number the store gives the building
            "head": [f"示例户主{i:04d}" for i in range(1, HOUSEHOLDS + 1)],
            "phone": phones(HOUSEHOLDS, 20000),
            "persons": persons,
            "floating": floating,
            "category": category,
            "nature": nature(HOUSEHOLDS),
        },
    )
