from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lydigital
from lydigital import paths
from lydigital.edits.journal import Journal, recoverable
from lydigital.model.document import LayerRef, MapDocument
from lydigital.model.style import PointSymbolizer, Rule, Style

STYLE = Style((Rule((PointSymbolizer(),), max_scale=5000.0, minimum=float("-inf")),))
SAVED = MapDocument(title="洛阳", layers=(LayerRef("a", "/x/a.gpkg", style=STYLE),))
CHANGED = MapDocument(title="洛阳", layers=(LayerRef("a", "/x/a.gpkg", style=STYLE, opacity=0.5),))

WRITER = """
import sys, time
from pathlib import Path
from lydigital import paths
paths.state_dir = lambda: Path(sys.argv[1])
from lydigital.edits.journal import Journal
from lydigital.model.document import MapDocument
journal = Journal(sys.argv[2])
journal.write(MapDocument(title="other program"), "Hide")
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture
def project(tmp_path: Path) -> str:
    path = tmp_path / "city.lyd.toml"
    path.write_text("schema = 1")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return str(path)


def abandon(journal: Journal) -> None:
    """End as a killed program does: the system closes its files, nothing is tidied up."""
    journal._lock.close()


def start_other(project: str) -> subprocess.Popen[str]:
    root = str(Path(lydigital.__file__).parents[1])
    other = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(paths.state_dir()), project],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    assert other.stdout.readline() == "written\n"
    return other


def test_unsaved_work_survives_a_crash(project):
    journal = Journal(project)
    journal.write(SAVED, "first")
    journal.write(CHANGED, "Opacity")
    abandon(journal)
    found = recoverable(project, SAVED)
    assert found.document == CHANGED
    assert (found.annotation, found.project) == ("Opacity", project)
    found.discard()
    assert recoverable(project, SAVED) is None
    assert list((paths.state_dir() / "autosave").iterdir()) == []


def test_orderly_end_leaves_nothing(project):
    journal = Journal(project)
    journal.write(CHANGED, "x")
    journal.clear()
    journal.clear()
    assert list((paths.state_dir() / "autosave").iterdir()) == []


def test_nothing_is_offered_when_the_project_is_newer_or_the_same(project):
    journal = Journal(project)
    journal.write(CHANGED, "x")
    abandon(journal)
    assert recoverable(project, CHANGED) is None, "same document"
    os.utime(project, (4_000_000_000, 4_000_000_000))
    assert recoverable(project, SAVED) is None, "saved later"


def test_broken_autosave_is_passed_over(project):
    good, bad = Journal(project), Journal(project)
    good.write(CHANGED, "x")
    bad.write(CHANGED, "x")
    bad._path.write_bytes(b"\x81garbage")
    abandon(good)
    abandon(bad)
    assert recoverable(project, SAVED).path == good._path


def test_running_program_keeps_its_own_and_a_killed_one_is_found(project):
    mine = Journal(project)
    mine.write(CHANGED, "mine")
    other = start_other(project)
    try:
        assert recoverable(project, SAVED) is None, "both are alive"
        mine.clear()
        assert recoverable(project, SAVED) is None, "the other one is still alive"
    finally:
        other.kill()
        other.communicate()
    assert recoverable(project, SAVED).document.title == "other program"


def test_other_projects_are_not_offered(project):
    journal = Journal(project + "2")
    journal.write(CHANGED, "x")
    abandon(journal)
    assert recoverable(project, SAVED) is None
