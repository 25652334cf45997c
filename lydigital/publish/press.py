"""Arranged pages as files: one door for every format, told by the ending of the name."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from lydigital.errors import UsageError
from lydigital.publish import arrange, docxpages, pptxpages, rasterpages, svgpage, xlsxpages
from lydigital.publish.furniture import Paper
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QPainter

    from lydigital.publish.arrange import Arranged, ArrangedPage
    from lydigital.publish.pdf import About
    from lydigital.render.painter.direct import Direct
    from lydigital.render.painter.fonts import QtFonts

_OFFICE = {".docx": docxpages.write, ".pptx": pptxpages.write, ".xlsx": xlsxpages.write}


def write(path: Path, sheets: Sequence[Arranged], *, dpi: float | None = None, outlines: bool = False, pdf_a: bool = False) -> list[Path]:
    """Write arranged layouts into one file, or one for every page where the format has no pages.

    Parameters
    ----------
    path
        Its ending names the format.
    dpi
        Of pictures; that of the layout where it is not named.
    outlines
        Words of an SVG as shapes instead of text.
    pdf_a
        A PDF for archives: PDF/A-2b.

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
        return [write_pdf(path, sheets, pdf_a=pdf_a)]
    if kind in rasterpages.KINDS:
        return rasterpages.write(path, sheets, dpi)
    if kind in svgpage.KINDS:
        return svgpage.write(path, sheets, outlines=outlines)
    if kind in _OFFICE:
        return _OFFICE[kind](path, sheets, dpi)
    raise UsageError("A page cannot be written as {kind}", hint="Name the file {kinds}.", kind=kind or path.name, kinds=" ".join(kinds()))


def kinds() -> tuple[str, ...]:
    """Endings of the formats that :func:`write` knows."""
    return (".pdf", *svgpage.KINDS, *rasterpages.KINDS, *_OFFICE)


def paint(page: ArrangedPage, painter: QPainter, fonts: QtFonts, *, direct: Direct | None = None) -> None:
    """Draw a page as vectors; the painter's unit is the millimetre."""
    from lydigital.render.painter import vector
    from lydigital.render.painter.direct import FURNITURE, GRID

    paper = Paper(painter, fonts)
    for is_map, some in groupby(page.placed, key=lambda placed: placed.map is not None):
        if not is_map:
            with vector.layered(direct, painter, FURNITURE):
                for placed in some:
                    if placed.paint is not None:
                        placed.paint(paper)
            continue
        for placed in some:
            assert placed.map is not None
            painter.save()
            painter.translate(placed.box.x, placed.box.y)
            painter.scale(MM_PER_INCH / arrange.REFERENCE_DPI, MM_PER_INCH / arrange.REFERENCE_DPI)
            vector.paint(placed.map.picture, painter, fonts, solid_halos=True, direct=direct)
            painter.restore()
            with vector.layered(direct, painter, GRID):
                for draw in (placed.paint, placed.over):
                    if draw is not None:
                        draw(paper)


def write_pdf(path: Path, sheets: Iterable[Arranged], *, about: About | None = None, pdf_a: bool = False) -> Path:
    """Every page of every sheet in one PDF: vectors, selectable text, layers, georeferenced maps.

    Sheets are taken one after the other, so that a long row of them need not be kept. ``about`` is told by the first where not
    given; ``pdf_a`` makes it fit for archives.
    """
    from lydigital.publish import pdf

    with pdf.Writer(about, pdf_a=pdf_a) as writer:
        for sheet in sheets:
            writer.add(sheet)
        return writer.save(path)


def pdf_of(sheets: Iterable[Arranged], title: str) -> bytes:
    """The same as bytes."""
    from lydigital.publish import pdf

    with pdf.Writer(title=title) as writer:
        for sheet in sheets:
            writer.add(sheet)
        return writer.octets()
