"""Label placement: what is placed, where, and that it stays there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from lydigital.kernels import anchors as anchoring
from lydigital.kernels import chains as chaining
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    Fill,
    LabelStyle,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.model.viewport import Viewport
from lydigital.render import labels as labelling
from lydigital.render.drawlist import SceneLayer, StrokeOp, build
from lydigital.render.labels import place
from lydigital.render.lettering import Lettering

CRS = Crs("EPSG:4546")
POINT = (PointSymbolizer(size_mm=3.0),)
LINE = (LineSymbolizer(Stroke("#000000")),)
AREA = (PolygonSymbolizer(Fill("#eeeeee")),)


class SquareFonts:
    """Every Chinese character is one em wide, every other half an em."""

    def advances(self, text, font):
        return np.array([font.size_px * (0.5 if c.isascii() else 1.0) for c in text], np.float32)


FONTS = SquareFonts()


def layer(layer_id, geometry, symbolizers, labels, rules=None, codes=None, fid=None, **columns):
    n = len(geometry)
    table = FeatureTable(np.arange(n, dtype=np.int64) if fid is None else fid, pa.table(columns), geometry, CRS)
    style = Style(rules=rules or (Rule(symbolizers=symbolizers),), labels=labels)
    return SceneLayer(layer_id, table, style, np.zeros(n, np.int16) if codes is None else codes)


def points(xy, names, labels=None, **more):
    style = labels or LabelStyle("name", size_pt=9)
    return layer("poi", GeometryArray.from_points(np.array(xy, float)), POINT, style, name=names, **more)


def square(x, y, side):
    return [[[(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]]]


def view(width=400, height=300, unit=1.0, centre=(0.0, 0.0)):
    return Viewport(centre, unit, width, height, CRS)


def run(scene, viewport, **more):
    labels, missing = place(scene, viewport, FONTS, **more)
    return tuple(labels), len(missing)


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_a_lone_point_is_labelled_on_its_right():
    (label,), unplaced = run([points([(0, 0)], ["洛阳"])], view())
    assert label.text == "洛阳"
    assert unplaced == 0
    mark = 3.0 * 96 / 25.4 / 2
    assert label.glyphs[0, 0] > 200 + mark
    assert np.all(label.glyphs[:, 2] == 0)
    assert np.diff(label.glyphs[:, 0]) == pytest.approx(12.0)  # 9 pt are 12 px
    assert label.box[0] <= label.glyphs[0, 0]
    assert label.box[1] < label.glyphs[0, 1] < label.box[3]


def test_labels_never_overlap_each_other_or_marks():
    rng = np.random.default_rng(1)
    xy = rng.uniform(-180, 180, (150, 2))
    labels, unplaced = run([points(xy, [f"地名{i}" for i in range(150)])], view())
    assert len(labels) + unplaced <= 150
    assert len(labels) > 20
    for i, a in enumerate(labels):
        for b in labels[:i]:
            assert not overlap(a.box, b.box)
    half = 3.0 * 96 / 25.4 / 2 - 1  # whole pixels inside the marks are blocked
    marks = [(x + 200 - half, 150 - y - half, x + 200 + half, 150 - y + half) for x, y in xy]
    for a in labels:
        assert not any(overlap(a.box, m) for m in marks)


def test_panning_by_whole_pixels_moves_every_label_by_whole_pixels():
    rng = np.random.default_rng(2)
    xy = rng.uniform(-150, 150, (60, 2))
    line = GeometryArray.from_rings(GeometryKind.LINE, [[[[(-170.3, -91.7), (20.1, 40.9), (170.2, 10.4)]]]])
    scene = [
        points(xy, [f"点{i}" for i in range(60)]),
        layer("road", line, LINE, LabelStyle("name", placement="line", priority=60), name=["中州中路"]),
    ]
    before, after = view(600, 500), view(600, 500).panned(31, -17)
    first = {(p.layer, p.row): p for p in run(scene, before)[0]}
    second = {(p.layer, p.row): p for p in run(scene, after)[0]}
    assert first.keys() == second.keys()
    assert ("road", 0) in first
    for key, label in first.items():
        assert second[key].glyphs[:, :2] - label.glyphs[:, :2] == pytest.approx(np.array([[31, -17]] * len(label.text)),
                                                                                abs=0.01)


def test_no_label_is_cut_by_the_border():
    xy = [(x, y) for x in (-199, 0, 199) for y in (-149, 0, 149)]
    labels, _ = run([points(xy, ["洛阳市第一人民医院"] * 9)], view())
    assert labels
    for label in labels:
        assert label.box[0] >= 2
        assert label.box[1] >= 2
        assert label.box[2] <= 398
        assert label.box[3] <= 298


def test_priority_then_order_field_then_fid_decide():
    same = [(0.0, 0.0)] * 3
    centre = LabelStyle("name", placement="centre", order_field="rank")
    low = points(same, ["甲", "乙", "丙"], centre, rank=[1.0, 5.0, None], fid=np.array([7, 8, 9]))
    (winner,), unplaced = run([low], view())
    assert (winner.text, unplaced) == ("乙", 2)

    tied = points(same, ["甲", "乙", "丙"], LabelStyle("name", placement="centre"), fid=np.array([9, 7, 8]))
    assert run([tied], view())[0][0].text == "乙"

    high = layer("top", GeometryArray.from_points(np.zeros((1, 2))), POINT,
                 LabelStyle("name", placement="centre", priority=90), name=["首"])
    assert [p.text for p in run([high, low], view())[0]] == ["首"]


def test_empty_texts_and_rows_out_of_view_are_skipped_and_numbers_become_text():
    xy = [(-100, 0), (0, 0), (100, 0), (0, 1000)]
    scene = [points(xy, [None, "  ", "有名", "看不见"])]
    labels, unplaced = run(scene, view())
    assert ([p.text for p in labels], unplaced) == (["有名"], 0)
    numbers = points([*xy[:3], (0, 100)], [1.0, 2.5, None, 40.0])
    assert sorted(p.text for p in run([numbers], view())[0]) == ["1", "2.5", "40"]


def test_dictionary_columns_are_read():
    names = pa.array(["老城", "西工", "老城"]).dictionary_encode()
    labels, _ = run([points([(-100, 0), (0, 0), (100, 0)], names)], view())
    assert sorted(p.text for p in labels) == ["老城", "老城", "西工"]


def test_classes_rules_and_scales_limit_labels():
    rules = (Rule(symbolizers=POINT, value="a"), Rule(symbolizers=POINT, value="b", max_scale=10.0))
    codes = np.array([0, 1, -1], np.int16)
    xy = [(-100, 0), (0, 0), (100, 0)]
    geometry = GeometryArray.from_points(np.array(xy, float))

    def texts(style):
        scene = [layer("x", geometry, POINT, style, rules=rules, codes=codes, name=["甲", "乙", "丙"])]
        return [p.text for p in run(scene, view())[0]]

    assert texts(LabelStyle("name")) == ["甲"]  # 乙's rule is not drawn at this scale, 丙 has none
    assert texts(LabelStyle("name", classes=("b",))) == []
    assert texts(LabelStyle("name", min_scale=1e9)) == []
    assert texts(LabelStyle("missing")) == []


def test_size_follows_scale():
    style = LabelStyle("name", size_pt=((1000.0, 12.0), (100000.0, 6.0)))
    (near,), _ = run([points([(0, 0)], ["洛"], style)], view(unit=0.05))
    (far,), _ = run([points([(0, 0)], ["洛"], style)], view(unit=100.0))
    assert (near.font.size_px, far.font.size_px) == (16.0, 8.0)


def test_long_names_wrap_into_two_lines_of_about_equal_length():
    style = LabelStyle("name", wrap_chars=6)
    (label,), _ = run([points([(0, 0)], ["洛阳市第一人民医院"], style)], view())
    lines = [np.count_nonzero(label.glyphs[:, 1] == y) for y in np.unique(label.glyphs[:, 1])]
    assert lines == [5, 4]
    assert label.glyphs[5, 0] == label.glyphs[0, 0]  # flush with the mark it stands right of


@pytest.mark.parametrize(("text", "first"), [("East Lake Park", "East "), ("二〇七国道G207线路口", "二〇七国道G207"),
                                             ("Incomprehensible", "Incomprehensible"), ("短名", "短名")])
def test_where_lines_break(text, first):
    lettering = Lettering(pa.chunked_array([[text]]), "regular", 5, 0.0)
    lettering.read(np.array([0]), FONTS)
    glyphs, _ = lettering.glyphs(np.array([0]), np.zeros(1), np.zeros(1), 10.0, np.zeros(1))
    assert text[: np.count_nonzero(glyphs[:, 1] == glyphs[0, 1])] == first


def test_area_labels_stand_in_the_largest_part_and_only_where_they_fit():
    small, large = square(-150, -50, 20)[0], square(0, -60, 120)[0]
    geometry = GeometryArray.from_rings(GeometryKind.POLYGON, [[small, large], [small]])
    scene = [layer("town", geometry, AREA, LabelStyle("name", size_pt=9, placement="area"), name=["偃师区", "小得放不下"])]
    (label,), unplaced = run(scene, view())
    assert (label.text, unplaced) == ("偃师区", 0)
    assert (label.box[0] + label.box[2]) / 2 == pytest.approx(260, abs=1)
    assert (label.box[1] + label.box[3]) / 2 == pytest.approx(150, abs=1.5)


def test_area_anchor_avoids_holes_and_necks():
    # a C: the roomiest place is in its broad left bar, not at the centre of its bounds
    ring = [(0, 0), (100, 0), (100, 20), (60, 20), (60, 80), (100, 80), (100, 100), (0, 100), (0, 0)]
    geometry = GeometryArray.from_rings(GeometryKind.POLYGON, [[[ring]], []])
    out = anchoring.anchors(geometry.coords, geometry.ring_offsets, geometry.part_offsets, geometry.geom_offsets,
                          np.array([0, 1]), 2.5)
    assert out[0, 0] == pytest.approx(30, abs=5)
    assert 20 < out[0, 1] < 80
    assert out[0, 2] == pytest.approx(60, abs=10)
    assert np.all(np.isnan(out[1]))


def lines(*paths):
    return GeometryArray.from_rings(GeometryKind.LINE, [[[list(p)]] for p in paths])


def road(geometry, names, **style):
    return layer("road", geometry, LINE, LabelStyle("name", size_pt=9, placement="line", **style), name=names)


def test_line_labels_follow_the_line_and_stay_upright():
    uphill = [(150.0, 75.0), (-150.0, -75.0)]  # digitised from right to left
    (label,), _ = run([road(lines(uphill), ["King Road 12"])], view())
    assert label.glyphs[:, 2] == pytest.approx(-np.arctan(0.5), abs=1e-5)
    assert np.all(np.diff(label.glyphs[:, 0]) > 0)


def test_chinese_stands_upright_along_steep_lines():
    (label,), _ = run([road(lines([(0.0, -140.0), (0.0, 140.0)]), ["伊河"])], view())
    assert label.glyphs[:, 2] == pytest.approx(0.0, abs=1e-6)
    assert label.glyphs[1, 1] > label.glyphs[0, 1]
    (latin,), _ = run([road(lines([(0.0, -140.0), (0.0, 140.0)]), ["Yi He"])], view())
    assert abs(latin.glyphs[0, 2]) == pytest.approx(np.pi / 2)


def test_pieces_of_one_road_are_joined_and_strangers_are_not():
    pieces = lines([(-150.0, 0.0), (-130.0, 0.0)], [(-110.0, 0.0), (-130.0, 0.0)], [(-110.0, 0.0), (-90.0, 0.0)],
                   [(-90.0, 0.0), (-70.0, 0.0)], [(50.0, 0.0), (90.0, 0.0)])
    (label,), _ = run([road(pieces, ["洛阳中路", "洛阳中路", "洛阳中路", "别的名字", "短短路名"])], view())
    assert label.text == "洛阳中路"  # 60 px long together, 20 px each
    assert label.glyphs[:, 0].min() > 50
    assert label.glyphs[:, 0].max() < 110


def test_a_long_line_repeats_its_name_and_sharp_bends_stay_free():
    straight = lines([(-900.0, 0.0), (900.0, 0.0)])
    often, _ = run([road(straight, ["310国道"], repeat_mm=60.0)], view(2000, 200))
    assert len(often) == 4  # 1800 px in powers of two of at least 227 px
    zigzag = lines([(10.0 * i, 12.0 * (i % 2)) for i in range(-18, 19)])
    labels, unplaced = run([road(zigzag, ["310国道"])], view())
    assert labels == ()
    assert unplaced == 0


def test_walk_closes_loops_and_stops_at_crossings():
    ring_first, ring_last = np.array([0, 1, 2]), np.array([1, 2, 0])
    order, offsets = chaining.walk(ring_first, ring_last, 3)
    assert offsets.tolist() == [0, 3]
    assert sorted(order.tolist()) == [0, 1, 2]
    star_first, star_last = np.array([0, 0, 0]), np.array([1, 2, 3])
    _, offsets = chaining.walk(star_first, star_last, 4)
    assert offsets.tolist() == [0, 1, 2, 3]


def test_nothing_to_do_is_no_error():
    empty = points(np.zeros((0, 2)), pa.array([], pa.string()))
    assert run([empty], view()) == ((), 0)
    none = road(lines([(0.0, 0.0), (1.0, 0.0)]), pa.array([None], pa.string()))
    assert run([none], view()) == ((), 0)


def city(count=900, seed=5):
    """Points and roads all over 6 × 6 km."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-3000, 3000, (count, 2))
    ends = rng.uniform(-3000, 3000, (60, 2, 2))
    return [
        road(lines(*[[tuple(a), tuple(b)] for a, b in ends]), [f"道路名{i}" for i in range(60)], priority=60),
        points(xy, [f"地点{i}" for i in range(count)]),
    ]


