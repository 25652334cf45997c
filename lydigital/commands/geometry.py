"""Outlines of features changed: drawn anew, reshaped, offset, simplified, smoothed, mended."""

from __future__ import annotations

from typing import Annotated

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.commands.subjects import AlongLine, Some, no_layers, nothing_selected

Positive = Annotated[float, msgspec.Meta(gt=0)]


class SetGeometry(Parameters, frozen=True, kw_only=True):
    """``geometry`` is WKT in map units; ``fix``: loops become parts instead of being refused."""

    layer: str
    fid: int
    geometry: str
    fix: bool = False


class Distance(Some, frozen=True, kw_only=True):
    """``distance`` is in metres on the ground; lines: to the left, below zero to the right."""

    distance: float


class Buffer(Some, frozen=True, kw_only=True):
    """``distance`` in metres on the ground, into the polygon layer ``into`` (its own without); ``merge``: as one."""

    distance: float
    into: str = ""
    merge: bool = False
    deviation_m: Positive = 0.05


class Tolerance(Some, frozen=True, kw_only=True):
    """``tolerance`` is in metres on the ground."""

    tolerance: Positive


class Repair(Some, frozen=True, kw_only=True):
    """Gaps and overlaps narrower than ``tolerance`` metres close; without, only what crosses itself is mended."""

    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Smooth(Some, frozen=True, kw_only=True):
    """Corners are cut ``rounds`` times at ``share`` of each edge."""

    rounds: Annotated[int, msgspec.Meta(ge=1, le=6)] = 2
    share: Annotated[float, msgspec.Meta(gt=0, lt=0.5)] = 0.25


COMMANDS = (
    Command("geometry.set", "Set geometry", later("geometry", "set_geometry"), SetGeometry, disabled=no_layers, icon="vector-square-edit"),
    Command("feature.reshape", "Reshape features", later("geometry", "reshape"), AlongLine, disabled=nothing_selected, icon="vector-curve"),
    Command("feature.offset", "Offset features", later("geometry", "offset"), Distance, disabled=nothing_selected, menu="edit", icon="arrow-expand-horizontal"),
    Command("feature.parallel", "Parallel copy", later("geometry", "parallel"), Distance, disabled=nothing_selected, menu="edit", icon="format-line-spacing"),
    Command("feature.buffer", "Buffer", later("geometry", "buffer"), Buffer, disabled=nothing_selected, menu="edit", icon="circle-expand"),
    Command("feature.simplify", "Simplify features", later("geometry", "simplify"), Tolerance, disabled=nothing_selected, menu="edit", icon="vector-polyline-minus"),
    Command("feature.smooth", "Smooth features", later("geometry", "smooth"), Smooth, disabled=nothing_selected, menu="edit", icon="vector-bezier"),
    Command("feature.avoid_overlap", "Cut at neighbours", later("geometry", "avoid_overlap"), Some, disabled=nothing_selected, menu="edit", icon="vector-difference"),
    Command("feature.repair", "Repair geometry", later("geometry", "mend"), Repair, disabled=nothing_selected, menu="edit", icon="wrench-outline"),
)  # fmt: skip
