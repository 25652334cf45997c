"""Pipes and cables: traced along the flow, shut off for a burst, cut open, and measured against each other.

What they do is in :mod:`lydigital.commands.work.utility` and :mod:`lydigital.commands.work.section`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.model.utility import Direction  # noqa: TC001 - msgspec resolves it at run time
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.impact import Impact
    from lydigital.model.issue import Issue
    from lydigital.model.utility import Burst, Clearances, Isolation, Section, Trace
    from lydigital.session import Session

PIPES, FACILITIES, COMMUNITIES, TERRAIN = "pipe", "pipe_facility", "community", "relief"
LINKS = {"cable": ("exchange", "TX"), "catv_network": ("catv_node", "GD"), "gov_link": ("gov_node", "")}
"""Layers of links between coded nodes: the layer of the nodes, and the trade."""
Metres = Annotated[float, msgspec.Meta(ge=0, le=5_000)]
Snap = Annotated[float, msgspec.Meta(ge=0.01, le=50)]
KINDS = {
    0: "Node", 1: "Valve or switch", 2: "Manhole", 3: "Hydrant", 4: "Regulator or heat exchanger", 5: "Pumping station", 6: "Works or substation",
    7: "Handhole", 8: "Gully", 9: "Outfall",
}  # fmt: skip


class Pipe(Parameters, frozen=True, kw_only=True):
    """A pipe: the feature ``fid`` of ``layer``, or the nearest within ``within_m`` of the place ``x``, ``y``.

    The place is in map units, or in ``crs``; with ``fid`` it says where on the pipe is meant, the middle without. ``trade`` looks for pipes of
    that trade only. Ends within ``snap_m`` of each other are joined.
    """

    layer: str = PIPES
    fid: int = 0
    x: float | None = None
    y: float | None = None
    crs: str = ""
    trade: str = ""
    within_m: Metres = 30.0
    snap_m: Snap = 0.5


class Follow(Pipe, frozen=True, kw_only=True):
    """All that lies ``up`` or ``down`` the flow from it, or is ``connected`` with it.

    ``layer`` may be pipes, or links between coded nodes: telephone cables, cable television, the government network.
    ``output`` is an XLSX, Word, HTML or JSON file.
    """

    direction: Direction = "down"
    output: str = ""


class Shut(Pipe, frozen=True, kw_only=True):
    """What to shut for a burst there; valves whose codes are in ``stuck`` cannot be shut."""

    stuck: tuple[str, ...] = ()


class Leak(Shut, frozen=True, kw_only=True):
    """And who is hit: communities within ``distance_m`` of the burst, and within ``served_m`` of pipes without supply.

    Without ``served_m`` it is the trade's own. ``counted`` tells people, schools and hospitals as an impact does.
    ``output`` is an XLSX, Word, HTML or JSON file.
    """

    distance_m: Metres = 50.0
    served_m: Metres = 0.0
    counted: bool = True
    output: str = ""


class Cut(Parameters, frozen=True, kw_only=True):
    """The ground between ``start`` and ``end``, in map units or in ``crs``. ``output`` is a PDF, PNG or SVG file."""

    start: tuple[float, float]
    end: tuple[float, float]
    crs: str = ""
    title: str = ""
    output: str = ""


class Near(Parameters, frozen=True, kw_only=True):
    """Pairs of pipes nearer to each other than asked for: those of pipes ``fids``, in ``bounds`` (map units), or all.

    ``output`` is an XLSX, Word, HTML or JSON file.
    """

    fids: tuple[int, ...] = ()
    bounds: tuple[float, float, float, float] | None = None
    output: str = ""


class Show(Leak, frozen=True, kw_only=True):
    """The same as a layer of the map: a ``trace``, what is ``shut`` for a burst, or ``near`` pairs of pipes."""

    what: Literal["trace", "shut", "near"] = "trace"
    direction: Direction = "down"
    fids: tuple[int, ...] = ()
    bounds: tuple[float, float, float, float] | None = None


# --- as plain values ----------------------------------------------------------------------------------------------------


def issue_values(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues in the user's language."""
    return [
        {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
        for i in issues
    ]  # fmt: skip


def values_of(found: Trace | Isolation | Burst | Section | Clearances) -> dict[str, Any]:
    """A result as plain values in the user's language; numbers that are not known are null."""
    from lydigital.model import utility as model

    plain: dict[str, Any] = msgspec.to_builtins(found)
    plain["issues"] = issue_values(found.issues)
    if isinstance(found, model.Burst):
        plain["isolation"] = values_of(found.isolation)
        for name, impact in (("near", found.near), ("unsupplied", found.unsupplied)):
            plain[name] = None if impact is None else _impact(impact)
    elif isinstance(found, model.Section):
        plain["pipes"] = [msgspec.to_builtins(p) | {"size": p.size} for p in found.pipes]
        plain["clearances"] = [msgspec.to_builtins(c) | {"met": c.is_met} for c in found.clearances]
    elif isinstance(found, model.Clearances):
        plain["found"] = [msgspec.to_builtins(c) | {"met": c.is_met} for c in found.found]
    else:
        for name in ("facilities", "sources", "shut", "stop"):
            for facility in plain.get(name, ()):
                facility["kind_name"] = tr(KINDS.get(facility["kind"], KINDS[0]))
                facility |= {axis: facility[axis] if math.isfinite(facility[axis]) else None for axis in ("x", "y")}  # a node that is nowhere
    return plain


def _impact(impact: Impact) -> list[dict[str, Any]]:
    return [
        {"id": line.id, "title": line.title, "known": line.is_known,
         "amounts": [{"id": a.id, "value": a.value, "unit": a.unit, "shown": a.text} for a in line.amounts]}
        for line in impact.total.lines
    ]  # fmt: skip


def _no_network(session: Session) -> str | None:
    there = any(session.document.layer(layer) is not None for layer in (PIPES, *LINKS))
    return None if there else tr("The map has no layer of pipes or cables")


def _no_pipes(session: Session) -> str | None:
    return None if session.document.layer(PIPES) is not None else tr("The map has no layer of pipes")


COMMANDS = (
    Command("utility.trace", "Trace along the flow", later("utility", "trace"), Follow, disabled=_no_network, icon="transit-connection-variant"),
    Command("utility.isolate", "What to shut for a burst", later("utility", "isolate"), Shut, disabled=_no_pipes, icon="pipe-valve"),
    Command("utility.burst", "Who a burst hits", later("utility", "burst"), Leak, disabled=_no_pipes, icon="pipe-leak"),
    Command("utility.section", "Cross-section of pipes", later("section", "section"), Cut, disabled=_no_pipes, icon="chart-timeline-variant"),
    Command("utility.clearance", "Clear distances of pipes", later("section", "clearance"), Near, disabled=_no_pipes, icon="arrow-expand-horizontal"),
    Command("utility.map", "Show pipes on the map", later("utility", "show"), Show, disabled=_no_network, icon="map-search-outline"),
)  # fmt: skip
