"""Features of a few pixels: the cheap ways give what the long way gives."""

import numpy as np
import pytest
import shapely
import shapely.affinity
from canvas import Canvas

from lydigital.kernels import small
from lydigital.model.geometry import GeometryArray, GeometryKind

SIZE = 64


def polygons(*shapes):
    return GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))


def house(size, turn, x=30.3, y=31.8):
    shape = shapely.difference(shapely.box(0, 0, size, size * 0.7), shapely.box(size * 0.6, 0, size, size * 0.3))
    return shapely.affinity.translate(shapely.affinity.rotate(shape, turn, (0, 0)), x, y)


def near(lines, half):
    """Coverage by distance of every pixel's centre from some lines."""
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    return np.clip(half + 0.5 - shapely.distance(shapely.points(x, y), lines), 0, 1)[::-1]


@pytest.mark.parametrize("size", [2.0, 4.0, 9.0, 18.0, 27.0])
@pytest.mark.parametrize("turn", [0, 25, 130])
def test_outlines_in_tiles_are_as_near_as_they_look(size, turn):
    shape = house(size, turn)
    cover = Canvas(SIZE, SIZE).stroke(polygons(shape), 1.3, join=0).cover
    assert np.abs(cover - near(shape.exterior, 0.65)).max() < 0.02 if size > 3 else 0.12  # vertices 0.3 px apart are one


def test_thick_lines_in_tiles():
    line = shapely.LineString([(20.2, 30.1), (31.7, 33.3), (26.4, 41.9)])
    g = GeometryArray.from_shapely(GeometryKind.LINE, np.array([line], object))
    assert np.abs(Canvas(SIZE, SIZE).stroke(g, 6.0).cover - near(line, 3.0)).max() < 0.02


@pytest.mark.parametrize("bands", [(30,), (31, 32, 33, 50)])
def test_tiles_and_dots_in_bands_are_the_same_bits(bands):
    shapes = [house(s, 31 * s, 8 + 5 * (i % 10), 22 + 4 * (i // 10)) for i, s in enumerate(np.linspace(0.1, 20, 60))]
    whole, parts = Canvas(SIZE, SIZE), Canvas(SIZE, SIZE, bands=bands)
    g = polygons(*shapes)
    colors, codes = (0xFF2040C8, 0x90C84020), np.arange(60) % 2
    assert np.array_equal(
        whole.fill(g, colors, codes).stroke(g, 1.2, 0xC0112233).frame, parts.fill(g, colors, codes).stroke(g, 1.2, 0xC0112233).frame
    )


@pytest.mark.parametrize("turn", [0, 20, 45])
@pytest.mark.parametrize("size", [0.1, 0.5, 0.9])
def test_dots_have_the_ink_of_the_outlined_feature(size, turn):
    shape = house(size, turn)
    want = shape.buffer(0.6, join_style="mitre").area
    got = np.mean([
        Canvas(SIZE, SIZE).stroke(polygons(shapely.affinity.translate(shape, dx, dy)), 1.2).cover.sum()
        for dx in np.arange(0, 1, 0.25) for dy in np.arange(0, 1, 0.25)
    ])
    assert got == pytest.approx(want, rel=0.12)


@pytest.mark.parametrize("turn", [0, 30, 45])
def test_short_lines_have_the_ink_of_lines(turn):
    line = shapely.affinity.rotate(shapely.LineString([(30.2, 30.3), (30.9, 30.3)]), turn)
    g = GeometryArray.from_shapely(GeometryKind.LINE, np.array([line], object))
    assert Canvas(SIZE, SIZE).stroke(g, 1.2).cover.sum() == pytest.approx(line.length * 1.2 + 1.44, rel=0.05)


def test_areas_are_remembered():
    g = polygons(shapely.box(0, 0, 0.5, 0.5), shapely.box(5, 5, 25, 25))
    Canvas(SIZE, SIZE).fill(g)
    assert g.area_memo[0] == pytest.approx(0.25)
    assert np.isnan(g.area_memo[1])
    assert small.SIDE == 32
