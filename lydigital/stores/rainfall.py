"""Rain from outside: tables of gauges (CSV, XLSX; long or wide), the map's own tables, and grids.

Everything assumed, corrected or set aside is counted in the issues of what is returned.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from lydigital.errors import BadDataError, StoreUnavailableError
from lydigital.model import columns
from lydigital.model.crs import CGCS2000, Crs, transformation
from lydigital.model.grid import Grid
from lydigital.model.rainfall import Flag, RainSeries
from lydigital.model.rainfall import plain as seconds_of
from lydigital.stores import rain_words as words
from lydigital.stores.rain_tables import Gauge, Notes, gauges_of, sheet_rows, text_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lydigital.model.issue import Issue
    from lydigital.model.table import FeatureTable

_MOST_BYTES = 200_000_000
_MOST_STEPS = 24 * 400
_BOUNDS = (105.0, 30.0, 118.0, 40.0)  # degrees: gauges elsewhere say nothing about the city
_MISSING = "Missing is never counted as zero; ask for the records."
_PLACES = "Add longitude and latitude to the file, or the gauges to the layer of rain gauges."


@dataclass(frozen=True, eq=False)
class KnownGauges:
    """The gauges of the map: where those lie that a file names without a place."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    xy: NDArray[np.float64]
    crs: Crs

    @classmethod
    def of(cls, table: FeatureTable) -> KnownGauges:
        """From the layer ``rain_gauge``."""
        row = table.geometry.geom_rings[:-1]
        has = np.diff(table.geometry.geom_rings) > 0
        xy = np.full((len(table), 2), np.nan)
        xy[has] = table.geometry.coords[table.geometry.ring_offsets[row[has]]]
        codes = tuple(str(v or "") for v in table.column("code").to_pylist())
        names = tuple(str(v or "") for v in table.column("name").to_pylist())
        return cls(codes, names, xy, table.crs)


def read_gauges(path: Path, *, crs: Crs, known: KnownGauges | None = None, sheet: str = "") -> RainSeries:
    """Rain of gauges from a table file, in ``crs``.

    Long (a row a value), wide with gauges or with times as columns, and days with hours as columns are recognised, with
    Chinese or English headings, in UTF-8, UTF-16 or GB 18030. Times without a zone are Beijing time and end their
    interval; days without an hour end at 20:00.

    Raises
    ------
    StoreUnavailableError
        When the file cannot be read.
    BadDataError
        When it is no table of rain, or no gauge of it has a place.
    """
    notes = Notes()
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    except OSError as error:
        raise StoreUnavailableError(
            "{path} cannot be read: {reason}", hint="Check that the file exists and may be read.", path=str(path),
            reason=error.strerror or str(error),
        ) from error  # fmt: skip
    if not content:
        raise BadDataError("{path} is empty, or far too large for rain of gauges", hint="Check the file.", path=str(path))
    is_sheet = path.suffix.lower() in (".xlsx", ".xlsm")
    rows = sheet_rows(content, path, sheet) if is_sheet else text_rows(content, path, notes)
    gauges = gauges_of(rows, path, notes)
    return _series(gauges, crs, known, notes, source=path.name, sha256=hashlib.sha256(content).hexdigest())


def series_of(rain: FeatureTable, known: KnownGauges, *, source: str = "") -> RainSeries:
    """Rain from the map's own tables ``rainfall`` (gauge, time, rain_mm) and ``rain_gauge``."""
    notes = Notes()
    row, names = columns.coded(rain.column("gauge"))
    values = columns.numbers(rain.column("rain_mm"))
    stamps = rain.column("time").to_pylist()
    gauges = [Gauge(str(name)) for name in names]
    cache: dict[Any, datetime | None] = {}
    for i, g in enumerate(row.tolist()):
        stamp = stamps[i]
        if stamp not in cache:
            found = words.moment(stamp if isinstance(stamp, datetime) else str(stamp or ""))
            cache[stamp] = None if found is None else found.at
        at = cache[stamp]
        if g < 0 or at is None:
            notes.add("bad_row", "warning", "{count} rows without a gauge or time were left out: {examples}", example=str(stamp))
            continue
        gauges[g].cells.append((at, None if np.isnan(values[i]) else float(values[i])))
    digest = hashlib.sha256(values.tobytes() + repr((names, stamps)).encode() + row.tobytes())
    gauges = [g for g in gauges if g.cells]
    return _series(gauges, known.crs, known, notes, source=source, sha256=digest.hexdigest(), is_map=True)


# --- gauges to a series ---------------------------------------------------------------------------------------------


