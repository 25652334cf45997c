"""What lies inside what: counts, areas and lengths of features inside polygons, planar and exact.

All layers are in the same projected system. Zones are handled one by one, each with the features whose bounds meet its own;
several threads share them (the kernels release the GIL). Where two boundaries lie upon one another the pair is solved by
GEOS instead.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import CrsError
from lydigital.kernels import overlay as kernels
from lydigital.model.geometry import GeometryKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable


@dataclass(frozen=True, eq=False)
class Inside:
    """Pairs of zone and feature: ``zone`` and ``row`` ``(pairs,) int32``, ``amount`` ``(pairs,) float64``.

    Ordered by zone, then row. ``amount`` is the area (m²) or length (m) inside, or 1 for points.
    """

    zones: int
    zone: NDArray[np.int32]
    row: NDArray[np.int32]
    amount: NDArray[np.float64]

    @property
    def count(self) -> NDArray[np.int64]:
        """Features that meet each zone, ``(zones,)``."""
        return np.bincount(self.zone, minlength=self.zones).astype(np.int64)

    @property
    def total(self) -> NDArray[np.float64]:
        """Amount in each zone, ``(zones,)``."""
        return np.bincount(self.zone, self.amount, minlength=self.zones).astype(np.float64)


def inside(features: FeatureTable, zones: FeatureTable, *, threads: int = 0) -> Inside:
    """Every pair of a zone (polygon) and a feature that meets it, with how much of the feature lies inside.

    Parameters
    ----------
    features
        Points, lines or polygons in the system of ``zones``.
    threads
        0: one a processor.

    Raises
    ------
    CrsError
        When the systems differ or are geographic: areas in square degrees mean nothing.
    """
    if features.crs.definition != zones.crs.definition or zones.crs.is_geographic:
        raise CrsError(
            "Overlay needs both layers in one projected system, not {first} and {second}",
            hint="Use the map's own system, for example EPSG:4546.",
            first=features.crs.definition, second=zones.crs.definition,
        )  # fmt: skip
    work = _work(features, zones)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        found = list(pool.map(work, range(len(zones))))
    zone = np.repeat(np.arange(len(zones), dtype=np.int32), [len(rows) for rows, _ in found])
    row = np.concatenate([rows for rows, _ in found]) if found else np.zeros(0, np.int32)
    amount = np.concatenate([amounts for _, amounts in found]) if found else np.zeros(0)
    return Inside(len(zones), zone, row, amount)


def _work(
    features: FeatureTable, zones: FeatureTable
) -> Callable[[int], tuple[NDArray[np.int32], NDArray[np.float64]]]:
    z, g = zones.geometry, features.geometry
    rings = g.geom_rings
    features.block_bounds  # noqa: B018 - made once, before the threads

    def points(number: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        rows = features.rows_in(tuple(z.bounds[number]))
        rows = kernels.points_inside(
            z.coords, z.ring_offsets, z.geom_rings, number, g.coords, g.ring_offsets, rings, rows
        )
        return rows, np.ones(len(rows))

    def others(number: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        rows = features.rows_in(tuple(z.bounds[number]))
        kernel = kernels.areas_inside if g.kind is GeometryKind.POLYGON else kernels.lengths_inside
        amounts = kernel(
            z.coords, z.ring_offsets, z.geom_rings, number, g.coords, g.ring_offsets, rings, g.bounds, rows
        )
        unsolved = np.flatnonzero(np.isnan(amounts))
        if len(unsolved):
            amounts[unsolved] = _by_geos(features, zones, rows[unsolved], number)
        meets = amounts >= 0.0 if g.kind is GeometryKind.POLYGON else amounts > 0.0
        return rows[meets], amounts[meets]

    return points if g.kind is GeometryKind.POINT else others


def _by_geos(
    features: FeatureTable, zones: FeatureTable, rows: NDArray[np.int32], number: int
) -> NDArray[np.float64]:
    """Amounts for the few pairs the kernels leave open; -1 where they only touch or do not meet."""
    import shapely

    zone = shapely.make_valid(zones.geometry.to_shapely(np.array([number]))[0])
    shapes = shapely.make_valid(features.geometry.to_shapely(rows))
    common = shapely.intersection(shapes, zone)
    if features.geometry.kind is GeometryKind.LINE:
        return np.asarray(shapely.length(common), np.float64)
    return np.where(shapely.intersects(shapes, zone), shapely.area(common), -1.0)
