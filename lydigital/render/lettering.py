"""Texts of one field of a table: read as rows come into view, measured once in em, set into lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from lydigital.model import columns
from lydigital.render.drawlist import Font

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from lydigital.render.drawlist import Fonts

# The ideographic em box of Noto and Source Han Sans stands 0.88 em above the baseline and 0.12 em below (OpenType BASE).
ASCENT = 0.88
LEADING = 1.15  # em from baseline to baseline
_MEASURE_PX = 100.0
_UNREAD, _EMPTY = -2, -1
_LONG_VOWEL = 0x30FC


class Lettering:
    """The texts of a column, each different text once.

    Attributes
    ----------
    ids
        ``(rows,) int64``: number of each row's text; -1 for none, -2 for not read yet.
    texts
        The different texts met so far.
    widths, lengths, lines
        By text: width of the block, length in one line, em; number of lines.
    advances, offsets
        Advance of every character in em, ragged by text.
    may_stand
        ``uint8`` by text: 1 where all characters are Chinese.

    With ``vertical``, widths are those of the columns and ``heights`` of the longest one; else heights of the lines.
    """

    def __init__(
        self, column: pa.ChunkedArray, weight: Literal["regular", "medium", "bold"], wrap_chars: int, spacing_em: float,
        *, vertical: bool = False,
    ) -> None:
        self.ids = np.full(len(column), _UNREAD, np.int64)
        self.texts: list[str] = []
        self._column = column
        self._wrap = wrap_chars
        self._spacing = spacing_em
        self._vertical = vertical
        self._font = Font(_MEASURE_PX, weight)
        self._numbers: dict[str, int] = {}
        self.widths = self.lengths = self.heights = np.zeros(0)
        self.lines = np.zeros(0, np.int64)
        self.advances = np.zeros(0, np.float32)
        self.offsets = np.zeros(1, np.int64)
        self.may_stand = np.zeros(0, np.uint8)
        self._pen = self._line_width = np.zeros(0)  # of every character: pen within its line, width of that line, em
        self._line = np.zeros(0, np.int64)
        self._turned = np.zeros(0, np.bool_)  # lies on its side in a column
        self._fonts: Fonts | None = None

    def read(self, rows: NDArray[np.int64], fonts: Fonts | None = None) -> None:
        """Read and measure the texts of ``rows`` not yet read (``fonts`` as in the call before when None)."""
        self._fonts = fonts or self._fonts
        new = rows[self.ids[rows] == _UNREAD]
        if not len(new):
            return
        import pyarrow as pa
        import pyarrow.compute as pc

        some = self._column.take(columns.rows(new))
        if pa.types.is_dictionary(some.type):
            some = pc.cast(some, some.type.value_type)
        if not (pa.types.is_string(some.type) or pa.types.is_large_string(some.type)):
            some = pc.cast(some, pa.string())
        at, values = columns.coded(some)
        names = [" ".join(t.split()) if t else "" for t in values]
        if pa.types.is_floating(self._column.type):
            names = [t.removesuffix(".0") for t in names]
        known = len(self.texts)
        numbers = np.array([self._number(t) for t in names] + [_EMPTY], np.int64)
        self.ids[new] = numbers[at]  # the last is for -1: no text
        if len(self.texts) > known:
            self._measure(self.texts[known:])

    def _number(self, text: str) -> int:
        if not text:
            return _EMPTY
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number

    def _measure(self, texts: list[str]) -> None:
        assert self._fonts is not None
        codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        known, which = np.unique(codes, return_inverse=True)
        advances = self._fonts.advances("".join(map(chr, known.tolist())), self._font)[which] / _MEASURE_PX
        counts = np.array([len(t) for t in texts], np.int64)
        ends = np.cumsum(counts)
        starts = ends - counts
        cuts = np.zeros(len(texts), np.int64)
        if self._wrap > 0:
            for i in np.flatnonzero(counts > self._wrap).tolist():
                cuts[i] = _break(texts[i], self._wrap)
        chinese = ((codes >= 0x2E80) & (codes <= 0x9FFF)) | (codes >= 0x20000)
        turned = ~chinese | ((codes >= 0x3008) & (codes <= 0x301F)) | (codes == _LONG_VOWEL)
        steps = advances.astype(np.float64) + self._spacing
        if self._vertical:
            steps[~turned] = 1.0 + self._spacing
        last = (starts + cuts)[cuts > 0] - 1
        steps[last[codes[last] == ord(" ")]] = 0.0  # the blank a line breaks at
        total = np.concatenate([[0.0], np.cumsum(steps)])
        second = starts + np.where(cuts > 0, cuts, counts)  # where the second line begins
        one = total[second] - total[starts] - self._spacing
        two = np.where(cuts > 0, total[ends] - total[second] - self._spacing, 0.0)
        whose = np.repeat(np.arange(len(texts)), counts)
        line = (np.arange(len(codes)) >= second[whose]).astype(np.int64)
        begin = np.where(line == 1, second[whose], starts[whose])
        self.advances = np.concatenate([self.advances, advances.astype(np.float32)])
        self._pen = np.concatenate([self._pen, total[:-1] - total[begin]])
        self._line = np.concatenate([self._line, line])
        self._line_width = np.concatenate([self._line_width, np.where(line == 1, two[whose], one[whose])])
        self.offsets = np.concatenate([self.offsets, self.offsets[-1] + ends])
        self._turned = np.concatenate([self._turned, turned])
        along, across = np.maximum(one, two), 1 + LEADING * (cuts > 0)
        self.widths = np.concatenate([self.widths, across if self._vertical else along])
        self.heights = np.concatenate([self.heights, along if self._vertical else across])
        self.lengths = np.concatenate([self.lengths, total[ends] - total[starts]])
        self.lines = np.concatenate([self.lines, 1 + (cuts > 0)])
        self.may_stand = np.concatenate([self.may_stand, np.logical_and.reduceat(chinese, starts).astype(np.uint8)])

    def _characters(self, texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of all characters of ``texts``, which text each belongs to, and offsets by text."""
        counts = np.diff(self.offsets)[texts]
        starts = np.concatenate([[0], np.cumsum(counts)])
        whose = np.repeat(np.arange(len(texts)), counts)
        return self.offsets[texts][whose] + np.arange(starts[-1]) - starts[whose], whose, starts

    def glyphs(
        self, texts: NDArray[np.int64], cx: NDArray[np.float64], cy: NDArray[np.float64], size: float,
        align: NDArray[np.float64],
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Characters of text blocks centred on ``cx``, ``cy``, on whole pixels.

        ``align`` is 0 for lines flush left, 0.5 centred, 1 flush right. Returns glyphs as in ``PlacedLabel`` of all
        labels, and the offsets of each label in them.
        """
        if self._vertical:
            return self._columns(texts, cx, cy, size)
        chars, whose, starts = self._characters(texts)
        left = np.floor(cx - self.widths[texts] * size / 2 + 0.5)
        height = 1 + LEADING * (self.lines[texts] - 1)
        base = np.floor(cy + (ASCENT - height / 2) * size + 0.5)
        indent = np.floor(align[whose] * (self.widths[texts][whose] - self._line_width[chars]) * size + 0.5)
        out = np.zeros((len(chars), 3), np.float32)
        out[:, 0] = left[whose] + indent + self._pen[chars] * size
        out[:, 1] = base[whose] + np.floor(self._line[chars] * LEADING * size + 0.5)
        return out, starts

    def _columns(
        self, texts: NDArray[np.int64], cx: NDArray[np.float64], cy: NDArray[np.float64], size: float,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The same in columns from right to left: Chinese upright, Latin letters, digits and brackets on their side."""
        chars, whose, starts = self._characters(texts)
        middle = (cx + (self.widths[texts] - 1) * size / 2)[whose] - self._line[chars] * LEADING * size
        top = (cy - self.heights[texts] * size / 2)[whose] + self._pen[chars] * size
        turned = self._turned[chars]
        half = self.advances[chars] * size / 2
        out = np.zeros((len(chars), 3), np.float32)
        out[:, 0] = np.where(turned, middle - (ASCENT - 0.5) * size, np.floor(middle - half + 0.5))
        out[:, 1] = np.where(turned, top, np.floor(top + ASCENT * size + 0.5))
        out[:, 2] = np.where(turned, np.pi / 2, 0.0)
        return out, starts

    def pens(self, texts: NDArray[np.int64], middles: NDArray[np.float32], size: float) -> NDArray[np.float32]:
        """Turn centre and rotation of every character into pen, baseline and rotation."""
        chars, _, _ = self._characters(texts)
        half = self.advances[chars] * size / 2
        drop = (ASCENT - 0.5) * size
        cos, sin = np.cos(middles[:, 2]), np.sin(middles[:, 2])
        out = np.empty_like(middles)
        out[:, 0] = middles[:, 0] - half * cos - drop * sin
        out[:, 1] = middles[:, 1] - half * sin + drop * cos
        out[:, 2] = middles[:, 2]
        return out


def _break(text: str, wrap_chars: int) -> int:
    """Where the second line begins; 0 for one line. Blanks end lines; Chinese breaks in the middle, longer line first."""
    if wrap_chars <= 0 or len(text) <= wrap_chars:
        return 0
    middle = (len(text) + 1) // 2
    blanks = [i + 1 for i, c in enumerate(text[:-1]) if c == " "]
    if blanks:
        return min(blanks, key=lambda i: abs(i - middle))
    if text.isascii():
        return 0
    while middle < len(text) - 1 and (text[middle].isascii() and text[middle - 1].isascii()):
        middle += 1  # never inside a number or a Latin word
    if text[middle] in "，。、；：）》」”":
        middle += 1
    return middle if middle < len(text) else 0
