"""Cards of hazard points on A4: PDF with a small map, and Word."""

from __future__ import annotations

import io
import math
import tempfile
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from lydigital.model.viewport import Viewport
from lydigital.publish import furniture, pages
from lydigital.publish.furniture import FAINT, GREY, INK, STAMP, Box
from lydigital.publish.pages import Leaf
from lydigital.render.drawlist import Font
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.domain.hazard_cards import Card, Pair
    from lydigital.model.crs import Crs
    from lydigital.publish.furniture import Paper
    from lydigital.render.drawlist import SceneLayer
    from lydigital.render.painter.fonts import QtFonts

SCALE = 10_000
_DPI = 300
_BODY = Box(18, 14, 174, 269)
_PAGE = Box(0, 0, 210, 297)
_LABEL_MM = 33.0
_LEAST_MAP_MM = 48.0
_FACE = "Noto Sans CJK SC"


@dataclass(frozen=True)
class Map:
    """What the small map shows: the surroundings of ``xy`` (map units of ``crs``)."""

    scene: tuple[SceneLayer, ...]
    xy: tuple[float, float]
    crs: Crs


@dataclass(frozen=True)
class _Line:
    """A row of the table, laid out: cells with their wrapped lines."""

    y: float
    height: float
    cells: tuple[tuple[Box, tuple[str, ...], bool], ...]


@dataclass(frozen=True)
class _Plan:
    lines: tuple[_Line, ...]
    map: Box
    size_pt: float


def write_pdf(path: Path, cards: Sequence[Card], chart: Map) -> int:
    """Every copy of every card on a page of its own; the number of pages.

    Raises
    ------
    StoreUnavailableError
        When the file cannot be written.
    """
    from lydigital.render.painter.fonts import QtFonts

    fonts = QtFonts()
    leaves = [_leaf(replace(card, copies=(copy,)), chart, fonts) for card in cards for copy in card.copies]
    pages.write_leaves(path, leaves, chart.scene)
    return len(leaves)


def _leaf(card: Card, chart: Map, fonts: QtFonts) -> Leaf:
    plan = _plan(card, fonts)
    viewport = _viewport(chart, plan.map)
    return Leaf(card.title, _PAGE, plan.map, viewport, _DPI, fonts, lambda paper: _furnish(paper, card, plan, viewport))


def _viewport(chart: Map, box: Box, dpi: int = _DPI) -> Viewport:
    size = round(box.width * dpi / MM_PER_INCH), round(box.height * dpi / MM_PER_INCH)
    return Viewport(chart.xy, 1.0, *size, chart.crs, dpi=dpi).at_scale(SCALE)


def _plan(card: Card, fonts: QtFonts) -> _Plan:
    """Lay the table out in the largest type that leaves room for the map."""
    top = _BODY.y + 20.0
    foot = _BODY.bottom - 9.0 - 3.6 * len(card.notes) - (8.0 if card.signatures else 0.0)
    for size_pt in (9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5):
        lines, y = _table(card, fonts, top, size_pt)
        if y + 3 + _LEAST_MAP_MM <= foot:
            break
    return _Plan(lines, Box(_BODY.x, y + 3, _BODY.width, max(20.0, foot - y - 3)), size_pt)


def _table(card: Card, fonts: QtFonts, top: float, size_pt: float) -> tuple[tuple[_Line, ...], float]:
    y, lines = top, []
    step = size_pt * 0.3528 * 1.35
    for row in card.rows:
        wide = _BODY.width / len(row)
        cells: list[tuple[Box, tuple[str, ...], bool]] = []
        for i, (label, value) in enumerate(row):
            x = _BODY.x + i * wide
            cells.append((Box(x, y, _LABEL_MM, 0), _wrapped(fonts, label, size_pt, _LABEL_MM - 3), True))
            cells.append((Box(x + _LABEL_MM, y, wide - _LABEL_MM, 0), _wrapped(fonts, value, size_pt, wide - _LABEL_MM - 3), False))
        height = max(len(text) for _, text, _ in cells) * step + 2.6
        lines.append(_Line(y, height, tuple((replace(box, height=height), text, head) for box, text, head in cells)))
        y += height
    return tuple(lines), y


def _wrapped(fonts: QtFonts, text: str, size_pt: float, most_mm: float) -> tuple[str, ...]:
    """``text`` in lines no wider than ``most_mm``; at least one line."""
    font = Font(size_pt / POINTS_PER_INCH * MM_PER_INCH, "regular")
    out, line, wide = [], "", 0.0
    for char, step in zip(text, fonts.advances(text, font).tolist() if text else [], strict=True):
        if wide + step > most_mm and line:
            out.append(line)
            line, wide = "", 0.0
        line, wide = line + char, wide + step
    return (*out, line)


