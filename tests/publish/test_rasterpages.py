"""Pages as pictures, strip by strip."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layout import Layout, MapItem, Page, ScaleBarItem, TextItem
from lydigital.model.style import Fill, LabelStyle, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, press, rasterpages
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
HOME = (600_000.0, 3_830_000.0, 606_000.0, 3_834_000.0)
STYLE = Style((Rule((PolygonSymbolizer(Fill("#cc5533", pattern="hatch"), Stroke("#222222", width_mm=0.3)),)),), labels=LabelStyle("name", placement="area"))
LAYOUT = Layout("a", "城区图", pages=(Page(width=140, height=110),), items=(
    MapItem(id="main", x=10, y=20, width=120, height=80), TextItem(id="t", x=10, y=5, width=100, height=10, text="{title} {scale}"),
    ScaleBarItem(id="s", x=10, y=102, width=40, height=7),
))  # fmt: skip


@pytest.fixture(scope="module")
def sheet(qapp):
    rng = np.random.default_rng(5)
    corners = rng.uniform(HOME[:2], (605_000.0, 3_833_000.0), (30, 2))
    rings = [[[[(x, y), (x + 700, y), (x + 700, y + 500), (x, y + 500), (x, y)]]] for x, y in corners.tolist()]
    table = FeatureTable(np.arange(1, 31), pa.table({"name": [f"第{i}村" for i in range(30)]}), GeometryArray.from_rings(GeometryKind.POLYGON, rings), CRS)
    scene = (SceneLayer("village", table, STYLE, np.zeros(30, np.int16)),)
    return arrange.arrange(LAYOUT, arrange.Material(CRS, HOME, lambda _s, _i: scene, lambda _i: table, lambda _i: None))


def read(path):
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")), picture.info


@pytest.mark.parametrize("kind", ["png", "tif", "jpg"])
def test_a_picture_in_strips_is_the_picture(sheet, tmp_path, monkeypatch, kind):
    (whole,) = press.write(tmp_path / f"whole.{kind}", [sheet], dpi=150)
    monkeypatch.setattr(rasterpages, "_WHOLE_PX", 1000)
    monkeypatch.setattr(rasterpages, "_STRIP_PX", 90 * 827)
    assert len(list(rasterpages.strips(sheet.pages[0], sheet.fonts, 150))) > 5
    (parts,) = press.write(tmp_path / f"parts.{kind}", [sheet], dpi=150)
    a, b = read(whole)[0], read(parts)[0]
    assert a.shape == (650, 827, 3)
    different = np.abs(a.astype(int) - b).max(axis=2) > (60 if kind == "jpg" else 24)
    assert different.mean() < 2e-3
    assert (a < 128).any(axis=2).mean() > 0.02, "something is drawn"


def test_pictures_know_their_resolution(sheet, tmp_path):
    for kind in ("png", "tif", "jpg"):
        (path,) = press.write(tmp_path / f"a.{kind}", [sheet], dpi=200)
        dpi = read(path)[1]["dpi"]
        assert float(dpi[0]) == pytest.approx(200, abs=0.1)


def test_a_tiff_lies_where_its_map_does_and_others_have_a_world_file(sheet, tmp_path):
    import rasterio

    (path,) = press.write(tmp_path / "a.tif", [sheet], dpi=100)
    placed = sheet.maps[0]
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 4546
        west, _, _, north = placed.viewport.bounds
        column, row = ~file.transform @ (west, north)
    assert column == pytest.approx(10 / 25.4 * 100, abs=0.6)
    assert row == pytest.approx(20 / 25.4 * 100, abs=0.6)
    press.write(tmp_path / "a.png", [sheet], dpi=100)
    world = [float(line) for line in (tmp_path / "a.pgw").read_text().split()]
    place = rasterpages.transform(placed, 100)
    assert world == pytest.approx([place.a, 0, 0, place.e, *(place @ (0.5, 0.5))])


def test_nothing_half_written_is_left_when_there_is_no_place(sheet, tmp_path, monkeypatch):
    monkeypatch.setattr(rasterpages, "_strip", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    for kind in ("png", "tif", "jpg"):
        with pytest.raises(StoreUnavailableError):
            press.write(tmp_path / "out" / f"a.{kind}", [sheet])
    assert not list((tmp_path / "out").iterdir())


def test_what_no_jpeg_can_hold_is_refused(sheet, tmp_path, monkeypatch):
    monkeypatch.setattr(rasterpages, "_MOST_JPEG", 300)
    with pytest.raises(UsageError):
        press.write(tmp_path / "out" / "a.jpg", [sheet], dpi=100)
    assert not list((tmp_path / "out").iterdir())
