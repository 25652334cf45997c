"""A report as a Word document: A4, tables of three lines, charts and maps as pictures, page numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from lydigital.errors import StoreUnavailableError
from lydigital.model.report import Chart, Number, Paragraph, Report, Table, text_of
from lydigital.publish import charts
from lydigital.publish.report import caption, cells_wide, endings, numbers_of, stamps, steady

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.report import Cell

_FACE = "Microsoft YaHei"
_INK, _SOFT, _STAMP, _HAIR = "1F2A30", "515D66", "B3261E", "E5E0D6"
_LONG_MM, _SHORT_MM, _MARGIN_MM = 297.0, 210.0, 20.0
_CELL_MM, _PADDING_MM = 1.6, 4.6  # a digit at 8 pt; margins of a cell
_MANY_COLUMNS = 6  # a wide table with more of them is laid across


def content(report: Report) -> bytes:
    """The document as a file."""
    from docx import Document

    made = Document()
    styles(made)
    page(made.sections[0], across=report.is_landscape)
    foot(made.sections[0], report.title)
    made.add_heading(report.title, 0)
    if report.subtitle:
        run(made.add_paragraph(), report.subtitle, _SOFT)
    if stamps(report):
        line = made.add_paragraph()
        for text in stamps(report):
            run(line, f"【{text}】", _STAMP, bold=True)
    level = 2 if any(isinstance(b, Paragraph) and b.style == "heading" for b in report.blocks) else 1
    across, figure = report.is_landscape, 0
    blocks = report.blocks if _can_draw() else tuple(numbers_of(b) if isinstance(b, Chart) else b for b in report.blocks)
    for at, block in enumerate(blocks):
        wanted = report.is_landscape or (isinstance(block, Table) and block.is_wide and len(block.head) > _MANY_COLUMNS)
        if wanted != across:
            across = wanted
            page(made.add_section(), across=across)
        if isinstance(block, Paragraph):
            line = _words(made, block)
            after = blocks[at + 1 : at + 2]
            if block.style == "text" and after and not isinstance(after[0], (Paragraph, Table)):
                line.paragraph_format.keep_with_next = True  # a figure stays with what introduces it
        elif isinstance(block, Table):
            made.add_heading(block.title, level)
            grid_of(made, block, (_LONG_MM if across else _SHORT_MM) - 2 * _MARGIN_MM)
            if block.note:
                _note(made, block.note)
        else:
            figure += 1
            width = min(block.width_mm if not isinstance(block, Chart) else 170.0, _SHORT_MM - 2 * _MARGIN_MM)
            octets = charts.png(block, width, dpi=220.0) if isinstance(block, Chart) else block.content
            _picture(made, octets, width, caption(block, figure))
            if block.note:
                _note(made, block.note)
    if across != report.is_landscape:
        page(made.add_section(), across=report.is_landscape)
    for title, lines in endings(report):
        made.add_heading(title, 1)
        for text in lines:
            made.add_paragraph(text, style="List Bullet")
    out = io.BytesIO()
    made.save(out)
    return steady(out.getvalue())


def styles(made: Any) -> None:
    """Letters of a report in the styles of a document."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    sizes = {"Normal": 9.5, "List Bullet": 9.5, "Title": 20, "Heading 1": 14, "Heading 2": 11}
    for name, size in sizes.items():
        style = made.styles[name]
        faces = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in list(faces.attrib):
            del faces.attrib[key]  # themes would go before the names
        for key in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            faces.set(qn(key), _FACE)
        style.font.size, style.font.color.rgb = Pt(size), RGBColor.from_string(_INK)
        if name not in ("Normal", "List Bullet"):
            style.font.bold = True
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(0 if name == "Title" else size), Pt(size * 0.4)
            style.paragraph_format.keep_with_next = True
    borders = made.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if borders is not None:
        made.styles["Title"].element.pPr.remove(borders)
    made.styles["Normal"].paragraph_format.space_after = Pt(5)
    made.styles["Normal"].paragraph_format.line_spacing = 1.3


def page(section: Any, *, across: bool) -> None:
    """A4, upright or ``across``."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    wide, high = (_LONG_MM, _SHORT_MM) if across else (_SHORT_MM, _LONG_MM)
    section.page_width, section.page_height = Mm(wide), Mm(high)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    section.footer_distance = Mm(10)


def foot(section: Any, title: str) -> None:
    """Title and page number below every page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    line = section.footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run(line, f"{title}　", _SOFT, 7.5)
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    line._p.append(field)


