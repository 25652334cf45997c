"""What was done, in order: undo and redo of change sets, each with the view and selection it was done in.

History keeps changes, not documents; what is undone is the inverse of the change. Consecutive steps of one gesture (an
opacity slider) become one entry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lydigital.model.feature import features_touched
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lydigital.model.changeset import ChangeSet
    from lydigital.model.document import MapDocument
    from lydigital.model.selection import Selection
    from lydigital.model.viewport import Viewport

MERGE_S = 2.0  # changes of one gesture follow each other within this time
GESTURE_S = 0.8  # moves of the map of one gesture do


def words(changes: ChangeSet) -> str:
    """What ``changes`` did, as a person reads it."""
    return tr(changes.annotation, **changes.values)


@dataclass(frozen=True, eq=False)
class View:
    """Where the user was and what was selected."""

    viewport: Viewport | None
    selection: Selection


@dataclass(frozen=True, eq=False)
class Entry:
    """One step: the changes, and the view before and after them."""

    changes: ChangeSet
    before: View
    after: View


class Stack:
    """Steps done and steps undone, at most ``limit`` of them."""

    def __init__(
        self, limit: int = 1000, done: Iterable[Entry] = (), undone: Iterable[Entry] = ()
    ) -> None:
        self.limit = limit
        self.done = list(done)
        self.undone = list(undone)

    def push(self, entry: Entry, *, merge: bool = False) -> None:
        """Add a step; with ``merge`` it joins the last one."""
        self.undone.clear()
        if merge and self.done:
            last = self.done[-1]
            folded = last.changes + entry.changes
            if folded:
                self.done[-1] = replace(last, changes=folded, after=entry.after)
            else:
                self.done.pop()
            return
        self.done.append(entry)
        del self.done[: -self.limit]

    def bar(self, changes: ChangeSet) -> None:
        """Give up steps on features that ``changes`` touch, and what stands on those: they are final from here on."""
        touched = features_touched(changes)
        if touched:
            self.done = _apart_from(self.done, touched)
            self.undone = _apart_from(self.undone, touched)

    def undo(self) -> Entry | None:
        return _move(self.done, self.undone)

    def redo(self) -> Entry | None:
        return _move(self.undone, self.done)


class History:
    """Steps done and undone, the views visited, and which state is on disk.

    Attributes
    ----------
    path
        The project file, or None for a map that has none yet.
    stamp
        Size and time of that file when it was read or written here.
    author
        Written into every change.
    trail
        Views visited.
    limit
        Steps kept; older ones can no longer be undone.
    """

    def __init__(
        self, saved: MapDocument, path: Path | None = None, *, author: str = "", limit: int = 1000
    ) -> None:
        self.path = path
        self.stamp = file_stamp(path)
        self.author = author
        self.limit = limit
        self.trail = Trail()
        self._saved = saved
        self._steps = Stack(limit)
        self._is_ended = False

    def push(self, entry: Entry, *, merge: bool = False) -> None:
        """Add a step; with ``merge`` it joins the last one if both are of the same gesture."""
        self._steps.limit = self.limit
        self._steps.push(entry, merge=merge and self.is_gesture_of_last(entry.changes))
        self._is_ended = False

    def end_gesture(self) -> None:
        """What comes next is a step of its own, however soon it comes."""
        self._is_ended = True

    def bar(self, changes: ChangeSet) -> None:
        """``changes`` are final: neither they nor earlier steps on their features can be undone."""
        self._steps.bar(changes)

    def is_gesture_of_last(self, changes: ChangeSet) -> bool:
        """Whether ``changes`` continue the gesture of the last step."""
        return bool(self._steps.done) and not self._is_ended and _same_gesture(self._steps.done[-1].changes, changes)

    def next_undo(self) -> Entry | None:
        """The step that :meth:`undo` would take back."""
        return self._steps.done[-1] if self._steps.done else None

    def next_redo(self) -> Entry | None:
        """The step that :meth:`redo` would do again."""
        return self._steps.undone[-1] if self._steps.undone else None

    def undo(self) -> Entry | None:
        """Take the last step back and return it; the caller commits its inverse."""
        return self._steps.undo()

    def redo(self) -> Entry | None:
        """Return the step undone last; the caller commits it again."""
        return self._steps.redo()

    @property
    def undo_text(self) -> str | None:
        """The menu text, or None when there is nothing to undo."""
        return tr("Undo {what}", what=words(self._steps.done[-1].changes)) if self._steps.done else None

    @property
    def redo_text(self) -> str | None:
        return tr("Redo {what}", what=words(self._steps.undone[-1].changes)) if self._steps.undone else None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Steps done, oldest first."""
        return tuple(self._steps.done)

    @property
    def undone(self) -> tuple[Entry, ...]:
        """Steps that can be done again, the one undone last at the end."""
        return tuple(self._steps.undone)

    @property
    def saved(self) -> MapDocument:
        """The document as it is on disk."""
        return self._saved

    def go_on_with(self, stack: Stack) -> None:
        """Replace the steps by those of ``stack``."""
        self._steps = stack

    def take_up(self, done: Iterable[Entry], undone: Iterable[Entry] = ()) -> None:
        """Continue from steps of an earlier run."""
        self._steps.done[:0] = done
        self._steps.undone[:0] = undone

    def mark_saved(self, document: MapDocument, path: Path | None) -> None:
        self._saved, self.path, self.stamp = document, path, file_stamp(path)

    def is_saved(self, document: MapDocument) -> bool:
        """Whether ``document`` shows what is on disk, wherever the view is."""
        return document.content == self._saved.content


