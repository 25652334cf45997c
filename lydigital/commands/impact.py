"""Who and what is hit: people, schools, roads, pipes in areas and near them.

:func:`of_issue` and :func:`of_shapes` are for whoever needs the answer as a value (bulletin, panel).
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from lydigital import paths
from lydigital.commands.hazard import working_crs
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, LydError, RefusedError, StoreUnavailableError, UsageError
from lydigital.model import columns, measures
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.impact import By, Impact, Line, ZoneImpact, read_rules
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.domain import impact as domain
    from lydigital.domain.population import Weights
    from lydigital.model.impact import Amount, Part, PeopleLayer, Rules, UnitLayer, WeightLayer
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.warning import WarningIssue
    from lydigital.session import Session

RULES = Path("indicators") / "impact.toml"
ZONES = "warning_zone"
MOST_ZONES = 2_000
LEVELS = {1: "Red", 2: "Orange", 3: "Yellow", 4: "Blue"}


class Compute(Parameters, frozen=True, kw_only=True):
    """What lies in zones and within ``distance_m`` of them, by township or county.

    Zones are the features ``fids`` of ``layer`` (all, where none is named), or ``geometry``, a polygon as WKT in map units
    (or in ``crs``), or all polygons of ``file`` (``file_layer`` where it has several). ``output`` is an XLSX, Word, HTML or JSON file.
    """

    layer: str = ZONES
    fids: tuple[int, ...] = ()
    geometry: str = ""
    crs: str = ""
    file: str = ""
    file_layer: str = ""
    distance_m: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 0.0
    by: By = "township"
    output: str = ""


class Zone(msgspec.Struct, frozen=True):
    """One area to ask about, and what it is called."""

    shape: Any
    title: str
    fid: int = 0
    code: str = ""
    level: int = 0


# --- for bulletin and panel -------------------------------------------------------------------------------------------


def of_issue(session: Session, issue: WarningIssue, *, distance_m: float = 0.0, by: By = "township") -> Impact:
    """What the zones of a warning hit; where it has none, its townships stand in, one zone a level.

    Raises
    ------
    LydError
        When it has neither, or the map has no layer to find its townships in.
    """
    crs = working_crs(session)
    if issue.zones:
        shapes = GeometryArray.from_wkb(GeometryKind.POLYGON, [zone.wkb for zone in issue.zones])
        moved = _moved(shapes, Crs(CGCS2000), crs).to_shapely()
        zones = [Zone(s, _title(z.code, int(z.level)), 0, z.code, int(z.level)) for s, z in zip(moved, issue.zones, strict=True)]
        return of_shapes(session, zones, distance_m=distance_m, by=by)
    import shapely

    rules = rules_of()
    towns = _table(session, rules.township.layer, crs)
    if towns is None:
        raise BadDataError("The map has no layer of townships", hint="Warnings are issued by township: add the layer.")
    codes = [str(c) for c in towns.column(rules.township.code).to_pylist()]
    row = {code: i for i, code in enumerate(codes)}
    zones = []
    for level in sorted({int(t.level) for t in issue.townships}):
        mine = [row[t.code] for t in issue.townships if int(t.level) == level and t.code in row]
        if mine:
            union = shapely.union_all(shapely.make_valid(towns.geometry.to_shapely(np.array(mine, np.int64))))
            zones.append(Zone(union, _title(issue.id, level), 0, issue.id, level))
    return of_shapes(session, zones, distance_m=distance_m, by=by)


def of_shapes(session: Session, zones: Sequence[Zone], *, distance_m: float = 0.0, by: By = "township") -> Impact:
    """What areas hit: ``zones`` with shapely polygons in :func:`working_crs`.

    Raises
    ------
    LydError
        When a zone is empty or not valid, or the rules do not fit the layers.
    """
    from lydigital.domain import impact as domain

    if len(zones) > MOST_ZONES:
        raise RefusedError(
            "{count} zones are too many at once", hint="Ask about up to {most}.", count=len(zones), most=MOST_ZONES
        )
    crs = working_crs(session)
    rules = rules_of()
    given = domain.Zones.of(
        GeometryArray.from_shapely(GeometryKind.POLYGON, np.array([z.shape for z in zones], object)), crs, [z.title for z in zones]
    )
    units = units_of(session, rules, by, crs)
    issues: list[Issue] = []
    if units is None:
        issues.append(Issue(
            "impact.no_units", "warning", "The map has no administrative units: nothing is told by {by}", "Add the layer {layer}.",
            values={"by": by, "layer": getattr(rules, by).layer},
        ))  # fmt: skip
    inside = _answer(session, rules, domain.Cut(given, units), zones, 0.0)
    near: tuple[ZoneImpact, ...] = ()
    total_near = None
    if distance_m > 0:
        more = _answer(session, rules, domain.Cut(given.buffered(distance_m), units), zones, distance_m)
        near, total_near = tuple(more[:-1]), more[-1]
    issues += [
        Issue(
            "impact.outside", "warning", "{zone} reaches {area} km² beyond the city: what lies there is not known",
            "Ask the neighbouring city; nothing of it is in these numbers.",
            values={"zone": zone.title, "area": f"{zone.outside_km2:.2f}"},
        )
        for zone in inside[:-1] if zone.outside_km2 > 0
    ]  # fmt: skip
    if given.is_overlapping:
        issues.append(Issue(
            "impact.overlap", "note", "Zones overlap: the total counts what lies in several of them once",
            "It is less than the sum of the zones.",
        ))  # fmt: skip
    missing = [line.title for line in inside[-1].lines if not line.is_known]
    if missing:
        issues.append(Issue(
            "impact.unknown", "warning", "Not known, because the map has no such layer or it cannot be read: {names}",
            "Add the layers to the map; unknown is not zero.", count=len(missing), values={"names": "、".join(missing)},
        ))  # fmt: skip
    return Impact(
        datetime.now(UTC).replace(microsecond=0).isoformat(), by, tuple(inside[:-1]), inside[-1], distance_m, near, total_near,
        given.is_overlapping, _METHOD, rules.version, str(crs), tuple(issues),
    )  # fmt: skip


_METHOD = (
    "People are shared in units that a zone cuts, by floor area of housing or settlement area where these are complete, else by"
    " plain area; the range runs from units wholly inside to all that are touched. Parts are rounded one by one and may not add up."
    " Zones are measured on the ellipsoid, what lies in them on the plane of the map."
)


def method_text(impact: Impact) -> str:
    """How the numbers were made, in the user's language."""
    return tr(impact.method)


