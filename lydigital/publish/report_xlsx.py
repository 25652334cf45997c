"""A report as a workbook: a summary, one sheet a table, notes and sources last.

Charts are native ones beside their numbers; those of a section stand below each other, with its maps, on one sheet.
"""

from __future__ import annotations

import io
import math
import re
import struct
from typing import TYPE_CHECKING, Any

from lydigital.model.report import Chart, Number, Paragraph, Picture, Report, Table, text_of
from lydigital.publish.charts import Look
from lydigital.publish.report import cells_wide, endings, numbers_of, stamps, steady
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.report import Cell

_FACE = "Microsoft YaHei"
_HEAD, _INK, _STAMP = "EDF3F2", "1F2A30", "B3261E"
_SCREEN_DPI = 96.0
_ROW_PX, _ROW_CM = 20.0, 0.529
_HEAD_CELLS = 20  # longer heads are broken
_TEXT_CELLS = 110
_LOOK = Look()


def content(report: Report) -> bytes:
    """The workbook as a file."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = report.title, "lydigital"
    words = [b for b in report.blocks if isinstance(b, Paragraph)]
    if words:
        _summary(_sheet(book, tr("Summary")), report, words)
    section, stack = tr("Charts"), None
    for block in report.blocks:
        if isinstance(block, Paragraph):
            if block.style == "heading":
                section, stack = block.text, None
        elif isinstance(block, Table):
            _table(_sheet(book, block.title), block)
        else:
            stack = stack or _Stack(_sheet(book, section))
            stack.add(block)
    ends = endings(report)
    if ends or not book.worksheets:
        _ends(_sheet(book, tr("Notes")), ends)
    for sheet in book.worksheets:
        sheet.page_setup.paperSize, sheet.page_setup.orientation = 9, "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    out = io.BytesIO()
    book.save(out)
    return steady(out.getvalue())


def _sheet(book: Any, title: str) -> Any:
    from openpyxl.worksheet.properties import PageSetupProperties

    name = re.sub(r"[\[\]:*?/\\]", " ", title).strip()[:31] or tr("Sheet")
    count, base = 1, name
    while name.casefold() in {n.casefold() for n in book.sheetnames}:
        count += 1
        name = f"{base[: 31 - len(str(count)) - 1]} {count}"
    sheet = book.create_sheet(name)
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties()
    return sheet


def _put(sheet: Any, row: int, column: int, value: Cell) -> Any:
    from openpyxl.styles import Alignment, Font

    cell = sheet.cell(row, column)
    cell.font = Font(name=_FACE, size=10, color=_INK)
    if isinstance(value, Number):
        shown = value.rounded
        cell.value = int(shown) if shown.is_integer() else shown
        decimals = len(value.text.partition(".")[2])
        cell.number_format = "#,##0" + ("." + "0" * decimals if decimals else "")
    else:
        cell.value = value
        cell.data_type = "s"  # a name that begins with = is no formula
        cell.alignment = Alignment(wrap_text=len(value) > 30, vertical="top")
    return cell


def _grid(sheet: Any, table: Table, top: int, cells: int = _HEAD_CELLS) -> None:
    """Head and rows from row ``top`` on; a line of the head has room for so many ``cells``."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    for column, head in enumerate(table.head, 1):
        cell = _put(sheet, top, column, head)
        cell.font, cell.fill = Font(name=_FACE, size=10, bold=True, color=_INK), PatternFill("solid", fgColor=_HEAD)
        cell.border = Border(bottom=Side("thin", color=_INK))
        is_number = any(isinstance(row[column - 1], Number) for row in table.rows)
        cell.alignment = Alignment(horizontal="right" if is_number else "left", wrap_text=True, vertical="center")
    lines = max((math.ceil(cells_wide(h) / cells) for h in table.head), default=1) or 1
    sheet.row_dimensions[top].height = 17.0 * lines
    for at, row in enumerate(table.rows, top + 1):
        for column, value in enumerate(row, 1):
            _put(sheet, at, column, value)


def _table(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    _grid(sheet, table, 1)
    for column, head in enumerate(table.head, 1):
        longest = max((cells_wide(text_of(row[column - 1])) for row in table.rows), default=0)
        sheet.column_dimensions[get_column_letter(column)].width = min(60, max(10, min(cells_wide(head), _HEAD_CELLS) + 3, longest + 3))
    sheet.freeze_panes = "A2"
    if len(table.rows) > 20:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.head))}{len(table.rows) + 1}"
    if table.note:
        _put(sheet, len(table.rows) + 3, 1, table.note).alignment = Alignment(wrap_text=False)
    sheet.print_title_rows = "1:1"


def _summary(sheet: Any, report: Report, words: Sequence[Paragraph]) -> None:
    from openpyxl.styles import Font

    lines = [(report.title, Font(name=_FACE, bold=True, size=16, color=_INK)), (report.subtitle, Font(name=_FACE, size=10, color="515D66"))]
    lines += [("　".join(stamps(report)), Font(name=_FACE, size=10, bold=True, color=_STAMP))]
    lines += [(w.text, Font(name=_FACE, bold=True, size=12) if w.style in ("heading", "subheading") else Font(name=_FACE, size=10, color="515D66" if w.style == "note" else _INK)) for w in words]
    _column(sheet, [(text, font) for text, font in lines if text])


