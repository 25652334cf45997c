"""What paper can only show as an image: density, shading, and layers that mix with those below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.render import raster
from lydigital.render.drawlist import BlendOp, DrawList, HeatOp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Op, ShadeOp
    from lydigital.render.painter.fonts import QtFonts

_GROUNDS = {"multiply": "#ffffff", "screen": "#000000", "overlay": "#808080"}


def _fine(viewport: Viewport, image_px: float) -> Viewport:
    width, height = max(1, round(viewport.width_px * image_px)), max(1, round(viewport.height_px * image_px))
    unit = viewport.units_per_px * viewport.width_px / width
    return replace(viewport, width_px=width, height_px=height, units_per_px=unit, dpi=viewport.dpi * image_px)


def as_image(op: HeatOp | ShadeOp, painter: QPainter, viewport: Viewport, image_px: float) -> None:
    """Draw ``op`` as an image with holes: what shows through is learned from drawing on black and on white."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage

    fine = _fine(viewport, image_px)
    ratio = fine.width_px / viewport.width_px
    scaled: Op
    if isinstance(op, HeatOp):
        scaled = replace(op, radius_px=op.radius_px * ratio)
    else:
        scaled = replace(op, width_px=op.width_px * ratio)
    black, white = (
        raster.draw(DrawList(fine, ground, (scaled,)), bgra=True, threads=1).pixels.astype(np.int64)
        for ground in ((0, 0, 0, 255), (255, 255, 255, 255))
    )
    alpha = np.clip(255 - (white - black)[:, :, :3].max(axis=2), 0, 255)
    pixels = np.concatenate([black[:, :, :3], alpha[:, :, None]], axis=2)
    pixels = np.ascontiguousarray(np.minimum(pixels, alpha[:, :, None]).astype(np.uint8))  # premultiplied
    kind = QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(pixels.data, fine.width_px, fine.height_px, 4 * fine.width_px, kind)
    painter.drawImage(QRectF(0, 0, viewport.width_px, viewport.height_px), image)


def fade(
    op: BlendOp, painter: QPainter, viewport: Viewport, fonts: QtFonts, image_px: float, *, play: Callable[..., None]
) -> None:
    """Draw a layer that shows through as a whole, as one image: neither paths nor texts of a page know groups in Qt."""
    from PySide6.QtCore import QRectF, Qt

    image = _image(viewport, image_px, Qt.GlobalColor.transparent)
    _play_onto(image, op.ops, viewport, fonts, image_px, play=play)
    painter.save()
    painter.setOpacity(painter.opacity() * op.opacity)
    painter.drawImage(QRectF(0, 0, viewport.width_px, viewport.height_px), image)
    painter.restore()


def _play_onto(
    image: QImage, ops: Sequence[Op], viewport: Viewport, fonts: QtFonts, image_px: float, *, play: Callable[..., None]
) -> None:
    from PySide6.QtGui import QPainter

    inner = QPainter(image)
    inner.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    inner.scale(image.width() / viewport.width_px, image.height() / viewport.height_px)
    play(ops, inner, viewport, fonts, image_px)
    inner.end()


def paint(
    drawlist: DrawList, painter: QPainter, fonts: QtFonts, image_px: float, play: Callable[..., None]
) -> None:
    """Play operations of which some mix with what lies below, onto an image, and draw that."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    viewport = drawlist.viewport
    modes = QPainter.CompositionMode
    compositions = {"multiply": modes.CompositionMode_Multiply, "screen": modes.CompositionMode_Screen,
                    "overlay": modes.CompositionMode_Overlay}  # fmt: skip
    base = _image(viewport, image_px, "#%02x%02x%02x" % drawlist.background[:3])  # noqa: UP031 - three numbers
    for op in drawlist.ops:
        if not isinstance(op, BlendOp) or op.mode == "normal":
            _play_onto(base, (op,), viewport, fonts, image_px, play=play)
            continue
        target = _image(viewport, image_px, _GROUNDS[op.mode])
        _play_onto(target, op.ops, viewport, fonts, image_px, play=play)
        mixing = QPainter(base)
        mixing.setCompositionMode(compositions[op.mode])
        mixing.setOpacity(op.opacity)
        mixing.drawImage(0, 0, target)
        mixing.end()
    painter.drawImage(QRectF(0, 0, viewport.width_px, viewport.height_px), base)


def _image(viewport: Viewport, image_px: float, color: str | Qt.GlobalColor) -> QImage:
    from PySide6.QtGui import QColor, QImage

    fine = _fine(viewport, image_px)
    formats = QImage.Format
    kind = formats.Format_RGB32 if isinstance(color, str) else formats.Format_ARGB32_Premultiplied
    image = QImage(fine.width_px, fine.height_px, kind)
    image.fill(QColor(color))
    return image
