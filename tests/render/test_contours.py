"""Contour lines and their heights on the picture."""

import numpy as np
import pytest
from scene import AT, CRS, view

from lydigital.model.crs import Crs, transformation
from lydigital.model.grid import Grid
from lydigital.model.style import RasterSymbolizer, Rule, Style
from lydigital.model.viewport import Viewport
from lydigital.render import contours
from lydigital.render.drawlist import RasterOp, SceneLayer, StrokeOp, build
from lydigital.stores.rasters import with_overviews


class Fonts:
    def advances(self, text, font):
        return np.full(len(text), font.size_px * 0.6, np.float32)

    def vertical(self, font):
        return font.size_px * 0.8, font.size_px * 0.2


def cone(n=400, cell=10.0):
    """A cone 2,000 m high that falls by 1 in 1, its top at the middle of the view."""
    y, x = (np.mgrid[:n, :n] + 0.5 - n / 2) * cell
    values = (2000 - np.hypot(x, y)).astype(np.float32)
    return with_overviews(Grid(values, (AT[0] - n * cell / 2, AT[1] + n * cell / 2), (cell, cell), CRS))


def scene(**symbolizer):
    return [SceneLayer("dem", cone(), Style((Rule((RasterSymbolizer(**symbolizer),)),)))]


@pytest.mark.parametrize("unit", [0.9, 2.5, 9.0, 30.0])
def test_lines_lie_where_the_ground_has_their_height(unit):
    found = contours.lines(cone(), view(300, 200, unit), 100.0)
    g = found.geometry
    numbers = np.repeat(found.numbers, np.diff(g.ring_offsets))
    distance = np.hypot(*(g.coords - AT).T)
    clear = distance > 10 * max(10.0, 4 * unit)  # at the very top the smooth surface is blunt
    clear &= np.abs(g.coords - AT).max(axis=1) < 1900  # nor does it go on beyond the edge
    assert clear.sum() > 50
    assert np.abs(2000 - distance - numbers * 100)[clear].max() < max(1.5, 0.5 * unit)


def test_tiles_meet_exactly():
    found = contours.lines(cone(), view(900, 700, 3.0), 50.0)
    g = found.geometry
    ends: dict[tuple, int] = {}
    for a, b in zip(g.ring_offsets[:-1], g.ring_offsets[1:], strict=True):
        if not np.array_equal(g.coords[a], g.coords[b - 1]):
            for i in (a, b - 1):
                key = tuple(np.round(g.coords[i], 6))
                ends[key] = ends.get(key, 0) + 1
    inner = [n for (x, y), n in ends.items() if max(abs(x - AT[0]), abs(y - AT[1])) < 900]
    assert len(inner) > 20
    assert set(inner) == {2}


def test_every_fifth_line_is_wider_and_by_scale():
    at = view(300, 200, 5.0)
    layers = scene(contour_interval_m=((at.scale * 0.5, 10.0), (at.scale * 2, 40.0)), contour_color="#102030")
    raster, thin, wide = build(layers, at).ops
    assert isinstance(raster, RasterOp)
    assert isinstance(thin, StrokeOp)
    assert wide.width_px == 2 * thin.width_px
    assert thin.color == wide.color == (16, 32, 48, 255)
    height = 2000 - np.hypot(*(wide.geometry.coords[wide.geometry.ring_offsets[wide.rows]] - AT).T)
    assert np.abs(height / 200 - np.round(height / 200)).max() < 0.05
    assert len(build(layers, at.at_scale(at.scale * 3)).ops) == 1
    assert len(build(scene(), at).ops) == 1


def test_heights_stand_on_their_lines_and_stay_while_panning():
    at = view(700, 500, 3.0)
    layers = scene(contour_interval_m=50.0)
    first = build(layers, at, Fonts()).heights
    assert len(first) >= 4
    for label in first:
        x, y = (label.box[0] + label.box[2]) / 2, (label.box[1] + label.box[3]) / 2
        height = 2000 - np.hypot(*(np.array(at.to_map(x, y)) - AT))
        assert height == pytest.approx(float(label.text), abs=8)
        assert float(label.text) % 250 == 0
        assert abs(label.glyphs[0, 2]) <= np.pi / 2 + 1e-6
    for i, one in enumerate(first):
        for two in first[:i]:
            assert one.box[0] >= two.box[2] or one.box[2] <= two.box[0] or one.box[1] >= two.box[3] or one.box[3] <= two.box[1]
    moved = {(h.text, *np.round(np.array(h.box[:2]) - (7, -5)).tolist()) for h in build(layers, at.panned(7, -5), Fonts()).heights}
    assert len(moved & {(h.text, *np.round(h.box[:2]).tolist()) for h in first}) >= len(first) - 2
    assert build(scene(contour_interval_m=50.0, contour_labels=False), at, Fonts()).heights == ()


def test_lines_in_another_system():
    other = Crs("EPSG:4490")
    viewport = Viewport(transformation(CRS, other).point(*AT), 0.00003, 300, 200, other)
    found = contours.lines(cone(), viewport, 100.0)
    back = transformation(other, CRS).points(found.geometry.coords)
    numbers = np.repeat(found.numbers, np.diff(found.geometry.ring_offsets))
    distance = np.hypot(*(back - AT).T)
    assert np.abs(2000 - distance - numbers * 100)[distance > 150].max() < 1.5


def test_nothing_where_there_is_no_ground():
    assert contours.lines(cone(), view(300, 200, 5.0).panned(5000, 0), 100.0) is None
