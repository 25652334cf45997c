"""Runs: what went in, what came out, and the same again from the run alone."""

from __future__ import annotations

import hashlib
import math
import zlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - part of a public signature
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lydigital.domain import hazard, zones
from lydigital.domain.interpolation import Field, Lattice, interpolate, resampled
from lydigital.domain.rainfall import effective_at
from lydigital.errors import BadDataError, ConflictError
from lydigital.model.crs import Crs
from lydigital.model.grid import Grid
from lydigital.model.hazardrun import Forecast, Gauges, GroundData, HazardRun, RunInput, pack
from lydigital.model.issue import Issue
from lydigital.model.rainfall import BEIJING, RainSeries, plain
from lydigital.paths import VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.model.hazardmodel import HazardModel

_STEP_MM = 100.0  # rain is taken to 0.01 mm, so that the last bits of another machine change no level
_FEW = 0.01


@dataclass(frozen=True, eq=False)
class Situation:
    """Rain on the ground at a time: what thresholds are tried on.

    Attributes
    ----------
    rain
        Effective rain ``(rows, columns) float32`` mm, NaN where it is not known.
    field
        How it (or with a forecast its antecedent part) was interpolated.
    """

    ground: hazard.Ground
    series: RainSeries
    at: datetime
    model: HazardModel
    rain: NDArray[np.float32]
    field: Field
    forecast: Grid | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def rain_grid(self) -> Grid:
        return self.ground.lattice.grid(self.rain)

    def what_if(self, model: HazardModel, out: NDArray[np.uint8] | None = None) -> hazard.Assessment:
        """Levels with other breaks, matrix or township rule; rain and ground stay as they are."""
        return hazard.assess(self.ground, self.rain, model, out=out)


def situation(
    ground: hazard.Ground, series: RainSeries, at: datetime, model: HazardModel, *, forecast: Grid | None = None
) -> Situation:
    """Effective rain on the grid.

    Raises
    ------
    BadDataError
        When there is no rain at the time, or the forecast lies elsewhere.
    """
    found = effective_at(
        series, at, k=model.rain.k, days=model.rain.days, complete=model.rain.complete, has_forecast=forecast is not None
    )
    values = found.total_mm if forecast is None else found.antecedent_mm
    field = interpolate(series.xy, values, ground.lattice, model.interpolation)
    rain = field.grid.values
    issues = [*series.issues, *found.issues]
    inside = ground.township >= 0
    if forecast is not None:
        ahead = resampled(forecast, ground.lattice)
        missing = float(np.isnan(ahead[inside]).mean()) if inside.any() else 1.0
        if missing > 1 - 1e-6:
            raise BadDataError(
                "The forecast grid does not reach the city", hint="Check its coordinate system and that its area is right."
            )
        if missing > 0:
            issues.append(Issue(
                "rain.forecast_part", "warning", "The forecast grid leaves {percent} % of the city without a value",
                "Those parts have no level; get a grid of the whole city.", values={"percent": f"{100 * missing:.1f}"},
            ))  # fmt: skip
        rain = rain + ahead
    rain = (np.round(rain.astype(np.float64) * _STEP_MM) / _STEP_MM).astype(np.float32)
    gap = float(np.isnan(rain[inside]).mean()) if inside.any() else 0.0
    if gap > 0:
        issues.append(Issue(
            "rain.no_value", "warning" if gap > _FEW else "note",
            "{percent} % of the city is farther than {radius} km from every gauge and has no level",
            "Add gauges, or widen the radius knowingly.",
            values={"percent": f"{100 * gap:.1f}", "radius": f"{model.interpolation.radius_km:g}"},
        ))  # fmt: skip
    return Situation(ground, series, at, model, rain, field, forecast, tuple(issues))


def run(
    now: Situation, *, made_at: datetime, inputs: tuple[RunInput, ...] = (), annotation: str = ""
) -> HazardRun:
    """Levels, townships, counties and zones of a situation, with everything needed to make them again."""
    model, ground, lattice = now.model, now.ground, now.ground.lattice
    done = hazard.assess(ground, now.rain, model)
    levels = hazard.shown(ground, done.levels)
    areas = zones.zones_of(levels, lattice, model.zones, ground.city)
    issues = list(now.issues)
    if not model.is_calibrated:
        issues.append(Issue(
            "hazard.uncalibrated", "warning", "The model {model} is not fitted to local events (未经本地率定)",
            "Say so wherever its results are shown; have the duty officer judge.", values={"model": model.title},
        ))  # fmt: skip
    lost = [p.name for p in ground.places if not p.cells]
    if lost:
        issues.append(Issue(
            "hazard.no_cell", "warning", "{count} townships are smaller than a cell and get levels by points only: {names}",
            "Compute with smaller cells.", count=len(lost), values={"count": str(len(lost)), "names": ", ".join(lost[:6])},
        ))  # fmt: skip
    series = now.series
    gauges = Gauges(
        series.gauges, series.names, pack(series.xy), series.first, series.step_h, pack(series.rain_mm), pack(series.flags)
    )
    data = GroundData(
        lattice.rows, lattice.columns, (lattice.x0, lattice.y1), lattice.cell, lattice.crs.definition,
        pack(ground.susceptibility), pack(ground.township), ground.places, pack(ground.point_cell),
        pack(ground.point_township), pack(ground.point_kind), pack(ground.point_people), zlib.compress(ground.city),
    )  # fmt: skip
    ahead = None
    if now.forecast is not None:
        ahead = Forecast(pack(now.forecast.values), now.forecast.origin, now.forecast.cell, now.forecast.crs.definition)
    test = now.field.validation
    figures = {"gauges": float(test.count), "mean_error": test.mean_error, "rmse": test.rmse, "r": test.r}
    made = HazardRun(
        "", made_at, now.at, VERSION, model, inputs, gauges, data, pack(levels), done.townships, done.counties, areas, "",
        ahead, tuple(done.people_at_points[i] for i in range(1, 5)), tuple(done.population[i] for i in range(1, 5)),
        {name: value for name, value in figures.items() if math.isfinite(value)}, tuple(issues), annotation,
    )  # fmt: skip
    digest = digest_of(made)
    return msgspec.structs.replace(made, id=f"{now.at.astimezone(BEIJING):%Y%m%d%H%M}-{digest[:8]}", digest=digest)