def placed(scene, viewport, **more):
    """Text and rectangle of every label from the picture's middle."""
    labels, _ = run(scene, viewport, **more)
    middle = np.array([viewport.width_px, viewport.height_px] * 2) / 2
    return {(p.layer, p.text, *np.round(np.array(p.box) - middle, 2)) for p in labels}


def test_a_panned_picture_shows_the_labels_of_a_fresh_one():
    scene, start = city(), view(800, 600)
    run(scene, start)
    for dx, dy in ((40, -25), (-90, 70)):
        moved = start.panned(dx, dy)
        after = placed(scene, moved)
        labelling._solved.clear()
        assert placed(scene, moved) == after


def test_labels_in_the_middle_do_not_change_when_the_window_on_the_map_does():
    scene, start = city(), view(800, 600)
    before = {(p.layer, p.row, p.text): np.array(p.box) for p in run(scene, start)[0]}
    far = start.panned(400, 0)
    assert labelling.window_of(far) != labelling.window_of(start)
    after = {(p.layer, p.row, p.text): np.array(p.box) for p in run(scene, far)[0]}
    both = before.keys() & after.keys()
    assert len(both) > 3
    for key in both:
        if key[0] == "poi":
            assert after[key] - before[key] == pytest.approx(np.array([400, 0, 400, 0]), abs=0.01)


