"""What zones hit, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.domain import impact
from lydigital.errors import BadDataError
from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.impact import Amount, LineDef, shown
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_800_000.0


def box(x0, y0, x1, y1):
    return shapely.box(X + x0, Y + y0, X + x1, Y + y1)


def table(kind, shapes, /, **columns) -> FeatureTable:
    geometry = GeometryArray.from_shapely(kind, np.array(shapes, object))
    return FeatureTable(np.arange(1, len(shapes) + 1, dtype=np.int64), pa.table(columns), geometry, CRS)


def layer(kind, *fields) -> LayerDef:
    return LayerDef("some", "某层", "g", kind, Style(()), "Some", fields=fields, source="src", currency="2025")


def zones(*shapes) -> impact.Zones:
    return impact.Zones.of(GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object)), CRS)


UNITS = impact.Units(
    table(GeometryKind.POLYGON, [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)]),
    ("410301001", "410301002"), ("甲镇", "乙镇"), ("某县", "某县"), 9,
)  # fmt: skip
A, B = box(0, 0, 600, 1000), box(400, 0, 1200, 1000)  # 200 m of overlap


def points(*xy, **columns):
    return table(GeometryKind.POINT, [shapely.Point(X + x, Y + y) for x, y in xy], **columns)


SCHOOLS = points(
    (100, 100), (500, 500), (1100, 100), (1900, 900), kind=[1, 1, 2, 2], pupils=[10, None, 30, 40], name=["a", "b", "c", "d"],
    code=["410301001201", "410301002201", "", "410301002202"],
)  # fmt: skip
SCHOOL = layer(
    "point", FieldDef("kind", "类", type="integer", domain={"2": ("初中", "Junior"), "1": ("小学", "Primary")}),
    FieldDef("pupils", "学生", "Pupils", type="integer", unit="人"),
)  # fmt: skip
RULE = LineDef("school", "学校", "school", "Schools", classes="kind", names="name", sums=("pupils",), code="code")


def values(amounts):
    return {a.id: a.value for a in amounts}


def test_points_by_zone_class_and_township():
    first, second, total = impact.lines_of(RULE, SCHOOL, SCHOOLS, impact.Cut(zones(A, B), UNITS))
    assert values(first.amounts) == {"count": 2, "pupils": 10}
    assert first.amount("pupils").missing == 1  # one does not say how many: not zero
    assert values(second.amounts) == {"count": 2, "pupils": 30}
    assert values(total.amounts) == {"count": 3, "pupils": 40}  # the school in both counts once
    assert [(p.code, p.name, p.amounts[0].value) for p in total.classes] == [("2", "Junior", 1), ("1", "Primary", 2)]
    # b says township 2 although it stands in 1: the code decides; c has none: its place decides
    assert [(p.name, p.county, p.amounts[0].value, p.names) for p in total.units] == [("甲镇", "某县", 1, ("a",)), ("乙镇", "某县", 2, ("b", "c"))]
    assert total.names == ("a", "b", "c")
    assert total.provenance.source == "src"
    assert total.provenance.is_sample


def test_zones_apart_add_up():
    cut = impact.Cut(zones(box(0, 0, 200, 1000), box(1000, 0, 2000, 1000)), UNITS)
    assert not cut.zones.is_overlapping
    *each, total = impact.lines_of(RULE, SCHOOL, SCHOOLS, cut)
    assert sum(z.amounts[0].value for z in each) == total.amounts[0].value == 3


def test_a_building_that_two_neighbours_cut_is_one_building():
    house = table(GeometryKind.POLYGON, [box(190, 0, 230, 10)])
    rule = LineDef("b", "房", "b", measure="area")
    cut = impact.Cut(zones(box(0, 0, 200, 1000), box(200, 0, 400, 1000)), UNITS)
    assert not cut.zones.is_overlapping
    left, right, total = impact.lines_of(rule, layer("polygon"), house, cut)
    assert values(left.amounts) == pytest.approx({"count": 1, "area_m2": 100})
    assert values(right.amounts) == pytest.approx({"count": 1, "area_m2": 300})
    assert values(total.amounts) == pytest.approx({"count": 1, "area_m2": 400})


def test_roads_are_cut_at_zones_and_townships():
    road = table(GeometryKind.LINE, [shapely.LineString([(X - 500, Y + 500), (X + 3000, Y + 500)])], cls=["G"])
    rule = LineDef("r", "路", "r", measure="length", classes="cls")
    first, second, total = impact.lines_of(rule, layer("line"), road, impact.Cut(zones(A, B), UNITS))
    assert [z.amounts[0].value for z in (first, second, total)] == pytest.approx([0.6, 0.8, 1.2])
    assert [(p.name, round(p.amounts[0].value, 6)) for p in total.units] == [("甲镇", 1.0), ("乙镇", 0.2)]
    assert [(p.code, p.amounts[0].value) for p in total.classes] == [("G", pytest.approx(1.2))]


def test_what_lies_beyond_the_city_is_told():
    cut = impact.Cut(zones(box(1500, 0, 2500, 1000), A), UNITS)
    assert cut.outside == pytest.approx([5e5, 0, 5e5])


def test_without_units_nothing_is_told_by_unit():
    total = impact.lines_of(RULE, SCHOOL, SCHOOLS, impact.Cut(zones(A), None))[-1]
    assert total.units == ()
    assert total.amounts[0].value == 2


def test_people_with_range_and_township():
    cells = table(GeometryKind.POLYGON, [box(0, 0, 500, 1000), box(500, 0, 1000, 1000), box(1000, 0, 2000, 1000)])
    counted = {"people": np.array([1000.0, 600.0, 2000.0]), "households": np.array([300.0, 200.0, np.nan])}
    people = impact.People(cells, layer("polygon"), counted, ["410301001201", "410301001202", "410301002201"], ["u", "v", "w"])
    first, second, total = impact.people_lines(people, impact.Cut(zones(A, B), UNITS))
    amount = first.amount("people")
    assert (amount.value, amount.low, amount.high) == pytest.approx((1000 + 120, 1000, 1600))
    amount = second.amount("people")
    assert (amount.value, amount.low, amount.high) == pytest.approx((200 + 600 + 400, 600, 3600))
    assert total.amount("people").value == pytest.approx(1000 + 600 + 400)  # not 1120 + 1200
    assert total.amount("households").missing == 1
    assert first.names == ("u", "v")
    assert [(p.name, p.amounts[0].value) for p in total.units] == [("甲镇", pytest.approx(1600)), ("乙镇", pytest.approx(400))]


def test_a_distance_around():
    near = zones(box(0, 0, 100, 100)).buffered(50)
    assert near.areas[0] == pytest.approx(100 * 100 + 4 * 100 * 50 + np.pi * 50**2, rel=1e-3)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([], "no zone"), ([shapely.Polygon()], "empty"),
        ([A, shapely.Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])], "crosses itself"),
    ],
)  # fmt: skip
def test_bad_zones_are_refused(shapes, words):
    with pytest.raises(BadDataError, match=words) as caught:
        zones(*shapes)
    assert caught.value.hint


def test_a_rule_of_a_field_that_is_not_there():
    with pytest.raises(BadDataError, match="no field beds"):
        impact.lines_of(LineDef("x", "x", "x", sums=("beds",)), SCHOOL, SCHOOLS, impact.Cut(zones(A), None))


def test_unknown_is_not_zero():
    (line, total) = impact.unknown("school", "Schools", "school", "why", 1)
    assert not line.is_known
    assert line.amounts == () == total.amounts


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(1234567, 10, "1,234,570"), (64, 10, "64"), (0.04, 0.1, "0.0"), (0.05, 0.1, "0.1"), (99.5, 10, "100"), (2.5, 1, "3")],
)
def test_numbers_are_rounded_for_show(value, step, text):
    assert shown(value, step) == text
    assert Amount("a", "A", "m", value, step=step).text == f"{text} m"
