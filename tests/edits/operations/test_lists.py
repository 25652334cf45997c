"""Coordinates as people have them, and attributes from layer to layer."""

from __future__ import annotations

import pytest

from lydigital.edits.operations import fields, lists
from lydigital.errors import BadDataError, UsageError
from lydigital.model.crs import CGCS2000, Crs
from lydigital.model.layerdef import FieldDef

MAP = Crs("EPSG:4546")
PLACE = (632981.941, 3833392.921)
GPX = """<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="t">
<wpt lat="34.62" lon="112.45"><ele>140.5</ele><name>井</name></wpt></gpx>"""
NMEA = "$GPGGA,061830.00,3437.20000,N,11227.00000,E,1,08,1.0,140.5,M,0,M,,*5B"


@pytest.mark.parametrize("text", [
    "112.45, 34.62", "34.62 112.45", "112°27′0″E 34°37′12″N; 112°27′0″E 34°37′12″N", "632981.941 3833392.921",
    "3833392.921,632981.941", "37632981.941 3833392.921", "J1,3833392.921,632981.941,140.5", "x,y\n112.45,34.62",
    "点名,X坐标,Y坐标\nJ1,3833392.921,632981.941", "经度;纬度;名称\n112.45;34.62;井", GPX, NMEA,
])  # fmt: skip
def test_every_notation_is_read(text):
    rows = lists.read(text, MAP)
    assert all((r.x, r.y) == pytest.approx(PLACE, abs=1.0) for r in rows)


def test_columns_and_heights_come_along():
    row = lists.read(GPX, MAP)[0]
    assert row.z == 140.5
    assert row.values == {"ele": "140.5", "name": "井"} or row.values == {"name": "井"}
    row = lists.read("lon,lat,名称,h\n112.45,34.62,井,12", MAP)[0]
    assert row.values["名称"] == "井"
    assert row.z == 12.0


def test_a_system_that_is_named_is_believed():
    assert lists.read("1, 2", MAP, "EPSG:4546")[0][:2] == (1.0, 2.0)
    assert lists.read("112.45 34.62", Crs(CGCS2000), CGCS2000)[0][:2] == (112.45, 34.62)


@pytest.mark.parametrize("text", ["", "龙门", "112.45, 34.62\nhere", "x,y\n112.45", "<gpx", "<a/>"])
def test_what_is_no_list_is_said(text):
    with pytest.raises(BadDataError) as caught:
        lists.read(text, MAP)
    assert caught.value.hint_text()


def test_fields_meet_by_name_and_by_title():
    source = [FieldDef("Name", "名称"), FieldDef("lv", "楼层", "Floors"), FieldDef("x", "其他")]
    target = [FieldDef("name", "名字"), FieldDef("floors", "楼层", type="integer"), FieldDef("kind", "类别")]
    assert fields.mapping(source, target, {}) == {"Name": "name", "lv": "floors"}
    assert fields.mapping(source, target, {"x": "kind", "lv": ""}) == {"Name": "name", "x": "kind"}
    with pytest.raises(UsageError):
        fields.mapping(source, target, {"x": "nothing"})
    rows, issues = fields.transferred([{"Name": "a", "lv": "3", "x": 1}, {"Name": "b", "lv": "3.5"}],
                                      {"Name": "name", "lv": "floors"}, target, "t")  # fmt: skip
    assert rows == [{"name": "a", "floors": 3}, {"name": "b"}]
    assert {(i.code, i.count) for i in issues} == {("field.dropped", 1), ("field.unfit", 1)}


@pytest.mark.parametrize(("value", "kind", "expected"), [
    (3, "text", (True, "3")), (3.0, "integer", (True, 3)), (3.5, "integer", (False, None)), ("2", "real", (True, 2.0)),
    (2**60 + 1, "real", (False, 2.0**60)), ("是", "boolean", (True, True)), ("maybe", "boolean", (False, False)),
    ("2024-05-01", "datetime", (True, "2024-05-01T00:00:00.000Z")), ("2024-05-01T00:00:00Z", "date", (True, "2024-05-01")),
    ("2024-05-01T08:00:00Z", "date", (False, None)), ("soon", "date", (False, None)), (b"x", "text", (False, b"x")),
    (None, "integer", (True, None)), ("nan", "real", (False, pytest.approx(float("nan"), nan_ok=True))),
])  # fmt: skip
def test_values_are_kept_or_said_to_be_lost(value, kind, expected):
    fits, kept = fields.converted(value, kind)
    assert fits is expected[0]
    if fits:
        assert kept == expected[1]
