"""The page: maps, words, legends, tables and pictures on paper. Immutable; edits make a new one.

All lengths are millimetres from the upper left corner of a page, angles degrees clockwise. Layouts stand in the map
document and, as templates, in ``resources/pages/*.toml``; a text may hold placeholders as ``{title}`` or ``{feature.name}``.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import msgspec

from lydigital.errors import BadDataError
from lydigital.model.frame import Frame  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import pick

if TYPE_CHECKING:
    from pathlib import Path

MOST_PAGES, MOST_ITEMS, MOST_MM = 500, 2_000, 5_000.0
Millimetres = Annotated[float, msgspec.Meta(ge=-MOST_MM, le=MOST_MM)]
Length = Annotated[float, msgspec.Meta(ge=0, le=MOST_MM)]
Points = Annotated[float, msgspec.Meta(ge=2, le=400)]
Color = Annotated[str, msgspec.Meta(pattern=r"^(#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?)?$")]
Weight = Literal["regular", "medium", "bold"]
Align = Literal["left", "centre", "right"]


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Immutable, and a misspelt key is an error."""


class Page(_Frozen, frozen=True):
    """One sheet of paper."""

    width: Annotated[float, msgspec.Meta(ge=20, le=MOST_MM)] = 297.0
    height: Annotated[float, msgspec.Meta(ge=20, le=MOST_MM)] = 210.0


class Outline(_Frozen, frozen=True):
    """A line round or along something; ``double`` adds an inner one, as neat lines have."""

    color: Color = "#22262b"
    width: Length = 0.2
    dash: tuple[float, ...] = ()
    double: bool = False


class Item(_Frozen, frozen=True, tag_field="type"):
    """What all things on a page have.

    Attributes
    ----------
    page
        Number of its page, from 0.
    rotation
        Turn about its middle.
    group
        Items of one group are moved together.
    locked
        Not to be picked up by the mouse.
    """

    icon: ClassVar[str] = "shape-outline"
    word: ClassVar[str] = "Page item"

    id: str
    x: Millimetres
    y: Millimetres
    width: Length
    height: Length
    page: int = 0
    name: str = ""
    group: str = ""
    locked: bool = False
    visible: bool = True
    rotation: float = 0.0
    outline: Outline | None = None
    fill: Color = ""


class GridLines(_Frozen, frozen=True):
    """Kilometre grid or graticule of a map: lines, crosses, or only ticks at the frame.

    ``interval`` is in metres or degrees, 0 for one that fits. ``corners`` writes the coordinates of the corners of the map;
    numbers stand ``outside`` the map, or where it has a band for them.
    """

    kind: Literal["kilometre", "graticule"] = "graticule"
    form: Literal["lines", "crosses", "ticks"] = "crosses"
    interval: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    numbers: bool = True
    corners: bool = False
    outside: bool = False
    color: Color = "#50555c"
    size: Points = 5.5


class MapItem(Item, frozen=True, tag="map"):
    """A window on the map.

    Attributes
    ----------
    layers
        Ids, None for those the map shows.
    centre, scale
        Middle in map units and scale denominator on the ground; where one is missing ``bounds`` decides.
    bounds
        What must be seen, in map units; without it the feature that drives the page, the view, or the whole map.
    follows
        ``feature`` (of an atlas), ``view`` (of the window) or ``home`` (the whole map), where neither centre nor bounds are given.
    margin
        Share of the bounds left free on each side.
    round_scale
        A scale found is rounded up to 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5 or 8 times a power of ten.
    turn
        Of the map within its frame: north points that many degrees clockwise from up.
    labels
        Whether names stand on it.
    grids
        Drawn above the map.
    neat
        Width of the band between neat line and outer frame, outside the item; 0 for none.
    shows
        Id of another map whose outline is drawn here: this is then its overview.
    clip
        Only the feature that drives the page is full, all else is paled.
    enlarge
        Symbols and names are that many times as large, and what is shown is that of a scale so much smaller, as on a wall map.
    """

    icon: ClassVar[str] = "map-outline"
    word: ClassVar[str] = "Map"

    layers: tuple[str, ...] | None = None
    centre: tuple[float, float] | None = None
    scale: Annotated[float, msgspec.Meta(ge=1, le=1e9)] | None = None
    bounds: tuple[float, float, float, float] | None = None
    follows: Literal["feature", "view", "home"] = "view"
    margin: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0
    round_scale: bool = True
    turn: float = 0.0
    labels: bool = True
    grids: tuple[GridLines, ...] = ()
    neat: Length = 0.0
    shows: str = ""
    clip: bool = False
    enlarge: Annotated[float, msgspec.Meta(ge=0.25, le=8)] = 1.0


