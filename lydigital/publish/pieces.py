"""What stands on a page besides the map itself, each drawn by a function of its own kind of item."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from lydigital.model.issue import Issue
from lydigital.model.layout import (
    ChartItem,
    ImageItem,
    LegendItem,
    MapItem,
    NorthItem,
    QrItem,
    ScaleBarItem,
    ShapeItem,
    StampItem,
    TableItem,
    TextItem,
)
from lydigital.publish import furniture, gridlines, turning, typeset
from lydigital.publish import legend as legends
from lydigital.publish.furniture import GREY, STAMP, Box
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QImage, QPainter

    from lydigital.model.layout import AnyItem, Layout, Outline
    from lydigital.model.report import Chart, Table
    from lydigital.publish.arrange import Driver, Material, PlacedMap
    from lydigital.publish.furniture import Paper
    from lydigital.render.painter.fonts import QtFonts

_SPECK_MM = 3.0  # diagonal below which the outline of a map is hard to find on its overview
_LEGEND_PT = 7.0  # at which the pieces of a legend have their natural size
_COLUMN_MM = 34.0  # least width of a column of it


@dataclass(frozen=True, eq=False)
class Context:
    """What items are drawn from; ``issues`` is where they say what is wrong, ``contents`` what tables and charts hold, by item."""

    layout: Layout
    material: Material
    maps: Mapping[str, PlacedMap]
    facts: Mapping[str, object]
    fonts: QtFonts
    driver: Driver | None
    issues: list[Issue]
    contents: dict[str, Table | Chart] = field(default_factory=dict)

    def map_of(self, item: Any) -> PlacedMap | None:
        found = self.layout.map_of(item.map)
        return None if found is None else self.maps.get(found.id)


def prepare(item: AnyItem, box: Box, context: Context) -> Callable[[Paper], None]:
    """What draws an item that is no map. Rows and pictures are looked up now, and what is wrong with them said in ``context``."""
    body = _PREPARED[type(item)](item, box, context)

    def draw(paper: Paper) -> None:
        painter = paper.painter
        painter.save()
        if item.rotation:
            painter.translate(box.x + box.width / 2, box.y + box.height / 2)
            painter.rotate(item.rotation)
            painter.translate(-box.x - box.width / 2, -box.y - box.height / 2)
        if item.fill and not isinstance(item, ShapeItem):
            paper.box(box, fill=item.fill)
        body(paper)
        if item.outline is not None and not isinstance(item, ShapeItem):
            _outline(paper, item.outline, box)
        painter.restore()

    return draw


def in_qt_colors(item: AnyItem) -> AnyItem:
    """The item with its colours as Qt writes them, alpha first; everywhere else they are ``#rrggbbaa``."""

    def turned(color: str) -> str:
        return f"#{color[7:]}{color[1:7]}" if len(color) == len("#rrggbbaa") else color

    new: dict[str, object] = {name: turned(getattr(item, name)) for name in ("fill", "color") if hasattr(item, name)}
    if item.outline is not None:
        new["outline"] = msgspec.structs.replace(item.outline, color=turned(item.outline.color))
    return msgspec.structs.replace(item, **new)


def over_map(paper: Paper, item: MapItem, box: Box, context: Context) -> None:
    """Grids, the outline of the map it is an overview of, and the frame."""
    placed = context.maps[item.id]
    for grid in item.grids:
        gridlines.draw(paper, box, placed.viewport, grid, band=item.neat or float(grid.outside), turn=placed.turn, base=placed.crs)
    other = context.maps.get(item.shows)
    if other is not None:
        corners = _on_overview(other, placed)
        paper.painter.save()
        _clip(paper, box)
        paper.shape(corners, "#14cc2a1e", STAMP, max(0.5, 0.008 * min(box.width, box.height)))
        paper.painter.restore()
    if item.neat:
        furniture.frame(paper, box, item.neat)
    if item.outline is not None:
        _outline(paper, item.outline, box)


def _on_overview(shown: PlacedMap, overview: PlacedMap) -> list[tuple[float, float]]:
    """Corners on the overview; what would be a speck is drawn larger about its middle."""
    x0, y0, x1, y1 = shown.viewport.bounds
    places = (turning.place(shown.viewport.centre, x - shown.viewport.centre[0], y - shown.viewport.centre[1], shown.turn)
              for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))  # fmt: skip
    corners = [overview.to_page(*place) for place in places]
    x, y = sum(c[0] for c in corners) / 4, sum(c[1] for c in corners) / 4
    grow = max(1.0, _SPECK_MM / max(0.01, math.dist(corners[0], corners[2])))
    return [(x + (px - x) * grow, y + (py - y) * grow) for px, py in corners]


