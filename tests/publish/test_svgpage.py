"""Pages as SVG, and labels in the same places in every format."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from defusedxml import ElementTree

pytest.importorskip("PySide6")

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.layout import Layout, MapItem, Page, TextItem
from lydigital.model.style import LabelStyle, PointSymbolizer, Rule, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, press, svgpage
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)
STYLE = Style((Rule((PointSymbolizer(size_mm=1.5, color="#aa3322"),)),), labels=LabelStyle("name", size_pt=7))
LAYOUT = Layout("a", "城区图 <1>", pages=(Page(width=140, height=110),), items=(
    MapItem(id="main", x=10, y=20, width=120, height=80), TextItem(id="t", x=10, y=5, width=100, height=10, text="{title} & 附图"),
))  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def sheet(qapp):
    xy = np.random.default_rng(3).uniform(HOME[:2], HOME[2:], (25, 2))
    table = FeatureTable(np.arange(1, 26), pa.table({"name": [f"第{i}村" for i in range(25)]}), GeometryArray.from_points(xy), CRS)
    scene = (SceneLayer("village", table, STYLE, np.zeros(25, np.int16)),)
    return arrange.arrange(LAYOUT, arrange.Material(CRS, HOME, lambda _s, _i: scene, lambda _i: table, lambda _i: None))


def words(root):
    """Text and place in millimetres of every line of words."""

    def walk(node, matrix):
        found = re.match(r"matrix\(([^)]*)\)", node.get("transform", ""))
        if found:
            a, b, c, d, e, f = map(float, found[1].split(","))
            matrix = matrix @ np.array([[a, c, e], [b, d, f], [0, 0, 1]])
        if node.tag == SVG + "text":
            x = float(node.get("x").split()[0])
            yield node.text, (matrix @ (x, float(node.get("y")), 1.0))[:2] / svgpage._PER_MM
        for child in node:
            yield from walk(child, matrix)

    return list(walk(root, np.eye(3)))


def test_words_stay_text_where_the_labels_stand(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.svg", [sheet])
    root = ElementTree.parse(path).getroot()
    assert root.get("width") == "140mm"
    assert root.find(SVG + "title").text == "城区图 <1>"
    found = dict(words(root))
    assert "城区图 <1> & 附图" in found
    placed = sheet.maps[0]
    assert len(placed.picture.labels) > 15
    for label in placed.picture.labels:
        x, y = label.glyphs[0, :2] / arrange.REFERENCE_DPI * 25.4
        np.testing.assert_allclose(found[label.text], (placed.box.x + x, placed.box.y + y), atol=0.02)


def test_outlines_need_no_font(sheet, tmp_path):
    (path,) = press.write(tmp_path / "a.svg", [sheet], outlines=True)
    root = ElementTree.parse(path).getroot()
    assert not words(root)
    assert len(list(root.iter(SVG + "path"))) > len(sheet.maps[0].picture.labels)


def test_labels_stand_in_the_same_places_in_pdf_svg_and_pictures(sheet, tmp_path):
    """PDF by what pdfminer-like readers find, SVG by its words, pictures by the list they are drawn from."""
    from pypdf import PdfReader

    (pdf,) = press.write(tmp_path / "a.pdf", [sheet])
    (svg,) = press.write(tmp_path / "a.svg", [sheet])
    places = {}

    def visit(text, matrix, text_matrix, _font, _size):
        if text.strip():
            whole = np.array([[text_matrix[0], text_matrix[1]], [text_matrix[2], text_matrix[3]]])
            x = text_matrix[4] * matrix[0] + text_matrix[5] * matrix[2] + matrix[4]
            y = text_matrix[4] * matrix[1] + text_matrix[5] * matrix[3] + matrix[5]
            assert whole.any()
            places.setdefault(text.strip(), (x / 72 * 25.4, 110 - y / 72 * 25.4))

    PdfReader(pdf).pages[0].extract_text(visitor_text=visit)
    in_svg = dict(words(ElementTree.parse(svg).getroot()))
    other = {label.text: label for label in arrange.at_dpi(sheet.maps[0], 200).labels}
    box = sheet.maps[0].box
    for label in sheet.maps[0].picture.labels:
        x, y = in_svg[label.text]
        np.testing.assert_allclose((x, y), np.array([box.x, box.y]) + other[label.text].glyphs[0, :2] / 200 * 25.4, atol=0.02)
        if label.text in places:
            np.testing.assert_allclose(places[label.text], (x, y), atol=0.2)
    assert len(set(places) & {label.text for label in sheet.maps[0].picture.labels}) > 10
