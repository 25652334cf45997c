"""Pages to printer and clipboard."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6")

from PySide6.QtGui import QGuiApplication
from PySide6.QtPrintSupport import QPrinter

from lydigital.errors import StoreUnavailableError
from lydigital.model.crs import Crs
from lydigital.model.layout import Layout, MapItem, Page, TextItem
from lydigital.publish import arrange
from lydigital.ui import printing

LAYOUT = Layout("a", "城区图", pages=(Page(width=297, height=210), Page(width=210, height=297)), items=(
    MapItem(id="main", x=10, y=20, width=120, height=80), TextItem(id="t", x=10, y=5, width=100, height=10, text="{title}"),
    TextItem(id="u", x=10, y=5, width=100, height=10, text="第二页", page=1),
))  # fmt: skip


@pytest.fixture
def sheets(qapp):
    material = arrange.Material(Crs("EPSG:4546"), (6e5, 38e5, 61e4, 381e4), lambda _s, _i: (), lambda _i: None, lambda _i: None)
    return [arrange.arrange(LAYOUT, material)]


def test_a_page_in_the_clipboard_is_picture_and_svg(sheets):
    image = printing.copy(sheets)
    content = QGuiApplication.clipboard().mimeData()
    assert content.hasImage()
    assert "城区图" in bytes(content.data("image/svg+xml").data()).decode()
    assert (image.width(), image.height()) == (2339, 1654)


def test_pages_are_printed_on_paper_of_their_size(sheets, tmp_path):
    from pypdf import PdfReader

    printer = printing._printer(sheets)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "a.pdf"))
    printing._paint(printer, sheets)
    pages = PdfReader(tmp_path / "a.pdf").pages
    sizes = [(round(float(p.mediabox.width) / 72 * 25.4), round(float(p.mediabox.height) / 72 * 25.4)) for p in pages]
    assert sizes == [(297, 210), (210, 297)]


def test_without_a_printer_it_is_said(sheets, qtbot, monkeypatch):
    from PySide6.QtWidgets import QWidget

    monkeypatch.setattr(printing, "can_print", lambda: False)
    parent = QWidget()
    qtbot.addWidget(parent)
    with pytest.raises(StoreUnavailableError, match="printer"):
        printing.print_pages(parent, sheets)
