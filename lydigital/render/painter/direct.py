"""What of a PDF is written past Qt, whose painter takes some 50 µs a feature and knows neither layers nor spoken texts.

While a page is painted, each such thing leaves a mark: a tiny rectangle of its number. When Qt has written the file,
:meth:`Direct.replaced` puts operators of PDF (ISO 32000-2) where the marks are. Plain fills, strokes, symbols, halos and layers
that mix become form XObjects, which are kept by whoever writes the file. What is unusual is left to Qt.
"""

from __future__ import annotations

import dataclasses
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.kernels import script
from lydigital.kernels.stroke import MITER_LIMIT
from lydigital.model.geometry import GeometryKind
from lydigital.render.drawlist import BlendOp, FillOp, Font, MarkOp, StrokeOp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from PySide6.QtGui import QColor, QPainter, QPainterPath

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.style import Blend
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Op, PlacedLabel
    from lydigital.render.painter.fonts import QtFonts

    Pictures = Callable[[MarkOp], Sequence[Sequence[tuple[QPainterPath, QColor]]]]

GROUND, GRID, LABELS, FURNITURE = "*ground", "*grid", "*labels", "*furniture"  # layers of a page besides those of the map
_STEPS = 100  # whole numbers are written, in hundredths of a pixel
_TOLERANCE_PX = 0.25  # vertices that move no line by more are left out
_FORM = 1_000_000  # no mark is larger
_GLYPH = 1000.0  # steps an em, of the outlines of characters
_SOLID = 0.6  # halos less transparent than that are drawn opaque: several may lie upon each other
_MARK_Y = 7919  # where no map is drawn
_FILL = {"geometry", "rows", "codes", "colors", "pattern"}
_STROKE = {"geometry", "rows", "color", "width_px", "cap", "join", "dash_px"}
_MARKS = {"geometry", "rows", "codes", "marks", "sizes_px", "opacity"}
_CAPS, _JOINS = {"butt": 0, "round": 1, "square": 2}, {"miter": 0, "round": 1, "bevel": 2}
_NO_IMPORTANCE = np.zeros(0, np.float32)
_BLENDS = {"normal": "Normal", "multiply": "Multiply", "screen": "Screen", "overlay": "Overlay"}
_MIXED = re.compile(rb"%LydM(\w+)\n(.*?)%LydM\n", re.DOTALL)
_PICTURE = re.compile(rb"(?=/Im\d+ +Do)")
_OFTEN = re.compile(rb"(?<=\n)(\d+) %d 1 1 re\nf\n" % _MARK_Y)


@dataclass(frozen=True)
class Marks:
    """What the marks of a page stand for: operators, forms by number, and how to mix by the name of a graphics state."""

    contents: tuple[bytes, ...]
    forms: frozenset[int]
    blends: Mapping[str, str]


