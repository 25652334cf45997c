"""Marks as small pictures: a shaped badge with an outline and an icon, drawn once and put on every point."""

from __future__ import annotations

import math
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lydigital.kernels import fill, ragged
from lydigital.model.style import parse_color
from lydigital.units import mm_to_px

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.style import PointSymbolizer
    from lydigital.render.drawlist import Fonts

_KEPT = 1024
GLYPH = 0.62  # of the badge
_GLYPH_FROM_PX = 9.0  # smaller badges carry no icon
_OUTLINE = 0.3  # of the way to the centre at most, so that small marks keep their colour
_FINER = 3  # marks to be turned are drawn that much larger
_PIN_HEIGHT = 1.42  # of the head


class Sprite(NamedTuple):
    """Premultiplied pixels ``(h, w) uint32`` and the place in them that stands on the point, pixels."""

    pixels: NDArray[np.uint32]
    anchor: tuple[float, float]


class Outline(NamedTuple):
    """A shape in units of the badge's radius, y down, centred on the badge."""

    points: NDArray[np.float64]
    inradius: float  # how far the edge is from the centre
    glyph: float  # room for the icon, relative to a circle
    lift: float  # how far above the centre the icon sits


def _arc(x: float, y: float, r: float, start: float, stop: float, *, n: int = 24) -> list[tuple[float, float]]:
    steps = np.radians(np.linspace(start, stop, n))
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a in steps]


def _regular(n: int, turn_deg: float, radius: float = 1.0) -> list[tuple[float, float]]:
    return _arc(0.0, 0.0, radius, turn_deg, turn_deg + 360.0 * (n - 1) / n, n=n)


@cache
def outline(shape: str) -> Outline:
    """Outline of a badge of that shape."""
    if shape == "square":
        return Outline(np.array([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]), 0.9, 1.1, 0.0)
    if shape == "rounded":
        r, c = 0.38, 0.92 - 0.38
        points = _arc(c, c, r, 0, 90, n=9) + _arc(-c, c, r, 90, 180, n=9)
        points += _arc(-c, -c, r, 180, 270, n=9) + _arc(c, -c, r, 270, 360, n=9)
        return Outline(np.array(points), 0.92, 1.1, 0.0)
    if shape == "diamond":
        return Outline(np.array(_regular(4, -90, 1.12)), 0.79, 0.8, 0.0)
    if shape == "triangle":
        return Outline(np.array(_regular(3, -90, 1.2)), 0.6, 0.62, -0.05)
    if shape == "hexagon":
        return Outline(np.array(_regular(6, -90, 1.06)), 0.92, 1.0, 0.0)
    if shape == "shield":
        half = [(0.0, -1.0), (0.45, -0.86), (0.88, -0.8), (0.88, 0.0), (0.8, 0.34), (0.58, 0.64), (0.28, 0.88), (0.0, 1.05)]
        return Outline(np.array(half + [(-x, y) for x, y in half[-2:0:-1]]), 0.84, 0.95, 0.08)
    if shape == "pin":
        tip = 2 * _PIN_HEIGHT - 1.0
        angle = math.degrees(math.acos(1.0 / tip))
        drop = [(0.0, tip), *_arc(0.0, 0.0, 1.0, 90 + angle, 450 - angle, n=48)]
        return Outline(np.array(drop), 1.0, 1.0, 0.0)
    return Outline(np.array(_regular(72, 0)), 1.0, 1.0, 0.0)


def outline_points(shape: str) -> NDArray[np.float64]:
    """Outline of a mark's shape ``(n, 2)`` in units of its radius, y down, centre of the badge at the origin."""
    return outline(shape).points.copy()


