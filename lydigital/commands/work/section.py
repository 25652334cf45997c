"""Cross-sections and clear distances of the map's pipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.commands import results
from lydigital.commands.hazard import working_crs
from lydigital.commands.utility import FACILITIES, PIPES, TERRAIN
from lydigital.commands.work.utility import is_sample, is_sensitive, kind_name, lines_of, rules_of, table_of
from lydigital.domain import clearance as domain
from lydigital.domain import section as cutting
from lydigital.domain.pipes import Pipes
from lydigital.errors import LydError, UsageError
from lydigital.model.crs import Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import LineSymbolizer, PointSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lydigital.commands.utility import Cut, Near, Show
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.grid import Raster
    from lydigital.model.utility import Clearances, Section, TradeRules
    from lydigital.publish.section import Trades
    from lydigital.session import Session

MOST_SHOWN = 20_000


def section(session: Session, wanted: Cut) -> Section:
    """The ground cut open between two places; drawn where an output is named."""
    crs, rules = working_crs(session), rules_of()
    move = transformation(Crs(wanted.crs or session.document.crs), crs)
    start, end = move.point(*wanted.start), move.point(*wanted.end)
    if not np.isfinite([*start, *end]).all():
        raise UsageError(
            "The place {x}, {y} cannot be brought onto the map", hint="Check the numbers and their system.", x=wanted.start[0], y=wanted.start[1]
        )
    found = cutting.cut(
        Pipes.of(lines_of(session, PIPES, crs), rules), start, end, rules, facilities=table_of(session, FACILITIES, crs), terrain=_terrain(session)
    )
    found = msgspec.structs.replace(found, is_sensitive=is_sensitive(session, PIPES))
    if wanted.output:
        from lydigital.publish import section as drawing

        drawing.write(Path(wanted.output), found, trades_of(session, rules), title=wanted.title)
    return found


def clearance(session: Session, wanted: Near) -> Clearances:
    """Pairs of pipes that are too near."""
    crs, rules = working_crs(session), rules_of()
    table = lines_of(session, PIPES, crs)
    rows: NDArray[np.integer] | None = None
    if wanted.fids:
        rows = table.rows_of(np.array(wanted.fids, np.int64))
        if (rows < 0).any():
            raise UsageError(
                "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
                layer=session.definition(PIPES).name, fid=wanted.fids[int(np.argmin(rows))], count=len(table),
            )  # fmt: skip
    elif wanted.bounds is not None:
        rows = table.rows_in(transformation(Crs(session.document.crs), crs).bounds(wanted.bounds))
    found = domain.clearances(Pipes.of(table, rules), rules, rows)
    if wanted.output:
        from lydigital.publish import utility_report

        utility_report.write(found, wanted.output, rules, kind_name, is_sample=is_sample(session, PIPES), is_sensitive=is_sensitive(session, PIPES))
    return found


def near_map(session: Session, wanted: Show) -> ChangeSet:
    """Places where pipes are too near, as a layer."""
    from lydigital.commands.utility import Near

    table, style = near_layer(session, clearance(session, Near(fids=wanted.fids, bounds=wanted.bounds)))
    fields = (
        FieldDef("codes", "管线", "Pipes"),
        FieldDef("relation", "净距类型", "Kind", domain={"horizontal": ("水平净距", "In plan"), "vertical": ("垂直净距", "In level")}),
        FieldDef("clear_m", "净距", "Clear distance", type="real", unit="m"), FieldDef("least_m", "要求", "Asked for", type="real", unit="m"),
    )  # fmt: skip
    return results.add(
        session, "utility_near", title="管线净距不足处", title_en="Pipes that are too near", crs=table.crs, geometry=table.geometry,
        fields=fields, columns={name: table.column(name).to_pylist() for name in table.column_names}, style=style,
        nature="示例数据" if is_sample(session, PIPES) else "推算", words="Show {layer}",
    )  # fmt: skip


def near_layer(session: Session, found: Clearances) -> tuple[FeatureTable, Style]:
    """Places where pipes are too near as points in the working system, and how they are drawn."""
    import pyarrow as pa

    some = found.found[:MOST_SHOWN]
    table = pa.table({
        "codes": pa.array([" – ".join(c.codes) for c in some], pa.string()),
        "relation": pa.array([c.relation for c in some], pa.string()),
        "clear_m": pa.array([c.clear_m if c.clear_m is None else round(c.clear_m, 3) for c in some], pa.float64()),
        "least_m": pa.array([c.least_m for c in some], pa.float64()),
    })  # fmt: skip
    places = GeometryArray.from_points(np.array([(c.x, c.y) for c in some], float).reshape(-1, 2))
    marks = (("vertical", "垂直净距不足", "Too near in level", "#b3261e", "triangle"), ("horizontal", "水平净距不足", "Too near in plan", "#d97706", "circle"))
    rules = tuple(
        Rule((PointSymbolizer(shape=shape, size_mm=((500.0, 3.4), (15_000.0, 1.8)), color=colour),), zh, en, value=value)  # type: ignore[arg-type]
        for value, zh, en, colour, shape in marks
    )
    style = Style(rules, kind="categorized", field="relation", max_scale=50_000)
    return FeatureTable(np.arange(1, len(some) + 1), table, places, working_crs(session)), style


def cut_layer(section: Section) -> tuple[FeatureTable, Style]:
    """The section as a line, and how it is drawn."""
    import pyarrow as pa

    line = GeometryArray.from_rings(GeometryKind.LINE, [[[[section.start, section.end]]]])
    strokes = (LineSymbolizer(Stroke("#b3261e", width_mm=0.7, dash_mm=(2.4, 1.0)), casing=Stroke("#ffffff", width_mm=1.5, opacity=0.85)),)
    return FeatureTable(np.array([1]), pa.table({"code": ["A-B"]}), line, Crs(section.crs)), Style((Rule(strokes),))


def trades_of(session: Session, rules: TradeRules) -> Trades:
    """Colours of the map's own style, and names of the trades."""
    from lydigital.publish.section import Trades

    return Trades(colours_of(session), {t.id: t.name for t in rules.trades})


def colours_of(session: Session) -> Mapping[str, str]:
    """Colour of every trade as pipes are drawn on the map."""
    found = {}
    for rule in session.style(PIPES).rules:
        for symbolizer in rule.symbolizers:
            if isinstance(symbolizer, LineSymbolizer) and rule.value is not None:
                found[str(rule.value)] = symbolizer.stroke.color[:7]
    return found


def _terrain(session: Session) -> Raster | None:
    try:
        found = session.table(TERRAIN) if session.document.layer(TERRAIN) is not None else None
    except LydError:
        return None
    return None if isinstance(found, FeatureTable) else found
