"""Reports as files: XLSX with native charts, Word, HTML that needs no other file, JSON; all from one :class:`Report`."""

from __future__ import annotations

import io
import json
import re
import zipfile
from base64 import b64encode
from dataclasses import fields, is_dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lydigital.errors import UsageError
from lydigital.model.report import (
    Block,
    Cell,
    Chart,
    Number,
    Paragraph,
    Picture,
    Report,
    Series,
    Table,
    number,
    text_of,
)
from lydigital.publish import charts, image
from lydigital.publish.wording import ILLEGAL
from lydigital.texts import language, tr

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT, _LONG = 16, 60  # cells that are not broken; rows above which a table scrolls
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CSS = (
    "body{font:14px/1.65 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif;color:#1f2a30;background:#faf8f4;"
    "margin:0}main{background:#fff;max-width:66rem;margin:0 auto;padding:2.2rem 3rem 3rem;box-shadow:0 0 0 1px #e5e0d6}"
    "h1{font-size:1.55rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-top:1.2rem;border-top:1px solid #e5e0d6}"
    "h3{font-size:1rem;margin:1.8rem 0 .5rem}.sub{color:#515d66;margin:0 0 .8rem}nav{font-size:.86rem;margin:1rem 0 0}nav a{color:#0f766e;"
    "text-decoration:none;margin-right:1.2em;white-space:nowrap}.wide{overflow-x:auto}.long{max-height:44rem;overflow:auto}td.s{white-space:nowrap}table{border-collapse:collapse;width:100%;font-size:.84rem;"
    "border-bottom:1.5px solid #1f2a30}thead th{position:sticky;top:0;background:#fff;border-bottom:1px solid #1f2a30;box-shadow:inset 0 1.5px #1f2a30;"
    "font-weight:600;text-align:left;vertical-align:bottom}th,td{padding:.3rem .6rem;vertical-align:top}td{border-top:1px solid #efebe3}"
    "th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}figure{margin:1.4rem 0}figure svg,figure img{max-width:100%;height:auto;"
    "display:block;margin:0 auto}figcaption{text-align:center;font-size:.86rem;color:#515d66;margin-top:.5rem}.note{color:#6b757d;font-size:.8rem;"
    "margin:.4rem 0}.stamp{display:inline-block;color:#b3261e;border:1px solid #b3261e;padding:0 .6rem;font-size:.8rem;font-weight:600;margin-right:.6rem}"
    "ul{padding-left:1.2rem;margin:.4rem 0}li{margin:.2rem 0}.small li{font-size:.86rem;color:#515d66}"
    "@media(max-width:48rem){main{padding:1.2rem}}"
    "@media print{body{background:#fff;font-size:10pt}main{box-shadow:none;padding:0;max-width:none}.long{max-height:none}"
    "h2,h3{break-after:avoid}tr,figure{break-inside:avoid}nav{display:none}}"
)


def write(report: Report, path: str | Path) -> Path:
    """Write ``report`` by the ending of ``path``: ``.xlsx``, ``.docx``, ``.html``, ``.json``; the absolute path.

    Raises
    ------
    UsageError
        When the ending is another one.
    StoreUnavailableError
        When the file cannot be written, or a picture needs PySide6.
    """
    target = Path(path).absolute()
    maker = WRITERS.get(target.suffix.lower())
    if maker is None:
        raise UsageError(
            "{path} has no ending that says what to write", hint="End it in .xlsx, .docx, .html or .json.", path=str(path)
        )
    image.write(target, maker(report))
    return target


def _writable(part: Any) -> Any:
    """``part`` of a report without the characters that no document can hold; names come from anywhere."""
    if isinstance(part, str):
        return ILLEGAL.sub("", part)
    if isinstance(part, tuple):
        return tuple(map(_writable, part))
    if is_dataclass(part) and not isinstance(part, Number | type):
        return replace(part, **{f.name: _writable(getattr(part, f.name)) for f in fields(part)})
    return part


