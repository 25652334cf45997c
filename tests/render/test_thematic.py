"""Symbols that stand for numbers: exact numbers, places that stay, masses that are kept."""

import msgspec
import numpy as np
import pytest
import shapely
from scene import AT, CRS, box, layer, line, points, polygons, table, view

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
from lydigital.render import heat, raster, thematic
from lydigital.render.drawlist import BlendOp, FillOp, HeatOp, MarkOp, ShadeOp, build
from lydigital.units import mm_to_px

A, B = Share("a", "#ff0000"), Share("b", "#0000ff")
RING = shapely.Polygon(box(-25, -15, 0, 15).exterior, [box(-20, -10, -5, 10).exterior])


def one(symbolizer, shapes, **columns):
    return layer(Style((Rule((symbolizer,)),)), shapes, **columns)


def pixels(scene, viewport=None, background=(255, 255, 255, 255)):
    return raster.draw(build([scene], viewport or view(), background=background)).pixels[:, :, :3].astype(int)


# dots


def test_dot_counts_are_exact_and_inside():
    shapes = polygons(RING, box(5, -10, 25, 10), shapely.Polygon())
    t = table(shapes, a=[1234.0, 55.0, 900.0], b=[10.0, None, 5.0])
    symbol = DotSymbolizer((A, B), 10.0)
    assert thematic.dot_counts(t, symbol).tolist() == [[123, 1], [6, 0], [0, 0]]
    field = thematic.dot_field(t, symbol)
    assert np.bincount(field.source, minlength=3).tolist() == [124, 6, 0]
    inside = shapely.contains_xy(shapes.to_shapely()[field.source], *field.points.coords.T)
    assert inside.all()


def test_dots_stay_when_the_value_or_the_order_of_features_changes():
    shapes = polygons(RING, box(5, -10, 25, 10))
    few = thematic.dot_field(table(shapes, a=[400.0, 100.0]), DotSymbolizer((A,), 20.0))
    many = thematic.dot_field(table(shapes, a=[400.0, 100.0]), DotSymbolizer((A,), 5.0))
    assert {tuple(p) for p in few.points.coords} < {tuple(p) for p in many.points.coords}
    turned = table(shapes.take(np.array([1, 0])), a=[100.0, 400.0])
    turned = type(turned)(np.array([1, 0]), turned.columns, turned.geometry, CRS)
    again = thematic.dot_field(turned, DotSymbolizer((A,), 20.0))
    assert {tuple(p) for p in few.points.coords} == {tuple(p) for p in again.points.coords}


def test_dots_are_even_over_the_area():
    field = thematic.dot_field(table(polygons(box(0, 0, 20, 20)), a=[4000.0]), DotSymbolizer((A,), 1.0))
    xy = field.points.coords - AT
    counts, _, _ = np.histogram2d(xy[:, 0], xy[:, 1], bins=4, range=[[0, 20], [0, 20]])
    assert counts.sum() == 4000
    assert counts.min() > 190
    assert counts.max() < 310


def test_too_many_dots_are_none():
    field = thematic.dot_field(table(polygons(box(0, 0, 9, 9)), a=[1e9]), DotSymbolizer((A,), 1.0))
    assert len(field.source) == 0


# marks by size


def test_areas_of_marks_follow_the_value():
    symbol = PointSymbolizer(size_mm=10.0, scaled=Scaled("a", 100.0, least_mm=0.5))
    t = table(points(*[(0, 0)] * 5), a=[100.0, 25.0, 0.0, None, 0.01])
    sizes = thematic.sizes_px(t, symbol, 1000.0, 96.0)
    full = mm_to_px(10.0)
    assert sizes.tolist() == pytest.approx([full, full / 2, 0.0, 0.0, mm_to_px(0.5)])
    flannery = msgspec.structs.replace(symbol, scaled=Scaled("a", 100.0, exponent=0.5716))
    assert thematic.sizes_px(t, flannery, 1000.0, 96.0)[1] == pytest.approx(full * 0.25**0.5716)


