"""What the legend of a sheet says: only what is drawn on it, grouped, top layer first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lydigital.model.style import PolygonSymbolizer
from lydigital.model.table import FeatureTable
from lydigital.texts import pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lydigital.model.style import Rule, Symbolizer
    from lydigital.render.drawlist import SceneLayer


@dataclass(frozen=True)
class Entry:
    """One line of the legend: a swatch of ``symbolizers`` and its name."""

    title: str
    symbolizers: tuple[Symbolizer, ...]


@dataclass(frozen=True)
class Group:
    """Entries of one group of layers."""

    title: str
    entries: tuple[Entry, ...]


def of_scene(
    scene: Sequence[SceneLayer], titles: Mapping[str, tuple[str, str]], bounds: tuple[float, float, float, float],
    scale: float,
) -> tuple[Group, ...]:
    """Legend of what ``scene`` draws inside ``bounds`` at a scale denominator.

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
        rules = [r for r in _drawn(layer, bounds) if r.min_scale <= scale < r.max_scale and r.symbolizers]
        entries = groups.setdefault(group, [])
        if (len(rules) == 1 and layer.style.kind == "single") or _only_tells_neighbours_apart(layer, len(rules)):
            entries.append(Entry(title, rules[0].symbolizers))
            continue
        for rule in rules:
            name = pick(rule.title, rule.title_en)
            entry = Entry(name or title, rule.symbolizers)
            if all(e.title != entry.title for e in entries):
                entries.append(entry)
    return tuple(Group(title, tuple(entries)) for title, entries in groups.items() if entries)


def _only_tells_neighbours_apart(layer: SceneLayer, drawn: int) -> bool:
    """Whether the classes are single areas, named on the map itself: counties in tints need no fourteen entries."""
    rules = layer.style.rules
    polygons = all(isinstance(s, PolygonSymbolizer) for r in rules for s in r.symbolizers)
    return (
        layer.style.kind == "categorized" and polygons and drawn > 2 and layer.style.labels is not None
        and isinstance(layer.data, FeatureTable) and len(layer.data) <= len(rules)
    )


def _drawn(layer: SceneLayer, bounds: tuple[float, float, float, float]) -> Sequence[Rule]:
    """Rules that some feature inside ``bounds`` falls under."""
    rules = layer.style.rules
    if not isinstance(layer.data, FeatureTable):
        return rules
    rows = layer.data.rows_in(bounds)
    if layer.codes is None:
        return rules if len(rows) else ()
    present = set(np.unique(layer.codes[rows]).tolist())
    return [r for i, r in enumerate(rules) if i in present]
