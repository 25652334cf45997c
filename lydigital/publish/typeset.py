"""Words on paper: placeholders filled in, lines broken as Chinese and Latin text are, runs of bold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lydigital.render.drawlist import Font
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH, POINTS_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lydigital.publish.furniture import Paper
    from lydigital.render.drawlist import Fonts

Weight = Literal["regular", "medium", "bold"]
_NOT_FIRST = "，。、；：？！）》」』】〉”’…％%,.;:?!)]}·～ー"
_NOT_LAST = "（《「『【〈“‘([{"
_HOLE = re.compile(r"\{([A-Za-z_][\w.\-]*)(?::(,?(?:\.\d)?[fd%]?))?\}")
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_PIECE = re.compile(r"[A-Za-z0-9°′″#@&+/_\-'’.,:%]+|\s|.", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Words of one weight."""

    text: str
    weight: Weight


Line = tuple[Run, ...]


class Names(tuple[str, ...]):
    """Names in a row as the value of a placeholder; a text without room for all ends with the first and "and others"."""

    __slots__ = ()

    def __str__(self) -> str:
        return "；".join(self)

    def first(self, number: int) -> str:
        """The first ``number`` of them."""
        words = "；".join(self[:number])
        return words if number >= len(self) else tr("{names} and others", names=words)


def fill(text: str, facts: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """``text`` with its placeholders replaced, and the names of those nobody knows, which become nothing.

    A placeholder is ``{name}`` or ``{name:format}``; formats are those of Python's numbers without width (``,`` ``.1f``).
    Nothing but the value of a fact is ever reached; ``{{`` and ``}}`` are braces. What stands in ``[[`` and ``]]`` is left out
    where a placeholder in it is empty or unknown.
    """
    if "[[" in text:
        text = _OPTIONAL.sub(lambda found: found[1] if all(facts.get(hole[1]) not in (None, "", ()) for hole in _HOLE.finditer(found[1])) else "", text)
    unknown: list[str] = []

    def value(found: re.Match[str]) -> str:
        name, form = found[1], found[2]
        if name not in facts:
            unknown.append(name)
            return ""
        fact = facts[name]
        if fact is None:
            return ""
        if form and isinstance(fact, (int, float)):
            return format(float(fact) if form.endswith(("f", "%")) else round(fact), form)
        return str(fact)

    parts = re.split(r"(\{\{|\}\})", text)
    out = "".join(part[0] if part in ("{{", "}}") else _HOLE.sub(value, part) for part in parts)
    return out, tuple(dict.fromkeys(unknown))


def size_mm(size_pt: float) -> float:
    return size_pt / POINTS_PER_INCH * MM_PER_INCH


def lines(fonts: Fonts, text: str, size_pt: float, width_mm: float, weight: Weight = "regular") -> list[Line]:
    """``text`` in lines no wider than ``width_mm``.

    Chinese breaks between any two characters but before closing and after opening punctuation (GB/T 15834), words of Latin
    letters and numbers stay whole unless one alone is wider than a line.
    """
    out: list[Line] = []
    for paragraph in text.split("\n"):
        out += _broken(fonts, paragraph, size_mm(size_pt), width_mm, weight)
    return out


def _broken(fonts: Fonts, paragraph: str, size: float, most: float, weight: Weight) -> Iterator[Line]:
    line: list[tuple[str, Weight, float]] = []
    wide = 0.0
    for piece, its, step in _pieces(fonts, paragraph, size, weight, most):
        if wide + step > most + 1e-6 and line and not (piece[0] in _NOT_FIRST and piece not in "\t "):
            carried: list[tuple[str, Weight, float]] = []
            while len(line) > 1 and line[-1][0][-1] in _NOT_LAST:
                carried.insert(0, line.pop())
            yield _line(line)
            line, wide = carried, sum(c[2] for c in carried)
            if piece.isspace():
                continue
        line.append((piece, its, step))
        wide += step
    yield _line(line)


def _pieces(fonts: Fonts, paragraph: str, size: float, weight: Weight, most: float) -> Iterator[tuple[str, Weight, float]]:
    """What may not be torn apart, with its weight and width."""
    bold = False
    for i, part in enumerate(paragraph.split("**")):
        if i:
            bold = not bold
        its: Weight = "bold" if bold else weight
        for piece in _PIECE.findall(part):
            steps = fonts.advances(piece, Font(size, its)).tolist()
            if sum(steps) <= most or len(piece) == 1:
                yield piece, its, float(sum(steps))
            else:
                yield from ((char, its, float(step)) for char, step in zip(piece, steps, strict=True))


def _line(pieces: list[tuple[str, Weight, float]]) -> Line:
    runs: list[Run] = []
    for text, weight, _ in pieces:
        if runs and runs[-1].weight == weight:
            runs[-1] = Run(runs[-1].text + text, weight)
        else:
            runs.append(Run(text, weight))
    return tuple(runs)


def width(paper: Paper, line: Line, size_pt: float) -> float:
    """Width of a line, mm."""
    return sum(paper.width_mm(run.text, size_pt, run.weight) for run in line)


def set_line(paper: Paper, x: float, y: float, line: Line, size_pt: float, *, color: str) -> None:
    """Set ``line`` from ``x`` on, its baseline at ``y``."""
    for run in line:
        paper.text(x, y, run.text, size_pt, weight=run.weight, color=color)
        x += paper.width_mm(run.text, size_pt, run.weight)
