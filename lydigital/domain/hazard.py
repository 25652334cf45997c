"""From rain and susceptibility to levels of warning: cells, townships, counties; the what-if; the run and its replay.

Levels of townships and counties are taken from the cells as computed; smoothing and least areas shape the zones only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.kernels import hazard as kernels
from lydigital.kernels import spread
from lydigital.kernels.hazard import OUTSIDE
from lydigital.model.warning import CountyLevel, Level, TownshipLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lydigital.domain.interpolation import Lattice
    from lydigital.model.hazardmodel import HazardModel, TownshipRule
    from lydigital.model.hazardrun import Place

OUTSIDE_CODE = {"": 0, "moderate": 3, "low": 4}


@dataclass(frozen=True, eq=False)
class Ground:
    """What does not change with the rain.

    Attributes
    ----------
    susceptibility
        ``(rows, columns) uint8``: 1 very high to 4 low, 0 where nothing is ever warned.
    township
        ``(rows, columns) int16`` row of ``places``, -1 outside the city.
    point_cell, point_township
        ``(p,)`` cell of every hazard point and its township by code, -1 where there is none.
    point_kind, point_people
        ``(p,)`` type of GB/T 40112 and people at risk.
    city
        Outline of all townships as WKB in the lattice's system, b"" when zones may end with cells.
    """

    lattice: Lattice
    susceptibility: NDArray[np.uint8]
    township: NDArray[np.int16]
    places: tuple[Place, ...]
    point_cell: NDArray[np.int64]
    point_township: NDArray[np.int64]
    point_kind: NDArray[np.int64]
    point_people: NDArray[np.int64]
    city: bytes = b""


@dataclass(frozen=True, eq=False)
class Assessment:
    """What a model says of a ground under some rain.

    Attributes
    ----------
    levels
        ``(rows, columns) uint8``: 0 none, 1 to 4, 254 outside the city, 255 rain not known.
    cells
        ``(townships, 6)`` cells of level 0 to 4 and of unknown rain.
    townships
        Those with a level, in order of the ground's places.
    point_level
        ``(p,) uint8`` level at every hazard point.
    people_at_points, population
        By level: people at risk at hazard points of that level; inhabitants by share of area (an estimate).
    area_km2
        By level.
    unknown
        Share of the city without a value.
    """

    levels: NDArray[np.uint8]
    cells: NDArray[np.int64]
    townships: tuple[TownshipLevel, ...]
    counties: tuple[CountyLevel, ...]
    point_level: NDArray[np.uint8]
    points: dict[int, int]
    people_at_points: dict[int, int]
    population: dict[int, int]
    area_km2: dict[int, float]
    unknown: float


def assess(ground: Ground, rain: NDArray[np.float32], model: HazardModel, *, out: NDArray[np.uint8] | None = None) -> Assessment:
    """Levels of cells, townships and counties, and who is there: quick enough to follow a hand on a threshold.

    Parameters
    ----------
    rain
        Effective rain ``(rows, columns)`` mm, NaN where it is not known.
    out
        Taken for the levels instead of a new array.
    """
    shape = ground.susceptibility.shape
    flat = (np.empty(shape, np.uint8) if out is None else out).reshape(-1)
    table = np.zeros((5, len(model.breaks) + 2), np.uint8)  # the first class is dry and has no level
    table[1:, 1:] = model.table
    breaks = np.array((model.dry_mm, *model.breaks), np.float64)
    parts: list[tuple[int, NDArray[np.int64]]] = []
    s, r, t = ground.susceptibility.reshape(-1), rain.reshape(-1), ground.township.reshape(-1)

    def work(first: int, last: int) -> None:
        counts = np.zeros((max(len(ground.places), 1), 6), np.int64)
        kernels.levels(s, r, t, breaks, table, flat, counts, first, last)
        parts.append((first, counts))

    spread.over(len(flat), work)
    cells = np.sum([counts for _, counts in parts], axis=0)[: len(ground.places)]
    point_level = np.where(ground.point_cell >= 0, flat[ground.point_cell], 0).astype(np.uint8)
    levels = flat.reshape(shape)
    townships = township_levels(ground, cells, point_level, model.townships)
    counties = county_levels(townships, ground.places, model.townships.county_share)
    km2 = ground.lattice.cell**2 / 1e6
    total = np.maximum(cells.sum(axis=1), 1)
    inhabitants = np.array([p.population for p in ground.places], np.float64)
    warned = (point_level >= 1) & (point_level <= 4)
    return Assessment(
        levels, cells, townships, counties, point_level,
        {i: int((point_level == i).sum()) for i in range(1, 5)},
        {i: int(ground.point_people[(point_level == i) & warned].sum()) for i in range(1, 5)},
        {i: round(float((inhabitants * cells[:, i] / total).sum())) for i in range(1, 5)},
        {i: float(cells[:, i].sum() * km2) for i in range(1, 5)},
        float(cells[:, 5].sum() / max(cells.sum(), 1)),
    )  # fmt: skip


def township_levels(
    ground: Ground, cells: NDArray[np.int64], point_level: NDArray[np.uint8], rule: TownshipRule
) -> tuple[TownshipLevel, ...]:
    """Levels of townships: the highest on at least ``rule.share`` of the area, or of a hazard point of the township."""
    total = np.maximum(cells.sum(axis=1), 1)
    at_or_above = np.cumsum(cells[:, 1:5], axis=1) / total[:, None]
    found = np.zeros(len(cells), np.int64)
    for level in (4, 3, 2, 1):
        found[(at_or_above[:, level - 1] >= rule.share) & (cells[:, 1 : level + 1].sum(axis=1) > 0)] = level
    warned = (point_level >= 1) & (point_level <= 4) & (ground.point_township >= 0)
    if rule.by_points and warned.any():
        best = np.full(len(cells), 9, np.int64)
        np.minimum.at(best, ground.point_township[warned], point_level[warned].astype(np.int64))
        higher = (best < 9) & ((found == 0) | (best < found))
        found[higher] = best[higher]
    everywhere = np.bincount(ground.point_township[ground.point_township >= 0], minlength=len(cells))
    own = ground.point_township >= 0
    kinds = _kinds(ground, own) | _kinds(ground, warned)  # of the points warned of, or else of all
    return tuple(
        TownshipLevel(
            place.code, place.name, place.county_code, place.county, Level(int(found[t])),
            round(float(at_or_above[t, found[t] - 1]), 4), int(everywhere[t]), tuple(sorted(kinds.get(t, ()))),
        )
        for t, place in enumerate(ground.places) if found[t]
    )  # fmt: skip


def _kinds(ground: Ground, some: NDArray[np.bool_]) -> dict[int, set[int]]:
    """Types of hazard by township."""
    found: dict[int, set[int]] = {}
    for t, kind in zip(ground.point_township[some].tolist(), ground.point_kind[some].tolist(), strict=True):
        if kind:
            found.setdefault(t, set()).add(kind)
    return found


def county_levels(
    townships: Iterable[TownshipLevel], places: Sequence[Place], county_share: float = 0.5
) -> tuple[CountyLevel, ...]:
    """What a bulletin says of counties: one entry a county and level, highest level first, then by code.

    大部 when the townships of that level have at least ``county_share`` of the county's area. To be called again after
    levels of townships were changed by hand.
    """
    area: dict[str, float] = {}
    number: dict[str, int] = {}
    own = {p.code: p for p in places}
    for place in places:
        area[place.county_code] = area.get(place.county_code, 0.0) + place.area_km2
        number[place.county_code] = number.get(place.county_code, 0) + 1
    groups: dict[tuple[int, str], list[TownshipLevel]] = {}
    for township in townships:
        groups.setdefault((int(township.level), township.county_code), []).append(township)
    out = []
    for (level, county), some in sorted(groups.items()):
        warned = sum(own[t.code].area_km2 for t in some if t.code in own)
        extent: Literal["局部", "大部"] = "大部" if warned >= county_share * area.get(county, np.inf) else "局部"
        kinds = sorted({k for t in some for k in t.hazards})
        out.append(CountyLevel(
            county, some[0].county, Level(level), extent, len(some), len(some) == number.get(county, -1), tuple(kinds)
        ))  # fmt: skip
    return tuple(out)


def shown(ground: Ground, levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``levels`` with :data:`OUTSIDE` beyond the city."""
    return np.where(ground.township < 0, OUTSIDE, levels).astype(np.uint8)


