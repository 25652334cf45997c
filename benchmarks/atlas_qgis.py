"""The atlas of ``atlas.py`` with QGIS: ``/usr/bin/python3 atlas_qgis.py content.json``, written for QGIS 3.22."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsHillshadeRenderer,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemMapGrid,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRenderContext,
    QgsRuleBasedRenderer,
    QgsScaleBarSettings,
    QgsSimpleLineSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont

FONT = "Noto Sans CJK SC"
MM = QgsUnitTypes.LayoutMillimeters


def symbol(geometry: str, parts: list[dict[str, Any]]) -> Any:
    """A symbol of plain layers in the colours and widths of the rule."""
    if geometry == "point":
        part = parts[0]
        return QgsMarkerSymbol.createSimple({
            "name": "circle", "color": part["color"], "size": str(part["size"]), "outline_color": part["outline"], "outline_width": "0.25",
        })
    if geometry == "line":
        made = QgsLineSymbol.createSimple({"line_color": parts[-1]["color"], "line_width": str(parts[-1]["width"]), "capstyle": "round", "joinstyle": "round"})
        below = [p["casing"] for p in parts if p["casing"]] + [[p["color"], p["width"]] for p in parts[:-1]]
        for color, width in reversed(below):
            line = QgsSimpleLineSymbolLayer(QColor(color[:7]), width)
            made.insertSymbolLayer(0, line)
        dash = parts[-1]["dash"]
        if dash:
            line = made.symbolLayer(made.symbolLayerCount() - 1)
            line.setUseCustomDashPattern(True)
            line.setCustomDashVector(list(dash) * (1 if len(dash) % 2 == 0 else 2))
        return made
    part = parts[0]
    stroke = part["stroke"]
    made = QgsFillSymbol.createSimple({
        "color": part["color"] or "#00000000", "style": "solid" if part["color"] else "no", "outline_style": "solid" if stroke else "no",
        "outline_color": stroke[0] if stroke else "#000000", "outline_width": str(stroke[1]) if stroke else "0",
    })
    if part["color"] and part["opacity"] < 1:
        color = QColor(part["color"][:7])
        color.setAlphaF(part["opacity"])
        made.symbolLayer(0).setFillColor(color)
    return made


def styled(layer: QgsVectorLayer, spec: dict[str, Any]) -> None:
    """Rules with their scales, names with their halo."""
    root = QgsRuleBasedRenderer.Rule(None)
    for rule in spec["rules"]:
        if rule["symbols"]:
            # QGIS counts scales the other way round: its minimum is the smallest scale, the greatest denominator
            root.appendChild(QgsRuleBasedRenderer.Rule(symbol(spec["geometry"], rule["symbols"]), int(rule["min"]), int(rule["max"]), rule["where"], rule["title"]))
    layer.setRenderer(QgsRuleBasedRenderer(root))
    if spec["max"] or spec["min"]:
        layer.setScaleBasedVisibility(True)
        layer.setMinimumScale(spec["max"])
        layer.setMaximumScale(spec["min"])
    label = spec["label"]
    if label:
        settings = QgsPalLayerSettings()
        settings.fieldName = label["field"]
        text = QgsTextFormat()
        text.setFont(QFont(FONT))
        text.setSize(label["size"])
        text.setColor(QColor(label["color"]))
        buffer = QgsTextBufferSettings()
        buffer.setEnabled(True)
        buffer.setSize(label["halo"])
        text.setBuffer(buffer)
        settings.setFormat(text)
        if label["max"]:
            settings.scaleVisibility = True
            settings.minimumScale, settings.maximumScale = label["max"], label["min"]
        if label["placement"] == "line":
            settings.placement = QgsPalLayerSettings.Line
            settings.repeatDistance = label["repeat"]
        layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
        layer.setLabelsEnabled(True)


def placed(item: Any, box: list[float]) -> None:
    item.attemptMove(QgsLayoutPoint(box[0], box[1], MM))
    item.attemptResize(QgsLayoutSize(box[2], box[3], MM))


def text_item(layout: QgsPrintLayout, words: str, box: list[float], size: int) -> None:
    item = QgsLayoutItemLabel(layout)
    item.setText(words)
    item.setFont(QFont(FONT, size))
    layout.addLayoutItem(item)
    placed(item, box)


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    QgsApplication.setPrefixPath("/usr", True)
    app = QgsApplication([], False)
    app.initQgis()
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem(spec["crs"]))
    layers = {}
    for one in spec["layers"]:
        if one["geometry"] == "raster":
            layer = QgsRasterLayer(one["source"], one["title"])
            layer.setRenderer(QgsHillshadeRenderer(layer.dataProvider(), 1, 315, 45))
        else:
            layer = QgsVectorLayer(one["source"], one["title"], "ogr")
            styled(layer, one)
        if not layer.isValid():
            raise RuntimeError(one["source"])
        project.addMapLayer(layer)
        layers[one["id"]] = layer
    bare_county = layers["county"].clone()  # the overview has no names
    bare_county.setLabelsEnabled(False)
    project.addMapLayer(bare_county, False)
    order = list(reversed(list(layers.values())))
    coverage = layers["township"]
    layout, boxes = QgsPrintLayout(project), spec["boxes"]
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(*spec["page"], MM))
    main_map = QgsLayoutItemMap(layout)
    main_map.setRect(20, 20, 20, 20)
    layout.addLayoutItem(main_map)
    placed(main_map, boxes["main"])
    main_map.setFrameEnabled(True)
    main_map.setLayers(order)
    main_map.setKeepLayerSet(True)
    main_map.zoomToExtent(coverage.extent())
    main_map.setAtlasDriven(True)
    main_map.setAtlasScalingMode(QgsLayoutItemMap.Auto)
    main_map.setAtlasMargin(0.12)  # ours leaves 0.06 and rounds the scale up
    grid = QgsLayoutItemMapGrid("graticule", main_map)
    grid.setCrs(QgsCoordinateReferenceSystem("EPSG:4490"))
    grid.setUnits(QgsLayoutItemMapGrid.DynamicPageSizeBased)
    grid.setMinimumIntervalWidth(40)
    grid.setMaximumIntervalWidth(80)
    grid.setStyle(QgsLayoutItemMapGrid.Cross)
    grid.setAnnotationEnabled(True)
    grid.setAnnotationFormat(QgsLayoutItemMapGrid.DegreeMinute)
    main_map.grids().addGrid(grid)
    overview = QgsLayoutItemMap(layout)
    overview.setRect(20, 20, 20, 20)
    layout.addLayoutItem(overview)
    placed(overview, boxes["overview"])
    overview.setFrameEnabled(True)
    overview.setLayers([bare_county, *(layers[name] for name in ("river_area", "reservoir", "relief"))])
    overview.setKeepLayerSet(True)
    overview.zoomToExtent(layers["county"].extent())
    overview.overview().setLinkedMap(main_map)
    text_item(layout, '[% "name" %]', boxes["title"], 22)
    text_item(layout, "CGCS2000 / EPSG:4546", boxes["where"], 7)
    text_item(layout, "资料来源：数字洛阳示例数据", boxes["sources"], 7)
    legend = QgsLayoutItemLegend(layout)
    legend.setLinkedMap(main_map)
    legend.setTitle("图例")
    legend.setColumnCount(2)
    legend.setSplitLayer(True)
    for style in (QgsLegendStyle.Group, QgsLegendStyle.Subgroup, QgsLegendStyle.SymbolLabel):
        legend.setStyleFont(style, QFont(FONT, 6))
    legend.setSymbolHeight(2)
    legend.setSymbolWidth(5)
    legend.setLegendFilterByMapEnabled(True)  # only what is on the map, as ours
    layout.addLayoutItem(legend)
    placed(legend, boxes["legend"])
    bar = QgsLayoutItemScaleBar(layout)
    bar.setStyle("Single Box")
    bar.setLinkedMap(main_map)
    bar.setUnits(QgsUnitTypes.DistanceKilometers)
    bar.setUnitLabel("km")
    bar.setSegmentSizeMode(QgsScaleBarSettings.SegmentSizeFitWidth)
    bar.setMinimumBarWidth(15)
    bar.setMaximumBarWidth(25)
    layout.addLayoutItem(bar)
    placed(bar, boxes["scale"])
    north = QgsLayoutItemPicture(layout)
    north.setPicturePath(":/images/north_arrows/layout_default_north_arrow.svg")
    layout.addLayoutItem(north)
    placed(north, boxes["north"])
    atlas = layout.atlas()
    atlas.setCoverageLayer(coverage)
    atlas.setEnabled(True)
    atlas.setFilterFeatures(True)
    atlas.setFilterExpression(spec["where"])
    atlas.setSortFeatures(True)
    atlas.setSortExpression('"code"')
    atlas.setFilenameExpression('"code"')
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 300
    settings.textRenderFormat = QgsRenderContext.TextFormatAlwaysText
    out = Path(spec["out"])
    out.mkdir(parents=True, exist_ok=True)
    result, error = QgsLayoutExporter.exportToPdfs(atlas, str(out / "a.pdf"), settings)
    if result != QgsLayoutExporter.Success:
        raise RuntimeError(error)


if __name__ == "__main__":
    main()
    os._exit(0)  # QGIS tears down Python objects in an order that crashes it
