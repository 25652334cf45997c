"""Geometry written into a PDF past Qt."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pypdf
import pytest

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.style import Fill, PointSymbolizer
from lydigital.model.viewport import Viewport
from lydigital.render.drawlist import DrawList, FillOp, MarkOp, StrokeOp
from lydigital.render.painter import vector
from lydigital.render.painter.direct import Direct

VIEW = Viewport((50.0, 40.0), 1.0, 100, 80, Crs("EPSG:4546"))
SQUARE = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(10, 10), (60, 10), (60, 50), (10, 50), (10, 10)]]]])
ONE = np.zeros(1, np.int32)
CODES = np.zeros(1, np.int16)
RED = np.array([[255, 0, 0, 128]], np.uint8)


def page(ops, fonts, direct):
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    size = QPageSize(QSizeF(100, 80), QPageSize.Unit.Millimeter)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter(writer)
    vector.paint(DrawList(VIEW, (255, 255, 255, 255), tuple(ops)), painter, fonts, direct=direct)
    painter.end()
    return bytes(octets.data())


@pytest.fixture
def ops():
    spot = GeometryArray.from_points(np.array([(30.0, 30.0)]))
    return [
        FillOp(SQUARE, ONE, CODES, RED),
        FillOp(SQUARE, ONE, CODES, RED, Fill("#0000ff", pattern="hatch")),
        StrokeOp(SQUARE, ONE, (0, 0, 255, 255), 2.0, dash_px=(3.0, 1.0)),
        MarkOp(spot, ONE, CODES, (PointSymbolizer(glyph="water"),), (12.0,)),
    ]


def test_what_is_plain_is_taken_over_in_its_order(fonts, ops):
    direct = Direct()
    pdf = direct.insert(page(ops, fonts, direct), (100, 80), zlib.compress)
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    content = reader.pages[0].get_contents().get_data().decode("latin1")
    fill, hatch, stroke, mark = (content.index(s) for s in ("1000 7000 m", "W* n", "[300 100] 0 d", "/Lyd0 Do"))
    assert fill < content.index("W* n", fill) < stroke < mark
    assert hatch >= 0
    assert "1 0 0 rg /Lyd128 gs" in content
    assert " 7919 " not in content
    resources = reader.pages[0]["/Resources"]
    assert float(resources["/ExtGState"]["/Lyd128"]["/ca"]) == pytest.approx(128 / 255, abs=1e-3)
    form = resources["/XObject"]["/Lyd0"].get_data().decode()
    assert form.count("f*") == 3  # ring, body and icon
    assert " c\n" in form


def test_a_file_written_in_another_way_is_left_to_qt(fonts, ops):
    direct = Direct()
    pdf = page(ops, fonts, direct)
    assert direct.insert(pdf.replace(b"/Contents", b"/Contexts"), (100, 80), zlib.compress) is None
    assert direct.insert(page([], fonts, Direct()), (100, 80), zlib.compress) is None
    assert Direct().insert(pdf, (100, 80), zlib.compress) is pdf
