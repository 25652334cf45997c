"""Well-known binary to ragged arrays, for input that may be broken or hostile.

Reads ISO WKB (OGC 06-103r4 §8.2), EWKB (PostGIS) and GeoPackage blobs (OGC 12-128r19 §2.1.3), both byte orders, any
dimension. Every count is checked against the bytes that are left before it is believed.
"""

from __future__ import annotations

import numpy as np

from lydigital.kernels.jit import F64, I64, U8, i64, i64s, inner, kernel, u8s

EMPTY = 1  # nothing to draw: null, empty, or all of it fell to the problems below
WRONG_KIND = 2  # a point in a layer of lines and the like
NON_FINITE = 4  # vertices with NaN or infinite coordinates were left out
BROKEN = 8  # truncated or malformed; the geometry is empty
HAS_ZM = 16  # heights or measures were left out
CURVE = 32  # arcs are not supported; they and what follows them were left out
SKIPPED = 64  # members of another kind in a collection were left out
DEGENERATE = 128  # rings of less than three corners or lines of one vertex were left out

_DEPTH = 32
_POINT, _LINE, _POLYGON, _COLLECTION, _TRIANGLE = 1, 2, 3, 7, 17


@inner
def _u32(data: U8, pos: int, little: bool) -> int:
    a, b, c, d = np.int64(data[pos]), np.int64(data[pos + 1]), np.int64(data[pos + 2]), np.int64(data[pos + 3])
    if little:
        return int(a | (b << 8) | (c << 16) | (d << 24))
    return int(d | (c << 8) | (b << 16) | (a << 24))


@inner
def _read_vertices(
    data: U8, pos: int, n: int, stride: int, little: bool, raw: U8, coords: F64, cursor: int,
) -> tuple[int, int]:
    """Append ``n`` vertices at ``cursor``; returns how many were finite, and how many were NaN in x and y.

    ``raw`` is the same memory as ``coords``: bytes are copied, so that the source needs no alignment.
    """
    if little and stride == 16:  # as it lies in memory: one copy, unless a vertex must be left out
        whole, part = raw[cursor * 16 : (cursor + n) * 16], data[pos : pos + n * 16]
        for b in range(len(whole)):
            whole[b] = part[b]
        values = coords[cursor : cursor + n]
        wrong = 0
        for k in range(n):
            if not (np.isfinite(values[k, 0]) and np.isfinite(values[k, 1])):
                wrong += 1
        if wrong == 0:
            return n, 0
    kept = 0
    missing = 0
    for k in range(n):
        source = pos + k * stride
        target = (cursor + kept) * 16
        if little:
            for b in range(16):
                raw[target + b] = data[source + b]
        else:
            for b in range(8):
                raw[target + b] = data[source + 7 - b]
                raw[target + 8 + b] = data[source + 15 - b]
        x = coords[cursor + kept, 0]
        y = coords[cursor + kept, 1]
        if np.isfinite(x) and np.isfinite(y):
            kept += 1
        elif np.isnan(x) and np.isnan(y):
            missing += 1
    return kept, missing


@inner
def _walk(
    data: U8, begin: int, end: int, kind: int, fill: bool, raw: U8, coords: F64, rings: I64, parts: I64, at: I64, stack: I64,
) -> int:
    """Read one blob.

    ``at`` holds the vertices, rings and parts so far. With ``fill`` they are written to ``coords``, ``rings`` and
    ``parts`` (ends of each), else only counted, as an upper bound. Returns flags.
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
            if wanted and n > 0 and not fill:
                at[0] += n + 1
                at[1] += 1
                at[2] += 1
            elif wanted and n > 0 and not dropped:
                first = int(at[0])
                kept, missing = _read_vertices(data, pos, n, stride, little, raw, coords, first)
                if kept < n and not (code == _POINT and missing == 1):
                    flags |= NON_FINITE
                if code == _POLYGON and kept > 0:
                    last = first + kept - 1
                    if coords[first, 0] != coords[last, 0] or coords[first, 1] != coords[last, 1]:
                        coords[last + 1, 0] = coords[first, 0]
                        coords[last + 1, 1] = coords[first, 1]
                        kept += 1
                if kept >= (1 if code == _POINT else (2 if code == _LINE else 4)):
                    at[0] += kept
                    rings[at[1]] = at[0]
                    at[1] += 1
                    opened = True
                else:
                    if code != _POINT:
                        flags |= DEGENERATE
                    dropped = r == 0  # holes of an exterior that is gone go with it
            pos += n * stride
        if fill and opened:
            parts[at[2]] = at[1]
            at[2] += 1
    return flags


@kernel(u8s, i64s, i64, fast=False)
def parse(data: U8, offsets: I64, kind: int) -> tuple[F64, I64, I64, I64, U8]:
    """Parse blobs ``data[offsets[i]:offsets[i + 1]]`` (a blob of no bytes is a null geometry) into one kind.

    Returns ``coords (v, 2) float64``, ring, part and geometry offsets (int64, each starting with 0), and ``flags
    (n,) uint8`` naming what was wrong with each blob.
    """
    n = len(offsets) - 1
    stack = np.zeros(_DEPTH, np.int64)
    at = np.zeros(3, np.int64)
    before = np.zeros(3, np.int64)
    geoms = np.zeros(n + 1, np.int64)
    flags = np.zeros(n, np.uint8)
    raw = np.empty(0, np.uint8)
    rings = np.empty(0, np.int64)
    parts = np.empty(0, np.int64)
    for filling in range(2):  # count, then fill: one call of _walk, or it would be compiled twice
        if filling:
            raw = np.empty(at[0] * 16, np.uint8)
            rings = np.empty(at[1], np.int64)
            parts = np.empty(at[2], np.int64)
            at[:] = 0
        coords = raw.view(np.float64).reshape((len(raw) // 16, 2))
        for i in range(n):
            begin = max(offsets[i], 0)
            end = min(offsets[i + 1], len(data))
            before[:] = at
            found = 0
            if begin < end:
                found = _walk(data, begin, end, kind, filling == 1, raw, coords, rings, parts, at, stack)
                if filling and found & BROKEN:
                    at[:] = before
            if filling:
                if at[2] == before[2]:
                    found |= EMPTY
                flags[i] = found
                geoms[i + 1] = at[2]
    ring_offsets = np.zeros(at[1] + 1, np.int64)
    ring_offsets[1:] = rings[: at[1]]
    part_offsets = np.zeros(at[2] + 1, np.int64)
    part_offsets[1:] = parts[: at[2]]
    if at[0] < len(coords):
        coords = coords[: at[0]].copy()
    return coords, ring_offsets, part_offsets, geoms, flags
