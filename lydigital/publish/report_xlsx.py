"""A report as a workbook: a summary, one sheet a table, native charts beside their numbers, notes and sources last."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING, Any

from lydigital.model.report import Chart, Number, Paragraph, Picture, Report, Table, text_of
from lydigital.publish.charts import Look
from lydigital.publish.report import endings, stamps, steady
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.report import Cell

_HEAD, _INK, _STAMP = "EDF3F2", "1F2A30", "B3261E"
_SCREEN_DPI = 96.0
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
    for block in report.blocks:
        if isinstance(block, Table):
            sheet = _sheet(book, block.title)
            _table(sheet, block)
        elif isinstance(block, Chart):
            sheet = _sheet(book, block.title)
            _table(sheet, _numbers(block))
            _chart(sheet, block)
        elif isinstance(block, Picture):
            sheet = _sheet(book, block.title)
            sheet.add_image(_png(block))
            sheet.sheet_view.showGridLines = False
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


def cells_wide(text: str) -> int:
    """Width in characters: Chinese ones are twice as wide."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


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
    from openpyxl.styles import Alignment

    cell = sheet.cell(row, column)
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


def _table(sheet: Any, table: Table) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    for column, head in enumerate(table.head, 1):
        cell = _put(sheet, 1, column, head)
        cell.font, cell.fill = Font(bold=True, color=_INK), PatternFill("solid", fgColor=_HEAD)
        cell.border = Border(bottom=Side("thin", color=_INK))
        is_number = any(isinstance(row[column - 1], Number) for row in table.rows)
        cell.alignment = Alignment(horizontal="right" if is_number else "left", wrap_text=True, vertical="center")
        longest = max((cells_wide(text_of(row[column - 1])) for row in table.rows), default=0)
        sheet.column_dimensions[get_column_letter(column)].width = min(60, max(10, min(cells_wide(head), 24) + 2, longest + 2))
    for at, row in enumerate(table.rows, 2):
        for column, value in enumerate(row, 1):
            _put(sheet, at, column, value)
    sheet.freeze_panes = "A2"
    if len(table.rows) > 20:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.head))}{len(table.rows) + 1}"
    if table.note:
        _put(sheet, len(table.rows) + 3, 1, table.note).alignment = Alignment(wrap_text=False)
    sheet.print_title_rows = "1:1"


def _summary(sheet: Any, report: Report, words: Sequence[Paragraph]) -> None:
    from openpyxl.styles import Font

    lines = [(report.title, Font(bold=True, size=16, color=_INK)), (report.subtitle, Font(color="515D66"))]
    lines += [("　".join(stamps(report)), Font(bold=True, color=_STAMP))]
    lines += [(w.text, Font(bold=True, size=12) if w.style == "heading" else Font(color="515D66" if w.style == "note" else _INK)) for w in words]
    _column(sheet, [(text, font) for text, font in lines if text])


def _ends(sheet: Any, ends: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    from openpyxl.styles import Font

    _column(sheet, [(text, Font(bold=i == 0)) for title, lines in ends for i, text in enumerate((title, *lines))])


def _column(sheet: Any, lines: Sequence[tuple[str, Any]]) -> None:
    from openpyxl.styles import Alignment

    for at, (text, font) in enumerate(lines, 1):
        cell = _put(sheet, at, 1, text)
        cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 110
    sheet.sheet_view.showGridLines = False


# --- charts and pictures ----------------------------------------------------------------------------------------------


def _numbers(chart: Chart) -> Table:
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
    note = tr("Unit: {unit}", unit=chart.unit) if chart.unit else ""
    return Table(chart.title, tuple(head), rows, note=note)


def _chart(sheet: Any, chart: Chart) -> None:
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.chart.label import DataLabelList
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    last = len(chart.labels) + 1
    labels = Reference(sheet, min_col=1, min_row=2, max_row=last)
    own = len(chart.series)
    made = LineChart() if chart.kind == "line" else BarChart()
    first, end = (own + 3, own + 3) if chart.kind == "target" else (2, own + 1)
    made.add_data(Reference(sheet, min_col=first, max_col=end, min_row=1, max_row=last), titles_from_data=True)
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
        aim.add_data(Reference(sheet, min_col=own + 2, min_row=1, max_row=last), titles_from_data=True)
        line = aim.series[0]
        line.graphicalProperties.line.solidFill, line.graphicalProperties.line.dashStyle, line.smooth = _LOOK.target.lstrip("#"), "dash", False
        line.marker.symbol = "none"
        made += aim
    made.width, made.height = 24.0, max(9.0, 0.62 * len(chart.labels)) if made.__class__ is BarChart and made.type == "bar" else 10.5
    columns = 1 + own + (2 if chart.kind == "target" else chart.target is not None)
    sheet.add_chart(made, f"{chr(ord('A') + min(columns, 24) + 1)}2")


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
