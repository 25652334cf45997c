"""From a scene and a viewport to the list of what to draw: the one description that screen and paper share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.grid import Grid
    from lydigital.model.style import Fill, PointSymbolizer, RasterSymbolizer, Style
    from lydigital.model.table import FeatureTable
    from lydigital.model.viewport import Viewport

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True)
class Font:
    """A face to set text in; the family is the program's choice."""

    size_px: float
    weight: Literal["regular", "medium", "bold"] = "regular"
    italic: bool = False


class Fonts(Protocol):
    """What labels and the raster backend need to know of text. Implemented with Qt in ``render.painter.fonts``."""

    def advances(self, text: str, font: Font) -> NDArray[np.float32]:
        """Horizontal advance of every character, ``(len(text),)`` pixels."""

    def vertical(self, font: Font) -> tuple[float, float]:
        """Ascent and descent above and below the baseline, pixels."""

    def mask(self, char: str, font: Font) -> tuple[NDArray[np.uint8], int, int]:
        """Coverage of one character ``(h, w) uint8``, and its left and top offset from the pen on the baseline, px."""

    def icon(self, name: str, size_px: float) -> NDArray[np.uint8]:
        """Coverage of an icon of the icon font in a square of ``ceil(size_px)``, ``(s, s) uint8``."""


@dataclass(frozen=True, eq=False)
class SceneLayer:
    """A layer made ready to draw.

    ``codes`` holds the number of the rule each feature falls under, ``(n,) int16``, -1 for none (None for grids).
    ``selected`` holds rows to highlight.
    """

    id: str
    data: FeatureTable | Grid
    style: Style
    codes: NDArray[np.int16] | None = None
    opacity: float = 1.0
    labels: bool = True
    selected: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True, eq=False)
class FillOp:
    """Fill polygons. Feature ``rows[i]`` takes ``colors[codes[i]]``; ``pattern`` applies to all when it is not solid."""

    geometry: GeometryArray
    rows: NDArray[np.int32]
    codes: NDArray[np.int16]
    colors: NDArray[np.uint8]  # (c, 4) straight red, green, blue, alpha
    pattern: Fill | None = None


@dataclass(frozen=True, eq=False)
class StrokeOp:
    """Stroke lines, or rings of polygons, of one colour as their union (no darker crossings)."""

    geometry: GeometryArray
    rows: NDArray[np.int32]
    color: Rgba
    width_px: float
    cap: Literal["butt", "round", "square"] = "round"
    join: Literal["miter", "round", "bevel"] = "round"
    dash_px: tuple[float, ...] = ()
    offset_px: float = 0.0


@dataclass(frozen=True, eq=False)
class MarkOp:
    """Put a mark on every point. Feature ``rows[i]`` takes ``marks[codes[i]]`` at ``sizes_px[codes[i]]``."""

    geometry: GeometryArray
    rows: NDArray[np.int32]
    codes: NDArray[np.int16]
    marks: tuple[PointSymbolizer, ...]
    sizes_px: tuple[float, ...]
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class RasterOp:
    """Draw a grid."""

    grid: Grid
    symbolizer: RasterSymbolizer
    opacity: float = 1.0


Op = FillOp | StrokeOp | MarkOp | RasterOp


@dataclass(frozen=True, eq=False)
class PlacedLabel:
    """A label with its place decided.

    ``glyphs`` is ``(len(text), 3) float32``: pen x, baseline y in pixels and rotation in radians (clockwise) of each
    character. ``box`` is the upright rectangle it claims, xmin, ymin, xmax, ymax in pixels.
    """

    text: str
    font: Font
    color: Rgba
    halo: Rgba
    halo_px: float
    glyphs: NDArray[np.float32]
    box: tuple[float, float, float, float]
    layer: str = ""
    row: int = -1


@dataclass(frozen=True, eq=False)
class DrawList:
    """Everything on one picture, bottom first; labels come above all."""

    viewport: Viewport
    background: Rgba
    ops: tuple[Op, ...]
    labels: tuple[PlacedLabel, ...] = ()
    unplaced: int = 0


def build(
    scene: Sequence[SceneLayer], viewport: Viewport, fonts: Fonts | None = None, *, background: Rgba = (247, 246, 242, 255),
) -> DrawList:
    """Choose rules, rows, sizes and label places for one picture; no labels without ``fonts``."""
    raise NotImplementedError
