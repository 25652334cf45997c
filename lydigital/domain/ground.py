"""The ground of a hazard computation: townships, susceptibility and hazard points of the map on one grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.domain.hazard import OUTSIDE_CODE, Ground
from lydigital.domain.interpolation import Lattice
from lydigital.errors import BadDataError, CrsError
from lydigital.model import columns
from lydigital.model.hazardrun import Place
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.table import FeatureTable

SIDE = 1500  # cells a side at most, unless a size is named
_LEAST_CELL, _MOST_CELLS = 10.0, 36_000_000


def lattice_of(bounds: tuple[float, float, float, float], crs: Crs, cell_m: float = 0.0) -> Lattice:
    """A grid over ``bounds`` whose corners are multiples of the cell; ``cell_m`` 0 takes whole tens of metres.

    Raises
    ------
    CrsError
        When the system is one of degrees, or Web Mercator, whose metres are none.
    BadDataError
        When there are no bounds, or the cells are too small for them.
    """
    if crs.is_geographic or not 0.99 < crs.metres_per_unit < 1.01 or "Mercator / Pseudo" in crs.name or crs.definition == "EPSG:3857":
        raise CrsError(
            "Hazards cannot be computed in {crs}: its units are no metres on the ground", crs=crs.definition,
            hint="Use a projected system, for example EPSG:4546.",
        )  # fmt: skip
    x0, y0, x1, y1 = bounds
    if not all(map(math.isfinite, bounds)) or x1 <= x0 or y1 <= y0:
        raise BadDataError("There are no townships to compute levels for", hint="Add a layer of townships with polygons.")
    cell = float(cell_m or max(_LEAST_CELL, math.ceil(max(x1 - x0, y1 - y0) / SIDE / 10) * 10))
    west, north = math.floor(x0 / cell) * cell, math.ceil(y1 / cell) * cell
    columns_, rows = math.ceil((x1 - west) / cell), math.ceil((north - y0) / cell)
    if cell < _LEAST_CELL or rows * columns_ > _MOST_CELLS:
        raise BadDataError(
            "Cells of {cell} m are too small for this area", hint="Choose larger ones; 50 to 200 m are usual.", cell=cell
        )
    return Lattice(rows, columns_, west, north, cell, crs)


def ground_of(
    townships: FeatureTable, zones: FeatureTable | None, points: FeatureTable | None, lattice: Lattice, *,
    outside: str = "low", susceptibility: NDArray[np.uint8] | None = None,
) -> tuple[Ground, tuple[Issue, ...]]:  # fmt: skip
    """Townships, susceptibility zones and hazard points on a grid; all tables in its system.

    Parameters
    ----------
    zones
        With ``susceptibility`` 1 very high to 4 low; where zones overlap the higher counts.
    outside
        Susceptibility of ground outside them: "low", "moderate" or "" for none.
    susceptibility
        ``(rows, columns)`` instead of ``zones``.

    Raises
    ------
    BadDataError
        When there are no townships, or more than the grid can number.
    """
    issues: list[Issue] = []
    township = burnt(townships, np.arange(len(townships)), lattice, np.int16)
    area = columns.numbers(townships.column("area_km2")) if "area_km2" in townships.column_names else np.zeros(len(townships))
    people = columns.numbers(townships.column("population")) if "population" in townships.column_names else np.zeros(len(townships))
    cells = np.bincount(township[township >= 0].ravel(), minlength=len(townships))
    by_cells = cells * lattice.cell**2 / 1e6
    area = np.where(np.isfinite(area) & (area > 0), area, by_cells)
    words = [townships.column(name).to_pylist() for name in ("code", "name", "county_code", "county")]
    places = tuple(
        Place(code or "", name or "", county_code or "", county or "", round(float(area[i]), 3), int(np.nan_to_num(people[i])),
              int(cells[i]))
        for i, (code, name, county_code, county) in enumerate(zip(*words, strict=True))
    )  # fmt: skip
    if susceptibility is None:
        susceptibility, found = _susceptibility(zones, township, lattice, outside)
        issues += found
    point_cell, point_township, kinds, at_risk = _points(points, places, lattice)
    city = outline(townships)
    return Ground(lattice, susceptibility, township, places, point_cell, point_township, kinds, at_risk, city), tuple(issues)


def outline(townships: FeatureTable) -> bytes:
    """All townships as one polygon in WKB, without the slivers between them; b"" when there are none."""
    import shapely

    shapes = shapely.make_valid(townships.geometry.to_shapely())
    whole = shapely.union_all(shapes)
    polygons = [shapely.polygons(p.exterior) for p in shapely.get_parts(whole) if shapely.get_type_id(p) == 3]
    return bytes(shapely.to_wkb(shapely.multipolygons(polygons), byte_order=1)) if polygons else b""


def burnt(table: FeatureTable, values: NDArray[Any], lattice: Lattice, dtype: Any, *, outside: int = -1) -> NDArray[Any]:
    """The value of the polygon that has a cell's centre; later rows lie above earlier ones."""
    from affine import Affine
    from rasterio import features

    place = Affine(lattice.cell, 0.0, lattice.x0, 0.0, -lattice.cell, lattice.y1)
    shapes = [(s, int(v)) for s, v in zip(table.geometry.to_shapely(), values, strict=True) if not s.is_empty]
    shape = (lattice.rows, lattice.columns)
    if not shapes:
        return np.full(shape, outside, dtype)
    made: NDArray[Any] = features.rasterize(shapes, shape, fill=outside, transform=place, dtype=dtype)
    return made