def rules_of() -> Rules:
    """What counts as what: the user's own ``indicators/impact.toml`` in the configuration folder, or the one shipped."""
    own = paths.config_dir() / RULES
    return read_rules(own if own.is_file() else paths.layers_dir() / RULES)


def units_of(session: Session, rules: Rules, by: By, crs: Crs) -> domain.Units | None:
    """Administrative units of the map, None where it has none."""
    from lydigital.domain import impact as domain

    rule: UnitLayer = rules.township if by == "township" else rules.county
    table = _table(session, rule.layer, crs)
    if table is None or rule.code not in table.column_names:
        return None
    codes = tuple(str(c or "") for c in table.column(rule.code).to_pylist())
    names = tuple(str(n or "") for n in table.column(rule.name).to_pylist()) if rule.name in table.column_names else codes
    counties = ("",) * len(codes)
    if by == "township":
        above = _table(session, rules.county.layer, crs)
        if above is not None and {rules.county.code, rules.county.name} <= set(above.column_names):
            pairs = zip(above.column(rules.county.code).to_pylist(), above.column(rules.county.name).to_pylist(), strict=True)
            known = {str(code): str(name or "") for code, name in pairs}
            counties = tuple(known.get(code[:6], "") for code in codes)
    return domain.Units(table, codes, names, counties, 9 if by == "township" else 6)


