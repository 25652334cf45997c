"""A layout made ready for paper: windows on the map decided, labels placed once, words filled in.

Screen preview and every format are made from an :class:`Arranged`, so that they have the same labels in the same places.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lydigital.errors import BadDataError
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.geometry import GeometryKind
from lydigital.model.issue import Issue
from lydigital.model.layout import MapItem
from lydigital.model.viewport import Viewport
from lydigital.publish import pieces, turning, typeset
from lydigital.publish.furniture import Box
from lydigital.render import drawlist
from lydigital.render.drawlist import Font
from lydigital.texts import tr
from lydigital.units import MM_PER_INCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from lydigital.model.geometry import GeometryArray
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.layout import AnyItem, Layout
    from lydigital.model.report import Chart, Table
    from lydigital.model.table import FeatureTable
    from lydigital.publish.furniture import Paper
    from lydigital.render.drawlist import DrawList, SceneLayer
    from lydigital.render.painter.fonts import QtFonts

_NAMED = 20  # characters without a glyph, that are listed
REFERENCE_DPI = 300.0  # at which labels are placed; other resolutions take their places from there
SCALES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 10)
Bounds = tuple[float, float, float, float]
Drawn: TypeAlias = "dict[tuple[object, ...], tuple[DrawList, tuple[SceneLayer, ...]]]"


@dataclass(frozen=True, eq=False)
class Driver:
    """The feature an atlas page is about. ``bounds`` and ``geometry`` (one feature) are in the map's system."""

    layer: str
    fid: int
    values: Mapping[str, object]
    bounds: Bounds
    geometry: GeometryArray


@dataclass(frozen=True, eq=False)
class Material:
    """What pages are made of.

    Attributes
    ----------
    crs, home, view
        System of the map, bounds of all of it and of what the window shows.
    scene
        Takes a scale denominator and layer ids (None: those visible); layers bottom first, in ``crs``.
    table, definition
        Take a layer id.
    titles
        Layer id → title of its group, title of the layer: what legends name.
    names
        Layer id → title, of every layer: what layers of a file are called.
    facts
        Placeholders: ``title date operator producer sources accuracy height_datum approval project`` and others.
    stamps
        What the review stamp says, most important first.
    verdict
        What the export gate found, in words, for formats that have room for it.
    folder
        Where relative paths of pictures start.
    personal
        Whether tables show personal data bare.
    """

    crs: Crs
    home: Bounds
    scene: Callable[[float, tuple[str, ...] | None], Sequence[SceneLayer]]
    table: Callable[[str], FeatureTable]
    definition: Callable[[str], LayerDef]
    view: Bounds | None = None
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    stamps: tuple[tuple[str, ...], ...] = ()
    folder: Path | None = None
    personal: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    verdict: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PlacedMap:
    """A map on its page, ``picture`` at :data:`REFERENCE_DPI` with its labels placed."""

    item: MapItem
    box: Box
    picture: DrawList
    scene: tuple[SceneLayer, ...]
    crs: Crs

    @property
    def viewport(self) -> Viewport:
        """Its window, in a system of its own where the map is turned; :attr:`crs` is that of the map."""
        return self.picture.viewport

    @property
    def turn(self) -> float:
        """Degrees that north points clockwise from up."""
        return 0.0 if self.viewport.crs == self.crs else self.item.turn

    @property
    def metres_per_mm(self) -> float:
        """Ground metres a millimetre of the page, eastwards in the middle of the map."""
        view = self.viewport
        return view.units_per_px * REFERENCE_DPI / MM_PER_INCH * ground_metres(view.bounds, view.crs)

    @property
    def scale(self) -> int:
        """Scale denominator on the ground."""
        return round(self.metres_per_mm * 1000)

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """Map units to millimetres of the page."""
        view = self.viewport
        if self.turn:
            dx, dy = x - view.centre[0], y - view.centre[1]
            x, y = turning.place(view.centre, dx, dy, -self.turn)
        px, py = view.to_px(x, y)
        per_mm = REFERENCE_DPI / MM_PER_INCH
        return self.box.x + px / per_mm, self.box.y + py / per_mm


@dataclass(frozen=True, eq=False)
class Placed:
    """An item on its page: a map, or what ``paint`` draws; ``content`` are the rows or numbers in it."""

    item: AnyItem
    box: Box
    map: PlacedMap | None = None
    paint: Callable[[Paper], None] | None = None
    over: Callable[[Paper], None] | None = None  # of a map: grid and frame
    content: Table | Chart | None = None


