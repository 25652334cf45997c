"""Streets of the main city and the county towns: warped grids of arterials, collectors and local streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sample_data import facts
from sample_data.city import City, Layer, generator
from sample_data.highways import STREET_WORDS, STREETS_EW, STREETS_NS
from sample_data.projection import project
from sample_data.terrain import noise

FAST, ARTERIAL, COLLECTOR, LOCAL = "430200", "430501", "430502", "430503"
_LANES = {FAST: 8, ARTERIAL: 6, COLLECTOR: 4, LOCAL: 2}


@dataclass
class Streets:
    """Street crossings ``nodes`` (n, 2) and pieces between them ``edges`` (m, 2) with class and name; ``area`` they cover."""

    nodes: np.ndarray
    edges: np.ndarray
    kind: np.ndarray
    name: np.ndarray
    area: shapely.Geometry


def _lattice(  # noqa: PLR0917
    area: shapely.Geometry,
    bridges: shapely.Geometry,
    origin: tuple[float, float],
    pitch: float,
    turn: float,
    theme: str,
    *,
    main: bool,
) -> tuple:
    """Nodes, edges, class and line key (axis, number) of one town's grid."""
    rng = generator("streets " + theme)
    left, bottom, right, top = area.bounds
    reach = np.hypot(right - left, top - bottom) + pitch
    n0, n1 = int(np.ceil(reach / pitch)), int(np.ceil(reach / pitch))
    i, j = np.mgrid[-n0 : n0 + 1, -n1 : n1 + 1]
    cos, sin = np.round(np.cos(turn), 9), np.round(np.sin(turn), 9)
    # Lines bend and keep uneven distances, together: the same shift for every crossing of a line, plus a slow warp.
    off_i, off_j = rng.uniform(-0.16, 0.16, i.shape[0]) * pitch, rng.uniform(-0.16, 0.16, i.shape[1]) * pitch
    warp = [noise(*i.shape, 14, rng) * pitch * 0.5 for _ in range(2)]
    u, v = i * pitch + off_i[:, None] + warp[0], j * pitch + off_j[None, :] + warp[1]
    x, y = np.round(origin[0] + u * cos - v * sin, 1), np.round(origin[1] + u * sin + v * cos, 1)
    shapely.prepare(area)
    shapely.prepare(bridges)
    inside, wet = shapely.contains_xy(area, x, y), shapely.contains_xy(bridges, x, y)
    number = np.arange(i.size).reshape(i.shape)
    edges, kinds, keys = [], [], []
    for axis, (a, b, line) in enumerate(
        (
            ((slice(None, -1), slice(None)), (slice(1, None), slice(None)), j),
            ((slice(None), slice(None, -1)), (slice(None), slice(1, None)), i),
        )
    ):
        k = np.broadcast_to(line[a], number[a].shape)
        mx, my = (x[a] + x[b]) / 2, (y[a] + y[b]) / 2
        dry = inside[a] & inside[b] & shapely.contains_xy(area, mx, my)
        # Few lines cross the river: every third arterial running north.
        span = (
            (axis == 1) & (k % 12 == 0) & (inside[a] | wet[a]) & (inside[b] | wet[b])
            if main
            else np.zeros_like(dry)
        )
        keep = dry | span
        minor = k % 2 != 0
        keep &= ~(minor & ~span & (rng.random(k.shape) < 0.22))
        kind = np.where(k % 4 == 0, ARTERIAL, np.where(k % 2 == 0, COLLECTOR, LOCAL))
        if main:
            kind = np.where((k % 24 == 0) & (kind == ARTERIAL), FAST, kind)
        edges.append(np.column_stack([number[a][keep], number[b][keep]]))
        kinds.append(kind[keep])
        keys += [(axis, int(n)) for n in k[keep]]
    edges, kinds = np.concatenate(edges), np.concatenate(kinds)
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(i.size, i.size))
    _, part = connected_components(graph, directed=False)
    size = np.bincount(part[edges[:, 0]], minlength=part.max() + 1)
    good = size[part[edges[:, 0]]] >= 24
    edges, kinds, keys = edges[good], kinds[good], [k for k, g in zip(keys, good, strict=True) if g]
    used, inverse = np.unique(edges, return_inverse=True)
    return np.column_stack([x.ravel()[used], y.ravel()[used]]), inverse.reshape(-1, 2), kinds, keys


