"""Legend swatches: a symbolizer in miniature, painted as on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRadialGradient,
)

from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Stroke,
    Symbolizer,
    parse_color,
    size_at,
)
from lydigital.ui import icons, theme
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Iterable

AT_SCALE = 20_000.0  # sizes of the legend are those of this scale
_WIDEST_PX = 6.0


def paint(painter: QPainter, area: QRectF, symbolizers: Iterable[Symbolizer]) -> None:
    """Paint ``symbolizers`` one over the other into ``area``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(area.adjusted(-1, -1, 1, 1))
    for symbolizer in symbolizers:
        if isinstance(symbolizer, PolygonSymbolizer):
            _area(painter, area, symbolizer)
        elif isinstance(symbolizer, LineSymbolizer):
            _line(painter, area, symbolizer)
        elif isinstance(symbolizer, PointSymbolizer):
            _point(painter, area, symbolizer)
        elif isinstance(symbolizer, RasterSymbolizer):
            _raster(painter, area, symbolizer)
        elif isinstance(symbolizer, ChartSymbolizer):
            _chart(painter, area, symbolizer)
        elif isinstance(symbolizer, DotSymbolizer):
            _dots(painter, area, symbolizer)
        elif isinstance(symbolizer, HeatSymbolizer):
            _heat(painter, area, symbolizer)
        elif isinstance(symbolizer, ClusterSymbolizer):
            _cluster(painter, area, symbolizer)
    painter.restore()


def _color(text: str, opacity: float = 1.0) -> QColor:
    return QColor(*parse_color(text, opacity)) if text else QColor(0, 0, 0, 0)


def _pen(stroke: Stroke, *, least_px: float = 1.0, extra_px: float = 0.0) -> QPen:
    width = min(max(mm_to_px(size_at(stroke.width_mm, AT_SCALE)), least_px), _WIDEST_PX) + extra_px
    pen = QPen(_color(stroke.color, stroke.opacity), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if stroke.dash_mm:
        pattern = [max(mm_to_px(d) / width, 0.6) for d in stroke.dash_mm]
        pen.setDashPattern(pattern if len(pattern) % 2 == 0 else pattern * 2)
    return pen


def _area(painter: QPainter, area: QRectF, symbolizer: PolygonSymbolizer) -> None:
    box = area.adjusted(1, 2.5, -1, -2.5)
    shape = QPainterPath()
    shape.addRoundedRect(box, 2, 2)
    if symbolizer.fill is not None:
        _fill(painter, shape, box, symbolizer.fill)
    if symbolizer.stroke is not None:
        pen = _pen(symbolizer.stroke)
        pen.setWidthF(min(pen.widthF(), 2.0))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)


def _fill(painter: QPainter, shape: QPainterPath, box: QRectF, fill: Fill) -> None:
    color = _color(fill.color, fill.opacity)
    if fill.pattern == "solid":
        painter.fillPath(shape, color)
        return
    if fill.ground:
        painter.fillPath(shape, _color(fill.ground, fill.opacity))
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    if fill.pattern == "dots":
        painter.fillPath(shape, QBrush(color, Qt.BrushStyle.Dense5Pattern))
    else:
        painter.setPen(QPen(color, max(mm_to_px(fill.width_mm), 1.0)))
        angles = (fill.angle_deg, fill.angle_deg + 90) if fill.pattern == "cross" else (fill.angle_deg,)
        step, reach = min(max(mm_to_px(fill.spacing_mm), 3.0), 5.0), box.width() + box.height()
        painter.translate(box.center())
        for angle in angles:
            painter.save()
            painter.rotate(-angle)
            offset = -reach
            while offset <= reach:
                painter.drawLine(QPointF(-reach, offset), QPointF(reach, offset))
                offset += step
            painter.restore()
    painter.restore()


