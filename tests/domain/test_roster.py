"""Households by place and by need; personal data starred."""

from __future__ import annotations

import pytest

from lydigital.domain import roster as domain
from lydigital.model.community import Registered
from lydigital.model.layerdef import FieldDef, LayerDef
from lydigital.model.style import Style

LAYER = LayerDef(
    "resident", "花名册", "society", "none", Style(()),
    fields=(
        FieldDef("code", "编号"), FieldDef("head", "户主", personal=True), FieldDef("phone", "电话", personal=True),
        FieldDef("category", "户类", type="integer", domain={"1": ("一般", "Ordinary"), "2": ("低保", "Low income")}),
    ),
)  # fmt: skip
PLACES = domain.Places({7: domain.Spot(1.0, 2.0, "C1", "社区一")}, {"G1": domain.Spot(5.0, 6.0)}, {"T1": "一街道"}, {"410302": "区"})
NAMES = {1: "Ordinary", 2: "Low income"}


def record(code, **more):
    base = {"code": code, "head": "张三", "phone": "1", "persons": 3, "floating": 1, "category": 1, "grid_code": "G1", "building": "7号楼",
            "township_code": "T1", "county_code": "410302"}  # fmt: skip
    return {**base, **more}


def people(*records, may_see=False):
    return domain.households(range(1, len(records) + 1), records, LAYER, PLACES, may_see=may_see)


def test_names_are_starred_unless_allowed():
    (hidden,), (seen,) = people(record("a")), people(record("a"), may_see=True)
    assert (hidden.head, hidden.phone, seen.head) == ("***", "***", "张三")
    assert (people(record("a", phone=None))[0].phone) == ""  # nothing is no secret


def test_a_household_stands_at_its_building_or_in_its_grid():
    one, two, three = people(record("a"), record("b", building="99号楼"), record("c", building="", grid_code="?"))
    assert (one.x, one.community, one.building_fid) == (1.0, "C1", 7)
    assert (two.x, two.community, two.building_fid) == (5.0, "", None)
    assert three.x is None
    assert domain.building_of("12号楼") == 12
    assert domain.building_of("老楼") is None


def test_a_building_that_is_nowhere_is_no_place():
    nowhere = domain.Places({7: domain.Spot(float("nan"), float("nan"), "C1", "社区一")}, {}, {}, {})
    (one,) = domain.households([1], [record("a")], LAYER, nowhere, may_see=False)
    assert (one.x, one.y, one.community) == (None, None, "C1")


@pytest.mark.parametrize(("of", "code", "count"), [("city", "", 2), ("grid", "G1", 1), ("building", "7", 2), ("community", "C1", 2), ("township", "T9", 0)])
def test_the_roster_of_a_place(of, code, count):
    found = people(record("a"), record("b", grid_code="G2", category=2))
    made = domain.roster(found, of, code, "t", names=NAMES, registered=Registered(), is_masked=True)
    assert len(made.households) == count
    assert made.persons == 3 * count
    assert made.residents == 2 * count
    assert ("roster.none" in {i.code for i in made.issues}) == (count == 0)


def test_a_roster_that_lists_only_some_says_so():
    made = domain.roster(people(record("a")), "grid", "G1", "t", names=NAMES, registered=Registered(10), is_masked=True)
    (issue,) = made.issues
    assert (issue.code, issue.values) == ("roster.partial", {"listed": "1", "all": "10"})
    chosen = domain.roster(people(record("a"), record("b", category=2)), "grid", "G1", "t", names=NAMES, registered=Registered(2), is_masked=True,
                           categories=(2,))  # fmt: skip
    assert [h.code for h in chosen.households] == ["b"]
    assert not chosen.issues  # all are listed, one was asked for


def test_needs_by_unit_most_first():
    found = people(record("a", category=2), record("b"), record("c", category=2, township_code="T2"), record("d", category=2))
    made = domain.needs(found, "township", {"T1": ("一街道", "区")}, names=NAMES, is_masked=True)
    assert [(u.code, u.name, u.households, u.listed) for u in made.units] == [("T1", "一街道", 2, 3), ("T2", "T2", 1, 1)]
    assert made.units[0].share == pytest.approx(2 / 3)
    assert (made.total.households, made.total.listed, len(made.households)) == (3, 4, 3)
    assert made.categories == ((2, "Low income"),)


def test_what_is_wrong_with_rows_is_told():
    found = people(record("a", persons=None), record("b", category=None), record("c", floating=9), record("d", building="", grid_code=""))
    made = domain.roster(found, "city", "", "t", names=NAMES, registered=Registered(), is_masked=True)
    assert {i.code for i in made.issues} == {"roster.persons", "roster.category", "roster.floating", "roster.place"}
    assert made.persons == 9
