"""Resources as tables tell them, people in whole persons, needed against there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lydigital.domain import emergency
from lydigital.domain.impact import People
from lydigital.model.crs import Crs
from lydigital.model.emergency import AWAY, Norm, Reach, Resource, Stock
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.style import Style
from lydigital.model.table import FeatureTable

CRS = Crs("EPSG:4546")
X, Y = 600_000.0, 3_830_000.0
TEAM = LayerDef(
    "team", "队伍", "emergency", "point", Style(()), fields=(
        FieldDef("name", "名称"), FieldDef("kind", "专业", type="integer", domain={"8": ("消防", "Fire")}),
        FieldDef("members", "人数", type="integer"), FieldDef("vehicles", "车辆", type="integer", unit="辆"),
        FieldDef("phone", "电话", personal=True),
    ),
)  # fmt: skip


def points(places, **columns):
    geometry = GeometryArray.from_shapely(GeometryKind.POINT, np.array([p and shapely.Point(X + p[0], Y + p[1]) for p in places], object))
    return FeatureTable(np.arange(1, len(places) + 1), pa.table(columns), geometry, CRS)


def test_a_team_in_an_older_store():
    table = points([(0, 0)], name=["站"], kind=[8], members=[12], vehicles=[None], phone=["1"])
    (team,), issues = emergency.resources("team", table, TEAM)
    assert (team.service_name, team.department, team.capacity, team.phone) == ("Fire", "Fire", 12, "***")
    assert (team.duty, team.contact, team.code) == (None, "", "1")
    assert team.stock == (Stock("vehicles", "车辆", "辆", None),)
    assert issues == ()
    assert emergency.resources("team", table, TEAM, may_see=True)[0][0].phone == "1"


def test_numbers_that_cannot_be_and_places_that_are_none():
    table = points([(0, 0), None, (1, 1)], name=["甲", "乙", "丙"], kind=[8, 8, 8], members=[-1, 5, 0])
    found, issues = emergency.resources("team", table, TEAM)
    assert [(r.name, r.capacity) for r in found] == [("甲", None), ("丙", 0)]
    assert {i.code: i.values.get("names", i.values.get("count")) for i in issues} == {"emergency.negative": "甲", "emergency.no_place": "1"}


def test_the_same_number_twice_is_told_apart():
    found, _ = emergency.resources("team", points([(0, 0)] * 3, code=["a", "a", None], kind=[8, 8, 8]), TEAM)
    assert [r.code for r in found] == ["a", "a#2", "3"]


def test_what_the_catalogue_does_not_know_may_be_personal():
    table = points([(0, 0)], name=["站"], kind=[8], contact=["王某"])
    assert emergency.resources("team", table, TEAM)[0][0].contact == "***"


@pytest.mark.parametrize(
    ("exact", "whole"),
    [([0.5, 0.5], [1, 0]), ([1.2, 1.2, 1.6], [1, 1, 2]), ([3.0], [3]), ([0.2, 0.1], [0, 0]), ([], []), ([2.9999999999, 1], [3, 1])],
)
def test_whole_persons_add_up(exact, whole):
    made = emergency.in_whole(np.array(exact))
    assert made.tolist() == whole
    assert made.sum() == round(sum(exact))


def people(counts, names=("甲", "乙", "丙")):
    shapes = [shapely.box(X + i * 100, Y, X + i * 100 + 100, Y + 100) for i in range(len(counts))]
    geometry = GeometryArray.from_shapely(GeometryKind.POLYGON, np.array(shapes, object))
    table = FeatureTable(np.arange(1, len(counts) + 1), pa.table({}), geometry, CRS)
    return People(table, TEAM, {"people": np.array(counts, float)}, [f"41032810420{i}" for i in range(len(counts))], list(names[: len(counts)]))


def test_people_of_a_zone_by_unit():
    zone = shapely.box(X + 50, Y, X + 200, Y + 100)
    seats = {"410328104200": (X + 10, Y + 10), "410328104201": (X + 150, Y + 50)}
    found, issues = emergency.origins(people([101, 200, 400]), zone, seats, {"410328104": "谷镇"})
    assert [(o.name, o.people, o.low, o.high, o.township) for o in found] == [("乙", 200, 200, 200, "谷镇"), ("甲", 50, 0, 101, "谷镇")]
    assert (found[0].x, found[0].y) == seats["410328104201"]
    assert zone.contains(shapely.Point(found[1].x, found[1].y)), "the seat is outside the zone"
    assert issues == ()


def test_people_that_are_not_known_are_said_not_counted():
    found, issues = emergency.origins(people([np.nan, 200, -5]), shapely.box(X, Y, X + 300, Y + 100), {}, {})
    assert [o.people for o in found] == [200]
    assert [(i.code, i.values["names"]) for i in issues] == [("emergency.people_unknown", "甲、丙")]


def reach(kind, seconds, capacity=None, service=None, duty=None, *, is_inside=False, **stock):
    held = tuple(Stock(name, name, "", amount) for name, amount in stock.items())
    resource = Resource(kind, 1, "c", "n", X, Y, service, capacity=capacity, stock=held, duty=duty)
    return Reach(resource, seconds, None, 0.0, is_inside=is_inside)


BEDS = Norm("beds", "床位", "张", "injured", 1.0, "hospital", stock="capacity", services=(1, 2), within_min=10)


def test_needed_against_there():
    reaches = [
        reach("hospital", 300, 40, 1), reach("hospital", 600, 20, 2), reach("hospital", 601, 100, 2), reach("hospital", 60, 9, 3),
        reach("hospital", None, 50, 1), reach("hospital", 60, None, 1), reach("hospital", 60, 7, 1, AWAY), reach("team", 60, 5, 1),
    ]  # fmt: skip
    (gap,) = emergency.gaps([BEDS], reaches, people=None, injured=100, kind=None)
    assert (gap.needed, gap.there, gap.missing) == (100, 60, 40)
    assert "1 without" in gap.note
    (gap,) = emergency.gaps([BEDS], reaches, people=None, injured=None, kind=None)
    assert (gap.needed, gap.there, gap.missing) == (None, 60, None)
    assert gap.note
    assert emergency.gaps([BEDS], reaches, people=None, injured=0, kind=None) == ()
    assert emergency.gaps([BEDS], [], people=None, injured=4, kind=None)[0].there is None


def test_norms_of_people_stock_and_kinds_of_incidents():
    tents = Norm("tents", "帐篷", "顶", "person", 0.25, "depot", stock="tents")
    teams = Norm("teams", "队", "支", "incident", 2, "team", services=(8,), incidents=(2,))
    places = Norm("places", "位", "人", "person", 1, "shelter", stock="capacity")
    reaches = [reach("depot", 10, tents=3.0), reach("depot", 10, tents=None), reach("team", 10, 5, 8), reach("shelter", 10, 50), reach("shelter", 10, 70, is_inside=True)]
    found = {g.id: g for g in emergency.gaps([tents, teams, places], reaches, people=101, injured=None, kind=2)}
    assert (found["tents"].needed, found["tents"].there, found["tents"].missing) == (26, 3, 23)
    assert (found["teams"].needed, found["teams"].there) == (2, 1)
    assert found["places"].there == 50, "a shelter in the zone is none"
    assert "teams" not in {g.id for g in emergency.gaps([teams], reaches, people=1, injured=None, kind=None)}
