"""Pages to a printer of the system, to its preview, and to the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QMimeData, QSizeF
from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo, QPrintPreviewDialog

from lydigital.errors import StoreUnavailableError
from lydigital.publish import press, rasterpages, svgpage
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from lydigital.publish.arrange import Arranged, ArrangedPage

CLIPBOARD_DPI = 200


def can_print() -> bool:
    """Whether the system knows a printer."""
    return bool(QPrinterInfo.availablePrinterNames())


def print_pages(parent: QWidget, sheets: Sequence[Arranged]) -> bool:
    """Ask for a printer and print; whether it was done.

    Raises
    ------
    StoreUnavailableError
        When the system knows no printer, or it does not take the job.
    """
    if not can_print():
        raise StoreUnavailableError("The system knows no printer", hint="Set one up in the system's settings, or export a PDF.")
    printer = _printer(sheets)
    dialog = QPrintDialog(printer, parent)
    if dialog.exec() != QPrintDialog.DialogCode.Accepted:
        return False
    _paint(printer, sheets)
    return True


def preview(parent: QWidget, sheets: Sequence[Arranged]) -> None:
    """Show pages as they will be printed."""
    printer = _printer(sheets)
    dialog = QPrintPreviewDialog(printer, parent)
    dialog.paintRequested.connect(lambda target: _paint(target, sheets))
    dialog.exec()


def copy(sheets: Sequence[Arranged]) -> QImage:
    """The first page in the clipboard: as a picture, and as SVG for programs that take it; the picture."""
    sheet = sheets[0]
    page = sheet.pages[0]
    pixels = rasterpages.pixels(page, sheet.fonts, CLIPBOARD_DPI).copy()
    height, width, _ = pixels.shape
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    image.setDotsPerMeterX(round(CLIPBOARD_DPI / MM_PER_INCH * 1000))
    image.setDotsPerMeterY(round(CLIPBOARD_DPI / MM_PER_INCH * 1000))
    content = QMimeData()
    content.setImageData(image)
    content.setData("image/svg+xml", svgpage.octets(page, sheet))
    QGuiApplication.clipboard().setMimeData(content)
    return image


def _printer(sheets: Sequence[Arranged]) -> QPrinter:
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(sheets[0].title)
    printer.setCreator("lydigital")
    printer.setFullPage(True)
    printer.setPageLayout(_layout(sheets[0].pages[0]))
    return printer


def _layout(page: ArrangedPage) -> QPageLayout:
    wide = page.width > page.height
    upright = QSizeF(page.height, page.width) if wide else QSizeF(page.width, page.height)
    size = QPageSize(upright, QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.FuzzyMatch)
    way = QPageLayout.Orientation.Landscape if wide else QPageLayout.Orientation.Portrait
    return QPageLayout(size, way, QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)


def _paint(printer: QPrinter, sheets: Sequence[Arranged]) -> None:
    painter = QPainter()
    if not painter.begin(printer):
        raise StoreUnavailableError("The printer does not take the job", hint="Check that it is switched on and reachable, or export a PDF.")
    first = True
    for sheet in sheets:
        for page in sheet.pages:
            if not first:
                printer.setPageLayout(_layout(page))
                printer.newPage()
            first = False
            painter.save()
            room = printer.pageLayout().fullRect(QPageLayout.Unit.Millimeter)
            per_mm = printer.resolution() / MM_PER_INCH
            shrink = min(1.0, room.width() / page.width, room.height() / page.height)  # paper smaller than the page
            painter.scale(per_mm * shrink, per_mm * shrink)
            press.paint(page, painter, sheet.fonts)
            painter.restore()
    painter.end()