def _city(ground: GroundData) -> bytes:
    try:
        return zlib.decompress(ground.city)
    except zlib.error as error:
        raise BadDataError(
            "The run is damaged: {reason}", hint="Compute it again, or take it from a backup.", reason=str(error)
        ) from error


def digest_of(run: HazardRun) -> str:
    """SHA-256 of parameters, data and result: not of names of files, of the day it was made, or of words about it.

    Arrays count by their values, however compressed.
    """
    digest = hashlib.sha256()

    def put(value: Any) -> None:
        digest.update(msgspec.json.encode(value, order="deterministic"))
        digest.update(b"\n")

    put((run.at.timestamp(), run.program, run.model))
    g, f, d = run.gauges, run.forecast, run.ground
    put((g.codes, g.first.timestamp(), g.step_h, (d.rows, d.columns, d.origin, d.cell, d.crs), d.places, _city(d)))
    for packed in (g.xy, g.rain_mm, d.susceptibility, d.township, d.point_cell, d.point_township, d.point_kind,
                   d.point_people, run.levels):  # fmt: skip
        digest.update(packed.array.tobytes())
    if f is not None:
        put((f.origin, f.cell, f.crs))
        digest.update(f.values.array.tobytes())
    put((run.townships, run.counties, run.zones))
    return digest.hexdigest()


def situation_of(run: HazardRun) -> Situation:
    """The situation a run was made of, from the run alone.

    Raises
    ------
    BadDataError
        When it is damaged.
    """
    g, d, f = run.gauges, run.ground, run.forecast

    def of(packed: Any, dtype: type) -> Any:
        return np.ascontiguousarray(packed.array.astype(dtype))

    lattice = Lattice(d.rows, d.columns, *d.origin, d.cell, Crs(d.crs))
    ground = hazard.Ground(
        lattice, of(d.susceptibility, np.uint8), of(d.township, np.int16), d.places, of(d.point_cell, np.int64),
        of(d.point_township, np.int64), of(d.point_kind, np.int64), of(d.point_people, np.int64), _city(d),
    )  # fmt: skip
    rain = of(g.rain_mm, np.float64)
    times = plain(g.first) + np.arange(rain.shape[1]) * np.timedelta64(g.step_h * 3600, "s")
    series = RainSeries(
        g.codes, g.names, of(g.xy, np.float64), lattice.crs, times, rain, of(g.flags, np.uint8), g.step_h
    )
    ahead = None if f is None else Grid(of(f.values, np.float32), f.origin, f.cell, Crs(f.crs))
    return situation(ground, series, run.at, run.model, forecast=ahead)


def replay(kept: HazardRun) -> HazardRun:
    """Compute a run again from what it holds.

    Raises
    ------
    BadDataError
        When its content is not what its digest says.
    ConflictError
        When the answer differs: the program has changed since.
    """
    if digest_of(kept) != kept.digest:
        raise BadDataError(
            "The run {id} was changed after it was made: its content does not match its hash", id=kept.id,
            hint="Take it from a backup, or compute it again.",
        )  # fmt: skip
    again = run(situation_of(kept), made_at=kept.made_at, inputs=kept.inputs, annotation=kept.annotation)
    again = msgspec.structs.replace(again, program=kept.program)
    digest = digest_of(again)
    if digest != kept.digest:
        raise ConflictError(
            "The run {id} of version {old} comes out differently in version {new}: {digest}",
            hint="Replay it with the version that made it; this one no longer computes the same.",
            id=kept.id, old=kept.program, new=VERSION, digest=digest[:16],
        )  # fmt: skip
    return msgspec.structs.replace(again, id=kept.id, digest=digest, issues=kept.issues)


def with_zones(kept: HazardRun, **rule: Any) -> HazardRun:
    """The same levels with zones by another rule (smoothing, least area, tolerance)."""
    model = msgspec.structs.replace(kept.model, zones=msgspec.structs.replace(kept.model.zones, **rule))
    g = kept.ground
    lattice = Lattice(g.rows, g.columns, *g.origin, g.cell, Crs(g.crs))
    areas = zones.zones_of(np.ascontiguousarray(kept.levels.array.astype(np.uint8)), lattice, model.zones, _city(g))
    changed = msgspec.structs.replace(kept, model=model, zones=areas, digest="")
    digest = digest_of(changed)
    return msgspec.structs.replace(changed, digest=digest, id=f"{kept.id.rpartition('-')[0]}-{digest[:8]}")


