"""Indicators by unit: codes old and new, years, units of measurement, what is missing; never a NaN."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from lydigital.domain import indicators
from lydigital.domain.amounts import amounts
from lydigital.domain.indicators import compute
from lydigital.errors import BadDataError
from lydigital.model.indicator import Indicator, OldCode, Term
from lydigital.model.layerdef import FieldDef
from lydigital.texts import tr
from tests.domain.small_city import bare, city, definition, points

STATISTIC = bare([
    {"unit_code": code, "year": year, "item": item, "value": value, "unit": unit}
    for code, year, item, value, unit in [
        ("410302", 2004, "users", 80.0, "户"), ("410302", 2005, "users", 100.0, "户"), ("410307", 2004, "users", 150.0, "户"),
        ("410307", 2005, "users", 0.02, "万户"), ("410300", 2005, "users", 310.0, "户"), ("410300", 2004, "users", 230.0, "户"),
        ("410302", 2005, "people", 1000.0, "人"), ("410307", 2005, "people", 2000.0, "人"),
        ("410302", 2004, "people", 900.0, "人"), ("410307", 2004, "people", 1900.0, "人"),
        ("410302", 2005, "rate", 0.5, ""), ("410307", 2005, "rate", 0.7, ""), ("410300", 2005, "rate", 0.66, ""),
    ]
])  # fmt: skip


def term(item: str, **more: object) -> Term:
    return msgspec.convert(
        {"layer": "statistic", "how": "sum", "field": "value", "where": f"item = '{item}'", "code": "unit_code", "year": "year",
         "is_dated": True, **more}, Term,
    )  # fmt: skip


def made(numerator: Term, denominator: Term | None = None, **more: object) -> Indicator:
    given = {"id": "x", "title": "某", "title_en": "Some", "system": "s", "unit": "", "levels": ["county"], "numerator": {}, **more}
    return msgspec.structs.replace(msgspec.convert(given, Indicator), numerator=numerator, denominator=denominator)


def said(found) -> str:
    return "\n".join(tr(issue.message, **issue.values) for issue in found.issues)


USERS = made(term("users", unit="户", unit_field="unit"), term("people", unit="人", unit_field="unit"), factor=100.0, base_year=2005)


def test_rates_come_from_figures_of_one_year_in_one_unit_and_the_city_has_its_own():
    found = compute(USERS, "county", city(statistic=STATISTIC))
    assert [(u.code, u.name, u.numerator, u.denominator, u.value) for u in found.units] == [
        ("410302", "西", 100.0, 1000.0, 10.0), ("410307", "东", 200.0, 2000.0, 10.0),
    ]  # fmt: skip
    assert found.year == 2005
    assert found.city.value == pytest.approx(100 * 310 / 3000)
    assert "add up to 300, the figure of the city is 310" in said(found)
    assert found.trend == ((2004, pytest.approx(100 * 230 / 2800)), (2005, pytest.approx(100 * 310 / 3000)))


def test_a_year_without_figures_is_said_and_nothing_is_made_up():
    found = compute(USERS, "county", city(statistic=STATISTIC), 2010)
    assert found.city.value is None
    assert all(u.value is None and u.problem == indicators.NONE for u in found.units)
    assert "not known for 2010" in said(found)


def test_figures_in_a_strange_unit_or_none_do_not_count():
    rows = [{"unit_code": "410302", "year": 2005, "item": "users", "value": 5.0, "unit": "台"},
            {"unit_code": "410302", "year": 2005, "item": "users", "value": 7.0, "unit": ""},
            {"unit_code": "410307", "year": 2005, "item": "users", "value": 9.0, "unit": "百户"}]  # fmt: skip
    found = compute(made(USERS.numerator), "county", city(statistic=bare(rows)))
    assert [u.value for u in found.units] == [None, 900.0]
    assert "2 figures of value are not counted" in said(found)


def test_a_rate_is_never_added_up():
    found = compute(made(term("rate", how="value")), "county", city(statistic=STATISTIC))
    assert [u.value for u in found.units] == [0.5, 0.7]
    assert found.city.value == 0.66
    without = compute(made(term("rate", how="value", where="item = 'rate' AND unit_code <> '410300'")), "county", city(statistic=STATISTIC))
    assert without.city.value is None


SITES = [
    ({"code": "410302001200", "lines": 10, "year": 2001}, (2.5, 2.5)),
    ({"code": "410381002201", "lines": 20, "year": 2003}, (17.5, 7.5)),  # as it was before 2021
    ({"code": "410371001200", "lines": None, "year": 2003}, (7.5, 2.5)),  # the code of a statistical unit
    ({"code": "", "lines": 5, "year": None}, (12.0, 5.0)),  # by place
    ({"code": "999999", "lines": 7, "year": 2001}, (2.0, 2.0)),  # nobody's
    ({"code": "410302001200", "lines": 100, "year": 2001}, (90.0, 5.0)),  # out of the city
    ({"code": "410307001200", "lines": 3, "year": 2001}, (2.0, 8.0)),  # stands in the outline of another unit
]
LINES = Term(layer="site", how="sum", field="lines", code="code", year="year")


def sites():
    return city(site=points([row for row, _ in SITES], [place for _, place in SITES]))


def test_features_go_by_code_first_and_by_place_only_without_one():
    found = compute(made(LINES, levels=["county", "township"]), "township", sites())
    assert {u.name: u.numerator for u in found.units} == {"甲": 10.0, "乙": None, "丙": 8.0, "丁": 20.0}
    assert found.city.numerator == 38.0
    assert found.unplaced == 1
    text = said(found)
    for part in ("1 features of Site have no figure", "1 features of Site have a code that is no longer in use", "1 features of Site have no code",
                 "1 features of Site are in no unit", "1 features of Site lie outside the city"):  # fmt: skip
        assert part in text


def test_every_feature_is_in_one_unit_or_told():
    random = np.random.default_rng(7)
    codes = ["410302001200", "410371001", "410307002201", "410381001", "410302", "999999", "", None]
    rows = [{"code": codes[i], "lines": 1.0} for i in random.integers(0, len(codes), 300).tolist()]
    places = list(zip((random.random(300) * 24 - 2).tolist(), (random.random(300) * 14 - 2).tolist(), strict=True))
    found = compute(made(Term(layer="site", code="code"), levels=["county", "township"]), "township", city(site=points(rows, places)))
    outside = next(i.count for i in found.issues if i.code == "indicator.outside")
    assert sum(u.numerator for u in found.units) + found.unplaced + outside == 300
    assert min(outside, found.unplaced, *(u.numerator for u in found.units)) > 0


def test_without_a_code_the_name_of_a_unit_is_enough_where_only_one_is_called_so():
    rows = [{"code": "", "unit": "丁", "lines": 1}, {"code": None, "unit": "丁镇", "lines": 2}, {"code": "", "unit": "东县", "lines": 4},
            {"code": "410302001", "unit": "丁", "lines": 8}, {"code": "", "unit": "无", "lines": 16}]  # fmt: skip
    term_ = Term(layer="site", how="sum", field="lines", code="code", named="unit")
    map_ = city(site=bare(rows))
    map_.names, map_.codes = (("410307002", "丁镇"),), (*map_.codes, OldCode("410381", "410307", "东县", "2021"))
    found = compute(made(term_, levels=["county", "township"]), "township", map_)
    assert {u.name: u.numerator for u in found.units} == {"甲": 8.0, "乙": 0.0, "丙": 0.0, "丁": 3.0}
    assert [u.numerator for u in compute(made(term_), "county", map_).units] == [8.0, 7.0]
    assert found.city.numerator == 15.0
    assert "3 features of Site have no code: put by their name" in said(found)
    assert found.unplaced == 2


def test_codes_that_a_sheet_made_numbers_of_are_still_codes():
    found = compute(made(Term(layer="site", code="code")), "county", city(site=bare([{"code": 410302.0}, {"code": 410307001.0}])))
    assert [u.value for u in found.units] == [1.0, 1.0]


def test_figures_below_what_can_be_and_infinite_ones_do_not_count():
    map_ = city(site=bare([{"code": "410302", "lines": -5.0}, {"code": "410302", "lines": 7.0}, {"code": "410307", "lines": math.inf}]))
    layer = msgspec.structs.replace(map_.definition("site"), fields=(FieldDef("lines", "门", "Lines", type="real", minimum=0),))
    map_.definition = lambda name: layer if name == "site" else definition(name)
    found = compute(made(Term(layer="site", how="sum", field="lines", code="code")), "county", map_)
    assert [u.value for u in found.units] == [7.0, None]
    assert "1 figures of Site are not counted: Lines cannot be below 0" in said(found)


def test_a_unit_with_more_figures_than_others_may_count_twice():
    rows = [{"unit_code": code, "year": 2005, "item": "users", "value": 10.0, "unit": "户"} for code in ("410302", "410307", "410381")]
    found = compute(made(USERS.numerator), "county", city(statistic=bare(rows)))
    assert "something may count twice" in said(found)
    assert "no longer in use" in said(found)


def test_what_was_built_counts_from_its_year():
    found = compute(made(LINES), "county", sites(), 2002)
    assert [u.numerator for u in found.units] == [10.0, 8.0]
    assert compute(made(LINES), "county", sites()).trend == ((2001, 18.0), (2002, 18.0), (2003, 38.0))


def test_zero_below_is_told_and_is_no_number():
    rate = made(Term(layer="site", code="code"), Term(layer="site", where="lines > 15", code="code"), levels=["township"], unit="%", factor=100.0)
    found = compute(rate, "township", sites())
    west = found.units[0]
    assert (west.denominator, west.value, west.problem) == (0.0, None, indicators.ZERO)
    assert "3 units: There is nothing it could be a share of" in said(found)
    assert not any(isinstance(v, float) and math.isnan(v) for u in (*found.units, found.city) for v in (u.value, u.numerator, u.denominator))


def test_more_than_all_is_told_unless_that_can_be():
    both = (Term(layer="site", how="sum", field="lines", code="code"), Term(layer="site", code="code"))
    share = made(*both, unit="%", factor=100.0)
    assert compute(share, "county", sites()).units[1].problem == indicators.MORE
    assert not compute(msgspec.structs.replace(share, can_exceed=True), "county", sites()).units[1].problem


def test_distinct_values_count_once_in_every_unit_and_once_in_the_city():
    rows = [({"kind": k, "code": c}, (1.0, 1.0)) for k, c in [(1, "410302"), (1, "410302"), (2, "410302"), (1, "410307")]]
    found = compute(made(Term(layer="team", how="distinct", field="kind", code="code")), "county", city(team=points(*map(list, zip(*rows, strict=True)))))
    assert [u.value for u in found.units] == [2.0, 1.0]
    assert found.city.value == 2.0


def test_overlapping_areas_count_once():
    from tests.domain.small_city import X, Y, areas, square

    rows = [{"code": "410302"}, {"code": "410302"}]
    cover = areas(rows, [square(X, Y, 2000, 1000), square(X + 1000, Y, 2000, 1000)])
    found = amounts(Term(layer="cover", how="area", code="code"), "county", city(cover=cover))
    assert found.each[0] == pytest.approx(3.0, rel=2e-3)  # km² on the ellipsoid
    assert found.city == pytest.approx(found.each[0])
    assert amounts(Term(layer="cover", how="area", code="code"), "city", city(cover=cover)).city == pytest.approx(found.city)


def test_a_table_without_codes_and_places_is_the_citys():
    found = compute(made(Term(layer="data"), levels=["city"]), "city", city(data=bare([{"name": "a"}, {"name": "b"}])))
    assert found.city.value == 2.0
    assert not found.issues


def test_a_count_of_a_year_is_zero_only_where_the_year_is_told():
    rows = [{"code": "410302001200", "year": 2005, "tv": False}, {"code": "410302001200", "year": 2006, "tv": True}, {"code": "410307001200", "year": 2006, "tv": False}]
    dated = {"layer": "service", "code": "code", "year": "year", "is_dated": True}
    rule = {"layer": "service", "where": "NOT tv", "reason": "无"}
    tv = made(Term(**dated, where="tv"), Term(**dated), unit="%", factor=100.0, gap=rule)
    then, now = (compute(tv, "county", city(service=bare(rows)), year) for year in (2005, None))
    assert [u.value for u in then.units] == [0.0, None]
    assert [u.value for u in now.units] == [100.0, 0.0]
    assert now.year == 2006
    assert now.trend == ((2005, 0.0), (2006, 50.0))
    assert [[g.code for g in found.gaps] for found in (then, now)] == [["410302001200"], ["410307001200"]]


def test_what_is_missing_is_told_by_name():
    rule = {"layer": "service", "where": "NOT phone", "code": "code", "name": "name", "reason": "无", "reason_en": "none"}
    service = bare([{"code": "410371001201", "name": "乙1村", "phone": False}, {"code": "410302001200", "name": "甲0村", "phone": True},
                    {"code": "410302001201", "name": "甲1村", "phone": None}])  # fmt: skip
    found = compute(made(Term(layer="service", where="phone", code="code"), gap=rule), "county", city(service=service))
    assert [(g.code, g.name, g.place, g.reason, g.layer, g.fid) for g in found.gaps] == [("410371001201", "乙1村", "西乙", "none", "service", 1)]


def test_units_in_which_nothing_is_counted_and_those_below_a_target():
    empty = made(Term(layer="site", code="code"), levels=["township"], gap={"level": "township", "reason": "没有", "reason_en": "none"})
    one = city(site=points([{"code": "410302001"}], [(1.0, 1.0)]))
    assert [g.name for g in compute(empty, "township", one).gaps] == ["丙", "丁", "乙"]
    low = made(Term(layer="@unit", how="sum", field="population"), target=900.0, levels=["township"])
    assert [g.name for g in compute(low, "township", one).gaps] == ["甲", "乙"]
    high = msgspec.structs.replace(low, higher_is_better=False)
    assert [g.name for g in compute(high, "township", one).gaps] == ["丙", "丁"]
    assert not compute(msgspec.structs.replace(low, target_scope="city"), "township", one).gaps


def test_figures_of_the_plan_are_totals_and_lower_bounds():
    plan = {"value": 40, "text": "40余", "qualifier": "余"}
    found = compute(made(LINES, plan=plan), "county", sites())
    assert found.plan_share == pytest.approx(38 / 40)
    assert "a total of the city and a lower bound" in said(found)


def test_the_ranking_puts_the_best_first():
    people = made(Term(layer="@unit", how="sum", field="population"), levels=["township"])
    names = [u.name for u in compute(people, "township", city()).ranking]
    assert names == ["丁", "丙", "乙", "甲"]
    assert [u.name for u in compute(msgspec.structs.replace(people, higher_is_better=False), "township", city()).ranking] == names[::-1]


@pytest.mark.parametrize(
    ("numerator", "words"),
    [
        (Term(layer="nowhere", code="code"), "has no layer nowhere"),
        (Term(layer="site", how="sum", field="none", code="code"), "has no field none"),
        (Term(layer="site", where="none = 1", code="code"), "has no field none"),
        (Term(layer="site", where="lines >", code="code"), "cannot be understood"),
        (Term(layer="site", how="area", code="code"), "has no areas"),
    ],
)
def test_wrong_definitions_are_refused_with_a_reason(numerator, words):
    with pytest.raises(BadDataError, match=words) as caught:
        compute(made(numerator), "county", sites())
    assert caught.value.hint


def test_units_without_codes_are_refused():
    map_ = city(site=points([{"code": "410302"}], [(1.0, 1.0)]), county=bare([{"name": "西"}]))
    with pytest.raises(BadDataError, match="No feature of County has a code"):
        compute(made(Term(layer="site", code="code")), "county", map_)


def test_a_level_below_the_codes_is_refused():
    site = points([{"code": "410302"}], [(1.0, 1.0)])
    with pytest.raises(BadDataError, match="cannot be told by township"):
        compute(made(Term(layer="site", code="code"), levels=["township"]), "township", city(site=site))
    with pytest.raises(BadDataError, match="cannot be told by village"):
        compute(made(Term(layer="site", code="code")), "village", city(site=site))
