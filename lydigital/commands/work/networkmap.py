"""Answers of the road network as layers of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.network import network_of
from lydigital.commands.work import network as work
from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.network import KIND_TITLES, Kind
from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.commands.network import Build, Nearest, Route, Within
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.network import Way
    from lydigital.session import Session

_ROUTE = "#2563c9"
_BANDS = ("#1a7f4b", "#7fb93f", "#e8c22e", "#e8872e", "#cf4a2e", "#8e2f5c")
_SHOWN: dict[Kind, tuple[str, str, str]] = {
    Kind.ISLAND: ("#c2185b", "不连通", "Not connected"),
    Kind.REFUSED: ("#d9480f", "不同层级，未连通", "Another level, not joined"),
    Kind.DOUBLE: ("#7b1fa2", "重复绘制", "Laid twice"),
    Kind.INTERCHANGE: ("#1565c0", "高速公路互通", "Interchange"),
    Kind.END_TO_END: ("#2e7d32", "端点对齐", "End moved to an end"),
    Kind.END_TO_LINE: ("#43a047", "端点移至道路", "End moved onto a road"),
    Kind.TOUCH: ("#80a83a", "接触处断开", "Split where touched"),
    Kind.CROSSING: ("#8a8f98", "相交处断开", "Split at a crossing"),
}
"""What of the report is worth a mark on the map: colour and title. Dead ends are, as a rule, just that."""


def build_map(session: Session, wanted: Build) -> ChangeSet:
    """Repairs and faults of the network as points."""
    network = network_of(session, wanted.profile, tolerance_m=wanted.tolerance_m)
    found = network.report.findings
    rows = np.flatnonzero(np.isin(found.kind, [int(kind) for kind in _SHOWN]) & np.isfinite(found.xy).all(axis=1))
    if not len(rows):
        raise BadDataError("Nothing had to be repaired: there is nothing to put on the map", hint="The network is sound as it is.")
    kinds = [Kind(k) for k in found.kind[rows].tolist()]
    names = [session.definition(layer).name for layer in network.layers] + [""]
    fields = (
        FieldDef("kind", "类别", title_en="Kind", type="text"), FieldDef("finding", "说明", title_en="Finding", type="text"),
        FieldDef("metres", "移动或长度", title_en="Moved, or length", type="real", unit="m"),
        FieldDef("layer", "图层", title_en="Layer", type="text"), FieldDef("road", "要素编号", title_en="Feature", type="integer"),
        FieldDef("other_layer", "另一图层", title_en="Other layer", type="text"),
        FieldDef("other_road", "另一要素编号", title_en="Other feature", type="integer"),
    )  # fmt: skip
    other = found.other_fid[rows].tolist()
    rules = tuple(
        Rule((PointSymbolizer("circle", 2.0, color, outline_mm=0.15),), title=zh, title_en=en, value=kind.name)
        for kind, (color, zh, en) in _SHOWN.items() if kind in kinds
    )  # fmt: skip
    return results.add(
        session, "road network", title="路网检查", title_en="Check of the road network", geometry=GeometryArray.from_points(found.xy[rows]),
        crs=network.crs, fields=fields,
        columns={
            "kind": [kind.name for kind in kinds], "finding": [tr(KIND_TITLES[kind]) for kind in kinds],
            "metres": np.round(found.moved_m[rows], 2).tolist(), "layer": [names[k] for k in found.layer[rows].tolist()],
            "road": found.fid[rows].tolist(), "other_layer": [names[k] for k in found.other_layer[rows].tolist()],
            "other_road": [fid if fid >= 0 else None for fid in other],
        },
        style=Style(rules, "categorized", "kind"), nature=_nature(is_sample=any(session.definition(layer).sample for layer in network.layers)),
    )  # fmt: skip


def route_map(session: Session, wanted: Route) -> ChangeSet:
    """A way as a line."""
    answer = work.route(session, wanted)
    return _ways(session, "route", ("路线", "Route"), [("", way) for way in answer.parts], answer.crs, is_sample=answer.is_sample)


def nearest_map(session: Session, wanted: Nearest) -> ChangeSet:
    """The ways between a place and what is nearest to it as lines."""
    answer = work.nearest(session, wanted)
    title = session.definition(wanted.layer)
    ways = [(target.title, target.way) for target in answer.found]
    words = (f"最近的{title.title}", f"Nearest: {title.title_en or title.title}")
    return _ways(session, f"nearest {wanted.layer}", words, ways, answer.crs, is_sample=answer.is_sample)


def within_map(session: Session, wanted: Within) -> ChangeSet:
    """Areas within some times as rings, each without the shorter ones."""
    answer = work.within(session, wanted)
    areas = sorted({area.limit_s: area for area in answer.areas}.values(), key=lambda area: area.limit_s)
    shapes = [shapely.from_wkb(area.wkb) for area in areas]
    rings = [shape if k == 0 else shapely.difference(shape, shapes[k - 1]) for k, shape in enumerate(shapes)]
    minutes = [round(area.limit_s / 60, 2) for area in areas]
    rules = tuple(
        Rule(
            (PolygonSymbolizer(Fill(_BANDS[min(k, len(_BANDS) - 1)], opacity=0.35), Stroke(_BANDS[min(k, len(_BANDS) - 1)], width_mm=0.25)),),
            title=f"{m:g} 分钟以内", title_en=f"Within {m:g} min", minimum=minutes[k - 1] + 1e-6 if k else 0.0, maximum=m + 1e-6,
        )
        for k, m in enumerate(minutes)
    )  # fmt: skip
    fields = (
        FieldDef("minutes", "时间", title_en="Time", type="real", unit="min"), FieldDef("area_km2", "累计面积", title_en="Area so far", type="real", unit="km²"),
        FieldDef("roads_km", "累计道路", title_en="Roads so far", type="real", unit="km"),
    )  # fmt: skip
    columns = {
        "minutes": minutes, "area_km2": [round(a.area_km2, 3) for a in areas], "roads_km": [round(a.length_km, 2) for a in areas],
    }  # fmt: skip
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(rings, object))
    return _add(
        session, "within", ("到达时间圈", "Areas by time"), geometry, answer.crs, fields, columns, Style(rules, "graduated", "minutes"),
        is_sample=answer.is_sample,
    )  # fmt: skip


def _ways(
    session: Session, key: str, title: tuple[str, str], ways: Sequence[tuple[str, Way]], crs: str, *, is_sample: bool
) -> ChangeSet:
    there = [(name, way) for name, way in ways if way.seconds is not None and way.length_m is not None and len(way.points) > 1]
    if not there:
        raise BadDataError(
            "There is no way: {reason}", hint="Open a road, or choose other places.",
            reason=next((way.reason for _, way in ways if way.reason), tr("Nothing is near")),
        )  # fmt: skip
    lines = shapely.linestrings(np.concatenate([np.array(way.points) for _, way in there]),
                                indices=np.repeat(np.arange(len(there)), [len(way.points) for _, way in there]))  # fmt: skip
    fields = (
        FieldDef("name", "名称", title_en="Name", type="text"), FieldDef("minutes", "时间", title_en="Time", type="real", unit="min"),
        FieldDef("km", "里程", title_en="Length", type="real", unit="km"), FieldDef("by", "途经", title_en="By way of", type="text"),
    )  # fmt: skip
    columns = {
        "name": [name for name, _ in there], "minutes": [round((way.seconds or 0.0) / 60, 2) for _, way in there],
        "km": [round((way.length_m or 0.0) / 1000, 3) for _, way in there],
        "by": ["、".join(dict.fromkeys(leg.name for leg in way.legs if leg.name)) for _, way in there],
    }  # fmt: skip
    stroke = LineSymbolizer(Stroke(_ROUTE, width_mm=1.1, opacity=0.9), Stroke("#ffffff", width_mm=1.7, opacity=0.9))
    geometry = GeometryArray.from_shapely(GeometryKind.LINE, lines)
    return _add(session, key, title, geometry, crs, fields, columns, Style((Rule((stroke,)),)), is_sample=is_sample)


def _add(  # noqa: PLR0917 - as results.add, by position
    session: Session, key: str, title: tuple[str, str], geometry: GeometryArray, crs: str, fields: Sequence[FieldDef],
    columns: Mapping[str, Any], style: Style, *, is_sample: bool,
) -> ChangeSet:  # fmt: skip
    return results.add(
        session, f"network {key}", title=title[0], title_en=title[1], geometry=geometry, crs=Crs(crs), fields=fields, columns=columns,
        style=style, nature=_nature(is_sample=is_sample),
    )  # fmt: skip


def _nature(*, is_sample: bool) -> str:
    return "示例数据" if is_sample else "推算"
