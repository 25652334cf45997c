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
Blend = Literal["normal", "multiply", "screen", "overlay"]
Method = Literal["quantile", "equal", "natural", "std", "pretty", "manual"]
AREA = "@area_km2"  # to divide by: the area of the feature on the ellipsoid, km²


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


class Shade(_Frozen, frozen=True):
    """A band of colour inside the edge of an area that fades towards its middle."""

    color: str
    width_mm: float = 3.0
    opacity: float = 0.6


class PolygonSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="polygon"):
    """An area: its fill, then the shading inside its edge, then its outline."""

    fill: Fill | None = None
    stroke: Stroke | None = None
    inner: Shade | None = None


class LineSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="line"):
    """A line, above a wider ``casing`` that is drawn below all lines of the layer."""

    stroke: Stroke
    casing: Stroke | None = None


class Scaled(_Frozen, frozen=True):
    """Sizes by value: a mark of ``value`` is as large as its symbolizer says, others by (v / value) ** ``exponent``.

    Exponent 0.5 makes areas proportional; Flannery's 0.5716 makes up for eyes that see large circles too small
    (Flannery 1971). ``field`` may be divided by another and multiplied by ``per``. No mark is smaller than
    ``least_mm``; values of zero and less have none.
    """

    field: str
    value: float
    divide_by: str = ""
    per: float = 1.0
    exponent: float = 0.5
    least_mm: float = 0.6


class PointSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="point"):
    """A mark: a shaped badge with an optional icon ``glyph`` (name in the icon font) on it.

    ``rotation_field`` holds degrees clockwise from north. On areas and lines the mark stands inside or in the middle.
    """

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
    scaled: Scaled | None = None


class Share(_Frozen, frozen=True):
    """A part of a chart, or a kind of dots: a field of numbers and its colour."""

    field: str
    color: str
    title: str = ""
    title_en: str = ""


class ChartSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="chart"):
    """A small chart in every feature. Negative and missing values count as nothing.

    ``size_mm`` is the diameter, or the height of the tallest bar. With ``value`` the area of a pie follows the sum of
    its parts, and ``value`` is the sum shown at full size. For bars ``value`` is what the full height stands for.
    """

    shares: tuple[Share, ...]
    shape: Literal["pie", "ring", "bar"] = "pie"
    size_mm: float = 9.0
    value: float = 0.0
    outline: str = "#ffffff"
    outline_mm: float = 0.25
    opacity: float = 1.0


class DotSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="dots"):
    """Dot density: one dot for every ``value`` of each share's field, at places that never change.

    A feature of number v has round(v / value) dots, spread at random over its area; the places depend on its fid only.
    """

    shares: tuple[Share, ...]
    value: float
    size_mm: float = 0.6
    opacity: float = 0.9


class HeatSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="heat"):
    """Density of points, each spread over a quartic kernel (Silverman 1986, eq. 4.5) of a radius on screen or ground.

    ``ramp`` runs from nothing to ``maximum`` (points, or sums of ``weight_field``, a km²). With a maximum of 0 it runs
    to the densest place in the picture, and means more or less only.
    """

    ramp: tuple[str, ...]
    radius_mm: float = 6.0
    radius_m: float = 0.0
    weight_field: str = ""
    maximum: float = 0.0
    opacity: float = 0.85


class ClusterSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="cluster"):
    """Points nearer than ``radius_mm`` as one badge with their number; lone points as ``point``."""

    point: PointSymbolizer
    radius_mm: float = 12.0
    color: str = "#0f766e"
    text_color: str = "#ffffff"
    least: int = 2


