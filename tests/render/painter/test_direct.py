"""What is written into a PDF past Qt."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pikepdf
import pytest

from lydigital.model.crs import Crs
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.grid import Grid
from lydigital.model.style import Fill, PointSymbolizer, RasterSymbolizer
from lydigital.model.viewport import Viewport
from lydigital.render.drawlist import BlendOp, DrawList, FillOp, Font, MarkOp, PlacedLabel, RasterOp, StrokeOp
from lydigital.render.painter import vector
from lydigital.render.painter.direct import Direct, Marks, can_take

VIEW = Viewport((50.0, 40.0), 1.0, 100, 80, Crs("EPSG:4546"))
SQUARE = GeometryArray.from_rings(GeometryKind.POLYGON, [[[[(10, 10), (60, 10), (60, 50), (10, 50), (10, 10)]]]])
ONE = np.zeros(1, np.int32)
CODES = np.zeros(1, np.int16)
RED = np.array([[255, 0, 0, 128]], np.uint8)
NONE = Marks((), frozenset(), {})
HATCH = FillOp(SQUARE, ONE, CODES, RED, Fill("#0000ff", pattern="hatch"))


class Kept(list):
    """Forms as they are kept, numbered from 1."""

    def __call__(self, head, content):
        self.append((head.decode(), content.decode()))
        return len(self)


def page(ops, fonts, direct, labels=(), parts=()):
    """Content of a page with a map."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    size = QPageSize(QSizeF(100, 80), QPageSize.Unit.Millimeter)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter(writer)
    vector.paint(DrawList(VIEW, (255, 255, 255, 255), tuple(ops), labels, parts=parts), painter, fonts, solid_halos=True, direct=direct)
    painter.end()
    with pikepdf.open(io.BytesIO(bytes(octets.data()))) as pdf:
        return pdf.pages[0].obj.Contents.read_bytes()


@pytest.fixture
def ops():
    spot = GeometryArray.from_points(np.array([(30.0, 30.0)]))
    return [
        FillOp(SQUARE, ONE, CODES, RED), HATCH, StrokeOp(SQUARE, ONE, (0, 0, 255, 255), 2.0, dash_px=(3.0, 1.0)),
        MarkOp(spot, ONE, CODES, (PointSymbolizer(glyph="water"),), (12.0,)),
    ]  # fmt: skip


def test_what_is_plain_is_taken_over_in_its_order(fonts, ops):
    kept = Kept()
    direct = Direct(kept)
    drawn = page(ops, fonts, direct, parts=(("a", 3), ("b", 1)))
    marks = direct.take_page()
    content = direct.replaced(drawn, marks).decode("latin1")
    assert marks.forms == {1, 2, 4}
    assert b" 7919 " in drawn
    assert " 7919 " not in content
    first, fill, hatch, stroke, second, mark, third = (
        content.index(s) for s in ("/LydL0 BDC", "/Lyd1 Do", " scn", "/Lyd2 Do", "/LydL1 BDC", "/Lyd4 Do", "/LydL2 BDC")
    )
    assert first < fill < content.index("W* n", fill) < stroke < second < mark < third
    assert hatch >= 0
    assert content.count("BDC") == content.count("EMC") == 3
    assert kept[0][1].startswith("1 0 0 rg /Lyd128 gs\n1000 7000 m")
    assert "/Lyd128 << /ca 0.5020" in kept[0][0]
    assert "/BBox [0 0 10000 8000] /Matrix [0.01 0 0 0.01 0 0]" in kept[0][0]
    assert "[300 100] 0 d" in kept[1][1]
    assert kept[2][1].count("f*") == 3  # ring, body and icon
    assert " c\n" in kept[2][1]
    assert "/XObject << /Lyd3 3 0 R >>" in kept[3][0]
    assert direct.layers == {"a": 0, "b": 1, "*labels": 2}
    assert direct.take_page() == NONE


def test_a_layer_that_mixes_is_a_group_and_no_picture(fonts, ops):
    kept = Kept()
    direct = Direct(kept)
    content = direct.replaced(page([BlendOp((ops[0], ops[2]), "multiply", 0.5)], fonts, direct), direct.take_page())
    assert b"/Im" not in content
    heads = [head for head, _ in kept]
    assert "/Group << /S /Transparency /I true" in heads[2]
    assert "/ca 0.5000 /CA 0.5000 /BM /Multiply" in heads[3]
    assert not can_take(BlendOp((ops[0], HATCH), "multiply"))


def test_a_picture_mixes_with_what_lies_below(fonts):
    grid = Grid(np.arange(400, dtype=np.float32).reshape(20, 20), (0.0, 100.0), (5.0, 5.0), VIEW.crs)
    op = RasterOp(grid, RasterSymbolizer(), blend="multiply")
    direct = Direct(Kept())
    drawn = page([op, replace(op, blend="normal")], fonts, direct)
    marks = direct.take_page()
    content = direct.replaced(drawn, marks)
    assert marks.blends == {"/LydMmultiply": "/Multiply"}
    assert content.count(b"/LydMmultiply gs /Im") == 1
    assert len(re.findall(rb"/Im\d+ +Do", content)) == 2
    assert b"%" not in content


def test_pieces_of_a_label_read_as_a_whole(fonts):
    glyphs = np.array([(10, 20, 0.3), (20, 25, 0.4)], np.float32)
    label = PlacedLabel("洛水", Font(8.0), (0, 0, 0, 255), (255, 255, 255, 220), 1.0, glyphs, (10, 10, 30, 30))
    kept = Kept()
    direct = Direct(kept)
    drawn = page([], fonts, direct, [label, label])
    content = direct.replaced(drawn, direct.take_page())
    assert content.count(b"/Span <</ActualText <FEFF6D1B6C34>>> BDC") == 2
    assert content.count(b"BDC") == content.count(b"EMC")
    assert len(kept) == 3  # two outlines and the halos
    assert kept[2][1].count(" Do Q") == 4
    assert "1 1 1 RG /Lyd255 gs 250.0 w" in kept[2][1]  # solid, in thousandths of the size of 8 px


def test_a_page_written_in_another_way_is_noticed(fonts, ops):
    direct = Direct(Kept())
    drawn = page(ops, fonts, direct)
    marks = direct.take_page()
    assert direct.replaced(drawn.replace(b" re\n", b" rectangle\n"), marks) is None
    assert direct.replaced(b"", NONE) == b""
