"""Pixels of draw lists."""

import numpy as np
import pytest
from scene import AT, CRS, box, layer, line, points, polygons, view

from lydigital.errors import CancelledError
from lydigital.model.grid import Grid
from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.render import raster, relief, sprites
from lydigital.render.drawlist import DrawList, Font, PlacedLabel, SceneLayer, build

SHAPES = ("circle", "square", "rounded", "diamond", "triangle", "hexagon", "shield", "pin")


class BlockFonts:
    """Every character a block, every icon a full square."""

    def advances(self, text, font):
        return np.full(len(text), font.size_px, np.float32)

    def vertical(self, font):
        return font.size_px * 0.8, font.size_px * 0.2

    def mask(self, char, font):
        if char == " ":
            return np.zeros((0, 0), np.uint8), 0, 0
        return np.full((6, 4), 255, np.uint8), 0, -6

    def icon(self, name, size_px):
        side = int(np.ceil(size_px))
        return np.full((side, side), 255, np.uint8)


def mixed_scene():
    return [
        layer(Style((Rule((PolygonSymbolizer(Fill("#80c080", 0.7), Stroke("#204020", 0.5)),)),)), polygons(
            box(-25, -15, 0.3, 15), box(0.3, -15, 25, 15)), "land"),
        layer(Style((Rule((PolygonSymbolizer(Fill("#ff0000", pattern="cross", ground="#ffff0080", spacing_mm=1.0)),)),)),
              polygons(box(-10, -10, 10, 4)), "zone"),
        layer(Style((Rule((LineSymbolizer(Stroke("#ffffff", 1.0), Stroke("#000000", 1.5)),)),)), line((-28, -3), (9, 8.5), (28, 0)), "road"),
        layer(Style((Rule((PointSymbolizer(glyph="x"),)),)), points((0, 0), (12, 7), (29.5, 19.5)), "site"),
    ]


def test_background_and_channel_order():
    empty = DrawList(view(3, 2), (10, 20, 30, 255), ())
    assert raster.draw(empty).pixels.tolist() == [[[10, 20, 30, 255]] * 3] * 2
    assert raster.draw(empty, bgra=True).pixels.tolist() == [[[30, 20, 10, 255]] * 3] * 2
    assert raster.draw(empty).seconds > 0


def test_fill_lands_where_the_map_says():
    style = Style((Rule((PolygonSymbolizer(Fill("#c02040")),)),))
    pixels = raster.draw(build([layer(style, polygons(box(-30, 10, -28, 20)))], view(60, 40), background=(0, 0, 0, 255))).pixels
    assert (pixels[:10, :2, :3] == [0xC0, 0x20, 0x40]).all()
    assert not pixels[10:, :, :3].any()
    assert not pixels[:, 2:, :3].any()


@pytest.mark.parametrize("threads", [2, 3])
def test_bands_and_channel_order_change_nothing_else(threads):
    drawlist = build(mixed_scene(), view())
    fonts = BlockFonts()
    one = raster.draw(drawlist, threads=1, fonts=fonts).pixels
    assert np.array_equal(one, raster.draw(drawlist, threads=threads, fonts=fonts).pixels)
    assert np.array_equal(one, raster.draw(drawlist, threads=threads, fonts=fonts, bgra=True).pixels[..., [2, 1, 0, 3]])
    assert len(np.unique(one.reshape(-1, 4), axis=0)) > 20


def test_large_pictures_are_drawn_in_strips_that_fit(monkeypatch):
    glyphs = np.array([(10, 20, 0), (15, 20, 0.4)], np.float32)
    label = PlacedLabel("ab", Font(8.0), (255, 0, 0, 255), (255, 255, 255, 255), 1.0, glyphs, (9, 13, 25, 21))
    grid = Grid(np.arange(64, dtype=np.float32).reshape(8, 8), (AT[0] - 40, AT[1] + 40), (10.0, 10.0), CRS)
    ground = SceneLayer("dem", grid, Style((Rule((RasterSymbolizer(),)),)))
    plain = build([ground, *mixed_scene()], view(100, 150))
    drawlist = DrawList(plain.viewport, plain.background, plain.ops, (label,))
    fonts = BlockFonts()
    whole = raster.draw(drawlist, fonts=fonts).pixels.astype(int)
    monkeypatch.setattr(raster, "STRIP_PX", 64 * 100)
    strips = raster.draw(drawlist, fonts=fonts).pixels
    assert np.abs(whole - strips).max() <= 1


def test_many_frames_in_the_same_memory_are_the_same():
    drawlist = build(mixed_scene(), view())
    first = raster.draw(drawlist).pixels
    for _ in range(100):  # past the 255 layer tags of the scratch memory
        last = raster.draw(drawlist).pixels
    assert np.array_equal(first, last)


def test_cancelling_stops_between_operations_and_leaves_the_next_frame_clean():
    drawlist = build(mixed_scene(), view())
    want = raster.draw(drawlist).pixels
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(CancelledError):
        raster.draw(drawlist, cancelled=cancelled)
    assert np.array_equal(raster.draw(drawlist, cancelled=lambda: False).pixels, want)


