"""The five forms of a chart, each a function of pencil, place, chart and look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lydigital.model.impact import shown
from lydigital.publish.charts import Look, Pencil, Spot, Weight, color_of, em_of, written
from lydigital.publish.furniture import Align, Box, nice
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lydigital.model.report import Chart

_DASH = (1.2, 0.8)
_CHINESE, _UPRIGHT = 0x2E7F, 6  # characters above are Chinese; so many stand below each other
_MOST_OVER = 1.25  # bars of kind target end here, where the target is 1


@dataclass(frozen=True)
class _Axis:
    """From values to millimetres."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)


def _bars(paper: Pencil, box: Box, chart: Chart, look: Look) -> tuple[Spot, ...]:
    """Columns side by side."""
    em = em_of(look)
    top = box.y + _head(paper, box, chart, look)
    low, high = _span(chart)
    room = box.width / len(chart.labels)
    many = len(chart.labels) * len(chart.series)
    wide = min((0.56 if len(chart.series) == 1 else 0.72) * room / len(chart.series), 3.2 * em)
    widest = max(paper.width_mm(written(chart, k, v, s), look.size_pt - 0.7) for s, k, v in _values(chart))
    has_numbers = widest <= (wide if len(chart.series) > 1 else room) * 1.02
    rows = _wrapped(paper, chart.labels, look.size_pt, room * 0.96)
    foot = box.bottom - (max(1, *map(len, rows)) * 1.25 + 0.5) * em
    axis = _Axis(low, high, foot - (1.3 * em if low < 0 else 0.0), top + 1.5 * em)
    left = box.x if has_numbers or many == 0 else box.x + _grid(paper, box, axis, look)
    room = (box.right - left) / len(chart.labels)
    wide = min(wide, 0.72 * room / len(chart.series))
    spots: list[Spot] = []
    numbers: list[tuple[float, float, str]] = []
    for s, k, value in _values(chart):
        x = left + room * (k + 0.5) + (s - len(chart.series) / 2) * wide
        spots.append(Spot(s, k, Box(x, top, wide, foot - top)))
        if value is None:
            paper.text(x + wide / 2, axis.at(0.0) - 0.4 * em, written(chart, k, value, s), look.size_pt - 0.7, color=look.faint, align="centre")
            continue
        y0, y1 = sorted((axis.at(0.0), axis.at(value)))
        gap = 0.12 * em if len(chart.series) > 1 else 0.0
        paper.box(Box(x + gap / 2, y0, wide - gap, y1 - y0), fill=color_of(chart, s, look, k))
        if has_numbers:
            y = y0 - 0.45 * em if value >= 0 else y1 + 1.15 * em
            numbers.append((x + wide / 2, y, written(chart, k, value, s)))
    paper.line(left, axis.at(0.0), box.right, axis.at(0.0), color=look.faint, width_mm=0.15)
    if chart.target is not None:
        y = axis.at(chart.target)
        paper.line(left, y, box.right, y, color=look.target, width_mm=0.25, dash_mm=_DASH)
    for x, y, text in numbers:
        _plated(paper, (x, y), text, look, align="centre")
    for k, lines in enumerate(rows):
        for i, line in enumerate(lines):
            x, y = left + room * (k + 0.5), foot + (1.2 + 1.25 * i) * em
            paper.text(x, y, line, look.size_pt, color=look.ink, weight=_weight(chart, k), align="centre")
    return tuple(spots)


