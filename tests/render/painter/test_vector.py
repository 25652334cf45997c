"""The draw list on paper."""

from __future__ import annotations

import numpy as np
import pytest

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.style import Fill, PointSymbolizer, RasterSymbolizer
from lydigital.model.viewport import Viewport
from lydigital.render import raster
from lydigital.render.drawlist import DrawList, FillOp, Font, MarkOp, PlacedLabel, RasterOp, StrokeOp

CRS = Crs("EPSG:4546")
WHITE = (255, 255, 255, 255)
VIEW = Viewport((0.0, 0.0), 1.0, 80, 60, CRS)


def rows(n=1):
    return np.arange(n, dtype=np.int32)


def codes(n=1):
    return np.zeros(n, np.int16)


def rgba(*color):
    return np.array([color], np.uint8)


def painted(fonts, *ops, labels=()):
    from PySide6.QtGui import QImage, QPainter

    from lydigital.render.painter import vector

    image = QImage(80, 60, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    vector.paint(DrawList(VIEW, WHITE, ops, labels), painter, fonts)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(60, 80, 4).copy()
    return pixels[:, :, 2::-1].astype(int)


def drawn(fonts, *ops, labels=()):
    return raster.draw(DrawList(VIEW, WHITE, ops, labels), fonts=fonts).pixels[:, :, :3].astype(int)


def polygon(*rings):
    return GeometryArray.from_rings(GeometryKind.POLYGON, [[list(rings)]])


HOLED = polygon(
    [(-30.0, -20.0), (30.0, -20.0), (30.0, 20.0), (-30.0, 20.0), (-30.0, -20.0)],
    [(-10.0, -10.0), (-10.0, 10.0), (10.0, 10.0), (10.0, -10.0), (-10.0, -10.0)],
)
LINE = GeometryArray.from_rings(GeometryKind.LINE, [[[[(-30.3, -20.1), (0.2, 20.7), (30.4, -10.6)]]]])
POINTS = GeometryArray.from_points(np.array([[0.0, 0.0]]))

CASES = {
    "fill": FillOp(HOLED, rows(), codes(), rgba(200, 30, 30, 255)),
    "translucent": FillOp(HOLED, rows(), codes(), rgba(200, 30, 30, 128)),
    "hatch": FillOp(HOLED, rows(), codes(), rgba(0, 0, 0, 255), Fill("#000000", pattern="hatch")),
    "cross": FillOp(HOLED, rows(), codes(), rgba(0, 0, 0, 255), Fill("#000000", pattern="cross", angle_deg=30)),
    "dots": FillOp(HOLED, rows(), codes(), rgba(0, 0, 0, 255), Fill("#000000", pattern="dots", width_mm=0.4)),
    "stroke": StrokeOp(LINE, rows(), (0, 80, 160, 255), 5.0),
    "butt": StrokeOp(LINE, rows(), (0, 80, 160, 255), 5.0, cap="butt", join="miter"),
    "dashed": StrokeOp(LINE, rows(), (0, 80, 160, 255), 3.0, cap="butt", dash_px=(8.0, 5.0)),
    "offset": StrokeOp(LINE, rows(), (0, 80, 160, 255), 2.0, offset_px=6.0),
    "outline": StrokeOp(HOLED, rows(), (0, 80, 160, 128), 4.0),
}
SHAPES = ("circle", "square", "rounded", "diamond", "triangle", "hexagon", "shield", "pin")


@pytest.mark.parametrize("name", CASES)
def test_paper_and_screen_agree(fonts, name):
    paper, screen = painted(fonts, CASES[name]), drawn(fonts, CASES[name])
    assert np.any(screen != 255)
    assert np.abs(paper - screen).mean() < 2.5
    assert (np.abs(paper - screen).max(axis=2) > 110).mean() < 0.01


@pytest.mark.parametrize("shape", SHAPES)
def test_marks_agree(fonts, shape):
    mark = PointSymbolizer(shape, 6.0, "#3b6ea5", glyph="school")
    op = MarkOp(POINTS, rows(), codes(), (mark,), (23.0,))
    paper, screen = painted(fonts, op), drawn(fonts, op)
    assert np.any(screen != 255)
    assert np.abs(paper - screen).mean() < 3.0


def label(text, pens, halo=(255, 255, 255, 0), italic=False):
    return PlacedLabel(text, Font(16, italic=italic), (0, 0, 0, 255), halo, 2.0, np.array(pens, np.float32), (0, 0, 80, 60))


def test_labels_stand_where_they_were_placed(fonts):
    straight = label("洛阳", [(20, 40, 0), (40, 40, 0)])  # wider set than the face would
    paper, screen = painted(fonts, labels=(straight,)), drawn(fonts, labels=(straight,))
    for picture in (paper, screen):
        dark = np.argwhere(picture.min(axis=2) < 128)
        assert dark[:, 1].min() == pytest.approx(21, abs=1.5)
        assert dark[:, 1].max() == pytest.approx(54, abs=1.5)
        assert 24 <= dark[:, 0].min() <= 29
        assert dark[:, 0].max() <= 43


def test_turned_labels_and_halos(fonts):
    turned = label("路", [(40, 30, np.pi / 2)], halo=(255, 255, 0, 255))
    paper = painted(fonts, labels=(turned,))
    dark = np.argwhere(paper.max(axis=2) < 128)
    assert dark[:, 0].min() >= 29  # the pen moves down the page
    assert dark[:, 1].max() >= 48  # and the ascent points right
    yellow = (paper[:, :, 0] > 200) & (paper[:, :, 1] > 200) & (paper[:, :, 2] < 60)
    assert yellow.sum() > 30


def test_relief_is_an_image_with_holes(fonts):
    values = np.full((60, 80), 100.0, np.float32)
    values[:, :40] = np.nan
    grid = Grid(values, (-40.0, 30.0), (1.0, 1.0), CRS)
    op = RasterOp(grid, RasterSymbolizer(ramp=((0.0, "#204060"), (200.0, "#204060")), shade=0.0))
    paper = painted(fonts, op)
    assert np.abs(paper - drawn(fonts, op)).max() <= 3
    assert np.all(paper[:, :30] == 255)
    assert paper[30, 60].tolist() == pytest.approx([0x20, 0x40, 0x60], abs=3)


def test_what_is_not_seen_of_an_image_is_white():
    """Readers that shrink a page mix colours before they look at what is seen: black there drew a dark edge round relief."""
    import numpy as np

    from lydigital.render.painter import vector

    premultiplied = np.array([[0xFF000000, 0xFF102030, 0xFF081018]], np.uint32)
    out = vector._with_alpha(premultiplied, np.array([[0, 255, 128]]))
    assert [hex(v) for v in out[0].tolist()] == ["0xffffff", "0xff102030", "0x800f1f2f"]