class Direct:
    """The marks of the pages of one file.

    Parameters
    ----------
    keep
        Takes the entries of a stream's dictionary and its content, keeps it, and returns its number as an object of the file.
    """

    def __init__(self, keep: Callable[[bytes, bytes], int]) -> None:
        self._keep = keep
        self._marks: list[bytes] = []
        self._forms: set[int] = set()
        self._blends: set[str] = set()
        self._glyphs: dict[tuple[str, str, bool], int | None] = {}
        self.layers: dict[str, int] = {}

    def take_page(self) -> Marks:
        """What the marks of the page painted since the last call stand for."""
        taken = Marks(tuple(self._marks), frozenset(self._forms), {f"/LydM{mode}": f"/{_BLENDS[mode]}" for mode in sorted(self._blends)})
        self._marks, self._forms, self._blends = [], set(), set()
        return taken

    def begin(self, painter: QPainter, layer: str) -> None:
        """All that is painted until :meth:`end` belongs to a layer that readers can switch."""
        number = self.layers.setdefault(layer, len(self.layers))
        self._mark(painter, b"/OC /LydL%d BDC\n" % number)

    def end(self, painter: QPainter) -> None:
        self._mark(painter, b"EMC\n")

    def begin_text(self, painter: QPainter, text: str) -> None:
        """What is set until :meth:`end`, in pieces and at angles, reads ``text``."""
        said = text.encode("utf-16-be").hex().upper().encode()
        self._mark(painter, b"/Span <</ActualText <FEFF%s>>> BDC\n" % said)

    @contextmanager
    def mixed(self, painter: QPainter, mode: Blend) -> Iterator[None]:
        """Images drawn within mix with what lies below them."""
        if mode == "normal":
            yield
            return
        self._blends.add(mode)
        self._mark(painter, b"%%LydM%s\n" % mode.encode())
        yield
        self._mark(painter, b"%LydM\n")

    def take(self, op: Op, painter: QPainter, viewport: Viewport, pictures: Pictures) -> bool:
        """Take ``op`` over if it can be, leaving a mark in its stead; the painter's unit is the pixel.

        ``pictures`` gives what each kind of mark of a :class:`MarkOp` is filled from.
        """
        if not can_take(op):
            return False
        self._use(painter, self._form(op, viewport, pictures))
        return True

    def halos(self, labels: Sequence[PlacedLabel], painter: QPainter, viewport: Viewport, fonts: QtFonts) -> None:
        """The halos of all labels as one form, each character's outline written once a file."""
        parts: list[bytes] = []
        used: set[int] = set()
        alphas: set[int] = set()
        for label in labels:
            alpha = 255 if label.halo[3] > 255 * _SOLID else label.halo[3]
            if alpha == 0 or label.halo_px <= 0:
                continue
            alphas.add(alpha)
            steps = label.font.size_px * _STEPS / _GLYPH
            r, g, b = label.halo[:3]
            pen = 2 * label.halo_px * _STEPS / steps
            parts.append(f"{r / 255:.4g} {g / 255:.4g} {b / 255:.4g} RG /Lyd{alpha} gs {pen:.1f} w\n".encode())
            xs, ys = np.rint(label.glyphs[:, 0] * _STEPS).tolist(), np.rint(label.glyphs[:, 1] * _STEPS).tolist()
            cosines, sines = (np.cos(label.glyphs[:, 2]) * steps).tolist(), (np.sin(label.glyphs[:, 2]) * steps).tolist()
            for char, x, y, c, s in zip(label.text, xs, ys, cosines, sines, strict=True):
                glyph = self._glyph(char, label.font, fonts)
                if glyph is not None:
                    used.add(glyph)
                    parts.append(b"q %.4f %.4f %.4f %.4f %d %d cm /Lyd%d Do Q\n" % (c, s, -s, c, x, y, glyph))
        if parts:
            self._use(painter, self._whole(b"1 J 1 j\n" + b"".join(parts), viewport, alphas=alphas, forms=used))

    def replaced(self, drawn: bytes, marks: Marks) -> bytes | None:
        """Content of a page as Qt wrote it, with its marks replaced. None when this Qt writes it in another way."""
        known = marks.contents
        found, count = _OFTEN.subn(lambda m: known[int(m[1])] if int(m[1]) < len(known) else m[0], drawn)
        if marks.blends:
            found = _MIXED.sub(lambda m: _PICTURE.sub(b"/LydM%s gs " % m[1], m[2]), found)
        return found if count == len(known) else None

    def _mark(self, painter: QPainter, content: bytes) -> None:
        from PySide6.QtCore import QRectF
        from PySide6.QtGui import QColor

        painter.save()
        painter.setClipping(False)  # Qt leaves out what the clip hides
        painter.fillRect(QRectF(len(self._marks), _MARK_Y, 1, 1), QColor(0, 0, 0))
        painter.restore()
        self._marks.append(content)

    def _use(self, painter: QPainter, form: int) -> None:
        self._forms.add(form)
        self._mark(painter, b"/Lyd%d Do\n" % form)

    def _form(self, op: Op, viewport: Viewport, pictures: Pictures) -> int:
        """An operation as a form in pixels, clipped to the map."""
        if isinstance(op, BlendOp):
            inner = [self._form(part, viewport, pictures) for part in op.ops]
            drawn = b"".join(b"/Lyd%d Do\n" % number for number in inner)
            group = self._whole(drawn, viewport, forms=set(inner), steps=1, more=b"/Group << /S /Transparency /I true /CS /DeviceRGB >> ")
            state = b"/ExtGState << /LydM << /ca %.4f /CA %.4f /BM /%s >> >> " % (op.opacity, op.opacity, _BLENDS[op.mode].encode())
            return self._whole(b"/LydM gs /Lyd%d Do\n" % group, viewport, forms={group}, steps=1, states=state)
        alphas: set[int] = set()
        forms: set[int] = set()
        if isinstance(op, FillOp):
            made = _fill(op, viewport, alphas)
        elif isinstance(op, StrokeOp):
            made = _stroke(op, viewport, alphas)
        else:
            assert isinstance(op, MarkOp)
            made = self._symbols(op, viewport, pictures(op), forms)
        return self._whole(made, viewport, alphas=alphas, forms=forms)

    def _whole(
        self, content: bytes, viewport: Viewport, *, alphas: set[int] | None = None, forms: set[int] | None = None, steps: int = _STEPS,
        states: bytes = b"", more: bytes = b"",
    ) -> int:  # fmt: skip
        """A form as large as the map."""
        box = (viewport.width_px * steps, viewport.height_px * steps, 1 / steps, 1 / steps)
        states = states or _states(alphas or set())
        return self._keep(
            b"/Type /XObject /Subtype /Form %s/BBox [0 0 %d %d] /Matrix [%g 0 0 %g 0 0] /Resources << %s%s>>" % (more, *box, states, _names(forms or set())),
            content,
        )

    def _symbols(
        self, op: MarkOp, viewport: Viewport, pictures: Sequence[Sequence[tuple[QPainterPath, QColor]]], forms: set[int],
    ) -> bytes:  # fmt: skip
        calls = []
        for mark, picture in zip(op.marks, pictures, strict=True):
            parts: list[bytes] = []
            alphas: set[int] = set()
            for path, color in picture:
                alpha = round(color.alpha() * op.opacity * mark.opacity)
                rgba = [color.red(), color.green(), color.blue(), alpha]
                parts.append(_state(rgba, "rg", alphas) + _path(path) + b"f*\n")
            form = self._small(b"".join(parts), _states(alphas))
            forms.add(form)
            calls.append(b"cm /Lyd%d Do Q\n" % form)
        g = op.geometry
        west, _, _, north = viewport.bounds
        points = int(np.sum(g.geom_rings[op.rows + 1] - g.geom_rings[op.rows]))
        out = np.empty((40 + max(map(len, calls), default=0)) * points + 16, np.uint8)
        count = script.marks(
            out, west, north, _STEPS / viewport.units_per_px, g.coords, g.ring_offsets, g.geom_rings,
            np.ascontiguousarray(op.rows, np.int32), np.ascontiguousarray(op.codes, np.int16),
            np.frombuffer(b"".join(calls), np.uint8), np.cumsum([0, *map(len, calls)]),
        )
        return out[:count].tobytes()

    def _small(self, content: bytes, states: bytes = b"") -> int:
        head = b"/Type /XObject /Subtype /Form /BBox [%d %d %d %d] /Resources << %s>>"
        return self._keep(head % (-_FORM, -_FORM, _FORM, _FORM, states), content)

    def _glyph(self, char: str, font: Font, fonts: QtFonts) -> int | None:
        """The outline of a character as a form, an em of :data:`_GLYPH`; None for blanks."""
        key = (char, font.weight, font.italic)
        if key not in self._glyphs:
            path = _path(fonts.path(char, Font(_GLYPH, font.weight, font.italic)), 1)
            self._glyphs[key] = self._small(path + b"S\n") if path else None
        return self._glyphs[key]


