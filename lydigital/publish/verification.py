"""The verification notebook as a report: HTML in one file with its charts, or a Word document."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from lydigital.domain.validity import shown
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.domain.verification import Group, Match, Verification

COLOURS = {"hits": "#2e8b57", "misses": "#c0392b", "false_alarms": "#e0a030"}
_STYLE = """
body{font:14px/1.6 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif;max-width:960px;margin:2em auto;
padding:0 1em;color:#222}
h1{font-size:22px}h2{font-size:17px;margin-top:1.8em;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{border:1px solid #ccc;padding:3px 8px;text-align:right}th{background:#f2f4f6}
td:first-child,th:first-child{text-align:left}
.stamp{display:inline-block;border:2px solid #c0392b;color:#c0392b;padding:2px 10px;font-weight:bold;margin-right:8px}
.note{color:#555;font-size:13px}svg{max-width:100%}
@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}
"""
SCORES = ("POD", "FAR", "TS", "BIAS", "HSS")


def sections(found: Verification) -> list[tuple[str, list[str], list[list[str]]]]:
    """Tables of the report: title, head, rows of text."""
    level_names = {"1": tr("red"), "2": tr("orange"), "3": tr("yellow"), "4": tr("blue")}
    parts = [
        (tr("By season"), found.seasons, {}), (tr("By level (only that level counted)"), found.levels, level_names),
        (tr("By model"), found.models, {}), (tr("By officer"), found.officers, {}), (tr("By issue"), found.issues, {}),
    ]  # fmt: skip
    head = [
        "", tr("Issues"), tr("Hits"), tr("Misses"), tr("False alarms"), tr("Correct negatives"), *SCORES, tr("Lead time, h"),
        tr("Area × days, km²"), tr("Hits per 1000 km²"),
    ]  # fmt: skip
    whole = (tr("Whole period"), head, [_row(found.total, tr("Whole period"))])
    return [whole, *((title, head, [_row(g, names.get(g.name, g.name)) for g in groups]) for title, groups, names in parts if groups)]


def event_rows(matches: Sequence[Match]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the list of events."""
    names = {1: tr("red"), 2: tr("orange"), 3: tr("yellow"), 4: tr("blue")}
    head = [tr("Event"), tr("Time"), tr("Warned"), tr("Level"), tr("Lead time, h"), tr("In a warning zone")]
    rows = []
    for m in matches:
        said = "-" if m.spell is None else tr("issue {number} of {year}", number=m.spell.issue.number, year=m.spell.issue.year)
        zone = "-" if m.in_zone is None else tr("yes") if m.in_zone else tr("no")
        level = "-" if m.level is None else names[int(m.level)]
        rows.append([f"{m.event.code} {m.event.name}", shown(m.event.time), said, level, _number(m.lead_h, 1), zone])
    return head, rows


def notes(found: Verification) -> list[str]:
    """How the figures are to be read."""
    said = [
        tr("Units are township-days of 20:00 to 20:00 Beijing time; townships are joined by code. Hit: an event while its township was warned. Miss: an event while it was not. False alarm: warned for an hour or more, and no event."),
        tr("POD = h/(h+m), FAR = f/(h+f), TS = h/(h+m+f), BIAS = (h+f)/(h+m), HSS: Heidke skill score, 0 is chance. “–”: nothing can be said."),
        tr("Figures of models, officers, levels and issues are over the days on which their own warnings were in force."),
        tr("Events that nobody reported are not in it: misses are too few and false alarms too many."),
    ]  # fmt: skip
    if found.unknown:
        said.append(tr("{count} events lie in townships the map does not know and are left out", count=len(found.unknown)))
    return said


def as_html(found: Verification, *, title: str, stamps: Sequence[str] = ()) -> str:
    """The report as one HTML file that needs no other."""
    e = html.escape
    out = [f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{e(title)}</title><style>{_STYLE}</style>']
    out.append(f"<h1>{e(title)}</h1><p>{''.join(f'<span class=stamp>{e(s)}</span>' for s in stamps)}{e(_period(found))}</p>")
    out += [contingency_svg(found.total), scores_svg([*found.seasons, *found.models])]
    for name, head, rows in sections(found):
        out.append(f"<h2>{e(name)}</h2>{_html_table(head, rows)}")
    head, rows = event_rows(found.matches)
    out.append(f"<h2>{e(tr('Events'))}</h2>" + (_html_table(head, rows) if rows else f"<p>{e(tr('No event was reported'))}</p>"))
    out.append(f"<h2>{e(tr('How to read it'))}</h2><ul class=note>{''.join(f'<li>{e(n)}</li>' for n in notes(found))}</ul></html>")
    return "\n".join(out)


def write_docx(found: Verification, path: Path, *, title: str, stamps: Sequence[str] = ()) -> None:
    """The report as a Word document.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    document = Document()
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, page.page_height, page.page_width
    for name in ("Normal", "Title", "Heading 1"):
        style = document.styles[name]
        style.font.name = "Times New Roman"
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体" if name == "Normal" else "黑体")
    document.styles["Normal"].font.size = Pt(9)
    document.add_heading(title, 0)
    line = document.add_paragraph()
    for stamp in stamps:
        run = line.add_run(f"【{stamp}】")
        run.bold, run.font.color.rgb = True, RGBColor(0xC0, 0x39, 0x2B)
    line.add_run(_period(found))
    t = found.total.table
    cells = [(tr("Hits"), t.hits), (tr("Misses"), t.misses), (tr("False alarms"), t.false_alarms)]
    most = max([1, *(count for _, count in cells)])
    for (name, count), colour in zip(cells, COLOURS.values(), strict=True):
        bar = document.add_paragraph(f"{name} {count} ")
        run = bar.add_run("█" * round(40 * count / most))
        run.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    for name, head, rows in [*sections(found), (tr("Events"), *event_rows(found.matches))]:
        document.add_heading(name, 1)
        table = document.add_table(1, len(head), style="Light Grid Accent 1")
        for cell, text in zip(table.rows[0].cells, head, strict=True):
            cell.text = text
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    document.add_heading(tr("How to read it"), 1)
    for note in notes(found):
        document.add_paragraph(note, style="List Bullet")
    document.save(str(path))


# --- charts ---------------------------------------------------------------------------------------------------------


def contingency_svg(group: Group) -> str:
    """Hits, misses and false alarms as one bar."""
    t = group.table
    parts = [("hits", tr("Hits"), t.hits), ("misses", tr("Misses"), t.misses), ("false_alarms", tr("False alarms"), t.false_alarms)]
    whole = sum(count for *_, count in parts)
    out, x = [], 0.0
    for name, title, count in parts:
        width = 720 * count / whole if whole else 0.0
        out.append(f'<rect x="{x:.1f}" y="20" width="{width:.1f}" height="28" fill="{COLOURS[name]}"><title>{html.escape(title)} {count}</title></rect>')
        x += width
    legend = "".join(
        f'<rect x="{i * 200}" y="58" width="12" height="12" fill="{COLOURS[name]}"/><text x="{i * 200 + 18}" y="69">{html.escape(title)} {count}</text>'
        for i, (name, title, count) in enumerate(parts)
    )
    label = html.escape(tr("Township-days warned or hit: {count}", count=whole))
    return f'<svg viewBox="0 0 720 80" width="720" height="80" font-size="13" role="img"><text x="0" y="13">{label}</text>{"".join(out)}{legend}</svg>'


def scores_svg(groups: Sequence[Group]) -> str:
    """POD, FAR and TS of every group as bars from 0 to 1."""
    kinds = (("POD", "#2e8b57"), ("FAR", "#e0a030"), ("TS", "#34699a"))
    height = 30 + 62 * max(len(groups), 1)
    out = [f'<line x1="{220 + 100 * i}" y1="18" x2="{220 + 100 * i}" y2="{height}" stroke="#ddd"/><text x="{220 + 100 * i}" y="13" text-anchor="middle">{i / 5:.1f}</text>' for i in range(6)]
    for row, group in enumerate(groups):
        top = 24 + 62 * row
        out.append(f'<text x="0" y="{top + 30}">{html.escape(group.name[:22])}</text>')
        for k, ((name, colour), value) in enumerate(zip(kinds, (group.table.pod, group.table.far, group.table.ts), strict=True)):
            y = top + 18 * k
            length = 0.0 if math.isnan(value) else 500 * value
            out.append(f'<text x="212" y="{y + 12}" text-anchor="end">{name}</text><rect x="220" y="{y}" width="{length:.1f}" height="14" fill="{colour}"/><text x="{226 + length:.1f}" y="{y + 12}">{_number(value)}</text>')
    return f'<svg viewBox="0 0 780 {height}" width="780" height="{height}" font-size="12" role="img">{"".join(out)}</svg>'


# --- inside ---------------------------------------------------------------------------------------------------------


def _row(group: Group, name: str) -> list[str]:
    t = group.table
    return [
        name, str(group.issues), str(t.hits), str(t.misses), str(t.false_alarms), str(t.correct_negatives),
        *(_number(v) for v in (t.pod, t.far, t.ts, t.bias, t.hss)), _number(group.lead_h, 1), f"{group.area_km2:,.0f}",
        _number(group.hits_per_1000_km2),
    ]  # fmt: skip


def _number(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _period(found: Verification) -> str:
    names = {1: tr("red"), 2: tr("orange"), 3: tr("yellow"), 4: tr("blue")}
    return tr("From {start} to {end}; warnings of {level} and higher", start=shown(found.start), end=shown(found.end),
              level=names[int(found.level)])  # fmt: skip


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
