"""Working copies: edits over what a store has."""

from __future__ import annotations

import pytest

from lydigital.edits.working import WorkingCopies, of_document, of_features, of_layers
from lydigital.errors import ConflictError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, changes_between, made, parse_target, removed

STORED = {1: Feature(b"one", {"name": "甲", "count": 1}), 2: Feature(b"two", {"name": "乙", "count": 2})}


def copies() -> WorkingCopies:
    return WorkingCopies(lambda _layer, fids: {fid: STORED[fid] for fid in fids if fid in STORED})


def renamed(fid: int, old: str, new: str) -> ChangeSet:
    return ChangeSet("Rename", (Delta(f"value/road/{fid}/name", old, new),))


def test_an_edit_shows_in_the_feature_and_nowhere_else() -> None:
    working = copies()
    working.apply(renamed(1, "甲", "丙"))
    assert working.features("road", [1, 2, 3]) == {1: Feature(b"one", {"name": "丙", "count": 1}), 2: STORED[2]}
    assert set(working.edits("road")) == {1}
    assert working.unsaved("road") == {1}


def test_features_are_made_and_removed() -> None:
    working = copies()
    new = Feature(b"three", {"name": "丁"})
    working.apply(ChangeSet("Draw", (made("road", 3, new), removed("road", 2, STORED[2]))))
    assert working.features("road", [1, 2, 3]) == {1: STORED[1], 3: new}


def test_a_change_that_starts_from_elsewhere_is_refused_whole() -> None:
    working = copies()
    both = ChangeSet("Rename", (*renamed(1, "甲", "丙").deltas, *renamed(2, "不是", "丁").deltas))
    with pytest.raises(ConflictError):
        working.apply(both)
    assert working.is_saved
    assert working.features("road", [1])[1] == STORED[1]


def test_undoing_an_unsaved_step_leaves_nothing_to_save() -> None:
    working = copies()
    step = renamed(1, "甲", "丙")
    working.apply(step)
    working.apply(~step)
    assert working.is_saved
    assert working.unsaved_layers == ()


def test_undoing_a_saved_step_is_a_step_to_save() -> None:
    working = copies()
    step = renamed(1, "甲", "丙")
    working.apply(step)
    working.mark_saved(["road"])
    assert working.is_saved
    working.apply(~step)
    assert not working.is_saved
    assert working.features("road", [1])[1] == STORED[1]


def test_only_the_saved_layer_is_saved() -> None:
    working = copies()
    working.apply(ChangeSet("Both", (Delta("value/road/1/name", "甲", "a"), Delta("value/pipe/2/name", "乙", "b"))))
    working.mark_saved(["road"])
    assert working.unsaved_layers == ("pipe",)
    assert [d.target for d in working.steps[0].deltas] == ["value/pipe/2/name"]


def test_every_change_of_a_layer_has_a_version_of_its_own() -> None:
    working = copies()
    before = working.version("road")
    working.apply(renamed(1, "甲", "丙"))
    assert working.version("road") > before
    assert working.version("pipe") == 0


def test_changes_part_by_what_they_are_of() -> None:
    changes = ChangeSet("Both", (Delta("document/title", "", "a"), *renamed(1, "甲", "丙").deltas))
    assert [d.target for d in of_features(changes).deltas] == ["value/road/1/name"]
    assert [d.target for d in of_document(changes).deltas] == ["document/title"]
    assert [d.target for d in of_layers(changes, {"road": "道路"}).deltas] == ["value/道路/1/name"]
    assert not of_layers(changes, {"pipe": "pipe"})


def test_the_smallest_change_between_two_states() -> None:
    old, new = STORED[1], Feature(b"moved", {"name": "甲", "count": None})
    deltas = changes_between("road", 1, old, new)
    assert [d.target for d in deltas] == ["geometry/road/1", "value/road/1/count"]
    assert changes_between("road", 1, old, old) == ()


def test_a_field_name_may_hold_anything() -> None:
    target = parse_target("value/road/7/长度/m")
    assert (target.layer, target.fid, target.field) == ("road", 7, "长度/m")
    assert str(target) == "value/road/7/长度/m"


def test_steps_of_one_gesture_are_one_step() -> None:
    working = copies()
    working.apply(renamed(1, "甲", "丙"))
    working.apply(renamed(1, "丙", "丁"), merge=True)
    assert [(d.old, d.new) for step in working.steps for d in step.deltas] == [("甲", "丁")]
    working.apply(~working.steps[0])
    assert working.is_saved
