"""How layers look in a web map: what the plans of our own engine say at every zoom level, as plain lists for the browser.

A look is a list of steps, drawn in order: ``["f", codes, color, pattern]`` fills, ``["i", codes, color, width]`` shades
inside edges, ``["s", codes, color, width, cap, join, dash, offset]`` strokes, ``["m", {code: [sprite, size]}, scaled]`` puts marks.
``codes`` are those of the features that take part, None for all. Lengths are CSS pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.model.style import (
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    parse_color,
    size_at,
)
from lydigital.publish.webpictures import data_uri
from lydigital.render import sprites
from lydigital.render.plan import plan_for
from lydigital.units import SCREEN_DPI, mm_to_px, pt_to_px, scale_denominator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.style import Fill, LabelStyle, Stroke, Symbolizer
    from lydigital.render.drawlist import Fonts, SceneLayer
    from lydigital.render.plan import FillPlan, Plan

FIRST_ZOOM, LAST_ZOOM = 5, 18
_EQUATOR_M_PER_PX = 2 * math.pi * 6_378_137.0 / 256  # of zoom 0 in the Mercator projection of web maps
_FINER = 2  # sprites are drawn so much larger: phones have two pixels or more to a CSS pixel
_LEGEND_PX = 18.0

Look = list[list[Any]]


def scale_at(zoom: int, latitude: float) -> float:
    """Scale denominator of a zoom level at a latitude in degrees."""
    return scale_denominator(_EQUATOR_M_PER_PX * math.cos(math.radians(latitude)) / 2**zoom)


class Sprites:
    """The marks of a file, each once, at the largest size asked for."""

    def __init__(self) -> None:
        self._of: dict[PointSymbolizer, int] = {}
        self._sizes: list[float] = []

    def index(self, symbolizer: PointSymbolizer, size_px: float) -> int:
        key = msgspec.structs.replace(symbolizer, size_mm=1.0, scaled=None, rotation_field="")
        number = self._of.setdefault(key, len(self._of))
        if number == len(self._sizes):
            self._sizes.append(0.0)
        self._sizes[number] = max(self._sizes[number], size_px)
        return number

    def content(self, fonts: Fonts | None) -> list[dict[str, Any]]:
        """Pictures with their size and the place that stands on the point, CSS pixels."""
        out = []
        for symbolizer, size in zip(self._of, self._sizes, strict=True):
            found = sprites.sprite(symbolizer, size * _FINER, SCREEN_DPI * _FINER, fonts)
            height, width = found.pixels.shape
            rgba = _straight(np.ascontiguousarray(found.pixels).view(np.uint8).reshape(height, width, 4))
            out.append({
                "src": data_uri(rgba, "PNG"), "size": size, "w": width / _FINER, "h": height / _FINER,
                "x": round(found.anchor[0] / _FINER, 2), "y": round(found.anchor[1] / _FINER, 2),
            })  # fmt: skip
        return out


def _straight(premultiplied: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = np.maximum(premultiplied[:, :, 3:], 1).astype(np.float64)
    out = premultiplied.copy()
    out[:, :, :3] = np.minimum(255, np.rint(premultiplied[:, :, :3] * (255.0 / alpha)))
    return out


@dataclass(frozen=True)
class Looks:
    """Looks of a layer, the number of the one at each zoom level, and where more is drawn than looks can tell."""

    found: list[Look]
    at: list[int]
    special: list[bool]

    @property
    def is_special(self) -> bool:
        return any(self.special)


def looks(layer: SceneLayer, latitude: float, marks: Sprites) -> Looks:
    """How a layer looks at every zoom level at a latitude in degrees."""
    found: list[Look] = []
    numbers: list[int] = []
    special: list[bool] = []
    for zoom in range(FIRST_ZOOM, LAST_ZOOM + 1):
        scale = scale_at(zoom, latitude)
        look: Look = []
        special.append(False)
        if layer.style.shows_at(scale):
            plan = plan_for(layer, scale, SCREEN_DPI)
            look = _look(plan, marks)
            for which, symbolizer in plan.specials:
                if isinstance(symbolizer, PointSymbolizer):
                    look.append(_marks(which, symbolizer, scale, marks))
                else:
                    special[-1] = True
        if look not in found:
            found.append(look)
        numbers.append(found.index(look))
    return Looks(found, numbers, special)


def _look(plan: Plan, marks: Sprites) -> Look:
    out: Look = []
    for fill in plan.fills:
        out += _fills(fill)
    out += [["i", _codes(s.which), css(s.color), round(s.width_px, 2)] for s in plan.shades]
    out += [
        ["s", _codes(s.which), css(s.color), round(s.width_px, 2), s.cap, s.join, [round(d, 2) for d in s.dash_px], round(s.offset_px, 2)]
        for s in plan.strokes
    ]
    for mark in plan.marks:
        own = {
            str(code): [marks.index(mark.marks[code], mark.sizes_px[code]), round(mark.sizes_px[code], 2)]
            for code in np.flatnonzero(mark.which[:-1]).tolist()
        }
        out.append(["m", own])
    return out


def _marks(which: NDArray[np.bool_], symbolizer: PointSymbolizer, scale: float, marks: Sprites) -> list[Any]:
    """Marks inside areas, on lines, or of sizes that follow a value: those of the layer's ``factor``."""
    size = mm_to_px(size_at(symbolizer.size_mm, scale))
    own = [marks.index(symbolizer, size), round(size, 2)]
    return ["m", {str(code): own for code in np.flatnonzero(which[:-1]).tolist()}, symbolizer.scaled is not None]


