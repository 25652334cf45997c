"""Verbs of a warning's life: draft, change, consult, submit, review, issue, lift, expire; show, list, compare.

Drafts and their changes can be undone and are saved with the map. Every step from consultation on is written into the
store before it is shown, and cannot be undone: what was issued is corrected by another issue.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from lydigital.commands import desk, warning_zones
from lydigital.commands.registry import Command, Parameters
from lydigital.domain import ledger, lifecycle, validity, watch
from lydigital.domain.ledger import LAYER
from lydigital.edits.edited import Edited
from lydigital.errors import BadDataError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import Feature, made
from lydigital.model.table import FeatureTable
from lydigital.model.warning import Level, Purpose, TownshipLevel, WarningIssue, WarningZone
from lydigital.texts import tr

if TYPE_CHECKING:
    from datetime import datetime

    from lydigital.model.changeset import Delta
    from lydigital.model.hazardrun import HazardRun
    from lydigital.session import Session

RUNS = "hazard_run"


class Draft(Parameters, frozen=True, kw_only=True):
    """From ``run`` (a file, or the id of a run in the map), ``zones`` (numbers of features), ``townships`` (code or name: level).

    Parameters
    ----------
    valid_from, valid_to
        Beijing time; the next 20:00 to 20:00 where left out.
    immediate
        It begins now.
    at
        Time of the step, for exercises and tests only.
    """

    run: str = ""
    zones: tuple[int, ...] = ()
    townships: dict[str, Annotated[int, msgspec.Meta(ge=1, le=4)]] = {}  # noqa: RUF012 - msgspec copies it
    purpose: Purpose = "actual"
    title: str = ""
    basis: str = ""
    valid_from: str = ""
    valid_to: str = ""
    immediate: bool = False
    at: str = ""


class Named(Parameters, frozen=True, kw_only=True):
    """``issue`` is an id or a number (``2025-3``), "" where only one can be meant."""

    issue: str = ""
    at: str = ""


class Said(Named, frozen=True, kw_only=True):
    """With a note."""

    text: str = ""


class SetLevel(Named, frozen=True, kw_only=True):
    """``level`` 1 to 4, None for none; ``township`` by code or name."""

    township: str
    level: Annotated[int, msgspec.Meta(ge=1, le=4)] | None = None
    reason: str


class Revise(Named, frozen=True, kw_only=True):
    """What is left out stays; ``zones`` are numbers of features on the map."""

    title: str | None = None
    basis: str | None = None
    advice: tuple[str, ...] | None = None
    issuers: tuple[str, ...] | None = None
    valid_from: str = ""
    valid_to: str = ""
    zones: tuple[int, ...] | None = None


class Write(Named, frozen=True, kw_only=True):
    """A note that cannot be empty."""

    text: str


class Review(Said, frozen=True, kw_only=True):
    """``approve`` False returns it to draft, with ``text`` as the reason."""

    approve: bool = True


class Lift(Named, frozen=True, kw_only=True):
    """``reason`` cannot be empty."""

    reason: str


class List(Parameters, frozen=True, kw_only=True):
    """``purpose`` and ``year`` of those wanted; all where left out. ``at`` is the time of a drill."""

    purpose: Literal["", "actual", "exercise", "test"] = ""
    year: int = 0
    in_force: bool = False
    at: str = ""


class Diff(Parameters, frozen=True, kw_only=True):
    """``other`` is what it is compared with: the last issue of its purpose before it."""

    issue: str = ""
    other: str = ""


# --- draft ----------------------------------------------------------------------------------------------------------


def _draft(session: Session, given: Draft) -> Edited:
    sources = [name for name in ("run", "zones", "townships") if getattr(given, name)]
    if len(sources) != 1:
        raise UsageError(
            "A draft is made from one of run, zones and townships", hint="Give one of them: what the warning rests on."
        )
    session.ensure(LAYER, RUNS)
    known, now = desk.ledger_of(session), desk.clock(given.at, given.purpose)
    _check_clock(known, now, given.purpose)
    issue_id = known.next_id(now.year)
    deltas: list[Delta] = []
    own: dict[str, tuple[int, Feature]] = {}
    townships: tuple[TownshipLevel, ...]
    zones: tuple[WarningZone, ...] = ()
    run: HazardRun | None = None
    if given.run:
        run, deltas = _run(session, given.run)
        townships = run.townships
        zones = tuple(
            msgspec.structs.replace(z, code=f"{issue_id}-{i:02d}") for i, z in enumerate(run.zones, 1)
        )  # fmt: skip
    elif given.zones:
        zones, own = warning_zones.taken(session, given.zones, issue_id)
        townships = warning_zones.townships_in(session, zones)
    else:
        townships = warning_zones.levels_of(session, {k: Level(v) for k, v in given.townships.items()})
    if not townships:
        raise RefusedError(
            "No township reaches a level: there is nothing to warn of",
            hint="Choose another run, larger zones, or name townships.",
        )
    basis = given.basis or ("" if run is None else _basis(run))
    made_ = lifecycle.draft(
        desk.person(session), now, id=issue_id, townships=townships, zones=zones,
        validity=_validity(given.valid_from, given.valid_to, now, session.office.begins_at, immediate=given.immediate),
        office=session.office, summarize=desk.summarizer(session), purpose=given.purpose, title=given.title,
        run=("", "") if run is None else (run.id, run.digest),
        model="" if run is None else f"{run.model.id} {run.model.version}",
        is_calibrated=run is not None and run.model.is_calibrated, basis=basis,
    )  # fmt: skip
    changes = desk.recorded(session, known, [made_], "Draft the warning {title}", own)
    return Edited(
        changes.annotation, (*deltas, *changes.deltas), values=changes.values,
        issues=warning_zones.outside_city(session, zones),
    )  # fmt: skip


def _run(session: Session, wanted: str) -> tuple[HazardRun, list[Delta]]:
    """A run of the map or of a file, and what puts that of a file into the map's store."""
    from lydigital.model import hazardrun

    table = session.table(RUNS)
    assert isinstance(table, FeatureTable)
    rows = dict(zip(table.column("code").to_pylist(), table.column("payload").to_pylist(), strict=True))
    if wanted in rows:
        return hazardrun.decode(str(rows[wanted])), []
    path = Path(wanted)
    if not path.is_file():
        raise UsageError(
            "{run} is neither a run of this map nor a file", hint="lydigital hazard compute -o run.json makes one.", run=wanted
        )
    run = hazardrun.read_run(path)
    if run.id in rows:
        return run, []
    ref = session.ref(RUNS)
    assert ref is not None
    values = {
        "code": run.id, "made_at": run.made_at.isoformat(), "model": run.model.id, "model_version": run.model.version,
        "payload": hazardrun.encode(run).decode(), "program": run.program, "nature": "真实",
    }  # fmt: skip
    fid = session.stores.store(ref.source).next_fid(session.stores.table_name(ref))
    return run, [made(RUNS, fid, Feature(None, values))]


