"""Underground pipelines of eight trades beside the urban streets, with their valves and manholes (CJJ 61 fields).

Every trade is a network: the street grid moved sideways as a whole, so that pipes of one trade meet in one point, and only
at their ends, and pipes of two trades cross. Pipes run from source to customer, those of drainage to the outfall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sample_data.city import City, Layer, generator
from sample_data.pipe_networks import Network, chains, grow, street_grid
from sample_data.sites import Sites, nature, points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

VALVE, MANHOLE, HYDRANT, REGULATOR, PUMP, SOURCE, HANDHOLE, GULLY, OUTFALL = range(1, 10)
DRAIN = "PS"
_CABLES = ("DL", "TX", "GD")
_FALL = 0.0008  # m/m, of a sewer
_DEEPEST = 6.0  # m: from here the sewage is pumped up


class Trade(NamedTuple):
    """How one trade lies under a street; ``share`` of streets by rank 1 (local) to 3 (arterial).

    ``offset_m`` is east and north of the street grid; ``depth_m`` keeps the trades apart where they cross.
    """

    code: str
    offset_m: float
    share: tuple[float, float, float]
    sizes_mm: tuple[int, ...]  # by rank; number of holes for cables
    materials: tuple[int, ...]
    method: int
    depth_m: tuple[float, float]
    owner: int
    since: int
    sources: int
    loops: bool


TRADES = (
    Trade("JS", 3.6, (1.0, 1.0, 1.0), (150, 300, 600), (1, 2), 1, (1.5, 1.9), 1, 1965, 2, loops=True),
    Trade("PS", -1.2, (1.0, 1.0, 1.0), (400, 800, 1400), (4, 7), 1, (2.6, 3.0), 2, 1958, 3, loops=False),
    Trade("RQ", -4.0, (0.55, 0.9, 1.0), (110, 200, 315), (2, 3), 1, (1.0, 1.25), 3, 1992, 1, loops=True),
    Trade("RL", 5.8, (0.2, 0.65, 0.9), (200, 400, 700), (3,), 2, (1.3, 1.6), 4, 1988, 2, loops=False),
    Trade("DL", -6.6, (0.8, 1.0, 1.0), (4, 9, 16), (5,), 3, (0.75, 0.95), 5, 1980, 3, loops=False),
    Trade("TX", 7.8, (0.9, 1.0, 1.0), (4, 9, 18), (6, 5), 3, (0.6, 0.75), 6, 1985, 2, loops=False),
    Trade("GD", 9.4, (0.4, 0.7, 0.9), (2, 4, 6), (6,), 3, (0.45, 0.6), 7, 1994, 1, loops=False),
    Trade("GY", -8.8, (0.0, 0.0, 0.0), (150, 250, 400), (3,), 2, (1.2, 1.6), 8, 1960, 7, loops=False),
)


class _Pipes:
    """Rows of both tables as they grow."""

    def __init__(self) -> None:
        self.shapes: list[shapely.LineString] = []
        self.rows: list[dict] = []
        self.places: list[tuple[float, float]] = []
        self.facilities: list[dict] = []

    def facility(self, at: tuple[float, float], trade: str, kind: int, depth: float, year: int) -> None:
        self.places.append((float(at[0]), float(at[1])))
        self.facilities.append({"trade": trade, "kind": kind, "bottom_m": round(depth + 0.3, 2), "year": year})


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    grid = street_grid(city, sites)
    out = _Pipes()
    for trade in TRADES:
        _lay(trade, grow(grid, trade, generator(f"pipe {trade.code}")), out)
    yield "pipe", _layer(np.array(out.shapes, object), out.rows)
    xy = np.array(out.places)
    numbers = dict.fromkeys((t.code for t in TRADES), 0)
    for row, ground in zip(out.facilities, sites.height(xy).tolist(), strict=True):
        numbers[row["trade"]] += 1
        row |= {"code": f"{row['trade']}-{numbers[row['trade']]:05d}", "ground_m": round(ground, 2)}
    yield "pipe_facility", _layer(points(xy), out.facilities)


def _layer(geometry: NDArray[np.object_], rows: list[dict]) -> Layer:
    return Layer(geometry, {k: [r[k] for r in rows] for k in rows[0]} | {"nature": nature(len(rows))})


def _lay(trade: Trade, net: Network, out: _Pipes) -> None:
    """Put the pipes of one trade and what stands on them to ``out``."""
    rng = generator(f"pipe_facility {trade.code}")
    drain, cable = trade.code == DRAIN, trade.code in _CABLES
    runs = chains(net, drain=drain, loops=trade.loops)
    depth, pumps = _depths(trade, runs, net, rng)
    laid: dict[int, int] = {}  # year of a node: of the first pipe at it
    for number, run in enumerate(runs, 1):
        first = depth[run.start]
        last = min(first + run.length * _FALL, 7.5) if drain else depth[run.end]
        year = int(rng.integers(trade.since, 2006))
        for node in (run.start, run.end):
            laid.setdefault(node, year)
        xy = _furnish(trade, run.xy, (first, last), year, rng, out)
        size = trade.sizes_mm[run.rank - 1]
        shape = shapely.linestrings(xy)
        out.shapes.append(shape)
        out.rows.append({
            "code": f"{trade.code}{number:05d}",
            "trade": trade.code,
            "diameter_mm": None if cable else size,
            "holes": size if cable else None,
            "material": int(rng.choice(trade.materials)),
            "method": trade.method,
            "depth_start": round(first, 2),
            "depth_end": round(last, 2),
            "year": year,
            "owner": trade.owner,
            "street": run.street or None,
            "length_m": round(float(shape.length), 1),
        })  # fmt: skip
        if run.head:
            out.facility(xy[0], trade.code, MANHOLE, first, year)
    degree = np.bincount([n for r in runs for n in ((r.end,) if r.head else (r.start, r.end))], minlength=len(net.xy))
    for node in np.flatnonzero(degree).tolist():
        kind = _at_node(trade.code, node in net.sources, node in pumps, int(degree[node]), rng)
        if kind:
            out.facility(net.xy[node], trade.code, kind, depth[node], laid[node])


def _depths(trade: Trade, runs: list, net: Network, rng: np.random.Generator) -> tuple[dict[int, float], set[int]]:
    """Depth of every node in metres; sewers go deeper on their way until a pumping station (the nodes returned) lifts them."""
    nodes = sorted({n for r in runs for n in (r.start, r.end)}, key=lambda n: (-net.distance[n], n))
    depth = {n: float(rng.uniform(*trade.depth_m)) for n in nodes}
    pumps: set[int] = set()
    if trade.code != DRAIN:
        return depth, pumps
    into: dict[int, list] = {}
    for run in runs:
        into.setdefault(run.end, []).append(run)
    for node in nodes:
        arriving = [min(depth[r.start] + r.length * _FALL, 7.5) for r in into.get(node, ())]
        deepest = max([depth[node], *arriving])
        if deepest > _DEEPEST and node not in net.sources:
            pumps.add(node)
        else:
            depth[node] = deepest
    return depth, pumps


def _at_node(trade: str, source: bool, pump: bool, degree: int, rng: np.random.Generator) -> int:
    """What stands where pipes meet; 0 for nothing."""
    if source:
        return OUTFALL if trade == DRAIN else SOURCE
    if pump:
        return PUMP
    if trade == DRAIN:
        return MANHOLE
    if trade in ("TX", "GD"):
        return HANDHOLE if rng.random() < 0.5 else 0
    if degree == 1:  # an end: what feeds the customers
        return {"RQ": REGULATOR, "RL": REGULATOR, "DL": HANDHOLE, "JS": HYDRANT}.get(trade, VALVE)
    return HANDHOLE if trade == "DL" else 0


def _furnish(  # noqa: PLR0917
    trade: Trade,
    xy: NDArray[np.float64],
    depths: tuple[float, float],
    year: int,
    rng: np.random.Generator,
    out: _Pipes,
) -> NDArray[np.float64]:
    """``xy`` with a vertex for everything that stands along the pipe."""
    line = shapely.linestrings(xy)
    length = float(line.length)
    wanted: list[tuple[float, int]] = []
    if trade.code in ("JS", "RQ", "RL", "GY", "DL") and length > 60:
        wanted.append((6.0, VALVE))  # just after the crossing, where the pipe can be shut
    if trade.code == "JS" and length > 150 and rng.random() < 0.6:
        wanted += [(float(at), HYDRANT) for at in np.arange(120.0, length - 30, 900.0)]
    if trade.code == DRAIN and length > 120 and rng.random() < 0.35:
        wanted.append((length * 0.45, GULLY))
    if trade.code == "RQ" and length > 300 and rng.random() < 0.3:
        wanted.append((length * 0.6, REGULATOR))
    along = [float(line.project(p)) for p in shapely.points(xy)]
    for at, kind in wanted:
        place = np.round(shapely.get_coordinates(line.interpolate(at))[0], 1)
        k = int(np.searchsorted(along, at))
        along.insert(k, at)
        xy = np.insert(xy, k, place, axis=0)
        share = at / length
        out.facility(place, trade.code, kind, depths[0] * (1 - share) + depths[1] * share, year)
    return xy
