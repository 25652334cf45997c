"""Roads as one connected network: trunks through their waypoints, county roads between seats, a tree to every village.

All roads are least-cost paths on the terrain's grid that gladly use what is built already, so they follow valleys, merge,
and cross large rivers at few places. The cells they use make a graph; its chains become smooth lines.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

import numba
import numpy as np
import rasterio.features
import shapely
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from sample_data.city import CELL_M, COLUMNS, ROWS, X0, Y1, City, Layer, RoadGraph, generator, grid_transform
from sample_data.highways import EXPRESSWAY, NATIONAL, PROVINCIAL, TRUNKS
from sample_data.projection import project
from sample_data.terrain import noise

if TYPE_CHECKING:
    from sample_data.streets import Streets

COUNTY, TOWNSHIP, VILLAGE, LOCAL = "420301", "420400", "420800", "430503"
_RANK = {EXPRESSWAY: 6, NATIONAL: 5, PROVINCIAL: 4, COUNTY: 3, TOWNSHIP: 2, VILLAGE: 1}
_CLASS = {v: k for k, v in _RANK.items()}
_LANES = {EXPRESSWAY: 4, NATIONAL: 4, PROVINCIAL: 2, COUNTY: 2, TOWNSHIP: 2, VILLAGE: 1}
_STEPS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])


@numba.njit(cache=True)
def reach(  # noqa: PLR0917 - a kernel
    cost: np.ndarray, starts: np.ndarray, goal: int, r0: int, r1: int, c0: int, c1: int
) -> np.ndarray:
    """Predecessors of the cheapest ways from ``starts`` (flat cell numbers) within a window, until ``goal`` (or -1: all)."""
    width = cost.shape[1]
    w = c1 - c0
    best = np.full((r1 - r0) * w, np.inf)
    before = np.full((r1 - r0) * w, -1, np.int64)
    done = np.zeros((r1 - r0) * w, np.bool_)
    root2 = np.sqrt(2.0)
    heap = [(0.0, np.int64(0))]
    heap.pop()
    for s in starts:
        r, c = s // width, s % width
        best[(r - r0) * w + c - c0] = 0.0
        heap.append((0.0, np.int64((r - r0) * w + c - c0)))
    heapq.heapify(heap)
    while heap:
        d, i = heapq.heappop(heap)
        if done[i]:
            continue
        done[i] = True
        r, c = i // w + r0, i % w + c0
        if r * width + c == goal:
            break
        for k in range(8):
            rr, cc = r + _STEPS[k, 0], c + _STEPS[k, 1]
            if rr < r0 or cc < c0 or rr >= r1 or cc >= c1:
                continue
            j = (rr - r0) * w + cc - c0
            if done[j]:
                continue
            step = root2 if _STEPS[k, 0] != 0 and _STEPS[k, 1] != 0 else 1.0
            total = np.round((d + step * (cost[r, c] + cost[rr, cc]) / 2) * 1024) / 1024
            if total < best[j]:
                best[j] = total
                before[j] = r * width + c
                heapq.heappush(heap, (total, j))
    return before


class Network:
    """Grid edges used by roads: ``rank``, name and number of the best road on each."""

    def __init__(self, cost: np.ndarray) -> None:
        self.cost = cost
        self.edges: dict[tuple[int, int], tuple[int, str, str]] = {}

    def path(self, a: int, b: int, cost: np.ndarray, margin_m: float) -> list[int]:
        """Cells of the cheapest way from ``a`` to ``b``."""
        rows, columns = np.array([a // COLUMNS, b // COLUMNS]), np.array([a % COLUMNS, b % COLUMNS])
        m = int(margin_m / CELL_M)
        r0, r1 = max(0, int(rows.min()) - m), min(ROWS, int(rows.max()) + m + 1)
        c0, c1 = max(0, int(columns.min()) - m), min(COLUMNS, int(columns.max()) + m + 1)
        before = reach(cost, np.array([a]), b, r0, r1, c0, c1)
        cells = [b]
        while cells[-1] != a:
            r, c = cells[-1] // COLUMNS - r0, cells[-1] % COLUMNS - c0
            cells.append(int(before[r * (c1 - c0) + c]))
        return cells[::-1]

    def add(self, cells: list[int], rank: int, name: str = "", ref: str = "") -> None:
        """Put a road on the grid; the higher class keeps a shared piece."""
        for a, b in itertools.pairwise(cells):
            key = (min(a, b), max(a, b))
            if key not in self.edges or self.edges[key][0] < rank:
                self.edges[key] = (rank, name, ref)

    def discounted(self) -> np.ndarray:
        """The cost with existing roads cheap, and expressways to be crossed only."""
        cost = self.cost.copy()
        flat = cost.ravel()
        for (a, b), (rank, _, _) in self.edges.items():
            for i in (a, b):
                flat[i] = self.cost.ravel()[i] * 3 if rank == 6 else min(flat[i], 0.42)
        return cost


def cell_of(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    """Flat cell number of coordinates."""
    return ((Y1 - np.asarray(y)) / CELL_M).astype(np.int64) * COLUMNS + (
        (np.asarray(x) - X0) / CELL_M
    ).astype(np.int64)


def _valley(cost: np.ndarray, x: float, y: float) -> int:
    """The cell near a waypoint that is easiest to build on."""
    i = int(cell_of(x, y))
    r, c = min(max(i // COLUMNS, 14), ROWS - 15), min(max(i % COLUMNS, 14), COLUMNS - 15)
    away = np.hypot(*np.mgrid[-14:15, -14:15])
    score = cost[r - 14 : r + 15, c - 14 : c + 15] + away * 0.25
    k = int(np.argmin(score))
    return (r - 14 + k // 29) * COLUMNS + c - 14 + k % 29


def _grid_cost(city: City, streets: Streets) -> np.ndarray:
    slope = ndimage.uniform_filter(city.terrain.slope(), 3)
    rng = generator("roads")
    cost = (1 + (slope / 0.11) ** 2) * (
        1 + 0.3 * noise(ROWS, COLUMNS, 26, rng) + 0.2 * noise(ROWS, COLUMNS, 9, rng)
    )
    transform = grid_transform(X0, Y1, CELL_M, CELL_M)
    river = rasterio.features.rasterize(city.layers["river_area"].geometry, cost.shape, transform=transform)
    lake = rasterio.features.rasterize(
        shapely.buffer(city.layers["reservoir"].geometry, 50),
        cost.shape,
        transform=transform,
        all_touched=True,
    )
    town = rasterio.features.rasterize([streets.area], cost.shape, transform=transform)
    cost = np.where(river > 0, cost + 30, cost)
    cost = np.where(lake > 0, cost + 150, cost)
    return np.round(np.where((town > 0) & (river == 0), 0.8, cost), 3)


def build(city: City, streets: Streets) -> None:
    """Add road to ``city`` and the road graph of roads and streets together."""
    cost = _grid_cost(city, streets)
    net = Network(cost)
    for name, ref, kind, way in TRUNKS:
        x, y = project(*np.array(way).T)
        stops = [_valley(cost, float(a), float(b)) for a, b in zip(x, y, strict=True)]
        open_cost = np.sqrt(cost) if kind == EXPRESSWAY else net.discounted()
        for a, b in itertools.pairwise(stops):
            if a == b:
                continue
            net.add(net.path(a, b, open_cost, 7000), _RANK[kind], name, ref)
    _between_seats(city, net)
    _to_villages(city, net, streets)
    _lines(city, net, streets)


def _between_seats(city: City, net: Network) -> None:
    """County roads along the edges of the seats' triangulation that save a long way round."""
    place = city.layers["place"]
    level = np.array(place.columns["level"])
    xy = shapely.get_coordinates(place.geometry)[level == "乡"]
    edges = Delaunay(xy).simplices[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    pairs = sorted({(int(min(e)), int(max(e))) for e in edges})
    length = {p: float(np.round(np.hypot(*(xy[p[0]] - xy[p[1]])), 1)) for p in pairs}
    outline = shapely.buffer(shapely.union_all(city.layers["county"].geometry), 1500)
    shapely.prepare(outline)
    root = list(range(len(xy)))

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    cells = cell_of(xy[:, 0], xy[:, 1])
    degree = np.zeros(len(xy), int)
    for a, b in sorted(pairs, key=lambda p: (length[p], p)):
        tree = top(a) != top(b)
        if not tree and (
            length[a, b] > 16000
            or degree[a] > 2
            or degree[b] > 2
            or not shapely.contains(outline, shapely.LineString(xy[[a, b]]))
        ):
            continue
        root[top(a)] = top(b)
        degree[[a, b]] += 1
        net.add(net.path(int(cells[a]), int(cells[b]), net.discounted(), 4500), _RANK[COUNTY])


def _targets(city: City) -> np.ndarray:
    """Every village, and every seat that has no village in its cell."""
    return np.concatenate([shapely.get_coordinates(city.layers[k].geometry) for k in ("village", "place")])


def _to_villages(city: City, net: Network, streets: Streets) -> None:
    """A tree of cheapest ways from the network to every village; pieces many villages use are township roads."""
    xy = _targets(city)
    starts = {i for (a, b), (rank, _, _) in net.edges.items() if rank < 6 for i in (a, b)}
    starts |= set(map(int, cell_of(streets.nodes[:, 0], streets.nodes[:, 1])))
    before = reach(net.discounted(), np.array(sorted(starts)), -1, 0, ROWS, 0, COLUMNS)
    use: dict[tuple[int, int], int] = {}
    for cell in cell_of(xy[:, 0], xy[:, 1]):
        i = int(cell)
        while i not in starts and before[i] >= 0:
            key = (min(i, int(before[i])), max(i, int(before[i])))
            use[key] = use.get(key, 0) + 1
            i = int(before[i])
    for (a, b), times in use.items():
        net.add([a, b], _RANK[TOWNSHIP] if times >= 5 else _RANK[VILLAGE])


def _smooth(xy: np.ndarray) -> np.ndarray:
    """A chain of cells as a road: simplified, corners cut, ends kept."""
    xy = shapely.get_coordinates(shapely.simplify(shapely.LineString(xy), 62.0))
    if len(xy) < 3:
        return xy
    cut = np.empty((2 * len(xy) - 2, 2))
    cut[0::2], cut[1::2] = xy[:-1] * 0.72 + xy[1:] * 0.28, xy[:-1] * 0.28 + xy[1:] * 0.72
    cut[0], cut[-1] = xy[0], xy[-1]
    return shapely.get_coordinates(shapely.simplify(shapely.LineString(cut), 9.0))


def _lines(city: City, net: Network, streets: Streets) -> None:
    """Chains of equal class between crossings and villages; inside the street grid the streets take over."""
    village = shapely.get_coordinates(city.layers["village"].geometry)
    places = _targets(city)
    at = {int(c): v for c, v in zip(cell_of(places[:, 0], places[:, 1])[::-1], places[::-1], strict=True)}
    town = rasterio.features.rasterize(
        [streets.area], (ROWS, COLUMNS), transform=grid_transform(X0, Y1, CELL_M, CELL_M)
    ).ravel()
    edges = {k: v for k, v in sorted(net.edges.items()) if v[0] == 6 or not (town[k[0]] and town[k[1]])}
    around: dict[int, list[int]] = {}
    for a, b in edges:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)

    def edge(a: int, b: int) -> tuple[int, str, str]:
        return edges[min(a, b), max(a, b)]

    def stop(i: int) -> bool:
        near = around[i]
        return len(near) != 2 or i in at or edge(i, near[0]) != edge(i, near[1])

    def xy(i: int) -> np.ndarray:
        return (
            np.array(at[i])
            if i in at
            else np.array([X0 + (i % COLUMNS + 0.5) * CELL_M, Y1 - (i // COLUMNS + 0.5) * CELL_M])
        )

    seen: set[tuple[int, int]] = set()
    number: dict[int, int] = {}
    lines, ends, tags = [], [], []
    for i in sorted(n for n in around if stop(n)):
        for j in around[i]:
            if (i, j) in seen:
                continue
            chain, a, b = [i], i, j
            while True:
                seen |= {(a, b), (b, a)}
                chain.append(b)
                if stop(b):
                    break
                a, b = b, next(n for n in around[b] if n != a)
            lines.append(np.round(_smooth(np.array([xy(n) for n in chain])), 1))
            ends.append([number.setdefault(n, len(number)) for n in (chain[0], chain[-1])])
            tags.append(edge(chain[0], chain[1]))
    own = np.array([np.round(xy(n), 1) for n in number])
    links = _links(
        own, np.array(list(number)), town, [edge_rank(around, edges, n) for n in number], village, streets
    )
    nodes = np.concatenate([own, streets.nodes, links["nodes"]])
    count = len(own)
    links["edges"] = _joined(nodes, np.concatenate([np.array(ends), streets.edges + count]), links["edges"])
    pairs = np.concatenate([np.array(ends), streets.edges + count, links["edges"]])
    shapes = (
        [shapely.LineString(p) for p in lines]
        + list(shapely.linestrings(streets.nodes[streets.edges]))
        + list(shapely.linestrings(nodes[links["edges"]]))
    )
    kinds = [_CLASS[t[0]] for t in tags] + list(streets.kind) + [VILLAGE] * len(links["edges"])
    names = [t[1] for t in tags] + list(streets.name) + [""] * len(links["edges"])
    refs = [t[2] for t in tags] + [""] * (len(streets.edges) + len(links["edges"]))
    city.roads = RoadGraph(nodes, pairs, np.array(shapes), np.array(kinds), np.array(names), np.array(refs))
    # Villages inside the street grid join it in the graph only: no road is drawn across their blocks.
    drawn = (
        np.flatnonzero(links["edges"][:, 0] < count + len(streets.nodes)) + len(lines) + len(streets.edges)
    )
    _layer(
        city,
        np.array(shapes)[np.r_[: len(lines), drawn]],
        [*tags, *[(1, "", "")] * len(drawn)],
    )


def edge_rank(around: dict[int, list[int]], edges: dict, i: int) -> int:
    """The lowest class at a cell (an expressway alone takes no link)."""
    return min(edges[min(i, j), max(i, j)][0] for j in around[i])


def _links(  # noqa: PLR0917
    own: np.ndarray,
    cells: np.ndarray,
    town: np.ndarray,
    rank: list[int],
    village: np.ndarray,
    streets: Streets,
) -> dict:
    """Short links: roads that end at a town's edge, and villages inside a town, to the nearest street crossing."""
    tree = shapely.STRtree(shapely.points(streets.nodes))
    count, total = len(own), len(own) + len(streets.nodes)
    edges, extra = [], []
    for i, cell in enumerate(cells):
        if town[cell] and rank[i] < 6:
            edges.append((i, count + int(tree.nearest(shapely.Point(own[i])))))
    known = {tuple(p) for p in own}
    for p in village:
        if tuple(np.round(p, 1)) not in known:
            edges.append((total + len(extra), count + int(tree.nearest(shapely.Point(p)))))
            extra.append(np.round(p, 1))
    return {"nodes": np.array(extra).reshape(-1, 2), "edges": np.array(edges, np.int64).reshape(-1, 2)}


def _joined(nodes: np.ndarray, built: np.ndarray, links: np.ndarray) -> np.ndarray:
    """``links`` and what joins the parts left over (cut off by the streets) to the nearest node of the whole."""
    while True:
        pairs = np.concatenate([built, links])
        count, part = connected_components(
            coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(nodes), len(nodes))), directed=False
        )
        if count == 1:
            return links
        size = np.bincount(part)
        whole = np.flatnonzero(part == np.argmax(size))
        tree = shapely.STRtree(shapely.points(nodes[whole]))
        small = np.flatnonzero(part == np.argmin(size))
        near, distance = tree.query_nearest(
            shapely.points(nodes[small]), return_distance=True, all_matches=False
        )
        k = int(np.argmin(distance))
        links = np.concatenate([links, [[small[near[0][k]], whole[near[1][k]]]]])


def _layer(city: City, shapes: np.ndarray, tags: list[tuple[int, str, str]]) -> None:
    """The road layer: chains of one road joined to features."""
    groups: dict[tuple, list[int]] = {}
    for i, tag in enumerate(tags):
        # Named roads become one feature; the rest stay apart by place, so that a map shows only what it needs.
        x, y = shapely.get_coordinates(shapes[i])[0]
        key = tag if tag[1] or tag[2] else (*tag, int(x // 9000), int(y // 9000))
        groups.setdefault(key, []).append(i)
    geometry, rows = [], []
    for key, members in sorted(groups.items()):
        for part in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(list(shapes[members])))):
            geometry.append(part)
            rows.append(key)
    geometry = shapely.set_precision(np.array(geometry), 0.1)
    length = np.round(shapely.length(geometry), 0)
    keep = length > 5
    rows = [r for r, k in zip(rows, keep, strict=True) if k]
    kinds = [_CLASS[r[0]] for r in rows]
    city.layers["road"] = Layer(
        geometry[keep],
        {
            "name": [r[1] or r[2] for r in rows],
            "ref": [r[2] for r in rows],
            "class": kinds,
            "lanes": np.array([_LANES[k] for k in kinds]),
            "surface": ["沥青" if r[0] > 2 else "水泥" for r in rows],
            "oneway": np.zeros(len(rows), bool),
            "level": np.array([1 if r[0] == 6 else 0 for r in rows]),
            "length_m": length[keep],
            "nature": ["示例数据"] * len(rows),
        },
    )
