"""Pages with one map of their own making as PDF or PNG; those of layouts are written by ``press``."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lydigital.errors import StoreUnavailableError, UsageError
from lydigital.publish.furniture import Box, Paper
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QPainter

    from lydigital.model.viewport import Viewport
    from lydigital.render.drawlist import DrawList, SceneLayer
    from lydigital.render.painter.direct import Direct
    from lydigital.render.painter.fonts import QtFonts


@dataclass(frozen=True)
class Leaf:
    """A page with one map on it.

    Attributes
    ----------
    page, inner
        The page and the place of the map on it, mm.
    viewport
        Window on the map, as many pixels as ``inner`` has at ``dpi``.
    furnish
        Draws all but the map, on top of it.
    """

    title: str
    page: Box
    inner: Box
    viewport: Viewport
    dpi: float
    fonts: QtFonts
    furnish: Callable[[Paper], None]


def write_leaf(path: Path, leaf: Leaf, scene: Sequence[SceneLayer]) -> None:
    """Write a page as PDF or PNG: the same list, with the same labels, for paper and pixels.

    Raises
    ------
    UsageError
        For another kind of file.
    StoreUnavailableError
        When the file cannot be written.
    """
    from lydigital.render import drawlist

    _check_kind(path)
    picture = drawlist.build(scene, leaf.viewport, leaf.fonts, is_page=True)
    if path.suffix.lower() == ".pdf":
        _write_pdf(path, [leaf], [picture])
    else:
        _write_png(path, leaf, picture)


def write_leaves(path: Path, leaves: Sequence[Leaf], scene: Sequence[SceneLayer]) -> None:
    """Write pages of one size into one PDF, each with its own window on the map. Raises as :func:`write_leaf`."""
    from lydigital.render import drawlist

    pictures: dict[Viewport, DrawList] = {}
    for leaf in leaves:
        if leaf.viewport not in pictures:
            pictures[leaf.viewport] = drawlist.build(scene, leaf.viewport, leaf.fonts, is_page=True)
    _write_pdf(path, leaves, [pictures[leaf.viewport] for leaf in leaves])


def _check_kind(path: Path) -> None:
    kind = path.suffix.lower()
    if kind not in (".pdf", ".png"):
        raise UsageError(
            "A sheet cannot be written as {kind}", hint="Name the file .pdf or .png.", kind=kind or path.name
        )


def metres_per_mm(viewport: Viewport) -> float:
    """Ground metres a millimetre of the page, eastwards in its middle."""
    from lydigital.publish.arrange import ground_metres

    return viewport.units_per_px * viewport.dpi / MM_PER_INCH * ground_metres(viewport.bounds, viewport.crs)


def _write_pdf(path: Path, leaves: Sequence[Leaf], pictures: Sequence[DrawList]) -> None:
    from lydigital.publish import pdf
    from lydigital.render.painter import vector
    from lydigital.render.painter.direct import FURNITURE, GROUND

    def paint(painter: QPainter, direct: Direct | None, leaf: Leaf, picture: DrawList) -> None:
        painter.save()
        painter.translate(leaf.inner.x, leaf.inner.y)
        painter.scale(MM_PER_INCH / leaf.dpi, MM_PER_INCH / leaf.dpi)
        vector.paint(picture, painter, leaf.fonts, solid_halos=True, direct=direct)
        painter.restore()
        with vector.layered(direct, painter, FURNITURE):
            leaf.furnish(Paper(painter, leaf.fonts))

    with pdf.Writer(pdf.About(leaves[0].title, language=pdf.language_tag())) as writer:
        for leaf, picture in zip(leaves, pictures, strict=True):
            whole = replace(picture, parts=((GROUND, len(picture.ops)),))
            writer.page(leaf.page.width, leaf.page.height, partial(paint, leaf=leaf, picture=whole), title=leaf.title)
        writer.save(path)


def searchable(pdf: bytes) -> bytes:
    """Correct the characters behind the glyphs of a PDF made by Qt.

    Qt names a glyph by the first code point it finds, which for 白 or 山 is a radical of the same shape and for
    a blank a tabulator, so that a search for the place finds nothing. Its tables are plain text; the correction keeps their length.
    """
    from lydigital.render.painter.fonts import radicals

    common = {0x09: 0x20, **radicals()}

    def name(code: re.Match[bytes]) -> bytes:
        number = int(code[1], 16)
        return b"<%04X>" % common.get(number, number)

    def table(found: re.Match[bytes]) -> bytes:
        return re.sub(
            rb"(?<=\[)[^\]]*|(?<=> )<[0-9A-F]{4}>(?=\n)",
            lambda part: re.sub(rb"<([0-9A-F]{4})>", name, part[0]), found[0],
        )

    return re.sub(rb"beginbfrange.*?endbfrange", table, pdf, flags=re.DOTALL)


def _write_png(path: Path, leaf: Leaf, picture: DrawList) -> None:
    """Pixels of the map through the engine that draws the screen; Qt adds what stands around it."""
    import numpy as np
    from PySide6.QtGui import QImage, QPainter

    from lydigital.publish.image import encode_png
    from lydigital.render import raster

    per_mm = leaf.dpi / MM_PER_INCH
    width, height = round(leaf.page.width * per_mm), round(leaf.page.height * per_mm)
    pixels = np.full((height, width, 4), 255, np.uint8)
    frame = raster.draw(picture, bgra=True, fonts=leaf.fonts).pixels
    left, top = round(leaf.inner.x * per_mm), round(leaf.inner.y * per_mm)
    pixels[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(per_mm, per_mm)
    leaf.furnish(Paper(painter, leaf.fonts))
    painter.end()
    save(path, encode_png(pixels[:, :, 2::-1], leaf.dpi))


def save(path: Path, octets: bytes) -> None:
    """Write beside and rename, so that no half sheet is left behind."""
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(octets)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check folder, permission and free space, or choose another place.",
            path=str(path), reason=str(error),
        ) from error
