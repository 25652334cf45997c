"""Kill a process in the middle of saving, again and again; run by test_killed.py in a process without threads.

Each kill is of a child of its own: between the machine steps of SQLite (with so small a cache that it writes into the
file long before the commit), or when the file grows beyond a size (in the middle of the commit).
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import shapely

import lydigital.stores.cache  # noqa: F401 - once, not in every child
from lydigital.model.changeset import ChangeSet
from lydigital.model.feature import Feature, changes_between, made, removed
from lydigital.stores import gpkg_save
from lydigital.stores.store import open_store

NOW = datetime(2026, 5, 4, tzinfo=UTC)
FIDS = range(1, 201)
OPERATIONS = 100  # of SQLite's machine between two chances to kill


def work(path: Path) -> list[ChangeSet]:
    """Steps that move, rename, remove and make features."""
    with closing(open_store(path)) as store:
        old = store.fetch("field", list(FIDS))
    shape = shapely.to_wkb(shapely.MultiPolygon([shapely.Point(7e5, 3.9e6).buffer(100)]))
    moved = [d for fid in FIDS[:100] for d in changes_between("field", fid, old[fid], Feature(shape, {"name": "新" * 40}))]
    gone = [removed("field", fid, old[fid]) for fid in FIDS[150:]]
    new = [made("field", 1000 + i, Feature(shape, {"name": "made"})) for i in range(100)]
    return [ChangeSet("Move", tuple(moved), time=NOW), ChangeSet("Swap", tuple(gone + new), time=NOW)]


def state(path: Path) -> tuple[object, int, bool]:
    with closing(open_store(path)) as store:
        found = store.fetch("field", [*FIDS, *range(1000, 1100)])
        verdict = store.verify()
    content = sorted((fid, f.values["name"], f.wkb) for fid, f in found.items())
    return content, verdict.steps, verdict.is_sound


def save(path: Path, steps: list[ChangeSet]) -> None:
    with closing(open_store(path)) as store:
        store.apply(steps, author="wang", machine="desk", now=NOW)


def counted(path: Path, steps: list[ChangeSet]) -> int:
    """Save to the end; how many chances to kill there were."""
    connect, calls = gpkg_save.Saving._connect, [0]

    def count() -> int:
        calls[0] += 1
        return 0

    def counting(self: gpkg_save.Saving):
        db = connect(self)
        db.set_progress_handler(count, OPERATIONS)
        return db

    gpkg_save.Saving._connect = counting
    try:
        save(path, steps)
    finally:
        gpkg_save.Saving._connect = connect
    return calls[0]


def killed(path: Path, steps: list[ChangeSet], *, after: int = 0, size: int = 0) -> bool:
    """Save in a child that kills itself; whether it was killed before it was done."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    try:
        connect = gpkg_save.Saving._connect
        left = [after]

        def count() -> int:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        def small(self: gpkg_save.Saving):
            db = connect(self)
            db.execute("PRAGMA cache_size = 10")
            db.execute("PRAGMA cache_spill = 10")
            if after:
                db.set_progress_handler(count, OPERATIONS)
            return db

        gpkg_save.Saving._connect = small
        if size:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        save(path, steps)
    except BaseException:  # noqa: BLE001
        os._exit(9)
    os._exit(0)


def main(source: Path, folder: Path, points: int) -> None:
    steps = work(source)
    old = state(source)
    done = folder / "done.gpkg"
    shutil.copy(source, done)
    calls = counted(done, steps)
    new = state(done)
    before, end = source.stat().st_size, done.stat().st_size
    path = folder / "city.gpkg"
    kills = hot = kept = 0
    faults = []

    def attempt(**where: int) -> bool:
        nonlocal kills, hot, kept
        for part in folder.glob("city.gpkg*"):
            part.unlink()
        shutil.copy(source, path)
        if not killed(path, steps, **where):
            return False
        kills += 1
        hot += (folder / "city.gpkg-journal").exists()
        found = state(path)
        if found not in (old, new):
            faults.append(f"half written after {where}")
        kept += found == new
        save(path, steps)
        again = state(path)
        if again != new:
            faults.append(f"not as wanted when saved again after {where}: {again[1:]}")
        return True

    for i in range(points):
        attempt(after=1 + i * calls // points)
    sized = sum(attempt(size=before + (end - before) * i // (points // 4)) for i in range(points // 4))
    print(json.dumps({"kills": kills, "hot": hot, "kept": kept, "sized": sized, "faults": faults}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
