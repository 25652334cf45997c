"""Traces and bursts on the pipes and cables of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
import shapely

from lydigital import paths
from lydigital.commands import results
from lydigital.commands.hazard import working_crs
from lydigital.commands.utility import COMMUNITIES, FACILITIES, KINDS, LINKS, PIPES
from lydigital.domain import utility as domain
from lydigital.domain.touched import touched
from lydigital.domain.utilitynet import linked, network_of, shapes_of
from lydigital.errors import LydError, StoreUnavailableError, UsageError
from lydigital.model import measures
from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import LabelStyle, LineSymbolizer, PointSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.model.utility import Burst, Isolation, Piece, Trace, TradeRules, UtilityNetwork, read_rules
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.commands.utility import Follow, Leak, Pipe, Show, Shut
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.impact import Impact
    from lydigital.model.utility import Trade
    from lydigital.session import Session

RULES = "utility/trades.toml"
_Told = TypeVar("_Told", Trace, Isolation)
_ROLES = {
    "burst": ("事故管段", "Burst", "#b3261e", 1.6, ()), "off": ("停用管段", "Shut off", "#e0231c", 1.2, ()),
    "lost": ("失去供应", "Without supply", "#ff9a1f", 1.0, (1.6, 1.0)), "trace": ("追踪结果", "Traced", "#0b6bcb", 1.1, ()),
}  # fmt: skip
_MARKS = {
    "shut": ("应关闭", "To shut", "#b3261e", "pipe-valve"), "stop": ("应停运", "To stop", "#5b2a86", "stop-circle-outline"),
    "source": ("来源或出口", "Source or outfall", "#0f766e", "water-pump"), "burst": ("事故点", "Burst", "#1f2937", "pipe-leak"),
}  # fmt: skip


def rules_of() -> TradeRules:
    """The user's own ``utility/trades.toml`` in the configuration folder, or the one shipped."""
    own = paths.config_dir() / RULES
    return read_rules(own if own.is_file() else paths.layers_dir() / RULES)


def table_of(session: Session, layer: str, crs: Crs) -> FeatureTable | None:
    """Features of a layer in a system; None where the map has no such layer."""
    if session.ref(layer) is None:
        return None
    found = session.table(layer)
    return found.to_crs(crs) if isinstance(found, FeatureTable) else None


def lines_of(session: Session, layer: str, crs: Crs) -> FeatureTable:
    """A layer of lines.

    Raises
    ------
    UsageError
        When the map has no such layer, or it has no lines.
    """
    found = table_of(session, layer, crs)
    if found is None or found.geometry.kind is not GeometryKind.LINE:
        raise UsageError(
            "The map has no lines {layer}", hint="Name one of: {names}", layer=layer,
            names=", ".join(n for n in (PIPES, *LINKS) if session.ref(n) is not None) or "–",
        )  # fmt: skip
    return found


# --- commands ---------------------------------------------------------------------------------------------------------


def trace(session: Session, wanted: Follow) -> Trace:
    """What lies up or down the flow, or is connected."""
    network, trade, edge, _ = _found(session, wanted)
    made = domain.trace(network, edge, wanted.direction, trade)
    made = _with(made, network.issues)
    if wanted.output:
        from lydigital.publish import utility_report

        utility_report.write(made, wanted.output, rules_of(), kind_name, picture=_figure(session, made, wanted), **_marks(session, wanted.layer))
    return made


def isolate(session: Session, wanted: Shut) -> Isolation:
    """What to shut for a burst."""
    network, trade, edge, at = _found(session, wanted)
    if trade is None:
        raise UsageError("A burst is one of pipes", hint="Name a pipe; of cables and links trace what lies down the flow.")
    known = {f.code for f in network.facilities}
    strange = [code for code in wanted.stuck if code not in known]
    if strange:
        raise UsageError("There is no facility {code}", hint="Name the numbers of valves as they stand on the map.", code=strange[0])
    return _with(domain.isolate(network, edge, at, trade, stuck=frozenset(wanted.stuck)), network.issues)