def _basis(run: HazardRun) -> str:
    said = tr("Rain until {time}, model {model} {version}", time=validity.shown(run.at), model=run.model.title or run.model.id,
              version=run.model.version)  # fmt: skip
    return said if run.model.is_calibrated else f"{said}；{tr('not calibrated for this area')}"


def _validity(start: str, end: str, now: datetime, hour: int, *, immediate: bool) -> tuple[datetime, datetime]:
    usual = validity.immediate_validity(now, hour) if immediate else validity.usual_validity(now, hour)
    first = desk.moment(start) if start else usual[0]
    if end:
        return first, desk.moment(end)
    if not start:
        return usual
    return first, validity.immediate_validity(first, hour)[1]


# --- changes and steps ----------------------------------------------------------------------------------------------


def _begin(
    session: Session, given: Named, *states: Literal["draft", "consultation", "review", "issued"]
) -> tuple[ledger.Ledger, WarningIssue, datetime]:
    known = desk.ledger_of(session)
    issue = desk.find(known, given.issue, *states)
    now = desk.clock(given.at, issue.purpose)
    _check_clock(known, now, issue.purpose)
    return known, issue, now


def _check_clock(known: ledger.Ledger, now: datetime, purpose: Purpose) -> None:
    """Real warnings only: every drill has a time of its own."""
    if purpose == "actual":
        lifecycle.check_clock([v for v in known.versions if v.purpose == purpose], now)


def _set_level(session: Session, given: SetLevel) -> ChangeSet:
    known, issue, now = _begin(session, given, "draft", "consultation")
    level = None if given.level is None else Level(given.level)
    township = warning_zones.levels_of(session, {given.township: level or Level.BLUE})[0]
    new = lifecycle.set_level(
        issue, desk.person(session), now, township=township, level=level, reason=given.reason,
        summarize=desk.summarizer(session),
    )  # fmt: skip
    return desk.recorded(session, known, [new], "Change the level of a township in {title}")


