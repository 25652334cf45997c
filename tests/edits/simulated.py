"""A disk that can fail at any operation, and a person at work above it: for proving that nothing confirmed is lost."""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from lydigital.errors import LydError, RefusedError
from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.document import MapDocument
from lydigital.model.feature import Feature, applied, changes_between, made, parse_target, removed
from lydigital.model.layerdef import Catalogue
from lydigital.session import Session

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = (
    "make_folder", "names", "read", "create", "open", "write", "sync", "read_back", "truncate", "is_there", "close",
    "rename", "sync_folder", "remove", "reserve", "lock",
)  # fmt: skip
MUTATING = frozenset({"make_folder", "create", "open", "write", "sync", "truncate", "rename", "sync_folder", "remove", "reserve"})


class PowerCut(BaseException):
    """The program is no more."""


@dataclass(eq=False)
class Inode:
    durable: bytes = b""
    now: bytearray = field(default_factory=bytearray)


class _Lock:
    def __init__(self, disk: SimulatedDisk, path: Path) -> None:
        self._disk, self._path = disk, path

    def close(self) -> None:
        self._disk.locks.discard(self._path)


class SimulatedDisk:
    """Files in memory. What is not synced may be lost by a power cut: bytes of files, and names by their folder.

    ``fault`` is (number of the operation, what happens); see :meth:`_fail`.
    """

    def __init__(self, fault: tuple[int, str] | None = None, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.fault = fault
        self.count = 0
        self.log: list[str] = []
        self.names_now: dict[Path, Inode] = {}
        self.names_durable: dict[Path, Inode] = {}
        self._changes: list[tuple[str, Path, Path | None, Inode | None]] = []
        self._handles: dict[int, Inode] = {}
        self._next = 3
        self.locks: set[Path] = set()

    # what fails

    def _fail(self, operation: str, content: bytes = b"") -> bytes | None:
        """Count an operation. Raises, or gives back the part of ``content`` that still gets written."""
        number = self.count
        self.count += 1
        self.log.append(operation)
        if self.fault is None or number != self.fault[0]:
            return None
        kind = self.fault[1]
        if kind == "cut before":
            raise PowerCut
        if kind == "cut after":
            return content
        if kind == "torn" and operation == "write":
            return content[: self.random.randrange(len(content))]
        if kind == "short" and operation == "write":
            return content[: self.random.randrange(1, len(content) + 1)]
        if kind in ("full", "broken"):
            raise OSError(errno.ENOSPC if kind == "full" else errno.EIO, kind)
        return None

    def _after(self) -> None:
        if self.fault is not None and self.count - 1 == self.fault[0] and self.fault[1] in ("cut after", "torn"):
            raise PowerCut

    def crash(self, *, power: bool) -> None:
        """All programs end; with ``power`` also what was not synced is lost in part."""
        self.fault = None
        self.locks.clear()
        self._handles.clear()
        if power:
            for change in self._changes[: self.random.randrange(len(self._changes) + 1)]:
                self._apply(self.names_durable, change)
            self.names_now = dict(self.names_durable)
            for inode in self.names_now.values():
                new, old = bytes(inode.now), inode.durable
                if new[: len(old)] == old:
                    kept = new[: self.random.randrange(len(old), len(new) + 1)]
                    inode.now = bytearray(kept + bytes(self.random.choice((0, 0, 300))))
                else:
                    inode.now = bytearray(self.random.choice((old, new)))
        self._changes.clear()
        for inode in self.names_now.values():
            inode.durable = bytes(inode.now)
        self.names_durable = dict(self.names_now)

    def _change(self, what: str, path: Path, to: Path | None = None, inode: Inode | None = None) -> None:
        change = (what, path, to, inode)
        self._apply(self.names_now, change)
        self._changes.append(change)

    @staticmethod
    def _apply(names: dict[Path, Inode], change: tuple[str, Path, Path | None, Inode | None]) -> None:
        what, path, to, inode = change
        if what == "add":
            names[path] = inode
        elif path in names:
            found = names.pop(path)
            if what == "rename":
                names[to] = found

    # what a journal asks

    def make_folder(self, folder: Path) -> None:
        self._fail("make_folder")
        self._after()

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in (*self.names_now, *self.locks) if path.parent == folder]

    def read(self, path: Path) -> bytes:
        try:
            return bytes(self.names_now[path].now)
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "gone", str(path)) from None

    def create(self, path: Path) -> int:
        self._fail("create")
        self._change("add", path, inode=Inode())
        self._after()
        return self._handle(path)

    def open(self, path: Path) -> int:
        self._fail("open")
        self._after()
        return self._handle(path)

    def _handle(self, path: Path) -> int:
        self._next += 1
        self._handles[self._next] = self.names_now[path]
        return self._next

    def write(self, handle: int, content: bytes) -> int:
        part = self._fail("write", content)
        part = content if part is None else part
        self._handles[handle].now += part
        self._after()
        return len(part)

    def sync(self, handle: int) -> None:
        self._fail("sync")
        inode = self._handles[handle]
        inode.durable = bytes(inode.now)
        self._after()

    def read_back(self, handle: int, size: int) -> bytes:
        return bytes(self._handles[handle].now[:size])

    def truncate(self, handle: int, size: int) -> None:
        self._fail("truncate")
        del self._handles[handle].now[size:]
        self._after()

    def is_there(self, handle: int, path: Path) -> bool:
        return self.names_now.get(path) is self._handles[handle]

    def close(self, handle: int) -> None:
        del self._handles[handle]

    def rename(self, old: Path, new: Path) -> None:
        self._fail("rename")
        self._change("rename", old, new)
        self._after()

    def sync_folder(self, folder: Path) -> None:
        self._fail("sync_folder")
        self.names_durable = dict(self.names_now)
        self._changes.clear()
        self._after()

    def remove(self, path: Path) -> None:
        if path in self.names_now:
            self._fail("remove")
            self._change("remove", path)
            self._after()

    def reserve(self, path: Path, size: int) -> None:
        self._fail("reserve")
        self._change("add", path, inode=Inode(bytes(size), bytearray(size)))
        self._after()

    def lock(self, path: Path) -> _Lock | None:
        if path in self.locks:
            return None
        self.locks.add(path)
        return _Lock(self, path)