class RasterSymbolizer(_Frozen, frozen=True, tag_field="kind", tag="raster"):
    """A raster: colour ``ramp`` stops ``[[value, "#rrggbb"], ...]`` under a hillshade, or a picture.

    Attributes
    ----------
    show
        ``terrain`` (one band, shaded) or ``image`` (its bands as colours, no shade); ``auto`` goes by the file: a
        palette, several bands, or whole numbers without sign are an image. A ramp is drawn from ``bands[0]`` anyway.
    steps
        How the ramp is read: ``linear`` between stops, ``classes`` from a stop to below the next, ``codes`` exactly.
        Values below the first class and unknown codes are transparent, as are colours that say so (``#rrggbb00``).
    shade
        Strength of the hillshade after Horn (1981), from 0 (flat) to 1. Without a ramp 1 is the plain hillshade.
    azimuth_deg, altitude_deg
        Of the light, clockwise from grid north and above the horizon.
    z_factor
        Vertical exaggeration, of the hillshade only.
    multidirectional
        Light from four sides around the azimuth, weighted by aspect (Mark 1992).
    bands, stretch
        Of an image: one or three bands from 1, and the values shown black and white; otherwise the file's own.
    contour_interval_m
        Between contour lines; by scale as ``[[denominator, interval], ...]``: up to each denominator its interval,
        none beyond the last. 0 is none. Every fifth line is wider and carries its height (GB/T 20257.1).
    """

    ramp: tuple[tuple[float, str], ...] = ()
    steps: Literal["linear", "classes", "codes"] = "linear"
    show: Literal["auto", "terrain", "image"] = "auto"
    shade: float = 0.6
    azimuth_deg: float = 315.0
    altitude_deg: float = 45.0
    z_factor: float = 1.0
    multidirectional: bool = True
    opacity: float = 1.0
    bands: tuple[int, ...] = ()
    stretch: tuple[float, float] | None = None
    contour_interval_m: Size = 0.0
    contour_color: str = "#a8743a"
    contour_width_mm: float = 0.15
    contour_labels: bool = True

    def contour_interval(self, denominator: float) -> float:
        """Metres between contour lines at a scale denominator, 0 for none."""
        if isinstance(self.contour_interval_m, (int, float)):
            return max(0.0, float(self.contour_interval_m))
        return next((max(0.0, metres) for limit, metres in self.contour_interval_m if denominator <= limit), 0.0)


Symbolizer = (
    PolygonSymbolizer | LineSymbolizer | PointSymbolizer | RasterSymbolizer | ChartSymbolizer | DotSymbolizer
    | HeatSymbolizer | ClusterSymbolizer
)  # fmt: skip


class Rule(_Frozen, frozen=True):
    """Which features, at which scales, drawn how.

    A categorized style compares ``value`` (or ``values``) with its field, a graduated style takes ``minimum`` ≤ x <
    ``maximum``; a bivariate style also ``second``[0] ≤ y < ``second``[1] of its second field (None is without limit).
    A rule without any of these takes what no other rule took. ``min_scale`` and ``max_scale`` are scale
    denominators: drawn where ``min_scale`` ≤ denominator < ``max_scale`` (0 and inf where left out).
    """

    symbolizers: tuple[Symbolizer, ...]
    title: str = ""
    title_en: str = ""
    value: str | int | bool | None = None
    values: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    second: tuple[float | None, float | None] | None = None
    min_scale: float = 0.0
    max_scale: float = math.inf

    @property
    def is_else(self) -> bool:
        numbers = (self.minimum, self.maximum, self.second)
        return self.value is None and not self.values and all(v is None for v in numbers)


class LabelStyle(_Frozen, frozen=True):
    """Text on the map.

    ``priority`` 0-100: higher places first. ``placement``: ``point`` beside a mark (tries eight positions), ``centre``
    over it, ``area`` inside the largest part, ``line`` along it. ``size_field`` scales nothing but orders candidates:
    larger values place first within the layer. ``classes`` limits labels to rules with these values.

    ``orientation`` vertical sets text in columns from right to left, Chinese upright. A label without room at its feature
    may stand up to ``callout_mm`` away and is then joined to it by a line. ``repeat_mm`` is the distance of repetitions
    along lines and in areas larger than it (0: a distance that suits screens).
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
    orientation: Literal["horizontal", "vertical"] = "horizontal"
    callout_mm: float = 0.0


class Scheme(_Frozen, frozen=True):
    """How the rules of a thematic style came about: what the inspector goes on from and the legend states.

    ``title`` names the numbers shown: field, what it is divided by, second field.
    """

    method: Method = "quantile"
    ramp: str = ""
    reverse: bool = False
    unit: str = ""
    title: str = ""
    title_en: str = ""


class Style(_Frozen, frozen=True):
    """Rules and labels of one layer.

    What a graduated style compares is ``field``, divided by ``divide_by`` where given (another field, or ``AREA``) and
    multiplied by ``per``; a bivariate style also looks at ``second``.
    """

    rules: tuple[Rule, ...]
    kind: Literal["single", "categorized", "graduated", "bivariate"] = "single"
    field: str = ""
    divide_by: str = ""
    per: float = 1.0
    second: str = ""
    scheme: Scheme | None = None
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