def _rows(paper: Pencil, box: Box, chart: Chart, look: Look) -> tuple[Spot, ...]:
    """One row a label: rankings."""
    em = em_of(look)
    top = box.y + _head(paper, box, chart, look) + (1.5 * em if chart.target is not None else 0.0)
    step = (box.bottom - top) / len(chart.labels)
    left = box.x + _names(paper, box, chart, look)
    low, high = _span(chart)
    tail = max(paper.width_mm(written(chart, k, v, s), look.size_pt - 0.7) for s, k, v in _values(chart)) + em
    axis = _Axis(low, high, left + (tail if low < 0 else 0.0), box.right - tail)
    thick = min(0.66 * step / len(chart.series), 1.5 * em)
    spots: list[Spot] = []
    numbers: list[tuple[float, float, int, int]] = []
    for k in range(len(chart.labels)):
        middle = top + step * (k + 0.5)
        _name(paper, Box(box.x, middle, left - em - box.x, 0.0), chart, k, look)
    for s, k, value in _values(chart):
        y = top + step * (k + 0.5) + (s - len(chart.series) / 2) * thick
        spots.append(Spot(s, k, Box(box.x, y, box.width, thick)))
        if value is None:
            paper.text(axis.at(0.0) + 0.5 * em, y + thick / 2 + 0.34 * em, written(chart, k, value, s), look.size_pt - 0.7, color=look.faint)
            continue
        x0, x1 = sorted((axis.at(0.0), axis.at(value)))
        gap = 0.1 * em if len(chart.series) > 1 else 0.0
        paper.box(Box(x0, y + gap, x1 - x0, thick - 2 * gap), fill=color_of(chart, s, look, k))
        numbers.append((x1 + 0.5 * em if value >= 0 else x0 - 0.5 * em, y + thick / 2 + 0.34 * em, s, k))
    paper.line(axis.at(0.0), top, axis.at(0.0), box.bottom, color=look.faint, width_mm=0.15)
    if chart.target is not None:
        x = axis.at(chart.target)
        paper.line(x, top - 0.3 * em, x, box.bottom, color=look.target, width_mm=0.25, dash_mm=_DASH)
        words = _aim(chart, chart.target)
        half = paper.width_mm(words, look.size_pt - 0.7) / 2
        paper.text(min(x, box.right - half), top - 0.7 * em, words, look.size_pt - 0.7, color=look.target, align="centre")
    for x, y, s, k in numbers:
        text = written(chart, k, chart.series[s].values[k], s)
        is_left = (chart.series[s].values[k] or 0.0) < 0
        _plated(paper, (x, y), text, look, align="right" if is_left else "left", weight=_weight(chart, k))
    return tuple(spots)


def _lines(paper: Pencil, box: Box, chart: Chart, look: Look) -> tuple[Spot, ...]:
    """Values over years."""
    em = em_of(look)
    top = box.y + _head(paper, box, chart, look) + 1.2 * em
    foot = box.bottom - 1.8 * em
    known = [v for _, _, v in _values(chart) if v is not None] + ([chart.target] if chart.target is not None else [])
    low = min(0.0, *known) if min(known) < 0.5 * max(known) else min(known) - 0.15 * (max(known) - min(known))
    axis = _Axis(low, max(known) if max(known) > low else low + 1.0, foot, top)
    left = box.x + _grid(paper, Box(box.x, top, box.width, foot - top), axis, look) + em
    tail = max(paper.width_mm(written(chart, len(chart.labels) - 1, s.values[-1], i), look.size_pt) for i, s in enumerate(chart.series)) + em
    right = box.right - tail
    room = (right - left) / max(1, len(chart.labels) - 1)
    widest = max(paper.width_mm(text, look.size_pt) for text in chart.labels) + em
    every = max(1, math.ceil(widest / room)) if room > 0 else 1
    for k, text in enumerate(chart.labels):
        if (len(chart.labels) - 1 - k) % every == 0:
            paper.text(left + room * k, foot + 1.4 * em, text, look.size_pt, color=look.soft, align="centre")
    spots, ends = [], []
    for s, one in enumerate(chart.series):
        color = color_of(chart, s, look)
        run: list[tuple[float, float]] = []
        for k, value in enumerate([*one.values, None]):
            if value is not None:
                run.append((left + room * k, axis.at(value)))
                spots.append(Spot(s, k, Box(left + room * (k - 0.5), top, room, foot - top)))
                continue
            if len(run) > 1:
                paper.path(run, color, 0.55)
            for x, y in run:
                paper.dot(x, y, 0.28 * em, look.paper, color=color, width_mm=0.45)
            run = []
        last = max((k for k, v in enumerate(one.values) if v is not None), default=None)
        if last is not None and one.values[last] is not None:
            ends.append((axis.at(one.values[last]), left + room * last, written(chart, last, one.values[last], s), color))  # type: ignore[arg-type]
    if chart.target is not None:
        y = axis.at(chart.target)
        paper.line(left - em, y, right, y, color=look.target, width_mm=0.25, dash_mm=_DASH)
    lowest = -math.inf
    for y, x, text, color in sorted(ends):
        y = max(y, lowest + 1.1 * em)  # noqa: PLW2901 - pushed down, so that numbers stay apart
        lowest = y
        paper.text(x + 0.6 * em, y + 0.36 * em, text, look.size_pt, weight="bold", color=color if len(ends) > 1 else look.ink)
    return tuple(spots)