def can_take(op: Op) -> bool:
    """Whether :class:`Direct` writes ``op``."""
    if isinstance(op, FillOp):
        return _is_plain(op, _FILL) and (op.pattern is None or op.pattern.pattern == "solid")
    if isinstance(op, BlendOp):
        return all(can_take(part) for part in op.ops)
    return (isinstance(op, StrokeOp) and _is_plain(op, _STROKE)) or (isinstance(op, MarkOp) and _is_plain(op, _MARKS))


def _fill(op: FillOp, viewport: Viewport, alphas: set[int]) -> bytes:
    heads = [_state(c, "rg", alphas) for c in op.colors.tolist()]
    return _script(op.geometry, op.rows, op.codes, heads, b"f*\n", viewport=viewport, closed=True)


def _stroke(op: StrokeOp, viewport: Viewport, alphas: set[int]) -> bytes:
    dashes = op.dash_px * 2 if len(op.dash_px) % 2 else op.dash_px
    dash = " ".join(f"{d * _STEPS:.0f}" for d in dashes)
    pen = f"{op.width_px * _STEPS:.1f} w {_CAPS[op.cap]} J {_JOINS[op.join]} j {MITER_LIMIT:g} M [{dash}] 0 d\n".encode()
    closed = op.geometry.kind is GeometryKind.POLYGON
    codes = np.zeros(len(op.rows), np.int16)
    path = _script(op.geometry, op.rows, codes, [b""], b"", viewport=viewport, closed=closed)
    return _state(list(op.color), "RG", alphas) + pen + path + b"S\n"


