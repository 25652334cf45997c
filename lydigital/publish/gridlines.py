"""Grids of a map on paper: longitude and latitude, or kilometres of its own system; lines, crosses or ticks, with numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.publish.furniture import ANGLES, GREY, Box, dms, nice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.layout import GridLines
    from lydigital.model.viewport import Viewport
    from lydigital.publish.furniture import Paper

_APART_MM = 45.0  # between lines where the grid chooses
_SAMPLES = 65
_MOST_LINES = 400
_TICK_MM, _CROSS_MM = 1.3, 1.2
_SIDES = ("top", "bottom", "left", "right")


@dataclass(frozen=True)
class Mesh:
    """A grid laid over a map.

    Attributes
    ----------
    lines
        Points along each line on the page, mm; by axis (0: of equal x or longitude, 1: of equal y or latitude).
    ticks
        Side, share along it from left or from below, and number of each place where a line meets the frame.
    crossings
        ``(n, 2)`` page mm.
    step
        Distance of lines, map units or degrees.
    """

    lines: tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...]]
    ticks: tuple[tuple[str, float, str], ...]
    crossings: NDArray[np.float64]
    step: float


def mesh(grid: GridLines, inner: Box, viewport: Viewport, *, turn: float = 0.0, base: Crs | None = None) -> Mesh | None:
    """Where the lines of ``grid`` run; None beyond the reach of the projection, where there is no honest grid.

    ``turn`` is that of the map, ``base`` the system it has without it.
    """
    west, south, east, north = viewport.bounds
    geographic = grid.kind == "graticule"
    source = Crs(CGCS2000) if geographic else base or viewport.crs
    if not geographic and source.is_geographic:
        return None
    to_grid, to_map = transformation(viewport.crs, source), transformation(source, viewport.crs)
    across, up = np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES)
    edges = {
        "top": to_grid.points(np.column_stack([across, np.full(_SAMPLES, north)])),
        "bottom": to_grid.points(np.column_stack([across, np.full(_SAMPLES, south)])),
        "left": to_grid.points(np.column_stack([np.full(_SAMPLES, west), up])),
        "right": to_grid.points(np.column_stack([np.full(_SAMPLES, east), up])),
    }
    every = np.concatenate(list(edges.values()))
    if not np.isfinite(every).all():
        return None
    low, high = every.min(axis=0), every.max(axis=0)
    wide = inner.width * abs(math.cos(math.radians(turn))) + inner.height * abs(math.sin(math.radians(turn)))
    step = grid.interval or _step(float(high[0] - low[0]) * _APART_MM / wide, geographic=geographic)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    if not (last - first < _MOST_LINES).all():
        return None

    def page(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = inner.x + (points[:, 0] - west) / (east - west) * inner.width
        return np.column_stack([x, inner.y + (north - points[:, 1]) / (north - south) * inner.height])

    numbers = [np.arange(first[i], last[i] + 1) * step for i in (0, 1)]
    lines = tuple(
        tuple(page(to_map.points(_along(axis, value, low, high))) for value in numbers[axis]) for axis in (0, 1)
    )
    ticks = []
    lying = abs(math.sin(math.radians(turn))) > math.sqrt(0.5)  # north is more at a side than up
    for side in _SIDES:
        axis = 0 if (side in ("top", "bottom")) is not lying else 1
        along, shares = edges[side][:, axis], np.linspace(0, 1, _SAMPLES)
        if along[0] > along[-1]:
            along, shares = along[::-1], shares[::-1]
        for value in numbers[axis]:
            if along.min() <= value <= along.max() and np.all(np.diff(along) > 0):
                share = float(np.interp(value, along, shares))
                ticks.append((side, share, _words(value, axis, step, geographic=geographic)))
    crossings = np.stack(np.meshgrid(*numbers), axis=-1).reshape(-1, 2)
    return Mesh((lines[0], lines[1]), tuple(ticks), page(to_map.points(crossings)) if len(crossings) else np.zeros((0, 2)), float(step))


def _step(about: float, *, geographic: bool) -> float:
    if geographic:
        return min(ANGLES, key=lambda a: abs(math.log(a / about)))
    return nice(about * 1.4)


def _along(axis: int, value: float, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    run = np.linspace(low[1 - axis], high[1 - axis], _SAMPLES)
    still = np.full(_SAMPLES, value)
    return np.column_stack([still, run] if axis == 0 else [run, still])


def _words(value: float, axis: int, step: float, *, geographic: bool) -> str:
    if geographic:
        return dms(value, *(("E", "W") if axis == 0 else ("N", "S")))
    return f"{value / 1000:.10g}" if step % 1000 == 0 else f"{value / 1000:.3f}".rstrip("0").rstrip(".")


def draw(paper: Paper, inner: Box, viewport: Viewport, grid: GridLines, *, band: float = 0.0, turn: float = 0.0, base: Crs | None = None) -> None:
    """Draw ``grid`` over the map in ``inner``; numbers stand in the ``band`` outside it, inside where there is none. Others as :func:`mesh`."""
    from PySide6.QtCore import QRectF

    made = mesh(grid, inner, viewport, turn=turn, base=base)
    if made is None:
        return
    painter = paper.painter
    painter.save()
    painter.setClipRect(QRectF(inner.x, inner.y, inner.width, inner.height))
    thin = 0.1 * max(1.0, grid.size / 5.5)
    if grid.form == "lines":
        for line in (*made.lines[0], *made.lines[1]):
            paper.path([(x, y) for x, y in line.tolist()], grid.color, thin)
    elif grid.form == "crosses":
        size = _CROSS_MM * max(1.0, grid.size / 5.5)
        c, s = size * math.cos(math.radians(turn)), size * math.sin(math.radians(turn))
        for x, y in made.crossings.tolist():
            if inner.x + 2 < x < inner.right - 2 and inner.y + 2 < y < inner.bottom - 2:
                paper.line(x - c, y - s, x + c, y + s, color=grid.color, width_mm=thin)
                paper.line(x + s, y - c, x - s, y + c, color=grid.color, width_mm=thin)
    painter.restore()
    room = 18.0 if grid.corners else 8.0
    for tick in made.ticks:
        _tick(paper, inner, tick, grid, outside=band > 0, room=room * grid.size / 5.5)
    if grid.corners:
        _corners(paper, inner, viewport, grid, base or viewport.crs, outside=band > 0)


def _tick(paper: Paper, inner: Box, tick: tuple[str, float, str], grid: GridLines, *, outside: bool, room: float) -> None:
    side, share, words = tick
    words = words if grid.numbers else ""
    grow = grid.size / 5.5
    out = _TICK_MM * grow * (1 if outside else -1)
    if side in ("top", "bottom"):
        x = inner.x + share * inner.width
        y, out = (inner.y, -out) if side == "top" else (inner.bottom, out)
        paper.line(x, y, x, y + out, color=grid.color)
        if words and room < x - inner.x < inner.width - room:
            paper.text(x, y + (-1.6 if out < 0 else 3.2) * grow, words, grid.size, color=GREY, align="centre")
    else:
        y = inner.bottom - share * inner.height
        x, out = (inner.x, -out) if side == "left" else (inner.right, out)
        paper.line(x, y, x + out, y, color=grid.color)
        if words and room < y - inner.y < inner.height - room:
            paper.text(x + (-1.6 if out < 0 else 3.2) * grow, y, words, grid.size, color=GREY, align="centre", turn_deg=-90)


def _corners(paper: Paper, inner: Box, viewport: Viewport, grid: GridLines, base: Crs, *, outside: bool) -> None:
    """Coordinates of the four corners: longitude at the top or foot, latitude at the side."""
    x0, y0, x1, y1 = viewport.bounds
    to_geo = transformation(viewport.crs, Crs(CGCS2000))
    grow = grid.size / 5.5
    for x, y, right, top in ((x0, y1, False, True), (x1, y1, True, True), (x0, y0, False, False), (x1, y0, True, False)):
        if grid.kind == "graticule":
            longitude, latitude = to_geo.point(x, y)
            level, upright = dms(longitude, "E", "W"), dms(latitude, "N", "S")
        else:
            level, upright = (f"{value / 1000:.3f}" for value in transformation(viewport.crs, base).point(x, y))
        px, py = (inner.right if right else inner.x), (inner.y if top else inner.bottom)
        away = 1.0 if outside else -1.0
        paper.text(px, py + (-1.6 if top else 3.2) * grow * away, level, grid.size, align="right" if right else "left")
        paper.text(px + (3.2 if right else -1.6) * grow * away, py, upright, grid.size, align="right" if top else "left", turn_deg=-90)
