"""The response plan sheet of an incident: who comes, who leaves where to, what is cut, whom to call; as a report with its map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.emergency import KIND_TITLES
from lydigital.model.report import UNKNOWN, Cell, Number, Paragraph, Picture, Report, Table, number
from lydigital.publish import impact_report, report
from lydigital.texts import tr

if TYPE_CHECKING:
    from pathlib import Path

    from lydigital.model.emergency import Allocation, Plan
    from lydigital.model.report import Block

KINDS = (".pdf", *report.WRITERS)


def write(plan: Plan, path: Path, picture: bytes = b"", stamps: tuple[str, ...] = ()) -> Path:
    """Write the sheet by the ending of ``path``: .pdf .docx .html .xlsx .json.

    Raises
    ------
    UsageError
        When the ending is another one.
    StoreUnavailableError
        When the file cannot be written.
    """
    made = report_of(plan, picture, stamps)
    if path.suffix.lower() != ".pdf":
        return report.write(made, path)
    from lydigital.publish import flow, pages

    pages.save(path, flow.pdf(made))
    return path


def report_of(plan: Plan, picture: bytes = b"", stamps: tuple[str, ...] = ()) -> Report:
    """The sheet; ``picture`` is its map as PNG."""
    incident = plan.incident
    blocks: list[Block] = [Paragraph(tr("Situation"), "heading"), *(Paragraph(line, "list") for line in plan.situation)]
    if picture:
        blocks.append(Picture(tr("Incident, closures, ways and shelters"), picture, 178.0))
    blocks.append(Paragraph(tr("Help"), "heading"))
    blocks += [_dispatch(plan), *_gaps(plan)]
    if plan.allocation is not None:
        blocks += [Paragraph(tr("Evacuation"), "heading"), *_evacuation(plan.allocation)]
    blocks += _cut(plan)
    if plan.impact is not None:
        some = [t for t in impact_report.tables(plan.impact)[:1] if t.rows]
        blocks += [Paragraph(tr("What the zone hits"), "heading"), *some] if some else []
    blocks += _contacts(plan)
    said = [incident.kind_name, incident.level_name, _time(incident.time), incident.status_name]
    made_at = tr("Made {date}", date=_time(plan.made_at))
    subtitle = "　".join(t for t in (*said, incident.code, made_at) if t)
    notes = (*(f"{tr(i.message, **i.values)} {tr(i.hint, **i.values)}" for i in plan.issues if i.severity != "note"), *plan.notes)
    title = tr("Response plan: {title}", title=incident.title)
    return Report(title, subtitle, tuple(blocks), plan.sources, notes, plan.is_sample, stamps)


def _time(text: str) -> str:
    """ISO 8601 as people write it."""
    return text[:16].replace("T", " ")


def _minutes(seconds: float | None) -> Cell:
    return number(None if seconds is None else max(seconds / 60, 1.0))


def _km(metres: float | None) -> Cell:
    return number(None if metres is None else metres / 1000, 0.1)


def _dispatch(plan: Plan) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for reach in plan.dispatch:
        r = reach.resource
        way = " → ".join(reach.via) if reach.is_reachable else reach.reason
        rows.append((r.service_name or tr(KIND_TITLES[r.kind]), r.name, number(r.capacity), _minutes(reach.seconds), _km(reach.metres), way or UNKNOWN, r.duty_name or UNKNOWN))
    head = (tr("Kind of help"), tr("Who comes"), tr("Strength"), tr("Minutes"), "km", tr("By way of"), tr("Duty"))
    return Table(tr("Who comes, soonest first"), head, tuple(rows))


def _gaps(plan: Plan) -> list[Table]:
    if not plan.gaps:
        return []
    rows = tuple(
        (g.title, g.unit, number(g.needed), number(g.there), number(g.missing), "；".join(t for t in (g.norm, g.note) if t) or UNKNOWN)
        for g in plan.gaps
    )
    return [Table(tr("Needed against there"), (tr("What"), tr("Unit"), tr("Needed"), tr("There"), tr("Missing"), tr("Rule")), rows)]


def _evacuation(found: Allocation) -> list[Block]:
    names = {o.code: (o.name, o.township) for o in found.origins}
    shelters = {use.shelter.code: use.shelter.name for use in found.shelters}
    words = tr("{people} people leave, {placed} of them find a place, {left} do not.", people=f"{found.people:,}", placed=f"{found.placed:,}", left=f"{found.left_over:,}")
    if found.latest_s is not None:
        words += tr("The longest way takes {minutes} min.", minutes=f"{found.latest_s / 60:.0f}")
    blocks: list[Block] = [Paragraph(words)]
    moves = sorted(found.moves, key=lambda m: (names[m.origin][1], names[m.origin][0], m.seconds))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (names[m.origin][1] or UNKNOWN, names[m.origin][0], Number(m.people), shelters[m.shelter], _minutes(m.seconds), _km(m.metres), " → ".join(m.via) or UNKNOWN)
        for m in moves
    )
    if rows:
        head = (tr("Township"), tr("From where"), tr("People"), tr("Shelter"), tr("Minutes"), "km", tr("By way of"))
        blocks.append(Table(tr("Who goes where"), head, rows))
    used = tuple(
        (use.shelter.name, number(use.places), Number(use.taken), Number(use.free), use.shelter.contact or UNKNOWN, use.shelter.phone or UNKNOWN)
        for use in found.shelters if use.taken
    )
    if used:
        blocks.append(Table(tr("Shelters"), (tr("Shelter"), tr("Room for"), tr("Taken"), tr("Free"), tr("Contact"), tr("Phone")), used))
    left = tuple((names[one.origin][1] or UNKNOWN, names[one.origin][0], Number(one.people), one.reason) for one in found.left)
    if left:
        blocks.append(Table(tr("Without a place"), (tr("Township"), tr("From where"), tr("People"), tr("Reason")), left))
    return blocks


def _cut(plan: Plan) -> list[Block]:
    blocks: list[Block] = []
    if plan.closures:
        rows: tuple[tuple[Cell, ...], ...] = tuple((c.name or UNKNOWN, c.class_name or UNKNOWN, Number(c.length_m), c.reason) for c in plan.closures)
        blocks.append(Table(tr("Roads that are cut"), (tr("Road"), tr("Road class"), "m", tr("Reason")), rows))
    if plan.unreachable:
        gone = tuple((u.township or UNKNOWN, u.name, number(u.people), u.reason) for u in plan.unreachable)
        blocks.append(Table(tr("Not reached by road"), (tr("Township"), tr("Village"), tr("People"), tr("Reason")), gone))
    return [Paragraph(tr("Cut off"), "heading"), *blocks] if blocks else []


def _contacts(plan: Plan) -> list[Block]:
    blocks: list[Block] = []
    if plan.contacts:
        note = "" if plan.is_personal else tr("Stars: personal data, for those only whom the office names.")
        rows = tuple((c.role, c.name, c.contact or UNKNOWN, c.phone or UNKNOWN) for c in plan.contacts)
        blocks.append(Table(tr("Whom to call"), (tr("Role"), tr("Who"), tr("Contact"), tr("Phone")), rows, note=note))
    if plan.log:
        log = tuple((_time(e.time), e.kind_name, e.text, e.author or UNKNOWN) for e in plan.log)
        blocks.append(Table(tr("Incident log"), (tr("Time"), tr("Kind"), tr("What"), tr("Author")), log))
    return [Paragraph(tr("Contacts and log"), "heading"), *blocks] if blocks else []
