"""What stands between a session and its journal: what is kept, what cannot be kept, and what the user is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lydigital.edits.history import Entry
from lydigital.edits.journal import Journal, refusal
from lydigital.edits.story import layers_of
from lydigital.edits.working import of_document
from lydigital.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lydigital.edits.history import History, Stack
    from lydigital.edits.recovery import Recovery
    from lydigital.model.changeset import ChangeSet
    from lydigital.model.document import MapDocument

_FULL = Issue(
    "journal.full", "warning", "The disk is full; small changes can still be kept",
    hint="Save now, then free space on the disk.",
)  # fmt: skip
_UNWRITABLE = Issue(
    "autosave.failed", "warning", "Changes cannot be autosaved: {reason}",
    hint="Save the project now, and free space on the disk.",
)  # fmt: skip


class Keeper:
    """Keeps the work of one open map; does nothing where ``is_on`` is false.

    ``state`` is the state of the store behind a layer, see :class:`Journal`.
    """

    def __init__(self, project: str, saved: MapDocument, state: Callable[[str], str], *, is_on: bool) -> None:
        self._state = state
        self._journal = Journal(project, saved, state=state) if is_on else None
        self._trouble: tuple[Issue, ...] = ()
        self._changed: tuple[Issue, ...] = ()

    @property
    def issues(self) -> tuple[Issue, ...]:
        return self._trouble + self._changed

    def take_up(self, history: History) -> None:
        """Let ``history`` go on where earlier runs ended: with steps that still fit what is on disk."""
        if self._journal is None:
            return
        try:
            story = self._journal.recall()
        except OSError:  # said when something is to be kept
            return
        stack = None if story is None else story.stack_at(history.saved)
        if story is None or stack is None:
            return
        done, undone, changed = without_changed(stack, story.stores, self._state)
        history.take_up(done, undone)
        self._journal.begin_with(done, undone, {k: v for k, v in story.stores.items() if k not in changed})
        self._changed = tuple(
            Issue(
                "journal.changed", "warning", "Earlier edits of {layer} can no longer be undone: its store was changed since",
                hint="Restore an earlier version in the history of a feature instead.", layer=layer, values={"layer": layer},
            )
            for layer in sorted(changed)
        )  # fmt: skip

    def step(self, entry: Entry, *, merge: bool, undoable: bool) -> None:
        """Keep a step before it is done.

        Raises
        ------
        RefusedError
            When features would change and it cannot be kept.
        """
        self._note(lambda journal: journal.step(entry, merge=merge, undoable=undoable), entry.changes)

    def undo(self, changes: ChangeSet) -> None:
        """Keep that ``changes`` are about to be undone. Raises as :meth:`step`."""
        self._note(lambda journal: journal.undo(changes), changes)

    def redo(self, changes: ChangeSet) -> None:
        """Keep that ``changes`` are about to be done again. Raises as :meth:`step`."""
        self._note(lambda journal: journal.redo(changes), changes)

    def take_back(self) -> None:
        """What was kept last was not done after all."""
        self._note(lambda journal: journal.take_back())

    def saved(
        self, project: str, document: MapDocument | None, layers: Iterable[str] = (), *, everything: bool = False
    ) -> None:
        """``project`` has ``document``, and stores have ``layers``, as they are now."""
        if self._journal is not None and document is not None and project != self._journal.project:
            self._note(lambda journal: journal.move(project, document))
        self._note(lambda journal: journal.saved(document, layers, everything=everything))

    def absorb(self, recovery: Recovery) -> None:
        """Take over what a program left behind.

        Raises
        ------
        RefusedError
            When it cannot be kept.
        """
        if self._journal is not None:
            unfit = [Entry(d.changes, d.step.entry.before, d.step.entry.after) for d in recovery.unfit]
            try:
                self._journal.absorb(
                    recovery.left.path, recovery.payloads(), [*recovery.left.story.left, *unfit]
                )
            except OSError as error:
                raise refusal(error) from error

    def close(self, *, give_up: bool) -> None:
        if self._journal is not None:
            self._journal.close(give_up=give_up)

    def _note(self, write: Callable[[Journal], None], changes: ChangeSet | None = None) -> None:
        if self._journal is None:
            return
        try:
            write(self._journal)
        except OSError as error:
            values = {"reason": error.strerror or str(error)}
            self._trouble = (msgspec.structs.replace(_UNWRITABLE, values=values),)
            if changes is not None and layers_of(changes):
                raise refusal(error) from error
        else:
            self._trouble = () if self._journal.has_reserve else (_FULL,)


def without_changed(
    stack: Stack, stores: Mapping[str, str], state: Callable[[str], str]
) -> tuple[list[Entry], list[Entry], set[str]]:
    """Steps done and undone that still fit, without those on layers whose store is not in the state of ``stores``.

    Those layers are returned, too. Nothing is undone blindly: what others changed meanwhile stays.
    """
    layers = {layer for entry in (*stack.done, *stack.undone) for layer in layers_of(entry.changes)}
    changed = {layer for layer in layers if not state(layer) or stores.get(layer, "") != state(layer)}

    def fitting(entries: list[Entry]) -> list[Entry]:
        kept = []
        for entry in entries:
            if layers_of(entry.changes) & changed:
                changes = of_document(entry.changes)
                if changes:
                    kept.append(Entry(changes, entry.before, entry.after))
            else:
                kept.append(entry)
        return kept

    return fitting(stack.done), fitting(stack.undone), changed
