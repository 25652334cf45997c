"""Features of the map as places a service comes from: which, what they are called, where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lydigital.domain.impact import provenance_of
from lydigital.errors import LydError, UsageError
from lydigital.model import columns
from lydigital.model.impact import Provenance
from lydigital.model.table import FeatureTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lydigital.model.crs import Crs
    from lydigital.session import Session


def features(session: Session, layer: str) -> FeatureTable:
    """Features of a layer of the map.

    Raises
    ------
    UsageError
        When the map has no such layer with places.
    """
    if session.document.layer(layer) is None:
        raise UsageError("There is no layer {layer}", hint="lydigital info lists the layers.", layer=layer)
    found = session.table(layer)
    if not isinstance(found, FeatureTable):
        raise UsageError("The layer {layer} has no places", hint="Name a layer of points, lines or areas.", layer=layer)
    return found


def chosen(table: FeatureTable, layer: str, fids: Sequence[int], where: str) -> NDArray[np.int64]:
    """Rows that are named, or that meet a condition, or all, by fid."""
    if fids:
        rows = table.rows_of(np.array(fids, np.int64))
        if (rows < 0).any():
            raise UsageError(
                "The layer {layer} has no feature {fid}", hint="It has {count} features; lydigital query lists them.",
                layer=layer, fid=fids[int(np.argmin(rows))], count=len(table),
            )  # fmt: skip
        return rows
    if where:
        from lydigital.domain.query import rows_where

        rows = rows_where(table, where).astype(np.int64)
    else:
        rows = np.arange(len(table))
    return rows[np.argsort(table.fid[rows], kind="stable")]


def texts_of(table: FeatureTable, field: str, rows: NDArray[np.int64]) -> list[str]:
    """Values of a field as texts, "" for none and where the table has no such field."""
    if field not in table.column_names:
        return [""] * len(rows)
    found = table.column(field).take(columns.rows(rows)).to_pylist()
    return ["" if v is None else str(v) for v in found]


def numbers_of(table: FeatureTable, names: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Values of the first of these fields that the table has, NaN for none; None where it has no such field."""
    name = next((n for n in names if n in table.column_names), None)
    return None if name is None else columns.numbers(table.column(name))[rows]


def source_of(session: Session, layer: str) -> Provenance:
    """Where a layer comes from; sample data where any of its rows says so."""
    made = provenance_of(session.definition(layer))
    table = session.table(layer) if session.ref(layer) is not None else None
    if not made.is_sample and isinstance(table, FeatureTable) and "nature" in table.column_names:
        number, values = columns.coded(table.column("nature"))
        is_sample = "示例数据" in {values[i] for i in np.unique(number[number >= 0]).tolist()}
        made = Provenance(made.layer, made.title, made.source, made.currency, is_sample)
    return made


def city_of(session: Session, crs: Crs) -> object | None:
    """Outline of the city in ``crs``: counties, or townships, as one; None where the map has neither."""
    for layer in ("county", "township"):
        if session.document.layer(layer) is None:
            continue
        try:
            table = session.table(layer)
        except LydError:
            continue
        if isinstance(table, FeatureTable) and len(table) and table.geometry.kind.name == "POLYGON":
            outline: object = shapely.union_all(shapely.make_valid(table.to_crs(crs).geometry.to_shapely()))
            return outline
    return None


def nature_of(sources: Sequence[Provenance]) -> str:
    """What stands in every row of a result: sample data as soon as any source is."""
    return "示例数据" if any(s.is_sample for s in sources) else "推算"
