"""Underground pipelines of eight trades beside the urban streets, with their valves and manholes (CJJ 61 fields)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.sites import Sites, nature, points, shape_array

if TYPE_CHECKING:
    from collections.abc import Iterator


SEGMENTS = 3200
FACILITIES = 1700
_RANK = {"430200": 3, "430501": 3, "430502": 2, "430503": 1}


class Trade(NamedTuple):
    """How one trade lies under a street; ``share`` of streets by rank 1 (local) to 3 (arterial)."""

    code: str
    offset_m: float  # left of the street axis
    share: tuple[float, float, float]
    sizes_mm: tuple[int, ...]  # by rank; number of holes for cables
    materials: tuple[int, ...]
    method: int
    depth_m: tuple[float, float]
    owner: int
    since: int


TRADES = (
    Trade("JS", 4.0, (1.0, 1.0, 1.0), (150, 300, 600), (1, 2), 1, (0.9, 1.5), 1, 1965),
    Trade("PS", -1.2, (1.0, 1.0, 1.0), (400, 800, 1400), (4, 7), 1, (1.8, 4.6), 2, 1958),
    Trade("RQ", -4.2, (0.55, 0.9, 1.0), (110, 200, 315), (2, 3), 1, (0.8, 1.4), 3, 1992),
    Trade("RL", 6.2, (0.15, 0.5, 0.8), (200, 400, 700), (3,), 2, (1.0, 2.0), 4, 1988),
    Trade("DL", -8.0, (0.8, 1.0, 1.0), (4, 9, 16), (5,), 3, (0.6, 1.1), 5, 1980),
    Trade("TX", 8.6, (0.9, 1.0, 1.0), (4, 9, 18), (6, 5), 3, (0.7, 1.3), 6, 1985),
    Trade("GD", 10.4, (0.4, 0.7, 0.9), (2, 4, 6), (6,), 3, (0.6, 1.0), 7, 1994),
    Trade("GY", -10.4, (0.02, 0.06, 0.14), (150, 250, 400), (3,), 2, (1.0, 2.0), 8, 1960),
)
_CABLES = ("DL", "TX", "GD")


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    pipes = _pipes(city, sites)
    yield "pipe", pipes
    yield "pipe_facility", _facilities(sites, pipes)


def _pipes(city: City, sites: Sites) -> Layer:
    rng = generator("pipe")
    street = city.layers["street"]
    line = shape_array(street)
    kind = np.asarray(street.columns["class"], str)
    name = np.asarray(street.columns["name"], object)
    rank = np.array([_RANK.get(k, 0) for k in kind])
    middle = shapely.get_coordinates(shapely.centroid(line))
    near = np.flatnonzero((rank > 0) & (shapely.length(line) > 40))
    near = near[np.argsort(np.hypot(*(middle[near] - sites.centre).T), kind="stable")]
    out: dict[str, list] = {
        k: []
        for k in (
            "code",
            "trade",
            "diameter_mm",
            "holes",
            "material",
            "method",
            "depth_start",
            "depth_end",
            "year",
            "owner",
            "street",
            "length_m",
        )
    }
    shapes: list[shapely.Geometry] = []
    counts = dict.fromkeys((t.code for t in TRADES), 0)
    for row in near:
        for trade in TRADES:
            r = int(rank[row])
            if rng.random() > trade.share[r - 1]:
                continue
            shape = _beside(line[row], trade.offset_m * (0.6, 0.8, 1.0)[r - 1])
            if shape is None:
                continue
            counts[trade.code] += 1
            length = float(shape.length)
            start = rng.uniform(*trade.depth_m)
            fall = length * 0.0015 if trade.code == "PS" else rng.normal(0, 0.08)
            size = trade.sizes_mm[r - 1]
            cable = trade.code in _CABLES
            shapes.append(shape)
            values = (
                f"{trade.code}{counts[trade.code]:05d}",
                trade.code,
                None if cable else size,
                size if cable else None,
                int(rng.choice(trade.materials)),
                trade.method,
                round(start, 2),
                round(float(np.clip(start + fall, 0.4, 7.5)), 2),
                int(rng.integers(trade.since, 2006)),
                trade.owner,
                name[row] or None,
                round(length, 1),
            )
            for column, value in zip(out.values(), values, strict=True):
                column.append(value)
        if len(shapes) >= SEGMENTS:
            break
    return Layer(np.array(shapes, object), {**out, "nature": nature(len(shapes))})


def _beside(line: shapely.Geometry, offset_m: float) -> shapely.Geometry | None:
    """The street axis moved sideways; None where the curve is too tight for it."""
    plain = shapely.simplify(shapely.line_merge(line), 1.5)
    moved = shapely.simplify(shapely.offset_curve(plain, offset_m, join_style="mitre"), 0.5)
    if moved.geom_type != "LineString" or moved.is_empty or moved.length < 0.6 * plain.length:
        return None
    return shapely.linestrings(np.round(shapely.get_coordinates(moved), 1))


def _facilities(sites: Sites, pipes: Layer) -> Layer:
    """Along the pipes: every so often a valve, a manhole, a handhole."""
    rng = generator("pipe_facility")
    line = shape_array(pipes)
    length = shapely.length(line)
    trade = np.asarray(pipes.columns["trade"], str)
    weight = length * np.where(trade == "PS", 2.0, 1.0)
    rows = np.sort(rng.choice(len(line), min(FACILITIES, len(line)), replace=False, p=weight / weight.sum()))
    place = shapely.line_interpolate_point(line[rows], length[rows] * rng.uniform(0.1, 0.9, len(rows)))
    xy = shapely.get_coordinates(place)
    depth = np.asarray(pipes.columns["depth_start"], float)[rows]
    counts: dict[str, int] = {}
    code = []
    for t in trade[rows]:
        counts[t] = counts.get(t, 0) + 1
        code.append(f"{t}-{counts[t]:05d}")
    return Layer(
        points(xy),
        {
            "code": np.array(code),
            "trade": trade[rows],
            "ground_m": np.round(sites.height(xy), 2),
            "bottom_m": np.round(depth + 0.3, 2),
            "year": np.asarray(pipes.columns["year"])[rows],
            "nature": nature(len(rows)),
        },
    )
