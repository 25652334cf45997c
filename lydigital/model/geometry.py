"""Ragged geometry arrays in the GeoArrow manner: the one shape of geometry every kernel reads.

Always *multi*: a feature has parts, a part has rings, a ring has vertices. Points have one vertex a ring, lines one
ring a part; so one code path serves all. Arrays are read-only: a new state is a new object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import classes, ragged, small
from lydigital.model import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

type_names = {1: "point", 2: "line", 3: "polygon"}
_LONG = 24  # vertices a ring on average, that make thinning worth it
_THIN = 0.25  # of the vertices, that are left at most
_MOST_THIN = 0.3  # of the vertices, that all kept levels of a layer have


class GeometryKind(IntEnum):
    """Topological dimension of a layer plus one."""

    POINT = 1
    LINE = 2
    POLYGON = 3


def _frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Thinned:
    """``coords``, ``importance`` and ``ring_offsets`` without the vertices that matter less than a tolerance."""

    coords: NDArray[np.float64]
    importance: NDArray[np.float32]
    ring_offsets: NDArray[np.int64]


@dataclass(frozen=True)
class GeometryArray:
    """Geometries of one layer.

    Attributes
    ----------
    kind
        Point, line or polygon; one kind a layer.
    coords
        ``(n, 2) float64``, map units, axis order x = easting/longitude, y = northing/latitude.
    ring_offsets
        ``(rings + 1,) int64`` into ``coords``. Rings of polygons repeat their first vertex at the end.
    part_offsets
        ``(parts + 1,) int64`` into rings. The first ring of a polygon part is its exterior, the rest are holes.
    geom_offsets
        ``(features + 1,) int64`` into parts. Equal neighbours are an empty geometry.
    bounds
        ``(features, 4) float64`` as xmin, ymin, xmax, ymax; NaN for empty geometries.
    importance
        ``(n,) float32`` in map units or None: a vertex may be left out of any picture whose tolerance is larger.
        Ends of lines and ring anchors carry +inf.
    """

    kind: GeometryKind
    coords: NDArray[np.float64]
    ring_offsets: NDArray[np.int64]
    part_offsets: NDArray[np.int64]
    geom_offsets: NDArray[np.int64]
    bounds: NDArray[np.float64] = field(default=None)  # type: ignore[arg-type]
    importance: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        given: NDArray[np.float64] | None = self.bounds
        if given is None:
            object.__setattr__(
                self, "bounds", ragged.feature_bounds(self.coords, self.ring_offsets, self.geom_rings)
            )
        for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets", "bounds", "importance"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _frozen(value))

    def __len__(self) -> int:
        return len(self.geom_offsets) - 1

    @cached_property
    def geom_rings(self) -> NDArray[np.int64]:
        """``(features + 1,) int64`` offsets straight into rings, skipping the part level."""
        return np.ascontiguousarray(self.part_offsets[self.geom_offsets])

    @cached_property
    def blocks(self) -> NDArray[np.float64]:
        """``(blocks, 5) float64`` bounds of each run of ``small.BLOCK`` features and the longest side of any of them."""
        return ragged.block_sizes(self.bounds, small.BLOCK)

    @cached_property
    def area_memo(self) -> NDArray[np.float32]:
        """``(features,) float32`` areas of polygons as far as drawing needed them yet, NaN elsewhere; written by kernels."""
        return np.full(len(self), np.nan, np.float32)

    @cached_property
    def total_bounds(self) -> tuple[float, float, float, float]:
        """Bounds of everything as xmin, ymin, xmax, ymax; NaN when all is empty."""
        if len(self) == 0 or np.all(np.isnan(self.bounds[:, 0])):
            return (np.nan, np.nan, np.nan, np.nan)
        low, high = np.nanmin(self.bounds[:, :2], axis=0), np.nanmax(self.bounds[:, 2:], axis=0)
        return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    @cached_property
    def _levels(self) -> dict[int, Thinned | None]:
        return {}

    def thinned(self, tolerance: float) -> Thinned | GeometryArray:
        """Without most of the vertices of less importance than ``tolerance`` (map units), or itself where they are few.

        Walking over vertices that are left out costs more than drawing the others where those are few. Levels are made
        for powers of two and kept.
        """
        importance = self.importance
        rings = max(len(self.ring_offsets) - 1, 1)
        if importance is None or len(self.coords) < _LONG * rings or not 0.0 < tolerance < np.inf:
            return self
        number = math.floor(math.log2(tolerance))
        levels = self._levels
        if number not in levels:
            keep = importance >= 2.0**number
            ends = np.concatenate([[0], np.cumsum(keep)])
            found = None
            if ends[-1] <= _THIN * len(keep):
                found = Thinned(self.coords[keep], importance[keep], ends[self.ring_offsets])
                if self.kind is GeometryKind.POLYGON:  # or drawing would work them out from what is left
                    self.area_memo[:] = classes.ring_areas(self.coords, self.ring_offsets, self.part_offsets, self.geom_offsets)
            room = _MOST_THIN * len(keep) - (0 if found is None else len(found.importance))
            for key, level in list(levels.items())[::-1]:  # the latest stay
                room -= 0 if level is None else len(level.importance)
                if room < 0 and level is not None:
                    levels.pop(key, None)
            levels[number] = found
        return levels.get(number) or self

    def take(self, index: NDArray[np.integer]) -> GeometryArray:
        """Geometries at ``index`` ``(k,)``, in that order, as an array of their own."""
        coords, rings, parts, geoms, source = ragged.take(
            self.coords, self.ring_offsets, self.part_offsets, self.geom_offsets, np.asarray(index, np.int64)
        )
        return GeometryArray(
            self.kind,
            coords,
            rings,
            parts,
            geoms,
            self.bounds[index],
            None if self.importance is None else self.importance[source],
        )

    @classmethod
    def empty(cls, kind: GeometryKind) -> GeometryArray:
        zero = np.zeros(1, np.int64)
        return cls(kind, np.zeros((0, 2)), zero, zero.copy(), zero.copy(), np.zeros((0, 4)))

    @classmethod
    def from_points(cls, xy: NDArray[np.float64]) -> GeometryArray:
        """One point a feature from ``(n, 2)`` coordinates in map units."""
        steps = np.arange(len(xy) + 1, dtype=np.int64)
        return cls(
            GeometryKind.POINT, np.ascontiguousarray(xy, np.float64), steps, steps.copy(), steps.copy()
        )

    @classmethod
    def from_rings(
        cls, kind: GeometryKind, features: list[list[list[list[tuple[float, float]]]]]
    ) -> GeometryArray:
        """Features → parts → rings → vertices as nested lists. For tests and small inputs."""
        coords: list[tuple[float, float]] = []
        rings, parts, geoms = [0], [0], [0]
        for feature in features:
            for part in feature:
                for ring in part:
                    coords.extend(ring)
                    rings.append(len(coords))
                parts.append(len(rings) - 1)
            geoms.append(len(parts) - 1)
        array = np.array(coords, np.float64).reshape(-1, 2)
        return cls(
            kind, array, np.array(rings, np.int64), np.array(parts, np.int64), np.array(geoms, np.int64)
        )

    def to_shapely(self, index: NDArray[np.integer] | None = None) -> NDArray[np.object_]:
        """Shapely geometries ``(k,) object`` (multi types), for algorithms that need them."""
        import shapely

        some = self if index is None else self.take(index)
        offsets: tuple[NDArray[np.int64], ...]
        if self.kind is GeometryKind.POINT:
            if not len(some.coords):  # shapely trips over points that are all empty
                return np.full(len(some), shapely.MultiPoint(), object)
            offsets, kind = (some.geom_rings,), shapely.GeometryType.MULTIPOINT
        elif self.kind is GeometryKind.LINE:
            offsets, kind = (some.ring_offsets, some.geom_rings), shapely.GeometryType.MULTILINESTRING
        else:
            offsets = (some.ring_offsets, some.part_offsets, some.geom_offsets)
            kind = shapely.GeometryType.MULTIPOLYGON
        shapes: NDArray[np.object_] = shapely.from_ragged_array(kind, some.coords, offsets)
        return shapes

    @classmethod
    def from_shapely(cls, kind: GeometryKind, shapes: NDArray[np.object_]) -> GeometryArray:
        """From shapely geometries ``(n,) object`` of ``kind``, single or multi; None and other kinds become empty."""
        import shapely

        return cls.from_wkb(kind, shapely.to_wkb(shapes, byte_order=1).tolist())

    @classmethod
    def from_wkb(cls, kind: GeometryKind, blobs: Sequence[bytes | None]) -> GeometryArray:
        """From well-known binary (ISO or EWKB, single or multi); None, broken and other kinds become empty."""
        from lydigital.kernels import wkb

        data, offsets = columns.joined(blobs)
        coords, rings, parts, geoms, _ = wkb.parse(data, offsets, int(kind))
        return cls(kind, coords, rings, parts, geoms)
