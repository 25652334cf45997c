"""How one layer is drawn at one scale, whatever the view: colours, widths, order. Worked out once, used while panning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from lydigital.model.style import (
    Fill,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    parse_color,
    size_at,
)
from lydigital.model.table import FeatureTable
from lydigital.render import crowds
from lydigital.render.thematic import is_special, reach_px
from lydigital.units import metres_per_px, mm_to_px

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lydigital.model.style import Rule, Stroke, Style, Symbolizer
    from lydigital.render.crowds import Crowd
    from lydigital.render.drawlist import SceneLayer

    Which = NDArray[np.bool_]  # by code: whether features with it take part

_MITER = 4.0


@dataclass(frozen=True, eq=False)
class FillPlan:
    """Fields as in :class:`~lydigital.render.drawlist.FillOp`, for the codes of ``which``."""

    which: Which
    colors: NDArray[np.uint8]
    pattern: Fill | None


@dataclass(frozen=True, eq=False)
class StrokePlan:
    """Fields as in :class:`~lydigital.render.drawlist.StrokeOp`, for the codes of ``which``."""

    which: Which
    color: tuple[int, int, int, int]
    width_px: float
    cap: Literal["butt", "round", "square"]
    join: Literal["miter", "round", "bevel"]
    dash_px: tuple[float, ...]
    offset_px: float

    def same_look(self, other: StrokePlan) -> bool:
        mine = (self.color, self.width_px, self.cap, self.join, self.dash_px, self.offset_px)
        return mine == (other.color, other.width_px, other.cap, other.join, other.dash_px, other.offset_px)


@dataclass(frozen=True, eq=False)
class MarkPlan:
    """Fields as in :class:`~lydigital.render.drawlist.MarkOp`, for the codes of ``which``."""

    which: Which
    marks: tuple[PointSymbolizer, ...]
    sizes_px: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ShadePlan:
    """Fields as in :class:`~lydigital.render.drawlist.ShadeOp`, for the codes of ``which``."""

    which: Which
    color: tuple[int, int, int, int]
    width_px: float


@dataclass(eq=False)
class Plan:
    """What to draw, bottom first: fills, shading, strokes, marks, then what stands for numbers; or grids.

    ``margin_px`` is how far the look of a feature reaches beyond its geometry.
    """

    fills: list[FillPlan] = field(default_factory=list)
    strokes: list[StrokePlan] = field(default_factory=list)
    marks: list[MarkPlan] = field(default_factory=list)
    rasters: list[RasterSymbolizer] = field(default_factory=list)
    shades: list[ShadePlan] = field(default_factory=list)
    specials: list[tuple[Which, Symbolizer]] = field(default_factory=list)
    margin_px: float = 1.0
    is_uniform: bool = False  # all features fall under the first rule

    def __bool__(self) -> bool:
        return bool(self.fills or self.strokes or self.marks or self.rasters or self.shades or self.specials)


class Chosen:
    """Some rows ``(k,) int32`` of a layer with their codes ``(k,) int16``, and those of them that a symbolizer takes."""

    def __init__(self, layer: SceneLayer, rows: NDArray[np.int32], *, is_uniform: bool) -> None:
        self.is_uniform = is_uniform
        if layer.codes is None or is_uniform:
            codes = np.zeros(len(rows), np.int16)
        else:
            codes = layer.codes[rows]
            known = codes >= 0
            if not known.all():
                rows, codes = rows[known], codes[known]
        self.rows, self.codes = rows, codes
        self._of: dict[bytes, tuple[NDArray[np.int32], NDArray[np.int16]]] = {}

    def of(self, which: Which) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
        """Rows and codes of the codes in ``which``."""
        if self.is_uniform:
            return (self.rows, self.codes) if which[0] else (self.rows[:0], self.codes[:0])
        key = which.tobytes()
        found = self._of.get(key)
        if found is None:
            keep = which[self.codes]
            found = (self.rows, self.codes) if keep.all() else (self.rows[keep], self.codes[keep])
            self._of[key] = found
        return found


class _Kept:
    """What is remembered of a layer: its last plan, and what never changes."""

    def __init__(self, layer: SceneLayer) -> None:
        codes = layer.codes
        self.is_uniform = codes is not None and not codes.any()
        self.leader = leaders(layer.style)
        self.last: tuple[tuple[float, float], Plan] | None = None
        self.everything: Chosen | None = None
        self.sides: NDArray[np.float64] | None = None
        self.crowds: dict[bytes, Crowd] = {}


_kept: WeakKeyDictionary[SceneLayer, _Kept] = WeakKeyDictionary()


def plan_for(layer: SceneLayer, scale: float, dpi: float) -> Plan:
    """The plan of a layer at a scale denominator."""
    kept = _kept.get(layer)
    if kept is None:
        kept = _kept[layer] = _Kept(layer)
    last = kept.last  # read and written in one go: the screen and an export may plan at the same time
    if last is not None and last[0] == (scale, dpi):
        return last[1]
    plan = _Planner(layer, kept.leader, scale, dpi).plan
    plan.is_uniform = kept.is_uniform
    kept.last = ((scale, dpi), plan)
    return plan


def everything(layer: SceneLayer) -> Chosen:
    """All rows of a layer of features that have a place; chosen once."""
    kept = _kept[layer]
    if kept.everything is None:
        with_place = np.flatnonzero(~np.isnan(layer.data.geometry.bounds[:, 0])).astype(np.int32)  # type: ignore[union-attr]
        kept.everything = Chosen(layer, with_place, is_uniform=kept.is_uniform)
    return kept.everything


def crowd_of(layer: SceneLayer, which: Which, units_per_px: float) -> Crowd | None:
    """Features of the codes of ``which`` to be stroked together, where most of the layer is far below a pixel."""
    kept = _kept[layer]
    geometry = layer.data.geometry  # type: ignore[union-attr]
    if kept.sides is None:
        kept.sides = crowds.sides(geometry.bounds)
    if not crowds.is_useful(len(geometry), kept.sides, units_per_px):
        return None
    key = which.tobytes()
    found = kept.crowds.get(key)
    if found is None:
        found = kept.crowds[key] = crowds.Crowd(geometry, everything(layer).of(which)[0])
    return found


def leaders(style: Style) -> list[int]:
    """For each rule the number its features carry: rules that differ in scale only share the first one's."""
    first: dict[object, int] = {}
    out = []
    for number, rule in enumerate(style.rules):
        condition: object = ()
        if style.kind == "categorized":
            condition = (rule.value, rule.values)
        elif style.kind == "graduated":
            condition = (rule.minimum, rule.maximum)
        elif style.kind == "bivariate":
            condition = (rule.minimum, rule.maximum, rule.second)
        out.append(first.setdefault(condition, number))
    return out


