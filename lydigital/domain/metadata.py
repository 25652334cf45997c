"""Metadata of layers out of their definitions and their data, as ISO 19115-1 names them; theme databases out of those."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lydigital.domain.figures import texts
from lydigital.domain.systems import completeness
from lydigital.model import columns
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.metadata import FieldNote, Metadata, Quality, Theme
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.grid import Raster
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.metadata import Classification, Objects, Representation
    from lydigital.model.system import System

TOPICS = {
    "boundary": "boundaries", "culture": "society", "economy": "economy", "education": "society", "egov": "utilitiesCommunication",
    "emergency": "health", "exchange": "society", "geohazard": "geoscientificInformation", "health": "health", "land": "planningCadastre",
    "network": "utilitiesCommunication", "pipeline": "utilitiesCommunication", "place": "location", "platform": "utilitiesCommunication",
    "public": "structure", "resources": "environment", "rural": "farming", "safety": "health", "society": "society",
    "telecom": "utilitiesCommunication", "themes": "environment", "transport": "transportation", "water": "inlandWaters",
}  # fmt: skip
"""Topic of the layers of a group; :data:`LAYER_TOPICS` goes before it."""
LAYER_TOPICS = {
    "relief": "elevation", "peak": "elevation", "farmland": "farming", "farmland_before": "farming", "mineral": "geoscientificInformation",
    "forest": "biota", "forest_station": "biota", "green": "environment", "ecology": "environment", "weather_station": "climatologyMeteorologyAtmosphere",
    "rain_gauge": "climatologyMeteorologyAtmosphere", "rainfall": "climatologyMeteorologyAtmosphere", "water_resource": "inlandWaters",
    "labour": "economy", "talent": "economy", "building": "structure", "settlement": "structure", "legal_unit": "economy", "enterprise": "economy",
    "statistic": "economy", "county_index": "economy",
}  # fmt: skip
_CYCLES = (
    (r"实时|逐小时|连续", "continual"), (r"每[日天]|逐日", "daily"), (r"每周", "weekly"), (r"每旬", "fortnightly"), (r"每月", "monthly"), (r"季", "quarterly"),
    (r"半年", "biannually"), (r"每年|汛", "annually"), (r"随|按次|每次", "asNeeded"), (r"五年|年", "irregular"),
)  # fmt: skip
_OBJECTS: dict[str, Objects] = {"point": "point", "line": "curve", "polygon": "surface"}
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?!\d)")


def metadata_of(
    layer: LayerDef, data: FeatureTable | Raster | None, *, group: str, systems: Sequence[str] = (), crs: Crs | None = None,
    quality: Quality | None = None, problem: str = "",
) -> Metadata:  # fmt: skip
    """All that is known of a layer.

    Parameters
    ----------
    data
        Its features or raster; None where the map lacks it, and ``problem`` says why.
    group, systems
        Names of its group and of the systems it belongs to.
    crs
        What it is stored in; that of the definition otherwise.
    """
    representation: Representation = "grid" if layer.geometry == "raster" else "textTable" if layer.geometry == "none" else "vector"
    stored = crs or (Crs(layer.crs) if representation != "textTable" else None)
    table = data if isinstance(data, FeatureTable) else None
    classification: Classification = "unclassified" if layer.sensitivity == "公开" else "restricted"
    return Metadata(
        id=layer.id, title=layer.title, title_en=layer.title_en, abstract=_abstract(layer), group=group, keywords=(group, *systems),
        topic=LAYER_TOPICS.get(layer.id) or TOPICS.get(layer.group, "location"), representation=representation,
        objects=_OBJECTS.get(layer.geometry, ""), count=None if table is None else len(table), crs="" if stored is None else str(stored),
        crs_name="" if stored is None else stored.name, extent=None if data is None else _extent(data), date=date_of(layer.currency),
        currency=layer.currency, maintenance=frequency_of(layer.update_cycle), update_cycle=layer.update_cycle, lineage=layer.source,
        natures=() if table is None else natures_of(table), department=layer.department, sensitivity=layer.sensitivity,
        classification=classification, has_personal=any(f.personal for f in layer.fields), is_sample=layer.sample, standard=layer.code_std,
        completeness=None if table is None else completeness(table, layer), fields=_fields(layer, table), quality=quality or Quality(),
        is_present=data is not None, grid=None if data is None or isinstance(data, FeatureTable) else _grid(data), problem=problem,
    )  # fmt: skip


def themes_of(systems: Sequence[System], layers: Mapping[str, Metadata]) -> tuple[Theme, ...]:
    """The theme databases of the plan. A layer that is missing counts as empty."""
    out = []
    for system in systems:
        mine = [layers[i] for i in system.layers if i in layers and layers[i].is_present]
        known = [m.completeness for m in mine if m.completeness is not None]
        missing = tuple(layers[i].name if i in layers else i for i in system.layers if i not in layers or not layers[i].is_present)
        checked = [m.quality.errors for m in mine if m.quality.errors is not None]
        share = sum(known) / (len(known) + len(missing)) if known else 0.0 if missing else None
        out.append(Theme(
            system.id, system.name, system.layers, len(mine), sum(m.count or 0 for m in mine), share, sum(checked) if checked else None,
            any(m.is_sample for m in mine), missing,
        ))  # fmt: skip
    return tuple(out)


def date_of(currency: str) -> str:
    """The last date that a text names, "" for none: ``2001–2006`` is 2006, ``2005-12`` that month."""
    found = _DATE.findall(currency)
    return "-".join(part for part in found[-1] if part) if found else ""


def frequency_of(cycle: str) -> str:
    """MD_MaintenanceFrequencyCode of an update cycle."""
    return next((code for pattern, code in _CYCLES if re.search(pattern, cycle)), "unknown")


def natures_of(table: FeatureTable) -> tuple[tuple[str, int], ...]:
    """How many rows say of themselves that they are real, samples or estimates."""
    if "nature" not in table.column_names:
        return ()
    number, values = columns.coded(table.column("nature"))
    counts = np.bincount(number[number >= 0], minlength=len(values))
    return tuple(sorted(((str(v), int(c)) for v, c in zip(values, counts.tolist(), strict=True) if c and v), key=lambda pair: -pair[1]))


def _abstract(layer: LayerDef) -> str:
    parts = [layer.title, layer.note, "、".join(f"{f.title}（{f.unit}）" if f.unit else f.title for f in layer.fields)]
    if layer.title_en and layer.title_en != layer.title:
        parts[0] = f"{layer.title} ({layer.title_en})"
    return "。".join(part.rstrip("。") for part in parts if part) + "。"


def _extent(data: FeatureTable | Raster) -> tuple[float, float, float, float] | None:
    """Bounds in degrees."""
    if isinstance(data, FeatureTable):
        bounds = data.geometry.total_bounds
    else:
        (x0, y1), level = data.origin, data.levels[0]
        bounds = (x0, y1 - level.rows * abs(level.cell[1]), x0 + level.columns * abs(level.cell[0]), y1)
    if not np.isfinite(bounds).all():
        return None
    degrees = transformation(data.crs, Crs(CGCS2000)).bounds(bounds)
    west, south, east, north = (round(float(v), 6) for v in degrees)
    return (west, south, east, north) if np.isfinite(degrees).all() else None


def _grid(raster: Raster) -> tuple[int, int, float]:
    level = raster.levels[0]
    return (level.rows, level.columns, abs(level.cell[0]) * raster.crs.metres_per_unit)


def _fields(layer: LayerDef, table: FeatureTable | None) -> tuple[FieldNote, ...]:
    return tuple(FieldNote(f.name, f.alias, f.type, f.unit, f.personal, _filled(table, f.name)) for f in layer.fields)


def _filled(table: FeatureTable | None, name: str) -> float | None:
    if table is None or not len(table):
        return None
    if name not in table.column_names:
        return 0.0
    column = table.column(name)
    if str(column.type) in ("string", "large_string"):
        return 1.0 - texts(table, name).count("") / len(table)
    return 1.0 - float(column.null_count) / len(table)

