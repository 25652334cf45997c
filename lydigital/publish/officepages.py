"""Arranged pages as what office documents hold: pictures, tables, charts, with sources and stamps in words.

Each has a tag ``ly:<layout>:<item>`` by which a document made before is found to hold it already.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.errors import StoreUnavailableError
from lydigital.model.layout import LegendItem, MapItem, NorthItem, ScaleBarItem, StampItem, TextItem
from lydigital.model.report import Chart, Table
from lydigital.publish import rasterpages, typeset
from lydigital.publish.image import encode_png
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lydigital.publish.arrange import Arranged, ArrangedPage, Placed
    from lydigital.publish.furniture import Box, Paper

_MOST_TAG = 64  # letters of a content control's tag in Word
_LARGE_MM, _DPI, _LARGE_DPI = 200.0, 300.0, 220.0
_MOST_PX = 6_000
_GAP_MM = 3.0
_BESIDE = (LegendItem, MapItem, ScaleBarItem, NorthItem, StampItem)  # what belongs to a map, in this order


@dataclass(frozen=True)
class Figure:
    """A picture as PNG, and the size it has on paper."""

    tag: str
    title: str
    png: bytes
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class Grid:
    """A table; ``most`` rows of it are shown."""

    tag: str
    table: Table
    most: int


@dataclass(frozen=True)
class Chapter:
    """One page: its picture, the charts and tables on it, where they come from, its texts by tag."""

    layout: str
    figure: Figure
    charts: tuple[tuple[str, Chart], ...]
    grids: tuple[Grid, ...]
    notes: tuple[str, ...]
    stamps: tuple[str, ...]
    texts: dict[str, str]


def tag(*parts: str) -> str:
    """``ly:<layout>:<item>``, short enough for Word."""
    whole = ":".join(("ly", *(p for p in parts if p)))
    if len(whole) <= _MOST_TAG:
        return whole
    return f"{whole[: _MOST_TAG - 13]}~{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def chapters(sheets: Sequence[Arranged], dpi: float | None = None, *, whole: bool = False) -> Iterator[Chapter]:
    """The pages one after the other; those of a series have their tags from their titles.

    Parameters
    ----------
    dpi
        Of the pictures; one that is sharp in print where it is not named.
    whole
        Pictures are whole pages, also of those with tables and charts.
    """
    seen: Counter[str] = Counter()
    for sheet in sheets:
        seen[sheet.title] += 1
        is_one = len(sheets) == 1 and sheet.layout.frame is None  # all paper frames are one layout: their titles tell them apart
        series = "" if is_one else hashlib.sha256(f"{sheet.title}/{seen[sheet.title]}".encode()).hexdigest()[:8]
        for number, page in enumerate(sheet.pages, 1):
            yield _chapter(sheet, page, number, series, dpi, whole=whole)


def _chapter(sheet: Arranged, page: ArrangedPage, number: int, series: str, dpi: float | None, *, whole: bool) -> Chapter:
    main = _main(page)
    name = sheet.layout.id
    shown = page if whole else figure_page(page)
    title = sheet.title if len(sheet.pages) == 1 else tr("{title} ({number})", title=sheet.title, number=number)
    item = f"page{number}" if whole or main is None else main.item.id
    charts = tuple((tag(name, p.item.id, series), p.content) for p in page.placed if isinstance(p.content, Chart))
    grids = tuple(
        Grid(tag(name, p.item.id, series), p.content, getattr(p.item, "rows", len(p.content.rows)))
        for p in page.placed if isinstance(p.content, Table)
    )  # fmt: skip
    facts = {**sheet.facts, "page": number}
    texts = {tag(name, p.item.id, series): typeset.fill(p.item.text, facts)[0] for p in page.placed if isinstance(p.item, TextItem)}
    texts[tag(name, "title", series)] = title
    notes = notes_of(sheet, page)
    return Chapter(
        name, Figure(tag(name, item, series), title, picture(shown, sheet, dpi), shown.width, shown.height), charts, grids, notes,
        tuple(" ".join(words) for words in sheet.stamps), texts,
    )  # fmt: skip


def notes_of(sheet: Arranged, page: ArrangedPage) -> tuple[str, ...]:
    """Scale, system and date; sources; who made it."""
    facts, main = sheet.facts, _main(page)
    scale = "" if main is None else str(facts.get(f"scale.{main.item.id}", ""))
    code = str(facts.get("crs_code", ""))
    crs = f"{facts.get('crs', '')}（{code}）" if facts.get("crs") and code else code
    sources = str(facts.get("sources", ""))
    lines = (
        "　".join(part for part in (tr("Scale {scale}", scale=scale) if scale else "", crs, str(facts.get("date", ""))) if part),
        tr("Sources: {sources}", sources=sources) if sources else "",
        "　".join(part for part in (str(facts.get("producer", "")), str(facts.get("operator", ""))) if part),
    )
    return tuple(line for line in lines if line)


def picture(page: ArrangedPage, sheet: Arranged, dpi: float | None = None) -> bytes:
    """A page as PNG, its longer side :data:`_MOST_PX` at most."""
    longest = max(page.width, page.height)
    fine = min(dpi or (_LARGE_DPI if longest > _LARGE_MM else _DPI), _MOST_PX * MM_PER_INCH / longest)
    return encode_png(np.ascontiguousarray(rasterpages.pixels(page, sheet.fonts, fine)), fine)


def _main(page: ArrangedPage) -> Placed | None:
    """The largest map of a page that is no overview."""
    maps = [p for p in page.placed if isinstance(p.item, MapItem) and not p.item.shows]
    return max(maps, key=lambda p: p.box.width * p.box.height, default=None)


# --- the map of a page without what a document says itself --------------------------------------------------------------


def figure_page(page: ArrangedPage) -> ArrangedPage:
    """The page; of one with tables or charts only its map with what belongs to it, for the document has the others in its own way."""
    main = _main(page)
    if main is None or not any(p.content is not None for p in page.placed):
        return page
    assert isinstance(main.item, MapItem)
    frame = _grown(main.box, main.item.neat + _outside(main.item) + 0.4)
    within = [p for p in page.placed if _is_within(p.box, frame) and p.content is None]
    placed = [moved(p, -frame.x, -frame.y) for p in within]
    beside = [p for p in page.placed if isinstance(p.item, _BESIDE) and not any(p is q for q in within)]
    x, y, high, width = 0.0, frame.height + _GAP_MM, 0.0, frame.width
    for one in sorted(beside, key=lambda p: (_BESIDE.index(type(p.item)), p.box.y, p.box.x)):
        if x and x + one.box.width > width:
            x, y, high = 0.0, y + high + _GAP_MM, 0.0
        placed.append(moved(one, x - one.box.x + 0.4, y - one.box.y))
        width = max(width, one.box.width + 0.8)
        x, high = x + one.box.width + _GAP_MM, max(high, one.box.height)
    return replace(page, width=width, height=y + high + 0.4 if beside else frame.height, placed=tuple(placed))


def _outside(item: MapItem) -> float:
    """Room that numbers of a grid take outside the frame."""
    return max((typeset.size_mm(g.size) * 1.6 for g in item.grids if g.outside), default=0.0)


def _grown(box: Box, by: float) -> Box:
    return box.inset(-by)


def _is_within(box: Box, frame: Box) -> bool:
    return frame.x <= box.x and box.right <= frame.right and frame.y <= box.y and box.bottom <= frame.bottom


def moved(placed: Placed, dx: float, dy: float) -> Placed:
    """An item elsewhere on its page, as it is."""

    def shifted(draw: Callable[[Paper], None] | None) -> Callable[[Paper], None] | None:
        if draw is None:
            return None

        def there(paper: Paper) -> None:
            paper.painter.save()
            paper.painter.translate(dx, dy)
            draw(paper)
            paper.painter.restore()

        return there

    box = replace(placed.box, x=placed.box.x + dx, y=placed.box.y + dy)
    its_map = None if placed.map is None else replace(placed.map, box=box)
    return replace(placed, box=box, map=its_map, paint=shifted(placed.paint), over=shifted(placed.over))


# --- files that others may have open --------------------------------------------------------------------------------------


def guard(path: Path) -> None:
    """See that a document may be replaced.

    Raises
    ------
    StoreUnavailableError
        When it is read-only, or open in an office program: what is being written there would be lost.
    """
    if not path.exists():
        return
    if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
        raise StoreUnavailableError("{path} is read-only", hint="Allow it to be changed, or write another file.", path=str(path))
    name = path.name
    locks = (f".~lock.{name}#", f"~${name[min(2, max(0, len(path.stem) - 6)) :]}")  # as LibreOffice and Microsoft Office call them
    found = next((lock for lock in locks if path.with_name(lock).exists()), "")
    if found:
        raise StoreUnavailableError(
            "{path} is open in another program", hint="Close it there and try again; if no program has it open, delete {lock} beside it.",
            path=str(path), lock=found,
        )  # fmt: skip
