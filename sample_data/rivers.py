"""The named rivers as smooth lines with a bed that falls all the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sample_data.city import generator
from sample_data.courses import RIVERS, River
from sample_data.projection import project

_STEP_M = 250.0


@dataclass(frozen=True)
class Course:
    """A river line: ``xy`` (n, 2) m downstream, with the bed elevation, floor half width and bed width at each vertex."""

    river: River
    xy: np.ndarray
    bed: np.ndarray
    floor: np.ndarray
    width: np.ndarray


def spline(points: np.ndarray, step: float) -> np.ndarray:
    """A centripetal-like Catmull-Rom curve through ``points`` (n, k), sampled about every ``step`` of the first two columns."""
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    parts = []
    for i in range(1, len(p) - 2):
        n = max(2, int(np.hypot(*(p[i + 1] - p[i])[:2]) / step + 1))
        t = (np.arange(n) / n)[:, None]
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        parts.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t * t
                + (3 * b - a - 3 * c + d) * t * t * t
            )
        )
    return np.vstack([*parts, points[-1:]])


def _meander(xy: np.ndarray, floor: np.ndarray, rank: int, rng: np.random.Generator) -> np.ndarray:
    """Sideways swing of a river: short bends, smaller where the valley is narrow or the river is trained."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    swing = np.zeros(len(xy))
    for wave, size in ((6500.0, 1.0), (2600.0, 0.55)):
        knots = np.arange(-1, along[-1] / wave * 2 + 3)
        heights = rng.uniform(-1, 1, len(knots))
        s = along / wave * 2
        i = s.astype(int)
        f = s - i
        f = f * f * (3 - 2 * f)
        swing += size * (heights[i] * (1 - f) + heights[i + 1] * f) * wave
    reach = np.where(floor < 700, 0.11, np.where(floor > 2900, 0.012, 0.07)) if rank < 3 else 0.1
    taper = np.clip(np.minimum(along, along[-1] - along) / 3000, 0, 1)
    tangent = np.gradient(xy, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    return xy + (swing * reach * taper)[:, None] * np.column_stack([-tangent[:, 1], tangent[:, 0]])


@lru_cache
def courses() -> tuple[Course, ...]:
    """Every named river, tributaries joined to the vertex of their main river nearest to their mouth."""
    done: list[Course] = []
    for river in RIVERS:
        points = np.array(river.points)
        x, y = project(points[:, 0], points[:, 1])
        curve = spline(np.column_stack([x, y]), _STEP_M)
        count = [
            max(2, int(np.hypot(x[i + 1] - x[i], y[i + 1] - y[i]) / _STEP_M + 1)) for i in range(len(x) - 1)
        ]
        t = np.concatenate([i + np.arange(n) / n for i, n in enumerate(count)] + [[len(x) - 1]])
        bed, floor = (np.interp(t, np.arange(len(x)), points[:, k]) for k in (2, 3))
        xy = _meander(curve, floor, river.rank, generator("meander " + river.name))
        share = np.linspace(0.12 if river.rank > 1 or bed[0] > 600 else 0.6, 1.0, len(xy))
        if done:
            xy, bed = _join(done, xy, bed)
        done.append(Course(river, np.round(xy, 1), np.round(bed, 3), floor, river.width_m * share))
    return tuple(done)


def _join(done: list[Course], xy: np.ndarray, bed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bend the last kilometres so that the mouth (or the source, after a confluence) sits on an earlier river."""
    xy, bed = xy.copy(), bed.copy()
    for end in (0, -1):
        distance = [np.hypot(*(c.xy - xy[end]).T) for c in done]
        which = int(np.argmin([d.min() for d in distance]))
        if distance[which].min() > 2500:
            continue
        vertex = int(np.argmin(distance[which]))
        shift = done[which].xy[vertex] - xy[end]
        weight = np.clip(1 - np.abs(np.arange(len(xy)) - (len(xy) - 1 if end else 0)) / 16, 0, 1)[:, None]
        xy += shift * weight
        level = done[which].bed[vertex]
        if end:
            bed = np.maximum(bed, level + np.arange(len(bed) - 1, -1, -1) * 0.02)
            bed[-1] = level
        else:
            bed[0] = level
    return xy, np.minimum.accumulate(bed)
