"""Where services reach, whom they serve, how well people can reach them, and where warnings do not get through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from lydigital.commands.registry import Command, Parameters, later
from lydigital.model.coverage import CHANNELS, Channel, Decay, Hazard, Method, Metric, Way
from lydigital.model.impact import By  # noqa: TC001
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lydigital.model.coverage import Access, Board, Served, ServiceArea
    from lydigital.model.issue import Issue
    from lydigital.session import Session

MOST_REACH_M = 200_000
Metres = Annotated[float, msgspec.Meta(ge=0, le=MOST_REACH_M)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=600)]
MOST_ROWS = 400  # of a table in a document of pages
WARNINGS, SUSCEPTIBLE = "warning_zone", "hazard_zone"


class Area(Parameters, frozen=True, kw_only=True):
    """What the features of ``layer`` reach: those of ``fids``, or that meet the SQL condition ``where``, or all.

    ``buffer``: within ``reach_m``, or the radius of each where that is 0; areas with no reach stand for themselves.
    ``viewshed``: what antennas ``height_m`` above the ground (0: their own) see of receivers at ``receiver_m``, so far.
    ``network``: what is reached in ``minutes`` by road, for a ``profile`` of speeds.toml, and lies ``beside_m`` off it; with
    ``towards`` from where one gets to a site in time.
    """

    layer: str
    method: Method = "buffer"
    fids: tuple[int, ...] = ()
    where: str = ""
    reach_m: Metres = 0.0
    minutes: Minutes = 30.0
    height_m: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 0.0
    receiver_m: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 1.5
    profile: str = "car"
    towards: bool = False
    beside_m: Annotated[float, msgspec.Meta(gt=0, le=5_000)] = 250.0


class People(Area, frozen=True, kw_only=True):
    """People in that area, shared in units it cuts by where they live (``dasymetric``) or by plain area (``areal``).

    ``output`` is an XLSX, Word, HTML or JSON file.
    """

    way: Way = "dasymetric"
    by: By = "township"
    output: str = ""


class Reach(Parameters, frozen=True, kw_only=True):
    """Two-step floating catchment areas of the features of ``layer`` for the villages and communities of the map.

    ``capacity`` is a field (beds of hospitals unless named; without one every feature counts 1). Catchments end at ``reach_m``
    as the crow flies, or at ``minutes`` by ``road`` to the service for a ``profile`` of speeds.toml. ``decay``: the same weight everywhere, ``rings`` of
    equal width, or a bell. Access is told for each ``per`` persons. ``output`` is an XLSX, Word,
    HTML or JSON file.
    """

    layer: str
    capacity: str = ""
    fids: tuple[int, ...] = ()
    where: str = ""
    metric: Metric = "straight"
    reach_m: Annotated[float, msgspec.Meta(gt=0, le=200_000)] = 10_000.0
    minutes: Minutes = 30.0
    profile: str = "car"
    decay: Decay = "none"
    rings: tuple[float, ...] = (1.0, 0.68, 0.22)
    per: Annotated[float, msgspec.Meta(gt=0, le=1e9)] = 1000.0
    output: str = ""


class Fail(Parameters, frozen=True, kw_only=True):
    """Villages and communities in danger without a warning channel, and whom to call there.

    ``hazard``: drawn warning ``zones`` (``fids``, or all that hold), the warning ``issue`` (by id or number; those in force
    unless named), zones of ``susceptibility``; without it the first of issue, zones, susceptibility that there is. Only
    ``levels`` count. A place is in danger when its seat is, or ``least_share`` of its area. Contacts are starred unless asked
    for by ``personal``, which the rules of the office must allow. ``output`` is an XLSX, Word, HTML or JSON file.
    """

    hazard: Hazard | Literal[""] = ""
    fids: tuple[int, ...] = ()
    issue: str = ""
    at: str = ""
    levels: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=4)], ...], msgspec.Meta(min_length=1)] = (1, 2)
    channels: Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1)] = CHANNELS
    least_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1
    year: int = 0
    personal: bool = False
    output: str = ""


def issue_values(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues as plain values in the user's language."""
    return [
        {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
        for i in issues
    ]  # fmt: skip


def values_of(found: ServiceArea | Served | Access | Board) -> dict[str, Any]:
    """A result as plain values in the user's language; numbers that are not known are null."""
    from lydigital.model.coverage import Access, Board, Served, ServiceArea

    if isinstance(found, ServiceArea):
        return {
            "title": found.title, "method": found.method, "area_km2": found.area_km2, "sum_km2": found.sum_km2,
            "outside_km2": found.outside_km2, "city_km2": found.city_km2, "share": found.share, "crs": str(found.crs),
            "parameters": dict(found.parameters), "sites": msgspec.to_builtins(found.sites),
            "sources": msgspec.to_builtins(found.provenance), "issues": issue_values(found.issues),
        }  # fmt: skip
    values: dict[str, Any] = msgspec.to_builtins(found)
    values["issues"] = issue_values(found.issues)
    values["sources"] = values.pop("provenance", [])
    if isinstance(found, Served):
        values["share"] = found.share
        values["units"] = [msgspec.to_builtins(u) | {"share": u.share} for u in found.units]
    elif isinstance(found, Access):
        values["residual"] = found.residual
    elif isinstance(found, Board):
        values["sample"] = found.is_sample
        values["failing"] = len(found.failing)
    return values


def written(found: ServiceArea | Served | Access | Board, output: str) -> None:
    """Write a result, where ``output`` names a file: the report of it, or its values as JSON.

    Raises
    ------
    LydError
        When the ending is another one, or the file cannot be written.
    """
    if not output:
        return
    from pathlib import Path

    from lydigital.publish import image, report, service_report

    if output.lower().endswith(".json"):
        image.write(Path(output).absolute(), json.dumps(values_of(found), ensure_ascii=False, indent=1).encode())
    else:
        most = MOST_ROWS if output.lower().endswith(".docx") else 0
        report.write(service_report.report_of(found, most=most), output)


def _no_places(session: Session) -> str | None:
    there = any(session.document.layer(layer) is not None for layer in ("community", "village"))
    return None if there else tr("The map has no layer of villages")


COMMANDS = (
    Command("coverage.area", "Service area", later("coverage", "area"), Area, icon="access-point-network"),
    Command("coverage.map", "Show service area", later("coverage", "area_map"), Area, icon="map-marker-radius-outline"),
    Command("coverage.served", "People served", later("served", "served"), People, icon="account-group-outline"),
    Command("coverage.access", "Access to services", later("access", "access"), Reach, disabled=_no_places, icon="hospital-marker"),
    Command("coverage.access_map", "Show access to services", later("access", "access_map"), Reach, disabled=_no_places, icon="map-marker-path"),
    Command("coverage.failing", "Warning channels that fail", later("failing", "failing"), Fail, disabled=_no_places, icon="phone-alert-outline"),
    Command("coverage.failing_map", "Show places that warnings do not reach", later("failing", "failing_map"), Fail, disabled=_no_places, icon="map-marker-alert-outline"),
)  # fmt: skip
