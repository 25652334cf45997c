"""The draw list on paper: every operation again, as vectors through a ``QPainter``."""

from __future__ import annotations

import itertools
import math
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.kernels.stroke import MITER_LIMIT
from lydigital.model.geometry import GeometryKind
from lydigital.model.style import parse_color
from lydigital.render import relief, sprites
from lydigital.render.drawlist import (
    BlendOp,
    FillOp,
    Font,
    HeatOp,
    MarkOp,
    RasterOp,
    ShadeOp,
    StrokeOp,
    TextOp,
)
from lydigital.render.painter import mixed, outlines
from lydigital.render.painter.direct import GROUND, LABELS, can_take
from lydigital.render.painter.fonts import SLANT, QtFonts
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QColor, QPainter, QPainterPath

    from lydigital.model.style import Fill, PointSymbolizer
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import DrawList, Op, PlacedLabel, Rgba
    from lydigital.render.painter.direct import Direct

_STRIP_PX = 4_000_000  # of an image at once
_TEXT_PX = 64.0  # text is set at this whole size and scaled, as Qt knows whole pixels only


def paint(
    drawlist: DrawList, painter: QPainter, fonts: QtFonts, *, image_px: float = 1.0, solid_halos: bool = False,
    direct: Direct | None = None,
) -> None:
    """Replay ``drawlist`` with the painter's unit set to the draw list's pixel and the origin to its corner.

    Parameters
    ----------
    image_px
        Image pixels a draw-list pixel for what can only be an image: relief.
    solid_halos
        Draw halos that are nearly opaque as opaque: a PDF keeps those as strokes and is far smaller.
    direct
        Takes over what it can write into a PDF without Qt, and keeps the layers apart.
    """
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    viewport = drawlist.viewport
    frame = QRectF(0, 0, viewport.width_px, viewport.height_px)
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipRect(frame)
    painter.fillRect(frame, _color(drawlist.background))
    blended = [
        i for i, op in enumerate(drawlist.ops)
        if isinstance(op, BlendOp) and op.mode != "normal" and (direct is None or not can_take(op))
    ]  # fmt: skip
    first = blended[-1] + 1 if blended else 0
    if blended:  # Qt cannot mix layers: the ones that do, and all below them, become an image
        with layered(direct, painter, GROUND):
            mixed.paint(replace(drawlist, ops=drawlist.ops[:first]), painter, fonts, image_px, _ops)
    for layer, ops in _by_layer(drawlist, first):
        with layered(direct, painter, layer):
            _ops(ops, painter, viewport, fonts, image_px, direct=direct)
    with layered(direct, painter, LABELS):
        for labels in (drawlist.heights, drawlist.labels):
            if direct is not None and solid_halos:
                direct.halos(labels, painter, viewport, fonts)
            else:
                for label in labels:
                    _halo(label, painter, fonts, solid=solid_halos)
            for label in labels:
                letter(label, painter, fonts, direct=direct)
    painter.restore()


def _by_layer(drawlist: DrawList, first: int) -> Iterator[tuple[str, Sequence[Op]]]:
    """Operations from number ``first`` on, layer by layer; what belongs to none goes with the labels."""
    end = 0
    for layer, count in drawlist.parts:
        begin, end = max(first, end), end + count
        if end > begin:
            yield layer, drawlist.ops[begin:end]
    if len(drawlist.ops) > max(first, end):
        yield LABELS, drawlist.ops[max(first, end) :]


@contextmanager
def layered(direct: Direct | None, painter: QPainter, layer: str) -> Iterator[None]:
    """What is painted within belongs to ``layer``."""
    if direct is not None:
        direct.begin(painter, layer)
    yield
    if direct is not None:
        direct.end(painter)


def _ops(
    ops: Sequence[Op], painter: QPainter, viewport: Viewport, fonts: QtFonts, image_px: float, *,
    direct: Direct | None = None,
) -> None:
    for op in ops:
        if direct is not None and direct.take(op, painter, viewport, lambda marks: _pictures(marks, viewport, fonts)):
            continue
        if isinstance(op, FillOp):
            _fill(op, painter, viewport)
        elif isinstance(op, StrokeOp):
            _stroke(op, painter, viewport)
        elif isinstance(op, MarkOp):
            _marks(op, painter, viewport, _pictures(op, viewport, fonts))
        elif isinstance(op, TextOp):
            for text_ in op.texts:
                letter(text_, painter, fonts)
        elif isinstance(op, (HeatOp, ShadeOp)):
            mixed.as_image(op, painter, viewport, image_px)
        elif isinstance(op, BlendOp):
            mixed.fade(op, painter, viewport, fonts, image_px, play=_ops)
        elif isinstance(op, RasterOp):
            with nullcontext() if direct is None else direct.mixed(painter, op.blend):
                _raster(op, painter, viewport, image_px)


