"""Warning zones on the map and in issues: taken from the layer, put into it, and kept in step with their issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.ledger import LAYER, ZONE_STATUS, ZONES, zone_values
from lydigital.errors import BadDataError, UsageError
from lydigital.model import measures
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.feature import Feature, changes_between, made
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.model.warning import Level, TownshipLevel, WarningZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import shapely

    from lydigital.model.changeset import Delta
    from lydigital.model.warning import WarningIssue
    from lydigital.session import Session

SAME_DEG = 2e-7  # two centimetres: less is the way there and back between two systems
COLOURS = {Level.RED: "Ⅰ 红色", Level.ORANGE: "Ⅱ 橙色", Level.YELLOW: "Ⅲ 黄色", Level.BLUE: "Ⅳ 蓝色"}  # with its numeral: colour alone is not read by all
SHARE = 0.05  # of a township's area that a zone has to cover
OUTSIDE = 0.02  # share of a zone outside the city that is told; borders drawn at other scales differ by less


def on_map(session: Session) -> bool:
    """Whether zones can be kept in step: the layer is on the map, in the store of the ledger."""
    ref, own = session.ref(ZONES), session.ref(LAYER)
    return ref is not None and own is not None and ref.source == own.source


def rows_of(session: Session, codes: Iterable[str]) -> dict[str, tuple[int, Feature]]:
    """Zones of the map by code; where two have the same, the first."""
    wanted = set(codes)
    table = session.table(ZONES) if wanted and on_map(session) else None
    if not isinstance(table, FeatureTable):
        return {}
    names = [str(code) for code in table.column("code").to_pylist()]
    fids = {int(fid): code for fid, code in zip(table.fid, names, strict=True) if code in wanted}
    features = session.features.features(ZONES, sorted(fids))
    found: dict[str, tuple[int, Feature]] = {}
    for fid, feature in features.items():
        found.setdefault(fids[fid], (fid, feature))
    return found


def in_step(session: Session, issue: WarningIssue, own: Mapping[str, tuple[int, Feature]] | None = None) -> list[Delta]:
    """Level, state, number and validity of an issue's zones on the map; zones it does not have there yet are made.

    ``own`` are zones of the map that get a code now, see :func:`taken`.
    """
    if not on_map(session):
        return []
    rows = {**rows_of(session, (z.code for z in issue.zones)), **(own or {})}
    ref = session.ref(ZONES)
    assert ref is not None
    store, table = session.stores.store(ref.source), session.stores.table_name(ref)
    known = {field.name for field in store.describe(table).fields}
    deltas: list[Delta] = []
    for zone in issue.zones:
        values = {
            "code": zone.code, "level": int(zone.level), "name": f"{COLOURS[zone.level]}预警（{_state(issue)}）", **zone_values(issue)
        }  # fmt: skip
        if zone.code in rows:
            fid, old = rows[zone.code]
            deltas += changes_between(ZONES, fid, old, old.replaced(**{k: v for k, v in values.items() if k in known}))
            continue
        values |= {
            "basis": zone.reason or issue.basis or None,
            "nature": "真实" if issue.purpose == "actual" else "示例数据",
        }  # fmt: skip
        wkb = _moved([zone.wkb], Crs(CGCS2000), session.stores.stored_crs(ref))[0]
        kept = {name: values.get(name) for name in known}
        deltas.append(made(ZONES, store.next_fid(table), Feature(_wkb(wkb), kept)))
    return deltas


def _state(issue: WarningIssue) -> str:
    state = f"第{issue.number}期" if issue.status == "issued" else ZONE_STATUS[issue.status]
    return state + {"actual": "", "exercise": "·演练", "test": "·测试"}[issue.purpose]


def taken(
    session: Session, fids: Sequence[int], head: str
) -> tuple[tuple[WarningZone, ...], dict[str, tuple[int, Feature]]]:
    """Zones of the map as zones of an issue, with new codes; and number and feature of each by that code.

    Raises
    ------
    UsageError
        When the map has no such zone.
    BadDataError
        When one is empty or has no level.
    """
    if session.ref(ZONES) is None:
        raise UsageError("The map has no layer of warning zones", hint="Add it from the catalogue.")
    features = session.features.features(ZONES, fids)
    lost = [fid for fid in fids if fid not in features]
    if lost:
        raise UsageError("There is no warning zone {fid}", hint="Select zones on the map.", fid=lost[0])
    zones: list[WarningZone] = []
    own: dict[str, tuple[int, Feature]] = {}
    for number, (fid, feature) in enumerate(features.items(), 1):
        code = f"{head}-{number:02d}"
        zones.append(_zone(session, feature, code))
        own[code] = (fid, feature)
    return tuple(zones), own


def refreshed(session: Session, issue: WarningIssue) -> tuple[WarningZone, ...]:
    """The zones of an issue as they are on the map now; those deleted there are gone."""
    if not on_map(session) or not issue.zones:
        return issue.zones
    rows = rows_of(session, (z.code for z in issue.zones))
    found = []
    for zone in issue.zones:
        if zone.code in rows:
            now = _zone(session, rows[zone.code][1], zone.code)
            found.append(zone if _is_same(zone, now) else now)
    return tuple(found)


def are_as_reviewed(session: Session, issue: WarningIssue) -> bool:
    """Whether the map still shows the zones of the issue."""
    return refreshed(session, issue) == issue.zones


def _zone(session: Session, feature: Feature, code: str) -> WarningZone:
    import shapely

    if feature.wkb is None:
        raise BadDataError("The zone {code} is empty", hint="Draw it, or delete it.", code=code)
    level = feature.values.get("level")
    if level not in tuple(Level):
        raise BadDataError("The zone {code} has no level", hint="Give it one of the four levels.", code=code)
    ref = session.ref(ZONES)
    assert ref is not None
    stored = session.stores.stored_crs(ref)
    area = float(measures.areas_m2(np.array([shapely.from_wkb(feature.wkb)], object), stored)[0]) / 1e6
    if not area > 0:
        raise BadDataError("The zone {code} is empty", hint="Draw it, or delete it.", code=code)
    shape = _moved([feature.wkb], stored, Crs(CGCS2000))[0]
    return WarningZone(
        code, Level(int(str(level))), _wkb(shape), round(area, 3), "hand", str(feature.values.get("basis") or "")
    )


def _is_same(zone: WarningZone, other: WarningZone) -> bool:
    import shapely

    first, second = shapely.normalize(shapely.from_wkb([zone.wkb, other.wkb]))
    return zone.level == other.level and bool(shapely.equals_exact(first, second, SAME_DEG))


def _moved(blobs: Sequence[bytes], source: Crs, target: Crs) -> list[shapely.Geometry]:
    import shapely

    move = transformation(source, target)
    shapes = shapely.force_2d(shapely.from_wkb(list(blobs)))
    return list(shapely.transform(shapes, lambda xy: move.points(np.ascontiguousarray(xy))))


def _wkb(shape: shapely.Geometry) -> bytes:
    import shapely

    many = shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape
    blob: bytes = shapely.to_wkb(many, byte_order=1, flavor="iso")
    return blob


# --- zones and townships ---------------------------------------------------------------------------------------------


def townships_in(session: Session, zones: Sequence[WarningZone]) -> tuple[TownshipLevel, ...]:
    """Townships of which zones cover at least a twentieth: the highest level that does.

    Raises
    ------
    BadDataError
        When the map has no townships.
    """
    import shapely

    table = _townships(session)
    shapes = table.geometry.to_shapely()
    areas = shapely.area(shapes)
    moved = _moved([z.wkb for z in zones], Crs(CGCS2000), table.crs)
    found: dict[int, tuple[Level, float]] = {}
    covered = np.zeros(len(shapes))
    for level in Level:
        parts = [shapely.make_valid(shape) for zone, shape in zip(zones, moved, strict=True) if zone.level == level]
        if not parts:
            continue
        area = shapely.union_all(parts)
        shapely.prepare(area)
        for row in np.flatnonzero(shapely.intersects(shapes, area)).tolist():
            covered[row] += shapely.area(shapely.intersection(shapes[row], area)) / max(areas[row], 1e-9)
            if covered[row] >= SHARE and row not in found:
                found[row] = (level, float(min(covered[row], 1.0)))
    named = levels_of(session, {str(table.column("code")[row].as_py()): level for row, (level, _) in found.items()})
    shares = {str(table.column("code")[row].as_py()): round(share, 4) for row, (_, share) in found.items()}
    import msgspec

    return tuple(msgspec.structs.replace(t, share=shares[t.code]) for t in named)


def levels_of(session: Session, wanted: dict[str, Level]) -> tuple[TownshipLevel, ...]:
    """Townships by code or name with their level, and the hazard points in each.

    Raises
    ------
    UsageError
        When there is no such township, or several of that name.
    """
    table = _townships(session)
    rows = table.columns.select(["code", "name", "county_code", "county"]).to_pylist()
    points = _points(session)
    found = []
    for name, level in wanted.items():
        fitting = [r for r in rows if name in (str(r["code"]), str(r["name"]))]
        if len(fitting) != 1:
            raise UsageError(
                "There is no township {name}" if not fitting else "Several townships are called {name}",
                hint="Name it by its code of nine digits.", name=name,
            )  # fmt: skip
        row = fitting[0]
        kinds = points.get(str(row["code"]), [])
        found.append(TownshipLevel(
            str(row["code"]), str(row["name"]), str(row["county_code"]), str(row["county"]), level,
            points=len(kinds), hazards=tuple(sorted(set(kinds))),
        ))  # fmt: skip
    return tuple(found)


def outside_city(session: Session, zones: Sequence[WarningZone]) -> tuple[Issue, ...]:
    """What to say of zones that cross the border of the city."""
    import shapely

    table = session.table("county") if session.ref("county") is not None else None
    if not isinstance(table, FeatureTable) or not zones:
        return ()
    city = shapely.union_all(shapely.make_valid(table.geometry.to_shapely()))
    shapely.prepare(city)
    moved = shapely.make_valid(_moved([z.wkb for z in zones], Crs(CGCS2000), table.crs))
    shares: dict[str, float] = {}
    for zone, shape in zip(zones, moved, strict=True):
        if not shapely.contains(city, shape):
            shares[zone.code] = shapely.area(shapely.difference(shape, city)) / max(shapely.area(shape), 1e-9)
    over = {code: share for code, share in shares.items() if share > OUTSIDE}
    if not over:
        return ()
    worst = max(over, key=lambda code: over[code])
    return (Issue(
        "warning.outside", "warning", "{count} zones cross the border of the city, most of all {code}: {percent} % lie outside",
        "Cut them at the border: other cities warn for themselves.", ZONES, count=len(over),
        values={"count": str(len(over)), "percent": f"{100 * over[worst]:.1f}", "code": worst},
    ),)  # fmt: skip


def _points(session: Session) -> dict[str, list[int]]:
    table = session.table("hazard_point") if session.ref("hazard_point") is not None else None
    if not isinstance(table, FeatureTable):
        return {}
    found: dict[str, list[int]] = {}
    for code, kind in zip(table.column("township_code").to_pylist(), table.column("kind").to_pylist(), strict=True):
        found.setdefault(str(code), []).append(int(kind))
    return found


def _townships(session: Session) -> FeatureTable:
    table = session.table("township") if session.ref("township") is not None else None
    if not isinstance(table, FeatureTable):
        raise BadDataError("The map has no layer of townships", hint="Warnings are issued by township: add the layer.")
    return table
