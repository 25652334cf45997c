"""A standard map sheet on paper: neat lines along meridians and parallels, corner coordinates, kilometre grid, neighbours' numbers.

Numbers and bounds are those of GB/T 13989-2012; the map keeps its own look and is no substitute for GB/T 20257.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryArray, GeometryKind
from lydigital.model.layout import (
    AnyItem,
    GridLines,
    Layout,
    LegendItem,
    MapItem,
    Outline,
    Page,
    ScaleBarItem,
    ShapeItem,
    StampItem,
    TextItem,
)
from lydigital.model.style import Fill, PolygonSymbolizer, Rule, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.publish import arrange, turning
from lydigital.publish.furniture import dms
from lydigital.render.drawlist import SceneLayer
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lydigital.domain.sheets import Sheet
    from lydigital.publish.arrange import Arranged, Material

ID = "standard_sheet"
_EDGE = 33  # points along a side: parallels are curved on the map
_LEFT, _TOP, _RIGHT, _BOTTOM = 30.0, 46.0, 30.0, 44.0
_BAND = 9.0  # between neat line and outer frame
_LEGEND_MM = 64.0


def outline(sheet: Sheet, crs: Crs) -> NDArray[np.float64]:
    """The neat line ``(n, 2)`` in ``crs``, from the north-west corner clockwise, closed."""
    west, south, east, north = sheet.bounds
    along = np.linspace(0.0, 1.0, _EDGE)[:-1]
    sides = (
        np.column_stack([west + along * (east - west), np.full(len(along), north)]), np.column_stack([np.full(len(along), east), north - along * (north - south)]),
        np.column_stack([east - along * (east - west), np.full(len(along), south)]), np.column_stack([np.full(len(along), west), south + along * (north - south)]),
    )  # fmt: skip
    ring = transformation(Crs(CGCS2000), crs).points(np.concatenate(sides))
    return np.vstack([ring, ring[:1]])


def layout_of(sheet: Sheet, crs: Crs, title: str = "") -> Layout:
    """The sheet as a layout, its paper as large as its scale asks for."""
    ring = outline(sheet, crs)
    bounds = (*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist())
    ground = arrange.ground_metres((bounds[0], bounds[1], bounds[2], bounds[3]), crs)
    width, height = ((bounds[i + 2] - bounds[i]) * ground / sheet.scale * 1000 for i in (0, 1))
    page = Page(width=round(width + _LEFT + _RIGHT + _LEGEND_MM + 8, 1), height=round(height + _TOP + _BOTTOM, 1))
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    items = tuple(_items(sheet, page, (width, height), centre))
    return Layout(ID, f"{title} {sheet.number}".strip(), pages=(page,), items=items, values={"title": title or sheet.number, "sheet_number": sheet.number})


def arranged(sheet: Sheet, material: Material, title: str = "") -> Arranged:
    """The sheet ready for paper: what lies beyond its neat line is left white."""
    layout = layout_of(sheet, material.crs, title)
    ring = outline(sheet, material.crs)
    area = GeometryArray.from_rings(GeometryKind.POLYGON, [[[ring.tolist()]]])
    mask = _mask(ring, material.crs)

    def scene(scale: float, layers: tuple[str, ...] | None) -> tuple[SceneLayer, ...]:
        return (*material.scene(scale, layers), mask)

    made = arrange.arrange(layout, replace(material, scene=scene))
    pages = tuple(replace(page, placed=tuple(_inside(placed, area) for placed in page.placed)) for page in made.pages)
    return replace(made, pages=pages)


def _inside(placed: arrange.Placed, area: GeometryArray) -> arrange.Placed:
    """A map without the names that stand beyond the neat line."""
    if placed.map is None or not placed.map.picture.labels:
        return placed
    view = placed.map.viewport
    labels = list(placed.map.picture.labels)
    corners = np.array([[view.to_map(x, y) for x in (b[0], b[2]) for y in (b[1], b[3])] for b in (label.box for label in labels)])
    inside = turning.inside(area, corners.reshape(-1, 2)).reshape(-1, 4)
    picture = replace(placed.map.picture, labels=[labels[i] for i in np.flatnonzero(inside.all(axis=1))])
    return replace(placed, map=replace(placed.map, picture=picture))


def _mask(ring: NDArray[np.float64], crs: Crs) -> SceneLayer:
    """White around the sheet, and its neat line."""
    import pyarrow as pa

    low, high = ring.min(axis=0), ring.max(axis=0)
    far = (high - low).max()
    (x0, y0), (x1, y1) = (low - far).tolist(), (high + far).tolist()
    box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    geometry = GeometryArray.from_rings(GeometryKind.POLYGON, [[[box, ring.tolist()]]])
    table = FeatureTable(np.array([1]), pa.table({"code": ["sheet"]}), geometry, crs)
    style = Style((Rule((PolygonSymbolizer(Fill("#ffffff"), Stroke("#22262b", width_mm=0.25)),)),))
    return SceneLayer("sheet_mask", table, style, np.zeros(1, np.int16))


def _items(sheet: Sheet, page: Page, size: tuple[float, float], centre: tuple[float, float]) -> Iterator[AnyItem]:
    width, height = size
    x, y = _LEFT, _TOP
    middle = x + width / 2
    yield MapItem(
        id="main", name=tr("Map"), x=x, y=y, width=width, height=height, centre=centre, scale=float(sheet.scale), round_scale=False,
        grids=(GridLines(kind="kilometre", form="lines", interval=_interval(sheet.scale), color="#22262b", size=7.5, outside=True),),
    )  # fmt: skip
    yield ShapeItem(id="frame", x=x - _BAND, y=y - _BAND, width=width + 2 * _BAND, height=height + 2 * _BAND, outline=Outline(width=0.9))
    yield TextItem(id="title", x=middle - 120, y=6, width=240, height=13, text="{title}", size=30, weight="bold", align="centre", vertical="middle")
    yield TextItem(id="number", x=middle - 80, y=20, width=160, height=9, text="{sheet_number}", size=17, align="centre", vertical="middle")
    yield from _neighbours(sheet, x - _BAND, 6.0)
    yield StampItem(id="stamp", x=x + width + _BAND - 110, y=10, width=110, height=10)
    yield from _corners(sheet, size)
    foot = y + height + _BAND
    yield TextItem(
        id="facts", x=x - _BAND, y=foot + 5, width=width * 0.36, height=24, size=8, leading=1.5,
        text="{crs}（{crs_code}）\n{height_datum}\n" + tr("Neat lines: CGCS2000 longitude and latitude (GB/T 13989-2012)"),
    )  # fmt: skip
    yield TextItem(id="ratio", x=middle - 40, y=foot + 4, width=80, height=9, text=f"1:{sheet.scale:,}".replace(",", " "), size=17, weight="bold", align="centre")
    yield ScaleBarItem(id="scale", map="main", x=middle - 45, y=foot + 14, width=96, height=12, ratio=False, size=8)
    yield TextItem(
        id="producer", x=x + width + _BAND - width * 0.3, y=foot + 5, width=width * 0.3, height=24, size=8, leading=1.5, align="right",
        text="{producer}\n{date}　{operator}\n{word.sources}：{sources}",
    )  # fmt: skip
    yield LegendItem(id="legend", map="main", x=page.width - _LEGEND_MM - 10, y=y - _BAND, width=_LEGEND_MM, height=height + _BAND, size=8, title="{word.legend}", hidden=("sheet_mask",))


def _interval(scale: int) -> float:
    """Kilometre lines of the standard's scales stand 2 to 10 cm apart (GB/T 20257, unverified): 1 km up to 1:50,000, then 2 to 100 km."""
    return {25_000: 1_000.0, 50_000: 1_000.0, 100_000: 2_000.0, 250_000: 10_000.0, 500_000: 50_000.0, 1_000_000: 100_000.0}.get(scale, scale / 10.0)


