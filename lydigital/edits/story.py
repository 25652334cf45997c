"""What a journal tells: the state it leads to, what of it no file has yet, and the steps to undo and redo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from lydigital.edits import log, records
from lydigital.edits.history import Stack
from lydigital.edits.records import Base, Kind, Saved, Step
from lydigital.edits.working import of_document, of_features, undoes, without_layers
from lydigital.errors import LydError
from lydigital.model.feature import is_of_feature, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lydigital.edits.history import Entry
    from lydigital.edits.log import Frame, Payload
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.document import MapDocument

HISTORY = 200  # steps before the last save that are kept
HISTORY_BYTES = 16 << 20


@dataclass(frozen=True, eq=False)
class Done:
    """One thing done: a step, or one undone or done again. ``changes`` is what it did to the map."""

    kind: Kind
    step: Step
    changes: ChangeSet
    sequence: int


Event: TypeAlias = Done | Saved


class Story:
    """The state after the records told so far.

    Attributes
    ----------
    document, saved
        The map document as it became, and as the project file has it.
    stores
        State that each layer's store must have for the steps to fit, by layer.
    stack
        Steps to undo and redo at the end.
    settled, settled_document
        Steps and document at the last point where everything was saved.
    events
        What happened since then.
    unsaved
        Changes of features that no store has; a step and its undoing cancel out.
    left
        Steps that did not fit any more when an earlier journal was taken up.
    torn, damaged
        As in :class:`~lydigital.edits.log.Reading`; also damaged when a whole record makes no sense.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self.document: MapDocument = base.document
        self.saved: MapDocument = base.document
        self.stores = dict(base.stores)
        self.stack = Stack()
        self.settled = Stack()
        self.settled_document = base.document
        self.events: list[Event] = []
        self.unsaved: list[ChangeSet] = []
        self.left: list[Entry] = []
        self.torn = 0
        self.damaged = False

    @property
    def is_saved(self) -> bool:
        """Whether the files have everything."""
        return not self.unsaved and self.document.content == self.saved.content

    def tell(self, kind: int, payloads: list[bytes], sequence: int) -> bool:
        """Go on by one record; False when its end is missing."""
        if kind == Kind.SAVED:
            self._save(records.read_saved(payloads[0]))
        elif kind in (Kind.UNDO, Kind.REDO):
            self._turn(Kind(kind), sequence)
        else:
            step = records.read_step(payloads)
            if step is None:
                return False
            if kind == Kind.STEP:
                self._commit(step, sequence)
            elif kind == Kind.LEFT:
                self.left.append(step.entry)
            else:
                stacks = (self.stack, self.settled)
                for entries in ((s.done if kind == Kind.DONE else s.undone) for s in stacks):
                    entries.append(step.entry)
        return True

    def stack_at(self, document: MapDocument) -> Stack | None:
        """Steps that led to ``document``, None when this is another map, or an older or newer state of it."""
        if self.saved.content == document.content:
            return self.settled
        if not self.unsaved and self.document.content == document.content:  # saved, and ended before it was noted
            return self.stack
        return None

    def pending(self) -> list[Done]:
        """What was done since the last save, without the parts that a file has: oldest first."""
        kept: list[Done] = []
        document, layers = True, set[str]()
        for event in reversed(self.events):
            if isinstance(event, Saved):
                document = document and event.document is None
                layers.update(event.layers)
                continue
            changes = without_layers(event.changes, layers)
            if not document:
                changes = of_features(changes)
            if changes:
                kept.append(Done(event.kind, event.step, changes, event.sequence))
        return kept[::-1]

    def frames(self, base: Base, *, events: bool = True) -> Iterator[Payload]:
        """Records of a new journal that tells the same, shortened: ``base``, what can be undone, what is not saved."""
        yield records.base(base)
        done, undone = shortened(self.settled.done), shortened(self.settled.undone)
        for kind, entries in ((Kind.DONE, done), (Kind.UNDONE, undone)):
            for entry in entries:
                yield from records.step(Step(entry), kind=kind)
        for entry in self.left:
            yield from records.step(Step(entry), kind=Kind.LEFT)
        for event in self.events if events else ():
            if isinstance(event, Saved):
                yield records.saved(event)
            elif event.kind is Kind.STEP:
                yield from records.step(event.step)
            else:
                yield event.kind, b""

    def _commit(self, step: Step, sequence: int) -> None:
        changes = step.entry.changes
        self._do(Done(Kind.STEP, step, changes, sequence), merge=step.merge)
        for layer, state in step.stores.items():
            self.stores.setdefault(layer, state)
        if step.undoable:
            self.stack.push(step.entry, merge=step.merge)
        else:
            self.stack.bar(changes)

    def _turn(self, kind: Kind, sequence: int) -> None:
        entry = self.stack.undo() if kind is Kind.UNDO else self.stack.redo()
        if entry is None:
            raise ValueError(kind)
        changes = ~entry.changes if kind is Kind.UNDO else entry.changes
        self._do(Done(kind, Step(entry), changes, sequence))
        self.settle()

    def _do(self, done: Done, *, merge: bool = False) -> None:
        self.document = self.document.applied(of_document(done.changes))
        self.events.append(done)
        mine = of_features(done.changes)
        if not mine:
            return
        if self.unsaved and undoes(mine, self.unsaved[-1]):
            self.unsaved.pop()
        elif self.unsaved and merge:
            self.unsaved[-1] += mine
        else:
            self.unsaved.append(mine)

    def _save(self, saved: Saved) -> None:
        self.events.append(saved)
        if saved.document is not None:
            self.saved = saved.document
        self.stores.update(saved.stores)
        layers = set(saved.layers)
        self.unsaved = [kept for step in self.unsaved if (kept := without_layers(step, layers))]
        self.settle()

    def settle(self) -> None:
        """Count what led here as history when the files have everything."""
        if self.is_saved:
            self.settled_document = self.document
            self.settled = Stack(self.stack.limit, self.stack.done, self.stack.undone)
            self.events.clear()


def read(content: bytes) -> Story | None:
    """The story in a journal's bytes, as far as it is whole; None when not even its beginning is."""
    found = log.read(content)
    if not found.frames or found.frames[0].kind != Kind.BASE:
        return None
    try:
        story = Story(records.read_base(found.frames[0].payload))
    except msgspec.MsgspecError:
        return None
    story.torn, story.damaged = found.torn, found.damaged
    try:
        for frames in _together(found.frames[1:]):
            if not story.tell(frames[0].kind, [f.payload for f in frames], frames[0].sequence):
                story.damaged = story.damaged or frames[-1] is not found.frames[-1]
                story.torn += len(content) - frames[0].start - story.torn
                break
    except (msgspec.MsgspecError, LydError, KeyError, ValueError, TypeError):
        story.damaged = True
    story.settle()
    return story


def layers_of(changes: ChangeSet) -> set[str]:
    """Layers whose features ``changes`` touch."""
    return {parse_target(d.target).layer for d in changes.deltas if is_of_feature(d.target)}


def shortened(entries: list[Entry]) -> list[Entry]:
    """The newest entries, as many as are worth their bytes."""
    kept: list[Entry] = []
    size = 0
    for entry in reversed(entries[-HISTORY:]):
        size += records.weight(entry.changes)
        if size > HISTORY_BYTES:
            break
        kept.append(entry)
    return kept[::-1]


def _together(frames: list[Frame]) -> Iterator[list[Frame]]:
    """Frames by record."""
    record: list[Frame] = []
    for frame in frames:
        if record and frame.kind != Kind.PART:
            yield record
            record = []
        record.append(frame)
    if record:
        yield record