def test_thin_lines_are_a_pixel_wide_and_paler():
    style = Style((Rule((LineSymbolizer(Stroke("#ffffff", 0.26458 / 4, cap="butt")),)),))
    pixels = raster.draw(build([layer(style, line((-40, 0.5), (40, 0.5)))], view(60, 40), background=(0, 0, 0, 255))).pixels
    assert pixels[19, 5, 0] == pytest.approx(64, abs=1)
    assert not pixels[18].any() or not pixels[18, :, :3].any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [5.0, 9.0, 13.0, 18.5])
def test_marks_are_symmetric_outlined_and_whole(shape, size):
    mark = PointSymbolizer(shape, color="#ff0000", outline="#0000ff", outline_mm=0.3)
    sprite = sprites.sprite(mark, size, 96.0)
    pixels = sprite.pixels.view(np.uint8).reshape(*sprite.pixels.shape, 4).astype(int)
    assert np.abs(pixels - pixels[:, ::-1]).max() <= 2
    edge = np.concatenate([pixels[0, :, 3], pixels[-1, :, 3], pixels[:, 0, 3], pixels[:, -1, 3]])
    assert edge.max() < 200
    x, y = sprite.anchor
    body = pixels[int(y) - int(size * 0.9 if shape == "pin" else 0), int(x)]
    assert body[3] == 255
    assert body[0] > 150
    assert (pixels[:, :, :3] <= pixels[:, :, 3:]).all()


def test_icons_need_fonts_and_room():
    mark = PointSymbolizer(glyph="x", glyph_color="#00ff00", color="#ff0000")
    with_icon = sprites.sprite(mark, 16.0, 96.0, BlockFonts()).pixels
    without = sprites.sprite(mark, 16.0, 96.0).pixels
    assert (with_icon[8, 8] & 0xFFFFFF) == 0x00FF00
    assert (without[8, 8] & 0xFFFFFF) == 0x0000FF
    small = PointSymbolizer(glyph="x", glyph_color="#00ff00", color="#ff0000", outline="#ff0000")
    assert not (sprites.sprite(small, 6.0, 96.0, BlockFonts()).pixels & 0xFF00).any()


def test_labels_are_drawn_with_halo_and_blanks_skipped():
    glyphs = np.array([(10, 20, 0), (15, 20, 0), (20, 20, 0)], np.float32)
    label = PlacedLabel("a b", Font(8.0), (255, 0, 0, 255), (255, 255, 255, 255), 1.0, glyphs, (9, 13, 25, 21))
    drawlist = DrawList(view(40, 30), (0, 0, 0, 255), (), (label,))
    pixels = raster.draw(drawlist, fonts=BlockFonts()).pixels
    assert (pixels[14:20, 10:14] == [255, 0, 0, 255]).all()
    assert (pixels[14:20, 9] == 255).all()
    assert not pixels[14:20, 16:19, :3].any()
    assert (pixels[14:20, 20:24] == [255, 0, 0, 255]).all()
    assert not raster.draw(drawlist).pixels[:, :, :3].any()


def dem(cell=10.0, n=8, value=5.0):
    overview = Grid(np.full((n // 2, n // 2), value, np.float32), (AT[0] - 40, AT[1] + 40), (2 * cell, 2 * cell), CRS)
    return Grid(np.full((n, n), value, np.float32), (AT[0] - 40, AT[1] + 40), (cell, cell), CRS, (overview,))


def test_relief_covers_exactly_its_area_with_its_tint():
    style = Style((Rule((RasterSymbolizer(ramp=((0.0, "#000000"), (10.0, "#c86432"))),)),))
    drawlist = build([SceneLayer("dem", dem(), style)], view(100, 90), background=(1, 2, 3, 255))
    pixels = raster.draw(drawlist).pixels
    inside = pixels[5:85, 10:90, :3]
    assert (inside == [100, 50, 25]).all()
    pixels[5:85, 10:90, :3] = [1, 2, 3]
    assert (pixels[:, :, :3] == [1, 2, 3]).all()


def test_relief_picks_the_level_for_the_scale_and_is_smooth():
    grid = dem()
    assert relief.level_for(grid, 1.0) == 0
    assert relief.level_for(grid, 15.0) == 1
    ramp = RasterSymbolizer(ramp=((0.0, "#000000"), (7.0, "#fefefe")), shade=0.0)
    slope = Grid(np.tile(np.arange(8, dtype=np.float32), (8, 1)), (AT[0] - 40, AT[1] + 40), (10.0, 10.0), CRS)
    row = raster.draw(build([SceneLayer("dem", slope, Style((Rule((ramp,)),)))], view(80, 80))).pixels[40, :, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert np.diff(row).max() <= 5


def test_relief_with_gaps_and_opacity():
    grid = dem()
    values = grid.values.copy()
    values[:, :4] = np.nan
    holed = Grid(values, grid.origin, grid.cell, CRS)
    ramp = RasterSymbolizer(ramp=((0.0, "#ffffff"), (10.0, "#ffffff")), opacity=0.5)
    pixels = raster.draw(build([SceneLayer("dem", holed, Style((Rule((ramp,)),)))], view(80, 80), background=(0, 0, 0, 255))).pixels
    assert not pixels[:, :38, :3].any()
    assert (pixels[:, 42:, :3] == 128).all()
    assert (np.diff(pixels[40, 36:44, 0].astype(int)) >= 0).all()