def burst(session: Session, wanted: Leak) -> Burst:
    """What to shut, and who is hit."""
    shut = isolate(session, wanted)
    trade = rules_of().trade(shut.trade)
    assert trade is not None  # or there were no network of it
    crs = working_crs(session)
    served = wanted.served_m or trade.served_m
    pipes = lines_of(session, PIPES, crs)
    near = shapely.Point(shut.x, shut.y).buffer(max(wanted.distance_m, 0.01))
    dry = shapely.union_all(shapely.buffer(shapes_of(pipes, (*shut.off, *(shut.lost or ()))), served))
    communities = table_of(session, COMMUNITIES, crs)
    issues: list[Issue] = []
    if communities is None:
        issues.append(Issue(
            "utility.no_communities", "warning", "The map has no layer of communities: which of them are hit is not known",
            "Add the layer {layer}.", values={"layer": COMMUNITIES},
        ))  # fmt: skip
    hit = [touched(communities, area) if communities is not None else () for area in (near, dry)]
    around: Impact | None = None
    without: Impact | None = None
    if wanted.counted:
        from lydigital.commands.impact import Zone, of_shapes

        around = of_shapes(session, [Zone(near, tr("Within {metres} m of the burst", metres=f"{wanted.distance_m:g}"))])
        without = of_shapes(session, [Zone(dry, tr("Without supply"))])
    made = Burst(shut, wanted.distance_m, served, hit[0], hit[1], around, without, tuple(issues))
    if wanted.output:
        from lydigital.publish import utility_report

        utility_report.write(made, wanted.output, rules_of(), kind_name, picture=_figure(session, shut, wanted), **_marks(session, PIPES))
    return made


def show(session: Session, wanted: Show) -> ChangeSet:
    """A result as a layer of the map."""
    if wanted.what == "near":
        from lydigital.commands.work.section import near_map

        return near_map(session, wanted)
    shared = {name: getattr(wanted, name) for name in ("layer", "fid", "x", "y", "crs", "trade", "within_m", "snap_m")}
    from lydigital.commands import utility as given

    if wanted.what == "trace":
        found: Trace | Isolation = trace(session, given.Follow(**shared, direction=wanted.direction))
    else:
        found = isolate(session, given.Shut(**shared, stuck=wanted.stuck))
    layer = wanted.layer or PIPES
    lines, style = line_layer(session, found, layer)
    title, title_en = ("管线追踪", "Trace of pipes") if isinstance(found, Trace) else ("停供分析", "Shut off for a burst")
    columns = {name: lines.column(name).to_pylist() for name in ("code", "trade", "role", "length_m")}
    return results.add(
        session, f"utility_{wanted.what}", title=title, title_en=title_en, geometry=lines.geometry, crs=lines.crs, columns=columns,
        fields=(FieldDef("code", "编号", "Number"), FieldDef("trade", "管线种类", "Trade"), FieldDef("role", "结果", "Result", domain=_ROLE_NAMES),
                FieldDef("length_m", "长度", "Length", type="real", unit="m")),
        style=style, nature="示例数据" if is_sample(session, layer) else "推算", words="Show {layer}",
    )  # fmt: skip


_ROLE_NAMES = {role: (zh, en) for role, (zh, en, *_) in _ROLES.items()}


# --- as tables for the map ----------------------------------------------------------------------------------------------


