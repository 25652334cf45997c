"""Pages in Word: written, written again into what people wrote around them, and through LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace

import docx
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

pytest.importorskip("PySide6")

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.model.frame import Frame
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.layout import ChartItem, Layout, LegendItem, MapItem, Page, TableItem, TextItem
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, docxfields, docxparts, officepages, press
from tests.conftest import need

CRS = Crs("EPSG:4546")
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)
STYLE = Style((Rule((PolygonSymbolizer(Fill("#cc5533"), Stroke("#222222", width_mm=0.3)),)),))
LAYOUT = Layout(id="sheet", title="村庄分布", pages=(Page(width=140, height=110),), items=(
    MapItem(id="main", x=10, y=20, width=80, height=60), TextItem(id="t", x=10, y=5, width=100, height=10, text="{title}"),
    LegendItem(id="legend", x=95, y=20, width=40, height=30),
    TableItem(id="rows", x=10, y=84, width=60, height=20, layer="village", fields=("name", "people"), rows=3, title="各村人口"),
    ChartItem(id="bars", x=75, y=84, width=60, height=20, layer="village", category="name", value="people", rows=4, title="人口"),
))  # fmt: skip
PLAIN = Layout(id="plain", title="附图", pages=(Page(width=120, height=80),), items=(MapItem(id="main", x=5, y=5, width=110, height=70),))


def made(layout, colour="#cc5533", **more):
    rings = [[[[(x, y), (x + 700, y), (x + 700, y + 500), (x, y + 500), (x, y)]]] for x, y in ((601_000.0, 3_831_000.0), (603_000.0, 3_832_000.0), (604_500.0, 3_831_500.0), (602_000.0, 3_833_000.0))]
    table = FeatureTable(np.arange(1, 5), pa.table({"name": [f"第{i}村" for i in range(4)], "people": [10.0, 20.0, 30.0, 40.0]}), GeometryArray.from_rings(GeometryKind.POLYGON, rings), CRS)
    style = Style((Rule((PolygonSymbolizer(Fill(colour), Stroke("#222222", width_mm=0.3)),)),))
    scene = (arrange.drawlist.SceneLayer("village", table, style, np.zeros(4, np.int16)),)
    definition = LayerDef("village", "村庄", "g", "polygon", style, fields=(FieldDef("name", "名称"), FieldDef("people", "人口", unit="人")), source="某局")
    given = {"stamps": (("内部用图",), ("示例数据",)), "verdict": ("出图检查", "没有审图号"), "titles": {"village": ("", "村庄")}, **more}
    return arrange.arrange(layout, arrange.Material(CRS, HOME, lambda _s, _i: scene, lambda _i: table, lambda _i: definition, **given))


@pytest.fixture(scope="module")
def sheet(qapp):
    return made(LAYOUT)


def words(path):
    document = docx.Document(str(path))
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in document.element.body.iter(qn("w:p")))


def numbers(path):
    """Captions as they are shown."""
    return [line for line in words(path).split("\n") if line.startswith(("图 ", "表 ", "Figure ", "Table "))]


def figures(path):
    return docxparts.drawings(docx.Document(str(path)).element.body)


def pictures(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name.startswith("word/media/")}


def write_around(path):
    """What people do with it: text everywhere, a figure of their own before, a picture made smaller, a caption in better words."""
    document = docx.Document(str(path))
    body = document.element.body
    figure = docxparts.top(docxparts.controls(body, "ly:sheet:main")[0], body)
    first = document.add_paragraph("一、手写的引言，")
    first._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" REF {docxfields.mark_of("ly:sheet:main", "_no")} \\h "><w:r><w:t>图 1</w:t></w:r></w:fldSimple>'))
    figure.addprevious(first._p)
    own = document.add_paragraph(style="Caption")
    docxfields.caption(own, docxfields.label_of(body, "figure"), "hand", "手绘草图", 1)
    figure.addprevious(own._p)
    after = document.add_paragraph("手写的分析。")
    docxparts.top(docxparts.controls(body, "ly:sheet:main:notes")[0], body).addnext(after._p)
    document.add_paragraph("手写的结论。")
    extent = next(figure.iter(qn("wp:extent")))
    extent.set("cx", "2000000")
    caption = docxfields.find(body, docxfields.mark_of("ly:sheet:main", "_no")).getparent()
    list(caption.iter(qn("w:t")))[-1].text = "　我改过的题注"
    document.save(str(path))


def convert(path, kind, folder):
    office = shutil.which("soffice")
    need(office is not None, "LibreOffice (libreoffice-writer, libreoffice-impress) is not installed")
    profile = (folder / "profile").as_uri()
    out = folder / kind
    subprocess.run([office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=240)
    made_there = out / f"{path.stem}.{kind}"
    need(made_there.exists(), "this LibreOffice lacks the part that opens such files")
    return made_there


def test_a_new_document_holds_the_map_the_table_the_chart_and_the_stamp(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    text = words(path)
    assert numbers(path) == ["Figure 1　村庄分布", "Figure 2　人口（人）", "Table 1　各村人口"]
    for wanted in ("某局", "内部用图", "示例数据", "出图检查", "没有审图号", "第2村"):
        assert wanted in text
    document = docx.Document(str(path))
    said = [next(d.iter(qn("wp:docPr"))) for d in figures(path)]
    assert [d.get("name") for d in said] == ["ly:sheet:main", "ly:sheet:bars"]
    assert "[ly:sheet:main]" in said[0].get("descr")
    (grid,) = document.element.body.iter(qn("w:tbl"))
    assert len(list(grid.iter(qn("w:tr")))) == 1 + 3 + 1, "three rows, and how many there are more"
    assert len({e.get(qn("w:val")) for e in document.element.body.iter(qn("w:id"))}) == len(list(document.element.body.iter(qn("w:sdt"))))


def test_the_same_pages_make_the_same_document(sheet, tmp_path):
    a, b = (press.write(tmp_path / name, [sheet])[0].read_bytes() for name in ("a.docx", "b.docx"))
    assert a == b


def test_written_again_everything_by_hand_stays_and_numbers_follow(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    write_around(path)
    before = pictures(path)
    press.write(path, [made(LAYOUT, "#3355cc", stamps=(("审图号 豫S(2026)001号",),), verdict=())])
    text = words(path)
    for wanted in ("一、手写的引言，", "手写的分析。", "手写的结论。", "我改过的题注", "审图号 豫S(2026)001号"):
        assert text.count(wanted) == 1
    assert "内部用图" not in text
    assert "没有审图号" not in text
    label = numbers(path)[0].split(" ")[0]
    assert [line.split("　")[0] for line in numbers(path)[:2]] == [f"{label} 1", f"{label} 2"], "the figure by hand is the first"
    assert "一、手写的引言，" + f"{label} 2" in text, "and what refers to the map knows"
    after = pictures(path)
    assert len(after) == len(before) == 2
    assert set(after.values()) != set(before.values())
    extent = next(figures(path)[0].iter(qn("wp:extent")))
    assert extent.cx == 2_000_000
    figure = officepages.figure_page(sheet.pages[0])
    assert extent.cy == pytest.approx(2_000_000 * figure.height / figure.width, rel=1e-3)
    order = [t for t in ("一、手写的引言", "手绘草图", "我改过的题注", "手写的分析", "各村人口", "手写的结论") if t in text]
    assert sorted(order, key=text.index) == order


def test_words_written_into_the_line_of_a_figure_or_note_stay(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    document = docx.Document(str(path))
    for name in ("ly:sheet:main", "ly:sheet:main:notes"):
        line = next(e for e in docxparts.controls(document.element.body, name)[0].iterancestors(qn("w:p")))
        line.append(parse_xml(f'<w:r {nsdecls("w")}><w:t>（{name} 旁注）</w:t></w:r>'))
    document.save(str(path))
    press.write(path, [made(LAYOUT, "#3355cc")])
    assert all(words(path).count(f"（{name} 旁注）") == 1 for name in ("ly:sheet:main", "ly:sheet:main:notes"))


def test_in_a_text_with_indents_and_fixed_lines_pictures_are_whole(sheet, tmp_path):
    from docx.shared import Pt

    document = docx.Document()
    style = document.styles["Normal"].paragraph_format
    style.line_spacing, style.first_line_indent = Pt(28), Pt(32)
    document.add_paragraph("正文。")
    path = tmp_path / "a.docx"
    document.save(str(path))
    press.write(path, [sheet])
    body = docx.Document(str(path)).element.body
    assert words(path).startswith("正文。")
    for line in (e for name in ("ly:sheet:main", "ly:sheet:bars") for e in docxparts.controls(body, name)[0].iterancestors(qn("w:p"))):
        assert line.pPr.spacing.get(qn("w:lineRule")) == "auto"
        assert line.pPr.ind.get(qn("w:firstLine")) == "0"
    (table,) = body.iter(qn("w:tbl"))
    assert all(line.pPr.ind.get(qn("w:firstLine")) == "0" for line in table.iter(qn("w:p")))


def test_twice_the_same_changes_nothing_more(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    write_around(path)
    press.write(path, [sheet])
    once = docx.Document(str(path)).element.body.xml
    press.write(path, [sheet])
    assert docx.Document(str(path)).element.body.xml == once


def test_new_pages_come_after_what_is_there(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    press.write(path, [made(PLAIN)])
    assert [line.split("　")[1] for line in numbers(path)][-1] == "附图"
    assert len(figures(path)) == 3


def test_through_libreoffice_fields_stay_alive_and_a_second_run_finds_its_places(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    write_around(path)
    press.write(path, [sheet])
    saved = convert(path, "docx", tmp_path)
    instructions = [i.split()[:2] for i, _ in docxfields._fields(docx.Document(str(saved)).element.body) if i.split()[:1] == ["SEQ"]]
    kinds = [name for _, name in instructions]
    assert len(kinds) == 4
    assert [line.split("　")[0].split(" ")[1] for line in numbers(saved)] == ["1", "2", "3", "1"]
    shown = words(saved)
    press.write(saved, [made(LAYOUT, "#3355cc")])
    assert len(figures(saved)) == 2
    assert len(list(docx.Document(str(saved)).element.body.iter(qn("w:tbl")))) == 1
    assert words(saved) == shown, "nothing twice, nothing lost"
    pdf = convert(saved, "pdf", tmp_path)
    told = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    for wanted in ("手写的分析。", "我改过的题注", "内部用图", "第2村"):
        assert wanted in told
    listed = subprocess.run(["pdfimages", "-list", str(pdf)], check=True, capture_output=True, text=True).stdout
    assert len(listed.splitlines()) >= 4, "head, and two pictures"


def template_of(path, *controls):
    document = docx.Document()
    document.add_paragraph("单位模板")
    for name, inner in controls:
        document.element.body.insert(len(document.element.body) - 1, parse_xml(
            f'<w:sdt {nsdecls("w")}><w:sdtPr><w:tag w:val="{name}"/><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{inner}</w:sdtContent></w:sdt>'
        ))  # fmt: skip
    document.add_paragraph("落款")
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save(str(path))


PARAGRAPH = '<w:p><w:pPr><w:jc w:val="right"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>点击此处</w:t></w:r></w:p>'


def test_an_offices_own_template_is_filled(sheet, tmp_path):
    names = ("ly:sheet:title", "ly:sheet:main", "ly:sheet:rows", "ly:sheet:bars", "ly:sheet:notes", "ly:sheet:stamps", "ly:sheet:verdict", "ly:sheet:t")
    template_of(tmp_path / "config" / "templates" / "pages-sheet.docx", *((n, PARAGRAPH) for n in names))
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    text = words(path)
    assert "点击此处" not in text
    assert text.startswith("单位模板\n村庄分布")
    assert text.rstrip().endswith("落款")
    assert text.count("内部用图") == 1
    document = docx.Document(str(path))
    assert len(figures(path)) == 2
    title = next(docxparts.controls(document.element.body, "ly:sheet:title")[0].iter(qn("w:p")))
    assert title.pPr.jc_val is not None
    assert next(title.iter(qn("w:b"))) is not None
    again = path.read_bytes()
    press.write(path, [sheet])
    assert words(path) == text
    assert again


def test_a_template_that_asks_for_what_there_is_not_is_named(sheet, tmp_path):
    template_of(tmp_path / "config" / "templates" / "pages.docx", ("ly:sheet:nothing", PARAGRAPH))
    with pytest.raises(BadDataError) as told:
        press.write(tmp_path / "a.docx", [sheet])
    assert "ly:sheet:nothing" in str(told.value)
    assert "ly:sheet:main" in told.value.hint_text()
    assert not (tmp_path / "a.docx").exists()


def test_what_left_the_layout_is_said_in_the_document(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    press.write(path, [made(LAYOUT.without("rows"))])
    assert "ly_sheet_rows" in words(path)
    assert "第2村" in words(path)


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx"])
@pytest.mark.parametrize("lock", [".~lock.a-report.{kind}#", "~$report.{kind}"])
def test_a_file_open_elsewhere_is_left_alone(sheet, tmp_path, kind, lock):
    path = tmp_path / f"a-report.{kind}"
    path.write_bytes(b"theirs")
    (tmp_path / lock.format(kind=kind)).write_text("")
    with pytest.raises(StoreUnavailableError) as told:
        press.write(path, [sheet])
    assert told.value.hint_text()
    assert path.read_bytes() == b"theirs"


def test_a_read_only_document_is_left_alone(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.docx", [sheet])
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError):
        press.write(path, [sheet])
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"<html>"])
@pytest.mark.parametrize("kind", ["docx", "pptx"])
def test_a_damaged_file_is_said_and_left_alone(sheet, tmp_path, kind, content):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)
    with pytest.raises(BadDataError):
        press.write(path, [sheet])
    assert path.read_bytes() == content


def test_paper_frames_are_told_apart_by_their_titles(qapp, tmp_path):
    layout = msgspec.structs.replace(PLAIN, frame=Frame())
    one, other = (replace(made(layout), facts={"title": name}) for name in ("交通", "水系"))
    path = tmp_path / "a.docx"
    for sheet in (one, other, one):
        press.write(path, [sheet])
    assert [line.split("　")[1] for line in numbers(path)] == ["交通", "水系"]


def test_sheets_of_a_series_have_places_of_their_own(qapp, tmp_path):
    a, b = (replace(made(PLAIN), facts={"title": name}) for name in ("甲乡", "乙乡"))
    (path,) = press.write(tmp_path / "a.docx", [a, b])
    press.write(path, [b, a])
    assert [line.split("　")[1] for line in numbers(path)] == ["甲乡", "乙乡"]
    assert len(figures(path)) == 2
