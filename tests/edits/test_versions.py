"""Versions told from the trail, against a replay of the states that really were."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lydigital.edits import versions
from lydigital.model.audit import AuditEntry, changes_of
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import Feature, changes_between

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIDS = (1, 2, 3)
features = st.builds(
    Feature, st.sampled_from([None, b"a", b"b", b"c"]),
    st.fixed_dictionaries({"name": st.sampled_from(["x", "y", None]), "size": st.integers(0, 2)}),
)  # fmt: skip
steps = st.lists(st.dictionaries(st.sampled_from(FIDS), st.none() | features, min_size=1), max_size=8)


def entry(seq: int, changes: ChangeSet, author: str = "王") -> AuditEntry:
    found = tuple(changes_of(changes))
    return AuditEntry(seq, NOW, NOW, author, "m", "p", "Edit", {}, len(found), "", "", "", found)


def replay(targets):
    """States after each step, and the trail of it."""
    states, trail = [dict.fromkeys(FIDS)], []
    for seq, target in enumerate(targets, 1):
        before = states[-1]
        deltas = tuple(d for fid, new in target.items() for d in changes_between("way", fid, before[fid], new))
        trail.append(entry(seq, ChangeSet("Edit", deltas)))
        states.append({**before, **target})
    return states, trail


@given(steps)
@settings(max_examples=300, deadline=None)
def test_as_of_is_what_was(targets):
    states, trail = replay(targets)
    for seq, state in enumerate(states):
        later = trail[seq:]
        fids = versions.touched(later).get("way", [])
        assert versions.as_of({fid: states[-1][fid] for fid in fids}, later) == {fid: state[fid] for fid in fids}


@given(steps)
@settings(max_examples=200, deadline=None)
def test_versions_of_a_feature_are_what_was(targets):
    states, trail = replay(targets)
    for fid in FIDS:
        mine = [_with(e, c) for e in trail if (c := tuple(x for x in e.changes if x.fid == fid))]
        for version in versions.versions(mine, states[-1][fid]):
            assert version.feature == states[version.entry.seq][fid]
            assert version.before == states[version.entry.seq - 1][fid]
            assert version.foreign == ()
            assert version.is_whole


@given(steps, st.integers(0, 8))
@settings(max_examples=200, deadline=None)
def test_net_changes_lead_from_then_to_now(targets, since):
    states, trail = replay(targets)
    since = min(since, len(trail))
    now = {"way": {fid: f for fid, f in states[-1].items() if f is not None}}
    found = {c.fid: c for c in versions.net_changes(trail[since:], now).get("way", [])}
    for fid in FIDS:
        before, after = states[since][fid], states[-1][fid]
        if before == after:
            assert fid not in found
        else:
            assert (found[fid].before, found[fid].after) == (before, after)
            assert found[fid].kind == ("new" if before is None else "removed" if after is None else "changed")


def test_what_another_program_did_is_named():
    old, new = Feature(b"a", {"name": "x", "size": 1}), Feature(b"a", {"name": "y", "size": 1})
    trail = [entry(1, ChangeSet("Edit", changes_between("way", 1, old, new)))]
    other = Feature(b"a", {"name": "z", "size": 5})
    (version,) = versions.versions(trail, other)
    assert version.foreign == ("name",)
    assert version.feature.values == {"name": "y", "size": 5}
    (gone,) = versions.versions(trail, None)
    assert gone.foreign == ("*",)
    assert not gone.is_whole


def _with(found: AuditEntry, changes) -> AuditEntry:
    return msgspec.structs.replace(found, changes=changes)
