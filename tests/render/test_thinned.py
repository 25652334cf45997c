"""Layers of many vertices far away: the same picture from a part of them."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from scene import AT, CRS, layer, polygons

from lydigital.kernels import simplify
from lydigital.model import geometry
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.viewport import Viewport
from lydigital.render import raster
from lydigital.render.drawlist import build

LOOK = Style((Rule((PolygonSymbolizer(Fill("#3060a0"), Stroke("#202020", 0.3)),)),))


def shores():
    """Islands of 400 vertices from 40 to 800 m across."""
    random = np.random.default_rng(6)
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    shapes = []
    for size in np.geomspace(40, 800, 30):
        radius = size / 2 * (1 + 0.2 * np.sin(5 * turn) + random.normal(0, 0.01, 400))
        x, y = random.uniform(-3000, 3000, 2) + AT
        shapes.append(shapely.Polygon(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])))
    g = polygons(*shapes)
    return replace(g, importance=simplify.importance(g.coords, g.ring_offsets, True))


def picture(g, units_per_px):
    return raster.draw(build([layer(LOOK, g)], Viewport(AT, units_per_px, 200, 200, CRS))).pixels


@pytest.mark.parametrize("units_per_px", [30.0, 60.0, 200.0])
def test_fewer_vertices_draw_the_same_bits(units_per_px, monkeypatch):
    thin = shores()
    drawn = picture(thin, units_per_px)
    left = thin.thinned(0.15 * units_per_px)
    assert len(left.coords) < 0.25 * len(thin.coords)
    monkeypatch.setattr(geometry, "_THIN", 0.0)
    whole = shores()
    assert whole.thinned(0.15 * units_per_px) is whole
    assert np.abs(drawn.astype(int) - picture(whole, units_per_px)).max() <= 1
    assert len(np.unique(drawn)) > 10


def test_areas_are_those_of_all_vertices():
    g = shores()
    g.thinned(30.0)
    assert g.area_memo == pytest.approx(shapely.area(g.to_shapely()), rel=1e-5)


def test_levels_kept_are_few():
    g = shores()
    for tolerance in np.geomspace(2, 200, 30):
        left = g.thinned(tolerance)
        assert len(left.coords) >= np.count_nonzero(g.importance >= tolerance)
    assert sum(len(level.importance) for level in g._levels.values() if level) <= 0.3 * len(g.coords)


def test_short_rings_and_unknown_importance_are_left_alone():
    g = polygons(shapely.box(0, 0, 1, 1))
    assert g.thinned(10.0) is g
    whole = shores()
    assert whole.thinned(0.0) is whole
    assert replace(whole, importance=None).thinned(50.0).importance is None
