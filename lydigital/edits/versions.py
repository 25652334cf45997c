"""What features were: versions told from the audit trail, backwards from what the store has now.

Steps are ordered by their numbers, since clocks may go backwards. Other programs leave no trail: where a step says that
it left something and something else was there afterwards, :attr:`Version.foreign` names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lydigital.model.conflict import GEOMETRY, WHOLE
from lydigital.model.feature import Feature, changes_between, parse_target, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lydigital.model.audit import AuditChange, AuditEntry

Net = Literal["new", "changed", "removed"]


class Version(NamedTuple):
    """A feature as one step left it.

    Attributes
    ----------
    feature
        None where the step removed it.
    before
        As it was just before the step, None where it was not there.
    foreign
        Parts another program changed after this step without a trail: fields, ``""`` geometry, ``"*"`` all of it.
    is_whole
        Whether all of the feature is known; not where another program removed it and the trail has parts only.
    """

    entry: AuditEntry
    change: AuditChange
    feature: Feature | None
    before: Feature | None
    foreign: tuple[str, ...] = ()
    is_whole: bool = True


class Change(NamedTuple):
    """What became of one feature from the first to the last of several steps."""

    layer: str
    fid: int
    kind: Net
    before: Feature | None
    after: Feature | None
    fields: tuple[str, ...]
    geometry: bool
    steps: tuple[int, ...]
    authors: tuple[str, ...]


def versions(entries: Sequence[AuditEntry], now: Feature | None) -> list[Version]:
    """Versions of one feature, newest first.

    Parameters
    ----------
    entries
        All steps of its trail, oldest first, each with the changes of this feature only.
    now
        The feature as its store has it, None where it is removed.
    """
    found: list[Version] = []
    state, is_whole = now, True
    for entry in reversed(entries):
        for change in reversed(entry.changes):
            foreign = _parts_apart(state, change)
            if change.after is None or change.before is None:
                state, is_whole = _with_large(change.after, state), True
            elif foreign:
                is_whole = is_whole and state is not None
                state = _laid(change.after, state, geometry=change.geometry)
            before = rolled_back(state, change)
            found.append(Version(entry, change, state, before, foreign, is_whole))
            state = before
            is_whole = is_whole or change.after is None
    return found


def rolled_back(state: Feature | None, change: AuditChange) -> Feature | None:
    """The feature before ``change``, which left it as ``state``."""
    if change.before is None:
        return None
    if change.after is None or state is None:
        return change.before
    return _laid(change.before, state, geometry=change.geometry)


def as_of(now: Mapping[int, Feature | None], later: Iterable[AuditEntry]) -> dict[int, Feature | None]:
    """Features of one layer before the steps ``later``, given in order, all with the changes of that layer only.

    Parameters
    ----------
    now
        The features that those steps touch as their store has them, None for those it does not have.
    """
    found = dict(now)
    for entry in reversed(list(later)):
        for change in reversed(entry.changes):
            found[change.fid] = rolled_back(found.get(change.fid), change)
    return found


def touched(entries: Iterable[AuditEntry]) -> dict[str, list[int]]:
    """Fids that steps touch, by layer as the trail calls it."""
    found: dict[str, dict[int, None]] = {}
    for entry in entries:
        for change in entry.changes:
            found.setdefault(change.layer, {})[change.fid] = None
    return {layer: list(fids) for layer, fids in found.items()}


def net_changes(
    entries: Sequence[AuditEntry], now: Mapping[str, Mapping[int, Feature]]
) -> dict[str, list[Change]]:
    """What ``entries``, the last steps of the trail, did to each feature by layer; what they took back is left out.

    ``now`` has the features touched as their stores have them.
    """
    found: dict[str, list[Change]] = {}
    for layer, fids in touched(entries).items():
        present: dict[int, Feature | None] = {fid: now.get(layer, {}).get(fid) for fid in fids}
        mine = _grouped(entries, layer)
        for fid in fids:
            before = present[fid]
            for _entry, change in reversed(mine[fid]):
                before = rolled_back(before, change)
            made = _change(layer, fid, before, present[fid], [e for e, _ in mine[fid]])
            if made is not None:
                found.setdefault(layer, []).append(made)
    return found


def _grouped(entries: Iterable[AuditEntry], layer: str) -> dict[int, list[tuple[AuditEntry, AuditChange]]]:
    found: dict[int, list[tuple[AuditEntry, AuditChange]]] = {}
    for entry in entries:
        for change in entry.changes:
            if change.layer == layer:
                found.setdefault(change.fid, []).append((entry, change))
    return found


def _change(
    layer: str, fid: int, before: Feature | None, after: Feature | None, entries: Sequence[AuditEntry]
) -> Change | None:
    deltas = changes_between(layer, fid, before, after)
    if not deltas:
        return None
    kind: Net = "new" if before is None else "removed" if after is None else "changed"
    targets = [parse_target(d.target) for d in deltas]
    fields = tuple(t.field for t in targets if t.kind == "value")
    steps = tuple(dict.fromkeys(e.seq for e in entries))
    authors = tuple(dict.fromkeys(e.author for e in entries))
    return Change(layer, fid, kind, before, after, fields, any(t.kind == "geometry" for t in targets), steps, authors)


def _laid(part: Feature, state: Feature | None, *, geometry: bool) -> Feature:
    """``state`` with what ``part`` has of it."""
    if state is None:
        return part
    return Feature(part.wkb if geometry else state.wkb, {**state.values, **part.values})


def _with_large(part: Feature | None, state: Feature | None) -> Feature | None:
    """``part``, all of a feature but for the large values that the trail holds by digest, with those of ``state``."""
    if part is None or state is None:
        return part
    large = {n: v for n, v in state.values.items() if isinstance(v, bytes) and n not in part.values}
    return Feature(part.wkb, {**part.values, **large}) if large else part


def _parts_apart(state: Feature | None, change: AuditChange) -> tuple[str, ...]:
    """Parts of which ``state`` is not what ``change`` left."""
    left = change.after
    if (state is None) != (left is None):
        return (WHOLE,)
    if state is None or left is None:
        return ()
    apart = [GEOMETRY] if change.geometry and state.wkb != left.wkb else []
    return (*apart, *(n for n, v in left.values.items() if n in state.values and not same(v, state.values[n])))
