"""Boxes of the designer: corners, order, copies, snapping, rulers."""

from __future__ import annotations

import msgspec
import pytest

pytest.importorskip("PySide6.QtWidgets")

from lydigital.model.layout import Layout, MapItem, Page, ShapeItem, TextItem
from lydigital.publish.furniture import Box
from lydigital.ui.designer import boxes, rulers, snapping

LAYOUT = Layout(
    id="sheet", title="Sheet", pages=(Page(width=200, height=150), Page(width=100, height=100)), guides=(("x", 20.0),),
    items=(
        MapItem(id="main", x=10, y=30, width=120, height=100, follows="home"),
        TextItem(id="title", x=10, y=8, width=100, height=12, text="{title}", size=14),
        ShapeItem(id="a", x=140, y=30, width=20, height=10, fill="#ff0000"),
        ShapeItem(id="b", x=150, y=60, width=30, height=10, fill="#00ff00"),
        ShapeItem(id="c", x=145, y=100, width=20, height=20, fill="#0000ff"),
        ShapeItem(id="second", page=1, x=10, y=10, width=20, height=20),
    ),
)  # fmt: skip


def test_a_turned_item_keeps_the_corner_opposite_when_it_is_pulled():
    item = ShapeItem(id="s", x=10, y=10, width=40, height=20, rotation=30)
    before = boxes.corners(item)[0]
    pulled = boxes.resized(item, "se", *boxes.turned(10, 5, 30))
    assert (pulled.width, pulled.height) == (50, 25)
    assert boxes.corners(pulled)[0] == pytest.approx(before, abs=0.02)


def test_gaps_are_even_and_groups_keep_together():
    items = [ShapeItem(id=i, x=x, y=0, width=10, height=5, group=g) for i, x, g in (("a", 0, ""), ("b", 13, "g"), ("c", 25, "g"), ("d", 70, ""))]
    out = {i.id: i.x for i in boxes.distributed(items, "x")}
    assert (out["a"], out["d"]) == (0, 70)
    assert out["c"] - out["b"] == 12
    assert out["b"] - 10 == pytest.approx(out["d"] - (out["c"] + 10), abs=0.01)


def test_order_of_several():
    items = [ShapeItem(id=i, x=0, y=0, width=1, height=1) for i in "abcd"]

    def names(how, *ids):
        return "".join(i.id for i in boxes.ordered(items, set(ids), how))

    assert names("front", "a", "c") == "bdac"
    assert names("back", "d") == "dabc"
    assert names("forward", "a", "b") == "cabd"
    assert names("backward", "a") == "abcd", "there is nothing below it"


def test_copies_belong_to_the_copied_map():
    from lydigital.model.layout import LegendItem

    layout = Layout(id="l", items=(MapItem(id="m", x=0, y=0, width=9, height=9), LegendItem(id="k", x=0, y=0, width=9, height=9, map="m", group="g")))
    both = boxes.copies(layout, layout.items, 0, 5, 5)
    assert [(i.id, getattr(i, "map", ""), i.group) for i in both] == [("m2", "", ""), ("k2", "m2", "g2")]
    (alone,) = boxes.copies(layout, layout.items[1:], 0, 5, 5)
    assert alone.map == "m"
    assert boxes.without(layout, {"m"})[0].map == "", "no legend of a map that is gone"


def test_snapping_takes_the_nearest_line_in_reach():
    known = snapping.lines(LAYOUT, 0, {"a"})
    assert 20.0 in known.xs
    assert 100.0 in known.xs
    assert 10.0 in known.xs
    found = snapping.snap_box(Box(21.2, 200, 7, 10), known, 2.0)
    assert (found.dx, found.dy) == (pytest.approx(-1.2), 0)
    assert found.xs == (20.0,)
    assert snapping.snap_box(Box(21.2, 200, 7, 10), known, 0.5) == snapping.Snap()


def test_ruler_steps_are_wide_enough_to_read():
    for zoom in (0.1, 1.0, 3.3, 40.0):
        assert rulers.step_of(zoom) * zoom >= 58


def test_every_field_has_a_control():
    """Every field of every kind has a control, or stands in another place of the window."""
    from lydigital.ui.designer.making import KINDS
    from lydigital.ui.designer.wording import LABELS

    elsewhere = {"id", "page", "visible", "locked", "group", "grids"}
    for kind, (made_of, _) in KINDS.items():
        known = {f.name for f in msgspec.structs.fields(made_of)}
        assert known - elsewhere <= set(LABELS), kind
