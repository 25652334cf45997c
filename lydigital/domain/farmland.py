"""Farmland compared between two surveys, and what stands on protected farmland. Planar cuts, areas on the ellipsoid.

Parcels of one survey that overlap are made to count once: the first of them has the ground. Pieces smaller or narrower than the
tolerance are slivers of the two drawings: they stay in every sum and are told by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.model.farmland import Change, Comparison, Level, Occupation, Occupier, Part, Turned, UnitChange
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.measures import areas_m2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.impact import Provenance

    Shapes = NDArray[np.object_]
    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

GRID_M = 1e-3  # coordinates meet on a millimetre, which keeps cuts along common borders sound
_HA = 1e4


@dataclass(frozen=True, eq=False)
class Units:
    """Administrative units of a level: codes, names and names of their counties."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    counties: tuple[str, ...]

    def of(self, number: int) -> tuple[str, str, str]:
        """Code, name and county of unit ``number``; empty for -1."""
        return ("", "", "") if number < 0 else (self.codes[number], self.names[number], self.counties[number])


@dataclass(frozen=True, eq=False)
class Parcels:
    """Farmland of one survey.

    ``shapes`` ``(n,)`` polygons in a metric system, ``kinds`` as stored, ``unit`` ``(n,) int64`` the number in :class:`Units`, -1 for none.
    """

    fid: NDArray[np.int64]
    shapes: Shapes
    kinds: tuple[str, ...]
    protected: NDArray[np.bool_]
    unit: Rows
    date: str

    def __len__(self) -> int:
        return len(self.fid)


@dataclass(frozen=True)
class Tolerance:
    """A piece of less than ``area_m2``, or narrower than ``width_m`` (twice its area by its outline), is a sliver."""

    area_m2: float = 100.0
    width_m: float = 1.0

    def slivers(self, pieces: Shapes) -> NDArray[np.bool_]:
        area, outline = shapely.area(pieces), shapely.length(pieces)
        width = np.divide(2 * area, outline, out=np.zeros(len(pieces)), where=outline > 0)
        return np.asarray((area < self.area_m2) | (width < self.width_m), bool)


# --- two surveys ------------------------------------------------------------------------------------------------------


def compare(
    before: Parcels, after: Parcels, units: Units, crs: Crs, *, level: Level = "county", tolerance: Tolerance | None = None,
    sources: Sequence[Provenance] = (),
) -> Comparison:  # fmt: skip
    """What was lost, gained and kept, by unit and altogether."""
    tolerance = tolerance or Tolerance()
    first, twice_before = planar(before.shapes)
    second, twice_after = planar(after.shapes)
    a, b = shapely.STRtree(second).query(first, predicate="intersects")
    kept = _areas(shapely.intersection(first[a], second[b], grid_size=GRID_M)) if len(a) else np.zeros(0, object)
    kept_m2 = _sizes(kept, crs)
    lost, gained = _without(first, second, a, b), _without(second, first, b, a)
    sizes = {"lost": _sizes(lost, crs), "gained": _sizes(gained, crs)}
    was, now = _sizes(first, crs), _sizes(second, crs)
    n = len(units.codes)

    def by_unit(of: Rows, amount: Floats) -> Floats:
        return np.bincount(of + 1, amount, minlength=n + 1).astype(np.float64)  # the first is for no unit

    amounts = np.column_stack([
        by_unit(before.unit, was), by_unit(after.unit, now), by_unit(before.unit, sizes["lost"]), by_unit(after.unit, sizes["gained"]),
        by_unit(before.unit[a], kept_m2), by_unit(before.unit, np.where(before.protected, sizes["lost"], 0.0)),
    ]) / _HA  # fmt: skip
    rows = [UnitChange(*units.of(i - 1), *amounts[i].tolist()) for i in range(n + 1) if amounts[i].any()]
    city = UnitChange("", "", "", *amounts.sum(axis=0).tolist())
    parts: list[Part] = []
    shapes: list[shapely.Geometry] = []
    slivers, sliver_m2 = 0, 0.0
    for change, pieces, survey in (("lost", lost, before), ("gained", gained, after)):
        found, drawn, thin, thin_m2 = _parts(change, pieces, survey, units, crs=crs, tolerance=tolerance)  # type: ignore[arg-type]
        parts, shapes = parts + found, shapes + drawn
        slivers, sliver_m2 = slivers + thin, sliver_m2 + thin_m2
    order = sorted(range(len(parts)), key=lambda i: (-parts[i].area_ha, parts[i].change, parts[i].fid))
    residual = max(abs(city.before_ha - city.unchanged_ha - city.lost_ha), abs(city.after_ha - city.unchanged_ha - city.gained_ha))
    moved = float(kept_m2[before.unit[a] != after.unit[b]].sum()) / _HA
    return Comparison(
        level=level, dates=(before.date, after.date), city=city, units=tuple(sorted(rows, key=lambda u: (u.code == "", u.code))),
        turned=_turned(before, after, a, b, kept_m2), parts=tuple(parts[i] for i in order), slivers=slivers, sliver_ha=sliver_m2 / _HA,
        least_m2=tolerance.area_m2, least_width_m=tolerance.width_m, residual_ha=residual,
        issues=_issues(
            city, rows, slivers=slivers, sliver_ha=sliver_m2 / _HA, twice_m2=twice_before + twice_after, moved=moved, residual=residual,
            tolerance=tolerance,
        ), sources=tuple(sources),
        shapes=(GeometryArray.from_shapely(GeometryKind.POLYGON, _array([shapes[i] for i in order])), crs),
    )  # fmt: skip


