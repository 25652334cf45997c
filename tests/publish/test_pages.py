"""Sheets: what they say, and that it can be found in them."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    Fill,
    LabelStyle,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.publish import furniture, legend, pages
from lydigital.publish.pages import Sheet
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
BOUNDS = (600000.0, 3800000.0, 640000.0, 3825000.0)


def scene():
    x0, y0, x1, y1 = BOUNDS
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]]]])
    town = SceneLayer(
        "town", FeatureTable(np.array([1]), pa.table({"name": ["白马寺镇"]}), area, CRS),
        Style((Rule((PolygonSymbolizer(Fill("#e9efe0"), Stroke("#888888")),)),),
              labels=LabelStyle("name", size_pt=11, placement="area", spacing_em=0.2)), np.zeros(1, np.int16),
    )
    xy = GeometryArray.from_points(np.array([(x0 + 8000, y0 + 9000), (x0 + 30000, y0 + 20000)]))
    rules = (
        Rule((PointSymbolizer(glyph="school"),), title="小学", title_en="Primary", value="p"),
        Rule((PointSymbolizer("square"),), title="初中", title_en="Junior", value="j"),
        Rule((PointSymbolizer("pin"),), title="高中", title_en="Senior", value="s"),
    )
    school = SceneLayer(
        "school", FeatureTable(np.array([1, 2]), pa.table({"name": ["白云山小学", "龙门初中"]}), xy, CRS),
        Style(rules, kind="categorized", field="kind", labels=LabelStyle("name")), np.array([0, 1], np.int16),
    )
    return [town, school]


TITLES = {"town": ("政区", "乡镇"), "school": ("教育", "学校")}


def pdf_text(path):
    import pypdf

    page = pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages[0]
    return page.extract_text().replace(" ", "").replace("\t", ""), page


def test_a_pdf_sheet_says_what_it_must_and_its_names_can_be_found(qapp, tmp_path):
    sheet = Sheet("洛阳市学校分布图", titles=TITLES, sources="示例", producer="测试处", is_sample=True, date="2025-07-01")
    scale = pages.write_sheet(tmp_path / "a.pdf", scene(), BOUNDS, CRS, sheet)
    text, page = pdf_text(tmp_path / "a.pdf")
    for said in ("洛阳市学校分布图", "白马寺镇", "白云山小学", "龙门初中", "乡镇", "教育", "测试处", "2025-07-01", "EPSG:4546",
                 "Notreviewed", "Sampledata", "112°10"):
        assert said in text, said
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx((841.9, 595.3), abs=1)
    assert f"1:{scale:,.0f}".replace(",", "") in text
    assert scale == 200000
    assert not list(tmp_path.glob("*.part"))


def test_a_review_number_replaces_the_stamp(qapp, tmp_path):
    pages.write_sheet(tmp_path / "a.pdf", scene(), BOUNDS, CRS, Sheet("图", approval="豫S(2025)001号"))
    text, _ = pdf_text(tmp_path / "a.pdf")
    assert "豫S(2025)001号" in text
    assert "Notreviewed" not in text
    assert "Sampledata" not in text


@pytest.mark.parametrize(("form", "portrait", "size"), [("A4", True, (827, 1169)), ("A3", False, (1654, 1169))])
def test_a_png_sheet_has_the_size_of_its_paper(qapp, tmp_path, form, portrait, size):
    from PIL import Image

    sheet = Sheet("图", format=form, portrait=portrait, titles=TITLES)
    pages.write_sheet(tmp_path / "a.png", scene(), BOUNDS, CRS, sheet, dpi=100)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == size
        assert image.info["dpi"][0] == pytest.approx(100, abs=0.5)
        assert np.asarray(image.convert("L")).std() > 10


def test_refusals(qapp, tmp_path):
    with pytest.raises(UsageError):
        pages.write_sheet(tmp_path / "a.docx", scene(), BOUNDS, CRS, Sheet("图"))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError):
        pages.write_sheet(tmp_path / "file" / "a.pdf", scene(), BOUNDS, CRS, Sheet("图"))


def test_the_legend_names_only_what_is_drawn():
    groups = legend.of_scene(scene(), TITLES, BOUNDS, 200000.0)
    assert [(g.title, [e.title for e in g.entries]) for g in groups] == [("教育", ["Primary", "Junior"]), ("政区", ["乡镇"])]
    assert legend.of_scene(scene(), {}, BOUNDS, 200000.0) == ()


def test_round_numbers_and_angles():
    assert furniture.nice(87.0) == 50
    assert furniture.nice(0.3) == pytest.approx(0.2)
    assert furniture.nice(9.9, (1, 2, 4, 8)) == 8
    assert furniture.dms(112.5, "E", "W") == "112°30′E"
    assert furniture.dms(-0.00139, "N", "S") == "0°00′05″S"


def test_tints_that_only_tell_neighbours_apart_are_one_entry():
    tints = tuple(Rule((PolygonSymbolizer(Fill(c)),), title=n, value=n) for n, c in (("甲", "#eeeeee"), ("乙", "#dddddd"),
                                                                                  ("丙", "#cccccc")))
    squares = [[[[(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 0.0)]]] for x in (0.0, 1.0, 2.0)]
    table = FeatureTable(np.arange(3), pa.table({"name": ["甲", "乙", "丙"]}),
                         GeometryArray.from_rings(GeometryKind.POLYGON, squares), CRS)
    style = Style(tints, kind="categorized", field="name", labels=LabelStyle("name"))
    county = SceneLayer("town", table, style, np.array([0, 1, 2], np.int16))
    (group,) = legend.of_scene([county], TITLES, (0.0, 0.0, 3.0, 1.0), 1000.0)
    assert [e.title for e in group.entries] == ["乡镇"]
