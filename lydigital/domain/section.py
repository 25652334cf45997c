"""The ground cut open between two places: what lies how deep under it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.domain import clearance
from lydigital.domain.pipes import known, numbers, texts
from lydigital.errors import UsageError
from lydigital.model.crs import transformation
from lydigital.model.issue import Issue
from lydigital.model.utility import Buried, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lydigital.domain.pipes import Pipes
    from lydigital.model.crs import Crs
    from lydigital.model.grid import Raster
    from lydigital.model.table import FeatureTable
    from lydigital.model.utility import TradeRules

    XY = tuple[float, float]

MOST_M = 2_000.0
LEAST_M = 0.1
FACILITY_M = 40.0  # surveyed ground levels this near a section are its own
GROUND_STEPS = 100
SAMPLE = "示例数据"


def cut(
    pipes: Pipes, start: XY, end: XY, rules: TradeRules, *, facilities: FeatureTable | None = None, terrain: Raster | None = None
) -> Section:
    """What lies under the line from ``start`` to ``end``, in the metric system of ``pipes``.

    Parameters
    ----------
    facilities
        Points with ``ground_m``: levels of the ground where any stand near the section.
    terrain
        Heights of the ground otherwise.

    Raises
    ------
    UsageError
        When the section is too short or too long.
    """
    length = math.dist(start, end)
    if not LEAST_M <= length <= MOST_M:
        raise UsageError(
            "A section of {length} m cannot be drawn", hint="Choose two places that are between {least} m and {most} m apart.",
            length=f"{length:,.2f}", least=f"{LEAST_M:g}", most=f"{MOST_M:,.0f}",
        )  # fmt: skip
    at = np.linspace(0.0, length, GROUND_STEPS + 1)
    levels, ground_from = _ground(np.array([start, end]), at, facilities, terrain, pipes.table.crs)
    issues = list(_ground_told(ground_from))
    found, along = _crossings(pipes, start, end, length)
    if not math.isnan(levels[0]):
        found = [msgspec.structs.replace(p, ground_m=float(np.interp(p.at_m, at, levels))) for p in found]
    issues += _section_told(found, along, rules)
    natures = texts(pipes.table, "nature")
    rows = [pipes.table.row_of[p.fid] for p in found]
    return Section(
        start, end, length, tuple(found),
        () if math.isnan(levels[0]) else tuple((round(float(a), 3), round(float(z), 3)) for a, z in zip(at, levels, strict=True)),
        ground_from, tuple(clearance.beside(found, rules)), rules.version, rules.source, str(pipes.table.crs),
        any(natures[row] == SAMPLE for row in rows), issues=tuple(issues),
    )  # fmt: skip


def _crossings(pipes: Pipes, start: XY, end: XY, length: float) -> tuple[list[Buried], int]:
    """Pipes that the section crosses in its order, and how many run along it."""
    table, g = pipes.table, pipes.table.geometry
    a, way = np.array(start), (np.array(end) - np.array(start)) / length
    rows = table.rows_in((min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])))
    found: list[tuple[float, float, Buried]] = []
    along = 0
    for row in rows.tolist():
        passed = 0.0
        for ring in range(int(g.geom_rings[row]), int(g.geom_rings[row + 1])):
            line = g.coords[int(g.ring_offsets[ring]) : int(g.ring_offsets[ring + 1])]
            step = np.diff(line, axis=0)
            size = np.hypot(step[:, 0], step[:, 1])
            turn = way[0] * step[:, 1] - way[1] * step[:, 0]
            to = line[:-1] - a
            side = way[0] * to[:, 1] - way[1] * to[:, 0]
            flat = np.abs(turn) <= 1e-9 * np.maximum(size, 1e-9)
            along += int((flat & (np.abs(side) < 0.05) & (size > 0) & _within(to, step, way, length)).any())
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(flat, np.nan, -side / turn)
            hit = np.flatnonzero((share >= 0.0) & ((share < 1.0) | ((share <= 1.0) & (np.arange(len(step)) == len(step) - 1))))
            for k in hit.tolist():
                place = line[k] + share[k] * step[k]
                at = float((place - a) @ way)
                if -1e-9 <= at <= length + 1e-9:
                    run = passed + float(size[:k].sum() + share[k] * size[k])
                    angle = math.degrees(math.asin(min(1.0, abs(turn[k]) / size[k])))
                    found.append((at, run, _buried(pipes, row, (at, place, angle), run)))
            passed += float(size.sum())
    found.sort(key=lambda f: (f[0], f[2].code))
    return _without_joints(pipes, found), along


def _within(to: NDArray[np.float64], step: NDArray[np.float64], way: NDArray[np.float64], length: float) -> NDArray[np.bool_]:
    """Which steps lie beside the section, not before or behind it."""
    first, last = to @ way, (to + step) @ way
    found: NDArray[np.bool_] = (np.maximum(first, last) > 0) & (np.minimum(first, last) < length)
    return found


def _buried(pipes: Pipes, row: int, where: tuple[float, NDArray[np.float64], float], run: float) -> Buried:
    at, place, angle = where
    share = np.array([run / max(float(pipes.whole_m[row]), 1e-9)])
    rows = np.array([row])
    (depth,), (top, bottom) = pipes.depths(rows, share), (side[0] for side in pipes.outsides(rows, share))
    return Buried(
        int(pipes.table.fid[row]), pipes.codes[row], pipes.trades[row], at, float(place[0]), float(place[1]),
        known(pipes.diameter_mm[row]), known(pipes.holes[row]), known(depth), known(top), known(bottom),
        known(pipes.width_m[row]), known(pipes.height_m[row]), angle, is_bank=bool(pipes.is_bank[row]),
    )  # fmt: skip


def _without_joints(pipes: Pipes, found: Sequence[tuple[float, float, Buried]]) -> list[Buried]:
    """A section through the joint of two pipes crosses their run once."""
    kept: list[tuple[float, bool, Buried]] = []
    for at, run, pipe in found:
        row = pipes.table.row_of[pipe.fid]
        is_end = run < 0.02 or run > pipes.whole_m[row] - 0.02
        if is_end and any(other and p.trade == pipe.trade and at - a < 0.02 and p.fid != pipe.fid for a, other, p in kept[-4:]):
            continue
        kept.append((at, is_end, pipe))
    return [pipe for *_, pipe in kept]


def _ground(
    line: NDArray[np.float64], at: NDArray[np.float64], facilities: FeatureTable | None, terrain: Raster | None, crs: Crs
) -> tuple[NDArray[np.float64], str]:
    """Levels ``(n,)`` at distances along the section, and where they come from."""
    start, length = line[0], float(at[-1])
    way = (line[1] - start) / length
    if facilities is not None and len(facilities) and "ground_m" in facilities.column_names:
        xy, level = facilities.geometry.bounds[:, :2], numbers(facilities, "ground_m")
        to = xy - start
        along, aside = to @ way, np.abs(to[:, 1] * way[0] - to[:, 0] * way[1])
        near = (aside <= FACILITY_M) & (along >= -FACILITY_M) & (along <= length + FACILITY_M) & np.isfinite(level)
        if near.any():
            order = np.argsort(along[near], kind="stable")
            return np.interp(at, along[near][order], level[near][order]), "facility"
    if terrain is not None:
        places = start + at[:, None] * way
        levels = heights(terrain, transformation(crs, terrain.crs).points(places))
        if np.isfinite(levels).all():
            return levels, "dem"
    return np.full(len(at), np.nan), ""


def heights(terrain: Raster, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights at places ``(n, 2)`` in the system of ``terrain``, bilinear; NaN where a cell around has none."""
    rows, count, (wide, high) = terrain.levels[0]
    column, row = (xy[:, 0] - terrain.origin[0]) / wide - 0.5, (terrain.origin[1] - xy[:, 1]) / high - 0.5
    inside = (column >= 0) & (column <= count - 1) & (row >= 0) & (row <= rows - 1)
    out = np.full(len(xy), np.nan)
    if not inside.any():
        return out
    column, row = column[inside], row[inside]
    left, top = np.minimum(column.astype(int), count - 2), np.minimum(row.astype(int), rows - 2)
    c0, r0 = int(left.min()), int(top.min())
    cells = terrain.read(0, (r0, int(top.max()) + 2), (c0, int(left.max()) + 2)).astype(np.float64)
    u, v, j, i = column - left, row - top, left - c0, top - r0
    upper = cells[i, j] * (1 - u) + cells[i, j + 1] * u
    lower = cells[i + 1, j] * (1 - u) + cells[i + 1, j + 1] * u
    out[inside] = upper * (1 - v) + lower * v
    return out


