"""How a layer looks, in the terms of OGC Symbology Encoding 1.1: rules, symbolizers, scale denominators.

A size may be one number or stops ``[[scale_denominator, value], ...]``, interpolated in the logarithm of the scale, so
that roads thin out as the map zooms away. Colours are ``#rrggbb`` or ``#rrggbbaa``.
"""

from __future__ import annotations

import math
import re
from typing import Literal

import msgspec

from lydigital.errors import BadDataError

Stops = tuple[tuple[float, float], ...]
Size = float | Stops
_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")
Blend = Literal["normal", "multiply", "screen"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the style nouns: immutable, and a misspelt key is an error."""


class Stroke(_Frozen, frozen=True):
    """A line. ``offset_mm`` moves it to the left of its direction."""

    color: str
    width_mm: Size = 0.26
    opacity: float = 1.0
    cap: Literal["butt", "round", "square"] = "round"
    join: Literal["miter", "round", "bevel"] = "round"
    dash_mm: tuple[float, ...] = ()
    offset_mm: float = 0.0


class Fill(_Frozen, frozen=True):
    """An area. ``hatch`` lines carry ``color`` on a transparent ground unless ``ground`` is given."""

    color: str
    opacity: float = 1.0
    pattern: Literal["solid", "hatch", "cross", "dots"] = "solid"
    ground: str = ""
    angle_deg: float = 45.0
    spacing_mm: float = 2.0
    width_mm: float = 0.3


class PolygonSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="polygon"):
    """An area: its fill, then its outline."""

    fill: Fill | None = None
    stroke: Stroke | None = None


class LineSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="line"):
    """A line, above a wider ``casing`` that is drawn below all lines of the layer."""

    stroke: Stroke
    casing: Stroke | None = None


class PointSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="point"):
    """A mark: a shaped badge with an optional icon ``glyph`` (name in the icon font) on it."""

    shape: Literal["circle", "square", "rounded", "diamond", "triangle", "hexagon", "shield", "pin"] = (
        "circle"
    )
    size_mm: Size = 3.0
    color: str = "#3b6ea5"
    outline: str = "#ffffff"
    outline_mm: float = 0.25
    glyph: str = ""
    glyph_color: str = "#ffffff"
    opacity: float = 1.0
    rotation_field: str = ""


class RasterSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="raster"):
    """A grid: colour ``ramp`` stops ``[[value, "#rrggbb"], ...]`` under a hillshade.

    Hillshade after Horn (1981), azimuth clockwise from north, altitude above the horizon, both in degrees.
    ``shade`` is its strength from 0 (flat) to 1.
    """

    ramp: tuple[tuple[float, str], ...] = ()
    shade: float = 0.6
    azimuth_deg: float = 315.0
    altitude_deg: float = 45.0
    z_factor: float = 1.0
    multidirectional: bool = True
    opacity: float = 1.0


Symbolizer = PolygonSymbolizer | LineSymbolizer | PointSymbolizer | RasterSymbolizer


class Rule(_Frozen, frozen=True):
    """Which features, at which scales, drawn how.

    A categorized style compares ``value`` (or ``values``) with its field, a graduated style takes ``minimum`` ≤ x <
    ``maximum``. A rule without any of these takes what no other rule took. ``min_scale`` and ``max_scale`` are scale
    denominators: drawn where ``min_scale`` ≤ denominator < ``max_scale`` (0 and inf where left out).
    """

    symbolizers: tuple[Symbolizer, ...]
    title: str = ""
    title_en: str = ""
    value: str | int | bool | None = None
    values: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_scale: float = 0.0
    max_scale: float = math.inf

    @property
    def is_else(self) -> bool:
        return self.value is None and not self.values and self.minimum is None and self.maximum is None


class LabelStyle(_Frozen, frozen=True):
    """Text on the map.

    ``priority`` 0-100: higher places first. ``placement``: ``point`` beside a mark (tries eight positions), ``centre``
    over it, ``area`` inside the largest part, ``line`` along it. ``size_field`` scales nothing but orders candidates:
    larger values place first within the layer. ``classes`` limits labels to rules with these values.
    """

    field: str
    size_pt: Size = 8.0
    color: str = "#333333"
    halo: str = "#ffffffd0"
    halo_mm: float = 0.4
    weight: Literal["regular", "medium", "bold"] = "regular"
    italic: bool = False
    placement: Literal["point", "centre", "area", "line"] = "point"
    priority: int = 50
    order_field: str = ""
    min_scale: float = 0.0
    max_scale: float = math.inf
    spacing_em: float = 0.0
    repeat_mm: float = 0.0
    wrap_chars: int = 0
    classes: tuple[str | int, ...] = ()


class Style(_Frozen, frozen=True):
    """Rules and labels of one layer."""

    rules: tuple[Rule, ...]
    kind: Literal["single", "categorized", "graduated"] = "single"
    field: str = ""
    labels: LabelStyle | None = None
    opacity: float = 1.0
    blend: Blend = "normal"
    min_scale: float = 0.0
    max_scale: float = math.inf

    def shows_at(self, denominator: float) -> bool:
        return self.min_scale <= denominator < self.max_scale


def size_at(size: Size, denominator: float) -> float:
    """Value of ``size`` at a scale denominator; constant beyond its outermost stops."""
    if isinstance(size, (int, float)):
        return float(size)
    before = size[0]
    for stop in size:
        if denominator <= stop[0]:
            if stop[0] == before[0]:
                return stop[1]
            t = math.log(denominator / before[0]) / math.log(stop[0] / before[0])
            return before[1] + t * (stop[1] - before[1])
        before = stop
    return before[1]


def parse_color(text: str, opacity: float = 1.0) -> tuple[int, int, int, int]:
    """``#rrggbb`` or ``#rrggbbaa`` to 8-bit red, green, blue, alpha.

    Raises
    ------
    BadDataError
        When the text is no such colour.
    """
    if not _COLOR.fullmatch(text):
        raise BadDataError("{text} is not a colour", hint="Write colours as #rrggbb or #rrggbbaa.", text=text)
    parts = bytes.fromhex(text[1:])
    alpha = parts[3] if len(parts) == 4 else 255
    return (parts[0], parts[1], parts[2], round(alpha * opacity))
