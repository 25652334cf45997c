"""New sites: who is gained, by reach or by unit; sites outside the city; amounts."""

from __future__ import annotations

import msgspec
import pytest

from lydigital.domain.whatif import whatif
from lydigital.errors import BadDataError, UsageError
from lydigital.model.indicator import Indicator, Term
from lydigital.texts import tr
from tests.domain.small_city import X, Y, bare, city, points


def at(x_km: float, y_km: float) -> tuple[float, float]:
    return X + 1000 * x_km, Y + 1000 * y_km


def villages_without():
    rows = [{"code": f"{t}{i + 200}", "name": f"{t}-{i}", "tv": t == "410302001"} for t in ("410302001", "410371001", "410307001", "410307002") for i in range(2)]
    return city(service=bare(rows))


TV = msgspec.convert(
    {
        "id": "tv", "title": "电视", "title_en": "TV", "system": "s", "unit": "%", "factor": 100, "levels": ["county", "township"],
        "numerator": {"layer": "service", "where": "tv", "code": "code"}, "denominator": {"layer": "service", "code": "code"},
        "gap": {"layer": "service", "where": "NOT tv", "reason": "无", "reach_m": 3000},
    },
    Indicator,
)  # fmt: skip


def test_villages_within_reach_are_gained_with_their_people():
    found = whatif(TV, "county", villages_without(), [at(7.5, 2.5)])  # where the first village of 乙 stands
    assert [g.code for g in found.gained] == ["410371001200"]
    assert (found.before.value, found.after.value) == (25.0, 37.5)
    assert [(a.code, a.value, b.value) for a, b in found.units] == [("410302", 50.0, 75.0)]
    assert (found.people, found.households) == (100.0, 30.0)
    wider = whatif(TV, "township", villages_without(), [at(7.5, 2.5)], reach_m=5000.0)
    assert [g.code for g in wider.gained] == ["410307001200", "410371001200", "410371001201"]
    assert wider.people == 400.0


def test_people_of_villages_that_are_gained_count_where_people_are_counted():
    people = Term(layer="service", how="sum", field="village.population", code="code")
    of = msgspec.structs.replace(
        TV, numerator=msgspec.structs.replace(people, where="tv"), denominator=people, gap=msgspec.structs.replace(TV.gap, gain="village.population"),
    )  # fmt: skip
    found = whatif(of, "county", villages_without(), [at(7.5, 7.5)])  # 乙1村 with 200 people
    assert (found.before.numerator, found.before.denominator) == (300.0, 1200.0)
    assert found.after.numerator == 500.0


def test_two_sites_do_not_gain_anybody_twice():
    found = whatif(TV, "county", villages_without(), [at(7.5, 2.5), at(7.4, 2.5)])
    assert len(found.gained) == 1
    assert found.after.value == 37.5


def test_sites_out_of_the_city_are_left_out_and_told():
    found = whatif(TV, "county", villages_without(), [at(7.5, 2.5), at(50, 2.5)])
    assert len(found.sites) == 1
    assert "1 sites lie outside the city" in tr(found.issues[0].message, **found.issues[0].values)
    with pytest.raises(BadDataError, match="No site lies in the city"):
        whatif(TV, "county", villages_without(), [at(50, 2.5)])


def test_nobody_within_reach_is_told():
    found = whatif(TV, "county", villages_without(), [at(2.5, 2.5)], reach_m=100.0)
    assert not found.gained
    assert found.after == found.before
    assert found.issues[0].code == "whatif.nobody"


def test_a_station_gains_the_township_it_stands_in():
    station = msgspec.convert(
        {
            "id": "st", "title": "站", "title_en": "Stations", "system": "s", "unit": "%", "factor": 100, "levels": ["county", "township"],
            "numerator": {"layer": "station", "how": "distinct", "field": "code", "code": "code"}, "denominator": {"layer": "township", "code": "code"},
            "gap": {"level": "township", "reason": "没有"},
        },
        Indicator,
    )  # fmt: skip
    map_ = city(station=points([{"code": "410302001"}], [(1.0, 1.0)]))
    found = whatif(station, "township", map_, [at(7.0, 5.0), at(1.0, 9.0)])  # the second stands where there is one
    assert [g.name for g in found.gained] == ["乙"]
    assert (found.before.value, found.after.value, found.people) == (25.0, 50.0, 600.0)
    assert [(b.code, b.value) for _, b in found.units] == [("410371001", 100.0)]
    near = whatif(station, "county", map_, [at(9.5, 5.0)], reach_m=1000.0)
    assert [g.name for g in near.gained] == ["丙", "乙"]


def test_amounts_are_added_where_the_sites_stand():
    lines = msgspec.structs.replace(TV, numerator=Term(layer="service", code="code"), denominator=None, factor=1.0, gap=None, unit="门")
    found = whatif(lines, "township", villages_without(), [at(7.5, 2.5), at(7.5, 3.0)], amount=5.0)
    assert (found.before.value, found.after.value) == (8.0, 18.0)
    assert [(b.code, b.value) for _, b in found.units] == [("410371001", 12.0)]


@pytest.mark.parametrize(
    ("change", "more", "words"),
    [({}, {"sites": []}, "no site to add"), ({"gap": None}, {}, "no list of what is missing"), ({}, {"amount": -1.0}, "cannot add"),
     ({}, {"reach_m": 0.0}, "how far a site reaches")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(change, more, words):
    sites = more.pop("sites", [at(7.5, 2.5)])
    with pytest.raises(UsageError, match=words):
        whatif(msgspec.structs.replace(TV, **change), "county", villages_without(), sites, **more)