def coverage(points: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Share (0-1) of every pixel that lies in one ring ``(n, 2)`` of pixel coordinates, y down."""
    ring = np.vstack([points, points[:1]])
    ring[:, 1] = -ring[:, 1]
    frame = np.full((height, width), 0xFF000000, np.uint32)
    bounds = np.concatenate([ring.min(axis=0), ring.max(axis=0)])[None]
    room = height * (width + 2 * fill.BLOCK + 2)
    fill.fill(
        frame, np.zeros((height, width, 4), np.uint32), 1,
        np.zeros(room, np.float32), np.zeros(room // fill.BLOCK + 1, np.uint8), 0, height, 0.0, 0.0, 1.0,
        ring, np.zeros(0, np.float32), np.array([0, len(ring)]), np.array([0, 1]), bounds, ragged.block_sizes(bounds, 1),
        np.zeros(0, np.float32), np.zeros(1, np.int32),
        np.zeros(1, np.int16), np.array([0xFFFFFFFF], np.uint32), np.zeros(7), -1.0,
    )
    return (frame & 0xFF) / 255.0


_sprites: dict[tuple[object, ...], Sprite] = {}
_lock = Lock()


def sprite(
    symbolizer: PointSymbolizer, size_px: float, dpi: float, fonts: Fonts | None = None, *, bgra: bool = False,
    opacity: float = 1.0, angle_deg: float = 0.0,
) -> Sprite:
    """The picture of a mark ``size_px`` across; its icon needs ``fonts``. Pictures are kept."""
    size_px = round(max(size_px, 1.0) * 2) / 2
    key = (symbolizer, size_px, dpi, id(fonts) if fonts is not None else 0, bgra, opacity, angle_deg)
    with _lock:
        found = _sprites.get(key)
    if found is None:
        line = mm_to_px(symbolizer.outline_mm, dpi)
        if angle_deg % 360.0:
            large = _drawn(symbolizer, size_px * _FINER, line * _FINER, fonts, bgra=bgra, opacity=opacity)
            found = _turned(large, math.radians(angle_deg))
        else:
            found = _drawn(symbolizer, size_px, line, fonts, bgra=bgra, opacity=opacity)
        with _lock:
            if len(_sprites) >= _KEPT:
                _sprites.clear()
            _sprites[key] = found
    return found


def _drawn(
    symbolizer: PointSymbolizer, size_px: float, outline_px: float, fonts: Fonts | None, *, bgra: bool, opacity: float
) -> Sprite:
    shape = outline(symbolizer.shape)
    if symbolizer.shape in {"square", "rounded"}:
        size_px = max(2.0, round(size_px * shape.inradius) / shape.inradius)  # straight edges on pixel borders
    radius = size_px / 2
    reach = np.abs(shape.points).max(axis=0) * radius
    edges = round(2 * shape.inradius * radius)
    half = math.ceil(reach[0] + 0.5)
    width = 2 * half + (edges % 2 if symbolizer.shape in {"square", "rounded"} else 1)
    cx = width / 2
    above = math.ceil(-shape.points[:, 1].min() * radius + 0.5)
    below = math.ceil(shape.points[:, 1].max() * radius + 0.5)
    cy = above + (width % 2) / 2
    height = above + below + width % 2
    centre = np.array([cx, cy])
    outer = coverage(shape.points * radius + centre, width, height)
    outline_px = min(outline_px, _OUTLINE * radius * shape.inradius) if symbolizer.outline else 0.0
    inset = max(0.0, 1.0 - outline_px / (radius * shape.inradius))
    points = shape.points * radius * inset
    if symbolizer.shape == "pin":
        points = np.vstack([[(0.0, shape.points[0, 1] * radius - outline_px * 2.2)], points[1:]])
    inner = coverage(points + centre, width, height) if inset > 0 else np.zeros_like(outer)
    ring = parse_color(symbolizer.outline) if outline_px > 0 and symbolizer.outline else (0, 0, 0, 0)
    body = parse_color(symbolizer.color)
    picture = np.zeros((height, width, 4))
    _over(picture, np.maximum(outer - inner, 0.0) if body[3] < 255 else outer, ring)
    _over(picture, inner, body)
    if symbolizer.glyph and fonts is not None and size_px >= _GLYPH_FROM_PX:
        icon = fonts.icon(symbolizer.glyph, size_px * GLYPH * shape.glyph)
        _over(picture, _placed(icon, width, height, cx, cy - shape.lift * radius), parse_color(symbolizer.glyph_color))
    if bgra:
        picture = picture[:, :, [2, 1, 0, 3]]
    bytes_ = np.rint(picture * (symbolizer.opacity * opacity * 255.0)).astype(np.uint8)
    tip = shape.points[:, 1].max() * radius if symbolizer.shape == "pin" else 0.0
    return Sprite(np.ascontiguousarray(bytes_).view(np.uint32)[:, :, 0], (cx, cy + tip))


def _turned(large: Sprite, angle: float) -> Sprite:
    """A picture drawn :data:`_FINER` times too large, turned clockwise about its anchor and made smaller."""
    source = large.pixels[:, :, None].view(np.uint8).astype(np.float64)
    h, w = source.shape[:2]
    corners = np.array([(x - large.anchor[0], y - large.anchor[1]) for x in (0, w) for y in (0, h)])
    reach = math.ceil(float(np.hypot(corners[:, 0], corners[:, 1]).max()) / _FINER) + 1
    side = 2 * reach + 1
    at = (np.arange(side * _FINER) + 0.5) - (reach + 0.5) * _FINER
    dx, dy = np.meshgrid(at, at)
    cos, sin = math.cos(angle), math.sin(angle)
    u = np.rint(dx * cos + dy * sin + large.anchor[0] - 0.5).astype(np.int64)
    v = np.rint(dy * cos - dx * sin + large.anchor[1] - 0.5).astype(np.int64)
    inside = (u >= 0) & (u < w) & (v >= 0) & (v < h)
    fine = np.where(inside[:, :, None], source[np.clip(v, 0, h - 1), np.clip(u, 0, w - 1)], 0.0)
    small = fine.reshape(side, _FINER, side, _FINER, 4).mean(axis=(1, 3))
    pixels = np.ascontiguousarray(np.rint(small).astype(np.uint8)).view(np.uint32)[:, :, 0]
    return Sprite(pixels, (reach + 0.5, reach + 0.5))


def _placed(icon: NDArray[np.uint8], width: int, height: int, cx: float, cy: float) -> NDArray[np.float64]:
    """Coverage of an icon centred at (cx, cy), on whole pixels."""
    out = np.zeros((height, width))
    h, w = icon.shape
    x0, y0 = round(cx - w / 2), round(cy - h / 2)
    a, b, c, d = max(x0, 0), min(x0 + w, width), max(y0, 0), min(y0 + h, height)
    if a < b and c < d:
        out[c:d, a:b] = icon[c - y0 : d - y0, a - x0 : b - x0] / 255.0
    return out


def _over(picture: NDArray[np.float64], cover: NDArray[np.float64], color: tuple[int, int, int, int]) -> None:
    """Lay a straight colour over premultiplied 0-1 pixels."""
    alpha = (cover * (color[3] / 255.0))[:, :, None]
    source = np.array([color[0] / 255.0, color[1] / 255.0, color[2] / 255.0, 1.0])
    picture *= 1.0 - alpha
    picture += alpha * source
