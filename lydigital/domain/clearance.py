"""How near pipes of all trades lie to each other, against the least distances of ``layers/utility/trades.toml``."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.pipes import known
from lydigital.model.issue import Issue
from lydigital.model.utility import Clearance, Clearances

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lydigital.domain.pipes import Pipes
    from lydigital.model.utility import Buried, Relation, TradeRules

JOINED_M = 0.5  # pipes of one trade that touch within this are one run


def beside(found: Sequence[Buried], rules: TradeRules) -> Iterable[Clearance]:
    """Pipes of a section: neighbours, all others that are too near, and what lies too shallow."""
    for i, one in enumerate(found):
        for j in range(i + 1, len(found)):
            other = found[j]
            clear = _plan_clear(one, other)
            relation: Relation = "horizontal" if clear is None or clear >= 0 else "vertical"
            least = rules.least(relation, one.trade, other.trade, one.least_mm, other.least_mm)
            if least is None:
                continue
            value = clear if relation == "horizontal" else _stacked(one, other)
            told = Clearance(
                relation, (one.fid, other.fid), (one.code, other.code), (one.trade, other.trade), least, value,
                (one.x + other.x) / 2, (one.y + other.y) / 2, (one.at_m + other.at_m) / 2,
            )  # fmt: skip
            if j == i + 1 or told.is_met is False:
                yield told
        trade = rules.trade(one.trade)
        if trade is not None and trade.cover_m is not None and (one.top_m is None or one.top_m < trade.cover_m - 0.005):
            yield Clearance("cover", (one.fid,), (one.code,), (one.trade,), trade.cover_m, one.top_m, one.x, one.y, one.at_m)


def _plan_clear(one: Buried, other: Buried) -> float | None:
    """Between their outsides in plan, near the section, square to the one that is crossed at the smaller angle."""
    if one.width_m is None or other.width_m is None:
        return None
    apart = abs(one.at_m - other.at_m)
    sines = [math.sin(math.radians(p.angle_deg)) for p in (one, other)]
    return apart * min(sines) - (one.width_m + other.width_m) / 2


def _stacked(one: Buried, other: Buried) -> float | None:
    if one.top_m is None or one.bottom_m is None or other.top_m is None or other.bottom_m is None:
        return None
    return max(other.top_m - one.bottom_m, one.top_m - other.bottom_m)


def clearances(pipes: Pipes, rules: TradeRules, rows: NDArray[np.integer] | None = None) -> Clearances:
    """Pairs of pipes nearer than the rules ask for, worst first: level where they cross, in plan where they do not.

    Parameters
    ----------
    rows
        Only pairs with one of these pipes.
    """
    import shapely

    table = pipes.table
    lines = table.geometry.to_shapely()
    reach = rules.reach_m + (float(np.nanmax(pipes.width_m)) if np.isfinite(pipes.width_m).any() else 0.0)
    wanted = np.arange(len(table)) if rows is None else np.unique(rows)
    a, b = shapely.STRtree(lines).query(lines[wanted], predicate="dwithin", distance=reach) if len(table) else (wanted, wanted)
    a = wanted[a] if len(a) else a
    both = np.isin(b, wanted)
    keep = (a < b) | ((a != b) & ~both)
    a, b = np.minimum(a[keep], b[keep]), np.maximum(a[keep], b[keep])
    apart = shapely.distance(lines[a], lines[b])
    ends = shapely.boundary(lines)
    joined = shapely.distance(ends[a], lines[b]) < JOINED_M
    joined |= shapely.distance(ends[b], lines[a]) < JOINED_M
    trades = np.array(pipes.trades, object)
    keep = ~(joined & (trades[a] == trades[b]))  # one run, or a branch of it
    a, b, apart = a[keep], b[keep], apart[keep]
    clear = apart - (pipes.width_m[a] + pipes.width_m[b]) / 2
    over = (apart == 0.0) | (clear < 0)
    places = np.zeros((len(a), 2))
    places[~over] = _between(lines[a[~over]], lines[b[~over]])
    clear[over], places[over] = _levels(pipes, lines, a[over], b[over], apart[over] == 0.0)
    least_of = cache(rules.least)
    found: list[Clearance] = []
    checked = unknown = 0
    for i, (one, other) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        relation: Relation = "vertical" if over[i] else "horizontal"
        least = least_of(relation, pipes.trades[one], pipes.trades[other], pipes.least_mm(one), pipes.least_mm(other))
        if least is None:
            continue
        checked += 1
        told = Clearance(
            relation, (int(table.fid[one]), int(table.fid[other])), (pipes.codes[one], pipes.codes[other]),
            (pipes.trades[one], pipes.trades[other]), least, known(clear[i]), float(places[i, 0]), float(places[i, 1]),
        )  # fmt: skip
        unknown += told.clear_m is None
        if told.is_met is not True:
            found.append(told)
    found.sort(key=lambda c: (c.clear_m is None, (c.clear_m or 0.0) - c.least_m, c.codes))
    return Clearances(tuple(found), checked, unknown, rules.version, rules.source, tuple(unchecked(rules)))


def _between(a: NDArray[np.object_], b: NDArray[np.object_]) -> NDArray[np.float64]:
    """The middle between two lines where they are nearest, ``(n, 2)``."""
    import shapely

    middle: NDArray[np.float64] = shapely.get_coordinates(shapely.shortest_line(a, b)).reshape(-1, 2, 2).mean(axis=1)
    return middle


def _levels(
    pipes: Pipes, lines: NDArray[np.object_], a: NDArray[np.integer], b: NDArray[np.integer], crossing: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least level distance ``(n,)`` of pairs of which one lies above the other, and where; NaN where it is not known."""
    import shapely

    if not len(a):
        return np.zeros(0), np.zeros((0, 2))
    met, pair = shapely.get_coordinates(shapely.intersection(lines[a[crossing]], lines[b[crossing]]), return_index=True)
    xy = np.concatenate([met, _between(lines[a[~crossing]], lines[b[~crossing]])])
    pair = np.concatenate([np.flatnonzero(crossing)[pair], np.flatnonzero(~crossing)])
    spots = shapely.points(xy)
    (top, bottom), (other_top, other_bottom) = (
        pipes.outsides(rows, shapely.line_locate_point(lines[rows], spots) / np.maximum(pipes.whole_m[rows], 1e-9))
        for rows in (a[pair], b[pair])
    )
    clear = np.maximum(other_top - bottom, top - other_bottom)
    order = np.lexsort((np.where(np.isnan(clear), -np.inf, clear), pair))
    first = order[np.unique(pair[order], return_index=True)[1]]
    return clear[first], xy[first]


def unchecked(rules: TradeRules) -> Iterable[Issue]:
    """Say so where nobody compared the rules with the standard."""
    if not rules.is_checked:
        yield Issue(
            "section.unchecked", "warning", "The least distances have not been compared with the standard's text",
            "Compare layers/utility/trades.toml with the text in force, then say so there.",
        )  # fmt: skip