def _furnish(paper: Paper, card: Card, plan: _Plan, viewport: Viewport) -> None:
    middle = _BODY.x + _BODY.width / 2
    paper.text(middle, _BODY.y + 8, card.title, 18, weight="bold", align="centre")
    paper.text(_BODY.x, _BODY.y + 17, f"编号：{card.number}", 9.5)
    if card.copies[0]:
        paper.text(middle, _BODY.y + 17, card.copies[0], 9.5, align="centre")
    if card.is_sample:
        furniture.stamp(paper, _BODY.right, _BODY.y + 10.6, ["含示例数据"], color=STAMP)
    for line in plan.lines:
        for box, parts, is_label in line.cells:
            paper.box(box, color=INK, width_mm=0.2, fill="#eef2f6" if is_label else "")
            step = plan.size_pt * 0.3528 * 1.35
            for i, part in enumerate(parts):
                paper.text(box.x + 1.5, box.y + 1.3 + step * (i + 0.78), part, plan.size_pt, most_mm=box.width - 2)
    _mark(paper, plan.map, viewport)
    y = plan.map.bottom + 8.0
    wide = _BODY.width / max(1, len(card.signatures))
    for i, text in enumerate(card.signatures):
        paper.text(_BODY.x + i * wide, y, text, 9)
    for i, note in enumerate(card.notes):
        paper.text(_BODY.x, _BODY.bottom - 3.6 * (len(card.notes) - 1 - i) - 1.5, note, 7, color=GREY, most_mm=_BODY.width)


def _mark(paper: Paper, box: Box, viewport: Viewport) -> None:
    """Frame, ring round the point, scale bar and north."""
    paper.box(box, color=INK, width_mm=0.3)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    ring = [(x + 4.2 * math.cos(a * math.pi / 24), y + 4.2 * math.sin(a * math.pi / 24)) for a in range(49)]
    for (x0, y0), (x1, y1) in pairwise(ring):
        paper.line(x0, y0, x1, y1, color=STAMP, width_mm=0.6)
    paper.box(Box(box.x + 2, box.bottom - 15, 50, 13), color=FAINT, fill="#ffffff")
    furniture.scale_bar(paper, box.x + 5, box.bottom - 4.2, viewport.scale / 1000, 36.0)
    paper.text(box.x + 5, box.bottom - 11.4, f"1:{round(viewport.scale):,}".replace(",", " "), 7.5, weight="bold")
    paper.box(Box(box.right - 12, box.y + 2, 10, 15), color=FAINT, fill="#ffffff")
    furniture.north_arrow(paper, box.right - 7, box.y + 3, 12.0)


# --- Word -------------------------------------------------------------------------------------------------------------


def write_docx(path: Path, cards: Sequence[Card], chart: Map) -> int:
    """The same cards as a Word document to be filled in; the number of copies.

    Raises
    ------
    StoreUnavailableError
        When the file cannot be written.
    """
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    picture = _picture(chart, Box(0, 0, _BODY.width, 70.0))
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Mm(_PAGE.width), Mm(_PAGE.height)
    section.left_margin = section.right_margin = Mm(_BODY.x)
    section.top_margin = section.bottom_margin = Mm(_BODY.y)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = _FACE, Pt(9)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FACE)
    normal.paragraph_format.space_after = Pt(0)
    count = 0
    for card in cards:
        for copy in card.copies:
            if count:
                made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
            count += 1
            title = made.add_paragraph()
            title.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = title.add_run(card.title)
            run.bold, run.font.size = True, Pt(18)
            made.add_paragraph("　　".join(t for t in (f"编号：{card.number}", copy, "【含示例数据】" if card.is_sample else "") if t))
            grid = made.add_table(0, 4, style="Table Grid")
            for row in card.rows:
                _word_row(grid, row)
            made.add_paragraph()
            made.add_picture(io.BytesIO(picture), width=Mm(_BODY.width))
            made.add_paragraph("　　　　　　".join(card.signatures))
            for note in card.notes:
                small = made.add_paragraph().add_run(note)
                small.font.size = Pt(7)
    out = io.BytesIO()
    made.save(out)
    pages.save(path, out.getvalue())
    return count


def _word_row(grid: object, row: tuple[Pair, ...]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm

    cells = grid.add_row().cells  # type: ignore[attr-defined]
    value_mm = _BODY.width / 2 - _LABEL_MM
    for cell, wide in zip(cells, (_LABEL_MM, value_mm, _LABEL_MM, value_mm), strict=True):
        cell.width = Mm(wide)
    if len(row) == 1:
        cells[1].merge(cells[3])
    for i, (label, value) in enumerate(row):
        cells[2 * i].paragraphs[0].add_run(label)
        shade = cells[2 * i]._tc.get_or_add_tcPr()
        shade.append(shade.makeelement(qn("w:shd"), {qn("w:val"): "clear", qn("w:fill"): "EEF2F6"}))
        cells[2 * i + 1].paragraphs[0].add_run(value)


def _picture(chart: Map, box: Box) -> bytes:
    """The small map as PNG."""
    from lydigital.render.painter.fonts import QtFonts

    viewport = _viewport(chart, box, 200)
    leaf = Leaf("", box, box, viewport, 200, QtFonts(), lambda paper: _mark(paper, box, viewport))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.png"
        pages.write_leaf(path, leaf, chart.scene)
        return path.read_bytes()
