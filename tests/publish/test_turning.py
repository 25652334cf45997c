"""Maps on which north is not up, and maps of one feature."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.layout import GridLines, Layout, MapItem, Page, TableItem
from lydigital.model.style import (
    Fill,
    LabelStyle,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, georeference, gridlines, rasterpages, tabular, turning
from lydigital.render import raster
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
MIDDLE = (603_000.0, 3_832_000.0)
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)
MAIN = MapItem(id="main", x=10, y=10, width=120, height=80, centre=MIDDLE, scale=25_000.0)


def layout(**changes) -> Layout:
    return Layout("a", pages=(Page(width=140, height=100),), items=(msgspec.structs.replace(MAIN, **changes),))


@pytest.fixture(scope="module")
def points():
    xy = np.random.default_rng(7).uniform(HOME[:2], HOME[2:], (60, 2))
    return FeatureTable(np.arange(1, 61), pa.table({"name": [f"第{i}村" for i in range(60)]}), GeometryArray.from_points(xy), CRS)


@pytest.fixture(scope="module")
def material(qapp, points):
    style = Style((Rule((PointSymbolizer(size_mm=1.5, color="#aa3322"),)),), labels=LabelStyle("name", size_pt=7))
    scene = (SceneLayer("village", points, style, np.zeros(60, np.int16), selected=np.array([3], np.int32)),)
    return arrange.Material(CRS, HOME, lambda _scale, _ids: scene, lambda _id: points, lambda _id: None)


@pytest.mark.parametrize("turn", [30.0, 90.0, -135.0])
@pytest.mark.parametrize("base", ["EPSG:4546", "EPSG:32649"])
def test_the_system_of_a_turned_map_is_the_map_turned(turn, base):
    crs = Crs(base)
    there = transformation(crs, turning.system(crs, MIDDLE, turn))
    assert there.point(*MIDDLE) == pytest.approx(MIDDLE, abs=1e-6)
    north = there.point(MIDDLE[0], MIDDLE[1] + 100)
    assert north == pytest.approx((MIDDLE[0] + 100 * math.sin(math.radians(turn)), MIDDLE[1] + 100 * math.cos(math.radians(turn))), abs=1e-6)
    back = transformation(turning.system(crs, MIDDLE, turn), Crs(CGCS2000)).point(*north)
    assert back == pytest.approx(transformation(crs, Crs(CGCS2000)).point(MIDDLE[0], MIDDLE[1] + 100), abs=1e-10)


@pytest.mark.parametrize("turn", [30.0, -120.0, 180.0])
def test_what_is_drawn_stands_where_the_page_says_it_does(material, points, turn):
    (placed,) = arrange.arrange(layout(turn=turn), material).maps
    (layer,) = placed.scene
    per_mm = placed.viewport.dpi / 25.4
    for row in range(0, 60, 7):
        x, y = placed.to_page(*points.geometry.coords[row])
        px, py = placed.viewport.to_px(*layer.data.geometry.coords[row])
        assert (placed.box.x + px / per_mm, placed.box.y + py / per_mm) == pytest.approx((x, y), abs=1e-6)
    up, middle = placed.to_page(MIDDLE[0], MIDDLE[1] + 250), placed.to_page(*MIDDLE)
    assert math.degrees(math.atan2(up[0] - middle[0], middle[1] - up[1])) == pytest.approx(min(180, turn), abs=1e-6)
    assert math.dist(up, middle) == pytest.approx(10, rel=1e-3)
    assert placed.scale == pytest.approx(25_000, rel=1e-4)


def test_names_stay_upright_and_equal_at_every_resolution(material):
    (placed,) = arrange.arrange(layout(turn=40.0), material).maps
    assert len(placed.picture.labels) > 10
    assert all(not label.glyphs[:, 2].any() for label in placed.picture.labels)
    other = arrange.at_dpi(placed, 150)
    for here, there in zip(placed.picture.labels, other.labels, strict=True):
        np.testing.assert_allclose(np.array(there.box) * 2, here.box, atol=1e-2)


def test_a_large_layer_is_turned_only_near_the_window(material, points, monkeypatch):
    whole = arrange.arrange(layout(turn=30.0), material)
    monkeypatch.setattr(turning, "_WHOLE", 10)
    part = arrange.arrange(layout(turn=30.0, scale=10_000.0), material)
    (layer,) = part.maps[0].scene
    assert 0 < len(layer.data) < 60
    assert len(layer.codes) == len(layer.data)
    names = {label.text for label in part.maps[0].picture.labels}
    assert names <= set(points.column("name").to_pylist())
    assert (3 in layer.data.fid - 1) == (len(layer.selected) == 1)
    assert len(whole.maps[0].scene[0].data) == 60


def test_all_of_the_view_is_seen_on_a_turned_map(material):
    view = arrange.window(msgspec.structs.replace(MAIN, centre=None, scale=None, bounds=HOME, turn=45.0), material)
    to = transformation(CRS, view.crs)
    x0, y0, x1, y1 = view.bounds
    slack = view.units_per_px
    for corner in ((0, 1), (2, 1), (2, 3), (0, 3)):
        x, y = to.point(HOME[corner[0]], HOME[corner[1]])
        assert x0 - slack <= x <= x1 + slack
        assert y0 - slack <= y <= y1 + slack


def test_a_raster_turns_with_the_map(qapp):
    """Its northern half is black: on a map turned by 90° that is the right half."""
    values = np.zeros((80, 120), np.float32)
    values[40:] = 1
    grid = Grid(values, (600_000.0, 3_834_000.0), (50.0, 50.0), CRS)
    style = Style((Rule((RasterSymbolizer(ramp=((0.0, "#000000"), (1.0, "#ffffff"))),)),))
    made = arrange.Material(CRS, HOME, lambda _scale, _ids: (SceneLayer("relief", grid, style),), dict.get, lambda _id: None)
    (placed,) = arrange.arrange(layout(turn=90.0, width=60.0, height=60.0), made).maps
    pixels = raster.draw(arrange.at_dpi(placed, 50)).pixels[:, :, 0].astype(int)
    wide = pixels.shape[1]
    assert pixels[40:80, : wide // 2 - 5].min() > 200
    assert pixels[40:80, wide // 2 + 5 :].max() < 60


@pytest.mark.parametrize(("turn", "axis"), [(0.0, 0), (30.0, 0), (90.0, 1), (-100.0, 1)])
def test_the_grid_of_a_turned_map_meets_the_frame_where_it_should(material, turn, axis):
    (placed,) = arrange.arrange(layout(turn=turn), material).maps
    made = gridlines.mesh(GridLines(kind="kilometre"), placed.box, placed.viewport, turn=placed.turn, base=placed.crs)
    assert made is not None
    back = transformation(placed.viewport.crs, CRS)
    x0, _, x1, y1 = placed.viewport.bounds
    tops = [(share, float(words)) for side, share, words in made.ticks if side == "top"]
    assert tops
    for share, number in tops:
        assert back.point(x0 + share * (x1 - x0), y1)[axis] / 1000 == pytest.approx(number, abs=1e-3)
    for x, y in made.crossings:
        easting, northing = turning.place(MIDDLE, (x - placed.box.x - 60) * 25, -(y - placed.box.y - 40) * 25, turn)
        assert easting / made.step == pytest.approx(round(easting / made.step), abs=2e-3)
        assert northing / made.step == pytest.approx(round(northing / made.step), abs=2e-3)


def test_a_table_lists_what_a_turned_map_shows(material, points):
    (placed,) = arrange.arrange(layout(turn=30.0), material).maps
    rows = tabular.rows_of(TableItem(id="t", x=0, y=0, width=1, height=1, layer="village", within="main"), points, placed, None)
    shown = [placed.to_page(*xy) for xy in points.geometry.coords]
    assert rows.tolist() == [i for i, (x, y) in enumerate(shown) if 10 <= x <= 130 and 10 <= y <= 90]
    assert 0 < len(rows) < 60


def test_a_map_in_degrees_stays_as_it_is_and_says_so(points):
    degrees = points.to_crs(Crs(CGCS2000))
    style = Style((Rule((PointSymbolizer(),)),))
    scene = (SceneLayer("village", degrees, style, np.zeros(60, np.int16)),)
    made = arrange.Material(Crs(CGCS2000), degrees.geometry.total_bounds, lambda _scale, _ids: scene, dict.get, lambda _id: None)
    done = arrange.arrange(layout(turn=30.0, centre=None, scale=None), made)
    assert done.maps[0].turn == 0
    assert [i.code for i in done.issues if i.code == "layout.turn"] == ["layout.turn"]


def ring(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


@pytest.mark.parametrize("turn", [0.0, 180.0])
def test_all_but_the_feature_of_the_page_is_paled(material, turn):
    """A town in the west of the window with a hole in it."""
    x, y = MIDDLE
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[ring(x - 1400, y - 900, x, y + 900), ring(x - 900, y - 300, x - 400, y + 300)]]])
    driver = arrange.Driver("town", 1, {}, HOME, area)
    floor = FeatureTable(np.array([1]), pa.table({"name": [""]}), GeometryArray.from_rings(GeometryKind.POLYGON, [[[ring(*HOME)]]]), CRS)
    dark = SceneLayer("floor", floor, Style((Rule((PolygonSymbolizer(Fill("#000000")),)),)), np.zeros(1, np.int16))
    names = material.scene(1.0, None)
    under = replace(material, scene=lambda _scale, _ids: (dark, *names))
    (placed,) = arrange.arrange(layout(clip=True, turn=turn), under, driver=driver).maps
    pixels = raster.draw(arrange.at_dpi(replace(placed, picture=replace(placed.picture, labels=[])), 50)).pixels[:, :, 0].astype(int)
    flipped = pixels[::-1, ::-1] if turn else pixels
    h, w = flipped.shape
    per_m = 50 / 25.4 / 25
    at = lambda dx, dy: flipped[round(h / 2 - dy * per_m), round(w / 2 + dx * per_m)]  # noqa: E731
    assert at(-1200, 0) < 10 or at(-1200, 100) < 10
    assert at(1000, 0) > 100
    assert at(-650, 0) > 100, "the hole is not the town"
    full = [label.color[3] == 255 for label in placed.picture.labels]
    assert any(full)
    assert not all(full)
    (plain,) = arrange.arrange(layout(turn=turn), under, driver=driver).maps
    assert all(label.color[3] == 255 for label in plain.picture.labels)


def test_a_turned_map_is_georeferenced_by_its_true_corners(material):
    (placed,) = arrange.arrange(layout(turn=35.0), material).maps
    found = georeference.of_map(placed)
    assert found is not None
    assert found.epsg == 4546
    x0, y0, x1, y1 = placed.viewport.bounds
    to = transformation(placed.viewport.crs, Crs(CGCS2000))
    for (u, v), (latitude, longitude) in zip(georeference.CORNERS, found.corners, strict=True):
        assert to.point(x0 + u * (x1 - x0), y0 + v * (y1 - y0)) == pytest.approx((longitude, latitude), abs=1e-5)  # half a pixel


def test_pictures_of_a_turned_map_lie_where_it_does(material, points):
    (placed,) = arrange.arrange(layout(turn=35.0), material).maps
    place = rasterpages.transform(placed, 254)
    for xy in points.geometry.coords[:5].tolist():
        x, y = placed.to_page(*xy)
        assert place @ (x * 10, y * 10) == pytest.approx(xy, abs=2)
