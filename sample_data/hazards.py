"""Geological hazards: susceptibility zones from the terrain, hazard points, rain gauges and a moving storm.

Seven hazard points carry names reported in 2015; their places are inferred from the village, their figures are samples.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rasterio.features import shapes as polygonize
from scipy import ndimage

from sample_data import hazard_cards
from sample_data.city import City, Layer, generator, grid_transform
from sample_data.sites import (
    ESTIMATED,
    SAMPLE,
    Sites,
    codes,
    nature,
    phones,
    pick,
    points,
    shape_array,
    spread,
    village_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

POINTS = 420
GAUGES = 90
EVENTS, OTHER_EVENTS = 14, 4  # by the sample storm, and where it hardly rained
HOURS = 72
BREAK = 32  # hour between its two bands
START = datetime(2025, 7, 15, 20, tzinfo=timezone(timedelta(hours=8)))  # of the sample storm
ROCKFALL, LANDSLIDE, DEBRIS, COLLAPSE, FISSURE, SUBSIDENCE = 1, 2, 3, 4, 5, 6
# Reported in 2015 among 31 key points (seven in Xin'an): township, village, name, type.
NAMED = (
    ("石井", "黛眉", "石井镇黛眉村滑坡", LANDSLIDE),
    ("北冶", "马行沟", "北冶镇马行沟村滑坡", LANDSLIDE),
    ("石井", "王家沟", "石井镇王家沟村滑坡", LANDSLIDE),
    ("石井", "潭上", "石井镇潭上村龙潭组塌陷", COLLAPSE),
    ("铁门", "董沟", "铁门镇董沟村下沟组泥石流", DEBRIS),
    ("石寺", "渠里", "石寺镇渠里村塌陷", COLLAPSE),
    ("北冶", "张官岭", "北冶镇张官岭村西沟组滑坡", LANDSLIDE),
)
_TYPE_NAME = {1: "崩塌", 2: "滑坡", 3: "泥石流", 4: "塌陷", 5: "地裂缝", 6: "地面沉降"}
_MINING = ("410323", "410327", "410329")  # coal and bauxite goaf
_LOESS = ("410308", "410307", "410311")
_VOLUME_STEPS = {
    1: (1, 10, 100),
    2: (10, 100, 1000),
    3: (2, 20, 50),
    4: (0.1, 1, 10),
    5: (0.1, 1, 10),
    6: (0.1, 1, 10),
}


def layers(city: City, sites: Sites) -> Iterator[tuple[str, Layer]]:
    zones = _zones(city, sites)
    yield "hazard_zone", zones
    hazards = _points(sites)
    yield "hazard_point", hazards
    yield "hazard_household", hazard_cards.households(hazards, len(NAMED))
    gauges, rain = _storm(sites)
    yield "rain_gauge", gauges
    yield "rainfall", rain
    yield "warning_zone", _draft(city, sites, gauges, hazards)
    yield "hazard_event", _events(sites, gauges, rain, hazards)


def danger_grade(people: NDArray[np.int64], assets: NDArray[np.float64]) -> NDArray[np.int64]:
    """Danger class 1 (extra large) to 4 (small) after the 2004 Regulation: the higher of two criteria.

    ``people`` who must move: 1000, 500, 100. ``assets`` at risk, 10⁴ yuan: 10 000, 5000, 500. Lower bounds inclusive.
    """
    by_people = 4 - np.searchsorted((100, 500, 1000), people, side="right")
    by_assets = 4 - np.searchsorted((500, 5000, 10000), assets, side="right")
    return np.minimum(by_people, by_assets)


def _zones(city: City, sites: Sites) -> Layer:
    """Classes of smoothed slope and relief, rounded; not calibrated against events."""
    t = city.terrain
    block = 4
    rows, columns = (s // block * block for s in t.z.shape)
    slope = t.slope()[:rows, :columns].reshape(rows // block, block, columns // block, block).mean((1, 3))
    rough = ndimage.gaussian_filter(generator("hazard_zone").normal(size=slope.shape), 7)
    score = ndimage.gaussian_filter(slope, 1.7) * (1 + 0.3 * rough / rough.std())
    cell = t.cell * block
    y, x = np.mgrid[0 : slope.shape[0], 0 : slope.shape[1]]
    inside = shapely.contains_xy(sites.outline, t.x0 + (x + 0.5) * cell, t.y1 - (y + 0.5) * cell)
    steps = np.quantile(score[inside], [0.74, 0.89, 0.965])
    level = np.where(inside, 4 - np.searchsorted(steps, score), 0).astype(np.uint8)
    transform = grid_transform(t.x0, t.y1, cell, cell)
    parts, levels = [], []
    for value, smallest in ((3, 3.0), (2, 1.6), (1, 0.8)):
        mask = ndimage.binary_opening((level > 0) & (level <= value), iterations=1)
        for shape, _ in polygonize(mask.astype(np.uint8), mask=mask, transform=transform):
            polygon = shapely.geometry.shape(shape)
            if polygon.area > smallest * 1e6:
                parts.append(_rounded(polygon))
                levels.append(value)
    area, number = np.array(parts, object), np.array(levels)
    higher = {v: shapely.union_all(area[number < v]) for v in (2, 3)}
    for v, above in higher.items():  # a place has one class only
        area[number == v] = shapely.difference(area[number == v], above)
    clip = shapely.simplify(sites.outline, 250)
    area = shapely.set_precision(shapely.intersection(area, clip), 1.0)
    area, number = _polygons(area, number, 3e5)
    middle = shapely.get_coordinates(shapely.point_on_surface(area))
    county = sites.county_of(middle)
    kind = np.where(
        np.isin(county, _MINING) & (number == 3),
        COLLAPSE,
        np.where(sites.height(middle) > 800, DEBRIS, LANDSLIDE),
    )
    return Layer(
        area,
        {
            "code": codes("YF", len(area)),
            "susceptibility": number,
            "kind": kind,
            "area_km2": np.round(shapely.area(area) / 1e6, 2),
            "county_code": county,
            "nature": nature(len(area), ESTIMATED),
        },
    )


def _rounded(polygon: shapely.Polygon) -> shapely.Polygon:
    """Without the stairs of the grid: simplified, corners cut once (Chaikin 1974), small holes filled."""
    rings = [polygon.exterior, *(r for r in polygon.interiors if shapely.Polygon(r).area > 1.5e6)]
    out = []
    for ring in rings:
        xy = shapely.get_coordinates(shapely.simplify(ring, 300))[:-1]
        if len(xy) < 3:
            continue
        following = np.roll(xy, -1, axis=0)
        cut = np.stack([0.75 * xy + 0.25 * following, 0.25 * xy + 0.75 * following], axis=1).reshape(-1, 2)
        out.append(cut)
    return shapely.make_valid(shapely.Polygon(out[0], out[1:]))


def _polygons(
    area: NDArray[np.object_], number: NDArray[np.int64], smallest: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    parts, index = shapely.get_parts(area, return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > smallest)
    return parts[keep], number[index[keep]]


def _points(sites: Sites) -> Layer:
    rng = generator("hazard_point")
    village = sites.villages
    named = [_named_row(village, town, part, sites) for town, part, _, _ in NAMED]
    rural = np.setdiff1d(sites.rural, named)
    tries = np.stack([sites.around(rng, village.xy[rural], 60, 1100) for _ in range(10)])
    slopes = np.stack([sites.slope(t) for t in tries])
    best = slopes.argmax(0)
    steep = slopes[best, np.arange(len(rural))]
    chosen = pick(rng, np.maximum(steep, 0.5) ** 1.6, POINTS - len(NAMED))
    xy = np.concatenate([sites.around(rng, village.xy[named], 120, 500), tries[best[chosen], chosen]])
    row = np.r_[named, rural[chosen]]
    county, slope = village.county[row], sites.slope(xy)
    n = len(row)
    kind = np.array(
        [
            _kind(rng, str(c), float(s), float(h))
            for c, s, h in zip(county, slope, sites.height(xy), strict=True)
        ]
    )
    kind[: len(NAMED)] = [k for *_, k in NAMED]
    volume = np.round(
        np.exp(rng.normal(0.6, 1.5, n)) * np.select([kind == 2, kind == 3, kind == 1], [4.0, 1.2, 0.6], 0.12),
        2,
    )
    volume = np.maximum(volume, 0.01)
    scale = np.array(
        [
            4 - np.searchsorted(_VOLUME_STEPS[int(k)], v, side="right")
            for k, v in zip(kind, volume, strict=True)
        ]
    )
    people = np.clip(np.exp(rng.normal(3.1, 1.25, n)), 0, 1600).astype(int)
    assets = np.round(people * rng.uniform(2.5, 9.0, n) + rng.uniform(5, 60, n), 0)
    names = [name for _, _, name, _ in NAMED] + [
        f"{village_name(village.name[r])}{_TYPE_NAME[int(k)]}"
        for r, k in zip(row[len(NAMED) :], kind[len(NAMED) :], strict=True)
    ]
    trigger = np.where(kind == COLLAPSE, 3, rng.choice([1, 2, 4], n, p=[0.62, 0.28, 0.10]))
    return Layer(
        points(xy),
        {
            "code": np.array([f"{c}{i:04d}" for i, c in enumerate(county, 1)]),
            "name": np.array(names),
            "kind": kind,
            "scale": scale,
            "volume_m3": volume,
            "threat_people": people,
            "threat_assets": assets,
            "grade": danger_grade(people, assets),
            "stability": rng.choice([1, 2, 3], n, p=[0.2, 0.5, 0.3]),
            "trigger": trigger,
            "slope_deg": np.round(slope, 1),
            "county_code": county,
            "township_code": village.township[row],
            "village_code": village.code[row],
            "monitor": np.array([f"示例监测员{i:03d}" for i in range(1, n + 1)]),
            "phone": phones(n, 1),
            **hazard_cards.point_columns(kind, people, [village_name(village.name[r]) for r in row], len(NAMED)),
            "nature": np.where(np.arange(n) < len(NAMED), ESTIMATED, SAMPLE),
        },
    )


def _named_row(village, town: str, part: str, sites: Sites) -> int:
    names = dict(zip(sites.towns.code, sites.towns.name, strict=True))
    for i in np.flatnonzero(np.char.find(village.name, part) >= 0):
        if town in str(names.get(str(village.township[i]), "")):
            return int(i)
    raise LookupError(f"{town}{part}")


def _kind(rng: np.random.Generator, county: str, slope: float, height: float) -> int:
    if county in _MINING and rng.random() < 0.35:
        return COLLAPSE if rng.random() < 0.85 else FISSURE
    if county in _LOESS and rng.random() < 0.12:
        return FISSURE if rng.random() < 0.6 else SUBSIDENCE
    if height > 600 and rng.random() < 0.3:
        return DEBRIS
    return ROCKFALL if rng.random() < 0.18 + slope / 90 else LANDSLIDE


def _storm(sites: Sites) -> tuple[Layer, Layer]:
    """Gauges and their hourly rain: two bands drift from the south-west to the north-east, stronger over high ground."""
    rng = generator("storm")
    towns, counties = sites.towns, sites.counties
    national = counties.xy
    rest = spread(rng, towns.xy, GAUGES - len(counties))
    xy = np.concatenate([sites.around(rng, national, 300, 900), sites.around(rng, towns.xy[rest], 150, 1500)])
    n = len(xy)
    height = sites.height(xy)
    hour = np.arange(1, HOURS + 1)
    along = sites.outline.bounds
    rain = np.zeros((n, HOURS))
    for begin, last, peak, breadth in ((6, 22, 11.5, 26000.0), (34, 26, 20.5, 21000.0)):
        share = (hour - begin) / last
        centre = np.stack(
            [
                along[0] + (0.12 + 0.72 * share) * (along[2] - along[0]),
                along[1] + (0.10 + 0.68 * share) * (along[3] - along[1]),
            ],
            1,
        )
        envelope = np.where((share > 0) & (share < 1), np.sin(np.pi * np.clip(share, 0, 1)) ** 0.7, 0)
        d = xy[:, None, :] - centre[None]
        u, v = (d[..., 0] + d[..., 1]) / np.sqrt(2), (d[..., 1] - d[..., 0]) / np.sqrt(2)
        rain += peak * envelope * np.exp(-0.5 * ((u / breadth) ** 2 + (v / (breadth * 2.1)) ** 2))
    rain *= (0.75 + height[:, None] / 1500) * rng.gamma(3.0, 1 / 3.0, (n, HOURS))
    rain = np.round(np.where(rain < 0.1, 0, rain), 1)
    total = np.cumsum(rain, axis=1)
    day = np.max(total[:, 23:] - np.c_[np.zeros(n), total[:, : HOURS - 24]], axis=1)
    code = codes("YL", n)
    names = [
        *(f"{c}国家气象站" for c in counties.name),
        *(f"{t.removesuffix('街道')}雨量站" for t in towns.name[rest]),
    ]
    gauges = Layer(
        points(xy),
        {
            "code": code,
            "name": np.array(names),
            "kind": np.r_[np.ones(len(counties), int), rng.choice([2, 3], n - len(counties), p=[0.65, 0.35])],
            "elevation_m": np.round(height).astype(int),
            "rain_24h": np.round(day, 1),
            "rain_total": np.round(total[:, -1], 1),
            "county_code": sites.county_of(xy),
            "nature": nature(n),
        },
    )
    times = [(START + timedelta(hours=int(h))).isoformat() for h in hour]
    table = Layer(
        None,
        {
            "gauge": np.repeat(code, HOURS),
            "time": np.array([datetime.fromisoformat(t) for t in times] * n, object),
            "rain_mm": rain.ravel(),
            "nature": nature(n * HOURS),
        },
    )
    return gauges, table


def _draft(city: City, sites: Sites, gauges: Layer, hazards: Layer) -> Layer:
    """One draft warning where the storm and the hazard points are worst; nobody signed it."""
    g, rain = shapely.get_coordinates(shape_array(gauges)), np.asarray(gauges.columns["rain_24h"])
    towns = sites.towns
    near = np.hypot(*(towns.xy[:, None] - g[None]).transpose(2, 0, 1))
    weight = 1 / np.maximum(near, 500) ** 2
    fall = (weight * rain).sum(1) / weight.sum(1)
    count = np.array([(np.asarray(hazards.columns["township_code"]) == c).sum() for c in towns.code])
    worst = int(np.argmax(fall * np.sqrt(count)))
    close = np.argsort(np.hypot(*(towns.xy - towns.xy[worst]).T), kind="stable")[:12]
    chosen = close[np.argsort(-(fall * np.sqrt(count + 0.5))[close], kind="stable")[:5]]
    area = shapely.union_all(shapely.set_precision(shape_array(city.layers["township"])[chosen], 1.0))
    area = shapely.set_precision(
        shapely.simplify(shapely.buffer(shapely.buffer(area, 1200), -1200), 150), 1.0
    )
    start = START + timedelta(hours=24)
    return Layer(
        np.array([area], object),
        {
            "code": ["YJ0001"],
            "name": ["黄色预警（草稿·示例）"],
            "level": [3],
            "status": ["草稿"],
            "issue_no": [None],
            "valid_from": [start],
            "valid_to": [start + timedelta(hours=24)],
            "townships": [" ".join(sorted(towns.code[chosen]))],
            "basis": [f"示例暴雨最大24小时雨量{fall[chosen].max():.0f}毫米；未经本地率定"],
            "signatory": [None],
            "nature": [SAMPLE],
        },
    )


def _events(sites: Sites, gauges: Layer, rain: Layer, hazards: Layer) -> Layer:
    """What was reported of the sample storm: slides a few hours after the heaviest rain, and a few that it did not cause."""
    rng = generator("hazard_event")
    xy = shapely.get_coordinates(shape_array(hazards))
    g = shapely.get_coordinates(shape_array(gauges))
    weight = 1 / np.maximum(np.hypot(*(xy[:, None] - g[None]).transpose(2, 0, 1)), 500) ** 2
    hourly = np.asarray(rain.columns["rain_mm"], float).reshape(GAUGES, HOURS)
    total = np.cumsum(weight @ hourly / weight.sum(1)[:, None], axis=1)
    day = total - np.c_[np.zeros((len(xy), 24)), total[:, :-24]]  # mm in the 24 h before every hour
    worst, kind = day.max(1), np.asarray(hazards.columns["kind"])
    fast = np.isin(kind, (ROCKFALL, LANDSLIDE, DEBRIS))
    wet = np.flatnonzero(fast & (worst > np.quantile(worst, 0.6)))
    town = np.asarray(hazards.columns["township_code"])
    _, at, crowd = np.unique(town[wet], return_inverse=True, return_counts=True)
    by_rain = wet[pick(rng, (worst[wet] - worst[wet].min() + 1) ** 2 / crowd[at] ** 1.5, EVENTS)]
    dry = np.flatnonzero(worst < np.quantile(worst, 0.2))
    chosen = np.r_[by_rain, dry[pick(rng, np.ones(len(dry)), OTHER_EVENTS)]]
    n = len(chosen)
    first = np.arange(EVENTS) % 3 == 0  # by the first of the two bands of rain
    peak = np.where(first, day[by_rain, :BREAK].argmax(1), BREAK + day[by_rain, BREAK:].argmax(1)) + 1
    hour = np.r_[peak, rng.integers(8, 60, OTHER_EVENTS)]
    minutes = np.minimum(hour * 60 + rng.integers(-180, 360, n), HOURS * 60 - 10) // 10 * 10
    order = np.argsort(minutes, kind="stable")
    chosen, minutes, is_rain = chosen[order], minutes[order], (np.arange(n) < EVENTS)[order]
    county = np.asarray(hazards.columns["county_code"])[chosen]
    town = town[chosen]
    names = dict(zip(sites.towns.code, sites.towns.name, strict=True))
    deaths = np.where(rng.random(n) < 0.12, rng.integers(1, 4, n), 0)
    losses = np.round(np.exp(rng.normal(3.2, 1.2, n)), 1)
    return Layer(
        points(sites.around(rng, xy[chosen], 30, 350)),
        {
            "code": codes("ZQ", n),
            "name": np.array([
                f"{names[str(t)]}{_TYPE_NAME[int(k)]}（示例）" for t, k in zip(town, kind[chosen], strict=True)
            ]),
            "kind": kind[chosen],
            "time": np.array([START + timedelta(minutes=int(m)) for m in minutes], object),
            "township_code": town,
            "county_code": county,
            "deaths": deaths,
            "evacuated": rng.integers(0, 60, n),
            "losses": losses,
            "grade": event_grade(deaths, losses),
            "trigger": np.where(is_rain, 1, 2),
            "source": np.array(["示例上报"] * n),
            "nature": nature(n),
        },
    )  # fmt: skip


def event_grade(deaths: NDArray[np.int64], losses: NDArray[np.float64]) -> NDArray[np.int64]:
    """Severity 1 to 4 after the 2004 Regulation: deaths 30, 10, 3 or losses 1000, 500, 100 (10⁴ yuan), the higher one."""
    by_deaths = 4 - np.searchsorted((3, 10, 30), deaths, side="right")
    by_losses = 4 - np.searchsorted((100, 500, 1000), losses, side="right")
    return np.minimum(by_deaths, by_losses)
