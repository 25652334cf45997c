"""The work of :mod:`lydigital.commands.farmland`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.farmland import NOW, OCCUPIERS, Compare, CompareMap, Occupied, OccupiedMap
from lydigital.commands.hazard import working_crs
from lydigital.commands.indicator import material_of
from lydigital.commands.work.sites import nature_of, source_of
from lydigital.domain import farmland as domain
from lydigital.domain import placing
from lydigital.domain.figures import texts
from lydigital.errors import BadDataError, UsageError
from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.measures import M2_OF_MU
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from lydigital.domain.amounts import Material
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.farmland import Comparison, Level, Occupation
    from lydigital.model.impact import Provenance
    from lydigital.session import Session

MU_OF_HA = 10_000 / M2_OF_MU
COLORS = {"lost": "#c8402f", "gained": "#2f8f4e"}
RED_LINE = "#d0021b"


def compare(session: Session, wanted: Compare | CompareMap) -> Comparison:
    """What became of farmland; written to a file where one is named."""
    material = material_of(session)
    before, after = (_parcels(session, layer, wanted.level, material) for layer in (wanted.before, wanted.after))
    found = domain.compare(
        before, after, _units(material, wanted.level), working_crs(session), level=wanted.level,
        tolerance=domain.Tolerance(wanted.least_m2, wanted.least_width_m), sources=_sources(session, wanted.before, wanted.after),
    )  # fmt: skip
    if isinstance(wanted, Compare) and wanted.output:
        from lydigital.publish import farmland_report

        farmland_report.write(found, wanted.output)
    return found


def compare_map(session: Session, wanted: CompareMap) -> ChangeSet:
    """What was lost and gained as a layer of the map."""
    found = compare(session, wanted)
    if not found.parts:
        raise BadDataError("No farmland was lost or gained: there is nothing to put on the map", hint="Choose other surveys, or a lower tolerance.")
    shapes, crs = found.outlines
    dates = "–".join(date for date in found.dates if date)
    return results.add(
        session, "farmland change", title=f"耕地变化 {dates}".strip(), title_en=f"Change of farmland {dates}".strip(), geometry=shapes, crs=crs,
        fields=(*_CHANGE, *_PLACE, *_AREA),
        columns={
            "change": [p.change for p in found.parts], "kind": [p.kind for p in found.parts], "protected": [p.protected for p in found.parts],
            "unit": [p.name for p in found.parts], "county": [p.county for p in found.parts], "fid_of": [p.fid for p in found.parts],
            "area_ha": [round(p.area_ha, 4) for p in found.parts], "area_mu": [round(p.area_ha * MU_OF_HA, 2) for p in found.parts],
        },
        style=CHANGE_STYLE, nature=nature_of(found.sources), words="Show {layer}",
    )  # fmt: skip


def occupied(session: Session, wanted: Occupied | OccupiedMap) -> Occupation:
    """What stands on protected farmland; written to a file where one is named."""
    crs, material = working_crs(session), material_of(session)
    parcels = _parcels(session, wanted.farmland, "township", material)
    if not parcels.protected.any():
        raise BadDataError(
            "No parcel of {layer} is marked as permanent basic farmland", hint="Fill in the field “protected”.",
            layer=session.definition(wanted.farmland).name,
        )  # fmt: skip
    names = wanted.layers or (() if wanted.area else tuple(n for n in OCCUPIERS if session.document.layer(n) is not None))
    if wanted.fids and len(names) != 1:
        raise UsageError("Numbers of features need exactly one layer", hint="Name the layer that they are of.")
    if not names and not wanted.area:
        raise UsageError("There is nothing to look at", hint="Name layers, or draw an area.")
    things = [_things(session, name, wanted.fids, crs) for name in names]
    if wanted.area:
        things.append(_drawn(session, wanted.area, wanted.crs, crs))
    found = domain.occupied(
        parcels, things, _units(material, "township"), crs, least_m2=wanted.least_m2,
        sources=_sources(session, wanted.farmland, *names), everything=isinstance(wanted, Occupied) and wanted.everything,
    )  # fmt: skip
    if isinstance(wanted, Occupied) and wanted.output:
        from lydigital.publish import farmland_report

        farmland_report.write(found, wanted.output)
    return found


def occupied_map(session: Session, wanted: OccupiedMap) -> ChangeSet:
    """Protected ground that is taken, as a layer of the map."""
    found = occupied(session, wanted)
    if not found.rows:
        raise BadDataError("Nothing stands on protected farmland: there is nothing to put on the map", hint="Name other layers.")
    shapes, crs = found.outlines
    return results.add(
        session, "farmland occupied", title="占用永久基本农田", title_en="Occupied basic farmland", geometry=shapes, crs=crs,
        fields=(
            FieldDef("layer", "占用图层", "Layer"), FieldDef("title", "占用者", "Taken by"), FieldDef("kind", "类型", "Kind"), *_PLACE, *_AREA,
        ),
        columns={
            "layer": [r.layer_name for r in found.rows], "title": [r.title for r in found.rows], "kind": [r.kind for r in found.rows],
            "unit": [r.name for r in found.rows], "county": [r.county for r in found.rows], "fid_of": [r.fid for r in found.rows],
            "area_ha": [round(r.protected_ha, 4) for r in found.rows], "area_mu": [round(r.protected_ha * MU_OF_HA, 2) for r in found.rows],
        },
        style=RED_STYLE, nature=nature_of(found.sources), words="Show {layer}",
    )  # fmt: skip


CHANGE_STYLE = Style(
    tuple(
        Rule((PolygonSymbolizer(Fill(COLORS[change], 0.55), Stroke(COLORS[change], width_mm=0.25)),), title, title_en, value=change)
        for change, title, title_en in (("lost", "减少", "Lost"), ("gained", "新增", "Gained"))
    ),
    kind="categorized", field="change",
)  # fmt: skip
RED_STYLE = Style((
    Rule((PolygonSymbolizer(Fill(RED_LINE, 0.7, "hatch", spacing_mm=1.2, width_mm=0.25), Stroke(RED_LINE, width_mm=0.3)),), "占用永久基本农田", "On basic farmland"),
))  # fmt: skip
_CHANGE = (
    FieldDef("change", "变化", "Change", domain={"lost": ("减少", "Lost"), "gained": ("新增", "Gained")}), FieldDef("kind", "地类", "Kind"),
    FieldDef("protected", "永久基本农田", "Permanent basic farmland", type="boolean"),
)  # fmt: skip
_PLACE = (FieldDef("unit", "单位", "Unit"), FieldDef("county", "区县", "County"))
_AREA = (
    FieldDef("fid_of", "要素编号", "Feature", type="integer"), FieldDef("area_ha", "面积", "Area", type="real", unit="ha"),
    FieldDef("area_mu", "面积（亩）", "Area (mu)", type="real", unit="亩"),
)  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------


def _units(material: Material, level: Level) -> domain.Units:
    units = material.units(level)
    return domain.Units(units.codes, units.names, units.counties)


def _table(session: Session, layer: str, crs: Crs) -> FeatureTable:
    """Areas of a layer in the working system."""
    if session.document.layer(layer) is None:
        raise UsageError("The map has no layer {layer}", hint="Add it to the map, or open a map that has it.", layer=layer)
    found = session.table(layer)
    if not isinstance(found, FeatureTable) or found.geometry.kind is not GeometryKind.POLYGON:
        raise UsageError("{layer} holds no areas", hint="Name a layer of areas.", layer=session.definition(layer).name)
    return found.to_crs(crs)


def _parcels(session: Session, layer: str, level: Level, material: Material) -> domain.Parcels:
    table = _table(session, layer, working_crs(session))
    code = f"{level}_code"
    at = placing.units_of(table, code, material.units(level), placing.places(table, code, material), material)
    definition = session.definition(layer)
    kind = definition.field("kind")
    kinds = tuple(kind.decode(text) if kind and text else text for text in texts(table, "kind"))
    protected = [text == "True" for text in texts(table, "protected")]
    years = sorted({text for text in texts(table, "survey_year") if text})
    date = "–".join(dict.fromkeys((years[0], years[-1]))) if years else definition.currency
    return domain.Parcels(table.fid, table.geometry.to_shapely(), kinds, np.array(protected, bool), at, date)


def _things(session: Session, layer: str, fids: tuple[int, ...], crs: Crs) -> domain.Things:
    if layer == NOW:
        raise UsageError("Farmland cannot stand on itself", hint="Name buildings, settlements, or a layer of projects.")
    table = _table(session, layer, crs)
    rows = np.arange(len(table))
    if fids:
        rows = table.rows_of(np.array(fids, np.int64))
        if (rows < 0).any():
            raise UsageError(
                "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
                layer=session.definition(layer).name, fid=fids[int(np.argmax(rows < 0))], count=len(table),
            )  # fmt: skip
    definition = session.definition(layer)
    titles, kinds = texts(table, definition.title_field or "name"), texts(table, "kind")
    kind = definition.field("kind")
    return domain.Things(
        layer, definition.name, table.fid[rows], table.geometry.to_shapely(rows), tuple(titles[i] or f"{definition.name} {table.fid[i]}" for i in rows.tolist()),
        tuple(kind.decode(kinds[i]) if kind and kinds[i] else kinds[i] for i in rows.tolist()),
    )  # fmt: skip


def _drawn(session: Session, wkt: str, given: str, crs: Crs) -> domain.Things:
    from lydigital.texts import tr

    try:
        shape = shapely.from_wkt(wkt)
    except shapely.errors.ShapelyError as error:
        raise UsageError("{text} is no polygon", hint="Write it as WKT: POLYGON ((x y, …)).", text=wkt[:60]) from error
    move = transformation(Crs(given or session.document.crs), crs)
    shape = shapely.transform(shapely.force_2d(shape), lambda xy: move.points(np.ascontiguousarray(xy)))
    if shapely.get_dimensions(shape) != 2 or shapely.is_empty(shape) or not np.isfinite(shapely.get_coordinates(shape)).all():
        raise UsageError("{text} is no polygon", hint="Write it as WKT: POLYGON ((x y, …)).", text=wkt[:60])
    name = tr("Drawn area")
    shapes = np.empty(1, object)
    shapes[0] = shape
    return domain.Things("", name, np.zeros(1, np.int64), shapes, (name,), ("",))


def _sources(session: Session, *layers: str) -> tuple[Provenance, ...]:
    return tuple(source_of(session, layer) for layer in layers)