def _stacks(paper: Pencil, box: Box, chart: Chart, look: Look) -> tuple[Spot, ...]:
    """Parts of a whole, one row a label; the whole at its end."""
    em = em_of(look)
    top = box.y + _head(paper, box, chart, look)
    step = (box.bottom - top) / len(chart.labels)
    left = box.x + _names(paper, box, chart, look)
    sums = [sum(s.values[k] or 0.0 for s in chart.series) for k in range(len(chart.labels))]
    ends = [chart.texts[k] if k < len(chart.texts) else shown(total, chart.step) for k, total in enumerate(sums)]
    tail = max(paper.width_mm(text, look.size_pt, "bold") for text in ends) + em
    axis = _Axis(0.0, max(sums) or 1.0, left, box.right - tail)
    thick = min(0.66 * step, 1.7 * em)
    spots = []
    for k in range(len(chart.labels)):
        middle, x = top + step * (k + 0.5), left
        _name(paper, Box(box.x, middle, left - em - box.x, 0.0), chart, k, look)
        for s, one in enumerate(chart.series):
            wide = axis.at(one.values[k] or 0.0) - left
            if wide <= 0:
                continue
            part = Box(x, middle - thick / 2, max(wide - 0.25, wide * 0.5), thick)
            paper.box(part, fill=color_of(chart, s, look))
            spots.append(Spot(s, k, part))
            x += wide
        paper.text(x + 0.5 * em, middle + 0.36 * em, ends[k], look.size_pt, weight=_weight(chart, k), color=look.ink)
    return tuple(spots)


def _targets(paper: Pencil, box: Box, chart: Chart, look: Look) -> tuple[Spot, ...]:
    """How near to its target each label is: the target stands at the same place in every row."""
    em = em_of(look)
    top = box.y + _head(paper, box, chart, look) + 1.5 * em
    step = (box.bottom - top) / len(chart.labels)
    left = box.x + _names(paper, box, chart, look)
    values = chart.series[0].values
    aims = [chart.targets[k] if k < len(chart.targets) else chart.target for k in range(len(chart.labels))]
    said = [written(chart, k, v) for k, v in enumerate(values)]
    tail = max(paper.width_mm(text, look.size_pt) for text in said) + em
    shares = [v / a if v is not None and a else None for v, a in zip(values, aims, strict=True)]
    most = min(_MOST_OVER, max([1.04, *(s for s in shares if s is not None)]))
    axis = _Axis(0.0, most, left, box.right - tail)
    thick = min(0.5 * step, 1.2 * em)
    spots = []
    for k, share in enumerate(shares):
        middle = top + step * (k + 0.5)
        spots.append(Spot(0, k, Box(box.x, middle - step / 2, box.width, step)))
        _name(paper, Box(box.x, middle, left - em - box.x, 0.0), chart, k, look)
        if aims[k]:
            paper.box(Box(left, middle - thick / 2, axis.at(1.0) - left, thick), fill=look.track)
        if share is not None:
            color = color_of(chart, 0, look, k) if share >= 1 else look.series[1]
            paper.box(Box(left, middle - thick / 2, axis.at(min(max(share, 0.0), most)) - left, thick), fill=color)
        paper.text(box.right, middle + 0.36 * em, said[k], look.size_pt, color=look.soft if share is not None else look.faint, align="right")
    x = axis.at(1.0)
    paper.line(x, top - 0.3 * em, x, box.bottom, color=look.target, width_mm=0.3)
    paper.text(x, top - 0.7 * em, tr("Target"), look.size_pt - 0.7, color=look.target, align="centre")
    return tuple(spots)


FORMS: dict[str, Callable[[Pencil, Box, Chart, Look], tuple[Spot, ...]]] = {
    "bar": _bars, "hbar": _rows, "line": _lines, "stack": _stacks, "target": _targets,
}  # fmt: skip


# --- pieces -----------------------------------------------------------------------------------------------------------


def _values(chart: Chart) -> list[tuple[int, int, float | None]]:
    """Number of the series, of the label, and the value."""
    return [(s, k, v) for s, one in enumerate(chart.series) for k, v in enumerate(one.values)]


def _span(chart: Chart) -> tuple[float, float]:
    known = [0.0, *(v for _, _, v in _values(chart) if v is not None), *([] if chart.target is None else [chart.target])]
    low, high = min(known), max(known)
    return low, high if high > low else low + 1.0


