"""A warning as a Word document: the bulletin, its map, the townships as a table, annexes, where it comes from.

It is made from a template with places in double braces. A bureau's own ``warning.docx`` in ``config_dir()/templates``
goes before the one built here; :func:`write_template` writes that for editing.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lydigital.domain.validity import BEIJING, shown
from lydigital.errors import BadDataError
from lydigital.publish.bulletin import INK_ON, RGB
from lydigital.publish.image import write as write_file
from lydigital.publish.wording import clean, template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lydigital.publish.bulletin import Bulletin

BLOCKS = ("正文", "图", "乡镇表", "来源", "附件")
FIELDS = ("标题", "期号", "单位", "有效期", "落款", "标记", "编号", "签发人")
TOWNSHIP_HEAD = ("序号", "区县", "乡镇（街道）", "代码", "等级", "隐患点", "主要灾害类型")
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_TITLE, _TEXT, _HEAD = ("方正小标宋简体", "宋体"), ("仿宋", "FangSong"), ("黑体", "SimHei")


@dataclass(frozen=True)
class Annex:
    """A table at the end, such as what the warning hits, with remarks below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()
    widths: tuple[float, ...] = field(default=())


def write(path: Path, bulletin: Bulletin, *, picture: bytes = b"", annexes: Sequence[Annex] = ()) -> None:
    """Write the document.

    Parameters
    ----------
    picture
        PNG of the map.

    Raises
    ------
    BadDataError
        When the bureau's template is no Word document, or has a place the program cannot fill.
    StoreUnavailableError
        When the file cannot be written.
    """
    document = _opened()
    _fill(document, bulletin)
    for paragraph, name in list(_blocks(document)):
        _Block(document, paragraph, bulletin).put(name, picture, annexes)
        paragraph._p.getparent().remove(paragraph._p)
    properties = document.core_properties
    properties.title, properties.author = bulletin.title[:255], bulletin.issuers[:255]
    properties.subject, properties.comments = bulletin.headline[:255], f"{bulletin.issue.id}/{bulletin.issue.version} {bulletin.digest}"
    properties.identifier = bulletin.digest
    octets = io.BytesIO()
    document.save(octets)
    write_file(path, octets.getvalue())


def write_template(path: Path) -> None:
    """Write the template built here, for a bureau to edit."""
    octets = io.BytesIO()
    _built().save(octets)
    write_file(path, octets.getvalue())


def _opened() -> Any:
    import docx

    own = template("warning.docx")
    if not own.is_file():
        return _built()
    try:
        document = docx.Document(str(own))
    except Exception as error:
        raise BadDataError(
            "The template {path} is no Word document", hint="Save it as .docx, or delete it to use the built-in one.",
            path=str(own),
        ) from error  # fmt: skip
    unknown = [n for p in _paragraphs(document) for n in _PLACE.findall(p.text) if n not in (*BLOCKS, *FIELDS)]
    if unknown:
        raise BadDataError(
            "The template {path} has a place {name} that the program cannot fill", hint="The places are: {known}.",
            path=str(own), name=unknown[0], known="、".join((*BLOCKS, *FIELDS)),
        )  # fmt: skip
    return document


# --- the built-in template ------------------------------------------------------------------------------------------


def _built() -> Any:
    """A4, margins and letters after GB/T 9704."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt, RGBColor

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(30), Mm(26)
    section.left_margin, section.right_margin = Mm(27), Mm(25)
    normal = document.styles["Normal"]
    _font(normal, _TEXT, 14)
    _chinese(normal)
    normal.paragraph_format.line_spacing = 1.3
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)

    def line(text: str, size: float, *, font: tuple[str, str] = _TEXT, color: str = "", bold: bool = False, after: float = 0) -> None:
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(after)
        run = paragraph.add_run(text)
        _font(run, font, size)
        run.bold = bold
        if color:
            run.font.color.rgb = RGBColor.from_string(color)

    line("{{标记}}", 14, font=_HEAD, color="B3261E", bold=True)
    line("{{标题}}", 22, font=_TITLE, color="B3261E", bold=True, after=4)
    line("{{期号}}", 14)
    line("{{单位}}", 14, after=8)
    for name in BLOCKS:
        document.add_paragraph("{{" + name + "}}")
    header = section.header.paragraphs[0]
    header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _font(header.add_run("{{编号}}"), _TEXT, 9)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for part, text in (("text", "— "), ("field", "PAGE"), ("text", " —")):
        run = footer.add_run(text if part == "text" else "")
        _font(run, _TEXT, 10)
        if part == "field":
            _page_number(run)
    return document


def _chinese(style: Any) -> None:
    """Without it other fonts set 。 and 、 in the middle, as in Taipei."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    rpr = style.element.get_or_add_rPr()
    for old in rpr.findall(qn("w:lang")):
        rpr.remove(old)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    rpr.append(language)