def _fills(plan: FillPlan) -> Look:
    codes = np.flatnonzero(plan.which[:-1])
    by_color: dict[tuple[int, ...], list[int]] = {}
    for code in codes.tolist():
        by_color.setdefault(tuple(plan.colors[code].tolist()), []).append(code)
    pattern = None if plan.pattern is None else _pattern(plan.pattern)
    whole = len(codes) == len(plan.which) - 1 and len(by_color) == 1
    return [["f", None if whole else own, css(color), pattern] for color, own in by_color.items()]


def _pattern(fill: Fill) -> list[Any] | None:
    if fill.pattern == "solid":
        return None
    return [fill.pattern, fill.angle_deg, round(mm_to_px(fill.spacing_mm), 2), round(mm_to_px(fill.width_mm), 2)]


def _codes(which: NDArray[np.bool_]) -> list[int] | None:
    own: list[int] = np.flatnonzero(which[:-1]).tolist()
    return None if len(own) == len(which) - 1 else own


def css(color: Sequence[int]) -> str:
    """A colour as CSS writes it."""
    r, g, b, a = color
    return f"#{r:02x}{g:02x}{b:02x}" if a == 255 else f"rgba({r},{g},{b},{a / 255:.3f})"


def labels(style: LabelStyle, latitude: float, *, along: bool) -> dict[str, Any]:
    """How a layer is labelled: sizes by zoom level, 0 where it is not."""
    scales = [scale_at(zoom, latitude) for zoom in range(FIRST_ZOOM, LAST_ZOOM + 1)]
    sizes = [round(pt_to_px(size_at(style.size_pt, s)), 1) if style.min_scale <= s < style.max_scale else 0 for s in scales]
    return {
        "sizes": sizes, "color": css(parse_color(style.color)), "halo": css(parse_color(style.halo)) if style.halo else "",
        "width": round(2 * mm_to_px(style.halo_mm), 1), "weight": {"regular": 400, "medium": 500, "bold": 700}[style.weight],
        "italic": style.italic, "beside": style.placement == "point", "along": along, "priority": style.priority,
    }  # fmt: skip


def swatch(symbolizers: Sequence[Symbolizer], scale: float, marks: Sprites) -> Look:
    """The true symbol of a legend entry as a look; ``["r", colours]`` is a ramp."""
    out: Look = []
    for s in symbolizers:
        if isinstance(s, PolygonSymbolizer):
            if s.fill is not None:
                if s.fill.pattern != "solid" and s.fill.ground:
                    out.append(["f", None, css(parse_color(s.fill.ground, s.fill.opacity)), None])
                out.append(["f", None, css(parse_color(s.fill.color, s.fill.opacity)), _pattern(s.fill)])
            if s.inner is not None:
                out.append(["i", None, css(parse_color(s.inner.color, s.inner.opacity)), round(min(6.0, mm_to_px(s.inner.width_mm)), 2)])
            if s.stroke is not None:
                out.append(_stroke(s.stroke, scale))
        elif isinstance(s, LineSymbolizer):
            out += [_stroke(stroke, scale) for stroke in (s.casing, s.stroke) if stroke is not None]
        elif isinstance(s, PointSymbolizer):
            size = min(_LEGEND_PX, mm_to_px(size_at(s.size_mm, scale)))
            out.append(["m", {"0": [marks.index(s, size), round(size, 2)]}])
        elif isinstance(s, RasterSymbolizer) and s.ramp:
            out.append(["r", [css(parse_color(color)) for _, color in s.ramp], s.steps])
    return out


def _stroke(stroke: Stroke, scale: float) -> list[Any]:
    width = min(8.0, max(0.5, mm_to_px(size_at(stroke.width_mm, scale))))
    dash = [round(mm_to_px(d), 2) for d in stroke.dash_mm]
    return ["s", None, css(parse_color(stroke.color, stroke.opacity)), round(width, 2), "butt", "miter", dash, 0]