# --- the work ---------------------------------------------------------------------------------------------------------


def _answer(
    session: Session, rules: Rules, cut: domain.Cut, zones: Sequence[Zone], within_m: float
) -> list[ZoneImpact]:
    """Every zone, and last all together."""
    from lydigital.domain import impact as domain

    crs = cut.zones.crs
    lines: list[tuple[Line, ...]] = [_people(session, rules, cut, crs)]
    for i, rule in enumerate(rules.lines):
        session.progressed.emit(tr("Counting {what}", what=rule.name), (1 + i) / (1 + len(rules.lines)))
        try:
            table = _table(session, rule.layer, crs)
        except LydError as error:
            lines.append(domain.unknown(rule.id, rule.name, rule.layer, str(error), len(zones)))
            continue
        if table is None:
            reason = tr("the map has no layer {layer}", layer=rule.layer)
            lines.append(domain.unknown(rule.id, rule.name, rule.layer, reason, len(zones)))
            continue
        lines.append(domain.lines_of(rule, session.definition(rule.layer), table, cut))
    planar = cut.zones.areas
    areas = measures.areas_m2(np.append(cut.zones.shapes, np.array([cut.zones.union], object)), crs) / 1e6
    outside = areas * cut.outside / planar
    out = []
    for i in range(len(zones) + 1):
        mine = tuple(line[i] for line in lines)
        if i < len(zones):
            zone = zones[i]
            out.append(ZoneImpact(zone.title, float(areas[i]), mine, zone.fid, zone.code, zone.level, within_m, float(outside[i])))
        else:
            title = tr("All zones together")
            out.append(ZoneImpact(title, float(areas[i]), mine, within_m=within_m, outside_km2=float(outside[i])))
    return out


def _people(session: Session, rules: Rules, cut: domain.Cut, crs: Crs) -> tuple[Line, ...]:
    from lydigital.domain import impact as domain

    people = people_of(session, rules, crs)
    if people is not None:
        return domain.people_lines(people, cut)
    names = ", ".join(rule.layer for rule in rules.people)
    reason = tr("the map has no layer {layer}", layer=names)
    return domain.unknown("people", tr("People"), names, reason, len(cut.zones))


def people_of(session: Session, rules: Rules, crs: Crs) -> domain.People | None:
    """Where people were counted and what they are shared by, in the working system; None where the map does not tell.

    Raises
    ------
    BadDataError
        When the rules name a field that the layer lacks.
    """
    for rule in rules.people:
        try:
            table = _table(session, rule.layer, crs)
        except LydError:
            table = None
        if table is not None and table.geometry.kind is GeometryKind.POLYGON and len(table):
            return _counted(session, rules, rule, table, crs)
    return None


def _counted(session: Session, rules: Rules, rule: PeopleLayer, table: FeatureTable, crs: Crs) -> domain.People:
    from lydigital.domain import impact as domain

    layer = session.definition(rule.layer)
    counted = {name: _numbers(table, field, layer) for name, field in rule.fields.items()}
    weights, titles = [], []
    for weight in rules.weights:
        made = _weights(session, weight, crs)
        if made is not None:
            weights.append(made)
            titles.append(weight.name)
    codes = table.column(rule.code).to_pylist() if rule.code in table.column_names else [None] * len(table)
    names = table.column(rule.name).to_pylist() if rule.name in table.column_names else [None] * len(table)
    return domain.People(table, layer, counted, codes, names, weights, titles)


def _weights(session: Session, rule: WeightLayer, crs: Crs) -> Weights | None:
    from lydigital.domain.population import Weights

    try:
        table = _table(session, rule.layer, crs)
    except LydError:
        return None
    if table is None or table.geometry.kind is not GeometryKind.POLYGON:
        return None
    layer = session.definition(rule.layer)
    density = np.ones(len(table))
    for field, wanted in rule.where.items():
        if field not in table.column_names:
            raise _no_field(layer, field)
        number, values = columns.coded(table.column(field))
        fit = np.array([str(v) in wanted for v in values] + [False])
        density *= fit[number]
    if rule.times:
        density *= np.nan_to_num(np.maximum(_numbers(table, rule.times, layer), 0.0))
    return Weights(table, density, rule.least_a_person)


