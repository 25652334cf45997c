"""The sheet of a paper frame: what it says, where things stand."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.model.crs import Crs
from lydigital.model.frame import FORMATS_MM, Frame
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import LayerDef
from lydigital.model.style import Fill, LabelStyle, PointSymbolizer, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import press, rasterpages
from lydigital.publish.arrange import Material, arrange, producers
from lydigital.publish.frame import of_material
from lydigital.publish.legend import Entry, Group
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
X0, Y0, X1, Y1 = BOUNDS = (600000.0, 3800000.0, 640000.0, 3825000.0)
LONG = "洛阳市" + "示范区学校与乡镇分布情况一览图" * 14


@pytest.fixture(scope="module")
def material(qapp):
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(X0, Y0), (X1, Y0), (X1, Y1), (X0, Y1), (X0, Y0)]]]])
    town = FeatureTable(np.array([1]), pa.table({"name": ["白马寺镇"]}), area, CRS)
    xy = GeometryArray.from_points(np.array([(X0 + 8000, Y0 + 9000), (X0 + 30000, Y0 + 20000)]))
    school = FeatureTable(np.array([1, 2]), pa.table({"name": ["白云山小学", "龙门初中"]}), xy, CRS)
    rules = tuple(Rule((PointSymbolizer(shape),), title=title, value=title) for shape, title in (("circle", "小学"), ("square", "初中")))
    scene = (
        SceneLayer("town", town, Style((Rule((PolygonSymbolizer(Fill("#e9efe0"), Stroke("#888888")),)),),
                                       labels=LabelStyle("name", size_pt=11, placement="area")), np.zeros(1, np.int16)),
        SceneLayer("school", school, Style(rules, kind="categorized", field="kind", labels=LabelStyle("name")), np.array([0, 1], np.int16)),
    )  # fmt: skip
    tables = {"town": town, "school": school}
    definitions = {name: LayerDef(id=name, title=name, group="", geometry="point", style=Style(()), source=source)
                   for name, source in (("town", "界线：甲局（试行）；名称：乙局"), ("school", "乙局；其余推算"))}  # fmt: skip
    return Material(
        CRS, BOUNDS, lambda _scale, ids: tuple(la for la in scene if ids is None or la.id in ids), tables.__getitem__, definitions.__getitem__,
        titles={"town": ("政区", "乡镇"), "school": ("教育", "学校")}, stamps=(("内部使用", "界线不作依据"), ("示例数据",)),
        facts={"title": "学校分布图", "date": "2025-07-01", "crs": CRS.name, "crs_code": str(CRS), "height_datum": "", "producer": "测试处", "operator": ""},
    )  # fmt: skip


def overlap(a, b) -> bool:
    return a.x < b.x + b.width - 0.01 and b.x < a.x + a.width - 0.01 and a.y < b.y + b.height - 0.01 and b.y < a.y + a.height - 0.01


@pytest.mark.parametrize("form", FORMATS_MM)
@pytest.mark.parametrize("portrait", [False, True])
@pytest.mark.parametrize("more", [{}, {"overview": True, "table": "school", "chart": "school/kind", "qr": "https://x"}, {"legend": False, "grid": "none", "foot": False},
                                  {"overview": True, "legend": False}])  # fmt: skip
def test_nothing_overlaps_and_all_stays_on_the_paper(material, form, portrait, more):
    layout = of_material(Frame(format=form, portrait=portrait, **more), material)
    (page,) = layout.pages
    items = [i for i in layout.items if i.id != "rule"]
    for item in items:
        assert item.x >= 0 and item.y >= 0  # noqa: PT018
        assert item.x + item.width <= page.width + 0.01 and item.y + item.height <= page.height + 0.01  # noqa: PT018
        assert item.width > 3.5 and item.height > 3, item.id  # noqa: PT018
    wrong = [(a.id, b.id) for a, b in itertools.combinations(items, 2) if overlap(a, b) and not (more.get("foot") is False and "north" in (a.id, b.id))]
    assert not wrong
    main = layout.main_map
    assert main.width * main.height > 0.3 * page.width * page.height


@pytest.mark.parametrize("size", [(60, 60), (5_000, 60), (60, 5_000), (5_000, 5_000), (150, 150)])
def test_paper_of_any_size_has_a_sheet(material, size):
    layout = of_material(Frame(format="custom", width=size[0], height=size[1], overview=True, table="school", chart="school/kind", qr="x"), material)
    for item in layout.items:
        assert item.x >= 0 and item.y >= 0 and item.x + item.width <= size[0] + 0.01 and item.y + item.height <= size[1] + 0.01  # noqa: PT018
        assert item.id == "rule" or min(item.width, item.height) > 1, item.id
    made = arrange(layout, material)
    assert rasterpages.pixels(made.pages[0], made.fonts, 36 if max(size) < 1000 else 5).std() > 5


def test_it_says_what_it_must_and_its_names_can_be_found(material, tmp_path):
    import pypdf

    made = arrange(of_material(Frame(title="洛阳市学校"), material), material)
    press.write(tmp_path / "a.pdf", [made])
    page = pypdf.PdfReader(io.BytesIO((tmp_path / "a.pdf").read_bytes())).pages[0]
    text = page.extract_text().replace(" ", "").replace("\t", "")
    for said in ("洛阳市学校", "白马寺镇", "白云山小学", "龙门初中", "乡镇", "教育", "测试处", "2025-07-01", "EPSG:4546", "内部使用", "示例数据", "112°10", "乙局；甲局"):
        assert said in text, said
    assert "datum" not in text
    assert "Grid:CGCS2000" in text
    assert made.maps[0].scale == 200_000
    assert "1:200000" in text
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx((841.9, 595.3), abs=1)


def test_the_map_shows_all_of_the_view_that_is_map(material):
    wide = replace(material, view=(X0 - 100_000, Y0 + 5_000, X1 + 100_000, Y0 + 15_000))
    (placed,) = arrange(of_material(Frame(portrait=True), wide), wide).maps
    x0, y0, x1, y1 = placed.viewport.bounds
    assert x0 <= X0 and x1 >= X1 and y0 <= Y0 + 5_000 and y1 >= Y0 + 15_000  # noqa: PT018
    assert placed.scale <= 250_000
    elsewhere = replace(material, view=(X1 + 1_000, Y0, X1 + 2_000, Y0 + 1_000))
    (placed,) = arrange(of_material(Frame(), elsewhere), elsewhere).maps
    assert placed.viewport.bounds[0] <= X1 + 1_000 < placed.viewport.bounds[2]


def test_each_producer_is_named_once_with_its_licence():
    said = producers(["界线：甲局（试行）；名称：乙局，2005年", "丙（CC BY 4.0，转换）；其余为推算", "乙局"])
    assert said == ("甲局", "乙局", "丙（CC BY 4.0，转换）")
    assert said.first(3) == str(said)
    assert said.first(1) == "甲局 and others"


def test_a_long_title_is_made_smaller_then_cut(material):
    made = arrange(of_material(Frame(title=LONG), material), material)
    assert rasterpages.pixels(made.pages[0], made.fonts, 60).std() > 5
    assert made.title == LONG
    assert [i.values["item"] for i in made.issues if i.code == "layout.cut"] == ["Sheet title"]
    assert not [i for i in arrange(of_material(Frame(title=LONG[:40]), material), material).issues if i.code == "layout.cut"]


def test_the_legend_counts_what_is_on_the_map(material, tmp_path):
    import pypdf

    for counts in (False, True):
        press.write(tmp_path / "a.pdf", [arrange(of_material(Frame(counts=counts), material), material)])
        text = pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text().replace(" ", "")
        assert ("小学(1)" in text) is counts
        assert ("乡镇(1)" in text) is counts


def test_entries_without_room_are_said(material):
    layout = of_material(Frame(), material)
    assert not [i for i in arrange(layout, material).issues if i.code == "layout.legend"]
    flat = msgspec.structs.replace(layout.item("legend"), height=10.0)
    assert [i.values for i in arrange(layout.with_item(flat), material).issues if i.code == "layout.legend"] == [{"count": "3"}]


def test_the_legend_gets_the_room_it_needs(material):
    from lydigital.publish.frame import layout_of

    few, many = (layout_of(Frame(), [Group("组", tuple(Entry(str(i), ()) for i in range(n)))]) for n in (5, 60))
    assert few.item("legend").width < many.item("legend").width
    assert few.main_map.width > many.main_map.width


def test_characters_without_a_glyph_are_named(material):
    made = arrange(of_material(Frame(note="\U0010fffdok"), material), material)
    (issue,) = [i for i in made.issues if i.code == "layout.glyphs"]
    assert "U+10FFFD" in issue.values["characters"]
    assert not [i for i in arrange(of_material(Frame(), material), material).issues if i.code == "layout.glyphs"]
