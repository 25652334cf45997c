"""A map as a figure of a report: the map, its legend in the emptiest corner, scale bar and north arrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.model.style import Fill, LabelStyle, PolygonSymbolizer, Rule, Scheme, Stroke, Style
from lydigital.model.viewport import Viewport
from lydigital.publish import furniture
from lydigital.publish import legend as legends
from lydigital.publish.furniture import FAINT, GREY, Box, Paper
from lydigital.publish.legend import Entry
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.model.table import FeatureTable
    from lydigital.render.drawlist import SceneLayer

VALUE = "shown_value"
_FOOT_MM, _ROW_MM, _PAD_MM = 7.0, 4.6, 2.2
_EDGE = Stroke("#ffffff", 0.2, opacity=0.9)
_BORDER = "#5b6770"


def png(
    scene: Sequence[SceneLayer], bounds: tuple[float, float, float, float], crs: Crs, *, width_mm: float = 170.0,
    height_mm: float = 118.0, dpi: float = 200.0, title: str = "", titles: Mapping[str, tuple[str, str]] | None = None, approval: str = "",
) -> bytes:
    """A figure that shows at least ``bounds`` (map units of ``crs``).

    Parameters
    ----------
    scene
        Layers in ``crs``, bottom first.
    title
        Heading of the legend.
    titles
        Layer id → title of its group, title of the layer: what the legend names; it has the classes of coloured areas.
    approval
        Number of the map review (审图号); without one the figure says that it is for internal work.

    Raises
    ------
    StoreUnavailableError
        Without PySide6, which sets the text.
    """
    from lydigital.publish.image import encode_png
    from lydigital.publish.pages import metres_per_mm
    from lydigital.render import drawlist, raster

    fonts = furniture.fonts_of_qt()
    per_mm = dpi / MM_PER_INCH
    inner = Box(0.3, 0.3, width_mm - 0.6, height_mm - _FOOT_MM - 0.6)
    viewport = Viewport.of_bounds(bounds, round(inner.width * per_mm), round(inner.height * per_mm), crs, dpi=dpi, margin=0.03)
    frame = raster.draw(drawlist.build(scene, viewport, fonts, is_page=True), fonts=fonts).pixels[:, :, :3]
    entries = [e for g in legends.of_scene(scene, titles or {}, viewport.bounds, viewport.scale) for e in g.entries]
    if entries and title:
        entries.insert(0, Entry(title, ()))

    def furnish(paper: Paper) -> None:
        paper.box(inner, color=FAINT, width_mm=0.2)
        if entries:
            card = _emptiest(frame, inner, _legend_size(paper, entries), per_mm)
            _legend(paper, card, entries, viewport.scale)
        furniture.north_arrow(paper, *_arrow(frame, inner, card if entries else None, per_mm), 10.0)
        foot = inner.bottom + _FOOT_MM
        furniture.scale_bar(paper, inner.x + 0.6, foot - 0.8, metres_per_mm(viewport), 45.0)
        said = tr("Map review No. {number}", number=approval) if approval else tr("Internal working map. Not reviewed. Not to be published.")
        system = tr("Coordinate system: {name} ({code})", name=crs.name, code=str(crs))
        room = inner.width - 60.0
        words = next((w for w in (f"{said}　{system}", said) if paper.width_mm(w, 6) <= room), said)
        paper.text(inner.right, foot - 1.2, words, 6, color=GREY, align="right", most_mm=room)

    page = furniture.pixels(width_mm, height_mm, dpi, furnish, fonts, under=(frame, inner))
    return encode_png(page, dpi)


def choropleth(
    layer_id: str, table: FeatureTable, values: Sequence[float | None], *, label: str = "name", ramp: str = "teal",
    reverse: bool = False, count: int = 5,
) -> SceneLayer:
    """Areas coloured by ``values`` (one a row, None is not known) in natural classes with round limits.

    ``label`` is the field they are labelled by, "" for none.
    """
    import pyarrow as pa

    from lydigital.domain import classes, thematic
    from lydigital.model.table import FeatureTable as Table
    from lydigital.render import classify
    from lydigital.render.drawlist import SceneLayer

    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    known = numbers[np.isfinite(numbers)]
    shown = Table(table.fid, table.columns.append_column(VALUE, pa.array(numbers, from_pandas=True)), table.geometry, table.crs)
    spread = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    limits = _rounded(classes.breaks(numbers, "natural", min(count, len(np.unique(known)))), spread) if len(known) else ()
    words = LabelStyle(label, size_pt=7.0, color="#22262b", halo="#ffffffd8", halo_mm=0.35, placement="area", priority=80) if label else None
    style = thematic.graduated(
        Style((), labels=words), PolygonSymbolizer(Fill("#888888", 0.95), _EDGE), VALUE, limits, spread=spread,
        scheme=Scheme("natural", ramp, reverse), missing=len(known) < len(numbers),
    )  # fmt: skip
    style = msgspec.structs.replace(style, scheme=None)  # its legend has no heading of its own
    return SceneLayer(layer_id, shown, style, classify.codes(shown, style))


def _rounded(limits: Sequence[float], spread: tuple[float, float]) -> tuple[float, ...]:
    """Limits to a hundredth of the spread or so, as people read them."""
    low, high = spread
    digits = 1 - math.floor(math.log10(high - low)) if high > low else 0
    return tuple(sorted({v for v in (round(x, digits) for x in limits) if low < v <= high}))


def outline(layer_id: str, table: FeatureTable, *, label: str = "", width_mm: float = 0.35) -> SceneLayer:
    """Borders of areas, above what is coloured."""
    from lydigital.render.drawlist import SceneLayer

    words = LabelStyle(label, size_pt=7.5, color="#22262b", halo="#ffffffd8", halo_mm=0.4, placement="area", priority=90, weight="medium")
    style = Style((Rule((PolygonSymbolizer(stroke=Stroke(_BORDER, width_mm, opacity=0.85)),)),), labels=words if label else None)
    return SceneLayer(layer_id, table, style, np.zeros(len(table), np.int16))


def _legend_size(paper: Paper, entries: Sequence[Entry]) -> tuple[float, float]:
    widest = max(
        paper.width_mm(e.title, 7, "regular" if e.symbolizers else "bold") + (furniture.SWATCH_MM + 2 if e.symbolizers else 0.0)
        for e in entries
    )
    return min(widest, 62.0) + 2 * _PAD_MM, len(entries) * _ROW_MM + 2 * _PAD_MM - 0.6


def _legend(paper: Paper, card: Box, entries: Sequence[Entry], scale: float) -> None:
    paper.box(card, fill="#ffffff", color=FAINT, width_mm=0.15)
    x, y, room = card.x + _PAD_MM, card.y + _PAD_MM, card.width - 2 * _PAD_MM
    for entry in entries:
        if entry.symbolizers:
            furniture.swatch(paper, Box(x, y + 0.3, furniture.SWATCH_MM, 3.4), entry.symbolizers, scale)
            paper.text(x + furniture.SWATCH_MM + 2, y + 2.95, entry.title, 7, most_mm=room - furniture.SWATCH_MM - 2 + 0.1)
        else:
            paper.text(x, y + 2.95, entry.title, 7, weight="bold", most_mm=room + 0.1)
        y += _ROW_MM


def _emptiest(frame: NDArray[np.uint8], inner: Box, size: tuple[float, float], per_mm: float) -> Box:
    """Where a card of ``size`` hides least: the corner with the fewest pixels that are not ground."""
    width, height = size
    left, right = inner.x + 2.5, inner.right - 2.5 - width
    top, bottom = inner.y + 2.5, inner.bottom - 2.5 - height
    places = [Box(x, y, width, height) for x, y in ((right, bottom), (left, bottom), (left, top), (right, top))]
    return min(places, key=lambda box: _drawn(frame, inner, box, per_mm))


def _arrow(frame: NDArray[np.uint8], inner: Box, card: Box | None, per_mm: float) -> tuple[float, float]:
    """Middle top of the north arrow: the upper corner with less in it, away from the card."""
    y = inner.y + 2.0
    places = [Box(inner.right - 9.0, y, 6.0, 11.0), Box(inner.x + 3.0, y, 6.0, 11.0)]
    free = [p for p in places if card is None or p.right < card.x or p.x > card.right or p.bottom < card.y] or places
    best = min(free, key=lambda box: _drawn(frame, inner, box, per_mm))
    return best.x + best.width / 2, best.y


def _drawn(frame: NDArray[np.uint8], inner: Box, box: Box, per_mm: float) -> int:
    ground = frame[0, 0].astype(np.int16)
    x, y = round((box.x - inner.x) * per_mm), round((box.y - inner.y) * per_mm)
    part = frame[max(0, y) : y + round(box.height * per_mm) : 4, max(0, x) : x + round(box.width * per_mm) : 4]
    return int((np.abs(part.astype(np.int16) - ground).max(axis=2, initial=0) > 6).sum())