def _clip(paper: Paper, box: Box) -> None:
    from PySide6.QtCore import QRectF

    paper.painter.setClipRect(QRectF(box.x, box.y, box.width, box.height))


def _outline(paper: Paper, outline: Outline, box: Box) -> None:
    paper.box(box, color=outline.color, width_mm=outline.width)
    if outline.double:
        paper.box(box.inset(max(1.0, 3 * outline.width)), color=outline.color, width_mm=outline.width / 2)


def _text(item: TextItem, box: Box, context: Context) -> Callable[[Paper], None]:
    """Lines are broken once, before anything is drawn."""
    paper = furniture.Paper(cast("QPainter", None), context.fonts)  # only to measure
    room = box.inset(item.padding)
    size = item.size
    words = _shortened(paper, item, room, context.facts)
    while True:
        lines = typeset.lines(paper.fonts, words, size, room.width, item.weight)
        step = typeset.size_mm(size) * item.leading
        if not item.shrink or len(lines) * step <= room.height + 0.3 or size <= item.least:
            break
        size = max(item.least, size * 0.94)
    fits = max(1, math.floor((room.height + 0.3) / step))
    if len(lines) > fits:
        last = "".join(run.text for run in lines[fits - 1])
        while last and paper.width_mm(last + "…", size, item.weight) > room.width:
            last = last[:-1]
        lines = [*lines[: fits - 1], (typeset.Run(last + "…", item.weight),)]
        context.issues.append(Issue(
            "layout.cut", "warning", "{item} has no room for all of its text", "Give it more room, or write less.", values={"item": item.name or item.id},
        ))  # fmt: skip
    free = room.height - len(lines) * step
    top = room.y + {"top": 0.0, "middle": free / 2, "bottom": free}[item.vertical]
    places = []
    for i, line in enumerate(lines):
        beside = room.width - typeset.width(paper, line, size)
        x = room.x + {"left": 0.0, "centre": beside / 2, "right": beside}[item.align]
        places.append((x, top + step * (i + 0.5) + typeset.size_mm(size) * 0.36, line))

    def draw(paper: Paper) -> None:
        for x, y, line in places:
            typeset.set_line(paper, x, y, line, size, color=item.color)

    return draw


def _shortened(paper: Paper, item: TextItem, room: Box, facts: Mapping[str, object]) -> str:
    """The words of an item; rows of names are cut until it fits, before its type is made smaller."""
    words, _ = typeset.fill(item.text, facts)
    rows = {key: value for key, value in facts.items() if isinstance(value, typeset.Names) and len(value) > 1 and f"{{{key}}}" in item.text}
    if not rows:
        return words
    fits = math.floor((room.height + 0.3) / (typeset.size_mm(item.size) * item.leading))
    for number in range(max(map(len, rows.values())), 0, -1):
        words, _ = typeset.fill(item.text, {**facts, **{key: names.first(number) for key, names in rows.items()}})
        if len(typeset.lines(paper.fonts, words, item.size, room.width, item.weight)) <= fits:
            break
    return words