def build(city: City) -> Streets:
    """Add street to ``city``."""
    settlement = city.layers["settlement"]
    kind = np.array(settlement.columns["kind"])
    water = shapely.union_all(np.concatenate([city.layers[k].geometry for k in ("river_area", "reservoir")]))
    towns = [
        (
            "main",
            shapely.union_all(settlement.geometry[kind == "主城"]),
            project(112.449, 34.668),
            250.0,
            -0.045,
            True,
        )
    ]
    for code, fact in facts.COUNTIES.items():
        if code not in facts.URBAN:
            mine = settlement.geometry[
                (kind == "县城") & (np.array(settlement.columns["county_code"]) == code)
            ]
            turn = float(generator("turn " + code).uniform(-0.35, 0.35))
            towns.append((code, shapely.union_all(mine), project(*fact[3:5]), 210.0, turn, False))
    nodes, edges, kinds, names = [], [], [], []
    count = 0
    for theme, area, origin, pitch, turn, main in towns:
        if area.is_empty:
            continue
        shape = shapely.difference(shapely.buffer(shapely.buffer(area, 160), -120), shapely.buffer(water, 25))
        bridges = (
            shapely.intersection(shapely.buffer(area, 900), shapely.buffer(water, 60))
            if main
            else shapely.Polygon()
        )
        xy, pairs, kind_of, keys = _lattice(shape, bridges, origin, pitch, turn, theme, main=main)
        nodes.append(xy)
        edges.append(pairs + count)
        kinds.append(kind_of)
        names += [_name(theme, axis, number) for axis, number in keys]
        count += len(xy)
    result = Streets(
        np.concatenate(nodes),
        np.concatenate(edges),
        np.concatenate(kinds),
        np.array(names),
        shapely.Polygon(),
    )
    lines = shapely.linestrings(result.nodes[result.edges])
    result.area = shapely.union_all(
        shapely.buffer(shapely.line_merge(shapely.union_all(lines)), 140, quad_segs=2)
    )
    city.layers["street"] = _layer(result, lines)
    return result


def _name(theme: str, axis: int, number: int) -> str:
    """The name of a line: known ones for the arterials of the main city, words for the others."""
    if theme == "main" and number % 4 == 0:
        known = STREETS_EW if axis == 0 else STREETS_NS
        middle = 4 if axis == 0 else 8
        k = middle - number // 4 if axis == 0 else middle + number // 4
        if 0 <= k < len(known):
            return known[k]
    word = STREET_WORDS[(number * 7 + axis * 31 + sum(theme.encode()) * 5) % len(STREET_WORDS)]
    return (
        word
        + (("东西"[number > 0] if axis else "南北"[number > 0]) if abs(number) > 28 else "")
        + ("路" if number % 4 == 0 else "街" if axis else "巷" if number % 2 else "路")
    )


def _layer(streets: Streets, lines: np.ndarray) -> Layer:
    """One feature for every stretch of a named line."""
    groups: dict[tuple[str, str], list[int]] = {}
    for i, key in enumerate(zip(streets.name, streets.kind, strict=True)):
        groups.setdefault((str(key[0]), str(key[1])), []).append(i)
    shapes, names, kinds = [], [], []
    for (name, kind), members in sorted(groups.items()):
        for part in shapely.get_parts(shapely.line_merge(shapely.union_all(lines[members]))):
            shapes.append(part)
            names.append(name)
            kinds.append(kind)
    geometry = shapely.set_precision(shapely.simplify(np.array(shapes), 3.0), 0.1)
    return Layer(
        geometry,
        {
            "name": names,
            "class": kinds,
            "lanes": np.array([_LANES[k] for k in kinds]),
            "surface": ["沥青"] * len(kinds),
            "oneway": np.zeros(len(kinds), bool),
            "level": np.zeros(len(kinds), np.int64),
            "length_m": np.round(shapely.length(geometry), 0),
            "nature": ["示例数据"] * len(kinds),
        },
    )
