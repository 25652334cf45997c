"""Pages in presentations and workbooks."""

from __future__ import annotations

import subprocess

import pytest

pytest.importorskip("PySide6")

import msgspec
import openpyxl
import pptx
from pptx.util import Mm

from lydigital.errors import BadDataError
from lydigital.model.layout import Page
from lydigital.publish import press
from tests.publish.test_docxpages import LAYOUT, PLAIN, convert, made


@pytest.fixture(scope="module")
def sheet(qapp):
    return made(LAYOUT)


def pictures(path):
    return {shape.name: (number, shape) for number, slide in enumerate(pptx.Presentation(str(path)).slides, 1) for shape in slide.shapes if shape.shape_type == 13}


def test_a_slide_is_wide_and_holds_picture_title_stamp_and_notes(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.pptx", [sheet])
    shown = pptx.Presentation(str(path))
    assert shown.slide_width / shown.slide_height == pytest.approx(16 / 9, rel=1e-4)
    (slide,) = shown.slides
    assert slide.shapes.title.text == "村庄分布"
    ((_, picture),) = pictures(path).values()
    assert picture.name == "ly:sheet:page1"
    assert picture.width / picture.height == pytest.approx(140 / 110, rel=0.01)
    title = slide.shapes.title
    stamp = next(s for s in slide.shapes if s.name == "ly:sheet:page1:stamp")
    assert title.top + title.height <= picture.top
    assert picture.top + picture.height <= stamp.top
    assert stamp.top + stamp.height <= shown.slide_height
    assert any("内部用图" in s.text_frame.text for s in slide.shapes if s.has_text_frame)
    notes = slide.notes_slide.notes_text_frame.text
    for wanted in ("某局", "内部用图", "没有审图号"):
        assert wanted in notes


def test_written_again_pictures_change_where_they_stand_and_words_stay(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.pptx", [sheet])
    shown = pptx.Presentation(str(path))
    (slide,) = shown.slides
    slide.shapes.title.text = "我的标题"
    picture = next(s for s in slide.shapes if s.name == "ly:sheet:page1")
    picture.left, picture.top, picture.width, picture.height = Mm(20), Mm(30), Mm(70), Mm(55)
    old = picture.image.sha1
    notes = slide.notes_slide.notes_text_frame
    notes.paragraphs[0]._p.addprevious(notes.add_paragraph()._p)
    notes.paragraphs[0].text = "先讲背景"
    notes.add_paragraph().text = "再讲结论"
    shown.save(str(path))
    press.write(path, [made(LAYOUT, "#3355cc", stamps=(("审图号 豫S(2026)001号",),), verdict=()), made(PLAIN)])
    shown = pptx.Presentation(str(path))
    assert len(shown.slides) == 3, "sheets of a series have places of their own, the one by itself another"
    press.write(path, [made(LAYOUT, "#3355cc", stamps=(("审图号 豫S(2026)001号",),), verdict=())])
    shown = pptx.Presentation(str(path))
    assert len(shown.slides) == 3
    slide = shown.slides[0]
    assert slide.shapes.title.text == "我的标题"
    new = next(s for s in slide.shapes if s.name == "ly:sheet:page1")
    assert new.image.sha1 != old
    assert (new.left, new.top, new.width) == (Mm(20), Mm(30), Mm(70))
    told = slide.notes_slide.notes_text_frame.text
    assert told.startswith("先讲背景\n[ly:sheet:page1]")
    assert told.endswith("[/ly:sheet:page1]\n再讲结论")
    assert "审图号 豫S(2026)001号" in told
    assert "内部用图" not in told
    assert "没有审图号" not in told


def test_a_page_made_as_a_slide_fills_it(qapp, tmp_path):
    (path,) = press.write(tmp_path / "a.pptx", [made(msgspec.structs.replace(PLAIN, pages=(Page(width=254, height=142.9),)))])
    shown = pptx.Presentation(str(path))
    ((_, picture),) = pictures(path).values()
    assert (picture.left, picture.top, picture.width, picture.height) == (0, 0, shown.slide_width, shown.slide_height)
    assert shown.slides[0].shapes.title.text == "附图"
    assert "内部用图" in shown.slides[0].notes_slide.notes_text_frame.text


def test_libreoffice_shows_one_page_a_slide(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.pptx", [sheet])
    press.write(path, [made(PLAIN)])
    pdf = convert(path, "pdf", tmp_path)
    said = subprocess.run(["pdfinfo", str(pdf)], check=True, capture_output=True, text=True).stdout
    assert "Pages:           2" in said
    told = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    assert "村庄分布" in told
    assert "内部用图" in told


def test_an_offices_own_presentation_goes_before_the_one_built_here(sheet, tmp_path):
    folder = tmp_path / "config" / "templates"
    folder.mkdir(parents=True)
    own = pptx.Presentation()
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text = "封面"
    own.save(str(folder / "pages.pptx"))
    (path,) = press.write(tmp_path / "a.pptx", [sheet])
    slides = pptx.Presentation(str(path)).slides
    assert [s.shapes.title.text for s in slides] == ["封面", "村庄分布"]
    (folder / "pages.pptx").write_bytes(b"no")
    with pytest.raises(BadDataError):
        press.write(tmp_path / "b.pptx", [sheet])


def test_a_workbook_has_all_rows_the_numbers_of_charts_sources_and_stamps(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.xlsx", [sheet])
    book = openpyxl.load_workbook(path)
    rows = [tuple(c.value for c in row) for row in book["各村人口"].iter_rows()]
    assert rows == [("名称", "人口（人）"), ("第0村", 10), ("第1村", 20), ("第2村", 30), ("第3村", 40)]
    said = [str(c.value) for page in book.worksheets for row in page.iter_rows() for c in row if c.value is not None]
    for wanted in ("某局", "没有审图号"):
        assert any(wanted in text for text in said)
    assert any("内部用图" in text for text in said)
    charts = [chart for page in book.worksheets for chart in page._charts]
    assert len(charts) == 1
    assert len([image for page in book.worksheets for image in page._images]) == 1
