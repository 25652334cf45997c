"""Two people changed one feature: what each did, and what can be made of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.errors import ConflictError
from lydigital.model.feature import Feature, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Side = Literal["mine", "theirs"]
GEOMETRY, WHOLE = "", "*"  # parts of a feature beside its fields


class Conflict(msgspec.Struct, frozen=True):
    """One feature that was changed here and elsewhere.

    Attributes
    ----------
    layer
        Name of the table, or id of the layer once the session names it.
    base, mine, theirs
        The feature as both started from, as it is here, and as the store has it; None where it is removed.
    parts
        What both changed, differently: field names, ``""`` for the geometry, ``"*"`` where one side removed it.
    """

    layer: str
    fid: int
    base: Feature | None
    mine: Feature | None
    theirs: Feature | None
    parts: tuple[str, ...]


class ConflictsError(ConflictError):
    """Others changed the same features. Nothing was written."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(
            "{count} features were changed by others since they were read here",
            hint="Compare both versions and choose; nothing was saved and nothing is lost.",
            count=len(conflicts),
        )
        self.conflicts = tuple(conflicts)


def parts_in_conflict(base: Feature | None, mine: Feature | None, theirs: Feature | None) -> tuple[str, ...]:
    """What both sides changed, differently."""
    if mine is None or theirs is None:
        one = mine if theirs is None else theirs
        return () if one is None or _equal(one, base) else (WHOLE,)
    start = base if base is not None else Feature()
    found = []
    if mine.wkb not in (theirs.wkb, start.wkb) and theirs.wkb != start.wkb:
        found.append(GEOMETRY)
    for name in {**start.values, **theirs.values, **mine.values}:
        then, here, there = (side.values.get(name) for side in (start, mine, theirs))
        if not same(here, there) and not same(here, then) and not same(there, then):
            found.append(name)
    return tuple(found)


def merged(
    base: Feature | None, mine: Feature | None, theirs: Feature | None, choices: Mapping[str, Side]
) -> tuple[Feature | None, tuple[str, ...]]:
    """What becomes of a feature that two changed: parts that only one side changed are taken from it.

    Parameters
    ----------
    choices
        Whose version of each part in conflict holds; ``"*"`` decides for all parts that are not named.

    Returns
    -------
    feature, undecided
        The feature (None for removed), and the parts that nobody decided; mine stands for them meanwhile.
    """
    parts = parts_in_conflict(base, mine, theirs)
    undecided = tuple(p for p in parts if p not in choices and WHOLE not in choices)
    if mine is None or theirs is None:
        if not parts:  # the other side left it as it was: removed
            return None, ()
        return (theirs if choices.get(WHOLE) == "theirs" else mine), undecided
    start = base if base is not None else Feature()

    def mine_holds(part: str, changed: bool) -> bool:
        return choices.get(part, choices.get(WHOLE, "mine")) == "mine" if part in parts else changed

    wkb = mine.wkb if mine_holds(GEOMETRY, mine.wkb != start.wkb) else theirs.wkb
    values = dict(theirs.values)
    values |= {n: v for n, v in mine.values.items() if mine_holds(n, not same(v, start.values.get(n)))}
    return Feature(wkb, values), undecided


def _equal(first: Feature, second: Feature | None) -> bool:
    if second is None or first.wkb != second.wkb:
        return False
    return all(same(first.values.get(n), second.values.get(n)) for n in {**first.values, **second.values})
