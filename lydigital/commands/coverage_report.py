"""The coverage report: every system of the plan against its target, with maps, rankings, gaps and the index."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lydigital.commands.registry import Command, Parameters
from lydigital.errors import LydError
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.amounts import Material
    from lydigital.model.indicator import IndicatorResult, Level
    from lydigital.model.report import Report
    from lydigital.model.table import FeatureTable
    from lydigital.publish.coverage_report import Coverage
    from lydigital.session import Session

By = Literal["county", "township", "village"]
ROWS = {".xlsx": 0, ".json": 0}  # long lists are whole in these
MOST = 20  # rows of long lists in documents
_COARSER: dict[str, tuple[Level, ...]] = {
    "village": ("village", "community", "township", "county", "city"), "township": ("township", "county", "city"),
    "county": ("county", "city"),
}  # fmt: skip
_DPI = 180.0


class Make(Parameters, frozen=True, kw_only=True):
    """Units ``by`` which it is told; only ``systems`` where named; ``output`` is an .xlsx, .docx, .html or .json file.

    ``maps`` False leaves out the maps. ``day`` stands on the report, today unless named.
    """

    output: str
    by: By = "county"
    systems: tuple[str, ...] = ()
    maps: bool = True
    day: str = ""


def gathered(session: Session, given: Make) -> Coverage:
    """What the report is made of.

    Raises
    ------
    LydError
        When a system is unknown or definitions are wrong. What the map lacks is told in the report.
    """
    from lydigital.commands import framework, index, indicator
    from lydigital.publish.coverage_report import Coverage, Part

    material = indicator.material_of(session)
    cards = [c for s in (given.systems or ("",)) for c in framework.cards(session, s)]
    known = {one.id: one for one in indicator.known()}
    sections = []
    done = 0
    for section in framework.framework().groups:
        parts = []
        for card in (c for c in cards if c.system.group == section.id):
            session.progressed.emit(tr("Reporting on {system}", system=card.system.name), done / len(cards))
            done += 1
            found = _at_level(card.headline, known, card.system.headline, given.by, material)
            parts.append(Part(card, found, _map(session, found, material) if given.maps else b""))
        if parts:
            sections.append((section, tuple(parts)))
    problems, made, picture = [], None, b""
    if not given.systems or "index" in given.systems:
        try:
            made = index.of_map(session)
            if given.maps:
                picture = _picture(session, "county", {s.code: s.value for s in made.scores if s.year == made.year}, made.index.name, material)
        except LydError as error:
            problems.append(f"{tr('Informatization index')}：{error} {error.hint_text()}")
    day = given.day or date.today().isoformat()  # noqa: DTZ011 - the day on the wall is meant
    most = ROWS.get(Path(given.output).suffix.lower(), MOST)
    named = (p.result.city.name for _, parts in sections for p in parts if p.result is not None)
    city = next((n for n in (*named, session.document.title) if n), tr("The city"))
    return Coverage(city, given.by, tuple(sections), made, picture, day, most, tuple(problems))


def report_of(session: Session, given: Make) -> Report:
    """The report, see :func:`gathered`."""
    from lydigital.publish.coverage_report import compose

    return compose(gathered(session, given))


def _make(session: Session, given: Make) -> dict[str, Any]:
    from lydigital.publish.report import WRITERS, as_values, write

    if Path(given.output).suffix.lower() not in WRITERS:
        write(_nothing(), given.output)  # says so before the work is done
    made = report_of(session, given)
    path = write(made, given.output)
    values = as_values(made)
    session.progressed.emit(tr("Done"), 1.0)
    return {
        "output": str(path), "title": made.title, "by": given.by, "sample": made.is_sample,
        "headings": [b["text"] for b in values["blocks"] if b["kind"] == "heading"],
        **{name: sum(b["kind"].startswith(kind) for b in values["blocks"]) for name, kind in (("tables", "table"), ("charts", "chart"), ("pictures", "picture"))},
    }  # fmt: skip


def _nothing() -> Report:
    from lydigital.model.report import Report

    return Report("")


def _at_level(
    head: IndicatorResult | None, known: dict[str, Any], wanted: str, by: By, material: Material
) -> IndicatorResult | None:
    """The headline indicator at the level of the report, or at the next coarser one it is known at."""
    from lydigital.domain.indicators import compute

    one = known.get(wanted)
    if one is None:
        return head
    level = next((lv for lv in _COARSER[by] if lv in one.levels), None)
    if level is None or (head is not None and head.level == level):
        return head
    try:
        return compute(one, level, material)
    except LydError:
        return head


def _map(session: Session, found: IndicatorResult | None, material: Material) -> bytes:
    from lydigital.publish.coverage_report import is_even

    if found is None or found.level == "city" or is_even(found):
        return b""
    one = found.indicator
    title = f"{one.name}（{one.unit_name}）" if one.unit_name else one.name
    return _picture(session, found.level, {u.code: u.value for u in found.units}, title, material, reverse=not one.higher_is_better)


def _picture(
    session: Session, level: Level, values: dict[str, float | None], title: str, material: Material, *, reverse: bool = False
) -> bytes:
    """A map of units by value, the counties above it."""
    from lydigital.model.crs import Crs
    from lydigital.publish import figure

    crs = Crs(session.document.crs)
    units = material.units(level)
    table = units.table.to_crs(crs)
    row = {code: int(units.row[i]) for code, i in units.index.items()}
    by_row: list[float | None] = [None] * len(table)
    for code, value in values.items():
        if code in row:
            by_row[row[code]] = value
    label = "name" if level == "county" else ""
    scene = [figure.choropleth("units", table, by_row, label=label, reverse=reverse)]
    above: FeatureTable | None = material.units("county").table.to_crs(crs) if level != "county" else None
    if above is not None:
        scene.append(figure.outline("counties", above, label="name"))
    bounds = (above or table).geometry.total_bounds
    x0, y0, x1, y1 = (float(v) for v in bounds)
    return figure.png(scene, (x0, y0, x1, y1), crs, width_mm=128.0, height_mm=82.0, dpi=_DPI, title=title, titles={"units": ("", title)})


def _no_units(session: Session) -> str | None:
    return None if session.ref("county") is not None else tr("The map has no layer {layer}", layer="county")


COMMANDS = (Command("coverage.report", "Coverage report", _make, Make, disabled=_no_units, icon="file-chart-outline"),)
