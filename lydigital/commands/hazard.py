"""Geohazard levels from rain: compute, zones, replay, what-if. Functions take a session and leave it as it is."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np

from lydigital import paths
from lydigital.commands.hazard_values import figures, geojson
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError, StoreUnavailableError, UsageError
from lydigital.model.changeset import ChangeSet
from lydigital.model.crs import PROJECT_DEFAULT, Crs
from lydigital.model.feature import Feature, made
from lydigital.model.issue import Issue
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lydigital.domain.hazard import Ground
    from lydigital.domain.hazardrun import Situation
    from lydigital.domain.interpolation import Field
    from lydigital.model.hazardmodel import HazardModel
    from lydigital.model.hazardrun import HazardRun, RunInput
    from lydigital.model.rainfall import RainSeries
    from lydigital.session import Session

_AHEAD = timedelta(hours=1)
_OLD = timedelta(days=2)
RUNS = "hazard_run"  # the layer of runs that are kept


class Compute(Parameters, frozen=True, kw_only=True):
    """``rain`` is a file, or "" for the map's own tables; ``at`` a time (Beijing), or "" for the last record.

    ``forecast`` is a raster of the next 24 h, which then is R0. ``cell_m`` 0 chooses; ``method``, ``k`` and ``days``
    stand instead of the model's own; ``susceptibility`` is that of the map's zones, or computed from the model's factors.
    ``output`` is a file for the run.
    """

    rain: str = ""
    at: str = ""
    model: str = ""
    forecast: str = ""
    band: int = 1
    cell_m: Annotated[float, msgspec.Meta(ge=0, le=5000)] = 0.0
    method: Literal["", "idw", "kriging"] = ""
    k: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    days: Annotated[int, msgspec.Meta(ge=0, le=60)] | None = None
    susceptibility: Literal["zones", "computed"] = "zones"
    without: tuple[str, ...] = ()
    output: str = ""


class Keep(Parameters, frozen=True, kw_only=True):
    """``run`` is a file, or ``payload`` its content."""

    run: str = ""
    payload: str = ""


class Zones(Parameters, frozen=True, kw_only=True):
    """Zones of ``run``, a file or the number of one kept in the map's store, as GeoJSON, by its own rule unless named otherwise."""

    run: str
    smooth_cells: Annotated[int, msgspec.Meta(ge=0, le=15)] | None = None
    min_area_km2: Annotated[float, msgspec.Meta(ge=0)] | None = None
    tolerance_m: Annotated[float, msgspec.Meta(ge=0)] | None = None
    output: str = ""


class Rain(Parameters, frozen=True, kw_only=True):
    """Rain of the ``hours`` before ``at`` as a grid; the rest as in :class:`Compute`."""

    rain: str = ""
    at: str = ""
    hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24
    model: str = ""
    method: Literal["", "idw", "kriging"] = ""
    cell_m: Annotated[float, msgspec.Meta(ge=0, le=5000)] = 0.0


class Replay(Parameters, frozen=True, kw_only=True):
    """``run`` is a file that ``hazard.compute`` wrote, or the number of one kept in the map's store."""

    run: str


class WhatIf(Compute, frozen=True, kw_only=True):
    """As :class:`Compute`, and what differs: ``breaks`` in mm, ``share`` of a township, or another model."""

    breaks: tuple[float, ...] = ()
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    other: str = ""


# --- what a computation stands on -----------------------------------------------------------------------------------


def models() -> dict[str, HazardModel]:
    """Models by id: those shipped, and the user's own in ``matrices`` of the configuration folder."""
    from lydigital.model import hazardmodel

    found = hazardmodel.read_models(paths.layers_dir() / "matrices")
    return {**found, **hazardmodel.read_models(paths.config_dir() / "matrices")}


def model_of(wanted: str) -> HazardModel:
    """A model by id, or of a TOML file."""
    from lydigital.model import hazardmodel

    if wanted.endswith(".toml"):
        return hazardmodel.read_model(Path(wanted))
    return hazardmodel.pick_model(models(), wanted)


def series_of(session: Session, rain: str = "") -> RainSeries:
    """Checked rain of a file, or of the map's own tables.

    Raises
    ------
    LydError
        When there is none.
    """
    from lydigital.domain.rainfall import checked
    from lydigital.stores import rainfall

    crs = working_crs(session)
    known = None
    if has(session, "rain_gauge"):
        known = rainfall.KnownGauges.of(table(session, "rain_gauge", crs))
    if rain:
        return checked(rainfall.read_gauges(Path(rain), crs=crs, known=known))
    if known is None or not has(session, "rainfall"):
        raise BadDataError(
            "The map has no rain: it needs the layers rain_gauge and rainfall", hint="Name a file of rain."
        )
    return checked(rainfall.series_of(table(session, "rainfall", None), known, source="rainfall"))