def test_large_marks_lie_below_small_ones_and_areas_have_theirs_inside():
    symbol = PointSymbolizer(size_mm=4.0, scaled=Scaled("a", 100.0))
    ground = PolygonSymbolizer(Fill("#eeeeee"))
    shapes = polygons(RING, box(5, -10, 25, 10))
    fill, marks = build([layer(Style((Rule((ground, symbol)),)), shapes, a=[25.0, 100.0])], view()).ops
    assert isinstance(fill, FillOp)
    assert isinstance(marks, MarkOp)
    assert marks.rows.tolist() == [1, 0]
    sizes = [marks.sizes_px[c] for c in marks.codes]
    assert sizes[0] == pytest.approx(2 * sizes[1], abs=0.5)
    x, y = marks.geometry.bounds[0, :2]
    assert shapely.contains_xy(RING, x, y)
    assert all(m.scaled is None for m in marks.marks)


def test_marks_turn_clockwise():
    symbol = PointSymbolizer("triangle", 4.0, "#000000", outline="", rotation_field="a")
    turned = [pixels(one(symbol, points((0, 0)), a=[float(angle)])) for angle in (0, 90, 452)]
    ink = [np.argwhere(p.max(axis=2) < 128).mean(axis=0) - (20, 30) for p in turned]
    dark = [np.argwhere(p.max(axis=2) < 128) for p in turned]
    assert len({len(d) for d in dark}) <= 3
    assert abs(len(dark[0]) - len(dark[1])) < 0.1 * len(dark[0])
    assert not np.array_equal(turned[0], turned[1])
    assert np.array_equal(turned[1], pixels(one(symbol, points((0, 0)), a=[92.0])))  # steps of five degrees
    extent = [d.max(axis=0) - d.min(axis=0) for d in dark]
    assert extent[1].tolist() == pytest.approx(extent[0][::-1].tolist(), abs=2)
    assert np.abs(ink[0]).max() < 3


def test_symbols_in_the_middle_of_lines():
    (op,) = build([one(PointSymbolizer(), line((-20, 0), (0, 5), (20, 0)))], view()).ops
    assert op.geometry.bounds[0, :2].tolist() == [AT[0], AT[1] + 5]


# charts


def test_pie_shows_shares_as_areas():
    chart = ChartSymbolizer((A, B), "pie", 10.0, outline="")
    seen = pixels(one(chart, points((0, 0)), a=[3.0], b=[1.0]))
    red, blue = ((seen[:, :, c] > 128) & (seen[:, :, 1] < 128) for c in (0, 2))
    assert red.sum() / blue.sum() == pytest.approx(3.0, rel=0.06)
    whole = np.pi * (mm_to_px(10.0) / 2) ** 2
    assert red.sum() + blue.sum() == pytest.approx(whole, rel=0.05)
    assert blue[:20, :30].sum() > 0.9 * blue.sum()  # the last quarter, before noon


def test_pies_grow_with_their_sum_and_bars_with_their_values():
    pies = ChartSymbolizer((A, B), "pie", 8.0, value=40.0, outline="")
    (op,) = build([one(pies, points((-10, 0), (10, 0)), a=[30.0, 5.0], b=[10.0, 5.0])], view()).ops
    height = op.geometry.bounds[:, 3] - op.geometry.bounds[:, 1]
    assert height.max() == pytest.approx(mm_to_px(8.0))
    bars = ChartSymbolizer((A, B), "bar", 8.0, value=40.0, outline="")
    (op,) = build([one(bars, points((0, 0)), a=[40.0], b=[10.0])], view()).ops
    top = op.geometry.bounds[:, 3] - AT[1]
    assert [top[op.codes == c].max() for c in (0, 1)] == pytest.approx([mm_to_px(8.0), mm_to_px(2.0)])


def test_nothing_has_no_chart():
    chart = ChartSymbolizer((A, B), "ring", 8.0)
    assert build([one(chart, points((0, 0)), a=[0.0], b=[None])], view()).ops == ()


# density


