"""Word, pictures, lists and web pages of a warning, read back; all of them together in a package."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import shapely

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.publish import calllist, package, webwarning, word
from lydigital.publish.bulletin import compose
from lydigital.publish.calllist import Contact
from lydigital.publish.package import Material

LEVELS = {"410324103": 2, "410324107": 2, "410326100": 3, "410326101": 3, "410327001": 3}


# --- word -----------------------------------------------------------------------------------------------------------


def png(side: int = 40) -> bytes:
    from lydigital.publish.image import encode_png

    return encode_png(np.full((side, side, 3), 200, np.uint8))


def test_word_says_what_the_issue_says(given, tmp_path):
    bulletin = compose(given.issue())
    annex = word.Annex("附件　影响", ("项目", "数量"), (("人口", "1200人"),), ("数据性质：推算",))
    word.write(tmp_path / "w.docx", bulletin, picture=png(), annexes=(annex,))
    read = word.read(tmp_path / "w.docx")
    assert {c: "ⅠⅡⅢⅣ".index(n) + 1 for c, n in read.townships.items()} == LEVELS
    assert (read.valid_from, read.valid_to, read.pictures) == (given.at(16, 20), given.at(17, 20), 1)
    for said in ("洛阳市地质灾害气象风险预警", "（2025年7月16日　第12期）", "1.汝阳县：各乡镇", "附件　影响", "数据性质：推算"):
        assert said in read.text, said
    assert "{{" not in read.text
    assert "【" not in read.text
    word.write(tmp_path / "i.docx", compose(given.issue(), internal=True))
    assert "【内部研判】" in word.read(tmp_path / "i.docx").text


def test_a_bureau_has_a_template_of_its_own(given, tmp_path):
    import docx

    from lydigital import paths

    folder = paths.config_dir() / "templates"
    folder.mkdir()
    document = docx.Document()
    split = document.add_paragraph("文件：")
    for run in ("{{标", "题", "}}　{{有效期}}"):
        split.add_run(run)
    document.add_paragraph("{{乡镇表}}")
    document.add_paragraph("{{来源}}")
    document.sections[0].header.paragraphs[0].add_run("{{编号}}")
    document.save(folder / "warning.docx")
    word.write(tmp_path / "w.docx", compose(given.issue()))
    assert word.read(tmp_path / "w.docx").text.startswith("文件：洛阳市地质灾害气象风险预警　2025年7月16日20时至7月17日20时")
    assert docx.Document(tmp_path / "w.docx").sections[0].header.paragraphs[0].text == "YJ2025-0012 第4版"
    document.add_paragraph("{{不认识}}")
    document.save(folder / "warning.docx")
    with pytest.raises(BadDataError):
        word.write(tmp_path / "w.docx", compose(given.issue()))
    (folder / "warning.docx").write_bytes(b"no")
    with pytest.raises(BadDataError):
        word.write(tmp_path / "w.docx", compose(given.issue()))


def test_the_template_can_be_written_for_editing(given, tmp_path):
    import docx

    word.write_template(tmp_path / "t.docx")
    assert "{{正文}}" in [p.text for p in docx.Document(tmp_path / "t.docx").paragraphs]


# --- lists and the web ----------------------------------------------------------------------------------------------


def test_people_are_masked_unless_allowed(given, tmp_path):
    bulletin = compose(given.issue())
    assert calllist.write(tmp_path / "a.xlsx", bulletin, given.CONTACTS) == 2
    assert calllist.write(tmp_path / "b.xlsx", bulletin, given.CONTACTS, is_masked=False) == 2
    import openpyxl

    masked, bare = ([str(c.value) for row in openpyxl.load_workbook(tmp_path / f)["隐患点监测人"].iter_rows() for c in row] for f in ("a.xlsx", "b.xlsx"))
    assert "王**" in masked
    assert "138****5678" in masked
    assert "王小明" not in masked
    assert {"王小明", "13812345678", "0379-65432100"} <= set(bare)
    assert "赵六" not in bare
    read = calllist.read(tmp_path / "a.xlsx")
    assert (read.townships, read.contacts, read.valid_to) == (LEVELS, 2, given.at(17, 20))


@pytest.mark.parametrize(("phone", "masked"), [("13812345678", "138****5678"), ("0379-65432100", "037*-****2100"), ("12345", "***45"),
                                               ("", ""), ("无", "无")])
def test_masks(phone, masked):
    assert calllist.masked_phone(phone) == masked


def test_formulas_stay_texts(given, tmp_path):
    import openpyxl

    calllist.write(tmp_path / "a.xlsx", compose(given.hostile()), (Contact("410324103", "=1+1", 2, 1, "@x", "+86"),))
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_geojson_is_rfc_7946(given, townships):
    bulletin = compose(given.issue())
    octets = json.dumps(webwarning.geojson(bulletin, webwarning.shapes_of(townships, bulletin)), allow_nan=False).encode()
    read = webwarning.read(octets)
    assert (read.townships, read.zones, read.valid_from) == (LEVELS, 2, given.at(16, 20))
    found = json.loads(octets)
    assert "crs" not in found
    for feature in found["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for i, ring in enumerate(polygon):
                assert ring[0] == ring[-1]
                assert shapely.LinearRing(ring).is_ccw == (i == 0)
                assert all(111 < x < 113.5 and 33 < y < 35 for x, y in ring)
    alone = webwarning.geojson(bulletin, {})
    assert [f["geometry"] for f in alone["features"] if f["properties"]["kind"] == "township"] == [None] * 5


def test_the_page_needs_no_network_and_runs_nobodys_script(given, townships):
    for issue in (given.issue(), given.hostile()):
        bulletin = compose(issue)
        page = webwarning.page(bulletin, webwarning.shapes_of(townships, bulletin), png(), notice="<x>")
        assert re.findall(r"(?:src|href)=.(?!data:)", page) == []
        assert "://" not in page
        assert page.count("<script") == 1
        assert "<x>" not in page
        assert "<b>&" not in page
        assert page.count("<tr data-code") == 5
        assert page.count("<path data-code") == 5


# --- package --------------------------------------------------------------------------------------------------------


def test_a_product_that_fails_leaves_the_others(given, ground, tmp_path):
    bulletin = compose(given.issue(references=("YJ2025-0001",)))  # not in the ledger: no CAP message
    made = package.write(tmp_path, bulletin, Material(ground), wanted=("bulletin.txt", "cap.xml", "warning.geojson"))
    assert set(made.files) == {"bulletin.txt", "warning.geojson"}
    assert list(made.failed) == ["cap.xml"]
    assert package.opened(made.folder)["failed"][0]["name"] == "cap.xml"
    with pytest.raises(BadDataError):
        package.write(tmp_path, bulletin, Material(ground), wanted=("cap.xml",))
    assert not list(tmp_path.glob(".*"))


def test_products_that_disagree_are_found_out(given, ground, tmp_path):
    wanted = ("cap.xml", "warning.geojson", "calllist.xlsx", "warning.txt")[:3]
    made = package.write(tmp_path, compose(given.issue()), Material(ground), wanted=wanted)
    assert package.disagreements(made.folder, compose(given.issue())) == []
    later = compose(given.issue(valid_to=given.at(18, 20), townships=given.issue().townships[1:]))
    assert len(package.disagreements(made.folder, later)) == 6
    (made.folder / "cap.xml").write_text("<a/>")
    assert any(f.startswith("cap.xml") for f in package.disagreements(made.folder, compose(given.issue())))


def test_hostile_names_in_every_product(given, ground, tmp_path):
    wanted = ("bulletin.txt", "cap.xml", "warning.geojson", "calllist.xlsx")
    made = package.write(tmp_path, compose(given.hostile()), Material(ground, contacts=given.CONTACTS), wanted=wanted)
    assert (made.failed, made.faults) == ({}, ())
    word.write(tmp_path / "w.docx", compose(given.hostile()))
    assert len(word.read(tmp_path / "w.docx").townships) == 5


def test_a_package_needs_a_folder(given, ground, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError):
        package.write(tmp_path / "file" / "out", compose(given.issue()), Material(ground), wanted=("bulletin.txt",))


def test_columns_of_annexes_are_as_wide_as_they_need():
    annex = word.Annex("x", ("项目", "单位", "名称"), (("人口", "人", "很长" * 100), ("学校", "所", "短")))
    shares = word._shares(annex)
    assert sum(shares) == pytest.approx(1.0)
    assert shares[2] > 0.7
    assert min(shares) * 46 > 2.5
    few = word._shares(word.Annex("x", ("甲", "乙"), ()))
    assert few == pytest.approx((0.5, 0.5))


def test_without_qt_it_is_said_what_is_missing(given, ground, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "lydigital.render.painter.fonts", None)
    made = package.write(tmp_path, compose(given.issue()), Material(ground), wanted=("bulletin.txt", "portrait.png", "warning.docx"))
    assert list(made.files) == ["bulletin.txt"]
    assert "PySide6" in made.failed["portrait.png"]
    assert "PySide6" in made.failed["warning.docx"]
