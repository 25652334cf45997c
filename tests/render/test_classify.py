"""Which rule each feature falls under."""

import numpy as np
import pyarrow as pa
import pytest
from scene import points, table

from lydigital.errors import BadDataError
from lydigital.model.style import LineSymbolizer, Rule, Stroke, Style
from lydigital.render.classify import codes

LOOK = (LineSymbolizer(Stroke("#000000")),)


def coded(values, rules, kind="categorized"):
    return codes(table(points(*[(0, 0)] * len(values)), kind=values), Style(tuple(rules), kind, "kind")).tolist()


def test_single_takes_all():
    data = table(points((0, 0), (1, 1)))
    assert codes(data, Style((Rule(LOOK),))).tolist() == [0, 0]
    assert codes(data, Style(())).tolist() == [-1, -1]


def test_categories_take_the_first_rule_that_fits_and_else_the_rest():
    rules = [Rule(LOOK, value="a"), Rule(LOOK), Rule(LOOK, values=("b", "a"))]
    assert coded(["a", "b", "c", None], rules) == [0, 2, 1, 1]
    assert coded(["a", "x", None], rules[:1]) == [0, -1, -1]


@pytest.mark.parametrize("column", [
    pa.array([1, 2, 3]), pa.array([1.0, 2.0, 3.0]), pa.array(["1", "2", "3"]), pa.array([1, 2, 3], pa.int16()),
    pa.array(["1", "2", "3"]).dictionary_encode(), pa.chunked_array([["1"], ["2", "3"]]),
    pa.chunked_array([pa.array(["1"]).dictionary_encode(), pa.array(["2", "3"]).dictionary_encode()]),
])
def test_types_that_differ_compare_as_text(column):
    assert coded(column, [Rule(LOOK, value="2"), Rule(LOOK, value=3)]) == [-1, 0, 1]


@pytest.mark.parametrize("value", [True, "true", "是", 1])
def test_truth_has_many_spellings(value):
    assert coded(pa.array([True, False, None]), [Rule(LOOK, value=value)]) == [0, -1, -1]


def test_classes_are_closed_below_and_open_above():
    rules = [Rule(LOOK, minimum=0, maximum=10), Rule(LOOK, minimum=10), Rule(LOOK)]
    assert coded([-1, 0, 9.99, 10, np.inf, None, np.nan], rules, "graduated") == [2, 0, 0, 1, 2, 2, 2], "what has no end is not known"
    assert coded(["3", "12"], rules, "graduated") == [0, 1]


def test_a_missing_field_and_text_for_numbers_are_named():
    with pytest.raises(BadDataError, match="kinds"):
        codes(table(points((0, 0)), kind=["a"]), Style((Rule(LOOK, value="a"),), "categorized", "kinds"))
    with pytest.raises(BadDataError, match="numbers"):
        coded(["a"], [Rule(LOOK, minimum=1)], "graduated")


def test_no_features():
    assert coded(pa.array([], pa.string()), [Rule(LOOK, value="a")]) == []
