"""Features far below a pixel are drawn together as they are one by one."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from scene import AT, CRS, layer, polygons

from lydigital.kernels import crowds as kernels
from lydigital.kernels import small
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, LineSymbolizer, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.viewport import Viewport
from lydigital.render import crowds, raster
from lydigital.render.drawlist import build
from lydigital.render.plan import crowd_of, plan_for

HOUSES = Style((Rule((PolygonSymbolizer(Fill("#f2d8b3"), Stroke("#5a5a5a", 0.3, join="miter")),)),))
STREETS = Style((Rule((LineSymbolizer(Stroke("#d9534f", 0.3)),)),))
SIZE = 120


def houses():
    random = np.random.default_rng(3)
    at = random.uniform(-3000, 3000, (3000, 2)) * random.uniform(0.1, 1.0, (3000, 1)) + AT
    w, h = random.uniform(4, 15, (2, 3000))
    return polygons(*shapely.box(at[:, 0] - w, at[:, 1] - h, at[:, 0] + w, at[:, 1] + h))


def streets():
    random = np.random.default_rng(4)
    a = random.uniform(-3000, 3000, (3000, 2)) + AT
    b = a + random.uniform(-20, 20, (3000, 2))
    return GeometryArray.from_rings(GeometryKind.LINE, [[[[tuple(p), tuple(q)]]] for p, q in zip(a, b, strict=True)])


def ordered(style, geometry):
    made = layer(style, geometry)
    return replace(made, data=made.data.sorted_by_hilbert())


def picture(made, units_per_px):
    view = Viewport(AT, units_per_px, SIZE, SIZE, CRS)
    return raster.draw(build([made], view, background=(255, 255, 255, 255))).pixels[:, :, :3].astype(float)


@pytest.mark.parametrize("units_per_px", [45.0, 70.0, 90.0, 130.0])
@pytest.mark.parametrize(("style", "geometry"), [(HOUSES, houses), (STREETS, streets)])
def test_many_together_look_as_one_by_one(style, geometry, units_per_px, monkeypatch):
    alone = picture(ordered(style, geometry()), units_per_px)
    monkeypatch.setattr(crowds, "LEAST", 100)
    together = picture(ordered(style, geometry()), units_per_px)
    difference = np.abs(alone - together)
    assert difference.any()
    assert np.any(alone < 200)
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) < 30
    assert (255 - together).mean() == pytest.approx((255 - alone).mean(), rel=0.03)


def whole(level):
    """Boxes in map units."""
    blocks = level.blocks[np.arange(len(level.boxes)) // small.BLOCK]
    side = np.tile(blocks[:, 2:] - blocks[:, :2], 2)
    return np.tile(blocks[:, :2], 2) + level.boxes * (side / kernels.STEPS) + np.array(level.origin * 2)


def test_a_crowd_has_fewer_boxes_than_features_and_loses_none(monkeypatch):
    monkeypatch.setattr(crowds, "LEAST", 100)
    g = ordered(HOUSES, houses()).data.geometry
    level = crowds.Crowd(g, np.arange(len(g), dtype=np.int32)).level(200.0, 0.6)
    assert len(level.boxes) < 0.75 * len(g)
    boxes = whole(level)
    assert (boxes[:, 2:] - boxes[:, :2]).max() <= 64.1
    middle = 0.5 * (g.bounds[:, :2] + g.bounds[:, 2:])
    grown = shapely.box(*(boxes + np.array([-0.1, -0.1, 0.1, 0.1])).T)
    found = shapely.STRtree(grown).query(shapely.points(middle), "intersects")
    assert len(np.unique(found[0])) == len(g) - len(level.rows)
    assert crowds.Crowd(g, np.arange(len(g), dtype=np.int32)).level(2.0, 0.6) is None


def test_hidden_features_are_in_no_box(monkeypatch):
    monkeypatch.setattr(crowds, "LEAST", 100)
    made = ordered(HOUSES, houses())
    codes = made.codes.copy()
    codes[made.data.geometry.bounds[:, 0] < AT[0]] = -1
    made = replace(made, codes=codes)
    plan = plan_for(made, Viewport(AT, 100.0, SIZE, SIZE, CRS).scale, 96)
    crowd = crowd_of(made, plan.strokes[0].which, 100.0)
    level = crowd.level(100.0, 0.6)
    assert whole(level)[:, 0].min() >= AT[0] - 0.1
    assert np.all(picture(made, 100.0)[:, : SIZE // 2 - 2] == 255)


def test_only_opaque_outlines_hide_fills():
    hide = [crowds.hidden_px(plan_for(layer(style, houses()), 1e5, 96), np.array([True, False])) for style in (
        HOUSES,
        Style((Rule((PolygonSymbolizer(Fill("#f2d8b3"), Stroke("#5a5a5a", 0.3, opacity=0.5)),)),)),
        Style((Rule((PolygonSymbolizer(Fill("#f2d8b3"), Stroke("#5a5a5a", 0.1)),)),)),
        Style((Rule((PolygonSymbolizer(Fill("#f2d8b3"), Stroke("#5a5a5a", 0.3, dash_mm=(1.0, 1.0))),)),)),
        Style((Rule((PolygonSymbolizer(Fill("#f2d8b3")),)),)),
    )]  # fmt: skip
    assert hide[0] > 1.0
    assert hide[1:] == [-1.0] * 4


def test_levels_take_little_memory(monkeypatch):
    monkeypatch.setattr(crowds, "LEAST", 100)
    g = ordered(HOUSES, houses()).data.geometry
    crowd = crowds.Crowd(g, np.arange(len(g), dtype=np.int32))
    for units_per_px in (60.0, 130.0, 520.0, 2000.0, 60.0):
        level = crowd.level(units_per_px, 0.6)
        assert crowd.level(units_per_px, 0.6) is level
        kept = crowd._levels.values()
        assert len(kept) == 1 or sum(each.nbytes for each in kept) <= 0.15 * g.coords.nbytes
