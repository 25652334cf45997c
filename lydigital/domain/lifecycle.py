"""The life of a warning: draft, consultation, review, issued, and replaced, lifted or expired; pure and without a clock.

Every function takes an issue and gives a new version of it, or refuses with the way out. What is given is never changed.

====================  ==============================  ==================  ============================================
step                  from                            by                  to
====================  ==============================  ==================  ============================================
:func:`draft`         –                               duty                draft
:func:`consult`       draft                           duty                consultation
:func:`submit`        draft, consultation             duty                review
:func:`review`        review                          reviewer            review (passed) or draft (returned)
:func:`issue`         review (passed)                 signatory           issued; those it replaces: superseded
:func:`lift`          issued                          signatory           lifted
:func:`expire`        issued, at its end              anybody             expired
====================  ==============================  ==================  ============================================

Levels, texts and validity may change in draft and consultation only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from lydigital.domain.validity import BEIJING, aware, checked_validity, shown
from lydigital.errors import BadDataError, ConflictError, RefusedError
from lydigital.model.warning import (
    CountyLevel,
    Level,
    Note,
    Override,
    TownshipLevel,
    WarningIssue,
    WarningZone,
)
from lydigital.texts import tr

if TYPE_CHECKING:
    from datetime import datetime

    from lydigital.model.office import Office, Person
    from lydigital.model.warning import Purpose, Role, Status

Summarize: TypeAlias = Callable[[Sequence[TownshipLevel]], tuple[CountyLevel, ...]]
"""What an issue says of counties, from its townships."""

EDITABLE: tuple[Status, ...] = ("draft", "consultation")
TITLE = "洛阳市地质灾害气象风险预警"
ADVICE = (
    "请相关县区加强值班值守，严格落实雨前排查、雨中巡查、雨后复查。",
    "隐患点受威胁群众做到三个紧急撤离，不安全、不返回。",
)
ROLE_NAMES: dict[Role, str] = {"duty": "officer on duty", "reviewer": "reviewer", "signatory": "signatory"}
STATUS_NAMES: dict[Status, str] = {
    "draft": "draft", "consultation": "consultation", "review": "review", "issued": "issued", "lifted": "lifted",
    "expired": "expired", "superseded": "superseded",
}  # fmt: skip
LEVEL_NAMES = {Level.RED: "red", Level.ORANGE: "orange", Level.YELLOW: "yellow", Level.BLUE: "blue"}


# --- steps ----------------------------------------------------------------------------------------------------------


def draft(
    who: Person, now: datetime, *, id: str, townships: Sequence[TownshipLevel], zones: Sequence[WarningZone],  # noqa: A002
    validity: tuple[datetime, datetime], office: Office, summarize: Summarize, purpose: Purpose = "actual",
    title: str = "", run: tuple[str, str] = ("", ""), model: str = "", is_calibrated: bool = False, basis: str = "",
) -> WarningIssue:  # fmt: skip
    """A new warning, version 1.

    Parameters
    ----------
    run
        Id and digest of the computation it rests on.

    Raises
    ------
    RefusedError
        When ``who`` may not, or the validity is wrong.
    BadDataError
        When a township stands twice or a zone has no area.
    """
    _allow(who, "duty")
    first, last = checked_validity(validity[0], validity[1], now)
    at = aware(now).astimezone(BEIJING)
    made = WarningIssue(
        id=id, version=1, year=at.year, number=0, purpose=purpose, status="draft", title=title.strip() or TITLE,
        issuers=office.issuers, valid_from=first, valid_to=last, townships=_sorted(townships),
        counties=summarize(_sorted(townships)), zones=tuple(zones), advice=ADVICE, prepared_by=who.name, run=run[0],
        run_hash=run[1], model=model, is_calibrated=is_calibrated, basis=basis,
        notes=(Note(who.name, "duty", at, "", "draft"),),
    )  # fmt: skip
    _check_areas(made)
    return made


def consult(issue: WarningIssue, who: Person, now: datetime, text: str = "") -> WarningIssue:
    """Others are asked. Raises as :func:`submit`."""
    _from(issue, "draft")
    return _step(issue, (who, "duty"), now, "consultation", text)


def submit(issue: WarningIssue, who: Person, now: datetime, text: str = "") -> WarningIssue:
    """Hand it to the reviewer; its content is fixed from here on.

    Raises
    ------
    RefusedError
        When it is elsewhere, empty or past, ``who`` may not, or the clock went back.
    """
    _from(issue, *EDITABLE)
    checked_validity(max(issue.valid_from, now), issue.valid_to, now)
    if not issue.townships:
        raise RefusedError(
            "The warning names no township", hint="Give at least one township a level, or give the draft up."
        )
    _check_areas(issue)
    return _step(issue, (who, "duty"), now, "review", text, reviewed_by="")


def review(issue: WarningIssue, who: Person, now: datetime, *, approve: bool, text: str = "", office: Office) -> WarningIssue:
    """Pass it, or return it to whoever prepared it with a reason.

    Raises
    ------
    RefusedError
        When ``who`` may not, or prepared it.
    """
    _from(issue, "review")
    _allow(who, "reviewer")
    _apart(issue, who, office)
    if not approve:
        return _step(issue, (who, "reviewer"), now, "draft", _reason(text), reviewed_by="")
    return _step(issue, (who, "reviewer"), now, "review", text, reviewed_by=who.name)


def issue(
    reviewed: WarningIssue, who: Person, now: datetime, known: Iterable[WarningIssue], *, office: Office, text: str = ""
) -> tuple[WarningIssue, ...]:
    """Sign and issue: the issue with its number first, then new versions of those it replaces.

    Parameters
    ----------
    known
        Every version of every issue of the desk. Of its purpose and year the highest number ever given counts; issues
        in force whose validity reaches into this one's are replaced.

    Raises
    ------
    RefusedError
        When ``who`` may not, it was not reviewed, or its validity is over.
    """
    _from(reviewed, "review")
    _allow(who, "signatory")
    _apart(reviewed, who, office)
    if not reviewed.reviewed_by:
        raise RefusedError("The warning was not reviewed yet", hint="A reviewer has to pass it first.")
    checked_validity(max(reviewed.valid_from, now), reviewed.valid_to, now)
    at = aware(now).astimezone(BEIJING)
    everything = [i for i in known if i.purpose == reviewed.purpose]
    start = max(reviewed.valid_from, at)
    replaced = [
        i for i in latest(everything) if i.id != reviewed.id and i.status == "issued" and i.valid_to > start
    ]  # fmt: skip
    made = _step(
        reviewed, (who, "signatory"), now, "issued", text, number=next_number(everything, at.year), year=at.year,
        signed_by=who.name, signatories=tuple(dict.fromkeys((*reviewed.signatories, who.name))), issued_at=at,
        references=tuple(i.id for i in replaced),
    )  # fmt: skip
    said = tr("Replaced by issue {number} of {year}", number=made.number, year=made.year)
    return (made, *(_step(i, (who, "signatory"), now, "superseded", said) for i in replaced))


def lift(issued: WarningIssue, who: Person, now: datetime, reason: str) -> WarningIssue:
    """End it before its time.

    Raises
    ------
    RefusedError
        When ``who`` may not, no reason is given, or it ended already.
    """
    _from(issued, "issued")
    _allow(who, "signatory")
    if now >= issued.valid_to:
        raise RefusedError(
            "The warning ended {end} by itself", hint="Mark it as expired instead.", end=shown(issued.valid_to)
        )
    return _step(issued, (who, "signatory"), now, "lifted", _reason(reason))


def expire(issued: WarningIssue, who: Person, now: datetime) -> WarningIssue:
    """Note that its time is over.

    Raises
    ------
    RefusedError
        When it is not.
    """
    _from(issued, "issued")
    if now < issued.valid_to:
        raise RefusedError(
            "The warning holds until {end}", hint="Lift it, with a reason, to end it before.", end=shown(issued.valid_to)
        )
    return _step(issued, (who, _first_role(who)), now, "expired", "")


# --- changes before review ------------------------------------------------------------------------------------------


def set_level(
    issue: WarningIssue, who: Person, now: datetime, *, township: TownshipLevel, level: Level | None, reason: str,
    summarize: Summarize,
) -> WarningIssue:  # fmt: skip
    """Another level for a township than the model gave, with the reason; None takes it out. The same version.

    Parameters
    ----------
    township
        Who it is, where the issue does not have it yet.
    """
    _editable(issue)
    _allow(who, "duty")
    _clock(issue, now)
    why, at = _reason(reason), aware(now).astimezone(BEIJING)
    old = next((t for t in issue.townships if t.code == township.code), None)
    was = None if old is None else old.level
    if was == level:
        raise RefusedError("{township} has that level already", hint="Choose another level.", township=township.name)
    others = [t for t in issue.townships if t.code != township.code]
    first = old.override.was if old is not None and old.override is not None else was
    if level is not None:
        base = old if old is not None else township
        others.append(msgspec.structs.replace(base, level=level, override=Override(first, why, who.name, at)))
    said = tr("{township}: {old} → {new}, because {reason}", township=township.name, old=level_name(was),
              new=level_name(level), reason=why)  # fmt: skip
    kept = _sorted(others)
    return msgspec.structs.replace(
        issue, townships=kept, counties=summarize(kept),
        notes=(*issue.notes, Note(who.name, "duty", at, said, issue.status)),
    )  # fmt: skip


def revise(
    issue: WarningIssue, who: Person, now: datetime, *, title: str | None = None, basis: str | None = None,
    advice: Sequence[str] | None = None, validity: tuple[datetime, datetime] | None = None,
    zones: Sequence[WarningZone] | None = None, issuers: Sequence[str] | None = None,
) -> WarningIssue:  # fmt: skip
    """Other words, validity or zones; the same version. Raises as :func:`set_level`."""
    _editable(issue)
    _allow(who, "duty")
    _clock(issue, now)
    changed: dict[str, object] = {}
    if title is not None:
        changed["title"] = title.strip() or TITLE
    if basis is not None:
        changed["basis"] = basis
    if advice is not None:
        changed["advice"] = tuple(advice)
    if issuers is not None:
        changed["issuers"] = tuple(issuers)
    if validity is not None:
        changed["valid_from"], changed["valid_to"] = checked_validity(validity[0], validity[1], now)
    if zones is not None:
        changed["zones"] = tuple(zones)
    made: WarningIssue = msgspec.structs.replace(issue, **changed)
    _check_areas(made)
    return made


def note(issue: WarningIssue, who: Person, now: datetime, text: str) -> WarningIssue:
    """Write down what was said, in the first of the roles of ``who``; the same version."""
    _editable(issue)
    role = _first_role(who)
    _allow(who, role)
    _clock(issue, now)
    said = Note(who.name, role, aware(now).astimezone(BEIJING), _reason(text), issue.status)
    return msgspec.structs.replace(issue, notes=(*issue.notes, said))


# --- looking --------------------------------------------------------------------------------------------------------


def latest(versions: Iterable[WarningIssue]) -> tuple[WarningIssue, ...]:
    """The newest version of every issue."""
    found: dict[str, WarningIssue] = {}
    for version in versions:
        if version.id not in found or found[version.id].version < version.version:
            found[version.id] = version
    return tuple(found.values())


def next_number(versions: Iterable[WarningIssue], year: int) -> int:
    """One more than the highest number ever given in ``year`` to issues of one purpose."""
    return 1 + max((v.number for v in versions if v.year == year), default=0)


def last_moment(issue: WarningIssue) -> datetime:
    """When the newest thing in it was written down."""
    return max(n.at for n in issue.notes)


def level_name(level: Level | None) -> str:
    return tr("no level") if level is None else tr(LEVEL_NAMES[level])


# --- inside ---------------------------------------------------------------------------------------------------------


def _step(
    issue: WarningIssue, by: tuple[Person, Role], now: datetime, status: Status, text: str, **more: object
) -> WarningIssue:
    who, role = by
    _allow(who, role)
    _clock(issue, now)
    said = Note(who.name, role, aware(now).astimezone(BEIJING), text.strip(), status)
    made: WarningIssue = msgspec.structs.replace(
        issue, version=issue.version + 1, status=status, notes=(*issue.notes, said), **more
    )
    return made


def _from(issue: WarningIssue, *allowed: Status) -> None:
    if issue.status not in allowed:
        raise RefusedError(
            "The warning is in state {status}, not {allowed}", hint=_way_out(issue.status), status=tr(STATUS_NAMES[issue.status]),
            allowed=" / ".join(tr(STATUS_NAMES[s]) for s in allowed),
        )  # fmt: skip


def _editable(issue: WarningIssue) -> None:
    if issue.status not in EDITABLE:
        raise RefusedError(
            "The warning is in state {status} and cannot be changed", hint=_way_out(issue.status),
            status=tr(STATUS_NAMES[issue.status]),
        )  # fmt: skip


def _way_out(status: Status) -> str:
    if status in EDITABLE:
        return "Submit it for review first."
    if status == "review":
        return "Let the reviewer pass it or return it."
    if status == "issued":
        return "What was issued is never changed: draft a new issue that replaces it, or lift it."
    return "It has ended; draft a new issue."


def _allow(who: Person, role: Role) -> None:
    if not who.name.strip():
        raise RefusedError(
            "It is not known who works here",
            hint="Put your name into the settings as operator, or give it with --operator.",
        )
    if role not in who.roles:
        raise RefusedError(
            "{name} may not do this: it needs the role {role}",
            hint="Roles stand in the settings under office.people; ask somebody who has it.", name=who.name,
            role=tr(ROLE_NAMES[role]),
        )  # fmt: skip


def _first_role(who: Person) -> Role:
    return who.roles[0] if who.roles else "duty"


def _apart(issue: WarningIssue, who: Person, office: Office) -> None:
    if office.apart and who.name == issue.prepared_by:
        raise RefusedError(
            "{name} prepared this warning and may not review or sign it",
            hint="Ask a colleague. An office of one can allow it in the settings: office.apart = false.", name=who.name,
        )  # fmt: skip


def check_clock(known: Iterable[WarningIssue], now: datetime) -> None:
    """Refuse a time before something that was written down already.

    Raises
    ------
    RefusedError
        When the clock must be wrong.
    """
    for issue in known:
        _clock(issue, now)


def _clock(issue: WarningIssue, now: datetime) -> None:
    last = last_moment(issue)
    if aware(now) < last:
        raise RefusedError(
            "The clock of this computer says {now}, before the last step of the warning at {last}",
            hint="Set the clock right (Beijing time), then try again.", now=shown(now), last=shown(last),
        )  # fmt: skip


def _reason(text: str) -> str:
    if not text.strip():
        raise RefusedError("A reason is missing", hint="Say in a few words why.")
    return text.strip()


def _sorted(townships: Iterable[TownshipLevel]) -> tuple[TownshipLevel, ...]:
    found = tuple(sorted(townships, key=lambda t: (t.level, t.code)))
    codes = [t.code for t in found]
    for code in codes:
        if codes.count(code) > 1:
            raise BadDataError(
                "The township {code} stands twice in the warning", hint="Keep one of the two levels.", code=code
            )
    return found


def _check_areas(issue: WarningIssue) -> None:
    codes = [z.code for z in issue.zones]
    for zone in issue.zones:
        if not zone.area_km2 > 0:
            raise BadDataError("The zone {code} is empty", hint="Draw it, or delete it.", code=zone.code)
        if codes.count(zone.code) > 1:
            raise ConflictError("The zone {code} stands twice", hint="Give every zone a number of its own.", code=zone.code)
