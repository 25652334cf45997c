"""Lines become a graph: ends brought onto the roads they nearly meet, lines split where they touch or cross on one level.

What meets what:

- Lines that share a vertex meet there if one of them ends at it, or both run through it on the same level.
- An end that lies beside another line of its level, nearer than the tolerance, is moved onto it.
- Lines of one level that cross without a vertex are split and meet. Lines of different levels do not.
- A class that joins only some others (expressways) meets no other, and with these it meets at every common vertex.

Only loose ends move, by the tolerance at most; no other vertex does (but for two within a centimetre, which become one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.network import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from lydigital.model.speeds import RoadClass

TOUCH = 0.01  # map units: nearer than this is the same place
_GRID = 1000.0  # vertices that agree to the millimetre are one
_NEAR_VERTEX = 0.5  # a loose end goes to a vertex that lies so near its foot on a line
_OWN_FAR = 1.0  # a line meets itself only where so much of it lies between
_CHUNK = 200_000  # segments compared at once
_OWN = 1000  # group of a line that may not join what it meets


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines as they come: vertices ``(v, 2)``, ``offsets (k + 1,)``, ``level (k,)`` and number of the class ``(k,)``."""

    coords: NDArray[np.float64]
    offsets: NDArray[np.int64]
    level: NDArray[np.int16]
    road_class: NDArray[np.int16]


class Found(NamedTuple):
    """Findings: kind, place, how far, the line and the other line (-1 for none); all of the same length."""

    kind: NDArray[np.int8]
    xy: NDArray[np.float64]
    moved: NDArray[np.float64]
    line: NDArray[np.int64]
    other: NDArray[np.int64]


class Graph(NamedTuple):
    """Nodes ``(n, 2)`` and edges: vertices, ``offsets``, ``tail``, ``head`` and the line each is a piece of."""

    nodes: NDArray[np.float64]
    coords: NDArray[np.float64]
    offsets: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    line: NDArray[np.int64]
    found: tuple[Found, ...]


def graph_of(
    lines: Lines, classes: Sequence[RoadClass], tolerance: float, progress: Callable[[float], None] = lambda _: None
) -> Graph:
    """The graph of ``lines``; ``tolerance`` in map units, ``progress`` is told the share that is done.

    Raises
    ------
    BadDataError
        When they are more than 4,000 km apart.
    """
    work = _Work(lines, classes)
    for _ in range(2):  # a line onto which an end was moved may have moved itself
        if not work.move_loose_ends(tolerance):
            break
        progress(0.3)
    work.split(lambda done: progress(0.5 + 0.4 * done))
    return work.graph()


