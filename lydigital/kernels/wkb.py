"""Well-known binary to ragged arrays, for input that may be broken or hostile.

Reads ISO WKB (OGC 06-103r4 §8.2), EWKB (PostGIS) and GeoPackage blobs (OGC 12-128r19 §2.1.3), both byte orders, any
dimension. Every count is checked against the bytes that are left before it is believed.

:func:`scan` says how much room every blob needs and where it lies, :func:`fill` writes blobs in any order into arrays of
just that room: sorting by place costs no copy. Both work on a run of blobs, so threads may share the work, and a large file
need not be in memory: it is read a second time to be written.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels import types
from lydigital.kernels.jit import F64, I32, I64, U8, U16, i64, i64s, inner, kernel, read, u8s, write

EMPTY = 1  # nothing to draw: null, empty, or all of it fell to the problems below
WRONG_KIND = 2  # a point in a layer of lines and the like
NON_FINITE = 4  # vertices with NaN, infinite or absurdly large coordinates were left out
BROKEN = 8  # truncated or malformed; the geometry is empty
HAS_ZM = 16  # heights or measures were left out
CURVE = 32  # arcs are not supported; they and what follows them were left out
SKIPPED = 64  # members of another kind in a collection were left out
DEGENERATE = 128  # rings of less than three corners or lines of one vertex were left out
UNCLOSED = 256  # a ring did not end where it began; it was closed

FARTHEST = 1e12  # map units: no place has larger coordinates, and sums of their products stay finite
_DEPTH = 32
_POINT, _LINE, _POLYGON, _COLLECTION, _TRIANGLE = 1, 2, 3, 7, 17

u16s = read(types.uint16)
_OUT = write(types.int64), write(types.float64, 2), write(types.uint16)


@inner
def _u32(data: U8, pos: int, little: bool) -> int:
    a, b, c, d = np.int64(data[pos]), np.int64(data[pos + 1]), np.int64(data[pos + 2]), np.int64(data[pos + 3])
    if little:
        return int(a | (b << 8) | (c << 16) | (d << 24))
    return int(d | (c << 8) | (b << 16) | (a << 24))


@inner
def _is_place(x: float, y: float) -> bool:
    return abs(x) < FARTHEST and abs(y) < FARTHEST  # false for NaN


@inner
def _load(data: U8, source: int, little: bool, raw: U8, target: int) -> None:
    """Copy one x, y: ``raw`` is the memory of floats, and the source needs no alignment."""
    if little:
        for b in range(16):
            raw[target + b] = data[source + b]
    else:
        for b in range(8):
            raw[target + b] = data[source + 7 - b]
            raw[target + 8 + b] = data[source + 15 - b]


@inner
def _measure(
    data: U8, pos: int, n: int, stride: int, little: bool, raw: U8, xy: F64, ends: F64, box: F64,
) -> tuple[int, int]:
    """How many of ``n`` vertices have a place, and how many are NaN in x and y.

    First and last place go to ``ends``, bounds to ``box``. ``raw`` is the memory of ``xy``, room for one vertex.
    """
    kept = 0
    missing = 0
    x0 = y0 = np.inf
    x1 = y1 = -np.inf
    x = y = 0.0
    for k in range(n):
        _load(data, pos + k * stride, little, raw, 0)
        u, v = xy[0, 0], xy[0, 1]
        if _is_place(u, v):
            x, y = u, v
            if kept == 0:
                ends[0], ends[1] = x, y
            kept += 1
            x0, x1 = min(x0, x), max(x1, x)
            y0, y1 = min(y0, y), max(y1, y)
        elif np.isnan(u) and np.isnan(v):
            missing += 1
    ends[2], ends[3] = x, y
    box[0], box[1], box[2], box[3] = x0, y0, x1, y1
    return kept, missing


@inner
def _copy(data: U8, pos: int, n: int, stride: int, little: bool, raw: U8, coords: F64, cursor: int, room: int) -> int:
    """Write those of ``n`` vertices that have a place at ``cursor``, at most ``room``; returns how many."""
    if little and stride == 16 and n <= room:  # as they lie in memory: one copy, unless a vertex must be left out
        whole, part = raw[cursor * 16 : (cursor + n) * 16], data[pos : pos + n * 16]
        for b in range(len(whole)):
            whole[b] = part[b]
        values = coords[cursor : cursor + n]
        wrong = 0
        for k in range(n):
            if not _is_place(values[k, 0], values[k, 1]):
                wrong += 1
        if wrong == 0:
            return n
    kept = 0
    for k in range(n):
        if kept >= room:
            break
        _load(data, pos + k * stride, little, raw, (cursor + kept) * 16)
        if _is_place(coords[cursor + kept, 0], coords[cursor + kept, 1]):
            kept += 1
    return kept


@inner
def _walk(
    data: U8, begin: int, end: int, kind: int, write_it: bool, raw: U8, coords: F64, rings: I64, parts: I64, at: I64,
    stack: I64, ends: F64, box: F64, ring_box: F64,
) -> int:
    """Read one blob; returns flags.

    ``at`` holds the vertices, rings and parts so far and, to write, where the room for each ends. With ``write_it`` they go to
    ``coords``, ``rings`` and ``parts`` (ends of each); else ``raw`` and ``coords`` have room for one, and ``box`` grows.
    """
    pos = begin
    flags = 0
    if end - pos >= 8 and data[pos] == 0x47 and data[pos + 1] == 0x50:  # "GP"
        envelope = (data[pos + 3] >> 1) & 7
        if envelope > 4:
            return BROKEN
        pos += 8
        if envelope == 1:
            pos += 32
        elif envelope == 4:
            pos += 64
        elif envelope > 1:
            pos += 48
    depth = 1
    stack[0] = 1
    while depth > 0:
        if stack[depth - 1] == 0:
            depth -= 1
            continue
        stack[depth - 1] -= 1
        if end - pos < 9 or data[pos] > 1:
            return flags | BROKEN
        little = data[pos] == 1
        code = _u32(data, pos + 1, little)
        pos += 5
        has_z = (code & 0x80000000) != 0
        has_m = (code & 0x40000000) != 0
        if code & 0x20000000:
            pos += 4
        code &= 0x0FFFFFFF
        iso = code // 1000
        if iso > 3:
            return flags | BROKEN
        has_z = has_z or iso in (1, 3)
        has_m = has_m or iso >= 2
        code %= 1000
        stride = 16
        if has_z:
            stride += 8
        if has_m:
            stride += 8
        if has_z or has_m:
            flags |= HAS_ZM
        if 8 <= code <= 10:
            return flags | CURVE
        if 4 <= code <= 7 or 11 <= code <= 12 or 15 <= code <= 16:
            if end - pos < 4:
                return flags | BROKEN
            n = _u32(data, pos, little)
            pos += 4
            if n * 9 > end - pos or depth >= _DEPTH:
                return flags | BROKEN
            stack[depth] = n
            depth += 1
            continue
        if code == _TRIANGLE:
            code = _POLYGON
        if not 1 <= code <= 3:
            return flags | BROKEN
        wanted = code == kind
        if not wanted:
            flags |= WRONG_KIND if depth == 1 else SKIPPED
        n_rings = 1
        if code == _POLYGON:
            if end - pos < 4:
                return flags | BROKEN
            n_rings = _u32(data, pos, little)
            pos += 4
            if n_rings * 4 > end - pos:
                return flags | BROKEN
        opened = False
        dropped = False
        for r in range(n_rings):
            n = 1
            if code != _POINT:
                if end - pos < 4:
                    return flags | BROKEN
                n = _u32(data, pos, little)
                pos += 4
            if n * stride > end - pos:
                return flags | BROKEN
            if wanted and n > 0 and not dropped:
                first = int(at[0])
                if write_it:
                    kept = _copy(data, pos, n, stride, little, raw, coords, first, int(at[3]) - first)
                    missing = 0
                    if kept > 0:
                        ends[0], ends[1] = coords[first, 0], coords[first, 1]
                        ends[2], ends[3] = coords[first + kept - 1, 0], coords[first + kept - 1, 1]
                else:
                    kept, missing = _measure(data, pos, n, stride, little, raw, coords, ends, ring_box)
                if kept < n and not (code == _POINT and missing == 1):
                    flags |= NON_FINITE
                unclosed = code == _POLYGON and kept > 0 and (ends[0] != ends[2] or ends[1] != ends[3])
                if unclosed:
                    if write_it and first + kept < at[3]:
                        coords[first + kept, 0], coords[first + kept, 1] = ends[0], ends[1]
                    kept += 1
                if kept >= (1 if code == _POINT else (2 if code == _LINE else 4)):
                    at[0] += kept
                    if write_it:
                        if at[1] < at[4]:
                            rings[at[1]] = at[0]
                    else:
                        box[0], box[1] = min(box[0], ring_box[0]), min(box[1], ring_box[1])
                        box[2], box[3] = max(box[2], ring_box[2]), max(box[3], ring_box[3])
                    at[1] += 1
                    opened = True
                    if unclosed and kept == n + 1:
                        flags |= UNCLOSED
                else:
                    if code != _POINT:
                        flags |= DEGENERATE
                    dropped = r == 0  # holes of an exterior that is gone go with it
            pos += n * stride
        if opened:
            if write_it and at[2] < at[5]:
                parts[at[2]] = at[1]
            at[2] += 1
    return flags


@kernel(u8s, i64s, i64s, i64, i64, i64, write(types.int32, 2), _OUT[1], _OUT[2], fast=False)
def scan(
    data: U8, starts: I64, stops: I64, kind: int, first: int, last: int, sizes: I32, bounds: F64, flags: U16,
) -> None:
    """Measure blobs ``first`` to ``last`` of ``data[starts[i]:stops[i]]`` (no bytes: a null geometry) as one kind.

    Writes ``sizes (n, 3) int32``: vertices, rings and parts; ``bounds (n, 4) float64``, NaN where there is nothing; and
    ``flags (n,) uint16`` naming what is wrong.
    """
    stack = np.zeros(_DEPTH, np.int64)
    at = np.zeros(6, np.int64)
    raw = np.empty(16, np.uint8)
    xy = raw.view(np.float64).reshape((1, 2))
    none = np.empty(0, np.int64)
    ends = np.zeros(4, np.float64)
    ring_box = np.zeros(4, np.float64)
    box = np.zeros(4, np.float64)
    for i in range(first, last):
        begin = max(starts[i], 0)
        end = min(stops[i], len(data))
        found = 0
        at[:] = 0
        box[0] = box[1] = np.inf
        box[2] = box[3] = -np.inf
        if begin < end:
            found = _walk(data, begin, end, kind, False, raw, xy, none, none, at, stack, ends, box, ring_box)
            if found & BROKEN:
                at[:] = 0
        if at[2] == 0:
            found |= EMPTY
            box[:] = np.nan
        flags[i] = found
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = at[0], at[1], at[2]
        bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3] = box[0], box[1], box[2], box[3]


@kernel(i64, fast=False)
def unmeasured(n: int) -> tuple[I32, F64, U16]:
    """Arrays for :func:`scan` to write to (in ordinary pages: :func:`lydigital.kernels.btree.memory`)."""
    return np.empty((n, 3), np.int32), np.empty((n, 4), np.float64), np.empty(n, np.uint16)


@kernel(
    u8s, i64s, i64s, i64, i64s, i64, i64, read(types.int64, 2), _OUT[1], _OUT[0], _OUT[0], fast=False,
)
def fill(
    data: U8, starts: I64, stops: I64, kind: int, places: I64, first: int, last: int, begins: I64, coords: F64, rings: I64,
    parts: I64,
) -> int:
    """Write blobs ``first`` to ``last`` as :func:`scan` measured them, each to its place of ``places`` in the new order.

    ``begins (n + 1, 3)`` holds the vertices, rings and parts before each place of the new order. Ends go to ``rings`` and
    ``parts`` behind the 0 they begin with. Returns how many blobs are not what was measured: the arrays are useless then.
    """
    stack = np.zeros(_DEPTH, np.int64)
    at = np.zeros(6, np.int64)
    unused = np.zeros(4, np.float64)
    ends = np.zeros(4, np.float64)
    raw = coords.reshape(coords.size).view(np.uint8)
    ring_ends, part_ends = rings[1:], parts[1:]
    changed = 0
    for i in range(first, last):
        k = places[i]
        if begins[k, 2] == begins[k + 1, 2]:
            continue
        at[0], at[1], at[2] = begins[k, 0], begins[k, 1], begins[k, 2]
        at[3], at[4], at[5] = begins[k + 1, 0], begins[k + 1, 1], begins[k + 1, 2]
        begin = max(starts[i], 0)
        end = min(stops[i], len(data))
        _walk(data, begin, end, kind, True, raw, coords, ring_ends, part_ends, at, stack, ends, unused, unused)
        if at[0] != at[3] or at[1] != at[4] or at[2] != at[5]:
            changed += 1
    return changed


def parse(data: U8, offsets: I64, kind: int) -> tuple[F64, I64, I64, I64, U16]:
    """Parse blobs ``data[offsets[i]:offsets[i + 1]]`` (a blob of no bytes is a null geometry) into one kind.

    Returns ``coords (v, 2) float64``, ring, part and geometry offsets (int64, each starting with 0), and ``flags
    (n,) uint16`` naming what was wrong with each blob.
    """
    n = len(offsets) - 1
    starts, stops = offsets[:-1], offsets[1:]
    sizes, bounds, flags = unmeasured(n)
    scan(data, starts, stops, kind, 0, n, sizes, bounds, flags)
    order = np.arange(n)
    begins, _, coords, rings, parts = room(sizes, bounds, order)
    fill(data, starts, stops, kind, order, 0, n, begins, coords, rings, parts)
    return coords, rings, parts, np.ascontiguousarray(begins[:, 2]), flags


@kernel(read(types.int32, 2), read(types.float64, 2), i64s, fast=False)
def room(sizes: I32, bounds: F64, order: I64) -> tuple[I64, F64, F64, I64, I64]:
    """What :func:`fill` needs to write blobs in ``order``.

    Returns ``begins``; the bounds in the new order; and empty arrays for vertices, ends of rings and of parts.
    """
    n = len(order)
    begins = np.empty((n + 1, 3), np.int64)
    sorted_bounds = np.empty((n, 4), np.float64)
    vertices = rings = parts = np.int64(0)
    for k in range(n):
        i = order[k]
        begins[k, 0], begins[k, 1], begins[k, 2] = vertices, rings, parts
        vertices += sizes[i, 0]
        rings += sizes[i, 1]
        parts += sizes[i, 2]
        for side in range(4):
            sorted_bounds[k, side] = bounds[i, side]
    begins[n, 0], begins[n, 1], begins[n, 2] = vertices, rings, parts
    ring_ends, part_ends = np.empty(rings + 1, np.int64), np.empty(parts + 1, np.int64)
    ring_ends[0] = part_ends[0] = 0
    return begins, sorted_bounds, np.empty((vertices, 2), np.float64), ring_ends, part_ends