def _revise(session: Session, given: Revise) -> Edited:
    known, issue, now = _begin(session, given, "draft", "consultation")
    own: dict[str, tuple[int, Feature]] = {}
    zones: tuple[WarningZone, ...] | None = None
    if given.zones is not None:
        zones, own = warning_zones.taken(session, given.zones, issue.id)
    period = None
    if given.valid_from or given.valid_to:
        period = (
            desk.moment(given.valid_from) if given.valid_from else issue.valid_from,
            desk.moment(given.valid_to) if given.valid_to else issue.valid_to,
        )
    new = lifecycle.revise(
        issue, desk.person(session), now, title=given.title, basis=given.basis, advice=given.advice, validity=period,
        zones=zones, issuers=given.issuers,
    )  # fmt: skip
    changes = desk.recorded(session, known, [new], "Change the warning {title}", own)
    return Edited(
        changes.annotation, changes.deltas, values=changes.values,
        issues=() if zones is None else warning_zones.outside_city(session, zones),
    )  # fmt: skip


def _note(session: Session, given: Write) -> ChangeSet:
    known, issue, now = _begin(session, given, "draft", "consultation")
    return desk.recorded(
        session, known, [lifecycle.note(issue, desk.person(session), now, given.text)], "Note on the warning {title}"
    )


def _consult(session: Session, given: Said) -> ChangeSet:
    known, issue, now = _begin(session, given, "draft")
    issue = msgspec.structs.replace(issue, zones=warning_zones.refreshed(session, issue))
    new = lifecycle.consult(issue, desk.person(session), now, given.text)
    return desk.recorded(session, known, [new], "Consult on the warning {title}")


def _submit(session: Session, given: Said) -> ChangeSet:
    known, issue, now = _begin(session, given, "draft", "consultation")
    issue = msgspec.structs.replace(issue, zones=warning_zones.refreshed(session, issue))
    new = lifecycle.submit(issue, desk.person(session), now, given.text)
    return desk.recorded(session, known, [new], "Submit the warning {title} for review")


def _review(session: Session, given: Review) -> ChangeSet:
    known, issue, now = _begin(session, given, "review")
    if given.approve:
        _check_zones(session, issue)
    new = lifecycle.review(
        issue, desk.person(session), now, approve=given.approve, text=given.text, office=session.office
    )
    said = "Pass the warning {title}" if given.approve else "Return the warning {title}"
    return desk.recorded(session, known, [new], said)


def _issue(session: Session, given: Said) -> ChangeSet:
    known, issue, now = _begin(session, given, "review")
    _check_zones(session, issue)
    new = lifecycle.issue(
        issue, desk.person(session), now, known.versions, office=session.office, text=given.text
    )
    return desk.recorded(session, known, new, "Issue the warning: {title}")


def _lift(session: Session, given: Lift) -> ChangeSet:
    known, issue, now = _begin(session, given, "issued")
    new = lifecycle.lift(issue, desk.person(session), now, given.reason)
    return desk.recorded(session, known, [new], "Lift the warning: {title}")


def _expire(session: Session, given: Named) -> ChangeSet:
    known = desk.ledger_of(session)
    if given.issue:
        known, issue, now = _begin(session, given, "issued")
        over: tuple[WarningIssue, ...] = (issue,)
    else:
        now = desk.clock(given.at, "exercise" if given.at else "actual")
        over = tuple(i for i in watch.due(known.versions, now) if not given.at or i.purpose != "actual")
    if not over:
        return ChangeSet("Mark warnings as expired")
    who = desk.person(session)
    return desk.recorded(session, known, [lifecycle.expire(i, who, now) for i in over], "Mark warnings as expired: {title}")


def _check_zones(session: Session, issue: WarningIssue) -> None:
    if not warning_zones.are_as_reviewed(session, issue):
        raise RefusedError(
            "The zones on the map are not those of the warning any more",
            hint="Undo what was changed on the map, or return the warning to draft and submit it again.",
        )


# --- looking --------------------------------------------------------------------------------------------------------


