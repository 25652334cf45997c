"""Features as they are now: what was edited since a layer was read, over what its store has.

A working copy holds only what changed. It knows nothing of drawing and files: features it does not have come from a
function, and it says what a store must be told to hold the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from lydigital.model.changeset import ChangeSet, Delta
from lydigital.model.feature import Feature, Target, applied, is_of_feature, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

Fetch: TypeAlias = Callable[[str, Sequence[int]], Mapping[int, Feature]]
"""Features of a layer by fid, as its store has them; fids it does not have are left out."""

Checked: TypeAlias = dict[str, dict[int, Feature | None]]
"""Features after a change, by layer and fid; None where removed."""


_SEEN = 500  # features of a layer kept as they were fetched


class WorkingCopies:
    """Edits of the layers of one open map.

    Attributes
    ----------
    steps
        Change sets since the last save, oldest first: of features only. Undoing the last of them takes it away, undoing
        what is saved adds its inverse.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._now: dict[str, dict[int, Feature | None]] = {}
        self._seen: dict[str, dict[int, Feature]] = {}  # as stored, of those asked for lately
        self._recent: dict[str, set[int]] = {}
        self._versions: dict[str, int] = {}
        self._unsaved: dict[str, set[int]] = {}
        self.steps: list[ChangeSet] = []
        self._lock = threading.RLock()  # the frame worker asks while the main thread edits

    # -- asking -------------------------------------------------------------------------------------------------------

    def features(self, layer: str, fids: Sequence[int]) -> dict[int, Feature]:
        """Features as they are now; removed ones and fids never given are left out.

        Raises
        ------
        LydError
            When the store cannot be asked.
        """
        now = self._now.get(layer, {})
        seen = self._seen.get(layer, {})
        found = {fid: seen[fid] for fid in fids if fid in seen and fid not in now}
        missing = [fid for fid in fids if fid not in now and fid not in seen]
        if missing:
            fresh = dict(self._fetch(layer, missing))
            found.update(fresh)
            self._keep_seen(layer, fresh)
        for fid in fids:
            feature = now.get(fid)
            if feature is not None:
                found[fid] = feature
        return {fid: found[fid] for fid in fids if fid in found}

    def edits(self, layer: str) -> Mapping[int, Feature | None]:
        """Features touched since the table that is drawn was made, see :meth:`absorbed`; None where removed."""
        with self._lock:
            now = self._now.get(layer, {})
            return {fid: now[fid] for fid in self._recent.get(layer, ())}

    def absorbed(self, layer: str, version: int) -> None:
        """Say that a new table of ``layer`` has the edits of ``version``; later ones stay."""
        with self._lock:
            if version == self.version(layer):
                self._recent.pop(layer, None)

    def version(self, layer: str) -> int:
        """A number that grows with every change of a layer's features."""
        return self._versions.get(layer, 0)

    @property
    def is_saved(self) -> bool:
        return not self.steps

    @property
    def unsaved_layers(self) -> tuple[str, ...]:
        """Layers with edits their stores do not have."""
        return tuple(layer for layer, fids in self._unsaved.items() if fids)

    def unsaved(self, layer: str) -> frozenset[int]:
        """Fids touched since the last save."""
        return frozenset(self._unsaved.get(layer, ()))

    # -- changing -----------------------------------------------------------------------------------------------------

    def apply(self, changes: ChangeSet, *, merge: bool = False, checked: Checked | None = None) -> None:
        """Take over what ``changes`` says of features; all of it or nothing. ``merge`` folds it into the last step.

        ``checked`` is what :meth:`check` said of the same changes just before, to save doing it twice.

        Raises
        ------
        ConflictError
            When a feature is not what a delta starts from.
        LydError
            When a store cannot be asked.
        """
        mine = of_features(changes)
        if not mine:
            return
        fresh = self._after(mine.deltas) if checked is None else checked
        with self._lock:
            for layer, features in fresh.items():
                self._now.setdefault(layer, {}).update(features)
                self._recent.setdefault(layer, set()).update(features)
                self._unsaved.setdefault(layer, set()).update(features)
                self._versions[layer] = self.version(layer) + 1
        if self.steps and undoes(mine, self.steps[-1]):
            self.steps.pop()
            self._forget_saved(fresh)
        elif self.steps and merge:
            self.steps[-1] += mine
        else:
            self.steps.append(mine)

    def check(self, changes: ChangeSet) -> Checked:
        """The features that ``changes`` lead to. Raises what :meth:`apply` would raise, and changes nothing."""
        mine = of_features(changes)
        return self._after(mine.deltas) if mine else {}

    def mark_saved(self, layers: Iterable[str]) -> None:
        """The stores of ``layers`` hold them as they are now."""
        done = set(layers)
        for layer in done:
            self._unsaved.pop(layer, None)
            self._seen.pop(layer, None)
        self.steps = [kept for step in self.steps if (kept := without_layers(step, done))]

    def forget(self, layer: str) -> None:
        """The table of ``layer`` was read anew and has everything, or the edits are left."""
        with self._lock:
            self._now.pop(layer, None)
            self._seen.pop(layer, None)
            self._recent.pop(layer, None)
            self._unsaved.pop(layer, None)
            self._versions[layer] = self.version(layer) + 1
        self.steps = [kept for step in self.steps if (kept := without_layers(step, {layer}))]

    # -- inside -------------------------------------------------------------------------------------------------------

    def _keep_seen(self, layer: str, fresh: Mapping[int, Feature]) -> None:
        """A gesture asks for the same few features again and again; whole layers are not kept."""
        if len(fresh) <= _SEEN:
            kept = self._seen.setdefault(layer, {})
            if len(kept) + len(fresh) > _SEEN:
                kept.clear()
            kept.update(fresh)

    def _after(self, deltas: tuple[Delta, ...]) -> Checked:
        targets = [parse_target(delta.target) for delta in deltas]
        fresh: Checked = {}
        for layer, fids in _by_layer(targets):
            found = self.features(layer, fids)
            fresh[layer] = {fid: found.get(fid) for fid in fids}
        for delta, target in zip(deltas, targets, strict=True):
            features = fresh[target.layer]
            features[target.fid] = applied(features[target.fid], delta, target)
        return fresh

    def _forget_saved(self, touched: Mapping[str, Iterable[int]]) -> None:
        """Fids that no step left touches any more are as saved."""
        still = {(t.layer, t.fid) for step in self.steps for t in map(_target, step.deltas)}
        for layer, fids in touched.items():
            self._unsaved[layer].difference_update(fid for fid in fids if (layer, fid) not in still)


