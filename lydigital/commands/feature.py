"""Features made, removed, moved as a whole, copied from layer to layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from lydigital.commands.clipboard import COPIED
from lydigital.commands.registry import Command, Parameters, later
from lydigital.commands.subjects import Some, no_layers, nothing_selected
from lydigital.edits.operations.limits import MOST_CORNERS, Edge
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.session import Session

Place = tuple[float, float]
Positive = Annotated[float, msgspec.Meta(gt=0)]


class Create(Parameters, frozen=True, kw_only=True):
    """A feature of ``layer``. ``geometry``: WKT in map units, or places one a line in any notation (``crs``: which).

    ``fix``: loops become parts instead of being refused. ``avoid_overlap``: areas leave out what others cover.
    """

    layer: str
    geometry: str
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    crs: str = ""
    fix: bool = False
    avoid_overlap: bool = False


class CreateCircle(Parameters, frozen=True, kw_only=True):
    """A circle of ``radius_m`` metres on the ground, as a polygon at most ``deviation_m`` off the true one."""

    layer: str
    x: float
    y: float
    radius_m: Positive
    deviation_m: Positive = 0.05
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class CreateRectangle(Parameters, frozen=True, kw_only=True):
    """A rectangle: two corners of one side, and a third place that says how wide."""

    layer: str
    points: tuple[Place, Place, Place]
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class CreateRegular(Parameters, frozen=True, kw_only=True):
    """An equal-sided polygon: ``radius_m`` to its corners, the first at ``angle_deg`` counter-clockwise from east."""

    layer: str
    x: float
    y: float
    radius_m: Positive
    sides: Annotated[int, msgspec.Meta(ge=3, le=MOST_CORNERS)] = 6
    angle_deg: float = 90.0
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class CreateFreehand(Parameters, frozen=True, kw_only=True):
    """A line or area drawn by hand, simplified by ``tolerance`` map units."""

    layer: str
    points: tuple[Place, ...]
    tolerance: Annotated[float, msgspec.Meta(ge=0)]
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    fix: bool = False


class CreateMany(Parameters, frozen=True, kw_only=True):
    """Points from ``points`` (map units), or from ``text`` or the file ``path``: CSV with columns, GPX, NMEA, plain lists.

    Columns go to fields of the same name or title. In a layer of lines or areas all places make one feature.
    """

    layer: str
    points: tuple[Place, ...] = ()
    text: str = ""
    path: str = ""
    crs: str = ""
    mapping: dict[str, str] = msgspec.field(default_factory=dict)
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class ContinueLine(Parameters, frozen=True, kw_only=True):
    """Line ``fid`` goes on through ``points`` (map units)."""

    layer: str
    fid: int
    points: Annotated[tuple[Place, ...], msgspec.Meta(min_length=1)]
    at_start: bool = False


class Move(Some, frozen=True, kw_only=True):
    """By map units."""

    dx: float
    dy: float


class Rotate(Some, frozen=True, kw_only=True):
    """Counter-clockwise about ``x, y``, or the middle of all."""

    angle_deg: float
    x: float | None = None
    y: float | None = None


class Scale(Some, frozen=True, kw_only=True):
    """Around ``x, y``, or the middle of all; negative factors mirror."""

    factor_x: float
    factor_y: float
    x: float | None = None
    y: float | None = None


class Align(Some, frozen=True, kw_only=True):
    """To the outermost ``edge``, or with their centres onto ``line`` (WKT)."""

    edge: Edge = "left"
    line: str = ""


class Paste(Parameters, frozen=True, kw_only=True):
    """What was copied, into ``layer`` (where it came from without), shifted by map units.

    ``mapping``: source field to target field, "" to leave one out; else by name and title.
    """

    layer: str = ""
    mapping: dict[str, str] = msgspec.field(default_factory=dict)
    dx: float = 0.0
    dy: float = 0.0


def _nothing_copied(_session: Session) -> str | None:
    return None if COPIED else tr("Nothing was copied yet")


def _nothing_to_copy(session: Session) -> str | None:
    return None if len(session.selection) else tr("Nothing is selected")


COMMANDS = (
    Command("feature.create", "Create feature", later("feature", "create"), Create, disabled=no_layers, icon="vector-polygon"),
    Command("feature.create_circle", "Create circle", later("feature", "circle"), CreateCircle, disabled=no_layers, icon="vector-circle"),
    Command("feature.create_rectangle", "Create rectangle by three points", later("feature", "rectangle"), CreateRectangle, disabled=no_layers, icon="vector-rectangle"),
    Command("feature.create_regular", "Create regular polygon", later("feature", "regular"), CreateRegular, disabled=no_layers, icon="hexagon-outline"),
    Command("feature.create_freehand", "Draw freehand", later("feature", "freehand"), CreateFreehand, disabled=no_layers, icon="draw"),
    Command("feature.create_many", "Create from a list of coordinates", later("feature", "many"), CreateMany, disabled=no_layers, menu="edit", icon="table-arrow-up"),
    Command("feature.continue_line", "Continue line", later("feature", "continue_line"), ContinueLine, disabled=no_layers, icon="vector-polyline-plus"),
    Command("feature.delete", "Delete features", later("feature", "delete"), Some, disabled=nothing_selected, shortcut="Del", menu="edit", icon="delete-outline"),
    Command("feature.move", "Move features", later("feature", "move"), Move, disabled=nothing_selected, menu="edit", icon="cursor-move"),
    Command("feature.rotate", "Rotate features", later("feature", "rotate"), Rotate, disabled=nothing_selected, menu="edit", icon="rotate-left"),
    Command("feature.scale", "Scale features", later("feature", "scale"), Scale, disabled=nothing_selected, menu="edit", icon="resize"),
    Command("feature.align", "Align features", later("feature", "align"), Align, disabled=nothing_selected, menu="edit", icon="align-horizontal-left"),
    Command("feature.copy", "Copy features", later("feature", "copy"), Some, disabled=_nothing_to_copy, shortcut="Ctrl+C", menu="edit", icon="content-copy"),
    Command("feature.cut", "Cut features", later("feature", "cut"), Some, disabled=nothing_selected, shortcut="Ctrl+X", menu="edit", icon="content-cut"),
    Command("feature.paste", "Paste features", later("feature", "paste"), Paste, disabled=_nothing_copied, shortcut="Ctrl+V", menu="edit", icon="content-paste"),
)  # fmt: skip