def planar(shapes: Shapes) -> tuple[Shapes, float]:
    """Valid polygons that share no ground, and how much of it (m², on the plane) several of them had."""
    out = _areas(shapely.make_valid(shapely.force_2d(shapes)))
    i, j = shapely.STRtree(out).query(out, predicate="intersects")
    pairs = i < j
    i, j = i[pairs], j[pairs]
    common = shapely.area(shapely.intersection(out[i], out[j], grid_size=GRID_M)) if len(i) else np.zeros(0)
    twice = float(common[common > 0].sum())
    for first, second in sorted(zip(i[common > 0].tolist(), j[common > 0].tolist(), strict=True)):
        out[second] = shapely.difference(out[second], out[first], grid_size=GRID_M)
    return _areas(out), twice


def _without(shapes: Shapes, others: Shapes, mine: Rows, theirs: Rows) -> Shapes:
    """What is left of every shape where ``others`` are taken away; ``mine`` and ``theirs`` are the pairs that meet."""
    out = shapes.copy()
    order = np.argsort(mine, kind="stable")
    mine, theirs = mine[order], theirs[order]
    starts = np.flatnonzero(np.append(True, mine[1:] != mine[:-1])) if len(mine) else np.zeros(0, np.int64)
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(mine)], strict=True):
        taken = shapely.union_all(others[theirs[start:end]], grid_size=GRID_M)
        out[mine[start]] = shapely.difference(shapes[mine[start]], taken, grid_size=GRID_M)
    return _areas(out)


def _parts(
    change: Change, pieces: Shapes, survey: Parcels, units: Units, *, crs: Crs, tolerance: Tolerance
) -> tuple[list[Part], list[shapely.Geometry], int, float]:  # fmt: skip
    """Single pieces of what changed; slivers are counted and measured only."""
    single, of = shapely.get_parts(pieces, return_index=True)
    there = ~shapely.is_empty(single)
    single, of = single[there], of[there]
    if not len(single):
        return [], [], 0, 0.0
    sizes, thin = _sizes(single, crs), tolerance.slivers(single)
    places = shapely.get_coordinates(shapely.point_on_surface(single))
    found = [
        Part(
            change, int(survey.fid[of[k]]), survey.kinds[of[k]], bool(survey.protected[of[k]]), *units.of(int(survey.unit[of[k]])),
            float(sizes[k]) / _HA, float(places[k, 0]), float(places[k, 1]),
        )
        for k in np.flatnonzero(~thin).tolist()
    ]  # fmt: skip
    return found, list(single[~thin]), int(thin.sum()), float(sizes[thin].sum())


