"""The journal: every change is on disk before it is on the screen.

Every running program writes one file for each map it edits, in ``state_dir()/journal``, and holds a lock beside it; a
file whose lock is free was left by a program that ended, in order or not. The system releases locks of dead programs,
so no process ids are guessed at. What is undone after a save or a restart comes from the same file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lydigital import paths
from lydigital.edits import records
from lydigital.edits.disk import DISK, Disk, Lock
from lydigital.edits.log import Log
from lydigital.edits.records import Base, Kind, Saved, Step
from lydigital.edits.story import Story, layers_of, read, shortened
from lydigital.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from lydigital.edits.history import Entry
    from lydigital.edits.log import Payload
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.document import MapDocument

SUFFIX = ".journal"
RESERVE = 1 << 18  # bytes kept free for the steps after the disk is full
COMPACT = 4 << 20  # a file below this is not worth making smaller


@dataclass(frozen=True, eq=False)
class Left:
    """A journal that a program left behind."""

    path: Path
    story: Story


class Journal:
    """Journal of one map in one running program. No file is made before the first change.

    Parameters
    ----------
    project
        The project file's absolute path, or the store URI of a map that has no file yet.
    document
        The map as it is on disk.
    state
        State of the store behind a layer: a text that changes when the store does.
    """

    def __init__(
        self, project: str, document: MapDocument, *, state: Callable[[str], str] = lambda _layer: "", disk: Disk = DISK
    ) -> None:  # fmt: skip
        self.project = project
        self._document = document
        self._state = state
        self._disk = disk
        self._path = _folder() / _name(project)
        self._lock: Lock | None = None
        self._log: Log | None = None
        self._before = (0, 0)
        self._owed: list[Payload] = []
        self._given: list[Payload] = []  # owed before the last record was written
        self._stores: dict[str, str] = {}
        self._past: tuple[tuple[Entry, ...], tuple[Entry, ...]] = ((), ())
        self._adopted: tuple[str, ...] = ()
        self._compacted = 0
        self._has_reserve = False

    @property
    def has_reserve(self) -> bool:
        """Whether the disk still has the room that is kept free for it."""
        return self._log is None or self._has_reserve

    def recall(self) -> Story | None:
        """The newest story of an earlier run that led to the map as it is now on disk."""
        stories = [
            left for left in left_behind(self.project, disk=self._disk) if left.story.stack_at(self._document) is not None
        ]  # fmt: skip
        if not stories:
            return None
        newest = max(stories, key=lambda left: left.path.name)
        if not _lacks(newest.story, self._document):
            self._adopted = (newest.path.name,)
        return newest.story

    def begin_with(self, done: Iterable[Entry], undone: Iterable[Entry], stores: Mapping[str, str]) -> None:
        """Steps of an earlier run that can be undone in this one."""
        self._past = (tuple(done), tuple(undone))
        self._stores = dict(stores)

    def step(self, entry: Entry, *, merge: bool = False, undoable: bool = True) -> None:
        """Write down a step and wait until it is on the disk.

        Raises
        ------
        OSError
            When it cannot be written. A step of the document only is owed then: it is written with the next one.
        """
        stores = {
            layer: self._state(layer)
            for layer in layers_of(entry.changes) if layer not in self._stores
        }  # fmt: skip
        record = Step(entry, merge, undoable, stores)
        self._append(lambda: records.step(record), required=bool(layers_of(entry.changes)))
        self._stores.update(stores)

    def undo(self, changes: ChangeSet) -> None:
        """Write down that the last step, ``changes``, is undone. Raises as :meth:`step`."""
        self._append(lambda: [records.UNDO], required=bool(layers_of(changes)))

    def redo(self, changes: ChangeSet) -> None:
        """Write down that the step undone last, ``changes``, is done again. Raises as :meth:`step`."""
        self._append(lambda: [records.REDO], required=bool(layers_of(changes)))

    def take_back(self) -> None:
        """The last record was not done after all."""
        if self._log is not None:
            self._log.take_back(*self._before)
            self._owed = self._given

    def saved(self, document: MapDocument | None, layers: Iterable[str] = (), *, everything: bool = False) -> None:
        """Files have ``document`` and the features of ``layers`` as they are now.

        Raises
        ------
        OSError
            When it cannot be written; the marker is owed then.
        """
        layers = tuple(layers)
        if everything and self._log is None:
            self._owed.clear()
        if document is not None and not self._owed:
            self._document = document
        if layers:
            self._stores = {layer: self._state(layer) for layer in self._stores}
        if self._log is None and not self._owed:
            return
        record = Saved(document, layers, self._stores if layers else {})
        self._append(lambda: [records.saved(record)], required=False)
        if everything and self._log is not None and self._log.size > max(COMPACT, 2 * self._compacted):
            self._compact()
        self._disk_has_room()

    def move(self, project: str, document: MapDocument) -> None:
        """Go on as the journal of another project, just saved with ``document``.

        Raises
        ------
        OSError
            When it cannot be written; the next record tries again.
        """
        self.project = project
        if self._log is None:
            self._document = document
            self._owed.clear()  # they are of the document, and it is saved
            self._adopted = ()
            self._path = _folder() / _name(project)
        else:
            self._follow()

    def _follow(self) -> None:
        """Have the file bear the name of the project."""
        assert self._log is not None
        if self._path.name.startswith(_key(self.project)):
            return
        story = self._read(self._path)
        path = self._numbered(_folder() / _name(self.project))
        self._disk.make_folder(path.parent)
        lock = self._disk.lock(_lock_path(path))
        try:
            fresh = Log.create(self._disk, path, story.frames(self._base((), story.stores, story)))
        except OSError:
            self._release(path, lock)
            raise
        self._log.close()
        old, old_lock = self._path, self._lock
        self._log, self._path, self._lock, self._has_reserve = fresh, path, lock, False
        with contextlib.suppress(OSError):
            self._disk.remove(old)
            self._release(old, old_lock)
        self._disk_has_room()

    def absorb(self, path: Path, steps: Iterable[Payload], left: Iterable[Entry]) -> None:
        """Take over ``steps`` from a journal left behind at ``path``, which goes; all of it or nothing.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        self._open()
        assert self._log is not None
        story = self._read(self._path)
        base = self._base((*story.base.adopted, path.name), story.stores, story)

        def payloads() -> Iterable[Payload]:
            yield from story.frames(base)
            for entry in left:
                yield from records.step(Step(entry), kind=Kind.LEFT)
            yield from steps

        fresh = Log.create(self._disk, self._path, payloads(), replaced=self._log)
        self._log.close()
        self._log = fresh
        discard(path, disk=self._disk)

    def close(self, *, give_up: bool = False) -> None:
        """Let go of the file, which stays. With ``give_up`` what is not saved goes; what can be undone before it stays."""
        if self._log is None:
            return
        remove = False
        if give_up:
            with contextlib.suppress(OSError):  # it is offered once more then
                story = self._rewrite(events=False)
                remove = not (story.settled.done or story.settled.undone or story.left)
        self._log.close()
        self._log = None
        if remove:
            self._disk.remove(self._path)
        self._release(self._path, self._lock)
        self._lock = None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _append(self, frames: Callable[[], Iterable[Payload]], *, required: bool) -> None:
        try:
            self._write(frames)
        except OSError:
            if not required:
                self._owed += frames()
            raise

    def _write(self, frames: Callable[[], Iterable[Payload]]) -> None:
        try:
            self._open()
            self._put(frames)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self.has_reserve or self._log is None:
                raise
            self._disk.remove(self._reserve)
            self._has_reserve = False
            self._put(frames)

    def _put(self, frames: Callable[[], Iterable[Payload]]) -> None:
        assert self._log is not None
        self._follow()
        self._before = (self._log.size, self._log.sequence)
        if self._log.append([*self._owed, *frames()] if self._owed else frames()):
            self._hold()  # the folder was removed, and the lock with it
        self._given, self._owed = self._owed, []

    def _open(self) -> None:
        """Make the file, with what can be undone from earlier runs; theirs go then."""
        if self._log is not None:
            return
        self._path = self._numbered(self._path)
        self._hold()
        try:
            done, undone = self._past
            base = self._base(self._adopted, self._stores)
            self._log = Log.create(self._disk, self._path, _opening(base, done, undone))
        except OSError:
            self._release(self._path, self._lock)
            self._lock = None
            raise
        self._past = ((), ())
        self._compacted = self._log.size
        with contextlib.suppress(OSError):  # in the way of nothing
            for name in self._stale():
                discard(self._path.with_name(name), disk=self._disk)
        self._disk_has_room()

    def _hold(self) -> None:
        self._disk.make_folder(self._path.parent)
        if self._lock is not None:
            self._lock.close()
        self._lock = self._disk.lock(_lock_path(self._path))

    def _stale(self) -> list[str]:
        """Journals of this project with nothing in them that any file lacks."""
        return [
            left.path.name for left in left_behind(self.project, disk=self._disk)
            if left.path.name in self._adopted or not _lacks(left.story, self._document)
        ]  # fmt: skip

    def _disk_has_room(self) -> None:
        if self._log is not None and not self.has_reserve:
            try:
                self._disk.reserve(self._reserve, RESERVE)
                self._has_reserve = True
            except OSError:
                with contextlib.suppress(OSError):
                    self._disk.remove(self._reserve)

    def _compact(self) -> None:
        """Make the file smaller, unless most of it is steps to undo, such as a photo: they would only be written again."""
        assert self._log is not None
        story = self._read(self._path)
        kept = sum(records.weight(e.changes) for e in (*shortened(story.settled.done), *shortened(story.settled.undone)))
        if kept > self._log.size // 2:
            self._compacted = self._log.size
        else:
            self._rewrite(story)

    def _rewrite(self, story: Story | None = None, *, events: bool = True) -> Story:
        """Write the same in fewer records; returns what that is."""
        story = story or self._read(self._path)
        base = self._base(story.base.adopted, story.stores, story)
        fresh = Log.create(self._disk, self._path, story.frames(base, events=events), replaced=self._log)
        assert self._log is not None
        self._log.close()
        self._log, self._compacted = fresh, fresh.size
        return story

    def _read(self, path: Path) -> Story:
        story = read(self._disk.read(path))
        if story is None or story.damaged:
            raise OSError(errno.EIO, "The journal on the disk is damaged")
        return story

    def _base(self, adopted: tuple[str, ...], stores: Mapping[str, str], story: Story | None = None) -> Base:
        document = self._document if story is None else story.settled_document
        return Base(self.project, document, dict(stores), adopted=adopted)

    def _numbered(self, path: Path) -> Path:
        """``path`` with a number after those of all earlier journals of the project, whatever the clock says."""
        key, _, *rest = path.stem.split("-")
        numbers = [
            int(number) for name in self._disk.names(path.parent)
            if name.startswith(f"{key}-") and name.endswith(SUFFIX) and (number := name.split("-")[1]).isdecimal()
        ]  # fmt: skip
        return path.with_name("-".join((key, f"{max(numbers, default=0) + 1:08d}", *rest)) + SUFFIX)

    @property
    def _reserve(self) -> Path:
        return self._path.with_suffix(".reserve")

    def _release(self, path: Path, lock: Lock | None) -> None:
        self._disk.remove(path.with_suffix(".reserve"))
        if lock is not None:
            lock.close()
        self._disk.remove(_lock_path(path))


