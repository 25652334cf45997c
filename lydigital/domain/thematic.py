"""Thematic styles made of numbers already worked out: classes, categories, symbols by size, charts, dots, density.

Each function takes a style to start from, of which labels, opacity and the look of outlines are kept.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Literal

import msgspec

from lydigital.domain import classes
from lydigital.model import ramps
from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    LineSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    Rule,
    Scheme,
    Stroke,
    Style,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.layerdef import LayerGeometry
    from lydigital.model.style import Scaled, Share, Symbolizer

Theme = Literal[
    "single", "categorized", "graduated", "proportional", "chart", "dots", "heat", "cluster", "bivariate"
]
_NO_DATA = ("无数据", "No value")
_WIDTHS_MM = (0.2, 1.8)
_SIZES_MM = (1.6, 7.0)
_PLAIN = "#3b6ea5"
_EDGE = Stroke("#ffffff", 0.1, opacity=0.7)


def theme_of(style: Style) -> Theme:
    """Which kind of map a style makes."""
    if style.kind == "bivariate":
        return "bivariate"
    for symbolizer in (s for r in style.rules for s in r.symbolizers):
        if isinstance(symbolizer, HeatSymbolizer):
            return "heat"
        if isinstance(symbolizer, ClusterSymbolizer):
            return "cluster"
        if isinstance(symbolizer, ChartSymbolizer):
            return "chart"
        if isinstance(symbolizer, DotSymbolizer):
            return "dots"
        if isinstance(symbolizer, PointSymbolizer) and symbolizer.scaled is not None:
            return "proportional"
    return style.kind


def template(geometry: LayerGeometry, *styles: Style) -> PolygonSymbolizer | LineSymbolizer | PointSymbolizer:
    """The plain symbol of the first style that has one fitting the geometry, or a plain one."""
    wanted: type = PointSymbolizer
    if geometry in ("polygon", "line"):
        wanted = PolygonSymbolizer if geometry == "polygon" else LineSymbolizer
    for style in styles:
        for symbolizer in (s for r in style.rules for s in r.symbolizers):
            plain = symbolizer.point if isinstance(symbolizer, ClusterSymbolizer) else symbolizer
            if not isinstance(plain, wanted):
                continue
            if isinstance(plain, PointSymbolizer) and plain.scaled is None:
                return plain
            if isinstance(plain, LineSymbolizer) or (isinstance(plain, PolygonSymbolizer) and plain.fill is not None):
                return plain
    if geometry == "polygon":
        return PolygonSymbolizer(Fill(_PLAIN, 0.85), _EDGE)
    return LineSymbolizer(Stroke(_PLAIN, 0.4)) if geometry == "line" else PointSymbolizer(size_mm=2.4)


def colored(symbol: Symbolizer, color: str) -> Symbolizer:
    """``symbol`` in another colour; fills become solid."""
    if isinstance(symbol, PolygonSymbolizer):
        fill = symbol.fill
        opacity = fill.opacity if fill is not None and fill.pattern == "solid" else 0.85
        return msgspec.structs.replace(symbol, fill=Fill(color, max(opacity, 0.6)))
    if isinstance(symbol, LineSymbolizer):
        return LineSymbolizer(msgspec.structs.replace(symbol.stroke, color=color), symbol.casing)
    if isinstance(symbol, PointSymbolizer):
        return msgspec.structs.replace(symbol, color=color)
    return symbol


def _sized(symbol: Symbolizer, share: float) -> Symbolizer:
    low, high = _WIDTHS_MM if isinstance(symbol, LineSymbolizer) else _SIZES_MM
    size = low + (high - low) * share
    if isinstance(symbol, LineSymbolizer):
        return LineSymbolizer(msgspec.structs.replace(symbol.stroke, width_mm=size))
    if isinstance(symbol, PointSymbolizer):
        return msgspec.structs.replace(symbol, size_mm=size)
    return symbol


def _restyled(base: Style, rules: Sequence[Rule], **changes: object) -> Style:
    fresh: dict[str, object] = {
        "kind": "single", "field": "", "divide_by": "", "per": 1.0, "second": "", "scheme": None,
        "min_scale": 0.0, "max_scale": math.inf,  # who asks for a map wants to see it
    }  # fmt: skip
    return msgspec.structs.replace(base, rules=tuple(rules), **(fresh | changes))


def single(base: Style, symbol: Symbolizer, color: str = "") -> Style:
    return _restyled(base, [Rule((colored(symbol, color) if color else symbol,))])


def graduated(
    base: Style, symbol: Symbolizer, field: str, limits: Sequence[float], *, spread: tuple[float, float],
    scheme: Scheme, divide_by: str = "", per: float = 1.0, missing: bool = False, by: Literal["color", "size"] = "color",
) -> Style:  # fmt: skip
    """Classes between ``limits`` of values from ``spread[0]`` to ``spread[1]``; ``missing`` adds the class of no value."""
    count = len(limits) + 1
    colors = ramps.colors(scheme.ramp, count, reverse=scheme.reverse)
    rules = []
    for i, title in enumerate(classes.titles(limits, *spread)):
        look = colored(symbol, colors[i]) if by == "color" else _sized(symbol, i / max(1, count - 1))
        minimum = limits[i - 1] if i else -float("inf") if count == 1 else None
        rules.append(Rule((look,), title, minimum=minimum, maximum=limits[i] if i < count - 1 else None))
    if missing:
        rules.append(no_data(symbol))
    return _restyled(
        base, rules, kind="graduated", field=field, divide_by=divide_by, per=per, scheme=scheme
    )


def no_data(symbol: Symbolizer) -> Rule:
    """The class of what has no value: shown, in grey."""
    look = colored(symbol, ramps.NO_DATA)
    if isinstance(look, PolygonSymbolizer) and look.fill is not None:
        look = msgspec.structs.replace(look, fill=msgspec.structs.replace(look.fill, opacity=0.45))
    return Rule((look,), *_NO_DATA)


def categorized(
    base: Style, symbol: Symbolizer, field: str, values: Sequence[tuple[str | int | bool, tuple[str, str]]],
    scheme: Scheme, *, rest: tuple[str, str] | None,
) -> Style:  # fmt: skip
    """A colour for each of ``values`` (value, names); ``rest`` names what is left over."""
    colors = ramps.colors(scheme.ramp, len(values), reverse=scheme.reverse)
    rules = [
        Rule((colored(symbol, color),), names[0], names[1], value=value)
        for (value, names), color in zip(values, colors, strict=True)
    ]
    if rest is not None:
        rules.append(msgspec.structs.replace(no_data(symbol), title=rest[0], title_en=rest[1]))
    return _restyled(base, rules, kind="categorized", field=field, scheme=scheme)


def proportional(
    base: Style, ground: Symbolizer | None, scaled: Scaled, scheme: Scheme, *, color: str, size_mm: float,
    shape: str = "circle",
) -> Style:  # fmt: skip
    """Marks by size, on areas above their pale outline ``ground``."""
    mark = msgspec.convert(
        {"kind": "point", "shape": shape, "size_mm": size_mm, "color": color, "outline_mm": 0.2, "opacity": 0.85},
        PointSymbolizer,
    )
    mark = msgspec.structs.replace(mark, scaled=scaled)
    return _restyled(base, [Rule((*pale(ground), mark))], field=scaled.field, divide_by=scaled.divide_by,
                     per=scaled.per, scheme=scheme)  # fmt: skip


def pale(ground: Symbolizer | None) -> tuple[Symbolizer, ...]:
    """An area that stays behind what is put on it."""
    if not isinstance(ground, PolygonSymbolizer):
        return ()
    stroke = ground.stroke or _EDGE
    return (PolygonSymbolizer(Fill("#ece9e1", 0.75), msgspec.structs.replace(stroke, color="#a8a294", opacity=0.8)),)


def charts(base: Style, ground: Symbolizer | None, chart: ChartSymbolizer, scheme: Scheme) -> Style:
    return _restyled(base, [Rule((*pale(ground), chart))], scheme=scheme)


def dots(base: Style, ground: Symbolizer | None, symbol: DotSymbolizer, scheme: Scheme) -> Style:
    return _restyled(base, [Rule((*pale(ground), symbol))], scheme=scheme)


def heat(base: Style, symbol: HeatSymbolizer, scheme: Scheme) -> Style:
    return _restyled(base, [Rule((symbol,))], field=symbol.weight_field, scheme=scheme)


def clustered(base: Style, symbol: ClusterSymbolizer) -> Style:
    return _restyled(base, [Rule((symbol,))])


def bivariate(
    base: Style, symbol: Symbolizer, fields: tuple[str, str], limits: tuple[Sequence[float], Sequence[float]],
    *, names: tuple[tuple[str, str], tuple[str, str]], scheme: Scheme, divide_by: str = "", per: float = 1.0, missing: bool = False,
) -> Style:  # fmt: skip
    """Classes of two numbers at once: columns from low to high of the first, rows of the second.

    ``names`` are those of both in Chinese and English.
    """
    across, up = ([None, *v, None] for v in limits)
    steps = max(len(across), len(up)) - 1
    colors = ramps.square(scheme.ramp, steps)
    words = {2: ("low", "high"), 3: ("low", "middle", "high")}.get(steps, tuple(str(i + 1) for i in range(steps)))
    chinese = {2: ("低", "高"), 3: ("低", "中", "高")}.get(steps, words)
    rules = []
    for y, (low, high) in enumerate(itertools.pairwise(up)):
        for x, (a, b) in enumerate(itertools.pairwise(across)):
            title = f"{names[0][0]} {chinese[x]} · {names[1][0]} {chinese[y]}"
            title_en = f"{names[0][1]} {words[x]} · {names[1][1]} {words[y]}"
            rules.append(Rule((colored(symbol, colors[y][x]),), title, title_en, minimum=a, maximum=b, second=(low, high)))
    if missing:
        rules.append(no_data(symbol))
    return _restyled(
        base, rules, kind="bivariate", field=fields[0], second=fields[1], divide_by=divide_by, per=per, scheme=scheme
    )


def shares(fields: Sequence[tuple[str, str, str]], ramp: str = "clear") -> tuple[Share, ...]:
    """Parts of a chart from fields with their Chinese and English names."""
    from lydigital.model.style import Share

    colors = ramps.colors(ramp, len(fields))
    return tuple(Share(f, c, zh, en) for (f, zh, en), c in zip(fields, colors, strict=True))
