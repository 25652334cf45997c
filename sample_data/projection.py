"""GCJ-02 to WGS84, and longitude and latitude to the map's CRS."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from pyproj import Transformer

from sample_data.city import CRS

_A, _EE = 6378245.0, 0.00669342162296594323


@lru_cache
def _transformer() -> Transformer:
    return Transformer.from_crs("EPSG:4490", CRS, always_xy=True)


def project(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Easting and northing (m) of CGCS2000 longitude and latitude; WGS84 is taken as the same datum at this scale."""
    return _transformer().transform(lon, lat)


def unproject(x: Any, y: Any) -> tuple[Any, Any]:
    """Longitude and latitude of easting and northing."""
    return _transformer().transform(x, y, direction="INVERSE")


def gcj_from_wgs(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The GCJ-02 displacement as reverse-engineered by the community (not an official formula)."""
    x, y = lon - 105.0, lat - 35.0
    pi, sin, root = np.pi, np.sin, np.sqrt(np.abs(x))
    p = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    d_lat += (
        (p + 20 * sin(pi * y) + 40 * sin(pi * y / 3) + 160 * sin(pi * y / 12) + 320 * sin(pi * y / 30))
        * 2
        / 3
    )
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    d_lon += (
        (p + 20 * sin(pi * x) + 40 * sin(pi * x / 3) + 150 * sin(pi * x / 12) + 300 * sin(pi * x / 30))
        * 2
        / 3
    )
    phi = np.radians(lat)
    m = 1 - _EE * sin(phi) ** 2
    d_lat = d_lat * 180 / (_A * (1 - _EE) / (m * np.sqrt(m)) * pi)
    d_lon = d_lon * 180 / (_A / np.sqrt(m) * np.cos(phi) * pi)
    return lon + d_lon, lat + d_lat


def wgs_from_gcj(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The iterative inverse of :func:`gcj_from_wgs` (1e-9 degrees)."""
    x, y = np.array(lon, float), np.array(lat, float)
    for _ in range(30):
        gx, gy = gcj_from_wgs(x, y)
        dx, dy = lon - gx, lat - gy
        x, y = x + dx, y + dy
        if max(np.abs(dx).max(initial=0), np.abs(dy).max(initial=0)) < 1e-9:
            break
    return x, y
