"""Tables and charts of a layer on a page."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("PySide6")

from lydigital.errors import UsageError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.layout import ChartItem, ImageItem, Layout, MapItem, QrItem, TableItem
from lydigital.model.report import Number
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, press, tabular

CRS = Crs("EPSG:4546")
DEFINITION = LayerDef("team", "队伍", "emergency", "point", Style(rules=()), fields=(
    FieldDef("name", "名称"), FieldDef("kind", "专业", type="integer", domain={"1": ("公安", "Police"), "2": ("消防", "Fire")}),
    FieldDef("members", "人数", type="integer", unit="人"), FieldDef("phone", "电话", personal=True), FieldDef("town", "乡镇代码"),
))  # fmt: skip
TABLE = FeatureTable(
    np.arange(1, 6),
    pa.table({
        "name": ["甲", "乙", "丙", "丁", "戊"], "kind": [1, 2, 1, None, 2], "members": [10, 30, 20, None, 5],
        "phone": ["13800001111", "", None, "0379-12345678", "110"], "town": ["a", "a", "b", "b", "a"],
    }),
    GeometryArray.from_points(np.array([(0.0, 0.0), (10.0, 10.0), (20.0, 20.0), (30.0, 30.0), (4000.0, 4000.0)])), CRS,
)  # fmt: skip
PLACE = {"id": "t", "x": 5, "y": 5, "width": 90, "height": 60}


def table_of(**asked):
    return tabular.table_of(TableItem(**PLACE, layer="team", **asked), TABLE, DEFINITION)


def test_rows_are_filtered_sorted_and_decoded():
    made = table_of(fields=("name", "kind", "members"), where="members > 5", sort="-members")
    assert made.head == ("名称", "专业", "人数（人）") or made.head[0] == "名称"
    assert [row[0] for row in made.rows] == ["乙", "丙", "甲"]
    assert made.rows[0][2] == Number(30.0)


def test_personal_data_are_starred_unless_allowed():
    starred = [row[0] for row in table_of(fields=("phone",)).rows]
    assert "13800001111" not in starred
    assert all("*" in text for text in starred if text)
    bare = tabular.table_of(TableItem(**PLACE, layer="team", fields=("phone",)), TABLE, DEFINITION, personal=True)
    assert bare.rows[0] == ("13800001111",)


def test_rows_of_the_feature_that_drives_the_page():
    driver = arrange.Driver("township", 1, {"code": "b"}, (0, 0, 1, 1), TABLE.geometry)
    item = TableItem(**PLACE, layer="team", fields=("name",), of_feature="town")
    assert tabular.table_of(item, TABLE, DEFINITION, driver=driver).rows == (("丙",), ("丁",))
    assert tabular.table_of(item, TABLE, DEFINITION).rows == ()


def test_a_chart_adds_up_by_category_and_leaves_out_what_is_not_known():
    made = tabular.chart_of(ChartItem(**PLACE, layer="team", category="kind", value="members"), TABLE, DEFINITION)
    assert made.series[0].values == (35.0, 30.0)
    counted = tabular.chart_of(ChartItem(**PLACE, layer="team", category="kind"), TABLE, DEFINITION)
    assert counted.series[0].values == (2.0, 2.0, 1.0)


@pytest.mark.parametrize("asked", [{"fields": ("nothing",)}, {"where": "nothing > 1"}, {"sort": "nothing"}, {"of_feature": "nothing"}, {"where": "1; DROP TABLE layer"}])
def test_what_is_not_there_is_refused(asked):
    with pytest.raises(UsageError):
        table_of(**asked)


def test_a_page_says_what_it_could_not_fill(qapp, tmp_path):
    def table(layer):
        if layer != "team":
            raise KeyError(layer)
        return TABLE

    material = arrange.Material(CRS, (0, 0, 100, 100), lambda _s, _i: (), table, lambda _i: DEFINITION)
    layout = Layout("a", items=(
        MapItem(id="m", x=100, y=5, width=80, height=60), TableItem(**PLACE, layer="team", within="m", rows=2),
        TableItem(id="t2", x=5, y=70, width=90, height=20, layer="none"), ChartItem(id="c", x=5, y=95, width=90, height=40, layer="team", category="nothing"),
        QrItem(id="q", x=100, y=70, width=30, height=30, text="{title}"), QrItem(id="q2", x=140, y=70, width=30, height=30, text="x" * 5000),
        ImageItem(id="i", x=100, y=110, width=30, height=30, path="no.png"),
    ))  # fmt: skip
    made = arrange.arrange(layout, material)
    assert sorted(i.code for i in made.issues) == ["layout.image", "layout.qr", "layout.rows", "layout.rows"]
    press.write(tmp_path / "a.pdf", [made])
    from pypdf import PdfReader

    text = PdfReader(tmp_path / "a.pdf").pages[0].extract_text().replace("\n", "").replace(" ", "")
    assert "甲" in text and "乙" in text  # noqa: PT018
    assert "戊" not in text, "it is not on the map"
