"""Charts, quiet ones: no frames, few lines, the number written at its bar. Window, picture and SVG draw the same.

Everything is in millimetres, as in :mod:`lydigital.publish.furniture`; :func:`draw` takes any :class:`Pencil`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from lydigital.model.impact import shown
from lydigital.model.report import UNKNOWN, Chart
from lydigital.publish.furniture import Align, Box
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

Weight = Literal["regular", "medium", "bold"]


class Pencil(Protocol):
    """What draws: :class:`~lydigital.publish.furniture.Paper` or :class:`~lydigital.publish.svg.SvgPaper`."""

    def width_mm(self, text: str, size_pt: float, weight: Weight = "regular") -> float: ...

    def text(
        self, x: float, y: float, text: str, size_pt: float, *, weight: Weight = "regular", color: str = ...,
        align: Align = "left", turn_deg: float = 0.0, most_mm: float = math.inf,
    ) -> None: ...

    def line(
        self, x0: float, y0: float, x1: float, y1: float, *, color: str = ..., width_mm: float = 0.15, dash_mm: Sequence[float] = (),
    ) -> None: ...

    def path(self, points: Sequence[tuple[float, float]], color: str, width_mm: float = 0.15, dash_mm: Sequence[float] = ()) -> None: ...

    def box(self, box: Box, *, color: str = "", width_mm: float = 0.2, fill: str = "") -> None: ...

    def dot(self, x: float, y: float, radius: float, fill: str, *, color: str = "", width_mm: float = 0.15) -> None: ...


@dataclass(frozen=True)
class Look:
    """Colours and size of text of a chart; the defaults are the light theme of the window."""

    ink: str = "#1f2a30"
    soft: str = "#515d66"
    faint: str = "#7d868d"
    line: str = "#e5e0d6"
    track: str = "#f0ede6"
    paper: str = "#ffffff"
    target: str = "#c2334d"
    series: tuple[str, ...] = ("#2f8a80", "#d39a45", "#4f7cac", "#b4586b", "#8574ad", "#8a9a5b", "#9aa0a6")
    marked: str = "#0b5f58"
    size_pt: float = 8.0


DARK = Look(
    ink="#e7ebf0", soft="#b2bcc8", faint="#8d9aa8", line="#2b3645", track="#263140", paper="#1d2531", target="#f0718a",
    series=("#4bbdb1", "#e0b060", "#7ea6d6", "#d98a9a", "#ad9dd6", "#adbd7c", "#a6adb5"), marked="#8be0d6",
)  # fmt: skip


def em_of(look: Look) -> float:
    """Size of the text, mm."""
    return look.size_pt / POINTS_PER_INCH * MM_PER_INCH


@dataclass(frozen=True)
class Spot:
    """Where a value was drawn: for pointing at it and linking it to the map."""

    series: int
    label: int
    box: Box


def height_of(chart: Chart, look: Look | None = None) -> float:
    """A good height, mm, at the width of a page."""
    em = em_of(look or Look())
    lines = (2.4 if len(chart.series) > 1 or chart.kind == "target" else 0.0) + (1.4 if chart.target is not None or chart.kind == "target" else 0.0)
    if chart.kind in ("bar", "line"):
        return 46.0 + lines * em
    bars = len(chart.series) if chart.kind == "hbar" else 1
    return len(chart.labels) * max(1.8, 0.7 + 1.15 * bars) * em + (lines + 1.0) * em


def draw(paper: Pencil, box: Box, chart: Chart, look: Look | None = None) -> tuple[Spot, ...]:
    """Draw ``chart`` into ``box`` and tell where its values are."""
    look = look or Look()
    if not chart.labels or not any(v is not None for s in chart.series for v in s.values):
        paper.text(box.x + box.width / 2, box.y + box.height / 2, tr("No values"), look.size_pt, color=look.faint, align="centre")
        return ()
    from lydigital.publish import chartforms

    return chartforms.FORMS[chart.kind](paper, box, chart, look)


def png(chart: Chart, width_mm: float = 170.0, height_mm: float = 0.0, dpi: float = 200.0, look: Look | None = None) -> bytes:
    """The chart as PNG on white; a good height where none is given.

    Raises
    ------
    StoreUnavailableError
        Without PySide6, which draws it.
    """
    from lydigital.publish import furniture
    from lydigital.publish.image import encode_png

    height_mm = height_mm or height_of(chart, look)
    box, fonts = _inside(width_mm, height_mm), furniture.fonts_of_qt()
    return encode_png(furniture.pixels(width_mm, height_mm, dpi, lambda paper: draw(paper, box, chart, look), fonts), dpi)


def svg(chart: Chart, width_mm: float = 170.0, height_mm: float = 0.0, look: Look | None = None, *, alone: bool = True) -> str:
    """The chart as SVG; ``alone`` as a file of its own, else to stand within HTML."""
    from lydigital.publish.svg import SvgPaper

    height_mm = height_mm or height_of(chart, look)
    paper = SvgPaper()
    draw(paper, _inside(width_mm, height_mm), chart, look)
    return paper.document(width_mm, height_mm, chart.title, alone=alone)


def _inside(width_mm: float, height_mm: float) -> Box:
    return Box(0.0, 0.0, width_mm, height_mm).inset(0.6)


def written(chart: Chart, label: int, value: float | None, series: int = 0) -> str:
    """What stands at a bar."""
    if series == 0 and label < len(chart.texts):
        return chart.texts[label]
    return UNKNOWN if value is None else shown(value, chart.step)


def color_of(chart: Chart, series: int, look: Look, label: int = -1) -> str:
    if len(chart.series) == 1 and label in chart.marked:
        return look.marked
    return chart.series[series].color or look.series[series % len(look.series)]
