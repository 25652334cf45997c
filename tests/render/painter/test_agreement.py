"""Screen and paper agree on every symbolizer and option, whatever they are told by: a scene through both backends."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

sys.path.append(str(Path(__file__).parents[1]))

from scene import AT, CRS, box, layer, line, points, polygons, table, view

from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Scaled,
    Shade,
    Share,
    Stroke,
    Style,
)
from lydigital.render import classify, raster
from lydigital.render.drawlist import SceneLayer, build

WIDTH, HEIGHT = 96, 72
GROUND = np.array((247, 246, 242))
AREA = polygons(
    shapely.Polygon(
        [(AT[0] + x, AT[1] + y) for x, y in ((-40, -28), (30, -30), (38, 26), (-20, 30))],
        [[(AT[0] + x, AT[1] + y) for x, y in ((-5, -6), (10, -6), (5, 10))]],
    )
)
LAPPING = polygons(box(-35, -20, 8, 20), box(-8, -25, 36, 14))
BENT = line((-40, -25), (-10, 24), (0, -22), (30, 20), (40, 18))
SHARP = line((-40, -20), (30, 0), (-40, 8))
CROSSED = GeometryArray.from_rings(
    GeometryKind.LINE,
    [[[[(AT[0] + x, AT[1] + y) for x, y in ends]]] for ends in (((-40, -20), (40, 20)), ((-40, 20), (40, -20)))],
)
SPOTS = points((-30.5, -20.5), (0.5, 0.5), (25.5, 14.5), (5.5, 3.5), (-26.5, 17.5))  # middles of pixels: marks lie on them
BLUE, RED = "#30507a", "#b04020"
SHARES = (Share("a", "#aa3322"), Share("b", "#2233aa"))
RAMP = ("#ffffcc", "#ff8800", "#880000")
TWO = {"a": [30.0, 12.0], "b": [10.0, 24.0]}
FIVE = {"a": [0.0, 30.0, 75.0, 180.0, 205.0]}
SHAPES = ("circle", "square", "rounded", "diamond", "triangle", "hexagon", "shield", "pin")


def patterned(pattern, opacity=1.0, ground="", **more):
    return PolygonSymbolizer(Fill(RED, opacity, pattern, ground, **{"angle_deg": 30.0, "width_mm": 0.5, **more}))


def lined(width=1.5, casing=None, **more):
    return LineSymbolizer(Stroke(BLUE, width, **more), casing)


EXACT = {
    "fill": (PolygonSymbolizer(Fill(RED)), AREA, {}),
    "translucent fill": (PolygonSymbolizer(Fill(RED, 0.5)), LAPPING, {}),
    **{f"{p} {o}": (patterned(p, o, "#ddeecc"), AREA, {}) for p in ("hatch", "cross", "dots") for o in (1.0, 0.5)},
    "hatch, wide": (patterned("hatch", width_mm=1.5, spacing_mm=4.0), AREA, {}),
    "shade": (PolygonSymbolizer(Fill("#eeeecc"), Stroke("#333333", 0.5), Shade("#004466", 3.0, 0.8)), AREA, {}),
    **{f"width {w}": (lined(w), BENT, {}) for w in (0.1, 0.28, 0.5, 1.0, 3.0)},
    **{f"{j} {c}": (lined(2.0, join=j, cap=c), BENT, {})
       for j in ("miter", "round", "bevel") for c in ("butt", "round", "square")},
    **{f"sharp {j}": (lined(2.5, join=j, cap="butt"), SHARP, {}) for j in ("miter", "round", "bevel")},
    **{f"outline {j}": (PolygonSymbolizer(None, Stroke(BLUE, 2.0, join=j)), AREA, {}) for j in ("miter", "round", "bevel")},
    **{f"dashes {c}": (lined(1.2, cap=c, dash_mm=(3.0, 3.0, 1.0, 3.0)), BENT, {}) for c in ("butt", "round", "square")},
    "dash miter": (lined(2.0, cap="butt", join="miter", dash_mm=(9.0, 3.0)), BENT, {}),
    "dashes, odd": (lined(1.2, cap="butt", dash_mm=(3.0, 2.0, 1.0)), BENT, {}),
    "dashed outline": (PolygonSymbolizer(None, Stroke(BLUE, 1.0, dash_mm=(3.0, 2.0), cap="butt")), AREA, {}),
    **{f"offset {o}": (lined(0.8, offset_mm=o), BENT, {}) for o in (-2.0, 2.0)},
    "offset outline": (PolygonSymbolizer(None, Stroke(BLUE, 0.8, offset_mm=1.5)), AREA, {}),
    "offset dashes": (lined(0.8, offset_mm=1.5, dash_mm=(3.0, 2.0), cap="butt"), BENT, {}),
    "casing": (LineSymbolizer(Stroke("#ffd070", 1.5), Stroke("#804000", 2.5)), CROSSED, {}),
    "translucent crossing": (lined(3.0, opacity=0.5), CROSSED, {}),
    **{s: (PointSymbolizer(s, 5.0 if s != "rounded" else 5.02), SPOTS, {}) for s in SHAPES},
    "translucent mark": (PointSymbolizer("circle", 5.0, "#3b6ea580", opacity=0.5), SPOTS, {}),
    "mark without outline": (PointSymbolizer("hexagon", 4.0, outline=""), SPOTS, {}),
    "pie": (ChartSymbolizer(SHARES, "pie", 8.0), LAPPING, TWO),
    "ring": (ChartSymbolizer(SHARES, "ring", 8.0, value=40.0, opacity=0.7), LAPPING, TWO),
    "bar": (ChartSymbolizer(SHARES, "bar", 8.0, value=30.0), LAPPING, TWO),
    "heat": (HeatSymbolizer(RAMP, radius_mm=4.0), SPOTS, FIVE),
    "heat of weights": (HeatSymbolizer(RAMP, radius_m=12.0, weight_field="a", maximum=90_000.0), SPOTS, FIVE),
}
ABOUT = {  # sprites lie on whole pixels, in halves of a pixel, turned by steps: compared from a little farther away
    **{f"{s} with an icon": (PointSymbolizer(s, 6.0, glyph="school"), SPOTS, {}) for s in SHAPES},
    **{f"{s}, turned": (PointSymbolizer(s, 6.0, glyph="school", rotation_field="a"), SPOTS, FIVE) for s in SHAPES},
    "proportional": (PointSymbolizer(size_mm=6.0, scaled=Scaled("a", 180.0)), SPOTS, FIVE),
    "proportional in areas": (PointSymbolizer(size_mm=6.0, scaled=Scaled("a", 30.0)), LAPPING, TWO),
    "mark on a line": (PointSymbolizer("square", 4.0), BENT, {}),
    "mark in an area": (PointSymbolizer("diamond", 4.0), AREA, {}),
    "dot density": (DotSymbolizer(SHARES, 1.0, 0.8), LAPPING, TWO),
    "cluster": (ClusterSymbolizer(PointSymbolizer(size_mm=3.0), radius_mm=9.0), SPOTS, {}),
}
EVERY = {**EXACT, **ABOUT}


def paper(drawn, fonts):
    from PySide6.QtGui import QImage, QPainter

    from lydigital.render.painter import vector

    width, height = drawn.viewport.width_px, drawn.viewport.height_px
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    vector.paint(drawn, painter, fonts)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)[:, :, 2::-1].astype(float)


def both(fonts, *scene, width=WIDTH, height=HEIGHT):
    drawn = build(scene, view(width, height), fonts)
    return raster.draw(drawn, fonts=fonts).pixels[:, :, :3].astype(float), paper(drawn, fonts)


def soft(picture, size):
    """Means of ``size`` × ``size`` pixels around each: how edges are smoothed does not count."""
    for axis in (0, 1):
        sums = np.cumsum(np.pad(picture, [(size, 0) if a == axis else (0, 0) for a in range(3)], mode="edge"), axis=axis)
        picture = (np.take(sums, range(size, sums.shape[axis]), axis) - np.take(sums, range(sums.shape[axis] - size), axis)) / size
    return picture


def agree(screen, paper, *, size=3, most=30.0, mean=1.3):
    assert (np.abs(screen - GROUND).max(axis=2) > 12).sum() > 30, "nothing was drawn"
    apart = np.abs(soft(screen, size) - soft(paper, size))
    assert apart.mean() < mean
    assert apart.max() < most


def styled(*symbolizers, **more):
    return Style((Rule(symbolizers),), **more)


@pytest.mark.parametrize("name", EXACT)
def test_alike(fonts, name):
    symbolizer, shapes, columns = EXACT[name]
    agree(*both(fonts, layer(styled(symbolizer), shapes, **columns)))


@pytest.mark.parametrize("name", ABOUT)
def test_about_alike(fonts, name):
    symbolizer, shapes, columns = ABOUT[name]
    agree(*both(fonts, layer(styled(symbolizer), shapes, **columns)), size=7, most=45.0, mean=3.0)


@pytest.mark.parametrize("name", EVERY)
def test_a_layer_fades_as_a_whole(fonts, name):
    """Half a layer is half way between the ground and the layer, on screen and on paper."""
    symbolizer, shapes, columns = EVERY[name]
    whole = layer(styled(symbolizer), shapes, **columns)
    ground = layer(styled(PolygonSymbolizer(Fill("#88aa66"))), polygons(box(-60, -5, 60, 50)), "ground")
    (bare, _), full, half = both(fonts, ground), both(fonts, ground, whole), both(fonts, ground, replace(whole, opacity=0.5))
    assert np.abs(half[0] - (bare + full[0]) / 2).max() <= 3
    apart = np.abs(half[1] - (bare + full[1]) / 2)
    assert (apart > 5).mean() < 0.005  # Qt smooths text of half a colour otherwise than text under half a veil
    agree(*half, size=7, most=30.0, mean=1.8)


@pytest.mark.parametrize("mode", ["multiply", "screen", "overlay"])
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_layers_that_mix(fonts, mode, opacity):
    ground = layer(styled(PolygonSymbolizer(Fill("#88aa55"))), polygons(box(-40, -30, 10, 30)))
    symbolizer = PolygonSymbolizer(Fill("#cc6644", 0.7), Stroke("#224466", 1.0))
    mixed = layer(styled(symbolizer, blend=mode, opacity=opacity), LAPPING, "mixed")
    top = layer(styled(PointSymbolizer(size_mm=5.0)), SPOTS, "top")
    plain = layer(styled(symbolizer), LAPPING, "mixed")
    screen, page = both(fonts, ground, mixed, top)
    agree(screen, page)
    assert np.abs(screen - both(fonts, ground, plain, top)[0]).mean() > 2


def test_opacity_of_symbols_shows_overlaps_and_that_of_layers_does_not(fonts):
    clear = both(fonts, layer(styled(PolygonSymbolizer(Fill(BLUE, 0.5))), LAPPING))
    group = both(fonts, replace(layer(styled(PolygonSymbolizer(Fill(BLUE))), LAPPING), opacity=0.5))
    once, twice = (HEIGHT // 2, 16), (HEIGHT // 2, 48)
    for picture in clear:
        assert picture[twice].mean() < picture[once].mean() - 30
    for picture in group:
        np.testing.assert_array_equal(picture[twice], picture[once])
    assert np.abs(group[0][once] - clear[0][once]).max() <= 1


def relief(symbolizer, **style):
    y, x = np.mgrid[0:80, 0:104].astype(np.float32)
    values = (300 + 60 * np.sin(x / 9) * np.cos(y / 11)).astype(np.float32)
    values[:12, :12] = np.nan
    grid = Grid(values, (AT[0] - 52, AT[1] + 40), (1.0, 1.0), CRS)
    return SceneLayer("dem", grid, styled(symbolizer, **style), None)


TINTS = ((240.0, "#2f6b4f"), (300.0, "#e8dca0"), (360.0, "#8c5a3c"))


@pytest.mark.parametrize(
    ("symbolizer", "style"),
    [
        (RasterSymbolizer(), {}),
        (RasterSymbolizer(TINTS), {}),
        (RasterSymbolizer(TINTS, "classes", multidirectional=False, z_factor=3.0), {}),
        (RasterSymbolizer(TINTS, shade=0.0, opacity=0.5), {}),
        (RasterSymbolizer(TINTS, contour_interval_m=20.0, contour_labels=False), {}),
        (RasterSymbolizer(shade=1.0), {"blend": "multiply"}),
        (RasterSymbolizer(shade=1.0), {"blend": "overlay", "opacity": 0.6}),
    ],
)
def test_relief(fonts, symbolizer, style):
    ground = layer(styled(PolygonSymbolizer(Fill("#88aa66"))), polygons(box(-20, -50, 20, 50)), "ground")
    agree(*both(fonts, ground, relief(symbolizer, **style)))


def named(geometry, style, symbolizer, names):
    data = table(geometry, name=names)
    whole = styled(symbolizer, labels=style)
    return SceneLayer("names", data, whole, classify.codes(data, whole))


WAVE = line(*((x, 40 * np.sin(x / 70)) for x in range(-190, 191, 5)))
CROWD = points(*((x + 0.5, y + 0.5) for x in range(-20, 21, 10) for y in range(-20, 21, 10)))


@pytest.mark.parametrize(
    ("style", "geometry", "symbolizer", "names"),
    [
        (LabelStyle("name", 11.0, halo="#ffffffd0", halo_mm=0.6), points((-60.5, 20.5), (30.5, -30.5)), PointSymbolizer(), ["龙门 Longmen", "白马寺"]),
        (LabelStyle("name", 11.0, weight="bold", italic=True, halo="#ffee88"), points((-60.5, 20.5)), PointSymbolizer(), ["伊河 Yi"]),
        (LabelStyle("name", 10.0, wrap_chars=4), points((-60.5, 20.5)), PointSymbolizer("pin"), ["洛阳市人民医院"]),
        (LabelStyle("name", 11.0, placement="line", spacing_em=0.4), WAVE, lined(3.0), ["滨河北路 G207"]),
        (LabelStyle("name", 12.0, orientation="vertical"), points((0.5, 0.5)), PointSymbolizer(), ["黄河 H2 大道"]),
        (LabelStyle("name", 9.0, placement="area"), polygons(box(-150, -60, 150, 70)), PolygonSymbolizer(Fill("#dde8d0")), ["涧西区"]),
        (LabelStyle("name", 9.0, callout_mm=30.0), CROWD, PointSymbolizer(), [f"点{i}号" for i in range(25)]),
    ],
    ids=["halo", "bold italic", "two lines", "curved", "vertical", "area", "callouts"],
)  # fmt: skip
def test_labels(fonts, style, geometry, symbolizer, names):
    scene = named(geometry, style, symbolizer, names)
    drawn = build([scene], view(400, 240), fonts)
    assert drawn.labels
    if style.callout_mm:
        assert any(label.leader for label in drawn.labels)
    screen, page = raster.draw(drawn, fonts=fonts).pixels[:, :, :3].astype(float), paper(drawn, fonts)
    agree(screen, page, size=7, most=60.0, mean=1.2)  # small text is hinted on screen, so it is darker
    bare = raster.draw(replace(drawn, labels=()), fonts=fonts).pixels[:, :, :3]
    ink = [np.clip(bare - picture, 0, None).sum() for picture in (screen, page)]
    assert 0.45 < ink[1] / ink[0] < 1.1