def _series(
    gauges: list[Gauge], crs: Crs, known: KnownGauges | None, notes: Notes, *, source: str, sha256: str,
    is_map: bool = False,
) -> RainSeries:
    stamps = sorted({at for g in gauges for at, _ in g.cells})
    if not stamps:
        raise BadDataError("{path} has no rain in it", hint="Check that it has rows with gauge, time and rain.", path=source)
    step_h = _step(stamps, source)
    placed, xy = _placed(gauges, crs, known, notes, is_map=is_map)
    if not placed:
        raise BadDataError(
            "No gauge of {path} has a place: {names}", hint=_PLACES, path=source,
            names=", ".join((g.code or g.name) for g in gauges[:6]),
        )  # fmt: skip
    step = 3600 * step_h
    begin = min(_on_step(at, step, stamps[0]) or at for at in stamps)
    end = max(_on_step(at, step, stamps[0]) or at for at in stamps)
    count = int((end - begin).total_seconds()) // step + 1
    if count > _MOST_STEPS:
        raise BadDataError(
            "{path} spans {days} days: one of its times must be wrong", hint="Look at {first} and {last}.", path=source,
            days=count * step_h // 24, first=str(stamps[0].date()), last=str(stamps[-1].date()),
        )  # fmt: skip
    rain = np.full((len(placed), count), np.nan)
    flags = np.full((len(placed), count), int(Flag.MISSING), np.uint8)
    written = np.zeros((len(placed), count), bool)
    for g, gauge in enumerate(placed):
        for at, raw in gauge.cells:
            on = _on_step(at, step, stamps[0])
            if on is None:
                notes.add("off_hour", "warning", "{count} values between the steps of the others were left out: {examples}",
                          "Give sums that end with the hour.", example=at.isoformat())  # fmt: skip
                continue
            t, new = int((on - begin).total_seconds()) // step, _value(raw, step_h, gauge, notes)
            if written[g, t]:
                rain[g, t], flags[g, t] = _settled((rain[g, t], int(flags[g, t])), new, gauge.name or gauge.code, notes)
            else:
                rain[g, t], flags[g, t], written[g, t] = new[0], int(new[1]), True
    missing = int((flags & Flag.MISSING > 0).sum())
    if missing:
        notes.add("missing", "warning", "{count} values are missing; they stay missing", _MISSING, count=missing)
    times = seconds_of(begin) + np.arange(count) * np.timedelta64(step, "s")
    return RainSeries(
        tuple(g.code or g.name for g in placed), tuple(g.name or g.code for g in placed), xy, crs, times, rain, flags,
        step_h, notes.issues(), source, sha256,
    )  # fmt: skip