def stamps(report: Report) -> tuple[str, ...]:
    """What stands in red on the first page."""
    return (*([tr("Sample data")] if report.is_sample else []), *report.stamps)


def remarks(report: Report) -> tuple[str, ...]:
    """The notes, and what has to be said of synthetic data."""
    sample = tr("Contains synthetic sample data. Not facts, not for decisions.")
    return (*report.notes, *([sample] if report.is_sample and sample not in report.notes else []))


def xlsx(report: Report) -> bytes:
    """One sheet a table, numbers stay numbers, charts are native ones."""
    from lydigital.publish import report_xlsx

    return report_xlsx.content(_writable(report))


def docx(report: Report) -> bytes:
    """A Word document, A4."""
    from lydigital.publish import report_docx

    return report_docx.content(_writable(report))


def html(report: Report) -> bytes:
    """One self-contained page: no script, nothing from elsewhere, charts as SVG."""
    report = _writable(report)
    begin = (
        f"<!doctype html><html lang='{'zh-CN' if language() == 'zh' else 'en'}'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{escape(report.title)}</title><style>{_CSS}</style></head><body><main>"
        f"<h1>{escape(report.title)}</h1>"
    )
    parts = [begin]
    if report.subtitle:
        parts.append(f"<p class='sub'>{escape(report.subtitle)}</p>")
    if stamps(report):
        parts.append("<p>" + "".join(f"<span class='stamp'>{escape(s)}</span>" for s in stamps(report)) + "</p>")
    heads = [b.text for b in report.blocks if isinstance(b, Paragraph) and b.style == "heading"]
    if len(heads) > 2:
        parts.append("<nav>" + "".join(f"<a href='#s{i}'>{escape(h)}</a>" for i, h in enumerate(heads, 1)) + "</nav>")
    level = "h3" if heads else "h2"
    section, figure = 0, 0
    for at, block in enumerate(report.blocks):
        if isinstance(block, Paragraph):
            section += block.style == "heading"
            parts.append(_paragraph(block, section, report.blocks[at - 1 : at], report.blocks[at + 1 : at + 2]))
        elif isinstance(block, Table):
            parts.append(f"<{level}>{escape(block.title)}</{level}>{_table(block)}")
        else:
            figure += 1
            parts.append(_figure(block, figure))
    for title, lines in endings(report):
        parts.append(f"<h2>{escape(title)}</h2><ul class='small'>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")
    return "".join([*parts, "</main></body></html>"]).encode()


