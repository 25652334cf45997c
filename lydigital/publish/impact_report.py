"""What zones hit as a report: XLSX, Word, HTML; all three from the same tables."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from lydigital.texts import language, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.impact import Amount, Impact, Line, Part, ZoneImpact

NOT_KNOWN = "Not known"
_FONT = "Noto Sans CJK SC"
_HEAD = "E8EEF4"


@dataclass(frozen=True)
class Number:
    """A number in a cell, as it is shown."""

    value: float
    step: float

    @property
    def rounded(self) -> float:
        step = 1.0 if self.step > 1 and abs(self.value) < 10 * self.step else self.step
        return int(self.value / step + 0.5) * step

    @property
    def text(self) -> str:
        from lydigital.model.impact import shown

        return shown(self.value, self.step)


Cell = str | Number


@dataclass(frozen=True)
class Table:
    """One table of the report; ``is_wide`` where it needs a broad page."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_wide: bool = False


def title_of(impact: Impact) -> str:
    return tr("Impact of {count} zones", count=len(impact.zones)) if len(impact.zones) > 1 else tr("Impact of {zone}", zone=impact.zones[0].title)


def tables(impact: Impact) -> list[Table]:
    """Summary, zones, administrative units, names, notes."""
    made = [_summary(impact), _zones(impact), _units(impact)]
    names = _names(impact)
    return [*[t for t in made if t.rows], *([names] if names.rows else []), _notes(impact)]


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


def _notes(impact: Impact) -> Table:
    people = impact.total.line("people")
    lines = [tr(impact.method)]
    if people is not None and people.note:
        lines.append(f"{people.title}：{people.note}")
    lines += [f"{tr(i.message, **i.values)} {tr(i.hint, **i.values)}" for i in impact.issues]
    if impact.has_samples:
        lines.append(tr("Contains synthetic sample data. Not facts, not for decisions."))
    lines.append(tr("Worked out {time}, system {crs}, rules {rules}", time=impact.made_at, crs=impact.crs, rules=impact.rules))
    return Table(tr("Notes"), (tr("Note"),), tuple((line,) for line in lines))


def _with_unit(title: str, unit: str) -> str:
    return f"{title} ({unit})" if unit else title


# --- the three formats ------------------------------------------------------------------------------------------------


def xlsx(impact: Impact) -> bytes:
    """One sheet a table; numbers stay numbers."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for table in tables(impact):
        sheet = book.create_sheet(table.title[:31])
        sheet.append(list(table.head))
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=_HEAD)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
        for at, row in enumerate(table.rows, 2):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(at, column)
                if isinstance(value, Number):
                    cell.value = value.rounded
                    cell.number_format = "#,##0" if value.step >= 1 else "#,##0.0"
                else:
                    cell.value = value
                    cell.data_type = "s"  # a name that begins with = is no formula
                    cell.alignment = Alignment(wrap_text=len(value) > 30, vertical="top")
        for column, head in enumerate(table.head, 1):
            longest = max((_cells(_text(row[column - 1])) for row in table.rows), default=0)
            sheet.column_dimensions[get_column_letter(column)].width = min(60, max(10, _cells(head) + 2, longest + 2))
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def docx(impact: Impact) -> bytes:
    """A Word document, A4 across."""
    import docx as word
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    made = word.Document()
    section = made.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin = section.bottom_margin = Mm(15)
    for name in ("Normal", "Heading 1", "Title"):
        style = made.styles[name]
        style.font.name = _FONT
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    made.styles["Normal"].font.size = Pt(9)
    made.add_heading(title_of(impact), 0)
    for table in tables(impact):
        made.add_heading(table.title, 1)
        if len(table.head) == 1:
            for row in table.rows:
                made.add_paragraph(_text(row[0]), style="List Bullet")
            continue
        grid = made.add_table(1, len(table.head), style="Table Grid")
        _word_row(grid.rows[0], table.head, bold=True)
        mark = grid.rows[0]._tr.get_or_add_trPr()
        mark.append(mark.makeelement(qn("w:tblHeader"), {}))  # repeated on every page
        for row in table.rows:
            _word_row(grid.add_row(), row)
        grid.autofit = False
        for column, wide in zip(grid.columns, _widths(table, 267.0), strict=True):
            column.width = Mm(wide)
            for cell in column.cells:
                cell.width = Mm(wide)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _widths(table: Table, whole_mm: float) -> list[float]:
    """Widths of columns, by what stands in them."""
    longest = [max([_cells(h) / 2, *(_cells(_text(row[i])) for row in table.rows)]) for i, h in enumerate(table.head)]
    weights = [min(60.0, max(7.0, w)) for w in longest]
    return [whole_mm * w / sum(weights) for w in weights]


def _word_row(row: Any, cells: Sequence[Cell], *, bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for at, value in zip(row.cells, cells, strict=True):
        paragraph = at.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(_text(value))
        run.font.size, run.bold = Pt(8), bold
        if isinstance(value, Number):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if bold:
            shade = at._tc.get_or_add_tcPr()
            shade.append(shade.makeelement(qn("w:shd"), {qn("w:val"): "clear", qn("w:fill"): _HEAD}))


_CSS = (
    "body{font:14px/1.5 'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;color:#22262b;margin:2rem auto;max-width:76rem;"
    "padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}.wide{overflow-x:auto}table{border-collapse:collapse;"
    "width:100%;font-size:.86rem}th,td{border:1px solid #d5dae1;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#e8eef4}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.sample{color:#b3261e;"
    "border:1px solid #b3261e;padding:.1rem .5rem;font-size:.8rem}@media print{body{margin:0}}"
)


def html(impact: Impact) -> bytes:
    """One self-contained page: no script, nothing from elsewhere."""
    title = escape(title_of(impact))
    begin = (
        f"<!doctype html><html lang='{'zh-CN' if language() == 'zh' else 'en'}'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{title}</title><style>{_CSS}</style></head><body><h1>{title}</h1>"
    )
    parts = [begin]
    if impact.has_samples:
        parts.append(f"<span class='sample'>{escape(tr('Sample data'))}</span>")
    for table in tables(impact):
        parts.append(f"<h2>{escape(table.title)}</h2>")
        if len(table.head) == 1:
            parts.append("<ul>" + "".join(f"<li>{escape(_text(row[0]))}</li>" for row in table.rows) + "</ul>")
            continue
        head = "".join(f"<th>{escape(h)}</th>" for h in table.head)
        body = "".join("<tr>" + "".join(_td(c) for c in row) + "</tr>" for row in table.rows)
        parts.append(f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
    return "".join([*parts, "</body></html>"]).encode()


def _td(value: Cell) -> str:
    return f"<td class='n'>{escape(value.text)}</td>" if isinstance(value, Number) else f"<td>{escape(value)}</td>"


def _text(value: Cell) -> str:
    return value.text if isinstance(value, Number) else value


def _cells(text: str) -> int:
    """Width in characters: Chinese ones are twice as wide."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)
