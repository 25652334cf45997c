"""The thematic half of the sample city: every layer of the catalogue that the base does not fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sample_data import (
    culture,
    education,
    egov,
    emergency,
    hazards,
    pipelines,
    residents,
    resources,
    services,
    society,
    survey,
    telecom,
)
from sample_data.routes import Routes
from sample_data.sites import Sites

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from sample_data.city import City, Layer


def layers(city: City) -> Iterator[tuple[str, dict[str, Any], np.ndarray | None]]:
    """Layer id, columns and shapely geometry (None for tables) of every thematic layer."""
    assert city.roads is not None, "the road graph comes first: cables follow roads"
    sites = Sites(city)
    routes = Routes(city.roads)
    made: dict[str, Layer] = {}
    for part in (
        hazards.layers(city, sites),
        emergency.layers(city, sites),
        telecom.layers(city, sites, routes),
        egov.layers(city, sites),
        education.layers(city, sites, routes),
        society.layers(city, sites),
        culture.layers(city, sites),
        resources.layers(city, sites),
        pipelines.layers(city, sites),
        survey.layers(city, sites),
        services.layers(sites, made),  # these two count and locate what the others made
        residents.layers(city, sites, made),
    ):
        for layer_id, layer in part:
            made[layer_id] = layer
            yield layer_id, layer.columns, layer.geometry
