"""Changes as values: invertible and composable, so history, journal, audit and saving speak one language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from lydigital.errors import ConflictError


class Delta(msgspec.Struct, frozen=True):
    """One thing, before and after.

    ``target`` names it: ``document/<field>``, ``layer/<id>/<field>``, later ``feature/<layer>/<fid>``. ``old`` and
    ``new`` are values of the model (msgspec structs, tuples, scalars); None on one side means made or removed.
    """

    target: str
    old: Any
    new: Any

    def __invert__(self) -> Delta:
        return Delta(self.target, self.new, self.old)


class ChangeSet(msgspec.Struct, frozen=True):
    """What one command did, with who, when and in which words.

    ``~changes`` undoes; ``first + second`` is both in one. Raises :class:`ConflictError` where ``second`` does not
    start from what ``first`` left.
    """

    annotation: str
    deltas: tuple[Delta, ...] = ()
    author: str = ""
    time: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    values: dict[str, str] = {}

    def __invert__(self) -> ChangeSet:
        return msgspec.structs.replace(self, deltas=tuple(~d for d in reversed(self.deltas)))

    def __add__(self, other: ChangeSet) -> ChangeSet:
        folded: dict[str, Delta] = {d.target: d for d in self.deltas}
        for d in other.deltas:
            before = folded.get(d.target)
            if before is None:
                folded[d.target] = d
                continue
            if before.new != d.old:
                raise ConflictError(
                    "{target} was changed in between", hint="Reload and repeat the change.", target=d.target
                )
            folded[d.target] = Delta(d.target, before.old, d.new)
        kept = tuple(d for d in folded.values() if d.old != d.new)
        return msgspec.structs.replace(other, deltas=kept)

    def __bool__(self) -> bool:
        return bool(self.deltas)
