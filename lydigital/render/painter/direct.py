"""Plain fills and strokes written into a PDF past Qt, whose painter takes some 50 µs a feature.

While the page is painted, each such operation leaves a mark: a tiny rectangle of its number. When Qt has written the file,
:meth:`Direct.insert` replaces the marks in the page's content by the operations. What is unusual is left to Qt.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.kernels import script
from lydigital.kernels.stroke import MITER_LIMIT
from lydigital.model.geometry import GeometryKind
from lydigital.render.drawlist import FillOp, MarkOp, StrokeOp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QColor, QPainter, QPainterPath

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import Op

_STEPS = 100  # whole numbers are written, in hundredths of a pixel
_TOLERANCE_PX = 0.25  # vertices that move no line by more are left out
_FORM = 1_000_000  # no mark is larger
_MARK_Y = 7919  # where no map is drawn
_FILL = {"geometry", "rows", "codes", "colors", "pattern"}
_STROKE = {"geometry", "rows", "color", "width_px", "cap", "join", "dash_px"}
_MARKS = {"geometry", "rows", "codes", "marks", "sizes_px", "opacity"}
_CAPS, _JOINS = {"butt": 0, "round": 1, "square": 2}, {"miter": 0, "round": 1, "bevel": 2}
_NO_IMPORTANCE = np.zeros(0, np.float32)
_OFTEN = re.compile(rb"(?<=\n)(\d+) %d 1 1 re\nf\n" % _MARK_Y)


class Direct:
    """Operations of one page on their way into its file."""

    def __init__(self) -> None:
        self._scripts: list[bytes] = []
        self._alphas: set[int] = set()
        self._forms: list[bytes] = []

    def take(
        self, op: Op, painter: QPainter, viewport: Viewport, pictures: Sequence[Sequence[tuple[QPainterPath, QColor]]] = (),
    ) -> bool:
        """Take ``op`` over if it is plain, leaving a mark in its stead; the painter's unit is the pixel.

        ``pictures`` are what each kind of mark of a :class:`MarkOp` is filled from.
        """
        from PySide6.QtCore import QRectF
        from PySide6.QtGui import QColor

        if isinstance(op, FillOp) and _is_plain(op, _FILL) and (op.pattern is None or op.pattern.pattern == "solid"):
            made = self._fill(op, viewport)
        elif isinstance(op, StrokeOp) and _is_plain(op, _STROKE):
            made = self._stroke(op, viewport)
        elif isinstance(op, MarkOp) and _is_plain(op, _MARKS):
            made = self._marks(op, viewport, pictures)
        else:
            return False
        painter.save()
        painter.setClipping(False)  # Qt leaves out what the clip hides
        painter.fillRect(QRectF(len(self._scripts), _MARK_Y, 1, 1), QColor(0, 0, 0))
        painter.restore()
        self._scripts.append(made)
        return True

    def insert(self, pdf: bytes, clip: tuple[float, float], deflate: Callable[[bytes], bytes]) -> bytes | None:
        """Put the operations into the only page of ``pdf``, as Qt wrote it; ``clip`` is the map's size in pixels.

        The new content is appended as an update of the file (ISO 32000-1, 7.5.6), compressed by ``deflate``. None when
        this Qt writes its files in another way: then it must paint everything itself.
        """
        if not self._scripts:
            return pdf
        page = re.search(rb"/Type /Page\s[\s\S]*?/Contents (\d+) 0 R\s*/Resources (\d+) 0 R", pdf)
        trailer = re.search(rb"trailer\n<<\n/Size (\d+)([\s\S]*?)>>\nstartxref\n(\d+)", pdf)
        if page is None or trailer is None:
            return None
        content, resources = int(page[1]), int(page[2])
        start = re.search(rb"\n%d 0 obj\n[\s\S]*?stream\r?\n" % content, pdf)
        known = re.search(rb"\n(%d 0 obj\n[\s\S]*?endobj\n)" % resources, pdf)
        if start is None or known is None or b"/ExtGState <<\n" not in known[1] or b"/XObject <<\n" not in known[1]:
            return None
        drawn = zlib.decompressobj().decompress(pdf[start.end() :])
        frame = b"q 0 0 %.2f %.2f re W n %g 0 0 %g 0 0 cm\n" % (*clip, 1 / _STEPS, 1 / _STEPS)
        drawn, count = _OFTEN.subn(lambda m: b"%s%sQ\n" % (frame, self._scripts[int(m[1])]), drawn)
        if count != len(self._scripts):
            return None
        packed = deflate(drawn)
        states = b"".join(b"/Lyd%d << /ca %.4f /CA %.4f >>\n" % (a, a / 255, a / 255) for a in sorted(self._alphas))
        free = int(trailer[1])
        forms = b"".join(b"/Lyd%d %d 0 R\n" % (i, free + i) for i in range(len(self._forms)))
        objects = {
            resources: known[1].replace(b"/ExtGState <<\n", b"/ExtGState <<\n" + states, 1).replace(
                b"/XObject <<\n", b"/XObject <<\n" + forms, 1
            ),
            content: b"%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n"
            % (content, len(packed), packed),
        }
        for i, form in enumerate(self._forms):
            head = b"%d 0 obj\n<< /Type /XObject /Subtype /Form /BBox [%d %d %d %d] /Resources << /ExtGState <<\n%s>> >>"
            box = (-_FORM, -_FORM, _FORM, _FORM)
            stream = b" /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(form), form)
            objects[free + i] = head % (free + i, *box, states) + stream
        out, table = [pdf, b"\n"], [b"xref\n0 1\n0000000000 65535 f \n"]
        at = len(pdf) + 1
        for number, body in sorted(objects.items()):
            out.append(body)
            table.append(b"%d 1\n%010d 00000 n \n" % (number, at))
            at += len(body)
        end = b"trailer\n<<\n/Size %d%s/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n" % (
            free + len(self._forms), trailer[2], trailer[3], at,
        )  # fmt: skip
        return b"".join((*out, *table, end))

    def _fill(self, op: FillOp, viewport: Viewport) -> bytes:
        heads = [self._state(c, "rg") for c in op.colors.tolist()]
        return _script(op.geometry, op.rows, op.codes, heads, b"f*\n", viewport=viewport, closed=True)

    def _stroke(self, op: StrokeOp, viewport: Viewport) -> bytes:
        dashes = op.dash_px * 2 if len(op.dash_px) % 2 else op.dash_px
        dash = " ".join(f"{d * _STEPS:.0f}" for d in dashes)
        pen = f"{op.width_px * _STEPS:.1f} w {_CAPS[op.cap]} J {_JOINS[op.join]} j {MITER_LIMIT:g} M [{dash}] 0 d\n".encode()
        closed = op.geometry.kind is GeometryKind.POLYGON
        codes = np.zeros(len(op.rows), np.int16)
        path = _script(op.geometry, op.rows, codes, [b""], b"", viewport=viewport, closed=closed)
        return self._state(list(op.color), "RG") + pen + path + b"S\n"

    def _marks(
        self, op: MarkOp, viewport: Viewport, pictures: Sequence[Sequence[tuple[QPainterPath, QColor]]],
    ) -> bytes:
        calls = []
        for mark, picture in zip(op.marks, pictures, strict=True):
            parts = []
            for path, color in picture:
                alpha = round(color.alpha() * op.opacity * mark.opacity)
                rgba = [color.red(), color.green(), color.blue(), alpha]
                parts.append(self._state(rgba, "rg") + _path(path) + b"f*\n")
            calls.append(b"cm /Lyd%d Do Q\n" % len(self._forms))
            self._forms.append(b"".join(parts))
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

    def _state(self, color: list[int], operator: str) -> bytes:
        r, g, b, a = color
        self._alphas.add(a)
        return f"{r / 255:.4g} {g / 255:.4g} {b / 255:.4g} {operator} /Lyd{a} gs\n".encode()


def _path(path: QPainterPath) -> bytes:
    """A path of Qt, lines and cubic curves, in steps."""
    from PySide6.QtGui import QPainterPath

    kinds = QPainterPath.ElementType
    elements = [path.elementAt(i) for i in range(path.elementCount())]
    words: list[str] = []
    for i, e in enumerate(elements):
        words.append(f"{e.x * _STEPS:.0f} {e.y * _STEPS:.0f}")
        if e.type in (kinds.MoveToElement, kinds.LineToElement):
            words.append("m\n" if e.type == kinds.MoveToElement else "l\n")
        elif e.type == kinds.CurveToDataElement and (
            i + 1 == len(elements) or elements[i + 1].type != kinds.CurveToDataElement
        ):
            words.append("c\n")
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