def _turned(before: Parcels, after: Parcels, a: Rows, b: Rows, kept_m2: Floats) -> tuple[Turned, ...]:
    found: dict[tuple[str, str], float] = {}
    for i, j, size in zip(a.tolist(), b.tolist(), kept_m2.tolist(), strict=True):
        pair = before.kinds[i], after.kinds[j]
        if pair[0] != pair[1] and size > 0:
            found[pair] = found.get(pair, 0.0) + size / _HA
    return tuple(Turned(*pair, area) for pair, area in sorted(found.items(), key=lambda f: -f[1]))


def _issues(
    city: UnitChange, rows: Sequence[UnitChange], *, slivers: int, sliver_ha: float, twice_m2: float, moved: float, residual: float,
    tolerance: Tolerance,
) -> tuple[Issue, ...]:  # fmt: skip
    found = []
    if city.protected_lost_ha > 0:
        found.append(Issue(
            "farmland.protected_lost", "warning", "{area} ha of what was lost had been permanent basic farmland",
            "It needs approval and the same amount laid out elsewhere.", values={"area": f"{city.protected_lost_ha:,.2f}"},
        ))  # fmt: skip
    if city.net_ha < 0:
        worst = min(rows, key=lambda u: u.net_ha)
        found.append(Issue(
            "farmland.net_loss", "warning", "There is {area} ha less farmland than before; most of it is missing in {unit}",
            "Farmland taken has to be made up for.", values={"area": f"{-city.net_ha:,.2f}", "unit": worst.name or "–"},
        ))  # fmt: skip
    if slivers:
        found.append(Issue(
            "farmland.slivers", "note", "{count} pieces of {area} ha in all are smaller than {least} m² or narrower than {width} m: counted, not shown",
            "They come from borders that were drawn twice.", count=slivers,
            values={"count": f"{slivers:,}", "area": f"{sliver_ha:,.3f}", "least": f"{tolerance.area_m2:g}", "width": f"{tolerance.width_m:g}"},
        ))  # fmt: skip
    if twice_m2 > tolerance.area_m2:
        found.append(Issue(
            "farmland.twice", "warning", "Parcels of one survey overlap by {area} ha: that ground counts once",
            "lydigital check names them.", values={"area": f"{twice_m2 / _HA:,.3f}"},
        ))  # fmt: skip
    nowhere = next((u for u in rows if not u.code), None)
    if nowhere is not None:
        found.append(Issue(
            "farmland.no_unit", "warning", "{area} ha belong to no unit: told by themselves", "Correct the codes of these parcels.",
            values={"area": f"{max(nowhere.before_ha, nowhere.after_ha):,.2f}"},
        ))  # fmt: skip
    if moved > 0.01:
        found.append(Issue(
            "farmland.moved", "note", "{area} ha stayed farmland under the code of another unit: kept with the earlier one", "",
            values={"area": f"{moved:,.2f}"},
        ))  # fmt: skip
    if residual > 1e-6 * max(city.before_ha, city.after_ha, 1.0):
        found.append(Issue(
            "farmland.residual", "warning", "Before and after differ from their parts by {area} ha", "Repair the outlines of both surveys.",
            values={"area": f"{residual:,.4f}"},
        ))  # fmt: skip
    return tuple(found)


# --- protected land ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Things:
    """What may stand on farmland: features of a layer, or areas drawn (``layer`` ""). ``shapes`` in the system of the parcels."""

    layer: str
    layer_name: str
    fid: NDArray[np.int64]
    shapes: Shapes
    titles: tuple[str, ...]
    kinds: tuple[str, ...]