def _color(rgba: Rgba) -> QColor:
    from PySide6.QtGui import QColor

    return QColor(*(int(c) for c in rgba))


def _fill(op: FillOp, painter: QPainter, viewport: Viewport) -> None:
    from PySide6.QtCore import Qt

    painter.setPen(Qt.PenStyle.NoPen)
    colors = [_color(tuple(c)) for c in op.colors.tolist()]
    west, _, _, north = viewport.bounds
    origin = (-west / viewport.units_per_px, north / viewport.units_per_px)
    for row, code in zip(op.rows.tolist(), op.codes.tolist(), strict=True):
        color = colors[code]
        if color.alpha() == 0 and not (op.pattern and op.pattern.ground):
            continue
        path = outlines.joined(outlines.rings_px(op.geometry, row, viewport))
        if op.pattern is None or op.pattern.pattern == "solid":
            painter.fillPath(path, color)
        else:
            pattern(painter, path, op.pattern, color, viewport.dpi, origin=origin)


def pattern(
    painter: QPainter, path: QPainterPath, fill: Fill, color: QColor, dpi: float,
    *, origin: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Fill ``path`` with hatching, crossed lines or dots that hang on ``origin``, so that neighbours join."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QColor, QPen

    if fill.ground:
        painter.fillPath(path, QColor(fill.ground[:7]))
    step, width = max(2.0, mm_to_px(fill.spacing_mm, dpi)), mm_to_px(fill.width_mm, dpi)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    box, zero = path.boundingRect(), np.array(origin)
    corners = np.array([(x, y) for x in (box.left(), box.right()) for y in (box.top(), box.bottom())]) - zero
    lines: list[NDArray[np.float64]] = []
    for angle in (fill.angle_deg, fill.angle_deg + 90) if fill.pattern == "cross" else (fill.angle_deg,):
        turn = math.radians(angle)
        side, run = np.array([math.sin(turn), math.cos(turn)]), np.array([math.cos(turn), -math.sin(turn)])
        across, along = corners @ side, corners @ run
        for k in range(math.floor(across.min() / step), math.ceil(across.max() / step) + 1):
            start = zero + side * k * step
            if fill.pattern == "dots":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                for j in range(math.floor(along.min() / step), math.ceil(along.max() / step) + 1):
                    painter.drawEllipse(QPointF(*(start + run * j * step)), width, width)
            else:
                lines.append(start + run * np.linspace(along.min(), along.max(), 3)[:, None])  # see below
    painter.strokePath(outlines.joined(lines), QPen(color, width))  # Qt would draw lines of two points one by one
    painter.restore()


def _stroke(op: StrokeOp, painter: QPainter, viewport: Viewport) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QPen

    lines = [line for row in op.rows.tolist() for line in outlines.rings_px(op.geometry, row, viewport)]
    closed = op.geometry.kind is GeometryKind.POLYGON
    if op.offset_px:
        lines = [outlines.parallel(line, op.offset_px, closed=closed) for line in lines]
    caps = {"butt": Qt.PenCapStyle.FlatCap, "round": Qt.PenCapStyle.RoundCap, "square": Qt.PenCapStyle.SquareCap}
    joins = {
        "miter": Qt.PenJoinStyle.SvgMiterJoin, "round": Qt.PenJoinStyle.RoundJoin, "bevel": Qt.PenJoinStyle.BevelJoin,
    }
    pen = QPen(_color(op.color), op.width_px)
    pen.setCapStyle(caps[op.cap])
    pen.setJoinStyle(joins[op.join])
    pen.setMiterLimit(MITER_LIMIT)
    if op.dash_px:
        dashes = op.dash_px * 2 if len(op.dash_px) % 2 else op.dash_px
        pen.setDashPattern([d / op.width_px for d in dashes])  # Qt counts dashes in pen widths
    painter.strokePath(outlines.joined(lines), pen)


def _pictures(op: MarkOp, viewport: Viewport, fonts: QtFonts) -> list[list[tuple[QPainterPath, QColor]]]:
    return [_mark_paths(m, size, viewport.dpi, fonts) for m, size in zip(op.marks, op.sizes_px, strict=True)]


def _marks(
    op: MarkOp, painter: QPainter, viewport: Viewport, pictures: list[list[tuple[QPainterPath, QColor]]],
) -> None:
    geometry = op.geometry
    west, _, _, north = viewport.bounds
    painter.save()
    zero = painter.transform()
    for row, code in zip(op.rows.tolist(), op.codes.tolist(), strict=True):
        if code < 0:
            continue
        begin, end = geometry.ring_offsets[geometry.geom_rings[[row, row + 1]]]
        painter.setOpacity(op.opacity * op.marks[code].opacity)
        for x, y in geometry.coords[begin:end].tolist():
            painter.setTransform(zero)
            painter.translate((x - west) / viewport.units_per_px, (north - y) / viewport.units_per_px)
            if op.angles_deg:
                painter.rotate(op.angles_deg[code])
            for path, color in pictures[code]:
                painter.fillPath(path, color)
    painter.restore()


def draw_mark(painter: QPainter, mark: PointSymbolizer, size_px: float, dpi: float, fonts: QtFonts) -> None:
    """Draw one mark with its anchor at the painter's origin."""
    painter.setOpacity(painter.opacity() * mark.opacity)
    for path, color in _mark_paths(mark, size_px, dpi, fonts):
        painter.fillPath(path, color)


def _mark_paths(
    mark: PointSymbolizer, size_px: float, dpi: float, fonts: QtFonts,
) -> list[tuple[QPainterPath, QColor]]:
    """What a mark is filled from, its anchor at the origin."""
    shape, radius = sprites.outline(mark.shape), size_px / 2
    found = []
    points = shape.points * radius
    tip = points[:, 1].max() if mark.shape == "pin" else 0.0
    outer = outlines.polygon(points)
    outer.translate(0, -tip)
    line = min(mm_to_px(mark.outline_mm, dpi), radius * shape.inradius)
    body, ring = _color(parse_color(mark.color)), _color(parse_color(mark.outline)) if mark.outline else None
    if ring is None or line <= 0:
        found.append((outer, body))
    else:
        within = points * (1.0 - line / (radius * shape.inradius))
        if mark.shape == "pin":
            within[0, 1] = points[0, 1] - 2.2 * line  # the same blunt tip as on screen
        inner = outlines.polygon(within)
        inner.translate(0, -tip)
        found.append((outer if body.alpha() == 255 else outer.subtracted(inner), ring))
        found.append((inner, body))
    if mark.glyph:
        icon = fonts.icon_path(mark.glyph, size_px * sprites.GLYPH * shape.glyph)
        found.append((icon.translated(0, -shape.lift * radius - tip), _color(parse_color(mark.glyph_color))))
    return found


def _raster(op: RasterOp, painter: QPainter, viewport: Viewport, image_px: float) -> None:
    """A raster as images, a strip at a time: a large page needs no more memory than a small one."""
    width = max(1, round(viewport.width_px * image_px))
    height = max(1, round(viewport.height_px * image_px))
    unit = viewport.units_per_px * viewport.width_px / width
    _, _, _, north = viewport.bounds
    step = max(64, _STRIP_PX // width)
    painter.save()
    painter.setCompositionMode(_compositions()[op.blend])
    for row in range(0, height, step):
        rows = min(step, height - row)
        centre = (viewport.centre[0], north - (row + rows / 2) * unit)
        strip = replace(viewport, centre=centre, width_px=width, height_px=rows, units_per_px=unit)
        _raster_strip(replace(op, blend="normal"), painter, strip, row * viewport.height_px / height, viewport)
    painter.restore()


def _compositions() -> dict[str, QPainter.CompositionMode]:
    from PySide6.QtGui import QPainter

    mode = QPainter.CompositionMode
    return {
        "normal": mode.CompositionMode_SourceOver, "multiply": mode.CompositionMode_Multiply,
        "screen": mode.CompositionMode_Screen, "overlay": mode.CompositionMode_Overlay,
    }  # fmt: skip


def _raster_strip(op: RasterOp, painter: QPainter, strip: Viewport, top: float, viewport: Viewport) -> None:
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage

    draw = relief.prepare(op, strip, bgra=True)
    if draw is None:
        return
    width, height = strip.width_px, strip.height_px
    # What shows through is learned from drawing on black and on white.
    black: NDArray[np.uint32] = np.full((height, width), 0xFF000000, np.uint32)
    white: NDArray[np.uint32] = np.full((height, width), 0xFFFFFFFF, np.uint32)
    draw(black, 0, height)
    draw(white, 0, height)
    alpha = 255 - ((white & 0xFF).astype(np.int64) - (black & 0xFF).astype(np.int64))
    kind = QImage.Format.Format_RGB32
    if alpha.min() < 255:
        black = _with_alpha(black, np.clip(alpha, 0, 255))
        kind = QImage.Format.Format_ARGB32
    image = QImage(black.data, width, height, 4 * width, kind)
    ratio = viewport.width_px / width
    painter.drawImage(QRectF(0, top, viewport.width_px, height * ratio), image)


def _with_alpha(premultiplied: NDArray[np.uint32], alpha: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Pixels with their own colours and ``alpha``; what is not seen is white, or readers draw its edge dark when they shrink it."""
    out = (premultiplied & np.uint32(0x00FFFFFF)) | (alpha << 24).astype(np.uint32)
    out[alpha == 0] = 0x00FFFFFF
    part = np.nonzero((alpha > 0) & (alpha < 255))
    a, pixels = alpha[part], premultiplied[part].astype(np.int64)
    channels = [np.minimum(255, (pixels >> shift & 255) * 255 // a) << shift for shift in (0, 8, 16)]
    out[part] = (a << 24 | channels[0] | channels[1] | channels[2]).astype(np.uint32)
    return out


def _halo(label: PlacedLabel, painter: QPainter, fonts: QtFonts, *, solid: bool) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QPainterPath, QPen, QTransform

    if label.halo[3] == 0 or label.halo_px <= 0:
        return
    whole = QPainterPath()
    for char, (x, y, turn) in zip(label.text, label.glyphs.tolist(), strict=True):
        place = QTransform().translate(x, y).rotateRadians(turn)
        whole.addPath(place.map(fonts.path(char, label.font)))
    color = _color(label.halo)
    if solid and color.alphaF() > 0.6:
        color.setAlpha(255)
    pen = QPen(color, 2 * label.halo_px)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(whole, pen)


def letter(label: PlacedLabel, painter: QPainter, fonts: QtFonts, *, direct: Direct | None = None) -> None:
    """Set the text of a label: whole lines where it stands upright, so that it can be selected, else single characters.

    What is set in pieces is found as a whole where ``direct`` says what they read.
    """
    runs = _runs(label)
    if len(runs) > 1 and direct is not None:
        direct.begin_text(painter, label.text)
    for begin, end in runs:
        x, y, turn = label.glyphs[begin].tolist()
        painter.save()
        painter.translate(x, y)
        painter.rotate(math.degrees(turn))
        pens = (label.glyphs[begin:end, 0] - x).tolist() if end - begin > 1 else [0.0]
        text(painter, fonts, label.text[begin:end], label.font, pens, color=_color(label.color))
        painter.restore()
    if len(runs) > 1 and direct is not None:
        direct.end(painter)


def _runs(label: PlacedLabel) -> list[tuple[int, int]]:
    """Begin and end of the pieces of a label that stand on one level line."""
    glyphs = label.glyphs
    if np.any(glyphs[:, 2] != 0):
        return [(i, i + 1) for i in range(len(label.text))]
    return list(itertools.pairwise([0, *(np.flatnonzero(np.diff(glyphs[:, 1]) != 0) + 1).tolist(), len(label.text)]))


def text(
    painter: QPainter, fonts: QtFonts, characters: str, font: Font, pens: Sequence[float], *, color: QColor,
) -> None:
    """Set one line on the painter's x axis, each character at its pen (px) and as the glyph its font names for it.

    Qt's own shaping would choose other glyphs for some digits and lose what they stand for in a PDF.
    """
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QGlyphRun, QTransform

    scale = font.size_px / _TEXT_PX
    painter.save()
    if font.italic:
        painter.setTransform(QTransform(1, 0, -SLANT, 1, 0, 0), combine=True)
    if fonts.writer is not None:
        fonts.writer(painter, fonts, characters, font, pens, color)
        painter.restore()
        return
    painter.scale(scale, scale)
    painter.setPen(color)
    placed = [(*fonts.glyph(char, Font(_TEXT_PX, font.weight)), x / scale) for char, x in zip(characters, pens, strict=True)]
    for _, some in itertools.groupby(placed, key=lambda p: id(p[0])):
        glyphs = list(some)
        run = QGlyphRun()
        run.setRawFont(glyphs[0][0])
        run.setGlyphIndexes([number for _, number, _ in glyphs])
        run.setPositions([QPointF(x, 0) for _, _, x in glyphs])
        painter.drawGlyphRun(QPointF(0, 0), run)
    painter.restore()