def _step(stamps: list[datetime], source: str) -> int:
    if len(stamps) == 1:
        return 24
    gaps = Counter(int((b - a).total_seconds()) for a, b in itertools.pairwise(stamps))
    common = gaps.most_common(1)[0][0]
    if common < 3600:
        raise BadDataError(
            "{path} has rain every {minutes} minutes", hint="Sum it to hours (each named by its end) first.", path=source,
            minutes=max(common // 60, 1),
        )  # fmt: skip
    return 24 if common % 86400 == 0 else 1


def _on_step(at: datetime, step: int, first: datetime) -> datetime | None:
    """The end of the step nearest to ``at``, if within five minutes: hours end with the hour, days as the first does."""
    base = first.replace(minute=0, second=0, microsecond=0)
    if (first - base).total_seconds() > 1800:
        base += timedelta(hours=1)
    away = round((at - base).total_seconds() / step)
    on = base + timedelta(seconds=away * step)
    return on if abs((at - on).total_seconds()) <= 300 else None


def _value(raw: Any, step_h: int, gauge: Gauge, notes: Notes) -> tuple[float, Flag]:
    """A cell as rain, what was wrong with it noted."""
    name = gauge.name or gauge.code
    try:
        mm, flag = words.amount(raw, step_h)
    except ValueError:
        notes.add("unreadable", "warning", "{count} values are no numbers and count as missing: {examples}", _MISSING,
                  example=words.plain(raw)[:20])  # fmt: skip
        return float("nan"), Flag.MISSING
    if flag is Flag.NEGATIVE:
        notes.add("negative", "warning", "{count} negative values were set aside: {examples}", _MISSING, example=name)
    elif flag is Flag.SENTINEL:
        notes.add("sentinel", "warning", "{count} values such as 9999 or -999 mean missing: {examples}", _MISSING, example=name)
    elif flag is Flag.IMPOSSIBLE:
        notes.add("impossible", "error", "{count} values are more than ever falls and were set aside: {examples}",
                  "Check the unit: rain is in mm.", example=f"{name} {words.plain(raw)}")  # fmt: skip
    elif flag is Flag.TRACE:
        notes.add("trace", "note", "{count} traces (微量, below 0.1 mm) count as 0")
    return mm, flag


def _settled(old: tuple[float, int], new: tuple[float, Flag], name: str, notes: Notes) -> tuple[float, int]:
    """Of two values for one time: equal ones are one, else the later row counts, unless it has none."""
    (before, flags), (mm, flag) = old, new
    if mm == before or (np.isnan(mm) and np.isnan(before)):
        notes.add("duplicate", "note", "{count} values stand twice, alike: {examples}", example=name)
        return old
    notes.add("conflicting", "warning", "{count} times have two different values; the later row counts: {examples}",
              "Check which one is right.", example=name)  # fmt: skip
    if np.isnan(mm):
        return before, flags | int(Flag.DUPLICATE)
    return mm, int(flag | Flag.DUPLICATE)


def _placed(
    gauges: list[Gauge], crs: Crs, known: KnownGauges | None, notes: Notes, *, is_map: bool
) -> tuple[list[Gauge], NDArray[np.float64]]:
    """Gauges with a place, and where ``(g, 2)`` in ``crs``: their own coordinates, or those of the map by number or name."""
    by_code: dict[str, int] = {}
    by_name: dict[str, int] = {}
    moved = np.zeros((0, 2))
    if known is not None:
        moved = transformation(known.crs, crs).points(np.ascontiguousarray(known.xy))
        by_code = {c: i for i, c in reversed(list(enumerate(known.codes))) if c}
        by_name = {n: i for i, n in reversed(list(enumerate(known.names))) if n}
    there = transformation(Crs(CGCS2000), crs)
    placed, xy = [], []
    for gauge in gauges:
        at = by_code.get(gauge.code, by_name.get(gauge.name or gauge.code, -1))
        own = _degrees(gauge, notes)
        if own is not None:
            x, y = there.point(*own)
        elif at >= 0 and np.isfinite(moved[at]).all():
            x, y = float(moved[at, 0]), float(moved[at, 1])
            if not is_map:
                notes.add("joined", "note", "{count} gauges without coordinates were found in the layer of rain gauges")
        else:
            notes.add("no_place", "warning", "{count} gauges have no coordinates and are left out: {examples}",
                      _PLACES, example=gauge.name or gauge.code)  # fmt: skip
            continue
        if at >= 0 and known is not None:
            gauge.code, gauge.name = gauge.code or known.codes[at], gauge.name or known.names[at]
        placed.append(gauge)
        xy.append((x, y))
    return placed, np.array(xy, np.float64).reshape(-1, 2)


def _degrees(gauge: Gauge, notes: Notes) -> tuple[float, float] | None:
    try:
        lon, lat = float(words.plain(gauge.lon).rstrip("°EeN")), float(words.plain(gauge.lat).rstrip("°NnE"))
    except ValueError:
        return None
    west, south, east, north = _BOUNDS
    name = gauge.name or gauge.code
    if west <= lat <= east and south <= lon <= north:
        notes.add("swapped", "warning", "{count} gauges have longitude and latitude swapped: {examples}", "Swapped back.", example=name)
        lon, lat = lat, lon
    if west <= lon <= east and south <= lat <= north:
        return lon, lat
    notes.add("far", "warning", "{count} gauges have coordinates far from the city, which were not used: {examples}",
              "Coordinates are longitude and latitude in degrees.", example=name)  # fmt: skip
    return None


# --- grids ----------------------------------------------------------------------------------------------------------


def read_grid(path: Path, *, crs: str = "", band: int = 1) -> tuple[Grid, tuple[Issue, ...]]:
    """Rain in mm from a raster file (GeoTIFF, netCDF, GRIB): one band, NaN where there is none or it is below zero.

    Raises
    ------
    LydError
        When the file cannot be read, is not north-up, or has no such band.
    """
    from contextlib import closing

    from lydigital.stores.rasters import RasterFile

    notes = Notes()
    with closing(RasterFile(path, crs=crs)) as file:
        if not 1 <= band <= file.bands:
            raise BadDataError("{path} has {count} bands, and no band {band}", hint="Name one of them.", path=str(path),
                               count=file.bands, band=band)  # fmt: skip
        if file.bands > 1:
            notes.add("bands", "note", "The file has {count} bands; one is used", count=file.bands)
        level = file.levels[0]
        values = file.read(0, (0, level.rows), (0, level.columns), band, strict=True)
        found = (*file.issues,)
        origin, cell, system = file.origin, level.cell, file.crs
    bad = values < 0
    if bad.any():
        notes.add("negative", "warning", "{count} cells are negative and count as missing", _MISSING, count=int(bad.sum()))
        values[bad] = np.nan
    much = values > words.MOST_MM[24]
    if much.any():
        notes.add("sentinel", "warning", "{count} cells are more than ever falls and count as missing", _MISSING, count=int(much.sum()))
        values[much] = np.nan
    if np.isnan(values).all():
        raise BadDataError("{path} has no rain in it", hint="Check band and values.", path=str(path))
    top = float(np.nanmax(values))
    if 0 < top < 1:
        notes.add("metres", "warning", "No cell has more than 1 mm: the grid may be in metres", "Multiply it by 1000 if so.")
    return Grid(values, origin, cell, system), (*found, *notes.issues())

