"""Screen and paper agree on symbols that stand for numbers, density, shading and mixed layers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1]))

from scene import box, layer, points, polygons, view

from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Scaled,
    Shade,
    Share,
    Style,
)
from lydigital.render import raster
from lydigital.render.drawlist import build

SHARES = (Share("a", "#aa3322"), Share("b", "#2233aa"))
AREAS = polygons(box(-28, -18, -2, 18), box(2, -12, 26, 12))
SPOTS = points((-18, -6), (12, 8), (15, -9), (-17, -4))
RAMP = ("#ffffcc", "#ff8800", "#880000")
VALUES = {"a": [30.0, 12.0], "b": [10.0, 24.0]}
FOUR = {"a": [30.0, 12.0, 4.0, 9.0], "b": [10.0, 24.0, 1.0, 45.0]}
CASES = {
    "proportional": (PointSymbolizer(size_mm=5.0, scaled=Scaled("a", 30.0)), AREAS, VALUES),
    "turned": (PointSymbolizer("triangle", 6.0, rotation_field="a"), SPOTS, FOUR),
    "pie": (ChartSymbolizer(SHARES, "pie", 6.0), AREAS, VALUES),
    "ring": (ChartSymbolizer(SHARES, "ring", 6.0, value=40.0), AREAS, VALUES),
    "bar": (ChartSymbolizer(SHARES, "bar", 6.0, value=30.0), AREAS, VALUES),
    "dots": (DotSymbolizer(SHARES, 1.0, 0.8), AREAS, VALUES),
    "heat": (HeatSymbolizer(RAMP, radius_mm=3.0), SPOTS, FOUR),
    "heat of weights": (HeatSymbolizer(RAMP, radius_m=9.0, weight_field="a"), SPOTS, FOUR),
    "cluster": (ClusterSymbolizer(PointSymbolizer(size_mm=2.0), radius_mm=3.0), SPOTS, FOUR),
    "shade": (PolygonSymbolizer(Fill("#eeeecc"), None, Shade("#004466", 2.0, 0.9)), AREAS, VALUES),
}


def both(fonts, scene):
    """The picture on the screen and the one on paper, ``(h, w, 3) int``."""
    from PySide6.QtGui import QImage, QPainter

    from lydigital.render.painter import vector

    drawn = build(scene, view(), fonts)
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    vector.paint(drawn, painter, fonts)
    painter.end()
    paper = np.frombuffer(image.constBits(), np.uint8).reshape(40, 60, 4)[:, :, 2::-1].astype(int)
    return raster.draw(drawn, fonts=fonts).pixels[:, :, :3].astype(int), paper


@pytest.mark.parametrize("name", CASES)
def test_agree(fonts, name):
    symbolizer, shapes, columns = CASES[name]
    screen, paper = both(fonts, [layer(Style((Rule((symbolizer,)),)), shapes, **columns)])
    assert np.unique(screen.reshape(-1, 3), axis=0).shape[0] > 3
    if name in ("dots", "cluster", "turned"):  # sprites lie on whole pixels: compare what is seen from afar
        screen, paper = (p.reshape(5, 8, 6, 10, 3).mean(axis=(1, 3)) for p in (screen, paper))
    assert np.abs(screen - paper).mean() < 3.0


@pytest.mark.parametrize("mode", ["multiply", "screen", "overlay"])
def test_mixed_layers_agree(fonts, mode):
    ground = layer(Style((Rule((PolygonSymbolizer(Fill("#88aa55")),)),)), polygons(box(-20, -15, 10, 15)))
    mixed = Style((Rule((PolygonSymbolizer(Fill("#cc6644", 0.7)),)),), blend=mode)
    above = layer(mixed, polygons(box(-10, -10, 20, 10)), "above")
    top = layer(Style((Rule((PointSymbolizer(size_mm=3.0),)),)), points((0, 0)), "top")
    screen, paper = both(fonts, [ground, above, top])
    assert np.abs(screen - paper).mean() < 2.0
    assert np.abs(screen[20, 22] - paper[20, 22]).max() <= 3
    assert screen[20, 22].tolist() != screen[20, 12].tolist()