def _ends(sheet: Any, ends: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    from openpyxl.styles import Font

    _column(sheet, [(text, Font(name=_FACE, size=10, bold=i == 0)) for title, lines in ends for i, text in enumerate((title, *lines))])


def _column(sheet: Any, lines: Sequence[tuple[str, Any]]) -> None:
    from openpyxl.styles import Alignment

    for at, (text, font) in enumerate(lines, 1):
        cell = _put(sheet, at, 1, text)
        cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[at].height = 1.6 * font.size * math.ceil(cells_wide(text) * font.size / 10 / _TEXT_CELLS)
    sheet.column_dimensions["A"].width = _TEXT_CELLS
    sheet.sheet_view.showGridLines = False


# --- charts and pictures ----------------------------------------------------------------------------------------------


class _Stack:
    """A sheet on which charts, beside their numbers, and pictures stand below each other."""

    def __init__(self, sheet: Any) -> None:
        self.sheet, self.row = sheet, 1
        sheet.column_dimensions["A"].width = 24
        for column in "BCDEFGH":
            sheet.column_dimensions[column].width = 13
        sheet.sheet_view.showGridLines = False

    def add(self, block: Chart | Picture) -> None:
        from openpyxl.styles import Font

        unit = f"（{block.unit}）" if isinstance(block, Chart) and block.unit else ""
        _put(self.sheet, self.row, 1, block.title + unit).font = Font(name=_FACE, size=10, bold=True, color=_INK)
        if isinstance(block, Picture):
            image = _png(block)
            self.sheet.add_image(image, f"A{self.row + 1}")
            self.row += 3 + math.ceil(image.height / _ROW_PX)
            return
        table = numbers_of(block)
        _grid(self.sheet, table, self.row + 1, 11)
        chart = _chart(self.sheet, block, self.row + 1)
        self.sheet.add_chart(chart, f"{chr(ord('A') + max(6, len(table.head) + 1))}{self.row + 1}")
        self.row += 4 + max(len(table.rows), math.ceil(chart.height / _ROW_CM))


def _chart(sheet: Any, chart: Chart, top: int) -> Any:
    """A native chart of the numbers whose head is in row ``top``."""
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.chart.label import DataLabelList
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    last = top + len(chart.labels)
    labels = Reference(sheet, min_col=1, min_row=top + 1, max_row=last)
    own = len(chart.series)
    made = LineChart() if chart.kind == "line" else BarChart()
    first, end = (own + 3, own + 3) if chart.kind == "target" else (2, own + 1)
    made.add_data(Reference(sheet, min_col=first, max_col=end, min_row=top, max_row=last), titles_from_data=True)
    made.set_categories(labels)
    made.title, made.style = None, 2
    if chart.kind in ("hbar", "stack", "target"):
        made.type = "bar"
        made.x_axis.scaling.orientation = "maxMin"  # the first label on top
        made.y_axis.crosses = "max"  # and the numbers below the last
    if chart.kind == "stack":
        made.grouping, made.overlap = "stacked", 100
    if chart.kind != "line":
        made.gapWidth = 45
    quiet = GraphicalProperties(ln=LineProperties(solidFill="E5E0D6"))
    made.y_axis.majorGridlines.spPr = quiet
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.number_format = "General"
    made.legend = made.legend if own > 1 else None
    if made.legend is not None:
        made.legend.position = "b"
    for k, series in enumerate(made.series):
        color = (chart.series[min(k, own - 1)].color or _LOOK.series[k % len(_LOOK.series)]).lstrip("#")
        if chart.kind == "line":
            series.graphicalProperties.line.solidFill, series.graphicalProperties.line.width, series.smooth = color, 25400, False
            series.marker.symbol, series.marker.size = "circle", 5
            series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
        else:
            series.graphicalProperties.solidFill = color
    if own == 1:
        made.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False)
    if chart.target is not None and chart.kind in ("bar", "line"):
        aim = LineChart()
        aim.add_data(Reference(sheet, min_col=own + 2, min_row=top, max_row=last), titles_from_data=True)
        line = aim.series[0]
        line.graphicalProperties.line.solidFill, line.graphicalProperties.line.dashStyle, line.smooth = _LOOK.target.lstrip("#"), "dash", False
        line.marker.symbol = "none"
        made += aim
    made.width, made.height = 24.0, max(9.0, 0.62 * len(chart.labels)) if made.__class__ is BarChart and made.type == "bar" else 10.5
    return made


def _png(picture: Picture) -> Any:
    """A picture as openpyxl wants it, without Pillow."""
    from openpyxl.drawing.image import Image

    width, height = struct.unpack(">II", picture.content[16:24])

    class Png(Image):  # type: ignore[misc]
        def __init__(self) -> None:
            self.ref, self.format, self.anchor = io.BytesIO(picture.content), "png", "A1"
            self.width = round(picture.width_mm / MM_PER_INCH * _SCREEN_DPI)
            self.height = round(self.width * height / width)

        def _data(self) -> bytes:
            return picture.content

    return Png()
