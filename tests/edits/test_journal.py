"""The journal of one map: what it keeps, what is found again, two programs, a folder that goes away."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import lydigital
from lydigital import paths
from lydigital.edits import journal as journals
from lydigital.edits.disk import DISK, RealDisk
from lydigital.edits.history import Entry, View
from lydigital.edits.journal import Journal, discard, left_behind, recoverable
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.crs import Crs
from lydigital.model.document import Bookmark, Group, LayerRef, MapDocument
from lydigital.model.feature import Feature, made
from lydigital.model.selection import Selection
from lydigital.model.style import PointSymbolizer, Rule, Style
from lydigital.model.viewport import Viewport

PROJECT = "/x/city.lyd.toml"
STYLE = Style((Rule((PointSymbolizer(),), max_scale=5000.0, minimum=float("-inf")),))
SAVED = MapDocument(title="洛阳", layers=(LayerRef("a", "/x/a.gpkg", style=STYLE), LayerRef("b", "/x/a.gpkg")))
VIEW = View(
    Viewport((1.5, 2.5), 0.25, 800, 600, Crs("EPSG:4546"), 120.0), Selection({"a": np.array([1, 7], np.int64)})
)

WRITER = """
import sys, time
from pathlib import Path
from lydigital import paths
paths.state_dir = lambda: Path(sys.argv[1])
from lydigital.edits.history import Entry, View
from lydigital.edits.journal import Journal
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import MapDocument
from lydigital.model.selection import Selection
view = View(None, Selection())
journal = Journal(sys.argv[2], MapDocument(title="a"))
journal.step(Entry(ChangeSet("Name", (Delta("document/title", "a", "b"),)), view, view))
print("written", flush=True)
time.sleep(60)
"""


def folder() -> Path:
    return paths.state_dir() / "journal"


def names(end: str = "") -> list[str]:
    return sorted(p.name for p in folder().iterdir() if p.name.endswith(end)) if folder().exists() else []


def opacity(old: float, new: float, **more) -> Entry:
    return Entry(ChangeSet("Opacity", (Delta("layer/a/opacity", old, new),), **more), VIEW, VIEW)


def abandon(journal: Journal) -> None:
    """End as a killed program does: the system closes its files, nothing is tidied up."""
    journal._lock.close()
    journal._log.close()


def only() -> journals.Story:
    (left,) = left_behind(PROJECT)
    return left.story


def test_every_kind_of_change_reads_back_the_same():
    feature = Feature(b"\x01\x02", {"name": "路", "n": 1, "x": 1.5, "yes": True, "photo": b"\xff", "none": None})
    steps = (
        (Delta("layer/a/opacity", 1.0, 0.5),),
        (Delta("layer/a/style", STYLE, None),),
        (Delta("layer/a", LayerRef("a", "/x/a.gpkg", opacity=0.5), None),),
        (Delta("group/g", None, Group("g", "组")), Delta("group/g/visible", True, False)),
        (Delta("layer/c", None, LayerRef("c", "/x/c.gpkg")), Delta("document/order", ("b", "c"), ("c", "b"))),
        (Delta("document/bookmarks", (), (Bookmark("b", (1.0, 2.0), 500.0, ("a",)),)),),
        (Delta("document/theme", "light", "dark"),),
        (made("b", 9, feature), Delta("geometry/b/9", b"\x01\x02", None), Delta("value/b/9/n", 1, 2.0)),
        (Delta("feature/b/8", feature, None),),
    )
    journal = Journal(PROJECT, SAVED, state=lambda layer: f"state of {layer}")
    document = SAVED
    for deltas in steps:
        changes = ChangeSet("Hide {layer}", deltas, author="王", values={"layer": "道路"})
        document = document.applied(ChangeSet("", tuple(d for d in deltas if not d.target.startswith(("feature", "geometry", "value")))))
        journal.step(Entry(changes, VIEW, View(None, Selection())))
    abandon(journal)
    story = only()
    assert story.document == document
    assert [e.changes.deltas for e in story.stack.done] == list(steps)
    entry = story.stack.done[0]
    assert (entry.changes.author, entry.changes.values) == ("王", {"layer": "道路"})
    assert entry.before.viewport == VIEW.viewport
    assert entry.before.selection == VIEW.selection
    assert entry.after.viewport is None
    assert entry.after.selection == Selection()
    assert story.stores == {"b": "state of b"}
    assert len(story.unsaved) == 2
    assert type(story.unsaved[0].deltas[2].new) is float


def test_unsaved_work_survives_a_crash_and_is_given_up_on_demand():
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.5))
    assert left_behind(PROJECT) == [], "its program is alive"
    abandon(journal)
    (left,) = recoverable(PROJECT, SAVED)
    assert left.story.document.layer("a").opacity == 0.5
    assert recoverable(PROJECT, left.story.document) == [], "saved before it was noted"
    assert recoverable(PROJECT + "2", SAVED) == []
    discard(left.path)
    assert names() == []


def test_gestures_undo_and_redo_are_told():
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.8))
    journal.step(opacity(0.8, 0.6), merge=True)
    journal.step(Entry(ChangeSet("Dark", (Delta("document/theme", "light", "dark"),)), VIEW, VIEW))
    journal.undo(ChangeSet(""))
    journal.undo(ChangeSet(""))
    journal.redo(ChangeSet(""))
    abandon(journal)
    story = only()
    assert [len(story.stack.done), len(story.stack.undone)] == [1, 1]
    assert story.stack.done[0].changes.deltas == (Delta("layer/a/opacity", 1.0, 0.6),)
    assert (story.document.layer("a").opacity, story.document.theme) == (0.6, "light")


def test_what_is_saved_is_not_offered_and_can_be_undone_in_the_next_run():
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.5))
    done = SAVED.applied(opacity(1.0, 0.5).changes)
    journal.saved(done, everything=True)
    journal.close()
    assert recoverable(PROJECT, done) == []
    assert len(names()) == 1, "no lock, no reserve"
    again = Journal(PROJECT, done)
    story = again.recall()
    assert len(story.stack_at(done).done) == 1
    assert Journal(PROJECT, MapDocument(title="changed elsewhere")).recall() is None
    again.begin_with(story.stack_at(done).done, (), {})
    again.undo(ChangeSet(""))
    assert len(names(".journal")) == 1, "the old file is taken up"
    abandon(again)
    assert only().document.layer("a").opacity == 1.0


def test_order_never_follows_the_clock():
    """The newest journal is the one made last, and steps stay in their order, though the clock ran backwards."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for number, hours in enumerate((0, -5, -10)):
        journal = Journal(PROJECT, SAVED)
        journal.step(opacity(1.0, 0.9, time=now + timedelta(hours=hours)))
        journal.step(opacity(0.9, 0.1 * number, time=now + timedelta(hours=hours - 1)))
        path = journal._path
        abandon(journal)
        os.utime(path, (1e9 - number, 1e9 - number))
    found = [left.story.document.layer("a").opacity for left in recoverable(PROJECT, SAVED)]
    assert found == [0.2, 0.1, 0.0]


