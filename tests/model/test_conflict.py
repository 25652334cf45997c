"""Merging what two people did: silent where only one side changed a part, asked where both did."""

from __future__ import annotations

import pytest

from lydigital.model.conflict import merged, parts_in_conflict
from lydigital.model.feature import Feature

BASE = Feature(b"0", {"a": 1, "b": "x", "c": None})


def with_(wkb=b"0", **values):
    return Feature(wkb, {**BASE.values, **values})


def test_parts_changed_by_one_side_merge_silently():
    result, asked = merged(BASE, with_(a=2), with_(b"1", b="y"), {})
    assert result == with_(b"1", a=2, b="y")
    assert asked == ()


def test_parts_changed_alike_are_no_conflict():
    assert merged(BASE, with_(a=2), with_(a=2.0), {}) == (with_(a=2.0), ())


@pytest.mark.parametrize(("choices", "expected"), [({"a": "mine"}, 2), ({"a": "theirs"}, 3), ({"*": "theirs"}, 3)])
def test_parts_changed_by_both_are_decided(choices, expected):
    mine, theirs = with_(a=2, b="y"), with_(b"1", a=3)
    assert parts_in_conflict(BASE, mine, theirs) == ("a",)
    assert merged(BASE, mine, theirs, {})[1] == ("a",)
    assert merged(BASE, mine, theirs, choices) == (with_(b"1", a=expected, b="y"), ())


def test_geometry_is_a_part():
    assert parts_in_conflict(BASE, with_(b"1"), with_(b"2")) == ("",)
    assert merged(BASE, with_(b"1", a=5), with_(b"2"), {"": "theirs"}) == (with_(b"2", a=5), ())


def test_removing_wins_only_over_what_nobody_changed():
    assert merged(BASE, None, BASE, {}) == (None, ())
    assert merged(BASE, BASE, None, {}) == (None, ())
    assert merged(BASE, None, with_(a=2), {})[1] == ("*",)
    assert merged(BASE, None, with_(a=2), {"*": "theirs"}) == (with_(a=2), ())
    assert merged(BASE, with_(a=2), None, {"*": "mine"}) == (with_(a=2), ())
    assert merged(BASE, with_(a=2), None, {"*": "theirs"}) == (None, ())


def test_two_that_were_made_alike():
    assert merged(None, with_(a=2), with_(a=2), {}) == (with_(a=2), ())
