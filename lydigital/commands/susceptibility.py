"""Susceptibility from the map's terrain, lines, areas and hazard points, by the factors of a model."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np

from lydigital import paths
from lydigital.commands import hazard
from lydigital.commands.registry import Command, Parameters
from lydigital.errors import BadDataError
from lydigital.model.grid import Grid
from lydigital.model.table import FeatureTable
from lydigital.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.domain.interpolation import Lattice
    from lydigital.domain.susceptibility import Result
    from lydigital.model.hazardmodel import Factor, HazardModel
    from lydigital.session import Session

_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_MOST_CLASSES = 64


class Fit(Parameters, frozen=True, kw_only=True):
    """Weights of the factors of ``model``; ``output`` is a CSV file for the tables."""

    model: str = ""
    cell_m: Annotated[float, msgspec.Meta(ge=0, le=5000)] = 0.0
    output: str = ""


def fit(session: Session, model: HazardModel, lattice: Lattice, inside: NDArray[np.bool_]) -> Result:
    """Susceptibility on a lattice.

    Raises
    ------
    LydError
        When a factor's source is not on the map, or there are too few hazard points.
    """
    from lydigital.domain import susceptibility as domain

    points = hazard.table(session, "hazard_point", lattice.crs) if hazard.has(session, "hazard_point") else None
    if points is None:
        raise BadDataError("The map has no hazard points", hint="Weights are made from known hazards: add the layer.")
    xy = points.geometry.coords[points.geometry.ring_offsets[points.geometry.geom_rings[:-1]]]
    derived: dict[str, Grid] = {}
    factors = {f.id: factor_classes(session, f, lattice, derived) for f in model.susceptibility.factors}
    return domain.compute(factors, lattice.cells_of(xy), inside, model.susceptibility)


def factor_classes(
    session: Session, factor: Factor, lattice: Lattice, derived: dict[str, Grid]
) -> tuple[NDArray[np.integer], Sequence[str]]:
    """Classes of a factor on a lattice and their titles; ``derived`` keeps what was taken from the terrain.

    Raises
    ------
    BadDataError
        When its source is not on the map or makes no sense.
    """
    from lydigital.domain import terrain

    kind, _, rest = factor.source.partition(":")
    if kind == "terrain" and rest in terrain.NAMES:
        if rest not in derived:
            _derive(session, rest, derived)
        values = terrain.on_lattice(derived[rest], derived[rest].values, lattice, nearest=rest == "aspect")
        if rest == "aspect" and not factor.breaks:
            return _compass(values)
        return _broken(factor, values)
    layer, _, field = rest.partition("/")
    if kind in ("distance", "layer") and hazard.has(session, layer):
        table = hazard.table(session, layer, lattice.crs)
        if kind == "distance":
            return _broken(factor, terrain.distance(table.geometry, lattice))
        return _areas(table, field, lattice)
    raise BadDataError(
        "The factor {factor} comes from {source}, which the map does not have", factor=factor.name, source=factor.source,
        hint="Sources are terrain:slope (or {known}), distance:LAYER, layer:LAYER and layer:LAYER/FIELD.",
        known=", ".join(terrain.NAMES[1:]),
    )  # fmt: skip


def _derive(session: Session, name: str, derived: dict[str, Grid]) -> None:
    from lydigital.domain import terrain

    found = session.table("relief") if session.ref("relief") is not None else None
    if found is None or isinstance(found, FeatureTable):
        raise BadDataError("The map has no terrain", hint="Add a terrain model as the layer relief.")
    if not isinstance(found, Grid):
        level = found.levels[0]
        if level.rows * level.columns > 60_000_000:
            raise BadDataError("The terrain has too many cells to derive from", hint="Resample it to 10 m or more.")
        found = Grid(found.read(0, (0, level.rows), (0, level.columns)), found.origin, level.cell, found.crs)
    for each, values in terrain.derive(found, (name,)).items():
        derived[each] = Grid(values, found.origin, found.cell, found.crs)


def _broken(factor: Factor, values: NDArray[np.float32]) -> tuple[NDArray[np.integer], Sequence[str]]:
    from lydigital.domain import susceptibility as domain
    from lydigital.domain.classes import titles

    if not factor.breaks:
        raise BadDataError("The factor {factor} needs breaks", hint="Add breaks = [...] to it.", factor=factor.name)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    return domain.classified(values, factor.breaks), titles(factor.breaks, low, high)


def _compass(values: NDArray[np.float32]) -> tuple[NDArray[np.integer], Sequence[str]]:
    """Aspect as flat and the eight directions, north on both sides of zero."""
    codes = np.full(values.shape, -1, np.int16)
    known = np.isfinite(values)
    codes[known] = ((np.floor((values[known] + 22.5) / 45.0)) % 8).astype(np.int16) + 1
    codes[known & (values < 0)] = 0
    return codes, ("-", *_COMPASS)


def _areas(table: FeatureTable, field: str, lattice: Lattice) -> tuple[NDArray[np.integer], Sequence[str]]:
    from lydigital.domain.ground import burnt

    if not field:
        return burnt(table, np.ones(len(table)), lattice, np.int16, outside=0), (tr("outside"), tr("inside"))
    from lydigital.model import columns

    if field not in table.column_names:
        raise BadDataError("The layer has no field {field}", hint="Fields: {known}.", field=field,
                           known=", ".join(table.column_names)[:300])  # fmt: skip
    rows, values = columns.coded(table.column(field))
    names = [str(v) for v in values]
    order = np.argsort(np.array(names, object), kind="stable")  # whatever the order in the store
    if len(names) > _MOST_CLASSES:
        raise BadDataError("The field {field} has {count} values, too many for classes", hint="Choose a field with few values.",
                           field=field, count=len(names))  # fmt: skip
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    number = np.where(rows >= 0, rank[np.maximum(rows, 0)] + 1, 0)
    return burnt(table, number, lattice, np.int16, outside=0), (tr("outside"), *(names[i] for i in order))


def _fit(session: Session, wanted: Fit) -> dict[str, Any]:
    from lydigital.domain.ground import burnt, lattice_of

    model = hazard.model_of(wanted.model)
    townships = hazard.table(session, "township", hazard.working_crs(session))
    lattice = lattice_of(townships.geometry.total_bounds, townships.crs, wanted.cell_m)
    inside = burnt(townships, np.zeros(len(townships)), lattice, np.int16) >= 0
    found = fit(session, model, lattice, inside)
    if wanted.output:
        _write_tables(found, Path(wanted.output))
    return values_of(found)


def values_of(found: Result) -> dict[str, Any]:
    """Weights and curves as plain values."""
    return {
        "auc_success": round(found.success.auc, 4), "auc_prediction": round(found.prediction.auc, 4),
        "training": found.training, "validation": found.validation, "limits": list(found.limits),
        "shares": [{"code": i + 1, "area": round(a, 4), "hazards": round(h, 4)} for i, (a, h) in enumerate(found.shares)],
        "correlated": [{"first": a, "second": b, "v": round(v, 3)} for a, b, v in found.correlated],
        "factors": msgspec.to_builtins(found.tables),
        "issues": [{"code": i.code, "severity": i.severity, "message": tr(i.message, **i.values), "hint": tr(i.hint, **i.values),
                    "count": i.count} for i in found.issues],
    }  # fmt: skip


def _write_tables(found: Result, path: Path) -> None:
    out = io.StringIO()
    names = ("factor", "title", "n", "cells", "information_value", "frequency_ratio", "w_plus", "w_minus", "contrast",
             "contrast_error", "studentised", "is_empty")  # fmt: skip
    writer = csv.writer(out)
    writer.writerow(names)
    for each in found.tables:
        for row in each.rows:
            writer.writerow([each.id, *(getattr(row, name) for name in names[1:])])
    try:
        paths.write_atomically(path.absolute(), b"\xef\xbb\xbf" + out.getvalue().encode())
    except OSError as error:
        raise BadDataError(
            "{path} cannot be written: {reason}", hint="Check that the folder exists and that you may write there.",
            path=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip


COMMANDS = (Command("hazard.susceptibility", "Weights of susceptibility", _fit, Fit, disabled=hazard.no_townships, icon="terrain"),)
