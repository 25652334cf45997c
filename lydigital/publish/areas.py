"""Zones as other programs take them: few points, no holes, WGS84 (EPSG:4490 and EPSG:4326 agree to the decimetre)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.errors import BadDataError

if TYPE_CHECKING:
    import shapely

    from lydigital.model.warning import WarningZone

TOLERANCE_DEG = 0.001  # about 100 m
_DIGITS = 5  # of a degree: a metre
_MOST_POINTS = 400


def shape_of(zone: WarningZone) -> shapely.Geometry:
    """The zone as a valid polygon or multipolygon.

    Raises
    ------
    BadDataError
        When its bytes are none, it is empty, or lies off the globe.
    """
    import shapely

    try:
        shape = shapely.make_valid(shapely.from_wkb(zone.wkb), method="structure", keep_collapsed=False)
    except shapely.errors.GEOSException as error:
        raise BadDataError(
            "The zone {code} cannot be read", hint="Draw it again.", code=zone.code
        ) from error
    polygons = [p for p in shapely.get_parts(shape).tolist() if p.geom_type == "Polygon" and not p.is_empty]
    if not polygons:
        raise BadDataError("The zone {code} is empty", hint="Draw it, or delete it.", code=zone.code)
    made = shapely.MultiPolygon(polygons)
    west, south, east, north = made.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadDataError(
            "The zone {code} does not lie on the globe", hint="Zones are kept in degrees of EPSG:4490.", code=zone.code
        )
    return made


def simple(shape: shapely.Geometry, tolerance_deg: float = TOLERANCE_DEG) -> list[shapely.Polygon]:
    """Polygons of ``shape`` with few points, rounded; holes stay. One that would vanish keeps its hull."""
    import shapely

    out = []
    for part in shapely.get_parts(shape).tolist():
        step, found = tolerance_deg, part
        for _ in range(8):
            found = shapely.simplify(part, step, preserve_topology=True)
            if shapely.count_coordinates(found) <= _MOST_POINTS:
                break
            step *= 2
        rounded = shapely.set_precision(found, 10.0**-_DIGITS)
        pieces = [p for p in shapely.get_parts(rounded).tolist() if p.geom_type == "Polygon" and not p.is_empty]
        out += pieces or [part.envelope]
    return out


def without_holes(polygon: shapely.Polygon) -> list[shapely.Polygon]:
    """The same area as polygons without holes: cut through the middle of each hole from south to north."""
    import shapely

    if not polygon.interiors:
        return [polygon]
    west, south, east, north = polygon.bounds
    hole = polygon.interiors[0].bounds
    at = round((hole[0] + hole[2]) / 2, _DIGITS)
    if not west < at < east:
        at = (hole[0] + hole[2]) / 2
    out: list[shapely.Polygon] = []
    for box in (shapely.box(west, south, at, north), shapely.box(at, south, east, north)):
        cut = shapely.intersection(polygon, box)
        for part in shapely.get_parts(cut).tolist():
            if part.geom_type == "Polygon" and part.area > 0:
                out += without_holes(part)
    return out


def rings(shape: shapely.Geometry) -> list[list[tuple[float, float]]]:
    """Closed outer rings, longitude before latitude, that cover ``shape``: at least four points each, no holes."""
    out = []
    for polygon in simple(shape):
        for piece in without_holes(polygon):
            ring = [(round(x, _DIGITS), round(y, _DIGITS)) for x, y in piece.exterior.coords]
            kept = [p for i, p in enumerate(ring) if i == 0 or p != ring[i - 1]]
            if kept[0] != kept[-1]:
                kept.append(kept[0])
            if len(set(kept)) >= 3:
                out.append(kept)
    return out