def run(line: Any, text: str, color: str = _INK, size_pt: float = 0.0, *, bold: bool = False) -> None:
    """Words at the end of a paragraph."""
    from docx.shared import Pt, RGBColor

    part = line.add_run(text)
    part.bold = bold or None
    part.font.color.rgb = RGBColor.from_string(color)
    if size_pt:
        part.font.size = Pt(size_pt)


def _can_draw() -> bool:
    """Whether charts can be drawn; without Qt their numbers stand in a table."""
    from lydigital.publish import furniture

    try:
        furniture.fonts_of_qt()
    except StoreUnavailableError:
        return False
    return True


def _words(made: Any, block: Paragraph) -> Any:
    if block.style in ("heading", "subheading"):
        return made.add_heading(block.text, 1 if block.style == "heading" else 2)
    if block.style == "note":
        return _note(made, block.text)
    return made.add_paragraph(block.text, style="List Bullet" if block.style == "list" else None)


def _note(made: Any, text: str) -> Any:
    from docx.shared import Pt

    line = made.add_paragraph()
    line.paragraph_format.space_before = Pt(4)
    run(line, text, _SOFT, 8)
    return line


def _picture(made: Any, octets: bytes, width_mm: float, title: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    line = made.add_paragraph()
    line.paragraph_format.space_before = Pt(8)
    line.alignment, line.paragraph_format.keep_with_next, line.paragraph_format.line_spacing = WD_ALIGN_PARAGRAPH.CENTER, True, 1.0
    line.add_run().add_picture(io.BytesIO(octets), width=Mm(width_mm))
    line._p.xpath(".//wp:docPr")[0].set("descr", title)
    below = made.add_paragraph()
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run(below, title, _SOFT, 8.5)


def grid_of(made: Any, table: Table, whole_mm: float) -> Any:
    """``table`` at the end of a document, three lines, no wider than ``whole_mm``."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn
    from docx.shared import Mm

    grid = made.add_table(1, len(table.head))
    lines = "".join(f'<w:{side} w:val="single" w:sz="8" w:color="{_INK}"/>' for side in ("top", "bottom"))
    borders = parse_xml(f'<w:tblBorders {nsdecls("w")}>{lines}<w:insideH w:val="single" w:sz="2" w:color="{_HAIR}"/></w:tblBorders>')
    grid._tbl.tblPr.find(qn("w:tblLook")).addprevious(borders)  # the schema asks for this order
    is_number = [any(isinstance(row[i], Number) for row in table.rows) for i in range(len(table.head))]
    _row(grid.rows[0], table.head, is_number, is_head=True)
    mark = grid.rows[0]._tr.get_or_add_trPr()
    mark.append(mark.makeelement(qn("w:tblHeader"), {}))  # repeated on every page
    for row in table.rows:
        _row(grid.add_row(), row, is_number)
    grid.autofit = False
    for column, wide in zip(grid.columns, _widths(table, whole_mm), strict=True):
        column.width = Mm(wide)
        for cell in column.cells:
            cell.width = Mm(wide)
    return grid


def _widths(table: Table, whole_mm: float) -> list[float]:
    """Widths of columns: short ones get what they need, long ones share the rest."""
    longest = [max([cells_wide(h) / 2, *(cells_wide(text_of(row[i])) for row in table.rows)]) for i, h in enumerate(table.head)]
    wanted = [min(70.0, max(4.0, w)) * _CELL_MM + _PADDING_MM for w in longest]
    if sum(wanted) <= whole_mm:
        return [w * whole_mm / sum(wanted) for w in wanted]
    narrow, room = [False] * len(wanted), whole_mm
    while True:
        long = [w for w, n in zip(wanted, narrow, strict=True) if not n]
        fair = room / max(1, len(long))
        more = [i for i, w in enumerate(wanted) if not narrow[i] and w <= fair]
        if not more:
            break
        for i in more:
            narrow[i] = True
            room -= wanted[i]
    total = sum(w for w, n in zip(wanted, narrow, strict=True) if not n)
    return [w if n else w * room / total for w, n in zip(wanted, narrow, strict=True)]


def _row(row: Any, cells: Sequence[Cell], right: Sequence[bool], *, is_head: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn
    from docx.shared import Pt

    keep = row._tr.get_or_add_trPr()
    keep.append(keep.makeelement(qn("w:cantSplit"), {}))
    for at, value, is_right in zip(row.cells, cells, right, strict=True):
        line = at.paragraphs[0]
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(1.0)
        line.paragraph_format.line_spacing = 1.0
        run(line, text_of(value), _INK, 8, bold=is_head)
        if is_right:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if is_head:
            at._tc.get_or_add_tcPr().append(
                parse_xml(f'<w:tcBorders {nsdecls("w")}><w:bottom w:val="single" w:sz="6" w:color="{_INK}"/></w:tcBorders>')
            )
