"""The base of the sample city in its order of making."""

from __future__ import annotations

import shapely

from sample_data import (
    land,
    landmarks,
    places,
    rails,
    roads,
    settlements,
    streets,
    surroundings,
    terrain,
    water,
)
from sample_data.city import City


def build() -> City:
    """Terrain, water, administrative units, settlements, transport and land."""
    city = City(terrain.build())
    water.build(city, shapely.union_all(places.county_polygons()))
    places.build(city)
    surroundings.build(city)
    settlements.build(city)
    grid = streets.build(city)
    roads.build(city, grid)
    rails.build(city)
    landmarks.build(city)
    land.build(city, grid)
    return city
