"""Labels on screen and on paper stand in the same places."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import LabelStyle, LineSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render import raster
from lydigital.render.drawlist import DrawList, SceneLayer, build
from lydigital.render.painter import vector

CRS = Crs("EPSG:4546")


def scene():
    rng = np.random.default_rng(3)
    spots = GeometryArray.from_points(rng.uniform(-250, 250, (40, 2)))
    table = FeatureTable(np.arange(40), pa.table({"name": [f"地名{i}" for i in range(40)]}), spots, CRS)
    wave = [[[[(x, 60 * np.sin(x / 90)) for x in range(-280, 281, 10)]]]]
    lines = GeometryArray.from_rings(GeometryKind.LINE, wave)
    roads = FeatureTable(np.arange(1), pa.table({"name": ["滨河北路 G207"]}), lines, CRS)
    clear = Rule((LineSymbolizer(Stroke("#00000000")),))
    return [
        SceneLayer("spot", table, Style((Rule(()),), labels=LabelStyle("name", halo="#ffffff00", color="#000000"))),
        SceneLayer("road", roads, Style((clear,), labels=LabelStyle("name", halo="#ffffff00", color="#000000",
                                                                  placement="line", priority=80))),
    ]


def on_paper(drawlist, fonts):
    from PySide6.QtGui import QImage, QPainter

    view = drawlist.viewport
    image = QImage(view.width_px, view.height_px, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    vector.paint(drawlist, painter, fonts)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(view.height_px, view.width_px, 4)[..., 0].copy()


def ink(grey):
    rows, columns = np.nonzero(grey < 160)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


def test_every_label_has_the_same_rectangle_in_pixels_and_in_vectors(fonts):
    full = build(scene(), Viewport((0.0, 0.0), 1.0, 640, 420, CRS), fonts, background=(255, 255, 255, 255))
    assert {p.layer for p in full.labels} == {"spot", "road"}
    assert len(full.labels) > 20
    for label in full.labels[:12]:
        alone = DrawList(full.viewport, full.background, (), (label,))
        screen = raster.draw(alone, fonts=fonts).pixels[..., 0]
        one, other = ink(screen), ink(on_paper(alone, fonts))
        assert np.abs(one - other).max() <= 2, label.text
        assert np.all(one[:2] >= np.floor(label.box[:2]) - 1)
        assert np.all(one[2:] <= np.ceil(label.box[2:]) + 1)


def test_labels_of_a_set_and_one_by_one_are_the_same_pixels(fonts):
    full = build(scene(), Viewport((0.0, 0.0), 1.0, 640, 420, CRS), fonts)
    listed = DrawList(full.viewport, full.background, (), tuple(full.labels))
    as_set = DrawList(full.viewport, full.background, (), full.labels)
    assert np.array_equal(raster.draw(listed, fonts=fonts).pixels, raster.draw(as_set, fonts=fonts).pixels)