class TextItem(Item, frozen=True, tag="text"):
    """Words: lines as written, wrapped at the item's width; ``**bold**``; placeholders in braces.

    ``shrink`` sets a text that does not fit in smaller type, down to ``least``; what does not fit then ends in an ellipsis.
    """

    icon: ClassVar[str] = "format-text"
    word: ClassVar[str] = "Text"

    text: str = ""
    size: Points = 9.0
    weight: Weight = "regular"
    color: Color = "#22262b"
    align: Align = "left"
    vertical: Literal["top", "middle", "bottom"] = "top"
    leading: Annotated[float, msgspec.Meta(ge=0.8, le=4)] = 1.35
    padding: Length = 0.0
    shrink: bool = True
    least: Points = 5.0


class LegendItem(Item, frozen=True, tag="legend"):
    """What the symbols of a map mean: only what is drawn on it.

    ``columns`` 0 takes as many as are needed; ``counts`` adds how many features of each are on the map; ``hidden`` are ids of
    layers left out, ``names`` other titles by layer id.
    """

    icon: ClassVar[str] = "map-legend"
    word: ClassVar[str] = "Legend"

    map: str = ""
    title: str = ""
    columns: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    size: Points = 7.0
    counts: bool = False
    hidden: tuple[str, ...] = ()
    names: dict[str, str] = {}


class ScaleBarItem(Item, frozen=True, tag="scale_bar"):
    """Ground lengths of a map, with the ratio where ``ratio`` is set."""

    icon: ClassVar[str] = "ruler"
    word: ClassVar[str] = "Scale bar"

    map: str = ""
    ratio: bool = True
    size: Points = 6.5


class NorthItem(Item, frozen=True, tag="north"):
    """Where grid north is on a map."""

    icon: ClassVar[str] = "compass-outline"
    word: ClassVar[str] = "North arrow"

    map: str = ""


class TableItem(Item, frozen=True, tag="table"):
    """Rows of a layer: all, those ``where`` is true of, those on the map ``within``, or of the feature that drives the page.

    Attributes
    ----------
    where, sort
        As in the attribute filter; ``sort`` is a field, after ``-`` downwards.
    of_feature
        Field whose value is that of field ``feature_key`` of the feature that drives the page.
    rows
        Most rows; how many are left out is said below.
    """

    icon: ClassVar[str] = "table"
    word: ClassVar[str] = "Table"

    layer: str = ""
    fields: tuple[str, ...] = ()
    where: str = ""
    sort: str = ""
    within: str = ""
    of_feature: str = ""
    feature_key: str = "code"
    rows: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    title: str = ""
    size: Points = 7.0


class ChartItem(Item, frozen=True, tag="chart"):
    """Bars or a line of a layer: ``value`` (empty: number of features) by ``category``, most first."""

    icon: ClassVar[str] = "chart-bar"
    word: ClassVar[str] = "Chart"

    layer: str = ""
    category: str = ""
    value: str = ""
    kind: Literal["bar", "hbar", "line"] = "hbar"
    where: str = ""
    within: str = ""
    of_feature: str = ""
    feature_key: str = "code"
    rows: Annotated[int, msgspec.Meta(ge=1, le=60)] = 12
    title: str = ""
    size: Points = 7.0


class ImageItem(Item, frozen=True, tag="image"):
    """A picture file (PNG, JPEG, SVG), beside the project file where ``path`` is relative."""

    icon: ClassVar[str] = "image-outline"
    word: ClassVar[str] = "Image"

    path: str = ""
    fit: Literal["contain", "cover", "stretch"] = "contain"


class QrItem(Item, frozen=True, tag="qr"):
    """A QR code of ``text`` (ISO/IEC 18004)."""

    icon: ClassVar[str] = "qrcode"
    word: ClassVar[str] = "QR code"

    text: str = ""


class ShapeItem(Item, frozen=True, tag="shape"):
    """A rectangle, an ellipse, or a line from corner to corner (``rising``: from the lower left)."""

    icon: ClassVar[str] = "rectangle-outline"
    word: ClassVar[str] = "Plain shape"

    form: Literal["rectangle", "ellipse", "line", "rising", "arrow"] = "rectangle"
    radius: Length = 0.0


class StampItem(Item, frozen=True, tag="stamp"):
    """What may be done with the sheet, as the export gate found: number of the map review, or internal use; sample data."""

    icon: ClassVar[str] = "stamper"
    word: ClassVar[str] = "Review stamp"

    align: Align = "right"


AnyItem: TypeAlias = (
    MapItem | TextItem | LegendItem | ScaleBarItem | NorthItem | TableItem | ChartItem | ImageItem | QrItem | ShapeItem | StampItem
)


