"""A report as pages of A4: words, tables and pictures set one below the other, vectors and selectable text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lydigital.model.layout import Layout, Page, TextItem
from lydigital.model.report import Number, Paragraph, Picture, Report, Table, text_of
from lydigital.publish import report as reports
from lydigital.publish import typeset
from lydigital.publish.arrange import Arranged, ArrangedPage, Placed
from lydigital.publish.furniture import FAINT, GREY, INK, STAMP, Box
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.report import Block, Chart
    from lydigital.publish.furniture import Paper
    from lydigital.publish.typeset import Line, Weight
    from lydigital.render.painter.fonts import QtFonts

BODY = Box(16.0, 16.0, 178.0, 262.0)
_BRAND, _TINT = "#0f4c5c", "#e8f0f1"
_CELL_PT, _PAD = 7.5, 1.1
_SIZES: dict[str, tuple[float, Weight, str, float]] = {  # points, weight, colour, room above
    "heading": (12.0, "bold", _BRAND, 4.0), "subheading": (10.0, "bold", INK, 2.5), "text": (9.0, "regular", INK, 1.0),
    "list": (8.5, "regular", INK, 0.5), "note": (7.0, "regular", GREY, 0.5),
}  # fmt: skip


@dataclass
class _Pages:
    """Pages as they fill up; ``y`` is where the next thing goes."""

    fonts: QtFonts
    made: list[list[Callable[[Paper], None]]] = field(default_factory=lambda: [[]])
    y: float = BODY.y

    def need(self, height: float) -> None:
        if self.y + height > BODY.bottom and self.y > BODY.y:
            self.made.append([])
            self.y = BODY.y

    def put(self, draw: Callable[[Paper], None], height: float) -> None:
        self.made[-1].append(draw)
        self.y += height

    def words(self, text: str, size: float, *, weight: Weight = "regular", color: str = INK, indent: float = 0.0) -> None:
        step = typeset.size_mm(size) * 1.4
        for line in typeset.lines(self.fonts, _literal(text), size, BODY.width - indent, weight):
            self.need(step)
            self.put(partial(_line, x=BODY.x + indent, y=self.y + step * 0.74, line=line, size=size, color=color), step)


def arranged(report: Report, fonts: QtFonts) -> Arranged:
    """The pages of ``report``, A4 upright."""
    pages = _Pages(fonts)
    _head(pages, report)
    for at, block in enumerate(report.blocks):
        _block(pages, block, report.blocks[at + 1 : at + 2])
    for title, lines in reports.endings(report):
        _block(pages, Paragraph(title, "subheading"), ())
        for line in lines:
            pages.words("· " + line, 7.0, color=GREY)
    layout = Layout(id="report", title=report.title, pages=tuple(Page(210, 297) for _ in pages.made))
    count = len(pages.made)
    made = []
    for number, draws in enumerate(pages.made):
        item = TextItem(id=f"page_{number}", x=0, y=0, width=210, height=297, page=number)
        made.append(ArrangedPage(210, 297, (
            Placed(item, Box(0, 0, 210, 297), paint=partial(_page, draws=draws, report=report, number=number + 1, count=count)),
        ), report.title))  # fmt: skip
    return Arranged(layout, tuple(made), fonts, {"title": report.title})


def pdf(report: Report) -> bytes:
    """The report as a PDF."""
    from lydigital.publish import press
    from lydigital.publish.township_card import fonts_of

    return press.pdf_of([arranged(report, fonts_of())], report.title)


def _page(paper: Paper, *, draws: Sequence[Callable[[Paper], None]], report: Report, number: int, count: int) -> None:
    for draw in draws:
        draw(paper)
    y = 287.5
    paper.line(BODY.x, y - 4, BODY.right, y - 4, color=FAINT)
    paper.text(BODY.x, y, report.title, 7, color=GREY, most_mm=BODY.width - 30)
    paper.text(BODY.right, y, tr("Page {number} of {count}", number=number, count=count), 7, color=GREY, align="right")


def _head(pages: _Pages, report: Report) -> None:
    stamps = reports.stamps(report)

    def draw(paper: Paper) -> None:
        paper.box(Box(0, 0, 210, 27), fill=_BRAND)
        right = BODY.right
        for stamp in stamps:
            wide = paper.width_mm(stamp, 8, "bold") + 5
            paper.box(Box(right - wide, 6, wide, 5.6), fill="#ffffff", color=STAMP, width_mm=0.3)
            paper.text(right - wide / 2, 9.9, stamp, 8, weight="bold", color=STAMP, align="centre")
            right -= wide + 2
        paper.text(BODY.x, 13.5, report.title, 17, weight="bold", color="#ffffff", most_mm=right - BODY.x - 3)
        paper.text(BODY.x, 21.5, report.subtitle, 9, color="#cfe3e6", most_mm=BODY.width)

    pages.put(draw, 30.5 - BODY.y)


def _block(pages: _Pages, block: Block, after: Sequence[Block]) -> None:
    if isinstance(block, Paragraph):
        size, weight, color, above = _SIZES[block.style]
        pages.y += above if pages.y > BODY.y else 0.0
        if block.style in ("heading", "subheading"):
            pages.need(26.0 if after else 12.0)  # never alone at the foot of a page
        mark = "· " if block.style == "list" else ""
        pages.words(mark + block.text, size, weight=weight, color=color, indent=2.0 if mark else 0.0)
        pages.y += 1.0 if block.style == "heading" else 0.3
    elif isinstance(block, Table):
        _table(pages, block)
    else:
        _picture(pages, block)


def _picture(pages: _Pages, block: Picture | Chart) -> None:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage

    from lydigital.publish import charts

    is_picture = isinstance(block, Picture)
    content = block.content if isinstance(block, Picture) else charts.png(block)
    image = QImage.fromData(content)
    wide = min(block.width_mm if isinstance(block, Picture) else 150.0, BODY.width)
    height = wide * image.height() / max(image.width(), 1)
    if height > BODY.height - 12:
        wide, height = wide * (BODY.height - 12) / height, BODY.height - 12
    pages.need(height + 6)
    box = QRectF(BODY.x + (BODY.width - wide) / 2, pages.y + 1.0, wide, height)
    pages.put(lambda paper: paper.painter.drawImage(box, image), height + 2.0)
    if not is_picture or block.note:
        pages.words("　".join(t for t in (block.title, block.note) if t), 7.0, color=GREY)


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(pages: _Pages, table: Table) -> None:
    count = len(table.head)
    numeric = [any(isinstance(row[k], Number) for row in table.rows) for k in range(count)]
    widths = _widths(pages.fonts, table)
    pages.y += 2.5 if pages.y > BODY.y else 0.0
    head = _row(pages.fonts, table.head, widths)
    pages.need(5.5 + head[1] + 12.0)
    if table.title:
        pages.words(table.title, 9.5, weight="bold", color=_BRAND)
        pages.y += 0.6
    _put_row(pages, head, widths, numeric, is_head=True)
    for row in table.rows:
        cells = _row(pages.fonts, [text_of(c) for c in row], widths)
        if pages.y + cells[1] > BODY.bottom:
            pages.need(cells[1] + 1e3)
            _put_row(pages, head, widths, numeric, is_head=True)
        _put_row(pages, cells, widths, numeric, is_head=False)
    if table.note:
        pages.words(table.note, 6.5, color=GREY)


def _widths(fonts: QtFonts, table: Table) -> list[float]:
    """Width of every column: what it asks for, long ones cut down so that all fit."""
    asked = []
    for k, head in enumerate(table.head):
        cells = [head, *(text_of(row[k]) for row in table.rows)]
        asked.append(max(5.0, *(_wide(fonts, text) for text in cells)) + 2 * _PAD)
    room = BODY.width
    if sum(asked) <= room:
        spare = (room - sum(asked)) / len(asked)
        return [w + spare for w in asked]
    cap = max(asked)
    while sum(min(w, cap) for w in asked) > room and cap > 8.0:
        cap *= 0.97
    made = [min(w, cap) for w in asked]
    return [w * room / sum(made) for w in made] if sum(made) > room else made


def _wide(fonts: QtFonts, text: str) -> float:
    return sum(_line_width(fonts, line) for line in typeset.lines(fonts, _literal(text), _CELL_PT, 1e4)) if text else 0.0


def _line_width(fonts: QtFonts, line: Line) -> float:
    """Width of a line in the type of cells, mm."""
    from lydigital.render.drawlist import Font

    return sum(float(fonts.advances(run.text, Font(typeset.size_mm(_CELL_PT), run.weight)).sum()) for run in line)


def _literal(text: str) -> str:
    """Stars that stand for something hidden are no mark of bold type."""
    return text.replace("*", "＊")


def _row(fonts: QtFonts, cells: Sequence[str], widths: Sequence[float]) -> tuple[list[list[Line]], float]:
    lines = [typeset.lines(fonts, _literal(text), _CELL_PT, wide - 2 * _PAD + 0.05) for text, wide in zip(cells, widths, strict=True)]
    return lines, max(len(one) for one in lines) * _step() + 1.5


def _step() -> float:
    return typeset.size_mm(_CELL_PT) * 1.3


def _put_row(
    pages: _Pages, row: tuple[list[list[Line]], float], widths: Sequence[float], numeric: Sequence[bool], *, is_head: bool
) -> None:
    lines, height = row
    y = pages.y

    def draw(paper: Paper) -> None:
        wide = sum(widths)
        if is_head:
            paper.box(Box(BODY.x, y, wide, height), fill=_TINT)
        else:
            paper.line(BODY.x, y + height, BODY.x + wide, y + height, color="#dfe4e6", width_mm=0.12)
        x = BODY.x
        for cell, w, right in zip(lines, widths, numeric, strict=True):
            for k, line in enumerate(cell):
                base = y + 0.75 + _step() * (k + 0.76)
                at = x + w - _PAD - typeset.width(paper, line, _CELL_PT) if right else x + _PAD
                typeset.set_line(paper, at, base, line, _CELL_PT, color=GREY if is_head else INK)
            x += w

    pages.put(draw, height)


def _line(paper: Paper, *, x: float, y: float, line: Line, size: float, color: str) -> None:
    typeset.set_line(paper, x, y, line, size, color=color)
