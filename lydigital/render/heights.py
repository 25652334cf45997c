"""Heights along index contours, where the lines are gentle and other labels leave room."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels import contour as kernels
from lydigital.model.style import parse_color
from lydigital.render.drawlist import Font, PlacedLabel
from lydigital.render.lettered import LabelSet
from lydigital.units import mm_to_px, pt_to_px

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lydigital.model.style import RasterSymbolizer
    from lydigital.model.viewport import Viewport
    from lydigital.render.contours import Lines
    from lydigital.render.drawlist import Fonts

_SIZE_PT = 6.5
_APART_PX = 260.0  # between labels of one height
_SLACK = 1.06  # a stretch of line may be that much longer than straight
_SHARE = 0.35  # of the font size, from the baseline up to the middle of a digit
_HALO = (255, 255, 255, 200)
_MARGIN_PX = 4.0

Box = tuple[float, float, float, float]


def place(
    lines: Lines, symbolizer: RasterSymbolizer, viewport: Viewport, fonts: Fonts,
    taken: Sequence[Sequence[PlacedLabel]],
) -> list[PlacedLabel]:  # fmt: skip
    """Labels for the index contours of a picture that keep clear of those ``taken``.

    Candidates hang on the vertices of the lines, not on the picture, so that labels stay where they are while panning.
    """
    interval_m = symbolizer.contour_interval(viewport.scale)
    font = Font(pt_to_px(_SIZE_PT, viewport.dpi))
    color = parse_color(symbolizer.contour_color)
    boxes = np.concatenate([_boxes(some) for some in taken])
    placed: list[PlacedLabel] = []
    spots: dict[int, list[tuple[float, float]]] = {}
    for number, ends in _candidates(lines, viewport, fonts, font, interval_m):
        (ax, ay), (bx, by) = sorted(ends)  # upright for the reader
        middle = ((ax + bx) / 2, (ay + by) / 2)
        if any(math.dist(middle, other) < _APART_PX for other in spots.get(number, ())):
            continue
        text = f"{number * interval_m:g}"
        glyphs, box = _set(fonts.advances(text, font), font, middle, math.atan2(by - ay, bx - ax))
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= viewport.width_px and box[3] <= viewport.height_px
        if not inside or bool(_meets(boxes, box).any()):
            continue
        boxes = np.vstack([boxes, box])
        spots.setdefault(number, []).append(middle)
        placed.append(PlacedLabel(text, font, color, _HALO, mm_to_px(0.5, viewport.dpi), glyphs, box))
    return placed


def _boxes(labels: Sequence[PlacedLabel]) -> NDArray[np.float64]:
    if isinstance(labels, LabelSet):  # without making each label
        boxes = labels.solution.placed.boxes[labels.which] + np.tile(labels.shifts, (1, 2))
        return boxes.astype(np.float64)
    return np.array([label.box for label in labels], np.float64).reshape(-1, 4)


def _candidates(
    lines: Lines, viewport: Viewport, fonts: Fonts, font: Font, interval_m: float
) -> Iterator[tuple[int, tuple[tuple[float, float], tuple[float, float]]]]:
    """Index contours with room for their height on the picture: their number, and the ends of the stretch in pixels."""
    unit = viewport.units_per_px
    x0, y0, x1, y1 = viewport.bounds
    rows = lines.index_rows
    box = lines.geometry.bounds[rows]
    rows = rows[(box[:, 0] < x1) & (box[:, 2] > x0) & (box[:, 1] < y1) & (box[:, 3] > y0)]
    numbers = lines.numbers[rows]
    for number in np.unique(numbers).tolist():
        length = float(fonts.advances(f"{number * interval_m:g}", font).sum()) + 2 * _MARGIN_PX
        found = kernels.gentlest(
            lines.geometry.coords, lines.geometry.ring_offsets, rows[numbers == number], length * unit
        )
        for ax, ay, bx, by in found[found[:, 0] <= _SLACK, 1:].tolist():
            yield number, (((ax - x0) / unit, (y1 - ay) / unit), ((bx - x0) / unit, (y1 - by) / unit))


def _set(
    advances: NDArray[np.float32], font: Font, middle: tuple[float, float], angle: float
) -> tuple[NDArray[np.float32], Box]:
    """Pen places of the characters centred on ``middle``, and the box they claim."""
    along, down = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    width, drop = float(advances.sum()), font.size_px * _SHARE
    pens = np.concatenate([[0.0], np.cumsum(advances[:-1])]) - width / 2
    glyphs = np.empty((len(advances), 3), np.float32)
    glyphs[:, 0] = middle[0] + pens * along[0] + drop * down[0]
    glyphs[:, 1] = middle[1] + pens * along[1] + drop * down[1]
    glyphs[:, 2] = angle
    half_x = (width * abs(along[0]) + font.size_px * abs(along[1])) / 2 + 1
    half_y = (width * abs(along[1]) + font.size_px * abs(along[0])) / 2 + 1
    return glyphs, (middle[0] - half_x, middle[1] - half_y, middle[0] + half_x, middle[1] + half_y)


def _meets(boxes: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    hit: NDArray[np.bool_] = (
        (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
    )
    return hit
