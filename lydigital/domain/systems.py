"""Cards of the systems: what of each is on the map, how complete, how old, and its headline indicator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lydigital.domain.figures import texts
from lydigital.model.system import LayerState, System, SystemCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lydigital.model.indicator import IndicatorResult
    from lydigital.model.issue import Issue
    from lydigital.model.layerdef import LayerDef
    from lydigital.model.table import FeatureTable


def completeness(table: FeatureTable, layer: LayerDef) -> float | None:
    """Share of the cells of a layer's own fields that are filled in; a field it lacks counts as empty. None without features."""
    if not len(table) or not layer.fields:
        return None
    filled = 0
    for field in layer.fields:
        if field.name in table.column_names:
            column = table.column(field.name)
            filled += len(table) - column.null_count
            if column.null_count < len(table) and str(column.type) in ("string", "large_string"):
                filled -= texts(table, field.name).count("") - column.null_count
    return filled / (len(table) * len(layer.fields))


def state_of(layer: LayerDef, table: FeatureTable | None, problem: str = "", *, is_raster: bool = False) -> LayerState:
    """A layer as it is on the map; ``problem`` says why it is not there."""
    if table is None and not is_raster:
        return LayerState(layer.id, layer.name, is_present=False, currency=layer.currency, source=layer.source, problem=problem)
    return LayerState(
        layer.id, layer.name, is_present=True, count=None if table is None else len(table),
        completeness=None if table is None else completeness(table, layer), currency=layer.currency, source=layer.source,
        is_sample=layer.sample,
    )  # fmt: skip


def card(
    system: System, layers: Sequence[LayerState], headline: IndicatorResult | None, indicators: Sequence[str],
    issues: Sequence[Issue],
) -> SystemCard:  # fmt: skip
    """The card of a system."""
    told = [layer.completeness if layer.is_present else 0.0 for layer in layers]
    known = [share for share in told if share is not None]
    first = [system.headline] if system.headline in indicators else []
    return SystemCard(
        system, tuple(layers), sum(known) / len(known) if known else None, _currency(layers), headline,
        (*first, *(i for i in indicators if i != system.headline)), tuple(issues),
    )  # fmt: skip


def _currency(layers: Sequence[LayerState]) -> str:
    """Oldest and newest year of the layers that are there."""
    years = [year for layer in layers if layer.is_present for year in re.findall(r"(?:19|20)\d\d", layer.currency)]
    if not years:
        return ""
    return min(years) if min(years) == max(years) else f"{min(years)}–{max(years)}"
