"""What the legend of a sheet says: only what is drawn on it, grouped, top layer first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from lydigital.model.style import (
    ChartSymbolizer,
    ClusterSymbolizer,
    DotSymbolizer,
    Fill,
    HeatSymbolizer,
    PointSymbolizer,
    PolygonSymbolizer,
    RasterSymbolizer,
    size_at,
)
from lydigital.model.table import FeatureTable
from lydigital.render.classify import counts
from lydigital.texts import pick, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.style import Rule, Style, Symbolizer
    from lydigital.render.drawlist import SceneLayer

METHODS = {"quantile": "Quantiles", "equal": "Equal steps", "natural": "Natural breaks", "std": "Standard deviation",
           "pretty": "Round steps", "manual": "By hand"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the legend: a swatch of ``symbolizers`` and its name; only words where there are none."""

    title: str
    symbolizers: tuple[Symbolizer, ...]


@dataclass(frozen=True)
class Group:
    """Entries of one group of layers."""

    title: str
    entries: tuple[Entry, ...]


def of_scene(
    scene: Sequence[SceneLayer], titles: Mapping[str, tuple[str, str]], bounds: tuple[float, float, float, float],
    scale: float, *, numbers: bool = False,
) -> tuple[Group, ...]:
    """Legend of what ``scene`` draws inside ``bounds`` at a scale denominator; with ``numbers`` of features there.

    Parameters
    ----------
    titles
        Layer id → title of its group, title of the layer. Layers without are left out.
    """
    groups: dict[str, list[Entry]] = {}
    for layer in reversed(scene):
        if layer.id not in titles or not layer.style.shows_at(scale):
            continue
        group, title = titles[layer.id]
        drawn = [(r, n) for r, n in _drawn(layer, bounds) if r.min_scale <= scale < r.max_scale and r.symbolizers]
        rules = [r for r, _ in drawn]
        entries = groups.setdefault(group, [])
        if layer.style.scheme is not None or _parts(layer.style):
            entries.extend(_thematic(layer, title, rules))
            continue
        if (len(rules) == 1 and layer.style.kind == "single") or _only_tells_neighbours_apart(layer, len(rules)):
            entries.append(Entry(_numbered(title, sum(n for _, n in drawn), numbers=numbers), rules[0].symbolizers))
            continue
        named: dict[str, tuple[Rule, int]] = {}
        for rule, number in drawn:
            name = pick(rule.title, rule.title_en) or title
            first, so_far = named.get(name, (rule, 0))
            named[name] = first, so_far + number
        known = {e.title for e in entries}
        made = [Entry(_numbered(name, number, numbers=numbers), rule.symbolizers) for name, (rule, number) in named.items()]
        entries += [entry for entry in made if entry.title not in known]
    return tuple(Group(title, tuple(entries)) for title, entries in groups.items() if entries)


def _thematic(layer: SceneLayer, title: str, rules: Sequence[Rule]) -> list[Entry]:
    """What a thematic map shows: layer, fields, unit and method; then classes with their numbers in all of the layer."""
    style = layer.style
    out = [Entry(heading(style, title), ())]
    parts = _parts(style)
    if parts:
        return out + [Entry(words, (symbolizer,)) for symbolizer, words in parts]
    numbers = counts(layer).tolist()
    for number, rule in enumerate(style.rules):
        if rule in rules or numbers[number] == 0:
            name = pick(rule.title, rule.title_en) or tr("Other")
            out.append(Entry(f"{name}  ({numbers[number]:,})", rule.symbolizers))
    return out


def heading(style: Style, title: str) -> str:
    """What decides a thematic map: "title: field ÷ field (unit), method"."""
    scheme = style.scheme
    words = style.field
    if scheme is not None and scheme.title:
        words = pick(scheme.title, scheme.title_en)
    unit = f" ({scheme.unit})" if scheme is not None and scheme.unit else ""
    method = f", {tr(METHODS[scheme.method])}" if scheme is not None and style.kind in ("graduated", "bivariate") else ""
    return f"{title}: {words}{unit}{method}" if words else f"{title}{unit}"


def parts_of(style: Style) -> list[tuple[Symbolizer, str]]:
    """What the symbols of a style stand for, where they are no classes: kinds of dots and shares, sizes, density."""
    return _parts(style)


def _parts(style: Style) -> list[tuple[Symbolizer, str]]:
    unit = style.scheme.unit if style.scheme is not None else ""
    out: list[tuple[Symbolizer, str]] = []
    for s in (s for r in style.rules for s in r.symbolizers):
        if isinstance(s, DotSymbolizer):
            one = f"{s.value:,.10g} {unit}".rstrip()
            for share in s.shares:
                words = tr("1 dot = {value}: {name}", value=one, name=pick(share.title, share.title_en) or share.field)
                out.append((PointSymbolizer(size_mm=s.size_mm, color=share.color, outline=""), words))
        elif isinstance(s, ChartSymbolizer):
            out += [(PolygonSymbolizer(Fill(p.color)), pick(p.title, p.title_en) or p.field) for p in s.shares]
        elif isinstance(s, PointSymbolizer) and s.scaled is not None:
            full = size_at(s.size_mm, 1.0)
            for value in _three(s.scaled.value):
                size = max(s.scaled.least_mm, full * (value / s.scaled.value) ** s.scaled.exponent)
                plain = msgspec.structs.replace(s, size_mm=size, scaled=None)
                out.append((plain, f"{value:,.10g} {unit}".rstrip()))
        elif isinstance(s, HeatSymbolizer):
            ramp = tuple((float(i), c) for i, c in enumerate(s.ramp))
            words = tr("none to {maximum} a km²", maximum=f"{s.maximum:,.6g}") if s.maximum else tr("few to many, relative")
            out.append((RasterSymbolizer(ramp=ramp), words))
        elif isinstance(s, ClusterSymbolizer):
            out.append((PointSymbolizer(size_mm=4.5, color=s.color), tr("number of near points")))
            out.append((s.point, tr("single point")))
    return out


def _three(largest: float) -> list[float]:
    """Three round values that show how sizes follow: the largest power of ten times 1, 2 or 5, a quarter and a tenth."""
    power = 10.0 ** math.floor(math.log10(largest))
    top = next(f * power for f in (5.0, 2.0, 1.0) if f * power <= largest * 1.000001)
    return [top, top / 4, top / 20]


def _only_tells_neighbours_apart(layer: SceneLayer, drawn: int) -> bool:
    """Whether the classes are single areas, named on the map itself: counties in tints need no fourteen entries."""
    rules = layer.style.rules
    polygons = all(isinstance(s, PolygonSymbolizer) for r in rules for s in r.symbolizers)
    return (
        layer.style.kind == "categorized" and polygons and drawn > 2 and layer.style.labels is not None
        and isinstance(layer.data, FeatureTable) and len(layer.data) <= len(rules)
    )


def _numbered(title: str, number: int, *, numbers: bool) -> str:
    return f"{title}  ({number:,})" if numbers and number else title


def _drawn(layer: SceneLayer, bounds: tuple[float, float, float, float]) -> list[tuple[Rule, int]]:
    """Rules that some feature inside ``bounds`` falls under, and how many; 0 of a grid."""
    rules = layer.style.rules
    if not isinstance(layer.data, FeatureTable):
        return [(rule, 0) for rule in rules]
    rows = layer.data.rows_in(bounds)
    if layer.codes is None:
        return [(rule, len(rows)) for rule in rules] if len(rows) else []
    codes, found = np.unique(layer.codes[rows], return_counts=True)
    return [(rules[i], int(n)) for i, n in zip(codes, found, strict=True) if 0 <= i < len(rules)]
