"""Legends and round numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import (
    Fill,
    LabelStyle,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Stroke,
    Style,
)
from lydigital.model.table import FeatureTable
from lydigital.publish import furniture, legend
from lydigital.render.drawlist import SceneLayer

CRS = Crs("EPSG:4546")
BOUNDS = (600000.0, 3800000.0, 640000.0, 3825000.0)


def scene():
    x0, y0, x1, y1 = BOUNDS
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]]]])
    town = SceneLayer(
        "town", FeatureTable(np.array([1]), pa.table({"name": ["白马寺镇"]}), area, CRS),
        Style((Rule((PolygonSymbolizer(Fill("#e9efe0"), Stroke("#888888")),)),),
              labels=LabelStyle("name", size_pt=11, placement="area", spacing_em=0.2)), np.zeros(1, np.int16),
    )
    xy = GeometryArray.from_points(np.array([(x0 + 8000, y0 + 9000), (x0 + 30000, y0 + 20000)]))
    rules = (
        Rule((PointSymbolizer(glyph="school"),), title="小学", title_en="Primary", value="p"),
        Rule((PointSymbolizer("square"),), title="初中", title_en="Junior", value="j"),
        Rule((PointSymbolizer("pin"),), title="高中", title_en="Senior", value="s"),
    )
    school = SceneLayer(
        "school", FeatureTable(np.array([1, 2]), pa.table({"name": ["白云山小学", "龙门初中"]}), xy, CRS),
        Style(rules, kind="categorized", field="kind", labels=LabelStyle("name")), np.array([0, 1], np.int16),
    )
    return [town, school]


TITLES = {"town": ("政区", "乡镇"), "school": ("教育", "学校")}


def test_the_legend_names_only_what_is_drawn():
    groups = legend.of_scene(scene(), TITLES, BOUNDS, 200000.0)
    assert [(g.title, [e.title for e in g.entries]) for g in groups] == [("教育", ["Primary", "Junior"]), ("政区", ["乡镇"])]
    assert legend.of_scene(scene(), {}, BOUNDS, 200000.0) == ()


def test_round_numbers_and_angles():
    assert furniture.nice(87.0) == 50
    assert furniture.nice(0.3) == pytest.approx(0.2)
    assert furniture.nice(9.9, (1, 2, 4, 8)) == 8
    assert furniture.dms(112.5, "E", "W") == "112°30′E"
    assert furniture.dms(-0.00139, "N", "S") == "0°00′05″S"


def test_tints_that_only_tell_neighbours_apart_are_one_entry():
    tints = tuple(Rule((PolygonSymbolizer(Fill(c)),), title=n, value=n) for n, c in (("甲", "#eeeeee"), ("乙", "#dddddd"),
                                                                                  ("丙", "#cccccc")))
    squares = [[[[(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 0.0)]]] for x in (0.0, 1.0, 2.0)]
    table = FeatureTable(np.arange(3), pa.table({"name": ["甲", "乙", "丙"]}),
                         GeometryArray.from_rings(GeometryKind.POLYGON, squares), CRS)
    style = Style(tints, kind="categorized", field="name", labels=LabelStyle("name"))
    county = SceneLayer("town", table, style, np.array([0, 1, 2], np.int16))
    (group,) = legend.of_scene([county], TITLES, (0.0, 0.0, 3.0, 1.0), 1000.0)
    assert [e.title for e in group.entries] == ["乡镇"]


def test_numbers_of_the_legend_are_of_what_is_seen():
    groups = legend.of_scene(scene(), TITLES, (600000.0, 3800000.0, 620000.0, 3815000.0), 200000.0, numbers=True)
    assert [e.title for g in groups for e in g.entries] == ["Primary  (1)", "乡镇  (1)"]


def entries(*counts: int) -> list[legend.Group]:
    return [legend.Group(f"组{g}", tuple(legend.Entry(f"第{i}项", ()) for i in range(n))) for g, n in enumerate(counts)]


@pytest.mark.parametrize("counts", [(3, 4, 5), (1,) * 12, (30, 2), (2, 30)])
@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_every_entry_of_a_legend_has_a_place_or_is_counted(counts, columns):
    groups = entries(*counts)
    slots, left_out = furniture.flow(groups, columns, 60.0, 5.0)
    assert len(slots) + left_out == sum(counts)
    assert len({(c, y) for c, y, _, _ in slots}) == len(slots)
    assert all(0 <= c < columns and 0 <= y <= 56.0 for c, y, _, _ in slots)


def test_groups_of_a_legend_stay_whole_where_they_can():
    slots, left_out = furniture.flow(entries(3, 4, 5), 3, 32.0, 5.0)
    assert not left_out
    assert [{c for c, _, g, _ in slots if g == number} for number in range(3)] == [{0}, {1}, {2}]


def test_a_legend_of_ten_thousand_entries_says_how_many_it_leaves_out(qapp):
    from PySide6.QtGui import QImage, QPainter

    rules = tuple(Rule((PointSymbolizer(),), title=f"第{i}类", value=str(i)) for i in range(10_000))
    xy = GeometryArray.from_points(np.column_stack([np.linspace(600_001, 639_999, 10_000), np.full(10_000, 3_810_000.0)]))
    table = FeatureTable(np.arange(10_000), pa.table({"kind": [str(i) for i in range(10_000)]}), xy, CRS)
    layer = SceneLayer("school", table, Style(rules, kind="categorized", field="kind"), np.arange(10_000, dtype=np.int16))
    groups = legend.of_scene([layer], TITLES, BOUNDS, 200_000.0)
    image = QImage(600, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    left_out = furniture.legend(furniture.Paper(painter, furniture.fonts_of_qt()), furniture.Box(0, 0, 120, 80), groups, 200_000.0, 3)
    painter.end()
    assert 10_000 - 60 < left_out < 10_000 - 40
