"""The ways of a response plan as a layer of the map: who comes, who leaves to where, what is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from lydigital.commands import results
from lydigital.commands.work import emergency
from lydigital.domain.emergency import SAMPLE
from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef
from lydigital.model.style import LineSymbolizer, Rule, Stroke, Style

if TYPE_CHECKING:
    from lydigital.commands.emergency import MakePlan
    from lydigital.model.changeset import ChangeSet
    from lydigital.session import Session

SENT, LEAVES, CUT = 1, 2, 3
_KINDS = {SENT: ("救援路线", "Help comes", "#1f6fb2"), LEAVES: ("转移路线", "People leave", "#1a7f4b"), CUT: ("道路中断", "Road is cut", "#c22f2f")}
_FIELDS = (
    FieldDef("kind", "类别", title_en="Kind", type="integer", domain={str(k): (zh, en) for k, (zh, en, _) in _KINDS.items()}),
    FieldDef("name", "谁", title_en="Who", type="text"), FieldDef("target", "到何处", title_en="Where to", type="text"),
    FieldDef("minutes", "时间", title_en="Time", type="real", unit="min"), FieldDef("km", "路程", title_en="Way", type="real", unit="km"),
    FieldDef("people", "人数", title_en="People", type="integer", unit="人"), FieldDef("via", "经由", title_en="By way of", type="text"),
)  # fmt: skip


def plan_map(session: Session, wanted: MakePlan) -> ChangeSet:
    """Ways of the plan as lines."""
    plan = emergency.plan(session, msgspec.structs.replace(wanted, with_impact=False))
    rows: list[tuple[Any, ...]] = [
        (r.way, SENT, r.resource.name, plan.incident.title, r.seconds, r.metres, None, r.via)
        for r in plan.dispatch if r.seconds is not None and r.metres is not None
    ]  # fmt: skip
    if plan.allocation is not None:
        names = {o.code: o.name for o in plan.allocation.origins}
        shelters = {use.shelter.code: use.shelter.name for use in plan.allocation.shelters}
        rows += [(m.way, LEAVES, names[m.origin], shelters[m.shelter], m.seconds, m.metres, m.people, m.via) for m in plan.allocation.moves]
    rows += [(closed.way, CUT, closed.name, closed.reason, None, closed.length_m, None, ()) for closed in plan.closures]
    rows = [row for row in rows if len(row[0]) > 1 and row[0][0] != row[0][-1]]
    if not rows:
        raise BadDataError("There is nothing to put on the map: no way was found", hint="Open a road, or choose another place.")
    shapes = np.array([shapely.LineString(row[0]) for row in rows], object)
    kinds = {row[1] for row in rows}
    rules = tuple(
        Rule((LineSymbolizer(Stroke(color, width_mm=1.0), casing=Stroke("#ffffff", width_mm=1.5)),), title=zh, title_en=en, value=kind)
        for kind, (zh, en, color) in _KINDS.items() if kind in kinds
    )  # fmt: skip
    columns = {
        "kind": [row[1] for row in rows], "name": [row[2] for row in rows], "target": [row[3] for row in rows],
        "minutes": [None if row[4] is None else round(row[4] / 60, 1) for row in rows], "km": [round(row[5] / 1000, 2) for row in rows],
        "people": [row[6] for row in rows], "via": [" → ".join(row[7]) for row in rows],
    }  # fmt: skip
    return results.add(
        session, "response plan", title="处置方案路线", title_en="Ways of the response plan",
        geometry=GeometryArray.from_shapely(GeometryKind.LINE, shapes), crs=Crs(plan.crs), fields=_FIELDS, columns=columns,
        style=Style(rules, "categorized", "kind"), nature=SAMPLE if plan.is_sample else "推算",
    )  # fmt: skip
