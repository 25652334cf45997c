"""The base of the sample city in its order of making."""

from __future__ import annotations

import shapely

from sample_data import places, settlements, terrain, water
from sample_data.city import City


def build() -> City:
    """Terrain, water, administrative units, settlements, transport and land."""
    city = City(terrain.build())
    water.build(city, shapely.union_all(places.county_polygons()))
    places.build(city)
    settlements.build(city)
    return city
