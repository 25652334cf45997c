"""Text and icons through Qt: what :class:`lydigital.render.drawlist.Fonts` asks for.

Masks and advances are kept for all threads; ``QRawFont`` objects belong to the thread that made them.
"""

from __future__ import annotations

import copy
import math
import os
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lydigital.render.drawlist import Font
from lydigital.render.painter import icons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPainterPath, QRawFont

    Writer: TypeAlias = Callable[[QPainter, "QtFonts", str, Font, Sequence[float], QColor], None]

FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei",
)
SLANT = 0.2  # tangent of the slope of italics, made by shearing: Chinese faces have none of their own
_UNIT_PX = 1000.0  # advances are measured at this size, unhinted, and scale with it
_SUBSTITUTE = "〓"  # the printers' mark for a missing sort; never an empty box
_KEPT = 40_000  # masks; some 6 MB of text at map sizes

_application: QGuiApplication | None = None


def ensure_application() -> QGuiApplication:
    """Return the running Qt application, or a new one without a screen."""
    global _application  # noqa: PLW0603 - Qt allows one application a process
    from PySide6.QtGui import QGuiApplication

    running = QGuiApplication.instance()
    if isinstance(running, QGuiApplication):
        return running
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _application = QGuiApplication(["lydigital"])
    return _application


@cache
def family() -> str:
    """Return the face of the program: the first known Chinese one that is installed, else any with Chinese glyphs."""
    from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

    ensure_application()
    installed = set(QFontDatabase.families())
    for name in FAMILIES:
        if name in installed:
            return name
    chinese = [n for n in QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese) if "Mono" not in n]
    return chinese[0] if chinese else QFontInfo(QFont()).family()


def qt_font(font: Font, size_px: float | None = None) -> QFont:
    """Make the same face a ``QFont`` (without the slant of italics, which is ours)."""
    from PySide6.QtGui import QFont

    face = QFont(family())
    face.setPixelSize(max(1, round(font.size_px if size_px is None else size_px)))
    weights = {"regular": QFont.Weight.Normal, "medium": QFont.Weight.Medium, "bold": QFont.Weight.Bold}
    face.setWeight(weights[font.weight])
    face.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return face


@cache
def radicals() -> dict[int, int]:
    """Code points of radicals (U+2E80 to U+2FDF) → the common character that shares their glyph in our face."""
    from PySide6.QtGui import QRawFont

    raw = QRawFont.fromFont(qt_font(Font(_UNIT_PX)))
    common = range(0x4E00, 0xA000)
    by_glyph = dict(zip(raw.glyphIndexesForString("".join(map(chr, common))), common, strict=False))
    odd = range(0x2E80, 0x2FE0)
    glyphs = raw.glyphIndexesForString("".join(map(chr, odd)))
    return {code: by_glyph[g] for code, g in zip(odd, glyphs, strict=True) if g and g in by_glyph}