def _ground_told(ground_from: str) -> Iterable[Issue]:
    if ground_from == "facility":
        yield Issue(
            "section.facility", "note", "Levels of the ground are those of facilities within {metres} m of the section",
            "They are surveyed, but not on the section itself.", values={"metres": f"{FACILITY_M:g}"},
        )  # fmt: skip
    elif ground_from == "dem":
        yield Issue("section.dem", "note", "Levels of the ground are those of the terrain model", "Survey the street where it matters.")
    else:
        yield Issue(
            "section.flat", "warning", "No level of the ground is known here: depths are drawn below a flat ground",
            "Add the layer of pipe facilities, or a terrain model.",
        )  # fmt: skip


def _section_told(found: Sequence[Buried], along: int, rules: TradeRules) -> Iterable[Issue]:
    if not found:
        yield Issue("section.empty", "warning", "No pipe crosses this section", "Draw it across a street where pipes are shown.")
    if along:
        yield Issue(
            "section.along", "warning", "{count} pipes run along the section and are not cut by it", "Turn the section a little.",
            count=along, values={"count": str(along)},
        )  # fmt: skip
    unknown = [p.code for p in found if p.depth_m is None]
    if unknown:
        yield Issue(
            "section.depth", "warning", "The depth of {count} pipes is not known: {names}", "Survey them before anybody digs.",
            count=len(unknown), values={"count": str(len(unknown)), "names": "、".join(unknown[:8])},
        )  # fmt: skip
    if any(p.is_bank for p in found):
        yield Issue(
            "section.banks", "note", "The size of banks of ducts is estimated from their holes",
            "Their distances are estimates as well.",
        )  # fmt: skip
    strange = sorted({p.trade or "–" for p in found if rules.trade(p.trade) is None})
    if strange:
        yield Issue(
            "section.trade", "warning", "Pipes of a trade that is not known are drawn, but not compared with others: {names}",
            "Correct the trade, or add it to layers/utility/trades.toml.", count=len(strange), values={"names": "、".join(strange)},
        )  # fmt: skip
    yield from clearance.unchecked(rules)
