"""Water: named rivers, their surfaces, reservoirs behind the real dams, and the streams the terrain makes."""

from __future__ import annotations

import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from sample_data.city import BOUNDS, CELL_M, COLUMNS, ROWS, X0, Y1, City, Layer, generator, grid_transform
from sample_data.courses import RESERVOIRS
from sample_data.projection import project
from sample_data.rivers import courses
from sample_data.terrain import drain, flood, trace

SAMPLE = "示例数据"
_STREAM_M2 = 2.2e6
_RIVER, _LAKE = "210101", "240101"
_ORDER = {1: 7, 2: 6, 3: 5}  # streams reach order 4 and 5 where they enter the rivers of class 3


def smoothed(polygons: np.ndarray, tolerance: float) -> np.ndarray:
    """Polygons cut from a grid as natural outlines: simplified, corners cut once (Chaikin), on a 1 m grid."""

    def cut(ring: np.ndarray) -> np.ndarray:
        a, b = ring[:-1], ring[1:]
        out = np.empty((2 * len(a) + 1, 2))
        out[0:-1:2], out[1::2] = a * 0.75 + b * 0.25, a * 0.25 + b * 0.75
        out[-1] = out[0]
        return np.round(out)

    result = []
    for part in shapely.get_parts(shapely.simplify(polygons, tolerance)):
        if part.is_empty or part.area < tolerance * tolerance:
            continue
        holes = [
            cut(np.asarray(h.coords))
            for h in part.interiors
            if shapely.Polygon(h).area > 9 * tolerance * tolerance
        ]
        result.append(shapely.Polygon(cut(np.asarray(part.exterior.coords)), holes))
    return shapely.make_valid(np.array(result, object), method="structure")


