"""Warning zones by hand: a stroke of the brush or whole townships, dissolved into the zone of their level.

The townships of the warning follow: whichever the stroke lifts to another level gets it as an override with its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from lydigital.commands import desk, warning_zones
from lydigital.commands.registry import Command
from lydigital.commands.subjects import geometry_of
from lydigital.commands.warning import Named
from lydigital.domain import lifecycle
from lydigital.domain.ledger import LAYER, ZONES
from lydigital.edits.edited import Edited
from lydigital.errors import RefusedError, UsageError
from lydigital.model import measures
from lydigital.model.changeset import Delta
from lydigital.model.crs import CGCS2000, Crs
from lydigital.model.feature import removed
from lydigital.model.warning import Level, WarningIssue, WarningZone
from lydigital.texts import tr

if TYPE_CHECKING:
    import shapely

    from lydigital.model.table import FeatureTable
    from lydigital.session import Session

LEAST_KM2 = 0.01  # what a stroke leaves smaller than this goes with it
ROUND = 0.02  # share of the radius by which a stroke may be less round


class Paint(Named, frozen=True, kw_only=True):
    """Along ``line`` (WKT in map units) with ``radius_m``, or whole ``townships`` (codes), at ``level``.

    Parameters
    ----------
    erase
        Take the area out of the zones of that level instead.
    borders
        Whole townships: all those that the stroke touches.
    reason
        Why; it goes into every township and zone that changes.
    """

    line: str = ""
    townships: tuple[str, ...] = ()
    level: Annotated[int, msgspec.Meta(ge=1, le=4)] = 3
    radius_m: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 2_000.0
    erase: bool = False
    borders: bool = False
    reason: str = ""


def _paint(session: Session, given: Paint) -> Edited:
    if bool(given.line) == bool(given.townships):
        raise UsageError("A stroke is a line or townships", hint="Give one of them.")
    if not given.reason.strip():
        raise RefusedError("A reason is missing", hint="Say in a few words why.")
    if not warning_zones.on_map(session):
        raise RefusedError("The map has no layer of warning zones", hint="Add it from the catalogue.")
    known = desk.ledger_of(session)
    issue = desk.find(known, given.issue, "draft", "consultation")
    now, who = desk.clock(given.at, issue.purpose), desk.person(session)
    if issue.purpose == "actual":
        lifecycle.check_clock([v for v in known.versions if v.purpose == issue.purpose], now)
    before = msgspec.structs.replace(issue, zones=warning_zones.refreshed(session, issue))
    area = _area(session, given)
    level = Level(given.level)
    zones, touched = _painted(session, before, area, level, erase=given.erase, reason=given.reason.strip())
    new = lifecycle.revise(before, who, now, zones=zones)
    moved = _townships(session, before, new, given.townships, None if given.erase else level)
    if not touched and not moved:
        raise RefusedError("The stroke changes nothing", hint="There is no zone of that level to change here.")
    summarize = desk.summarizer(session)
    for code, to in moved.items():
        township = warning_zones.levels_of(session, {code: to or level})[0]
        new = lifecycle.set_level(new, who, now, township=township, level=to, reason=given.reason, summarize=summarize)
    changes = desk.recorded(session, known, [new], "Erase warning zones" if given.erase else "Paint warning zones")
    return Edited(changes.annotation, (*_on_map(session, before, new), *changes.deltas), values=changes.values)


def _area(session: Session, given: Paint) -> shapely.Geometry:
    """What is painted, in map units."""
    import shapely

    from lydigital.edits.operations import ground, outline

    if given.townships:
        return _union(session, given.townships)
    crs = Crs(session.document.crs)
    line = geometry_of(given.line, crs)
    found = ground.through(
        crs, np.array([line], object), lambda s: outline.buffered(s, given.radius_m, max(ROUND * given.radius_m, 0.05))
    )[0]
    if not given.borders:
        return found
    table = warning_zones._townships(session)
    shapes = table.geometry.to_shapely()
    meets = shapely.intersects(shapes, line)
    if not meets.any():
        raise RefusedError("There is no township here", hint="Paint inside the city, or without the borders of townships.")
    return shapely.union_all(shapely.make_valid(shapes[meets]))


def _union(session: Session, codes: tuple[str, ...]) -> shapely.Geometry:
    import shapely

    table = warning_zones._townships(session)
    known = [str(code) for code in table.column("code").to_pylist()]
    lost = [code for code in codes if code not in known]
    if lost:
        raise UsageError("There is no township {name}", hint="Name it by its code of nine digits.", name=lost[0])
    rows = np.array([known.index(code) for code in codes], np.int64)
    return shapely.union_all(shapely.make_valid(table.geometry.to_shapely(rows)))


def _painted(
    session: Session, issue: WarningIssue, area: shapely.Geometry, level: Level, *, erase: bool, reason: str
) -> tuple[tuple[WarningZone, ...], bool]:
    """Zones of the issue after the stroke, and whether it changed any."""
    import shapely

    crs = Crs(session.document.crs)
    shapes = [shapely.make_valid(s) for s in warning_zones._moved([z.wkb for z in issue.zones], Crs(CGCS2000), crs)]
    shapely.prepare(area)
    own = [i for i, z in enumerate(issue.zones) if z.level == level and shapely.intersects(shapes[i], area)]
    out: list[WarningZone | None] = list(issue.zones)
    changed = False
    for i, zone in enumerate(issue.zones):
        if (zone.level == level) != erase or not shapely.intersects(shapes[i], area):
            continue  # painting takes from other levels, erasing from this one
        left = _areal(shapely.difference(shapes[i], area))
        if not shapely.area(shapely.intersection(shapes[i], area)) > 0:
            continue
        out[i] = _zone(zone.code, zone.level, left, crs, reason)
        changed = True
    if not erase:
        whole = _areal(shapely.union_all([area, *(shapes[i] for i in own)]))
        first = own[0] if own else -1
        code = issue.zones[first].code if own else _next_code(issue)
        if not (own and len(own) == 1 and shapely.contains(shapes[first], area)):
            made = _zone(code, level, whole, crs, reason)
            for i in own:
                out[i] = None
            if own:
                out[first] = made
            else:
                out.append(made)
            changed = True
    return tuple(z for z in out if z is not None), changed


def _zone(code: str, level: Level, shape: shapely.Geometry, crs: Crs, reason: str) -> WarningZone | None:
    import shapely

    if shape.is_empty:
        return None
    km2 = float(measures.areas_m2(np.array([shape], object), crs)[0]) / 1e6
    if km2 < LEAST_KM2:
        return None
    wkb = warning_zones._wkb(warning_zones._moved([shapely.to_wkb(shape)], crs, Crs(CGCS2000))[0])
    return WarningZone(code, level, wkb, round(km2, 3), "hand", reason)


def _areal(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a shape, without crumbs of other dimensions."""
    import shapely

    parts = [p for p in shapely.get_parts(shape, return_index=False) if p.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [q for p in parts for q in (p.geoms if p.geom_type == "MultiPolygon" else (p,)) if q.area > 0]
    return shapely.MultiPolygon(polygons)


def _next_code(issue: WarningIssue) -> str:
    used = {z.code for z in issue.zones}
    number = next(n for n in range(1, len(used) + 2) if f"{issue.id}-{n:02d}" not in used)
    return f"{issue.id}-{number:02d}"


def _townships(
    session: Session, before: WarningIssue, after: WarningIssue, named: tuple[str, ...], level: Level | None
) -> dict[str, Level | None]:
    """Townships whose level changes: those named, or those that the zones give another level than before."""
    has = {t.code: t.level for t in before.townships}
    if named:
        return {code: level for code in named if has.get(code) != level}
    old = {t.code: t.level for t in warning_zones.townships_in(session, before.zones)} if before.zones else {}
    new = {t.code: t.level for t in warning_zones.townships_in(session, after.zones)} if after.zones else {}
    return {
        code: new.get(code) for code in sorted({*old, *new})
        if old.get(code) != new.get(code) and has.get(code) != new.get(code)
    }  # fmt: skip


def _on_map(session: Session, before: WarningIssue, after: WarningIssue) -> list[Delta]:
    """New outlines of zones that the map has, and those that are gone."""
    rows = warning_zones.rows_of(session, (z.code for z in before.zones))
    ref = session.ref(ZONES)
    assert ref is not None
    stored = session.stores.stored_crs(ref)
    old, deltas = {z.code: z for z in before.zones}, list[Delta]()
    kept = {z.code: z for z in after.zones}
    for code, (fid, feature) in rows.items():
        zone = kept.get(code)
        if zone is None:
            deltas.append(removed(ZONES, fid, feature))
        elif zone.wkb != old[code].wkb:
            wkb = warning_zones._wkb(warning_zones._moved([zone.wkb], Crs(CGCS2000), stored)[0])
            deltas.append(Delta(f"geometry/{ZONES}/{fid}", feature.wkb, wkb))
    return deltas


def township_at(session: Session, x: float, y: float) -> str:
    """Code of the township at a place in map units, "" where there is none."""
    import shapely

    table: FeatureTable = warning_zones._townships(session)
    box = table.geometry.bounds
    near = np.flatnonzero((box[:, 0] <= x) & (box[:, 1] <= y) & (box[:, 2] >= x) & (box[:, 3] >= y))
    if not len(near):
        return ""
    inside = shapely.intersects_xy(table.geometry.to_shapely(near), x, y)
    return str(table.column("code")[int(near[inside][0])].as_py()) if inside.any() else ""


def _refusal(session: Session) -> str | None:
    return None if desk.has_table(session, LAYER) else tr("No warning was drafted on this map yet")


COMMANDS = (Command("warning.paint", "Paint warning zones", _paint, Paint, disabled=_refusal, icon="brush"),)