def _susceptibility(
    zones: FeatureTable | None, township: NDArray[np.int16], lattice: Lattice, outside: str
) -> tuple[NDArray[np.uint8], list[Issue]]:
    rest = OUTSIDE_CODE[outside]
    out = np.zeros((lattice.rows, lattice.columns), np.uint8)
    issues = []
    if zones is not None and len(zones):
        codes = columns.numbers(zones.column("susceptibility"))
        good = (codes >= 1) & (codes <= 4) & (codes == np.round(codes))
        if not good.all():
            issues.append(Issue(
                "hazard.zone_class", "warning", "{count} susceptibility zones have no class from 1 to 4 and were left out",
                "Give them one.", count=int((~good).sum()), values={"count": str(int((~good).sum()))},
            ))  # fmt: skip
        order = np.lexsort((zones.fid, -codes))
        order = order[good[order]]
        some = type(zones)(zones.fid[order], zones.columns.take(columns.rows(order)), zones.geometry.take(order), zones.crs)
        out = burnt(some, codes[order], lattice, np.uint8, outside=0)
    inside = township >= 0
    bare = inside & (out == 0)
    if bare.any():
        share = float(bare.sum() / max(int(inside.sum()), 1))
        out[bare] = rest
        text = "as low" if outside == "low" else "as moderate" if outside == "moderate" else "and is never warned"
        issues.append(Issue(
            "hazard.outside", "warning" if share > 0.999 else "note",
            {"low": "{percent} % of the city lies outside all susceptibility zones and counts as low",
             "moderate": "{percent} % of the city lies outside all susceptibility zones and counts as moderate",
             "": "{percent} % of the city lies outside all susceptibility zones and is never warned"}[outside],
            "The model's key outside decides it.", values={"percent": f"{100 * share:.1f}", "as": text},
        ))  # fmt: skip
    out[~inside] = 0
    return out, issues


def _points(
    points: FeatureTable | None, places: tuple[Place, ...], lattice: Lattice
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cell, township (by code: borders and codes differ in vintage), type and people of the hazard points, by fid."""
    if points is None or not len(points):
        return (np.zeros(0, np.int64),) * 4
    row = points.geometry.geom_rings[:-1]
    has = np.diff(points.geometry.geom_rings) > 0
    xy = np.full((len(points), 2), np.nan)
    xy[has] = points.geometry.coords[points.geometry.ring_offsets[row[has]]]
    cell = np.full(len(points), -1, np.int64)
    cell[has] = lattice.cells_of(xy[has])
    number = {p.code: i for i, p in enumerate(places)}
    township = np.array([number.get(str(c), -1) for c in points.column("township_code").to_pylist()], np.int64)
    kinds = columns.whole_numbers(columns.numbers(points.column("kind")))
    people = columns.whole_numbers(columns.numbers(points.column("threat_people")))
    order = np.argsort(points.fid, kind="stable")  # the same order however the table was read
    return cell[order], township[order], kinds[order], people[order]