def test_what_found_no_place_is_named():
    same = [(0.0, 0.0)] * 3
    _, missing = place([points(same, ["甲", "乙", "丙"], LabelStyle("name", placement="centre"))], view(), FONTS)
    assert [(m.layer, m.row, m.text, m.anchor) for m in missing] == [
        ("poi", 1, "乙", (200.0, 150.0)), ("poi", 2, "丙", (200.0, 150.0)),
    ]
    assert len(missing[:1]) == 1


def test_a_page_moves_labels_inward_that_its_border_would_cut():
    scene = [points([(195, 0)], ["洛阳市第一人民医院"]), road(lines([(-199.0, 140.0), (199.0, 140.0)]), ["滨河北路"])]
    assert not [p for p in run(scene, view())[0] if p.layer == "poi"]
    page = run(scene, view(), is_page=True)[0]
    (label,) = [p for p in page if p.layer == "poi"]
    assert label.box[2] <= 398


def test_a_page_labels_what_is_seen_of_an_area():
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [square(-2000, -2000, 2100)])
    scene = [layer("town", area, AREA, LabelStyle("name", placement="area"), name=["嵩县"])]
    (label,) = run(scene, view(), is_page=True)[0]
    x, y = (label.box[0] + label.box[2]) / 2, (label.box[1] + label.box[3]) / 2
    assert 0 < x < 300
    assert 50 < y < 300


