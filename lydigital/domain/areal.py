"""People (or anything counted by areas) inside an area that cuts the units they were counted in, and outside it.

Both sides are worked out by themselves: what is left over, the residual, shows that nobody was lost or counted twice. How
people of a unit are shared, by where they live or by plain area, see :mod:`lydigital.domain.population`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.population import SLIVER, polygonal, shares
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.domain.population import Weights

    Floats = NDArray[np.float64]

_TILE_VERTICES = 1_000  # of an area: beyond, it is handled tile by tile, for GEOS takes an area whole for every unit it cuts
_MOST_TILES = 24  # a side


@dataclass(frozen=True, eq=False)
class Split:
    """Parts of each unit's people inside and outside an area.

    Attributes
    ----------
    inside, outside
        ``(units,) float64`` shares of 0 to 1, worked out by themselves.
    by_area
        ``(units,)`` the share by plain area.
    way
        ``(units,) int8``: number of the weights its people were shared by, or ``PLAIN`` or ``WHOLE`` of
        :mod:`lydigital.domain.population`.
    """

    inside: Floats
    outside: Floats
    by_area: Floats
    way: NDArray[np.int8]

    def served(self, counted: Floats) -> Floats:
        """People inside by unit; NaN where there is no figure."""
        return counted * self.inside

    def low(self, counted: Floats) -> Floats:
        """Fewest that can be inside: those of units that lie inside as a whole, with all that people live on."""
        return np.where(np.minimum(self.by_area, self.inside) >= 1 - SLIVER, counted, 0.0) + 0.0 * counted

    def high(self, counted: Floats) -> Floats:
        """Most that can be inside: all of units that the area reaches, or somewhere people live in them."""
        return np.where(np.maximum(self.by_area, self.inside) > SLIVER, counted, 0.0) + 0.0 * counted

    def residual(self, counted: Floats) -> float:
        """All less those inside and those outside."""
        return float(np.nansum(counted) - np.nansum(counted * self.inside) - np.nansum(counted * self.outside))


def split(units: FeatureTable, area: object, counted: Floats, weights: Sequence[Weights] = ()) -> Split:
    """How much of every unit lies inside an area and how much outside.

    Parameters
    ----------
    units
        Polygons in a projected system.
    area
        A valid shapely (multi)polygon in the same system, or an empty one.
    counted, weights
        As for :func:`lydigital.domain.population.shares`.
    """
    import pyarrow as pa
    import shapely

    n = len(units)
    if not n:
        none = np.zeros(0)
        return Split(none, none, none, np.zeros(0, np.int8))
    pieces, is_inside = _pieces(area, units.geometry.total_bounds)
    kept = ~shapely.is_empty(pieces)
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, pieces[kept])
    zones = FeatureTable(np.arange(len(geometry), dtype=np.int64), pa.table({}), geometry, units.crs)
    found = shares(units, zones, counted, weights)
    mine = is_inside[kept][found.zone]

    def summed(values: Floats, some: NDArray[np.bool_]) -> Floats:
        return np.bincount(found.row[some], values[some], minlength=n).astype(np.float64)

    way = np.full(n, np.iinfo(np.int8).min, np.int8)
    np.maximum.at(way, found.row, found.way)
    return Split(
        np.clip(summed(found.share, mine), 0.0, 1.0), np.clip(summed(found.share, ~mine), 0.0, 1.0),
        np.clip(summed(found.by_area, mine), 0.0, 1.0), way,
    )  # fmt: skip


def _pieces(area: object, bounds: tuple[float, float, float, float]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """The area and what is not it, within ``bounds``, cut along a grid when it has many vertices; and which are the area."""
    import shapely

    side = int(np.clip(np.ceil(np.sqrt(int(shapely.get_num_coordinates(area)) / _TILE_VERTICES)), 1, _MOST_TILES))
    x0, y0, x1, y1 = bounds
    xs, ys = np.linspace(x0 - 1.0, x1 + 1.0, side + 1), np.linspace(y0 - 1.0, y1 + 1.0, side + 1)
    tiles = shapely.box(np.repeat(xs[:-1], side), np.tile(ys[:-1], side), np.repeat(xs[1:], side), np.tile(ys[1:], side))
    parts = shapely.get_parts(np.array([area], object))  # one by one, so that a tile meets only what reaches it
    tile, part = shapely.STRtree(parts).query(tiles)
    common = polygonal(shapely.intersection(parts[part], tiles[tile]))
    pieces, of_pair = shapely.get_parts(common, return_index=True)  # parts of one area have no more than points in common
    inside = np.full(len(tiles), shapely.Polygon(), object)
    order = np.argsort(tile[of_pair], kind="stable")
    if len(order):
        shapely.multipolygons(pieces[order], indices=tile[of_pair][order], out=inside)
    outside = polygonal(shapely.difference(tiles, inside))
    return np.concatenate([inside, outside]), np.arange(2 * len(tiles)) < len(tiles)