def _head(paper: Pencil, box: Box, chart: Chart, look: Look) -> float:
    """Legend and unit on top; the height they take."""
    em = em_of(look)
    x, y = box.x, box.y + 0.9 * em
    names = [(one.name, color_of(chart, s, look)) for s, one in enumerate(chart.series)] if len(chart.series) > 1 else []
    if chart.kind == "target":
        names = [(tr("Reached"), look.series[0]), (tr("Not yet"), look.series[1])]
    if chart.target is not None and chart.kind in ("bar", "line"):
        names.append((_aim(chart, chart.target), ""))
    unit = tr("Unit: {unit}", unit=chart.unit) if chart.unit else ""
    end = box.right - (paper.width_mm(unit, look.size_pt - 0.7) + em if unit else 0.0)
    if unit:
        paper.text(box.right, y, unit, look.size_pt - 0.7, color=look.faint, align="right")
    for name, color in names:
        wide = 1.3 * em + paper.width_mm(name, look.size_pt)
        if x > box.x and x + wide > end:
            x, y, end = box.x, y + 1.5 * em, box.right
        if color:
            paper.box(Box(x, y - 0.75 * em, 0.85 * em, 0.85 * em), fill=color)
        else:
            paper.line(x, y - 0.32 * em, x + 1.05 * em, y - 0.32 * em, color=look.target, width_mm=0.25, dash_mm=_DASH)
        paper.text(x + 1.3 * em, y, name, look.size_pt, color=look.soft if color else look.target)
        x += wide + 1.4 * em
    return y - box.y + 0.8 * em if unit or names else 0.0


def _names(paper: Pencil, box: Box, chart: Chart, look: Look) -> float:
    """Width of the column of labels and the gap behind it."""
    widest = max(paper.width_mm(text, look.size_pt, _weight(chart, k)) for k, text in enumerate(chart.labels))
    return min(widest, 0.38 * box.width) + em_of(look)


def _name(paper: Pencil, box: Box, chart: Chart, k: int, look: Look) -> None:
    """The label of a row, ending at the right of ``box``, its middle at the top of it."""
    y = box.y + 0.36 * em_of(look)
    paper.text(box.right, y, chart.labels[k], look.size_pt, color=look.ink, weight=_weight(chart, k), align="right", most_mm=box.width)


def _weight(chart: Chart, k: int) -> Weight:
    return "bold" if k in chart.marked else "regular"


def _grid(paper: Pencil, box: Box, axis: _Axis, look: Look) -> float:
    """Faint lines at three to five round values; the width of their numbers."""
    em = em_of(look)
    step = nice((axis.high - axis.low) / 3)
    first = math.ceil(axis.low / step - 1e-9)
    ticks = [n * step for n in range(first, math.floor(axis.high / step + 1e-9) + 1)]
    said = [f"{t:,.10g}" for t in ticks]
    wide = max((paper.width_mm(text, look.size_pt - 0.7) for text in said), default=0.0) + 0.8 * em
    for value, text in zip(ticks, said, strict=True):
        y = axis.at(value)
        paper.line(box.x + wide, y, box.right, y, color=look.line, width_mm=0.12)
        paper.text(box.x + wide - 0.5 * em, y + 0.32 * em, text, look.size_pt - 0.7, color=look.faint, align="right")
    return wide


def _plated(
    paper: Pencil, at: tuple[float, float], text: str, look: Look, *, align: Align, weight: Weight = "regular"
) -> None:
    """A number on a plate of paper, so that no line runs through it."""
    (x, y), size_pt = at, look.size_pt - 0.7
    wide, em = paper.width_mm(text, size_pt, weight), em_of(look)
    start = x - {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * wide
    paper.box(Box(start - 0.15 * em, y - 0.8 * em, wide + 0.3 * em, em), fill=look.paper)
    paper.text(x, y, text, size_pt, color=look.soft, align=align, weight=weight)


def _aim(chart: Chart, target: float) -> str:
    return tr("Target {value}", value=_with_unit(shown(target, chart.step), chart.unit))


def _with_unit(text: str, unit: str) -> str:
    return text + (unit if unit in ("%", "‰") else f" {unit}" if unit else "")


def _wrapped(paper: Pencil, labels: Sequence[str], size_pt: float, most_mm: float) -> list[list[str]]:
    """Labels below columns: in one line; Chinese in two, or character below character; else only every so many."""
    widest = max((paper.width_mm(text, size_pt) for text in labels), default=0.0)
    if widest <= most_mm:
        return [[text] for text in labels]
    if not any(ord(char) > _CHINESE for text in labels for char in text):
        every = math.ceil(widest / most_mm)
        return [[text] if k % every == 0 else [] for k, text in enumerate(labels)]
    halves = [(text[: (len(text) + 1) // 2], text[(len(text) + 1) // 2 :]) for text in labels]
    if all(paper.width_mm(line, size_pt) <= most_mm for lines in halves for line in lines):
        return [[text] if paper.width_mm(text, size_pt) <= most_mm else list(lines) for text, lines in zip(labels, halves, strict=True)]
    return [list(text if len(text) <= _UPRIGHT else text[: _UPRIGHT - 1] + "…") for text in labels]
