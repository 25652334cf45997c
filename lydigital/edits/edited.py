"""What an editing command hands over: light, because every command line and the first frame import it."""

from __future__ import annotations

import numpy as np

from lydigital.model.changeset import ChangeSet
from lydigital.model.issue import Issue  # noqa: TC001 - msgspec resolves it at run time
from lydigital.model.selection import Selection


class Edited(ChangeSet, frozen=True):
    """A change set with what the user should know of it, and what to select afterwards (None: leave it)."""

    issues: tuple[Issue, ...] = ()
    selection: dict[str, tuple[int, ...]] | None = None

    @property
    def bare(self) -> ChangeSet:
        """What is committed."""
        return ChangeSet(self.annotation, self.deltas, self.author, self.time, self.values)

    @property
    def selected(self) -> Selection | None:
        if self.selection is None:
            return None
        return Selection({k: np.unique(np.array(v, np.int64)) for k, v in self.selection.items() if v})