def _state(color: list[int], operator: str, alphas: set[int]) -> bytes:
    r, g, b, a = color
    alphas.add(a)
    return f"{r / 255:.4g} {g / 255:.4g} {b / 255:.4g} {operator} /Lyd{a} gs\n".encode()


def _states(alphas: set[int]) -> bytes:
    made = b"".join(b"/Lyd%d << /ca %.4f /CA %.4f >> " % (a, a / 255, a / 255) for a in sorted(alphas))
    return b"/ExtGState << %s>> " % made


def _names(forms: set[int]) -> bytes:
    return b"/XObject << %s>> " % b"".join(b"/Lyd%d %d 0 R " % (number, number) for number in sorted(forms))


def _path(path: QPainterPath, steps: int = _STEPS) -> bytes:
    """A path of Qt, lines and cubic curves, in steps."""
    words: list[str] = []
    number, count = 0, path.elementCount()
    while number < count:
        first = path.elementAt(number)
        some = [first]
        if first.isCurveTo():
            some += [path.elementAt(number + 1), path.elementAt(number + 2)]
        words += [f"{e.x * steps:.0f} {e.y * steps:.0f}" for e in some]
        words.append("m\n" if first.isMoveTo() else "l\n" if first.isLineTo() else "c\n")
        number += len(some)
    return " ".join(words).encode()


def _is_plain(op: Any, known: set[str]) -> bool:
    """Whether nothing is asked of ``op`` but what is written here."""
    return all(f.name in known or getattr(op, f.name) == f.default for f in dataclasses.fields(op))


def _script(
    g: GeometryArray, rows: Any, codes: Any, heads: list[bytes], tail: bytes, *, viewport: Viewport, closed: bool,
) -> bytes:
    west, _, _, north = viewport.bounds
    unit = viewport.units_per_px
    vertices = int(np.sum(g.ring_offsets[g.geom_rings[rows + 1]] - g.ring_offsets[g.geom_rings[rows]]))
    rings = int(np.sum(g.geom_rings[rows + 1] - g.geom_rings[rows]))
    longest = max(map(len, heads), default=0)
    out = np.empty(26 * vertices + 2 * rings + (longest + len(tail)) * len(rows) + 16, np.uint8)
    texts = np.frombuffer(b"".join(heads) or b"\0", np.uint8)
    importance = _NO_IMPORTANCE if g.importance is None else g.importance
    count = script.outline(
        out, west, north, _STEPS / unit, _TOLERANCE_PX * unit, g.coords, importance, g.ring_offsets, g.geom_rings,
        np.ascontiguousarray(rows, np.int32), np.ascontiguousarray(codes, np.int16), texts,
        np.cumsum([0, *map(len, heads)]), np.frombuffer(tail or b"\0", np.uint8)[: len(tail)], closed,
    )
    return out[:count].tobytes()

