from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydigital.errors import ConflictError
from lydigital.model.changeset import ChangeSet, Delta

TARGETS = ("document/title", "layer/road/visible", "layer/road/opacity")
values = st.one_of(st.none(), st.integers(0, 3), st.text("ab", max_size=2))
states = st.fixed_dictionaries(dict.fromkeys(TARGETS, values))


def between(before: dict, after: dict) -> ChangeSet:
    return ChangeSet("edit", tuple(Delta(t, before[t], after[t]) for t in TARGETS if before[t] != after[t]))


def applied(changes: ChangeSet, state: dict) -> dict:
    out = dict(state)
    for delta in changes.deltas:
        assert out[delta.target] == delta.old
        out[delta.target] = delta.new
    return out


@given(states, states)
def test_undo_after_do_is_nothing(a, b):
    changes = between(a, b)
    assert applied(~changes, applied(changes, a)) == a
    assert not (changes + ~changes)
    assert ~~changes == changes


@given(states, states, states)
def test_two_in_one_do_what_one_after_the_other_does(a, b, c):
    first, second = between(a, b), between(b, c)
    both = first + second
    assert applied(both, a) == c
    assert {d.target for d in both.deltas} == {t for t in TARGETS if a[t] != c[t]}
    assert applied(~both, c) == a


@given(states, states, states, states)
def test_folding_is_associative(a, b, c, d):
    x, y, z = between(a, b), between(b, c), between(c, d)
    left, right = (x + y) + z, x + (y + z)
    assert {e.target: (e.old, e.new) for e in left.deltas} == {e.target: (e.old, e.new) for e in right.deltas}


def test_several_changes_of_one_thing_are_undone_backwards():
    changes = ChangeSet("twice", (Delta("x", 1, 2), Delta("x", 2, 3)))
    assert [(d.old, d.new) for d in (~changes).deltas] == [(3, 2), (2, 1)]


def test_a_change_that_starts_elsewhere_is_a_conflict():
    first, second = ChangeSet("a", (Delta("x", 1, 2),)), ChangeSet("b", (Delta("x", 5, 6),))
    with pytest.raises(ConflictError) as caught:
        _ = first + second
    assert caught.value.exit_code == 5
    assert "x" in str(caught.value)


def test_the_later_words_stay():
    both = ChangeSet("first", (Delta("x", 1, 2),), author="甲") + ChangeSet(
        "second", (Delta("y", 1, 2),), author="乙"
    )
    assert (both.annotation, both.author, len(both.deltas)) == ("second", "乙", 2)


def test_nothing_done_is_false():
    assert not ChangeSet("nothing")
    assert ChangeSet("something", (Delta("x", None, 1),))
