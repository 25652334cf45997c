"""Arranged pages as files: one door for every format, told by the ending of the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydigital.errors import UsageError
from lydigital.publish import arrange, rasterpages
from lydigital.publish.furniture import Paper
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QPainter

    from lydigital.publish.arrange import Arranged, ArrangedPage
    from lydigital.render.painter.direct import Direct
    from lydigital.render.painter.fonts import QtFonts

_PDF_DPI = 1200


def write(path: Path, sheets: Sequence[Arranged], *, dpi: float | None = None) -> list[Path]:
    """Write arranged layouts into one file, or one for every page where the format has no pages.

    Parameters
    ----------
    path
        Its ending names the format.
    dpi
        Of pictures; that of the layout where it is not named.

    Returns
    -------
    The files written.

    Raises
    ------
    UsageError
        For a format that is not known.
    StoreUnavailableError
        When a file cannot be written.
    """
    kind = path.suffix.casefold()
    if kind == ".pdf":
        return [write_pdf(path, sheets)]
    if kind in rasterpages.KINDS:
        return rasterpages.write(path, sheets, dpi)
    raise UsageError("A page cannot be written as {kind}", hint="Name the file {kinds}.", kind=kind or path.name, kinds=" ".join(kinds()))


def kinds() -> tuple[str, ...]:
    """Endings of the formats that :func:`write` knows."""
    return (".pdf", *rasterpages.KINDS)


def paint(page: ArrangedPage, painter: QPainter, fonts: QtFonts, *, direct: Direct | None = None) -> None:
    """Draw a page as vectors; the painter's unit is the millimetre."""
    from lydigital.render.painter import vector

    paper = Paper(painter, fonts)
    for placed in page.placed:
        if placed.map is not None:
            painter.save()
            painter.translate(placed.box.x, placed.box.y)
            painter.scale(MM_PER_INCH / arrange.REFERENCE_DPI, MM_PER_INCH / arrange.REFERENCE_DPI)
            vector.paint(placed.map.picture, painter, fonts, solid_halos=True, direct=direct)
            painter.restore()
        for draw in (placed.paint, placed.over):
            if draw is not None:
                draw(paper)


def write_pdf(path: Path, sheets: Sequence[Arranged]) -> Path:
    """Every page of every sheet in one PDF: vectors, selectable text."""
    from lydigital.publish import pages

    pages.save(path, pdf_of(sheets, sheets[0].title))
    return path


def pdf_of(sheets: Iterable[Arranged], title: str) -> bytes:
    """The same as bytes; sheets are taken one after the other, so that a long row of them need not be kept."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

    from lydigital.publish import pages

    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("lydigital")
    writer.setResolution(_PDF_DPI)
    painter = None
    try:
        for sheet in sheets:
            for page in sheet.pages:
                size = QPageSize(QSizeF(page.width, page.height), QPageSize.Unit.Millimeter)
                writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
                if painter is None:
                    painter = QPainter(writer)
                else:
                    writer.newPage()
                    painter.resetTransform()
                painter.scale(_PDF_DPI / MM_PER_INCH, _PDF_DPI / MM_PER_INCH)
                paint(page, painter, sheet.fonts)
    finally:
        if painter is not None:
            painter.end()
        buffer.close()
    return pages.searchable(bytes(octets.data()))
