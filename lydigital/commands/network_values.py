"""Answers of the road network as plain values in the user's language: for the command line, scripts and files."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from lydigital.model.network import KIND_TITLES, BuildReport, Kind
from lydigital.model.ways import MatrixAnswer, NearestAnswer, RouteAnswer, Target, WithinAnswer
from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.model.issue import Issue
    from lydigital.model.network import Closed, Leg, Way

TURNS = {
    "start": "Set out", "straight": "Go on", "slight_left": "Bear left", "left": "Turn left", "sharp_left": "Turn sharply left",
    "slight_right": "Bear right", "right": "Turn right", "sharp_right": "Turn sharply right", "back": "Turn back", "arrive": "Arrive",
}  # fmt: skip


@singledispatch
def values_of(answer: object) -> dict[str, Any]:
    """What a command on roads answered, as plain values."""
    raise TypeError(type(answer).__name__)


@values_of.register
def _(report: BuildReport) -> dict[str, Any]:
    return {
        "layers": list(report.layers), "lines": report.lines, "length_km": round(report.length_m / 1000, 3), "nodes": report.nodes,
        "edges": report.edges, "tolerance_m": report.tolerance_m, "repairs": report.findings.repairs,
        "findings": [
            {"kind": kind.name.casefold(), "title": tr(KIND_TITLES[kind]), "count": report.findings.count(kind)}
            for kind in Kind if report.findings.count(kind)
        ],
        "main_share": round(report.main_share, 6), "trapped": report.trapped,
        "islands": [
            {"edges": i.edges, "length_m": round(i.length_m, 1), "x": round(i.x, 2), "y": round(i.y, 2)} for i in report.islands
        ],
        "unknown_classes": dict(report.unknown_classes), "issues": [_issue(i) for i in report.issues],
    }  # fmt: skip


@values_of.register
def _(answer: RouteAnswer) -> dict[str, Any]:
    return {"seconds": _round(answer.seconds), "length_m": _round(answer.length_m), "parts": [_way(w) for w in answer.parts], **_common(answer)}


@values_of.register
def _(answer: WithinAnswer) -> dict[str, Any]:
    return {
        "areas": [
            {"minutes": a.limit_s / 60, "area_km2": round(a.area_km2, 6), "roads_km": round(a.length_km, 3), "beside_m": a.beside_m}
            for a in answer.areas
        ],
        "places": answer.places, "towards": answer.towards,
        "off_road": [{"title": title, "distance_m": _round(distance)} for title, distance in answer.off_road], **_common(answer),
    }  # fmt: skip


@values_of.register
def _(answer: NearestAnswer) -> dict[str, Any]:
    return {
        "layer": answer.layer, "title": answer.title, "towards": answer.towards, "found": [_target(t) for t in answer.found],
        "unreached": answer.unreached, "beyond": [_target(t) for t in answer.beyond], **_common(answer),
    }  # fmt: skip


@values_of.register
def _(answer: MatrixAnswer) -> dict[str, Any]:
    return {
        "rows": [{"fid": fid, "title": title} for fid, title in answer.rows],
        "columns": [{"fid": fid, "title": title} for fid, title in answer.columns],
        "seconds": [[_round(s) for s in line] for line in answer.seconds], **_common(answer),
    }  # fmt: skip


def turn_text(leg: Leg) -> str:
    """One line of a turn list."""
    if leg.turn == "arrive":
        return tr(TURNS["arrive"])
    road = leg.name or leg.class_name
    return tr("{turn} · {road} · {distance} km", turn=tr(TURNS[leg.turn]), road=road, distance=f"{leg.length_m / 1000:.1f}")


def _target(target: Target) -> dict[str, Any]:
    return {"fid": target.fid, "title": target.title, **_way(target.way, legs=False)}


def _way(way: Way, *, legs: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = {
        "seconds": _round(way.seconds), "length_m": _round(way.length_m), "reason": way.reason,
        "off_start_m": _round(way.off_start_m), "off_end_m": _round(way.off_end_m),
    }  # fmt: skip
    if legs:
        made["legs"] = [
            {"turn": leg.turn, "text": turn_text(leg), "name": leg.name, "class": leg.class_name, "length_m": _round(leg.length_m), "seconds": _round(leg.seconds)}
            for leg in way.legs
        ]
        made["points"] = [[round(x, 2), round(y, 2)] for x, y in way.points]
    return made


def _common(answer: RouteAnswer | WithinAnswer | NearestAnswer | MatrixAnswer) -> dict[str, Any]:
    return {
        "crs": answer.crs, "profile": answer.profile, "sample": answer.is_sample, "closed": [_closed(c) for c in answer.closed],
        "issues": [_issue(i) for i in answer.issues],
    }  # fmt: skip


def _closed(closed: Closed) -> dict[str, Any]:
    return {"layer": closed.layer, "fid": closed.fid, "name": closed.name, "class": closed.class_name, "reason": closed.reason, "length_m": _round(closed.length_m)}


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "code": issue.code, "severity": issue.severity, "message": tr(issue.message, **issue.values),
        "hint": tr(issue.hint, **issue.values) if issue.hint else "", "count": issue.count,
    }  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