def test_running_program_keeps_its_own_and_a_killed_one_is_found():
    mine = Journal(PROJECT, MapDocument(title="a"))
    mine.step(Entry(ChangeSet("", (Delta("document/title", "a", "mine"),)), VIEW, VIEW))
    other = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(paths.state_dir()), PROJECT],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(Path(lydigital.__file__).parents[1])},
    )  # fmt: skip
    try:
        assert other.stdout.readline() == "written\n"
        assert left_behind(PROJECT) == [], "both are alive"
        assert len(names(".journal")) == 2
        mine.close()
        assert [left.story.document.title for left in left_behind(PROJECT)] == ["mine"]
    finally:
        other.kill()
        other.communicate()
    assert {left.story.document.title for left in left_behind(PROJECT)} == {"mine", "b"}


def test_a_folder_removed_meanwhile_is_made_again_with_everything():
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.5))
    shutil.rmtree(paths.state_dir())
    journal.step(opacity(0.5, 0.25))
    assert left_behind(PROJECT) == [], "locked again"
    abandon(journal)
    assert only().document.layer("a").opacity == 0.25
    assert len(only().stack.done) == 2


def test_a_full_disk_takes_small_steps_from_the_reserve_then_says_so(monkeypatch):
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.9))
    assert journal.has_reserve
    room = [0]

    def write(handle: int, content: bytes) -> int:
        if not journal.has_reserve:
            room[0] += 1
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return RealDisk.write(DISK, handle, content)

    monkeypatch.setattr(DISK, "write", write, raising=False)
    journal.step(opacity(0.9, 0.8))
    assert not journal.has_reserve
    abandon(journal)
    assert only().document.layer("a").opacity == 0.8


def test_steps_of_the_map_are_owed_while_the_disk_refuses_and_written_later(monkeypatch):
    journal = Journal(PROJECT, SAVED)

    def refuse(*_args: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(DISK, "write", refuse, raising=False)
        with pytest.raises(OSError, match="Read-only"):
            journal.step(opacity(1.0, 0.9))
        with pytest.raises(OSError, match="Read-only"):
            journal.step(Entry(ChangeSet("Make", (made("a", 1, Feature()),)), VIEW, VIEW))
    journal.step(opacity(0.9, 0.8))
    abandon(journal)
    story = only()
    assert [e.changes.annotation for e in story.stack.done] == ["Opacity", "Opacity"], "the refused edit is not there"
    assert story.document.layer("a").opacity == 0.8


def test_a_file_that_grows_is_made_smaller_when_all_is_saved(monkeypatch):
    monkeypatch.setattr(journals, "COMPACT", 2000)
    journal = Journal(PROJECT, SAVED)
    now, document = 1.0, SAVED
    for number in range(200):
        entry = opacity(now, number / 200)
        journal.step(entry, merge=number > 0)
        now, document = number / 200, document.applied(entry.changes)
    before = journal._log.size
    journal.saved(document, everything=True)
    assert journal._log.size < before / 20
    journal.step(opacity(now, 0.123))
    abandon(journal)
    story = only()
    assert [d.old for e in story.stack.done for d in e.changes.deltas] == [1.0, now]
    assert story.document.layer("a").opacity == 0.123


def test_a_step_of_any_size_goes_in_pieces():
    deltas = tuple(Delta(f"geometry/a/{fid}", bytes(100), bytes(101)) for fid in range(20_000))
    journal = Journal(PROJECT, SAVED)
    journal.step(Entry(ChangeSet("Move all", deltas), VIEW, VIEW))
    journal.undo(ChangeSet("", deltas))
    abandon(journal)
    story = only()
    assert story.stack.undone[0].changes.deltas == deltas
    assert story.unsaved == []


def test_giving_up_leaves_what_was_saved():
    journal = Journal(PROJECT, SAVED)
    journal.step(opacity(1.0, 0.5))
    document = SAVED.applied(opacity(1.0, 0.5).changes)
    journal.saved(document, everything=True)
    journal.step(opacity(0.5, 0.1))
    journal.close(give_up=True)
    assert recoverable(PROJECT, document) == []
    assert len(only().stack.done) == 1
    other = Journal(PROJECT + "3", SAVED)
    other.step(opacity(1.0, 0.5))
    other.close(give_up=True)
    assert left_behind(PROJECT + "3") == []
