"""The power goes at every single thing the journal asks of the disk: nothing that was confirmed may be missing."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lydigital import paths
from lydigital.edits import journal as journals
from lydigital.edits import log
from lydigital.edits.disk import DISK
from lydigital.errors import RefusedError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, made
from tests.edits import simulated
from tests.edits.simulated import MUTATING, OPERATIONS, Files, SimulatedDisk, day, desk, recovered, seen

STEPS = 24
PROJECT = Path("/simulated/map.lyd.toml")
COUNTED = Counter()


@pytest.fixture
def on(monkeypatch):
    """Let journals work on a simulated disk."""
    monkeypatch.setattr(paths, "state_dir", lambda: Path("/simulated"))
    monkeypatch.setattr(journals, "COMPACT", 3000)

    def use(disk: SimulatedDisk) -> SimulatedDisk:
        for name in OPERATIONS:
            monkeypatch.setattr(DISK, name, getattr(disk, name), raising=False)
        return disk

    return use


def whole(disk: SimulatedDisk) -> None:
    """Every journal ends with a whole frame, or with the rest of one: none is damaged."""
    for path, inode in disk.names_now.items():
        if path.suffix == journals.SUFFIX:
            found = log.read(bytes(inode.now))
            assert found.frames
            assert not found.damaged


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["cut before", "cut after", "torn", "full", "broken", "short"])
def test_nothing_confirmed_is_lost(on, kind, seed):
    clean = on(SimulatedDisk())
    day(desk(Files(), None), PROJECT, seed, STEPS)
    assert set(clean.log) <= MUTATING
    points = [n for n, name in enumerate(clean.log) if kind not in ("torn", "short") or name == "write"]
    for number in points:
        power = (number + seed) % 3 != 0
        disk = on(SimulatedDisk((number, kind), seed=number))
        files = Files()
        done = day(desk(files, None), PROJECT, seed, STEPS)
        COUNTED[kind] += 1
        disk.crash(power=power)
        whole(disk)
        session = recovered(files, PROJECT)
        found = seen(session)
        assert found == done.confirmed or (done.in_hand is not None and found == done.in_hand), (kind, number)
        steps = len(session.history.entries)
        for _ in range(steps):  # and all of it can still be taken back, and done again
            session.undo()
        for _ in range(steps):
            session.redo()
        assert seen(session) == found


def test_it_was_hundreds_of_points(on):
    """Runs last: the number the tests above went through (in one process)."""
    disk = on(SimulatedDisk())
    day(desk(Files(), None), PROJECT, 1, STEPS)
    assert disk.count * 4 * 3 > 500
    assert not COUNTED or len(COUNTED) < 6 or sum(COUNTED.values()) >= 500


def test_failing_twice_in_a_row(on):
    """The power goes again while the work is brought back."""
    for number in range(0, 400, 7):
        disk = on(SimulatedDisk((60, "torn" if number % 2 else "cut after"), seed=number))
        files = Files()
        done = day(desk(files, None), PROJECT, 5, STEPS)
        disk.crash(power=True)
        disk.fault = (disk.count + number % 40, "cut before")
        with contextlib.suppress(simulated.PowerCut):
            recovered(files, PROJECT)
        disk.crash(power=True)
        found = seen(recovered(files, PROJECT))
        assert found in (done.confirmed, done.in_hand), number


def test_a_damaged_middle_stops_there_and_says_so(on):
    disk = on(SimulatedDisk())
    files = Files()
    rng = random.Random(1)
    session = desk(files, None)
    for _ in range(10):
        simulated.work(rng, session, PROJECT, "m")
    disk.crash(power=False)
    (path,) = (p for p in disk.names_now if p.suffix == journals.SUFFIX)
    frames = log.read(disk.read(path)).frames
    disk.names_now[path].now[frames[5].start + 30] ^= 1
    again = desk(files, None)
    (recovery,) = again.recoverable()
    assert recovery.is_damaged
    assert len(recovery.steps) == 4
    again.recover(recovery)
    assert len(again.history.entries) == 4
    assert [p.suffix for p in disk.names_now if p.suffix == ".damaged"] == [".damaged"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_processes_that_are_gone_in_the_middle_of_it(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "tests.edits.killed", str(tmp_path), "3"],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) >= 10


def test_two_programs_on_one_project(on):
    """Each keeps its own; what was done in the one that ends is offered to the next, and nothing of the other."""
    disk = on(SimulatedDisk())
    files = Files()
    first, second = desk(files, None), desk(files, None)
    for session, name in ((first, "first"), (second, "second"), (first, "again")):
        title = session.document.title
        session.commit(ChangeSet("Name", (Delta("document/title", title, name),)))
    assert len([p for p in disk.names_now if p.suffix == journals.SUFFIX]) == 2
    assert desk(files, None).recoverable() == [], "both are alive"
    disk.crash(power=True)
    assert [r.document.title for r in desk(files, None).recoverable()] == ["second", "again"]


def test_steps_that_no_longer_fit_are_listed_and_kept(on):
    disk = on(SimulatedDisk())
    files = Files(store={1: Feature(b"\x01", {"n": 1}), 2: Feature(b"\x02", {"n": 1})})
    session = desk(files, None)
    for fid in (1, 2):
        session.commit(ChangeSet("Set", (Delta(f"value/a/{fid}/n", 1, 5),)))
    disk.crash(power=True)
    files.store[1], files.version = Feature(b"\x01", {"n": 77}), 1  # by another program
    again = desk(files, None)
    (recovery,) = again.recoverable()
    assert [d.changes.deltas[0].target for d in recovery.unfit] == ["value/a/1/n"]
    assert recovery.touched() == {"a": {2}}
    again.recover(recovery)
    assert {fid: f.values["n"] for fid, f in again.features.features("a", [1, 2]).items()} == {1: 77, 2: 5}
    disk.crash(power=True)
    third = desk(files, None)
    (recovery,) = third.recoverable()
    assert [e.changes.deltas[0].target for e in recovery.left.story.left] == ["value/a/1/n"], "kept in the file"
    assert recovery.touched() == {"a": {2}}


def test_saved_and_gone_before_it_was_noted_is_not_offered(on):
    disk = on(SimulatedDisk())
    files = Files(store={1: Feature(b"\x01", {"n": 1})})
    session = desk(files, None)
    session.commit(ChangeSet("Set", (Delta("value/a/1/n", 1, 5),)))
    session.commit(ChangeSet("Make", (made("a", 2, Feature(b"\x02", {"n": 2})),)))
    session.commit(ChangeSet("Set", (Delta("value/a/2/n", 2, 3),)))
    files.store.update({1: Feature(b"\x01", {"n": 5}), 2: Feature(b"\x02", {"n": 3, "filled in": 1})})
    files.version += 1
    disk.crash(power=True)
    assert desk(files, None).recoverable() == []


def test_undo_goes_on_after_save_and_restart_unless_the_store_was_changed(on):
    on(SimulatedDisk())
    files = Files(store={1: Feature(b"\x01", {"n": 1})})
    session = desk(files, None)
    session.commit(ChangeSet("Set", (Delta("value/a/1/n", 1, 5),)))
    session.commit(ChangeSet("Name", (Delta("document/title", "map", "new"),)))
    session.commit(ChangeSet("Set", (Delta("value/a/1/n", 5, 6),)))
    session.undo()
    session.save_features()
    session.save_document(PROJECT)
    session.close()
    again = desk(files, PROJECT)
    assert (len(again.history.entries), len(again.history.undone)) == (2, 1)
    again.redo()
    again.undo()
    again.undo()
    again.undo()
    assert again.features.features("a", [1])[1].values == {"n": 1}
    assert again.document.title == "map"
    assert not again.is_saved, "undoing what is saved is to be saved"
    again.redo()
    again.redo()
    assert again.is_saved
    again.close()
    files.version += 1
    third = desk(files, PROJECT)
    assert [e.changes.annotation for e in third.history.entries] == ["Name"]
    assert [i.code for i in third.issues] == ["journal.changed"]


def test_a_feature_edit_that_cannot_be_kept_is_refused_with_the_way_out(on):
    disk = on(SimulatedDisk())
    session = desk(Files(store={1: Feature(b"\x01", {"n": 1})}), None)
    disk.fault = (0, "full")
    with pytest.raises(RefusedError) as caught:
        session.commit(ChangeSet("Set", (Delta("value/a/1/n", 1, 5),)))
    assert "Free space" in caught.value.hint_text()
    assert session.features.features("a", [1])[1].values == {"n": 1}
    assert session.history.undo_text is None
    assert [i.code for i in session.issues] == ["autosave.failed"]
    session.commit(ChangeSet("Set", (Delta("value/a/1/n", 1, 5),)))
    assert session.issues == ()
