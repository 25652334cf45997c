"""The composite index: scores, weights, what is missing, ranks, contributions; figures from a table with faults."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital import paths
from lydigital.domain import composite
from lydigital.errors import BadDataError
from lydigital.model.index import IndexDef, IndexItem, IndexPart, check, read_index, weighed

A = IndexItem(id="a", title="甲", weight=0.5, item="phone", of="户", per="population", per_of="人", factor=100, target=40.0)
B = IndexItem(id="b", title="乙", weight=0.5, item="years", target=10.0)
C = IndexItem(id="c", title="丙", weight=1.0, item="price", target=2.0, higher_is_better=False)
INDEX = IndexDef(id="x", title="指数", parts=(IndexPart(id="p", title="一", weight=0.6, items=(A, B)), IndexPart(id="q", title="二", weight=0.4, items=(C,))))


def row(code, item, value, year=2005, unit=""):
    return {"unit_code": code, "unit_name": f"县{code[-1:]}", "year": year, "item": item, "value": value, "unit": unit}


def rows(**units):
    """Rows of ``code=(phone, population, years, price)``; None leaves one out."""
    items = (("phone", "户"), ("population", "人"), ("years", ""), ("price", ""))
    return [row(f"41030{c[-1]}", i, v, unit=u) for c, values in units.items() for (i, u), v in zip(items, values, strict=True) if v is not None]


def found(index=INDEX, given=None, **units):
    return composite.compute(index, composite.figures(given or rows(**units), composite.units_of(index)))


def test_worked_by_hand():
    """u2: 20/100 persons of 40 is 0.5, 5 years of 10 is 0.5, a price of 4 against 2 is 0.5: 50 points of 100."""
    made = found(u2=(200.0, 1000.0, 5.0, 4.0), u3=(900.0, 1000.0, 20.0, 1.0))
    low, high = made.scores
    assert low.value == pytest.approx(50.0)
    assert high.value == pytest.approx(100.0)  # a surplus is cut
    assert (low.rank, high.rank) == (2, 1)
    assert low.points("p") == pytest.approx(30.0)
    assert low.points("q") == pytest.approx(20.0)


def test_minmax_is_over_units_and_years():
    index = msgspec.structs.replace(INDEX, method="minmax")
    table = rows(u2=(100.0, 1000.0, 5.0, 4.0), u3=(300.0, 1000.0, 9.0, 2.0)) + [{**r, "year": 2006, "value": r["value"] * 1.0} for r in rows(u2=(200.0, 1000.0, 7.0, 3.0))]
    made = found(index, table)
    assert [s.value for s in made.of("410302")] == pytest.approx([0.0, 50.0])
    assert made.of("410303")[0].value == pytest.approx(100.0)
    assert made.of("410303")[1].value is None  # nothing known of it in 2006


def test_missing_values_give_their_weight_to_the_rest_and_are_told():
    made = found(u2=(200.0, 1000.0, None, 4.0), u3=(400.0, 1000.0, 10.0, None))
    first, second = made.scores
    assert first.missing == ("b",)
    assert first.known == pytest.approx(0.7)
    assert {c.item: c.weight for c in first.contributions} == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.4})
    assert first.value == pytest.approx(100 * (0.6 * 0.5 + 0.4 * 0.5))
    assert second.missing == ("c",)
    assert second.value == pytest.approx(100.0)  # a whole part is missing: the other one counts
    assert any(i.code == "index.missing" and i.count == 2 for i in made.issues)


def test_too_little_or_excluded_is_no_index_and_no_rank():
    made = found(u2=(None, 1000.0, None, 4.0), u3=(400.0, 1000.0, 10.0, 2.0))
    assert made.scores[0].value is None
    assert made.scores[0].rank is None
    assert made.scores[0].problem
    strict = found(msgspec.structs.replace(INDEX, missing="exclude"), u2=(200.0, 1000.0, None, 4.0), u3=(400.0, 1000.0, 10.0, 2.0))
    assert strict.scores[0].value is None
    assert strict.ranking[0].name == "县3"


def test_zero_to_divide_by_is_not_known():
    made = found(u2=(200.0, 0.0, 5.0, 4.0), u3=(400.0, 1000.0, 10.0, 2.0))
    assert made.scores[0].missing == ("a",)
    assert any(i.code == "index.zero" for i in made.issues)


def test_equal_units_share_a_rank():
    same = (200.0, 1000.0, 5.0, 4.0)
    made = found(u2=same, u3=same, u4=(100.0, 1000.0, 5.0, 4.0))
    assert [s.rank for s in made.scores] == [1, 1, 3]


def test_the_city_is_scored_but_not_ranked():
    table = rows(u2=(200.0, 1000.0, 5.0, 4.0)) + rows(u0=(100.0, 1000.0, 5.0, 4.0))
    made = found(given=table)
    assert [s.code for s in made.scores] == ["410302"]
    assert made.here.rank is None
    assert made.here.value == pytest.approx(100 * (0.3 * 0.25 + 0.3 * 0.5 + 0.4 * 0.5))


def test_units_old_codes_and_faults_of_the_table():
    table = [
        row("410302", "phone", 0.02, unit="万户"), row("410302", "population", 1000.0, unit="人"),
        row("410322", "phone", 300.0, unit="户"), row("410308", "population", 1000.0, unit="人"),
        row("410302", "phone", 999.0, unit="户"), row("410304", "phone", 1.0, unit="部"), row("", "phone", 1.0, unit="户"),
        row("410304", "phone", math.nan, unit="户"), row("410304", "phone", 1.0, year="2005", unit="户"),
    ]  # fmt: skip
    known = composite.figures(table, composite.units_of(INDEX), lambda code: {"410322": "410308"}.get(code, code))
    assert known.values["phone", 2005] == {"410302": 200.0, "410308": 300.0}
    assert {i.code: i.count for i in known.issues} == {"index.twice": 1, "index.empty": 3, "index.unit": 1}


def test_weights_have_to_add_up():
    with pytest.raises(BadDataError, match=r"add up to 1\.1"):
        weighed(INDEX, {"p": 0.7})
    with pytest.raises(BadDataError, match="add up"):
        weighed(INDEX, {"a": -0.5, "b": 1.5})
    with pytest.raises(BadDataError, match="no part"):
        weighed(INDEX, {"z": 0.7})
    assert weighed(INDEX, {"p": 1.0, "q": 0.0}).parts[1].weight == 0.0
    with pytest.raises(BadDataError, match="target"):
        check(msgspec.structs.replace(INDEX, parts=(IndexPart(id="p", title="一", weight=1.0, items=(msgspec.structs.replace(B, weight=1.0, target=0.0),)),)))


@given(st.lists(st.tuples(*(st.one_of(st.none(), st.floats(0, 1e6)) for _ in range(4))), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_contributions_add_up_and_ranks_follow(units):
    table = rows(**{f"u{k}": u for k, u in enumerate(units)})
    try:
        made = found(given=table or [row("410301", "none", 1.0)])
    except BadDataError:
        return
    for score in made.scores:
        if score.value is None:
            continue
        assert score.value == pytest.approx(sum(c.points or 0.0 for c in score.contributions))
        assert sum(c.weight for c in score.contributions if c.points is not None) == pytest.approx(1.0)
        assert -1e-9 <= score.value <= 100.0 + 1e-9
    values = [s.value for s in made.ranking]
    assert values == sorted(values, reverse=True)


def test_the_template_is_valid():
    index = read_index(paths.layers_dir() / "index" / "idi.toml")
    assert [p.weight for p in index.parts] == [0.25, 0.25, 0.2, 0.2, 0.1]
    formula = composite.formula(index)
    assert formula[0].count("%") == 5