def _page_number(run: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _font(owner: Any, font: tuple[str, str], size: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    owner.font.size = Pt(size)
    owner.font.name = font[1]
    fonts = owner.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font[0])


# --- filling --------------------------------------------------------------------------------------------------------


def _paragraphs(document: Any) -> Iterator[Any]:
    """Paragraphs of the text, its tables, headers and footers."""
    def of_tables(tables: Any) -> Iterator[Any]:
        for table in tables:
            for row in table.rows:
                for cell in row.cells:
                    yield from cell.paragraphs
                    yield from of_tables(cell.tables)

    yield from document.paragraphs
    yield from of_tables(document.tables)
    for section in document.sections:
        for part in (section.header, section.footer):
            yield from part.paragraphs
            yield from of_tables(part.tables)


def _blocks(document: Any) -> Iterator[tuple[Any, str]]:
    for paragraph in document.paragraphs:
        found = _PLACE.fullmatch(paragraph.text.strip())
        if found and found[1] in BLOCKS:
            yield paragraph, found[1]


def _fill(document: Any, bulletin: Bulletin) -> None:
    issue = bulletin.issue
    values = {
        "标题": bulletin.title, "期号": bulletin.dateline, "单位": bulletin.issuers, "有效期": bulletin.period,
        "落款": bulletin.signoff, "标记": "　".join(f"【{s}】" for s in bulletin.stamps),
        "编号": f"{issue.id} 第{issue.version}版", "签发人": "、".join(issue.signatories) or issue.signed_by,
    }  # fmt: skip
    for paragraph in list(_paragraphs(document)):
        names = _PLACE.findall(paragraph.text)
        if not any(name in FIELDS for name in names):
            continue
        text = _PLACE.sub(lambda found: clean(values[found[1]]) if found[1] in values else found[0], paragraph.text)
        if not text.strip() and "标记" in names:
            paragraph._p.getparent().remove(paragraph._p)
            continue
        first = paragraph.runs[0]  # a place may be spread over several runs: the first one's letters stay
        first.text = text
        for run in paragraph.runs[1:]:
            run._r.getparent().remove(run._r)


class _Block:
    """What is put before the paragraph of a place."""

    def __init__(self, document: Any, at: Any, bulletin: Bulletin) -> None:
        self.document, self.at, self.bulletin = document, at, bulletin
        section = document.sections[0]
        self.width = section.page_width - section.left_margin - section.right_margin

    def put(self, name: str, picture: bytes, annexes: Sequence[Annex]) -> None:
        if name == "正文":
            self._text()
        elif name == "图":
            self._picture(picture)
        elif name == "乡镇表":
            self._townships()
        elif name == "附件":
            for annex in annexes:
                self._annex(annex)
        else:
            self._origin()

    def _line(self, text: str, size: float = 0.0, *, font: tuple[str, str] | None = None, indent: bool = True, bold: bool = False) -> Any:
        from docx.shared import Pt

        paragraph = self.at.insert_paragraph_before()
        run = paragraph.add_run(clean(text))
        if font is not None or size:
            _font(run, font or _TEXT, size or 14)
        run.bold = bold
        if indent:
            paragraph.paragraph_format.first_line_indent = Pt(2 * (size or 14))
        return paragraph

    def _text(self) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        for kind, text in self.bulletin.paragraphs:
            if kind in ("stamp", "title", "dateline", "issuers"):
                continue
            if kind == "part":
                self._line(text, 14, font=_HEAD).paragraph_format.keep_with_next = True
            elif kind == "signoff":
                self._line(text, indent=False).alignment = WD_ALIGN_PARAGRAPH.RIGHT
            else:
                self._line(text)

    def _picture(self, picture: bytes) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        if not picture:
            return
        paragraph = self.at.insert_paragraph_before()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing = 1.0
        paragraph.paragraph_format.space_before = Pt(12)
        shape = paragraph.add_run().add_picture(io.BytesIO(picture), width=self.width)
        most = int(0.9 * (self.document.sections[0].page_height - self.document.sections[0].top_margin - self.document.sections[0].bottom_margin))
        if shape.height > most:
            shape.width, shape.height = int(shape.width * most / shape.height), most
        shape._inline.docPr.set("descr", self.bulletin.headline)

    def _townships(self) -> None:
        self._heading("附表　预警乡镇（街道）一览")
        words = self.bulletin.wording
        rows: list[tuple[str, ...]] = []
        levels = []
        for part in self.bulletin.levels:
            for county in part.counties:
                for township in county.townships:
                    kinds = "、".join(words.hazards[k] for k in township.hazards if k in words.hazards)
                    rows.append((str(len(rows) + 1), county.name, township.name, township.code,
                                 f"{part.colour} {part.numeral}", str(township.points), kinds))  # fmt: skip
                    levels.append(part.level)
        table = self._table(TOWNSHIP_HEAD, rows, (0.07, 0.11, 0.24, 0.13, 0.11, 0.09, 0.25))
        for row, level in zip(table.rows[1:], levels, strict=True):
            _shade(row.cells[4], RGB[level][1:], INK_ON[level][1:])

    def _annex(self, annex: Annex) -> None:
        self._heading(annex.title)
        self._table(annex.head, annex.rows, annex.widths or _shares(annex))
        for remark in annex.remarks:
            self._line(remark, 10, indent=False)

    def _origin(self) -> None:
        issue = self.bulletin.issue
        self._heading("来源与签发")
        rows = [
            ("预警编号", f"{issue.id} 第{issue.version}版"), ("有效期起", _iso(issue.valid_from)), ("有效期止", _iso(issue.valid_to)),
            ("签发时间", "未签发" if issue.issued_at is None else _iso(issue.issued_at)), ("制作", issue.prepared_by or "—"),
            ("审核", issue.reviewed_by or "—"), ("签发", "、".join(issue.signatories) or issue.signed_by or "—"),
            ("依据", issue.basis or "—"), ("计算", f"{issue.run} {issue.run_hash}".strip() or "人工划定"),
            ("模型", f"{issue.model}（{'已按本地灾害率定' if issue.is_calibrated else '未经本地率定'}）" if issue.model else "—"),
            ("内容校验（SHA-256）", self.bulletin.digest),
        ]  # fmt: skip
        self._table(("项目", "内容"), [(a, clean(b)) for a, b in rows], (0.26, 0.74))

    def _heading(self, text: str) -> None:
        paragraph = self._line(text, 14, font=_HEAD, indent=False)
        paragraph.paragraph_format.keep_with_next = True
        from docx.shared import Pt

        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(14), Pt(4)

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Any:
        from docx.enum.table import WD_TABLE_ALIGNMENT
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        table = self.document.add_table(rows=1 + len(rows), cols=len(head))
        self.at._p.addprevious(table._tbl)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        _grid(table)
        for column, share in zip(table.columns, widths, strict=True):
            column.width = int(self.width * share)
        for i, texts in enumerate((head, *rows)):
            row = table.rows[i]
            flag = OxmlElement("w:cantSplit")
            row._tr.get_or_add_trPr().append(flag)
            for cell, text, share in zip(row.cells, texts, widths, strict=True):
                cell.width = int(self.width * share)
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.line_spacing = 1.1
                paragraph.paragraph_format.keep_with_next = i < len(rows) <= _TOGETHER
                run = paragraph.add_run(clean(text))
                _font(run, _HEAD if i == 0 else _TEXT, 9.5)
            if i == 0:
                repeated = OxmlElement("w:tblHeader")
                repeated.set(qn("w:val"), "true")
                row._tr.get_or_add_trPr().append(repeated)
                for cell in row.cells:
                    _shade(cell, "ECEEF1", "22262B")
        return table


_TOGETHER = 14  # tables of so many rows stay on one page
_LINE = 46.0  # letters of 9.5 pt a line of the page


def _shares(annex: Annex) -> tuple[float, ...]:
    """Widths by what stands in the columns: short ones get what they need, long ones share the rest."""
    most = [max((_letters(row[i]) for row in (annex.head, *annex.rows)), default=1.0) for i in range(len(annex.head))]
    least = [min(n, 5.0) + 1.4 for n in most]
    more = [max(0.0, n - 5.0) ** 0.6 for n in most]
    rest = max(0.0, _LINE - sum(least)) / max(sum(more), 1e-9)
    wanted = [low + rest * extra if sum(more) else low for low, extra in zip(least, more, strict=True)]
    return tuple(w / sum(wanted) for w in wanted)


def _letters(text: str) -> float:
    return sum(0.55 if char.isascii() else 1.0 for char in text)


def _grid(table: Any) -> None:
    """Thin borders, whatever table styles the template has."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tblBorders")
    for edge in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "9AA0A8")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _shade(cell: Any, fill: str, ink: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)
    for run in cell.paragraphs[0].runs:
        run.font.color.rgb = RGBColor.from_string(ink.upper())


def _iso(time: datetime) -> str:
    return shown(time)


# --- reading back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """What a document says: numeral of the level by township, validity, and its pictures."""

    townships: dict[str, str]
    valid_from: datetime
    valid_to: datetime
    pictures: int
    text: str


def read(path: Path) -> Read:
    """A document read back.

    Raises
    ------
    BadDataError
        When it has not the tables that :func:`write` makes.
    """
    import docx

    try:
        document = docx.Document(str(path))
        townships: dict[str, str] = {}
        origin: dict[str, str] = {}
        for table in document.tables:
            head = tuple(c.text for c in table.rows[0].cells)
            for row in table.rows[1:]:
                cells = [c.text for c in row.cells]
                if head == TOWNSHIP_HEAD:
                    townships[cells[3]] = cells[4].split()[-1]
                elif head == ("项目", "内容"):
                    origin[cells[0]] = cells[1]
        start, end = (datetime.strptime(origin[k], "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING) for k in ("有效期起", "有效期止"))
    except Exception as error:
        raise BadDataError("{path} is no warning in Word", hint="Make it again.", path=str(path)) from error
    return Read(townships, start, end, len(document.inline_shapes), "\n".join(p.text for p in document.paragraphs))
