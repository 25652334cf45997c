"""How much every vertex matters: one geometry, every level of detail.

The importance of a vertex is the Douglas-Peucker distance at which it appears (Douglas and Peucker 1973), never larger
than that of the vertex that split the line before it: leaving out everything below a tolerance gives the same line as
simplifying with that tolerance.
"""

from __future__ import annotations

import math

import numpy as np

from lydigital.kernels import spread, types
from lydigital.kernels.jit import BOOL, F32, F64, I64, boolean, f64s2, i64s, inner, kernel, read

_BITS = 0x3FFFFFFF  # so that products of a hash stay within 63 bits
_SHARED_FROM = 24  # vertices a ring on average
_BUDGET = 200  # distances measured a vertex: natural lines need 20 to 60, a comb of n teeth n


@inner
def _farthest(coords: F64, a: int, b: int) -> tuple[int, float]:
    """Vertex strictly between ``a`` and ``b`` farthest from the segment, and its distance."""
    x0, y0 = coords[a, 0], coords[a, 1]
    dx, dy = coords[b, 0] - x0, coords[b, 1] - y0
    square = dx * dx + dy * dy
    inverse = 1.0 / square if square > 0.0 else 0.0
    best, distance = a + 1, -1.0
    turned = coords[a, 0] > coords[b, 0] or (coords[a, 0] == coords[b, 0] and coords[a, 1] > coords[b, 1])
    for step in range(b - a - 1):
        v = b - 1 - step if turned else a + 1 + step  # the same way along a border from both sides
        x, y = coords[v, 0] - x0, coords[v, 1] - y0
        t = min(max((x * dx + y * dy) * inverse, 0.0), 1.0)
        ex, ey = x - t * dx, y - t * dy
        d = ex * ex + ey * ey
        if d > distance:
            best, distance = v, d
    return best, math.sqrt(max(distance, 0.0))


@inner
def _same(coords: F64, a: int, b: int) -> bool:
    return coords[a, 0] == coords[b, 0] and coords[a, 1] == coords[b, 1]


@kernel(f64s2, i64s, fast=False)
def _junctions(coords: F64, ring_offsets: I64) -> BOOL:
    """Whether rings part at a vertex, ``(n,) bool``: seen in several rings, with different neighbours.

    As in the topology of TopoJSON (Bostock 2013): a hash table of coordinates finds the vertices that rings share.
    """
    n = len(coords)
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, np.int64)
    first = np.empty(n, np.int64)
    ahead = np.empty(n, np.int64)
    behind = np.empty(n, np.int64)
    parted = np.zeros(n, np.bool_)
    bits = coords.view(np.int64)
    for ring in range(len(ring_offsets) - 1):
        begin, end = ring_offsets[ring], ring_offsets[ring + 1] - 1
        for v in range(begin, end):
            a = end - 1 if v == begin else v - 1
            b = v + 1
            low = (bits[v, 0] ^ (bits[v, 0] >> 29)) & _BITS
            high = (bits[v, 1] ^ (bits[v, 1] >> 31)) & _BITS
            key = low * 0x9E3779B1 + high * 0x85EBCA77
            slot = (((key ^ (key >> 32)) & _BITS) * 0xC2B2AE3D >> 7) & (size - 1)
            while table[slot] >= 0 and not _same(coords, table[slot], v):
                slot = (slot + 1) & (size - 1)
            if table[slot] < 0:
                table[slot] = v
                ahead[v], behind[v] = b, a
            seen = table[slot]
            first[v] = seen
            if seen != v and not (
                (_same(coords, ahead[seen], b) and _same(coords, behind[seen], a))
                or (_same(coords, ahead[seen], a) and _same(coords, behind[seen], b))
            ):
                parted[seen] = True
        if end >= begin:
            first[end] = first[begin] if end > begin else end
    out = np.zeros(n, np.bool_)
    for v in range(n):
        out[v] = parted[first[v]]
    return out


def importance(coords: F64, ring_offsets: I64, closed: bool) -> F32:
    """Importance ``(n,) float32`` in map units of every vertex.

    Ends are infinite. So are two more vertices of a ``closed`` ring: the one farthest from its start, and the one
    farthest from the line between those two, so that every simplified ring keeps an area. Rings of many vertices are
    taken apart where neighbours meet, so that both sides of a common border are simplified alike. A ring of a shape that
    would take too long keeps more vertices than it needs.
    """
    rings = max(len(ring_offsets) - 1, 1)
    shared = closed and len(coords) > _SHARED_FROM * rings
    parted = _junctions(coords, ring_offsets) if shared else np.zeros(0, np.bool_)
    out = np.empty(len(coords), np.float32)

    def work(first: int, last: int) -> None:
        begin, end = int(ring_offsets[first]), int(ring_offsets[last])
        steps = ring_offsets[first : last + 1] - begin
        out[begin:end] = _importance(coords[begin:end], steps, closed, parted[begin:end] if shared else parted)

    spread.over(len(ring_offsets) - 1, work)
    return out


@kernel(f64s2, i64s, boolean, read(types.boolean), fast=False)
def _importance(coords: F64, ring_offsets: I64, closed: bool, parted: BOOL) -> F32:
    """Importance, with infinite vertices where ``parted`` (of all vertices, or none)."""
    n = len(coords)
    out = np.empty(n, np.float32)
    out[:] = np.inf
    longest = 0
    for ring in range(len(ring_offsets) - 1):
        longest = max(longest, ring_offsets[ring + 1] - ring_offsets[ring])
    first = np.empty(longest + 2, np.int64)
    last = np.empty(longest + 2, np.int64)
    limit = np.empty(longest + 2, np.float64)
    for ring in range(len(ring_offsets) - 1):
        begin, end = ring_offsets[ring], ring_offsets[ring + 1] - 1
        if end - begin < (4 if closed else 2):
            continue
        depth = 0
        if closed and len(parted) > 0:
            a = begin
            for v in range(begin + 1, end + 1):
                if v == end or parted[v]:
                    first[depth], last[depth], limit[depth] = a, v, np.inf
                    depth += 1
                    a = v
        if depth > 3:
            pass  # parted into enough pieces to keep an area
        elif closed:
            far, _ = _farthest(coords, begin, end)
            third, d = (begin, -1.0) if far == begin + 1 else _farthest(coords, begin, far)
            other, e = (begin, -1.0) if far == end - 1 else _farthest(coords, far, end)
            if e > d:
                third = other
            low, high = min(far, third), max(far, third)
            first[0], last[0], limit[0] = begin, low, np.inf
            first[1], last[1], limit[1] = low, high, np.inf
            first[2], last[2], limit[2] = high, end, np.inf
            depth = 3
        else:
            first[0], last[0], limit[0] = begin, end, np.inf
            depth = 1
        left = _BUDGET * (end - begin) + 10_000
        while depth > 0:
            depth -= 1
            a, b, top = first[depth], last[depth], limit[depth]
            if b - a < 2:
                continue
            left -= b - a
            if left < 0:
                out[a + 1 : b] = top
                continue
            v, d = _farthest(coords, a, b)
            d = min(d, top)
            out[v] = d
            first[depth], last[depth], limit[depth] = a, v, d
            first[depth + 1], last[depth + 1], limit[depth + 1] = v, b, d
            depth += 2
    return out