def working_crs(session: Session) -> Crs:
    """The map's system, or CGCS2000 / 111°E where that is one of degrees or Web Mercator."""
    crs = Crs(session.document.crs)
    return crs if crs.is_metric else Crs(PROJECT_DEFAULT)


def ground(
    session: Session, model: HazardModel, cell_m: float = 0.0, *, computed: bool = False
) -> tuple[Ground, tuple[Issue, ...], tuple[RunInput, ...]]:
    """Townships, susceptibility and hazard points of the map on a grid, and what they are as inputs of a run.

    ``computed`` takes susceptibility from the factors of the model instead of the zones of the map.

    Raises
    ------
    LydError
        When the map has no townships.
    """
    from lydigital.domain.ground import burnt, ground_of, lattice_of
    from lydigital.domain.hazard import OUTSIDE_CODE
    from lydigital.model.hazardrun import RunInput

    crs = working_crs(session)
    if not has(session, "township"):
        raise BadDataError("The map has no layer of townships", hint="Warnings are issued by township: add the layer.")
    townships = _by_code(table(session, "township", crs))
    zones = table(session, "hazard_zone", crs) if has(session, "hazard_zone") else None
    points = table(session, "hazard_point", crs) if has(session, "hazard_point") else None
    lattice = lattice_of(townships.geometry.total_bounds, crs, cell_m)
    codes: NDArray[np.uint8] | None = None
    found: tuple[Issue, ...] = ()
    if computed:
        from lydigital.commands import susceptibility

        inside = burnt(townships, np.zeros(len(townships)), lattice, np.int16) >= 0
        result = susceptibility.fit(session, model, lattice, inside)
        codes, found = np.where(inside & (result.codes == 0), OUTSIDE_CODE[model.outside], result.codes).astype(np.uint8), result.issues
    found_ground, issues = ground_of(townships, zones, points, lattice, outside=model.outside, susceptibility=codes)
    issues = (*issues, *found)
    inputs = (
        RunInput("townships", "township", _sha(found_ground.township), len(townships)),
        RunInput("susceptibility", "computed" if computed else "hazard_zone", _sha(found_ground.susceptibility),
                 0 if computed or zones is None else len(zones)),
        RunInput("points", "hazard_point", _sha(found_ground.point_cell), len(found_ground.point_cell)),
    )
    return found_ground, issues, inputs


def situation(session: Session, wanted: Compute, *, now: datetime | None = None) -> tuple[Situation, tuple[RunInput, ...]]:
    """Effective rain on the ground, for :meth:`Situation.what_if` and :func:`lydigital.domain.hazardrun.run`.

    Raises
    ------
    LydError
        When rain, ground, model or forecast are missing or wrong.
    """
    from lydigital.domain import hazardrun as runs
    from lydigital.model.hazardrun import RunInput
    from lydigital.stores import rainfall

    model = _adapted(model_of(wanted.model), wanted)
    series = series_of(session, wanted.rain)
    if wanted.without:
        from lydigital.domain.rainfall import without

        series = without(series, wanted.without)
    at = _time(wanted.at, series)
    land, issues, inputs = ground(session, model, wanted.cell_m, computed=wanted.susceptibility == "computed")
    inputs = (RunInput("rain", series.source, series.sha256, len(series.gauges)), *inputs)
    forecast = None
    if wanted.forecast:
        forecast, found = rainfall.read_grid(Path(wanted.forecast), band=wanted.band)
        issues = (*issues, *found)
        inputs = (*inputs, RunInput("forecast", Path(wanted.forecast).name, _sha(forecast.values), forecast.values.size))
    issues = (*issues, *_clock(series, at, now or datetime.now(UTC)))
    found_ = runs.situation(land, series, at, model, forecast=forecast)
    from dataclasses import replace

    return replace(found_, issues=(*found_.issues, *issues)), inputs