def surface(xy: np.ndarray, width: np.ndarray) -> shapely.Geometry:
    """The strip ``width`` (m) wide along a line."""
    tangent = np.gradient(xy, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    side = np.column_stack([-tangent[:, 1], tangent[:, 0]]) * (width / 2)[:, None]
    return shapely.make_valid(
        shapely.Polygon(np.round(np.vstack([xy + side, (xy - side)[::-1]]), 1)), method="structure"
    )


def build(city: City, outline: shapely.Geometry) -> None:
    """Add river, river_area, reservoir, dam and stream to ``city``; ``outline`` is the area of the city."""
    near = shapely.box(*BOUNDS)
    lakes = _reservoirs(city)
    rows, areas = [], []
    for course in courses():
        river = course.river
        line = shapely.intersection(shapely.simplify(shapely.LineString(course.xy), 12), near)
        line = shapely.MultiLineString([g for g in shapely.get_parts(line) if g.geom_type == "LineString"])
        rows.append((river.name, str(river.rank), river.basin, river.width_m, line))
        if course.width.max() > 45:
            rng = generator("width " + river.name)
            vary = np.interp(
                np.arange(len(course.xy)),
                np.arange(0, len(course.xy) + 4, 4),
                rng.uniform(0.75, 1.3, len(course.xy) // 4 + 2)[: len(range(0, len(course.xy) + 4, 4))],
            )
            area = shapely.intersection(surface(course.xy, np.maximum(course.width * vary, 12)), near)
            areas.append(
                (river.name, shapely.simplify(shapely.difference(area, shapely.buffer(lakes["union"], 1)), 6))
            )
    city.layers["river"] = Layer(
        np.array([shapely.set_precision(r[4], 0.1) for r in rows]),
        {
            "name": [r[0] for r in rows],
            "class": [r[1] for r in rows],
            "basin": [r[2] for r in rows],
            "gb": [_RIVER] * len(rows),
            "strahler": [_ORDER[int(r[1])] for r in rows],
            "width_m": np.array([r[3] for r in rows]),
            "length_km": np.round([r[4].length / 1000 for r in rows], 1),
            "nature": [SAMPLE] * len(rows),
        },
    )
    polygons = shapely.set_precision(np.array([a[1] for a in areas]), 0.1)
    city.layers["river_area"] = Layer(
        polygons,
        {"name": [a[0] for a in areas], "gb": [_RIVER] * len(areas), "nature": [SAMPLE] * len(areas)},
    )
    count = len(RESERVOIRS)
    city.layers["reservoir"] = Layer(
        lakes["polygons"],
        {
            "name": [r[0] for r in RESERVOIRS],
            "gb": [_LAKE] * count,
            "capacity_m3": np.array([r[3] for r in RESERVOIRS]),
            "level_m": np.array([r[6] for r in RESERVOIRS]),
            "river": [r[2] for r in RESERVOIRS],
            "area_km2": np.round(shapely.area(lakes["polygons"]) / 1e6, 2),
            "nature": [SAMPLE] * count,
        },
    )
    city.layers["dam"] = Layer(
        lakes["dams"],
        {"name": [r[1] for r in RESERVOIRS], "river": [r[2] for r in RESERVOIRS], "nature": ["真实"] * count},
    )
    city.layers["stream"] = _streams(city, outline)


def _reservoirs(city: City) -> dict:
    """Pools: ground below the water level, connected with the river above the dam."""
    by_name = {c.river.name: c for c in courses()}
    fine = CELL_M / 2
    polygons, dams = [], []
    for _name, _dam, river, _volume, lon, lat, level in RESERVOIRS:
        course = by_name[river]
        px, py = project(lon, lat)
        at = int(np.argmin(np.hypot(course.xy[:, 0] - px, course.xy[:, 1] - py)))
        dam, up = course.xy[at], course.xy[max(0, at - 3)]
        reach = 34000.0 if river == "黄河" else 22000.0
        x = dam[0] + np.arange(-reach, 9000.0, fine)
        y = dam[1] + np.arange(reach if river != "黄河" else 26000.0, -reach, -fine)
        wet = city.terrain.at(x[None, :], y[:, None]) < level
        # Nothing floods past the dam: the side of the dam line that lies downstream stays dry near the dam.
        course_dir = (course.xy[min(at + 4, len(course.xy) - 1)] - up) / np.hypot(
            *(course.xy[min(at + 4, len(course.xy) - 1)] - up)
        )
        along = (x[None, :] - dam[0]) * course_dir[0] + (y[:, None] - dam[1]) * course_dir[1]
        across = np.hypot(x[None, :] - dam[0], y[:, None] - dam[1])
        wet &= ~((along > 0) & (across < 7000))
        wet = ndimage.binary_opening(wet, np.ones((2, 2), bool)) | (
            wet & (city.terrain.at(x[None, :], y[:, None]) < level - 4)
        )
        parts, _ = ndimage.label(wet)
        seeds = course.xy[max(0, at - 12) : at - 1]
        r, c = (
            ((y[0] - seeds[:, 1]) / fine + 0.5).astype(int),
            ((seeds[:, 0] - x[0]) / fine + 0.5).astype(int),
        )
        ok = (r >= 0) & (c >= 0) & (r < len(y)) & (c < len(x))
        found = parts[r[ok], c[ok]]
        pool = parts == np.bincount(found[found > 0]).argmax()
        pool = ndimage.binary_fill_holes(ndimage.binary_closing(pool, np.ones((3, 3), bool)))
        shapes = [
            shapely.geometry.shape(g)
            for g, v in rasterio.features.shapes(
                pool.astype(np.uint8),
                mask=pool,
                transform=grid_transform(x[0] - fine / 2, y[0] + fine / 2, fine, fine),
            )
            if v
        ]
        body = smoothed(np.array([max(shapes, key=lambda g: g.area)]), 55.0)
        polygons.append(shapely.union_all(body))
        dams.append(shapely.Point(np.round(dam, 1)))
    return {"polygons": np.array(polygons), "dams": np.array(dams), "union": shapely.union_all(polygons)}


def _fixed() -> np.ndarray:
    fixed = np.zeros((ROWS, COLUMNS), bool)
    fixed[[0, -1], :] = fixed[:, [0, -1]] = True
    for course in courses():
        r, c, _, _ = trace(course, CELL_M, ROWS, COLUMNS)
        fixed[r, c] = True
    return fixed


def _streams(city: City, outline: shapely.Geometry) -> Layer:
    """Streams as links between heads, confluences and rivers, from drained area (D8)."""
    fixed = _fixed()
    z = city.terrain.z.astype(np.float64)
    order, filled = flood(z, fixed)
    receiver, area = drain(filled, fixed, order, CELL_M)
    channel = (area >= _STREAM_M2) & ~fixed.ravel()
    donors = np.bincount(receiver[channel], minlength=len(receiver))
    strahler = np.zeros(len(receiver), np.int64)
    top, twice = np.zeros(len(receiver), np.int64), np.zeros(len(receiver), bool)
    for i in order[::-1]:
        if not channel[i]:
            continue
        strahler[i] = 1 if donors[i] == 0 else top[i] + twice[i]
        j = receiver[i]
        if strahler[i] > top[j]:
            top[j], twice[j] = strahler[i], False
        elif strahler[i] == top[j]:
            twice[j] = True
    heads = np.flatnonzero(channel & (donors != 1))
    rivers = shapely.union_all([shapely.LineString(c.xy) for c in courses()])
    lines, orders = [], []
    for head in heads:
        cells = [head]
        while True:
            i = receiver[cells[-1]]
            cells.append(i)
            if not channel[i] or donors[i] != 1:
                break
        cells = np.array(cells)
        r, c = cells // COLUMNS, cells % COLUMNS
        xy = np.column_stack([X0 + (c + 0.5) * CELL_M, Y1 - (r + 0.5) * CELL_M])
        fall = z.ravel()[cells[0]] - z.ravel()[cells[-1]]
        if fall < 0.004 * CELL_M * len(cells):
            continue
        if len(xy) > 4:
            xy[1:-1] = (xy[:-2] + 2 * xy[1:-1] + xy[2:]) / 4
        if fixed.ravel()[cells[-1]]:
            mouth = shapely.Point(xy[-1])
            if shapely.dwithin(mouth, rivers, 150):
                xy[-1] = shapely.get_coordinates(shapely.shortest_line(mouth, rivers))[1]
        lines.append(shapely.LineString(xy))
        orders.append(int(strahler[head]))
    shapes = shapely.set_precision(shapely.simplify(np.array(lines), 45.0), 1.0)
    shapely.prepare(outline)
    keep = shapely.intersects(outline, shapes) & (shapely.length(shapes) > 300)
    count = int(keep.sum())
    return Layer(
        shapes[keep], {"strahler": np.array(orders)[keep], "gb": [_RIVER] * count, "nature": [SAMPLE] * count}
    )