# --- several models -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Two models on the same ground and rain: townships higher and lower in the second, cells that differ."""

    higher: tuple[str, ...]
    lower: tuple[str, ...]
    cells: int
    area_km2: float


def compare(ground: Ground, first: Assessment, second: Assessment) -> Difference:
    def rank(a: Assessment) -> dict[str, int]:
        return {t.code: int(t.level) for t in a.townships}

    one, two = rank(first), rank(second)
    codes = [p.code for p in ground.places]
    cells = int((first.levels != second.levels).sum())
    return Difference(
        tuple(c for c in codes if two.get(c, 5) < one.get(c, 5)),
        tuple(c for c in codes if two.get(c, 5) > one.get(c, 5)),
        cells, cells * ground.lattice.cell**2 / 1e6,
    )  # fmt: skip


# --- the schedule ---------------------------------------------------------------------------------------------------


def next_due(now: datetime, every_h: int, *, last: datetime | None = None, offset_min: int = 10) -> datetime:
    """When to compute next: ``offset_min`` after every ``every_h``-th full hour of Beijing time, counted from midnight.

    At once (``now``) when a time since ``last`` was missed; ``last`` in the future (a wrong clock) counts as none.
    """
    from lydigital.model.rainfall import BEIJING

    step = min(max(every_h, 1), 24)
    local = now.astimezone(BEIJING)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    due = [midnight + timedelta(days=day, hours=h, minutes=offset_min) for day in (-1, 0, 1) for h in range(0, 24, step)]
    past = max(t for t in due if t <= local)
    if last is not None and last <= now and last < past:
        return now
    return min(t for t in due if t > local)