def _adapted(model: HazardModel, wanted: Compute) -> HazardModel:
    """The model with the parameters named in the command; what differs shows in the run."""
    rain, how = model.rain, model.interpolation
    if wanted.k is not None:
        rain = msgspec.structs.replace(rain, k=wanted.k)
    if wanted.days is not None:
        rain = msgspec.structs.replace(rain, days=wanted.days)
    if wanted.method:
        how = msgspec.structs.replace(how, method=wanted.method)
    return msgspec.structs.replace(model, rain=rain, interpolation=how)


def _time(text: str, series: RainSeries) -> datetime:
    from lydigital.stores import rain_words

    if not text:
        return series.last
    found = rain_words.moment(text)
    if found is None:
        raise UsageError("{text} is no time", hint="Write it as 2025-07-17T20:00, in Beijing time.", text=text)
    return found.at


def _clock(series: RainSeries, at: datetime, now: datetime) -> list[Issue]:
    from lydigital.domain.rainfall import local

    if series.last > now + _AHEAD:
        return [Issue(
            "rain.future", "warning", "The rain ends at {time}, which this computer takes for the future",
            "Check the clock and time zone of this computer, and the times of the file.", values={"time": local(series.last)},
        )]  # fmt: skip
    if at < now - _OLD:
        return [Issue(
            "rain.old", "note", "The levels are those of {time}, not of now", "Get newer rain before you warn.",
            values={"time": local(at)},
        )]  # fmt: skip
    return []


def has(session: Session, layer: str) -> bool:
    """Whether the map, or its store, has a layer."""
    ref = session.ref(layer)
    if ref is None:
        return False
    return session.definition(layer).geometry != "none" or layer in _stored(session)


def _stored(session: Session) -> set[str]:
    if not session.document.store:
        return set()
    return {info.name for info in session.stores.store(session.document.store).layers()}


def table(session: Session, layer: str, crs: Crs | None) -> FeatureTable:
    """Features of a layer, in ``crs`` where named.

    Raises
    ------
    LydError
        When they cannot be read, or it is a raster.
    """
    found = session.table(layer)
    if not isinstance(found, FeatureTable):
        raise BadDataError("The layer {layer} has no features", hint="Add the right layer to the map.", layer=layer)
    return found if crs is None else found.to_crs(crs)


def _by_code(table: FeatureTable) -> FeatureTable:
    """Rows by code, so that results do not depend on the order in a store."""
    from lydigital.model import columns

    codes = [str(code or "") for code in table.column("code").to_pylist()]
    order = np.array(sorted(range(len(codes)), key=lambda i: (codes[i], int(table.fid[i]))), np.int64)
    return FeatureTable(table.fid[order], table.columns.take(columns.rows(order)), table.geometry.take(order), table.crs)


