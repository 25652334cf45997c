"""An earlier survey of the farmland: what has since gone to building and what has been won."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import Sites, nature, shape_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

YEAR = 2020
LOST, GAINED, GONE, NEW, CHANGED = 46, 24, 5, 3, 9  # plots larger, smaller, only then, only now; of another kind
_NEAR_M = 260.0
_LEAST_M2 = 8000.0


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    yield "farmland_before", _before(city, sites)


def _before(city: City, sites: Sites) -> Layer:
    rng = generator("farmland_before")
    now = city.layers["farmland"]
    shape = shape_array(now).copy()
    town = np.asarray(now.columns["township_code"])
    towns = dict(zip(sites.towns.code.tolist(), shape_array(city.layers["township"]), strict=True))
    built = np.concatenate([shape_array(city.layers["settlement"]), shape_array(city.layers["green"])])
    open_land = _Open(np.concatenate([shape, *(shape_array(city.layers[k]) for k in ("reservoir", "river_area"))]))
    tree = shapely.STRtree(built)
    lost = 0
    for i in rng.permutation(len(shape)).tolist():
        if lost == LOST:
            break
        near = built[np.sort(tree.query(shape[i], predicate="dwithin", distance=_NEAR_M))]
        if not len(near):
            continue
        reach = shapely.buffer(shape[i], float(rng.uniform(60, _NEAR_M)), quad_segs=3)
        taken = shapely.intersection(shapely.union_all(near), shapely.intersection(reach, towns[str(town[i])]))
        taken = open_land.take(taken)
        if taken.area >= _LEAST_M2:
            shape[i] = shapely.union(shape[i], taken)
            lost += 1
    for i in rng.choice(np.flatnonzero(shapely.area(shape) > 8e5), GAINED, replace=False).tolist():
        shape[i] = _without_corner(shape[i], rng)
    keep = np.ones(len(shape), bool)
    keep[np.argsort(shapely.area(shape), kind="stable")[:NEW]] = False
    columns = {k: np.asarray(v)[keep] for k, v in now.columns.items() if k not in ("area_ha", "nature")}
    shape = shapely.set_precision(shapely.make_valid(shape[keep], method="structure"), 1.0)
    other = rng.choice(len(shape), CHANGED, replace=False)
    kind = columns["kind"].copy()
    kind[other] = np.where(kind[other] == "旱地", "水浇地", "旱地")
    extra, of = _gone(built, open_land, sites, rng)
    joined = np.r_[shape, extra]
    return Layer(
        joined,
        {
            "kind": np.r_[kind, np.full(len(extra), "旱地")],
            "protected": np.r_[columns["protected"], np.arange(len(extra)) % 2 == 0],
            "grade": np.r_[columns["grade"], np.full(len(extra), 7)],
            "survey_year": np.full(len(joined), YEAR),
            "county_code": np.r_[columns["county_code"], sites.towns.county[of]],
            "township_code": np.r_[columns["township_code"], sites.towns.code[of]],
            "area_ha": np.round(shapely.area(joined) / 1e4, 1),
            "nature": nature(len(joined)),
        },
    )


class _Open:
    """Land nobody has taken yet."""

    def __init__(self, taken: NDArray[np.object_]) -> None:
        self._taken = list(taken)

    def take(self, wish: shapely.Geometry) -> shapely.Geometry:
        """The largest free piece of ``wish``, taken from now on; empty where there is none worth a plot."""
        taken = np.array(self._taken, object)
        close = taken[shapely.STRtree(taken).query(wish, predicate="intersects")]
        free = shapely.set_precision(shapely.difference(wish, shapely.union_all(close)), 1.0)
        parts = [p for p in shapely.get_parts(free) if p.geom_type == "Polygon" and p.area >= _LEAST_M2]
        if not parts:
            return shapely.Polygon()
        best = max(parts, key=lambda p: p.area)
        self._taken.append(best)
        return best


def _without_corner(plot: shapely.Geometry, rng: np.random.Generator) -> shapely.Geometry:
    """``plot`` less a disc at one of its corners, where that leaves one piece."""
    xy = shapely.get_coordinates(plot)
    corner = shapely.points(xy[int(rng.integers(len(xy)))])
    left = shapely.difference(plot, shapely.buffer(corner, float(rng.uniform(120, 320)), quad_segs=4))
    return left if left.geom_type == plot.geom_type and left.area > 0.5 * plot.area else plot


def _gone(
    built: NDArray[np.object_], open_land: _Open, sites: Sites, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Plots of then that are built upon now, and the row of their township."""
    plots: list[shapely.Geometry] = []
    for i in rng.permutation(len(built)).tolist():
        if len(plots) == GONE:
            break
        middle = shapely.get_coordinates(shapely.point_on_surface(built[i]))[0]
        plot = open_land.take(shapely.intersection(built[i], shapely.box(*(middle - 230), *(middle + 230))))
        if plot.area > 4e4:
            plots.append(plot)
    shapes = np.array(plots, object)
    return shapes, sites.town_of(shapely.get_coordinates(shapely.point_on_surface(shapes)))
