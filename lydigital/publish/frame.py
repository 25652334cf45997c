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
    """Where the parts stand, mm; ``k`` is how much larger than A4 everything is, ``beside`` by name table, chart and overview."""

    k: float
    head: Box | None
    map: Box
    legend: Box | None
    beside: dict[str, Box]
    foot: Box | None
    band: float


def of_material(frame: Frame, material: Material, **main: Any) -> Layout:
    """The frame as a layout with room for the legend that its map needs; ``main`` are other fields of that map. Raises as :func:`arrange.window`."""
    groups: tuple[Group, ...] = ()
    while True:  # the map gives way to the legend, which then says what is on the smaller map
        layout = _fitted(layout_of(frame, groups), material)
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


def _fitted(layout: Layout, material: Material) -> Layout:
    """The overview no wider or higher than the map is."""
    small = layout.item("overview")
    x0, y0, x1, y1 = material.home
    if small is None or not 0 < x1 - x0 < math.inf or not 0 < y1 - y0 < math.inf:
        return layout
    width = min(small.width, max(0.4 * small.width, small.height * (x1 - x0) / (y1 - y0)))
    height = min(small.height, max(0.4 * small.height, small.width * (y1 - y0) / (x1 - x0)))
    return layout.with_item(msgspec.structs.replace(small, y=small.y + small.height - height, width=width, height=height))


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
    k = max(0.4, min(k, min(width, height) / 120))  # a long strip is as small as it is narrow
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
    names = [name for name in ("table", "chart", "overview") if getattr(frame, name)]
    if height > width:
        space, boxed, beside = _below(room, legend if frame.legend else None, names, k)
    else:
        space, boxed, beside = _right(room, legend if frame.legend else None, names, k)
    return _Plan(k, head, space.inset(band), boxed, beside, foot, band)


_Split = tuple[Box, Box | None, dict[str, Box]]