def heat_op(radius=12.0, maximum=0.0, shapes=None, weights=None):
    shapes = points((0, 0), (5.3, 2.1), (-9, 4)) if shapes is None else shapes
    weights = np.array([1.0, 2.5, 4.0]) if weights is None else weights
    colors = thematic._heat_colors(("#ffffff", "#ff0000"))
    return HeatOp(shapes, np.arange(len(shapes), dtype=np.int32), weights, radius, colors, maximum)


@pytest.mark.parametrize("radius", [1.0, 4.7, 12.0, 40.0])
def test_heat_keeps_the_mass(radius):
    cells, _, _, cell = heat.density(heat_op(radius), view())
    assert cells.sum() == pytest.approx(7.5, rel=1e-4)
    assert cell == pytest.approx(max(1.0, radius / 6))


def test_heat_peaks_at_its_point_and_ends_at_its_radius():
    op = heat_op(12.0, shapes=points((0, 0)), weights=np.ones(1))
    cells, west, south, cell = heat.density(op, view())
    y, x = np.unravel_index(cells.argmax(), cells.shape)
    assert abs(west + (x + 0.5) * cell - AT[0]) <= cell
    assert abs(south + (y + 0.5) * cell - AT[1]) <= cell
    ys, xs = np.nonzero(cells)
    away = np.hypot(west + (xs + 0.5) * cell - AT[0], south + (ys + 0.5) * cell - AT[1])
    assert away.max() < 12.0 + 2 * cell
    metres = 3 / np.pi / 12.0**2 * cell * cell  # the quartic kernel at its middle
    assert cells.max() == pytest.approx(metres, rel=0.1)


def test_heat_stands_still_while_panning():
    op = heat_op(12.0, 3e4)
    ground = np.full((40, 60), 0xFFFFFFFF, np.uint32)
    moved = ground.copy()
    heat.prepare(op, view(), bgra=False)(ground, 0, 40)
    heat.prepare(op, view().panned(7, 0), bgra=False)(moved, 0, 40)
    assert np.abs(ground[:, :53].view(np.uint8).astype(int) - moved[:, 7:].view(np.uint8).astype(int)).max() <= 1


def test_heat_bands_are_alike():
    scene = one(HeatSymbolizer(("#ffffff", "#ff0000")), points((0, 0), (5, 5)))
    drawn = build([scene], view())
    assert np.array_equal(raster.draw(drawn, threads=1).pixels, raster.draw(drawn, threads=3).pixels)
    assert raster.draw(drawn).pixels[:, :, 1].min() < 45  # 85% opaque


# clusters


def test_cluster_counts_sum_and_near_ones_are_together():
    rng = np.random.default_rng(5)
    xy = np.concatenate([rng.normal(c, 30, (400, 2)) for c in ((0, 0), (3000, 0), (0, 5000))] + [[[9e3, 9e3]]])
    t = table(points(*xy), a=np.ones(1201))
    found = thematic.clusters(t, 1000.0)
    assert found.counts.sum() == 1201
    assert sorted(found.counts.tolist(), reverse=True) == [400, 400, 400, 1]
    assert np.array_equal(np.bincount(found.of_row), found.counts)
    some = np.zeros(1201, np.bool_)
    some[:10] = True
    assert thematic.clusters(t, 1000.0, some).counts.sum() == 10
    assert thematic.clusters(t, 0.001).counts.sum() == 1201


def test_clusters_do_not_depend_on_the_view():
    rng = np.random.default_rng(6)
    scene = one(ClusterSymbolizer(PointSymbolizer()), points(*rng.uniform(-200, 200, (300, 2))))
    here, there = (build([scene], v).ops for v in (view(300, 300), view(300, 300).panned(40, 25)))
    badges = [{tuple(np.round(p, 6)) for p in next(o for o in ops if len(o.marks) > 1).geometry.coords} for ops in (here, there)]
    assert len(badges[0] & badges[1]) > 5
    near = [p for p in badges[0] if abs(p[0] - AT[0]) < 90 and abs(p[1] - AT[1]) < 90]
    assert near
    assert set(near) <= badges[1]


