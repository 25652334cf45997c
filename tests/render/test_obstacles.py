"""Labels keep clear of what stands for numbers: charts, marks by size, badges of gathered points."""

from __future__ import annotations

import numpy as np
import pytest
from scene import box, layer, points, polygons, view
from test_labels import SquareFonts, overlap

from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    HeatSymbolizer,
    LabelStyle,
    PointSymbolizer,
    Rule,
    Scaled,
    Share,
    Style,
)
from lydigital.render import obstacles, thematic
from lydigital.render.labels import place
from lydigital.units import mm_to_px

RNG = np.random.default_rng(7)
SPOTS = points(*RNG.uniform(-280, 280, (60, 2)))
NAMES = [f"地点{i}" for i in range(60)]
AREAS = polygons(*(box(x, y, x + 120, y + 120) for x in range(-300, 300, 150) for y in range(-300, 300, 150)))
VALUES = {"a": np.linspace(1.0, 40.0, 16), "b": np.full(16, 20.0)}
SHARES = (Share("a", "#aa3322"), Share("b", "#2233aa"))
KINDS = {
    "pies": (ChartSymbolizer(SHARES, "pie", 12.0, value=60.0), AREAS, VALUES),
    "bars": (ChartSymbolizer(SHARES, "bar", 12.0, value=40.0), AREAS, VALUES),
    "marks by size": (PointSymbolizer(size_mm=14.0, scaled=Scaled("a", 40.0)), AREAS, VALUES),
    "marks in areas": (PointSymbolizer(size_mm=8.0), AREAS, VALUES),
    "badges": (ClusterSymbolizer(PointSymbolizer(size_mm=3.0), radius_mm=14.0), SPOTS, {}),
}


def names():
    style = Style((Rule((PointSymbolizer(size_mm=0.5),)),), labels=LabelStyle("title", 9.0))
    return layer(style, SPOTS, "names", title=NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_keep_clear(kind):
    symbolizer, shapes, columns = KINDS[kind]
    below = layer(Style((Rule((symbolizer,)),)), shapes, "below", **columns)
    viewport = view(600, 600)
    free, _ = place([names()], viewport, SquareFonts())
    labels, _ = place([below, names()], viewport, SquareFonts())
    rows = np.arange(len(shapes), dtype=np.int64)
    boxes = obstacles.mark_boxes(below, rows, viewport, obstacles.marks_of(below, viewport.scale, viewport.dpi))
    assert len(boxes) > 5
    assert any(overlap(p.box, b) for p in free for b in boxes.tolist()), "nothing to keep clear of"
    assert len(labels) > 10
    inner = boxes + np.array([1, 1, -1, -1], np.float32)
    assert not any(overlap(p.box, b) for p in labels for b in inner.tolist())


def test_boxes_are_as_large_as_what_is_drawn():
    viewport = view(600, 600)
    pie, _, _ = KINDS["pies"]
    scene = layer(Style((Rule((pie,)),)), AREAS, **VALUES)
    boxes = obstacles.mark_boxes(scene, np.arange(16), viewport, obstacles.marks_of(scene, viewport.scale, viewport.dpi))
    total = VALUES["a"] + VALUES["b"]
    assert boxes[:, 2] - boxes[:, 0] == pytest.approx(mm_to_px(12.0) * np.sqrt(total / 60.0), rel=1e-4)
    (op,) = thematic.special(scene, pie, np.arange(16, dtype=np.int32), viewport, fonts=None, which=np.array([True, False]))
    drawn = op.geometry.total_bounds
    assert (drawn[0] - viewport.bounds[0], viewport.bounds[3] - drawn[3]) == pytest.approx(boxes[:, :2].min(axis=0), abs=2.0)


def test_density_hides_no_label():
    heat = layer(Style((Rule((HeatSymbolizer(("#ffffff", "#ff0000")),)),)), SPOTS, "heat")
    assert not obstacles.has_marks(heat)
    viewport = view(600, 600)
    with_heat, alone = place([heat, names()], viewport, SquareFonts())[0], place([names()], viewport, SquareFonts())[0]
    assert [p.box for p in with_heat] == [p.box for p in alone]
