"""Incidents and their log as change sets of features."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from lydigital.commands import card, desk
from lydigital.commands.facts import fill, values_for
from lydigital.commands.hazard import working_crs
from lydigital.commands.incident import LAYER, LOG
from lydigital.commands.subjects import fresh_fids, geometry_of, space_of
from lydigital.commands.work.site import facts_of, table_of
from lydigital.domain import emergency
from lydigital.domain.validity import BEIJING, shown
from lydigital.edits.drafts import Draft
from lydigital.edits.edited import Edited
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.changeset import Delta
from lydigital.model.crs import Crs, transformation
from lydigital.model.emergency import (
    ARRIVED,
    CLOSED,
    DONE,
    KINDS,
    NOTED,
    OPEN,
    REPORTED,
    RESPONDING,
    SENT,
    Incident,
    Story,
)
from lydigital.model.feature import Feature, made
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.commands.incident import Close, List, Of, Open, Write
    from lydigital.model.document import LayerRef
    from lydigital.model.emergency import LogEntry
    from lydigital.session import Session

REAL = "真实"
FIRST, FIRST_LINE = "SJ0001", "RZ0001"  # numbers in an empty table
_SLACK = timedelta(minutes=5)  # that clocks may differ


def opened(session: Session, p: Open) -> Edited:
    """A new incident, shown and selected, and the first line of its log."""
    ref = _ref(session)
    source = Crs(p.crs or session.document.crs)
    space = space_of(session, ref)
    shape = geometry_of(f"POINT ({p.x!r} {p.y!r})", source)
    move = transformation(source, space.crs)
    if not move.is_identity:
        shape = shapely.transform(shape, lambda xy: move.points(np.ascontiguousarray(xy)))
    name = p.name.strip()
    if not name:
        raise UsageError("The incident has no name", hint="Say what happened where, in a few words.")
    time = _moment(p.time)
    nature = emergency.SAMPLE if p.exercise else REAL
    given = {"name": name, "kind": p.kind, "level": p.level, "time": _stored(time), "status": OPEN, "injured": p.injured, "nature": nature}
    known = {f.name for f in session.stores.describe(ref).fields}
    values = fill(session, ref, [shape], [values_for(session, ref, {k: v for k, v in given.items() if k in known})])[0]
    if "county_code" in known and not values.get("county_code"):
        raise RefusedError("{place} lies outside the city", hint="Tell the neighbouring city; name a place inside.", place=name)
    if "code" in known and not values.get("code"):
        values["code"] = FIRST
    fid = fresh_fids(session, ref, 1)[0]
    draft = Draft()
    draft.make(space, fid, shape, values)
    changes = draft.changes("Open the incident {name}", selection={ref.id: [fid]}, name=name)
    shown_now = () if ref.visible else (Delta(f"layer/{ref.id}/visible", old=False, new=True),)
    line = _Line(REPORTED, p.text.strip() or name, time.isoformat())
    entry, issues = _first_line(session, str(values.get("code") or fid), nature, line)
    return Edited(
        changes.annotation, (*changes.deltas, *entry, *shown_now), values=changes.values, issues=(*changes.issues, *issues),
        selection=changes.selection,
    )  # fmt: skip


def written(session: Session, p: Write) -> Edited:
    """A line more; the first that is sent makes the incident one that is responded to."""
    fid, now = _find(session, p.incident)
    status = now.values.get("status")
    if p.kind == DONE:
        raise UsageError("Closing an incident is a step of its own", hint="incident.close does it, and writes it down.")
    if status == CLOSED and p.kind != NOTED:
        raise RefusedError("{name} is closed", hint="Only what is known of it later can be added (kind 4).", name=_name(now))
    if p.resource:
        _check_resource(session, p.resource)
    deltas = [_line(session, now, fid, _Line(p.kind, p.text, p.time, p.resource))]
    if status == OPEN and p.kind in (SENT, ARRIVED):
        deltas.append(Delta(f"value/{LAYER}/{fid}/status", status, RESPONDING))
    return Edited("Write into the log of {name}", tuple(deltas), values={"name": _name(now)})


def closed(session: Session, p: Close) -> Edited:
    """The last line, and the incident is over."""
    fid, now = _find(session, p.incident)
    status = now.values.get("status")
    if status == CLOSED:
        raise RefusedError("{name} is closed", hint="Undo opens it again.", name=_name(now))
    entry = _line(session, now, fid, _Line(DONE, p.text.strip() or tr("Closed"), p.time))
    return Edited("Close the incident {name}", (entry, Delta(f"value/{LAYER}/{fid}/status", status, CLOSED)), values={"name": _name(now)})


def show(session: Session, p: Of) -> Story:
    """An incident and what was written down of it; people starred where this person may not see them."""
    fid, _ = _find(session, p.incident)
    found = next(i for i in _all(session) if i.fid == fid)
    table = session.table(LOG) if desk.has_table(session, LOG) else None
    log: tuple[LogEntry, ...] = ()
    if isinstance(table, FeatureTable):
        log = emergency.log_entries(table, session.definition(LOG), found.code, may_see=card.may_see(session))
    return Story(found, log, str(working_crs(session)))


def listed(session: Session, p: List) -> tuple[Incident, ...]:
    """All incidents, the latest first."""
    found = [i for i in _all(session) if not (p.is_open and i.status == CLOSED)]
    return tuple(sorted(found, key=lambda i: i.time, reverse=True))


# --- inside -----------------------------------------------------------------------------------------------------------


def _ref(session: Session) -> LayerRef:
    """The layer of incidents, which can be written."""
    ref = session.document.layer(LAYER)
    if ref is None:
        raise UsageError("The map has no layer of incidents", hint="Add the layer {layer}.", layer=LAYER)
    session.stores.store(ref.source).writing(session.stores.table_name(ref))
    return ref


def _all(session: Session) -> list[Incident]:
    table = table_of(session, LAYER)
    if table is None:
        return []
    moved = table.to_crs(working_crs(session))
    found = []
    for row in range(len(table)):
        x, y = moved.geometry.bounds[row, :2].tolist()
        if np.isfinite(x):
            found.append(Incident(x=x, y=y, **facts_of(session, int(table.fid[row]), table.record(row))))
    return found


def _find(session: Session, wanted: str) -> tuple[int, Feature]:
    """An incident by its number or fid, as it is now."""
    _ref(session)
    table = table_of(session, LAYER)
    fids: list[int] = []
    if table is not None:
        codes = table.column("code").to_pylist() if "code" in table.column_names else []
        fids = [int(table.fid[i]) for i, code in enumerate(codes) if code == wanted]
        if not fids and wanted.isdecimal() and int(wanted) in table.row_of:
            fids = [int(wanted)]
    now = session.features.features(LAYER, fids[:1]).get(fids[0]) if fids else None
    if now is None:
        raise UsageError("There is no incident {number}", hint="incident.list names them.", number=wanted)
    return fids[0], now


def _name(feature: Feature) -> str:
    return str(feature.values.get("name") or feature.values.get("code") or "?")


def _check_resource(session: Session, code: str) -> None:
    for layer in KINDS:
        table = table_of(session, layer)
        if table is not None and "code" in table.column_names and code in table.column("code").to_pylist():
            return
    raise UsageError("There is no resource {number}", hint="emergency.nearest names their numbers.", number=code)


class _Line(NamedTuple):
    """What is written into the log."""

    kind: int
    text: str
    time: str = ""
    resource: str = ""


def _first_line(session: Session, code: str, nature: str, line: _Line) -> tuple[tuple[Delta, ...], list[Issue]]:
    """The line that it was reported; a store that cannot keep a log is said, and does not keep anybody from opening one."""
    try:
        return (_row(session, code, nature, line),), []
    except LydError as error:
        values = {"reason": str(error)}
        return (), [Issue("incident.no_log", "warning", "The log of the incident cannot be kept: {reason}", "Open the city's own store.", values=values)]


def _line(session: Session, now: Feature, fid: int, line: _Line) -> Delta:
    """A later line, which cannot be empty or of a time before the incident."""
    if not line.text.strip():
        raise UsageError("A line of the log cannot be empty", hint="Say what happened.")
    at, begun = _moment(line.time), now.values.get("time")
    if isinstance(begun, str) and begun and at < desk.moment(begun):
        raise UsageError(
            "{time} is before the incident itself", hint="It happened at {begun}.", time=shown(at), begun=shown(desk.moment(begun))
        )
    return _row(session, str(now.values.get("code") or fid), str(now.values.get("nature") or REAL), line)


def _row(session: Session, code: str, nature: str, line: _Line) -> Delta:
    if session.catalogue.layer(LOG) is None:
        raise RefusedError("The catalogue has no table for the log of incidents", hint="Add layers/{name}.toml to it.", name=LOG)
    session.ensure(LOG)
    ref = session.ref(LOG)
    assert ref is not None
    given: dict[str, Any] = {
        "incident_code": code, "time": _stored(_moment(line.time)), "kind": line.kind, "text": line.text.strip(),
        "resource_code": line.resource or None, "author": session.history.author, "nature": nature,
    }  # fmt: skip
    known = {f.name for f in session.stores.describe(ref).fields}
    values = fill(session, ref, [None], [values_for(session, ref, {k: v for k, v in given.items() if k in known})])[0]
    if "code" in known and not values.get("code"):  # the first of all has none before it to count on from
        values["code"] = FIRST_LINE
    return made(LOG, fresh_fids(session, ref, 1)[0], Feature(None, values))


def _moment(text: str) -> datetime:
    """A time that is not in the future."""
    now = datetime.now(UTC).astimezone(BEIJING).replace(microsecond=0)
    at = desk.moment(text) if text else now
    if at > now + _SLACK:
        raise UsageError("{time} has not come yet", hint="Write down what was, at the time it was.", time=shown(at))
    return at


def _stored(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"
