"""What the workspace 应急 lays over the map: zone, ways of help, people on their way, roads cut, areas by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.ui.overlays import table_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lydigital.model.emergency import Allocation, Closure, Incident, Reach, Unreachable
    from lydigital.model.ways import WithinAnswer
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session

DANGER = "#c2334d"
PEOPLE = "#1f7a4d"
BANDS = ("#1a7f4b", "#7fb93f", "#e8c22e", "#e8872e", "#cf4a2e")
FALLBACK = PointSymbolizer("circle", 3.6, "#3b6ea5", glyph="map-marker")
MARK_MM = 5.0
CHOSEN = "#0b6bcb"


class Ground:
    """Brings results in ``crs`` onto the map of a session."""

    def __init__(self, session: Session, crs: str) -> None:
        self.crs = Crs(session.document.crs)
        self.move = transformation(Crs(crs), self.crs)

    def point(self, x: float, y: float) -> tuple[float, float]:
        px, py = self.move.point(x, y)
        return float(px), float(py)

    def layer(self, name: str, kind: GeometryKind, shapes: Sequence[Any], columns: Mapping[str, Sequence[object]], style: Style) -> SceneLayer:
        """Shapes in the results' system as a layer of the map; none of them is empty."""
        import pyarrow as pa

        made = GeometryArray.from_shapely(kind, np.array(shapes, object))
        if not self.move.is_identity:
            coords = self.move.points(np.ascontiguousarray(made.coords))
            made = GeometryArray(made.kind, coords, made.ring_offsets, made.part_offsets, made.geom_offsets)
        table = FeatureTable(np.arange(len(shapes), dtype=np.int64), pa.table({}), made, self.crs)
        return table_layer(name, table, style, columns)


def symbol_of(session: Session, kind: str, service: int | None) -> PointSymbolizer:
    """The mark of a resource as its own layer has it, of one size at every scale."""
    import msgspec

    if session.document.layer(kind) is None:
        return FALLBACK
    rules = session.style(kind).rules
    found = [r for r in rules if service is not None and (r.value == service or service in r.values)] or list(rules)
    marks = [s for rule in found for s in rule.symbolizers if isinstance(s, PointSymbolizer)]
    return msgspec.structs.replace(marks[0], size_mm=MARK_MM, scaled=None) if marks else FALLBACK


def zone_layers(ground: Ground, incident: Incident) -> list[SceneLayer]:
    """How far it reaches; nothing for a mere place."""
    if not incident.zone:
        return []
    style = Style((Rule((PolygonSymbolizer(Fill(DANGER, 0.16), Stroke(DANGER, 0.55, dash_mm=(2.2, 1.2))),)),))
    return [ground.layer("emergency.zone", GeometryKind.POLYGON, [shapely.from_wkb(incident.zone)], {"name": [incident.title]}, style)]


def mark_layers(ground: Ground, incident: Incident) -> list[SceneLayer]:
    """Where it happened."""
    label = LabelStyle("name", size_pt=10.0, color="#8f1730", weight="bold", halo="#ffffffe6", halo_mm=0.7, priority=100)
    pin = PointSymbolizer("hexagon", 7.0, DANGER, outline_mm=0.5, glyph="alert")
    place = [shapely.Point(incident.x, incident.y)]
    return [ground.layer("emergency.incident", GeometryKind.POINT, place, {"name": [incident.title]}, Style((Rule((pin,)),), labels=label))]