def left_behind(project: str, *, disk: Disk = DISK) -> list[Left]:
    """Journals of ``project`` whose program has ended, newest first; what cannot be read at all is passed over."""
    folder, key = _folder(), _key(project)
    names = set(disk.names(folder))
    found: list[Left] = []
    for name in sorted((n for n in names if n.startswith(f"{key}-") and n.endswith(SUFFIX)), reverse=True):
        path = folder / name
        if _lock_path(path).name in names:
            lock = disk.lock(_lock_path(path))
            if lock is None:
                continue
            lock.close()
        try:
            story = read(disk.read(path))
        except OSError:
            continue
        if story is not None:
            found.append(Left(path, story))
    adopted = {name for left in found for name in left.story.base.adopted}
    return [left for left in found if left.path.name not in adopted]


def recoverable(project: str, document: MapDocument, *, disk: Disk = DISK) -> list[Left]:
    """Journals left behind with work that ``document``, the project as it is on disk, or the stores may lack."""
    return [left for left in left_behind(project, disk=disk) if _lacks(left.story, document)]


def discard(path: Path, *, disk: Disk = DISK) -> None:
    """Remove a journal left behind; one that is damaged is kept under another name, for a person to look into."""
    try:
        story = read(disk.read(path))
    except OSError:
        story = None
    if story is not None and story.damaged:
        disk.rename(path, path.with_suffix(".damaged"))
    for each in (path, path.with_suffix(".reserve"), _lock_path(path)):
        disk.remove(each)


def refusal(error: OSError) -> RefusedError:
    """Why a change was not made."""
    return RefusedError(
        "Nothing was changed, for the change could not be kept safe: {reason}",
        hint="Free space on the disk or choose another folder with LYDIGITAL_HOME, and save what you have now.",
        reason=error.strerror or str(error),
    )


def _opening(base: Base, done: Iterable[Entry], undone: Iterable[Entry]) -> Iterator[Payload]:
    yield records.base(base)
    for kind, entries in ((Kind.DONE, done), (Kind.UNDONE, undone)):
        for entry in entries:
            yield from records.step(Step(entry), kind=kind)


def _lacks(story: Story, document: MapDocument) -> bool:
    """Whether a story has something that is not saved as far as one can see without asking stores."""
    if story.left or story.damaged or story.unsaved:
        return True
    return not story.is_saved and story.document.content != document.content


def _folder() -> Path:
    return paths.state_dir() / "journal"


def _key(project: str) -> str:
    return hashlib.sha256(project.encode()).hexdigest()[:16]


def _name(project: str) -> str:
    return f"{_key(project)}-00000000-{os.getpid()}-{uuid.uuid4().hex[:8]}{SUFFIX}"


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")
