"""The pieces of a map sheet, each a function of its own: frame, grid, legend, scale bar, north arrow, stamps.

Everything is in millimetres from the top left of the page; :class:`Paper` is the pencil.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.errors import StoreUnavailableError
from lydigital.model.crs import CGCS2000, Crs, transformation
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
    from lydigital.model.viewport import Viewport
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
    paper.box(inner, color=INK, width_mm=0.2)
    paper.box(inner.inset(-gap_mm), color=INK, width_mm=0.5)


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


def grid(paper: Paper, inner: Box, viewport: Viewport) -> None:
    """Draw ticks and labels of longitude and latitude (CGCS2000) on the frame, and crosses where they meet on the map."""
    west, south, east, north = viewport.bounds
    to_geo = transformation(viewport.crs, Crs(CGCS2000))
    to_map = transformation(Crs(CGCS2000), viewport.crs)
    across, down = np.linspace(west, east, 65), np.linspace(south, north, 65)
    edges = {
        "top": to_geo.points(np.column_stack([across, np.full(65, north)])),
        "bottom": to_geo.points(np.column_stack([across, np.full(65, south)])),
        "left": to_geo.points(np.column_stack([np.full(65, west), down])),
        "right": to_geo.points(np.column_stack([np.full(65, east), down])),
    }
    if not all(np.isfinite(e).all() for e in edges.values()):
        return  # beyond the reach of the projection there is no honest grid
    spread = float(edges["bottom"][-1, 0] - edges["bottom"][0, 0])
    step = min(ANGLES, key=lambda a: abs(math.log(a / (spread * 45.0 / inner.width))))
    for side, geo in edges.items():
        level = side in ("top", "bottom")
        axis = geo[:, 0] if level else geo[:, 1]
        for k in range(math.ceil(axis[0] / step), math.floor(axis[-1] / step) + 1):
            share = float(np.interp(k * step, axis, np.linspace(0, 1, 65)))
            _tick(paper, inner, side, share, dms(k * step, "E", "W") if level else dms(k * step, "N", "S"))
    every = np.concatenate(list(edges.values()))
    low, high = np.ceil(every.min(axis=0) / step), np.floor(every.max(axis=0) / step)
    lons, lats = (np.arange(low[i], high[i] + 1) * step for i in (0, 1))
    crossings = np.stack(np.meshgrid(lons, lats), axis=-1).reshape(-1, 2)
    for x, y in to_map.points(crossings).tolist():
        px, py = inner.x + (x - west) / (east - west) * inner.width, inner.y + (north - y) / (north - south) * inner.height
        if inner.x + 2 < px < inner.right - 2 and inner.y + 2 < py < inner.bottom - 2:
            paper.line(px - 1.2, py, px + 1.2, py, color="#50555c", width_mm=0.1)
            paper.line(px, py - 1.2, px, py + 1.2, color="#50555c", width_mm=0.1)


def _tick(paper: Paper, inner: Box, side: str, share: float, label: str) -> None:
    if side in ("top", "bottom"):
        x = inner.x + share * inner.width
        y, out = (inner.y, -1) if side == "top" else (inner.bottom, 1)
        paper.line(x, y, x, y + out * 1.3)
        if 8 < x - inner.x < inner.width - 8:
            paper.text(x, y + (-1.6 if out < 0 else 3.2), label, 5.5, color=GREY, align="centre")
    else:
        y = inner.bottom - share * inner.height
        x, out = (inner.x, -1) if side == "left" else (inner.right, 1)
        paper.line(x, y, x + out * 1.3, y)
        if 8 < y - inner.y < inner.height - 8:
            paper.text(x + (-1.6 if out < 0 else 3.2), y, label, 5.5, color=GREY, align="centre", turn_deg=-90)


def north_arrow(paper: Paper, x: float, y: float, height_mm: float = 13.0) -> None:
    """Draw a needle pointing up, its middle top at (x, y). The page is grid north up."""
    half, letter = height_mm * 0.21, height_mm * 0.3
    top, foot, notch = y + letter, y + height_mm, y + height_mm * 0.86
    halo = [(x, top - 0.7), (x + half + 0.5, foot + 0.4), (x, notch + 0.4), (x - half - 0.5, foot + 0.4)]
    paper.shape(halo, "#ffffff")
    paper.shape([(x, top), (x - half, foot), (x, notch)], INK, INK, 0.12)
    paper.shape([(x, top), (x + half, foot), (x, notch)], "#ffffff", INK, 0.12)
    paper.text(x, y + letter - 1.0, tr("N"), 9, weight="bold", align="centre")


def scale_bar(paper: Paper, x: float, y: float, metres_per_mm: float, most_mm: float = 60.0) -> None:
    """Draw a bar of four fields, ground lengths on top; ``y`` is the bar's lower edge."""
    length_m = nice(metres_per_mm * most_mm, (1, 2, 4, 8))
    unit, name = (1000.0, "km") if length_m >= 2000 else (1.0, "m")
    part = length_m / metres_per_mm / 4
    for k in range(4):
        paper.box(Box(x + k * part, y - 1.4, part, 1.4), color=INK, width_mm=0.12, fill=INK if k % 2 == 0 else "#ffffff")
    for k in (0, 1, 2, 4):
        text = f"{length_m * k / 4 / unit:,.6g}"
        paper.text(x + k * part, y - 2.3, f"{text} {name}" if k == 4 else text, 6.5, align="centre")


