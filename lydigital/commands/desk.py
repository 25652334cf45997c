"""The desk of warnings in a session: its ledger, who sits there, and what a step changes in ledger and map."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from lydigital.commands import warning_zones
from lydigital.domain import ledger
from lydigital.domain.ledger import LAYER, Ledger
from lydigital.domain.lifecycle import STATUS_NAMES
from lydigital.domain.validity import BEIJING, shown
from lydigital.errors import BadDataError, RefusedError, UsageError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import changes_between, made
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lydigital.domain.lifecycle import Summarize
    from lydigital.model.feature import Feature
    from lydigital.model.hazardrun import Place
    from lydigital.model.office import Person
    from lydigital.model.warning import CountyLevel, Purpose, Status, TownshipLevel, WarningIssue
    from lydigital.session import Session


def has_table(session: Session, layer: str) -> bool:
    """Whether the map's store has the table of a layer; looking makes none."""
    ref = session.ref(layer)
    if ref is None:
        return False
    return layer in {info.name for info in session.stores.store(ref.source).layers()} or ref.table != layer


def ledger_of(session: Session) -> Ledger:
    """Every version of every warning of the map, as it is in the store now.

    Raises
    ------
    BadDataError
        When one of them is not what was written.
    """
    if not has_table(session, LAYER):
        return Ledger({})
    if not session.features.unsaved(LAYER):
        session.features.forget(LAYER)  # what others wrote meanwhile counts, not what was read
    table = session.table(LAYER)
    assert isinstance(table, FeatureTable)
    return ledger.read(table)


def person(session: Session) -> Person:
    """Whoever sits here."""
    return session.office.person(session.history.author)


def clock(at: str, purpose: Purpose) -> datetime:
    """The time, or ``at`` where that is allowed.

    Raises
    ------
    RefusedError
        When a real warning is to bear another time than that of the clock.
    """
    if not at:
        return datetime.now(UTC).astimezone(BEIJING).replace(microsecond=0)
    if purpose == "actual":
        raise RefusedError(
            "A real warning bears the time of the clock", hint="Leave the time out, or make it an exercise or a test."
        )
    return moment(at)


def moment(text: str) -> datetime:
    """A time of ISO 8601; without a zone it is Beijing time.

    Raises
    ------
    UsageError
        When it is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            "{text} is no time", hint="Write it as 2025-07-17T20:00, in Beijing time.", text=text
        ) from None
    return found.replace(tzinfo=BEIJING) if found.tzinfo is None else found.astimezone(BEIJING)


def find(known: Ledger, wanted: str, *states: Status) -> WarningIssue:
    """The newest version of a warning by id or number (``2025-3``), or the only one in one of ``states``.

    Raises
    ------
    UsageError
        When there is none, or several could be meant.
    """
    newest = known.latest
    if wanted:
        found = [i for i in newest if wanted in (i.id, f"{i.year}-{i.number}")]
        if len(found) > 1:  # numbers of exercises are their own
            found = [i for i in found if i.purpose == "actual"] or found
    else:
        found = [i for i in newest if not states or i.status in states]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            "There is no such warning: {wanted}", wanted=wanted or " / ".join(tr(STATUS_NAMES[s]) for s in states) or "-",
            hint="lydigital hazard list shows all of them.",
        )  # fmt: skip
    raise UsageError(
        "Several warnings could be meant", hint="Name one of them: {known}", known=", ".join(i.id for i in found[:6])
    )


def places(session: Session) -> tuple[Place, ...]:
    """The townships of the map.

    Raises
    ------
    BadDataError
        When it has none.
    """
    from lydigital.model.hazardrun import Place

    table = session.table("township") if session.ref("township") is not None else None
    if not isinstance(table, FeatureTable):
        raise BadDataError("The map has no layer of townships", hint="Warnings are issued by township: add the layer.")
    columns = table.columns.select(["code", "name", "county_code", "county", "area_km2"]).to_pylist()
    return tuple(
        Place(str(c["code"]), str(c["name"]), str(c["county_code"]), str(c["county"]), float(c["area_km2"] or 0), 0, 0)
        for c in columns
    )


def summarizer(session: Session) -> Summarize:
    """The rule by which townships become what is said of counties."""
    from lydigital.domain.hazard import county_levels

    units, share = places(session), session.office.whole_share

    def summarize(townships: Sequence[TownshipLevel]) -> tuple[CountyLevel, ...]:
        return county_levels(townships, units, share)

    return summarize


# --- what a step changes ---------------------------------------------------------------------------------------------


def recorded(
    session: Session, known: Ledger, issues: Iterable[WarningIssue], annotation: str,
    own: Mapping[str, tuple[int, Feature]] | None = None,
) -> ChangeSet:  # fmt: skip
    """Versions as rows of the ledger, and the zones on the map in step with them.

    A version that the ledger has already is written anew, which is for drafts only. ``own`` are zones of the map that
    become the issue's.
    """
    ref = session.ref(LAYER)
    assert ref is not None
    store = session.stores.store(ref.source)
    table = session.stores.table_name(ref)
    rows = {(v.id, v.version): fid for fid, v in known.rows.items()}
    deltas: list[Delta] = []
    chosen = tuple(issues)
    for issue in chosen:
        fid = rows.get((issue.id, issue.version))
        if fid is None:
            deltas.append(made(LAYER, store.next_fid(table), ledger.row(issue)))
            before = rows.get((issue.id, issue.version - 1))
            if before is not None:  # which also keeps edits of that version from being undone, or saved, after this
                deltas.append(Delta(f"value/{LAYER}/{before}/newest", old=True, new=False))
        else:
            old = session.features.features(LAYER, [fid])[fid]
            deltas += changes_between(LAYER, fid, old, ledger.row(issue))
        deltas += warning_zones.in_step(session, issue, own)
    return ChangeSet(annotation, tuple(deltas), values={"title": title_of(chosen[0]), "id": chosen[0].id})


def title_of(issue: WarningIssue) -> str:
    """How people call it."""
    if not issue.number:
        return issue.id
    return tr("issue {number} of {year}", number=issue.number, year=issue.year)


# --- plain values ----------------------------------------------------------------------------------------------------


def brief(issue: WarningIssue) -> dict[str, object]:
    """A line of a list."""
    highest = issue.highest
    return {
        "id": issue.id, "version": issue.version, "year": issue.year, "number": issue.number, "purpose": issue.purpose,
        "status": issue.status, "level": None if highest is None else int(highest), "title": issue.title,
        "valid_from": issue.valid_from.isoformat(), "valid_to": issue.valid_to.isoformat(),
        "issued_at": None if issue.issued_at is None else issue.issued_at.isoformat(), "townships": len(issue.townships),
        "counties": len({t.county_code for t in issue.townships}), "prepared_by": issue.prepared_by,
        "reviewed_by": issue.reviewed_by, "signed_by": issue.signed_by, "digest": issue.digest,
    }  # fmt: skip


def whole(issue: WarningIssue) -> dict[str, object]:
    """All of an issue but the shapes of its zones."""
    values: dict[str, object] = msgspec.to_builtins(issue)
    values["zones"] = [
        {"code": z.code, "level": int(z.level), "area_km2": z.area_km2, "source": z.source, "reason": z.reason} for z in issue.zones
    ]  # fmt: skip
    return {**brief(issue), **values, "digest": issue.digest, "valid": f"{shown(issue.valid_from)} – {shown(issue.valid_to)}"}
