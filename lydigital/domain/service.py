"""What sites of a service reach: buffers, dissolved before anything is summed, so that nobody is served twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.population import polygonal
from lydigital.model.coverage import ServiceArea, Site
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.measures import areas_m2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.coverage import Method
    from lydigital.model.crs import Crs
    from lydigital.model.impact import Provenance

    Shapes = NDArray[np.object_]

QUAD_SEGS = 16  # a circle has 64 sides: 0.16 % less area than the true one
_NAMED = 5  # sites an issue names


@dataclass(frozen=True, eq=False)
class Sites:
    """Places a service comes from.

    Attributes
    ----------
    shapes
        ``(n,)`` shapely points, lines or areas in a projected system; None or empty where a row has no geometry.
    reach
        ``(n,)`` metres or seconds; NaN where not known.
    """

    fid: NDArray[np.int64]
    codes: Sequence[str]
    names: Sequence[str]
    shapes: Shapes
    reach: NDArray[np.float64]
    crs: Crs

    def __len__(self) -> int:
        return len(self.fid)

    def called(self, rows: NDArray[np.int64]) -> str:
        """Some of them by name, for an issue."""
        some = "、".join(self.names[r] or self.codes[r] or str(self.fid[r]) for r in rows[:_NAMED].tolist())
        return some + ("…" if len(rows) > _NAMED else "")


def buffers(sites: Sites) -> tuple[Shapes, list[str]]:
    """What lies within the reach of each site, and why a site has none: ``no_place``, ``no_reach`` or "".

    Areas with a reach of 0 stand for themselves.
    """
    import shapely

    out = np.full(len(sites), shapely.Polygon(), object)
    missing = shapely.is_missing(sites.shapes) | shapely.is_empty(sites.shapes)
    is_area = shapely.get_dimensions(sites.shapes) == 2
    known = np.isfinite(sites.reach) & ((sites.reach > 0) | (is_area & (sites.reach == 0)))
    fit = np.flatnonzero(~missing & known)
    if len(fit):
        distance = sites.reach[fit] / sites.crs.metres_per_unit
        valid = shapely.make_valid(sites.shapes[fit])
        out[fit] = np.where(distance > 0, shapely.buffer(valid, distance, quad_segs=QUAD_SEGS), valid)
    return polygonal(out), ["no_place" if m else "" if k else "no_reach" for m, k in zip(missing, known, strict=True)]


def dissolved(shapes: Shapes) -> object:
    """All shapes as one (multi)polygon."""
    import shapely

    some = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return polygonal(np.array([shapely.union_all(some)], object))[0] if len(some) else shapely.Polygon()


def area_of(
    method: Method, title: str, sites: Sites, pieces: Shapes | None, problems: Sequence[str], *, whole: object = None,
    own_km2: NDArray[np.float64] | None = None, whole_km2: float | None = None, city: object = None, parameters: Sequence[tuple[str, str]] = (), provenance: Sequence[Provenance] = (),
    issues: Sequence[Issue] = (),
) -> ServiceArea:  # fmt: skip
    """Pieces of sites as one service area, measured on the ellipsoid.

    Parameters
    ----------
    pieces, problems
        What each site reaches (None: not worked out one by one), and why it reaches nothing (see :func:`said`).
    whole
        All pieces together, where whoever made them knows it already.
    own_km2, whole_km2
        Area of what each site reaches and of all together, where whoever made them knows it already.
    city
        Outline, in the system of the sites; None where it is not known.
    """
    import shapely

    shape = dissolved(np.zeros(0, object) if pieces is None else pieces) if whole is None else whole
    own = own_km2
    if pieces is not None and own is None:
        own = np.nan_to_num(areas_m2(pieces, sites.crs)) / 1e6
    parts = shapely.get_parts(np.array([shape], object))
    area = whole_km2
    if area is None:
        area = float(np.nansum(areas_m2(parts, sites.crs))) / 1e6 if len(parts) else 0.0
    outside = city_km2 = None
    found = [*issues, *said(sites, problems, city)]
    if city is None:
        found.append(Issue(
            "coverage.no_city", "warning", "The outline of the city is not known: no share of it is given",
            "Add the layer of counties or townships.",
        ))  # fmt: skip
    else:
        city_km2 = float(areas_m2(np.array([city], object), sites.crs)[0]) / 1e6
        outside = _beyond(parts, city, sites.crs) if area else 0.0
    told = tuple(
        Site(
            int(fid), sites.codes[i], sites.names[i], float(sites.reach[i]) if np.isfinite(sites.reach[i]) else None,
            None if problems[i] or own is None else float(own[i]), problems[i],
        )
        for i, fid in enumerate(sites.fid.tolist())
    )  # fmt: skip
    kind = GeometryKind.POLYGON
    each = np.full(len(sites), None, object) if pieces is None else pieces
    return ServiceArea(
        method, title, GeometryArray.from_shapely(kind, np.array([shape], object)), GeometryArray.from_shapely(kind, each),
        told, sites.crs, area, None if own is None else float(own.sum()), outside, city_km2, tuple(parameters), tuple(provenance), tuple(found),
    )  # fmt: skip


def said(sites: Sites, problems: Sequence[str], city: object) -> list[Issue]:
    """What is wrong with sites, each reason once with how many and some of their names."""
    import shapely

    found = []
    if not len(sites):
        found.append(Issue(
            "coverage.no_sites", "warning", "There is no site: nothing is reached",
            "Choose another layer or another condition.",
        ))  # fmt: skip
    for problem, (code, message, hint) in _PROBLEMS.items():
        rows = np.flatnonzero(np.array(problems, object) == problem)
        if len(rows):
            found.append(Issue(
                code, "warning", message, hint, count=len(rows), values={"count": str(len(rows)), "names": sites.called(rows)}
            ))  # fmt: skip
    if city is not None and len(sites):
        shapely.prepare(city)
        known = ~(shapely.is_missing(sites.shapes) | shapely.is_empty(sites.shapes))
        rows = np.flatnonzero(known & ~shapely.intersects(city, sites.shapes))
        if len(rows):
            found.append(Issue(
                "coverage.site_outside", "warning", "{count} sites lie outside the city: {names}",
                "Check their coordinates. What they reach inside the city counts, what lies beyond does not.",
                count=len(rows), values={"count": str(len(rows)), "names": sites.called(rows)},
            ))  # fmt: skip
    return found


_PROBLEMS = {
    "no_place": (
        "coverage.no_place", "{count} sites have no place and reach nothing: {names}", "Give them one, or delete the rows.",
    ),
    "no_reach": (
        "coverage.no_reach", "{count} sites have no reach and reach nothing: {names}",
        "Fill in the field of the radius, or name a reach for all of them.",
    ),
    "outside": (
        "coverage.off_terrain", "{count} sites stand beyond the terrain model, what they see is not known: {names}",
        "Load a terrain model that covers them.",
    ),
    "no_height": (
        "coverage.no_terrain", "The terrain model has no height where {count} sites stand, what they see is not known: {names}",
        "Fill the gaps of the terrain model.",
    ),
    "off_road": (
        "coverage.off_road", "{count} sites are not near any road and reach nothing: {names}",
        "Check their coordinates and the layer of roads.",
    ),
}  # fmt: skip


def _beyond(parts: Shapes, city: object, crs: Crs) -> float:
    """Square kilometres outside the city."""
    import shapely

    shapely.prepare(city)
    cut = parts[~shapely.contains_properly(city, parts)]
    if not len(cut):
        return 0.0
    left = polygonal(shapely.difference(cut, city))
    return float(np.nansum(areas_m2(left, crs))) / 1e6
