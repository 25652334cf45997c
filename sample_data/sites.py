"""Where thematic sites stand: towns and villages of the city as arrays, and fair ways to share out a city total."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sample_data.city import City, Layer

    Points = NDArray[np.float64]

SAMPLE, ESTIMATED, REAL = "示例数据", "推算", "真实"
_VILLAGE_END = re.compile(r"(社区居民委员会|居民委员会|村民委员会|居委会|村委会|委员会|社区)$")
_TOWN_END = re.compile(r"(街道办事处|街道|回族乡|回族镇|镇|乡)$")
URBAN_COUNTIES = ("410302", "410303", "410304", "410305", "410311")


@dataclass(frozen=True)
class Units:
    """Administrative units: ``code``, ``name``, ``county``, ``population``, ``households`` (n,), ``xy`` (n, 2) m."""

    code: NDArray[np.str_]
    name: NDArray[np.str_]
    county: NDArray[np.str_]
    population: NDArray[np.int64]
    households: NDArray[np.int64]
    xy: Points
    township: NDArray[np.str_]
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: ArrayLike) -> Units:
        return Units(*(getattr(self, f)[rows] for f in self.__dataclass_fields__))

    @cached_property
    def row(self) -> dict[str, int]:
        return {str(c): i for i, c in enumerate(self.code)}


class Sites:
    """The city as thematic generators see it."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.county_shapes = shape_array(city.layers["county"])
        self.outline = shapely.make_valid(shapely.union_all(shapely.set_precision(self.county_shapes, 1.0)))
        shapely.prepare(self.outline)
        seats = _seats(city)
        self.counties = _units(city.layers["county"], seats)
        self.towns = _units(city.layers["township"], seats)
        self.villages = _villages(city.layers["village"])
        settlement = city.layers["settlement"]
        kinds = np.asarray(settlement.columns["kind"], str)
        self.main_city = _union(settlement, kinds == "主城")
        self.urban = _union(settlement, np.isin(kinds, ("主城", "县城")))
        shapely.prepare(self.main_city)
        shapely.prepare(self.urban)

    @cached_property
    def centre(self) -> Points:
        """Seat of the city, (2,) m; the middle of the main city where no seat is given."""
        place = self.city.layers["place"]
        seat = np.flatnonzero(np.asarray(place.columns["level"], str) == "市")
        chosen = shape_array(place)[seat[0]] if len(seat) else self.main_city.centroid
        return shapely.get_coordinates(chosen)[0]

    @cached_property
    def rural(self) -> NDArray[np.int64]:
        """Rows of the villages proper."""
        return np.flatnonzero(self.villages.kind == "村")

    def height(self, xy: Points) -> NDArray[np.float64]:
        return np.asarray(self.city.terrain.at(xy[:, 0], xy[:, 1]), float)

    @cached_property
    def _slope(self) -> NDArray[np.float64]:
        return self.city.terrain.slope()

    def slope(self, xy: Points) -> NDArray[np.float64]:
        """Slope in degrees at ``xy`` (nearest cell)."""
        t = self.city.terrain
        row = np.clip(((t.y1 - xy[:, 1]) / t.cell).astype(int), 0, t.z.shape[0] - 1)
        column = np.clip(((xy[:, 0] - t.x0) / t.cell).astype(int), 0, t.z.shape[1] - 1)
        return np.degrees(np.arctan(self._slope[row, column]))

    def inside(self, xy: Points, fallback: Points) -> Points:
        """``xy`` where it lies in the city and off the water, else ``fallback``."""
        good = shapely.contains_xy(self.outline, xy[:, 0], xy[:, 1]) & ~shapely.contains_xy(
            self.water, xy[:, 0], xy[:, 1]
        )
        return np.where(good[:, None], xy, fallback)

    @cached_property
    def water(self) -> shapely.Geometry:
        parts = [
            shape_array(self.city.layers[k]) for k in ("reservoir", "river_area") if k in self.city.layers
        ]
        water = shapely.union_all(np.concatenate(parts)) if parts else shapely.MultiPolygon()
        shapely.prepare(water)
        return water

    def around(self, rng: np.random.Generator, xy: Points, near_m: float, far_m: float) -> Points:
        """A point between ``near_m`` and ``far_m`` from each of ``xy``, in the city and off the water."""
        angle = rng.uniform(0, 2 * np.pi, len(xy))
        radius = rng.uniform(near_m, far_m, len(xy))
        moved = xy + np.c_[np.cos(angle), np.sin(angle)] * radius[:, None]
        return self.inside(np.round(moved, 1), np.asarray(xy, float))

    def county_of(self, xy: Points) -> NDArray[np.str_]:
        """County code at each point; the nearest county where none contains it."""
        tree = shapely.STRtree(self.county_shapes)
        return self.counties.code[tree.nearest(shapely.points(xy))]

    def town_of(self, xy: Points) -> NDArray[np.int64]:
        """Row of the township at each point."""
        tree = shapely.STRtree(shape_array(self.city.layers["township"]))
        return tree.nearest(shapely.points(xy))

    def town_within(self, xy: Points, county: ArrayLike) -> NDArray[np.int64]:
        """Row of the township at each point, of those of ``county`` (code of each): a site near a border keeps to its own."""
        near = self.town_of(xy)
        shapes, points = shape_array(self.city.layers["township"]), shapely.points(xy)
        for i in np.flatnonzero(self.towns.county[near] != np.asarray(county, str)):
            own = np.flatnonzero(self.towns.county == str(np.asarray(county)[i]))
            near[i] = own[shapely.distance(shapes[own], points[i]).argmin()]
        return near

    def scatter(self, rng: np.random.Generator, area: shapely.Geometry, count: int) -> Points:
        """``count`` points spread over ``area``."""
        shapely.prepare(area)
        xmin, ymin, xmax, ymax = area.bounds
        found = np.zeros((0, 2))
        while len(found) < count:
            xy = rng.uniform((xmin, ymin), (xmax, ymax), (count * 4, 2))
            found = np.r_[found, xy[shapely.contains_xy(area, xy[:, 0], xy[:, 1])]]
        return np.round(found[:count], 1)