def _numbers(table: FeatureTable, field: str, layer: LayerDef) -> NDArray[np.float64]:
    if field not in table.column_names:
        raise _no_field(layer, field)
    return columns.numbers(table.column(field))


def _no_field(layer: LayerDef, field: str) -> BadDataError:
    return BadDataError(
        "The layer {layer} has no field {field}", hint="Correct layers/indicators/impact.toml, or the layer.",
        layer=layer.name, field=field,
    )  # fmt: skip


def _table(session: Session, layer: str, crs: Crs) -> FeatureTable | None:
    """Features of a layer in the working system; None where the map has no such layer, or it is a raster."""
    if session.document.layer(layer) is None:
        return None
    found = session.table(layer)
    return found.to_crs(crs) if isinstance(found, FeatureTable) else None


def _moved(shapes: GeometryArray, source: Crs, target: Crs) -> GeometryArray:
    move = transformation(source, target)
    return GeometryArray(shapes.kind, move.points(shapes.coords), shapes.ring_offsets, shapes.part_offsets, shapes.geom_offsets)


def _title(name: str, level: int) -> str:
    return f"{name} · {tr(LEVELS[level])}" if level in LEVELS else name


# --- which zones ------------------------------------------------------------------------------------------------------


def zones_of(session: Session, wanted: Compute) -> list[Zone]:
    """The areas that a command names, in the working system.

    Raises
    ------
    LydError
        When they contradict each other, do not exist, or are no polygons.
    """
    if wanted.geometry and wanted.file:
        raise UsageError("Geometry and file contradict each other", hint="Name one of the two.")
    crs = working_crs(session)
    if wanted.geometry:
        import shapely

        from lydigital.commands.subjects import geometry_of

        shape = geometry_of(wanted.geometry, Crs(wanted.crs or session.document.crs))
        source = Crs(wanted.crs or session.document.crs)
        moved = shapely.transform(shape, lambda xy: transformation(source, crs).points(np.ascontiguousarray(xy)))
        return [Zone(moved, tr("Drawn zone"))]
    if wanted.file:
        return _of_file(wanted.file, wanted.file_layer, wanted.crs, crs)
    ref = session.document.layer(wanted.layer)
    if ref is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=wanted.layer)
    table = session.table(wanted.layer)
    if not isinstance(table, FeatureTable) or table.geometry.kind is not GeometryKind.POLYGON:
        raise UsageError("The layer {layer} has no areas", hint="Name a layer of polygons.", layer=wanted.layer)
    row = table.row_of
    unknown = [f for f in wanted.fids if f not in row]
    if unknown:
        raise UsageError(
            "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
            layer=wanted.layer, fid=unknown[0], count=len(table),
        )  # fmt: skip
    rows = [row[f] for f in wanted.fids] if wanted.fids else np.argsort(table.fid, kind="stable").tolist()
    return _of_table(table.to_crs(crs), rows, session.definition(wanted.layer).title_field)


def _of_table(table: FeatureTable, rows: Sequence[int], title_field: str) -> list[Zone]:
    shapes = table.geometry.to_shapely(np.array(rows, np.int64)).tolist() if len(rows) else []
    out = []
    for shape, row in zip(shapes, rows, strict=True):
        record = table.record(row)
        fid = int(table.fid[row])
        title = str(record.get(title_field) or record.get("name") or record.get("code") or fid)
        level = record.get("level")
        out.append(Zone(shape, title, fid, str(record.get("code") or ""), level if isinstance(level, int) and level in LEVELS else 0))
    return out


