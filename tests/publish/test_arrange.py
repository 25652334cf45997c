"""A layout made ready for paper."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.layout import Layout, MapItem, Page, ScaleBarItem, TextItem
from lydigital.model.style import LabelStyle, PointSymbolizer, Rule, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, press
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
STYLE = Style((Rule((PointSymbolizer(size_mm=1.5, color="#aa3322"),)),), labels=LabelStyle("name", size_pt=7))
MAIN = MapItem(id="main", x=10, y=20, width=120, height=80)
LAYOUT = Layout("a", "城区图", pages=(Page(width=140, height=110),), items=(
    MAIN, TextItem(id="t", x=10, y=5, width=100, height=10, text="{title} {scale} {page}/{pages} {feature.name}"),
    ScaleBarItem(id="s", x=10, y=102, width=40, height=7),
))  # fmt: skip
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)


@pytest.fixture(scope="module")
def material(qapp):
    rng = np.random.default_rng(7)
    xy = rng.uniform(HOME[:2], HOME[2:], (60, 2))
    table = FeatureTable(np.arange(1, 61), pa.table({"name": [f"第{i}村" for i in range(60)]}), GeometryArray.from_points(xy), CRS)
    scene = (SceneLayer("village", table, STYLE, np.zeros(60, np.int16)),)
    return arrange.Material(CRS, HOME, lambda _scale, _ids: scene, lambda _id: table, lambda _id: None, facts={"date": "2026-01-02"})


def window(material, driver=None, **changes):
    return arrange.window(msgspec.structs.replace(MAIN, **changes), material, driver)


def test_a_window_shows_all_of_what_it_must_at_a_round_scale(material):
    view = window(material)
    x0, y0, x1, y1 = view.bounds
    assert x0 - view.units_per_px <= HOME[0]  # a frame is a whole number of pixels
    assert y0 - view.units_per_px <= HOME[1]
    assert x1 + view.units_per_px >= HOME[2]
    assert y1 + view.units_per_px >= HOME[3]
    made = arrange.arrange(LAYOUT, material)
    assert made.maps[0].scale == 50_000
    assert made.facts["scale"] == "1:50 000"


def test_centre_and_scale_go_before_bounds(material):
    view = window(material, centre=(603_000.0, 3_831_000.0), scale=10_000.0)
    assert view.centre == (603_000.0, 3_831_000.0)
    assert view.bounds[2] - view.bounds[0] == pytest.approx(1_200, rel=1e-3)


def test_a_driver_decides_the_window_and_fills_its_names_in(material):
    driver = arrange.Driver("village", 5, {"name": "五村"}, (601_000.0, 3_831_000.0, 602_000.0, 3_832_000.0), material.table("").geometry)
    made = arrange.arrange(msgspec.structs.replace(LAYOUT, items=(msgspec.structs.replace(MAIN, follows="feature"), *LAYOUT.items[1:])), material, driver=driver)
    assert made.maps[0].viewport.centre == (601_500.0, 3_831_500.0)
    assert made.facts["feature.name"] == "五村"
    assert not [i for i in made.issues if i.code == "layout.placeholder"]


def test_what_nobody_knows_is_said(material):
    made = arrange.arrange(LAYOUT, material)
    assert [i.values["name"] for i in made.issues if i.code == "layout.placeholder"] == ["feature.name"]


@pytest.mark.parametrize("changes", [{"bounds": (2.0, 0.0, 1.0, 1.0)}, {"bounds": (0.0, 0.0, float("inf"), 1.0)}, {"width": 0.0}])
def test_an_empty_window_is_refused(material, changes):
    with pytest.raises(BadDataError):
        window(material, **changes)


@pytest.mark.parametrize("dpi", [96.0, 150.0, 450.0])
def test_labels_stand_in_the_same_places_at_every_resolution(material, dpi):
    placed = arrange.arrange(LAYOUT, material).maps[0]
    other = arrange.at_dpi(placed, dpi)
    assert len(placed.picture.labels) > 20
    factor = dpi / arrange.REFERENCE_DPI
    assert [label.text for label in other.labels] == [label.text for label in placed.picture.labels]
    for here, there in zip(placed.picture.labels, other.labels, strict=True):
        np.testing.assert_allclose(np.array(there.box) / factor, here.box, atol=1e-2)
        np.testing.assert_allclose(there.glyphs[:, :2] / factor, here.glyphs[:, :2], atol=1e-2)


def test_strips_of_a_map_are_the_map(material):
    placed = arrange.arrange(LAYOUT, material).maps[0]
    from lydigital.render import raster

    fonts = arrange.arrange(LAYOUT, material).fonts
    whole = raster.draw(arrange.at_dpi(placed, 150), fonts=fonts).pixels
    height = len(whole)
    strips = [raster.draw(arrange.at_dpi(placed, 150, (top, min(top + 100, height))), fonts=fonts).pixels for top in range(0, height, 100)]
    different = np.abs(np.vstack(strips).astype(int) - whole).max(axis=2) > 8
    assert different.mean() < 2e-3


def test_pages_are_written_whole(material, tmp_path):
    from pypdf import PdfReader

    sheets = [arrange.arrange(LAYOUT, material)]
    (pdf,) = press.write(tmp_path / "a.pdf", sheets)
    (png,) = press.write(tmp_path / "a.png", sheets, dpi=100)
    (page,) = PdfReader(pdf).pages
    assert [round(float(v) / 72 * 25.4) for v in page.mediabox[2:]] == [140, 110]
    text = page.extract_text()
    assert "城区图" in text
    for label in sheets[0].maps[0].picture.labels:
        assert label.text in text.replace("\n", "")
    from PIL import Image

    with Image.open(png) as picture:
        assert picture.size == (551, 433)


def test_an_enlarged_map_has_larger_names_at_its_true_scale(material):
    plain = arrange.arrange(LAYOUT, material).maps[0]
    large = arrange.arrange(LAYOUT.with_item(msgspec.structs.replace(MAIN, enlarge=1.5)), material).maps[0]
    assert large.scale == plain.scale
    assert large.viewport.bounds == plain.viewport.bounds
    assert large.to_page(*HOME[:2]) == plain.to_page(*HOME[:2])
    assert large.viewport.scale == pytest.approx(1.5 * plain.viewport.scale)
    sizes = [{label.font.size_px for label in placed.picture.labels} for placed in (plain, large)]
    assert max(sizes[1]) == pytest.approx(1.5 * max(sizes[0]), abs=1)
    other = arrange.at_dpi(large, 150)
    assert (other.viewport.width_px, len(other.labels)) == (round(120 / 25.4 * 150), len(large.picture.labels))
    assert other.viewport.scale == pytest.approx(large.viewport.scale)
