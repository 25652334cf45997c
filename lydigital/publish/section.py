"""Cross-sections of pipes as drawings: ground, pipes to scale in the colours of their trades, depths and clear distances below.

Everything is in millimetres of the page. :func:`draw` takes any pencil, so that window, PNG, PDF and SVG show the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from lydigital.errors import UsageError
from lydigital.publish.charts import Look, Pencil
from lydigital.publish.furniture import STAMP, Box, nice
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lydigital.model.issue import Issue
    from lydigital.model.utility import Buried, Clearance, Section

PAGE = Box(0.0, 0.0, 297.0, 210.0)
_GREY = "#8a8f96"
_BAD = "#b3261e"
_EARTH, _EARTH_DARK = "#f1e9db", "#2c2a26"
_AXIS_MM, _ROW_MM, _LEAD_MM, _NAME_MM = 11.0, 5.4, 9.0, 25.0
_LEAST_COLUMN_MM, _LEAST_MARK_MM = 4.6, 0.55
_MOST_UPRIGHT_MM = 14.0
_SCALES = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_TALLEST = 3.0  # times the horizontal scale, that the vertical one is at most


class _Pencil(Pencil, Protocol):
    def shape(self, points: Sequence[tuple[float, float]], fill: str, color: str = "", width_mm: float = 0.15) -> None: ...


@dataclass(frozen=True)
class Trades:
    """How trades are drawn and called, by code; and whether the window is dark."""

    colours: Mapping[str, str]
    names: Mapping[str, str]
    look: Look = field(default_factory=Look)

    def colour(self, trade: str) -> str:
        return self.colours.get(trade, _GREY)

    def name(self, trade: str) -> str:
        return self.names.get(trade) or trade or "–"


@dataclass(frozen=True)
class _View:
    """From metres along the section and of level to the page."""

    box: Box
    length_m: float
    top_m: float
    bottom_m: float

    def x(self, at_m: float) -> float:
        return self.box.x + at_m / self.length_m * self.box.width

    def y(self, level_m: float) -> float:
        return self.box.y + (self.top_m - level_m) / (self.top_m - self.bottom_m) * self.box.height

    @property
    def mm_per_m(self) -> tuple[float, float]:
        return self.box.width / self.length_m, self.box.height / (self.top_m - self.bottom_m)


def write(path: Path, section: Section, trades: Trades, *, title: str = "", dpi: float = 200.0) -> None:
    """A sheet A4 across with the section, as PDF, PNG or SVG by the name's ending.

    Raises
    ------
    UsageError
        For another kind of file.
    StoreUnavailableError
        When the file cannot be written.
    """
    from lydigital.publish import pages

    kind = path.suffix.lower()
    title = title or tr("Cross-section of underground pipes")
    if kind == ".svg":
        from lydigital.publish.svg import SvgPaper

        paper = SvgPaper()
        sheet(paper, PAGE, section, trades, title)
        pages.save(path, paper.document(PAGE.width, PAGE.height, title).encode())
    elif kind == ".png":
        pages.save(path, png(section, trades, title=title, dpi=dpi))
    elif kind == ".pdf":
        from lydigital.model.crs import Crs
        from lydigital.model.viewport import Viewport
        from lydigital.render.painter.fonts import QtFonts

        blank = Viewport((0.0, 0.0), 1.0, 1, 1, Crs(section.crs), dpi=dpi)  # a page without a map
        leaf = pages.Leaf(title, PAGE, Box(0, 0, 1, 1), blank, dpi, QtFonts(), lambda paper: sheet(paper, PAGE, section, trades, title))
        pages.write_leaf(path, leaf, ())
    else:
        raise UsageError(
            "A cross-section cannot be written as {kind}", hint="Name the file .pdf, .png or .svg.", kind=kind or path.name
        )


def png(section: Section, trades: Trades, *, title: str = "", dpi: float = 200.0) -> bytes:
    """The sheet as PNG, for reports."""
    from lydigital.publish import furniture
    from lydigital.publish.image import encode_png
    from lydigital.render.painter.fonts import QtFonts

    title = title or tr("Cross-section of underground pipes")
    pixels = furniture.pixels(PAGE.width, PAGE.height, dpi, lambda paper: sheet(paper, PAGE, section, trades, title), QtFonts())
    return encode_png(pixels, dpi)


def sheet(paper: _Pencil, page: Box, section: Section, trades: Trades, title: str) -> None:
    """Title, drawing with its table, what it rests on."""
    body, look = page.inset(12.0), trades.look
    paper.text(body.x, body.y + 6.5, title, 16, weight="bold", color=look.ink, most_mm=body.width - 85)
    (ax, ay), (bx, by) = section.start, section.end
    where = tr("From {start} to {end}, {length} m", start=f"{ax:,.1f}, {ay:,.1f}", end=f"{bx:,.1f}, {by:,.1f}", length=f"{section.length_m:,.1f}")
    paper.text(body.x, body.y + 12.4, f"{where} · {section.crs}", 8, color=look.soft)
    right = body.right
    for is_so, text in ((section.is_sensitive, tr("Sensitive: for internal use only")), (section.is_sample, tr("Sample data"))):
        if is_so:
            wide = paper.width_mm(text, 8, "bold") + 5
            paper.box(Box(right - wide, body.y + 1.5, wide, 6.2), color=STAMP, width_mm=0.3)
            paper.text(right - wide / 2, body.y + 5.7, text, 8, weight="bold", color=STAMP, align="centre")
            right -= wide + 2.5
    notes = _notes(section)
    foot = 4.0 * (len(notes) + 1) + 2.0
    plot = Box(body.x, body.y + 17.0, body.width, body.height - 17.0 - foot)
    scales = draw(paper, plot, section, trades)
    for i, note in enumerate([scales, *notes]):
        paper.text(body.x, body.bottom - foot + 4.0 * i + 5.0, note, 6.8, color=look.soft, most_mm=body.width)


def draw(paper: _Pencil, box: Box, section: Section, trades: Trades, *, table: bool = True) -> str:
    """Draw the section into ``box`` and say its scales; without ``table`` pipes are numbered instead."""
    rows = 6 if section.ground else 5
    below = _LEAD_MM + rows * _ROW_MM if table and section.pipes else 5.0
    left = _NAME_MM if table and section.pipes else _AXIS_MM
    head = 7.0 if table else 2.0
    wide = section.length_m * 1000.0 / _round_scale(section.length_m * 1000.0 / (box.width - left - 4.0))
    view = _view(section, Box(box.x + left, box.y + head, wide, box.height - head - below))
    if table:
        _legend(paper, box, section, trades)
    _earth(paper, view, section, trades.look)
    for number, pipe in enumerate(section.pipes, 1):
        _pipe(paper, view, pipe, trades, "" if table else str(number))
    for told in section.clearances:
        if told.is_met is False and told.relation != "cover":
            _too_near(paper, view, section.pipes, told)
    if table and section.pipes:
        _table(paper, Box(box.x, view.box.bottom + 1.0, box.width, below - 1.0), view, section, trades)
    elif not section.pipes:
        paper.text(view.box.x + view.box.width / 2, view.box.y + view.box.height / 2, tr("No pipe crosses this section"), 9, color=trades.look.faint, align="centre")
    across, down = (1000.0 / mm for mm in view.mm_per_m)
    return tr("Scale across 1:{across}, down 1:{down}", across=f"{across:,.0f}", down=f"{down:,.0f}")


# --- the ground ---------------------------------------------------------------------------------------------------------


def _level(section: Section, at_m: float) -> float:
    ground = section.ground
    if not ground:
        return 0.0
    for (a, low), (b, high) in pairwise(ground):
        if at_m <= b:
            return low + (high - low) * (at_m - a) / max(b - a, 1e-9)
    return ground[-1][1]


def _view(section: Section, box: Box) -> _View:
    levels = [z for _, z in section.ground] or [0.0]
    lows = [(p.ground_m or 0.0) - max(v for v in (p.bottom_m, p.top_m, p.depth_m, 1.0) if v is not None) for p in section.pipes]
    highs = [(p.ground_m or 0.0) - min(v for v in (p.top_m, 0.0) if v is not None) for p in section.pipes]
    top, bottom = max([*levels, *highs]), min([*levels, *lows])
    room = max(top - bottom, 1.0)
    top, bottom = top + 0.12 * room, bottom - 0.15 * room
    least = box.height / (_TALLEST * box.width / section.length_m)  # metres of level that keep the drawing from being stretched
    down = _round_scale(max(top - bottom, least) * 1000.0 / box.height)
    return _View(box, section.length_m, top, top - box.height * down / 1000.0)


def _round_scale(exact: float) -> float:
    """The next scale denominator that people draw at."""
    power = 10.0 ** math.floor(math.log10(exact))
    return next(s * power for s in _SCALES if s * power >= exact * (1 - 1e-9))


def _earth(paper: _Pencil, view: _View, section: Section, look: Look) -> None:
    box = view.box
    line = [(view.x(a), view.y(z)) for a, z in section.ground] or [(box.x, view.y(0.0)), (box.right, view.y(0.0))]
    dark = look.paper.lower() < "#888888"
    paper.shape([*line, (box.right, box.bottom), (box.x, box.bottom)], _EARTH_DARK if dark else _EARTH)
    step = nice((view.top_m - view.bottom_m) / 4.0)
    digits = max(0, -math.floor(math.log10(step)))
    for k in range(math.ceil(view.bottom_m / step), math.floor(view.top_m / step) + 1):
        y = view.y(k * step)
        paper.line(box.x, y, box.right, y, color=look.line, width_mm=0.1)
        value = k * step if section.ground else -k * step
        if section.ground or k <= 0:
            paper.text(box.x - 1.2, y + 0.9, f"{value + 0.0:.{digits}f}", 6, color=look.soft, align="right")
    name = tr("Level (m)") if section.ground else tr("Depth (m)")
    paper.text(box.x + 1.0, box.y + 2.0, name, 6, color=look.soft)
    step = nice(view.length_m / 6.0)
    for k in range(math.floor(view.length_m / step + 1e-9) + 1):
        x = view.x(k * step)
        paper.line(x, box.bottom, x, box.bottom + 0.9, color=look.faint, width_mm=0.12)
        if k == 0 or x < box.right - 5:
            paper.text(x + 0.5, box.bottom - 0.8, f"{k * step:g}", 5.5, color=look.faint)
    paper.text(box.right - 0.5, box.bottom - 0.8, f"{view.length_m:.1f} m", 5.5, color=look.faint, align="right")
    paper.path(line, look.ink, 0.45)
    for i in range(int(box.width / 4.0)):  # the ground is hatched below its line
        x = box.x + 4.0 * i + 2.0
        y = view.y(_level(section, (x - box.x) / box.width * view.length_m))
        paper.line(x, y, x - 1.3, y + 1.3, color=look.soft, width_mm=0.12)
    paper.line(box.x, box.y, box.x, box.bottom, color=look.faint, width_mm=0.15)


# --- pipes --------------------------------------------------------------------------------------------------------------


def _outline(view: _View, pipe: Buried) -> tuple[float, float, float, float] | None:
    """Middle and half sizes on the page; None where the depth is not known."""
    ground = pipe.ground_m or 0.0  # flat where no level is known
    if pipe.depth_m is None:
        return None
    across, down = view.mm_per_m
    if pipe.top_m is None or pipe.bottom_m is None or pipe.width_m is None:
        return view.x(pipe.at_m), view.y(ground - pipe.depth_m), 0.0, 0.0
    half = max(pipe.width_m / 2 * across, _LEAST_MARK_MM), max((pipe.bottom_m - pipe.top_m) / 2 * down, _LEAST_MARK_MM)
    return view.x(pipe.at_m), view.y(ground - (pipe.top_m + pipe.bottom_m) / 2), *half


def _pipe(paper: _Pencil, view: _View, pipe: Buried, trades: Trades, number: str) -> None:
    colour, look = trades.colour(pipe.trade), trades.look
    found = _outline(view, pipe)
    if found is None:
        x, y = view.x(pipe.at_m), view.y(pipe.ground_m or 0.0)
        paper.line(x, y, x, view.box.bottom, color=colour, width_mm=0.35, dash_mm=(1.2, 1.0))
        paper.text(x + 0.8, y + 4.2, "?", 9, weight="bold", color=colour)
        low = y + 5.0
    else:
        x, y, half, high = found
        low = y + max(high, 0.9)
        if not number:
            paper.line(x, low, x, view.box.bottom, color=colour, width_mm=0.12, dash_mm=(0.9, 0.9))
        if half == 0.0:
            paper.dot(x, y, 0.9, look.paper, color=colour, width_mm=0.3)
        elif pipe.is_bank:
            paper.box(Box(x - half, y - high, 2 * half, 2 * high), color=look.ink, width_mm=0.15, fill=colour)
        else:
            ring = [(x + half * math.cos(k * math.pi / 18), y + high * math.sin(k * math.pi / 18)) for k in range(36)]
            paper.shape(ring, colour, look.ink, 0.15)
    if number:
        paper.text(x, low + 3.0, number, 7.5, weight="bold", color=look.ink, align="centre")


def _too_near(paper: _Pencil, view: _View, pipes: Sequence[Buried], told: Clearance) -> None:
    """A red line between two pipes, with what is and what should be."""
    pair = [p for p in pipes if p.fid in told.fids]
    if len(pair) != 2:
        return
    one, other = (_outline(view, p) for p in pair)
    if one is None or other is None:
        return
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    if told.relation == "vertical":
        upper, lower = ((ax, ay, ah), (bx, by, bh)) if ay <= by else ((bx, by, bh), (ax, ay, ah))
        x = (ax + bx) / 2
        paper.line(x, upper[1] + upper[2], x, lower[1] - lower[2], color=_BAD, width_mm=0.35)
        return
    y = max(ay + ah, by + bh) + 1.6
    for x in (ax + aw, bx - bw):
        paper.line(x, y - 0.9, x, y + 0.9, color=_BAD, width_mm=0.25)
    paper.line(ax + aw, y, bx - bw, y, color=_BAD, width_mm=0.35)


# --- words --------------------------------------------------------------------------------------------------------------


def _legend(paper: _Pencil, box: Box, section: Section, trades: Trades) -> None:
    x = box.x + _NAME_MM
    for trade in dict.fromkeys(p.trade for p in section.pipes):
        name = trades.name(trade)
        paper.dot(x + 1.3, box.y + 2.2, 1.2, trades.colour(trade))
        paper.text(x + 3.4, box.y + 3.2, name, 7.5, color=trades.look.ink)
        x += paper.width_mm(name, 7.5) + 8.0


def _columns(view: _View, pipes: Sequence[Buried]) -> tuple[list[float], float]:
    """Where the columns of the table stand: under their pipes as far as there is room; and their width."""
    count = len(pipes)
    wide = min(20.0, view.box.width / max(count, 1))
    places = [view.x(p.at_m) for p in pipes]
    left, right = view.box.x + wide / 2, view.box.right - wide / 2
    for i in range(count):
        places[i] = max(places[i], left + i * wide, places[i - 1] + wide if i else -math.inf)
    for i in range(count - 1, -1, -1):
        places[i] = min(places[i], right - (count - 1 - i) * wide)
    return places, wide


def _table(paper: _Pencil, box: Box, view: _View, section: Section, trades: Trades) -> None:
    look, pipes = trades.look, section.pipes
    places, wide = _columns(view, pipes)
    if wide < _LEAST_COLUMN_MM:
        paper.text(box.x + _NAME_MM, box.y + _LEAD_MM, tr("{count} pipes: too many for a table, see the list", count=len(pipes)), 8, color=look.soft)
        return
    names = [tr("Pipe"), tr("Size of pipe"), tr("Top below ground (m)"), tr("Bottom below ground (m)")]
    if section.ground:
        names.append(tr("Level of top (m)"))
    names.append(tr("Clear distance (m)"))
    top = box.y + _LEAD_MM
    for row, name in enumerate(names):
        y = top + row * _ROW_MM
        paper.line(box.x, y, box.right - 4.0, y, color=look.line, width_mm=0.15)
        paper.text(box.x, y + 3.7, name, 6.3, color=look.soft, most_mm=_NAME_MM - 1.5)
    paper.line(box.x, top + len(names) * _ROW_MM, box.right - 4.0, top + len(names) * _ROW_MM, color=look.line, width_mm=0.15)
    covers = {c.fids[0]: c for c in section.clearances if c.relation == "cover"}
    size = 6.5 if wide >= _MOST_UPRIGHT_MM else 5.2 if wide >= 9 else 4.0
    for x, pipe in zip(places, pipes, strict=True):
        colour = trades.colour(pipe.trade)
        paper.path([(view.x(pipe.at_m), view.box.bottom), (view.x(pipe.at_m), view.box.bottom + 2.0), (x, top - 2.2), (x, top)], colour, 0.25)
        cover = covers.get(pipe.fid)
        shallow = cover is not None and cover.is_met is False
        cells = [(pipe.code, look.ink), (pipe.size or "?", look.ink), (_number(pipe.top_m), look.ink), (_number(pipe.bottom_m), look.ink)]
        if shallow and cover is not None:
            cells[2] = (f"{_number(pipe.top_m)}<{cover.least_m:g}", _BAD)
        if section.ground:
            level = None if pipe.top_m is None or pipe.ground_m is None else pipe.ground_m - pipe.top_m
            cells.append((_number(level), look.ink))
        for row, (text, ink) in enumerate(cells):
            paper.text(x, top + row * _ROW_MM + 3.7, text, size, color=ink, align="centre", most_mm=wide - 0.4)
    y = top + (len(names) - 1) * _ROW_MM + 3.7
    told = {c.fids: c for c in section.clearances if c.relation != "cover"}
    for i, (one, other) in enumerate(pairwise(pipes)):
        found = told.get((one.fid, other.fid))
        if found is not None:
            text, ink = _clear_text(found), _BAD if found.is_met is False else look.ink
            paper.text(
                (places[i] + places[i + 1]) / 2, y, text, size, weight="bold" if ink == _BAD else "regular", color=ink, align="centre",
                most_mm=places[i + 1] - places[i],
            )  # fmt: skip


def _clear_text(told: Clearance) -> str:
    mark = "↕" if told.relation == "vertical" else ""
    if told.clear_m is None:
        return f"{mark}?"
    return f"{mark}{told.clear_m:.2f}" + (f"<{told.least_m:g}" if told.is_met is False else "")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _notes(section: Section) -> list[str]:
    bad = [c for c in section.clearances if c.is_met is False]
    met = tr("Too near or too shallow: {count}", count=len(bad)) if bad else tr("No clear distance below what is asked for was found")
    when = tr("Drawn on {date} with lydigital", date=date.today().isoformat())  # noqa: DTZ011 - the day on the wall is meant
    return [met, tr("Asked for: {source}", source=section.source), *(_said(i) for i in section.issues if i.code != "section.empty"), when]


def _said(issue: Issue) -> str:
    return tr(issue.message, **issue.values)
