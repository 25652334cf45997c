"""Products of a warning: bulletin, Word, picture, CAP, the package of all, and handing it over.

:func:`bulletin_of` and :func:`material_of` are for whoever wants to show a product without writing it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.domain.ledger import LAYER
from lydigital.errors import RefusedError, StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.warning import WarningIssue
    from lydigital.publish.bulletin import Bulletin
    from lydigital.publish.calllist import Contact
    from lydigital.publish.deliver import Outcome
    from lydigital.publish.package import Material, Package
    from lydigital.publish.warningmap import Ground
    from lydigital.publish.word import Annex
    from lydigital.session import Session

UNDER = ("relief", "surroundings", "county", "river_area", "reservoir", "river")
_WIDEST = 8  # columns of an annex that a page of A4 takes
_KINDS = {".txt": "bulletin.txt", ".docx": "warning.docx", ".html": "warning.html", ".pdf": "map.pdf", ".xml": "cap.xml",
          ".geojson": "warning.geojson", ".xlsx": "calllist.xlsx"}  # fmt: skip


class Product(Parameters, frozen=True, kw_only=True):
    """``issue`` is an id or a number (``2025-3``), "" where only one can be meant; ``version`` 0 is the newest.

    ``internal`` makes products for the office itself, stamped so: of drafts, with blue, never marked as real.
    """

    issue: str = ""
    version: int = 0
    internal: bool = False


class Text(Product, frozen=True, kw_only=True):
    """``output`` is a file; what it is is told by its ending: .txt .docx .html .pdf .xml .geojson .xlsx."""

    output: str = ""


class Word(Product, frozen=True, kw_only=True):
    """``impact`` False leaves out the annex of what the zones hit."""

    output: str
    impact: bool = True


class Picture(Product, frozen=True, kw_only=True):
    """A PNG, or with ``form`` a4 a PDF."""

    output: str
    form: Literal["portrait", "landscape", "a4", "map"] = "portrait"


class Template(Parameters, frozen=True, kw_only=True):
    """``output`` is a .docx file for the office to edit."""

    output: str


class Whole(Product, frozen=True, kw_only=True):
    """Into a folder of its own in ``output``; ``products`` names some only.

    ``personal`` writes names and numbers of people bare: for those only whom the office's settings name.
    """

    output: str
    products: tuple[str, ...] = ()
    impact: bool = True
    personal: bool = False


class Deliver(Parameters, frozen=True, kw_only=True):
    """``package`` is a folder that ``warning.package`` wrote; ``hook`` the name of one of those in the settings."""

    package: str
    hook: str = ""


# --- what products are made from ------------------------------------------------------------------------------------


def bulletin_of(session: Session, wanted: Product) -> Bulletin:
    """The bulletin of a warning.

    Raises
    ------
    RefusedError
        When it was not signed and is not for the office itself.
    LydError
        When there is no such warning, or a template is broken.
    """
    from lydigital.commands.warning import issue_of
    from lydigital.publish.bulletin import compose

    issue = issue_of(session, wanted.issue, wanted.version)
    return compose(issue, internal=wanted.internal, blue=session.office.publishes_blue)


def material_of(session: Session, bulletin: Bulletin, wanted: Product, *, impact: bool = True, personal: bool = False) -> Material:
    """What the products of a bulletin are made from besides the issue: map, people, annexes, who the office is.

    Raises
    ------
    RefusedError
        When bare names are asked for by somebody whom the settings do not name.
    """
    from lydigital.commands.desk import ledger_of
    from lydigital.publish.package import Material

    office, who = session.office, session.history.author
    if personal and who not in office.people:
        raise RefusedError(
            "{name} may not have names and numbers of people", name=who or tr("Nobody"),
            hint="They are masked for everybody whom the settings do not name under office.people.",
        )  # fmt: skip
    return Material(
        ground_of(session), office.publishing, tuple(v for v in ledger_of(session).versions if v.issued_at is not None),
        contacts_of(session, bulletin.issue), annexes_of(session, bulletin.issue, names=wanted.internal) if impact else (), is_masked=not personal,
        is_internal=wanted.internal, publishes_blue=office.publishes_blue,
    )  # fmt: skip


def ground_of(session: Session) -> Ground:
    """Relief, neighbours, counties and rivers of the map, and its townships."""
    from lydigital.publish.warningmap import Ground

    names = tuple(name for name in UNDER if session.ref(name) is not None)
    scene = tuple(layer for layer in session.scene(None, layer_ids=names) if layer.id in names)
    table = session.table("township") if session.ref("township") is not None else None
    used = [session.definition(name) for name in (*(layer.id for layer in scene), *(["township"] if table is not None else []))]
    publishing = session.office.publishing
    return Ground(
        Crs(session.document.crs), scene, table if isinstance(table, FeatureTable) else None, publishing.approval,
        any(d.sample for d in used), publishing.producer,
    )  # fmt: skip


def contacts_of(session: Session, issue: WarningIssue) -> tuple[Contact, ...]:
    """Who watches the hazard points in the townships of a warning."""
    from lydigital.publish.calllist import Contact

    table = session.table("hazard_point") if session.ref("hazard_point") is not None else None
    if not isinstance(table, FeatureTable):
        return ()
    own = {t.code for t in issue.townships}
    fields = ("township_code", "name", "kind", "threat_people", "monitor", "phone")
    if not set(fields) <= set(table.column_names):
        return ()
    rows = table.columns.select(fields).to_pylist()
    return tuple(
        Contact(str(r["township_code"]), str(r["name"] or ""), int(r["kind"] or 0), None if r["threat_people"] is None else int(r["threat_people"]),
                str(r["monitor"] or ""), str(r["phone"] or ""))
        for r in rows if str(r["township_code"]) in own
    )  # fmt: skip


def annexes_of(session: Session, issue: WarningIssue, *, names: bool = True) -> tuple[Annex, ...]:
    """What the zones hit, as tables of the Word document; a failure is said in place of the tables.

    ``names`` False leaves out the lists by name: hazard points and pipes are not for the public one by one.
    """
    from lydigital.commands.impact import of_issue
    from lydigital.errors import LydError
    from lydigital.publish import impact_report
    from lydigital.publish.word import Annex

    title = "附件　影响范围分析"
    try:
        found = of_issue(session, issue)
    except LydError as error:
        return (Annex(title, ("说明",), ((tr("The impact could not be computed: {reason}", reason=str(error)),),)),)
    out = []
    for table in impact_report.tables(found):
        if table.title == tr("By name") and not names:
            continue
        used = [i for i in range(len(table.head)) if any(_plain(row[i]) for row in table.rows)][:_WIDEST]
        rows = tuple(tuple(_plain(row[i]) for i in used) for row in table.rows)
        out.append(Annex(f"{title}：{table.title}", tuple(table.head[i] for i in used), rows))
    return tuple(out)


def _plain(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(cell.text)


# --- the commands ---------------------------------------------------------------------------------------------------


def _bulletin(session: Session, wanted: Text) -> dict[str, Any]:
    made = bulletin_of(session, wanted)
    values = {**_values(session, made), "text": made.text}
    if not wanted.output:
        return values
    kind = _KINDS.get(Path(wanted.output).suffix.lower())
    if kind is None:
        raise UsageError(
            "{path} has no ending that says what to write", hint="End it in {known}.", path=wanted.output, known=" ".join(_KINDS)
        )
    return values | _written(session, made, wanted, kind, wanted.output)


def _word(session: Session, wanted: Word) -> dict[str, Any]:
    made = bulletin_of(session, wanted)
    return _values(session, made) | _written(session, made, wanted, "warning.docx", wanted.output, impact=wanted.impact)


def _picture(session: Session, wanted: Picture) -> dict[str, Any]:
    from lydigital.publish import warningmap

    path = _path(wanted.output, ".pdf" if wanted.form == "a4" else ".png")
    made = bulletin_of(session, wanted)
    width, height = warningmap.write(path, made, ground_of(session), wanted.form)
    return {**_values(session, made), "output": str(path), "width": width, "height": height}


def _cap(session: Session, wanted: Text) -> dict[str, Any]:
    from lydigital.publish import cap

    made = bulletin_of(session, wanted)
    material = material_of(session, made, wanted, impact=False)
    octets = cap.message(made, material.publishing, known=material.known, internal=wanted.internal)
    read = cap.read(octets)
    values = {**_values(session, made), "identifier": read.identifier, "cap_status": read.status, "message_type": read.kind}
    if not wanted.output:
        return {**values, "xml": octets.decode()}
    path = _path(wanted.output, ".xml")
    _put(path, octets)
    return {**values, "output": str(path)}


def _template(_session: Session, wanted: Template) -> dict[str, Any]:
    from lydigital.publish import word

    path = _path(wanted.output, ".docx")
    word.write_template(path)
    return {"output": str(path), "place": str(paths.config_dir() / "templates" / "warning.docx")}


def _package(session: Session, wanted: Whole) -> dict[str, Any]:
    return package_values(package_of(session, wanted))


def package_of(session: Session, wanted: Whole) -> Package:
    """Write the package of a warning.

    Raises
    ------
    LydError
        When nothing can be made of it, or the folder cannot be written.
    """
    from lydigital.publish import package

    unknown = [name for name in wanted.products if name not in package.PRODUCTS]
    if unknown:
        raise UsageError(
            "There is no product {name}", hint="The products are: {known}.", name=unknown[0], known=" ".join(package.PRODUCTS)
        )
    made = bulletin_of(session, wanted)
    needs_impact = wanted.impact and "warning.docx" in (wanted.products or package.PRODUCTS)
    material = material_of(session, made, wanted, impact=needs_impact, personal=wanted.personal)
    return package.write(Path(wanted.output).absolute(), made, material, wanted=wanted.products or package.PRODUCTS, told=session.progressed.emit)


def package_values(made: Package) -> dict[str, Any]:
    """What a package says, as plain values."""
    return {"output": str(made.folder), "files": made.files, "failed": made.failed, "disagreements": list(made.faults), "public": made.is_public}


def _deliver(session: Session, wanted: Deliver) -> dict[str, Any]:
    found = delivered(session, wanted)
    return {"package": str(Path(wanted.package).absolute()), "log": str(log_path()), "outcomes": [
        {"hook": o.hook, "kind": o.kind, "result": o.result, "tries": o.tries, "reason": o.reason} for o in found
    ]}  # fmt: skip


def delivered(session: Session, wanted: Deliver) -> tuple[Outcome, ...]:
    """Hand a package over; see :func:`lydigital.publish.deliver.deliver`. Blocks: call it from a worker.

    Raises
    ------
    RefusedError
        When the warning went on since, ended, or is not on this map.
    """
    from lydigital.publish.deliver import deliver

    folder = Path(wanted.package).absolute()
    _check_current(session, folder)
    return deliver(
        folder, session.office.publishing.hooks, log_path(), only=wanted.hook, by=session.history.author
    )


def _check_current(session: Session, folder: Path) -> None:
    """Nothing is sent that the ledger does not say any more."""
    from datetime import UTC, datetime

    from lydigital.commands.desk import ledger_of
    from lydigital.publish.bulletin import is_publishable
    from lydigital.publish.package import opened

    manifest = opened(folder)
    versions = ledger_of(session).of(str(manifest["issue"]))
    if not versions or versions[-1].digest != manifest["digest"]:
        raise RefusedError(
            "The warning {code} went on since this package was made" if versions else "The warning {code} is not on this map",
            hint="Make the package again." if versions else "Open the store in which it was issued.", code=manifest["issue"],
        )  # fmt: skip
    last = versions[-1]
    if manifest["public"] and not is_publishable(last, blue=session.office.publishes_blue):
        raise RefusedError(
            "The warning {code} is not for the public", hint="Hand it over to internal hooks only, as a package of its own.", code=last.id
        )
    if last.purpose == "actual" and last.status == "issued" and datetime.now(UTC) >= last.valid_to:
        raise RefusedError("The warning {code} is over", hint="Draft a new one.", code=last.id)


def log_path() -> Path:
    """Where every delivery is written down."""
    return paths.state_dir() / "deliveries.jsonl"


def _written(session: Session, made: Bulletin, wanted: Product, kind: str, output: str, *, impact: bool = True) -> dict[str, Any]:
    from lydigital.publish import package

    path = _path(output, Path(kind).suffix)
    if kind == "bulletin.txt":
        _put(path, b"\xef\xbb\xbf" + made.text.encode())
    else:
        material = material_of(session, made, wanted, impact=impact and kind == "warning.docx")
        package.write_product(kind, path, made, material)
    return {"output": str(path)}


def _path(output: str, suffix: str) -> Path:
    path = Path(output).absolute()
    if path.suffix.lower() != suffix:
        raise UsageError("{path} does not end in {suffix}", hint="Name the file {suffix}.", path=output, suffix=suffix)
    return path


def _put(path: Path, octets: bytes) -> None:
    try:
        paths.write_atomically(path, octets)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip


def _values(session: Session, made: Bulletin) -> dict[str, Any]:
    issue = made.issue
    return {
        "issue": issue.id, "version": issue.version, "number": issue.number, "year": issue.year, "status": issue.status,
        "purpose": issue.purpose, "title": made.title, "period": made.period, "stamps": list(made.stamps), "digest": made.digest,
        "totals": {part.colour: part.totals for part in made.levels},
        "townships": [{"code": t.code, "name": t.name, "county": t.county, "level": int(t.level)} for t in issue.townships],
        "issues": [msgspec.to_builtins(i) for i in notes_of(session)],
    }  # fmt: skip


def notes_of(session: Session) -> tuple[Issue, ...]:
    """What an office has not said yet of itself and products therefore cannot say."""
    publishing = session.office.publishing
    found = []
    if publishing.organisation == "000":
        found.append(Issue(
            "publish.organisation", "note", "Messages carry 000 for the organisation",
            "Write its code of GB/T 4657 into the settings under office.publishing.organisation.",
        ))  # fmt: skip
    if not publishing.approval:
        found.append(Issue(
            "publish.approval", "note", "Pictures say that the map was not reviewed",
            "Write the number of the map review into the settings under office.publishing.approval; never invent one.",
        ))  # fmt: skip
    return tuple(found)


def _no_ledger(session: Session) -> str | None:
    from lydigital.commands.desk import has_table

    return None if has_table(session, LAYER) else tr("No warning was drafted on this map yet")


COMMANDS = (
    Command("warning.bulletin", "Bulletin", _bulletin, Text, disabled=_no_ledger, icon="text-box-outline"),
    Command("warning.word", "Warning as Word", _word, Word, disabled=_no_ledger, icon="file-word-outline"),
    Command("warning.picture", "Warning as picture", _picture, Picture, disabled=_no_ledger, icon="image-outline"),
    Command("warning.cap", "Warning as CAP message", _cap, Text, disabled=_no_ledger, icon="xml"),
    Command("warning.template", "Template of the Word document", _template, Template, icon="file-edit-outline"),
    Command("warning.package", "Package of all products", _package, Whole, disabled=_no_ledger, icon="package-variant-closed"),
    Command("warning.deliver", "Hand over a package", _deliver, Deliver, icon="send-check-outline"),
)  # fmt: skip
