"""Incidents as they go on: opened, written down with times, closed. All of it is rows of the map and can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from lydigital.commands.emergency import Count, plain
from lydigital.commands.registry import Command, Parameters, later
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.emergency import Incident, Story
    from lydigital.session import Session

LAYER, LOG = "incident", "incident_log"
LogKind = Literal[1, 2, 3, 4, 5, 6]


class Open(Parameters, frozen=True, kw_only=True):
    """An incident at ``x, y`` (map units, or in ``crs``), with what was said as the first line of its log.

    Parameters
    ----------
    kind
        1 traffic accident, 2 fire, 3 geohazard, 4 flood, 5 pipeline failure, 6 medical emergency.
    level
        1 particularly serious to 4 ordinary.
    time
        When it happened, Beijing time unless it says otherwise; now where left out.
    exercise
        Mark it as not real.
    """

    name: str
    kind: Annotated[int, msgspec.Meta(ge=1, le=6)]
    x: float
    y: float
    crs: str = ""
    level: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4
    injured: Count = 0
    time: str = ""
    text: str = ""
    exercise: bool = False


class Of(Parameters, frozen=True, kw_only=True):
    """``incident`` by its number (code) or fid."""

    incident: str


class Write(Of, frozen=True, kw_only=True):
    """A line of the log: ``kind`` 1 reported, 2 sent, 3 arrived, 4 situation, 5 decision; ``resource`` by its number."""

    text: str
    kind: LogKind = 4
    resource: str = ""
    time: str = ""


class Close(Of, frozen=True, kw_only=True):
    """With the last line of its log."""

    text: str = ""
    time: str = ""


class List(Parameters, frozen=True, kw_only=True):
    """``is_open``: only those that are not closed."""

    is_open: bool = False


def values_of(found: Story | tuple[Incident, ...]) -> dict[str, Any]:
    """What ``incident.show`` and ``incident.list`` gave, as plain values."""
    made = msgspec.to_builtins(found, builtin_types=(bytes,))
    return {"incidents": plain(made)} if isinstance(found, tuple) else dict(plain(made))


def _no_incidents(session: Session) -> str | None:
    return None if session.document.layer(LAYER) is not None else tr("The map has no layer of incidents")


COMMANDS = (
    Command("incident.open", "Open an incident", later("incident", "opened"), Open, disabled=_no_incidents, icon="alert-plus-outline"),
    Command("incident.log", "Write into the log of an incident", later("incident", "written"), Write, disabled=_no_incidents, icon="text-box-plus-outline"),
    Command("incident.close", "Close an incident", later("incident", "closed"), Close, disabled=_no_incidents, icon="alert-remove-outline"),
    Command("incident.show", "Show an incident and its log", later("incident", "show"), Of, disabled=_no_incidents, icon="text-box-search-outline"),
    Command("incident.list", "List incidents", later("incident", "listed"), List, disabled=_no_incidents, icon="format-list-text"),
)  # fmt: skip