def way_layers(session: Session, ground: Ground, reaches: Sequence[Reach], chosen: str) -> list[SceneLayer]:
    """Ways of help in the colours of who comes, the chosen one on top; marks where they start, with their minutes."""
    made = []
    marks = {(r.resource.kind, r.resource.service): symbol_of(session, r.resource.kind, r.resource.service) for r in reaches}
    drawn = sorted((r for r in reaches if len(r.way) > 1), key=lambda r: -(r.seconds or 0.0))
    if drawn:
        rules = [
            Rule((LineSymbolizer(Stroke(mark.color, 0.75, 0.95), Stroke("#ffffff", 1.25, 0.85)),), value=_key(*who)) for who, mark in marks.items()
        ]
        keys = [_key(r.resource.kind, r.resource.service) for r in drawn]
        lines = [shapely.LineString(r.way) for r in drawn]
        made.append(ground.layer("emergency.ways", GeometryKind.LINE, lines, {"who": keys}, Style(tuple(rules), "categorized", "who")))
        made += _chosen_layer(ground, [line for r, line in zip(drawn, lines, strict=True) if r.resource.code == chosen])
    if reaches:
        rules = [Rule((mark,), value=_key(*who)) for who, mark in marks.items()]
        label = LabelStyle("label", size_pt=8.5, color="#1f2a30", weight="medium", halo="#ffffffe0", halo_mm=0.6, priority=90)
        columns = {"who": [_key(r.resource.kind, r.resource.service) for r in reaches], "label": [_said(r) for r in reaches]}
        places = [shapely.Point(r.resource.x, r.resource.y) for r in reaches]
        made.append(ground.layer("emergency.places", GeometryKind.POINT, places, columns, Style(tuple(rules), "categorized", "who", labels=label)))
    return made


def _chosen_layer(ground: Ground, lines: Sequence[Any]) -> list[SceneLayer]:
    """Ways of what is chosen, above all others."""
    if not lines:
        return []
    style = Style((Rule((LineSymbolizer(Stroke(CHOSEN, 1.5), Stroke("#ffffff", 2.4)),)),))
    return [ground.layer("emergency.chosen", GeometryKind.LINE, lines, {"n": list(range(len(lines)))}, style)]


def people_layers(session: Session, ground: Ground, found: Allocation, chosen: str) -> list[SceneLayer]:
    """People on their way to shelters: the more, the wider."""
    made = []
    moves = [m for m in found.moves if len(m.way) > 1]
    if moves:
        rules = [
            Rule((LineSymbolizer(Stroke(PEOPLE, width, 0.9), Stroke("#ffffff", width + 0.5, 0.85)),), value=key)
            for key, width in (("few", 0.6), ("some", 1.0), ("many", 1.5))
        ]
        keys = ["few" if m.people < 200 else "some" if m.people < 1_000 else "many" for m in moves]
        lines = [shapely.LineString(m.way) for m in moves]
        made.append(ground.layer("emergency.moves", GeometryKind.LINE, lines, {"how": keys}, Style(tuple(rules), "categorized", "how")))
        made += _chosen_layer(ground, [line for m, line in zip(moves, lines, strict=True) if chosen and chosen in (m.origin, m.shelter)])
    label = LabelStyle("label", size_pt=8.5, color="#14532f", weight="medium", halo="#ffffffe0", halo_mm=0.6, priority=90)
    used = [use for use in found.shelters if use.taken]
    if used:
        mark = symbol_of(session, "shelter", None)
        names = [f"{u.shelter.name} {u.taken:,}/{u.places or 0:,}" for u in used]
        made.append(ground.layer(
            "emergency.shelters", GeometryKind.POINT, [shapely.Point(u.shelter.x, u.shelter.y) for u in used], {"label": names},
            Style((Rule((mark,)),), labels=label),
        ))  # fmt: skip
    if found.origins:
        lost = {one.origin for one in found.left}
        dot = PointSymbolizer("circle", 2.4, PEOPLE, outline_mm=0.35)
        rules = [Rule((dot,), value="placed"), Rule((PointSymbolizer("circle", 3.2, DANGER, outline_mm=0.4, glyph="alert"),), value="left")]
        columns = {
            "how": ["left" if o.code in lost else "placed" for o in found.origins], "label": [f"{o.name} {o.people:,}" for o in found.origins],
        }  # fmt: skip
        made.append(ground.layer(
            "emergency.origins", GeometryKind.POINT, [shapely.Point(o.x, o.y) for o in found.origins], columns,
            Style(tuple(rules), "categorized", "how", labels=label),
        ))  # fmt: skip
    return made