class QtFonts:
    """Fonts of this machine. ``missing`` collects characters that no installed face can show.

    ``writer`` sets lines in the place of Qt, see :meth:`writing`.
    """

    def __init__(self) -> None:
        ensure_application()
        self.writer: Writer | None = None
        self.missing: set[str] = set()
        self._local = threading.local()
        self._unit: dict[str, dict[str, float]] = {}
        self._vertical: dict[str, tuple[float, float]] = {}
        self._masks: dict[tuple[str, Font], tuple[NDArray[np.uint8], int, int]] = {}
        self._icons: dict[tuple[str, float], NDArray[np.uint8]] = {}

    def writing(self, writer: Writer) -> QtFonts:
        """The same fonts for a page whose words ``writer`` sets: painter, fonts, characters, font, pens, colour."""
        other = copy.copy(self)
        other.writer = writer
        return other

    def advances(self, text: str, font: Font) -> NDArray[np.float32]:
        """Horizontal advance of every character, ``(len(text),)`` pixels; scales exactly with the size."""
        key = font.weight
        known = self._unit.get(key)
        if known is None:
            known = self._unit[key] = {}
        size = font.size_px
        try:
            return np.array([known[c] * size for c in text], np.float32)
        except KeyError:
            for char in text:
                if char not in known:
                    known[char] = self._measure(char, font)
            return np.array([known[c] * size for c in text], np.float32)

    def _measure(self, char: str, font: Font) -> float:
        raw, glyph = self.glyph(char, Font(_UNIT_PX, font.weight))
        return raw.advancesForGlyphIndexes([glyph])[0].x() / _UNIT_PX if glyph else 0.0

    def vertical(self, font: Font) -> tuple[float, float]:
        """Ascent and descent above and below the baseline, pixels."""
        unit = self._vertical.get(font.weight)
        if unit is None:
            raw = self.raw(Font(_UNIT_PX, font.weight))
            unit = self._vertical[font.weight] = (raw.ascent() / _UNIT_PX, raw.descent() / _UNIT_PX)
        return unit[0] * font.size_px, unit[1] * font.size_px

    def mask(self, char: str, font: Font) -> tuple[NDArray[np.uint8], int, int]:
        """Grey coverage of one character ``(h, w) uint8``, and its left and top offset from the pen, pixels."""
        key = (char, font)
        found = self._masks.get(key)
        if found is None:
            if len(self._masks) >= _KEPT:
                self._masks.clear()
            found = self._masks[key] = self._draw(char, font)
        return found

    def _draw(self, char: str, font: Font) -> tuple[NDArray[np.uint8], int, int]:
        from PySide6.QtGui import QRawFont

        raw, glyph = self.glyph(char, font)
        if not glyph:
            return np.zeros((0, 0), np.uint8), 0, 0
        if font.italic:
            return _cover(self.path(char, font))
        # Qt's own rasteriser hints vertically, so that small Chinese text stays crisp.
        image = raw.alphaMapForGlyph(glyph, QRawFont.AntialiasingType.PixelAntialiasing)
        if image.isNull():
            return np.zeros((0, 0), np.uint8), 0, 0
        box = raw.boundingRect(glyph)
        return _coverage(image), math.floor(box.left()), math.floor(box.top())

    def path(self, char: str, font: Font) -> QPainterPath:
        """Outline of one character in pixels, pen at the origin, y down; italics sheared."""
        from PySide6.QtGui import QPainterPath, QTransform

        raw, glyph = self.glyph(char, Font(_UNIT_PX, font.weight))
        if not glyph:
            return QPainterPath()
        scale = font.size_px / _UNIT_PX
        return QTransform(scale, 0, -SLANT * scale if font.italic else 0, scale, 0, 0).map(raw.pathForGlyph(glyph))

    def icon(self, name: str, size_px: float) -> NDArray[np.uint8]:
        """Coverage of an icon in a square of ``ceil(size_px)``, ``(s, s) uint8``; all zero for an unknown name."""
        size_px = round(size_px * 4) / 4
        key = (name, size_px)
        found = self._icons.get(key)
        if found is None:
            side = max(1, math.ceil(size_px))
            mask, left, top = _cover(self.icon_path(name, size_px).translated(side / 2, side / 2))
            found = np.zeros((side, side), np.uint8)
            h, w = mask.shape
            y0, x0, y1, x1 = max(0, top), max(0, left), min(side, top + h), min(side, left + w)
            if y1 > y0 and x1 > x0:
                found[y0:y1, x0:x1] = mask[y0 - top : y1 - top, x0 - left : x1 - left]
            self._icons[key] = found
        return found

    def icon_path(self, name: str, size_px: float) -> QPainterPath:
        """Outline of an icon centred on the origin, pixels; empty for an unknown name."""
        from PySide6.QtGui import QPainterPath, QRawFont, QTransform

        char = icons.charmap().get(name)
        if char is None:
            return QPainterPath()
        raw: QRawFont | None = getattr(self._local, "icons", None)
        if raw is None:
            raw = self._local.icons = QRawFont(str(icons.icon_file()), _UNIT_PX)
        path = raw.pathForGlyph(raw.glyphIndexesForString(char)[0])
        # The icons are drawn on a square of one em; its middle lies half the cap above the baseline.
        middle = (raw.ascent() - raw.descent()) / 2
        scale = size_px / _UNIT_PX
        return QTransform.fromScale(scale, scale).map(path.translated(-_UNIT_PX / 2, middle))

    def raw(self, font: Font) -> QRawFont:
        """Return the ``QRawFont`` of a face that belongs to the calling thread."""
        from PySide6.QtGui import QFontDatabase, QRawFont

        faces: dict[tuple[float, str], QRawFont] | None = getattr(self._local, "faces", None)
        if faces is None:
            faces = self._local.faces = {}
        key = (font.size_px, font.weight)
        found = faces.get(key)
        if found is None:
            found = QRawFont.fromFont(qt_font(font), QFontDatabase.WritingSystem.SimplifiedChinese)
            if abs(found.pixelSize() - font.size_px) > 1e-6:
                found.setPixelSize(font.size_px)
            faces[key] = found
        return found

    def glyph(self, char: str, font: Font) -> tuple[QRawFont, int]:
        """Find the face that can show ``char``, and its glyph there; 0 when nothing is to be drawn."""
        raw = self.raw(font)
        if char.isspace() and char not in (" ", "\u3000"):
            char = " "
        numbers = raw.glyphIndexesForString(char)
        if numbers and numbers[0]:
            return raw, numbers[0]
        other = self._fallback(char, font)
        if other is not None:
            return other
        self.missing.add(char)
        numbers = raw.glyphIndexesForString(_SUBSTITUTE) or raw.glyphIndexesForString("?")
        return raw, numbers[0] if numbers else 0

    def _fallback(self, char: str, font: Font) -> tuple[QRawFont, int] | None:
        from PySide6.QtGui import QTextLayout

        layout = QTextLayout(char, qt_font(font))
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        for run in layout.glyphRuns():
            if run.glyphIndexes() and run.glyphIndexes()[0]:
                face = run.rawFont()
                face.setPixelSize(font.size_px)
                return face, run.glyphIndexes()[0]
        return None


def _coverage(image: QImage) -> NDArray[np.uint8]:
    """``(h, w) uint8`` copy of an image's alpha."""
    from PySide6.QtGui import QImage

    alpha = image.convertToFormat(QImage.Format.Format_Alpha8)
    rows = np.frombuffer(alpha.constBits(), np.uint8).reshape(alpha.height(), alpha.bytesPerLine())
    return rows[:, : alpha.width()].copy()


def _cover(path: QPainterPath) -> tuple[NDArray[np.uint8], int, int]:
    """Antialiased coverage of a path, and the pixel of its first column and row."""
    from PySide6.QtGui import QColor, QImage, QPainter

    box = path.boundingRect()
    if box.isEmpty():
        return np.zeros((0, 0), np.uint8), 0, 0
    left, top = math.floor(box.left()), math.floor(box.top())
    image = QImage(math.ceil(box.right()) - left, math.ceil(box.bottom()) - top, QImage.Format.Format_Alpha8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-left, -top)
    painter.fillPath(path, QColor(0, 0, 0))
    painter.end()
    return _coverage(image), left, top