def _legend(item: LegendItem, box: Box, context: Context) -> Callable[[Paper], None]:
    """What is on the map is looked up once; entries without room are counted on the page and said."""
    placed = context.map_of(item)
    if placed is None:
        return void
    view = placed.viewport
    titles = {i: (group, item.names.get(i, title)) for i, (group, title) in context.material.titles.items() if i not in item.hidden}
    groups = legends.of_scene(placed.scene, titles, view.bounds, view.scale, numbers=item.counts)
    grow = item.size / _LEGEND_PT
    width, height = box.width / grow, box.height / grow
    top = 6.0 if item.title else 0.0
    columns = item.columns or furniture.columns_for(groups, height - top, max(1, int((width + 4) // (_COLUMN_MM + 4))))
    room = Box(0, top, width, height - top)
    if furniture.flow(groups, columns, room.height, furniture.TIGHT_MM)[1]:
        room = Box(0, top, width, room.height - 3.5)  # for the words below
        context.issues.append(Issue(
            "layout.legend", "warning", "The legend has no room for {count} entries", "Give it more room or columns, or show fewer layers.",
            values={"count": str(furniture.flow(groups, columns, room.height, furniture.TIGHT_MM)[1])},
        ))  # fmt: skip

    def draw(paper: Paper) -> None:
        painter = paper.painter
        painter.save()
        painter.translate(box.x, box.y)
        painter.scale(grow, grow)
        if item.title:
            paper.text(0, 3.2, typeset.fill(item.title, context.facts)[0], 9, weight="bold", most_mm=width)
        left_out = furniture.legend(paper, room, groups, view.scale, columns)
        if left_out:
            paper.text(width, height - 0.4, tr("and {count} more", count=left_out), 6.5, color=GREY, align="right")
        painter.restore()

    return draw


def _scale_bar(paper: Paper, item: ScaleBarItem, box: Box, context: Context) -> None:
    placed = context.map_of(item)
    if placed is None:
        return
    if item.ratio:
        paper.text(box.x, box.y + typeset.size_mm(item.size * 1.5), f"1:{placed.scale:,}".replace(",", " "), item.size * 1.5, weight="bold")
    grow = item.size / 6.5
    furniture.scale_bar(paper, box.x + 0.1 * grow, box.bottom - 0.4 * grow, placed.metres_per_mm, box.width - 9 * grow, grow=grow)


def _north(paper: Paper, item: NorthItem, box: Box, context: Context) -> None:
    placed = context.map_of(item)
    turn = 0.0 if placed is None else placed.turn
    painter = paper.painter
    painter.save()
    painter.translate(box.x + box.width / 2, box.y + box.height / 2)
    painter.rotate(turn)
    furniture.north_arrow(paper, 0.0, -box.height / 2, box.height)
    painter.restore()


def _stamps(paper: Paper, item: StampItem, box: Box, context: Context) -> None:
    """As high as the box where its width allows."""
    lines = max((len(s) for s in context.material.stamps), default=0)
    made = [[*words, *([""] * (lines - len(words)))] for words in context.material.stamps]
    widths = [max(paper.width_mm(text, 7, "bold") for text in words) + 5 for words in made]
    whole = sum(widths) + 2.5 * (len(made) - 1)
    grow = min(box.height / (3.5 * max(2, lines) + 2.2), box.width / max(whole, 1.0))
    free = box.width - whole * grow
    right = box.right - {"left": free, "centre": free / 2, "right": 0.0}[item.align]
    for words, wide in zip(made, widths, strict=True):
        furniture.stamp(paper, right, box.y, words, color=STAMP, grow=grow)
        right -= (wide + 2.5) * grow


def _shape(paper: Paper, item: ShapeItem, box: Box, _context: Context) -> None:
    from PySide6.QtCore import QPointF, QRectF, Qt
    from PySide6.QtGui import QColor, QPen

    painter, line = paper.painter, item.outline
    if line is not None and line.width:
        pen = QPen(QColor(line.color), line.width)
        if line.dash:
            pen.setDashPattern([max(0.01, d) / line.width for d in line.dash])
        painter.setPen(pen)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(item.fill) if item.fill else Qt.BrushStyle.NoBrush)
    place = QRectF(box.x, box.y, box.width, box.height)
    if item.form == "ellipse":
        painter.drawEllipse(place)
    elif item.form == "rectangle":
        painter.drawRoundedRect(place, item.radius, item.radius) if item.radius else painter.drawRect(place)
    else:
        begin, end = (place.bottomLeft(), place.topRight()) if item.form == "rising" else (place.topLeft(), place.bottomRight())
        painter.drawLine(begin, end)
        if item.form == "arrow" and line is not None:
            turn = math.atan2(end.y() - begin.y(), end.x() - begin.x())
            size = 4 * line.width + 1.5
            wings = [QPointF(end.x() - size * math.cos(turn + a), end.y() - size * math.sin(turn + a)) for a in (0.42, -0.42)]
            painter.setBrush(QColor(line.color))
            painter.drawPolygon([end, *wings])


def _tabular(item: TableItem | ChartItem, box: Box, context: Context) -> Callable[[Paper], None]:
    from lydigital.errors import LydError
    from lydigital.publish import charts, tabular

    material = context.material
    within = context.maps.get(item.within)
    try:
        table, definition = material.table(item.layer), material.definition(item.layer)
        if isinstance(item, TableItem):
            rows = context.contents[item.id] = tabular.table_of(item, table, definition, within, context.driver, personal=material.personal)
            size, most = item.size, item.rows
            return lambda paper: void(tabular.draw(paper, box, rows, size, most))
        chart = context.contents[item.id] = tabular.chart_of(item, table, definition, within, context.driver)
        size = item.size
        below = typeset.size_mm(size) * 2.0
    except (LydError, KeyError) as error:
        reason = str(error) if isinstance(error, LydError) else tr("the map has no layer {layer}", layer=item.layer or "–")
        context.issues.append(Issue(
            "layout.rows", "warning", "{item} cannot be filled: {reason}", "Choose a layer and fields that the map has.",
            values={"item": item.name or item.id, "reason": reason},
        ))  # fmt: skip
        return partial(_empty, box=box, words=reason)

    def draw(paper: Paper) -> None:
        paper.text(box.x, box.y + 0.64 * below, chart.title, size * 1.15, weight="bold", most_mm=box.width)
        charts.draw(paper, Box(box.x, box.y + below, box.width, box.height - below), chart, charts.Look(size_pt=size))

    return draw


def void(_result: object) -> None:
    """What a painter's function gives back is of no use to a page."""


def _empty(paper: Paper, box: Box, words: str) -> None:
    """A place that nothing could be put in, and why."""
    paper.box(box, color=GREY, width_mm=0.15)
    paper.text(box.x + box.width / 2, box.y + box.height / 2, words, 7, color=GREY, align="centre", most_mm=box.width - 2)


def _qr(item: QrItem, box: Box, context: Context) -> Callable[[Paper], None]:
    """As few rectangles as the rows of the code have runs; a quiet zone of four modules is part of the code."""
    import segno

    words, _ = typeset.fill(item.text, context.facts)
    if not words:
        return void
    try:
        code = segno.make(words, error="m", micro=False)
    except segno.DataOverflowError:
        context.issues.append(Issue("layout.qr", "warning", "{item} holds more text than a QR code can", "Use a short address.", values={"item": item.name or item.id}))
        return void
    rows = [list(row) for row in code.matrix_iter(border=4)]
    side = min(box.width, box.height)
    step = side / len(rows)
    x0, y0 = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2

    def draw(paper: Paper) -> None:
        paper.box(Box(x0, y0, side, side), fill="#ffffff")
        for r, row in enumerate(rows):
            for dark, run in groupby(enumerate(row), key=lambda cell: cell[1]):
                columns = [c for c, _ in run]
                if dark:
                    paper.box(Box(x0 + columns[0] * step, y0 + r * step, len(columns) * step, step * 1.02), fill="#000000")

    return draw


def _image(item: ImageItem, box: Box, context: Context) -> Callable[[Paper], None]:
    from PySide6.QtGui import QImageReader

    path = Path(item.path)
    if not path.is_absolute() and context.material.folder is not None:
        path = context.material.folder / path
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    picture = reader.read() if item.path and path.is_file() else None
    if picture is None or picture.isNull():
        context.issues.append(Issue(
            "layout.image", "warning", "The picture {path} cannot be shown", "Check the name of the file; PNG and JPEG are read.",
            values={"path": item.path or item.id},
        ))  # fmt: skip
        return partial(_empty, box=box, words=tr("No picture"))
    return partial(_picture, picture=picture, box=box, fit=item.fit)


def _picture(paper: Paper, picture: QImage, box: Box, fit: str) -> None:
    from PySide6.QtCore import QRectF, Qt

    place = QRectF(box.x, box.y, box.width, box.height)
    source = QRectF(picture.rect())
    if fit == "contain":
        size = source.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(place.center().x() - size.width() / 2, place.center().y() - size.height() / 2, size.width(), size.height())
    elif fit == "cover":
        size = place.size().scaled(source.size(), Qt.AspectRatioMode.KeepAspectRatio)
        source = QRectF(source.center().x() - size.width() / 2, source.center().y() - size.height() / 2, size.width(), size.height())
    paper.painter.drawImage(place, picture, source)


def _painted(function: Callable[..., None]) -> Callable[[AnyItem, Box, Context], Callable[[Paper], None]]:
    """For what needs nothing looked up before it is drawn."""
    return lambda item, box, context: lambda paper: function(paper, item, box, context)


_PREPARED: dict[type, Callable[[Any, Box, Context], Callable[[Paper], None]]] = {
    TextItem: _text, LegendItem: _legend, ScaleBarItem: _painted(_scale_bar), NorthItem: _painted(_north),
    StampItem: _painted(_stamps), ShapeItem: _painted(_shape), TableItem: _tabular, ChartItem: _tabular, QrItem: _qr, ImageItem: _image,
}  # fmt: skip
