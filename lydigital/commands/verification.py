"""How good the warnings of a period were: figures, and a report as HTML or Word."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from lydigital.commands import desk
from lydigital.commands.registry import Command, Parameters
from lydigital.domain.validity import BEIJING
from lydigital.errors import BadDataError, UsageError
from lydigital.model.crs import CGCS2000, Crs
from lydigital.model.table import FeatureTable
from lydigital.model.warning import Level, Purpose
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.verification import Event, Group, Verification
    from lydigital.session import Session

EVENTS = "hazard_event"
RAIN = 1  # of what triggered an event


class Verify(Parameters, frozen=True, kw_only=True):
    """``start`` and ``end`` are days or times (Beijing), the days of the events where left out.

    Parameters
    ----------
    level
        Warnings of this level and higher count; 4 counts the internal blue ones, too.
    all_triggers
        Events that rain did not trigger count, too.
    output
        File of a report, ``.html``, ``.docx`` or ``.xlsx``.
    """

    start: str = ""
    end: str = ""
    level: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4
    purpose: Purpose = "actual"
    all_triggers: bool = False
    output: str = ""


def _verify(session: Session, given: Verify) -> dict[str, Any]:
    from lydigital.domain import verification

    events, left_out, is_sample = events_of(session, all_triggers=given.all_triggers)
    known = desk.ledger_of(session)
    start, end = _period(given, events, [v.valid_from for v in known.versions if v.purpose == given.purpose])
    areas = {p.code: p.area_km2 for p in desk.places(session)}
    found = verification.verify(
        known.versions, events, areas, start, end, level=Level(given.level), purpose=given.purpose,
        hour=session.office.begins_at,
    )  # fmt: skip
    stamps = ([tr("SAMPLE DATA")] if is_sample else []) + (
        [] if given.purpose == "actual" else [tr("EXERCISE" if given.purpose == "exercise" else "TEST")]
    )
    values = {**as_values(found), "stamps": stamps, "not_by_rain": left_out}
    if given.output:
        values["output"] = str(_write(found, Path(given.output).absolute(), stamps))
    return values


def events_of(session: Session, *, all_triggers: bool = False) -> tuple[list[Event], int, bool]:
    """Reported events of the map, how many rain did not trigger and are left out, and whether any is sample data.

    Raises
    ------
    BadDataError
        When the map has none, or one bears no time.
    """
    from lydigital.domain.verification import Event

    table = session.table(EVENTS) if session.ref(EVENTS) is not None else None
    if not isinstance(table, FeatureTable):
        raise BadDataError("The map has no layer of reported events", hint="Add the layer hazard_event, and enter what was reported.")
    places = table.to_crs(Crs(CGCS2000)).geometry.bounds
    found, left_out, is_sample = [], 0, False
    for row, values in enumerate(table.columns.to_pylist()):
        if not all_triggers and values["trigger"] not in (None, RAIN):
            left_out += 1
            continue
        time = values["time"]
        if not isinstance(time, datetime):
            raise BadDataError(
                "The event {code} bears no time", hint="Enter when it happened, in the table of events.", code=values["code"]
            )
        place = None if np.isnan(places[row, 0]) else (float(places[row, 0]), float(places[row, 1]))
        is_sample = is_sample or values["nature"] != "真实"
        found.append(Event(
            str(values["code"]), str(values["name"]), time if time.tzinfo else time.replace(tzinfo=BEIJING),
            str(values["township_code"]), int(values["kind"] or 0), int(values["deaths"] or 0), float(values["losses"] or 0.0), place,
        ))  # fmt: skip
    return found, left_out, is_sample


def _period(given: Verify, events: list[Event], starts: list[datetime]) -> tuple[datetime, datetime]:
    times = [e.time for e in events] + starts
    if not times and not (given.start and given.end):
        raise UsageError("There is nothing to verify: no event and no warning", hint="Name a period with --from and --to.")
    start = desk.moment(given.start) if given.start else min(times)
    end = desk.moment(given.end) if given.end else max(times) + timedelta(minutes=1)
    if given.end and len(given.end.strip()) <= len("2025-07-18"):
        end += timedelta(days=1)  # a day named as the last one belongs to it
    return start, end


def _write(found: Verification, path: Path, stamps: list[str]) -> Path:
    from lydigital.publish import verification as report
    from lydigital.publish.report import write

    title = tr("Verification of geohazard warnings")
    return write(report.report_of(found, title=title, stamps=stamps), path)


def as_values(found: Verification) -> dict[str, Any]:
    """The notebook as plain values; None where nothing can be said."""
    return {
        "start": found.start.isoformat(), "end": found.end.isoformat(), "level": int(found.level), "total": _group(found.total),
        **{
            name: [_group(g) for g in getattr(found, name)] for name in ("seasons", "models", "officers", "levels", "issues")
        },
        "events": [
            {
                "code": m.event.code, "name": m.event.name, "time": m.event.time.astimezone(BEIJING).isoformat(),
                "township": m.event.township, "warned": None if m.spell is None else m.spell.issue.id,
                "level": None if m.level is None else int(m.level), "lead_h": _plain(m.lead_h), "in_zone": m.in_zone,
            }
            for m in found.matches
        ],
        "unknown": [e.code for e in found.unknown],
    }  # fmt: skip


def _group(group: Group) -> dict[str, Any]:
    t = group.table
    return {
        "name": group.name, "issues": group.issues, "hits": t.hits, "misses": t.misses, "false_alarms": t.false_alarms,
        "correct_negatives": t.correct_negatives, "pod": _plain(t.pod), "far": _plain(t.far), "ts": _plain(t.ts),
        "bias": _plain(t.bias), "hss": _plain(t.hss), "lead_h": _plain(group.lead_h), "area_km2": round(group.area_km2, 1),
        "hits_per_1000_km2": _plain(group.hits_per_1000_km2),
    }  # fmt: skip


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _no_events(session: Session) -> str | None:
    return None if session.ref(EVENTS) is not None else tr("The map has no layer of reported events")


COMMANDS = (
    Command("hazard.verify", "Verify warnings", _verify, Verify, disabled=_no_events, menu="warning", icon="chart-box-outline"),
)
