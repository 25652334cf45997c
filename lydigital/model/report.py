"""What a report is made of: paragraphs, tables, charts and pictures. ``publish.report`` writes them, the window shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lydigital.model.impact import shown

UNKNOWN = "–"
ChartKind = Literal["bar", "hbar", "line", "stack", "target"]


@dataclass(frozen=True)
class Number:
    """A number in a cell, shown to the nearest ``step`` (1, 10, 0.1 …)."""

    value: float
    step: float = 1.0

    @property
    def rounded(self) -> float:
        """What stands in the cell of a sheet: the number as it is shown."""
        return float(self.text.replace(",", ""))

    @property
    def text(self) -> str:
        return shown(self.value, self.step)


Cell: TypeAlias = str | Number


def number(value: float | None, step: float = 1.0) -> Cell:
    """A cell for a number that may be unknown."""
    return UNKNOWN if value is None else Number(value, step)


def text_of(cell: Cell) -> str:
    return cell.text if isinstance(cell, Number) else cell


@dataclass(frozen=True)
class Paragraph:
    """Words: a section's ``heading`` or ``subheading``, running ``text``, an item of a ``list``, a ``note`` in small print."""

    text: str
    style: Literal["heading", "subheading", "text", "list", "note"] = "text"


@dataclass(frozen=True)
class Table:
    """One table; ``is_wide`` where it needs a broad page."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_wide: bool = False
    note: str = ""


@dataclass(frozen=True)
class Series:
    """Values of one thing, one a label; None is not known. ``color`` is ``#rrggbb``, the chart's own choice if empty."""

    name: str
    values: tuple[float | None, ...]
    color: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes
    ----------
    kind
        ``bar`` columns side by side · ``hbar`` one row a label, for rankings · ``line`` over years · ``stack`` parts of a
        whole, one row a label · ``target`` how near each label is to a target of its own.
    labels, series
        Every series has as many values as there are labels.
    target
        A line across the chart (not ``stack``); ``targets`` are those of kind ``target``, one a label.
    texts
        Written at the bars of the first series in place of its numbers; needed where labels have units of their own.
    marked
        Numbers of labels that stand out: the city among its counties, the one selected.
    step
        Numbers are shown to the nearest ``step``.
    """

    title: str
    kind: ChartKind
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    target: float | None = None
    targets: tuple[float | None, ...] = ()
    texts: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()
    step: float = 0.1
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture: a PNG as bytes."""

    title: str
    content: bytes
    width_mm: float = 170.0
    note: str = ""


Block: TypeAlias = Paragraph | Table | Chart | Picture


@dataclass(frozen=True)
class Report:
    """Everything a report says, in order.

    Attributes
    ----------
    sources, notes
        Where the numbers come from and how they were made: printed at the end.
    is_sample
        Whether any of it is synthetic: stamped on the first page and said among the notes.
    stamps
        What else has to be stamped: an exercise, a test.
    is_landscape
        A4 across, for wide tables.
    """

    title: str
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_sample: bool = False
    stamps: tuple[str, ...] = ()
    is_landscape: bool = False
