"""Conditions of rules: the same answers as SQL."""

from __future__ import annotations

import pytest

from lydigital.errors import BadDataError
from lydigital.model.condition import parse

ROWS = [
    {"a": 3, "b": 1.5, "t": "国道", "d": "2025-07-15", "n": None, "ok": True},
    {"a": -7, "b": None, "t": "it's", "d": "2024-01-01", "n": None, "ok": False},
    {"a": 0, "b": 0.0, "t": "", "d": None, "n": None, "ok": None},
]
SAME_AS_SQL = [
    "a > 2", "a >= 3 AND b < 2", "a = 3 OR b = 1", "NOT a = 3", "a + b * 2", "(a + 1) * 2 - b", "-a", "a % 4",
    "t = '国道'", "t <> 'it''s'", "t LIKE '国%'", "t LIKE '_道'", "t NOT LIKE '%s'", "length(t)", "upper(t) || '!'",
    "a IN (1, 3)", "a NOT IN (1, 3)", "n IS NULL", "t IS NOT NULL", "n = 1 OR a = 3", "n = 1 AND a = 3", "a BETWEEN -7 AND 0",
    "coalesce(b, 9)", "coalesce(n, b, a)", "abs(a) > 3", "d > '2024-06-01'", "left(d, 4) = '2025'", "right(t, 1)", "ok", "NOT ok",
    "TRUE", "ok OR NULL", '"a" = 3', "(a = 3) = ok", "round(b + 1) = 3", "least(a, 2)", "trim(' x ') = 'x'",
]  # fmt: skip


@pytest.mark.parametrize("text", SAME_AS_SQL)
def test_conditions_answer_as_sql_does(text):
    duckdb = pytest.importorskip("duckdb")
    types = {"a": "INTEGER", "b": "DOUBLE", "t": "VARCHAR", "d": "VARCHAR", "n": "INTEGER", "ok": "BOOLEAN"}
    columns = ", ".join(f"?::{kind} AS {name}" for name, kind in types.items())
    for row in ROWS:
        wanted = duckdb.execute(f"SELECT ({text}) FROM (SELECT {columns})", [row[n] for n in types]).fetchone()[0]
        assert parse(text)(row) == wanted, row


def test_what_cannot_be_computed_is_unknown():
    assert parse("a / b")({"a": 1, "b": 0}) is None
    assert parse("a < t")({"a": 1, "t": "x"}) is None
    assert parse("missing > 1")({}) is None


def test_names_are_those_of_fields():
    assert parse('a > 1 AND length("t t") = 2 OR c IN (3)').names == {"a", "t t", "c"}


@pytest.mark.parametrize("text", ["", "a >", "a = 'x", "(a", "a b", "__import__('os')", "a = 1; drop", "f(a)", "a IN ()", "1 = = 2", "NOT", "a NOT 3"])
def test_what_is_no_condition_is_refused_with_its_place(text):
    with pytest.raises(BadDataError) as error:
        parse(text)
    assert error.value.hint_text()
