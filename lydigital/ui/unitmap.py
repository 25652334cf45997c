"""Numbers of administrative units on the map: classes of colour, the unit under a click, the unit chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.domain import classes, thematic
from lydigital.model.indicator import UNIT_LAYERS
from lydigital.model.selection import Selection
from lydigital.model.style import Fill, PolygonSymbolizer, Scheme, Stroke, Style
from lydigital.model.table import FeatureTable
from lydigital.ui.overlays import table_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.indicator import Level
    from lydigital.render.drawlist import SceneLayer
    from lydigital.session import Session

_EDGES = {"county": 0.28, "township": 0.18, "village": 0.1, "community": 0.1}
CLASSES = 5
VALUE = "value"


@dataclass(frozen=True, eq=False)
class UnitMap:
    """``values`` by code of the units of a level; low ones are dark where ``is_reversed``."""

    level: Level
    table: FeatureTable
    values: Mapping[str, float]
    is_reversed: bool = False
    ramp: str = "teal"
    codes: Sequence[str] = field(default=())
    limits: tuple[float, ...] = ()  # between classes; natural breaks unless given
    is_partial: bool = False  # units without a value are none of it, and not shown

    @classmethod
    def of(cls, session: Session, level: Level, values: Mapping[str, float], **how: Any) -> UnitMap | None:
        """None where the map has no layer of these units.

        Raises
        ------
        LydError
            When it cannot be read.
        """
        table = units_of(session, level)
        if table is None:
            return None
        return cls(level, table, values, codes=tuple(str(c) for c in table.column("code").to_pylist()), **how)

    @cached_property
    def style(self) -> Style:
        """Natural breaks; units without a value in grey."""
        known = np.array([v for v in self.values.values() if v is not None], np.float64)
        edge = Stroke("#ffffff", _EDGES.get(self.level, 0.2), opacity=0.9)
        symbol = PolygonSymbolizer(Fill("#ffffff", 0.82), edge)
        scheme = Scheme(ramp=self.ramp, reverse=self.is_reversed)
        if not len(known):
            return Style((thematic.no_data(symbol),))
        limits = self.limits or classes.breaks(known, "natural", min(CLASSES, len(np.unique(known))))
        spread = (float(known.min()), float(known.max()))
        missing = not self.is_partial and any(self.values.get(code) is None for code in self.codes)
        return thematic.graduated(Style(()), symbol, VALUE, limits, spread=spread, scheme=scheme, missing=missing)

    @cached_property
    def colors(self) -> dict[str, str]:
        """Colour of every unit, ``#rrggbb``; of none that has no value."""
        layer = self.layer("")
        found = [rule.symbolizers[0].fill.color for rule in self.style.rules]  # type: ignore[union-attr]
        assert layer.codes is not None
        return {code: found[k] for code, k in zip(self.codes, layer.codes.tolist(), strict=True) if self.values.get(code) is not None and k >= 0}

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many units fall into each class of the style."""
        codes = self.layer("").codes
        assert codes is not None
        return tuple(int(n) for n in np.bincount(codes[codes >= 0], minlength=len(self.style.rules)))

    def layer(self, chosen: str) -> SceneLayer:
        """The map, with the unit ``chosen`` marked."""
        columns = {"code": self.codes, VALUE: [self.values.get(code) for code in self.codes]}
        rows = [self.codes.index(chosen)] if chosen in self.codes else []
        return table_layer(f"unit.{self.level}", self.table, self.style, columns, rows)

    def at(self, x: float, y: float) -> str:
        """Code of the unit with a place in map units, "" where there is none."""
        import shapely

        box = self.table.geometry.bounds
        near = np.flatnonzero((box[:, 0] <= x) & (box[:, 1] <= y) & (box[:, 2] >= x) & (box[:, 3] >= y))
        inside = near[shapely.intersects_xy(self.table.geometry.to_shapely(near), x, y)] if len(near) else near
        return self.codes[int(inside[0])] if len(inside) else ""

    def bounds(self, code: str) -> tuple[float, float, float, float] | None:
        """Of a unit, in map units."""
        if code not in self.codes:
            return None
        west, south, east, north = (float(v) for v in self.table.geometry.bounds[self.codes.index(code)])
        return west, south, east, north

    def selection(self, code: str) -> Selection:
        """The unit as the session knows it."""
        if code not in self.codes:
            return Selection()
        return Selection.of(UNIT_LAYERS[self.level], [int(self.table.fid[self.codes.index(code)])])


def units_of(session: Session, level: Level) -> FeatureTable | None:
    """The layer of the units of a level; None where the map has none."""
    layer = UNIT_LAYERS.get(level)
    if layer is None or session.ref(layer) is None:
        return None
    table = session.table(layer)
    return table if isinstance(table, FeatureTable) else None
