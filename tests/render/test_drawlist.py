"""What is on a picture, and in which order."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from scene import AT, CRS, box, layer, line, points, polygons, view

from lydigital.model.crs import Crs
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
from lydigital.model.viewport import Viewport
from lydigital.render import drawlist
from lydigital.render.drawlist import FillOp, MarkOp, RasterOp, SceneLayer, StrokeOp, build
from lydigital.units import mm_to_px

RED, GREEN = Fill("#ff0000"), Fill("#00ff00", 0.5)


def test_fills_come_first_then_outlines_with_the_first_rule_on_top():
    style = Style((
        Rule((PolygonSymbolizer(RED, Stroke("#111111", 1.0)),), value="a"),
        Rule((PolygonSymbolizer(GREEN, Stroke("#222222", 1.0)),), value="b"),
        Rule((PolygonSymbolizer(None, Stroke("#222222", 1.0)),), value="c"),
    ), "categorized", "kind", opacity=0.5)
    shapes = polygons(box(-5, -5, 0, 0), box(0, 0, 5, 5), box(1, 1, 2, 2), box(2, 2, 3, 3))
    (whole,) = build([layer(style, shapes, kind=["a", "b", "c", "z"])], view()).ops
    assert (whole.mode, whole.opacity) == ("normal", 0.5)  # the layer fades as one
    fill, low, high = whole.ops
    assert isinstance(fill, FillOp)
    assert fill.rows.tolist() == [0, 1]
    assert fill.codes.tolist() == [0, 1]
    assert fill.colors.tolist()[:2] == [[255, 0, 0, 255], [0, 255, 0, 128]]
    assert isinstance(low, StrokeOp)
    assert (low.color[:3], low.rows.tolist()) == ((0x22, 0x22, 0x22), [1, 2])  # alike: one union
    assert (high.color[:3], high.rows.tolist()) == ((0x11, 0x11, 0x11), [0])
    assert low.width_px == pytest.approx(mm_to_px(1.0))


def test_what_never_hides_itself_fades_by_its_colour():
    half = Style((Rule((LineSymbolizer(Stroke("#ff0000", 1.0)),)),), opacity=0.5)
    (op,) = build([replace(layer(half, line((0, 0), (5, 5))), opacity=0.5)], view()).ops
    assert isinstance(op, StrokeOp)
    assert op.color == (255, 0, 0, 64)


def test_casings_lie_below_all_lines_of_the_layer():
    casing = Stroke("#000000", 2.0)
    style = Style((
        Rule((LineSymbolizer(Stroke("#ff0000", 1.0), casing),), value=1),
        Rule((LineSymbolizer(Stroke("#00ff00", 1.0, dash_mm=(1.0, 2.0)), casing),), value=2),
    ), "categorized", "kind")
    shape = line((0, 0), (5, 5))
    both = shape.take(np.array([0, 0]))
    ops = build([layer(style, both, kind=[1, 2])], view()).ops
    assert [op.color[:3] for op in ops] == [(0, 0, 0), (0, 255, 0), (255, 0, 0)]
    assert ops[0].rows.tolist() == [0, 1]
    assert ops[1].dash_px == pytest.approx((mm_to_px(1.0), mm_to_px(2.0)))


def test_scale_ranges_of_layers_and_rules_and_sizes_by_scale():
    wide = ((1000.0, 2.0), (100_000.0, 1.0))
    style = Style((
        Rule((LineSymbolizer(Stroke("#ff0000", wide)),), max_scale=10_000.0),
        Rule((LineSymbolizer(Stroke("#0000ff", wide)),), min_scale=10_000.0),
    ), max_scale=1_000_000.0)
    scene = [layer(style, line((0, 0), (5, 5)))]
    (near,) = build(scene, view().at_scale(1000)).ops
    (far,) = build(scene, view().at_scale(50_000)).ops
    assert near.color == (255, 0, 0, 255)
    assert near.width_px == pytest.approx(mm_to_px(2.0))
    assert far.color == (0, 0, 255, 255)
    assert mm_to_px(1.0) < far.width_px < mm_to_px(2.0)
    assert build(scene, view().at_scale(2_000_000)).ops == ()


def test_only_what_is_near_the_picture_is_listed():
    style = Style((Rule((PolygonSymbolizer(RED, Stroke("#000000", mm := 2.0)),)),))
    half = mm_to_px(mm) / 2
    shapes = polygons(box(0, 0, 1, 1), box(30 + half * 0.8, 0, 90, 1), box(40 + half * 2, 0, 90, 1), shapely.Polygon())
    fill, stroke = build([layer(style, shapes)], view(60, 40)).ops
    assert fill.rows.tolist() == stroke.rows.tolist() == [0, 1]
    away = Viewport((AT[0] + 1e6, AT[1]), 1.0, 60, 40, CRS)
    assert build([layer(style, shapes)], away).ops == ()


def test_marks_stand_with_important_rules_and_the_south_on_top():
    style = Style((
        Rule((PointSymbolizer(color="#ff0000", size_mm=4.0),), value=1), Rule((PointSymbolizer(color="#00ff00"),)),
    ), "categorized", "kind")
    (op,) = build([layer(style, points((0, 0), (0, 5), (0, -5), (3, 3)), kind=[1, 1, 1, 2])], view()).ops
    assert isinstance(op, MarkOp)
    assert op.rows.tolist() == [3, 1, 0, 2]
    assert op.codes.tolist() == [1, 0, 0, 0]
    assert op.sizes_px[0] == pytest.approx(mm_to_px(4.0))


def test_hatch_with_ground_is_two_fills():
    hatch = Fill("#ff0000", 0.8, pattern="hatch", ground="#ffff00")
    ground, lines = build([layer(Style((Rule((PolygonSymbolizer(hatch),)),)), polygons(box(0, 0, 9, 9)))], view()).ops
    assert (ground.pattern, ground.colors.tolist()) == (None, [[255, 255, 0, 204]])
    assert lines.pattern.pattern == "hatch"
    assert lines.pattern.ground == ""
    assert lines.colors.tolist() == [[255, 0, 0, 204]]


def test_selection_is_drawn_above_everything():
    style = Style((Rule((PolygonSymbolizer(RED),)),))
    below = layer(style, polygons(box(0, 0, 5, 5), box(5, 5, 9, 9), box(500, 0, 501, 1)), "below", selected=[1, 2])
    above = layer(style, polygons(box(0, 0, 5, 5)), "above")
    ops = build([below, above], view()).ops
    assert [type(op) for op in ops] == [FillOp, FillOp, FillOp, StrokeOp]
    assert ops[2].rows.tolist() == ops[3].rows.tolist() == [1]
    dots = layer(Style((Rule((PointSymbolizer(),)),)), points((0, 0), (5, 5)), selected=[0])
    assert [len(op.rows) for op in build([dots], view()).ops] == [2, 1]


def test_grids_and_invisible_layers():
    grid = Grid(np.zeros((4, 4), np.float32), (AT[0], AT[1]), (10.0, 10.0), CRS)
    relief = SceneLayer("dem", grid, Style((Rule((RasterSymbolizer(),)),), opacity=0.5), opacity=0.5)
    (op,) = build([relief], view()).ops
    assert isinstance(op, RasterOp)
    assert op.opacity == 0.25
    assert build([SceneLayer("dem", grid, relief.style, opacity=0.0)], view()).ops == ()


def test_another_reference_system_is_the_callers_mistake():
    other = Viewport(AT, 1.0, 10, 10, Crs("EPSG:4547"))
    with pytest.raises(AssertionError, match="EPSG:4547"):
        build([layer(Style((Rule((PolygonSymbolizer(RED),)),)), polygons(box(0, 0, 5, 5)))], other)


def test_a_large_layer_mostly_seen_is_not_chosen_from(monkeypatch):
    from lydigital.render import drawlist, raster

    monkeypatch.setattr(drawlist, "_MANY", 500)
    steps = np.arange(-60.0, 60.0, 2.0)
    shapes = polygons(*(box(x, y, x + 1.5, y + 1.5) for x in steps for y in steps[:20]))
    style = Style((Rule((PolygonSymbolizer(RED, Stroke("#111111", 0.2)),)),))
    large = layer(style, shapes)
    on_screen, on_page = build([large], view(60, 40)), build([large], view(60, 40), is_page=True)
    assert len(on_page.ops[0].rows) < len(on_screen.ops[0].rows) == len(shapes)
    assert np.array_equal(raster.draw(on_screen).pixels, raster.draw(on_page).pixels)


def test_many_small_selected_features_take_another_colour_in_the_same_pass(monkeypatch):
    monkeypatch.setattr(drawlist, "_MANY_SELECTED", 3)
    boxes = [shapely.box(AT[0] + 3 * k, AT[1], AT[0] + 3 * k + 3, AT[1] + 3) for k in range(8)]
    style = Style((Rule((PolygonSymbolizer(Fill("#0000ff"), Stroke("#000000", 0.1)),)),))
    made = replace(layer(style, polygons(*boxes)), selected=np.array([1, 2, 5], np.int32))
    small = Viewport(AT, 1.0, 64, 32, CRS)
    fill, stroke = build([made], small).ops
    assert fill.colors[fill.codes].tolist() == [
        list(drawlist.SELECTED_LINE if row in (1, 2, 5) else (0, 0, 255, 255)) for row in fill.rows
    ]
    assert stroke.rows.tolist() == [0, 3, 4, 6, 7]
    others = (
        build([made], replace(small, units_per_px=0.2)),  # large
        build([replace(made, selected=made.selected[:2])], small),  # few
        build([made, layer(style, polygons(*boxes), "above")], small),
    )
    assert [len(listed.ops) for listed in others] == [4, 4, 6]