@dataclass(frozen=True, eq=False)
class ArrangedPage:
    """One page, things bottom first; ``title`` names it in bookmarks and files."""

    width: float
    height: float
    placed: tuple[Placed, ...]
    title: str = ""

    @property
    def maps(self) -> tuple[PlacedMap, ...]:
        return tuple(p.map for p in self.placed if p.map is not None)


@dataclass(frozen=True, eq=False)
class Arranged:
    """A layout ready for every format."""

    layout: Layout
    pages: tuple[ArrangedPage, ...]
    fonts: QtFonts
    facts: Mapping[str, object]
    issues: tuple[Issue, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # of layers, by id
    stamps: tuple[tuple[str, ...], ...] = ()
    verdict: tuple[str, ...] = ()

    @property
    def maps(self) -> tuple[PlacedMap, ...]:
        return tuple(m for page in self.pages for m in page.maps)

    @property
    def title(self) -> str:
        return str(self.facts.get("title", self.layout.name))


def arrange(
    layout: Layout, material: Material, *, driver: Driver | None = None, values: Mapping[str, object] | None = None,
    fonts: QtFonts | None = None, drawn: Drawn | None = None,
) -> Arranged:
    """Decide what stands where.

    Parameters
    ----------
    driver
        Feature that drives the pages; its fields are placeholders ``{feature.<field>}``.
    values
        Placeholders that go before those of layout and material.
    drawn
        Maps drawn before from the same material, taken where nothing else is asked for; new ones are added.

    Raises
    ------
    BadDataError
        When a map has an empty or endless window, or shows a layer that is not there.
    """
    from lydigital.render.painter.fonts import QtFonts

    fonts = fonts or QtFonts()
    words: dict[str, object] = {"word.legend": tr("Legend"), "word.sources": tr("Sources")}
    facts: dict[str, object] = {"title": layout.name, "pages": len(layout.pages), **words, **material.facts, **layout.values}
    if driver is not None:
        facts |= {f"feature.{name}": value for name, value in driver.values.items()}
    facts |= dict(values or {})
    facts["title"] = typeset.fill(str(facts["title"]), facts)[0]
    issues: list[Issue] = []
    maps: dict[str, PlacedMap] = {}
    drawn = {} if drawn is None else drawn
    for item in layout.maps:
        if item.visible:
            maps[item.id] = _map(item, material, driver, fonts, drawn)
            facts[f"scale.{item.id}"] = _ratio(maps[item.id].scale)
            if item.turn and not maps[item.id].turn:
                issues.append(Issue("layout.turn", "warning", "A map in degrees cannot be turned: north is up on {item}",
                                    "Choose a projected system for the map.", values={"item": item.name or item.id}))
    main = layout.main_map
    if main is not None and main.id in maps:
        facts.setdefault("scale", _ratio(maps[main.id].scale))
        sources = _sources(maps[main.id], material)
        facts.setdefault("sources", producers(sources))
        facts.setdefault("all_sources", "；".join(sources))
        missing = len(maps[main.id].picture.missing)
        if missing:
            issues.append(Issue("layout.unplaced", "note", "{count} labels found no place on the map", "Use a larger sheet or scale, or fewer layers.", count=missing, values={"count": str(missing)}))
    pages = []
    for number, page in enumerate(layout.pages):
        told = {**facts, "page": number + 1}
        context = pieces.Context(layout, material, maps, told, fonts, driver, issues)
        placed = [_placed(item, context, maps) for item in layout.items if item.page == number and item.visible]
        pages.append(ArrangedPage(page.width, page.height, tuple(placed), str(facts["title"])))
    for some in layout.items:
        _, unknown = typeset.fill(getattr(some, "text", ""), {**facts, "page": 1})
        issues += [
            Issue("layout.placeholder", "warning", "{item} asks for {name}, which nobody knows", "Correct the placeholder, or give it a value.",
                  values={"item": some.name or some.id, "name": name})
            for name in unknown
        ]  # fmt: skip
    lost = _lost(layout, facts, fonts)
    if lost:
        issues.append(Issue("layout.glyphs", "warning", "No font here has the characters {characters}; 〓 stands in their place",
                            "Install a font that has them, or write other characters.", values={"characters": lost}))
    names = material.names or {layer: title for layer, (_, title) in material.titles.items()}
    return Arranged(layout, tuple(pages), fonts, facts, tuple(issues), names, material.stamps, material.verdict)


def _lost(layout: Layout, facts: Mapping[str, object], fonts: QtFonts) -> str:
    """Characters of texts, and of the names placed so far, that no font can show: the first of them."""
    told = {**facts, "page": 1}
    words = {c for item in layout.items for c in typeset.fill(str(getattr(item, "text", "")), told)[0] if not c.isspace()}
    fonts.advances("".join(words), Font(10.0))
    lost = sorted(fonts.missing)
    return " ".join(f"{c} (U+{ord(c):04X})" for c in lost[:_NAMED]) + (" …" if len(lost) > _NAMED else "")


def _placed(item: AnyItem, context: pieces.Context, maps: Mapping[str, PlacedMap]) -> Placed:
    item = pieces.in_qt_colors(item)
    box = Box(item.x, item.y, item.width, item.height)
    if isinstance(item, MapItem):
        return Placed(item, box, map=maps[item.id], over=partial(pieces.over_map, item=item, box=box, context=context))
    paint = pieces.prepare(item, box, context)
    return Placed(item, box, paint=paint, content=context.contents.get(item.id))


_WHAT, _ASIDE = re.compile(r"^[^：（）]{1,8}："), re.compile(r"（[^（）A-Za-z]*）")


def _sources(placed: PlacedMap, material: Material) -> tuple[str, ...]:
    """Whose data is drawn, top layer first."""
    drawn = [layer.id for layer in reversed(placed.scene) if layer.id in material.titles and layer.style.shows_at(placed.viewport.scale)]
    return tuple(dict.fromkeys(source for i in drawn if (source := material.definition(i).source)))


def producers(sources: Sequence[str]) -> typeset.Names:
    """Each producer in ``sources`` once: without what comes from it and remarks, with licences."""
    parts = [_ASIDE.sub("", _WHAT.sub("", part.strip())) for source in sources for part in source.split("；")]
    said = [part if "（" in part else part.partition("，")[0] for part in parts if not part.startswith("其余")]
    return typeset.Names(dict.fromkeys(filter(None, said)))


def _ratio(scale: float) -> str:
    return f"1:{scale:,}".replace(",", " ")


# --- windows on the map -------------------------------------------------------------------------------------------------


def _map(
    item: MapItem, material: Material, driver: Driver | None, fonts: QtFonts,
    drawn: Drawn,
) -> PlacedMap:  # fmt: skip
    viewport = window(item, material, driver)
    area = driver.geometry if driver is not None and item.clip and driver.geometry.kind is GeometryKind.POLYGON else None
    key = (viewport, item.layers, item.labels, area is None)
    if key not in drawn:
        scene = seen(item, material, viewport)
        if area is None:
            drawn[key] = drawlist.build(scene, viewport, fonts if item.labels else None, is_page=True), scene
        else:
            if viewport.crs != material.crs:
                area = turning.moved(area, viewport.centre, item.turn)
            scene = (*scene, turning.veil(area, viewport))
            drawn[key] = _paled(drawlist.build(scene, viewport, fonts if item.labels else None, is_page=True), area), scene
    return PlacedMap(item, Box(item.x, item.y, item.width, item.height), *drawn[key], material.crs)


def seen(item: MapItem, material: Material, viewport: Viewport) -> tuple[SceneLayer, ...]:
    """The layers of a map in the system of its window."""
    scene = tuple(material.scene(viewport.scale, item.layers))
    return scene if viewport.crs == material.crs else turning.layers(scene, viewport, material.crs, item.turn)


def _paled(picture: DrawList, area: GeometryArray) -> DrawList:
    """Names of what lies outside ``area`` are as pale as the rest there."""
    if not picture.labels:
        return picture
    view = picture.viewport
    middles = [label.anchor or ((label.box[0] + label.box[2]) / 2, (label.box[1] + label.box[3]) / 2) for label in picture.labels]
    full = turning.inside(area, np.array([view.to_map(*middle) for middle in middles]))
    labels = [label if own else replace(label, color=(*label.color[:3], label.color[3] * 2 // 5), halo=(*label.halo[:3], label.halo[3] // 4))
              for label, own in zip(picture.labels, full.tolist(), strict=True)]  # fmt: skip
    return replace(picture, labels=labels)


def window(item: MapItem, material: Material, driver: Driver | None = None) -> Viewport:
    """The part of the world a map item shows, at :data:`REFERENCE_DPI` (enlarged: symbols follow a finer one); in a system of its own where it is turned.

    Raises
    ------
    BadDataError
        When it is empty, endless, or a frame without size.
    """
    if item.width < 1 or item.height < 1:
        raise BadDataError("The map {item} has no size on the page", hint="Give it a width and a height.", item=item.name or item.id)
    size = round(item.width / MM_PER_INCH * REFERENCE_DPI), round(item.height / MM_PER_INCH * REFERENCE_DPI)
    crs = material.crs
    bounds = item.bounds
    if bounds is None:
        seen = None if material.view is None else _within(material.view, material.home)
        bounds = {"feature": driver.bounds if driver else None, "view": seen, "home": material.home}[item.follows] or seen or material.home
    x0, y0, x1, y1 = bounds
    if not all(map(math.isfinite, bounds)) or x1 < x0 or y1 < y0:
        raise BadDataError("The map {item} has nothing to show: its window is empty", hint="Set its centre and scale, or its bounds.", item=item.name or item.id)
    centre = item.centre or ((x0 + x1) / 2, (y0 + y1) / 2)
    ground = ground_metres((centre[0] - (x1 - x0) / 2, centre[1] - (y1 - y0) / 2, centre[0] + (x1 - x0) / 2, centre[1] + (y1 - y0) / 2), crs)
    if item.turn and not crs.is_geographic:
        crs = turning.system(crs, centre, item.turn)
        c, s = abs(math.cos(math.radians(item.turn))), abs(math.sin(math.radians(item.turn)))
        x1, y1 = x0 + (x1 - x0) * c + (y1 - y0) * s, y0 + (x1 - x0) * s + (y1 - y0) * c
    scale = item.scale
    if scale is None:
        grow = 1 + 2 * item.margin
        need = max((x1 - x0) * grow / item.width, (y1 - y0) * grow / item.height)  # units a mm
        scale = max(need * ground * 1000, 100.0)
        if item.round_scale:
            power = 10.0 ** math.floor(math.log10(scale))
            scale = next(s * power for s in SCALES if s * power >= scale * (1 - 1e-6))
    return Viewport(centre, scale / 1000 / ground / (REFERENCE_DPI / MM_PER_INCH), *size, crs, dpi=REFERENCE_DPI * item.enlarge)


def _within(view: Bounds, home: Bounds) -> Bounds:
    """What of the map a view shows: beyond its end there is nothing that a page must have. The view where that is nothing."""
    x0, y0, x1, y1 = max(view[0], home[0]), max(view[1], home[1]), min(view[2], home[2]), min(view[3], home[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else view


def ground_metres(bounds: Bounds, crs: Crs) -> float:
    """Ground metres a map unit eastwards in the middle of ``bounds``, on the ellipsoid."""
    import pyproj

    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    step = 1e-3 if crs.is_geographic else 100.0 / crs.metres_per_unit
    to_geo = transformation(crs, Crs(CGCS2000))
    a, b = to_geo.point(x - step, y), to_geo.point(x + step, y)
    if not all(map(math.isfinite, (*a, *b))):
        return crs.metres_per_unit
    return float(pyproj.Geod(ellps="GRS80").inv(*a, *b)[2]) / (2 * step)


# --- other resolutions --------------------------------------------------------------------------------------------------


def at_dpi(placed: PlacedMap, dpi: float, rows: tuple[int, int] | None = None) -> DrawList:
    """The picture of a map at another resolution with the same labels, or of some of its pixel rows.

    Parameters
    ----------
    rows
        First pixel row and the one after the last, from the top of the map; None for all.
    """
    view = placed.viewport
    factor = dpi / REFERENCE_DPI
    width, height = round(placed.box.width / MM_PER_INCH * dpi), round(placed.box.height / MM_PER_INCH * dpi)
    whole = Viewport(view.centre, view.units_per_px / factor, width, height, view.crs, view.dpi * factor)
    top, end = rows or (0, height)
    part = replace(whole, centre=whole.to_map(width / 2, (top + end) / 2), height_px=end - top)
    if rows is None and factor == 1.0:
        return placed.picture
    from lydigital.render import labels as labelling

    bare = drawlist.build(placed.scene, part, None)
    move = partial(moved, factor=factor, down_px=-top)
    seen = [label for label in map(move, placed.picture.labels) if label.box[3] + label.halo_px >= 0 and label.box[1] - label.halo_px <= end - top]
    heights = tuple(map(move, placed.picture.heights))
    lines = [replace(op, width_px=op.width_px * factor) for op in labelling.leaders(placed.picture.labels, view)]
    return replace(bare, ops=(*bare.ops, *lines), labels=seen, missing=placed.picture.missing, heights=heights)


def moved(label: Any, *, factor: float, down_px: float = 0.0) -> Any:
    """A placed label on a picture ``factor`` times as fine, ``down_px`` lower."""
    shift = np.array([0, down_px, 0], np.float32)
    grown = np.array([factor, factor, 1], np.float32)
    box = (label.box[0] * factor, label.box[1] * factor + down_px, label.box[2] * factor, label.box[3] * factor + down_px)
    return replace(
        label, font=replace(label.font, size_px=label.font.size_px * factor), halo_px=label.halo_px * factor,
        glyphs=(label.glyphs * grown + shift).astype(np.float32), box=box,
        anchor=None if label.anchor is None else (label.anchor[0] * factor, label.anchor[1] * factor + down_px), leader=None,
    )  # fmt: skip
