"""What is written of a step is what it did; and every change of it afterwards shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lydigital.model import audit
from lydigital.model.audit import AuditChange, AuditEntry
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, changes_between, made, removed

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OLD = Feature(b"old", {"name": "王", "photo": b"\xff\x00", "height": 1.5})


def changes(*deltas):
    return audit.changes_of(ChangeSet("Edit", deltas, time=NOW))


def test_a_step_is_told_by_feature():
    new = Feature(b"new", {**OLD.values, "name": "李"})
    found = changes(*changes_between("a", 1, OLD, new), made("a", 2, OLD), removed("b", 1, OLD))
    assert [(c.layer, c.fid, c.kind, c.geometry) for c in found] == [
        ("a", 1, "changed", True), ("a", 2, "made", True), ("b", 1, "removed", True)]  # fmt: skip
    assert found[0].before == Feature(b"old", {"name": "王"})
    assert found[0].after == Feature(b"new", {"name": "李"})


@pytest.mark.parametrize(("deltas", "kind", "before", "after"), [
    ((made("a", 1, OLD), Delta("value/a/1/name", "王", "李")), "made", None, OLD.replaced(name="李")),
    ((Delta("value/a/1/name", "王", "李"), removed("a", 1, OLD.replaced(name="李"))), "removed", OLD, None),
    ((Delta("value/a/1/name", "王", "李"), Delta("value/a/1/name", "李", "张")), "changed",
     Feature(None, {"name": "王"}), Feature(None, {"name": "张"})),
])  # fmt: skip
def test_several_changes_of_a_feature_are_one(deltas, kind, before, after):
    (change,) = changes(*deltas)
    assert (change.kind, change.before, change.after) == (kind, before, after)


@pytest.mark.parametrize("value", ["文", b"\x00\xff", 1, 1.5, True, None, float("inf"), {"x": 1}["x"]])
def test_values_come_back_as_they_were(value):
    change = AuditChange("a", 1, Feature(None, {"v": value}), Feature(b"x", {"v": 0}), geometry=True)
    assert audit.change_of(audit.row_of(change)) == change


def test_a_digest_depends_on_everything_and_on_nothing_else():
    step = ChangeSet("Set {f}", (Delta("value/a/1/name", "王", "李"),), "wang", NOW, {"f": "name"})
    one = audit.digest_of(step, "wang", audit.changes_of(step))
    elsewhere = ChangeSet(step.annotation, step.deltas, "wang", NOW.astimezone(timezone(timedelta(hours=8))), step.values)
    assert audit.digest_of(elsewhere, "wang", audit.changes_of(elsewhere)) == one
    others = [
        ChangeSet("Set", step.deltas, "wang", NOW, step.values),
        ChangeSet(step.annotation, step.deltas, "wang", NOW + timedelta(microseconds=1), step.values),
        ChangeSet(step.annotation, (~step.deltas[0],), "wang", NOW, step.values),
        ChangeSet(step.annotation, step.deltas, "wang", NOW, {"f": "other"}),
    ]
    digests = {audit.digest_of(other, "wang", audit.changes_of(other)) for other in others}
    assert one not in digests
    assert len(digests) == 4
    assert audit.digest_of(step, "li", audit.changes_of(step)) != one


def test_personal_values_are_starred():
    change = AuditChange("card", 1, OLD, OLD.replaced(name=None))
    entry = AuditEntry(1, NOW, NOW, "wang", "desk", "p", "Edit", {}, 1, "", "", "", (change,))
    (shown,) = audit.masked([entry], {"card": ("name",)})
    assert shown.changes[0].before.values == {**OLD.values, "name": "***"}
    assert shown.changes[0].after.values["name"] is None
    assert list(audit.masked([entry], {"other": ("name",)})) == [entry]