def occupied(
    farmland: Parcels, things: Sequence[Things], units: Units, crs: Crs, *, least_m2: float = 10.0, sources: Sequence[Provenance] = (),
    everything: bool = False,
) -> Occupation:  # fmt: skip
    """What stands on protected farmland; with ``everything`` also what stands on other farmland only."""
    parcels, _ = planar(farmland.shapes)
    tree = shapely.STRtree(parcels)
    rows: list[Occupier] = []
    shapes: list[shapely.Geometry] = []
    on_protected: list[shapely.Geometry] = []
    on_other: list[shapely.Geometry] = []
    slivers, sliver_m2 = 0, 0.0
    by_layer = []
    for thing in things:
        areas = _areas(shapely.make_valid(shapely.force_2d(thing.shapes)))
        t, p = tree.query(areas, predicate="intersects")
        pieces = _areas(shapely.intersection(areas[t], parcels[p], grid_size=GRID_M)) if len(t) else np.zeros(0, object)
        sizes = _sizes(pieces, crs)
        thin = (sizes < least_m2) & (sizes > 0)
        slivers, sliver_m2 = slivers + int(thin.sum()), sliver_m2 + float(sizes[thin].sum())
        fits = sizes >= least_m2
        before = len(rows)
        for row in np.unique(t[fits]).tolist():
            mine = np.flatnonzero(fits & (t == row))
            safe = farmland.protected[p[mine]]
            protected, other = float(sizes[mine][safe].sum()), float(sizes[mine][~safe].sum())
            on_other += list(pieces[mine][~safe])
            on_protected += list(pieces[mine][safe])
            if protected <= 0 and not everything:
                continue
            shape = shapely.union_all(pieces[mine] if protected <= 0 else pieces[mine][safe])
            largest = int(p[mine[int(np.argmax(np.where(safe, sizes[mine] + 1e12, sizes[mine])))]])
            place = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
            rows.append(Occupier(
                thing.layer, thing.layer_name, int(thing.fid[row]), thing.titles[row], thing.kinds[row], *units.of(int(farmland.unit[largest])),
                protected / _HA, other / _HA, tuple(farmland.fid[np.unique(p[mine])].tolist()), float(place[0]), float(place[1]),
            ))  # fmt: skip
            shapes.append(shape)
        by_layer.append((thing.layer_name, len(rows) - before, sum(r.protected_ha for r in rows[before:])))
    order = sorted(range(len(rows)), key=lambda i: (-rows[i].protected_ha, rows[i].layer, rows[i].fid))
    protected_ha, other_ha = (_once(some, crs) for some in (on_protected, on_other))
    count = sum(row.protected_ha > 0 for row in rows)
    issues = []
    if count:
        issues.append(Issue(
            "farmland.red_line", "warning", "Red line: {count} areas stand on {area} ha of permanent basic farmland",
            "Check each for an approval; without one nothing may be built there.", count=count,
            values={"count": f"{count:,}", "area": f"{protected_ha:,.2f}"},
        ))  # fmt: skip
    if slivers:
        issues.append(Issue(
            "farmland.small", "note", "{count} overlaps below {least} m², {area} ha in all, are left out", "", count=slivers,
            values={"count": f"{slivers:,}", "least": f"{least_m2:g}", "area": f"{sliver_m2 / _HA:,.4f}"},
        ))  # fmt: skip
    return Occupation(
        rows=tuple(rows[i] for i in order), protected_ha=protected_ha, other_ha=other_ha,
        all_protected_ha=float(_sizes(parcels[farmland.protected], crs).sum()) / _HA, by_layer=tuple(by_layer), slivers=slivers,
        sliver_ha=sliver_m2 / _HA, least_m2=least_m2, issues=tuple(issues), sources=tuple(sources),
        shapes=(GeometryArray.from_shapely(GeometryKind.POLYGON, _array([shapes[i] for i in order])), crs),
    )  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------


def _once(pieces: list[shapely.Geometry], crs: Crs) -> float:
    """Hectares of ground below pieces that may overlap."""
    return float(_sizes(_areas(_array([shapely.union_all(pieces, grid_size=GRID_M)])), crs).sum()) / _HA if pieces else 0.0


def _areas(shapes: Shapes) -> Shapes:
    """Only the polygons of what a cut or repair left: lines and points where shapes merely touch are no ground."""
    out = _array(shapes)
    mixed = np.flatnonzero(shapely.get_type_id(out) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for i in mixed.tolist():
        out[i] = shapely.union_all([g for g in shapely.get_parts(out[i]) if shapely.get_dimensions(g) == 2])
    return np.where(shapely.get_dimensions(out) == 2, out, shapely.Polygon())


def _array(shapes: Sequence[shapely.Geometry] | Shapes) -> Shapes:
    out = np.empty(len(shapes), object)
    out[:] = list(shapes)
    return out


def _sizes(shapes: Shapes, crs: Crs) -> Floats:
    """Square metres on the ellipsoid, 0 for what is no area."""
    return np.nan_to_num(areas_m2(shapes, crs)) if len(shapes) else np.zeros(0)