def barrier_layers(ground: Ground, barriers: Sequence[Any]) -> list[SceneLayer]:
    """What was drawn to cut roads."""
    made = []
    areas = [b for b in barriers if b.geom_type.endswith("Polygon")]
    lines = [b for b in barriers if b.geom_type.endswith("LineString")]
    if areas:
        style = Style((Rule((PolygonSymbolizer(Fill("#6b1f2b", 0.35, "hatch", spacing_mm=1.6), Stroke("#6b1f2b", 0.4)),)),))
        made.append(ground.layer("emergency.closed_areas", GeometryKind.POLYGON, areas, {"n": list(range(len(areas)))}, style))
    if lines:
        style = Style((Rule((LineSymbolizer(Stroke("#6b1f2b", 0.5, dash_mm=(1.6, 1.0))),)),))
        made.append(ground.layer("emergency.closed_lines", GeometryKind.LINE, lines, {"n": list(range(len(lines)))}, style))
    return made


def cut_layers(ground: Ground, closures: Sequence[Closure], gone: Sequence[Unreachable]) -> list[SceneLayer]:
    """Pieces of road that cannot be used, and whom no road reaches."""
    made = []
    long = [c for c in closures if len(c.way) > 1]
    if long:
        style = Style((Rule((LineSymbolizer(Stroke("#111111", 1.1, dash_mm=(1.4, 0.9), cap="butt"), Stroke("#ff5a4f", 1.7)),)),))
        made.append(ground.layer("emergency.cut", GeometryKind.LINE, [shapely.LineString(c.way) for c in long], {"name": [c.name for c in long]}, style))
    if closures:
        places = [c.way[len(c.way) // 2] for c in closures if c.way]
        style = Style((Rule((PointSymbolizer("circle", 3.6, "#c62828", outline_mm=0.4, glyph="minus-thick"),)),))
        made.append(ground.layer("emergency.cuts", GeometryKind.POINT, [shapely.Point(p) for p in places], {"n": list(range(len(places)))}, style))
    if gone:
        label = LabelStyle("label", size_pt=8.5, color="#8f1730", weight="medium", halo="#ffffffe0", halo_mm=0.6, priority=95)
        style = Style((Rule((PointSymbolizer("diamond", 3.6, "#8f1730", outline_mm=0.4, glyph="road-variant"),)),), labels=label)
        made.append(ground.layer("emergency.unreachable", GeometryKind.POINT, [shapely.Point(u.x, u.y) for u in gone], {"label": [u.name for u in gone]}, style))
    return made


def time_layer(session: Session, found: WithinAnswer) -> SceneLayer | None:
    """Areas by time as rings."""
    areas = sorted({a.limit_s: a for a in found.areas}.values(), key=lambda a: a.limit_s)
    shapes = [shapely.from_wkb(a.wkb) for a in areas]
    rings = [s if k == 0 else shapely.difference(s, shapes[k - 1]) for k, s in enumerate(shapes)]
    there = [(k, ring) for k, ring in enumerate(rings) if not shapely.is_empty(ring)]
    if not there:
        return None
    rules = tuple(Rule((PolygonSymbolizer(Fill(BANDS[k % len(BANDS)], 0.30), Stroke(BANDS[k % len(BANDS)], 0.3)),), value=k) for k, _ in there)
    ground = Ground(session, found.crs)
    return ground.layer("emergency.within", GeometryKind.POLYGON, [ring for _, ring in there], {"k": [k for k, _ in there]}, Style(rules, "categorized", "k"))


def _key(kind: str, service: int | None) -> str:
    return f"{kind}{service}"


def _said(reach: Reach) -> str:
    name = reach.resource.name
    return name if reach.seconds is None else f"{name} {reach.seconds / 60:.0f}′"