def of_features(changes: ChangeSet) -> ChangeSet:
    """The part of ``changes`` that is of features."""
    return _keeping(changes, is_of_feature)


def of_document(changes: ChangeSet) -> ChangeSet:
    """The part of ``changes`` that is of the map document."""
    return _keeping(changes, lambda target: not is_of_feature(target))


def of_layers(changes: ChangeSet, names: Mapping[str, str]) -> ChangeSet:
    """The part of ``changes`` that is of features of the layers in ``names``, which it renames: layer to table."""
    kept = []
    for delta in changes.deltas:
        if is_of_feature(delta.target):
            target = parse_target(delta.target)
            if target.layer in names:
                kept.append(Delta(str(target._replace(layer=names[target.layer])), delta.old, delta.new))
    return _with(changes, tuple(kept))


def _keeping(changes: ChangeSet, wanted: Callable[[str], bool]) -> ChangeSet:
    kept = tuple(delta for delta in changes.deltas if wanted(delta.target))
    return changes if len(kept) == len(changes.deltas) else _with(changes, kept)


def _with(changes: ChangeSet, deltas: tuple[Delta, ...]) -> ChangeSet:
    return ChangeSet(changes.annotation, deltas, changes.author, changes.time, changes.values)


def without_layers(changes: ChangeSet, layers: Container[str]) -> ChangeSet:
    """``changes`` without those of features of ``layers``."""
    return _keeping(changes, lambda target: not is_of_feature(target) or parse_target(target).layer not in layers)


def undoes(changes: ChangeSet, step: ChangeSet) -> bool:
    """Whether ``changes`` are just the inverse of ``step``."""
    return (~changes).deltas == step.deltas


def _target(delta: Delta) -> Target:
    return parse_target(delta.target)


def _by_layer(targets: Iterable[Target]) -> Iterator[tuple[str, list[int]]]:
    found: dict[str, dict[int, None]] = {}
    for target in targets:
        found.setdefault(target.layer, {})[target.fid] = None
    for layer, fids in found.items():
        yield layer, list(fids)