def shape_array(layer: Layer) -> NDArray[np.object_]:
    return np.asarray(layer.geometry, object)


def _union(layer: Layer, rows: NDArray[np.bool_]) -> shapely.Geometry:
    return shapely.union_all(shapely.make_valid(shape_array(layer)[rows]))


def _seats(city: City) -> dict[str, tuple[float, float]]:
    place = city.layers.get("place")
    if place is None:
        return {}
    xy = shapely.get_coordinates(shape_array(place))
    return {str(c): (x, y) for c, (x, y) in zip(place.columns["code"], xy, strict=True)}


def _units(layer: Layer, seats: dict[str, tuple[float, float]]) -> Units:
    c = layer.columns
    code = np.asarray(c["code"], str)
    middle = shapely.get_coordinates(shapely.point_on_surface(shape_array(layer)))
    xy = np.array([seats.get(str(k), tuple(m)) for k, m in zip(code, middle, strict=True)])
    county = np.asarray(c.get("county_code", c["code"]), str)
    return Units(
        code,
        np.asarray(c["name"], str),
        county,
        np.asarray(c["population"], np.int64),
        np.asarray(c["households"], np.int64),
        xy,
        code,
        np.asarray(c["kind"], str),
    )


def _villages(layer: Layer) -> Units:
    c = layer.columns
    return Units(
        np.asarray(c["code"], str),
        np.asarray(c["name"], str),
        np.asarray(c["county_code"], str),
        np.asarray(c["population"], np.int64),
        np.asarray(c["households"], np.int64),
        shapely.get_coordinates(shape_array(layer)),
        np.asarray(c["township_code"], str),
        np.asarray(c["kind"], str),
    )


def allocate(total: int, weights: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers in proportion to ``weights`` that sum to ``total`` exactly (largest remainder)."""
    share = np.asarray(weights, float)
    exact = share / share.sum() * total
    whole = np.floor(exact).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole


def village_name(name: str) -> str:
    """``杓柳村村民委员会`` → ``杓柳村``."""
    return _VILLAGE_END.sub("", str(name)) or str(name)


def town_name(name: str) -> str:
    """``关林街道`` → ``关林``."""
    short = _TOWN_END.sub("", str(name))
    return short if len(short) > 1 else str(name)


def codes(prefix: str, count: int) -> NDArray[np.str_]:
    """``JH0001``, ``JH0002`` …"""
    return np.array([f"{prefix}{i:04d}" for i in range(1, count + 1)])


def nature(count: int, value: str = SAMPLE) -> NDArray[np.str_]:
    return np.full(count, value)


def phones(count: int, start: int = 0) -> NDArray[np.str_]:
    """Numbers nobody can dial."""
    return np.array([f"000-{start + i:08d}" for i in range(count)])


def points(xy: Points) -> NDArray[np.object_]:
    return shapely.points(np.round(xy, 1))


def spread(rng: np.random.Generator, xy: Points, count: int) -> NDArray[np.int64]:
    """``count`` rows of ``xy`` far from each other (farthest-point sampling)."""
    chosen = [int(rng.integers(len(xy)))]
    nearest = np.full(len(xy), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.hypot(*(xy - xy[chosen[-1]]).T))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)


def pick(rng: np.random.Generator, weights: ArrayLike, count: int) -> NDArray[np.int64]:
    """``count`` different rows, likelier where ``weights`` is larger; ascending."""
    share = np.asarray(weights, float)
    return np.sort(rng.choice(len(share), count, replace=False, p=share / share.sum()))
