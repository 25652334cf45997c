"""The pieces of a map sheet, each a function of its own: frame, grid, legend, scale bar, north arrow, stamps.

Everything is in millimetres from the top left of the page; :class:`Paper` is the pencil.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.errors import StoreUnavailableError
from lydigital.model.style import (
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    size_at,
)
from lydigital.render.drawlist import Font
from lydigital.render.painter import vector
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter

    from lydigital.model.style import Stroke, Symbolizer
    from lydigital.publish.legend import Group
    from lydigital.render.painter.fonts import QtFonts

Align = Literal["left", "centre", "right"]
INK, GREY, FAINT, STAMP = "#22262b", "#6b7280", "#b9bec6", "#b3261e"
MM_DPI = MM_PER_INCH  # at this resolution a pixel is a millimetre


@dataclass(frozen=True)
class Box:
    """Rectangle on the page, mm."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inset(self, by: float) -> Box:
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


class Paper:
    """Draw on a page whose unit is the millimetre."""

    def __init__(self, painter: QPainter, fonts: QtFonts) -> None:
        self.painter = painter
        self.fonts = fonts

    def width_mm(self, text: str, size_pt: float, weight: Literal["regular", "medium", "bold"] = "regular") -> float:
        size_mm = size_pt / POINTS_PER_INCH * MM_PER_INCH
        return float(self.fonts.advances(text, Font(size_mm, weight)).sum())

    def text(
        self, x: float, y: float, text: str, size_pt: float, *, weight: Literal["regular", "medium", "bold"] = "regular",
        color: str = INK, align: Align = "left", turn_deg: float = 0.0, most_mm: float = math.inf,
    ) -> None:
        """Set one line with its baseline at ``y``; too long a text ends in an ellipsis."""
        from PySide6.QtGui import QColor

        while len(text) > 1 and self.width_mm(text, size_pt, weight) > most_mm:
            text = text.rstrip("…")[:-1] + "…"
        font = Font(size_pt / POINTS_PER_INCH * MM_PER_INCH, weight)
        steps = self.fonts.advances(text, font).astype(np.float64)
        pens = np.cumsum(steps) - steps - {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * steps.sum()
        self.painter.save()
        self.painter.translate(x, y)
        self.painter.rotate(turn_deg)
        vector.text(self.painter, self.fonts, text, font, pens.tolist(), color=QColor(color))
        self.painter.restore()

    def line(
        self, x0: float, y0: float, x1: float, y1: float, *, color: str = INK, width_mm: float = 0.15,
        dash_mm: Sequence[float] = (),
    ) -> None:
        self.path([(x0, y0), (x1, y1)], color, width_mm, dash_mm)

    def path(
        self, points: Sequence[tuple[float, float]], color: str, width_mm: float = 0.15, dash_mm: Sequence[float] = ()
    ) -> None:
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtGui import QColor, QPen

        pen = QPen(QColor(color), width_mm)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if dash_mm:
            pen.setDashPattern([d / width_mm for d in dash_mm])
        self.painter.setPen(pen)
        self.painter.drawPolyline([QPointF(x, y) for x, y in points])

    def dot(self, x: float, y: float, radius: float, fill: str, *, color: str = "", width_mm: float = 0.15) -> None:
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtGui import QColor, QPen

        self.painter.setPen(QPen(QColor(color), width_mm) if color else Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(fill))
        self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def box(self, box: Box, *, color: str = "", width_mm: float = 0.2, fill: str = "") -> None:
        from PySide6.QtCore import QRectF, Qt
        from PySide6.QtGui import QColor, QPen

        if color:
            pen = QPen(QColor(color), width_mm)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            self.painter.setPen(pen)
        else:
            self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
        self.painter.drawRect(QRectF(box.x, box.y, box.width, box.height))

    def shape(self, points: Sequence[tuple[float, float]], fill: str, color: str = "", width_mm: float = 0.15) -> None:
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtGui import QColor, QPen

        self.painter.setPen(QPen(QColor(color), width_mm) if color else Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
        self.painter.drawPolygon([QPointF(x, y) for x, y in points])


def fonts_of_qt() -> QtFonts:
    """The fonts that text on paper is set in.

    Raises
    ------
    StoreUnavailableError
        Without PySide6, which sets it.
    """
    try:
        from lydigital.render.painter.fonts import QtFonts

        return QtFonts()
    except ImportError:
        raise StoreUnavailableError(
            "Maps and charts as pictures need PySide6, which is not installed",
            hint="Install it. Tables, and charts in HTML, are made without it; leave out the maps.",
        ) from None


def pixels(
    width_mm: float, height_mm: float, dpi: float, furnish: Callable[[Paper], object], fonts: QtFonts, *,
    under: tuple[NDArray[np.uint8], Box] | None = None,
) -> NDArray[np.uint8]:
    """What ``furnish`` draws on a white page and over the RGB picture ``under``, ``(height, width, 3) uint8`` RGB."""
    from PySide6.QtGui import QImage, QPainter

    per_mm = dpi / MM_PER_INCH
    width, height = round(width_mm * per_mm), round(height_mm * per_mm)
    octets = np.full((height, width, 4), 255, np.uint8)
    if under is not None:
        picture, box = under
        left, top = round(box.x * per_mm), round(box.y * per_mm)
        octets[top : top + picture.shape[0], left : left + picture.shape[1], :3] = picture[:, :, ::-1]
    image = QImage(octets.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(per_mm, per_mm)
    furnish(Paper(painter, fonts))
    painter.end()
    return octets[:, :, 2::-1]


def frame(paper: Paper, inner: Box, gap_mm: float) -> None:
    """Neat line round the map and a heavier one ``gap_mm`` outside, coordinates between them."""
    grow = gap_mm / 4.6
    paper.box(inner, color=INK, width_mm=0.2 * grow)
    paper.box(inner.inset(-gap_mm), color=INK, width_mm=0.5 * grow)


def nice(value: float, steps: Sequence[float] = (1, 2, 5)) -> float:
    """Largest of ``steps`` times a power of ten that is not above ``value``."""
    power = 10.0 ** math.floor(math.log10(value))
    return max((s * power for s in steps if s * power <= value * (1 + 1e-9)), default=steps[-1] * power / 10)


def dms(degrees: float, positive: str, negative: str) -> str:
    """Degrees, minutes and, where they are not zero, seconds."""
    seconds = round(abs(degrees) * 3600)
    text = f"{seconds // 3600}°{seconds // 60 % 60:02d}′"
    if seconds % 60:
        text += f"{seconds % 60:02d}″"
    return text + (positive if degrees >= 0 else negative)


ANGLES = tuple(a / 3600 for a in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000))


def north_arrow(paper: Paper, x: float, y: float, height_mm: float = 13.0) -> None:
    """Draw a needle pointing up, its middle top at (x, y). The page is grid north up."""
    half, letter = height_mm * 0.21, height_mm * 0.3
    top, foot, notch = y + letter, y + height_mm, y + height_mm * 0.86
    grow = height_mm / 13.0
    halo = [(x, top - 0.7 * grow), (x + half + 0.5 * grow, foot + 0.4 * grow), (x, notch + 0.4 * grow), (x - half - 0.5 * grow, foot + 0.4 * grow)]
    paper.shape(halo, "#ffffff")
    paper.shape([(x, top), (x - half, foot), (x, notch)], INK, INK, 0.12 * grow)
    paper.shape([(x, top), (x + half, foot), (x, notch)], "#ffffff", INK, 0.12 * grow)
    paper.text(x, y + letter - 1.0 * grow, tr("N"), 9 * grow, weight="bold", align="centre")


def scale_bar(paper: Paper, x: float, y: float, metres_per_mm: float, most_mm: float = 60.0, *, grow: float = 1.0) -> None:
    """Draw a bar of four fields, ground lengths on top; ``y`` is the bar's lower edge. ``grow`` is 1 at 6.5 point."""
    length_m = nice(metres_per_mm * most_mm, (1, 2, 4, 8))
    unit, name = (1000.0, "km") if length_m >= 2000 else (1.0, "m")
    part = length_m / metres_per_mm / 4
    for k in range(4):
        paper.box(Box(x + k * part, y - 1.4 * grow, part, 1.4 * grow), color=INK, width_mm=0.12 * grow, fill=INK if k % 2 == 0 else "#ffffff")
    for k in (0, 1, 2, 4):
        text = f"{length_m * k / 4 / unit:,.6g}"
        paper.text(x + k * part, y - 2.3 * grow, f"{text} {name}" if k == 4 else text, 6.5 * grow, align="left" if k == 0 else "centre")


def stamp(paper: Paper, right: float, top: float, lines: Sequence[str], *, color: str = STAMP, grow: float = 1.0) -> float:
    """Draw a boxed notice with its upper right at (right, top); returns its width, mm. Empty lines only take room."""
    size, row = 7 * grow, 3.5 * grow
    width = max(paper.width_mm(t, size, "bold") for t in lines) + 5 * grow
    box = Box(right - width, top, width, row * len(lines) + 2.2 * grow)
    paper.box(box, color=color, width_mm=0.3 * grow)
    said = [t for t in lines if t]
    first = top + (box.height - row * len(said)) / 2 + 2.6 * grow
    for i, text in enumerate(said):
        paper.text(box.x + width / 2, first + row * i, text, size, weight="bold", color=color, align="centre")
    return width


# --- legend -------------------------------------------------------------------------------------------------------------

SWATCH_MM = 8.0
_PALE, _GROUND = 0.92, "#e3dfd6"  # what is as pale as paper shows on a ground


ROW_MM, TIGHT_MM = 5.0, 4.2  # of a legend
_APART_MM = 4.0  # between its columns
Slot = tuple[int, float, int, int]  # column, top, number of group, number of entry


def columns_for(groups: Sequence[Group], height: float, most: int) -> int:
    """Fewest columns in which a legend is not crowded."""
    return next((c for c in range(1, most) if not flow(groups, c, height, TIGHT_MM)[1]), most)


def flow(groups: Sequence[Group], columns: int, height: float, row: float) -> tuple[list[Slot], int]:
    """Where the entries of a legend stand, and how many find no room.

    A group is torn only where it must be, and a heading never stands alone at the foot of a column.
    """
    slots: list[Slot] = []
    column, y, left_out = 0, 0.0, 0
    for g, group in enumerate(groups):
        heading = 1.05 * row if group.title else 0.0
        whole = row * len(group.entries) + heading + (row * 0.55 if y > 0 else 0.0)
        if y > 0 and y + whole > height + 0.5 and column + 1 < columns and whole <= height:
            column, y = column + 1, 0.0
        for i in range(len(group.entries)):
            need = row + (heading + (row * 0.55 if y > 0 else 0.0) if i == 0 else 0.0)
            if y + need > height + 0.5 and column + 1 < columns:
                column, y = column + 1, 0.0
                need = row + (heading if i == 0 else 0.0)
            if y + need > height + 0.5:
                left_out += len(group.entries) - i
                break
            y += need
            slots.append((column, y - row, g, i))
    return slots, left_out


def _even(groups: Sequence[Group], columns: int, height: float, row: float) -> tuple[list[Slot], int]:
    """As :func:`flow`, columns about as long as each other."""
    best = flow(groups, columns, height, row)
    if columns > 1 and not best[1]:
        low, high = row, height
        for _ in range(12):
            half = (low + high) / 2
            made = flow(groups, columns, half, row)
            low, high, best = (half, high, best) if made[1] else (low, half, made)
    return best


def legend(paper: Paper, box: Box, groups: Sequence[Group], scale: float, columns: int) -> int:
    """Draw as much of the legend as fits and return how many entries did not."""
    width = (box.width - _APART_MM * (columns - 1)) / columns
    row = TIGHT_MM if flow(groups, columns, box.height, ROW_MM)[1] else ROW_MM
    slots, left_out = _even(groups, columns, box.height, row)
    for column, top, g, i in slots:
        x, y = box.x + column * (width + _APART_MM), box.y + top
        entry = groups[g].entries[i]
        if i == 0 and groups[g].title:
            head = y - row * 1.05
            paper.text(x, head + 3.0, groups[g].title, 7.5, weight="bold", most_mm=width)
            paper.line(x, head + 4.2, x + width, head + 4.2, color=FAINT, width_mm=0.12)
        swatch(paper, Box(x, y + row / 2 - 1.9, SWATCH_MM, 3.8), entry.symbolizers, scale)
        indent = SWATCH_MM + 2 if entry.symbolizers else 0.0
        paper.text(x + indent, y + row / 2 + 1.0, entry.title, 7, most_mm=width - indent)
    return left_out


def swatch(paper: Paper, box: Box, symbolizers: Sequence[Symbolizer], scale: float) -> None:
    """Draw the true symbol, no larger than ``box``."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QColor, QPainterPath

    painter = paper.painter
    path = QPainterPath()
    path.addRect(QRectF(box.x, box.y, box.width, box.height))
    for symbolizer in symbolizers:
        if isinstance(symbolizer, PolygonSymbolizer):
            fill = symbolizer.fill
            if fill is not None:
                color = QColor(fill.color[:7])
                color.setAlphaF(fill.opacity)
                if fill.pattern == "solid":
                    painter.fillPath(path, color)
                else:
                    vector.pattern(painter, path, fill, color, MM_DPI)
            if symbolizer.stroke is not None:
                _line(paper, path, symbolizer.stroke, scale)
        elif isinstance(symbolizer, LineSymbolizer):
            line = QPainterPath()
            line.moveTo(box.x, box.y + box.height / 2)
            line.lineTo(box.right, box.y + box.height / 2)
            if QColor(symbolizer.stroke.color[:7]).lightnessF() > _PALE:
                painter.fillRect(QRectF(box.x, box.y, box.width, box.height), QColor(_GROUND))
            for stroke in (symbolizer.casing, symbolizer.stroke):
                if stroke is not None:
                    _line(paper, line, stroke, scale)
        elif isinstance(symbolizer, PointSymbolizer):
            size = min(size_at(symbolizer.size_mm, scale), box.height)
            drop = size / 2 if symbolizer.shape == "pin" else 0.0
            painter.save()
            painter.translate(box.x + box.width / 2, box.y + box.height / 2 + drop)
            vector.draw_mark(painter, symbolizer, size, MM_DPI, paper.fonts)
            painter.restore()
        elif isinstance(symbolizer, RasterSymbolizer) and symbolizer.ramp:
            _ramp(paper, box, symbolizer)


def _line(paper: Paper, path: object, stroke: Stroke, scale: float) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QColor, QPainterPath, QPen

    assert isinstance(path, QPainterPath)
    color = QColor(stroke.color[:7])
    color.setAlphaF(stroke.opacity)
    width = max(0.1, size_at(stroke.width_mm, scale))
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if stroke.dash_mm:
        pen.setDashPattern([d / width for d in stroke.dash_mm])
    paper.painter.strokePath(path, pen)


def _ramp(paper: Paper, box: Box, symbolizer: RasterSymbolizer) -> None:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QColor, QLinearGradient

    low, high = symbolizer.ramp[0][0], symbolizer.ramp[-1][0]
    gradient = QLinearGradient(box.x, 0, box.right, 0)
    for value, color in symbolizer.ramp:
        gradient.setColorAt((value - low) / ((high - low) or 1.0), QColor(color[:7]))
    paper.painter.fillRect(QRectF(box.x, box.y, box.width, box.height), gradient)
