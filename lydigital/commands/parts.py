"""Features taken apart and put together: split, merge, dissolve, explode, holes, clip, gaps."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.commands.subjects import AlongLine, Some, no_layers, nothing_selected


class AddHole(Some, frozen=True, kw_only=True):
    """``ring`` is WKT, a polygon or a line that closes."""

    ring: str


class FillHole(Some, frozen=True, kw_only=True):
    """The hole around ``x, y``; all holes without."""

    x: float | None = None
    y: float | None = None


class Dissolve(Some, frozen=True, kw_only=True):
    """Features with the same value of ``field`` become one, with the attributes of the largest."""

    field: str


class Clip(Parameters, frozen=True, kw_only=True):
    """The selected features are cut to the areas ``fids`` of ``layer``; those outside go."""

    layer: str
    fids: Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]


class FillGap(Parameters, frozen=True, kw_only=True):
    """What is free in ``ring`` (WKT), or the gap that features of ``layer`` close around ``x, y``, as a new feature."""

    layer: str
    ring: str = ""
    x: float | None = None
    y: float | None = None
    values: dict[str, Any] = msgspec.field(default_factory=dict)


COMMANDS = (
    Command("feature.split", "Split features", later("parts", "split"), AlongLine, disabled=nothing_selected, icon="content-cut"),
    Command("feature.merge", "Merge features", later("parts", "merge"), Some, disabled=nothing_selected, shortcut="Ctrl+M", menu="edit", icon="vector-union"),
    Command("feature.add_hole", "Add hole", later("parts", "add_hole"), AddHole, disabled=nothing_selected, icon="vector-difference-ba"),
    Command("feature.fill_hole", "Fill holes", later("parts", "fill_hole"), FillHole, disabled=nothing_selected, menu="edit", icon="vector-square"),
    Command("feature.explode", "Explode into parts", later("parts", "explode"), Some, disabled=nothing_selected, menu="edit", icon="arrow-split-vertical"),
    Command("feature.dissolve", "Dissolve by field", later("parts", "dissolve"), Dissolve, disabled=nothing_selected, menu="edit", icon="vector-combine"),
    Command("feature.clip", "Clip by areas", later("parts", "clip"), Clip, disabled=nothing_selected, icon="vector-intersection"),
    Command("feature.fill_gap", "Fill gap", later("parts", "fill_gap"), FillGap, disabled=no_layers, icon="format-color-fill"),
)  # fmt: skip
