"""The layer panel: legend rows with counts, swatches, reading again."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets")

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QPushButton

from lydigital.errors import StoreUnavailableError
from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    Rule,
    Share,
    Stroke,
    Style,
)
from lydigital.ui import swatches

SHARES = (Share("a", "#cc0000", "甲", "First"), Share("b", "#0000cc", "乙", "Second"))
SYMBOLS = {
    "area": PolygonSymbolizer(Fill("#aa3322"), Stroke("#222222")),
    "line": LineSymbolizer(Stroke("#aa3322", 1.0)),
    "point": PointSymbolizer(glyph="school"),
    "dot": PointSymbolizer(size_mm=0.6, color="#aa3322", outline=""),
    "raster": RasterSymbolizer(((0.0, "#ffffff"), (1.0, "#333333"))),
    **{shape: ChartSymbolizer(SHARES, shape) for shape in ("pie", "ring", "bar")},
    "dots": DotSymbolizer(SHARES, 10.0),
    "heat": HeatSymbolizer(("#ffffcc", "#ff8800", "#880000")),
    "cluster": ClusterSymbolizer(PointSymbolizer()),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_every_symbol_has_a_swatch_of_its_own(application, name):
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    swatches.paint(painter, QRectF(0, 0, 20, 20), (SYMBOLS[name],))
    painter.end()
    colors = {image.pixel(x, y) for x in range(20) for y in range(20)}
    assert len(colors) > (1 if name == "area" else 3)


def area_layer(window):
    return next(r.id for r in window.session.document.layers if window.session.definition(r.id).geometry == "polygon")


def rows(window, layer):
    model = window.layers.model
    parent = model.find("layer", layer)
    nodes = [model.node(model.index(i, 0, parent)) for i in range(model.rowCount(parent))]
    return [(model.title(n), model.note(n)) for n in nodes]


def test_rows_of_charts_name_their_shares_and_rows_of_rules_count(window, framed):
    layer = area_layer(window)
    window.do("layer.style", layer=layer, style=Style((Rule((ChartSymbolizer(SHARES, "pie"),)),)))
    assert rows(window, layer) == [("First", ""), ("Second", "")]
    other = Rule((SYMBOLS["area"],))
    style = Style((Rule((SYMBOLS["area"],), "没有", "None", value="no such name"), other), "categorized", "name")
    with framed(window):
        window.do("layer.style", layer=layer, style=style)
    total = len(window.session.table(layer))
    assert rows(window, layer) == [("None", "0"), ("Other", str(total))]


def test_a_layer_that_failed_is_read_again(window, framed, monkeypatch, qtbot):
    session, layer = window.session, window.session.document.layers[0].id
    read = session.stores.read

    def fails(ref, *args, **more):
        if ref.id == layer:
            raise StoreUnavailableError("{path} is gone", hint="Bring it back.", path="x")
        return read(ref, *args, **more)

    monkeypatch.setattr(session.stores, "read", fails)
    window.do("layer.reload", layer=layer)
    qtbot.waitUntil(lambda: any(n.layer == layer for n in window.notices.notices), timeout=30_000)
    window.layers.choose(layer)
    assert window.layers.tree.tools.reload.isVisible()
    assert any(i.layer == layer for i in session.issues)
    monkeypatch.setattr(session.stores, "read", read)
    window.status.message.click()
    again = next(b for b in window.notices.findChildren(QPushButton) if b.text() == "Read again")
    with framed(window):
        again.click()
    assert not any(i.layer == layer for i in session.issues)
    assert session.scene(only_read=True, layer_ids={layer})
    window.layers.choose(layer)
    assert not window.layers.tree.tools.reload.isVisible()
