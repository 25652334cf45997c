"""A synthetic city for timing frames: as many layers and features as the sample city, none of its meaning."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import shapely

from lydigital.kernels import ragged, simplify
from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.render import classify
from lydigital.render.drawlist import SceneLayer

CRS = Crs(PROJECT_DEFAULT)
CENTRE = (612_000.0, 3_826_000.0)
SIZE_M = 150_000.0
_CHARS = "洛阳龙门伊川嵩县栾汝宜新安孟津偃师涧西老城瀍河吉利东关南山北沟上庄李村王店赵集"


def _noise(shape: int, random: np.random.Generator) -> np.ndarray:
    """Smooth hills, (shape, shape), 0-1."""
    out = np.zeros((shape, shape))
    for octave in range(2, 8):
        n = 2**octave
        coarse = random.random((n + 3, n + 3))
        at = np.linspace(0, n, shape)
        i = np.minimum(at.astype(int), n)
        t = at - i
        t = t * t * (3 - 2 * t)
        rows = coarse[i] * (1 - t)[:, None] + coarse[i + 1] * t[:, None]
        out += (rows[:, i] * (1 - t) + rows[:, i + 1] * t) / n**0.9
    return (out - out.min()) / (out.max() - out.min())


def _table(geometry: GeometryArray, **columns: object) -> FeatureTable:
    order = ragged.hilbert_order(geometry.bounds)
    moved = geometry.take(order)
    if geometry.kind is not GeometryKind.POINT:
        closed = geometry.kind is GeometryKind.POLYGON
        weight = simplify.importance(moved.coords, moved.ring_offsets, closed)
        moved = GeometryArray(
            moved.kind,
            moved.coords,
            moved.ring_offsets,
            moved.part_offsets,
            moved.geom_offsets,
            moved.bounds,
            weight,
        )
    table = pa.table(columns).take(order) if columns else pa.table({"n": np.arange(len(order))})
    return FeatureTable(np.arange(len(order), dtype=np.int64), table, moved, CRS)


def _layer(name: str, table: FeatureTable | Grid, style: Style) -> SceneLayer:
    codes = classify.codes(table, style) if isinstance(table, FeatureTable) else None
    return SceneLayer(name, table, style, codes)


def _names(n: int, random: np.random.Generator, tail: str) -> list[str]:
    return ["".join(random.choice(list(_CHARS), 2)) + tail for _ in range(n)]


def _cells(n: int, random: np.random.Generator) -> list[shapely.Geometry]:
    """A partition of the city with wiggling borders."""
    x0, y0 = CENTRE[0] - SIZE_M / 2, CENTRE[1] - SIZE_M / 2
    points = shapely.multipoints(random.random((n, 2)) * SIZE_M + (x0, y0))
    box = shapely.box(x0, y0, x0 + SIZE_M, y0 + SIZE_M)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box)), box)

    def wiggle(xy: np.ndarray) -> np.ndarray:
        u = xy / 900.0
        shift = np.column_stack(
            [np.sin(u[:, 1] * 1.3) + np.sin(u[:, 1] * 4.1), np.cos(u[:, 0]) + np.cos(u[:, 0] * 3.7)]
        )
        return xy + shift * 130.0

    return list(shapely.transform(shapely.segmentize(cells, 90.0), wiggle))


def _curves(
    n: int, length_m: float, random: np.random.Generator, step: float = 60.0
) -> list[shapely.Geometry]:
    out = []
    for _ in range(n):
        count = max(3, int(length_m * (0.4 + random.random()) / step))
        heading = random.random() * 2 * math.pi + np.cumsum(random.normal(0, 0.12, count))
        steps = np.column_stack([np.cos(heading), np.sin(heading)]) * step
        start = CENTRE + random.normal(0, SIZE_M / 5, 2)
        out.append(shapely.linestrings(start + np.cumsum(steps, axis=0)))
    return out


def _blocks(n: int, random: np.random.Generator) -> list[shapely.Geometry]:
    towns = CENTRE + random.normal(0, SIZE_M / 6, (120, 2))
    at = towns[random.integers(0, 120, n)] + random.normal(0, 900.0, (n, 2))
    size = 6 + random.random((n, 2)) * 22
    boxes = shapely.box(at[:, 0], at[:, 1], at[:, 0] + size[:, 0], at[:, 1] + size[:, 1])
    return list(boxes)


def scene(seed: int = 7, *, buildings: int = 60_000) -> list[SceneLayer]:
    """Some seventy layers, bottom first."""
    random = np.random.default_rng(seed)
    kind = GeometryKind
    out: list[SceneLayer] = []
    shape = 1500
    values = (_noise(shape, random) ** 1.6 * 1900 + 120).astype(np.float32)
    cell = SIZE_M / shape
    origin = (CENTRE[0] - SIZE_M / 2, CENTRE[1] + SIZE_M / 2)
    overviews = tuple(
        Grid(values.reshape(shape // k, k, shape // k, k).mean((1, 3)), origin, (cell * k, cell * k), CRS)
        for k in (2, 4)
    )
    ramp = (
        (120.0, "#e9f0dc"),
        (400.0, "#f1f0dc"),
        (900.0, "#e6d9bd"),
        (1500.0, "#d9c7a8"),
        (2000.0, "#f4f2ee"),
    )
    dem = Grid(values, origin, (cell, cell), CRS, overviews)
    out.append(_layer("relief", dem, Style((Rule((RasterSymbolizer(ramp=ramp, shade=0.7),)),))))

    tints = ("#f3d9c4", "#d7e5c3", "#d3dfea", "#ecd9e6", "#efe6bf", "#d6e6de")
    counties = _cells(14, random)
    rules = tuple(
        Rule(
            (
                PolygonSymbolizer(
                    Fill(tints[i % 6], 0.35), Stroke("#8d6a86", 0.4, dash_mm=(3.0, 1.0, 0.6, 1.0))
                ),
            ),
            value=i,
        )
        for i in range(14)
    )
    table = _table(
        GeometryArray.from_shapely(kind.POLYGON, np.array(counties)),
        kind=np.arange(14),
        name=_names(14, random, "县"),
    )
    labels = LabelStyle("name", size_pt=14, weight="bold", placement="area", priority=95, spacing_em=0.3)
    out.append(_layer("county", table, Style(rules, "categorized", "kind", labels)))
    townships = _cells(194, random)
    labels = LabelStyle("name", size_pt=10, placement="area", priority=80, max_scale=400_000)
    out.append(
        _layer(
            "township",
            _table(
                GeometryArray.from_shapely(kind.POLYGON, np.array(townships)), name=_names(194, random, "乡")
            ),
            Style(
                (Rule((PolygonSymbolizer(None, Stroke("#a58aa0", 0.18, dash_mm=(1.2, 0.8))),)),),
                labels=labels,
            ),
        )
    )

    water = _curves(60, 30_000, random, 50.0)
    out.append(
        _layer(
            "river",
            _table(GeometryArray.from_shapely(kind.LINE, np.array(water)), name=_names(60, random, "河")),
            Style(
                (Rule((LineSymbolizer(Stroke("#7fb2d6", ((20_000.0, 1.4), (800_000.0, 0.35)))),)),),
                labels=LabelStyle("name", color="#3f7ea8", placement="line", priority=60, size_pt=9),
            ),
        )
    )
    classes = (
        ("#f0a25a", "#b8702f", 1.5, 40),
        ("#f7d074", "#b8923f", 1.1, 200),
        ("#ffffff", "#a9a9a4", 0.8, 1200),
        ("#ffffff", "#c9c7c0", 0.5, 5000),
    )
    lines, codes = [], []
    for code, (_, _, _, n) in enumerate(classes):
        lines += _curves(n, (60_000, 20_000, 5_000, 1_200)[code], random)
        codes += [code] * n
    rules = tuple(
        Rule(
            (
                LineSymbolizer(
                    Stroke(color, ((5_000.0, width * 2.2), (50_000.0, width), (1_000_000.0, width * 0.35))),
                    Stroke(
                        casing,
                        (
                            (5_000.0, width * 2.2 + 0.4),
                            (50_000.0, width + 0.3),
                            (1_000_000.0, width * 0.35 + 0.1),
                        ),
                    ),
                ),
            ),
            value=code,
            max_scale=(math.inf, math.inf, 300_000.0, 80_000.0)[code],
        )
        for code, (color, casing, width, _) in enumerate(classes)
    )
    out.append(
        _layer(
            "road",
            _table(
                GeometryArray.from_shapely(kind.LINE, np.array(lines)),
                kind=np.array(codes),
                name=_names(len(lines), random, "路"),
            ),
            Style(rules, "categorized", "kind", LabelStyle("name", placement="line", size_pt=8, priority=50)),
        )
    )
    uses = ("#c9b8a4", "#b9a694", "#d1c0b4", "#b7b3a8")
    rules = tuple(
        Rule((PolygonSymbolizer(Fill(c), Stroke("#8f8578", 0.13)),), value=i, max_scale=60_000.0)
        for i, c in enumerate(uses)
    )
    blocks = _blocks(buildings, random)
    out.append(
        _layer(
            "building",
            _table(
                GeometryArray.from_shapely(kind.POLYGON, np.array(blocks)),
                kind=random.integers(0, 4, buildings),
            ),
            Style(rules, "categorized", "kind"),
        )
    )
    for i in range(8):
        pipes = _curves(400, 1500, random, 40.0)
        color = ("#2f7fd0", "#8a5a2b", "#d0423a", "#e58f1f", "#7a3fb0", "#2d9a5b", "#d0409a", "#555555")[i]
        out.append(
            _layer(
                f"pipe{i}",
                _table(GeometryArray.from_shapely(kind.LINE, np.array(pipes))),
                Style(
                    (
                        Rule(
                            (LineSymbolizer(Stroke(color, 0.3, dash_mm=(2.0, 0.6) if i % 2 else ())),),
                            max_scale=30_000.0,
                        ),
                    )
                ),
            )
        )
    zones = [
        shapely.Point(*(CENTRE + random.normal(0, SIZE_M / 6, 2))).buffer(800 + random.random() * 3000)
        for _ in range(40)
    ]
    levels = ("#e02020", "#f08a24", "#f0d020", "#3a80d8")
    rules = tuple(
        Rule(
            (
                PolygonSymbolizer(
                    Fill(c, 0.9, pattern="hatch", ground=c + "40", spacing_mm=1.6, width_mm=0.25),
                    Stroke(c, 0.5),
                ),
            ),
            value=i + 1,
        )
        for i, c in enumerate(levels)
    )
    out.append(
        _layer(
            "zone",
            _table(
                GeometryArray.from_shapely(kind.POLYGON, np.array(zones)), level=random.integers(1, 5, 40)
            ),
            Style(rules, "categorized", "level"),
        )
    )
    shapes = ("circle", "square", "rounded", "diamond", "triangle", "hexagon", "shield", "pin")
    for i in range(44):
        n = int(random.integers(20, 900))
        xy = CENTRE + random.normal(0, SIZE_M / 6, (n, 2))
        color = f"#{int(random.integers(40, 190)):02x}{int(random.integers(40, 170)):02x}{int(random.integers(60, 190)):02x}"
        limit = 1_000_000.0 if n < 120 else 150_000.0 if n < 500 else 40_000.0
        out.append(
            _layer(
                f"site{i}",
                _table(GeometryArray.from_points(xy), name=_names(n, random, "站")),
                Style(
                    (
                        Rule(
                            (PointSymbolizer(shapes[i % 8], 3.4, color, glyph="mdi6.hospital-building"),),
                            max_scale=limit,
                        ),
                    ),
                    labels=LabelStyle("name", size_pt=8, priority=30 + i % 20, max_scale=limit / 2),
                ),
            )
        )
    return out
