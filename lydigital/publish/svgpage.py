"""Pages as SVG: everything as vectors, words as text that can be searched and edited, or as outlines that look alike everywhere."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from lydigital.publish.svg import FACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtGui import QColor, QPainter

    from lydigital.publish.arrange import Arranged, ArrangedPage
    from lydigital.render.drawlist import Font
    from lydigital.render.painter.fonts import QtFonts

KINDS = (".svg",)
_PER_MM = 40  # steps of a millimetre, in which Qt writes
_MARK_Y = 7919
_MARK = re.compile(rb'<rect x="(\d+)" y="%d" width="1" height="1"\s*/>' % _MARK_Y)
_HEAD = re.compile(rb"<title>.*?</desc>", re.DOTALL)
_WEIGHT = {"regular": "400", "medium": "500", "bold": "700"}


def write(path: Path, sheets: Sequence[Arranged], *, outlines: bool = False) -> list[Path]:
    """Every page as an SVG, numbered where there are several. ``outlines`` turns words into shapes.

    Raises
    ------
    StoreUnavailableError
        When a file cannot be written.
    """
    from lydigital.publish import pages

    made = [(sheet, page) for sheet in sheets for page in sheet.pages]
    out = []
    for number, (sheet, page) in enumerate(made, 1):
        own = path if len(made) == 1 else path.with_name(f"{path.stem}-{number:03d}{path.suffix}")
        pages.save(own, octets(page, sheet, outlines=outlines))
        out.append(own)
    return out


def octets(page: ArrangedPage, sheet: Arranged, *, outlines: bool = False) -> bytes:
    """A page as an SVG file in UTF-8, its unit the millimetre."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
    from PySide6.QtGui import QPainter
    from PySide6.QtSvg import QSvgGenerator

    from lydigital.publish import press

    words = _Words(outlines=outlines)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(round(25.4 * _PER_MM))
    generator.setSize(QSize(round(page.width * _PER_MM), round(page.height * _PER_MM)))
    generator.setViewBox(QRectF(0, 0, page.width * _PER_MM, page.height * _PER_MM))
    painter = QPainter(generator)
    try:
        painter.scale(_PER_MM, _PER_MM)
        press.paint(page, painter, sheet.fonts.writing(words.set))
    finally:
        painter.end()
        buffer.close()
    head = f"<title>{escape(page.title or sheet.title)}</title>\n<desc>lydigital</desc>".encode()
    return _HEAD.sub(lambda _: head, words.inserted(bytes(content.data())), count=1)


class _Words:
    """Words on their way into the file: Qt would write their glyphs and lose what they say, so each leaves a mark that is replaced."""

    def __init__(self, *, outlines: bool) -> None:
        self._outlines = outlines
        self._elements: list[bytes] = []

    def set(self, painter: QPainter, fonts: QtFonts, characters: str, font: Font, pens: Sequence[float], color: QColor) -> None:  # noqa: PLR0917 - as fonts call it
        """Take one line over, on the painter's x axis; its pens are in the painter's units."""
        from PySide6.QtCore import QRectF
        from PySide6.QtGui import QColor as Color
        from PySide6.QtGui import QPainterPath

        if self._outlines:
            whole = QPainterPath()
            for char, x in zip(characters, pens, strict=True):
                whole.addPath(fonts.path(char, font).translated(x, 0))
            painter.fillPath(whole, color)
            return
        opacity = f' fill-opacity="{color.alphaF():.3g}"' if color.alpha() < 255 else ""
        self._elements.append((
            f'<text x="{" ".join(f"{x:.6g}" for x in pens)}" y="0" font-family="{FACE}" font-size="{font.size_px:.6g}" '
            f'font-weight="{_WEIGHT[font.weight]}" fill="{color.name()}"{opacity} stroke="none" xml:space="preserve">{escape(characters)}</text>'
        ).encode())  # fmt: skip
        painter.fillRect(QRectF(len(self._elements) - 1, _MARK_Y, 1, 1), Color(0, 0, 0))

    def inserted(self, svg: bytes) -> bytes:
        return _MARK.sub(lambda found: self._elements[int(found[1])], svg)
