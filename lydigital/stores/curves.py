"""Curves as short lines: CIRCULARSTRING, COMPOUNDCURVE and CURVEPOLYGON of ISO WKB (OGC 06-103r4 §8.2.8).

The drawing engine knows straight lines only. Curves are rare in a city's data (kerbs and parcels of CAD origin), so this
is plain Python, used for the features that have one.
"""

from __future__ import annotations

import math
import struct
from typing import TypeAlias

_POINT, _LINE, _POLYGON = 1, 2, 3
_CIRCULAR, _COMPOUND, _CURVE_POLYGON = 8, 9, 10
_PLAIN = {10: 3, 11: 5, 12: 6}  # what a curve polygon, multi curve and multi surface become
_COLLECTIONS = frozenset((4, 5, 6, 7, 11, 12, 15, 16))
_STEP = math.pi / 45  # 4 degrees: 0.06 % of the radius beside the arc at most
_DEPTH = 32
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_MOST = 100_000_000  # members: more cannot be meant

Vertices: TypeAlias = "list[tuple[float, float]]"


def straightened(blob: bytes) -> bytes:
    """``blob`` (WKB or GeoPackage) as little-endian WKB in two dimensions; as it was where it cannot be read."""
    start = 0
    if blob[:2] == b"GP" and len(blob) >= 8:
        start = 8 + _ENVELOPES.get((blob[3] >> 1) & 7, 0)
    try:
        return _Reader(blob, start).geometry(0)
    except (struct.error, ValueError, IndexError):
        return blob


class _Reader:
    def __init__(self, blob: bytes, pos: int) -> None:
        self.blob, self.pos = blob, pos

    def take(self, layout: str) -> tuple[float, ...]:
        values = struct.unpack_from(layout, self.blob, self.pos)
        self.pos += struct.calcsize(layout)
        return values

    def head(self) -> tuple[str, int, int]:
        """Byte order, type and numbers a vertex."""
        order = "<" if self.blob[self.pos] == 1 else ">"
        self.pos += 1
        code = int(self.take(order + "I")[0])
        if code & 0x20000000:
            self.pos += 4
        more = bool(code & 0x80000000) + bool(code & 0x40000000)
        code &= 0x0FFFFFFF
        more = max(more, (0, 1, 1, 2)[code // 1000])
        return order, code % 1000, 2 + more

    def count(self, order: str) -> int:
        n = int(self.take(order + "I")[0])
        if n > min(_MOST, len(self.blob) - self.pos):
            raise ValueError
        return n

    def vertices(self, order: str, width: int) -> Vertices:
        n = self.count(order)
        values = self.take(f"{order}{n * width}d")
        return list(zip(values[::width], values[1::width], strict=True))

    def geometry(self, depth: int) -> bytes:
        if depth > _DEPTH:
            raise ValueError
        begin = self.pos
        order, code, width = self.head()
        if code in _COLLECTIONS:
            members = [self.geometry(depth + 1) for _ in range(self.count(order))]
            return struct.pack("<BII", 1, _PLAIN.get(code, code), len(members)) + b"".join(members)
        if code == _POINT:
            return struct.pack("<BIdd", 1, _POINT, *self.take(f"{order}{width}d")[:2])
        if code == _POLYGON:
            rings = [self.vertices(order, width) for _ in range(self.count(order))]
            return _polygon(rings)
        if code == _CURVE_POLYGON:
            rings = [self.curve(depth + 1) for _ in range(self.count(order))]
            return _polygon(rings)
        self.pos = begin
        return struct.pack("<BI", 1, _LINE) + _packed(self.curve(depth))

    def curve(self, depth: int) -> Vertices:
        """Vertices of a line, a circular string or a compound of them."""
        order, code, width = self.head()
        if code == _LINE:
            return self.vertices(order, width)
        if code == _CIRCULAR:
            return _arcs(self.vertices(order, width))
        if code != _COMPOUND or depth > _DEPTH:
            raise ValueError
        joined: Vertices = []
        for _ in range(self.count(order)):
            some = self.curve(depth + 1)
            joined += some[1:] if joined and some[:1] == joined[-1:] else some
        return joined


def _packed(vertices: Vertices) -> bytes:
    return struct.pack(f"<I{2 * len(vertices)}d", len(vertices), *(c for xy in vertices for c in xy))


def _polygon(rings: list[Vertices]) -> bytes:
    return struct.pack("<BII", 1, _POLYGON, len(rings)) + b"".join(map(_packed, rings))


def _arcs(points: Vertices) -> Vertices:
    """A chain of arcs, each through three points, the last of which begins the next."""
    out = points[:1]
    for i in range(0, len(points) - 2, 2):
        out += _arc(*points[i : i + 3])
    if len(points) % 2 == 0:
        out += points[-1:]
    return out


def _arc(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> Vertices:
    """Vertices behind ``a`` of the arc from ``a`` through ``b`` to ``c``; a full circle about ``b`` where it ends at ``a``."""
    (ax, ay), (bx, by), (cx, cy) = a, b, c
    if a == c:
        mx, my, turn = (ax + bx) / 2, (ay + by) / 2, 2 * math.pi
    else:
        ux, uy, vx, vy = bx - ax, by - ay, cx - ax, cy - ay
        d = 2 * (ux * vy - uy * vx)
        if not math.isfinite(d) or abs(d) <= 1e-12 * (ux * ux + uy * uy + vx * vx + vy * vy):
            return [b, c]  # three points on one line
        u, v = ux * ux + uy * uy, vx * vx + vy * vy
        mx, my = ax + (vy * u - uy * v) / d, ay + (ux * v - vx * u) / d
        turn = (math.atan2(cy - my, cx - mx) - math.atan2(ay - my, ax - mx)) % (2 * math.pi)
        if d < 0:
            turn -= 2 * math.pi
    start, radius = math.atan2(ay - my, ax - mx), math.hypot(ax - mx, ay - my)
    if not math.isfinite(radius):
        return [b, c]
    n = max(2, math.ceil(abs(turn) / _STEP))
    inner = [
        (mx + radius * math.cos(start + turn * k / n), my + radius * math.sin(start + turn * k / n))
        for k in range(1, n)
    ]
    return [*inner, c]
