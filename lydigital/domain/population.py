"""People in areas that cut the units they were counted in: areal and dasymetric interpolation.

Both preserve volume: over areas that divide a unit without gap or overlap the parts of its people add up to all of them.
Plain: ``P = Σ p_j · A(j∩z) / A_j``. Dasymetric: ``P = Σ p_j · Σ_c w_c A(c∩j∩z) / Σ_c w_c A(c∩j)`` over the polygons ``c``
that people live on (Goodchild & Lam 1980; Eicher & Brewer 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.overlay import inside
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs

SLIVER = 0.005  # part of a unit's area that is taken for two drawings of one border, not for a part of the unit
PLAIN, WHOLE = -1, -2


@dataclass(frozen=True, eq=False)
class Weights:
    """Polygons that people live on.

    Attributes
    ----------
    table
        In the system of the units.
    density
        ``(n,) float64`` weight of a m² of each.
    least
        m² (weighted) a head that a unit must have, or the layer is incomplete there and not used.
    """

    table: FeatureTable
    density: NDArray[np.float64]
    least: float = 0.0


@dataclass(frozen=True, eq=False)
class Shares:
    """Pairs of zone and unit that meet: ``zone``, ``row`` ``(pairs,) int32``; ``share`` of its people ``(pairs,) float64``.

    Attributes
    ----------
    by_area
        The share by plain area.
    way
        ``(pairs,) int8``: number of the weights used, ``PLAIN`` for area, ``WHOLE`` for a unit that lies inside.
    """

    zones: int
    zone: NDArray[np.int32]
    row: NDArray[np.int32]
    share: NDArray[np.float64]
    by_area: NDArray[np.float64]
    way: NDArray[np.int8]

    def people(self, counted: NDArray[np.float64]) -> NDArray[np.float64]:
        """People in each zone ``(zones,)``, from those of each unit (NaN: not known, left out)."""
        return self._summed(np.nan_to_num(counted)[self.row] * self.share)

    def least(self, counted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fewest possible: of units that lie inside."""
        return self._summed(np.nan_to_num(counted)[self.row] * (self.by_area >= 1 - SLIVER))

    def most(self, counted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Most possible: of all units that reach in."""
        return self._summed(np.nan_to_num(counted)[self.row] * (self.by_area > SLIVER))

    def _summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self.zone, values, minlength=self.zones).astype(np.float64)


def shares(
    units: FeatureTable, zones: FeatureTable, counted: NDArray[np.float64], weights: Sequence[Weights] = ()
) -> Shares:
    """How much of each unit's people each zone has.

    Parameters
    ----------
    units, zones
        Polygons in one projected system.
    counted
        ``(units,) float64`` people, to tell whether a layer of weights is complete in a unit.
    weights
        The first that is complete in a unit is used there.
    """
    found = inside(units, zones)
    whole = _areas(units.geometry)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_area = np.clip(found.amount / whole[found.row], 0.0, 1.0)
    keep = by_area > 0.0
    zone, row, by_area = found.zone[keep], found.row[keep], by_area[keep]
    by_area[by_area > 1 - 1e-12] = 1.0
    share, way = by_area.copy(), np.full(len(zone), PLAIN, np.int8)
    way[by_area == 1.0] = WHOLE
    cut = np.flatnonzero(by_area < 1.0)
    if len(cut) and weights:
        pieces = _pieces(units, zones, row[cut], zone[cut])
        for number, layer in enumerate(weights):
            left = way[cut] == PLAIN
            some = cut[left]
            if not len(some):
                break
            part = _shares_by(layer, units, row[some], _table(pieces[left], units.crs), counted)
            fit = np.isfinite(part)
            share[some[fit]] = part[fit]
            way[some[fit]] = number
    return Shares(len(zones), zone, row, share, by_area, way)


def _shares_by(
    layer: Weights, units: FeatureTable, row: NDArray[np.int32], pieces: FeatureTable, counted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted area in each piece by that in its unit; NaN where the unit has too little of it."""
    import pyarrow as pa

    cut, of_cut = np.unique(row, return_inverse=True)
    cut_units = FeatureTable(units.fid[cut], pa.table({}), units.geometry.take(cut), units.crs)
    in_unit, in_piece = inside(layer.table, cut_units), inside(layer.table, pieces)
    all_of = np.bincount(in_unit.zone, in_unit.amount * layer.density[in_unit.row], minlength=len(cut))
    part = np.bincount(in_piece.zone, in_piece.amount * layer.density[in_piece.row], minlength=len(pieces))
    enough = (all_of > 0) & (all_of >= layer.least * np.nan_to_num(counted[cut]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(enough[of_cut], np.clip(part / all_of[of_cut], 0.0, 1.0), np.nan)


def _pieces(
    units: FeatureTable, zones: FeatureTable, row: NDArray[np.int32], zone: NDArray[np.int32]
) -> NDArray[np.object_]:
    """What each pair has in common ``(pairs,)``."""
    import shapely

    # the same shape stands in many pairs: it is made once
    some_rows, at_row = np.unique(row, return_inverse=True)
    some_zones, at_zone = np.unique(zone, return_inverse=True)
    unit_shapes = shapely.make_valid(units.geometry.to_shapely(some_rows))
    zone_shapes = zones.geometry.to_shapely(some_zones)
    shapely.prepare(zone_shapes)
    common: NDArray[np.object_] = shapely.intersection(unit_shapes[at_row], zone_shapes[at_zone])
    return polygonal(common)


def polygonal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The areas among the parts of each shape: lines and points where two areas only touch are left out."""
    import shapely

    out = shapes.copy()
    for i in np.flatnonzero(shapely.get_type_id(shapes) == 7).tolist():
        parts = shapely.get_parts(shapes[i])
        out[i] = shapely.multipolygons(shapely.get_parts(parts[shapely.get_dimensions(parts) == 2]))
    flat = np.isin(shapely.get_type_id(out), (3, 6))
    out[~flat] = shapely.Polygon()
    return out


def _table(shapes: NDArray[np.object_], crs: Crs) -> FeatureTable:
    import pyarrow as pa

    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, shapes)
    fid = np.arange(1, len(shapes) + 1, dtype=np.int64)
    return FeatureTable(fid, pa.table({}), geometry, crs)


def _areas(geometry: GeometryArray) -> NDArray[np.float64]:
    """Planar area of every polygon."""
    import shapely

    area: NDArray[np.float64] = shapely.area(geometry.to_shapely())
    return area