def stamp(paper: Paper, right: float, top: float, lines: Sequence[str], *, color: str = STAMP) -> float:
    """Draw a boxed notice with its upper right at (right, top); returns its width, mm. Empty lines only take room."""
    width = max(paper.width_mm(t, 7, "bold") for t in lines) + 5
    box = Box(right - width, top, width, 3.5 * len(lines) + 2.2)
    paper.box(box, color=color, width_mm=0.3)
    said = [t for t in lines if t]
    first = top + (box.height - 3.5 * len(said)) / 2 + 2.6
    for i, text in enumerate(said):
        paper.text(box.x + width / 2, first + 3.5 * i, text, 7, weight="bold", color=color, align="centre")
    return width


# --- legend -------------------------------------------------------------------------------------------------------------

SWATCH_MM = 8.0
_PALE, _GROUND = 0.92, "#e3dfd6"  # what is as pale as paper shows on a ground


def legend_rows(groups: Sequence[Group]) -> float:
    """Height of a legend in one column, in rows."""
    return sum(len(g.entries) + 1.6 for g in groups)


def legend(paper: Paper, box: Box, groups: Sequence[Group], scale: float, columns: int) -> int:
    """Draw as much of the legend as fits and return how many entries did not."""
    width = (box.width - 4 * (columns - 1)) / columns
    row = 5.0 if legend_rows(groups) * 5.0 <= box.height * columns * 0.94 else 4.2
    column, y, left_out = 0, box.y, 0
    for group in groups:
        for i, entry in enumerate(group.entries):
            need = row * (2.6 if i == 0 else 1.0)  # a heading never stands alone at the foot of a column
            if y + need > box.bottom + 0.5 and column + 1 < columns:
                column, y = column + 1, box.y
            if y + need > box.bottom + 0.5:
                left_out += 1
                continue
            x = box.x + column * (width + 4)
            if i == 0:
                y += row * 0.55 if y > box.y else 0.0
                paper.text(x, y + 3.0, group.title, 7.5, weight="bold", most_mm=width)
                paper.line(x, y + 4.2, x + width, y + 4.2, color=FAINT, width_mm=0.12)
                y += row * 1.05
            swatch(paper, Box(x, y + row / 2 - 1.9, SWATCH_MM, 3.8), entry.symbolizers, scale)
            paper.text(x + SWATCH_MM + 2, y + row / 2 + 1.0, entry.title, 7, most_mm=width - SWATCH_MM - 2)
            y += row
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
