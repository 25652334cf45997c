"""Which features are selected, by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """``fids`` holds feature ids by layer id, ``(k,) int64`` each, ascending."""

    fids: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(ids) for ids in self.fids.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection):
            return NotImplemented
        return self.fids.keys() == other.fids.keys() and all(
            np.array_equal(ids, other.fids[layer]) for layer, ids in self.fids.items()
        )

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, layer: str, fids: NDArray[np.integer] | list[int]) -> Selection:
        """Features ``fids`` of one layer; nothing selected when there are none."""
        ids = np.unique(np.asarray(fids, np.int64))
        return cls({layer: ids} if len(ids) else {})
