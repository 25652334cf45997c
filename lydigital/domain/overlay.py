"""What lies inside what: counts, areas and lengths of features inside polygons, planar and exact.

All layers are in the same projected system. Zones are handled one by one, each with the features whose bounds meet its own;
several threads share them (the kernels release the GIL): zones with points or lines, or very many zones, some at a time. Where two boundaries lie upon one another the pair is solved by
GEOS instead.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lydigital.errors import CrsError
from lydigital.kernels import overlay as kernels
from lydigital.model.geometry import GeometryKind
from lydigital.model.table import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.table import FeatureTable

    Pairs: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]

_ZONES = 64  # zones one thread takes at once
_TASKS = 128  # about as many with polygons: a task of its own for every small zone would cost more than the zone


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
    g = features.geometry
    features.block_bounds, g.geom_rings, zones.geometry.geom_rings  # noqa: B018 - made once, before the threads
    work = _areas if g.kind is GeometryKind.POLYGON else _amounts
    count = len(zones)
    size = 1 + count // _TASKS if g.kind is GeometryKind.POLYGON else _ZONES
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        tasks = [pool.submit(work, features, zones, i, min(i + size, count)) for i in range(0, count, size)]
        found = [task.result() for task in tasks]
    if not found:
        return Inside(count, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    zone, row, amount = (np.concatenate(some) for some in zip(*found, strict=True))
    return Inside(count, zone, row, amount)


def _amounts(features: FeatureTable, zones: FeatureTable, first: int, last: int) -> Pairs:
    """Points or lines inside the zones ``first`` to ``last``."""
    z, g = zones.geometry, features.geometry
    zone, row, amount = kernels.amounts_inside(
        z.coords, z.ring_offsets, z.geom_rings, z.bounds, first, last, g.coords, g.ring_offsets, g.geom_rings, g.bounds,
        features.block_bounds, BLOCK, g.kind is GeometryKind.LINE,
    )  # fmt: skip
    unsolved = np.flatnonzero(np.isnan(amount))
    if len(unsolved):
        for number in np.unique(zone[unsolved]).tolist():
            some = unsolved[zone[unsolved] == number]
            amount[some] = _by_geos(features, zones, row[some], number)
        meets = amount > 0.0
        zone, row, amount = zone[meets], row[meets], amount[meets]
    return zone, row, amount


def _areas(features: FeatureTable, zones: FeatureTable, first: int, last: int) -> Pairs:
    """Polygons that meet the zones ``first`` to ``last``."""
    zone, row, amount = zip(*(_areas_of(features, zones, number) for number in range(first, last)), strict=True)
    return np.concatenate(zone), np.concatenate(row), np.concatenate(amount)


def _areas_of(features: FeatureTable, zones: FeatureTable, first: int) -> Pairs:
    """Polygons that meet one zone."""
    z, g = zones.geometry, features.geometry
    rows = features.rows_in(tuple(z.bounds[first]))
    amounts = kernels.areas_inside(
        z.coords, z.ring_offsets, z.geom_rings, first, g.coords, g.ring_offsets, g.geom_rings, g.bounds, rows
    )
    unsolved = np.flatnonzero(np.isnan(amounts))
    if len(unsolved):
        amounts[unsolved] = _by_geos(features, zones, rows[unsolved], first)
    meets = amounts >= 0.0
    rows = rows[meets]
    return np.full(len(rows), first, np.int32), rows, amounts[meets]


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