def _neighbours(sheet: Sheet, x: float, y: float) -> Iterator[AnyItem]:
    """Nine fields with the numbers of the sheets around; the own one is hatched by its fill."""
    wide, high = 26.0, 7.5
    for row, north in enumerate((1, 0, -1)):
        for column, east in enumerate((-1, 0, 1)):
            other = sheet.neighbour(east, north) if east or north else sheet
            yield TextItem(
                id=f"near_{row}{column}", x=x + column * wide, y=y + row * high, width=wide, height=high, text=other.number if other else "–", size=6.5,
                align="centre", vertical="middle", outline=Outline(width=0.15), fill="" if east or north else "#e5e7eb", weight="bold" if not east and not north else "regular",
            )  # fmt: skip


def _corners(sheet: Sheet, size: tuple[float, float]) -> Iterator[AnyItem]:
    """Longitude and latitude of the corners, in the band outside them."""
    west, south, east, north = sheet.bounds
    width, height = size
    for name, degrees, x, y, align in (
        ("nw", west, _LEFT - 2, _TOP - 5.4, "left"), ("ne", east, _LEFT + width - 24, _TOP - 5.4, "right"),
        ("sw", west, _LEFT - 2, _TOP + height + 1.6, "left"), ("se", east, _LEFT + width - 24, _TOP + height + 1.6, "right"),
    ):  # fmt: skip
        yield TextItem(id=f"longitude_{name}", x=x, y=y, width=26, height=4, text=dms(degrees, "E", "W"), size=7.5, weight="medium", align=align, vertical="middle")  # type: ignore[arg-type]
    for name, degrees, x, y in (
        ("nw", north, _LEFT - _BAND / 2 - 10, _TOP + 9.5), ("ne", north, _LEFT + width + _BAND / 2 - 10, _TOP + 9.5),
        ("sw", south, _LEFT - _BAND / 2 - 10, _TOP + height - 13.5), ("se", south, _LEFT + width + _BAND / 2 - 10, _TOP + height - 13.5),
    ):  # fmt: skip
        yield TextItem(id=f"latitude_{name}", x=x, y=y, width=20, height=4, text=dms(degrees, "N", "S"), size=7.5, weight="medium", align="centre", vertical="middle", rotation=-90.0)
