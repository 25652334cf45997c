"""Geometry as WKB, in pieces: of a large file only one piece a core is in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.kernels import ragged, spread, wkb
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.stores import curves
from lydigital.stores.late import give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_MANY = 500_000  # features whose memory is worth the time to tidy it up
_SPLIT = 40_000  # blobs in memory that one thread takes at once


class ChangedError(Exception):
    """A piece read again was not what it was before."""


class Measured(NamedTuple):
    """What :func:`wkb.scan` says of blobs as one kind."""

    kind: GeometryKind
    sizes: NDArray[np.int32]
    bounds: NDArray[np.float64]
    flags: NDArray[np.uint16]


class Piece(NamedTuple):
    """Blobs of neighbouring rows: where each begins and ends ``(n,) int`` in the bytes that ``load()`` gives.

    A null has no bytes. What ``load`` gives may be the memory of the thread: it is used before that loads another.
    """

    starts: NDArray[np.integer]
    stops: NDArray[np.integer]
    load: Callable[[], NDArray[np.uint8]]
    found: Measured | None = None


def of_bytes(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> list[Piece]:
    """Blobs that lie in memory, in pieces for every core."""
    cuts = range(0, max(len(starts), 1), _SPLIT)
    return [_held(data, starts[i : i + _SPLIT], stops[i : i + _SPLIT]) for i in cuts]


def _held(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Piece:
    return Piece(starts, stops, lambda: data)


def measured_piece(piece: Piece, data: NDArray[np.uint8], kind: GeometryKind) -> Measured:
    """What stands in a piece whose bytes are at hand."""
    n = len(piece.starts)
    found = Measured(kind, *wkb.unmeasured(n))
    wkb.scan(data, _wide(piece.starts), _wide(piece.stops), int(kind), 0, n, *found[1:])
    return found


def measured(pieces: Sequence[Piece], kind: GeometryKind) -> Measured:
    """What stands in all pieces, in their order."""

    def one(piece: Piece) -> Measured:
        known = piece.found
        return known if known is not None and known.kind is kind else measured_piece(piece, piece.load(), kind)

    found = list(spread.each(one, pieces))
    found.append(Measured(kind, *wkb.unmeasured(0)))  # there may be none
    return Measured(kind, *(np.concatenate(parts) for parts in list(zip(*found, strict=True))[1:]))


def filled(pieces: list[Piece], found: Measured, order: NDArray[np.int64]) -> GeometryArray:
    """Geometry of the pieces in another order. Takes them from the list one by one, so that what they hold is freed.

    Raises
    ------
    ChangedError
        When a piece is not what was measured.
    """
    begins, bounds, coords, rings, parts = wkb.room(found.sizes, found.bounds, order)
    kind = found.kind
    del found  # as large as what is made of it
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))

    def one(task: tuple[Piece, int]) -> int:
        piece, first = task
        n = len(piece.starts)
        return wkb.fill(
            piece.load(), _wide(piece.starts), _wide(piece.stops), int(kind), places[first : first + n], 0, n, begins,
            coords, rings, parts,
        )  # fmt: skip

    firsts = np.cumsum([0, *(len(piece.starts) for piece in pieces)]).tolist()
    pieces.reverse()
    if sum(spread.each(one, ((pieces.pop(), first) for first in firsts[:-1]))):
        raise ChangedError
    geoms = np.ascontiguousarray(begins[:, 2])
    return GeometryArray(kind, coords, rings, parts, geoms, bounds)


def sorted_geometry(
    pieces: list[Piece], candidates: Sequence[GeometryKind]
) -> tuple[GeometryArray, NDArray[np.int64], NDArray[np.uint16]]:
    """Geometry along a Hilbert curve, the order of the blobs in it, and what is wrong with each. Empties the list.

    Raises
    ------
    ChangedError
        When a piece is not what was measured.
    """
    best = measured(pieces, candidates[0])
    curved = np.flatnonzero(best.flags & wkb.CURVE)
    if len(curved):
        pieces[:] = _straightened(pieces, best.flags)
        best = measured(pieces, candidates[0])
    for candidate in candidates[1:]:
        other = measured(pieces, candidate)
        if _misfits(other) < _misfits(best):
            best = other
    best.flags[curved] |= wkb.CURVE
    pieces[:] = [piece._replace(found=None) for piece in pieces]
    if len(best.flags) > _MANY:
        give_back()
    order = ragged.hilbert_order(best.bounds)
    flags = best.flags[order]
    found, best = [best], None  # type: ignore[assignment]
    return filled(pieces, found.pop(), order), order, flags


def _misfits(found: Measured) -> int:
    return int(np.count_nonzero(found.flags & wkb.EMPTY))


def _straightened(pieces: Sequence[Piece], flags: NDArray[np.uint16]) -> list[Piece]:
    """The same blobs, those of curves as short lines."""
    done, first = [], 0
    for piece in pieces:
        n = len(piece.starts)
        curved = np.flatnonzero(flags[first : first + n] & wkb.CURVE)
        first += n
        if not len(curved):
            done.append(piece)
            continue
        data, starts, stops = piece.load(), _wide(piece.starts).copy(), _wide(piece.stops).copy()
        made = [curves.straightened(data[starts[i] : stops[i]].tobytes()) for i in curved.tolist()]
        ends = len(data) + np.cumsum([len(blob) for blob in made])
        starts[curved], stops[curved] = ends - [len(blob) for blob in made], ends
        whole = np.concatenate([data, np.frombuffer(b"".join(made), np.uint8)])
        done.append(_held(whole, starts, stops))
    return done


def _wide(numbers: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.ascontiguousarray(numbers, np.int64)