def _show(session: Session, given: Named) -> dict[str, Any]:
    known = desk.ledger_of(session)
    issue = desk.find(known, given.issue)
    now = desk.moment(given.at) if given.at else desk.clock("", "actual")
    return {
        **desk.whole(issue), "versions": [desk.brief(v) for v in known.of(issue.id)],
        "message_type": watch.message_type(issue), "referenced": [r.id for r in watch.referenced(issue, known.versions)],
        "stamps": [tr(s) for s in watch.stamps(issue, session.office)], "public": watch.may_publish(issue, session.office),
        "remaining_s": round(watch.remaining(issue, now).total_seconds()),
        "zones_as_on_map": warning_zones.are_as_reviewed(session, issue),
    }  # fmt: skip


def _list(session: Session, given: List) -> dict[str, Any]:
    known = desk.ledger_of(session)
    now = desk.moment(given.at) if given.at else desk.clock("", "actual")
    found = [
        i for i in known.latest
        if given.purpose in ("", i.purpose) and given.year in (0, i.year)
        and (not given.in_force or validity.is_in_force(i, now))
    ]  # fmt: skip
    ahead = timedelta(minutes=session.office.alarm_minutes)
    mine = [i for i in known.latest if (i.purpose == "actual") != bool(given.at)]
    alarm = watch.next_alarm(mine, now, ahead=ahead)
    return {
        "issues": [desk.brief(i) for i in found],
        "due": [i.id for i in watch.due(mine, now)],
        "next_alarm": None if alarm is None else {"at": alarm.at.isoformat(), "kind": alarm.kind, "id": alarm.issue.id},
    }


def _diff(session: Session, given: Diff) -> dict[str, Any]:
    known = desk.ledger_of(session)
    issue = desk.find(known, given.issue)
    before = desk.find(known, given.other) if given.other else watch.issued_before(issue, known.versions)
    found = watch.diff(before, issue)
    return {
        "id": issue.id, "other": None if before is None else before.id,
        **{kind: msgspec.to_builtins(getattr(found, kind)) for kind in ("up", "down", "new", "lifted", "unchanged")},
    }  # fmt: skip


def issue_of(session: Session, wanted: str = "", version: int = 0) -> WarningIssue:
    """A warning of the map by id or number, for products and reports; its newest version unless named.

    Raises
    ------
    UsageError
        When there is none.
    BadDataError
        When it has no such version.
    """
    known = desk.ledger_of(session)
    found = desk.find(known, wanted)
    if not version:
        return found
    chosen = next((v for v in known.of(found.id) if v.version == version), None)
    if chosen is None:
        raise BadDataError("{title} has no version {version}", hint="lydigital hazard list shows versions.", title=found.id, version=version)
    return chosen


def _no_ledger(session: Session) -> str | None:
    return None if desk.has_table(session, LAYER) else tr("No warning was drafted on this map yet")


def _no_townships(session: Session) -> str | None:
    if not session.document.store or session.catalogue.layer(LAYER) is None:
        return tr("This map has no store of its own for warnings")
    return None if session.ref("township") is not None else tr("The map has no layer of townships")


COMMANDS = (
    Command("warning.draft", "Draft a warning", _draft, Draft, disabled=_no_townships, menu="warning", icon="file-alert-outline"),
    Command("warning.set_level", "Change a township's level", _set_level, SetLevel, disabled=_no_ledger, icon="tune-variant"),
    Command("warning.revise", "Change a draft", _revise, Revise, disabled=_no_ledger, icon="file-edit-outline"),
    Command("warning.note", "Note on a warning", _note, Write, disabled=_no_ledger, icon="comment-text-outline"),
    Command("warning.consult", "Consult", _consult, Said, disabled=_no_ledger, icon="account-group-outline", final=True),
    Command("warning.submit", "Submit for review", _submit, Said, disabled=_no_ledger, icon="send-outline", final=True),
    Command("warning.review", "Review", _review, Review, disabled=_no_ledger, icon="file-check-outline", final=True),
    Command("warning.issue", "Issue the warning", _issue, Said, disabled=_no_ledger, icon="bullhorn-outline", final=True),
    Command("warning.lift", "Lift the warning", _lift, Lift, disabled=_no_ledger, icon="bell-off-outline", final=True),
    Command("warning.expire", "Mark as expired", _expire, Named, disabled=_no_ledger, icon="timer-off-outline", final=True),
    Command("warning.show", "Show a warning", _show, Named, disabled=_no_ledger, icon="file-eye-outline"),
    Command("warning.list", "Warning issues", _list, List, icon="format-list-bulleted"),
    Command("warning.diff", "Compare with the last issue", _diff, Diff, disabled=_no_ledger, icon="file-compare"),
)  # fmt: skip