def _line(painter: QPainter, area: QRectF, symbolizer: LineSymbolizer) -> None:
    y = area.center().y()
    path = QPainterPath(QPointF(area.left(), y + 2.5))
    path.cubicTo(QPointF(area.center().x(), y + 2.5), QPointF(area.center().x(), y - 2.5),
                 QPointF(area.right(), y - 2.5))  # fmt: skip
    stroke = _pen(symbolizer.stroke, least_px=1.4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if symbolizer.casing is not None:
        casing = _pen(symbolizer.casing)
        casing.setWidthF(max(casing.widthF(), stroke.widthF() + 2.0))
        casing.setDashPattern([])
        painter.strokePath(path, casing)
    painter.strokePath(path, stroke)


def _point(painter: QPainter, area: QRectF, symbolizer: PointSymbolizer) -> None:
    side = min(area.height(), area.width()) - 1
    least = 14.0 if symbolizer.glyph else 8.0 if symbolizer.outline else 4.0  # dots have no outline
    size = min(max(mm_to_px(size_at(symbolizer.size_mm, AT_SCALE)), least), side)
    box = QRectF(0, 0, size, size)
    box.moveCenter(area.center())
    painter.setPen(
        QPen(_color(symbolizer.outline, symbolizer.opacity), 1.0) if symbolizer.outline else Qt.PenStyle.NoPen
    )
    painter.setBrush(_color(symbolizer.color, symbolizer.opacity))
    painter.drawPath(_shape(symbolizer.shape, box))
    if symbolizer.glyph:
        part = 0.62 if symbolizer.shape in ("circle", "square", "rounded", "hexagon") else 0.5
        inner = QRectF(0, 0, size * part, size * part)
        inner.moveCenter(box.center() + QPointF(0, size * (0.12 if symbolizer.shape == "triangle" else 0)))
        icons.draw(painter, symbolizer.glyph, inner, _color(symbolizer.glyph_color))


def _shape(name: str, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    c, l, t, r, b = box.center(), box.left(), box.top(), box.right(), box.bottom()  # noqa: E741
    corners = {
        "diamond": [(c.x(), t), (r, c.y()), (c.x(), b), (l, c.y())],
        "triangle": [(c.x(), t), (r, b), (l, b)],
        "hexagon": [(l + box.width() * f, t + box.height() * g)
                    for f, g in ((0.25, 0.06), (0.75, 0.06), (1, 0.5), (0.75, 0.94), (0.25, 0.94), (0, 0.5))],
        "shield": [(l + box.width() * f, t + box.height() * g)
                   for f, g in ((0.08, 0.08), (0.92, 0.08), (0.92, 0.55), (0.5, 1), (0.08, 0.55))],
    }  # fmt: skip
    if name in corners:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners[name]]))
        path.closeSubpath()
    elif name == "square":
        path.addRect(box)
    elif name == "rounded":
        path.addRoundedRect(box, box.width() * 0.25, box.width() * 0.25)
    elif name == "pin":
        path.addEllipse(QRectF(l + box.width() * 0.12, t, box.width() * 0.76, box.height() * 0.76))
    else:
        path.addEllipse(box)
    return path


def _raster(painter: QPainter, area: QRectF, symbolizer: RasterSymbolizer) -> None:
    box = area.adjusted(1, 2.5, -1, -2.5)
    gradient = QLinearGradient(box.topLeft(), box.topRight())
    stops = symbolizer.ramp or ((0.0, "#f4f4f4"), (1.0, "#7d7d7d"))
    low, high = stops[0][0], stops[-1][0]
    for value, color in stops:
        gradient.setColorAt((value - low) / (high - low) if high > low else 0.0, _color(color))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(box, 2, 2)


def _square(area: QRectF) -> QRectF:
    side = min(area.width(), area.height()) - 2
    box = QRectF(0, 0, side, side)
    box.moveCenter(area.center())
    return box


def _chart(painter: QPainter, area: QRectF, symbolizer: ChartSymbolizer) -> None:
    """Shares that differ enough to be told apart: each a little less than the one before."""
    box = _square(area)
    colors = [_color(s.color, symbolizer.opacity) for s in symbolizer.shares]
    weights = [1.0 / (k + 1.5) for k in range(len(colors))]
    painter.setPen(QPen(_color(symbolizer.outline), 1.0) if symbolizer.outline else Qt.PenStyle.NoPen)
    if symbolizer.shape == "bar":
        wide = box.width() / max(1, len(colors))
        for k, color in enumerate(colors):
            high = box.height() * weights[k] / weights[0]
            painter.setBrush(color)
            painter.drawRect(QRectF(box.left() + k * wide, box.bottom() - high, wide, high))
        return
    begin = 90.0
    for weight, color in zip(weights, colors, strict=True):
        span = -360.0 * weight / sum(weights)
        painter.setBrush(color)
        painter.drawPie(box, round(begin * 16), round(span * 16))
        begin += span
    if symbolizer.shape == "ring":
        hole = box.adjusted(5, 5, -5, -5)
        painter.setBrush(theme.current().color("surface"))
        painter.drawEllipse(hole)


def _dots(painter: QPainter, area: QRectF, symbolizer: DotSymbolizer) -> None:
    box = _square(area)
    painter.setPen(Qt.PenStyle.NoPen)
    places = ((0.2, 0.25), (0.55, 0.15), (0.82, 0.4), (0.35, 0.55), (0.68, 0.68), (0.2, 0.82), (0.5, 0.88), (0.9, 0.85))
    for k, (x, y) in enumerate(places):
        painter.setBrush(_color(symbolizer.shares[k % len(symbolizer.shares)].color, symbolizer.opacity))
        painter.drawEllipse(QPointF(box.left() + x * box.width(), box.top() + y * box.height()), 1.7, 1.7)


def _heat(painter: QPainter, area: QRectF, symbolizer: HeatSymbolizer) -> None:
    box = _square(area)
    glow = QRadialGradient(box.center(), box.width() / 2)
    last = max(1, len(symbolizer.ramp) - 1)
    for k, color in enumerate(symbolizer.ramp):
        glow.setColorAt(0.85 * (1 - k / last), _color(color, symbolizer.opacity))
    glow.setColorAt(1.0, QColor(0, 0, 0, 0))
    painter.fillRect(box, glow)


def _cluster(painter: QPainter, area: QRectF, symbolizer: ClusterSymbolizer) -> None:
    box = _square(area)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_color(symbolizer.color))
    painter.drawEllipse(box)
    painter.setPen(_color(symbolizer.text_color))
    painter.setFont(theme.font(10, QFont.Weight.Bold))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "12")