def line_layer(session: Session, found: Trace | Isolation, layer: str = PIPES) -> tuple[FeatureTable, Style]:
    """Pieces of a result as lines in the working system, and how they are drawn."""
    import pyarrow as pa

    if isinstance(found, Trace):
        roles: list[tuple[str, Sequence[Piece]]] = [("trace", found.pieces)]
    else:
        roles = [("lost", found.lost or ()), ("off", found.off), ("burst", (found.burst,))]
    pieces = [(role, piece) for role, some in roles for piece in some if piece.length_m > 0 or piece.whole_m == 0]
    table = lines_of(session, layer, working_crs(session))
    shapes = shapes_of(table, [p if layer == PIPES else _as_drawn(p) for _, p in pieces])
    columns = {
        "code": [p.code for _, p in pieces], "trade": [p.trade for _, p in pieces], "role": [r for r, _ in pieces],
        "length_m": [round(p.length_m, 2) for _, p in pieces],
    }  # fmt: skip
    made = FeatureTable(np.arange(1, len(pieces) + 1), pa.table(columns), GeometryArray.from_shapely(GeometryKind.LINE, shapes), table.crs)
    rules = tuple(
        Rule((LineSymbolizer(Stroke(colour, width_mm=width, dash_mm=dash), casing=Stroke("#ffffff", width_mm=width + 0.7, opacity=0.85)),), title, title_en, value=role)
        for role, (title, title_en, colour, width, dash) in _ROLES.items() if any(r == role for r, _ in pieces)
    )  # fmt: skip
    return made, Style(rules, kind="categorized", field="role")


def point_layer(session: Session, found: Trace | Isolation) -> tuple[FeatureTable, Style]:
    """What is to be shut and what feeds, as points in the working system, and how they are drawn."""
    import pyarrow as pa

    marks: list[tuple[str, str, float, float]] = []
    if isinstance(found, Trace):
        marks += [("source", f.code, f.x, f.y) for f in found.sources]
    else:
        marks.append(("burst", "", found.x, found.y))
        marks += [("stop", f.code, f.x, f.y) for f in found.stop] + [("shut", f.code, f.x, f.y) for f in found.shut]
    marks = [mark for mark in marks if np.isfinite(mark[2:]).all()]
    xy = np.array([mark[2:] for mark in marks], float).reshape(-1, 2)
    columns = {"code": pa.array([mark[1] for mark in marks], pa.string()), "role": pa.array([mark[0] for mark in marks], pa.string())}
    made = FeatureTable(np.arange(1, len(marks) + 1), pa.table(columns), GeometryArray.from_points(xy), working_crs(session))
    rules = tuple(
        Rule((PointSymbolizer(shape="circle", size_mm=5.0, color=colour, glyph=glyph, outline_mm=0.3),), title, title_en, value=role)
        for role, (title, title_en, colour, glyph) in _MARKS.items()
    )
    words = LabelStyle("code", size_pt=8.0, color="#22262b", halo="#fffffff0", halo_mm=0.45, weight="bold", priority=99, callout_mm=14.0)
    return made, Style(rules, kind="categorized", field="role", labels=words)


def _figure(session: Session, found: Trace | Isolation, wanted: Follow | Leak) -> bytes:
    """The result on the map, for documents; nothing without Qt, which draws it."""
    if not wanted.output.lower().endswith((".docx", ".html")):
        return b""
    from lydigital.publish import figure
    from lydigital.render.classify import codes
    from lydigital.render.drawlist import SceneLayer

    crs, laid = Crs(session.document.crs), []
    for name, (table, style) in (("utility.lines", line_layer(session, found, wanted.layer)), ("utility.points", point_layer(session, found))):
        moved = table.to_crs(crs)
        if len(moved):
            laid.append(SceneLayer(name, moved, style, codes(moved, style), labels=bool(style.labels)))
    west, south, east, north = laid[0].data.geometry.total_bounds  # type: ignore[union-attr]
    room = max(0.12 * max(east - west, north - south), 120.0 / crs.metres_per_unit)
    titles = {layer.id: ("", tr("Pipes")) for layer in laid}
    try:
        return figure.png((*session.scene(), *laid), (west - room, south - room, east + room, north + room), crs, title=tr("Pipes"), titles=titles)
    except StoreUnavailableError:
        return b""


# --- inside -----------------------------------------------------------------------------------------------------------


