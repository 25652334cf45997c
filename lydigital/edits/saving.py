"""What of the working copies goes into one store, and what becomes of edits that met those of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from lydigital.edits.working import of_layers
from lydigital.model.changeset import ChangeSet
from lydigital.model.conflict import Conflict, ConflictsError, Side, merged
from lydigital.model.feature import changes_between, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lydigital.edits.working import WorkingCopies
    from lydigital.model.changeset import Delta

Resolve: TypeAlias = Callable[[tuple[Conflict, ...]], Mapping[tuple[str, int], Mapping[str, Side]]]
"""Asked about conflicts; answers whose version of each part holds, by layer and fid. Raises to save nothing."""


def steps_for(features: WorkingCopies, names: Mapping[str, str]) -> list[ChangeSet]:
    """Unsaved steps on the layers in ``names``, which they call by their tables."""
    return [mine for step in features.steps if (mine := of_layers(step, names))]


def layers_of(features: WorkingCopies) -> tuple[str, ...]:
    """Layers that unsaved steps touch."""
    return tuple(dict.fromkeys(parse_target(d.target).layer for step in features.steps for d in step.deltas))


def touched(steps: Iterable[ChangeSet]) -> int:
    """How many features steps touch."""
    return len({parse_target(d.target)[1:3] for step in steps for d in step.deltas})


def shown(conflicts: Iterable[Conflict], layers: Mapping[str, str], features: WorkingCopies) -> tuple[Conflict, ...]:
    """Conflicts with the ids of layers for the tables in ``layers``, and all of a feature that others removed."""
    found = []
    for conflict in conflicts:
        layer = layers[conflict.layer]
        mine = conflict.mine
        if conflict.theirs is None:
            mine = features.features(layer, [conflict.fid]).get(conflict.fid)
        found.append(msgspec.structs.replace(conflict, layer=layer, mine=mine))
    return tuple(found)


def settled(
    steps: Sequence[ChangeSet], conflicts: Sequence[Conflict], choices: Mapping[tuple[str, int], Mapping[str, Side]],
    names: Mapping[str, str],
) -> list[ChangeSet]:  # fmt: skip
    """``steps`` with one more that brings what others have to what was chosen, in place of the steps in conflict.

    Raises
    ------
    ConflictsError
        Naming what nobody decided.
    """
    undecided: list[Conflict] = []
    deltas: list[Delta] = []
    for conflict in conflicts:
        chosen = choices.get((conflict.layer, conflict.fid), {})
        result, open_parts = merged(conflict.base, conflict.mine, conflict.theirs, chosen)
        if open_parts:
            undecided.append(msgspec.structs.replace(conflict, parts=open_parts))
        deltas += changes_between(names[conflict.layer], conflict.fid, conflict.theirs, result)
    if undecided:
        raise ConflictsError(undecided)
    met = {(names[c.layer], c.fid) for c in conflicts}
    kept = []
    for step in steps:
        left = tuple(d for d in step.deltas if (t := parse_target(d.target)) and (t.layer, t.fid) not in met)
        if left:
            kept.append(msgspec.structs.replace(step, deltas=left))
    if deltas:
        kept.append(ChangeSet("Merge with the changes of others", tuple(deltas)))
    return kept
