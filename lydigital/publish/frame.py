"""The sheet that a paper frame stands for: header, map, a column or a band beside it, foot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital.model.layout import (
    AnyItem,
    ChartItem,
    GridLines,
    Layout,
    LegendItem,
    MapItem,
    NorthItem,
    Outline,
    Page,
    QrItem,
    ScaleBarItem,
    ShapeItem,
    StampItem,
    TableItem,
    TextItem,
)
from lydigital.publish import arrange, furniture
from lydigital.publish import legend as legends
from lydigital.publish.furniture import Box
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lydigital.model.frame import Frame
    from lydigital.publish.arrange import Material
    from lydigital.publish.legend import Group

ID = "frame"
_COLUMN_MM, _GAP_MM = 40.0, 4.0
_SMALL = ("slide", "half")


@dataclass(frozen=True)
class _Plan:
    """Where the parts stand, mm; ``k`` is how much larger than A4 everything is."""

    k: float
    head: Box | None
    map: Box
    side: Box | None
    foot: Box | None
    band: float


def of_material(frame: Frame, material: Material, **main: Any) -> Layout:
    """The frame as a layout with room for the legend that its map needs; ``main`` are other fields of that map. Raises as :func:`arrange.window`."""
    groups: tuple[Group, ...] = ()
    while True:  # the map gives way to the legend, which then says what is on the smaller map
        layout = layout_of(frame, groups)
        shown = layout.main_map
        assert shown is not None
        shown = msgspec.structs.replace(shown, **main)
        layout = layout.with_item(shown)
        if not frame.legend or groups:
            return layout
        view = arrange.window(shown, material)
        groups = legends.of_scene(arrange.seen(shown, material, view), material.titles, view.bounds, view.scale)
        if not groups:
            return layout


def layout_of(frame: Frame, legend: Sequence[Group] = ()) -> Layout:
    """The frame as a layout that the designer can take further; ``legend`` is what its legend will say, to make room for it."""
    width, height = frame.size_mm
    plan = _plan(frame, legend)
    items = tuple(_items(frame, plan))
    return Layout(ID, tr("Paper frame"), pages=(Page(width=width, height=height),), items=items, values={"title": frame.title} if frame.title else {}, frame=frame)


def map_box(frame: Frame, legend: Sequence[Group] = ()) -> Box:
    """Where the map stands on the paper."""
    return _plan(frame, legend).map


def _plan(frame: Frame, legend: Sequence[Group]) -> _Plan:
    width, height = frame.size_mm
    k = 0.72 if frame.format == "half" else min(2.6, max(0.72, math.sqrt(width * height / (297 * 210))) ** 0.72)
    small = frame.format in _SMALL
    margin = (4.0 if frame.format == "half" else 10.0) * k
    body = Box(0, 0, width, height).inset(margin)
    head = Box(body.x, body.y, body.width, 14 * k) if frame.has_title else None
    foot_mm = 0.0 if not (frame.foot or frame.scale_bar) else (9.0 if small else 16.0) * k
    foot = Box(body.x, body.bottom - foot_mm, body.width, foot_mm) if foot_mm else None
    top = (head.bottom + 1.5 * k) if head else body.y
    bottom = (foot.y - 2.5 * k) if foot else body.bottom
    band = 0.0 if frame.grid == "none" else 4.6 * k
    room = Box(body.x, top, body.width, bottom - top)
    extras = sum(map(bool, (frame.overview, frame.table, frame.chart)))
    if not frame.legend and not extras:
        return _Plan(k, head, room.inset(band), None, foot, band)
    if height > width:  # a band below the map
        least = _height(legend, (room.width / k - extras * (0.3 * room.width / k)) if extras else room.width / k) * k
        tall = min(0.34 * room.height, max(least, 46 * k if extras else 0))
        side = Box(room.x, room.bottom - tall, room.width, tall)
        return _Plan(k, head, Box(room.x, room.y, room.width, room.height - tall - _GAP_MM * k).inset(band), side, foot, band)
    free = room.height - 42 * k * extras
    columns = furniture.columns_for(legend, free / k, 3) if frame.legend else 1
    wide = min(0.36 * room.width, (columns * _COLUMN_MM + (columns - 1) * 4.0 + (14 if extras and columns == 1 else 0)) * k)
    side = Box(room.right - wide, room.y, wide, room.height)
    return _Plan(k, head, Box(room.x, room.y, room.width - wide - (_GAP_MM + 2) * k, room.height).inset(band), side, foot, band)


def _height(legend: Sequence[Group], width: float) -> float:
    """Least height of a legend in as many columns as ``width`` has room for, mm at its natural size."""
    columns = max(1, int((width + 4) // (_COLUMN_MM + 4)))
    low, high = 8.0, 4_000.0
    while high - low > 0.5:
        half = (low + high) / 2
        low, high = (half, high) if furniture.flow(legend, columns, half, furniture.ROW_MM)[1] else (low, half)
    return high


def _items(frame: Frame, plan: _Plan) -> Iterator[AnyItem]:
    k, box = plan.k, plan.map
    grids = () if frame.grid == "none" else (GridLines(kind=frame.grid, corners=frame.corners, size=5.5 * k),)
    yield MapItem(
        id="main", name=tr("Map"), x=box.x, y=box.y, width=box.width, height=box.height, centre=frame.centre, scale=frame.scale,
        turn=frame.turn, grids=grids, neat=plan.band, outline=None if plan.band else Outline(width=0.25 * k),
    )  # fmt: skip
    if plan.head is not None:
        yield from _head(frame, plan.head, k)
    if plan.side is not None:
        yield from _side(frame, plan.side, k)
    if plan.foot is not None:
        yield from _foot(frame, plan.foot, k)
    elif frame.north:
        yield _north(box.right - 12 * k, box.y + 3 * k, k)


def _head(frame: Frame, head: Box, k: float) -> Iterator[AnyItem]:
    stamp = min(78 * k, 0.42 * head.width)
    yield TextItem(
        id="title", x=head.x, y=head.y, width=head.width - stamp - 4 * k, height=(9.6 if frame.subtitle else 12) * k, text="{title}",
        size=18 * k, weight="bold", vertical="middle", least=8,
    )  # fmt: skip
    if frame.subtitle:
        yield TextItem(id="subtitle", x=head.x, y=head.y + 9.4 * k, width=head.width - stamp - 4 * k, height=4.6 * k, text=frame.subtitle, size=8.5 * k, color="#6b7280")
    yield StampItem(id="stamp", x=head.right - stamp, y=head.y + 1.6 * k, width=stamp, height=9.5 * k)


def _side(frame: Frame, side: Box, k: float) -> Iterator[AnyItem]:
    """Legend, then table, chart and overview: from top to bottom, or side by side under an upright map."""
    upright = side.width > 1.6 * side.height
    extras = [name for name in ("table", "chart", "overview") if getattr(frame, name)]
    if upright:
        part = 0.26 * side.width if len(extras) > 1 else 0.34 * side.width
        rest = Box(side.x, side.y, side.width - len(extras) * (part + 4 * k), side.height)
        places = [Box(rest.right + 4 * k + i * (part + 4 * k), side.y, part, side.height) for i in range(len(extras))]
    else:
        part = min(58 * k, 0.74 * side.width) if frame.legend else min(90 * k, (side.height - 4 * k * len(extras)) / max(1, len(extras)))
        part = min(part, 0.6 * side.height / max(1, len(extras)))
        rest = Box(side.x, side.y, side.width, side.height - len(extras) * (part + 4 * k))
        places = [Box(side.x, rest.bottom + 4 * k + i * (part + 4 * k), side.width, part) for i in range(len(extras))]
    if frame.legend:
        yield LegendItem(id="legend", map="main", x=rest.x, y=rest.y, width=rest.width, height=rest.height, size=min(7 * k, 16.0))
    for name, place in zip(extras, places, strict=True):
        x, y, width, height = place.x, place.y, place.width, place.height
        if name == "overview":
            yield MapItem(
                id="overview", name=tr("Overview"), follows="home", margin=0.04, round_scale=False, shows="main", outline=Outline(width=0.25 * k),
                labels=False, x=x, y=y, width=width, height=height,
            )  # fmt: skip
        elif name == "table":
            yield TableItem(id="table", layer=frame.table, within="main", rows=max(1, int(place.height / (4.6 * k)) - 2), size=6.5 * k, x=x, y=y, width=width, height=height)
        else:
            layer, _, category = frame.chart.partition("/")
            yield ChartItem(id="chart", layer=layer, category=category, within="main", x=x, y=y, width=width, height=height)


def _foot(frame: Frame, foot: Box, k: float) -> Iterator[AnyItem]:
    x = foot.x
    small = foot.height < 10 * k
    if frame.scale_bar:
        wide = min(64 * k, 0.3 * foot.width)
        yield ScaleBarItem(id="scale", map="main", x=x, y=foot.y, width=wide, height=(8.5 if small else 13.0) * k, size=6.5 * k, ratio=not small)
        x += wide + 6 * k
    if frame.north:
        tall = (8.5 if small else 14.0) * k
        yield _north(x, foot.y, tall / 14)
        x += tall * 0.6 + 6 * k
    right = foot.right
    if frame.qr:
        right -= foot.height
        yield QrItem(id="qr", text=frame.qr, x=right, y=foot.y, width=foot.height, height=foot.height)
        right -= 4 * k
    if frame.foot and right - x > 30 * k:
        words = _words(small=small)
        yield ShapeItem(id="rule", form="line", x=x - 3 * k, y=foot.y + 1 * k, width=0, height=foot.height - 2 * k, outline=Outline(color="#b9bec6", width=0.15 * k))
        yield TextItem(
            id="foot", x=x, y=foot.y, width=right - x, height=foot.height, text=words + (f"\n{frame.note}" if frame.note else ""), size=6.5 * k,
            color="#6b7280", vertical="middle", least=4,
        )  # fmt: skip


def _words(*, small: bool) -> str:
    """The words of the foot; each stands only where there is something to say."""
    crs, heights = tr("Coordinate system: {name} ({code})", name="{crs}", code="{crs_code}"), tr("Height datum: {name}", name="{height_datum}")
    who = "".join(f"[[{tr(template, name=hole, date=hole)}　]]" for template, hole in (
        ("Producer: {name}", "{producer}"), ("Drawn on {date} with lydigital", "{date}"), ("Drawn by {name}", "{operator}"),
    ))  # fmt: skip
    sources = f"[[{tr('Sources: {names}', names='{sources}')}]]"
    return f"{crs}　{who}{sources}" if small else f"{crs}　[[{heights}]]\n{who}\n{sources}"


def _north(x: float, y: float, k: float) -> NorthItem:
    return NorthItem(id="north", map="main", x=x, y=y, width=8.4 * k, height=14 * k)
