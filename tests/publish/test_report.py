"""Reports in their four forms, from the same blocks."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import pytest

from lydigital import paths, texts
from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.model.report import Chart, Number, Paragraph, Picture, Report, Series, Table, number
from lydigital.publish import charts, report
from lydigital.publish.image import encode_png

COUNTIES = ("涧西区", "西工区", "=洛龙区", "<b>")
BARS = Chart("普及率", "hbar", COUNTIES, (Series("2005年", (3.0, None, 1.5, 0.0)),), "户/百人", 2.0)
TREND = Chart("趋势", "line", ("2004", "2005"), (Series("电话", (1.0, 2.0)), Series("宽带", (0.5, None))), target=3.0)
AIMS = Chart("目标", "target", COUNTIES, (Series("现状", (50.0, 8.0, None, 1.0)),), targets=(100.0, 8.0, 3.0, None))
PARTS = Chart("构成", "stack", COUNTIES, tuple(Series(n, (1.0, 2.0, 3.0, None)) for n in "甲乙"))
UNITS = Table("各区县", ("区县", "户数", "率"), tuple((c, Number(12345.0 + k), number(None if k == 1 else 1.25, 0.1)) for k, c in enumerate(COUNTIES)), note="注")
PLAIN = (Paragraph("一、总体", "heading"), Paragraph("甲", "list"), Paragraph("乙", "list"), Paragraph("某某", "subheading"), Paragraph("小字", "note"))


@pytest.fixture
def made():
    import numpy as np

    picture = Picture("地图", encode_png(np.full((20, 40, 3), 200, np.uint8)), 80.0)
    return Report("覆盖报告", "2005年", (*PLAIN, UNITS, BARS, TREND, AIMS, PARTS, picture), ("统计年鉴",), ("按户计",), is_sample=True, stamps=("演练",))


@pytest.mark.parametrize("write", [report.xlsx, report.docx, report.html])
def test_names_with_characters_no_document_holds(write):
    bad = "甲\x01\x0b\ufffe乙"
    names = Report(bad, bad, (Paragraph(bad), Table(bad, (bad,), ((bad,), (Number(1.0),)), note=bad), Chart(bad, "hbar", (bad,), (Series(bad, (1.0,)),), bad)), (bad,), (bad,))
    made = write(names)
    parts = [made] if made[:2] != b"PK" else [zipfile.ZipFile(io.BytesIO(made)).read(n) for n in zipfile.ZipFile(io.BytesIO(made)).namelist() if n.endswith(".xml")]
    assert not any(c in part for part in parts for c in (b"\x01", b"\x0b", "\ufffe".encode()))
    assert any("甲乙".encode() in part for part in parts)


def test_numbers_are_rounded_as_they_are_shown():
    assert Number(2.449, 0.1).text == "2.4"
    assert Number(2.449, 0.1).rounded == 2.4
    assert Number(-1234.5).text == "-1,235"
    assert Number(-1234.5).rounded == -1235.0
    assert Number(6.0, 10).text == "6"
    assert number(None) == "–"


def test_html_stands_alone_and_escapes(made):
    text = report.html(made).decode()
    assert "http" not in text
    assert "<script" not in text
    assert "&lt;b&gt;" in text
    assert text.count("<svg") == 4
    assert text.count("data:image/png;base64,") == 1
    assert "<ul><li>甲</li><li>乙</li></ul>" in text
    assert text.index("Sample data") < text.index("演练") < text.index("一、总体")
    assert text.rindex("按户计") < text.rindex("统计年鉴")


def test_xlsx_has_native_charts_and_true_numbers(made):
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(report.xlsx(made)))
    assert book.sheetnames == ["Summary", "各区县", "一、总体", "Notes"]
    rows = list(book["各区县"].iter_rows(values_only=True))
    assert rows[1] == ("涧西区", 12345, 1.3)
    assert rows[2][2] == "–"
    assert all(c.data_type != "f" for sheet in book for row in sheet.iter_rows() for c in row)
    assert len(book["一、总体"]._charts) == 4
    assert len(book["一、总体"]._images) == 1
    shares = [r[3] for r in book["一、总体"].iter_rows(values_only=True) if r[0] == "涧西区"]
    assert 50 in shares  # 50 of 100 reached
    refs = [s.val.numRef.f for c in book["一、总体"]._charts for s in c.series]
    assert all(refs)
    assert len(set(refs)) == len(refs)


def test_docx_has_tables_pictures_and_notes(made):
    pytest.importorskip("PySide6")
    from docx import Document

    document = Document(io.BytesIO(report.docx(made)))
    heads = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert heads == ["一、总体", "某某", "各区县", "Notes", "Data sources"]
    assert [c.text for c in document.tables[0].rows[1].cells] == ["涧西区", "12,345", "1.3"]
    assert len(document.inline_shapes) == 5
    assert any("演练" in p.text for p in document.paragraphs)
    order = [child.tag.rpartition("}")[2] for child in document.tables[0]._tbl.tblPr]
    assert order.index("tblW") < order.index("tblBorders") < order.index("tblLayout") < order.index("tblLook")


def test_a_wide_table_is_laid_across():
    pytest.importorskip("PySide6")
    from docx import Document

    wide = Table("宽表", tuple(f"列{i}" for i in range(12)), (tuple(Number(i) for i in range(12)),), is_wide=True)
    document = Document(io.BytesIO(report.docx(Report("甲", blocks=(UNITS, wide, Paragraph("后"))))))
    assert [s.page_width > s.page_height for s in document.sections] == [False, True, False]


@pytest.mark.parametrize("kind", [".xlsx", ".docx", ".html", ".json"])
def test_the_same_report_is_the_same_file(made, kind):
    assert report.WRITERS[kind](made) == report.WRITERS[kind](made)


def test_office_files_bear_no_time_of_day(made):
    with zipfile.ZipFile(io.BytesIO(report.xlsx(made))) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2006-01-01T00:00:00Z" in file.read("docProps/core.xml")


def test_json_keeps_unknown_values_null(made):
    values = json.loads(report.WRITERS[".json"](made))
    chart = next(b for b in values["blocks"] if b["kind"] == "chart-hbar")
    assert chart["series"][0]["values"] == [3.0, None, 1.5, 0.0]
    assert values["sample"] is True
    assert "NaN" not in json.dumps(values)


def test_names_of_sheets_are_allowed_and_different():
    from openpyxl import load_workbook

    title = "各区县[户/百人]: 固定电话*移动电话?与宽带互联网用户数及其占比情况一览表"
    tables = tuple(Table(title, ("甲",), (("乙",),)) for _ in range(3))
    names = load_workbook(io.BytesIO(report.xlsx(Report("甲", blocks=tables)))).sheetnames
    assert len({n.casefold() for n in names}) == 3
    assert all(len(n) <= 31 for n in names)


def test_writing(made, tmp_path):
    texts.use("zh", paths.translations_dir())
    assert report.write(made, tmp_path / "a.HTML").read_text(encoding="utf-8").count("示例数据") >= 1
    with pytest.raises(UsageError, match="扩展名"):
        report.write(made, tmp_path / "a.pdf")
    with pytest.raises(StoreUnavailableError) as caught:
        report.write(made, tmp_path / "none" / "a.html")
    assert caught.value.hint_text()


def test_without_qt_numbers_stand_for_charts_in_word(made, monkeypatch):
    from docx import Document

    monkeypatch.setitem(sys.modules, "PySide6.QtGui", None)
    assert report.html(made).count(b"<svg") == 4
    assert report.xlsx(made)
    document = Document(io.BytesIO(report.docx(made)))
    assert len(document.tables) == 5
    assert [c.text for c in document.tables[1].rows[1].cells] == ["涧西区", "3.0", "2.0"]
    with pytest.raises(StoreUnavailableError, match="PySide6") as caught:
        charts.png(BARS)
    assert caught.value.hint_text()
