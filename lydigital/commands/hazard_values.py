"""Computations of warning levels as plain values: for the command line, scripts and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from lydigital.texts import tr

if TYPE_CHECKING:
    from lydigital.domain.hazard import Assessment
    from lydigital.model.hazardrun import HazardRun

COLOURS = {1: "red", 2: "orange", 3: "yellow", 4: "blue"}


def figures(found: Assessment) -> dict[str, Any]:
    """An assessment in numbers, by colour."""
    def by(values: dict[int, Any]) -> dict[str, Any]:
        return {COLOURS[i]: round(values.get(i, 0), 1) for i in COLOURS}

    townships = {i: sum(int(t.level) == i for t in found.townships) for i in COLOURS}
    return {
        "townships": by(townships), "points": by(found.points), "people_at_points": by(found.people_at_points),
        "population": by(found.population), "area_km2": by(found.area_km2), "unknown_share": round(found.unknown, 4),
    }  # fmt: skip


def run_values(run: HazardRun) -> dict[str, Any]:
    """What a run says, as plain values in the user's language."""
    from lydigital.domain.rainfall import local

    return {
        "id": run.id, "digest": run.digest, "at": local(run.at), "made_at": run.made_at.isoformat(), "program": run.program,
        "model": run.model.id, "model_version": run.model.version, "calibrated": run.model.is_calibrated,
        "r0": "forecast" if run.forecast is not None else "observed",
        "cells": [run.ground.rows, run.ground.columns], "cell_m": run.ground.cell, "crs": run.ground.crs,
        "inputs": msgspec.to_builtins(run.inputs), "validation": run.validation,
        "townships": [
            {"code": t.code, "name": t.name, "county": t.county, "level": int(t.level), "share": t.share, "points": t.points}
            for t in run.townships
        ],
        "counties": [
            {"code": c.code, "name": c.name, "level": int(c.level), "extent": c.extent, "townships": c.townships} for c in run.counties
        ],
        "zones": [{"code": z.code, "level": int(z.level), "area_km2": z.area_km2} for z in run.zones],
        "people_at_points": dict(zip(COLOURS.values(), run.people_at_points, strict=True)),
        "population": dict(zip(COLOURS.values(), run.population, strict=True)),
        "issues": [
            {"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values), "count": i.count}
            for i in run.issues
        ],
    }  # fmt: skip


def geojson(run: HazardRun) -> dict[str, Any]:
    """The zones of a run as a feature collection, longitude and latitude of EPSG:4490."""
    import shapely

    features = [
        {
            "type": "Feature", "id": zone.code, "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(zone.wkb))),
            "properties": {
                "code": zone.code, "level": int(zone.level), "colour": COLOURS[int(zone.level)], "area_km2": zone.area_km2,
                "run": run.id, "at": run.at.isoformat(), "model": run.model.id, "calibrated": run.model.is_calibrated,
            },
        }
        for zone in run.zones
    ]  # fmt: skip
    return {"type": "FeatureCollection", "name": run.id, "features": features}