@dataclass(eq=False)
class Files:
    """What project file and store hold: written by others, in one step each."""

    store: dict[int, Feature] = field(default_factory=dict)
    version: int = 0
    projects: dict[Path, MapDocument] = field(default_factory=dict)


class Desk(Session):
    """A session whose one layer ``a`` comes from :class:`Files`."""

    files: Files

    def _stored(self, layer_id, fids):
        return {fid: self.files.store[fid] for fid in fids if fid in self.files.store}

    def _store_state(self, layer):
        return f"version {self.files.version}"

    def save_features(self) -> None:
        for step in list(self.features.steps):
            for delta in step.deltas:
                target = parse_target(delta.target)
                after = applied(self.files.store.get(target.fid), delta, target)
                if after is None:
                    del self.files.store[target.fid]
                else:
                    self.files.store[target.fid] = after
        self.files.version += 1
        self.mark_features_saved(("a",))

    def save_document(self, path: Path) -> None:
        self.files.projects[path] = self.document
        self.mark_saved(path)


def desk(files: Files, path: Path | None) -> Desk:
    """Open the map at ``path``, or the store's own, as a new program does."""
    kind = type("DeskOf", (Desk,), {"files": files})
    document = files.projects.get(path, MapDocument(title="map", store="store"))
    return kind(document, Catalogue((), ()), path=path, author="tester", autosave=True)


def seen(session: Session) -> tuple[MapDocument, dict[int, Feature]]:
    """Everything a user could lose."""
    return session.document.content, session.features.features("a", list(range(1, 40)))


def work(rng: random.Random, session: Desk, path: Path, kinds: str = "dmgvxnurrus") -> None:
    """One thing a person does, drawn by ``rng``; raises what the session raises."""
    kind = rng.choice(kinds)
    features = session.features.features("a", list(range(1, 40)))
    some = rng.choice(sorted(features)) if features else None
    if kind == "d":
        session.commit(ChangeSet("Name", (Delta("document/title", session.document.title, f"t{rng.random():.3f}"),)))
    elif kind == "n":
        theme = session.document.theme
        both = [Delta("document/theme", theme, "dark" if theme == "light" else "light")]
        if some is not None:
            both += changes_between("a", some, features[some], features[some].replaced(n=rng.randrange(1000)))
        session.commit(ChangeSet("Both", tuple(both)))
    elif kind == "m" or some is None:
        fid = rng.choice([i for i in range(1, 40) if i not in features])
        session.commit(ChangeSet("Make", (made("a", fid, Feature(rng.randbytes(40), {"n": 0, "name": "路"})),)))
    elif kind == "g":
        moved = msgspec.structs.replace(features[some], wkb=rng.randbytes(rng.choice((20, 200))))
        session.commit(ChangeSet("Move", changes_between("a", some, features[some], moved)), merge=True)
    elif kind == "v":
        renamed = features[some].replaced(name=rng.choice(("路", None, "x")), n=rng.randrange(9))
        deltas = changes_between("a", some, features[some], renamed)
        if deltas:
            session.commit(ChangeSet("Set", deltas))
    elif kind == "x":
        session.commit(ChangeSet("Delete", (removed("a", some, features[some]),)))
    elif kind == "u":
        session.undo()
    elif kind == "r":
        session.redo()
    elif kind == "s":
        session.save_features()
        session.save_document(path)


@dataclass
class Day:
    """A day of work: what was confirmed last, what was in hand when it ended."""

    confirmed: tuple
    in_hand: tuple | None = None
    refused: int = 0


def day(session: Desk, path: Path, seed: int, steps: int) -> Day:
    """Work through ``steps`` things; ends early by :class:`PowerCut`."""
    rng = random.Random(seed)
    result = Day(seen(session))
    for _ in range(steps):
        state = rng.getstate()
        result.in_hand = _without_journal(session, state, path)
        try:
            work(rng, session, path)
        except PowerCut:
            return result
        except RefusedError:
            result.refused += 1
            assert seen(session) == result.confirmed, "refused, and yet something changed"
        result.confirmed, result.in_hand = seen(session), None
    return result


def _without_journal(session: Desk, state: object, path: Path) -> tuple:
    """What the map would be after the next thing."""
    files = Files(dict(session.files.store), session.files.version, dict(session.files.projects))
    rng = random.Random()
    rng.setstate(state)
    twin = type("Twin", (Desk,), {"files": files})(MapDocument(), Catalogue((), ()))
    twin.document, twin.history.path = session.document, session.history.path
    twin.features._now = {layer: dict(now) for layer, now in session.features._now.items()}
    twin.features.steps = list(session.features.steps)
    twin.features._unsaved = {layer: set(fids) for layer, fids in session.features._unsaved.items()}
    twin.history.take_up(session.history.entries, session.history.undone)
    try:
        work(rng, twin, path)
    except LydError:
        return seen(session)
    return seen(twin)


def recovered(files: Files, path: Path) -> Desk:
    """The map opened by a new program, with the work of the last one brought back."""
    session = desk(files, path if path in files.projects else None)
    for recovery in session.recoverable()[:1]:
        assert not recovery.unfit, "a step does not fit"
        assert not recovery.is_damaged
        session.recover(recovery)
    return session