def test_large_areas_repeat_their_name_on_the_map():
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [square(-9000, -9000, 18000)])
    scene = [layer("county", area, AREA, LabelStyle("name", placement="area", repeat_mm=120.0), name=["嵩县"])]
    seen = []
    for x in (0.0, 3000.0, -5200.0):
        labels, unplaced = run(scene, view(1000, 700, centre=(x, 1111.0)))
        assert labels
        assert unplaced == 0
        seen.append(len(labels))
    assert max(seen) <= 9
    first = run(scene, view(1000, 700, centre=(3000.0, 1111.0)))[0]
    moved = run(scene, view(1000, 700, centre=(3050.0, 1111.0)))[0]
    boxes = {p.box[0] - 50 for p in first}
    assert {p.box[0] for p in moved} & boxes


def test_callouts_stand_away_and_are_joined_to_their_mark():
    crowd = [(x * 12.0, y * 12.0) for x in range(-3, 4) for y in range(-3, 4)]
    names = ["很长的地名甲乙"] * len(crowd)
    near, _ = run([points(crowd, names, LabelStyle("name", size_pt=9))], view(700, 500))
    style = LabelStyle("name", size_pt=9, callout_mm=40.0)
    scene = [points(crowd, names, style)]
    far, _ = run(scene, view(700, 500))
    assert len(far) > len(near)
    led = [p for p in far if p.leader is not None]
    assert led
    for p in led:
        x0, y0, x1, y1 = p.leader
        assert np.hypot(p.anchor[0] - x0, p.anchor[1] - y0) < 8  # from the rim of the mark
        assert p.box[0] <= x1 <= p.box[2]
        assert p.box[1] <= y1 <= p.box[3]
    for i, a in enumerate(far):
        for b in far[:i]:
            assert not overlap(a.box, b.box)
    ops = build(scene, view(700, 500), FONTS).ops
    strokes = [op for op in ops if isinstance(op, StrokeOp)]
    assert len(strokes) == 2  # halo and line
    assert len(strokes[1].rows) == len(led)