def cells_wide(text: str) -> int:
    """Width in characters: Chinese ones are twice as wide."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def endings(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    """Notes and sources, as sections at the end."""
    return [(title, lines) for title, lines in ((tr("Notes"), remarks(report)), (tr("Data sources"), report.sources)) if lines]


def _paragraph(block: Paragraph, section: int, before: tuple[Block, ...], after: tuple[Block, ...]) -> str:
    text = escape(block.text)
    if block.style == "heading":
        return f"<h2 id='s{section}'>{text}</h2>"
    if block.style == "subheading":
        return f"<h3>{text}</h3>"
    if block.style == "list":
        begins, ends = (not any(isinstance(b, Paragraph) and b.style == "list" for b in near) for near in (before, after))
        return f"{'<ul>' if begins else ''}<li>{text}</li>{'</ul>' if ends else ''}"
    return f"<p class='note'>{text}</p>" if block.style == "note" else f"<p>{text}</p>"


def _table(table: Table) -> str:
    is_number = [any(isinstance(row[i], Number) for row in table.rows) for i in range(len(table.head))]
    is_short = [all(cells_wide(text_of(row[i])) <= _SHORT for row in table.rows) for i in range(len(table.head))]
    mark = [" class='n'" if n else " class='s'" if s else "" for n, s in zip(is_number, is_short, strict=True)]
    head = "".join(f"<th{m}>{escape(h)}</th>" for h, m in zip(table.head, mark, strict=True))
    body = "".join("<tr>" + "".join(f"<td{m}>{escape(text_of(c))}</td>" for c, m in zip(row, mark, strict=True)) + "</tr>" for row in table.rows)
    note = f"<p class='note'>{escape(table.note)}</p>" if table.note else ""
    long = " long" if len(table.rows) > _LONG else ""
    return f"<div class='wide{long}'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"


def _figure(block: Chart | Picture, count: int) -> str:
    if isinstance(block, Chart):
        drawn = charts.svg(block, alone=False)
    else:
        shape = f"style='width:{block.width_mm:g}mm' alt='{escape(block.title, quote=True)}'"
        drawn = f"<img {shape} src='data:image/png;base64,{b64encode(block.content).decode()}'>"
    note = f"<p class='note'>{escape(block.note)}</p>" if block.note else ""
    return f"<figure>{drawn}<figcaption>{escape(caption(block, count))}</figcaption>{note}</figure>"


def numbers_of(chart: Chart) -> Table:
    """What a chart shows, as its own table: series, then targets."""
    head = [tr("Item"), *(s.name or chart.title for s in chart.series)]
    aims: list[tuple[float | None, ...]] = []
    if chart.kind == "target":
        head += [tr("Target"), tr("Reached, %")]
        given = [chart.targets[k] if k < len(chart.targets) else chart.target for k in range(len(chart.labels))]
        shares = [v / a * 100 if v is not None and a else None for v, a in zip(chart.series[0].values, given, strict=True)]
        aims = [tuple(given), tuple(shares)]
    elif chart.target is not None:
        head.append(tr("Target"))
        aims = [(chart.target,) * len(chart.labels)]
    columns = [*(s.values for s in chart.series), *aims]

    def cell(value: float | None) -> Cell:
        return "" if value is None else Number(value, chart.step)

    rows = tuple((label, *(cell(c[k]) for c in columns)) for k, label in enumerate(chart.labels))
    return Table(chart.title, tuple(head), rows)


def caption(block: Chart | Picture, count: int) -> str:
    return tr("Figure {count}  {title}", count=count, title=block.title)


def as_values(report: Report) -> dict[str, Any]:
    """The report as plain values; None for what is not known."""

    def cell(value: Cell) -> Any:
        return value.rounded if isinstance(value, Number) else value

    def block(one: Block) -> dict[str, Any]:
        if isinstance(one, Paragraph):
            return {"kind": one.style, "text": one.text}
        if isinstance(one, Table):
            return {"kind": "table", "title": one.title, "head": list(one.head), "rows": [[cell(c) for c in row] for row in one.rows], "note": one.note}
        if isinstance(one, Picture):
            return {"kind": "picture", "title": one.title, "width_mm": one.width_mm}
        return {
            "kind": f"chart-{one.kind}", "title": one.title, "unit": one.unit, "target": one.target, "targets": list(one.targets),
            "labels": list(one.labels), "series": [{"name": s.name, "values": list(s.values)} for s in one.series],
        }  # fmt: skip

    return {
        "title": report.title, "subtitle": report.subtitle, "sample": report.is_sample, "stamps": list(stamps(report)),
        "blocks": [block(b) for b in report.blocks], "notes": list(remarks(report)), "sources": list(report.sources),
    }  # fmt: skip


def _json(report: Report) -> bytes:
    return json.dumps(as_values(_writable(report)), ensure_ascii=False, indent=1).encode()


def steady(office_file: bytes) -> bytes:
    """An Office file without the time of day in it: the same report gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(office_file)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>2006-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(entry, content)
    return out.getvalue()


WRITERS: dict[str, Callable[[Report], bytes]] = {".xlsx": xlsx, ".docx": docx, ".html": html, ".json": _json}

__all__ = [
    "WRITERS", "Block", "Cell", "Chart", "Number", "Paragraph", "Picture", "Report", "Series", "Table", "as_values", "docx", "html",
    "number", "text_of", "write", "xlsx",
]  # fmt: skip
