"""The paper frame on the map: a format, a place and what shall stand on the sheet; the rest is arranged by itself."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

FORMATS_MM = {  # landscape
    "A4": (297.0, 210.0), "A3": (420.0, 297.0), "A2": (594.0, 420.0), "A1": (841.0, 594.0), "A0": (1189.0, 841.0),
    "slide": (338.7, 190.5), "half": (160.0, 110.0),
}  # fmt: skip
Format = Literal["A4", "A3", "A2", "A1", "A0", "slide", "half", "custom"]
GridKind = Literal["none", "graticule", "kilometre"]


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a quick sheet is made from.

    Attributes
    ----------
    width, height
        Of the paper in millimetres where ``format`` is custom.
    centre, scale
        Middle of the map in map units, and scale denominator; the view where they are missing.
    turn
        Degrees that north points clockwise from up.
    enlarge
        Of symbols and names, as of :class:`~lydigital.model.layout.MapItem`; None for what suits the paper.
    title
        "" for that of the map.
    counts
        Whether the legend tells how many features of each are on the map.
    overview, table, chart, qr, note
        Whether the sheet has an overview map, and what the others hold: a layer id, ``layer/category``, the text of a code, words.
    """

    format: Format = "A4"
    portrait: bool = False
    width: Annotated[float, msgspec.Meta(ge=50, le=5_000)] = 297.0
    height: Annotated[float, msgspec.Meta(ge=50, le=5_000)] = 210.0
    centre: tuple[float, float] | None = None
    scale: Annotated[float, msgspec.Meta(ge=1, le=1e9)] | None = None
    turn: Annotated[float, msgspec.Meta(ge=-360, le=360)] = 0.0
    enlarge: Annotated[float, msgspec.Meta(ge=0.25, le=8)] | None = None
    title: str = ""
    subtitle: str = ""
    has_title: bool = True
    legend: bool = True
    counts: bool = False
    scale_bar: bool = True
    north: bool = True
    grid: GridKind = "graticule"
    corners: bool = False
    overview: bool = False
    foot: bool = True
    table: str = ""
    chart: str = ""
    qr: str = ""
    note: str = ""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the paper."""
        if self.format == "custom":
            return self.width, self.height
        long, short = FORMATS_MM[self.format]
        return (short, long) if self.portrait else (long, short)