def test_texts_of_badges():
    cases = {7: "7", 999: "999", 1000: "1k", 1290: "1.2k", 34567: "34k", 1_260_000: "1.2M"}
    assert {n: thematic.count_text(n) for n in cases} == cases


# shading and mixing


def test_shading_fades_inward_and_stays_inside():
    shade = PolygonSymbolizer(None, None, Shade("#000000", 2.0, 1.0))
    scene = one(shade, polygons(box(-20, -15, 20, 15)))
    (op,) = build([scene], view()).ops
    assert isinstance(op, ShadeOp)
    seen = pixels(scene)[:, :, 0]
    width = mm_to_px(2.0)
    assert (seen[:5] == 255).all()
    assert (seen[:, :10] == 255).all()
    row = seen[20, 10:31]
    want = 255 - 255 * np.maximum(0, 1 - (np.arange(21) + 0.5) / width) ** 2
    assert np.abs(row - want).max() <= 2


def test_shading_follows_edges_outside_the_picture():
    shade = one(PolygonSymbolizer(None, None, Shade("#000000", 2.0, 1.0)), polygons(box(-33, -500, 500, 500)))
    seen = pixels(shade)[:, :, 0]
    assert (seen[:, 10:] == 255).all(), "the border of the picture is no edge"
    assert (seen[:, 0] < 255).all()


@pytest.mark.parametrize(("mode", "law"), [
    ("multiply", lambda b, s: b * s), ("screen", lambda b, s: 1 - (1 - b) * (1 - s)),
    ("overlay", lambda b, s: np.where(b < 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))),
])
@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_layers_mix_by_the_formulas(mode, law, alpha):
    style = Style((Rule((PolygonSymbolizer(Fill("#c86432", alpha)),)),), blend=mode)
    scene = layer(style, polygons(box(-10, -10, 10, 10)))
    (op,) = build([scene], view()).ops
    assert isinstance(op, BlendOp)
    below = np.array([60, 128, 230])
    seen = pixels(scene, background=(*below.tolist(), 255))
    b, s = below / 255, np.array([0xC8, 0x64, 0x32]) / 255
    want = 255 * ((1 - alpha) * b + alpha * law(b, s))
    assert seen[20, 30].tolist() == pytest.approx(want.tolist(), abs=2.1)
    assert seen[2, 2].tolist() == pytest.approx(below.tolist(), abs=0)


def test_two_variables_have_all_their_colours():
    from lydigital.domain import thematic as styles
    from lydigital.model.style import Scheme

    area = PolygonSymbolizer(Fill("#000000"))
    base = Style((Rule((area,)),))
    style = styles.bivariate(
        base, area, ("a", "b"), ((1.0,), (1.0,)), names=(("甲", "A"), ("乙", "B")), scheme=Scheme(ramp="bivariate_teal_peony")
    )
    shapes = polygons(box(-20, -15, -1, -1), box(1, -15, 20, -1), box(-20, 1, -1, 15), box(1, 1, 20, 15))
    (op,) = build([layer(style, shapes, a=[0.0, 2.0, 0.0, 2.0], b=[0.0, 0.0, 2.0, 2.0])], view()).ops
    assert len({tuple(op.colors[c]) for c in op.codes}) == 4


def test_outlines_do_not_hide_the_classes_of_small_areas():
    from lydigital.domain import thematic as styles
    from lydigital.model.style import Scheme, Stroke

    area = PolygonSymbolizer(Fill("#000000"), Stroke("#ffffff"))
    style = styles.graduated(Style((Rule((area,)),)), area, "a", (1.0,), spread=(0.0, 2.0), scheme=Scheme(ramp="teal"))
    scene = [layer(style, polygons(box(0, 0, 20, 20), box(-20, 0, 0, 20)), a=[0.0, 2.0])]
    assert [type(op).__name__ for op in build(scene, view()).ops] == ["FillOp", "StrokeOp"]
    assert [type(op).__name__ for op in build(scene, view(units_per_px=10.0)).ops] == ["FillOp"]
