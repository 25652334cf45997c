"""Where on Earth a map on a page lies, as a PDF says it (ISO 32000-2, 12.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.crs import Crs, transformation

if TYPE_CHECKING:
    from lydigital.publish.arrange import PlacedMap

CORNERS = ((0.0, 1.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0))  # upper left, lower left, lower right, upper right


@dataclass(frozen=True)
class Georeference:
    """A map on a page.

    Attributes
    ----------
    name
        Of the map.
    box
        Left, top, right and bottom on the page, mm.
    corners
        Latitude and longitude of :data:`CORNERS`, degrees of the system's own datum.
    wkt, epsg, is_projected
        The system of the map; ``epsg`` is 0 where it has no such number.
    """

    name: str
    box: tuple[float, float, float, float]
    corners: tuple[tuple[float, float], ...]
    wkt: str
    epsg: int
    is_projected: bool


def of_map(placed: PlacedMap) -> Georeference | None:
    """None where the corners lie outside what the system can reach, or its definition has no name in a PDF."""
    import pyproj

    box, view = placed.box, placed.viewport
    (x, y), reach = view.centre, view.units_per_px * 100
    centre = np.array(placed.to_page(x, y))
    across = np.array([np.array(placed.to_page(x + reach, y)) - centre, np.array(placed.to_page(x, y + reach)) - centre]).T / reach
    pages = np.array([(box.x + u * box.width, box.bottom - v * box.height) for u, v in CORNERS])
    places = np.linalg.solve(across, (pages - centre).T).T + np.array((x, y))
    system = placed.crs.proj
    datum = system.geodetic_crs
    if datum is None:
        return None
    try:
        wkt = system.to_wkt("WKT1_ESRI")
    except pyproj.exceptions.CRSError:
        return None
    to_degrees = transformation(placed.crs, Crs(datum.to_wkt()))
    corners = tuple((lat, lon) for lon, lat in (to_degrees.point(*place) for place in places.tolist()))
    if not all(math.isfinite(value) for corner in corners for value in corner):
        return None
    return Georeference(
        placed.item.name or placed.item.id, (box.x, box.y, box.right, box.bottom), corners, wkt, system.to_epsg() or 0, not placed.crs.is_geographic
    )