def file_stamp(path: Path | None) -> tuple[int, int] | None:
    """Size and modification time of a file, None where there is none."""
    try:
        stat = path.stat() if path is not None else None
    except OSError:
        return None
    return None if stat is None else (stat.st_size, stat.st_mtime_ns)


class Trail:
    """Views visited, to go back and forward. Moves of one gesture follow each other quickly and count as one."""

    def __init__(self, limit: int = 100) -> None:
        self._limit = limit
        self._back: list[Viewport] = []
        self._forward: list[Viewport] = []
        self._last_s = -math.inf

    def leave(self, viewport: Viewport, now_s: float) -> None:
        """``viewport`` is about to be left at ``now_s`` (any steady clock)."""
        if now_s - self._last_s > GESTURE_S:
            self._back.append(viewport)
            del self._back[: -self._limit]
            self._forward.clear()
        self._last_s = now_s

    def back(self, current: Viewport) -> Viewport | None:
        """Return the view before ``current``, or None."""
        return self._step(self._back, self._forward, current)

    def forward(self, current: Viewport) -> Viewport | None:
        return self._step(self._forward, self._back, current)

    def _step(self, source: list[Viewport], target: list[Viewport], current: Viewport) -> Viewport | None:
        if not source:
            return None
        target.append(current)
        self._last_s = -math.inf
        return source.pop()

    @property
    def can_go_back(self) -> bool:
        return bool(self._back)

    @property
    def can_go_forward(self) -> bool:
        return bool(self._forward)


def _move(source: list[Entry], target: list[Entry]) -> Entry | None:
    if not source:
        return None
    entry = source.pop()
    target.append(entry)
    return entry


def _apart_from(entries: list[Entry], touched: set[tuple[str, int]]) -> list[Entry]:
    """Entries, the one turned next last, without those that touch what is ``touched``, or what those touch."""
    touched, kept = set(touched), []
    for entry in reversed(entries):
        mine = features_touched(entry.changes)
        if mine & touched:
            touched |= mine
        else:
            kept.append(entry)
    return kept[::-1]


def _same_gesture(first: ChangeSet, second: ChangeSet) -> bool:
    return (
        first.annotation == second.annotation
        and {d.target for d in first.deltas} == {d.target for d in second.deltas}
        and (second.time - first.time).total_seconds() <= MERGE_S
    )