def test_pinned_labels_stand_where_they_were_put_and_others_keep_clear():
    scene = [points([(0, 0), (-30, 60)], ["甲乙丙", "丁戊己"])]
    pinned = [replace(scene[0], pins={0: (0.0, -15.875)})]  # 60 px up: where the other would stand
    labels = {p.row: p for p in run(pinned, view())[0]}
    box = labels[0].box
    assert ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) == pytest.approx((200, 90), abs=0.6)
    assert labels[0].leader is not None
    assert not overlap(labels[1].box, box)
    assert overlap({p.row: p for p in run(scene, view())[0]}[1].box, box)
    far = replace(scene[0], pins={0: (-400.0, 0.0)})
    assert {p.row for p in run([far], view())[0]} == {1}  # outside the picture
    page = {p.row: p for p in run([far], view(), is_page=True)[0]}
    assert page[0].box[0] >= 0


def test_a_pinned_road_name_is_set_straight():
    way = road(lines([(-150.0, -75.0), (150.0, 75.0)]), ["滨河北路"])
    (label,) = run([replace(way, pins={0: (0.0, -10.0)})], view())[0]
    assert np.all(label.glyphs[:, 2] == 0)


def test_columns_run_from_right_to_left_with_latin_on_its_side():
    style = LabelStyle("name", size_pt=9, orientation="vertical", placement="centre", wrap_chars=4)
    (label,) = run([points([(0, 0)], ["洛阳市G30高速"], style)], view())[0]
    assert label.box[3] - label.box[1] > label.box[2] - label.box[0]
    chinese = [i for i, c in enumerate(label.text) if not c.isascii()]
    latin = [i for i, c in enumerate(label.text) if c.isascii()]
    assert np.all(label.glyphs[chinese, 2] == 0)
    assert label.glyphs[latin, 2] == pytest.approx(np.pi / 2)
    assert label.glyphs[0, 0] > label.glyphs[-1, 0]
    assert label.glyphs[1, 1] - label.glyphs[0, 1] == pytest.approx(12, abs=1)


def test_a_label_leaves_with_its_layer():
    scene = [points([(0, 0)], ["洛阳"])]
    assert len(run(scene, view())[0]) == 1
    assert run([replace(scene[0], labels=False)], view())[0] == ()
    assert run([replace(scene[0], opacity=0.0)], view())[0] == ()
    assert len(run(scene, view())[0]) == 1
