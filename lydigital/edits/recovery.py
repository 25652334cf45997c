"""Unsaved work of a program that ended: what of it fits on the map as it is now, and what does not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lydigital.edits import records
from lydigital.edits.history import Entry, Stack
from lydigital.edits.records import Kind, Step
from lydigital.edits.story import Done, layers_of
from lydigital.edits.working import WorkingCopies, of_document, of_features, without_layers
from lydigital.errors import LydError
from lydigital.model.feature import Feature, applied, is_of_feature, parse_target, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from lydigital.edits.history import History
    from lydigital.edits.journal import Left
    from lydigital.edits.log import Payload
    from lydigital.model.changeset import ChangeSet, Delta
    from lydigital.model.document import MapDocument


@dataclass(eq=False)
class Recovery:
    """What bringing back the work of ``left`` would do.

    Attributes
    ----------
    steps
        What fits, oldest first.
    unfit
        Steps that no longer fit: they are kept in the journal, and not done.
    document, stack, features
        Map document, steps to undo and edited features afterwards.
    """

    left: Left
    document: MapDocument
    stack: Stack
    features: WorkingCopies
    steps: list[Done] = field(default_factory=list)
    unfit: list[Done] = field(default_factory=list)
    frames: list[Callable[[], Iterable[Payload]]] = field(default_factory=list)

    @property
    def time(self) -> datetime:
        """When the last step was done, as the clock was then."""
        steps = self.steps or self.unfit
        return steps[-1].step.entry.changes.time

    @property
    def is_damaged(self) -> bool:
        """Whether the file is damaged, so that later steps may be missing."""
        return self.left.story.damaged

    def touched(self) -> dict[str, set[int]]:
        """Features changed by the steps that fit, by layer."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for done in self.steps:
            for delta in done.changes.deltas:
                if is_of_feature(delta.target):
                    target = parse_target(delta.target)
                    found[target.layer].add(target.fid)
        return dict(found)

    def payloads(self) -> Iterable[Payload]:
        """The steps that fit, as records of the journal that goes on with them."""
        for frames in self.frames:
            yield from frames()


def plan(
    left: Left, document: MapDocument, features: WorkingCopies, history: History, state: Callable[[str], str]
) -> Recovery | None:
    """What can be brought back onto the map as it is now; None when the files have it all.

    ``state`` is the state of the store behind a layer: one that is as it was has nothing of the work.

    Raises
    ------
    LydError
        When a store cannot be asked.
    """
    stack = Stack(history.limit, history.entries, history.undone)
    found = Recovery(left, document, stack, WorkingCopies(features.features))
    story = left.story
    has_document = story.document.content == document.content != story.saved.content
    there = {layer for layer in _there(story.unsaved, features) if state(layer) != story.stores.get(layer)}
    lost: set[int] = set()  # steps that did not fit
    for done in story.pending():
        changes = without_layers(done.changes, there)
        if has_document:
            changes = of_features(changes)
        if not changes:
            continue
        done = Done(done.kind, done.step, changes, done.sequence)  # noqa: PLW2901 - the part that is not there
        if id(done.step.entry) in lost or not _add(found, done):
            lost.add(id(done.step.entry))
            found.unfit.append(done)
    return found if found.steps or found.unfit or story.left else None


def _add(found: Recovery, done: Done) -> bool:
    """Do it in ``found``; False when it does not fit."""
    try:
        document = found.document.applied(of_document(done.changes))
        merge = done.step.merge and done.kind is Kind.STEP and _continues(found.stack, done.changes)
        found.features.apply(done.changes, merge=merge)
    except LydError:
        return False
    found.document = document
    found.steps.append(Done(done.kind, Step(done.step.entry, merge), done.changes, done.sequence))
    entry, stack = done.step.entry, found.stack
    if done.kind is Kind.UNDO and stack.done and stack.done[-1].changes.deltas == (~done.changes).deltas:
        stack.undo()
        found.frames.append(lambda: [records.UNDO])
    elif done.kind is Kind.REDO and stack.undone and stack.undone[-1].changes.deltas == done.changes.deltas:
        stack.redo()
        found.frames.append(lambda: [records.REDO])
    else:
        before, after = (entry.after, entry.before) if done.kind is Kind.UNDO else (entry.before, entry.after)
        step = Step(Entry(done.changes, before, after), merge, done.step.undoable, _states(found, done.changes))
        if step.undoable:
            stack.push(step.entry, merge=merge)
        found.frames.append(lambda: records.step(step))
    return True


def _states(found: Recovery, changes: ChangeSet) -> dict[str, str]:
    stores = found.left.story.stores
    return {layer: stores[layer] for layer in layers_of(changes) if layer in stores}


def _continues(stack: Stack, changes: ChangeSet) -> bool:
    if not stack.done:
        return False
    last = stack.done[-1].changes
    return last.annotation == changes.annotation and {d.target for d in last.deltas} == {d.target for d in changes.deltas}


def _there(unsaved: list[ChangeSet], features: WorkingCopies) -> set[str]:
    """Layers whose store has all of the changes already: the program ended between saving them and noting it."""
    deltas: defaultdict[str, defaultdict[int, list[Delta]]] = defaultdict(lambda: defaultdict(list))
    for step in unsaved:
        for delta in step.deltas:
            target = parse_target(delta.target)
            deltas[target.layer][target.fid].append(delta)
    found = set()
    for layer, by_fid in deltas.items():
        now = features.features(layer, list(by_fid))
        if all(_has(now.get(fid), mine) for fid, mine in by_fid.items()):
            found.add(layer)
    return found


def _has(feature: Feature | None, deltas: list[Delta]) -> bool:
    """Whether ``feature`` is what ``deltas`` lead to; a store may have filled in more of a new one."""
    whole: Feature | None = None
    is_whole = False
    last: dict[str, Delta] = {}
    for delta in deltas:
        target = parse_target(delta.target)
        if target.kind == "feature":
            whole, is_whole = delta.new, True
        elif is_whole:
            whole = applied(whole, delta, target)
        else:
            last[delta.target] = delta
    if is_whole and (whole is None or feature is None):
        return whole is feature
    if feature is None:
        return False
    if whole is not None:
        return whole.wkb == feature.wkb and all(same(v, feature.values.get(n)) for n, v in whole.values.items())
    try:
        for delta in last.values():
            applied(feature, ~delta, parse_target(delta.target))
    except LydError:
        return False
    return True
