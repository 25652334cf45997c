"""Lines of one name and one rule, joined where they touch, so that a road is labelled as one and not piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import chains as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.geometry import GeometryArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Chains:
    """Joined lines.

    Attributes
    ----------
    coords, offsets
        ``(n, 2) float64`` map units, ``(chains + 1,) int64``.
    texts, rows, lengths
        By chain: number of its text, the row it begins with, length in map units.
    of_path, path_offsets
        Chain of every path of the geometry, -1 for none; offsets of each row's paths.
    """

    coords: NDArray[np.float64]
    offsets: Ints
    texts: Ints
    rows: Ints
    lengths: NDArray[np.float64]
    of_path: Ints
    path_offsets: Ints

    def of_rows(self, rows: Ints) -> Ints:
        """Numbers of the chains that ``rows`` have a part in, ascending."""
        first = self.path_offsets[rows]
        counts = self.path_offsets[rows + 1] - first
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        met = np.zeros(len(self.texts) + 1, np.bool_)  # the last takes paths without a chain
        met[self.of_path[np.repeat(first, counts) + steps]] = True
        return np.flatnonzero(met[:-1])


def join(geometry: GeometryArray, texts: Ints, codes: Ints) -> Chains:
    """Join the lines of ``geometry`` whose ``texts`` and ``codes`` (by row, negative to leave out) agree."""
    row_of_path = np.repeat(np.arange(len(geometry), dtype=np.int64), np.diff(geometry.geom_rings))
    starts, ends = geometry.ring_offsets[:-1], geometry.ring_offsets[1:]
    text, code = texts[row_of_path], codes[row_of_path]
    used = np.flatnonzero((text >= 0) & (code >= 0) & (ends - starts > 1))
    tips = np.concatenate([geometry.coords[starts[used]], geometry.coords[ends[used] - 1]])
    kind = np.tile(text[used] * (int(code.max(initial=0)) + 1) + code[used], 2)
    order = np.lexsort((tips[:, 1], tips[:, 0], kind))
    nodes = np.zeros(len(order), np.int64)
    if len(order):
        differs = np.any(np.diff(tips[order], axis=0) != 0, axis=1) | (np.diff(kind[order]) != 0)
        nodes[order[1:]] = np.cumsum(differs)
    count = int(nodes.max(initial=-1)) + 1
    paths, offsets = kernels.walk(nodes[: len(used)], nodes[len(used) :], count)
    coords, coord_offsets = kernels.assemble(geometry.coords, starts[used], ends[used], paths, offsets)
    members = used[np.where(paths < 0, -paths - 1, paths)]
    of_path = np.full(len(row_of_path), -1, np.int64)
    of_path[members] = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    heads = members[offsets[:-1]]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))]) if len(coords) else np.zeros(1)
    lengths = along[coord_offsets[1:] - 1] - along[coord_offsets[:-1]]
    return Chains(coords, coord_offsets, text[heads], row_of_path[heads], lengths, of_path, geometry.geom_rings)
