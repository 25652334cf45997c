"""Undo after do is nothing, whatever was done: random work on map and features, in memory and through a restart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lydigital import paths
from lydigital.edits.disk import DISK
from tests.edits.simulated import OPERATIONS, Files, SimulatedDisk, desk, recovered, seen, work

EXAMPLES, LONGEST = 140, 100
PROJECT = Path("/simulated/map.lyd.toml")
DONE = [0]


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate],
)  # fmt: skip
@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from("dmgvxnursd"), min_size=LONGEST * 3 // 4, max_size=LONGEST),
)
def test_undo_takes_back_all_and_redo_brings_it_again(monkeypatch, seed, kinds):
    with monkeypatch.context() as patch:
        patch.setattr(paths, "state_dir", lambda: Path("/simulated"))
        disk = SimulatedDisk(seed=seed)
        for name in OPERATIONS:
            patch.setattr(DISK, name, getattr(disk, name), raising=False)
        files, rng = Files(), random.Random(seed)
        session = desk(files, None)
        states = [seen(session)]  # after each step that can be undone now
        for kind in kinds:
            before = len(session.history.entries)
            work(rng, session, PROJECT, kind)
            DONE[0] += 1
            after = len(session.history.entries)
            if after > before or (after == before and kind == "g"):  # a step, or one that joined the last
                states[after:] = [seen(session)]
            assert seen(session) == states[after]
        _there_and_back(session, states)
        disk.crash(power=bool(seed % 2))
        again = recovered(files, PROJECT)
        assert seen(again) == states[-1]
        assert len(again.history.entries) == len(session.history.entries)
        _there_and_back(again, states)


def _there_and_back(session, states):
    """Undo everything, then do it all again, looking at every state on the way."""
    while session.history.redo_text is not None:
        session.redo()
        if len(session.history.entries) >= len(states):
            states.append(seen(session))
    for state in states[-2::-1]:
        session.undo()
        assert seen(session) == state
    assert session.history.undo_text is None
    for state in states[1:]:
        session.redo()
        assert seen(session) == state


def test_it_was_ten_thousand_steps():
    """Runs last; in a run of this test alone there is nothing to count."""
    assert DONE[0] == 0 or DONE[0] >= 10_000
