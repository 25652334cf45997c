"""What antennas of the map see of its terrain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.commands.work.sites import city_of, source_of
from lydigital.domain import service, viewshed
from lydigital.errors import BadDataError
from lydigital.model.grid import Grid
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.commands.coverage import Area
    from lydigital.model.coverage import ServiceArea
    from lydigital.model.crs import Crs
    from lydigital.session import Session

MAST_M = 30.0  # of antennas without a height of their own
MOST_CELLS = 60_000_000


def seen(
    session: Session, wanted: Area, sites: service.Sites, height: NDArray[np.float64] | None, title: str
) -> ServiceArea:
    """What antennas ``height`` metres above the ground (None: not known of any) see within their reach."""
    reach = sites.reach
    known = np.isfinite(reach) & (reach > 0) & ~shapely.is_missing(sites.shapes) & ~shapely.is_empty(sites.shapes)
    middle = shapely.centroid(sites.shapes)
    xy = shapely.bounds(middle)[:, :2] if len(sites) else np.zeros((0, 2))
    issues = []
    if height is None:
        height = np.full(len(sites), math.nan)
    low = int((~np.isfinite(height)).sum())
    if low:
        issues.append(Issue(
            "coverage.mast", "note", "{count} antennas have no height of their own: {height} m above the ground are taken",
            "Name a height, or fill in the field height_m of the layer.", count=low, values={"count": str(low), "height": f"{MAST_M:g}"},
        ))  # fmt: skip
    height = np.where(np.isfinite(height), height, MAST_M)
    far = float(reach[known].max()) if known.any() else 0.0
    bounds = _around(xy[known], far)
    grid = terrain_of(session, bounds, sites.crs)
    session.progressed.emit(tr("Lines of sight"), 0.1)
    found = viewshed.windows(grid, np.where(np.isfinite(xy), xy, np.inf), height, np.where(known, reach, 0.0), receiver_m=wanted.receiver_m)
    session.progressed.emit(tr("Lines of sight"), 0.6)
    states = viewshed.together(found, grid.values.shape)
    gaps = float((states == viewshed.UNKNOWN).sum()) * grid.cell[0] * grid.cell[1] * sites.crs.metres_per_unit**2 / 1e6
    if gaps:
        issues.append(Issue(
            "coverage.gaps", "warning", "Whether {area} km² are seen is not known: the terrain model has gaps there or on the way",
            "Fill the gaps of the terrain model; these areas do not count as reached.", values={"area": f"{gaps:,.2f}"},
        ))  # fmt: skip
    problems = [w.problem for w in found]
    for i in np.flatnonzero(~known).tolist():
        problems[i] = "no_reach" if np.isfinite(xy[i]).all() else "no_place"
    own = tr("each its own")
    return service.area_of(
        "viewshed", title, sites, None, problems, whole=viewshed.polygon(states, grid), own_km2=viewshed.areas_km2(found, grid),
        whole_km2=viewshed.area_km2(states, grid), city=city_of(session, sites.crs),
        parameters=(
            (tr("Reach"), f"{wanted.reach_m:g} m" if wanted.reach_m else own),
            (tr("Antenna height"), f"{wanted.height_m:g} m" if wanted.height_m else own), (tr("Receiver height"), f"{wanted.receiver_m:g} m"),
            (tr("Earth radius"), "4/3"), (tr("Terrain cell"), f"{grid.cell[0]:g} m"),
        ),
        provenance=(source_of(session, wanted.layer), source_of(session, "relief")), issues=issues,
    )  # fmt: skip


def _around(xy: NDArray[np.float64], far: float) -> tuple[float, float, float, float]:
    if not len(xy):
        return (0.0, 0.0, 0.0, 0.0)
    low, high = xy.min(axis=0) - far, xy.max(axis=0) + far
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def terrain_of(session: Session, bounds: tuple[float, float, float, float], crs: Crs) -> Grid:
    """The terrain of the map within ``bounds`` in a projected system, resampled where it is in another one or too fine.

    Raises
    ------
    BadDataError
        When the map has none.
    """
    from lydigital.domain.interpolation import Lattice, resampled

    found = session.table("relief") if session.ref("relief") is not None else None
    if found is None or isinstance(found, FeatureTable):
        raise BadDataError("The map has no terrain", hint="Add a terrain model as the layer relief.")
    number = next((i for i, level in enumerate(found.levels) if level.rows * level.columns <= MOST_CELLS), len(found.levels) - 1)
    level = found.levels[number]
    if isinstance(found, Grid) and number == 0:
        grid = found
    else:
        grid = Grid(found.read(number, (0, level.rows), (0, level.columns)), found.origin, level.cell, found.crs)
    if grid.crs.definition == crs.definition:
        return grid
    from lydigital.domain.terrain import cell_metres

    across, down = cell_metres(grid)
    cell = max(float(np.sqrt(across.mean() * down.mean())), math.sqrt((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / MOST_CELLS), 1.0)
    rows, count = math.ceil((bounds[3] - bounds[1]) / cell) + 2, math.ceil((bounds[2] - bounds[0]) / cell) + 2
    lattice = Lattice(rows, count, bounds[0] - cell, bounds[3] + cell, cell, crs)
    return lattice.grid(resampled(grid, lattice))