def _below(room: Box, legend: Sequence[Group] | None, names: list[str], k: float) -> _Split:
    """A band under the map: legend, then the others side by side."""
    if legend is None and not names:
        return room, None, {}
    gap = _GAP_MM * k
    part = (room.width + gap) / len(names) - gap if legend is None else (0.26 if len(names) > 1 else 0.34) * room.width
    wide = room.width - len(names) * (part + gap)
    need = 0.0 if legend is None else _height(legend, max(1, int((wide / k + 4) // (_COLUMN_MM + 4)))) * k
    tall = min(0.34 * room.height, max(need, 46 * k if names else 0.0))
    y = room.bottom - tall
    boxed = None if legend is None else Box(room.x, y, wide, tall)
    x = room.x if boxed is None else boxed.right + gap
    return Box(room.x, room.y, room.width, y - gap - room.y), boxed, {n: Box(x + i * (part + gap), y, part, tall) for i, n in enumerate(names)}


def _right(room: Box, legend: Sequence[Group] | None, names: list[str], k: float) -> _Split:
    """A column at the right of the map: legend, then the others below each other."""
    if legend is None and not names:
        return room, None, {}
    gap, count = _GAP_MM * k, max(1, len(names))
    least = min(44 * k, 0.62 * room.height / count)
    free = room.height - len(names) * (least + gap)
    columns = 1 if legend is None else furniture.columns_for(legend, free / k, 4)
    wide = min(0.36 * room.width, (columns * _COLUMN_MM + (columns - 1) * 4 + (14 if names and columns == 1 else 0)) * k)
    need = 0.0 if legend is None else min(free, (_height(legend, columns) + 4) * k)
    part = max(least, min((room.height - need) / count - gap, 0.8 * wide if legend is not None else room.height))
    x, y = room.right - wide, room.bottom - len(names) * (part + gap) + gap
    boxed = None if legend is None else Box(x, room.y, wide, (y - gap if names else room.bottom) - room.y)
    space = Box(room.x, room.y, room.width - wide - (_GAP_MM + 2) * k, room.height)
    return space, boxed, {n: Box(x, y + i * (part + gap), wide, part) for i, n in enumerate(names)}


def _height(legend: Sequence[Group], columns: int) -> float:
    """Least height of a legend, mm at its natural size."""
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
        turn=frame.turn, enlarge=frame.enlarge or _enlarged(k), grids=grids, neat=plan.band, outline=None if plan.band else Outline(width=0.25 * k),
    )  # fmt: skip
    if plan.head is not None:
        yield from _head(frame, plan.head, k)
    yield from _beside(frame, plan)
    if plan.foot is not None:
        yield from _foot(frame, plan.foot, k)
    elif frame.north:
        yield _north(box.right - 12 * k, box.y + 3 * k, k)


def _enlarged(k: float) -> float:
    """Of symbols and names: posters are read from afar, half a page is small."""
    return 1.0 if 1.0 <= k < 1.5 else round(math.sqrt(k), 2)


def _head(frame: Frame, head: Box, k: float) -> Iterator[AnyItem]:
    stamp = min(78 * k, 0.42 * head.width)
    yield TextItem(
        id="title", name=tr("Sheet title"), x=head.x, y=head.y, width=head.width - stamp - 4 * k, height=(9.6 if frame.subtitle else 12) * k, text="{title}",
        size=18 * k, weight="bold", vertical="middle", least=8,
    )  # fmt: skip
    if frame.subtitle:
        yield TextItem(id="subtitle", x=head.x, y=head.y + 9.4 * k, width=head.width - stamp - 4 * k, height=4.6 * k, text=frame.subtitle, size=8.5 * k, color="#6b7280")
    yield StampItem(id="stamp", x=head.right - stamp, y=head.y + 1.6 * k, width=stamp, height=9.5 * k)


def _beside(frame: Frame, plan: _Plan) -> Iterator[AnyItem]:
    k = plan.k
    if plan.legend is not None:
        yield LegendItem(id="legend", map="main", counts=frame.counts, size=min(7 * k, 18.0), **_place(plan.legend))
    if (box := plan.beside.get("table")) is not None:
        yield TableItem(id="table", layer=frame.table, within="main", rows=max(1, int(box.height / (4.6 * k)) - 2), size=6.5 * k, **_place(box))
    if (box := plan.beside.get("chart")) is not None:
        layer, _, category = frame.chart.partition("/")
        yield ChartItem(id="chart", layer=layer, category=category, within="main", size=6.5 * k, **_place(box))
    if (box := plan.beside.get("overview")) is not None:
        yield MapItem(
            id="overview", name=tr("Overview"), follows="home", margin=0.04, round_scale=False, shows="main", outline=Outline(width=0.25 * k),
            labels=False, **_place(box),
        )  # fmt: skip


def _place(box: Box) -> dict[str, Any]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _foot(frame: Frame, foot: Box, k: float) -> Iterator[AnyItem]:
    x = foot.x
    small = foot.height < 10 * k
    if frame.scale_bar:
        wide = min(64 * k, 0.3 * foot.width)
        yield ScaleBarItem(id="scale", map="main", x=x, y=foot.y, width=wide, height=(8.5 if small else 13.0) * k, size=6.5 * k, ratio=not small)
        x += wide + 6 * k
    if frame.north:
        tall = (8.5 if small else 14.0) * k
        wide = tall if frame.turn else 0.6 * tall  # room to turn
        yield NorthItem(id="north", map="main", x=x, y=foot.y, width=wide, height=tall)
        x += wide + 6 * k
    right = foot.right
    if frame.qr:
        right -= foot.height
        yield QrItem(id="qr", text=frame.qr, x=right, y=foot.y, width=foot.height, height=foot.height)
        right -= 4 * k
    if frame.foot and right - x > 30 * k:
        words = _words(frame, small=small)
        yield ShapeItem(id="rule", form="line", x=x - 3 * k, y=foot.y + 1 * k, width=0, height=foot.height - 2 * k, outline=Outline(color="#b9bec6", width=0.15 * k))
        yield TextItem(
            id="foot", x=x, y=foot.y, width=right - x, height=foot.height, text=words + (f"\n{frame.note}" if frame.note else ""), size=6.5 * k,
            color="#6b7280", vertical="middle", least=4,
        )  # fmt: skip


_GRIDS = {"graticule": "Grid: CGCS2000 longitude and latitude. North: grid north.", "kilometre": "Grid: kilometres of the coordinate system. North: grid north."}


def _words(frame: Frame, *, small: bool) -> str:
    """The words of the foot; each stands only where there is something to say."""
    crs, heights = tr("Coordinate system: {name} ({code})", name="{crs}", code="{crs_code}"), tr("Height datum: {name}", name="{height_datum}")
    who = "".join(f"[[{tr(template, name=hole, date=hole)}　]]" for template, hole in (
        ("Producer: {name}", "{producer}"), ("Drawn on {date} with lydigital", "{date}"), ("Drawn by {name}", "{operator}"),
    ))  # fmt: skip
    sources = f"[[{tr('Sources: {names}', names='{sources}')}]]"
    return f"{crs}　{who}{sources}" if small else f"{crs}　[[{heights}　]]{tr(_GRIDS[frame.grid]) if frame.grid in _GRIDS else ''}\n{who}\n{sources}"


def _north(x: float, y: float, k: float) -> NorthItem:
    return NorthItem(id="north", map="main", x=x, y=y, width=8.4 * k, height=14 * k)
