"""A way over the roads in words and as a line: which roads, how one turns into them, how far, how long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.model.network import Leg, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.network import RoadNetwork, Turn

_LOOK_M = 30.0  # along both roads, to tell a turn from a bend at the crossing
_UNNAMED_TURN_DEG = 45.0  # roads without names: only such turns are told


class Stretch(NamedTuple):
    """A part of an edge as it is driven: from ``begin`` to ``end`` along it (0 tail, 1 head)."""

    edge: int
    begin: float
    end: float


def way(network: RoadNetwork, stretches: Sequence[Stretch], pair: tuple[int, int], off_m: tuple[float, float]) -> Way:
    """What ``stretches`` are between a pair of places that lie ``off_m`` their roads, see :class:`~lydigital.model.network.Way`."""
    parts = [driven(network, s) for s in stretches]
    lengths = [abs(s.end - s.begin) * float(network.length_m[s.edge]) for s in stretches]
    seconds = [_seconds(network, s) for s in stretches]
    points = [tuple(p) for p in parts[0].tolist()]
    for part in parts[1:]:
        points += [tuple(p) for p in part[1:].tolist()]
    return Way(
        *pair, math.fsum(seconds), math.fsum(lengths), "", *off_m, tuple(points),
        _legs(network, stretches, parts, lengths, seconds),
    )  # fmt: skip


def driven(network: RoadNetwork, stretch: Stretch) -> NDArray[np.float64]:
    """Vertices ``(k, 2)`` of a stretch in the order they are driven; at least two."""
    low, high = sorted((stretch.begin, stretch.end))
    first, last = network.offsets[stretch.edge], network.offsets[stretch.edge + 1]
    piece = part_of(network.coords[first:last], low, high)
    return piece if stretch.begin <= stretch.end else piece[::-1]


def part_of(coords: NDArray[np.float64], begin: float, end: float) -> NDArray[np.float64]:
    """The vertices ``(k, 2)`` of a line from one share of its length to another."""
    if begin <= 0 and end >= 1:
        return coords
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))])
    at = np.array([begin, end]) * far[-1]
    ends = np.stack([np.interp(at, far, coords[:, 0]), np.interp(at, far, coords[:, 1])], axis=1)
    inner = coords[(far > at[0]) & (far < at[1])]
    return np.concatenate([ends[:1], inner, ends[1:]])


def _seconds(network: RoadNetwork, stretch: Stretch) -> float:
    share = abs(stretch.end - stretch.begin)
    whole = network.seconds if stretch.end >= stretch.begin else network.seconds_back
    return share * float(whole[stretch.edge]) if share else 0.0


def _legs(
    network: RoadNetwork, stretches: Sequence[Stretch], parts: Sequence[NDArray[np.float64]], lengths: Sequence[float],
    seconds: Sequence[float],
) -> tuple[Leg, ...]:  # fmt: skip
    made: list[Leg] = []
    for k, stretch in enumerate(stretches):
        edge = stretch.edge
        name = network.names[network.name[edge]]
        class_name = network.classes[network.road_class[edge]].name
        x, y = parts[k][0].tolist()
        turn: Turn = "start" if not made else _turn(parts[k - 1], parts[k])
        if made and (made[-1].name, made[-1].class_name) == (name, class_name) and (name or abs(_angle(parts[k - 1], parts[k])) < _UNNAMED_TURN_DEG):
            last = made[-1]
            made[-1] = Leg(last.turn, name, class_name, last.length_m + lengths[k], last.seconds + seconds[k], last.x, last.y)
        else:
            made.append(Leg(turn, name, class_name, lengths[k], seconds[k], x, y))
    x, y = parts[-1][-1].tolist()
    made.append(Leg("arrive", "", "", 0.0, 0.0, x, y))
    return tuple(made)


def _angle(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Degrees one turns to the left from one line into the next, -180 to 180."""
    a, b = _direction(before[::-1]), _direction(after)
    ahead = (-a[0], -a[1])
    return math.degrees(math.atan2(ahead[0] * b[1] - ahead[1] * b[0], ahead[0] * b[0] + ahead[1] * b[1]))


def _direction(line: NDArray[np.float64]) -> tuple[float, float]:
    """From the first vertex of a line to the point ``_LOOK_M`` along it."""
    far = np.cumsum(np.hypot(*np.diff(line, axis=0).T))
    at = min(_LOOK_M, float(far[-1]))
    x = np.interp(at, np.concatenate([[0.0], far]), line[:, 0])
    y = np.interp(at, np.concatenate([[0.0], far]), line[:, 1])
    return float(x - line[0, 0]), float(y - line[0, 1])


def _turn(before: NDArray[np.float64], after: NDArray[np.float64]) -> Turn:
    angle = _angle(before, after)
    side: tuple[Turn, Turn, Turn] = ("slight_left", "left", "sharp_left") if angle > 0 else ("slight_right", "right", "sharp_right")
    size = abs(angle)
    if size < 20:
        return "straight"
    if size > 165:
        return "back"
    return side[0] if size < 45 else side[1] if size < 120 else side[2]