class _Work:
    """Vertices of all lines in a row, changed step by step."""

    def __init__(self, lines: Lines, classes: Sequence[RoadClass]) -> None:
        self.level, self.road_class = lines.level.astype(np.int64), lines.road_class
        self.found: list[Found] = []
        count = len(classes)
        number = {c.code: i for i, c in enumerate(classes)}
        meets = np.array([[not c.joins or other.code in c.joins for other in classes] for c in classes]).reshape(count, count)
        self.meets = meets & meets.T  # (classes, classes)
        self.is_choosy = np.array([bool(c.joins) for c in classes])
        self.join_bits = np.array([sum(1 << number[j] for j in c.joins if j in number) for c in classes], np.int64)
        line = np.repeat(np.arange(len(lines.offsets) - 1), np.diff(lines.offsets))
        ids = _numbered(lines.coords)
        keep = np.ones(len(ids), bool)
        keep[1:] = (ids[1:] != ids[:-1]) | (line[1:] != line[:-1])
        size = np.bincount(line[keep], minlength=len(lines.level))
        bare = size < 2
        if bare.any():
            at = lines.offsets[:-1][bare]
            has = np.diff(lines.offsets)[bare] > 0
            xy = np.full((len(at), 2), np.nan)
            xy[has] = lines.coords[at[has]]
            self._note(Kind.NO_LENGTH, xy, 0.0, np.flatnonzero(bare), -1)
        keep &= ~bare[line]
        self.xy, self.id, self.line = lines.coords[keep], ids[keep], line[keep]

    def _note(
        self, kind: Kind, xy: NDArray[np.float64], moved: NDArray[np.float64] | float, line: NDArray[np.int64],
        other: NDArray[np.int64] | int,
    ) -> None:  # fmt: skip
        shape = len(line)
        if shape:
            self.found.append(Found(
                np.full(shape, kind, np.int8), xy.reshape(-1, 2), np.broadcast_to(np.asarray(moved, np.float64), shape), line,
                np.broadcast_to(np.asarray(other, np.int64), shape),
            ))  # fmt: skip

    @property
    def _is_end(self) -> NDArray[np.bool_]:
        """``(v,) bool``: the first and last vertex of a line."""
        end = np.zeros(len(self.line), bool)
        if len(end):
            change = self.line[1:] != self.line[:-1]
            end[0] = end[-1] = True
            end[1:] |= change
            end[:-1] |= change
        return end

    @property
    def _segments(self) -> NDArray[np.int64]:
        """Numbers of the vertices that begin a segment."""
        return np.flatnonzero(self.line[1:] == self.line[:-1])

    # --- loose ends ---------------------------------------------------------------------------------------------------

    def move_loose_ends(self, tolerance: float) -> bool:
        """Move ends that meet nothing onto what lies within ``tolerance``; whether any did."""
        import shapely

        uses = np.bincount(self.id, minlength=1)
        loose = np.flatnonzero(self._is_end & (uses[self.id] == 1))
        segments = self._segments
        if not len(loose) or tolerance <= 0:
            return False
        far = self._far_along()
        tree = shapely.STRtree(shapely.linestrings(np.stack([self.xy[segments], self.xy[segments + 1]], axis=1)))
        p, s = tree.query(shapely.points(self.xy[loose]), predicate="dwithin", distance=tolerance)
        end, begin = loose[p], segments[s]
        foot, share, distance = _foot(self.xy[end], self.xy[begin], self.xy[begin + 1])
        on = far[begin] + share * (far[begin + 1] - far[begin])  # how far along its line the foot lies
        own = (self.line[end] == self.line[begin]) & (np.abs(on - far[end]) <= 2 * tolerance)
        is_on = distance <= TOUCH
        same_level = self.level[self.line[end]] == self.level[self.line[begin]]
        may = self.meets[self.road_class[self.line[end]], self.road_class[self.line[begin]]]
        good = ~own & may & (same_level | is_on)
        self._note_refused(end, begin, ~own & ~good, good, distance)
        settled = np.zeros(len(self.line), bool)
        settled[end[good & is_on]] = True  # it ends on a line: nothing has to move
        good &= ~settled[end]
        end, begin, foot, distance = end[good], begin[good], foot[good], distance[good]
        order = np.lexsort((begin, distance, end))
        first = order[np.concatenate([[True], np.diff(end[order]) != 0])] if len(order) else order
        end, begin, foot, distance = end[first], begin[first], foot[first], distance[first]
        if not len(end):
            return False
        self._move(end, begin, foot)
        return True

    def _note_refused(
        self, end: NDArray[np.int64], begin: NDArray[np.int64], refused: NDArray[np.bool_], good: NDArray[np.bool_],
        distance: NDArray[np.float64],
    ) -> None:  # fmt: skip
        helped = np.zeros(len(self.line), bool)
        helped[end[good]] = True
        which = np.flatnonzero(refused & ~helped[end])
        order = which[np.lexsort((distance[which], end[which]))]
        first = order[np.concatenate([[True], np.diff(end[order]) != 0])] if len(order) else order
        noted = {(int(x.line[i]), *x.xy[i].tolist()) for x in self.found if len(x.kind) and x.kind[0] == Kind.REFUSED for i in range(len(x.line))}
        new = [i for i in first if (int(self.line[end[i]]), *self.xy[end[i]].tolist()) not in noted]
        first = np.array(new, np.int64)
        self._note(Kind.REFUSED, self.xy[end[first]], distance[first], self.line[end[first]], self.line[begin[first]])

    def _move(self, end: NDArray[np.int64], begin: NDArray[np.int64], foot: NDArray[np.float64]) -> None:
        """Move ends to their feet on segments, or to a vertex of these that is near the foot."""
        gap = np.stack([np.hypot(*(foot - self.xy[begin + k]).T) for k in (0, 1)])
        vertex = begin + np.argmin(gap, axis=0)
        to_vertex = gap.min(axis=0) <= _NEAR_VERTEX
        moving = np.zeros(int(self.id.max()) + 1, bool)
        moving[self.id[end]] = True
        before = self.xy[end].copy()
        # Ends that lean on vertices become one with them; in a ring of loose ends the first stays where it is.
        pairs = np.stack([self.id[end[to_vertex]], self.id[vertex[to_vertex]]], axis=1)
        place = np.zeros((len(moving), 2))
        place[self.id] = self.xy
        place[self.id[end[~to_vertex]]] = foot[~to_vertex]
        leans = np.zeros(len(moving), bool)
        leans[pairs[:, 0]] = True
        root = _roots(pairs, len(moving), prefer=~leans)
        self.id = root[self.id]
        self.xy = place[self.id]
        moved = np.hypot(*(self.xy[end] - before).T)
        real = moved > TOUCH
        for kind, some in ((Kind.END_TO_END, to_vertex & real), (Kind.END_TO_LINE, ~to_vertex & real)):
            self._note(kind, self.xy[end[some]], moved[some], self.line[end[some]], self.line[begin[some]])

    def _far_along(self) -> NDArray[np.float64]:
        """Distance of every vertex from the first of its line, map units."""
        step = np.zeros(len(self.line))
        step[1:] = np.where(self.line[1:] == self.line[:-1], np.hypot(*np.diff(self.xy, axis=0).T), 0.0)
        total = np.cumsum(step)
        first = np.concatenate([[True], self.line[1:] != self.line[:-1]]) if len(step) else np.zeros(0, bool)
        base: NDArray[np.float64] = np.maximum.accumulate(np.where(first, total, 0.0))
        return total - base

    # --- touches and crossings ----------------------------------------------------------------------------------------

    def split(self, progress: Callable[[float], None]) -> None:
        """Put a vertex where lines touch or cross on one level."""
        ends = self._is_end
        joined: list[NDArray[np.int64]] = []
        touching: list[NDArray[np.int64]] = []  # segment, vertex on it
        share: list[NDArray[np.float64]] = []
        crossing: list[NDArray[np.int64]] = []  # two segments
        where: list[NDArray[np.float64]] = []  # share of both, x, y
        for i, j in self._pairs():
            alike = self.level[self.line[i]] == self.level[self.line[j]]
            touched = np.zeros(len(i), bool)
            for seg, other in ((i, j), (j, i)):
                for k in (0, 1):
                    vertex = other + k
                    foot, t, distance = _foot(self.xy[vertex], self.xy[seg], self.xy[seg + 1])
                    near = (distance <= TOUCH) & (self.id[vertex] != self.id[seg]) & (self.id[vertex] != self.id[seg + 1])
                    touched |= distance <= TOUCH
                    near &= alike | ends[vertex]
                    rows = np.flatnonzero(near)
                    for m in (0, 1):
                        same = np.hypot(*(foot[rows] - self.xy[seg[rows] + m]).T) <= TOUCH
                        joined.append(np.stack([self.id[vertex[rows[same]]], self.id[seg[rows[same]] + m]], axis=1))
                        rows = rows[~same]
                    touching.append(np.stack([seg[rows], vertex[rows]], axis=1))
                    share.append(t[rows])
            rows = np.flatnonzero(alike & ~touched)
            t, u, xy = _crossing(self.xy, i[rows], j[rows])
            real = (t > 0) & (t < 1) & (u > 0) & (u < 1)
            progress(float(i.max(initial=0)) / max(len(self.line), 1))
            crossing.append(np.stack([i[rows[real]], j[rows[real]]], axis=1))
            where.append(np.column_stack([t[real], u[real], xy[real]]))
        new = self._insert(np.concatenate(touching), np.concatenate(share), np.concatenate(crossing), np.concatenate(where))
        alike = (self.line[1:] == self.line[:-1]) & (np.hypot(*np.diff(self.xy, axis=0).T) <= TOUCH)
        close = np.flatnonzero(alike & (new[1:] | new[:-1]))
        pairs = np.concatenate([*joined, np.stack([self.id[close], self.id[close + 1]], axis=1)])
        if len(pairs):
            root = _roots(pairs, int(self.id.max()) + 1, prefer=None)
            place = np.zeros((len(root), 2))
            place[self.id[::-1]] = self.xy[::-1]
            self.id = root[self.id]
            self.xy = place[self.id]

    def _pairs(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Segments (numbers of their first vertices) that may meet and whose boxes do, each pair once, not those in a row."""
        import shapely

        far = self._far_along()
        segments = self._segments
        a, b = self.xy[segments], self.xy[segments + 1]
        low, high = np.minimum(a, b) - TOUCH, np.maximum(a, b) + TOUCH
        boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        tree = shapely.STRtree(boxes)
        none = np.zeros(0, np.int64)
        yield none, none
        for first in range(0, len(segments), _CHUNK):
            p, q = tree.query(boxes[first : first + _CHUNK])
            i, j = segments[p + first], segments[q]
            good = (i < j) & ((self.line[i] != self.line[j]) | (far[j] - far[np.minimum(i + 1, j)] > _OWN_FAR))
            good &= self.meets[self.road_class[self.line[i]], self.road_class[self.line[j]]]
            yield i[good], j[good]

    def _insert(
        self, touching: NDArray[np.int64], share: NDArray[np.float64], crossing: NDArray[np.int64], where: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Add vertices on segments, known ones that touch them, new ones where two cross; which of all were added."""
        _, once = np.unique(np.stack([touching[:, 0], self.id[touching[:, 1]]], axis=1), axis=0, return_index=True)
        touching, share = touching[once], share[once]
        moved = {tuple(xy) for found in self.found if found.kind[0] == Kind.END_TO_LINE for xy in found.xy.tolist()}
        fresh = np.array([tuple(xy) not in moved for xy in self.xy[touching[:, 1]].tolist()], bool)
        self._note(Kind.TOUCH, self.xy[touching[fresh, 1]], 0.0, self.line[touching[fresh, 0]], self.line[touching[fresh, 1]])
        self._note(Kind.CROSSING, where[:, 2:], 0.0, self.line[crossing[:, 0]], self.line[crossing[:, 1]])
        # places of crossings that agree to the millimetre are one vertex
        base = int(self.id.max()) + 1 if len(self.id) else 0
        new = base + _numbered(where[:, 2:])
        at = np.concatenate([touching[:, 0], crossing[:, 0], crossing[:, 1]])
        t = np.concatenate([share, where[:, 0], where[:, 1]])
        ids = np.concatenate([self.id[touching[:, 1]], new, new])
        xy = np.concatenate([self.xy[touching[:, 1]], where[:, 2:], where[:, 2:]])
        count = len(self.id)
        order = np.lexsort((np.concatenate([np.zeros(count), t]), np.concatenate([np.arange(count), at])))
        self.line = np.concatenate([self.line, self.line[at]])[order]
        self.id = np.concatenate([self.id, ids])[order]
        self.xy = np.concatenate([self.xy, xy])[order]
        return order >= count

    # --- nodes and edges ----------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Edges between the vertices where lines end or meet."""
        keep = np.ones(len(self.id), bool)
        keep[1:] = (self.id[1:] != self.id[:-1]) | (self.line[1:] != self.line[:-1])
        size = np.bincount(self.line[keep], minlength=len(self.level))
        lost = np.flatnonzero(keep & (size[self.line] == 1))  # shorter than a centimetre
        self._note(Kind.NO_LENGTH, self.xy[lost], 0.0, self.line[lost], -1)
        keep &= size[self.line] >= 2
        self.xy, self.id, self.line = self.xy[keep], self.id[keep], self.line[keep]
        ends = self._is_end
        group = self._groups(ends)
        key = self.id * (4 * _OWN) + group
        _, key = np.unique(key, return_inverse=True)
        uses = np.bincount(key, minlength=1)
        is_node = ends | (uses[key] >= 2)
        alone = np.flatnonzero(ends & (uses[key] == 1) & (np.bincount(self.id, minlength=1)[self.id] > 1))
        self._note(Kind.REFUSED, self.xy[alone], 0.0, self.line[alone], -1)
        used, node = np.unique(key[is_node], return_inverse=True)
        nodes = np.zeros((len(used), 2))
        at = np.flatnonzero(is_node)
        nodes[node] = self.xy[at]
        starts = np.flatnonzero(self.line[at[1:]] == self.line[at[:-1]])
        first, last = at[starts], at[starts + 1]
        sizes = last - first + 1
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(first, sizes)
        return Graph(
            nodes, self.xy[rows], offsets.astype(np.int64), node[starts].astype(np.int32), node[starts + 1].astype(np.int32),
            self.line[first].astype(np.int64), tuple(self.found),
        )  # fmt: skip

    def _groups(self, ends: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What of a vertex belongs together ``(v,)``: 0 all, or one group a level, or a class of its own."""
        road_class, level = self.road_class[self.line].astype(np.int64), self.level[self.line]
        count = int(self.id.max()) + 1 if len(self.id) else 0
        choosy = self.is_choosy[road_class]
        bits = np.zeros(count, np.int64)
        np.bitwise_or.at(bits, self.id, np.int64(1) << road_class)
        others = bits[self.id] & ~(np.int64(1) << road_class)
        joins = choosy & ((others & self.join_bits[road_class]) != 0)
        is_joined = np.zeros(count, bool)
        is_joined[self.id[joins]] = True
        has_end = np.zeros(count, bool)
        has_end[self.id[ends & ~choosy]] = True
        levels = 1 + level - level.min(initial=0)
        group = np.where(has_end[self.id] | is_joined[self.id], 0, np.minimum(levels, _OWN - 1))
        group = np.where(choosy & ~joins, _OWN + road_class, group)
        changes = np.flatnonzero(joins)
        _, once = np.unique(self.id[changes], return_index=True)
        self._note(Kind.INTERCHANGE, self.xy[changes[once]], 0.0, self.line[changes[once]], -1)
        return group


# --- bare arrays ------------------------------------------------------------------------------------------------------


def _numbered(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """A number for every place ``(v,)``; places that agree to the millimetre have the same."""
    if not len(xy):
        return np.zeros(0, np.int64)
    cell = np.round((xy - xy.min(axis=0)) * _GRID)
    if cell.max() >= 2.0**32:
        raise BadDataError(
            "The roads lie {distance} km apart", hint="A coordinate is wrong: check the layers of roads.",
            distance=round(float(cell.max()) / _GRID / 1000),
        )  # fmt: skip
    packed = (cell[:, 0].astype(np.uint64) << np.uint64(32)) | cell[:, 1].astype(np.uint64)
    _, number = np.unique(packed, return_inverse=True)
    return number.astype(np.int64)


def _foot(
    p: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The point of segments a-b nearest to p: where, its share of the segment, how far."""
    step = b - a
    square = (step * step).sum(axis=1)
    share = np.clip(((p - a) * step).sum(axis=1) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    foot = a + share[:, None] * step
    return foot, share, np.hypot(*(p - foot).T)


def _crossing(
    xy: NDArray[np.float64], i: NDArray[np.int64], j: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where the lines through two segments cross: shares of both (-1 for parallel ones) and x, y."""
    a, d, c, e = xy[i], xy[i + 1] - xy[i], xy[j], xy[j + 1] - xy[j]
    area = d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0]
    flat = np.abs(area) <= 1e-9 * np.hypot(*d.T) * np.hypot(*e.T)
    area = np.where(flat, 1.0, area)
    gap = c - a
    t = np.where(flat, -1.0, (gap[:, 0] * e[:, 1] - gap[:, 1] * e[:, 0]) / area)
    u = np.where(flat, -1.0, (gap[:, 0] * d[:, 1] - gap[:, 1] * d[:, 0]) / area)
    return t, u, a + t[:, None] * d


def _roots(pairs: NDArray[np.int64], count: int, prefer: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """For each of ``count`` things the one that stands for all that ``pairs`` join with it: a preferred one, or the first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    made = np.arange(count)
    touched = np.unique(pairs)
    small = np.searchsorted(touched, pairs)
    graph = coo_array((np.ones(len(pairs)), (small[:, 0], small[:, 1])), shape=(len(touched),) * 2).tocsr()
    parts, label = connected_components(graph, directed=False)
    rank = np.zeros(len(touched), bool) if prefer is None else ~prefer[touched]
    order = np.lexsort((touched, rank, label))
    first = order[np.concatenate([[True], np.diff(label[order]) != 0])] if len(order) else order
    stands = np.zeros(parts, np.int64)
    stands[label[first]] = touched[first]
    made[touched] = stands[label]
    return made
