"""What zones hit as a report: XLSX, Word, HTML; all three from the same tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.model.report import Cell, Number, Report, Table
from lydigital.publish import report
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.impact import Amount, Impact, Line, Part, ZoneImpact

NOT_KNOWN = "Not known"


def title_of(impact: Impact) -> str:
    return tr("Impact of {count} zones", count=len(impact.zones)) if len(impact.zones) > 1 else tr("Impact of {zone}", zone=impact.zones[0].title)


def tables(impact: Impact) -> list[Table]:
    """Summary, zones, administrative units, names, notes."""
    return [*_tables(impact), Table(tr("Notes"), (tr("Note"),), tuple((line,) for line in _notes(impact)))]


def _tables(impact: Impact) -> list[Table]:
    return [t for t in (_summary(impact), _zones(impact), _units(impact), _names(impact)) if t.rows]


def _amount(line: Line, of: Amount, near: ZoneImpact | None, indent: str = "") -> list[Cell]:
    there = near.line(line.id) if near is not None else None
    other = there.amount(of.id) if there is not None else None
    span = ""
    if of.low is not None and of.high is not None:
        span = f"{Number(of.low, of.step).text}–{Number(of.high, of.step).text}"
    name = indent + (line.title if of is line.amounts[0] else f"{line.title} · {of.title}")
    if of.missing:
        span = tr("{count} without a value", count=of.missing)
    around: list[Cell] = [] if near is None else [Number(other.value, other.step) if other is not None else tr(NOT_KNOWN)]
    return [name, Number(of.value, of.step), *around, of.unit, span]


def _summary(impact: Impact) -> Table:
    near = impact.total_near
    head = [tr("Item"), tr("Inside")]
    if near is not None:
        head.append(tr("Within {distance} m", distance=f"{impact.distance_m:g}"))
    head += [tr("Unit"), tr("Range, gaps"), tr("Source"), tr("As of"), tr("Data")]
    rows: list[tuple[Cell, ...]] = []
    for line in impact.total.lines:
        from_ = line.provenance
        where: list[Cell] = [from_.source, from_.currency, tr("Sample data") if from_.is_sample and line.is_known else ""]
        if not line.is_known:
            rows.append((line.title, tr(NOT_KNOWN), *([tr(NOT_KNOWN)] if near is not None else []), "", line.note, *where))
            continue
        for of in line.amounts:
            rows.append((*_amount(line, of, near), *where))
            where = ["", "", ""]
        there = None if near is None else near.line(line.id)
        for part in line.classes:
            of = part.amounts[0]
            other = next((p.amounts[0] for p in (there.classes if there else ()) if p.code == part.code), None)
            around = [] if near is None else [Number(other.value if other else 0.0, of.step)]
            rows.append((f"　{part.name}", Number(of.value, of.step), *around, of.unit, "", "", "", ""))
    return Table(tr("All zones together"), tuple(head), tuple(rows))


def _heads(impact: Impact) -> list[tuple[Line, Amount]]:
    return [(line, line.amounts[0]) for line in impact.total.lines if line.is_known]


def _zones(impact: Impact) -> Table:
    heads = _heads(impact)
    levels = {1: tr("Red"), 2: tr("Orange"), 3: tr("Yellow"), 4: tr("Blue")}
    rows: list[tuple[Cell, ...]] = []
    for zone in impact.zones:
        found = [zone.line(line.id) for line, _ in heads]
        cells = [Number(line.amounts[0].value, line.amounts[0].step) if line is not None else "" for line in found]
        rows.append((zone.title, levels.get(zone.level, ""), Number(zone.area_km2, 0.1), Number(zone.outside_km2, 0.1), *cells))
    fixed = (tr("Zone"), tr("Level"), tr("Area") + " (km²)", tr("Beyond the city") + " (km²)")
    return Table(tr("By zone"), (*fixed, *(_with_unit(line.title, of.unit) for line, of in heads)), tuple(rows), is_wide=True)


def _units(impact: Impact) -> Table:
    heads = _heads(impact)
    parts: dict[str, dict[str, Part]] = {}
    who: dict[str, Part] = {}
    for line, _ in heads:
        for part in line.units:
            parts.setdefault(part.code, {})[line.id] = part
            who.setdefault(part.code, part)
    rows: list[tuple[Cell, ...]] = []
    is_county = impact.by == "county"
    for code in sorted(parts, key=lambda c: (not c, c)):
        cells: list[Cell] = []
        for line, of in heads:
            mine = parts[code].get(line.id)
            cells.append(Number(mine.amounts[0].value if mine else 0.0, of.step))
        if any(isinstance(c, Number) and c.rounded > 0 for c in cells):
            rows.append((*([] if is_county else [who[code].county]), who[code].name, *cells))
    fixed = (tr("County"),) if is_county else (tr("County"), tr("Township"))
    title = tr("By county") if is_county else tr("By township")
    return Table(title, (*fixed, *(_with_unit(line.title, of.unit) for line, of in heads)), tuple(rows), is_wide=True)


def _names(impact: Impact) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for line in impact.total.lines:
        if line.id == "people":
            continue  # the names of villages stand in a line of their own
        rows += [(line.title, p.county, p.name, Number(len(p.names), 1.0), "、".join(p.names)) for p in line.units if p.names]
    return Table(tr("By name"), (tr("Item"), tr("County"), tr("Unit of administration"), tr("How many"), tr("Names")), tuple(rows))


def _notes(impact: Impact) -> list[str]:
    people = impact.total.line("people")
    lines = [tr(impact.method)]
    if people is not None and people.note:
        lines.append(f"{people.title}：{people.note}")
    lines += [f"{tr(i.message, **i.values)} {tr(i.hint, **i.values)}" for i in impact.issues]
    if impact.has_samples:
        lines.append(tr("Contains synthetic sample data. Not facts, not for decisions."))
    lines.append(tr("Worked out {time}, system {crs}, rules {rules}", time=impact.made_at, crs=impact.crs, rules=impact.rules))
    return lines


def _with_unit(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


def report_of(impact: Impact) -> Report:
    """The answer as a report."""
    return Report(
        title_of(impact), blocks=tuple(_tables(impact)), notes=tuple(_notes(impact)), is_sample=impact.has_samples, is_landscape=True,
    )  # fmt: skip


def xlsx(impact: Impact) -> bytes:
    return report.xlsx(report_of(impact))


def docx(impact: Impact) -> bytes:
    return report.docx(report_of(impact))


def html(impact: Impact) -> bytes:
    return report.html(report_of(impact))
