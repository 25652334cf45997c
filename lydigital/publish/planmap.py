"""The map of a response plan: zone, closures, ways of those who come and those who leave, shelters, teams, villages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.crs import Crs
from lydigital.model.emergency import KIND_TITLES
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, LabelStyle, LineSymbolizer, PointSymbolizer, PolygonSymbolizer, Stroke
from lydigital.publish import cardmap, figure
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.emergency import Plan, Way
    from lydigital.publish.cardmap import Symbols
    from lydigital.render.drawlist import SceneLayer

COMES, LEAVES, CUT = "#1f6fb2", "#1a7f4b", "#c22f2f"
_NEAR_M = 15_000.0  # who comes from farther is on the map by his way only
_LEAST_M = 3_000.0


def png(plan: Plan, crs: Crs, scene: Sequence[SceneLayer], symbols: Symbols, *, approval: str = "") -> bytes:
    """The map as a PNG, 178 mm wide. Raises as :func:`figure.png`."""
    made, titles, bounds = layers(plan, crs, symbols)
    under = [replace(layer, labels=layer.labels and layer.id != "township") for layer in scene]
    return figure.png([*under, *made], bounds, crs, width_mm=178.0, height_mm=126.0, dpi=220.0, title=tr("Response plan"), titles=titles, approval=approval)


def layers(plan: Plan, crs: Crs, symbols: Symbols) -> tuple[list[SceneLayer], dict[str, tuple[str, str]], tuple[float, float, float, float]]:
    """Layers of the plan, bottom first, what the legend calls them, and what the map must show; all in ``crs``."""
    import shapely

    frame = cardmap.Frame.of(Crs(plan.crs), crs)
    move = frame.move
    incident = plan.incident
    made: list[SceneLayer] = []
    titles: dict[str, tuple[str, str]] = {}
    seen = [shapely.Point(incident.x, incident.y)]

    def add(layer: SceneLayer, title: str) -> None:
        if len(layer.data.fid):  # type: ignore[union-attr]
            made.append(layer)
            titles[layer.id] = ("", title)

    def lines(name: str, ways: Sequence[Way], color: str, width: float, title: str) -> None:
        shapes = [shapely.transform(shapely.LineString(w), move.points) for w in ways if len(w) > 1 and w[0] != w[-1]]
        symbol = LineSymbolizer(Stroke(color, width), casing=Stroke("#ffffff", width + 0.6))
        add(cardmap.made_layer(name, GeometryArray.from_shapely(GeometryKind.LINE, np.array(shapes, object)), crs, symbol), title)

    def points(name: str, places: Sequence[tuple[float, float, str]], symbol: PointSymbolizer, labels: LabelStyle, title: str) -> None:
        add(cardmap.points(name, places, frame, symbol, labels), title)

    if incident.zone:
        zone = shapely.from_wkb(incident.zone)
        seen.append(zone)
        symbol = PolygonSymbolizer(Fill(CUT, 0.16), Stroke(CUT, 0.6))
        shape = np.array([shapely.transform(zone, move.points)], object)
        add(cardmap.made_layer("plan_zone", GeometryArray.from_shapely(GeometryKind.POLYGON, shape), crs, symbol), tr("Zone"))
    lines("plan_comes", [r.way for r in plan.dispatch], COMES, 0.8, tr("Help comes"))
    found = plan.allocation
    if found is not None:
        lines("plan_leaves", [m.way for m in found.moves], LEAVES, 1.0, tr("People leave"))
        seen += [shapely.Point(o.x, o.y) for o in found.origins]
        seen += [shapely.Point(use.shelter.x, use.shelter.y) for use in found.shelters if use.taken]
    lines("plan_cut", [c.way for c in plan.closures], CUT, 1.2, tr("Road is cut"))
    words = LabelStyle("label", 7.0, "#22262b", "#fffffff0", 0.4, priority=80)
    if found is not None:
        some = [(o.x, o.y, tr("{name} {people} people", name=o.name, people=f"{o.people:,}")) for o in found.origins]
        points("plan_origin", some, PointSymbolizer("circle", 1.8, "#ffffff", "#22262b", 0.3), words, tr("Village that leaves"))
        taken = [use for use in found.shelters if use.taken]
        points(
            "plan_shelter", [(u.shelter.x, u.shelter.y, f"{u.shelter.name} {u.taken:,}/{u.places or 0:,}") for u in taken],
            PointSymbolizer("square", 4.2, cardmap.SHELTER, glyph="tent"), _colored(words, LEAVES, 90), tr("Shelter: taken/places"),
        )  # fmt: skip
    near = _NEAR_M / Crs(plan.crs).metres_per_unit
    for kind in ("team", "depot", "hospital"):
        coming = [r.resource for r in plan.dispatch if r.resource.kind == kind and r.is_reachable]
        close = [r for r in coming if np.hypot(r.x - incident.x, r.y - incident.y) <= near]
        seen += [shapely.Point(r.x, r.y) for r in close]
        if coming:
            points(f"plan_{kind}", [(r.x, r.y, r.name) for r in coming], cardmap.mark(coming[0], symbols if kind != "team" else {}, 4.0), _colored(words, COMES, 70), tr(KIND_TITLES[kind]))
    gone = [(u.x, u.y, u.name) for u in plan.unreachable]
    seen += [shapely.Point(u.x, u.y) for u in plan.unreachable if np.hypot(u.x - incident.x, u.y - incident.y) <= near]
    points("plan_gone", gone, PointSymbolizer("diamond", 3.0, CUT), _colored(words, CUT, 85), tr("Not reached by road"))
    points(
        "plan_incident", [(incident.x, incident.y, incident.title)], PointSymbolizer("triangle", 5.4, CUT, glyph="alert"),
        LabelStyle("label", 9.0, CUT, "#fffffff0", 0.5, "bold", priority=100), tr("Incident"),
    )  # fmt: skip
    x0, y0, x1, y1 = shapely.transform(shapely.GeometryCollection(seen), move.points).bounds
    least = _LEAST_M / crs.metres_per_unit
    dx, dy = max(0.05 * (x1 - x0), (least - (x1 - x0)) / 2), max(0.05 * (y1 - y0), (least - (y1 - y0)) / 2)
    return made, titles, (x0 - dx, y0 - dy, x1 + dx, y1 + dy)


def _colored(words: LabelStyle, color: str, priority: int) -> LabelStyle:
    """The same words in another colour."""
    import msgspec

    return msgspec.structs.replace(words, color=color, priority=priority)