def _of_file(file: str, layer: str, crs: str, target: Crs) -> list[Zone]:
    from lydigital.stores.store import guess_crs, open_store

    path = Path(file)
    if not path.exists():
        raise StoreUnavailableError("There is no file {path}", hint="Check the name.", path=file)
    with closing(open_store(str(path))) as store:
        names = [info.name for info in store.layers()]
        if layer and layer not in names:
            raise UsageError("There is no layer {layer}", hint="The file has: {names}", layer=layer, names=", ".join(names)[:300])
        if not layer and len(names) != 1:
            raise UsageError("{path} has several layers", hint="Name one of: {names}", path=file, names=", ".join(names)[:300])
        table = store.read(layer or names[0], crs=crs)
    if table.geometry.kind is not GeometryKind.POLYGON:
        raise BadDataError("{path} has no areas", hint="Zones are polygons.", path=file)
    if not table.crs.definition:
        table = FeatureTable(table.fid, table.columns, table.geometry, Crs(guess_crs(table.geometry.total_bounds)))
    return _of_table(table.to_crs(target), np.argsort(table.fid, kind="stable").tolist(), "")


def _compute(session: Session, wanted: Compute) -> Impact:
    made = of_shapes(session, zones_of(session, wanted), distance_m=wanted.distance_m, by=wanted.by)
    if wanted.output:
        written(made, wanted.output)
    return made


def values_of(impact: Impact) -> dict[str, Any]:
    """An answer as plain values in the user's language."""

    def amount(a: Amount) -> dict[str, Any]:
        found = {"id": a.id, "title": a.title, "unit": a.unit, "value": round(a.value, 6), "shown": a.text}
        if a.low is not None and a.high is not None:
            found |= {"low": round(a.low, 6), "high": round(a.high, 6)}
        return found | ({"missing": a.missing} if a.missing else {})

    def part(p: Part) -> dict[str, Any]:
        found: dict[str, Any] = {"code": p.code, "name": p.name, "amounts": [amount(a) for a in p.amounts]}
        return found | ({"county": p.county} if p.county else {}) | ({"names": list(p.names)} if p.names else {})

    def line(one: Line) -> dict[str, Any]:
        from_ = one.provenance
        return {
            "id": one.id, "title": one.title, "known": one.is_known, "note": one.note, "layer": from_.layer,
            "source": from_.source, "currency": from_.currency, "sample": from_.is_sample,
            "amounts": [amount(a) for a in one.amounts], "classes": [part(p) for p in one.classes],
            "units": [part(p) for p in one.units], "names": list(one.names),
        }  # fmt: skip

    def zone(z: ZoneImpact) -> dict[str, Any]:
        return {
            "title": z.title, "fid": z.fid, "code": z.code, "level": z.level, "within_m": z.within_m,
            "area_km2": round(z.area_km2, 6), "outside_km2": round(z.outside_km2, 6), "lines": [line(one) for one in z.lines],
        }  # fmt: skip

    return {
        "made_at": impact.made_at, "by": impact.by, "crs": impact.crs, "distance_m": impact.distance_m, "rules": impact.rules,
        "method": method_text(impact), "overlapping": impact.is_overlapping, "sample": impact.has_samples,
        "zones": [zone(z) for z in impact.zones], "total": zone(impact.total), "near": [zone(z) for z in impact.near],
        "total_near": None if impact.total_near is None else zone(impact.total_near),
        "issues": [
            {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
            for i in impact.issues
        ],
    }  # fmt: skip


def written(impact: Impact, output: str) -> str:
    """Write an answer as XLSX, Word, HTML or JSON, by the ending; the absolute path.

    Raises
    ------
    LydError
        When the ending is another one, or the file cannot be written.
    """
    from lydigital.publish import image, impact_report, report

    path = Path(output).absolute()
    if path.suffix.lower() == ".json":
        image.write(path, json.dumps(values_of(impact), ensure_ascii=False, indent=1).encode())
        return str(path)
    return str(report.write(impact_report.report_of(impact), output))


COMMANDS = (Command("impact.compute", "What zones hit", _compute, Compute, icon="account-alert-outline"),)