class _Planner:
    def __init__(self, layer: SceneLayer, leader: list[int], scale: float, dpi: float) -> None:
        self.scale = scale
        self.dpi = dpi
        self.count = len(leader)
        self.kind = layer.data.geometry.kind if isinstance(layer.data, FeatureTable) else None
        self.metres = layer.data.crs.metres_per_unit if isinstance(layer.data, FeatureTable) else 1.0
        self.plan = Plan()
        rules = [(leader[i], r) for i, r in enumerate(layer.style.rules) if r.min_scale <= scale < r.max_scale]
        rules.reverse()  # the first rule matters most and is drawn on top
        self._polygons(rules)
        self._lines(rules)
        self._points(rules)
        self._shades(rules)
        self._specials(rules, layer)
        self.plan.rasters = [s for _, r in rules for s in r.symbolizers if isinstance(s, RasterSymbolizer)]

    def _which(self, code: int) -> Which:
        which = np.zeros(self.count + 1, np.bool_)  # one more: code -1 looks there
        which[code] = True
        return which

    def _polygons(self, rules: list[tuple[int, Rule]]) -> None:
        for level in range(max((len(r.symbolizers) for _, r in rules), default=0)):
            solid = FillPlan(np.zeros(self.count + 1, np.bool_), np.zeros((self.count, 4), np.uint8), None)
            patterns = []
            for code, rule in rules:
                symbolizer = rule.symbolizers[level] if level < len(rule.symbolizers) else None
                fill = symbolizer.fill if isinstance(symbolizer, PolygonSymbolizer) else None
                if fill is None:
                    continue
                ground = fill.color if fill.pattern == "solid" else fill.ground
                if ground:
                    if solid.which[code]:  # a second rule for the same features: a pass of its own
                        self.plan.fills.append(solid)
                        solid = FillPlan(np.zeros(self.count + 1, np.bool_), np.zeros((self.count, 4), np.uint8), None)
                    solid.which[code] = True
                    solid.colors[code] = parse_color(ground, fill.opacity)
                if fill.pattern != "solid":
                    colors = np.zeros((self.count, 4), np.uint8)
                    colors[code] = parse_color(fill.color, fill.opacity)
                    pattern = msgspec.structs.replace(fill, ground="")
                    patterns.append(FillPlan(self._which(code), colors, pattern))
            if solid.which.any():
                self.plan.fills.append(solid)
            self.plan.fills.extend(patterns)
        self.plan.strokes.extend(self._merged(
            (code, s.stroke) for code, rule in rules for s in rule.symbolizers if isinstance(s, PolygonSymbolizer)
        ))

    def _lines(self, rules: list[tuple[int, Rule]]) -> None:
        lines = [(code, s) for code, rule in rules for s in rule.symbolizers if isinstance(s, LineSymbolizer)]
        self.plan.strokes.extend(self._merged((code, s.casing) for code, s in lines))
        self.plan.strokes.extend(self._merged((code, s.stroke) for code, s in lines))

    def _merged(self, strokes: Iterable[tuple[int, Stroke | None]]) -> list[StrokePlan]:
        """Strokes of features by code; neighbours in order that look the same become one union."""
        out: list[StrokePlan] = []
        for code, stroke in strokes:
            new = None if stroke is None else self._stroke(code, stroke)
            if new is None:
                continue
            if out and out[-1].same_look(new):
                out[-1].which[code] = True
            else:
                out.append(new)
        return out

    def _stroke(self, code: int, stroke: Stroke) -> StrokePlan | None:
        width = mm_to_px(size_at(stroke.width_mm, self.scale), self.dpi)
        color = parse_color(stroke.color, stroke.opacity)
        if width <= 0.0 or color[3] == 0:
            return None
        offset = mm_to_px(stroke.offset_mm, self.dpi)
        reach = width / 2 * (_MITER if stroke.join == "miter" else 1.5) + 2 * abs(offset) + 1.0
        self.plan.margin_px = max(self.plan.margin_px, reach)
        dash = tuple(mm_to_px(d, self.dpi) for d in stroke.dash_mm)
        return StrokePlan(self._which(code), color, width, stroke.cap, stroke.join, dash, offset)

    def _points(self, rules: list[tuple[int, Rule]]) -> None:
        for level in range(max((len(r.symbolizers) for _, r in rules), default=0)):
            marks = [PointSymbolizer()] * self.count
            sizes = [1.0] * self.count
            which = np.zeros(self.count + 1, np.bool_)
            for code, rule in rules:
                symbolizer = rule.symbolizers[level] if level < len(rule.symbolizers) else None
                if isinstance(symbolizer, PointSymbolizer) and not self._is_special(symbolizer):
                    marks[code] = symbolizer
                    sizes[code] = mm_to_px(size_at(symbolizer.size_mm, self.scale), self.dpi)
                    which[code] = sizes[code] > 0.0
            if which.any():
                self.plan.marks.append(MarkPlan(which, tuple(marks), tuple(sizes)))
                self.plan.margin_px = max(self.plan.margin_px, *(2.0 * s for s in sizes))

    def _is_special(self, symbolizer: Symbolizer) -> bool:
        return self.kind is not None and is_special(symbolizer, self.kind)

    def _shades(self, rules: list[tuple[int, Rule]]) -> None:
        for code, rule in rules:
            for s in rule.symbolizers:
                if not isinstance(s, PolygonSymbolizer) or s.inner is None:
                    continue
                color = parse_color(s.inner.color, s.inner.opacity)
                width = mm_to_px(s.inner.width_mm, self.dpi)
                last = self.plan.shades[-1] if self.plan.shades else None
                if last is not None and (last.color, last.width_px) == (color, width):
                    last.which[code] = True
                elif width > 0 and color[3] > 0:
                    self.plan.shades.append(ShadePlan(self._which(code), color, width))
                    self.plan.margin_px = max(self.plan.margin_px, width + 1.0)

    def _specials(self, rules: list[tuple[int, Rule]], layer: SceneLayer) -> None:
        unit = metres_per_px(self.scale, self.dpi) / self.metres
        for code, rule in rules:
            for s in rule.symbolizers:
                if self._is_special(s):
                    which = self._which(code)
                    if len(layer.style.rules) == 1:
                        which[:-1] = True
                    self.plan.specials.append((which, s))
                    self.plan.margin_px = max(self.plan.margin_px, reach_px(s, self.dpi, unit, self.metres))
