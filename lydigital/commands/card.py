"""Cards of hazard points (两卡一案) as PDF or Word; what classes they are in; how their state changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital import paths
from lydigital.commands.registry import Command, Parameters
from lydigital.domain import hazard_cards as cards
from lydigital.errors import LydError, RefusedError, UsageError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.hazard_cards import Card
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session

POINTS, HOUSEHOLDS = "hazard_point", "hazard_household"
_UNDER = ("warning_zone", "hazard_zone")  # tints that would hide the ground of so small a map


class MakeCard(Parameters, frozen=True, kw_only=True):
    """Card of the hazard point ``fid``: ``work``, ``household`` or ``plan``, into a PDF or Word file.

    ``household`` is the number of one, else all of the point's are printed (a blank card where none is known). Personal data
    are starred unless asked for by ``personal``, which the rules of the office must allow.
    """

    fid: int
    kind: cards.Kind = "work"
    output: str = ""
    household: str = ""
    personal: bool = False


def cards_of(session: Session, wanted: MakeCard) -> list[Card]:
    """What is printed.

    Raises
    ------
    LydError
        When there is no such point or household, or personal data were asked for that this person may not see.
    """
    if wanted.personal and not may_see(session):
        raise RefusedError(
            "{who} may not print personal data", hint="The office's settings name who may; print it with stars.",
            who=session.history.author or "?",
        )  # fmt: skip
    table = _points(session)
    row = table.row_of.get(wanted.fid)
    if row is None:
        raise UsageError(
            "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
            layer=POINTS, fid=wanted.fid, count=len(table),
        )  # fmt: skip
    record = table.record(row)
    point = cards.Facts(session.definition(POINTS), record, wanted.personal)
    x, y = table.geometry.bounds[row, :2].tolist()
    place = _place(session, record, *transformation(table.crs, Crs(CGCS2000)).point(x, y))
    classes = cards.read_classes(paths.layers_dir() / "indicators" / "hazard_classes.toml")
    if wanted.kind == "work":
        return [cards.work_card(point, place, classes)]
    if wanted.kind == "plan":
        return [cards.plan_card(point, place, classes, states(session, wanted.fid))]
    found = _households(session, str(record.get("code") or ""), wanted)
    return [cards.household_card(point, place, h, classes) for h in found] or [cards.household_card(point, place, None, classes)]


def states(session: Session, fid: int) -> list[str]:
    """Changes of a point's state, oldest first, from the audit trail; none where the store keeps none."""
    ref = session.document.layer(POINTS)
    if ref is None:
        return []
    try:
        store = session.stores.store(ref.source)
        return cards.state_history(store.history(session.stores.table_name(ref), fid))
    except LydError:
        return []


def may_see(session: Session) -> bool:
    """Whether the operator may see personal data: where the office names its people, only they may."""
    people = session.office.people
    return not people or session.history.author in people


def _points(session: Session) -> FeatureTable:
    found = session.table(POINTS) if session.document.layer(POINTS) is not None else None
    if not isinstance(found, FeatureTable):
        raise UsageError("The map has no layer of hazard points", hint="Add the layer {layer}.", layer=POINTS)
    return found


def _place(session: Session, record: dict[str, object], longitude: float, latitude: float) -> cards.Place:
    def name(layer: str, code: object) -> str:
        table = session.table(layer) if code and session.document.layer(layer) is not None else None
        if not isinstance(table, FeatureTable) or not {"code", "name"} <= set(table.column_names):
            return ""
        codes = table.column("code").to_pylist()
        return str(table.column("name")[codes.index(code)].as_py() or "") if code in codes else ""

    return cards.Place(
        name("county", record.get("county_code")), name("township", record.get("township_code")),
        name("village", record.get("village_code")), longitude, latitude,
    )  # fmt: skip


def _households(session: Session, code: str, wanted: MakeCard) -> list[cards.Facts]:
    try:
        table = session.table(HOUSEHOLDS)
    except (KeyError, LydError):  # a store without that table
        table = None
    found: list[cards.Facts] = []
    if isinstance(table, FeatureTable) and code:
        rows = [i for i, c in enumerate(table.column("point_code").to_pylist()) if c == code]
        layer = session.definition(HOUSEHOLDS)
        found = [cards.Facts(layer, table.record(i), wanted.personal) for i in rows]
        found.sort(key=lambda facts: str(facts.values.get("code")))
    if wanted.household:
        found = [f for f in found if f.values.get("code") == wanted.household]
        if not found:
            raise UsageError(
                "There is no household {number} at this hazard point", hint="Leave the number out for all of them.",
                number=wanted.household,
            )  # fmt: skip
    return found


def _make(session: Session, wanted: MakeCard) -> dict[str, Any]:
    made = cards_of(session, wanted)
    values: dict[str, Any] = {
        "fid": wanted.fid, "kind": wanted.kind, "title": made[0].title, "cards": len(made),
        "copies": sum(len(card.copies) for card in made), "sample": any(card.is_sample for card in made),
        "rows": [[{"label": label, "value": value} for row in card.rows for label, value in row] for card in made],
        "notes": list(made[0].notes),
    }  # fmt: skip
    if not wanted.output:
        return values
    from lydigital.publish import cards as writer

    path = Path(wanted.output).absolute()
    writers = {".pdf": writer.write_pdf, ".docx": writer.write_docx}
    if path.suffix.lower() not in writers:
        raise UsageError(
            "{path} has no ending that says what to write", hint="End the name in .pdf or .docx.", path=wanted.output
        )
    table = _points(session)
    x, y = table.geometry.bounds[table.row_of[wanted.fid], :2].tolist()
    chart = writer.Map(_scene(session), (x, y), table.crs)
    values["pages"] = writers[path.suffix.lower()](path, made, chart)
    values["output"] = str(path)
    return values


def _scene(session: Session) -> tuple[SceneLayer, ...]:
    from lydigital.publish.cards import SCALE

    return tuple(layer for layer in session.scene(SCALE) if layer.id not in _UNDER)


def _no_points(session: Session) -> str | None:
    return None if session.document.layer(POINTS) is not None else tr("The map has no layer of hazard points")


COMMANDS = (Command("hazard.card", "Card of a hazard point", _make, MakeCard, disabled=_no_points, icon="card-text-outline"),)
