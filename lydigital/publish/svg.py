"""A pencil that writes SVG: the same strokes as :class:`lydigital.publish.furniture.Paper`, without Qt.

Text stays text: it can be searched and copied, and takes the reader's own Chinese face.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Literal

from lydigital.publish.furniture import INK, Align, Box
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

FACE = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_ANCHOR = {"left": "start", "centre": "middle", "right": "end"}
_WEIGHT = {"regular": "400", "medium": "500", "bold": "700"}
_CHINESE = 0x2E7F  # characters above are one em wide
_NARROW, _ROUGH = dict.fromkeys(" ,.:;'|!ijl()[]/", 0.29), 0.57  # ems; the face is the reader's, so no more than rough


class SvgPaper:
    """Draw into SVG whose unit is the millimetre."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def width_mm(self, text: str, size_pt: float, weight: Literal["regular", "medium", "bold"] = "regular") -> float:
        ems = sum(1.0 if ord(c) > _CHINESE else _NARROW.get(c, _ROUGH) for c in text)
        return ems * size_pt / POINTS_PER_INCH * MM_PER_INCH * (1.04 if weight == "bold" else 1.0)

    def text(
        self, x: float, y: float, text: str, size_pt: float, *, weight: Literal["regular", "medium", "bold"] = "regular",
        color: str = INK, align: Align = "left", turn_deg: float = 0.0, most_mm: float = math.inf,
    ) -> None:
        """One line with its baseline at ``y``; too long a text ends in an ellipsis."""
        while len(text) > 1 and self.width_mm(text, size_pt, weight) > most_mm:
            text = text.rstrip("…")[:-1] + "…"
        how = f' font-weight="{_WEIGHT[weight]}"' if weight != "regular" else ""
        if align != "left":
            how += f' text-anchor="{_ANCHOR[align]}"'
        if turn_deg:
            how += f' transform="rotate({turn_deg:g} {_n(x)} {_n(y)})"'
        size = _n(size_pt / POINTS_PER_INCH * MM_PER_INCH)
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" fill="{color}"{how}>{escape(text)}</text>')

    def line(
        self, x0: float, y0: float, x1: float, y1: float, *, color: str = INK, width_mm: float = 0.15,
        dash_mm: Sequence[float] = (),
    ) -> None:
        self.path([(x0, y0), (x1, y1)], color, width_mm, dash_mm)

    def path(
        self, points: Sequence[tuple[float, float]], color: str, width_mm: float = 0.15, dash_mm: Sequence[float] = ()
    ) -> None:
        dashes = f' stroke-dasharray="{" ".join(f"{d:g}" for d in dash_mm)}"' if dash_mm else ""
        at = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(
            f'<polyline points="{at}" fill="none" stroke="{color}" stroke-width="{width_mm:g}" stroke-linejoin="round"{dashes}/>'
        )

    def box(self, box: Box, *, color: str = "", width_mm: float = 0.2, fill: str = "") -> None:
        self.parts.append(
            f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" fill="{fill or "none"}"'
            f"{_stroke(color, width_mm)}/>"
        )

    def shape(self, points: Sequence[tuple[float, float]], fill: str, color: str = "", width_mm: float = 0.15) -> None:
        at = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.parts.append(f'<polygon points="{at}" fill="{fill or "none"}"{_stroke(color, width_mm)}/>')

    def dot(self, x: float, y: float, radius: float, fill: str, *, color: str = "", width_mm: float = 0.15) -> None:
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"{_stroke(color, width_mm)}/>')

    def document(self, width_mm: float, height_mm: float, title: str, *, alone: bool = True) -> str:
        """What was drawn; ``alone`` as a file of its own, else to stand within HTML."""
        name = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
        said = escape(title, quote=True)
        return (
            f'<svg{name} viewBox="0 0 {_n(width_mm)} {_n(height_mm)}" width="{_n(width_mm)}mm" height="{_n(height_mm)}mm" role="img" '
            f'aria-label="{said}" font-family="{FACE}">{"".join(self.parts)}</svg>'
        )


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _stroke(color: str, width_mm: float) -> str:
    return f' stroke="{color}" stroke-width="{width_mm:g}"' if color else ""