class Atlas(_Frozen, frozen=True):
    """One set of pages for every feature of a layer.

    ``where`` filters, ``sort`` orders (a field, after ``-`` downwards), ``name`` is the pattern of page titles and file names.
    """

    layer: str
    where: str = ""
    sort: str = "code"
    name: str = "{feature.name}"


class Layout(_Frozen, frozen=True):
    """Pages and what stands on them; later items lie above earlier ones.

    Attributes
    ----------
    values
        Placeholders of its own, and values that go before those of the program.
    template
        Id of the template it was made from.
    frame
        The paper frame it stands for: its pages and items are then made anew from it each time it is shown or written.
    """

    id: str
    title: str = ""
    title_en: str = ""
    note: str = ""
    pages: tuple[Page, ...] = (Page(),)
    items: tuple[AnyItem, ...] = ()
    atlas: Atlas | None = None
    values: dict[str, str] = {}
    template: str = ""
    guides: tuple[tuple[Literal["x", "y"], float], ...] = ()
    dpi: Annotated[int, msgspec.Meta(ge=36, le=1200)] = 300
    frame: Frame | None = None

    @property
    def name(self) -> str:
        return pick(self.title, self.title_en) or self.id

    def item(self, item_id: str) -> AnyItem | None:
        return next((i for i in self.items if i.id == item_id), None)

    @property
    def maps(self) -> tuple[MapItem, ...]:
        return tuple(i for i in self.items if isinstance(i, MapItem))

    @property
    def main_map(self) -> MapItem | None:
        """The largest map that is no overview."""
        return max((m for m in self.maps if not m.shows), key=lambda m: m.width * m.height, default=None)

    def map_of(self, item_id: str) -> MapItem | None:
        """The map of that id, the main one where ``item_id`` is empty."""
        found = self.item(item_id) if item_id else self.main_map
        return found if isinstance(found, MapItem) else None

    def with_item(self, item: AnyItem) -> Layout:
        """With ``item`` in place of the one of its id, or on top where there is none."""
        there = any(i.id == item.id for i in self.items)
        items = tuple(item if i.id == item.id else i for i in self.items) if there else (*self.items, item)
        return msgspec.structs.replace(self, items=items)

    def without(self, *item_ids: str) -> Layout:
        return msgspec.structs.replace(self, items=tuple(i for i in self.items if i.id not in item_ids))


def read(path: Path) -> Layout:
    """A layout or template from its TOML file.

    Raises
    ------
    BadDataError
        Naming file and place of what is wrong: an unknown kind of item, a misspelt key, a value out of range.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        layout = msgspec.convert(content, Layout)
    except OSError as error:
        raise BadDataError("{path} cannot be read: {reason}", hint="Check the name of the file.", path=str(path), reason=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadDataError(
            "{path} is no page template: {reason}", hint="Correct the file; the templates shipped show how it is written.",
            path=str(path), reason=str(error),
        ) from error  # fmt: skip
    check(layout)
    return layout


def dumps(layout: Layout) -> str:
    """The text of a template file; :func:`read` gives the same layout back."""
    import tomli_w

    return tomli_w.dumps(msgspec.to_builtins(layout))


def check(layout: Layout) -> None:
    """See that ids are there and used once, and that items stand on pages there are.

    Raises
    ------
    BadDataError
        Naming the item.
    """
    if not 1 <= len(layout.pages) <= MOST_PAGES or len(layout.items) > MOST_ITEMS:
        raise BadDataError(
            "Layout {layout} has {pages} pages and {items} items", hint="From one to {most_pages} pages and up to {most_items} items are possible.",
            layout=layout.id, pages=len(layout.pages), items=len(layout.items), most_pages=MOST_PAGES, most_items=MOST_ITEMS,
        )  # fmt: skip
    seen: set[str] = set()
    for item in layout.items:
        if not item.id or item.id in seen:
            raise BadDataError(
                "Layout {layout} has two items {item}", hint="Every item needs an id of its own.", layout=layout.id, item=item.id or '""'
            )
        seen.add(item.id)
        if not 0 <= item.page < len(layout.pages):
            raise BadDataError(
                "Item {item} stands on page {page}, which layout {layout} does not have", hint="Pages are counted from 0.",
                item=item.id, page=item.page, layout=layout.id,
            )  # fmt: skip
    for item in layout.items:
        for wanted in (getattr(item, "map", ""), getattr(item, "within", ""), getattr(item, "shows", "")):
            if wanted and not isinstance(layout.item(wanted), MapItem):
                raise BadDataError(
                    "Item {item} belongs to the map {map}, which is not in layout {layout}", hint="Name the id of a map item.",
                    item=item.id, map=wanted, layout=layout.id,
                )  # fmt: skip
