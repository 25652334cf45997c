"""Glyph pictures kept together: coverage of every character that was drawn, and of its halo."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from lydigital.kernels.mark import dilate
from lydigital.render.lettered import LabelSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.render.drawlist import Font, Fonts, PlacedLabel

Ints: TypeAlias = "NDArray[np.int64]"
Arrangement: TypeAlias = "tuple[NDArray[np.float32], Ints, NDArray[np.uint8], Ints, Ints, Ints]"

_MOST_BYTES = 32_000_000

_atlases: WeakKeyDictionary[Fonts, Atlas] = WeakKeyDictionary()
_lock = Lock()


def atlas_of(fonts: Fonts) -> Atlas:
    with _lock:
        return _atlases.setdefault(fonts, Atlas())


class Atlas:
    """Coverage masks of the glyphs of one set of fonts, growing as text appears."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._clear()

    def _clear(self) -> None:
        self._masks = np.zeros(1 << 16, np.uint8)
        self._used = 0
        self._shapes: list[tuple[int, int, int, int, int]] = []
        self._texts: dict[tuple[Font, float], dict[str, NDArray[np.int64]]] = {}
        self._glyphs: dict[tuple[Font, float, str], tuple[int, int]] = {}
        self._table = np.zeros((0, 5), np.int64)
        self._age = object()  # what was looked up before a clearing is void

    def arrange(self, labels: Sequence[PlacedLabel], fonts: Fonts, *, bgra: bool) -> Arrangement:
        """Arguments of :func:`lydigital.kernels.mark.text` for ``labels``: pens to colours."""
        with self._lock:
            if self._used > _MOST_BYTES:
                self._clear()
            if isinstance(labels, LabelSet):
                return self._arrange_set(labels, fonts, bgra=bgra)
            glyphs = [self._text(label, fonts) for label in labels]
            ends = np.cumsum([len(g) for g in glyphs], dtype=np.int64)
            colors = np.array([(_packed(la.color, bgra), _packed(la.halo, bgra)) for la in labels], np.int64)
            pens = np.ascontiguousarray(np.concatenate([la.glyphs for la in labels]), np.float32)
            return pens, np.concatenate(glyphs), self._masks, self._shape_table(), ends, colors

    def _arrange_set(self, labels: LabelSet, fonts: Fonts, *, bgra: bool) -> Arrangement:
        """The same for labels of a solution, whose glyphs are looked up as they come into view."""
        solution = labels.solution
        known: tuple[object, Ints, NDArray[np.bool_]] | None = solution.kept.get(self)
        if known is None or known[0] is not self._age:
            count = len(solution.of)
            known = (self._age, np.full((len(solution.placed.glyphs), 2), -1, np.int64), np.zeros(count, np.bool_))
            solution.kept[self] = known
        _, glyphs, done = known
        placed = solution.placed
        for i in labels.which[~done[labels.which]].tolist():
            face = solution.faces[solution.of[i]]
            text = face.texts[int(placed.texts[i])]
            glyphs[placed.starts[i] : placed.starts[i + 1]] = self._numbers(
                text, face.font, face.halo_px if face.halo[3] else 0.0, fonts
            )
            done[i] = True
        numbers, pens, ends = labels.glyphs()
        by_face = np.array([(_packed(f.color, bgra), _packed(f.halo, bgra)) for f in solution.faces], np.int64)
        colors = by_face.reshape(-1, 2)[solution.of[labels.which]]
        return pens, glyphs[numbers], self._masks, self._shape_table(), ends, colors

    def _shape_table(self) -> Ints:
        if len(self._table) != len(self._shapes):
            self._table = np.array(self._shapes, np.int64).reshape(-1, 5)
        return self._table

    def _text(self, label: PlacedLabel, fonts: Fonts) -> Ints:
        return self._numbers(label.text, label.font, label.halo_px if label.halo[3] else 0.0, fonts)

    def _numbers(self, text: str, font: Font, halo_px: float, fonts: Fonts) -> Ints:
        known = self._texts.setdefault((font, halo_px), {})
        found = known.get(text)
        if found is None:
            pairs = [self._glyph(char, font, halo_px, fonts) for char in text]
            found = known[text] = np.array(pairs, np.int64).reshape(-1, 2)
        return found

    def _glyph(self, char: str, font: Font, halo_px: float, fonts: Fonts) -> tuple[int, int]:
        key = (font, halo_px, char)
        found = self._glyphs.get(key)
        if found is None:
            cover, left, top = fonts.mask(char, font)
            if cover.size == 0:
                found = (-1, -1)
            else:
                glyph = self._add(cover, left, top)
                halo = -1
                if halo_px > 0:
                    grown = dilate(np.ascontiguousarray(cover), halo_px)
                    margin = (grown.shape[0] - cover.shape[0]) // 2
                    halo = self._add(grown, left - margin, top - margin)
                found = (glyph, halo)
            self._glyphs[key] = found
        return found

    def _add(self, cover: NDArray[np.uint8], left: int, top: int) -> int:
        size = cover.size
        if self._used + size > len(self._masks):
            grown = np.zeros(max(2 * len(self._masks), self._used + size), np.uint8)
            grown[: self._used] = self._masks[: self._used]
            self._masks = grown  # frames under way keep the old one
        self._masks[self._used : self._used + size] = cover.ravel()
        self._shapes.append((self._used, cover.shape[1], cover.shape[0], left, top))
        self._used += size
        return len(self._shapes) - 1


def _packed(color: tuple[int, int, int, int], bgra: bool) -> int:
    r, g, b, a = color
    return (b | g << 8 | r << 16 | a << 24) if bgra else (r | g << 8 | b << 16 | a << 24)