def _found(session: Session, wanted: Pipe) -> tuple[UtilityNetwork, Trade | None, int, tuple[float, float]]:
    """The network that is meant, its trade, the edge, and the place on it."""
    crs, rules = working_crs(session), rules_of()
    table = lines_of(session, wanted.layer, crs)
    place = _place(session, wanted, crs)
    row = _row(session, wanted, table, place)
    line = table.geometry.to_shapely(np.array([row]))[0]
    along = float(shapely.length(line)) / 2 if place is None else float(shapely.line_locate_point(line, shapely.Point(place)))
    if wanted.layer in LINKS:
        layer, trade = LINKS[wanted.layer]
        lengths = measures.lengths_m(table.geometry.to_shapely(), crs)
        network = linked(table, table_of(session, layer, crs), lengths, layer=wanted.layer, trade=trade)
        return network, None, domain.edge_at(network, int(table.fid[row])), place or (0.0, 0.0)
    network = network_of(table, table_of(session, FACILITIES, crs), rules, snap_m=wanted.snap_m, layer=wanted.layer)
    edge = domain.edge_at(network, int(table.fid[row]), along)
    point = shapely.line_interpolate_point(line, along)
    return network, rules.trade(network.trades[network.pipe[edge]]), edge, (float(point.x), float(point.y))


def _place(session: Session, wanted: Pipe, crs: Crs) -> tuple[float, float] | None:
    if wanted.x is None or wanted.y is None:
        return None
    x, y = transformation(Crs(wanted.crs or session.document.crs), crs).point(wanted.x, wanted.y)
    if not np.isfinite([x, y]).all():
        raise UsageError("The place {x}, {y} cannot be brought onto the map", hint="Check the numbers and their system.", x=wanted.x, y=wanted.y)
    return x, y


def _row(session: Session, wanted: Pipe, table: FeatureTable, place: tuple[float, float] | None) -> int:
    if wanted.fid:
        row = table.row_of.get(wanted.fid)
        if row is None:
            raise UsageError(
                "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
                layer=session.definition(wanted.layer).name, fid=wanted.fid, count=len(table),
            )  # fmt: skip
        return row
    if place is None:
        raise UsageError("No pipe is named", hint="Name one by its number, or a place by x and y.")
    x, y = place
    reach = wanted.within_m
    rows = table.rows_in((x - reach, y - reach, x + reach, y + reach))
    if wanted.trade and "trade" in table.column_names:
        trades = table.column("trade").to_pylist()
        rows = np.array([r for r in rows.tolist() if trades[r] == wanted.trade], np.int32)
    away = shapely.distance(table.geometry.to_shapely(rows), shapely.Point(place)) if len(rows) else np.zeros(0)
    if not len(away) or float(away.min()) > reach:
        raise UsageError(
            "No pipe lies within {metres} m of this place", hint="Click nearer to one, or look within a wider distance.",
            metres=f"{reach:g}",
        )  # fmt: skip
    return int(rows[int(np.argmin(away))])


def _with(found: _Told, issues: tuple[Issue, ...]) -> _Told:
    """The result with what is to be known of the network."""
    return msgspec.structs.replace(found, issues=(*found.issues, *issues))


def _as_drawn(piece: Piece) -> Piece:
    """The whole of a link: its length is measured on the ellipsoid, not along the map."""
    return msgspec.structs.replace(piece, from_m=0.0, to_m=piece.whole_m)


def is_sample(session: Session, layer: str) -> bool:
    """Whether a layer is synthetic."""
    try:
        return session.definition(layer).sample
    except (KeyError, LydError):
        return False


def is_sensitive(session: Session, layer: str) -> bool:
    """Whether a layer is not for the public."""
    try:
        return session.definition(layer).sensitivity != "公开"
    except (KeyError, LydError):
        return False


def _marks(session: Session, layer: str) -> dict[str, bool]:
    return {"is_sample": is_sample(session, layer), "is_sensitive": is_sensitive(session, layer)}


def kind_name(kind: int) -> str:
    """What kind of facility it is, in the user's language."""
    return tr(KINDS.get(kind, KINDS[0]))
