"""Whom to call: townships of a warning and the monitors of hazard points in them, as XLSX. Names and numbers are masked."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lydigital.domain.validity import BEIJING, shown
from lydigital.errors import BadDataError
from lydigital.publish.bulletin import INK_ON, RGB
from lydigital.publish.image import write as write_file
from lydigital.publish.wording import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lydigital.publish.bulletin import Bulletin

TOWNSHIP_HEAD = ("序号", "区县", "乡镇（街道）", "代码", "等级", "级别", "占比（%）", "隐患点（处）", "主要灾害类型", "通知时间", "接听人", "通知人")
CONTACT_HEAD = ("序号", "区县", "乡镇（街道）", "代码", "等级", "隐患点", "灾害类型", "威胁人数", "监测人", "联系电话", "通知时间", "结果")
_MOST_CHARS = 32_000  # a cell of XLSX holds 32,767


@dataclass(frozen=True)
class Contact:
    """Somebody who watches a hazard point; ``kind`` as the catalogue numbers hazards, ``people`` at risk."""

    township_code: str
    point: str
    kind: int
    people: int | None
    name: str
    phone: str


def masked_name(name: str) -> str:
    """王小明 → 王**."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else name


def masked_phone(phone: str) -> str:
    """138****5678: the first three and last four digits stay of a long number, the last two of a short one."""
    digits = len(re.findall(r"\d", phone))
    first, last = (3, 4) if digits >= 11 else (0, 2)
    at, out = 0, []
    for char in phone:
        if char.isdecimal():
            out.append(char if at < first or at >= digits - last else "*")
            at += 1
        else:
            out.append(char)
    return "".join(out)


def write(path: Path, bulletin: Bulletin, contacts: Sequence[Contact] = (), *, is_masked: bool = True) -> int:
    """Write the list.

    Returns
    -------
    How many contacts are in it.

    Raises
    ------
    StoreUnavailableError
        When the file cannot be written.
    """
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "乡镇"
    words, issue = bulletin.wording, bulletin.issue
    for text in (bulletin.title, f"{bulletin.dateline}{''.join(f'【{s}】' for s in bulletin.stamps)}", bulletin.period):
        _row(sheet, (text,))
    _row(sheet, TOWNSHIP_HEAD)
    where = {}
    for part in bulletin.levels:
        for county in part.counties:
            for township in county.townships:
                where[township.code] = (county.name, township.name, part)
                kinds = "、".join(words.hazards[k] for k in township.hazards if k in words.hazards)
                _row(sheet, (len(where), county.name, township.name, township.code, f"{part.colour} {part.numeral}", int(part.level),
                             round(100 * township.share, 1), township.points, kinds, "", "", ""))  # fmt: skip
                _colour(sheet, sheet.max_row, 5, part.level)
    _finish(sheet, (6, 12, 26, 12, 10, 6, 10, 12, 24, 14, 14, 14))
    people = sorted((c for c in contacts if c.township_code in where), key=lambda c: (int(where[c.township_code][2].level), c.township_code, c.point))
    if people:
        second = book.create_sheet("隐患点监测人")
        note = "姓名、电话已脱敏" if is_masked else "含个人信息，仅限防汛防灾值守使用，不得外传"
        for text in (bulletin.title, bulletin.period, note):
            _row(second, (text,))
        _row(second, CONTACT_HEAD)
        for number, contact in enumerate(people, 1):
            county_name, name, part = where[contact.township_code]
            _row(second, (
                number, county_name, name, contact.township_code, f"{part.colour} {part.numeral}", contact.point,
                words.hazards.get(contact.kind, ""), contact.people, masked_name(contact.name) if is_masked else contact.name,
                masked_phone(contact.phone) if is_masked else contact.phone, "", "",
            ))  # fmt: skip
            _colour(second, second.max_row, 5, part.level)
        _finish(second, (6, 12, 26, 12, 10, 30, 12, 10, 16, 18, 14, 14))
    about = book.create_sheet("说明")
    for pair in (("预警编号", issue.id), ("版本", str(issue.version)), ("有效期起", shown(issue.valid_from)), ("有效期止", shown(issue.valid_to)),
                 ("标记", "、".join(bulletin.stamps)), ("内容校验（SHA-256）", bulletin.digest)):  # fmt: skip
        _row(about, pair)
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 22, 70
    book.properties.title, book.properties.creator = bulletin.title[:255], "lydigital"
    octets = io.BytesIO()
    book.save(octets)
    write_file(path, octets.getvalue())
    return len(people)


def _row(sheet: Any, values: Sequence[str | int | float | None]) -> None:
    """One row; a text that looks like a formula stays a text."""
    at = sheet.max_row + 1 if sheet.max_row > 1 or sheet.cell(1, 1).value is not None else 1
    for column, value in enumerate(values, 1):
        cell = sheet.cell(at, column)
        cell.value = clean(value)[:_MOST_CHARS] if isinstance(value, str) else value
        if isinstance(value, str):
            cell.data_type = "s"
            cell.quotePrefix = value[:1] in ("=", "+", "-", "@")


def _colour(sheet: Any, row: int, column: int, level: Any) -> None:
    from openpyxl.styles import Font, PatternFill

    cell = sheet.cell(row, column)
    cell.fill = PatternFill("solid", fgColor=RGB[level][1:].upper())
    cell.font = Font(bold=True, color=INK_ON[level][1:].upper())


def _finish(sheet: Any, widths: Sequence[float]) -> None:
    from openpyxl.styles import Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    thin = Border(*(Side("thin", color="B9BEC6") for _ in range(4)))
    sheet["A1"].font = Font(bold=True, size=15)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        head = sheet.cell(4, column)
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="ECEEF1")
        for row in range(4, sheet.max_row + 1):
            sheet.cell(row, column).border = thin
    sheet.freeze_panes = "D5"
    sheet.auto_filter.ref = f"A4:{get_column_letter(len(widths))}{sheet.max_row}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "4:4"


# --- reading back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """What a list says: level by township, validity, number of contacts."""

    townships: dict[str, int]
    valid_from: datetime
    valid_to: datetime
    contacts: int


def read(path: Path) -> Read:
    """A list read back.

    Raises
    ------
    BadDataError
        When it is none that :func:`write` made.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path)
        sheet = book["乡镇"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
        about = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
        people = book["隐患点监测人"].max_row - 4 if "隐患点监测人" in book.sheetnames else 0
        start, end = (datetime.strptime(str(about[k]), "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING) for k in ("有效期起", "有效期止"))
        return Read({str(r[3]): int(str(r[5])) for r in rows}, start, end, people)
    except Exception as error:
        raise BadDataError("{path} is no call list", hint="Make it again.", path=str(path)) from error