def _sha(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# --- the commands ---------------------------------------------------------------------------------------------------


def _compute(session: Session, wanted: Compute) -> HazardRun:
    from lydigital.domain import hazardrun as runs
    from lydigital.model import hazardrun

    now = datetime.now(UTC)
    found, inputs = situation(session, wanted, now=now)
    run = runs.run(found, made_at=now.replace(microsecond=0), inputs=inputs)
    if wanted.output:
        _write(Path(wanted.output), hazardrun.encode(run))
    return run


def runs_of(session: Session) -> dict[str, str]:
    """Runs kept in the map's store: JSON by number, oldest first."""
    if not has(session, RUNS):
        return {}
    kept = table(session, RUNS, None)
    rows = zip(kept.column("made_at").to_pylist(), kept.column("code").to_pylist(), kept.column("payload").to_pylist(), strict=True)
    return {str(code): str(payload) for _, code, payload in sorted(rows, key=lambda row: (str(row[0]), str(row[1])))}


def run_of(session: Session | None, wanted: str) -> HazardRun:
    """A run by its file, or its number in the map's store.

    Raises
    ------
    LydError
        When there is none, or it is damaged.
    """
    from lydigital.model import hazardrun

    if session is not None and not Path(wanted).exists():
        known = runs_of(session)
        if wanted in known:
            return hazardrun.decode(known[wanted])
        raise UsageError("{run} is neither a file nor a run kept in this map", hint="Runs kept: {known}.", run=wanted,
                         known=", ".join(list(known)[-6:]) or "-")  # fmt: skip
    return hazardrun.read_run(Path(wanted))


def _keep(session: Session, wanted: Keep) -> ChangeSet | None:
    from lydigital.model import hazardrun

    run = hazardrun.decode(wanted.payload) if wanted.payload else hazardrun.read_run(Path(wanted.run))
    session.ensure(RUNS)
    if run.id in runs_of(session):
        return None
    ref = session.ref(RUNS)
    assert ref is not None
    values = {
        "code": run.id, "made_at": run.made_at.isoformat(), "model": run.model.id, "model_version": run.model.version,
        "payload": hazardrun.encode(run).decode(), "program": run.program, "nature": "推算",
    }  # fmt: skip
    store = session.stores.store(ref.source)
    fid = store.next_fid(session.stores.table_name(ref))
    return ChangeSet("Keep the computation {run}", (made(RUNS, fid, Feature(None, values)),), values={"run": run.id})


def _zones(session: Session, wanted: Zones) -> dict[str, Any]:
    return zones(wanted, session)


def zones(wanted: Zones, session: Session | None = None) -> dict[str, Any]:
    """Zones of a run as a GeoJSON object in EPSG:4490, written to ``output`` where named."""
    from lydigital.domain import hazardrun as runs

    run = run_of(session, wanted.run)
    given = {name: getattr(wanted, name) for name in ("smooth_cells", "min_area_km2", "tolerance_m")}
    rule = {name: value for name, value in given.items() if value is not None}
    collection = geojson(runs.with_zones(run, **rule) if rule else run)
    if wanted.output:
        _write(Path(wanted.output), json.dumps(collection, ensure_ascii=False, indent=1).encode())
    return collection


def _replay(session: Session, wanted: Replay) -> HazardRun:
    return replay(wanted, session)


def replay(wanted: Replay, session: Session | None = None) -> HazardRun:
    """See :func:`lydigital.domain.hazardrun.replay`."""
    from lydigital.domain import hazardrun as runs

    return runs.replay(run_of(session, wanted.run))


def _rain(session: Session, wanted: Rain) -> Field:
    """Rain of a window on the grid of the townships, with cross-validation."""
    from lydigital.domain.ground import lattice_of
    from lydigital.domain.interpolation import interpolate
    from lydigital.domain.rainfall import window

    model = model_of(wanted.model)
    series = series_of(session, wanted.rain)
    townships = table(session, "township", working_crs(session))
    lattice = lattice_of(townships.geometry.total_bounds, townships.crs, wanted.cell_m)
    how = msgspec.structs.replace(model.interpolation, method=wanted.method) if wanted.method else model.interpolation
    total = window(series, _time(wanted.at, series), wanted.hours, complete=model.rain.complete)
    return interpolate(series.xy, total, lattice, how)


def _whatif(session: Session, wanted: WhatIf) -> dict[str, Any]:
    from lydigital.domain import hazard as levels
    from lydigital.domain.rainfall import local

    found, _ = situation(session, wanted)
    other = changed(model_of(wanted.other) if wanted.other else found.model, wanted)
    before, after = found.what_if(found.model), found.what_if(other)
    moved = levels.compare(found.ground, before, after)
    return {
        "at": local(found.at), "before": figures(before), "after": figures(after), "higher": list(moved.higher),
        "lower": list(moved.lower), "area_changed_km2": round(moved.area_km2, 1),
    }  # fmt: skip


def changed(model: HazardModel, wanted: WhatIf) -> HazardModel:
    """The model with other breaks or another share, checked."""
    from lydigital.model import hazardmodel

    townships = model.townships
    if wanted.share is not None:
        townships = msgspec.structs.replace(townships, share=wanted.share)
    breaks = wanted.breaks or model.breaks
    return hazardmodel.check(msgspec.structs.replace(model, breaks=breaks, townships=townships))


def _write(path: Path, content: bytes) -> None:
    try:
        paths.write_atomically(path.absolute(), content)
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be written: {reason}", hint="Check that the folder exists and that you may write there.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip


def no_townships(session: Session) -> str | None:
    """Why nothing can be computed, or None."""
    return None if has(session, "township") else tr("The map has no layer of townships")


COMMANDS = (
    Command("hazard.compute", "Compute warning levels", _compute, Compute, disabled=no_townships, icon="weather-pouring"),
    Command("hazard.whatif", "Try other thresholds", _whatif, WhatIf, disabled=no_townships, icon="tune-variant"),
    Command("hazard.rain", "Map of rain", _rain, Rain, disabled=no_townships, icon="weather-rainy"),
    Command("hazard.keep", "Keep the computation", _keep, Keep, icon="archive-arrow-down-outline", final=True),
    Command("hazard.zones", "Zones of a run", _zones, Zones, icon="vector-polygon"),
    Command("hazard.replay", "Repeat a run", _replay, Replay, icon="replay"),
)
