"""Levels of cells to warning zones: majority, least area, polygons that share their borders, well-known binary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.kernels import hazard as kernels
from lydigital.kernels.hazard import OUTSIDE, UNKNOWN
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.warning import Level, WarningZone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.domain.interpolation import Lattice
    from lydigital.model.hazardmodel import ZoneRule

_DIGITS = 7  # of a degree: a centimetre


def smoothed(levels: NDArray[np.uint8], rule: ZoneRule, cell_m: float) -> NDArray[np.uint8]:
    """Levels with 254 outside the city after majority and least area.

    An area smaller than the least goes to its largest neighbour (GDAL's sieve, by edges).
    """
    out = np.ascontiguousarray(levels)
    if rule.smooth_cells:
        source, out = out, np.empty_like(out)
        kernels.majority(source, rule.smooth_cells, out)
    least = min(round(rule.min_area_km2 * 1e6 / cell_m**2), out.size - 1)
    if least > 1:
        from rasterio import features

        inside = out != OUTSIDE
        kept = features.sieve(out, least, mask=inside, connectivity=4)
        out = np.where(inside, kept, OUTSIDE).astype(np.uint8)
    return out


def zones_of(
    levels: NDArray[np.uint8], lattice: Lattice, rule: ZoneRule, city: bytes = b""
) -> tuple[WarningZone, ...]:
    """Zones of the levels 1 to 4, the highest and then the largest first; ``levels`` has 254 outside the city.

    Borders are simplified once for both sides, so that neighbours neither overlap nor part (coverage simplification of
    Visvalingam and Whyatt, in GEOS). With ``city``, WKB in the lattice's system, zones end at its border exactly.
    """
    import shapely
    from affine import Affine
    from rasterio import features

    even = smoothed(levels, rule, lattice.cell)
    if city:
        even = _beyond(even, max(2, round(2 * rule.tolerance_m / lattice.cell)))
    place = Affine(lattice.cell, 0.0, lattice.x0, 0.0, -lattice.cell, lattice.y1)
    codes: list[int] = []
    shapes: list[dict[str, object]] = []
    for shape, code in features.shapes(even, transform=place, connectivity=4):
        codes.append(int(code))
        shapes.append(shape)
    if not any(1 <= code <= 4 for code in codes):
        return ()
    polygons: Any = np.array([shapely.geometry.shape(s) for s in shapes], object)
    if rule.tolerance_m > 0:  # with unlevelled ground and beyond: their borders are the zones' too
        polygons = shapely.coverage_simplify(polygons, rule.tolerance_m, simplify_boundary=False)
    if city:
        polygons = _within(polygons, np.array([1 <= code <= 4 for code in codes]), city)
    keep = [i for i, code in enumerate(codes) if 1 <= code <= 4 and not polygons[i].is_empty]
    area = shapely.area(polygons)
    keep.sort(key=lambda i: (codes[i], -area[i], *polygons[i].bounds))
    blobs = to_wkb([polygons[i] for i in keep], lattice.crs)
    km2 = [geodesic_km2(blob) for blob in blobs]
    numbers = dict.fromkeys(range(1, 5), 0)
    out = []
    for i, blob, size in zip(keep, blobs, km2, strict=True):
        numbers[codes[i]] += 1
        out.append(WarningZone(f"{codes[i]}-{numbers[codes[i]]:03d}", Level(codes[i]), blob, round(size, 3)))
    return tuple(out)


def _beyond(levels: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Levels continued ``reach`` cells beyond the city: what is cut off at its border afterwards."""
    from scipy import ndimage

    outside = levels == OUTSIDE
    if not outside.any() or outside.all():
        return levels
    away, (row, column) = ndimage.distance_transform_edt(outside, return_indices=True)
    return np.where(outside & (away <= reach), levels[row, column], levels).astype(np.uint8)


def _within(polygons: Any, wanted: NDArray[np.bool_], city: bytes) -> Any:
    """The parts of the ``wanted`` polygons inside the city."""
    import shapely

    border = shapely.from_wkb(city)
    shapely.prepare(border)
    out = polygons.copy()
    for i in np.flatnonzero(wanted & ~shapely.contains_properly(border, polygons)):
        parts = shapely.get_parts(shapely.get_parts(shapely.intersection(polygons[i], border)))
        out[i] = shapely.multipolygons([p for p in parts if shapely.get_type_id(p) == 3 and not p.is_empty])
    return out


def to_wkb(polygons: list[object], crs: Crs) -> list[bytes]:
    """Polygons of ``crs`` as ISO WKB of multipolygons in EPSG:4490, exteriors counter-clockwise, rounded to 1e-7 degrees."""
    import shapely

    move = transformation(crs, Crs(CGCS2000))
    moved = shapely.transform(np.array(polygons, object), lambda xy: np.round(move.points(np.ascontiguousarray(xy)), _DIGITS))
    multi = [shapely.multipolygons([p]) if shapely.get_type_id(p) == 3 else p for p in moved]
    turned = shapely.orient_polygons(np.array(multi, object))
    blobs: list[bytes] = shapely.to_wkb(turned, flavor="iso", byte_order=1, include_srid=False).tolist()
    return blobs


def geodesic_km2(wkb: bytes) -> float:
    """Ellipsoidal area of a zone."""
    import pyproj
    import shapely

    geod = pyproj.Geod(ellps="GRS80")
    area, _ = geod.geometry_area_perimeter(shapely.from_wkb(wkb))
    return abs(float(area)) / 1e6


def unknown_share(levels: NDArray[np.uint8]) -> float:
    """Share of the city whose rain is not known."""
    inside = levels != OUTSIDE
    return float((levels == UNKNOWN).sum() / max(int(inside.sum()), 1))
